"""Shapes as text, whether they can be what they say, and their areas; checked with another library."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.standards import shapes
from xihu.standards.geometry import Geometry, wkt
from xihu.standards.geotext import read

shapely = pytest.importorskip("shapely")
pyproj = pytest.importorskip("pyproj")


def good(text: str) -> Geometry:
    found = read(text)
    assert isinstance(found, Geometry), found
    return found


ONES = [
    "POINT (120.1 30.2)",
    "LINESTRING (1 2, 3 4)",
    "POLYGON ((0 0, 1 0, 1 1, 0 0), (0.9 0.1, 0.8 0.1, 0.8 0.2, 0.9 0.1))",
    "MULTIPOINT (1 2, 3 4)",
    "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4), GEOMETRYCOLLECTION (POINT (0.001 -250)))",
    "POINT Z (1 2 3)",
    "LINESTRING Z (1 2 3, 4 5 6)",
]


@pytest.mark.parametrize("text", ONES)
def test_every_kind_in_every_text(text: str) -> None:
    """WKT, WKB in both byte orders, EWKB with a system, ISO WKB, GeoJSON: all the same shape, as another library wrote them."""
    other = shapely.from_wkt(text)
    mine = wkt(good(text))
    assert shapely.from_wkt(mine).equals_exact(other, 1e-8)
    hexes = [
        shapely.to_wkb(other, hex=True, byte_order=0),
        shapely.to_wkb(other, hex=True, byte_order=1, output_dimension=3),
        shapely.to_wkb(other, hex=True, flavor="iso"),
        shapely.to_wkb(shapely.set_srid(other, 4490), hex=True, include_srid=True),
    ]
    for given_hex in hexes:
        assert wkt(good(given_hex)) == mine
    assert good(hexes[3]).system == "cgcs2000"
    assert wkt(good(shapely.to_geojson(other))) == mine


coordinate = st.floats(-180, 180).map(lambda v: round(v, 6))
positions = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(positions, min_size=1, max_size=4))
def test_lines_of_another_library(lines: list[list[tuple[float, float]]]) -> None:
    other = shapely.MultiLineString(lines)
    mine = wkt(good(other.wkt))
    assert shapely.from_wkt(mine).equals_exact(other, 1e-8)
    assert wkt(good(json.dumps({"type": "MultiLineString", "coordinates": lines}))) == mine


@pytest.mark.parametrize(
    "text",
    [
        "POINT (a b)",
        "POINT (1 2",
        "POINT (1)",
        "POINT (1 2, 3 4)",
        "POINT (nan 2)",
        "POLYGON (0 0, 1 1)",
        "CIRCLE (1 2)",
        "POINT (1 2) x",
        "POINT",
        "120.1,30.2",
        "01",
        "0101000000000000",
        "0102000000FFFFFFFF00",
        '{"type":"Point","coordinates":[1,"2"]}',
        '{"type":"Point","coordinates":[1,NaN]}',
        '{"type":"Point","coordinates":[1,1e999]}',
        '{"type":"Point","coordinates":[1,true]}',
        '{"type":"Point","coordinates":[1,null]}',
        '{"type":"Point","coordinates":{"x":1}}',
        '{"type":"Polygon","coordinates":[[0,0],[1,1]]}',
        '{"type":"Point"}',
        '{"x":1,"y":2}',
        '{"type":"Point","coordinates":[1,2]',
        "(" * 5000,
        "GEOMETRYCOLLECTION (" * 3000,
        '{"type":"GeometryCollection","geometries":[' * 3000,
    ],
)
def test_what_is_no_shape(text: str) -> None:
    assert isinstance(read(text), str)


@pytest.mark.parametrize(
    "text",
    ["POLYGON EMPTY", "GEOMETRYCOLLECTION EMPTY", '{"type":"Point","coordinates":[]}', '{"type":"MultiPolygon","coordinates":[]}', "null"],
)
def test_empty_shapes(text: str) -> None:
    assert read(text) is None


def test_heights_and_measures() -> None:
    assert wkt(good("POINT M (1 2 9)")) == "POINT (1 2)"
    assert wkt(good("POINT ZM (1 2 3 9)")) == "POINT Z (1 2 3)"
    mixed = good('{"type":"LineString","coordinates":[[1,2],[3,4,5]]}')
    assert wkt(mixed) == "LINESTRING (1 2, 3 4)" and mixed.repairs == ("z_dropped",)


def test_systems_in_front() -> None:
    assert good("SRID=4326;POINT (1 2)").system == "wgs84"
    assert good("SRID=4549;POINT (1 2)").system == "tmerc:120,500000,0,1,0,cgcs2000"
    assert good("SRID=3857;POINT (1 2)").system == "epsg:3857"
    assert good("CRS=tmerc:120,500000,0,1,0,cgcs2000;POINT (1 2)").system == "tmerc:120,500000,0,1,0,cgcs2000"


def mended(text: str) -> tuple[str, tuple[str, ...]] | str:
    found = shapes.mend(good(text))
    return found if isinstance(found, str) else (wkt(found), found.repairs)


def test_rings() -> None:
    assert mended("POLYGON ((0 0, 1 0, 1 1, 0 0))") == ("POLYGON ((0 0, 1 0, 1 1, 0 0))", ())
    assert mended("POLYGON ((0 0, 1 1, 1 0, 0 0))") == ("POLYGON ((0 0, 1 0, 1 1, 0 0))", ("winding",))
    assert mended("POLYGON ((0 0, 1 0, 1 1, 0.00000004 0))") == ("POLYGON ((0 0, 1 0, 1 1, 0 0))", ("ring_closed",))
    for text, word in [
        ("POLYGON ((0 0, 1 0, 1 1, 0 1))", "does not close"),
        ("POLYGON ((0 0, 1 0, 0 0))", "fewer than four"),
        ("POLYGON ((0 0, 1 1, 2 2, 0 0))", "no area"),
        ("POLYGON ((0 0, 1 0, 0 0, 0 0))", "no area"),
        ("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "area|crosses"),
        ("POLYGON ((0 0, 4 0, 4 4, 1 -1, 0 4, 0 0))", "crosses"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 0), (5 5, 5 6, 6 6, 5 5))", "outside"),
        ("LINESTRING (1 1, 1 1)", "different"),
        ("LINESTRING (1 1)", "different"),
    ]:
        found = mended(text)
        assert isinstance(found, str) and any(w in found for w in word.split("|")), (text, found)
    hole = "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))"
    assert mended(hole) == ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))", ("winding",))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=12, unique=True))
def test_crossing_against_another_library(points: list[tuple[int, int]]) -> None:
    """Brute force by another library: some two edges meet inside both; and what it calls valid never crosses itself."""
    ring = np.array([*points, points[0]], float)
    edges = [shapely.LineString(ring[i : i + 2]) for i in range(len(ring) - 1)]
    mine = shapes.crossing(ring)
    assert mine == any(p.crosses(q) for k, p in enumerate(edges) for q in edges[:k])
    assert not (mine and shapely.Polygon(points).is_valid)


def test_crossing_in_long_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    t = np.linspace(0, 2 * np.pi, 20_001)[:-1]
    circle = np.column_stack([np.cos(t), np.sin(t)])
    ring = np.vstack([circle, circle[:1]])
    assert not shapes.crossing(ring)
    bad = ring.copy()
    bad[[5000, 5001]] = bad[[5001, 5000]]
    bad[5000] += 1e-3
    bad[5001] -= 1e-3
    assert shapes.crossing(bad) == (not shapely.Polygon(bad).is_valid)
    monkeypatch.setattr(shapes, "_PAIRS", 100)
    assert shapes.crossing(bad[::20]) == (not shapely.Polygon(bad[::20]).is_valid)


def test_areas_against_another_library() -> None:
    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    for text, tolerance in [
        ("POLYGON ((120.15 30.27, 120.16 30.27, 120.16 30.28, 120.15 30.28, 120.15 30.27))", 1e-7),
        ("POLYGON ((119 29, 120 29, 120.4 30.1, 119.2 30.2, 119 29), (119.5 29.5, 119.6 29.5, 119.6 29.6, 119.5 29.5))", 3e-5),
    ]:
        other = shapely.geometry.polygon.orient(shapely.from_wkt(text))
        exact = abs(geod.geometry_area_perimeter(other)[0])
        assert shapes.area(good(text)) == pytest.approx(exact, rel=tolerance)
    assert shapes.area(good("POINT (1 2)")) == 0


def fuzzed(seed: int, rounds: int) -> int:
    """Texts of shapes with characters lost, doubled and exchanged: a shape, nothing, or a word of what is wrong; never an exception."""
    chance, found = random.Random(seed), 0
    base = [*ONES, *(shapely.to_wkb(shapely.from_wkt(t), hex=True) for t in ONES), *(shapely.to_geojson(shapely.from_wkt(t)) for t in ONES)]
    for _ in range(rounds):
        text = chance.choice(base)
        for _ in range(chance.randint(1, 4)):
            at, n = chance.randrange(len(text) + 1), chance.randint(1, 6)
            kind = chance.randrange(3)
            if kind == 0:
                text = text[:at] + text[at + n :]
            elif kind == 1:
                text = text[:at] + text[max(0, at - n) :]
            else:
                text = (
                    text[:at]
                    + chance.choice(["(", ")", ",", " ", "-", "e9", "1e400", "[", "]", "{", '"', "Z", "F", "00", "，", "nan"])
                    + text[at + 1 :]
                )
        made = read(text)
        if isinstance(made, Geometry):
            whole = shapes.mend(made)
            if isinstance(whole, Geometry):
                assert isinstance(read(wkt(whole)), Geometry), text
                found += 1
    return found


def test_fuzzed_texts() -> None:
    assert fuzzed(1, 3000) > 40


@pytest.mark.soak
def test_many_fuzzed_texts() -> None:
    assert fuzzed(2, 100_000) > 1500
