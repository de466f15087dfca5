"""Old .xls reports: the same judgement as .xlsx, by a walk over BIFF records that another library checks."""

from __future__ import annotations

import datetime as dt
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlrd
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, multiset, refused, rows
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats import biff
from xihu.bronze.formats.biff import BiffBook, number_text, rk_value
from xihu.bronze.schema import Inspection, Refusal

FIELDS: dict[str, Any] = {
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
C = contract(FIELDS, "xls", layout=LAYOUT, encoding=None)
DAY = xlwt.easyxf(num_format_str='yyyy"年"m"月"d"日"')


def proven(path: Path, c=C) -> list[dict]:
    return prove(path, c)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.xls"


def warnings(path: Path, c=C) -> str:
    judged = inspect(path, c)
    assert isinstance(judged, Inspection), judged
    return "；".join(judged.warnings)


def person(i: int) -> list[Any]:
    return [f"J{i:03d}", "王镕", citizen(i), i % 5, 1, 0.0615 * i, dt.date(2016, 12, 5)]


def report(path: Path, sheets: dict[str, list[list[Any]]], change: Callable[[Any, Any], None] | None = None, unit: str = "万元") -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    for name, data in sheets.items():
        sheet = book.add_sheet(name, cell_overwrite_ok=True)
        sheet.write_merge(0, 0, 0, 6, f"{name}低保家庭月报")
        sheet.write(1, 0, f"单位：{unit}")
        sheet.write(1, 4, "填报日期：2016年12月5日")
        for c, title in enumerate(["家庭编号", "户主姓名", "身份证号", None, None, "月保障金额", "批准日期"]):
            if title:
                sheet.write_merge(2, 3, c, c, title)
        sheet.write_merge(2, 2, 3, 4, "保障人数")
        sheet.write(3, 3, "男")
        sheet.write(3, 4, "女")
        r = 4
        for row in data:
            for c, value in enumerate(row):
                if value is not None:
                    sheet.write(r, c, value, *([DAY] if isinstance(value, dt.date) else []))
            r += 1
        sheet.write(r, 0, "小 计")
        sheet.write(r, 5, xlwt.Formula("SUM(F5:F7)"))
        sheet.write(r + 2, 0, "填表人：王五  审核人：")
        if change:
            change(book, sheet)
    book.save(str(path))
    return path


def test_a_report(file: Path) -> None:
    report(file, {"西湖区": [person(1), person(2)], "上城区": [person(3)]})
    found = proven(file)
    assert found[0]["_cells"] == ["J001", "王镕", citizen(1), "1", "1", "0.0615", "2016-12-05", "西湖区"]
    assert [(r["_file"], r["_row"], r["_line"], r["_place"]) for r in found] == [
        ("a.xls#西湖区", 1, 5, "西湖区!A5"),
        ("a.xls#西湖区", 2, 6, "西湖区!A6"),
        ("a.xls#上城区", 1, 5, "上城区!A5"),
    ]
    assert json.loads(found[0]["_raw"]) == ["西湖区", 5, ["J001", "王镕", citizen(1), "1", "1", "0.0615", "42709"]]
    assert count(file, C).structural == 7 * 2


def test_the_same_rows_as_xlsx(file: Path) -> None:
    """One table through two writers and two formats gives the same cells."""
    people = [person(i) for i in range(40)]
    report(file, {"西湖区": people})
    book = xlsxwriter.Workbook(str(file.with_suffix(".xlsx")))
    sheet, day = book.add_worksheet("西湖区"), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["家庭编号", "户主姓名", "身份证号", "保障人数/男", "保障人数/女", "月保障金额", "批准日期"])
    for r, row in enumerate(people, 1):
        sheet.write_row(r, 0, row[:6])
        sheet.write_datetime(r, 6, dt.datetime(2016, 12, 5), day)
    book.close()
    other = rows(file.with_suffix(".xlsx"), contract(FIELDS, "xlsx", layout={"sheet_field": "district"}))
    assert [r["_cells"] for r in proven(file)] == [r["_cells"] for r in other]


def test_hidden_rows_and_sheets_are_read_and_named(file: Path) -> None:
    def hide(book: Any, sheet: Any) -> None:
        sheet.row(5).hidden = True
        sheet.row(6).height = 0
        sheet.row(6).height_mismatch = True
        sheet.visibility = 1 if sheet.name == "上城区" else 0

    report(file, {"西湖区": [person(i) for i in range(3)], "上城区": [person(9)]}, hide)
    assert len(proven(file)) == 4
    told = warnings(file)
    assert "2 个隐藏行，照常读取：第 6、7 行" in told and "隐藏的工作表" in told


