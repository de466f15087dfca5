"""Workbooks of today, written by another library; broken containers by hand."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from bad_inputs.people import rows
from bad_inputs.sheets import Day, Formula, Grid, cases, grid, put


def write(sheets: dict[str, Grid], merges: Any = None, hidden: Any = None, epoch1904: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"date_1904": epoch1904, "in_memory": True})
    book.set_properties({"created": datetime(2016, 12, 5, tzinfo=UTC)})
    day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
    for name, table in sheets.items():
        sheet = book.add_worksheet(name)
        ranges = (merges or {}).get(name, [])
        for r, line in enumerate(table):
            for c, cell in enumerate(line):
                if isinstance(cell, Day):
                    sheet.write_number(r, c, cell.serial, day)
                elif isinstance(cell, Formula):
                    sheet.write_formula(r, c, cell.text, None, cell.value)
                elif isinstance(cell, float | int):
                    sheet.write_number(r, c, cell)
                elif cell is not None:
                    sheet.write_string(r, c, cell)
        for r1, c1, r2, c2 in ranges:
            sheet.merge_range(r1, c1, r2, c2, table[r1][c1])
        for r in (hidden or {}).get(name, []):
            sheet.set_row(r, None, None, {"hidden": True})
    book.close()
    return out.getvalue()


def repack(change: dict[str, bytes | None], store: bool = False) -> bytes:
    """A good workbook with parts exchanged, added, or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(write({"Sheet1": grid(rows())}))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts: dict[str, bytes | None] = {n: old.read(n) for n in old.namelist()} | change
        for name, data in parts.items():
            if data is not None:
                new.writestr(zipfile.ZipInfo(name, (2016, 12, 5, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def _damaged(part: bytes, at: int) -> bytes:
    """A good workbook in which ten bytes from the part's local name on are others."""
    made = repack({})
    start = made.index(part) + at
    return made[:start] + bytes(b ^ 0x55 for b in made[start : start + 10]) + made[start + 10 :]


CASES = cases("xlsx", write)
refuse, read = CASES.refuse, CASES.read
refuse("wrong_format", "old_workbook", "旧版.xls（或加密的工作簿）改名为.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016))
refuse("wrong_format", "no_workbook", "普通压缩包改名为.xlsx", lambda: repack({"xl/workbook.xml": None}))
refuse("wrong_format", "sheet_gone", "工作簿里缺了工作表的内容", lambda: repack({SHEET: None}))
refuse("wrong_format", "sheet_torn", "工作表的XML不完整", lambda: repack({SHEET: b"<worksheet><sheetData><row r='1'>"}))
refuse("wrong_format", "part_head_damaged", "压缩包目录完好，工作表的局部头被改坏", lambda: _damaged(SHEET.encode(), 0))
refuse("wrong_format", "styles_damaged", "单元格格式那一部分的内容损坏，其余完好", lambda: _damaged(b"xl/styles.xml", 45))
refuse(
    "wrong_format",
    "encoding_unknown",
    "工作簿的XML声明了没有人认识的编码",
    lambda: repack({"xl/workbook.xml": b"<?xml version='1.0' encoding='UTFon-8'?><workbook/>"}),
)
refuse("unsafe_archive", "bomb", "工作簿里有展开上千倍的部分（压缩炸弹）", lambda: repack({"xl/media/a.bin": bytes(8 << 20)}))
refuse("unsafe_archive", "path_escape", "工作簿里有越出目录的路径", lambda: repack({"../../etc/cron.d/a": b"x"}))
refuse("unsafe_archive", "entries", "工作簿里有一千多个条目", lambda: repack({f"xl/media/{i}.bin": b"" for i in range(1100)}))
read(
    3, {2: "bad_number"}, "formula_error", "金额公式的结果是#VALUE!", lambda: write({"Sheet1": put("amount", Formula("=A1+1", "#VALUE!"))})
)
read(
    3,
    {},
    "ok_formula_value",
    "金额是公式，取其结果",
    lambda: write({"Sheet1": put("amount", Formula("=1+1", 2))}),
    values={2: {"amount": "2.00"}},
)
