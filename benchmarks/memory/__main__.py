"""`python -m benchmarks.memory [--rows N] [--heap 1g]`: one CSV of N records (26 million are 5 GB), and the peak of the process tree.

The tree (driver, JVM, Python workers) is sampled every half second. `rss` adds up what the kernel says of every process, so that pages
shared by forked workers count once for each: it is an upper bound.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from benchmarks import lake
from benchmarks.ingest import generate
from benchmarks.measure import Marks, Sampler


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--rows", type=int, default=26_000_000)
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/xihu-memory"), help="scratch space: six times the size of the file")
    given = parser.parse_args()
    lake.prepare(given.work / "lake", ("main",), given.heap)
    source = given.work / "outbox" / "bench" / "main_201610.csv"
    try:
        made = generate.write(source, given.rows)
        print(json.dumps(load(source) | {"rows": given.rows, "bytes": made["bytes"], "heap": given.heap}, default=str))
    finally:
        shutil.rmtree(given.work, ignore_errors=True)


def load(source: Path) -> dict[str, object]:
    from xihu.bronze import ingest
    from xihu.bronze.deliver import deliver
    from xihu.silver.pipeline import run_ingest

    marks, peaks = Marks(), {}
    passed = ingest.failpoint
    with Sampler() as sampler:
        marks("start")
        deliver([source], dept="bench")
        spark = lake.session()

        def stage(name: str) -> None:
            passed(name)
            if name == "after_bronze":
                marks("bronze")
                peaks["bronze"] = dict(vars(sampler.memory))

        ingest.failpoint = stage  # type: ignore[assignment]
        report = run_ingest(spark)
        marks("silver")
        peaks["all"] = dict(vars(sampler.memory))
    row = report.rows[0] if report.rows else None
    return {
        "peaks": peaks,
        "stages": marks.spans(),
        "failed": report.failed,
        "ledger": row and [row.verdict, row.records_in, row.accepted, row.quarantined],
    }


if __name__ == "__main__":
    main()
