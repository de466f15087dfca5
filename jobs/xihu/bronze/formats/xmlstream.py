"""XML as a bounded stream of record elements with the exact bytes each stood in.

expat knows no GB18030, so pieces cut before a `<` are turned into UTF-8 on the way (`<` is no part of a longer character in GB18030, Big5,
UTF-8 or a single-byte code page); the n-th `<` of a piece is the n-th `<` of its UTF-8, which leads back to the bytes as sent.
No document type, no entity, no XInclude is ever taken: any of them ends the walk.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol
from xml.parsers import expat

import numpy as np

from xihu.contract.paths import XmlPath

PIECE = 1 << 16
MAX_ELEMENT = 16 << 20
MAX_TAG = 1 << 20
MAX_DEPTH = 200
XINCLUDE = "http://www.w3.org/2001/XInclude"
BLANK = b" \t\r\n"
_TAG = re.compile(rb"<(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_DECLARED = re.compile(rb"^<\?xml[^>]*?\sencoding\s*=\s*[\"']([A-Za-z][\w.:-]*)[\"']")
_SAFE_CUT = re.compile(rb"[\x00-\x2f](?=[^\x00-\x2f]*\Z)")


class Broken(Exception):
    """Not a well-formed document, or one that declares what no message needs; the text names line and column."""


class TooLarge(Exception):
    """An element larger than any record may be."""


@dataclass(slots=True)
class Node:
    """An element of a record: local name, attributes by local name, children and pieces of text in order."""

    name: str
    attributes: dict[str, str]
    parts: list[Node | str]

    @property
    def children(self) -> list[Node]:
        return [p for p in self.parts if isinstance(p, Node)]

    @property
    def text(self) -> str:
        """All text below, in order; comments are no text."""
        parts = self.parts
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        return "".join(p if isinstance(p, str) else p.text for p in parts)


@dataclass(slots=True)
class Element:
    """A record element: its tree, bytes, byte offset, 1-based line, the way to it, and what the envelope had said before."""

    node: Node
    raw: bytes
    offset: int
    line: int
    place: str
    envelope: dict[XmlPath, str]


@dataclass(slots=True)
class Body:
    """An element whose text went to a sink: what the sink made of it, and what the envelope had said by then."""

    line: int
    place: str
    document: Any
    envelope: dict[XmlPath, str]


class Sink(Protocol):
    """Takes the text of bodies: pieces, then the end of each."""

    def add(self, text: str) -> None: ...

    def document(self) -> Any: ...


def declared(head: bytes) -> str | None:
    """The encoding that the XML declaration names."""
    found = _DECLARED.match(head.lstrip(BLANK))
    return found[1].decode("ascii") if found else None


def pieces(stream: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """Bytes from `start` to `end`, cut before a `<` wherever there is one."""
    stream.seek(start)
    left, buffer = end - start, b""
    while left > 0:
        more = stream.read(min(PIECE, left))
        if not more:
            break
        left -= len(more)
        buffer += more
        cut = buffer.rfind(b"<")
        if cut <= 0:
            # One long text: cut where no longer character can be in the middle.
            safe = len(buffer) if buffer.isascii() else (m.end() if (m := _SAFE_CUT.search(buffer[-4096:])) else 0)
            cut = 0 if len(buffer) < PIECE else len(buffer) if buffer.isascii() else len(buffer) - len(buffer[-4096:]) + safe if safe else 0
            if len(buffer) > MAX_ELEMENT:
                raise TooLarge
        if cut:
            yield buffer[:cut]
            buffer = buffer[cut:]
    if buffer:
        yield buffer


def to_utf8(piece: bytes, codec: str) -> tuple[bytes, bool]:
    """A piece as UTF-8, and whether every byte of it was of the codec; what was not becomes U+FFFD."""
    if piece.isascii():
        return piece, True
    try:
        text = piece.decode(codec)
        return (piece if codec == "utf-8" else text.encode()), True
    except UnicodeDecodeError:
        return b"<".join(part.decode(codec, "replace").encode() for part in piece.split(b"<")), False


@dataclass(slots=True)
class _Stretch:
    """Where a fed piece stands in the UTF-8 stream and in the bytes as sent."""

    start: int
    origin: int
    inner: np.ndarray | None = None
    outer: np.ndarray | None = None

    def map(self, at: int) -> int:
        if self.inner is None or self.outer is None:
            return self.origin + at - self.start
        return self.origin + int(self.outer[np.searchsorted(self.inner, at - self.start)])


@dataclass(slots=True)
class _Frame:
    """An open element outside records."""

    name: str
    label: str
    seen: dict[str, int]
    space: dict[str, str] | None


def follows(path: XmlPath, names: list[str]) -> bool:
    """Whether the open elements `names` are where `path` (plain names) leads, from the root or at any depth."""
    steps = path.names
    if not steps or (len(names) != len(steps) if path.rooted else len(names) < len(steps)):
        return False
    return names[-1] == steps[-1] and tuple(names[-len(steps) :]) == steps


class Walk:
    """One pass over one document.

    Args:
        codec: what its bytes are in; not UTF-16 or another code in which `<` is not one byte.
        record: plain path of the record elements; None where records stand in bodies only.
        namespace: URI that a record element must have; None for any.
        wanted: plain paths of envelope values to keep.
        body: plain path of elements whose text goes to `sink`, piece by piece.
        line: how many lines stand before the document.

    Attributes after a walk: `values` (path → every text found, in order), `names` (local names outside records → how often), `hollow`
    (whether the parent named by the record's path stood there without children).
    """

    def __init__(
        self,
        codec: str,
        record: XmlPath | None,
        namespace: str | None = None,
        wanted: tuple[XmlPath, ...] = (),
        body: XmlPath | None = None,
        sink: Sink | None = None,
        line: int = 0,
    ) -> None:
        self.codec, self.record, self.namespace, self.wanted, self.body, self.sink = codec, record, namespace, wanted, body, sink
        self.before = line
        self.values: dict[XmlPath, list[str]] = {p: [] for p in wanted}
        self.names: dict[str, int] = {}
        self.hollow = False
        self.told: dict[XmlPath, str] = {}
        self._frames: list[_Frame] = []
        self._path: list[str] = []
        self._open: list[Node] = []
        self._collect: list[tuple[int, list[XmlPath], list[str]]] = []
        self._in_body = 0
        self._done: list[Element | Body] = []
        self._window, self._origin = bytearray(), 0
        self._stretches: list[_Stretch] = []

    def run(self, stream: IO[bytes], start: int, end: int) -> Iterator[Element | Body]:
        """Record elements and ends of bodies, in order.

        Raises:
            Broken: not well-formed, or a document type, an entity, XInclude.
            TooLarge: an element larger than MAX_ELEMENT.
        """
        parser = self._parser = expat.ParserCreate("utf-8")
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)
        parser.buffer_text, parser.buffer_size = True, PIECE
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self._begin, self._end, self._data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = lambda *_: 0
        offset, inner = start, 0
        self._origin = start
        try:
            for piece in pieces(stream, start, end):
                if not self._open:
                    self._trim()
                self._window += piece
                if len(self._window) > MAX_ELEMENT and self._open:
                    raise TooLarge
                fed, _ = to_utf8(piece, self.codec)
                self._stretches.append(self._stretch(piece, fed, offset, inner))
                parser.Parse(fed, False)
                offset, inner = offset + len(piece), inner + len(fed)
                yield from self._done
                self._done.clear()
            parser.Parse(b"", True)
            yield from self._done
            self._done.clear()
        except expat.ExpatError as fault:
            what = expat.ErrorString(fault.code)
            raise Broken(f"第 {self.before + fault.lineno} 行第 {fault.offset + 1} 列不合 XML 语法（{what}）") from fault

    def _trim(self) -> None:
        """Let go of bytes that no record can still need: all but a start tag that has not ended."""
        at = self._window.rfind(b"<")
        unfinished = at >= 0 and self._window[at + 1 : at + 2] not in (b"!", b"?") and not _TAG.match(self._window, at)
        if not unfinished:
            at = len(self._window)
        elif len(self._window) - at > MAX_TAG:
            raise TooLarge
        del self._window[:at]
        self._origin += at
        keep = bisect_right(self._stretches, self._origin, key=lambda s: s.origin) - 1
        self._stretches = self._stretches[keep:] if unfinished else []

    @staticmethod
    def _stretch(piece: bytes, fed: bytes, offset: int, inner: int) -> _Stretch:
        if len(piece) == len(fed) and piece == fed:
            return _Stretch(inner, offset)
        one, two = (np.flatnonzero(np.frombuffer(b, np.uint8) == 0x3C) for b in (fed, piece))
        return _Stretch(inner, offset, one, two)

    def _refuse(self, *_: object) -> None:
        raise Broken(f"第 {self._line()} 行含有 DOCTYPE 或实体声明，一律不接受")

    def _line(self) -> int:
        return self.before + self._parser.CurrentLineNumber

    def _place(self) -> int:
        """Byte offset, in the bytes as sent, of the `<` that the parser is at."""
        at = self._parser.CurrentByteIndex
        return self._stretches[bisect_right(self._stretches, at, key=lambda s: s.start) - 1].map(at)

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._frames) + len(self._open) >= MAX_DEPTH:
            raise Broken(f"第 {self._line()} 行的元素嵌套超过 {MAX_DEPTH} 层")
        name = tag.rpartition(":")[2] if ":" in tag else tag
        for key, value in attributes.items():
            if value == XINCLUDE and key.startswith("xmlns"):
                raise Broken(f"第 {self._line()} 行引用 XInclude，一律不接受")
        if self._open:
            node = Node(name, _locals(attributes), [])
            self._open[-1].parts.append(node)
            self._open.append(node)
            return
        self._path.append(name)
        parent = self._frames[-1] if self._frames else None
        ordinal = 1
        if parent:
            ordinal = parent.seen[name] = parent.seen.get(name, 0) + 1
        self.names[name] = self.names.get(name, 0) + 1
        space = self._space(parent, attributes)
        if self.record and follows(self.record, self._path) and self._right_space(tag, space):
            self._started = (self._place(), self._line(), f"{self._way()}/{name}[{ordinal}]")
            self._path.pop()
            self._open.append(Node(name, _locals(attributes), []))
            return
        label = f"{name}[{ordinal}]" if ordinal > 1 else name
        frame = _Frame(name, label, {}, space)
        self._frames.append(frame)
        self._envelope(frame, attributes)
        if self.body and not self._in_body and follows(self.body, self._path):
            self._in_body = len(self._path)
            self._body_line = self._line()

    def _way(self) -> str:
        return "".join(f"/{f.label}" for f in self._frames)

    def _space(self, parent: _Frame | None, attributes: dict[str, str]) -> dict[str, str] | None:
        if self.namespace is None:
            return None
        own = {k[6:]: v for k, v in attributes.items() if k == "xmlns" or k.startswith("xmlns:")}
        outer = (parent.space if parent else None) or {}
        return {**outer, **own} if own else outer

    def _right_space(self, tag: str, space: dict[str, str] | None) -> bool:
        return self.namespace is None or (space or {}).get(tag.rpartition(":")[0], "") == self.namespace

    def _envelope(self, frame: _Frame, attributes: dict[str, str]) -> None:
        # A new element speaks for itself: what stood in an elder sibling of its name does not reach into it.
        depth = len(self._path)
        for path in self.told.keys() & self.wanted:
            if path.names[:depth] == tuple(self._path) or (not path.rooted and frame.name in path.names[:-1]):
                del self.told[path]
        here = [p for p in self.wanted if follows(XmlPath(p.rooted, p.steps, None), self._path)]
        texts = []
        for path in here:
            if path.attribute is None:
                texts.append(path)
            elif (value := _locals(attributes).get(path.attribute)) is not None:
                self._tell(path, value)
        if texts:
            self._collect.append((len(self._path), texts, []))

    def _tell(self, path: XmlPath, value: str) -> None:
        self.values[path].append(value)
        self.told[path] = value

    def _end(self, tag: str) -> None:
        if self._open:
            node = self._open.pop()
            if not self._open:
                self._close(node)
            return
        depth, name = len(self._path), self._path.pop()
        frame = self._frames.pop()
        if self._collect and self._collect[-1][0] == depth:
            _, paths, texts = self._collect.pop()
            for path in paths:
                self._tell(path, "".join(texts).strip())
        if self._in_body == depth and self.sink:
            self._in_body = 0
            self._done.append(Body(self._body_line, f"{self._way()}/{frame.label}", self.sink.document(), dict(self.told)))
        if self.record and len(self.record.steps) > 1 and name == self.record.steps[-2].name and not frame.seen:
            self.hollow = True

    def _close(self, node: Node) -> None:
        start, line, place = self._started
        first = start - self._origin
        # An element without an end tag of its own has no `<` to end at.
        tag = _TAG.match(self._window, first)
        assert tag is not None
        last = tag.end() if tag[0].endswith(b"/>") else self._window.index(b">", self._place() - self._origin) + 1
        self._done.append(Element(node, bytes(self._window[first:last]), start, line, place, dict(self.told)))

    def _data(self, text: str) -> None:
        if self._open:
            self._open[-1].parts.append(text)
            return
        if self._in_body and self.sink:
            self.sink.add(text)
        elif self._collect:
            for _, _, texts in self._collect:
                if sum(map(len, texts)) < 1000:
                    texts.append(text)


_SCHEMA = frozenset(["nil", "type", "schemaLocation", "noNamespaceSchemaLocation"])


def _locals(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name, without declarations of namespaces; those of XML Schema instances keep an `xsi:`."""
    found = {}
    for key, value in attributes.items():
        prefix, _, name = key.rpartition(":")
        if prefix == "xmlns" or key == "xmlns":
            continue
        found[f"xsi:{name}" if prefix and name in _SCHEMA else name] = value
    return found


# Stateful ones, ones with escapes of their own, and one whose longer characters may end in `<`.
_ODD_CODECS = ("utf-7", "utf-8-sig", "hz", "iso2022", "johab", "unicode", "raw-unicode", "raw_unicode", "idna", "punycode")


def single_byte_lt(codec: str) -> bool:
    """Whether `<` is one byte, and never part of a longer character, in a codec."""
    try:
        name = codecs.lookup(codec).name
        return "<a>".encode(name) == b"<a>" and not name.startswith(_ODD_CODECS)
    except (LookupError, UnicodeError):
        return False
