"""Even blocks of a delimited file straight into Arrow: whole columns cut with array arithmetic.

Lines out of the ordinary are left to the careful way, record by record; both ways give the same rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.bronze.formats.csvlines import Block
from xihu.bronze.formats.encoding import LOST, decode_noting, may_stray
from xihu.bronze.formats.fit import DISTINCTIVE, FEW_DIGITS, SHAPES, swapped_in_record
from xihu.bronze.schema import READ_SCHEMA
from xihu.contract.models import Contract

# Above this share of odd lines the careful way alone is the shorter one.
_MOSTLY = 0.5


class Odd(NamedTuple):
    """A record left to the careful way: its number, the place of its line in the block, its byte offset and bytes."""

    row: int
    at: int
    offset: int
    raw: bytes


def fast_batch(
    block: Block,
    file: str,
    row: int,
    raw_width: int,
    untitled: list[int],
    columns: list[int | None],
    contract: Contract,
    odd: list[Odd] | None = None,
) -> pa.RecordBatch | None:
    """An even block as one batch, or None if it must go the careful way.

    Args:
        row: number of records before this block.
        raw_width: cells of the header line; untitled: those of them without a title, which must be empty.
        columns: position of each contract field.
        odd: takes the records that are not in the batch (ragged, undecodable, garbled, quoted); without it one such line refuses the block.
    """
    d = block.dialect
    if len(d.delimiter) != 1 or not d.delimiter.isascii():
        return None
    data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
    n, b = block.lines, np.frombuffer(data, np.uint8)
    line_ends = np.flatnonzero(b == 10)
    starts = np.concatenate(([0], line_ends[:-1] + 1))
    strange = _strange_bytes(block, data, b, starts)
    text, broken = (None, []) if block.ascii else decode_noting(data, d.encoding)
    strange += broken
    marks = [] if text is None else [at for mark in (LOST if "拷" in text or LOST[0] in text else ()) for at in _occurrences(text, mark)]
    utf8 = data if text is None or d.encoding == "utf-8" else text.encode("utf-8")
    if broken and d.encoding == "utf-8":
        assert text is not None
        utf8 = text.encode("utf-8")
    u = np.frombuffer(utf8, np.uint8)
    ends = np.flatnonzero((u == ord(d.delimiter)) | (u == 10))
    last = np.flatnonzero(u[ends] == 10)
    if len(last) != n:
        return None
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    if crlf := b"\r" in data:
        # Of an even block every CR is half of a line end.
        returns = np.zeros(len(ends), np.int32)
        returns[last] = u[np.maximum(ends[last] - 1, 0)] == 13
        offsets[1:] -= np.cumsum(returns, dtype=np.int32)
    wrong = np.diff(last, prepend=-1) != raw_width
    wrong[np.searchsorted(line_ends, np.array(strange, dtype=np.int64))] = True
    if marks and text is not None:
        wrong[[text.count("\n", 0, at) for at in marks]] = True
    if untitled and not wrong.all():
        sizes = np.diff(offsets)
        at = last[~wrong, None] - (raw_width - 1) + np.array(untitled)[None, :]
        wrong[np.flatnonzero(~wrong)[sizes[at].any(axis=1)]] = True
    bad = np.flatnonzero(wrong)
    rows = row + 1 + np.arange(n, dtype=np.int64)
    cells_text = utf8.translate(None, d.delimiter.encode() + b"\r\n")
    if len(bad):
        if odd is None or len(bad) > n * _MOSTLY:
            return None
        empty = _set_aside(block, data, line_ends, starts, bad, row, odd)
        rows -= np.cumsum(np.isin(np.arange(n), empty))
    line_stops = line_ends - (b[np.maximum(line_ends - 1, 0)] == 13) if crlf else line_ends
    raw = _binary(data, starts, line_stops)
    strings = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(cells_text))
    good = None
    if len(bad):
        good = np.flatnonzero(~wrong)
        raw, rows, starts = raw.take(pa.array(good)), rows[good], starts[good]
    fields = len(columns)
    if good is not None or columns != list(range(raw_width)):
        first = (last if good is None else last[good]) - (raw_width - 1)
        place = np.array([-1 if p is None else p for p in columns], dtype=np.int64)[None, :]
        missing = np.broadcast_to(place < 0, (len(first), fields)).ravel()
        strings = strings.take(pa.array((first[:, None] + place).ravel(), mask=missing if missing.any() else None))
        n = len(first)
    cells = pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * fields), strings)
    lines = pa.array(block.line + (np.arange(n, dtype=np.int64) if good is None else good))
    reasons, names, details = _swapped(contract, cells, strings, fields, n)
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(file, pa.string()), n),
            pa.array(rows),
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


def tally(block: Block) -> tuple[int, int]:
    """Records of an even block, and how many of them are not in its encoding."""
    d = block.dialect
    broken = [] if block.ascii else decode_noting(block.data, d.encoding)[1]
    bad = len({block.data.rfind(b"\n", 0, at) for at in broken})
    if block.plain:
        return block.lines, bad
    b = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(b == 10)
    starts = np.concatenate(([0], ends + 1)) if not block.data.endswith(b"\n") else np.concatenate(([0], ends[:-1] + 1))
    none = 0
    for i in set(np.searchsorted(starts, np.array(_doubtful(block, block.data, b, starts), dtype=np.int64), "right").tolist()):
        start = int(starts[i - 1])
        stop = block.data.find(b"\n", start)
        raw = block.data[start : stop if stop >= 0 else None].removesuffix(b"\r")
        none += not d.record(raw)
    return block.lines - none, bad


def _occurrences(text: str | bytes, mark: str | bytes) -> list[int]:
    found = []
    at = text.find(mark)  # type: ignore[arg-type]
    while at >= 0:
        found.append(at)
        at = text.find(mark, at + len(mark))  # type: ignore[arg-type]
    return found


def _strange_bytes(block: Block, data: bytes, b: np.ndarray, starts: np.ndarray) -> list[int]:
    """Positions in lines that are odd by their bytes alone: quoted, blank, with a zero byte, the header again, or in another encoding."""
    d = block.dialect
    found: list[int] = []
    if not block.ascii and d.encoding == "gb18030":
        found += may_stray(b).tolist()
    if block.plain:
        return found
    if block.quoted:
        found += np.flatnonzero(b == d.quote_byte[0]).tolist()
    return found + _occurrences(data, b"\0") + _doubtful(block, data, b, starts)


def _doubtful(block: Block, data: bytes, b: np.ndarray, starts: np.ndarray) -> list[int]:
    """Positions in lines that may be no records: blank ones, those that hold the header, those with a word for sums or signatures."""
    d = block.dialect
    sums = [m.start() for m in d.hint.finditer(data)] if d.hint else []
    return sums + (_occurrences(data, d.header) if d.header else []) + _blank(b, starts, d.may_be_blank).tolist()


def _blank(b: np.ndarray, starts: np.ndarray, nothing: np.ndarray) -> np.ndarray:
    """Starts of the lines that hold nothing but these bytes."""
    first = nothing[b[starts]]
    if not first.any():
        return starts[:0]
    return starts[first & (np.add.reduceat(~nothing[b], starts) == 0)]


def _set_aside(
    block: Block, data: bytes, line_ends: np.ndarray, starts: np.ndarray, bad: np.ndarray, row: int, odd: list[Odd]
) -> list[int]:
    """Puts the records among the odd lines into `odd`; returns the lines that are none (blank, the header again, sums)."""
    d, empty = block.dialect, []
    for i in bad.tolist():
        raw = data[starts[i] : line_ends[i]]
        # What stands before a line end belongs to it; a last line without one ends with its bytes.
        raw = raw.removesuffix(b"\r")
        if not d.record(raw):
            empty.append(i)
        else:
            odd.append(Odd(row + 1 + i - len(empty), i, block.offset + int(starts[i]), raw))
    return empty


def _binary(data: bytes, starts: np.ndarray, stops: np.ndarray) -> pa.Array:
    """The lines without their ends."""
    offsets = np.zeros(len(starts) + 1, np.int32)
    np.cumsum(stops - starts, out=offsets[1:])
    return pa.Array.from_buffers(pa.binary(), len(starts), [None, pa.py_buffer(offsets), pa.py_buffer(data.translate(None, b"\r\n"))])


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
