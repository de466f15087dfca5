"""A reader that loses, doubles or changes a record turns the run red: that resource stops, the others go on, nothing of it is published."""

from __future__ import annotations

import pytest

from xihu.bronze import ingest

ROWS = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,300"]


def test_reader_that_drops_a_record(city, monkeypatch):
    from pyspark.sql import functions as F

    city.contract()
    city.contract(name="other", prefix="其他")
    city.deliver(1, city.file("补贴_10.csv", ROWS), city.file("其他_10.csv", ROWS))
    honest = ingest.read

    def drops(spark, contract, files):
        df = honest(spark, contract, files)
        return df.where("_row <> 2") if contract.name == "payment" else df

    monkeypatch.setattr(ingest, "read", drops)
    report = city.ingest()
    assert not report.ok and list(report.failed) == ["mz__payment"]
    rows = {r.resource: (r.verdict, r.reason, r.records_in) for r in report.rows}
    assert rows == {"mz__payment": ("refused", "conservation", None), "mz__other": ("accepted", None, 3)}
    assert city.table("silver") == [] and city.table("bronze") == [] and len(city.table("silver", name="other")) == 3
    assert any("mz__payment" in line and "2" in line and "3" in line for line in city.lines)

    # A change that keeps the count is seen by the bytes.
    def changes(spark, contract, files):
        return honest(spark, contract, files).withColumn("_raw", F.when(F.col("_row") == 2, F.lit(b"A2,2016-10")).otherwise(F.col("_raw")))

    monkeypatch.setattr(ingest, "read", changes)
    assert not city.ingest().ok
    # Mended, the file is tried again without being delivered anew.
    monkeypatch.setattr(ingest, "read", honest)
    report = city.ingest()
    assert report.ok and [r.verdict for r in report.rows] == ["accepted"] and len(city.table("silver")) == 3


def test_books_that_do_not_balance_are_not_written():
    from datetime import UTC, datetime

    from xihu.lake.ledger import LedgerError, LedgerRow

    row = LedgerRow("d", "r", "f", datetime(2016, 11, 1, tzinfo=UTC), "accepted", None, 3, 2, 0, 0, 0)
    with pytest.raises(LedgerError):
        row.check()
    with pytest.raises(LedgerError):
        LedgerRow("d", "r", "f", datetime(2016, 11, 1, tzinfo=UTC), "refused").check()
