"""Numbers are handed out once and for ever; claims become history; disputes are kept."""

from __future__ import annotations

from datetime import date, datetime
from itertools import product

import pytest

from xihu.contract.models import Base
from xihu.gold import identity
from xihu.gold.person import two_persons
from xihu.gold.survivorship import conflicts, survive
from xihu.gold.sync import sync

T = [datetime(2016, 11, 1), datetime(2016, 12, 1), datetime(2017, 1, 1), datetime(2017, 2, 1)]
A, B, C = "33010619500101001X", "330106198508090024", "110105194912310020"
CLAIM = (
    "resource string, role string, _file string, _row bigint, id string, name string, sex string, birth_date date, death_date date, "
    "district string, valid_from date, valid_to date, known_from timestamp, known_to timestamp"
)
BASE = Base.model_validate(
    {
        "base": "person",
        "title": "人口",
        "attributes": {
            "name": {"title": "姓名", "type": "person_name", "sources": ["ga__register.subject", "rs__pay.payee"]},
            "sex": {"title": "性别", "type": "code", "codes": "sex", "sources": ["ga__register.subject"]},
            "birth_date": {"title": "出生日期", "type": "date", "sources": ["ga__register.subject"]},
            "death_date": {"title": "死亡日期", "type": "date", "sources": ["wj__death.deceased"]},
            "district": {"title": "区县", "type": "division", "sources": ["ga__register.subject"]},
        },
    }
)


def claim(resource, row, id18, known_from, known_to=None, role="subject", valid_from=None, valid_to=None, **said):
    names = ("name", "sex", "birth_date", "death_date", "district")
    return (resource, role, f"{resource}.csv", row, id18, *[said.get(n) for n in names], valid_from, valid_to, known_from, known_to)


def frame(spark, rows):
    return spark.createDataFrame(rows, CLAIM)


def test_numbers_follow_first_knowledge_and_never_change(spark):
    first = frame(spark, [claim("ga__register", 1, B, T[1]), claim("ga__register", 2, A, T[1]), claim("rs__pay", 1, C, T[2], role="payee")])
    ids, _ = identity.resolve(spark, first, identity.PERSON, 1)
    assert {r.id: r.person_id for r in ids.collect()} == {A: 1, B: 2, C: 3}
    # A delivery with an earlier date comes late, another is withdrawn: nobody is renumbered.
    second = frame(
        spark, [claim("ga__register", 1, B, T[1]), claim("wj__death", 1, "H12345678", T[0], role="deceased"), claim("x", 1, None, T[0])]
    )
    ids, changes = identity.resolve(spark, second, identity.PERSON, 2)
    assert {r.id: r.person_id for r in ids.collect()} == {A: 1, B: 2, C: 3, "H12345678": 4}
    current = {r.id_value: r for r in spark.table("gold.person_identifier").where("loaded_to is null").collect()}
    assert set(current) == {B, "H12345678"} and current["H12345678"].id_type == "document" and current[B].id_type == "citizen_id"
    assert spark.table("gold.person_identifier").where("loaded_to = 2").count() == 2
    again, changes = identity.resolve(spark, second, identity.PERSON, 3)
    assert sum(c.added + c.closed for c in changes) == 0 and again.count() == 4


def test_person_records_say_who_in_which_role(spark):
    rows = [claim("jy__roll", 7, B, T[0], role="pupil"), claim("jy__roll", 7, A, T[0], role="guardian")]
    identity.resolve(spark, frame(spark, rows), identity.PERSON, 1)
    found = {(r.role, r._row): r.person_id for r in spark.table("gold.person_record").collect()}
    assert found == {("pupil", 7): 2, ("guardian", 7): 1}


def _expected(rows, day, instant):
    """What survives at one day and instant, by definition: rank, latest begun, earliest ended, last said."""
    ranks = {n: {s: i for i, s in enumerate(a.sources)} for n, a in BASE.attributes.items()}
    names = ("resource", "role", "_file", "_row", "id", "name", "sex", "birth_date", "death_date", "district", "vf", "vt", "kf", "kt")
    alive = [dict(zip(names, r, strict=True)) for r in rows]
    alive = [r for r in alive if r["kf"] <= instant and (r["kt"] is None or instant < r["kt"])]
    if not alive:
        return None
    out = {}
    for n, rank in ranks.items():
        fit = [
            r
            for r in alive
            if f"{r['resource']}.{r['role']}" in rank
            and r[n] is not None
            and (r["vf"] is None or r["vf"] <= day)
            and (r["vt"] is None or day < r["vt"])
        ]
        fit.sort(
            key=lambda r: (
                -rank[f"{r['resource']}.{r['role']}"],
                (r["vf"] or date.min).toordinal(),
                -(r["vt"] or date.max).toordinal(),
                r["kf"],
                r["resource"],
                r["_file"],
                r["_row"],
            )
        )
        out[n] = fit[-1][n] if fit else None
    return out


