"""The independent counter: how many data records a delivered file holds, and a digest of their bytes.

It shares no code with the readers and reads by other means (a byte automaton, a line walk, an element tree), so that what a reader loses,
doubles or changes shows as a difference. `multiset` adds up the first 8 bytes of SHA-256 over every record, modulo 2^64: it does not depend
on order, and no record can be exchanged for another unnoticed.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from xihu.bronze.countsheet import sheet_records
from xihu.bronze.countsums import SumRows
from xihu.contract.models import Contract

_STOP = re.compile(rb'["\r\n]')
_STRETCH = 1 << 20
_GB = ("gb18030", "gbk", "gb2312", "cp936")


@dataclass(frozen=True)
class Count:
    """Data records, structural lines (titles, headers, subtotals, footers, blanks), and the digest as decimal text."""

    records: int
    structural: int
    multiset: str


class Tally:
    """Adds records up."""

    def __init__(self) -> None:
        self.records = self.structural = self.sum = 0

    def add(self, raw: bytes) -> None:
        self.records += 1
        self.sum += int.from_bytes(hashlib.sha256(raw).digest()[:8], "big")

    def add_all(self, lines: list[bytes], title: bytes, empty: bytes, sums: SumRows | None = None) -> None:
        """Adds lines up; those that repeat the title, hold nothing but `empty`, or are rows of sums are structural."""
        if sums is not None:
            whole, lines = len(lines), [raw for raw in lines if not sums.has(raw)]
            self.structural += whole - len(lines)
        first = {empty[i : i + 1] for i in range(len(empty))} | {b"", title[:1]}
        if doubtful := [raw for raw in lines if raw[:1] in first]:
            layout = {raw for raw in doubtful if raw == title or not raw.strip(empty)}
            if layout:
                whole, lines = len(lines), [raw for raw in lines if raw not in layout]
                self.structural += whole - len(lines)
        sha = hashlib.sha256
        heads = b"".join([sha(raw).digest() for raw in lines])
        self.records += len(lines)
        self.sum += int(np.frombuffer(heads, ">u8")[::4].sum(dtype=np.uint64))

    def count(self) -> Count:
        return Count(self.records, self.structural, str(self.sum % 2**64))


def count(path: Path, contract: Contract) -> Count:
    """Count the records of an accepted file.

    Raises:
        ValueError: the file cannot be told into records (a quote that never closes, no header, not a sheet file).
    """
    kind = contract.delivery.format
    if kind not in ("csv", "fixed"):
        # A counter of its own a format: `records` yields every record's raw bytes, and None for what is layout.
        walk = sheet_records if kind == "xlsx" else import_module(f"xihu.bronze.counters.{kind}").records
        tally = Tally()
        for raw in walk(path, contract):
            if raw is None:
                tally.structural += 1
            else:
                tally.add(raw)
        return tally.count()
    if path.stat().st_size == 0:
        return Tally().count()
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _delimited(data, contract) if kind == "csv" else _fixed(data, contract)


def _mark(data: mmap.mmap) -> int:
    """Length of a byte order mark."""
    return 3 if data[:3] == b"\xef\xbb\xbf" else 4 if data[:4] == b"\x84\x31\x95\x33" else 0


def _key(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff\u00ad\x00-\x1f\x7f]+", "", text)


def _titles(contract: Contract) -> set[str]:
    words = {_key(t) for name, f in contract.fields.items() for t in (name, f.title, *f.titles)}
    # 金额（万元）: a title may carry its unit.
    return words | {w for f in contract.fields.values() for t in (f.title, *f.titles) for w in (_key(f"{t}({f.unit or '元'})"),)}


def _record_ends(data: mmap.mmap, pos: int, quote: bytes, delimiter: bytes, wide: bool) -> Iterator[tuple[int, int, int]]:
    """(start, end, start of the next) of every record: quotes toggle only where a field begins with one."""
    size, start = len(data), pos
    # Without quoting nothing but a line end stops.
    stop = _STOP if quote == b'"' else re.compile(b"[\r\n" + re.escape(quote) + b"]")
    while start < size:
        pos, end = start, size
        while True:
            hit = stop.search(data, pos)
            if hit is None:
                break
            at = hit.start()
            if hit.group() != quote:
                end = at
                break
            if at == start or _after_delimiter(data, start, at, delimiter, wide):
                at = _closing(data, at + 1, quote)
                if at < 0:
                    raise ValueError(f"quote at byte {hit.start()} never closes")
                # A quote right after the closing one cannot be; anything else up to the delimiter is data.
                pos = at + 1
            else:
                pos = at + 1
        following = end + (2 if data[end : end + 2] == b"\r\n" else 1)
        yield start, end, following
        start = following


def _closing(data: mmap.mmap, pos: int, quote: bytes) -> int:
    """Position of the quote that closes a field opened before `pos`, or -1."""
    while True:
        at = data.find(quote, pos)
        if at < 0 or data[at + 1 : at + 2] != quote:
            return at
        pos = at + 2


def _after_delimiter(data: mmap.mmap, start: int, at: int, delimiter: bytes, wide: bool) -> bool:
    if data[max(start, at - len(delimiter)) : at] != delimiter:
        return False
    if not wide or delimiter[0] < 0x40:
        return True
    # The byte may be the second half of a character: walk the record's characters up to it.
    text = data[max(start, data.rfind(b"\n", start, at) + 1) : at].decode("gb18030", "replace")
    return text.endswith(delimiter.decode("ascii"))


def _delimited(data: mmap.mmap, contract: Contract) -> Count:
    tally, delivery = Tally(), contract.delivery
    delimiter = (delivery.delimiter or ",").encode()
    quote = (delivery.quote if delivery.quote is not None else '"').encode()
    wide = (delivery.encoding or "gb18030").lower().replace("_", "-") in _GB
    pos = _mark(data)
    wide = wide and pos != 3
    first = data[pos : pos + 16].split(b"\n")[0].strip()
    if first.lower().startswith(b"sep=") and len(first) == 5:
        delimiter = first[4:5]
        pos = data.find(b"\n", pos) + 1
        tally.structural += 1
    empty = b" \t\x1a" + delimiter
    words, reach = _titles(contract), 10 if delivery.layout and delivery.layout.title_rows else 1
    header = _find_header(data, pos, quote, delimiter, wide, words, reach, empty)
    title = data[header[0] : header[1]]
    sums = SumRows.of(contract, data, title, delimiter.decode(), quote.decode())
    walk = _record_ends(data, pos, quote, delimiter, wide)
    for start, _, following in walk:
        tally.structural += 1
        if start == header[0]:
            pos = following
            break
    while pos < len(data):
        # Where no quote is, every line is a record.
        stop = data.rfind(b"\n", pos, pos + _STRETCH) + 1
        stretch = data[pos:stop]
        if stop and not (quote and quote in stretch) and (lines := _lines(stretch)) is not None:
            tally.add_all(lines, title, empty, sums)
            pos = stop
            continue
        for start, end, following in _record_ends(data, pos, quote, delimiter, wide):
            raw = data[start:end]
            if raw == title or not raw.strip(empty) or (sums is not None and sums.has(raw)):
                tally.structural += 1
            else:
                tally.add(raw)
            pos = following
            if pos >= stop and stop:
                break
    return tally.count()


def _lines(stretch: bytes) -> list[bytes] | None:
    """The lines of a stretch that ends with one, without their ends; None where a CR is no half of CRLF."""
    marks = np.frombuffer(stretch, np.uint8)
    returns = int(np.count_nonzero(marks == 13))
    lines = stretch.split(b"\r\n" if returns else b"\n")
    if returns and len(lines) - 1 != returns:
        return None
    if returns and np.count_nonzero(marks == 10) != returns:
        lines = stretch.replace(b"\r\n", b"\n").split(b"\n")
    lines.pop()
    return lines


def _find_header(
    data: mmap.mmap, pos: int, quote: bytes, delimiter: bytes, wide: bool, words: set[str], reach: int, empty: bytes
) -> tuple[int, int]:
    """(start, end) of the line that names most fields among the first non-blank ones."""
    best, place, seen = 0, None, 0
    for start, end, _ in _record_ends(data, pos, quote, delimiter, wide):
        raw = data[start:end]
        if not raw.strip(empty):
            continue
        seen += 1
        score = 0
        for codec in ("utf-8", "gb18030", "latin-1"):
            text = raw.decode(codec, "replace")
            cells = re.split(re.escape(delimiter.decode()), text)
            score = max(score, len({_key(c.strip().strip('"')) for c in cells} & words))
        if score > best:
            best, place = score, (start, end)
        if seen == reach:
            break
    if place is None:
        raise ValueError("no header")
    return place


def _fixed(data: mmap.mmap, contract: Contract) -> Count:
    tally, record = Tally(), contract.delivery.record
    if record is None:
        raise ValueError(f"{contract.resource}: delivery.record is missing")
    head, body, tail = (mark.encode("gb18030") if mark else None for mark in (record.header, record.detail, record.trailer))
    pos, size, seen_header = _mark(data), len(data), False
    ended = b"\n" in data[:65536] or b"\r" in data[:65536]
    first, line_end = True, re.compile(rb"\r\n?|\n")
    while pos < size:
        if ended:
            hit = line_end.search(data, pos)
            end, following = (hit.start(), hit.end()) if hit else (size, size)
        else:
            end = following = min(pos + record.length, size)
        raw = data[pos:end]
        pos = following
        if not raw.strip(b" \t\x1a\0"):
            tally.structural += 1
            continue
        # A detail mark that begins like the trailer's (T1 beside T) is a detail.
        is_tail = tail is not None and raw.startswith(tail) and not (body is not None and len(body) > len(tail) and raw.startswith(body))
        if is_tail or (first and not seen_header and head is not None and raw.startswith(head)):
            tally.structural += 1
            seen_header = True
        else:
            tally.add(raw)
        first = False
    return tally.count()
