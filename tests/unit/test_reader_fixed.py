"""Fixed width in bytes: slices, control totals, and what broken records become."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, refused
from reader_helpers import proven as prove

from xihu.bronze.schema import Inspection

LENGTH = 1 + 18 + 20 + 12 + 10
FIELDS = {
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True, "start": 2, "width": 18},
    "name": {"title": "姓名", "type": "person_name", "start": 20, "width": 20},
    "amount": {"title": "金额", "type": "money", "unit": "分", "start": 40, "width": 12},
    "street": {"title": "街道", "type": "text", "start": 52, "width": 10},
}
RECORD = {
    "header": "H",
    "detail": "D",
    "trailer": "T",
    "length": LENGTH,
    "trailer_count": {"start": 2, "width": 8},
    "trailer_total": {"start": 10, "width": 16, "field": "amount", "scale": 2},
}
C = contract(FIELDS, "fixed", encoding="gbk", record=RECORD)


def proven(path: Path, c=C) -> list[dict]:
    return prove(path, c)


def signed(amount: int, width: int) -> bytes:
    return (f"{abs(amount):0{width}d}" if amount >= 0 else f"{-amount:0{width - 1}d}-").encode()


def detail(i: int, name: str = "张三镕", amount: int = 12345, street: str = "北山", pad: str = " ") -> bytes:
    text = name.encode("gb18030")
    filler = pad.encode("gb18030")
    text += filler * ((20 - len(text)) // len(filler))
    return b"D" + citizen(i).encode() + text.ljust(20) + signed(amount, 12) + street.encode("gb18030").ljust(10)


def batch(details: list[bytes], end: bytes = b"\r\n", n: int | None = None, total: int | None = None, tail: bytes = b"") -> bytes:
    amounts = [-int(d[39:50]) if d[50:51] == b"-" else int(d[39:51]) for d in details] if total is None else []
    t = b"T" + f"{len(details) if n is None else n:08d}".encode() + signed(sum(amounts) if total is None else total, 16)
    head = b"H20161205" + "杭州银行".encode("gbk")
    if not end:
        head, t = head.ljust(LENGTH), t.ljust(LENGTH)
    return end.join([head, *details, t, tail])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b""])
def test_slices_padding_and_sign(file: Path, end: bytes) -> None:
    file.write_bytes(batch([detail(1), detail(2, "李四", -250, "翠苑一区", "\u3000"), detail(3, "", 0, "")], end))
    found = proven(file)
    assert [r["_cells"] for r in found] == [
        [citizen(1), "张三镕", "000000012345", "北山"],
        [citizen(2), "李四", "-00000000250", "翠苑一区"],
        [citizen(3), "", "000000000000", ""],
    ]
    assert [r["_line"] for r in found] == [2, 3, 4]
    data = file.read_bytes()
    for r in found:
        assert data[r["_offset"] : r["_offset"] + LENGTH] == r["_raw"]


def test_four_byte_characters(file: Path) -> None:
    file.write_bytes(batch([detail(1, "㐀𠮷")]))
    assert proven(file)[0]["_cells"][1] == "㐀𠮷"


def test_broken_records_stay_visible(file: Path) -> None:
    """Amounts in every whole record add up; those of broken ones cannot be read, so the total is a warning, not a refusal."""
    cut = detail(4, "张三丰收成")
    cut = cut[:28] + cut[29:38] + b"  " + cut[39:]  # the name cut in the middle of a character, the length kept
    details = [detail(1), detail(2)[:-3], detail(3) + b"xx", cut, b"X" + detail(5)[1:], detail(6)]
    assert len(cut) == LENGTH
    file.write_bytes(batch(details, total=12345 * 6))
    found = proven(file)
    assert [r["_reason"] for r in found] == [None, "truncated", "bad_length", "bad_encoding", "bad_length", None]
    assert found[3]["_field"] == "name"
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("金额无法读取" in w for w in judged.warnings)


@pytest.mark.parametrize("tail", [b"", b"\x1a", b"\r\n \r\n"])
def test_ends_of_old_systems(file: Path, tail: bytes) -> None:
    file.write_bytes(batch([detail(1), detail(2)], tail=tail))
    assert len(proven(file)) == 2


def test_control_totals(file: Path) -> None:
    good = [detail(1), detail(2, amount=-100)]
    for data in (
        batch(good, n=3),
        batch(good, total=12245 + 1),
        batch(good).replace(b"\r\nT", b"\r\nX"),
        b"\r\n".join(batch(good).split(b"\r\n")[:-2]),
        batch(good, tail=detail(3)),
        batch(good, tail=batch(good)),
        batch([good[0]], n=2, total=12245),
    ):
        file.write_bytes(data)
        assert refused(file, C) == "control_total"
    file.write_bytes(batch(good, total=12245))
    assert len(proven(file)) == 2


def test_refusals(file: Path) -> None:
    file.write_bytes(b"")
    assert refused(file, C) == "empty_file"
    file.write_bytes(b"\r\n".join(batch([detail(1)]).split(b"\r\n")[1:]))
    assert refused(file, C) == "header_missing"
    file.write_bytes("姓名,身份证号\r\n张三,330106\r\n".encode("gbk"))
    assert refused(file, C) == "wrong_format"
    file.write_bytes(b"<html><body>x</body></html>")
    assert refused(file, C) == "wrong_format"
    utf8 = batch([detail(i) for i in range(5)]).decode("gb18030").encode()
    file.write_bytes(utf8)
    assert refused(file, C) in ("wrong_encoding", "control_total")
    file.write_bytes(b"\xef\xbb\xbf" + utf8)
    assert refused(file, C) == "wrong_encoding"


def test_pieces_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import fixed

    for end in (b"\r\n", b"\r", b""):
        file.write_bytes(batch([detail(i) for i in range(30)], end))
        whole = proven(file)
        for size in (1, 5, 62, 1000):
            monkeypatch.setattr(fixed, "PIECE", size)
            assert proven(file) == whole
        monkeypatch.undo()


CHARS = st.text(st.sampled_from("赵钱孙李镕喆㛃𠮷·ABc-"), max_size=5).filter(lambda s: len(s.encode("gb18030")) <= 20)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(CHARS, st.integers(-(10**10), 10**10), CHARS.filter(lambda s: len(s.encode("gb18030")) <= 10)), min_size=1, max_size=8
    )
)
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list[tuple[str, int, str]]) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes(batch([detail(i, name, amount, street) for i, (name, amount, street) in enumerate(table)]))
    found = proven(path)
    assert [(r["_cells"][1], int(r["_cells"][2]), r["_cells"][3]) for r in found] == table


def test_a_lost_byte_anywhere_is_never_silent(file: Path) -> None:
    """Every byte of a batch deleted in turn: the file is refused, or exactly the record that was hit is marked."""
    data = batch([detail(1), detail(2, "李四"), detail(3, "王五")])
    file.write_bytes(data)
    originals = {r["_raw"] for r in proven(file)}
    for at in range(len(data)):
        file.write_bytes(data[:at] + data[at + 1 :])
        judged = inspect(file, C)
        if not isinstance(judged, Inspection):
            continue
        found = proven(file)
        assert len(found) == 3, at
        assert all((r["_raw"] in originals) == (r["_reason"] is None) for r in found), at
        assert sum(r["_reason"] is not None for r in found) <= 1
