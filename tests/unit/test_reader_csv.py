"""Delimited text: every record comes out once, as sent, or the file is refused with the right reason."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reader_helpers import PEOPLE, citizen, contract, inspect, refused, rows
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats import csvlines
from xihu.bronze.formats.encoding import regained
from xihu.bronze.schema import Inspection

HEADER = "姓名,身份证号,金额,地址"
NAMES = "赵钱孙李周吴郑王"


def lines(n: int) -> list[str]:
    return [f"{NAMES[i % 8]}镕,{citizen(i)},{i}.50,杭州市西湖区文三路{i}号" for i in range(n)]


def write(path: Path, text: str, encoding: str = "gb18030") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def proven(path: Path, c) -> list[dict]:
    """Rows of an accepted file, with the independent count agreeing, numbered from 1."""
    found = prove(path, c)
    assert [r["_row"] for r in found] == list(range(1, len(found) + 1))
    return found


# --- what comes out ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("final", [True, False])
def test_line_ends(file: Path, end: str, final: bool) -> None:
    body = lines(3)
    found = proven(write(file, end.join([HEADER, *body]) + (end if final else "")), contract())
    assert [r["_cells"] for r in found] == [line.split(",") for line in body]
    assert [r["_line"] for r in found] == [2, 3, 4]
    data = file.read_bytes()
    for r in found:
        assert data[r["_offset"] : r["_offset"] + len(r["_raw"])] == r["_raw"]


def test_quotes_guards_and_newlines(file: Path) -> None:
    text = HEADER + '\r\n"王,五",="330102196302153013",1,"第一行\r\n第二行 ""引"" 号"\r\n李四,\'330102196302153013,2,5" 管\r\n'
    found = proven(write(file, text), contract())
    assert [r["_cells"] for r in found] == [
        ["王,五", '="330102196302153013"', "1", '第一行\r\n第二行 "引" 号'],
        ["李四", "'330102196302153013", "2", '5" 管'],
    ]
    assert [r["_line"] for r in found] == [2, 4]
    assert found[0]["_raw"].endswith('号"'.encode("gb18030"))


def test_blank_lines_and_repeated_headers_are_structure(file: Path) -> None:
    a, b, c = lines(3)
    text = "\r\n".join([HEADER, a, "", b, ",,,", HEADER, "  ", c, "", ""])
    assert len(proven(write(file, text), contract())) == 3
    assert count(file, contract()).structural == 6


def test_header_variants(file: Path) -> None:
    """Width, blanks, case and former titles mean nothing; another order is followed."""
    fields = {**PEOPLE, "kind": {"title": "类别A", "type": "text"}}
    one = lines(1)[0].split(",")
    text = "地址, 公民身份号码 ,户 主姓名,金额,类别ａ\r\n" + ",".join([one[3], one[1], one[0], one[2], "甲"]) + "\r\n"
    assert proven(write(file, text), contract(fields))[0]["_cells"] == [*one, "甲"]


def test_unit_in_a_title(file: Path) -> None:
    c = contract({**PEOPLE, "amount": {"title": "金额", "type": "money", "unit": "万元"}})
    assert len(proven(write(file, HEADER.replace("金额", "金额（万元）") + "\n" + lines(1)[0]), c)) == 1
    assert refused(write(file, HEADER.replace("金额", "金额（元）") + "\n" + lines(1)[0]), c) == "header_unknown"


def test_columns_policy(file: Path) -> None:
    more = write(file, HEADER + ",备注\r\n" + lines(1)[0] + ",x\r\n")
    assert refused(more, contract()) == "header_unknown"
    assert len(proven(more, contract(columns={"added": "warn"}))) == 1
    less = write(file, "姓名,身份证号,金额\r\n" + lines(1)[0].rsplit(",", 1)[0] + "\r\n")
    assert refused(less, contract()) == "header_unknown"
    assert proven(less, contract(columns={"dropped": "warn"}))[0]["_cells"][3] is None
    none = write(file, "姓名,金额,地址\r\n王五,1,杭州\r\n")
    assert refused(none, contract(columns={"dropped": "warn"})) == "header_unknown"  # a required column


def test_trailing_blank_columns(file: Path) -> None:
    a, b, c, d = lines(4)
    text = "\r\n".join([HEADER + ",,", a + ",,", b, c + ",, ", d + ",,x"])
    found = proven(write(file, text), contract())
    assert [r["_reason"] for r in found] == [None, None, None, "column_count"]
    assert found[0]["_cells"] == a.split(",")


def test_ragged_records_stay_visible(file: Path) -> None:
    a, b, c = lines(3)
    text = "\r\n".join([HEADER, a, b + ",多", c.rsplit(",", 2)[0], a])
    found = proven(write(file, text), contract())
    assert [r["_reason"] for r in found] == [None, "column_count", "column_count", None]
    assert found[2]["_cells"] == [*c.split(",")[:2], None, None]


def test_delimiter_that_is_half_a_character(file: Path) -> None:
    """In GBK the byte of | is also the second byte of characters such as 瓅 (0xAD7C)."""
    odd = bytes([0xAD, 0x7C]).decode("gb18030")
    c = contract(delimiter="|")
    text = HEADER.replace(",", "|") + f'\n{odd}王|{citizen(1)}|1|{odd}"文|路"\n{odd}|{citizen(2)}|2|"{odd}|\n"\n'
    found = proven(write(file, text), c)
    assert found[0]["_reason"] == "column_count"  # a quote inside a field is data, so | splits it
    assert found[1]["_cells"] == [odd, citizen(2), "2", f"{odd}|\n"]


def test_separator_note_of_spreadsheets(file: Path) -> None:
    text = "sep=;\r\n" + HEADER.replace(",", ";") + "\r\n" + lines(1)[0].replace(",", ";")
    assert len(proven(write(file, text), contract())) == 1


def test_title_rows_only_by_contract(file: Path) -> None:
    text = "低保名册,,,\r\n单位：元,,,\r\n" + HEADER + "\r\n" + lines(1)[0]
    assert refused(write(file, text), contract()) == "header_unknown"
    assert len(proven(file, contract(layout={"title_rows": 2}))) == 1
    assert len(proven(file, contract(layout={"title_rows": 1}))) == 1


def test_blank_lines_among_titles(file: Path) -> None:
    """Two lines stand above the header, one of them blank: whether one or two were agreed, nothing drifted."""
    write(file, "低保名册,,,\r\n,,,\r\n" + HEADER + "\r\n" + lines(1)[0])
    noted = {n: any("表头在第 3 行" in w for w in inspect(file, contract(layout={"title_rows": n})).warnings) for n in (1, 2, 3)}
    assert noted == {1: False, 2: False, 3: True}


# --- encodings --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_accepted_with_a_warning(file: Path, encoding: str) -> None:
    found = inspect(write(file, "\r\n".join([HEADER, *lines(3)]), encoding), contract())
    assert isinstance(found, Inspection) and found.encoding == "utf-8"
    assert any("utf-8" in w for w in found.warnings)
    assert proven(file, contract())[0]["_cells"][0] == "赵镕"


def test_rare_characters_need_gb18030(file: Path) -> None:
    text = HEADER + f"\r\n𠮷㐀喆€,{citizen(1)},1,镕\r\n"
    assert proven(write(file, text), contract(encoding="gbk"))[0]["_cells"][0] == "𠮷㐀喆€"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("正", "utf-16"),
        ("正", "utf-16-le"),
        ("mojibake", "utf-8"),
        ("latin", "utf-8"),
        ("gbk-latin", "utf-8"),
        ("lost", "gb18030"),
        ("header-right", "gb18030"),
        ("mixed", "bytes"),
    ],
)
def test_other_encodings_are_refused(file: Path, text: str, encoding: str) -> None:
    whole = "\r\n".join([HEADER, *lines(8)])
    if text == "mojibake":
        whole = whole.encode().decode("gb18030", "replace")
    elif text == "latin":
        whole = whole.encode().decode("latin-1")
    elif text == "gbk-latin":
        whole = whole.encode("gb18030").decode("latin-1")
    elif text == "lost":
        whole = whole.encode("gb18030").decode("utf-8", "replace").encode().decode("gb18030", "replace")
    elif text == "header-right":
        body = whole.split("\r\n", 1)[1]
        whole = HEADER + "\r\n" + body.encode("gb18030").decode("utf-8", "replace")
    if text == "mixed":
        file.write_bytes((HEADER + "\r\n").encode("gb18030") + "\r\n".join(lines(8)).encode())
    else:
        write(file, whole, encoding)
    assert refused(file, contract()) == "wrong_encoding"


@pytest.mark.parametrize(("records", "reason"), [("damaged", "wrong_encoding"), ("right", "header_unknown")])
def test_a_header_that_can_be_guessed_does_not_hide_that_all_is_garbled(file: Path, records: str, reason: str) -> None:
    """UTF-8 that went through GBK keeps most titles and loses a byte here and there."""
    damage = lambda line: line.encode()[:-1] + b"?"  # noqa: E731
    body = [damage(line[:-2]) if records == "damaged" else line.encode() for line in lines(6)]
    file.write_bytes(b"\r\n".join([damage(HEADER), *body]) + b"\r\n")
    assert refused(file, contract()) == reason


def test_big5_is_refused(file: Path) -> None:
    text = "姓名,身份證號,金額,地址\r\n" + "\r\n".join(f"陳大文,{citizen(i)},1,香港九龍彌敦道號" for i in range(5))
    assert refused(write(file, text, "big5"), contract()) == "wrong_encoding"


def test_gb18030_where_utf8_was_agreed(file: Path) -> None:
    assert refused(write(file, "\r\n".join([HEADER, *lines(5)])), contract(encoding="utf-8")) == "wrong_encoding"


def test_single_byte_pages(file: Path) -> None:
    fields = {"body": {"title": "Body", "type": "text"}, "amount": {"title": "Net amount", "type": "money"}}
    text = "Body,Net amount\r\nCafé – Ünïté,1\r\nplain,2\r\n"
    assert proven(write(file, text, "cp1252"), contract(fields, encoding="cp1252"))[0]["_cells"][0] == "Café – Ünïté"


@pytest.mark.parametrize("broken", [b"\xff", b"\x81", b"\x80\x80", "姓".encode("gb18030")[:1], b"\x00", "锟斤拷".encode("gb18030")])
def test_a_broken_byte_costs_its_own_record_only(file: Path, broken: bytes) -> None:
    body = [line.encode("gb18030") for line in lines(6)]
    body[2] = body[2] + broken
    file.write_bytes(b"\r\n".join([HEADER.encode("gb18030"), *body]))
    found = proven(file, contract())
    assert [r["_reason"] for r in found] == [None, None, "bad_encoding", None, None, None]
    assert found[2]["_raw"] == body[2]


# --- whole files that are refused -------------------------------------------------------------------------------------------------


def test_refusals(file: Path) -> None:
    c = contract()
    file.write_bytes(b"")
    assert refused(file, c) == "empty_file"
    file.write_bytes(b" \r\n\r\n")
    assert refused(file, c) == "empty_file"
    for magic in (b"PK\x03\x04rest", b"\x1f\x8b\x08\x00", b"<html><table>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        file.write_bytes(magic + b"\n" + b"x" * 50)
        assert refused(file, c) == "wrong_format"
    assert refused(write(file, "\r\n".join(lines(4))), c) == "header_missing"
    assert refused(write(file, "甲,乙,丙,丁\r\n" + lines(1)[0]), c) == "header_unknown"
    assert refused(write(file, HEADER.replace(",", ";") + "\r\n" + lines(1)[0].replace(",", ";")), c) == "header_unknown"
    assert refused(write(file, HEADER + ",姓名\r\n" + lines(1)[0] + ",x"), c) == "header_unknown"


def test_header_only(file: Path) -> None:
    write(file, HEADER + "\r\n")
    assert proven(file, contract()) == []
    snapshot = contract(mode="snapshot", scope=["address"], absence="ended")
    assert refused(file, snapshot) == "empty_file"


def test_unclosed_quotes(file: Path) -> None:
    a, b, c, d = lines(4)
    assert refused(write(file, "\r\n".join([HEADER, a, '"' + b, c, d])), contract()) == "unclosed_quote"
    # Two stray quotes close each other across records: neither the count of cells nor the quoting tells.
    head, tail = b.split(",", 1)[0], d.split(",", 1)[1]
    assert refused(write(file, "\r\n".join([HEADER, a, f'"{head},{citizen(7)},1,x', c, f'赵",{tail}'])), contract()) == "unclosed_quote"


def test_a_real_multi_line_field_is_no_stray_quote(file: Path) -> None:
    text = "\r\n".join([HEADER, f'王五,{citizen(1)},1,"一,二,三,四\r\n五,六,七,八\r\n,,,"', *lines(3)])
    assert len(proven(write(file, text), contract())) == 4


def test_columns_swapped(file: Path) -> None:
    swapped = [",".join([p[1], p[0], *p[2:]]) for p in (line.split(",") for line in lines(20))]
    assert refused(write(file, "\r\n".join([HEADER, *swapped])), contract()) == "columns_swapped"


def test_swapped_within_one_record(file: Path) -> None:
    body = lines(6)
    p = body[3].split(",")
    for noise in ("", ",多"):  # the plain way and the careful way judge alike
        text = "\r\n".join([HEADER, *body[:3], ",".join([p[1], p[0], *p[2:]]), *body[4:-1], body[-1] + noise])
        found = proven(write(file, text), contract())
        assert found[3]["_reason"] == "swapped_fields"
        assert sum(r["_reason"] == "swapped_fields" for r in found) == 1


def test_not_swapped_where_ids_are_merely_bad(file: Path) -> None:
    body = [f"王五,待补{i},{i},杭州" for i in range(10)]
    assert len(proven(write(file, "\r\n".join([HEADER, *body])), contract())) == 10


# --- properties -------------------------------------------------------------------------------------------------------------------

CELL = st.text(
    alphabet=st.one_of(
        st.sampled_from("\",\r\n ='\t;|甲乙丙镕喆㛃𠮷€，"),
        st.characters(exclude_categories=["Cs", "Co", "Cn"], exclude_characters="\0\ufffd"),
    ),
    max_size=12,
).filter(lambda s: "锟斤拷" not in s and not _gap(s) and not any("\x80" <= c <= "\x9f" for c in s))  # C1 controls are what garbling leaves


def _gap(text: str) -> bool:
    """Characters for which this Python's GB18030 does not round-trip (the 2022 edition moved some)."""
    try:
        return text.encode("gb18030").decode("gb18030") != text
    except UnicodeError:
        return True


