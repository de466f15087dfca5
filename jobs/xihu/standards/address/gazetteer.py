"""Names of districts, functional areas and streets of any year, as the streets that they are on one day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from xihu.standards.codes import Code, CodeList
from xihu.standards.crosswalks import Crosswalk, NotExact

_STEM = re.compile(r"(?:街道|镇|乡|畲族乡)$")
_DISTRICT = re.compile(r"(?<=..)[区县市]$")
# 萧山's three towns south of the river became 滨江区 in 1996 ([M]).
_CEDED = {"330121": ("330108",), "339005": ("330108",), "330181": ("330108",)}
# The scenic area lies in two districts' streets; which ones of them wholly, no published list says.
_SCENIC = ("330106", "330102")

Streets = frozenset[str]


class Gazetteer:
    """What names of the city mean on the day `on`: `districts`, `areas` (functional), `streets`: name → codes of streets of that day.

    A name means every street that ever belonged to it, for an address seldom says when it was written; `of_day` tells it for a day.
    """

    def __init__(self, codes: Mapping[str, CodeList], walks: Mapping[str, Crosswalk], on: date):
        self.on = on
        self._divisions, self._listed = codes["divisions"], codes["street"]
        self._functional = codes.get("functional_areas") or CodeList("functional_areas", [])
        self._walk = walks["street__street"]
        self.now: dict[str, Code] = {r.code: r for r in self._listed.rows if r.valid(on)}
        self._moved = {(r.code, r.valid_from): self._today(r) for r in self._listed.rows}
        self.division = {code: row.extra["division"] for code, row in self.now.items()}
        self.all = frozenset(self.now)
        self.streets: dict[str, Streets] = {}
        stems: dict[str, set[str]] = {}
        for row in self._listed.rows:
            if row.extra.get("kind") != "area":
                here = self._moved[row.code, row.valid_from]
                self.streets[row.name] = self.streets.get(row.name, frozenset()) | here
                stems.setdefault(_STEM.sub("", row.name), set()).update(here)
        # A town that became a street office, and the other way: 余杭镇, 三墩街道.
        self.renamed: dict[str, Streets] = {
            stem + suffix: frozenset(here)
            for stem, here in stems.items()
            for suffix in ("街道", "镇", "乡")
            if stem + suffix not in self.streets
        }
        self.districts: dict[str, Streets] = {}
        for row in self._divisions.rows:
            if row.extra.get("level") == "county":
                self.districts[row.name] = self.districts.get(row.name, frozenset()) | self._ever(row.code)
        self.areas: dict[str, Streets] = {}
        for row in self._functional.rows:
            for name in (row.name, *(a for a in row.extra.get("aliases", "").split(";") if a)):
                self.areas[name] = self.areas.get(name, frozenset()) | self._area(row)
        self.bare: dict[str, Streets] = {}
        for name, here in self.districts.items():
            stem = _DISTRICT.sub("", name)
            if stem != name:
                self.bare[stem] = self.bare.get(stem, frozenset()) | here

    def _today(self, row: Code) -> Streets:
        if row.valid(self.on):
            return frozenset({row.code})
        past = row.valid_to is not None and row.valid_to <= self.on
        day = row.valid_to - timedelta(days=1) if past and row.valid_to else row.valid_from
        assert day is not None
        found = self._walk.convert(row.code, day, self.on)
        if isinstance(found, NotExact):
            return frozenset(c for became in found.codes.values() for c in became if c in self.now)
        return frozenset({found})

    def _ever(self, division: str, seen: frozenset[str] = frozenset()) -> Streets:
        here = frozenset(c for r in self._listed.rows if r.extra["division"] == division for c in self._moved[r.code, r.valid_from])
        if here or division in seen:
            return here
        later = [c for r in self._divisions.by_code.get(division, ()) for c in r.successor] + list(_CEDED.get(division, ()))
        return frozenset().union(*(self._ever(c, seen | {division}) for c in later)) if later else frozenset()

    def _area(self, row: Code) -> Streets:
        named = [c for c in row.extra.get("streets", "").split(";") if c]
        if named:
            return frozenset(c for r in self._listed.rows if r.code in named for c in self._moved[r.code, r.valid_from])
        over = _SCENIC if row.code == "scenic" else [d for d in (row.extra.get("division"), *row.extra.get("spans", "").split(";")) if d]
        return frozenset().union(*(self._ever(d) for d in over)) if over else frozenset()

    def of_day(self, name: str, day: date) -> Streets:
        """The streets (of the day `on`) that the district or area of that name had on `day`; those of any year where it had none known."""
        codes = {r.code for r in self._divisions.rows if name in (r.name, _DISTRICT.sub("", r.name)) and r.valid(day)}
        rows = [r for r in self._listed.rows if r.extra["division"] in codes and r.valid(day)]
        here = frozenset(c for r in rows for c in self._moved[r.code, r.valid_from])
        return here or self.districts.get(name) or self.areas.get(name) or self.bare.get(name, frozenset())

    def of_code(self, code: str) -> Streets:
        """The streets of the day that a street of any year is."""
        return frozenset(c for r in self._listed.by_code.get(code, ()) for c in self._moved[r.code, r.valid_from])

    def of_division(self, code: str) -> Streets:
        """The streets of the day that a district's code of any year had."""
        return self._ever(code)

    def districts_of(self, streets: Streets) -> tuple[str, ...]:
        """The districts that streets lie in."""
        return tuple(sorted({self.division[s] for s in streets}))

    def name(self, code: str) -> str:
        """Of a street or a district."""
        if code in self.now:
            return self.now[code].name
        row = self._divisions.at(code, self.on)
        return row.name if row else code
