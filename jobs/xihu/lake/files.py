"""Data files written outside of Spark, made part of a table by Delta's own transaction: one commit per table and run, as everywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class DataFile:
    """A Parquet file in the table's folder that no commit names yet. `low`, `high`: least and greatest values of some columns, as JSON."""

    name: str
    size: int
    rows: int
    low: dict[str, Any] = field(default_factory=dict)
    high: dict[str, Any] = field(default_factory=dict)

    def action(self) -> str:
        stats = {"numRecords": self.rows, "minValues": self.low, "maxValues": self.high, "nullCount": dict.fromkeys(self.low, 0)}
        add = {
            "path": self.name,
            "partitionValues": {},
            "size": self.size,
            "modificationTime": int(time.time() * 1000),
            "dataChange": True,
            "stats": json.dumps(stats, ensure_ascii=False),
        }
        return json.dumps({"add": add}, ensure_ascii=False)


def folder(spark: SparkSession, table: str, spec: tables.Spec) -> Path | None:
    """Where data files of the table belong, on a local disk that all workers share; None elsewhere. The table is made if it is missing."""
    tables.ensure(spark, table, spec.columns, spec.comment, spec.cluster_by, spec.deletion_vectors)
    return _root(spark, table)


def _root(spark: SparkSession, table: str) -> Path | None:
    where = urlsplit(tables.location(spark, table))
    return Path(unquote(where.path)) if where.scheme == "file" else None


def commit(spark: SparkSession, table: str, run: int, files: Iterable[DataFile]) -> None:
    """Appends the files once per table and run; a repetition commits nothing, and its files stay for VACUUM."""
    jvm = spark._jvm
    assert jvm is not None
    delta, none = jvm.org.apache.spark.sql.delta, jvm.scala.Option.empty()
    root = _root(spark, table)
    with tables.locked(table):
        log = delta.DeltaLog.forTable(spark._jsparkSession, str(root))
        work = log.startTransaction()
        app = f"{table}/{run}"
        if work.txnVersion(app) >= 1:
            return
        seen = {"txn": {"appId": app, "version": 1, "lastUpdated": int(time.time() * 1000)}}
        actions = [delta.actions.Action.fromJson(text) for text in (json.dumps(seen), *(f.action() for f in files))]
        append = getattr(jvm.org.apache.spark.sql.SaveMode, "Append")  # noqa: B009
        operation = getattr(delta, "DeltaOperations$Write")(append, *[none] * 8)
        work.commit(jvm.PythonUtils.toSeq(actions), operation)
        tables.sync_to_disk(spark, table)
