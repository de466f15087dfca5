"""dBase and FoxPro tables: cut names, deleted rows, stale heads, memos, and every type of field."""

from __future__ import annotations

import random
import struct
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, refused, rows, sliced
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.schema import DELETED, Inspection, Refusal

dbfread = pytest.importorskip("dbfread")

FIELDS: dict[str, Any] = {
    "id_no": {"title": "公民身份号码", "type": "citizen_id", "required": True},
    "name": {"title": "姓名", "type": "person_name"},
    "amount": {"title": "月补贴金额（元）", "type": "money"},
    "died": {"title": "死亡日期", "titles": ["SWRQ"], "type": "date"},
}
C = contract(FIELDS, "dbf", files="sy/*.dbf")
Spec = tuple[Any, str, int, int]
SPECS: list[Spec] = [("公民身份号码", "C", 18, 0), ("姓名", "C", 12, 0), ("月补贴金额（元）", "N", 12, 2), ("SWRQ", "D", 8, 0)]


def proven(path: Path, c=C) -> list[dict]:
    return sliced(path, prove(path, c))


def put(value: Any, kind: str, width: int, codec: str) -> bytes:
    if isinstance(value, bytes):
        return value.ljust(width)
    if kind in "NF":
        return str(value).encode().rjust(width)
    return str(value).encode(codec).ljust(width)


