"""`gold.person_link`: why records are one person or not, and what waits for somebody to decide."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xihu.gold.decision import Decision
from xihu.gold.identity.decisions import MERGE
from xihu.gold.identity.numbers import ATTACHED, MERGED, SPLIT, UNDONE, Why
from xihu.gold.schema import LOADED, Shape

if TYPE_CHECKING:
    import pyarrow as pa

_KINDS = "类别：link 关联，review 待复核，shared_number 一号疑两人，two_numbers 一人疑两号，detached 号码不归此记录，decided 人工决定"
LINK = Shape(
    "gold.person_link",
    "人员关联：哪些记录是同一人、依据是什么，哪些待人工复核",
    (
        ("left_id", "BIGINT", "一方的人员编号"),
        ("right_id", "BIGINT", "另一方的人员编号；与一方相同表示已认定为同一人"),
        ("kind", "STRING", _KINDS),
        ("score", "DOUBLE", "匹配分值（以2为底的对数似然比），空为非打分所得"),
        ("probability", "DOUBLE", "同一人的概率，空为非打分所得"),
        ("reason", "STRING", "理由"),
        ("evidence", "STRING", "依据（JSON：各比较项的等级与权重）"),
        ("left_handle", "STRING", "一方的标识（类型:号码，或 mention:指纹）"),
        ("right_handle", "STRING", "另一方的标识"),
        ("records", "BIGINT", "两人名下的记录数，复核按此排序"),
        ("model", "STRING", "关联参数版本"),
        *LOADED,
    ),
)
# What waits for a person's decision.
OPEN = ("review", "shared_number", "two_numbers")


@dataclass(frozen=True)
class Pair:
    """A pair as linkage gives it."""

    left: str
    right: str
    kind: str
    score: float | None
    probability: float | None
    reason: str | None
    evidence: str | None


def pairs_of(table: pa.Table) -> list[Pair]:
    """The rows of `Linked.pairs`."""
    names = ("left", "right", "kind", "score", "probability", "reason", "evidence")
    return [Pair(*(row[n] for n in names)) for row in table.select(list(names)).to_pylist()]


def rows(pairs: Iterable[Pair], number: Callable[[str], int | None], records: Mapping[int, int], model: str) -> list[tuple[Any, ...]]:
    """Rows of `LINK` without run numbers, in its order.

    Args:
        number: handle → person, for mentions and identifiers.
        records: person → number of records.
    """
    found = []
    for p in pairs:
        left, right = number(p.left), number(p.right)
        hangs = sum(records.get(n, 0) for n in {left, right} if n is not None)
        found.append((left, right, p.kind, p.score, p.probability, p.reason, p.evidence, p.left, p.right, hangs, model))
    return found


def reasons(
    pairs: Sequence[Pair],
    bonds: Sequence[Decision],
    undone: Mapping[str, Decision],
    anchor: Callable[[str], str],
    clusters: Mapping[str, str],
) -> Callable[[str, Collection[str], Collection[str]], Why]:
    """A function (event, handles, other handles) → reason, evidence, logins: decisions first, then what linkage found.

    Args:
        undone: handle → a decision about it that was taken back. anchor: mention → the identifier it stands under, else itself.
    """
    by_handle: dict[str, list[Pair]] = defaultdict(list)
    for p in pairs:
        for side in {anchor(p.left), anchor(p.right)}:
            by_handle[side].append(p)
    decided: dict[str, list[Decision]] = defaultdict(list)
    for b in bonds:
        for side in {anchor(b.left), anchor(b.right)}:
            decided[side].append(b)

    def why(event: str, handles: Collection[str], others: Collection[str]) -> Why:
        joins = event in (MERGED, ATTACHED)
        # A merge moves everybody of both sides, so the decided pair may be any of the cluster.
        for handle in (*handles, *others) if joins else handles:
            for b in reversed(decided.get(handle, ())):
                together = clusters.get(anchor(b.left)) == clusters.get(anchor(b.right))
                if (b.kind == MERGE) == joins == together:
                    return Why(b.reason, json.dumps({"event_id": b.event_id}), f"{b.by} {b.second}")
        if event in (UNDONE, SPLIT):
            for handle in (*handles, *others):
                if handle in undone:
                    b = undone[handle]
                    return Why(f"撤销：{b.reason}", json.dumps({"event_id": b.event_id}), f"{b.by} {b.second}")
        kinds = ("link",) if joins else ("detached", "shared_number", "review")
        fitting = [
            p
            for h in handles
            for p in by_handle.get(h, ())
            if p.kind in kinds and (not joins or clusters.get(anchor(p.left)) == clusters.get(anchor(p.right)))
        ]
        if not fitting:
            return Why("记录中的号码" if joins else "")
        best = max(fitting, key=lambda p: (p.score if p.score is not None else float("-inf"), p.left, p.right))
        score = {} if best.score is None else {"score": round(best.score, 3), "probability": best.probability}
        evidence = json.loads(best.evidence) if best.evidence else {}
        return Why(best.reason or best.kind, json.dumps({"kind": best.kind, **score, "evidence": evidence}, ensure_ascii=False))

    return why


__all__ = ["LINK", "OPEN", "Pair", "pairs_of", "reasons", "rows"]
