"""(8) 平安城市: calls to 110 as CSV, fires as a workbook of the old kind. No person of either goes further than silver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.sheets import Cell, Sheet, added, xls
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "平安城市"
CALLS = (("刑事警情", 9, ("盗窃", "诈骗", "抢夺", "抢劫")), ("治安警情", 18, ("殴打他人", "赌博", "扰乱秩序")),
         ("交通警情", 34, ("交通事故", "交通拥堵")), ("纠纷", 17, ("邻里纠纷", "消费纠纷", "劳资纠纷", "家庭纠纷")),
         ("群众求助", 22, ("走失", "开锁", "救助")))  # fmt: skip
CAUSES = (("电气故障", 34), ("生活用火不慎", 22), ("遗留火种", 15), ("吸烟", 8), ("自燃", 6), ("生产作业", 5), ("玩火", 4), ("原因不明", 6))
SITES = ("住宅", "厂房", "仓库", "商铺", "出租房", "交通工具", "垃圾堆场")
DENSE = {d: v[1] + v[2] for d, v in ids.DISTRICTS.items()}


def files(world: World) -> Iterator[File]:
    """Calls and fires by month."""
    yield from _calls(world)
    yield from _fires(world)


def _calls(world: World) -> Iterator[File]:
    header = ("接警单编号", "报警时间", "派警时间", "到达现场时间", "处警反馈时间", "警情类别", "警情小类", "管辖单位", "事发区县",
              "经度", "纬度", "报警电话", "简要情况")  # fmt: skip
    for month in world.months:
        rng = world.rng("ga__police_call", month)
        rows = [_call(world, rng, month, i) for i in range(240)]
        plant = Planting(rng, len(rows))
        i = plant.put("formula", "formula_injection", "brief")
        rows[i][12] = '=HYPERLINK("http://example.invalid","点击")'
        i = plant.put("arrived_before_call", "check_failed", "arrived_at")
        rows[i][3] = "2016-01-01 00:00:00"
        rows[plant.put("unknown_district", "unknown_code", "district")][8] = "330190"
        i = plant.put("place_exchanged", "swapped_fields")
        rows[i][9], rows[i][10] = rows[i][10], rows[i][9]
        i = plant.put("date_by_slashes", "accepted", "feedback_at", [k for k in range(len(rows)) if rows[k][4]])
        rows[i][4] = rows[i][4].replace("-", "/")
        rows[plant.put("full_width_comma", "accepted", "brief")][12] = "报警人称被盗，损失约3,000元"
        rows[plant.put("one_cell_too_many", "column_count")].append("备注")
        rows[plant.put("trailing_blanks", "accepted")] += ["", ""]
        name, day = f"110警情_{month:%Y%m}.csv", world.after(month, 2)
        if month == world.months[2]:
            turned = [[*r[:9], r[10], r[9], *r[11:13]] for r in rows]
            wrong = csv(header, turned, guarded=[0])
            yield File("ga__police_call", name, world.after(month, 1), wrong, 0, refused="columns_swapped", note="经纬度列对调")
        # In one month the clerk saved the file from another program.
        encoding = "utf-8-sig" if month == world.months[1] else "gb18030"
        yield File("ga__police_call", name, day, csv(header, rows, encoding, guarded=[0]), len(rows), faults=plant.faults)


def _call(world: World, rng: Random, month: date, i: int) -> list[str]:
    kind, _, subs = rng.choices(CALLS, [c[1] for c in CALLS])[0]
    district = rng.choices(list(DENSE), list(DENSE.values()))[0]
    day = month + timedelta(days=i * month_end(month).day // 240)
    hour = rng.choices(range(24), [4, 3, 2, 1, 1, 1, 2, 4, 6, 6, 6, 6, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7, 6, 5])[0]
    at = datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60))
    sent = at + timedelta(seconds=rng.randrange(20, 240))
    there = sent + timedelta(seconds=round(rng.lognormvariate(6.1, 0.5)))
    done = there + timedelta(minutes=rng.randrange(5, 180))
    lon, lat = world.place(district, rng)
    sub = rng.choice(subs)
    return [
        f"33{district[2:]}{at:%Y%m%d}{i + 1:06d}", f"{at:%Y-%m-%d %H:%M:%S}", f"{sent:%Y-%m-%d %H:%M:%S}", f"{there:%Y-%m-%d %H:%M:%S}",
        f"{done:%Y-%m-%d %H:%M:%S}" if rng.random() < 0.97 else "", kind, sub, f"{world.street(district, rng)[:-2]}派出所", district,
        f"{lon:.6f}", f"{lat:.6f}", f"13{rng.randrange(10)}{rng.randrange(10**8):08d}", f"报警人称发生{sub}",
    ]  # fmt: skip


def _fires(world: World) -> Iterator[File]:
    header = (
        "序号",
        "火灾编号",
        "起火时间",
        "接警时间",
        "到场时间",
        "起火场所",
        "起火原因",
        "伤亡情况/死亡",
        "伤亡情况/受伤",
        "过火面积",
        "直接损失",
    )
    for month in world.months:
        sheets, faults, total = [], list[Fault](), 0
        for k, district in enumerate(world.districts):
            rng = world.rng("xf__fire_report", month, district)
            name = ids.DISTRICTS[district][0]
            count = 3 + round(DENSE[district] / 22)
            rows: list[list[Cell]] = [_fire(rng, month, district, j) for j in range(count)]
            plant = Planting(rng, count, name)
            if k == 4:
                rows[plant.put("number_cell_of_18_digits", "bad_id_float", "event_no")][1] = float(f"{district}{month:%Y%m}150001")
            elif k == 6:
                if month == world.months[0]:
                    rows[plant.put("loss_estimated", "bad_number", "loss")][10] = "约5万"
                i = plant.put("text_for_date", "accepted", "occurred_at")
                rows[i][2] = f"{rows[i][2]:%Y-%m-%d %H:%M}"
            elif k == 7:
                if month == world.months[1]:
                    rows[plant.put("arrived_before_fire", "check_failed", "arrived_at")][4] = datetime(2016, 9, 1, 8, 0)
                rows[plant.put("unit_written_out", "accepted", "loss")][10] = "0.85万元"
            elif k == 2 and month == world.months[2]:
                rows[plant.put("minus_one_injured", "out_of_range", "injured")][8] = -1
            sums = [added(rows, c) for c in (7, 8, 9, 10)]
            day = world.after(month, 3)
            titles: list[list[Cell]] = [
                [f"{name}{month:%Y年%-m月}火灾情况统计表"],
                ["单位：万元、平方米", f"填报日期：{day:%Y年%-m月%-d日}"],
            ]
            last: list[Cell] = ["合计", None, None, None, None, None, None, *sums]
            sheets.append(Sheet(name, header, rows, titles, {count: last}, "填表人：          审核人："))
            faults += plant.faults
            total += count
        content = xls(sheets, "yyyy-mm-dd hh:mm")
        yield File("xf__fire_report", f"火灾统计_{month:%Y%m}.xls", world.after(month, 3), content, total, faults=faults)


def _fire(rng: Random, month: date, district: str, j: int) -> list[Cell]:
    at = datetime(month.year, month.month, 1 + rng.randrange(month_end(month).day), rng.randrange(24), rng.randrange(60))
    told = at + timedelta(minutes=rng.randrange(1, 15))
    there = told + timedelta(minutes=rng.randrange(4, 16))
    area = round(rng.lognormvariate(1.8, 1.2), 1)
    dead = rng.choices((0, 1), (985, 15))[0]
    return [
        j + 1, f"{district}{at:%Y%m%d}{j + 1:04d}", at, told, there, rng.choice(SITES),
        rng.choices([c for c, _ in CAUSES], [w for _, w in CAUSES])[0], dead,
        rng.choices((0, 1, 2), (95, 4, 1))[0], area, round(area * rng.uniform(0.02, 0.12), 4),
    ]  # fmt: skip
