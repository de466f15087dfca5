"""Persons and the households they live in, made block by block so that a city of any size streams through.

A block is a few hundred persons of one district. Ages come from the pyramid of the registered (hukou) or the floating population; the
persons drawn are then put together into couples, families and three-generation households, so that the pyramid holds exactly while
mothers stay 20 to 40 years older than their children.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from xihu.sample import ids, names

# Share of each five-year age group, 0-4 … 95-99, 100+. Hukou: Hangzhou at the end of 2016, 60+ 21.6 %, 80+ 3.6 %.
HUKOU = (5.2, 4.6, 3.9, 4.1, 5.8, 7.9, 7.4, 7.2, 7.9, 8.8, 8.9, 6.7, 7.2, 5.0, 3.3, 2.55, 2.05, 1.15, 0.38, 0.08, 0.02)
FLOATING = (4.5, 3.6, 2.4, 5.5, 15.5, 18.0, 14.0, 11.0, 9.5, 7.5, 4.2, 2.0, 1.1, 0.7, 0.3, 0.1, 0.06, 0.03, 0.01, 0.0, 0.0)
# Men per hundred persons of a group: even until 60, fewer after.
MEN = (52, 53, 53, 53, 51, 50, 49, 50, 50, 50, 50, 50, 50, 49, 48, 47, 45, 41, 35, 28, 22)
# Deaths per 1,000 persons and year by age group.
MORTALITY = (0.9, 0.2, 0.2, 0.3, 0.3, 0.4, 0.5, 0.7, 1.0, 1.6, 2.6, 4.0, 7.0, 12, 22, 38, 68, 118, 190, 290, 420)
MINORITIES = ["22", "15", "06", "11", "03", "12", "08", "05"]


@dataclass(slots=True)
class Spell:
    """An insurance or job spell; `end` is its last day, None while it runs."""

    start: date
    end: date | None = None
    status: str = "active"
    employer: tuple[str, int] | None = None
    base: int = 0


@dataclass(slots=True)
class School:
    """A stay at one school; `left` is the last day on the roll."""

    name: str
    stage: str
    since: date
    left: date | None
    status: str
    number: str


@dataclass(slots=True)
class Person:
    """One human being with everything that happened to them. Latent attributes (income, care) stand in no extract."""

    id18: str
    name: str
    sex: int
    birth: date
    district: str
    local: bool
    street: str = ""
    address: str = ""
    ethnic: str = "01"
    house_no: str = ""
    relation: str = "02"
    marital: str = "10"
    education: str = "71"
    farm: bool = False
    registered_on: date = date(1990, 1, 1)
    origin: str = ""
    mother: Person | None = None
    father: Person | None = None
    income: float = 0.0
    care: float = 0.0
    old_number: bool = False
    permit: str = ""
    arrived: date | None = None
    residence_permit: str = ""
    death: date | None = None
    death_certified: int | None = None
    cremated: date | None = None
    cremation_reported: int | None = None
    cancelled: date | None = None
    cause: str = ""
    born_in_window: bool = False
    moves: list[tuple[date, str]] = field(default_factory=list)
    left_city: date | None = None
    absence: tuple[str, date, date | None] | None = None
    school: list[School] = field(default_factory=list)
    employee: list[Spell] = field(default_factory=list)
    jobs: list[Spell] = field(default_factory=list)
    retired: date | None = None
    pension: float = 0.0
    pension_from: date | None = None
    resident: list[Spell] = field(default_factory=list)
    contributions: dict[int, tuple[int, date]] = field(default_factory=dict)
    old_years: list[int] = field(default_factory=list)
    resident_pension: float = 0.0
    resident_from: date | None = None
    skip: dict[str, dict[date, str]] = field(default_factory=dict)
    medical: str = ""
    medical_since: date | None = None
    elderly_from: date | None = None
    disability: tuple[str, str, date] | None = None
    nursing_from: date | None = None
    veteran: tuple[str, date, int] | None = None
    cadre: tuple[str, date, int] | None = None
    elsewhere: tuple[str, str, str, date, date | None] | None = None
    refused: dict[str, date] = field(default_factory=dict)
    married_on: date | None = None
    spouse: Person | None = None
    notes: dict[str, str] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)
    key: int = 0
    lapse: float = 0.0

    def age(self, on: date) -> int:
        """Full years; somebody born on 29 February turns a year older on 1 March of a common year."""
        return on.year - self.birth.year - ((on.month, on.day) < (self.birth.month, self.birth.day))

    def at(self, on: date) -> str:
        """District of registration (of residence, for the floating) on that day."""
        here = self.district
        for day, there in self.moves:
            if day <= on:
                here = there
        return here

    def alive(self, on: date) -> bool:
        """Not dead by the end of that day."""
        return self.death is None or self.death > on


@dataclass(slots=True)
class Household:
    """People of one household register page."""

    no: str
    district: str
    members: list[Person]
    dibao: tuple[date, int, float] | None = None  # granted since, members covered, amount of a month in 元
    dibao_end: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def cumulative(weights: tuple[float, ...]) -> list[float]:
    """Running sum, for one binary search per draw."""
    total, out = 0.0, []
    for w in weights:
        total += w
        out.append(total)
    return out


_HUKOU, _FLOATING = cumulative(HUKOU), cumulative(FLOATING)


def draw_age(rng: Random, local: bool) -> int:
    """Age in full years from the pyramid."""
    table = _HUKOU if local else _FLOATING
    group = min(bisect_left(table, rng.random() * table[-1]), 20)
    if group == 20:
        return 100 + min(int(rng.expovariate(0.7)), 8)
    low = 5 * group
    if group >= 15:  # within the oldest groups the younger outnumber the older
        return low + min(int(5 * rng.random() ** 1.35), 4)
    return low + rng.randrange(5)


def make_person(
    mint: ids.Mint, rng: Random, district: str, local: bool, age: int, sex: int, today: date, family: str | None = None
) -> Person:
    """A person of that age on `today`, with a number minted where and when they were first registered."""
    year = today.year - age - (1 if rng.random() > (today.timetuple().tm_yday / 365.25) else 0)
    ethnic = "01" if rng.random() > (0.011 if local else 0.045) else rng.choice(MINORITIES)
    origin = ""
    first = year if year >= 1985 else rng.choice((1985, 1985, 1986, 1987, 1988, 1989))
    newcomer = local and age >= 18 and rng.random() < (0.26 if ids.DISTRICTS[district][4] < 0.3 else 0.07)
    if local and not newcomer:
        prefix = ids.prefix_of(district, first)
    elif newcomer and rng.random() < 0.35:  # registered first in another district of the city
        prefix = ids.prefix_of(rng.choice(list(ids.DISTRICTS)), first)
    else:
        prefix, origin = rng.choice(ids.ORIGINS) if ethnic != "05" else ("652922", "新疆维吾尔自治区温宿县")
    earliest = date(today.year - age - 1, today.month, 1) if age else date(today.year - 1, today.month, 2)
    id18, birth = mint.draw(prefix, year, sex, latest=today, earliest=earliest if earliest.year == year else None)
    p = Person(id18, names.full(rng, sex, year, ethnic, family), sex, birth, district, local, ethnic=ethnic, origin=origin)
    p.registered_on = birth
    if newcomer:
        p.registered_on = date(min(2015, max(birth.year + 18, 1990 + rng.randrange(26))), 1 + rng.randrange(12), 1 + rng.randrange(28))
    p.income = rng.gauss(0.0, 1.0) + (ids.DISTRICTS[district][3] - 0.66) * 1.5
    p.care = rng.gauss(0.0, 1.0)
    p.old_number = age >= 25 and rng.random() < 0.35
    p.key = rng.getrandbits(48)
    p.education = _education(age, p.key)
    p.farm = local and rng.random() < ids.DISTRICTS[district][4]
    return p


def _education(age: int, key: int) -> str:
    """GB/T 4658 in the grades of the household register: the young are still at it, the old left early."""
    if age < 18:
        return "90" if age < 12 else "81" if age < 15 else "71"
    pool = (
        ("21", "21", "31", "31", "61", "71", "14")
        if age < 35
        else ("21", "31", "61", "71", "71", "41")
        if age < 55
        else ("71", "81", "81", "61")
    )
    return pool[(key >> 8) % len(pool)]


def _couples(people: list[Person], today: date, rng: Random) -> tuple[list[tuple[Person, Person]], list[Person]]:
    """Pairs husband and wife of near age; returns the pairs and those left single."""
    men = sorted((p for p in people if p.sex == 1 and p.age(today) >= 22), key=lambda p: p.birth)
    years = [p.birth.toordinal() for p in men]
    taken: set[int] = set()
    pairs: list[tuple[Person, Person]] = []
    single: list[Person] = []
    for wife in sorted((p for p in people if p.sex == 2 and p.age(today) >= 20), key=lambda p: p.birth):
        age = wife.age(today)
        chance = (
            0.12
            if age < 23
            else 0.45
            if age < 27
            else 0.82
            if age < 32
            else 0.93
            if age < 65
            else 0.78
            if age < 75
            else 0.5
            if age < 82
            else 0.2
        )
        husband = None
        if rng.random() < chance:
            k = bisect_left(years, wife.birth.toordinal() - 730)
            for j in sorted(range(max(0, k - 6), min(len(men), k + 7)), key=lambda j: abs(j - k)):
                if j not in taken and abs(years[j] - (wife.birth.toordinal() - 730)) < 365 * 8:
                    husband = men[j]
                    taken.add(j)
                    break
        if husband is None:
            wife.marital = "10" if age < 35 and rng.random() < 0.95 else ("30" if age > 62 else rng.choice(("10", "40")))
            single.append(wife)
        else:
            pairs.append((husband, wife))
            husband.spouse, wife.spouse = wife, husband
            husband.marital = wife.marital = "20"
    for j, p in enumerate(men):
        if j not in taken:
            age = p.age(today)
            p.marital = "10" if age < 40 else ("30" if age > 70 else rng.choice(("10", "40")))
            single.append(p)
    return pairs, single


def households(people: list[Person], today: date, rng: Random, prefix: str, together: float) -> list[Household]:
    """Puts a block's persons into households. `together` = chance that old people live with a grown child."""
    pairs, single = _couples(people, today, rng)
    grouped = {id(p) for pair in pairs for p in pair} | {id(p) for p in single}
    children = sorted((p for p in people if id(p) not in grouped), key=lambda p: p.birth)
    homes: list[list[Person]] = [[h, w] for h, w in sorted(pairs, key=lambda hw: hw[1].birth)]
    mothers = [home[1].birth.toordinal() for home in homes]
    room: dict[int, int] = {}
    living_in = [p for p in single if p.age(today) < 46 and rng.random() < 0.85]
    placed = {id(p) for p in living_in}
    for child in [*children, *living_in]:
        lo = bisect_left(mothers, child.birth.toordinal() - 365 * 36)
        hi = bisect_left(mothers, child.birth.toordinal() - 365 * 21)
        options = [j for j in range(lo, hi) if room.get(j, 0) < (1 if rng.random() < 0.6 else 2)] or list(range(lo, hi))
        if not options and homes and child.age(today) < 18:
            homes[rng.randrange(len(homes))].append(child)  # brought up by relatives
            child.relation = "80"
            continue
        if not options:
            homes.append([child])
            mothers.append(10**9)
            continue
        j = rng.choice(options)
        room[j] = room.get(j, 0) + 1
        father, mother = homes[j][0], homes[j][1]
        child.father, child.mother = father, mother
        child.relation = "20" if child.sex == 1 else "30"
        if child.ethnic != "05" and father.ethnic != "05":
            family = next((s for s in (father.name[:2], father.name[:1]) if s in names.SURNAMES), father.name[:1])
            child.name = family + names.given(rng, child.sex, child.birth.year)
        homes[j].append(child)
    for p in single:
        if id(p) not in placed:
            homes.append([p])
            mothers.append(10**9)
    # The old move in with a couple a generation younger.
    young = [j for j, home in enumerate(homes) if len(home) >= 2 and 25 <= home[0].age(today) < 60]
    gone: set[int] = set()
    for j, home in enumerate(homes):
        if home[0].age(today) >= 62 and len(home) <= 2 and young and rng.random() < together:
            k = rng.choice(young)
            gap = home[0].age(today) - homes[k][0].age(today)
            if 18 <= gap <= 42 and len(homes[k]) < 6:
                for p in home:
                    p.relation = "50"
                homes[k] = homes[k] + home
                gone.add(j)
    out: list[Household] = []
    for j, home in enumerate(homes):
        if j in gone:
            continue
        head = home[0]
        head.relation = "02"
        if len(home) > 1 and home[1].spouse is head:
            home[1].relation = "12" if home[1].sex == 2 else "11"
        h = Household(f"{prefix}{len(out):04d}", head.district, home)
        street = rng.choice(ids.STREETS[head.district])
        rural = street.endswith("镇")
        place = f"{rng.choice('东西南北中新')}{rng.choice('山湖桥溪塘园河')}{'村' if rural else '社区'}"
        where = f"{street}{place}{rng.randrange(1, 200)}号" + (
            "" if rural else f"{rng.randrange(1, 7)}单元{rng.randrange(1, 19)}0{rng.randrange(1, 5)}室"
        )
        for p in home:
            p.house_no, p.street, p.address = h.no, street, where
        out.append(h)
    return out
