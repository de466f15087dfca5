"""The part of the city that district, functional area and street of an address leave open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from xihu.standards.address.gazetteer import Streets
from xihu.standards.address.parse import Address

if TYPE_CHECKING:
    from xihu.standards.address.index import AddressIndex


@dataclass(frozen=True)
class Area:
    """`streets`: where the place may lie, None for anywhere; `by_street`: a street was named; `certain`: by a name without a slip.

    `contradiction`: street and district do not meet; then `streets` are the street's and `named` says both.
    """

    streets: Streets | None = None
    by_street: bool = False
    certain: bool = True
    contradiction: bool = False
    repairs: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def area(a: Address, index: AddressIndex, on: date | None) -> Area:
    """Of an address; a mistyped name counts where only one is a slip of the same sound away."""
    g = index.gazetteer
    repairs: list[str] = []
    doubts: list[str] = []
    district = street = None
    certain = True
    if a.district:
        name: str | None = a.district
        if name not in g.districts and name not in g.bare:
            name = _slip(a.district, index.district_spellings.near(a.district))
            if name:
                repairs.append(f"{a.district}→{name}")
            else:
                doubts.append("district_unknown")
        if name:
            district = (g.of_day(name, on) if on else None) or g.districts.get(name) or g.bare[name]
    if a.area:
        part = g.areas[a.area]
        district = (district & part or part) if district is not None else part
    if a.street:
        if a.street in g.streets:
            street = g.streets[a.street]
        elif a.street in g.renamed:
            street = g.renamed[a.street]
            if district is not None and not street & district:
                street = None
            else:
                repairs.append(f"{a.street}→{'、'.join(sorted({g.name(s) for s in street}))}")
        else:
            read = _slip(a.street, index.street_spellings.near(a.street), loose=district is not None)
            if read and (district is None or g.streets[read] & district):
                street, certain = g.streets[read], False
                repairs.append(f"{a.street}→{read}")
            else:
                doubts.append("street_unknown")
    if street is None:
        return Area(district, False, certain, repairs=tuple(repairs), doubts=tuple(doubts))
    if district is None:
        return Area(street, True, certain, repairs=tuple(repairs), doubts=tuple(doubts))
    both = street & district
    if both:
        return Area(both, True, certain, repairs=tuple(repairs), doubts=tuple(doubts))
    named = (a.street or "", a.district or a.area or "")
    return Area(street, True, certain, True, tuple(repairs), (*doubts, "district_contradicts"), named)


def _slip(said: str, near: dict[str, str], loose: bool = False) -> str | None:
    sure = [name for name, kind in near.items() if kind == "sound"] or [name for name in near if loose and len(said) >= 4]
    return sure[0] if len(sure) == 1 else None


def inside(street: str | None, division: str | None, where: Area, index: AddressIndex) -> bool:
    """Whether a place of the register may lie in the area; one without a street goes by its district."""
    if where.streets is None:
        return True
    if street is not None:
        return street in where.streets
    return division is not None and division in index.gazetteer.districts_of(where.streets)
