"""One small city, built once for all tests of this folder: silver by hand, gold, programmes and marts by dbt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def catalogue():
    from xihu.contract.load import load_catalogue
    from xihu.settings import settings

    return load_catalogue(settings().root / "conf")


@pytest.fixture(scope="package")
def city(spark_session, catalogue):
    """(spark, population): gold and staged marts of 1,000 people near every threshold."""
    import scorecard_case
    import welfare_oracle as o
    from silver_city import Silver

    from xihu.gold.build import build_gold
    from xihu.gold.dbt import build_marts

    silver = Silver(catalogue)
    population = o.people(1000)
    o.write(silver, population)
    scorecard_case.write(silver)
    silver.write(spark_session)
    build_gold(spark_session, 1, catalogue=catalogue)
    build_marts(spark_session, o.MONTHS, o.K, "before_models")
    build_marts(spark_session, o.MONTHS, o.K, "after_models")
    yield spark_session, population
    for row in spark_session.sql("SHOW DATABASES").collect():
        if row[0] != "default":
            spark_session.sql(f"DROP DATABASE `{row[0]}` CASCADE")
