"""(7) 文化教育: teachers, grants to pupils, school zones, library loans, tickets of museums and halls."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.places import geojson
from xihu.sample.forms.sheets import Cell, Sheet, xls, xlsx
from xihu.sample.forms.texts import control, dump
from xihu.sample.people import Person
from xihu.sample.themes.extract import CENTRES, Fault, File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import heading, wrong_check

TITLE = "文化教育"


def files(world: World) -> Iterator[File]:
    """Rosters, grants, shapes, a dump and an interface."""
    yield from _teachers(world)
    yield from _grants(world)
    yield from _zones(world)
    yield from _loans(world)
    yield from _tickets(world)


def school_no(stage: str, district: str, n: int) -> str:
    """学校标识码: ten digits, the level first, the division within."""
    return f"{ {'primary': 2, 'junior': 3, 'senior': 3, 'vocational': 3}.get(stage, 4) }{1 if stage == 'primary' else 2}{district}{n:02d}"


# ---- 教师名册
TEACHERS = ("序号", "教师/姓名", "教师/身份证号", "教师/性别", "任教/学校标识码", "任教/学校名称", "任教/学段", "任教/学科", "职称",
            "是否在编", "入职日期", "统计月份")  # fmt: skip
TITLES = ("三级教师", "二级教师", "一级教师", "高级教师", "正高级教师")


def _teachers(world: World) -> Iterator[File]:
    people = [p for p in world.adults(world.w.first, 24, 58) if p.education in ("21", "14", "31") and p.absence is None]
    chosen = {d: [p for p in people if p.district == d and p.key % 5 < 2][:14] for d in world.districts}
    for k, month in enumerate(world.months):
        day, sheets, faults = world.after(month, 7), [], list[Fault]()
        for district, those in chosen.items():
            rng, name = world.rng("jy__teacher", month, district), ids.DISTRICTS[district][0]
            rows = [_teacher(p, month, i) for i, p in enumerate((p for p in those if p.alive(month_end(month))), 1)]
            hidden = frozenset({2}) if len(rows) > 5 and district in ("330106", "330102") else frozenset()
            p = Planting(rng, len(rows), name, hidden)
            for i in hidden:
                p.at(i, "hidden_row", "accepted")
            if len(rows) > 4:
                if district == "330104":
                    digits = [i for i, r in enumerate(rows) if str(r[2]).isdigit()]
                    if digits:
                        i = p.put("id_number_cell", "bad_id_float", "id_no", digits)
                        rows[i][2] = float(str(rows[i][2]))
                elif district == "330109" and k != 1:
                    i = p.put("hired_as_a_child", "check_failed", "hired_on")
                    rows[i][10] = datetime(int(str(rows[i][2])[6:10]) + 9, 9, 1)
                elif district == "330110" and k == 1:
                    i = p.put("unknown_stage", "unknown_code", "stage")
                    rows[i][6] = "托班"
                elif district == "330110":
                    i = p.put("school_number_cell", "accepted", "institution_no")  # ten digits survive in a number
                    rows[i][4] = int(str(rows[i][4]))
            faults += p.faults
            total: dict[int, Sequence[Cell]] = {len(rows): ["合计", f"{len(rows)}人"]}
            above = heading(f"{name}中小学专任教师名册", "单位：人", day, len(TEACHERS))
            sheets.append(Sheet(name, TEACHERS, rows, above, total, "填表人：      审核人：", hidden))
        yield File("jy__teacher", f"教师名册_{month:%Y%m}.xls", day, xls(sheets), sum(len(s.rows) for s in sheets), "152000", faults)


def _teacher(p: Person, month: date, seq: int) -> list[Cell]:
    stage = ("primary", "primary", "junior", "senior")[p.key % 4]
    title = {"primary": "小学", "junior": "中学", "senior": "高级中学"}[stage]
    n = (p.key >> 6) % 9
    years = max(p.age(month) - 23 - p.key % 3, 0)
    hired = date(month.year - years - (1 if month.month < 9 else 0), 9, 1)
    return [
        seq, p.name, p.id18, "男" if p.sex == 1 else "女", school_no(stage, p.district, n + 1),
        f"{ids.DISTRICTS[p.district][0]}第{'一二三四五六七八九'[n]}{title}", {"primary": "小学", "junior": "初中", "senior": "高中"}[stage],
        ("语文", "数学", "英语", "科学", "体育", "音乐", "美术")[(p.key >> 3) % 7], TITLES[min(years // 7, 3 if p.key % 29 else 4)],
        "是" if p.key % 8 else "否", datetime(hired.year, 9, 1), f"{month:%Y-%m}",
    ]  # fmt: skip


# ---- 学生资助发放名单: one sheet a school, serial days of the 1904 system in November
GRANTS = ("序号", "学籍号", "学生/姓名", "学生/身份证号", "学段", "资助项目", "困难类型", "金额（元）", "发放月份", "发放日期", "学校区县")
AMOUNTS = {
    "primary": ("营养改善", 100), "junior": ("营养改善", 125), "senior": ("国家助学金", 250), "vocational": ("免学费", 320),
    "university": ("国家助学金", 330),
}  # fmt: skip
STAGES = {"primary": "小学", "junior": "初中", "senior": "高中", "vocational": "中职", "university": "高校"}


def _grants(world: World) -> Iterator[File]:
    pupils = [p for p in world.persons if p.school and p.school[-1].status == "enrolled" and p.school[-1].left is None and p.income < 0.4]
    schools: dict[str, list[Person]] = defaultdict(list)
    for p in pupils:
        schools[p.school[-1].name].append(p)
    names = sorted(sorted(schools), key=lambda n: -len(schools[n]))[:22]
    for k, month in enumerate(world.months):
        day, sheets, faults = world.after(month, 11), [], list[Fault]()
        for at, name in enumerate(names):
            rng = world.rng("jy__school_aid", month, name)
            rows = [_grant(p, month, i) for i, p in enumerate(schools[name], 1)]
            p_ = Planting(rng, len(rows), name)
            if at == 0:
                i = p_.put("check_digit", "bad_id_check", "id_no")
                rows[i][3] = wrong_check(str(rows[i][3]))
            elif at == 1 and k == 0:
                i = p_.put("amount_in_words", "bad_number", "amount")
                rows[i][7] = "叁佰元整"
            elif at == 1 and k == 1:
                i = p_.put("paid_twelve_months_at_once", "out_of_range", "amount")
                rows[i][7] = 39600
            elif at == 2:
                i = p_.put("thousands_and_unit", "repaired", "amount")
                rows[i][7] = f"{int(str(rows[i][7])):,}.00元"
            faults += p_.faults
            total: dict[int, Sequence[Cell]] = {len(rows): ["合计", *[None] * 6, sum(_int(r[7]) for r in rows)]}
            above = heading(f"{name}{month.year}年{month.month}月学生资助发放名单", "单位：元", day, len(GRANTS))
            sheets.append(Sheet(name, GRANTS, rows, above, total, "经办人：      校长："))
        content = xlsx(sheets, "yyyy/m/d", date_1904=k == 1)
        records = sum(len(s.rows) for s in sheets)
        if k == 2:  # the page of the log-in, saved by a browser under the name of the workbook
            page = "<html><head><title>登录</title></head><body>学生资助管理系统</body></html>".encode("gb18030")
            yield File(
                "jy__school_aid", f"学生资助名单_{month:%Y%m}.xlsx", day, page, 0, "093000", refused="wrong_format", note="另存为网页"
            )
            day += timedelta(days=1)
        yield File("jy__school_aid", f"学生资助名单_{month:%Y%m}.xlsx", day, content, records, "093000", faults)


def _int(value: Cell) -> int:
    return value if isinstance(value, int) else 0


def _grant(p: Person, month: date, seq: int) -> list[Cell]:
    s = p.school[-1]
    project, amount = AMOUNTS[s.stage]
    need = "残疾" if p.disability else "低保家庭" if p.income < -1.2 else "低保边缘家庭" if p.income < -0.6 else "其他困难"
    paid = month + timedelta(days=14 + p.key % 8)
    return [
        seq, s.number, p.name, p.id18, STAGES[s.stage], project, need, amount, f"{month.year}年{month.month}月",
        datetime(paid.year, paid.month, paid.day), ids.DISTRICTS[p.district][0],
    ]  # fmt: skip


# ---- 学区划分: GeoJSON in degrees of CGCS2000, a file a district at the start of the school year
def _zones(world: World) -> Iterator[File]:
    for n, district in enumerate(world.districts):
        features, faults = _district_zones(world, district, n)
        year = world.w.first.year - (world.w.first.month < 9)
        name = f"学区划分_{year}_{district}.geojson"
        content = geojson(features, "urn:ogc:def:crs:EPSG::4490")
        first = world.w.first.replace(day=10)
        if district == "330108":  # exported for a web map, of which nobody here reads a word
            other = json.dumps({"type": "Topology", "objects": {}, "arcs": []}).encode()
            yield File("jy__school_zone", name, first, other, 0, "101500", refused="wrong_format", note="导出成了TopoJSON")
            first += timedelta(days=2)
        yield File("jy__school_zone", name, first, content, len(features), "101500", faults)
        if district == "330106":  # seats were added later
            for f in features:
                f[2]["学位数"] += 45
            fixed = geojson([f for i, f in enumerate(features, 1) if i not in {x.row for x in faults}], "urn:ogc:def:crs:EPSG::4490")
            yield File("jy__school_zone", name, world.after(world.months[-1], 12), fixed, len(features) - len(faults), "101500")


def _district_zones(world: World, district: str, n: int) -> tuple[list[tuple[str, Any, dict[str, Any]]], list[Fault]]:
    rng = world.rng("jy__school_zone", district)
    west, south = CENTRES[district][0] - 0.03, CENTRES[district][1] - 0.02
    lattice = {
        (i, j): [
            round(west + 0.02 * i + rng.uniform(-0.004, 0.004), 6),
            round(south + 0.02 * j + rng.uniform(-0.004, 0.004), 6),
        ]
        for i in range(4)
        for j in range(3)
    }
    features: list[tuple[str, Any, dict[str, Any]]] = []
    for z, (i, j) in enumerate((i, j) for j in range(2) for i in range(3)):
        ring = [lattice[i, j], lattice[i + 1, j], lattice[i + 1, j + 1], lattice[i, j + 1], lattice[i, j]]
        seats = rng.randrange(3, 9) * 45
        features.append(("Polygon", [ring], {
            "学区编码": f"XQ{district}{z + 1:02d}", "学校标识码": school_no("primary", district, z + 1),
            "学校名称": f"{ids.DISTRICTS[district][0]}第{'一二三四五六'[z]}小学", "学段": "小学",
            "学年": str(world.w.first.year - (world.w.first.month < 9)), "学位数": seats,
            "适龄儿童数": int(seats * rng.uniform(0.75, 1.2)), "面积": round(_area(ring), 4), "区县": district,
        }))  # fmt: skip
    faults = []
    if n == 2:
        a, b, c, d, _ = features[3][1][0]
        features[3][1][0][:] = [a, c, b, d, a]
        faults.append(Fault(4, "bow_tie", "inconsistent", "geometry"))
    elif n == 5:
        features[1][1][0][:] = [[p[0] - 5.0, p[1]] for p in features[1][1][0]]
        faults.append(Fault(2, "west_of_the_city", "out_of_range", "geometry"))
    elif n == 4:
        features[4][2]["面积"] = features[4][2]["面积"] * 1_000_000
        faults.append(Fault(5, "area_in_square_metres", "inconsistent", "area_km2"))
    elif n == 6:
        features[0][1][0].reverse()
        faults.append(Fault(1, "ring_turned_round", "accepted", "geometry"))
    return features, faults


def _area(ring: list[list[float]]) -> float:
    """km² of a small ring of degrees."""
    lat = math.radians(ring[0][1])
    x, y = 111.32 * math.cos(lat), 110.85
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2 * x * y


# ---- 图书借阅
BOOKS = (("I", "平凡的世界"), ("I", "围城"), ("K", "万历十五年"), ("TP", "Python编程：从入门到实践"), ("F", "国富论"), ("R", "黄帝内经"),
         ("G", "西湖文献集成"), ("J", "中国美术史"), ("H", "现代汉语词典"), ("B", "沉思录"), ("C", "人类简史"), ("I", "三体"))  # fmt: skip


def _loans(world: World) -> Iterator[File]:
    serial = 0
    for k, month in enumerate(world.months):
        rng, last = world.rng("wg__library_loan", month), month_end(month)
        rows = []
        for _ in range(220):
            serial += 1
            rows.append(_loan(world, rng, month, last, serial))
        plant = Planting(rng, len(rows))
        i = plant.put("delimiter_escaped", "accepted", "book_title")
        rows[i][5] = "C++语言\\|从入门到精通"
        i = plant.put("delimiter_in_title", "column_count", "book_title")
        rows[i][5] = "平凡的世界|第二部"
        i = plant.put("back_before_out", "check_failed", "returned_at")
        rows[i][7] = f"{month - timedelta(days=20):%Y-%m-%d} 10:00:00"
        if k == 1:
            i = plant.put("hour_twenty_five", "bad_date", "loaned_at")
            rows[i][6] = rows[i][6][:11] + "25:10:00"
        name, day = f"图书借阅_{month:%Y%m}.txt", world.after(month, 2)
        content = dump(rows, "|", "gb18030", end="\r\n")
        if k == 2:  # the file came an evening before its control file
            note = "控制文件未到，次日随文件重报"
            yield File("wg__library_loan", name, day, content[:-1], len(rows), "200000", refused="companion_missing", note=note)
            day += timedelta(days=1)
        yield File(
            "wg__library_loan", name, day, content, len(rows), "080000", plant.faults, {name + ".ok": control(name, content, len(rows))}
        )


def _loan(world: World, rng: Random, month: date, last: date, n: int) -> list[str]:
    district = rng.choices(world.districts, [d[1] for d in ids.DISTRICTS.values()])[0]
    out = datetime(month.year, month.month, 1 + rng.randrange(last.day), rng.randrange(9, 20), rng.randrange(60), rng.randrange(60))
    back = out + timedelta(days=rng.randrange(2, 40), hours=1)
    letter, title = rng.choice(BOOKS)
    return [
        f"JY{n:08d}", f"TS{district}", f"{ids.DISTRICTS[district][0]}图书馆", f"HT{rng.randrange(10**7):07d}",
        f"{letter}{rng.randrange(100, 999)}.{rng.randrange(9)}", title, f"{out:%Y-%m-%d %H:%M:%S}",
        f"{back:%Y-%m-%d %H:%M:%S}" if back.date() <= last else "", rng.choice(("自助机", "服务台", "信用借还")), district,
    ]  # fmt: skip


# ---- 场馆门票
VENUES = (("CG330106001", "浙江自然博物院", "330106", 0), ("CG330102001", "杭州博物馆", "330102", 0),
          ("CG330109001", "湘湖跨湖桥遗址博物馆", "330109", 0),
          ("CG330106002", "黄龙体育中心游泳馆", "330106", 3000), ("CG330104001", "杭州大剧院", "330104", 28000),
          ("CG330105001", "京杭大运河博物馆", "330105", 0),
          ("CG330110001", "良渚博物院", "330110", 0))  # fmt: skip


def _tickets(world: World) -> Iterator[File]:
    serial = 0
    for k, month in enumerate(world.months):
        for half, first in enumerate((month, month.replace(day=16))):
            last = month.replace(day=15) if half == 0 else month_end(month)
            rng = world.rng("wg__venue_ticket", first)
            records = []
            for _ in range(90):
                serial += 1
                records.append(_ticket(rng, first, last, serial))
            plant = Planting(rng, len(records))
            i = plant.put("null_as_text", "accepted", "entered_at")
            records[i]["enterTime"] = "null"
            i = plant.put("amount_is_not_price_times_number", "check_failed", "amount")
            records[i]["amount"] = records[i]["amount"] + 500
            if half:
                i = plant.put("negative_number", "out_of_range", "quantity")
                records[i]["quantity"] = -1
            name, day = f"场馆门票_{first:%Y%m%d}.json", last + timedelta(days=1)
            content, faults, rows = paged(records, plant.faults, 30, 2 if half else 0)
            if k == 1 and half == 0:  # a page was not fetched
                lines = content.splitlines(keepends=True)
                note = "缺第2页"
                yield File("wg__venue_ticket", name, day, lines[0] + lines[2], 60, "024000", refused="control_total", note=note)
                day += timedelta(days=1)
            yield File("wg__venue_ticket", name, day, content, rows, "024000", faults)


def _ticket(rng: Random, first: date, last: date, n: int) -> dict[str, Any]:
    code, name, district, price = rng.choice(VENUES)
    day = first + timedelta(days=rng.randrange((last - first).days + 1))
    while day.weekday() == 0 and price == 0:  # museums close on Mondays
        day = first + timedelta(days=rng.randrange((last - first).days + 1))
    entered = datetime(day.year, day.month, day.day, rng.randrange(1, 9), rng.randrange(60))  # UTC
    sold = entered - timedelta(minutes=rng.randrange(3, 2000))
    number = rng.choices((1, 2, 3, 4, 20), (30, 40, 15, 12, 3))[0]
    came = rng.random() < 0.93
    return {
        "orderNo": f"DD{n:09d}", "venueCode": code, "venueName": name, "ticketKind": rng.choice(("成人票", "学生票", "老年票", "团体票")),
        "price": price, "quantity": number, "amount": price * number, "soldTime": _ms(sold), "enterTime": _ms(entered) if came else None,
        "channel": rng.choice(("窗口", "微信", "支付宝", "自助机")), "district": district,
    }  # fmt: skip


def _ms(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1)).total_seconds()) * 1000


__all__ = ["TITLE", "files", "school_no"]
