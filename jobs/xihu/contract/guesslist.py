"""Repeated elements that are parts of a record and no records: steps of a procedure, items by name; each tells by a value which one it is.

`<公文 文号="1"><环节 名称="登记" 时间="…"/><环节 名称="办结" 时间="…"/></公文>` is one record, with the times of its steps as columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

# More kinds of parts than these are no columns.
_MOST = 40
_BY_VALUE = re.compile(r"\[@?[^\]=]+='([^']*)'\]")


class Told(NamedTuple):
    """The element of a record, the repeated element below it, and the attribute (`@名称`) or leaf (`名称`) that tells its kinds apart."""

    record: str
    item: str
    by: str

    def test(self, item: list[Any]) -> str:
        """The test of a path that leads to items of this kind."""
        return f"[{self.by}='{_value(item, self.by)}']"

    def rest(self, leaves: Mapping[str, str], step: str) -> dict[str, str]:
        """What an item holds beside what tells its kind."""
        return {k: v for k, v in leaves.items() if k != f"{step}/{self.by}"}


def outer(root: list[Any], item: str) -> Told | None:
    """The record that the repeated element `item` is a part of, if it is: the outermost of the elements around it that fits.

    In each record the telling value stands once, the same few values come again and again, and they are words, not numbers in a row:
    members of a family are numbered, or have ids of their own, and are records.
    """
    around: dict[str, list[list[list[Any]]]] = {}
    _gather(root, item, [], around)
    found = None
    for name, groups in around.items():  # from the inside out
        if not 2 <= len(groups) <= sum(map(len, groups)) / 1.5:
            continue
        first = groups[0][0]
        by = next((by for by in [*(f"@{k}" for k in first[1]), *(c[0] for c in first[2] if not c[2])] if _tells(groups, by)), None)
        found = Told(name, item, by) if by else found
    return found


def named(records: list[list[Any]]) -> Told | None:
    """The repeated element inside the records whose items tell by an attribute which value they hold: `<field name="xm">王五</field>`."""
    often = Counter(name for record in records for name, n in Counter(c[0] for c in record[2]).items() if n > 1)
    for item, times in often.most_common(5):
        if times < 0.5 * len(records):
            break
        groups = [[c for c in record[2] if c[0] == item] for record in records]
        by = next((f"@{k}" for k in next(g for g in groups if g)[0][1] if _tells([g for g in groups if g], f"@{k}")), None)
        if by:
            return Told(records[0][0], item, by)
    return None


def _gather(node: list[Any], item: str, above: list[tuple[str, list[list[Any]]]], around: dict[str, list[list[list[Any]]]]) -> None:
    """Of every element around items: the items in each of them."""
    for child in node[2]:
        if child[0] == item:
            for _, inside in above:
                inside.append(child)
            continue
        mine: list[list[Any]] = []
        _gather(child, item, [*above, (child[0], mine)], around)
        if mine:
            around.setdefault(child[0], []).append(mine)


def _tells(groups: list[list[list[Any]]], by: str) -> bool:
    values = [[_value(item, by) for item in group] for group in groups]
    every = Counter(v for group in values for v in group)
    if not 2 <= len(every) <= _MOST or any(not v or "'" in v or "]" in v or len(v) > 30 for v in every):
        return False
    if any(len(set(group)) < len(group) for group in values):
        return False
    numbered = all(v.isdigit() for v in every)
    # Each kind in many of the records: else the values are the records' own.
    again = sum(every.values()) / len(every) >= max(2, 0.2 * len(groups))
    return again and not numbered


def _value(item: list[Any], by: str) -> str:
    if by.startswith("@"):
        return str(item[1].get(by[1:], "")).strip()
    return next((str(c[3]).strip() for c in item[2] if c[0] == by), "")


def spoken(path: str) -> str:
    """A title from a path: its last part, behind the value that tells it from its like."""
    told = _BY_VALUE.findall(path)
    last = re.split(r"[/.]", _BY_VALUE.sub("", path))[-1].lstrip("@")
    if not told:
        return last
    ends = path.endswith("]") or last.lower() in ("value", "val", "值", "内容", "text", "data")
    return told[-1] if ends else told[-1] + last
