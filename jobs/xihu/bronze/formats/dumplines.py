"""Records of a headerless database dump: physical lines first, then the agreed way in which a record may stand on several of them.

Delimiters, escapes and terminators are looked for in decoded characters: the second byte of a GBK character can be `|`, `^` or a
backslash. Line ends and control characters never are part of a longer character in GB18030 or UTF-8.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from xihu.bronze.formats.csvlines import Dialect, Line, TooLong, Unclosed, blocks, records
from xihu.bronze.schema import MAX_RECORD

BLOCK = 256 << 10
# More lines than this in one value are no address; a record that never fills up is looked at no further.
MAX_LINES = 60
BLANK = b" \t\r\x1a"
_FOOTER = re.compile(r"\s*(\d+ rows? (selected|exported)\.?|no rows selected|已选择\s*\d+\s*行。?|未选定行)\s*", re.I)
_GUARD = b"\n\n\n"


def shape(cell: str) -> str:
    """What kind of text a cell is, character by character: 9 digits, a letters, x other than ASCII."""
    return "".join("9" if c.isdigit() else "a" if c.isascii() and c.isalpha() else c if c.isascii() else "x" for c in cell.strip()[:32])


@dataclass(frozen=True)
class Plan:
    """How the records of one dump are told apart.

    Attributes:
        width: columns of a record.
        starts: shapes that the first cell of whole records has; a line that begins like one is a record's beginning.
        free_end: whether the last column is free text, which may go on after its line.
    """

    encoding: str
    delimiter: str
    width: int
    terminator: str | None = None
    escape: str | None = None
    quote: str = ""
    starts: frozenset[str] = frozenset()
    free_end: bool = False
    nulls: frozenset[str] = frozenset()

    def text(self, raw: bytes) -> str:
        """Decoded, broken bytes replaced; a character cut by the end of the line takes nothing with it."""
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError:
            return (raw + _GUARD).decode(self.encoding, "replace")[: -len(_GUARD)]

    @cached_property
    def _tokens(self) -> re.Pattern[str]:
        esc, cut = re.escape(self.escape or ""), re.escape(self.delimiter)
        return re.compile(f"(?:{esc}.|(?!{cut}).)*+", re.S)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.escape or "") + "(.)", re.S)

    @cached_property
    def dialect(self) -> Dialect:
        return _Quoted(self.encoding, self.delimiter, self.quote)

    def split(self, text: str) -> list[str]:
        """Cells as they stand, escapes included."""
        if self.quote:
            return self.dialect.cells(text)
        if not self.escape or self.escape not in text:
            return text.split(self.delimiter)
        found, pos = [], 0
        while True:
            end = self._tokens.match(text, pos).end()  # type: ignore[union-attr]
            found.append(text[pos:end])
            if end >= len(text):
                return found
            pos = end + len(self.delimiter)

    def cells(self, text: str) -> list[str | None]:
        """Values: the dump's word for NULL is None, escapes are resolved."""
        found: list[str | None] = []
        for cell in self.split(text):
            if cell in self.nulls:
                found.append(None)
            elif self.escape and self.escape in cell:
                found.append(self._escaped.sub(_unescape, cell))
            else:
                found.append(cell)
        return found

    def begins(self, text: str) -> bool:
        """Whether a line may be the beginning of a record, or of one that was cut: its first cell looks like those of whole records."""
        first, closed, _ = text.partition(self.delimiter)
        mine = shape(first)
        return mine in self.starts or (not closed and bool(mine) and any(s.startswith(mine) for s in self.starts))

    def goes_on(self, text: str) -> bool:
        """Whether an escape stands before the line end."""
        if not self.escape or not text.endswith(self.escape):
            return False
        return (len(text) - len(text.rstrip(self.escape))) % 2 == 1


@dataclass(frozen=True)
class _Quoted(Dialect):
    @cached_property
    def nothing(self) -> bytes:
        # Delimiters alone are a record of NULLs.
        return BLANK


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r", "t": "\t"}.get(found[1], found[1])


class Piece:
    """One physical line: offset, 1-based number, bytes, bytes with the line end; text and count of delimiters when asked."""

    __slots__ = ("count", "line", "offset", "raw", "text", "whole")

    def __init__(self, offset: int, line: int, raw: bytes, whole: bytes, plan: Plan) -> None:
        self.offset, self.line, self.raw, self.whole = offset, line, raw, whole
        self.text = plan.text(raw)
        self.count = len(plan.split(self.text)) - 1 if plan.escape else self.text.count(plan.delimiter)

    @property
    def blank(self) -> bool:
        return not self.raw.strip(BLANK)

    @property
    def ended(self) -> bool:
        return len(self.whole) > len(self.raw)


