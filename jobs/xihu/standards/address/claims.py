"""What is claimed of an address, and the claim that holds for several places at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xihu.standards.address.index import AddressIndex, Group
from xihu.standards.address.where import Area

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
NAMED = 5


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
    lane: str | None = None
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
            self.lane,
            self.number,
            self.estate,
            self.building,
            self.unit,
            self.room,
        )


NONE = Match("F", reasons=("empty",))


def parent(groups: list[Group], index: AddressIndex, reason: str, extra: tuple[str, ...] = ()) -> Match:
    """The place that holds all of them, and their names."""
    named = tuple(dict.fromkeys((*(f"{index.gazetteer.name(g.street or g.division or '')}{g.label()}" for g in groups), *extra)))[:NAMED]
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


def area_claim(
    where: Area, index: AddressIndex, reasons: tuple[str, ...], named: tuple[str, ...], divisions: set[str | None] | None
) -> Match:
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


def no_finer(m: Match, level: str, reason: str) -> Match:
    """No finer than a level."""
    if m.level is None or m.grade >= GRADE[level]:
        return replace(m, reasons=(*m.reasons, reason))
    kept = {"road": ("division", "street", "road"), "street": ("division", "street"), "district": ("division",)}[level]
    return Match(
        GRADE[level], level, reasons=(*m.reasons, reason), repairs=m.repairs, candidates=m.candidates, **{k: getattr(m, k) for k in kept}
    )


def together(found: list[Match], index: AddressIndex) -> Match:
    """Two addresses in one cell: the place that holds both."""
    named = tuple(dict.fromkeys(describe(m, index) for m in found))[:NAMED]
    first = found[0]
    same = lambda *names: all(getattr(m, n) == getattr(first, n) and getattr(m, n) for m in found for n in names)  # noqa: E731
    repairs = tuple(dict.fromkeys(r for m in found for r in m.repairs))
    deep = {name: getattr(first, name) for name in ("division", "street", "community", "road", "lane", "number", "estate")}
    if all(m.grade == "A" and m.building and m.building == first.building for m in found) and len({m.key[1:9] for m in found}) == 1:
        return Match("A", "building", **deep, building=first.building, reasons=("two_addresses",), repairs=repairs, candidates=named)
    if same("division", "street", "road", "number") and len({m.lane for m in found}) == 1:
        deep["estate"] = first.estate if same("estate") else None
        return Match("B", "number", **deep, reasons=("two_addresses",), repairs=repairs, candidates=named)
    if same("division", "road"):
        return Match("C", "road", division=first.division, street=first.street if same("street") else None, road=first.road,
                     reasons=("two_addresses",), repairs=repairs, candidates=named)  # fmt: skip
    if same("division", "street", "estate"):
        return Match("C", "estate", division=first.division, street=first.street, estate=first.estate,
                     reasons=("two_addresses",), repairs=repairs, candidates=named)  # fmt: skip
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
    parts += [m.lane or "", f"{m.number}号" if m.number else "", m.estate or "", f"{m.building}幢" if m.building else ""]
    parts += [f"{m.unit}单元" if m.unit else "", f"{m.room}室" if m.room else ""]
    return "".join(parts)
