"""A sender takes a delivery back: everything is as if it had never come, in every mode."""

from __future__ import annotations

import pytest

from xihu.bronze.deliver import DeliveryError, deliveries, withdraw

DAYS = {
    1: ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "B1,2016-10,上城区,10"],
    2: ["A1,2016-10,西湖区,150", "A2,2016-10,西湖区,2OO", "A4,2016-10,西湖区,400"],
    3: ["A1,2016-10,西湖区,170", "A4,2016-10,西湖区,400", "B1,2016-10,上城区,10"],
}
MODES = {"corrections": "乙", "ended": "丁"}


def contracts(city) -> None:
    city.contract("mode: corrections", name="corrections", prefix="乙")
    city.snapshot("ended", name="ended", prefix="丁", max_vanish=1)


def send(city, *days: int) -> None:
    for day in days:
        city.deliver(day, *(city.file(f"{prefix}_{day}.csv", DAYS[day]) for prefix in MODES.values()))
        assert city.ingest().ok


def test_a_withdrawn_delivery_never_came(city):
    contracts(city)
    send(city, 1, 2, 3)
    before = city.silver("corrections")
    second = deliveries()[1].delivery_id
    with pytest.raises(DeliveryError, match="理由"):
        withdraw([second], " ", "engineer")
    with pytest.raises(DeliveryError, match="没有这个交付编号"):
        withdraw([second, second[:-1] + "?"], "误报", "engineer")
    assert not city.ingest().rows, "a refused withdrawal changes nothing"
    withdraw([second], "误将测试数据报送", "engineer")
    report = city.ingest()
    assert report.ok
    assert {(r.verdict, r.records_in) for r in report.rows} == {("withdrawn", None)} and len(report.rows) == 2
    assert all("误将测试数据报送" in (r.detail or "") for r in report.rows)
    assert not city.ingest().rows, "once is enough"
    # What the lake believed before is kept for replay.
    table = city.spark.table("silver.mz__corrections")
    assert table.where("_loaded_from < 4 AND (_loaded_to IS NULL OR _loaded_to >= 4)").count() == len(before)
    left = city.fingerprint()

    city.forget()
    send(city, 1, 3)
    assert city.fingerprint() == left

    # The only delivery: nothing is left, and what comes afterwards is new.
    city.forget()
    send(city, 1)
    withdraw([deliveries()[0].delivery_id], "整批作废", "engineer")
    assert city.ingest().ok
    assert all(not city.silver(name) and not city.table("quarantine", name=name) for name in MODES)
    city.deliver(5, *(city.file(f"{prefix}_1.csv", DAYS[1]) for prefix in MODES.values()))
    assert {(r.verdict, r.accepted) for r in city.ingest().rows} == {("accepted", 3)}


def test_what_only_repeated_a_withdrawn_file_takes_its_place(city):
    city.contract(name="append", prefix="甲")
    city.deliver(1, city.file("甲_1.csv", DAYS[1]))
    city.deliver(2, city.file("甲_again.csv", DAYS[1]))
    assert sorted(r.verdict for r in city.ingest().rows) == ["accepted", "duplicate"]
    withdraw([deliveries()[0].delivery_id], "重报", "engineer")
    rows = {r.file.rsplit("/", 1)[1]: (r.verdict, r.accepted) for r in city.ingest().rows}
    assert rows == {"甲_1.csv": ("withdrawn", None), "甲_again.csv": ("accepted", 3)}
    assert [s[:3] for s in city.silver("append")] == [("A1", 100, 2), ("A2", 200, 2), ("B1", 10, 2)]
