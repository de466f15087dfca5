"""Months and days, as the sample city needs them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random


def first_of(day: date) -> date:
    """First day of the month of `day`."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(month: date, n: int) -> date:
    """First of the month `n` months after the month of `month`."""
    k = month.year * 12 + month.month - 1 + n
    return date(k // 12, k % 12 + 1, 1)


def add_years(day: date, n: int) -> date:
    """The n-th birthday: 29 February becomes 1 March in a common year."""
    try:
        return day.replace(year=day.year + n)
    except ValueError:
        return date(day.year + n, 3, 1)


@dataclass(frozen=True, slots=True)
class Window:
    """The months the departments report on."""

    months: tuple[date, ...]
    firms: int = 100

    @property
    def first(self) -> date:
        """First day of the first month."""
        return self.months[0]

    @property
    def last(self) -> date:
        """Last day of the last month."""
        return month_end(self.months[-1])

    def index(self, day: date) -> int | None:
        """Which month a day lies in; None outside."""
        m = first_of(day)
        return self.months.index(m) if m in self.months else None

    def any_day(self, rng: Random) -> date:
        """A day of the window."""
        return self.first + timedelta(days=rng.randrange((self.last - self.first).days + 1))


def window(start: date, months: int, persons: int) -> Window:
    """`months` months from the month of `start`; a city of `persons` has so many firms in each district."""
    return Window(tuple(add_months(start, k) for k in range(months)), min(9_900, max(60, persons // 137)))
