"""The same file again, under its own name or another, is recorded and changes nothing."""

from __future__ import annotations

ROWS = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200.50", "A3,2016-10,西湖区,300"]


def test_same_file_at_the_same_instant_is_the_same_delivery(city):
    city.contract()
    first = city.send(1, "补贴_10.csv", ROWS)
    rows = city.ingest().rows
    assert [(r.verdict, r.records_in, r.accepted, r.structural) for r in rows] == [("accepted", 3, 3, 1)]
    before = city.fingerprint()
    assert city.send(1, "补贴_10.csv", ROWS) == first
    assert city.ingest().rows == []
    assert city.fingerprint() == before


def test_same_content_under_another_name_is_a_duplicate(city):
    city.contract()
    city.take(1, "补贴_10.csv", ROWS)
    before = city.fingerprint()
    (row,) = city.take(2, "补贴_10_重报.csv", ROWS)
    assert (row.verdict, row.reason, row.records_in, row.duplicate, row.accepted) == ("duplicate", "duplicate_file", 3, 3, 0)
    assert row.duplicate_of and row.duplicate_of.endswith("补贴_10.csv")
    assert city.fingerprint() == before
    assert len(city.table("bronze")) == 3


def test_month_resent_after_the_next_month_is_a_duplicate_in_append_mode(city):
    city.contract()
    city.take(1, "补贴_10.csv", ROWS)
    city.take(2, "补贴_11.csv", ["A1,2016-11,西湖区,100"])
    (row,) = city.take(3, "补贴_10b.csv", ROWS)
    assert row.verdict == "duplicate"
    assert len(city.silver()) == 4


def test_both_copies_in_one_delivery(city):
    city.contract()
    city.deliver(1, city.file("补贴_a.csv", ROWS), city.file("补贴_b.csv", ROWS))
    assert sorted(r.verdict for r in city.ingest().rows) == ["accepted", "duplicate"]
    assert len(city.silver()) == 3
