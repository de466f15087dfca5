"""The registry of persons between Spark and `numbers`: rows read as entries, entries written as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xihu.gold.identity.kinds import PERSON, registry_shape
from xihu.gold.identity.numbers import MENTION, Entry, Why
from xihu.lake import tables
from xihu.standards.identifiers import recognise

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Numbers that need no second look: the citizen id proper in its 18 characters. All others are recognised one by one.
PLAIN = r"^[1-7][0-9]{16}[0-9X]$"


def handle_of(id_type: str, id_value: str) -> str:
    """The handle of a registry row; older rows call every 18-character number a citizen id, and what they could not name a document."""
    if id_type == "mention":
        return MENTION + id_value
    if id_type in ("citizen_id", "document"):
        found = recognise(id_value)
        return found.handle if found else f"{id_type}:{id_value}"
    return f"{id_type}:{id_value}"


def naive(at: datetime | None) -> datetime | None:
    """An instant without zone, in UTC, as Spark and the registry give it."""
    return at.astimezone(UTC).replace(tzinfo=None) if at is not None and at.tzinfo else at


def entry(row: Mapping[str, Any]) -> Entry:
    """A registry row, of this or an older shape."""
    why = Why(row.get("reason") or "", row.get("evidence") or "", row.get("decided_by") or "")
    seq = row.get("seq")
    handle = handle_of(row["id_type"], row["id_value"])
    known, other = naive(row["known_from"]), row.get("other_id")
    return Entry(row["person_id"], row["event"], handle, known, row["run_id"], -1 if seq is None else seq, other, why)


def row(one: Entry) -> tuple[Any, ...]:
    """The registry row of an entry, in the order of the shape's columns."""
    kind, value = one.handle.split(":", 1)
    why = one.why
    said = (why.reason or None, why.evidence or None, why.by or None)
    return (one.number, one.event, kind, value, one.known_from, one.run, one.seq, one.other, *said)


def table(spark: SparkSession) -> DataFrame | None:
    """The registry with all its columns; None before the first person. An older one is brought to today's columns."""
    shape = registry_shape(PERSON)
    if not tables.exists(spark, shape.table):
        return None
    if "seq" not in spark.table(shape.table).columns:
        tables.ensure(spark, shape.table, shape.schema(), comment=shape.title)
    return spark.table(shape.table)


def eventful(registry: DataFrame) -> DataFrame:
    """All rows of numbers about which more is said than that they were created, and of those named beside them."""
    more = registry.where("event <> 'created' or other_id is not null").selectExpr("explode(array(person_id, other_id)) as person_id")
    more = more.where("person_id is not null").distinct()
    return registry.join(more, "person_id", "left_semi").select(*registry.columns)


def entries(df: DataFrame) -> list[Entry]:
    """Rows as entries; one that both ways of looking found stands once."""
    # Arrow, because Row would give instants in the zone of the machine.
    return sorted({entry(r) for r in df.toArrow().to_pylist()}, key=lambda e: e.order)
