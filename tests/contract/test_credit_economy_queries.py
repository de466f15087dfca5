"""The queries of docs/credit-economy.md on numbers worked out by hand, by an engine that is not Spark."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from xihu.contract.derive import column_name, fact_columns
from xihu.contract.load import Catalogue, load_catalogue
from xihu.standards.licence import make

ROOT = Path(__file__).resolve().parents[2]
QUERIES = dict(re.findall(r"```sql (\w+)\n(.*?)```", (ROOT / "docs" / "credit-economy.md").read_text("utf-8"), re.DOTALL))
D = date.fromisoformat
ISSUER, KIND = "11330105002500287C", "11100000000013338W009"
_TYPES = {"STRING": "VARCHAR", "BIGINT": "BIGINT", "INT": "INTEGER"}


@cache
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "conf")


def ask(query: str, **facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The query over facts that have their real columns; figures are doubles, so that a division is one in every engine."""
    con = duckdb.connect()
    con.execute("create schema gold")
    for name, rows in facts.items():
        columns = {n: kind for n, (kind, _) in fact_columns(catalogue().facts[name]).items()}
        con.execute(f"create table gold.{name} ({', '.join(f'{n} {_TYPES.get(k, k)}' for n, k in columns.items())})")
        for row in rows:
            assert set(row) <= set(columns), set(row) - set(columns)
            con.execute(f"insert into gold.{name} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
    found = con.execute(sqlglot.transpile(QUERIES[query], read="spark", write="duckdb")[0])
    names = [c[0] for c in found.description]
    return [dict(zip(names, r, strict=True)) for r in found.fetchall()]


def test_every_query_has_a_test_and_reads_only_columns_that_are_there() -> None:
    text = Path(__file__).read_text("utf-8")
    assert all(f'ask("{name}"' in text for name in QUERIES) and len(QUERIES) == 6
    assert column_name("company", catalogue().facts["licence"].columns["company"]) == "company_id"


def licence(serial: str, version: int, on: str, **more: Any) -> dict[str, Any]:
    row = {
        "licence_id": make(KIND, ISSUER, serial, version),
        "type_code": KIND,
        "issuer_code": ISSUER,
        "issued_on": D(on),
        "status": "valid",
    }
    return row | more


def test_licences_held_of_those_issued() -> None:
    held = [
        licence("1", 1, "2016-10-03"), licence("1", 2, "2016-11-03"), licence("2", 1, "2016-10-30"), licence("3", 1, "2016-11-11"),
        licence("4", 1, "2016-10-05", known_to="2016-12-01"),
    ]  # fmt: skip
    issued = [
        {"type_code": KIND, "issuer_code": ISSUER, "month": D(m), "issued_total": n} for m, n in (("2016-10-01", 4), ("2016-11-01", 5))
    ]
    issued.append({"type_code": KIND, "issuer_code": "11330102002500000X", "month": D("2016-10-01"), "issued_total": 0})
    found = ask("licence_collection", licence=held, licence_issued=issued)
    seen = {(r["issuer_code"], r["month"].month): (r["held"], r["collected"]) for r in found}
    assert seen == {(ISSUER, 10): (2, 0.5), (ISSUER, 11): (3, 0.6), ("11330102002500000X", 10): (0, None)}


def test_published_in_time() -> None:
    off = [{"day": D("2016-10-01") + timedelta(days=n), "name": "国庆节", "kind": "off"} for n in range(7)]
    off += [{"day": D(d), "name": "国庆节", "kind": "work"} for d in ("2016-10-08", "2016-10-09")]
    decided = [("2016-09-29", "2016-10-13"), ("2016-09-29", "2016-10-14"), ("2016-09-30", None), ("2016-12-28", "2016-12-30")]
    rows = [
        {"kind": "penalty", "document_no": str(i), "decided_on": D(d), "published_on": D(p) if p else None}
        for i, (d, p) in enumerate(decided)
    ]
    found = ask("publication_in_time", calendar_day=off, credit_record=rows)
    # The last one's term reaches into a year that the calendar does not have.
    assert [(r["month"].month, r["decisions"], round(r["in_time"], 6)) for r in found] == [(9, 3, round(1 / 3, 6))]


def test_repaired() -> None:
    rows = [("granted", "2016-10-08"), ("granted", "2016-10-20"), ("denied", "2016-10-30"), ("pending", None), ("granted", "2016-11-02")]
    repairs = [{"repair_no": str(i), "repair_result": r, "decided_on": D(d) if d else None} for i, (r, d) in enumerate(rows)]
    found = ask("repair_rate", credit_repair=repairs)
    assert {r["month"].month: (r["decided"], round(r["repaired"], 4)) for r in found} == {10: (3, 0.6667), 11: (1, 1.0)}


def figure(period: str, months: int, value: float, **more: Any) -> dict[str, Any]:
    row = {"indicator": "gross_product", "area": "330106", "period": D(period), "months": months, "value": value, "prices": "current"}
    return row | {"stat_stage": "first"} | more


def test_growth_at_comparable_prices() -> None:
    rows = [
        figure("2015-07-01", 9, 6700), figure("2015-07-01", 9, 6800, stat_stage="final"), figure("2016-07-01", 9, 7480),
        figure("2016-07-01", 9, 108, prices="last_year"), figure("2016-07-01", 3, 1, prices="current"),
    ]  # fmt: skip
    found = {(r["period"].year, r["months"]): r for r in ask("gross_product_growth", indicator=rows)}
    one = found[2016, 9]
    # 7 480 over the final 6 800, not over the first 6 700; 1.10 / 1.08 = 1.01852.
    assert (one["growth_comparable"], round(one["growth_nominal"], 6), round(one["deflator"], 4)) == (8, 10, 101.8519)
    assert found[2015, 9]["growth_nominal"] is None and found[2016, 3]["growth_comparable"] is None
    assert found[2015, 9]["stat_stage"] == "final"


def test_single_months() -> None:
    rows = [
        figure(f"{y}-{m:02d}-01", m, v, indicator="retail_sales_series")
        for y, m, v in ((2015, 2, 800), (2015, 3, 1210), (2015, 5, 2050), (2016, 2, 890), (2016, 3, 1350))
    ]
    found = sorted((r["y"], r["first_month"], r["last_month"], r["value"], r["combined"]) for r in ask("single_months", indicator=rows))
    assert found == [
        (2015, 1, 2, 800, True), (2015, 3, 3, 410, False), (2015, 4, 5, 840, True), (2016, 1, 2, 890, True), (2016, 3, 3, 460, False),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_revisions(order: int) -> None:
    rows = [
        figure("2013-10-01", 12, 8000, known_from="2014-01-25"),
        figure("2013-10-01", 12, 8343.52, known_from="2015-02-10", stat_stage="final"),
        figure("2013-10-01", 12, 8398.4, known_from="2016-12-18", stat_stage="census"),
    ]
    found = sorted(ask("revisions", indicator=rows[::order]), key=lambda r: r["known_from"])
    assert [(r["stat_stage"], round(r["since_first"], 4)) for r in found] == [("first", 0), ("final", 4.294), ("census", 4.98)]
