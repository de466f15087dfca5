"""Train and judge one binary model on any table of (label, features, year, unit, groups); knows nothing of pensions.

Forward in time: fitted on the years before the last two, chosen and calibrated on the last but one, judged on the last. For the judgement
the clusters (person or household) are dealt into folds and a fold is scored by a model that never saw any year of its clusters, so no
person's own history flatters the figure. The model that is kept is the same recipe fitted on all clusters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from xihu.early_warning import metrics as m
from xihu.early_warning.reasons import reference
from xihu.early_warning.recipes import RECIPES, calibrated, probability


class NotEnoughHistory(RuntimeError):
    """Fewer years or positives than a judgement needs; the text says which."""


@dataclass(frozen=True)
class Task:
    """Names of the columns of a training table, and how the result is judged.

    `rule` is a column whose larger values mean more risk: the simple rule that has to be beaten. `capacity(unit)` = visits of a unit.
    """

    label: str
    entity: str
    year: str
    cluster: str
    unit: str
    features: list[str]
    rule: str
    groups: list[str]
    capacity: Callable[[str], int]
    seed: int = 1
    folds: int = 3
    bootstrap: int = 200
    min_positives: int = 60
    min_group_positives: int = 30


@dataclass
class Fitted:
    """A model with its judgement. `metrics` are plain numbers; NaN means: could not be measured."""

    model: Any
    recipe: str
    features: list[str]
    usual: dict[str, float | None]
    years: dict[str, list[int]]
    metrics: dict[str, float]
    groups: dict[str, pd.DataFrame]
    units: pd.DataFrame
    test: pd.DataFrame = field(repr=False)  # entity, unit, label, score, selected of the judged year


def fold_of(cluster: pd.Series, folds: int) -> NDArray[np.int64]:
    """The fold of each cluster: by hash, so that more data does not deal anyone anew."""
    codes = {c: int.from_bytes(hashlib.sha256(str(c).encode()).digest()[:4], "big") % folds for c in cluster.unique()}
    return cluster.map(codes).to_numpy()


def _log_losses(y: NDArray[Any], p: NDArray[Any]) -> NDArray[np.float64]:
    q = np.clip(p, 1e-6, 1 - 1e-6)
    return -(y * np.log(q) + (1 - y) * np.log(1 - q))


def _two_classes(frame: pd.DataFrame, task: Task, name: str, least: int) -> None:
    positives = int(frame[task.label].sum())
    if positives < least or len(frame) - positives < least:
        raise NotEnoughHistory(f"{name}: {positives} positives and {len(frame) - positives} negatives, at least {least} of each are needed")


def train(table: pd.DataFrame, task: Task) -> Fitted:
    """Fit, choose, calibrate and judge.

    Args:
        table: one row per entity and year; label 0/1, features numeric (NaN = unknown).

    Raises:
        NotEnoughHistory: fewer than three years, or too few positives in a part.
    """
    table = table.sort_values([task.year, task.entity], kind="stable").reset_index(drop=True)
    if table.duplicated([task.entity, task.year]).any():
        raise ValueError(f"more than one row per ({task.entity}, {task.year})")
    years = sorted(int(v) for v in table[task.year].unique())
    if len(years) < 3:
        raise NotEnoughHistory(f"years with a settled outcome: {years}; three are needed (train, tune, test)")
    train_years, tune_year, test_year = years[:-2], years[-2], years[-1]
    past = table[table[task.year].isin(train_years)]
    tune = table[table[task.year] == tune_year]
    test = table[table[task.year] == test_year].reset_index(drop=True)
    for part, name, least in (
        (past, f"train {train_years}", task.min_positives),
        (tune, f"tune {tune_year}", task.min_positives // 2),
        (test, f"test {test_year}", task.min_positives),
    ):
        _two_classes(part, task, name, least)

    x = {"past": past[task.features].astype(float), "tune": tune[task.features].astype(float)}
    y = {"past": past[task.label].to_numpy(int), "tune": tune[task.label].to_numpy(int)}
    fitted = {name: make(task.seed).fit(x["past"], y["past"]) for name, make in RECIPES.items()}
    # Log loss is proper: it asks for honest probabilities, not only for a good order.
    tuned = {name: probability(calibrated(f, x["tune"], y["tune"]), x["tune"]) for name, f in fitted.items()}
    each = {name: _log_losses(y["tune"], p) for name, p in tuned.items()}
    loss = {name: float(v.mean()) for name, v in each.items()}
    linear = min((n for n in loss if n.startswith("logistic")), key=lambda name: (loss[name], name))
    other = min((n for n in loss if n.startswith("trees")), key=lambda name: (loss[name], name))
    # Trees have to earn their opacity: they are taken only where their gain is beyond chance, in honesty and in order.
    gain = each[linear] - each[other]
    sure, _ = m.interval([float(np.average(gain, weights=w)) for w in m.draws(tune[task.cluster].to_numpy(), task.bootstrap, task.seed)])
    order, _ = m.beats(y["tune"], tuned[other], tuned[linear], tune[task.cluster].to_numpy(), task.bootstrap, task.seed)
    best = other if sure > 0 and order > 0 else linear
    scores = {name: _unseen(name, past, tune, test, task) for name in {linear, other}}
    truth = test[task.label].to_numpy(int)
    # Fixed beforehand: trees that do not hold their lead on the judged year give way to the simpler model, never the other way round.
    fell_back = best == other and m.pr_auc(truth, scores[other]) <= m.pr_auc(truth, scores[linear])
    best = linear if fell_back else best
    model = calibrated(fitted[best], x["tune"], y["tune"])
    score = scores[best]
    result = _judge(test, score, scores[linear], scores[other], task)
    result["metrics"]["fell_back"] = float(fell_back)
    result["metrics"] |= {f"tune_log_loss_{name}": v for name, v in loss.items()}
    result["metrics"]["registered_pr_auc"] = m.pr_auc(test[task.label].to_numpy(int), probability(model, test[task.features].astype(float)))
    return Fitted(
        model=model,
        recipe=best,
        features=task.features,
        usual=reference(x["past"]),
        years={"train": train_years, "tune": [tune_year], "test": [test_year]},
        **result,
    )


def _unseen(recipe: str, past: pd.DataFrame, tune: pd.DataFrame, test: pd.DataFrame, task: Task) -> NDArray[np.float64]:
    """Scores of the judged year, each from a model that saw none of the row's cluster."""
    out = np.full(len(test), np.nan)
    in_past, in_tune, in_test = (fold_of(f[task.cluster], task.folds) for f in (past, tune, test))
    for fold in range(task.folds):
        mine = in_test == fold
        if not mine.any():
            continue
        a, b = past[in_past != fold], tune[in_tune != fold]
        _two_classes(a, task, "train without one fold", 2)
        _two_classes(b, task, "tune without one fold", 2)
        model = RECIPES[recipe](task.seed).fit(a[task.features].astype(float), a[task.label].to_numpy(int))
        model = calibrated(model, b[task.features].astype(float), b[task.label].to_numpy(int))
        out[mine] = probability(model, test.loc[mine, task.features].astype(float))
    return out


