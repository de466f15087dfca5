"""One resource in one run: which files are loaded, what is derived anew, what the ledger says."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xihu.bronze import gate, ingest
from xihu.bronze.gate import Item
from xihu.bronze.schema import Refusal
from xihu.contract.models import Contract
from xihu.lake import tables
from xihu.lake.failpoint import failpoint
from xihu.lake.ledger import Key, LedgerRow
from xihu.settings import settings
from xihu.silver import store
from xihu.silver.history import Derived, derive, derive_many, hashed
from xihu.silver.scopekeys import ScopeReader
from xihu.silver.shape import Shape, shape_of
from xihu.silver.typing import typed
from xihu.standards.codes import CodeList

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOADED = ("accepted", "accepted_with_quarantine")
# From so many records on typed ones are kept in files: each step reads the columns it needs, and the driver's memory stays what it is.
MANY = 200_000


@dataclass
class Base:
    """What history is derived from. `records`: typed records. `current`: rows of silver to compare with (None: all versions are new).
    `whole`: the records are all of the resource; else only the new files and what they touch.
    """

    records: DataFrame
    current: DataFrame | None
    whole: bool
    held: list[DataFrame] = field(default_factory=list)


class Work:
    """Takes the new files of a resource in. After `do`: `rows` (ledger), `quality`, `error` (why the resource stopped)."""

    def __init__(
        self,
        spark: SparkSession,
        run: int,
        contract: Contract,
        codes: Mapping[str, CodeList],
        files: list[Item],
        new: set[str],
        seen: Mapping[Key, LedgerRow],
        loads: Mapping[Key, int],
    ) -> None:
        self.spark, self.run, self.contract, self.codes, self.loads = spark, run, contract, codes, loads
        self.shape: Shape = shape_of(contract)
        self.new = [f for f in files if f.landing in new]
        self.old = {f.landing: (f, row) for f in files if f.landing not in new and (row := seen.get((f.landing, contract.version)))}
        names = {f.landing for f in files}
        done = [(file, v) for (file, v), row in seen.items() if file in names and (row.verdict in LOADED or row.reason == "vanished")]
        self.virgin = not done
        self.counted = {file for file, _ in done}
        # Loaded under an earlier contract, or taken in once more: what came of it must be computed anew as a whole.
        self.outdated = {file for file, v in done if v != contract.version or file in new}
        self.rows: list[LedgerRow] = []
        self.quality: list[tuple[Any, ...]] = []
        self.error: str | None = None
        self.records = 0

    def do(self) -> None:
        """Gate, bronze, history, silver, quarantine; nothing of silver is written for a file whose books do not balance."""
        contract = self.contract
        back = [f for f in self.new if f.delivery.withdrawal]
        coming = [f for f in self.new if not f.delivery.withdrawal]
        refused = [f for f in coming if f.refusal]
        self.rows = [withdrawn_row(f, self.run) for f in back] + [refused_row(f, self.run) for f in refused]
        self.error = (
            "；".join(f"{f.landing}：{f.refusal.detail}" for f in refused if f.refusal and f.refusal.reason == "conservation") or None
        )
        fit = [f for f in coming if not f.refusal]
        vanished = {name for name, (_, row) in self.old.items() if row.reason == "vanished"}
        loaded = [f for f, row in self.old.values() if row.verdict in LOADED]
        repeats = [f for f, row in self.old.values() if row.verdict == "duplicate"]
        twins = gate.duplicates([*loaded, *repeats, *fit], contract.delivery.mode, ScopeReader(contract, self.codes))
        again = gate.examine(self.spark, [f for f in repeats if f.landing not in twins])
        self.rows += [refused_row(f, self.run) for f in again if f.refusal]
        self.rows += [duplicate_row(f, twins[f.landing], self.run) for f in fit if f.landing in twins]
        fresh = [f for f in fit if f.landing not in twins] + [f for f in again if not f.refusal]
        taken = bool(self.counted & {f.landing for f in back})
        store.ensure(self.spark, contract, silver=not fresh)
        if not fresh and not taken:
            spec = ingest.bronze_spec(contract)
            tables.ensure(self.spark, ingest.bronze_table(contract), spec.columns, spec.comment)
            return
        result = ingest.load(self.spark, self.run, contract, fresh) if fresh else ingest.Loaded([], [])
        if result.broken:
            store.ensure(self.spark, contract, silver=True)
            # The resource's other files wait: without a row in the ledger they are new again in the next run.
            self.rows = [r for r in self.rows if r.verdict == "refused"] + [refused_row(f, self.run) for f in result.broken]
            self.error = "；".join(f"{f.landing}：{f.refusal.detail}" for f in result.broken if f.refusal)
            return
        with ExitStack() as at_end:
            at_end.callback(shutil.rmtree, self.stage, ignore_errors=True)
            base = self.base(fresh, loaded, vanished, twins, taken)
            for df in base.held:
                at_end.callback(df.unpersist)
            derived = self.derive(base, self.incomplete(refused))
            at_end.callback(derived.release)
            self.publish(fresh, derived, base, twins)

    @property
    def stage(self) -> Path:
        """Where typed records lie while the resource is worked on."""
        return settings().work / "silver" / self.contract.resource

    def typed(self, loads: Mapping[str, int | None], files: Iterable[Item]) -> DataFrame:
        """The typed records of these loads; a file of the work folder where they are many."""
        records = typed(live_bronze(self.spark, self.contract, loads), self.contract, self.codes)
        self.records = sum(f.count.records if f.count else self.old[f.landing][1].records_in or 0 for f in files)
        if self.records < MANY:
            return records
        records, at = hashed(records, self.shape), str(self.stage)
        records.write.mode("overwrite").option("compression", "snappy").parquet(at)
        return self.spark.read.schema(records.schema).parquet(at)

    def derive(self, base: Base, incomplete: set[str]) -> Derived:
        if self.records < MANY:
            return derive(base.records, self.shape, incomplete)
        return derive_many(base.records, self.shape, incomplete, self.records)

    def incomplete(self, refused: list[Item]) -> set[str]:
        """Deliveries of which a file was refused before it was read."""
        before = {f.delivery.delivery_id for f, row in self.old.values() if row.verdict == "refused" and row.reason != "vanished"}
        return before | {f.delivery.delivery_id for f in refused}

    def base(self, fresh: list[Item], loaded: list[Item], vanished: set[str], twins: dict[str, Item], taken: bool) -> Base:
        """The records to derive from: only the new ones where nothing they can touch arrived later or went, else all of the resource."""
        spark, contract = self.spark, self.contract
        if not taken:
            mine = self.typed({f.landing: self.run for f in fresh}, fresh)
            if self.virgin:
                return Base(self.with_aliases(mine, twins), None, True)
            last = max((f.delivery.received_at for f in loaded), default=None)
            in_order = last is None or min(f.delivery.received_at for f in fresh) > last
            mended = any(f.landing in self.outdated for f in fresh)
            alone = None if mended else self.alone(mine, in_order, bool(vanished), twins)
            if alone is not None:
                return alone
        live: dict[str, int | None] = {f.landing: self.run for f in fresh}
        for name in [f.landing for f in loaded] + list(vanished):
            live[name] = self.loads.get((name, contract.version))
        rest = {name: run for name, run in live.items() if name not in twins}
        every = self.typed(rest, [f for f in [*fresh, *(f for f, _ in self.old.values())] if f.landing in rest])
        current = spark.table(store.silver_table(contract)).where("_loaded_to IS NULL")
        return Base(self.with_aliases(every, twins), current, True)

    def alone(self, mine: DataFrame, in_order: bool, vanished: bool, twins: dict[str, Item]) -> Base | None:
        """The new records with the standing rows they touch, where that is enough to know all that changes."""
        from pyspark.sql import functions as F

        shape, contract = self.shape, self.contract
        if not shape.keyed:
            return Base(mine, None, False)
        # Rows of this very run are there when it is repeated after a crash; they are not what stood before.
        before = self.spark.table(store.silver_table(contract)).where(F.col("_loaded_from") < self.run)
        before = before.where(f"_loaded_to IS NULL OR _loaded_to = {self.run}")
        if shape.mode == "snapshot":
            if vanished or not shape.scope:
                return None
            scopes = mine.where("_scope_ok").select(*shape.scope).distinct()
            touched = not before.join(F.broadcast(scopes), list(shape.scope), "left_semi").isEmpty()
            return None if touched else Base(self.with_aliases(mine, twins), None, False)
        if not in_order or shape.version or not shape.key:
            return None
        keys = mine.where("_key_ok").select(*shape.key).distinct()
        standing = before.where("_known_to IS NULL AND _valid_to IS NULL").join(keys, list(shape.key), "left_semi").persist()
        seeds = standing.select(
            *(f"`{f}`" for f in shape.fields),
            "_delivery_id",
            F.lit("").alias("_landing"),
            "_file",
            "_row",
            "_line",
            F.col("_known_from").alias("_received_at"),
            F.lit(0).cast("bigint").alias("_seq"),
            *(F.lit(None).cast("string").alias(n) for n in ("_reason", "_field", "_detail")),
            "_repairs",
            F.lit(True).alias("_key_ok"),
            F.lit(True).alias("_scope_ok"),
            F.lit(None).cast("string").alias("_warned"),
        )
        if "_row_hash" in mine.columns:
            seeds = hashed(seeds, self.shape)
        return Base(mine.unionByName(seeds), standing if shape.closes else None, False, [standing])

    def with_aliases(self, records: DataFrame, twins: dict[str, Item]) -> DataFrame:
        """Repeated files stand in a snapshot's history with the records of the file they repeat: their keys are present, not absent."""
        from pyspark.sql import functions as F

        if not twins or self.shape.mode != "snapshot":
            return records
        known = {f.landing: f for f, _ in self.old.values()} | {f.landing: f for f in self.new}
        rows = []
        for name, twin in twins.items():
            while twin.landing in twins:
                twin = twins[twin.landing]
            d = known[name].delivery
            rows.append((twin.landing, name, d.delivery_id, d.received_at, d.seq))
        names = tables.local(self.spark, rows, tables.ddl("_of string, _l string, _d string, _r timestamp, _s long"))
        copies = (
            records.join(F.broadcast(names), F.col("_landing") == F.col("_of"))
            .withColumn("_file", F.concat("_l", F.expr("substring(_file, length(_landing) + 1)")))
            .withColumn("_landing", F.col("_l"))
            .withColumn("_delivery_id", F.col("_d"))
            .withColumn("_received_at", F.col("_r"))
            .withColumn("_seq", F.col("_s"))
            .drop("_of", "_l", "_d", "_r", "_s")
        )
        return records.unionByName(copies)

    def publish(self, fresh: list[Item], derived: Derived, base: Base, twins: dict[str, Item]) -> None:
        from pyspark.sql import functions as F

        run, contract, spark = self.run, self.contract, self.spark
        names = [f.landing for f in fresh]
        records, versions = derived.records, derived.versions
        if twins:
            records = records.where(~F.col("_landing").isin(list(twins)))
        if not base.whole:
            records = records.where("_landing <> ''")
        noted = F.col("_repairs").isNotNull() | F.col("_warned").isNotNull() | F.col("_reason").isNotNull()
        counts: dict[str, Counter[str]] = {}
        to_note = quarantined = False
        mine = set(names)
        for landing, outcome, n, notes in records.groupBy("_landing", "_outcome").agg(F.count("*"), F.max(noted)).collect():
            counts.setdefault(landing, Counter())[outcome] += n
            quarantined = quarantined or outcome == "quarantined"
            to_note = to_note or (notes and landing in mine)
        closed = {} if derived.closers is None else {r[0]: r[1] for r in derived.closers.groupBy("_closer").count().collect()}
        rows = [self.outcome(f, counts.get(f.landing, Counter()), closed, derived.vanished) for f in fresh]
        if base.whole and not self.virgin:
            rows += self.rejudged(derived, counts, closed, mine | set(twins))
        if to_note:
            self.quality += store.quality_rows(records, contract.resource, run, names)
        self.quality += file_warnings(fresh, contract, run)
        failpoint("before_silver")
        # Rows that stood before cannot have changed.
        fit = versions.where("_landing <> ''") if base.current is None else versions
        store.write_silver(spark, contract, fit, run, base.current)
        failpoint("after_silver")
        store.write_quarantine(spark, contract, records, run, quarantined, base.whole and not self.virgin)
        failpoint("after_quarantine")
        self.rows += rows

    def outcome(self, item: Item, counts: Counter[str], closed: dict[str, int], vanished: dict[str, str]) -> LedgerRow:
        """The ledger row of a file that was read."""
        if item.landing in vanished:
            why = Refusal("vanished", vanished[item.landing], "请核对是否漏报；如属实，请放宽目录的 max_vanish 后重跑")
            return refused_row(item, self.run, why)
        assert item.count is not None
        notes = item.inspection.warnings if item.inspection else []
        return row_of(
            item,
            self.run,
            records_in=item.count.records,
            structural=item.count.structural,
            closed=closed.get(item.landing, 0),
            **told(counts),
            multiset=item.count.multiset,
            warnings=json.dumps(notes, ensure_ascii=False) if notes else None,
        ).check()

    def rejudged(self, derived: Derived, counts: dict[str, Counter[str]], closed: dict[str, int], done: set[str]) -> list[LedgerRow]:
        """Files of earlier runs of which something else came this time: a late file took their place, they are refused as vanished or no
        longer, a code list was mended. The newest row of a file says what stands in the tables.
        """
        found, back = [], []
        for name, (item, row) in self.old.items():
            if name in done:
                continue
            if row.verdict in LOADED and name in derived.vanished:
                found.append(self.outcome(item, Counter(), closed, derived.vanished))
            elif row.reason == "vanished" and name not in derived.vanished:
                back.append(item)
            elif row.verdict in LOADED:
                now = told(counts.get(name, Counter()))
                if any(getattr(row, word) != value for word, value in now.items()):
                    at = item.delivery.received_at
                    found.append(replace(row, received_at=at, run_id=self.run, closed=closed.get(name, 0), **now).check())
        for item in gate.examine(self.spark, back):
            if item.count is not None:
                found.append(self.outcome(replace(item, refusal=None), counts.get(item.landing, Counter()), closed, {}))
        return found


