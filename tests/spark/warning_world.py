"""A small city in gold tables with a known reason to lapse: low tiers, youth, and having missed before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

SYS = "valid_from date, valid_to date, known_from timestamp, known_to timestamp, loaded_from bigint, loaded_to bigint"
SCHEMAS = {
    "person": "person_id bigint, sex string, birth_date date, death_date date, registration_status string, registered_division string",
    "contribution": "person_id bigint, scheme string, period date, amount decimal(18,2), base decimal(18,2), division string",
    "insurance_spell": "person_id bigint, scheme string, legal_entity_id bigint, status string, division string",
    "benefit_payment": "person_id bigint, kind string, month date, amount decimal(18,2), division string",
    "school_enrolment": "person_id bigint, school string, stage string, status string, division string",
}
BULK = datetime(2016, 10, 12, 1, tzinfo=UTC)  # registers came to the lake only then
YEARS = range(2010, 2017)


def reported(year: int) -> datetime:
    """When the yearly file of payments arrived."""
    return datetime(year + 1, 1, 18, 1, tzinfo=UTC)


class World:
    """Rows per table; `put` writes them. Person ids from 1; districts 330102 … 330105."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {t: [] for t in SCHEMAS}
        self.truth: dict[tuple[int, int], float] = {}

    def person(self, i: int, birth: date, sex: str = "1", known: datetime = BULK, **kw: Any) -> None:
        row = (i, sex, birth, kw.get("death"), kw.get("status", "normal"), kw.get("division", f"33010{i % 4 + 2}"))
        self.rows["person"].append((*row, kw.get("valid_from"), kw.get("valid_to"), known, kw.get("known_to"), 1, None))

    def pay(self, i: int, year: int, amount: int = 500, known: datetime | None = None, paid_on: date | None = None, **kw: Any) -> None:
        row = (i, "resident_pension", date(year, 1, 1), Decimal(amount), None, f"33010{i % 4 + 2}")
        self.rows["contribution"].append((*row, paid_on or date(year, 5, 1), None, known or reported(year), kw.get("known_to"), 1, None))

    def spell(self, i: int, scheme: str, start: date, end: date | None = None, status: str = "active", known: datetime = BULK) -> None:
        self.rows["insurance_spell"].append((i, scheme, None, status, f"33010{i % 4 + 2}", start, end, known, None, 1, None))

    def pension(self, i: int, kind: str, month: date, known: datetime = BULK) -> None:
        self.rows["benefit_payment"].append((i, kind, month, Decimal(150), "330102", month, None, known, None, 1, None))

    def enrol(self, i: int, start: date, end: date | None = None, known: datetime = BULK) -> None:
        self.rows["school_enrolment"].append((i, "s", "university", "enrolled", "330102", start, end, known, None, 1, None))

    def put(self, spark: SparkSession, only: list[str] | None = None) -> None:
        spark.sql("CREATE DATABASE IF NOT EXISTS gold")
        for table in only or SCHEMAS:
            df = spark.createDataFrame(self.rows[table], f"{SCHEMAS[table]}, {SYS}").coalesce(1)
            df.write.format("delta").mode("overwrite").option("overwriteSchema", "true").saveAsTable(f"gold.{table}")


def city(n: int = 1500, seed: int = 4) -> World:
    """`n` payers: log-odds of a lapse = -1.4 - 1.5 ln(tier/300) - 0.05 (age - 40) + 1.2 (missed before)."""
    rng = np.random.default_rng(seed)
    w = World()
    for i in range(1, n + 1):
        birth = date(int(rng.integers(1960, 1995)), int(rng.integers(1, 13)), 7)
        w.person(i, birth, sex=str(rng.integers(1, 3)))
        w.spell(i, "resident_pension", date(2010, 1, 1))
        if rng.random() < 0.6:
            w.spell(i, "resident_medical", date(2010, 1, 1))
        tier, missed = int(rng.choice([100, 300, 500, 1000])), 0
        for year in YEARS:
            age = year - birth.year
            if not 16 <= age < 60:
                continue
            z = -1.4 - 1.5 * np.log(tier / 300) - 0.05 * (age - 40) + 1.2 * min(missed, 1)
            p = 1 / (1 + np.exp(-z))
            w.truth[i, year] = p
            if year > 2010 and rng.random() < p:
                missed += 1
            else:
                w.pay(i, year, tier)
    return w
