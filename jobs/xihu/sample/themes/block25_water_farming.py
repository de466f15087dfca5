"""(25) 水务、农业: five-minute telemetry of rain and water, plots of farmland as a shapefile, subsidies as a bank batch in GBK bytes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from xihu.sample import ids
from xihu.sample.forms.places import polygons
from xihu.sample.forms.texts import cents, csv, encode, pad
from xihu.sample.people import Person
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting

TITLE = "水务与农业"
RURAL = ("330109", "330111", "330122", "330182")
# Gauges: code and usual level in m.
GAUGES = (("70114200", 7.2), ("70116800", 4.6), ("70109500", 23.4), ("70121300", 3.1))
USES = ("水田", "水田", "旱地", "园地")
# Subsidy: code, 分 a mu.
KINDS = (("02", 10_430), ("01", 12_500))
MU = 10_000 / 15  # m²


@dataclass(frozen=True)
class Plot:
    """A registered plot: area in hundredths of a mu."""

    no: str
    holder: Person
    village: str
    area: int
    use: str
    district: str
    registered: date


def files(world: World) -> Iterator[File]:
    """A gauge's day a week, the plots of a district a month, a batch a month."""
    plots = _plots(world)
    yield from _telemetry(world)
    yield from _registers(world, plots)
    yield from _grants(world, plots)


def _telemetry(world: World) -> Iterator[File]:
    sent: list[str] = []
    for week, day in enumerate(d for month in world.months for d in world.days(month) if d.day in (1, 8, 15, 22)):
        rng, (code, usual) = world.rng("ls__hydrology_reading", day), GAUGES[week % len(GAUGES)]
        rows: list[list[str]] = []
        wet, level = rng.random() < 0.4, usual + rng.uniform(-0.3, 0.5)
        for k in range(288):
            at = datetime(day.year, day.month, day.day) + timedelta(minutes=5 * k)
            rain = 0.0
            if wet and 60 <= k < 150 and rng.random() < 0.7:
                rain = rng.choice((0.2, 0.2, 0.5, 0.5, 1.0, 1.5, 2.5))
            level += rain * 0.012 + rng.gauss(0, 0.004) - (level - usual) * 0.004
            rows.append([code, f"{at:%y%m%d%H%M%S}", f"{rain:.1f}", f"{level:.2f}", f"{12.4 + 0.9 * math.sin(k / 46):.1f}"])
        plant = Planting(rng, len(rows))
        rows[plant.put("gauge_broken", "accepted", "water_level")][3] = "9999"
        match week % 4:
            case 0:
                rows[plant.put("bucket_jammed", "out_of_range", "rainfall")][2] = "655.3"
            case 1:
                i = plant.put("clock_ahead", "check_failed", "observed_at")
                rows[i][1] = "18" + rows[i][1][2:]
            case 2:
                i = plant.put("no_such_hour", "bad_date", "observed_at")
                rows[i][1] = rows[i][1][:6] + "250000"
            case 3:
                i = plant.put("spike", "bad_number", "water_level")
                rows[i][3] = "4.-2"
        if sent:
            # What was sent with the last upload comes again after a broken connection, later than what is newer.
            rows.append(sent)
            plant.at(len(rows) - 1, "uploaded_again", "duplicate")
        if week % 3 == 1:
            # Out of order by hours: two readings change places, and both are right.
            one, two = (plant.put("out_of_order", "accepted", "observed_at") for _ in range(2))
            rows[one], rows[two] = rows[two], rows[one]
        content = csv(("测站编码", "观测时间", "时段降水量", "水位", "电池电压"), rows)
        yield File("ls__hydrology_reading", f"雨量水位_{code}_{day:%Y%m%d}.csv", day + timedelta(days=1), content, len(rows),
            clock="004500",
                   faults=plant.faults)  # fmt: skip
        sent = list(rows[5]) if 6 not in {x.row for x in plant.faults} else []


def _plots(world: World) -> list[Plot]:
    rng, found = world.rng("ny__plots"), list[Plot]()
    grown = world.adults(world.w.first, 22, 85)
    for district in RURAL:
        holders = [p for p in grown if p.district == district and p.farm][:45]
        for n, p in enumerate(holders * 2):
            street = ids.STREETS[district].index(p.street) if p.street in ids.STREETS[district] else 0
            village = f"{p.street or ids.STREETS[district][0]}{'东西南北新上下'[n % 7]}{'坞畈塘桥湾村'[n % 6]}村"
            found.append(Plot(
                f"{district}{101 + street:03d}{201 + n % 7:03d}{1 + n % 9:02d}{n + 1:05d}", p, village, max(20,
                    int(rng.lognormvariate(0.55, 0.6) * 100)),
                rng.choice(USES), district, date(2014, 3, 1) + timedelta(days=rng.randrange(700)),
            ))  # fmt: skip
    return found


