"""Who stands under one number: which of its carriers it belongs to, who has it by mistake, whether it stands for two persons.

Judged number by number, from its carriers alone. Numbers whose carriers all agree are taken in bulk by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from xihu.standards.identifiers import Identifier, birth_in, sex_in
from xihu.standards.person_names import PersonName, compare, newborn, parse

# Names that one person may bear under one number, and those that stay one even where birth dates are half a generation apart.
_ALIKE = frozenset(["equal", "holes", "near", "homophone", "pinyin", "swapped", "prefixed", "one_differs", "given", "initials"])
_FIRM = frozenset(["equal", "holes", "near", "homophone", "pinyin", "prefixed"])
GENERATION = 12  # years between two births under one number that no slip of the pen explains


class Carrier(NamedTuple):
    """A mention that carries the number. birth: YYYYMMDD."""

    handle: str
    name: str | None
    sex: str | None
    birth: str | None
    division: str | None
    address: str | None
    phone: str | None
    household: str | None
    known_from: datetime | None
    records: int


@dataclass(frozen=True)
class Verdict:
    """attached, detached: handles (with the reason). siblings: pairs of detached handles that are one person. shared: (handle, handle,
    reason) of visibly different people under the number."""

    attached: tuple[str, ...]
    detached: tuple[tuple[str, str], ...]
    siblings: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str, str], ...]


def births_alike(a: str, b: str) -> bool:
    """Whether two birth dates may be one: equal, day and month exchanged, one digit another, or the year alone known (01-01)."""
    if a == b:
        return True
    if a[:4] == b[:4] and (a[4:] == "0101" or b[4:] == "0101" or (a[4:6] == b[6:8] and a[6:8] == b[4:6])):
        return True
    return sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _apart(a: str, b: str) -> int:
    return abs(int(a[:4]) - int(b[:4]))


def _first(carriers: Sequence[Carrier]) -> tuple[str, str]:
    return min((c.known_from.isoformat() if c.known_from else "~", c.handle) for c in carriers)


def _classes(carriers: Sequence[Carrier]) -> list[list[Carrier]]:
    """Carriers by name: two are in one class if their names may be one person's. Nameless ones are in none."""
    names: dict[str, PersonName] = {}
    members: dict[str, list[Carrier]] = {}
    for c in carriers:
        if (name := parse(c.name)) is not None:
            names[name.full] = name
            members.setdefault(name.full, []).append(c)
    order = sorted(names)
    root = {n: n for n in order}

    def find(n: str) -> str:
        while root[n] != n:
            n = root[n]
        return n

    for i, a in enumerate(order):
        for b in order[i + 1 :]:
            if compare(names[a], names[b]) in _ALIKE and (x := find(a)) != (y := find(b)):
                root[max(x, y)] = min(x, y)
    out: dict[str, list[Carrier]] = {}
    for n in order:
        out.setdefault(find(n), []).extend(members[n])
    return list(out.values())


def _most(values: list[str]) -> str | None:
    return min(values, key=lambda v: (-values.count(v), v)) if values else None


def judge(identifier: Identifier, carriers: Sequence[Carrier]) -> Verdict:
    """Judges the carriers of one number.

    Detached: whose birth date or sex contradicts the number (or, where the number states none, most of its carriers) and whose name is
    another's than its owners'; a newborn under a number of another birth date; the lesser of two people who agree in nothing but the
    number. Who merely bears another name stays and is reported as shared.
    """
    birth = birth_in(identifier)
    born = birth.strftime("%Y%m%d") if birth else _most([c.birth for c in carriers if c.birth])
    sex = sex_in(identifier) or (_most([c.sex for c in carriers if c.sex]) if not birth else None)

    def contra(c: Carrier) -> str | None:
        if c.birth and born and not births_alike(c.birth, born):
            return "birth"
        return "sex" if c.sex and sex and c.sex != sex else None

    detached: dict[str, str] = {}
    classes = _classes(carriers)
    owners = [cl for cl in classes if any(not contra(c) for c in cl)]
    if not owners and classes:
        best = min(classes, key=lambda cl: (-sum(c.records for c in cl), _first(cl)))
        if len(carriers) > 1 or not all(c.birth and born and _apart(c.birth, born) >= GENERATION for c in best):
            owners = [best]
    owned = {c.handle: cl for cl in owners for c in cl}
    firm = [n for cl in owners for c in cl if not contra(c) and (n := parse(c.name))]
    for c in carriers:
        why = contra(c)
        far = bool(c.birth and born and _apart(c.birth, born) >= GENERATION)
        if _newborn_of_another(c, why, born, firm):
            detached[c.handle] = "newborn"
        elif parse(c.name) is None:
            if far:
                detached[c.handle] = "birth"
        elif c.handle not in owned:
            detached[c.handle] = why or "name"
        elif far and firm and not any(compare(parse(c.name), n) in _FIRM for n in firm):
            detached[c.handle] = "birth"
    shared: list[tuple[str, str, str]] = []
    if len(owners) > 1:
        rest = [[c for c in cl if c.handle not in detached] for cl in owners]
        rest = sorted((cl for cl in rest if cl), key=lambda cl: (-sum(not contra(c) for c in cl), -sum(c.records for c in cl), _first(cl)))
        for other in rest[1:]:
            apart = _nothing_in_common(rest[0], other)
            shared.append((_first(rest[0])[1], _first(other)[1], "apart" if apart else "name"))
            if apart:
                detached |= {c.handle: "shared_number" for c in other}
    return Verdict(
        tuple(sorted(c.handle for c in carriers if c.handle not in detached)),
        tuple(sorted(detached.items())),
        tuple(_siblings([c for c in carriers if c.handle in detached])),
        tuple(shared),
    )


def _newborn_of_another(c: Carrier, why: str | None, born: str | None, owners: Sequence[PersonName]) -> bool:
    """Whether a child without a name of its own stands under a number that is not its own: it is its mother's, or of another birth."""
    child = newborn(c.name)
    if child is None or (c.birth and born and births_alike(c.birth, born)):
        return False
    return why == "birth" or any(compare(parse(child[0]), n) in _FIRM for n in owners)


def _nothing_in_common(a: Sequence[Carrier], b: Sequence[Carrier]) -> bool:
    """Whether two groups under one number are seen to be two people: sexes differ, or both have phones and places and share none."""
    sexes = {c.sex for c in a if c.sex}, {c.sex for c in b if c.sex}
    if sexes[0] and sexes[1] and not sexes[0] & sexes[1]:
        return True
    differ = 0
    for key in ("phone", "address", "household", "division"):
        left = {getattr(c, key) for c in a} - {None}
        right = {getattr(c, key) for c in b} - {None}
        if left & right and key != "division":
            return False
        if left and right and not left & right and key != "household":
            differ += 1
    return differ >= 2


def _siblings(cut: Sequence[Carrier]) -> list[tuple[str, str]]:
    """Detached carriers that are one person: names alike (or both nameless with one text) and births and sexes that do not differ."""
    order = sorted(cut, key=lambda c: c.handle)
    out = []
    for i, a in enumerate(order):
        for b in order[i + 1 :]:
            left, right = parse(a.name), parse(b.name)
            same = (
                compare(left, right) in ("equal", "holes", "near", "homophone")
                if left and right
                else a.name == b.name and a.birth is not None
            )
            births = a.birth == b.birth if not (left and right) else not a.birth or not b.birth or births_alike(a.birth, b.birth)
            if same and births and (not a.sex or not b.sex or a.sex == b.sex):
                out.append((a.handle, b.handle))
    return out
