"""A mended contract reprocesses what came before: the record it refused is now a row, known since its file was received."""

from __future__ import annotations

ROWS = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,300"]


def test_contract_mended(city):
    city.contract(maximum=250)
    (row,) = city.take(1, "补贴_10.csv", ROWS)
    assert (row.verdict, row.accepted, row.quarantined) == ("accepted_with_quarantine", 2, 1)
    assert [(q.row, q.reason, q.field) for q in city.table("quarantine")] == [(3, "out_of_range", "amount")]
    assert city.ingest().rows == []
    city.contract(maximum=1000, more='checks:\n  ratio: {sql: "1 / (amount - 200) < 1", severity: error}')
    (again,) = city.ingest().rows
    # A division by zero inside a check (A2) is no verdict.
    assert (again.verdict, again.accepted, again.contract_version != row.contract_version) == ("accepted", 3, True)
    assert city.silver() == [("A1", 100, 1, None, None), ("A2", 200, 1, None, None), ("A3", 300, 1, None, None)]
    assert city.table("quarantine") == []
    # What was computed before stays replayable: A1 and A2 are the rows of the first run.
    assert sorted(r._loaded_from for r in city.table("silver", "_loaded_to IS NULL")) == [row.run_id, row.run_id, again.run_id]
