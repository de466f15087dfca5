"""A record of public credit as the rules see it, and days that count in months and years."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from xihu.standards.credit.policy import Level


@dataclass(frozen=True)
class CreditRecord:
    """One decision, listing or commitment about one subject.

    `kind`: permit, penalty, dishonest_debtor, serious_list, wage_arrears, breach, commitment_kept, honour. `ended_on`: when the bad
    conduct or event ended, None where the source does not say; `continuing`: it goes on. `sentence_until`: last day in custody.
    `listed_until`: first day off the list, None while listed (`listed` says whether there is a list at all).
    """

    ref: str
    kind: str
    subject: str
    decided_on: date
    natural: bool = False
    level: Level = "general"
    field: str | None = None
    amount: Decimal | None = None
    procedure: str | None = None
    ended_on: date | None = None
    continuing: bool = False
    sentence_until: date | None = None
    listed: bool = False
    listed_until: date | None = None
    repaired_from: date | None = None
    matter: str = ""
    consent_no: str | None = None


def later(day: date, months: int) -> date:
    """The corresponding day so many months later, or the last of that month (民法典 第二百零二条)."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def term_end(day: date, months: int) -> date:
    """First day after a term that runs from a day: that day is not counted, the corresponding day is its last (民法典 第二百零一条)."""
    return later(day, months) + timedelta(days=1)


def months_between(start: date, end: date) -> Decimal:
    """Months from start to end: whole ones, and days of the month that follows, exactly."""
    whole = (end.year - start.year) * 12 + end.month - start.month
    if later(start, whole) > end:
        whole -= 1
    base = later(start, whole)
    return whole + Decimal((end - base).days) / (later(start, whole + 1) - base).days
