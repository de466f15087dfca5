"""`link` and `incremental`: the stages one after another, and the state that lets new mentions touch only what concerns them.

Why the two agree. Every stage is a function of a neighbourhood: a number's verdict of its carriers; a phone's crowd and a block's size of
their members; a pair's score of the pair and those two; the partition of a connected piece of the graph of that piece. `incremental`
recomputes each whose neighbourhood holds something new (or something that changed because of it) and keeps the others.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from xihu.gold.decision import Decision
from xihu.gold.linkage import candidates, numbers, score
from xihu.gold.linkage.model import Model
from xihu.gold.linkage.prepare import MENTIONS, prepare
from xihu.gold.linkage.settle import Edge, Found, Node, Piece, settle

CLUSTERS = pa.schema([("handle", pa.string()), ("cluster", pa.string())])
PAIRS = pa.schema(
    [
        ("left", pa.string()),
        ("right", pa.string()),
        ("kind", pa.string()),
        ("score", pa.float64()),
        ("probability", pa.float64()),
        ("reason", pa.string()),
        ("evidence", pa.string()),
    ]
)
_PIECES = pa.schema([("handle", pa.string()), ("piece", pa.string())])


@dataclass(frozen=True)
class State:
    """What `incremental` goes on from. pieces: handle → least handle of its connected piece; found: Linked.pairs with their piece."""

    mentions: pa.Table
    decisions: tuple[Decision, ...]
    version: str
    judged: pa.Table
    scored: pa.Table
    pieces: pa.Table
    clusters: pa.Table
    found: pa.Table


@dataclass(frozen=True)
class Linked:
    """clusters: (handle, cluster) of every mention and every number; equal cluster, one person. pairs: left, right, kind (link, review,
    shared_number, two_numbers, detached, decided), score (match weight, log2), probability, reason, evidence (JSON: comparison, level,
    weight). state: for `incremental`."""

    clusters: pa.Table
    pairs: pa.Table
    state: State


def connect(memory: str = "8GB") -> duckdb.DuckDBPyConnection:
    """A database of its own in memory, spilling to a temporary folder."""
    con = duckdb.connect(config={"memory_limit": memory, "temp_directory": tempfile.gettempdir(), "preserve_insertion_order": False})
    con.execute("set enable_progress_bar = false; set timezone = 'UTC'")
    return con


def link(mentions: pa.Table, decisions: Sequence[Decision], model: Model, known: State | None = None, memory: str = "8GB") -> Linked:
    """The partition of mentions and numbers into persons.

    Args:
        mentions: columns of `MENTIONS`; more are ignored. Order does not matter.
        decisions: with `merge` or `split`; those that name a handle that is not there wait for it.
        known: a state from which to go on; the mentions may repeat what it holds.

    Raises:
        ValueError: two different mentions have one handle, a column is missing, or a decision's kind is unknown.
    """
    if known is not None:
        return incremental(known, mentions, decisions, model, memory)
    with connect(memory) as con:
        prepare(con, mentions)
        con.register("judged", numbers.judge_numbers(con))
        candidates.statuses(con)
        candidates.crowded(con, model)
        candidates.full_blocks(con, model)
        candidates.candidates(con)
        con.register("scored", score.score(con, model))
        return _finish(con, tuple(decisions), model, None)


def incremental(old_state: State, new_mentions: pa.Table, decisions: Sequence[Decision], model: Model, memory: str = "8GB") -> Linked:
    """The same as `link` on all mentions ever given and the decisions given now.

    Args:
        decisions: all that hold now, not only new ones (what was undone is no longer among them).
    """
    if old_state.version != model.version:
        with connect(memory) as con:
            _arrive(con, old_state.mentions, new_mentions)
            everything = con.sql(f"select {', '.join(MENTIONS.names)} from sent").to_arrow_table()
        return link(everything, decisions, model, memory=memory)
    with connect(memory) as con:
        _arrive(con, old_state.mentions, new_mentions)
        con.execute("create temp table m_before as select m.* from m semi join known_before k on k.handle = m.handle")
        candidates.crowded(con, model, "m_before")
        candidates.full_blocks(con, model, "m_before")
        con.execute('create temp table crowd_before as from crowd; create temp table full_before as from "full"')
        con.execute("create temp table touched as select distinct id from ids semi join arrived a on a.handle = ids.handle")
        con.register("judged_old", old_state.judged)
        con.register("judged_new", numbers.judge_numbers(con, "touched"))
        con.execute("create temp table judged as from judged_old o anti join touched t on t.id = o.id union all from judged_new")
        candidates.statuses(con)
        candidates.crowded(con, model)
        candidates.full_blocks(con, model)
        _dirty(con)
        candidates.candidates(con, "dirty")
        con.register("scored_old", old_state.scored)
        con.register("scored_new", score.score(con, model))
        con.execute(
            """create temp table scored as
            from scored_old where l not in (from dirty) and r not in (from dirty) union all from scored_new"""
        )
        return _finish(con, tuple(decisions), model, old_state)


def _arrive(con: duckdb.DuckDBPyConnection, before: pa.Table, fresh: pa.Table) -> None:
    """Prepares all mentions; `arrived` (handle) of those that are new or known otherwise, `known_before` (handle) of the old ones.

    A mention that came before may come again with another count of records or an earlier day of knowledge: the newer row holds.
    """
    con.register("before", before)
    con.register("fresh", fresh.select(MENTIONS.names).cast(MENTIONS))
    says = ", ".join(n for n in MENTIONS.names if n not in ("known_from", "records"))
    both = f"select {says} from before semi join fresh f on f.handle = before.handle"
    odd = con.execute(f"select handle from ({both} except select {says} from fresh) limit 1").fetchone()
    if odd:
        raise ValueError(f"two mentions have the handle {odd[0]}")
    con.execute("create temp table known_before as select handle from before")
    con.execute("create temp table arrived as select distinct handle from (from fresh except from before)")
    prepare(con, con.sql("select * from before anti join fresh f on f.handle = before.handle union all from fresh").to_arrow_table())


def _dirty(con: duckdb.DuckDBPyConnection) -> None:
    """`dirty`: mentions of which a pair may come, go or score otherwise: new ones, carriers of their numbers, and all in a block or under a
    phone, address or household that became too large."""
    flipped = []
    for kind, column in candidates.CROWDED.items():
        flipped.append(f"select handle from m where {column} in (select value from crowd_new where kind = '{kind}')")
    for rule, key in {**candidates.RULES, **{f"numbered_{r}": k for r, k in candidates.NUMBERED_RULES.items()}}.items():
        flipped.append(f"select handle from m where {key} in (select key from full_new where rule = '{rule}')")
    con.execute(
        """create temp table crowd_new as from crowd except from crowd_before;
        create temp table full_new as from "full" except from full_before;
        create temp table dirty as from arrived union select ids.handle from ids semi join touched t on t.id = ids.id """
        + " ".join(f"union {sql}" for sql in flipped)
    )


def _nodes(con: duckdb.DuckDBPyConnection, decisions: tuple[Decision, ...]) -> list[Decision]:
    """`node` (handle, i) in order of handles, `edge` (a, b) of the graph; the decisions of which both sides are there."""
    con.execute(
        """create or replace temp table node as select handle, row_number() over (order by handle) - 1 as i
        from (select handle from m union select id from ids)"""
    )
    for d in decisions:
        if d.kind not in ("merge", "split"):
            raise ValueError(f"decision {d.event_id}: unknown kind {d.kind}")
    sides = pa.table({"e": list(range(len(decisions))), "a": [d.left for d in decisions], "b": [d.right for d in decisions]},
                     schema=pa.schema([("e", pa.int64()), ("a", pa.string()), ("b", pa.string())]))  # fmt: skip
    con.register("sides", sides)
    here = con.execute(
        "select e from sides semi join node x on x.handle = sides.a semi join node y on y.handle = sides.b where a <> b"
    ).fetchall()
    held = [decisions[e] for (e,) in sorted(here)]
    con.execute(
        """create or replace temp table edge as
        select x.i as a, y.i as b from (
            select "left" as a, "right" as b from judged where kind in ('attach', 'detach', 'sibling')
            union all select l, r from scored
            union all select s.a, s.b from sides s
        ) e join node x on x.handle = e.a join node y on y.handle = e.b"""
    )
    return held


def _pieces(con: duckdb.DuckDBPyConnection) -> None:
    """`piece` (handle, piece): connected pieces, each named by its least handle."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = con.execute("select count(*) from node").fetchall()[0][0]
    edges = con.execute("select a, b from edge").fetchnumpy()
    a, b = np.asarray(edges["a"], dtype=np.int64), np.asarray(edges["b"], dtype=np.int64)
    _, label = connected_components(coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count)), directed=False)
    least = np.full(label.max() + 1 if count else 0, count, dtype=np.int64)
    np.minimum.at(least, label, np.arange(count))
    con.register("named", pa.table({"i": pa.array(np.arange(count)), "p": pa.array(least[label] if count else np.zeros(0, np.int64))}))
    con.execute(
        """create or replace temp table piece as select x.handle, y.handle as piece
        from named n join node x on x.i = n.i join node y on y.i = n.p"""
    )


