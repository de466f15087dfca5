"""JSON text as a bounded stream: a file decoded piece by piece, or an encoded string inside it, unescaped piece by piece.

Bytes that are not of the encoding are kept as lone surrogates (PEP 383), so every stretch of text leads back to its exact bytes. Values are
read by the standard library's scanner with numbers as the text they were: a float would destroy more than 15 digits.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import IO, Any

PIECE = 1 << 18
MAX_VALUE = 16 << 20
_BLANK = re.compile(r"[ \t\r\n\x1e\x1a\0]*")
_INSIDE = re.compile(r'(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*', re.S)
_HIGH = re.compile(r"(?:^|[^\\])(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}\Z")
_LOW = re.compile(r"\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class Broken(Exception):
    """Text that is no JSON, or ends early; the message names line and column."""


class Number(str):
    """A number as written."""

    __slots__ = ()


class Twice(dict[str, Any]):
    """An object in which a key stands more than once with different values; `keys_twice` are those keys."""

    keys_twice: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    # The first stands: what a later one says is the fault.
    first: dict[str, Any] = {}
    twice = [k for k, v in pairs if first.setdefault(k, v) != v]
    if not twice:
        return first
    marked = Twice(first)
    marked.keys_twice = tuple(dict.fromkeys(twice))
    return marked


DECODER = json.JSONDecoder(strict=False, parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_pairs)


class Source:
    """A stream of JSON text; `buffer[pos:]` is what comes next."""

    codec = "utf-8"
    errors = "surrogatepass"

    def __init__(self) -> None:
        self.buffer, self.pos = "", 0
        self.ended = False
        self._counted, self._offset, self._line, self._column = 0, 0, 1, 0

    def more(self) -> bool:
        """Read on; False at the end."""
        if self.ended:
            return False
        if self.pos > PIECE:
            self.count()
            self.buffer, self._counted, self.pos = self.buffer[self.pos :], 0, 0
        text = self._next()
        self.buffer += text
        self.ended = not text
        return not self.ended

    def _next(self) -> str:
        raise NotImplementedError

    def count(self) -> tuple[int, int, int]:
        """Byte offset, 1-based line and column of the position."""
        passed = self.buffer[self._counted : self.pos]
        self._counted = self.pos
        self._offset += len(passed.encode(self.codec, self.errors))
        if n := passed.count("\n"):
            self._line += n
            self._column = len(passed) - passed.rindex("\n") - 1
        else:
            self._column += len(passed)
        return self._offset, self._line, self._column + 1

    def where(self) -> str:
        _, line, column = self.count()
        return f"第 {line} 行第 {column} 列"

    def peek(self) -> str:
        """The next character that is no blank, or "" at the end."""
        while True:
            match = _BLANK.match(self.buffer, self.pos)
            assert match is not None
            self.pos = match.end()
            if self.pos < len(self.buffer):
                return self.buffer[self.pos]
            if not self.more():
                return ""

    def expect(self, chars: str) -> str:
        """Take one of these characters.

        Raises:
            Broken: something else, or the end.
        """
        found = self.peek()
        if not found or found not in chars:
            raise Broken(f"{self.where()}应为 {' 或 '.join(chars)}，{f'实为“{found}”' if found else '文件却已结束'}")
        self.pos += 1
        return found

    def value(self) -> tuple[Any, str]:
        """The next value and its text as it stands.

        Raises:
            Broken: no value, or one larger than MAX_VALUE.
        """
        self.peek()
        while True:
            start = self.pos
            try:
                found, end = DECODER.raw_decode(self.buffer, start)
            except json.JSONDecodeError as fault:
                early = fault.msg.startswith("Unterminated") or fault.pos >= len(self.buffer) - 16
                if early and len(self.buffer) - start < MAX_VALUE and self.more():
                    continue
                self.pos = max(start, min(fault.pos, len(self.buffer)))
                what = "内容不完整" if early else f"不合 JSON 语法（{fault.msg}）"
                raise Broken(f"{self.where()}{what}") from fault
            except RecursionError as fault:
                raise Broken(f"{self.where()}嵌套过深") from fault
            if end == len(self.buffer) and not self.ended and self.buffer[start] not in '{["':
                # A number may go on in the next piece.
                if not self.more():
                    continue
                continue
            self.pos = end
            return found, self.buffer[start:end] if start <= end else ""

    def raw(self, text: str) -> bytes:
        return text.encode(self.codec, self.errors)


class FileText(Source):
    """The text of a file from a byte offset on."""

    errors = "surrogateescape"

    def __init__(self, stream: IO[bytes], start: int, codec: str) -> None:
        super().__init__()
        self.codec = codec
        self.stream = stream
        self.stream.seek(start)
        self._offset = start
        self._decoder = codecs.getincrementaldecoder(codec)("surrogateescape")

    def _next(self) -> str:
        while True:
            data = self.stream.read(PIECE)
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text


class Quoted(Source):
    """The text inside a string of another source, which stands at the opening quote; afterwards it stands behind the closing one."""

    def __init__(self, outer: Source) -> None:
        super().__init__()
        self.outer = outer
        self._line = outer.count()[1]
        outer.expect('"')
        self._closed = False

    def _next(self) -> str:
        outer = self.outer
        while not self._closed:
            match = _INSIDE.match(outer.buffer, outer.pos, outer.pos + PIECE + 16)
            assert match is not None
            end = match.end()
            if end == outer.pos:
                if outer.buffer[end : end + 1] == '"':
                    outer.pos, self._closed = end + 1, True
                    return ""
                if len(outer.buffer) - end < 16 and outer.more():
                    continue
                raise Broken(f"{outer.where()}{'转义不合 JSON 语法' if end < len(outer.buffer) else '字符串没有结束'}")
            if _HIGH.search(outer.buffer[max(outer.pos, end - 4096) : end]):
                # Two escapes that make one character stay together.
                if len(outer.buffer) - end < 6 and outer.more():
                    continue
                if low := _LOW.match(outer.buffer, end):
                    end = low.end()
            text = outer.buffer[outer.pos : end]
            try:
                plain = str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
            except json.JSONDecodeError as fault:
                raise Broken(f"{outer.where()}起的字符串转义不合 JSON 语法（{fault.msg}）") from fault
            outer.pos = end
            return plain
        return ""

    def finish(self) -> str:
        """Read to the closing quote; what was left, if anything but blanks."""
        left = ""
        while True:
            if len(left) < 100:
                left += self.buffer[self.pos :].strip()[:100]
            self.pos = len(self.buffer)
            if not self.more():
                return left
