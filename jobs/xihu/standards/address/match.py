"""Addresses against the register: which place, how surely, and why not more. Never a guess: of two places the one that holds both.

Grades: A building or room, B number, C road, village, community or estate, D street, E district, F none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from xihu.standards.address.index import AddressIndex, Group
from xihu.standards.address.parse import Address, parse
from xihu.standards.address.rooms import Inner, inner
from xihu.standards.address.where import Area, area, inside

GRADE = {
    "room": "A",
    "unit": "A",
    "building": "A",
    "number": "B",
    "estate": "C",
    "road": "C",
    "community": "C",
    "street": "D",
    "district": "E",
}
_SURE = ("sound", "ending")
_NAMED = 5


@dataclass(frozen=True)
class Match:
    """`level` of the place and its `grade`; `address_id` where the register has a row for just that place; codes of the register's day.

    `reasons`: why it is no finer, or what was doubted; `repairs`: what was read as something else (文山路→文三路); `candidates`: the places
    that it may be, where they are more than one.
    """

    grade: str
    level: str | None = None
    address_id: str | None = None
    division: str | None = None
    street: str | None = None
    community: str | None = None
    road: str | None = None
    number: str | None = None
    estate: str | None = None
    building: str | None = None
    unit: str | None = None
    room: str | None = None
    reasons: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str | None, ...]:
        """The place without its wording."""
        return (
            self.level,
            self.division,
            self.street,
            self.community,
            self.road,
            self.number,
            self.estate,
            self.building,
            self.unit,
            self.room,
        )


NONE = Match("F", reasons=("empty",))


def match(text: str | None, index: AddressIndex, on: date | None = None) -> Match:
    """The place that a text names. `on`: the day it was written, if known: 余杭区 of 2016 is not that of 2022."""
    found = [_one(address, index, on) for address in parse(text, index.lexicon)]
    if not found:
        return NONE
    if len(found) == 1 or len({m.key for m in found}) == 1:
        return found[0]
    return _together(found, index)


def match_table(texts: pa.Array | pa.ChunkedArray, index: AddressIndex, on: date | None = None) -> pa.Table:
    """A row for each text, in order: every attribute of `Match`, lists as text with `;` between."""
    names = list(Match.__dataclass_fields__)
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for text in texts.to_pylist():
        m = match(text, index, on)
        for name in names:
            said = getattr(m, name)
            columns[name].append((";".join(said) or None) if isinstance(said, tuple) else said)
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def _one(a: Address, index: AddressIndex, on: date | None) -> Match:
    if a.elsewhere:
        return Match("F", reasons=("outside",), candidates=(a.elsewhere,))
    where = area(a, index, on)
    repairs = list(where.repairs)
    roads, slips = _named(a.road, "road", a, index, where)
    estates, more = _named(a.estate, "estate", a, index, where)
    village = a.community if a.community in index.ways and not a.road else None
    ways = roads or ([village] if village else [])
    found = _found(a, index, ways, estates, where)
    if isinstance(found, Match):
        made = found
    elif found:
        made = _within(found, a, index)
    else:
        made = _coarse(a, index, where, ways, estates)
    used = {made.road, made.estate}
    repairs += [f"{old}→{new}" for old, new in (*slips.items(), *more.items()) if new in used]
    reasons = tuple(dict.fromkeys((*made.reasons, *where.doubts)))
    made = replace(made, repairs=tuple(dict.fromkeys((*repairs, *made.repairs))), reasons=reasons)
    if a.vague:
        made = _up(made, "road" if made.road and a.road else "street" if made.street else "district", "vague")
    return made


def _named(said: str | None, kind: str, a: Address, index: AddressIndex, where: Area) -> tuple[list[str], dict[str, str]]:
    """Names of the register that a said one is, or may be by one slip; and {said: read as}."""
    known: Iterable[str] = index.by_estate if kind == "estate" else index.ways
    if said is None or said in known:
        return ([said] if said else []), {}
    spellings = index.estate_spellings if kind == "estate" else index.road_spellings
    near = spellings.near(said)
    # A slip that changes the sound is believed only where the street is known and the rest of the address stands there.
    held = where.streets is not None and len(where.streets) <= 2 and where.certain
    names = [n for n, slip in near.items() if slip in _SURE or held]
    placed = [n for n in names if _stands(n, kind, a, index, where)]
    return placed, {said: placed[0]} if len(placed) == 1 else {}


def _stands(name: str, kind: str, a: Address, index: AddressIndex, where: Area) -> bool:
    if kind == "estate":
        groups = [g for g in index.by_estate[name] if inside(g.street, g.division, where, index)]
        return any(a.building is None or g.building == a.building for g in groups)
    if a.number:
        return any(inside(g.street, g.division, where, index) for g in index.by_number.get((name, a.lane, a.number), ()))
    return any(inside(s, d, where, index) for s, d in index.ways[name]) and where.streets is not None


def _found(a: Address, index: AddressIndex, ways: Sequence[str], estates: Sequence[str], where: Area) -> list[Group] | Match:
    """The groups of the one place that road, number and estate name; none; or the answer where they name several or contradict."""
    numbered = [g for way in ways for g in index.by_number.get((way, a.lane, a.number), ())] if a.number else []
    owned = [g for e in estates for g in index.by_estate[e]]
    if a.number and not ways and owned:
        # 翠苑一区12号: a number of the road, or a building.
        by_number = [g for g in owned if g.number == a.number]
        by_building = [g for g in owned if g.building == a.number] if a.building is None else []
        if by_number and by_building and set(by_number) != set(by_building):
            return _parent([*by_number, *by_building], index, "number_or_building")
        owned = by_number or by_building or owned
    here, there = _split(numbered, where, index)
    own, away = _split(owned, where, index)
    if here and own:
        both = [g for g in here if g in own]
        if not both:
            return _parent([*here, *own], index, "estate_contradicts_road")
        found = both
    elif here:
        if away and not own:
            return _parent([*here, *away], index, "estate_contradicts_area")
        found = here
    elif own:
        if there or (ways and a.number and not _road_of(own, ways)):
            return _parent([*own, *there], index, "road_contradicts_estate") if there else _off(own, a, index, ways, where)
        if a.number and ways:
            return _off(own, a, index, ways, where)
        found = own
    elif there or away:
        return _outside(there or away, a, index, where, ways)
    else:
        return []
    return _agreed(found, a, index, where)


def _road_of(groups: Iterable[Group], ways: Sequence[str]) -> bool:
    return any(g.way in ways for g in groups)


def _off(own: list[Group], a: Address, index: AddressIndex, ways: Sequence[str], where: Area) -> list[Group] | Match:
    """An estate, and a number that the register does not have on that road."""
    known = [w for w in ways if any(inside(s, d, where, index) for s, d in index.ways[w])]
    if known and not _road_of(own, ways):
        return _parent(own, index, "road_contradicts_estate", extra=tuple(f"{w}{a.number}号" for w in known))
    return _agreed(own, a, index, where)


def _agreed(found: list[Group], a: Address, index: AddressIndex, where: Area) -> list[Group] | Match:
    """The groups, if the community that was said does not lie elsewhere and they are one place."""
    said = a.community
    if said and said in index.communities:
        own = [g for g in found if g.community == said]
        if own:
            found = own
        elif all(g.community for g in found) and not index.communities[said] & {(g.street, g.division) for g in found}:
            return _parent(found, index, "community_contradicts", extra=(said,))
    places = {(g.street, g.division, g.way, g.lane, g.number) if a.number and a.road else (g.street, g.division, g.estate) for g in found}
    if not a.road and not a.estate:
        places = {(g.street, g.division, g.way, g.lane, g.number) for g in found}
    return found if len(places) == 1 else _parent(found, index, "several")


def _outside(groups: list[Group], a: Address, index: AddressIndex, where: Area, ways: Sequence[str]) -> Match:
    """The road and number (or the estate) stand in the register, but not in the district or street that was said."""
    stated = index.gazetteer.districts_of(where.streets or frozenset())
    here = {w for w in ways if any(inside(s, d, where, index) for s, d in index.ways[w])}
    if here:
        # The road comes through what was said; it has no such number there.
        return _coarse(a, index, where, sorted(here), ())
    named = tuple(g.label() for g in groups[:_NAMED]) + tuple(index.gazetteer.name(d) for d in stated[:2])
    divisions = {g.division for g in groups}
    if where.by_street and divisions == set(stated) and ways and len(divisions) == 1:
        # Another street of the same district: the road is sure, the street is not.
        division = next(iter(divisions))
        return Match("C", "road", division=division, road=groups[0].road, community=None if groups[0].road else groups[0].community,
                     reasons=("street_contradicts",), candidates=named)  # fmt: skip
    if divisions == set(stated) and len(divisions) == 1:
        return Match("E", "district", division=stated[0], reasons=("street_contradicts",), candidates=named)
    return Match("F", reasons=("area_contradicts",), candidates=named)


def _within(groups: list[Group], a: Address, index: AddressIndex) -> Match:
    """As far in as the text and the register go."""
    first = groups[0]
    numbers = {(g.way, g.lane, g.number) for g in groups}
    one = len(numbers) == 1 and first.number is not None
    level = (
        "number"
        if one
        else "estate"
        if len({g.estate for g in groups}) == 1 and first.estate
        else "road"
    )
    said = a
    if not a.road and a.estate and a.number and a.building is None and all(g.building == a.number for g in groups):
        said = replace(a, building=a.number)
    around = [g for g in index.by_number.get((first.way or "", first.lane, first.number or ""), ()) if g.street == first.street] if one else []
    found: Inner = inner(groups, said, index, around)
    estate = first.estate if len({g.estate for g in groups}) == 1 else None
    base = Match(
        GRADE[level], level, division=first.division, street=first.street, estate=estate, address_id=found.address_id, reasons=found.reasons,
        candidates=found.candidates, community=first.community if len({g.community for g in groups}) == 1 else None,
        road=first.road if len({g.road for g in groups}) == 1 else None, number=first.number if one else None,
    )  # fmt: skip
    if found.level is None:
        return base
    g = found.group
    assert g is not None
    return replace(
        base, grade="A", level=found.level, road=g.road, number=g.number, estate=g.estate, community=g.community, building=g.building,
        unit=found.unit, room=found.room,
    )  # fmt: skip


def _coarse(a: Address, index: AddressIndex, where: Area, ways: Sequence[str], estates: Sequence[str]) -> Match:
    """Road, community, street or district: what is left where the register has no such number or estate."""
    gone = [r for r, said in (("number_unknown", a.number if ways else None), ("road_unknown", a.road if not ways else None),
                              ("estate_unknown", a.estate if not estates else None)) if said]  # fmt: skip
    options = [(w, p) for w in ways for p in index.ways[w]]
    kept = [(w, p) for w, p in options if inside(*p, where, index)]
    if options and not kept:
        stated = tuple(index.gazetteer.name(d) for d in index.gazetteer.districts_of(where.streets or frozenset()))
        divisions = {p[1] for _, p in options}
        if where.by_street and divisions == set(index.gazetteer.districts_of(where.streets or frozenset())) and len(set(ways)) == 1:
            return Match("C", "road", division=next(iter(divisions)), road=ways[0], reasons=("street_contradicts", *gone))
        return Match("F", reasons=("area_contradicts", *gone), candidates=(*dict.fromkeys(w for w, _ in options), *stated[:2]))
    if kept:
        places = {(w, p[1]) for w, p in kept}
        streets = {p[0] for _, p in kept}
        towns = {s for s in streets if s and not index.gazetteer.name(s).endswith("街道")}
        if len(places) == 1 and (len(streets) == 1 or not towns):
            way, division = next(iter(places))
            street = next(iter(streets)) if len(streets) == 1 else None
            road = way if way in index.road_spellings.names else None
            level = "road" if road else "community"
            return Match(
                "C",
                level,
                division=division,
                street=street,
                road=road,
                community=None if road else way,
                reasons=tuple(gone) or ("no_number",),
            )
        named = tuple(f"{index.gazetteer.name(p[0] or p[1] or '')}{w}" for w, p in sorted(kept, key=str)[:_NAMED])
        return _area(where, index, ("several", *gone), named, {d for _, d in places})
    if a.community and a.community in index.communities:
        spots = [p for p in index.communities[a.community] if inside(*p, where, index)]
        if len(spots) == 1:
            return Match("C", "community", division=spots[0][1], street=spots[0][0], community=a.community, reasons=(*gone, "no_number"))
        if not spots:
            return Match("F", reasons=("area_contradicts", *gone), candidates=(a.community,))
        named = tuple(f"{index.gazetteer.name(s or d or '')}{a.community}" for s, d in spots[:_NAMED])
        return _area(where, index, ("several", *gone), named, {d for _, d in spots})
    return _area(where, index, tuple(gone) or ("only_area",), (), None)


def _area(where: Area, index: AddressIndex, reasons: tuple[str, ...], named: tuple[str, ...], divisions: set[str | None] | None) -> Match:
    """The street or district that was said, or the one that all candidates share."""
    if where.contradiction:
        return Match("F", reasons=("area_contradicts", *reasons), candidates=where.named)
    if where.streets is None:
        if divisions and len(divisions) == 1 and None not in divisions:
            return Match("E", "district", division=next(iter(divisions)), reasons=reasons, candidates=named)
        return Match("F", reasons=reasons, candidates=named)
    if len(where.streets) == 1 and where.by_street:
        street = next(iter(where.streets))
        return Match("D", "street", division=index.gazetteer.division[street], street=street, reasons=reasons, candidates=named)
    held = index.gazetteer.districts_of(where.streets)
    if divisions and None not in divisions and divisions <= set(held) and len(divisions) == 1:
        return Match("E", "district", division=next(iter(divisions)), reasons=reasons, candidates=named)
    if len(held) == 1:
        return Match("E", "district", division=held[0], reasons=reasons, candidates=named)
    return Match("F", reasons=("several_districts", *reasons), candidates=named or tuple(index.gazetteer.name(d) for d in held))


def _split(groups: list[Group], where: Area, index: AddressIndex) -> tuple[list[Group], list[Group]]:
    here = [g for g in groups if inside(g.street, g.division, where, index)]
    return (here, []) if here else ([], groups)


def _parent(groups: list[Group], index: AddressIndex, reason: str, extra: tuple[str, ...] = ()) -> Match:
    """The place that holds all of them, and their names."""
    named = tuple(dict.fromkeys((*(f"{index.gazetteer.name(g.street or g.division or '')}{g.label()}" for g in groups), *extra)))[:_NAMED]
    divisions, streets = {g.division for g in groups}, {g.street for g in groups}
    if len(divisions) != 1 or None in divisions:
        return Match("F", reasons=(reason,), candidates=named)
    base = Match("E", "district", division=groups[0].division, reasons=(reason,), candidates=named)
    if len(streets) == 1 and groups[0].street and not extra:
        base = replace(base, grade="D", level="street", street=groups[0].street)
        if len({g.way for g in groups}) == 1 and groups[0].way:
            level = "road" if groups[0].road else "community"
            return replace(base, grade="C", level=level, road=groups[0].road, community=None if groups[0].road else groups[0].community)
        if len({g.estate for g in groups}) == 1 and groups[0].estate:
            return replace(base, grade="C", level="estate", estate=groups[0].estate)
    return base


_RANK = ("district", "street", "road", "number")


def _up(m: Match, level: str, reason: str) -> Match:
    """No finer than a level."""
    if m.level is None or m.grade >= GRADE[level]:
        return replace(m, reasons=(*m.reasons, reason))
    kept = {"road": ("division", "street", "road"), "street": ("division", "street"), "district": ("division",)}[level]
    return Match(
        GRADE[level], level, reasons=(*m.reasons, reason), repairs=m.repairs, candidates=m.candidates, **{k: getattr(m, k) for k in kept}
    )


def _together(found: list[Match], index: AddressIndex) -> Match:
    """Two addresses in one cell: the place that holds both."""
    named = tuple(dict.fromkeys(describe(m, index) for m in found))[:_NAMED]
    first = found[0]
    same = lambda *names: all(getattr(m, n) == getattr(first, n) and getattr(m, n) for m in found for n in names)  # noqa: E731
    repairs = tuple(dict.fromkeys(r for m in found for r in m.repairs))
    if same("division", "street", "road", "number"):
        return Match("B", "number", division=first.division, street=first.street, road=first.road, number=first.number, estate=first.estate,
                     reasons=("two_addresses",), repairs=repairs, candidates=named)  # fmt: skip
    if same("division", "road"):
        return Match("C", "road", division=first.division, street=first.street if same("street") else None, road=first.road,
                     reasons=("two_addresses",), repairs=repairs, candidates=named)  # fmt: skip
    if same("division", "street", "estate"):
        return Match("C", "estate", division=first.division, street=first.street, estate=first.estate, reasons=("two_addresses",), repairs=repairs,
                     candidates=named)  # fmt: skip
    if same("division", "street"):
        return Match(
            "D", "street", division=first.division, street=first.street, reasons=("two_addresses",), repairs=repairs, candidates=named
        )
    if same("division"):
        return Match("E", "district", division=first.division, reasons=("two_addresses",), repairs=repairs, candidates=named)
    return Match("F", reasons=("two_addresses",), repairs=repairs, candidates=named)


def describe(m: Match, index: AddressIndex) -> str:
    """A place in words."""
    parts = [index.gazetteer.name(c) if c else "" for c in (m.division, m.street)] + [m.community or "" if not m.road else "", m.road or ""]
    parts += [f"{m.number}号" if m.number else "", m.estate or "", f"{m.building}幢" if m.building else ""]
    parts += [f"{m.unit}单元" if m.unit else "", f"{m.room}室" if m.room else ""]
    return "".join(parts)
