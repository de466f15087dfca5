"""The system of coordinates a file says it is in (`crs` of GeoJSON, `.prj` of a shapefile), against the one agreed."""

from __future__ import annotations

import re
from typing import Any

from xihu.bronze.schema import Refusal
from xihu.contract.coordinates import Coordinates
from xihu.contract.models import Contract
from xihu.standards.coordinates import TO_CGCS2000
from xihu.standards.projection import ELLIPSOIDS, of_epsg, system_of

_URN = re.compile(r"(?:urn:ogc:def:crs:)?(?:EPSG:[\d.]*:?|EPSG/0/|.*/EPSG/\d+/)(\d{4,6})", re.I)
_CRS84 = re.compile(r".*(CRS84h?|WGS\s*_?84)", re.I)
# Systems that are known to be others than those of a contract in degrees of CGCS2000 or WGS 84.
_OTHER = re.compile(r"beijing|xian|krass?ov|pulkovo|mercator|\b(?:3857|900913|102100|4214|4610)$", re.I)
_TOKEN = re.compile(r'([A-Za-z_]\w*)\s*[\[(]|"([^"]*)"|([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|[\])]|,')


def geometry_field(contract: Contract) -> str | None:
    """The one field that takes the shape; None if only attributes are wanted."""
    return next((n for n, s in contract.fields.items() if s.type == "geometry"), None)


def place_of(contract: Contract) -> Coordinates | None:
    field = geometry_field(contract)
    return next((p for p in contract.places if p.geometry == field), None) if field else None


def of_member(crs: Any) -> str | None:
    """The system of a GeoJSON `crs` member, in the words of `xihu.standards.projection`; `?…` if it is not known; None without one."""
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name") or properties.get("code") or "") if isinstance(properties, dict) else str(crs)
    if match := re.fullmatch(r"\d{4,6}", name) or _URN.fullmatch(name.strip()):
        return of_epsg(int(match.group(match.lastindex or 0))) or f"?{name}"
    return "wgs84" if _CRS84.fullmatch(name.strip()) else f"?{name[:80]}"


def _tree(text: str) -> list[Any]:
    """Well-known text as nested lists: [keyword, item, …]."""
    stack: list[list[Any]] = [[]]
    for match in _TOKEN.finditer(text):
        if match[1]:
            stack.append([match[1].upper()])
        elif match[2] is not None:
            stack[-1].append(match[2])
        elif match[3]:
            stack[-1].append(float(match[3]))
        elif match[0] in "])":
            if len(stack) < 2:
                break
            done = stack.pop()
            stack[-1].append(done)
    while len(stack) > 1:
        done = stack.pop()
        stack[-1].append(done)
    return stack[0]


def _find(tree: Any, *words: str) -> list[Any] | None:
    """The first node of these keywords, depth first."""
    if isinstance(tree, list):
        if tree and tree[0] in words:
            return tree
        for item in tree:
            if (found := _find(item, *words)) is not None:
                return found
    return None


def _every(tree: Any, word: str) -> list[list[Any]]:
    if not isinstance(tree, list):
        return []
    return ([tree] if tree and tree[0] == word else []) + [f for item in tree for f in _every(item, word)]


