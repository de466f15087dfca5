"""Bytes of a delimited file into blocks, blocks into records.

A block ends where a record ends. It is *even* if every line of it is one record or none, and *plain* if besides no line of it can be blank,
quoted or the header again; `csvfast` cuts even blocks whole, but for their odd lines.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from xihu.bronze.formats.header import fold
from xihu.bronze.formats.sums import Sums
from xihu.bronze.schema import MAX_RECORD

_EOL = re.compile(rb"\r\n|\n|\r")
BLOCK = 1 << 20


class Unclosed(Exception):
    """A quote that never closes, from the record that starts at `line`."""

    def __init__(self, line: int) -> None:
        super().__init__(f"unclosed quote from line {line}")
        self.line = line


class TooLong(Exception):
    """A line longer than any record may be."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is longer than {MAX_RECORD} bytes")
        self.line = line


@dataclass(frozen=True)
class Dialect:
    """How records of one file are told apart. `header` is the header's bytes: a line that repeats it is no record; `sums` tells others."""

    encoding: str
    delimiter: str
    quote: str
    header: bytes = b""
    sums: Sums | None = None

    def record(self, raw: bytes) -> bool:
        """Whether a line is a record: not blank, not the header again, no row of sums or signatures."""
        return bool(raw.strip(self.nothing)) and raw != self.header and not (self.hint and self._hinted(raw) and self._sums(raw))

    @cached_property
    def hint(self) -> re.Pattern[bytes] | None:
        return self.sums.hint(self.encoding) if self.sums else None

    def _hinted(self, raw: bytes) -> bool:
        # The hint looks within a line; a record over several is rare.
        return self.hint is not None and (self.hint.search(raw) is not None or b"\n" in raw or b"\r" in raw)

    def _sums(self, raw: bytes) -> bool:
        try:
            filled = [t for t in map(fold, self.cells(raw.decode(self.encoding))) if t]
        except UnicodeDecodeError:
            return False
        return bool(filled) and self.sums is not None and self.sums.tell(filled)

    @cached_property
    def quote_byte(self) -> bytes:
        return self.quote.encode("ascii")

    @cached_property
    def _closing(self) -> re.Pattern[str]:
        q = re.escape(self.quote)
        return re.compile(f"(?:[^{q}]|{q}{q})*+{q}")

    @cached_property
    def closing(self) -> re.Pattern[bytes]:
        q = re.escape(self.quote_byte)
        return re.compile(b"(?:[^" + q + b"]|" + q + q + b")*+" + q)

    @cached_property
    def nothing(self) -> bytes:
        """Characters a line may consist of and still be blank; 0x1A ends files of old systems."""
        return b" \t\x1a" + self.delimiter.encode("ascii", "ignore")

    @cached_property
    def may_be_blank(self) -> np.ndarray:
        """For every byte, whether a blank line may begin with it."""
        found = np.zeros(256, bool)
        found[list(self.nothing + b"\r\n")] = True
        return found

    @cached_property
    def _whole(self) -> re.Pattern[str] | None:
        """A line all of whose quoted fields close; the general way in `opens` says the same."""
        if len(self.delimiter) != 1 or not self.quote:
            return None
        q, d = re.escape(self.quote), re.escape(self.delimiter)
        one = f"(?:{q}(?:[^{q}]++|{q}{q})*+{q}[^{d}]*+|(?!{q})[^{d}]*+)"
        return re.compile(f"{one}(?:{d}{one})*+", re.S)

    def opens(self, text: str) -> bool:
        """Whether a line that starts a field ends inside quotes."""
        if self._whole is not None:
            return self._whole.fullmatch(text) is None
        pos = 0
        while True:
            if self.quote and text.startswith(self.quote, pos):
                closed = self._closing.match(text, pos + 1)
                if closed is None:
                    return True
                pos = closed.end()
            pos = text.find(self.delimiter, pos)
            if pos < 0:
                return False
            pos += len(self.delimiter)

    def cells(self, text: str) -> list[str]:
        """The cells of one whole record. What follows a closing quote inside a field is data."""
        if not self.quote or self.quote not in text:
            return text.split(self.delimiter)
        if len(self.delimiter) == 1 and len(text) < 100_000:
            try:
                rows = list(csv.reader([text], delimiter=self.delimiter, quotechar=self.quote))
            except csv.Error:
                rows = []
            if len(rows) == 1:
                return rows[0]
        cells, pos, q = [], 0, self.quote
        while True:
            value = ""
            if text.startswith(q, pos):
                closed = self._closing.match(text, pos + 1)
                end = closed.end() if closed else len(text)
                value, pos = text[pos + 1 : end - 1 if closed else end].replace(q + q, q), end
            at = text.find(self.delimiter, pos)
            cells.append(value + (text[pos:] if at < 0 else text[pos:at]))
            if at < 0:
                return cells
            pos = at + len(self.delimiter)


class Line:
    """One record: byte offset, first physical line, number of lines, exact bytes without the line end, text (None if not decodable)."""

    __slots__ = ("broken_at", "line", "lines", "offset", "raw", "text")

    def __init__(self, offset: int, line: int, lines: int, raw: bytes, encoding: str) -> None:
        self.offset, self.line, self.lines, self.raw, self.broken_at = offset, line, lines, raw, 0
        try:
            self.text: str | None = raw.decode(encoding)
        except UnicodeDecodeError as fault:
            self.text, self.broken_at = None, fault.start


