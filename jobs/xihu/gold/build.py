"""Silver to gold in one call: reference tables, identity, facts, base tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xihu.contract.load import Catalogue, load_catalogue
from xihu.contract.models import Fact
from xihu.gold import identity
from xihu.gold.claims import claims, roles, silver
from xihu.gold.facts import fact_rows, fed
from xihu.gold.identity import decisions, links, persons
from xihu.gold.legal_entity import build_legal_entity
from xihu.gold.person import build_person
from xihu.gold.reference import build_reference
from xihu.gold.schema import Shape, column_names, fact_shape
from xihu.gold.sources import asked_for
from xihu.gold.sync import Change, sync
from xihu.gold.unchanged import Notes
from xihu.lake import tables
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Progress = Callable[[str], None]


UNRESOLVED = Shape(
    "ops.unresolved",
    "指不出人或单位的记录：事实表中的当前记录，按来源计数",
    (
        ("run_id", "BIGINT", "运行编号"),
        ("table_name", "STRING", "事实表"),
        ("column_name", "STRING", "列"),
        ("resource", "STRING", "信息资源"),
        ("records", "BIGINT", "记录数"),
    ),
)


@dataclass
class GoldReport:
    """What one run wrote: changes per table; `unresolved`: (table, column, resource, records) whose person or entity nobody could name."""

    changes: list[Change] = field(default_factory=list)
    unresolved: list[tuple[str, str, str, int]] = field(default_factory=list)

    @property
    def written(self) -> int:
        """Rows added or closed in all tables."""
        return sum(c.added + c.closed for c in self.changes)


def run_number(run: Any) -> int:
    """The number of a run, given as such or as an object with `no`."""
    return int(getattr(run, "no", run))


def build_gold(
    spark: SparkSession, run: Any, as_of: datetime | None = None, progress: Progress | None = None, *, catalogue: Catalogue | None = None
) -> GoldReport:
    """Brings gold to what silver says; writes only differences, nothing if there are none.

    Args:
        run: number of the run, or an object with `no`.
        as_of: cuts nothing off: gold holds the whole history, and readers name their instant. All steps have this form.
        progress: called with a Chinese sentence before each long step.
        catalogue: default: that of `settings().conf`.

    Raises:
        CatalogueError: the catalogue or a policy file does not validate.
    """
    del as_of
    say = progress or (lambda text: None)
    no = run_number(run)
    catalogue = catalogue or load_catalogue(settings().conf)
    report = GoldReport()
    say("基础代码、参数、项目")
    report.changes += build_reference(spark, catalogue, no)
    notes = Notes(spark, catalogue)
    ids: dict[str, DataFrame | None] = {}
    records: DataFrame | None = None
    for who in _WHO:
        ids[who.type], swapped = _who(spark, who, catalogue, notes, report, no, say)
        records = swapped if swapped is not None else records
    registries = [t for t in (*[w.kind.registry for w in _WHO], identity.INSTEAD.table) if spark.catalog.tableExists(t)]
    changed: list[tuple[Fact, str | None]] = []
    asked = asked_for(settings().root / "dbt_project")
    sent = {name for name, f in catalogue.facts.items() if fed(spark, catalogue, f)}
    facts = [f for name, f in catalogue.facts.items() if name in sent or name in asked or tables.exists(spark, fact_shape(f).table)]
    for fact in facts:
        feeding = [c for c in catalogue.contracts.values() if fact.fact in c.feeds]
        digest = notes.digest(feeding, repr(fact), tables=registries)
        if not notes.same(fact_shape(fact).table, digest):
            changed.append((fact, digest))
    if changed:
        say("事实表：" + "、".join(fact.title for fact, _ in changed))

    def write(fact: Fact) -> Change:
        shape = fact_shape(fact)
        if fact.fact not in sent and not tables.exists(spark, shape.table):
            # A model reads it and nobody has sent what it is made of: an empty table needs no computation.
            spec = shape.spec()
            tables.ensure(spark, shape.table, spec.schema, comment=spec.comment)
            return Change(shape.table, 0, 0)
        return sync(spark, shape, fact_rows(spark, catalogue, fact, ids, records), no)

    # Facts do not read one another, and most of a small table's time is planning on one core.
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="facts") as pool:
        for (fact, digest), change in zip(changed, pool.map(write, (fact for fact, _ in changed)), strict=True):
            report.changes.append(change)
            notes.keep(fact_shape(fact).table, digest)
    report.unresolved = unresolved(spark, facts)
    if report.unresolved:
        rows = tables.local(spark, [(no, *u) for u in report.unresolved], UNRESOLVED.schema())
        tables.load(rows, UNRESOLVED.table, no, UNRESOLVED.spec())
    return report


@dataclass(frozen=True)
class _Who:
    """Persons or legal entities: word in contracts, type of column, base table, and how it is built."""

    word: str
    type: str
    base: str
    title: str
    kind: identity.Kind
    build: Callable[..., list[Change]]


_WHO = (
    _Who("persons", "person", "person", "人口库", identity.PERSON, build_person),
    _Who("entities", "entity", "legal_entity", "法人库", identity.ENTITY, build_legal_entity),
)


def _who(
    spark: SparkSession, who: _Who, catalogue: Catalogue, notes: Notes, report: GoldReport, run: int, say: Progress
) -> tuple[DataFrame | None, DataFrame | None]:
    """Registers and builds one base; returns (id, number) of all that were ever registered, and records that go by another id."""
    base = catalogue.base.get(who.base)
    if base is None:
        return None, None
    naming = [c for c in catalogue.contracts.values() if roles(catalogue, c, who.word)]
    outputs = [f"gold.{who.base}", f"gold.{who.base}_conflict", who.kind.identifier, who.kind.record]
    more = [repr(base), repr(catalogue.facts)]
    person = who.kind is identity.PERSON
    if person:
        naming += [c for c in catalogue.contracts.values() if c.resource == decisions.RESOURCE]
        outputs += [links.LINK.table, *[t for t in (identity.INSTEAD.table,) if tables.exists(spark, t)]]
        model = catalogue.conf / "policy" / "models" / "linkage.json"
        more.append(model.read_text("utf-8") if model.exists() else "")
    digest = notes.digest(naming, *more)
    if all(notes.same(table, digest) for table in outputs):
        return persons.current(spark) if person else (identity.registered(spark, who.kind), None)
    found = claims(spark, catalogue, base, who.word)
    if found is None:
        return None, None
    found = found.persist()
    say(f"{who.title}：编号")
    records: DataFrame | None = None
    if person:
        contract = catalogue.contracts.get(decisions.RESOURCE)
        resolved = persons.resolve_persons(spark, found, run, persons.decision_rows(silver(spark, contract) if contract else None))
        told, numbers, records, changes = resolved.claims, resolved.ids, resolved.overrides, resolved.changes
    else:
        told = found
        numbers, changes = identity.resolve(spark, found, who.kind, run)
    report.changes += changes
    say(who.title)
    report.changes += who.build(spark, base, told, numbers, run)
    found.unpersist()
    for table in outputs:
        notes.keep(table, digest)
    return numbers, records


def unresolved(spark: SparkSession, facts: Iterable[Fact]) -> list[tuple[str, str, str, int]]:
    """(table, column, resource, records) of current facts whose required person or entity is NULL; only where there are any."""
    found: list[tuple[str, str, str, int]] = []
    parts = []
    for fact in facts:
        names = column_names(fact.columns)
        for declared, column in fact.columns.items():
            if column.type in ("person", "entity") and column.required:
                target = names[declared]
                parts.append(
                    f"select '{fact_shape(fact).table}' as t, '{target}' as c, resource as r, count(*) as n from {fact_shape(fact).table} "
                    f"where loaded_to is null and known_to is null and `{target}` is null group by resource"
                )
    if parts:
        found = sorted((r.t, r.c, r.r, r.n) for r in spark.sql(" union all ".join(parts)).collect())
    return found
