"""Typing: bronze cells to the contract's types, with the first reason of the closed list that applies, and what was repaired."""

from __future__ import annotations

import calendar
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from xihu.bronze.schema import DELETED
from xihu.contract.models import Contract
from xihu.lake import tables
from xihu.silver.places import Batch, Place
from xihu.standards.codes import CodeList
from xihu.standards.columns import quick
from xihu.standards.value import Parser, lists_for, parser_for, spec_for

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame

# Why a record is quarantined, in order of precedence.
REASONS = (
    "truncated",
    "bad_length",
    "bad_crc",
    "bad_encoding",
    "column_count",
    "swapped_fields",
    "missing_key",
    "bad_id_float",
    "bad_id_length",
    "bad_id_charset",
    "bad_id_check",
    "bad_id_birth",
    "bad_uscc",
    "bad_date",
    "bad_number",
    "out_of_range",
    "unknown_code",
    "formula_injection",
    "inconsistent",
    "check_failed",
    "duplicate_key",
)
RANK = {reason: i for i, reason in enumerate(REASONS)}
# The cells of such a record stand in nobody's column.
_SHIFTED = frozenset({"truncated", "bad_length", "bad_crc", "column_count"})
CONSISTENT = "consistent"
_ansi = threading.Lock()

_PASSED = ("_delivery_id", "_landing", "_file", "_row", "_line", "_received_at", "_seq")


def typed(bronze: DataFrame, contract: Contract, codes: Mapping[str, CodeList]) -> DataFrame:
    """One row per record: the contract's fields, typed; `_reason, _field, _detail` of what is wrong; `_repairs`; `_warned` (names of
    checks of severity warning that fail); `_key_ok`, `_scope_ok`.

    Args:
        bronze: READ_SCHEMA and `_delivery_id, _landing, _received_at, _seq`.
    """
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_type
    from pyspark.sql.types import StringType, StructField, StructType

    from xihu.contract.derive import spark_type

    fields = list(contract.fields)
    source = bronze.select(*_PASSED, "_cells", "_reason", "_field", "_detail")
    kinds = [tables.ddl(f"x {spark_type(contract.fields[f])}")[0].dataType for f in fields]
    passed = [f for f in source.schema.fields if f.name in _PASSED]
    schema = StructType(
        [StructField(f, k) for f, k in zip(fields, kinds, strict=True)]
        + passed
        + [StructField(n, StringType()) for n in ("_reason", "_field", "_detail", "_repairs")]
    )
    schema = schema.add("_key_ok", "boolean").add("_scope_ok", "boolean")
    arrow = pa.schema([(f.name, to_arrow_type(f.dataType, timezone="UTC")) for f in schema.fields])
    given = lists_for(contract, codes)

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        typer = Typer(contract, given, arrow)
        for batch in batches:
            yield typer.batch(batch)

    return _checked(source.mapInArrow(run, schema), contract)


