"""GeoJSON (F10), by the standard library and by hand; a local square north of the lake, in CGCS2000."""

from __future__ import annotations

import json
from typing import Any

from reader_helpers import HEAD

from bad_inputs.case import Cases
from xihu.contract.models import Contract

FIELDS: dict[str, Any] = {
    "number": {"title": "编号", "type": "text", "required": True},
    "name": {"title": "名称", "type": "text"},
    "length": {"title": "长度", "type": "number", "min": 0},
    "since": {"title": "建成日期", "type": "date"},
    "shape": {"title": "图形", "type": "geometry"},
}
CITY = [118.3, 29.1, 120.9, 30.7]
CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
SQUARE = [[120.15, 30.27], [120.16, 30.27], [120.16, 30.28], [120.15, 30.28], [120.15, 30.27]]


def contract(crs: str = "cgcs2000", **delivery: Any) -> Contract:
    given = {"files": "sy/*.geojson", "format": "geojson", "mode": "append", **delivery}
    place = {"geometry": "shape", "crs": crs, "bounds": CITY}
    return Contract.model_validate({**HEAD, "delivery": given, "fields": FIELDS, "coordinates": place}).placed("sy", "guanxian")


C = contract()
FILE = contract("file")
SNAPSHOT = contract(mode="snapshot", scope=["number"], absence="ended")
REQUIRED = Contract.model_validate(
    {**C.model_dump(mode="json", exclude_defaults=True), "fields": {**FIELDS, "shape": {**FIELDS["shape"], "required": True}}}
).placed("sy", "guanxian")
CASES = Cases("geojson", "a.geojson", C)


def feature(i: int, shape: Any = ..., **properties: Any) -> dict[str, Any]:
    square = {"type": "Polygon", "coordinates": [SQUARE]}
    given = {"编号": f"G{i:03d}", "名称": "解放路", "长度": i / 4, "建成日期": "2016-12-05", **properties}
    return {"type": "Feature", "properties": given, "geometry": square if shape is ... else shape}


def collection(features: list[Any], crs: Any = CRS) -> dict[str, Any]:
    return {"type": "FeatureCollection", **({"crs": crs} if crs else {}), "features": features}


