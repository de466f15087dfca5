"""Cases planted in the world: one day, one year or one month either side of each threshold of the programmes.

A recipe is a person built by hand for a month end t; what the departments know of them follows from the same rules as for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from xihu.sample import ids, names
from xihu.sample.dates import Window, add_months, add_years, first_of, month_end
from xihu.sample.people import Household, Person, School, Spell

DAY = timedelta(days=1)
Recipe = Callable[["Planter", date], Person]
RECIPES: dict[str, tuple[str, Recipe]] = {}


class Planter:
    """Makes plain persons of a given birth date in one district."""

    def __init__(self, mint: ids.Mint, rng: Random, district: str, w: Window) -> None:
        self.mint, self.rng, self.district, self.w = mint, rng, district, w

    def person(self, birth: date, sex: int | None = None) -> Person:
        """Registered since birth, no job, no pension, resident medical insurance."""
        rng = self.rng
        sex = sex or rng.choice((1, 2))
        prefix = ids.prefix_of(self.district, max(birth.year, 1985))
        p = Person(self.mint.on(prefix, birth, sex), names.full(rng, sex, birth.year), sex, birth, self.district, True)
        p.registered_on, p.key, p.street = birth, rng.getrandbits(48), rng.choice(ids.STREETS[self.district])
        p.address = f"{p.street}新村{p.key % 90 + 1}号"
        p.medical, p.medical_since = "resident_medical", date(max(2008, birth.year), 1, 1)
        p.marital = "10" if birth.year > 1990 else "30" if birth.year < 1940 else "20"
        return p

    def elder(self, birth: date) -> Person:
        """A pensioner of the employees' scheme, so that only the allowance is in question."""
        p = self.person(birth)
        p.retired = add_years(birth, 60)
        p.pension_from, p.pension = add_months(p.retired, 1), 2650.5
        p.employee.append(Spell(date(1993, 1, 1), None, "active", (self.district, 20 + p.key % 30), 0))
        return p

    def pensioner(self, birth: date) -> Person:
        """Sixty and over, has paid every year the transition asks for, draws the residents' pension."""
        p = self.person(birth)
        sixty = add_years(birth, 60)
        p.resident.append(Spell(date(2010, 1, 1), None, "drawing"))
        p.contributions = {y: (500, date(y, 5, 12)) for y in range(2010, sixty.year)}
        p.resident_from, p.resident_pension = max(add_months(sixty, 1), date(2010, 1, 1)), 171.6
        return p

    def adult(self, birth: date) -> Person:
        """Of working age, a member of the residents' scheme."""
        p = self.person(birth)
        start = max(2010, birth.year + 16)
        p.resident.append(Spell(date(min(start, 2016), 1, 1)))
        p.contributions = {y: (500, date(y, 5, 12)) for y in range(start, 2016)}
        return p


def recipe(programme: str, tag: str) -> Callable[[Recipe], Recipe]:
    """Registers a recipe under its programme."""

    def keep(f: Recipe) -> Recipe:
        RECIPES[tag] = (programme, f)
        return f

    return keep


def _edit(base: str, change: Callable[[Person, date], None], birth: Callable[[date], date]) -> Recipe:
    def build(m: Planter, t: date) -> Person:
        p: Person = getattr(m, base)(birth(t))
        change(p, t)
        return p

    return build


def _plain(
    tag: str, programme: str, base: str, birth: Callable[[date], date], change: Callable[[Person, date], None] | None = None
) -> None:
    RECIPES[tag] = (programme, _edit(base, change or (lambda p, t: None), birth))


def _back(t: date, years: int, days: int = 0) -> date:
    """Birth date of somebody who turned so many years old `days` days before t (after t where negative)."""
    day = t - timedelta(days=days)
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def _allow(p: Person, t: date) -> None:
    p.elderly_from = max(first_of(add_years(p.birth, 80)), first_of(p.registered_on))


def _skip(kind: str, how: str, months: int = 0) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        if kind == "elderly_allowance":
            _allow(p, t)
        p.skip.setdefault(kind, {})[add_months(t, months)] = how

    return change


def _dies(p: Person, day: date, certified: int | None, cancelled: date) -> None:
    p.death, p.cancelled, p.cause = day, cancelled, "I63.900"
    p.death_certified = certified
    for spell in (*p.employee, *p.resident):
        if spell.end is None:
            spell.end, spell.status = month_end(max(day, spell.start)), "ended"


def _set(**values: object) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        for name, value in values.items():
            setattr(p, name, value(t) if callable(value) else value)

    return change