def test_numbers_dates_errors_and_formulas(file: Path) -> None:
    def odd(book: Any, sheet: Any) -> None:
        sheet.write(4, 2, 330106199001010007)  # fifteen digits are left of eighteen
        sheet.write(5, 2, int(citizen(2)[:15]))
        sheet.write(6, 5, "1,234.50元")
        sheet.write(6, 6, 60, DAY)
        sheet.write(7, 6, 42709)
        sheet.row(8).set_cell_error(5, "#REF!")
        sheet.write(9, 5, xlwt.Formula("1+1"))
        sheet.row(9).set_cell_boolean(1, True)
        sheet.write(10, 5, -0.0)

    report(file, {"西湖区": [person(i) for i in range(7)]}, odd)
    found = proven(file)
    assert [r["_reason"] for r in found] == ["bad_id_float", None, None, None, None, None, None]
    assert found[0]["_field"] == "id_no"
    assert found[2]["_cells"][5:7] == ["1,234.50元", "1900-02-29"]
    assert found[3]["_cells"][6] == "42709" and found[4]["_cells"][5] == "#REF!"
    assert found[5]["_cells"][1] == "TRUE" and found[6]["_cells"][5] == "0"
    assert "2 个公式单元格，取其存储的值，其中 2 个没有值" in warnings(file)


def test_the_1904_system(file: Path) -> None:
    def old(book: Any, sheet: Any) -> None:
        book.dates_1904 = True
        sheet.write(4, 6, 42709 - 1462, DAY)
        sheet.write(5, 6, 42709 - 1462)

    report(file, {"西湖区": [person(1), person(2)]}, old)
    found = proven(file)
    assert found[0]["_cells"][6] == "2016-12-05"
    assert found[1]["_cells"][6] == "42709"


def test_long_texts_go_on_in_further_records(file: Path) -> None:
    """Shared strings beyond 8,224 bytes continue, in either width of characters."""
    dice = random.Random(3)
    texts = ["".join(dice.choice("李镕A喆1b") for _ in range(dice.choice([0, 5, 3000, 9000]))) for _ in range(60)]
    texts += ["plain" * 1500, "纯" * 9000, "a" * 8224]
    fields = {"no": {"title": "编号", "type": "text"}, "note": {"title": "备注", "type": "text"}}
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write(0, 0, "编号")
    sheet.write(0, 1, "备注")
    for r, value in enumerate(texts, 1):
        sheet.write(r, 0, f"N{r}")
        sheet.write(r, 1, value)
    book.save(str(file))
    found = proven(file, contract(fields, "xls", encoding=None))
    assert [r["_cells"][1] or "" for r in found] == texts


def test_halves_of_a_character_in_two_records() -> None:
    text, strings = "吉𠮷b", "吉𠮷b".encode("utf-16-le")
    for cut in (2, 4, 6):
        parts = [b"\x04\x00\x01" + strings[:cut], b"\x01" + strings[cut:]]
        found = biff._Strings(parts)
        assert found.rich(struct.unpack("<H", found.take(2))[0]) == text


