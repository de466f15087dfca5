"""`gold.person`: attributes by ranked source with history, and what the losing sources said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.contract.models import Base
from xihu.gold.schema import base_shape
from xihu.gold.survivorship import conflict_shape, conflicts, survive
from xihu.gold.sync import Change, sync

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def two_persons(claims: DataFrame, ids: DataFrame) -> DataFrame:
    """Numbers that two records give to visibly different people: the name differs, and the birth date or the sex as well (重号).

    Every record on either side is listed once against the earliest other side; nobody is split or merged here.
    """
    from pyspark.sql import functions as F

    said = claims.where("id is not null and name is not null and known_to is null and (birth_date is not null or sex is not null)")
    said = said.join(ids, "id").withColumn("source", F.concat_ws(".", "resource", "role"))
    said = said.withColumn("plain", F.expr(r"regexp_replace(name, '[\\s·•.]', '')"))
    first = F.min_by(F.struct("source", "known_from", "resource", "_file", "_row"), F.struct("known_from", "resource", "_file", "_row"))
    one = said.groupBy("person_id", "plain", "birth_date", "sex").agg(first.alias("at"))
    several = one.groupBy("person_id").agg(F.count_distinct("plain").alias("n")).where("n > 1").select("person_id")
    one = one.join(several, "person_id", "left_semi")
    a, b = one.alias("a"), one.alias("b")
    differ = "a.person_id = b.person_id and a.plain <> b.plain and (a.birth_date <> b.birth_date or a.sex <> b.sex)"
    describe = "concat_ws('/', {0}.plain, {0}.birth_date, {0}.sex)"
    pairs = a.join(b, F.expr(differ)).where(
        "struct(a.at.known_from, a.at._file, a.at._row) < struct(b.at.known_from, b.at._file, b.at._row)"
    )
    return pairs.selectExpr(
        "a.person_id",
        "'identity' as attribute",
        f"{describe.format('a')} as chosen_value",
        "a.at.source as chosen_source",
        "cast(null as int) as chosen_rank",
        "a.at.known_from as chosen_from",
        f"{describe.format('b')} as losing_value",
        "b.at.source as losing_source",
        "cast(null as int) as losing_rank",
        "cast(null as string) as statements",
        "'two_persons' as reason",
        "b.at.resource as resource",
        "b.at._file as _file",
        "b.at._row as _row",
        "b.at.known_from as known_from",
        "cast(null as timestamp) as known_to",
    )


def build_person(spark: SparkSession, base: Base, claims: DataFrame, ids: DataFrame, run: int) -> list[Change]:
    """Brings `gold.person` and `gold.person_conflict` up to date."""
    lost = conflicts(base, claims, ids)
    if {"name", "birth_date", "sex"} <= set(base.attributes):
        lost = lost.unionByName(two_persons(claims, ids))
    return [
        sync(spark, base_shape(base, "person_id"), survive(base, claims, ids), run),
        sync(spark, conflict_shape(base, "person_id"), lost, run),
    ]
