"""Shapes as text: WKT, EWKT, WKB in hex (OGC 06-103r4), GeoJSON geometries (RFC 7946); read into arrays, written as WKT.

A text may begin with the system it is in: `SRID=4490;` (EWKT) or `CRS=<words of xihu.standards.projection>;`.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xihu.standards.coordinates import Array
from xihu.standards.projection import of_epsg

# Kind → how deep its lists of positions lie.
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_NAMES = {k.upper(): k for k in (*DEPTH, "GeometryCollection")}
_WKB = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}
_PREFIX = re.compile(r"\s*(?:SRID\s*=\s*(\d+)|CRS\s*=\s*([^;]+))\s*;", re.I)
_HEAD = re.compile(r"\s*([A-Za-z]+)\s*(ZM|Z|M)?\s*(EMPTY|(?=\())", re.I)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POSITION = re.compile(rf"{_NUMBER}(?:\s+{_NUMBER})*")
_RING = re.compile(r"\s*\(([\d.eE+\-,\s]+)\)\s*(,|$)")
_ZEROS = re.compile(r"\.?0+(?=[ ,]|$)")
_MINUS_ZERO = re.compile(r"(?<![\d.])-0(?![\d.])")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){5,}")
MAX_NESTING = 20


class _Wrong(ValueError):
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


def read(text: str) -> Geometry | str | None:
    """A shape from its text; None if it is empty; else a word of what is wrong."""
    body, system = text, None
    if prefix := _PREFIX.match(text):
        system = of_epsg(int(prefix[1])) or f"epsg:{prefix[1]}" if prefix[1] else prefix[2].strip()
        body = text[prefix.end() :]
    body = body.strip()
    try:
        if body == "null":
            return None
        if body.startswith("{"):
            found = of_geojson(json.loads(body, parse_constant=_constant))
        elif _HEX.fullmatch(body):
            found = _of_wkb(bytes.fromhex(body))
        else:
            found = _of_wkt(body)
    except _Wrong as wrong:
        return str(wrong)
    except (ValueError, IndexError, RecursionError, struct.error, OverflowError):
        return f"不是图形 / not a geometry: {body[:60]}"
    return replace(found, system=system or found.system) if found else None


def _constant(word: str) -> Any:
    raise _Wrong(f"坐标不是数 / not a number: {word}")


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
            raise _Wrong("GeometryCollection 没有 geometries / has no geometries")
        return collection([of_geojson(m, nesting + 1) for m in members])
    if kind not in DEPTH:
        raise _Wrong(f"不是 GeoJSON 图形 / not a GeoJSON geometry: type {kind!r}"[:120])
    if "coordinates" not in value:
        raise _Wrong("没有 coordinates / has no coordinates")
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
            raise _Wrong(f"{kind} 的坐标层次不对 / the nesting of its coordinates is wrong")
        sizes = set(map(len, positions))
        if min(sizes) < 2:
            raise _Wrong("一个点少于两个坐标 / a position of fewer than two numbers")
        keep = min(3, *sizes) if len(sizes) > 1 else min(3, sizes.pop())
        if len(sizes) > 1:
            repairs["z_dropped"] = None
        elif sizes and max(sizes) > 3:
            repairs["m_dropped"] = None
        if not all(type(v) in (int, float) for p in positions for v in p[:keep]):
            raise _Wrong("坐标不是数 / a coordinate is not a number")
        array = np.array([p[:keep] for p in positions], float)
        if not np.isfinite(array).all():
            raise _Wrong("坐标不是有限的数 / a coordinate is not finite")
        return array

    def walk(value: Any, depth: int) -> Any:
        if not isinstance(value, list):
            raise _Wrong(f"{kind} 的坐标层次不对 / the nesting of its coordinates is wrong")
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


def _of_wkt(text: str) -> Geometry | None:
    geometry, end = _wkt(text, 0, 0)
    if text[end:].strip():
        raise _Wrong(f"图形之后还有内容 / more text after the geometry: {text[end : end + 40]}")
    return geometry


def _wkt(text: str, pos: int, nesting: int) -> tuple[Geometry | None, int]:
    head = _HEAD.match(text, pos)
    word = head[1].upper() if head else ""
    measure = (head[2] or "").upper() if head else ""
    if word not in _NAMES and word.endswith(("ZM", "Z", "M")):
        measure = "ZM" if word.endswith("ZM") else word[-1]
        word = word[: -len(measure)]
    if head is None or word not in _NAMES or nesting > MAX_NESTING:
        raise _Wrong(f"不是图形 / not a geometry: {text[pos : pos + 60]}")
    kind = _NAMES[word]
    if head[3]:
        return None, head.end()
    if kind == "GeometryCollection":
        members, at = [], head.end() + 1
        while True:
            member, at = _wkt(text, at, nesting + 1)
            members.append(member)
            rest = re.compile(r"\s*([,)])").match(text, at)
            if rest is None:
                raise _Wrong("括号没有闭合 / a bracket never closes")
            at = rest.end()
            if rest[1] == ")":
                return collection(members), at
    depth, end = 0, -1
    for bracket in re.compile(r"[()]").finditer(text, head.end()):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            end = bracket.end()
            break
    if end < 0:
        raise _Wrong("括号没有闭合 / a bracket never closes")
    body = text[head.end() : end]
    if kind == "Polygon" and not measure.endswith("M") and (rings := _rings(body[1:-1])):
        return Geometry(kind, rings), end
    if kind == "MultiPoint":
        body = re.sub(r"\(\s*([^(),]+?)\s*\)", r"\1", body[1:-1]).join("()")
    listed = _POSITION.sub(lambda m: "[" + ",".join(repr(float(n)) for n in m[0].split()) + "]", body)
    coordinates = json.loads(listed.replace("(", "[").replace(")", "]"), parse_constant=_constant)
    if kind == "Point":
        if len(coordinates) != 1:
            raise _Wrong("POINT 应有一个点 / a POINT has one position")
        coordinates = coordinates[0]
    if measure == "M":
        coordinates = _without_m(coordinates)
    return build(kind, coordinates), end


def _rings(text: str) -> list[Array] | None:
    """Rings of a plain polygon, the short way; None where anything is out of the ordinary."""
    found: list[Array] = []
    at = 0
    while at < len(text):
        ring = _RING.match(text, at)
        if ring is None:
            return None
        positions = [p.split() for p in ring[1].split(",")]
        sizes = set(map(len, positions))
        if sizes not in ({2}, {3}) or (found and found[0].shape[1] not in sizes):
            return None
        try:
            found.append(np.array(positions, float))
        except ValueError:
            return None
        at = ring.end()
    return found if found and all(np.isfinite(r).all() for r in found) else None


def _without_m(value: Any) -> Any:
    if value and isinstance(value[0], float):
        return value[:2]
    return [_without_m(v) for v in value]


def _of_wkb(data: bytes) -> Geometry | None:
    geometry, end = _wkb(data, 0, 0)
    if end != len(data):
        raise _Wrong("WKB 之后还有字节 / more bytes after the WKB")
    return geometry


def _wkb(data: bytes, pos: int, nesting: int) -> tuple[Geometry | None, int]:
    order = {0: ">", 1: "<"}.get(data[pos])
    if order is None or nesting > MAX_NESTING:
        raise _Wrong("不是 WKB / not WKB")
    (word,) = struct.unpack_from(f"{order}I", data, pos + 1)
    pos += 5
    has_z, has_m, system = bool(word & 0x80000000), bool(word & 0x40000000), None
    if word & 0x20000000:
        (srid,) = struct.unpack_from(f"{order}I", data, pos)
        system, pos = of_epsg(srid) or f"epsg:{srid}", pos + 4
    code = word & 0x0FFFFFFF
    has_z, has_m = has_z or code // 1000 in (1, 3), has_m or code // 1000 in (2, 3)
    kind = _WKB.get(code % 1000)
    if kind is None:
        raise _Wrong(f"WKB 的图形种类未知 / unknown kind of WKB: {code}")
    size = 2 + has_z + has_m

    def positions(at: int, n: int) -> tuple[list[Any], int]:
        end = at + n * size * 8
        if end > len(data):
            raise _Wrong("WKB 不完整 / the WKB ends early")
        array = np.frombuffer(data, f"{order}f8", n * size, at).reshape(n, size)
        return array[:, : 3 if has_z else 2].tolist(), end

    if kind == "Point":
        found, pos = positions(pos, 1)
        # An empty point is one of NaNs.
        empty = all(v != v for v in found[0])
        made = None if empty else build(kind, found[0])
        return (replace(made, system=system) if made else None), pos
    (count,) = struct.unpack_from(f"{order}I", data, pos)
    pos += 4
    if count > len(data):
        raise _Wrong("WKB 不完整 / the WKB ends early")
    if kind == "LineString":
        found, pos = positions(pos, count)
        made = build(kind, found)
    elif kind == "Polygon":
        rings = []
        for _ in range(count):
            (n,) = struct.unpack_from(f"{order}I", data, pos)
            ring, pos = positions(pos + 4, n)
            rings.append(ring)
        made = build(kind, rings)
    else:
        members: list[Geometry | None] = []
        for _ in range(count):
            member, pos = _wkb(data, pos, nesting + 1)
            members.append(member)
        if kind == "GeometryCollection":
            made = collection(members)
        else:
            if any(m is not None and f"Multi{m.kind}" != kind for m in members):
                raise _Wrong(f"{kind} 中有别的图形 / holds another kind of geometry")
            made = build(kind, [_lists(m.parts, m.kind) for m in members if m is not None])
    return (replace(made, system=system) if made else None), pos


def _lists(parts: Any, kind: str) -> Any:
    if isinstance(parts, np.ndarray):
        return parts.tolist()[0] if kind == "Point" else parts.tolist()
    return [p.tolist() for p in parts]


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
