"""Shapes as arrays of positions: built from nested lists or decoded GeoJSON (RFC 7946), written as WKT (OGC 06-103r4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xihu.standards.coordinates import Array

# Kind → how deep its lists of positions lie.
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_ZEROS = re.compile(r"\.?0+(?=[ ,]|$)")
_MINUS_ZERO = re.compile(r"(?<![\d.])-0(?![\d.])")
MAX_NESTING = 20


class Wrong(ValueError):
    """What is wrong with a text, for people."""


@dataclass(frozen=True)
class Geometry:
    """A shape. `parts`: a position array (n, 2 or 3) for points and lines, else a list of parts.

    Point, LineString, MultiPoint: one array; MultiLineString, Polygon: arrays (lines, rings); MultiPolygon: lists of rings;
    GeometryCollection: Geometries. `system`: what the text said of its reference system. `repairs`: what was mended.
    """

    kind: str
    parts: Any
    system: str | None = None
    repairs: tuple[str, ...] = ()

    def arrays(self) -> Iterator[Array]:
        """The position arrays, in order."""
        yield from _leaves(self.parts)

    def mapped(self, change: Callable[[Array], Array]) -> Geometry:
        """The shape with every array changed, in order."""
        return replace(self, parts=_map(self.parts, change))

    def polygons(self) -> Iterator[list[Array]]:
        """The polygons in it, as lists of rings."""
        if self.kind == "Polygon":
            yield self.parts
        elif self.kind == "MultiPolygon":
            yield from self.parts
        elif self.kind == "GeometryCollection":
            for part in self.parts:
                yield from part.polygons()


def _leaves(parts: Any) -> Iterator[Array]:
    if isinstance(parts, np.ndarray):
        yield parts
    elif isinstance(parts, Geometry):
        yield from parts.arrays()
    else:
        for part in parts:
            yield from _leaves(part)


def _map(parts: Any, change: Callable[[Array], Array]) -> Any:
    if isinstance(parts, np.ndarray):
        return change(parts)
    if isinstance(parts, Geometry):
        return parts.mapped(change)
    return [_map(part, change) for part in parts]


def of_geojson(value: Any, nesting: int = 0) -> Geometry | None:
    """A shape from a decoded GeoJSON geometry; None if it is null or empty.

    Raises:
        ValueError: it is none; the message says why.
    """
    if value is None:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "GeometryCollection":
        members = value.get("geometries")
        if not isinstance(members, list) or nesting > MAX_NESTING:
            raise Wrong("GeometryCollection 没有 geometries / has no geometries")
        return collection([of_geojson(m, nesting + 1) for m in members])
    if kind not in DEPTH:
        raise Wrong(f"不是 GeoJSON 图形 / not a GeoJSON geometry: type {kind!r}"[:120])
    if "coordinates" not in value:
        raise Wrong("没有 coordinates / has no coordinates")
    return build(kind, value["coordinates"])


def collection(members: list[Geometry | None]) -> Geometry | None:
    """A GeometryCollection of what is not empty."""
    full = [m for m in members if m is not None]
    return Geometry("GeometryCollection", full, None, tuple(dict.fromkeys(r for m in full for r in m.repairs))) if full else None


def build(kind: str, coordinates: Any) -> Geometry | None:
    """A shape from nested lists of numbers; None if there are none.

    Raises:
        ValueError: a coordinate is no number, or the nesting is not the kind's.
    """
    repairs: dict[str, None] = {}

    def leaf(positions: Any) -> Array:
        if not isinstance(positions, list) or not all(isinstance(p, list) for p in positions):
            raise Wrong(f"{kind} 的坐标层次不对 / the nesting of its coordinates is wrong")
        sizes = set(map(len, positions))
        if min(sizes) < 2:
            raise Wrong("一个点少于两个坐标 / a position of fewer than two numbers")
        keep = min(3, *sizes) if len(sizes) > 1 else min(3, sizes.pop())
        if len(sizes) > 1:
            repairs["z_dropped"] = None
        elif sizes and max(sizes) > 3:
            repairs["m_dropped"] = None
        if not all(type(v) in (int, float) for p in positions for v in p[:keep]):
            raise Wrong("坐标不是数 / a coordinate is not a number")
        array = np.array([p[:keep] for p in positions], float)
        if not np.isfinite(array).all():
            raise Wrong("坐标不是有限的数 / a coordinate is not finite")
        return array

    def walk(value: Any, depth: int) -> Any:
        if not isinstance(value, list):
            raise Wrong(f"{kind} 的坐标层次不对 / the nesting of its coordinates is wrong")
        if depth == 1:
            return leaf(value) if value else None
        return [part for v in value if (part := walk(v, depth - 1)) is not None] or None

    whole = [coordinates] if kind == "Point" and coordinates else coordinates
    parts = walk(whole, DEPTH[kind] or 1)
    if parts is None:
        return None
    arrays = list(_leaves(parts))
    if len({a.shape[1] for a in arrays}) > 1:
        repairs["z_dropped"] = None
        parts = _map(parts, lambda a: a[:, :2])
    return Geometry(kind, parts, None, tuple(repairs))


def number(value: float) -> str:
    """At most eight decimals (a millimetre), no exponent, no trailing zeros."""
    text = f"{value:.8f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _positions(array: Array) -> str:
    if len(array) < 3:
        return ", ".join(" ".join(map(number, p)) for p in array.tolist())
    form = ", ".join([" ".join(["%.8f"] * array.shape[1])] * len(array))
    return _MINUS_ZERO.sub("0", _ZEROS.sub("", form % tuple(array.ravel().tolist())))


def wkt(geometry: Geometry) -> str:
    """The shape as WKT; heights, where all positions have one, as `Z`."""
    kind, parts = geometry.kind, geometry.parts
    if kind == "GeometryCollection":
        return f"GEOMETRYCOLLECTION ({', '.join(wkt(p) for p in parts)})"
    mark = " Z" if next(geometry.arrays()).shape[1] == 3 else ""
    if kind in ("Point", "LineString"):
        body = _positions(parts)
    elif kind == "MultiPoint":
        body = ", ".join(f"({_positions(parts[i : i + 1])})" for i in range(len(parts)))
    elif kind == "MultiPolygon":
        body = ", ".join("(" + ", ".join(f"({_positions(r)})" for r in rings) + ")" for rings in parts)
    else:
        body = ", ".join(f"({_positions(r)})" for r in parts)
    return f"{kind.upper()}{mark} ({body})"
