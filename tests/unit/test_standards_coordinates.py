"""Systems of coordinates: published numbers, an independent projection library, and inverses that return."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.standards import coordinates as c
from xihu.standards.projection import Helmert, PlaneSystem, Similarity, TransverseMercator, of_epsg, system_of

pyproj = pytest.importorskip("pyproj")


def a(*values: float) -> np.ndarray:
    return np.array(values, float)


# Latitude, longitude in WGS 84 and in GCJ-02, as the tests of the formula's first open implementation have them (eviltransform).
GCJ = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]


@pytest.mark.parametrize(("lat", "lon", "lat2", "lon2"), GCJ)
def test_gcj02_as_published(lat: float, lon: float, lat2: float, lon2: float) -> None:
    x, y = c.to_gcj02(a(lon), a(lat))
    assert abs(x[0] - lon2) < 1e-12 and abs(y[0] - lat2) < 1e-12
    x, y = c.from_gcj02(a(lon2), a(lat2))
    assert abs(x[0] - lon) < 1e-11 and abs(y[0] - lat) < 1e-11


def test_further_published_numbers() -> None:
    """The README of coordtransform: GCJ-02 and BD-09 of 116.404, 39.915; its inverses are approximations, good to some metres."""
    x, y = c.to_gcj02(a(116.404), a(39.915))
    assert (x[0], y[0]) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-12)
    x, y = c.to_bd09(a(116.404), a(39.915))
    assert (x[0], y[0]) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-12)
    x, y = c.bd09_to_gcj02(a(116.404), a(39.915))
    assert (x[0], y[0]) == pytest.approx((116.39762729119315, 39.90865673957631), abs=5e-6)
    x, y = c.from_gcj02(a(116.404), a(39.915))
    assert (x[0], y[0]) == pytest.approx((116.39775550083061, 39.91359571849836), abs=2e-5)


def test_inverses_leave_no_residual() -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(73, 136, 20_000), rng.uniform(3, 54, 20_000)
    x, y = c.to_gcj02(*c.from_gcj02(lon, lat))
    assert max(np.abs(x - lon).max(), np.abs(y - lat).max()) < c.RESIDUAL
    x, y = c.to_bd09(*c.bd09_to_gcj02(lon, lat))
    assert max(np.abs(x - lon).max(), np.abs(y - lat).max()) < c.RESIDUAL
    x, y = c.to_bd09(*c.to_gcj02(*c.from_bd09(lon, lat)))
    assert max(np.abs(x - lon).max(), np.abs(y - lat).max()) < c.RESIDUAL


def test_the_shift_is_what_it_is_known_for() -> None:
    """In Hangzhou GCJ-02 lies some 500 m from WGS 84; an inverse with the sign exchanged would be twice that away."""
    x, y = c.from_gcj02(a(120.155070), a(30.274085))
    east, north = (120.155070 - x[0]) * 96_200, (30.274085 - y[0]) * 110_850
    assert 300 < np.hypot(east, north) < 700


def test_outside_the_mainland_nothing_is_shifted() -> None:
    lon, lat = a(-104.9903, 153.0251, 139.7671, np.nan), a(39.7392, -27.4698, 35.6812, np.nan)
    for convert in (c.to_gcj02, c.from_gcj02):
        x, y = convert(lon, lat)
        assert np.array_equal(x, lon, equal_nan=True) and np.array_equal(y, lat, equal_nan=True)


@pytest.mark.parametrize("code", [*range(4491, 4555)])
def test_zones_against_another_library(code: int) -> None:
    words = of_epsg(code)
    assert words
    plane = system_of(words)
    assert plane
    rng = np.random.default_rng(code)
    lon = plane.projection.central_meridian + rng.uniform(-3.5, 3.5, 100)
    lat = rng.uniform(3, 54, 100)
    east, north = pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(lon, lat)
    mine = plane.projection.forward(lon, lat)
    assert max(np.abs(mine[0] - east).max(), np.abs(mine[1] - north).max()) < 1e-5
    back = plane.to_cgcs2000(east, north)
    assert max(np.abs(back[0] - lon).max(), np.abs(back[1] - lat).max()) < 1e-10


@settings(max_examples=60, deadline=None)
@given(
    lon0=st.floats(75, 135),
    lat0=st.floats(0, 50),
    k=st.floats(0.9996, 1.0004),
    x0=st.floats(-1e6, 1e6),
    y0=st.floats(-4e6, 1e6),
    ellipsoid=st.sampled_from([("cgcs2000", "GRS80"), ("krassovsky", "krass"), ("wgs84", "WGS84")]),
    d=st.floats(-3, 3),
    lat=st.floats(-60, 60),
)
def test_any_projection_against_another_library(lon0, lat0, k, x0, y0, ellipsoid, d, lat) -> None:
    mine = TransverseMercator(lon0, x0, y0, k, lat0, ellipsoid[0])
    other = pyproj.Proj(f"+proj=tmerc +lon_0={lon0!r} +lat_0={lat0!r} +k={k!r} +x_0={x0!r} +y_0={y0!r} +ellps={ellipsoid[1]}")
    x, y = mine.forward(a(lon0 + d), a(lat))
    assert (x[0], y[0]) == pytest.approx(other(lon0 + d, lat), abs=1e-5)
    lon, back = mine.inverse(x, y)
    assert lon[0] == pytest.approx(lon0 + d, abs=1e-10) and back[0] == pytest.approx(lat, abs=1e-10)


def test_seven_parameters_against_another_library() -> None:
    found = Helmert(12, -140, -80, 0.5, -0.3, 1.2, 3.3).to_cgcs2000(a(120.5), a(30.3), "krassovsky")
    pipeline = (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=krass +step +proj=helmert "
        "+x=12 +y=-140 +z=-80 +rx=.5 +ry=-.3 +rz=1.2 +s=3.3 +convention=position_vector +step +inv +proj=cart +ellps=GRS80 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    lon, lat, _ = pyproj.Transformer.from_pipeline(pipeline).transform(120.5, 30.3, 0)
    assert (found[0][0], found[1][0]) == pytest.approx((lon, lat), abs=1e-11)


def test_four_parameters_by_hand() -> None:
    """A quarter turn: E' = dx - N, N' = dy + E; and the way back."""
    turn = Similarity(dx=100, dy=200, rotation=90 * 3600)
    assert [v[0] for v in turn.forward(a(3), a(5))] == pytest.approx([95, 203])
    assert [v[0] for v in turn.inverse(a(95), a(203))] == pytest.approx([3, 5])
    stretched = Similarity(ppm=1_000_000)
    assert [v[0] for v in stretched.forward(a(3), a(5))] == pytest.approx([6, 10])


def test_a_local_system_there_and_back() -> None:
    plane = PlaneSystem(TransverseMercator(120.1667, 50_000, -3_000_000), Similarity(12.5, -7.25, 35.4, 4.2))
    lon, lat = a(120.15507, 119.5, 120.7), a(30.274085, 29.3, 30.5)
    east, north = plane.plane.forward(*plane.projection.forward(lon, lat))
    back = plane.to_cgcs2000(east, north)
    assert np.abs(back[0] - lon).max() < 1e-11 and np.abs(back[1] - lat).max() < 1e-11


def test_beyond_the_projection() -> None:
    x, _ = TransverseMercator(120).inverse(a(1e12, np.nan, 500_000), a(0, 0, 3_350_000))
    assert np.isnan(x[:2]).all() and x[2] == pytest.approx(120)


def test_codes_nobody_knows() -> None:
    assert of_epsg(3857) is None and of_epsg(4555) is None and of_epsg(2436) is None
    assert system_of("tmerc:120,500000,0,1,0,moon") is None and system_of("utm") is None
