"""Sheets of an old .xls (BIFF5 and BIFF8, MS-XLS): cells as stored, formulas by their result, hidden rows and sheets, merged ranges."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from xihu.bronze.formats.ole import BadOle, Ole
from xihu.bronze.formats.workbook import BUILTIN_DATES, MAX_MERGES, Cell, Malformed, Row, SheetRef, kind_of_format

MAX_CELLS = 10_000_000
_BOF, _EOF, _CONTINUE, _FILEPASS = 0x809, 0x0A, 0x3C, 0x2F
_BOUNDSHEET, _SST, _XF, _FORMAT, _CODEPAGE, _DATEMODE = 0x85, 0xFC, 0xE0, 0x41E, 0x42, 0x22
_ROW, _MERGED, _STRING, _FORMULA = 0x208, 0xE5, 0x207, 0x06
_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK, _BOOLERR = 0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x205
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_STATES = {0: "visible", 1: "hidden", 2: "veryHidden"}
Record = tuple[int, list[bytes]]


class Locked(Exception):
    """The workbook needs a password."""


def number_text(value: float) -> str:
    """A stored number as text: whole numbers without a point, others by the shortest digits that name them."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def rk_value(rk: int) -> float:
    """A number of 30 bits (2.5.122 RkNumber): whole or the upper part of a double, perhaps in hundredths."""
    if rk & 2:
        value = float((rk >> 2) - (1 << 30 if rk & 0x80000000 else 0))
    else:
        value = struct.unpack("<d", struct.pack("<II", 0, rk & 0xFFFFFFFC))[0]
    return value / 100.0 if rk & 1 else value


