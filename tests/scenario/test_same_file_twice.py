"""The same content again, at once or later, under its own name or another, is recorded and changes nothing."""

from __future__ import annotations

OCTOBER = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200.50", "A3,2016-10,西湖区,300"]


def test_same_file_twice(city):
    city.contract()
    first = city.deliver(1, city.file("补贴_a.csv", OCTOBER), city.file("补贴_b.csv", OCTOBER))
    rows = sorted(city.ingest().rows, key=lambda r: r.file)
    assert [(r.verdict, r.reason, r.records_in, r.accepted, r.duplicate, r.structural) for r in rows] == [
        ("accepted", None, 3, 3, 0, 1),
        ("duplicate", "duplicate_file", 3, 0, 3, 1),
    ]
    before = city.fingerprint(loads=True)
    # The same files at the same instant are the same delivery: nothing is new.
    assert city.deliver(1, city.file("补贴_a.csv", OCTOBER), city.file("补贴_b.csv", OCTOBER)) == first
    assert city.ingest().rows == []
    # Re-sent later under another name, after another month has come.
    city.deliver(2, city.file("补贴_11.csv", ["A1,2016-11,西湖区,100"]))
    city.deliver(3, city.file("补贴_重报.csv", OCTOBER))
    november, again = sorted(city.ingest().rows, key=lambda r: r.received_at)
    assert (november.verdict, again.verdict, again.reason) == ("accepted", "duplicate", "duplicate_file")
    assert again.duplicate_of is not None and again.duplicate_of.endswith("补贴_a.csv")
    silver, quarantine = city.fingerprint(loads=True)["payment"]
    assert set(before["payment"][0]) < set(silver) and len(silver) == 4 and quarantine == []
    assert len(city.table("bronze")) == 4
