"""One column of a file in hand as its guesses see it: title, cleaned values, shares of them that pass a test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from xihu.contract.guesswords import TELEGRAM, Hint, hint
from xihu.standards import text
from xihu.standards.codes import CodeList
from xihu.standards.value import ValueSpec, parser_of

NULLS = frozenset(["\\N", "NA", "NaN", "nan", "..", ":", "null", "NULL", "None", "none", "N/A", "-", "--", "—", "/", "Null"])
# One sign over the width of the cell, as instruments and fixed batches send "no value".
_FILLED = re.compile(r"([/*?#-])\1+")
SURE, LIKELY, UNSURE = "高", "中", "低"


@dataclass
class Column:
    """A column's likely type with options, and what a person should look at."""

    type: str
    options: dict[str, str] = field(default_factory=dict)
    note: str = ""
    sure: str = LIKELY
    why: str = ""


@dataclass
class Seen:
    """What is known of one column: its title and values, and of its file."""

    title: str
    values: Sequence[str | None]
    format: str
    codes: Mapping[str, CodeList]
    as_of: date
    unit: str | None = None  # of money, as said above the table
    ids: Sequence[str | None] | None = None  # citizen ids of the same records, which tell sex, if there are any

    @cached_property
    def hint(self) -> Hint:
        return (TELEGRAM.get(self.title) if self.format == "hj212" else None) or hint(self.title)

    @cached_property
    def nulls(self) -> list[str]:
        """Words for 'no value' that stand among the values."""
        return sorted({v for v in self.values if v and (v in NULLS or _FILLED.fullmatch(v))})

    @cached_property
    def given(self) -> list[str]:
        """Cleaned values without placeholders, at most two thousand from all over the sample."""
        step = max(1, len(self.values) // 2000)
        out = []
        for value in self.values[::step]:
            bare = text.fold(text.unguard(value)[0]).strip() if value else ""
            if (
                bare
                and bare not in NULLS
                and not _FILLED.fullmatch(bare)
                and not text.is_error(bare)
                and not (text.is_placeholder(bare) and not bare.isdigit())
            ):
                out.append(bare)
        return out

    @cached_property
    def distinct(self) -> Counter[str]:
        return Counter(self.given)

    @property
    def sheet(self) -> bool:
        return self.format in ("xlsx", "xls")

    def share(self, test: Callable[[str], object]) -> float:
        """Share of the values that pass a test."""
        passed = sum(times for value, times in self.distinct.items() if test(value))
        return passed / len(self.given)

    def matches(self, pattern: str) -> float:
        return self.share(re.compile(pattern).fullmatch)

    def reads(self, kind: str, *, forms: tuple[str, ...] | None = None) -> float:
        """Share of the values that the standards read as a type."""
        scientific = self.format in ("json", "xml", "accounting")
        parse = parser_of(ValueSpec(kind, forms=forms, sheet=self.sheet, fixed=self.format == "fixed", scientific=scientific))
        return self.share(lambda v: parse(v, self.as_of).reason is None)
