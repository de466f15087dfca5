"""Base data of places: standard addresses, real-estate units and rights, buildings, division tiles; the same houses in all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import elements, enveloped, xml
from xihu.sample.forms.places import geojson, local, polygons
from xihu.sample.forms.texts import control, dump, encode
from xihu.sample.themes.extract import CENTRES, Fault, File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import wrong_check

TITLE = "空间地理"
DEGREES = "urn:ogc:def:crs:EPSG::4490"
ROADS = ("文锦路", "学林街", "望潮路", "东港路", "育英路", "丰收湖路", "锦江路", "兴工路", "双菱路", "梅坞路", "青枫路", "迎宾大道")
ESTATES = ("锦绣苑", "望江家园", "丰潭公寓", "竹海新村", "清水湾", "东苑一区", "东苑二区", "金桂花园")
STRUCTURES = (("钢结构", 3), ("钢筋混凝土结构", 50), ("混合结构", 40), ("砖木结构", 7))
# Schematic map: column from the west, row from the north. A tile is no border.
TILES = {
    "330182": (0, 3),
    "330127": (0, 2),
    "330122": (1, 3),
    "330111": (1, 2),
    "330185": (1, 1),
    "330110": (2, 0),
    "330106": (2, 1),
    "330105": (3, 0),
    "330103": (3, 1),
    "330102": (3, 2),
    "330104": (4, 1),
    "330108": (2, 2),
    "330109": (4, 2),
}
# Code and name of a district that it had another of in earlier years: {code of 2016: (until, code, name)}.
EARLIER = {"330111": (2014, "330183", "富阳市")}


@dataclass(frozen=True)
class House:
    """A room, its building, its address and its unit."""

    no: str
    district: str
    street: str
    community: str
    road: str
    door: int
    estate: str
    building: int
    entrance: int
    room: str
    storeys: int
    structure: str
    built: int
    area: float
    parcel: int
    place: tuple[float, float]

    @property
    def unit(self) -> str:
        """不动产单元号: state building land, a flat of a building."""
        area = f"{1 + self.parcel % 9:03d}{1 + self.parcel // 9:03d}"
        return f"{self.district}{area}GB{self.parcel:05d}F{self.building:04d}{self.entrance}{self.room:>03}"

    @property
    def at(self) -> str:
        """As the registry writes it."""
        return f"{self.road}{self.door}号{self.estate}{self.building}幢{self.entrance}单元{self.room}室"


def files(world: World) -> Iterator[File]:
    """Addresses and buildings by district, units and rights by month, tiles by year."""
    yield from _addresses(world)
    yield from _tiles(world)
    yield from _units(world)
    yield from _rights(world)
    yield from _buildings(world)


def houses(world: World, district: str) -> list[House]:
    """24 rooms in 4 buildings of 2 estates."""
    return _houses(world.seed, district)


@cache
def _houses(seed: int, district: str) -> list[House]:
    rng, made = Random(f"{seed}|houses|{district}"), []
    roads, estates = rng.sample(ROADS, 2), rng.sample(ESTATES, 2)
    for e, (road, estate) in enumerate(zip(roads, estates, strict=True)):
        street = rng.choice(ids.STREETS[district])
        door, lon, lat = rng.randrange(8, 400), CENTRES[district][0] + 0.008 * e, CENTRES[district][1] - 0.006 * e
        for b in rng.sample(range(1, 30), 2):
            built = rng.randrange(1985, 2016)
            structure = rng.choices([s for s, _ in STRUCTURES], [w for _, w in STRUCTURES])[0]
            storeys = 3 if structure == "砖木结构" else rng.choice((6, 6, 7, 11, 18)) if built > 1995 else 6
            for n in range(6):
                floor = 1 + rng.randrange(min(storeys, 9))
                place = (round(lon + 0.0007 * b / 3, 6), round(lat + 0.0005 * (b % 5), 6))
                made.append(
                    House(
                        f"FW{district}{e}{b:02d}{n}",
                        district,
                        street,
                        f"{estate[:2]}社区",
                        road,
                        door,
                        estate,
                        b,
                        1 + n % 2,
                        f"{floor}0{1 + n // 2}",
                        storeys,
                        structure,
                        built,
                        round(rng.uniform(42, 160), 2),
                        100 * (e + 1) + b,
                        place,
                    )
                )
    # The same room is drawn twice only by chance of the floor; the register has it once.
    return list({h.unit: h for h in made}.values())


# ---- 标准地址: GeoJSON, a file a district
def _address(kind: str, no: str, h: House, parts: dict[str, str], day: date) -> tuple[str, Any, dict[str, Any]]:
    name = ids.DISTRICTS[h.district][0]
    whole = f"浙江省杭州市{name}{h.street}{h.road}{h.door}号" + "".join(parts.values())
    said = {
        "标准地址编码": no,
        "地址种类": kind,
        "标准地址全称": whole,
        "区县": h.district,
        "乡镇街道": h.street,
        "社区": h.community,
        "路名": h.road,
        "门牌号": f"{h.door}号",
        "小区名称": parts.get("estate"),
        "幢号": parts.get("building"),
        "单元": parts.get("entrance"),
        "室号": parts.get("room"),
        "统计日期": f"{day:%Y-%m-%d}",
    }
    return ("Point", list(h.place), said)


def _district_addresses(world: World, district: str, day: date) -> list[tuple[str, Any, dict[str, Any]]]:
    features, seen = [], set[tuple[object, ...]]()
    for h in houses(world, district):
        levels: tuple[tuple[str, tuple[object, ...], dict[str, str]], ...] = (
            ("门牌", (h.road, h.door), {}),
            ("楼幢", (h.estate, h.building), {"estate": h.estate, "building": f"{h.building}幢"}),
            (
                "户室",
                (h.unit,),
                {"estate": h.estate, "building": f"{h.building}幢", "entrance": f"{h.entrance}单元", "room": f"{h.room}室"},
            ),
        )
        for kind, key, parts in levels:
            if key not in seen:
                seen.add(key)
                features.append(_address(kind, f"DZ{district}{len(seen):06d}", h, parts, day))
    return features


def _addresses(world: World) -> Iterator[File]:
    for n, district in enumerate(world.districts):
        day = world.after(world.months[0], 4)
        features = _district_addresses(world, district, day)
        faults = _plant_addresses(world, features, district, n)
        name = f"标准地址_{district}.geojson"
        content = geojson(features, DEGREES)
        if district == "330105":  # saved anew with a desktop program, in its own code page
            gbk = content.decode().encode("gb18030")
            yield File("gh__standard_address", name, day, gbk, 0, "094500", refused="wrong_encoding", note="另存为GBK")
            day += timedelta(days=1)
        yield File("gh__standard_address", name, day, content, len(features), "094500", faults)
        if district == "330106":  # next month one building is gone, and nothing else
            bad = {f.row for f in faults if f.expected not in ("accepted", "repaired")}
            later = world.after(world.months[1], 4)
            gone = features[-1][2]["幢号"]
            kept = [f for i, f in enumerate(features, 1) if i not in bad and f[2]["幢号"] != gone]
            for f in kept:
                f[2]["统计日期"] = f"{later:%Y-%m-%d}"
            yield File("gh__standard_address", name, later, geojson(kept, DEGREES), len(kept), "094500", _still(faults, kept, features))


def _still(
    faults: list[Fault], kept: list[tuple[str, Any, dict[str, Any]]], features: list[tuple[str, Any, dict[str, Any]]]
) -> list[Fault]:
    """Faults that are repaired or accepted stand in the next file too, in another place."""
    by_no = {f[2]["标准地址编码"]: i for i, f in enumerate(kept, 1)}
    moved = [(by_no.get(features[f.row - 1][2]["标准地址编码"]), f) for f in faults if f.expected in ("accepted", "repaired")]
    return [Fault(row, f.kind, f.expected, f.field) for row, f in moved if row]


def _plant_addresses(world: World, features: list[tuple[str, Any, dict[str, Any]]], district: str, n: int) -> list[Fault]:
    plant = Planting(world.rng("gh__standard_address", district), len(features))
    rooms = {i for i, f in enumerate(features) if f[2]["地址种类"] == "户室"}
    i = plant.put("full_width_door", "accepted", "door_no", rooms)
    features[i][2]["门牌号"] = features[i][2]["门牌号"].translate({ord("0") + d: chr(0xFF10 + d) for d in range(10)})
    if n == 1:
        i = plant.put("lat_before_lon", "swapped_fields", "geometry", rooms)
        features[i][1].reverse()
    elif n == 3:
        features[plant.put("no_shape", "missing_key", "geometry", rooms)] = ("Point", [], features[plant.faults[-1].row - 1][2])
    elif n == 5:
        features[plant.put("room_without_number", "check_failed", "room_no", rooms)][2]["室号"] = None
    elif n == 7:
        features[plant.put("kind_unknown", "unknown_code", "kind", rooms)][2]["地址种类"] = "兴趣点"
    elif n == 9:
        features[plant.put("placeholder", "missing_key", "address_no", rooms)][2]["标准地址编码"] = "暂无"
    return plant.faults


# ---- 行政区划图形: schematic tiles, a file a year
def _tiles(world: World) -> Iterator[File]:
    first = world.w.first
    for k, year in enumerate((first.year - 3, first.year - 1, first.year)):
        features: list[tuple[str, Any, dict[str, Any]]] = []
        for district in world.districts:
            until, code, name = EARLIER.get(district, (0, district, ids.DISTRICTS[district][0]))
            if year >= until:
                code, name = district, ids.DISTRICTS[district][0]
            x, y = TILES[district]
            west, north = 118.8 + 0.35 * x, 30.5 - 0.3 * y
            ring = [[west, north - 0.28], [west + 0.33, north - 0.28], [west + 0.33, north], [west, north], [west, north - 0.28]]
            ring = [[round(lon, 4), round(lat, 4)] for lon, lat in ring]
            features.append(("Polygon", [ring], {"区划代码": code, "区划名称": name, "年度": str(year), "示意": "是"}))
        faults = []
        if k == 0:  # drawn the other way round, and one tile that crosses itself
            features[4][1][0].reverse()
            faults.append(Fault(5, "ring_turned_round", "accepted", "geometry"))
            a, b, c, d, _ = features[7][1][0]
            features[7][1][0][:] = [a, c, b, d, a]
            faults.append(Fault(8, "bow_tie", "inconsistent", "geometry"))
        elif k == 1:
            features[2][2]["区划代码"] = "310104"
            faults.append(Fault(3, "code_of_another_city", "check_failed", "division_code"))
        day = first.replace(day=12) + timedelta(days=k)
        yield File("gh__division_area", f"行政区划_{year}.geojson", day, geojson(features, DEGREES), len(features), "110000", faults)


# ---- 不动产单元: a dump with changes
def _units(world: World) -> Iterator[File]:
    every = [h for d in world.districts for h in houses(world, d)]
    for k, month in enumerate(world.months):
        rng = world.rng("gt__real_estate_unit", month)
        mine = every[k::3]
        rows = [_unit(h, rng, month) for h in mine]
        plant = Planting(rng, len(rows))
        i = plant.put("line_end_in_address", "accepted", "address")
        rows[i][3] = rows[i][3].replace("幢", "幢\r\n")
        i = plant.put("delimiter_in_address", "accepted", "address")
        rows[i][3] = rows[i][3].replace("号", "号|", 1)  # a part of the delimiter only
        i = plant.put("county_of_old", "accepted", "real_estate_no")
        rows[i][1] = "330183" + rows[i][1][6:]
        i = plant.put("five_for_the_fixture", "check_failed", "real_estate_no")
        rows[i][1] = rows[i][1][:19] + "0000" + rows[i][1][19:24]
        i = plant.put("letter_o", "check_failed", "real_estate_no")
        rows[i][1] = rows[i][1][:11] + "O" + rows[i][1][12:]
        if k == 1:
            i = plant.put("above_the_roof", "check_failed", "floor_no")
            rows[i][7] = "31"
        elif k == 2:
            i = plant.put("thirtieth_of_february", "bad_date", "completed_on")
            rows[i][9] = "2016-02-30"
        name, day = f"不动产单元_{month:%Y%m}.txt", world.after(month, 3)
        content = dump(rows, "|@|", end="\n")
        ctl = name.replace(".txt", ".ctl")
        if k == 2:  # the copy broke off
            cut = content[: len(content) * 2 // 3]
            yield File(
                "gt__real_estate_unit",
                name,
                day,
                cut,
                0,
                "050000",
                beside={ctl: control(name, content, len(rows))},
                refused="companion_mismatch",
                note="传输中断",
            )
            day += timedelta(days=1)
        yield File("gt__real_estate_unit", name, day, content, len(rows), "050000", plant.faults, {ctl: control(name, content, len(rows))})


def _unit(h: House, rng: Random, month: date) -> list[str]:
    registered = month + timedelta(days=rng.randrange(month_end(month).day))
    return [
        "I",
        h.unit,
        h.no,
        f"{ids.DISTRICTS[h.district][0]}{h.street}{h.at}",
        "住宅",
        h.structure,
        str(h.storeys),
        h.room[:-2],
        f"{h.area:.2f}",
        f"{h.built}-06-30",
        f"{registered:%Y-%m-%d}",
        "现势",
        h.district,
    ]


# ---- 不动产权利: enveloped XML
def _rights(world: World) -> Iterator[File]:
    every = [h for d in world.districts for h in houses(world, d)]
    for k, month in enumerate(world.months):
        rng = world.rng("gt__real_estate_right", month)
        records = [r for i, h in enumerate(every[k::3]) for r in _right(world, rng, h, month, 1000 * k + i)]
        singles = {i for i, r in enumerate(records) if r["共有方式"] == "单独所有" and "权利人证件号" in r}
        plant = Planting(rng, len(records))
        i = plant.put("beyond_gb2312", "accepted", "owner_name", singles)
        records[i]["权利人名称"] = records[i]["权利人名称"][0] + "喆㛃"
        i = plant.put("check_digit", "bad_id_check", "owner_id", singles)
        records[i]["权利人证件号"] = wrong_check(records[i]["权利人证件号"])
        i = plant.put("nobody", "check_failed", "owner_id", singles)
        del records[i]["权利人证件号"]
        if k == 1:
            i = plant.put("cancelled_before", "check_failed", "cancelled_on", singles)
            records[i] |= {"权属状态": "注销", "注销日期": "2001-01-01"}
        elif k == 2:
            i = plant.put("no_such_right", "unknown_code", "kind", singles)
            records[i]["权利种类"] = "居住权"  # came with the Civil Code of 2021
        name, day = f"不动产权利_{month:%Y%m}.xml", world.after(month, 3)
        body = xml("<权利列表>\n" + elements("权利", records) + "\n</权利列表>")
        head = f"<Head><Sender>HZBDC</Sender><Count>{len(records) + (k == 0)}</Count></Head>"
        if k == 0:  # the head counts one more than there are
            yield File(
                "gt__real_estate_right", name, day, enveloped(body, head=head), 0, "051500", refused="control_total", note="笔数不符"
            )
            head, day = f"<Head><Sender>HZBDC</Sender><Count>{len(records)}</Count></Head>", day + timedelta(days=1)
        yield File("gt__real_estate_right", name, day, enveloped(body, head=head), len(records), "051500", plant.faults)


def _right(world: World, rng: Random, h: House, month: date, n: int) -> list[dict[str, str]]:
    on = month + timedelta(days=rng.randrange(month_end(month).day))
    said = {
        "@操作": "I",
        "不动产权证号": f"浙({on:%Y})杭州市不动产权第{n + 1:07d}号",
        "不动产单元号": h.unit,
        "权利人序号": "1",
        "权利种类": "房屋所有权",
        "登记日期": f"{on:%Y-%m-%d}",
        "权属状态": "现势",
        "区县": h.district,
    }
    if n % 11 == 5:
        uscc, name = world.firm(h.district, 24 + n % 12)
        return [{**said, "权利人名称": name, "权利人统一社会信用代码": uscc, "共有方式": "单独所有"}]
    people = [p for p in _owners(world, h.district) if p[2] <= on]
    first, second = rng.sample(people, 2)
    one = {**said, "权利人名称": first[1], "权利人证件号": first[0]}
    if n % 3 == 0:
        return [{**one, "共有方式": "单独所有"}]
    shared = "共同共有" if n % 3 == 1 else "按份共有"
    other = {**one, "权利人序号": "2", "权利人名称": second[1], "权利人证件号": second[0]}
    pair = [{**one, "共有方式": shared}, {**other, "共有方式": shared}]
    if shared == "按份共有":
        part = rng.choice((50, 60, 70, 99))
        pair[0]["份额"], pair[1]["份额"] = str(part), str(100 - part)
    return pair


def _owners(world: World, district: str) -> list[tuple[str, str, date]]:
    """(number, name, day of registration) of grown-up people of a district, who live all through the window."""
    last = month_end(world.months[-1])
    return [(p.id18, p.name, p.registered_on) for p in world.adults(last, 25, 85) if p.district == district and not p.old_number]


# ---- 楼幢: shapefiles in the city's own plane
def _buildings(world: World) -> Iterator[File]:
    fields = (
        ("楼幢编码", "C", 20, 0),
        ("楼幢名称", "C", 40, 0),
        ("街道", "C", 20, 0),
        ("坐落", "C", 80, 0),
        ("房屋结构", "C", 20, 0),
        ("层数", "N", 4, 0),
        ("建成年份", "C", 4, 0),
        ("建筑面积", "N", 12, 2),
        ("用途", "C", 20, 0),
        ("区划", "C", 12, 0),
    )
    for n, district in enumerate(world.districts):
        by_building: dict[tuple[str, int], list[House]] = {}
        for h in houses(world, district):
            by_building.setdefault((h.estate, h.building), []).append(h)
        shapes = [(_footprint(own[0]), _building(own)) for own in by_building.values()]
        faults = _plant_buildings(shapes, n)
        made = polygons(fields, shapes)
        name = f"楼幢_{district}_{world.months[0]:%Y%m}"
        beside = {name + e: made[e] for e in (".shx", ".dbf")}  # no .prj: the plane is the city's own
        day = world.after(world.months[0], 6)
        if n == 6:
            yield File(
                "fg__building",
                name + ".shp",
                day,
                made[".shp"],
                0,
                refused="companion_missing",
                beside={name + ".shx": made[".shx"]},
                note="缺属性表",
            )
            day += timedelta(days=1)
        yield File("fg__building", name + ".shp", day, made[".shp"], len(shapes), faults=faults, beside=beside)


def _building(own: list[House]) -> list[Any]:
    h = own[0]
    structure = h.structure.replace("钢筋混凝土", "钢混")
    area = round(sum(x.area for x in own) / len(own) * 4 * h.storeys, 2)
    return [
        f"LZ{h.district}{h.parcel:05d}{h.building:03d}",
        encode(f"{h.estate}{h.building}幢", "gbk").decode("gbk"),
        h.street,
        f"{h.road}{h.door}号{h.estate}{h.building}幢",
        structure,
        h.storeys,
        str(h.built),
        area,
        "住宅",
        h.district,
    ]


def _footprint(h: House) -> list[list[float]]:
    x, y = local(*h.place)
    corners = [(0, 0), (0, 14), (42, 14), (42, 0), (0, 0)]  # clockwise, as the format wants the outer ring
    return [[round(x + dx, 3), round(y + dy, 3)] for dx, dy in corners]


def _plant_buildings(shapes: list[tuple[list[list[float]], list[Any]]], n: int) -> list[Fault]:
    if n == 2:
        shapes[1][1][9] = ids.DISTRICTS[shapes[1][1][9]][0]
        return [Fault(2, "district_by_name", "repaired", "district")]
    if n == 4:  # easting and northing exchanged
        shapes[0][0][:] = [[y, x] for x, y in shapes[0][0]][::-1]
        return [Fault(1, "axes_exchanged", "swapped_fields", "geometry")]
    if n == 8:
        shapes[2][1][5] = 330
        return [Fault(3, "storeys_impossible", "out_of_range", "storeys")]
    if n == 10:
        shapes[0][1][4] = "竹结构"
        return [Fault(1, "structure_unknown", "unknown_code", "structure")]
    if n == 11:  # one kilometre further is still the city
        shapes[3][0][:] = [[x + 1000, y] for x, y in shapes[3][0]]
        return [Fault(4, "moved_within_bounds", "accepted", "geometry")]
    return []
