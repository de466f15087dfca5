"""From a figure to its rows and back: mart cell → persons judged → evidence → silver record → file, line and bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xihu.gold.records import Pointer, Record, resolve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# measure → condition on a row of entitlement that makes it count
MEASURES = {
    "eligible": "entitled = 'yes'",
    "covered": "entitled = 'yes' and covered",
    "gap": "gap",
    "not_gap": "entitled = 'yes' and not covered and reason_not_gap is not null",
    "not_gap_covered_elsewhere": "entitled = 'yes' and not covered and reason_not_gap = 'covered_elsewhere'",
    "not_gap_higher_scheme": "entitled = 'yes' and not covered and reason_not_gap = 'higher_scheme'",
    "not_gap_refused": "entitled = 'yes' and not covered and reason_not_gap = 'refused'",
    "not_gap_record_lag": "entitled = 'yes' and not covered and reason_not_gap = 'record_lag'",
    "unknown": "entitled = 'unknown'",
    "covered_not_entitled": "entitled = 'no' and covered",
}
_ENTITLEMENT_MARTS = ("district_month_coverage", "district_tile", "district_month_gap_reason")
DEFAULT = {
    "district_month_coverage": "gap",
    "district_tile": "gap",
    "district_month_gap_reason": "persons",
    "district_month_payment": "amount",
    "resource_freshness": "records_in",
}


class TraceError(LookupError):
    """The cell asked for does not exist, or has no way back."""


@dataclass(frozen=True)
class Condition:
    """One named condition of a judgement. `value`: yes, no, unknown."""

    name: str
    title: str
    value: str
    evidence: list[Pointer]


@dataclass(frozen=True)
class Judgement:
    """One person, programme and month."""

    person_id: int
    programme: str
    month: date
    entitled: str
    covered: bool
    gap: bool
    reason_not_gap: str | None
    amount: Decimal | None
    division: str | None
    conditions: list[Condition]
    missing: list[str]
    covered_evidence: list[Pointer]
    reason_evidence: list[Pointer]

    @property
    def pointers(self) -> list[Pointer]:
        """Everything the judgement rests on, each once."""
        found = [p for c in self.conditions for p in c.evidence] + self.covered_evidence + self.reason_evidence
        return list(dict.fromkeys(found))


@dataclass
class Trace:
    """The way back of one cell.

    `value` is what the mart says, `recomputed` what its rows give; `total` counts the rows behind it, of which `rows` (judgements, payments
    or ledger lines) holds the first. `records`: every record they rest on, with bytes where bronze holds them.
    """

    table: str
    where: dict[str, Any]
    measure: str
    cell: dict[str, Any]
    value: Any
    recomputed: Any
    total: int
    rows: list[Any] = field(default_factory=list)
    records: dict[Pointer, Record] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether the rows give the figure, exactly."""
        return self.value == self.recomputed

    def json(self) -> str:
        """The trace as JSON; bytes as they decode, dates ISO."""
        page = asdict(self)
        page["records"] = [asdict(r) for r in self.records.values()]
        page["adds_up"] = self.adds_up
        return json.dumps(page, ensure_ascii=False, indent=1, default=str)


def trace(
    spark: SparkSession, table: str, where: Mapping[str, Any], measure: str | None = None, limit: int = 20, records: bool = True
) -> Trace:
    """Follows one cell of a mart.

    Args:
        table: `<theme>.<mart>`; the staged mart is used where it stands, because published small cells are empty.
        where: column → value, enough to name one row.
        measure: the column asked for; default the mart's most asked one.
        limit: how many rows are followed to their records. All of them are counted.
        records: False leaves silver and bronze alone.

    Raises:
        TraceError: no row or several fit, or the column has no way back.
    """
    schema, _, name = table.rpartition(".")
    schema = schema.removeprefix("stage_")
    staged = spark.catalog.tableExists(f"stage_{schema}.{name}")
    prefix = "stage_" if staged else ""
    mart = spark.table(f"{prefix}{schema}.{name}")
    unknown = set(where) - set(mart.columns)
    if unknown or name not in DEFAULT:
        raise TraceError(f"{table}: 没有列 / no column {sorted(unknown)}" if unknown else f"{table}: 不能追溯 / has no way back")
    found = mart.where(_equal(where)).limit(2).collect()
    if len(found) != 1:
        raise TraceError(
            f"{table} {dict(where)}: {'没有这一行 / no such row' if not found else '不止一行，请补充条件 / more than one row'}"
        )
    cell = found[0].asDict()
    measure = measure or DEFAULT[name]
    if measure not in cell:
        raise TraceError(f"{table}: 没有列 / no column {measure}")
    if name in _ENTITLEMENT_MARTS:
        return _judged(spark, table, where, name, cell, measure, limit, prefix, records)
    if name == "district_month_payment":
        return _paid(spark, table, where, cell, measure, limit, records)
    return _received(spark, table, where, cell, measure)


