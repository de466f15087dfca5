"""Even blocks of a delimited file straight into Arrow: whole columns cut with array arithmetic.

Lines out of the ordinary are left to the careful way, record by record; both ways give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.bronze.formats.csvlines import Block, Line
from xihu.bronze.formats.csvswapped import Fault, columns, swapped
from xihu.bronze.formats.encoding import LOST, decode_noting, may_stray
from xihu.bronze.schema import READ_SCHEMA
from xihu.contract.models import Contract

# Above this share of odd lines the careful way alone is the shorter one.
_MOSTLY = 0.5

# Cells of a record in contract order, and its fault if it has one.
Judge = Callable[[Line], tuple[list[str | None], Fault | None]]


def fast_batch(
    block: Block,
    file: str,
    row: int,
    raw_width: int,
    untitled: list[int],
    positions: list[int | None],
    contract: Contract,
    judge: Judge | None = None,
) -> pa.RecordBatch | None:
    """An even block as one batch, or None if it must go the careful way.

    Args:
        row: number of records before this block.
        raw_width: cells of the header line; untitled: those of them without a title, which must be empty.
        positions: position of each contract field.
        judge: the careful way for odd records (ragged, undecodable, garbled, quoted); without it one such line refuses the block.
    """
    d = block.dialect
    if len(d.delimiter) != 1 or not d.delimiter.isascii():
        return None
    data = block.data if block.data.endswith(b"\n") else block.data + b"\n"
    n, b = block.lines, np.frombuffer(data, np.uint8)
    line_ends = block.ends if block.ends is not None and len(block.ends) == n else np.flatnonzero(b == 10)
    starts = np.concatenate(([0], line_ends[:-1] + 1))
    strange = _strange_bytes(block, data, b, starts)
    text, broken = (None, []) if block.ascii else decode_noting(data, d.encoding)
    strange += broken
    marks = [] if text is None else [at for mark in (LOST if "拷" in text or LOST[0] in text else ()) for at in _occurrences(text, mark)]
    utf8 = data if text is None or (d.encoding == "utf-8" and not broken) else text.encode("utf-8")
    u = np.frombuffer(utf8, np.uint8)
    ends = np.flatnonzero((u == ord(d.delimiter)) | (u == 10))
    last = np.flatnonzero(u[ends] == 10)
    if len(last) != n:
        return None
    offsets = np.zeros(len(ends) + 1, np.int32)
    np.subtract(ends, np.arange(len(ends)), out=offsets[1:], casting="unsafe")
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
    if len(bad) and (judge is None or len(bad) > n * _MOSTLY):
        return None
    cells_text = utf8.translate(None, d.delimiter.encode() + b"\r\n")
    strings = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(cells_text))
    odd = [_line(block, data, starts, line_ends, i) for i in bad.tolist()]
    records = np.arange(n)
    none = [i for i, line in zip(bad.tolist(), odd, strict=True) if line is None]
    line_stops = line_ends - (b[np.maximum(line_ends - 1, 0)] == 13) if crlf else line_ends
    raw = _binary(data, starts, line_stops)
    if none:
        records = np.delete(records, none)
        raw, starts = raw.take(pa.array(records)), starts[records]
    judged = {i - k: judge(line) for i, line, k in _numbered(bad, odd) if judge is not None and line is not None}
    fields = len(positions)
    if positions != list(range(raw_width)):
        first = last[~wrong] - (raw_width - 1)
        place = np.array([-1 if p is None else p for p in positions], dtype=np.int64)[None, :]
        missing = np.broadcast_to(place < 0, (len(first), fields)).ravel()
        strings = strings.take(pa.array((first[:, None] + place).ravel(), mask=missing if missing.any() else None))
        last = np.cumsum(~wrong) * fields - 1
    if len(bad):
        strings = _joined(strings, bad, last, odd, judged, fields)
    n = len(records)
    faults = {i: fault for i, (_, fault) in judged.items() if fault} | swapped(contract, strings, n, judged)
    lines = block.line + records
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(file, pa.string()), n),
            pa.array(row + 1 + np.arange(n, dtype=np.int64)),
            pa.array(lines),
            _places(lines),
            pa.array(block.offset + starts.astype(np.int64)),
            raw,
            pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * fields), strings),
            *columns(faults, n),
        ],
        schema=READ_SCHEMA,
    )


def _line(block: Block, data: bytes, starts: np.ndarray, line_ends: np.ndarray, i: int) -> Line | None:
    """The record in a line of an even block; None if there is none (a blank line, the header again, sums)."""
    # What stands before a line end belongs to it; a last line without one ends with its bytes.
    raw = data[starts[i] : line_ends[i]].removesuffix(b"\r")
    d = block.dialect
    return Line(block.offset + int(starts[i]), block.line + i, 1, raw, d.encoding) if d.record(raw) else None


def _numbered(bad: np.ndarray, odd: list[Line | None]) -> Iterator[tuple[int, Line | None, int]]:
    """Odd lines by their number in the block, each with how many lines before it are no records."""
    none = 0
    for i, line in zip(bad.tolist(), odd, strict=True):
        yield i, line, none
        none += line is None


def _joined(
    strings: pa.StringArray,
    bad: np.ndarray,
    last: np.ndarray,
    odd: list[Line | None],
    judged: dict[int, tuple[list[str | None], Fault | None]],
    fields: int,
) -> pa.StringArray:
    """Cells of all records in order: stretches of sound lines, and between them the odd ones as they were judged.

    Args:
        last: number of each line's last cell among the strings.
    """
    cells = pa.array([cell for chosen, _ in judged.values() for cell in chosen], pa.string())
    pieces, at, own = [], 0, 0
    for i, line in zip(bad.tolist(), odd, strict=True):
        begin = int(last[i - 1]) + 1 if i else 0
        if begin > at:
            pieces.append(strings.slice(at, begin - at))
        if line is not None:
            pieces.append(cells.slice(own, fields))
            own += fields
        at = int(last[i]) + 1
    if len(strings) > at:
        pieces.append(strings.slice(at))
    return pa.concat_arrays(pieces)


def _places(lines: np.ndarray) -> pa.StringArray:
    """第N行 of each line."""
    digits = len(str(int(lines[-1])))
    if len(str(int(lines[0]))) != digits:
        return pc.binary_join_element_wise("第", pa.array(lines).cast(pa.string()), "行", "")
    before, after = "第".encode(), "行".encode()
    width = len(before) + digits + len(after)
    text = np.empty((len(lines), width), np.uint8)
    text[:, : len(before)], text[:, -len(after) :] = list(before), list(after)
    left = lines.astype(np.int64)
    for k in range(len(before) + digits - 1, len(before) - 1, -1):
        left, text[:, k] = left // 10, left % 10 + 48
    offsets = np.arange(len(lines) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(lines), pa.py_buffer(offsets), pa.py_buffer(text))


def count(block: Block) -> int:
    """Records of an even block."""
    d = block.dialect
    if block.plain:
        return block.lines
    b = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(b == 10)
    starts = np.concatenate(([0], ends + 1)) if not block.data.endswith(b"\n") else np.concatenate(([0], ends[:-1] + 1))
    none = 0
    for i in set(np.searchsorted(starts, np.array(_doubtful(block, block.data, b, starts), dtype=np.int64), "right").tolist()):
        start = int(starts[i - 1])
        stop = block.data.find(b"\n", start)
        raw = block.data[start : stop if stop >= 0 else None].removesuffix(b"\r")
        none += not d.record(raw)
    return block.lines - none


def undecodable(data: bytes, encoding: str) -> int:
    """How many lines of an even block are not in this encoding."""
    return 0 if data.isascii() else len({data.rfind(b"\n", 0, at) for at in decode_noting(data, encoding)[1]})


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


def _binary(data: bytes, starts: np.ndarray, stops: np.ndarray) -> pa.Array:
    """The lines without their ends."""
    offsets = np.zeros(len(starts) + 1, np.int32)
    np.cumsum(stops - starts, out=offsets[1:])
    return pa.Array.from_buffers(pa.binary(), len(starts), [None, pa.py_buffer(offsets), pa.py_buffer(data.translate(None, b"\r\n"))])
