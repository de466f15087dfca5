"""From the bytes of GIS files to silver's WKT: what was measured in one system is found again in degrees of CGCS2000."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_reader_geojson as geo
import test_reader_shapefile as shapes
from reader_helpers import rows
from test_position_logs import typed

from xihu.contract.models import Contract
from xihu.standards.coordinates import to_bd09, to_gcj02

shapely = pytest.importorskip("shapely")
pyproj = pytest.importorskip("pyproj")

PARCELS = [shapely.Polygon([(120.1 + i / 50, 30.2), (120.11 + i / 50, 30.2), (120.11 + i / 50, 30.21 + i / 1000)]) for i in range(10)]


def silver(path: Path, c: Contract) -> list[dict[str, Any]]:
    return typed(c, rows(path, c))


def near(row: dict[str, Any], parcel: Any) -> bool:
    made = shapely.from_wkt(row["shape"])
    return made.is_valid and made.exterior.is_ccw and shapely.hausdorff_distance(made, parcel) < 2e-8


@pytest.mark.parametrize("code", [4490, 4549, 4528, 4509])
def test_a_shapefile_in_any_zone(tmp_path: Path, code: int) -> None:
    path = tmp_path / "宗地.shp"
    forward = pyproj.Transformer.from_crs(4490, code, always_xy=True)
    rings = [[list(forward.transform(x, y)) for x, y in p.exterior.coords][::-1] for p in PARCELS]
    shapes.write(path, [("poly", [r]) for r in rings], prj=pyproj.CRS(code).to_wkt("WKT1_ESRI"))
    out = silver(path, shapes.C)
    assert [r["_reason"] for r in out] == [None] * 10
    assert all(near(r, p) for r, p in zip(out, PARCELS, strict=True))
    # Clockwise is how a shapefile's outer rings run: nothing to mend.
    assert {r["_repairs"] for r in out} == {None}


@pytest.mark.parametrize(("crs", "shift"), [("gcj02", 1), ("bd09", 2), ("wgs84", 0)])
def test_geojson_of_public_maps(tmp_path: Path, crs: str, shift: int) -> None:
    path, features = tmp_path / "a.geojson", []
    for i, p in enumerate(PARCELS):
        x, y = np.array(p.exterior.coords).T
        for convert in (to_gcj02, to_bd09)[:shift]:
            x, y = convert(x, y)
        features.append(geo.feature(i, "路", {"type": "Polygon", "coordinates": [np.column_stack([x, y]).tolist()]}))
    geo.put(path, geo.collection(features, None))
    out = silver(path, geo.contract(crs))
    assert all(r["_reason"] is None and near(r, p) for r, p in zip(out, PARCELS, strict=True))


def test_faults_of_shapes_in_a_file(tmp_path: Path) -> None:
    """Each fault costs its own record, with the field and a reason; the neighbours stay."""
    path = tmp_path / "a.geojson"
    ring = [[120.15, 30.27], [120.16, 30.27], [120.16, 30.28], [120.15, 30.28], [120.15, 30.27]]
    cases: list[tuple[Any, str | None]] = [
        ([ring], None),
        ([ring[::-1]], None),
        ([ring[:-1]], "inconsistent"),
        ([[ring[0], ring[2], ring[1], ring[3], ring[0]]], "inconsistent"),
        ([[[y, x] for x, y in ring]], "swapped_fields"),
        ([[[x + 90, y] for x, y in ring]], "out_of_range"),
        ([[[x, y, 8.5] for x, y in ring]], None),
        ([], None),
        ([[[str(x), y] for x, y in ring]], "bad_number"),
        ([ring, [[x + 1, y] for x, y in ring]], "inconsistent"),
    ]
    geo.put(path, geo.collection([geo.feature(i, "路", {"type": "Polygon", "coordinates": c}) for i, (c, _) in enumerate(cases)]))
    out = silver(path, geo.C)
    assert [r["_reason"] for r in out] == [reason for _, reason in cases]
    assert {r["_field"] for r in out if r["_reason"]} == {"shape"}
    assert json.loads(out[1]["_repairs"]) == {"shape": ["winding"]}
    assert out[6]["shape"].startswith("POLYGON Z ((120.15 30.27 8.5") and out[7]["shape"] is None
