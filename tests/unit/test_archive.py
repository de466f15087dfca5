"""Archives: opened where they are safe, refused whole where not, nothing ever written outside."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from reader_helpers import citizen, contract

from xihu.bronze import archive, gate, schema
from xihu.bronze.archive import unpack
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import Inspection, Refusal

TITLES = "姓名,身份证号,金额,地址\r\n"


def csv_bytes(n: int = 3) -> bytes:
    return (TITLES + "".join(f"张三,{citizen(i)},{i},北山\r\n" for i in range(n))).encode("gb18030")


def zipped(path: Path, members: dict[str, bytes], gbk: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            info = zipfile.ZipInfo(name.encode("gbk").decode("cp437") if gbk else name)
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, data)
    if gbk:
        # As Windows writes it: code page bytes and no flag.
        raw = path.read_bytes()
        for name in members:
            utf8 = name.encode("gbk").decode("cp437").encode()
            raw = raw.replace(utf8, name.encode("gbk"))
        path.write_bytes(_flagless(raw, members))
    return path


def _flagless(raw: bytes, members: dict[str, bytes]) -> bytes:
    """A zip written by hand: stored members, names as GBK bytes."""
    import struct
    import zlib

    body, central = b"", b""
    for name, data in members.items():
        n, crc, at = name.encode("gbk"), zlib.crc32(data), len(body)
        body += struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 33, crc, len(data), len(data), len(n), 0) + n + data
        central += struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, crc, len(data), len(data), len(n), 0, 0, 0, 0, 0, at) + n
    return body + central + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(members), len(members), len(central), len(body), 0)


def tarred(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode, format=tarfile.GNU_FORMAT) as t:  # type: ignore[call-overload]
        for info, data in members:
            info.size = len(data) if info.isreg() else 0
            t.addfile(info, io.BytesIO(data))
    return path


def info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def unsafe(path: Path) -> str:
    before = {p for p in path.parent.rglob("*") if p != path}
    found = unpack(path, path.parent / "out")
    assert isinstance(found, Refusal), found
    assert found.detail and found.cure
    assert {p for p in path.parent.rglob("*") if p != path} == before
    return found.reason


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("gbk", [False, True])
def test_members_of_a_zip(tmp_path: Path, gbk: bool) -> None:
    path = zipped(tmp_path / "报送.zip", {"上城区/低保.csv": b"a", "下城区.csv": b"bb", "__MACOSX/._x": b"x", ".DS_Store": b"x"}, gbk)
    found = unpack(path, tmp_path / "out")
    assert isinstance(found, list)
    assert [(m.name, m.size) for m in found] == [("上城区/低保.csv", 1), ("下城区.csv", 2)]
    assert (tmp_path / "out" / "上城区" / "低保.csv").read_bytes() == b"a"


def test_members_of_a_tar(tmp_path: Path) -> None:
    for name, mode in (("a.tar.gz", "w:gz"), ("b.tgz", "w:gz"), ("c.tar", "w"), ("d.csv", "w:gz")):
        path = tarred(tmp_path / name, [(info("d", tarfile.DIRTYPE), b""), (info("d/低保.csv"), b"abc")], mode)
        found = unpack(path, tmp_path / f"out-{name}")
        assert isinstance(found, list) and [(m.name, m.size) for m in found] == [("d/低保.csv", 3)]
    odd = tarfile.TarInfo("x")
    odd.name = "低保.csv".encode("gbk").decode("utf-8", "surrogateescape")
    with tarfile.open(tmp_path / "g.tar", "w", encoding="utf-8", errors="surrogateescape") as t:
        t.addfile(odd)
    found = unpack(tmp_path / "g.tar", tmp_path / "out-g")
    assert isinstance(found, list) and found[0].name == "低保.csv"


def test_workbooks_and_text_are_no_archives(tmp_path: Path) -> None:
    zipped(tmp_path / "a.xlsx", {"[Content_Types].xml": b"x"})
    (tmp_path / "b.csv").write_bytes(csv_bytes())
    (tmp_path / "c.zip").write_bytes(b"not a zip")
    (tmp_path / "d.csv").write_bytes(b"")
    for name in ("a.xlsx", "b.csv", "c.zip", "d.csv"):
        assert unpack(tmp_path / name, tmp_path / "out") is None


@pytest.mark.parametrize(
    "name", ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:\\x.csv", "\\\\host\\x.csv", "..\\x.csv", "a\nb.csv", "x" * 300]
)
def test_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    assert unsafe(zipped(folder / "a.zip", {"good.csv": b"x", name: b"x"})) == "unsafe_archive"
    (folder / "a.zip").unlink()
    assert unsafe(tarred(folder / "a.tar.gz", [(info("good.csv"), b"x"), (info(name), b"x")])) == "unsafe_archive"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar.gz", "in"]


def test_links_and_devices(tmp_path: Path) -> None:
    for i, kind in enumerate((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)):
        assert unsafe(tarred(tmp_path / f"{i}.tar", [(info("l", kind, "/etc/passwd"), b"")], "w")) == "unsafe_archive"
    link = zipfile.ZipInfo("l.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as z:
        z.writestr(link, "/etc/passwd")
    assert unsafe(tmp_path / "l.zip") == "unsafe_archive"


def test_names_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning), zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("x.csv", "1")
        z.writestr("x.csv", "2")
    assert unsafe(tmp_path / "a.zip") == "unsafe_archive"
    assert unsafe(zipped(tmp_path / "b.zip", {"x": b"1", "x/y": b"2"})) == "unsafe_archive"


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = bytes(8 << 20)
    assert unsafe(zipped(tmp_path / "a.zip", {"x.csv": zeros})) == "unsafe_archive"
    assert unsafe(tarred(tmp_path / "a.tar.gz", [(info("x.csv"), zeros)])) == "unsafe_archive"
    (tmp_path / "b.csv").write_bytes(gzip.compress(zeros))
    assert unsafe(tmp_path / "b.csv") == "unsafe_archive"
    # A header that lies about the size: the bytes that come out count.
    lie = zipped(tmp_path / "c.zip", {"x.csv": zeros})
    raw = lie.read_bytes().replace((8 << 20).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    lie.write_bytes(raw)
    assert unsafe(lie) in ("unsafe_archive", "wrong_format")
    noise = random.Random(1).randbytes(3 << 20)
    monkeypatch.setattr(schema, "MAX_UNZIPPED", 2 << 20)
    assert unsafe(zipped(tmp_path / "d.zip", {"x.csv": noise})) == "unsafe_archive"
    assert unsafe(tarred(tmp_path / "d.tar.gz", [(info("x.csv"), noise)])) == "unsafe_archive"
    monkeypatch.setattr(schema, "MAX_ENTRIES", 3)
    assert unsafe(zipped(tmp_path / "e.zip", {f"{i}.csv": b"x" for i in range(4)})) == "unsafe_archive"
    assert unsafe(tarred(tmp_path / "e.tar", [(info(f"{i}.csv"), b"x") for i in range(4)], "w")) == "unsafe_archive"


def test_nested_and_encrypted(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "i.zip", {"x.csv": b"x"}).read_bytes()
    for n, data in enumerate((inner, gzip.compress(b"x"), tarred(tmp_path / "i.tar", [(info("x"), b"x")], "w").read_bytes())):
        assert unsafe(zipped(tmp_path / f"{n}.zip", {"inner.bin": data})) == "unsafe_archive"
        assert unsafe(tarred(tmp_path / f"{n}.tar.gz", [(info("inner"), data)])) == "unsafe_archive"
    (tmp_path / "twice.csv").write_bytes(gzip.compress(gzip.compress(b"x")))
    assert unsafe(tmp_path / "twice.csv") == "unsafe_archive"
    locked = bytearray(zipped(tmp_path / "k.zip", {"x.csv": b"x"}).read_bytes())
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "k.zip").write_bytes(locked)
    assert unsafe(tmp_path / "k.zip") == "unsafe_archive"
    # A workbook in an archive is a file like any other.
    book = zipped(tmp_path / "book.xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}).read_bytes()
    found = unpack(zipped(tmp_path / "w.zip", {"book.xlsx": book}), tmp_path / "w")
    assert isinstance(found, list) and found[0].name == "book.xlsx"


def test_damaged_and_empty(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", {"x.csv": random.Random(2).randbytes(5000)}).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[:-30])
    assert unsafe(tmp_path / "b.zip") == "wrong_format"
    (tmp_path / "c.zip").write_bytes(whole[:100] + b"????" + whole[104:])
    assert unsafe(tmp_path / "c.zip") == "wrong_format"
    for cut in (1, 40, 200):
        (tmp_path / "d.csv").write_bytes(gzip.compress(csv_bytes(50))[:-cut])
        assert unsafe(tmp_path / "d.csv") == "wrong_format"
        whole = tarred(tmp_path / "e.tar.gz", [(info("x.csv"), random.Random(3).randbytes(9000))]).read_bytes()
        (tmp_path / "e.tar.gz").write_bytes(whole[: -cut * 9])
        assert unsafe(tmp_path / "e.tar.gz") == "wrong_format"
    assert unsafe(zipped(tmp_path / "f.zip", {"__MACOSX/x": b"1"})) == "empty_file"
    assert unsafe(zipped(tmp_path / "g.zip", {})) == "empty_file"


def test_mutations_always_have_an_outcome(tmp_path: Path) -> None:
    rng = random.Random(9)
    seeds = [
        (".zip", zipped(tmp_path / "s.zip", {"a.csv": csv_bytes(), "b/c.csv": b"x"}).read_bytes()),
        (".tar.gz", tarred(tmp_path / "s.tar.gz", [(info("a.csv"), csv_bytes()), (info("d"), b"x")]).read_bytes()),
        (".tar", tarred(tmp_path / "s.tar", [(info("a.csv"), csv_bytes()), (info("d"), b"x")], "w").read_bytes()),
        (".csv", gzip.compress(csv_bytes())),
    ]
    work = tmp_path / "w"
    for i in range(400):
        suffix, data = seeds[i % 4]
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            data = data[:at] + rng.randbytes(rng.randint(0, 3)) + data[at + rng.randint(0, 3) :]
        work.mkdir()
        (work / f"x{suffix}").write_bytes(data)
        found = unpack(work / f"x{suffix}", work / "out")
        kept = {p for p in work.rglob("*") if p.is_file()} - {work / f"x{suffix}"}
        assert all(work / "out" in p.parents for p in kept)
        if isinstance(found, list):
            assert len(kept) == len(found)
        else:
            assert not kept
        for p in sorted(work.rglob("*"), reverse=True):
            p.rmdir() if p.is_dir() else p.unlink()
        work.rmdir()


class TestDelivered:
    C = contract(files="mz/低保_*.csv")

    def items(self) -> list[gate.Item]:
        return gate.items(deliveries(), [self.C])

    def test_members_are_files_of_the_delivery(self, home: Path) -> None:
        (home / "mz").mkdir()
        zipped(home / "mz" / "十二月.zip", {"上城/低保_1.csv": csv_bytes(2), "说明.txt": b"x"})
        (home / "mz" / "低保_2.csv").write_bytes(gzip.compress(csv_bytes(4)))
        (delivery,) = deliver([home / "mz"], received_at="2016-12-05")
        folder = home / "home" / "landing" / "mz" / delivery
        assert zipfile.is_zipfile(folder / "十二月.zip") and (folder / "低保_2.csv").read_bytes()[:2] == b"\x1f\x8b"
        found = {i.landing.rsplit("/", 1)[-1] if "!" not in i.landing else i.landing.rpartition("/十二月.zip")[2]: i for i in self.items()}
        assert set(found) == {"!上城/低保_1.csv", "!说明.txt", "低保_2.csv"}
        assert found["!说明.txt"].refusal and found["!说明.txt"].refusal.reason == "wrong_format"
        for name, n in (("!上城/低保_1.csv", 2), ("低保_2.csv", 4)):
            item = found[name]
            verdict, counted = gate.examine_file(item.path, self.C, item.file.sha256)
            assert isinstance(verdict, Inspection) and counted and counted.records == n

    def test_an_unsafe_one_is_refused_whole(self, home: Path) -> None:
        (home / "mz").mkdir()
        zipped(home / "mz" / "a.zip", {"低保_1.csv": csv_bytes(), "../../低保_2.csv": csv_bytes()})
        (home / "mz" / "低保_3.csv").write_bytes(gzip.compress(bytes(9 << 20)))
        (home / "mz" / "低保_4.csv.gz").write_bytes(gzip.compress(csv_bytes(1)))
        deliver([home / "mz"], received_at="2016-12-05")
        found = {i.landing.rsplit("/", 1)[-1]: i for i in self.items()}
        assert {n: i.refusal.reason if i.refusal else None for n, i in found.items()} == {
            "a.zip": "unsafe_archive",
            "低保_3.csv": "unsafe_archive",
            "低保_4.csv.gz!低保_4.csv": None,
        }
        assert found["低保_3.csv"].contract is self.C
        assert not list(home.rglob("低保_2.csv"))

    def test_limits_can_fail(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The guards above are what refuses: without them the same bytes come out."""
        path = zipped(tmp_path / "a.zip", {"x.csv": bytes(8 << 20)})
        monkeypatch.setattr(schema, "MAX_RATIO", 1 << 30)
        assert isinstance(archive.unpack(path, tmp_path / "out"), list)


def test_gzip_bytes_named_csv_of_real_councils(home: Path, shared: Path) -> None:
    """Every file of gzip bytes under shared/real/uk_spending is read as the text that it holds."""
    packed = [p for p in sorted((shared / "real" / "uk_spending").rglob("*.csv")) if p.read_bytes()[:2] == b"\x1f\x8b"]
    assert len(packed) >= 50
    for path in packed[::10]:
        deliver([path], received_at="2016-12-05")
    found = [(d, e) for d in deliveries() for e in d.entries()]
    assert len(found) == len(packed[::10])
    for delivery, entry in found:
        source = next(p for p in packed if p.name == entry.base and p.parent.name == delivery.dept)
        assert (delivery.folder / entry.path).read_bytes() == gzip.decompress(source.read_bytes())
