"""(11) 旅游: scenic areas, hotels, complaints: what the tourism committee keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.places import gcj02, points
from xihu.sample.forms.sheets import Cell, Sheet, xlsx
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import heading

TITLE = "旅游"


class Scenic(NamedTuple):
    """A rated scenic area; `capacity`: persons at one time (C1 of LB/T 034-2014)."""

    no: str
    name: str
    grade: str
    district: str
    capacity: int


_AREAS = (
    ("西湖风景名胜区", "AAAAA", "330106", 199_000), ("西溪国家湿地公园", "AAAAA", "330106", 26_000),
    ("千岛湖风景名胜区", "AAAAA", "330127", 60_000), ("杭州宋城旅游区", "AAAA", "330106", 22_000),
    ("清河坊历史文化街区", "AAAA", "330102", 30_000), ("京杭大运河杭州景区", "AAAA", "330105", 18_000),
    ("皋亭山景区", "AAAA", "330104", 9_000), ("湘湖旅游度假区", "AAAA", "330109", 42_000),
    ("杭州乐园", "AAAA", "330109", 25_000), ("东方文化园", "AAAA", "330109", 12_000),
    ("双溪竹海漂流景区", "AAAA", "330110", 8_000), ("山沟沟景区", "AAAA", "330110", 6_000),
    ("富春桃源景区", "AAAA", "330111", 7_000), ("龙门古镇", "AAAA", "330111", 11_000),
    ("杭州野生动物世界", "AAAA", "330111", 28_000), ("瑶琳仙境", "AAAA", "330122", 6_500),
    ("垂云通天河", "AAAA", "330122", 4_000), ("大慈岩景区", "AAAA", "330182", 5_000),
    ("灵栖洞天", "AAA", "330182", 4_500), ("七里扬帆景区", "AAA", "330182", 5_200),
    ("天目山景区", "AAAA", "330185", 12_000), ("大明山景区", "AAAA", "330185", 10_000),
    ("浙西大峡谷", "AAAA", "330185", 9_000), ("太湖源景区", "AAA", "330185", 5_600),
    ("白马湖生态旅游区", "AAA", "330108", 8_000), ("东新湖公园", "AA", "330103", 3_000),
)  # fmt: skip
AREAS = tuple(Scenic(f"JQ{d}{n:03d}", name, grade, d, c) for n, (name, grade, d, c) in enumerate(_AREAS, 1))


def files(world: World) -> Iterator[File]:
    """Shapes, reports and complaints once a month."""
    yield from _areas(world)
    yield from _hotels(world)
    yield from _complaints(world)


# ---- 景区名录: a point shapefile; half of the points were picked on a map of the web
AREA_FIELDS = (("景区编码", "C", 12, 0), ("景区名称", "C", 60, 0), ("质量等级", "C", 5, 0), ("瞬时承载", "N", 8, 0),
               ("日承载量", "N", 8, 0), ("坐标系", "C", 10, 0), ("统计月份", "C", 6, 0), ("区县代码", "C", 6, 0))  # fmt: skip


def _areas(world: World) -> Iterator[File]:
    places = {a.no: world.place(a.district, world.rng("ly__scenic_area", a.no)) for a in AREAS}
    for k, month in enumerate(world.months):
        shapes: list[tuple[tuple[float, float], Sequence[Any]]] = []
        for n, a in enumerate(AREAS):
            picked = n % 2 == 0
            at = tuple(round(v, 6) for v in gcj02(*places[a.no])) if picked else places[a.no]
            row = (a.no, a.name, a.grade, a.capacity, a.capacity * 3, "GCJ-02" if picked else "CGCS2000", f"{month:%Y%m}", a.district)
            shapes.append(((at[0], at[1]), row))
        plant = Planting(world.rng("ly__scenic_area", month), len(shapes))
        if k == 0:
            i = plant.put("no_point", "out_of_range", "geometry")
            shapes[i] = ((0.0, 0.0), shapes[i][1])
        elif k == 1:
            i = plant.put("latitude_first", "swapped_fields", "geometry")
            (lon, lat), row_ = shapes[i]
            shapes[i] = ((lat, lon), row_)
        else:
            i = plant.put("unknown_system", "unknown_code", "geometry")
            row_ = shapes[i][1]
            shapes[i] = (shapes[i][0], (*row_[:5], "墨卡托", *row_[6:]))
        name, day = f"景区名录_{month:%Y%m}", world.after(month, 12)
        parts = points(AREA_FIELDS, shapes)
        if k == 1:  # the table stayed behind
            beside = {name + e: parts[e] for e in (".shx", ".prj")}
            note = "缺属性表.dbf"
            yield File(
                "ly__scenic_area", name + ".shp", day, parts[".shp"], 0, "140000", beside=beside, refused="companion_missing", note=note
            )
            day += timedelta(days=1)
        beside = {name + e: parts[e] for e in (".shx", ".dbf", ".prj")}
        yield File("ly__scenic_area", name + ".shp", day, parts[".shp"], len(shapes), "140000", plant.faults, beside)


# ---- 酒店入住汇总
HOTELS = ("序号", "酒店编码", "酒店名称", "星级", "客房间夜/可供出租", "客房间夜/实际出租", "接待人数/合计", "接待人数/本市",
          "接待人数/省内", "接待人数/省外", "接待人数/境外", "接待人天", "客房收入（万元）", "统计月份")  # fmt: skip
BRANDS = ("西子宾馆", "友好饭店", "开元名都", "国际大酒店", "望湖宾馆", "如家快捷", "山水度假村")


def _hotels(world: World) -> Iterator[File]:
    for k, month in enumerate(world.months):
        day, sheets, faults = world.after(month, 9), [], list[Fault]()
        for district in world.districts:
            rng, name = world.rng("ly__hotel_stay", month, district), ids.DISTRICTS[district][0]
            rows = [_hotel(rng, district, n, month) for n in range(len(BRANDS))]
            hidden = frozenset({3}) if district == "330106" else frozenset()
            p = Planting(rng, len(rows), name, hidden)
            for i in hidden:
                p.at(i, "hidden_row", "accepted")
            if district == "330109":
                i = p.put("yuan_for_ten_thousands", "out_of_range", "room_revenue")
                rows[i][12] = round(float(str(rows[i][12])) * 10_000, 2)
            elif district == "330110":
                i = p.put("parts_do_not_add_up", "check_failed", "guests")
                rows[i][6] = int(str(rows[i][6])) + 300
            elif district == "330127" and k != 1:
                i = p.put("more_sold_than_there_are", "check_failed", "sold")
                rows[i][5] = int(str(rows[i][4])) * 2
            faults += p.faults
            half = 3
            totals: dict[int, Sequence[Cell]] = {
                half: ["小计", None, "星级饭店", None, *[sum(int(str(r[j])) for r in rows[:half]) for j in (4, 5, 6)]],
                len(rows): ["合计", None, None, None, *[sum(int(str(r[j])) for r in rows) for j in (4, 5, 6)]],
            }
            above = heading(f"{name}旅游住宿单位接待情况月报", "单位：间夜、人、万元", day, len(HOTELS))
            sheets.append(Sheet(name, HOTELS, rows, above, totals, "审核人：      填表人：", hidden))
        content = xlsx(sheets)
        yield File("ly__hotel_stay", f"酒店入住汇总_{month:%Y%m}.xlsx", day, content, sum(len(s.rows) for s in sheets), "160000", faults)


def _hotel(rng: Random, district: str, n: int, month: date) -> list[Cell]:
    rooms = (180, 240, 320, 260, 150, 90, 60)[n] + int(district) % 7 * 5
    open_ = rooms * month_end(month).day
    season = {10: 0.74, 11: 0.62, 12: 0.5}.get(month.month, 0.6)
    sold = int(open_ * min(max(rng.gauss(season, 0.07), 0.2), 0.97))
    days = int(sold * rng.uniform(1.45, 1.75))
    guests = int(days / rng.uniform(1.3, 1.9))
    away, near = int(guests * rng.uniform(0.46, 0.58)), int(guests * rng.uniform(0.2, 0.28))
    abroad = int(guests * (rng.uniform(0.03, 0.09) if n < 4 else 0.005))
    price = (520, 460, 610, 480, 420, 210, 380)[n] * rng.uniform(0.9, 1.12)
    stars = ("四星级", "三星级", "五星级", "四星级", "三星级", "经济型", "度假村")[n]
    return [
        n + 1, f"JD{district}{n + 1:03d}", f"{ids.DISTRICTS[district][0]}{BRANDS[n]}", stars, open_, sold, guests,
        guests - away - near - abroad, near, away, abroad, days, f"{sold * price / 10_000:,.2f}", f"{month.year}年{month.month}月",
    ]  # fmt: skip


# ---- 旅游投诉
COMPLAINTS = (
    "投诉编号",
    "受理时间",
    "投诉渠道",
    "投诉对象",
    "投诉内容",
    "投诉地区",
    "承办单位",
    "派单时间",
    "签收时间",
    "办结时间",
    "满意度",
)
MATTERS = ("导游强迫购物", "住宿与预订不符", "门票优惠政策未落实", "游船等候时间过长", "团费退还争议", "餐饮价格虚高", "停车收费不规范")


def _complaints(world: World) -> Iterator[File]:
    serial = 0
    for k, month in enumerate(world.months):
        rng = world.rng("ly__complaint", month)
        rows = []
        for _ in range((95, 55, 50)[min(k, 2)]):
            serial += 1
            rows.append(_complaint(rng, month, serial))
        plant = Planting(rng, len(rows))
        i = plant.put("line_end_in_quotes", "accepted", "content")
        rows[i][4] = "导游强迫购物，\n并称“不买不许下车”"
        i = plant.put("trailing_blanks", "accepted")
        rows[i] = [*rows[i], "", ""]
        if k == 0:
            i = plant.put("cell_too_many", "column_count")
            rows[i] = [*rows[i], "已回访"]
        elif k == 1:
            i = plant.put("closed_before_it_came", "check_failed", "closed_at")
            rows[i][9] = f"{month - timedelta(days=29):%Y/%m/%d} 09:00"
        else:
            i = plant.put("pseudo_district", "unknown_code", "district")
            rows[i][5] = "339900"
        i = plant.put("functional_area", "unknown_code", "district")  # no division of GB/T 2260
        rows[i][5] = "330199"
        name, day = f"旅游投诉_{month:%Y%m}.csv", world.after(month, 3)
        content = csv(COMPLAINTS, rows)
        if k == 2:
            yield File("ly__complaint", name, day, b"", 0, "090000", refused="empty_file", note="空文件")
            day += timedelta(days=1)
        yield File("ly__complaint", name, day, content, len(rows), "090000", plant.faults)


def _complaint(rng: Random, month: date, n: int) -> list[str]:
    golden = month.month == 10 and rng.random() < 0.5
    at = datetime(
        month.year, month.month, 1 + rng.randrange(7 if golden else month_end(month).day), rng.randrange(8, 21), rng.randrange(60)
    )
    sent = at + timedelta(minutes=rng.randrange(5, 90))
    signed = sent + timedelta(minutes=rng.randrange(10, 600))
    done = signed + timedelta(hours=rng.randrange(5, 200))
    area = rng.choice(AREAS)
    closed = done.date() <= month_end(month) + timedelta(days=2)
    return [
        f"LYTS{month:%Y%m}{n:05d}", f"{at:%Y/%m/%d %H:%M}", rng.choice(("12301", "12345", "现场", "来信")), area.name, rng.choice(MATTERS),
        area.district, "旅游质监所", f"{sent:%Y/%m/%d %H:%M}", f"{signed:%Y/%m/%d %H:%M}", f"{done:%Y/%m/%d %H:%M}" if closed else "",
        rng.choices(("满意", "基本满意", "不满意"), (60, 28, 12))[0] if closed else "",
    ]  # fmt: skip


__all__ = ["AREAS", "TITLE", "files"]
