"""Shapefiles: parts that belong together, encodings of the table, systems, every kind of shape; written by another library."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import HEAD, inspect, multiset, refused, rows
from reader_helpers import proven as prove

from xihu.bronze import companions
from xihu.bronze.companions import Candidate, Companion
from xihu.bronze.count import count
from xihu.bronze.formats import shapefile as reader
from xihu.bronze.formats.geosystem import of_prj
from xihu.bronze.schema import DELETED, Inspection
from xihu.contract.models import Contract
from xihu.standards.geometry import Geometry
from xihu.standards.geotext import read as shape_of

pyshp = pytest.importorskip("shapefile")
shapely = pytest.importorskip("shapely")
pyproj = pytest.importorskip("pyproj")

CGCS = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
FIELDS: dict[str, Any] = {
    "unit": {"title": "不动产单元号", "titles": ["BDCDYH"], "type": "text", "required": True},
    "use": {"title": "用途", "type": "text"},
    "area": {"title": "面积", "type": "number"},
    "shape": {"title": "图形", "type": "geometry"},
}
SQUARE = [[120.15, 30.27], [120.15, 30.28], [120.16, 30.28], [120.16, 30.27], [120.15, 30.27]]
HOLE = [[120.152, 30.272], [120.154, 30.272], [120.154, 30.274], [120.152, 30.274], [120.152, 30.272]]


def contract(crs: Any = "file", fields: dict[str, Any] | None = None, **more: Any) -> Contract:
    delivery = {"files": "gh/*.shp", "format": "shapefile", "mode": "append", **more.pop("delivery", {})}
    given = {**HEAD, "delivery": delivery, "fields": fields or FIELDS, "coordinates": {"geometry": "shape", "crs": crs, **more}}
    return Contract.model_validate(given).placed("gh", "zongdi")


C = contract()


def proven(path: Path, c=C) -> list[dict]:
    return prove(path, c)


def write(
    path: Path, shapes: list[tuple[str, Any]], kind: int = 5, encoding: str = "gbk", prj: str | None = CGCS, cpg: str | None = None
) -> None:
    """`shapes`: (method of the writer, argument). Texts and areas are made up from the row's number."""
    with pyshp.Writer(str(path.with_suffix("")), shapeType=kind, encoding=encoding) as w:
        w.field("BDCDYH", "C", 28)
        w.field("用途", "C", 20)
        w.field("面积", "N", 12, 2)
        for i, (method, argument) in enumerate(shapes):
            getattr(w, method)(*([argument] if argument is not None else []))
            w.record(f"330106001001GB{i:05d}", f"城镇住宅用地{i}", i / 4)
    for ending, text in ((".prj", prj), (".cpg", cpg)):
        path.with_suffix(ending).unlink(missing_ok=True)
        if text is not None:
            path.with_suffix(ending).write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "宗地_2016.shp"


def plain(cell: str | None) -> Any:
    """A cell's shape as another library sees it, in the same coordinates."""
    assert cell is not None
    return shapely.from_wkt(cell.rpartition(";")[2])


def test_polygons(file: Path) -> None:
    write(file, [("poly", [SQUARE]), ("poly", [SQUARE, HOLE]), ("null", None)])
    found = proven(file)
    assert [r["_cells"][:3] for r in found] == [[f"330106001001GB{i:05d}", f"城镇住宅用地{i}", f"{i / 4:.2f}"] for i in range(3)]
    assert found[0]["_cells"][3].startswith("CRS=cgcs2000;POLYGON ((120.15 30.27, 120.16 30.27")
    assert [r["_reason"] for r in found] == [None] * 3 and found[2]["_cells"][3] is None
    assert plain(found[1]["_cells"][3]).equals(shapely.Polygon(SQUARE, [HOLE]))
    data = file.read_bytes()
    assert all(r["_raw"].startswith(data[r["_offset"] : r["_offset"] + 60]) for r in found[:2])


