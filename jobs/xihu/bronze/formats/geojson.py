"""GeoJSON (archetype F10, RFC 7946): a FeatureCollection of any size, features one a line (RFC 8142 too), or features one behind another.

Every feature is a record; `_raw` is its bytes. Properties become cells by title, name or path; the geometry is handed on as sent, in the
file's own words and system, and is judged and converted when it is typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.geosystem import agree, geometry_field, of_member
from xihu.bronze.formats.json import opened
from xihu.bronze.formats.jsonpages import told
from xihu.bronze.formats.jsontext import DECODER, Broken, Twice
from xihu.bronze.formats.jsonwalk import Item, Page, Walk, get
from xihu.bronze.formats.tagged import Census, Fault, finish
from xihu.bronze.schema import Inspection, Refusal, Rows
from xihu.contract.models import Api, Contract
from xihu.contract.paths import JsonPath, parse_json_path

_HEAD = 1 << 16
_CRS, _TYPE = JsonPath(False, ("crs",)), JsonPath(False, ("type",))
_API = {"collection": Api(records="features"), "lines": Api(), "objects": Api()}
_DATABASE = "FileGDB 不能逐条读取，只登记文件本身"


class Fields:
    """The fields of a contract, ready to be found in features."""

    def __init__(self, contract: Contract) -> None:
        self.shape = geometry_field(contract)
        self.names = list(contract.fields)
        self.paths: list[list[tuple[str | int, ...]]] = []
        for name, spec in contract.fields.items():
            plain = list(dict.fromkeys((spec.title, *spec.titles, name)))
            if spec.path:
                found = [parse_json_path(spec.path).steps]
            elif name == self.shape:
                found = [("geometry",)]
            else:
                found = [("properties", n) for n in plain] + [("id",) for n in plain if n.casefold() == "id"]
            self.paths.append(found)
        self.known = {str(p[1]) for paths in self.paths for p in paths if len(p) > 1 and p[0] == "properties"}

    def cells(self, feature: Any, prefix: str) -> tuple[list[str | None], list[bool], Fault | None]:
        """Texts in contract order, which fields the feature has at all, and a fault of structure."""
        cells: list[str | None] = []
        there: list[bool] = []
        fault: Fault | None = None
        for name, paths in zip(self.names, self.paths, strict=True):
            found = [one for path in paths if (one := get(feature, path)) is not ...]
            texts = list(dict.fromkeys(t for one in found if (t := told(one))))
            if len(texts) > 1 and paths[0][0] == "properties" and len(paths) > 1:
                # The feature's own id beside a property of that name is no contradiction.
                texts = [t for path in paths if path[0] == "properties" and (t := _text(feature, path))][:1] or texts[:1]
            text = texts[0] if texts else ("" if "" in found else None)
            there.append(bool(found))
            cells.append(f"{prefix}{text}" if text and name == self.shape else text)
        for level, what in ((feature, "要素"), (feature.get("properties"), "属性")):
            if isinstance(level, Twice) and fault is None:
                fault = ("column_count", None, f"{what}“{level.keys_twice[0]}”出现不止一次，内容不同")
        return cells, there, fault

    def unknown(self, feature: Any) -> list[str]:
        properties = feature.get("properties")
        return [k for k in properties if k not in self.known] if isinstance(properties, dict) else []


def _text(feature: Any, path: tuple[str | int, ...]) -> str | None:
    found = get(feature, path)
    return None if found is ... else told(found)


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a file: JSON to the end, features, the system of coordinates, properties known. Passes the file once, memory bounded."""
    with path.open("rb") as f:
        head = f.read(_HEAD)
        if b".gdbtable" in head and head.startswith(b"PK"):
            return Refusal("wrong_format", _DATABASE, "请导出为 GeoJSON 或 Shapefile 后重报")
        f.seek(0)
        found = opened(f, contract.delivery.encoding, "GeoJSON", b"{[")
        if isinstance(found, Refusal):
            return found
        mode = "lines" if _lined(found.head) else "collection"
        try:
            for each in (mode, "objects"):
                if (judged := _judge(f, contract, found.start, found.codec, each, list(found.warnings))) is not None:
                    return judged
            return Refusal("wrong_format", "文件不是 FeatureCollection", "请导出为 GeoJSON（RFC 7946）后重报")
        except Broken as fault:
            return Refusal("wrong_format", f"文件不是完整的 JSON：{fault}", "请重报完整的文件")


def _lined(head: str) -> bool:
    """Whether most of the first lines are whole features; inside a collection all but the last end with a comma."""
    lines = [line for each in head.split("\n")[:-1] if (line := each.strip(" \t\r\x1e\0\x1a"))][:50]
    return sum(map(_whole, lines)) * 2 > len(lines)


