"""The trainer on data whose true process is known, and its figures against hand-worked or independently computed ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss

from xihu.early_warning import metrics as m
from xihu.early_warning import recipes
from xihu.early_warning.reasons import contributions, spoken
from xihu.early_warning.trainer import NotEnoughHistory, Task, fold_of, train

FEATURES = ["a", "b", "c", "noise"]


def world(n: int = 2500, years: range = range(2011, 2017), seed: int = 3) -> pd.DataFrame:
    """log-odds = -2 + 1.3a + 0.9c(0/1) + a steep step in b; `noise` means nothing. `truth` is the probability that made the label."""
    rng = np.random.default_rng(seed)
    frames = []
    for year in years:
        a, b, c = rng.normal(size=n), rng.uniform(-1, 1, n), (rng.random(n) < 0.3).astype(float)
        truth = 1 / (1 + np.exp(-(-2 + 1.3 * a + 0.9 * c + 1.2 * (b > 0.4))))
        frames.append(
            pd.DataFrame(
                {
                    "id": np.arange(n),
                    "year": year,
                    "cluster": [f"h{i // 2}" for i in range(n)],
                    "unit": [f"33010{i % 4 + 1}" for i in range(n)],
                    "sex": np.where(rng.random(n) < 0.5, "1", "2"),
                    "a": np.where(rng.random(n) < 0.05, np.nan, a),
                    "b": b,
                    "c": c,
                    "noise": rng.normal(size=n),
                    "truth": truth,
                    "label": (rng.random(n) < truth).astype(int),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def task(**over) -> Task:
    values = {
        "label": "label",
        "entity": "id",
        "year": "year",
        "cluster": "cluster",
        "unit": "unit",
        "features": FEATURES,
        "rule": "c",
        "groups": ["sex"],
        "capacity": lambda unit: 60,
        "bootstrap": 60,
    }
    return Task(**(values | over))


@pytest.fixture(scope="module")
def fitted():
    return train(world(), task())


def test_the_model_beats_every_baseline_and_comes_near_the_truth(fitted):
    got = fitted.metrics
    assert got["beats_random_low"] > 0.1
    assert got["beats_rule_low"] > 0.1
    judged = world().query("year == 2016").sort_values("id")
    best = average_precision_score(judged["label"], judged["truth"])
    assert best - 0.06 < got["pr_auc"] <= best + 0.02
    assert abs(got["calibration_slope"] - 1) < 0.2
    assert got["ece"] < 0.04
    assert got["lift_at_k"] > 2


def test_shuffled_labels_teach_nothing():
    frame = world()
    frame["label"] = np.random.default_rng(5).permutation(frame["label"].to_numpy())
    got = train(frame, task()).metrics
    assert got["beats_random_low"] < 0.02
    assert abs(got["pr_auc"] - got["prevalence"]) < 0.04


def test_same_data_and_seed_give_the_same_figures(fitted):
    again = train(world().sample(frac=1, random_state=9), task())
    assert again.metrics == fitted.metrics
    assert again.recipe == fitted.recipe
    pd.testing.assert_frame_equal(again.test, fitted.test)


def test_years_are_used_forward_only(fitted):
    assert fitted.years == {"train": [2011, 2012, 2013, 2014], "tune": [2015], "test": [2016]}
    # Whatever the judged year's labels are, the kept model is the same: it has not seen them.
    frame = world()
    last = frame["year"] == 2016
    frame.loc[last, "label"] = np.random.default_rng(0).permutation(frame.loc[last, "label"].to_numpy())
    other = train(frame, task())
    x = frame.loc[last, FEATURES]
    np.testing.assert_array_equal(recipes.probability(other.model, x), recipes.probability(fitted.model, x))


def test_a_cluster_is_judged_by_a_model_that_never_saw_it():
    # `noise` names the cluster and, in the past, tells its label exactly; only a model that saw the cluster can profit.
    frame = world(600)
    rng = np.random.default_rng(1)
    names = frame["cluster"].unique()
    code = dict(zip(names, rng.permutation(len(names)).astype(float), strict=True))
    flag = {c: int(rng.random() < 0.3) for c in code}
    frame["noise"] = frame["cluster"].map(code)
    frame["label"] = frame["cluster"].map(flag)
    frame[["a", "b", "c"]] = 0.0
    got = train(frame, task(bootstrap=20, min_positives=20)).metrics
    assert got["pr_auc"] < got["prevalence"] + 0.12
    assert got["registered_pr_auc"] > got["pr_auc"] + 0.05


def test_folds_do_not_split_a_cluster_and_do_not_move_when_others_come():
    names = pd.Series([f"h{i}" for i in range(50)] * 2)
    first = fold_of(names, 3)
    assert (first[:50] == first[50:]).all()
    assert set(first) == {0, 1, 2}
    assert (fold_of(names[:10], 3) == first[:10]).all()


@pytest.mark.parametrize("years", [range(2015, 2016), range(2015, 2017)])
def test_too_few_years_are_refused(years):
    with pytest.raises(NotEnoughHistory, match="three are needed"):
        train(world(200, years), task())


def test_too_few_positives_are_refused():
    frame = world(400)
    frame.loc[frame["year"] == 2016, "label"] = 0
    with pytest.raises(NotEnoughHistory, match=r"test 2016: 0 positives"):
        train(frame, task())


def test_two_rows_of_one_person_and_year_are_refused():
    frame = world(300)
    with pytest.raises(ValueError, match="more than one row"):
        train(pd.concat([frame, frame.head(1)]), task())


# The figures themselves ----------------------------------------------------------------------------------------------


def test_average_precision_agrees_with_scikit_learn_with_ties_and_weights():
    rng = np.random.default_rng(0)
    for _ in range(20):
        y, p, w = rng.integers(0, 2, 80), rng.integers(0, 9, 80) / 9, rng.integers(0, 4, 80).astype(float)
        y[0], w[0] = 1, 1.0
        assert m.pr_auc(y, p, w) == pytest.approx(average_precision_score(y, p, sample_weight=w))


def test_visits_by_hand():
    # unit A: scores .9 .8 .8 .1, two visits; the tie at .8 goes to the smaller id. unit B: one visit.
    p = np.array([0.8, 0.9, 0.1, 0.8, 0.3, 0.2])
    units = np.array(["A", "A", "A", "A", "B", "B"])
    ids = np.array([7, 1, 2, 3, 5, 4])
    chosen = m.select(p, units, {"A": 2, "B": 1}.__getitem__, ids)
    assert chosen.tolist() == [False, True, False, True, True, False]


def test_calibration_by_hand():
    y, p = np.array([0, 1, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9])
    # two bins of two: |0.5-0.1| and |1-0.9|, equal mass
    assert m.ece(y, p, bins=2) == pytest.approx(0.25)
    assert m.brier(y, p) == pytest.approx(brier_score_loss(y, p))
    rng = np.random.default_rng(2)
    z = rng.normal(size=200_000)
    y = (rng.random(len(z)) < 1 / (1 + np.exp(-(0.5 * z - 1)))).astype(int)
    slope, intercept = m.calibration_line(y, 1 / (1 + np.exp(-z)))
    assert (slope, intercept) == (pytest.approx(0.5, abs=0.02), pytest.approx(-1, abs=0.02))


def test_group_gap_by_hand_and_small_groups_are_not_judged():
    # men: 3 of 4 found; women: 1 of 4; others: 1 positive only, not judged although its recall is 0
    y = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 0])
    chosen = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 1])
    who = np.array(["1"] * 4 + ["2"] * 4 + ["9", "1"])
    gap = m.group_gap(y, chosen, who, np.arange(10), 4, 200, 1)
    assert gap.gap == pytest.approx(0.5)
    assert gap.low < 0.5 < gap.high
    assert gap.table.set_index("value")["judged"].to_dict() == {"1": True, "2": True, "9": False}
    assert np.isnan(m.group_gap(y, chosen, who, np.arange(10), 5, 20, 1).gap)


def test_the_bootstrap_draws_whole_clusters():
    clusters = np.array(["a", "a", "b", "c", "c", "c"])
    for w in m.draws(clusters, 30, 0):
        assert w[0] == w[1]
        assert w[3] == w[4] == w[5]
        assert w[0] + w[2] + w[3] == 3


# Reasons and storage -----------------------------------------------------------------------------------------------------


def test_reasons_are_the_models_own():
    frame = world(2000)
    x, y = frame[FEATURES].fillna(0), frame["label"]
    pipe = recipes.logistic(1).fit(x, y)
    usual = {c: float(x[c].median()) for c in FEATURES}
    got = contributions(pipe, x.head(50), usual)
    scale = pipe.named_steps["scale"].scale_[: len(FEATURES)]
    byhand = (x.head(50) - pd.Series(usual)).to_numpy() * (pipe.named_steps["model"].coef_[0][: len(FEATURES)] / scale)
    np.testing.assert_allclose(got, byhand, atol=1e-6)


def test_a_reason_says_conditions_and_no_values():
    texts = {f: {"title": f, "high": f"{f}高", "low": f"{f}低"} for f in FEATURES}
    usual: dict[str, float | None] = dict.fromkeys(FEATURES, 0.0)
    text = spoken(np.array([0.5, -0.2, 1.0, 0.0]), np.array([-3.25, 9.0, np.nan, 1.0]), FEATURES, texts, usual)
    assert text == '[{"feature": "c", "text": "c：无记录", "share": 1.0}, {"feature": "a", "text": "a低", "share": 0.5}]'


def test_a_stored_model_scores_the_same_and_foreign_classes_are_refused(fitted):
    x = world(100)[FEATURES]
    for name in recipes.RECIPES:
        model = recipes.RECIPES[name](1).fit(world(300)[FEATURES], world(300)["label"])
        model = recipes.calibrated(model, world(300)[FEATURES], world(300)["label"])
        np.testing.assert_array_equal(recipes.probability(recipes.load(recipes.dump(model)), x), recipes.probability(model, x))
    import skops.io as sio

    class Foreign:
        pass

    with pytest.raises(recipes.UntrustedModel, match="Foreign"):
        recipes.load(sio.dumps(Foreign()))
