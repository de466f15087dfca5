"""Spreadsheet reports (archetype F2): titles, units, merged two-level headers, subtotals, footers, one sheet per district.

`_raw` is the canonical JSON `["sheet", row, [cells…]]` of the row as stored, from the first column to the last filled one; `_cells` are the
contract's fields with dates of date formats as ISO text, plain numbers, and the values of vertically merged ranges in all their rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from xihu.bronze.formats.archive import check_archive
from xihu.bronze.formats.encoding import lost
from xihu.bronze.formats.fit import judge_columns, looks_like_data, swapped_in_record
from xihu.bronze.formats.header import judge, own_unit
from xihu.bronze.formats.sheetlayout import (
    Header,
    Merge,
    Spread,
    Structure,
    filled_texts,
    find_header,
    first_full,
    holds_data,
    is_note,
    stated_unit,
)
from xihu.bronze.formats.sheetvalues import float_fault, text_of
from xihu.bronze.formats.workbook import Book, Malformed, Row, SheetRef, Unsafe, Workbook, column_name
from xihu.bronze.schema import MAX_COLUMNS, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_KEEP = 400


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a workbook: archive, sheets, header and unit of each, columns in place."""
    if refusal := check_archive(path):
        return refusal
    try:
        with Workbook(path) as book:
            # Which numbers are dates is asked only while records are read; by then a broken part must be known.
            book.date_style(0)
            return inspect_book(book, contract)
    except Unsafe as fault:
        return Refusal("unsafe_archive", f"工作簿内容异常：{fault}", "请用表格软件重新保存")
    except (Malformed, KeyError, ValueError) as fault:
        return Refusal("wrong_format", f"工作簿损坏：{fault}", "请用表格软件重新保存后重报")


def inspect_book(book: Book, contract: Contract) -> Inspection | Refusal:
    """Judge the sheets of an open workbook."""
    layout = contract.delivery.layout
    sheet_field = layout.sheet_field if layout else None
    given = frozenset({sheet_field} if sheet_field else ())
    warnings: list[str] = []
    sheets: list[dict[str, Any]] = []
    headers: list[list[str]] = []
    sample: list[list[str | None]] = []
    bare: tuple[str, list[Row]] | None = None
    total, filled, held = 0, False, list[str]()
    for ref in book.sheets:
        merges: list[Merge] = []
        notes = _Notes()
        near = notes.walk(book.rows(ref, merges))
        if not notes.last:
            continue
        filled = True
        header = find_header(contract, near, merges)
        if header is None:
            if holds_data(contract, near) and not (is_note(ref.name) and not _has_ids(contract, near)):
                bare = bare or (ref.name, near)
            elif len(book.sheets) > 1:
                warnings.append(f"工作表“{ref.name}”没有约定的表头，按说明页处理")
            continue
        judged = judge(contract, header.titles, header.match, given)
        if judged.refusal:
            return Refusal(judged.refusal.reason, f"工作表“{ref.name}”：{judged.refusal.detail}", judged.refusal.cure)
        held = held or judged.held
        if unit := _unit_fault(contract, near, header):
            return Refusal("header_unknown", f"工作表“{ref.name}”：{unit}", "请按约定的单位重报，或修改目录中的单位")
        if len(header.titles) > MAX_COLUMNS:
            return Refusal("wrong_format", f"表头超过 {MAX_COLUMNS} 列", "请按约定的格式重报")
        warnings += [f"工作表“{ref.name}”：{text}" for text in judged.warnings + _expected(contract, header, ref, notes)]
        entry = _entry(contract, ref, near, header, merges)
        sheets.append(entry)
        headers.append(header.titles)
        count, rows = _sample(book, contract, ref, entry)
        total += count
        sample += rows
    if bare is not None:
        return _bare(contract, *bare)
    if not filled:
        return Refusal("empty_file", "工作簿没有内容", "请重报")
    if not sheets:
        return Refusal("header_unknown", "没有一个工作表有约定的表头", "请按约定的表头重报，或在目录中补充标题")
    if sheet_field is None and len(sheets) > 1:
        warnings.append("有多个数据工作表：" + "、".join(s["name"] for s in sheets))
    if misplaced := judge_columns(contract, sample, warnings):
        return misplaced
    if total == 0 and contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量报表只有表头，没有记录", "若确实为空，请书面说明；否则请重报")
    extra = {"sheets": sheets, "splits": [None], "records": total}
    return Inspection("", headers[0], sheets[0]["columns"], warnings, [s["name"] for s in sheets], extra, held)


