"""(22) 政务物联网: the register of devices with what they sent in the month, telegrams of oil fume monitors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import telegram
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "政务物联网"
# (kind, unit that runs it, minutes between two values, weight)
SORTS = (
    ("视频监控", "市公安局", 1, 30), ("扬尘监测", "市城乡建设委员会", 1, 14), ("油烟监测", "市城市管理委员会", 10, 16),
    ("水位监测", "市林业水利局", 5, 12), ("井盖监测", "市城市管理委员会", 60, 12),
    ("电气火灾监测", "市公安消防局", 10, 10), ("空气微站", "市环境保护局", 60, 6),
)  # fmt: skip


def files(world: World) -> Iterator[File]:
    """The register by month, telegrams of three days a month."""
    yield from _devices(world)
    yield from _fumes(world)


def _devices(world: World) -> Iterator[File]:
    header = ("设备编号", "设备类型", "建设单位", "区县", "经度", "纬度", "安装日期", "设备状态", "统计月份", "在线分钟数", "应在线分钟数",
              "实收数据条数", "应收数据条数")  # fmt: skip
    still = world.rng("jx__iot_device")
    devices = [_device(world, still, i) for i in range(190)]
    for month in world.months:
        rng = world.rng("jx__iot_device", month)
        devices += [_device(world, rng, len(devices) + k) for k in range(6 * (month != world.months[0]))]
        rows = []
        for fixed, every in devices:
            minutes = month_end(month).day * 1440
            down = fixed[7] == "停用" or rng.random() < 0.02
            online = 0 if fixed[7] == "停用" else round(minutes * (rng.uniform(0.1, 0.6) if down else min(1, rng.gauss(0.985, 0.015))))
            due = minutes // every
            got = min(due, round(due * online / minutes * rng.uniform(0.97, 1)))
            rows.append([*fixed, f"{month:%Y.%m}", f"{online:,}" if rng.random() < 0.1 else str(online), str(minutes), str(got), str(due)])
        plant = Planting(rng, len(rows))
        rows[plant.put("more_online_than_expected", "check_failed", "online_minutes")][9] = "99999"
        i = plant.put("place_exchanged", "swapped_fields")
        rows[i][4], rows[i][5] = rows[i][5], rows[i][4]
        rows[plant.put("placeholder_for_number", "missing_key", "device_no")][0] = "暂无"
        rows[plant.put("date_in_words", "accepted", "installed_on")][6] = "2015年3月12日"
        i = plant.put("full_width_digits", "accepted", "online_minutes")
        rows[i][9] = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in rows[i][9])
        if month == world.months[1]:
            rows[plant.put("no_such_day", "bad_date", "installed_on")][6] = "2015-11-31"
        name, day = f"物联网设备_{month:%Y%m}.csv", world.after(month, 4)
        if month == world.months[2]:
            wrong = csv(header, rows, "utf-16", guarded=[0])
            yield File("jx__iot_device", name, world.after(month, 3), wrong, 0, refused="wrong_encoding")
        yield File("jx__iot_device", name, day, csv(header, rows, guarded=[0]), len(rows), faults=plant.faults)


def _device(world: World, rng: Random, i: int) -> tuple[list[str], int]:
    kind, unit, every, _ = rng.choices(SORTS, [s[3] for s in SORTS])[0]
    district = rng.choices(world.districts, [v[1] for v in ids.DISTRICTS.values()])[0]
    lon, lat = world.place(district, rng)
    installed = date(2012, 1, 10) + timedelta(days=rng.randrange(1700))
    return [
        f"33010020{i + 1:010d}", kind, unit, district, f"{lon:.6f}", f"{lat:.6f}", f"{installed:%Y-%m-%d}",
        rng.choices(("在用", "停用"), (96, 4))[0],
    ], every  # fmt: skip


def _fumes(world: World) -> Iterator[File]:
    kitchens = [(d, k) for d in ("330102", "330103", "330106") for k in range(3)]
    for month in world.months:
        for day in (month.replace(day=5), month.replace(day=14), month.replace(day=25)):
            rng = world.rng("cg__cooking_fume", day)
            parts, faults, records = list[bytes](), list[Fault](), 0
            crc, early = rng.sample(range(len(kitchens)), 2)
            for n, (district, k) in enumerate(kitchens):
                device, usual = f"YY{district}{k + 1:06d}", rng.uniform(0.5, 1.5)
                for hour in range(9, 22):
                    busy = 1.0 if hour in (11, 12, 17, 18, 19) else 0.35
                    at = datetime(day.year, day.month, day.day, hour)
                    if n == early and hour == 15:
                        at += timedelta(days=4000)  # the clock has lost its battery
                    value = usual * busy * rng.lognormvariate(0, 0.3)
                    packet = telegram(
                        f"QN={at + timedelta(hours=1):%Y%m%d%H%M%S}001;ST=31;CN=2061;PW=123456;MN={device};"
                        f"Flag=4;CP=&&DataTime={at:%Y%m%d%H0000};a34041-Avg={value:.2f},a34041-Flag=N&&"
                    )
                    if n == crc and hour == 12:
                        packet = packet.replace(b"a34041-Avg", b"a34O41-Avg")
                        faults.append(Fault(records + 1, "one_byte_changed", "bad_crc"))
                    elif n == early and hour == 15:
                        faults.append(Fault(records + 1, "clock_ahead", "check_failed", "observed_at"))
                    parts.append(packet)
                    records += 1
            name = f"餐饮油烟_{day:%Y%m%d}.txt"
            yield File("cg__cooking_fume", name, day + timedelta(days=1), b"".join(parts), records, clock="012000", faults=faults)
