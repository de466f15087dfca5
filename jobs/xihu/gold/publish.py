"""From stage to release: what was built and tested is published at once, recorded, with small cells left out.

Tables with history (`gold.entitlement`) are merged, never replaced; marts are overwritten in one commit each. All of it happens under the
release lock. Nothing is published unless dbt passed both of its parts with the same months and the same instant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from xihu.contract.load import Catalogue, load_catalogue
from xihu.gold.build import run_number
from xihu.gold.dbt import dbt_vars, mart_comments, mart_tables, passed
from xihu.gold.schema import Shape
from xihu.gold.suppress import THRESHOLD, Line, hidden
from xihu.lake import runs, tables
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STAGE = "stage_gold.entitlement"
ENTITLEMENT = Shape(
    "gold.entitlement",
    "应享与实享：符合条件、无法判断或已保障的人员 × 项目 × 月",
    (
        ("person_id", "BIGINT", "人员编号"),
        ("household_id", "STRING", "家庭编号（按户项目）"),
        ("programme", "STRING", "保障项目编号"),
        ("month", "DATE", "月份（首日）"),
        ("entitled", "STRING", "是否符合条件：yes 是，no 否，unknown 缺数据无法判断"),
        ("covered", "BOOLEAN", "是否已保障"),
        ("gap", "BOOLEAN", "应保未保"),
        ("reason_not_gap", "STRING", "未保障但不算缺失的原因"),
        ("amount", "DECIMAL(18,2)", "应享金额（元/月）"),
        ("division", "STRING", "户籍区县"),
        ("trace", "STRING", "逐项条件、证据位置与缺失数据（JSON）"),
        ("as_of", "TIMESTAMP", "判断所依据的知识截止时刻（UTC）"),
        ("known_from", "TIMESTAMP", "获知时刻（含）"),
        ("known_to", "TIMESTAMP", "获知失效时刻（不含），空为现行"),
        ("loaded_from", "BIGINT", "写入的运行编号"),
        ("loaded_to", "BIGINT", "被更正的运行编号，空为现行计算"),
    ),
)
RELEASE = Shape(
    "ops.release",
    "发布记录",
    (
        ("release", "STRING", "发布名称"),
        ("run_id", "BIGINT", "运行编号"),
        ("as_of", "TIMESTAMP", "知识截止时刻（UTC）"),
        ("months", "STRING", "月份（JSON）"),
        ("published_at", "TIMESTAMP", "发布时刻（UTC）"),
        ("code_commit", "STRING", "代码版本"),
        ("source_versions", "STRING", "输入版本（JSON：表→运行编号）"),
        ("tables", "STRING", "发布的表及行数（JSON）"),
        ("suppressed", "BIGINT", "隐去的单元格数"),
        ("note", "STRING", "说明"),
    ),
)
_KEY = ("person_id", "programme", "month")
_CONTENT = ("household_id", "entitled", "covered", "gap", "reason_not_gap", "amount", "division", "trace")


class PublishRefused(RuntimeError):
    """The stage is not what was asked to be published."""


@dataclass
class Release:
    """What a publication did. `tables`: published table → rows; `entitlement`: rows added, ended by newer knowledge, corrected."""

    name: str
    tables: dict[str, int] = field(default_factory=dict)
    entitlement: dict[str, int] = field(default_factory=dict)
    suppressed: int = 0
    note: str = ""


def publish(
    spark: SparkSession,
    run: Any,
    as_of: datetime,
    months: Sequence[date],
    progress: Callable[[str], None] | None = None,
    *,
    catalogue: Catalogue | None = None,
) -> Release:
    """Publishes the stage as one release.

    Args:
        run: number of the run, or an object with `no`.
        as_of: the instant the stage was built for. Older than what is published: entitlements stay as they are, and the release says so.
        months: the months the stage was built for.

    Raises:
        PublishRefused: dbt did not pass for these months and this instant.
    """
    say = progress or (lambda text: None)
    no = run_number(run)
    wanted = dbt_vars(months, as_of)
    for tag in ("before_models", "after_models"):
        if passed(tag) != wanted:
            raise PublishRefused(f"{tag} 未以 {wanted} 通过全部检验，不发布 / dbt has not passed {tag} for these months and this instant")
    release = Release(f"R{no:06d}")
    with tables.locked("ops.release"):
        say("发布应享与实享")
        _publish_entitlement(spark, release, no, wanted)
        say("小数隐去，发布主题表")
        marts = {name: _collect(spark, stage) for stage, name in mart_tables()}
        release.suppressed = suppress(marts, _programme_kinds(spark))
        comments = mart_comments()
        for stage, name in mart_tables():
            _publish_mart(spark, stage, name, marts[name], no, comments[stage])
            release.tables[name] = len(marts[name])
        _record(spark, release, no, wanted, catalogue or load_catalogue(settings().conf))
    return release


def _publish_entitlement(spark: SparkSession, release: Release, run: int, variables: dict[str, Any]) -> None:
    from pyspark.sql import functions as F

    tables.ensure(spark, ENTITLEMENT.table, ENTITLEMENT.schema(), comment=ENTITLEMENT.title, cluster_by=("month", "person_id"))
    as_of = F.to_timestamp(F.lit(variables["as_of"]))
    stage = spark.table(STAGE)
    current = spark.table(ENTITLEMENT.table).where("loaded_to is null and known_to is null")
    current = current.where(F.col("month").isin([date.fromisoformat(m) for m in variables["months"]]))
    if _is_stale(spark, variables):
        release.note = "判断时刻早于已发布的，应享记录未改动"
        release.entitlement = {"added": 0, "ended": 0, "corrected": 0}
        return
    old, new = current.alias("o"), stage.alias("n")
    same = F.expr(" and ".join(f"o.{k} = n.{k}" for k in _KEY))
    joined = new.join(old, same, "full_outer")
    equal = F.expr(" and ".join(f"o.{c} <=> n.{c}" for c in _CONTENT))
    changed = joined.where(F.expr("o.person_id is null or n.person_id is null") | ~equal)
    # New knowledge ends the old row; the same knowledge judged otherwise corrects it.
    changed = changed.withColumn(
        "ends_at",
        F.when(F.expr("n.person_id is null"), F.when(as_of > F.col("o.known_from"), as_of)).when(
            F.expr("n.known_from > o.known_from"), F.col("n.known_from")
        ),
    ).persist()
    closing = changed.where("o.person_id is not null").select(
        F.lit(0).alias("_op"),
        *[F.col(f"o.{c}").alias(c) for c in ENTITLEMENT.content if c != "known_to"],
        F.coalesce("ends_at", "o.known_from").alias("known_to"),
        F.lit(run).cast("bigint").alias("loaded_from"),
        F.when(F.col("ends_at").isNull(), F.lit(run).cast("bigint")).alias("loaded_to"),
    )
    opening = changed.where("n.person_id is not null").select(
        F.lit(1).alias("_op"),
        *[F.col(f"n.{c}").alias(c) for c in ENTITLEMENT.content if c != "known_to"],
        F.lit(None).cast("timestamp").alias("known_to"),
        F.lit(run).cast("bigint").alias("loaded_from"),
        F.lit(None).cast("bigint").alias("loaded_to"),
    )
    counts = changed.selectExpr(
        "count_if(n.person_id is not null) as added",
        "count_if(o.person_id is not null and ends_at is not null) as ended",
        "count_if(o.person_id is not null and ends_at is null) as corrected",
    ).collect()[0]
    release.entitlement = counts.asDict()
    changes = closing.unionByName(opening)
    if counts.ended or counts.corrected:
        on = " and ".join(f"t.{k} = s.{k}" for k in _KEY)
        tables.merge(
            changes,
            ENTITLEMENT.table,
            run,
            on=f"s._op = 0 and {on} and t.known_to is null and t.loaded_to is null",
            update={"known_to": "s.known_to", "loaded_to": "s.loaded_to"},
            insert_when="s._op = 1",
            insert=ENTITLEMENT.names,
        )
    elif counts.added:
        tables.append(opening.select(*ENTITLEMENT.names), ENTITLEMENT.table, run)
    changed.unpersist()
    release.tables[ENTITLEMENT.table] = stage.count()


def _is_stale(spark: SparkSession, variables: dict[str, Any]) -> bool:
    """Whether one of these months was already published as known at a later instant."""
    if not spark.catalog.tableExists(RELEASE.table):
        return False
    later = spark.table(RELEASE.table).where(f"as_of > timestamp'{variables['as_of']}'").select("months").collect()
    return any(set(variables["months"]) & set(json.loads(r.months)) for r in later)


def _collect(spark: SparkSession, stage: str) -> list[dict[str, Any]]:
    return [row.asDict() for row in spark.table(stage).collect()]


def _programme_kinds(spark: SparkSession) -> dict[str, str]:
    rows = spark.table("gold.programme").where("payment_kind is not null").collect()
    return {r.programme: r.payment_kind for r in rows}


_PARTS = ("covered", "gap", "not_gap")
_REASONS = ("not_gap_covered_elsewhere", "not_gap_higher_scheme", "not_gap_refused", "not_gap_record_lag")
_SINGLE = ("unknown", "covered_not_entitled")


def suppress(marts: dict[str, list[dict[str, Any]]], kinds: dict[str, str]) -> int:
    """Empties small cells and their complements in place. Returns the number of cells.

    `suppressed` of a row that lost any names its small ones (`gap,not_gap`; a reader sees <10), or is `*` when only complements went.

    The tables cut the same people in different ways, so one set of hidden cells serves all: hidden in one, hidden in all.

    Args:
        marts: published name → rows.
        kinds: programme → kind of payment, whose recipients are those covered.
    """
    coverage = marts.get("social_security.district_month_coverage", [])
    measures = ("eligible", *_PARTS, *_REASONS, *_SINGLE)
    values: dict[Hashable, int] = {}
    lines: list[Line] = []
    city: dict[tuple, tuple] = {}
    for row in coverage:
        place = (row["month"], row["programme"], row["district"])
        for m in measures:
            values[(*place, m)] = row[m]
        lines.append(Line(tuple((*place, m) for m in _PARTS), (*place, "eligible")))
        lines.append(Line(tuple((*place, m) for m in _REASONS), (*place, "not_gap")))
        if row["level"] == "city":
            city[place[:2]] = place
    for key, whole in city.items():
        districts = [r["district"] for r in coverage if (r["month"], r["programme"]) == key and r["level"] == "district"]
        lines += [Line(tuple((*key, d, m) for d in districts), (*whole, m)) for m in measures]
    gone = hidden(values, lines)

    paid = marts.get("social_security.district_month_payment", [])
    count = {(r["month"], r["kind"], r["district"]): r["persons"] for r in paid}
    # Recipients of a programme's benefit are its covered people, give or take a few: hidden there, hidden here.
    linked = {(month, kinds[p], d) for (month, p, d, m) in gone if m in ("covered", "covered_not_entitled") and p in kinds}
    columns = []
    for month, kind in {(r["month"], r["kind"]) for r in paid}:
        these = [r for r in paid if (r["month"], r["kind"]) == (month, kind)]
        whole_row = next((r["district"] for r in these if r["level"] == "city"), None)
        total = (month, kind, whole_row) if whole_row else None
        columns.append(Line(tuple((month, kind, r["district"]) for r in these if r["level"] == "district"), total))
    gone_paid = hidden(count, columns, already=linked & set(count))

    cells = 0
    for row in coverage:
        place = (row["month"], row["programme"], row["district"])
        lost = [m for m in measures if (*place, m) in gone]
        cells += _empty(row, lost, [m for m in lost if _small(values[(*place, m)])])
        if {"covered", "eligible"} & set(lost):
            cells += _empty(row, ["coverage_rate"])
    for row in marts.get("social_security.district_tile", []):
        place = (row["month"], row["programme"], row["district"])
        lost = [m for m in ("eligible", "covered", "gap") if (*place, m) in gone]
        rate = ["coverage_rate"] if {"covered", "eligible"} & set(lost) else []
        cells += _empty(row, lost + rate, [m for m in lost if _small(values[(*place, m)])])
    for row in marts.get("social_security.district_month_gap_reason", []):
        measure = row["reason"] if row["reason"] in ("gap", "unknown") else f"not_gap_{row['reason']}"
        cell = (row["month"], row["programme"], row["district"], measure)
        if cell in gone:
            cells += _empty(row, ["persons"], ["persons"] if _small(values[cell]) else [])
    for row in paid:
        paid_cell = (row["month"], row["kind"], row["district"])
        if paid_cell in gone_paid:
            cells += _empty(row, ["persons", "amount", "amount_per_person"], ["persons"] if _small(count[paid_cell]) else [])
    return cells


def _small(count: int) -> bool:
    return 0 < count < THRESHOLD


def _empty(row: dict[str, Any], names: Sequence[str], small: Sequence[str] = ()) -> int:
    lost = [n for n in names if row[n] is not None]
    for n in lost:
        row[n] = None
    if lost:
        said = [n for n in (row["suppressed"] or "").split(",") if n and n != "*"]
        row["suppressed"] = ",".join(dict.fromkeys([*said, *small])) or "*"
    return len(lost)


_ORDER = ("month", "programme", "kind", "level", "district", "sort", "department", "resource", "file", "field", "reason")


def _publish_mart(spark: SparkSession, stage: str, name: str, rows: list[dict[str, Any]], run: int, comments: dict[str, str]) -> None:
    from pyspark.sql.types import StructType

    staged = spark.table(stage).schema
    schema = StructType()
    for f in staged.fields:
        schema.add(f.name, f.dataType, True, {"comment": comments[f.name]})
    database = name.split(".")[0]
    tables.database(spark, database, THEMES.get(database))
    tables.ensure(spark, name, schema, comment=spark.catalog.getTable(stage).description or "")
    order = [n for n in _ORDER if n in schema.names]
    rows = sorted(rows, key=lambda r: [str(r[n]) for n in order])
    tables.overwrite(tables.local(spark, [tuple(r[n] for n in schema.names) for r in rows], schema), name, run)


THEMES = {"social_security": "主题：社会保障"}


def source_versions(spark: SparkSession, catalogue: Catalogue) -> dict[str, int]:
    """Table → the last run that changed it, for every table of gold with run numbers."""
    names = [f"gold.{name}" for name in (*catalogue.facts, *catalogue.base)]
    names = [n for n in (*names, "gold.person_identifier") if spark.catalog.tableExists(n)]
    parts = [f"select '{n}' as t, greatest(max(loaded_from), max(loaded_to)) as v from {n}" for n in names]
    return {r.t: r.v for r in spark.sql(" union all ".join(parts)).collect() if r.v is not None} if parts else {}


def _record(spark: SparkSession, release: Release, run: int, variables: dict[str, Any], catalogue: Catalogue) -> None:
    row = (
        release.name,
        run,
        datetime.fromisoformat(variables["as_of"]),
        json.dumps(variables["months"]),
        datetime.now(UTC).replace(tzinfo=None),
        runs.code_commit(),
        json.dumps(source_versions(spark, catalogue), ensure_ascii=False, sort_keys=True),
        json.dumps(release.tables, ensure_ascii=False, sort_keys=True),
        release.suppressed,
        release.note,
    )
    tables.ensure(spark, RELEASE.table, RELEASE.schema(), comment=RELEASE.title)
    tables.append(tables.local(spark, [row], RELEASE.schema()), RELEASE.table, run)