def _both(*changes: Callable[[Person, date], None]) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        for c in changes:
            c(p, t)

    return change


def _old(t: date) -> date:
    return date(t.year - 84, 5, 20)


# W9: 80 on the last day of the month, the day after, the day before; the grace of 31 days.
for _days, _tag in ((-1, "tomorrow"), (0, "today"), (1, "yesterday"), (30, "30_days_ago"), (31, "31_days_ago")):
    _plain(f"w9_80_{_tag}", "W9", "elder", lambda t, d=_days: _back(t, 80, d))  # type: ignore[misc]
_plain("w9_80_tomorrow_paid", "W9", "elder", lambda t: _back(t, 80, -1), _set(elderly_from=lambda t: first_of(t)))
_plain("w9_90_today", "W9", "elder", lambda t: _back(t, 90), _allow)
_plain("w9_90_tomorrow", "W9", "elder", lambda t: _back(t, 90, -1), _allow)
_plain("w9_100_today", "W9", "elder", lambda t: _back(t, 100), _allow)
_plain("w9_100_tomorrow", "W9", "elder", lambda t: _back(t, 100, -1), _allow)
_plain("w9_leap_day", "W9", "elder", lambda t: date(1936, 2, 29))
_plain("w9_leap_day_paid", "W9", "elder", lambda t: date(1932, 2, 29), _allow)
_plain("w9_paid_month_before", "W9", "elder", _old, _skip("elderly_allowance", "missed"))
_plain("w9_zero_amount", "W9", "elder", _old, _skip("elderly_allowance", "zero"))
_plain("w9_moved_in_today", "W9", "elder", _old, _set(registered_on=lambda t: t))
_plain("w9_moved_in_tomorrow", "W9", "elder", _old, _set(registered_on=lambda t: t + DAY))
_plain("w9_moved_in_31_days_ago", "W9", "elder", _old, _set(registered_on=lambda t: t - 31 * DAY))
_plain("w9_moved_out_today", "W9", "elder", _old, _set(left_city=lambda t: t))
_plain("w9_moved_out_tomorrow", "W9", "elder", _old, _set(left_city=lambda t: t + DAY))
_plain("w9_abroad_from_today", "W9", "elder", _old, _set(absence=lambda t: ("abroad", t, None)))
_plain("w9_abroad_from_tomorrow", "W9", "elder", _old, _set(absence=lambda t: ("abroad", t + DAY, None)))
_plain("w9_prison", "W9", "elder", _old, _set(absence=lambda t: ("prison", date(2014, 5, 1), None)))
_plain("w9_refused_today", "W9", "elder", _old, lambda p, t: p.refused.update(W9=t))
_plain("w9_refused_tomorrow", "W9", "elder", _old, lambda p, t: p.refused.update(W9=t + DAY))
_plain("w9_refused_another", "W9", "elder", _old, lambda p, t: p.refused.update(W12b=date(2014, 3, 3)))
_plain("w9_veteran_today", "W9", "elder", _old, _set(veteran=lambda t: ("参战退役人员", t, 700)))
_plain("w9_veteran_tomorrow", "W9", "elder", _old, _set(veteran=lambda t: ("参战退役人员", t + DAY, 700)))
_plain("w9_cadre", "W9", "elder", _old, _set(cadre=("离休干部", date(1990, 6, 1), 6200)))


@recipe("W9", "w9_died_today")
def _w9_died_today(m: Planter, t: date) -> Person:
    p = m.elder(_old(t))
    _dies(p, t, m.w.index(t), t + 5 * DAY)
    return p


@recipe("W9", "w9_died_tomorrow")
def _w9_died_tomorrow(m: Planter, t: date) -> Person:
    p = m.elder(_old(t))
    k = m.w.index(t + DAY)
    _dies(p, t + DAY, k, t + 9 * DAY)
    return p


@recipe("W9", "w9_died_unreported_paid")
def _w9_dead_paid(m: Planter, t: date) -> Person:
    """Died two months ago, certified only now, paid all the while."""
    p = m.elder(_old(t))
    _allow(p, t)
    _dies(p, m.w.first - 40 * DAY, 0, m.w.last + 90 * DAY)
    p.skip["elderly_allowance"] = dict.fromkeys(m.w.months, "paid")
    return p


@recipe("W9", "w9_died_nobody_knows")
def _w9_died_nobody_knows(m: Planter, t: date) -> Person:
    p = m.elder(_old(t))
    _dies(p, t, None, m.w.last + 60 * DAY)
    return p


