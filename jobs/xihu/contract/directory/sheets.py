"""A worksheet as rows of values with its merged cells filled, whatever program wrote it (xlsx, xlsm, xls, ods through calamine)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_calamine

from xihu.contract.directory.vocab import plain

MAX_UNZIPPED = 512 << 20
MAX_CELLS = 5_000_000


class WorksheetError(ValueError):
    """The file cannot be read as a worksheet; the message names file and cure."""


@dataclass
class Row:
    """One row: 1-based `number`, `own` values as stored, `cells` with merged ranges filled."""

    number: int
    own: list[Any]
    cells: list[Any]

    @property
    def empty(self) -> bool:
        return not any(plain(v) for v in self.own)


@dataclass
class Sheet:
    """A sheet of the workbook."""

    name: str
    rows: list[Row] = field(default_factory=list)
    merges: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)


def read_workbook(path: Path) -> list[Sheet]:
    """All sheets of a workbook, rows from the first.

    Raises:
        WorksheetError: no workbook, damaged, or larger than a directory can be.
    """
    if not path.is_file():
        raise WorksheetError(f"{path}：没有这个文件 / no such file")
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = sum(i.file_size for i in archive.infolist())
            if size > MAX_UNZIPPED:
                raise WorksheetError(f"{path.name}：解压后 {size >> 20} MB，过大 / too large once unpacked。请拆分后再导入")
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            return [_sheet(book, name) for name in book.sheet_names]
    except WorksheetError:
        raise
    except (python_calamine.CalamineError, OSError, zipfile.BadZipFile, ValueError) as error:
        raise WorksheetError(f"{path.name}：不是可读的电子表格 / not a readable workbook（{error}）。请另存为 xlsx 后再导入") from error


def _sheet(book: python_calamine.CalamineWorkbook, name: str) -> Sheet:
    given = book.get_sheet_by_name(name)
    if given.total_height * given.total_width > MAX_CELLS:
        raise WorksheetError(f"工作表“{name}”有 {given.total_height} 行 {given.total_width} 列，过大 / too large。请删去空白区域后再导入")
    values = given.to_python(skip_empty_area=False)
    width = max((len(r) for r in values), default=0)
    values = [[*r, *[""] * (width - len(r))] for r in values]
    sheet = Sheet(name, [Row(i + 1, list(r), list(r)) for i, r in enumerate(values)], list(given.merged_cell_ranges or []))
    for (top, left), (bottom, right) in sheet.merges:
        if top >= len(sheet.rows) or left >= width:
            continue
        value = sheet.rows[top].own[left]
        for row in sheet.rows[top : bottom + 1]:
            for column in range(left, min(right, width - 1) + 1):
                row.cells[column] = value
    return sheet


def column_letter(column: int) -> str:
    """0 → A, 26 → AA."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
