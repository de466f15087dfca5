"""Typing by whole columns and cell by cell give the same: values, reasons, repairs, for plain cells and for every odd one."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from xihu.standards.columns import quick
from xihu.standards.value import ValueSpec, parser_of

ODD = [
    None, "", " ", "无", "0", "00", "000", "0000", "1", "11", "111111", "1111111", "-", "N/A", "NULL", "#N/A", "#REF!", "#value!",
    "=1+1", "@x", "+1",
    "-1", "-0", "-0.00", "'a", "=\"a\"", " a", "a ", "a b", "Ａ", "ａ1", "１２３", "张三",
    "张 三", "张　三", "买买提·热合曼", "买买提•热合曼", "·张",
    "张·", "a·b", "\u200b张三", "文三路12号（内）", "1,234.50", "1234.5", "1234.567", "1e3", "12O0.00", "00012",
    "99999999999999999999", "9999999999999", "99999999999999", "0.001", "1.", ".5", "100000", "100000.00", "100000.01",
    "13912345678", "12912345678", "11111111111", "13900861234", "0571-85250000", "+8613912345678",
    "11010519491231002X", "11010519491231002x", "110105194912310021", "330106198302292222",
    "11010520991231002X", "440524188001010014", "2016-10-07 02:26:54", "2016-02-30 02:26:54",
    "2016-10-07 24:00:00", "2016-10-07 23:59:60", "2016-10-07T02:26:54", "1986-07-01 12:00:00",
    "1991-12-31 23:59:59", "1992-01-01 00:00:00", "2199-12-31 23:59:59", "2200-01-01 00:00:00",
    "0001-01-01 00:00:00", "2016-1-7 2:26:54", "2016-10-07 02:26:5a", "\\N", "a\tb", "a\nb", "1\n",
    "13912345678\n",
]  # fmt: skip
SPECS = {
    "text": (ValueSpec("text"), pa.string()),
    "key": (ValueSpec("text", required=True, nulls=frozenset({"11", "张三"})), pa.string()),
    "name": (ValueSpec("person_name"), pa.string()),
    "phone": (ValueSpec("phone", nulls=frozenset({"13912345678"})), pa.string()),
    "money": (ValueSpec("money", min=0, max=100000), pa.decimal128(18, 2)),
    "wan": (ValueSpec("money", unit="万元", factor=10000), pa.decimal128(18, 2)),
    "number": (ValueSpec("number"), pa.decimal128(28, 8)),
    "integer": (ValueSpec("integer", min=1, max=1000), pa.int64()),
    "citizen_id": (ValueSpec("citizen_id"), pa.string()),
    "datetime": (ValueSpec("datetime"), pa.timestamp("us", "UTC")),
    "utc": (ValueSpec("datetime", tz="UTC"), pa.timestamp("us", "UTC")),
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_taken_by_column_is_what_the_parser_says(name: str) -> None:
    spec, kind = SPECS[name]
    rng = random.Random(name)
    marks = "0123456789.-: X张Ａ"
    near = ["".join(rng.choice(marks) if rng.random() < 0.15 else c for c in rng.choice(ODD[1:])) for _ in range(3000)]
    cells = [*ODD, *near]
    days = [rng.choice([date(2016, 10, 31), date(1950, 1, 1), date(2026, 1, 1)]) for _ in cells]
    column = pa.array([None, *cells], pa.string())[1:]
    found = quick(spec, column, np.array([d.year * 10_000 + d.month * 100 + d.day for d in days]), kind)
    if name == "wan":
        assert found is None
        return
    assert found is not None
    parse = parser_of(spec)
    values, done = found[0].to_pylist(), found[1]
    assert done.any() and not done.all()
    for cell, day, value, taken in zip(cells, days, values, done, strict=True):
        if taken:
            want = parse(cell, day)
            assert (value, None, ()) == (want.value, want.reason, want.repairs), (cell, day, want)
            assert value is not None and (not isinstance(value, datetime) or value.tzinfo == UTC or value.utcoffset() is not None)
