"""(11) 旅游: what machines and cards count: gates of the scenic areas, spending of visitors, air at the entrances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample.forms.messages import telegram
from xihu.sample.forms.places import gcj02
from xihu.sample.forms.texts import cents, csv, pad
from xihu.sample.themes.block11_tourism import AREAS, Scenic
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "旅游（客流与消费）"


def files(world: World) -> Iterator[File]:
    """Logs once a week, the batch of the card company once a month."""
    yield from _gates(world)
    yield from _spending(world)
    yield from _air(world)


def _weeks(world: World) -> Iterator[tuple[int, date]]:
    """The Saturdays, and the first day of the golden week."""
    for month in world.months:
        yield from enumerate(d for d in world.days(month) if d.weekday() == 5)


# ---- 闸机通行: positions in millionths of a degree; one maker's gates know the map of the web, the other's their GPS
GATES = ("闸机编号", "厂商", "景区编码", "票号", "票种", "方向", "通行时间", "经度", "纬度", "区县代码")


def _gates(world: World) -> Iterator[File]:
    watched = [a for a in AREAS if a.grade in ("AAAAA", "AAAA")][:9]
    serial, kept = 0, list[list[str]]()
    for week, day in _weeks(world):
        rng = world.rng("ly__gate_pass", day)
        rows: list[list[str]] = []
        for _ in range(150 if day.month == 10 and day.day == 1 else 70):
            serial += 1
            rows += _visit(world, rng, rng.choices(watched, [a.capacity for a in watched])[0], day, serial)
        rows.sort(key=lambda r: r[6])
        late, rows = rows[10:18], [*rows[:10], *rows[18:]]
        rows[60:60] = late  # a gate that was without a line for hours
        plant = Planting(rng, len(rows))
        if week == 0:
            i = plant.put("clock_of_next_year", "check_failed", "passed_at")
            rows[i][6] = f"{day.year % 100 + 1:02d}" + rows[i][6][2:]
        elif week == 1:
            i = plant.put("latitude_for_longitude", "swapped_fields", "lon")
            rows[i][7], rows[i][8] = rows[i][8], rows[i][7]
        elif week == 2:
            i = plant.put("no_fix", "accepted", "lon")  # the gate is where it stands, whatever its receiver says
            rows[i][7] = rows[i][8] = "0"
        else:
            i = plant.put("maker_unknown", "unknown_code", "gate_maker")
            rows[i][1] = "丙"
        faults = list(plant.faults)
        if week in (1, 3) and kept:  # sent up again with the next batch
            faults += [Fault(len(rows) + 1 + j, "sent_up_again", "duplicate") for j in range(len(kept))]
            rows += kept
        kept = [list(r) for i, r in enumerate(rows[:40]) if i not in plant.bad][:2]
        name = f"闸机通行_{day:%Y%m%d}.csv"
        yield File("ly__gate_pass", name, day + timedelta(days=1), csv(GATES, rows, end="\n"), len(rows), "013000", faults)


def _visit(world: World, rng: Random, area: Scenic, day: date, n: int) -> list[list[str]]:
    gate = rng.randrange(1, 7)
    maker = "甲" if gate % 2 else "乙"
    lon, lat = world.place(area.district, world.rng("ly__scenic_area", area.no))
    lon, lat = lon + gate * 0.0004, lat - gate * 0.0003
    if maker == "甲":
        lon, lat = gcj02(lon, lat)
    came = datetime(day.year, day.month, day.day) + timedelta(hours=min(max(rng.gauss(10.8, 1.9), 7.2), 16.4))
    left = came + timedelta(hours=min(max(rng.gauss(2.8, 1.0), 0.4), 6))
    kind = rng.choices(("成人票", "优惠票", "团队票", "年卡"), (50, 20, 22, 8))[0]
    where = [f"{lon * 1e6:.0f}", f"{lat * 1e6:.0f}", area.district]
    out = [[f"{area.no}G{gate:02d}", maker, area.no, f"T{n:010d}", kind, "进", f"{came:%y%m%d%H%M%S}", *where]]
    if rng.random() < 0.8:
        out.append([f"{area.no}G{gate:02d}", maker, area.no, f"T{n:010d}", kind, "出", f"{left:%y%m%d%H%M%S}", *where])
    return out


# ---- 游客刷卡消费: aggregates of the card company, a bank's fixed-width batch
SECTORS = {"01": 38, "02": 30, "03": 12, "04": 9, "05": 74, "06": 7}
ORIGINS = ("上海市", "江苏省", "安徽省", "广东省", "北京市", "其他")


def _spending(world: World) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rng = world.rng("ly__card_spending", month)
        rows = []
        for district in world.districts:
            for sector, weight in SECTORS.items():
                for n, origin in enumerate(ORIGINS):
                    count = int(
                        rng.gammavariate(6, weight * (9 - n)) * (2 if district == "330106" else 1) * (1.4 if month.month == 10 else 1)
                    )
                    amount = count * rng.uniform(140, 520)
                    rows.append([f"{month:%Y%m}", district, sector, origin, str(count), f"{amount:.2f}"])
        plant = Planting(rng, len(rows))
        i = plant.put("refunds_exceed_sales", "accepted", "amount")
        rows[i][4], rows[i][5] = "3", "-1260.50"
        i = plant.put("pseudo_district", "unknown_code", "district")
        rows[i][1] = "330191"
        number = {plant.put("count_overflow", "bad_number", "transactions")} if k == 0 else set[int]()
        lines = []
        for i, r in enumerate(rows):
            count_ = b"********" if i in number else b"%08d" % int(r[4])
            lines.append(b"D" + r[0].encode() + r[1].encode() + r[2].encode() + pad(r[3], 12, "gbk") + count_ + cents(r[5], 16))
        total = sum(float(r[5]) for r in rows)
        name, day = f"游客刷卡消费_{month:%Y%m}.txt", world.after(month, 6)
        head = b"H" + f"UP3310{month:%Y%m}".encode() + pad("游客刷卡消费统计", 30, "gbk")
        tail = b"T%08d" % len(rows) + cents(f"{total:.2f}", 20)
        if k == 2:  # the tail was lost
            part = b"\r\n".join([head, *lines[:300]]) + b"\r\n"
            yield File("ly__card_spending", name, day, part, 300, "220000", refused="control_total", note="无批尾")
            day += timedelta(days=1)
        yield File("ly__card_spending", name, day, b"\r\n".join([head, *lines, tail]) + b"\r\n", len(rows), "220000", plant.faults)


# ---- 景区空气: HJ 212, hourly means at four entrances
def _air(world: World) -> Iterator[File]:
    stations = [(a, f"33010099{n:02d}JQ0001{a.district[4:]}0001") for n, a in enumerate(AREAS[:4])]
    for week, day in _weeks(world):
        rng = world.rng("ly__scenic_air", day)
        packets, faults, rows = list[bytes](), list[Fault](), 0
        for n, (_, mn) in enumerate(stations):
            for hour in range(8, 18, 3):
                at = datetime(day.year, day.month, day.day, hour)
                packet = telegram(_means(mn, at, rng))
                if n == 1 and hour == 11 and week == 1:
                    packet = b"##%04d" % (int(packet[2:6]) + 9) + packet[6:]
                    faults.append(Fault(rows + 1, "stated_length_differs", "bad_length"))
                    rows -= 1
                elif n == 2 and hour == 14 and week == 2:
                    packet = packet[: len(packet) // 2] + b"\r\n"
                    faults.append(Fault(rows + 1, "cut_in_half", "truncated"))
                    rows -= 1
                elif n == 3 and hour == 17 and week == 3:
                    faults += [Fault(rows + 1, "flag_of_calibration", "accepted", "flag")]
                    packet = telegram(_means(mn, at, rng, "C"))
                packets.append(packet)
                rows += 2
        name = f"景区空气_{day:%Y%m%d}.txt"
        yield File("ly__scenic_air", name, day + timedelta(days=1), b"".join(packets), rows, "002000", faults)


def _means(mn: str, at: datetime, rng: Random, flag: str = "N") -> str:
    fine = rng.uniform(18, 95)
    factors = ";".join(f"{f}-Avg={v / 1000:.4f},{f}-Flag={flag}" for f, v in (("a34004", fine), ("a34002", fine * rng.uniform(1.3, 1.8))))
    sent = at + timedelta(hours=1, seconds=4)
    return f"QN={sent:%Y%m%d%H%M%S}000;ST=22;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime={at:%Y%m%d%H0000};{factors}&&"


__all__ = ["TITLE", "files"]
