"""Buildings, units and rooms within one place: the rows that a text names, or how far it gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xihu.standards.address.index import AddressIndex, Group, Row
from xihu.standards.address.parse import Address

Reading = tuple[str | None, str | None, str | None]  # building, unit, room


@dataclass(frozen=True)
class Inner:
    """`level` None: the place itself; else building, unit or room, in `group`."""

    level: str | None = None
    group: Group | None = None
    address_id: str | None = None
    unit: str | None = None
    room: str | None = None
    reasons: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


def inner(groups: Sequence[Group], a: Address, index: AddressIndex, around: Sequence[Group] = ()) -> Inner:
    """Of the groups of one place; `around`: all groups of its number, where it has one."""
    if a.loose:
        made = [(reading, _read(groups, reading, a.floor, index, around)) for reading in _readings(a)]
        whole = [m for reading, m in made if _all(reading, m)]
        distinct = {(m.group, m.unit, m.room) for m in whole}
        if len(distinct) == 1:
            return whole[0]
        if distinct:
            named = tuple(f"{m.group.label() if m.group else ''}{m.unit or ''}-{m.room or ''}" for m in whole)
            return _shared(whole, around or groups, index, named)
        building = _read(groups, (a.building, a.unit, None), None, index, around)
        return Inner(building.level, building.group, building.address_id, building.unit, None, (*building.reasons, "numbers_unread"))
    return _read(groups, (a.building, a.unit, a.room), a.floor, index, around)


def _all(reading: Reading, m: Inner) -> bool:
    """Whether every part of a reading was found."""
    building, unit, room = reading
    if m.group is None or (building is not None and m.group.building != building):
        return False
    return (unit is None or m.unit == unit) and (room is None or m.room == room) and m.level is not None


def _readings(a: Address) -> Iterator[Reading]:
    n = a.loose
    if a.building is not None:
        if len(n) == 1:
            yield (a.building, a.unit, n[0])
        elif len(n) == 2 and a.unit is None:
            yield (a.building, n[0], n[1])
        elif len(n) == 2:
            yield (a.building, a.unit, "-".join(n))
        return
    if len(n) == 1:
        yield (n[0], a.unit, a.room)
        if a.room is None:
            yield (None, a.unit, n[0])
    elif len(n) == 2:
        yield (n[0], a.unit, n[1])
        if a.unit is None:
            yield (None, n[0], n[1])
    elif len(n) >= 3:
        yield (n[0], n[1], n[-1])


def _read(groups: Sequence[Group], reading: Reading, floor: str | None, index: AddressIndex, around: Sequence[Group]) -> Inner:
    building, unit, room = reading
    buildings = {g.building for g in groups}
    if building is None:
        if unit is None and room is None and floor is None:
            return Inner(address_id=_node(around or groups, index))
        if len(groups) > 1 and len(buildings - {None}) > 1:
            return Inner(address_id=_node(around or groups, index), reasons=("building_missing",))
        inside = list(groups)
    else:
        inside = [g for g in groups if g.building == building]
        if not inside:
            return Inner(address_id=_node(around or groups, index), reasons=("building_unknown",))
        if len(inside) > 1:
            return Inner(reasons=("several",), candidates=tuple(g.label() for g in inside[:5]))
    rows = [(g, row) for g in inside for row in index.rows(g)]
    return _inside(inside, rows, building, unit, room, floor)


def _inside(
    inside: list[Group], rows: list[tuple[Group, Row]], building: str | None, unit: str | None, room: str | None, floor: str | None
) -> Inner:
    house = inside[-1]
    at = "building" if house.building is not None else None
    own = next((r.address_id for g, r in rows if (r.unit, r.floor, r.room) == (None, None, None) and g.building == house.building), None)
    if room is not None:
        hits = [
            (g, r) for g, r in rows if r.room == room and (unit is None or r.unit == unit) and (floor is None or r.floor in (None, floor))
        ]
        if unit is None and at and hits and len({r.unit for _, r in rows if r.unit}) > 1:
            # The register may lack the other unit's room of that number.
            named = tuple(f"{r.unit or ''}-{r.room}" for _, r in hits[:5])
            return Inner(at, house, own, reasons=("unit_missing",), candidates=named)
        if len(hits) == 1:
            g, r = hits[0]
            return Inner("room", g, r.address_id, r.unit, r.room)
        if hits:
            return Inner(
                at,
                house if at else None,
                own,
                reasons=("several_rooms",),
                candidates=tuple(f"{r.unit or ''}-{r.room}" for _, r in hits[:5]),
            )
        return _unit(rows, house, unit, own, at, ("room_unknown",))
    if unit is not None:
        return _unit(rows, house, unit, own, at, ())
    return Inner(at, house if at else None, own)


def _unit(
    rows: list[tuple[Group, Row]], house: Group, unit: str | None, own: str | None, at: str | None, reasons: tuple[str, ...]
) -> Inner:
    if unit is not None:
        hits = [(g, r) for g, r in rows if r.unit == unit]
        if hits:
            g = hits[0][0]
            node = next((r.address_id for _, r in hits if r.room is None and r.floor is None), None)
            return Inner("unit", g, node, unit, reasons=reasons)
        reasons = (*reasons, "unit_unknown")
    return Inner(at, house if at else None, own, reasons=reasons)


def _node(groups: Sequence[Group], index: AddressIndex) -> str | None:
    """The row of the place itself."""
    rows = [r for g in groups if g.building is None for r in index.rows(g) if (r.unit, r.floor, r.room) == (None, None, None)]
    return rows[0].address_id if len(rows) == 1 else None


def _shared(whole: list[Inner], groups: Sequence[Group], index: AddressIndex, named: tuple[str, ...]) -> Inner:
    houses = {m.group for m in whole}
    if len(houses) == 1 and whole[0].group and whole[0].group.building is not None:
        return Inner("building", whole[0].group, reasons=("several_readings",), candidates=named)
    return Inner(address_id=_node(groups, index), reasons=("several_readings",), candidates=named)
