"""`gold.legal_entity`: attributes of legal entities by ranked source with history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.contract.models import Base
from xihu.gold.schema import base_shape
from xihu.gold.survivorship import conflict_shape, conflicts, survive
from xihu.gold.sync import Change, sync

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def build_legal_entity(spark: SparkSession, base: Base, claims: DataFrame, ids: DataFrame, run: int) -> list[Change]:
    """Brings `gold.legal_entity` and `gold.legal_entity_conflict` up to date; the attribute `uscc` is the identifier itself."""
    from pyspark.sql import functions as F

    if "uscc" in base.attributes:
        claims = claims.withColumn("uscc", F.col("id"))
    return [
        sync(spark, base_shape(base, "legal_entity_id"), survive(base, claims, ids), run),
        sync(spark, conflict_shape(base, "legal_entity_id"), conflicts(base, claims, ids), run),
    ]
