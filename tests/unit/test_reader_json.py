"""JSON dumps: envelopes, encoded strings, pages that move, and numbers that keep all their digits."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, multiset, refused, rows, sliced
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats import json as reader
from xihu.bronze.formats import jsontext
from xihu.bronze.formats.jsonwalk import Item
from xihu.bronze.schema import Inspection, Refusal

FIELDS: dict[str, Any] = {
    "no": {"title": "编号", "type": "text", "required": True, "path": "id"},
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True, "path": "idNo"},
    "name": {"title": "姓名", "titles": ["xm"], "type": "person_name"},
    "street": {"title": "街道", "type": "text", "path": "addr.list[0].street"},
    "at": {"title": "时间", "type": "datetime", "forms": ["epoch_ms"], "path": "ts"},
}
API = {"records": "data.list", "code": "code", "message": "msg", "total": "data.total", "page": "data.page"}


def agreed(api: dict[str, Any] | None = API, fields: dict[str, Any] | None = None, **delivery: Any):
    return contract(fields or FIELDS, "json", **({"api": api} if api else {}), **delivery)


C = agreed()
LINES = agreed(None)


def proven(path: Path, c=C) -> list[dict]:
    found = prove(path, c)
    sliced(path, [r for r in found if r["_offset"] is not None])
    return found


def record(i: int, name: str = "王镕", **more: Any) -> dict[str, Any]:
    return {
        "id": 12345678901234567890 + i,
        "idNo": citizen(i),
        "姓名": name,
        "addr": {"list": [{"street": '北"山\\'}]},
        "ts": 1480953600000 + i,
    } | more


def page(n: int | None, records: list[Any], total: Any, string: bool = False, code: str = "00", ascii: bool = False) -> dict[str, Any]:
    data = {"list": records, "total": total} | ({} if n is None else {"page": n})
    return {"code": code, "msg": "成功", "data": json.dumps(data, ensure_ascii=ascii) if string else data}


def text(value: Any, **more: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, **more).encode("gb18030")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


def warnings(path: Path, c=C) -> list[str]:
    judged = inspect(path, c)
    assert isinstance(judged, Inspection), judged
    return judged.warnings


PAGES = [page(1, [record(1), record(2, "𠮷乗")], 3), page(2, [record(3)], 3)]
STRINGS = [page(1, [record(1), record(2, "𠮷乗")], 3, True), page(2, [record(3)], 3, True, ascii=True)]
SHAPES = {
    "array": text(PAGES),
    "indented": text(PAGES, indent=2),
    "strings": text(STRINGS),
    "lines": b"\r\n".join(map(text, PAGES)),
    "one_behind_another": b"".join(map(text, PAGES)),
    "escaped": json.dumps(STRINGS).encode(),
    "twice_encoded": text([{**p, "data": json.dumps(json.dumps(p["data"], ensure_ascii=False))} for p in PAGES]),
    "utf8": json.dumps(STRINGS, ensure_ascii=False).encode(),
    "bom": b"\xef\xbb\xbf" + json.dumps(PAGES, ensure_ascii=False).encode() + b"\r\n",
    "sequence": b"".join(b"\x1e" + text(p) + b"\n" for p in PAGES),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_a_dump(file: Path, shape: str) -> None:
    file.write_bytes(SHAPES[shape])
    found = proven(file)
    assert [r["_cells"] for r in found] == [
        [str(12345678901234567890 + i), citizen(i), name, '北"山\\', str(1480953600000 + i)]
        for i, name in ((1, "王镕"), (2, "𠮷乗"), (3, "王镕"))
    ]
    assert [(r["_row"], r["_place"]) for r in found] == [(1, "第1页第1条"), (2, "第1页第2条"), (3, "第2页第1条")]
    assert all(r["_reason"] is None for r in found)
    inside = shape in ("strings", "escaped", "twice_encoded", "utf8")
    assert (found[0]["_offset"] is None) == inside
    if inside:
        assert json.loads(found[1]["_raw"].decode("utf-8")) == record(2, "𠮷乗")


def test_raw_of_an_encoded_string_is_the_text_inside(file: Path) -> None:
    file.write_bytes(b'{"code":"0","data":"{\\"list\\":[{\\"id\\": 1, \\"idNo\\":\\"\\\\u6768\\\\n\\"}],\\"total\\":1,\\"page\\":1}"}')
    assert proven(file)[0]["_raw"] == b'{"id": 1, "idNo":"\\u6768\\n"}'


def test_records_without_envelope(file: Path) -> None:
    for data in (
        text([record(i) for i in range(3)]),
        b"\n".join(text(record(i)) for i in range(3)),
        text(record(0)) + text(record(1)) + text(record(2)),
    ):
        file.write_bytes(data)
        assert [r["_cells"][1] for r in proven(file, LINES)] == [citizen(i) for i in range(3)]
    plain = agreed({"records": "data"})
    for data in ({"data": [record(1)]}, {"data": record(1)}, {"data": json.dumps([record(1)])}):
        file.write_bytes(text(data))
        assert len(proven(file, plain)) == 1
    for data in ({"data": None}, {"data": []}, {"data": ""}, {"data": "null"}, {"data": "[]"}):
        file.write_bytes(text(data))
        assert proven(file, plain) == []
        assert refused(file, agreed({"records": "data"}, mode="snapshot", scope=["no"], absence="ended")) == "empty_file"


def test_a_broken_line_costs_itself(file: Path) -> None:
    lines = [text(record(i)) for i in range(6)]
    lines[1], lines[3], lines[4] = lines[1][:-20], lines[3] + b'{"a":1}', b"[1,2]"
    file.write_bytes(b"\r\n".join(lines))
    found = proven(file, LINES)
    assert [r["_reason"] for r in found] == [None, "truncated", None, "column_count", "column_count", None]
    assert [r["_line"] for r in found] == [1, 2, 3, 4, 5, 6] and found[1]["_place"] == "第2行"


def test_numbers_keep_their_digits(file: Path) -> None:
    """3.30106e17 has lost digits whatever the rest looks like; 0.1 and 1e2 are what was written."""
    raw = (
        '[{"id":123456789012345678901234567890,"idNo":330106199001010007,"ts":1.0},'
        '{"id":0.10,"idNo":3.3010619900101E17,"ts":NaN},{"id":-0,"idNo":"x","ts":1e2}]'
    )
    file.write_bytes(raw.encode())
    found = proven(file, agreed(None, FIELDS))
    assert [(r["_cells"][0], r["_cells"][4]) for r in found] == [("123456789012345678901234567890", "1.0"), ("0.10", "NaN"), ("-0", "1e2")]
    assert [r["_reason"] for r in found] == [None, "bad_id_float", None]
    assert found[0]["_cells"][1] == "330106199001010007"


def test_values(file: Path) -> None:
    fields = {n: {"title": n, "type": "text"} for n in ("a", "b", "c", "d", "e", "f")} | {
        "g": {"title": "g", "type": "text", "path": "x.y"}
    }
    file.write_bytes(text([{"a": None, "b": "null", "c": True, "d": {"k": [1.50, "二", None]}, "e": "", "x": '{"y": 7}'}]))
    assert proven(file, agreed(None, fields))[0]["_cells"] == [None, "null", "true", '{"k":[1.5,"二",null]}', "", None, "7"]


def test_keys_twice_missing_and_unknown(file: Path) -> None:
    one = text(record(1)).decode("gb18030")
    twice = one.replace('"idNo"', '"idNo":"x","idNo"')
    same = one.replace('"ts"', f'"ts":{1480953600001},"ts"')
    nested = one.replace('"street"', '"street":"甲","street"')
    both = one.replace('"姓名"', '"xm":"李四","姓名"')
    file.write_bytes(f"[{one},{twice},{same},{both}]".encode("gb18030"))
    found = proven(file, LINES)
    assert [r["_reason"] for r in found] == [None, "column_count", None, "column_count"]
    file.write_bytes(f"[{nested}]".encode("gb18030"))
    assert len(proven(file, LINES)) == 1
    file.write_bytes(text([record(1), record(2, 新="x")]))
    assert refused(file, LINES) == "header_unknown"
    assert any("新（1 条）" in w for w in warnings(file, agreed(None, columns={"added": "warn"})))
    for key, reason in (("idNo", "header_unknown"), ("ts", None)):
        file.write_bytes(text([{k: v for k, v in record(1).items() if k != key}]))
        if reason:
            assert refused(file, LINES) == reason
        else:
            assert any("没有一条记录有：时间" in w for w in warnings(file, LINES))
            assert refused(file, agreed({"absent": "refuse"})) == "header_unknown"


def test_values_of_the_envelope(file: Path) -> None:
    c = agreed(API, {**FIELDS, "month": {"title": "月份", "type": "month", "path": "$.data.month"}})
    pages = [page(1, [record(1)], 2), page(2, [record(2)], 2)]
    for p, m in zip(pages, ("201611", "201612"), strict=True):
        p["data"]["month"] = m  # behind the records
    file.write_bytes(text(pages))
    assert [r["_cells"][5] for r in proven(file, c)] == ["201611", "201612"]


@pytest.mark.parametrize(
    ("pages", "reason", "word"),
    [
        ([page(1, [record(1)], 2), page(2, [record(2)], 3)], None, "总数从 2 变到 3"),
        ([page(1, [record(1)], 3), page(2, [record(2)], 4)], "control_total", "至少 3 条"),
        ([page(1, [record(1), record(2)], 3), page(2, [record(2), record(3)], 3)], None, "不止一页"),
        ([page(1, [record(1), record(2)], 4), page(2, [record(2), record(3)], 4)], None, "可能有遗漏"),
        ([page(1, [record(1), record(2)], 1)], "control_total", "写明 1 条"),
        ([page(1, [record(1)], 3), page(3, [record(2), record(3)], 3)], "control_total", "缺第 2 页"),
        ([page(2, [record(1)], 1)], "control_total", "缺第 1 页"),
        ([page(0, [record(1)], 2), page(1, [record(2)], 2)], None, ""),
        ([page(2, [record(1)], 2), page(1, [record(2)], 2)], None, ""),
        ([page(1, [record(1)], 2), page(1, [record(1)], 2)], "control_total", "重复取了"),
        ([page(1, [record(1)], 2), page(1, [record(1)], 2), page(2, [record(2)], 2)], None, "重复取了"),
        ([page(None, [record(1)], 1)], "control_total", "没有页码"),
        ([page(1, [record(1)], "很多")], "control_total", "总数"),
        ([page(1, [record(1)], "1")], None, ""),
        ([page(1, [record(1)], 2), page(2, [], 2, code="99")], "error_envelope", "返回码是 99：成功"),
        ([page(1, [record(1)], 1), {"error": "gateway timeout"}], "error_envelope", "没有返回码"),
        ([page(1, [record(1)], 1), {"code": "500", "msg": "忙", "data": "系统繁忙"}], "error_envelope", "忙"),
        ([{"code": "00", "data": "系统繁忙"}], "header_unknown", "文字"),
        ([{"code": "00", "data": {"rows": [record(1)], "total": 1, "page": 1}}], "header_unknown", "没有“data.list”"),
        ([{"code": 0, "data": {"list": [record(1)], "total": 1, "page": 1}}], None, ""),
    ],
)
@pytest.mark.parametrize("string", [False, True])
def test_pages(file: Path, pages: list[Any], reason: str | None, word: str, string: bool) -> None:
    if string:
        pages = [{**p, "data": json.dumps(p["data"], ensure_ascii=False)} if isinstance(p.get("data"), dict) else p for p in pages]
    file.write_bytes(text(pages))
    judged = inspect(file, C)
    if reason:
        assert isinstance(judged, Refusal) and judged.reason == reason and word in judged.detail
    else:
        assert isinstance(judged, Inspection), judged
        assert word in "；".join(judged.warnings) and (word or not judged.warnings)
        assert len(proven(file)) == sum(
            len(p["data"]["list"]) if isinstance(p["data"], dict) else len(json.loads(p["data"])["list"]) for p in pages
        )


def test_number_of_pages(file: Path) -> None:
    c = agreed({"records": "list", "pages": "pages"})
    file.write_bytes(text([{"pages": 3, "list": [record(1)]}, {"pages": 3, "list": []}]))
    assert refused(file, c) == "control_total"
    file.write_bytes(text([{"pages": 2, "list": [record(1)]}, {"pages": 2, "list": []}]))
    assert len(proven(file, c)) == 1


def test_encodings(file: Path) -> None:
    many = [record(i, "王诚乗镕") for i in range(5)]
    utf = json.dumps(many, ensure_ascii=False).encode()
    file.write_bytes(utf)
    assert any("UTF-8" in w for w in warnings(file, LINES))
    file.write_bytes(text(many))
    assert refused(file, agreed(None, encoding="utf-8")) == "wrong_encoding"
    assert refused(file, contract(FIELDS, "json", encoding=None)) == "wrong_encoding"
    file.write_bytes(json.dumps(many, ensure_ascii=False).encode("utf-16"))
    assert refused(file, LINES) == "wrong_encoding"
    file.write_bytes(
        text([record(i, "张三丰".encode().decode("gb18030", "replace"), note="钱塘江边".encode().decode("gb18030")) for i in range(5)])
    )
    assert refused(file, agreed(None, columns={"added": "warn"})) == "wrong_encoding"
    file.write_bytes(text([record(1), record(2, "坏人"), record(3)]).replace("坏".encode("gbk"), b"\xff"))
    found = proven(file, LINES)
    assert [r["_reason"] for r in found] == [None, "bad_encoding", None] and found[1]["_cells"][1] == citizen(2)


def test_half_a_character_is_no_crash(file: Path) -> None:
    for data in (
        json.dumps([record(1, "\ud83d"), record(2)]).encode(),
        json.dumps([page(1, [record(1, "\udc00x"), record(2)], 2, True, ascii=True)]).encode(),
    ):
        file.write_bytes(data)
        found = proven(file, C if b"list" in data and b"code" in data else LINES)
        assert [r["_reason"] for r in found] == ["bad_encoding", None]
        assert "\ufffd" in found[0]["_cells"][2]


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty_file"),
    "blank": (b"\xef\xbb\xbf \r\n\0", "empty_file"),
    "html": (b"<html><body>502 Bad Gateway</body></html>", "wrong_format"),
    "xml": (b'<?xml version="1.0"?><a/>', "wrong_format"),
    "csv": (b"a,b\r\n1,2\r\n", "wrong_format"),
    "gzip": (b"\x1f\x8b" + b"x" * 50, "wrong_format"),
    "cut": (text(PAGES)[:-5], "wrong_format"),
    "cut_in_string": (text(STRINGS)[:300], "wrong_format"),
    "comma": (text(PAGES)[:-1] + b",]", "wrong_format"),
    "single_quotes": (text(PAGES).replace(b'"code"', b"'code'"), "wrong_format"),
    "tail": (text(PAGES) + b" xyz", "wrong_format"),
    "inner": (text([{**STRINGS[0], "data": STRINGS[0]["data"][:-3]}]), "wrong_format"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "header_unknown"),
    "deep_below": (b'{"code":"00","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "wrong_format"),
    "swapped": (text([page(1, [record(i, citizen(i), idNo="张三丰") for i in range(5)], 5)]), "columns_swapped"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals(file: Path, name: str) -> None:
    data, reason = BAD[name]
    file.write_bytes(data)
    assert refused(file, C) in (reason, "wrong_format")


def test_a_cut_names_line_and_column(file: Path) -> None:
    file.write_bytes(text(PAGES, indent=1)[:-5])
    judged = inspect(file, C)
    assert isinstance(judged, Refusal) and "行第" in judged.detail and judged.reason == "wrong_format"


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_pieces_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for shape in SHAPES:
        file.write_bytes(SHAPES[shape])
        monkeypatch.undo()
        whole = proven(file)
        monkeypatch.setattr(jsontext, "PIECE", size)
        assert proven(file) == whole, shape


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.fixed_dictionaries({"id": VALUES, "姓名": st.text(st.sampled_from('李镕乗誠"\\{}[],:'), max_size=6)}), max_size=4),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["gb18030", "utf-8"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_what_another_writer_writes_comes_back(
    tmp_path: Path, pages: list[list[dict]], codec: str, string: bool, ascii: bool, indent: int | None
) -> None:
    fields = {"no": {"title": "编号", "type": "text", "path": "id"}, "name": {"title": "姓名", "type": "text"}}
    c = agreed({"records": "data.list"}, fields)
    path, sent = tmp_path / "p.json", [{"data": {"list": p}} for p in pages]
    if string:
        sent = [{"data": json.dumps(p["data"], ensure_ascii=ascii, indent=indent)} for p in sent]
    whole = json.dumps(sent, ensure_ascii=ascii, indent=indent)
    try:
        path.write_bytes(whole.encode(codec))
    except UnicodeEncodeError:
        path.write_bytes(json.dumps(sent).encode())
    judged = inspect(path, c)
    if isinstance(judged, Refusal):
        assert judged.reason == "wrong_encoding"  # a text of odd characters that happens to look garbled
        return
    found = proven(path, c)
    flat = [r for p in pages for r in p]
    assert len(found) == len(flat)
    for r, want in zip(found, flat, strict=True):
        if r["_reason"] == "bad_encoding":
            continue
        assert (r["_cells"][1] or "") == want["姓名"]
        got = r["_cells"][0]
        if isinstance(want["id"], float):
            assert repr(float(got)) == repr(want["id"])
        elif isinstance(want["id"], int) and not isinstance(want["id"], bool):
            assert int(got) == want["id"]
        elif isinstance(want["id"], (dict, list)):
            assert repr(json.loads(got)) == repr(want["id"])


def fuzz(path: Path, rounds: int, seed: int) -> int:
    """Mutated dumps: each is refused by a named reason, or reader and counter agree on every byte."""
    dice = random.Random(seed)
    free = agreed({"records": "data.list"}, columns={"added": "warn"})
    seeds = [(data, free) for data in SHAPES.values()] + [
        (b"\n".join(text(record(i)) for i in range(5)), agreed(None, columns={"added": "warn"}))
    ]
    marks = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\xff", b"\x81", b"\0", b"\n", b"null", b"\\u", b'{"data":{"list":[{}]}}']
    read = 0
    for _ in range(rounds):
        data, c = dice.choice(seeds)
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(data) + 1)
            kind = dice.randrange(4)
            if kind == 0:
                data = data[:at] + data[at + dice.randint(1, 5) :]
            elif kind == 1:
                data = data[:at] + dice.choice(marks) + data[at:]
            elif kind == 2:
                data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            else:
                end = at + dice.randint(1, 60)
                data = data[:end] + data[at:end] + data[end:]
        path.write_bytes(data)
        judged = inspect(path, c)
        if isinstance(judged, Refusal):
            assert judged.reason and judged.detail
            continue
        read += 1
        proven(path, c)
    return read


def test_mutations(file: Path) -> None:
    assert fuzz(file, 500, 1) > 100


@pytest.mark.soak
def test_many_mutations(file: Path) -> None:
    assert fuzz(file, 20_000, 2) > 4000


@pytest.mark.parametrize("fault", ["drop", "double", "alter"])
def test_the_counter_catches_a_dishonest_reader(file: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    file.write_bytes(text([page(1, [record(i) for i in range(9)], 9)]))
    honest = reader.Walk.run

    def dishonest(*given: Any):
        n = 0
        for found in honest(*given):
            n += isinstance(found, Item)
            if n == 4 and isinstance(found, Item):
                if fault == "drop":
                    continue
                if fault == "alter":
                    found.raw = found.raw.replace(b'"ts": 1', b'"ts": 2')
            yield found
            if n == 4 and fault == "double" and isinstance(found, Item):
                yield found

    proven(file)
    monkeypatch.setattr(reader.Walk, "run", dishonest)
    c = agreed({"records": "data.list"})
    counted, found = count(file, c), rows(file, c)
    assert (counted.records, counted.multiset) != (len(found), multiset(found))
