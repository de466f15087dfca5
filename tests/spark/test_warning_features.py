"""What is known at a date, who is at risk, and how a year ended: planted persons, checked one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from warning_world import BULK, World, reported

from xihu.early_warning.cuts import day_of, instant, known_by, scoring_cut, target_year, training_cuts
from xihu.early_warning.dataset import settled_years, training_set
from xihu.early_warning.features import INPUTS, Past, at_risk, outcomes
from xihu.early_warning.spec import load_spec

AS_OF = datetime(2017, 1, 20, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def spec():
    return load_spec()


def scored(spark, spec, as_of=AS_OF):
    rows = at_risk(Past(spark, [scoring_cut(as_of, spec.label.min_lead_days, list(INPUTS))]), spec).collect()
    return {r["person_id"]: r for r in rows}


def test_days_and_years():
    assert instant(date(2016, 12, 31)) == datetime(2016, 12, 31, 16, tzinfo=UTC)
    assert day_of(instant(date(2016, 12, 31))) == date(2016, 12, 31)
    assert instant("2016-12-31T08:00:00+08:00") == datetime(2016, 12, 31, tzinfo=UTC)
    assert target_year(instant(date(2016, 11, 29)), 31) == 2016
    assert target_year(instant(date(2016, 12, 1)), 31) == 2017
    assert target_year(instant(date(2017, 6, 1)), 31) == 2017


def test_training_looks_from_the_same_point_of_the_year_but_not_before_the_payments_were_reported():
    arrivals = [reported(y) for y in range(2012, 2016)]
    cuts = training_cuts(
        instant(date(2017, 1, 10)), [2013, 2014, 2015], 31, {"contribution": arrivals[0], "person": BULK}, "contribution", arrivals
    )
    assert [(c.year, c.day, c.backlog) for c in cuts] == [
        (2013, date(2013, 1, 10), True),  # before the first file: replayed from it
        (2014, date(2014, 1, 18), False),  # waits for the file of the eighteenth
        (2015, date(2015, 1, 18), False),
    ]
    assert cuts[1].known["contribution"] == instant(date(2014, 1, 18))
    assert cuts[1].known["person"] == BULK + timedelta(days=31)
    assert cuts[1].replayed == ["person"]
    assert known_by(BULK, BULK, AS_OF) == (BULK, False)


def planted() -> World:
    w = World()
    forty = date(1976, 6, 1)

    def payer(i, years=(2014, 2015, 2016), birth=forty, **kw):
        w.person(i, birth, **kw)
        for y in years:
            w.pay(i, y)

    payer(1)  # the plain case
    payer(2, (2013, 2015, 2016))  # missed 2014
    payer(3, (2014, 2015))  # in arrears for 2016 already: no prediction
    payer(4, birth=date(1957, 12, 31))  # 60 within 2017
    payer(5, birth=date(1958, 1, 1))  # 59 at the end of 2017
    payer(6, birth=date(2001, 12, 31))  # 16 on the last day of 2017
    payer(7, birth=date(2002, 1, 1))  # not yet
    payer(8, death=date(2017, 1, 5))
    payer(9)
    w.spell(9, "employee_pension", date(2016, 9, 1))
    payer(10)
    w.spell(10, "employee_pension", date(2012, 1, 1), date(2016, 3, 1))  # ended within two years
    payer(11)
    w.pension(11, "resident_pension", date(2016, 12, 1))
    payer(12)
    w.enrol(12, date(2016, 9, 1))
    payer(13, status="moved_out")
    payer(14)
    w.pay(14, 2017, known=datetime(2017, 1, 19, tzinfo=UTC), paid_on=date(2017, 1, 10))  # has paid already
    payer(15)
    w.pay(15, 2017, known=datetime(2017, 1, 21, tzinfo=UTC), paid_on=date(2017, 1, 10))  # paid, but that is not known yet
    w.person(16, forty)
    w.spell(16, "resident_pension", date(2016, 11, 1))  # joined lately, no payment yet
    w.person(17, forty)
    w.spell(17, "resident_pension", date(2011, 1, 1))  # joined long ago, never paid: arrears
    payer(18)
    w.pay(18, 2016, amount=-500)  # refunded
    w.person(19, forty, valid_to=date(2016, 12, 1))  # left the register
    w.pay(19, 2016)
    w.person(20, None)
    w.pay(20, 2016)  # birth unknown
    w.person(21, forty, death=date(2017, 2, 1), known=datetime(2017, 2, 3, tzinfo=UTC))
    w.person(21, forty, known_to=datetime(2017, 2, 3, tzinfo=UTC))
    w.pay(21, 2016)  # dies after the date: still at risk on it
    payer(22)
    w.pay(22, 2012, known=datetime(2017, 1, 21, tzinfo=UTC))  # a payment of 2012 that is reported tomorrow
    w.spell(1, "resident_medical", date(2016, 1, 1))
    return w


def test_who_is_at_risk_on_a_date(spark, spec):
    planted().put(spark)
    rows = scored(spark, spec)
    assert set(rows) == {1, 2, 5, 6, 10, 15, 16, 20, 21, 22}
    plain = rows[1].asDict()
    assert plain["year"] == 2017
    assert plain["division"] == "330103"
    assert {k: plain[k] for k in spec.feature_names} == {
        "age": 40.0,
        "paid_years": 3.0,
        "streak": 3.0,
        "missed_years": 0.0,
        "missed_recent": 0.0,
        "last_amount": 500.0,
        "amount_change": 0.0,
        "years_short": 12.0,
        "cannot_reach": 0.0,
        "employee_ended": 0.0,
        "medical_active": 1.0,
    }
    missed = rows[2]
    assert (missed["paid_years"], missed["streak"], missed["missed_years"], missed["missed_recent"]) == (3.0, 2.0, 1.0, 1.0)
    assert rows[10]["employee_ended"] == 1.0
    assert rows[5]["cannot_reach"] == 1.0  # twelve years short, one to go
    assert (rows[16]["paid_years"], rows[16]["last_amount"]) == (0.0, None)
    assert rows[20]["age"] is None
    assert rows[22]["paid_years"] == 3.0
    # The day after tomorrow two more things are known.
    later = scored(spark, spec, AS_OF + timedelta(days=2))
    assert 15 not in later
    assert (later[22]["paid_years"], later[22]["missed_years"]) == (4.0, 1.0)


def test_a_year_ends_as_paid_or_lapsed_or_with_another_exit(spark, spec):
    w = World()
    for i in range(1, 11):
        w.person(
            i,
            date(1976, 6, 1),
            death=date(2016, 7, 1) if i == 2 else date(2017, 1, 1) if i == 3 else None,
            status="abroad" if i == 4 else "normal",
        )
        w.pay(i, 2015)
    w.pay(1, 2016)
    w.spell(5, "employee_pension", date(2016, 6, 1), date(2016, 9, 1))
    w.spell(6, "employee_pension", date(2014, 6, 1), date(2015, 12, 31))  # over before the year
    w.pension(7, "resident_pension", date(2016, 12, 1))
    w.enrol(8, date(2016, 9, 1))
    w.pay(9, 2016, paid_on=date(2017, 5, 1), known=datetime(2017, 5, 10, tzinfo=UTC))  # made good after the year
    w.pay(10, 2016, known=datetime(2017, 1, 30, tzinfo=UTC))  # reported late, but in time
    w.put(spark)
    found = {
        r["person_id"]: r["outcome"]
        for r in outcomes(spark, [2016], datetime(2017, 6, 1, tzinfo=UTC), spec, started=reported(2010)).collect()
    }
    want = {1: "paid", 2: "died", 4: "moved_out", 5: "employee_pension", 7: "draws_pension", 8: "student", 10: "paid"}
    assert found == want  # 3, 6 and 9 have no entry: at risk and lapsed


def test_a_record_known_later_never_enters_earlier(spark, spec):
    """Shift the knowledge of any record into the future: features of before then may lose it, never gain anything from it."""
    import random

    w = planted()
    rng = random.Random(1)
    cut = [scoring_cut(AS_OF, spec.label.min_lead_days, list(INPUTS))]
    w.put(spark)
    before = {r["person_id"]: r["paid_years"] for r in at_risk(Past(spark, cut), spec).collect()}
    rows = w.rows["contribution"]
    for k, row in enumerate(rows):
        if rng.random() < 0.4:
            rows[k] = (*row[:8], row[8] + timedelta(days=rng.choice([1, 40, 4000])), *row[9:])
    w.put(spark, ["contribution"])
    after = {r["person_id"]: r["paid_years"] for r in at_risk(Past(spark, cut), spec).collect()}
    assert set(after) <= set(before) | {14}  # 14's payment of 2017 may be unknown now, which puts 14 at risk
    assert all(v <= before[p] for p, v in after.items() if p in before)
    assert after != before
    # And exactly: what is left equals a world in which the unknown records do not exist at all.
    w.rows["contribution"] = [r for r in w.rows["contribution"] if r[8] <= AS_OF]
    w.put(spark, ["contribution"])
    assert {r["person_id"]: r["paid_years"] for r in at_risk(Past(spark, cut), spec).collect()} == after


def test_sources_on_the_leakage_list_change_nothing(spark, spec):
    w = planted()
    w.put(spark)
    before = scored(spark, spec)
    for i in before:
        w.pension(i, "medical_aid", date(2016, 11, 1))
        w.pension(i, "dibao", date(2016, 11, 1))
    w.put(spark, ["benefit_payment"])
    spark.sql(
        "CREATE TABLE gold.benefit_spell USING delta AS SELECT person_id, 'dibao' kind, valid_from, known_from FROM gold.insurance_spell"
    )
    assert scored(spark, spec) == before


def test_years_settle_when_reports_have_come(spark, spec):
    w = planted()
    w.put(spark)
    assert settled_years(spark, datetime(2017, 1, 5, tzinfo=UTC), spec)[-1] == 2015
    assert settled_years(spark, datetime(2017, 1, 19, tzinfo=UTC), spec)[-1] == 2016  # the file of the eighteenth
    made = training_set(spark, AS_OF, spec)
    assert made.report["replayed"]["person"] == [2014, 2015, 2016]
    table = made.table.set_index(["person_id", "year"])
    assert table.loc[(3, 2016), "label"] == 1
    assert table.loc[(1, 2016), "outcome"] == "paid"
    assert table.loc[(9, 2016), "outcome"] in ("paid", "employee_pension")
