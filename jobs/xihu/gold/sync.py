"""Bring a derived table to what it should hold, writing only the difference and keeping what the lake had computed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xihu.gold.schema import Shape
from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Change:
    """Rows written into a table by one run."""

    table: str
    added: int
    closed: int


def prints(names: list[str], alias: str | None = None) -> tuple[str, str]:
    """Two 64-bit fingerprints of a row as SQL. NULL and '' differ, and so do values that change places."""
    at = f"{alias}." if alias else ""
    parts = [f"coalesce(cast({at}`{n}` as string), '\\u0001')" for n in names]
    return f"xxhash64({', '.join(parts)})", f"xxhash64('\\u0002', {', '.join(reversed(parts))})"


def sync(spark: SparkSession, shape: Shape, desired: DataFrame, run: int) -> Change:
    """Makes the table's current computation equal to `desired` in one commit, or none if it already is.

    Rows no longer derived get `loaded_to = run`, new ones come in with `loaded_from = run`; identical rows of `desired` count once.

    Args:
        desired: the columns of `shape.content`, in any order.
        run: number of the run; a repetition of the same run writes nothing twice.
    """
    from pyspark.sql import functions as F

    columns = shape.content
    h1, h2 = prints(columns)
    desired = desired.select(*[F.col(f"`{n}`").cast(shape.type(n)).alias(n) for n in columns])
    desired = desired.withColumn("_h1", F.expr(h1)).withColumn("_h2", F.expr(h2)).dropDuplicates(["_h1", "_h2"])
    if not spark.catalog.tableExists(shape.table):
        tables.load(desired.withColumn("loaded_from", F.lit(run)), shape.table, run, shape.spec())
        return Change(shape.table, spark.table(shape.table).count(), 0)
    tables.ensure(spark, shape.table, shape.schema(), comment=shape.title)
    current = spark.table(shape.table).where("loaded_to is null").select(*columns, F.expr(h1).alias("_h1"), F.expr(h2).alias("_h2"))
    new = desired.join(current.select("_h1", "_h2"), ["_h1", "_h2"], "left_anti").withColumn("_op", F.lit(1))
    gone = current.join(desired.select("_h1", "_h2"), ["_h1", "_h2"], "left_anti").withColumn("_op", F.lit(0))
    changes = new.unionByName(gone).persist()
    try:
        counts = {row[0]: row[1] for row in changes.groupBy("_op").count().collect()}
        added, closed = counts.get(1, 0), counts.get(0, 0)
        rows = changes.withColumn("loaded_from", F.lit(run).cast("bigint")).withColumn("loaded_to", F.lit(None).cast("bigint"))
        if closed:
            t1, t2 = prints(columns, "t")
            tables.merge(
                rows,
                shape.table,
                run,
                on=f"s._op = 0 and t.loaded_to is null and s._h1 = {t1} and s._h2 = {t2}",
                update={"loaded_to": f"cast({run} as bigint)"},
                insert_when="s._op = 1",
                insert=shape.names,
            )
        elif added:
            tables.append(rows.select(*shape.names), shape.table, run)
    finally:
        changes.unpersist()
    return Change(shape.table, added, closed)
