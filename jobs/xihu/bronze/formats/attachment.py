"""Attachments (archetype F12): scanned or written decisions. Only what the file says of itself is taken: name, size, kind, digest.

One record a file. Fields named `file_name`, `size`, `media_type`, `sha256` hold those; all others are named groups of the contract's
pattern of file names (`delivery.attachment.name`). The bytes stay in landing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from xihu.bronze.schema import Inspection, Refusal, Rows
from xihu.contract.models import Contract
from xihu.standards.documents import KINDS, kind_by_name, kind_of

_BLOCK = 1 << 20


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Whether the file is a whole document of an agreed kind under a name that the contract's pattern can read."""
    options = contract.delivery.attachment
    assert options is not None
    size = path.stat().st_size
    if size == 0 or (size < _BLOCK and not path.read_bytes().strip(b"\x00 \t\r\n")):
        return Refusal("empty_file", "文件是空的", "请重新扫描或导出后重报")
    kind = kind_of(path)
    if kind is None or kind_by_name(path.name) not in (None, kind):
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
