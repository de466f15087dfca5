"""What is wrong with a catalogue, said once each: file, line, field, message, cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One fault. `file` is relative to the conf folder, `line` 1-based, `field` a dotted path inside the file."""

    file: str
    line: int
    field: str
    message: str
    cure: str

    def __str__(self) -> str:
        where = f" [{self.field}]" if self.field else ""
        return f"{self.file}:{self.line}:{where} {self.message}\n    → {self.cure}"


class CatalogueError(ValueError):
    """A catalogue that does not validate; `problems` is never empty."""

    def __init__(self, problems: list[Problem]):
        self.problems = sorted(set(problems))
        count = len(self.problems)
        super().__init__("\n".join([f"目录有 {count} 处错误 / {count} problem(s) in the catalogue:", *map(str, self.problems)]))


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a mistyped one, if any is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def suggest(word: str, known: Iterable[str]) -> str:
    """A cure for an unknown word: the nearest known one, else the whole choice."""
    choice = list(known)
    near = closest(word, choice)
    if near:
        return f"是否应为 {near}？ / did you mean {near}?"
    shown = ", ".join(choice[:25]) + (" …" if len(choice) > 25 else "")
    return f"可选 / one of: {shown or '(none)'}"