def _equal(where: Mapping[str, Any]) -> str:
    parts = []
    for column, value in where.items():
        if value is None:
            parts.append(f"`{column}` is null")
        elif isinstance(value, bool | int | Decimal):
            parts.append(f"`{column}` = {str(value).lower()}")
        else:
            text = value.isoformat() if isinstance(value, date | datetime) else str(value)
            parts.append(f"cast(`{column}` as string) = '{text.replace(chr(92), chr(92) * 2).replace(chr(39), chr(92) + chr(39))}'")
    return " and ".join(parts) or "true"


def in_district(rows: DataFrame, cell: Mapping[str, Any], column: str = "division") -> DataFrame:
    """Rows of a month that belong to the cell's district; those of no district of that month belong to 000000."""
    from pyspark.sql import functions as F

    if cell.get("level") == "city":
        return rows
    code = F.substring(column, 1, 6)
    if cell["district"] != "000000":
        return rows.where(code == cell["district"])
    division = rows.sparkSession.table("gold.division").where("level is null or level = 'county'")
    end = F.last_day(F.lit(cell["month"]))
    known = division.where((F.col("valid_from") <= end) & (F.col("valid_to").isNull() | (F.col("valid_to") > end)))
    codes = [r.code for r in known.select("code").collect()]
    return rows.where(F.col(column).isNull() | ~code.isin(codes))


def _judged(
    spark: SparkSession,
    table: str,
    where: Mapping[str, Any],
    name: str,
    cell: dict[str, Any],
    measure: str,
    limit: int,
    prefix: str,
    records: bool,
) -> Trace:
    asked = measure
    if name == "district_month_gap_reason":
        if measure != "persons":
            raise TraceError(f"{table}: {measure} 不是计数 / is no count")
        asked = cell["reason"] if cell["reason"] in ("gap", "unknown") else f"not_gap_{cell['reason']}"
    if measure == "coverage_rate":
        asked = "eligible"
    if asked not in MEASURES:
        raise TraceError(f"{table}: {measure} 不能追溯到人员 / does not rest on persons; 可追溯 / one of {', '.join(MEASURES)}")
    rows = spark.table(f"{prefix}gold.entitlement")
    if not prefix:
        rows = rows.where("loaded_to is null and known_to is null")
    rows = rows.where(_equal({"month": cell["month"], "programme": cell["programme"]}))
    rows = in_district(rows, cell).where(MEASURES[asked])
    counted = rows.selectExpr("count(*) as n", "count_if(covered) as c").collect()[0]
    recomputed: Any = counted.n
    if measure == "coverage_rate":
        complete = cell["coverage"] is not None and cell["coverage"] >= Decimal("0.95") and counted.n
        recomputed = (Decimal(counted.c) / Decimal(counted.n)).quantize(Decimal("0.0001"), "ROUND_HALF_UP") if complete else None
    titles = condition_titles()
    judged = [judgement(r.asDict(), titles) for r in rows.orderBy("person_id").limit(limit).collect()]
    made = Trace(table, dict(where), measure, cell, cell[measure], recomputed, counted.n, judged)
    if records:
        made.records = resolve(spark, (p for j in judged for p in j.pointers))
    return made


