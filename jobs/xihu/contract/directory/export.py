"""Export of the directory as the official worksheet: title, two-level merged header, one line an item, resources merged downwards."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from xihu.contract import words
from xihu.contract.directory import vocab
from xihu.contract.directory.entry import Entry
from xihu.contract.directory.store import Directory

TITLE = "政务信息资源目录"
# Level above, column, width. The last three are no columns of the guideline: grades (分类分级) stand beside them.
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("信息资源分类", "类", 16), ("信息资源分类", "项", 14), ("信息资源分类", "目", 18), ("信息资源分类", "细目", 10),
    ("", "信息资源名称", 24), ("", "信息资源代码", 16), ("", "信息资源提供方", 24), ("", "信息资源提供方代码", 21),
    ("", "信息资源摘要", 44),
    ("信息资源格式", "分类", 10), ("信息资源格式", "类型", 9), ("信息项信息", "信息项名称", 20), ("信息项信息", "数据类型", 11),
    ("信息项信息", "数据长度", 9), ("共享属性", "共享类型", 12), ("共享属性", "共享条件", 36), ("共享属性", "共享方式", 14),
    ("开放属性", "是否向社会开放", 14), ("开放属性", "开放条件", 22), ("", "更新周期", 9), ("", "发布日期", 12), ("", "关联资源代码", 18),
    ("数据分级", "信息项级别", 10), ("数据分级", "资源级别", 9), ("数据分级", "分级说明", 24),
)  # fmt: skip
ITEM_COLUMNS = (11, 12, 13, 22)


def write_worksheet(directory: Directory, path: Path) -> int:
    """Write all classes, contracts and imported ones, ordered by department and code; returns the number of lines.

    Texts are written as texts whatever they begin with, and marked so that a program that saves the sheet anew keeps them so.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": TITLE, "created": datetime(2000, 1, 1)})
    sheet = book.add_worksheet(TITLE)
    edge = {"border": 1, "border_color": "#9db3ad", "valign": "vcenter", "font_size": 10, "quote_prefix": True}
    head = book.add_format({**edge, "bold": True, "align": "center", "bg_color": "#dcebe6", "text_wrap": True, "quote_prefix": False})
    text = book.add_format({**edge, "text_wrap": True})
    day = book.add_format({**edge, "num_format": "yyyy-mm-dd", "align": "left", "quote_prefix": False})
    sheet.merge_range(0, 0, 0, len(COLUMNS) - 1, TITLE, book.add_format({"bold": True, "font_size": 16, "align": "center"}))
    sheet.set_row(0, 28)
    _header(sheet, head)
    row = 3
    for entries in directory.by_department().values():
        for entry in entries:
            row = _class(sheet, row, directory, entry, text, day)
    sheet.freeze_panes(3, 6)
    sheet.autofilter(2, 0, max(row - 1, 3), len(COLUMNS) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(1, 2)
    book.close()
    return row - 3


def _header(sheet: Any, style: Any) -> None:
    column = 0
    while column < len(COLUMNS):
        above, own, width = COLUMNS[column]
        last = column
        while above and last + 1 < len(COLUMNS) and COLUMNS[last + 1][0] == above:
            last += 1
        if above:
            sheet.merge_range(1, column, 1, last, above, style)
            for inner in range(column, last + 1):
                sheet.write_string(2, inner, COLUMNS[inner][1], style)
                sheet.set_column(inner, inner, COLUMNS[inner][2])
        else:
            sheet.merge_range(1, column, 2, column, own, style)
            sheet.set_column(column, column, width)
        column = last + 1


def resource_values(directory: Directory, entry: Entry) -> list[Any]:
    """Cells of one class, with "" in the columns of its items."""
    kind, item, mesh, fine = directory.names_of(entry.prefix)
    opening = {"open": ("是", ""), "conditional": ("是", entry.open.terms or "有条件开放"), "closed": ("否", "")}[entry.open.type]
    return [
        kind, item, mesh, fine, entry.title, entry.code, entry.provider, entry.uscc, entry.summary,
        *entry.format, "", "", "", words.SHARE[entry.share.type], entry.condition, entry.share.method or "", *opening,
        words.UPDATE[entry.update], entry.published or "", "、".join(entry.related), "", entry.grade, entry.grade_reason,
    ]  # fmt: skip


def _class(sheet: Any, row: int, directory: Directory, entry: Entry, text: Any, day: Any) -> int:
    last = row + len(entry.items) - 1
    for column, value in enumerate(resource_values(directory, entry)):
        if column in ITEM_COLUMNS:
            continue
        dated = not isinstance(value, str)
        if last > row:
            sheet.merge_range(row, column, last, column, "", text)
        if dated:
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), day)
        else:
            sheet.write_string(row, column, value, text)
    for i, item in enumerate(entry.items):
        cells = (item.title, vocab.ITEM_TYPES[item.kind], item.length, item.grade)
        for column, value in zip(ITEM_COLUMNS, cells, strict=True):
            sheet.write_string(row + i, column, value, text)
    return last + 1
