"""Rows of sums and lines for signatures in delimited text, as the layout names them, and the records that only look like them."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_helpers import citizen, contract, inspect, proven

from xihu.bronze.count import count
from xihu.bronze.formats import csv as reader
from xihu.bronze.formats import csvlines
from xihu.bronze.schema import Inspection

HEADER = "区县,姓名,身份证号,人数,金额"
FIELDS = {
    "district": {"title": "区县", "type": "text"},
    "name": {"title": "姓名", "type": "text"},
    "id_no": {"title": "身份证号", "type": "citizen_id"},
    "heads": {"title": "人数", "type": "integer"},
    "amount": {"title": "金额", "type": "money", "unit": "元"},
}
LAYOUT = {"totals": ["小计", "合计", "Total"], "footers": ["填表人", "审核人"]}
SUMS = [
    "合计,,,3,301.50",
    "　小 计　：,,,3,301.50",
    ",,合计,3,301.50",
    '2016,小计,,3,"1,301.50"',
    "ＴＯＴＡＬ,,,3,301.50",
    "填表人：甲,,审核人：乙,,",
    "审核人:乙",
    '"合\n计",,,3,301.50',
    "合计",
    "合计,,,3,301.50,,,多",
]
# Each holds a word, and is somebody's record.
RECORDS = [
    f"上城区,合计,{citizen(1)},1,100.50",
    "201612,合计,330106195201010013,1,100.50",
    "合计路,王镕,,1,100.50",
    "上城区,王镕,,1,合计",
    "上城区小计,王镕,,1,1",
    f"上城区,填表人：甲,{citizen(2)},1,1",
    "上城区,某合计算机公司,,1,1",
    "合,计,,1,1",
]


def numbered(n: int) -> list[str]:
    return [f"西湖区,赵镕,{citizen(i)},1,{i}.50" for i in range(n)]


def write(path: Path, body: list[str], encoding: str = "gb18030", end: str = "\r\n") -> Path:
    path.write_bytes((end.join([HEADER, *body]) + end).encode(encoding))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_only_sums_are_left_out(file: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, end: str) -> None:
    body = numbered(300)
    for i, line in enumerate([*SUMS, *RECORDS]):
        body.insert(i * 14 + 3, line)
    c = contract(FIELDS, layout=LAYOUT)
    write(file, body, encoding, end)
    whole = proven(file, c)
    told = [r["_raw"].decode(encoding.removesuffix("-sig")) for r in whole]
    assert told == [line for line in body if line not in SUMS]
    assert count(file, c).structural == 1 + len(SUMS)
    monkeypatch.setattr(csvlines, "BLOCK", 90)
    assert proven(file, c) == whole
    monkeypatch.setattr(reader, "fast_batch", lambda *a: None)
    assert proven(file, c) == whole


def test_the_fast_way_is_taken_beside_sums(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = []
    honest = reader.fast_batch
    monkeypatch.setattr(reader, "fast_batch", lambda *a: ways.append(honest(*a)) or ways[-1])
    body = [*numbered(200), "合计,,,3,301.50", *numbered(100), "填表人：甲"]
    assert len(proven(write(file, body), contract(FIELDS, layout=LAYOUT))) == 300
    assert ways and all(w is not None for w in ways)


def test_without_the_layout_every_row_is_a_record(file: Path) -> None:
    assert len(proven(write(file, [*numbered(3), SUMS[0]]), contract(FIELDS))) == 4


def test_a_line_in_another_encoding_is_a_record(file: Path) -> None:
    write(file, numbered(30))
    file.write_bytes(file.read_bytes() + "合计,,,3,301.50\r\n".encode())
    found = proven(file, contract(FIELDS, layout=LAYOUT))
    assert len(found) == 31 and found[-1]["_reason"] == "bad_encoding"


def test_a_header_of_ascii_alone(file: Path) -> None:
    fields = {name: {**spec, "title": name} for name, spec in FIELDS.items()}
    text = "\r\n".join([",".join(fields), *numbered(3), SUMS[0], ""])
    for encoding in ("gb18030", "utf-8"):
        file.write_bytes(text.encode(encoding))
        assert len(proven(file, contract(fields, layout=LAYOUT))) == 3


@pytest.mark.parametrize("delimiter", ["|", "|@|", "\t"])
def test_other_delimiters(file: Path, delimiter: str) -> None:
    lines = [HEADER, *numbered(5), "合计,,,3,301.50", "上城区,合计,,王,1"]
    file.write_bytes("\r\n".join(x.replace(",", delimiter) for x in lines).encode("gb18030"))
    assert len(proven(file, contract(FIELDS, layout=LAYOUT, delimiter=delimiter))) == 6


def test_a_snapshot_of_sums_alone_is_empty(file: Path) -> None:
    c = contract(FIELDS, layout=LAYOUT, mode="snapshot", scope=["district"], absence="ended")
    found = inspect(write(file, ["合计,,,0,0"]), c)
    assert not isinstance(found, Inspection) and found.reason == "empty_file"
