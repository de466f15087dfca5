"""Independent count of database dumps: bytes are matched as characters by a grammar of the encoding, over the mapped file.

The rule for records on several lines is the one of the reader's documentation, written anew: lines are joined while they have too few
columns, none begins like a record, and together they have exactly the agreed number.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from xihu.bronze.count import _key, _mark, _record_ends, _titles
from xihu.contract.models import Contract

_GB = ("gb18030", "gbk", "gb2312", "cp936")
_PAIR = rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]"
_PAIRS = re.compile(_PAIR)
_NOTHING = b" \t\r\x1a"
_CLIENT = (r"(?i)\s*(\d+ rows? (selected|exported)\.?|no rows selected|已选择\s*\d+\s*行。?|未选定行)\s*",)
_LINES = 60
_SIZE = 1 << 20
_LEARN = 1 << 20


class _Grammar:
    """Characters of one file: where delimiters stand in a line, and what a cell looks like."""

    def __init__(self, contract: Contract, wide: bool) -> None:
        d = contract.delivery
        self.wide = wide
        codec = "gb18030" if wide else "utf-8" if (d.encoding or "").lower().replace("_", "-") in _GB else (d.encoding or "utf-8")
        self.codec = codec
        self.cut = (d.delimiter or "|").encode(codec)
        self.escape = d.dump.escape.encode(codec) if d.dump and d.dump.escape else b""
        self.width = len(contract.fields)
        self.free_end = list(contract.fields.values())[-1].type == "text"
        skip = [re.escape(self.escape) + (rb"(?:" + _PAIR + rb"|[\x00-\xff])" if wide else rb"[\x00-\xff]")] if self.escape else []
        # A delimiter that begins with a longer character is tried before characters as such.
        one = [b"(" + re.escape(self.cut) + b")"]
        self.scan = re.compile(b"|".join([*skip, *one, *([_PAIR] if wide else []), rb"[\x00-\xff]"]), re.S)
        # Most lines hold no byte that could mislead.
        self.plain = not self.escape and (not wide or self.cut[0] < 0x30)
        self.starts: set[str] = set()

    def cuts(self, raw: bytes) -> list[int]:
        """Positions of the delimiters."""
        if self.plain or (not self.escape and raw.isascii()):
            found, at = [], raw.find(self.cut)
            while at >= 0:
                found.append(at)
                at = raw.find(self.cut, at + len(self.cut))
            return found
        return [m.start() for m in self.scan.finditer(raw) if m.group(1) is not None]

    def number(self, raw: bytes) -> int:
        """How many delimiters a line holds; without their places that is quick: characters of several bytes are blotted out first."""
        if self.plain or (not self.escape and raw.isascii()):
            return raw.count(self.cut)
        if self.escape or self.cut[0] > 0x7F:
            return len(self.cuts(raw))
        return _PAIRS.sub(b"\0", raw).count(self.cut)

    @lru_cache(maxsize=4096)  # noqa: B019
    def like(self, cell: bytes) -> str:
        # Three line ends after it: a character cut by the cell's end takes none of its neighbours along.
        text = (cell + b"\n\n\n").decode(self.codec, "replace").strip()[:32]
        text = re.sub(r"[A-Za-z]", "a", re.sub(r"[0-9]", "9", text))
        return re.sub(r"[^\x00-\x7f]", lambda m: "9" if m[0].isdigit() else "x", text)

    def begins(self, raw: bytes, cuts: list[int]) -> bool:
        mine = self.like(raw[: cuts[0]] if cuts else raw)
        if mine in self.starts:
            return True
        return not cuts and mine != "" and any(s[: len(mine)] == mine for s in self.starts)


def _is_wide(data: mmap.mmap, contract: Contract) -> bool:
    """Whether the file is in GB18030: agreed so, and its lines are not UTF-8 throughout."""
    agreed = (contract.delivery.encoding or "gb18030").lower().replace("_", "-") in _GB
    if data[:3] == b"\xef\xbb\xbf":
        return False
    if data[:4] == b"\x84\x31\x95\x33":
        return True
    if not agreed:
        return False
    end = "\n" if b"\n" in data[:65536] or b"\r" not in data[:65536] else "\r"
    seen = 0
    chinese = None
    lines = data[:_LEARN].split(end.encode())
    if len(data) > _LEARN:
        lines = lines[:-1]
    for raw in lines[:1000]:
        if raw.isascii():
            continue
        seen += 1
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return True
        if chinese is None:
            chinese = any("一" <= c <= "鿿" for c in text)
    return not (seen and chinese)


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Raw bytes of every record; None for blank lines, a header that was not agreed, and the client's footers.

    Raises:
        ValueError: a quote never closes.
    """
    if path.stat().st_size == 0:
        return
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield from _records(data, contract)


