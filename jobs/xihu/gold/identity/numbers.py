"""Numbers for clusters: what the append-only registry gains when handles are found to belong together in another way than before.

A *handle* is what a person is known by, `<type>:<value>`: an identifier, or a mention without one. The first row of a number names its
*founding handle*, and for ever the number means the person who has that handle. So at any time a cluster's number is the oldest one that
was founded by one of its handles; the other numbers founded inside it are retired into it and resolve to it; a cluster that founded none
gets a fresh number. A merge that is undone therefore gives every part the number it had, and nothing is rewritten or handed out twice.
Where the founding handle is said by nobody any more (its delivery was withdrawn), the earliest handle that the number still has speaks
for it.

Pure: no Spark, no clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

CREATED, ATTACHED, MERGED, SPLIT, UNDONE = "created", "attached", "merged", "split", "undone"
GIVING = frozenset({CREATED, ATTACHED, SPLIT})  # events that give their handle to their number
MENTION = "mention:"


@dataclass(frozen=True)
class Why:
    """Reason of an event in words, evidence (JSON) and the logins that decided it; empty where a rule of identifiers did."""

    reason: str = ""
    evidence: str = ""
    by: str = ""


@dataclass(frozen=True)
class Entry:
    """One row of a registry.

    created: the number is new and `handle` founds it. attached: `handle` comes to the number (from `other`, if it had one). split: the
    number is new, founded by `handle`, which leaves `other`. merged: the number is retired, `other` stands for it. undone: the number
    that was retired into `other` stands for itself again.
    """

    number: int
    event: str
    handle: str
    known_from: datetime | None
    run: int
    seq: int = 0
    other: int | None = None
    why: Why = Why()

    @property
    def order(self) -> tuple[int, int, int]:
        return (self.run, self.seq, self.number)


@dataclass
class Book:
    """What the rows of a registry say: who owns a handle, who founded a number, what a retired number leads to."""

    owner: dict[str, int] = field(default_factory=dict)
    founding: dict[int, str] = field(default_factory=dict)
    handles: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    pointer: dict[int, int] = field(default_factory=dict)
    known: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Entry]) -> Book:
        book = cls()
        for row in sorted(rows, key=lambda r: r.order):
            book.add(row)
        return book

    def add(self, row: Entry) -> None:
        """Reads one more row."""
        if row.event in GIVING:
            self.owner[row.handle] = row.number
            self.founding.setdefault(row.number, row.handle)
            if row.handle not in self.handles[row.number]:
                self.handles[row.number].append(row.handle)
            if row.known_from is not None:
                self.known[row.handle] = min(row.known_from, self.known.get(row.handle, row.known_from))
        elif row.event == MERGED and row.other is not None:
            self.pointer[row.number] = row.other
        elif row.event == UNDONE:
            self.pointer.pop(row.number, None)

    def resolve(self, number: int) -> int:
        """The number that stands for it now; itself where it was never retired."""
        seen = set()
        while number in self.pointer and number not in seen:
            seen.add(number)
            number = self.pointer[number]
        return number

    def number(self, handle: str) -> int | None:
        """The number that stands for a handle now."""
        return self.resolve(self.owner[handle]) if handle in self.owner else None


Reasons = Callable[[str, Collection[str], Collection[str]], Why]


def nothing(event: str, handles: Collection[str], others: Collection[str]) -> Why:
    """No reason is known."""
    del event, handles, others
    return Why()


def first(handles: Iterable[str], known: Mapping[str, datetime]) -> str:
    """The earliest handle: first known, then identifiers before mentions, then by text."""
    return min(handles, key=lambda h: (known.get(h, datetime.max), h.startswith(MENTION), h))


@dataclass(frozen=True)
class Fresh:
    """A cluster that needs a new number; `placeholder` (negative) stands for it in the plan's rows."""

    placeholder: int
    known_from: datetime
    handle: str


@dataclass(frozen=True)
class Plan:
    """Rows to append, and who still needs a number. `clusters`: cluster → number or placeholder."""

    rows: tuple[Entry, ...]
    fresh: tuple[Fresh, ...]
    clusters: Mapping[str, int]

    def numbered(self, numbers: Mapping[int, int], start: int = 0) -> list[Entry]:
        """The rows with real numbers in the places of placeholders, in order of events, `seq` from `start`."""
        said = [
            replace(r, number=numbers.get(r.number, r.number), other=None if r.other is None else numbers.get(r.other, r.other))
            for r in self.rows
        ]
        return [replace(r, seq=start + i) for i, r in enumerate(said)]


