"""Free text → the levels of an address, from left to right; names of the register first, words (路, 号, 幢) where it knows none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xihu.standards.address import words
from xihu.standards.address.lexicon import Lexicon
from xihu.standards.address.names import community
from xihu.standards.address.text import clean, value

LEVELS = (
    "province",
    "city",
    "district",
    "area",
    "street",
    "community",
    "road",
    "lane",
    "number",
    "estate",
    "building",
    "unit",
    "floor",
    "room",
)


@dataclass
class Address:
    """What a text says, each level as a key or None.

    `area`: a functional area; `lane`: 弄 or 组; `loose`: numbers whose level the text leaves open (12-2-301); `gap`: words that nobody
    knows stand between road and number (世纪大道西168号), so it may be another road's; `crossed`: a road named before `road`, along which
    the number does not count; `unknown`: levels whose name nobody lists; `rest`: characters that are no level.
    """

    province: str | None = None
    city: str | None = None
    district: str | None = None
    area: str | None = None
    street: str | None = None
    community: str | None = None
    road: str | None = None
    lane: str | None = None
    number: str | None = None
    estate: str | None = None
    building: str | None = None
    unit: str | None = None
    floor: str | None = None
    room: str | None = None
    loose: tuple[str, ...] = ()
    elsewhere: str | None = None
    vague: bool = False
    crossing: bool = False
    crossed: str | None = None
    gap: bool = False
    unknown: set[str] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def levels(self) -> dict[str, str]:
        """The levels that are said."""
        return {name: said for name in LEVELS if (said := getattr(self, name)) is not None}


def parse(text: str | None, lexicon: Lexicon) -> list[Address]:
    """The addresses of a cell: none for an empty one, two where it names two. What the second leaves out it takes of the first."""
    if text is None or not text.strip():
        return []
    cleaned = clean(text, lexicon.kinds)
    found: list[Address] = []
    here = Address(vague=cleaned.vague, crossing=cleaned.crossing, notes=cleaned.notes)
    for part in words.PARTS.split(cleaned.body):
        if not part:
            continue
        said = _scan(part, lexicon, here)
        if _again(here, said):
            found.append(here)
            here = _inherit(here, said)
        else:
            _merge(here, said)
    found.append(here)
    return [a for a in found if a.levels() or a.loose or a.rest]


def _again(have: Address, said: Address) -> bool:
    """Whether a part says another value for what was said already, or begins anew from above."""
    if (
        (have.number or have.loose or have.building)
        and (said.city or said.district or said.street)
        and (said.road or said.estate or said.number)
    ):
        return True
    if have.loose and (said.loose or said.building):
        return True
    return any(
        (old := getattr(have, level)) is not None and (new := getattr(said, level)) is not None and new != old
        for level in LEVELS[4:]
        if level not in ("community",)
    )


def _inherit(have: Address, said: Address) -> Address:
    top = next((i for i, level in enumerate(LEVELS) if getattr(said, level) is not None), LEVELS.index("building"))
    if LEVELS[top] == "estate":
        top = LEVELS.index("road")
    for level in LEVELS[:top]:
        setattr(said, level, getattr(have, level))
    said.vague, said.crossing = have.vague, have.crossing
    return said


def _merge(have: Address, said: Address) -> None:
    for level in LEVELS:
        if getattr(said, level) is not None and getattr(have, level) is None:
            setattr(have, level, getattr(said, level))
    have.loose = have.loose or said.loose
    have.elsewhere = have.elsewhere or said.elsewhere
    have.crossed = have.crossed or said.crossed
    have.gap = have.gap or said.gap
    have.unknown |= said.unknown
    have.rest += said.rest


def _scan(s: str, lexicon: Lexicon, before: Address) -> Address:
    a = Address()
    at, size, loose = 0, len(s), False
    while at < size:
        c, moved = s[at], 0
        if c in words.AND and a.road and a.number is None:
            at += 1
            continue
        if c in words.NUMERIC:
            moved = _numeric(s, at, a, before)
        if not moved and c >= "\u3400":
            moved = _name(s, at, a, lexicon)
        if moved:
            a.gap = a.gap or (loose and a.number is not None)
            loose = loose and a.number is None and not a.building
            at += moved
            continue
        if c >= "\u3400" or c.isalnum():
            # No level begins here; one may begin at the next character.
            a.rest.append(c)
            loose = a.number is None and bool(a.road or a.estate)
        at += 1
    return a


def _has_place(a: Address, before: Address) -> bool:
    return any(x.road or x.lane or x.community or x.estate for x in (a, before))


def _numeric(s: str, at: int, a: Address, before: Address) -> int:
    """Characters read of a number that stands at `at`, 0 if none."""
    if (m := words.ROAD_NO.match(s, at)) and a.road is None:
        a.road = m.group().upper()
        return m.end() - at
    if (m := words.NATIONAL.match(s, at)) and a.road is None:
        a.road = m.group(1).upper()
        return m.end() - at
    if (m := words.LANE.match(s, at)) and a.lane is None:
        a.lane = f"{int(m.group(1))}弄" if m.group(1) else f"{int(m.group(2))}组"
        return m.end() - at
    if a.number is None and (a.road or a.lane) and not (a.estate or a.building) and (m := words.HASH.match(s, at)):
        a.number = value("number", m.group(1))
        return m.end() - at
    if m := words.BUILDING.match(s, at):
        if a.building is None:
            a.building = value("building", m.group(1))
            return m.end() - at
        if m.group().endswith("楼") and a.floor is None and m.group(1).isdigit():
            a.floor = value("floor", m.group(1))
            return m.end() - at
    if (m := words.UNIT.match(s, at)) and a.unit is None:
        a.unit = value("unit", m.group(1))
        return m.end() - at
    if (m := words.FLOOR.match(s, at)) and a.floor is None:
        a.floor = value("floor", m.group(1))
        return m.end() - at
    if (m := words.ROOM.match(s, at)) and a.room is None:
        _room(a, m.group(1))
        return m.end() - at
    for pattern in (words.NUMBER_ZHI, words.NUMBER):
        if m := pattern.match(s, at):
            tail = m.group(2) if pattern is words.NUMBER_ZHI else (m.group(2) or "").strip("-之附号")
            said = value("number", m.group(1) + (f"-{tail}" if tail else ""))
            if a.number is None and (_has_place(a, before) or before.number is not None):
                a.number = said
            elif a.building is None and a.estate and pattern is words.NUMBER:
                a.building = said
            elif a.room is None and a.number is not None:
                a.room = said
            else:
                a.rest.append(m.group())
            return m.end() - at
    if (m := words.LOOSE.match(s, at)) and m.group(1)[-1:] and any(x.isdigit() for x in m.group()):
        _loose(a, m.group(1).upper().split("-"), before, m.end() == len(s))
        return m.end() - at
    return 0


def _room(a: Address, said: str) -> None:
    parts = re.split("[-/]", said.upper())
    if len(parts) == 2 and len(parts[1]) >= 3:
        a.loose = tuple(value("room", p) or p for p in parts)
    else:
        a.room = "-".join(value("room", p) or p for p in parts)


def _loose(a: Address, parts: list[str], before: Address, last: bool) -> None:
    parts = [value("room", p) or p for p in parts]
    number = a.number or before.number
    if len(parts) == 1 and (a.road or a.lane) and number is None and not (a.estate or a.building):
        a.number = parts[0]
    elif len(parts) == 1 and (a.building or a.unit or before.building) and a.room is None:
        a.room = parts[0]
    elif not a.loose and a.room is None:
        a.loose = tuple(parts)
    else:
        a.rest.append("-".join(parts))


def _name(s: str, at: int, a: Address, lexicon: Lexicon) -> int:
    """Characters read of a name that stands at `at`, 0 if none."""
    top = not (a.road or a.estate or a.community or a.number)
    if top:
        if m := words.PROVINCE.match(s, at):
            a.province = "浙江省"
            return m.end() - at
        if (m := words.CITY.match(s, at)) and not any(k != "bare" for k in lexicon.kinds.get(lexicon.longest(s, at) or "", ())):
            a.city = "杭州市"
            return m.end() - at
        if (m := words.OTHER_CITY.match(s, at)) and a.city is None and a.district is None:
            a.elsewhere = m.group()
            return m.end() - at
    if m := words.FILL.match(s, at):
        return m.end() - at
    name = lexicon.longest(s, at)
    if name and (moved := _known(s, at, name, a, lexicon, top)):
        return moved
    if top and a.district is None and (m := words.DISTRICT.match(s, at)) and (a.city or at == 0):
        a.district = m.group(1)
        a.unknown.add("district")
        return m.end() - at
    if top and a.street is None and (m := words.STREET.match(s, at)):
        a.street = m.group(1)
        a.unknown.add("street")
        return m.end() - at
    options = []
    if a.community is None and a.number is None and (m := words.COMMUNITY.match(s, at)):
        options.append((m, "community"))
    if a.number is None and (m := words.ROAD.match(s, at)):
        options.append((m, "road"))
    if a.estate is None and (m := words.ESTATE.match(s, at)):
        options.append((m, "estate"))
    if not options and a.road is None and a.number is None and a.estate is None and (m := words.BEFORE_NUMBER.match(s, at)):
        options.append((m, "road"))
    if not options:
        return 0
    m, kind = min(options, key=lambda option: option[0].end())
    return _unlisted(s, at, m, kind, a, lexicon)


def _known(s: str, at: int, name: str, a: Address, lexicon: Lexicon, top: bool) -> int:
    kinds = lexicon.kinds[name]
    after = s[at + len(name) :]
    for kind in kinds:
        if kind == "district" and top and not after.startswith("域"):
            if a.district and a.district != name and not (a.district in lexicon.gazetteer.districts and a.district != name):
                continue
            if a.district and a.district != name:
                # 余杭市临平区…: the later one is the nearer one only where it lies within the first.
                a.rest.append(name)
            else:
                a.district = name
            return len(name)
        if kind == "area" and top and not words.NOT_AREA.match(after):
            a.area = name
            return len(name) + (1 if after.startswith("区") else 0)
        if kind in ("street", "renamed") and top and not words.NOT_STREET.match(after):
            if a.street is None:
                a.street = name
            return len(name) + (len(m.group()) if (m := words.FILL.match(after)) else 0)
        if (kind == "community" and a.community) or (kind == "road" and a.road == name):
            continue
        if kind in ("community", "road") and a.number is None:
            if kind == "road" and words.NOT_ROAD.match(after):
                continue
            if kind == "community":
                a.community = community(name)
                m = words.COMMITTEE.match(after)
                return len(name) + (m.end() if m else 0)
            a.crossed, a.road = a.road, name
            return len(name)
        if kind == "estate" and a.estate is None:
            m = words.ESTATE_END.match(after)
            if m or not words.A_HAN.match(after) or a.number:
                a.estate = name
                return len(name) + (m.end() if m else 0)
            if name not in lexicon.short and not words.OTHER_NAME.match(after):
                a.estate = name
                return len(name)
        if kind == "bare" and top and a.district is None and (at == 0 or a.city) and after:
            following = lexicon.longest(after, 0)
            if following and lexicon.kinds[following] != ("bare",) and following != name + "区":
                a.district = name
                return len(name)
    return 0


def _unlisted(s: str, at: int, m: re.Match[str], kind: str, a: Address, lexicon: Lexicon) -> int:
    """A name that no list has; unless a listed one ends it and what stands before is words of its own (学校旁文三路)."""
    said = m.group(1)
    for skip in range(3, len(said) - 1):
        name = lexicon.longest(s, at + skip)
        if name and at + skip + len(name) >= m.end() and {"road", "estate", "community", "street"} & set(lexicon.kinds[name]):
            a.rest.append(said[:skip])
            return skip
    if kind == "community":
        a.community = community(said)
    elif kind == "road":
        a.crossed, a.road = a.road, said
    else:
        setattr(a, kind, said)
    a.unknown.add(kind)
    return m.end() - at
