"""The definition of a register's history, for one key: what the lake knew at each instant.

`xihu.silver.history` computes the same with windows where versions arrive in their own order; where they do not, it calls this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Seen:
    """One version of a scope as seen for one key.

    `version` orders versions, `received` and `seq` order what is known, all comparable. `content` is None where the key is absent. `day` is
    the day on which this version takes effect. `ref` names the record, `landing` the file.
    """

    version: Any
    received: Any
    seq: Any
    content: Any
    day: Any
    ref: Any
    landing: Any


@dataclass(frozen=True)
class Span:
    """A row as known in `[known_from, known_to)`, with the day its validity ended (None: open)."""

    ref: Any
    known_from: Any
    known_to: Any
    valid_to: Any
    closer: Any


def register(observations: Sequence[Seen]) -> list[Span]:
    """Spans of a key in a register: a row ends on the day of the first later version that lacks it or differs from it.

    Of several deliveries of one version the last one received counts.
    """
    instants = sorted({o.received for o in observations})
    open_spans: dict[tuple[Any, Any], Any] = {}
    spans: list[Span] = []
    for now in instants:
        state = _state([o for o in observations if o.received <= now])
        for row in [row for row in open_spans if row not in state]:
            closer = min(o.landing for o in observations if o.received == now)
            spans.append(Span(row[0], open_spans.pop(row), now, row[1], closer))
        for row in state:
            open_spans.setdefault(row, now)
    spans.extend(Span(ref, since, None, valid_to, None) for (ref, valid_to), since in open_spans.items())
    return spans


def _state(known: Sequence[Seen]) -> list[tuple[Any, Any]]:
    last: dict[Any, Seen] = {}
    for seen in sorted(known, key=lambda o: (o.received, o.seq)):
        last[seen.version] = seen
    rows: list[tuple[Any, Any]] = []
    current: Seen | None = None
    for version in sorted(last):
        seen = last[version]
        if current is not None and seen.content != current.content:
            rows.append((current.ref, seen.day))
            current = None
        if current is None and seen.content is not None:
            current = seen
    if current is not None:
        rows.append((current.ref, None))
    return rows
