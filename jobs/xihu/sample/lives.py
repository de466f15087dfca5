"""What happens to people: school, work, insurance, pensions, contributions, illness, absence, migration, death.

Magnitudes are those of Hangzhou at the end of 2016 (registered population 7.36 million): about 5.5 million in the employees' pension
scheme with its pensioners, 1.25 million employee pensions of about 2,900 元 a month, 0.55 million residents' pensions of 150-300 元,
minimum allowance for about one registered person in a hundred, disability certificates for one in forty.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import Window, add_months, add_years, first_of, month_end
from xihu.sample.people import MORTALITY, Household, Person, School, Spell

SCHEME_START = date(2010, 1, 1)  # the residents' scheme of the city
UNIVERSITIES = ("大学", "工业大学", "理工大学", "工商大学", "经济职业技术学院", "中医药大学")
LEVELS = (100, 300, 500, 800, 1200, 2000)
STANDARD = {"330185": 734.0, "330122": 655.0, "330127": 655.0, "330182": 655.0}  # dibao 元 per head and month; 819 in the rest


def _day(rng: Random, low: date, high: date) -> date:
    return low + timedelta(days=rng.randrange(max(1, (high - low).days + 1)))


def schooling(p: Person, w: Window, rng: Random) -> None:
    """Puts children and young people on a school roll; the school year turns on 1 September."""
    year = w.first.year if w.first.month >= 9 else w.first.year - 1
    a = p.age(date(year, 8, 31))
    if a < 6 or a > 23:
        return
    if not p.local and rng.random() > (0.88 if a < 15 else 0.35 if a < 18 else 0.12):
        return
    town = ids.DISTRICTS[p.district][0]
    number = "G" + p.id18

    def school(stage: str, title: str, since: int, left: date | None, status: str) -> School:
        return School(f"{town}第{'一二三四五六七八九'[p.key % 9]}{title}", stage, date(since, 9, 1), left, status, number)

    end = date(year, 6, 30)
    if a <= 11:
        p.school.append(school("primary", "小学", year - (a - 6), None, "enrolled"))
    elif a <= 14:
        if a == 12:
            p.school.append(school("primary", "小学", year - 6, end, "graduated"))
        p.school.append(school("junior", "中学", year - (a - 12), None, "enrolled"))
    elif a <= 17:
        if rng.random() < 0.965:
            vocational = rng.random() < 0.42
            p.school.append(
                school(
                    "vocational" if vocational else "senior", "职业高中" if vocational else "高级中学", year - (a - 15), None, "enrolled"
                )
            )
            if rng.random() < 0.010:
                p.school[-1].left, p.school[-1].status = w.any_day(rng), "left"
        elif a == 15:
            p.school.append(school("junior", "中学", year - 3, end, "graduated"))
    elif a <= 21:
        p.education = "61"
        if rng.random() < 0.58:
            title = "浙江" + rng.choice(UNIVERSITIES)
            p.school.append(School(title, "university", date(year - (a - 18), 9, 1), None, "enrolled", number))
            if rng.random() < 0.004:
                p.school[-1].left, p.school[-1].status = w.any_day(rng), "left"
        elif a == 18:
            p.school.append(school("senior", "高级中学", year - 3, end, "graduated"))
    elif rng.random() < (0.25 if a == 22 else 0.08):
        p.school.append(School("浙江大学", "university", date(year - (a - 18), 9, 1), None, "enrolled", number))
    elif a == 22:
        p.education = "21"
        p.school.append(School("浙江工业大学", "university", date(year - 4, 9, 1), end, "graduated", number))


def in_school(p: Person, on: date) -> bool:
    """On some roll on that day."""
    return any(s.since <= on and (s.left is None or s.left >= on) for s in p.school)


def retirement_day(p: Person) -> date:
    """Men at 60, women at 50, those in cadre posts at 55."""
    return add_years(p.birth, 60 if p.sex == 1 else (55 if p.key % 10 < 3 else 50))


def employee_career(p: Person, w: Window, rng: Random) -> None:
    """A job with the employees' insurance, and the pension after it."""
    age = p.age(w.first)
    begun = date(max(p.birth.year + 18 + rng.randrange(6), 1993), 1 + rng.randrange(12), 1)
    if begun > w.first:
        begun = date(w.first.year, 1 + rng.randrange(w.first.month), 1)
    out = retirement_day(p)
    base = int(min(max(math.exp(rng.gauss(8.32, 0.38) + 0.12 * p.income), 2321), 13_000) // 10 * 10)
    firm = (p.district, int(rng.random() ** 2 * w.firms))
    p.medical, p.medical_since = "employee_medical", begun
    if out <= w.last:
        p.retired, p.pension_from = out, add_months(out, 1)
        p.employee.append(Spell(begun, None, "active", firm, base))
        older = max(0, age - 60)
        p.pension = round(max(1450.0, rng.gauss(2820, 640) * (1 + 0.004 * min(older, 20)) + 60 * p.income), 1)
        if out > w.first:
            p.jobs.append(Spell(begun, out, "ended", firm))
        return
    if rng.random() < 0.012:  # out of work; the account is kept
        stop = month_end(date(w.first.year, 1 + rng.randrange(max(1, w.first.month - 1)), 1))
        p.employee.append(Spell(min(begun, first_of(stop)), stop, "suspended", firm, base))
        return
    spell = Spell(begun, None, "active", firm, base)
    p.employee.append(spell)
    p.jobs.append(Spell(begun if rng.random() < 0.5 else _day(rng, max(begun, date(2009, 1, 1)), w.first), None, "active", firm))
    if rng.random() < 0.006 * len(w.months):
        day = w.any_day(rng)
        spell.end = day if rng.random() < 0.2 else month_end(day)
        spell.status = "ended"
        p.jobs[-1].end, p.jobs[-1].status = spell.end, "ended"
        again = spell.end + timedelta(days=1 if rng.random() < 0.6 else rng.randrange(2, 60))
        if again <= w.last and rng.random() < 0.7:
            other = (p.district, int(rng.random() ** 2 * w.firms))
            p.employee.append(Spell(again, None, "active", other, base))
            p.jobs.append(Spell(again, None, "active", other))


def pay_years(p: Person, w: Window, rng: Random, until: date) -> None:
    """Yearly contributions to the residents' scheme from 2010 (or from leaving school) to `until`; who lapses depends on income, age,
    moves and on the years before, and on a carefulness nobody records."""
    first = max(2010, p.birth.year + 19 + (p.key % 4))
    level = LEVELS[min(5, max(0, int(1.6 + p.income * 0.9 + rng.gauss(0, 0.8))))]
    missed = 0
    moved = p.registered_on.year >= 2012
    for year in range(first, until.year + 1):
        age = year - p.birth.year
        if age >= 60:
            break
        z = (
            2.9
            + 0.85 * p.income
            + 0.75 * p.care
            + 0.045 * (age - 42)
            - 1.0 * min(missed, 2)
            - (0.9 if moved else 0.0)
            + (0.7 if age >= 55 else 0.0)
        )
        p.lapse = 1 / (1 + math.exp(z))
        if rng.random() < p.lapse:
            missed += 1
            continue
        missed = 0
        # most pay before the summer; one in four in the last quarter, a few in the year's last days
        day = date(year, 1, 1) + timedelta(days=int(365 * (rng.betavariate(2, 3) if rng.random() < 0.72 else rng.uniform(0.75, 0.999))))
        if day <= until:
            p.contributions[year] = (level, day)
        if rng.random() < 0.08:
            level = LEVELS[min(5, LEVELS.index(level) + 1)]


def resident_member(p: Person, w: Window, rng: Random) -> None:
    """A member of the residents' scheme of working age."""
    begun = date(max(2010, min(p.birth.year + 18, w.first.year)), 1 + rng.randrange(6), 1)
    pay_years(p, w, rng, w.last)
    lapsed = begun.year <= w.first.year - 4 and not any(w.first.year - y in p.contributions for y in range(4))
    spell = Spell(begun)
    if lapsed:
        spell.end, spell.status = date(w.first.year - 1, 12, 31), "suspended"
    p.resident.append(spell)


def resident_pensioner(p: Person, w: Window, rng: Random) -> None:
    """Sixty and over without an employee's pension: the residents' pension, if its conditions are met."""
    sixty = add_years(p.birth, 60)
    if sixty >= SCHEME_START:
        pay_years(p, w, rng, min(w.last, sixty))
        due = range(2010, sixty.year)
        missing = [y for y in due if y not in p.contributions]
        if missing and rng.random() < 0.72:  # makes up for missed years on the way to the counter
            for y in missing:
                p.contributions[y] = (500, min(_day(rng, date(sixty.year - 1, 2, 1), date(sixty.year - 1, 11, 30)), w.last))
            missing = []
        if rng.random() < 0.2:
            p.old_years = list(range(1996 + rng.randrange(6), 2004 + rng.randrange(6)))
        total = len(p.old_years) + len(p.contributions)
        if missing and total < 15:
            first = date(2010, 1 + rng.randrange(6), 1)
            p.resident.append(Spell(first, month_end(max(first, sixty)), "suspended"))
            return
    start = max(add_months(sixty, 1), SCHEME_START)
    begun = date(2010, 1 + rng.randrange(6), 1)
    stop = month_end(max(begun, sixty))  # those past sixty when the scheme began are on its books from the month it registered them
    p.resident.append(Spell(begun, None, "drawing"))
    p.resident_pension = round(150 + abs(rng.gauss(38, 30)) + (20 if p.age(w.first) >= 70 else 0) + (20 if p.age(w.first) >= 80 else 0), 2)
    x = rng.random()
    if x < 0.034:  # never came to the counter
        p.notes["W12b"] = "never_claimed"
        p.resident[-1].status = "active" if sixty > w.first else "suspended"
        if p.resident[-1].status == "suspended":
            p.resident[-1].end = stop
    elif x < 0.040:
        p.refused["W12b"] = _day(rng, date(2012, 1, 1), date(2016, 8, 31))
        p.notes["W12b"] = "refused"
        p.resident[-1].status, p.resident[-1].end = "suspended", stop
    else:
        p.resident_from = start if rng.random() < 0.93 else add_months(start, rng.randrange(1, 3))
        if rng.random() < 0.004 * len(w.months):
            p.skip.setdefault("resident_pension", {})[rng.choice(w.months)] = rng.choice(("missed", "zero"))


def work(p: Person, w: Window, rng: Random) -> None:
    """Chooses between the employees' and the residents' scheme, another city's, or none."""
    urban = ids.DISTRICTS[p.district][3]
    age = p.age(w.first)
    if in_school(p, w.last) or age < 16:
        return
    if any(s.left and s.left >= w.first for s in p.school):
        return
    if not p.local:
        if age < (60 if p.sex == 1 else 50) and rng.random() < 0.64:
            employee_career(p, w, rng)
        elif rng.random() < 0.18:
            p.elsewhere = ("resident_pension", *_origin(p), date(2011, 1, 1), None)
        return
    chance = urban * (0.90 if age >= 80 else 0.95 if age >= 60 else 1.02) - (0.16 if p.farm else -0.05) + 0.05 * p.income
    if age < 23:
        chance -= 0.12
    if p.sex == 2 and 45 <= age < 50:
        chance -= 0.03
    if rng.random() < chance:
        employee_career(p, w, rng)
        return
    if age >= 60:
        resident_pensioner(p, w, rng)
        return
    x = rng.random()
    joined = 0.958 if age >= 25 else 0.90
    if x < joined:
        resident_member(p, w, rng)
        if p.age(w.last) >= 60:
            p.resident_from = add_months(add_years(p.birth, 60), 1)
            p.resident_pension = round(150 + abs(rng.gauss(38, 30)), 2)
            missing = [y for y in range(2010, p.birth.year + 60) if y not in p.contributions]
            if missing:
                p.resident_from = None
                p.notes["W12b"] = "gap_in_years"
        elif rng.random() < 0.001 * len(w.months):
            p.resident[-1].start, p.contributions = w.any_day(rng), {}
            p.resident[-1].end, p.resident[-1].status = None, "active"
    elif x < joined + 0.022:
        p.elsewhere = (
            rng.choice(("employee_pension", "resident_pension")),
            *_origin(p),
            date(2008 + rng.randrange(8), 1 + rng.randrange(12), 1),
            None,
        )
        p.notes["W12a"] = "elsewhere"
    elif x < joined + 0.030:
        p.refused["W12a"] = _day(rng, date(2013, 1, 1), date(2016, 8, 31))
        p.notes["W12a"] = "refused"
    else:
        p.notes["W12a"] = "never_joined"


def _origin(p: Person) -> tuple[str, str]:
    full = p.origin if "省" in p.origin else ids.ORIGINS[p.key % 20][1]
    province, _, rest = full.partition("省")
    return province + "省", rest or "省本级"


def elderly(p: Person, w: Window, rng: Random) -> None:
    """The allowance from 80; higher schemes for old soldiers and retired cadres."""
    age = p.age(w.last)
    if p.sex == 1 and age >= 60 and rng.random() < (0.03 if age >= 80 else 0.018):
        p.veteran = (
            rng.choice(("带病回乡退伍军人", "参战退役人员", "伤残军人", "烈士家属")),
            date(2005 + rng.randrange(8), 8, 1),
            680 + 10 * rng.randrange(90),
        )
    if age >= 82 and p.employee and rng.random() < 0.03:
        p.cadre = (rng.choice(("离休干部", "建国前老工人")), date(1985 + rng.randrange(10), 6, 1), 5600 + 100 * rng.randrange(30))
    if age < 80:
        return
    eighty = add_years(p.birth, 80)
    since = max(first_of(eighty), first_of(p.registered_on))
    if rng.random() < 0.3:
        since = add_months(since, 1)
    if (p.cadre or p.veteran) and rng.random() < 0.6:
        p.notes["W9"] = "higher_scheme"
        return
    x = rng.random() - 0.012 * max(0.0, -p.care)
    if x < 0.048:
        p.notes["W9"] = "never_applied"
    elif x < 0.056:
        p.refused["W9"] = max(eighty, _day(rng, date(2013, 1, 1), date(2016, 8, 31)))
        p.notes["W9"] = "refused"
    else:
        p.elderly_from = since
        if rng.random() < 0.004 * len(w.months):
            p.skip.setdefault("elderly_allowance", {})[rng.choice(w.months)] = rng.choice(("missed", "zero"))


def health(p: Person, w: Window, rng: Random) -> None:
    """Disability, medical insurance of those without an employer."""
    age = p.age(w.first)
    if p.local and rng.random() < (0.004 if age < 18 else 0.013 if age < 40 else 0.027 if age < 60 else 0.048):
        category = rng.choices("1234567", (12, 11, 2, 48, 10, 13, 4))[0]
        grade = rng.choices("1234", (14, 22, 27, 37))[0]
        p.disability = (category, grade, _day(rng, date(max(2009, p.birth.year + 1), 1, 1), date(2016, 6, 30)))
        if grade in "12" and rng.random() < 0.93:
            p.nursing_from = max(date(2016, 1, 1), add_months(p.disability[2], 2))
    if not p.medical and rng.random() < (0.962 if p.local else 0.22):
        p.medical = "resident_medical"
        p.medical_since = date(max(2008, p.birth.year), 1, 1) if p.birth.year < w.first.year else p.birth


def absence(p: Person, w: Window, rng: Random) -> None:
    """In the army, abroad or in prison: the registration says so."""
    age = p.age(w.first)
    if not p.local:
        return
    x = rng.random()
    kind = None
    if p.sex == 1 and 18 <= age <= 21 and x < 0.035:
        kind = "army"
    elif 20 <= age < 75 and x < 0.0035:
        kind = "abroad"
    elif 20 <= age < 70 and x > 0.9975 and p.sex == 1:
        kind = "prison"
    if kind is None:
        return
    since = _day(rng, date(2013 if kind != "army" else 2015, 9, 1), date(2016, 9, 30))
    p.absence = (kind, since, None if rng.random() < 0.9 else w.any_day(rng))
    p.school = []
    p.notes["absence"] = kind
    p.jobs = []
    for spell in p.employee:
        if spell.end is None and p.retired is None:
            spell.end, spell.status = month_end(max(since, spell.start)), "suspended"


def mortality(p: Person, w: Window, rng: Random) -> None:
    """Deaths of the window, and how late each department hears of them."""
    group = min(max(p.age(w.first), 0) // 5, 20)
    if rng.random() < MORTALITY[group] / 1000 * len(w.months) / 12:
        die(p, max(w.any_day(rng), p.birth), w, rng)


def die(p: Person, day: date, w: Window, rng: Random) -> None:
    """Sets the death and its papers: certificate, cremation, cancelled registration, ended spells."""
    p.death = day
    p.cause = rng.choice(("I21.900", "I63.900", "C34.900", "J44.900", "C22.900", "I25.100", "V89.200", "E14.900", "C16.900"))
    k = w.index(day)
    if k is not None:
        x = rng.random()
        p.death_certified = k if x < 0.88 else k + 1 if x < 0.97 else None
        if rng.random() < 0.9:
            p.cremated = day + timedelta(days=2 + rng.randrange(3))
            at = w.index(p.cremated)
            p.cremation_reported = at
    p.cancelled = day + timedelta(days=3 + int(rng.expovariate(1 / 14)))
    stop = month_end(day)
    for spell in (*p.employee, *p.resident, *p.jobs):
        if spell.end is None and p.cancelled <= w.last:
            spell.end, spell.status = max(stop, month_end(spell.start)), "ended"


def dibao(h: Household, w: Window, rng: Random) -> None:
    """Minimum allowance for poor households: about one registered person in a hundred."""
    people = [p for p in h.members if p.local]
    if not people:
        return
    poor = -sum(p.income for p in people) / len(people)
    sick = sum(1 for p in people if p.disability)
    breadwinner = any(p.employee and p.retired is None for p in people)
    chance = 0.016 + 0.045 * max(0.0, poor) + 0.16 * sick
    if breadwinner:
        chance *= 0.1
    if any(p.retired for p in people):
        chance *= 0.15
    if rng.random() < chance * 1.15:
        n = len(people)
        standard = STANDARD.get(h.district, 819.0)
        income = rng.uniform(0.05, 0.85) * standard * n
        since = add_months(date(2009 + rng.randrange(8), 1, 1), rng.randrange(9))
        h.dibao = (since, n, float(math.ceil(standard * n - income)))


def settle(h: Household, w: Window, rng: Random) -> None:
    """Gives every member of a household a life up to the end of the window."""
    for p in h.members:
        schooling(p, w, rng)
        work(p, w, rng)
        if p.local:
            elderly(p, w, rng)
        health(p, w, rng)
        absence(p, w, rng)
        if not p.local:
            p.arrived = _day(rng, max(p.birth, date(2009, 1, 1)), w.first - timedelta(days=1))
            if rng.random() < 0.012 * len(w.months):
                p.arrived = w.any_day(rng)
            p.residence_permit = f"{p.district}{p.arrived:%Y}{p.key % 10**8:08d}"
            if rng.random() < 0.008 * len(w.months) and p.arrived < w.first:
                p.left_city = w.any_day(rng)
            if rng.random() < 0.004:
                p.permit = rng.choice(("H{:08d}", "M{:08d}", "0{:07d}")).format(p.key % 10**7)
        mortality(p, w, rng)
    dibao(h, w, rng)
    if h.members[0].local and rng.random() < 0.0012 * len(w.months):
        day = w.any_day(rng)
        there = rng.choice([d for d in ids.DISTRICTS if d != h.district])
        for p in h.members:
            p.moves.append((day, there))
    elif h.members[0].local and rng.random() < 0.0006 * len(w.months):
        gone = h.members[-1]
        if gone.age(w.first) >= 18 and gone.death is None and gone.absence is None:
            gone.left_city = w.any_day(rng)
    elif h.members[0].local and rng.random() < 0.003 * len(w.months):
        new = h.members[-1]
        if new.age(w.first) >= 18 and new.death is None and not new.notes and not new.resident:
            new.registered_on = w.any_day(rng)
            if new.elderly_from:
                new.elderly_from = max(new.elderly_from, add_months(new.registered_on, 1))
    couple = [p for p in h.members if p.spouse and p.spouse in h.members]
    if couple and 21 <= couple[0].age(w.first) <= 36 and couple[0].local and rng.random() < 0.014 * len(w.months):
        couple[0].married_on = w.any_day(rng)