def _records(data: mmap.mmap, contract: Contract) -> Iterator[bytes | None]:
    d = contract.delivery
    wide, pos = _is_wide(data, contract), _mark(data)
    g = _Grammar(contract, wide)
    client = re.compile(_CLIENT[0])
    eol = b"\r" if b"\n" not in data[:65536] and b"\r" in data[:65536] else b"\n"
    header = _header(data, pos, eol, g, contract)
    learn = 1000
    if header is not None:
        end, g.width = header
        above = data[pos:end].count(eol) + (not data[pos:end].endswith(eol))
        learn -= above
        yield from (None for _ in range(above))
        pos = end

    def footer(raw: bytes) -> bool:
        return g.width > 1 and len(raw) < 120 and client.fullmatch(raw.decode(g.codec, "replace")) is not None

    if d.quote:
        for start, end, _ in _record_ends(data, pos, d.quote.encode(), g.cut, wide):
            raw = data[start:end]
            yield raw if raw.strip(_NOTHING) and not footer(raw) else None
        return
    last = (d.dump.terminator if d.dump else None) or ""
    if last and not last.endswith("\n"):
        for raw in data[pos:].split(last.encode(g.codec)):
            yield raw if raw.strip(_NOTHING + b"\n") else None
        return
    lines = _Lines(data, pos, eol)
    if last or g.escape:
        yield from _ended(lines, g, last[:-1].rstrip("\r").encode(g.codec) if last else None, footer)
        return
    stop = min(len(data), (3 if data[:3] == b"\xef\xbb\xbf" else _mark(data)) + _LEARN)
    for i in range(learn):
        if lines.raw(i) is None or lines.spans[i][0] >= stop:
            break
        seen = data[lines.spans[i][0] : min(lines.spans[i][1], stop)]
        cuts = g.cuts(seen)
        if len(cuts) == g.width - 1:
            g.starts.add(g.like(seen[: cuts[0]] if cuts else seen))
    i = 0
    while (line := lines.raw(i)) is not None:
        if not line.strip(_NOTHING) or footer(line):
            yield None
            i += 1
            continue
        n = _size(lines, i, g, footer)
        yield data[lines.spans[i][0] : lines.spans[i + n - 1][1]]
        i += n
        lines.forget(i)


class _Lines:
    """Spans (start, end without line end, ended) of physical lines, found when asked for."""

    def __init__(self, data: mmap.mmap, pos: int, eol: bytes) -> None:
        self.data, self.pos, self.eol = data, pos, eol
        self.spans: dict[int, tuple[int, int, bool]] = {}
        self.n = 0

    def raw(self, i: int) -> bytes | None:
        while self.n <= i:
            if self.pos >= len(self.data):
                return None
            at = self.data.find(self.eol, self.pos)
            end = at if at >= 0 else len(self.data)
            trimmed = end - 1 if at > self.pos and self.eol == b"\n" and self.data[end - 1] == 13 else end
            self.spans[self.n] = (self.pos, trimmed, at >= 0)
            self.pos = end + 1 if at >= 0 else len(self.data)
            self.n += 1
        start, end, _ = self.spans[i]
        return self.data[start:end]

    def forget(self, before: int) -> None:
        for k in [k for k in self.spans if k < before]:
            del self.spans[k]


