"""(1) 辅助决策与应急: reports of incidents from an interface, stores of relief supplies, sites of geological hazard on the map."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import pages
from xihu.sample.forms.places import gcj02, geojson
from xihu.sample.forms.sheets import Cell, Sheet, added, xlsx
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting

TITLE = "辅助决策与应急"
EVENTS = (
    ("事故灾难", 55, ("道路交通事故", "厂房火灾", "危化品泄漏", "燃气泄漏", "建筑施工坍塌")),
    ("自然灾害", 20, ("山体滑坡", "内涝", "大风倒树", "低温雨雪冰冻")),
    ("公共卫生事件", 12, ("聚集性发热", "食物中毒", "水源异味")),
    ("社会安全事件", 13, ("群体聚集", "网络谣言", "劳资纠纷")),
)
LEVELS = (("Ⅳ级", 82), ("Ⅲ级", 14), ("Ⅱ级", 3), ("Ⅰ级", 1))
# (code of the relief supplies' catalogue, name, unit, price in 元, months it keeps)
MATERIALS = (
    ("JZ010101", "12㎡单帐篷", "顶", 1_580, 96), ("JZ010102", "12㎡棉帐篷", "顶", 2_260, 96), ("JZ010201", "棉大衣", "件", 128, 60),
    ("JZ010202", "棉被", "床", 98, 60), ("JZ010203", "毛毯", "条", 76, 60), ("JZ010301", "折叠床", "张", 168, 72),
    ("JZ020101", "救生衣", "件", 85, 48), ("JZ020102", "橡皮艇", "艘", 9_800, 72), ("JZ020201", "应急照明灯", "台", 1_250, 60),
    ("JZ020301", "发电机", "台", 4_600, 96), ("JZ030101", "瓶装饮用水", "箱", 28, 12), ("JZ030102", "压缩饼干", "箱", 145, 24),
)  # fmt: skip
HILLS = ("330111", "330122", "330127", "330182", "330185")


def files(world: World) -> Iterator[File]:
    """Incidents and supplies by month, hazard sites as they change."""
    yield from _incidents(world)
    yield from _stock(world)
    yield from _hazards(world)


def _ms(at: datetime) -> int:
    """Milliseconds of the epoch of an instant in the city's time."""
    return int((at - timedelta(hours=8)).replace(tzinfo=UTC).timestamp()) * 1000


