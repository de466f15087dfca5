"""Counts the records of JSON dumps by tokens alone: a regular expression over the mapped bytes, no JSON library.

Where a longer character can hold a bracket or a backslash (GB18030, Big5) the file is turned into UTF-8 first and every record back.
"""

from __future__ import annotations

import codecs
import mmap
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Any

from xihu.contract.models import Contract

_TOKEN = re.compile(rb'[{}\[\],:]|"(?:[^"\\]++|\\.)*+"|[^\s\x1e\x1a\0{}\[\],:"]++|"', re.S)
_PART = re.compile(rb'[^"\\]{1,65536}|(?:\\u[0-9a-fA-F]{4})+|\\[^u]', re.S)
_PLAIN = {b"n": "\n", b"t": "\t", b"r": "\r", b"b": "\b", b"f": "\f", b'"': '"', b"/": "/", b"\\": "\\"}
_WIDE = ("gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950", "shift_jis", "cp932")
_NAMES = {"cp936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030"}
_EDGE = b" \t\r\x1e\0\x1a"
Piece = Generator[bytes | None, None, int]


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """The bytes of every record, and None for every envelope.

    Raises:
        ValueError: brackets or quotes that do not close.
    """
    if path.stat().st_size == 0:
        return
    api = contract.delivery.api
    steps = [p for p in re.split(r"[.\[\]]+", api.records.removeprefix("$.")) if p] if api and api.records else None
    codec = codecs.lookup(contract.delivery.encoding or "utf-8").name
    codec = _NAMES.get(codec, codec)
    back: Callable[[bytes], bytes] = bytes
    with path.open("rb") as f:
        stream: IO[bytes] = f
        if codec in _WIDE and not _is_utf8(f):
            stream = _utf8(f, codec)
            back = lambda raw: raw.decode("utf-8", "surrogatepass").encode(codec, "surrogateescape")  # noqa: E731
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pos = 3 if data[:3] == codecs.BOM_UTF8 else 4 if codec == "gb18030" and data[:4] == b"\x84\x31\x95\x33" else 0
            if steps is None and _lined(data[pos : 1 << 16]):
                yield from (back(line) for line in _lines(data, pos))
            else:
                yield from (None if raw is None else raw if own else back(raw) for raw, own in _top(data, pos, steps))


