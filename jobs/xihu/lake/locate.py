"""From a row to its record: the bytes as they were sent, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xihu.lake import tables
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class RawRecord:
    """One physical record. `path` is the landing file on disk, `line` its first physical line (or sheet row), `offset` its first byte."""

    resource: str
    file: str
    row: int
    path: Path
    line: int | None
    place: str | None
    offset: int | None
    raw: bytes
    delivery_id: str
    received_at: datetime


def raw_record(spark: SparkSession, resource: str, _file: str, _row: int) -> RawRecord:
    """The record behind a row of silver, quarantine or gold.

    Raises:
        KeyError: bronze holds no such record.
    """
    from pyspark.sql import functions as F

    found = (
        spark.table(tables.quote(f"bronze.{resource}"))
        .where((F.col("_file") == _file) & (F.col("_row") == _row))
        .orderBy(F.col("_run").desc())
        .limit(1)
        .collect()
    )
    if not found:
        raise KeyError(f"{resource}: no record {_row} of {_file} in bronze")
    r = found[0]
    return RawRecord(
        resource, _file, _row, settings().home / r._landing, r._line, r._place, r._offset, bytes(r._raw), r._delivery_id, r._received_at
    )
