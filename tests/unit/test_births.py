"""Births are judged on the day of the record, and where that is before them on the day of receipt: both ways of typing say the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from reader_helpers import contract

import typed_records
from typed_records import typed
from xihu.silver.typing import Typer

FIELDS = {
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True},
    "month": {"title": "月份", "type": "month", "required": True},
}
C = contract(FIELDS).model_copy(update={"key": ["id_no", "month"]})


def number(birth: str) -> str:
    body = "330106" + birth + "102"
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    ("birth", "month", "reason"),
    [
        ("20160315", "2016-01", None),  # insured from before the birth
        ("20161205", "2016-01", None),  # born on the day of receipt
        ("20161206", "2016-01", "bad_id_birth"),
        ("20161206", "2016-12", None),  # the month's end is the day of its records
        ("20170101", "2016-12", "bad_id_birth"),
        ("18800101", "2000-01", None),  # 120 then, 136 at receipt
        ("18800101", "2016-01", "bad_id_birth"),
    ],
)
def test_births(birth: str, month: str, reason: str | None, alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [{"_cells": [number(birth), month], "_reason": None, "_field": None, "_detail": None}] * (1 if alone else 3)
    if not alone:
        sent = [*sent, {**sent[0], "_cells": [number("19600101"), "2016-11"]}]
    rows = typed(C, {}, sent, datetime(2016, 12, 5, 4, tzinfo=UTC))
    assert rows[0]["_reason"] == reason and (rows[0]["id_no"] == number(birth)) == (reason is None)
    monkeypatch.setattr(typed_records.Typer, "batch", Typer.batch_by_cell)
    assert typed(C, {}, sent, datetime(2016, 12, 5, 4, tzinfo=UTC)) == rows
