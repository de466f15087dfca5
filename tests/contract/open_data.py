"""Files made by others, taken the way a delivery goes but without an engine: landing, gate, reader, independent count, typing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.gate import examine_file, items
from xihu.bronze.schema import Inspection, Refusal
from xihu.bronze.sources import reader
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract
from xihu.silver.typing import Typer

RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
_KINDS: dict[str, pa.DataType] = {
    "integer": pa.int64(),
    "year": pa.int32(),
    "number": pa.decimal128(28, 8),
    "money": pa.decimal128(18, 2),
    "date": pa.date32(),
    "month": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
    "boolean": pa.bool_(),
}


@dataclass
class Outcome:
    """What became of the files of one resource: records by reason (None: accepted), files refused, accepted rows of every file."""

    records: int = 0
    reasons: Counter[str | None] = field(default_factory=Counter)
    files: dict[str, str] = field(default_factory=dict)
    warnings: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, list[dict]] = field(default_factory=dict)
    refused: list[dict] = field(default_factory=list)
    repairs: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        return self.records - self.reasons[None]

    def total(self, name: str = "amount") -> Decimal:
        return sum((row[name] for rows in self.accepted.values() for row in rows if row[name] is not None), Decimal(0))


def schema_of(contract: Contract) -> pa.Schema:
    fields = [(name, _KINDS.get(spec.type, pa.string())) for name, spec in contract.fields.items()]
    fields += [("_row", pa.int64()), *((n, pa.string()) for n in ("_reason", "_field", "_detail", "_repairs"))]
    return pa.schema([*fields, ("_key_ok", pa.bool_()), ("_scope_ok", pa.bool_())])


def take(catalogue: Catalogue, resource: str, dept: str, paths: list[Path], keep: tuple[str, ...] = ()) -> Outcome:
    """Deliver the files of one department and take what belongs to the resource, to typed rows.

    Every file that is accepted must balance: as many records as the independent counter finds, of the same bytes.

    Args:
        keep: the columns to keep of accepted rows.
    """
    wanted, out = catalogue.contracts[resource], Outcome()
    wanted_ids = set(deliver(paths, received_at=RECEIVED, dept=dept))
    found = items([d for d in deliveries() if d.delivery_id in wanted_ids], catalogue.contracts.values())
    assert len(found) == len(paths)
    for item in found:
        assert item.contract is wanted, (item.file.name, item.refusal)
        verdict, counted = examine_file(item.path, wanted, item.file.sha256)
        if isinstance(verdict, Refusal):
            out.files[item.file.name] = verdict.reason
            continue
        assert counted is not None
        out.warnings.update(verdict.warnings)
        _file(item.path, item.file.name, catalogue, wanted, verdict, (counted.records, int(counted.multiset)), keep, out)
    return out


def _file(
    path: Path,
    name: str,
    catalogue: Catalogue,
    contract: Contract,
    inspection: Inspection,
    counted: tuple[int, int],
    keep: tuple[str, ...],
    out: Outcome,
) -> None:
    typer = Typer(contract, catalogue.codes, schema_of(contract))
    records = digest = 0
    rows = out.accepted.setdefault(name, [])
    # Through text and back, as it goes to the executors.
    for batch in reader(contract.delivery.format).read(path, contract, Inspection.from_json(inspection.to_json())):
        records += batch.num_rows
        digest += sum(int.from_bytes(hashlib.sha256(raw).digest()[:8], "big") for raw in batch.column("_raw").to_pylist())
        received = pa.repeat(pa.scalar(RECEIVED, pa.timestamp("us", "UTC")), batch.num_rows)
        made = typer.batch(batch.append_column("_received_at", received))
        reasons = made.column("_reason").to_pylist()
        out.reasons.update(reasons)
        out.repairs.update(r for r in made.column("_repairs").to_pylist() if r)
        if keep:
            columns = [made.column(n).to_pylist() for n in keep]
            rows += [dict(zip(keep, v, strict=True)) for v, reason in zip(zip(*columns, strict=True), reasons, strict=True) if not reason]
        if made.num_rows > reasons.count(None):
            at = [i for i, reason in enumerate(reasons) if reason]
            out.refused += [{"file": name, **row} for row in made.take(pa.array(at)).to_pylist()]
    assert (records, digest % 2**64) == counted, f"{name}: the reader's records are not the counter's"
    out.records += records
