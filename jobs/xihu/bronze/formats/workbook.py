"""An OOXML workbook as a safe stream: sheets, strings, styles, rows (ECMA-376 part 1; both namespaces).

The parts are walked with expat and nothing is held but the shared strings: stored number text, cell kinds, formulas, hidden rows and merged
ranges are all needed as they stand in the file, which a library of values does not tell.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple, Protocol
from xml.parsers import expat

from xihu.bronze.schema import MAX_UNZIPPED

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_STRINGS = 256 << 20
MAX_MERGES = 200_000
MAX_ROWS = 1_048_576
MAX_CELLS = 50_000_000


class Unsafe(Exception):
    """A part that expands, nests or declares what no spreadsheet needs."""


class Malformed(Exception):
    """Not the workbook that its name promises."""


class Cell(NamedTuple):
    """A cell as stored. `kind`: n number, s text, b boolean, e error, d ISO date, f formula without a stored value."""

    kind: str
    text: str
    style: int
    formula: bool


@dataclass
class Row:
    """A row of a sheet: 1-based number, hidden or not, cells by 0-based column."""

    number: int
    hidden: bool
    cells: dict[int, Cell] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """Texts from the first column to the last that is not empty."""
        last = max((c for c, cell in self.cells.items() if cell.text.strip()), default=-1)
        return [self.cells[c].text if c in self.cells else "" for c in range(last + 1)]


@dataclass(frozen=True)
class SheetRef:
    name: str
    part: str
    state: str


class Book(Protocol):
    """What a report is read from, whatever format the workbook has."""

    date1904: bool
    sheets: list[SheetRef]

    def rows(self, sheet: SheetRef, merges: list[tuple[int, int, int, int]] | None = None) -> Iterator[Row]: ...

    def date_style(self, style: int) -> str | None: ...


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16

    def refuse(*_: object) -> None:
        raise Unsafe("a document type or entity is declared")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _feed(parser: expat.XMLParserType, stream: IO[bytes], limit: int) -> Iterator[None]:
    """Push a part through a parser piece by piece; yields after each piece."""
    seen = 0
    try:
        while piece := stream.read(1 << 16):
            seen += len(piece)
            if seen > limit:
                raise Unsafe("a part is larger than declared")
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, LookupError) as fault:
        # LookupError: an encoding that nobody knows is declared.
        raise Malformed(f"broken XML: {fault}") from fault
    except (zipfile.BadZipFile, EOFError, OSError) as fault:
        raise Malformed(f"broken archive: {fault}") from fault
    except Exception as fault:
        if type(fault).__name__ in ("error", "LZMAError"):  # zlib.error
            raise Malformed(f"broken archive: {fault}") from fault
        raise


def unescape(text: str) -> str:
    """`_x000D_` and the like, by which characters that XML cannot hold are written."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda m: m[0] if 0xD800 <= int(m[1], 16) <= 0xDFFF else chr(int(m[1], 16)), text)


def column_of(ref: str) -> int:
    """0-based column of a reference such as AB12."""
    number = 0
    for c in ref.rstrip("0123456789").replace("$", "").upper():
        number = number * 26 + ord(c) - 64
    return number - 1


def column_name(column: int) -> str:
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


