"""Writes the sample city's directory as a worksheet, the way a data office's clerk would have put it together from 55 departments.

Merged cells in most departments, filled-in repeats in others; shorter words, full-width codes, dates as plain numbers, column numbers below
the header, a page of instructions, a footer. All of it is sound: nothing may be refused.

Run: python -m xihu.sample.directory.worksheet OUT.xlsx
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from xihu.sample.directory import Class, classes, departments

HEADER = (
    ("信息资源分类", ("类", "项", "目", "细目")), ("信息资源名称", ()), ("信息资源代码", ()), ("信息资源提供方", ()),
    ("信息资源提供方代码", ()), ("信息资源摘要", ()), ("信息资源格式", ("信息资源格式分类", "信息资源格式类型")),
    ("信息项信息", ("信息项名称", "数据类型", "数据长度")), ("共享属性", ("共享类型", "共享条件", "共享方式")),
    ("开放属性", ("是否向社会开放", "开放条件")), ("更新周期", ()), ("发布日期", ()), ("关联资源代码", ()),
    ("数据分级", ("信息项级别", "资源级别", "分级说明")),
)  # fmt: skip
ITEM_AT = {11: "title", 12: "type", 13: "length", 22: "grade"}
WIDTH = 25
_SHORT = {"无条件共享": "无条件", "有条件共享": "有条件", "不予共享": "不予共享"}
_CYCLES = {"每日": "日", "每月": "按月", "每季": "每季度", "每年": "年度"}
_FULL = str.maketrans("0123456789/", "０１２３４５６７８９／")
_EPOCH = date(1899, 12, 30)


def write(path: Path) -> int:
    """Write the worksheet; returns the number of its lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": "政务信息资源目录", "created": datetime(2016, 12, 1)})
    notes = book.add_worksheet("填表说明")
    for i, text in enumerate(("填表说明", "一、每个信息项一行。", "二、有条件共享、不予共享的，填写依据。", "三、不得更改表头。")):
        notes.write_string(i, 0, text)
    sheet = book.add_worksheet("政务信息资源目录")
    style = book.add_format({"border": 1, "valign": "vcenter", "text_wrap": True, "font_size": 10})
    head = book.add_format({"border": 1, "bold": True, "align": "center", "bg_color": "#ddebf7"})
    sheet.merge_range(0, 0, 0, WIDTH - 1, "杭州市政务信息资源目录", book.add_format({"bold": True, "font_size": 18, "align": "center"}))
    sheet.write_string(1, 0, "汇总单位：市电子政务办公室")
    sheet.write_string(1, 19, "填报日期：2016年12月5日")
    column = 0
    for above, below in HEADER:
        if below:
            sheet.merge_range(2, column, 2, column + len(below) - 1, above, head)
            for i, own in enumerate(below):
                sheet.write_string(3, column + i, own, head)
        else:
            sheet.merge_range(2, column, 3, column, above, head)
        column += max(len(below), 1)
    for i in range(WIDTH):
        sheet.write_number(4, i, i + 1, head)
    row = 5
    habits = {d.name: d.number for d in departments()}
    for one in classes():
        row = _write(sheet, row, one, habits[one.provider], style)
    sheet.write_string(row, 0, "填表人：")
    sheet.write_string(row, 4, "审核人：")
    sheet.freeze_panes(5, 6)
    sheet.activate()
    book.close()
    return row - 5


def _cells(one: Class, habit: int) -> list[Any]:
    """Cells of the resource; each department has its own habits of writing, by its number."""
    share = _SHORT[one.share] if habit % 3 == 0 else one.share
    update = _CYCLES.get(one.update, one.update) if habit % 4 == 0 else one.update
    code = one.code.translate(_FULL) if habit % 11 == 0 else one.code
    uscc = one.uscc.lower() if habit % 13 == 0 else one.uscc
    kind = one.names[0][:2] if habit % 5 == 0 else one.names[0]
    published: Any = one.published or ""
    if one.published:
        day = one.published
        published = ((day - _EPOCH).days, day.isoformat(), f"{day.year}年{day.month}月{day.day}日", day.strftime("%Y/%m/%d"))[habit % 4]
    return [
        kind, *one.names[1:], one.title, code, one.provider, uscc, one.summary, *one.format, "", "", "", share, one.condition, one.method,
        one.open, one.open_terms, update, published, one.related, "", one.grade, one.reason,
    ]  # fmt: skip


def _write(sheet: Any, row: int, one: Class, habit: int, style: Any) -> int:
    last = row + len(one.items) - 1
    way = habit % 3  # merged downwards, first line only, repeated on each line
    for column, value in enumerate(_cells(one, habit)):
        if column in ITEM_AT:
            continue
        if way == 0 and last > row:
            sheet.merge_range(row, column, last, column, "", style)
        for at in range(row, last + 1) if way == 2 else (row,):
            (sheet.write_number if isinstance(value, int) else sheet.write_string)(at, column, value, style)
    for i, item in enumerate(one.items):
        for column, name in ITEM_AT.items():
            value = getattr(item, name)
            if column == 13 and value.isdigit() and habit % 2:
                sheet.write_number(row + i, column, int(value), style)
            else:
                sheet.write_string(row + i, column, value, style)
    return last + 1


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
