"""Pages of an interface whose records moved while they were fetched, and where that puts what is planted in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xihu.sample.forms.messages import pages
from xihu.sample.themes.extract import Fault


def paged(
    rows: Sequence[Mapping[str, Any]], faults: Sequence[Fault], size: int, overlap: int, encoded: bool = True
) -> tuple[bytes, list[Fault], int]:
    """Pages that repeat records of the page before: their bytes, the faults at the rows where they come, all records.

    What comes again is a duplicate, or is wrong again where it was wrong.
    """
    order = [j for start in range(0, len(rows), size) for j in range(max(0, start - overlap), min(start + size, len(rows)))]
    wrong = {x.row - 1: x for x in faults}
    planted, seen = list[Fault](), set[int]()
    for at, j in enumerate(order, 1):
        x = wrong.get(j)
        if x and not (j in seen and x.expected in ("repaired", "accepted")):
            planted.append(Fault(at, x.kind, x.expected, x.field))
        elif j in seen:
            planted.append(Fault(at, "page_overlap", "duplicate"))
        seen.add(j)
    return pages(rows, size, overlap, encoded=encoded), planted, len(order)
