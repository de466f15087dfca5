"""Which columns are known to the policy, and which really stand in the lake.

A person-grain column without a class stays closed: what nobody has judged, nobody may read.
"""

from __future__ import annotations

import json
from pathlib import Path

from xihu.contract.grades import of_columns
from xihu.contract.load import Catalogue
from xihu.contract.models import Attribute, Column
from xihu.gold.schema import column_names
from xihu.share.policy import Policy

BY_TYPE = {"citizen_id": "citizen_id", "person_name": "person_name", "phone": "phone"}


def column_class(column: Column | Attribute) -> str:
    """The class of a declared column: by its type, else by `pii`; `open` where neither says anything."""
    if column.type in BY_TYPE:
        return BY_TYPE[column.type]
    if column.pii == "direct":
        return "direct"
    if column.pii == "quasi" and column.type == "date":
        return "birth_date"
    return "open"


def declared(policy: Policy, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """`schema.table` → column of the table → class, from facts and base tables, and the policy's own `tables`, which win."""
    found: dict[str, dict[str, str]] = {}
    for base in catalogue.base.values():
        own = found[f"gold.{base.base}"] = {name: column_class(a) for name, a in base.attributes.items()}
        own["evidence"] = "open"
    for fact in catalogue.facts.values():
        names = column_names(fact.columns)
        found[f"gold.{fact.fact}"] = {names[name]: column_class(c) for name, c in fact.columns.items()}
    for name, table in policy.tables.items():
        own = found.setdefault(name, {})
        for cls, columns in table.columns.items():
            own.update(dict.fromkeys(columns, cls))
    for name, own in found.items():
        schema = policy.schemas.get(name.split(".")[0])
        for cls, columns in (schema.columns if schema else {}).items():
            for column in columns:
                own.setdefault(column, cls)
    return found


def graded(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """`schema.table` → column → grade of what the catalogue declares; a column that nothing grades is as the fields that feed it."""
    return of_columns(catalogue)


def live(warehouse: Path, schemas: list[str]) -> dict[str, list[str]]:
    """`schema.table` → columns of the Delta tables below `<warehouse>/<schema>.db`, read from their logs without Spark."""
    found = {}
    for schema in schemas:
        for log in sorted((warehouse / f"{schema}.db").glob("*/_delta_log")):
            columns = _columns(log)
            if columns:
                found[f"{schema}.{log.parent.name}"] = columns
    return found


def _columns(log: Path) -> list[str]:
    """Columns by the newest metadata action: commits from the newest back, then the newest checkpoint."""
    for commit in sorted(log.glob("[0-9]*.json"), reverse=True):
        for line in commit.read_text("utf-8").splitlines():
            if '"metaData"' in line[:20]:
                return [f["name"] for f in json.loads(json.loads(line)["metaData"]["schemaString"])["fields"]]
    for checkpoint in sorted(log.glob("*.checkpoint*.parquet"), reverse=True):
        import pyarrow.parquet as pq

        for row in pq.read_table(checkpoint, columns=["metaData"]).column("metaData").to_pylist():
            if row and row.get("schemaString"):
                return [f["name"] for f in json.loads(row["schemaString"])["fields"]]
    return []
