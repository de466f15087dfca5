"""Positions and shapes: GeoJSON, shapefiles, the Chinese map grid GCJ-02."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import shapefile

from xihu.sample.forms.texts import encode

CGCS2000 = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Degrees of WGS 84 or CGCS2000 to the grid that map services use in mainland China; some 500 m apart."""
    x, y = lon - 105, lat - 35

    def wave(v: float, a: tuple[float, float], b: tuple[float, float]) -> float:
        s = 20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)
        s += 20 * math.sin(v * math.pi) + 40 * math.sin(v / 3 * math.pi)
        return (s + a[0] * math.sin(v / a[1] * math.pi) + b[0] * math.sin(v / b[1] * math.pi)) * 2 / 3

    dy = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave(y, (160, 12), (320, 30))
    dx = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave(x, (150, 12), (300, 30))
    a, ee = 6378245.0, 0.00669342162296594323
    m = 1 - ee * math.sin(math.radians(lat)) ** 2
    dy = dy * 180 / (a * (1 - ee) / (m * math.sqrt(m)) * math.pi)
    dx = dx * 180 / (a / math.sqrt(m) * math.cos(math.radians(lat)) * math.pi)
    return lon + dx, lat + dy


def geojson(features: Sequence[tuple[str, Any, Mapping[str, Any]]], crs: str | None = None) -> bytes:
    """(geometry type, coordinates, properties) of each feature; `crs` such as urn:ogc:def:crs:EPSG::4490."""
    body: dict[str, Any] = {"type": "FeatureCollection"}
    if crs:
        body["crs"] = {"type": "name", "properties": {"name": crs}}
    body["features"] = [{"type": "Feature", "properties": dict(p), "geometry": {"type": t, "coordinates": c}} for t, c, p in features]
    return json.dumps(body, ensure_ascii=False).encode()


def polygons(
    fields: Sequence[tuple[str, str, int, int]],
    shapes: Sequence[tuple[list[list[float]], Sequence[Any]]],
    encoding: str = "gbk",
    prj: str = CGCS2000,
) -> dict[str, bytes]:
    """A polygon shapefile: {'.shp': …, '.shx': …, '.dbf': …, '.prj': …} from (ring, attributes)."""
    return _shapefile(shapefile.POLYGON, fields, shapes, encoding, prj)


def points(
    fields: Sequence[tuple[str, str, int, int]],
    shapes: Sequence[tuple[tuple[float, float], Sequence[Any]]],
    encoding: str = "gbk",
    prj: str = CGCS2000,
) -> dict[str, bytes]:
    """A point shapefile."""
    return _shapefile(shapefile.POINT, fields, shapes, encoding, prj)


def _shapefile(kind: int, fields: Any, shapes: Any, encoding: str, prj: str) -> dict[str, bytes]:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=kind, encoding=encoding) as w:
        for name, letter, width, decimals in fields:
            w.field(name, letter, width, decimals)
        for shape, attributes in shapes:
            if kind == shapefile.POINT:
                w.point(*shape)
            else:
                w.poly([shape])
            w.record(*(encode(v, encoding).decode(encoding) if isinstance(v, str) else v for v in attributes))
    data = bytearray(dbf.getvalue())
    data[1:4] = bytes([116, 12, 5])  # the writer stamps the day of today
    return {".shp": shp.getvalue(), ".shx": shx.getvalue(), ".dbf": bytes(data), ".prj": prj.encode()}


def local(
    lon: float, lat: float, meridian: float = 120.1667, easting: float = 50_000.0, northing: float = -3_000_000.0
) -> tuple[float, float]:
    """(easting, northing) in metres of a city's own plane: transverse Mercator on the ellipsoid of CGCS2000, Krüger's series to n⁴."""
    a, f = 6378137.0, 1 / 298.257222101
    n, e = f / (2 - f), math.sqrt(f * (2 - f))
    phi, lam = math.radians(lat), math.radians(lon - meridian)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi, eta = math.atan2(t, math.cos(lam)), math.asinh(math.sin(lam) / math.hypot(t, math.cos(lam)))
    series = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    radius = a / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    x = eta + sum(c * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, c in enumerate(series, 1))
    y = xi + sum(c * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, c in enumerate(series, 1))
    return easting + radius * x, northing + radius * y
