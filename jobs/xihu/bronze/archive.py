"""Archives that are delivered: ZIP, tar, tar.gz and single gzip files, opened without trusting a word of what they say of themselves.

Every name is judged before anything is written, sizes and ratios before and while a member is inflated. What is unsafe is refused whole:
nothing of it stays on disk.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from xihu.bronze import schema
from xihu.bronze.schema import Refusal

_BLOCK = 1 << 20
# Below this size no ratio does harm.
_HARMLESS = 1 << 20
_DEPTH = 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"Rar!", b"7z\xbc\xaf\x27\x1c")
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    ValueError,
    LookupError,
)
_CLUTTER = {".ds_store", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Member:
    """One file inside an archive: path with `/`, bytes unpacked, SHA-256 of them. The name is empty for a single gzip file."""

    name: str
    size: int
    sha256: str


class Unsafe(Exception):
    """Harm, or what cannot be told from it."""


class _Budget:
    """Bytes that may still come out of one archive."""

    def __init__(self, packed: int) -> None:
        self.packed, self.total = max(packed, 1), 0

    def spend(self, n: int, what: str) -> None:
        self.total += n
        self.judge(self.total, what)

    def judge(self, total: int, what: str) -> None:
        if total > schema.MAX_UNZIPPED:
            raise Unsafe(f"{what} 展开后超过 {schema.MAX_UNZIPPED} 字节的上限")
        if total > _HARMLESS and total > schema.MAX_RATIO * self.packed:
            raise Unsafe(f"{what} 展开超过 {schema.MAX_RATIO} 倍")


def unpack(path: Path, target: Path) -> list[Member] | Refusal | None:
    """Unpack an archive into the new folder `target`; None if the file is none.

    A zip is one by content and name (an .xlsx is a zip, too); gzip is recognised under any name. The single file of a gzip lies in `target`
    under `inner_name`.

    Raises:
        OSError: the disk, not the archive.
    """
    kind = _kind(path)
    if kind is None:
        return None
    target.mkdir(parents=True)
    try:
        members = list({"zip": _zip, "tar": _tar, "gzip": _gzip}[kind](path, target))
        if not members:
            shutil.rmtree(target)
            return Refusal("empty_file", f"压缩包 {path.name} 里没有文件", "请重报")
        return members
    except Unsafe as fault:
        shutil.rmtree(target)
        return Refusal(
            "unsafe_archive", f"压缩包 {path.name}：{fault}；未展开任何文件", "请去掉密码、链接与嵌套的压缩包，分批重新打包后重报"
        )
    except (*_DAMAGED, OSError) as fault:
        shutil.rmtree(target, ignore_errors=True)
        # A place before the beginning of the file is the archive's word; other errors are the disk's.
        if isinstance(fault, OSError) and not isinstance(fault, gzip.BadGzipFile) and fault.errno not in (None, errno.EINVAL):
            raise
        return Refusal("wrong_format", f"压缩包 {path.name} 损坏或不完整：{fault}", "请重新打包后重报")


def inner_name(name: str) -> str:
    """The name of what a single gzip file holds."""
    return name[:-3] if name.lower().endswith(".gz") and len(name) > 3 else name


def _kind(path: Path) -> str | None:
    name = path.name.lower()
    with path.open("rb") as f:
        head = f.read(512)
    if head.startswith(b"\x1f\x8b"):
        if name.endswith((".tar.gz", ".tgz")):
            return "tar"
        try:
            with gzip.open(path) as g:
                return "tar" if _is_tar(g.read(512)) else "gzip"
        except (OSError, EOFError, zlib.error):
            return "gzip"
    if _is_tar(head) and name.endswith(".tar"):
        return "tar"
    return "zip" if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and name.endswith(".zip") else None


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def _safe(name: str, taken: set[str]) -> str | None:
    """The member's path below its archive; None for what desktops leave behind.

    Raises:
        Unsafe: a path that leads out, or no name of a file.
    """
    path = name.replace("\\", "/")
    parts = path.split("/")
    shown = _CONTROL.sub("?", name)[:100]
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in parts:
        raise Unsafe(f"成员路径越界：{shown}")
    parts = [p for p in parts if p not in ("", ".")]
    if not parts or _CONTROL.search(name) or len(parts) > _DEPTH or len(path.encode()) > 1000 or any(len(p.encode()) > 255 for p in parts):
        raise Unsafe(f"成员名不可用：{shown}")
    if parts[0] == "__MACOSX" or parts[-1].lower() in _CLUTTER:
        return None
    clean = "/".join(parts)
    above = {"/".join(parts[:i]) for i in range(1, len(parts))}
    if clean in taken or above & taken or any(t.startswith(clean + "/") for t in taken):
        raise Unsafe(f"成员重名：{shown}")
    taken.add(clean)
    return clean


def _write(source: IO[bytes], target: Path, budget: _Budget, what: str) -> tuple[int, str]:
    """Copy to a new file; (bytes, SHA-256)."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        while block := source.read(_BLOCK):
            if size == 0 and (nested := _nested(block)):
                raise Unsafe(f"{what} 又是压缩包（{nested}）")
            budget.spend(len(block), what)
            digest.update(block)
            size += len(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest()


def _nested(head: bytes) -> str | None:
    """Whether bytes begin like an archive; a workbook is a zip that begins with the parts of an office document."""
    if head.startswith(b"PK\x03\x04"):
        length = int.from_bytes(head[26:28], "little")
        first = head[30 : 30 + length]
        if first.startswith((b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"mimetype")):
            return None
        return "zip"
    if _is_tar(head):
        return "tar"
    return next((m[:4].decode("latin-1").strip() for m in _NESTED if head.startswith(m)), None)


def _zip(path: Path, target: Path) -> Iterator[Member]:
    size = path.stat().st_size
    if size > schema.MAX_FILE:
        raise Unsafe(f"压缩包 {size} 字节，超过上限")
    with zipfile.ZipFile(path) as z:
        entries = z.infolist()
        if len(entries) > schema.MAX_ENTRIES:
            raise Unsafe(f"有 {len(entries)} 个成员，超过 {schema.MAX_ENTRIES} 个的上限")
        budget, taken = _Budget(size), set[str]()
        chosen: list[tuple[zipfile.ZipInfo, str]] = []
        for entry in entries:
            # Without the UTF-8 flag the library reads bytes as code page 437, which loses none.
            name = entry.orig_filename if entry.flag_bits & 0x800 else _text(entry.orig_filename.encode("cp437"))
            mode = entry.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise Unsafe(f"成员是链接或设备：{name[:100]}")
            if entry.flag_bits & 0x41:
                raise Unsafe(f"成员已加密：{name[:100]}")
            clean = _safe(name.rstrip("/\\") if entry.is_dir() or name.endswith("\\") else name, set() if entry.is_dir() else taken)
            if entry.is_dir() or name.endswith(("/", "\\")) or clean is None:
                continue
            if entry.file_size > _HARMLESS and entry.file_size > schema.MAX_RATIO * max(entry.compress_size, 1):
                raise Unsafe(f"{name} 展开 {entry.file_size // max(entry.compress_size, 1)} 倍")
            chosen.append((entry, clean))
        budget.judge(sum(e.file_size for e, _ in chosen), "全部成员")
        for entry, clean in chosen:
            try:
                with z.open(entry) as source:
                    done = _write(source, target / clean, budget, clean)
            except RuntimeError as fault:
                raise Unsafe(f"{clean}：{fault}") from fault
            yield Member(clean, *done)


class _Metered:
    """A stream of unpacked bytes that stops when an archive gives more than it may."""

    def __init__(self, source: IO[bytes], budget: _Budget, what: str) -> None:
        self.source, self.budget, self.what = source, budget, what

    def read(self, n: int = -1) -> bytes:
        block = self.source.read(n)
        self.budget.spend(len(block), self.what)
        return block


def _tar(path: Path, target: Path) -> Iterator[Member]:
    packed = path.stat().st_size
    with path.open("rb") as f:
        zipped = f.read(2) == b"\x1f\x8b"
    # Bytes are metered as they leave the gzip stream; written members are part of them.
    budget, taken, n = _Budget(packed), set[str](), 0
    with gzip.open(path) if zipped else path.open("rb") as raw:
        metered = _Metered(cast(IO[bytes], raw), budget, "全部成员")
        free = _Budget(schema.MAX_UNZIPPED)
        with tarfile.open(fileobj=cast(IO[bytes], metered), mode="r|", encoding="utf-8", errors="surrogateescape") as t:
            for entry in t:
                n += 1
                if n > schema.MAX_ENTRIES:
                    raise Unsafe(f"成员超过 {schema.MAX_ENTRIES} 个的上限")
                name = _text(entry.name.encode("utf-8", "surrogateescape"))
                clean = _safe(name, set() if entry.isdir() else taken)
                if entry.isdir() or clean is None:
                    continue
                if not entry.isreg() or entry.issparse():
                    raise Unsafe(f"成员是链接或设备：{name[:100]}")
                source = t.extractfile(entry)
                assert source is not None
                size, digest = _write(source, target / clean, free, clean)
                if size != entry.size:
                    raise EOFError(f"{clean} 不完整")
                yield Member(clean, size, digest)
        # What follows the last member is still to be whole.
        while metered.read(_BLOCK):
            pass


def _gzip(path: Path, target: Path) -> Iterator[Member]:
    name = inner_name(path.name)
    with gzip.open(path) as source:
        yield Member("", *_write(cast(IO[bytes], source), target / name, _Budget(path.stat().st_size), name))
