"""Linkage is a function of the set of mentions and decisions; going on from a state is the same as starting anew."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from linkage_world import world
from xihu.gold.linkage import MENTIONS, Decision, Linked, Model, incremental, link, load_model, score
from xihu.gold.linkage.levels import LEVELS

MODEL = load_model()


def by_plain_sql(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """The same weights as a plain sum of cases: quick to set up, and another sum to hold Splink's against."""
    weights = []
    for comparison, levels in LEVELS.items():
        cases = " ".join(f"when {sql} then {model.weight(comparison, level)!r}" for level, sql in levels if sql != "ELSE")
        last = next(level for level, sql in levels if sql == "ELSE")
        weights.append(f"case {cases} else {model.weight(comparison, last)!r} end as mw_{comparison}")
    columns = [c for c in con.sql("select * from compared limit 0").columns if c != "handle"]
    sides = ", ".join(f"{s}.{c} as {c}_{s}" for c in columns for s in "lr")
    total = " + ".join(f"mw_{c}" for c in LEVELS)
    con.execute(
        f"""create or replace temp table weighed as
        with p as (select join_key_l as handle_l, join_key_r as handle_r, {sides} from pairs
                   join compared l on l.handle = join_key_l join compared r on r.handle = join_key_r),
        w as (select handle_l, handle_r, {", ".join(weights)} from p),
        s as (select *, {model.prior_weight!r} + {total} as match_weight from w)
        select *, pow(2.0, match_weight) / (1 + pow(2.0, match_weight)) as match_probability from s where match_weight >= {model.lower}"""
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "by_splink", by_plain_sql)


def hard(seed: int, size: int) -> tuple[pa.Table, list[str]]:
    """Mentions of a small city in which numbers are often missing and names often another's; and all handles."""
    rng = random.Random(seed)
    rows = world(seed, rng.choice(["hill", "river"]), size, "dirty").mentions.to_pylist()
    for row in rows:
        if rng.random() < 0.4:
            row["ids"] = []
        if rng.random() < 0.3:
            row["name"] = rng.choice(rows)["name"]
    handles = [r["handle"] for r in rows] + [f"{i['type']}:{i['value']}" for r in rows for i in r["ids"]]
    return pa.Table.from_pylist(rows, schema=MENTIONS), sorted(set(handles))


def decided(rng: random.Random, handles: list[str], count: int) -> list[Decision]:
    start = datetime(2017, 1, 1)
    return [
        Decision(
            f"e{i}", rng.choice(["merge", "split"]), *rng.sample(handles, 2), "seen", "wang", "li", start + timedelta(rng.randrange(9))
        )
        for i in range(count)
    ]


def same(a: Linked, b: Linked) -> bool:
    return a.clusters.equals(b.clusters) and a.pairs.equals(b.pairs)


def orders_and_slices(seed: int, size: int) -> None:
    rng = random.Random(seed)
    # Small blocks and crowds, so that they fill while mentions arrive.
    model = replace(
        MODEL, block=rng.choice([3, 6, 200]), crowd={"phone": rng.choice([1, 2, 5]), "address": rng.choice([2, 12]), "household": 12}
    )
    mentions, handles = hard(seed, size)
    decisions = decided(rng, handles, rng.choice([0, 4, 10]))
    order = list(range(mentions.num_rows))
    rng.shuffle(order)
    whole = link(mentions, decisions, model)
    assert same(whole, link(mentions.take(pa.array(order)), decisions[::-1], model))
    cuts = [0, *sorted(rng.sample(range(1, len(order)), rng.randrange(1, 4))), len(order)]
    slices = [mentions.take(pa.array(order[i:j])) for i, j in pairwise(cuts)]
    at = link(slices[0], rng.sample(decisions, len(decisions) // 2), model)
    for i, part in enumerate(slices[1:], 2):
        at = incremental(at.state, part, decisions if i == len(slices) else rng.sample(decisions, len(decisions) // 2), model)
    assert same(whole, at)


@settings(max_examples=2, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**6))
def test_any_order_and_any_slicing_give_one_partition(quick: None, seed: int) -> None:
    orders_and_slices(seed, 10)


def test_merge_and_undo_is_identity_and_nothing_new_is_nothing_changed(quick: None) -> None:
    mentions, handles = hard(5, 16)
    plain = link(mentions, [], MODEL)
    merged = incremental(plain.state, MENTIONS.empty_table(), decided(random.Random(1), handles, 6), MODEL)
    assert not same(plain, merged)
    assert same(plain, incremental(merged.state, MENTIONS.empty_table(), [], MODEL))
    assert same(plain, incremental(plain.state, mentions, [], MODEL))


def test_a_mention_known_otherwise_replaces_the_old_one_and_another_person_may_not(quick: None) -> None:
    mentions, _ = hard(6, 10)
    plain = link(mentions, [], MODEL)
    rows = mentions.to_pylist()
    rows[0]["records"] += 5
    rows[0]["known_from"] -= timedelta(days=900)
    later = pa.Table.from_pylist(rows, schema=MENTIONS)
    assert same(link(later, [], MODEL), incremental(plain.state, later.slice(0, 1), [], MODEL))
    rows[0]["name"] = "某某人"
    with pytest.raises(ValueError, match="two mentions have the handle"):
        incremental(plain.state, pa.Table.from_pylist(rows[:1], schema=MENTIONS), [], MODEL)
    with pytest.raises(ValueError, match="two mentions have the handle"):
        link(pa.concat_tables([mentions, pa.Table.from_pylist(rows[:1], schema=MENTIONS)]), [], MODEL)


def test_splink_and_the_plain_sum_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    mentions, _ = hard(8, 50)
    one = link(mentions, [], MODEL)
    monkeypatch.setattr(score, "by_splink", by_plain_sql)
    other = link(mentions, [], MODEL)
    assert one.state.scored.num_rows > 20
    a, b = one.state.scored.to_pydict(), other.state.scored.to_pydict()
    assert a["score"] == pytest.approx(b["score"], abs=1e-5)
    assert a["probability"] == pytest.approx(b["probability"], abs=1e-7)
    assert all(a[c] == b[c] for c in ("l", "r", "sure", "evidence"))
    assert one.clusters.equals(other.clusters)


def test_nothing_at_all() -> None:
    empty = link(MENTIONS.empty_table(), [], MODEL)
    assert empty.clusters.num_rows == 0 and empty.pairs.num_rows == 0


@pytest.mark.soak
def test_soak_orders_and_slices(evidence) -> None:
    examples = int(os.environ.get("XIHU_LINKAGE_EXAMPLES", "60"))
    for seed in range(examples):
        orders_and_slices(1_000_000 + seed, 40)
    evidence("linkage_orders", cities=examples, persons=40, equal=examples)
