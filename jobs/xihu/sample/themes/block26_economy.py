"""The economy (宏观经济): prices, gross product by district in three stages, trade, deposits, a history that has no January."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from xihu.sample import ids
from xihu.sample.forms.sheets import Cell, Sheet, xls, xlsx
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "宏观经济"
# Gross product of 2015 at current prices in 亿元, and shares of the first and third sector (order of magnitude).
PRODUCT: dict[str, tuple[float, float, float]] = {
    "330102": (787.0, 0.000, 0.88), "330103": (811.0, 0.000, 0.94), "330104": (555.0, 0.004, 0.70), "330105": (411.0, 0.000, 0.79),
    "330106": (891.0, 0.008, 0.82), "330108": (796.0, 0.003, 0.52), "330109": (1812.0, 0.036, 0.44), "330110": (1235.0, 0.036, 0.62),
    "330111": (644.0, 0.064, 0.43), "330122": (330.0, 0.072, 0.36), "330127": (215.0, 0.155, 0.44), "330182": (318.0, 0.093, 0.37),
    "330185": (468.0, 0.083, 0.40),
}  # fmt: skip
CPI = (
    ("居民消费价格总指数", 102.6), ("食品烟酒", 104.6), ("衣着", 101.9), ("居住", 102.4), ("生活用品及服务", 100.6), ("交通和通信", 98.9),
    ("教育文化和娱乐", 102.7), ("医疗保健", 104.4), ("其他用品和服务", 103.1),
)  # fmt: skip
MONEY = (
    ("各项存款", 33_000.0, 10.2), ("住户存款", 8_300.0, 9.1), ("非金融企业存款", 14_600.0, 11.4), ("广义政府存款", 5_600.0, 12.8),
    ("各项贷款", 26_000.0, 11.8), ("住户贷款", 7_500.0, 24.6), ("企（事）业单位贷款", 17_900.0, 6.9),
)  # fmt: skip
ACTIVITY = (("规上工业增加值", 2_984.0, 6.2), ("社会消费品零售总额", 5_176.0, 10.5), ("固定资产投资", 5_842.0, 5.1))


def files(world: World) -> Iterator[File]:
    """Prices, trade and deposits once a month; gross product and its revisions; the history twice."""
    yield from _prices(world)
    yield from _product(world)
    yield from _trade(world)
    yield from _deposits(world)
    yield from _history(world)


def _prices(world: World) -> Iterator[File]:
    header = ("类别名称", "统计月份", "指数/上月＝100", "指数/上年同月＝100", "指数/上年同期＝100")
    for k, month in enumerate(world.months):
        rng, rows = world.rng("tj__consumer_price", month), list[list[Cell]]()
        for name, level in CPI:
            rows.append([name, f"{month:%Y年%-m月}", round(100 + rng.gauss(0, 0.4), 1), round(level + rng.gauss(0, 0.3), 1), level])
        plant = Planting(rng, len(rows))
        i = plant.put("green_triangle", "repaired", "index_year")
        rows[i][3] = f"{rows[i][3]}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        if k == 1:
            i = plant.put("growth_for_index", "out_of_range", "index_month")
            rows[i][2] = round(float(str(rows[i][2])) - 100, 1)
        elif k == 2:
            i = plant.put("group_unknown", "unknown_code", "item_code")
            rows[i][0] = "烟酒及用品"  # a group of the classification before 2016
        titles: list[list[Cell]] = [[f"{month.year}年{month.month}月杭州市居民消费价格分类指数"], ["计量单位：%", "国家统计局杭州调查队"]]
        sheet = Sheet("CPI", header, rows, titles, {}, "注：2016年起使用新的八大类分类", hidden)
        yield File(
            "tj__consumer_price", f"居民消费价格指数_{month:%Y%m}.xls", world.after(month, 12), xls([sheet]), len(rows), faults=plant.faults
        )


def _product(world: World) -> Iterator[File]:
    """The third quarter as first accounted; 2015 finally verified; 2013 as the economic census left it."""
    plans = (
        (2016, "1—3季度", "初步核算", 0.735, 1.092, "2016年3季度_初步核算", 24),
        (2015, "全年", "最终核实", 1.0, 1.101, "2015年_最终核实", 55),
        (2013, "1—4季度", "普查修订", 0.853, 1.080, "2013年_普查修订", 78),
    )
    header = ("地区", "年份", "季度", "核算阶段", "地区生产总值/累计", "地区生产总值/可比价指数", "第一产业/增加值", "第二产业/增加值",
              "第三产业/增加值", "第三产业/可比价指数")  # fmt: skip
    for k, (year, quarter, stage, share, index, name, late) in enumerate(plans):
        rng, rows = world.rng("tj__gross_product", year, stage), list[list[Cell]]()
        for code, (whole, first, third) in PRODUCT.items():
            gdp = round(whole * share * (1.02 if year == 2016 else 1) * (1 + rng.gauss(0, 0.01)), 2)
            low, high = round(gdp * first, 2), round(gdp * third, 2)
            own = round(100 * index + rng.gauss(0, 1.1), 1)
            # Rounded for themselves, the sectors miss the sum by a hundredth here and there.
            middle = round(gdp - low - high + rng.choice((0, 0, 0, 0.01, -0.01)), 2)
            rows.append([ids.DISTRICTS[code][0], year, quarter, stage, gdp, own, low, middle, high, round(own + 1.8, 1)])
        # The city is accounted by itself: not the sum of its districts.
        sums = [round(sum(float(str(r[j])) for r in rows), 2) for j in (4, 6, 7, 8)]
        city = [round(x * 1.011, 2) for x in sums[1:]]
        rows.insert(0, ["杭州市", year, quarter, stage, round(sum(city), 2), round(100 * index, 1), *city, round(100 * index + 2, 1)])
        plant = Planting(rng, len(rows), spared={0})
        i = plant.put("green_triangle", "repaired", "gdp")
        rows[i][4] = f"{rows[i][4]:,.2f}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        if k == 0:
            i = plant.put("growth_for_index", "out_of_range", "gdp_index")
            rows[i][5] = round(float(str(rows[i][5])) - 100, 1)
        elif k == 1:
            i = plant.put("sectors_do_not_add_up", "check_failed", "secondary_value")
            rows[i][7] = round(float(str(rows[i][7])) + 40, 2)
        else:
            i = plant.put("quarter_unknown", "unknown_code", "quarter")
            rows[i][2] = "5季度"
        nine = ["九区合计", None, None, None, round(sum(float(str(r[4]).replace(",", "")) for r in rows[1:10]), 2)]
        titles: list[list[Cell]] = [
            [f"杭州市{year}年{quarter}分区县地区生产总值（{stage}）"],
            ["单位：亿元，上年同期＝100", "填报日期：2016年"],
        ]
        sheet = Sheet("GDP", header, rows, titles, {10: nine}, "注：绝对数按现价计算，指数按可比价格计算", hidden)
        day = world.months[0] + timedelta(days=late)
        yield File("tj__gross_product", f"地区生产总值_{name}.xlsx", day, xlsx([sheet]), len(rows), faults=plant.faults)


def _trade(world: World) -> Iterator[File]:
    header = ("地区", "统计月份", "出口（人民币）/本月", "出口（人民币）/累计", "出口（人民币）/累计同比", "进口（人民币）/本月",
              "进口（人民币）/累计", "进出口（美元）/累计")  # fmt: skip
    for k, month in enumerate(world.months):
        rng, rows = world.rng("sw__foreign_trade", month), list[list[Cell]]()
        for code, (whole, _, _) in PRODUCT.items():
            own = world.rng("sw__foreign_trade", code)
            out = whole * own.uniform(0.12, 0.5) * month.month / 12
            into = out * own.uniform(0.15, 0.6)
            rows.append([
                ids.DISTRICTS[code][0], f"{month:%Y-%m}", round(out / month.month * rng.uniform(0.9, 1.1), 2), round(out, 2),
                round(own.gauss(4, 6) + rng.gauss(0, 0.4), 1), round(into / month.month * rng.uniform(0.9, 1.1), 2), round(into, 2),
                round((out + into) * 10_000 / 6.62, 0),
            ])  # fmt: skip
        plant = Planting(rng, len(rows))
        i = plant.put("green_triangle", "repaired", "export_total")
        rows[i][3] = f"{rows[i][3]:,.2f}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        if k == 0:
            i = plant.put("dollars_in_hundred_millions", "check_failed", "trade_dollars")
            rows[i][7] = round(float(str(rows[i][7])) / 10_000, 2)
        elif k == 1:
            i = plant.put("month_above_total", "check_failed", "import_month")
            rows[i][5] = round(float(str(rows[i][6])) + 60, 2)
        else:
            i = plant.put("failed_formula", "bad_number", "export_growth")
            rows[i][4] = "#DIV/0!"
        sums: list[Cell] = ["全市", f"{month:%Y-%m}"]
        sums += [None if j == 4 else round(sum(float(str(r[j]).replace(",", "")) for r in rows), 2) for j in range(2, 8)]
        titles: list[list[Cell]] = [
            [f"{month.year}年1—{month.month}月杭州市货物进出口"],
            ["单位：亿元、万美元", "填报日期：" + f"{month:%Y年%-m月}"],
        ]
        sheet = Sheet("进出口", header, rows, titles, {len(rows): sums}, "数据来源：杭州海关", hidden)
        yield File(
            "sw__foreign_trade", f"货物进出口_{month:%Y%m}.xls", world.after(month, 16), xls([sheet]), len(rows), faults=plant.faults
        )


def _deposits(world: World) -> Iterator[File]:
    header = ("项目名称", "统计月份", "月末余额", "比年初增减", "同比增长")
    for k, month in enumerate(world.months):
        rng, rows = world.rng("jr__deposit_loan", month), list[list[Cell]]()
        for name, balance, pace in MONEY:
            rate = 1 + pace / 100 * (month.month / 12)
            rows.append(
                [name, f"{month:%Y.%m}", round(balance * rate, 2), round(balance * (rate - 1), 2), round(pace + rng.gauss(0, 0.4), 1)]
            )
        plant = Planting(rng, len(rows))
        i = plant.put("unit_in_cell", "repaired", "balance")
        rows[i][2] = f"{rows[i][2]:,.2f}亿元"
        plant.put("first_line", "accepted")
        if k == 1:
            i = plant.put("in_ten_thousands", "out_of_range", "balance")
            rows[i][2] = round(float(str(rows[i][2])) * 10_000, 0)
        elif k == 2:
            rows[plant.put("no_balance", "missing_key", "balance")][2] = "—"
        titles: list[list[Cell]] = [
            ["杭州市金融机构本外币存贷款余额表"],
            [f"{month.year}年{month.month}月"],
            ["单位：亿元", "编制：统计信息部门"],
        ]
        sheet = Sheet("存贷款", header, rows, titles, {}, "数据来源：人民银行杭州中心支行")
        yield File(
            "jr__deposit_loan", f"存贷款余额_{month:%Y%m}.xlsx", world.after(month, 14), xlsx([sheet]), len(rows), faults=plant.faults
        )


def _years(world: World, upto: date, revised: bool) -> tuple[list[list[str]], list[int]]:
    """(rows, index of the rows of January and February) since 2015."""
    rows: list[list[str]] = []
    combined: list[int] = []
    for name, level, pace in ACTIVITY:
        for year in (2015, 2016):
            own = world.rng("tj__activity_history", name, year)
            for last in range(2, 13 if year < upto.year else upto.month + 1):
                share = last / 12 * (1 + 0.04 * (last / 12 - 1))
                value = level * share * (1 + pace / 100 * (year - 2015)) * (0.994 if revised and year == 2015 else 1)
                if last == 2:
                    combined.append(len(rows))
                rows.append([name, str(year), f"1-{last}月", f"{value:.2f}", f"{pace + own.gauss(0, 0.4):.1f}"])
    return rows, combined


def _history(world: World) -> Iterator[File]:
    header = ("指标名称", "年份", "月份", "累计数", "累计可比增速")
    for k, month in enumerate(world.months[1:]):
        rows, combined = _years(world, month, revised=k == 1)
        rng = world.rng("tj__activity_history", month)
        plant = Planting(rng, len(rows), spared=combined[1:])
        plant.at(combined[0], "january_february", "accepted")
        rows[plant.put("not_published", "accepted", "total_value")][3] = "…"
        i = plant.put("thousands", "repaired", "total_value")
        rows[i][3] = f"{float(rows[i][3]):,.2f}"
        if k == 0:
            rows[plant.put("no_growth", "missing_key", "total_growth")][4] = "-"
        else:
            rows[plant.put("month_unknown", "unknown_code", "stat_months")][2] = "2月"
        faults: Sequence[Fault] = plant.faults
        title = "杭州市月度主要经济指标序列（1月不单独发布）,单位：亿元\r\n".encode("gb18030")
        content = title + csv(header, rows)
        yield File("tj__activity_history", f"月度指标序列_{month:%Y%m}.txt", world.after(month, 20), content, len(rows), faults=faults)
