"""What people decided: merges, splits and their undoing, as rows of an append-only event file that comes in through landing.

An event never holds an identifier. It names a number (`person:12`: the handle that founded it), a record without a number
(`mention:<16 hex>`) or a row of the registry (`entry:<run>.<seq>`: the handle that came to a number there).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from xihu.gold.decision import Decision
from xihu.gold.identity.numbers import GIVING, Book, Entry

MERGE, SPLIT, UNDO = "merge", "split", "undo"
REFERENCE = re.compile(r"person:\d+|mention:[0-9a-f]{16}|entry:\d+\.\d+")
RESOURCE = "xh__identity_decision"


@dataclass(frozen=True)
class Row:
    """One line of an event: the two handles that it binds or parts, or the event that it takes back."""

    event_id: str
    line: int
    kind: str
    left: str | None
    right: str | None
    undoes: str | None
    reason: str
    by: str
    second: str
    at: datetime


def standing(rows: Iterable[Row]) -> list[Row]:
    """The lines of events that nobody took back; what an undone undoing took back stands again."""
    events: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        events[row.event_id].append(row)
    # An undoing names an earlier event, so the latest is judged first.
    order = sorted(events, key=lambda e: (max(r.at for r in events[e]), e), reverse=True)
    gone: set[str] = set()
    kept: list[Row] = []
    for event in order:
        if event in gone:
            continue
        for row in sorted(events[event], key=lambda r: r.line):
            if row.kind == UNDO:
                gone |= {row.undoes} if row.undoes and row.undoes != event else set()
            else:
                kept.append(row)
    return sorted(kept, key=lambda r: (r.at, r.event_id, r.line))


class References:
    """From the references of events to handles, by the registry."""

    def __init__(self, registry: Iterable[Entry]) -> None:
        rows = list(registry)
        self.founding = Book.of(rows).founding
        self.entries = {(r.run, r.seq): r.handle for r in rows if r.event in GIVING and r.event != "created"}

    def handle(self, reference: str | None) -> str | None:
        """The handle that a reference names; None for one that names nothing."""
        text = (reference or "").strip()
        if text.startswith("person:"):
            return self.founding.get(int(text[7:])) if text[7:].isdigit() else None
        if text.startswith("entry:"):
            run, _, seq = text[6:].partition(".")
            return self.entries.get((int(run), int(seq))) if run.isdigit() and seq.isdigit() else None
        return text if REFERENCE.fullmatch(text) else None


def references(book: Book, rows: Sequence[Entry], number: int) -> dict[str, str]:
    """Handle → reference, for all handles that stand for a number today."""
    entries = {r.handle: f"entry:{r.run}.{r.seq}" for r in sorted(rows, key=lambda r: r.order) if r.event == "attached"}
    founders = {h: n for n, h in book.founding.items()}
    found = {}
    for handle, own in book.owner.items():
        if book.resolve(own) == number:
            if handle.startswith("mention:"):
                found[handle] = handle
            elif handle in founders:
                found[handle] = f"person:{founders[handle]}"
            elif handle in entries:
                found[handle] = entries[handle]
    return found


def bonds(rows: Iterable[Row], registry: Iterable[Entry]) -> list[Decision]:
    """Standing decisions as pairs of handles, in the order of decision; a line that names nobody says nothing."""
    names = References(registry)
    found = []
    for row in standing(rows):
        left, right = names.handle(row.left), names.handle(row.right)
        if left and right and left != right and row.kind in (MERGE, SPLIT):
            found.append(Decision(row.event_id, row.kind, left, right, row.reason, row.by, row.second, row.at))
    return found


def merge_lines(left: int, right: int) -> list[tuple[str, str, str]]:
    """(kind, left, right) of the event that two numbers are one person."""
    return [(MERGE, f"person:{left}", f"person:{right}")]


def split_lines(apart: Sequence[str], rest: Sequence[str]) -> list[tuple[str, str, str]]:
    """(kind, left, right) of the event that some handles of a number are another person: each is parted from all others, and they stay one.

    Args:
        apart, rest: references; together all of the number.
    """
    lines = [(SPLIT, a, r) for a in apart for r in rest]
    return lines + [(MERGE, a, b) for a, b in pairwise(apart)]
