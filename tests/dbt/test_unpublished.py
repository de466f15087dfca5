"""What dbt did not pass is not published. Runs last: it leaves the stage unfit."""

from __future__ import annotations

import pytest
import welfare_oracle as o

from xihu.gold import dbt as module
from xihu.gold.publish import PublishRefused, publish


def test_a_failed_test_publishes_nothing(city, catalogue):
    spark, _ = city
    publish(spark, 9, o.K, o.MONTHS, catalogue=catalogue)
    before = spark.table("ops.release").count()
    spark.sql("create table gold.kept using delta as select * from gold.parameter")
    spark.sql("delete from gold.parameter")  # person_month then has no parameter in force, which its data test forbids
    try:
        with pytest.raises(module.DbtFailed, match="parameters_in_force"):
            module.build_marts(spark, o.MONTHS, o.K, "before_models")
        with pytest.raises(PublishRefused, match="before_models"):
            publish(spark, 10, o.K, o.MONTHS, catalogue=catalogue)
    finally:
        spark.sql("insert overwrite gold.parameter select * from gold.kept")
        spark.sql("drop table gold.kept")
    assert spark.table("ops.release").count() == before
