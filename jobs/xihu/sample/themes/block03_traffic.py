"""(3) 交通: positions of taxis of two vendors, the vehicle register with its changes, fines collected by a bank, accidents from FoxPro."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.places import gcj02
from xihu.sample.forms.tables import dbf
from xihu.sample.forms.texts import cents, control, csv, dump, encode, pad
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "交通"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
VIN_ALPHABET = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
# Code of the offence (GA/T 16.31, four digits in 2016), fine in 元, points, weight.
OFFENCES = (("1039", 150, 0, 40), ("1344", 100, 3, 18), ("1208", 100, 2, 10), ("1625", 150, 6, 10), ("1303", 50, 0, 9), ("1352", 200, 3, 8),
            ("1018", 50, 0, 4), ("1721", 2000, 12, 1))  # fmt: skip
ROADS = ("文一路", "文三路", "天目山路", "庆春路", "中河高架", "秋石高架", "江南大道", "通惠路", "迎宾路", "解放路", "艮山西路", "莫干山路")
DENSE = {d: v[1] + v[2] for d, v in ids.DISTRICTS.items()}


def files(world: World) -> Iterator[File]:
    """Positions of two hours a month, the register by month, fines by week, accidents by month."""
    yield from _taxis(world)
    yield from _vehicles(world)
    yield from _fines(world)
    yield from _accidents(world)


def plate(rng: Random) -> str:
    """A blue plate of Hangzhou."""
    return f"浙A{rng.choice(LETTERS)}{rng.randrange(10_000):04d}"


def vin(rng: Random, made: str = "L") -> str:
    """Seventeen characters with their check digit (GB 16735)."""
    body = made + "".join(rng.choice(VIN_ALPHABET) for _ in range(7)) + "0" + "".join(rng.choice(VIN_ALPHABET) for _ in range(4))
    body += f"{rng.randrange(10_000):04d}"
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(w * (int(c) if c.isdigit() else VIN_VALUES[c]) for w, c in zip(weights, body, strict=True)) % 11
    return body[:8] + ("X" if rest == 10 else str(rest)) + body[9:]


def track(
    world: World, rng: Random, district: str, start: datetime, step: int, points: int
) -> Iterator[tuple[datetime, float, float, int, int]]:
    """(instant, longitude, latitude in degrees of WGS 84, km/h, direction) of a car that drives about the district."""
    lon, lat = world.place(district, rng)
    heading, speed = rng.uniform(0, 360), rng.uniform(15, 45)
    for i in range(points):
        yield start + timedelta(seconds=step * i), lon, lat, round(speed), round(heading) % 360
        way = speed / 3.6 * step
        lat += way * math.cos(math.radians(heading)) / 111_000
        lon += way * math.sin(math.radians(heading)) / 96_000
        heading += rng.choice((0, 0, 0, 90, -90)) + rng.uniform(-5, 5)
        speed = min(70.0, max(0.0, speed + rng.uniform(-12, 12)))


def _taxis(world: World) -> Iterator[File]:
    header = ("终端号", "车牌号", "设备厂商", "经营单位信用代码", "定位时间", "经度", "纬度", "速度", "方向", "载客状态")
    still = world.rng("jt__taxi_position")
    cars = []
    for k in range(16):
        district = still.choice(world.districts[:8])
        firm = world.firm(district, 26 + k % 3)[0]
        cars.append((f"0133571{k + 10001:05d}", f"浙AT{still.randrange(10_000):04d}", "WD" if k % 3 else "ZH", firm, district))
    for month in world.months:
        for day, hour in ((month.replace(day=12), 8), (month.replace(day=24), 18)):
            rng = world.rng("jt__taxi_position", day)
            rows: list[list[str]] = []
            for device, number, vendor, firm, district in cars:
                start = datetime(day.year, day.month, day.day, hour, rng.randrange(5), rng.randrange(60))
                loaded = rng.random() < 0.6
                for at, lon, lat, speed, heading in track(world, rng, district, start, 45, 24):
                    # One vendor's device turns positions into the map grid before it sends them.
                    x, y = gcj02(lon, lat) if vendor == "ZH" else (lon, lat)
                    loaded = loaded != (rng.random() < 0.05)
                    rows.append([device, number, vendor, firm, f"{at:%Y-%m-%d %H:%M:%S}", str(round(x * 1e6)), str(round(y * 1e6)),
                                 str(speed * 10), str(heading), "1" if loaded else "0"])  # fmt: skip
            plant = Planting(rng, len(rows))
            i = plant.put("clock_ahead", "check_failed", "observed_at")
            rows[i][4] = rows[i][4].replace(str(day.year), "2036", 1)
            i = plant.put("no_fix", "out_of_range", "lon")
            rows[i][5] = rows[i][6] = "0"
            i = plant.put("latitude_first", "swapped_fields")
            rows[i][5], rows[i][6] = rows[i][6], rows[i][5]
            i = plant.put("speed_of_a_plane", "out_of_range", "speed")
            rows[i][7] = "9999"
            i = plant.put("not_a_number", "bad_number", "direction")
            rows[i][8] = "东北"
            # A terminal that had no network for hours sends its positions late and in any order.
            late = rows[48:72]
            rng.shuffle(late)
            shift = {old: new for new, old in enumerate([*range(48), *range(72, len(rows)), *sorted(range(48, 72))])}
            rows, faults = (
                [*rows[:48], *rows[72:], *rows[48:72]],
                [Fault(shift[f.row - 1] + 1, f.kind, f.expected, f.field) for f in plant.faults],
            )
            clean = [k for k in range(len(rows)) if k + 1 not in {f.row for f in faults}]
            for k in rng.sample(clean, 3):
                rows.append(list(rows[k]))
                faults.append(Fault(len(rows), "uploaded_again", "duplicate"))
            name = f"出租车GPS_{day:%Y%m%d}{hour:02d}.csv"
            if day == date(world.months[1].year, world.months[1].month, 12):
                bare = csv(rows[0], rows[1:], guarded=[0])
                yield File("jt__taxi_position", name, day + timedelta(days=1), bare, 0, clock="020000", refused="header_missing")
            content = csv(header, rows, guarded=[0])
            yield File("jt__taxi_position", name, day + timedelta(days=1), content, len(rows), clock="030000", faults=faults)


def _vehicles(world: World) -> Iterator[File]:
    people = world.adults(world.w.first, 22, 65)
    world.rng("jj__vehicle_register").shuffle(people)
    standing: list[list[str]] = []
    number = 0
    for month in world.months:
        rng = world.rng("jj__vehicle_register", month)
        first = month == world.months[0]
        rows = []
        for k in range(220 if first else 50):
            day = date(2005 + k % 11, 1 + k % 12, 1 + k % 28) if first else month + timedelta(days=k % month_end(month).day)
            rows.append(_vehicle(world, rng, people[number % len(people)], day, number))
            number += 1
        fresh = len(rows)
        for old in [] if first else rng.sample(standing, 24):
            new = list(old)
            new[0] = "U"
            if rng.random() < 0.3:
                new[0], new[13] = "D", "E"
            elif rng.random() < 0.5:
                new[13] = rng.choice("GGGKIB")
            else:
                new[12] = f"{int(new[12][:4]) + 2}{new[12][4:]}"
            rows.append(new)
        plant = Planting(rng, fresh)
        i = plant.put("line_end_in_address", "accepted", "address")
        rows[i][15] += "\n（暂住）"
        i = plant.put("letter_o_in_vin", "check_failed", "vin")
        rows[i][2] = rows[i][2][:10] + "O" + rows[i][2][11:]
        rows[plant.put("no_such_status", "unknown_code", "status")][13] = "Z"
        natural = [k for k in range(fresh) if rows[k][8]]
        i = plant.put("letter_l_in_id", "bad_id_charset", "owner_id", natural)
        rows[i][8] = rows[i][8][:6] + "l" + rows[i][8][7:]
        if first:
            i = plant.put("two_owners", "check_failed", "owner", natural)
            rows[i][9] = world.firm("330106", 30)[0]
            i = plant.put("fifteen_digits", "accepted", "owner_id", [k for k in natural if rows[k][8][6:8] == "19"])
            rows[i][8] = ids.short_form(rows[i][8]) or rows[i][8]
            i = plant.put("date_by_slashes", "accepted", "registered_on")
            rows[i][11] = rows[i][11].replace("-", "/")
        standing += [r for k, r in enumerate(rows[:fresh]) if k not in plant.bad]
        name = f"机动车登记_{month:%Y%m}.dat"
        content = dump(rows, "\x01")
        yield File(
            "jj__vehicle_register", name, world.after(month, 2), content, len(rows), faults=plant.faults,
            beside={name.replace(".dat", ".ok"): control(name, content, len(rows))},
        )  # fmt: skip


def _vehicle(world: World, rng: Random, owner: Person, day: date, n: int) -> list[str]:
    district = rng.choices(list(DENSE), list(DENSE.values()))[0]
    firm = rng.random() < 0.16
    uscc, name = world.firm(district, 20 + rng.randrange(40)) if firm else ("", owner.name)
    kind, energy = rng.choices((("K33", "A"), ("K33", "C"), ("K32", "A"), ("H31", "B"), ("K11", "B")), (82, 6, 6, 4, 2))[0]
    until = date(max(day.year + 2, 2017), day.month, 28)
    return [
        "I", f"3301{n + 10_000_001:010d}", vin(rng), "01" if kind in ("H31", "K11") else "02",
        f"浙A{LETTERS[n // 997 % 24]}{n % 997 * 10 + n % 7:04d}",
        rng.choice(("大众牌", "吉利美日牌", "别克牌", "丰田牌", "本田牌", "众泰牌")), kind, name, "" if firm else owner.id18, uscc, energy,
        f"{day:%Y-%m-%d}", f"{until:%Y-%m-%d}", "A", district,
        f"{ids.DISTRICTS[district][0]}{world.street(district, rng)}{rng.randrange(1, 300)}号",
    ]  # fmt: skip


def _fines(world: World) -> Iterator[File]:
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else month_end(month)
            rng = world.rng("jj__traffic_fine", first)
            lines, total = [], 0
            plant = Planting(rng, 60)
            cut = plant.put("character_cut_in_two", "bad_encoding", "place")
            nameless = plant.put("padded_with_ideographic_spaces", "accepted", "place")
            short = plant.put("line_broken_off", "truncated") if week == 1 else -1
            future = plant.put("paid_before_offence", "check_failed", "paid_on") if week == 2 else -1
            dateless = plant.put("thirty_first_of_september", "bad_date", "occurred_at") if week == 3 else -1
            for i in range(60):
                code, fine, points, _ = rng.choices(OFFENCES, [o[3] for o in OFFENCES])[0]
                paid = first + timedelta(days=rng.randrange((last - first).days + 1))
                at = datetime(paid.year, paid.month, paid.day, rng.randrange(24), rng.randrange(60)) - timedelta(days=rng.randrange(1, 40))
                when, district = f"{at:%Y%m%d%H%M%S}", rng.choices(list(DENSE), list(DENSE.values()))[0]
                where = f"{rng.choice(ROADS)}{rng.choice(ROADS)}路口以东{rng.randrange(20, 300)}米"
                place = pad(where, 40, "gb18030")
                if i == nameless:
                    bare = where.rstrip("米0123456789")  # whole characters of two bytes
                    place = encode(bare + "\u3000" * (20 - len(bare)), "gb18030")
                if i == cut:
                    place = encode("7号" + "路口以东南侧" * 4, "gb18030")[:40]
                if i == future:
                    paid = at.date() - timedelta(days=3)
                if i == dateless:
                    when = f"{at.year}0931{when[8:]}"
                total += fine
                line = b"".join((
                    b"D", f"3301{first:%y%m%d}{i + 1:06d}".encode(), pad(plate(rng), 10, "gb18030"), code.encode(), when.encode(), place,
                    cents(str(fine), 10), b"%02d" % points, f"{paid:%Y%m%d}".encode(), f"ZH{first:%y%m%d}{i + 1:04d}".encode(),
                    district.encode(),
                ))  # fmt: skip
                lines.append(line[:104] if i == short else line)
            name, day = f"交通罚没款_{first:%Y%m%d}.txt", last + timedelta(days=1)

            def batch(count: int, day: date = day, lines: list[bytes] = lines, total: int = total) -> bytes:
                head = b"H" + f"{day:%Y%m%d}".encode() + pad("罚没款代收", 20, "gb18030")
                return b"\r\n".join((head, *lines[:count], b"T%08d" % len(lines) + cents(str(total), 16))) + b"\r\n"

            if week == 0 and month == world.months[2]:
                yield File("jj__traffic_fine", name, day, batch(53), 0, clock="010000", refused="control_total")
            yield File("jj__traffic_fine", name, day, batch(60), 60, clock="023000", faults=plant.faults)


def _accidents(world: World) -> Iterator[File]:
    columns = (
        ("事故编号", "C", 18, 0), ("事故类型", "C", 4, 0), ("发生时间", "C", 19, 0), ("接警时间", "C", 19, 0), ("到场时间", "C", 19, 0),
        ("死亡人数", "N", 3, 0), ("受伤人数", "N", 3, 0), ("直接财产损失", "N", 12, 2), ("区划", "C", 6, 0), ("道路名称", "C", 30, 0),
        ("经度", "N", 11, 6), ("纬度", "N", 10, 6), ("主要车辆号牌", "C", 12, 0),
    )  # fmt: skip
    for month in world.months:
        rng = world.rng("jj__traffic_accident", month)
        rows = [_accident(world, rng, month, i) for i in range(130)]
        plant = Planting(rng, len(rows))
        gone = {plant.put("deleted_row", "superseded") for _ in range(3)}
        i = plant.put("stars_for_overflow", "bad_number", "loss")
        rows[i][7] = "*" * 12
        rows[plant.put("hour_twenty_five", "bad_date", "occurred_at")][2] = f"{month:%Y-%m}-05 25:10:00"
        i = plant.put("deaths_in_a_simple_case", "check_failed", "deaths", [k for k in range(len(rows)) if rows[k][1] == "简易"])
        rows[i][5] = "1"
        rows[plant.put("county_of_before_2001", "accepted", "district", [k for k in range(len(rows)) if rows[k][8] == "330110"])][9] += (
            "（原余杭市）"
        )
        content = dbf(columns, rows, world.after(month, 3), gone)
        yield File("jj__traffic_accident", f"交通事故_{month:%Y%m}.dbf", world.after(month, 4), content, len(rows), faults=plant.faults)


def _accident(world: World, rng: Random, month: date, i: int) -> list[str]:
    district = rng.choices(list(DENSE), list(DENSE.values()))[0]
    day = month + timedelta(days=i * month_end(month).day // 130)
    hour = rng.choices(range(24), [2, 1, 1, 1, 1, 2, 5, 9, 9, 6, 5, 5, 5, 5, 5, 5, 6, 9, 9, 6, 5, 4, 3, 2])[0]
    at = datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60))
    told = at + timedelta(minutes=rng.randrange(1, 15))
    there = told + timedelta(minutes=rng.randrange(4, 35))
    simple = rng.random() < 0.8
    dead = 0 if simple or rng.random() > 0.14 else 1
    lon, lat = world.place(district, rng)
    return [
        f"{district}{day:%Y%m%d}{i + 1:04d}", "简易" if simple else "一般", f"{at:%Y-%m-%d %H:%M:%S}", f"{told:%Y-%m-%d %H:%M:%S}",
        f"{there:%Y-%m-%d %H:%M:%S}", str(dead), str(0 if simple else rng.randrange(0 if dead else 1, 4)),
        f"{rng.lognormvariate(7.2 if simple else 9, 0.8):.2f}", district, rng.choice(ROADS), f"{lon:.6f}", f"{lat:.6f}", plate(rng),
    ]  # fmt: skip
