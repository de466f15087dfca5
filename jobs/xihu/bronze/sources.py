"""The Spark Python data source `xihu`: files that passed inspection, as rows of READ_SCHEMA plus `_delivery_id`."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from xihu.bronze.schema import READ_SCHEMA, Inspection
from xihu.contract.load import load_catalogue
from xihu.contract.models import Contract

SOURCE_SCHEMA = READ_SCHEMA.append(pa.field("_delivery_id", pa.string()))


def reader(format: str) -> Any:
    """The reader module of a format: `inspect` and `read`."""
    return import_module(f"xihu.bronze.formats.{format}")


def records(path: Path, contract: Contract, inspection: Inspection, file: str, split: int | None) -> Iterator[pa.RecordBatch]:
    """The records of a file, or of one stretch of it, as the tables take them: with the fault of the whole file, where it has one."""
    return map(inspection.hold, reader(contract.delivery.format).read(path, contract, inspection, file=file, split=split))


@lru_cache(maxsize=4)
def _contracts(conf: str) -> dict[str, Any]:
    return load_catalogue(Path(conf)).contracts


class FilePartition(InputPartition):
    """One file, or one stretch of it."""

    def __init__(self, file: dict[str, Any], split: int) -> None:
        super().__init__(None)
        self.file, self.split = file, split


class XihuReader(DataSourceReader):
    """Runs the readers in the executors; the options hold nothing but paths and JSON."""

    def __init__(self, options: dict[str, str]) -> None:
        self.files: list[dict[str, Any]] = json.loads(options["files"])
        self.conf = options["conf"]

    def partitions(self) -> Sequence[InputPartition]:
        found: list[InputPartition] = []
        for file in self.files:
            inspection = file["inspection"]
            splits = (inspection if isinstance(inspection, dict) else json.loads(inspection))["extra"].get("splits", [None])
            found += [FilePartition(file, i) for i in range(len(splits))]
        return found

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        assert isinstance(partition, FilePartition)
        file = partition.file
        contract = _contracts(self.conf)[file["resource"]]
        if contract.version != file.get("contract_version", contract.version):
            # A worker outlives a mended contract.
            _contracts.cache_clear()
            contract = _contracts(self.conf)[file["resource"]]
        given = file["inspection"]
        inspection = Inspection(**given) if isinstance(given, dict) else Inspection.from_json(given)
        for batch in records(Path(file["path"]), contract, inspection, file["file"], partition.split):
            delivery = pa.repeat(pa.scalar(file["delivery_id"], pa.string()), batch.num_rows)
            yield pa.RecordBatch.from_arrays([*batch.columns, delivery], schema=SOURCE_SCHEMA)


class XihuSource(DataSource):
    """`spark.read.format("xihu").option("files", json).option("conf", path)`.

    `files` is a JSON list of {path, file, delivery_id, resource, inspection}; `file` is what `_file` says, `inspection` the reader's
    Inspection as an object or as its JSON text.
    """

    @classmethod
    def name(cls) -> str:
        return "xihu"

    def schema(self) -> StructType:
        return from_arrow_schema(SOURCE_SCHEMA)

    def reader(self, schema: StructType) -> DataSourceReader:
        return XihuReader(dict(self.options))


_REGISTERING = threading.Lock()
_registered: set[str] = set()


def register(spark: SparkSession) -> None:
    """Make the source known to a session under the name `xihu`; once, also where several resources are loaded side by side."""
    with _REGISTERING:
        session = f"{spark.sparkContext.applicationId}/{spark._jsparkSession.hashCode()}"
        if session not in _registered:
            spark.dataSource.register(XihuSource)
            _registered.add(session)
