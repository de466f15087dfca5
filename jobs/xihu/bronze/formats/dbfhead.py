"""The head of a dBase table: fields, their places in the record, and which field of the contract a cut name means.

Layout after the dBase III/IV and Visual FoxPro file formats: 32 bytes of head, 32 bytes a field up to 0x0D, records of fixed length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.header import fold, names_of
from xihu.bronze.schema import MAX_COLUMNS, Refusal
from xihu.contract.models import Contract

# dBase III/IV/V and FoxPro, with and without memo; dBase 7 (0x04 with 48-byte fields) is another format.
_VERSIONS = {0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x7B, 0x83, 0x8B, 0x8E, 0xCB, 0xE5, 0xF5, 0xFB}
FOXPRO = {0x30, 0x31, 0x32}
# Language driver ids that name a code page other than that of the field's text; 0 says nothing, the western ones are defaults.
CODE_PAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5", 0x13: "cp932", 0x7B: "cp932"}
_TYPES = "CNFDLMIBYTVQGPOW@+0"
NAME_BYTES = 10


@dataclass(frozen=True)
class Column:
    """One field: name as bytes, type letter, first byte in the record (the flag is byte 0), width in bytes, decimals."""

    name: bytes
    kind: str
    start: int
    width: int
    decimals: int


@dataclass(frozen=True)
class Head:
    """A table's head. `stated` is the number of records it claims; `length` that of a record, `start` the offset of the first."""

    version: int
    stated: int
    start: int
    length: int
    language: int
    columns: tuple[Column, ...]

    @property
    def foxpro(self) -> bool:
        return self.version in FOXPRO


def read_head(path: Path) -> Head | Refusal:
    """The head of a file that should be a dBase table."""
    size = path.stat().st_size
    with path.open("rb") as f:
        first = f.read(32)
        if len(first) < 32:
            return _not("不足 32 字节")
        version, stated, start, length = first[0], *struct.unpack_from("<IHH", first, 4)
        if version & 7 == 4 and version not in _VERSIONS:
            return _not("是 dBase 7 格式")
        if version not in _VERSIONS or length < 2 or start < 65:
            return _not("文件头不是 dBase/FoxPro 的")
        if size < start:
            return Refusal("wrong_format", f"文件头应有 {start} 字节，文件只有 {size} 字节", "文件被截断，请重报")
        body = f.read(start - 32)
    columns: list[Column] = []
    at, pos = 1, 0
    while pos + 32 <= len(body) and body[pos] not in (0x0D, 0x00):
        raw = body[pos : pos + 32]
        kind, width, decimals = chr(raw[11]).upper(), raw[16], raw[17]
        if kind not in _TYPES:
            return _not(f"第 {len(columns) + 1} 个字段的类型是 {raw[11]:#04x}")
        if kind == "C":
            # Wider than 255 bytes: FoxPro and Clipper use the decimals as the high byte.
            width, decimals = width + 256 * decimals, 0
        name = raw[:11].split(b"\0")[0][:NAME_BYTES].strip()
        columns.append(Column(name, kind, at, width, decimals))
        at, pos = at + width, pos + 32
    if not columns or at > length or len(columns) > MAX_COLUMNS:
        return _not(f"{len(columns)} 个字段共 {at} 字节，记录长度却是 {length}")
    return Head(version, stated, start, length, first[29], tuple(columns))


def _not(why: str) -> Refusal:
    return Refusal("wrong_format", f"文件不是可读的 DBF 表：{why}", "请按约定的格式重报")


def titles(head: Head, contract: Contract, codec: str) -> list[str]:
    """The columns' titles; a name cut at ten bytes, even in the middle of a character, is the contract's title that begins so."""
    known = names_of(contract) | {fold(n): n for n in contract.fields}
    taken: set[str] = set()
    found: list[str | None] = []
    for column in head.columns:
        text = column.name.decode(codec, "ignore").strip()
        whole = known.get(fold(text)) if enc.decodes(column.name, codec) else None
        if whole is not None and whole not in taken:
            taken.add(whole)
            found.append(text)
        else:
            found.append(None)
    for i, column in enumerate(head.columns):
        if found[i] is not None:
            continue
        for name, spec in contract.fields.items():
            title = next((t for t in (spec.title, *spec.titles, name) if _cut(t, column.name, codec)), None)
            if title is not None and name not in taken:
                taken.add(name)
                found[i] = title
                break
        else:
            found[i] = column.name.decode(codec, "ignore").strip() or column.name.hex()
    return [t or "" for t in found]


def _cut(title: str, name: bytes, codec: str) -> bool:
    """Whether `name` is what ten bytes hold of a longer title."""
    try:
        raw = title.encode(codec)
    except UnicodeEncodeError:
        return False
    if len(raw) <= NAME_BYTES or not name:
        return False
    cut = raw[:NAME_BYTES].rstrip()
    kept = cut.decode(codec, "ignore").encode(codec)
    return name in (cut, kept) or name.upper() in (cut.upper(), kept.upper())
