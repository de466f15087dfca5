"""What a named bad input is, and what the product makes of it: the way of a delivered file up to typed records, without Spark."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from reader_helpers import multiset

from typed_records import typed
from xihu.bronze import gate
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import DELETED, Inspection
from xihu.contract.models import Contract
from xihu.settings import ROOT
from xihu.standards.codes import CodeList, load_codes

RECEIVED = datetime(2016, 12, 5, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Expect:
    """`refused`: the reason a file is refused for. Else `records` data records of which `bad` (record number → reason) are quarantined and
    `gone` are marked deleted by the sender; `values`: record number → field → value as text; `warned`: the sender is warned of something.
    """

    refused: str | None = None
    records: int = 0
    bad: Mapping[int, str] = field(default_factory=dict)
    gone: tuple[int, ...] = ()
    values: Mapping[int, Mapping[str, str | None]] = field(default_factory=dict)
    warned: bool = False


Files = dict[str, bytes]


@dataclass(frozen=True)
class Case:
    """One named input. `build` gives the files of one delivery; `expect` is by the file that is judged (for archives: by member)."""

    format: str
    name: str
    fault: str
    build: Callable[[], Files]
    contracts: tuple[Contract, ...]
    expect: Mapping[str, Expect]

    @property
    def innocent(self) -> bool:
        """A near miss: nothing of it may be refused."""
        return all(e.refused is None and not e.bad for e in self.expect.values())


class Cases(list[Case]):
    """The cases of one format; a file is bytes, or several named ones of which the first is judged."""

    def __init__(self, format: str, file: str, contract: Contract) -> None:
        super().__init__()
        self.format, self.file, self.contract = format, file, contract

    def _add(self, name: str, fault: str, build: Callable[[], bytes | Files], expect: Expect, contract: Contract | None) -> None:
        def files() -> Files:
            made = build()
            return {self.file: made} if isinstance(made, bytes) else made

        self.append(Case(self.format, name, fault, files, (contract or self.contract,), {"": expect}))

    def refuse(self, reason: str, name: str, fault: str, build: Callable[[], bytes | Files], contract: Contract | None = None) -> None:
        self._add(name, fault, build, Expect(refused=reason), contract)

    def read(
        self,
        records: int,
        bad: Mapping[int, str],
        name: str,
        fault: str,
        build: Callable[[], bytes | Files],
        contract: Contract | None = None,
        **more: Any,
    ) -> None:
        self._add(name, fault, build, Expect(records=records, bad=bad, **more), contract)


@dataclass
class Outcome:
    """What became of one judged file. `told`: what its sender reads, the refusal or the first faulty record."""

    refused: str | None
    records: int
    bad: dict[int, str]
    gone: tuple[int, ...]
    rows: list[dict[str, Any]]
    warnings: list[str]
    told: str


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before, sync = os.environ.get("XIHU_HOME"), os.fsync
    os.environ["XIHU_HOME"] = str(folder / "home")
    # Hundreds of landings need not survive a loss of power.
    os.fsync = lambda fd: None
    try:
        yield
    finally:
        os.fsync = sync
        if before is None:
            del os.environ["XIHU_HOME"]
        else:
            os.environ["XIHU_HOME"] = before


@cache
def codes() -> dict[str, CodeList]:
    return load_codes(ROOT / "conf" / "codes")


def run(case: Case, folder: Path) -> dict[str, Outcome]:
    """Deliver, judge, count, read and type one input; by the judged file's name (no name where there is one alone)."""
    sent = folder / "sent" / case.contracts[0].delivery.folder
    sent.mkdir(parents=True)
    for name, data in case.build().items():
        (sent / name).write_bytes(data)
    with _home(folder):
        deliver([sent], RECEIVED)
        found = [_judge(item) for item in gate.items(deliveries(), case.contracts) if not item.orphan]
    return {"" if len(found) == 1 and "" in case.expect else item.file.name: outcome for item, outcome in found}


def _judge(item: gate.Item) -> tuple[gate.Item, Outcome]:
    if item.refusal is None and item.contract is not None:
        verdict, count = gate.examine_file(item.path, item.contract, item.file.sha256, item.companions)
        if isinstance(verdict, Inspection):
            assert count is not None
            return item, _read(item, item.contract, verdict, count)
        item = replace(item, refusal=verdict)
    assert item.refusal is not None
    return item, Outcome(item.refusal.reason, 0, {}, (), [], [], f"{item.refusal.detail}。{item.refusal.cure}")


def _read(item: gate.Item, contract: Contract, verdict: Inspection, count: gate.Count) -> Outcome:
    """Read what was accepted; what the reader gives is what the independent counter saw."""
    module = import_module(f"xihu.bronze.formats.{contract.delivery.format}")
    batches = list(module.read(item.path, contract, Inspection.from_json(verdict.to_json())))
    sent = [row for batch in batches for row in batch.to_pylist()]
    assert (count.records, count.multiset) == (len(sent), multiset(sent)), "reader and counter differ"
    rows = typed(contract, codes(), sent, RECEIVED)
    bad = {i: r["_reason"] for i, r in enumerate(rows, 1) if r["_reason"]}
    gone = tuple(i for i, r in enumerate(rows, 1) if not r["_reason"] and r["_detail"] == DELETED)
    told = next((f"{s['_place']}：{r['_field'] or ''} {r['_detail']}" for s, r in zip(sent, rows, strict=True) if r["_reason"]), "")
    return Outcome(None, len(rows), bad, gone, rows, verdict.warnings, told or "；".join(verdict.warnings))


def differences(expect: Expect, got: Outcome) -> list[str]:
    """Where an outcome is not the expected one; none is agreement."""
    if expect.refused or got.refused:
        return [] if expect.refused == got.refused else [f"file: expected {expect.refused or 'accepted'}, got {got.refused}: {got.told}"]
    found = []
    if (got.records, got.gone) != (expect.records, expect.gone):
        found.append(f"records, deleted: expected {expect.records}, {expect.gone}; got {got.records}, {got.gone}")
    if got.bad != dict(expect.bad):
        found.append(f"reasons: expected {dict(expect.bad)}, got {got.bad}: {got.told}")
    for number, wanted in expect.values.items():
        row = got.rows[number - 1] if number <= len(got.rows) else {}
        for name, value in wanted.items():
            have = row.get(name)
            if (None if have is None else str(have)) != value:
                found.append(f"record {number}, {name}: expected {value!r}, got {have!s}")
    if expect.warned and not got.warnings:
        found.append("no warning")
    return found


def reasons(outcome: Outcome) -> str:
    """The reasons of an outcome in words: `bad_date ×1`."""
    if outcome.refused:
        return outcome.refused
    return "、".join(f"{r} ×{n}" for r, n in Counter(outcome.bad.values()).items())
