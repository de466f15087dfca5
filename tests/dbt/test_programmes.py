"""The programmes in SQL against the same rules in plain Python, person by person."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import welfare_oracle as o

PROGRAMMES = ("W9", "W12a", "W12b")


def test_every_person_and_month_equals_the_brute_force(city):
    spark, population = city
    ids = {r.id_value: r.person_id for r in spark.table("gold.person_identifier").where("loaded_to is null").collect()}
    rows = {(r.person_id, r.programme, r.month): r for r in spark.table("stage_gold.entitlement").collect()}
    seen: Counter[str] = Counter()
    for p in population:
        for programme in PROGRAMMES:
            for month in o.MONTHS:
                want = o.judge(p, programme, month)
                row = rows.pop((ids.get(p["id"]), programme, month), None)
                if want["entitled"] == "no" and not want["covered"]:
                    assert row is None, (p, programme, month, row)
                    seen["no"] += 1
                    continue
                assert row is not None, (p, programme, month, want)
                got = {k: getattr(row, k) for k in want}
                got["amount"] = None if got["amount"] is None else int(got["amount"])
                assert got == want, (p, month, programme, row.trace)
                seen[f"{programme} {want['entitled']} {'covered' if want['covered'] else want['reason_not_gap'] or 'gap'}"] += 1
    assert not rows
    for programme in PROGRAMMES:
        for wanted in (
            "yes covered",
            "yes gap",
            "yes record_lag",
            "yes refused",
            "yes higher_scheme",
            "yes covered_elsewhere",
            "no covered",
            "unknown gap",
        ):
            assert seen[f"{programme} {wanted}"] > 0, (programme, wanted, seen)


def test_unknown_names_the_datum(city):
    spark, _ = city
    named = Counter()
    for row in spark.table("stage_gold.entitlement").where("entitled = 'unknown'").collect():
        trace = json.loads(row.trace)
        assert {c["name"] for c in trace["conditions"] if c["value"] == "unknown"} and trace["missing"]
        named.update(trace["missing"])
    assert set(named) == {"出生日期", "户籍区县"}


# A lower age at the scheme's start changes nothing: whoever was younger needs 15 years anyway before turning 60.
NEIGHBOURS = [
    (rule, by) for rule in ("GRACE", "MIN_YEARS", "NEAR", "JOIN", "PENSION", "OLD") for by in (-1, 1) if (rule, by) != ("NEAR", -1)
]


@pytest.mark.parametrize(("rule", "by"), NEIGHBOURS)
def test_a_rule_one_unit_off_would_be_seen(city, monkeypatch, rule, by):
    """The population stands so close to every threshold that the comparison above cannot pass with a neighbouring value."""
    spark, population = city
    ids = {r.id_value: r.person_id for r in spark.table("gold.person_identifier").where("loaded_to is null").collect()}
    rows = {(r.person_id, r.programme, r.month): r for r in spark.table("stage_gold.entitlement").collect()}
    monkeypatch.setattr(o, rule, getattr(o, rule) + by)
    differ = 0
    for p in population:
        for programme in PROGRAMMES:
            for month in o.MONTHS:
                want = o.judge(p, programme, month)
                row = rows.get((ids.get(p["id"]), programme, month))
                got = ("no", False, None) if row is None else (row.entitled, row.covered, row.reason_not_gap)
                differ += got != (want["entitled"], want["covered"], want["reason_not_gap"])
    assert differ > 0
