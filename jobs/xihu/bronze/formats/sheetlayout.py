"""How a report's sheet is laid out: where its header is, which rows are structure, which values merged ranges spread.

What the contract says of title and header rows is an expectation: the header is searched for by its titles, for senders add and drop lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xihu.bronze.formats.fit import looks_like_data
from xihu.bronze.formats.header import Match, fold, match
from xihu.bronze.formats.sums import Sums
from xihu.bronze.formats.workbook import Cell, Row
from xihu.contract.models import MONEY_UNITS, Contract

Merge = tuple[int, int, int, int]
LOOK = 10
_NOTES = re.compile(r"说明|封面|填表|目录|指标解释|字典|代码表|示例|样例|附注|备注")
_UNIT = re.compile(r"单位[:：]\s*(.*)")


@dataclass
class Header:
    """A header found: its first and last row, titles by column, match, and how they were joined."""

    top: int
    bottom: int
    titles: list[str]
    match: Match


def is_note(name: str) -> bool:
    """Whether a sheet's name says that it explains and holds no data."""
    return _NOTES.search(name) is not None


def find_header(contract: Contract, rows: Sequence[Row], merges: Sequence[Merge]) -> Header | None:
    """The block of rows near the top whose titles, joined over its levels with "/", name most of the contract's fields."""
    layout = contract.delivery.layout
    titles_rows, depth_expected = (layout.title_rows, layout.header_rows) if layout else (0, 1)
    limit = max(LOOK, titles_rows + depth_expected + 5)
    near = {row.number: row for row in rows if row.number <= limit + 4}
    tops = [n for n in sorted(near) if n <= limit and near[n].texts()]
    best: tuple[tuple[int, bool, bool, int, bool], Header] | None = None
    for top in tops:
        for depth in sorted({depth_expected, 1, 2, 3, 4}):
            for spread in (False, True) if depth > 1 else (False,):
                titles = _titles(near, merges, top, depth, spread)
                found = match(contract, titles)
                rank = (found.score, depth == depth_expected, top == titles_rows + 1, -depth, not spread)
                if found.score and (best is None or rank > best[0]):
                    best = rank, Header(top, top + depth - 1, titles, found)
    if best is None:
        return None
    sheet_field = layout.sheet_field if layout else None
    required = sum(spec.required for name, spec in contract.fields.items() if name != sheet_field)
    total = len(contract.fields) - (sheet_field is not None)
    score = best[1].match.score
    return best[1] if score * 2 >= required and score * 3 >= total else None


def _titles(near: dict[int, Row], merges: Sequence[Merge], top: int, depth: int, spread: bool) -> list[str]:
    """Titles by column of a header block; `spread` lets an upper title run to the right where the sender left the cells unmerged."""
    bottom = top + depth - 1
    grid = [{c: cell.text for c, cell in near[r].cells.items() if cell.text.strip()} if r in near else {} for r in range(top, bottom + 1)]
    for r1, c1, r2, c2 in merges:
        if r1 > bottom or r2 < top or c2 - c1 > 1000:
            continue
        origin = near.get(r1)
        if origin is None or c1 not in origin.cells or r1 < top:
            continue
        for r in range(max(r1, top), min(r2, bottom) + 1):
            for c in range(c1, c2 + 1):
                grid[r - top][c] = origin.cells[c1].text
    last = max((c for level in grid for c in level), default=-1)
    if spread:
        for upper in range(depth - 1):
            carried = ""
            for c in range(last + 1):
                if c in grid[upper]:
                    carried = grid[upper][c]
                elif carried and any(c in lower for lower in grid[upper + 1 :]):
                    grid[upper][c] = carried
    titles = []
    for c in range(last + 1):
        parts: list[str] = []
        for level in grid:
            part = " ".join(level.get(c, "").split())
            if part and (not parts or parts[-1] != part):
                parts.append(part)
        titles.append("/".join(parts))
    return titles


def stated_unit(rows: Iterable[Row]) -> set[str]:
    """The money units that lines above a header state (单位：万元)."""
    units: set[str] = set()
    for row in rows:
        texts = [t.strip() for t in row.texts() if t.strip()]
        for i, text in enumerate(texts):
            found = _UNIT.search(text)
            if found:
                stated = found[1] or (texts[i + 1] if i + 1 < len(texts) else "")
                units |= {part for part in re.split(r"[、，,;；/（）()\s]+", stated) if part in MONEY_UNITS}
    return units


@dataclass
class Structure:
    """Tells data rows of a sheet from structure, by a row's own cells (merged values not spread)."""

    sums: Sums
    repeated: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def of(cls, contract: Contract, repeated: Iterable[Sequence[str]]) -> Structure:
        return cls(Sums.of(contract.delivery.layout), {tuple(r) for r in repeated})

    def is_data(self, row: Row) -> bool:
        filled = filled_texts(row)
        return bool(filled) and tuple(filled) not in self.repeated and not self.sums.tell(filled)


def filled_texts(row: Row) -> list[str]:
    return [t for t in map(fold, row.texts()) if t]


def holds_data(contract: Contract, rows: Sequence[Row]) -> bool:
    """Whether a sheet without a header looks like a table all the same: it must not be passed over in silence."""
    return any(looks_like_data(contract, texts) for texts in _full(contract, rows))


def first_full(contract: Contract, rows: Sequence[Row]) -> list[str]:
    """The texts of the first row with enough cells for a record or its titles; none: []."""
    return next(iter(_full(contract, rows)), [])


def _full(contract: Contract, rows: Sequence[Row]) -> list[list[str]]:
    need = max(2, (len(contract.fields) + 1) // 2)
    return [texts for texts in (row.texts() for row in rows) if sum(bool(t.strip()) for t in texts) >= need]


class Spread:
    """Gives the value of a vertically merged range to all its rows."""

    def __init__(self, merges: Iterable[Merge]) -> None:
        self.waiting = sorted((m for m in merges if m[2] > m[0]), reverse=True)
        self.active: list[tuple[int, int, int, Cell | None]] = []

    def apply(self, row: Row) -> dict[int, Cell]:
        """Cells of a row with what merged ranges spread into it; rows must come in order."""
        while self.waiting and self.waiting[-1][0] <= row.number:
            r1, c1, r2, _ = self.waiting.pop()
            self.active.append((r1, c1, r2, row.cells.get(c1) if r1 == row.number else None))
        if not self.active:
            return row.cells
        self.active = [m for m in self.active if m[2] >= row.number]
        cells = dict(row.cells)
        for _, c1, _, cell in self.active:
            if cell is not None and (c1 not in cells or not cells[c1].text.strip()):
                cells[c1] = cell
        return cells
