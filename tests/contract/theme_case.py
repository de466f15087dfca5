"""The files of the theme blocks on the way of a delivered file up to typed records, without Spark, against what was planted in them."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from typed_records import typed
from xihu.bronze import gate
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import DELETED, Inspection
from xihu.contract.load import Catalogue
from xihu.sample.city import stream
from xihu.sample.dates import window
from xihu.sample.themes import File, World

# Outcomes that need checks in SQL, other files or the whole table; the readers accept such records.
LATER = {"duplicate", "duplicate_key", "check_failed", "superseded", "repaired", "accepted"}


def world(seed: int = 3, persons: int = 3_000) -> World:
    """The shared world of a small city."""
    w = window(date(2016, 10, 1), 3, persons)
    people = [p for h in stream(persons, seed, w) for p in h.members]
    return World(seed, w, people[::2])


def send(files: list[File], home: Path) -> None:
    """Delivers each file as it arrives, by the real way, into a lake's home."""
    outbox = home / "outbox"
    for f in files:
        folder = outbox / f"{f.day:%Y%m%d}T{f.clock}+0800" / f.resource.split("__")[0]
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {f.name: f.content, **f.beside}.items():
            (folder / name).write_bytes(content)
    sync = os.fsync
    os.fsync = lambda fd: None
    try:
        for instant in sorted(outbox.iterdir()):
            at = datetime.fromisoformat(instant.name).astimezone(UTC)
            for dept in sorted(instant.iterdir()):
                deliver([dept], at)
    finally:
        os.fsync = sync


def differences(files: list[File], catalogue: Catalogue) -> list[str]:
    """Where the product's judgement of delivered files (XIHU_HOME) is not what was planted."""
    wrong: list[str] = []
    # A file that serves several contracts comes once for each.
    planted = {(f"{one.day:%Y%m%d}T{one.clock}", one.name, one.resource): one for f in files for one in f.every()}
    met: set[tuple[str, str, str]] = set()
    for item in gate.items(deliveries(), list(catalogue.contracts.values())):
        if item.orphan:
            continue
        local = item.delivery.received_at.astimezone(UTC) + timedelta(hours=8)
        instant, where = f"{local:%Y%m%dT%H%M%S}", f"{local:%Y%m%d} {item.file.name}"
        # What nobody expects has no contract.
        here = [key for key in planted if key[:2] == (instant, item.file.name)]
        here = [key for key in here if item.contract is None or item.contract.resource == key[2]] or here[:1]
        if not here:
            wrong.append(f"{where}: not among the files that were written")
            continue
        f = planted[here[0]]
        met |= set(here)
        refusal = item.refusal
        if refusal is None and item.contract is not None:
            verdict, count = gate.examine_file(item.path, item.contract, item.file.sha256, item.companions)
            if isinstance(verdict, Inspection):
                if f.refused:
                    wrong.append(f"{where}: accepted, not refused for {f.refused}")
                elif item.contract.resource == f.resource:
                    wrong += [f"{where}: {d}" for d in _records(f, item, verdict, count, catalogue)]
                continue
            refusal = verdict
        assert refusal is not None
        if refusal.reason != f.refused:
            wrong.append(f"{where}: refused for {refusal.reason} ({refusal.detail}), not {f.refused or 'accepted'}")
    wrong += [f"{name}: lost on the way to {resource}" for _, name, resource in sorted(set(planted) - met)]
    return wrong


def _records(f: File, item: gate.Item, verdict: Inspection, count: gate.Count | None, catalogue: Catalogue) -> list[str]:
    contract = item.contract
    assert contract is not None and count is not None
    module = import_module(f"xihu.bronze.formats.{contract.delivery.format}")
    batches = list(module.read(item.path, contract, Inspection.from_json(verdict.to_json())))
    sent = [row for batch in batches for row in batch.to_pylist()]
    wrong = [] if count.records == len(sent) == f.records else [f"{f.records} records written, {count.records} counted, {len(sent)} read"]
    rows = typed(contract, catalogue.codes, sent, item.delivery.received_at)
    expected = {(x.sheet, x.row): x for x in f.faults}
    for s, r in zip(sent, rows, strict=True):
        sheet = s["_file"].partition("#")[2]
        fault = expected.pop((sheet, s["_row"]), None) or expected.pop(("", s["_row"]), None) if expected else None
        want = fault.expected if fault else "accepted"
        got = r["_reason"] or ("superseded" if r["_detail"] == DELETED else "accepted")
        if got != ("accepted" if want in LATER and got != "superseded" else want):
            kind = fault.kind if fault else "clean"
            wrong.append(f"record {s['_row']} {sheet} ({kind}): {got} {r['_field'] or ''} {r['_detail'] or ''}, not {want}")
    wrong += [f"fault at {place} is beyond the records" for place in expected]
    return wrong


def kinds(files: list[File]) -> dict[str, Counter[str]]:
    """Planted kinds by resource."""
    out: dict[str, Counter[str]] = defaultdict(Counter)
    for f in (one for file in files for one in file.every()):
        out[f.resource].update(x.kind for x in f.faults)
        if f.refused:
            out[f.resource][f.refused] += 1
    return out
