"""Places through typing: every system, form and fault, record by record; nothing but the cells and the contract decides."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from reader_helpers import HEAD

from xihu.contract.models import Contract
from xihu.silver.typing import Typer
from xihu.standards.coordinates import to_bd09, to_gcj02

RECEIVED = datetime(2016, 12, 6, 1, tzinfo=UTC)
LON = {"title": "经度", "type": "number", "required": True}
LAT = {"title": "纬度", "type": "number", "required": True}
BOX = ({**LON, "min": 118.3, "max": 120.9}, {**LAT, "min": 29.1, "max": 30.6})
HERE = (120.155070, 30.274085)


def contract(fields: dict[str, Any], coordinates: Any, **more: Any) -> Contract:
    delivery = {"files": "jt/*.csv", "format": "csv", "encoding": "gb18030", "mode": "append"}
    return Contract.model_validate({**HEAD, "delivery": delivery, "fields": fields, "coordinates": coordinates, **more}).placed("jt", "gps")


def typed(c: Contract, *rows: list[str | None]) -> list[dict[str, Any]]:
    types = {"number": pa.decimal128(28, 8), "datetime": pa.timestamp("us", "UTC"), "money": pa.decimal128(18, 2)}
    kinds = [(n, types.get(f.type, pa.string())) for n, f in c.fields.items()]
    names = ("_reason", "_field", "_detail", "_repairs")
    schema = pa.schema([*kinds, *((n, pa.string()) for n in names), ("_key_ok", pa.bool_()), ("_scope_ok", pa.bool_())])
    n = len(rows)
    nothing = [pa.nulls(n, pa.string())] * 3
    batch = pa.RecordBatch.from_arrays(
        [pa.array(list(rows), pa.list_(pa.string())), *nothing, pa.array([RECEIVED] * n)],
        ["_cells", "_reason", "_field", "_detail", "_received_at"],
    )
    return Typer(c, {}, schema).batch(batch).to_pylist()


def one(c: Contract, *cells: str | None) -> dict[str, Any]:
    return typed(c, list(cells))[0]


def near(row: dict[str, Any], lon: float, lat: float, within: float = 1.5e-8) -> bool:
    return row["_reason"] is None and abs(float(row["lon"]) - lon) < within and abs(float(row["lat"]) - lat) < within


@pytest.mark.parametrize("crs", ["cgcs2000", "wgs84"])
def test_degrees_stay_as_sent(crs: str) -> None:
    c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": crs})
    row = one(c, "120.15507012", "30.274085")
    assert (row["lon"], row["lat"], row["_repairs"]) == (Decimal("120.15507012"), Decimal("30.27408500"), None)


def test_shifted_systems_come_back() -> None:
    g = [v[0] for v in to_gcj02(np.array([HERE[0]]), np.array([HERE[1]]))]
    b = [v[0] for v in to_bd09(np.array([g[0]]), np.array([g[1]]))]
    for crs, sent in (("gcj02", g), ("bd09", b)):
        c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": crs})
        assert near(one(c, str(sent[0]), str(sent[1])), *HERE)


def test_scaled_integers() -> None:
    fields = {"lon": {**BOX[0], "scale": 6}, "lat": {**BOX[1], "scale": 6}}
    c = contract(fields, {"lon": "lon", "lat": "lat", "crs": "wgs84"})
    assert near(one(c, "120155070", "30274085"), *HERE)
    assert near(one(c, "120155070.0", " 30274085 "), *HERE)
    assert one(c, "120.155070", "30.274085")["_reason"] == "bad_number"
    assert one(c, "30274085", "120155070")["_reason"] == "swapped_fields"
    assert one(c, "0", "0")["_reason"] == "out_of_range"
    assert one(c, "120155070", "")["_reason"] == "missing_key"
    assert one(c, "1201550700", "302740850")["_reason"] == "out_of_range"
    plain = contract({"v": {"title": "速度", "type": "number", "scale": 1, "max": 120}}, [])
    assert one(plain, "605")["v"] == Decimal("60.5")
    assert one(plain, "1205")["_reason"] == "out_of_range"


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        ("120°09'18.252\"", "30°16'26.706\""),
        ("120°09′18.252″E", "30°16′26.706″N"),
        ("E120°9'18.252\"", "N30°16'26.706\""),
        ("东经120度09分18.252秒", "北纬30度16分26.706秒"),
        ("120:09:18.252", "30:16:26.706"),
        ("120 09 18.252", "30 16 26.706"),
        ("120°9.3042'", "30°16.4451'"),
        ("１２０°０９＇１８.２５２＂", "30°16’26.706”"),
        ("120.15507°", "30.274085N"),
    ],
)
def test_degrees_in_parts(lon: str, lat: str) -> None:
    c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": "cgcs2000"})
    row = one(c, lon, lat)
    assert near(row, *HERE), row
    assert "dms" in row["_repairs"]


def test_packed_degrees_only_where_named() -> None:
    place = {"lon": "lon", "lat": "lat", "crs": "cgcs2000"}
    c = contract({"lon": {**BOX[0], "angle": "dms"}, "lat": {**BOX[1], "angle": "dms"}}, place)
    assert near(one(c, "120.0918252", "30.1626706"), *HERE)
    assert one(c, "120.7518", "30.16")["_reason"] == "bad_number"
    c = contract({"lon": {**BOX[0], "angle": "dm"}, "lat": {**BOX[1], "angle": "dm"}}, place)
    assert near(one(c, "12009.3042", "3016.4451"), *HERE)
    c = contract({"lon": BOX[0], "lat": BOX[1]}, place)
    assert near(one(c, "120.0918252", "30.1626706"), 120.0918252, 30.1626706)


@pytest.mark.parametrize("bad", ["120°60'00\"", "120°09'60\"", "120°09.5'10\"", "一百二十度", "E120W", "-120°E", "1.2e2", "120,155"])
def test_what_is_no_angle(bad: str) -> None:
    c = contract({"lon": LON, "lat": LAT}, {"lon": "lon", "lat": "lat", "crs": "cgcs2000"})
    assert one(c, bad, "30.2")["_reason"] == "bad_number"


def test_faults_of_points() -> None:
    c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": "wgs84"})
    free = contract({"lon": LON, "lat": LAT}, {"lon": "lon", "lat": "lat", "crs": "wgs84"})
    for where in (c, free):
        swapped = one(where, "30.274085", "120.155070")
        assert (swapped["_reason"], swapped["_field"]) == ("swapped_fields", "lon,lat") and swapped["lon"] is None
        assert one(where, "0", "0.000000")["_reason"] == "out_of_range"
        assert one(where, "181", "30")["_reason"] == "out_of_range"
        assert one(where, "无", "30")["_reason"] == "missing_key"
        assert one(where, "abc", "30")["_reason"] == "bad_number"
    outside = one(c, "116.4", "39.9")
    assert (outside["_reason"], outside["_field"]) == ("out_of_range", "lon")
    assert one(c, "120.1", "30.7")["_field"] == "lat"
    assert near(one(free, "116.4", "39.9"), 116.4, 39.9)
    assert near(one(c, "118.3", "30.6"), 118.3, 30.6), "the limits themselves are within"
    assert one(c, "118.29999999", "30.6")["_reason"] == "out_of_range"


def test_without_limits_places_are_in_china() -> None:
    """But for WGS 84, which is used everywhere."""
    for crs, local, sent, reason in [
        ("wgs84", None, ("-0.1278", "51.5074"), None),
        ("cgcs2000", None, ("-0.1278", "51.5074"), "out_of_range"),
        ("gcj02", None, ("-0.1278", "51.5074"), "out_of_range"),
        ("local", {"central_meridian": 120}, ("5", "3"), "out_of_range"),
        ("local", {"central_meridian": 120}, ("500000", "3350000"), None),
    ]:
        c = contract({"lon": LON, "lat": LAT}, {"lon": "lon", "lat": "lat", "crs": crs, "local": local})
        assert one(c, *sent)["_reason"] == reason, crs


def test_limits_are_those_of_the_real_place() -> None:
    """A point just within the city in GCJ-02 that in truth lies without is out of range, and the other way round."""
    edge = 120.9
    x, y = to_gcj02(np.array([edge - 1e-4, edge + 1e-4]), np.array([30.0, 30.0]))
    c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": "gcj02"})
    inner, outer = typed(c, [str(x[0]), str(y[0])], [str(x[1]), str(y[1])])
    assert inner["_reason"] is None and outer["_reason"] == "out_of_range" and x[0] > edge


def test_half_a_place_and_no_place() -> None:
    soft = ({**LON, "required": False}, {**LAT, "required": False})
    c = contract({"lon": soft[0], "lat": soft[1]}, {"lon": "lon", "lat": "lat", "crs": "wgs84"})
    assert one(c, "", None)["_reason"] is None
    half = one(c, "120.1", "")
    assert (half["_reason"], half["_field"], half["lon"]) == ("inconsistent", "lat", None)
    empty = contract({"lon": soft[0], "lat": soft[1]}, {"lon": "lon", "lat": "lat", "crs": "wgs84", "zero": "empty"})
    nowhere = one(empty, "0", "0")
    assert (nowhere["_reason"], nowhere["lon"], nowhere["_repairs"]) == (None, None, '{"lon": ["no_fix"]}')
    strict = contract({"lon": LON, "lat": LAT}, {"lon": "lon", "lat": "lat", "crs": "wgs84", "zero": "empty"})
    assert one(strict, "0", "0")["_reason"] == "missing_key"


def test_the_system_changes_with_the_vendor() -> None:
    crs = {"field": "vendor", "map": {"甲": "gcj02", "乙": "wgs84"}}
    fields = {"vendor": {"title": "厂商", "type": "text"}, "lon": BOX[0], "lat": BOX[1]}
    c = contract(fields, {"lon": "lon", "lat": "lat", "crs": crs})
    g = [str(v[0]) for v in to_gcj02(np.array([HERE[0]]), np.array([HERE[1]]))]
    sent = [repr(v) for v in HERE]
    rows = typed(c, ["甲", *g], ["乙", *sent], ["　甲 ", *g], ["丙", *sent], ["", *sent], ["甲", *g])
    assert [near(r, *HERE) for r in rows] == [True, True, True, False, False, True]
    assert [(r["_reason"], r["_field"]) for r in rows[3:5]] == [("unknown_code", "vendor"), ("missing_key", "vendor")]
    assert rows[3]["lon"] is None
    default = contract(fields, {"lon": "lon", "lat": "lat", "crs": {**crs, "default": "wgs84"}})
    assert near(one(default, "丙", *sent), *HERE) and near(one(default, "", *sent), *HERE)


LOCAL = {
    "central_meridian": 120.1667,
    "false_easting": 50000,
    "false_northing": -3000000,
    "plane": {"dx": 12.5, "dy": -7.25, "rotation": 35.4, "ppm": 4.2},
}


def test_a_local_system_by_its_parameters() -> None:
    """Sent coordinates are made with another library and a similarity written out here."""
    pyproj = pytest.importorskip("pyproj")
    e, n = pyproj.Proj("+proj=tmerc +lon_0=120.1667 +x_0=50000 +y_0=-3000000 +ellps=GRS80")(*HERE)
    t, m = np.radians(35.4 / 3600), 1 + 4.2e-6
    x, y = 12.5 + m * (e * np.cos(t) - n * np.sin(t)), -7.25 + m * (e * np.sin(t) + n * np.cos(t))
    c = contract({"lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": "local", "local": LOCAL})
    assert near(one(c, f"{x:.4f}", f"{y:.4f}"), *HERE)
    assert one(c, f"{y:.4f}", f"{x:.4f}")["_reason"] == "swapped_fields", "X and Y of surveyors exchanged"
    assert one(c, "9000000000", f"{y:.4f}")["_reason"] == "out_of_range"


SQUARE = [[120.15, 30.27], [120.16, 30.27], [120.16, 30.28], [120.15, 30.28], [120.15, 30.27]]


def ring(points: list[list[float]]) -> str:
    return "POLYGON ((" + ", ".join(f"{x} {y}" for x, y in points) + "))"


def test_shapes() -> None:
    fields = {"shape": {"title": "图形", "type": "geometry", "required": True}, "mj": {"title": "面积", "type": "number"}}
    place = {"geometry": "shape", "crs": "cgcs2000", "bounds": [118.3, 29.1, 120.9, 30.6], "area": {"field": "mj", "unit": "ha"}}
    c = contract(fields, place)
    hectares = 0.01 * 96_277 * 0.01 * 110_860 / 10_000
    good = one(c, ring(SQUARE), f"{hectares:.2f}")
    assert (good["_reason"], good["shape"], good["_repairs"]) == (None, ring(SQUARE), None)
    turned = one(c, ring(SQUARE[::-1]), None)
    assert turned["shape"] in (ring(SQUARE), ring([*SQUARE[::-1]][::-1])) and turned["_repairs"] == '{"shape": ["winding"]}'
    cases = {
        ring(SQUARE[:-1]): "inconsistent",
        ring([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]): "inconsistent",
        ring([[y, x] for x, y in SQUARE]): "swapped_fields",
        ring([[x - 5, y] for x, y in SQUARE]): "out_of_range",
        ring([*SQUARE[:2], [0, 0], *SQUARE[3:]]): "out_of_range",
        "POLYGON EMPTY": "missing_key",
        "": "missing_key",
        "POLYGON ((a b))": "bad_number",
        '{"type":"Point","coordinates":[120.15,NaN]}': "bad_number",
        "SRID=4549;POLYGON ((500000 3350000, 500100 3350000, 500100 3350100, 500000 3350000))": "inconsistent",
    }
    for row, (text, reason) in zip(typed(c, *([t, None] for t in cases)), cases.items(), strict=True):
        assert (row["_reason"], row["shape"]) == (reason, None), text
    wrong = one(c, ring(SQUARE), f"{hectares * 15:.2f}")
    assert (wrong["_reason"], wrong["_field"]) == ("inconsistent", "mj"), "mu where hectares were agreed"
    assert one(c, "POINT Z (120.15 30.27 8.5)", None)["shape"] == "POINT Z (120.15 30.27 8.5)"


def test_shapes_of_other_systems() -> None:
    pyproj = pytest.importorskip("pyproj")
    fields = {"shape": {"title": "图形", "type": "geometry"}}
    xs, ys = np.array(SQUARE).T
    gx, gy = to_gcj02(xs, ys)
    sent = ring([[float(x), float(y)] for x, y in zip(gx, gy, strict=True)])
    assert one(contract(fields, {"geometry": "shape", "crs": "gcj02"}), sent)["shape"] == ring(SQUARE)
    e, n = pyproj.Transformer.from_crs(4490, 4549, always_xy=True).transform(xs, ys)
    plane = ring([[float(x), float(y)] for x, y in zip(e, n, strict=True)])
    local = {"central_meridian": 120}
    assert one(contract(fields, {"geometry": "shape", "crs": "local", "local": local}), plane)["shape"] == ring(SQUARE)
    c = contract(fields, {"geometry": "shape", "crs": "file"})
    assert one(c, f"SRID=4549;{plane}")["shape"] == ring(SQUARE)
    assert one(c, f"CRS=tmerc:120,500000,0,1,0,cgcs2000;{plane}")["shape"] == ring(SQUARE)
    assert one(c, plane)["_reason"] == "unknown_code"
    assert one(c, f"SRID=3857;{plane}")["_reason"] == "unknown_code"


def test_many_records_are_as_each_alone() -> None:
    """Batches change nothing: points of all systems and faults together give what each gives alone."""
    crs = {"field": "vendor", "map": {"g": "gcj02", "b": "bd09", "w": "wgs84"}}
    c = contract({"vendor": {"title": "厂商", "type": "text"}, "lon": BOX[0], "lat": BOX[1]}, {"lon": "lon", "lat": "lat", "crs": crs})
    rng = np.random.default_rng(3)
    rows: list[list[str | None]] = []
    for _ in range(300):
        lon, lat = f"{rng.uniform(118, 121):.6f}", f"{rng.uniform(29, 31):.6f}"
        kind = rng.integers(0, 8)
        pair = [lat, lon] if kind == 0 else ["0", "0"] if kind == 1 else [lon, ""] if kind == 2 else ["x", lat] if kind == 3 else [lon, lat]
        rows.append([str(rng.choice(["g", "b", "w", "?"])), *pair])
    together = typed(c, *rows)
    assert together == [one(c, *row) for row in rows]
    assert {r["_reason"] for r in together} >= {None, "swapped_fields", "out_of_range", "missing_key", "bad_number", "unknown_code"}


def test_device_clocks() -> None:
    """BCD times of JT/T 808, epochs in seconds and milliseconds; a clock a year ahead, and one that never started."""
    time = {"title": "定位时间", "type": "datetime", "min": "2016-01-01", "forms": ["YYMMDDhhmmss", "epoch_s", "epoch_ms"]}
    c = contract({"at": time}, [])
    at = datetime(2016, 12, 5, 0, 0, 1, tzinfo=UTC)
    for text in ("161205080001", "1480896001", "1480896001000"):
        row = one(c, text)
        assert (row["_reason"], row["at"]) == (None, at), text
    assert one(c, "170101000000")["at"] == datetime(2016, 12, 31, 16, tzinfo=UTC), "ahead: for a check against _received_at to find"
    assert one(c, "000101000000")["_reason"] == "out_of_range", "a clock that never started"
    bcd = contract({"at": {**time, "forms": ["YYMMDDhhmmss"]}}, [])
    for text in ("161305080001", "161205250001", "161205086001", "1612050800"):
        assert one(bcd, text)["_reason"] == "bad_date", text
