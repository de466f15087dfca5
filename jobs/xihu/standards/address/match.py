"""Addresses against the register: which place, how surely, and why not more. Never a guess: of two places the one that holds both.

Grades: A building or room, B number, C road, village, community or estate, D street, E district, F none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pyarrow as pa

from xihu.standards.address.claims import GRADE, NAMED, NONE, Match, area_claim, no_finer, parent, together
from xihu.standards.address.index import AddressIndex, Group
from xihu.standards.address.parse import Address, parse
from xihu.standards.address.rooms import Inner, inner
from xihu.standards.address.where import Area, area, inside

_SURE = ("sound", "ending")


def match(text: str | None, index: AddressIndex, on: date | None = None) -> Match:
    """The place that a text names. `on`: the day it was written, if known: 余杭区 of 2016 is not that of 2022."""
    found = [_one(address, index, on) for address in parse(text, index.lexicon)]
    if not found:
        return NONE
    if len(found) == 1 or len({m.key for m in found}) == 1:
        return found[0]
    return together(found, index)


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
    if a.gap:
        a = replace(a, number=None)
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
    reasons = tuple(dict.fromkeys((*made.reasons, *where.doubts, *(("words_between",) if a.gap else ()))))
    if repairs or reasons != made.reasons:
        made = replace(made, repairs=tuple(dict.fromkeys((*repairs, *made.repairs))), reasons=reasons)
    if a.vague:
        made = no_finer(made, "road" if made.road and a.road else "street" if made.street else "district", "vague")
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
            return parent([*by_number, *by_building], index, "number_or_building")
        owned = by_number or by_building or owned
    here, there = _split(numbered, where, index)
    own, away = _split(owned, where, index)
    if here and own:
        both = [g for g in here if g in own]
        if not both:
            return parent([*here, *own], index, "estate_contradicts_road")
        found = both
    elif here:
        if away and not own:
            return parent([*here, *away], index, "estate_contradicts_area")
        found = here
    elif own:
        if there or (ways and a.number and not _road_of(own, ways)):
            return parent([*own, *there], index, "road_contradicts_estate") if there else _off(own, a, index, ways, where)
        if a.number and ways:
            return _off(own, a, index, ways, where)
        house = a.building or (a.loose[0] if len(a.loose) > 1 else None)
        housed = house is None or any(house in (g.building, g.number) for g in own)
        beside = bool(a.road) and not ({g.road for g in own} & {*ways, *index.road_spellings.near(a.road or "")})
        if beside:
            # Another road than the estate's: the estate may be another one of that name.
            return _doubted(own, index, where, "road_contradicts_estate")
        if not housed and not ways:
            namesakes = [g for g in owned if g.building == house]
            if namesakes or not where.by_street:
                return _doubted([*own, *namesakes], index, replace(where, by_street=where.by_street and not namesakes), "building_unknown")
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
        return parent(own, index, "road_contradicts_estate", extra=tuple(f"{w}{a.number}号" for w in known))
    return _agreed(own, a, index, where)


def _doubted(groups: list[Group], index: AddressIndex, where: Area, reason: str) -> Match:
    """What was said of district and street; the groups are only named."""
    named = tuple(dict.fromkeys(f"{index.gazetteer.name(g.street or g.division or '')}{g.label()}" for g in groups))[:NAMED]
    return area_claim(where, index, (reason,), named, None)


def _agreed(found: list[Group], a: Address, index: AddressIndex, where: Area) -> list[Group] | Match:
    """The groups, if the community that was said does not lie elsewhere and they are one place."""
    said = a.community
    if said and said in index.communities:
        own = [g for g in found if g.community == said]
        if own:
            found = own
        elif all(g.community for g in found) and not index.communities[said] & {(g.street, g.division) for g in found}:
            return parent(found, index, "community_contradicts", extra=(said,))
    places = {(g.street, g.division, g.way, g.lane, g.number) if a.number and a.road else (g.street, g.division, g.estate) for g in found}
    if not a.road and not a.estate:
        places = {(g.street, g.division, g.way, g.lane, g.number) for g in found}
    return found if len(places) == 1 else parent(found, index, "several")


def _outside(groups: list[Group], a: Address, index: AddressIndex, where: Area, ways: Sequence[str]) -> Match:
    """The road and number (or the estate) stand in the register, but not in the district or street that was said."""
    stated = index.gazetteer.districts_of(where.streets or frozenset())
    named = tuple(dict.fromkeys(f"{index.gazetteer.name(g.street or g.division or '')}{g.label()}" for g in groups[:NAMED]))
    divisions = {g.division for g in groups}
    if divisions != set(stated) or len(divisions) != 1:
        here = [w for w in ways if any(inside(s, d, where, index) for s, d in index.ways[w])]
        if here:
            # The road comes through what was said; it has no such number there.
            return _coarse(a, index, where, here, ())
        return Match("F", reasons=("area_contradicts",), candidates=(*named, *map(index.gazetteer.name, stated[:2])))
    # Another street of the same district: the road is sure where no town has one of its own, the street is not.
    if len(set(ways)) == 1 and _one_road(ways[0], stated[0], index):
        return Match("C", "road", division=stated[0], road=ways[0], reasons=("street_contradicts",), candidates=named)
    return Match("E", "district", division=stated[0], reasons=("street_contradicts",), candidates=named)


def _one_road(way: str, division: str, index: AddressIndex) -> bool:
    """Whether a name is a road, and one road in a district: towns have roads of their own."""
    streets = {s for s, d in index.ways[way] if d == division}
    towns = [s for s in streets if s is None or not index.gazetteer.name(s).endswith("街道")]
    return way in index.road_spellings.names and (len(streets) == 1 or not towns)


def _within(groups: list[Group], a: Address, index: AddressIndex) -> Match:
    """As far in as the text and the register go."""
    first = groups[0]
    numbers = {(g.way, g.lane, g.number) for g in groups}
    one = len(numbers) == 1 and first.number is not None
    level = "number" if one else "estate" if len({g.estate for g in groups}) == 1 and first.estate else "road"
    said = a
    if not a.road and a.estate and a.number and a.building is None and all(g.building == a.number for g in groups):
        said = replace(a, building=a.number)
    around = (
        [g for g in index.by_number.get((first.way or "", first.lane, first.number or ""), ()) if g.street == first.street] if one else []
    )
    found: Inner = inner(groups, said, index, around)
    estate = first.estate if a.estate and len({g.estate for g in groups}) == 1 else None
    base = Match(
        GRADE[level], level, division=first.division, street=first.street, estate=estate, address_id=found.address_id,
        reasons=found.reasons, candidates=found.candidates, community=first.community if len({g.community for g in groups}) == 1 else None,
        road=first.road if len({g.road for g in groups}) == 1 else None, number=first.number if one else None,
        lane=first.lane if one else None,
    )  # fmt: skip
    if found.level is None:
        return base
    g = found.group
    assert g is not None
    return replace(
        base, grade="A", level=found.level, road=g.road, lane=g.lane, number=g.number, estate=g.estate, community=g.community,
        building=g.building, unit=found.unit, room=found.room,
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
        held = index.gazetteer.districts_of(where.streets or frozenset())
        if where.by_street and divisions == set(held) and len(set(ways)) == 1:
            if _one_road(ways[0], held[0], index):
                return Match("C", "road", division=held[0], road=ways[0], reasons=("street_contradicts", *gone))
            return Match("E", "district", division=held[0], reasons=("street_contradicts", *gone))
        return Match("F", reasons=("area_contradicts", *gone), candidates=(*dict.fromkeys(w for w, _ in options), *stated[:2]))
    if kept:
        places = {(w, p[1]) for w, p in kept}
        streets = {p[0] for _, p in kept}
        if where.by_street and len(places) == 1 and any(p[1] == next(iter(places))[1] for _, p in options if (_, p) not in kept):
            # The road goes on (or has a namesake) in other streets of the district, and nothing holds the address in this one.
            way, division = next(iter(places))
            if gone and not _one_road(way, division or "", index):
                return Match("E", "district", division=division, reasons=("several", *gone), candidates=(way,))
            streets |= {None} if gone else set()
        towns = {s for s in streets if s and not index.gazetteer.name(s).endswith("街道")}
        if len(places) == 1 and (len(streets) == 1 or not towns):
            way, division = next(iter(places))
            street = next(iter(streets)) if len(streets) == 1 and (where.by_street or way not in index.road_spellings.names) else None
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
        named = tuple(f"{index.gazetteer.name(p[0] or p[1] or '')}{w}" for w, p in sorted(kept, key=str)[:NAMED])
        return area_claim(where, index, ("several", *gone), named, {d for _, d in places})
    if a.community and a.community in index.communities:
        spots = [p for p in index.communities[a.community] if inside(*p, where, index)]
        if len(spots) == 1:
            return Match("C", "community", division=spots[0][1], street=spots[0][0], community=a.community, reasons=(*gone, "no_number"))
        if not spots:
            return Match("F", reasons=("area_contradicts", *gone), candidates=(a.community,))
        named = tuple(f"{index.gazetteer.name(s or d or '')}{a.community}" for s, d in spots[:NAMED])
        return area_claim(where, index, ("several", *gone), named, {d for _, d in spots})
    if where.by_street and (hints := _hints(a, index, where)):
        # One slip away in the same district stands what the street does not have: then the street may be the mistake.
        return area_claim(replace(where, by_street=False), index, (*gone, "street_doubted"), hints, None)
    return area_claim(where, index, tuple(gone) or ("only_area",), (), None)


def _hints(a: Address, index: AddressIndex, where: Area) -> tuple[str, ...]:
    """Places of the district, outside the street, that an unknown road and number or estate may be a slip of."""
    held = index.gazetteer.districts_of(where.streets or frozenset())
    groups: list[Group] = []
    if a.road and a.number:
        groups += [g for name in index.road_spellings.near(a.road) for g in index.by_number.get((name, a.lane, a.number), ())]
    if a.estate:
        groups += [g for name in index.estate_spellings.near(a.estate) for g in index.by_estate[name] if g.building == a.building]
    here = [g for g in groups if g.division in held]
    return tuple(dict.fromkeys(f"{index.gazetteer.name(g.street or g.division or '')}{g.label()}" for g in here))[:NAMED]


def _split(groups: list[Group], where: Area, index: AddressIndex) -> tuple[list[Group], list[Group]]:
    here = [g for g in groups if inside(g.street, g.division, where, index)]
    return (here, []) if here else ([], groups)
