"""Contracts of messages, dumps and old sheets: examples that load, and faults named with a cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xihu.contract.load import check_catalogue, load_catalogue
from xihu.contract.paths import JsonPath, parse_json_path, parse_xml_path
from xihu.settings import ROOT

HEAD = """\
code: 306013/00{n}
title: {title}
provider: {{name: 试验局}}
summary: 试验
grain: 一条一行
share: {{type: unconditional}}
open: {{type: closed}}
update: daily
"""
XML = """\
delivery:
  files: "wj/健康档案_*.xml"
  format: xml
  encoding: gb18030
  message: {record: 档案/人员, body: 信封/报文体, count: /信封/头/@笔数, total: {path: 合计, field: amount}}
  mode: append
key: [doc_no]
fields:
  doc_no: {title: 文档编号, type: text, required: true, path: "@id"}
  sender: {title: 发送方, type: text, path: /信封/头/发送方}
  weight: {title: 体重, type: number, path: "//observation[code/@code='DE04.10.188.00']/value/@value"}
  amount: {title: 金额, type: money, unit: 元}
"""
JSON = """\
delivery:
  files: "sj/市场主体_*.json"
  format: json
  encoding: utf-8
  api: {records: data.list, code: code, ok: ["00"], message: msg, total: data.total, page: data.page}
  mode: append
key: [uscc]
fields:
  uscc: {title: 统一社会信用代码, type: uscc, required: true, path: uniscid}
  at: {title: 更新时间, type: datetime, path: meta.ts, forms: [epoch_ms]}
  month: {title: 月份, type: month, path: $.data.month}
"""
ACCOUNTS = """\
delivery:
  files: "cz/账_*.xml"
  format: accounting
  shared: true
  message: {record: 会计科目}
  mode: append
key: [account]
fields:
  account: {title: 科目编号, type: text, required: true}
"""
VOUCHERS = (
    ACCOUNTS.replace("会计科目", "记账凭证").replace("key: [account]", "key: [account, no]").rstrip("\n")
    + """
  no: {title: 记账凭证编号, type: text, required: true}
  debit: {title: 借方本币金额, type: money, unit: 元}
  credit: {title: 贷方本币金额, type: money, unit: 元}
checks:
  balanced:
    sql: "sum(debit) over (partition by _file, no) = sum(credit) over (partition by _file, no)"
    severity: error
    message: 凭证借贷不平
"""
)
XLS = """\
delivery:
  files: "mz/特困_*.xls"
  format: xls
  layout: {title_rows: 2, header_rows: 2, totals: [小计], footers: [填表人]}
  mode: append
fields:
  name: {title: 姓名, type: person_name}
"""
EXAMPLES = {
    "wj/records.yaml": XML,
    "sj/entities.yaml": JSON,
    "cz/accounts.yaml": ACCOUNTS,
    "cz/vouchers.yaml": VOUCHERS,
    "mz/destitute.yaml": XLS,
}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for folder in ("codes", "facts"):
        shutil.copytree(ROOT / "conf" / folder, tmp_path / folder)
    for n, (place, body) in enumerate(EXAMPLES.items(), 10):
        put(tmp_path, place, n, body)
    return tmp_path


def put(conf: Path, place: str, n: int, body: str) -> None:
    file = conf / "catalogue" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEAD.format(n=n, title=place) + body, "utf-8")


def test_examples_load(conf: Path) -> None:
    catalogue = load_catalogue(conf)
    assert sorted(catalogue.contracts) == ["cz__accounts", "cz__vouchers", "mz__destitute", "sj__entities", "wj__records"]
    versions = {c.version for c in catalogue.contracts.values()}
    assert len(versions) == 5


@pytest.mark.parametrize(
    ("place", "old", "new", "field", "word"),
    [
        ("wj/records.yaml", "  message: {record: 档案/人员", "  mesage: {record: 档案/人员", "delivery.mesage", "message"),
        ("wj/records.yaml", "record: 档案/人员", "record: //人员", "delivery.message.record", "names of elements"),
        ("wj/records.yaml", "record: 档案/人员", 'record: "人员[2]"', "delivery.message.record", "names of elements"),
        ("wj/records.yaml", "body: 信封/报文体", "body: 信封/", "delivery.message.body", "not a path"),
        ("wj/records.yaml", "field: amount", "field: amuont", "delivery.message.total.field", "did you mean amount"),
        ("wj/records.yaml", 'path: "@id"', 'path: "@"', "fields.doc_no.path", "not a path"),
        ("wj/records.yaml", "path: /信封/头/发送方", "path: /信封//发送方", "fields.sender.path", "names of elements"),
        ("wj/records.yaml", "encoding: gb18030", "encoding: gb18031", "delivery.encoding", "gb18030"),
        ("sj/entities.yaml", "path: meta.ts", "path: meta..ts", "fields.at.path", "not a path"),
        ("sj/entities.yaml", "total: data.total", "totl: data.total", "delivery.api.totl", "total"),
        ("sj/entities.yaml", "format: json", "format: csv", "delivery.api", "no meaning"),
        ("cz/accounts.yaml", "  shared: true\n", "", "delivery.files", "shared"),
        ("cz/accounts.yaml", "  message: {record: 会计科目}\n", "", "delivery", "needs message"),
        (
            "cz/vouchers.yaml",
            "partition by _file, no) = sum(credit)",
            "partition by _fil, no) = sum(credit)",
            "checks.balanced.sql",
            "_fil",
        ),
        ("mz/destitute.yaml", "type: person_name", "type: person_name, path: a/b", "fields.name.path", "no meaning"),
        ("mz/destitute.yaml", "format: xls\n", "format: xls\n  encoding: gbk\n", "delivery.encoding", "no meaning"),
    ],
)
def test_faults_are_named_with_a_cure(conf: Path, place: str, old: str, new: str, field: str, word: str) -> None:
    assert old in EXAMPLES[place]
    put(conf, place, 30, EXAMPLES[place].replace(old, new, 1))
    _, problems = check_catalogue(conf)
    named = [p for p in problems if p.field == field]
    assert named, [str(p) for p in problems]
    assert word in f"{named[0].message} {named[0].cure}" and named[0].cure and named[0].line


def test_paths() -> None:
    path = parse_xml_path("a//b[c/@code='x'][2]/@v")
    assert path.names == ("a", "b") and path.steps[1].deep and path.attribute == "v" and len(path.steps[1].tests) == 2
    assert parse_xml_path("/a/b").rooted and parse_xml_path(".").steps == ()
    assert parse_json_path("$.a[0].b") == JsonPath(True, ("a", 0, "b"))
    for bad in ("", "a/", "/", "a[", "a[0]", "@", "a b", "a[b=c]", "a/@b/c"):
        with pytest.raises(ValueError, match="such as"):
            parse_xml_path(bad)
    for bad in ("", "a..b", ".a", "a[x]", "$."):
        with pytest.raises(ValueError, match="such as"):
            parse_json_path(bad)
