"""Where in a file records are planted: each place once, so that a record has one fault."""

from __future__ import annotations

from random import Random

from xihu.sample.themes.extract import Fault


class Faults:
    """Hands out the places of `count` records in random order; `found` are the faults planted so far."""

    def __init__(self, rng: Random, count: int, sheet: str = "") -> None:
        self.sheet, self.found = sheet, list[Fault]()
        self._places = rng.sample(range(count), count)

    def take(self, kind: str, expected: str, field: str = "") -> int:
        """0-based index of a record that is planted now."""
        return self.mark(self._places.pop(), kind, expected, field)

    def mark(self, index: int, kind: str, expected: str, field: str = "") -> int:
        """The record of that 0-based index is planted; it is handed out no more."""
        if index in self._places:
            self._places.remove(index)
        self.found.append(Fault(index + 1, kind, expected, field, self.sheet))
        return index
