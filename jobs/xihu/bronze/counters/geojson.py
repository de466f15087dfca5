"""Features of a GeoJSON file, counted by brackets: strings are skipped, brackets balanced; nothing is decoded as JSON."""

from __future__ import annotations

import mmap
import re
from collections.abc import Generator, Iterator
from pathlib import Path

from xihu.contract.models import Contract

_GB = {"gb18030", "gbk", "gb2312", "cp936"}
_SPACE = re.compile(rb"[ \t\r\n\0\x1a\x1e]*")
_SCALAR = re.compile(rb"[^\s,\[\]{}\x00\x1a\x1e]+")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.S)
# In GB 18030 the second byte of a character may be a backslash or a bracket.
_TOKEN_GB = re.compile(
    rb'"(?:[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]|\\.|[^"\\])*"|[{}\[\]]',
    re.S,
)
_FEATURE = re.compile(rb'"type"\s*:\s*"Feature"')
_HEAD = 1 << 16
_CLOSING = {b"{": b"}", b"[": b"]"}


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Raw bytes of every feature; None for each enclosing collection.

    Raises:
        ValueError: brackets do not balance.
    """
    if path.stat().st_size == 0:
        return
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _Scan(data, contract).run()


class _Scan:
    def __init__(self, data: mmap.mmap, contract: Contract) -> None:
        self.data = data
        wide = (contract.delivery.encoding or "utf-8").lower() in _GB and not _utf8(data)
        self.token = _TOKEN_GB if wide else _TOKEN

    def run(self) -> Iterator[bytes | None]:
        data = self.data
        pos = self.blank(3 if data[:3] == b"\xef\xbb\xbf" else 0)
        lines = [line for each in data[pos : pos + _HEAD].split(b"\n")[:-1] if (line := each.strip(b" \t\r\x1e\0\x1a"))][:50]
        if sum(map(self._whole, lines)) * 2 > len(lines):
            yield from self._lines(pos)
            return
        while pos < len(data):
            pos = yield from self._top(pos)
            pos = self.blank(pos)
            if data[pos : pos + 1] == b",":
                pos = self.blank(pos + 1)

    def blank(self, pos: int) -> int:
        found = _SPACE.match(self.data, pos)
        assert found is not None
        return found.end()

    def skip(self, pos: int) -> int:
        """Where the value that begins at `pos` ends."""
        data = self.data
        if data[pos : pos + 1] not in (b"{", b"[", b'"'):
            found = _SCALAR.match(data, pos)
            if found is None:
                raise ValueError(f"no value at byte {pos}")
            return found.end()
        open_: list[bytes] = []
        for token in self.token.finditer(data, pos):
            mark = token[0]
            if mark in _CLOSING:
                open_.append(_CLOSING[mark])
            elif len(mark) == 1 and (not open_ or open_.pop() != mark):
                raise ValueError(f"brackets do not match at byte {token.start()}")
            if not open_:
                return token.end()
        raise ValueError(f"the value at byte {pos} never ends")

    def _whole(self, line: bytes) -> bool:
        """Whether a line is one object and a feature."""
        if not line.startswith(b"{") or not _FEATURE.search(line):
            return False
        depth, last = 0, 0
        for token in self.token.finditer(line):
            depth += (token[0] in _CLOSING) - (token[0] in (b"}", b"]"))
            last = token.end()
            if depth == 0:
                break
        return depth == 0 and last == len(line)

    def _members(self, pos: int) -> Iterator[tuple[bytes, int]]:
        """(key, start of the value) of an object; the value is skipped by its end."""
        pos = self.blank(pos + 1)
        while self.data[pos : pos + 1] != b"}":
            end = self.skip(pos)
            key = self.data[pos + 1 : end - 1]
            pos = self.blank(end)
            if self.data[pos : pos + 1] != b":":
                raise ValueError(f"no colon at byte {pos}")
            pos = self.blank(pos + 1)
            yield key, pos
            pos = self.blank(self.skip(pos))
            if self.data[pos : pos + 1] == b",":
                pos = self.blank(pos + 1)

    def _top(self, pos: int) -> Generator[bytes | None, None, int]:
        data = self.data
        end = self.skip(pos)
        if data[pos : pos + 1] == b"[":
            at = self.blank(pos + 1)
            while data[at : at + 1] != b"]":
                yield from self._top(at)
                at = self.blank(self.skip(at))
                if data[at : at + 1] == b",":
                    at = self.blank(at + 1)
            return end
        listed = False
        if data[pos : pos + 1] == b"{":
            for key, start in self._members(pos):
                if key != b"features":
                    continue
                listed = True
                yield None
                yield from self._elements(start)
        if not listed:
            yield data[pos:end]
        return end

    def _elements(self, pos: int) -> Iterator[bytes]:
        data = self.data
        if data[pos : pos + 1] != b"[":
            if data[pos : pos + 1] == b"{":
                yield data[pos : self.skip(pos)]
            return
        pos = self.blank(pos + 1)
        while data[pos : pos + 1] != b"]":
            end = self.skip(pos)
            yield data[pos:end]
            pos = self.blank(end)
            if data[pos : pos + 1] == b",":
                pos = self.blank(pos + 1)

    def _lines(self, pos: int) -> Iterator[bytes]:
        data = self.data
        while pos < len(data):
            end = data.find(b"\n", pos)
            end = len(data) if end < 0 else end
            if line := data[pos:end].strip(b" \t\r\x1e\0\x1a"):
                yield line
            pos = end + 1


def _utf8(data: mmap.mmap) -> bool:
    """Whether all of it is UTF-8 with Chinese in it."""
    import codecs

    decoder, chinese = codecs.getincrementaldecoder("utf-8")(), False
    try:
        for at in range(0, len(data), 1 << 20):
            text = decoder.decode(data[at : at + (1 << 20)])
            chinese = chinese or any("\u4e00" <= c <= "\u9fff" for c in text)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return chinese
