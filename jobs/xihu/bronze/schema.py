"""What every reader takes and gives: the Arrow schema of read records, a file's inspection, and a file's refusal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

READ_SCHEMA = pa.schema(
    [
        ("_file", pa.string()),
        ("_row", pa.int64()),
        ("_line", pa.int64()),
        ("_place", pa.string()),
        ("_offset", pa.int64()),
        ("_raw", pa.binary()),
        ("_cells", pa.list_(pa.string())),
        ("_reason", pa.string()),
        ("_field", pa.string()),
        ("_detail", pa.string()),
    ]
)

# Limits before anything is parsed (bytes, unless said otherwise).
# Files are read as a stream; of a workbook much is held in memory.
MAX_FILE = 64 << 30
MAX_WORKBOOK = 512 << 20
MAX_RECORD = 1 << 20
MAX_COLUMNS = 1000
MAX_UNZIPPED = 2 << 30
MAX_ENTRIES = 1000
MAX_RATIO = 100
SPLIT_BYTES = 64 << 20

BATCH_ROWS = 8192
BATCH_BYTES = 16 << 20

# `_detail` of a record without a reason that its sender marked as deleted: it acts as a deletion of its key, and is never a row.
DELETED = "#deleted"


@dataclass(frozen=True)
class Refusal:
    """A file refused whole. `reason` is a code of the closed list of file reasons; `detail` and `cure` are for people."""

    reason: str
    detail: str
    cure: str = ""


@dataclass
class Inspection:
    """A file judged fit to be read, before a record of it is.

    Attributes:
        encoding: Python codec the records are decoded with; "" for sheets.
        header: the titles as sent; empty for fixed width.
        columns: position in the file of each contract field, in contract order; None where absent.
        warnings: what a person should know though the file is read.
        members: sheets that hold data; empty for single files.
        extra: what the reader of this format needs to start (JSON types only).
        held: reason, field, detail for which all records go to quarantine (the contract's `columns`); empty: none.
    """

    encoding: str
    header: list[str]
    columns: list[int | None]
    warnings: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)

    def hold(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of READ_SCHEMA with the fault of the whole file in the records that have none of their own."""
        if not self.held:
            return batch
        none = pc.is_null(batch.column("_reason"))
        names = ("_reason", "_field", "_detail")
        told = {n: pc.if_else(none, pa.scalar(v or None, pa.string()), batch.column(n)) for n, v in zip(names, self.held, strict=True)}
        return pa.RecordBatch.from_arrays([told.get(n, batch.column(n)) for n in batch.schema.names], schema=batch.schema)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Inspection:
        return cls(**json.loads(text))


class Rows:
    """Collects records one by one and hands them out as batches of READ_SCHEMA."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._clear()

    def _clear(self) -> None:
        self.size = 0
        self.columns: list[list[Any]] = [[] for _ in range(9)]

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def full(self) -> bool:
        """Whether what was collected is enough for a batch, in records or in bytes."""
        return len(self) >= BATCH_ROWS or self.size > BATCH_BYTES

    def add(
        self,
        row: int,
        line: int,
        place: str,
        offset: int | None,
        raw: bytes,
        cells: list[str | None],
        fault: tuple[str | None, str | None, str] | None = None,
    ) -> None:
        """One record; `fault` is (reason, field, detail); without a reason only the detail's mark stands."""
        reason, name, detail = fault or (None, None, None)
        c = self.columns
        c[0].append(row)
        c[1].append(line)
        c[2].append(place)
        c[3].append(offset)
        c[4].append(raw)
        self.size += len(raw)
        c[5].append(cells)
        c[6].append(reason)
        c[7].append(name)
        c[8].append(detail)

    def take(self) -> pa.RecordBatch:
        arrays = [pa.repeat(pa.scalar(self.file, pa.string()), len(self))]
        arrays += [pa.array(values, kind.type) for values, kind in zip(self.columns, list(READ_SCHEMA)[1:], strict=True)]
        self._clear()
        return pa.RecordBatch.from_arrays(arrays, schema=READ_SCHEMA)
