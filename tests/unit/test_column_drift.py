"""Columns added, dropped, renamed, reordered, retyped: each has the outcome that the contract names, in every format that has columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from reader_helpers import PEOPLE, contract, inspect

from xihu.bronze import bulk
from xihu.bronze.schema import Inspection, Refusal
from xihu.bronze.sources import XihuReader
from xihu.contract.models import Contract
from xihu.sample.forms import messages, sheets, tables, texts

ID = "33010619500101001X"
ROWS = [["甲", ID, "1.00", "文三路1号"], ["乙", ID, "2.00", ""]]
TITLES = ["姓名", "身份证号", "金额", "地址"]


def written(format: str, titles: list[str], rows: list[list[str]]) -> bytes:
    """The same table in each format."""
    if format == "csv":
        return texts.csv(titles, rows)
    if format == "delimited":
        return texts.dump([titles, *rows], "|")
    if format in ("xlsx", "xls"):
        return getattr(sheets, format)([sheets.Sheet("表", titles, rows)])
    if format == "dbf":
        from datetime import date

        return tables.dbf([(t, "C", 30, 0) for t in titles], rows, date(2016, 12, 5))
    records = [dict(zip(titles, row, strict=True)) for row in rows]
    if format == "json":
        return json.dumps(records, ensure_ascii=False).encode()
    return messages.xml("<批>" + messages.elements("人", records) + "</批>")


MORE: dict[str, dict[str, Any]] = {
    "delimited": {"delimiter": "|"},
    "xml": {"message": {"record": "人"}},
    "json": {"encoding": "utf-8"},
    "xlsx": {"layout": {"header_rows": 1}},
    "xls": {"encoding": None, "layout": {"header_rows": 1}},
}
FORMATS = ["csv", "delimited", "xlsx", "xls", "dbf", "json", "xml"]


def agreed(format: str, fields: dict[str, Any] | None = None, absent: str | None = None, **columns: str) -> Contract:
    more = {**MORE.get(format, {}), "columns": columns}
    if absent:
        more |= {"api": {"absent": absent}} if format == "json" else {"message": {"record": "人", "absent": absent}}
    return contract(fields, format, **more)


def judged(tmp_path: Path, c: Contract, content: bytes) -> Inspection | Refusal:
    path = tmp_path / f"a.{c.delivery.format}"
    path.write_bytes(content)
    return inspect(path, c)


def read(tmp_path: Path, c: Contract, found: Inspection, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Rows as the data source gives them to Spark."""
    monkeypatch.setattr("xihu.bronze.sources._contracts", lambda conf: {"sy__shiyan": c})
    path = tmp_path / f"a.{c.delivery.format}"
    file = {"path": str(path), "file": "a", "delivery_id": "d", "resource": "sy__shiyan", "inspection": found.to_json()}
    reader = XihuReader({"files": json.dumps([file]), "conf": ""})
    rows = [row for p in reader.partitions() for batch in reader.read(p) for row in batch.to_pylist()]
    # Large files go another way; it must say the same.
    parts = [bulk.Stretch(path, found, i, "a", "d", datetime(2016, 12, 5, tzinfo=UTC), 1) for i in range(len(reader.partitions()))]
    large = [row for batch in bulk._records(parts, c, 1) for row in batch.to_pylist()]
    assert [{k: r[k] for k in rows[0]} for r in large] == rows
    return rows


