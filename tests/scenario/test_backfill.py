"""A code list was wrong for a month: its deliveries are taken in again from their bytes, and only what changes is written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xihu.lake import ledger, runs
from xihu.silver.pipeline import run_backfill

KINDS = "code,name,valid_from,valid_to\n1,甲,,\n"
FIELD = "  kind:   {title: 种类, type: code, codes: aid_kind}"
HEADER = "编号,月份,区县,金额,种类"


def again(city, first: int, last: int):
    since, until = (datetime(2016, 11, d, tzinfo=UTC) for d in (first, last))
    return run_backfill(city.spark, since, until, city.lines.append)


@pytest.mark.parametrize("mode", ["mode: append", "mode: corrections"])
def test_backfill(city, monkeypatch, mode):
    codes = city.conf / "codes" / "aid_kind.csv"
    codes.write_text(KINDS, "utf-8")
    city.contract(mode, more=FIELD)
    city.take(1, "补贴_1.csv", ["A1,2016-10,西湖区,100,1", "A2,2016-10,西湖区,200,1"], header=HEADER)
    (row,) = city.take(2, "补贴_2.csv", ["A3,2016-10,西湖区,300,7", "A4,2016-10,西湖区,400,1"], header=HEADER)
    city.take(3, "补贴_3.csv", ["A5,2016-10,西湖区,500,1"], header=HEADER)
    assert (row.accepted, row.quarantined) == (1, 1)
    codes.write_text(KINDS + "7,乙,,\n", "utf-8")
    assert city.ingest().rows == []
    before = city.fingerprint(loads=True)
    codes.write_text(KINDS, "utf-8")
    # Nothing is different on the first day: nothing is written anew but the ledger.
    (same,) = again(city, 1, 2).rows
    assert (same.verdict, same.accepted) == ("accepted", 2)
    assert city.fingerprint(loads=True) == before
    codes.write_text(KINDS + "7,乙,,\n", "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write", lambda *a: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError, match="killed"):
            again(city, 2, 3)
    # Whatever is run next finishes what was begun.
    (mended,) = city.ingest().rows
    assert (mended.verdict, mended.accepted, mended.quarantined) == ("accepted", 2, 0)
    assert not runs.unfinished()
    assert city.silver() == [(f"A{n}", n * 100, (n + 1) // 2, None, None) for n in range(1, 6)]
    assert city.table("quarantine") == []
    city.books()
    assert city.ingest().rows == []
    # The rows that were right before are still those of their first load.
    assert {r.no for r in city.table("silver", f"_loaded_from >= {mended.run_id}")} == {"A3"}
