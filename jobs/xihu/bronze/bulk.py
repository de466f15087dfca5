"""Large deliveries to bronze: every worker writes its stretch of a file as Parquet, and reads back what it wrote to prove it complete.

Rows need not become rows of the JVM for this, so neither its memory nor its time grows with them. Nothing is part of the table before the
driver has compared counts and digests of all stretches with the independent counter's and committed their files.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from xihu.bronze.gate import Item
from xihu.bronze.schema import READ_SCHEMA, Inspection
from xihu.bronze.sources import records
from xihu.contract.models import Contract
from xihu.lake.files import DataFile

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Below this the fixed cost of a Spark job counts for more than its rows.
LARGE = 32 << 20
# Bytes of records in a row group: what a worker holds at a time is several times that, as text, cells and pages.
_GROUP_BYTES = 8 << 20
# A fifth to a quarter less CPU than level 1 for raw bytes and cells, half as large again; quicker and smaller than Snappy.
_LEVEL = -3
_INSTANT = pa.timestamp("us", "UTC")
# One value for a whole stretch; in the file it is text like any other.
_ONE = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        *READ_SCHEMA,
        ("_delivery_id", _ONE),
        ("_received_at", _INSTANT),
        ("_run", pa.int64()),
        ("_landing", _ONE),
        ("_seq", pa.int64()),
        ("_contract_version", _ONE),
    ]
)
_REPEATED = ["_file", "_reason", "_field", "_delivery_id", "_received_at", "_run", "_landing", "_seq", "_contract_version"]


@dataclass(frozen=True)
class Stretch:
    """A part of a delivered file for one worker."""

    path: Path
    inspection: Inspection
    split: int
    landing: str
    delivery_id: str
    received_at: datetime
    seq: int


@dataclass
class Written:
    """What a worker wrote: its file, and by landing file the records and the digest of their bytes as they stand in it."""

    file: DataFile | None
    found: dict[str, tuple[int, int]] = field(default_factory=dict)


def stretches(files: Iterable[Item]) -> list[list[Stretch]]:
    """One list a task: large files by their splits, small ones together."""
    tasks: list[list[Stretch]] = []
    small: list[Stretch] = []
    room = LARGE
    for item in sorted(files, key=lambda f: -f.file.size):
        assert item.inspection is not None
        splits = item.inspection.extra.get("splits", [None])
        d = item.delivery
        parts = [Stretch(item.path, item.inspection, i, item.landing, d.delivery_id, d.received_at, d.seq) for i in range(len(splits))]
        if item.file.size >= LARGE:
            tasks += [[part] for part in parts]
            continue
        small += parts
        room -= item.file.size
        if room <= 0:
            tasks.append(small)
            small, room = [], LARGE
    return [*tasks, small] if small else tasks


def write(spark: SparkSession, contract: Contract, run: int, files: Iterable[Item], folder: Path) -> list[Written]:
    """Writes the records of these files into the table's folder; nothing is committed."""
    tasks = stretches(files)
    return spark.sparkContext.parallelize(tasks, len(tasks)).map(lambda task: write_task(task, contract, run, folder)).collect()


def write_task(task: list[Stretch], contract: Contract, run: int, folder: Path) -> Written:
    """One Parquet file of all records of a task, and what a second look at it finds."""
    name = f"part-{uuid.uuid4()}.zstd.parquet"
    path, rows = folder / name, 0
    with pq.ParquetWriter(
        path, SCHEMA, compression="zstd", compression_level=_LEVEL, use_dictionary=_REPEATED, write_statistics=_REPEATED, store_schema=False
    ) as writer:
        for group in _groups(_records(task, contract, run)):
            table = pa.Table.from_batches(group, SCHEMA)
            rows += table.num_rows
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
    if not rows:
        path.unlink()
        return Written(None)
    low = {"_run": run, "_seq": min(s.seq for s in task), "_landing": min(s.landing for s in task), "_contract_version": contract.version}
    high = low | {"_seq": max(s.seq for s in task), "_landing": max(s.landing for s in task)}
    return Written(DataFile(name, path.stat().st_size, rows, low, high), second_look(path))


def _records(task: list[Stretch], contract: Contract, run: int) -> Iterator[pa.RecordBatch]:
    for s in task:
        own = (s.delivery_id, s.received_at, run, s.landing, s.seq, contract.version)
        kinds = list(SCHEMA)[len(READ_SCHEMA) :]
        for batch in records(s.path, contract, s.inspection, s.landing, s.split):
            more = [_repeated(value, kind.type, batch.num_rows) for value, kind in zip(own, kinds, strict=True)]
            yield pa.RecordBatch.from_arrays([*batch.columns, *more], schema=SCHEMA)


def _repeated(value: Any, kind: pa.DataType, n: int) -> pa.Array:
    if kind == _ONE:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value], pa.string()))
    return pa.repeat(pa.scalar(value, kind), n)


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches for one row group at a time."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.column("_raw").nbytes
        if size >= _GROUP_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def second_look(path: Path) -> dict[str, tuple[int, int]]:
    """Records of a written file by landing file: how many, and the sum of the first 8 bytes of SHA-256 of their bytes, modulo 2^64."""
    found: dict[str, tuple[int, int]] = {}
    sha = hashlib.sha256
    with pq.ParquetFile(path, read_dictionary=["_landing"]) as file:
        for batch in file.iter_batches(8192, columns=["_landing", "_raw"]):
            heads = np.frombuffer(b"".join([sha(raw).digest() for raw in batch.column("_raw").to_pylist()]), ">u8")[::4]
            names = batch.column("_landing").dictionary_encode()
            for i, name in enumerate(names.dictionary.to_pylist()):
                mine = heads if len(names.dictionary) == 1 else heads[np.asarray(names.indices) == i]
                count, total = found.get(name, (0, 0))
                found[name] = (count + len(mine), (total + int(mine.sum(dtype=np.uint64))) % 2**64)
    return found
