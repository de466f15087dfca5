"""The step as a run calls it: train, gate, score, write; twice; and what a closed, a reopened and a refused case look like."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from warning_world import World, city

from xihu.early_warning import registry, scoring, step, tracking
from xihu.early_warning import warnings as w
from xihu.early_warning.cuts import instant
from xihu.early_warning.recipes import load, probability
from xihu.early_warning.registry import NoSuchVersion, Signature
from xihu.early_warning.spec import load_spec

AS_OF = datetime(2017, 1, 20, 1, tzinfo=UTC)
ENTITLEMENT = (
    "person_id bigint, programme string, month date, entitled string, covered boolean, gap boolean, reason_not_gap string, "
    "division string, trace string"
)
OCT, NOV, DEC = date(2016, 10, 1), date(2016, 11, 1), date(2016, 12, 1)


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XIHU_HOME", str(tmp_path))
    return tmp_path


def spec_of(**training):
    spec = load_spec()
    return spec.model_copy(
        update={
            "training": spec.training.model_copy(update={"min_positives": 20, "bootstrap": 40, **training}),
            "capacity": spec.capacity.model_copy(update={"default": 25}),
        }
    )


def entitle(spark, rows):
    spark.sql("CREATE DATABASE IF NOT EXISTS stage_gold")
    trace = json.dumps(
        {"conditions": [{"name": "age_80", "value": "yes", "evidence": [{"resource": "r", "file": "f", "row": 1}]}], "missing": []}
    )
    full = [(p, prog, m, e, c, e == "yes" and not c and why is None, why, "330102", trace) for p, prog, m, e, c, why in rows]
    df = spark.createDataFrame(full, ENTITLEMENT)
    df.write.format("delta").mode("overwrite").option("overwriteSchema", "true").saveAsTable("stage_gold.entitlement")


def history(spark):
    return [tuple(r) for r in spark.table("gold.warning").orderBy("warning_id", "known_from", "loaded_from").collect()]


def test_from_gold_to_warnings(spark, home):
    world = city()
    world.put(spark)
    entitle(spark, [(1, "W9", DEC, "yes", False, None), (2, "W9", DEC, "yes", True, None)])
    spec = spec_of()
    told: list[str] = []
    first = step.warn_step(spark, 7, AS_OF, told.append, spec=spec)
    version = tracking.versions(tracking.client(), spec.model)[0]
    run = tracking.client().get_run(version.run_id)
    got = run.data.metrics
    assert got["beats_random_low"] > 0
    assert got["beats_rule_low"] > 0
    assert got["positives"] > 100
    assert json.loads(run.data.tags["data_versions"])["contribution"]["rows"] == len(world.rows["contribution"])
    assert run.data.tags["as_of"] == AS_OF.isoformat()
    assert run.data.params["test_year"] == "2016"
    assert not list((home / "mlflow").rglob("*.pkl"))
    card = tracking.artifact(tracking.client(), version.run_id, "model_card.html")
    assert "居民养老断缴预警" in card
    assert f"{got['pr_auc']:.3f}" in card
    example = tracking.fetch(tracking.client(), spec.model, "1") / "input_example.json"
    assert len(json.loads(example.read_text())["data"]) == 2

    # Group gaps above five points are not waved through: without a signature nobody is warned of anything probable.
    hard, soft = registry.judge(got, run.data.params["recipe"], spec)
    assert hard == []
    assert soft and first.promotion is not None and not first.promotion.promoted
    assert first.champion is None
    assert first.counts == {"opened": 1, "updated": 0, "closed": 0, "unchanged": 0, "late": 0}
    with pytest.raises(NoSuchVersion):
        scoring.score(spark, AS_OF, spec=spec)
    me = run.data.tags["trained_by"]
    assert not step.promote("1", signature=Signature(me, "ok"), spec=spec).promoted
    assert not step.promote("1", signature=Signature("reviewer", " "), spec=spec).promoted
    signed = step.promote("challenger", signature=Signature("reviewer", "小样本，差异在误差之内"), spec=spec)
    assert signed.promoted
    assert signed.signed_by == "reviewer"

    second = step.warn_step(spark, 8, AS_OF, told.append, spec=spec)
    assert second.trained is None
    assert second.counts["opened"] == 100  # four districts of 25 visits
    assert second.counts["unchanged"] == 1
    rows = spark.table("gold.warning").where("class = 'probable'").collect()
    # Independent of Spark: the same rows scored in this process, ranked by hand.
    model = registry.stored(spec)
    frame = scoring.scoring_set(spark, instant(AS_OF), spec).toPandas()
    frame["score"] = probability(load(model.file), frame[model.features].astype(float)).round(4)
    best = frame.sort_values(["score", "person_id"], ascending=[False, True]).groupby("unit").head(25)
    assert {(r["subject_id"], r["score"]) for r in rows} == {(str(p), s) for p, s in zip(best["person_id"], best["score"], strict=True)}
    # The known process agrees: those warned are truly likelier to lapse.
    chance = frame["person_id"].map(lambda p: world.truth.get((int(p), 2016), np.nan))
    assert chance[frame.index.isin(best.index)].mean() > 2 * chance.mean()
    reason = json.loads(rows[0]["reason"])
    assert reason["text"] == "居民养老断缴预警：2017年可能断缴"
    assert 1 <= len(reason["because"]) <= 3
    assert {b["feature"] for r in rows for b in json.loads(r["reason"])["because"]} <= set(spec.feature_names)
    assert all(b["share"] > 0 for r in rows for b in json.loads(r["reason"])["because"])

    # Twice is once; an earlier date changes nothing.
    before = history(spark)
    third = step.warn_step(spark, 9, AS_OF, spec=spec)
    assert (third.counts["opened"], third.counts["updated"], third.counts["closed"], third.counts["unchanged"]) == (0, 0, 0, 101)
    assert step.warn_step(spark, 10, AS_OF - timedelta(days=9), spec=spec).counts["late"] == 1
    assert history(spark) == before

    # One warned person pays, one dies, a month later; both close, and the free visits go to the next.
    a, b = (int(r["subject_id"]) for r in rows[:2])
    later = AS_OF + timedelta(days=31)
    world.pay(a, 2017, paid_on=date(2017, 2, 1), known=later - timedelta(days=2))
    person = next(r for r in world.rows["person"] if r[0] == b)
    world.rows["person"].remove(person)
    world.rows["person"].append((*person[:3], date(2017, 2, 3), *person[4:]))
    world.put(spark, ["contribution", "person"])
    fourth = step.warn_step(spark, 11, later, spec=spec)
    assert fourth.counts["closed"] == 2
    assert fourth.counts["opened"] == 2
    ended = {r["subject_id"]: r for r in w.current(spark).where("status = 'closed'").collect()}
    assert {s: r["close_reason"] for s, r in ended.items()} == {str(a): "paid", str(b): "died"}
    versions = spark.table("gold.warning").where(f"warning_id = '{ended[str(a)]['warning_id']}'").orderBy("known_from").collect()
    assert [(v["status"], v["known_to"] is None, v["loaded_to"]) for v in versions] == [("open", False, 11), ("closed", True, None)]
    assert versions[0]["known_to"] == versions[1]["known_from"]

    # A file that was changed after registration scores nobody.
    model.file.write_bytes(model.file.read_bytes() + b"x")
    with pytest.raises(registry.ModelAltered):
        step.warn_step(spark, 12, later, spec=spec)


def test_certain_warnings_open_once_and_close_themselves(spark, home):
    entitle(
        spark,
        [
            (1, "W9", OCT, "yes", False, None),
            (2, "W9", OCT, "yes", False, None),
            (3, "W9", OCT, "yes", False, None),
            (4, "W9", OCT, "yes", False, None),
            (5, "W9", OCT, "unknown", False, None),
            (6, "W9", OCT, "yes", False, "refused"),
            (7, "W9", OCT, "yes", True, None),
            (1, "W12b", OCT, "yes", False, None),
        ],
    )
    done = w.write_warnings(spark, 1, datetime(2016, 11, 5, tzinfo=UTC), w.certain(spark, datetime(2016, 11, 5, tzinfo=UTC)), None)
    assert done["opened"] == 5
    first = {(r["programme"], r["subject_id"]): r["warning_id"] for r in w.current(spark).collect()}
    assert set(first) == {("W9", "1"), ("W9", "2"), ("W9", "3"), ("W9", "4"), ("W12b", "1")}
    shown = w.list_warnings(spark, kind="certain", programme="W9")[0]
    assert (shown["score"], shown["status"], shown["division"], shown["period"]) == (1.0, "open", "330102", "2016-10")
    assert json.loads(shown["reason"])["conditions"] == [{"name": "age_80", "value": "yes"}]
    assert "330102" not in shown["reason"]

    november = [
        (1, "W9", NOV, "yes", False, None),  # goes on: the same warning
        (2, "W9", NOV, "yes", True, None),  # paid now
        # 3 is not entitled any more: no row
        (4, "W9", NOV, "yes", False, "record_lag"),  # the payments have not been delivered: undecided
        (5, "W9", NOV, "yes", False, None),  # the missing datum came
    ]
    entitle(spark, november)  # W12b did not run: its warning stays
    at = datetime(2016, 12, 5, tzinfo=UTC)
    done = w.write_warnings(spark, 2, at, w.certain(spark, at), None)
    assert (done["opened"], done["closed"], done["updated"]) == (1, 2, 0)
    now = {(r["programme"], r["subject_id"]): r for r in w.current(spark).collect()}
    assert {k: r["status"] for k, r in now.items()} == {
        ("W9", "1"): "open",
        ("W9", "2"): "closed",
        ("W9", "3"): "closed",
        ("W9", "4"): "open",
        ("W9", "5"): "open",
        ("W12b", "1"): "open",
    }
    assert now["W9", "2"]["close_reason"] == "covered"
    assert now["W9", "3"]["close_reason"] == "not_entitled"
    assert now["W9", "1"]["warning_id"] == first["W9", "1"]

    # The same day again, then a gap that returns: a new case with a new id, the old one stays closed.
    before = history(spark)
    assert w.write_warnings(spark, 3, at, w.certain(spark, at), None)["closed"] == 0
    assert history(spark) == before
    entitle(spark, [(2, "W9", DEC, "yes", False, None), (1, "W9", DEC, "yes", False, "died")])
    at = datetime(2017, 1, 5, tzinfo=UTC)
    w.write_warnings(spark, 4, at, w.certain(spark, at), None)
    two = w.current(spark).where("subject_id = '2'").orderBy("first_as_of").collect()
    assert [r["status"] for r in two] == ["closed", "open"]
    assert two[0]["warning_id"] != two[1]["warning_id"]
    assert w.current(spark).where("subject_id = '1' AND programme = 'W9'").collect()[0]["close_reason"] == "died"
    # No warning twice: at any instant at most one row per id.
    clash = spark.sql(
        "SELECT a.warning_id FROM gold.warning a JOIN gold.warning b ON a.warning_id = b.warning_id AND a.known_from < b.known_from"
        " WHERE coalesce(a.known_to, timestamp'9999-01-01') > b.known_from"
    )
    assert clash.count() == 0
    # The same run number does not write twice, whatever it is given.
    entitle(spark, [(99, "W9", DEC, "yes", False, None)])
    w.write_warnings(spark, 4, at + timedelta(days=1), w.certain(spark, at + timedelta(days=1)), None)
    assert w.current(spark).where("subject_id = '99'").count() == 0


def test_without_history_only_certain_warnings(spark, home):
    world = World()
    world.person(1, date(1976, 1, 1))
    world.pay(1, 2016)
    world.put(spark)
    entitle(spark, [(1, "W9", DEC, "yes", False, None)])
    report = step.warn_step(spark, 1, AS_OF)
    assert report.champion is None
    assert report.counts["opened"] == 1
    assert any("历史不足" in n for n in report.notes)
