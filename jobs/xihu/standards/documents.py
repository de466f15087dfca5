"""Kinds of written and scanned documents, by the bytes they begin with and by the endings of their names."""

from __future__ import annotations

import zipfile
from pathlib import Path

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


def kind_by_name(name: str) -> str | None:
    """The kind that a file's name tells; None if it tells none of KINDS."""
    return next((kind for kind, (_, ends) in KINDS.items() if name.casefold().endswith(ends)), None)


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
