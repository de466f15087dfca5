"""Rows of a table that are no records: sums (小计, 合计) and lines for signatures (填表人：…), as the contract's layout names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xihu.bronze.formats.header import fold
from xihu.contract.models import Layout

_NUMERIC = re.compile(r"[-+(]?[¥￥]?\s*[\d,，.]+(e[-+]?\d+)?\s*[%)元]?|-+|—+", re.I)
# Whole numbers as long as these are ids, cards and accounts: a record of somebody.
_LONG = re.compile(r"\d{15,}")


@dataclass(frozen=True)
class Sums:
    """The words, folded, that tell such a row."""

    totals: frozenset[str]
    footers: tuple[str, ...]

    @classmethod
    def of(cls, layout: Layout | None) -> Sums:
        return cls(frozenset(map(fold, layout.totals)), tuple(map(fold, layout.footers))) if layout else cls(frozenset(), ())

    def __bool__(self) -> bool:
        return bool(self.totals or self.footers)

    def tell(self, filled: Sequence[str]) -> bool:
        """Whether a row is one of these, by its folded cells that are not empty (at least one).

        Its first cell is a total's word or begins like a footer; or the word stands in a later cell and all others are sums. A word that
        stands among other text, or beside a number as long as an id, belongs to a record.
        """
        first = filled[0].rstrip(":")
        if first in self.totals or (self.footers and first.startswith(self.footers)):
            return True
        if not self.totals:
            return False
        words = [t for t in filled if t.rstrip(":") in self.totals]
        return bool(words) and all(t in words or (_NUMERIC.fullmatch(t) and not _LONG.fullmatch(t)) for t in filled)

    def hint(self, encoding: str) -> re.Pattern[bytes]:
        """Bytes that every line with one of the words holds, and hardly another line: its characters with no line end between them."""
        spelled = [[_character(c, encoding) for c in word] for word in sorted({*self.totals, *self.footers})]
        # A word that the encoding cannot write does not stand in the file.
        return re.compile(b"|".join(rb"[^\r\n]*?".join(word) for word in spelled if all(word)) or b"(?!)")


def _character(c: str, encoding: str) -> bytes:
    """A folded character as it may be written: in either case, and ASCII in full width."""
    forms: Iterable[str] = {c, c.upper(), *(chr(ord(x) + 0xFEE0) for x in {c, c.upper()} if "!" <= x <= "~")}
    written = {f.encode(encoding, "ignore") for f in forms} - {b""}
    return b"(?:" + b"|".join(map(re.escape, sorted(written))) + b")" if written else b""
