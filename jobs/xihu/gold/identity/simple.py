"""One identifier, one number: two records are about the same if and only if they carry the same valid identifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.gold.identity.kinds import Kind, identifier_shape, record_shape, registry_shape
from xihu.gold.sync import Change, sync
from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


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
    shape = registry_shape(kind)
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
        sync(spark, identifier_shape(kind), identifiers, run),
        sync(spark, record_shape(kind), records, run),
    ]
    seen.unpersist()
    numbered.unpersist()
    return ids.drop("id_type"), changes


def registered(spark: SparkSession, kind: Kind) -> DataFrame:
    """(id, number) of every identifier ever registered."""
    from pyspark.sql import functions as F

    return spark.table(kind.registry).select(F.col("id_value").alias("id"), kind.key)