def _finish(con: duckdb.DuckDBPyConnection, decisions: tuple[Decision, ...], model: Model, old: State | None) -> Linked:
    held = _nodes(con, decisions)
    _pieces(con)
    if old is None:
        con.execute("create temp table stale as select distinct piece from piece")
    else:
        # Pieces that hold something dirty or newly decided, now or before; and what fell off those that did before.
        con.register("piece_old", old.pieces)
        changed = sorted({h for d in set(decisions) ^ set(old.decisions) for h in (d.left, d.right)})
        con.register("decided", pa.table({"handle": pa.array(changed, pa.string())}))
        con.execute(
            """create temp table stirred as
            select handle from dirty union select id from touched union select handle from decided;
            create temp table shaken as select handle from stirred
            union select o.handle from piece_old o
                where o.piece in (select p.piece from piece_old p semi join stirred s on s.handle = p.handle);
            create temp table stale as select distinct piece from piece p semi join shaken s on s.handle = p.handle"""
        )
    # Pieces that one number and its carriers make are one person as they are: nothing to weigh.
    con.execute(
        """create temp table busy as
        select distinct p.piece from piece p semi join stale on stale.piece = p.piece where p.handle in (
            select l from scored union select a from sides union select b from sides
            union select "left" from judged where kind in ('detach', 'sibling')
            union select "left" from judged where kind = 'attach' group by 1 having count(*) > 1)"""
    )
    labels, found = _weigh(con, held, model)
    con.register("settled", labels)
    kept = "select handle, cluster from cluster_old o where o.handle in (select handle from piece p anti join stale s on s.piece = p.piece)"
    if old is not None:
        con.register("cluster_old", old.clusters)
    clusters = con.sql(
        f"""select handle, cluster from (
            from settled
            union all select p.handle, p.piece from piece p semi join stale on stale.piece = p.piece anti join busy b on b.piece = p.piece
            {f"union all {kept}" if old is not None else ""}) order by handle"""
    ).to_arrow_table().cast(CLUSTERS)  # fmt: skip
    pieces = con.sql("select handle, piece from piece order by handle").to_arrow_table().cast(_PIECES)
    if old is not None:
        con.register("found_old", old.found)
        keep = con.sql(
            'select f.* from found_old f join piece p on p.handle = f."left" anti join stale s on s.piece = p.piece'
        ).to_arrow_table()
        found = pa.concat_tables([keep.cast(PAIRS), found])
    con.register("found", found)
    found = con.sql('select * from found order by "left", "right", kind, reason').to_arrow_table().cast(PAIRS)
    pairs = pa.concat_tables([found, _flags(con)]).sort_by(
        [("left", "ascending"), ("right", "ascending"), ("kind", "ascending"), ("reason", "ascending")]
    )
    mentions = con.sql(f"select {', '.join(MENTIONS.names)} from sent order by handle").to_arrow_table().cast(MENTIONS)
    judged = con.sql("select * from judged order by all").to_arrow_table().cast(numbers.JUDGED)
    scored = con.sql("select * from scored order by l, r").to_arrow_table().cast(score.SCORED)
    return Linked(clusters, pairs, State(mentions, decisions, model.version, judged, scored, pieces, clusters, found))


