"""Shapefiles as they are delivered: loose parts, zipped, corrected in the table only, and geodatabases that are none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from test_reader_shapefile import SQUARE, C, write

from xihu.bronze import gate
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import Inspection, Refusal
from xihu.bronze.sources import reader

pytest.importorskip("shapefile")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    (tmp_path / "gh").mkdir()
    return tmp_path


def items() -> list[gate.Item]:
    return gate.items(deliveries(), [C])


def examined(item: gate.Item) -> tuple[Inspection | Refusal, int]:
    verdict, counted = gate.examine_file(item.path, C, item.file.sha256, item.companions)
    if isinstance(verdict, Inspection):
        assert counted
        found = [r for b in reader("shapefile").read(item.path, C, verdict, item.landing) for r in b.to_pylist()]
        assert len(found) == counted.records
    return verdict, counted.records if counted else 0


def test_loose_parts(home: Path) -> None:
    write(home / "gh" / "宗地.shp", [("poly", [SQUARE])] * 3)
    deliver([home / "gh"], received_at="2016-12-05")
    (item,) = items()
    assert item.landing.endswith("宗地.shp") and item.contract is C
    verdict, n = examined(item)
    assert isinstance(verdict, Inspection) and n == 3


def test_zipped_in_folders(home: Path) -> None:
    """Two shapefiles of the same name in two folders of one archive do not lend each other their parts."""
    with zipfile.ZipFile(home / "gh" / "十二月.zip", "w") as z:
        for folder, n in (("上城", 2), ("下城", 4)):
            made = home / folder / "宗地.shp"
            made.parent.mkdir()
            write(made, [("poly", [SQUARE])] * n)
            for part in made.parent.iterdir():
                z.write(part, f"{folder}/{part.name}")
    deliver([home / "gh"], received_at="2016-12-05")
    found = items()
    assert len(found) == 2
    assert sorted(examined(i)[1] for i in found) == [2, 4]
    for item in found:
        assert all(Path(c.path).parent == item.path.parent for c in item.companions) and len(item.companions) == 3


def test_a_part_that_did_not_come(home: Path) -> None:
    write(home / "gh" / "宗地.shp", [("poly", [SQUARE])] * 3)
    (home / "gh" / "宗地.dbf").unlink()
    deliver([home / "gh"], received_at="2016-12-05")
    (item,) = items()
    verdict, _ = examined(item)
    assert isinstance(verdict, Refusal) and verdict.reason == "companion_missing" and "宗地.dbf" in verdict.detail


def test_a_part_changed_after_it_came(home: Path) -> None:
    write(home / "gh" / "宗地.shp", [("poly", [SQUARE])] * 3)
    deliver([home / "gh"], received_at="2016-12-05")
    (item,) = items()
    table = item.path.with_suffix(".dbf")
    table.chmod(0o644)
    data = table.read_bytes()
    table.write_bytes(data.replace("住宅".encode("gbk"), "商业".encode("gbk")))
    verdict, _ = examined(item)
    assert isinstance(verdict, Refusal) and verdict.reason == "conservation"


def test_a_corrected_table_is_no_repetition(home: Path) -> None:
    """The same shapes come again, first with the same table, then with another."""
    path = home / "gh" / "宗地.shp"
    write(path, [("poly", [SQUARE])] * 3)
    deliver([home / "gh"], received_at="2016-12-05T00:00:00Z")
    deliver([home / "gh"], received_at="2016-12-06T00:00:00Z")
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace("住宅".encode("gbk"), "商业".encode("gbk")))
    deliver([home / "gh"], received_at="2016-12-07T00:00:00Z")
    found = items()
    assert len({i.file.sha256 for i in found}) == 1 and len(found) == 3
    twins = gate.duplicates(found, "append", lambda _: frozenset())
    assert [i.landing in twins for i in found] == [False, True, False]


def test_a_geodatabase(home: Path) -> None:
    with zipfile.ZipFile(home / "gh" / "管线.gdb.zip", "w") as z:
        for name in ("a00000001.gdbtable", "a00000001.gdbtablx", "gdb", "timestamps"):
            z.writestr(f"管线.gdb/{name}", b"\x03\0\0\0 not for us")
    deliver([home / "gh"], received_at="2016-12-05")
    found = items()
    assert len(found) == 4
    for item in found:
        assert item.refusal and item.refusal.reason == "wrong_format" and "FileGDB" in item.refusal.detail and "导出" in item.refusal.cure
