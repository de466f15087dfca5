"""What `xihu sql` prints, without an engine."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from xihu.settings import Ports, settings
from xihu.share.sql import Answer, SqlError, harmless, query, render

ANSWER = Answer(
    ["区县", "人数", "金额", "月份", "时间"],
    ["varchar", "bigint", "decimal(18,2)", "date", "timestamp(3) with time zone"],
    [("西湖区", 12, Decimal("600.00"), date(2016, 12, 1), datetime(2017, 1, 3, 8)), ("=cmd|' /C calc'!A0", -3, None, None, None)],
)


def test_csv_survives_a_reader_and_computes_nothing() -> None:
    rows = list(csv.reader(io.StringIO("".join(render(ANSWER, "csv")))))
    assert rows == [
        ["区县", "人数", "金额", "月份", "时间"],
        ["西湖区", "12", "600.00", "2016-12-01", "2017-01-03 08:00:00"],
        ["'=cmd|' /C calc'!A0", "-3", "", "", ""],
    ]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1-2", "'+1-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-5.20", "-5.20"),
        ("a=1", "a=1"),
        ("＝1", "'＝1"),
        (None, ""),
        ("", ""),
    ],
)
def test_formula_cells(cell: str | None, written: str) -> None:
    assert harmless(cell) == written


def test_json_and_table_hold_the_same_values() -> None:
    assert json.loads("".join(render(ANSWER, "json")))[0]["金额"] == "600.00"
    table = "".join(render(ANSWER, "table"))
    assert "西湖区" in table and "2 行" in table


def test_faults_are_told_apart(tmp_path: Path) -> None:
    s = replace(settings(), home=tmp_path, ports=Ports(trino_https=1))
    with pytest.raises(SqlError, match="no such login"):
        query(s, "select 1", "mayor")
    with pytest.raises(SqlError, match="never been started"):
        query(s, "select 1", "leader")
    ca = tmp_path / "trino" / "etc" / "secret" / "ca.pem"
    ca.parent.mkdir(parents=True)
    ca.write_text("")
    with pytest.raises(SqlError, match="xihu up") as caught:
        query(s, "select 1", "leader")
    assert not caught.value.denied