def _is_utf8(f: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    f.seek(0)
    try:
        while block := f.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _utf8(f: IO[bytes], codec: str) -> IO[bytes]:
    """A copy in UTF-8; bytes that are not of the codec as lone surrogates."""
    f.seek(0)
    marked = codec == "gb18030" and f.read(4) == b"\x84\x31\x95\x33"
    f.seek(4 if marked else 0)
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    while block := f.read(1 << 20):
        out.write(decoder.decode(block).encode("utf-8", "surrogatepass"))
    out.write(decoder.decode(b"", True).encode("utf-8", "surrogatepass"))
    out.flush()
    return out


def _lined(head: bytes) -> bool:
    found = [line for line in (p.strip().rstrip(b",") for p in head.split(b"\n")[:-1]) if line][:100]
    whole = [line for line in found if line[:1] == b"{" and line[-1:] == b"}"]
    return len(found) > 1 and found[0][:1] == b"{" and len(whole) * 2 > len(found)


def _lines(data: Any, pos: int) -> Iterator[bytes]:
    size = len(data)
    while pos < size:
        end = data.find(b"\n", pos)
        end = size if end < 0 else end
        if line := data[pos:end].strip(_EDGE):
            yield line
        pos = end + 1


def _token(data: Any, pos: int) -> tuple[bytes, int, int]:
    """The next token's first byte (and all of a bracket), start and end; (b"", …) at the end."""
    hit = _TOKEN.search(data, pos)
    if hit is None:
        return b"", len(data), len(data)
    first = data[hit.start() : hit.start() + 1]
    if first == b'"' and hit.end() == hit.start() + 1:
        raise ValueError(f"a string never closes at byte {hit.start()}")
    return first, hit.start(), hit.end()


def _end(data: Any, pos: int) -> tuple[int, int]:
    """Start and end of the value at a position."""
    first, start, end = _token(data, pos)
    if first == b"" or first in b"}],:":
        raise ValueError(f"a value is missing at byte {start}")
    depth = 1 if first in b"{[" else 0
    while depth:
        first, _, end = _token(data, end)
        if first == b"":
            raise ValueError(f"a bracket never closes after byte {start}")
        depth += (first in b"{[") - (first in b"}]")
    return start, end


def _top(data: Any, pos: int, steps: list[str] | None) -> Iterator[tuple[bytes | None, bool]]:
    """(record or None, whether it stood in an encoded string) of all values at the top."""
    while True:
        first, start, end = _token(data, pos)
        if first == b"":
            return
        if first == b",":
            pos = end
        elif first == b"[":
            pos = yield from _each(data, end, lambda at: _page(data, at, steps))
        else:
            pos = yield from _page(data, start, steps)


def _each(data: Any, pos: int, one: Callable[[int], Any]) -> Any:
    """Every element of the list whose bracket was passed; returns the position behind it."""
    first, _, end = _token(data, pos)
    if first == b"]":
        return end
    while True:
        pos = yield from one(pos)
        first, _, pos = _token(data, pos)
        if first == b"]":
            return pos
        if first != b",":
            raise ValueError(f"a list goes wrong at byte {pos}")


def _page(data: Any, pos: int, steps: list[str] | None) -> Any:
    if steps is None:
        start, end = _end(data, pos)
        yield data[start:end], False
        return end
    yield None, False
    return (yield from _down(data, pos, steps, False))


def _down(data: Any, pos: int, steps: list[str], own: bool) -> Any:
    """Follow the path into a value; returns the position behind it."""
    first, start, end = _token(data, pos)
    if first == b'"':
        with _unescaped(data, start + 1, end - 1) as inner:
            if inner.tell():
                with mmap.mmap(inner.fileno(), 0, access=mmap.ACCESS_READ) as text:
                    if _token(text, 0)[0] in (b"{", b"[", b'"'):
                        yield from _down(text, 0, steps, True)
        return end
    if first == b"[":
        return (yield from _each(data, end, (lambda at: _down(data, at, steps, own)) if steps else lambda at: _record(data, at, own)))
    if first == b"{" and steps:
        pos = end
        while True:
            first, start, pos = _token(data, pos)
            if first == b"}":
                return pos
            if first == b",":
                continue
            key = _name(data[start + 1 : pos - 1])
            colon, _, pos = _token(data, pos)
            if first != b'"' or colon != b":":
                raise ValueError(f"an object goes wrong at byte {start}")
            if key == steps[0]:
                pos = yield from _down(data, pos, steps[1:], own)
            else:
                pos = _end(data, pos)[1]
    if first == b"{":
        return (yield from _record(data, pos, own))
    return _end(data, pos)[1]


def _record(data: Any, pos: int, own: bool) -> Any:
    start, end = _end(data, pos)
    yield data[start:end], own
    return end


def _name(raw: bytes) -> str:
    return b"".join(_plain(m[0]) for m in _PART.finditer(raw)).decode("utf-8", "replace")


def _plain(part: bytes) -> bytes:
    """A piece of a string literal as UTF-8; escapes that make one character stand together in one piece."""
    if part[:1] != b"\\":
        return part
    if part[1:2] != b"u":
        return _PLAIN.get(part[1:], part[1:].decode("utf-8", "replace")).encode()
    units = bytes.fromhex(part.replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def _unescaped(data: Any, start: int, end: int) -> IO[bytes]:
    out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    for part in _PART.finditer(data, start, end):
        out.write(_plain(part[0]))
    out.flush()
    return out