def told(counts: Counter[str]) -> dict[str, Any]:
    """Verdict and outcomes of a file that was read, as the ledger has them."""
    names = ("accepted", "quarantined", "duplicate", "superseded")
    return {"verdict": "accepted_with_quarantine" if counts["quarantined"] else "accepted", **{n: counts[n] for n in names}}


def row_of(item: Item, run: int, **values: Any) -> LedgerRow:
    """A ledger row with what is known of the file itself."""
    return LedgerRow(
        delivery_id=item.delivery.delivery_id,
        resource=item.contract.resource if item.contract else None,
        file=item.landing,
        received_at=item.delivery.received_at,
        content_hash=item.content,
        contract_version=item.contract.version if item.contract else None,
        run_id=run,
        dept=item.delivery.dept,
        size=item.file.size,
        seq=item.delivery.seq,
        **values,
    )


def refused_row(item: Item, run: int, refusal: Refusal | None = None) -> LedgerRow:
    why = refusal or item.refusal
    assert why is not None
    return row_of(item, run, verdict="refused", reason=why.reason, detail=why.detail, cure=why.cure or None)


def withdrawn_row(item: Item, run: int) -> LedgerRow:
    """A file whose sender took its delivery back: it counts as never sent."""
    w = item.delivery.withdrawal
    assert w is not None
    return row_of(item, run, verdict="withdrawn", detail=f"{w.at:%Y-%m-%d %H:%M} UTC 由 {w.by} 登记撤回：{w.reason}")


