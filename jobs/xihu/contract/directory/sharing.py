"""政务数据资源共享目录, derived from the directory: what may be shared with whom, how, and on what basis (政务数据共享条例 2025).

A class that is not shared stands on a sheet of its own with the law that says so. In a shared class each item goes by its grade: up to L2
as it is; L3 masked or as an answer to a verification; L4 only case by case. What is shared unconditionally holds nothing above L2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter

from xihu.contract import grades, words
from xihu.contract.directory.entry import Entry, Item
from xihu.contract.directory.store import Directory

AS_IS, MASKED, BY_CASE, WITHHELD = "原值", "脱敏或核验", "逐件审批核验", "不提供"
WAYS = (AS_IS, MASKED, BY_CASE, WITHHELD)


@dataclass(frozen=True)
class Line:
    """One shared class: its items by the way in which they are given."""

    entry: Entry
    ways: dict[str, tuple[str, ...]]

    @property
    def method(self) -> str:
        return self.entry.share.method or "共享平台"

    @property
    def basis(self) -> str:
        return self.entry.condition or "无条件共享，不得附加条件"


def way_of(entry: Entry, item: Item) -> str:
    """How one item of a class may be given to another department."""
    if entry.share.type == "closed":
        return WITHHELD
    if item.grade <= "L2":
        return AS_IS
    if entry.share.type == "unconditional":
        return WITHHELD
    return MASKED if item.grade == "L3" else BY_CASE


def shared(entries: Iterable[Entry]) -> list[Line]:
    """The sharing directory: every class of which at least one item may be given."""
    found = []
    for entry in entries:
        ways = {way: tuple(i.title for i in entry.items if way_of(entry, i) == way) for way in WAYS}
        if any(ways[way] for way in WAYS if way != WITHHELD):
            found.append(Line(entry, {way: titles for way, titles in ways.items() if titles}))
    return found


def withheld(entries: Iterable[Entry]) -> list[Entry]:
    """The classes of which nothing may be given."""
    listed = list(entries)
    given = {line.entry.code for line in shared(listed)}
    return [e for e in listed if e.code not in given]


HEADER = (
    "信息资源代码", "信息资源名称", "提供方", "共享类型", "共享依据和条件", "共享方式", "资源分级", *(f"{w}的信息项" for w in WAYS),
    "更新周期", "答复期限（工作日）", "提供期限（工作日）",
)  # fmt: skip


def write_sharing(directory: Directory, path: Path, deadlines: dict[str, tuple[int, int]] | None = None) -> tuple[int, int]:
    """Write the sharing directory as a workbook; returns (classes shared, classes not shared).

    Args:
        deadlines: resource → (answer, supply) in working days, where a contract promises other than 10 and 20.
    """
    entries = [e for listed in directory.by_department().values() for e in listed]
    lines, closed = shared(entries), withheld(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": "政务数据资源共享目录", "created": datetime(2000, 1, 1)})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#dcebe6", "text_wrap": True})
    text = book.add_format({"border": 1, "text_wrap": True, "valign": "top", "quote_prefix": True})
    rows = []
    for line in lines:
        e = line.entry
        answer, supply = (deadlines or {}).get(e.resource or "", (10, 20))
        rows.append([
            e.code, e.title, e.provider, words.SHARE[e.share.type], line.basis, line.method, f"{e.grade} {grades.TITLES[e.grade]}",
            *("、".join(line.ways.get(w, ())) for w in WAYS), words.UPDATE[e.update], str(answer), str(supply),
        ])  # fmt: skip
    refused = [[e.code, e.title, e.provider, words.SHARE[e.share.type], e.condition or "信息项分级均高于无条件共享的上限"] for e in closed]
    for name, header, body in (("共享目录", HEADER, rows), ("不予共享", (*HEADER[:4], "法律依据"), refused)):
        sheet = book.add_worksheet(name)
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, head)
            sheet.set_column(column, column, 34 if "信息项" in title or "依据" in title else 16)
        for i, cells in enumerate(body, 1):
            for column, value in enumerate(cells):
                sheet.write_string(i, column, value, text)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(len(body), 1), len(header) - 1)
    book.close()
    return len(lines), len(closed)
