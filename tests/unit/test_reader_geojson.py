"""GeoJSON: collections, features one a line, what the file says of its system, broken features, and what is no GeoJSON."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import HEAD, inspect, multiset, refused, rows, sliced
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats import jsontext
from xihu.bronze.schema import Inspection
from xihu.contract.models import Contract

FIELDS: dict[str, Any] = {
    "number": {"title": "管线编号", "type": "text", "required": True},
    "name": {"title": "名称", "titles": ["管线名称"], "type": "text"},
    "length": {"title": "长度", "type": "number", "min": 0},
    "shape": {"title": "图形", "type": "geometry"},
}


def contract(crs: Any = "cgcs2000", fields: dict[str, Any] | None = None, **more: Any) -> Contract:
    delivery = {"files": "gh/*.geojson", "format": "geojson", "mode": "append", **more.pop("delivery", {})}
    given = {**HEAD, "delivery": delivery, "fields": fields or FIELDS, "coordinates": {"geometry": "shape", "crs": crs, **more}}
    return Contract.model_validate(given).placed("gh", "guanxian")


C = contract()


def feature(i: int, name: str | None = "解放路", shape: Any = ..., **more: Any) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [round(120.15 + i / 1000, 3), 30.27]} if shape is ... else shape
    return {"type": "Feature", "properties": {"管线编号": f"G{i:04d}", "名称": name, "长度": i / 4}, "geometry": geometry, **more}


def collection(features: list[Any], crs: str | None = "urn:ogc:def:crs:EPSG::4490", tail: dict[str, Any] | None = None) -> dict[str, Any]:
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if crs:
        head["crs"] = {"type": "name", "properties": {"name": crs}}
    return {**head, "features": features, **(tail or {})}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.geojson"


def put(path: Path, value: Any, encoding: str = "utf-8", **how: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, **how)
    path.write_bytes(text.encode(encoding))


def proven(path: Path, c: Contract = C) -> list[dict[str, Any]]:
    found = sliced(path, prove(path, c))
    assert [r["_row"] for r in found] == list(range(1, len(found) + 1))
    return found


def test_a_collection(file: Path) -> None:
    put(file, collection([feature(1), feature(2, None), feature(3, "", None)]))
    found = proven(file)
    assert [r["_cells"][:3] for r in found] == [["G0001", "解放路", "0.25"], ["G0002", None, "0.5"], ["G0003", "", "0.75"]]
    assert json.loads(found[0]["_cells"][3]) == {"type": "Point", "coordinates": [120.151, 30.27]}
    assert found[2]["_cells"][3] is None and all(r["_reason"] is None for r in found)
    assert json.loads(found[1]["_raw"]) == feature(2, None)


@pytest.mark.parametrize("how", [{"indent": 2}, {"separators": (",", ":")}, {"indent": "\t"}])
def test_any_layout_is_the_same(file: Path, how: dict[str, Any]) -> None:
    put(file, collection([feature(i) for i in range(5)]))
    plain = [r["_cells"] for r in proven(file)]
    put(file, collection([feature(i) for i in range(5)]), **how)
    assert [r["_cells"][:3] for r in proven(file)] == [c[:3] for c in plain]


def test_one_feature_a_line_inside_a_collection(file: Path) -> None:
    """As GDAL writes: the collection's brackets on lines of their own; this is no newline-delimited file."""
    lines = ",\n".join(json.dumps(feature(i), ensure_ascii=False) for i in range(4))
    put(file, '{\n"type": "FeatureCollection",\n"name": "管线",\n"features": [\n' + lines + "\n]\n}\n")
    assert [r["_line"] for r in proven(file)] == [5, 6, 7, 8]


@pytest.mark.parametrize("mark", ["", "\x1e"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_newline_delimited(file: Path, mark: str, end: str) -> None:
    lines = [mark + json.dumps(feature(i), ensure_ascii=False) for i in range(4)]
    put(file, end.join([*lines[:2], "", *lines[2:], ""]))
    found = proven(file)
    assert [r["_cells"][0] for r in found] == ["G0000", "G0001", "G0002", "G0003"]
    assert [r["_line"] for r in found] == [1, 2, 4, 5]


def test_a_broken_line_costs_that_line(file: Path) -> None:
    lines = [json.dumps(feature(i), ensure_ascii=False) for i in range(4)]
    put(file, "\n".join([lines[0], lines[1][:-20], lines[2], lines[3][:40]]))
    assert [r["_reason"] for r in proven(file)] == [None, "truncated", None, "truncated"]
    put(file, "\n".join([lines[0][:30], lines[1], lines[2] + "}", lines[3], lines[0], ""]))
    assert [r["_reason"] for r in proven(file)] == ["truncated", None, "column_count", None, None]


def test_features_without_a_collection(file: Path) -> None:
    for value in ([feature(1), feature(2)], feature(1)):
        put(file, value, indent=1)
        assert len(proven(file)) == (2 if isinstance(value, list) else 1)


def test_members_in_any_order(file: Path) -> None:
    value = {"features": [feature(1)], "bbox": [1, 2, 3, 4], "type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:4549"}}}
    put(file, value)
    assert refused(file, C) == "wrong_format", "metres where degrees were agreed, said after the features"
    found = proven(file, contract("file"))
    assert found[0]["_cells"][3].startswith("CRS=tmerc:120,500000,0,1,0,cgcs2000;{")


