"""Figures on the geographies of several years: streets and districts of every edition, what each is in every other, totals kept.

An edition holds from one change of the list of streets to the next. A street that was divided within one district (宁围 → 宁围, 盈丰) has
no street of its own later, but still one district, so figures by street always find their district. A district that was divided has none;
less the streets that are given beside it (下沙 by itself, 江干区 without it) it may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from xihu.standards.codes import Code, CodeList
from xihu.standards.crosswalks import Crosswalk, NotExact

Number = TypeVar("Number", int, float)


class StreetRow(NamedTuple):
    """A street, town or township with the time in which it had its code."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    successor: str | None
    division: str
    kind: str


class CrosswalkRow(NamedTuple):
    """What a place of one edition is in another. `level`: street, functional_area, district.

    `from_date` is the first day of the edition (None: as far back as the list goes), `to_date` of the other. `to_street` is None where it
    was divided or is no single street; `to_division` is None where several districts have parts of it, named in `parts`. `figures`:
    whether a count or an amount of the place belongs wholly to `to_division`.
    """

    level: str
    from_code: str
    from_name: str
    from_date: date | None
    to_date: date | None
    from_division: str | None
    to_street: str | None
    to_division: str | None
    to_name: str | None
    parts: str | None
    figures: bool


@dataclass(frozen=True)
class Geographies:
    """Streets, districts and functional areas of a city by day."""

    divisions: CodeList
    streets: CodeList
    functional: CodeList
    walk: Crosswalk

    @classmethod
    def of(cls, codes: Mapping[str, CodeList], walks: Mapping[str, Crosswalk]) -> Geographies:
        """From the lists and crosswalks of a catalogue."""
        return cls(
            codes["divisions"], codes["street"], codes.get("functional_areas") or CodeList("functional_areas", []), walks["street__street"]
        )

    def editions(self) -> list[date | None]:
        """First day of each edition, oldest first; None for the one that the list begins with."""
        days = {day for r in self.streets.rows for day in (r.valid_from, r.valid_to) if day is not None}
        # A list that begins with some codes earlier than others (富阳 2014) has its first edition before the first change that it maps.
        mapped = {day for day in self.walk.changes if day is not None}
        return [None, *sorted(days & mapped)]

    def within(self, edition: date | None) -> date:
        """A day of an edition."""
        if edition is not None:
            return edition
        later = self.editions()[1:]
        return (later[0] - timedelta(days=1)) if later and later[0] else date.max

    def streets_of(self, code: str, day: date) -> frozenset[str]:
        """The streets of a district, of a functional area, or a street itself, on a day; none for what was not there."""
        if self.streets.at(code, day):
            return frozenset({code})
        area = self.functional.at(code, day)
        if area is not None:
            named = frozenset(c for c in area.extra.get("streets", "").split(";") if c)
            return named or self.streets_of(area.extra.get("division", ""), day)
        return frozenset(r.code for r in self.streets.rows if r.extra["division"] == code and r.valid(day))

    def became(self, street: str, since: date, to: date) -> frozenset[str]:
        """The streets of another day that have parts of a street."""
        found = self.walk.convert(street, since, to)
        if not isinstance(found, NotExact):
            return frozenset({found})
        return frozenset(c for named in found.codes.values() for c in named if self.streets.at(c, to))

    def districts(self, streets: Iterable[str], since: date, to: date) -> tuple[str, ...]:
        """The districts of another day that have parts of the streets."""
        found = {self._row(c, to).extra["division"] for s in streets for c in self.became(s, since, to)}
        return tuple(sorted(found))

    def _row(self, code: str, day: date) -> Code:
        row = self.streets.at(code, day)
        assert row is not None
        return row

    def to_districts(self, figures: Mapping[str, Number], since: date, to: date) -> dict[str, Number] | NotExact:
        """Figures of day `since` by street, district or functional area, in any mixture, as figures by district of day `to`.

        A district's figure is taken to be that of its streets which no other figure names: 江干区 beside 下沙 is 江干区 without it. The sum
        is kept, or the answer says which codes were divided; nothing is shared out by estimate.
        """
        whole = {code: self.streets_of(code, since) for code in figures}
        failed: dict[str, tuple[str, ...]] = {code: () for code, here in whole.items() if not here}
        made: dict[str, Number] = {}
        taken: dict[str, str] = {}
        for code in sorted(figures, key=lambda c: len(whole[c])):
            free = whole[code] if self._loose(code, since) else whole[code] - set(taken)
            if len(free) < len(whole[code]) and not self._above(code, since):
                failed[code] = tuple(sorted({taken[s] for s in whole[code] if s in taken}))
                continue
            if not self._loose(code, since):
                taken |= dict.fromkeys(free, code)
            targets = self.districts(free, since, to)
            if len(targets) == 1:
                made[targets[0]] = made[targets[0]] + figures[code] if targets[0] in made else figures[code]
            elif figures[code]:
                failed.setdefault(code, targets)
        return NotExact(failed, f"{since} → {to}") if failed else made

    def _loose(self, code: str, day: date) -> bool:
        """A functional area whose streets no list names (西湖风景名胜区): it goes with its district and takes no street away from it."""
        area = self.functional.at(code, day)
        return area is not None and not area.extra.get("streets")

    def _above(self, code: str, day: date) -> bool:
        """Whether figures of parts may stand beside that of a code: a district's, or a large functional area's."""
        return self.divisions.at(code, day) is not None or self.functional.at(code, day) is not None


