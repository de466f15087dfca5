"""The checks of the contracts for licences, credit and the economy over their extracts, by an engine that is not Spark: each planted
record fails the check it was planted for, and no other record fails one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from theme_case import LATER, send, world

from typed_records import _KINDS, typed
from xihu.bronze import gate
from xihu.bronze.deliver import deliveries
from xihu.bronze.schema import Inspection
from xihu.contract.load import Catalogue, load_catalogue
from xihu.sample.themes import File, blocks

CONF = Path(__file__).resolve().parents[2] / "conf"
OURS = ("block26_bases", "block26_credit", "block26_economy", "block26_licences")


@cache
def catalogue() -> Catalogue:
    return load_catalogue(CONF)


@cache
def written() -> dict[str, list[File]]:
    city = world()
    return {m.__name__.rsplit(".", 1)[1]: list(m.files(city)) for m in blocks() if m.__name__.endswith(OURS)}


def failing(resource: str, rows: list[dict[str, Any]]) -> list[set[str]]:
    """For every typed record the names of the checks of severity error that it fails; NULL passes."""
    contract = catalogue().contracts[resource]
    kinds = [(n, _KINDS.get(f.type, pa.string())) for n, f in contract.fields.items()]
    table = pa.table({n: pa.array([r[n] for r in rows], k) for n, k in kinds} | {"_received_at": pa.array([datetime.now(UTC)] * len(rows))})
    con = duckdb.connect()
    con.register("t", table)
    found: list[set[str]] = [set() for _ in rows]
    for name, check in contract.checks.items():
        if check.severity == "error":
            sql = sqlglot.transpile(f"select not coalesce(({check.sql}), true) as bad from t", read="spark", write="duckdb")[0]
            for i, (bad,) in enumerate(con.execute(sql).fetchall()):
                if bad:
                    found[i].add(name)
    return found


@pytest.mark.parametrize("block", OURS)
def test_checks_find_what_was_planted_and_nothing_else(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    files = written()[block]
    send(files, tmp_path)
    planted = {(f"{f.day:%Y%m%d}T{f.clock}", f.name): f for f in files}
    wrong: list[str] = []
    seen: set[str] = set()
    for item in gate.items(deliveries(), list(catalogue().contracts.values())):
        if item.orphan or item.contract is None or item.refusal is not None:
            continue
        local = item.delivery.received_at.astimezone(UTC) + timedelta(hours=8)
        f = planted[f"{local:%Y%m%dT%H%M%S}", item.file.name]
        verdict, _ = gate.examine_file(item.path, item.contract, item.file.sha256, item.companions)
        if not isinstance(verdict, Inspection):
            continue
        module = import_module(f"xihu.bronze.formats.{item.contract.delivery.format}")
        sent = [r for b in module.read(item.path, item.contract, Inspection.from_json(verdict.to_json())) for r in b.to_pylist()]
        rows = typed(item.contract, catalogue().codes, sent, item.delivery.received_at)
        faults = {(x.sheet, x.row): x for x in f.faults}
        for s, r, bad in zip(sent, rows, failing(item.contract.resource, rows), strict=True):
            fault = faults.get((s["_file"].partition("#")[2], s["_row"])) or faults.get(("", s["_row"]))
            if r["_reason"] or (fault and fault.expected not in LATER):
                continue
            want = fault is not None and fault.expected == "check_failed"
            if want != bool(bad):
                wrong.append(f"{f.name} {s['_row']} ({fault.kind if fault else 'clean'}): {sorted(bad) or 'passes'}")
            seen |= {f"{fault.kind}:{name}" for name in bad if fault}
    assert not wrong, "\n".join(wrong[:15])
    if block == "block26_credit":
        assert {"illness:credit_disease", "belief:credit_religion", "person_on_that_list:credit_natural_person"} <= seen
