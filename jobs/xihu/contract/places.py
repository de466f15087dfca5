"""Judges what a contract says of places: fields that exist and can hold them, a system that is told in full."""

from __future__ import annotations

from xihu.contract.coordinates import Coordinates, SystemByField
from xihu.contract.models import NUMERIC, Contract
from xihu.contract.problems import suggest
from xihu.contract.source import Path_, Source

GIS = ("geojson", "shapefile")


def judge(c: Contract, source: Source) -> None:
    """Problems of `coordinates`, `scale`, `angle` and fields of type geometry are added to `source`."""
    used: dict[str, int] = {}
    for i, place in enumerate(c.places):
        at: Path_ = ("coordinates", i) if isinstance(c.coordinates, list) else ("coordinates",)
        _place(c, place, at, source)
        for field in place.fields:
            if field in used:
                source.problem(at, f"字段属于两处坐标 / a field of two places: {field}", "删去一处 / remove one")
            used[field] = i
    angles = {f for p in c.places for f in (p.lon, p.lat) if f and p.crs != "local"}
    shapes = [n for n, s in c.fields.items() if s.type == "geometry"]
    for name, spec in c.fields.items():
        if spec.scale is not None and spec.type != "number":
            source.problem(
                ("fields", name, "scale"), f"scale 不适用于 {spec.type} / has no meaning for it", "改 type: number / make it number"
            )
        if spec.angle is not None and name not in angles:
            message = "angle 只用于 coordinates 的经纬度 / angle is for longitudes and latitudes named in coordinates"
            source.problem(("fields", name, "angle"), message, "删去，或补上 coordinates / remove it, or add coordinates")
        if spec.angle is not None and spec.scale is not None:
            source.problem(("fields", name, "angle"), "angle 与 scale 只能约定一种 / exclude each other", "删去一个 / remove one")
        if name in shapes and name not in used:
            message = "图形须在 coordinates 中说明坐标系 / coordinates must say which system a geometry is in"
            source.problem(("fields", name), message, f"补上 / add coordinates: {{geometry: {name}, crs: cgcs2000}}")
    if c.delivery.format in GIS and len(shapes) > 1:
        message = f"{c.delivery.format} 每条只有一个图形 / holds one geometry a record: {', '.join(shapes)}"
        source.problem(("fields", shapes[1]), message, "只留一个 / keep one")


def _place(c: Contract, place: Coordinates, at: Path_, source: Source) -> None:
    for word, kind in (("lon", "number"), ("lat", "number"), ("geometry", "geometry")):
        name = getattr(place, word)
        if name is None:
            continue
        if name not in c.fields:
            source.problem((*at, word), f"没有这个字段 / no such field: {name}", suggest(name, c.fields))
        elif c.fields[name].type != kind:
            message = f"类型须为 {kind} / must be of type {kind}: {name} ({c.fields[name].type})"
            source.problem((*at, word), message, f"改 type: {kind} / change it")
    if (place.lon is None) != (place.lat is None):
        source.problem(at, "lon 与 lat 须成对 / lon and lat come in a pair", "补上另一个 / add the other")
    if not place.fields:
        source.problem(at, "没有说明哪个字段 / names no field", "补上 lon、lat 或 geometry / add lon and lat, or geometry")
    by = place.crs if isinstance(place.crs, SystemByField) else None
    systems: set[object] = {*by.map.values(), by.default} if by else {place.crs}
    if by and by.field not in c.fields:
        source.problem((*at, "crs", "field"), f"没有这个字段 / no such field: {by.field}", suggest(by.field, c.fields))
    if "local" in systems and place.local is None:
        message = "local 须有参数 / crs local needs its parameters"
        source.problem(at, message, "补上 local: {central_meridian: 120, …} / add them")
    if place.local is not None and "local" not in systems:
        source.problem((*at, "local"), "没有用到 local / no system is local", "crs: local，或删去 / or remove it")
    if place.crs == "file" and (c.delivery.format not in GIS or place.geometry is None):
        message = "crs: file 只用于 geojson、shapefile 的图形 / is for geometries of geojson and shapefile"
        source.problem((*at, "crs"), message, "写明坐标系 / name the system")
    if place.area:
        spec = c.fields.get(place.area.field)
        if spec is None:
            source.problem((*at, "area", "field"), f"没有这个字段 / no such field: {place.area.field}", suggest(place.area.field, c.fields))
        elif spec.type not in NUMERIC - {"money"} or place.geometry is None:
            source.problem((*at, "area"), "面积须为数值字段，并有 geometry / area needs a number and a geometry", "改正 / correct it")
    if place.bounds and not (place.bounds[0] < place.bounds[2] and place.bounds[1] < place.bounds[3]):
        source.problem((*at, "bounds"), "应为 西, 南, 东, 北 / must be west, south, east, north", "如 / such as [118.3, 29.1, 120.8, 30.6]")
