"""(9) 环保: telegrams of outlets and river stations, the monthly report of river sections, penalties from an interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample import ids
from xihu.sample.forms.messages import telegram
from xihu.sample.forms.sheets import Cell, Sheet, xls
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "环保"
_TZ = ZoneInfo("Asia/Shanghai")
# Outlets: district, firm, kind of the source (ST), factor → usual hourly mean and the limit it is held to.
WATER = {"w01018": (38.0, 80.0), "w21003": (3.2, 10.0), "w00000": (42.0, 1e9)}
AIR = {"a34013": (11.0, 30.0), "a21026": (58.0, 200.0), "a21002": (95.0, 200.0)}
OUTLETS = (
    ("330109", 22, "32", WATER), ("330110", 28, "32", WATER), ("330109", 31, "31", AIR), ("330104", 41, "31", AIR),
)  # fmt: skip
STATIONS = ("330106", "330109", "330111", "330122", "330127", "330182")
RIVERS = ("钱塘江", "富春江", "新安江", "东苕溪", "京杭运河", "浦阳江", "分水江", "渌渚江", "上塘河", "余杭塘河")
CLASSES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
# GB 3838-2002, limits of classes Ⅰ … Ⅴ: dissolved oxygen at least, the others at most, mg/L.
LIMITS = {
    "oxygen": (7.5, 6, 5, 3, 2),
    "permanganate": (2, 4, 6, 10, 15),
    "ammonia": (0.15, 0.5, 1, 1.5, 2),
    "phosphorus": (0.02, 0.1, 0.2, 0.3, 0.4),
}
CAUSES = (
    ("超标排放水污染物", "《中华人民共和国水污染防治法》第七十四条", 8.0),
    ("未批先建", "《中华人民共和国环境影响评价法》第三十一条", 6.0),
    ("未经验收投入生产", "《建设项目环境保护管理条例》第二十八条", 5.0),
    ("超标排放大气污染物", "《中华人民共和国大气污染防治法》第九十九条", 25.0),
    ("不正常运行污染防治设施", "《中华人民共和国水污染防治法》第七十三条", 12.0),
    ("危险废物未按规定贮存", "《中华人民共和国固体废物污染环境防治法》第七十五条", 4.0),
)


def files(world: World) -> Iterator[File]:
    """Telegrams once a week, section reports and penalties once a month."""
    yield from _outlets(world)
    yield from _stations(world)
    yield from _sections(world)
    yield from _penalties(world)


def _weeks(world: World) -> Iterator[tuple[int, date]]:
    yield from enumerate(d for month in world.months for d in world.days(month) if d.day in (1, 8, 15, 22))


def _packet(device: str, source: str, at: datetime, factors: dict[str, tuple[str, str]], extra: dict[str, str] | None = None) -> str:
    """Data segment of hourly values: factor → (mean, flag)."""
    cou = extra or {}
    values = ";".join(
        f"{f}-{'Cou=' + cou[f] + ',' + f + '-' if f in cou else ''}Avg={v},{f}-Flag={flag}" for f, (v, flag) in factors.items()
    )
    sent = at + timedelta(hours=1, seconds=2)
    return f"QN={sent:%Y%m%d%H%M%S}001;ST={source};CN=2061;PW=123456;MN={device};Flag=5;CP=&&DataTime={at:%Y%m%d%H0000};{values}&&"


class _Log:
    """Telegrams one after another, with the number of records that each one gives."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.sizes: list[int] = []
        self.faults: list[Fault] = []

    def add(self, packet: bytes, size: int) -> None:
        self.parts.append(packet)
        self.sizes.append(size)

    def row(self, i: int, factor: int = 0) -> int:
        """1-based record of a factor of the i-th telegram, once all is planted."""
        return sum(self.sizes[:i]) + factor + 1

    def plant(self, i: int, kind: str, expected: str, field: str = "", factor: int | None = 0) -> None:
        """A fault in one factor, or in every record of the telegram."""
        first = self.row(i)
        every = range(self.sizes[i]) if factor is None else [factor]
        self.faults += [Fault(first + k, kind, expected, field) for k in every]


