"""The three programmes in plain Python over the same silver rows, written from docs/interfaces.md; shares nothing with the SQL.

Also the random people around every threshold. Persons are dictionaries; a day is a `date`.
"""

from __future__ import annotations

import calendar
import random
from datetime import date, datetime, timedelta
from typing import Any

from silver_city import Silver

MONTHS = [date(2016, 11, 1), date(2016, 12, 1), date(2017, 2, 1), date(2025, 1, 1)]
K = datetime(2025, 3, 20)
KNOWN = datetime(2025, 3, 4, 1)  # when the extracts arrived
LATER = datetime(2025, 3, 25)  # after K
GRACE, MIN_YEARS, NEAR, JOIN, PENSION, OLD = 31, 15, 45, 16, 60, 80
DISTRICTS = ["330102", "330106", "330109", "330127"]
LATE_DISTRICT, LATE_MONTH = "330127", date(2017, 2, 1)  # its allowance list of that month has not come


def end(month: date) -> date:
    return date(month.year, month.month, calendar.monthrange(month.year, month.month)[1])


def age(birth: date, t: date) -> int:
    n = 0
    while birthday(birth, n + 1) <= t:
        n += 1
    return n


def birthday(birth: date, n: int) -> date:
    try:
        return date(birth.year + n, birth.month, birth.day)
    except ValueError:
        return date(birth.year + n, 3, 1)


def id18(birth: date, n: int, sex: int) -> str:
    body = f"330106{birth:%Y%m%d}{(n * 2 + (1 if sex == 1 else 0)) % 1000:03d}"
    return body + "10X98765432"[sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(body)) % 11]


