"""Independent count of HJ 212 telegrams: regular expressions over the mapped file, the CRC bit by bit as the standard prints it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from xihu.contract.models import Contract

_NOTHING = b" \t\r\n\0\x1a"
_ITEM = re.compile(rb"[^;,]*")
_PART = re.compile(rb"(?s)\s*([^-=]*?[^-=\s][^-=]*?)\s*-\s*([^=]*?[^=\s][^=]*?)\s*=.*")
_COMMAND = re.compile(rb"(?:^|;)\s*CN\s*=\s*([^;]*?)\s*(?:;|$)")


@lru_cache(maxsize=256)
def _shifted(register: int) -> int:
    for _ in range(8):
        low = register & 1
        register >>= 1
        if low:
            register ^= 0xA001
    return register


def _crc(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register = _shifted((register >> 8) ^ byte)
    return register


def _whole(raw: bytes) -> bool:
    """Whether a telegram's length and CRC are right and nothing follows it."""
    n = int(raw[2:6])
    if len(raw) != 6 + n + 4:
        return False
    tail = raw[6 + n :]
    return re.fullmatch(rb"[0-9a-fA-F]+", tail) is not None and _crc(raw[6 : 6 + n]) == int(tail, 16)


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Raw bytes of every record; None for a whole telegram that carries no value where factors are the records."""
    explode = contract.delivery.telegram is not None and contract.delivery.telegram.explode == "factor"
    agreed = (contract.delivery.encoding or "gb18030").lower().replace("_", "-")
    codec = "gb18030" if agreed in ("gb18030", "gbk", "gb2312", "cp936") else agreed
    if path.stat().st_size == 0:
        return
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        pos, size = 0, len(data)
        finder = re.compile(rb"##[0-9]{4}")
        while pos < size:
            found = finder.search(data, pos + 1)
            end = found.start() if found else size
            if end - pos > 2 << 20:
                raise ValueError(f"more than two megabytes without a telegram at byte {pos}")
            raw = data[pos:end].strip(_NOTHING)
            pos = end
            if not raw:
                continue
            if finder.match(raw) is None:
                yield from _others(raw)
                continue
            rest = b""
            if not _whole(raw):
                # What stands on the telegram's own line, as far as its length says; the lines after it are none.
                first = re.match(rb"[^\r\n]*", raw).group().rstrip(_NOTHING)  # type: ignore[union-attr]
                told = first[: 10 + int(first[2:6])]
                whole = told if _whole(told) else first
                raw, rest = whole, raw[len(whole) :]
            if explode and _whole(raw) and _readable(raw[6:-4], codec):
                yield from _values(raw)
            else:
                yield raw
            yield from _others(rest)


def _others(data: bytes) -> Iterator[bytes | None]:
    """Lines that are no telegram; None for the time that a logger wrote."""
    for line in re.split(rb"[\r\n]+", data):
        line = line.strip(_NOTHING)
        if line:
            logged = re.match(rb"[\[(<]?[0-9]{4}[-/.]?[0-9]{2}[-/.]?[0-9]{2}[T _]?[0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?[^=&#]{0,60}\Z", line)
            yield None if logged else line


def _values(raw: bytes) -> Iterator[bytes | None]:
    """The factors of a whole telegram, or itself if it should carry some; None for answers, heartbeats and the like."""
    body = raw[6:-4]
    stretches = list(_factors(body))
    yield from stretches
    if not stretches:
        command = _COMMAND.search(body.split(b"CP=&&")[0])
        told = command[1] if command is not None else b""
        yield raw if told in (b"", b"2011", b"2051", b"2061", b"2031") else None


def _readable(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _factors(body: bytes) -> Iterator[bytes]:
    """Stretches of one factor: items with its code, one after another, none of them twice."""
    begin = body.find(b"CP=&&")
    if begin < 0:
        return
    begin += 5
    close = body.find(b"&&", begin)
    text = body[begin : close if close >= 0 else len(body)]
    first = last = -1
    code, seen = b"", set[bytes]()
    for hit in _ITEM.finditer(text):
        part = _PART.fullmatch(hit.group()) if b"=" in hit.group() else None
        if part is None:
            continue
        if first >= 0 and (part[1] != code or part[2] in seen):
            yield text[first:last]
            first = -1
        if first < 0:
            first, code, seen = hit.start(), part[1], set()
        seen.add(part[2])
        last = hit.end()
    if first >= 0:
        yield text[first:last]