class Workbook:
    """An open workbook. Use as a context manager.

    Raises (all methods):
        Unsafe: document types, entities, parts beyond their limits.
        Malformed: broken or missing parts.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._names = {n.lower(): n for n in self._zip.namelist()}
        self.date1904 = False
        self.sheets = self._sheets()
        self._strings: list[str] | None = None
        self._date_styles: dict[int, str] | None = None

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _open(self, name: str) -> IO[bytes]:
        """A part's stream. What stands before a part in the archive may be damaged though the archive's list of parts is whole."""
        try:
            return self._zip.open(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as fault:
            raise Malformed(f"broken archive: {fault}") from fault

    def _elements(self, part: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Start tags of a small part."""
        name = self._names.get(part.lower())
        if name is None:
            raise Malformed(f"no part {part}")
        found: list[tuple[str, dict[str, str]]] = []
        parser = _parser()
        parser.StartElementHandler = lambda tag, attrs: found.append((_local(tag), attrs))
        with self._open(name) as stream:
            for _ in _feed(parser, stream, 64 << 20):
                pass
        yield from found

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """Relations of a part: id → (type, target part)."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", name + ".rels")
        if rels.lower() not in self._names:
            return {}
        found = {}
        for tag, attrs in self._elements(rels):
            if tag == "Relationship" and attrs.get("TargetMode") != "External":
                target = attrs.get("Target", "")
                target = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[attrs.get("Id", "")] = (attrs.get("Type", "").rpartition("/")[2], target)
        return found

    def _sheets(self) -> list[SheetRef]:
        roots = self._related("")
        self._book = next((t for kind, t in roots.values() if kind == "officeDocument"), "xl/workbook.xml")
        self._relations = self._related(self._book)
        sheets = []
        for tag, attrs in self._elements(self._book):
            if tag == "workbookPr":
                self.date1904 = attrs.get("date1904", "0") in ("1", "true", "on")
            elif tag == "sheet":
                link = next((v for k, v in attrs.items() if _local(k) == "id" and ":" in k), "")
                kind, target = self._relations.get(link, ("", ""))
                if kind == "worksheet":
                    sheets.append(SheetRef(attrs.get("name", ""), target, attrs.get("state", "visible")))
        return sheets

    def _part(self, kind: str) -> str | None:
        return next((self._names.get(t.lower()) for k, t in self._relations.values() if k == kind), None)

    @property
    def strings(self) -> list[str]:
        """The shared strings; phonetic guides are left out."""
        if self._strings is None:
            self._strings = list(self._shared())
        return self._strings

    def _shared(self) -> Iterator[str]:
        part = self._part("sharedStrings")
        if part is None:
            return
        out: list[str] = []
        state = {"t": False, "ph": 0, "size": 0}
        text: list[str] = []

        def start(tag: str, attrs: dict[str, str]) -> None:
            tag = _local(tag)
            if tag == "si":
                text.clear()
            elif tag == "rPh":
                state["ph"] += 1
            elif tag == "t":
                state["t"] = not state["ph"]

        def end(tag: str) -> None:
            tag = _local(tag)
            if tag == "si":
                out.append(unescape("".join(text)))
                state["size"] += len(out[-1])
                if state["size"] > MAX_STRINGS:
                    raise Unsafe("too much text")
            elif tag == "rPh":
                state["ph"] -= 1
            elif tag == "t":
                state["t"] = False

        def data(piece: str) -> None:
            if state["t"]:
                text.append(piece)

        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
        with self._open(part) as stream:
            for _ in _feed(parser, stream, MAX_UNZIPPED):
                yield from out
                out.clear()

    def date_style(self, style: int) -> str | None:
        """What a cell format shows: date, datetime, month, time, or None for no date."""
        if self._date_styles is None:
            self._date_styles = self._styles()
        return self._date_styles.get(style)

    def _styles(self) -> dict[int, str]:
        part, formats, styles, inside, index = self._part("styles"), {}, {}, False, 0
        for tag, attrs in self._elements(part) if part else ():
            if tag == "numFmt":
                formats[int(attrs.get("numFmtId", 0))] = attrs.get("formatCode", "")
            elif tag in ("cellXfs", "cellStyles", "dxfs", "cellStyleXfs"):
                inside = tag == "cellXfs"
            elif tag == "xf" and inside:
                number = int(attrs.get("numFmtId", 0))
                kind = kind_of_format(formats[number]) if number in formats else BUILTIN_DATES.get(number)
                if kind:
                    styles[index] = kind
                index += 1
        return styles

    def rows(self, sheet: SheetRef, merges: list[tuple[int, int, int, int]] | None = None) -> Iterator[Row]:
        """Rows that stand in a sheet, in order of the file; `merges` is filled with (row, column, last row, last column) at the end."""
        name = self._names.get(sheet.part.lower())
        if name is None:
            raise Malformed(f"no part {sheet.part}")
        walk = _SheetWalk(self.strings, merges if merges is not None else [])
        parser = _parser()
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = walk.start, walk.end, walk.data
        with self._open(name) as stream:
            for _ in _feed(parser, stream, MAX_UNZIPPED):
                yield from walk.done
                walk.done.clear()


class _SheetWalk:
    """expat handlers of a worksheet part."""

    def __init__(self, strings: list[str], merges: list[tuple[int, int, int, int]]) -> None:
        self.strings, self.merges = strings, merges
        self.done: list[Row] = []
        self.number, self.column, self.cells = 0, -1, 0
        self.row: Row | None = None
        self.kind, self.style, self.formula = "n", 0, False
        self.value: list[str] = []
        self.formula_text: list[str] = []
        self.sink: list[str] | None = None
        self.phonetic = 0
        self._columns: dict[str, int] = {}

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        if ":" in tag:
            tag = _local(tag)
        if tag == "c":
            ref = attrs.get("r")
            if ref is None:
                self.column += 1
            else:
                letters = ref.rstrip("0123456789")
                column = self._columns.get(letters)
                if column is None:
                    column = self._columns[letters] = column_of(letters)
                self.column = column
            if not 0 <= self.column < 16384:
                raise Malformed(f"cell reference {ref}")
            self.kind, self.style, self.formula = attrs.get("t", "n"), int(attrs.get("s", 0)), False
            self.value, self.formula_text = [], []
        elif tag == "v":
            self.sink = self.value
        elif tag == "t" and self.row is not None:
            self.sink = None if self.phonetic else self.value
        elif tag == "f":
            self.formula, self.sink = True, self.formula_text
        elif tag == "row":
            self.number = int(attrs["r"]) if "r" in attrs else self.number + 1
            if not 1 <= self.number <= MAX_ROWS:
                raise Malformed(f"row {self.number}")
            hidden = attrs.get("hidden", "0") in ("1", "true") or attrs.get("ht") in ("0", "0.0")
            self.row, self.column = Row(self.number, hidden), -1
        elif tag == "rPh":
            self.phonetic += 1
        elif tag == "mergeCell":
            first, _, last = attrs.get("ref", "").partition(":")
            last = last or first
            if len(self.merges) >= MAX_MERGES:
                raise Unsafe("too many merged ranges")
            try:
                r1, r2 = (int(re.sub(r"\D", "", ref)) for ref in (first, last))
            except ValueError as fault:
                raise Malformed(f"merged range {attrs}") from fault
            self.merges.append((r1, column_of(first), r2, column_of(last)))

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = _local(tag)
        if tag in ("v", "t", "f"):
            self.sink = None
        elif tag == "rPh":
            self.phonetic -= 1
        elif tag == "c" and self.row is not None:
            self._cell(self.row)
        elif tag == "row" and self.row is not None:
            self.done.append(self.row)
            self.row = None

    def data(self, piece: str) -> None:
        if self.sink is not None:
            self.sink.append(piece)

    def _cell(self, row: Row) -> None:
        text, kind = "".join(self.value), self.kind
        if kind == "s":
            if not text:
                return
            try:
                text = self.strings[int(text)]
            except (ValueError, IndexError) as fault:
                raise Malformed(f"shared string {text}") from fault
        elif kind in ("str", "inlineStr"):
            text, kind = unescape(text), "s"
        elif kind == "b":
            text = "TRUE" if text.strip() in ("1", "true") else "FALSE" if text.strip() else ""
        elif kind not in ("e", "d"):
            text, kind = text.strip(), "n"
        if self.formula and not text:
            text, kind = "=" + "".join(self.formula_text), "f"
        if text:
            self.cells += 1
            if self.cells > MAX_CELLS:
                raise Unsafe("too many cells")
            row.cells[self.column] = Cell(kind, text, self.style, self.formula)


# Formats 14–22 and 45–47 everywhere, 27–36 and 50–58 as Chinese Excel has them.
BUILTIN_DATES = {
    **dict.fromkeys((14, 15, 16, 28, 29, 30, 31, 51, 53, 54, 58), "date"),
    **dict.fromkeys((17, 27, 36, 50, 52, 57), "month"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time"),
    22: "datetime",
}


def kind_of_format(code: str) -> str | None:
    """What a number format shows: date, datetime, month, time, or None."""
    code = code.split(";")[0].lower()
    elapsed = re.search(r"\[(h+|m+|s+)\]", code) is not None
    code = re.sub(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]', "", code)
    if "general" in code or (re.search(r"[0#?]", code) and not re.search(r"[yd]|m.*月|h", code)):
        return None
    year, day = "y" in code or "e" in code, "d" in code
    clock = elapsed or "h" in code or "s" in code
    if day or (year and "m" not in code):
        return "datetime" if clock else "date"
    if year or ("m" in code and not clock):
        return "month" if year else "date"
    return "time" if clock else None
