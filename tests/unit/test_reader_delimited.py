"""Database dumps: delimiters inside characters, NULL markers, values over several lines, and what broken records become."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, refused, rows, sliced
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.schema import Inspection, Refusal

FIELDS: dict[str, Any] = {
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True},
    "name": {"title": "姓名", "type": "person_name"},
    "address": {"title": "住址", "type": "text"},
    "amount": {"title": "金额", "type": "money"},
}
ENDING: dict[str, Any] = {**{k: FIELDS[k] for k in ("id_no", "name", "amount")}, "address": FIELDS["address"]}


def dump(fields: dict[str, Any] | None = None, delimiter: str = "|", encoding: str = "gb18030", quote: str | None = None, **more: Any):
    given = {"quote": quote} if quote else {}
    return contract(fields or FIELDS, "delimited", encoding=encoding, delimiter=delimiter, dump=more or None, files="sy/*.txt", **given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


def proven(path: Path, c) -> list[dict]:
    return sliced(path, prove(path, c))


def cells(found: list[dict]) -> list[list[str | None]]:
    return [r["_cells"] for r in found]


# 龋 is C8 A3, 殀 9A5E … : characters whose second byte is | or ^ in GBK.
PIPES = "".join(c for c in (bytes([lead, 0x7C]).decode("gbk") for lead in (0x81, 0xB0, 0xC4, 0xD5)))
CARETS = "".join(c for c in (bytes([lead, 0x5E]).decode("gbk") for lead in (0x81, 0xB0, 0xC4, 0xD5)))
SLASHES = "".join(c for c in (bytes([lead, 0x5C]).decode("gbk") for lead in (0x81, 0xB0, 0xC4, 0xD5)))


@pytest.mark.parametrize("delimiter", ["|", "^", "|@|", "\x01", "^|^", "||", "，", ","])
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters_are_not_found_in_characters(file: Path, delimiter: str, encoding: str, end: str) -> None:
    table = [
        [citizen(1), PIPES + "镕", CARETS + "1号", "12.5"],
        [citizen(2), "李四", SLASHES, ""],
        [citizen(3), "㐀𠮷", "北山路" + PIPES, "-3"],
    ]
    file.write_bytes("".join(delimiter.join(r) + end for r in table).encode(encoding))
    found = proven(file, dump(delimiter=delimiter, encoding=encoding))
    assert cells(found) == table
    assert [r["_reason"] for r in found] == [None] * 3
    assert [r["_line"] for r in found] == [1, 2, 3] and found[2]["_place"] == "第3行"


def test_null_markers(file: Path) -> None:
    file.write_bytes(f"{citizen(1)}|\\N||\\N\n{citizen(2)}|NULL|x\\N|1\n".encode())
    assert cells(proven(file, dump())) == [[citizen(1), None, "", None], [citizen(2), "NULL", "x\\N", "1"]]
    assert cells(proven(file, dump(nulls=["NULL"])))[1] == [citizen(2), None, "x\\N", "1"]


def test_a_delimiter_after_the_last_column(file: Path) -> None:
    file.write_bytes(f"{citizen(1)}|a|b|1|\n{citizen(2)}|a|北\n山|2|\n".encode())
    found = proven(file, dump())
    assert [r["_reason"] for r in found] == [None, None]
    assert found[1]["_cells"][2:4] == ["北\n山", "2"]


class TestRawLineEnds:
    def test_joined_where_only_one_reading_is_possible(self, file: Path) -> None:
        data = f"{citizen(1)}|甲|x|1\n{citizen(2)}|乙|北山路\r\n1号\n2楼|2\n{citizen(3)}|丙|\n\n|3\n{citizen(4)}|丁|z|4\n"
        file.write_bytes(data.encode("gb18030"))
        found = proven(file, dump())
        assert [r["_reason"] for r in found] == [None] * 4
        assert found[1]["_cells"] == [citizen(2), "乙", "北山路\r\n1号\n2楼", "2"]
        assert found[2]["_cells"][2] == "\n\n"
        assert [r["_line"] for r in found] == [1, 2, 5, 8] and found[1]["_place"] == "第2–4行"

    def test_the_last_column_goes_on(self, file: Path) -> None:
        file.write_bytes(f"{citizen(1)}|甲|1|北山\n路3号\n{citizen(2)}|乙|2|y\n{citizen(3)}|丙|3|z\n尾\n".encode("gb18030"))
        found = proven(file, dump(ENDING))
        assert [r["_cells"][3] for r in found] == ["北山\n路3号", "y", "z\n尾"]

    def test_cut_records_are_not_run_together(self, file: Path) -> None:
        """Two halves of different records add up to the right number of columns, but the second begins like a record."""
        lines = [
            f"{citizen(1)}|甲|x|1",
            f"{citizen(2)}|乙",
            f"{citizen(3)}|丙|z",
            f"{citizen(4)}|丁|w|4",
            citizen(5)[:9],
            f"{citizen(6)}|己|v|6",
        ]
        for fields in (FIELDS, ENDING):
            file.write_bytes("\n".join([*lines, ""]).encode("gb18030"))
            found = proven(file, dump(fields))
            assert [r["_raw"].decode("gb18030") for r in found] == lines
            assert [r["_reason"] for r in found] == [None, "column_count", "column_count", None, "column_count", None]

    def test_a_join_that_could_be_two_people_is_none(self, file: Path) -> None:
        """Names come first, so a piece of an address looks like a beginning: joined, 王五 would have the number of 赵六."""
        fields = {k: FIELDS[k] for k in ("name", "address", "id_no", "amount")}
        whole = [f"张{'三四'[i % 2]}|北山路{i}号|{citizen(i)}|{i}" for i in range(25)]
        broken = ["王五|翠苑", f"赵六|{citizen(31)}|31", f"孙七|翠苑\n1号|{citizen(32)}|3"]
        file.write_bytes("\n".join([*whole, *broken, *whole, ""]).encode("gb18030"))
        found = proven(file, dump(fields))[25:-25]
        assert [(r["_reason"], r["_raw"].decode("gb18030")) for r in found] == [
            ("column_count", broken[0]),
            ("column_count", broken[1]),
            (None, broken[2]),
        ]

    def test_a_cut_end_of_file(self, file: Path) -> None:
        file.write_bytes(f"{citizen(1)}|甲|1|x\n{citizen(2)}|乙|2|x\n33".encode())
        found = proven(file, dump(ENDING))
        assert [r["_reason"] for r in found] == [None, None, "column_count"]

    def test_too_many_columns(self, file: Path) -> None:
        file.write_bytes(f"{citizen(1)}|甲|北|山|1\n{citizen(2)}|乙|x|1\n{citizen(3)}|丙|x|1| \n".encode())
        assert [r["_reason"] for r in proven(file, dump())] == ["column_count", None, None]

    def test_client_footers_and_blank_lines(self, file: Path) -> None:
        file.write_bytes(f"\n{citizen(1)}|甲|1|x\n\n已选择 1 行。\n\n\x1a".encode("gb18030"))
        found = proven(file, dump(ENDING))
        assert len(found) == 1 and found[0]["_cells"][3] == "x"


def test_escaped(file: Path) -> None:
    c = dump(escape="\\")
    file.write_bytes(f"{citizen(1)}|{SLASHES}\\|b|北\\\n山\\\\|1\n{citizen(2)}|a\\nb|x\\||\\N\n{citizen(3)}|c\n".encode("gb18030"))
    found = proven(file, c)
    assert cells(found)[:2] == [[citizen(1), SLASHES + "|b", "北\n山\\", "1"], [citizen(2), "a\nb", "x|", None]]
    assert [r["_reason"] for r in found] == [None, None, "column_count"]
    # A character that ends in the byte of a backslash escapes nothing.
    file.write_bytes(f"{citizen(1)}|a|b|{SLASHES}\n{citizen(2)}|a|b|1\n".encode("gb18030"))
    assert len(proven(file, c)) == 2


def test_quoted(file: Path) -> None:
    c = dump(quote='"', delimiter="|@|")
    file.write_bytes(f'"{citizen(1)}"|@|"甲"|@|"北""山\n路|@|1号"|@|1\n{citizen(2)}|@|乙|@|5" 管|@|\\N\n'.encode("gb18030"))
    found = proven(file, c)
    assert cells(found) == [[citizen(1), "甲", '北"山\n路|@|1号', "1"], [citizen(2), "乙", '5" 管', None]]
    file.write_bytes(f'{citizen(1)}|@|甲|@|"北|@|1\n{citizen(2)}|@|乙|@|x|@|2\n'.encode("gb18030"))
    assert refused(file, c) == "unclosed_quote"


@pytest.mark.parametrize("end", ["|\n", "\x02\n", "\x02", "|@|\n", "\x1e\x1f"])
def test_an_agreed_terminator(file: Path, end: str) -> None:
    table = [[citizen(i), PIPES, "北山\n路\r\n" + PIPES, str(i)] for i in range(4)]
    delimiter = "|@|" if end == "|@|\n" else "|"
    for data in ("".join(delimiter.join(r) + end for r in table), end.join(delimiter.join(r) for r in table)):
        file.write_bytes(data.encode("gb18030"))
        found = proven(file, dump(terminator=end, delimiter=delimiter))
        assert cells(found) == table
        assert [r["_line"] for r in found][:2] == [1, 4 if end.endswith("\n") else 3]
    assert isinstance(judged := inspect(file, dump(terminator=end, delimiter=delimiter)), Inspection)
    assert any("没有结束符" in w for w in judged.warnings)


def test_broken_bytes_cost_their_own_record(file: Path) -> None:
    lines = [f"{citizen(i)}|王五|北山|{i}".encode("gb18030") for i in range(6)]
    lines[1] = lines[1].replace("王五".encode("gb18030"), b"\xcd\xff\xce")
    lines[2] = lines[2].replace("五".encode("gb18030"), b"\xce")  # a character cut in half: its first byte takes the delimiter
    lines[3] = lines[3].replace(b"|3", b"|\xef\xbf\xbd3\x00")
    lines[4] = lines[4] + b"\x81\x30"
    file.write_bytes(b"\n".join(lines) + b"\n")
    found = proven(file, dump())
    assert [r["_reason"] for r in found] == [None, "bad_encoding", "bad_encoding", "bad_encoding", "bad_encoding", None]


def test_swapped_in_one_record_and_throughout(file: Path) -> None:
    good = [f"{citizen(i)}|王五|x|{i}" for i in range(9)]
    file.write_bytes("\n".join([*good, f"王五|{citizen(11)}|x|1", ""]).encode("gb18030"))
    assert [r["_reason"] for r in proven(file, dump())][-1] == "swapped_fields"
    file.write_bytes("".join(f"王五|{citizen(i)}|x|{i}\n" for i in range(9)).encode("gb18030"))
    assert refused(file, dump()) == "columns_swapped"


def test_a_header_that_was_not_agreed(file: Path) -> None:
    file.write_bytes(f"姓名|身份证号|住址|金额\n甲|{citizen(1)}|x|1\n".encode("gb18030"))
    found = proven(file, dump())
    assert cells(found) == [[citizen(1), "甲", "x", "1"]]
    assert count(file, dump()).structural == 1
    file.write_bytes(f"ID_NO|NAME|住址|金额\n{citizen(1)}|甲|x|1\n".encode("gb18030"))
    assert len(proven(file, dump())) == 1


def test_refusals(file: Path) -> None:
    c = dump()
    for data, reason in (
        (b"", "empty_file"),
        (b" \r\n\n ", "empty_file"),
        (b"<html><body>504</body></html>", "wrong_format"),
        (b"PK\x03\x04xxxx", "wrong_format"),
        ("\n".join(f"{citizen(i)}|王五|x|1" for i in range(4)).encode("utf-16"), "wrong_encoding"),
        ("\n".join(f"{citizen(i)}^王五^x^1" for i in range(4)).encode("gb18030"), "header_unknown"),
        ("\n".join(f"{citizen(i)}|王五|x|1|新" for i in range(4)).encode("gb18030"), "header_unknown"),
        ("\n".join(f"{citizen(i)}|王五|x" for i in range(4)).encode("gb18030"), "header_unknown"),
        ("\n".join(f"{citizen(i)}|王五六七|北山街道|1" for i in range(4)).encode().decode("gb18030").encode("gb18030"), None),
        ("\n".join(f"{citizen(i)}|锟斤拷锟斤拷|北山|1" for i in range(4)).encode("gb18030"), "wrong_encoding"),
        # UTF-8 read as GBK: the last byte of an odd number of characters takes the delimiter along, what is no character is lost.
        (
            "\n".join(f"{citizen(i)}|王五|拱墅区祥符街道|1" for i in range(4))
            .encode()
            .decode("gb18030", "replace")
            .encode("gbk", "replace"),
            "wrong_encoding",
        ),
        # … and with two of them in a line, lines seem to belong together.
        (
            "\n".join(f"{citizen(i)}|王五七|拱墅区祥符街道|1" for i in range(4))
            .encode()
            .decode("gb18030", "replace")
            .encode("gbk", "replace"),
            "wrong_encoding",
        ),
        ("\n".join(f"{citizen(i)}|陳慧嫻|臺北市中山區長安東路|1" for i in range(4)).encode("big5"), "wrong_encoding"),
    ):
        file.write_bytes(data)
        if reason is None:
            judged = inspect(file, c)
            assert isinstance(judged, Inspection) and judged.encoding == "utf-8"
        else:
            assert refused(file, c) == reason, data
    file.write_bytes("\n".join(f"{citizen(i)}|王五|北山|1" for i in range(2)).encode("gb18030"))
    assert refused(file, dump(encoding="utf-8")) == "wrong_encoding"
    file.write_bytes(b"x" * (3 << 20))
    assert refused(file, c) == "wrong_format"


def test_utf8_where_gb18030_was_agreed(file: Path) -> None:
    for mark in (b"", b"\xef\xbb\xbf"):
        file.write_bytes(mark + f"{citizen(1)}|王五|{PIPES}|1\n".encode())
        found = proven(file, dump())
        assert found[0]["_cells"] == [citizen(1), "王五", PIPES, "1"]


def test_an_empty_snapshot(file: Path) -> None:
    c = contract(FIELDS, "delimited", delimiter="|", mode="snapshot", scope=["name"], absence="ended", files="sy/*.txt")
    file.write_bytes("姓名|身份证号|住址|金额\n".encode("gb18030"))
    assert refused(file, c) == "empty_file"


def test_blocks_and_splits_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import csvlines, delimited, dumplines

    rng = random.Random(5)
    lines = []
    for i in range(120):
        address = rng.choice(["x", "北\n山", PIPES, "北\n\n山\n路"])
        lines.append(rng.choice([f"{citizen(i)}|甲|{address}|{i}", f"{citizen(i)}|甲", f"{citizen(i)}|甲|a|b|c|d"]))
    for data, c in (
        ("\n".join([*lines, ""]), dump()),
        ("\r\n".join(lines), dump(ENDING)),
        ("|\n".join([*lines, ""]), dump(terminator="|\n")),
        ("\x02".join([*lines, ""]), dump(terminator="\x02")),
        ("\n".join([line.replace("\n", "\\\n") for line in lines] + [""]), dump(escape="\\")),
    ):
        file.write_bytes(data.encode("gb18030"))
        whole = proven(file, c)
        for block, stretch in ((1, 50), (7, 333), (100, 1000)):
            monkeypatch.setattr(dumplines, "BLOCK", block)
            monkeypatch.setattr(csvlines, "BLOCK", block)
            monkeypatch.setattr(delimited, "SPLIT_BYTES", stretch)
            judged = inspect(file, c)
            assert isinstance(judged, Inspection) and len(judged.extra["splits"]) > 2
            parts = [
                r
                for i in range(len(judged.extra["splits"]))
                for b in delimited.read(file, c, Inspection.from_json(judged.to_json()), split=i)
                for r in b.to_pylist()
            ]
            assert parts == whole
            monkeypatch.undo()


VALUES = st.text(st.sampled_from("赵钱镕㛃𠮷·Ab1 -" + PIPES + CARETS + SLASHES), max_size=6)
ADDRESS = st.text(st.sampled_from("赵镕𠮷A1\n" + PIPES + SLASHES), max_size=8)
TABLE = st.lists(st.tuples(VALUES, ADDRESS, st.integers(-(10**9), 10**9)), min_size=1, max_size=9)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLE, st.sampled_from(["raw", "escape", "quote", "end"]), st.sampled_from(["|", "^", "|@|", "\x01"]), st.booleans())
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list, way: str, delimiter: str, utf8: bool) -> None:
    encoding = "utf-8" if utf8 else "gb18030"
    path = tmp_path / "p.txt"
    want, lines = [], []
    for i, (name, address, amount) in enumerate(table):
        # A value that begins with a line end looks like the terminator |\n itself.
        # Raw, a line of digits alone could be the beginning of a number.
        address = {"end": address.lstrip("\n"), "raw": address.replace("1", "号")}.get(way, address)
        record = [citizen(i), name, address, str(amount)]
        want.append(record)
        if way == "escape":
            record = [v.replace("\\", "\\\\").replace("\n", "\\\n").replace(delimiter, "\\" + delimiter) for v in record]
        elif way == "quote":
            record = ['"' + v.replace('"', '""') + '"' for v in record]
        lines.append(delimiter.join(record))
    end = {"end": delimiter + "\n"}.get(way, "\n")
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    options: dict[str, Any] = {"escape": {"escape": "\\"}, "quote": {"quote": '"'}, "end": {"terminator": end}}.get(way, {})
    found = proven(path, dump(delimiter=delimiter, encoding=encoding, **options))
    assert cells(found) == want
    assert all(r["_reason"] is None for r in found)


CONTRACTS = [
    dump({k: FIELDS[k] for k in ("name", "address", "id_no", "amount")}),
    dump(),
    dump(ENDING),
    dump(escape="\\"),
    dump(quote='"'),
    dump(terminator="|\n"),
    dump(terminator="\x02"),
    dump(delimiter="|@|"),
    dump(encoding="utf-8"),
]


def _mutated(data: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        piece = rng.choice(
            [b"|", b"\n", b"\r", b'"', b"\\", b"\x81", b"\xff", b"\x81\x30", b"\x02", b"|\n", b"\x00", b"\x1a", b"||||", b""]
        )
        data = data[:at] + piece + data[at + rng.choice([0, 0, 1, 2, 30]) :]
    return data


def _agree(path: Path, c, data: bytes) -> None:
    path.write_bytes(data)
    judged = inspect(path, c)
    if isinstance(judged, Refusal):
        assert judged.detail
        return
    found = proven(path, c)
    assert [r["_row"] for r in found] == list(range(1, len(found) + 1))
    # Nothing but line ends, terminators and blanks lies between the records.
    rest, pos = b"", 0
    for r in found:
        rest += data[pos : r["_offset"]] + b"\n"
        pos = r["_offset"] + len(r["_raw"])
    rest += data[pos:]
    if not any("表头" in w for w in judged.warnings):
        assert not rest.strip(b"|\r\n\x1a \x02\xef\xbb\xbf\t"), rest


def _sample(c, seed: int) -> bytes:
    rng = random.Random(seed)
    fields = list(c.fields)
    lines = []
    for i in range(rng.choice([1, 3, 8, 40])):
        v = {"id_no": citizen(i), "name": rng.choice(["王五", PIPES]), "address": rng.choice(["x", "北\n山", SLASHES]), "amount": str(i)}
        lines.append(c.delivery.delimiter.join(v[f] for f in fields))
    end = c.delivery.dump.terminator if c.delivery.dump and c.delivery.dump.terminator else "\n"
    return "".join(line + end for line in lines).encode(c.delivery.encoding)


def test_mutations_never_lose_a_byte(file: Path) -> None:
    for seed in range(600):
        c = CONTRACTS[seed % len(CONTRACTS)]
        _agree(file, c, _mutated(_sample(c, seed), seed))


@pytest.mark.soak
def test_many_mutations_never_lose_a_byte(file: Path) -> None:
    for seed in range(600, 12_000):
        c = CONTRACTS[seed % len(CONTRACTS)]
        _agree(file, c, _mutated(_sample(c, seed), seed))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, len(CONTRACTS) - 1))
@example(b"\x810|", 0)
def test_any_bytes_have_an_outcome(tmp_path: Path, data: bytes, which: int) -> None:
    _agree(tmp_path / "b.txt", CONTRACTS[which], data)


def test_whole_stretches_and_single_records_say_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import delimited, dumpfast

    both = {"batches": 0, "records": 0}
    honest = dumpfast.stretches

    def seen(*a: Any) -> Any:
        for part in honest(*a):
            both["records" if isinstance(part, tuple) else "batches"] += 1
            yield part

    for seed in range(120):
        c = CONTRACTS[seed % 2] if seed % 5 else dump(encoding="utf-8")
        data = _sample(c, seed) * (1 + seed % 3)
        file.write_bytes(_mutated(data, seed) if seed % 4 else data.replace(b"x", b"\\N").replace(b"\n", b"\r\n" if seed % 3 else b"\n"))
        if isinstance(inspect(file, c), Refusal):
            continue
        monkeypatch.setattr(delimited, "able", lambda *a: False)
        slow = proven(file, c)
        monkeypatch.setattr(delimited, "able", dumpfast.able)
        monkeypatch.setattr(delimited, "stretches", seen)
        for size in (60, 400, 1 << 16):
            monkeypatch.setattr(dumpfast, "STRETCH", size)
            assert rows(file, c) == slow, seed
    assert both["batches"] > 50 and both["records"] > 50


def test_an_independent_reader_reads_the_same(file: Path) -> None:
    """The standard library's csv reader, on a quoted dump decoded beforehand."""
    rng = random.Random(3)
    table = [[citizen(i), "王五" + PIPES, rng.choice(["x", '北"山\n路', "a|b"]), str(i)] for i in range(300)]
    with file.open("w", encoding="gb18030", newline="") as f:
        csv.writer(f, delimiter="|", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    with file.open(encoding="gb18030", newline="") as f:
        other = list(csv.reader(f, delimiter="|", quotechar='"'))
    assert cells(proven(file, dump(quote='"'))) == other == table


def test_a_reader_that_drops_a_record_is_found_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import delimited, dumpfast

    honest = delimited.walk
    for module, c in ((dumpfast, dump()), (delimited, dump(delimiter="|@|"))):
        lines = [f"{citizen(i)}|王五|北\n山|1\n".replace("|", c.delivery.delimiter or "") for i in range(5)]
        file.write_bytes("".join(lines).encode("gb18030"))
        assert len(proven(file, c)) == 5
        monkeypatch.setattr(module, "walk", lambda *a: (r for i, r in enumerate(honest(*a)) if i != 2))
        assert len(rows(file, c)) != count(file, c).records
        monkeypatch.undo()
