"""The counter's own way to tell rows of sums and signatures in text (`layout.totals`, `footers`). Nothing is shared with readers."""

from __future__ import annotations

import csv
import mmap
import re
import unicodedata
from dataclasses import dataclass

from xihu.bronze.countsheet import is_total, key
from xihu.contract.models import Contract

_LOOK = 1 << 20


@dataclass(frozen=True)
class SumRows:
    """The words of a contract, and how lines of one file are written."""

    totals: list[str]
    footers: list[str]
    begins: re.Pattern[str]
    codec: str
    delimiter: str
    quote: str

    @classmethod
    def of(cls, contract: Contract, data: mmap.mmap, title: bytes, delimiter: str, quote: str) -> SumRows | None:
        """None where the contract names no such row."""
        layout = contract.delivery.layout
        if layout is None or not (layout.totals or layout.footers):
            return None
        totals, footers = [key(t) for t in layout.totals], [key(t) for t in layout.footers]
        begins = re.compile("|".join(re.escape(w[0]) for w in {*totals, *footers} if w))
        agreed = (contract.delivery.encoding or "gb18030").lower()
        return cls(totals, footers, begins, _codec(data, title, agreed), delimiter, quote)

    def has(self, raw: bytes) -> bool:
        """Whether a line is one; a line that is not in the file's encoding is a record."""
        try:
            text = raw.decode(self.codec)
        except UnicodeDecodeError:
            return False
        if not self.begins.search(unicodedata.normalize("NFKC", text).casefold()):
            return False
        keys = [k for k in map(key, self._cells(text)) if k]
        return bool(keys) and (is_total(keys, self.totals) or any(keys[0].startswith(f) for f in self.footers))

    def _cells(self, text: str) -> list[str]:
        if len(self.delimiter) > 1 or not self.quote:
            return text.split(self.delimiter)
        try:
            return next(csv.reader([text], delimiter=self.delimiter, quotechar=self.quote), [])
        except csv.Error:  # a cell longer than any word
            return text.split(self.delimiter)


def _codec(data: mmap.mmap, title: bytes, agreed: str) -> str:
    """UTF-8 where the file is, by its mark, its header or, where that is ASCII, its first lines; else what was agreed."""
    if data[:3] == b"\xef\xbb\xbf":
        return "utf-8"
    tried = title if not title.isascii() else data[:_LOOK].rpartition(b"\n")[0] or data[:_LOOK]
    lines = [line for line in tried.splitlines() if not line.isascii()]
    if lines and sum(map(_utf8, lines)) * 2 > len(lines):
        return "utf-8"
    return "gb18030" if agreed.replace("_", "-") in ("gbk", "gb2312", "cp936", "hz") else agreed


def _utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
