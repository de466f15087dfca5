"""A reader that drops, doubles or changes one record turns the file red in every format: the books do not balance, nothing is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from bad_inputs import ALL, FORMATS
from bad_inputs.case import Case, _home

from xihu.bronze import gate, ingest, schema
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import READ_SCHEMA, Inspection
from xihu.bronze.sources import reader

FAULTS = ("drop", "double", "change")


def _whole(format: str) -> Case:
    """The good input of the format with most records."""
    return max((c for c in ALL if c.format == format and c.innocent), key=lambda c: max(e.records for e in c.expect.values()))


def _mutant(read: Callable[..., Iterator[pa.RecordBatch]], fault: str) -> Callable[..., Iterator[pa.RecordBatch]]:
    """The reader with its first record dropped, twice, or one byte longer."""

    def dishonest(*args: Any, **more: Any) -> Iterator[pa.RecordBatch]:
        done = False
        for batch in read(*args, **more):
            rows = batch.to_pylist()
            if rows and not done:
                done = True
                if fault == "change":
                    rows[0]["_raw"] += b" "
                else:
                    rows[:1] = [] if fault == "drop" else [rows[0], rows[0]]
            yield pa.RecordBatch.from_pylist(rows, schema=READ_SCHEMA)

    return dishonest


def _books(case: Case, folder: Path, read: Callable[[Any], Callable[..., Iterator[pa.RecordBatch]]]) -> list[str | None]:
    """The refusal of every file of the input when its records come from `read(reader)`; None where the books balance."""
    sent = folder / "sent" / case.contracts[0].delivery.folder
    sent.mkdir(parents=True)
    for name, data in case.build().items():
        (sent / name).write_bytes(data)
    found: list[str | None] = []
    with _home(folder):
        deliver([sent], "2016-12-05T12:00:00Z")
        for item in gate.items(deliveries(), case.contracts):
            if item.orphan or item.contract is None:
                continue
            verdict, count = gate.examine_file(item.path, item.contract, item.file.sha256, item.companions)
            assert isinstance(verdict, Inspection) and count is not None
            batches = read(reader(item.contract.delivery.format))(item.path, item.contract, verdict)
            raws = [bytes(r["_raw"]) for batch in batches for r in batch.to_pylist()]
            total = sum(int.from_bytes(hashlib.sha256(r).digest()[:8], "big") for r in raws) % 2**64
            refusal = ingest.balance(replace(item, count=count), len(raws), total)
            found.append(refusal and refusal.reason)
    return found


@pytest.mark.parametrize("format", FORMATS)
def test_a_mutated_reader_is_found_out(format: str, tmp_path: Path, evidence: Callable[..., None]) -> None:
    case = _whole(format)
    honest = _books(case, tmp_path / "honest", lambda module: module.read)
    assert set(honest) == {None}
    found = {f: set(_books(case, tmp_path / f, lambda module, f=f: _mutant(module.read, f))) for f in FAULTS}
    assert all("conservation" in got for got in found.values()), found
    evidence("mutation", format=format, input=case.name, **dict.fromkeys(FAULTS, "conservation"))


@pytest.mark.parametrize("format", FORMATS)
def test_a_record_lost_inside_a_reader_is_found_out(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evidence: Callable[..., None]
) -> None:
    """The collector of records loses one; the ways that read whole stretches at once are closed, so that every reader collects."""
    honest, calls = schema.Rows.add, [0]
    monkeypatch.setattr("xihu.bronze.formats.csv.fast_batch", lambda *a: None)
    monkeypatch.setattr("xihu.bronze.formats.delimited.able", lambda *a: False)

    def loses(self: schema.Rows, *args: Any, **more: Any) -> None:
        calls[0] += 1
        if calls[0] != 1:
            honest(self, *args, **more)

    monkeypatch.setattr(schema.Rows, "add", loses)
    got = _books(_whole(format), tmp_path, lambda module: module.read)
    assert calls[0] and "conservation" in got, got
    evidence("mutation inside", format=format, inside="conservation")
