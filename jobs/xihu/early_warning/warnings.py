"""`gold.warning`: who should be visited and why, with history. This module is its only writer, and nothing reads it to stop a benefit.

A warning is one case: it opens once, keeps its id while it is open, and closes by itself when its cause ends. Each change is a new row;
the earlier one stays with `known_to` set. The rows with `known_to IS NULL` are what is known now.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import yaml
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from xihu.early_warning.cuts import instant
from xihu.lake import tables
from xihu.settings import settings

TABLE = "gold.warning"
DDL = """
warning_id STRING COMMENT '预警编号', class STRING COMMENT '类别：certain 确定，probable 可能，group 群体',
programme STRING COMMENT '事项', subject_type STRING COMMENT '对象类型', subject_id STRING COMMENT '对象编号',
division STRING COMMENT '区划',
period STRING COMMENT '所指期间：确定为发现月份，可能为预测年份', first_as_of TIMESTAMP COMMENT '首次发现的数据截止时刻',
as_of TIMESTAMP COMMENT '本行的数据截止时刻', score DOUBLE COMMENT '可能性，0 至 1；确定者为 1', reason STRING COMMENT '理由（JSON）',
status STRING COMMENT '状态：open 待核实，closed 已关闭', close_reason STRING COMMENT '关闭原因',
model_version STRING COMMENT '模型版本', known_from TIMESTAMP COMMENT '知悉起', known_to TIMESTAMP COMMENT '知悉止',
loaded_from BIGINT COMMENT '写入运行', loaded_to BIGINT COMMENT '失效运行'
"""
STATE = {
    "programme": "string",
    "subject_type": "string",
    "subject_id": "string",
    "division": "string",
    "period": "string",
    "score": "double",
    "reason": "string",
    "status": "string",
    "close_reason": "string",
    "model_version": "string",
}
# Reasons of the entitlement table for which a gap is not over but only undecided.
UNDECIDED = ["record_lag"]


def ensure(spark: SparkSession) -> None:
    """Make the table if it is missing."""
    tables.ensure(spark, TABLE, DDL, comment="预警：应享未享（确定）与可能（模型），逐条带理由；只用于上门核实，不作停发依据")


def current(spark: SparkSession) -> DataFrame:
    """Warnings as known now, one row each."""
    ensure(spark)
    return spark.table(TABLE).where("known_to IS NULL")


def _titles() -> dict[str, str]:
    """programme → how its missing cover is said, from the headers in conf/policy/programmes."""
    said = {}
    for path in sorted((settings().conf / "policy" / "programmes").glob("*.yaml")):
        header = yaml.safe_load(path.read_text("utf-8")) or {}
        code = str(header.get("programme") or header.get("code") or path.stem)
        said[code] = str(header.get("warning") or f"符合“{header.get('title', code)}”条件，未见享受或参保记录")
    return said


def certain(spark: SparkSession, as_of: date | datetime | str, entitlement: str = "stage_gold.entitlement") -> DataFrame:
    """States of certain warnings from the gaps of the newest month of each programme.

    A warning that is open closes when the person is covered or no longer entitled; while that is undecided (a datum is missing, a
    delivery is late) it stays as it is. A programme without any row in the table is left alone: its rule did not run.

    Args:
        entitlement: table with person_id, programme, month, entitled, covered, gap, reason_not_gap, division and optionally trace, known_*.
    """
    moment = instant(as_of)
    df = spark.table(entitlement)
    have = set(df.columns)
    if "loaded_to" in have:
        df = df.where("loaded_to IS NULL")
    if {"known_from", "known_to"} <= have:
        df = df.where(
            (F.col("known_from").isNull() | (F.col("known_from") <= moment)) & (F.col("known_to").isNull() | (F.col("known_to") > moment))
        )
    newest = {r["programme"]: r["last"] for r in df.groupBy("programme").agg(F.max("month").alias("last")).collect()}
    last = F.lit(None).cast("date")
    said, titles = F.lit(""), _titles()
    for code, month in newest.items():
        last = F.when(F.col("programme") == code, F.lit(month)).otherwise(last)
        words = titles.get(code, f"符合事项 {code} 的条件，未见享受或参保记录")
        said = F.when(F.col("programme") == code, F.lit(words)).otherwise(said)
    conditions = F.lit(None).cast("string") if "trace" not in have else F.get_json_object("trace", "$.conditions")
    df = df.where(F.col("month") == last).select(
        "programme",
        F.col("person_id").cast("string").alias("subject_id"),
        F.col("division").alias("now_division"),
        F.col("entitled").cast("string").alias("entitled"),
        F.col("covered").cast("string").isin("true", "yes").alias("covered"),
        F.col("gap").cast("string").isin("true", "yes").alias("gap"),
        "reason_not_gap",
        F.from_json(conditions, "array<struct<name:string,value:string>>").alias("conditions"),
        F.lit(1).alias("found"),
    )
    reason = F.to_json(F.struct(said.alias("text"), "programme", "conditions"))
    held = current(spark).where("class = 'certain' AND status = 'open'")
    held = held.select("programme", "subject_id", "division", F.col("period").alias("since"), F.col("reason").alias("old_reason"))
    both = df.join(held, ["programme", "subject_id"], "full").withColumn("month", F.date_format(last, "yyyy-MM"))
    why = (
        F.when(F.col("found").isNull(), F.lit("not_entitled"))
        .when(F.col("covered"), F.lit("covered"))
        .when(F.coalesce(F.col("reason_not_gap").isin(UNDECIDED), F.lit(False)) | (F.col("entitled") == "unknown"), None)
        .otherwise(F.coalesce("reason_not_gap", F.lit("not_entitled")))
    )
    gap = F.coalesce("gap", F.lit(False))
    # A month older than the one a warning was opened in says nothing about its end; neither does a programme that did not run (NULL).
    ends = F.col("since").isNotNull() & (F.col("month") >= F.col("since")) & ~gap
    both = both.withColumn("close_reason", F.when(ends, why)).where(gap | F.col("close_reason").isNotNull())
    return both.select(
        "programme",
        F.lit("person").alias("subject_type"),
        "subject_id",
        F.coalesce("now_division", "division").alias("division"),
        F.coalesce("since", "month").alias("period"),
        F.lit(1.0).alias("score"),
        F.when(gap, reason).otherwise(F.col("old_reason")).alias("reason"),
        F.when(gap, F.lit("open")).otherwise(F.lit("closed")).alias("status"),
        "close_reason",
        F.lit(None).cast("string").alias("model_version"),
    )


def _states(df: DataFrame, kind: str) -> DataFrame:
    have = set(df.columns)
    given = df.select(*[(F.col(c) if c in have else F.lit(None)).cast(t).alias(c) for c, t in STATE.items()])
    given = given.withColumn("status", F.coalesce("status", F.lit("open"))).withColumn("class", F.lit(kind))
    if kind == "certain":
        given = given.withColumn("score", F.lit(1.0))
    # What identifies a case beside its subject: of a forecast also the year, since each year is another case.
    given = given.withColumn("case", F.col("period") if kind == "probable" else F.lit(""))
    one = Window.partitionBy("class", "programme", "subject_type", "subject_id", "case").orderBy(
        F.col("status").desc(), F.col("score").desc(), "division"
    )
    return given.withColumn("n", F.row_number().over(one)).where("n = 1").drop("n")


def write_warnings(
    spark: SparkSession, run: int, as_of: date | datetime | str, certain_df: DataFrame | None, probable_df: DataFrame | None
) -> dict[str, int]:
    """Bring `gold.warning` to the given states by one MERGE; the same states again change nothing.

    Args:
        run: number of the run, for `loaded_from` and the commit's transaction id.
        certain_df, probable_df: rows of `STATE` (columns left out are NULL, status `open`); None leaves that class as it is. An open
            warning that is not named stays open.

    Returns:
        Counts: opened, updated, closed, unchanged, and `late` = 1 when `as_of` lies before what the table already knows: then nothing is
        written, for warnings go forward only.
    """
    ensure(spark)
    moment = instant(as_of)
    counts = {"opened": 0, "updated": 0, "closed": 0, "unchanged": 0, "late": 0}
    given = [_states(df, kind) for kind, df in (("certain", certain_df), ("probable", probable_df)) if df is not None]
    if not given:
        return counts
    known = spark.table(TABLE).agg(F.max("as_of") > moment).collect()[0][0]
    if known:
        counts["late"] = 1
        return counts
    states = given[0] if len(given) == 1 else given[0].unionByName(given[1])
    now = current(spark).withColumn("case", F.when(F.col("class") == "probable", F.col("period")).otherwise(F.lit("")))
    key = ["class", "programme", "subject_type", "subject_id", "case"]
    held = now.where("status = 'open'").select(
        *key,
        *[
            F.col(c).alias(f"old_{c}")
            for c in ("warning_id", "first_as_of", "period", "division", "score", "reason", "close_reason", "model_version")
        ],
    )
    states = states.join(held, key, "left")
    fresh = F.concat(
        F.lit("w"), F.substring(F.sha2(F.concat_ws("|", *key, F.date_format(F.lit(moment), "yyyy-MM-dd'T'HH:mm:ss")), 256), 1, 20)
    )
    states = states.withColumn("warning_id", F.coalesce("old_warning_id", fresh))
    same = F.lit(True)
    for column in ("division", "score", "reason", "model_version"):
        same = same & F.col(column).eqNullSafe(F.col(f"old_{column}"))
    action = (
        F.when((F.col("status") == "closed") & F.col("old_warning_id").isNull(), F.lit("none"))
        .when(F.col("status") == "closed", F.lit("closed"))
        .when(F.col("old_warning_id").isNull(), F.lit("opened"))
        .when(same, F.lit("unchanged"))
        .otherwise(F.lit("updated"))
    )
    ids = now.select("warning_id", F.lit(1).alias("exists"))
    states = states.withColumn("action", action).where("action <> 'none'").join(ids, "warning_id", "left")
    # A checkpoint and not a cache: MERGE would compute every cached frame that reads its table again.
    states = states.localCheckpoint()
    for row in states.groupBy("action").count().collect():
        counts[row["action"]] = row["count"]
    if counts["opened"] + counts["updated"] + counts["closed"] == 0:
        return counts
    changed = states.where("action <> 'unchanged'")
    columns: list[Any] = [
        "warning_id",
        "class",
        "programme",
        "subject_type",
        "subject_id",
        "division",
        F.coalesce("old_period", "period").alias("period"),
        F.coalesce("old_first_as_of", F.lit(moment)).alias("first_as_of"),
        F.lit(moment).alias("as_of"),
        "score",
        "reason",
        "status",
        "close_reason",
        "model_version",
        F.lit(moment).alias("known_from"),
        F.lit(None).cast("timestamp").alias("known_to"),
        F.lit(run).cast("bigint").alias("loaded_from"),
        F.lit(None).cast("bigint").alias("loaded_to"),
    ]
    new = changed.select([*columns, F.lit(None).cast("string").alias("merge_id")])
    old = changed.where("exists = 1").select([*columns, F.col("warning_id").alias("merge_id")])
    names = [c for c in new.columns if c != "merge_id"]
    tables.merge(
        new.unionByName(old),
        TABLE,
        run,
        "t.warning_id = s.merge_id AND t.known_to IS NULL",
        update={"known_to": "s.known_from", "loaded_to": "s.loaded_from"},
        insert_when="s.merge_id IS NULL",
        insert=names,
    )
    return counts


def list_warnings(
    spark: SparkSession,
    *,
    kind: str | None = None,
    programme: str | None = None,
    division: str | None = None,
    status: str | None = "open",
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Warnings as known now, the surest first. `division` is a prefix of the code."""
    df = current(spark)
    for column, value in (("class", kind), ("programme", programme), ("status", status)):
        if value:
            df = df.where(F.col(column) == value)
    if division:
        df = df.where(F.col("division").startswith(division))
    return [r.asDict() for r in df.orderBy(F.col("score").desc(), "warning_id").limit(limit).collect()]
