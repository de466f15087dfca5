"""Import of the official worksheet 政务信息资源目录: every line is judged, and every line is accounted for.

A class is taken over whole or not at all: one faulty line refuses all lines of its class, each named. Lines = accepted + refused; what is
no line (title, footer, a repeated header) is counted apart.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from xihu.contract.directory.header import TITLES, Header, find_header
from xihu.contract.directory.judge import Judge, Line
from xihu.contract.directory.sheets import Row, Sheet, column_letter, read_workbook
from xihu.contract.directory.store import Directory, load_directory, write_directory
from xihu.contract.directory.vocab import plain, word
from xihu.contract.load import Catalogue, load_catalogue
from xihu.contract.models import CODE

_FOOTER = re.compile(
    r"(填表人|填报人|制表人|审核人|负责人|联系人|联系电话|填表日期|填报日期|填报单位|注[:：]|备注[:：]|说明[:：]|合计|总计|小计)"
)


@dataclass(frozen=True, order=True)
class LineProblem:
    """One fault of a worksheet: sheet, 1-based row, column by letter and title, what stands there, what would be right."""

    file: str
    sheet: str
    row: int
    column: str
    value: str
    message: str
    cure: str

    def __str__(self) -> str:
        shown = f"：{self.value}" if self.value else ""
        where = f" {self.column}" if self.column else ""
        return f"{self.file} “{self.sheet}” 第{self.row}行{where}{shown} {self.message}\n    → {self.cure}"


@dataclass
class Report:
    """What became of a worksheet. `directory` is the one to be written, with the accepted classes in it."""

    file: str
    directory: Directory
    lines: int = 0
    accepted: int = 0
    refused: int = 0
    structural: int = 0
    classes: Counter[str] = field(default_factory=Counter)  # added, changed, unchanged, contract, refused
    problems: list[LineProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return self.lines == self.accepted + self.refused

    @property
    def summary(self) -> str:
        c = self.classes
        done = f"新增 {c['added']}、更新 {c['changed']}、未变 {c['unchanged']}、已有契约 {c['contract']}、退回 {c['refused']} 类"
        return f"{self.file}：{self.lines} 行 = 接收 {self.accepted} + 退回 {self.refused}（另有非数据行 {self.structural}）；{done}"

    def refusals_csv(self) -> str:
        """The problems as CSV with a BOM; a cell that a spreadsheet would run is made text."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["文件", "工作表", "行", "列", "内容", "问题", "处理"])
        for p in sorted(self.problems):
            writer.writerow([neutral(str(v)) for v in (p.file, p.sheet, p.row, p.column, p.value, p.message, p.cure)])
        return "\ufeff" + out.getvalue()


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def import_worksheet(path: Path, catalogue: Catalogue, directory: Directory) -> Report:
    """Judge a worksheet against contracts and directory; nothing is written.

    Args:
        path: the workbook, as the department sent it.
        catalogue: the contracts: a class that has one is compared with it, never stored.
        directory: what stands in conf/directory; it is changed in memory, by accepted classes only.

    Raises:
        WorksheetError: the file is no workbook.
    """
    report = Report(path.name, directory)
    judge = Judge(catalogue, directory)
    used = False
    for sheet in read_workbook(path):
        header = find_header(sheet)
        if header is None or header.missing:
            _unusable(sheet, header, report)
            continue
        used = True
        if header.extra:
            report.notes.append(f"“{sheet.name}”：多出的列未导入：{'、'.join(header.extra)}")
        for group in _classes(sheet, header, report):
            _settle(sheet, header, group, judge, report)
    if not used and not report.problems:
        problem = "没有找到目录表头（信息资源名称、信息资源代码、信息项 …）"
        report.problems.append(LineProblem(path.name, "", 1, "", "", problem, "使用国家编制指南的表样，或核对表头文字"))
    return report


