"""Tables for the trainer: settled years with their outcome, and the state of the data they were made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from xihu.early_warning.cuts import Cut, day_of, end_of_year, scoring_cut, training_cuts
from xihu.early_warning.features import INPUTS, Past, arrivals, at_risk, outcomes, read
from xihu.early_warning.spec import ModelSpec
from xihu.early_warning.trainer import NotEnoughHistory

MOST_YEARS = 8
# A year whose risk set is smaller than this share of the median year's is the beginning of the records, not of people's lives.
LEAST_SHARE = 0.25


@dataclass
class TrainingSet:
    """`table`: one row per (person_id, year) with features, `label`, `outcome`; `report`: what was left out or approximated."""

    table: pd.DataFrame = field(repr=False)
    cuts: list[Cut]
    report: dict[str, Any]


def settled_years(spark: SparkSession, as_of: datetime, spec: ModelSpec, gold: str = "gold") -> list[int]:
    """Years whose outcome is settled at `as_of`: over, and either reports have come in since or the time for them is over.

    At most the last eight, and none before the second year that has contributions.
    """
    paid = read(spark, "contribution", gold).where((F.col("scheme") == spec.population.scheme) & (F.col("known_from") <= as_of))
    first, latest = paid.agg(F.min(F.year("period")), F.unix_micros(F.max("known_from"))).collect()[0]
    if first is None:
        return []
    reported = datetime.fromtimestamp(latest / 1_000_000, tz=UTC)
    years = []
    for year in range(int(first) + 1, day_of(as_of).year + 1):
        over = end_of_year(year)
        waited = (day_of(as_of) - day_of(over)).days >= spec.label.settle_days
        if as_of >= over and (waited or reported >= over):
            years.append(year)
    return years[-MOST_YEARS:]


def training_set(spark: SparkSession, as_of: datetime, spec: ModelSpec, gold: str = "gold") -> TrainingSet:
    """The settled years as one pandas table, sampled by cluster beyond `training.max_rows`.

    Raises:
        NotEnoughHistory: no settled year.
    """
    years = settled_years(spark, as_of, spec, gold)
    if not years:
        raise NotEnoughHistory(f"no settled year of {spec.population.scheme} contributions at {as_of:%Y-%m-%d}")
    came = {t: [a for a in arrivals(spark, t, gold) if a <= as_of] for t in INPUTS}
    starts = {t: a[0] for t, a in came.items() if a}
    cuts = training_cuts(as_of, years, spec.label.min_lead_days, starts, "contribution", came["contribution"])
    rows = at_risk(Past(spark, cuts, gold), spec)
    happened = outcomes(spark, years, as_of, spec, gold, starts["contribution"])
    rows = rows.join(happened, ["person_id", "year"], "left").withColumn("outcome", F.coalesce("outcome", F.lit("lapsed"))).cache()
    try:
        counts = rows.groupBy("year", "outcome", "birth_unknown").count().collect()
        known = rows.where("NOT birth_unknown").drop("birth_unknown")
        total = sum(r["count"] for r in counts if not r["birth_unknown"])
        share = min(1.0, spec.training.max_rows / max(total, 1))
        if share < 1:
            known = known.where(F.pmod(F.xxhash64("cluster"), F.lit(1_000_000)) < int(share * 1_000_000))
        table = known.withColumn("label", (F.col("outcome") == "lapsed").cast("int")).toPandas()
    finally:
        rows.unpersist()
    sizes = {int(str(y)): int(n) for y, n in table["year"].value_counts().items()}
    fullest = max(sizes, key=lambda y: sizes[y])
    thin = sorted(y for y, n in sizes.items() if y < fullest and n < LEAST_SHARE * float(np.median(list(sizes.values()))))
    table = table[~table["year"].isin(thin)].sort_values(["year", "person_id"]).reset_index(drop=True)
    report = {
        "outcomes": {str(y): {r["outcome"]: r["count"] for r in counts if r["year"] == y and not r["birth_unknown"]} for y in years},
        "left_out_years": thin,
        "birth_unknown": sum(r["count"] for r in counts if r["birth_unknown"]),
        "sampled_share": share,
        "cuts": {str(c.year): c.day.isoformat() for c in cuts},
        "replayed": {t: [c.year for c in cuts if t in c.replayed] for t in starts if any(t in c.replayed for c in cuts)},
        "missing_tables": [t for t in INPUTS if not spark.catalog.tableExists(f"{gold}.{t}")],
        "first_arrivals": {t: s.isoformat() for t, s in starts.items()},
    }
    return TrainingSet(table, cuts, report)


def scoring_set(spark: SparkSession, as_of: datetime, spec: ModelSpec, gold: str = "gold") -> DataFrame:
    """The risk set of the year still open at `as_of`, with features strictly as known then; unknown ages stay in, as NULL."""
    return at_risk(Past(spark, [scoring_cut(as_of, spec.label.min_lead_days, list(INPUTS))], gold), spec)


def data_versions(spark: SparkSession, gold: str = "gold") -> dict[str, dict[str, int | None]]:
    """{table: {"version": Delta version, "run": newest run number, "rows": rows}} of the inputs that exist."""
    there = [t for t in INPUTS if spark.catalog.tableExists(f"{gold}.{t}")]
    parts = []
    for table in there:
        df = spark.table(f"{gold}.{table}")
        run = F.max("loaded_from") if "loaded_from" in df.columns else F.lit(None).cast("bigint")
        parts.append(df.agg(F.lit(table).alias("t"), F.count("*").alias("n"), run.alias("run")))
    found: dict[str, dict[str, int | None]] = {}
    if parts:
        for row in reduce(DataFrame.unionAll, parts).collect():
            version = spark.sql(f"DESCRIBE HISTORY {gold}.{row['t']} LIMIT 1").collect()[0]["version"]
            found[row["t"]] = {"version": int(version), "run": None if row["run"] is None else int(row["run"]), "rows": int(row["n"])}
    return found