@pytest.mark.parametrize("cell", ["\xa0\xa0", "\u3000\u3000", "\xa0"])
def test_blanks_of_a_page_are_not_garbled_text(file: Path, cell: str) -> None:
    fields = {name: {"title": title, "type": "text"} for name, title in zip("abcd", "甲乙丙丁", strict=True)}
    write(file, "甲,乙,丙,丁\r\n" + f"x,{cell},{cell},{cell}\r\n" * 3)
    assert [r["_cells"] for r in proven(file, contract(fields))] == [["x", cell, cell, cell]] * 3


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.lists(CELL, min_size=4, max_size=4), min_size=1, max_size=12),
    end=st.sampled_from(["\r\n", "\n"]),
    all_quoted=st.booleans(),
)
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list[list[str]], end: str, all_quoted: bool) -> None:
    fields = {name: {"title": title, "type": "text"} for name, title in zip("abcd", "甲乙丙丁", strict=True)}
    table = [row for row in table if "".join(row).strip(" \t,\x1a") and row != list("甲乙丙丁")]
    # ¡¡ and °¡ are the bytes of a blank and of 啊: nobody can tell whether such a record was sent garbled, and it is refused as that.
    assume(not any(regained(",".join(row)) for row in table))
    out = io.StringIO(newline="")
    # With LF as line end this writer leaves a lone CR unquoted, which no reader could tell from a line end.
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL if all_quoted or end == "\n" else csv.QUOTE_MINIMAL)
    writer.writerow("甲乙丙丁")
    writer.writerows(table)
    path = write(tmp_path / "p.csv", out.getvalue())
    assert [r["_cells"] for r in proven(path, contract(fields))] == table