def _bare(contract: Contract, name: str, near: list[Row]) -> Refusal:
    """A sheet with data under no header that the contract knows: its first full row is data, or titles of something else."""
    first = first_full(contract, near)
    if first and not looks_like_data(contract, first):
        shown = "、".join(t.strip() for t in first if t.strip())[:500]
        return Refusal("header_unknown", f"工作表“{name}”的表头与约定不符：{shown}", "请按约定的表头重报，或在目录中补充标题")
    return Refusal("header_missing", f"工作表“{name}”有数据而没有约定的表头", "请带表头重报")


class _Notes:
    """What is counted on the way through a sheet."""

    def __init__(self) -> None:
        self.last = self.formulas = self.unvalued = 0
        self.hidden: list[int] = []

    def walk(self, rows: Iterator[Row]) -> list[Row]:
        near: list[Row] = []
        for row in rows:
            if not row.texts():
                continue
            self.last = row.number
            if row.hidden:
                self.hidden.append(row.number)
            self.formulas += sum(c.formula for c in row.cells.values())
            self.unvalued += sum(c.kind == "f" for c in row.cells.values())
            if len(near) < _KEEP:
                near.append(row)
        return near


def _has_ids(contract: Contract, rows: list[Row]) -> bool:
    return any(t.strip()[:17].isdigit() and len(t.strip()) in (15, 18) for row in rows for t in row.texts())


def _unit_fault(contract: Contract, near: list[Row], header: Header) -> str | None:
    stated = stated_unit(row for row in near if row.number <= header.bottom)
    # A title that states the unit of its own column, 人均收入（元）, was judged by it.
    told = {name for name, at in header.match.positions.items() if own_unit(header.titles[at])}
    agreed = {spec.unit or "元" for name, spec in contract.fields.items() if spec.type == "money" and name not in told}
    if stated and agreed and not stated & agreed:
        return f"表上写明单位是{'、'.join(sorted(stated))}，约定为{'、'.join(sorted(agreed))}"
    return None


def _expected(contract: Contract, header: Header, ref: SheetRef, notes: _Notes) -> list[str]:
    """What differs from the layout agreed, and what a reader of the figures should know."""
    layout, found = contract.delivery.layout, []
    titles, depth = (layout.title_rows, layout.header_rows) if layout else (0, 1)
    if header.top != titles + 1:
        found.append(f"表头在第 {header.top} 行，约定其上有 {titles} 行")
    if header.bottom - header.top + 1 != depth:
        found.append(f"表头有 {header.bottom - header.top + 1} 行，约定为 {depth} 行")
    if ref.state != "visible":
        found.append("是隐藏的工作表，照常读取")
    if notes.hidden:
        named = "、".join(map(str, notes.hidden[:20])) + (" …" if len(notes.hidden) > 20 else "")
        found.append(f"有 {len(notes.hidden)} 个隐藏行，照常读取：第 {named} 行")
    if notes.formulas:
        found.append(f"有 {notes.formulas} 个公式单元格，取其存储的值" + (f"，其中 {notes.unvalued} 个没有值" if notes.unvalued else ""))
    return found


def _entry(contract: Contract, ref: SheetRef, near: list[Row], header: Header, merges: list[Merge]) -> dict[str, Any]:
    """What the reader needs to know of one sheet."""
    return {
        "name": ref.name,
        "part": ref.part,
        "bottom": header.bottom,
        "columns": [header.match.positions.get(name) for name in contract.fields],
        "titled": [c for c, title in enumerate(header.titles) if title],
        "merges": [list(m) for m in merges if m[2] > m[0] and m[0] > header.bottom],
        "repeated": [filled_texts(row) for row in near if row.number <= header.bottom],
    }


