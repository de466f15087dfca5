"""Risk set, features and outcomes of residents who pay the yearly resident pension contribution, from gold as known at a date.

One row is (person_id, year): somebody who paid for the year before (or joined since), is alive, local, in paying age, not a student, not
in the employees' scheme, draws no pension and has not paid for `year` yet, all as known at the cut. Whoever is already in arrears for
the year before is a known fact and not a prediction, so stands outside.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column, DataFrame, SparkSession
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
    """The moments (UTC, ascending) at which records of an input table became known: one per delivery, so few.

    Persons are known from the day their register comes: a payment list of years before names people without saying when they were born.
    """
    df = read(spark, table, gold)
    if table == "person":
        df = df.where("birth_date IS NOT NULL")
    rows = df.select(F.unix_micros("known_from").alias("at")).where("at IS NOT NULL").distinct().collect()
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
        """Rows of the register, packed so that `max` picks the one of the day, else the earliest known (birth and sex do not change)."""
        df = self.known("person", event=F.lit(LONG_AGO))
        start, day = F.coalesce("valid_from", F.lit(LONG_AGO)), F.col("day")
        valid = (start <= day) & (F.col("valid_to").isNull() | (F.col("valid_to") > day))
        status = F.when(valid, F.col("registration_status")).alias("status")
        rank = [valid.alias("valid"), (-F.datediff(start, F.lit(LONG_AGO))).alias("early"), F.col("known_from").alias("fresh")]
        return df.select(
            *_KEYS,
            F.struct(*rank, "sex", "birth_date", status, "registered_division", "household_id").alias("person"),
            F.when(F.col("death_date") <= day, F.col("death_date")).alias("died"),
            F.coalesce(F.col("valid_to") <= day, F.lit(False)).alias("ended"),
        )

    def payments(self, spec: ModelSpec) -> DataFrame:
        """Contributions with the year they are for; refunds are negative."""
        period = F.col("period")
        start = F.when(F.col("backlog"), F.make_date(F.year(period), F.lit(12), F.lit(31))).otherwise(period)
        event = F.greatest(start, F.coalesce("valid_from", start))
        df = self.known("contribution", event).where(F.col("scheme") == spec.population.scheme)
        return df.select(*_KEYS, F.struct(F.year(period).alias("paid_year"), "amount", "division").alias("paid"))

    def spells(self) -> DataFrame:
        """Insurance spells; an end after the day is not known yet, as far as the row can show."""
        df = self.known("insurance_spell")
        return df.withColumn("valid_to", F.when(F.col("valid_to") <= F.col("day"), F.col("valid_to")))

    def pensions(self) -> DataFrame:
        return self.known("benefit_payment", F.col("month")).where(F.col("kind").isin(PENSIONS) & (F.col("amount") > 0))

    def students(self) -> DataFrame:
        df = self.known("school_enrolment").where("status = 'enrolled' AND (valid_to IS NULL OR valid_to > day)")
        return df.select(*_KEYS, F.lit(1).alias("student"))


_KEYS = ["person_id", "year", "day"]
# Net amount of the payments for year y.
_NET = """aggregate(filter(paid, x -> x.paid_year = {y}), cast(0 AS decimal(28, 2)),
  (s, x) -> cast(s + coalesce(x.amount, 0) AS decimal(28, 2)))"""
# The years before the one looked at, newest first.
_PAID = f"""transform(reverse(array_sort(array_distinct(transform(filter(paid, x -> x.paid_year < year), x -> x.paid_year)))),
  y -> named_struct('y', y, 'amount', {_NET.format(y="y")}, 'division', filter(paid, x -> x.paid_year = y)[0].division))"""
_SUMMARY = {
    "paid_years": "cast(size(p) AS double)",
    "first_paid": "try_element_at(p, -1).y",
    "last_paid": "try_element_at(p, 1).y",
    "streak": "cast(size(filter(transform(p, (x, i) -> x.y + i = year - 1), x -> x)) AS double)",
    "recent": "size(filter(p, x -> x.y >= year - 3))",
    "last_amount": "cast(try_element_at(p, 1).amount AS double)",
    "previous_amount": "cast(try_element_at(p, 2).amount AS double)",
    "paid_division": "try_element_at(p, 1).division",
    "paid_now": f"{_NET.format(y='year')} > 0",
}


def _together(parts: list[DataFrame], flags: list[str]) -> DataFrame:
    """All that is known of a person at a cut in one row. One union and one shuffle, where a join per table would make eight."""
    df = parts[0]
    for part in parts[1:]:
        df = df.unionByName(part, allowMissingColumns=True)
    return df.groupBy(*_KEYS).agg(
        F.max("person").alias("person"),
        F.max("died").alias("died"),
        F.min("ended").alias("ended"),
        F.collect_list("paid").alias("paid"),
        *[F.max(f).alias(f) for f in flags],
    )


def _gone() -> Column:
    return F.coalesce(F.col("ended"), F.lit(False)) | F.coalesce(F.col("person.status").isin(GONE), F.lit(False))


def at_risk(past: Past, spec: ModelSpec) -> DataFrame:
    """Risk set with features: person_id, year, day, cluster, division, sex, age_band, district, and `spec.features` as doubles.

    Birth dates that are missing make the age unknown; `birth_unknown` says so.
    """
    scheme, low, high = spec.population.scheme, spec.population.min_age, spec.population.max_age

    def flag(condition: str) -> Column:
        return F.expr(f"CASE WHEN {condition} THEN 1 END")

    active = "status = 'active' AND valid_to IS NULL"
    spells = past.spells().select(
        *_KEYS,
        flag(f"{active} AND scheme = '{scheme}' AND year(valid_from) >= year - 1").alias("joined"),
        flag(f"{active} AND scheme = 'employee_pension'").alias("employee"),
        flag("scheme = 'employee_pension' AND valid_to > add_months(day, -24)").alias("employee_ended"),
        flag(f"{active} AND scheme = 'resident_medical'").alias("medical_active"),
    )
    pensions = past.pensions().where("month > add_months(day, -4)").select(*_KEYS, F.lit(1).alias("pension"))
    flags = ["joined", "employee", "employee_ended", "medical_active", "pension", "student"]
    df = _together([past.persons(), past.payments(spec), spells, pensions, past.students()], flags)
    df = df.where("person IS NOT NULL AND died IS NULL AND employee IS NULL AND pension IS NULL AND student IS NULL").where(~_gone())
    # A year whose payments were refunded in full is not paid.
    df = df.withColumn("p", F.expr(f"filter({_PAID}, x -> x.amount > 0)"))
    df = df.select("*", *[F.expr(sql).alias(name) for name, sql in _SUMMARY.items()], "person.*")
    df = df.where("NOT paid_now AND (coalesce(last_paid, 0) = year - 1 OR joined IS NOT NULL)")
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
    spells = (
        past.spells()
        .where("scheme = 'employee_pension' AND status = 'active'")
        .where(F.col("valid_to").isNull() | (F.col("valid_to") > first))
    )
    parts = [
        past.persons(),
        past.payments(spec).where("paid.paid_year = year"),
        spells.select(*_KEYS, F.lit(1).alias("employee_pension")),
        past.pensions().where(F.col("month") >= first).select(*_KEYS, F.lit(1).alias("draws_pension")),
        past.students(),
    ]
    df = _together(parts, ["employee_pension", "draws_pension", "student"])
    exits = {"died": F.col("died").isNotNull(), "moved_out": _gone()}
    outcome = F.when(F.expr(_SUMMARY["paid_now"]), "paid")
    for name in spec.label.exits:
        outcome = outcome.when(exits[name] if name in exits else F.col(name).isNotNull(), name)
    return df.select("person_id", "year", outcome.alias("outcome")).where("outcome IS NOT NULL")
