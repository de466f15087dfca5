"""HJ 212 telegrams: lengths, checksums, factors, packets, and what broken ones become."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import contract, inspect, refused, rows, sliced, slow_crc
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats.hj212 import crc16
from xihu.bronze.schema import Inspection, Refusal

FIELDS: dict[str, Any] = {
    "mn": {"title": "设备编号", "titles": ["MN"], "type": "text", "required": True},
    "kind": {"title": "数据类别", "titles": ["CN"], "type": "text"},
    "at": {"title": "数据时间", "titles": ["DataTime"], "type": "datetime", "required": True},
    "factor": {"title": "因子", "type": "text", "required": True},
    "rtd": {"title": "实测值", "titles": ["Rtd"], "type": "number"},
    "avg": {"title": "平均值", "titles": ["Avg"], "type": "number"},
    "flag": {"title": "标记", "titles": ["Flag"], "type": "text"},
}
C = contract(FIELDS, "hj212", files="sy/*.txt", telegram={"explode": "factor"})
WHOLE = contract({**FIELDS, "cod": {"title": "COD", "titles": ["w01018-Rtd"], "type": "number"}}, "hj212", files="sy/*.txt")


def proven(path: Path, c=C) -> list[dict]:
    return sliced(path, prove(path, c))


def telegram(data: str | bytes, end: bytes = b"\r\n") -> bytes:
    raw = data.encode("gb18030") if isinstance(data, str) else data
    return b"##%04d" % len(raw) + raw + b"%04X" % slow_crc(raw) + end


def message(i: int = 0, cn: str = "2011", cp: str | None = None, more: str = "") -> str:
    body = f"DataTime=2016120508{i:02d}00;w01018-Rtd={i}.5,w01018-Flag=N;w21003-Rtd=1.2{i},w21003-Flag=D" if cp is None else cp
    return f"QN=20161205080{i:02d}000001;ST=32;CN={cn};PW=123456;MN=A330106{i:03d};Flag=5;{more}CP=&&{body}&&"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


def test_the_checksum_of_the_standard() -> None:
    """The example of HJ 212-2017, appendix A: its CRC is printed there as 1C80."""
    data = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert len(data) == 101 and crc16(data) == slow_crc(data) == 0x1C80
    for n in range(300):
        piece = random.Random(n).randbytes(n)
        assert crc16(piece) == slow_crc(piece)


def test_one_record_a_factor(file: Path) -> None:
    file.write_bytes(
        telegram(message(1)) + telegram(message(2, "2061", "DataTime=20161205090000;a21026-Avg=3.1,a21026-Min=1,a21026-Flag=N"))
    )
    found = proven(file)
    assert [r["_cells"] for r in found] == [
        ["A330106001", "2011", "20161205080100", "w01018", "1.5", None, "N"],
        ["A330106001", "2011", "20161205080100", "w21003", "1.21", None, "D"],
        ["A330106002", "2061", "20161205090000", "a21026", None, "3.1", "N"],
    ]
    assert [r["_raw"] for r in found][1] == b"w21003-Rtd=1.21,w21003-Flag=D"
    assert [r["_place"] for r in found] == ["第1条报文 w01018", "第1条报文 w21003", "第2条报文 a21026"]
    assert [r["_line"] for r in found] == [1, 1, 2]


def test_one_record_a_telegram(file: Path) -> None:
    file.write_bytes(telegram(message(1)) + telegram("QN=1;ST=91;CN=9014;MN=A;Flag=4;CP=&&&&"))
    found = proven(file, WHOLE)
    assert [r["_cells"][0] for r in found] == ["A330106001", "A"]
    assert found[0]["_cells"][-1] == "1.5" and found[0]["_raw"] + b"\r\n" == telegram(message(1))


def test_items_of_a_factor_parted_by_semicolons(file: Path) -> None:
    """HJ/T 212-2005, and codes of its appendix."""
    file.write_bytes(telegram(message(1, cp="DataTime=20161205080000;B01-Rtd=1;B01-Flag=N;011-Rtd=2,011-Flag=T;011-Rtd=3")))
    assert [r["_cells"][3:5] + r["_cells"][6:] for r in proven(file)] == [["B01", "1", "N"], ["011", "2", "T"], ["011", "3", None]]


def test_flag_of_the_header_is_not_the_factors(file: Path) -> None:
    fields = {**FIELDS, "rtd": {"title": "实测值", "titles": ["Rtd"], "type": "number"}}
    file.write_bytes(telegram(message(1, cp="DataTime=20161205080000;w01018-Rtd=1")))
    assert proven(file, contract(fields, "hj212", files="sy/*.txt", telegram={"explode": "factor"}))[0]["_cells"][6] is None


def test_telegrams_without_values(file: Path) -> None:
    file.write_bytes(telegram(message(1)) + telegram("QN=1;ST=91;CN=9014;MN=A;Flag=4;CP=&&&&") + telegram(message(2, cp="")))
    found = proven(file)
    assert [r["_cells"][3] for r in found] == ["w01018", "w21003", None]
    assert count(file, C).structural == 1


def test_packets(file: Path) -> None:
    parts = ["DataTime=20161205080000;w01018-Rtd=1", "w21003-Rtd=2,w21003-Flag=M", "a34013-Rtd=3"]
    raw = [telegram(message(1, cp=p, more=f"PNUM=3;PNO={i};")) for i, p in enumerate(parts, 1)]
    file.write_bytes(b"".join(raw) + telegram(message(2, cp="w01018-Rtd=4", more="PNUM=2;PNO=2;")))
    found = proven(file)
    assert [(r["_cells"][3], r["_cells"][2]) for r in found] == [
        ("w01018", "20161205080000"),
        ("w21003", "20161205080000"),
        ("a34013", "20161205080000"),
        ("w01018", None),
    ]


def test_broken_telegrams_come_out_once(file: Path) -> None:
    good = telegram(message(1))
    wrong_length = b"##0999" + good[6:]
    wrong_crc = good[:-6] + b"0000\r\n"
    changed = good.replace(b"w01018-Rtd=1.5", b"w01018-Rtd=9.5")
    cut = good[:-40] + b"\r\n"
    barely = good[:-4] + b"\r\n"
    lost = good.replace(b"Rtd=1.5", b"Rtd=15")
    broken = [wrong_length, wrong_crc, changed, cut, barely, lost]
    file.write_bytes(good + b"".join(broken) + good)
    found = proven(file)
    assert [r["_reason"] for r in found] == [
        None,
        None,
        "bad_length",
        "bad_crc",
        "bad_crc",
        "truncated",
        "truncated",
        "bad_length",
        None,
        None,
    ]
    assert [r["_raw"] + b"\r\n" for r in found[2:-2]] == broken
    assert "校验码也不符" in found[7]["_detail"] and "应为" in found[3]["_detail"]


def test_two_on_a_line_and_junk_between(file: Path) -> None:
    one, two = telegram(message(1), b""), telegram(message(2), b"")
    torn = message(3).encode()[50:] + b"ABCD"
    file.write_bytes(b"boot\r\n" + one + two + b"\r\n\r\n" + one + b" noise\r\n" + torn + b"\r\n" + two)
    found = proven(file)
    assert [r["_reason"] for r in found] == ["bad_length", None, None, None, None, None, None, "bad_length", "truncated", None, None]
    assert [r["_raw"] for r in found if r["_reason"]] == [b"boot", b"noise", torn]
    assert [r["_line"] for r in found] == [1, 2, 2, 2, 2, 4, 4, 4, 5, 6, 6]


def test_times_of_a_logger_are_no_records(file: Path) -> None:
    bad = telegram(message(4)).replace(b"ST=32", b"ST=33")
    parts = [telegram(message(1)), bad, telegram(message(2)), b"connection reset\r\n"]
    file.write_bytes(b"".join(b"2016-12-05 08:0%d:00.123 [RX] " % i + p for i, p in enumerate(parts)) + telegram(message(3)))
    found = proven(file)
    assert [r["_reason"] for r in found] == [None, None, "bad_crc", None, None, None, None]
    assert found[2]["_raw"] + b"\r\n" == bad
    assert count(file, C).structural == 4


def test_bytes_that_are_no_text(file: Path) -> None:
    file.write_bytes(telegram(message(1)) + telegram(message(2).encode() + b"\xff\xff"))
    assert [r["_reason"] for r in proven(file)] == [None, None, "bad_encoding"]


def test_refusals(file: Path) -> None:
    for data, reason in (
        (b"", "empty_file"),
        (b"\r\n \x1a", "empty_file"),
        (b"<html></html>", "wrong_format"),
        (b"a,b\r\n1,2\r\n", "wrong_format"),
        (telegram(message(1)).decode().encode("utf-16"), "wrong_encoding"),
        (b"x" * (3 << 20), "wrong_format"),
        (telegram(message(1)) + b"noise\r\n" * (400 << 10), "wrong_format"),
    ):
        file.write_bytes(data)
        assert refused(file, C) == reason


def test_blocks_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import hj212

    data = b"".join(telegram(message(i), [b"\r\n", b"\n", b"", b" x\r\n"][i % 4]) for i in range(20))
    file.write_bytes(b"#\r\n" + data + b"##00")
    whole = proven(file)
    for size in (1, 3, 50, 997):
        monkeypatch.setattr(hj212, "_BLOCK", size)
        assert proven(file) == whole


CODE = st.sampled_from(["w01018", "w21003", "a34013", "a21026", "011", "B01"])
ITEMS = st.lists(
    st.tuples(CODE, st.decimals(0, 999, places=2), st.sampled_from("NFDMTBC")), min_size=1, max_size=5, unique_by=lambda t: t[0]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ITEMS, min_size=1, max_size=6), st.sampled_from([b"\r\n", b"\n", b""]))
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list, end: bytes) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes(
        b"".join(
            telegram(message(i, cp=f"DataTime=20161205{i:02d}0000;" + ";".join(f"{c}-Rtd={v},{c}-Flag={f}" for c, v, f in items)), end)
            for i, items in enumerate(table)
        )
    )
    found = proven(path)
    assert [(r["_cells"][2], r["_cells"][3], r["_cells"][4], r["_cells"][6]) for r in found] == [
        (f"20161205{i:02d}0000", c, str(v), f) for i, items in enumerate(table) for c, v, f in items
    ]


def _agree(path: Path, data: bytes, c=C) -> None:
    path.write_bytes(data)
    judged = inspect(path, c)
    if isinstance(judged, Refusal):
        assert judged.detail
        return
    proven(path, c)


def _mutated(seed: int) -> bytes:
    rng = random.Random(seed)
    data = b"".join(telegram(message(i), rng.choice([b"\r\n", b"", b"\n"])) for i in range(rng.randint(1, 5)))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        piece = rng.choice(
            [b"##", b"##0012", b"&&", b";", b",", b"-", b"=", b"\r\n", b"\xff", b"", b" ", b"CP=&&", b"9", b"\r\n2016-12-05 08:00:00 "]
        )
        data = data[:at] + piece + data[at + rng.choice([0, 1, 1, 2, 30]) :]
    return data


def _repaired(data: bytes) -> bytes:
    """The same with lengths and checksums made right again: odd contents in whole telegrams."""
    return b"".join(telegram(part[6:-6]) for part in data.split(b"##")[1:] if len(part) > 12)


def test_mutations_always_have_an_outcome(file: Path) -> None:
    for seed in range(600):
        _agree(file, _mutated(seed), C if seed % 3 else WHOLE)
        _agree(file, _repaired(_mutated(seed)))


@pytest.mark.soak
def test_many_mutations_always_have_an_outcome(file: Path) -> None:
    for seed in range(600, 12_000):
        _agree(file, _mutated(seed), C if seed % 3 else WHOLE)
        _agree(file, _repaired(_mutated(seed)))


def test_an_inspection_says_what_is_odd(file: Path) -> None:
    file.write_bytes(telegram(message(1)) + b"##0100cut\r\n")
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("1 条报文残缺" in w for w in judged.warnings)


def test_a_reader_that_drops_a_record_is_found_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import hj212

    file.write_bytes(b"".join(telegram(message(i)) for i in range(5)))
    honest = hj212.telegrams
    monkeypatch.setattr(hj212, "telegrams", lambda *a: (t for i, t in enumerate(honest(*a)) if i != 2))
    assert len(rows(file, C)) != count(file, C).records
