"""Worksheets written by openpyxl, as departments write them: what Xihu's own writer never does."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from xihu.contract.directory.store import Department, Directory
from xihu.contract.load import Catalogue

OWNER = Department("mz", "市民政局", "11330100MB0A00013T")
HEADER = [
    "信息资源分类", "", "", "", "信息资源名称", "信息资源代码", "信息资源提供方", "信息资源提供方代码", "信息资源摘要", "信息资源格式", "",
    "信息项信息", "", "", "共享属性", "", "", "开放属性", "", "更新周期", "发布日期", "关联资源代码",
]  # fmt: skip
SECOND = [
    "类", "项", "目", "细目", "", "", "", "", "", "分类", "类型", "信息项名称", "数据类型", "数据长度", "共享类型", "共享条件", "共享方式",
    "是否向社会开放", "开放条件", "", "", "",
]  # fmt: skip
RESOURCE = [
    "主题", "养老", "养老服务", "", "养老机构名录", "215001/0001", "市民政局", OWNER.uscc, "全市养老机构", "电子表格", "xlsx",
    None, None, None,
    "无条件共享", "", "共享平台", "是", "", "每月", date(2016, 6, 1), "",
]  # fmt: skip
_NAMES = """kind kind_1 kind_2 kind_3 name code provider uscc summary format_group format_kind item_name item_type item_length share
share_condition share_method open open_terms update published related"""
COLUMN = {name: i for i, name in enumerate(_NAMES.split())}


def resource(**changes: Any) -> list[Any]:
    """The first line of a sound class, with the columns named changed."""
    row = list(RESOURCE)
    for name, value in changes.items():
        row[COLUMN[name]] = value
    return row


def lines(*items: tuple[str, str, Any], **changes: Any) -> list[list[Any]]:
    """The lines of one class: resource columns on the first line only."""
    items = items or (("机构名称", "字符型", 100), ("床位数", "整型", 6))
    rows = [resource(**changes), *([None] * len(RESOURCE) for _ in items[1:])]
    for row, item in zip(rows, items, strict=True):
        row[11:14] = item
    return rows


def write(
    path: Path,
    *classes: list[list[Any]],
    above: list[list[Any]] | None = None,
    below: list[list[Any]] | None = None,
    merge: bool = True,
    sheet: str = "目录",
) -> Path:
    """A workbook with the two-level header of the guideline."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in above or []:
        page.append(row)
    top = page.max_row + 1 if above else 1
    page.append(HEADER)
    page.append(SECOND)
    if merge:
        for first, last in ((1, 4), (10, 11), (12, 14), (15, 17), (18, 19)):
            page.merge_cells(start_row=top, start_column=first, end_row=top, end_column=last)
        for column in (5, 6, 7, 8, 9, 20, 21, 22):
            page.merge_cells(start_row=top, start_column=column, end_row=top + 1, end_column=column)
    for rows in classes:
        for row in rows:
            page.append(row)
    for row in below or []:
        page.append(row)
    book.save(path)
    return path


def empty() -> tuple[Catalogue, Directory]:
    return Catalogue(Path("conf")), Directory({OWNER.dept: OWNER}, {"215": "养老"}, {})
