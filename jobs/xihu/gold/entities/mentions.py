"""What one role of one record says of a legal entity, read from an Arrow table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from xihu.standards import entity_names
from xihu.standards.entity_names import EntityName
from xihu.standards.organisation import EntityNumber, NumberProblem, judge

# Columns of `mentions`, any of which may be absent or NULL. Numbers stand as sent; `records`: how many records say exactly this.
COLUMNS = {
    "handle": pa.string(), "source": pa.string(), "uscc": pa.string(), "org_code": pa.string(), "registration_no": pa.string(),
    "tax_no": pa.string(), "name": pa.string(), "former_names": pa.list_(pa.string()), "division": pa.string(),
    "known_from": pa.timestamp("us", tz="UTC"), "records": pa.int64(),
}  # fmt: skip
_NUMBERS = ("uscc", "org_code", "tax_no", "registration_no")
_SAID = ("source", *_NUMBERS, "name", "former_names", "division")
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Mention:
    """One mention. `hubs`: (number, organisation code inside it) in order of trust; `bad`: (type, as sent, what is wrong)."""

    handle: str
    source: str
    hubs: tuple[tuple[EntityNumber, str], ...]
    registration: EntityNumber | None
    name: EntityName | None
    formers: frozenset[str]
    known_from: datetime
    records: int
    bad: tuple[tuple[str, str, NumberProblem], ...]

    @property
    def kind(self) -> str | None:
        """What sort of entity: by the name's ending, else by the best number; None where neither decides."""
        told = self.name.kind if self.name else None
        for number in (*(n for n, _ in self.hubs), self.registration):
            told = told or (number.kind if number else None)
        return None if told == "other" else told

    @property
    def numbers(self) -> list[EntityNumber]:
        return [*(n for n, _ in self.hubs), *([self.registration] if self.registration else [])]


def mention_handle(said: dict[str, Any]) -> str:
    """`mention:<16 hex>` of what is said: SHA-256 of the canonical JSON of source, numbers, names and division."""
    text = json.dumps([said.get(c) for c in _SAID], ensure_ascii=False, separators=(",", ":"))
    return "mention:" + hashlib.sha256(text.encode()).hexdigest()[:16]


def read(mentions: pa.Table) -> Iterator[Mention]:
    """Mentions in order of their handles, each once: equal ones are one, first known when the first was.

    Raises:
        ValueError: an unknown column.
    """
    unknown = [c for c in mentions.column_names if c not in COLUMNS]
    if unknown:
        raise ValueError(f"unknown columns of mentions: {', '.join(unknown)}")
    seen: dict[str, Mention] = {}
    for row in mentions.to_pylist():
        one = _mention(row)
        other = seen.get(one.handle)
        if other is not None:
            known, records = min(one.known_from, other.known_from), one.records + other.records
            one = Mention(
                one.handle, one.source, one.hubs, one.registration, one.name, one.formers | other.formers, known, records, one.bad
            )
        seen[one.handle] = one
    for handle in sorted(seen):
        yield seen[handle]


def _mention(row: dict[str, Any]) -> Mention:
    hubs: list[tuple[EntityNumber, str]] = []
    registration: EntityNumber | None = None
    bad: list[tuple[str, str, NumberProblem]] = []
    for column in _NUMBERS:
        sent = row.get(column)
        if sent is None or not sent.strip():
            continue
        found = judge(sent, column)
        if isinstance(found, NumberProblem):
            if found.reason != "missing_key":
                bad.append((column, sent, found))
        elif found.organisation is not None:
            if all(found.handle != n.handle for n, _ in hubs):
                hubs.append((found, found.organisation))
        else:
            registration = found
    # A credit code in the column of tax numbers is trusted like any other.
    hubs.sort(key=lambda h: ("uscc", "org_code", "tax_no").index(h[0].type))
    name = entity_names.parse(row["name"]) if row.get("name") and row["name"].strip() else None
    formers = {entity_names.normal(n) for n in row.get("former_names") or () if n}
    if name and name.former:
        formers.add(name.former)
    return Mention(
        row.get("handle") or mention_handle(row),
        row.get("source") or "",
        tuple(hubs),
        registration,
        name if name and name.full else None,
        frozenset(formers),
        row.get("known_from") or _NEVER,
        row.get("records") or 1,
        tuple(bad),
    )


def first_known(mentions: pa.Table) -> pa.Table:
    """(handle, known_from): when each mention and each identifier first was known; what numbers are given by."""
    first: dict[str, datetime] = {}
    for m in read(mentions):
        for handle in (m.handle, *(n.handle for n in m.numbers)):
            first[handle] = min(first.get(handle, m.known_from), m.known_from)
    handles = sorted(first)
    known = [None if first[h] == _NEVER else first[h] for h in handles]
    return pa.table({"handle": pa.array(handles, pa.string()), "known_from": pa.array(known, COLUMNS["known_from"])})


__all__ = ["COLUMNS", "Mention", "first_known", "mention_handle", "read"]
