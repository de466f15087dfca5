"""Plain blocks of a delimited file straight into Arrow: whole columns cut with array arithmetic.

Anything out of the ordinary in a block sends it the careful way, record by record; both ways give the same rows.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.bronze.formats.csvlines import Block
from xihu.bronze.formats.encoding import LOST, may_stray
from xihu.bronze.formats.fit import DISTINCTIVE, FEW_DIGITS, SHAPES, swapped_in_record
from xihu.bronze.schema import READ_SCHEMA
from xihu.contract.models import Contract


def fast_batch(
    block: Block, file: str, row: int, raw_width: int, untitled: list[int], columns: list[int | None], contract: Contract
) -> pa.RecordBatch | None:
    """A plain block as one batch, or None if it must go the careful way (ragged, undecodable or garbled lines).

    Args:
        row: number of records before this block.
        raw_width: cells of the header line; untitled: those of them without a title, which must be empty.
        columns: position of each contract field.
    """
    d = block.dialect
    if len(d.delimiter) != 1 or not d.delimiter.isascii():
        return None
    data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
    try:
        text = data.decode(d.encoding)
    except UnicodeDecodeError:
        return None
    crlf = b"\r" in data
    if not block.ascii and any(mark in text for mark in LOST):
        return None
    if not block.ascii and d.encoding == "gb18030" and may_stray(np.frombuffer(data, np.uint8)):
        return None
    utf8 = data if block.ascii or d.encoding == "utf-8" else text.encode("utf-8")
    u = np.frombuffer(utf8.replace(b"\r\n", b"\n") if crlf else utf8, np.uint8)
    separators = (u == ord(d.delimiter)) | (u == 10)
    ends = np.flatnonzero(separators)
    n = block.lines
    is_end = u[ends] == 10
    if len(ends) != n * raw_width or not is_end[raw_width - 1 :: raw_width].all():
        return None
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    if untitled and (offsets[1:] - offsets[:-1]).reshape(n, raw_width)[:, untitled].any():
        return None
    strings = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(u[~separators].tobytes()))
    if columns != list(range(raw_width)):
        base = np.arange(n, dtype=np.int64)[:, None] * raw_width
        place = np.array([-1 if p is None else p for p in columns], dtype=np.int64)[None, :]
        index = (base + place).ravel()
        missing = np.broadcast_to(place < 0, (n, len(columns))).ravel()
        strings = strings.take(pa.array(index, mask=missing if missing.any() else None))
    fields = len(columns)
    cells = pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * fields), strings)
    b = np.frombuffer(data, np.uint8)
    line_ends = np.flatnonzero(b == 10)
    starts = np.concatenate(([0], line_ends[:-1] + 1))
    drop = b == 10
    if crlf:
        drop = drop | ((b == 13) & np.append(b[1:] == 10, False))
        line_ends = line_ends - (b[np.maximum(line_ends - 1, 0)] == 13)
    raw_offsets = np.zeros(n + 1, np.int32)
    np.cumsum(line_ends - starts, out=raw_offsets[1:])
    raw = pa.Array.from_buffers(pa.binary(), n, [None, pa.py_buffer(raw_offsets), pa.py_buffer(b[~drop].tobytes())])
    lines = pa.array(block.line + np.arange(n, dtype=np.int64))
    reasons, names, details = _swapped(contract, cells, strings, fields, n)
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(file, pa.string()), n),
            pa.array(row + 1 + np.arange(n, dtype=np.int64)),
            lines,
            pc.binary_join_element_wise("第", lines.cast(pa.string()), "行", ""),
            pa.array(block.offset + starts.astype(np.int64)),
            raw,
            cells,
            reasons,
            names,
            details,
        ],
        schema=READ_SCHEMA,
    )


def _swapped(contract: Contract, cells: pa.ListArray, strings: pa.StringArray, fields: int, n: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Reason, field and detail columns: exchanged fields, looked for only where a distinctive field does not look like itself."""
    suspects: set[int] = set()
    for i, spec in enumerate(contract.fields.values()):
        if spec.type in DISTINCTIVE:
            column = strings.take(pa.array(np.arange(n, dtype=np.int64) * fields + i))
            odd = pc.and_(
                pc.greater(pc.binary_length(column), 0), pc.invert(pc.match_substring_regex(column, SHAPES.get(spec.type, FEW_DIGITS)))
            )
            suspects.update(np.flatnonzero(odd.fill_null(False).to_numpy(zero_copy_only=False)).tolist())
    if not suspects:
        return tuple(pa.nulls(n, pa.string()) for _ in range(3))
    out: list[list[str | None]] = [[None] * n for _ in range(3)]
    for i in suspects:
        if pair := swapped_in_record(contract, cells[i].as_py()):
            out[0][i], out[1][i] = "swapped_fields", pair[0]
            out[2][i] = f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换"
    return tuple(pa.array(values, pa.string()) for values in out)
