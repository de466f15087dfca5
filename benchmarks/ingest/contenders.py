"""Each contender in a process of its own: warmed up on a small extract, then timed on the large one. Prints one line of JSON.

`python -m benchmarks.ingest.contenders NAME DATA WARM WORK`
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import Marks, Sampler, cpu

Outcome = dict[str, Any]
RECEIVED = datetime(2016, 11, 5, 1, tzinfo=UTC)


def xihu(data: Path, warm: Path, work: Path) -> Outcome:
    """The real path: deliver, then ingest to bronze, silver, quarantine, quality and ledger."""
    from benchmarks import lake

    lake.prepare(work, ("warm", "main"))
    from xihu.bronze import ingest
    from xihu.bronze.deliver import deliver
    from xihu.silver import pipeline

    spark = lake.session()
    marks = Marks()
    passed = ingest.failpoint

    def stage(name: str) -> None:
        passed(name)
        if name == "after_bronze":
            marks("bronze")

    def one(source: Path, prefix: str) -> Any:
        named = work / "outbox" / "bench" / f"{prefix}_201610.csv"
        named.parent.mkdir(parents=True, exist_ok=True)
        if not named.exists():
            named.symlink_to(source)
        marks.found.clear()
        marks("start")
        deliver([named], dept="bench", received_at=RECEIVED)
        marks("deliver")
        report = pipeline.run_ingest(spark)
        marks("silver")
        return report

    ingest.failpoint = stage  # type: ignore[assignment]
    one(warm, "warm")
    begun = cpu()
    with Sampler() as sampler:
        report = one(data, "main")
    row = report.rows[0]
    reasons = {r[0]: r[1] for r in spark.table("quarantine.bench__main").groupBy("reason").count().collect()}
    spans = marks.spans()
    bronze = {k: round(spans["deliver"][k] + spans["bronze"][k], 2) for k in ("cpu", "wall")}
    return {
        "cpu": bronze["cpu"],
        "wall": bronze["wall"],
        "stages": spans,
        "silver": spans["silver"],
        "all_cpu": round(marks.found[-1].cpu - begun, 2),
        "memory": vars(sampler.memory),
        "rows": spark.table("bronze.bench__main").count(),
        "ledger": {n: getattr(row, n) for n in ("verdict", "records_in", "accepted", "quarantined", "duplicate", "superseded")},
        "quarantined": dict(sorted(reasons.items())),
        "bytes": _size(work / "home" / "warehouse" / "bronze.db" / "bench__main"),
    }


def spark_csv(data: Path, warm: Path, work: Path) -> Outcome:
    """Spark's own CSV reader, all columns text, to a Delta table; nothing is checked, nothing kept of the raw bytes."""
    from benchmarks import lake

    lake.prepare(work, ("main",))
    spark = lake.session()
    # Since version 4 Spark reads no GBK unless asked to.
    spark.conf.set("spark.sql.legacy.javaCharsets", "true")
    ddl = ", ".join(f"c{i} string" for i in range(16))

    def one(source: Path, table: str) -> None:
        df = spark.read.option("encoding", "GBK").option("header", "true").schema(ddl).csv(str(source))
        df.write.format("delta").saveAsTable(f"bronze.{table}")

    return _timed(lambda: one(warm, "warm"), lambda: one(data, "main")) | {
        "rows": spark.table("bronze.main").count(),
        "bytes": _size(work / "home" / "warehouse" / "bronze.db" / "main"),
    }


def duckdb(data: Path, warm: Path, work: Path) -> Outcome:
    """COPY of the same records in UTF-8 to Parquet (zstd), all columns text, no commit; records that do not fit are dropped."""
    import duckdb as db

    connection = db.connect(config={"threads": 2})
    work.mkdir(parents=True, exist_ok=True)

    def one(source: Path, target: Path) -> None:
        columns = "{" + ", ".join(f"'c{i}': 'VARCHAR'" for i in range(16)) + "}"
        read = f"read_csv('{source}', header=true, auto_detect=false, delim=',', quote='\"', columns={columns}, ignore_errors=true)"
        connection.execute(f"COPY (SELECT * FROM {read}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")

    out = work / "main.parquet"
    timed = _timed(lambda: one(_utf8(warm), work / "warm.parquet"), lambda: one(_utf8(data), out))
    return timed | {"rows": connection.execute(f"SELECT count(*) FROM '{out}'").fetchall()[0][0], "bytes": out.stat().st_size}


def polars(data: Path, warm: Path, work: Path) -> Outcome:
    """The same records in UTF-8 to a Delta table by delta-rs, all columns text; cells too many are cut off."""
    import polars as pl
    from deltalake import DeltaTable

    shutil.rmtree(work, ignore_errors=True)

    def one(source: Path, target: Path) -> None:
        df = pl.read_csv(source, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy")
        df.write_delta(target)

    timed = _timed(lambda: one(_utf8(warm), work / "warm"), lambda: one(_utf8(data), work / "main"))
    return timed | {"rows": DeltaTable(work / "main").to_pyarrow_dataset().count_rows(), "bytes": _size(work / "main")}


def _utf8(path: Path) -> Path:
    return path.with_suffix(".utf8.csv")


def _timed(warm: Callable[[], None], work: Callable[[], None]) -> Outcome:
    warm()
    marks = Marks()
    with Sampler() as sampler:
        marks("start")
        work()
        marks("end")
    return marks.spans()["end"] | {"memory": vars(sampler.memory)}


def _size(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.glob("*.parquet"))


CONTENDERS: dict[str, Callable[[Path, Path, Path], Outcome]] = {"xihu": xihu, "spark": spark_csv, "duckdb": duckdb, "polars": polars}

if __name__ == "__main__":
    name, *paths = sys.argv[1:]
    print(json.dumps(CONTENDERS[name](*map(Path, paths)) | {"whole_cpu": round(cpu(), 2)}, default=str))
