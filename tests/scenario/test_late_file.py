"""Deliveries loaded in order, the other way round, and all at once give the same tables, in every mode."""

from __future__ import annotations

import pytest

DAYS = {
    1: ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,300", "B1,2016-10,上城区,10"],
    2: ["A1,2016-10,西湖区,150", "A2,2016-10,西湖区,2OO", "A4,2016-10,西湖区,400"],
    3: ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,300", "B1,2016-10,上城区,10"],
    4: ["A2,2016-10,西湖区,200", "A3,2016-10,西湖区,333", "A4,2016-10,西湖区,400"],
}
MODES = {"append": "甲", "corrections": "乙", "retracted": "丙", "ended": "丁"}


def deliver(city, day: int) -> None:
    city.deliver(day, *(city.file(f"{prefix}_{day}.csv", DAYS[day]) for prefix in MODES.values()))


@pytest.mark.parametrize("later", [[[2, 4], [1, 3]], pytest.param([[4], [3], [2], [1]], marks=pytest.mark.soak)])
def test_any_order_gives_the_same_tables(city, later):
    from datetime import date

    city.contract(name="append", prefix="甲")
    city.contract("mode: corrections", name="corrections", prefix="乙")
    city.snapshot(name="retracted", prefix="丙", max_vanish=1)
    city.snapshot("ended", name="ended", prefix="丁", max_vanish=1)
    for days in ([1], [2], [3, 4]):
        for day in days:
            deliver(city, day)
        assert city.ingest().ok
    in_order = city.fingerprint()
    assert city.silver("append") == [
        ("A1", 100, 1, None, None),
        ("A2", 200, 1, None, None),
        ("A3", 300, 1, None, None),
        ("A4", 400, 2, None, None),
        ("B1", 10, 1, None, None),
    ]
    assert city.silver("corrections") == [
        ("A1", 100, 1, 2, None),
        ("A1", 100, 3, None, None),
        ("A1", 150, 2, 3, None),
        ("A2", 200, 1, None, None),
        ("A3", 300, 1, 4, None),
        ("A3", 333, 4, None, None),
        ("A4", 400, 2, None, None),
        ("B1", 10, 1, None, None),
    ]
    # A2 stands in a quarantined record on day 2: it is not absent. 上城区 is only in the files of days 1 and 3.
    assert city.silver("retracted") == [
        ("A1", 100, 1, 2, None),
        ("A1", 100, 3, 4, None),
        ("A1", 150, 2, 3, None),
        ("A2", 200, 1, None, None),
        ("A3", 300, 1, 2, None),
        ("A3", 300, 3, 4, None),
        ("A3", 333, 4, None, None),
        ("A4", 400, 2, 3, None),
        ("A4", 400, 4, None, None),
        ("B1", 10, 1, None, None),
    ]
    # A register keeps what ended, with the day of the version that ended it.
    assert [s for s in city.silver("ended") if s[0] == "A4"] == [
        ("A4", 400, 2, 3, None),
        ("A4", 400, 3, None, date(2016, 11, 3)),
        ("A4", 400, 4, None, None),
    ]
    verdicts = {(r.file.rsplit("/", 1)[1], r.verdict) for r in city.spark.table("ops.ledger").collect()}
    # A→B→A is three deliveries; in append mode the third says nothing new.
    assert {("甲_3.csv", "duplicate"), ("丙_3.csv", "accepted"), ("丁_3.csv", "accepted"), ("乙_3.csv", "accepted")} <= verdicts

    city.forget()
    for days in later:
        for day in days:
            deliver(city, day)
        city.ingest()
    late = city.fingerprint()
    city.books()
    assert late == in_order

    city.forget()
    for day in DAYS:
        deliver(city, day)
    city.ingest()
    assert city.fingerprint() == in_order
