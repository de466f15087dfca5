"""From a fitted model to a registered version, and from a version to the model that may warn people."""

from __future__ import annotations

import getpass
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from xihu.early_warning import tracking
from xihu.early_warning.card import card
from xihu.early_warning.recipes import TRUSTED, dump, load, probability
from xihu.early_warning.spec import ModelSpec
from xihu.early_warning.trainer import Fitted

FILE = "model.skops"


class ModelAltered(RuntimeError):
    """The stored file is not the one that was registered."""


class NoSuchVersion(LookupError):
    """No version of that number or alias is registered."""


@dataclass(frozen=True)
class Signature:
    """Who answers for a promotion that the gate refuses, and why. The signer is not the login that trained."""

    by: str
    reason: str


@dataclass(frozen=True)
class Promotion:
    """Outcome of the gate. `refusals` are Chinese sentences; `promoted` is True only if there are none or all may be, and are, signed."""

    version: str
    promoted: bool
    refusals: list[str]
    signed_by: str | None = None


def example(fitted: Fitted) -> pd.DataFrame:
    """Two made-up rows: the usual value of every feature, rounded, and zeros. Nobody's data."""
    usual = {k: float(round(v)) if v is not None else 0.0 for k, v in fitted.usual.items()}
    return pd.DataFrame([usual, dict.fromkeys(usual, 0.0)])[fitted.features].astype(float)


def register(fitted: Fitted, spec: ModelSpec, as_of: datetime, data: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Log the run (parameters, metrics, data versions, card) and register the model as `challenger`; the version number.

    Raises:
        UntrustedModel: the model could not be loaded again without trusting it.
    """
    c = tracking.client()
    import mlflow
    import mlflow.sklearn
    from mlflow.models import infer_signature

    stored = dump(fitted.model)
    digest = hashlib.sha256(stored).hexdigest()
    sample = example(fitted)
    commit = tracking.code_commit()
    with mlflow.start_run(experiment_id=tracking.experiment(spec.model), run_name=f"{spec.model} {as_of:%Y-%m-%d}") as run:
        mlflow.log_params(
            {
                "recipe": fitted.recipe,
                "seed": spec.training.seed,
                "features": ",".join(fitted.features),
                "train_years": ",".join(map(str, fitted.years["train"])),
                "tune_year": fitted.years["tune"][0],
                "test_year": fitted.years["test"][0],
                "folds": spec.training.folds,
                "capacity": json.dumps(spec.capacity.model_dump(), ensure_ascii=False),
                "replayed": json.dumps(report.get("replayed", {}), sort_keys=True)[:500],
                "sampled_share": report.get("sampled_share", 1.0),
            }
        )
        mlflow.log_metrics({k: v for k, v in fitted.metrics.items() if not math.isnan(v)})
        mlflow.set_tags(
            {
                "as_of": as_of.isoformat(),
                "code_commit": commit,
                "data_versions": json.dumps(data, sort_keys=True),
                "trained_by": getpass.getuser(),
            }
        )
        mlflow.log_dict(spec.model_dump(mode="json"), "policy.json")
        mlflow.log_dict(dict(report), "report.json")
        for name, table in fitted.groups.items():
            mlflow.log_text(table.to_csv(index=False), f"groups/{name}.csv")
        mlflow.log_text(fitted.units.to_csv(index=False), "units.csv")
        mlflow.log_text(card(fitted, spec, as_of, data, report, commit), "model_card.html")
        import sklearn
        import skops

        info = mlflow.sklearn.log_model(
            fitted.model,
            name="model",
            serialization_format="skops",
            pyfunc_predict_fn="predict_proba",
            signature=infer_signature(sample, fitted.model.predict_proba(sample)),
            input_example=sample,
            pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"skops=={skops.__version__}", f"numpy=={np.__version__}"],
            skops_trusted_types=TRUSTED,
            metadata={"usual": fitted.usual, "features": fitted.features},
        )
        found = c.get_registered_model(spec.model) if tracking.versions(c, spec.model) else _create(c, spec)
        version = c.create_model_version(found.name, info.model_uri, run_id=run.info.run_id, model_id=info.model_id).version
    folder = tracking.fetch(c, spec.model, version)
    file = folder / FILE
    kept = hashlib.sha256(file.read_bytes()).hexdigest()
    check = load(file)
    if not np.allclose(probability(check, sample), probability(fitted.model, sample)):
        raise ModelAltered(f"{file}: the stored model scores otherwise than the one that was trained ({digest})")
    tags = {"sha256": kept, "as_of": as_of.isoformat(), "code_commit": commit, "data_versions": json.dumps(data, sort_keys=True)}
    for name, value in tags.items():
        c.set_model_version_tag(spec.model, version, name, value)
    c.set_registered_model_alias(spec.model, "challenger", version)
    return str(version)


def _create(c: Any, spec: ModelSpec) -> Any:
    import mlflow

    try:
        return c.get_registered_model(spec.model)
    except mlflow.exceptions.MlflowException:
        return c.create_registered_model(spec.model, description=f"{spec.title}：{spec.purpose}")


@dataclass(frozen=True)
class Stored:
    """A registered version, fetched and verified. `file` can be opened by executors; `usual` are the features' usual values."""

    version: str
    file: Path
    features: list[str]
    usual: dict[str, float | None]
    tags: dict[str, str]


def stored(spec: ModelSpec, which: str = "champion") -> Stored:
    """The version under an alias, or of a number.

    Raises:
        NoSuchVersion: there is none.
        ModelAltered: its file is not the one that was registered.
    """
    import yaml

    c = tracking.client()
    found = _version(c, spec.model, which)
    folder = tracking.fetch(c, spec.model, found.version)
    file = folder / FILE
    if hashlib.sha256(file.read_bytes()).hexdigest() != found.tags.get("sha256"):
        raise ModelAltered(f"{file}: not the file that was registered as {spec.model} version {found.version}")
    meta = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))["metadata"]
    return Stored(str(found.version), file, list(meta["features"]), dict(meta["usual"]), dict(found.tags))