def _incidents(world: World) -> Iterator[File]:
    overlap, size = 1, 50
    for month in world.months:
        rng = world.rng("yjb__incident_report", month)
        rows = [_incident(world, rng, month, i) for i in range(140)]
        inner = set(range(3, size - 3))
        plant = Planting(rng, len(rows))
        rows[plant.put("reported_before_it_happened", "check_failed", "reported_at", inner)]["bjsj"] = _ms(datetime(2015, 12, 31, 8, 0))
        rows[plant.put("no_such_district", "unknown_code", "district", inner)]["xzqh"] = "330199"
        rows[plant.put("negative_loss", "out_of_range", "loss", inner)]["zjss"] = -12.5
        rows[plant.put("deaths_in_words", "bad_number", "deaths", inner)]["swrs"] = "待核"
        rows[plant.put("null_as_text", "accepted", "arrived_at", inner)]["dcsj"] = "null"
        # Records of the second and third page that the page before has already brought.
        again = []
        for n in range(1, (len(rows) - 1) // size + 1):
            again += [n * size + (n - 1) * overlap + k for k in range(overlap)]
        faults = plant.faults
        for at in again:
            plant.at(at, "repeated_by_next_page", "duplicate", "event_no")
        name, day = f"突发事件_{month:%Y%m}.json", world.after(month, 3)
        if month == world.months[1]:
            broken = json.dumps({"code": "99", "message": "查询超时", "data": None}, ensure_ascii=False).encode() + b"\n"
            yield File("yjb__incident_report", name, world.after(month, 2), broken, 0, refused="error_envelope")
        content = pages(rows, size, overlap)
        yield File("yjb__incident_report", name, day, content, len(rows) + len(again), faults=faults)


def _incident(world: World, rng: Random, month: date, i: int) -> dict[str, Any]:
    kind, _, names = rng.choices(EVENTS, [e[1] for e in EVENTS])[0]
    level = rng.choices([n for n, _ in LEVELS], [w for _, w in LEVELS])[0]
    rank = "Ⅳ级Ⅲ级Ⅱ级Ⅰ级".index(level) // 2
    district = rng.choices(world.districts, [ids.DISTRICTS[d][1] + ids.DISTRICTS[d][2] for d in world.districts])[0]
    days = month_end(month).day
    at = datetime(month.year, month.month, 1 + i * days // 140, rng.randrange(24), rng.randrange(60))
    told = at + timedelta(minutes=round(rng.lognormvariate(2.6, 0.7)) + 1)
    sent = told + timedelta(minutes=rng.randrange(1, 12))
    there = sent + timedelta(minutes=rng.randrange(6, 45))
    done = there + timedelta(minutes=round(rng.lognormvariate(5, 0.8)) + 10)
    lon, lat = gcj02(*world.place(district, rng))
    deaths = rng.choices((0, 1, 2), (90, 8, 2))[0] if kind == "事故灾难" and rank < 2 else 3 * rank if kind == "事故灾难" else 0
    return {
        "sjbh": f"TF{at:%Y%m%d}{i + 1:04d}", "sjlb": kind, "sjmc": rng.choice(names), "sjdj": level, "fssj": _ms(at), "bjsj": _ms(told),
        "pcsj": _ms(sent), "dcsj": _ms(there) if rank or rng.random() < 0.95 else None, "czwcsj": _ms(done), "xzqh": district,
        "jd": round(lon, 6), "wd": round(lat, 6), "swrs": deaths, "ssrs": deaths + (rng.randrange(4) if kind == "事故灾难" else 0),
        "zjss": round(rng.lognormvariate(1.2, 1.1) * (1 + 8 * rank), 2) if kind in ("事故灾难", "自然灾害") else 0,
    }  # fmt: skip


def _stock(world: World) -> Iterator[File]:
    for month in world.months:
        rng, day = world.rng("mz__relief_stock", month), world.after(month, 4)
        sheets, faults, total = [], [], 0
        for district in world.districts:
            name = ids.DISTRICTS[district][0]
            rows = [_material(world, month, district, j) for j in range(len(MATERIALS))]
            plant = Planting(rng, len(rows), name)
            hidden: frozenset[int] = frozenset()
            if district == "330109":
                rows[plant.put("usable_above_quantity", "check_failed", "usable")][6] = 999_999
                i = plant.put("number_as_text", "accepted", "quantity")
                rows[i][5] = f"{rows[i][5]:,}"
            elif district == "330110":
                rows[plant.put("thirtieth_of_february", "bad_date", "valid_until")][9] = "2018年2月30日"
                hidden = frozenset([plant.put("hidden_row", "accepted")])
            elif district == "330127":
                rows[plant.put("placeholder_for_code", "missing_key", "material_no")][1] = "待补"
                rows[plant.put("approximate_quantity", "bad_number", "quantity")][5] = "约200"
            elif district == "330102":
                i = plant.put("date_by_dots", "accepted", "valid_until")
                rows[i][9] = f"{rows[i][9]:%Y.%m.%d}"
            faults += plant.faults
            total += len(rows)
            sums = [added(rows, k) for k in (5, 6, 7, 8)]
            first = [added(rows[:6], k) for k in (5, 6, 7, 8)]
            header = ("序号", "物资编码", "物资名称", "计量单位", "储备库", "储备情况/库存数量", "储备情况/有效数量", "储备情况/核定数量",
                      "储备情况/金额", "最近效期", "统计月份")  # fmt: skip
            sheets.append(
                Sheet(
                    name,
                    header,
                    rows,
                    [[f"杭州市{name}救灾物资储备情况表"], ["单位：万元", f"填报日期：{day:%Y年%-m月%-d日}"]],
                    {6: ["小计", None, None, None, None, *first], len(rows): ["合计", None, None, None, None, *sums]},
                    "填表人：        审核人：",
                    hidden,
                )
            )
        name = f"救灾物资储备_{month:%Y%m}.xlsx"
        if month == world.months[0]:
            page = "<html><head><title>登录</title></head><body><form action='/login'>会话已过期，请重新登录</form></body></html>"
            yield File("mz__relief_stock", name, world.after(month, 3), page.encode(), 0, refused="wrong_format")
        yield File("mz__relief_stock", name, day, xlsx(sheets), total, faults=faults)


def _material(world: World, month: date, district: str, j: int) -> list[Cell]:
    code, name, unit, price, keeps = MATERIALS[j]
    still = world.rng("mz__relief_stock", district, code)  # what does not change from month to month
    need = still.choice((50, 100, 200, 400)) if price < 1000 else still.choice((4, 10, 20))
    quantity = max(1, round(need * still.uniform(0.75, 1.3)) - still.randrange(3) * world.months.index(month))
    old = still.random() < 0.25
    usable = quantity - (quantity // 5 if old else 0)
    until = datetime(month.year, month.month, 28) + timedelta(days=30 * (2 if old else 2 + still.randrange(keeps)))
    return [
        j + 1, code, name, unit, f"{ids.DISTRICTS[district][0]}救灾物资储备库", quantity, usable, need, round(quantity * price / 10_000, 4),
        until, f"{month:%Y-%m}",
    ]  # fmt: skip


def _hazards(world: World) -> Iterator[File]:
    still = world.rng("gt__geohazard")
    sites = [_site(world, still, i) for i in range(120)]
    for month in world.months:
        rng = world.rng("gt__geohazard", month)
        if month == world.months[0]:
            sent = [dict(s) for s in sites]
        else:
            sent = []
            for s in rng.sample(sites, 30):
                # A site is struck off when works are done; others are measured anew.
                if not s["销号日期"] and rng.random() < 0.6:
                    s["销号日期"] = f"{month.replace(day=rng.randrange(1, 29)):%Y-%m-%d}"
                else:
                    s["威胁人数"] = max(0, s["威胁人数"] + rng.randrange(-3, 4))
                sent.append(dict(s))
        shapes = [list(s.pop("place")) for s in sent]
        plant = Planting(rng, len(sent))
        i = plant.put("latitude_first", "swapped_fields", "geometry")
        shapes[i].reverse()
        if month == world.months[0]:
            sent[plant.put("off_the_map", "out_of_range", "geometry")]["灾害类型"] = "滑坡"
            shapes[plant.faults[-1].row - 1] = [0.0, 0.0]
            sent[plant.put("closed_before_found", "check_failed", "struck_off_on")]["销号日期"] = "1998-01-01"
            sent[plant.put("unit_written_out", "accepted", "loss")]["威胁财产"] = "1,200万元"
        features = [("Point", p, s) for p, s in zip(shapes, sent, strict=True)]
        name = f"地质灾害隐患点_{month:%Y%m}.geojson"
        yield File("gt__geohazard", name, world.after(month, 6), geojson(features), len(sent), faults=plant.faults)


def _site(world: World, rng: Random, i: int) -> dict[str, Any]:
    district = rng.choice(HILLS)
    lon, lat = gcj02(*world.place(district, rng))
    found = date(2003 + rng.randrange(13), 1 + rng.randrange(9), 1 + rng.randrange(28))
    people = round(rng.lognormvariate(2.7, 0.9))
    return {
        "place": [round(lon, 6), round(lat, 6)], "隐患点编号": f"{district}01{i + 1:04d}",
        "灾害类型": rng.choices(("滑坡", "崩塌", "泥石流", "地面塌陷"), (60, 22, 15, 3))[0],
        "险情等级": "小型" if people < 100 else "中型", "区县": district, "所在街道": world.street(district, rng),
        "发现日期": f"{found:%Y-%m-%d}",
        "治理期限": f"{date(2016, 6, 1) + timedelta(days=rng.randrange(600)):%Y-%m-%d}", "销号日期": "", "威胁人数": people,
        "威胁财产": str(round(people * rng.uniform(2, 9))),
    }  # fmt: skip