def test_kinds(file: Path) -> None:
    two = [[[1, 2], [3, 4]], [[5, 6], [7, 8], [9, 9]]]
    cases: list[tuple[int, str, Any, str]] = [
        (1, "point", None, "POINT (120.15 30.27)"),
        (11, "pointz", None, "POINT Z (120.15 30.27 8.5)"),
        (21, "pointm", None, "POINT (120.15 30.27)"),
        (3, "line", two[:1], "LINESTRING (1 2, 3 4)"),
        (3, "line", two, "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8, 9 9))"),
        (13, "linez", [[[1, 2, 3], [4, 5, 6]]], "LINESTRING Z (1 2 3, 4 5 6)"),
        (23, "linem", [[[1, 2, 3], [4, 5, 6]]], "LINESTRING (1 2, 4 5)"),
        (8, "multipoint", [[1, 2], [3, 4]], "MULTIPOINT (1 2, 3 4)"),
        (15, "polyz", [[[0, 0, 5], [0, 1, 5], [1, 1, 6], [0, 0, 5]]], "POLYGON Z ((0 0 5, 1 1 6, 0 1 5, 0 0 5))"),
    ]
    arguments = {"point": (120.15, 30.27), "pointz": (120.15, 30.27, 8.5), "pointm": (120.15, 30.27, 4.0)}
    for kind, method, argument, expected in cases:
        with pyshp.Writer(str(file.with_suffix("")), shapeType=kind, encoding="gbk") as w:
            w.field("BDCDYH", "C", 28)
            w.field("用途", "C", 20)
            w.field("面积", "N", 12, 2)
            getattr(w, method)(*arguments[method]) if method in arguments else getattr(w, method)(argument)
            w.record("1", "a", 0)
        found = proven(file, contract("cgcs2000"))
        assert plain(found[0]["_cells"][3]).equals_exact(shapely.from_wkt(expected)), expected


def test_a_wrongly_wound_ring_stays_wrongly_wound(file: Path) -> None:
    """For typing to see and to note; islands, lakes and islands in lakes find their places."""
    write(file, [("poly", [SQUARE[::-1]])])
    with pyshp.Reader(str(file), encoding="gbk") as r:
        ring = [list(p) for p in r.shape(0).points]
    shape = shape_of(proven(file)[0]["_cells"][3])
    assert isinstance(shape, Geometry)
    assert np.array_equal(shape.parts[0], np.array(ring)[::-1])


def box(x: float, y: float, size: float, hole: bool = False) -> list[list[float]]:
    ring = [[x, y], [x, y + size], [x + size, y + size], [x + size, y], [x, y]]
    return ring[::-1] if hole else ring


def test_islands_and_lakes(file: Path) -> None:
    rings = [box(20, 0, 5), box(0, 0, 10), box(2, 2, 6, True), box(4, 4, 2), box(21, 1, 1, True), box(10, 10, 3), box(4.5, 4.5, 1, True)]
    random.Random(3).shuffle(rings)
    write(file, [("poly", rings)])
    mine = plain(proven(file)[0]["_cells"][3])
    with pyshp.Reader(str(file), encoding="gbk") as r:
        theirs = shapely.geometry.shape(r.shape(0).__geo_interface__)
    assert mine.is_valid and mine.area == 25 - 1 + 100 - 36 + 4 - 1 + 9
    assert mine.equals(theirs) or not theirs.is_valid


@pytest.mark.parametrize(
    ("encoding", "cpg", "agreed"),
    [
        ("gbk", None, None),
        ("gbk", None, "gb18030"),
        ("gbk", "GBK", None),
        ("gbk", "936", None),
        ("gbk", "ANSI 936", None),
        ("gbk", "OEM", None),
        ("utf-8", "UTF-8", "gbk"),
        ("utf-8", "65001", None),
        ("utf-8", None, "gbk"),
        ("big5", "950", None),
    ],
)
def test_encodings_of_the_table(file: Path, encoding: str, cpg: str | None, agreed: str | None) -> None:
    if encoding == "big5":
        fields = {**FIELDS, "area": {"title": "面積", "type": "number"}}
        with pyshp.Writer(str(file.with_suffix("")), shapeType=1, encoding="big5") as w:
            for name, kind in (("BDCDYH", "C"), ("用途", "C"), ("面積", "N")):
                w.field(name, kind, 20)
            w.point(120.1, 30.1)
            w.record("1", "住宅用地", 3)
        file.with_suffix(".cpg").write_text(cpg or "")
        file.with_suffix(".prj").write_text(CGCS)
        assert proven(file, contract(fields=fields))[0]["_cells"][1] == "住宅用地"
        return
    write(file, [("poly", [SQUARE])] * 3, encoding=encoding, cpg=cpg)
    c = contract(delivery={"encoding": agreed} if agreed else {})
    assert [r["_cells"][1] for r in proven(file, c)] == [f"城镇住宅用地{i}" for i in range(3)]


