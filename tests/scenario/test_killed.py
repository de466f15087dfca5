"""Killed at any named point and started again, a run ends in the same tables."""

from __future__ import annotations

import errno

import pytest

from xihu.lake import runs, tables
from xihu.lake.failpoint import Killed

FIRST = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,3OO"]
SECOND = ["A1,2016-10,西湖区,150", "A4,2016-10,西湖区,400", "A5,2016-10,西湖区,5OO"]
POINTS = ("after_manifest", "after_bronze", "after_silver", "after_quarantine", "before_ledger", "after_ledger", "before_manifest_done")


def test_killed_between_any_two_writes(city, monkeypatch):
    city.contract("mode: corrections")
    city.take(1, "补贴_1.csv", FIRST)
    city.deliver(2, city.file("补贴_2.csv", SECOND))
    # One run, killed at every point in turn, then a last time by a full disk, then left alone.
    for point in POINTS[:-2]:
        monkeypatch.setenv("XIHU_FAILPOINT", f"raise:{point}")
        if point == "after_manifest":
            with pytest.raises(Killed):
                city.ingest()
            continue
        with pytest.raises(Killed):
            city.ingest()
        assert [r.no for r in runs.unfinished()] == [2]
    monkeypatch.delenv("XIHU_FAILPOINT")
    from xihu.silver.pipeline import DiskFull

    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(tables, "append", full)
        with pytest.raises((DiskFull, OSError)):
            city.ingest()
    for point in POINTS[-2:]:
        monkeypatch.setenv("XIHU_FAILPOINT", f"raise:{point}")
        with pytest.raises(Killed):
            city.ingest()
    monkeypatch.delenv("XIHU_FAILPOINT")
    city.ingest()
    assert runs.unfinished() == []
    assert city.silver() == [
        ("A1", 100, 1, 2, None),
        ("A1", 150, 2, None, None),
        ("A2", 200, 1, None, None),
        ("A4", 400, 2, None, None),
    ]
    assert len(city.table("bronze")) == 6 and len(city.table("quarantine")) == 2
    ledger = {r.file.rsplit("/", 1)[1]: r for r in city.spark.table("ops.ledger").collect()}
    assert city.spark.table("ops.ledger").count() == 2
    row = ledger["补贴_2.csv"]
    assert (row.run_id, row.records_in, row.accepted, row.quarantined, row.closed) == (2, 3, 2, 1, 1)
    assert [(r.run_id, r.status) for r in city.spark.table("ops.run").orderBy("run_id").collect()] == [(1, "done"), (2, "done")]
    killed = city.fingerprint(loads=True)
    city.forget()
    city.take(1, "补贴_1.csv", FIRST)
    city.take(2, "补贴_2.csv", SECOND)
    assert city.fingerprint(loads=True) == killed
