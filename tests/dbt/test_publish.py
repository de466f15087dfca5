"""Publication: one release, history kept, small cells left out and not to be worked out, nothing without passed tests."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
import welfare_oracle as o

from xihu.gold import dbt as module
from xihu.gold.publish import publish


@pytest.fixture(scope="module")
def released(city, catalogue):
    spark, population = city
    return spark, population, publish(spark, 1, o.K, o.MONTHS, catalogue=catalogue)


def test_release_is_recorded_with_its_inputs(released):
    spark, _, release = released
    row = spark.table("ops.release").collect()[0]
    assert (row.release, row.run_id, row.as_of) == ("R000001", 1, o.K)
    assert json.loads(row.source_versions)["gold.benefit_payment"] == 1
    assert json.loads(row.tables)["gold.entitlement"] == spark.table("gold.entitlement").count() == release.entitlement["added"]
    comments = {f.name: f.metadata.get("comment") for f in spark.table("social_security.district_month_coverage").schema}
    assert comments["gap"] == "应保未保人数" and all(comments.values())


def test_nothing_small_is_shown(released):
    spark, _, _ = released
    for table, counts in (
        ("district_month_coverage", ("eligible", "covered", "gap", "not_gap", "unknown", "covered_not_entitled", "not_gap_refused")),
        ("district_month_gap_reason", ("persons",)),
        ("district_month_payment", ("persons",)),
        ("district_tile", ("eligible", "covered", "gap")),
    ):
        for column in counts:
            assert spark.table(f"social_security.{table}").where(f"{column} between 1 and 9").count() == 0, (table, column)


def test_nothing_small_can_be_worked_out(released):
    """Every hidden cell of the coverage table keeps a choice of values under all sums that a reader knows (linear programming)."""
    from scipy.optimize import linprog

    spark, _, _ = released
    shown = [r.asDict() for r in spark.table("social_security.district_month_coverage").collect()]
    keys = ("month", "district", "programme")
    true = {tuple(r[k] for k in keys): r.asDict() for r in spark.table("stage_social_security.district_month_coverage").collect()}
    measures = (
        "eligible",
        "covered",
        "gap",
        "not_gap",
        "not_gap_covered_elsewhere",
        "not_gap_higher_scheme",
        "not_gap_refused",
        "not_gap_record_lag",
    )
    checked = 0
    for (_, _), group in itertools.groupby(
        sorted(shown, key=lambda r: (r["month"], r["programme"])), key=lambda r: (r["month"], r["programme"])
    ):
        rows = list(group)
        cells = [(r["district"], m) for r in rows for m in measures if r[m] is None]
        if not cells:
            continue
        index = {c: i for i, c in enumerate(cells)}
        equations, sums = [], []

        def add(terms, index=index, equations=equations, sums=sums, cells=cells):
            line, total = [0.0] * len(cells), 0.0
            for sign, district, m, value in terms:
                if value is None:
                    line[index[(district, m)]] += sign
                else:
                    total -= sign * value
            if any(line):
                equations.append(line)
                sums.append(total)

        city = next(r for r in rows if r["level"] == "city")
        for r in rows:
            add([(1, r["district"], m, r[m]) for m in measures[1:4]] + [(-1, r["district"], "eligible", r["eligible"])])
            add([(1, r["district"], m, r[m]) for m in measures[4:]] + [(-1, r["district"], "not_gap", r["not_gap"])])
        for m in measures:
            add([(1, r["district"], m, r[m]) for r in rows if r["level"] == "district"] + [(-1, city["district"], m, city[m])])
        for cell in cells:
            goal = [0.0] * len(cells)
            goal[index[cell]] = 1.0
            low = linprog(goal, A_eq=equations or None, b_eq=sums or None, method="highs")
            high = linprog([-g for g in goal], A_eq=equations or None, b_eq=sums or None, method="highs")
            assert low.status in (0, 3) and high.status in (0, 3)
            width = float("inf") if high.status == 3 else -high.fun - low.fun
            assert width >= 3, (rows[0]["month"], cell, low.fun, high.fun)
            checked += 1
        assert all((r["month"], r["district"], r["programme"]) in true for r in rows)
    assert checked > 50


def test_again_changes_nothing(released, catalogue):
    spark, _, _ = released
    before = spark.sql("describe history gold.entitlement").count()
    again = publish(spark, 2, o.K, o.MONTHS, catalogue=catalogue)
    assert again.entitlement == {"added": 0, "ended": 0, "corrected": 0}
    assert spark.sql("describe history gold.entitlement").count() == before


def test_new_knowledge_ends_the_old_and_keeps_it(released, catalogue, monkeypatch):
    spark, _, _ = released
    stage = spark.table("stage_gold.entitlement").collect()
    victim = next(r for r in stage if r.gap)
    later = o.K + timedelta(days=30)
    learned = later - timedelta(days=1)
    spark.sql("create table stage_gold.kept using delta as select * from stage_gold.entitlement")
    row = f"person_id = {victim.person_id} and programme = '{victim.programme}' and month = date'{victim.month}'"
    spark.sql(f"update stage_gold.entitlement set covered = true, gap = false, known_from = timestamp'{learned}' where {row}")
    monkeypatch.setattr("xihu.gold.publish.passed", lambda tag: module.dbt_vars(o.MONTHS, later))
    try:
        release = publish(spark, 3, later, o.MONTHS, catalogue=catalogue)
        assert release.entitlement == {"added": 1, "ended": 1, "corrected": 0}
        rows = {r.known_to: r for r in spark.table("gold.entitlement").where(row).collect()}
        assert rows[None].covered and rows[None].known_from == learned and rows[None].loaded_from == 3
        assert rows[learned].gap and rows[learned].loaded_from == 1 and rows[learned].loaded_to is None
        # An older view comes late: it is published nowhere.
        monkeypatch.setattr("xihu.gold.publish.passed", lambda tag: module.dbt_vars(o.MONTHS, o.K))
        spark.sql("insert overwrite stage_gold.entitlement select * from stage_gold.kept")
        stale = publish(spark, 4, o.K, o.MONTHS, catalogue=catalogue)
        assert stale.entitlement["added"] == 0 and stale.note
    finally:
        spark.sql("insert overwrite stage_gold.entitlement select * from stage_gold.kept")
        spark.sql("drop table stage_gold.kept")
