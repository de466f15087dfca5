"""A city of persons and what eleven registers say of them, with the truth beside: made for judging linkage, by rules of its own.

Two lists of names and streets ("hill", "river"), so that parameters set on one city are judged on another. Nothing here is taken from
the sample city or from the tables behind names.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from xihu.gold.linkage import MENTIONS

DAY = date(2016, 12, 1)
DIVISIONS = (
    "330102", "330103", "330104", "330105", "330106", "330108", "330109", "330110", "330111", "330122", "330127",
    "330182", "330185",
)  # fmt: skip
ELSEWHERE = (
    "341023", "411525", "522123", "652301", "430921", "362325", "330625", "330324", "321084", "513021",
)  # fmt: skip
LISTS = {
    "hill": (
        "陈王李张徐吴周沈朱杨黄金郑胡俞孙何方章汪钱许应蒋陆郭马余林赵潘单叶冯楼姚傅童戴石翁骆裘高孔洪宋严夏程曹施诸祝曾"
        "范华韩",
        "建国华明芳英丽红军平伟玲珍芬娟强勇燕萍飞斌峰霞梅云春根林金水福生祥良荣炳阿仙娣莲佳文杰晨浩宇轩涵怡欣子雨诗瑶琪"
        "睿博俊逸辰悦桐语嫣若梓沐可心一诺思远天成志超",
        (
        "文一路", "学院路", "古翠路", "莫干山路", "天目山路", "教工路", "保俶路", "凤起路", "体育场路", "庆春路", "解放路",
        "中山路", "秋涛路", "江城路", "望江路", "婺江路",
    ),
    ),
    "river": (
        "李刘王张陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
        "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
        "德志海东亮刚宏波涛辉鹏超艳静敏洁秀兰桂香凤玉淑琴慧莉倩雪晶莹颖洋旭龙虎彪磊鑫森焱淼喆堃昊泽瑞霖铭钰琳菲妍婷媛娜"
        "露茜晓昕楠柯奕航驰骏腾启帆恒毅诚信义礼智仁和顺康安宁乐嘉懿馨予初夏秋冬晚舟",
        (
        "长江路", "黄河路", "滨盛路", "江南大道", "时代大道", "通惠路", "市心路", "金城路", "人民路", "育才路", "山阴路",
        "萧绍路", "建设路", "金鸡路", "博奥路", "风情大道", "江陵路", "西兴路", "滨文路", "东信路",
    ),
    ),
}  # fmt: skip
UYGHUR = (
    "阿卜杜拉", "买买提", "艾力", "吐尔逊", "阿依古丽", "热依汗", "古丽娜尔", "帕提古丽", "玉素甫", "卡德尔", "依明",
    "麦麦提", "阿不力孜", "努尔麦麦提", "赛买提", "木拉提", "迪丽", "热娜", "阿迪力", "库尔班", "阿孜古丽", "肉孜",
    "沙吾提", "亚森", "吾守尔", "塔依尔", "阿力木", "艾合买提", "哈斯木", "祖农",
)  # fmt: skip
HOMOPHONES = {
    pair[0]: pair[1]
    for pair in [
        "伟玮",
        "芳方",
        "英瑛",
        "明铭",
        "华骅",
        "娟鹃",
        "志智",
        "秀琇",
        "玉钰",
        "辉晖",
        "亮量",
        "静婧",
        "敏闵",
        "军君",
        "平萍",
        "建剑",
        "文雯",
        "佳嘉",
        "怡宜",
        "晨辰",
        "宇羽",
        "涛韬",
        "波博",
    ]
}
TRADITIONAL = {
    pair[0]: pair[1]
    for pair in [
        "国國",
        "华華",
        "丽麗",
        "红紅",
        "军軍",
        "伟偉",
        "张張",
        "陈陳",
        "刘劉",
        "东東",
        "杨楊",
        "黄黃",
        "兰蘭",
        "凤鳳",
        "龙龍",
        "云雲",
        "飞飛",
        "强強",
        "辉輝",
        "钱錢",
        "马馬",
        "孙孫",
        "吴吳",
    ]
}


FIRST = ("John", "Maria", "Kenji", "Olga", "Pierre", "Anna", "Lucas", "Emma")
LAST = ("Smith", "Garcia", "Tanaka", "Ivanova", "Martin", "Rossi", "Novak", "Silva", "Keller", "Jensen")
PERMITS = {"810000": "hkmo_residence", "820000": "hkmo_residence"}


def id18(prefix: str, born: date, sequence: int) -> str:
    body = f"{prefix}{born:%Y%m%d}{sequence:03d}"
    p = 0
    for digit in body:
        p = (p + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - p) % 11]


@dataclass
class Person:
    """Who somebody is, in truth."""

    key: int
    name: str
    sex: str
    born: date
    number: str | None
    kind: str  # of identifier: citizen_id, hkmo, foreign, none
    minority: str
    division: str
    street: str
    address: str
    household: str
    relation: str
    phone: str | None
    mother: Person | None = None
    former: str | None = None
    second_number: str | None = None
    passport: str | None = None
    certificate: str | None = None
    recorded_born: date | None = None  # another birth date in the registers that have not followed a correction
    twin: int = 0


@dataclass
class World:
    """mentions: as MENTIONS; truth: handle → person's key; facts: handle → group → value; persons by key."""

    mentions: pa.Table
    truth: dict[str, int]
    facts: dict[str, dict[str, str]]
    persons: dict[int, Person] = field(default_factory=dict)