def test_parts_that_are_missing(file: Path) -> None:
    for lacking in (".shx", ".dbf", ".prj"):
        write(file, [("poly", [SQUARE])])
        file.with_suffix(lacking).unlink()
        assert refused(file, C) == "companion_missing"
    judged = inspect(file, contract("gcj02"))
    assert isinstance(judged, Inspection) and any(".prj" in w for w in judged.warnings), "the contract says the system"


def test_parts_of_other_exports(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / file.name
    other.parent.mkdir()
    write(other, [("poly", [SQUARE])] * 4)
    for ending in (".shx", ".dbf"):
        write(file, [("poly", [SQUARE])] * 5)
        shutil.copy(other.with_suffix(ending), file.with_suffix(ending))
        assert refused(file, C) == "companion_mismatch", ending
    write(file, [("poly", [SQUARE, HOLE]), *[("poly", [SQUARE])] * 3])
    shutil.copy(other.with_suffix(".shx"), file.with_suffix(".shx"))
    assert refused(file, C) == "companion_mismatch"


def test_names_in_any_case(file: Path) -> None:
    write(file, [("poly", [SQUARE])])
    for ending in (".shp", ".shx", ".dbf", ".prj"):
        file.with_suffix(ending).rename(file.with_suffix(ending.upper()))
    assert len(proven(file.with_suffix(".SHP"))) == 1


def test_rows_marked_as_deleted(file: Path) -> None:
    write(file, [("poly", [SQUARE])] * 3)
    table = file.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    start, length = struct.unpack_from("<HH", data, 8)
    data[start + length] = 0x2A
    table.write_bytes(data)
    assert [(r["_reason"], r["_detail"]) for r in proven(file)] == [(None, None), (None, DELETED), (None, None)]


def test_systems(file: Path) -> None:
    prj = {
        "cgcs2000": CGCS,
        "wgs84": pyproj.CRS(4326).to_wkt("WKT1_ESRI"),
        "tmerc:120,500000,0,1,0,cgcs2000": pyproj.CRS(4549).to_wkt("WKT1_ESRI"),
        "tmerc:120,40500000,0,1,0,cgcs2000": pyproj.CRS(4528).to_wkt("WKT1_ESRI"),
        "tmerc:123,500000,0,1,0,cgcs2000": pyproj.CRS(4510).to_wkt("WKT1_GDAL"),
    }
    assert of_prj(pyproj.CRS(4549).to_wkt("WKT1_GDAL")) == "tmerc:120,500000,0,1,0,cgcs2000"
    assert of_prj(pyproj.CRS(4509).to_wkt("WKT1_ESRI")) == "tmerc:117,500000,0,1,0,cgcs2000"
    for word, text in prj.items():
        write(file, [("poly", [SQUARE])], prj=text)
        assert proven(file)[0]["_cells"][3].startswith(f"CRS={word};"), word
    for code in (2333, 2436, 3857, 4214):
        assert of_prj(pyproj.CRS(code).to_wkt("WKT1_ESRI")).startswith("?"), code
    assert of_prj(pyproj.CRS(32650).to_wkt("WKT1_ESRI")) == "tmerc:117,500000,0,0.9996,0,wgs84"
    for bad in ("", "no text at all", "PROJCS[", 'PROJCS["x",GEOGCS["y",DATUM["z",SPHEROID["CGCS2000",6378137,298.257222101]]]]', "]" * 50):
        assert of_prj(bad).startswith("?")
    write(file, [("poly", [SQUARE])], prj=pyproj.CRS(2333).to_wkt("WKT1_ESRI"))
    assert refused(file, C) == "wrong_format"
    write(file, [("poly", [SQUARE])], prj=prj["tmerc:120,500000,0,1,0,cgcs2000"])
    assert refused(file, contract("cgcs2000")) == "wrong_format"
    local = contract("local", local={"central_meridian": 120})
    assert isinstance(inspect(file, local), Inspection)
    assert refused(file, contract("local", local={"central_meridian": 120.1667})) == "wrong_format"


def test_every_zone_of_a_prj(tmp_path: Path) -> None:
    from xihu.standards.projection import of_epsg

    for code in range(4491, 4555):
        for form in ("WKT1_ESRI", "WKT1_GDAL"):
            assert of_prj(pyproj.CRS(code).to_wkt(form)) == of_epsg(code), code


def test_refusals(file: Path) -> None:
    write(file, [("poly", [SQUARE])] * 3)
    data = file.read_bytes()
    for bad, reason in [
        (b"", "empty_file"),
        (b"\0" * 200, "empty_file"),
        (b"<html><body>404</body></html>", "wrong_format"),
        (b"PK\x03\x04 x.gdb/a00000009.gdbtable" + b"\0" * 99, "wrong_format"),
        (data[:50], "wrong_format"),
        (data[:-10], "control_total"),
        (data + b"\0" * 8, "control_total"),
        (data[:32] + struct.pack("<i", 31) + data[36:], "wrong_format"),
        (data[:104] + struct.pack(">i", 10**6) + data[108:], "wrong_format"),
        (data[:104] + struct.pack(">i", -5) + data[108:], "wrong_format"),
    ]:
        file.write_bytes(bad)
        assert refused(file, C) == reason, bad[:40]
    file.write_bytes(data)
    index = file.with_suffix(".shx")
    whole = index.read_bytes()
    for broken in (whole[:-4], whole[:-8], b"", whole[:100]):
        index.write_bytes(broken)
        assert refused(file, C) == "companion_mismatch"
    index.write_bytes(whole)
    table = file.with_suffix(".dbf")
    rows_ = table.read_bytes()
    table.write_bytes(rows_[:-40])
    assert refused(file, C) in ("control_total", "companion_mismatch")
    table.write_bytes(rows_)
    narrower = {**FIELDS, "floor": {"title": "层数", "type": "integer"}}
    assert refused(file, contract(fields=narrower)) == "header_unknown"
    assert len(proven(file)) == 3


def test_a_broken_shape_costs_its_record(file: Path) -> None:
    write(file, [("poly", [SQUARE])] * 4)
    data = bytearray(file.read_bytes())
    size = (len(data) - 100) // 4
    struct.pack_into("<i", data, 100 + size + 8, 3)  # a line among polygons
    struct.pack_into("<i", data, 100 + 2 * size + 8 + 40, 99)  # more positions than there are
    struct.pack_into("<i", data, 100 + 3 * size + 8 + 36, -1)  # fewer parts than none
    file.write_bytes(data)
    assert [r["_reason"] for r in proven(file)] == [None, "bad_length", "bad_length", "bad_length"]


def test_parts_may_be_read_apart(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SPLIT_BYTES", 300)
    write(file, [("poly", [SQUARE])] * 20)
    whole = proven(file)
    judged = inspect(file, C)
    assert isinstance(judged, Inspection) and len(judged.extra["splits"]) > 3
    apart = [r for i in range(len(judged.extra["splits"])) for b in reader.read(file, C, judged, split=i) for r in b.to_pylist()]
    assert apart == whole and [r["_row"] for r in apart] == list(range(1, 21))


def test_a_lost_record_shows(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xihu.bronze.formats import shp

    write(file, [("poly", [SQUARE])] * 5)
    whole = shp.records

    def lossy(*args: Any) -> Any:
        return (r for i, r in enumerate(whole(*args)) if i != 2)

    counted = count(file, C)
    monkeypatch.setattr(shp, "records", lossy)
    found = rows(file, C)
    assert (len(found), multiset(found)) != (counted.records, counted.multiset)


def test_five_files_are_one(tmp_path: Path) -> None:
    """The .shp is the file; what has its name and another ending belongs to it, in the same delivery only."""

    def given(delivery: str, *names: str) -> list[Candidate]:
        return [Candidate(delivery, "gh", f"landing/gh/{delivery}/{n}", n, n, hashlib.sha256(n.encode()).hexdigest()) for n in names]

    files = given("d1", "宗地.shp", "宗地.dbf", "宗地.SHX", "宗地.prj", "宗地.cpg", "宗地.shp.xml") + given("d2", "地块.shp", "地块.shx")
    files += given("d3", "地块.dbf")
    found = companions.belong(files, [C])
    assert set(found.of) == {"landing/gh/d1/宗地.shp", "landing/gh/d2/地块.shp"}
    assert {c.name for c in found.of["landing/gh/d1/宗地.shp"]} == {"宗地.dbf", "宗地.SHX", "宗地.prj", "宗地.cpg", "宗地.shp.xml"}
    assert set(found.orphans) == {"landing/gh/d3/地块.dbf"}
    assert companions.missing(C, "宗地.shp", found.of["landing/gh/d1/宗地.shp"]) is None
    refusal = companions.missing(C, "地块.shp", found.of["landing/gh/d2/地块.shp"])
    assert refusal and refusal.reason == "companion_missing" and "地块.dbf" in refusal.detail and "地块.prj" in refusal.detail
    assert not companions.reopened(refusal.reason, refusal.detail, found.of["landing/gh/d2/地块.shp"])


def test_the_same_shapes_with_another_table_are_another_content() -> None:
    def beside(table: str) -> tuple[Companion, ...]:
        return Companion("{stem}.dbf", "a.dbf", "a.dbf", table, "d"), Companion("{stem}.shx", "a.shx", "a.shx", "x", "d")

    assert companions.content("s", beside("one")) != companions.content("s", beside("two"))
    assert companions.content("s", beside("one")) == companions.content("s", beside("one")[::-1])
    assert companions.content("s", ()) == "s"


coordinate = st.floats(-180, 180, allow_nan=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6), min_size=1, max_size=3), max_size=5))
def test_what_another_library_writes_comes_back(tmp_path: Path, shapes: list[Any]) -> None:
    path = tmp_path / "p.shp"
    write(path, [("line", s) for s in shapes], kind=3)
    found = proven(path)
    with pyshp.Reader(str(path), encoding="gbk") as r:
        theirs = [shapely.geometry.shape(s.__geo_interface__) for s in r.shapes()]
        records = [list(map(str, x)) for x in r.records()]
    assert [shapely.get_coordinates(plain(f["_cells"][3])).tolist() for f in found] == [shapely.get_coordinates(t).tolist() for t in theirs]
    assert [f["_cells"][:2] for f in found] == [r[:2] for r in records]


