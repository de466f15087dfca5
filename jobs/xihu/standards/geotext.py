"""Shapes read from text: WKT, EWKT, WKB in hex (OGC 06-103r4), GeoJSON geometries (RFC 7946).

A text may begin with the system it is in: `SRID=4490;` (EWKT) or `CRS=<words of xihu.standards.projection>;`.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace
from typing import Any

import numpy as np

from xihu.standards.coordinates import Array
from xihu.standards.geometry import DEPTH, MAX_NESTING, Geometry, Wrong, build, collection, of_geojson
from xihu.standards.projection import of_epsg

_NAMES = {k.upper(): k for k in (*DEPTH, "GeometryCollection")}
_WKB = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}
_PREFIX = re.compile(r"\s*(?:SRID\s*=\s*(\d+)|CRS\s*=\s*([^;]+))\s*;", re.I)
_HEAD = re.compile(r"\s*([A-Za-z]+)\s*(ZM|Z|M)?\s*(EMPTY|(?=\())", re.I)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POSITION = re.compile(rf"{_NUMBER}(?:\s+{_NUMBER})*")
_RING = re.compile(r"\s*\(([\d.eE+\-,\s]+)\)\s*(,|$)")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){5,}")


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
    except Wrong as wrong:
        return str(wrong)
    except (ValueError, IndexError, RecursionError, struct.error, OverflowError):
        return f"不是图形 / not a geometry: {body[:60]}"
    return replace(found, system=system or found.system) if found else None


def _constant(word: str) -> Any:
    raise Wrong(f"坐标不是数 / not a number: {word}")


def _of_wkt(text: str) -> Geometry | None:
    geometry, end = _wkt(text, 0, 0)
    if text[end:].strip():
        raise Wrong(f"图形之后还有内容 / more text after the geometry: {text[end : end + 40]}")
    return geometry


def _wkt(text: str, pos: int, nesting: int) -> tuple[Geometry | None, int]:
    head = _HEAD.match(text, pos)
    word = head[1].upper() if head else ""
    measure = (head[2] or "").upper() if head else ""
    if word not in _NAMES and word.endswith(("ZM", "Z", "M")):
        measure = "ZM" if word.endswith("ZM") else word[-1]
        word = word[: -len(measure)]
    if head is None or word not in _NAMES or nesting > MAX_NESTING:
        raise Wrong(f"不是图形 / not a geometry: {text[pos : pos + 60]}")
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
                raise Wrong("括号没有闭合 / a bracket never closes")
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
        raise Wrong("括号没有闭合 / a bracket never closes")
    body = text[head.end() : end]
    if kind == "Polygon" and not measure.endswith("M") and (rings := _rings(body[1:-1])):
        return Geometry(kind, rings), end
    if kind == "MultiPoint":
        body = re.sub(r"\(\s*([^(),]+?)\s*\)", r"\1", body[1:-1]).join("()")
    listed = _POSITION.sub(lambda m: "[" + ",".join(repr(float(n)) for n in m[0].split()) + "]", body)
    coordinates = json.loads(listed.replace("(", "[").replace(")", "]"), parse_constant=_constant)
    if kind == "Point":
        if len(coordinates) != 1:
            raise Wrong("POINT 应有一个点 / a POINT has one position")
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
        raise Wrong("WKB 之后还有字节 / more bytes after the WKB")
    return geometry


def _wkb(data: bytes, pos: int, nesting: int) -> tuple[Geometry | None, int]:
    order = {0: ">", 1: "<"}.get(data[pos])
    if order is None or nesting > MAX_NESTING:
        raise Wrong("不是 WKB / not WKB")
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
        raise Wrong(f"WKB 的图形种类未知 / unknown kind of WKB: {code}")
    size = 2 + has_z + has_m

    def positions(at: int, n: int) -> tuple[list[Any], int]:
        end = at + n * size * 8
        if end > len(data):
            raise Wrong("WKB 不完整 / the WKB ends early")
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
        raise Wrong("WKB 不完整 / the WKB ends early")
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
                raise Wrong(f"{kind} 中有别的图形 / holds another kind of geometry")
            made = build(kind, [_lists(m.parts, m.kind) for m in members if m is not None])
    return (replace(made, system=system) if made else None), pos


def _lists(parts: Any, kind: str) -> Any:
    if isinstance(parts, np.ndarray):
        return parts.tolist()[0] if kind == "Point" else parts.tolist()
    return [p.tolist() for p in parts]
