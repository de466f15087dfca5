"""A data file waits for its control file; an archive holds files of its own; gzip bytes are read as what they hold."""

from __future__ import annotations

import gzip
import json
import zipfile

HEADER = "编号,月份,区县,金额\r\n"
PROMISED = 'mode: append\ncompanion: ["{stem}.ctl"]'


def csv(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\r\n" for line in lines)).encode("gb18030")


def test_a_control_file_that_comes_later(city) -> None:
    city.contract(PROMISED)
    (row,) = city.take(5, "补贴_1.csv", ["A1,201610,上城,10", "A2,201610,上城,20"])
    assert (row.verdict, row.reason) == ("refused", "companion_missing")
    assert city.ingest().rows == []
    city.deliver(6, city.raw("补贴_1.ctl", b"ROWS=3"))
    (row,) = city.ingest().rows
    assert (row.verdict, row.reason) == ("refused", "companion_mismatch")
    assert city.ingest().rows == []
    (path,) = (city.raw("补贴_2.csv", csv("A3,201610,上城,5")),)
    city.deliver(7, path, city.raw("补贴_2.ctl", b"ROWS=1"), city.raw("补贴_9.ctl", b"ROWS=1"))
    found = {r.file.rsplit("/", 1)[-1]: r for r in city.ingest().rows}
    assert set(found) == {"补贴_2.csv", "补贴_9.ctl"}
    assert (found["补贴_2.csv"].verdict, found["补贴_2.csv"].accepted) == ("accepted", 1)
    orphan = found["补贴_9.ctl"]
    assert (orphan.verdict, orphan.resource, orphan.records_in) == ("accepted", None, 0) and json.loads(orphan.warnings)
    assert city.ingest().rows == []
    assert city.silver() == [("A3", 5, 7, None, None)]


def test_the_right_control_file_lets_the_data_in_under_its_own_day(city) -> None:
    city.contract(PROMISED)
    city.take(5, "补贴_1.csv", ["A1,201610,上城,10"])
    city.deliver(9, city.raw("补贴_1.ctl", b"1"))
    (row,) = city.ingest().rows
    assert (row.verdict, row.accepted) == ("accepted", 1)
    assert city.silver() == [("A1", 10, 5, None, None)]


def test_members_of_an_archive_have_rows_of_their_own(city) -> None:
    city.contract()
    path = city.raw("十月.zip", b"")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("上城/补贴_1.csv", csv("A1,201610,上城,10", "A2,201610,上城,x"))
        z.writestr("下城/补贴_1.csv", csv("B1,201610,下城,30"))
        z.writestr("说明.txt", b"x")
    city.deliver(5, path, city.raw("补贴_7.csv", gzip.compress(csv("C1,201610,江干,7"))))
    rows = {r.file.split("/", 3)[-1]: r for r in city.ingest().rows}
    assert {name: (r.verdict, r.reason, r.records_in) for name, r in rows.items()} == {
        "十月.zip!上城/补贴_1.csv": ("accepted_with_quarantine", None, 2),
        "十月.zip!下城/补贴_1.csv": ("accepted", None, 1),
        "十月.zip!说明.txt": ("refused", "wrong_format", None),
        "补贴_7.csv": ("accepted", None, 1),
    }
    assert [r[0] for r in city.silver()] == ["A1", "B1", "C1"]
    assert {r._file.rpartition("!")[2] for r in city.table("silver") if "!" in r._file} == {"上城/补贴_1.csv", "下城/补贴_1.csv"}
    assert city.ingest().rows == []


def test_an_unsafe_archive_is_refused_whole(city) -> None:
    city.contract()
    path = city.raw("十月.zip", b"")
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("补贴_1.csv", csv("A1,201610,上城,10"))
        z.writestr("../../补贴_2.csv", csv("A2,201610,上城,10"))
    city.deliver(5, path)
    (row,) = city.ingest().rows
    assert (row.verdict, row.reason, row.resource) == ("refused", "unsafe_archive", None)
    assert not list(city.home.parent.rglob("补贴_*.csv"))