def mutations(seed: int, rounds: int, path: Path) -> int:
    """Any byte of any part changed, cut or added: refused by name, or reader and counter agree."""
    chance, read_through = random.Random(seed), 0
    write(path, [("poly", [SQUARE, HOLE]), ("poly", [SQUARE]), ("null", None), ("poly", [SQUARE])], cpg="GBK")
    parts = {e: path.with_suffix(e).read_bytes() for e in (".shp", ".shx", ".dbf", ".prj", ".cpg")}
    for _ in range(rounds):
        ending = chance.choice(list(parts))
        data = bytearray(parts[ending])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data)) if data else 0
            kind = chance.randrange(3)
            if kind == 0 and data:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at : at + chance.randint(1, 20)]
            else:
                data[at:at] = chance.randbytes(chance.randint(1, 20))
        path.with_suffix(ending).write_bytes(bytes(data))
        if isinstance(inspect(path, C), Inspection):
            for row in proven(path):
                assert row["_cells"][3] is None or shape_of(row["_cells"][3]) is not None
            read_through += 1
        path.with_suffix(ending).write_bytes(parts[ending])
    return read_through


def test_mutated_parts(file: Path) -> None:
    assert mutations(1, 300, file) > 20


@pytest.mark.soak
def test_many_mutated_parts(file: Path) -> None:
    assert mutations(2, 8000, file) > 500
