"""(13) 气象: hourly lines of automatic stations, warnings from an interface."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from xihu.sample.dates import month_end
from xihu.sample.forms.messages import pages
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting

TITLE = "气象"
# Station, district, how much colder than the city.
STATIONS = (
    ("58457", "330106", 0.0), ("K1001", "330102", -0.4), ("K1003", "330103", -0.5), ("K1006", "330104", -0.3), ("K1010", "330105", -0.2),
    ("K1015", "330108", -0.1), ("58459", "330109", 0.3), ("K1021", "330110", 0.5), ("58449", "330111", 0.6), ("58543", "330122", 1.0),
    ("58544", "330127", 1.3), ("58448", "330185", 1.4), ("58554", "330182", 0.9), ("K1501", "330185", 6.5),
)  # fmt: skip
NORMAL = {10: 18.9, 11: 13.2, 12: 7.4, 1: 4.8}
# Kind, colours, weight in October, November, December.
KINDS = (
    ("大雾", ("黄色", "橙色"), (4, 4, 4)), ("霾", ("黄色", "橙色"), (2, 4, 6)), ("大风", ("蓝色", "黄色"), (4, 3, 3)),
    ("寒潮", ("蓝色", "黄色"), (0, 3, 3)), ("道路结冰", ("黄色",), (0, 0, 3)), ("雷电", ("黄色",), (3, 1, 0)),
    ("暴雨", ("蓝色", "黄色"), (3, 1, 0)),
)  # fmt: skip


def files(world: World) -> Iterator[File]:
    """Observations of three days of each month, warnings by month."""
    yield from _observations(world)
    yield from _alerts(world)


def _observations(world: World) -> Iterator[File]:
    for month in world.months:
        for day in (month.replace(day=6), month.replace(day=16), month.replace(day=26)):
            rng = world.rng("qx__station_hourly", day)
            mean = NORMAL.get(day.month, 15.0) + rng.gauss(0, 2.5) - (day.day - 15) * 0.15
            wet = rng.random() < 0.35
            lines = []
            for station, _, colder in STATIONS:
                for hour in range(24):
                    at = datetime(day.year, day.month, day.day, hour)
                    lines.append(_observation(rng, station, at, mean - colder, wet))
            plant = Planting(rng, len(lines))
            i = plant.put("line_broken_off", "truncated")
            lines[i] = lines[i][:27]
            i = plant.put("sensor_at_its_stop", "out_of_range", "temperature")
            lines[i] = lines[i][:18] + b"+9999" + lines[i][23:]
            i = plant.put("letter_in_number", "bad_number", "humidity")
            lines[i] = lines[i][:23] + b"O96" + lines[i][26:]
            i = plant.put("humidity_not_measured", "accepted", "humidity")
            lines[i] = lines[i][:23] + b"///" + lines[i][26:]
            if day.day == 16:
                i = plant.put("hour_twenty_five", "bad_date", "observed_at")
                lines[i] = lines[i][:14] + b"2500" + lines[i][18:]
            name, arrives = f"自动站_{day:%Y%m%d}.txt", day + timedelta(days=1)

            def batch(some: list[bytes], day: date = day, count: int = len(lines)) -> bytes:
                return b"\r\n".join((b"H" + f"{day:%Y%m%d}HZQX".encode(), *some, b"T%06d" % count)) + b"\r\n"

            if day == world.months[1].replace(day=16):
                yield File(
                    "qx__station_hourly", name, arrives, batch(lines[:200]), 0, clock="003000", refused="control_total", note="站未传齐"
                )
            yield File("qx__station_hourly", name, arrives, batch(lines), len(lines), clock="010000", faults=plant.faults)


def _observation(rng: Random, station: str, at: datetime, mean: float, wet: bool) -> bytes:
    swing = 1.8 if wet else 4.6
    t = mean + swing * math.cos((at.hour - 14.5) / 12 * math.pi) + rng.gauss(0, 0.4)
    humidity = min(100, max(25, round((88 if wet else 66) - 3.2 * (t - mean) + rng.gauss(0, 4))))
    rain = rng.lognormvariate(0.1, 0.9) if wet and rng.random() < 0.55 else 0.0
    wind = rng.lognormvariate(0.5, 0.5)
    direction = f"{rng.randrange(0, 360):03d}" if rng.random() < 0.97 else "///"
    pressure = 1019 - (t - 10) * 0.4 + rng.gauss(0, 1)
    return (
        f"D{station:<5}{at:%Y%m%d%H%M}{'-' if round(t * 10) < 0 else '+'}{abs(round(t * 10)):04d}{humidity:03d}{direction}"
        f"{round(wind * 10):03d}{round(rain * 10):05d}{round(pressure * 10):05d}"
    ).encode()


def _ms(at: datetime) -> int:
    return int((at - timedelta(hours=8)).replace(tzinfo=UTC).timestamp()) * 1000


def _alerts(world: World) -> Iterator[File]:
    for month in world.months:
        rng = world.rng("qx__weather_alert", month)
        size = 20
        rows = [_alert(world, rng, month, i) for i in range(46)]
        plant = Planting(rng, len(rows))
        inner = range(2, size - 2)
        if month == world.months[0]:
            rows[plant.put("colour_of_no_scale", "unknown_code", "colour", inner)]["color"] = "紫色"
        elif month == world.months[1]:
            rows[plant.put("lifted_before_issue", "check_failed", "lifted_at", inner)]["liftTime"] = _ms(datetime(2016, 5, 1, 8, 0))
        else:
            rows[plant.put("number_in_words", "bad_number", "sms_reached", inner)]["smsReached"] = "约三万"
        rows[plant.put("null_as_text", "accepted", "onset_at", inner)]["onsetTime"] = "null"
        again = [n * size + (n - 1) for n in range(1, (len(rows) - 1) // size + 1)]
        for k in again:
            plant.at(k, "repeated_by_next_page", "duplicate")
        # The total moves while pages are fetched; the last page's holds.
        content = pages(rows, size, 1, encoded=False)
        name = f"预警信号_{month:%Y%m}.json"
        yield File("qx__weather_alert", name, world.after(month, 2), content, len(rows) + len(again), faults=plant.faults)


def _alert(world: World, rng: Random, month: date, i: int) -> dict[str, Any]:
    season = min(2, max(0, month.month - 10)) if month.month >= 10 else 2
    kind, colours, _ = rng.choices(KINDS, [k[2][season] for k in KINDS])[0]
    colour = rng.choices(colours, [4, 2, 1][: len(colours)])[0]
    district = rng.choice(world.districts)
    issued = datetime(month.year, month.month, 1 + i * month_end(month).day // 46, rng.randrange(24), rng.randrange(60))
    lifted = issued + timedelta(minutes=round(rng.lognormvariate(6.1, 0.5)))
    onset = issued + timedelta(minutes=rng.randrange(-20, 150)) if rng.random() < 0.85 else None
    targets = rng.randrange(8_000, 60_000)
    return {
        "alertId": f"{district}41600000_{issued:%Y%m%d%H%M%S}{i:02d}", "type": kind, "color": colour, "district": district,
        "issueTime": _ms(issued),
        "liftTime": _ms(lifted), "onsetTime": _ms(onset) if onset else None, "smsTargets": targets,
        "smsReached": round(targets * rng.uniform(0.88, 0.995)), "text": f"预计未来将出现{kind}天气，请注意防范。",
    }  # fmt: skip