def _size(lines: _Lines, i: int, g: _Grammar, footer) -> int:
    """How many lines from the i-th on are one record."""
    raw = lines.raw(i)
    assert raw is not None
    have, n, need = g.number(raw), 1, g.width - 1
    if have < need:
        cuts = g.cuts(raw)
        own, size = g.like(raw[: cuts[0]] if cuts else raw), len(raw) + 2
        while have < need:
            more = lines.raw(i + n)
            if more is None or n >= _LINES or size > _SIZE:
                return 1
            places = g.cuts(more)
            if len(places) >= need:
                return 1
            if more.strip(_NOTHING) and (g.begins(more, places) or g.like(more[: places[0]] if places else more) == own):
                return 1
            have, n, size = have + len(places), n + 1, size + len(more) + 2
            closed = bool(places) and places[-1] + len(g.cut) == len(more)
            if have > need + 1 or (have == need + 1 and not closed):
                return 1
    if have == need and need > 0 and g.free_end:
        while n < _LINES:
            more = lines.raw(i + n)
            if more is None or not lines.spans[i + n][2] or not more.strip(_NOTHING) or g.number(more):
                break
            if g.begins(more, []) or footer(more):
                break
            n += 1
    return n


def _ended(lines: _Lines, g: _Grammar, end: bytes | None, footer) -> Iterator[bytes | None]:
    """Records that end with a terminator, or with a line end that no escape stands before."""
    i = 0
    while (raw := lines.raw(i)) is not None:
        if not raw.strip(_NOTHING) or footer(raw):
            yield None
            i += 1
            continue
        first, n = lines.spans[i][0], 0
        while (raw := lines.raw(i + n)) is not None:
            n += 1
            done = _closes(raw, end, g) if end is not None else not _open(raw, g)
            if done or not lines.spans[i + n - 1][2]:
                break
        stop = lines.spans[i + n - 1][1]
        body = lines.data[first:stop]
        if end and _closes(lines.raw(i + n - 1) or b"", end, g):
            body = body[: len(body) - len(end)]
        yield body
        i += n
        lines.forget(i)


def _characters(raw: bytes, g: _Grammar) -> list[int]:
    """Where characters begin."""
    pattern = re.compile((_PAIR + rb"|" if g.wide else b"") + rb"[\x00-\xff]", re.S)
    return [m.start() for m in pattern.finditer(raw)]


def _closes(raw: bytes, end: bytes, g: _Grammar) -> bool:
    return raw.endswith(end) and (not g.wide or not end or len(raw) - len(end) in _characters(raw, g))


def _open(raw: bytes, g: _Grammar) -> bool:
    """Whether the last character is an escape that no other escape takes."""
    if not raw.endswith(g.escape):
        return False
    starts = _characters(raw, g) if g.wide else list(range(len(raw)))
    n = 0
    for at in reversed(starts):
        if raw[at : at + len(g.escape)] != g.escape or (g.wide and len(raw) - n - 1 != at):
            break
        n += 1
    return n % 2 == 1


def _header(data: mmap.mmap, pos: int, eol: bytes, g: _Grammar, contract: Contract) -> tuple[int, int] | None:
    """(where data begin, columns) if the first line holds titles though none were agreed."""

    end = pos
    while True:
        at = data.find(eol, end)
        raw = data[end : at if at >= 0 else len(data)]
        following = at + len(eol) if at >= 0 else len(data)
        if raw.strip(_NOTHING) or following >= len(data):
            break
        end = following
    d = contract.delivery
    last = ((d.dump.terminator if d.dump else None) or "\n")[:-1]
    raw = raw.removesuffix(b"\r")
    raw = raw.removesuffix(last.encode(g.codec)) if last else raw
    edges = [-len(g.cut), *g.cuts(raw), len(raw)]
    cells = [raw[a + len(g.cut) : b].decode(g.codec, "replace").strip('"') for a, b in pairwise(edges)]
    met = {_key(c) for c in cells} & _titles(contract)
    need = max(2, g.width / 2) if g.width > 1 else 1
    return (following, len(cells)) if len(met) >= need else None
