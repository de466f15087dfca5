"""Control files: what they say, whom they belong to, and what becomes of a data file without one or against one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from reader_helpers import PEOPLE, citizen, contract

from xihu.bronze import companions, gate
from xihu.bronze.control import parse
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import Inspection, Refusal

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("text", "rows", "digest"),
    [
        (f"ROWS=1000\nMD5={MD5}", 1000, MD5),
        (f"记录数：1,000\r\nMD5值：{MD5.upper()}\r\n", 1000, MD5),
        (f"文件名=a.txt\n行数 = 1000行\n校验码 = {MD5}", 1000, MD5),
        (f"1000|{MD5}", [1000], MD5),
        (f"{MD5}|1000", [1000], MD5),
        (f"1,000|{MD5}", [1000], MD5),
        (f"a.txt|1000|{MD5}", [1000], MD5),
        (f"A.TXT|@|1000|@|{MD5}", [1000], MD5),
        (f"{MD5}  a.txt\n", None, MD5),
        (f"{SHA} *a.txt\n", None, SHA),
        ("1000\n", [1000], None),
        ("0", [0], None),
        ("行数 1000", 1000, None),
        ("rows\t1000\nmd5\t" + MD5, 1000, MD5),
        ("Row Count: 1000", 1000, None),
        (f"FILE_NAME|ROWS|MD5\na.txt|1000|{MD5}", 1000, MD5),
        (f"文件名,大小,行数,MD5\na.txt,9,1000,{MD5}", 1000, MD5),
        (f'{{"file": "a.txt", "rows": 1000, "md5": "{MD5}"}}', 1000, MD5),
        (f"count:1000;md5:{MD5}", 1000, MD5),
        (f"DATE=20161205 08:00:00\nROWS=1000\nSHA256={SHA}", 1000, SHA),
        (f"b.txt,5,{SHA[:32]}\na.txt,1000,{MD5}", [1000], MD5),
        ("\ufeff记录条数=1000", 1000, None),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_usual_shapes(text: str, rows: int | list[int] | None, digest: str | None, encoding: str) -> None:
    found = parse(text.encode(encoding), "a.txt")
    assert (found.bare if isinstance(rows, list) else found.rows) == rows
    assert (found.md5 or found.sha256) == digest
    assert found.odd is None


def test_what_states_nothing() -> None:
    for text in ("", "\n", "OK", "ok\r\n", "完成", "\x1a"):
        assert parse(text.encode(), "a.txt").silent
    assert parse(b"ROWS=\n", "a.txt").odd
    assert parse(b"MD5=zz", "a.txt").odd


def test_a_list_of_several() -> None:
    text = f"文件名|行数|MD5\na.txt|1000|{MD5}\nb.txt|5|{MD5}\n".encode("gbk")
    assert parse(text, "b.txt", True).rows == 5
    assert not parse(text, "c.txt", True).named


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    return tmp_path


def dump(companion: list[str], files: str = "sy/hk_*.txt", **more):
    given = {"delimiter": "|", **more}
    return contract(PEOPLE, "delimited", files=files, companion=companion, **given)


def lines(n: int) -> bytes:
    return "".join(f"张三|{citizen(i)}|{i}|北山\n" for i in range(n)).encode("gb18030")


def hand_over(home: Path, when: str, dept: str = "sy", **files: bytes) -> str:
    folder = home / when / dept
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return deliver([folder], received_at=when)[0]


def judged(c) -> dict[str, str | None]:
    """Base name of every item → reason, None where accepted, 'orphan' for an orphan."""
    out = {}
    for item in gate.items(deliveries(), [c]):
        name = f"{item.delivery.received_at:%d} {item.landing.rsplit('/', 1)[-1]}"
        if item.orphan:
            out[name] = "orphan"
            continue
        verdict = item.refusal or gate.examine_file(item.path, c, item.file.sha256, item.companions)[0]
        out[name] = verdict.reason if isinstance(verdict, Refusal) else None
    return out


def ctl(data: bytes, rows: int) -> bytes:
    return f"ROWS={rows}\nMD5={hashlib.md5(data).hexdigest()}\n".encode()


def test_beside_the_data_file(home: Path) -> None:
    data = lines(3)
    hand_over(
        home,
        "2016-12-05T12:00",
        hk_1__txt=data,
        hk_1__ctl=ctl(data, 3),
        hk_2__txt=data,
        HK_2__CTL=ctl(data, 3),
        hk_3__txt=data,
        hk_4__txt=data,
        hk_4__ctl=ctl(data, 4),
        hk_5__txt=data[:-5],
        hk_5__ctl=ctl(data, 3),
        hk_6__txt=data,
        hk_6__ctl=b"",
        hk_7__txt=data,
        hk_7__ctl=f"3|{len(data)}".encode(),
        hk_8__txt=b"",
        hk_8__ctl=b"0",
        hk_9__txt=b"",
        hk_9__ctl=b"OK",
    )
    assert judged(dump(["{stem}.ctl"])) == {
        "05 hk_1.txt": None,
        "05 hk_2.txt": None,
        "05 hk_3.txt": "companion_missing",
        "05 hk_4.txt": "companion_mismatch",
        "05 hk_5.txt": "companion_mismatch",
        "05 hk_6.txt": None,
        "05 hk_7.txt": None,
        "05 hk_8.txt": None,
        "05 hk_9.txt": "empty_file",
    }


def test_an_empty_snapshot_stays_refused(home: Path) -> None:
    hand_over(home, "2016-12-05T12:00", hk_1__txt=b"", hk_1__ctl=b"0")
    c = dump(["{stem}.ctl"], mode="snapshot", scope=["name"], absence="ended")
    assert judged(c) == {"05 hk_1.txt": "empty_file"}


def test_an_empty_dump_has_no_records(home: Path) -> None:
    from xihu.bronze.formats import delimited

    hand_over(home, "2016-12-05T12:00", hk_1__txt=b"", hk_1__ctl=b"rows=0")
    c = dump(["{stem}.ctl"])
    (item,) = gate.items(deliveries(), [c])
    verdict, counted = gate.examine_file(item.path, c, item.file.sha256, item.companions)
    assert isinstance(verdict, Inspection) and counted and counted.records == 0
    assert list(delimited.read(item.path, c, Inspection.from_json(verdict.to_json()))) == []


def test_two_promised(home: Path) -> None:
    data = lines(2)
    hand_over(
        home,
        "2016-12-05T12:00",
        hk_1__txt=data,
        hk_1__ctl=ctl(data, 2),
        hk_1__txt__ok=b"",
        hk_2__txt=data,
        hk_2__ctl=ctl(data, 2),
    )
    assert judged(dump(["{stem}.ctl", "{name}.ok"])) == {"05 hk_1.txt": None, "05 hk_2.txt": "companion_missing"}


def test_one_that_comes_later(home: Path) -> None:
    c, data = dump(["{stem}.ctl"]), lines(3)
    hand_over(home, "2016-12-05T12:00", hk_1__txt=data)
    (before,) = gate.items(deliveries(), [c])
    refusal, _ = gate.examine_file(before.path, c, before.file.sha256, before.companions)
    assert isinstance(refusal, Refusal) and refusal.reason == "companion_missing"
    assert not companions.reopened(refusal.reason, refusal.detail, before.companions)
    hand_over(home, "2016-12-07T12:00", hk_1__ctl=ctl(data, 9))
    (then,) = gate.items(deliveries(), [c])
    assert companions.reopened(refusal.reason, refusal.detail, then.companions)
    refusal, _ = gate.examine_file(then.path, c, then.file.sha256, then.companions)
    assert isinstance(refusal, Refusal) and refusal.reason == "companion_mismatch"
    assert not companions.reopened(refusal.reason, refusal.detail, then.companions)


def test_a_file_of_the_same_name_keeps_its_own(home: Path) -> None:
    """Every month hk_1.txt: the companion beside the second is not the first one's."""
    one, two = lines(3), lines(4)
    hand_over(home, "2016-12-05T12:00", hk_1__txt=one)
    hand_over(home, "2016-12-06T12:00", hk_1__txt=two, hk_1__ctl=ctl(two, 4))
    assert judged(dump(["{stem}.ctl"])) == {"05 hk_1.txt": "companion_missing", "06 hk_1.txt": None}
    hand_over(home, "2016-12-07T12:00", hk_1__ctl=ctl(one, 3))
    assert judged(dump(["{stem}.ctl"])) == {"05 hk_1.txt": None, "06 hk_1.txt": None}


