"""The warnings' step of a run, and what the command calls: train, score, promote, list."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pyspark.sql import SparkSession

from xihu.early_warning import registry, tracking
from xihu.early_warning import warnings as w
from xihu.early_warning.cuts import instant
from xihu.early_warning.dataset import data_versions, settled_years, training_set
from xihu.early_warning.registry import NoSuchVersion, Promotion, Signature
from xihu.early_warning.scoring import closing, probable
from xihu.early_warning.spec import ModelSpec, load_spec
from xihu.early_warning.trainer import Fitted, NotEnoughHistory, Task
from xihu.early_warning.trainer import train as fit

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainResult:
    """A registered version (alias `challenger`) with its judgement."""

    version: str
    fitted: Fitted = field(repr=False)
    report: dict[str, Any] = field(repr=False)

    @property
    def metrics(self) -> dict[str, float]:
        return self.fitted.metrics


@dataclass
class WarnReport:
    """What the step did. `notes` are Chinese sentences for the screen."""

    counts: dict[str, int]
    champion: str | None = None
    trained: str | None = None
    promotion: Promotion | None = None
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


def task_of(spec: ModelSpec) -> Task:
    """The trainer's view of a policy."""
    t = spec.training
    return Task(
        label="label",
        entity="person_id",
        year="year",
        cluster="cluster",
        unit="unit",
        features=spec.feature_names,
        rule="missed_years",
        groups=list(spec.groups),
        capacity=spec.capacity.of,
        seed=t.seed,
        folds=t.folds,
        bootstrap=t.bootstrap,
        min_positives=t.min_positives,
        min_group_positives=spec.gate.min_positives,
    )


def train(spark: SparkSession, as_of: date | datetime | str, *, spec: ModelSpec | None = None, gold: str = "gold") -> TrainResult:
    """Train on the settled years as known at `as_of`, log, and register as `challenger`.

    Raises:
        NotEnoughHistory: fewer than three settled years, or too few lapses.
    """
    spec = spec or load_spec()
    moment = instant(as_of)
    made = training_set(spark, moment, spec, gold)
    fitted = fit(made.table, task_of(spec))
    data = data_versions(spark, gold)
    version = registry.register(fitted, spec, moment, data, made.report)
    c = tracking.client()
    c.set_model_version_tag(spec.model, version, "policy", _policy(spec))
    return TrainResult(version, fitted, made.report)


def _policy(spec: ModelSpec) -> str:
    return hashlib.sha256(json.dumps(spec.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:12]


def promote(version: str, *, signature: Signature | None = None, spec: ModelSpec | None = None) -> Promotion:
    """Make `version` (a number or `challenger`) the champion if the gate lets it pass; see `registry.promote`."""
    return registry.promote(version, spec=spec or load_spec(), signature=signature)


def stale(spark: SparkSession, moment: datetime, spec: ModelSpec, gold: str = "gold") -> str | None:
    """Why a new model should be trained (Chinese), or None. Looks at the newest version, promoted or not."""
    c = tracking.client()
    newest = next(iter(tracking.versions(c, spec.model)), None)
    if newest is None:
        return "尚无模型"
    if newest.tags.get("policy") != _policy(spec):
        return "模型口径已改"
    years = settled_years(spark, moment, spec, gold)
    tested = int(c.get_run(newest.run_id).data.params["test_year"])
    if years and years[-1] > tested:
        return f"{years[-1]} 年已有结果"
    then = json.loads(newest.tags.get("data_versions", "{}")).get("contribution", {}).get("rows") or 0
    now = data_versions(spark, gold).get("contribution", {}).get("rows") or 0
    if abs(now - then) > spec.training.material_change * max(then, 1):
        return f"缴费记录由 {then:,} 条变为 {now:,} 条"
    return None


def warn_step(
    spark: SparkSession,
    run: int | Any,
    as_of: date | datetime | str,
    progress: Progress | None = None,
    *,
    entitlement: str | None = None,
    signature: Signature | None = None,
    spec: ModelSpec | None = None,
    gold: str = "gold",
) -> WarnReport:
    """Certain warnings from the gaps, probable ones from the champion; trains first when there is reason to.

    Without a champion nobody is warned of anything probable: a model that the gate refused scores no one.

    Args:
        run: the run's number, or an object with `no`.
        progress: called with a Chinese sentence at each long step.
        entitlement: table of entitlements; default `stage_gold.entitlement`, else `gold.entitlement`.
        signature: passed to the gate after training.
    """
    began = time.monotonic()
    say = progress or (lambda text: None)
    spec = spec or load_spec()
    moment = instant(as_of)
    report = WarnReport({})
    source = entitlement or next((t for t in ("stage_gold.entitlement", "gold.entitlement") if spark.catalog.tableExists(t)), None)
    gaps = w.certain(spark, moment, source) if source else None
    if gaps is None:
        report.notes.append("没有应享表，未生成确定类预警")

    why = stale(spark, moment, spec, gold)
    if why:
        say(f"训练{spec.title}（{why}）")
        try:
            made = train(spark, moment, spec=spec, gold=gold)
            report.trained = made.version
            report.promotion = promote(made.version, signature=signature, spec=spec)
            if not report.promotion.promoted:
                report.notes.append(f"模型版本 {made.version} 未通过门槛：" + "；".join(report.promotion.refusals))
        except NotEnoughHistory as e:
            report.notes.append(f"历史不足，未训练：{e}")
    try:
        model = registry.stored(spec, "champion")
        report.champion = model.version
        say(f"按模型版本 {model.version} 打分")
        likely = probable(spark, moment, model, spec, gold)
    except NoSuchVersion:
        report.notes.append("没有通过门槛的模型，未生成可能类预警")
        likely = closing(spark, moment, spec, None, gold)
    say("写入预警")
    report.counts = w.write_warnings(spark, int(getattr(run, "no", run)), moment, gaps, likely)
    if report.counts["late"]:
        report.notes.append("数据截止时刻早于已有预警，未改动")
    report.seconds = time.monotonic() - began
    return report
