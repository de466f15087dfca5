"""Statistical series against numbers worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from random import Random

import pytest

from xihu.standards.series import (
    Release,
    Span,
    as_known,
    at_prices_of,
    chain,
    comparable_growth,
    cumulated,
    growth,
    implied_deflator,
    link,
    mean_revision,
    on_previous,
    quarter_growth,
    revision_triangle,
    shift,
    singles,
    span_growth,
    year_on_year,
)


def m(text: str) -> date:
    return date.fromisoformat(text + "-01")


def test_growth() -> None:
    assert growth(D(110), D(100)) == 10
    assert growth(D(90), D(100)) == -10
    # A base that is missing, nothing or a loss gives no growth, not 0 and no error.
    assert [growth(D(5), x) for x in (None, D(0), D(-3))] == [None, None, None]
    assert growth(None, D(1)) is None
    figures = {m("2015-03"): D(200), m("2016-02"): D(190), m("2016-03"): D(216)}
    assert year_on_year(figures, m("2016-03")) == 8
    assert year_on_year(figures, m("2016-02")) is None
    assert round(on_previous(figures, m("2016-03"), "month") or 0, 4) == D("13.6842")
    assert on_previous({m("2016-01"): D(4), m("2016-04"): D(5)}, m("2016-04"), "quarter") == 25
    assert shift(m("2016-01"), -1) == m("2015-12") and shift(m("2016-11"), 3) == m("2017-02")


def test_comparable_prices() -> None:
    # 10 058.6 nominal against 9 206.2, prices up 0.9 %: 9 206.2 × 1.009 = 9 289.0558; 10 058.6 / 9 289.0558 = 1.08284418…
    assert round(comparable_growth(D("10058.6"), D("9206.2"), D("100.9")) or 0, 4) == D("8.2844")
    assert comparable_growth(D(120), D(100), D(120)) == 0
    assert comparable_growth(D(120), D(100), D(100)) == 20
    assert comparable_growth(D(120), D(100), None) is None
    assert comparable_growth(D(120), D(0), D(100)) is None
    # What nominal growth of 9.2 % and a volume index of 108 imply.
    assert round(implied_deflator(D("109.2"), D(100), D(108)) or 0, 4) == D("101.1111")
    rng = Random(5)
    for _ in range(50):
        now, before, volume = (D(rng.randrange(1, 10_000)) for _ in range(3))
        deflator = implied_deflator(now, before, volume)
        found = comparable_growth(now, before, deflator)
        assert found is not None and abs(found - (volume - 100)) < D("1e-18")


def test_singles_with_january_and_february_together() -> None:
    cumulative = {m("2016-02"): D(300), m("2016-03"): D(480), m("2016-04"): D(640), m("2017-01"): D(150), m("2017-02"): D(310)}
    found = [(s.year, s.first, s.last, s.value, s.combined) for s in singles(cumulative)]
    assert found == [
        (2016, 1, 2, D(300), True), (2016, 3, 3, D(180), False), (2016, 4, 4, D(160), False), (2017, 1, 1, D(150), False),
        (2017, 2, 2, D(160), False),
    ]  # fmt: skip
    # A month that is missing makes one span over it, no zero.
    gap = singles({m("2016-02"): D(300), m("2016-05"): D(780)})
    assert [(s.first, s.last, s.value) for s in gap] == [(1, 2, D(300)), (3, 5, D(480))]
    quarters = singles({m("2016-01"): D(2400), m("2016-04"): D(5000), m("2016-07"): D(7700), m("2016-10"): D(11050)}, "quarter")
    assert [(s.first, s.last, s.value) for s in quarters] == [(1, 3, D(2400)), (4, 6, D(2600)), (7, 9, D(2700)), (10, 12, D(3350))]


def test_cumulated_is_the_way_back() -> None:
    rng = Random(3)
    for _ in range(100):
        months = sorted(rng.sample(range(1, 13), rng.randrange(1, 12)))
        given, total = dict[date, D](), D(0)
        for month in months:
            total += rng.randrange(-50, 500)
            given[date(2016, month, 1)] = total
        assert cumulated(singles(given)) == given
    with pytest.raises(ValueError, match="不接上一期"):
        cumulated([Span(2016, 1, 2, D(1)), Span(2016, 4, 4, D(1))])
    with pytest.raises(ValueError, match="不接上一期"):
        cumulated([Span(2016, 1, 2, D(1)), Span(2016, 2, 2, D(1))])


def test_growth_of_spans_compares_the_same_months_alone() -> None:
    spans = singles({m("2015-02"): D(200), m("2015-03"): D(300), m("2016-01"): D(120), m("2016-02"): D(230), m("2016-03"): D(335)})
    found = span_growth(spans)
    # 2015 has no February alone; March has both years.
    assert found[2016, 1, 1] is None and found[2016, 2, 2] is None
    assert found[2016, 3, 3] == 5
    other = span_growth(singles({m("2015-01"): D(90), m("2015-02"): D(200), m("2016-02"): D(230)}))
    assert other[2016, 1, 2] == 15
    partial = span_growth([Span(2015, 2, 2, D(100)), Span(2016, 1, 2, D(230))])
    assert partial[2016, 1, 2] is None


def test_chain_and_constant_prices() -> None:
    indices = {2011: D(110), 2012: D(109), 2013: D(108)}
    found = chain(indices, 2010)
    assert found == {2010: D(100), 2011: D(110), 2012: D("119.9"), 2013: D("129.492")}
    back = chain(indices, 2013)
    assert {y: round(v, 6) for y, v in back.items()} == {2010: D("77.224848"), 2011: D("84.947333"), 2012: D("92.592593"), 2013: D(100)}
    assert chain({2011: D(110), 2013: D(108)}, 2010) == {2010: D(100), 2011: D(110)}
    assert at_prices_of({2010: D(6000), 2012: D(9)}, indices, 2010)[2012] == D(7194)
    assert at_prices_of({2012: D(9)}, indices, 2010) == {}


def test_link_of_price_bases() -> None:
    # 2015 is 1 000 at prices of 2010 and 1 150 at its own: everything older is raised by 1.15.
    older = {date(2013, 1, 1): D(800), date(2014, 1, 1): D(900), date(2015, 1, 1): D(1000)}
    newer = {date(2015, 1, 1): D(1150), date(2016, 1, 1): D(1265)}
    found = link([older, newer])
    assert found == {date(2013, 1, 1): D(920), date(2014, 1, 1): D(1035), date(2015, 1, 1): D(1150), date(2016, 1, 1): D(1265)}
    # Growth inside each base stays; across the bases it is that of the newer one, not 1265/1000.
    assert year_on_year(found, date(2014, 1, 1)) == D("12.5") and year_on_year(found, date(2016, 1, 1)) == 10
    first = {date(2010, 1, 1): D(50), date(2013, 1, 1): D(80)}
    assert link([first, older, newer])[date(2010, 1, 1)] == D(575)
    quarters = [{m("2015-01"): D(40), m("2015-04"): D(60), m("2014-01"): D(30)}, {m("2015-01"): D(50), m("2015-04"): D(70)}]
    assert link(quarters)[m("2014-01")] == D(36)
    assert link([]) == {}
    with pytest.raises(ValueError, match="重叠"):
        link([{date(2013, 1, 1): D(1)}, newer])


def test_quarters_alone_from_cumulative_growth() -> None:
    base = {m("2015-01"): D(2000), m("2015-04"): D(4400), m("2015-07"): D(6900), m("2015-10"): D(10000)}
    growths = {m("2016-01"): D(10), m("2016-04"): D(11), m("2016-07"): D("10.5"), m("2016-10"): D("9.5")}
    found = quarter_growth(base, growths)
    # Q1 2 200; H1 4 884 → Q2 2 684 over 2 400 = 11.8333…; Q1–3 7 624.5 → Q3 2 740.5 over 2 500 = 9.62; year 10 950 → Q4 3 325.5 over 3 100.
    assert [round(found[p] or 0, 4) for p in sorted(found)] == [D(10), D("11.8333"), D("9.62"), D("7.2742")]
    # Without the second quarter there is no third alone.
    del growths[m("2016-04")]
    assert quarter_growth(base, growths)[m("2016-04")] is None


RELEASES = [
    Release(m("2016-01"), date(2016, 4, 20), D(2393)),
    Release(m("2016-01"), date(2017, 1, 15), D(2401), "revised"),
    Release(m("2016-01"), date(2019, 12, 5), D("2512.65"), "census"),
    Release(m("2016-04"), date(2016, 7, 20), D(5018)),
    Release(m("2016-04"), date(2019, 12, 5), D("4917.64"), "census"),
    Release(m("2016-07"), date(2016, 10, 24), D(7800)),
]


def test_revisions() -> None:
    rng = Random(1)
    given = RELEASES[:]
    rng.shuffle(given)
    found = revision_triangle(given)
    line = found[m("2016-01")]
    assert [(r.stage, r.value, r.change) for r in line] == [
        ("first", 2393, None),
        ("revised", 2401, 8),
        ("census", D("2512.65"), D("111.65")),
    ]
    assert round(line[1].since_first_pct or 0, 4) == D("0.3343")
    assert round(line[2].since_first_pct or 0, 4) == D("5.0000")
    assert round(line[2].change_pct or 0, 4) == D("4.6501")
    mean = mean_revision(found, "census")
    assert mean is not None
    # +5.0 % and −2.0 %: 1.5 on average, 3.5 in size.
    assert (round(mean[0], 3), round(mean[1], 3), mean[2]) == (D("1.500"), D("3.500"), 2)
    assert mean_revision(found, "final") is None
    with pytest.raises(ValueError, match="两个数"):
        revision_triangle([RELEASES[0], Release(m("2016-01"), date(2016, 4, 20), D(1))])
    assert len(revision_triangle([RELEASES[0], RELEASES[0]])[m("2016-01")]) == 1


def test_as_known() -> None:
    assert as_known(RELEASES, date(2016, 12, 31)) == {m("2016-01"): D(2393), m("2016-04"): D(5018), m("2016-07"): D(7800)}
    assert as_known(RELEASES, date(2017, 1, 15))[m("2016-01")] == 2401
    assert as_known(RELEASES, date(2020, 1, 1))[m("2016-04")] == D("4917.64")
    assert as_known(RELEASES, date(2016, 1, 1)) == {}
