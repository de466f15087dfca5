"""(25) 水务: tracks of river patrols in two systems of coordinates, and the sites of gauges as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from xihu.sample import ids
from xihu.sample.forms.places import gcj02, geojson
from xihu.sample.forms.texts import csv
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting

TITLE = "河道巡查与测站"
RIVERS = {
    "330106": "沿山河", "330105": "京杭运河", "330103": "东新河", "330109": "浦阳江", "330110": "余杭塘河", "330122": "分水江",
    "330182": "寿昌江",
}  # fmt: skip
KINDS = ("雨量站", "水位站", "雨量水位站")


def files(world: World) -> Iterator[File]:
    """Tracks of one day a week; sites at first all, then what changed."""
    yield from _tracks(world)
    yield from _sites(world)


def _tracks(world: World) -> Iterator[File]:
    header = ("终端编号", "设备厂商", "所在河流", "定位时间", "经度", "纬度", "速度")
    sent: list[list[str]] = []
    for week, first in enumerate(d for month in world.months for d in world.days(month) if d.day in (10, 17, 24, 28)):
        day = workday(first)
        rng = world.rng("ls__river_patrol", first)
        rows: list[list[str]] = []
        for n, (district, river) in enumerate(RIVERS.items()):
            vendor = "SJ" if n % 2 else "SC"
            lon, lat = world.place(district, rng)
            east, north = rng.uniform(-1, 1), rng.uniform(-1, 1)
            at = datetime(day.year, day.month, day.day, rng.choice((8, 9, 14)), rng.randrange(60))
            for _ in range(24):
                pace = rng.uniform(2.5, 5.5)  # km/h, on foot
                at += timedelta(seconds=60)
                lon, lat = lon + east * pace / 60 / 96.5, lat + north * pace / 60 / 111.0
                x, y = gcj02(lon, lat) if vendor == "SJ" else (lon, lat)
                rows.append(
                    [
                        f"XH{district}{n + 1:02d}",
                        vendor,
                        river,
                        f"{at:%Y-%m-%d %H:%M:%S}",
                        f"{x * 1e6:.0f}",
                        f"{y * 1e6:.0f}",
                        f"{pace:.1f}",
                    ]
                )
        plant = Planting(rng, len(rows))
        match week % 3:
            case 0:
                i = plant.put("axes_exchanged", "swapped_fields", "lon")
                rows[i][4], rows[i][5] = rows[i][5], rows[i][4]
            case 1:
                i = plant.put("clock_ahead", "check_failed", "observed_at")
                rows[i][3] = "2018" + rows[i][3][4:]
            case 2:
                i = plant.put("no_fix", "out_of_range", "lon")
                rows[i][4] = rows[i][5] = "0"
        one, two = (plant.put("out_of_order", "accepted", "observed_at") for _ in range(2))
        rows[one], rows[two] = rows[two], rows[one]
        for again in sent:
            rows.append(again)
            plant.at(len(rows) - 1, "uploaded_again", "duplicate")
        name, come = f"巡河轨迹_{day:%Y%m%d}.csv", day + timedelta(days=1)
        yield File("ls__river_patrol", name, come, csv(header, rows), len(rows), clock="020000", faults=plant.faults)
        spoilt = plant.bad
        sent = [list(rows[i]) for i in range(40, 46) if i not in spoilt][:3]


def _sites(world: World) -> Iterator[File]:
    rng = world.rng("ls__gauge_site")
    sites: list[tuple[str, list[float], dict[str, Any]]] = []
    for n in range(52):
        district = world.districts[n % 13]
        lon, lat = world.place(district, rng)
        installed = date(2004, 5, 1) + timedelta(days=rng.randrange(4000))
        sites.append(("Point", [lon, lat], {
            "测站编码": f"701{n * 37 + 10_000:05d}", "测站名称": f"{world.street(district, rng)}{('上', '中', '下', '闸')[n // 13]}站",
            "测站类型": KINDS[n % 3],
            "所在河流": RIVERS.get(district), "运行状态": "正常" if n % 11 else "故障", "启用日期": f"{installed:%Y-%m-%d}",
            "上次检验日期": f"{date(2016, 3, 1) + timedelta(days=n * 3):%Y-%m-%d}", "区县": district,
        }))  # fmt: skip
    for k, month in enumerate(world.months):
        chosen = sites if k == 0 else sites[k * 7 : k * 7 + 12]
        if k:
            for _, _, p in chosen:
                p["运行状态"] = "正常"
                p["上次检验日期"] = f"{workday(month.replace(day=12)):%Y-%m-%d}"
        out = [(t, list(c), dict(p)) for t, c, p in chosen]
        plant = Planting(world.rng("ls__gauge_site", month), len(out))
        i = plant.put("name_of_district", "repaired", "district")
        out[i][2]["区县"] = ids.DISTRICTS[out[i][2]["区县"]][0]
        i = plant.put("written_date", "repaired", "installed_on")
        d = date.fromisoformat(out[i][2]["启用日期"])
        out[i][2]["启用日期"] = f"{d.year}年{d.month}月{d.day}日"
        if k == 0:
            i = plant.put("axes_exchanged", "swapped_fields", "geometry")
            out[i][1].reverse()
        elif k == 1:
            out[plant.put("no_number", "missing_key", "facility_no")][2]["测站编码"] = None
        else:
            out[plant.put("checked_before", "check_failed", "checked_on")][2]["上次检验日期"] = "2001-01-01"
        yield File("ls__gauge_site", f"测站点位_{month:%Y%m}.geojson", world.after(month, 6), geojson(out, "urn:ogc:def:crs:EPSG::4490"),
            len(out),
                   faults=plant.faults)  # fmt: skip