def _flags(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Rows of pairs that the numbers' verdicts make."""
    return con.sql(
        """
        select least("left", "right") as "left", greatest("left", "right") as "right", 'detached' as kind, null::double as score,
            null::double as probability, reason, null::varchar as evidence from judged where kind = 'detach'
        union all
        select least("left", "right"), greatest("left", "right"), 'shared_number', null, null, reason || ' under ' || id, null
        from judged where kind = 'shared'
        """
    ).to_arrow_table().cast(PAIRS)  # fmt: skip


def _weigh(con: duckdb.DuckDBPyConnection, held: list[Decision], model: Model) -> tuple[pa.Table, pa.Table]:
    """Settles the busy pieces one by one."""
    pieces: dict[str, Piece] = {}
    where: dict[str, str] = {}
    rows = con.execute(
        """select p.piece, p.handle, m.n, m.birth, m.sex, coalesce(strftime(m.known_from, '%Y%m%d%H%M%S%f'), '~')
        from piece p semi join busy b on b.piece = p.piece left join m on m.handle = p.handle"""
    )
    while batch := rows.fetchmany(50_000):
        for name, handle, *rest in batch:
            pieces.setdefault(name, Piece()).nodes[handle] = Node(handle, *rest)
            where[handle] = name
    rows = con.execute(
        """select j.kind, j."left", j."right" from judged j join piece p on p.handle = j."left" semi join busy b on b.piece = p.piece
        where j.kind <> 'shared'"""
    )
    while batch := rows.fetchmany(50_000):
        for kind, left, right in batch:
            piece = pieces[where[left]]
            {"attach": piece.attach, "detach": piece.detach, "sibling": piece.siblings}[kind].append((left, right))
    rows = con.execute("select s.* from scored s join piece p on p.handle = s.l semi join busy b on b.piece = p.piece")
    while batch := rows.fetchmany(50_000):
        for row in batch:
            pieces[where[row[0]]].edges.append(Edge(*row))
    for d in held:
        if d.left in where:
            pieces[where[d.left]].decisions.append(d)
    labels: dict[str, str] = {}
    found: list[Found] = []
    for piece in pieces.values():
        own, new = settle(piece, model)
        labels |= own
        found += new
    table = pa.table([pa.array(list(labels), pa.string()), pa.array(list(labels.values()), pa.string())], schema=CLUSTERS)
    spelled = [f._replace(evidence=json.dumps(score.explain(f.evidence)) if f.evidence else None) for f in found]
    columns: list[Any] = list(zip(*spelled, strict=True)) if spelled else [[]] * len(PAIRS)
    return table, pa.table([pa.array(c, f.type) for c, f in zip(columns, PAIRS, strict=True)], schema=PAIRS)
