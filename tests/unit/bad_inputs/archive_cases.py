"""Archives that are delivered: what is in them, and what must not be."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable

from reader_helpers import contract

from bad_inputs import csv_cases as table
from bad_inputs.case import Case, Cases, Expect, Files
from bad_inputs.people import rows

C = contract(table.FIELDS, "csv", files="sy/*.csv")
GOOD = table.encode(rows())
FAULTY = table.encode(rows(since="20160230"))
CASES = Cases("archive", "a.zip", C)
_THEN = (2016, 12, 5, 0, 0, 0)


def zipped(members: dict[str, bytes], flags: int = 0, mode: int = 0o100644) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _THEN)
            info.external_attr = mode << 16
            z.writestr(info, data, zipfile.ZIP_DEFLATED)
    made = out.getvalue()
    if flags:
        # The flag of encryption, in both headers of the only member.
        at, central = 6, made.index(b"PK\x01\x02") + 8
        made = made[:at] + struct.pack("<H", flags) + made[at + 2 : central] + struct.pack("<H", flags) + made[central + 2 :]
    return made


def named(raw: bytes) -> bytes:
    """A zip whose member's name is bytes of GBK without a flag, as Windows writes it."""
    return zipped({"x" * len(raw): GOOD}).replace(b"x" * len(raw), raw)


def tarred(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE, target: str = "", zip: bool = True) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, target, len(data) if kind == tarfile.REGTYPE else 0
            t.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0) if zip else out.getvalue()


refuse = CASES.refuse
three = Expect(records=3)


def add(name: str, fault: str, build: Callable[[], Files], expect: dict[str, Expect]) -> None:
    CASES.append(Case("archive", name, fault, build, (C,), expect))


refuse("unsafe_archive", "path_up", "成员路径越出目录（../）", lambda: zipped({"../../etc/a.csv": GOOD}))
refuse("unsafe_archive", "path_absolute", "成员路径是绝对路径", lambda: zipped({"/etc/a.csv": GOOD}))
refuse("unsafe_archive", "path_drive", "成员路径带盘符与反斜杠", lambda: zipped({"C:\\a.csv": GOOD}))
refuse("unsafe_archive", "bomb", "压缩炸弹：展开上千倍", lambda: zipped({"a.csv": bytes(20 << 20)}))
refuse("unsafe_archive", "entries", "一千多个成员", lambda: zipped({f"{i}.csv": b"" for i in range(1100)}))
refuse("unsafe_archive", "nested", "压缩包里还有压缩包", lambda: zipped({"a.zip": zipped({"a.csv": GOOD})}))
refuse("unsafe_archive", "encrypted", "成员加了密码", lambda: zipped({"a.csv": GOOD}, flags=1))
refuse("unsafe_archive", "zip_link", "成员是符号链接", lambda: zipped({"a.csv": b"/etc/passwd"}, mode=0o120777))
refuse("unsafe_archive", "name_twice", "两个成员同名", lambda: zipped({"a.csv": GOOD, "b.csv": GOOD}).replace(b"b.csv", b"a.csv"))
refuse("unsafe_archive", "tar_path_up", "tar成员路径越出目录", lambda: {"a.tar.gz": tarred({"../a.csv": GOOD})})
refuse("unsafe_archive", "tar_link", "tar成员是符号链接", lambda: {"a.tar.gz": tarred({"a.csv": b""}, tarfile.SYMTYPE, "/etc/passwd")})
refuse("unsafe_archive", "tar_hard_link", "tar成员是硬链接", lambda: {"a.tar.gz": tarred({"a.csv": b""}, tarfile.LNKTYPE, "../b")})
refuse("unsafe_archive", "tar_device", "tar成员是设备", lambda: {"a.tar.gz": tarred({"a.csv": b""}, tarfile.CHRTYPE)})
refuse("unsafe_archive", "gzip_bomb", "gzip炸弹", lambda: {"a.csv.gz": gzip.compress(bytes(20 << 20), mtime=0)})
refuse("wrong_format", "zip_cut", "压缩包没传完", lambda: zipped({"a.csv": GOOD})[:-40])
refuse(
    "wrong_format",
    "zip_crc",
    "压缩包里的内容损坏（CRC不符）",
    lambda: (lambda b: b[:60] + bytes([b[60] ^ 0xFF]) + b[61:])(zipped({"a.csv": GOOD})),
)
refuse("wrong_format", "gzip_cut", "gzip没传完", lambda: {"a.csv.gz": gzip.compress(GOOD, mtime=0)[:-20]})
refuse("wrong_format", "tar_cut", "tar.gz没传完", lambda: {"a.tar.gz": tarred({"a.csv": GOOD})[:-30]})
refuse("wrong_format", "rar", "RAR改名为.zip，没有目录登记", lambda: b"Rar!\x1a\x07\x00" + bytes(100))
refuse("empty_file", "zip_nothing", "压缩包里没有文件", lambda: zipped({}))
add(
    "member_unknown",
    "压缩包里有一个没有登记的文件",
    lambda: {"a.zip": zipped({"a.csv": GOOD, "说明.docx": b"x"})},
    {"a.zip!a.csv": three, "a.zip!说明.docx": Expect(refused="wrong_format")},
)
add(
    "member_empty",
    "压缩包里一个成员是零字节",
    lambda: {"a.zip": zipped({"a.csv": GOOD, "b.csv": b""})},
    {"a.zip!a.csv": three, "a.zip!b.csv": Expect(refused="empty_file")},
)
add(
    "member_faulty",
    "压缩包里一个成员有坏记录",
    lambda: {"a.zip": zipped({"a.csv": GOOD, "b.csv": FAULTY})},
    {"a.zip!a.csv": three, "a.zip!b.csv": Expect(records=3, bad={2: "bad_date"})},
)
add(
    "ok_zip",
    "压缩包里两个文件",
    lambda: {"a.zip": zipped({"一/a.csv": GOOD, "二/a.csv": FAULTY.replace(b"20160230", b"20160229")})},
    {"a.zip!一/a.csv": three, "a.zip!二/a.csv": three},
)
add("ok_zip_gbk_name", "成员名是没有标记的GBK", lambda: {"a.zip": named("名单.csv".encode("gbk"))}, {"a.zip!名单.csv": three})
add(
    "ok_zip_clutter",
    "压缩包里有系统附带的文件",
    lambda: {"a.zip": zipped({"a.csv": GOOD, "__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "Thumbs.db": b"x"})},
    {"a.zip!a.csv": three},
)
add("ok_tar_gz", "tar.gz", lambda: {"a.tar.gz": tarred({"a.csv": GOOD})}, {"a.tar.gz!a.csv": three})
add("ok_tar", "没有压缩的tar", lambda: {"a.tar": tarred({"a.csv": GOOD}, zip=False)}, {"a.tar!a.csv": three})
add("ok_gzip", "单个gzip文件", lambda: {"a.csv.gz": gzip.compress(GOOD, mtime=0)}, {"a.csv.gz!a.csv": three})
add("ok_gzip_named_csv", "gzip内容直接名为.csv", lambda: {"a.csv": gzip.compress(GOOD, mtime=0)}, {"a.csv": three})