def _paid(
    spark: SparkSession, table: str, where: Mapping[str, Any], cell: dict[str, Any], measure: str, limit: int, records: bool
) -> Trace:
    from pyspark.sql import functions as F

    from xihu.gold.dbt import passed
    from xihu.lake.history import asof

    done = passed("after_models")
    known = datetime.fromisoformat(done["as_of"]).replace(tzinfo=UTC) if done else None
    paid = asof(spark.table("gold.benefit_payment"), None, known)
    paid = paid.where((F.trunc("month", "MM") == F.lit(cell["month"])) & (F.col("kind") == cell["kind"]) & (F.col("amount") > 0))
    paid = in_district(paid, cell)
    sums = paid.agg(F.count(F.lit(1)).alias("n"), F.countDistinct("person_id").alias("persons"), F.sum("amount").alias("amount")).collect()[
        0
    ]
    amount = None if sums.amount is None else sums.amount.quantize(Decimal("0.01"))
    values = {"persons": sums.persons, "amount": amount}
    if measure not in values:
        raise TraceError(f"{table}: {measure} 不能追溯 / has no way back; 可追溯 / one of persons, amount")
    rows = [r.asDict() for r in paid.orderBy("person_id", "resource", "_file", "_row").limit(limit).collect()]
    made = Trace(table, dict(where), measure, cell, cell[measure], values[measure], sums.n, rows)
    if records:
        made.records = resolve(spark, (Pointer(r["resource"], r["_file"], r["_row"]) for r in rows))
    return made


def _received(spark: SparkSession, table: str, where: Mapping[str, Any], cell: dict[str, Any], measure: str) -> Trace:
    from xihu.gold.dbt import passed

    done = passed("after_models")
    rows = spark.table("ops.ledger").where(_equal({"resource": cell["resource"]}))
    if done:
        rows = rows.where(f"received_at <= timestamp'{done['as_of']}'")
    newest: dict[tuple[str, str], Any] = {}
    for r in sorted(rows.collect(), key=lambda r: r.run_id or 0):
        newest[(r.delivery_id, r.file)] = r
    lines = [r for r in newest.values() if r.verdict != "withdrawn"]
    taken = [r for r in lines if r.verdict in ("accepted", "accepted_with_quarantine")]
    values: dict[str, Any] = {
        m: sum(r[m] or 0 for r in taken) for m in ("records_in", "accepted", "quarantined", "duplicate", "superseded")
    }
    values["deliveries"] = len({r.delivery_id for r in lines})
    values["files_refused"] = sum(r.verdict == "refused" for r in lines)
    if measure not in values:
        raise TraceError(f"{table}: {measure} 不能追溯 / has no way back; 可追溯 / one of {', '.join(values)}")
    return Trace(table, dict(where), measure, cell, cell[measure], values[measure], len(lines), [r.asDict() for r in lines])


def condition_titles() -> dict[str, dict[str, str]]:
    """Programme → condition → Chinese title, from the headers."""
    from xihu.contract.policy import load_programmes
    from xihu.settings import settings

    return {code: dict(p.conditions) for code, p in load_programmes(settings().conf).items()}


