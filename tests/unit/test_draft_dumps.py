"""Contracts drafted from dumps, dBase tables and telegrams in hand load their own file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from reader_helpers import citizen, inspect, rows
from test_reader_dbf import PEOPLE, table
from test_reader_hj212 import message, telegram

from xihu.bronze.schema import Inspection
from xihu.contract.draft import draft
from xihu.contract.models import Contract


def drafted(path: Path) -> Contract:
    return Contract.model_validate(yaml.safe_load(draft(path, dept="sy"))).placed("sy", "x")


@pytest.mark.parametrize("delimiter", ["|", "|@|", "\x01", "^"])
def test_a_dump(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "人口_20161205.txt"
    lines = [[citizen(i), "张三", "北山路", f"{i}.50", f"2016120{i % 9 + 1}", "\\N"] for i in range(60)]
    path.write_bytes("".join(delimiter.join(r) + "\n" for r in lines).encode("gb18030"))
    path.with_suffix(".ctl").write_text("ROWS=60")
    c = drafted(path)
    assert (c.delivery.format, c.delivery.delimiter, c.delivery.companion) == ("delimited", delimiter, ["{stem}.ctl"])
    kinds = [f.type for f in c.fields.values()]
    assert (kinds[0], kinds[4]) == ("citizen_id", "date") and kinds[3] in ("money", "number")
    assert isinstance(inspect(path, c), Inspection)
    assert [r["_reason"] for r in rows(path, c)] == [None] * 60


def test_a_table(tmp_path: Path) -> None:
    path = tmp_path / "死亡.dbf"
    path.write_bytes(table(PEOPLE * 5, deleted=(1,)))
    c = drafted(path)
    assert (c.delivery.format, c.delivery.encoding) == ("dbf", "gb18030")
    assert [f.type for f in c.fields.values()] == ["citizen_id", "person_name", "money", "date"]
    assert len(rows(path, c)) == 25


def test_telegrams(tmp_path: Path) -> None:
    path = tmp_path / "监测.txt"
    path.write_bytes(b"".join(telegram(message(i)) for i in range(20)))
    c = drafted(path)
    assert c.delivery.format == "hj212" and c.delivery.telegram and c.delivery.telegram.explode == "factor"
    titles = {f.title: f.type for f in c.fields.values()}
    assert list(titles) == ["QN", "MN", "CN", "ST", "DataTime", "factor", "Rtd", "Flag"]
    assert titles["DataTime"] == "datetime" and titles["Rtd"] in ("number", "money")
    found = rows(path, c)
    assert len(found) == 40 and found[0]["_cells"][1] == "A330106000" and found[0]["_cells"][5] == "w01018"