def people(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Random persons, most of them within a few days of some threshold."""
    rng = random.Random(seed)
    found: list[dict[str, Any]] = []
    used: set[str] = set()
    while len(found) < count:
        t = end(rng.choice(MONTHS))
        years = rng.choice([16, 60, 60, 60, 80, 80, 90, 100, 45 + 7, rng.randrange(1, 103)])
        offset = rng.choice([-32, -31, -30, -1, 0, 1, 1, 30, 31, 400, rng.randrange(-400, 400)])
        base = date(t.year - years, t.month, min(t.day, 28)) + timedelta(days=offset)
        birth = rng.choice([base, base, base, date(base.year - base.year % 4, 2, 29) if rng.random() < 0.5 else base])
        if years == 60 and rng.random() < 0.3:
            birth = rng.choice(
                [
                    date(1949, 12, 31),
                    date(1950, 1, 1),
                    date(1965, 1, 1),
                    date(1965, 1, 2),
                    date(1951, 5, 5),
                    date(1954, 12, 31),
                    date(1964, 6, 1),
                    date(1964, 3, 1),
                ]
            )
        sex = rng.choice([1, 2])
        number = id18(birth, len(found) % 500, sex)
        if number in used:
            continue
        used.add(number)
        p: dict[str, Any] = {
            "id": number,
            "birth": birth,
            "sex": str(sex),
            "name": f"甲{len(found):04d}",
            "district": rng.choice(DISTRICTS),
        }
        p["registered_on"] = rng.choice(
            [max(birth, date(1990, 1, 1)), max(birth, rng.choice([t - timedelta(days=d) for d in (0, 30, 31, 60)]))]
        )
        p["status"] = rng.choices(["normal", "army", "abroad", "prison", "cancelled", "none"], [80, 3, 3, 3, 3, 8])[0]
        p["birth_known"] = rng.random() > 0.03
        p["district_known"] = rng.random() > 0.03
        p["death"] = rng.choice([None] * 8 + [t, t + timedelta(days=1), t - timedelta(days=40)])
        p["death_late"] = rng.random() < 0.3
        p["elderly"] = {m: rng.choice([50, 100, 0]) for m in MONTHS if rng.random() < 0.7} if years >= 78 else {}
        p["pension"] = {m: 180 for m in MONTHS if rng.random() < 0.6} if years >= 59 and rng.random() < 0.8 else {}
        p["employee_pension"] = {m: 2800 for m in MONTHS if rng.random() < 0.9} if years >= 50 and rng.random() < 0.2 else {}
        p["employee"] = _spell(rng, t) if rng.random() < 0.3 else None
        p["resident"] = _spell(rng, t) if rng.random() < 0.5 else None
        p["school"] = _spell(rng, t) if years <= 25 and rng.random() < 0.5 else None
        style = rng.random()
        full = list(range(2010, max(2010, min(2025, birth.year + 60))))
        if style < 0.35:
            p["years"] = full
        elif style < 0.6:
            p["years"] = [y for y in full if rng.random() < 0.8]
        elif style < 0.85:
            # Never complete since the scheme began, so that the number of years alone decides.
            p["years"] = [y for y in range(1990, 2017) if y != 2012][-rng.choice([13, 14, 15, 16]) :]
        else:
            p["years"] = []
        p["elsewhere"] = _spell(rng, t) if rng.random() < 0.06 else None
        p["veteran"] = _spell(rng, t) if rng.random() < 0.06 else None
        p["cadre"] = _spell(rng, t) if rng.random() < 0.03 else None
        p["refused"] = {w: rng.choice([t, t + timedelta(days=1), date(2015, 1, 1)]) for w in ("W9", "W12a", "W12b") if rng.random() < 0.05}
        found.append(p)
    return found


def _spell(rng: random.Random, t: date) -> tuple[date, date | None]:
    """First day and last day of a spell; None runs on."""
    last = rng.choice([None, None, t, t - timedelta(days=1), t - timedelta(days=31), t - timedelta(days=32), t - timedelta(days=200)])
    return rng.choice([date(2012, 3, 1), t, t + timedelta(days=1)]) if last is None else date(2012, 3, 1), last


def write(silver: Silver, population: list[dict[str, Any]]) -> None:
    """The departments' records of the population."""
    common = {"known_from": KNOWN}
    for p in population:
        who = {"id_no": p["id"], "name": p["name"]}
        if p["status"] != "none":
            silver.add(
                "ga__household_register", **common, **who, sex=p["sex"], birth_date=p["birth"] if p["birth_known"] else None,
                district=p["district"] if p["district_known"] else None, status=p["status"], registered_on=p["registered_on"],
                status_date=p["registered_on"], stat_date=date(2017, 2, 28),
            )  # fmt: skip
        if p["death"]:
            silver.add("wj__death_certificate", LATER if p["death_late"] else KNOWN, **who, certificate_no=p["id"], death_date=p["death"])
        for m, amount in p["elderly"].items():
            if (p["district"], m) != (LATE_DISTRICT, LATE_MONTH):
                silver.add("mz__elderly_allowance", **common, **who, month=m, amount=amount, district=p["district"])
        for resource, paid in (("rs__resident_pension", p["pension"]), ("rs__employee_pension", p["employee_pension"])):
            for m, amount in paid.items():
                silver.add(resource, **common, **who, batch="1", month=m, amount=amount, district=p["district"])
        for scheme, spell in (("employee_pension", p["employee"]), ("resident_pension", p["resident"])):
            if spell:
                status = "ended" if spell[1] else "active"
                dates = {"start_date": spell[0], "end_date": spell[1]}
                silver.add("rs__insurance_register", **common, **who, scheme=scheme, status=status, **dates, district=p["district"])
        if p["school"]:
            first, last = p["school"]
            said = {"school": "s", "stage": "senior", "status": "left" if last else "enrolled", "district": p["district"]}
            silver.add("jy__school_roll", **common, **who, **said, enrolled_on=first, left_on=last)
        for y in p["years"]:
            silver.add("rs__resident_contribution", **common, **who, year=y, amount=500, receipt_no=f"{p['id']}{y}", district=p["district"])
        if p["elsewhere"]:
            first, last = p["elsewhere"]
            silver.add(
                "rs__insured_elsewhere", **common, **who, scheme="resident_pension", start_date=first, end_date=last, district=p["district"]
            )
        for resource, spell in (("mz__veteran_support", p["veteran"]), ("lgb__retired_cadre", p["cadre"])):
            if spell:
                silver.add(resource, **common, **who, since=spell[0], amount=700, district=p["district"])
        for programme, day in p["refused"].items():
            silver.add("mz__refusal", **common, **who, programme=programme, signed_on=day, district=p["district"])


def runs(spell: tuple[date, date | None] | None, t: date) -> bool:
    return spell is not None and spell[0] <= t and (spell[1] is None or t <= spell[1])


def conjunction(values: list[bool | None]) -> str:
    if any(v is False for v in values):
        return "no"
    return "unknown" if any(v is None for v in values) else "yes"


def judge(p: dict[str, Any], programme: str, month: date) -> dict[str, Any]:
    """entitled, covered, gap, reason_not_gap, amount of one person, programme and month."""
    t = end(month)
    birth = p["birth"] if p["birth_known"] and p["status"] != "none" and p["registered_on"] <= t else None
    years = None if birth is None else age(birth, t)
    on_register = p["status"] != "none" and p["registered_on"] <= t
    if not on_register or p["status"] != "normal":
        local: bool | None = False
    else:
        local = True if p["district_known"] else None
    death = p["death"] if p["death"] and not p["death_late"] else None
    alive = death is None or death > t
    paid = {k: p[k].get(month, 0) > 0 for k in ("pension", "employee_pension")}
    elderly = p["elderly"].get(month, 0) > 0 and (p["district"], month) != (LATE_DISTRICT, LATE_MONTH)
    since = [p["registered_on"]]
    amount = None
    late = False
    if programme == "W9":
        conditions = [local, alive, None if years is None else years >= OLD]
        covered = elderly
        if years is not None and years >= OLD:
            amount = 50 if years < 90 else 100 if years < 100 else 300
            since.append(birthday(birth, OLD))
        late = (p["district"], month) == (LATE_DISTRICT, LATE_MONTH) and p["district_known"]
    elif programme == "W12a":
        in_range = [None, None] if years is None else [years >= JOIN, years < PENSION]
        conditions = [
            local,
            alive,
            *in_range,
            not runs(p["school"], t),
            not runs(p["employee"], t),
            not (paid["pension"] or paid["employee_pension"]),
        ]
        covered = runs(p["resident"], t)
        since += [birthday(birth, JOIN)] if birth else []
        since += [p[k][1] + timedelta(days=1) for k in ("school", "employee") if p[k] and p[k][1] and p[k][1] < t]
    else:
        conditions = [
            local,
            alive,
            None if years is None else years >= PENSION,
            not (paid["employee_pension"] or runs(p["employee"], t)),
            contributed(p, birth, t),
        ]
        covered = paid["pension"]
        amount = 150
        since += [birthday(birth, PENSION)] if birth else []
        since += [p["employee"][1] + timedelta(days=1)] if p["employee"] and p["employee"][1] and p["employee"][1] < t else []
    entitled = conjunction(conditions)
    reason = None
    if entitled != "no" and not covered:
        if runs(p["elsewhere"], t):
            reason = "covered_elsewhere"
        elif any(p[k] and p[k][0] <= t for k in ("veteran", "cadre")):
            reason = "higher_scheme"
        elif programme in p["refused"] and p["refused"][programme] <= t:
            reason = "refused"
        elif (t - max(since)).days < GRACE or late:
            reason = "record_lag"
    return {
        "entitled": entitled,
        "covered": covered,
        "gap": entitled == "yes" and not covered and reason is None,
        "reason_not_gap": reason,
        "amount": amount if entitled != "no" else None,
    }


def contributed(p: dict[str, Any], birth: date | None, t: date) -> bool | None:
    years = {y for y in p["years"] if y <= t.year}
    if len(years) >= MIN_YEARS:
        return True
    if birth is None:
        return None
    sixty = birthday(birth, 60)
    if sixty < date(2010, 1, 1):
        return True
    return age(birth, date(2010, 1, 1)) >= NEAR and all(y in years for y in range(2010, sixty.year))
