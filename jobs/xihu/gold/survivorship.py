"""Which value survives when sources disagree: ranked sources per attribute, for every day and every state of knowledge.

For one person the claims cut time into rectangles (valid days × known instants). In each, an attribute takes the value of its best-ranked
source that says anything. Within one source the statement that began last wins; of those that began together, one that the register has
ended beats an open one on the days before its end; then what was said last. Neighbouring rectangles that say the same are joined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.contract.models import Base
from xihu.gold.schema import KNOWN, LOADED, Shape, base_shape, spark_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_FIRST_DAY, _LAST_DAY = "date'0001-01-01'", "date'9999-12-31'"
_NEVER = "timestamp'9999-12-31 00:00:00'"


def _ranks(base: Base) -> dict[str, dict[str, int]]:
    """Attribute → source (`resource.role`) → rank, 1 the best."""
    return {name: {source: i for i, source in enumerate(a.sources, start=1)} for name, a in base.attributes.items()}


def _rank_sql(ranks: dict[str, int]) -> str:
    if not ranks:
        return "cast(null as int)"
    cases = " ".join(f"when '{source}' then {i}" for source, i in ranks.items())
    return f"case source {cases} end"


def ranked(base: Base, claims: DataFrame, ids: DataFrame) -> DataFrame:
    """Claims of known persons or entities, reduced to attributes that their source may give, repeated statements joined.

    Returns:
        number, source, rank per attribute (`_r_<name>`), attributes, valid_from, valid_to, known_from, known_to (never NULL: open ends are
        the year 9999), resource, _file, _row of the first record that said so. A claim without usable attributes remains as a sign of life.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    number = next(c for c in ids.columns if c != "id")
    ranks = _ranks(base)
    names = list(base.attributes)
    usable = sorted({s for r in ranks.values() for s in r})
    rows = claims.where("id is not null").join(ids, "id").withColumn("source", F.concat_ws(".", "resource", "role"))
    rows = rows.select(
        number,
        F.when(F.col("source").isin(usable), F.col("source")).alias("source") if usable else F.lit(None).cast("string").alias("source"),
        "resource",
        "_file",
        "_row",
        *[F.when(F.expr(_rank_sql(ranks[n])).isNotNull(), F.col(n)).alias(n) for n in names],
        *[F.expr(_rank_sql(ranks[n])).alias(f"_r_{n}") for n in names],
        F.expr(f"case when source is null then {_FIRST_DAY} else coalesce(valid_from, {_FIRST_DAY}) end").alias("valid_from"),
        F.expr(f"case when source is null then {_LAST_DAY} else coalesce(valid_to, {_LAST_DAY}) end").alias("valid_to"),
        "known_from",
        F.expr(f"coalesce(known_to, {_NEVER})").alias("known_to"),
    ).where("valid_from < valid_to and known_from < known_to")
    # Twelve payments a year that repeat a name are one statement, until the source says something else.
    said = [number, "source", *names, "valid_from", "valid_to"]
    spoken = Window.partitionBy(number, "source", "valid_from", "valid_to").orderBy("known_from", "resource", "_file", "_row")
    rows = rows.withColumn("_h", F.xxhash64(*[F.coalesce(F.col(n).cast("string"), F.lit("\u0001")) for n in names]))
    other = F.coalesce(F.lag("_h").over(spoken) != F.col("_h"), F.lit(True))
    rows = rows.withColumn("_run", F.sum(other.cast("int")).over(spoken))
    within = Window.partitionBy(number, "source", "valid_from", "valid_to", "_run").orderBy("known_from", "resource", "_file", "_row")
    reach = F.max("known_to").over(within.rowsBetween(Window.unboundedPreceding, -1))
    rows = rows.withColumn("_gap", (reach.isNotNull() & (F.col("known_from") > reach)).cast("int"))
    rows = rows.withColumn("_island", F.struct("_run", F.sum("_gap").over(within).alias("n")))
    first = F.min_by(F.struct("resource", "_file", "_row"), F.struct("known_from", "resource", "_file", "_row"))
    joined = rows.groupBy(*said, "_island").agg(
        *[F.first(f"_r_{n}").alias(f"_r_{n}") for n in names],
        F.min("known_from").alias("known_from"),
        F.max("known_to").alias("known_to"),
        first.alias("_at"),
    )
    return joined.select(*[c for c in joined.columns if c not in ("_island", "_at")], "_at.resource", "_at._file", "_at._row")


