"""The counter's way through an old .xls: the xlrd library for its cells, the counter's own rules for what is a data row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from xihu.bronze.counters import Damaged
from xihu.bronze.countsheet import data_records
from xihu.contract.models import Contract


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Every row of every sheet up to its last filled one: the record's canonical bytes, or None for a structural row.

    Raises:
        Damaged: xlrd cannot read the workbook.
    """
    try:
        book = _open(path)
        sheets = [(sheet.name, list(_rows(sheet))) for sheet in book.sheets()]
    except Exception as fault:
        # xlrd answers broken files with errors of many kinds.
        raise Damaged(f"xlrd: {fault}") from fault
    for name, rows in sheets:
        yield from data_records(name, [r for r in rows if r[0] <= 30], iter(rows), contract)


def _open(path: Path) -> Any:
    with Path("/dev/null").open("w") as quiet:
        book = xlrd.open_workbook(str(path), logfile=quiet, ragged_rows=True)
        if book.biff_version < 80 and book.codepage == 936:
            book = xlrd.open_workbook(str(path), logfile=quiet, ragged_rows=True, encoding_override="gb18030")
        return book


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    for number in range(sheet.nrows):
        texts = [_text(cell) for cell in sheet.row(number)]
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            yield number + 1, texts


def _text(cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value)
    if cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        value = float(cell.value)
        return f"{value:.0f}".replace("-0", "0") if value == int(value) and abs(value) < 10**15 else repr(value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    return ""