def _ring(world: World, plot: Plot) -> list[list[float]]:
    """A rectangle of the plot's area, turned clockwise, in degrees."""
    rng = world.rng("ny__ring", plot.no)
    lon, lat = world.place(plot.district, rng)
    metres = plot.area / 100 * MU
    wide = math.sqrt(metres * rng.uniform(0.6, 1.7))
    dx, dy = wide / (111_320 * math.cos(math.radians(lat))), metres / wide / 110_900
    corners = ((0, 0), (0, dy), (dx, dy), (dx, 0), (0, 0))
    return [[round(lon + x, 7), round(lat + y, 7)] for x, y in corners]


def _registers(world: World, plots: list[Plot]) -> Iterator[File]:
    columns = (
        ("地块编码", "C", 19, 0), ("证件号", "C", 18, 0), ("承包人名称", "C", 20, 0), ("发包方村", "C", 40, 0), ("确权面积", "N", 9, 2),
        ("用途", "C", 10, 0),
        ("区县", "C", 6, 0), ("登记日期", "C", 8, 0),
    )  # fmt: skip
    for k, district in enumerate(RURAL):
        rng, mine = world.rng("ny__farm_plot", district), [p for p in plots if p.district == district]
        rows = [
            [
                p.no,
                p.holder.id18,
                encode(p.holder.name, "gbk").decode("gbk"),
                p.village,
                p.area / 100,
                p.use,
                p.district,
                f"{p.registered:%Y%m%d}",
            ]
            for p in mine
        ]
        rings = [_ring(world, p) for p in mine]
        plant = Planting(rng, len(rows))
        rows[plant.put("old_district_name", "repaired", "district")][6] = ids.DISTRICTS[district][0]
        if k % 2 == 0:
            i = plant.put("check_digit", "bad_id_check", "id_no")
            card = str(rows[i][1])
            rows[i][1] = card[:-1] + ("0" if card[-1] != "0" else "1")
        else:
            rows[plant.put("square_metres", "out_of_range", "registered_mu")][4] = 1266.67
        stem, day = f"确权地块_{district}_2016", world.after(world.months[k % 3], 9 + k)
        shape = polygons(columns, list(zip(rings, rows, strict=True)))
        beside = {stem + end: data for end, data in shape.items() if end != ".shp"}
        yield File("ny__farm_plot", stem + ".shp", day, shape[".shp"], len(rows), faults=plant.faults, beside=beside)


def _grants(world: World, plots: list[Plot]) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rng, day = world.rng("ny__subsidy_grant", month), workday(world.after(month, 1))
        code, rate = KINDS[k % 2]
        mine = [p for p in plots if p.holder.alive(day)][k * 25 : k * 25 + 200]
        lines: list[list[bytes]] = []
        amounts: list[int] = []
        batch = f"{day:%Y%m%d}{k + 1:04d}"
        for n, p in enumerate(mine, 1):
            claimed = p.area + (rng.randrange(15, 120) if n % 33 == 7 else 0)  # more than was registered: for the auditors to find
            amount = round(claimed * rate / 100)
            if n % 70 == 33:
                amount = -amount  # last month's payment came back
            amounts.append(amount)
            lines.append([
                b"D", batch.encode(), b"%06d" % n, p.holder.id18.encode(), pad(p.holder.name, 20, "gb18030"), pad(p.village, 40,
                    "gb18030"), p.no.encode(),
                b"%07d" % claimed, code.encode(), b"%04d" % month.year, _sign_last(amount),
                f"622858{int(p.no[-9:]) % 10**13:013d}".encode(), p.district.encode(),
            ])  # fmt: skip
        plant = Planting(rng, len(lines))
        for i, a in enumerate(amounts):
            if a < 0:
                plant.at(i, "sign_last", "repaired", "amount")
        rows_total = sum(amounts)
        lines[plant.put("padded_with_wide_blanks", "repaired", "name")][4] = ("李明" + "\u3000" * 8).encode("gb18030")
        if k == 0:
            lines[plant.put("half_a_character", "bad_encoding", "village")][5] = ("新" * 19).encode("gb18030") + b"\xb4 "
        elif k == 1:
            lines[plant.put("letter_l", "bad_id_charset", "id_no")][3] = b"33l" + mine[plant.faults[-1].row - 1].holder.id18[3:].encode()
        else:
            i = plant.put("too_much_a_mu", "check_failed", "amount")
            rows_total += abs(amounts[i]) * 9 - amounts[i]
            lines[i][10] = _sign_last(abs(amounts[i]) * 9)
        content = f"H{batch}杭州市农业局\r\n".encode("gb18030") + b"".join(b"".join(x) + b"\r\n" for x in lines)
        content += b"T%08d" % len(lines) + _sign_last(rows_total, 16) + b"\r\n"
        name = f"惠农补贴_{month:%Y%m}.txt"
        if k == 1:
            # Written in UTF-8: three bytes a character shift every field behind a name.
            wrong = content.decode("gb18030", "replace").encode()
            yield File("ny__subsidy_grant", name, day, wrong, 0, refused="wrong_encoding", note="widths agreed in GBK, file in UTF-8")
            day = workday(day + timedelta(days=1))
        yield File("ny__subsidy_grant", name, day, content, len(lines), faults=plant.faults)


def _sign_last(amount: int, width: int = 11) -> bytes:
    return cents(f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}", width)
