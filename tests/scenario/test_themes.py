"""All extracts of the theme blocks from landing to facts: every planted record ends as the brief demands, every fact is fed."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

KEPT = ("accepted", "repaired")


@pytest.mark.soak
def test_every_theme_from_landing_to_facts(spark, tmp_path, monkeypatch):
    from theme_case import send, world

    from xihu.contract.load import load_catalogue
    from xihu.gold.build import build_gold
    from xihu.gold.schema import fact_shape
    from xihu.sample.themes import files as theme_files
    from xihu.settings import settings
    from xihu.silver.pipeline import run_ingest

    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    for name in ("bronze", "silver", "quarantine", "ops", "gold"):
        spark.sql(f"CREATE DATABASE {name} LOCATION 'file:{tmp_path}/{name}.db'")
    files = list(theme_files(world()))
    send(files, tmp_path)
    report = run_ingest(spark)
    assert report.ok, report.failed
    # What the ledger says of each file is what was planted in it, outcome by outcome.
    said = {}
    for r in report.rows:
        local = r.received_at.astimezone(UTC) + timedelta(hours=8)
        said[f"{local:%Y%m%dT%H%M%S}", r.file.rsplit("/", 1)[-1].split("!")[0], r.resource] = r
    wrong = []
    for f in files:
        row = said.get((f"{f.day:%Y%m%d}T{f.clock}", f.name, f.resource))
        if row is None:
            wrong.append(f"{f.name}: no ledger row")
            continue
        if f.refused:
            wrong += [f"{f.name}: {row.verdict} {row.reason}, not {f.refused}"] * (row.reason != f.refused)
            continue
        want = Counter("quarantined" if x.expected not in (*KEPT, "duplicate", "superseded") else x.expected for x in f.faults)
        want["accepted"] = f.records - want["quarantined"] - want["duplicate"] - want["superseded"]
        got = {n: getattr(row, n) for n in ("accepted", "quarantined", "duplicate", "superseded")}
        if any((got[n] or 0) != want[n] for n in got):
            wrong.append(f"{f.name}: {got}, not {dict(want)} {row.reason or ''} {row.detail or ''}")
    # … and each quarantined record has the reason that was planted.
    for resource in sorted({f.resource for f in files}):
        planted = Counter(
            (f.name, x.row, x.expected)
            for f in files
            if f.resource == resource and not f.refused
            for x in f.faults
            if x.expected not in (*KEPT, "duplicate", "superseded")
        )
        found = Counter(
            (r.file.rsplit("/", 1)[-1].split("#")[0].split("!")[0], r.row, r.reason)
            for r in spark.table(f"quarantine.{resource}").collect()
        )
        wrong += [
            f"{resource}: {'missing' if n > found[k] else 'unforeseen'} {k}" for k, n in (planted | found).items() if planted[k] != found[k]
        ]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:40])
    catalogue = load_catalogue(settings().conf)
    build_gold(spark, 2, catalogue=catalogue)
    empty = []
    for name in {fact for f in files for fact in catalogue.contracts[f.resource].feeds}:
        table = fact_shape(catalogue.facts[name]).table
        rows = spark.table(table).where("loaded_to IS NULL").groupBy("resource").count().collect()
        have = {r[0] for r in rows}
        empty += [
            f"{table} has nothing of {f}" for f in {f.resource for f in files if name in catalogue.contracts[f.resource].feeds} - have
        ]
    assert not empty, empty