class Typer:
    """Types batches of one resource; parsers are made once a worker."""

    def __init__(self, contract: Contract, codes: Mapping[str, CodeList], schema: pa.Schema) -> None:
        self.contract, self.schema = contract, schema
        self.fields = list(contract.fields)
        self.parsers: list[Parser] = [parser_for(f, contract, codes) for f in self.fields]
        self.specs = [spec_for(f, contract, codes) for f in self.fields]
        self.keys = [self.fields.index(k) for k in contract.key]
        self.scopes = [self.fields.index(s) for s in contract.delivery.scope]
        self.tz = ZoneInfo(contract.tz)
        self.day = self._day_field()
        self.places = [Place(p, contract) for p in contract.places]

    def _day_field(self) -> int | None:
        """The field that says which day a record speaks of: its month, else the date that orders its versions."""
        d = self.contract.delivery
        named = [*d.scope, *self.contract.key, *([d.version] if d.version else [])]
        for kind in ("month", "date"):
            for name in named:
                if self.contract.fields[name].type == kind and (kind == "month" or name == d.version):
                    return self.fields.index(name)
        return None

    def batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch typed: by whole columns where every record has its cells, else cell by cell. Both ways give the same."""
        able = not self.places and all(name in self.schema.names for name in self.fields)
        flat = self._flat(batch.column("_cells"), batch.num_rows) if able else None
        return self.batch_by_cell(batch) if flat is None else self._by_column(batch, flat)

    def _by_column(self, batch: pa.RecordBatch, columns: list[pa.StringArray]) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa

        n = batch.num_rows
        faults: dict[int, list[tuple[int, str, str, str]]] = {}
        repairs: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
        shifted, swapped, gone = (np.zeros(n, bool) for _ in range(3))
        marked = np.flatnonzero(~np.asarray(batch.column("_reason").is_null()) | ~np.asarray(batch.column("_detail").is_null()))
        given = batch.select(["_reason", "_field", "_detail"]).take(pa.array(marked)).to_pylist()
        for i, record in zip(marked.tolist(), given, strict=True):
            reason = record["_reason"]
            if reason:
                faults[i] = [(RANK[reason], reason, record["_field"] or "", record["_detail"] or "")]
                shifted[i], swapped[i] = reason in _SHIFTED, reason == "swapped_fields"
            else:
                gone[i] = record["_detail"] == DELETED
        received = self._received(batch)
        days = self._days(received, {} if self.day is None else {self.day: columns[self.day].to_pylist()})
        dated = np.array([d.year * 10_000 + d.month * 100 + d.day for d in days], np.int64)
        only = days[0] if bool((dated == dated[0]).all()) and len(set(received)) == 1 else None
        values: dict[str, pa.Array] = {}
        for name, parse, spec, column in zip(self.fields, self.parsers, self.specs, columns, strict=True):
            kind = self.schema.field(name).type
            found = quick(spec, column, dated, kind)
            todo = np.flatnonzero(~shifted if found is None else ~found[1] & ~shifted)
            cells = column.take(pa.array(todo)) if len(todo) < n else column
            if only is None:
                pairs = zip(cells.to_pylist(), todo.tolist(), strict=True)
                parsed, at = [_parsed(parse, c, days[i], received[i]) for c, i in pairs], np.arange(len(todo))
            else:
                coded = cells.dictionary_encode(null_encoding="encode")
                parsed = [_parsed(parse, c, only, received[0]) for c in coded.dictionary.to_pylist()]
                at = np.asarray(coded.indices)
            odd = np.array([bool(p[1] or p[3]) for p in parsed], bool)
            for k in np.flatnonzero(odd[at]).tolist() if odd.any() else ():
                i, (_, reason, detail, mended) = int(todo[k]), parsed[at[k]]
                if reason:
                    faults.setdefault(i, []).append((RANK[reason], reason, name, detail or ""))
                if mended:
                    repairs.setdefault(i, []).append((name, mended))
            slow = pa.array([p[0] for p in parsed], kind)
            index = np.arange(n, dtype=np.int64)
            if found is None:
                index[todo] = at
                values[name] = slow.take(pa.array(index, mask=shifted)) if len(slow) else pa.nulls(n, kind)
            elif len(todo) or shifted.any():
                index[todo] = n + at
                values[name] = pa.concat_arrays([found[0], slow]).take(pa.array(index, mask=shifted))
            else:
                values[name] = found[0]
        out: dict[str, list[str | None]] = {c: [None] * n for c in ("_reason", "_field", "_detail", "_repairs")}
        for i, wrong in faults.items():
            if not gone[i]:
                best = min(wrong, key=lambda x: x[0])
                out["_reason"][i], out["_field"][i], out["_detail"][i] = best[1], best[2] or None, _detail(wrong, best)
        for i in np.flatnonzero(gone).tolist():
            out["_detail"][i] = DELETED
        texts: dict[tuple[tuple[str, tuple[str, ...]], ...], str] = {}
        for i, mends in repairs.items():
            key = tuple(mends)
            if key not in texts:
                texts[key] = json.dumps(dict(key), ensure_ascii=False)
            out["_repairs"][i] = texts[key]
        whole = ~shifted & ~swapped

        def readable(wanted: list[int]) -> pa.Array:
            ok = whole.copy()
            for k in wanted:
                ok &= np.asarray(values[self.fields[k]].is_valid())
            return pa.array(ok)

        made: dict[str, Any] = {"_key_ok": readable(self.keys), "_scope_ok": readable(self.scopes)} | values
        arrays = [
            made[f.name] if f.name in made else pa.array(out[f.name], f.type) if f.name in out else batch.column(f.name).cast(f.type)
            for f in self.schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def batch_by_cell(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        n = batch.num_rows
        columns = self._columns(batch.column("_cells"), n)
        reasons, names, details = (batch.column(c).to_pylist() for c in ("_reason", "_field", "_detail"))
        received = self._received(batch)
        days = self._days(received, dict(enumerate(columns)))
        faults: list[list[tuple[int, str, str, str]]] = [[] for _ in range(n)]
        shifted = [False] * n
        for i, reason in enumerate(reasons):
            if reason:
                faults[i].append((RANK[reason], reason, names[i] or "", details[i] or ""))
                shifted[i] = reason in _SHIFTED
        # What is wrong with a record that its sender deleted does not matter.
        gone = [not reasons[i] and details[i] == DELETED for i in range(n)]
        repairs: list[dict[str, tuple[str, ...]]] = [{} for _ in range(n)]
        values: list[list[Any]] = []
        for name, parse, cells in zip(self.fields, self.parsers, columns, strict=True):
            out: list[Any] = []
            for i, cell in enumerate(cells):
                if shifted[i]:
                    out.append(None)
                    continue
                value, reason, detail, mended = _parsed(parse, cell, days[i], received[i])
                out.append(value)
                if reason:
                    faults[i].append((RANK[reason], reason, name, detail or ""))
                if mended:
                    repairs[i][name] = mended
            values.append(out)
        if self.places:
            self._place(columns, values, shifted, faults, repairs)
        first = [min(f, key=lambda x: x[0]) if f and not d else None for f, d in zip(faults, gone, strict=True)]
        more = [_detail(f, best) if best else DELETED if d else None for f, best, d in zip(faults, first, gone, strict=True)]
        swapped = [set((names[i] or "").split(",")) if reasons[i] == "swapped_fields" else set() for i in range(n)]
        key_ok = [self._readable(self.keys, values, i, shifted[i], swapped[i]) for i in range(n)]
        scope_ok = [self._readable(self.scopes, values, i, shifted[i], swapped[i]) for i in range(n)]
        given: dict[str, Any] = dict(zip(self.fields, values, strict=True))
        given |= {
            "_reason": [b[1] if b else None for b in first],
            "_field": [b[2] or None if b else None for b in first],
            "_detail": more,
            "_repairs": [json.dumps(r, ensure_ascii=False) if r else None for r in repairs],
            "_key_ok": key_ok,
            "_scope_ok": scope_ok,
        }
        arrays = [pa.array(given[f.name], f.type) if f.name in given else batch.column(f.name).cast(f.type) for f in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _place(
        self,
        columns: list[list[str | None]],
        values: list[list[Any]],
        shifted: list[bool],
        faults: list[list[tuple[int, str, str, str]]],
        repairs: list[dict[str, tuple[str, ...]]],
    ) -> None:
        failed = {(i, f[2]) for i, found in enumerate(faults) for f in found}
        given = dict(zip(self.fields, columns, strict=True)), dict(zip(self.fields, values, strict=True))
        batch = Batch(*given, shifted, failed, repairs)

        def fault(i: int, reason: str, name: str, detail: str) -> None:
            faults[i].append((RANK[reason], reason, name, detail))

        for place in self.places:
            place.apply(batch, fault)

    @staticmethod
    def _readable(wanted: list[int], values: list[list[Any]], i: int, shifted: bool, swapped: set[str]) -> bool:
        return not shifted and not swapped and all(values[k][i] is not None for k in wanted)

    def _flat(self, cells: pa.ListArray, n: int) -> list[pa.StringArray] | None:
        """One array a field, if every record has a cell for each."""
        import numpy as np
        import pyarrow as pa

        width = len(self.fields)
        lengths = cells.value_lengths()
        if not n or lengths.null_count or not bool(np.all(np.asarray(lengths) == width)):
            return None
        flat, at = cells.flatten(), np.arange(n, dtype=np.int64) * width
        return [flat.take(pa.array(at + k)) for k in range(width)]

    def _columns(self, cells: pa.ListArray, n: int) -> list[list[str | None]]:
        width = len(self.fields)
        if (flat := self._flat(cells, n)) is not None:
            return [column.to_pylist() for column in flat]
        rows = [(row or []) + [None] * width for row in cells.to_pylist()]
        return [[row[k] for row in rows] for k in range(width)]

    def _received(self, batch: pa.RecordBatch) -> list[date]:
        """The day of receipt of every record, in the contract's time zone."""
        instants = batch.column("_received_at").to_pylist()
        known = {at: at.astimezone(self.tz).date() for at in set(instants)}
        return [known[at] for at in instants]

    def _days(self, days: list[date], columns: Mapping[int, list[str | None]]) -> list[date]:
        """The day that every record speaks of; that of receipt where it names none."""
        if self.day is None:
            return days
        parse, month = self.parsers[self.day], self.contract.fields[self.fields[self.day]].type == "month"
        out = []
        for cell, day in zip(columns[self.day], days, strict=True):
            value = parse(cell, day).value
            if value is not None and month:
                value = value.replace(day=calendar.monthrange(value.year, value.month)[1])
            out.append(value or day)
        return out


