"""Guesses about dBase tables and HJ 212 telegrams in hand."""

from __future__ import annotations

import re
import struct
from pathlib import Path

from xihu.contract.guess import SAMPLE_ROWS, Table, Unreadable, guess_encoding

_TABLES = {0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0xCB, 0xF5}
_TELEGRAM = re.compile(rb"##\d{4}([^\r\n#]*?)CP=&&([^\r\n#]*?)&&[0-9A-Fa-f]{4}")
_WORDS = ("QN", "MN", "CN", "ST", "DataTime", "factor")
_ITEMS = ("Rtd", "Avg", "Min", "Max", "Cou", "Flag")


def look(path: Path, head: bytes) -> Table | None:
    """A table of a dBase file or of telegrams; None if the file is neither.

    Raises:
        Unreadable: it is one, but holds nothing that could be drafted from.
    """
    if head[:1] and head[0] in _TABLES and len(head) > 65 and b"\r" in head[32 : 32 + 33 * 256] and path.suffix.lower() == ".dbf":
        return _dbase(path, head)
    if re.match(rb"\s*##\d{4}[A-Z]+=", head):
        return _telegrams(path, head)
    return None


def _dbase(path: Path, head: bytes) -> Table:
    n, begin, length = struct.unpack_from("<IHH", head, 4)
    columns: list[tuple[bytes, str, int, int]] = []
    at, pos = 1, 32
    while pos + 32 <= min(begin, len(head)) and head[pos] != 0x0D:
        kind, width = chr(head[pos + 11]), head[pos + 16] + (256 * head[pos + 17] if head[pos + 11] == 0x43 else 0)
        columns.append((head[pos : pos + 10].split(b"\0")[0].strip(), kind, at, width))
        at, pos = at + width, pos + 32
    if not columns or at > length:
        raise Unreadable(f"DBF 文件头损坏 / a dBase head that is damaged: {path}")
    texts = [head[begin + i * length + a :][:w].strip(b" \0") for i in range(min(n, 200)) for _, kind, a, w in columns if kind == "C"]
    encoding = guess_encoding(b"\n".join(_whole(t) for t in [*(c[0] for c in columns), *texts]))
    rows: list[list[str | None]] = []
    for i in range(min(n, SAMPLE_ROWS, (len(head) - begin) // max(length, 1))):
        raw = head[begin + i * length :][:length]
        if raw[:1] == b" ":
            rows.append([_text(raw[a : a + w], kind, encoding) for _, kind, a, w in columns])
    # A name of ten bytes may be cut: the whole title is the department's to say.
    titles = [c[0].decode(encoding, "ignore").strip() or f"第{i + 1}列" for i, c in enumerate(columns)]
    return Table("dbf", titles, rows, encoding=encoding)


def _whole(raw: bytes) -> bytes:
    """A name or cell without the half of a character that a limit in bytes cut off."""
    for end in (len(raw), len(raw) - 1, len(raw) - 2):
        for encoding in ("utf-8", "gb18030"):
            try:
                raw[: max(end, 0)].decode(encoding)
            except UnicodeDecodeError:
                continue
            return raw[: max(end, 0)]
    return raw


def _text(raw: bytes, kind: str, encoding: str) -> str | None:
    if kind not in "CNFDL":
        return None
    return raw.decode(encoding, "replace").strip(" \0") or None


def _telegrams(path: Path, head: bytes) -> Table:
    rows: list[list[str | None]] = []
    for found in _TELEGRAM.finditer(head):
        header = dict(w.partition("=")[::2] for w in found[1].decode("gb18030", "replace").split(";"))
        body = found[2].decode("gb18030", "replace")
        header |= dict(w.partition("=")[::2] for w in re.split(r"[;,]", body) if "-" not in w.partition("=")[0])
        at = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", header.get("DataTime", "").strip())
        if at:
            header["DataTime"] = "{}-{}-{} {}:{}:{}".format(*at.groups())
        factors: dict[str, dict[str, str]] = {}
        for code, item, value in re.findall(r"([^;,=\-]+)-([^;,=]+)=([^;,]*)", body):
            factors.setdefault(code, {})[item] = value
        for code, items in factors.items():
            rows.append([*(header.get(w) for w in _WORDS[:-1]), code, *(items.get(i) for i in _ITEMS)])
        if len(rows) >= SAMPLE_ROWS:
            break
    if not rows:
        raise Unreadable(f"没有完整的监测报文 / no whole telegram: {path}")
    used = [i for i in range(len(rows[0])) if any(row[i] for row in rows)]
    titles = [[*_WORDS, *_ITEMS][i] for i in used]
    return Table("hj212", titles, [[row[i] for i in used] for row in rows], encoding=guess_encoding(head))
