"""Versions of records against a brute force that asks, at every instant, what is known by then."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from xihu.silver import history
from xihu.silver.history import derive, derive_many
from xihu.silver.shape import Shape

BASE = datetime(2016, 10, 1, tzinfo=UTC)
SCHEMA = """k string, scope string, v string, op string, ver date, _delivery_id string, _landing string, _file string, _row long,
_line long, _received_at timestamp, _seq long, _reason string, _field string, _detail string, _repairs string,
_key_ok boolean, _scope_ok boolean"""
FIELDS = ("k", "scope", "v", "op", "ver")


@dataclass
class File:
    """One delivered file: rows are (key, scope, value[, op]); a value of "!" is a quarantined record, a key of None an unreadable one."""

    day: int
    rows: list[tuple]
    delivery: str = ""
    ver: date | None = None
    seq: int = 0

    @property
    def received(self) -> datetime:
        return BASE + timedelta(days=self.day)


def records(spark, files: list[File]):
    out = []
    for n, f in enumerate(files):
        name = f.delivery or f"d{f.day}"
        place = f"landing/x/{name}/f{n if f.delivery else ''}"
        for i, row in enumerate(f.rows, 1):
            k, scope, v, op = (*row, None)[:4]
            bad = v == "!" or k is None
            out.append(
                (k, scope, None if bad else v, op, f.ver, name, place, place, i, i + 1, f.received, f.seq or f.day,
                 ("missing_key" if k is None else "bad_number") if bad else None, None, None, None, k is not None, scope is not None)
            )  # fmt: skip
    return spark.createDataFrame(out, SCHEMA)


def run(spark, files, shape, many=True, **more):
    """Spans, outcomes and what was derived; derived twice, as a few records and (unless `many` is false) as many."""
    given = records(spark, files)
    found = _told(derive(given, shape, **more))
    if many:
        assert _told(derive_many(given, shape, **more))[:3] == found[:3]
    return found[0], found[1], found[3]


def _told(d):
    spans = sorted(
        (
            (
                r.k,
                r.scope,
                r.v,
                (r._known_from.replace(tzinfo=UTC) - BASE).days,
                (r._known_to.replace(tzinfo=UTC) - BASE).days if r._known_to else None,
                r._valid_to,
            )
            for r in d.versions.collect()
        ),
        key=str,
    )
    outcomes = [(r._landing, r._row, r._outcome, r._reason) for r in d.records.orderBy("_landing", "_row").collect()]
    closers = sorted(r[0] for r in d.closers.collect()) if d.closers is not None else None
    d.release()
    return spans, outcomes, (closers, d.vanished), d


def state(files: list[File], shape: Shape, day: int) -> set:
    """What stands after all deliveries known by a day, played one after another: {(key, scope, value, ended)}."""
    known = sorted((f for f in files if f.day <= day), key=lambda f: (f.ver or date.min, f.day))
    rows: dict = {}
    ended: set = set()
    for f in known:
        on = f.ver or f.received.date()
        scopes = {r[1] for r in f.rows}
        named = {(r[0], r[1]) for r in f.rows}
        blind = {r[1] for r in f.rows if r[0] is None}
        for key in [key for key in rows if key[1] in scopes - blind and key not in named]:
            value = rows.pop(key)
            if shape.ended:
                ended.add((*key, value, on))
        for k, scope, v, *_ in f.rows:
            if k is None or v == "!":
                continue
            old = rows.get((k, scope))
            if shape.ended and old is not None and old != v:
                ended.add((k, scope, old, on))
            rows[k, scope] = v
    return {(*key, v, None) for key, v in rows.items()} | ended


def at(spans, day: int) -> set:
    return {(k, s, v, end) for k, s, v, start, stop, end in spans if start <= day and (stop is None or stop > day)}


SNAPSHOT = Shape(FIELDS, key=("k",), mode="snapshot", scope=("scope",), max_vanish=1.0)


def random_files(rng: random.Random, n: int, versions: bool) -> list[File]:
    files = []
    days = rng.sample(range(1, 40), n)
    vers = [date(2016, 9, 1) + timedelta(days=d) for d in rng.sample(range(30), n)]
    for day, ver in zip(days, vers, strict=True):
        rows = []
        for scope in rng.sample("AB", rng.choice([1, 2])):
            keys = rng.sample(range(5), rng.randint(1, 5))
            rows += [(f"{scope}{k}", scope, rng.choice(["x", "y", "!"] if rng.random() < 0.3 else ["x", "y"])) for k in keys]
            if rng.random() < 0.15:
                rows.append((None, scope, "x"))
        files.append(File(day, rows, ver=ver if versions else None))
    return files


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("versions", [False, True])
def test_snapshot_equals_brute_force(spark, ended, versions):
    rng = random.Random(f"{ended}{versions}")
    shape = replace(SNAPSHOT, ended=ended, version="ver" if versions else None)
    everything: list[File] = []
    # Six independent cities in one table, told apart by their keys: one Spark job instead of six.
    cities = []
    for c in range(6):
        files = random_files(rng, 5, versions)
        for f in files:
            f.rows = [(k and f"{c}{k}", f"{c}{s}", v) for k, s, v in f.rows]
            f.delivery = f"c{c}d{f.day}"
        cities.append(files)
        everything += files
    rng.shuffle(everything)
    spans, outcomes, _ = run(spark, everything, shape)
    assert len(outcomes) == sum(len(f.rows) for f in everything)
    changes = 0
    for c, files in enumerate(cities):
        mine = [s for s in spans if s[1].startswith(str(c))]
        for day in range(41):
            assert at(mine, day) == state(files, shape, day), (c, day)
        changes += len(mine)
    assert changes > 40


def test_four_deliveries_in_any_order_give_the_same_silver(spark):
    files = [
        File(1, [("a", "A", "x"), ("b", "A", "x"), ("c", "A", "x"), ("d", "A", "x")]),
        File(2, [("a", "A", "y"), ("b", "A", "x"), ("c", "A", "!"), ("e", "A", "x")]),
        File(3, [("a", "A", "x"), ("b", "A", "x"), ("c", "A", "x"), ("d", "A", "z")]),
        File(4, [("a", "A", "x"), ("c", "A", "x"), ("d", "A", "z")]),
    ]
    first = run(spark, files, SNAPSHOT)[0]
    assert first == [
        ("a", "A", "x", 1, 2, None),
        ("a", "A", "x", 3, None, None),
        ("a", "A", "y", 2, 3, None),
        ("b", "A", "x", 1, 4, None),
        ("c", "A", "x", 1, None, None),
        ("d", "A", "x", 1, 2, None),
        ("d", "A", "z", 3, None, None),
        ("e", "A", "x", 2, 3, None),
    ]
    for order in list(itertools.permutations(files))[1::7]:
        assert run(spark, list(order), SNAPSHOT, many=False)[0] == first


def test_incomplete_delivery_closes_nothing(spark):
    files = [File(1, [("a", "A", "x"), ("b", "A", "x")]), File(2, [("a", "A", "x")])]
    assert run(spark, files, SNAPSHOT, incomplete=["d2"])[0] == [("a", "A", "x", 1, None, None), ("b", "A", "x", 1, None, None)]
    assert run(spark, files, SNAPSHOT)[0] == [("a", "A", "x", 1, None, None), ("b", "A", "x", 1, 2, None)]


def test_unreadable_scope_closes_nothing_in_its_delivery(spark):
    files = [File(1, [("a", "A", "x"), ("b", "A", "x")]), File(2, [("a", "A", "x"), ("q", None, "!")])]
    assert ("b", "A", "x", 1, None, None) in run(spark, files, SNAPSHOT)[0]


def test_vanished_file_is_refused_whole_and_judged_again_when_an_earlier_one_arrives(spark):
    shape = replace(SNAPSHOT, max_vanish=0.3)
    full = [(f"k{i}", "A", "x") for i in range(10)]
    first, short = File(1, full), File(3, [*full[:6], ("new", "B", "x")])
    spans, _, d = run(spark, [first, short], shape)
    assert set(d.vanished) == {"landing/x/d3/f"}
    assert "new" not in {s[0] for s in spans} and all(s[4] is None for s in spans)
    middle = File(2, full[:7])
    spans, _, d = run(spark, [short, middle, first], shape)
    assert d.vanished == {}
    assert {s[0] for s in spans if s[4] is None} == {*(f"k{i}" for i in range(6)), "new"}


def test_outcomes_within_a_file(spark):
    file = File(1, [("a", "A", "x"), ("a", "A", "x"), ("b", "A", "x"), ("b", "A", "y"), ("c", "A", "!"), ("d", "A", "x")])
    for mode in ("append", "snapshot", "corrections"):
        _, outcomes, _ = run(spark, [file], replace(SNAPSHOT, mode=mode))
        assert [(o[2], o[3]) for o in outcomes] == [
            ("accepted", None),
            ("duplicate", None),
            ("quarantined", "duplicate_key"),
            ("quarantined", "duplicate_key"),
            ("quarantined", "bad_number"),
            ("accepted", None),
        ]


@pytest.mark.parametrize("few", [history.FEW, 0])
def test_append_known_key(spark, few, monkeypatch):
    monkeypatch.setattr(history, "FEW", few)
    shape = replace(SNAPSHOT, mode="append", scope=())
    files = [File(1, [("a", "A", "x"), ("b", "A", "x")]), File(2, [("a", "A", "x"), ("b", "A", "y"), ("c", "A", "x")])]
    spans, outcomes, _ = run(spark, files, shape)
    assert [o[2:] for o in outcomes][2:] == [("duplicate", None), ("quarantined", "duplicate_key"), ("accepted", None)]
    assert [(s[0], s[2]) for s in spans] == [("a", "x"), ("b", "x"), ("c", "x")]
    assert run(spark, files[::-1], shape)[0] == spans


@pytest.mark.parametrize("few", [history.FEW, 0])
def test_changes_file_with_operations(spark, few, monkeypatch):
    monkeypatch.setattr(history, "FEW", few)
    shape = replace(SNAPSHOT, mode="corrections", scope=(), operation="op")
    files = [
        File(1, [("a", "A", "x", "I"), ("a", "A", "y", "U"), ("b", "A", "x", "I"), ("q", "A", "x", "D")]),
        File(2, [("b", "A", "x", "D"), ("a", "A", "y", "U")]),
    ]
    spans, outcomes, _ = run(spark, files, shape)
    assert [o[2] for o in outcomes] == ["superseded", "accepted", "accepted", "superseded", "accepted", "accepted"]
    assert spans == [("a", "A", "y", 1, None, None), ("b", "A", "x", 1, 2, None)]


def test_keyless_stream_keeps_identical_rows(spark):
    shape = replace(SNAPSHOT, mode="append", scope=(), key=())
    spans, outcomes, _ = run(spark, [File(1, [("a", "A", "x"), ("a", "A", "x")])], shape)
    assert len(spans) == 2 and {o[2] for o in outcomes} == {"accepted"}
    _, outcomes, _ = run(spark, [File(1, [("a", "A", "x"), ("a", "A", "x")])], replace(shape, dedupe=True))
    assert [o[2] for o in outcomes] == ["accepted", "duplicate"]
