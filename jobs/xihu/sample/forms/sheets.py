"""Spreadsheet reports: title, unit and date line, header of one or two levels, data with totals, footer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import xlsxwriter
import xlwt

Cell = str | int | float | datetime | None


def added(rows: Iterable[Sequence[Cell]], column: int) -> float:
    """Sum of a column's numbers, as a clerk's formula adds them: texts count nothing."""
    return sum(v for v in (r[column] for r in rows) if isinstance(v, int | float))


@dataclass
class Sheet:
    """One sheet. `header`: titles, two levels as 'upper/lower'; `titles`: lines above it; `hidden`: 0-based data rows that are hidden.

    `totals`: {index of the data row before which it stands: cells}, `len(rows)` for the last; `footer`: a line below.
    """

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    titles: Sequence[Sequence[Cell]] = ()
    totals: dict[int, Sequence[Cell]] = field(default_factory=dict)
    footer: str = ""
    hidden: frozenset[int] = frozenset()

    def lines(self) -> list[tuple[Sequence[Cell], bool]]:
        """(cells, hidden) of everything below the header."""
        out: list[tuple[Sequence[Cell], bool]] = []
        for i in range(len(self.rows) + 1):
            if i in self.totals:
                out.append((self.totals[i], False))
            if i < len(self.rows):
                out.append((self.rows[i], i in self.hidden))
        if self.footer:
            out.append(([self.footer], False))
        return out

    def spans(self) -> list[tuple[int, int, int, int, str]]:
        """(first row, last row, first column, last column, text) of the header's cells, rows counted from the header."""
        parts = [h.split("/") for h in self.header]
        if all(len(p) == 1 for p in parts):
            return [(0, 0, j, j, p[0]) for j, p in enumerate(parts)]
        out, j = [], 0
        while j < len(parts):
            if len(parts[j]) == 1:
                out.append((0, 1, j, j, parts[j][0]))
                j += 1
                continue
            k = j
            while k + 1 < len(parts) and len(parts[k + 1]) == 2 and parts[k + 1][0] == parts[j][0]:
                k += 1
            out.append((0, 0, j, k, parts[j][0]))
            out += [(1, 1, i, i, parts[i][1]) for i in range(j, k + 1)]
            j = k + 1
        return out


def xlsx(sheets: Sequence[Sheet], date_format: str = "yyyy-mm-dd", date_1904: bool = False) -> bytes:
    """A workbook of today; text stays text (ids, numbers with a green triangle), datetimes become serial numbers."""
    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, {**plain, "date_1904": date_1904})
    book.set_properties({"created": datetime(2016, 1, 1), "author": ""})
    bold, day = book.add_format({"bold": True, "align": "center"}), book.add_format({"num_format": date_format})
    for sheet in sheets:
        ws = book.add_worksheet(sheet.name)
        at = 0
        for line in sheet.titles:
            if len(line) == 1 and len(sheet.header) > 1:
                ws.merge_range(at, 0, at, len(sheet.header) - 1, line[0], bold)
            else:
                _xlsx_row(ws, at, line, day)
            at += 1
        for r1, r2, c1, c2, text in sheet.spans():
            if (r1, c1) == (r2, c2):
                ws.write_string(at + r1, c1, text, bold)
            else:
                ws.merge_range(at + r1, c1, at + r2, c2, text, bold)
        at += 1 + max(s[1] for s in sheet.spans())
        for cells, hidden in sheet.lines():
            _xlsx_row(ws, at, cells, day)
            if hidden:
                ws.set_row(at, options={"hidden": True})
            at += 1
    book.close()
    return out.getvalue()


def _xlsx_row(ws: Any, at: int, cells: Sequence[Cell], day: Any) -> None:
    for j, value in enumerate(cells):
        if isinstance(value, datetime):
            ws.write_datetime(at, j, value, day)
        elif isinstance(value, str):
            if value:
                ws.write_string(at, j, value)
        elif value is not None:
            ws.write_number(at, j, value)


def xls(sheets: Sequence[Sheet], date_format: str = "yyyy-mm-dd") -> bytes:
    """The same in the format of before 2007 (BIFF8)."""
    book = xlwt.Workbook(encoding="utf-8")
    day = xlwt.easyxf(num_format_str=date_format)
    for sheet in sheets:
        ws = book.add_sheet(sheet.name)
        at = 0
        for line in sheet.titles:
            if len(line) == 1 and len(sheet.header) > 1:
                ws.write_merge(at, at, 0, len(sheet.header) - 1, line[0])
            else:
                _xls_row(ws, at, line, day)
            at += 1
        for r1, r2, c1, c2, text in sheet.spans():
            ws.write_merge(at + r1, at + r2, c1, c2, text)
        at += 1 + max(s[1] for s in sheet.spans())
        for cells, hidden in sheet.lines():
            _xls_row(ws, at, cells, day)
            ws.row(at).hidden = hidden
            at += 1
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xls_row(ws: Any, at: int, cells: Sequence[Cell], day: Any) -> None:
    for j, value in enumerate(cells):
        if isinstance(value, datetime):
            ws.write(at, j, value, day)
        elif value is not None and value != "":
            ws.write(at, j, value)
