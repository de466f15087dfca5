"""A file cut short: the broken record is quarantined with its bytes; the whole file, sent again, brings what was missing."""

from __future__ import annotations

ROWS = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,300"]


def test_truncated_batch_then_the_whole_one(city):
    city.contract()
    whole = ("\r\n".join(["编号,月份,区县,金额", *ROWS]) + "\r\n").encode("gb18030")
    cut = whole[: whole.index("区,300".encode("gb18030")) + 1]
    city.deliver(1, city.raw("补贴_10.csv", cut))
    (row,) = city.ingest().rows
    assert (row.verdict, row.records_in, row.accepted, row.quarantined) == ("accepted_with_quarantine", 3, 2, 1)
    (bad,) = city.table("quarantine")
    assert (bad.row, bad.line) == (3, 4) and bad.reason in ("column_count", "truncated", "bad_encoding")
    assert bytes(bad.raw) == cut.split(b"\r\n")[3]
    city.deliver(2, city.raw("补贴_10.csv", whole))
    (row,) = city.ingest().rows
    assert (row.verdict, row.accepted, row.duplicate, row.quarantined) == ("accepted", 1, 2, 0)
    assert [s[:3] for s in city.silver()] == [("A1", 100, 1), ("A2", 200, 1), ("A3", 300, 2)]
