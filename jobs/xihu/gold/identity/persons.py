"""Persons: from all claims to numbers, and the tables that say who is who."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xihu.gold.decision import Decision
from xihu.gold.identity import links, mentions, register
from xihu.gold.identity.decisions import MERGE, SPLIT, References, Row, bonds, standing
from xihu.gold.identity.kinds import INSTEAD, PERSON, identifier_shape, record_shape, registry_shape
from xihu.gold.identity.numbers import CREATED, Book, Entry, plan
from xihu.gold.sync import Change, sync
from xihu.lake import tables

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_RECORD = ("resource", "role", "_file", "_row")


@dataclass(frozen=True)
class Found:
    """What linkage says: `Linked` of `xihu.gold.linkage`, and the version of its parameters."""

    clusters: Mapping[str, str]
    pairs: Sequence[links.Pair]
    model: str


Link = Callable[["pa.Table", Sequence[Decision]], Found]


@dataclass(frozen=True)
class Resolved:
    """Who is who.

    claims: as given, with `id` replaced where a record's person is not that of its number. ids: (id, person_id), for numbers as sent
    and for what stands in place of one. overrides: records (resource, role, _file, _row) and the `id` that stands for their person; None
    if there are none.
    """

    claims: DataFrame
    ids: DataFrame
    overrides: DataFrame | None
    changes: list[Change]


def linked(table: pa.Table, decided: Sequence[Decision]) -> Found:
    """Linkage with the parameters of `conf/policy/models/linkage.json`."""
    from xihu.gold.linkage import link, load_model

    model = load_model()
    out = link(table, decided, model)
    clusters = dict(zip(out.clusters.column("handle").to_pylist(), out.clusters.column("cluster").to_pylist(), strict=True))
    return Found(clusters, links.pairs_of(out.pairs), model.version)


def decision_rows(silver: DataFrame | None) -> list[Row]:
    """The event lines of `silver.xh__identity_decision` that stand, as known now."""
    if silver is None:
        return []
    rows = silver.where("_known_to is null").select(
        "event_id", "line_no", "decision", "left_ref", "right_ref", "undoes", "decision_reason", "decided_by", "second", "decided_at"
    )
    return [Row(*r.values()) for r in rows.toArrow().to_pylist()]


def resolve_persons(spark: SparkSession, claims: DataFrame, run: int, decided: Sequence[Row] = (), link: Link = linked) -> Resolved:
    """Registers what is new, follows merges and splits, and writes identifiers, records and links.

    Args:
        claims: of `xihu.gold.claims.claims`, cached by the caller.
        decided: all event lines.
    """
    work = _Work(spark, mentions.said(claims), run, decided, link)
    try:
        return work.resolve(claims)
    finally:
        work.close()


class _Work:
    """One computation. Nothing about it outlives the call but what it wrote."""

    def __init__(self, spark: SparkSession, claims: DataFrame, run: int, decided: Sequence[Row], link: Link) -> None:
        self.spark, self.claims, self.run, self.decided, self.link = spark, claims, run, decided, link
        self.people = mentions.seen(claims).persist()
        self.book_rows: list[Entry] = []
        self.held: list[DataFrame] = [self.people]
        self.registry = register.table(spark)
        self.eventful = register.entries(register.eventful(self.registry)) if self.registry is not None else []

    def hold(self, df: DataFrame) -> DataFrame:
        self.held.append(df.persist())
        return df

    def close(self) -> None:
        for df in self.held:
            df.unpersist()

    def local(self, values: Iterable[str], name: str = "id") -> DataFrame:
        """A small table of one column of texts."""
        return tables.local(self.spark, [(v,) for v in sorted(set(values))], tables.ddl(f"{name} string"))

    def resolve(self, original: DataFrame) -> Resolved:
        aliases = self._aliases()
        decided = self._bonds()
        special = self._special(aliases, decided)
        numbers: dict[str, int] = {}
        found = Found({}, (), "")
        if special is not None:
            table = mentions.table(special, aliases)
            found, numbers, rows, fresh = self._link(table, decided)
        else:
            rows, fresh = [], []
        entries, written = self._register(aliases, special, rows, fresh, numbers)
        changes = [Change(PERSON.registry, written, 0), *self._instead(aliases, special, entries, numbers)]
        ids, over = current(self.spark)
        claims = original if over is None else _swap(original, over)
        records = claims.where("id is not null").join(ids, "id").select(PERSON.key, "role", "resource", "_file", "_row")
        changes += [
            sync(self.spark, identifier_shape(PERSON), self._identifiers(aliases, ids), self.run),
            sync(self.spark, record_shape(PERSON), records, self.run),
        ]
        changes += self._links(found, numbers, special)
        return Resolved(claims, ids, over, changes)

    def _aliases(self) -> mentions.Aliases:
        odd = self.people.where("odd").select("id", "id_type").collect()
        if not odd:
            return mentions.Aliases({})
        documents: set[str] = set()
        if self.registry is not None:
            documents = {r.id_value for r in self.registry.where("id_type = 'document'").select("id_value").collect()}
        return mentions.Aliases.of([(r.id, r.id_type) for r in odd], documents)

    def _bonds(self) -> list[Decision]:
        rows = standing(self.decided)
        if not rows or self.registry is None:
            return []
        asked = {int(t[7:]) for r in rows for t in (r.left or "", r.right or "") if t.startswith("person:") and t[7:].isdigit()}
        founders = register.entries(self.registry.where(self.registry.person_id.isin(sorted(asked)))) if asked else []
        return bonds(rows, [*self.eventful, *[e for e in founders if e not in set(self.eventful)]])

    def _special(self, aliases: mentions.Aliases, decided: Sequence[Decision]) -> DataFrame | None:
        """Claims that are looked at together, with `handle`; None where there is nothing to look at."""
        from pyspark.sql import functions as F

        claims, people = self.claims, self.people
        handles = {e.handle for e in self.eventful} | {h for b in decided for h in (b.left, b.right)}
        texts = defaultdict(set)
        for (value, _), one in aliases.found.items():
            if one is not None:
                texts[one.handle].add(value)
        values = {h.split(":", 1)[1] for h in handles if not h.startswith("mention:")}
        values |= {v for h in handles for v in texts.get(h, ())}
        # One number in two spellings, or one spelling for two kinds of document.
        for handle, spelt in texts.items():
            if len(spelt) > 1 or handle.split(":", 1)[1] not in spelt:
                values |= spelt | {handle.split(":", 1)[1]}
        kinds = Counter(v for v, _ in {(v, one) for (v, _), one in aliases.found.items()})
        values |= {v for v, n in kinds.items() if n > 1}
        several = (
            people.where("plain is not null and born is not null")
            .groupBy("plain", "born")
            .agg(F.min("id").alias("a"), F.max("id").alias("b"), F.count_distinct("id").alias("n"))
        )
        same = several.where("n > 1").select("plain", "born")
        hard = people.where("differs").select("id")
        hard = hard.union(people.join(same, ["plain", "born"], "left_semi").select("id"))
        if values:
            hard = hard.union(self.local(values))
        both = claims.where("other_id is not null")
        two = bool(both.limit(1).count())
        if two:
            hard = hard.union(both.selectExpr("explode(array(id, other_id)) as id").where("id is not null"))
        none = mentions.without_number(claims, aliases.nobody)
        hard = self.hold(hard.distinct())
        lonely = bool(none.limit(1).count())
        if not lonely and not hard.limit(1).count():
            return None
        judged = claims.where("id is not null").join(people.where("differs").select("id").distinct(), "id", "left_semi")
        seeds = none.select(*mentions.SAID).unionByName(judged.select(*mentions.SAID))
        near = mentions.candidates(self.spark, claims, people, self.hold(seeds.distinct()))
        travel = self.hold(hard.union(near).distinct())
        whole = none.unionByName(claims.where("id is not null").join(travel, "id", "left_semi").select(*none.columns))
        if two:
            whole = whole.unionByName(both.where("id is null"))
        return self.hold(mentions.fingerprinted(whole))

    def _link(self, table: pa.Table, decided: Sequence[Decision]) -> tuple[Found, dict[str, int], list[Entry], list[Any]]:
        """Clusters, planned rows and who needs a number. Numbers are placeholders where they are not given yet."""
        owned = {h: [f"{i['type']}:{i['value']}" for i in ids] for h, ids in _columns(table, "handle", "ids")}
        known: dict[str, datetime] = {}
        for (handle, at), ids in zip(_columns(table, "handle", "known_from"), owned.values(), strict=True):
            for h in (handle, *ids):
                known[h] = min(known.get(h, at), at)
        known = {h: register.naive(t) for h, t in known.items()}  # type: ignore[misc]
        there = set(owned) | {i for ids in owned.values() for i in ids}
        found = self.link(table, [b for b in decided if b.left in there and b.right in there])
        clusters = found.clusters
        if lost := there - set(clusters):
            raise ValueError(f"{len(lost)} handles have no cluster, such as a {sorted(lost)[0].split(':')[0]}")

        rows = self._known_rows(there)
        book = Book.of(rows)
        anchor = {}
        for mention, ids in owned.items():
            own = [i for i in ids if clusters[i] == clusters[mention]]
            anchor[mention] = own[0] if own else mention
        standing_alone = {m for m, a in anchor.items() if a == m or m in book.owner}
        said = {h: c for h, c in clusters.items() if h in there and (not h.startswith("mention:") or h in standing_alone)}
        undone = self._undone(rows, decided)
        why = links.reasons(found.pairs, decided, undone, lambda h: anchor.get(h, h), clusters)
        made = plan(said, book, known, self.run, why=why)
        number = {h: made.clusters[c] for h, c in said.items()}
        number |= {m: number[a] for m, a in anchor.items()}
        # A mention that was taken from a number says from whom, so that it is looked at whenever that person is.
        rows_out = []
        for e in made.rows:
            beside = owned.get(e.handle, ())
            if e.event == CREATED and beside:
                e = replace(e, other=number[beside[0]])
            rows_out.append(e)
        self.book_rows = rows
        return found, number, rows_out, list(made.fresh)

    def _undone(self, rows: Sequence[Entry], decided: Sequence[Decision]) -> dict[str, Decision]:
        stands = {b.event_id for b in decided}
        names = References(rows)
        taken = [r for r in self.decided if r.event_id not in stands and r.kind in (MERGE, SPLIT)]
        back = {r.undoes: r for r in self.decided if r.kind == "undo"}
        found = {}
        for r in taken:
            by = back.get(r.event_id)
            for handle in (names.handle(r.left), names.handle(r.right)):
                if handle and by:
                    found[handle] = Decision(by.event_id, "undo", handle, handle, by.reason, by.by, by.second, by.at)
        return found

    def _known_rows(self, handles: Collection[str]) -> list[Entry]:
        from pyspark.sql import functions as F

        if self.registry is None:
            return []
        values = F.broadcast(self.local((h.split(":", 1)[1] for h in handles), "id_value"))
        own = register.entries(self.registry.join(values, "id_value", "left_semi").select(*self.registry.columns))
        return sorted({*self.eventful, *own}, key=lambda e: e.order)

    def _named(self, aliases: mentions.Aliases) -> DataFrame:
        """`people` with the identifier that each number as sent is: id_type, id_value."""
        from pyspark.sql import functions as F

        plain = self.people.where("not odd").withColumn("id_type", F.lit("citizen_id")).withColumn("id_value", F.col("id"))
        if not aliases.found:
            return plain
        known = [(v, k, one.type, one.value) for (v, k), one in aliases.found.items() if one is not None]
        odd = tables.local(self.spark, known, tables.ddl("id string, _kind string, _type string, id_value string"))
        rows = self.people.where("odd").withColumnRenamed("id", "_id")
        rows = rows.join(F.broadcast(odd), (F.col("_id") == odd.id) & F.col("id_type").eqNullSafe(odd._kind))
        rows = rows.drop("id", "_kind", "id_type").withColumnsRenamed({"_id": "id", "_type": "id_type"})
        return plain.unionByName(rows.select(*plain.columns))

    def _register(
        self, aliases: mentions.Aliases, special: DataFrame | None, rows: Sequence[Entry], fresh: Sequence[Any], numbers: dict[str, int]
    ) -> tuple[list[Entry], int]:
        """Appends to the registry in one commit; `numbers` get their real numbers. The planned rows with theirs, and how many in all."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        spark, shape = self.spark, registry_shape(PERSON)
        top = (self.registry.agg(F.max(PERSON.key)).collect()[0][0] or 0) if self.registry is not None else 0
        new = (
            self._named(aliases).groupBy("id_type", "id_value").agg(F.min("known_from").alias("known_from"))
            if aliases.found
            else self._named(aliases)
        )
        new = new.select("id_type", "id_value", "known_from")
        if special is not None:
            travelled = self.local((h.split(":", 1)[1] for h in numbers if not h.startswith("mention:")), "id_value")
            new = new.join(travelled, "id_value", "left_anti")
        if self.registry is not None:
            given = self.registry.where("id_type <> 'mention'").select("id_value")
            new = new.join(given, "id_value", "left_anti")
        new = new.select("id_type", "id_value", "known_from", F.lit(None).cast("bigint").alias("placeholder"))
        if fresh:
            waiting = [(*f.handle.split(":", 1), f.known_from, f.placeholder) for f in fresh]
            kind = tables.ddl("id_type string, id_value string, known_from timestamp, placeholder bigint")
            new = new.unionByName(tables.local(spark, waiting, kind))
        order = Window.orderBy("known_from", "id_value")
        numbered = self.hold(new.withColumn("number", F.row_number().over(order).cast("bigint") + F.lit(top)))
        given_out = {r.placeholder: r.number for r in numbered.where("placeholder is not null").collect()} if fresh else {}
        for handle, n in numbers.items():
            numbers[handle] = given_out.get(n, n)
        entries = [
            replace(
                e, number=given_out.get(e.number, e.number), other=given_out.get(e.other, e.other) if e.other is not None else None, seq=i
            )
            for i, e in enumerate(rows)
        ]
        created = numbered.where("placeholder is null").select(
            F.col("number").alias(PERSON.key), F.lit(CREATED).alias("event"), "id_type", "id_value", "known_from",
            F.lit(self.run).cast("bigint").alias("run_id"),
        )  # fmt: skip
        count = int(created.count())
        if entries:
            own = tables.local(spark, [register.row(e) for e in entries], shape_schema())
            created = created.unionByName(own, allowMissingColumns=True)
        if count or entries or self.registry is None:
            tables.load(created, PERSON.registry, self.run, shape.spec())
            self.registry = register.table(spark)
        return entries, count + len(entries)

    def _instead(
        self, aliases: mentions.Aliases, special: DataFrame | None, entries: Sequence[Entry], numbers: Mapping[str, int]
    ) -> list[Change]:
        """Writes `INSTEAD`: what differs from the rule that a number as sent leads to whom the registry created it for."""
        from pyspark.sql import functions as F

        exists = tables.exists(self.spark, INSTEAD.table)
        if special is None and not exists:
            return []
        simple = {e.handle.split(":", 1)[1]: e.number for e in (*self.book_rows, *entries) if e.event == CREATED}
        kinds = Counter(v for v, _ in {(v, one) for (v, _), one in aliases.found.items()})
        sent = {h.split(":", 1)[1]: n for h, n in numbers.items() if not h.startswith("mention:")}
        sent |= {v: numbers[one.handle] for (v, _), one in aliases.found.items() if one is not None and one.handle in numbers}
        sent = {v: n for v, n in sent.items() if kinds[v] < 2}
        rows = [(n, v, None, None, None, None) for v, n in sent.items() if simple.get(v) != n]
        schema = tables.ddl(", ".join(f"`{n}` {k}" for n, k, _ in INSTEAD.columns if n in INSTEAD.content))
        whole = tables.local(self.spark, rows, schema)
        if special is not None:
            pairs = _columns(special.select("handle", "id").distinct().toArrow(), "handle", "id")
            own = {m: numbers[m] for m, value in pairs if value is None or sent.get(value) != numbers[m]}
            if own:
                stand = tables.local(self.spark, sorted(own.items()), tables.ddl("handle string, person_id bigint"))
                picked = special.join(F.broadcast(stand), "handle").withColumn("id", F.col("handle")).dropDuplicates(list(_RECORD))
                whole = whole.unionByName(picked.select(*INSTEAD.content))
            if not rows and not own and not exists:
                return []
        return [sync(self.spark, INSTEAD, whole, self.run)]

    def _identifiers(self, aliases: mentions.Aliases, ids: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F

        rows = self._named(aliases)
        if aliases.found:
            rows = rows.groupBy("id_type", "id_value").agg(
                F.min("known_from").alias("known_from"),
                F.when(F.max(F.col("known_to").isNull()), F.lit(None)).otherwise(F.max("known_to")).alias("known_to"),
                F.min_by("source", F.struct("known_from", "source")).alias("source"),
            )
        none = F.lit(None).cast("date")
        rows = rows.join(ids.withColumnRenamed("id", "id_value"), "id_value")
        return rows.select(
            PERSON.key, "id_type", "id_value", none.alias("valid_from"), none.alias("valid_to"), "known_from", "known_to", "source"
        )

    def _links(self, found: Found, numbers: Mapping[str, int], special: DataFrame | None) -> list[Change]:
        shape = links.LINK
        if not found.pairs and not tables.exists(self.spark, shape.table):
            tables.ensure(self.spark, shape.table, shape.schema(), comment=shape.title)
            return [Change(shape.table, 0, 0)]
        records: Counter[int] = Counter()
        if special is not None:
            for row in special.groupBy("handle").count().collect():
                records[numbers[row.handle]] += row["count"]
        schema = tables.ddl(", ".join(f"`{n}` {k}" for n, k, _ in shape.columns if n in shape.content))
        rows = tables.local(self.spark, links.rows(found.pairs, numbers.get, records, found.model), schema)
        return [sync(self.spark, shape, rows, self.run)]


def current(spark: SparkSession) -> tuple[DataFrame, DataFrame | None]:
    """Who is who as it stands: (id, person_id), and (resource, role, _file, _row, id) of records that go by another `id` than theirs."""
    from pyspark.sql import functions as F

    ids = spark.table(PERSON.registry).where("id_type <> 'mention' and event = 'created'").select(F.col("id_value").alias("id"), PERSON.key)
    if not tables.exists(spark, INSTEAD.table):
        return ids, None
    instead = spark.table(INSTEAD.table).where("loaded_to is null")
    if not instead.limit(1).count():
        return ids, None
    known = instead.select("id", PERSON.key).distinct()
    ids = ids.join(F.broadcast(known.select("id")), "id", "left_anti").unionByName(known)
    records = instead.where("role is not null").select("resource", "role", "_file", "_row", "id")
    return ids, records if records.limit(1).count() else None


def shape_schema() -> Any:
    """The registry's columns, in the order of `register.row`: as in the shape, the run before the events' columns."""
    return registry_shape(PERSON).schema()


def _swap(claims: DataFrame, over: DataFrame) -> DataFrame:
    """Claims whose `id` is what stands for their person, where that is not the number as sent."""
    from pyspark.sql import functions as F

    swapped = claims.withColumnRenamed("id", "_sent").join(F.broadcast(over), list(_RECORD), "left")
    return swapped.withColumn("id", F.coalesce("id", "_sent")).drop("_sent").select(*claims.columns)


def _columns(table: pa.Table, left: str, right: str) -> Iterable[tuple[Any, Any]]:
    return zip(table.column(left).to_pylist(), table.column(right).to_pylist(), strict=True)


__all__ = ["Found", "Resolved", "current", "decision_rows", "linked", "resolve_persons"]
