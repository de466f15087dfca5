"""From accepted files to bronze: read once, proven complete against the independent count, appended in one commit per resource and run."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xihu.bronze import bulk
from xihu.bronze.gate import Item
from xihu.bronze.schema import Refusal
from xihu.bronze.sources import register
from xihu.contract.models import Contract
from xihu.lake import files as data_files
from xihu.lake import tables
from xihu.lake.failpoint import failpoint
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

BRONZE_DDL = """
_file STRING COMMENT '来源文件（含工作表）', _row BIGINT COMMENT '文件内记录号', _line BIGINT COMMENT '首行号',
_place STRING COMMENT '位置', _offset BIGINT COMMENT '字节偏移', _raw BINARY COMMENT '原始字节',
_cells ARRAY<STRING> COMMENT '按目录字段顺序的原文', _reason STRING COMMENT '结构问题', _field STRING COMMENT '问题字段',
_detail STRING COMMENT '问题说明', _delivery_id STRING COMMENT '交付编号', _received_at TIMESTAMP COMMENT '收到时刻',
_run BIGINT COMMENT '运行编号', _landing STRING COMMENT '交付文件', _seq BIGINT COMMENT '落地顺序',
_contract_version STRING COMMENT '目录版本'
"""


WRITE_BYTES = 16 << 20


@dataclass
class Loaded:
    """`kept`: files now in bronze. `broken`: files whose books do not balance; then nothing of the resource was written."""

    kept: list[Item]
    broken: list[Item]


def bronze_table(contract: Contract) -> str:
    return f"bronze.{contract.resource}"


def bronze_spec(contract: Contract) -> tables.Spec:
    return tables.Spec(BRONZE_DDL, f"{contract.title}（原始层）")


def landing_of(file: Column) -> Column:
    """The landing file of `_file`: without `#sheet` or `!member`; the delivery's folder holds the names."""
    from pyspark.sql import functions as F

    return F.regexp_extract(file, r"^(.*?)(?:[#!][^/]*)?$", 1)


def read(spark: SparkSession, contract: Contract, files: list[Item]) -> DataFrame:
    """Records of accepted files as bronze rows without `_run`."""
    from pyspark.sql import functions as F

    register(spark)
    given = [
        {
            "path": str(f.path),
            "file": f.landing,
            "delivery_id": f.delivery.delivery_id,
            "resource": contract.resource,
            "contract_version": contract.version,
            "inspection": f.inspection.to_json() if f.inspection else "{}",
        }
        for f in files
    ]
    df = spark.read.format("xihu").option("files", json.dumps(given)).option("conf", str(settings().conf)).load()
    shape = tables.ddl("_landing string, _received_at timestamp, _seq long")
    at = tables.local(spark, [(f.landing, f.delivery.received_at, f.delivery.seq) for f in files], shape)
    # A name may itself hold # or !: the longest delivered name that `_file` begins with is its landing file.
    names = F.broadcast(at)
    if contract.delivery.format not in ("xlsx", "xls"):
        # Only sheets add to the name; an archive's member is its own landing file.
        joined = df.withColumn("_landing", F.col("_file")).join(names, "_landing")
    elif all("#" not in f.landing and "!" not in f.landing for f in files):
        joined = df.withColumn("_landing", landing_of(F.col("_file"))).join(names, "_landing")
    else:
        exact = (F.col("_file") == F.col("_landing")) | F.col("_file").startswith(F.concat("_landing", F.lit("#")))
        joined = df.join(names, exact | F.col("_file").startswith(F.concat("_landing", F.lit("!"))))
    return joined.withColumn("_contract_version", F.lit(contract.version))


def load(spark: SparkSession, run: int, contract: Contract, files: list[Item]) -> Loaded:
    """Reads the files and appends them to bronze, if every file's count and multiset of records agree with the independent counter.

    A break is the pipeline's own fault: nothing of the resource is written; the file that does not balance is refused as `conservation`.
    """
    from pyspark.sql import functions as F

    large = sum(f.file.size for f in files) >= bulk.LARGE
    if large and (folder := data_files.folder(spark, bronze_table(contract), bronze_spec(contract))):
        return _load_files(spark, run, contract, files, folder)
    records = read(spark, contract, files).persist()
    try:
        digest = F.conv(F.substring(F.sha2("_raw", 256), 1, 16), 16, 10).cast("decimal(20,0)")
        found = {r[0]: (r[1], int(r[2] or 0) % 2**64) for r in records.groupBy("_landing").agg(F.count("*"), F.sum(digest)).collect()}
        broken = [replace(f, refusal=refusal) for f in files if (refusal := balance(f, *found.get(f.landing, (0, 0))))]
        if broken:
            return Loaded([], broken)
        failpoint("before_bronze")
        # A partition a file was right for reading; written so, many small deliveries would be many small files.
        parts = 1 + sum(f.file.size for f in files) // WRITE_BYTES
        whole = records.withColumn("_run", F.lit(run)).coalesce(parts)
        tables.load(whole, bronze_table(contract), run, bronze_spec(contract))
        failpoint("after_bronze")
        return Loaded(files, [])
    finally:
        records.unpersist()


def _load_files(spark: SparkSession, run: int, contract: Contract, files: list[Item], folder: Path) -> Loaded:
    """`load` without the rows passing through Spark."""
    written = bulk.write(spark, contract, run, files, folder)
    found: dict[str, tuple[int, int]] = {}
    for part in written:
        for name, (count, multiset) in part.found.items():
            before = found.get(name, (0, 0))
            found[name] = (before[0] + count, (before[1] + multiset) % 2**64)
    made = [part.file for part in written if part.file is not None]
    broken = [replace(f, refusal=refusal) for f in files if (refusal := balance(f, *found.get(f.landing, (0, 0))))]
    if broken:
        for file in made:
            (folder / file.name).unlink(missing_ok=True)
        return Loaded([], broken)
    failpoint("before_bronze")
    data_files.commit(spark, bronze_table(contract), run, made)
    failpoint("after_bronze")
    return Loaded(files, [])


def balance(item: Item, records: int, multiset: int) -> Refusal | None:
    """Why the reader's records are not the counter's, or None."""
    counted = item.count
    if counted is None:
        return Refusal("conservation", "没有独立计数（no independent count）", "请报告此问题")
    if (records, multiset) == (counted.records, int(counted.multiset)):
        return None
    if records != counted.records:
        words = f"独立计数 {counted.records} 条，读取 {records} 条（counted {counted.records}, read {records}）"
    else:
        words = f"{records} 条记录的字节与独立计数不符（the bytes of the records differ）"
    return Refusal("conservation", f"账不平：{words}", "本系统的错误，不是报送单位的；已停止发布该资源，请报告此文件")