def _judge(test: pd.DataFrame, score: NDArray[Any], linear: NDArray[Any], trees: NDArray[Any], task: Task) -> dict[str, Any]:
    y = test[task.label].to_numpy(int)
    ids, units, clusters = test[task.entity].to_numpy(), test[task.unit].astype(str).to_numpy(), test[task.cluster].to_numpy()
    rule = test[task.rule].astype(float).fillna(0).to_numpy()
    chance = np.random.default_rng(task.seed).random(len(y))
    prevalence = float(y.mean())
    chosen = m.select(score, units, task.capacity, ids)
    slope, intercept = m.calibration_line(y, score)
    found: dict[str, float] = {
        "rows": len(y),
        "positives": int(y.sum()),
        "prevalence": prevalence,
        "pr_auc": m.pr_auc(y, score),
        "random_pr_auc": m.pr_auc(y, chance),
        "rule_pr_auc": m.pr_auc(y, rule),
        "logistic_pr_auc": m.pr_auc(y, linear),
        "trees_pr_auc": m.pr_auc(y, trees),
        "visits": int(chosen.sum()),
        "brier": m.brier(y, score),
        "brier_skill": 1 - m.brier(y, score) / m.brier(y, np.full(len(y), prevalence)),
        "ece": m.ece(y, score),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }
    low, high = m.interval([m.pr_auc(y, score, w) for w in m.draws(clusters, task.bootstrap, task.seed)])
    found |= {"pr_auc_low": low, "pr_auc_high": high}
    for name, base in (("random", chance), ("rule", rule), ("logistic", linear)):
        low, high = m.beats(y, score, base, clusters, task.bootstrap, task.seed)
        found |= {f"beats_{name}_low": low, f"beats_{name}_high": high}
        if name != "logistic":
            visited = m.select(base, units, task.capacity, ids)
            found[f"{name}_precision_at_k"] = float(y[visited].mean())
            found[f"{name}_recall_at_k"] = float(y[visited].sum() / y.sum())
    found |= {"precision_at_k": float(y[chosen].mean()), "recall_at_k": float(y[chosen].sum() / y.sum())}
    found["lift_at_k"] = found["precision_at_k"] / prevalence
    groups = {}
    for name in task.groups:
        gap = m.group_gap(y, chosen, test[name].astype(str).to_numpy(), clusters, task.min_group_positives, task.bootstrap, task.seed)
        groups[name] = gap.table
        found |= {f"gap_{name}": gap.gap, f"gap_{name}_low": gap.low, f"gap_{name}_high": gap.high}
    judged = pd.DataFrame({"entity": ids, "unit": units, "label": y, "score": score, "selected": chosen})
    by_unit = judged.assign(caught=judged["label"] * judged["selected"]).groupby("unit")
    per_unit = by_unit.agg(n=("label", "size"), positives=("label", "sum"), visits=("selected", "sum"), caught=("caught", "sum"))
    per_unit["precision"] = per_unit["caught"] / per_unit["visits"]
    per_unit["recall"] = per_unit["caught"] / per_unit["positives"].replace(0, np.nan)
    return {"metrics": found, "groups": groups, "units": per_unit.reset_index(), "test": judged}
