"""Stretches of a dump in which every line is one whole record, straight into Arrow; all else goes record by record.

A stretch is taken whole only if each of its lines, and the line after it, has exactly the agreed number of columns: then no line can be
part of its neighbour. Both ways give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from xihu.bronze.formats.csvfast import fast_batch
from xihu.bronze.formats.csvlines import Block, Dialect
from xihu.bronze.formats.dumplines import Line, Plan, walk
from xihu.bronze.schema import READ_SCHEMA
from xihu.contract.models import Contract

# Small enough that a rare odd record sends few others the slow way.
STRETCH = 64 << 10
_CELLS = READ_SCHEMA.get_field_index("_cells")


def able(plan: Plan, eol: str) -> bool:
    """Whether lines of this dump can be cut with array arithmetic: one plain character between columns, no rule for values over lines."""
    one = len(plan.delimiter) == 1 and plan.delimiter.isascii() and plan.delimiter not in "\r\n\0"
    return one and plan.width > 1 and eol == "\n" and not (plan.escape or plan.quote or plan.terminator)


def stretches(
    path: Path, plan: Plan, start: int, end: int | None, row: int, line: int, file: str, columns: list[int | None], contract: Contract
) -> Iterator[pa.RecordBatch | tuple[int, Line]]:
    """Batches of whole stretches, and (row, record) for what must be judged one by one, in order.

    Args:
        start, end: record boundaries; row: records before `start`; line: number of the line at `start`.
    """
    stop = path.stat().st_size if end is None else end
    dialect = Dialect(plan.encoding, plan.delimiter, "")
    with path.open("rb") as f:
        at = start
        while at < stop:
            f.seek(at)
            data = f.read(min(STRETCH, stop - at))
            # The last whole line only vouches for the one before it.
            last = data.rfind(b"\n", 0, data.rfind(b"\n")) + 1 if b"\n" in data else 0
            batch = _batch(
                data,
                last,
                Block(at, line, data[:last], dialect, True, False, data.count(b"\n", 0, last)),
                plan,
                file,
                row,
                columns,
                contract,
            )
            if batch is not None:
                yield batch
                row, line, at = row + batch.num_rows, line + batch.num_rows, at + last
                continue
            here, at = at, stop
            until = here + max(len(data) // 2, 1)
            for record in walk(path, plan, here, end, line):
                if record.offset >= until:
                    at, line = record.offset, record.line
                    break
                row += 1
                yield row, record


def _batch(
    data: bytes, last: int, block: Block, plan: Plan, file: str, row: int, columns: list[int | None], contract: Contract
) -> pa.RecordBatch | None:
    if last == 0 or b"\0" in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    witness = data[last : data.find(b"\n", last)].rstrip(b"\r")
    if plan.text(witness).count(plan.delimiter) != plan.width - 1:
        return None
    batch = fast_batch(block, file, row, plan.width, [], columns, contract)
    if batch is None or not plan.nulls:
        return batch
    cells = batch.column(_CELLS)
    values = cells.values
    marked = pc.is_in(values, pa.array(sorted(plan.nulls), pa.string()))
    if not pc.any(marked).as_py():
        return batch
    values = pc.if_else(marked, pa.scalar(None, pa.string()), values)
    arrays = list(batch.columns)
    arrays[_CELLS] = pa.ListArray.from_arrays(cells.offsets, values)
    return pa.RecordBatch.from_arrays(arrays, schema=READ_SCHEMA)
