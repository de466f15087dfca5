"""What need not be computed again: a table whose inputs, contracts and code are those of its last computation.

The notes lie in the lake's scratch folder; without them everything is computed, with the same result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xihu.contract.load import Catalogue
from xihu.contract.models import Contract
from xihu.lake import durable
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@lru_cache(maxsize=1)
def _code() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def commit(spark: SparkSession, table: str) -> str | None:
    """The newest commit of a table on a local disk, as number, time and size; None where that cannot be seen without asking Delta."""
    where = str(spark.conf.get("spark.sql.warehouse.dir", ""))
    if not where.startswith("file:"):
        return None
    base, name = table.split(".")
    log = Path("/" + where.removeprefix("file:").lstrip("/")) / f"{base}.db" / name / "_delta_log"
    newest = max((p for p in log.glob("*.json") if p.stem.isdigit()), default=None)
    # A table that was dropped and made again starts from the same number.
    return f"{newest.stem}:{newest.stat().st_mtime_ns}:{newest.stat().st_size}" if newest else None


class Notes:
    """Per output, a digest of everything it was computed from."""

    def __init__(self, spark: SparkSession, catalogue: Catalogue) -> None:
        self.spark = spark
        self.catalogue = catalogue
        self.file = settings().work / "gold.json"
        self.notes: dict[str, str] = durable.read_json(self.file) if self.file.exists() else {}

    def digest(self, contracts: Iterable[Contract], *more: str, tables: Iterable[str] = ()) -> str | None:
        """Digest of silver tables, their contracts (with mappings), other tables and words; None if an input's state cannot be seen."""
        parts = [_code(), *more]
        for contract in contracts:
            table = f"silver.{contract.resource}"
            state = commit(self.spark, table)
            if state is None and self.spark.catalog.tableExists(table):
                return None
            parts += [contract.resource, contract.version, state or "-"]
        for table in tables:
            state = commit(self.spark, table)
            if state is None:
                return None
            parts += [table, state]
        return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

    def same(self, output: str, digest: str | None) -> bool:
        """Whether the output stands as it was computed from exactly this. An output that was changed since by other hands does not."""
        state = commit(self.spark, output)
        if digest is None or state is None or self.notes.get(output) != f"{digest}/{state}":
            return False
        return self.spark.catalog.tableExists(output)

    def keep(self, output: str, digest: str | None) -> None:
        """Notes what the output was computed from, once it stands."""
        state = commit(self.spark, output)
        if digest is not None and state is not None:
            self.notes[output] = f"{digest}/{state}"
            durable.write_json(self.file, self.notes)