def test_one_that_comes_before_and_an_orphan(home: Path) -> None:
    data = lines(3)
    hand_over(home, "2016-12-05T12:00", hk_1__ctl=ctl(data, 3), hk_2__ctl=ctl(data, 3))
    assert judged(dump(["{stem}.ctl"])) == {"05 hk_1.ctl": "orphan", "05 hk_2.ctl": "orphan"}
    hand_over(home, "2016-12-06T12:00", hk_1__txt=data)
    assert judged(dump(["{stem}.ctl"])) == {"06 hk_1.txt": None, "05 hk_2.ctl": "orphan"}


def test_other_departments_and_other_names_are_strangers(home: Path) -> None:
    data = lines(3)
    hand_over(home, "2016-12-05T12:00", hk_1__txt=data, other__ctl=b"", hk_1__md5=b"")
    hand_over(home, "2016-12-06T12:00", dept="ga", hk_1__ctl=ctl(data, 3))
    assert judged(dump(["{stem}.ctl"])) == {
        "05 hk_1.txt": "companion_missing",
        "05 other.ctl": "wrong_format",
        "05 hk_1.md5": "wrong_format",
        "06 hk_1.ctl": "wrong_format",
    }


def test_one_list_for_the_whole_delivery(home: Path) -> None:
    data = lines(3)
    md5 = hashlib.md5(data).hexdigest()
    hand_over(
        home, "2016-12-05T12:00", hk_1__txt=data, hk_2__txt=data, hk_3__txt=data, list__ctl=f"hk_1.txt|3|{md5}\nhk_2.txt|4|{md5}".encode()
    )
    assert judged(dump(["list.ctl"])) == {"05 hk_1.txt": None, "05 hk_2.txt": "companion_mismatch", "05 hk_3.txt": "companion_mismatch"}


