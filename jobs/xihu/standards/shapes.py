"""Whether a shape can be what it says: rings closed, of some area, not crossing themselves, wound as RFC 7946 asks; and its area.

Everything is judged in degrees of CGCS2000. A reversed ring loses nothing and is turned (`winding`). A ring whose ends are within a
centimetre of each other is closed (`ring_closed`); one that gapes may have lost positions, and nobody can say which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from xihu.standards.coordinates import Array
from xihu.standards.geometry import Geometry
from xihu.standards.projection import ELLIPSOIDS

CLOSE = 1e-7  # degrees: a centimetre
_PAIRS = 2_000_000
_A, _F = ELLIPSOIDS["cgcs2000"]
_E = float(np.sqrt((2.0 - 1.0 / _F) / _F))


def signed_area(ring: Array) -> float:
    """Twice-halved shoelace in the ring's own units; positive where it runs counter-clockwise."""
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2.0


def mend(geometry: Geometry) -> Geometry | str:
    """The shape with its rings closed and turned, and what was done in `repairs`; or a word of why it is none."""
    repairs = dict.fromkeys(geometry.repairs)
    try:
        made = _mend(geometry, repairs)
    except _Broken as broken:
        return str(broken)
    return replace(made, repairs=tuple(repairs))


class _Broken(ValueError):
    pass


def _mend(g: Geometry, repairs: dict[str, None]) -> Geometry:
    if g.kind == "Polygon":
        return replace(g, parts=_polygon(g.parts, repairs))
    if g.kind == "MultiPolygon":
        return replace(g, parts=[_polygon(p, repairs) for p in g.parts])
    if g.kind == "GeometryCollection":
        return replace(g, parts=[_mend(p, repairs) for p in g.parts])
    for line in g.parts if g.kind == "MultiLineString" else [g.parts] if g.kind == "LineString" else []:
        if len(line) < 2 or not (line[:, :2] != line[0, :2]).any():
            raise _Broken("线少于两个不同的点 / a line of fewer than two different positions")
    return g


def _polygon(rings: list[Array], repairs: dict[str, None]) -> list[Array]:
    made: list[Array] = []
    for i, given in enumerate(rings):
        ring, where = given, f"第{i + 1}环 / ring {i + 1}"
        gap = float(np.abs(ring[0, :2] - ring[-1, :2]).max())
        if gap or len(ring) < 2:
            if gap > CLOSE or len(ring) < 4:
                raise _Broken(f"{where}: 首尾不闭合 / does not close")
            ring = np.vstack([ring[:-1], ring[:1]])
            repairs["ring_closed"] = None
        if len(ring) < 4:
            raise _Broken(f"{where}: 少于四个点 / fewer than four positions")
        area = signed_area(ring)
        size = np.ptp(ring[:, :2], axis=0).prod()
        if size == 0 or abs(area) < 1e-9 * size or abs(area) < 1e-16:
            raise _Broken(f"{where}: 没有面积 / has no area")
        if crossing(ring):
            raise _Broken(f"{where}: 自相交 / crosses itself")
        if (area > 0) != (i == 0):
            ring = ring[::-1]
            repairs["winding"] = None
        if i and not contains(made[0], ring):
            raise _Broken(f"{where}: 洞在外环之外 / the hole lies outside its shell")
        made.append(ring)
    return made


def contains(shell: Array, hole: Array, least: int = 1) -> bool:
    """Whether `least` of the hole's first positions lie in the shell or on its edge (even-odd rule, a nanodegree of tolerance)."""
    return sum(_inside(shell, hole[: max(least, 8)])) >= min(least, len(hole))


def _inside(shell: Array, points: Array) -> Iterator[bool]:
    a, b = shell[:-1, :2], shell[1:, :2]
    for x, y in points[:, :2]:
        d = b - a
        t = np.clip(((x - a[:, 0]) * d[:, 0] + (y - a[:, 1]) * d[:, 1]) / np.maximum((d**2).sum(axis=1), 1e-30), 0, 1)
        edge = (np.hypot(a[:, 0] + t * d[:, 0] - x, a[:, 1] + t * d[:, 1] - y) < 1e-9).any()
        spans = (a[:, 1] > y) != (b[:, 1] > y)
        at = a[spans, 0] + (y - a[spans, 1]) * d[spans, 0] / d[spans, 1]
        yield bool(edge) or np.count_nonzero(at > x) % 2 == 1


def crossing(ring: Array) -> bool:
    """Whether two edges of a closed ring cross; edges that only touch do not."""
    a, b = ring[:-1, :2], ring[1:, :2]
    n = len(a)
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.argsort(low[:, 0], kind="stable")
    low, high, a, b = low[order], high[order], a[order], b[order]
    # Only edges whose spans of longitude overlap can cross: a window of the sorted ones.
    reach = np.searchsorted(low[:, 0], high[:, 0], side="right")
    counts = np.maximum(reach - np.arange(n) - 1, 0)
    start = 0
    while start < n:
        total = np.cumsum(counts[start:])
        stop = start + max(1, int(np.searchsorted(total, _PAIRS, side="right")))
        c = counts[start:stop]
        first = np.repeat(np.arange(start, stop), c)
        second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(c) - c, c)
        meet = (low[first, 1] <= high[second, 1]) & (low[second, 1] <= high[first, 1])
        if _cross(a, b, first[meet], second[meet]):
            return True
        start = stop
    return False


def _cross(a: Array, b: Array, i: np.ndarray, j: np.ndarray) -> bool:
    def side(p: Array, q: Array, r: Array) -> Array:
        return (q[:, 0] - p[:, 0]) * (r[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (r[:, 0] - p[:, 0])

    one = side(a[i], b[i], a[j]) * side(a[i], b[i], b[j]) < 0
    two = side(a[j], b[j], a[i]) * side(a[j], b[j], b[i]) < 0
    return bool((one & two).any())


def _equal_area(lonlat: Array) -> Array:
    """Degrees to metres in Lambert's cylindrical equal-area projection of the ellipsoid (Snyder 1987, eq. 3-12 and 10-1)."""
    s = np.sin(np.radians(lonlat[:, 1]))
    q = (1 - _E**2) * (s / (1 - (_E * s) ** 2) - np.log((1 - _E * s) / (1 + _E * s)) / (2 * _E))
    return np.column_stack([np.radians(lonlat[:, 0]) * _A, q * _A / 2])


def area(geometry: Geometry) -> float:
    """Square metres on the ellipsoid of CGCS2000, holes taken out; 0 for points and lines.

    Edges are straight in longitude and equal-area latitude, not geodesics: for a shape of 100 km the difference is below a millionth.
    """
    total = 0.0
    for rings in geometry.polygons():
        sizes = [abs(signed_area(_equal_area(r))) for r in rings]
        total += sizes[0] - sum(sizes[1:])
    return total
