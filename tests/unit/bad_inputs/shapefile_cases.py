"""Shapefiles (F10), written by another library, their parts then damaged by hand."""

from __future__ import annotations

import io
import struct
from typing import Any

import shapefile
from reader_helpers import HEAD

from bad_inputs.case import Cases, Files
from xihu.contract.models import Contract

PRJ = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
FIELDS: dict[str, Any] = {
    "unit": {"title": "不动产单元号", "titles": ["BDCDYH"], "type": "text", "required": True},
    "use": {"title": "用途", "type": "text"},
    "area": {"title": "面积", "type": "number", "min": 0},
    "shape": {"title": "图形", "type": "geometry"},
}
SQUARE = [[120.15, 30.27], [120.15, 30.28], [120.16, 30.28], [120.16, 30.27], [120.15, 30.27]]


def contract(crs: str = "file", **delivery: Any) -> Contract:
    given = {"files": "sy/*.shp", "format": "shapefile", "mode": "append", **delivery}
    place = {"geometry": "shape", "crs": crs, "bounds": [118.3, 29.1, 120.9, 30.7]}
    return Contract.model_validate({**HEAD, "delivery": given, "fields": FIELDS, "coordinates": place}).placed("sy", "zongdi")


C = contract()
AGREED = contract("cgcs2000")
SNAPSHOT = contract(mode="snapshot", scope=["unit"], absence="ended")
CASES = Cases("shapefile", "宗地.shp", C)
Record = tuple[Any, str, str, Any]
GOOD: list[Record] = [([SQUARE], f"330106001001GB{i:05d}", "城镇住宅用地", i / 4) for i in (1, 2, 3)]


def put(
    records: list[Record] = GOOD,
    prj: str | None = PRJ,
    kind: int = 5,
    encoding: str = "gbk",
    names: tuple[str, ...] = ("BDCDYH", "用途", "面积"),
    more: dict[str, bytes] | None = None,
    less: tuple[str, ...] = (),
) -> Files:
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, shapeType=kind, encoding=encoding) as w:
        w.field(names[0], "C", 28)
        w.field(names[1], "C", 40)
        w.field(names[2], "N", 12, 2)
        for name in names[3:]:
            w.field(name, "C", 4)
        for shape, unit, use, area in records:
            if shape is None:
                w.null()
            elif kind == 1:
                w.point(*shape)
            else:
                w.poly(shape)
            w.record(unit, use, area, *["x"] * len(names[3:]))
    # The library stamps the table with today.
    table = dbf.getvalue()[:1] + b"\x74\x0c\x05" + dbf.getvalue()[4:]
    made: Files = {"宗地.shp": shp.getvalue(), "宗地.shx": shx.getvalue(), "宗地.dbf": table}
    if prj is not None:
        made["宗地.prj"] = prj.encode()
    made |= more or {}
    return {n: d for n, d in made.items() if n not in less}


def second(shape: Any = ..., unit: str = "330106001001GB00002", use: str = "城镇住宅用地", area: Any = 0.5) -> list[Record]:
    return [GOOD[0], ([SQUARE] if shape is ... else shape, unit, use, area), GOOD[2]]


def damaged(name: str, change: Any) -> Files:
    made = put()
    return {**made, name: change(made[name])}


def _second_bytes(table: bytes) -> bytes:
    """The second record's use exchanged for bytes of no encoding."""
    use = "城镇住宅用地".encode("gbk")
    at = table.index(use, table.index(use) + 1)
    return table[:at] + b"\xff" * len(use) + table[at + len(use) :]


refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", ".shp是零字节", lambda: damaged("宗地.shp", lambda b: b""))
refuse("empty_file", "snapshot_no_shapes", "全量快照没有一个图形", lambda: put([]), SNAPSHOT)
refuse("companion_missing", "no_table", "没有.dbf", lambda: put(less=("宗地.dbf",)))
refuse("companion_missing", "no_index", "没有.shx", lambda: put(less=("宗地.shx",)))
refuse("companion_missing", "no_projection", "约定坐标系按文件所说，而没有.prj", lambda: put(prj=None))
refuse("companion_mismatch", "table_shorter", ".dbf比.shp少一条", lambda: {**put(), "宗地.dbf": put(GOOD[:2])["宗地.dbf"]})
refuse("companion_mismatch", "index_of_another", ".shx是另一次导出的", lambda: {**put(), "宗地.shx": put(GOOD[:2])["宗地.shx"]})
refuse("companion_mismatch", "index_cut", ".shx不完整", lambda: damaged("宗地.shx", lambda b: b[:-3]))
refuse("control_total", "cut_short", ".shp没传完", lambda: damaged("宗地.shp", lambda b: b[:-40]))
refuse("control_total", "table_cut", ".dbf没传完", lambda: damaged("宗地.dbf", lambda b: b[:-40]))
refuse("wrong_format", "html", "网页改名为.shp", lambda: damaged("宗地.shp", lambda b: b"<html><body>404</body></html>"))
refuse("wrong_format", "table_html", ".dbf是网页", lambda: damaged("宗地.dbf", lambda b: b"<html><body>404</body></html>"))
refuse(
    "wrong_format", "kind_unknown", "图形类型是MultiPatch", lambda: damaged("宗地.shp", lambda b: b[:32] + struct.pack("<i", 31) + b[36:])
)
refuse(
    "wrong_format",
    "system_contradicts",
    ".prj说的坐标系与约定的不同",
    lambda: put(
        prj=PRJ.replace("CGCS2000", "Krassovsky")
        .replace("China_Geodetic_Coordinate_System_2000", "Beijing_1954")
        .replace("D_China_2000", "D_Beijing_1954")
        .replace("6378137.0,298.257222101", "6378245.0,298.3")
    ),
    AGREED,
)
refuse("header_unknown", "column_added", ".dbf多出一个字段", lambda: put(names=("BDCDYH", "用途", "面积", "备注")))
refuse("header_unknown", "required_column_gone", ".dbf缺必填字段", lambda: put(names=("XXXX", "用途", "面积")))
read(3, {2: "missing_key"}, "key_blank", "一条没有不动产单元号", lambda: put(second(unit="")))
read(3, {2: "out_of_range"}, "area_negative", "面积为负", lambda: put(second(area=-1)))
read(3, {2: "out_of_range"}, "elsewhere", "一个图形在北京（界外）", lambda: put(second([[[x - 4, y + 9] for x, y in SQUARE]])))
read(3, {2: "inconsistent"}, "ring_crosses", "面的边自相交", lambda: put(second([[SQUARE[i] for i in (0, 2, 1, 3, 0)]])))
read(3, {2: "formula_injection"}, "formula", "用途是公式", lambda: put(second(use="=1+1")))
read(3, {2: "bad_encoding"}, "bad_byte", "一条的用途里有无效字节", lambda: damaged("宗地.dbf", _second_bytes))
read(3, {}, "ok_gbk", "没有.cpg的GBK", lambda: put(), values={2: {"use": "城镇住宅用地"}})
read(3, {}, "ok_utf8", ".cpg写UTF-8", lambda: put(encoding="utf-8", more={"宗地.cpg": b"UTF-8"}), values={2: {"use": "城镇住宅用地"}})
read(3, {}, "ok_null_shape", "一条没有图形", lambda: put(second(None)), values={2: {"shape": None}})
read(3, {}, "ok_null_number", "面积没有值：QGIS写成一串星号", lambda: put(second(area=None)), values={2: {"area": None}})
read(3, {}, "ok_clockwise", "外环顺时针（Shapefile的惯例）", lambda: put())
read(3, {}, "ok_no_projection", "没有.prj，约定了坐标系", lambda: put(prj=None), AGREED)
read(
    3,
    {},
    "ok_point",
    "点",
    lambda: put([((120.15 + i / 100, 30.27), u, n, a) for i, (_, u, n, a) in enumerate(GOOD)], kind=1),
    values={2: {"shape": "POINT (120.16 30.27)"}},
)
read(0, {}, "ok_no_shapes", "增量文件没有图形", lambda: put([]))
