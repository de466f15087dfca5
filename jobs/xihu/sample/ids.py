"""Numbers of persons, bodies and places, minted by the sample city for itself.

Nothing here is shared with the pipeline that has to read these numbers: GB 11643-1999 (citizen id), GB 32100-2015 (unified social
credit code), GB 11714 (organisation code) and the divisions of Hangzhou since 1981 are written a second time on purpose.
"""

from __future__ import annotations

from datetime import date, timedelta

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Districts of the city in 2016 (2017's 临安区 was still 临安市): code, name, hukou and floating population in 10,000 persons,
# "urban" = share of working-age residents with an employer, one household in how many is agricultural.
DISTRICTS: dict[str, tuple[str, float, float, float, float]] = {
    "330102": ("上城区", 32.7, 6, 0.83, 0.00),
    "330103": ("下城区", 40.3, 15, 0.83, 0.00),
    "330104": ("江干区", 44.0, 62, 0.80, 0.06),
    "330105": ("拱墅区", 35.5, 22, 0.82, 0.03),
    "330106": ("西湖区", 67.0, 32, 0.82, 0.08),
    "330108": ("滨江区", 22.5, 14, 0.84, 0.05),
    "330109": ("萧山区", 128.0, 45, 0.66, 0.45),
    "330110": ("余杭区", 98.0, 55, 0.68, 0.42),
    "330111": ("富阳区", 67.0, 9, 0.58, 0.60),
    "330122": ("桐庐县", 41.0, 4, 0.52, 0.66),
    "330127": ("淳安县", 46.0, 1, 0.40, 0.78),
    "330182": ("建德市", 51.0, 2, 0.46, 0.70),
    "330185": ("临安市", 53.0, 8, 0.52, 0.66),
}

STREETS: dict[str, list[str]] = {
    "330102": ["清波街道", "湖滨街道", "小营街道", "南星街道", "紫阳街道", "望江街道"],
    "330103": ["天水街道", "武林街道", "长庆街道", "潮鸣街道", "朝晖街道", "文晖街道", "东新街道", "石桥街道"],
    "330104": ["凯旋街道", "采荷街道", "闸弄口街道", "四季青街道", "彭埠街道", "笕桥街道", "丁兰街道", "九堡街道", "下沙街道", "白杨街道"],
    "330105": ["米市巷街道", "湖墅街道", "小河街道", "和睦街道", "拱宸桥街道", "大关街道", "上塘街道", "祥符街道", "康桥街道", "半山街道"],
    "330106": [
        "北山街道",
        "西溪街道",
        "灵隐街道",
        "翠苑街道",
        "文新街道",
        "古荡街道",
        "转塘街道",
        "留下街道",
        "蒋村街道",
        "三墩镇",
        "双浦镇",
    ],
    "330108": ["西兴街道", "长河街道", "浦沿街道"],
    "330109": ["城厢街道", "北干街道", "蜀山街道", "新塘街道", "河庄街道", "义蓬街道", "瓜沥镇", "临浦镇", "戴村镇"],
    "330110": ["临平街道", "南苑街道", "东湖街道", "星桥街道", "五常街道", "良渚街道", "仓前街道", "余杭街道", "塘栖镇", "瓶窑镇"],
    "330111": ["富春街道", "春江街道", "东洲街道", "鹿山街道", "新登镇", "场口镇", "万市镇"],
    "330122": ["城南街道", "桐君街道", "横村镇", "分水镇", "富春江镇"],
    "330127": ["千岛湖镇", "汾口镇", "威坪镇", "大墅镇", "姜家镇"],
    "330182": ["新安江街道", "洋溪街道", "更楼街道", "梅城镇", "大同镇", "寿昌镇"],
    "330185": ["锦城街道", "锦北街道", "玲珑街道", "青山湖街道", "於潜镇", "昌化镇"],
}

# (first year, code) in force for the place that is now the key; a code holds until the next one begins.
HISTORY: dict[str, list[tuple[int, str]]] = {
    "330108": [(1981, "330106"), (1996, "330108")],
    "330109": [(1981, "330121"), (1987, "339005"), (1990, "330181"), (2001, "330109")],
    "330110": [(1981, "330125"), (1994, "330184"), (2001, "330110")],
    "330111": [(1981, "330123"), (1994, "330183"), (2014, "330111")],
    "330182": [(1981, "330126"), (1992, "330182")],
    "330185": [(1981, "330124"), (1996, "330185")],
}

# Places that people of the city came from: (code, province and county), codes that were in force throughout 1985-2016.
ORIGINS: list[tuple[str, str]] = [
    ("330203", "浙江省宁波市海曙区"), ("330225", "浙江省象山县"), ("330324", "浙江省永嘉县"), ("330424", "浙江省海盐县"),
    ("330624", "浙江省新昌县"), ("330723", "浙江省武义县"), ("330824", "浙江省开化县"), ("331023", "浙江省天台县"),
    ("332522", "浙江省青田县"), ("340121", "安徽省长丰县"), ("340123", "安徽省肥西县"), ("340823", "安徽省枞阳县"),
    ("341021", "安徽省歙县"), ("341221", "安徽省临泉县"), ("341222", "安徽省太和县"), ("342901", "安徽省贵池市"),
    ("360122", "江西省新建县"), ("361121", "江西省上饶县"), ("362329", "江西省余干县"), ("360429", "江西省湖口县"),
    ("411122", "河南省临颍县"), ("411525", "河南省固始县"), ("412725", "河南省鹿邑县"), ("420321", "湖北省郧县"),
    ("421126", "湖北省蕲春县"), ("430523", "湖南省邵阳县"), ("433125", "湖南省保靖县"), ("510722", "四川省三台县"),
    ("511025", "四川省资中县"), ("513030", "四川省渠县"), ("520221", "贵州省水城县"), ("522422", "贵州省大方县"),
    ("522625", "贵州省镇远县"), ("530326", "云南省会泽县"), ("610124", "陕西省周至县"), ("620123", "甘肃省榆中县"),
    ("320321", "江苏省丰县"), ("320723", "江苏省灌云县"), ("370125", "山东省济阳县"), ("230224", "黑龙江省泰来县"),
    ("652922", "新疆维吾尔自治区温宿县"), ("450324", "广西壮族自治区全州县"),
]  # fmt: skip


def check_digit(first17: str) -> str:
    """ISO 7064 MOD 11-2 over seventeen digits."""
    return CHECKS[sum(int(c) * w for c, w in zip(first17, WEIGHTS, strict=True)) % 11]


def citizen_id(prefix: str, birth: date, sequence: int) -> str:
    """The 18-character number; an odd sequence is a man's."""
    body = f"{prefix}{birth:%Y%m%d}{sequence:03d}"
    return body + check_digit(body)


def short_form(id18: str) -> str | None:
    """The 15-digit number of before 1999, for those born in the twentieth century."""
    return id18[:6] + id18[8:17] if id18[6:8] == "19" else None


def prefix_of(district: str, first_registered: int) -> str:
    """The address code that a first registration in that year put into the number for life."""
    code = district
    for year, old in HISTORY.get(district, []):
        if year <= first_registered:
            code = old
    return code


def organisation_code(body8: str) -> str:
    """GB 11714: eight characters and their check character."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    c9 = 11 - sum(ORG_ALPHABET.index(c) * w for c, w in zip(body8, weights, strict=True)) % 11
    return body8 + {10: "X", 11: "0"}.get(c9, str(c9))


def uscc(dept: str, kind: str, region: str, body8: str) -> str:
    """GB 32100-2015 unified social credit code."""
    body = dept + kind + region + organisation_code(body8)
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


class Mint:
    """Hands out citizen ids that never repeat, in memory that does not grow with the number of persons.

    One counter per (prefix, birth year, sex) walks through all (day, sequence) slots of that year by a step coprime to their
    number. Planted birth dates take sequences from a range of their own.
    """

    SLOTS = 400

    def __init__(self) -> None:
        self._walk: dict[tuple[str, int, int], int] = {}
        self._planted: dict[tuple[str, date, int], int] = {}

    def draw(self, prefix: str, year: int, sex: int, latest: date | None = None, earliest: date | None = None) -> tuple[str, date]:
        """(id18, birth date) for somebody born in that year, between `earliest` and `latest` where given."""
        days = 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365
        size = days * self.SLOTS
        key = (prefix, year, sex)
        step, shift = 48_611, (int(prefix) * 7 + year * 13 + sex) % size
        while True:
            k = self._walk.get(key, 0)
            if k >= size:
                raise ValueError(f"no citizen ids left for {key}")
            self._walk[key] = k + 1
            slot = (k * step + shift) % size
            birth = date(year, 1, 1) + timedelta(days=slot // self.SLOTS)
            if (latest is None or birth <= latest) and (earliest is None or birth >= earliest):
                return citizen_id(prefix, birth, 2 * (slot % self.SLOTS) + (1 if sex == 1 else 2)), birth

    def on(self, prefix: str, birth: date, sex: int) -> str:
        """An id18 for somebody born on that very day."""
        key = (prefix, birth, sex)
        n = self._planted[key] = self._planted.get(key, -1) + 1
        if n > 95:
            raise ValueError(f"too many persons planted on {birth} under {prefix}")
        return citizen_id(prefix, birth, 2 * (self.SLOTS + n) + (1 if sex == 1 else 2))
