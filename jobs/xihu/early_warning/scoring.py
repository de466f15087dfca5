"""Score the risk set in Spark with a registered model, and choose whom to visit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from xihu.early_warning import warnings as w
from xihu.early_warning.cuts import instant, target_year
from xihu.early_warning.dataset import scoring_set
from xihu.early_warning.features import outcomes
from xihu.early_warning.registry import Stored, stored
from xihu.early_warning.spec import ModelSpec, load_spec

SCORED = "person_id bigint, year int, division string, unit string, score double, reasons string"


def score_frame(rows: DataFrame, model: Stored, spec: ModelSpec) -> DataFrame:
    """`rows` with features → SCORED. The model file is opened once per task; `reasons` is JSON of the features that raise the score.

    Raises:
        KeyError: the model wants a feature that `rows` does not have.
    """
    missing = set(model.features) - set(rows.columns)
    if missing:
        raise KeyError(f"model version {model.version} wants features that are not made any more: {sorted(missing)}; train again")
    file, names, usual = str(model.file), model.features, model.usual
    texts = {n: f.model_dump() for n, f in spec.features.items()}

    def apply(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        from xihu.early_warning.reasons import contributions, spoken
        from xihu.early_warning.recipes import load, probability

        fitted = load(Path(file))
        for batch in batches:
            if batch.empty:
                continue
            x = batch[names].astype(float)
            shares = contributions(fitted, x, usual)
            values = x.to_numpy()
            said = [spoken(s, v, names, texts, usual) for s, v in zip(shares, values, strict=True)]
            yield pd.DataFrame(
                {
                    "person_id": batch["person_id"],
                    "year": batch["year"],
                    "division": batch["division"],
                    "unit": batch["unit"],
                    "score": probability(fitted, x).round(4),
                    "reasons": said,
                }
            )

    return rows.select("person_id", "year", "division", "unit", *names).mapInPandas(apply, SCORED)


def score(
    spark: SparkSession, as_of: date | datetime | str, *, which: str = "champion", spec: ModelSpec | None = None, gold: str = "gold"
) -> DataFrame:
    """Everybody at risk of lapsing in the year open at `as_of`, with score and reasons; shows, warns nobody.

    Raises:
        NoSuchVersion: no model of that alias or number.
        ModelAltered: the stored file was changed after registration.
    """
    spec = spec or load_spec()
    return score_frame(scoring_set(spark, instant(as_of), spec, gold), stored(spec, which), spec)


def _limit(spec: ModelSpec) -> Column:
    of = F.lit(spec.capacity.default)
    for division, visits in spec.capacity.by_division.items():
        of = F.when(F.col("unit") == division, F.lit(visits)).otherwise(of)
    return of


def probable(spark: SparkSession, as_of: datetime, model: Stored, spec: ModelSpec, gold: str = "gold") -> DataFrame:
    """States of probable warnings: the highest scores of each unit up to its free visits, those open already, and those to close.

    An open warning stays while its person is at risk, even if others score higher now: a visit list that changes daily helps nobody. It
    closes when the payment comes, when an exit is known, or when its year is over.
    """
    year = target_year(as_of, spec.label.min_lead_days)
    subject = F.col("person_id").cast("string")
    scored = score_frame(scoring_set(spark, as_of, spec, gold), model, spec).withColumn("subject_id", subject)
    mine = (F.col("class") == "probable") & (F.col("programme") == spec.programme) & (F.col("status") == "open")
    now = w.current(spark).where(mine & (F.col("period") == str(year))).select("subject_id", F.lit(True).alias("held"))
    scored = scored.join(now, "subject_id", "left").withColumn("held", F.coalesce("held", F.lit(False)))
    unit = Window.partitionBy("unit")
    scored = scored.withColumn("free", _limit(spec) - F.sum(F.col("held").cast("int")).over(unit))
    rank = Window.partitionBy("unit", "held").orderBy(F.col("score").desc(), F.col("person_id"))
    scored = scored.withColumn("rank", F.row_number().over(rank)).where(F.col("held") | (F.col("rank") <= F.col("free")))
    reason = F.to_json(
        F.struct(
            F.lit(f"{spec.title}：{year}年可能断缴").alias("text"),
            F.from_json("reasons", "array<struct<feature:string,text:string,share:double>>").alias("because"),
            F.lit(f"{spec.model}/{model.version}").alias("model"),
        )
    )
    opened = scored.select(
        F.lit(spec.programme).alias("programme"),
        F.lit("person").alias("subject_type"),
        "subject_id",
        "division",
        F.lit(str(year)).alias("period"),
        "score",
        reason.alias("reason"),
        F.lit("open").alias("status"),
        F.lit(None).cast("string").alias("close_reason"),
        F.lit(model.version).alias("model_version"),
    )
    # Scored once: what follows reads it twice.
    opened = opened.localCheckpoint()
    return opened.unionByName(closing(spark, as_of, spec, opened, gold))


def closing(spark: SparkSession, as_of: datetime, spec: ModelSpec, opened: DataFrame | None, gold: str = "gold") -> DataFrame:
    """States that close open probable warnings. Without `opened` (no champion to score with) only known ends close."""
    year = target_year(as_of, spec.label.min_lead_days)
    mine = (F.col("class") == "probable") & (F.col("programme") == spec.programme) & (F.col("status") == "open")
    now = w.current(spark).where(mine)
    ends = outcomes(spark, [year], as_of, spec, gold).select(F.col("person_id").cast("string").alias("subject_id"), F.col("outcome"))
    now = now.join(ends, "subject_id", "left")
    over = F.when(F.col("period") != str(year), F.lit("period_over")).otherwise(F.col("outcome"))
    if opened is not None:
        at_risk_now = opened.select("subject_id", F.lit(1).alias("at_risk"))
        now = now.join(at_risk_now, "subject_id", "left")
        over = F.coalesce(over, F.when(F.col("at_risk").isNull(), F.lit("not_at_risk")))
    now = now.withColumn("close_reason", over).where("close_reason IS NOT NULL")
    return now.select(
        "programme",
        "subject_type",
        "subject_id",
        "division",
        "period",
        "score",
        "reason",
        F.lit("closed").alias("status"),
        "close_reason",
        "model_version",
    )


def explain(reason: str) -> list[str]:
    """The Chinese sentences of a reason column, for a list on a screen."""
    told = json.loads(reason)
    return [told["text"], *[b["text"] for b in told.get("because") or []]]
