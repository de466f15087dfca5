"""Guesses about places in a file in hand: GeoJSON and shapefiles, columns of longitude and latitude, clocks of devices."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from xihu.contract import guessdump
from xihu.contract.guess import SAMPLE_BYTES, SAMPLE_ROWS, Table, Unreadable, guess_encoding
from xihu.contract.guesscolumn import Column
from xihu.standards import angles, text

GEOMETRY = "geometry"
_LON = re.compile(r"经度|东经|^lo?ng?$|longitude|(^|_)lo?ng?(_|$)", re.I)
_LAT = re.compile(r"纬度|北纬|^lat$|latitude|(^|_)lat(_|$)", re.I)
_PLANE = (re.compile(r"^(Y|y)坐标|东坐标|横坐标|easting", re.I), re.compile(r"^(X|x)坐标|北坐标|纵坐标|northing", re.I))
_SYSTEM = "坐标系请向提供方核实：cgcs2000、wgs84、gcj02（高德、腾讯）、bd09（百度）、local / ask which system"
_BCD = re.compile(r"\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d")


def look(path: Path, head: bytes) -> Table | None:
    """A table of a GeoJSON file or shapefile; None if it is neither.

    Raises:
        Unreadable: it is one, but holds nothing that could be drafted from.
    """
    if head[:4] == b"\x00\x00\x27\x0a":
        return _shapefile(path)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")
    if start[:1] in (b"{", b"[") and re.search(rb'"type"\s*:\s*"Feature(Collection)?"', start[:4_000_000]):
        return _geojson(path, start)
    return None


def _geojson(path: Path, head: bytes) -> Table:
    encoding = guess_encoding(head)
    body = head.decode(encoding, "replace")
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    rows: list[tuple[dict[str, Any], bool]] = []
    titles: dict[str, None] = {}
    for match in re.finditer(r'\{\s*"(?:type"\s*:\s*"Feature"|properties"|geometry"|id"|bbox")', body):
        if len(rows) >= SAMPLE_ROWS:
            break
        try:
            feature, _ = decoder.raw_decode(body, match.start())
        except (ValueError, RecursionError):
            continue
        properties = feature.get("properties")
        if feature.get("type") != "Feature" or not isinstance(properties, dict | None):
            continue
        rows.append((properties or {}, bool(feature.get("geometry"))))
        titles |= dict.fromkeys(properties or {})
    if not rows:
        raise Unreadable(f"没有要素 / no features: {path}")
    table = [[*(_told(row.get(t)) for t in titles), "+" if shaped else None] for row, shaped in rows]
    return Table("geojson", [*titles, GEOMETRY], table, encoding=encoding)


def _told(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _shapefile(path: Path) -> Table:
    table = next((p for p in path.parent.iterdir() if p.stem.casefold() == path.stem.casefold() and p.suffix.casefold() == ".dbf"), None)
    if table is None:
        raise Unreadable(f"缺 .dbf，属性不明 / its .dbf is missing: {path}")
    with table.open("rb") as stream:
        found = guessdump.look(table, stream.read(SAMPLE_BYTES))
    if found is None:
        raise Unreadable(f".dbf 不是 dBase 表 / its .dbf is no dBase table: {table}")
    rows: list[list[str | None]] = [[*row, None] for row in found.rows]
    beside = any(p.stem.casefold() == path.stem.casefold() and p.suffix.casefold() == ".prj" for p in path.parent.iterdir())
    crs = "file" if beside else "cgcs2000"
    return Table("shapefile", [*found.titles, GEOMETRY], rows, encoding=found.encoding, crs=crs)


def clock(values: Sequence[str], title: str) -> Column | None:
    """A column of device times: BCD of twelve digits, seconds or milliseconds since 1970."""

    def share(test: Callable[[str], bool]) -> float:
        return sum(map(test, values)) / len(values)

    if share(lambda v: bool(_BCD.fullmatch(v.strip()))) >= 0.95:
        return Column("datetime", {"forms": "[YYMMDDhhmmss]"}, "按 JT/T 808 的 BCD 时间 / read as the BCD time of JT/T 808")
    timed = re.search(r"时间|时刻|time|ts$|^at$", title, re.I)
    for form, pattern in (("epoch_ms", r"1\d{12}"), ("epoch_s", r"1\d{9}")):
        counted = re.compile(pattern).fullmatch
        if share(lambda v: bool(counted(v.strip()))) >= 0.95 and (timed or form == "epoch_ms"):  # noqa: B023
            kind = "date" if all(_midnight(v.strip(), form) for v in values) and len(set(values)) >= 3 else "datetime"
            return Column(kind, {"forms": f"[{form}]"}, "1970年起的计数 / counted from 1970")
    return None


def _midnight(value: str, form: str) -> bool:
    """Whether a count from 1970 is the beginning of a day in China."""
    seconds, rest = divmod(int(value), 1000 if form == "epoch_ms" else 1)
    return not rest and (seconds + 8 * 3600) % 86400 == 0


def _degree(value: str, scale: int) -> Decimal | None:
    bare = text.fold(text.unguard(value)[0])
    told = angles.read(bare) if scale == 0 else None
    if isinstance(told, angles.Angle):
        return told.degrees if told.degrees.adjusted() <= 12 else None
    try:
        found = Decimal(bare)
    except InvalidOperation:
        return None
    # Numbers of accounts are no degrees, and too long to be rounded.
    return found.scaleb(-scale) if found.is_finite() and len(bare) <= 24 and found.adjusted() <= 12 else None


def _fits(values: Sequence[str | None], low: int, high: int, scale: int) -> bool:
    """Whether nearly all values are degrees between two limits, told finely enough to be a place (zeros are receivers without a fix)."""
    given = [v for v in values if v and v.strip()][:1000]
    read = [d for v in given if (d := _degree(v, scale)) is not None]
    real = [d for d in read if d]
    if not real or len(read) < 0.9 * len(given):
        return False
    fine = sum(d != round(d, 2) for d in real) >= 0.8 * len(real)
    return fine and sum(low <= d <= high for d in real) >= 0.9 * len(real)


def places(names: Sequence[str], columns: list[Column], table: Table) -> list[str]:
    """Lines of the contract that say where places are; the columns' types are set in place."""
    if table.titles and table.titles[-1] == GEOMETRY and table.format in ("geojson", "shapefile"):
        columns[-1] = Column("geometry")
        told = "以 .prj 为准 / as its .prj says" if table.crs == "file" else f"低：{_SYSTEM}"
        return [f"coordinates: {{geometry: {names[-1]}, crs: {table.crs}}}   # {told}"]
    for scale in (0, 6, 7, 5):
        pair = _pair(table, columns, scale)
        if pair is not None:
            for i in pair:
                columns[i] = Column("number", {"scale": str(scale)} if scale else {})
            lon, lat = (names[i] for i in pair)
            return [f"coordinates: {{lon: {lon}, lat: {lat}, crs: wgs84}}   # {_SYSTEM}；可加 min、max 为市域 / add the city's limits"]
    east, north = (next((i for i, t in enumerate(table.titles) if p.search(t) and columns[i].type == "number"), None) for p in _PLANE)
    if east is not None and north is not None:
        words = "local: {central_meridian: 120}}   # 中央子午线、加常数、四参数请向测绘部门索取 / ask the surveyors for the parameters"
        return [f"coordinates: {{lon: {names[east]}, lat: {names[north]}, crs: local, {words}"]
    return []


def _pair(table: Table, columns: list[Column], scale: int) -> tuple[int, int] | None:
    """Columns of longitude and latitude; those with such a title first, else neighbours."""
    able = [i for i, c in enumerate(columns) if c.type in ("number", "integer", "text", "money")]
    values = {i: [row[i] for row in table.rows] for i in able}
    lons = [i for i in able if _fits(values[i], 73, 136, scale)]
    lats = [i for i in able if _fits(values[i], 3, 54, scale)]
    pairs = [(i, j) for i in lons for j in lats if i != j]
    titled = [(i, j) for i, j in pairs if _LON.search(table.titles[i]) and _LAT.search(table.titles[j])]
    return next(iter(titled + [(i, j) for i, j in pairs if abs(i - j) == 1]), None)
