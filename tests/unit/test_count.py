"""The counter shares nothing with the readers and catches what they would lose, double or change."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from reader_helpers import citizen, contract, multiset, rows

import xihu.bronze.count
import xihu.bronze.countsheet
import xihu.bronze.countsums
from xihu.bronze.count import count
from xihu.bronze.formats import csv as reader
from xihu.bronze.formats import csvlines


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    body = [f"张三,{citizen(i)},{i},西湖区" for i in range(20)]
    path.write_bytes("\r\n".join(["姓名,身份证号,金额,地址", *body, '"王\r\n五",x,1,y']).encode("gb18030"))
    return path


@pytest.mark.parametrize("module", [xihu.bronze.count, xihu.bronze.countsheet, xihu.bronze.countsums])
def test_imports_nothing_of_the_readers(module) -> None:
    names = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    assert {n for n in names if n.startswith("xihu")} <= {
        "xihu.contract.models",
        "xihu.bronze.countsheet",
        "xihu.bronze.countsums",
        "xihu.bronze.counters",
    }


def balance(path: Path) -> bool:
    """What conservation compares."""
    found, counted = rows(path, contract()), count(path, contract())
    return (counted.records, counted.multiset) == (len(found), multiset(found))


def test_agrees_with_an_honest_reader(file: Path) -> None:
    assert balance(file)
    counted = count(file, contract())
    assert (counted.records, counted.structural) == (21, 1)


@pytest.mark.parametrize("fault", ["drop", "double", "alter", "exchange"])
def test_catches_a_dishonest_reader(file: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    honest = csvlines.records

    def dishonest(block):
        found = honest(block)
        if len(found) < 5:
            return found
        if fault == "drop":
            return found[:3] + found[4:]
        if fault == "double":
            return [*found[:4], *found[3:]]
        if fault == "alter":
            found[3].raw = found[3].raw.replace("张".encode("gb18030"), "章".encode("gb18030"))
        else:
            found[3].raw = found[4].raw
        return found

    monkeypatch.setattr(reader, "records", dishonest)
    assert not balance(file)


def test_catches_a_dishonest_fast_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(file.read_bytes().split(b'"')[0])
    assert balance(file)
    honest = reader.fast_batch
    monkeypatch.setattr(reader, "fast_batch", lambda *a: (b := honest(*a)) and b.slice(1))
    assert not balance(file)


def test_worked_case(tmp_path: Path) -> None:
    """Three records by hand: the digest is the sum of the first eight bytes of their SHA-256."""
    import hashlib

    path = tmp_path / "b.csv"
    path.write_bytes(b'a,b\n1,2\n\n3,4\r\n5,"6\n7"')
    c = contract({"a": {"title": "a", "type": "text"}, "b": {"title": "b", "type": "text"}})
    want = sum(int(hashlib.sha256(raw).hexdigest()[:16], 16) for raw in (b"1,2", b"3,4", b'5,"6\n7"')) % 2**64
    assert (counted := count(path, c)).multiset == str(want)
    assert (counted.records, counted.structural) == (3, 2)


def test_a_quote_that_never_closes_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_bytes(b'a,b\n1,"2\n3,4\n')
    with pytest.raises(ValueError, match="never closes"):
        count(path, contract({"a": {"title": "a", "type": "text"}, "b": {"title": "b", "type": "text"}}))
