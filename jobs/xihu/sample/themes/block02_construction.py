"""(2) 城市建设: construction permits in messages, contracts of new flats as a weekly dump, telegrams of dust monitors on sites."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.forms.messages import elements, enveloped, telegram, xml
from xihu.sample.forms.texts import control, dump
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "城市建设"
BUILDINGS = ("住宅楼", "商务楼", "安置房", "厂房", "学校教学楼", "地下停车库", "社区用房")
ESTATES = ("江澜", "西溪", "云栖", "半山", "钱塘", "良渚", "白马", "瑞喆", "湘湖", "青山湖")
# Price of a new flat in the autumn of 2016, 元/㎡.
PRICES = {
    "330102": 38_000, "330103": 31_000, "330104": 27_000, "330105": 24_000, "330106": 30_000, "330108": 26_000, "330109": 17_000,
    "330110": 15_000, "330111": 10_500, "330122": 7_800, "330127": 8_200, "330182": 6_400, "330185": 9_600,
}  # fmt: skip


def files(world: World) -> Iterator[File]:
    """Permits by month, contracts by week, telegrams of two days of each month."""
    yield from _permits(world)
    yield from _contracts(world)
    yield from _dust(world)


def _builder(world: World, district: str, rng: Random, construction: bool = False) -> tuple[str, str]:
    return world.firm(district, rng.choice((25, 35, 45, 55)) if construction else rng.randrange(20, 60))


def _permits(world: World) -> Iterator[File]:
    rng = world.rng("jw__construction_permit")
    standing = [_permit(world, rng, date(2015, 1, 1) + timedelta(days=7 * i), i) for i in range(60)]
    for month in world.months:
        rng = world.rng("jw__construction_permit", month)
        fresh = [_permit(world, rng, month + timedelta(days=i // 2), 100 + i) for i in range(60)]
        done = [p for p in standing if p["合同竣工日期"] < f"{world.after(month, 0):%Y-%m-%d}" and not p["实际竣工日期"]]
        for p in done:
            late = max(0, round(rng.gauss(8, 25)))
            p["实际竣工日期"] = f"{max(date.fromisoformat(p['合同竣工日期']) + timedelta(days=late), month):%Y-%m-%d}"
        rows = [dict(p) for p in (*(standing if month == world.months[0] else done), *fresh)]
        standing += fresh
        plant = Planting(rng, len(rows))
        rows[plant.put("credit_code_check", "bad_uscc", "contractor")]["施工单位代码"] = "91330106MA27XHQ00A"
        rows[plant.put("twenty_ninth_of_february", "bad_date", "planned_end")]["合同竣工日期"] = "2017-02-29"
        i = plant.put("beyond_gb2312", "accepted", "project_name")
        rows[i]["工程名称"] = "镕喆㛃园" + rows[i]["工程名称"]
        i = plant.put("unit_written_out", "accepted", "contract_price")
        rows[i]["合同价"] += "万元"
        if month == world.months[0]:
            i = plant.put("finished_before_start", "check_failed", "planned_end")
            rows[i]["合同竣工日期"] = "2014-01-01"
            rows[i]["实际竣工日期"] = ""
        inner = xml("<施工许可列表>\n" + elements("施工许可", rows) + "\n</施工许可列表>")
        name = f"施工许可_{month:%Y%m}.xml"

        def message(body: bytes, count: int) -> bytes:
            return enveloped(body, head=f"<Head><Sender>HZJW</Sender><Count>{count}</Count></Head>")

        if month == world.months[2]:
            cut = xml("<施工许可列表>\n" + elements("施工许可", rows[:-5]) + "\n</施工许可列表>")
            content = message(cut, len(rows))
            yield File("jw__construction_permit", name, world.after(month, 4), content, 0, refused="control_total", note="少五条")
        yield File("jw__construction_permit", name, world.after(month, 5), message(inner, len(rows)), len(rows), faults=plant.faults)


def _permit(world: World, rng: Random, issued: date, i: int) -> dict[str, str]:
    district = rng.choices(world.districts, [3, 3, 8, 6, 8, 7, 14, 16, 8, 4, 3, 4, 6])[0]
    building = rng.choice(BUILDINGS)
    area = round(rng.lognormvariate(9.8, 0.8), 2)
    price = round(area * rng.uniform(1800, 3600) / 10_000, 4)
    start = issued + timedelta(days=rng.randrange(3, 30))
    end = start + timedelta(days=round(200 + 60 * math.log(area) * rng.uniform(0.5, 1.1)))
    (owner, _), (works, _), (watch, _) = (_builder(world, district, rng, k > 0) for k in range(3))
    return {
        "施工许可证编号": f"{district}{issued:%Y%m%d}{1 + i % 99:02d}01",
        "项目代码": f"{issued.year}-{district}-{47 + i % 6:02d}-{1 + i % 3:02d}-{i + 1000:06d}",
        "工程名称": f"{rng.choice(ESTATES)}{'一二三四五六'[i % 6]}期{building}", "建设单位代码": owner, "施工单位代码": works,
        "监理单位代码": watch,
        "合同价": f"{price:.4f}", "建筑面积": f"{area:.2f}", "发证日期": f"{issued:%Y-%m-%d}", "合同开工日期": f"{start:%Y-%m-%d}",
        "合同竣工日期": f"{end:%Y-%m-%d}", "实际竣工日期": "", "标化工地": "是" if rng.random() < 0.35 else "否", "区划": district,
    }  # fmt: skip


def _contracts(world: World) -> Iterator[File]:
    buyers = world.adults(world.w.first, 24, 62)
    world.rng("fg__presale_contract").shuffle(buyers)
    live: list[list[str]] = []
    number = 0
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else world.after(month, 0)
            rng = world.rng("fg__presale_contract", first)
            rows = []
            for _ in range(56):
                day = first + timedelta(days=rng.randrange((last - first).days + 1))
                rows.append(_contract(world, rng, buyers[number % len(buyers)], day, number))
                number += 1
            fresh = len(rows)
            gone = rng.sample(live, 2) if live else []
            rows += [["D", *c[1:-1], "已撤销"] for c in gone]
            live = [c for c in live if c not in gone]
            plant = Planting(rng, fresh)
            i = plant.put("line_end_in_address", "accepted", "address")
            rows[i][5] += "\r\n（地上部分）"
            if week % 2 == 0:
                i = plant.put("bar_in_address", "column_count", "address")
                rows[i][5] = rows[i][5].replace("幢", "幢|")
            if week == 0:
                i = plant.put("check_digit", "bad_id_check", "buyer_id")
                right = rows[i][7]
                rows[i][7] = right[:17] + ("1" if right[17] != "1" else "2")
            elif week == 1:
                i = plant.put("ten_thousand_yuan_for_yuan", "check_failed", "price_total")
                rows[i][12] = f"{float(rows[i][12]) / 10_000:.2f}"
            elif week == 2:
                i = plant.put("placeholder_for_id", "missing_key", "buyer_id")
                rows[i][7] = "000000000000000000"
                i = plant.put("lower_case_x", "accepted", "buyer_id", [k for k in range(fresh) if rows[k][7].endswith("X")] or None)
                rows[i][7] = rows[i][7].lower()
            else:
                i = plant.put("area_zero", "out_of_range", "floor_area")
                rows[i][10] = "0.00"
            live += [r for k, r in enumerate(rows[:fresh]) if k not in plant.bad]
            name, day = f"商品房网签_{first:%Y%m%d}.txt", last + timedelta(days=1)
            content = dump(rows, "|", end="\n")
            beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows))}
            if first == date(month.year, month.month, 8) and month == world.months[1]:
                half = content[: content.index(b"\n", len(content) // 2) + 1]
                yield File(
                    "fg__presale_contract", name, day, half, 0, clock="013000", refused="companion_mismatch", note="传输中断", beside=beside
                )
            yield File("fg__presale_contract", name, day, content, len(rows), clock="020000", faults=plant.faults, beside=beside)


def _contract(world: World, rng: Random, buyer: Person, day: date, n: int) -> list[str]:
    district = rng.choices(world.districts, [1, 2, 8, 6, 6, 6, 18, 24, 9, 4, 3, 4, 9])[0]
    k = rng.randrange(6)
    seller, name = world.firm(district, 25 + k)
    area = round(max(42.0, rng.gauss(101, 24)), 2)
    price = round(PRICES[district] * rng.uniform(0.85, 1.2))
    house, floor = rng.randrange(1, 25), rng.randrange(2, 30)
    estate = f"{ESTATES[(int(district) + k) % len(ESTATES)]}府"
    return [
        "I", f"{day.year}预{n + 1:07d}", f"{district[2:]}售许字（2016）第{k + 1:05d}号",
        f"{district}{k + 1:03d}{house:03d}{floor:02d}{n % 4 + 1:02d}",
        estate, f"{ids.DISTRICTS[district][0]}{world.street(district, rng)}{estate}{house}幢{floor}{n % 4 + 1:02d}室",
        buyer.name, buyer.id18, seller, name, f"{area:.2f}", str(price), f"{area * price:.2f}", f"{day:%Y-%m-%d}", district, "已备案",
    ]  # fmt: skip


def _dust(world: World) -> Iterator[File]:
    sites = [(d, 25 + 10 * (k % 3)) for k, d in enumerate(("330104", "330106", "330108", "330109", "330110", "330105"))]
    for month in world.months:
        for day in (month.replace(day=11), month.replace(day=21)):
            rng = world.rng("jw__site_dust", day)
            log = _Log()
            odd = dict(zip(rng.sample(range(4, 24), 5), ("crc", "cut", "clock", "again", "stopped"), strict=True))
            for k, (district, n) in enumerate(sites):
                device, level = f"YC{district}{n:04d}{k + 1:04d}", rng.uniform(0.06, 0.13)
                for hour in range(24):
                    at = datetime(day.year, day.month, day.day, hour)
                    working = 0.7 + 0.9 * math.exp(-(((hour - 13) / 4.5) ** 2))
                    pm10 = level * working * rng.lognormvariate(0, 0.25)
                    tsp = pm10 * rng.uniform(1.35, 1.7)
                    word = odd.get(hour, "") if k == hour % len(sites) else ""
                    data = _hour(device, at + timedelta(days=900) if word == "clock" else at, pm10, tsp, "D" if word == "stopped" else "N")
                    packet = telegram(data)
                    if word == "crc":
                        wrong = b"0000" if packet[-6:-2] != b"0000" else b"FFFF"
                        log.add(packet[:-6] + wrong + b"\r\n", 1, "checksum", "bad_crc")
                    elif word == "cut":
                        log.add(packet[: len(packet) // 2] + b"\r\n", 1, "broken_off", "truncated")
                    elif word == "clock":
                        log.add(packet, 2, "clock_ahead", "check_failed", "observed_at")
                    else:
                        log.add(packet, 2, *(("instrument_fault_flag", "accepted", "flag") if word == "stopped" else ()))
                        if word == "again":
                            log.add(packet, 2, "sent_again", "duplicate")
            name = f"工地扬尘_{day:%Y%m%d}.txt"
            yield File("jw__site_dust", name, day + timedelta(days=1), b"".join(log.parts), log.records, clock="011500", faults=log.faults)


class _Log:
    """Telegrams one after another."""

    def __init__(self) -> None:
        self.parts, self.faults, self.records = list[bytes](), list[Fault](), 0

    def add(self, packet: bytes, size: int, kind: str = "", expected: str = "", field: str = "") -> None:
        """A telegram of so many records, all of them with the fault where one is named."""
        self.parts.append(packet)
        if kind:
            self.faults += [Fault(self.records + k + 1, kind, expected, field) for k in range(size)]
        self.records += size


def _hour(device: str, at: datetime, pm10: float, tsp: float, flag: str) -> str:
    sent = at + timedelta(hours=1, seconds=3)
    low, high = pm10 * 0.7, pm10 * 1.4
    return (
        f"QN={sent:%Y%m%d%H%M%S}002;ST=39;CN=2061;PW=123456;MN={device};Flag=5;CP=&&DataTime={at:%Y%m%d%H0000};"
        f"a34002-Min={low:.3f},a34002-Avg={pm10:.3f},a34002-Max={high:.3f},a34002-Flag={flag};"
        f"a34001-Min={low * 1.4:.3f},a34001-Avg={tsp:.3f},a34001-Max={high * 1.6:.3f},a34001-Flag={flag}&&"
    )
