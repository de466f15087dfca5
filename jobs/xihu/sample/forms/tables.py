"""dBase tables as FoxPro wrote them: GBK without a code page, names of ten bytes, deleted rows still in the file."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from datetime import date

from xihu.sample.forms.texts import encode

Column = tuple[str, str, int, int]  # name, type C/N/D/L, width, decimals


def dbf(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    written: date,
    deleted: Collection[int] = (),
    encoding: str = "gbk",
    page: int = 0,
) -> bytes:
    """A table; `deleted` holds 0-based rows marked as deleted, `page` the code-page byte. Dates are given as YYYYMMDD."""
    size = 1 + sum(c[2] for c in columns)
    head = struct.pack("<B3BIHH17xBxx", 3, written.year % 100, written.month, written.day, len(rows), 33 + 32 * len(columns), size, page)
    for name, kind, width, decimals in columns:
        head += name.encode(encoding)[:10].ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, decimals]) + bytes(14)
    body = bytearray()
    for i, row in enumerate(rows):
        body += b"*" if i in deleted else b" "
        for (_, kind, width, _), value in zip(columns, row, strict=True):
            data = encode(value, encoding)
            while len(data) > width:
                value = value[:-1]
                data = encode(value, encoding)
            body += data.rjust(width) if kind == "N" else data.ljust(width)
    return head + b"\r" + bytes(body) + b"\x1a"