def pieces(path: Path, plan: Plan, start: int, end: int | None, line: int, eol: bytes = b"\n") -> Iterator[Piece]:
    """Physical lines from `start` to `end`.

    Raises:
        TooLong: a line longer than MAX_RECORD.
    """
    left = None if end is None else end - start
    buffer, offset = b"", start
    with path.open("rb") as f:
        f.seek(start)
        while True:
            more = f.read(BLOCK if left is None else min(BLOCK, left))
            if left is not None:
                left -= len(more)
            buffer += more
            pos = 0
            while (at := buffer.find(eol, pos)) >= 0:
                yield _piece(offset + pos, line, buffer[pos : at + len(eol)], eol, plan)
                pos, line = at + len(eol), line + 1
            buffer, offset = buffer[pos:], offset + pos
            if not more:
                if buffer:
                    yield _piece(offset, line, buffer, eol, plan)
                return
            if len(buffer) > MAX_RECORD:
                raise TooLong(line)


def _piece(offset: int, line: int, whole: bytes, eol: bytes, plan: Plan) -> Piece:
    raw = whole.removesuffix(eol)
    return Piece(offset, line, raw.removesuffix(b"\r") if eol == b"\n" and raw is not whole else raw, whole, plan)


def walk(path: Path, plan: Plan, start: int, end: int | None, line: int, eol: bytes = b"\n") -> Iterator[Line]:
    """Every record between two record boundaries; `raw` is without its line end or terminator.

    Raises:
        TooLong, Unclosed: records cannot be told apart.
    """
    if plan.quote:
        for block in blocks(path, start, end, plan.dialect, line):
            yield from (r for r in records(block) if not is_footer(plan.text(r.raw), plan))
        return
    if plan.terminator is not None and not plan.terminator.endswith("\n"):
        yield from _stretches(path, plan, start, end, line)
        return
    queue: deque[Piece] = deque()
    source = pieces(path, plan, start, end, line, eol)
    size = {True: _whole_ended, False: _whole_joined}[bool(plan.terminator or plan.escape)]

    def peek(i: int) -> Piece | None:
        while len(queue) <= i:
            piece = next(source, None)
            if piece is None:
                return None
            queue.append(piece)
        return queue[i]

    while (first := peek(0)) is not None:
        if first.blank or is_footer(first.text, plan):
            queue.popleft()
            continue
        n = size(peek, plan)
        mine = [queue.popleft() for _ in range(n)]
        raw = b"".join(p.whole for p in mine[:-1]) + mine[-1].raw
        if plan.terminator and mine[-1].text.endswith(plan.terminator[:-1].rstrip("\r")):
            raw = raw[: len(raw) - len(plan.terminator[:-1].rstrip("\r").encode(plan.encoding))]
        yield Line(first.offset, first.line, n, raw, plan.encoding)


def is_footer(text: str, plan: Plan) -> bool:
    """The word of a client program after its query."""
    return plan.width > 1 and len(text) < 60 and _FOOTER.fullmatch(text) is not None


def _whole_ended(peek, plan: Plan) -> int:
    """Physical lines up to the terminator, or to a line end without an escape before it."""
    end = plan.terminator[:-1].rstrip("\r") if plan.terminator else None
    n = size = 0
    while (piece := peek(n)) is not None:
        n, size = n + 1, size + len(piece.whole)
        if (piece.text.endswith(end) if end is not None else not plan.goes_on(piece.text)) or not piece.ended:
            return n
        if size > MAX_RECORD:
            raise TooLong(peek(0).line)
    return n


def _whole_joined(peek, plan: Plan) -> int:
    """How many physical lines are one record; 1 where more would be a guess.

    Lines are joined while they have too few columns, none of them begins like a record, and together they have exactly the agreed number.
    """
    first: Piece = peek(0)
    total, n = first.count, 1
    if total < plan.width - 1:
        own = shape(first.text.partition(plan.delimiter)[0])
        size = len(first.whole)
        while True:
            piece = peek(n)
            if piece is None or n >= MAX_LINES or size > MAX_RECORD or piece.count >= plan.width - 1:
                return 1
            if not piece.blank and (plan.begins(piece.text) or shape(piece.text.partition(plan.delimiter)[0]) == own):
                return 1
            total, n, size = total + piece.count, n + 1, size + len(piece.whole)
            if total > plan.width or (total == plan.width and not piece.text.endswith(plan.delimiter)):
                return 1
            if total >= plan.width - 1:
                break
    if total == plan.width - 1 and plan.free_end and plan.width > 1:
        while (
            (piece := peek(n)) is not None
            and n < MAX_LINES
            and piece.count == 0
            and piece.ended
            and not piece.blank
            and not plan.begins(piece.text)
            and not is_footer(piece.text, plan)
        ):
            n += 1
    return n


def _stretches(path: Path, plan: Plan, start: int, end: int | None, line: int) -> Iterator[Line]:
    """Records that end with a sequence which begins with a control character."""
    assert plan.terminator is not None
    mark = plan.terminator.encode(plan.encoding)
    for piece in pieces(path, plan, start, end, 1, mark):
        lines = piece.raw.count(b"\n")
        if piece.raw.strip(BLANK + b"\n"):
            yield Line(piece.offset, line, lines + 1, piece.raw, plan.encoding)
        line += piece.whole.count(b"\n")


__all__ = ["Line", "Piece", "Plan", "TooLong", "Unclosed", "is_footer", "pieces", "shape", "walk"]
