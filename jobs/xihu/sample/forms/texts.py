"""Delimited text and fixed-width batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

Row = Sequence[str]


def encode(text: str, encoding: str) -> bytes:
    """Characters the sender's code page lacks become 〓, as old systems print them."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return b"".join(c.encode(encoding, "ignore") or "〓".encode(encoding) for c in text)


def csv(
    header: Row, rows: Iterable[Row], encoding: str = "gb18030", delimiter: str = ",", guarded: Iterable[int] = (), end: str = "\r\n"
) -> bytes:
    """Comma-separated text with a header; values of the columns `guarded` stand behind a tab, so that a spreadsheet keeps their digits."""
    keep = set(guarded)

    def cell(i: int, value: str) -> str:
        if i in keep and value[:1] not in ("", "\t", "'", "="):
            value = "\t" + value
        if any(c in value for c in (delimiter, '"', "\r", "\n")):
            value = '"' + value.replace('"', '""') + '"'
        return value

    text = "".join(delimiter.join(cell(i, v) for i, v in enumerate(row)) + end for row in (header, *rows))
    if encoding == "utf-8-sig":
        return b"\xef\xbb\xbf" + text.encode()
    return encode(text, encoding)


def dump(rows: Iterable[Row], delimiter: str, encoding: str = "gb18030", null: str = "\\N", end: str = "\n") -> bytes:
    """A headerless dump of a database; empty cells are written as `null`, line ends inside values stand raw."""
    return encode("".join(delimiter.join(v or null for v in row) + end for row in rows), encoding)


def control(name: str, content: bytes, rows: int) -> bytes:
    """The control file of a dump: name, rows, MD5."""
    return f"FILE={name}\nROWS={rows}\nMD5={hashlib.md5(content).hexdigest()}\n".encode()


def pad(text: str, width: int, encoding: str, fill: bytes = b" ") -> bytes:
    """Text in `width` bytes of the encoding; no character is cut in two."""
    data = encode(text, encoding)
    while len(data) > width:
        text = text[:-1]
        data = encode(text, encoding)
    return data + fill * (width - len(data))


def cents(amount: str, width: int) -> bytes:
    """元 as zero-padded 分 with the sign behind the digits, as bank batches have it."""
    sign = b"-" if amount.startswith("-") else b"+"
    whole, _, part = amount.lstrip("-").replace(",", "").partition(".")
    return b"%0*d" % (width - 1, int(whole) * 100 + int((part + "00")[:2])) + sign
