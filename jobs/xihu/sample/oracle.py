"""Who is entitled, covered, and missed: brute force over the world's own facts.

Three programmes as docs/interfaces.md defines them (W9, W12a, W12b), at the last day t of each month, with what the departments had
reported by the last delivery: a death that nobody certified, cremated or cancelled in time is unknown to the city and so to this oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from xihu.sample.dates import Window, add_years, month_end
from xihu.sample.extracts import paid
from xihu.sample.people import Person

PROGRAMMES = ("W9", "W12a", "W12b")
GRACE_DAYS = 31
MIN_YEARS = 15
HEADER = ["id18", "programme", "month", "entitled", "covered", "gap", "reason_not_gap", "amount", "division", "note", "affected_by_dirt"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person, programme and month."""

    entitled: bool
    covered: bool
    reason: str
    amount: float

    @property
    def gap(self) -> bool:
        """Entitled, not covered, and no lawful reason."""
        return self.entitled and not self.covered and not self.reason


def death_known(p: Person, w: Window) -> bool:
    """Somebody who sends death dates has reported it within the window."""
    reported = (p.death_certified, p.cremation_reported)
    return p.death is not None and any(k is not None and k < len(w.months) for k in reported)


def registration(p: Person, t: date) -> str:
    """normal, army, abroad, prison, cancelled, moved_out, or '' where the person is not on the register."""
    if not p.local or p.registered_on > t:
        return ""
    if p.cancelled and p.cancelled <= t:
        return "cancelled"
    if p.left_city and p.left_city <= t:
        return "moved_out"
    if p.absence and p.absence[1] <= t and (p.absence[2] is None or p.absence[2] > t):
        return p.absence[0]
    return "normal"


def _running(spells: list, t: date) -> bool:
    return any(s.start <= t and (s.end is None or s.end >= t) for s in spells)


def _enough_years(p: Person) -> bool:
    sixty = add_years(p.birth, 60)
    if sixty < date(2010, 1, 1):
        return True
    years = set(p.contributions) | set(p.old_years)
    if len(years) >= MIN_YEARS:
        return True
    return add_years(p.birth, 45) <= date(2010, 1, 1) and all(y in years for y in range(2010, sixty.year))


def _since(p: Person, programme: str, t: date) -> date:
    """The day from which all conditions that hold at t have held."""
    start = [p.registered_on, add_years(p.birth, {"W9": 80, "W12a": 16, "W12b": 60}[programme])]
    if p.absence and p.absence[2]:
        start.append(p.absence[2])
    if programme != "W9":
        start += [s.end + timedelta(days=1) for s in p.employee if s.end]
    if programme == "W12a":
        start += [s.left + timedelta(days=1) for s in p.school if s.left]
    return max(day for day in start if day <= t)


def judge(p: Person, programme: str, month: date, w: Window) -> Verdict:
    """The law's answer for one person and month."""
    t = month_end(month)
    age = p.age(t)
    status = registration(p, t)
    dead = p.death is not None and p.death <= t and death_known(p, w)
    pays = {kind: (paid(p, kind, month) or 0.0) > 0 for kind in ("elderly_allowance", "resident_pension", "employee_pension")}
    in_school = any(s.since <= t and (s.left is None or s.left >= t) for s in p.school)
    employee = _running(p.employee, t)
    amount = 0.0
    if programme == "W9":
        meets = age >= 80
        covered = p.local and pays["elderly_allowance"]
        amount = 50.0 if age < 90 else 100.0 if age < 100 else 300.0
    elif programme == "W12a":
        meets = 16 <= age < 60 and not in_school and not employee and not pays["employee_pension"] and not pays["resident_pension"]
        covered = _running(p.resident, t)
    else:
        meets = age >= 60 and not pays["employee_pension"] and not employee and _enough_years(p)
        covered = pays["resident_pension"]
        amount = 150.0
    entitled = meets and status == "normal" and not dead
    reason = ""
    if meets and not covered:
        reason = _reason(p, programme, t, w, status, dead)
    return Verdict(entitled, covered, reason, amount if entitled else 0.0)


def _reason(p: Person, programme: str, t: date, w: Window, status: str, dead: bool) -> str:
    if dead:
        return "died"
    if status in ("army", "abroad", "prison"):
        return status
    if p.elsewhere and p.elsewhere[3] <= t and (p.elsewhere[4] is None or p.elsewhere[4] >= t):
        return "covered_elsewhere"
    if (p.veteran and p.veteran[1] <= t) or (p.cadre and p.cadre[1] <= t):
        return "higher_scheme"
    if programme in p.refused and p.refused[programme] <= t:
        return "refused"
    if status == "normal" and (t - _since(p, programme, t)).days < GRACE_DAYS:
        return "record_lag"
    return ""


def truths(p: Person, w: Window) -> list[list[str]]:
    """Rows of truth/entitlement.csv: entitled or covered or excused, and every planted near miss."""
    out: list[list[str]] = []
    if not p.local:
        return out
    for programme in PROGRAMMES:
        note = p.notes.get("plant", "") or p.notes.get(programme, "")
        for month in w.months:
            v = judge(p, programme, month, w)
            if v.entitled or v.covered or v.reason or (p.notes.get("plant") and p.notes.get("for") == programme):
                out.append([
                    p.id18, programme, month.isoformat(), "yes" if v.entitled else "no", "true" if v.covered else "false",
                    "true" if v.gap else "false", v.reason, f"{v.amount:.2f}", p.at(month_end(month)), note, ";".join(sorted(p.dirty)),
                ])  # fmt: skip
    return out