def plan(
    clusters: Mapping[str, str],
    book: Book,
    known: Mapping[str, datetime],
    run: int,
    *,
    elsewhere: Collection[str] = (),
    why: Reasons = nothing,
) -> Plan:
    """What the registry must gain so that every cluster has its one number.

    Args:
        clusters: handle → cluster.
        book: the rows of (at least) the handles of `clusters`, of the numbers that these name, and all that retire a number.
        known: handle → when it was first known; handles of the registry may be left out.
        elsewhere: handles that are said today but stand in no cluster here, because nothing about them has changed.
        why: (event, handles, other handles) → reason.
    """
    first_known = {**known, **{h: min(t, known.get(h, t)) for h, t in book.known.items()}}
    members: dict[str, list[str]] = defaultdict(list)
    for handle, cluster in clusters.items():
        members[cluster].append(handle)

    # Who speaks for a number, and in which cluster.
    speaks: dict[int, str] = {}
    founders = set(book.founding.values())
    for number, founder in book.founding.items():
        if founder in clusters:
            speaks[number] = founder
        elif founder not in elsewhere:
            left = [h for h in book.handles[number] if h in clusters and book.owner[h] == number and h not in founders]
            if left:
                speaks[number] = left[0]
    founded: dict[str, list[int]] = defaultdict(list)
    for number, handle in speaks.items():
        founded[clusters[handle]].append(number)

    order = sorted((first_known.get(h := first(m, first_known), datetime.max), h, c) for c, m in members.items() if c not in founded)
    fresh = [Fresh(-i, at, handle) for i, (at, handle, _) in enumerate(order, start=1)]
    number_of = {c: min(numbers) for c, numbers in founded.items()}
    number_of |= {c: f.placeholder for f, (_, _, c) in zip(fresh, order, strict=True)}

    pointer = _pointers(book, speaks, {n: number_of[clusters[h]] for n, h in speaks.items()})

    def resolved(number: int) -> int:
        while number in pointer:
            number = pointer[number]
        return number

    rows: list[Entry] = []

    def say(number: int, event: str, handle: str, other: int | None, reason: Why) -> None:
        rows.append(Entry(number, event, handle, first_known.get(handle), run, 0, other, reason))

    for number in sorted(speaks):
        before, after, handle = book.pointer.get(number), pointer.get(number), speaks[number]
        if before is not None and after is None:
            say(number, UNDONE, handle, before, why(UNDONE, [handle], book.handles.get(before, [])))
    for f, (_, _, cluster) in zip(fresh, order, strict=True):
        old = book.owner.get(f.handle)
        if old is None:
            say(f.placeholder, CREATED, f.handle, None, Why())
        else:
            source = resolved(old)
            say(f.placeholder, SPLIT, f.handle, source, why(SPLIT, members[cluster], book.handles.get(source, [])))
    for number in sorted(speaks):
        before, after, handle = book.pointer.get(number), pointer.get(number), speaks[number]
        if after is not None and after != before:
            say(number, MERGED, handle, after, why(MERGED, [handle], members[clusters[handle]]))
    for cluster in sorted(members, key=lambda c: (number_of[c] < 0, abs(number_of[c]))):
        number = number_of[cluster]
        for handle in sorted(members[cluster], key=lambda h: (first_known.get(h, datetime.max), h)):
            old = book.owner.get(handle)
            if old is not None and resolved(old) == number:
                continue
            if number < 0 and handle == fresh[-number - 1].handle:
                continue
            others = [h for h in members[cluster] if h != handle]
            say(number, ATTACHED, handle, None if old is None else resolved(old), why(ATTACHED, [handle], others))
    return Plan(tuple(rows), tuple(fresh), number_of)


def _pointers(book: Book, speaks: Mapping[int, str], wanted: Mapping[int, int]) -> dict[int, int]:
    """Retired number → what it leads to, so that every number that is spoken for leads to the number of its cluster."""
    pointer = dict(book.pointer)
    for number in speaks:
        if wanted[number] == number:
            pointer.pop(number, None)

    def end(number: int) -> int:
        seen = set()
        while number in pointer and number not in seen:
            seen.add(number)
            number = pointer[number]
        return number

    # A number that is led elsewhere is led straight to its cluster's; that may lead others along with it, so it is looked at again.
    settled = False
    while not settled:
        settled = True
        for number in sorted(speaks):
            if wanted[number] != number and end(number) != wanted[number]:
                pointer[number] = wanted[number]
                settled = False
    return pointer


def assign(
    clusters: Mapping[str, str],
    registry: Sequence[Entry],
    known: Mapping[str, datetime],
    run: int,
    *,
    top: int | None = None,
    elsewhere: Collection[str] = (),
    why: Reasons = nothing,
) -> list[Entry]:
    """The rows that a registry gains: `plan`, with fresh numbers in order of first knowledge, then handle.

    Args:
        top: the highest number ever given; default: that of `registry`.
    """
    made = plan(clusters, Book.of(registry), known, run, elsewhere=elsewhere, why=why)
    last = max((r.number for r in registry), default=0) if top is None else top
    return made.numbered({f.placeholder: last + i for i, f in enumerate(made.fresh, start=1)})


def resolve(number: int, registry: Iterable[Entry]) -> int:
    """The number that stands for one that was ever given."""
    return Book.of(registry).resolve(number)
