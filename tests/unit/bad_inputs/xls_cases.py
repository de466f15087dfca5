"""Workbooks of old, written by another library."""

from __future__ import annotations

import io
from typing import Any

import xlwt

from bad_inputs.people import rows
from bad_inputs.sheets import Day, Grid, cases, grid


def write(sheets: dict[str, Grid], merges: Any = None, hidden: Any = None, epoch1904: bool = False) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = epoch1904
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for name, table in sheets.items():
        sheet = book.add_sheet(name)
        ranges = (merges or {}).get(name, [])
        inside = {(r, c) for r1, c1, r2, c2 in ranges for r in range(r1, r2 + 1) for c in range(c1, c2 + 1)}
        for r, line in enumerate(table):
            for c, cell in enumerate(line):
                if cell is None or (r, c) in inside:
                    continue
                if isinstance(cell, Day):
                    sheet.write(r, c, cell.serial, day)
                else:
                    sheet.write(r, c, cell)
        for r1, c1, r2, c2 in ranges:
            sheet.write_merge(r1, r2, c1, c2, table[r1][c1])
        for r in (hidden or {}).get(name, []):
            sheet.row(r).hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CASES = cases("xls", write)
refuse = CASES.refuse
refuse("wrong_format", "new_workbook", "新版.xlsx改名为.xls", lambda: b"PK\x03\x04" + bytes(500))
refuse(
    "wrong_format",
    "container_alone",
    "OLE容器里没有工作簿（Word文档改名）",
    lambda: write({"a": grid(rows())}).replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le")),
)
refuse("wrong_format", "head_alone", "只有文件头", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))


def _stream_lost() -> bytes:
    """A good workbook whose directory says that its stream is far longer than the file."""
    made = write({"Sheet1": grid(rows())})
    at = made.index("Workbook".encode("utf-16-le")) + 0x78
    return made[:at] + b"\x00\x00\x10\x00" + made[at + 4 :]


refuse("wrong_format", "stream_longer_than_file", "目录说工作簿比文件还长", _stream_lost)
