"""Coordinates as departments send them, to degrees of CGCS2000: GCJ-02, BD-09, WGS 84; arrays in, arrays out.

* **CGCS2000** (EPSG:4490; GB 22021-2008, in force by decree since 2008-07-01) is what the lake keeps. **WGS 84** degrees are taken for it:
  the ellipsoids differ by 0.11 mm; the frames, ITRF97 at epoch 2000.0 and the WGS 84 of the day, have drifted apart by plate motion, in
  East China some 3 cm a year: half a metre in 2016. No receiver in a taxi or inspector's hand sees that.
* **GCJ-02** (the encrypted frame of public maps, GB 20263-2006 asks for it; the formula itself was never published by its owner): the
  formula known from the open source since 2010, on the ellipsoid of Krassovsky 1940, applied inside `MAINLAND` only. It is the formula that
  open map tools use; against the shift of official software it agrees within metres, which nobody outside can measure better.
* **BD-09** (Baidu): a second shift on top of GCJ-02, as its users know it.

The inverses have no closed form. They are found by fixed-point iteration on the forward formula until the step is below 1e-12 degree; for
all points of the mainland forward(inverse(p)) returns to p within `RESIDUAL` = 1e-9 degree (0.1 mm), mostly 1e-13. The short inverses in
circulation (2p - f(p), or Baidu's with signs exchanged) are off by up to some metres and are not used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[Array, Array]

# (least longitude, least latitude, greatest longitude, greatest latitude): the box outside which the formula shifts nothing.
MAINLAND = (72.004, 0.8293, 137.8347, 55.8271)
# Where a degree can be in China at all (islands included), to see that longitude and latitude stand in each other's place.
CHINA = (73.0, 3.0, 136.0, 54.0)
RESIDUAL = 1e-9
_A, _EE = 6378245.0, 0.00669342162296594323
_STEP, _ROUNDS = 1e-12, 40


def inside(lon: Array, lat: Array, box: tuple[float, float, float, float] = MAINLAND) -> NDArray[np.bool_]:
    """Whether points lie in a box, its edge included; NaN does not."""
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _shift(lon: Array, lat: Array) -> Pair:
    """What GCJ-02 adds, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * (2.0 / 3.0)
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * (2.0 / 3.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * (2.0 / 3.0)
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * (2.0 / 3.0)
    phi = np.radians(lat)
    w = 1.0 - _EE * np.sin(phi) ** 2
    meridian, parallel = _A * (1.0 - _EE) / (w * np.sqrt(w)), _A / np.sqrt(w) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def to_gcj02(lon: Array, lat: Array) -> Pair:
    """WGS 84 or CGCS2000 degrees to GCJ-02; points outside `MAINLAND` stay as they are."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    east, north = _shift(lon, lat)
    within = inside(lon, lat)
    return np.where(within, lon + east, lon), np.where(within, lat + north, lat)


def to_bd09(lon: Array, lat: Array) -> Pair:
    """GCJ-02 degrees to BD-09."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    turn = np.pi * 3000.0 / 180.0
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * turn)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * turn)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def _inverse(forward: Callable[[Array, Array], Pair], lon: Array, lat: Array) -> Pair:
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    x, y = lon.copy(), lat.copy()
    for _ in range(_ROUNDS):
        fx, fy = forward(x, y)
        dx, dy = lon - fx, lat - fy
        x, y = x + dx, y + dy
        step = np.fmax(np.abs(dx), np.abs(dy))
        if step.size == 0 or np.nanmax(step, initial=0.0) < _STEP:
            break
    return x, y


def from_gcj02(lon: Array, lat: Array) -> Pair:
    """GCJ-02 degrees to CGCS2000, by iteration; points outside `MAINLAND` stay as they are."""

    def shifted(x: Array, y: Array) -> Pair:
        east, north = _shift(x, y)
        return x + east, y + north

    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    x, y = _inverse(shifted, np.where(inside(lon, lat), lon, np.nan), lat)
    within = inside(lon, lat)
    return np.where(within, x, lon), np.where(within, y, lat)


def from_bd09(lon: Array, lat: Array) -> Pair:
    """BD-09 degrees to CGCS2000: back to GCJ-02 by iteration, then from there."""
    return from_gcj02(*_inverse(to_bd09, lon, lat))


def bd09_to_gcj02(lon: Array, lat: Array) -> Pair:
    """BD-09 degrees to GCJ-02, by iteration."""
    return _inverse(to_bd09, lon, lat)


def _same(lon: Array, lat: Array) -> Pair:
    return np.asarray(lon, float), np.asarray(lat, float)


# Reference system as sent → CGCS2000 degrees.
TO_CGCS2000: dict[str, Callable[[Array, Array], Pair]] = {
    "cgcs2000": _same,
    "wgs84": _same,
    "gcj02": from_gcj02,
    "bd09": from_bd09,
}
