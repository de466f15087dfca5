"""How good a score is: ranking at a fixed number of visits, calibration, and gaps between groups.

Shapes: `y` (n,) of 0/1, `p` (n,) in [0, 1], `units` and `groups` (n,) labels. Bootstrap draws whole clusters (a person or household),
because the rows of one cluster are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]


def pr_auc(y: Array, p: Array, weight: Array | None = None) -> float:
    """Area under precision-recall as average precision; tied scores count as one step. NaN without a positive."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    order = np.argsort(-p, kind="stable")
    y, p, w = np.asarray(y)[order], np.asarray(p)[order], w[order]
    total = float((w * y).sum())
    if total == 0:
        return float("nan")
    last = np.append(p[1:] != p[:-1], True)
    hits, seen = np.cumsum(w * y)[last], np.cumsum(w)[last]
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    return float((np.diff(hits, prepend=0.0) * precision).sum() / total)


def select(p: Array, units: Array, capacity: Callable[[str], int], ids: Array) -> NDArray[np.bool_]:
    """The rows a street or district would visit: in each unit the `capacity(unit)` highest scores; ties by id, so that runs agree."""
    frame = pd.DataFrame({"p": p, "unit": units, "id": ids})
    frame = frame.sort_values(["p", "id"], ascending=[False, True], kind="stable")
    rank = frame.groupby("unit", sort=False).cumcount().sort_index().to_numpy()
    limit = frame["unit"].sort_index().map({u: capacity(str(u)) for u in frame["unit"].unique()}).to_numpy()
    return rank < limit


def brier(y: Array, p: Array) -> float:
    return float(np.mean((p - y) ** 2))


def ece(y: Array, p: Array, bins: int = 10) -> float:
    """Expected calibration error over `bins` bins of equal mass."""
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return float(sum(len(b) * abs(y[b].mean() - p[b].mean()) for b in parts) / len(y))


def logit(p: Array) -> Array:
    q = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(q / (1 - q))


def calibration_line(y: Array, p: Array) -> tuple[float, float]:
    """(slope, intercept) of the regression of y on logit p; (1, 0) is perfect. Newton steps, no penalty."""
    x = np.column_stack([np.ones(len(p)), logit(p)])
    if y.min() == y.max() or np.ptp(x[:, 1]) < 1e-9:
        return float("nan"), float("nan")
    b = np.array([0.0, 1.0])
    for _ in range(50):
        m = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        step = np.linalg.solve((x * (m * (1 - m))[:, None]).T @ x + 1e-9 * np.eye(2), x.T @ (y - m))
        b = b + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    return float(b[1]), float(b[0])


def draws(clusters: Array, times: int, seed: int) -> Iterator[Array]:
    """`times` bootstrap weights (n,): how often each row's cluster was drawn."""
    codes, uniques = pd.factorize(clusters)
    rng = np.random.default_rng(seed)
    size = len(uniques)
    for _ in range(times):
        yield np.bincount(rng.integers(0, size, size), minlength=size).astype(float)[codes]


def interval(values: list[float], level: float = 0.95) -> tuple[float, float]:
    kept = [v for v in values if not np.isnan(v)]
    if not kept:
        return float("nan"), float("nan")
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def beats(y: Array, p: Array, other: Array, clusters: Array, times: int, seed: int) -> tuple[float, float]:
    """95 % interval of PR-AUC(p) - PR-AUC(other), both on the same draws."""
    return interval([pr_auc(y, p, w) - pr_auc(y, other, w) for w in draws(clusters, times, seed)])


@dataclass(frozen=True)
class GroupGap:
    """Recall per value of one group, and the largest difference between values with enough positives to judge."""

    gap: float
    low: float
    high: float
    table: pd.DataFrame  # value, n, positives, selected, recall, low, high, judged


def group_gap(y: Array, chosen: Array, groups: Array, clusters: Array, min_positives: int, times: int, seed: int) -> GroupGap:
    """Recall gap of the visited rows `chosen` between the values of a group.

    Values with fewer than `min_positives` positives are listed but not judged. With fewer than two judged values the gap is NaN:
    nothing was measured, which is not the same as no gap.
    """
    groups = np.asarray(groups, dtype=object)
    labels = sorted({str(g) for g in groups})
    member = np.array([[str(g) == label for g in groups] for label in labels], dtype=float)
    caught = (y * chosen).astype(float)

    def recall(weight: Array) -> Array:
        have = member @ (weight * y)
        return np.divide(member @ (weight * caught), have, out=np.full(len(labels), np.nan), where=have > 0)

    point = recall(np.ones(len(y)))
    positives = (member @ y.astype(float)).astype(int)
    judged = positives >= min_positives
    sample = np.array([recall(w) for w in draws(clusters, times, seed)])
    bounds = [interval(list(sample[:, i])) for i in range(len(labels))]
    table = pd.DataFrame(
        {
            "value": labels,
            "n": member.sum(axis=1).astype(int),
            "positives": positives,
            "selected": (member @ chosen.astype(float)).astype(int),
            "recall": point,
            "low": [b[0] for b in bounds],
            "high": [b[1] for b in bounds],
            "judged": judged,
        }
    )
    if judged.sum() < 2:
        return GroupGap(float("nan"), float("nan"), float("nan"), table)
    low, high = interval(list(np.nanmax(sample[:, judged], axis=1) - np.nanmin(sample[:, judged], axis=1)))
    return GroupGap(float(point[judged].max() - point[judged].min()), low, high, table)