@pytest.mark.parametrize("size", [1, 7, 64, 333])
def test_blocks_of_any_size_give_the_same(file: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    body = lines(40)
    body[5] = f'"王\r\n五",{citizen(5)},1,"a""b"'
    body[11] = body[11] + ",多"
    body[20] = ""
    write(file, "\r\n".join([HEADER, *body]))
    whole = proven(file, contract())
    monkeypatch.setattr(csvlines, "BLOCK", size)
    assert proven(file, contract()) == whole


@pytest.mark.parametrize("header", [HEADER, "地址,金额,姓名,身份证号,,", "身份证号,姓名,备注,金额"])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_fast_way_and_the_careful_way_agree(file: Path, monkeypatch: pytest.MonkeyPatch, header: str, encoding: str, end: str) -> None:
    from xihu.bronze.formats import csv as reader

    titles = header.split(",")
    full = [dict(zip([*HEADER.split(","), "备注", ""], [*line.split(","), "𠮷x", ""], strict=True)) for line in lines(300)]
    write(file, end.join([header, *(",".join(row[t] for t in titles) for row in full)]), encoding)
    c = contract(columns={"added": "warn", "dropped": "warn"})
    ways = []
    honest = reader.fast_batch
    monkeypatch.setattr(reader, "fast_batch", lambda *a: ways.append(honest(*a)) or ways[-1])
    fast = proven(file, c)
    assert ways and all(way is not None for way in ways)
    monkeypatch.setattr(reader, "fast_batch", lambda *a: None)
    assert proven(file, c) == fast


def test_without_quoting(file: Path) -> None:
    text = HEADER + f'\r\n"张三,{citizen(1)},1,x\r\n李"四",{citizen(2)},2,"\r\n'
    assert [r["_cells"][0] for r in proven(write(file, text), contract(quote=""))] == ['"张三', '李"四"']


def test_swapped_company_number(file: Path) -> None:
    fields = {"uscc": {"title": "统一社会信用代码", "type": "uscc"}, "company": {"title": "企业名称", "type": "text"}}
    text = "统一社会信用代码,企业名称\n91330100799655058B,甲公司\n乙公司,91330100716105852F\n"
    assert [r["_reason"] for r in proven(write(file, text), contract(fields))] == [None, "swapped_fields"]
    text = "统一社会信用代码,企业名称\n" + "甲公司,91330100799655058B\n" * 5
    assert refused(write(file, text), contract(fields)) == "columns_swapped"


def test_splits_cover_the_file_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import csv as reader

    monkeypatch.setattr(csvlines, "BLOCK", 500)
    monkeypatch.setattr(reader, "SPLIT_BYTES", 1500)
    body = lines(200)
    body[50] = ""
    body[120] = HEADER
    write(file, "\r\n".join([HEADER, *body]))
    c = contract()
    found = inspect(file, c)
    assert isinstance(found, Inspection) and len(found.extra["splits"]) > 3
    parts = [r for i in range(len(found.extra["splits"])) for b in reader.read(file, c, found, split=i) for r in b.to_pylist()]
    assert parts == proven(file, c)
    assert [r["_row"] for r in parts] == list(range(1, 199))


def test_a_broken_byte_anywhere_loses_nothing_silently(file: Path) -> None:
    """Each byte of a small file replaced, deleted or doubled: every other record stands as it was, is part of a marked record,
    or the file is refused."""
    body = [line[:-6] for line in lines(4)]
    body[2] = f'"王,五",{citizen(2)},2,"文一路\r\n二楼 ""乙"""'
    text = "\r\n".join([HEADER, *body, ""])
    data = text.encode("gb18030")
    c = contract()
    originals = rows(write(file, text), c)
    spans = [(r["_offset"], r["_offset"] + len(r["_raw"]), r) for r in originals]
    body_start = spans[0][0]
    seen = accepted = 0
    for at in range(len(data)):
        for new in (b"", b"\xff", b"\x81", b'"', b",", b"\n", b"\r", b"\0", b"A", data[at : at + 1] * 2):
            if new == data[at : at + 1]:
                continue
            seen += 1
            file.write_bytes(data[:at] + new + data[at + 1 :])
            judged = inspect(file, c)
            if not isinstance(judged, Inspection):
                continue
            accepted += 1
            found = proven(file, c)
            whole = {(r["_raw"], tuple(r["_cells"])) for r in found if r["_reason"] is None}
            marked = [r["_raw"] for r in found if r["_reason"]]
            for start, end, r in spans:
                if start - 2 <= at < end + 2 and at >= body_start - 2:
                    continue  # the record that was hit, or a line end of it
                assert (r["_raw"], tuple(r["_cells"])) in whole or any(r["_raw"] in m for m in marked), (at, new, r["_raw"])
    assert seen > 1500 and accepted > 700


# --- data made by others ----------------------------------------------------------------------------------------------------------


def test_leeds_payments(shared: Path) -> None:
    """Counts of the data's own description: 63,951 rows in six files, 13 blank rows, four files with bytes that are not UTF-8."""
    fields = {
        "body": {"title": "Body name", "titles": ["BodyName", "Organisation Label"], "type": "text", "required": True},
        "amount": {"title": "Net amount", "titles": ["NetAmount", "Amount"], "type": "money", "required": True},
        "supplier": {"title": "Supplier name", "titles": ["SupplierName", "Beneficiary Name"], "type": "text"},
    }
    c = contract(fields, encoding="cp1252", columns={"added": "warn"})
    total = structural = odd = 0
    for path in sorted((shared / "real/uk_spending/leeds").glob("*.csv")):
        found = proven(path, c)
        total += len(found)
        structural += count(path, c).structural
        assert not any(r["_reason"] for r in found)
        odd += any(not r["_raw"].isascii() for r in found)
    assert (total, structural, odd) == (63_951, 6 + 13, 4)


def test_daily_cases(shared: Path) -> None:
    """60 daily files, 31,263 rows; LF, UTF-8."""
    fields = {
        "date": {"title": "date", "type": "date", "required": True},
        "city": {"title": "city", "type": "text"},
        "confirmed": {"title": "confirmed", "type": "integer", "required": True},
    }
    c = contract(fields, encoding="utf-8", columns={"added": "warn"})
    found = [r for path in sorted((shared / "real/covid19").glob("*.csv")) for r in proven(path, c)]
    assert len(found) == 31_263
    assert sum(r["_cells"][1] == "杭州市" for r in found) == 60


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('",a\t '), max_size=14))
def test_both_ways_of_telling_an_open_quote_agree(text: str) -> None:
    quick, general = csvlines.Dialect("utf-8", ",", '"'), csvlines.Dialect("utf-8", ",", '"')
    object.__setattr__(general, "_whole", None)
    assert quick.opens(text) == general.opens(text)
    if not quick.opens(text):
        assert quick.cells(text) == (next(csv.reader([text])) or [""])


@pytest.mark.parametrize("header", ["线路,no", "line,no"])
def test_two_bytes_of_utf8_may_be_a_chinese_character(file: Path, header: str) -> None:
    """路 in GB18030 is C2 B7, which UTF-8 reads as a dot: a file whose records hold no other character is what it was agreed to be."""
    titles = header.split(",")
    c = contract({"line": {"title": titles[0], "type": "text"}, "no": {"title": titles[1], "type": "text"}})
    lines = [header, *(f"{i}路,{i}" for i in range(20)), "地铁1号线,20"]
    file.write_bytes("".join(f"{line}\r\n" for line in lines).encode("gb18030"))
    found = rows(file, c)
    assert [r["_reason"] for r in found] == [None] * 21
    assert found[3]["_cells"] == ["3路", "3"] and found[20]["_cells"][0] == "地铁1号线"
