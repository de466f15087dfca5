"""Working days of China: Monday to Friday, but for the days off and the make-up days of the yearly notice (the fact `calendar_day`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta


class Workdays:
    """A calendar of the years that it has a notice for. What lies in another year cannot be counted: None, never a guess."""

    def __init__(self, days: Iterable[tuple[date, str]]) -> None:
        """`days`: (day, `off` or `work`), as `calendar_day` has them.

        Raises:
            ValueError: another word, or a day that is both.
        """
        self._odd: dict[date, str] = {}
        for day, kind in days:
            if kind not in ("off", "work"):
                raise ValueError(f"{day}：应为 off 或 work / must be off or work: {kind}")
            if self._odd.setdefault(day, kind) != kind:
                raise ValueError(f"{day} 既放假又上班 / both off and work")
        # A notice names days of the New Year before its year as well: a year is known by the National Day in it.
        self.years = frozenset(d.year for d, kind in self._odd.items() if kind == "off" and d.month == 10)

    def works(self, day: date) -> bool | None:
        """Whether offices are open."""
        kind = self._odd.get(day)
        if kind is not None:
            return kind == "work"
        return day.weekday() < 5 if day.year in self.years else None

    def after(self, day: date, working: int) -> date | None:
        """The last day of a term of so many working days: the day it runs from is not counted."""
        left = working
        while left:
            day += timedelta(days=1)
            open_ = self.works(day)
            if open_ is None:
                return None
            left -= open_
        return day

    def between(self, start: date, end: date) -> int | None:
        """Working days after `start` up to and including `end`; 0 where the end is not later."""
        count = 0
        for n in range(1, (end - start).days + 1):
            open_ = self.works(start + timedelta(days=n))
            if open_ is None:
                return None
            count += open_
        return count


def in_time(decided: date, published: date | None, working_days: int, calendar: Workdays, on: date) -> bool | None:
    """Whether a decision was published within its term, seen on a day: None while the term runs, or where the calendar ends before it."""
    last = calendar.after(decided, working_days)
    if last is None:
        return None
    if published is not None and published <= on:
        return published <= last
    return False if on > last else None