class City:
    """Persons in households, with the hard cases planted: twins, father and son of one name, common names of one day, shared numbers."""

    def __init__(self, seed: int, names: str, size: int) -> None:
        self.rng = Random(seed)
        self.surnames, self.given, self.roads = LISTS[names]
        self.persons: list[Person] = []
        self.taken: set[str] = set()
        self.streets = {d: [f"{d}{i:03d}" for i in range(1, 13)] for d in DIVISIONS}
        self.serial = 0
        while len(self.persons) < size:
            self.family()
        self.plant()

    def surname(self) -> str:
        if self.rng.random() < 0.2:
            return self.rng.choice(self.surnames)
        return self.surnames[min(int(self.rng.paretovariate(0.75)) - 1, len(self.surnames) - 1)]

    def given_name(self) -> str:
        rng = self.rng

        def char() -> str:
            return self.given[min(int(len(self.given) * rng.random() ** 1.6), len(self.given) - 1)]

        return char() if rng.random() < 0.18 else char() + char()

    def born(self, low: int, high: int) -> date:
        return DAY - timedelta(days=int(self.rng.uniform(low, high) * 365.25))

    def number(self, born: date, sex: str, prefix: str | None = None) -> str:
        while True:
            place = prefix or (self.rng.choice(DIVISIONS) if self.rng.random() < 0.7 else self.rng.choice(ELSEWHERE))
            made = id18(place, born, self.rng.randrange(0, 495) * 2 + (1 if sex == "1" else 2))
            if made not in self.taken:
                self.taken.add(made)
                return made

    def person(self, **given: Any) -> Person:
        person = Person(key=len(self.persons), **given)
        self.persons.append(person)
        return person

    def mobile(self) -> str:
        return f"1{self.rng.choice('35789')}{self.rng.randrange(10**9):09d}"

    def family(self) -> None:
        rng = self.rng
        self.serial += 1
        division = rng.choice(DIVISIONS)
        street = rng.choice(self.streets[division])
        door = f"{rng.randrange(1, 900)}号{rng.randrange(1, 40)}幢{rng.randrange(1, 5)}单元{rng.randrange(1, 19)}0{rng.randrange(1, 4)}室"
        address = f"杭州市{rng.choice(self.roads)}{door}"
        common = {"division": division, "street": street, "address": address, "household": f"H{self.serial:08d}"}
        minority = rng.random()
        if minority < 0.02:
            return self.uyghur(common)
        if minority < 0.03:
            return self.foreign(common)
        group = "she" if minority < 0.05 else ""
        surname = rng.choice("蓝雷钟") if group else self.surname()
        age = min(95.0, max(19.0, rng.gauss(48, 17)))
        kin = {**common, "minority": group, "kind": "citizen_id"}
        born = self.born(age, age + 1)
        head = self.person(name=surname + self.given_name(), sex="1", born=born, number=self.number(born, "1"), relation="02",
                           phone=self.mobile(), **kin)  # fmt: skip
        if rng.random() < 0.25:
            return None
        born = self.born(max(19, age - 6), max(20, age + 3))
        wife = self.person(name=self.surname() + self.given_name(), sex="2", born=born, number=self.number(born, "2"), relation="12",
                           phone=self.mobile() if rng.random() < 0.9 else head.phone, **kin)  # fmt: skip
        if rng.random() < 0.02:
            wife.former = head.name[0] + wife.name
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            top = age - 22
            if top <= 0.1:
                continue
            born = self.born(0, min(top, 60))
            twins = rng.random() < 0.02
            first = self.given_name()
            for i in range(2 if twins else 1):
                sex = rng.choice("12")
                given = first if i == 0 else first[0] + rng.choice(self.given)
                young = (DAY - born).days < 16 * 365
                child = self.person(name=surname + given, sex=sex, born=born, number=self.number(born, sex),
                                    relation="20" if sex == "1" else "30", mother=wife, twin=int(twins),
                                    phone=rng.choice([head.phone, wife.phone]) if young else self.mobile(), **kin)  # fmt: skip
                if (DAY - born).days < 6 * 365:
                    child.certificate = f"P{rng.randrange(10**9):09d}"
                    if (DAY - born).days < 120 and rng.random() < 0.5:
                        child.number, child.kind = None, "none"
        if rng.random() < 0.004 and len([p for p in self.persons if p.household == common["household"]]) > 2:
            son = self.persons[-1]
            if son.sex == "1" and son.relation == "20":
                son.name = head.name  # father and son of one name under one roof
        return None

    def uyghur(self, common: dict[str, Any]) -> None:
        for relation in ("02", "12", "20")[: self.rng.randrange(1, 4)]:
            sex = "2" if relation == "12" else "1"
            born = self.born(20, 60) if relation != "20" else self.born(1, 19)
            name = "·".join(self.rng.sample(UYGHUR, 2))
            self.person(name=name, sex=sex, born=born, number=self.number(born, sex, "652301"), relation=relation, phone=self.mobile(),
                        minority="uyghur", kind="citizen_id", **common)  # fmt: skip

    def foreign(self, common: dict[str, Any]) -> None:
        born = self.born(20, 70)
        sex = self.rng.choice("12")
        kin = {**common, "minority": "", "relation": "02", "phone": self.mobile(), "born": born, "sex": sex}
        if self.rng.random() < 0.5:
            name = f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}"
            passport = f"{self.rng.choice('ABCFHJ')}{self.rng.randrange(10**8):08d}"
            self.person(name=name, number=None, kind="foreign", passport=passport, **kin)
        else:
            number = self.number(born, sex, self.rng.choice(["810000", "820000", "830000"]))
            permit = f"H{self.rng.randrange(10**8):08d}"
            self.person(name=self.surname() + self.given_name(), number=number, kind="hkmo", passport=permit, **kin)

    def plant(self) -> None:
        rng = self.rng
        adults = [p for p in self.persons if p.kind == "citizen_id" and p.born < date(1990, 1, 1)]
        size = len(self.persons)
        for p in rng.sample(adults, max(2, size // 1000)):  # two persons, one number
            name = self.surname() + self.given_name() + rng.choice(self.given)
            other = replace(rng.choice(adults), key=len(self.persons), name=name, sex=p.sex, born=p.born, number=p.number,
                            phone=self.mobile(), former=None, second_number=None)  # fmt: skip
            if other.division != p.division:
                self.persons.append(other)
        for p in rng.sample(adults, max(2, size // 1000)):  # one person, two numbers
            p.second_number = self.number(p.born, p.sex)
        for p in rng.sample(adults, max(2, size // 500)):  # a corrected birth date under one number
            p.recorded_born = p.born - timedelta(days=rng.choice([11, 31, 366, 740]))
        for p in rng.sample(adults, max(2, size // 200)):  # the same name and day in the same district, another person
            self.person(name=p.name, sex=p.sex, born=p.born, number=self.number(p.born, p.sex), kind="citizen_id", minority="",
                        division=p.division, street=rng.choice(self.streets[p.division]), household=f"S{p.key:08d}", relation="02",
                        address=f"{rng.choice(self.roads)}{rng.randrange(1000, 2000)}号", phone=self.mobile())  # fmt: skip


DIRT = {"clean": (0.003, 0.004), "usual": (0.03, 0.015), "dirty": (0.08, 0.04)}
SOURCES: dict[str, tuple[float, int, int, str]] = {
    # source: share of those it covers, ages, what it says beside number and name
    "ga__hukou.person": (0.86, 0, 130, "sex birth division street address household relation"),
    "ga__floating.person": (0.14, 0, 130, "sex birth division street address phone"),
    "wj__birth.child": (0.97, 0, 6, "sex birth division address phone"),
    "mz__marriage.party": (0.4, 22, 70, "birth phone"),
    "cl__disability.person": (0.06, 0, 130, "sex birth division street phone"),
    "rs__pension.insured": (0.55, 16, 130, "sex birth phone"),
    "yb__medical.insured": (0.85, 0, 130, "sex birth division address phone"),
    "jy__school.pupil": (0.9, 6, 19, "sex birth division address phone"),
    "wj__visits.patient": (0.35, 0, 130, "sex birth street phone"),
    "mz__aid.payee": (0.1, 18, 130, "sex birth division address phone"),
    "gh__union.member": (0.12, 20, 60, "sex birth division phone"),
}


class Clerk:
    """Writes down what a register says of a person, with the slips of its level of dirt."""

    def __init__(self, seed: int, level: str) -> None:
        self.rng = Random(seed)
        self.numberless, self.slips = DIRT[level]

    def name(self, person: Person) -> str | None:
        rng = self.rng
        name = person.former if person.former and rng.random() < 0.3 else person.name
        if rng.random() >= self.slips * 2:
            return name
        kind = rng.choice(["space", "traditional", "homophone", "hole", "pinyin", "dot", "sex", "width", "wrong"])
        if kind == "space":
            return "　".join(name) if len(name) == 2 else name + " "
        if kind == "traditional":
            return "".join(TRADITIONAL.get(c, c) for c in name)
        if kind == "homophone":
            return name[:1] + "".join(HOMOPHONES.get(c, c) for c in name[1:])
        if kind == "hole" and len(name) > 2:
            return name[:-1] + rng.choice("*?□")
        if kind == "pinyin" and "·" not in name and not name.isascii():
            from pypinyin import lazy_pinyin

            return " ".join(lazy_pinyin(name)).upper()
        if kind == "dot" and "·" in name:
            return name.replace("·", rng.choice([".", "", "•", " "]))
        if kind == "sex":
            return name + ("（男）" if person.sex == "1" else "（女）")
        if kind == "wrong" and len(name) == 3 and rng.random() < 0.3:
            return name[0] + rng.choice("伟芳娜敏") + name[2]
        return name

    def birth(self, born: date) -> date | None:
        rng = self.rng
        if rng.random() >= self.slips:
            return born
        kind = rng.choice(["swap", "digit", "default", "none"])
        try:
            if kind == "swap":
                return date(born.year, born.day, born.month)
            if kind == "digit":
                return date(born.year, born.month, (born.day + 10) % 30)
        except ValueError:
            return born
        return date(born.year, 1, 1) if kind == "default" else None

    def mention(self, source: str, person: Person) -> dict[str, Any]:
        rng = self.rng
        says = SOURCES[source][3].split()
        ids: list[tuple[str, str]] = []
        name = self.name(person)
        number = person.number
        if person.second_number and rng.random() < 0.4:
            number = person.second_number
        kind = "citizen_id" if person.kind in ("citizen_id", "none") else PERMITS.get((number or "")[:6], "tw_residence")
        if number and rng.random() >= self.numberless:
            ids.append((kind, number))
        if person.passport and (rng.random() < 0.5 or not ids):
            ids.append(("passport" if person.kind == "foreign" else "hkmo_permit", person.passport))
        if source == "wj__birth.child":
            ids = [("birth_certificate", person.certificate)] if person.certificate else []
            if number and rng.random() < 0.5:
                ids.append(("citizen_id", number))
            if person.mother and rng.random() < self.slips * 3:
                ids = [("citizen_id", person.mother.number or "")]
            if rng.random() < 0.2 and person.mother and person.certificate:
                name = person.mother.name + ("之子" if person.sex == "1" else "之女")
        if source == "ga__hukou.person" and person.certificate and rng.random() < 0.9:
            ids.append(("birth_certificate", person.certificate))
        born = person.recorded_born if person.recorded_born and rng.random() < 0.6 else person.born
        moved = rng.random() < self.slips * 3
        out: dict[str, Any] = {
            "source": source,
            "ids": [{"type": t, "value": v} for t, v in ids],
            "name": name,
            "sex": person.sex if "sex" in says and rng.random() > self.slips / 4 else None,
            "birth_date": self.birth(born) if "birth" in says else None,
            "death_date": None,
            "division": rng.choice(DIVISIONS) if moved else person.division,
            "street": person.street if not moved else None,
            "address": person.address if not moved else f"东新路{rng.randrange(1, 999)}号{rng.randrange(1, 99)}室",
            "phone": person.phone if rng.random() > 0.12 + self.slips * 3 else f"13{rng.randrange(10**9):09d}",
            "household": person.household,
            "relation": person.relation,
        }
        for key in ("division", "street", "address", "phone", "household", "relation"):
            if key not in says or rng.random() < self.slips:
                out[key] = None
        return out


def world(seed: int, names: str = "hill", size: int = 1000, level: str = "usual") -> World:
    """The mentions of a city and who they are."""
    city = City(seed, names, size)
    clerk = Clerk(seed + 1, level)
    rows: dict[str, dict[str, Any]] = {}
    truth: dict[str, int] = {}
    facts: dict[str, dict[str, str]] = {}
    for person in city.persons:
        age = (DAY - person.born).days / 365.25
        hit = False
        for source, (share, low, high, _) in SOURCES.items():
            last = source == "mz__aid.payee" and not hit
            if (low <= age < high and clerk.rng.random() < share) or last:
                row = clerk.mention(source, person)
                text = "|".join(str(v) for v in row.values())
                handle = "mention:" + hashlib.sha256(text.encode()).hexdigest()[:16]
                hit = True
                if handle in rows:
                    rows[handle]["records"] += 1
                    continue
                known = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(hours=clerk.rng.randrange(8000))
                rows[handle] = {"handle": handle, **row, "known_from": known, "records": 1}
                truth[handle] = person.key
                facts[handle] = {
                    "source": source,
                    "age": "0-5" if age < 6 else "6-17" if age < 18 else "18-59" if age < 60 else "60+",
                    "born in": (person.number or "")[:2] or "-",
                    "identifier": "none" if not row["ids"] else row["ids"][0]["type"],
                    "minority": person.minority or "han",
                    "sex": person.sex,
                }
    return World(pa.Table.from_pylist(list(rows.values()), schema=MENTIONS), truth, facts, {p.key: p for p in city.persons})


def _pairs(counts: dict[Any, int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())


def measure(made: World, clusters: pa.Table) -> dict[str, Any]:
    """Pairwise and B-cubed precision and recall over mentions, and both by group (pairs with at least one mention of the group)."""
    label = {h: c for h, c in zip(clusters["handle"].to_pylist(), clusters["cluster"].to_pylist(), strict=True) if h in made.truth}
    by_truth: dict[int, list[str]] = defaultdict(list)
    by_label: dict[str, list[str]] = defaultdict(list)
    both: dict[tuple[int, str], int] = defaultdict(int)
    for h, t in made.truth.items():
        by_truth[t].append(h)
        by_label[label[h]].append(h)
        both[t, label[h]] += 1
    hits = _pairs(both)
    out: dict[str, Any] = {
        "mentions": len(made.truth),
        "persons": len(by_truth),
        "precision": hits / max(1, _pairs({k: len(v) for k, v in by_label.items()})),
        "recall": hits / max(1, _pairs({k: len(v) for k, v in by_truth.items()})),
        "b3_precision": sum(n * n / len(by_label[c]) for (_, c), n in both.items()) / len(made.truth),
        "b3_recall": sum(n * n / len(by_truth[t]) for (t, _), n in both.items()) / len(made.truth),
    }
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0, 0, 0]))
    for way, sets in ((0, by_truth), (1, by_label)):
        for members in sets.values():
            for i, a in enumerate(members):
                for b in members[i + 1 :]:
                    hit = label[a] == label[b] if way == 0 else made.truth[a] == made.truth[b]
                    for what in made.facts[a]:
                        for value in {made.facts[a][what], made.facts[b][what]}:
                            cell = groups[what][value]
                            cell[way * 2] += hit
                            cell[way * 2 + 1] += 1
    out["groups"] = {
        what: {v: {"recall": c[0] / max(1, c[1]), "precision": c[2] / max(1, c[3]), "pairs": c[1]} for v, c in sorted(values.items())}
        for what, values in groups.items()
    }
    return out
