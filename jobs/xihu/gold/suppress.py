"""Small cells: counts of fewer than ten persons, and what would give them away by subtraction, are left out of published marts.

The tables add up along two lines: a row's parts make its whole (covered + gap + excused = eligible), and districts make the city. A cell
below the threshold is hidden; then, along each line, more cells are hidden until at least two are and they stand for ten persons or more
together, so that no hidden cell and no small sum of hidden cells follows from what is shown. Zero is shown: it says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

THRESHOLD = 10


@dataclass(frozen=True)
class Line:
    """Cells whose sum is known if all but one are: parts and their total. Hiding prefers parts that are small but not zero."""

    cells: tuple[Hashable, ...]
    total: Hashable | None = None


def hidden(values: Mapping[Any, int], lines: Iterable[Line], threshold: int = THRESHOLD, already: Iterable[Hashable] = ()) -> set[Any]:
    """Cells that must not be shown.

    Args:
        values: count per cell; cells are any names.
        lines: the sums that a reader knows. A total takes part as a cell of its own.
        already: cells hidden for another reason.

    Returns:
        Every cell with 0 < count < threshold, and complements such that on every line either nothing is hidden, or at least two cells are
        and the hidden parts (against the total, if that is shown) make up at least `threshold` persons.
    """
    out: set[Any] = {cell for cell, n in values.items() if 0 < n < threshold} | set(already)
    known = [line for line in lines if all(cell in values for cell in line.cells)]
    changed = True
    while changed:
        changed = False
        for line in known:
            cells = [*line.cells, *([line.total] if line.total is not None else [])]
            gone = [cell for cell in cells if cell in out]
            if not gone:
                continue
            # What a reader learns: the sum of hidden parts when the total is shown; the total, when all parts are.
            while not _safe(line, out, values, threshold):
                free = [cell for cell in cells if cell not in out]
                if not free:
                    break
                # The smallest part that helps; a zero helps nobody, and the total is the last to go.
                free.sort(key=lambda cell: (cell == line.total, values[cell] == 0, values[cell], str(cell)))
                out.add(free[0])
                changed = True
    return out


def _safe(line: Line, out: set[Any], values: Mapping[Any, int], threshold: int) -> bool:
    parts = [cell for cell in line.cells if cell in out]
    if line.total is not None and line.total in out:
        return bool(parts)
    # Zeros among the hidden hide nothing: the reader of a total knows that the rest is zero or more.
    return not parts or (len([c for c in parts if values[c]]) >= 2 and sum(values[c] for c in parts) >= threshold)
