"""Titles of a header against the fields of a contract."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from xihu.bronze.schema import Refusal
from xihu.contract.models import MONEY_UNITS, Contract

_UNIT = re.compile(r"(.+?)[(（]([^()（）]*)[)）]$")


def fold(title: str) -> str:
    """A title without the differences that mean nothing: width, case, blanks, invisible characters."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


def own_unit(title: str) -> bool:
    """Whether a title, or the last level of a merged one, states a unit of money itself: 保障金额（元）."""
    stated = _UNIT.fullmatch(fold(title))
    return stated is not None and stated[2] in MONEY_UNITS


@dataclass
class Match:
    """How a header meets a contract: column position by field, titles that no field has, titles that two columns claim."""

    positions: dict[str, int] = field(default_factory=dict)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unit: str = ""

    @property
    def score(self) -> int:
        return len(self.positions)


def names_of(contract: Contract) -> dict[str, str]:
    """Folded title → field name; today's titles win over former ones."""
    names = {fold(old): name for name, spec in contract.fields.items() for old in spec.titles}
    return names | {fold(spec.title): name for name, spec in contract.fields.items()}


def match(contract: Contract, titles: Sequence[str]) -> Match:
    """Find the fields of a contract in a list of titles; blank titles are no columns."""
    names, found = names_of(contract), Match()
    for position, title in enumerate(titles):
        folded = fold(title)
        if not folded:
            continue
        name = names.get(folded)
        if name is None and (stated := _UNIT.fullmatch(folded)):
            # 金额（万元）: the title with its unit, if the unit is the contract's.
            name = names.get(stated[1])
            spec = contract.fields[name] if name else None
            if spec and stated[2] != (spec.unit or ("元" if spec.type == "money" else "")):
                if spec.type == "money" and stated[2] in MONEY_UNITS:
                    found.unit = f"列“{title}”以{stated[2]}为单位，约定为{spec.unit or '元'}"
                name = None
        if name is None:
            found.unknown.append((position, title))
        elif name in found.positions:
            found.twice.append(title)
        else:
            found.positions[name] = position
    # A column may stand under the field's own name, where no title of the field is met.
    for position, title in list(found.unknown):
        name = fold(title)
        if name in contract.fields and name not in found.positions:
            found.positions[name] = position
            found.unknown.remove((position, title))
    return found


@dataclass
class Judged:
    """What a header's differences come to. `held`: see `Inspection.held`."""

    refusal: Refusal | None = None
    warnings: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)


def judge(contract: Contract, titles: Sequence[str], found: Match, given: frozenset[str] = frozenset()) -> Judged:
    """Refuse, hold or warn by the contract's policy on columns.

    Args:
        titles: the header as sent.
        found: its match.
        given: fields that come from elsewhere (the sheet's name).
    """
    policy, drift = contract.delivery.columns, Drift()
    missing = [name for name in contract.fields if name not in found.positions and name not in given]
    required = [name for name in missing if contract.fields[name].required]
    if found.unit:
        drift.faults.append(found.unit)
    if found.twice:
        drift.faults.append("标题重复：" + "、".join(found.twice))
    if required:
        drift.faults.append("缺少必填列：" + "、".join(contract.fields[n].title for n in required))
    optional = [n for n in missing if n not in required]
    if optional:
        drift.tell(policy.dropped, "缺少列：" + "、".join(contract.fields[n].title for n in optional), "missing_key", optional[0])
    if found.unknown:
        drift.tell(policy.added, "约定之外的列：" + "、".join(title.strip() for _, title in found.unknown), "column_count")
    old = {fold(t) for spec in contract.fields.values() for t in spec.titles} - {fold(s.title) for s in contract.fields.values()}
    former = [titles[p].strip() for p in found.positions.values() if fold(titles[p]) in old]
    if former:
        drift.tell(policy.renamed, "用了曾用的标题：" + "、".join(former))
    order = [found.positions[n] for n in contract.fields if n in found.positions]
    if order != sorted(order):
        drift.tell(policy.reordered, "列的次序与约定不同")
    if not drift.faults:
        return Judged(None, drift.warnings, drift.held)
    got = "、".join(t.strip() for t in titles if t.strip())
    cure = "请提供方按约定的表头重报，或在目录中补充标题"
    for name, title in _renamed(contract, missing, found):
        cure += f"；“{title}”如果就是“{contract.fields[name].title}”，请在目录的 {name}.titles 中补充它"
    return Judged(Refusal("header_unknown", "；".join(drift.faults) + f"；文件的表头：{got[:500]}", cure), drift.warnings)


class Drift:
    """Differences by their outcome."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.warnings: list[str] = []
        self.held: list[str] = []

    def tell(self, policy: str, text: str, reason: str = "", name: str = "") -> None:
        """One difference under its policy: accept, warn, quarantine or refuse."""
        if policy == "refuse":
            self.faults.append(text)
        elif policy == "quarantine":
            self.held = self.held or [reason, name, text + "；本文件的记录全部暂存隔离，目录说明该变化后自动重新载入"]
            self.warnings.append(text)
        elif policy == "warn":
            self.warnings.append(text)


def _renamed(contract: Contract, missing: Sequence[str], found: Match) -> list[tuple[str, str]]:
    """Missing fields and unknown titles that may be each other: for people to decide, nothing follows from it."""
    pairs = []
    for name in missing:
        title = fold(contract.fields[name].title)
        close = [t for _, t in found.unknown if SequenceMatcher(None, title, fold(t)).ratio() >= 0.5]
        if len(missing) == len(found.unknown) == 1:
            close = [found.unknown[0][1]]
        pairs += [(name, close[0].strip())] if len(close) == 1 else []
    return pairs
