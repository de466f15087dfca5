"""Legal entities as their registers know them: the numbers of before October 2015 beside the credit code, and who stands behind them.

Written a second time on purpose, like `xihu.sample.ids`: nothing here is shared with the pipeline that has to read these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from xihu.sample import ids
from xihu.sample.extracts import firm
from xihu.sample.people import Person
from xihu.sample.themes.extract import World

THREE_IN_ONE = date(2015, 10, 1)
TRADES = (("面馆", "H6220"), ("便利店", "F5212"), ("水果店", "F5223"), ("理发店", "O8040"), ("服装店", "F5232"), ("五金店", "F5273"))
# Companies of each district's register that the registers of this theme speak of; 23 and 46 are closed in the second and third month.
NUMBERS = (20, 22, 23, 25, 27, 30, 33, 46)


def registration_number(region: str, first: int, n: int) -> str:
    """工商注册号 of fifteen digits: region, what sort of entity, serial number, check digit (ISO 7064 MOD 11,10)."""
    body = f"{region}{first}{n:07d}"
    rest = 10
    for digit in body:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return body + str((11 - rest) % 10)


@dataclass(frozen=True)
class Firm:
    """A company of the enterprise register with all its numbers."""

    district: str
    n: int
    uscc: str
    name: str
    established: date
    capital: str  # 万元

    @property
    def org_code(self) -> str:
        return f"{self.uscc[8:16]}-{self.uscc[16]}"

    @property
    def tax_no(self) -> str:
        return self.uscc[2:8] + self.uscc[8:17]

    @property
    def registration_no(self) -> str:
        return registration_number(self.district, 0, self.n * 1_013 + 7)

    @property
    def entity_no(self) -> str:
        return f"{self.district}00{self.n:08d}"

    @property
    def old(self) -> bool:
        return self.established < THREE_IN_ONE

    @property
    def address(self) -> str:
        street = ids.STREETS[self.district][self.n % len(ids.STREETS[self.district])]
        return f"杭州市{ids.DISTRICTS[self.district][0]}{street}创业路{self.n * 7 % 300 + 1}号"

    @property
    def industry(self) -> str:
        return ("F5191", "C3484", "C1751", "F5294", "H6210", "E4700", "G5430", "I6510", "C1419", "F5232")[self.n % 10]


def one(district: str, n: int) -> Firm:
    """A company by its place in the register."""
    uscc, name, _, established, capital, _ = firm((district, n))
    return Firm(district, n, uscc, name, established, f"{float(capital):.4f}")


def companies(world: World) -> list[Firm]:
    """The companies of this theme, in order of district."""
    return [one(district, n) for district in world.districts for n in NUMBERS]


def people(world: World) -> list[Person]:
    """Residents who found and run companies, in an order of the theme's own."""
    found = world.adults(world.w.first, 25, 62)
    world.rng("sc__principal", "people").shuffle(found)
    return found


@dataclass(frozen=True)
class Business:
    """An individual business, whose owner is a resident."""

    owner: Person
    i: int

    @property
    def district(self) -> str:
        return self.owner.district

    @property
    def uscc(self) -> str:
        return ids.uscc("9", "2", self.district, f"MC{self.i:06d}")

    @property
    def registration_no(self) -> str:
        return registration_number(self.district, 6, 10_000 + self.i)

    @property
    def tax_no(self) -> str:
        """Before the credit code: the owner's number and two digits."""
        return self.owner.id18 + "01"

    @property
    def trade(self) -> tuple[str, str]:
        return TRADES[self.i % len(TRADES)]

    @property
    def name(self) -> str:
        """One in eight bears no name but the owner's."""
        return f"杭州市{ids.DISTRICTS[self.district][0]}{self.owner.name[0]}记{self.trade[0]}" if self.i % 8 else ""

    @property
    def established(self) -> date:
        return date(2006 + self.i % 10, 1 + self.i % 12, 1 + self.i % 28)


def businesses(world: World, count: int) -> list[Business]:
    """The first individual businesses."""
    owners = people(world)[-420:]
    return [Business(owners[i % len(owners)], i) for i in range(count)]


def epoch(day: date) -> int:
    """Milliseconds of the epoch at midnight in the city."""
    return round((datetime(day.year, day.month, day.day) - datetime(1970, 1, 1) - timedelta(hours=8)).total_seconds() * 1000)


__all__ = ["NUMBERS", "THREE_IN_ONE", "Business", "Firm", "businesses", "companies", "epoch", "one", "people", "registration_number"]