def _whole(line: str) -> bool:
    try:
        value, end = DECODER.raw_decode(line)
    except (ValueError, RecursionError):
        return False
    return end == len(line) and isinstance(value, dict) and value.get("type") == "Feature"


def _walk(f: IO[bytes], start: int, codec: str, mode: str) -> Iterator[Item | Page]:
    wanted = (_CRS, _TYPE) if mode == "collection" else ()
    return Walk(_API[mode], wanted).run(f, start, codec, mode == "lines")


def _judge(f: IO[bytes], contract: Contract, start: int, codec: str, mode: str, warnings: list[str]) -> Inspection | Refusal | None:
    """None: no collection but features one behind another."""
    fields, census, systems, single = Fields(contract), Census(contract), [], 0
    for found in _walk(f, start, codec, mode):
        if isinstance(found, Page):
            kind = found.values.get(_TYPE)
            if not found.listed or found.problem:
                if kind == "Feature":
                    single += 1
                    continue
                return _stranger(found, kind)
            if found.records and "geometryType" in found.keys and kind != "FeatureCollection":
                return _stranger(found, "esri")
            systems.append(of_member(found.values.get(_CRS)))
            continue
        value = found.value if isinstance(found.value, dict) else {}
        cells, there, _ = fields.cells(value, "")
        text = None if found.raw.isascii() else found.raw.decode(codec, "replace")
        census.add(cells, there, fields.unknown(value), text)
    if single:
        if census.records or systems:
            return Refusal("wrong_format", "文件里既有 FeatureCollection 又有单独的 Feature", "请按一种形式重报")
        return None
    if len(set(systems)) > 1:
        return Refusal("wrong_format", f"文件里有 {len(set(systems))} 种坐标系", "请分文件重报")
    # Without a crs member GeoJSON is in WGS 84 (RFC 7946, 4).
    told_system = systems[0] if systems else None
    agreed = agree(contract, told_system or "wgs84", "crs 成员")
    if isinstance(agreed, Refusal):
        if told_system is not None:
            return agreed
        agreed = "", []
    prefix, more = agreed
    warnings += more if told_system else []
    if census.records == 0:
        if contract.delivery.mode == "snapshot":
            return Refusal("empty_file", "全量文件没有要素", "若确实为空，请书面说明；否则请重报")
        warnings.append("文件没有要素")
    elif refusal := census.judge(contract.delivery.columns.dropped, "属性", warnings):
        return refusal
    extra = {"start": start, "mode": mode, "prefix": prefix, "records": census.records, "splits": [None]}
    return Inspection(codec, [], list(range(len(contract.fields))), warnings, [], extra, census.held)


def _stranger(page: Page, kind: Any) -> Refusal:
    keys = set(page.keys)
    if kind == "Topology":
        what = "TopoJSON"
    elif kind == "esri" or {"geometryType", "spatialReference"} & keys:
        what = "Esri JSON"
    elif kind:
        what = f"type 为 {str(kind)[:40]} 的 JSON"
    else:
        what = f"别的 JSON（{'、'.join(page.keys[:10]) or page.problem or '没有键'}）"
    return Refusal("wrong_format", f"文件是{what}，不是 FeatureCollection", "请导出为 GeoJSON（RFC 7946）后重报")


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every feature once, in order, as batches of READ_SCHEMA."""
    fields, rows, number, extra = Fields(contract), Rows(file or path.name), 0, inspection.extra
    with path.open("rb") as f:
        for item in _walk(f, extra["start"], inspection.encoding, extra["mode"]):
            if isinstance(item, Page):
                continue
            number += 1
            cells, fault = judge_feature(contract, fields, item, extra["prefix"], inspection.encoding)
            place = f"第{item.line}行" if extra["mode"] == "lines" else f"第{number}个要素（第{item.line}行）"
            rows.add(number, item.line, place, item.offset, item.raw, cells, fault)
            if rows.full:
                yield rows.take()
    if len(rows):
        yield rows.take()


def judge_feature(contract: Contract, fields: Fields, item: Item, prefix: str, codec: str) -> tuple[list[str | None], Fault | None]:
    """Cells in contract order and the fault of structure, if any."""
    value = item.value if isinstance(item.value, dict) else {}
    cells, _, fault = fields.cells(value, prefix)
    if item.fault:
        early = item.fault.startswith("不是完整的")
        fault = ("truncated" if early else "column_count", None, item.fault)
    elif value.get("type") != "Feature":
        fault = ("column_count", None, f"不是要素：type 为 {str(value.get('type'))[:40]}")
    elif value.get("properties") is not None and not isinstance(value["properties"], dict):
        fault = ("column_count", None, "properties 不是对象")
    if not item.raw.isascii() and not enc.decodes(item.raw, codec):
        fault = ("bad_encoding", None, f"含有不是 {codec} 编码的字节")
    return cells, finish(contract, cells, fault)