def test_a_glob_that_takes_the_companions_too(home: Path) -> None:
    data = lines(3)
    hand_over(home, "2016-12-05T12:00", hk_1__txt=data, hk_1__txt__ok=ctl(data, 3))
    assert judged(dump(["{name}.ok"], files="sy/hk_*")) == {"05 hk_1.txt": None}


def test_inside_an_archive(home: Path) -> None:
    import zipfile

    data = lines(3)
    folder = home / "in" / "sy"
    folder.mkdir(parents=True)
    for name, rows in (("a.zip", 3), ("b.zip", 4)):
        with zipfile.ZipFile(folder / name, "w") as z:
            z.writestr("x/hk_1.txt", data)
            z.writestr("x/hk_1.ctl", ctl(data, rows))
    deliver([folder], received_at="2016-12-05T12:00")
    c = dump(["{stem}.ctl"])
    found = {}
    for item in gate.items(deliveries(), [c]):
        verdict = gate.examine_file(item.path, c, item.file.sha256, item.companions)[0]
        found[item.landing.split("/")[-2]] = verdict.reason if isinstance(verdict, Refusal) else None
    assert found == {"a.zip!x": None, "b.zip!x": "companion_mismatch"}


def test_physical_lines_where_the_digest_agrees(home: Path) -> None:
    data = f"张三|{citizen(1)}|1|北山\n1号院\n".encode("gb18030")
    hand_over(home, "2016-12-05T12:00", hk_1__txt=data, hk_1__ctl=ctl(data, 2), hk_2__txt=data, hk_2__ctl=b"ROWS=2")
    assert judged(dump(["{stem}.ctl"])) == {"05 hk_1.txt": None, "05 hk_2.txt": "companion_mismatch"}
