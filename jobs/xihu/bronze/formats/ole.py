"""Streams of an OLE compound file (MS-CFB), read with limits: the shell around an old .xls."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_OLE = 256 << 20
_END = 0xFFFFFFFA  # sector numbers from here on are marks
_U32 = struct.Struct("<I")


class BadOle(Exception):
    """Not a compound file, or one whose sectors lead astray."""


class Ole:
    """A compound file held in memory; `streams` are the names of its streams.

    Raises (all methods):
        BadOle: broken.
    """

    def __init__(self, path: Path) -> None:
        if path.stat().st_size > MAX_OLE:
            raise BadOle(f"more than {MAX_OLE} bytes")
        self._data = path.read_bytes()
        head = self._data[:512]
        if len(head) < 512 or not head.startswith(MAGIC):
            raise BadOle("no compound file")
        shift, mini = struct.unpack_from("<HH", head, 30)
        if shift not in (9, 12) or mini != 6:
            raise BadOle("sector size")
        self._size = 1 << shift
        self._cutoff = _U32.unpack_from(head, 56)[0]
        self._fat = self._table(head)
        self._entries: dict[str, tuple[int, int]] = {}
        root = self._directory(_U32.unpack_from(head, 48)[0])
        small = self._chain(_U32.unpack_from(head, 60)[0])
        self._mini = array("I", small[: len(small) // 4 * 4])
        self._short = self._chain(root[0])[: root[1]] if root[1] else b""

    @property
    def streams(self) -> list[str]:
        return list(self._entries)

    def stream(self, name: str) -> bytes:
        """All bytes of a stream."""
        start, size = self._entries[name]
        if size >= self._cutoff:
            return self._chain(start)[:size]
        out: list[bytes] = []
        seen = 0
        while start < _END and seen * 64 < size:
            if start >= len(self._mini):
                raise BadOle("short sector out of range")
            out.append(self._short[start * 64 : start * 64 + 64])
            start, seen = self._mini[start], seen + 1
        return b"".join(out)[:size]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        if at >= len(self._data):
            raise BadOle(f"sector {number} is missing")
        return self._data[at : at + self._size]

    def _table(self, head: bytes) -> array[int]:
        places = [n for n in struct.unpack_from("<109I", head, 76) if n < _END]
        following, count = struct.unpack_from("<II", head, 68)
        for _ in range(min(count, len(self._data) // self._size + 1)):
            if following >= _END:
                break
            block = self._sector(following).ljust(self._size, b"\xff")
            numbers = struct.unpack(f"<{self._size // 4}I", block)
            places += [n for n in numbers[:-1] if n < _END]
            following = numbers[-1]
        fat = array("I")
        for n in places:
            fat.frombytes(self._sector(n).ljust(self._size, b"\xff"))
        return fat

    def _chain(self, start: int) -> bytes:
        out: list[bytes] = []
        limit = len(self._data) // self._size + 1
        while start < _END:
            if start >= len(self._fat) or len(out) > limit:
                raise BadOle("a chain of sectors leads astray")
            out.append(self._sector(start))
            start = self._fat[start]
        return b"".join(out)

    def _directory(self, start: int) -> tuple[int, int]:
        """Fills the entries; (start, size) of the root, where short streams lie."""
        data, root = self._chain(start), (0xFFFFFFFE, 0)
        for at in range(0, len(data) - 127, 128):
            length, kind = struct.unpack_from("<HB", data, at + 64)
            if kind not in (2, 5):
                continue
            name = data[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            first, size = struct.unpack_from("<II", data, at + 116)
            if kind == 5:
                root = (first, size)
            else:
                self._entries.setdefault(name, (first, size))
        return root
