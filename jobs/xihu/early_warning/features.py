"""Risk set, features and outcomes of residents who pay the yearly resident pension contribution, from gold as known at a date.

One row is (person_id, year): somebody who paid for the year before (or joined since), is alive, local, in paying age, not a student, not
in the employees' scheme, draws no pension and has not paid for `year` yet, all as known at the cut. Whoever is already in arrears for
the year before is a known fact and not a prediction, so stands outside.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from xihu.early_warning.cuts import Cut, end_of_year, known_by
from xihu.early_warning.spec import ModelSpec
from xihu.lake.history import asof

SYSTEM = {"valid_from": "date", "valid_to": "date", "known_from": "timestamp", "known_to": "timestamp"}
# What is read of each table; a column the city does not have is NULL.
INPUTS: dict[str, dict[str, str]] = {
    "person": {
        "person_id": "bigint",
        "sex": "string",
        "birth_date": "date",
        "death_date": "date",
        "registration_status": "string",
        "registered_division": "string",
        "household_id": "string",
    },
    "contribution": {"person_id": "bigint", "scheme": "string", "period": "date", "amount": "decimal(18,2)", "division": "string"},
    "insurance_spell": {"person_id": "bigint", "scheme": "string", "status": "string"},
    "benefit_payment": {"person_id": "bigint", "kind": "string", "month": "date", "amount": "decimal(18,2)"},
    "school_enrolment": {"person_id": "bigint", "status": "string"},
}
LONG_AGO = date(1800, 1, 1)  # stands for an open beginning
PENSIONS = ["resident_pension", "employee_pension"]
GONE = ["cancelled", "moved_out", "army", "abroad", "prison"]


def read(spark: SparkSession, table: str, gold: str = "gold") -> DataFrame:
    """The columns of `INPUTS[table]` with system columns, current computation only; empty where the city has no such table."""
    wanted = INPUTS[table] | SYSTEM
    if not spark.catalog.tableExists(f"{gold}.{table}"):
        return spark.createDataFrame([], ", ".join(f"{c} {t}" for c, t in wanted.items()))
    df = spark.table(f"{gold}.{table}")
    have = set(df.columns)
    if "loaded_to" in have:
        df = df.where(F.col("loaded_to").isNull())
    return df.select(*[(F.col(c) if c in have else F.lit(None)).cast(t).alias(c) for c, t in wanted.items()])


def arrivals(spark: SparkSession, table: str, gold: str = "gold") -> list[datetime]:
    """The moments (UTC, ascending) at which records of an input table became known: one per delivery, so few."""
    rows = read(spark, table, gold).select(F.unix_micros("known_from").alias("at")).where("at IS NOT NULL").distinct().collect()
    return sorted(datetime.fromtimestamp(r["at"] / 1_000_000, tz=UTC) for r in rows)


class Past:
    """The inputs as known at each of some cuts: every reading of a table goes through `known`."""

    def __init__(self, spark: SparkSession, cuts: list[Cut], gold: str = "gold") -> None:
        self.spark, self.gold, self.cuts = spark, gold, cuts
        rows = [(c.year, c.day, c.backlog, *[c.known.get(t) for t in INPUTS]) for c in cuts]
        types = "year int, day date, backlog boolean, " + ", ".join(f"k_{t} timestamp" for t in INPUTS)
        self.frame = F.broadcast(spark.createDataFrame(rows, types))

    def known(self, table: str, event: Column | None = None) -> DataFrame:
        """Records of `table` per cut: known at the cut's moment, and `event` (default valid_from) not after its day."""
        df = read(self.spark, table, self.gold).crossJoin(self.frame)
        df = asof(df, None, F.col(f"k_{table}"))
        when = F.coalesce(F.col("valid_from"), F.lit(LONG_AGO)) if event is None else event
        return df.where(when <= F.col("day"))

    def persons(self) -> DataFrame:
        """One row per person and cut: as valid on the day, else the earliest known (for birth and sex, which do not change).

        Somebody all of whose rows ended on or before the day has left the register.
        """
        df = self.known("person", event=F.lit(LONG_AGO))
        valid = (F.coalesce("valid_from", F.lit(LONG_AGO)) <= F.col("day")) & (
            F.col("valid_to").isNull() | (F.col("valid_to") > F.col("day"))
        )
        each = Window.partitionBy("person_id", "year")
        rank = each.orderBy(F.col("valid").desc(), F.col("valid_from").asc_nulls_first(), F.col("known_from").desc())
        df = df.withColumn("valid", valid).withColumn(
            "ended", F.min(F.coalesce(F.col("valid_to") <= F.col("day"), F.lit(False))).over(each)
        )
        died = F.when(F.col("death_date") <= F.col("day"), F.col("death_date"))
        df = df.withColumn("death_date", F.max(died).over(each)).withColumn("n", F.row_number().over(rank)).where("n = 1")
        status = F.when(F.col("ended"), F.lit("moved_out")).when(F.col("valid"), F.col("registration_status"))
        return df.select(
            "person_id",
            "year",
            "day",
            "sex",
            "birth_date",
            "death_date",
            status.alias("registration_status"),
            "registered_division",
            "household_id",
        )

    def paid(self, spec: ModelSpec) -> DataFrame:
        """(person_id, year, paid_year, amount, division): years paid for, net of refunds, as known."""
        period = F.col("period")
        start = F.when(F.col("backlog"), F.make_date(F.year(period), F.lit(12), F.lit(31))).otherwise(period)
        event = F.greatest(start, F.coalesce("valid_from", start))
        df = self.known("contribution", event).where(F.col("scheme") == spec.population.scheme)
        df = df.groupBy("person_id", "year", F.year(period).alias("paid_year")).agg(
            F.sum("amount").alias("amount"), F.max("division").alias("division")
        )
        return df.where("amount > 0")

    def spells(self) -> DataFrame:
        """Insurance spells per cut; an end after the day is not known yet, as far as the row can show."""
        df = self.known("insurance_spell")
        return df.withColumn("valid_to", F.when(F.col("valid_to") <= F.col("day"), F.col("valid_to")))


