"""Statistical series: growth, comparable prices, cumulative and single periods, January with February, revisions.

Figures are `Decimal`; a period is named by its first day. What cannot be said is None, never 0 and never a guess.

* Growth in per cent over a year before at the prices of the reports; at comparable prices with a price index, or from figures at constant
  prices that are linked where the base year changes (1990, 2000, 2005, 2010, 2015, 2020 …).
* China's monthly surveys publish January and February together: there is no January figure, and a single February is not to be made up.
* A vintage is one release of a figure: first, revised, final, and after an economic census.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

HUNDRED = Decimal(100)
Frequency = Literal["month", "quarter", "year"]
STEP: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
Figures = Mapping[date, Decimal]


def shift(period: date, months: int) -> date:
    """The period so many months later, by its first day."""
    count = period.year * 12 + period.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Per cent; None where one is missing or the earlier one is not positive (a growth of losses means nothing)."""
    if now is None or before is None or before <= 0:
        return None
    return (now / before - 1) * HUNDRED


def year_on_year(figures: Figures, period: date) -> Decimal | None:
    """Growth over the same period of the year before (同比)."""
    return growth(figures.get(period), figures.get(shift(period, -12)))


def on_previous(figures: Figures, period: date, frequency: Frequency) -> Decimal | None:
    """Growth over the period before (环比); of a series that is not seasonally adjusted it mostly tells the season."""
    return growth(figures.get(period), figures.get(shift(period, -STEP[frequency])))


def comparable_growth(now: Decimal | None, before: Decimal | None, price_index: Decimal | None) -> Decimal | None:
    """Growth at comparable prices from figures at current prices and a price index (the year before = 100).

    (now / before) / (index / 100) − 1, in per cent.
    """
    if now is None or before is None or price_index is None or before <= 0 or price_index <= 0:
        return None
    return (now / before / (price_index / HUNDRED) - 1) * HUNDRED


def implied_deflator(now: Decimal | None, before: Decimal | None, volume_index: Decimal | None) -> Decimal | None:
    """Price index (the year before = 100) that nominal growth and an index at comparable prices imply (缩减指数)."""
    if now is None or before is None or volume_index is None or before <= 0 or volume_index <= 0:
        return None
    return now / before / (volume_index / HUNDRED) * HUNDRED


@dataclass(frozen=True)
class Span:
    """A figure of one stretch within a year: months `first` to `last`."""

    year: int
    first: int
    last: int
    value: Decimal

    @property
    def combined(self) -> bool:
        """Whether it is more than one period of its kind: January and February together."""
        return self.first != self.last

    @property
    def period(self) -> date:
        return date(self.year, self.first, 1)


def singles(cumulative: Figures, frequency: Literal["month", "quarter"] = "month") -> list[Span]:
    """Single periods from figures cumulated since January, keyed by the first day of the last period they contain.

    Where January is not published the first span is January and February together. A gap later in the year gives one span over it, so
    that spans always add up to the last cumulative figure of their year.
    """
    spans: list[Span] = []
    for year in sorted({p.year for p in cumulative}):
        reached, total = 0, Decimal(0)
        for period in sorted(p for p in cumulative if p.year == year):
            last = period.month if frequency == "month" else period.month + 2
            spans.append(Span(year, reached + 1, last, cumulative[period] - total))
            reached, total = last, cumulative[period]
    return spans


def cumulated(spans: Iterable[Span]) -> dict[date, Decimal]:
    """Figures since January from spans that follow one another without a gap, keyed by the month that ends each.

    Raises:
        ValueError: a gap or an overlap.
    """
    found: dict[date, Decimal] = {}
    reached, total, year = 0, Decimal(0), None
    for span in sorted(spans, key=lambda s: (s.year, s.first)):
        if span.year != year:
            reached, total, year = 0, Decimal(0), span.year
        if span.first != reached + 1:
            raise ValueError(f"{span.year}年{span.first}月：不接上一期 / does not follow month {reached}")
        reached, total = span.last, total + span.value
        found[date(span.year, span.last, 1)] = total
    return found


def span_growth(spans: Sequence[Span]) -> dict[tuple[int, int, int], Decimal | None]:
    """(year, first, last) → growth over the same stretch a year before.

    A stretch is compared with the same months alone: January–February with January–February, or with January plus February where the
    year before has both; a single February has no counterpart in a year that published both together.
    """
    by_year: dict[int, list[Span]] = {}
    for span in spans:
        by_year.setdefault(span.year, []).append(span)
    return {(s.year, s.first, s.last): growth(s.value, _covering(by_year.get(s.year - 1, []), s.first, s.last)) for s in spans}


def _covering(spans: Iterable[Span], first: int, last: int) -> Decimal | None:
    """The sum of the spans that fill exactly these months."""
    inside = sorted((s for s in spans if first <= s.first and s.last <= last), key=lambda s: s.first)
    reached = first
    for s in inside:
        if s.first != reached:
            return None
        reached = s.last + 1
    return sum((s.value for s in inside), Decimal(0)) if inside and reached == last + 1 else None


