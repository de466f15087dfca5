"""Drafts of files with places: the draft loads, and reads the very file it was drafted from."""

from __future__ import annotations

import json
import shutil
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from test_contract_derive import CODES, CONF, loads
from test_position_logs import TITLES, line, truth

from xihu.bronze.schema import Inspection
from xihu.contract.draft import draft
from xihu.contract.guess import Unreadable
from xihu.contract.models import Contract

assert CONF.exists()
DAY = date(2016, 12, 31)


def drafted(tmp_path: Path, file: Path) -> Contract:
    contract = loads(tmp_path, draft(file, dept="mz", codes=CODES, as_of=DAY))
    judged = import_module(f"xihu.bronze.formats.{contract.delivery.format}").inspect(file, contract)
    assert isinstance(judged, Inspection), judged
    return contract


@pytest.mark.parametrize("titles", [TITLES, [f"c{i}" for i in range(1, 8)]])
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_vehicle_log(tmp_path: Path, titles: list[str], kind: int) -> None:
    """With its own titles, and with c1 … c7 in their place; one form of time a file."""
    file = tmp_path / "gps_20161205.csv"
    table = [line(i * 3 + kind, p) for i, p in enumerate(truth(50))]
    file.write_bytes("".join(",".join(r) + "\r\n" for r in [titles, *table]).encode("gb18030"))
    contract = drafted(tmp_path, file)
    (place,) = contract.places
    assert [contract.fields[n].title for n in place.fields] == [titles[4], titles[5]]
    assert all(contract.fields[n].scale == 6 for n in place.fields)
    if titles is TITLES or kind != 1:
        at = next(f for f in contract.fields.values() if f.title == titles[3])
        assert (at.type, at.forms) == ("datetime", [["YYMMDDhhmmss", "epoch_s", "epoch_ms"][kind]])


def test_degrees_in_a_table(tmp_path: Path) -> None:
    file = tmp_path / "井盖.csv"
    rows = ["编号,纬度,经度,深度"] + [f"J{i},{y},{x},1.{i}" for i, (x, y) in enumerate(truth(40))]
    file.write_text("\n".join(rows), "utf-8")
    (place,) = drafted(tmp_path, file).places
    assert place.lon == "lon" and place.lat == "lat"


def test_numbers_that_are_no_degrees(tmp_path: Path) -> None:
    file = tmp_path / "空气.csv"
    rows = ["站点,PM2.5,温度"] + [f"S{i},{100 + i % 30}.0,{10 + i % 20}.5" for i in range(40)]
    file.write_text("\n".join(rows), "utf-8")
    assert drafted(tmp_path, file).places == []


def test_geojson(tmp_path: Path) -> None:
    file = tmp_path / "管线_2016.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"管线编号": f"G{i}", "管径": i * 1.5, "敷设日期": f"2016-12-{i + 1:02d}"},
            "geometry": {"type": "LineString", "coordinates": [[120.1, 30.1], [120.2, 30.2 + i / 100]]},
        }
        for i in range(20)
    ]
    for text in (
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1),
        "\n".join(json.dumps(f, ensure_ascii=False) for f in features),
    ):
        file.write_text(text, "utf-8")
        contract = drafted(tmp_path, file)
        assert [f.type for f in contract.fields.values()] == ["text", "number", "date", "geometry"]
        assert contract.delivery.format == "geojson" and contract.places[0].geometry == "shape"


def test_a_shapefile(tmp_path: Path) -> None:
    pytest.importorskip("shapefile")
    from test_reader_shapefile import SQUARE, write

    file = tmp_path / "宗地_2016.shp"
    write(file, [("poly", [SQUARE])] * 40)
    contract = drafted(tmp_path, file)
    assert [(f.title, f.type) for f in contract.fields.values()] == [
        ("BDCDYH", "text"),
        ("用途", "text"),
        ("面积", "number"),
        ("geometry", "geometry"),
    ]
    assert contract.places[0].crs == "file"
    file.with_suffix(".dbf").unlink()
    with pytest.raises(Unreadable, match="dbf"):
        draft(file)
    shutil.rmtree(tmp_path / "conf")
