"""Administrative divisions by date, GB/T 2260: codes, names, what old codes became; and functional areas that have no code.

Data: `conf/codes/divisions.csv` (code, name, valid_from, valid_to, successor, level), `conf/codes/functional_areas.csv` (code, name, …,
aliases, division) and, for codes of other cities, `conf/codes/divisions_national.csv`. A code that was split has several successors; only
streets tell which, so such a code is not resolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from xihu.standards.citizen_id import PROVINCES
from xihu.standards.codes import Code, CodeList

_SUFFIX = re.compile(r"(?<=..)(?:区|县|市)$")
_PROVINCE = re.compile(r"^[\u4e00-\u9fff]{2,3}(?:省|自治区)")


class Resolved(NamedTuple):
    """A code valid at the date, and how it was found."""

    code: str
    repairs: tuple[str, ...] = ()


class Unresolved(NamedTuple):
    detail: str


class Judged(NamedTuple):
    """What a code of any city is on a day: valid, ended (then `became` names those valid that day), future, or unknown."""

    status: Literal["valid", "ended", "future", "unknown"]
    name: str | None = None
    became: tuple[str, ...] = ()


class Divisions:
    """The divisions of one city through time."""

    def __init__(self, divisions: CodeList, functional: CodeList | None = None, national: CodeList | None = None):
        self.list = divisions
        self.national = national
        self.codes = frozenset(divisions.by_code)
        self.city = {code[:4] for code in self.codes}
        self._cities = sorted({r.name for r in divisions.rows if r.extra.get("level") == "prefecture"}, key=len, reverse=True)
        self._names: dict[str, list[Code]] = {}
        for row in divisions.rows:
            for name in {row.name, _SUFFIX.sub("", row.name)}:
                self._names.setdefault(name, []).append(row)
        self._areas: dict[str, list[Code]] = {}
        for row in functional.rows if functional else ():
            for name in (row.name, *(a for a in row.extra.get("aliases", "").split(";") if a)):
                self._areas.setdefault(name, []).append(row)

    @classmethod
    def of(cls, codes: Mapping[str, CodeList]) -> Divisions:
        """From the lists of a catalogue; without a list of divisions nothing resolves."""
        return cls(codes.get("divisions") or CodeList("divisions", []), codes.get("functional_areas"), codes.get("divisions_national"))

    def known(self, text: str) -> bool:
        """Whether a cleaned, folded text was a division of the city, or a functional area, on any day: a code of a district, or a name."""
        bare = text.removesuffix(".0")
        if bare.isdigit():
            return bare in self.codes or (len(bare) in (9, 12) and bare[:6] in self.codes and not bare[6:].strip("0"))
        names = [text, *(text.removeprefix(p).removeprefix(c) for p in ("", "浙江省") for c in self._cities)]
        return any(n in self._names or n in self._areas for n in names if n)

    def resolve(self, text: str, on: date, *, outside: bool = False) -> Resolved | Unresolved:
        """The division a cleaned, folded text means on a day: a code (6, 9, 12 digits), a name with or without city, a functional area."""
        if text.endswith(".0") and text[:-2].isdigit():
            text = text[:-2]
        if text.isdigit() and text.isascii():
            return self._by_code(text, on, outside)
        found = self._by_name(text, on)
        if found is not None:
            return found
        return Unresolved(f"没有这个区划 / no such division: {text}")

    def _by_code(self, text: str, on: date, outside: bool) -> Resolved | Unresolved:
        if len(text) not in (6, 9, 12):
            return Unresolved(f"区划代码应为6、9或12位 / a division code has 6, 9 or 12 digits: {text}")
        code, repairs = text[:6], (("street_code",) if len(text) > 6 else ())
        if code in self.codes:
            return self._valid(code, on, repairs)
        if code[:2] in PROVINCES and code[:4] not in self.city and code[2:4] != "00":
            if outside:
                return self._elsewhere(code, on, (*repairs, "outside"))
            return Unresolved(
                f"外地区划；字段若可为外地，写 outside: true / of another city; if the field may name one, write outside: true: {code}"
            )
        return Unresolved(f"没有这个区划代码 / no such division code: {code}")

    def _elsewhere(self, code: str, on: date, repairs: tuple[str, ...]) -> Resolved:
        """A code of another city. The national list may be older than the code, so an unknown one is doubted, not refused."""
        if self.national is None:
            return Resolved(code, repairs)
        found = self.judge(code, on)
        if found.status == "ended" and len(found.became) == 1:
            return Resolved(found.became[0], (*repairs, f"division:{code}→{found.became[0]}"))
        return Resolved(code, repairs if found.status == "valid" else (*repairs, f"division_{found.status}?"))

    def judge(self, code: str, on: date) -> Judged:
        """A code of any city on a day, as for a birth place or another city's report; only six digits count."""
        code = code[:6]
        listed = self.list if code in self.codes or self.national is None else self.national
        rows = listed.by_code.get(code)
        if not rows:
            return Judged("unknown")
        valid = listed.at(code, on)
        if valid:
            return Judged("valid", valid.name)
        if all(row.valid_from and row.valid_from > on for row in rows):
            return Judged("future", rows[0].name)
        last = max((row for row in rows if row.valid_to and row.valid_to <= on), key=lambda row: row.valid_to or date.min)
        return Judged("ended", last.name, tuple(_became(listed, code, on)))

    def _valid(self, code: str, on: date, repairs: tuple[str, ...]) -> Resolved | Unresolved:
        if self.list.at(code, on):
            return Resolved(code, repairs)
        rows = self.list.by_code[code]
        if all(row.valid_from and row.valid_from > on for row in rows):
            return Unresolved(f"{on} 时尚无此区划 / did not exist yet on {on}: {code} {rows[0].name}")
        became = self.became(code, on)
        if len(became) == 1:
            return Resolved(became[0], (*repairs, f"division:{code}→{became[0]}"))
        return Unresolved(
            f"区划已撤销，拆入 {'、'.join(became) or '?'}，须按街道区分 / ended and was split; only the street tells: {code} {rows[0].name}"
        )

    def became(self, code: str, on: date) -> list[str]:
        """The codes valid on a day that an ended code led to, through every step."""
        return _became(self.list, code, on)

    def _by_name(self, text: str, on: date) -> Resolved | Unresolved | None:
        name = "".join(text.split())
        if name in self._areas:
            return self._area(name, on)
        rows = self._names.get(name)
        if rows is None:
            bare = _PROVINCE.sub("", name)
            for city in self._cities:
                if bare.startswith(city) and len(bare) > len(city):
                    bare = bare[len(city) :]
            if bare in self._areas:
                return self._area(bare, on)
            rows = self._names.get(bare)
        if not rows:
            return None
        valid = {row.code for row in rows if row.valid(on)}
        if len(valid) == 1:
            return Resolved(valid.pop(), ("name",))
        if valid:
            return Unresolved(f"名称不唯一 / the name means more than one: {text} {sorted(valid)}")
        last = max(rows, key=lambda row: row.valid_to or date.max)
        return self._valid(last.code, on, ("name",))

    def _area(self, name: str, on: date) -> Resolved | Unresolved:
        row = next((r for r in self._areas[name] if r.valid(on)), None)
        if row is None:
            return Unresolved(f"{on} 时无此功能区 / no such functional area on {on}: {name}")
        division = row.extra.get("division", "")
        if not division:
            return Unresolved(f"功能区跨 {row.extra.get('spans', '')}，不能归入一个区 / the area spans districts: {row.name}")
        return Resolved(division, (f"functional_area:{row.name}→{division}",))


def _became(listed: CodeList, code: str, on: date) -> list[str]:
    reached: set[str] = set()
    todo, seen = [code], {code}
    while todo:
        here = todo.pop()
        if listed.at(here, on):
            reached.add(here)
            continue
        for row in listed.by_code.get(here, ()):
            # A code used twice is followed from its past only.
            if row.valid_to is None or row.valid_to <= on:
                todo += [c for c in row.successor if c not in seen]
                seen |= set(row.successor)
    return sorted(reached)