def chain(indices: Mapping[int, Decimal], base: int) -> dict[int, Decimal]:
    """Year → volume index with the base year = 100, from yearly indices at comparable prices (the year before = 100).

    Years that a missing index cuts off from the base year are left out.
    """
    found = {base: HUNDRED}
    year = base + 1
    while year in indices:
        found[year] = found[year - 1] * indices[year] / HUNDRED
        year += 1
    year = base
    while year in indices and indices[year] > 0:
        found[year - 1] = found[year] * HUNDRED / indices[year]
        year -= 1
    return dict(sorted(found.items()))


def at_prices_of(current: Mapping[int, Decimal], indices: Mapping[int, Decimal], base: int) -> dict[int, Decimal]:
    """Year → figure at the prices of the base year: its figure at current prices along the chain of indices (a year before = 100)."""
    if base not in current:
        return {}
    return {year: current[base] * index / HUNDRED for year, index in chain(indices, base).items()}


def link(segments: Sequence[Mapping[date, Decimal]]) -> dict[date, Decimal]:
    """One series at the prices of the last segment, from segments at the constant prices of successive base years.

    Two neighbours overlap in at least one year (or quarters of one); the older one is raised by the ratio of the sums over the overlap, so
    growth inside each segment stays what it was. Growth is never taken across two price bases.

    Raises:
        ValueError: neighbours without an overlap, or an overlap that sums to nothing.
    """
    if not segments:
        return {}
    linked = dict(segments[-1])
    for older in reversed(segments[:-1]):
        common = [p for p in older if p in linked]
        below, above = sum((older[p] for p in common), Decimal(0)), sum((linked[p] for p in common), Decimal(0))
        if not common or below <= 0 or above <= 0:
            raise ValueError("相邻两段没有重叠期，不能衔接 / neighbours without an overlap cannot be linked")
        linked = {p: v * above / below for p, v in older.items() if p not in linked} | linked
    return dict(sorted(linked.items()))


def constant_from_growth(base: Figures, growths: Figures) -> dict[date, Decimal]:
    """Cumulative figures at last year's prices: those of last year at current prices, raised by the cumulative growth at comparable prices.

    With `singles` of both years this gives what a quarter grew by itself, which the reports (cumulative growth) do not say:
    growth of Q2 = (base_H1·(1+g_H1) − base_Q1·(1+g_Q1)) / (base_H1 − base_Q1) − 1.
    """
    return {p: base[shift(p, -12)] * (1 + g / HUNDRED) for p, g in growths.items() if shift(p, -12) in base}


def quarter_growth(base: Figures, growths: Figures) -> dict[date, Decimal | None]:
    """Growth of single quarters at comparable prices, from last year's cumulative figures and this year's cumulative growths."""
    this = {s.period: s for s in singles(constant_from_growth(base, growths), "quarter")}
    last = {s.period: s for s in singles(base, "quarter")}
    found: dict[date, Decimal | None] = {}
    for period, span in this.items():
        before = last.get(shift(period, -12))
        found[period] = growth(span.value, before.value) if before and before.last == span.last else None
    return found


@dataclass(frozen=True)
class Release:
    """One vintage of one figure. `stage`: first, revised, final, census."""

    period: date
    released_on: date
    value: Decimal
    stage: str = "first"


@dataclass(frozen=True)
class Revision:
    """A figure against the release before it and the first one; per cent where the earlier one is positive."""

    period: date
    released_on: date
    stage: str
    value: Decimal
    change: Decimal | None
    change_pct: Decimal | None
    since_first_pct: Decimal | None


def as_known(releases: Iterable[Release], on: date) -> dict[date, Decimal]:
    """Period → figure as it stood on a day: the newest release by then."""
    known: dict[date, Release] = {}
    for one in sorted(releases, key=lambda r: r.released_on):
        if one.released_on <= on:
            known[one.period] = one
    return {p: r.value for p, r in sorted(known.items())}


def revision_triangle(releases: Iterable[Release]) -> dict[date, list[Revision]]:
    """Period → its releases in order, each with what it changed.

    Raises:
        ValueError: two different figures for one period on one day.
    """
    rows: dict[date, list[Release]] = {}
    for one in releases:
        rows.setdefault(one.period, []).append(one)
    found: dict[date, list[Revision]] = {}
    for period, given in sorted(rows.items()):
        given.sort(key=lambda r: r.released_on)
        line: list[Revision] = []
        for r in given:
            before = line[-1] if line else None
            if before and before.released_on == r.released_on:
                if before.value != r.value:
                    raise ValueError(f"{period}：{r.released_on}有两个数 / two figures on one day")
                continue
            change = r.value - before.value if before else None
            first = line[0].value if line else None
            line.append(Revision(period, r.released_on, r.stage, r.value, change, growth(r.value, before.value) if before else None,
                                 growth(r.value, first)))  # fmt: skip
        found[period] = line
    return found


def mean_revision(triangle: Mapping[date, Sequence[Revision]], stage: str) -> tuple[Decimal, Decimal, int] | None:
    """(mean, mean absolute, number) of revisions since the first release, in per cent, of the releases of one stage."""
    seen = [r.since_first_pct for line in triangle.values() for r in line if r.stage == stage and r.since_first_pct is not None]
    if not seen:
        return None
    return sum(seen, Decimal(0)) / len(seen), sum(map(abs, seen), Decimal(0)) / len(seen), len(seen)
