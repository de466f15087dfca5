"""Free text → the levels of an address, from left to right; names of the register first, words (路, 号, 幢) where it knows none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xihu.standards.address.gazetteer import Gazetteer
from xihu.standards.address.names import community
from xihu.standards.address.text import HAN, clean, value

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
H = f"[{HAN}]"


@dataclass
class Address:
    """What a text says, each level as a key or None.

    `area`: a functional area; `lane`: 弄 or 组; `loose`: numbers whose level the text leaves open (12-2-301); `unknown`: levels whose name
    nobody lists; `rest`: words that are no level; `crossed`: a second road that meets the first.
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
    unknown: set[str] = field(default_factory=set)
    rest: list[str] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def levels(self) -> dict[str, str]:
        """The levels that are said."""
        return {name: said for name in LEVELS if (said := getattr(self, name)) is not None}


class Lexicon:
    """Every name the parser knows by heart: name → kinds (district, bare, area, street, renamed, community, road, estate)."""

    def __init__(self, gazetteer: Gazetteer, roads: Iterable[str] = (), communities: Iterable[str] = (), estates: Iterable[str] = ()):
        self.gazetteer = gazetteer
        self.kinds: dict[str, tuple[str, ...]] = {}
        for kind, names in (
            ("district", gazetteer.districts), ("area", gazetteer.areas), ("street", gazetteer.streets), ("renamed", gazetteer.renamed),
            ("community", communities), ("road", roads), ("estate", estates), ("bare", gazetteer.bare),
        ):  # fmt: skip
            for name in names:
                if len(name) >= 2:
                    self.kinds[name] = (*self.kinds.get(name, ()), kind)
        lengths: dict[str, set[int]] = {}
        for name in self.kinds:
            lengths.setdefault(name[0], set()).add(len(name))
        self._lengths = {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}
        self.keep: Mapping[str, object] = self.kinds

    def longest(self, text: str, at: int) -> str | None:
        """The longest known name that starts there."""
        for size in self._lengths.get(text[at], ()):
            name = text[at : at + size]
            if name in self.kinds and len(name) == size:
                return name
        return None


_PROVINCE = re.compile(r"(?:中国)?浙江(?:省|(?=杭州))|浙(?=杭州)")
_CITY = re.compile(r"杭州市|杭州(?!湾|大道|路|街|大厦|花|西溪|之|世)|杭(?=城(?:西|东)区)")
_OTHER_CITY = re.compile(
    "(?:宁波|温州|嘉兴|湖州|绍兴|金华|衢州|舟山|台州|丽水)市|(?:北京|上海|天津|重庆)市|(?:江苏|安徽|福建|江西|广东|湖南|湖北|河南|河北|山东|四川|贵州)省"
)
_ROAD_NO = re.compile(r"(\d{1,3}号)(?:大街|支路|路|渠路)")
_LANE = re.compile(r"(\d{1,4})支?弄(?!堂)|(\d{1,3})(?:村民)?小?组")
_NUMBER = re.compile(
    r"(?:NO\.?)?([甲乙丙丁临附]?\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?)(?:号(?!楼|房|大街|门|库|厂)((?:[-之附]\d{1,4})(?![-\d]*[室幢])号?|[-之][甲乙丙丁])?|#(?!楼))",
    re.I,
)
_NUMBER_ZHI = re.compile(r"(\d{1,5})之(\d{1,3}|[甲乙丙])号?")
_BUILDING = re.compile(
    r"([A-Za-z]?\d{1,4}[A-Za-z]?|[A-Za-z]{1,2}|[甲乙丙丁东西南北中主副])(?:幢|栋|号楼|座|#楼?|号?大楼(?!街)|楼(?=\d|[东西]|$))"
)
_HASH = re.compile(r"(\d{1,5}(?:-\d{1,4})?)#(?!楼)")
_UNIT = re.compile(r"([A-Za-z]?\d{1,2}|[A-Za-z]|[甲乙丙东西中])(?:单元|门(?=\d)|梯)")
_FLOOR = re.compile(r"((?:地下|负|B)?\d{1,3})(?:层|楼|F(?![A-Za-z]))")
_ROOM = re.compile(r"([A-Za-z]?\d{1,5}[A-Za-z]?(?:[-/]\d{1,2}(?=室|房))?)(?:室|房间?|户|号房)")
_LOOSE = re.compile(r"([A-Za-z]?\d{1,5}[A-Za-z]?(?:-[A-Za-z]?\d{1,5}[A-Za-z]?){0,3})(?:室|房)?")
_NUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz甲乙丙丁东西南北中主副临附负")
_DISTRICT = re.compile(f"({H}{{1,3}}?(?<![小社园景校新片开发一二三四五六七八九十])[区县市])(?!域)")
_STREET = re.compile(f"({H}{{2,5}}?(?:街道|镇|畲族乡|乡))(?:办事处|人民政府)?(?!路|街|村|社区|东|西|南|北)")
_COMMUNITY = re.compile(f"({H}{{1,7}}?(?:社区(?:居民?委员?会)?|居委会|行政村|村(?:民?委员?会)?(?<!新村)))(?![区路街巷])")
_ROAD = re.compile(
    f"({H}{{1,7}}?(?:大道|大街|支路|路|街|巷|弄|胡同|国道|省道|县道|堤))(?!道|口|社区|小区|新村|村|[一二三四五六七八九十]区|公寓|花园)"
)
_NATIONAL = re.compile(r"([GSX]?\d{2,3}(?:国道|省道|县道))", re.I)
_ESTATE = re.compile(
    f"([{HAN}A-Za-z\\d]{{1,12}}?(?:小区|新村|花园|公寓|花苑|家园|别墅|山庄|大厦|广场|中心|公馆|市场|学院|大学|医院|学校|[苑府庭城庄湾居园里坊轩阁邸厦]|{H}[一二三四五六七八九十]{{1,2}}区)"
    f"(?:[一二三四五六七八九十]{{1,2}}[期区]|[东西南北中][区苑园](?!路))?)(?![{HAN}]{{0,3}}?(?:街道|路|街|巷|社区))"
)
_BEFORE_NUMBER = re.compile(f"({H}{{2,8}})(?=\\d+号)")
_FILL = re.compile(r"(?:街道)?办事处|人民政府|地址|住址|现住|位于|地处|住所|[:：]")
_WORDS = re.compile(f"{H}+|[^{HAN}]")