def _unclaimed(p: Person, t: date) -> None:
    p.resident_from = None
    p.resident[-1].status, p.resident[-1].end = "suspended", month_end(max(p.resident[-1].start, add_years(p.birth, 60)))


# W12b: 60 around the month end, contributed years around 15, the transition around 2010.
for _days, _tag in ((-1, "tomorrow"), (0, "today"), (1, "yesterday"), (30, "30_days_ago"), (31, "31_days_ago")):
    _plain(f"w12b_60_{_tag}", "W12b", "pensioner", lambda t, d=_days: _back(t, 60, d), _unclaimed)  # type: ignore[misc]
_plain("w12b_born_1949_12_31", "W12b", "pensioner", lambda t: date(1949, 12, 31), _unclaimed)
_plain("w12b_born_1950_01_01", "W12b", "pensioner", lambda t: date(1950, 1, 1), _unclaimed)
_plain("w12b_born_1951_paid_2010", "W12b", "pensioner", lambda t: date(1951, 3, 1), _unclaimed)
_plain("w12b_born_1951_not_2010", "W12b", "pensioner", lambda t: date(1951, 3, 1), _both(_unclaimed, _set(contributions={})))


def _years(n: int) -> Callable[[Person, date], None]:
    """One year of the transition is missing; old rural contributions bring the total to n."""

    def change(p: Person, t: date) -> None:
        _unclaimed(p, t)
        p.contributions.pop(2012, None)
        p.old_years = list(range(1993, 1993 + n - len(p.contributions)))

    return change


_plain("w12b_14_years", "W12b", "pensioner", lambda t: date(1955, 6, 9), _years(14))
_plain("w12b_15_years", "W12b", "pensioner", lambda t: date(1955, 6, 9), _years(15))
_plain("w12b_paid_month_before", "W12b", "pensioner", lambda t: date(1948, 8, 8), _skip("resident_pension", "missed"))
_plain("w12b_zero_amount", "W12b", "pensioner", lambda t: date(1948, 8, 8), _skip("resident_pension", "zero"))
_plain("w12b_leap_day", "W12b", "pensioner", lambda t: date(1948, 2, 29), _unclaimed)
_plain(
    "w12b_abroad",
    "W12b",
    "pensioner",
    lambda t: date(1947, 4, 4),
    _both(_unclaimed, _set(absence=lambda t: ("abroad", date(2015, 2, 2), None))),
)
_plain(
    "w12b_refused", "W12b", "pensioner", lambda t: date(1947, 4, 4), _both(_unclaimed, lambda p, t: p.refused.update(W12b=date(2015, 6, 1)))
)
_plain(
    "w12b_veteran",
    "W12b",
    "pensioner",
    lambda t: date(1947, 4, 4),
    _both(_unclaimed, _set(veteran=lambda t: ("伤残军人", date(2009, 8, 1), 900))),
)


def _elsewhere(low: int, high: int | None) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        start = date(2009, 1, 1) if low == -999 else t + low * DAY
        p.elsewhere = ("resident_pension", "安徽省", "歙县", start, None if high is None else t + high * DAY)

    return change


for _low, _high, _tag in ((0, None, "from_today"), (1, None, "from_tomorrow"), (-999, 0, "until_today"), (-999, -1, "until_yesterday")):
    _plain(f"w12b_elsewhere_{_tag}", "W12b", "pensioner", lambda t: date(1947, 4, 4), _both(_unclaimed, _elsewhere(_low, _high)))
    _plain(f"w12a_elsewhere_{_tag}", "W12a", "person", lambda t: date(1975, 4, 4), _elsewhere(_low, _high))


@recipe("W12b", "w12b_died_today")
def _w12b_died_today(m: Planter, t: date) -> Person:
    p = m.pensioner(date(1945, 1, 9))
    _unclaimed(p, t)
    _dies(p, t, m.w.index(t), t + 3 * DAY)
    return p


@recipe("W12b", "w12b_died_tomorrow")
def _w12b_died_tomorrow(m: Planter, t: date) -> Person:
    p = m.pensioner(date(1945, 1, 9))
    _unclaimed(p, t)
    _dies(p, t + DAY, m.w.index(t + DAY), t + 4 * DAY)
    return p


@recipe("W12b", "w12b_employee_pension")
def _w12b_employee_pension(m: Planter, t: date) -> Person:
    return m.elder(date(1946, 2, 2))


def _job(end: int | None, start: int | None = None) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        p.resident, p.contributions, p.resident_from = [], {}, None
        first = date(2009, 5, 1) if start is None else t + start * DAY
        p.employee = [
            Spell(first, None if end is None else t + end * DAY, "active" if end is None else "ended", (p.district, 20 + p.key % 30), 4200)
        ]

    return change


