"""Drafts from XML messages, JSON dumps and old sheets load as they stand and read the file they came from."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import yaml
from reader_helpers import citizen, rows
from test_reader_xls import person, report

from xihu.contract.draft import draft
from xihu.contract.guess import Unreadable
from xihu.contract.models import Contract


def loaded(path: Path) -> Contract:
    return Contract.model_validate(yaml.safe_load(draft(path))).placed("dept", "x")


def people(n: int) -> str:
    return "".join(
        f'<p:人员 xmlns:p="urn:x" id="{citizen(i)}"><p:姓名>王镕{"一二三四五"[i % 5]}</p:姓名><p:地址><p:街道>北山{i}</p:街道></p:地址>'
        f"<p:金额>{i}.50</p:金额><p:日期>2016-12-{i + 1:02d}</p:日期></p:人员>"
        for i in range(n)
    )


@pytest.mark.parametrize("body", [False, True])
def test_xml(tmp_path: Path, body: bool) -> None:
    inner = f'<?xml version="1.0" encoding="GB2312"?><消息><头><笔数>9</笔数></头><体>{people(9)}</体></消息>'.encode("gb18030")
    path = tmp_path / "报文_20161205.xml"
    path.write_bytes(b"<a><no>1</no><b>" + base64.b64encode(inner) + b"</b></a>" if body else inner)
    c = loaded(path)
    assert (
        c.delivery.format == "xml"
        and c.delivery.message
        and (c.delivery.message.record, c.delivery.message.body) == ("人员", "b" if body else None)
    )
    types = [f.type for f in c.fields.values()]
    assert types[:3] + types[4:] == ["citizen_id", "person_name", "text", "date"] and types[3] in ("number", "money")
    found = rows(path, c)
    assert len(found) == 9 and found[3]["_cells"] == [citizen(3), "王镕四", "北山3", "3.50", "2016-12-04"]


@pytest.mark.parametrize("string", [False, True])
def test_json(tmp_path: Path, string: bool) -> None:
    records = [{"idNo": citizen(i), "addr": {"street": f"北山{i}"}, "amount": i + 0.5} for i in range(6)]
    data = {"list": records, "total": 6, "pageNum": 1}
    path = tmp_path / "接口_1.json"
    path.write_bytes(
        json.dumps({"code": "00", "data": json.dumps(data, ensure_ascii=False) if string else data}, ensure_ascii=False).encode("gbk")
    )
    c = loaded(path)
    api = c.delivery.api
    assert api and (api.records, api.code, api.total, api.page) == ("data.list", "code", "data.total", "data.pageNum")
    assert c.delivery.encoding == "gb18030" and [f.path for f in c.fields.values()] == [None, "addr.street", None]
    assert [r["_cells"] for r in rows(path, c)][5] == [citizen(5), "北山5", "5.5"]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "流水_1.json"
    path.write_text("\n".join(json.dumps({"idNo": citizen(i), "n": i}) for i in range(5)), "utf-8")
    c = loaded(path)
    assert c.delivery.api is None and len(rows(path, c)) == 5


def test_xls(tmp_path: Path) -> None:
    path = report(tmp_path / "低保_201612.xls", {"西湖区": [person(i) for i in range(1, 6)], "上城区": [person(9)]})
    c = loaded(path)
    assert c.delivery.format == "xls" and c.delivery.layout and c.delivery.layout.header_rows == 2
    assert len(rows(path, c)) == 6


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a><a/>',
        b"<a>",
        b"<a/>",
        b"{",
        b"[1,2]",
        b'{"a":',
        b"[" * 99999,
    ],
)
def test_nothing_to_draft_from(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(data)
    with pytest.raises(Unreadable):
        draft(path)
