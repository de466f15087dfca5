"""A hundred random cells of the marts: the rows behind each add up to it, and every judgement leads to records."""

from __future__ import annotations

from datetime import date

import pytest
import welfare_oracle as o

from xihu.gold.render import render
from xihu.gold.trace import TraceError, random_cells, trace, trace_person


def test_a_hundred_random_cells_add_up(city):
    spark, _ = city
    spark.table("stage_gold.entitlement").persist().count()
    cells = random_cells(spark, 100, seed=20161205)
    assert len(cells) == 100 and len({c[0] for c in cells}) == 5
    nonzero = 0
    for table, where, measure in cells:
        found = trace(spark, table, where, measure, limit=0, records=False)
        assert found.adds_up, (table, where, measure, found.value, found.recomputed)
        nonzero += bool(found.value)
    assert nonzero >= 60
    spark.catalog.clearCache()


def test_a_cell_that_was_tampered_with_does_not_add_up(city):
    spark, _ = city
    spark.sql("create table stage_social_security.kept using delta as select * from stage_social_security.district_month_coverage")
    try:
        spark.sql("update stage_social_security.district_month_coverage set gap = gap + 1 where level = 'city' and programme = 'W9'")
        found = trace(
            spark, "social_security.district_month_coverage", {"month": "2016-12-01", "district": "330100", "programme": "W9"}, limit=0
        )
        assert not found.adds_up and found.value == found.recomputed + 1
    finally:
        spark.sql("insert overwrite stage_social_security.district_month_coverage select * from stage_social_security.kept")
        spark.sql("drop table stage_social_security.kept")


def test_a_gap_leads_to_the_record_of_the_person(city, capsys):
    spark, population = city
    found = trace(spark, "social_security.district_tile", {"district": "330106", "programme": "W12b"}, "gap", limit=3)
    assert found.adds_up and found.rows
    by_id = {p["id"]: p for p in population}
    for judged in found.rows:
        assert judged.gap and all(c.value == "yes" for c in judged.conditions)
        hukou = [found.records[p] for p in judged.pointers if p.resource == "ga__household_register"]
        assert hukou
        person = by_id[hukou[0].fields["公民身份号码"]]
        assert o.judge(person, "W12b", judged.month)["gap"]
    render(found)
    shown = capsys.readouterr().out
    assert "应保未保" in shown and "户籍人口" in shown
    assert '"adds_up": true' in found.json()


def test_a_plain_no_is_explained(city):
    spark, population = city
    month = o.MONTHS[1]
    p = next(p for p in population if p["status"] == "normal" and p["birth_known"] and o.age(p["birth"], o.end(month)) < 60)
    found = trace_person(spark, p["id"], "W9", month)
    assert found.value == "no" == found.recomputed and {c.name for c in found.rows[0].conditions if c.value == "no"} >= {"age_80"}
    assert (
        spark.table("stage_gold.entitlement").where(f"person_id = {found.where['person_id']} and programme = 'W9' and not covered").count()
        == 0
    )


def test_a_month_that_was_not_built_is_judged_anew(city):
    spark, population = city
    month = date(2017, 1, 1)
    p = next(
        p
        for p in population
        if p["status"] == "normal" and p["birth_known"] and p["district_known"] and p["birth"].year < 1930 and not p["death"]
    )
    assert trace_person(spark, p["id"], "W9", month).value == "yes"
    assert not spark.catalog.databaseExists("trace_gold")


@pytest.mark.parametrize(
    ("where", "measure", "message"),
    [
        ({"month": "2016-12-01"}, None, "more than one row"),
        ({"month": "1999-01-01"}, None, "no such row"),
        ({"mnth": "2016-12-01"}, None, "no column"),
        ({"month": "2016-12-01", "district": "330106", "programme": "W9"}, "coverage", "does not rest on persons"),
    ],
)
def test_what_cannot_be_traced_says_so(city, where, measure, message):
    spark, _ = city
    with pytest.raises(TraceError, match=message):
        trace(spark, "social_security.district_month_coverage", where, measure)