def parse(text: str | None, lexicon: Lexicon) -> list[Address]:
    """The addresses of a cell: none for an empty one, two where it names two. What the second leaves out it takes of the first."""
    if text is None or not text.strip():
        return []
    cleaned = clean(text, lexicon.keep)  # type: ignore[arg-type]
    found: list[Address] = []
    here = Address(vague=cleaned.vague, crossing=cleaned.crossing, notes=cleaned.notes)
    for part in re.split(r"[,;、|\\/](?![\d]+号?$(?<=[\d]))|(?<=[号室幢])(?:或|及|以及)", cleaned.body):
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
    """Whether a part says another value for what was said already."""
    return any(
        (old := getattr(have, level)) is not None and (new := getattr(said, level)) is not None and new != old
        for level in LEVELS[4:]
        if level not in ("community",)
    )


def _inherit(have: Address, said: Address) -> Address:
    top = next(i for i, level in enumerate(LEVELS) if getattr(said, level) is not None)
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
    have.unknown |= said.unknown
    have.rest += said.rest


def _scan(s: str, lexicon: Lexicon, before: Address) -> Address:
    a = Address()
    at, size = 0, len(s)
    while at < size:
        c = s[at]
        moved = 0
        if c in _NUMERIC:
            moved = _numeric(s, at, a, before)
        if not moved and c >= "\u3400":
            moved = _name(s, at, a, lexicon)
        if moved:
            at += moved
            continue
        if c >= "\u3400" or c.isalnum():
            word = _WORDS.match(s, at)
            # A word that is no level: go on one character later, it may hide a name.
            a.rest.append(c if word else "")
        at += 1
    return a


def _has_place(a: Address, before: Address) -> bool:
    return any(x.road or x.lane or x.community or x.estate for x in (a, before))


