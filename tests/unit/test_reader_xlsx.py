"""Spreadsheet reports: layout found by its titles, nothing of the data lost to structure, nothing lost by numbers."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, refused
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats.sheetvalues import plain, serial_text
from xihu.bronze.formats.workbook import kind_of_format
from xihu.bronze.schema import Inspection

FIELDS = {
    "family_no": {"title": "家庭编号", "type": "text", "required": True},
    "name": {"title": "户主姓名", "type": "person_name"},
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True},
    "men": {"title": "保障人数/男", "type": "integer"},
    "women": {"title": "保障人数/女", "type": "integer"},
    "amount": {"title": "月保障金额", "type": "money", "unit": "万元"},
    "since": {"title": "批准日期", "type": "date"},
    "district": {"title": "区县", "type": "division", "required": True},
}
LAYOUT = {"title_rows": 2, "header_rows": 2, "sheet_field": "district", "totals": ["小计", "合计", "总计"], "footers": ["填表人", "审核人"]}
C = contract(FIELDS, "xlsx", layout=LAYOUT)


def proven(path: Path, c=C) -> list[dict]:
    return prove(path, c)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.xlsx"


def person(i: int) -> list[Any]:
    return [f"J{i:03d}", "王五", citizen(i), i % 5, 1, 0.0615 * i, dt.date(2016, 12, 5)]


def report(
    path: Path,
    sheets: dict[str, list[list[Any]]],
    titles: int = 2,
    unit: str = "万元",
    merged: bool = True,
    change: Callable[[Any, Any], None] | None = None,
    **options: Any,
) -> Path:
    """A report as departments send it: title, unit, two-level header, rows, 小计, 填表人."""
    book = xlsxwriter.Workbook(str(path), options)
    day = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
    for name, data in sheets.items():
        sheet = book.add_worksheet(name)
        r = 0
        if titles:
            sheet.merge_range(0, 0, 0, 6, f"{name}低保家庭月报")
            for r in range(1, titles):
                sheet.write(r, 0, f"单位：{unit}")
                sheet.write(r, 4, "填报日期：2016年12月5日")
            r = titles
        for c, title in enumerate(["家庭编号", "户主姓名", "身份证号", "保障人数", None, "月保障金额", "批准日期"]):
            if title and c == 3:
                sheet.merge_range(r, 3, r, 4, title) if merged else sheet.write(r, 3, title)
            elif title:
                sheet.merge_range(r, c, r + 1, c, title) if merged else sheet.write(r, c, title)
        sheet.write_row(r + 1, 3, ["男", "女"])
        r += 2
        for row in data:
            for c, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(r, c, dt.datetime(value.year, value.month, value.day), day)
                elif isinstance(value, str):
                    sheet.write_string(r, c, value)
                elif value is not None:
                    sheet.write(r, c, value)
            r += 1
        sheet.write(r, 0, "小 计")
        sheet.write_formula(r, 5, "=SUM(F5:F7)", None, 1.5)
        sheet.write(r + 2, 0, "填表人：王五  审核人：")
        if change:
            change(book, sheet)
    book.close()
    return path


def test_a_report(file: Path) -> None:
    report(file, {"西湖区": [person(1), person(2)], "上城区": [person(3)]})
    found = proven(file)
    assert [r["_cells"][0] for r in found] == ["J001", "J002", "J003"]
    assert found[0]["_cells"] == ["J001", "王五", citizen(1), "1", "1", "0.0615", "2016-12-05", "西湖区"]
    assert [(r["_file"], r["_row"], r["_line"], r["_place"]) for r in found] == [
        ("a.xlsx#西湖区", 1, 5, "西湖区!A5"),
        ("a.xlsx#西湖区", 2, 6, "西湖区!A6"),
        ("a.xlsx#上城区", 1, 5, "上城区!A5"),
    ]
    assert json.loads(found[0]["_raw"]) == ["西湖区", 5, ["J001", "王五", citizen(1), "1", "1", "0.0615", "42709"]]
    # title, unit, two header rows, 小计, one blank, 填表人 on each sheet
    assert count(file, C).structural == 7 * 2


@pytest.mark.parametrize("titles", [0, 1, 3, 5])
def test_title_rows_are_an_expectation(file: Path, titles: int) -> None:
    report(file, {"西湖区": [person(1)]}, titles=titles)
    assert len(proven(file)) == 1
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("表头在第" in w for w in judged.warnings)


def test_header_that_was_never_merged(file: Path) -> None:
    report(file, {"西湖区": [person(1)]}, merged=False)
    assert proven(file)[0]["_cells"][3:5] == ["1", "1"]


def test_another_unit_is_refused(file: Path) -> None:
    assert refused(report(file, {"西湖区": [person(1)]}, unit="元"), C) == "header_unknown"
    assert len(proven(report(file, {"西湖区": [person(1)]}, unit="人、万元"))) == 1


def test_structure_between_rows(file: Path) -> None:
    sub = [None, None, "合计", 5, 5, 1.5]
    head = ["家庭编号", "户主姓名", "身份证号", "保障人数", None, "月保障金额", "批准日期"]
    data = [
        person(1),
        ["小计：", None, None, 3, 4],
        [None] * 7,
        sub,
        ["西湖区低保家庭月报"],
        head,
        [None, None, None, "男", "女"],
        person(2),
    ]
    found = proven(report(file, {"西湖区": data}))
    assert [r["_cells"][0] for r in found] == ["J001", "J002"]


def test_a_person_named_like_a_total_is_data(file: Path) -> None:
    row = person(1)
    row[1] = "合计"
    assert [r["_cells"][1] for r in proven(report(file, {"西湖区": [row, person(2)]}))] == ["合计", "王五"]


def test_ids_as_numbers(file: Path) -> None:
    a, b, c = person(1), person(2), person(3)
    a[2] = 330102196302153013  # fits its check digit, and yet digits were lost on the way into the cell
    b[2] = 330106500101001  # 15 digits fit
    found = proven(report(file, {"西湖区": [a, b, c]}))
    assert [r["_reason"] for r in found] == ["bad_id_float", None, None]
    assert found[0]["_field"] == "id_no" and found[1]["_cells"][2] == "330106500101001"
    c[2] = "3.30106E+17"
    assert proven(report(file, {"西湖区": [c]}))[0]["_reason"] == "bad_id_float"


def test_every_digit_written_into_a_number_cell(file: Path) -> None:
    """openpyxl writes all 18 digits; a spreadsheet will show 15 of them."""
    report(file, {"西湖区": [person(1)]})
    book = openpyxl.load_workbook(file)
    book["西湖区"]["C5"] = 330102196302153013
    book.save(file)
    assert proven(file)[0]["_reason"] == "bad_id_float"


def test_swapped_cells_and_columns(file: Path) -> None:
    data = [person(i) for i in range(6)]
    data[2][1], data[2][2] = data[2][2], data[2][1]
    assert [r["_reason"] for r in proven(report(file, {"西湖区": data}))].count("swapped_fields") == 1
    for row in data:
        row[1], row[2] = citizen(9), "王五"
    assert refused(report(file, {"西湖区": data}), C) == "columns_swapped"


def test_dates_of_both_systems(file: Path) -> None:
    for options in ({}, {"date_1904": True}):
        row, bare = person(1), person(2)
        bare[6] = 42709 - (1462 if options else 0)
        found = proven(report(file, {"西湖区": [row, bare]}, **options))
        assert [r["_cells"][6] for r in found] == ["2016-12-05", "42709"]


def test_serial_days_by_hand() -> None:
    assert serial_text(61, False, "date") == "1900-03-01"
    assert serial_text(60, False, "date") == "1900-02-29"  # a day that never was stays visible
    assert serial_text(1, False, "date") == "1900-01-01"
    assert serial_text(42709, False, "date") == "2016-12-05"
    assert serial_text(42709 - 1462, True, "date") == "2016-12-05"
    assert serial_text(42709.5625, False, "datetime") == "2016-12-05 13:30:00"
    assert serial_text(42708.9999999, False, "date") == "2016-12-05"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None),
        ("0.00E+00", None),
        ('#,##0.00"元"', None),
        ('[Red]0.00;"d"0', None),
        ("yyyy-mm-dd", "date"),
        ('yyyy"年"m"月"d"日";@', "date"),
        ("[$-804]yyyy年m月", "month"),
        ("yyyy/m/d h:mm", "datetime"),
        ("h:mm:ss", "time"),
        ("[h]:mm", "time"),
        ("@", None),
    ],
)
def test_number_formats(code: str, kind: str | None) -> None:
    assert kind_of_format(code) == kind


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("1234.5600000000001", "1234.56"),
        ("0.30000000000000004", "0.3"),
        ("1E-3", "0.001"),
        ("12", "12"),
        ("-0.5", "-0.5"),
        ("3.3010219630215302E+17", "330102196302153020"),
        ("100", "100"),
    ],
)
def test_plain_numbers(stored: str, text: str) -> None:
    assert plain(stored) == text


def test_vertical_merges_spread(file: Path) -> None:
    fields = {
        "street": {"title": "街道", "type": "text", "required": True},
        "village": {"title": "社区", "type": "text"},
        "n": {"title": "人数", "type": "integer"},
    }
    book = xlsxwriter.Workbook(str(file))
    sheet = book.add_worksheet("表")
    sheet.write_row(0, 0, ["街道", "社区", "人数"])
    sheet.merge_range(1, 0, 3, 0, "北山")
    for r, (village, n) in enumerate([("甲", 1), ("乙", 2), ("丙", 3), ("丁", 4)], 1):
        sheet.write_row(r, 1, [village, n])
    book.close()
    found = proven(file, contract(fields, "xlsx"))
    assert [r["_cells"] for r in found] == [["北山", "甲", "1"], ["北山", "乙", "2"], ["北山", "丙", "3"], ["", "丁", "4"]]
    assert json.loads(found[1]["_raw"]) == ["表", 3, ["", "乙", "2"]]


def test_hidden_rows_and_sheets_are_data(file: Path) -> None:
    def hide(book, sheet):
        sheet.set_row(4, None, None, {"hidden": True})
        if sheet.get_name() == "上城区":
            sheet.hide()

    report(file, {"西湖区": [person(1)], "上城区": [person(2)]}, change=hide)
    assert len(proven(file)) == 2
    judged = inspect(file, C)
    assert isinstance(judged, Inspection)
    assert any("隐藏行" in w for w in judged.warnings) and any("隐藏的工作表" in w for w in judged.warnings)


def test_formulas_and_errors(file: Path) -> None:
    def more(book, sheet):
        sheet.write_formula("F5", "=1+1", None, 2)
        sheet.write_formula("F6", "=NA()", None, "#N/A")

    report(file, {"西湖区": [person(1), person(2)]}, change=more)
    assert [r["_cells"][5] for r in proven(file)] == ["2", "#N/A"]
    book = openpyxl.load_workbook(file)
    book["西湖区"]["F5"] = "=SUM(D5:E5)"  # without a stored value
    book.save(file)
    assert proven(file)[0]["_cells"][5] == "=SUM(D5:E5)"


def test_notes_are_structure_but_tables_are_not(file: Path) -> None:
    def note(book, sheet):
        extra = book.add_worksheet("填表说明")
        extra.write(0, 0, "本表由区县填报")

    report(file, {"西湖区": [person(1)]}, change=note)
    assert len(proven(file)) == 1
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("填表说明" in w for w in judged.warnings) and judged.members == ["西湖区"]

    def table(book, sheet):
        extra = book.add_worksheet("下城区")
        for r in range(3):
            extra.write_row(r, 0, person(r)[:6])

    assert refused(report(file, {"西湖区": [person(1)]}, change=table), C) == "header_missing"


def test_no_header(file: Path) -> None:
    book = openpyxl.Workbook()
    for r in range(1, 4):
        for c, value in enumerate(person(r), 1):
            book.active.cell(r, c, value)
    book.save(file)
    assert refused(file, C) == "header_missing"
    openpyxl.Workbook().save(file)
    assert refused(file, C) == "empty_file"
    book = openpyxl.Workbook()
    book.active["A1"] = "说明"
    book.save(file)
    assert refused(file, C) == "header_unknown"


def test_not_a_workbook(file: Path) -> None:
    for data, reason in (
        (b"", "empty_file"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "wrong_format"),
        ("家庭编号,户主姓名\r\n".encode("gbk"), "wrong_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "wrong_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "wrong_format"),
        (b"PK\x03\x04garbage", "wrong_format"),
    ):
        file.write_bytes(data)
        assert refused(file, C) == reason
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a.txt", "x")
    assert refused(file, C) == "wrong_format"
    report(file, {"西湖区": [person(1)]})
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert refused(file, C) == "wrong_format"


def repack(path: Path, change: dict[str, bytes], more: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in {**parts, **change, **(more or {})}.items():
            z.writestr(name, data)
    path.write_bytes(out.getvalue())


def test_harmful_archives(file: Path) -> None:
    report(file, {"西湖区": [person(1)]})
    good = file.read_bytes()
    with zipfile.ZipFile(file) as z:
        sheet = z.read("xl/worksheets/sheet1.xml")
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]>' + sheet.partition(b"?>")[2]
    repack(file, {"xl/worksheets/sheet1.xml": bomb})
    assert refused(file, C) == "unsafe_archive"
    for more in ({"xl/media/a.bin": b"\0" * (20 << 20)}, {"../evil": b"x"}, {"/etc/evil": b"x"}, {f"x{i}": b"" for i in range(1200)}):
        file.write_bytes(good)
        repack(file, {}, more)
        assert refused(file, C) == "unsafe_archive", next(iter(more))
    file.write_bytes(good)
    repack(file, {"xl/worksheets/sheet1.xml": sheet[:-40]})
    assert refused(file, C) == "wrong_format"
    flipped = bytearray(good)
    at = good.find(b"xl/worksheets/sheet1.xml") + 60
    flipped[at] ^= 0xFF
    file.write_bytes(bytes(flipped))
    assert refused(file, C) == "wrong_format"


def test_other_writers_of_ooxml(file: Path) -> None:
    """Prefixed names, the strict namespace, rich text with phonetic guides, cells without references."""
    report(file, {"西湖区": [person(1), person(2)]})
    want = [r["_cells"] for r in proven(file)]
    with zipfile.ZipFile(file) as z:
        sheet = z.read("xl/worksheets/sheet1.xml").decode()
        strings = z.read("xl/sharedStrings.xml").decode()
    rich = strings.replace("<si><t>王五</t></si>", "<si><r><t>王</t></r><r><t>五</t></r><rPh sb='0' eb='1'><t>wang</t></rPh></si>")
    assert rich != strings
    import re

    prefixed = re.sub(r"<(/?)([a-zA-Z])", r"<\1x:\2", sheet.partition("?>")[2]).replace("xmlns=", "xmlns:x=")
    repack(file, {"xl/sharedStrings.xml": rich.encode(), "xl/worksheets/sheet1.xml": prefixed.encode()})
    assert [r["_cells"] for r in proven(file)] == want


TEXT = st.text(
    st.one_of(
        st.sampled_from("甲乙丙镕𠮷 ,\"'=\n\t<&>_x000D_"),
        st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffd\ufffe\uffff"),
    ),
    min_size=1,
    max_size=12,
).filter(lambda s: bool(s.strip()) and "锟斤拷" not in s)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.tuples(TEXT, TEXT, st.integers(-(10**14), 10**14)), min_size=1, max_size=10),
    writer=st.sampled_from(["xlsxwriter", "openpyxl"]),
)
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list[tuple[str, str, int]], writer: str) -> None:
    """Cell for cell, with a third reader (calamine) agreeing on the number of filled rows."""
    fields = {
        "a": {"title": "栏一", "type": "text", "required": True},
        "b": {"title": "栏二", "type": "text"},
        "n": {"title": "栏三", "type": "integer"},
    }
    path = tmp_path / "p.xlsx"
    if writer == "xlsxwriter":
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, ["栏一", "栏二", "栏三"])
        for r, (a, b, n) in enumerate(table, 1):
            sheet.write_string(r, 0, a)
            sheet.write_string(r, 1, b)
            sheet.write_number(r, 2, n)
        book.close()
    else:
        made = openpyxl.Workbook()
        made.active.append(["栏一", "栏二", "栏三"])
        for r, (a, b, n) in enumerate(table, 2):
            for c, value in enumerate((a, b), 1):
                cell = made.active.cell(r, c)
                cell.value, cell.data_type = value, "s"
            made.active.cell(r, 3, n)
        made.save(path)
    found = proven(path, contract(fields, "xlsx"))
    assert [(r["_cells"][0], r["_cells"][1], int(r["_cells"][2])) for r in found] == table
    third = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert len(third) == len(table) + 1
