"""Working days of the sample's months."""

from __future__ import annotations

from datetime import date, timedelta

# 2016: a week at the National Day with two Saturdays and Sundays worked for it, one day at New Year 2017.
HOLIDAYS = frozenset(date(2016, 10, d) for d in range(1, 8)) | {date(2017, 1, 1), date(2017, 1, 2)}
WORKED = frozenset({date(2016, 10, 8), date(2016, 10, 9)})


def works(day: date) -> bool:
    """Whether offices are open on that day."""
    return day in WORKED or (day.weekday() < 5 and day not in HOLIDAYS)


def workday(day: date) -> date:
    """The day itself, or the next one on which offices are open."""
    while not works(day):
        day += timedelta(days=1)
    return day


def after(day: date, working: int) -> date:
    """So many working days later."""
    day = workday(day)
    for _ in range(working):
        day = workday(day + timedelta(days=1))
    return day