def _numeric(s: str, at: int, a: Address, before: Address) -> int:
    """Characters read of a number that stands at `at`, 0 if none."""
    if (m := _ROAD_NO.match(s, at)) and a.road is None:
        a.road = m.group().upper()
        return m.end() - at
    if (m := _NATIONAL.match(s, at)) and a.road is None:
        a.road = m.group(1).upper()
        return m.end() - at
    if (m := _LANE.match(s, at)) and a.lane is None:
        a.lane = f"{int(m.group(1))}弄" if m.group(1) else f"{int(m.group(2))}组"
        return m.end() - at
    if a.number is None and (a.road or a.lane) and not (a.estate or a.building) and (m := _HASH.match(s, at)):
        a.number = value("number", m.group(1))
        return m.end() - at
    if m := _BUILDING.match(s, at):
        if a.building is None:
            a.building = value("building", m.group(1))
            return m.end() - at
        if m.group().endswith("楼") and a.floor is None and m.group(1).isdigit():
            a.floor = value("floor", m.group(1))
            return m.end() - at
    if (m := _UNIT.match(s, at)) and a.unit is None:
        a.unit = value("unit", m.group(1))
        return m.end() - at
    if (m := _FLOOR.match(s, at)) and a.floor is None:
        a.floor = value("floor", m.group(1))
        return m.end() - at
    if (m := _ROOM.match(s, at)) and a.room is None:
        _room(a, m.group(1))
        return m.end() - at
    for pattern in (_NUMBER_ZHI, _NUMBER):
        if m := pattern.match(s, at):
            tail = m.group(2) if pattern is _NUMBER_ZHI else (m.group(2) or "").strip("-之附号")
            said = value("number", m.group(1) + (f"-{tail}" if tail else ""))
            if a.number is None and (_has_place(a, before) or before.number is not None):
                a.number = said
            elif a.building is None and a.estate and pattern is _NUMBER:
                a.building = said
            elif a.room is None and a.number is not None:
                a.room = said
            else:
                a.rest.append(m.group())
            return m.end() - at
    if (m := _LOOSE.match(s, at)) and m.group(1)[-1:] and any(x.isdigit() for x in m.group()):
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
        if m := _PROVINCE.match(s, at):
            a.province = "浙江省"
            return m.end() - at
        if (m := _CITY.match(s, at)) and not any(k != "bare" for k in lexicon.kinds.get(lexicon.longest(s, at) or "", ())):
            a.city = "杭州市"
            return m.end() - at
        if (m := _OTHER_CITY.match(s, at)) and a.city is None and a.district is None:
            a.elsewhere = m.group()
            return m.end() - at
    if m := _FILL.match(s, at):
        return m.end() - at
    name = lexicon.longest(s, at)
    if name and (moved := _known(s, at, name, a, lexicon, top)):
        return moved
    if top and a.district is None and (m := _DISTRICT.match(s, at)) and (a.city or at == 0):
        a.district = m.group(1)
        a.unknown.add("district")
        return m.end() - at
    if top and a.street is None and (m := _STREET.match(s, at)):
        a.street = m.group(1)
        a.unknown.add("street")
        return m.end() - at
    options = []
    if a.community is None and a.number is None and (m := _COMMUNITY.match(s, at)):
        options.append((m, "community"))
    if a.road is None and a.number is None and (m := _ROAD.match(s, at)):
        options.append((m, "road"))
    if a.estate is None and (m := _ESTATE.match(s, at)):
        options.append((m, "estate"))
    if not options and a.road is None and a.number is None and a.estate is None and (m := _BEFORE_NUMBER.match(s, at)):
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
        if kind == "area" and top and not re.match(r"街道|镇|乡|[东西南北]?[路街]|大街|大道|村|社区|新村|小区|校区", after):
            a.area = name
            return len(name) + (1 if after.startswith("区") else 0)
        if kind in ("street", "renamed") and top and not re.match(r"[路巷村]|社区|新村|[东西南北中]?大?[街路]", after):
            if a.street is None:
                a.street = name
            return len(name) + (len(m.group()) if (m := _FILL.match(after)) else 0)
        if kind in ("community", "road") and getattr(a, kind) is None and a.number is None:
            if kind == "road" and re.match(r"社区|小区|新村|[一二三四五六七八九十]{1,2}弄|公寓|[东西南北中]?[路街巷]", after):
                continue
            if kind == "community":
                a.community = community(name)
                m = re.match(r"(?:居民?委员?会|村?民?委员?会)", after)
                return len(name) + (m.end() if m else 0)
            a.road = name
            return len(name)
        if kind == "road" and a.road and a.number is None and a.road != name:
            a.crossed = name
            return len(name)
        if kind == "estate" and a.estate is None:
            m = re.match(r"(?:小区|社区)?(?=\d|[甲乙东西]|[A-Za-z]|$|,)", after)
            if m or not re.match(f"{H}", after) or a.number:
                a.estate = name
                return len(name) + (m.end() if m else 0)
            if not re.match(r"[东西南北]?[路街巷弄]|社区|[一二三四五六七八九十]{1,2}[区期]", after):
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
    elif kind == "road" and a.road is not None:
        a.crossed = said
    else:
        setattr(a, kind, said)
    a.unknown.add(kind)
    return m.end() - at
