"""Silver, quarantine and quality as tables: what is derived is compared with what stands there, and only the difference is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.bronze.ingest import bronze_table
from xihu.contract.derive import quote, silver_columns
from xihu.contract.models import Contract
from xihu.lake import tables
from xihu.lake.failpoint import failpoint

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LARGE = 1_000_000
_QUARANTINE = """
delivery_id STRING COMMENT '交付编号', file STRING COMMENT '来源文件（含工作表）', row BIGINT COMMENT '文件内记录号（从1起）',
line BIGINT COMMENT '首行号', field STRING COMMENT '问题字段', reason STRING COMMENT '原因代码', detail STRING COMMENT '说明',
raw BINARY COMMENT '原始记录', received_at TIMESTAMP COMMENT '收到时刻', run_id BIGINT COMMENT '运行编号',
contract_version STRING COMMENT '目录版本'
"""
QUALITY = "ops.quality"
_QUALITY = tables.Spec(
    """
run_id BIGINT COMMENT '运行编号', resource STRING COMMENT '信息资源', delivery_id STRING COMMENT '交付编号', file STRING COMMENT '交付文件',
field STRING COMMENT '字段或检查', kind STRING COMMENT '类别：repair 修复，warning 检查提醒，reason 隔离原因，file 文件提醒',
name STRING COMMENT '名称', records BIGINT COMMENT '记录数'
""",
    "质量台账：每次载入按文件与字段的修复、提醒与隔离原因",
)


def silver_table(contract: Contract) -> str:
    return f"silver.{contract.resource}"


def quarantine_table(contract: Contract) -> str:
    return f"quarantine.{contract.resource}"


def silver_spec(contract: Contract) -> tables.Spec:
    """Silver is clustered by key and has deletion vectors where the contract expects many rows."""
    columns = ", ".join(f"`{n}` {kind} COMMENT {quote(comment)}" for n, (kind, comment) in silver_columns(contract).items())
    rows = contract.expect.rows
    large = bool(rows and (rows.min or 0) >= LARGE)
    return tables.Spec(columns, f"{contract.title}：{contract.grain}", tuple(contract.key)[:4] if large else (), large)


def quarantine_spec(contract: Contract) -> tables.Spec:
    return tables.Spec(_QUARANTINE, f"{contract.title}（隔离）")


def ensure(spark: SparkSession, contract: Contract, *, silver: bool) -> None:
    """The resource's tables of silver (if asked; a first load makes it) and quarantine, in the contract's present shape."""
    for wanted, table, spec in (
        (silver, silver_table(contract), silver_spec(contract)),
        (True, quarantine_table(contract), quarantine_spec(contract)),
    ):
        if wanted or tables.exists(spark, table):
            tables.ensure(spark, table, spec.columns, spec.comment, spec.cluster_by, spec.deletion_vectors)


def write_silver(spark: SparkSession, contract: Contract, versions: DataFrame, run: int, current: DataFrame | None) -> None:
    """Brings the current computation to `versions`: rows that no longer hold get `_loaded_to`, new ones `_loaded_from`, equal ones stay.

    Args:
        current: the rows of the table that were derived anew; None when all versions are new.
    """
    from pyspark.sql import functions as F

    table = silver_table(contract)
    columns = list(silver_columns(contract))
    wanted = versions.withColumn("_row_hash", F.lower(F.hex("_row_hash")))
    wanted = wanted.withColumn("_contract_version", F.lit(contract.version))
    wanted = (
        wanted.withColumn("_loaded_from", F.lit(run).cast("bigint")).withColumn("_loaded_to", F.lit(None).cast("bigint")).select(*columns)
    )
    if current is None:
        tables.load(wanted, table, run, silver_spec(contract))
        return
    both = ("_file", "_row", "_known_from")
    have = current.select(*both, "_valid_to", "_known_to", "_row_hash", F.lit(True).alias("_have")).alias("h")
    want = wanted.alias("w")
    same_place = [F.col(f"h.{c}").eqNullSafe(F.col(f"w.{c}")) for c in (*both, "_valid_to")]
    joined = want.join(have, same_place[0] & same_place[1] & same_place[2] & same_place[3], "full_outer")
    changed = joined.where(
        F.col("h._have").isNull()
        | F.col("w._loaded_from").isNull()
        | ~F.col("h._known_to").eqNullSafe(F.col("w._known_to"))
        | ~F.col("h._row_hash").eqNullSafe(F.col("w._row_hash"))
    )
    new = changed.where("w._loaded_from IS NOT NULL").select("w.*").withColumn("_closes", F.lit(False))
    old = changed.where("h._have").select(*(f"h.{c}" for c in (*both, "_valid_to"))).withColumn("_closes", F.lit(True))
    source = new.unionByName(old, allowMissingColumns=True).persist()
    try:
        counts = {r[0]: r[1] for r in source.groupBy("_closes").count().collect()}
        if not counts.get(True):
            if counts.get(False):
                tables.append(source.drop("_closes"), table, run)
            return
        on = "s._closes AND t._loaded_to IS NULL AND t._file = s._file AND t._row = s._row"
        on += " AND t._known_from = s._known_from AND t._valid_to <=> s._valid_to"
        tables.merge(
            source,
            table,
            run,
            on,
            update={"_loaded_to": f"{run}L"},
            insert_when="NOT s._closes",
            insert=columns,
        )
    finally:
        source.unpersist()


def write_quarantine(spark: SparkSession, contract: Contract, records: DataFrame, run: int, any_now: bool, all_anew: bool) -> None:
    """Brings the resource's quarantine to the records that stand in it now; each with its raw bytes.

    Args:
        any_now: whether `records` hold a quarantined one.
        all_anew: `records` are all of the resource and rows no longer quarantined leave; otherwise they are only new ones.
    """
    from pyspark.sql import functions as F

    table = quarantine_table(contract)
    have = spark.table(table)
    empty = not all_anew or have.isEmpty()
    if empty and not any_now:
        return
    raw = spark.table(bronze_table(contract)).where(F.col("_contract_version") == contract.version)
    if not all_anew:
        raw = raw.where(F.col("_run") == run)
    raw = raw.select("_file", "_row", "_raw")
    refused = records.where("_outcome = 'quarantined'").select(
        "_delivery_id", "_file", "_row", "_line", "_field", "_reason", "_detail", "_received_at"
    )
    # A load that was given up and begun anew may have left its records in bronze twice.
    found = raw.join(F.broadcast(refused), ["_file", "_row"]).dropDuplicates(["_file", "_row"])
    wanted = found.select(
        F.col("_delivery_id").alias("delivery_id"),
        F.col("_file").alias("file"),
        F.col("_row").alias("row"),
        F.col("_line").alias("line"),
        F.col("_field").alias("field"),
        F.col("_reason").alias("reason"),
        F.col("_detail").alias("detail"),
        F.col("_raw").alias("raw"),
        F.col("_received_at").alias("received_at"),
        F.lit(run).cast("bigint").alias("run_id"),
        F.lit(contract.version).alias("contract_version"),
    )
    if empty:
        tables.append(wanted, table, run)
        return
    h = have.select("file", "row", "reason", "detail", F.lit(True).alias("_have")).alias("h")
    w = wanted.alias("w")
    same = (F.col("h.file") == F.col("w.file")) & (F.col("h.row") == F.col("w.row"))
    same = same & (F.col("h.reason") == F.col("w.reason")) & F.col("h.detail").eqNullSafe(F.col("w.detail"))
    joined = w.join(h, same, "full_outer")
    new = joined.where("h._have IS NULL").select("w.*").withColumn("_gone", F.lit(False))
    gone = joined.where("w.row IS NULL").select("h.file", "h.row", "h.reason").withColumn("_gone", F.lit(True))
    source = new.unionByName(gone, allowMissingColumns=True).persist()
    try:
        counts = {r[0]: r[1] for r in source.groupBy("_gone").count().collect()}
        if counts.get(True):
            on = "s._gone AND t.file = s.file AND t.row = s.row AND t.reason = s.reason"
            tables.merge(source, table, run, on, delete_when="true", insert_when="NOT s._gone", insert=wanted.columns)
        elif counts.get(False):
            tables.append(source.drop("_gone"), table, run)
    finally:
        source.unpersist()


def quality_rows(records: DataFrame, resource: str, run: int, landings: list[str]) -> list[tuple]:
    """Repairs, warnings and reasons of some files, counted by file and field."""
    from pyspark.sql import functions as F

    mine = records.where(F.col("_landing").isin(landings)) if len(landings) <= 500 else records
    mended = F.map_entries(F.from_json("_repairs", "map<string,array<string>>"))
    repairs = (
        mine.where("_repairs IS NOT NULL")
        .select("_delivery_id", "_landing", F.explode(mended).alias("e"))
        .select(
            "_delivery_id", "_landing", F.col("e.key").alias("field"), F.lit("repair").alias("kind"), F.explode("e.value").alias("name")
        )
    )
    warned = mine.where("_warned IS NOT NULL").select(
        "_delivery_id",
        "_landing",
        F.explode(F.split("_warned", ",")).alias("field"),
        F.lit("warning").alias("kind"),
        F.col("field").alias("name"),
    )
    reasons = mine.where("_reason IS NOT NULL").select(
        "_delivery_id",
        "_landing",
        F.coalesce("_field", F.lit("")).alias("field"),
        F.lit("reason").alias("kind"),
        F.col("_reason").alias("name"),
    )
    wanted = set(landings)
    counted = (
        repairs.unionByName(warned).unionByName(reasons).groupBy("_delivery_id", "_landing", "field", "kind", "name").count().collect()
    )
    return [(run, resource, r[0], r[1], r[2], r[3], r[4], r[5]) for r in counted if r[1] in wanted]


def ensure_quality(spark: SparkSession) -> None:
    """`ops.quality`, also where nothing was ever wrong."""
    if not tables.exists(spark, QUALITY):
        tables.ensure(spark, QUALITY, _QUALITY.columns, _QUALITY.comment)


def write_quality(spark: SparkSession, rows: list[tuple], run: int) -> None:
    if rows:
        tables.load(tables.local(spark, rows, _QUALITY.schema), QUALITY, run, _QUALITY)
    failpoint("after_quality")