def _version(c: Any, name: str, which: str) -> Any:
    import mlflow

    try:
        found = c.get_model_version(name, which) if which.isdigit() else tracking.by_alias(c, name, which)
    except mlflow.exceptions.MlflowException:
        found = None
    if found is None:
        raise NoSuchVersion(f"模型 {name} 没有版本 {which}（no version {which}）")
    return found


def judge(metrics: Mapping[str, float], recipe: str, spec: ModelSpec) -> tuple[list[str], list[str]]:
    """(refusals that nothing lifts, refusals that a signature lifts). A figure that was not measured counts against the model."""
    gate = spec.gate
    gaps = [f"gap_{g}" for g in spec.groups]
    value = {k: float(v) for k, v in metrics.items()}

    def get(name: str) -> float:
        return value.get(name, float("nan"))

    hard = [f"缺少指标 {n}" for n in gate.required if n not in gaps and math.isnan(get(n))]
    names = {"random": "随机抽取", "rule": "简单规则", "logistic": "逻辑回归"}
    for base, title in names.items():
        if base == "logistic" and recipe.startswith("logistic"):
            continue
        sure = get(f"beats_{base}_low") > 0 if base != "logistic" else get("pr_auc") > get("logistic_pr_auc")
        if not sure:
            margin = f"差值区间下限 {get(f'beats_{base}_low'):.3f}"
            hard.append(f"未胜过基线“{title}”：PR-AUC {get('pr_auc'):.3f} 对 {get(f'{base}_pr_auc'):.3f}，{margin}")
    if not get("ece") <= gate.max_ece:
        hard.append(f"校准误差 ECE {get('ece'):.3f} 超过 {gate.max_ece}")
    low, high = gate.calibration_slope
    if not low <= get("calibration_slope") <= high:
        hard.append(f"校准斜率 {get('calibration_slope'):.2f} 不在 {low} 至 {high} 之间")
    soft = []
    for group in spec.groups:
        gap = get(f"gap_{group}")
        title = spec.groups[group].title
        if math.isnan(gap):
            soft.append(f"{title}：可判断的组不足两个（断缴人数少于 {gate.min_positives}），召回差未能测量")
        elif gap > gate.max_gap:
            span = f"区间 {get(f'gap_{group}_low') * 100:.1f} 至 {get(f'gap_{group}_high') * 100:.1f}"
            soft.append(f"{title}：组间召回差 {gap * 100:.1f} 个百分点，超过 {gate.max_gap * 100:g}（{span}）")
    return hard, soft


def promote(version: str, *, spec: ModelSpec, signature: Signature | None = None) -> Promotion:
    """Make a version the champion if the gate lets it pass; a refusal is recorded with the version.

    Group gaps above the limit, or not measurable, need a signature by somebody other than the login that trained. Missing metrics, a
    baseline that is not beaten, and bad calibration cannot be signed away.

    Raises:
        NoSuchVersion: no such version.
        ModelAltered: its file is not the one that was registered.
    """
    c = tracking.client()
    found = _version(c, spec.model, version)
    stored(spec, str(found.version))
    run = c.get_run(found.run_id)
    hard, soft = judge(run.data.metrics, run.data.params.get("recipe", ""), spec)
    signed = None
    if signature is not None and soft:
        trainer = run.data.tags.get("trained_by", "")
        if not signature.by.strip() or not signature.reason.strip():
            soft.append("签字须写明姓名与理由")
        elif not trainer or signature.by.strip() == trainer:
            soft.append("签字人不得是训练模型的登录账号")
        else:
            signed = signature.by.strip()
    refusals = hard + ([] if signed else soft)
    c.set_model_version_tag(spec.model, found.version, "gate", json.dumps({"refused": hard, "needs_signature": soft}, ensure_ascii=False))
    if refusals:
        return Promotion(str(found.version), False, refusals)
    if signed and signature:
        c.set_model_version_tag(spec.model, found.version, "signature", json.dumps(asdict(signature), ensure_ascii=False))
    c.set_registered_model_alias(spec.model, "champion", found.version)
    return Promotion(str(found.version), True, [], signed)


def export_card(spec: ModelSpec, version: str, target: Path) -> Path:
    """Write the model card (HTML, Chinese) of a version to `target`."""
    c = tracking.client()
    found = _version(c, spec.model, version)
    target.write_text(tracking.artifact(c, found.run_id, "model_card.html"), "utf-8")
    return target