def _flag(df: DataFrame, name: str) -> DataFrame:
    return df.select("person_id", "year").distinct().withColumn(name, F.lit(1))


def _contributions(past: Past, spec: ModelSpec) -> DataFrame:
    back = Window.partitionBy("person_id", "year").orderBy(F.col("paid_year").desc())
    df = past.paid(spec)
    before = df.where("paid_year < year").withColumn("back", F.row_number().over(back))
    now = _flag(df.where("paid_year = year"), "paid_now")
    features = before.groupBy("person_id", "year").agg(
        F.count("*").cast("double").alias("paid_years"),
        F.min("paid_year").alias("first_paid"),
        F.max("paid_year").alias("last_paid"),
        F.sum(F.expr("int(paid_year = year - back)")).cast("double").alias("streak"),
        F.sum(F.expr("int(paid_year >= year - 3)")).alias("recent"),
        F.max_by("amount", "paid_year").cast("double").alias("last_amount"),
        F.max(F.when(F.col("back") == 2, F.col("amount"))).cast("double").alias("previous_amount"),
        F.max_by("division", "paid_year").alias("paid_division"),
    )
    return features.join(now, ["person_id", "year"], "full")


def at_risk(past: Past, spec: ModelSpec) -> DataFrame:
    """Risk set with features: person_id, year, day, cluster, division, sex, age_band, district, and `spec.features` as doubles.

    Birth dates that are missing make the age unknown and the person cannot be placed; `birth_unknown` counts them in training.
    """
    scheme, low, high = spec.population.scheme, spec.population.min_age, spec.population.max_age
    keys = ["person_id", "year"]
    spells = past.spells()
    active = spells.where("status = 'active' AND valid_to IS NULL")
    joined = _flag(active.where((F.col("scheme") == scheme) & (F.year("valid_from") >= F.col("year") - 1)), "joined")
    employee = _flag(active.where("scheme = 'employee_pension'"), "employee")
    ended = _flag(spells.where("scheme = 'employee_pension' AND valid_to > add_months(day, -24)"), "employee_ended")
    medical = _flag(active.where("scheme = 'resident_medical'"), "medical_active")
    recent = past.known("benefit_payment", F.col("month")).where("amount > 0 AND month > add_months(day, -4)")
    pension = _flag(recent.where(F.col("kind").isin(PENSIONS)), "pension")
    student = _flag(past.known("school_enrolment").where("status = 'enrolled' AND (valid_to IS NULL OR valid_to > day)"), "student")
    df = _contributions(past, spec).join(joined, keys, "full").join(past.persons(), keys, "inner")
    for part in (employee, ended, medical, pension, student):
        df = df.join(part, keys, "left")
    df = df.where(
        (F.coalesce("last_paid", F.lit(0)) == F.col("year") - 1) | F.col("joined").isNotNull(),
    ).where("paid_now IS NULL AND employee IS NULL AND pension IS NULL AND student IS NULL AND death_date IS NULL")
    df = df.where(F.col("registration_status").isNull() | ~F.col("registration_status").isin(GONE))
    full_years = F.floor(F.months_between(F.make_date("year", F.lit(12), F.lit(31)), "birth_date") / 12)
    df = df.where(F.col("birth_date").isNull() | ((full_years >= low) & (full_years < high)))
    return _derive(df, spec)


