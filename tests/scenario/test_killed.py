"""Killed at any named point and started again, a run ends in the same tables."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

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


SCRIPT = """
import json, sys
from pathlib import Path
from xihu.lake.session import spark_session
from xihu.settings import settings
from xihu.silver.pipeline import run_ingest
spark = spark_session(metastore=False, warehouse=settings().home / "warehouse")
report = run_ingest(spark)
def count(table): return spark.table(table).count()
print(json.dumps([[r.run_id, r.verdict, r.accepted, r.quarantined] for r in report.rows]
    + [count(f"{layer}.mz__payment") for layer in ("bronze", "silver", "quarantine")] + [count("ops.ledger")]))
"""


def test_process_that_dies_between_silver_and_ledger(city):
    """A real death: another process, which finds neither the session nor the catalog of the first, ends in the same tables."""
    city.contract()
    city.deliver(1, city.file("补贴_1.csv", FIRST))

    def start(**env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", SCRIPT], env={**os.environ, **env}, capture_output=True, text=True, timeout=600)

    first = start(XIHU_FAILPOINT="after_silver")
    assert first.returncode == 137 and "failpoint after_silver" in first.stderr, first.stderr[-2000:]
    assert [r.no for r in runs.unfinished()] == [1]
    second = start()
    assert second.returncode == 0, second.stderr[-2000:]
    assert json.loads(second.stdout.splitlines()[-1]) == [[1, "accepted_with_quarantine", 2, 1], 3, 2, 1, 1]
    assert runs.unfinished() == []