@pytest.mark.parametrize("format", FORMATS)
def test_added(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(format, [*TITLES, "备注"], [[*r, "新"] for r in ROWS])
    refusal = judged(tmp_path, agreed(format), content)
    assert isinstance(refusal, Refusal) and refusal.reason == "header_unknown" and "备注" in refusal.detail
    told = judged(tmp_path, agreed(format, added="warn"), content)
    assert isinstance(told, Inspection) and not told.held and any("备注" in w for w in told.warnings)
    c = agreed(format, added="quarantine")
    held = judged(tmp_path, c, content)
    assert isinstance(held, Inspection) and any("备注" in w for w in held.warnings)
    rows = read(tmp_path, c, held, monkeypatch)
    assert [(r["_reason"], "备注" in r["_detail"]) for r in rows] == [("column_count", True)] * 2
    assert [r["_cells"] for r in rows] == [r["_cells"] for r in read(tmp_path, c, told, monkeypatch)]


@pytest.mark.parametrize("format", FORMATS)
def test_dropped(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(format, TITLES[:3], [r[:3] for r in ROWS])
    by_name = format in ("json", "xml")

    def policy(word: str) -> Contract:
        return agreed(format, absent={"warn": "accept"}.get(word, word)) if by_name else agreed(format, dropped=word)

    refusal = judged(tmp_path, policy("refuse"), content)
    assert isinstance(refusal, Refusal) and refusal.reason == "header_unknown" and "地址" in refusal.detail
    told = judged(tmp_path, policy("warn"), content)
    assert isinstance(told, Inspection) and not told.held and any("地址" in w for w in told.warnings)
    held = judged(tmp_path, policy("quarantine"), content)
    assert isinstance(held, Inspection)
    rows = read(tmp_path, policy("quarantine"), held, monkeypatch)
    assert [(r["_reason"], r["_field"]) for r in rows] == [("missing_key", "address")] * 2
    # A required column is never optional, whatever the policy says.
    refusal = judged(tmp_path, policy("warn"), written(format, ["姓名", "金额", "地址"], [[a, b, c] for a, _, b, c in ROWS]))
    assert isinstance(refusal, Refusal) and refusal.reason == "header_unknown"


@pytest.mark.parametrize("format", [f for f in FORMATS if f not in ("json", "xml")])
def test_renamed(format: str, tmp_path: Path) -> None:
    former = written(format, ["户主姓名", *TITLES[1:]], ROWS)
    plain = judged(tmp_path, agreed(format), former)
    assert isinstance(plain, Inspection) and not any("户主姓名" in w for w in plain.warnings)
    told = judged(tmp_path, agreed(format, renamed="warn"), former)
    assert isinstance(told, Inspection) and any("户主姓名" in w for w in told.warnings)
    assert isinstance(judged(tmp_path, agreed(format, renamed="refuse"), former), Refusal)
    # A title that nobody listed is not guessed to be another: it is told, and the file goes back.
    new = judged(tmp_path, agreed(format), written(format, ["姓名", "身份证号", "金额", "现住地址"], ROWS))
    assert isinstance(new, Refusal) and "address.titles" in new.cure


@pytest.mark.parametrize("format", [f for f in FORMATS if f not in ("json", "xml")])
def test_reordered(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = written(format, TITLES[::-1], [r[::-1] for r in ROWS])
    c = agreed(format)
    plain = judged(tmp_path, c, content)
    assert isinstance(plain, Inspection)
    assert [(r["_cells"][0], r["_cells"][1]) for r in read(tmp_path, c, plain, monkeypatch)] == [("甲", ID), ("乙", ID)]
    assert isinstance(judged(tmp_path, agreed(format, reordered="refuse"), content), Refusal)
    told = judged(tmp_path, agreed(format, reordered="warn"), content)
    assert isinstance(told, Inspection) and any("次序" in w for w in told.warnings)


@pytest.mark.parametrize("format", FORMATS)
def test_retyped(format: str, tmp_path: Path) -> None:
    content = written(format, TITLES, [["甲", ID, "高档", "一号"]] * 12)
    told = judged(tmp_path, agreed(format), content)
    assert isinstance(told, Inspection) and any("金额（money）" in w for w in told.warnings)
    refusal = judged(tmp_path, agreed(format, retyped="refuse"), content)
    assert isinstance(refusal, Refusal) and "金额" in refusal.detail
    # A few odd values are faults of their records alone.
    few = judged(tmp_path, agreed(format, retyped="refuse"), written(format, TITLES, [["甲", ID, "高档", "一号"]] * 9 + ROWS * 4))
    assert isinstance(few, Inspection) and not any("类型不符" in w for w in few.warnings)


def test_policies_change_the_version_of_a_contract() -> None:
    assert agreed("csv").version != agreed("csv", added="quarantine").version
    assert agreed("csv").version == agreed("csv", renamed="accept").version
    assert PEOPLE["address"]["type"] == "text"