def _parsed(parse: Parser, cell: str | None, day: date, received: date) -> Any:
    """A value judged on the day of its record. Whoever was born after that day and before the record was received is no error: a person's
    insurance may run from before their birth.
    """
    found = parse(cell, day)
    return parse(cell, received) if found.reason == "bad_id_birth" and received > day else found


def _detail(faults: list[tuple[int, str, str, str]], best: tuple[int, str, str, str]) -> str | None:
    """What is wrong, and the other reasons after it."""
    others = [f"{name or '—'} {reason}" for rank, reason, name, _ in faults if (rank, reason, name) != best[:3]]
    text = best[3]
    if others:
        text = f"{text}；另有：{'、'.join(others)}" if text else f"另有：{'、'.join(others)}"
    return text or None


def _checked(df: DataFrame, contract: Contract) -> DataFrame:
    """The contract's checks: NULL passes; `error` quarantines; a check named `consistent…` gives `inconsistent`, others `check_failed`."""
    from pyspark.sql import functions as F

    errors = [(n, c) for n, c in contract.checks.items() if c.severity == "error"]
    warnings = [(n, c) for n, c in contract.checks.items() if c.severity == "warning"]
    for name, check in (*errors, *warnings):
        df = _with_check(df, f"_check_{name}", check.sql)
    errors.sort(key=lambda e: not e[0].startswith(CONSISTENT))
    failed: Callable[[str], Column] = lambda name: F.coalesce(~F.col(f"_check_{name}"), F.lit(False))  # noqa: E731
    if errors:
        chosen = F.lit(None).cast("string")
        words = F.lit(None).cast("string")
        for name, check in reversed(errors):
            reason = "inconsistent" if name.startswith(CONSISTENT) else "check_failed"
            chosen = F.when(failed(name), F.lit(reason)).otherwise(chosen)
            words = F.when(failed(name), F.lit(f"{name}：{check.message or check.sql}")).otherwise(words)
        every = F.concat_ws("、", *(F.when(failed(n), F.lit(n)) for n, _ in errors))
        live = F.col("_reason").isNull() & ~F.col("_detail").eqNullSafe(F.lit(DELETED))
        df = df.withColumn("_checked", F.when(live, chosen)).withColumn("_words", words).withColumn("_every", every)
        df = (
            df.withColumn("_detail", F.when(F.col("_checked").isNotNull(), F.col("_words")).otherwise(F.col("_detail")))
            .withColumn("_field", F.when(F.col("_checked").isNotNull(), F.col("_every")).otherwise(F.col("_field")))
            .withColumn("_reason", F.coalesce("_reason", "_checked"))
            .drop("_checked", "_words", "_every")
        )
    warned = F.concat_ws(",", *(F.when(failed(n), F.lit(n)) for n, _ in warnings)) if warnings else F.lit("")
    df = df.withColumn("_warned", F.when(F.col("_reason").isNull() & (warned != ""), warned))
    return df.drop(*(f"_check_{n}" for n in contract.checks))


def _with_check(df: DataFrame, name: str, sql: str) -> DataFrame:
    """Division by zero inside a check is NULL, not the end of the run: the expression is analysed without ANSI."""
    spark = df.sparkSession
    with _ansi:
        before = spark.conf.get("spark.sql.ansi.enabled", "true")
        spark.conf.set("spark.sql.ansi.enabled", "false")
        try:
            return df.selectExpr("*", f"CAST(({sql}) AS BOOLEAN) AS `{name}`")
        finally:
            spark.conf.set("spark.sql.ansi.enabled", before or "true")