class _Strings:
    """Reads strings that may go on in CONTINUE records, where characters begin anew with their own width."""

    def __init__(self, parts: list[bytes], at: int = 0) -> None:
        self.parts, self.part, self.at = parts, 0, at

    def take(self, n: int) -> bytes:
        out = b""
        while n:
            left = self.parts[self.part][self.at : self.at + n]
            if not left:
                if self.part + 1 >= len(self.parts):
                    raise Malformed("a string ends early")
                self.part, self.at = self.part + 1, 0
                continue
            out, n, self.at = out + left, n - len(left), self.at + len(left)
        return out

    def characters(self, count: int, wide: bool) -> str:
        out = []
        while count:
            if self.at >= len(self.parts[self.part]):
                if self.part + 1 >= len(self.parts):
                    raise Malformed("a string ends early")
                self.part, self.at = self.part + 1, 1
                wide = bool(self.parts[self.part][:1] != b"" and self.parts[self.part][0] & 1)
                continue
            room = len(self.parts[self.part]) - self.at
            n = min(count, room // 2 if wide else room)
            if n == 0:
                raise Malformed("half a character")
            raw = self.parts[self.part][self.at : self.at + n * (2 if wide else 1)]
            out.append(raw.decode("utf-16-le", "surrogatepass") if wide else raw.decode("latin-1"))
            self.at, count = self.at + len(raw), count - n
        text = "".join(out)
        # Two halves of one character may have stood in two records.
        return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def rich(self, count: int) -> str:
        """An XLUnicodeRichExtendedString without its count."""
        flags = self.take(1)[0]
        runs = struct.unpack("<H", self.take(2))[0] if flags & 8 else 0
        more = struct.unpack("<I", self.take(4))[0] if flags & 4 else 0
        text = self.characters(count, bool(flags & 1))
        self.skip(runs * 4 + more)
        return text

    def skip(self, n: int) -> None:
        while n:
            room = len(self.parts[self.part]) - self.at
            if room <= 0:
                if self.part + 1 >= len(self.parts):
                    raise Malformed("a string ends early")
                self.part, self.at = self.part + 1, 0
                continue
            step = min(room, n)
            self.at, n = self.at + step, n - step


class BiffBook:
    """An open .xls, in memory. The face is that of `xihu.bronze.formats.workbook.Workbook`.

    Raises (all methods):
        Malformed: broken or missing parts.
        Locked: encrypted.
    """

    def __init__(self, path: Path) -> None:
        try:
            ole = Ole(path)
            names = {n.lower(): n for n in ole.streams}
            name = names.get("workbook") or names.get("book")
            if name is None:
                raise Malformed("no workbook in the file")
            self._data = ole.stream(name)
        except (BadOle, struct.error, IndexError, KeyError, MemoryError) as fault:
            raise Malformed(f"broken compound file: {fault}") from fault
        self.date1904 = False
        self.sheets: list[SheetRef] = []
        self._strings: list[str] = []
        self._formats: dict[int, str] = {}
        self._styles: list[int] = []
        self._codec = "cp1252"
        self._wide = True
        self._hidden: dict[str, set[int]] = {}
        try:
            self._globals()
        except (struct.error, IndexError, OverflowError) as fault:
            raise Malformed(f"broken workbook: {fault}") from fault

    def __enter__(self) -> BiffBook:
        return self

    def __exit__(self, *_: object) -> None:
        self._data = b""

    def _records(self, at: int) -> Iterator[Record]:
        """Records of one substream, with what CONTINUE records add; embedded substreams (charts) are left out."""
        data, depth, pending = self._data, 0, None
        while at + 4 <= len(data):
            kind, size = struct.unpack_from("<HH", data, at)
            body = data[at + 4 : at + 4 + size]
            if len(body) < size:
                raise Malformed("a record ends early")
            at += 4 + size
            if kind == _CONTINUE:
                if pending:
                    pending[1].append(body)
                continue
            if pending:
                yield pending
                pending = None
            if kind == _BOF:
                depth += 1
                if depth == 1:
                    yield kind, [body]
            elif kind == _EOF:
                depth -= 1
                if depth <= 0:
                    return
            elif depth == 1:
                pending = (kind, [body])
        raise Malformed("the workbook ends early")

    def _globals(self) -> None:
        version = struct.unpack_from("<HHH", self._data, 0)
        if version[0] != _BOF or version[2] not in (0x600, 0x500):
            raise Malformed("a version of Excel before 5.0")
        self._wide = version[2] == 0x600
        for kind, parts in self._records(0):
            body = parts[0]
            if kind == _FILEPASS:
                raise Locked
            if kind == _CODEPAGE:
                page = struct.unpack_from("<H", body)[0]
                self._codec = {936: "gb18030", 1200: "utf-16-le", 32768: "mac-roman", 32769: "cp1252"}.get(page, f"cp{page}")
            elif kind == _DATEMODE:
                self.date1904 = struct.unpack_from("<H", body)[0] == 1
            elif kind == _FORMAT:
                number = struct.unpack_from("<H", body)[0]
                self._formats[number] = self._text(parts, 2, 2)
            elif kind == _XF:
                self._styles.append(struct.unpack_from("<H", body, 2)[0])
            elif kind == _BOUNDSHEET:
                offset, state, what = struct.unpack_from("<IBB", body)
                if what == 0:
                    self.sheets.append(SheetRef(self._text(parts, 6, 1), str(offset), _STATES.get(state & 3, "visible")))
            elif kind == _SST:
                self._strings = list(self._shared(parts))

    def _text(self, parts: list[bytes], at: int, width: int) -> str:
        """A string whose length stands before it in `width` bytes."""
        count = int.from_bytes(parts[0][at : at + width], "little")
        if self._wide:
            return _Strings(parts, at + width).rich(count)
        raw = _Strings(parts, at + width).take(count)
        try:
            return raw.decode(self._codec, "replace")
        except LookupError:
            return raw.decode("gb18030", "replace")

    @staticmethod
    def _shared(parts: list[bytes]) -> Iterator[str]:
        unique = struct.unpack_from("<I", parts[0], 4)[0]
        strings = _Strings(parts, 8)
        for _ in range(unique):
            yield strings.rich(struct.unpack("<H", strings.take(2))[0])

    def date_style(self, style: int) -> str | None:
        """What a cell's format shows: date, datetime, month, time, or None for no date."""
        number = self._styles[style] if style < len(self._styles) else 0
        return kind_of_format(self._formats[number]) if number in self._formats else BUILTIN_DATES.get(number)

    def rows(self, sheet: SheetRef, merges: list[tuple[int, int, int, int]] | None = None) -> Iterator[Row]:
        """Rows of a sheet in order; `merges` is filled with (row, column, last row, last column)."""
        try:
            found = self._sheet(int(sheet.part), merges if merges is not None else [])
        except (struct.error, IndexError, OverflowError) as fault:
            raise Malformed(f"broken sheet {sheet.name}: {fault}") from fault
        yield from (found[number] for number in sorted(found))

    def _sheet(self, at: int, merges: list[tuple[int, int, int, int]]) -> dict[int, Row]:
        rows: dict[int, Row] = {}
        waiting: tuple[Row, int, int] | None = None
        cells = 0
        for kind, parts in self._records(at):
            body = parts[0]
            if kind == _ROW:
                number, height, flags = struct.unpack_from("<H4xH4xH", body)
                if flags & 0x20 or height & 0x7FFF == 0:
                    rows.setdefault(number + 1, Row(number + 1, True)).hidden = True
                continue
            if kind == _MERGED:
                for k in range(struct.unpack_from("<H", body)[0]):
                    r1, r2, c1, c2 = struct.unpack_from("<4H", body, 2 + 8 * k)
                    if len(merges) >= MAX_MERGES:
                        raise Malformed("too many merged ranges")
                    merges.append((r1 + 1, c1, r2 + 1, c2))
                continue
            if kind == _STRING and waiting:
                row, column, style = waiting
                if text := self._text(parts, 0, 2):
                    row.cells[column] = Cell("s", text, style, True)
                waiting = None
                continue
            if kind not in (_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK, _BOOLERR, _FORMULA):
                continue
            number, column, style = struct.unpack_from("<HHH", body)
            row = rows.setdefault(number + 1, Row(number + 1, False))
            cells += 1
            if cells > MAX_CELLS:
                raise Malformed("too many cells")
            if kind == _MULRK:
                for k in range((len(body) - 6) // 6):
                    style, rk = struct.unpack_from("<HI", body, 4 + 6 * k)
                    row.cells[column + k] = Cell("n", number_text(rk_value(rk)), style, False)
                continue
            if kind == _FORMULA:
                waiting = (row, column, style) if body[12:14] == b"\xff\xff" and body[6] == 0 else None
            if cell := self._cell(kind, parts, style):
                row.cells[column] = cell
        return rows

    def _cell(self, kind: int, parts: list[bytes], style: int) -> Cell | None:
        body = parts[0]
        if kind == _LABELSST:
            at = struct.unpack_from("<I", body, 6)[0]
            if at >= len(self._strings):
                raise Malformed(f"shared string {at}")
            return Cell("s", text, style, False) if (text := self._strings[at]) else None
        if kind in (_LABEL, _RSTRING):
            return Cell("s", text, style, False) if (text := self._text(parts, 6, 2)) else None
        if kind == _NUMBER:
            return Cell("n", number_text(struct.unpack_from("<d", body, 6)[0]), style, False)
        if kind == _RK:
            return Cell("n", number_text(rk_value(struct.unpack_from("<I", body, 6)[0])), style, False)
        if kind == _BOOLERR:
            value, error = body[6], body[7]
            return Cell("e", _ERRORS.get(value, "#N/A"), style, False) if error else Cell("b", "TRUE" if value else "FALSE", style, False)
        if body[12:14] != b"\xff\xff":
            return Cell("n", number_text(struct.unpack_from("<d", body, 6)[0]), style, True)
        if body[6] == 1:
            return Cell("b", "TRUE" if body[8] else "FALSE", style, True)
        if body[6] == 2:
            return Cell("e", _ERRORS.get(body[8], "#N/A"), style, True)
        # No text: what a program that wrote the formula and never computed it leaves behind.
        return Cell("f", "", style, True) if body[6] == 3 else None