def unclaimed_row(item: Item, run: int) -> LedgerRow:
    """A file that no contract expects."""
    return withdrawn_row(item, run) if item.delivery.withdrawal else refused_row(item, run)


def orphan_row(item: Item, run: int) -> LedgerRow:
    """A companion that belongs to no data file: nothing to read, but somebody should know."""
    notes = [f"对照文件找不到所属的数据文件（{item.orphan}）；数据文件到达后自动归并（a control file without its data file）"]
    zero = dict.fromkeys(("records_in", "accepted", "quarantined", "duplicate", "superseded", "structural", "closed"), 0)
    return row_of(item, run, verdict="accepted", warnings=json.dumps(notes, ensure_ascii=False), **zero)


def duplicate_row(item: Item, twin: Item, run: int) -> LedgerRow:
    """A file that only repeats another: all its records are duplicates."""
    assert item.count is not None
    n = item.count.records
    return row_of(
        item,
        run,
        verdict="duplicate",
        reason="duplicate_file",
        records_in=n,
        accepted=0,
        quarantined=0,
        duplicate=n,
        superseded=0,
        structural=item.count.structural,
        closed=0,
        multiset=item.count.multiset,
        duplicate_of=twin.landing,
        detail=f"内容与 {twin.landing} 相同",
    )


def file_warnings(files: list[Item], contract: Contract, run: int) -> list[tuple[Any, ...]]:
    noted = ((f, w) for f in files if f.inspection for w in f.inspection.warnings)
    return [(run, contract.resource, f.delivery.delivery_id, f.landing, "", "file", w, 1) for f, w in noted]


def live_bronze(spark: SparkSession, contract: Contract, loads: Mapping[str, int | None]) -> DataFrame:
    """The records of these loads: landing file → the run that wrote it to bronze."""
    from pyspark.sql import functions as F

    table = ingest.bronze_table(contract)
    # Takes a table in that the catalog has lost.
    tables.exists(spark, table)
    rows = spark.table(table).where(F.col("_contract_version") == contract.version)
    runs = {r for r in loads.values() if r is not None}
    if len(runs) == 1:
        rows = rows.where(F.col("_run") == next(iter(runs)))
    pairs = [(name, run) for name, run in loads.items() if run is not None]
    wanted = tables.local(spark, pairs, tables.ddl("_landing string, _run long"))
    return rows.join(F.broadcast(wanted), ["_landing", "_run"], "left_semi")