def survive(base: Base, claims: DataFrame, ids: DataFrame) -> DataFrame:
    """The history of a base table from its claims.

    Args:
        claims: as of `xihu.gold.claims.claims`.
        ids: (id, number).

    Returns:
        Columns of `base_shape(base, number).content`; at any (day, instant) at most one row per number.
    """
    from pyspark.sql import functions as F

    number = next(c for c in ids.columns if c != "id")
    names = list(base.attributes)
    rows = ranked(base, claims, ids)
    packed = rows.groupBy(number).agg(F.collect_list(F.struct(*[c for c in rows.columns if c != number])).alias("c"))

    def cut(start: str, end: str, out: str) -> str:
        """SQL: consecutive pairs of the instants at which the set of claims `c` changes."""
        points = f"array_sort(array_distinct(concat(transform(c, x -> x.{start}), transform(c, x -> x.{end}))))"
        pairs = "transform(sequence(1, size(p) - 1), i -> named_struct('a', element_at(p, i), 'b', element_at(p, i + 1)))"
        return f"explode(transform(array({points}), p -> {pairs})[0]) as {out}"

    known = packed.selectExpr(number, "c", cut("known_from", "known_to", "k"))
    known = known.selectExpr(number, "k", "filter(c, x -> x.known_from <= k.a and x.known_to > k.a) as c").where("size(c) > 0")
    valid = known.selectExpr(number, "k", "c", cut("valid_from", "valid_to", "v"))
    valid = valid.selectExpr(number, "k", "v", "filter(c, x -> x.valid_from <= v.a and x.valid_to > v.a) as c").where("size(c) > 0")

    place = "'resource', x.resource, 'file', x._file, 'row', x._row"

    def best(name: str) -> str:
        order = f"'r', -x._r_{name}, 'b', x.valid_from, 'e', -unix_date(x.valid_to), 'n', x.known_from, {place}"
        said = f"filter(c, x -> x._r_{name} is not null and x.`{name}` is not null)"
        return f"array_max(transform({said}, x -> named_struct({order}, 'value', x.`{name}`))) as `_b_{name}`"

    chosen = valid.selectExpr(number, "k", "v", "c[0] as any_claim", *[best(n) for n in names])
    pointer = "named_struct('resource', `_b_{0}`.resource, 'file', `_b_{0}`.file, 'row', `_b_{0}`.row)"
    evidence = "to_json(named_struct(" + ", ".join(f"'{n}', if(`_b_{n}` is null, null, {pointer.format(n)})" for n in names) + "))"
    # The record named beside a row is the one behind its best attribute, in the order of the declaration.
    lead = "coalesce(" + ", ".join([*[f"if(`_b_{n}` is null, null, {pointer.format(n)})" for n in names], _claim("any_claim")]) + ")"
    flat = chosen.selectExpr(
        number,
        "k.a as k0",
        "k.b as k1",
        "v.a as v0",
        "v.b as v1",
        *[f"`_b_{n}`.value as `{n}`" for n in names],
        f"named_struct('e', {evidence}, 'at', {lead}) as w",
    )
    same = F.xxhash64(*[F.coalesce(F.col(n).cast("string"), F.lit("\u0001")) for n in names])
    flat = flat.withColumn("h", same)
    by_valid = _join(flat, [number, "k0", "k1"], ["h", *names], "v0", "v1")
    by_known = _join(by_valid, [number, "v0", "v1"], ["h", *names], "k0", "k1")
    return by_known.select(
        number,
        *names,
        F.col("w.e").alias("evidence"),
        F.col("w.at.resource").alias("resource"),
        F.col("w.at.file").alias("_file"),
        F.col("w.at.row").alias("_row"),
        F.expr(f"nullif(v0, {_FIRST_DAY})").alias("valid_from"),
        F.expr(f"nullif(v1, {_LAST_DAY})").alias("valid_to"),
        F.col("k0").alias("known_from"),
        F.expr(f"nullif(k1, {_NEVER})").alias("known_to"),
    )


