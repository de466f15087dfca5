"""A file with a column nobody knew is held in quarantine, closes nothing, and comes in by itself when the contract is mended."""

from __future__ import annotations

MODE = "mode: snapshot\nscope: [month, area]\nabsence: retracted\nmax_vanish: 0.5\ncolumns: {added: quarantine, dropped: warn}"
ROWS = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200"]


def test_drift(city):
    city.contract(MODE)
    city.take(1, "补贴_10.csv", ROWS)
    (held,) = city.take(2, "补贴_10b.csv", [f"{ROWS[0]},是"], header="编号,月份,区县,金额,困难")
    assert (held.verdict, held.records_in, held.accepted, held.quarantined, held.closed) == ("accepted_with_quarantine", 1, 0, 1, 0)
    (row,) = city.table("quarantine")
    assert (row.row, row.reason) == (1, "column_count") and "困难" in row.detail
    # What the file no longer names is not gone: nothing of it was taken at its word.
    assert city.silver() == [("A1", 100, 1, None, None), ("A2", 200, 1, None, None)]
    city.contract(MODE, more="  poor:   {title: 困难, type: boolean}")
    rows = {r.file.rsplit("/")[-1]: (r.verdict, r.accepted, r.closed) for r in city.ingest().rows}
    assert rows == {"补贴_10.csv": ("accepted", 2, 0), "补贴_10b.csv": ("accepted", 1, 2)}
    assert city.table("quarantine") == []
    assert city.silver() == [("A1", 100, 1, 2, None), ("A1", 100, 2, None, None), ("A2", 200, 1, 2, None)]
    (now,) = city.table("silver", "_loaded_to IS NULL AND _known_to IS NULL")
    assert now.poor is True
