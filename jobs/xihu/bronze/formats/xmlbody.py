"""The document inside a message's body: BASE64, perhaps gzip below it, or escaped text; unpacked to a file with limits."""

from __future__ import annotations

import binascii
import re
import tempfile
import zlib
from typing import IO

from xihu.bronze.formats.xmlstream import Broken
from xihu.bronze.schema import MAX_RATIO, MAX_UNZIPPED

_SPACE = re.compile(r"\s+")
_FOREIGN = re.compile(r"[^A-Za-z0-9+/=]")


class Unsafe(Exception):
    """A body that unpacks to more than any message needs."""


class BodySink:
    """Takes the text of one body after another; `document()` ends one and hands out what was in it."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.file: IO[bytes] | None = None
        self.plain: bool | None = None
        self.left, self.packed, self.size = "", 0, 0
        self.zip: zlib._Decompress | None = None
        self.first = b""
        self.closed = False

    def add(self, text: str) -> None:
        """The next piece of a body's text.

        Raises:
            Broken: not BASE64.
            Unsafe: beyond the limits of unpacking.
        """
        if self.plain is None:
            text = (self.left + text).lstrip()
            self.left = ""
            if not text:
                return
            self.plain = text.startswith("<")
            self.file = tempfile.SpooledTemporaryFile(1 << 20)  # noqa: SIM115
        if self.plain:
            self._write(text.encode("utf-8", "replace"))
            return
        text = self.left + _SPACE.sub("", text).replace("-", "+").replace("_", "/")
        if wrong := _FOREIGN.search(text):
            raise Broken(f"报文体不是 BASE64（含有“{wrong[0]}”）")
        cut = len(text) - len(text) % 4
        self.left = text[cut:]
        if cut:
            self._decode(text[:cut])

    def _decode(self, text: str) -> None:
        if self.closed:
            raise Broken("报文体的 BASE64 在结束符之后还有内容")
        self.closed = text.endswith("=")
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as fault:
            raise Broken(f"报文体不是 BASE64（{fault}）") from fault
        if self.zip is None and not self.size:
            data, self.first = self.first + data, b""
            if len(data) < 2:
                self.first = data
                return
            if data[:2] == b"\x1f\x8b":
                self.zip = zlib.decompressobj(31)
        if self.zip is None:
            self._write(data)
            return
        self.packed += len(data)
        try:
            while data:
                self._write(self.zip.decompress(data, 1 << 20))
                data = self.zip.unconsumed_tail
                if self.zip.eof and self.zip.unused_data:
                    raise Broken("报文体的 gzip 之后还有内容")
        except zlib.error as fault:
            raise Broken(f"报文体的 gzip 损坏（{fault}）") from fault

    def _write(self, data: bytes) -> None:
        assert self.file is not None
        self.size += len(data)
        if self.size > MAX_UNZIPPED or (self.zip and self.size > 1 << 20 and self.size > MAX_RATIO * max(self.packed, 1)):
            raise Unsafe(f"报文体展开后超过上限（{self.size} 字节）")
        self.file.write(data)

    def document(self) -> tuple[IO[bytes], int, bool] | None:
        """The body that just ended: file, size, and whether it stood there as text (then it is UTF-8); None for an empty one.

        Raises:
            Broken: the BASE64 or gzip ends early.
        """
        if self.left and not self.plain:
            self.add("=" * (-len(self.left) % 4))
        if self.first and self.file:
            self._write(self.first)
        if self.zip and not self.zip.eof:
            raise Broken("报文体的 gzip 不完整")
        file, size, plain = self.file, self.size, bool(self.plain)
        self._start()
        return (file, size, plain) if file and size else None