def judgement(row: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> Judgement:
    """A row of entitlement, or of a programme's own model, with its trace unpacked."""
    page = json.loads(row["trace"])
    known = titles.get(row["programme"], {})
    conditions = [
        Condition(c["name"], known.get(c["name"], c["name"]), c["value"], _pointers(c.get("evidence"))) for c in page["conditions"]
    ]
    return Judgement(
        **{k: row[k] for k in ("person_id", "programme", "month", "entitled", "covered", "gap", "reason_not_gap", "amount", "division")},
        conditions=conditions,
        missing=list(page.get("missing") or []),
        covered_evidence=_pointers((page.get("covered") or {}).get("evidence")),
        reason_evidence=_pointers((page.get("reason") or {}).get("evidence")),
    )


def _pointers(evidence: Iterable[Mapping[str, Any]] | None) -> list[Pointer]:
    return [Pointer(e["resource"], e["file"], int(e["row"])) for e in evidence or []]


def trace_person(spark: SparkSession, person: int | str, programme: str, month: date) -> Trace:
    """Why a person is, is not, or may be entitled in a month; a plain no as well.

    The stage of the last build is asked; a month that it did not judge is judged anew, as known at the newest release, beside the stage.

    Args:
        person: person_id, or an identifier such as the 18 characters of a citizen id.

    Raises:
        TraceError: nobody has that number, or there is no such programme.
    """
    from xihu.gold.dbt import dbt, dbt_vars, passed

    titles = condition_titles()
    if programme not in titles:
        raise TraceError(f"没有项目 / no programme {programme}; 有 / there are {', '.join(titles)}")
    number = person_number(spark, person)
    done = passed("before_models")
    schema = "stage_gold"
    if not done or month.isoformat() not in done["months"]:
        as_of = datetime.fromisoformat(done["as_of"]) if done else datetime(9000, 1, 1)
        schema = "trace_gold"
        dbt("run", "--select", f"+{programme.lower()}", variables={**dbt_vars([month], as_of), "stage": "trace"})
    found = spark.table(f"{schema}.{programme.lower()}").where(_equal({"person_id": number, "month": month})).collect()
    if schema == "trace_gold":
        spark.sql("drop database if exists trace_gold cascade")
    if not found:
        raise TraceError(f"人员 {number} 当时尚不为本市所知 / was not known to the city then")
    judged = judgement(found[0].asDict(), titles)
    made = Trace(
        "gold.entitlement",
        {"person_id": number, "programme": programme, "month": month},
        "entitled",
        found[0].asDict(),
        judged.entitled,
        None,
        1,
    )
    made.recomputed = combined(judged.conditions)
    made.rows = [judged]
    made.records = resolve(spark, judged.pointers)
    return made


def combined(conditions: Iterable[Condition]) -> str:
    """All conditions together: one no is a no; else one unknown is unknown."""
    values = {c.value for c in conditions}
    return "no" if "no" in values else "unknown" if "unknown" in values else "yes"


def person_number(spark: SparkSession, person: int | str) -> int:
    """The person_id of an identifier; a person_id itself is returned if it was ever given out.

    Raises:
        TraceError: nobody has it.
    """
    from pyspark.sql import functions as F

    registry = spark.table("gold.person_registry")
    text = str(person).strip().upper()
    found = registry.where(F.col("id_value") == text).select("person_id").collect()
    if not found and text.isdigit() and len(text) < 15:
        found = registry.where(F.col("person_id") == int(text)).select("person_id").limit(1).collect()
    if not found:
        raise TraceError(f"没有这个人 / nobody has the number {text[:6]}…")
    return int(found[0].person_id)


def random_cells(spark: SparkSession, count: int, seed: int = 0) -> list[tuple[str, dict[str, Any], str]]:
    """(table, where, measure) of cells drawn from all marts that rest on persons or payments, non-empty ones first."""
    import random

    rng = random.Random(seed)
    cells: list[tuple[str, dict[str, Any], str, Any]] = []
    for name, keys, measures in (
        ("district_month_coverage", ("month", "district", "programme"), (*MEASURES, "coverage_rate")),
        ("district_month_gap_reason", ("month", "district", "programme", "reason"), ("persons",)),
        ("district_tile", ("district", "programme"), ("eligible", "covered", "gap", "coverage_rate")),
        ("district_month_payment", ("month", "district", "kind"), ("persons", "amount")),
        ("resource_freshness", ("resource",), ("records_in", "accepted", "quarantined", "deliveries")),
    ):
        for row in spark.table(f"stage_social_security.{name}").collect():
            cells += [(f"social_security.{name}", {k: row[k] for k in keys}, m, row[m]) for m in measures]
    full = [c[:3] for c in cells if c[3]]
    empty = [c[:3] for c in cells if not c[3]]
    share = min(len(full), count - min(len(empty), count // 10))
    return rng.sample(full, share) + rng.sample(empty, min(len(empty), count - share))
