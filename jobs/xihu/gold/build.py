"""Silver to gold in one call: reference tables, identity, facts, base tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xihu.contract.load import Catalogue, load_catalogue
from xihu.gold import identity
from xihu.gold.claims import claims
from xihu.gold.facts import fact_rows
from xihu.gold.legal_entity import build_legal_entity
from xihu.gold.person import build_person
from xihu.gold.reference import build_reference
from xihu.gold.schema import column_names, fact_shape
from xihu.gold.sync import Change, sync
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Progress = Callable[[str], None]


@dataclass
class GoldReport:
    """What one run wrote: changes per table; `unresolved`: (table, column, records) whose person or entity nobody could name."""

    changes: list[Change] = field(default_factory=list)
    unresolved: list[tuple[str, str, int]] = field(default_factory=list)

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
    ids: dict[str, DataFrame | None] = {"person": None, "entity": None}
    said: dict[str, DataFrame] = {}
    for word, kind, name in (("persons", identity.PERSON, "person"), ("entities", identity.ENTITY, "legal_entity")):
        base = catalogue.base.get(name)
        found = claims(spark, catalogue, base, word) if base else None
        if base is None or found is None:
            continue
        say("人员编号" if name == "person" else "法人编号")
        said[name] = found.persist()
        numbers, changes = identity.resolve(spark, said[name], kind, no)
        ids["person" if name == "person" else "entity"] = numbers
        report.changes += changes
    for fact in catalogue.facts.values():
        say(f"事实表：{fact.title}")
        rows = fact_rows(spark, catalogue, fact, ids)
        report.changes.append(sync(spark, fact_shape(fact), rows, no))
    report.unresolved = unresolved(spark, catalogue)
    if (persons := ids["person"]) is not None:
        say("人口库")
        report.changes += build_person(spark, catalogue.base["person"], said["person"], persons, no)
    if (entities := ids["entity"]) is not None:
        say("法人库")
        report.changes += build_legal_entity(spark, catalogue.base["legal_entity"], said["legal_entity"], entities, no)
    for df in said.values():
        df.unpersist()
    return report


def unresolved(spark: SparkSession, catalogue: Catalogue) -> list[tuple[str, str, int]]:
    """(table, column, records) of current facts whose required person or entity is NULL; only where there are any."""
    found: list[tuple[str, str, int]] = []
    parts = []
    for fact in catalogue.facts.values():
        names = column_names(fact.columns)
        for declared, column in fact.columns.items():
            if column.type in ("person", "entity") and column.required:
                target = names[declared]
                parts.append(
                    f"select '{fact_shape(fact).table}' as t, '{target}' as c, count(*) as n from {fact_shape(fact).table} "
                    f"where loaded_to is null and known_to is null and `{target}` is null"
                )
    if parts:
        found = [(r.t, r.c, r.n) for r in spark.sql(" union all ".join(parts)).collect() if r.n]
    return found
