"""Attachments (archetype F12): scanned or written decisions. Only what the file says of itself is taken: name, size, kind, digest.

One record a file. Fields named `file_name`, `size`, `media_type`, `sha256` hold those; all others are named groups of the contract's
pattern of file names (`delivery.attachment.name`). The bytes stay in landing.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from xihu.bronze.schema import Inspection, Refusal, Rows
from xihu.contract.models import Contract

# Kind → (media type by RFC 6838, endings of the name).
KINDS = {
    "pdf": ("application/pdf", (".pdf",)),
    "doc": ("application/msword", (".doc", ".wps")),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    "ofd": ("application/ofd", (".ofd",)),
    "jpeg": ("image/jpeg", (".jpg", ".jpeg")),
    "png": ("image/png", (".png",)),
    "tiff": ("image/tiff", (".tif", ".tiff")),
}
_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
_BLOCK = 1 << 20


def kind_of(path: Path) -> str | None:
    """What the bytes are; None if none of KINDS."""
    with path.open("rb") as f:
        head = f.read(1024)
    # Scanners put a line or two before the mark; PDF 1.7 (ISO 32000-1, annex H) allows 1,024 bytes.
    if b"%PDF-" in head:
        return "pdf"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(path) as z:
                names = {n.casefold() for n in z.namelist()}
        except (zipfile.BadZipFile, OSError, NotImplementedError):
            return None
        return "docx" if any(n.startswith("word/") for n in names) else "ofd" if "ofd.xml" in names else None
    return None


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Whether the file is a whole document of an agreed kind under a name that the contract's pattern can read."""
    options = contract.delivery.attachment
    assert options is not None
    size = path.stat().st_size
    if size == 0 or (size < _BLOCK and not path.read_bytes().strip(b"\x00 \t\r\n")):
        return Refusal("empty_file", "文件是空的", "请重新扫描或导出后重报")
    kind = kind_of(path)
    by_name = next((k for k, (_, ends) in KINDS.items() if path.name.casefold().endswith(ends)), None)
    if kind is None or (by_name is not None and by_name != kind):
        return Refusal("wrong_format", f"内容不是{path.suffix or '约定的'}文档，或已损坏", "请核对附件后重报")
    if kind not in options.kinds:
        return Refusal("wrong_format", f"是 {kind} 文件，约定为 {'、'.join(options.kinds)}", "请按约定的格式重报")
    if kind == "pdf" and b"%%EOF" not in _tail(path):
        return Refusal("wrong_format", "PDF 没有结束标志，文件不完整", "请重新传送")
    if kind == "jpeg" and b"\xff\xd9" not in _tail(path):
        return Refusal("wrong_format", "JPEG 没有结束标志，文件不完整", "请重新传送")
    if _groups(path.name, contract) is None:
        return Refusal("wrong_format", f"文件名“{path.name}”不合约定的样式：{options.name}", "请按约定的文件名重报")
    return Inspection("", [], list(range(len(contract.fields))), extra={"kind": kind, "records": 1, "splits": [None]})


def _tail(path: Path) -> bytes:
    with path.open("rb") as f:
        f.seek(max(0, path.stat().st_size - 2048))
        return f.read()


def _groups(name: str, contract: Contract) -> dict[str, str | None] | None:
    options = contract.delivery.attachment
    assert options is not None
    found = re.fullmatch(options.name, name)
    return found.groupdict() if found else None


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The one record of the file; `_raw` is its name, size and SHA-256 with tabs between."""
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while block := f.read(_BLOCK):
            digest.update(block)
    size = path.stat().st_size
    told: dict[str, str | None] = {
        **(_groups(path.name, contract) or {}),
        "file_name": path.name,
        "size": str(size),
        "media_type": KINDS[inspection.extra["kind"]][0],
        "sha256": digest.hexdigest(),
    }
    rows = Rows(file or path.name)
    raw = f"{path.name}\t{size}\t{digest.hexdigest()}".encode()
    rows.add(1, 1, "文件", 0, raw, [told.get(name) for name in contract.fields])
    yield rows.take()