def street_rows(codes: Mapping[str, CodeList]) -> list[StreetRow]:
    """Rows of `gold.street`."""
    listed = codes.get("street")
    return [
        StreetRow(r.code, r.name, r.valid_from, r.valid_to, ";".join(r.successor) or None, r.extra["division"], r.extra["kind"])
        for r in (listed.rows if listed else ())
    ]


def crosswalk_rows(codes: Mapping[str, CodeList], walks: Mapping[str, Crosswalk]) -> list[CrosswalkRow]:
    """Rows of `gold.division_crosswalk`: every place of every edition in every edition; key level, from_code, from_date, to_date."""
    if "street" not in codes or "street__street" not in walks:
        return []
    g = Geographies.of(codes, walks)
    days = [(edition, g.within(edition)) for edition in g.editions()]
    return [row for since in days for to in days for row in _rows(g, since, to)]


def _rows(g: Geographies, since: tuple[date | None, date], to: tuple[date | None, date]) -> Iterator[CrosswalkRow]:
    for level, listed in (("street", g.streets), ("functional_area", g.functional), ("district", g.divisions)):
        for row in listed.rows:
            if not row.valid(since[1]) or row.extra.get("level") == "prefecture":
                continue
            here = g.streets_of(row.code, since[1])
            parts: Sequence[str] = sorted({c for s in here for c in g.became(s, since[1], to[1])})
            districts = g.districts(here, since[1], to[1])
            street = parts[0] if level == "street" and len(parts) == 1 else None
            one = districts[0] if len(districts) == 1 else None
            name = g.divisions.at(one, to[1]) if one else None
            own = row.extra.get("division") or None if level != "district" else row.code
            yield CrosswalkRow(
                level, row.code, row.name, since[0], to[0], own, street, one, name.name if name else None,
                ";".join(parts if level == "street" else districts) if len(parts if level == "street" else districts) > 1 else None,
                one is not None and (level != "street" or _whole(g, row.code, since[1], to[1])),
            )  # fmt: skip


def _whole(g: Geographies, street: str, since: date, to: date) -> bool:
    """Whether all of a street is in the districts found; a street that took land of others back in time is not all of its old one."""
    return all(street in g.became(part, to, since) for part in g.became(street, since, to))


__all__ = ["CrosswalkRow", "Geographies", "StreetRow", "crosswalk_rows", "street_rows"]