_plain("w12b_works_until_today", "W12b", "pensioner", lambda t: date(1949, 3, 3), _job(0))
_plain("w12b_works_until_yesterday", "W12b", "pensioner", lambda t: date(1949, 3, 3), _job(-1))
_plain("w12b_works_until_32_days_ago", "W12b", "pensioner", lambda t: date(1949, 3, 3), _job(-32))

# W12a: 16 and 60 around the month end, school, job and membership beginning and ending around it.
for _days, _tag in ((-1, "tomorrow"), (0, "today"), (1, "yesterday"), (31, "31_days_ago")):
    _plain(f"w12a_16_{_tag}", "W12a", "person", lambda t, d=_days: _back(t, 16, d))  # type: ignore[misc]
    _plain(f"w12a_60_{_tag}", "W12a", "person", lambda t, d=_days: _back(t, 60, d))  # type: ignore[misc]


def _school(left: int | None) -> Callable[[Person, date], None]:
    def change(p: Person, t: date) -> None:
        p.school = [
            School("杭州市第二职业高中", "vocational", date(2015, 9, 1), None if left is None else t + left * DAY, "left", "G" + p.id18)
        ]

    return change


for _left, _tag in ((None, "on"), (0, "until_today"), (-1, "until_yesterday"), (-31, "until_31_days_ago")):
    _plain(f"w12a_school_{_tag}", "W12a", "person", lambda t: date(1999, 3, 14), _school(_left))
_plain("w12a_job_until_today", "W12a", "person", lambda t: date(1980, 3, 14), _job(0))
_plain("w12a_job_until_yesterday", "W12a", "person", lambda t: date(1980, 3, 14), _job(-1))
_plain("w12a_job_until_32_days_ago", "W12a", "person", lambda t: date(1980, 3, 14), _job(-32))
_plain("w12a_job_from_today", "W12a", "person", lambda t: date(1980, 3, 14), _job(None, 0))
_plain("w12a_job_from_tomorrow", "W12a", "person", lambda t: date(1980, 3, 14), _job(None, 1))
_plain("w12a_joined_today", "W12a", "person", lambda t: date(1978, 7, 1), _set(resident=lambda t: [Spell(t)]))
_plain("w12a_joined_tomorrow", "W12a", "person", lambda t: date(1978, 7, 1), _set(resident=lambda t: [Spell(t + DAY)]))
_plain(
    "w12a_suspended_today", "W12a", "person", lambda t: date(1978, 7, 1), _set(resident=lambda t: [Spell(date(2011, 1, 1), t, "suspended")])
)
_plain(
    "w12a_suspended_yesterday",
    "W12a",
    "person",
    lambda t: date(1978, 7, 1),
    _set(resident=lambda t: [Spell(date(2011, 1, 1), t - DAY, "suspended")]),
)
_plain("w12a_army", "W12a", "person", lambda t: date(1997, 5, 5), _set(absence=lambda t: ("army", date(2015, 9, 12), None)))
_plain("w12a_back_from_army", "W12a", "person", lambda t: date(1996, 5, 5), _set(absence=lambda t: ("army", date(2014, 9, 12), t)))
_plain("w12a_refused", "W12a", "person", lambda t: date(1982, 2, 2), lambda p, t: p.refused.update(W12a=date(2014, 9, 9)))
_plain("w12a_early_pension", "W12a", "person", lambda t: date(1969, 2, 2), _set(pension_from=date(2014, 3, 1), pension=1880.0))
_plain("w12a_never_joined", "W12a", "person", lambda t: date(1985, 2, 2))
_plain("w12a_member", "W12a", "adult", lambda t: date(1972, 2, 29))


def plant(mint: ids.Mint, rng: Random, district: str, place: int, places: int, w: Window, copies: int) -> list[Household]:
    """The planted households of one district: recipe n goes to district n modulo their number, month n modulo theirs."""
    m = Planter(mint, rng, district, w)
    out: list[Household] = []
    n = 0
    for copy in range(copies):
        for tag, (programme, build) in RECIPES.items():
            n += 1
            if (n + copy) % places != place:
                continue
            t = month_end(w.months[(n // 7 + copy) % len(w.months)])
            p = build(m, t)
            p.notes["plant"], p.notes["for"] = f"{tag}@{t:%Y-%m}", programme
            p.house_no = f"{district}9{len(out):07d}"
            out.append(Household(p.house_no, district, [p]))
    return out
