"""A made-up city of addresses with truth: a register, and texts that name its places (or places it lacks) with faults of people who write.

Nothing is taken of the matcher: names, slips of the ear and the hand, forms of numbers are written here a second time. The shape differs
from the sample city's: roads that cross streets and districts, towns with roads of the same names, villages with groups, estates over
several numbers, numbers that the register does not have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

import pyarrow as pa

COLUMNS = ("address_id", "division", "street", "community", "road", "lane", "number", "estate", "building", "unit", "floor", "room")
LEVELS = ("division", "street", "community", "road", "lane", "number", "estate", "building", "unit", "room")
# Pairs of characters: the right one, and the one that sounds like it; the one that looks like it.
SOUND = dict(
    tuple(pair)
    for pair in [
        "辉晖",
        "晖辉",
        "汇惠",
        "惠汇",
        "清青",
        "青清",
        "湖胡",
        "文纹",
        "明名",
        "华花",
        "河合",
        "江姜",
        "星兴",
        "兴星",
        "庆磬",
        "丰风",
        "风丰",
        "桥侨",
        "和合",
        "溪西",
        "园圆",
        "元园",
        "景井",
        "平萍",
        "泰太",
        "康糠",
        "石时",
        "祥详",
        "林临",
        "金今",
        "德得",
        "胜盛",
        "秋邱",
        "涛滔",
        "潮朝",
        "鸣名",
    ]
)
SHAPE = dict(
    tuple(pair) for pair in ["末未", "庆床", "莫墓", "候侯", "栋拣", "塘搪", "湖潮", "浦蒲", "埠阜", "墩敦", "桥侨", "苑宛", "凯剀"]
)
STEMS = [
    "文晖",
    "文汇",
    "清江",
    "青江",
    "湖墅",
    "明月",
    "名月",
    "华丰",
    "花园岗",
    "河滨",
    "合滨",
    "星桥",
    "兴桥",
    "庆丰",
    "丰庆",
    "风起",
    "和睦",
    "溪畔",
    "园区",
    "景芳",
    "井芳",
    "平安",
    "泰康",
    "康乐",
    "石祥",
    "祥符",
    "林荫",
    "金色",
    "德胜",
    "得胜",
    "秋涛",
    "潮鸣",
    "墩余",
    "塘河",
    "埠头",
    "桥西",
    "凯旋",
    "莫干",
    "建国",
    "中山",
    "解放",
    "人民",
    "学院",
    "体育场",
    "机场",
    "钱江",
    "望江",
    "之江",
    "富春",
    "城站",
    "环城",
    "天目",
    "莲花",
    "桂花",
    "梅花",
    "竹竿",
    "油车",
    "孩儿",
    "大学",
    "文昌",
]
TURNS = ("", "", "", "东", "西", "南", "北", "中", "一", "二", "三", "四")
ENDS = ("路", "路", "路", "路", "街", "大道", "巷")
HOMES = [
    "翠柳",
    "紫荆",
    "金都",
    "绿城",
    "嘉绿",
    "白荡海",
    "浣纱",
    "采荷",
    "南都",
    "三塘",
    "景湖",
    "丹桂",
    "望月",
    "新金",
    "山水",
    "都市",
    "西城",
    "华立",
    "耀江",
    "政苑",
    "世纪",
    "春江",
    "世贸",
    "银泰",
    "和家",
    "秋月",
]
HOME_ENDS = ("小区", "花园", "公寓", "苑", "新村", "家园", "花苑", "一区", "二区", "三区")
HAN = "零一二三四五六七八九"


@dataclass(frozen=True)
class Place:
    """A place of the world; `id` empty where the register has no row for it."""

    id: str = ""
    division: str = ""
    street: str = ""
    community: str = ""
    road: str = ""
    lane: str = ""
    number: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""


@dataclass(frozen=True)
class Case:
    """A text, the place that its writer meant (two where it names two; `?` where it is only near) and the faults in it."""

    text: str
    truth: tuple[Place, ...]
    faults: tuple[str, ...]


def numeral(n: int) -> str:
    """Up to 999 as people write it."""
    if n < 10:
        return HAN[n]
    if n < 20:
        return "十" + (HAN[n % 10] if n % 10 else "")
    if n < 100:
        return HAN[n // 10] + "十" + (HAN[n % 10] if n % 10 else "")
    rest = n % 100
    if not rest:
        return HAN[n // 100] + "百"
    return HAN[n // 100] + "百" + ("零" + HAN[rest] if rest < 10 else ("一" if rest < 20 else "") + numeral(rest))


class World:
    """Places in streets (code, name, district, district's name); `missing`: share that the register lacks, beside 3 % of the roads."""

    def __init__(self, seed: int, streets: list[tuple[str, str, str, str]], places: int = 4_000, missing: float = 0.12):
        self.rng = rng = Random(f"addresses|{seed}")
        self.streets = {code: (name, division, title) for code, name, division, title in streets}
        self.by_division: dict[str, list[str]] = {}
        for code, _, division, _ in streets:
            self.by_division.setdefault(division, []).append(code)
        self.places: list[Place] = []
        codes = [s[0] for s in streets]
        while len(self.places) < places:
            street = rng.choice(codes)
            if self.streets[street][0][-1] in "镇乡" and rng.random() < 0.5:
                self._village(street)
            else:
                self._road(street)
        self.places = list(dict.fromkeys(self.places))
        self.listed: list[Place] = []
        gone = {road for road in sorted({p.road for p in self.places if p.road}) if rng.random() < 0.03}
        for i, p in enumerate(self.places):
            if p.road not in gone and rng.random() > missing:
                self.listed.append(replace(p, id=f"S{i:07d}"))
                self.places[i] = self.listed[-1]

    def _road(self, street: str) -> None:
        rng, (_, division, _) = self.rng, self.streets[street]
        road = rng.choice(STEMS) + rng.choice(TURNS) + rng.choice(ENDS)
        through = [street]
        if rng.random() < 0.4:
            near = self.by_division[division]
            through += rng.sample(near, min(len(near), rng.randrange(1, 3)))
        number = rng.randrange(1, 40)
        for s in dict.fromkeys(through):
            community = f"{rng.choice(STEMS)}社区"
            for _ in range(rng.randrange(2, 9)):
                number += rng.randrange(1, 12)
                n = str(number) + (f"-{rng.randrange(1, 6)}" if rng.random() < 0.06 else "")
                p = Place("", division, s, community, road, "", n)
                self.places.append(p)
                if rng.random() < 0.35:
                    self._estate(p)

    def _estate(self, at: Place) -> None:
        rng = self.rng
        estate = rng.choice(HOMES) + rng.choice(HOME_ENDS)
        for b in rng.sample(range(1, 40), rng.randrange(1, 5)):
            p = replace(at, estate=estate, building=str(b))
            self.places.append(p)
            for unit in range(1, rng.randrange(2, 5)):
                for _ in range(rng.randrange(1, 4)):
                    self.places.append(replace(p, unit=str(unit), room=f"{rng.randrange(1, 19)}{rng.randrange(1, 5):02d}"))

    def _village(self, street: str) -> None:
        rng, (_, division, _) = self.rng, self.streets[street]
        village = rng.choice(STEMS) + "村"
        for n in rng.sample(range(1, 300), rng.randrange(2, 8)):
            self.places.append(Place("", division, street, village, "", f"{rng.randrange(1, 12)}组" if rng.random() < 0.5 else "", str(n)))

    def register(self) -> pa.Table:
        """As the matcher takes it."""
        cells = {c: [getattr(p, "id" if c == "address_id" else c, "") or None for p in self.listed] for c in COLUMNS}
        return pa.table({c: pa.array(column, pa.string()) for c, column in cells.items()})

    def cases(self, n: int, dirt: int, seed: int = 0) -> Iterator[Case]:
        """Texts with `dirt` faults tried on each, of places in the register and outside it."""
        rng = Random(f"texts|{seed}|{dirt}")
        for _ in range(n):
            w = Writer(rng.choice(self.places), self, rng)
            done = tuple(f.__name__ for f in [rng.choice(FAULTS) for _ in range(dirt)] if f(w))
            yield Case(w.text(), tuple(w.truth), done)


class Writer:
    """The parts of one address as they are written."""

    def __init__(self, p: Place, world: World, rng: Random):
        self.p, self.world, self.rng, self.truth, self.join = p, world, rng, [p], ""
        name, _, title = world.streets[p.street]
        self.parts = {
            "province": "浙江省" if rng.random() < 0.5 else "", "city": "杭州市", "district": title, "street": name,
            "community": p.community if not p.road else "", "road": p.road, "lane": p.lane, "number": f"{p.number}号", "estate": p.estate,
            "building": p.building and f"{p.building}幢", "unit": p.unit and f"{p.unit}单元", "room": p.room and f"{p.room}室", "tail": "",
        }  # fmt: skip
        if p.estate and rng.random() < 0.3:
            self.parts["road"] = self.parts["number"] = ""
        elif p.estate and rng.random() < 0.15:
            self.parts["estate"] = ""

    def text(self) -> str:
        """All parts, one after the other."""
        return self.join.join(x for x in self.parts.values() if x)


def drop_district(w: Writer) -> bool:
    w.parts["district"] = ""
    return True


def drop_street(w: Writer) -> bool:
    w.parts["street"] = ""
    return True


def drop_city(w: Writer) -> bool:
    w.parts["province"] = w.parts["city"] = ""
    return True


def drop_number(w: Writer) -> bool:
    if len(w.truth) > 1:
        return False
    w.parts["number"] = ""
    return True


def drop_unit(w: Writer) -> bool:
    w.parts["unit"] = ""
    return bool(w.p.unit)


def twice(w: Writer) -> bool:
    w.parts[w.rng.choice(["province", "city", "district", "street"])] *= 2
    return True


def full_width(w: Writer) -> bool:
    for level in ("number", "building", "unit", "room"):
        w.parts[level] = w.parts[level].translate({ord("0") + i: chr(0xFF10 + i) for i in range(10)})
    return True


def numerals(w: Writer) -> bool:
    level = w.rng.choice(["number", "building", "unit"])
    bare = w.parts[level].rstrip("号幢单元")
    if not (bare.isascii() and bare.isdigit() and int(bare) < 1000):
        return False
    w.parts[level] = numeral(int(bare)) + w.parts[level][len(bare) :]
    return True


def sub_number(w: Writer) -> bool:
    base, _, sub = w.p.number.partition("-")
    if not sub or not w.parts["number"]:
        return False
    w.parts["number"] = w.rng.choice([f"{base}号之{numeral(int(sub))}", f"{base}号-{sub}", f"{base}之{sub}号"])
    return True


def sound(w: Writer) -> bool:
    return _swap(w, SOUND)


def shape(w: Writer) -> bool:
    return _swap(w, SHAPE)


def _swap(w: Writer, table: dict[str, str]) -> bool:
    level = w.rng.choice(["road", "estate", "street"])
    said = w.parts[level]
    hits = [i for i, c in enumerate(said) if c in table]
    if not hits:
        return False
    i = w.rng.choice(hits)
    w.parts[level] = said[:i] + table[said[i]] + said[i + 1 :]
    return True


def lost(w: Writer) -> bool:
    """A character of a name is missing."""
    level = w.rng.choice(["road", "estate"])
    said = w.parts[level]
    if len(said) < 4:
        return False
    i = w.rng.randrange(len(said))
    w.parts[level] = said[:i] + said[i + 1 :]
    return True


def compact(w: Writer) -> bool:
    if not (w.p.room and w.parts["building"]):
        return False
    w.parts["building"], w.parts["unit"], w.parts["room"] = "", "", f"{w.p.building}-{w.p.unit}-{w.p.room}"
    return True


def hashed(w: Writer) -> bool:
    w.parts["building"] = w.parts["building"].replace("幢", "#")
    return bool(w.p.building)


def house(w: Writer) -> bool:
    w.parts["building"] = w.parts["building"].replace("幢", w.rng.choice(["栋", "号楼"]))
    return bool(w.p.building)


def commas(w: Writer) -> bool:
    w.join = w.rng.choice([",", ", ", "，", " "])
    return True


def bracket(w: Writer) -> bool:
    return _tail(w, ["（近地铁站）", "(超市楼上)", "（原五金厂）", "【门卫代收】"])


def shop(w: Writer) -> bool:
    return _tail(w, ["便民超市", "某某服饰店", "老王面馆", "快递柜"])


def _tail(w: Writer, words: list[str]) -> bool:
    if w.parts["tail"]:
        return False
    w.parts["tail"] = w.rng.choice(words)
    return True


def old_district(w: Writer) -> bool:
    """The name of another year for the same place."""
    name, division, _ = w.world.streets[w.p.street]
    east = name[:2] in ("河庄", "义蓬", "新湾", "临江", "前进")
    now = {
        "330103": ["拱墅区"],
        "330104": ["钱塘区", "下沙"] if name in ("下沙街道", "白杨街道") else ["上城区"],
        "330185": ["临安区", "临安县"],
        "330111": ["富阳市", "富阳县"],
        "330109": ["大江东", "钱塘区", "萧山市"] if east else ["萧山市", "萧山县"],
        "330110": ["余杭市", "余杭县"],
        "330182": ["建德县"],
    }
    if division not in now or not w.parts["district"]:
        return False
    w.parts["district"] = w.rng.choice(now[division])
    return True


def wrong_street(w: Writer) -> bool:
    """Another street of the same district."""
    _, division, _ = w.world.streets[w.p.street]
    other = w.rng.choice(w.world.by_division[division])
    w.parts["street"] = w.world.streets[other][0]
    return other != w.p.street


def wrong_district(w: Writer) -> bool:
    other = w.rng.choice(sorted(w.world.by_division))
    w.parts["district"] = w.world.streets[w.world.by_division[other][0]][2]
    return other != w.p.division


def near(w: Writer) -> bool:
    """Only near the place: what is meant may be any neighbour on its road, or in its street."""
    if len(w.truth) > 1 or not _tail(w, ["附近", "对面", "旁边"]):
        return False
    w.truth = [Place("", w.p.division, w.p.street, "?", w.p.road if w.parts["road"] else "?", "?", "?", "?", "?", "?", "?")]
    return True


def two(w: Writer) -> bool:
    """A second number of the same road, or a second whole address."""
    if w.parts["tail"] or not (w.parts["number"] or w.p.building) or "?" in w.truth[0].number:
        return False
    q = w.rng.choice(w.world.places)
    near_by = [x for x in w.world.places[:3000] if x.road and (x.road, x.street) == (w.p.road, w.p.street) and not x.building]
    near_by = [x for x in near_by if x.number != w.p.number]
    if near_by and w.parts["road"] and not w.p.building:
        q = w.rng.choice(near_by)
        w.parts["tail"] = w.rng.choice("、/;") + f"{q.number}号"
    elif (q.road, q.number, q.street) != (w.p.road, w.p.number, w.p.street):
        w.parts["tail"] = w.rng.choice("；;、") + Writer(q, w.world, w.rng).text()
    else:
        return False
    w.truth = [*w.truth, q]
    return True


# What happens often stands often; the gross mistakes of a writer are rare.
COMMON = [
    drop_district,
    drop_street,
    drop_city,
    drop_number,
    drop_unit,
    twice,
    full_width,
    numerals,
    sub_number,
    sound,
    compact,
    hashed,
    house,
]
FAULTS: list[Callable[[Writer], bool]] = [
    *COMMON * 6, *[commas, bracket, shop, old_district] * 6, *[shape, lost, near] * 3, *[wrong_street, two] * 2, wrong_district,
]  # fmt: skip


def expected(truth: Place) -> str:
    """The grade that a perfect reader of a clean text would claim, if the register has the place."""
    return "A" if truth.building else "B"


def right(m: object, truth: Iterable[Place]) -> bool:
    """Whether everything that a match claims holds for every place that was meant; `address_id` only of that very place."""
    meant = list(truth)
    for p in meant:
        for level in LEVELS:
            said, true = getattr(m, level), getattr(p, level)
            if level == "estate" and len(true) > 4:
                true = true.removesuffix("小区")
            if said is not None and said != true:
                return False
    said = getattr(m, "address_id", None)
    if said is None:
        return True
    finest = next((x for x in ("room", "unit", "building", "number") if getattr(meant[0], x)), None)
    # The row of a building is claimed rightly of a room in it: its own columns were judged above.
    return len(meant) == 1 and (said == meant[0].id or getattr(m, "level", None) != finest)


def tally(pairs: Iterable[tuple[Case, object]]) -> dict[str, tuple[int, int]]:
    """{grade: (claims, right claims)}."""
    claims: Counter[str] = Counter()
    good: Counter[str] = Counter()
    for case, m in pairs:
        grade = str(getattr(m, "grade", ""))
        claims[grade] += 1
        good[grade] += right(m, case.truth)
    return {g: (claims[g], good[g]) for g in sorted(claims)}
