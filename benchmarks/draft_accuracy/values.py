"""Values as departments write them, made from the published layouts of identifiers (GB 11643, GB 32100, GA 36, HJ 212 …).

Shares no code with the package or its sample city: what is measured must not have written its own questions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random

DISTRICTS = {
    "330102": "上城区",
    "330105": "拱墅区",
    "330106": "西湖区",
    "330108": "滨江区",
    "330109": "萧山区",
    "330110": "余杭区",
    "330111": "富阳区",
    "330112": "临安区",
    "330113": "临平区",
    "330114": "钱塘区",
    "330122": "桐庐县",
    "330127": "淳安县",
    "330182": "建德市",
}
ORIGINS = ("330106", "330104", "330183", "341122", "362321", "411523", "500234", "522101", "330127", "330125")
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文樊庄俞裘鲍楼"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰建国志文海燕梅红春雪琴云峰林宁欣怡子涵梓轩浩然雨桐思琪一诺镕喆"
ROADS = ("文一路", "文三路", "莫干山路", "体育场路", "凤起路", "环城北路", "江南大道", "市心中路", "秋涛路", "古墩路", "西溪路", "延安路")
STREETS = (
    "北山街道",
    "西溪街道",
    "翠苑街道",
    "文新街道",
    "古荡街道",
    "湖滨街道",
    "四季青街道",
    "闸弄口街道",
    "良渚街道",
    "塘栖镇",
    "转塘街道",
)
TRADES = ("科技", "餐饮管理", "建材", "物流", "医疗器械", "纺织", "信息技术", "建设工程", "农业开发", "文化传媒")
ENDINGS = ("有限公司", "股份有限公司", "有限责任公司", "经营部", "合作社")
PLATES = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"

Make = Callable[[Random, int], str]


def citizen(r: Random, born: tuple[int, int] = (1930, 2015)) -> str:
    """18 characters with the check of GB 11643."""
    day = date(born[0], 1, 1) + timedelta(r.randrange((born[1] - born[0]) * 365))
    body = r.choice(ORIGINS) + day.strftime("%Y%m%d") + f"{r.randrange(1, 995):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def organisation(r: Random) -> str:
    """Nine characters of GB 11714."""
    body = "".join(r.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
    left = 11 - sum(int(c, 36) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    return body + {10: "X", 11: "0"}.get(left, str(left))


def uscc(r: Random) -> str:
    """18 characters of GB 32100, its organisation code valid as well."""
    body = r.choice(("91", "92", "12", "51", "93")) + r.choice(("330106", "330100", "330109", "330000")) + organisation(r)
    total = sum(USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC[-total % 31]


def name(r: Random) -> str:
    return r.choice(SURNAMES) + "".join(r.choice(GIVEN) for _ in range(r.choice((1, 2, 2, 2))))


def company(r: Random) -> str:
    return f"杭州{r.choice(GIVEN)}{r.choice(GIVEN)}{r.choice(TRADES)}{r.choice(ENDINGS)}"


def address(r: Random) -> str:
    return f"{r.choice(list(DISTRICTS.values()))}{r.choice(ROADS)}{r.randrange(1, 600)}号{r.randrange(1, 20)}幢{r.randrange(101, 1800)}室"


def mobile(r: Random) -> str:
    return "1" + r.choice("3578") + f"{r.randrange(10**9):09d}"


def day(r: Random, first: int = 2010, last: int = 2016) -> date:
    return date(first, 1, 1) + timedelta(r.randrange((last - first + 1) * 365))


def moment(r: Random) -> datetime:
    return datetime(2016, 1, 1) + timedelta(seconds=r.randrange(366 * 86400))


def plate(r: Random) -> str:
    return "浙A" + "".join(r.choice(PLATES) for _ in range(5))


def vin(r: Random) -> str:
    return "L" + "".join(r.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(16))


def card(r: Random) -> str:
    """A bank card number with the check of Luhn."""
    body = "622" + f"{r.randrange(10**15):015d}"
    total = sum(sum(divmod(int(c) * (2 if i % 2 == 0 else 1), 10)) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def amount(r: Random, middle: float = 3000) -> str:
    return f"{r.lognormvariate(0, 0.8) * middle:.2f}"


def some(make: Make, share: float, empty: str = "") -> Make:
    """The maker, with a share of its values left out."""
    return lambda r, i: empty if r.random() < share else make(r, i)


def pick(*values: str, weights: tuple[float, ...] | None = None) -> Make:
    return lambda r, i: r.choices(values, weights)[0]


def formed(form: str, first: int = 2010, last: int = 2016) -> Make:
    """Days in a form of strftime; %-m and %-d without zeros."""
    return lambda r, i: day(r, first, last).strftime(form)


def timed(form: str = "%Y-%m-%d %H:%M:%S") -> Make:
    return lambda r, i: moment(r).strftime(form)


def plain(make: Callable[[Random], str]) -> Make:
    return lambda r, i: make(r)


def whole(low: int, high: int) -> Make:
    return lambda r, i: str(r.randint(low, high))


def counted(mean: float) -> Make:
    """Counts as they are of places: few large, many small."""
    return lambda r, i: str(int(r.lognormvariate(0, 1) * mean))


def decimal(low: float, high: float, places: int) -> Make:
    return lambda r, i: f"{r.uniform(low, high):.{places}f}"


def number(prefix: str, width: int) -> Make:
    return lambda r, i: f"{prefix}{r.randrange(10**width):0{width}d}"


def serial(prefix: str, width: int) -> Make:
    return lambda r, i: f"{prefix}{i + 1:0{width}d}"


def place(base: float, spread: float, scale: int = 0) -> Make:
    return lambda r, i: str(round(r.gauss(base, spread) * 10**scale)) if scale else f"{r.gauss(base, spread):.6f}"


SENTENCES = (
    "小区路灯不亮，夜间出行不便",
    "反映楼上漏水，物业未处理",
    "咨询居住证办理条件",
    "垃圾清运不及时，气味较大",
    "路面破损，请尽快修复",
    "公交班次过少",
)