def import_file(path: Path, conf: Path, *, check: bool = False) -> Report:
    """Judge a worksheet against a conf folder and write what was accepted to `conf/directory`, unless `check`.

    Raises:
        WorksheetError: the file is no workbook.
        CatalogueError: contracts or directory have faults already.
    """
    catalogue = load_catalogue(conf)
    report = import_worksheet(path, catalogue, load_directory(conf, catalogue))
    if not check:
        write_directory(conf, report.directory)
    return report


def _unusable(sheet: Sheet, header: Header | None, report: Report) -> None:
    """A sheet without the header: a page of instructions is passed over by name, lines of a directory are refused."""
    last = header.last if header else -1
    rows = [r for r in sheet.rows[last + 1 :] if not r.empty]
    coded = [r for r in rows if any(re.match(CODE, plain(v)) for v in r.own)]
    if header is None and not coded:
        if rows:
            report.notes.append(f"“{sheet.name}”：没有目录表头，未导入（{len(rows)} 行）")
        return
    missing = "、".join(TITLES[t] for t in header.missing) if header else "表头"
    lines = [r for r in rows if not _structural(r, header, sheet)] if header else rows
    report.lines += len(lines)
    report.refused += len(lines)
    report.structural += len(rows) - len(lines)
    number = sheet.rows[header.first].number if header else 1
    message = f"缺少列：{missing}；本表 {len(lines)} 行均未导入"
    report.problems.append(LineProblem(report.file, sheet.name, number, "", "", message, "补上该列，或核对表头文字"))


def _structural(row: Row, header: Header | None, sheet: Sheet) -> bool:
    """A footer, a repeated header or a line of column numbers: nothing that names a class or an item."""
    texts = [plain(v) for v in row.own if plain(v)]
    if header is None or not texts:
        return False
    items = [header.columns[t] for t in ("item_name", "item_type") if t in header.columns]
    if len(texts) <= 3 and _FOOTER.match(texts[0]) and not any(plain(row.own[c]) for c in items if c < len(row.own)):
        return True
    labels = {word(v) for r in sheet.rows[header.first : header.last + 1] for v in r.own if word(v)}
    if len(texts) >= 3 and all(word(t) in labels for t in texts):
        return True
    numbers = [re.sub(r"\.0$", "", t) for t in texts]
    return len(texts) >= 4 and numbers == [str(i + 1) for i in range(len(texts))]


def _classes(sheet: Sheet, header: Header, report: Report) -> Iterator[list[Line]]:
    """Lines of each class, in the order of the sheet."""
    group: list[Line] = []
    for row in sheet.rows[header.last + 1 :]:
        if row.empty:
            continue
        if _structural(row, header, sheet):
            report.structural += 1
            continue
        report.lines += 1
        line = Line(row.number, {t: row.cells[c] for t, c in header.columns.items() if c < len(row.cells)})
        if group and not _continues(group[0], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _continues(first: Line, line: Line) -> bool:
    code, name = line.text("code"), line.text("name")
    if not code and not name:
        return not line.text("provider") or line.text("provider") == first.text("provider")
    if code and code != first.text("code"):
        return False
    if not code and first.text("code") and not line.text("item_name"):
        return False
    return not name or name == first.text("name")


def _settle(sheet: Sheet, header: Header, group: list[Line], judge: Judge, report: Report) -> None:
    outcome, faults = judge.settle(sheet.name, group)
    for fault in faults:
        column = header.columns.get(fault.target)
        label = f"{column_letter(column)}列（{TITLES[fault.target]}）" if column is not None else TITLES.get(fault.target, "")
        report.problems.append(LineProblem(report.file, sheet.name, fault.row, label, fault.value, fault.message, fault.cure))
    report.classes[outcome] += 1
    if outcome == "refused":
        report.refused += len(group)
        faulty = {f.row for f in faults}
        first = min(faulty)
        for line in group:
            if line.row not in faulty:
                message, cure = f"同一资源的第{first}行有问题，整个资源未导入", f"改正第{first}行后一并导入"
                report.problems.append(LineProblem(report.file, sheet.name, line.row, "", "", message, cure))
    else:
        report.accepted += len(group)
