"""Logs of vehicles (JT/T 808, 809): degrees × 1e6, systems by vendor, device clocks, headers or none, as they are read and typed."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from reader_helpers import HEAD, inspect, proven, refused

from xihu.bronze.schema import Inspection
from xihu.contract.crosscheck import contract as crosscheck
from xihu.contract.models import Contract
from xihu.contract.source import Source
from xihu.silver.typing import Typer
from xihu.standards.coordinates import to_gcj02

FIELDS: dict[str, Any] = {
    "device": {"title": "终端号", "type": "text", "required": True},
    "plate": {"title": "车牌号", "type": "text"},
    "vendor": {"title": "厂商", "type": "text"},
    "at": {
        "title": "定位时间",
        "type": "datetime",
        "required": True,
        "min": "2016-01-01",
        "forms": ["YYMMDDhhmmss", "epoch_s", "epoch_ms"],
    },
    "lon": {"title": "经度", "type": "number", "required": True, "scale": 6, "min": 118.3, "max": 120.9},
    "lat": {"title": "纬度", "type": "number", "required": True, "scale": 6, "min": 29.1, "max": 30.7},
    "speed": {"title": "速度", "type": "number", "scale": 1, "min": 0, "max": 200},
}
PLACE = {"lon": "lon", "lat": "lat", "crs": {"field": "vendor", "map": {"甲": "gcj02", "乙": "wgs84"}}}
CHECKS = {
    "clock_ahead": {"sql": "at <= _received_at + INTERVAL '10' MINUTE", "severity": "error", "message": "终端时钟超前"},
    "clock_behind": {"sql": "at >= _received_at - INTERVAL '30' DAY", "severity": "warning"},
}
TITLES = [f["title"] for f in FIELDS.values()]


def contract(**delivery: Any) -> Contract:
    given = {"files": "jt/gps_*.csv", "format": "csv", "encoding": "gb18030", "mode": "append", **delivery}
    body = {**HEAD, "delivery": given, "fields": FIELDS, "coordinates": PLACE, "checks": CHECKS, "key": ["device", "at"], "dedupe": True}
    return Contract.model_validate(body).placed("jt", "gps")


def truth(n: int, seed: int = 1) -> list[tuple[float, float]]:
    chance = random.Random(seed)
    return [(round(chance.uniform(119, 120.5), 6), round(chance.uniform(29.5, 30.4), 6)) for _ in range(n)]


def line(i: int, place: tuple[float, float]) -> list[str]:
    vendor = "甲乙"[i % 2]
    lon, lat = place
    if vendor == "甲":
        x, y = to_gcj02(np.array([lon]), np.array([lat]))
        lon, lat = float(x[0]), float(y[0])
    clock = [f"1612050800{i % 60:02d}", str(1480896000 + i), str((1480896000 + i) * 1000)][i % 3]
    return [f"{13800000000 + i}", f"浙A{i:05d}", vendor, clock, str(round(lon * 1e6)), str(round(lat * 1e6)), str(i % 1200)]


def typed(c: Contract, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kinds = {"number": pa.decimal128(28, 8), "datetime": pa.timestamp("us", "UTC")}
    names = ("_reason", "_field", "_detail", "_repairs")
    schema = pa.schema([(n, kinds.get(f.type, pa.string())) for n, f in c.fields.items()] + [(n, pa.string()) for n in names])
    schema = schema.append(pa.field("_key_ok", pa.bool_())).append(pa.field("_scope_ok", pa.bool_()))
    received = pa.array([datetime(2016, 12, 5, 12, tzinfo=UTC)] * len(found))
    columns = [pa.array([r["_cells"] for r in found], pa.list_(pa.string()))]
    columns += [pa.array([r[n] for r in found], pa.string()) for n in ("_reason", "_field", "_detail")]
    batch = pa.RecordBatch.from_arrays([*columns, received], ["_cells", "_reason", "_field", "_detail", "_received_at"])
    return Typer(c, {}, schema).batch(batch).to_pylist()


def put(path: Path, table: list[list[str]], header: list[str] | None = TITLES, delimiter: str = ",") -> None:
    path.write_bytes("".join(delimiter.join(r) + "\r\n" for r in [*([header] if header else []), *table]).encode("gb18030"))


def test_every_position_is_where_the_car_was(tmp_path: Path) -> None:
    path, places = tmp_path / "gps_1.csv", truth(400)
    put(path, [line(i, p) for i, p in enumerate(places)])
    out = typed(contract(), proven(path, contract()))
    assert {r["_reason"] for r in out} == {None}
    assert max(abs(float(r["lon"]) - p[0]) for r, p in zip(out, places, strict=True)) < 1e-6
    assert max(abs(float(r["lat"]) - p[1]) for r, p in zip(out, places, strict=True)) < 1e-6
    assert all(datetime(2016, 12, 5, 0, 0, tzinfo=UTC) <= r["at"] <= datetime(2016, 12, 5, 0, 7, tzinfo=UTC) for r in out)


def test_faults_are_found_one_by_one(tmp_path: Path) -> None:
    path, table = tmp_path / "gps_1.csv", [line(i, p) for i, p in enumerate(truth(40))]
    expected: dict[int, str] = {}

    def plant(i: int, reason: str, **cells: str) -> None:
        for name, cell in cells.items():
            table[i][list(FIELDS).index(name)] = cell
        expected[i] = reason

    plant(3, "out_of_range", lon="0", lat="0")
    plant(5, "swapped_fields", lon=table[5][5], lat=table[5][4])
    plant(7, "out_of_range", lon="116404000", lat="39915000")
    plant(9, "bad_date", at="161332080000")
    plant(11, "out_of_range", at="000102030405")
    plant(13, "missing_key", lat="")
    plant(15, "unknown_code", vendor="丙")
    plant(17, "bad_number", lon="120.15507")
    plant(19, "out_of_range", speed="2001")
    put(path, table)
    out = typed(contract(), proven(path, contract()))
    assert {i: r["_reason"] for i, r in enumerate(out) if r["_reason"]} == expected


def test_columns_exchanged_throughout(tmp_path: Path) -> None:
    path, table = tmp_path / "gps_1.csv", [line(i, p) for i, p in enumerate(truth(40))]
    for row in table:
        row[4], row[5] = row[5], row[4]
    put(path, table)
    assert refused(path, contract()) == "columns_swapped"
    free = {n: {k: v for k, v in f.items() if k not in ("min", "max")} for n, f in FIELDS.items()}
    body = contract().model_dump(mode="json")
    assert refused(path, Contract.model_validate({**body, "fields": free}).placed("jt", "gps")) == "columns_swapped"
    for row in table[:20]:
        row[4], row[5] = row[5], row[4]
    put(path, table)
    assert len(proven(path, contract())) == 40, "half of them is no exchange of columns"


def test_without_a_header(tmp_path: Path) -> None:
    """A csv needs its header; the dump of a database needs none and takes the contract's order."""
    path, places = tmp_path / "gps_1.csv", truth(60)
    put(path, [line(i, p) for i, p in enumerate(places)], None)
    assert refused(path, contract()) == "header_missing"
    c = contract(format="delimited", delimiter=",")
    out = typed(c, proven(path, c))
    assert {r["_reason"] for r in out} == {None}
    assert max(abs(float(r["lon"]) - p[0]) for r, p in zip(out, places, strict=True)) < 1e-6


