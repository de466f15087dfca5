"""Snapshots: which scopes a file covers, what it would take away, and which keys are absent from a newer version."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xihu.silver.shape import Shape

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass
class Judged:
    """`vanished`: landing file → reason in words. `closing`: one row per scope and delivery that may close rows
    (`_scope, _delivery_id, _landing, _received_at, _seq, _v`), or None where no scope has a second version. `held` is kept in memory.
    """

    vanished: dict[str, str]
    closing: DataFrame | None
    held: list[DataFrame] = field(default_factory=list)


@dataclass
class _Part:
    """One file's share of a scope."""

    landing: str
    delivery: str
    order: tuple[Any, ...]
    index: int
    closes: bool


def judge(marked: DataFrame, shape: Shape, incomplete: set[str]) -> Judged:
    """Which files are refused because they would take too much out of a scope, and which deliveries may close rows in which scopes.

    A delivery closes nothing in a scope where a record's key could not be read; nowhere, where a record's scope could not be read or one of
    its files was refused. Files are judged in order against what was accepted before them.
    """
    from pyspark.sql import functions as F

    parts = (
        marked.groupBy("_scope", "_landing", "_delivery_id", "_received_at", "_seq")
        .agg(F.max("_v").alias("_v"), F.max((~F.col("_key_ok")).cast("int")).alias("_blind"))
        .withColumn("_scope_text", F.to_json("_scope"))
        .persist()
    )
    rows = parts.collect()
    lost_scope = {r["_delivery_id"] for r in rows if r["_scope"] is None}
    open_deliveries = incomplete | lost_scope
    blind = {(r["_scope_text"], r["_delivery_id"]) for r in rows if r["_blind"]}
    by_scope: dict[str, list[_Part]] = defaultdict(list)
    for i, r in enumerate(sorted((r for r in rows if r["_scope"] is not None), key=lambda r: (r["_landing"], r["_scope_text"]))):
        closes = r["_delivery_id"] not in open_deliveries and (r["_scope_text"], r["_delivery_id"]) not in blind
        by_scope[r["_scope_text"]].append(_Part(r["_landing"], r["_delivery_id"], _rank(r), i, closes))
    repeated = {s: p for s, p in by_scope.items() if len({x.delivery for x in p}) > 1}
    if not repeated:
        parts.unpersist()
        return Judged({}, None)
    vanished = _vanish(repeated, _patterns(marked, repeated), shape)
    out = F.col("_landing").isin(list(vanished)) if vanished else F.lit(False)
    closing = (
        parts.where(F.col("_scope").isNotNull() & ~F.col("_delivery_id").isin(list(open_deliveries)))
        .withColumn("_blind", F.greatest("_blind", out.cast("int")))
        .groupBy("_scope", "_delivery_id", "_received_at", "_seq")
        .agg(F.min("_landing").alias("_landing"), F.max("_v").alias("_v"), F.max("_blind").alias("_blind"))
        .where("_blind = 0")
        .drop("_blind")
    )
    return Judged(vanished, closing, [parts])


def _rank(row: Any) -> tuple[Any, ...]:
    version = row["_v"]
    return ((0, 0) if version is None else (1, version), row["_received_at"], row["_seq"])


def _patterns(marked: DataFrame, repeated: dict[str, list[_Part]]) -> dict[str, dict[frozenset[str], int]]:
    """For each scope: set of landing files → number of keys that stand in exactly these (readable keys, quarantined or not)."""
    from pyspark.sql import functions as F

    wanted = list(repeated)
    present = marked.where(F.col("_k").isNotNull() & F.col("_scope").isNotNull()).withColumn("_scope_text", F.to_json("_scope"))
    if len(wanted) <= 500:
        present = present.where(F.col("_scope_text").isin(wanted))
    counted = (
        present.groupBy("_scope_text", "_k")
        .agg(F.array_sort(F.collect_set("_landing")).alias("_in"), F.min(F.col("_reason").isNotNull()).alias("_never"))
        .where("NOT _never")
        .groupBy("_scope_text", "_in")
        .count()
        .collect()
    )
    found: dict[str, dict[frozenset[str], int]] = defaultdict(dict)
    for row in counted:
        found[row["_scope_text"]][frozenset(row["_in"])] = row["count"]
    return found


def _vanish(repeated: dict[str, list[_Part]], patterns: dict[str, dict[frozenset[str], int]], shape: Shape) -> dict[str, str]:
    """Files refused, judged delivery by delivery; a file that empties one scope is refused with all its scopes."""
    deliveries: dict[str, tuple[Any, ...]] = {}
    for parts in repeated.values():
        for part in parts:
            deliveries[part.delivery] = max(part.order, deliveries.get(part.delivery, part.order))
    refused: dict[str, str] = {}
    holds: dict[str, dict[frozenset[str], bool]] = {s: dict.fromkeys(patterns.get(s, {}), False) for s in repeated}
    for delivery in sorted(deliveries, key=lambda d: deliveries[d]):
        while True:
            bad = _offenders(delivery, repeated, patterns, holds, refused, shape)
            if not bad:
                break
            refused.update(bad)
        for scope, parts in repeated.items():
            mine = [p for p in parts if p.delivery == delivery and p.landing not in refused]
            if not mine:
                continue
            files = {p.landing for p in mine}
            whole = all(p.closes for p in mine) and len(mine) == sum(p.delivery == delivery for p in parts)
            for pattern, held in holds[scope].items():
                holds[scope][pattern] = bool(pattern & files) or (held and not whole)
    return refused


def _offenders(
    delivery: str,
    repeated: dict[str, list[_Part]],
    patterns: dict[str, dict[frozenset[str], int]],
    holds: dict[str, dict[frozenset[str], bool]],
    refused: dict[str, str],
    shape: Shape,
) -> dict[str, str]:
    for scope, parts in repeated.items():
        here = [p for p in parts if p.delivery == delivery]
        mine = [p for p in here if p.landing not in refused]
        if not mine or len(mine) < len(here) or not all(p.closes for p in mine):
            continue
        files = {p.landing for p in mine}
        counts = patterns.get(scope, {})
        before = sum(n for pattern, n in counts.items() if holds[scope][pattern])
        lost = sum(n for pattern, n in counts.items() if holds[scope][pattern] and not pattern & files)
        if before and lost > shape.max_vanish * before:
            why = f"范围 {scope}：原有 {before} 条，本次少了 {lost} 条，超过允许的 {shape.max_vanish:.0%}"
            return dict.fromkeys(files, why)
    return {}


def level_versions(seen: DataFrame) -> DataFrame:
    """Every row of a delivery's scope counts as its newest version."""
    from pyspark.sql import functions as F

    newest = seen.groupBy("_scope", "_delivery_id").agg(F.max("_v").alias("_newest"))
    return seen.join(F.broadcast(newest), ["_scope", "_delivery_id"]).withColumn("_v", F.col("_newest")).drop("_newest")


def absences(marked: DataFrame, seen: DataFrame, closing: DataFrame) -> DataFrame:
    """One row (`_present` false) for every key of a scope and every closing delivery of that scope in which the key does not stand."""
    from pyspark.sql import functions as F

    keys = seen.select("_scope", "_k").distinct()
    stands = marked.where(F.col("_k").isNotNull() & F.col("_scope").isNotNull()).select("_scope", "_k", "_delivery_id").distinct()
    missing = keys.join(F.broadcast(closing), "_scope").join(stands, ["_scope", "_k", "_delivery_id"], "left_anti")
    return missing.withColumn("_present", F.lit(False))
