"""The registers of legal entities together: their checks find what was planted, and all numbers of a company lead to one entity."""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib import import_module
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from test_sample_themes import catalogue, city, written
from theme_case import send

from typed_records import typed
from xihu.bronze import gate
from xihu.bronze.deliver import deliveries
from xihu.bronze.schema import DELETED, Inspection
from xihu.contract.models import Contract
from xihu.gold.entities import COLUMNS, mention_handle, resolve
from xihu.sample.themes.firms import companies

# Columns of mentions that a role gives under the same name.
GIVEN = ("uscc", "org_code", "registration_no", "tax_no", "name", "former_name", "division")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """Resource → typed records that the readers accept, with `_file`, `_row`, `planted` and `_known_from`."""
    home = tmp_path_factory.mktemp("lake")
    patch = pytest.MonkeyPatch()
    patch.setenv("XIHU_HOME", str(home / "home"))
    files = [*written("block26_entities"), *written("block26_registers")]
    send(files, home)
    planted = {(f.resource, f.name): {(x.sheet, x.row): x.expected for x in f.faults} for f in files if not f.refused}
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in gate.items(deliveries(), list(catalogue().contracts.values())):
        if item.contract is None or item.refusal is not None or item.orphan:
            continue
        verdict, _ = gate.examine_file(item.path, item.contract, item.file.sha256, item.companions)
        if not isinstance(verdict, Inspection):
            continue
        module = import_module(f"xihu.bronze.formats.{item.contract.delivery.format}")
        sent = [row for b in module.read(item.path, item.contract, Inspection.from_json(verdict.to_json())) for row in b.to_pylist()]
        rows = typed(item.contract, catalogue().codes, sent, item.delivery.received_at)
        faults = planted[item.contract.resource, item.file.name]
        for s, r in zip(sent, rows, strict=True):
            if r["_reason"] is None and r["_detail"] != DELETED:
                what = faults.get((s["_file"].partition("#")[2], s["_row"])) or faults.get(("", s["_row"])) or "accepted"
                known = item.delivery.received_at
                found[item.contract.resource].append({**r, "planted": what, "_known_from": known, "_row": s["_row"], "_file": s["_file"]})
    patch.undo()
    return {name: pa.Table.from_pylist(rows) for name, rows in found.items()}


def spark_to_duckdb(expression: str) -> str:
    return sqlglot.transpile(expression, read="spark", write="duckdb")[0]


def failing(contract: Contract, table: pa.Table) -> list[dict[str, Any]]:
    """Records for which a check of severity error does not hold; NULL holds, as in silver."""
    checks = [f"not coalesce({spark_to_duckdb(c.sql)}, true)" for c in contract.checks.values() if c.severity == "error"]
    query = f"select _file, _row, planted, {' or '.join(checks)} as failed from t"
    with duckdb.connect() as db:
        db.register("t", table)
        return db.sql(query).to_arrow_table().to_pylist()


RESOURCES = sorted(
    {"sc__entity_change", "sc__shareholder", "sc__principal", "sc__branch", "sc__individual_business", "bb__institution",
     "mz__social_organisation", "gs__taxpayer", "zj__organisation_code"}
)  # fmt: skip


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_checks_of_a_register_find_what_was_planted_and_nothing_else(resource: str, records: dict[str, pa.Table]) -> None:
    rows = failing(catalogue().contracts[resource], records[resource])
    wrong = [r for r in rows if r["failed"] != (r["planted"] == "check_failed")]
    assert not wrong
    assert any(r["failed"] for r in rows)


def mentions(records: dict[str, pa.Table]) -> pa.Table:
    """What the roles of all records that pass their checks say of legal entities."""
    rows: list[dict[str, Any]] = []
    for resource, table in records.items():
        contract = catalogue().contracts[resource]
        good = [not r["failed"] for r in failing(contract, table)]
        kept = table.filter(pa.array(good))
        with duckdb.connect() as db:
            db.register("t", kept)
            for role, given in contract.entities.items():
                chosen = [f"{spark_to_duckdb(given[c])} as {c}" for c in GIVEN if c in given]
                for row in db.sql(f"select {', '.join(chosen)}, _known_from as known_from from t").to_arrow_table().to_pylist():
                    former = row.pop("former_name", None)
                    said = {**row, "source": f"{resource}.{role}", "former_names": [former] if former else None, "records": 1}
                    if any(said.get(c) for c in GIVEN):
                        rows.append({**said, "handle": mention_handle(said)})
    return pa.Table.from_pylist(rows, schema=pa.schema(list(COLUMNS.items())))


def test_old_and_new_numbers_of_every_company_are_one_entity(records: dict[str, pa.Table]) -> None:
    found = resolve(mentions(records))
    cluster = dict(zip(found.clusters["handle"].to_pylist(), found.clusters["cluster"].to_pylist(), strict=True))
    owners: dict[str, set[str]] = defaultdict(set)
    lost = Counter[str]()
    for f in companies(city()):
        numbers = [f"uscc:{f.uscc}", f"org_code:{f.uscc[8:17]}", f"tax_no:{f.tax_no}", f"registration_no:{f.registration_no}"]
        for handle in numbers:
            if handle in cluster:
                owners[cluster[handle]].add(f.uscc)
                lost[handle.partition(":")[0]] += cluster[handle] != f"uscc:{f.uscc}"
            elif handle.startswith("uscc"):
                lost["uscc"] += 1
    assert not +lost
    assert all(len(firms) == 1 for firms in owners.values())
    assert len(owners) == len(companies(city()))
    # A shop that takes another name is asked about; nothing else of the sample is a riddle.
    assert set(found.flags["kind"].to_pylist()) <= {"renamed"}, found.flags.to_pylist()[:5]
