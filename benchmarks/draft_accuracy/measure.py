"""Drafts against the truth, field by field; figures as a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import yaml
from pydantic import ValidationError

from xihu.contract.draft import draft
from xihu.contract.guess import Unreadable
from xihu.contract.models import Contract
from xihu.standards.codes import CodeList

from .cases import SHEET, SPAN, Case

MISSING = "(none)"
# Types that a person would let stand for one another until the sender says more.
KIN = (
    {"integer", "number"},
    {"money", "number"},
    {"code", "text"},
    {"year", "integer"},
    {"boolean", "code"},
    {"boolean", "integer"},
    {"division", "text"},
    {"person_name", "text"},
    {"phone", "text"},
)
AS_OF = date(2026, 1, 1)


@dataclass
class Judged:
    """One field of one file."""

    case: Case
    name: str
    true: str
    drafted: str

    @property
    def right(self) -> bool:
        return self.true == self.drafted

    @property
    def kin(self) -> bool:
        return self.right or any(self.true in k and self.drafted in k for k in KIN)


@dataclass
class Outcome:
    fields: list[Judged] = field(default_factory=list)
    extra: int = 0  # columns drafted that no one named
    refused: list[str] = field(default_factory=list)

    def some(self, **wanted: object) -> list[Judged]:
        """Fields of cases with these attributes."""
        return [f for f in self.fields if all(getattr(f.case, k) == v for k, v in wanted.items())]


def share(fields: list[Judged], kin: bool = False) -> float:
    return sum(f.kin if kin else f.right for f in fields) / len(fields) if fields else float("nan")


def drafted(case: Case, codes: Mapping[str, CodeList]) -> Contract:
    text = draft(case.path, dept="dept", codes=codes, as_of=AS_OF)
    return Contract.model_validate(yaml.safe_load(text)).placed("dept", "drafted")


def types_of(contract: Contract) -> dict[str, str]:
    """What the draft says, by title; fields that take the sheet's name and fields of bytes by their place."""
    sheet = contract.delivery.layout.sheet_field if contract.delivery.layout else None
    out = {}
    for name, spec in contract.fields.items():
        if name == sheet:
            out[SHEET] = spec.type
        elif spec.start is not None:
            out[f"{SPAN} {spec.start}+{spec.width}"] = spec.type
        else:
            for key in (spec.title, *([spec.path] if spec.path else [])):
                out[key] = spec.type
    return out


def judge(cases: Iterable[Case], codes: Mapping[str, CodeList]) -> Outcome:
    out = Outcome()
    for case in cases:
        try:
            contract = drafted(case, codes)
        except (Unreadable, ValidationError, yaml.YAMLError) as why:
            out.refused.append(f"{case.path.name}: {str(why)[:200]}")
            found, fields = {}, 0
        else:
            found, fields = types_of(contract), len(contract.fields)
            message = contract.delivery.message
            if case.record and message and message.record != case.record:
                continue  # the draft took another kind of record of the same file
        out.fields += [Judged(case, n, t, found.get(n, MISSING)) for n, t in case.truth.items()]
        out.extra += max(0, fields - sum(n in found for n in case.truth))
    return out


def failures(fields: list[Judged]) -> Iterator[str]:
    """One line for each source, column and wrong answer."""
    seen: Counter[tuple[str, str, bool, str, str, str]] = Counter()
    for f in fields:
        if not f.right:
            seen[f.case.group, f.case.source, f.case.bare, f.name, f.true, f.drafted] += 1
    for (group, source, bare, name, true, said), times in sorted(seen.items()):
        yield f"{group:5} {source:32} {'c' if bare else ' '} {name:28} {true:12} → {said:12} ×{times}"


def by_source(fields: list[Judged]) -> float:
    """The mean over sources, so that a sender of a hundred files does not outweigh the others."""
    of: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for f in fields:
        of[f.case.group, f.case.source].append(f)
    return sum(map(share, of.values())) / len(of) if of else float("nan")
