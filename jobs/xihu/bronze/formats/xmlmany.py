"""Where the documents of a file stand: a queue's or a log's export appends XML messages, each with its own declaration."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import NamedTuple

from xihu.bronze.formats.xmlstream import BLANK

_DECLARATION = re.compile(rb"<\?xml[ \t\r\n]")
_ROOT = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*+<([^\s/>!?<]+)", re.S)
_BETWEEN = BLANK + b"\0\x1a\xef\xbb\xbf"
_LOOK = 4096


class Span(NamedTuple):
    """First byte, end, and how many lines of the file stand before the document."""

    start: int
    end: int
    line: int


def documents(path: Path, start: int, end: int) -> list[Span]:
    """The documents between two bytes of a file, in order; one alone wherever it cannot be told that there are more.

    A document begins at an XML declaration behind the end tag of the root before it. A declaration anywhere else (in a section of character
    data, behind a document that was cut short) begins none: the parser refuses what may not stand there.
    """
    found: list[Span] = []
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        root = _root(data, start)
        line, counted = 0, 0
        here = Span(start, end, 0)
        for hit in _DECLARATION.finditer(data, start + 1, end):
            at = _ended(data, here.start, hit.start(), root)
            if at is None:
                continue
            found.append(here._replace(end=at))
            line, counted = line + _lines(data[counted : hit.start()]), hit.start()
            here, root = Span(hit.start(), end, line), _root(data, hit.start())
        return [*found, here]


def _root(data: mmap.mmap, start: int) -> bytes | None:
    found = _ROOT.match(data, start)
    return found[1] if found else None


def _ended(data: mmap.mmap, start: int, at: int, root: bytes | None) -> int | None:
    """Where the document that starts at `start` ends if nothing but blanks and comments stand between its root's end and `at`."""
    if root is None:
        return None
    while True:
        tail = data[max(start, at - _LOOK) : at]
        at -= len(tail) - len(tail.rstrip(_BETWEEN))
        if data[at - 3 : at] != b"-->" or (at := data.rfind(b"<!--", start, at)) < 0:
            break
    if at < 0:
        return None
    name = re.escape(root)
    closing = re.compile(rb"</" + name + rb"\s*>\Z|<" + name + rb"(?:\s[^<>]*)?/>\Z")
    return at if closing.search(data[max(start, at - _LOOK) : at]) else None


def _lines(data: bytes) -> int:
    return data.count(b"\n") or data.count(b"\r")