@pytest.mark.parametrize(
    ("crs", "word"),
    [
        ("urn:ogc:def:crs:EPSG::4490", "cgcs2000"),
        ("EPSG:4490", "cgcs2000"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "wgs84"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "wgs84"),
        (None, "wgs84"),
        ("urn:ogc:def:crs:EPSG::4528", "tmerc:120,40500000,0,1,0,cgcs2000"),
    ],
)
def test_systems_of_the_file(file: Path, crs: str | None, word: str) -> None:
    put(file, collection([feature(1)], crs))
    assert proven(file, contract("file"))[0]["_cells"][3].startswith(f"CRS={word};")


def test_systems_that_do_not_agree(file: Path) -> None:
    put(file, collection([feature(1)], "urn:ogc:def:crs:EPSG::3857"))
    assert refused(file, contract("file")) == refused(file, C) == "wrong_format"
    put(file, collection([feature(1)], "urn:ogc:def:crs:EPSG::2326"))
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and any("2326" in w for w in judged.warnings)
    put(file, collection([feature(1)], "EPSG:4490"))
    assert refused(file, contract("local", local={"central_meridian": 120})) == "wrong_format"
    judged = inspect(file, contract("gcj02"))
    assert isinstance(judged, Inspection) and any("gcj02" in w for w in judged.warnings)
    put(file, collection([feature(1)], None))
    assert isinstance(inspect(file, contract("local", local={"central_meridian": 120})), Inspection)


def test_properties_by_path(file: Path) -> None:
    fields = {
        "id": {"title": "标识", "type": "text", "path": "id"},
        "road": {"title": "路", "type": "text", "path": "properties.地址.路"},
        "extra": {"title": "属性", "type": "text"},
        "shape": {"title": "图形", "type": "geometry"},
    }
    value = feature(1, id=17)
    value["properties"] = {"地址": {"路": "解放路", "号": 12345678901234567890}, "属性": {"a": 1.10}}
    put(file, collection([value]))
    assert proven(file, contract(fields=fields))[0]["_cells"][:3] == ["17", "解放路", '{"a":1.1}']


def test_numbers_keep_their_digits(file: Path) -> None:
    put(file, collection([feature(1)]))
    data = file.read_text().replace("0.25", "12345678901234567.10").replace("120.151", "120.15100000000000001")
    file.write_text(data)
    found = proven(file)[0]
    assert found["_cells"][2] == "12345678901234567.10" and "120.15100000000000001" in found["_cells"][3]


def test_what_is_wrong_with_a_feature(file: Path) -> None:
    good = json.dumps(feature(1), ensure_ascii=False)
    twice = good.replace('"管线编号": "G0001"', '"管线编号": "G0001", "管线编号": "G0009"')
    parts = [good, twice, "null", '"text"', "[1]", '{"type": "Point", "coordinates": [1, 2]}', good.replace("解放路", "解\ufffd路")]
    put(file, '{"type": "FeatureCollection", "features": [' + ", ".join(parts) + "]}")
    assert [r["_reason"] for r in proven(file)] == [None, *["column_count"] * 5, "bad_encoding"]


def test_bytes_that_are_no_text_cost_their_feature(file: Path) -> None:
    put(file, collection([feature(i) for i in range(6)]))
    data = file.read_bytes()
    at = data.index("解".encode(), 400)
    file.write_bytes(data[:at] + b"\xff\xfe\x80" + data[at + 3 :])
    assert sorted(str(r["_reason"]) for r in proven(file)) == ["None"] * 5 + ["bad_encoding"]


def test_gbk(file: Path) -> None:
    """Characters whose second byte is a backslash, a bracket or a brace: 乗 is 81 5C, 乕 81 5D, 亄 81 7B … as GBK counts them."""
    names = ["乗", "乕亄亅亇亊", "解放路", "巁巂巃巄", "慭慮慯"]
    c = contract(delivery={"encoding": "gbk"})
    put(file, collection([feature(i, n) for i, n in enumerate(names)]), "gbk")
    assert b"\x5c" in file.read_bytes() or b"\x5d" in file.read_bytes()
    assert [r["_cells"][1] for r in proven(file, c)] == names
    put(file, collection([feature(i, n) for i, n in enumerate(names)]), "utf-8")
    judged = inspect(file, c)
    assert isinstance(judged, Inspection) and judged.warnings
    assert [r["_cells"][1] for r in proven(file, c)] == names
    put(file, collection([feature(i) for i in range(5)]), "gbk")
    assert refused(file, C) == "wrong_encoding"


