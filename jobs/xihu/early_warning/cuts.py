"""Dates of prediction: which day a row looks from, and what was known then.

A model is trained on the same point of the year at which it scores. Where the lake did not yet exist on such a day, the history that
came with its first deliveries stands in (`backlog`): as known when that bulk load was complete, and by event time not later than the
day. A record that arrived afterwards is never taken into such a day, and a day the lake has lived through uses known_from strictly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")
BULK_DAYS = 31  # the first deliveries of a resource come district by district, over weeks


def instant(as_of: date | datetime | str) -> datetime:
    """The moment of knowledge, UTC: an instant as it is (naive = UTC), a day as its end in the city."""
    if isinstance(as_of, str):
        as_of = datetime.fromisoformat(as_of) if "T" in as_of or " " in as_of else date.fromisoformat(as_of)
    if isinstance(as_of, datetime):
        return as_of.astimezone(UTC) if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    return datetime.combine(as_of + timedelta(days=1), datetime.min.time(), CITY).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The city's calendar day that `moment` falls in; midnight still belongs to the day that ends."""
    return (moment - timedelta(microseconds=1)).astimezone(CITY).date()


def end_of_year(year: int) -> datetime:
    return instant(date(year, 12, 31))


@dataclass(frozen=True)
class Cut:
    """One year to predict, seen from `day`.

    `known[table]` = the moment at which the records of a table are taken as known; `backlog` = so it is for payments, `replayed` = the
    tables whose bulk load stands in for what was known.
    """

    year: int
    day: date
    backlog: bool
    known: dict[str, datetime]
    replayed: list[str] = field(default_factory=list)


def target_year(as_of: datetime, min_lead_days: int) -> int:
    """The year whose payment is still open at `as_of`: the present one, or the next when too little of it is left to visit anybody."""
    return (day_of(as_of) + timedelta(days=min_lead_days)).year


def scoring_cut(as_of: datetime, min_lead_days: int, tables: list[str]) -> Cut:
    return Cut(target_year(as_of, min_lead_days), day_of(as_of), False, dict.fromkeys(tables, as_of))


def known_by(moment: datetime, start: datetime | None, as_of: datetime) -> tuple[datetime, bool]:
    """(moment of knowledge, backlog?) of one table looked at from `moment`: strict once it was being received, else its bulk load."""
    if start is None or moment >= start:
        return min(moment, as_of), False
    return min(start + timedelta(days=BULK_DAYS), as_of), True


def training_cuts(
    as_of: datetime, years: list[int], min_lead_days: int, starts: dict[str, datetime], lead: str, arrivals: list[datetime]
) -> list[Cut]:
    """One cut per year, as far from its January as `as_of` is from that of its target, but not before the year before was reported.

    Args:
        starts: first arrival per table; a table without records has none.
        lead: the table of payments.
        arrivals: all moments, ascending, at which records of `lead` arrived.
    """
    offset = day_of(as_of) - date(target_year(as_of, min_lead_days), 1, 1)
    cuts = []
    for year in years:
        day = date(year, 1, 1) + offset
        over = end_of_year(year - 1)
        reported = next((a for a in arrivals if a >= over), None)
        if reported is not None and starts[lead] <= instant(day) < reported < end_of_year(year):
            day = day_of(reported) if instant(day_of(reported)) >= reported else day_of(reported) + timedelta(days=1)
        known = {t: known_by(instant(day), s, as_of) for t, s in starts.items()}
        backlog = known[lead][1]
        if backlog:
            # A yearly payment of the backlog bears its year only, so it counts as known when that year is over.
            day = max(day, date(year - 1, 12, 31))
        cuts.append(Cut(year, day, backlog, {t: k for t, (k, _) in known.items()}, sorted(t for t, (_, b) in known.items() if b)))
    return cuts