@dataclass
class Block:
    """Whole lines of a file: where they start, whether they are plain, or at least even; `ends` are the places of LF if they are known."""

    offset: int
    line: int
    data: bytes
    dialect: Dialect
    plain: bool
    quoted: bool
    lines: int
    parsed: list[Line] | None = None
    ends: np.ndarray | None = None

    @property
    def even(self) -> bool:
        return self.parsed is None

    @cached_property
    def ascii(self) -> bool:
        return self.data.isascii()


def blocks(path: Path, start: int, end: int | None, dialect: Dialect, line: int) -> Iterator[Block]:
    """Blocks of a file's bytes from `start` to `end`, both at record ends; `line` is the number of the first line.

    Raises:
        Unclosed: quoting never closes.
        TooLong: a line longer than MAX_RECORD.
    """
    buffer, offset, left = b"", start, None if end is None else end - start
    with path.open("rb") as f:
        f.seek(start)
        while True:
            more = f.read(BLOCK if left is None else min(BLOCK, left))
            if left is not None:
                left -= len(more)
            buffer += more
            if not buffer:
                return
            cut = len(buffer) if not more else _cut(buffer)
            block = _block(buffer[:cut], offset, line, dialect, last=not more) if cut else None
            if block is None:
                if len(buffer) > MAX_RECORD + BLOCK:
                    raise Unclosed(line) if dialect.quote_byte and dialect.quote_byte in buffer else TooLong(line)
                continue
            yield block
            offset += len(block.data)
            line += block.lines
            buffer = buffer[len(block.data) :]


def _cut(buffer: bytes) -> int:
    """End of the last whole line; a CR at the very end may still be half of CRLF."""
    return buffer.rfind(b"\n") + 1 or buffer.rfind(b"\r", 0, len(buffer) - 1) + 1


def _block(data: bytes, offset: int, line: int, d: Dialect, last: bool) -> Block | None:
    """The block of as many whole records as `data` holds; None if it holds none yet."""
    quoted = bool(d.quote_byte) and d.quote_byte in data
    b = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(b == 10)
    if np.count_nonzero(b == 13) == np.count_nonzero(b[ends[ends > 0] - 1] == 13) and not (quoted and _runs_on(data, d)):
        ended = data.endswith(b"\n")
        starts = np.concatenate(([0], (ends[:-1] if ended else ends) + 1))
        plain = not quoted and b"\0" not in data and not (d.header and d.header in data) and not d.may_be_blank[b[starts]].any()
        plain = plain and not (d.hint and d.hint.search(data))
        return Block(offset, line, data, d, plain, quoted, len(ends) + (not ended), ends=ends)
    parsed, used, lines = _split(data, offset, line, d, last)
    if quoted:
        return Block(offset, line, data[:used], d, False, True, lines, parsed) if used else None
    return Block(offset, line, data, d, False, False, lines, parsed)


def _runs_on(data: bytes, d: Dialect) -> bool:
    """Whether quotes are still open at the end of some line, so that a record goes on behind it."""
    at = data.find(d.quote_byte)
    while at >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        end = len(data) if end < 0 else end
        if d.opens(data[start:end].removesuffix(b"\r").decode(d.encoding, "replace")):
            return True
        at = data.find(d.quote_byte, end)
    return False


def _lines(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(start, end, start of the next) of every physical line."""
    start = 0
    for eol in _EOL.finditer(data):
        yield start, eol.start(), eol.end()
        start = eol.end()
    if start < len(data):
        yield start, len(data), len(data)


def _split(data: bytes, offset: int, line: int, d: Dialect, last: bool) -> tuple[list[Line], int, int]:
    """Records, bytes used and lines used; an unfinished record at the end is left unless it is the last of the file."""
    found: list[Line] = []
    used = lines = 0
    start: int | None = None
    first = 0
    for number, (s, e, following) in enumerate(_lines(data), line):
        if start is None:
            raw = data[s:e]
            if d.quote_byte and d.quote_byte in raw and d.opens(raw.decode(d.encoding, "replace")):
                start, first = s, number
                continue
            start, first = s, number
        else:
            tail = data[s:e]
            closed = d.closing.match(tail)
            if closed is None:
                if e - start > MAX_RECORD:
                    raise Unclosed(first)
                continue
            rest = tail[closed.end() :].decode(d.encoding, "replace")
            if rest and not rest.startswith(d.delimiter):
                # A field over several lines that closes in the middle of a value: a stray quote met another one.
                raise Unclosed(first)
            if rest and d.opens(rest[len(d.delimiter) :]):
                continue
        raw = data[start:e]
        if d.record(raw):
            found.append(Line(offset + start, first, number - first + 1, raw, d.encoding))
        used, lines, start = following, number - line + 1, None
    if start is not None and last:
        raise Unclosed(first)
    return found, used, lines


def records(block: Block) -> list[Line]:
    """The records of a block, the careful way."""
    return _split(block.data, block.offset, block.line, block.dialect, True)[0] if block.parsed is None else block.parsed