def _derive(df: DataFrame, spec: ModelSpec) -> DataFrame:
    zero = F.lit(0.0)
    age = F.floor(F.months_between("day", "birth_date") / 12).cast("double")
    paid_years = F.coalesce("paid_years", zero)
    span = F.col("year") - F.col("first_paid")
    short = F.greatest(F.lit(15.0) - paid_years, zero)
    left = F.lit(float(spec.population.max_age)) - age
    made = {
        "age": age,
        "paid_years": paid_years,
        "streak": F.coalesce("streak", zero),
        "missed_years": F.coalesce(span - F.col("paid_years"), zero),
        "missed_recent": F.coalesce(F.least(span, F.lit(3)) - F.col("recent"), F.lit(0)),
        "last_amount": F.col("last_amount"),
        "amount_change": F.coalesce(F.log(F.col("last_amount") / F.col("previous_amount")), zero),
        "years_short": short,
        "cannot_reach": (short > left).cast("int"),
        "employee_ended": F.coalesce("employee_ended", F.lit(0)),
        "medical_active": F.coalesce("medical_active", F.lit(0)),
    }
    division = F.coalesce("registered_division", "paid_division", F.lit("unknown"))
    band = F.when(age < 30, "16-29").when(age < 45, "30-44").when(age < 55, "45-54").when(age >= 55, "55-59").otherwise("unknown")
    return df.select(
        "person_id",
        "year",
        "day",
        F.coalesce("household_id", F.concat(F.lit("p"), F.col("person_id"))).alias("cluster"),
        division.alias("division"),
        F.substring(division, 1, spec.capacity.width).alias("unit"),
        F.coalesce("sex", F.lit("unknown")).alias("sex"),
        band.alias("age_band"),
        F.substring(division, 1, 6).alias("district"),
        F.col("birth_date").isNull().alias("birth_unknown"),
        *[made[name].cast("double").alias(name) for name in spec.feature_names],
    )


def outcomes(
    spark: SparkSession, years: list[int], known_at: datetime, spec: ModelSpec, gold: str = "gold", started: datetime | None = None
) -> DataFrame:
    """(person_id, year, outcome) of years, with the knowledge of `known_at`: `paid` or the exit; a risk row without one lapsed.

    Exits compete with a lapse and are not lapses: who dies, leaves, moves to the employees' scheme, begins to draw a pension or goes to
    school has no contribution to miss (国发〔2014〕8号 三、六、九). A payment reported after the year has settled is a lapse made good.

    Args:
        started: first arrival of contributions; a year that settled before it is read from the bulk load.
    """
    cuts = []
    for year in years:
        settled, _ = known_by(end_of_year(year) + timedelta(days=spec.label.settle_days), started, known_at)
        cuts.append(Cut(year, date(year, 12, 31), False, dict.fromkeys(INPUTS, known_at) | {"contribution": settled}))
    past = Past(spark, cuts, gold)
    first = F.make_date("year", F.lit(1), F.lit(1))
    paid = _flag(past.paid(spec).where("paid_year = year"), "paid")
    persons = past.persons()
    spells = past.known("insurance_spell").where(F.col("valid_to").isNull() | (F.col("valid_to") > first))
    exits = {
        "died": persons.where("death_date IS NOT NULL"),
        "moved_out": persons.where(F.col("registration_status").isin(GONE)),
        "employee_pension": spells.where("scheme = 'employee_pension' AND status = 'active'"),
        "draws_pension": past.known("benefit_payment", F.col("month")).where(
            F.col("kind").isin(PENSIONS) & (F.col("month") >= first) & (F.col("amount") > 0)
        ),
        "student": past.known("school_enrolment").where("status = 'enrolled' AND (valid_to IS NULL OR valid_to > day)"),
    }
    df = paid
    for name in spec.label.exits:
        df = df.join(_flag(exits[name], name), ["person_id", "year"], "full")
    outcome = F.when(F.col("paid").isNotNull(), "paid")
    for name in spec.label.exits:
        outcome = outcome.when(F.col(name).isNotNull(), name)
    return df.select("person_id", "year", outcome.alias("outcome"))
