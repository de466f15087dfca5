"""Several XML documents in one file: all of them are read, each in its own encoding, or the file is refused with the place."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest
from reader_helpers import inspect, proven, refused, sliced
from test_reader_xml import MESSAGE, C, agreed, message, record

from xihu.bronze.count import count
from xihu.bronze.formats import xmlstream
from xihu.bronze.schema import Inspection, Refusal

OPEN = agreed(encoding=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.xml"


def ids(n: int, at: int) -> list[str]:
    return [record(i) for i in range(at, at + n)]


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\n<!-- next > -->\n", b"\0\0\n", b" \x1a"])
def test_every_document_is_read(file: Path, between: bytes) -> None:
    parts = [message(ids(2, 0)), message([], n=0), message(ids(3, 2), space="urn:b"), message(ids(1, 5)) + b"\n"]
    file.write_bytes(between.join(parts))
    found = proven(file, C)
    assert [r["_raw"] for r in found] == [record(i).encode("gb18030") for i in range(6)]
    assert [r["_place"][:3] for r in found] == ["第1份"] * 2 + ["第3份"] * 3 + ["第4份"]
    sliced(file, found)
    whole = file.read_bytes()
    assert [r["_line"] for r in found] == [whole.count(b"\n", 0, r["_offset"]) + 1 for r in found]
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("4 份" in w for w in judged.warnings)


def test_each_in_the_encoding_that_it_declares(file: Path) -> None:
    codecs = [("gb18030", "GB2312"), ("utf-8", "UTF-8"), ("gb18030", "GBK"), ("utf-8", "UTF-8")]
    names = ["张三镕", "李四喆", "王五㛃", "赵六"]
    file.write_bytes(b"\n".join(message([record(i, names[i], "文三")], codec, told) for i, (codec, told) in enumerate(codecs)))
    found = proven(file, OPEN)
    assert [r["_cells"][1] for r in found] == names
    assert [r["_reason"] for r in found] == [None] * 4
    # Where one encoding was agreed, UTF-8 is taken with a warning and another is refused.
    file.write_bytes(b"\n".join(message([record(i, names[i])], *codecs[i]) for i in range(3)))
    assert [r["_cells"][1] for r in proven(file, C)] == names[:3]
    file.write_bytes(message([record(0)], "utf-8", "UTF-8") + message(ids(3, 1), "gb18030", "UTF-8"))
    assert refused(file, agreed(encoding="utf-8")) == "wrong_encoding"


def test_what_a_document_states_holds_for_its_own_records(file: Path) -> None:
    later = message(ids(1, 1)).replace(b"201612", b"201701")
    file.write_bytes(message(ids(1, 0)) + later + later.replace("<月份>201701</月份>".encode("gbk"), b""))
    assert [r["_cells"][4] for r in proven(file, C)] == ["201612", "201701", None]


def test_counts_are_summed_and_a_difference_is_told(file: Path) -> None:
    file.write_bytes(message(ids(2, 0)) + message(ids(2, 2), n=3))
    assert refused(file, C) == "control_total"


@pytest.mark.parametrize("cut", [1, 8, 40, 200])
def test_a_truncated_last_document_refuses_the_file_with_the_place(file: Path, cut: int) -> None:
    whole = message(ids(2, 0)) + b"\n" + message(ids(2, 2))
    file.write_bytes(whole[:-cut])
    judged = inspect(file, C)
    assert isinstance(judged, Refusal) and judged.reason == "wrong_format"
    assert "第2份报文（文件第 7 行起）" in judged.detail
    lines = whole[:-cut].count(b"\n") + 1
    assert f"第 {lines} 行" in judged.detail


def test_a_truncated_document_before_others(file: Path) -> None:
    file.write_bytes(message(ids(2, 0))[:-12] + message(ids(2, 2)))
    assert refused(file, C) == "wrong_format"
    file.write_bytes(message(ids(1, 0)) + message(ids(2, 1))[:-12] + message(ids(2, 3)))
    judged = inspect(file, C)
    assert isinstance(judged, Refusal) and "第2份" in judged.detail


def test_nothing_between_the_documents_is_passed_over(file: Path) -> None:
    for odd in (b"text", b"<other/>", b"&amp;", b"]]>", "人员".encode("gbk")):
        file.write_bytes(message(ids(1, 0)) + odd + message(ids(1, 1)))
        assert refused(file, C) == "wrong_format"
        file.write_bytes(message(ids(1, 0)) + message(ids(1, 1)) + odd)
        assert refused(file, C) == "wrong_format"


def test_a_document_of_another_kind_is_not_passed_over(file: Path) -> None:
    other = message(ids(1, 0)).replace("人员".encode("gbk"), "成员".encode("gbk"))
    file.write_bytes(message(ids(1, 0)) + other)
    judged = inspect(file, agreed({"record": "人员"}))
    assert isinstance(judged, Refusal) and judged.reason == "header_unknown" and "第2份" in judged.detail
    file.write_bytes(message(ids(1, 0)) + b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>')
    assert refused(file, C) == "wrong_format"


def test_a_declaration_in_character_data_begins_no_document(file: Path) -> None:
    inner = f"<![CDATA[{message(ids(1, 9)).decode('gb18030')}]]>"
    outer = message([record(0).replace("北山", "").replace("<街道>", "<街道>" + inner), record(1)])
    file.write_bytes(outer)
    found = proven(file, C)
    assert len(found) == 2 and found[0]["_place"].startswith("/")
    file.write_bytes(message([record(3)]) + outer)
    assert len(proven(file, C)) == 3
    file.write_bytes(b"<!-- " + b'<?xml version="1.0"?>' + b" --><r>" + record(1).encode("gb18030") + b"</r>")
    assert len(proven(file, agreed({"record": "人员"}))) == 1


def test_documents_with_bodies(file: Path) -> None:
    c = agreed({**MESSAGE, "body": "b"})
    file.write_bytes(b"".join(b'<?xml version="1.0"?><e><b>' + base64.b64encode(message(ids(k, k))) + b"</b></e>" for k in (1, 2)))
    found = proven(file, c)
    assert len(found) == 3 and found[0]["_place"].startswith("第1份:/e/b!") and found[2]["_place"].startswith("第2份:/e/b!")


def test_a_record_a_document(file: Path) -> None:
    c = agreed({"record": "/人员"})
    file.write_bytes(b"\n".join(b'<?xml version="1.0" encoding="GBK"?>' + record(i).encode("gb18030") for i in range(500)))
    assert len(proven(file, c)) == 500
    empty = [b'<?xml version="1.0"?><a id="1"/>', b'<?xml version="1.0"?><a id="2" />'] * 3
    file.write_bytes(b"".join(empty))
    assert len(proven(file, agreed({"record": "/a"}, {"id": {"title": "id", "type": "text", "path": "@id"}}))) == 6


def test_without_a_declaration_of_its_own_none_is_guessed(file: Path) -> None:
    second = message(ids(1, 1)).partition(b"\n")[2]
    file.write_bytes(message(ids(1, 0)) + second)
    assert refused(file, C) == "wrong_format"


def test_pieces_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(message(ids(3, 0)) + b"\n" + message(ids(4, 3), "utf-8", "UTF-8") + message(ids(2, 7)))
    whole = proven(file, OPEN)
    assert len(whole) == 9
    for size in (1, 7, 64):
        monkeypatch.setattr(xmlstream, "PIECE", size)
        assert proven(file, OPEN) == whole


def test_mutations(file: Path) -> None:
    """Each mutated file is refused by a named reason, or reader and counter agree on every byte."""
    dice, read = random.Random(3), 0
    whole = b"\n".join(message(ids(2, 2 * k)) for k in range(3))
    marks = [
        b"<?xml ?>",
        b'<?xml version="1.0"?>',
        b"</",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"\xff",
        b"\0",
        "</消息>".encode("gbk"),
        b"?>",
    ]
    for _ in range(500):
        data = whole
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(data) + 1)
            end = at + dice.randint(1, 60)
            data = dice.choice([data[:at] + data[end:], data[:at] + dice.choice(marks) + data[at:], data[:end] + data[at:end] + data[end:]])
        file.write_bytes(data)
        judged = inspect(file, C)
        if isinstance(judged, Refusal):
            assert judged.reason and judged.detail
            continue
        read += 1
        proven(file, C)
    assert read > 8


def test_the_counter_counts_them_by_its_own_means(file: Path) -> None:
    file.write_bytes(b"".join(message(ids(2, 2 * k)) for k in range(4)))
    assert count(file, C).records == 8
