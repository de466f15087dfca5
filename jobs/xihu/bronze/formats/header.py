"""Titles of a header against the fields of a contract."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from xihu.bronze.schema import Refusal
from xihu.contract.models import MONEY_UNITS, Contract

_UNIT = re.compile(r"(.+?)[(（]([^()（）]*)[)）]$")


def fold(title: str) -> str:
    """A title without the differences that mean nothing: width, case, blanks, invisible characters."""
    text = unicodedata.normalize("NFKC", title).casefold()
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc"))


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


def judge(contract: Contract, titles: Sequence[str], found: Match, given: frozenset[str] = frozenset()) -> tuple[Refusal | None, list[str]]:
    """Refuse or warn by the contract's policy on columns.

    Args:
        titles: the header as sent.
        found: its match.
        given: fields that come from elsewhere (the sheet's name).
    """
    policy = contract.delivery.columns
    warnings: list[str] = []
    faults: list[str] = []
    missing = [name for name in contract.fields if name not in found.positions and name not in given]
    required = [name for name in missing if contract.fields[name].required]
    if found.unit:
        faults.append(found.unit)
    if found.twice:
        faults.append("标题重复：" + "、".join(found.twice))
    if required:
        faults.append("缺少必填列：" + "、".join(contract.fields[n].title for n in required))
    optional = [contract.fields[n].title for n in missing if n not in required]
    if optional:
        (faults if policy.dropped == "refuse" else warnings).append("缺少列：" + "、".join(optional))
    if found.unknown:
        (faults if policy.added == "refuse" else warnings).append("约定之外的列：" + "、".join(title.strip() for _, title in found.unknown))
    order = [found.positions[n] for n in contract.fields if n in found.positions]
    if order != sorted(order) and policy.reordered != "accept":
        (faults if policy.reordered == "refuse" else warnings).append("列的次序与约定不同")
    if faults:
        got = "、".join(t.strip() for t in titles if t.strip())
        return Refusal(
            "header_unknown", "；".join(faults) + f"；文件的表头：{got[:500]}", "请提供方按约定的表头重报，或在目录中补充标题"
        ), warnings
    return None, warnings