def _outlets(world: World) -> Iterator[File]:
    for week, day in _weeks(world):
        rng, log = world.rng("hb__outlet_hourly", day), _Log()
        for district, n, source, factors in OUTLETS:
            device, stopped = f"{district}{source}{n:04d}0001", rng.random() < 0.12
            drift = rng.uniform(0.8, 1.25)
            for hour in range(24):
                at = datetime(day.year, day.month, day.day, hour)
                flag = (
                    "F" if stopped and 8 <= hour < 13 else "D" if rng.random() < 0.01 else "M" if hour == 10 and rng.random() < 0.2 else "N"
                )
                found = {}
                for f, (usual, _) in factors.items():
                    value = usual * drift * rng.lognormvariate(0, 0.22) * (0.9 if hour < 6 else 1.05)
                    found[f] = ("0" if flag == "F" else f"{value:.3f}".rstrip("0").rstrip("."), flag)
                cou = {f: f"{float(v) * 42 / 1000:.3f}" for f, (v, _) in found.items()} if source == "32" else None
                log.add(telegram(_packet(device, source, at, found, cou)), len(factors))
        _spoil(world, week, day, log, OUTLETS[0][0] + OUTLETS[0][2] + f"{OUTLETS[0][1]:04d}0001", rng)
        yield File(
            "hb__outlet_hourly", f"污染源在线_{day:%Y%m%d}.txt", day + timedelta(days=1), b"".join(log.parts), sum(log.sizes),
            clock="013000", faults=sorted(log.faults, key=lambda x: x.row),
        )  # fmt: skip


