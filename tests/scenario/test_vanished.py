"""A snapshot that would take too much away is refused whole; the lake stays; the corrected one is taken."""

from __future__ import annotations

TEN = [f"A{i},2016-10,西湖区,{i}00" for i in range(10)]


def test_vanished(city):
    city.snapshot(max_vanish=0.3)
    assert [r.verdict for r in city.take(1, "补贴_1.csv", TEN)] == ["accepted"]
    before = city.fingerprint(loads=True)
    (row,) = city.take(2, "补贴_2.csv", [*TEN[:6], "A1,2016-10,上城区,5"])
    assert (row.verdict, row.reason, row.records_in) == ("refused", "vanished", None)
    assert "10" in (row.detail or "") and "4" in (row.detail or "")
    assert city.fingerprint(loads=True) == before
    city.deliver(3, city.file("补贴_3.csv", []))
    city.deliver(4, city.file("补贴_4.csv", TEN[:8]))
    empty, fit = sorted(city.ingest().rows, key=lambda r: r.received_at)
    assert (empty.verdict, empty.reason) == ("refused", "empty_file")
    assert (fit.verdict, fit.accepted, fit.closed) == ("accepted", 8, 2)
    assert len([s for s in city.silver() if s[3] is None]) == 8