def _claim(name: str) -> str:
    return f"named_struct('resource', {name}.resource, 'file', {name}._file, 'row', {name}._row)"


def _join(df: DataFrame, within: list[str], same: list[str], start: str, end: str) -> DataFrame:
    """Joins rows of one group that touch and agree in `same`; the witness `w` is that of the first."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    window = Window.partitionBy(*within).orderBy(start)
    before, said = F.lag(end).over(window), F.lag("h").over(window)
    starts = before.isNull() | (before != F.col(start)) | (said != F.col("h"))
    df = df.withColumn("_i", F.sum(starts.cast("int")).over(window))
    return (
        df.groupBy(*within, *same, "_i").agg(F.min(start).alias(start), F.max(end).alias(end), F.min_by("w", start).alias("w")).drop("_i")
    )


def conflict_shape(base: Base, number: str) -> Shape:
    """Losing statements, `gold.<base>_conflict`."""
    columns = (
        (number, "BIGINT", "编号"),
        ("attribute", "STRING", "属性；identity 表示同一号码疑为两人"),
        ("chosen_value", "STRING", "采用的值"),
        ("chosen_source", "STRING", "采用的来源（资源.角色）"),
        ("chosen_rank", "INT", "采用的来源在该属性来源次序中的位置，1为最先"),
        ("chosen_from", "TIMESTAMP", "采用的值获知时刻"),
        ("losing_value", "STRING", "未采用的值"),
        ("losing_source", "STRING", "未采用的来源（资源.角色）"),
        ("losing_rank", "INT", "未采用的来源在次序中的位置"),
        ("statements", "STRING", "该属性的全部现行说法（JSON：source 来源、value 值、rank 次序、known_from 获知时刻）"),
        ("reason", "STRING", "原因：lower_rank 来源次序靠后，older 较早获知，two_persons 姓名与出生日期或性别均不同"),
        ("resource", "STRING", "未采用记录的资源"),
        ("_file", "STRING", "未采用记录的文件"),
        ("_row", "BIGINT", "未采用记录的序号"),
        *KNOWN,
        *LOADED,
    )
    return Shape(f"gold.{base.base}_conflict", f"{base.title}的不一致", columns)


def conflicts(base: Base, claims: DataFrame, ids: DataFrame) -> DataFrame:
    """Statements that lost although still upheld by their sender and open-ended, per attribute. Columns of `conflict_shape(…).content`."""
    from pyspark.sql import functions as F

    number = next(c for c in ids.columns if c != "id")
    rows = ranked(base, claims, ids).where(f"known_to = {_NEVER} and valid_to = {_LAST_DAY} and source is not null")
    entries = ", ".join(
        f"named_struct('attribute', '{n}', 'rank', `_r_{n}`, 'value', cast(`{n}` as string), 'type', '{spark_type(a.type)}')"
        for n, a in base.attributes.items()
    )
    said = rows.selectExpr(number, "source", "known_from", "resource", "_file", "_row", f"inline(array({entries}))")
    said = said.where("rank is not null and value is not null")
    first = F.min_by(
        F.struct("value", "source", "rank", "known_from"), F.struct("rank", -F.unix_micros("known_from"), "resource", "_file", "_row")
    )
    top = said.groupBy(number, "attribute").agg(first.alias("top"), F.count_distinct("value").alias("n")).where("n > 1")
    from pyspark.sql import Window

    told = F.collect_set(F.struct("rank", "known_from", "source", "value")).over(Window.partitionBy(number, "attribute"))
    lost = said.join(top, [number, "attribute"]).withColumn("_told", F.array_sort(told)).where("value <> top.value")
    return lost.selectExpr(
        number,
        "attribute",
        "top.value as chosen_value",
        "top.source as chosen_source",
        "top.rank as chosen_rank",
        "top.known_from as chosen_from",
        "value as losing_value",
        "source as losing_source",
        "rank as losing_rank",
        "to_json(_told) as statements",
        "case when rank > top.rank then 'lower_rank' else 'older' end as reason",
        "resource",
        "_file",
        "_row",
        "known_from",
        "cast(null as timestamp) as known_to",
    )


__all__ = ["base_shape", "conflict_shape", "conflicts", "ranked", "survive"]
