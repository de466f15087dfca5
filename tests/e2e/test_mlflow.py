"""The tracking store of a lake: usable without a server, no pickles, nothing of a person in it, and served when the server runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from xihu.early_warning import registry, tracking
from xihu.early_warning.recipes import load, probability
from xihu.early_warning.spec import load_spec
from xihu.early_warning.trainer import Task, train


@pytest.fixture(scope="module")
def spec():
    return load_spec()


def invented(spec, n=900):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    frames = []
    for year in range(2012, 2017):
        f = pd.DataFrame({name: rng.normal(size=n) for name in spec.feature_names})
        f["person_id"], f["year"], f["cluster"] = np.arange(n), year, [f"h{i}" for i in range(n)]
        f["unit"] = f["district"] = np.where(np.arange(n) % 2, "330102", "330103")
        f["sex"], f["age_band"] = np.where(rng.random(n) < 0.5, "1", "2"), "30-44"
        f["label"] = (rng.random(n) < 1 / (1 + np.exp(1.5 - 1.6 * f["age"]))).astype(int)
        frames.append(f)
    groups = list(spec.groups)
    task = Task("label", "person_id", "year", "cluster", "unit", spec.feature_names, "missed_years", groups, lambda u: 40, bootstrap=30)
    return train(pd.concat(frames, ignore_index=True), task)


def test_a_version_is_registered_gated_and_read_back(spec, tmp_path, monkeypatch):
    monkeypatch.setenv("XIHU_HOME", str(tmp_path))
    fitted = invented(spec)
    data = {"contribution": {"version": 3, "run": 9, "rows": 4500}}
    version = registry.register(fitted, spec, datetime(2017, 1, 20, tzinfo=UTC), data, {"outcomes": {"2016": {"lapsed": 1, "paid": 2}}})
    assert version == "1"
    c = tracking.client()
    found = tracking.by_alias(c, spec.model, "challenger")
    assert found.version == 1 or found.version == "1"
    run = c.get_run(found.run_id)
    assert json.loads(run.data.tags["data_versions"]) == data
    assert run.data.metrics["pr_auc"] == pytest.approx(fitted.metrics["pr_auc"])
    assert run.info.artifact_uri.startswith(f"file://{tmp_path}/mlflow/artifacts")
    assert not [p for p in tmp_path.rglob("*") if p.suffix in (".pkl", ".pickle", ".joblib")]
    model = registry.stored(spec, "1")
    x = registry.example(fitted)
    assert probability(load(model.file), x) == pytest.approx(probability(fitted.model, x))
    # One age band only: its gap cannot be measured, and that is not passed over.
    refused = registry.promote("1", spec=spec)
    assert not refused.promoted
    assert any("年龄段" in r for r in refused.refusals)
    assert tracking.by_alias(c, spec.model, "champion") is None
    assert registry.promote("1", spec=spec, signature=registry.Signature("reviewer", "单一年龄段")).promoted
    assert tracking.by_alias(c, spec.model, "champion").version in (1, "1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"brier": float("nan")}, "缺少指标 brier"),
        ({"beats_rule_low": -0.01}, "简单规则"),
        ({"beats_random_low": 0.0}, "随机抽取"),
        ({"logistic_pr_auc": 0.6}, "逻辑回归"),
        ({"ece": 0.2}, "ECE"),
        ({"calibration_slope": 2.0}, "斜率"),
        ({"gap_sex": 0.08}, "性别"),
        ({"gap_sex": float("nan")}, "性别"),
    ],
)
def test_the_gate_refuses(spec, change, said):
    good = {
        "pr_auc": 0.5,
        "prevalence": 0.1,
        "random_pr_auc": 0.1,
        "rule_pr_auc": 0.3,
        "logistic_pr_auc": 0.45,
        "precision_at_k": 0.5,
        "recall_at_k": 0.4,
        "brier": 0.08,
        "ece": 0.02,
        "calibration_slope": 1.0,
        "beats_random_low": 0.3,
        "beats_rule_low": 0.1,
        "beats_logistic_low": 0.01,
        "gap_sex": 0.02,
        "gap_age_band": 0.03,
        "gap_district": 0.05,
    }
    assert registry.judge(good, "trees", spec) == ([], [])
    hard, soft = registry.judge(good | change, "trees", spec)
    assert len(hard + soft) == 1
    assert said in (hard + soft)[0]
    assert bool(soft) == any(k.startswith("gap") for k in change)


@pytest.mark.engines
def test_the_demos_model_stands_in_the_server(city):
    import urllib.request

    import yaml

    port = yaml.safe_load((city.home / "ports.yaml").read_text())["mlflow"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/2.0/mlflow/registered-models/get?name=pension_lapse", timeout=30) as answer:
        found = json.load(answer)["registered_model"]
    assert "challenger" in {a["alias"] for a in found["aliases"]}