def _spoil(world: World, week: int, day: date, log: _Log, device: str, rng: Random) -> None:
    """Faults in a log of outlets: changes of size first, so that the rows of the others are right."""
    broken = rng.randrange(5, 20)
    log.parts[broken] = log.parts[broken][:-6] + (b"0000" if log.parts[broken][-6:-2] != b"0000" else b"0001") + b"\r\n"
    log.sizes[broken] = 1
    cut = rng.randrange(30, 45)
    if week % 3 == 0:
        log.parts[cut], log.sizes[cut] = log.parts[cut][: len(log.parts[cut]) // 2] + b"\r\n", 1
    # Two telegrams without a line end between them are two all the same.
    glued = rng.randrange(50, 60)
    log.parts[glued] = log.parts[glued].rstrip()
    late = None
    if week % 4 == 1:
        # Hours that could not be sent on the day come again with the next upload.
        log.add(log.parts[2], log.sizes[2])
        late = len(log.parts) - 1
    ahead = None
    if week % 4 == 2:
        at = datetime(day.year, day.month, day.day) + timedelta(days=45)
        log.add(telegram(_packet(device, "32", at, dict.fromkeys(WATER, ("1", "N")))), len(WATER))
        ahead = len(log.parts) - 1
    minus = None
    if week % 2:
        at = datetime(day.year, day.month, day.day) - timedelta(hours=3)
        log.add(telegram(_packet(device, "32", at, {"w01018": ("-9.9", "D"), "w21003": ("1.1", "N")})), 2)
        minus = len(log.parts) - 1
    log.plant(broken, "wrong_checksum", "bad_crc")
    if week % 3 == 0:
        log.plant(cut, "cut_off", "truncated")
    log.plant(glued, "no_line_end", "accepted", "", None)
    if late is not None:
        log.plant(late, "sent_again", "duplicate", "", None)
    if ahead is not None:
        log.plant(ahead, "clock_ahead", "check_failed", "observed_at", None)
    if minus is not None:
        log.plant(minus, "below_zero", "out_of_range", "value")


def _stations(world: World) -> Iterator[File]:
    usual = {"w01001": 7.6, "w01009": 8.1, "w01019": 2.9, "w21003": 0.31, "w21011": 0.08}
    for week, day in _weeks(world):
        rng, log = world.rng("hb__river_station", day), _Log()
        for k, district in enumerate(STATIONS):
            for hour in range(0, 24, 4):
                at = datetime(day.year, day.month, day.day, hour)
                found = {}
                for f, middle in usual.items():
                    spread = 0.03 if f == "w01001" else 0.18
                    found[f] = (f"{middle * (1 + 0.06 * (k - 2)) ** (f != 'w01001') * rng.lognormvariate(0, spread):.3f}", "N")
                if rng.random() < 0.03:
                    found["w21011"] = ("", "D")  # the analyser is broken: a mark, no value
                log.add(telegram(_packet(f"33S{district}0001", "21", at, found)), len(usual))
        acid, i = 2, 7 + week
        at = datetime(day.year, day.month, day.day, 4 * (i % 6))
        found = {f: (f"{v:.3f}", "N") for f, v in usual.items()}
        if week % 3 == acid:
            found["w01001"] = ("76.1", "N")
            log.parts[i] = telegram(_packet(f"33S{STATIONS[i // 6]}0001", "21", at, found))
            log.plant(i, "comma_lost", "check_failed", "value", 0)
        elif week % 3 == 1:
            log.parts[i] = b"#" * 2 + b"%04d" % (len(log.parts[i]) - 20) + log.parts[i][6:]
            log.sizes[i] = 1
            log.plant(i, "wrong_length", "bad_length")
        else:
            log.parts[i] = b"2016-10-01 00:00:05 RECV " + log.parts[i]  # the gateway's own log before the telegram
            log.plant(i, "logged", "accepted", "", None)
        name, came = f"水质自动站_{day:%Y%m%d}.txt", day + timedelta(days=1)
        if week == 5:
            page = b"<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>"
            yield File("hb__river_station", name, came, page, 0, clock="013500", refused="wrong_format", note="page of a proxy")
            came += timedelta(days=1)
        yield File("hb__river_station", name, came, b"".join(log.parts), sum(log.sizes), clock="013500", faults=log.faults)


def _class(found: dict[str, float]) -> int:
    """1 … 6 for Ⅰ … 劣Ⅴ: the worst single factor decides."""
    worst = 1
    for factor, limits in LIMITS.items():
        value = found[factor]
        held = [k for k, limit in enumerate(limits) if (value >= limit if factor == "oxygen" else value <= limit)]
        worst = max(worst, held[0] + 1 if held else 6)
    return worst


def _sections(world: World) -> Iterator[File]:
    kinds = ("闸口", "渡口", "大桥", "出境", "取水口")
    places = []
    for k, d in enumerate(world.districts):
        for j in range(3):
            river = (k * 3 + j) % len(RIVERS)
            places.append((f"{RIVERS[river]}{kinds[(k + j) % 5]}{ids.DISTRICTS[d][0][:2]}", d, river))
    header = ("序号", "断面名称", "所在河流", "所在区县", "功能区目标", "监测月份", "采样日期", *(
        f"监测项目/{x}" for x in ("水温", "pH", "溶解氧", "高锰酸盐指数", "氨氮", "总磷")), "水质类别", "是否达标")  # fmt: skip
    for k, month in enumerate(world.months):
        rng = world.rng("hb__river_section", month)
        rows: list[list[Cell]] = []
        for seq, (section, district, river) in enumerate(places, 1):
            urban = district in ("330103", "330104", "330105", "330108")
            dirt = rng.lognormvariate(0, 0.25) * (1.6 if urban else 0.8)
            found = {
                "oxygen": round(min(11.5, 8.6 / dirt**0.5), 1), "permanganate": round(2.6 * dirt, 1),
                "ammonia": round(0.35 * dirt**1.8, 3), "phosphorus": round(0.085 * dirt, 3),
            }  # fmt: skip
            cls = _class(found)
            target = 4 if urban else 3 if seq % 3 else 2
            day = datetime(month.year, month.month, 3 + rng.randrange(4))
            rows.append([
                seq, section, RIVERS[river], ids.DISTRICTS[district][0], CLASSES[target - 1], f"{month:%Y-%m}", day,
                round((21.0, 16.5, 11.2)[k % 3] + rng.uniform(-1.5, 1.5), 1), round(rng.gauss(7.5, 0.2), 2), found["oxygen"],
                found["permanganate"], found["ammonia"] if found["ammonia"] >= 0.025 else "未检出", found["phosphorus"], CLASSES[cls - 1],
                "达标" if cls <= target else "超标",
            ])  # fmt: skip
        plant = Planting(rng, len(rows))
        rows[plant.put("green_triangle", "repaired", "phosphorus")][12] = "0.120"
        hidden = plant.put("hidden_row", "accepted")
        rows[plant.put("not_detected", "accepted", "ammonia")][11] = "未检出"
        if k == 0:
            rows[plant.put("class_in_digits", "check_failed", "water_class")][13] = "3"
        elif k == 1:
            rows[plant.put("limit_of_detection", "bad_number", "ammonia")][11] = "<0.025"
        else:
            rows[plant.put("sampled_before", "check_failed", "sampled_on")][6] = datetime(month.year, month.month, 1) - timedelta(days=2)
        came = world.after(month, 6)
        yield File(
            "hb__river_section",
            f"地表水断面月报_{month:%Y%m}.xls",
            came,
            _section_book(header, rows, month, hidden),
            len(rows),
            faults=plant.faults,
        )
        if k == 1:
            # The report of the month again, with the value that was refused and one more section's target put right.
            row = next(x.row for x in plant.faults if x.expected == "bad_number") - 1
            rows[row][11] = "未检出"
            kept = [x for x in plant.faults if x.expected != "bad_number"]
            again = _section_book(header, rows, month, hidden)
            yield File(
                "hb__river_section", f"地表水断面月报_{month:%Y%m}_更正.xls", came + timedelta(days=7), again, len(rows), faults=kept
            )


def _section_book(header: Sequence[str], rows: Sequence[Sequence[Cell]], month: date, hidden: int) -> bytes:
    reached = sum(r[14] == "达标" for r in rows)
    title = f"杭州市地表水断面监测月报（{month.year}年{month.month}月）"
    filed = f"单位：mg/L（pH无量纲）   填报日期：{month.year}年{month.month}月28日"
    totals: dict[int, Sequence[Cell]] = {len(rows): ["达标断面合计", *[None] * 13, str(reached)]}
    footer = "填表人：        审核人：        "
    sheet = Sheet(f"{month.month}月", header, rows, [[title], [filed]], totals, footer, frozenset({hidden}))
    return xls([sheet], "yyyy-m-d")


def _epoch(day: date, rng: Random) -> int:
    """Milliseconds of midnight in the city, as the program wrote a date; some with a time of day."""
    return int(datetime(day.year, day.month, day.day, rng.randrange(9, 17) if rng.random() < 0.4 else 0, tzinfo=_TZ).timestamp() * 1000)


def _penalties(world: World) -> Iterator[File]:
    number = 0
    for k, month in enumerate(world.months):
        rng = world.rng("hb__penalty", month)
        rows: list[dict[str, Any]] = []
        for i in range(48):
            number += 1
            district = rng.choice(world.districts)
            uscc, name = world.firm(district, rng.choice([n for n in range(20, 60) if n not in (23, 46)]))
            cause, clause, usual = rng.choice(CAUSES)
            day = workday(date(month.year, month.month, 1 + rng.randrange(25)))
            sole = i % 16 == 5
            if sole:
                uscc, name = "null", rng.choice(world.adults(day, 25, 70)).name
            rows.append({
                "cfjdswh": f"杭环罚〔{month.year}〕{number:04d}号", "dsrmc": name, "tyshxydm": uscc, "ay": cause, "cfyj": clause,
                "cfzl": "罚款",
                "fkje": round(min(80, max(0.5, usual * rng.lognormvariate(0, 0.45))), 2),
                "larq": _epoch(day - timedelta(days=rng.randrange(20, 90)), rng), "cfrq": _epoch(day, rng),
                "gkrq": _epoch(workday(day + timedelta(days=rng.choice((1, 2, 3, 4, 5, 6, 9, 12)))), rng),
                "cfjg": f"杭州市{ids.DISTRICTS[district][0]}环境保护局" if i % 3 else "杭州市环境保护局", "xzqh": district,
            })  # fmt: skip
        plant = Planting(rng, 40)  # those of the last page are not repeated
        rows[plant.put("amount_as_text", "repaired", "amount")]["fkje"] = "12.50万元"
        rows[plant.put("no_fine", "accepted", "amount")].update(cfzl="警告", fkje=None)
        if k == 0:
            i = plant.put("check_character", "bad_uscc", "uscc")
            code = rows[i]["tyshxydm"] = world.firm("330106", 33)[0]
            rows[i]["tyshxydm"] = code[:-1] + ("1" if code[-1] != "1" else "2")
        elif k == 1:
            rows[plant.put("no_date", "missing_key", "issued_on")]["cfrq"] = "null"
        else:
            i = plant.put("published_too_soon", "check_failed", "published_on")
            rows[i]["gkrq"] = rows[i]["cfrq"] - 86_400_000 * 30
        name, day = f"行政处罚_{month:%Y%m}.json", world.after(month, 3)
        if k == 1:
            page = '{"code":"500","message":"系统繁忙，请稍后再试","data":null}\n'.encode()
            yield File("hb__penalty", name, day, page, 0, refused="error_envelope", note="the interface was busy")
            day += timedelta(days=1)
        content, planted, records = paged(rows, plant.faults, 20, 2)
        yield File("hb__penalty", name, day, content, records, faults=planted)
