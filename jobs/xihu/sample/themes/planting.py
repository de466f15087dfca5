"""Where faults go: each into a record of its own, chosen by the resource's chance."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from xihu.sample.themes.extract import Fault


class Planting:
    """Faults of one file, or of one sheet. `spared`: 0-based records that must stay clean."""

    def __init__(self, rng: Random, records: int, sheet: str = "", spared: Collection[int] = ()) -> None:
        self.sheet, self.faults = sheet, list[Fault]()
        clean = set(spared)
        self._free = [i for i in range(records) if i not in clean]
        rng.shuffle(self._free)

    def put(self, kind: str, expected: str, field: str = "", among: Collection[int] | None = None) -> int:
        """0-based record that takes a fault; `among`: those that can bear it.

        Raises:
            ValueError: no record is left.
        """
        for i in self._free:
            if among is None or i in among:
                self.at(i, kind, expected, field)
                return i
        raise ValueError(f"no record is left for {kind}")

    def at(self, record: int, kind: str, expected: str, field: str = "") -> None:
        """A fault in a given record, which takes no other."""
        if record in self._free:
            self._free.remove(record)
        self.faults.append(Fault(record + 1, kind, expected, field, self.sheet))

    @property
    def bad(self) -> set[int]:
        """0-based records with a fault."""
        return {f.row - 1 for f in self.faults}


__all__ = ["Planting"]
