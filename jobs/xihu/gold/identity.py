"""Who is who: append-only registries of numbers, and the identifiers that lead to them.

Two records are about the same person if and only if they carry the same valid identifier. Numbers are handed out in sequence, in order of
first knowledge and then identifier; they are never derived from an identifier and never handed out twice. The registries are primary data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xihu.gold.schema import KNOWN, LOADED, RECORD, VALID, Shape
from xihu.gold.sync import Change, sync
from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Kind:
    """Persons or legal entities: name of the number, tables, type of the identifier as SQL over `id`."""

    key: str
    registry: str
    title: str
    id_type: str
    identifier: str
    record: str


PERSON = Kind(
    key="person_id",
    registry="gold.person_registry",
    title="人员编号登记簿（只增不改）",
    # GB 11643-1999; 81/82/83 are residence permits of Hong Kong, Macao, Taiwan, 9 that of foreigners: the same 18 characters.
    id_type=r"case when id rlike '^[0-9]{17}[0-9X]$' then 'citizen_id' else 'document' end",
    identifier="gold.person_identifier",
    record="gold.person_record",
)
ENTITY = Kind(
    key="legal_entity_id",
    registry="gold.legal_entity_registry",
    title="法人编号登记簿（只增不改）",
    id_type="'uscc'",
    identifier="gold.legal_entity_identifier",
    record="gold.legal_entity_record",
)


def _registry_shape(kind: Kind) -> Shape:
    columns = (
        (kind.key, "BIGINT", "编号（顺序号，永不重用）"),
        ("event", "STRING", "事件：created 新编"),
        ("id_type", "STRING", "标识类型"),
        ("id_value", "STRING", "标识号码"),
        ("known_from", "TIMESTAMP", "首次获知时刻"),
        ("run_id", "BIGINT", "登记的运行编号"),
    )
    return Shape(kind.registry, kind.title, columns)


def _identifier_shape(kind: Kind) -> Shape:
    columns = (
        (kind.key, "BIGINT", "编号"),
        ("id_type", "STRING", "标识类型：citizen_id 公民身份号码，uscc 统一社会信用代码，document 其他证件"),
        ("id_value", "STRING", "标识号码"),
        *VALID,
        *KNOWN,
        ("source", "STRING", "最早给出该号码的资源"),
        *LOADED,
    )
    return Shape(kind.identifier, "标识对照", columns)


def _record_shape(kind: Kind) -> Shape:
    columns = ((kind.key, "BIGINT", "编号"), ("role", "STRING", "记录中的角色"), *RECORD, *LOADED)
    return Shape(kind.record, "记录对照：每条记录说的是谁", columns)


def resolve(spark: SparkSession, claims: DataFrame, kind: Kind, run: int) -> tuple[DataFrame, list[Change]]:
    """Registers unseen identifiers and writes the identifier and record tables.

    Args:
        claims: as of `xihu.gold.claims.claims`; rows with id NULL are left out.

    Returns:
        (id, number) of every identifier ever registered, and what was written.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    known = claims.where("id is not null")
    seen = known.groupBy("id").agg(
        F.min("known_from").alias("known_from"),
        F.when(F.max(F.col("known_to").isNull()), F.lit(None)).otherwise(F.max("known_to")).alias("known_to"),
        F.min_by("resource", F.struct("known_from", "resource")).alias("source"),
    )
    seen = seen.withColumn("id_type", F.expr(kind.id_type)).persist()
    shape = _registry_shape(kind)
    top, new = 0, seen
    if spark.catalog.tableExists(kind.registry):
        registry = spark.table(kind.registry)
        top = registry.agg(F.max(kind.key)).collect()[0][0] or 0
        new = seen.join(registry.select("id_type", F.col("id_value").alias("id")), ["id_type", "id"], "left_anti")
    order = Window.orderBy("known_from", "id")
    numbered = new.select(
        (F.row_number().over(order).cast("bigint") + F.lit(top)).alias(kind.key),
        F.lit("created").alias("event"),
        "id_type",
        F.col("id").alias("id_value"),
        "known_from",
        F.lit(run).cast("bigint").alias("run_id"),
    ).persist()
    added = numbered.count()
    if added or not spark.catalog.tableExists(kind.registry):
        tables.load(numbered, kind.registry, run, shape.spec())
    ids = spark.table(kind.registry).select(F.col("id_value").alias("id"), "id_type", kind.key)
    identifiers = seen.join(ids, ["id_type", "id"]).select(
        kind.key,
        "id_type",
        F.col("id").alias("id_value"),
        F.lit(None).cast("date").alias("valid_from"),
        F.lit(None).cast("date").alias("valid_to"),
        "known_from",
        "known_to",
        "source",
    )
    records = known.join(ids.drop("id_type"), "id").select(kind.key, "role", "resource", "_file", "_row")
    changes = [
        Change(kind.registry, added, 0),
        sync(spark, _identifier_shape(kind), identifiers, run),
        sync(spark, _record_shape(kind), records, run),
    ]
    seen.unpersist()
    numbered.unpersist()
    return ids.drop("id_type"), changes


def registered(spark: SparkSession, kind: Kind) -> DataFrame:
    """(id, number) of every identifier ever registered."""
    from pyspark.sql import functions as F

    return spark.table(kind.registry).select(F.col("id_value").alias("id"), kind.key)