def biff5(path: Path, grid: list[list[Any]]) -> None:
    """A workbook of Excel 95 by hand: code page 936, strings in cells."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    name = "表一".encode("gbk")
    cells = b""
    for r, row in enumerate(grid):
        for c, value in enumerate(row):
            if isinstance(value, str):
                raw = value.encode("gb18030")
                cells += record(0x204, struct.pack("<HHHH", r, c, 0, len(raw)) + raw)
            else:
                cells += record(0x203, struct.pack("<HHHd", r, c, 0, value))
    head = record(0x809, struct.pack("<HHHH", 0x500, 5, 2412, 1993)) + record(0x42, struct.pack("<H", 936))
    body = record(0x809, struct.pack("<HHHH", 0x500, 0x10, 2412, 1993)) + cells + record(0x0A, b"")
    offset = len(head) + 4 + 7 + len(name) + 4
    data = head + record(0x85, struct.pack("<IBBB", offset, 0, 0, len(name)) + name) + record(0x0A, b"") + body
    from xlwt.CompoundDoc import XlsDoc

    XlsDoc().save(str(path), data)
    path.write_bytes(
        path.read_bytes()
        .replace("Workbook".encode("utf-16-le"), "Book\0\0\0\0".encode("utf-16-le"))
        .replace(b"\x12\x00\x02", b"\x0a\x00\x02", 1)
    )


def test_excel_95(file: Path) -> None:
    fields = {"no": {"title": "编号", "type": "text"}, "note": {"title": "备注", "type": "text"}, "n": {"title": "数", "type": "number"}}
    biff5(file, [["编号", "备注", "数"], ["一", "杭州镕", 1.5], ["二", "乗", 3.0]])
    found = proven(file, contract(fields, "xls", encoding=None))
    assert [r["_cells"] for r in found] == [["一", "杭州镕", "1.5"], ["二", "乗", "3"]]


def test_results_of_formulas_and_packed_numbers(file: Path) -> None:
    """Records that the writer of the other tests never writes, by hand: results of every kind, RK, MULRK, LABEL, RSTRING."""
    from xlwt.CompoundDoc import XlsDoc

    def record(kind: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return struct.pack("<HH", kind, len(body)) + body

    def wide(text: str, width: str = "<H") -> bytes:
        units = text.encode("utf-16-le")
        return struct.pack(width, len(units) // 2) + b"\x01" + units

    def formula(r: int, c: int, result: bytes) -> bytes:
        return record(0x06, struct.pack("<HHH", r, c, 0), result, b"\0" * 6, struct.pack("<H", 3), b"\x1e\x01\x00")

    def at(r: int, c: int) -> bytes:
        return struct.pack("<HHH", r, c, 0)

    cells = b"".join(record(0x204, at(0, c), wide(t)) for c, t in enumerate("甲乙丙"))
    cells += formula(1, 0, b"\0\0\0\0\0\0\xff\xff") + record(0x207, wide("镕喆"))
    cells += formula(1, 1, b"\x01\0\x01\0\0\0\xff\xff") + formula(1, 2, b"\x02\0\x17\0\0\0\xff\xff")
    cells += formula(2, 0, struct.pack("<d", 2.5)) + record(
        0xBD, struct.pack("<HH", 2, 1), struct.pack("<HIHI", 0, 12345 << 2 | 3, 0, 7 << 2 | 2), b"\2\0"
    )
    cells += record(0x27E, at(3, 0), struct.pack("<I", 0x3FF00000)) + record(0xD6, at(3, 1), wide("富"), struct.pack("<HHH", 1, 0, 0))
    cells += record(0x205, at(3, 2), b"\x2a\x01") + record(0x205, at(4, 2), b"\0\0") + formula(4, 0, b"\x03\0\0\0\0\0\xff\xff")
    chart = record(0x809, struct.pack("<HHHHII", 0x600, 0x20, 0, 0, 0, 0)) + record(0x203, at(9, 0), struct.pack("<d", 9)) + record(0x0A)
    head = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + record(0x42, struct.pack("<H", 1200))
    body = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + chart + record(0x0A)
    name = b"\x01\x01" + "表".encode("utf-16-le")
    offset = len(head) + 4 + 6 + len(name) + 4
    XlsDoc().save(str(file), head + record(0x85, struct.pack("<IBB", offset, 0, 0), name) + record(0x0A) + body)
    fields = {n: {"title": t, "type": "text"} for n, t in (("a", "甲"), ("b", "乙"), ("c", "丙"))}
    c = contract(fields, "xls", encoding=None)
    assert [r["_cells"] for r in proven(file, c)] == [
        ["镕喆", "TRUE", "#REF!"],
        ["2.5", "123.45", "7"],
        ["1", "富", "#N/A"],
        ["", "", "FALSE"],
    ]
    assert "5 个公式单元格，取其存储的值，其中 1 个没有值" in warnings(file, c)


@pytest.mark.parametrize("rk", [0, 1, 2, 3, 0x3FF00000, 0x3FF00001, 0xFFFFFFFE, 0xFFFFFFFF, 0x80000002, 0x7FFFFFFE, 0x40590000])
def test_small_numbers(rk: int) -> None:
    assert rk_value(rk) == xlrd.sheet.unpack_RK(struct.pack("<I", rk))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (3.3010619900101e17, "3.3010619900101e+17"),
        (123456789012345.0, "123456789012345"),
        (1e-7, "1e-07"),
    ],
)
def test_numbers_as_text(value: float, text: str) -> None:
    assert number_text(value) == text


def test_layout_faults(file: Path) -> None:
    report(file, {"西湖区": [person(1)]}, unit="元")
    assert refused(file, C) == "header_unknown"

    def rename(book: Any, sheet: Any) -> None:
        sheet.write_merge(2, 3, 2, 2, "证照")

    report(file, {"西湖区": [person(1)]}, rename)
    assert refused(file, C) == "header_unknown"
    swapped = [[*p[:1], p[2], p[1], *p[3:]] for p in map(person, range(6))]
    report(file, {"西湖区": swapped})
    assert refused(file, C) == "columns_swapped"
    book = xlwt.Workbook()
    book.add_sheet("空")
    book.save(str(file))
    assert refused(file, C) == "empty_file"


PLAIN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty_file"),
    "html": ("<html><table><tr><td>家庭编号</td></tr></table></html>".encode("gbk"), "wrong_format"),
    "table": (b"\xef\xbb\xbf<table border=1>", "wrong_format"),
    "mhtml": (b"MIME-Version: 1.0\r\n", "wrong_format"),
    "xml": (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "wrong_format"),
    "xlsx": (b"PK\x03\x04" + b"x" * 60, "wrong_format"),
    "csv": ("家庭编号,户主姓名\r\n".encode("gbk"), "wrong_format"),
    "ole_only": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000, "wrong_format"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_refusals(file: Path, name: str) -> None:
    data, reason = PLAIN[name]
    file.write_bytes(data)
    assert refused(file, C) == reason
    if name in ("xlsx", "html"):
        judged = inspect(file, C)
        assert isinstance(judged, Refusal) and {"xlsx": ".xlsx", "html": "HTML"}[name] in judged.detail


def test_a_password_is_named(file: Path) -> None:
    report(file, {"西湖区": [person(1)]})
    data = file.read_bytes()
    at = data.index(struct.pack("<HH", 0x42, 2))  # CODEPAGE gives way to FILEPASS
    file.write_bytes(data[:at] + struct.pack("<HH", 0x2F, 2) + data[at + 4 :])
    judged = inspect(file, C)
    assert isinstance(judged, Refusal) and judged.reason == "wrong_format" and "密码" in judged.detail


CELLS = (
    st.none()
    | st.text(st.sampled_from("李镕喆𠮷 A1-,."), max_size=8)
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12))
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list[tuple[Any, Any, Any]]) -> None:
    fields = {n: {"title": t, "type": "text"} for n, t in (("a", "甲"), ("b", "乙"), ("c", "丙"))}
    path = tmp_path / "p.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for c, title in enumerate("甲乙丙"):
        sheet.write(0, c, title)
    for r, row in enumerate(table, 1):
        for c, value in enumerate(row):
            if value is not None:
                sheet.write(r, c, value)
    book.save(str(path))
    want = []
    for row in table:
        texts = [
            "" if v is None else ("TRUE" if v else "FALSE") if isinstance(v, bool) else v if isinstance(v, str) else number_text(float(v))
            for v in row
        ]
        if any(t.strip() for t in texts):
            while texts and not texts[-1].strip():
                texts.pop()
            want.append(texts)
    found = proven(path, contract(fields, "xls", encoding=None))
    assert [json.loads(r["_raw"])[2] for r in found] == want


def fuzz(path: Path, rounds: int, seed: int) -> int:
    """Mutated workbooks: refused by a named reason, or both libraries agree, or the counter says that it cannot tell."""
    dice = random.Random(seed)
    report(path, {"西湖区": [person(i) for i in range(5)], "上城区": [person(9)]})
    whole, read = path.read_bytes(), 0
    used = [i for i in range(len(whole)) if whole[i]]
    for _ in range(rounds):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 3)):
            at = dice.choice(used) % len(data)
            kind = dice.randrange(3)
            if kind == 0:
                data[at] = dice.randrange(256)
            elif kind == 1:
                data[at : at + 2] = struct.pack("<H", dice.choice([0, 1, 0xFFFF, 0x8000]))
            else:
                del data[at : at + dice.randint(1, 600)]
        path.write_bytes(bytes(data))
        judged = inspect(path, C)
        if isinstance(judged, Refusal):
            assert judged.reason and judged.detail
            continue
        found = rows(path, C)
        read += 1
        try:
            counted = count(path, C)
        except ValueError:
            continue
        # What the two libraries read differently is seen, never silent; most of what both read is the same.
        read += (counted.records, counted.multiset) == (len(found), multiset(found))
    return read


def test_mutations(file: Path) -> None:
    assert fuzz(file, 150, 1) > 20


@pytest.mark.soak
def test_many_mutations(file: Path) -> None:
    assert fuzz(file, 5_000, 2) > 500


@pytest.mark.parametrize("fault", ["drop", "alter"])
def test_the_counter_catches_a_dishonest_reader(file: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    report(file, {"西湖区": [person(i) for i in range(9)]})
    honest = BiffBook.rows

    def dishonest(self: Any, *given: Any):
        for row in honest(self, *given):
            if row.number == 7 and fault == "drop":
                continue
            if row.number == 7:
                row.cells[1] = biff.Cell("s", "王榕", 0, False)
            yield row

    proven(file)
    monkeypatch.setattr(BiffBook, "rows", dishonest)
    counted, found = count(file, C), rows(file, C)
    assert (counted.records, counted.multiset) != (len(found), multiset(found))
