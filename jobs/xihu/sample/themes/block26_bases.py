"""Base data beside the theme blocks: permits and penalties made public (双公示), the monthly report of the economy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.sheets import Cell, Sheet, xls, xlsx
from xihu.sample.themes.days import after, workday
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "信用与宏观经济"
PERMITS = (
    ("食品经营许可", "市场监督管理局", 5), ("道路货物运输经营许可", "交通运输局", 4), ("公共场所卫生许可", "卫生和计划生育局", 4),
    ("建筑业企业资质", "住房和城乡建设局", 5),
    ("城镇污水排入排水管网许可", "城市管理局", 5), ("人力资源服务许可", "人力资源和社会保障局", 3),
)  # fmt: skip
PENALTIES = (
    ("销售不合格商品", "市场监督管理局", 1.2), ("超限运输", "交通运输局", 0.5), ("未办施工许可擅自施工", "住房和城乡建设局", 6.0),
    ("无证行医", "卫生和计划生育局", 2.5),
    ("违法占用土地", "国土资源局", 8.0), ("违反安全生产规定", "安全生产监督管理局", 3.0),
)  # fmt: skip
# The year's value added of larger industry, investment, retail sales, budget revenue in 亿元 (2016, order of magnitude).
SCALE: dict[str, tuple[float, float, float, float]] = {
    "330102": (35, 180, 430, 72), "330103": (40, 240, 520, 98), "330104": (310, 620, 640, 160), "330105": (120, 370, 430, 88),
    "330106": (160, 460, 560, 118), "330108": (330, 300, 190, 120), "330109": (760, 960, 620, 190), "330110": (560, 900, 480, 235),
    "330111": (270, 340, 250, 62), "330122": (110, 170, 130, 25), "330127": (45, 150, 95, 15), "330182": (130, 160, 120, 24),
    "330185": (170, 230, 190, 36),
}  # fmt: skip


def files(world: World) -> Iterator[File]:
    """Both once a month; a report of the economy is revised once."""
    yield from _publicity(world)
    yield from _economy(world)


def decision(world: World, month: date, kind: str, n: int) -> list[Cell]:
    """The n-th decision of a month, as the platform lists it."""
    rng, last = world.rng("fgw__credit_publicity", month, kind, n), month_end(month)
    district = rng.choice(world.districts)
    what, office, size = rng.choice(PERMITS if kind == "行政许可" else PENALTIES)
    uscc, name = world.firm(district, rng.choice([x for x in range(20, 60) if x % 23]))
    day = workday(date(month.year, month.month, 1 + rng.randrange(last.day - 4)))
    shown = after(day, rng.choice((1, 2, 3, 4, 5, 6, 7, 7, 9)))
    authority = f"杭州市{ids.DISTRICTS[district][0]}{office}"
    at = lambda d: datetime(d.year, d.month, d.day)  # noqa: E731
    if kind == "行政许可":
        until = date(day.year + int(size), day.month, min(day.day, 28)) - timedelta(days=1)
        return [
            f"{authority[3:5]}许准〔{month:%Y}〕{month.month:02d}{n + 1:04d}号",
            what,
            name,
            uscc,
            None,
            None,
            None,
            at(day),
            at(until),
            at(shown),
            authority,
            district,
        ]
    fine = round(max(0.05, size * rng.lognormvariate(0, 0.5)), 2)
    return [
        f"{authority[3:5]}罚决〔{month:%Y}〕{month.month:02d}{n + 1:04d}号",
        what,
        name,
        uscc,
        fine,
        rng.choices(("一般程序", "听证程序", None), (85, 8, 7))[0],
        at(day - timedelta(days=rng.randrange(20, 90))) if rng.random() < 0.6 else None,
        at(day),
        None,
        at(shown),
        authority,
        district,
    ]


def _publicity(world: World) -> Iterator[File]:
    header = (
        "决定书文号",
        "事项或案由",
        "相对人名称",
        "统一社会信用代码",
        "罚没金额",
        "处罚程序",
        "违法行为终止日期",
        "作出决定日期",
        "有效期截止",
        "公示日期",
        "作出机关",
        "区县",
    )
    for k, month in enumerate(world.months):
        sheets, found, records = [], list[Fault](), 0
        for kind, count in (("行政许可", 70), ("行政处罚", 40)):
            rows = [decision(world, month, kind, n) for n in range(count)]
            rng = world.rng("fgw__credit_publicity", month, kind)
            plant = Planting(rng, count, kind)
            hidden = frozenset({plant.put("hidden_row", "accepted")})
            i = plant.put("written_date", "repaired", "issued_on")
            made = rows[i][7]
            assert isinstance(made, datetime)
            rows[i][7] = f"{made:%Y年%-m月%-d日}"
            if kind == "行政许可":
                i = plant.put("no_code_yet", "accepted", "uscc")
                rows[i][3] = None  # a natural person
                rows[i][2] = world.adults(month, 30, 50)[k].name
                i = plant.put("check_character", "bad_uscc", "uscc")
                code = str(rows[i][3])
                rows[i][3] = code[:-1] + ("5" if code[-1] != "5" else "6")
            else:
                i = plant.put("green_triangle", "repaired", "amount")
                rows[i][4] = f"{rows[i][4]}"
                if k == 1:
                    rows[plant.put("in_yuan", "out_of_range", "amount")][4] = 25_000
                else:
                    rows[plant.put("published_before", "check_failed", "published_on")][9] = datetime(2016, 9, 5)
            titles = [[f"杭州市{kind}信息公示表"], ["单位：万元", f"填报日期：{world.after(month, 4):%Y年%-m月%-d日}"]]
            sheets.append(Sheet(kind, header, rows, titles, {}, "填报人：　　　审核人：", hidden))
            found += plant.faults
            records += count
        yield File("fgw__credit_publicity", f"双公示_{month:%Y%m}.xlsx", world.after(month, 5), xlsx(sheets), records, faults=found)


def _economy(world: World) -> Iterator[File]:
    header = ("地区", "统计月份", "规上工业增加值/本月", "规上工业增加值/累计", "规上工业增加值/累计同比", "固定资产投资/累计",
        "固定资产投资/累计同比",
              "社会消费品零售总额/本月", "社会消费品零售总额/累计", "社会消费品零售总额/累计同比", "一般公共预算收入/累计",
              "一般公共预算收入/其中：税收")  # fmt: skip
    for k, month in enumerate(world.months):
        rng, rows = world.rng("tj__economy_report", month), list[list[Cell]]()
        share = month.month / 12
        for district in world.districts:
            own = world.rng("tj__economy_report", district)
            growth = [own.gauss(m, s) + rng.gauss(0, 0.3) for m, s in ((6.2, 2.5), (5.1, 6), (10.6, 1.5))]
            industry, investment, retail, revenue = (x * share * (1 + rng.gauss(0, 0.006)) for x in SCALE[district])
            rows.append([
                ids.DISTRICTS[district][0], f"{month:%Y-%m}", round(industry / month.month * rng.uniform(0.92, 1.1), 2), round(industry,
                    2), round(growth[0], 1),
                round(investment, 2), round(growth[1], 1), round(retail / month.month * rng.uniform(0.95, 1.12), 2), round(retail, 2),
                round(growth[2], 1),
                round(revenue, 2), round(revenue * own.uniform(0.86, 0.95), 2),
            ])  # fmt: skip
        plant = Planting(rng, len(rows))
        i = plant.put("green_triangle", "repaired", "retail_total")
        rows[i][8] = f"{rows[i][8]}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        came, name = world.after(month, 18), f"主要经济指标月报_{month:%Y%m}"
        if k == 1:
            i = plant.put("taxes_above_revenue", "check_failed", "tax_total")
            right = rows[i][11]
            rows[i][11] = float(str(rows[i][10])) + 8
            yield File("tj__economy_report", name + ".xls", came, _book(header, rows, month, hidden), len(rows), faults=plant.faults)
            rows[i][11] = right
            kept = [x for x in plant.faults if x.expected != "check_failed"]
            yield File(
                "tj__economy_report",
                name + "_修订.xls",
                came + timedelta(days=6),
                _book(header, rows, month, hidden),
                len(rows),
                faults=kept,
            )
            continue
        yield File("tj__economy_report", name + ".xls", came, _book(header, rows, month, hidden), len(rows), faults=plant.faults)


def _book(header: Sequence[str], rows: Sequence[Sequence[Cell]], month: date, hidden: frozenset[int]) -> bytes:
    sums: list[Cell] = ["全市合计", f"{month:%Y-%m}"]
    for j in range(2, len(header)):
        total = sum(float(str(r[j])) for r in rows)
        sums.append(None if header[j].endswith("同比") else round(total, 2))
    title = f"杭州市{month.year}年1—{month.month}月主要经济指标"
    # Money in 亿元, growth in per cent: the line above the header names one unit only.
    sheet = Sheet(
        "月报",
        header,
        rows,
        [[title], ["单位：亿元", f"填报日期：{month.year}年{month.month}月"]],
        {0: sums},
        "填表人：      审核人：",
        hidden,
    )
    return xls([sheet])
