"""XML messages, pages of a JSON interface, HJ 212 telegrams."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

Record = Mapping[str, str]


def elements(record: str, records: Iterable[Record], prefix: str = "") -> str:
    """`<record><field>value</field>…</record>` one a line; empty values are left out, a field '@name' becomes an attribute."""
    p = prefix + ":" if prefix else ""
    out = []
    for r in records:
        attributes = "".join(f' {k[1:]}="{escape(v, {chr(34): "&quot;"})}"' for k, v in r.items() if k.startswith("@"))
        inner = "".join(f"<{p}{k}>{escape(v)}</{p}{k}>" for k, v in r.items() if v and not k.startswith("@"))
        out.append(f"<{p}{record}{attributes}>{inner}</{p}{record}>")
    return "\n".join(out)


def xml(text: str, declared: str = "GB2312", actual: str = "gb18030") -> bytes:
    """A document with its declaration; many senders declare GB2312 and write GB18030."""
    return f'<?xml version="1.0" encoding="{declared}"?>\n{text}\n'.encode(actual)


def enveloped(document: bytes, root: str = "Message", body: str = "Body", head: str = "", encoding: str = "utf-8") -> bytes:
    """An exchange message that carries the document in BASE64."""
    inner = base64.encodebytes(document).decode()
    return f'<?xml version="1.0" encoding="{encoding}"?>\n<{root}>{head}<{body}>{inner}</{body}></{root}>\n'.encode(encoding)


def pages(records: Sequence[Mapping[str, Any]], size: int, overlap: int = 0, total: int | None = None, encoded: bool = True) -> bytes:
    """All pages of an interface in one file, a JSON document a line: `{"code":"00","message":"成功","data":"{…}"}`.

    `data` = {"total", "page", "pages", "list"}, itself a string when `encoded`. `overlap`: records of a page that the next one repeats
    (rows moved while the pages were fetched).
    """
    starts = list(range(0, max(len(records), 1), size))
    out = []
    for n, start in enumerate(starts):
        first = max(0, start - overlap)
        data = {
            "total": len(records) if total is None else total,
            "page": n + 1,
            "pages": len(starts),
            "list": list(records[first : start + size]),
        }
        text = json.dumps(data, ensure_ascii=False)
        out.append(json.dumps({"code": "00", "message": "成功", "data": text if encoded else data}, ensure_ascii=False))
    return ("\n".join(out) + "\n").encode()


def telegram(data: str) -> bytes:
    """One HJ 212-2017 packet: `##`, four digits of length, data, CRC16, CRLF."""
    body = data.encode("ascii")
    crc = 0xFFFF
    for b in body:
        crc = (crc >> 8) ^ b
        for _ in range(8):
            crc, odd = crc >> 1, crc & 1
            if odd:
                crc ^= 0xA001
    return b"##%04d" % len(body) + body + b"%04X" % crc + b"\r\n"