def test_history_equals_the_definition_at_every_day_and_instant(spark):
    import random

    rng = random.Random(5)
    days = [None, date(2016, 9, 1), date(2016, 10, 1), date(2016, 11, 15)]
    rows = []
    for i in range(150):
        person = rng.choice([A, B, C])
        kf = rng.randrange(3)
        kt = rng.choice([None, None, *T[kf + 1 :]])
        vf, vt = rng.choice(days), rng.choice([*days[1:], None])
        if vf and vt and vf >= vt:
            vt = None
        resource, role = rng.choice([("ga__register", "subject"), ("rs__pay", "payee"), ("wj__death", "deceased")])
        said = {
            "name": rng.choice(["张", "章", None]),
            "sex": rng.choice(["1", "2"]),
            "district": rng.choice(["330106", "330109"]),
            "death_date": rng.choice([None, date(2016, 10, 9)]),
        }
        rows.append(claim(resource, i, person, T[kf], kt, role, vf, vt, **said))
    df = frame(spark, rows)
    ids = spark.createDataFrame([(A, 1), (B, 2), (C, 3)], "id string, person_id bigint")
    history = [r.asDict() for r in survive(BASE, df, ids).collect()]
    instants = [T[0], datetime(2016, 12, 15), T[2], datetime(2017, 3, 1)]
    for (number, id18), day, instant in product([(1, A), (2, B), (3, C)], [date(2016, 1, 1), *days[1:], date(2020, 1, 1)], instants):
        held = [
            r
            for r in history
            if r["person_id"] == number
            and (r["valid_from"] is None or r["valid_from"] <= day)
            and (r["valid_to"] is None or day < r["valid_to"])
            and r["known_from"] <= instant
            and (r["known_to"] is None or instant < r["known_to"])
        ]
        want = _expected([r for r in rows if r[4] == id18], day, instant)
        assert len(held) == (want is not None)
        if want:
            assert {k: held[0][k] for k in want} == want, (number, day, instant)


def test_a_death_learned_later_leaves_the_earlier_knowledge(spark):
    rows = [claim("ga__register", 1, A, T[0], name="张"), claim("wj__death", 1, A, T[2], role="deceased", death_date=date(2016, 10, 9))]
    ids = spark.createDataFrame([(A, 1)], "id string, person_id bigint")
    history = {r.known_from: r for r in survive(BASE, frame(spark, rows), ids).collect()}
    assert history[T[0]].death_date is None and history[T[0]].known_to == T[2]
    assert history[T[2]].death_date == date(2016, 10, 9) and history[T[2]].known_to is None
    assert '"death_date":{"resource":"wj__death","file":"wj__death.csv","row":1}' in history[T[2]].evidence


def test_losing_values_and_shared_numbers_are_listed(spark):
    rows = [
        claim("ga__register", 1, A, T[0], name="张三", sex="1", birth_date=date(1950, 1, 1)),
        claim("rs__pay", 1, A, T[1], role="payee", name="章三"),
        claim("ga__register", 2, B, T[0], name="李四", sex="2", birth_date=date(1985, 8, 9)),
        claim("wj__death", 3, B, T[1], role="deceased", name="王五", sex="1", death_date=date(2016, 10, 1)),
        claim("wj__death", 4, C, T[1], role="deceased", name="赵 六", sex="1"),
        claim("ga__register", 5, C, T[0], name="赵六", sex="2"),
    ]
    df = frame(spark, rows)
    ids = spark.createDataFrame([(A, 1), (B, 2), (C, 3)], "id string, person_id bigint")
    lost = [(r.person_id, r.attribute, r.chosen_value, r.losing_value, r.reason) for r in conflicts(BASE, df, ids).collect()]
    assert lost == [(1, "name", "张三", "章三", "lower_rank")]
    shared = two_persons(df, ids).collect()
    assert [(r.person_id, r.reason, r._row) for r in shared] == [(2, "two_persons", 3)]


@pytest.mark.parametrize("swap", [False, True])
def test_sync_writes_only_differences_and_tells_null_from_empty(spark, swap):
    from xihu.gold.schema import Shape

    shape = Shape(
        "gold.t", "试", (("a", "STRING", "甲"), ("b", "STRING", "乙"), ("loaded_from", "BIGINT", "自"), ("loaded_to", "BIGINT", "至"))
    )
    one = spark.createDataFrame([("x", None), (None, "x"), ("", "y"), (None, "y"), ("x", None)], "a string, b string")
    assert sync(spark, shape, one, 1).added == 4
    assert sync(spark, shape, one, 2) == sync(spark, shape, one, 2).__class__("gold.t", 0, 0)
    two = spark.createDataFrame([("x", None), (None, "x"), ("", "y"), ("new", "z")] if not swap else [("x", "")], "a string, b string")
    change = sync(spark, shape, two, 3)
    assert (change.added, change.closed) == ((1, 1) if not swap else (1, 4))
    rows = spark.table("gold.t").collect()
    assert {r.loaded_to for r in rows if r.loaded_from == 1} == ({None, 3} if not swap else {3})
    assert sync(spark, shape, two, 3).added == 0
