"""Counts the record elements of XML messages by their marks alone: a regular expression over the bytes, no parser of XML.

Names are compared as bytes in every encoding they may be in, so nothing here depends on what the reader thinks the encoding is.
"""

from __future__ import annotations

import base64
import gzip
import mmap
import re
import tempfile
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path
from typing import IO, Any

from xihu.contract.models import Contract
from xihu.contract.paths import XmlPath, parse_xml_path

_MARK = re.compile(
    rb"<!--(?P<comment>)|<!\[CDATA\[(?P<cdata>)|<\?(?P<pi>)|<!(?P<doctype>)"
    rb"|</(?P<close>[^\s>]+)\s*>|<(?P<open>[^\s/>!?]+)(?P<rest>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>"
)
_CODECS = ("utf-8", "gb18030", "big5")
_XMLNS = re.compile(rb"xmlns(?::([^\s=]+))?\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_LIMIT = 2 << 30
_PIECE = 1 << 20
_ALPHABET = bytes.maketrans(b"-_", b"+/")
_PACKED = re.compile(rb"[A-Za-z0-9+/=_\s-]*")


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """The bytes of every record element, and None for every element above them.

    Raises:
        ValueError: marks that do not close, or a document type.
    """
    message = contract.delivery.message
    if message is None:
        raise ValueError(f"{contract.resource}: delivery.message is missing")
    record, body = parse_xml_path(message.record), parse_xml_path(message.body) if message.body else None
    if path.stat().st_size == 0:
        return
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if body is None:
            yield from _cut(data, record, message.namespace)
            return
        for found in _spans(data, body, None):
            if found is None:
                yield None
                continue
            inner = _unpack(data, *found)
            if inner is None:
                continue
            with inner, mmap.mmap(inner.fileno(), 0, access=mmap.ACCESS_READ) as document:
                yield from _cut(document, record, message.namespace)


def _cut(data: Any, path: XmlPath, namespace: str | None) -> Iterator[bytes | None]:
    return (None if span is None else bytes(data[span[0] : span[1]]) for span in _spans(data, path, namespace))


def _spellings(path: XmlPath) -> list[set[bytes]]:
    found = []
    for step in path.steps:
        forms = set()
        for codec in _CODECS:
            try:
                forms.add(step.name.encode(codec))
            except UnicodeEncodeError:
                continue
        found.append(forms)
    return found


def _spans(data: Any, path: XmlPath, namespace: str | None) -> Iterator[tuple[int, int] | None]:
    """Start and end of the elements at the path; None for each element outside of them."""
    want = _spellings(path)
    names: list[bytes] = []
    spaces: list[dict[bytes, bytes]] = [{}]
    pos, start, depth = 0, 0, 0
    while True:
        hit = _MARK.search(data, pos)
        if hit is None:
            break
        kind, pos = hit.lastgroup, hit.end()
        if kind == "comment":
            pos = _after(data, pos, b"-->")
        elif kind == "pi":
            pos = _after(data, pos, b"?>")
        elif kind == "cdata":
            pos = _after_cdata(data, pos)
        elif kind == "doctype":
            raise ValueError(f"document type at byte {hit.start()}")
        elif kind == "close":
            if depth:
                depth -= 1
                if depth == 0:
                    yield start, pos
                continue
            if not names or names.pop() != hit["close"]:
                raise ValueError(f"end tag at byte {hit.start()} closes nothing")
            spaces.pop()
        else:
            alone = hit["rest"].endswith(b"/")
            if depth:
                depth += not alone
                continue
            own = {p or b"": a or b for p, a, b in _XMLNS.findall(hit["rest"])} if namespace else {}
            space = {**spaces[-1], **own} if own else spaces[-1]
            prefix = hit["open"].rpartition(b":")[0]
            here = [*names, hit["open"]]
            right = namespace is None or space.get(prefix, b"") in (namespace.encode(), namespace.encode("gb18030"))
            if right and _at(here, want, path.rooted):
                start = hit.start()
                if alone:
                    yield start, pos
                else:
                    depth = 1
                continue
            yield None
            if not alone:
                names.append(hit["open"])
                spaces.append(space)
    if depth or names:
        raise ValueError("an element never closes")


def _at(here: list[bytes], want: list[set[bytes]], rooted: bool) -> bool:
    if len(here) < len(want) or (rooted and len(here) != len(want)):
        return False
    return all(name.rpartition(b":")[2] in forms for name, forms in zip(here[-len(want) :], want, strict=True))


def _after(data: Any, pos: int, end: bytes) -> int:
    found = data.find(end, pos)
    if found < 0:
        raise ValueError(f"{end.decode()} is missing after byte {pos}")
    return int(found) + len(end)


def _after_cdata(data: Any, pos: int) -> int:
    """Behind the `]]>`; a `]` may be the second half of a character before it."""
    at = pos
    while True:
        at = data.find(b"]]>", at)
        if at < 0:
            raise ValueError(f"]]> is missing after byte {pos}")
        text = bytes(data[max(pos, at - 64) : at + 1])
        try:
            bytes(data[pos : at + 1]).decode("utf-8")
            return int(at) + 3
        except UnicodeDecodeError:
            pass
        # From the last byte that no longer character can hold, the characters up to here tell.
        safe = max((i for i, b in enumerate(text) if b < 0x30), default=-1)
        whole = text[safe + 1 :] if safe >= 0 else bytes(data[pos : at + 1])
        if whole.decode("gb18030", "replace").endswith("]"):
            return int(at) + 3
        at += 1


def _unpack(data: Any, start: int, end: int) -> IO[bytes] | None:
    """The document in a body's text: BASE64, gzip below it, or the text itself; None for an empty body."""
    tag = _MARK.match(data, start)
    if tag is None or tag.end() >= end:
        return None
    start, end = tag.end(), data.rfind(b"<", tag.end(), end)
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    if _PACKED.fullmatch(data, start, end):
        _decode64((data[at : min(at + _PIECE, end)] for at in range(start, end, _PIECE)), file)
    else:
        content = _text(bytes(data[start:end])).strip().encode("utf-8", "replace")
        if content.startswith(b"<"):
            file.write(content)
        else:
            _decode64([content], file)
    size = file.tell()
    file.seek(0)
    if file.read(2) == b"\x1f\x8b":
        file.seek(0)
        packed, file, size = file, tempfile.TemporaryFile(), 0  # noqa: SIM115
        with packed, gzip.open(packed) as unzipped:
            while block := unzipped.read(_PIECE):
                size += len(block)
                if size > _LIMIT:
                    raise ValueError("a body unpacks to more than the limit")
                file.write(block)
    file.flush()
    return file if size else None


def _decode64(pieces: Iterable[bytes], file: IO[bytes]) -> None:
    left = b""
    for piece in pieces:
        left += piece.translate(_ALPHABET, b" \t\r\n\f\v")
        cut = len(left) // 4 * 4
        file.write(base64.b64decode(left[:cut]))
        left = left[cut:]
    file.write(base64.b64decode(left + b"=" * (-len(left) % 4)))


def _text(content: bytes) -> str:
    """The text between marks, CDATA as it stands, references resolved."""
    out, pos = [], 0
    while hit := _MARK.search(content, pos):
        out.append(unescape(_decode(content[pos : hit.start()])))
        pos = hit.end()
        if hit.lastgroup == "cdata":
            end = _after_cdata(content, pos)
            out.append(_decode(content[pos : end - 3]))
            pos = end
        elif hit.lastgroup in ("comment", "pi"):
            pos = _after(content, pos, b"-->" if hit.lastgroup == "comment" else b"?>")
    return "".join(out) + unescape(_decode(content[pos:]))


def _decode(data: bytes) -> str:
    for codec in ("utf-8", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode("gb18030", "replace")