def _data_rows(book: Book, contract: Contract, ref: SheetRef, entry: dict[str, Any]) -> Iterator[Row]:
    structure = Structure.of(contract, entry["repeated"])
    for row in book.rows(ref):
        if row.number > entry["bottom"] and structure.is_data(row):
            yield row


def _sample(book: Book, contract: Contract, ref: SheetRef, entry: dict[str, Any]) -> tuple[int, list[list[str | None]]]:
    """Number of data rows and the cells of the first thousand."""
    count = 0
    sample: list[list[str | None]] = []
    for row in _data_rows(book, contract, ref, entry):
        count += 1
        if len(sample) < 1000:
            sample.append([row.cells[c].text if c is not None and c in row.cells else None for c in entry["columns"]])
    return count, sample


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every data row of every data sheet once, as batches of READ_SCHEMA; `_row` starts anew in each sheet."""
    name = file or path.name
    with Workbook(path) as book:
        yield from read_book(book, contract, inspection, name)


def read_book(book: Book, contract: Contract, inspection: Inspection, file: str) -> Iterator[pa.RecordBatch]:
    """Records of the data sheets of an open workbook."""
    refs = {ref.part: ref for ref in book.sheets}
    for entry in inspection.extra["sheets"]:
        yield from _read_sheet(book, contract, refs[entry["part"]], entry, file)


def _read_sheet(book: Book, contract: Contract, ref: SheetRef, entry: dict[str, Any], file: str) -> Iterator[pa.RecordBatch]:
    rows = Rows(f"{file}#{ref.name}")
    spread = Spread(tuple(m) for m in entry["merges"])
    structure = Structure.of(contract, entry["repeated"])
    number = 0
    for row in book.rows(ref):
        if row.number <= entry["bottom"]:
            continue
        cells = spread.apply(row)
        if not structure.is_data(row):
            continue
        number += 1
        chosen, fault = _judge_row(book, contract, ref, entry, row, cells)
        raw = json.dumps([ref.name, row.number, row.texts()], ensure_ascii=False, separators=(",", ":")).encode()
        rows.add(number, row.number, f"{ref.name}!A{row.number}", None, raw, chosen, fault)
        if rows.full:
            yield rows.take()
    if len(rows):
        yield rows.take()


def _judge_row(
    book: Book, contract: Contract, ref: SheetRef, entry: dict[str, Any], row: Row, cells: dict[int, Any]
) -> tuple[list[str | None], tuple[str, str | None, str] | None]:
    """Cells in contract order and the fault, if any."""
    layout = contract.delivery.layout
    sheet_field = layout.sheet_field if layout else None
    chosen: list[str | None] = []
    fault: tuple[str, str | None, str] | None = None
    floats: list[tuple[str, str]] = []
    for (field, spec), column in zip(contract.fields.items(), entry["columns"], strict=True):
        cell = cells.get(column) if column is not None else None
        text: str | None = text_of(cell, spec, book) if cell else (None if column is None else "")
        if field == sheet_field and not (text or "").strip():
            text = ref.name.strip()
        chosen.append(text)
        if cell and float_fault(cell, spec):
            floats.append((field, f"{column_name(column)}{row.number} 是数字单元格 {cell.text}，末位已丢失"))
        if cell and fault is None and lost(cell.text):
            fault = ("bad_encoding", field, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
    if fault is None and (beside := [c for c, cell in row.cells.items() if c not in entry["titled"] and cell.text.strip()]):
        fault = ("column_count", None, f"{column_name(beside[0])}{row.number} 没有标题却有内容")
    if fault is None and (pair := swapped_in_record(contract, chosen)):
        fault = ("swapped_fields", pair[0], f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换")
    if fault is None and floats:
        fault = ("bad_id_float", floats[0][0], "；".join(text for _, text in floats))
    return chosen, fault
