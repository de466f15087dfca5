"""Independent count of shapefiles: shapes at the offsets that the index names, rows by the table's own counter, side by side."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from xihu.bronze.counters import dbf
from xihu.contract.models import Contract


def records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Raw bytes of every record: the shape with its header, then the row of the table.

    Raises:
        ValueError: a part is missing, or they do not hold the same number of records.
    """
    beside = {p.suffix.lower(): p for p in path.parent.glob("*") if p.stem.lower() == path.stem.lower()}
    index, table = beside.get(".shx"), beside.get(".dbf")
    if index is None or table is None:
        raise ValueError("a part is missing")
    entries = index.read_bytes()[100:]
    shapes = (_place(entries[i : i + 8]) for i in range(0, len(entries), 8))
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for place, row in zip_longest(shapes, dbf.records(table, contract)):
            if place is None or row is None:
                raise ValueError("the parts hold different numbers of records")
            yield data[place.start : place.stop] + row


def _place(entry: bytes) -> slice:
    words = [int.from_bytes(entry[i : i + 4], "big") for i in (0, 4)]
    return slice(words[0] * 2, words[0] * 2 + 8 + words[1] * 2)