def put(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def three(second: Any) -> bytes:
    return put(collection([feature(1), second, feature(3)]))


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "snapshot_no_features", "全量快照没有一个要素", lambda: put(collection([])), SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.geojson", lambda: b"<html><body>404</body></html>")
refuse("wrong_format", "cut_short", "文件在中间断掉", lambda: three(feature(2))[:-90])
refuse("wrong_format", "other_json", "是JSON，不是GeoJSON", lambda: put({"code": "00", "data": []}))
refuse("wrong_format", "topojson", "TopoJSON改名", lambda: put({"type": "Topology", "objects": {}, "arcs": []}))
refuse("wrong_format", "shape_file", "Shapefile的.shp改名", lambda: b"\x00\x00\x27\x0a" + bytes(200))
refuse(
    "wrong_format",
    "system_contradicts",
    "文件自称网络墨卡托（EPSG:3857），约定CGCS2000",
    lambda: put(collection([feature(1)], {"type": "name", "properties": {"name": "EPSG:3857"}})),
)
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: three(feature(2)).decode().encode("utf-16"))
refuse("header_unknown", "property_added", "多出约定外的属性", lambda: three(feature(2, 管径=300)))
refuse(
    "header_unknown",
    "required_property_gone",
    "所有要素都没有必填属性",
    lambda: three(feature(2)).replace('"编号"'.encode(), '"号码"'.encode()),
)
read(
    6,
    dict.fromkeys(range(1, 7), "swapped_fields"),
    "axes_swapped",
    "所有要素的经纬度写反",
    lambda: put(collection([feature(i, polygon([[y, x] for x, y in SQUARE])) for i in range(1, 7)])),
)
read(3, {2: "missing_key"}, "key_null", "一个要素的编号是null", lambda: three(feature(2, 编号=None)))
read(3, {2: "missing_key"}, "shape_null_required", "图形必填而为null", lambda: three(feature(2, None)), REQUIRED)
read(3, {2: "bad_number"}, "length_words", "长度不是数", lambda: three(feature(2, 长度="很长")))
read(3, {2: "out_of_range"}, "length_negative", "长度为负", lambda: three(feature(2, 长度=-1)))
read(3, {2: "bad_date"}, "day_nonsense", "建成日期不存在", lambda: three(feature(2, 建成日期="2016-02-30")))
read(3, {2: "formula_injection"}, "formula", "名称是公式", lambda: three(feature(2, 名称="=1+1")))
read(3, {2: "swapped_fields"}, "axes_swapped_once", "一个要素的经纬度写反", lambda: three(feature(2, polygon([[y, x] for x, y in SQUARE]))))
read(
    3,
    {2: "out_of_range"},
    "elsewhere",
    "一个要素在北京（界外）",
    lambda: three(feature(2, {"type": "Point", "coordinates": [116.39, 39.9]})),
)
read(3, {2: "out_of_range"}, "zero_zero", "一个要素在0,0", lambda: three(feature(2, {"type": "Point", "coordinates": [0, 0]})))
read(
    3,
    {2: "out_of_range"},
    "metres",
    "一个要素是平面坐标（米）",
    lambda: three(feature(2, {"type": "Point", "coordinates": [510000, 3350000]})),
)
read(3, {2: "inconsistent"}, "ring_open", "面的环没有闭合", lambda: three(feature(2, polygon(SQUARE[:-1]))))
read(3, {2: "inconsistent"}, "ring_crosses", "面的边自相交", lambda: three(feature(2, polygon([SQUARE[i] for i in (0, 2, 1, 3, 0)]))))
read(3, {2: "bad_number"}, "coordinate_text", "坐标是文字", lambda: three(feature(2, {"type": "Point", "coordinates": ["120.15", "三十"]})))
read(3, {2: "bad_number"}, "coordinate_alone", "点只有一个坐标", lambda: three(feature(2, {"type": "Point", "coordinates": [120.15]})))
read(3, {2: "bad_number"}, "shape_unknown", "没有这种图形", lambda: three(feature(2, {"type": "Circle", "coordinates": [120.15, 30.27]})))
read(3, {}, "ok_winding", "环的方向反了（改正）", lambda: three(feature(2, polygon(SQUARE[::-1]))))
read(3, {}, "ok_null_shape", "选填的图形为null", lambda: three(feature(2, None)), values={2: {"shape": None}})
read(
    3,
    {},
    "ok_height",
    "带高程",
    lambda: three(feature(2, {"type": "Point", "coordinates": [120.15, 30.27, 8.5]})),
    values={2: {"shape": "POINT Z (120.15 30.27 8.5)"}},
)
read(
    3,
    {},
    "ok_point",
    "点",
    lambda: three(feature(2, {"type": "Point", "coordinates": [120.15, 30.27]})),
    values={2: {"shape": "POINT (120.15 30.27)"}},
)
read(3, {}, "ok_features_by_line", "一行一个要素", lambda: b"\n".join(put(feature(i)) for i in (1, 2, 3)))
read(3, {}, "ok_no_system", "文件没有说坐标系，约定CGCS2000", lambda: put(collection([feature(i) for i in (1, 2, 3)], None)))
read(
    3,
    {},
    "ok_gb18030",
    "约定GB18030编码",
    lambda: three(feature(2)).decode().encode("gb18030"),
    contract(encoding="gb18030"),
    values={2: {"name": "解放路"}},
)
read(3, {}, "ok_mark", "带UTF-8标记", lambda: b"\xef\xbb\xbf" + three(feature(2)))
read(
    3,
    {},
    "ok_property_gone",
    "一个要素没有选填属性",
    lambda: put(collection([feature(1), {**feature(2), "properties": {"编号": "G002"}}, feature(3)])),
)
read(0, {}, "ok_no_features", "增量文件没有要素", lambda: put(collection([])))