def test_order_does_not_matter(tmp_path: Path) -> None:
    table = [line(i, p) for i, p in enumerate(truth(100))]
    put(tmp_path / "gps_1.csv", table)
    put(tmp_path / "gps_2.csv", random.Random(5).sample(table, len(table)))
    one, two = (typed(contract(), proven(tmp_path / n, contract())) for n in ("gps_1.csv", "gps_2.csv"))
    assert sorted(map(str, one)) == sorted(map(str, two))


def test_the_contract_holds_together() -> None:
    source = Source("jt/gps.yaml", lines={})
    crosscheck(contract(), source, {}, {})
    assert [p.message for p in source.problems] == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"coordinates": {**PLACE, "lon": "lng"}}, "lng"),
        ({"coordinates": {**PLACE, "lat": None}}, "lat"),
        ({"coordinates": {**PLACE, "crs": "local"}}, "local"),
        ({"coordinates": {**PLACE, "crs": "file"}}, "file"),
        ({"coordinates": {**PLACE, "crs": "wgs84", "local": {"central_meridian": 120}}}, "local"),
        ({"coordinates": {**PLACE, "crs": {"field": "brand", "map": {"甲": "gcj02"}}}}, "brand"),
        ({"coordinates": [PLACE, PLACE]}, "two places"),
        ({"coordinates": {**PLACE, "bounds": [120.9, 29, 118, 30]}}, "west"),
        ({"coordinates": {**PLACE, "area": {"field": "speed"}}}, "geometry"),
        ({"coordinates": {"crs": "wgs84"}}, "names no field"),
        ({"coordinates": []}, None),
        ({"fields": {**FIELDS, "lon": {**FIELDS["lon"], "type": "integer", "scale": None}}}, "number"),
        ({"fields": {**FIELDS, "speed": {**FIELDS["speed"], "angle": "dm"}}}, "angle"),
        ({"fields": {**FIELDS, "lon": {**FIELDS["lon"], "angle": "dm"}}}, "exclude"),
        ({"fields": {**FIELDS, "plate": {**FIELDS["plate"], "scale": 2}}}, "scale"),
        ({"fields": {**FIELDS, "shape": {"title": "图形", "type": "geometry"}}}, "geometry"),
        ({"fields": {**FIELDS, "at": {**FIELDS["at"], "min": 5}}}, "date"),
        ({"checks": {"x": {"sql": "_known_from > at", "severity": "error"}}}, "_known_from"),
    ],
)
def test_contracts_that_do_not_hold(change: dict[str, Any], word: str | None) -> None:
    body = contract().model_dump(mode="json")
    source = Source("jt/gps.yaml", lines={})
    crosscheck(Contract.model_validate({**body, **change}).placed("jt", "gps"), source, {}, {})
    found = " ".join(f"{p.message} {p.cure}" for p in source.problems)
    assert (word in found) if word else not source.problems, found


def test_inspection_is_kept_as_json(tmp_path: Path) -> None:
    put(tmp_path / "gps_1.csv", [line(0, truth(1)[0])])
    assert isinstance(inspect(tmp_path / "gps_1.csv", contract()), Inspection)