def of_prj(text: str) -> str:
    """The system of a `.prj` (well-known text of ESRI or OGC); `?…` if it is none that can be used.

    Of a projected system all parameters are read; its name decides nothing. A datum other than CGCS2000 and WGS 84 needs parameters that no
    `.prj` holds: it is not known here, and has to be described by the contract.
    """
    tree = _tree(text)
    spheroid = _find(tree, "SPHEROID", "ELLIPSOID")
    names = [str(n[1]) for n in tree if isinstance(n, list) and len(n) > 1]
    called = names[0] if names else text.strip()[:60]
    if spheroid is None or len(spheroid) < 4 or not all(isinstance(v, float) for v in spheroid[2:4]):
        return f"?{called}"
    datum = _find(tree, "DATUM", "GEODETICDATUM")
    ellipsoid = _ellipsoid(float(spheroid[2]), float(spheroid[3]), str(datum[1]) if datum and len(datum) > 1 else "")
    if ellipsoid is None:
        return f"?{called}"
    if _find(tree, "PROJCS", "PROJCRS") is None:
        return ellipsoid if _find(tree, "GEOGCS", "GEOGCRS") else f"?{called}"
    projection = _find(tree, "PROJECTION")
    if projection is None or len(projection) < 2 or str(projection[1]).lower() not in ("gauss_kruger", "transverse_mercator"):
        return f"?{called}"
    given = {str(p[1]).lower(): float(p[2]) for p in _every(tree, "PARAMETER") if len(p) > 2 and isinstance(p[2], float)}
    units = [u for node in _every(tree, "PROJCS") for u in node if isinstance(u, list) and u and u[0] == "UNIT"]
    if "central_meridian" not in given or (units and units[0][2:3] != [1.0]):
        return f"?{called}"
    order = ("central_meridian", "false_easting", "false_northing", "scale_factor", "latitude_of_origin")
    values = [given.get(w, 1.0 if w == "scale_factor" else 0.0) for w in order]
    return f"tmerc:{','.join(f'{v:.12f}'.rstrip('0').rstrip('.') for v in values)},{ellipsoid}"


def _ellipsoid(a: float, inverse_f: float, datum: str) -> str | None:
    name = re.sub(r"[^a-z0-9]", "", datum.lower())
    for word in ("cgcs2000", "wgs84"):
        radius, flattening = ELLIPSOIDS[word]
        if abs(a - radius) < 1e-3 and abs(inverse_f - flattening) < 2e-7:
            # GRS 1980 has nearly the ellipsoid of CGCS2000 and is the datum of others too.
            fits = ("china" in name or "cgcs" in name or "grs" in name or not name) if word == "cgcs2000" else ("wgs" in name or not name)
            return word if fits else None
    return None


def agree(contract: Contract, told: str | None, what: str) -> tuple[str, list[str]] | Refusal:
    """What is written in front of every shape, and warnings; or the refusal of a file that contradicts the contract.

    Args:
        told: what the file says of its system: words of `xihu.standards.projection`, `?…` unknown, None nothing.
        what: where it says so, for people.
    """
    place = place_of(contract)
    if place is None:
        return "", []
    crs = place.crs
    if crs == "file":
        if told is None or told.startswith("?"):
            said = f"{what}所述坐标系不能识别：{told[1:]}" if told else f"没有{what}，坐标系不明"
            return Refusal(
                "wrong_format" if told else "companion_missing",
                said,
                "请转为 CGCS2000（EPSG:4490）后重报，或在目录的 coordinates 中写明坐标系参数",
            )
        return f"CRS={told};", []
    if told is None:
        return "", []
    systems = {crs} if isinstance(crs, str) else {*crs.map.values(), *([crs.default] if crs.default else [])}
    if told.startswith("?"):
        if "local" not in systems and _OTHER.search(told):
            return _contradiction(what, told[1:], systems)
        return "", [f"{what}所述坐标系不能识别（{told[1:]}），按约定的坐标系读取"]
    if told in TO_CGCS2000:
        if systems <= {"local"}:
            return _contradiction(what, told, systems)
        if systems <= {"cgcs2000", "wgs84"}:
            return "", []
        return "", [f"{what}说是 {told}，按约定的 {'、'.join(sorted(systems))} 读取"]
    if "local" not in systems:
        return _contradiction(what, told, systems)
    if place.local and (plane := system_of(told)) and place.local.plane.model_dump(exclude_defaults=True) == {}:
        mine, theirs = place.local, plane.projection
        ours = (mine.central_meridian, mine.false_easting, mine.false_northing, mine.scale, mine.latitude_of_origin)
        if ours != (theirs.central_meridian, theirs.false_easting, theirs.false_northing, theirs.scale, theirs.latitude_of_origin):
            return _contradiction(what, told, systems)
    return "", []


def _contradiction(what: str, told: str, systems: set[Any]) -> Refusal:
    return Refusal(
        "wrong_format",
        f"{what}说坐标系是 {told}，约定为 {'、'.join(sorted(map(str, systems)))}",
        "请按约定的坐标系重报；如确已改用，请修改目录的 coordinates（crs: file 表示以文件自述为准）",
    )