def test_columns(file: Path) -> None:
    extra = feature(1)
    extra["properties"]["多余"] = 1
    put(file, collection([feature(0), extra]))
    assert refused(file, C) == "header_unknown"
    judged = inspect(file, contract(delivery={"columns": {"added": "warn"}}))
    assert isinstance(judged, Inspection) and "多余" in judged.warnings[0]
    value = feature(1)
    del value["properties"]["管线编号"]
    put(file, collection([value]))
    assert refused(file, C) == "header_unknown"


def test_refusals(file: Path) -> None:
    good = json.dumps(collection([feature(i) for i in range(3)]), ensure_ascii=False)
    esri = '{"geometryType":"esriGeometryPoint","spatialReference":{"wkid":4490},"features":[{"attributes":{},"geometry":{"x":1,"y":2}}]}'
    for text, reason in [
        ("", "empty_file"),
        (" \r\n ", "empty_file"),
        (good[:-3], "wrong_format"),
        (good[: len(good) // 2], "wrong_format"),
        (good + "}", "wrong_format"),
        (good.replace('"G0001"', '"G0001'), "wrong_format"),
        (good.replace("}}, {", "}, {", 1), "wrong_format"),
        ("<html><body>502</body></html>", "wrong_format"),
        ("PK\x03\x04 a.gdb/a00000001.gdbtable", "wrong_format"),
        ("名称,编号\r\n", "wrong_format"),
        ('{"type":"Topology","objects":{},"arcs":[]}', "wrong_format"),
        (esri, "wrong_format"),
        ('{"type":"Point","coordinates":[120,30]}', "wrong_format"),
        ('{"code":"500","msg":"error"}', "wrong_format"),
        ('{"type":"FeatureCollection","features":{"a":1}', "wrong_format"),
    ]:
        put(file, text)
        assert refused(file, C) == reason, text[:60]
    put(file, good.encode("utf-8").decode("gbk", "replace"))
    assert refused(file, C) in ("wrong_encoding", "header_unknown")
    file.write_bytes(good.encode("utf-16"))
    assert refused(file, C) == "wrong_encoding"
    put(file, collection([]))
    assert proven(file) == []


def test_a_lost_feature_shows(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import geojson

    put(file, collection([feature(i) for i in range(9)]))
    counted = count(file, C)
    whole = geojson._walk

    def lossy(*args: Any) -> Any:
        return (x for i, x in enumerate(whole(*args)) if i != 4)

    monkeypatch.setattr(geojson, "_walk", lossy)
    found = rows(file, C)
    assert (len(found), multiset(found)) != (counted.records, counted.multiset)


scalar = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False)
value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6
)
member = st.builds(
    lambda number, name, length, shape: {
        "type": "Feature",
        "properties": {"管线编号": number, "名称": name, "长度": length},
        "geometry": shape,
    },
    st.text(max_size=6),
    scalar,
    scalar,
    value,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(member, min_size=1, max_size=6), st.sampled_from([None, 1]), st.sampled_from(["one", "lines"]), st.integers(1, 400))
def test_what_is_written_comes_back(tmp_path: Path, features: list[Any], indent: int | None, form: str, piece: int) -> None:
    path = tmp_path / "p.geojson"
    if form == "lines":
        put(path, "\n".join(json.dumps(f) for f in features) + "\n")
    else:
        put(path, collection(features), indent=indent)
    before = jsontext.PIECE
    jsontext.PIECE = piece
    try:
        if not isinstance(inspect(path, C), Inspection):
            return
        found = proven(path)
    finally:
        jsontext.PIECE = before
    assert [json.loads(r["_raw"]) for r in found] == features


def mutations(seed: int, rounds: int, path: Path) -> int:
    """Files cut, doubled and garbled: each is refused by name, or read so that reader and counter agree."""
    chance = random.Random(seed)
    base = [
        json.dumps(collection([feature(i) for i in range(8)]), ensure_ascii=False, indent=chance.choice([None, 1])).encode(),
        "\n".join(json.dumps(feature(i), ensure_ascii=False) for i in range(8)).encode(),
    ]
    read_through = 0
    for _ in range(rounds):
        data = bytearray(chance.choice(base))
        for _ in range(chance.randint(1, 3)):
            at, n = chance.randrange(len(data)), chance.randint(1, 30)
            kind = chance.randrange(4)
            if kind == 0:
                del data[at : at + n]
            elif kind == 1:
                data[at:at] = data[at : at + n]
            elif kind == 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            else:
                data[at:at] = chance.choice([b'"', b"{", b"}", b"[", b"]", b",", b"\\", b"\n", b"\0"])
        path.write_bytes(bytes(data))
        for c in (C, contract("file", delivery={"columns": {"added": "warn", "dropped": "warn"}})):
            if isinstance(inspect(path, c), Inspection):
                proven(path, c)
                read_through += 1
    return read_through


def test_mutated_files(file: Path) -> None:
    assert mutations(1, 300, file) > 30


@pytest.mark.soak
def test_many_mutated_files(file: Path) -> None:
    assert mutations(2, 8000, file) > 500
