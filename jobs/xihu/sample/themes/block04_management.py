"""(4) 城市管理: cases of the digital city management as weekly dumps of their state, parts of the street as shapefiles of each district."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.places import gcj02, local, points
from xihu.sample.forms.texts import control, dump
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "城市管理"
# (component or event, category, subcategory, responsible unit, hours to close, weight)
SORTS = (
    ("事件", "市容环境", "暴露垃圾", "环卫所", 4, 20), ("事件", "街面秩序", "无照经营游商", "城管执法中队", 4, 18),
    ("事件", "街面秩序", "占道经营", "城管执法中队", 8, 12), ("事件", "宣传广告", "非法小广告", "环卫所", 8, 14),
    ("事件", "街面秩序", "机动车乱停放", "交警中队", 4, 12), ("事件", "施工管理", "工地扬尘", "住建局", 8, 3),
    ("部件", "公用设施", "雨水井盖", "市政所", 24, 6), ("部件", "公用设施", "路灯", "市政所", 48, 5),
    ("部件", "道路交通", "交通护栏", "交警中队", 24, 4), ("部件", "市容环境", "垃圾箱", "环卫所", 24, 4),
    ("部件", "园林绿化", "行道树", "绿化所", 72, 2),
)  # fmt: skip
PARTS = (("上水井盖", "0101", 18), ("雨水井盖", "0103", 30), ("路灯", "0120", 24), ("雨水箅子", "0104", 12), ("交通护栏", "0210", 6),
         ("消火栓", "0117", 5), ("行道树", "0402", 5))  # fmt: skip
SURVEYED = ("330102", "330104", "330106")


def files(world: World) -> Iterator[File]:
    """Cases by week, parts by month and district."""
    yield from _cases(world)
    yield from _parts(world)


def _cases(world: World) -> Iterator[File]:
    hot = [(world.place(d, world.rng("cg__city_case", "hot", d)), d, k) for k, d in enumerate(world.districts[:6])]
    open_: list[list[str]] = []
    number = 0
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else month_end(month)
            rng = world.rng("cg__city_case", first)
            rows, pending = [], []
            for _ in range(78):
                number += 1
                row, later = _case(world, rng, first, last, number, hot)
                rows.append(row)
                if later:
                    pending.append(later)
            fresh = len(rows)
            # What was open a week ago comes again as it now stands.
            rows += open_
            plant = Planting(rng, fresh)
            i = plant.put("line_end_in_description", "accepted", "content")
            rows[i][17] += "\n请尽快处理"
            if week == 0:
                rows[plant.put("no_case_number", "missing_key", "case_no")][0] = ""
            elif week == 1:
                closed = [k for k in range(fresh) if rows[k][9]]
                i = plant.put("verified_before_handled", "check_failed", "verified_at", closed)
                rows[i][8] = "2016-09-01 08:00:00"
            elif week == 2:
                rows[plant.put("rework_in_words", "bad_number", "rework")][16] = "多次"
                rows[plant.put("latitude_of_another_city", "out_of_range", "lat")][14] = "39.908200"
            else:
                rows[plant.put("month_thirteen", "bad_date", "due_at")][10] = "2016-13-02 10:00:00"
            open_ = [p for p in pending if p[0] in {rows[k][0] for k in range(fresh) if k not in plant.bad}]
            name, day = f"数字城管案卷_{first:%Y%m%d}.txt", last + timedelta(days=1)
            content = dump(rows, "^", end="\r\n")
            beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows))}
            if week == 2 and month == world.months[0]:
                text = content.decode("gb18030").encode().decode("gb18030", "replace").replace("\ufffd", "?")
                garbled = text.encode("gb18030")
                yield File(
                    "cg__city_case", name, day, garbled, 0, clock="050000", refused="wrong_encoding", note="转码两次",
                    beside={name.replace(".txt", ".ctl"): control(name, garbled, len(rows))},
                )  # fmt: skip
            yield File("cg__city_case", name, day, content, len(rows), clock="060000", faults=plant.faults, beside=beside)


def _case(
    world: World, rng: Random, first: date, last: date, n: int, hot: list[tuple[tuple[float, float], str, int]]
) -> tuple[list[str], list[str] | None]:
    """A case as it stands at the end of the week, and as it will stand a week later if it was still open."""
    kind, category, sub, unit, hours, _ = rng.choices(SORTS, [s[5] for s in SORTS])[0]
    district = rng.choice(world.districts[:8])
    lon, lat = world.place(district, rng)
    if rng.random() < 0.12:
        (lon, lat), district, k = rng.choice(hot)
        kind, category, sub, unit, hours, _ = SORTS[k % 5]
        lon, lat = lon + rng.uniform(-1, 1) * 2e-4, lat + rng.uniform(-1, 1) * 2e-4
    x, y = gcj02(lon, lat)
    at = datetime(first.year, first.month, first.day) + timedelta(
        days=rng.randrange((last - first).days + 1), hours=rng.randrange(7, 21), seconds=rng.randrange(3600)
    )
    accepted = at + timedelta(minutes=rng.randrange(3, 40))
    sent = accepted + timedelta(minutes=rng.randrange(2, 30))
    due = sent + timedelta(hours=hours)
    handled = sent + timedelta(hours=hours * min(6.0, rng.lognormvariate(-0.7, 0.7)))
    verified = handled + timedelta(minutes=rng.randrange(20, 400))
    closed = verified + timedelta(minutes=rng.randrange(1, 60))
    refused = rng.random() < 0.05  # not taken up
    end = datetime(last.year, last.month, last.day, 23, 59, 59)

    def at_(t: datetime, now: datetime) -> str:
        return f"{t:%Y-%m-%d %H:%M:%S}" if t <= now and not refused else ""

    def state(now: datetime) -> list[str]:
        return [
            f"33{district[2:]}{at:%y%m%d}{n:05d}", kind, category, sub, at_(accepted, now), f"{at:%Y-%m-%d %H:%M:%S}", at_(sent, now),
            at_(handled, now), at_(verified, now), at_(closed, now), "" if refused else f"{due:%Y-%m-%d %H:%M:%S}", "" if refused else unit,
            f"{district}{int(lat * 1000) % 1000:03d}{int(lon * 1000) % 1000:03d}", f"{x:.6f}", f"{y:.6f}", district,
            str(int(rework < 0.06)), f"{ids.DISTRICTS[district][0]}{street}发现{sub}", source,
        ]  # fmt: skip

    rework, street = rng.random(), world.street(district, rng)
    source = rng.choices(("监督员", "12345", "视频", "市民APP"), (70, 12, 12, 6))[0]
    later = state(end + timedelta(days=7)) if closed > end and not refused else None
    return state(end), later


def _parts(world: World) -> Iterator[File]:
    fields = (("部件标识码", "C", 16, 0), ("部件名称", "C", 20, 0), ("主管部门", "C", 40, 0), ("权属单位", "C", 60, 0),
              ("部件状态", "C", 4, 0), ("初始时间", "C", 10, 0), ("变更时间", "C", 10, 0), ("区划", "C", 6, 0))  # fmt: skip
    for district in SURVEYED:
        still = world.rng("cg__street_part", district)
        stock = [_part(world, still, district, i) for i in range(150)]
        for month in world.months:
            rng = world.rng("cg__street_part", district, month)
            if month != world.months[0]:
                for k in rng.sample(range(len(stock)), 6):
                    place, old = stock[k]
                    worse = "破损" if old[4] == "完好" else "完好"
                    stock[k] = place, [*old[:4], worse, old[5], f"{month.replace(day=rng.randrange(1, 28)):%Y-%m-%d}", old[7]]
                stock = [s for s in stock if rng.random() > 0.01]
                stock += [_part(world, rng, district, 1000 * (world.months.index(month)) + i) for i in range(4)]
            rows = [(p, list(a)) for p, a in stock]
            plant = Planting(rng, len(rows))
            i = plant.put("no_position", "out_of_range", "geometry")
            rows[i] = (0.0, 0.0), rows[i][1]
            i = plant.put("northing_first", "swapped_fields", "geometry")
            rows[i] = (rows[i][0][1], rows[i][0][0]), rows[i][1]
            rows[plant.put("unknown_kind", "unknown_code", "part_kind")][1][1] = "雕塑"
            i = plant.put("long_owner_name", "accepted", "owner_name")
            rows[i][1][3] = "杭州市排水有限公司" + ids.DISTRICTS[district][0] + "管网养护分公司"
            if month == world.months[1] and district == "330104":
                other = list(rows[plant.put("same_code_again", "accepted", "part_no")][1])
                other[4] = "丢失" if other[4] != "丢失" else "完好"
                rows.append(((rows[0][0][0] + 3, rows[0][0][1]), other))
                faults = [
                    *plant.faults[:-1],
                    *(Fault(r, "same_code_again", "duplicate_key", "part_no") for r in (plant.faults[-1].row, len(rows))),
                ]
            else:
                faults = plant.faults
            made = points(fields, rows)
            name = f"部件_{ids.DISTRICTS[district][0]}_{month:%Y%m}"
            beside = {name + e: made[e] for e in (".shx", ".dbf")}  # no .prj: the plane is the city's own
            day = world.after(month, 8)
            if month == world.months[2] and district == "330106":
                yield File("cg__street_part", name + ".shp", world.after(month, 7), made[".shp"], 0, refused="companion_missing",
                           beside={name + ".shx": made[".shx"]}, note="缺属性表")  # fmt: skip
            yield File("cg__street_part", name + ".shp", day, made[".shp"], len(rows), faults=faults, beside=beside)


def _part(world: World, rng: Random, district: str, i: int) -> tuple[tuple[float, float], list[str]]:
    name, code, _ = rng.choices(PARTS, [p[2] for p in PARTS])[0]
    x, y = local(*world.place(district, rng))
    owner = {"上水井盖": "杭州市水务集团有限公司", "消火栓": "杭州市水务集团有限公司", "交通护栏": "市公安局交通警察局"}.get(
        name, "区市政设施管理所"
    )
    installed = date(2006 + rng.randrange(10), 1 + rng.randrange(12), 1 + rng.randrange(28))
    return (round(x, 3), round(y, 3)), [
        f"{district}{code}{i + 1:06d}", name, "市城市管理委员会", owner, rng.choices(("完好", "破损", "丢失"), (94, 5, 1))[0],
        f"{installed:%Y-%m-%d}", f"{installed:%Y-%m-%d}", district,
    ]  # fmt: skip
