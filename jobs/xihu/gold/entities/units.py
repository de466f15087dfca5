"""Mentions that say the same of one number, and how those that cannot be one entity are told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xihu.gold.entities.mentions import Mention
from xihu.standards.entity_names import EntityName, alike, is_branch_of


@dataclass
class Unit:
    """Mentions with one credit code (or none), name and kind."""

    uscc: str
    name: EntityName | None
    kind: str | None
    mentions: list[Mention] = field(default_factory=list)

    @property
    def full(self) -> str:
        return self.name.full if self.name else ""

    @property
    def sources(self) -> set[str]:
        return {m.source for m in self.mentions}

    @property
    def known_from(self) -> datetime:
        return min(m.known_from for m in self.mentions)

    @property
    def formers(self) -> frozenset[str]:
        return frozenset().union(*(m.formers for m in self.mentions))

    @property
    def handle(self) -> str:
        """The first of its mentions."""
        return min(m.handle for m in self.mentions)


@dataclass
class Facet:
    """One legal entity under a number: the unit that stands for it, and all that agree with it."""

    units: list[Unit]

    @property
    def reference(self) -> Unit:
        return self.units[0]

    @property
    def usccs(self) -> list[str]:
        return sorted({u.uscc for u in self.units if u.uscc})

    def knows(self, name: EntityName, formers: frozenset[str] = frozenset()) -> bool:
        """Whether a name can be one of the entity's, today's or a former one."""
        return any(u.name is not None and (alike(u.name, name) or name.full in u.formers or u.name.full in formers) for u in self.units)


def units(mentions: Iterable[Mention], uscc_of: Callable[[Mention], str] = lambda m: "") -> list[Unit]:
    """Mentions by credit code, name and kind."""
    found: dict[tuple[str, str, str], Unit] = {}
    for m in mentions:
        key = (uscc_of(m), m.name.full if m.name else "", m.kind or "")
        unit = found.get(key)
        if unit is None:
            unit = found[key] = Unit(key[0], m.name, m.kind)
        unit.mentions.append(m)
    return list(found.values())


def same_name(a: Unit, b: Unit) -> bool:
    """Whether two units' names can be one entity's; a unit without a name says nothing against it."""
    if a.name is None or b.name is None:
        return True
    return alike(a.name, b.name) or a.full in b.formers or b.full in a.formers


def clash(a: Unit, b: Unit) -> bool:
    """Whether two units visibly are two entities: other names, and other kinds, or a branch on one side only or another branch.

    Other names alone are no clash: entities change their names and keep their number.
    """
    if same_name(a, b) or a.name is None or b.name is None:
        return False
    if is_branch_of(a.name, b.name) or is_branch_of(b.name, a.name) or bool(a.name.tail) != bool(b.name.tail):
        return True
    return a.kind is not None and b.kind is not None and a.kind != b.kind


def facets(found: Sequence[Unit], official: str | None, elsewhere: Callable[[str], bool] = lambda name: False) -> list[Facet]:
    """The entities that stand under one number; the first is the number's own.

    A function of the set of units: they are taken in an order of their own (the kind that the number itself tells, how many sources say
    so, credit code, records, first known, name), and each joins the first facet that it can belong to.

    Args:
        official: the kind that the number tells.
        elsewhere: whether a name is borne by another number; a single source that gives it to this one rather mistook the number
            than knows of a new name.
    """

    def order(u: Unit) -> tuple[object, ...]:
        fits = u.kind is None or official is None or u.kind == official
        records = sum(m.records for m in u.mentions)
        return (u.name is None, not fits, -len(u.sources), not u.uscc, -records, u.known_from, u.full, u.uscc, u.kind or "")

    out: list[Facet] = []
    backing: dict[str, set[str]] = defaultdict(set)
    for u in found:
        backing[u.full] |= u.sources
    for unit in sorted(found, key=order):
        home = None
        if unit.name is None:
            home = next((f for f in out if unit.uscc and unit.uscc in f.usccs), out[0] if out else None)
        else:
            home = next((f for f in out if f.knows(unit.name, unit.formers) and not clash(unit, f.reference)), None)
            mistaken = len(backing[unit.full]) == 1 and elsewhere(unit.full)
            if home is None and not mistaken:
                home = next((f for f in out if not clash(unit, f.reference)), None)
        if home is None:
            out.append(Facet([unit]))
        else:
            home.units.append(unit)
    return out


__all__ = ["Facet", "Unit", "clash", "facets", "same_name", "units"]