def table(
    records: list[list[Any]],
    specs: list[Spec] = SPECS,
    codec: str = "gb18030",
    version: int = 3,
    n: int | None = None,
    tail: bytes = b"\x1a",
    language: int = 0,
    deleted: tuple[int, ...] = (),
) -> bytes:
    length = 1 + sum(s[2] for s in specs)
    head = struct.pack("<B3BIHH16xBB2x", version, 116, 12, 5, len(records) if n is None else n, 33 + 32 * len(specs), length, 0, language)
    for name, kind, width, decimals in specs:
        raw = name if isinstance(name, bytes) else name.encode(codec)[:10]
        wide, decimals = (width % 256, width // 256) if kind == "C" else (width, decimals)
        head += raw.ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([wide, decimals]) + bytes(14)
    body = b""
    for i, record in enumerate(records):
        cells = b"".join(put(v, s[1], s[2], codec)[: s[2]] for v, s in zip(record, specs, strict=True))
        body += (b"*" if i in deleted else b" ") + cells
    return head + b"\r" + body + tail


PEOPLE = [[citizen(i), f"张三{'镕喆'[i % 2]}", f"{i}.50", "20161205"] for i in range(5)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.dbf"


def cells(found: list[dict]) -> list[list[str | None]]:
    return [r["_cells"] for r in found]


def test_a_table_without_a_code_page(file: Path) -> None:
    file.write_bytes(table(PEOPLE))
    found = proven(file)
    assert cells(found) == PEOPLE
    assert [r["_row"] for r in found] == [1, 2, 3, 4, 5] and found[2]["_place"] == "第3条记录"
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and judged.warnings == []


def test_names_cut_in_the_middle_of_a_character(file: Path) -> None:
    """Ten bytes hold five characters of two bytes; after a single byte the fifth is cut in half."""
    fields = {
        "a": {"title": "a公民身份号码", "type": "text"},
        "b": {"title": "B月补贴金额（元）", "type": "text"},
        "c": {"title": "c联系人电话号码", "type": "text"},
        "d": {"title": "四字节𠮷𠮷字", "type": "text"},
    }
    c = contract(fields, "dbf", files="sy/*.dbf")
    names = [f["title"].encode("gb18030")[:10] for f in fields.values()]
    assert all(len(n) == 10 for n in names)
    whole = [n.decode("gb18030", "ignore").encode("gb18030") for n in names]
    for sent in (names, whole, [n.upper() for n in names], names[::-1]):
        file.write_bytes(table([["1", "2", "3", "4"]], [(n, "C", 5, 0) for n in sent]))
        want = ["4", "3", "2", "1"] if sent == names[::-1] else ["1", "2", "3", "4"]
        assert cells(proven(file, c)) == [want]
    file.write_bytes(table([["1", "2", "3", "4"]], [(f["title"], "C", 5, 0) for f in fields.values()], codec="utf-8"))
    assert cells(proven(file, c)) == [["1", "2", "3", "4"]]


def test_two_titles_that_begin_alike_keep_their_order(file: Path) -> None:
    fields = {"a": {"title": "联系人电话一号", "type": "text"}, "b": {"title": "联系人电话二号", "type": "text"}}
    c = contract(fields, "dbf", files="sy/*.dbf")
    file.write_bytes(table([["1", "2"]], [("联系人电话", "C", 5, 0), ("联系人电话", "C", 5, 0)]))
    assert cells(proven(file, c)) == [["1", "2"]]


def test_deleted_rows_are_marked(file: Path) -> None:
    file.write_bytes(table(PEOPLE, deleted=(1, 3)))
    found = proven(file)
    assert [(r["_reason"], r["_detail"]) for r in found] == [(None, DELETED if i in (1, 3) else None) for i in range(5)]
    assert cells(found) == PEOPLE


def test_heads_that_are_wrong_about_the_number(file: Path) -> None:
    file.write_bytes(table(PEOPLE, n=3))
    assert len(proven(file)) == 5
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("声明 3 条记录，实有 5 条" in w for w in judged.warnings)
    file.write_bytes(table(PEOPLE, n=6))
    assert refused(file, C) == "control_total"
    file.write_bytes(table(PEOPLE)[:-60])
    assert refused(file, C) == "control_total"
    file.write_bytes(table(PEOPLE, n=4, tail=b"")[:-7])
    assert [r["_reason"] for r in proven(file)] == [None] * 4 + ["truncated"]


@pytest.mark.parametrize(
    "tail", [b"", b"\x1a", b"\x1a\x1a\x1a", b"\x1a" + bytes(700), b"\x1a" + b" " * 300, b"\x1aold bytes" * 20, b"\r\n"]
)
def test_ends(file: Path, tail: bytes) -> None:
    file.write_bytes(table(PEOPLE, tail=tail))
    assert cells(proven(file)) == PEOPLE
    blank = [*PEOPLE, ["", "", "", ""]]
    file.write_bytes(table(blank, tail=tail))
    assert len(proven(file)) == 6
    file.write_bytes(table([], tail=tail))
    assert proven(file) == [] or tail == b"\x1aold bytes" * 20


def test_a_flag_that_is_none(file: Path) -> None:
    data = bytearray(table(PEOPLE))
    start, length = struct.unpack_from("<HH", data, 8)
    data[start + 2 * length] = 0x1A
    data[start + 3 * length] = ord("x")
    file.write_bytes(data)
    assert [r["_reason"] for r in proven(file)] == [None, None, "bad_length", "bad_length", None]


def test_broken_text(file: Path) -> None:
    people = [list(p) for p in PEOPLE]
    people[1][1] = "张三".encode("gbk") + b"\xff"
    people[2][1] = "一二三四五".encode("gbk") + b" \xd5"  # cut by the field's width
    people[3][1] = "锟斤拷"
    file.write_bytes(table(people))
    found = proven(file)
    assert [r["_reason"] for r in found] == [None, "bad_encoding", "bad_encoding", "bad_encoding", None]
    assert found[1]["_field"] == "name"


def test_swapped(file: Path) -> None:
    specs = [("公民身份号码", "C", 18, 0), ("姓名", "C", 18, 0), *SPECS[2:]]
    people = [list(p) for p in PEOPLE]
    people[2][:2] = people[2][1::-1]
    file.write_bytes(table(people, specs))
    assert [r["_reason"] for r in proven(file)] == [None, None, "swapped_fields", None, None]
    file.write_bytes(table([[p[1], p[0], *p[2:]] for p in PEOPLE], specs))
    assert refused(file, C) == "columns_swapped"


TYPED: dict[str, Any] = {
    k: {"title": k.upper(), "type": t} for k, t in (("c", "text"), ("n", "number"), ("f", "number"), ("d", "date"), ("l", "boolean"))
}
FOX: dict[str, Any] = {
    k: {"title": k.upper(), "type": t} for k, t in (("i", "integer"), ("b", "number"), ("y", "money"), ("t", "datetime"), ("m", "text"))
}


def test_types_of_dbase(file: Path) -> None:
    c = contract(TYPED, "dbf", files="sy/*.dbf")
    specs: list[Spec] = [("C", "C", 300, 0), ("N", "N", 19, 4), ("F", "F", 20, 6), ("D", "D", 8, 0), ("L", "L", 1, 0)]
    given = [
        ["北" * 150, "-12.3400", "1.5E+03", "20161205", "T"],
        ["x", "*" * 19, "", "        ", "?"],
        ["", b"\0" * 19, "1", "00000000", " "],
    ]
    file.write_bytes(table(given, specs))
    assert cells(proven(file, c)) == [
        ["北" * 150, "-12.3400", "1.5E+03", "20161205", "T"],
        ["x", "*" * 19, "", "", ""],
        ["", "", "1", "00000000", ""],
    ]


def fpt(memos: list[bytes], block: int = 64) -> tuple[bytes, list[int]]:
    body, places = b"", []
    first = 512 // block
    for memo in memos:
        places.append(first + len(body) // block)
        one = struct.pack(">II", 1, len(memo)) + memo
        body += one.ljust(-(-len(one) // block) * block, b"\0")
    return struct.pack(">IHH", first + len(body) // block, 0, block).ljust(512, b"\0") + body, places


def test_types_of_foxpro(file: Path) -> None:
    c = contract(FOX, "dbf", files="sy/*.dbf")
    memo, places = fpt(["北山路\n1号".encode("gbk"), b"x" * 200])
    specs: list[Spec] = [("I", "I", 4, 0), ("B", "B", 8, 2), ("Y", "Y", 8, 4), ("T", "T", 8, 0), ("M", "M", 4, 0)]
    day = date(2016, 12, 5).toordinal() + 1_721_425
    given = [
        [
            struct.pack("<i", -7),
            struct.pack("<d", 2.5),
            struct.pack("<q", -123456),
            struct.pack("<ii", day, 29_045_999),
            struct.pack("<i", places[0]),
        ],
        [struct.pack("<i", 0), struct.pack("<d", 1e10), struct.pack("<q", 5), bytes(8), struct.pack("<i", places[1])],
        [struct.pack("<i", 1), struct.pack("<d", 0), struct.pack("<q", 0), b" " * 8, bytes(4)],
        [struct.pack("<i", 1), struct.pack("<d", 0), struct.pack("<q", 0), b" " * 8, struct.pack("<i", 9999)],
    ]
    file.write_bytes(table(given, specs, version=0x30))
    assert refused(file, c) == "companion_missing"
    file.with_suffix(".FPT").write_bytes(memo)
    found = proven(file, c)
    assert cells(found) == [
        ["-7", "2.5", "-12.3456", "2016-12-05 08:04:06", "北山路\n1号"],
        ["0", "10000000000", "0.0005", "", "x" * 200],
        ["1", "0", "0.0000", "", ""],
        ["1", "0", "0.0000", "", None],
    ]
    assert [r["_reason"] for r in found] == [None, None, None, "truncated"]
    # The Julian day by the algorithm of Fliegel and Van Flandern, not by Python's calendar.
    y, m, d = 2016, 12, 5
    a = (14 - m) // 12
    assert (
        day
        == d
        + (153 * (m + 12 * a - 3) + 2) // 5
        + 365 * (y + 4800 - a)
        + (y + 4800 - a) // 4
        - (y + 4800 - a) // 100
        + (y + 4800 - a) // 400
        - 32045
    )


@pytest.mark.parametrize("version", [0x83, 0x8B])
def test_memos_of_dbase(file: Path, version: int) -> None:
    c = contract({"m": {"title": "M", "type": "text"}}, "dbf", files="sy/*.dbf")
    memo = "北山路".encode("gbk")
    four = version == 0x8B
    one = b"\xff\xff\x08\x00" + struct.pack("<I", len(memo) + 8) + memo if four else memo + b"\x1a\x1a"
    file.with_suffix(".dbt").write_bytes(struct.pack("<I16xH", 2, 512).ljust(512, b"\0") + one.ljust(512, b"\0"))
    file.write_bytes(table([["         1"], [""], ["         7"]], [("M", "M", 10, 0)], version=version))
    found = proven(file, c)
    assert cells(found) == [["北山路"], [""], [None]]
    assert [r["_reason"] for r in found] == [None, None, "truncated"]


def test_a_number_in_a_double_is_no_id(file: Path) -> None:
    file.write_bytes(
        table([[struct.pack("<d", 330106194001010007.0), "x", "1", ""]], [("公民身份号码", "B", 8, 0), *SPECS[1:]], version=0x30)
    )
    assert proven(file)[0]["_reason"] == "bad_id_float"


def test_refusals(file: Path) -> None:
    good = table(PEOPLE)
    for data, reason in (
        (b"", "empty_file"),
        (b"<html>x</html>", "wrong_format"),
        (b"PK\x03\x04" + bytes(100), "wrong_format"),
        (b"\x03" * 20, "wrong_format"),
        (good[:100], "wrong_format"),
        (b"\x04" + good[1:], "wrong_format"),
        (good[:10] + struct.pack("<H", 5) + good[12:], "wrong_format"),
        ("姓名,身份证号\n".encode("gbk") * 20, "wrong_format"),
        (table([[p[0], p[1]] for p in PEOPLE], SPECS[:2]), "header_unknown"),
        (table([[*p, "x"] for p in PEOPLE], [*SPECS, ("新", "C", 3, 0)]), "header_unknown"),
        (table(PEOPLE, [*SPECS[:3], ("姓名", "D", 8, 0)]), "header_unknown"),
        (table([[p[0], "陳慧嫻林國榮張學友"[i : i + 4].encode("big5"), *p[2:]] for i, p in enumerate(PEOPLE)]), "wrong_encoding"),
        (table([[p[0], "张三".encode().decode("gb18030", "replace"), *p[2:]] for p in PEOPLE]), "wrong_encoding"),
    ):
        file.write_bytes(data)
        assert refused(file, C) == reason, data[:40]
    utf8 = contract(FIELDS, "dbf", files="sy/*.dbf", encoding="utf-8")
    file.write_bytes(good)
    assert refused(file, utf8) == "wrong_encoding"
    file.write_bytes(table(PEOPLE, codec="utf-8"))
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and judged.encoding == "utf-8" and cells(proven(file)) == PEOPLE


def test_empty_tables(file: Path) -> None:
    file.write_bytes(table([]))
    assert proven(file) == []
    snapshot = contract(FIELDS, "dbf", files="sy/*.dbf", mode="snapshot", scope=["name"], absence="ended")
    assert refused(file, snapshot) == "empty_file"
    file.write_bytes(table(PEOPLE[:1], deleted=(0,)))
    assert refused(file, snapshot) == "empty_file"


def test_pieces_and_splits_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import dbf

    file.write_bytes(table([[citizen(i), "张三", str(i), ""] for i in range(57)], n=50, deleted=(3, 9)))
    whole = proven(file)
    assert len(whole) == 57
    for piece, stretch in ((1, 60), (13, 200), (51, 1000), (1000, 51)):
        monkeypatch.setattr(dbf, "_PIECE", piece)
        monkeypatch.setattr(dbf, "SPLIT_BYTES", stretch)
        judged = inspect(file, C)
        assert isinstance(judged, Inspection)
        n = len(judged.extra["splits"])
        assert n > 2
        assert [r for i in range(n) for b in dbf.read(file, C, judged, split=i) for r in b.to_pylist()] == whole


NAMES = st.text(st.sampled_from("赵钱孙李镕喆㛃𠮷·ABc"), max_size=5).filter(lambda s: len(s.encode("gb18030")) <= 12)
PERSON = st.tuples(NAMES, st.decimals(-(10**8), 10**8, places=2, allow_nan=False), st.dates(date(1900, 1, 1)), st.booleans())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PERSON, max_size=8))
def test_an_independent_reader_reads_the_same(tmp_path: Path, people: list[tuple[str, Decimal, date, bool]]) -> None:
    path = tmp_path / "p.dbf"
    records = [
        [citizen(i), name, f"{amount:.2f}", f"{day:%Y%m%d}" if day.year > 999 else ""] for i, (name, amount, day, _) in enumerate(people)
    ]
    gone = tuple(i for i, p in enumerate(people) if p[3])
    path.write_bytes(table(records, deleted=gone))
    found = proven(path)
    other = dbfread.DBF(path, encoding="gb18030", char_decode_errors="strict", ignore_missing_memofile=True)
    live = [list(r.values()) for r in other]
    mine = [r["_cells"] for r in found if r["_detail"] != DELETED]
    assert [[m[0], m[1], float(m[2]), m[3]] for m in mine] == [[o[0], o[1], float(o[2]), o[3].strftime("%Y%m%d")] for o in live]
    assert len(found) - len(mine) == len(list(other.deleted)) == len(gone)


def _mutated(data: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data)) if rng.random() < 0.7 else rng.randrange(34)
        data = data[:at] + rng.randbytes(rng.randint(0, 2)) + data[at + rng.choice([0, 1, 1, 2, 40]) :]
    return data


def _agree(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    judged = inspect(path, C)
    if isinstance(judged, Refusal):
        assert judged.detail
        return
    found = proven(path)
    assert [r["_row"] for r in found] == list(range(1, len(found) + 1))


def test_mutations_always_have_an_outcome(file: Path) -> None:
    for seed in range(600):
        tail = [b"", b"\x1a", b"\x1a" + bytes(60)][seed % 3]
        _agree(file, _mutated(table(PEOPLE, tail=tail, n=None if seed % 4 else 3, deleted=(2,)), seed))


@pytest.mark.soak
def test_many_mutations_always_have_an_outcome(file: Path) -> None:
    for seed in range(600, 12_000):
        tail = [b"", b"\x1a", b"\x1a" + bytes(60)][seed % 3]
        _agree(file, _mutated(table(PEOPLE, tail=tail, n=None if seed % 4 else 3, deleted=(2,)), seed))


def test_a_reader_that_drops_a_record_is_found_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import dbf

    file.write_bytes(table(PEOPLE, n=4))
    honest = dbf.walk
    monkeypatch.setattr(dbf, "walk", lambda *a: (r for i, r in enumerate(honest(*a)) if i != 2))
    assert len(rows(file, C)) != count(file, C).records
