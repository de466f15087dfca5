"""Contracts of dumps, tables and telegrams: one fault, one problem, at the right place, with a cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from xihu.contract.load import check_catalogue

GOOD = """\
code: 301001/0001
title: 户籍人口
provider: {name: 市公安局}
summary: 户籍登记
grain: 一人一行
share: {type: unconditional}
open: {type: open}
update: monthly
delivery:
  files: "ga/户籍_*.txt"
  format: delimited
  encoding: gb18030
  delimiter: "|@|"
  dump: {terminator: "|@|\\n", nulls: ["\\\\N"]}
  companion: ["{stem}.ctl", "{name}.ok"]
  mode: append
fields:
  id_no: {title: 公民身份号码, type: citizen_id, required: true}
  address: {title: 住址, type: text}
"""


def problems(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    file = tmp_path / "catalogue" / "ga" / "hukou.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    _, found = check_catalogue(tmp_path)
    assert all(p.cure for p in found)
    return [(p.line, p.field, f"{p.message} {p.cure}") for p in found]


def test_the_good_one_loads(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD) == []
    for format in ("dbf", "hj212"):
        text = GOOD.replace("format: delimited", f"format: {format}").replace('  delimiter: "|@|"\n', "")
        assert problems(tmp_path, "\n".join(line for line in text.split("\n") if "dump:" not in line)) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "word"),
    [
        ('  delimiter: "|@|"\n', "", 13, "delivery.delimiter", "needs its delimiter"),
        ("  encoding: gb18030\n", "", 12, "delivery.encoding", "needs its encoding"),
        ("terminator:", "terminater:", 14, "delivery.dump.terminater", "terminator"),
        ("{terminator:", '{escape: "\\\\", terminator:', 14, "", ""),
        ("  dump: {", '  quote: "\\""\n  dump: {', 15, "delivery.dump.terminator", "exclude"),
        ('terminator: "|@|\\n"', 'terminator: "@@"', 14, "delivery.dump.terminator", "control character"),
        ("format: delimited", "format: csv", 14, "delivery.dump", "no meaning for csv"),
        ("  mode: append", "  telegram: {explode: factor}\n  mode: append", 16, "delivery.telegram", "no meaning for delimited"),
        ('"{stem}.ctl"', '"{steam}.ctl"', 15, "delivery.companion.0", "{stem}"),
        ('"{name}.ok"', '"ctl/{name}.ok"', 15, "delivery.companion.1", "{name}"),
        ("format: delimited", "format: delimitd", 11, "delivery.format", "delimited"),
    ],
)
def test_one_fault_one_problem(tmp_path: Path, old: str, new: str, line: int, field: str, word: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    if not field:
        assert found == []
        return
    assert [f[1] for f in found] == [field], found
    assert word in found[0][2] and abs(found[0][0] - line) <= 4
