"""What a theme module gives: files with their content, when they arrive, and what is planted in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import Window, month_end
from xihu.sample.extracts import firm
from xihu.sample.people import Person


@dataclass(frozen=True)
class Fault:
    """A planted record. `row`: 1-based data record of its sheet (of the file where there are none).

    `expected`: repaired or accepted, duplicate, superseded, or the reason for which a strict reader puts it into quarantine.
    """

    row: int
    kind: str
    expected: str
    field: str = ""
    sheet: str = ""


@dataclass(frozen=True)
class Part:
    """What another contract takes of a file that several share: its records and what is planted among them."""

    resource: str
    records: int
    faults: Sequence[Fault] = ()


@dataclass(frozen=True)
class File:
    """One file as it lands. `records`: data records in it; `beside`: files of the same delivery that belong to it ({name: content}).

    `parts`: the same for every further contract that shares the file.
    """

    resource: str
    name: str
    day: date
    content: bytes
    records: int
    clock: str = "100000"
    faults: Sequence[Fault] = ()
    beside: dict[str, bytes] = field(default_factory=dict)
    refused: str = ""
    note: str = ""
    parts: Sequence[Part] = ()

    def every(self) -> list[File]:
        """This file once for each contract that takes records of it."""
        whole = replace(self, parts=())
        return [whole, *(replace(whole, resource=p.resource, records=p.records, faults=p.faults) for p in self.parts)]

    @property
    def verdict(self) -> str:
        """What the ledger is to say."""
        if self.refused:
            return "refused"
        kept = ("repaired", "accepted", "duplicate", "superseded")
        return "accepted_with_quarantine" if any(f.expected not in kept for f in self.faults) else "accepted"


# A point near the middle of each district, degrees of CGCS2000.
CENTRES: dict[str, tuple[float, float]] = {
    "330102": (120.169, 30.243), "330103": (120.180, 30.282), "330104": (120.205, 30.257), "330105": (120.142, 30.319),
    "330106": (120.130, 30.259), "330108": (120.212, 30.209), "330109": (120.264, 30.184), "330110": (120.299, 30.419),
    "330111": (119.960, 30.049), "330122": (119.691, 29.794), "330127": (119.042, 29.609), "330182": (119.281, 29.475),
    "330185": (119.725, 30.234),
}  # fmt: skip


class World:
    """What all themes share: the months, a sample of the city's people and firms, places, and chance of one's own for each resource."""

    def __init__(self, seed: int, w: Window, persons: Sequence[Person]) -> None:
        self.seed, self.w, self.persons = seed, w, list(persons)
        self.months = w.months
        self.districts = list(ids.DISTRICTS)

    def rng(self, resource: str, *place: object) -> Random:
        """Chance of one resource (and month, district …): the same for the same city, whatever else is written."""
        return Random("|".join(map(str, (self.seed, resource, *place))))

    def firm(self, district: str, n: int) -> tuple[str, str]:
        """(USCC, name) of a firm that stands in the enterprise register: n ≥ 20 firms, below state bodies."""
        return firm((district, n))[:2]

    def street(self, district: str, rng: Random) -> str:
        """A street of the district."""
        return rng.choice(ids.STREETS[district])

    def place(self, district: str, rng: Random) -> tuple[float, float]:
        """Longitude and latitude within some 2 km of the district's middle, degrees of CGCS2000, six decimals."""
        lon, lat = CENTRES[district]
        return round(lon + rng.uniform(-0.02, 0.02), 6), round(lat + rng.uniform(-0.02, 0.02), 6)

    def adults(self, on: date, lowest: int = 18, highest: int = 120) -> list[Person]:
        """Registered persons of the sample, alive and of that age (full years) on the day."""
        return [
            p
            for p in self.persons
            if p.local
            and p.registered_on <= on
            and p.alive(on)
            and not (p.left_city and p.left_city <= on)
            and lowest <= p.age(on) <= highest
        ]

    def after(self, month: date, day: int) -> date:
        """The `day`-th day of the month after."""
        return month_end(month) + timedelta(days=day)

    def days(self, month: date) -> Iterator[date]:
        """All days of a month."""
        d, last = month, month_end(month)
        while d <= last:
            yield d
            d += timedelta(days=1)


__all__ = ["CENTRES", "Fault", "File", "Part", "World"]
