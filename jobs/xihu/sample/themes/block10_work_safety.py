"""(10) 安监: hidden dangers in messages whose namespace drifts, work accidents as a workbook, lifts from FoxPro, construction lorries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import add_years, month_end
from xihu.sample.forms.messages import elements, xml
from xihu.sample.forms.places import gcj02
from xihu.sample.forms.sheets import Cell, Sheet, added, xlsx
from xihu.sample.forms.tables import dbf
from xihu.sample.forms.texts import csv
from xihu.sample.themes.block03_traffic import track
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "安监"
DANGERS = (("消防设施", "灭火器过期失效"), ("用电安全", "临时用电私拉乱接"), ("特种设备", "叉车未按期检验"),
           ("危险化学品", "气瓶混放无隔离"),
           ("作业现场", "高处作业未设防护栏"), ("安全管理", "未建立隐患排查台账"))  # fmt: skip


def files(world: World) -> Iterator[File]:
    """Hidden dangers by month as they change, accidents and lifts by month, positions of a day a month."""
    yield from _dangers(world)
    yield from _accidents(world)
    yield from _lifts(world)
    yield from _lorries(world)


def _dangers(world: World) -> Iterator[File]:
    open_: list[dict[str, str]] = []
    for month in world.months:
        rng = world.rng("aj__hidden_danger", month)
        rows = [_danger(world, rng, month, i) for i in range(95)]
        for d in open_:
            if rng.random() < 0.75:
                day = month + timedelta(days=rng.randrange(28))
                d["闭环日期"] = f"{day:%Y-%m-%d}"
        again = [d for d in open_ if d["闭环日期"]]
        open_ = [d for d in open_ if not d["闭环日期"]] + [dict(d) for d in rows if not d["闭环日期"]]
        rows += [dict(d) for d in again]
        plant = Planting(rng, 95)
        i = plant.put("credit_code_of_17", "bad_uscc", "uscc")
        rows[i]["企业代码"] = rows[i]["企业代码"][:-1]
        i = plant.put("closed_before_found", "check_failed", "cured_on")
        rows[i]["闭环日期"] = "2016-01-05"
        rows[plant.put("beyond_gb2312", "accepted", "danger")]["隐患描述"] = "瑞喆公司㛃化车间通风不良"
        i = plant.put("markup_in_text", "accepted", "danger")
        rows[i]["隐患描述"] += "，压力<0.1MPa & 温度>60℃"
        if month == world.months[1]:
            i = plant.put("date_of_twenty_characters", "bad_date", "found_on")
            rows[i]["发现日期"] = "二〇一六年冬"
        bad = {rows[i]["@编号"] for i in plant.bad}
        open_ = [d for d in open_ if d["@编号"] not in bad]
        # Each version of the sender's program writes the namespace in its own way.
        prefix, root = {0: ("", "<隐患报送>"), 1: ("aj", '<aj:隐患报送 xmlns:aj="http://www.hzsafety.example/2016">')}.get(
            world.months.index(month) % 3, ("", '<隐患报送 xmlns="http://www.hzsafety.example/v2">')
        )
        p = prefix + ":" if prefix else ""
        body = f"{root}\n<{p}笔数>{len(rows)}</{p}笔数>\n{elements('隐患', rows, prefix)}\n</{p}隐患报送>"
        name = f"隐患排查_{month:%Y%m}.xml"
        if month == world.months[1]:
            yield File("aj__hidden_danger", name, world.after(month, 4), b"", 0, refused="empty_file")
        yield File("aj__hidden_danger", name, world.after(month, 5), xml(body), len(rows), faults=plant.faults)


def _danger(world: World, rng: Random, month: date, i: int) -> dict[str, str]:
    district = rng.choice(world.districts)
    uscc, name = world.firm(district, rng.randrange(20, 60))
    kind, text = rng.choice(DANGERS)
    major = rng.random() < 0.05
    found = month + timedelta(days=i * 28 // 95)
    due = found + timedelta(days=90 if major else rng.choice((7, 15, 30)))
    done = found + timedelta(days=round((due - found).days * rng.lognormvariate(-0.3, 0.5)))
    return {
        "@编号": f"YH{district}{month:%Y%m}{i + 1:04d}", "企业代码": uscc, "企业名称": name, "隐患类别": kind,
        "隐患等级": "重大" if major else "一般",
        "隐患描述": text, "发现日期": f"{found:%Y-%m-%d}", "整改期限": f"{due:%Y-%m-%d}",
        "闭环日期": f"{done:%Y-%m-%d}" if done <= world.after(month, 0) else "",
        "整改资金": f"{rng.lognormvariate(0.2 if not major else 2.5, 0.8):.2f}", "区划": district,
    }  # fmt: skip


def _accidents(world: World) -> Iterator[File]:
    header = (
        "序号", "事故编号", "发生单位信用代码", "发生单位名称", "区县", "发生时间", "事故类型", "事故等级", "伤亡人数/死亡",
        "伤亡人数/重伤", "直接经济损失",
    )  # fmt: skip
    for month in world.months:
        rng = world.rng("aj__work_accident", month)
        rows = [_accident(world, rng, month, i) for i in range(38)]
        rows.sort(key=lambda r: str(r[4]))
        for i, row in enumerate(rows):
            row[0] = i + 1
        plant = Planting(rng, len(rows))
        rows[plant.put("grade_below_deaths", "check_failed", "level", [i for i, r in enumerate(rows) if r[7] == "一般"])][8] = 4
        i = plant.put("ten_thousand_yuan_written_out", "accepted", "loss")
        rows[i][10] = f"{rows[i][10]}万元"
        i = plant.put("green_triangle", "accepted", "deaths")
        rows[i][8] = str(rows[i][8])
        hidden = frozenset([plant.put("hidden_row", "accepted")])
        day = world.after(month, 5)
        # 小计 of each district stands before the next one's rows.
        totals: dict[int, Sequence[Cell]] = {}
        start = 0
        for i in range(1, len(rows) + 1):
            if i == len(rows) or rows[i][4] != rows[start][4]:
                part = rows[start:i]
                totals[i] = ["小计", *[None] * 7, *(added(part, c) for c in (8, 9, 10))]
                start = i
        titles: list[list[Cell]] = [[f"杭州市{month:%Y年%-m月}生产安全事故统计表"], ["单位：万元", f"填报日期：{day:%Y年%-m月%-d日}"]]
        sheet = Sheet("事故", header, rows, titles, totals, "填表人：          审核人：          单位负责人：", hidden)
        # One workbook was made on a computer whose days count from 1904.
        content = xlsx([sheet], "yyyy/m/d h:mm", date_1904=month == world.months[1])
        yield File("aj__work_accident", f"生产安全事故_{month:%Y%m}.xlsx", day, content, len(rows), faults=plant.faults)


def _accident(world: World, rng: Random, month: date, i: int) -> list[Cell]:
    district = rng.choices(world.districts, [v[1] + v[2] for v in ids.DISTRICTS.values()])[0]
    uscc, name = world.firm(district, rng.randrange(20, 60))
    at = datetime(month.year, month.month, 1 + rng.randrange(month_end(month).day), rng.randrange(7, 21), rng.randrange(60))
    deaths = rng.choices((0, 1, 2, 3), (62, 34, 3, 1))[0]
    hurt = rng.choices((0, 1, 2), (60, 32, 8))[0] if deaths else rng.choices((1, 2, 3), (80, 16, 4))[0]
    level = "较大" if deaths >= 3 else "一般"
    loss = round(deaths * rng.uniform(80, 140) + hurt * rng.uniform(5, 30), 2)
    kind = rng.choice(("高处坠落", "物体打击", "机械伤害", "触电", "车辆伤害", "坍塌", "中毒和窒息"))
    return [0, f"SG{district}{month:%Y%m}{i + 1:03d}", uscc, name, district, at, kind, level, deaths, hurt, loss]


def _lifts(world: World) -> Iterator[File]:
    columns = (
        ("注册代码", "C", 20, 0), ("设备品种", "C", 20, 0), ("使用单位代码", "C", 18, 0), ("使用单位名称", "C", 60, 0),
        ("安装地点", "C", 60, 0), ("区划", "C", 6, 0), ("投用日期", "D", 8, 0), ("检验日期", "D", 8, 0), ("下次检验日期", "D", 8, 0),
        ("设备状态", "C", 4, 0), ("困人次数", "N", 4, 0), ("统计月份", "C", 6, 0),
    )  # fmt: skip
    still = world.rng("zj__lift")
    lifts = [_lift(world, still, i) for i in range(230)]
    for month in world.months:
        rng = world.rng("zj__lift", month)
        rows = []
        for k, old in enumerate(lifts):
            lift = list(old)
            # Most are tested in time, some a month late.
            if lift[8] < f"{month:%Y%m%d}" and rng.random() < 0.9:
                day = month + timedelta(days=rng.randrange(28))
                lift[7], lift[8] = f"{day:%Y%m%d}", f"{add_years(day, 1):%Y%m%d}"
            lift[10] = str(int(lift[10]) + rng.choices((0, 1, 2), (93, 6, 1))[0])
            lift[11] = f"{month:%Y%m}"
            lifts[k] = lift
            rows.append(list(lift))
        plant = Planting(rng, len(rows))
        i = plant.put("code_of_19_digits", "check_failed", "lift_no")
        rows[i][0] = rows[i][0][:-1]
        rows[plant.put("month_thirteen", "bad_date", "next_check_on")][8] = "20171301"
        i = plant.put("credit_code_check", "bad_uscc", "using_unit")
        rows[i][2] = rows[i][2][:-1] + ("A" if rows[i][2][-1] != "A" else "B")
        rows[plant.put("minus_sign", "out_of_range", "failures")][10] = "-1"
        rows[plant.put("blank_date", "accepted", "checked_on")][7] = ""
        gone = {plant.put("deleted_row", "superseded") for _ in range(2)}
        content = dbf(columns, rows, world.after(month, 2), gone)
        yield File("zj__lift", f"电梯_{month:%Y%m}.dbf", world.after(month, 6), content, len(rows), faults=plant.faults)


def _lift(world: World, rng: Random, i: int) -> list[str]:
    district = rng.choices(world.districts, [v[1] for v in ids.DISTRICTS.values()])[0]
    uscc, name = world.firm(district, rng.randrange(20, 60))
    year = 2003 + rng.randrange(13)
    started = date(year, 1 + rng.randrange(12), 1 + rng.randrange(28))
    checked = date(2015, 9, 15) + timedelta(days=rng.randrange(380))
    sort = rng.choices((("3110", "曳引驱动乘客电梯"), ("3120", "曳引驱动载货电梯"), ("3310", "自动扶梯")), (82, 8, 10))[0]
    where = f"{ids.DISTRICTS[district][0]}{world.street(district, rng)}{rng.randrange(1, 300)}号{rng.randrange(1, 12)}幢"
    return [
        f"{sort[0]}{district}{year}{i + 1:06d}", sort[1], uscc, name, where, district, f"{started:%Y%m%d}",
        f"{checked:%Y%m%d}", f"{add_years(checked, 1):%Y%m%d}", rng.choices(("在用", "停用"), (97, 3))[0], "0", "",
    ]  # fmt: skip


def _lorries(world: World) -> Iterator[File]:
    header = ("终端手机号", "车牌号码", "坐标系", "企业信用代码", "定位时间", "经度", "纬度", "速度", "方向", "载重状态")
    still = world.rng("jj__lorry_position")
    lorries = []
    for k in range(14):
        district = still.choice(world.districts[2:9])
        lorries.append((f"0148{still.randrange(10**8):08d}", f"浙A{still.choice('BCDE')}{still.randrange(10_000):04d}", str(k % 2),
                        world.firm(district, 25 + 10 * (k % 3))[0], district))  # fmt: skip
    for month in world.months:
        day = month.replace(day=16)
        rng = world.rng("jj__lorry_position", day)
        rows: list[list[str]] = []
        for number, plate, system, firm, district in lorries:
            start = datetime(day.year, day.month, day.day, 21, rng.randrange(30), rng.randrange(60))
            full = rng.random() < 0.5
            for n, (at, lon, lat, speed, heading) in enumerate(track(world, rng, district, start, 30, 30)):
                x, y = gcj02(lon, lat) if system == "1" else (lon, lat)
                full = full if n % 15 else not full
                rows.append([number, plate, system, firm, f"{at:%y%m%d%H%M%S}", str(round(x * 1e6)), str(round(y * 1e6)), str(speed * 10),
                             str(heading), "重载" if full else "空载"])  # fmt: skip
        plant = Planting(rng, len(rows))
        rows[plant.put("clock_reset", "check_failed", "observed_at")][4] = "000101080000"
        rows[plant.put("other_map_system", "unknown_code", "datum")][2] = "9"
        i = plant.put("no_fix", "out_of_range", "lon")
        rows[i][5] = rows[i][6] = "0"
        rows[plant.put("second_sixty", "bad_date", "observed_at")][4] = f"{day:%y%m%d}213075"
        i = plant.put("abroad", "out_of_range", "lat")
        rows[i][6] = "35" + rows[i][6][2:]
        faults = plant.faults
        clean = [k for k in range(len(rows)) if k not in plant.bad]
        for k in rng.sample(clean, 4):
            rows.append(list(rows[k]))
            faults.append(Fault(len(rows), "uploaded_again", "duplicate"))
        content = csv(header, rows, guarded=[0])
        yield File(
            "jj__lorry_position", f"工程车GPS_{day:%Y%m%d}.csv", day + timedelta(days=1), content, len(rows), clock="033000", faults=faults
        )
