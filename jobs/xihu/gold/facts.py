"""Fact tables: the union of all contracts that feed one, with people and entities as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xihu.contract.load import Catalogue
from xihu.contract.models import Fact
from xihu.gold.claims import column, ended, role_of, silver
from xihu.gold.schema import column_names, fact_shape, spark_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def fed(spark: SparkSession, catalogue: Catalogue, fact: Fact) -> bool:
    """Whether any resource that feeds the fact has ever been loaded."""
    feeding = (c for c in catalogue.contracts.values() if fact.fact in c.feeds)
    return any(spark.catalog.tableExists(f"silver.{c.resource}") for c in feeding)


def fact_rows(
    spark: SparkSession, catalogue: Catalogue, fact: Fact, ids: Mapping[str, DataFrame | None], records: DataFrame | None = None
) -> DataFrame:
    """What the fact should hold: all feeding contracts, whole history of knowledge, without run numbers.

    Args:
        ids: `person` and `entity` → (id, number) of every registered identifier.
        records: (resource, role, _file, _row, id) of records whose person is not that of the number they carry; `id` stands for it.

    Returns:
        Columns of `fact_shape(fact).content`. A person or entity that cannot be resolved is NULL; its identifier stays behind in silver.
    """
    from pyspark.sql import functions as F

    names = column_names(fact.columns)
    shape = fact_shape(fact)
    parts = []
    special = {(r.resource, r.role) for r in records.select("resource", "role").distinct().collect()} if records is not None else set()
    for contract in catalogue.contracts.values():
        for feed, mapping in contract.feed_maps():
            rows = silver(spark, contract) if feed == fact.fact else None
            if rows is None:
                continue
            given = {name: column(expression, contract) for name, expression in mapping.items()}
            empty = F.lit(None)
            instead = {}
            for name, spec in fact.columns.items():
                role = (
                    role_of(catalogue, contract, "persons", mapping[name])
                    if special and spec.type == "person" and name in mapping
                    else None
                )
                if records is not None and (contract.resource, role) in special:
                    own_rows = records.where((F.col("resource") == contract.resource) & (F.col("role") == role))
                    own_rows = own_rows.select("_file", "_row", F.col("id").alias(f"_as_{name}"))
                    rows = rows.join(F.broadcast(own_rows), ["_file", "_row"], "left")
                    instead[name] = F.col(f"_as_{name}")
            own = [
                F.coalesce(
                    instead.get(name, empty.cast("string")), F.trim(given[name].cast("string")) if name in given else empty.cast("string")
                ).alias(names[name])
                if spec.type in ("person", "entity")
                else given.get(name, empty).cast(spark_type(spec.type)).alias(names[name])
                for name, spec in fact.columns.items()
            ]
            parts.append(
                rows.select(
                    *own,
                    F.lit(contract.resource).alias("resource"),
                    "_file",
                    "_row",
                    given.get("valid_from", empty).cast("date").alias("valid_from"),
                    ended(given.get("valid_to", empty), F.col("_valid_to")).alias("valid_to"),
                    F.col("_known_from").alias("known_from"),
                    F.col("_known_to").alias("known_to"),
                )
            )
    if not parts:
        return spark.createDataFrame([], shape.schema()).select(*shape.content)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part)
    for name, spec in fact.columns.items():
        if spec.type not in ("person", "entity"):
            continue
        numbers = ids.get(spec.type)
        target = names[name]
        if numbers is None:
            whole = whole.withColumn(target, F.lit(None).cast("bigint"))
            continue
        number = next(c for c in numbers.columns if c != "id")
        lookup = numbers.select(F.col("id").alias("_id"), F.col(number).alias("_number"))
        whole = whole.join(lookup, whole[target] == lookup["_id"], "left").drop(target, "_id").withColumnRenamed("_number", target)
    for name in fact.only_with:
        whole = whole.where(F.col(names[name]).isNotNull())
    return whole.select(*shape.content)
