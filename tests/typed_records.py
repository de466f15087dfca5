"""Records as silver has them, typed without Spark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from xihu.contract.models import Contract
from xihu.silver.typing import Typer
from xihu.standards.codes import CodeList

_KINDS = {
    "money": pa.decimal128(18, 2),
    "number": pa.decimal128(28, 8),
    "integer": pa.int64(),
    "year": pa.int32(),
    "date": pa.date32(),
    "month": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
    "boolean": pa.bool_(),
}


def typed(contract: Contract, codes: Mapping[str, CodeList], sent: list[dict[str, Any]], received: datetime) -> list[dict[str, Any]]:
    """Typed records in the order of reading; `sent` are rows of READ_SCHEMA, received at that instant (UTC)."""
    schema = pa.schema([(n, _KINDS.get(f.type, pa.string())) for n, f in contract.fields.items()])
    for name in ("_reason", "_field", "_detail", "_repairs"):
        schema = schema.append(pa.field(name, pa.string()))
    schema = schema.append(pa.field("_key_ok", pa.bool_())).append(pa.field("_scope_ok", pa.bool_()))
    columns = [pa.array([r["_cells"] for r in sent], pa.list_(pa.string()))]
    columns += [pa.array([r[n] for r in sent], pa.string()) for n in ("_reason", "_field", "_detail")]
    columns.append(pa.array([received] * len(sent), pa.timestamp("us", "UTC")))
    batch = pa.RecordBatch.from_arrays(columns, ["_cells", "_reason", "_field", "_detail", "_received_at"])
    return Typer(contract, codes, schema).batch(batch).to_pylist()
