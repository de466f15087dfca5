"""Ingest from landing to silver: gate, bronze, typing, history, quarantine, ledger, in one run that can be killed anywhere and repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xihu.bronze import gate, ingest
from xihu.bronze.deliver import Delivered, deliveries
from xihu.bronze.gate import Item
from xihu.bronze.schema import Refusal
from xihu.contract.load import Catalogue, load_catalogue
from xihu.contract.models import Contract
from xihu.lake import ledger, runs, tables
from xihu.lake.failpoint import failpoint
from xihu.lake.ledger import LedgerRow
from xihu.settings import settings
from xihu.silver import store
from xihu.silver.history import Derived, derive
from xihu.silver.scopekeys import ScopeReader
from xihu.silver.shape import shape_of
from xihu.silver.typing import typed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DELIVERY = "ops.delivery"
_DELIVERY_DDL = """
delivery_id STRING COMMENT '交付编号', dept STRING COMMENT '部门文件夹', received_at TIMESTAMP COMMENT '收到时刻', seq BIGINT COMMENT '落地顺序',
files BIGINT COMMENT '文件数', bytes BIGINT COMMENT '字节数', run_id BIGINT COMMENT '运行编号'
"""
Progress = Callable[[str], None]
LOADED = ("accepted", "accepted_with_quarantine")


@dataclass
class IngestReport:
    """What a run took in. `rows`: its ledger rows; `failed`: resource → why it stopped (books out of balance, or an error)."""

    run: int | None = None
    rows: list[LedgerRow] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """False when a resource stopped: the exit code of the command."""
        return not self.failed

    @property
    def totals(self) -> dict[str, int]:
        names = ("records_in", "accepted", "quarantined", "duplicate", "superseded", "structural", "closed")
        return {"files": len(self.rows), **{n: sum(getattr(r, n) or 0 for r in self.rows) for n in names}} | {
            f"files_{v}": sum(r.verdict == v for r in self.rows) for v in ledger.VERDICTS
        }

    def merge(self, other: IngestReport) -> IngestReport:
        return IngestReport(
            other.run or self.run, self.rows + other.rows, self.failed | other.failed, sorted(set(self.touched) | set(other.touched))
        )


class DiskFull(RuntimeError):
    """No space left. The lake is as it was before the write that failed; the next run finishes this one."""


def line_of(row: LedgerRow) -> str:
    """One file's outcome for people."""
    name = row.file.rsplit("/", 1)[-1]
    words = {"accepted": "接收", "accepted_with_quarantine": "接收，部分隔离", "refused": "拒收", "duplicate": "重复", "withdrawn": "撤回"}[
        row.verdict
    ]
    head = f"{words}  {row.dept}/{name}"
    if row.verdict == "refused":
        return f"{head}  {row.reason}：{row.detail or ''}"
    counts = f"记录 {row.records_in} = 接收 {row.accepted} + 隔离 {row.quarantined} + 重复 {row.duplicate} + 被取代 {row.superseded}"
    return f"{head}  {counts}" + (f"，终止旧记录 {row.closed}" if row.closed else "")


def run_ingest(
    spark: SparkSession,
    as_of: datetime | None = None,
    progress: Progress = lambda line: None,
    run: runs.Run | None = None,
    only: Iterable[str] | None = None,
) -> IngestReport:
    """Takes in everything that landed and is new by (delivery, contract version).

    Called without `run` it holds the lake itself, finishes the ingest of a killed run first and opens a run of its own. With `run` (from
    `xihu run`, which holds the lake) it works under that number.

    Args:
        as_of: deliveries received later are left alone.
        progress: called with one line a file and a step.
        only: resources to take in; default all.

    Raises:
        CatalogueError: the catalogue does not validate; nothing was touched.
        RunBusy: another run holds the lake.
    """
    catalogue = load_catalogue(settings().conf)
    if run is not None:
        return _ingest(spark, run, catalogue, as_of, progress, only)
    report = IngestReport()
    with runs.exclusive():
        for old in runs.unfinished():
            if old.command != "ingest":
                # Its other steps belong to the command that began it; their turn comes when that command runs.
                progress(f"运行 {old.no}（{old.command}）未完成；先补完它的载入")
            report = report.merge(_recover(spark, old, catalogue, progress))
        todo = plan(spark, catalogue, as_of, only)
        if not todo:
            progress("没有新的交付")
            return report
        new = runs.begin(spark, "ingest", ["ingest"], [d.delivery_id for d in todo], as_of, versions(catalogue))
        report = report.merge(_ingest(spark, new, catalogue, as_of, progress, only))
        new.finish(spark, "done" if report.ok else "failed", json.dumps(report.failed, ensure_ascii=False) if report.failed else "")
    return report


def versions(catalogue: Catalogue) -> dict[str, str]:
    return {name: c.version for name, c in sorted(catalogue.contracts.items())}


def plan(spark: SparkSession, catalogue: Catalogue, as_of: datetime | None = None, only: Iterable[str] | None = None) -> list[Delivered]:
    """Deliveries with something new, in the order in which they are taken."""
    seen = ledger.latest(ledger.read(spark))
    wanted = _candidates(catalogue, deliveries(), as_of, only)
    new = {i.delivery.delivery_id: i.delivery for i in wanted if not ledger.settled(seen.get(_key(i)))}
    return sorted(new.values(), key=lambda d: d.order)


def _recover(spark: SparkSession, old: runs.Run, catalogue: Catalogue, progress: Progress) -> IngestReport:
    runs.resume(old)
    if old.is_done("ingest"):
        if old.command == "ingest":
            old.finish(spark)
        return IngestReport(old.no)
    if old.contracts != versions(catalogue):
        # The catalogue was mended since: under other contracts it would not be the same run. Its deliveries are new again.
        old.finish(spark, "abandoned", "catalogue changed after the run was killed")
        return IngestReport(old.no)
    progress(f"补完被中断的运行 {old.no}")
    report = _ingest(spark, old, catalogue, datetime.fromisoformat(old.as_of) if old.as_of else None, progress, None)
    if old.command == "ingest":
        old.finish(spark, "done" if report.ok else "failed", json.dumps(report.failed, ensure_ascii=False) if report.failed else "")
    return report


def _key(item: Item) -> tuple[str, str | None]:
    return (item.landing, item.contract.version if item.contract else None)


def _candidates(catalogue: Catalogue, landed: list[Delivered], as_of: datetime | None, only: Iterable[str] | None) -> list[Item]:
    names = None if only is None else set(only)
    found = gate.items([d for d in landed if as_of is None or d.received_at <= as_of], catalogue.contracts.values())
    return [i for i in found if names is None or (i.contract is not None and i.contract.resource in names)]


def _ingest(
    spark: SparkSession, run: runs.Run, catalogue: Catalogue, as_of: datetime | None, progress: Progress, only: Iterable[str] | None
) -> IngestReport:
    report = IngestReport(run.no)
    rows = ledger.read(spark)
    seen, loads = ledger.latest(rows), ledger.loads(rows)
    every = _candidates(catalogue, deliveries(), None, only)
    mine = set(run.deliveries)
    new = [i for i in every if not ledger.settled(seen.get(_key(i))) and i.delivery.delivery_id in mine]
    progress(f"检查 {len(new)} 个文件")
    examined = {i.landing: i for i in gate.examine(spark, new)}
    out: list[LedgerRow] = [_refused(i, run.no) for i in examined.values() if i.contract is None]
    by_resource: dict[str, list[Item]] = {}
    for item in every:
        if item.contract is not None:
            by_resource.setdefault(item.contract.resource, []).append(examined.get(item.landing, item))
    touched = sorted({i.contract.resource for i in examined.values() if i.contract is not None})
    quality: list[tuple[Any, ...]] = []

    def work(resource: str) -> _Work:
        contract = catalogue.contracts[resource]
        job = _Work(spark, run.no, contract, catalogue, by_resource[resource], seen, loads, set(examined))
        try:
            job.do()
        except Exception as error:
            if is_disk_full(error):
                raise DiskFull(f"磁盘已满：{settings().home}；数据湖保持原样，腾出空间后重跑即可补完运行 {run.no}（no space left）") from error
            job.rows, job.error = [], f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            job.exception = error
        return job

    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="ingest") as pool:
        for job in pool.map(work, touched):
            resource = job.contract.resource
            if job.error:
                report.failed[resource] = job.error
                progress(f"!! {resource} 停止：{job.error}")
            if job.exception is not None:
                report.failed[resource] = job.error or ""
            out += job.rows
            quality += job.quality
            report.touched.append(resource)
            for row in sorted(job.rows, key=lambda r: (r.received_at, r.file)):
                progress(line_of(row))
    for row in out:
        if row.resource is None:
            progress(line_of(row))
    store.write_quality(spark, quality, run.no)
    _write_deliveries(spark, {i.delivery.delivery_id: i.delivery for i in examined.values()}, run.no)
    failpoint("before_ledger")
    ledger.write(spark, out, run.no)
    failpoint("after_ledger")
    report.rows = out
    run.done("ingest")
    return report


def _write_deliveries(spark: SparkSession, landed: dict[str, Delivered], run: int) -> None:
    tables.ensure(spark, DELIVERY, _DELIVERY_DDL, "交付登记")
    known = {r[0] for r in spark.table(DELIVERY).select("delivery_id").collect()}
    rows = [
        (d.delivery_id, d.dept, d.received_at, d.seq, len(d.files), sum(f.size for f in d.files), run)
        for d in landed.values()
        if d.delivery_id not in known
    ]
    if rows:
        tables.append(spark.createDataFrame(rows, spark.table(DELIVERY).schema), DELIVERY, run)


def is_disk_full(error: BaseException) -> bool:
    text = str(error)
    return "No space left on device" in text or "Disk quota exceeded" in text or getattr(error, "errno", None) == 28


def _refused(item: Item, run: int, refusal: Refusal | None = None) -> LedgerRow:
    why = refusal or item.refusal
    assert why is not None
    return _row(item, run, verdict="refused", reason=why.reason, detail=why.detail, cure=why.cure or None)


def _row(item: Item, run: int, **values: Any) -> LedgerRow:
    return LedgerRow(
        delivery_id=item.delivery.delivery_id,
        resource=item.contract.resource if item.contract else None,
        file=item.landing,
        received_at=item.delivery.received_at,
        content_hash=item.file.sha256,
        contract_version=item.contract.version if item.contract else None,
        run_id=run,
        dept=item.delivery.dept,
        size=item.file.size,
        seq=item.delivery.seq,
        **values,
    )


class _Work:
    """One resource in one run."""

    def __init__(
        self,
        spark: SparkSession,
        run: int,
        contract: Contract,
        catalogue: Catalogue,
        files: list[Item],
        seen: dict[tuple[str, str | None], LedgerRow],
        loads: dict[tuple[str, str | None], int],
        new: set[str],
    ) -> None:
        self.spark, self.run, self.contract, self.catalogue = spark, run, contract, catalogue
        self.rows: list[LedgerRow] = []
        self.quality: list[tuple[Any, ...]] = []
        self.error: str | None = None
        self.exception: BaseException | None = None
        self.loads = loads
        self.new = [f for f in files if f.landing in new]
        self.old = {f.landing: (f, row) for f in files if f.landing not in new and (row := seen.get((f.landing, contract.version)))}

    def do(self) -> None:
        run, contract = self.run, self.contract
        refused = [f for f in self.new if f.refusal]
        self.rows = [_refused(f, run) for f in refused]
        fit = [f for f in self.new if not f.refusal]
        loaded = [f for f, row in self.old.values() if row.verdict in LOADED or row.reason == "vanished"]
        repeats = [f for f, row in self.old.values() if row.verdict == "duplicate"]
        vanished = {f.landing for f, row in self.old.values() if row.reason == "vanished"}
        scopes = ScopeReader(contract, self.catalogue.codes)
        judged = [f for f in (*loaded, *repeats, *fit) if f.landing not in vanished]
        twins = gate.duplicates(judged, contract.delivery.mode, scopes)
        fresh = [f for f in fit if f.landing not in twins]
        again = gate.examine(self.spark, [f for f in repeats if f.landing not in twins])
        for item in again:
            if item.refusal:
                self.rows.append(_refused(item, run))
        fresh += [f for f in again if not f.refusal]
        for item in fit:
            if item.landing in twins and item.count:
                n = item.count.records
                self.rows.append(
                    _row(
                        item, run, verdict="duplicate", reason="duplicate_file", records_in=n, accepted=0, quarantined=0, duplicate=n, superseded=0,
                        structural=item.count.structural, closed=0, multiset=item.count.multiset, duplicate_of=twins[item.landing].landing,
                        detail=f"内容与 {twins[item.landing].landing} 相同",
                    )
                )  # fmt: skip
        store.ensure(self.spark, contract)
        tables.ensure(self.spark, ingest.bronze_table(contract), ingest.BRONZE_DDL, f"{contract.title}（原始层）")
        if not fresh:
            return
        result = ingest.load(self.spark, run, contract, fresh)
        if result.broken:
            self.rows += [_refused(f, run) for f in result.broken]
            # The others of the resource wait: they are new again in the next run.
            self.error = "；".join(f"{f.landing}: {f.refusal.detail}" for f in result.broken if f.refusal)
            return
        live = {f.landing: (f, self.run) for f in fresh} | {f.landing: (f, self.loads.get((f.landing, contract.version))) for f in loaded}
        self.derive(fresh, live, twins, refused)

    def derive(self, fresh: list[Item], live: dict[str, tuple[Item, int | None]], twins: dict[str, Item], refused: list[Item]) -> None:
        run, contract = self.run, self.contract
        bronze = live_bronze(self.spark, contract, {name: r for name, (_, r) in live.items() if name not in twins})
        records = typed(bronze, contract, self.catalogue.codes)
        aliases = self.aliases(records, twins) if contract.delivery.mode == "snapshot" and twins else None
        records = records.persist()
        incomplete = {f.delivery.delivery_id for f in refused} | {
            f.delivery.delivery_id for f, row in self.old.values() if row.verdict == "refused" and row.reason != "vanished"
        }
        derived = derive(records if aliases is None else records.unionByName(aliases), shape_of(contract), incomplete)
        try:
            self.publish(fresh, derived, twins)
        finally:
            derived.release()
            records.unpersist()
        del run

    def aliases(self, records: DataFrame, twins: dict[str, Item]) -> DataFrame:
        """Repeated files stand in history with the records of the file they repeat: their keys are present, not absent."""
        from pyspark.sql import functions as F

        known = {f.landing: f for f, _ in self.old.values()} | {f.landing: f for f in self.new}
        rows = []
        for name, twin in twins.items():
            while twin.landing in twins:
                twin = twins[twin.landing]
            d = known[name].delivery
            rows.append((twin.landing, name, d.delivery_id, d.received_at, d.seq))
        names = self.spark.createDataFrame(rows, "_of string, _l string, _d string, _r timestamp, _s long")
        joined = records.join(F.broadcast(names), F.col("_landing") == F.col("_of"))
        return (
            joined.withColumn("_file", F.concat("_l", F.expr("substring(_file, length(_landing) + 1)")))
            .withColumn("_landing", F.col("_l"))
            .withColumn("_delivery_id", F.col("_d"))
            .withColumn("_received_at", F.col("_r"))
            .withColumn("_seq", F.col("_s"))
            .drop("_of", "_l", "_d", "_r", "_s")
        )

    def publish(self, fresh: list[Item], derived: Derived, twins: dict[str, Item]) -> None:
        from pyspark.sql import functions as F

        run, contract, spark = self.run, self.contract, self.spark
        records = derived.records.where(~F.col("_landing").isin(list(twins))) if twins else derived.records
        names = [f.landing for f in fresh]
        counts: dict[str, Counter[str]] = {name: Counter() for name in names}
        any_quarantined = False
        for landing, outcome, n in records.groupBy("_landing", "_outcome").count().collect():
            any_quarantined = any_quarantined or outcome == "quarantined"
            if landing in counts:
                counts[landing][outcome] += n
        versions = derived.versions.persist()
        try:
            ended = versions.where("_closer IS NOT NULL").groupBy("_closer").count()
            closed = {r[0]: r[1] for r in ended.collect()}
            rows = [self.outcome(f, counts[f.landing], closed.get(f.landing, 0), derived.vanished.get(f.landing)) for f in fresh]
            rows += [r for r in self.rejudged(derived, records, closed, {f.landing for f in fresh}, twins)]
            self.quality += store.quality_rows(records, contract.resource, run, names)
            self.quality += [
                (run, contract.resource, f.delivery.delivery_id, f.landing, "", "file", w, 1)
                for f in fresh
                if f.inspection
                for w in f.inspection.warnings
            ]
            failpoint("before_silver")
            store.write_silver(spark, contract, versions, run)
            failpoint("after_silver")
            store.write_quarantine(spark, contract, records, run, any_quarantined)
            failpoint("after_quarantine")
            self.rows += rows
        finally:
            versions.unpersist()

    def outcome(self, item: Item, counts: Counter[str], closed: int, vanished: str | None) -> LedgerRow:
        assert item.count is not None
        if vanished:
            return _refused(item, self.run, Refusal("vanished", vanished, "请核对是否漏报；如属实，请提高目录的 max_vanish 后重跑"))
        bad = counts["quarantined"]
        return _row(
            item,
            self.run,
            verdict="accepted_with_quarantine" if bad else "accepted",
            records_in=item.count.records,
            accepted=counts["accepted"],
            quarantined=bad,
            duplicate=counts["duplicate"],
            superseded=counts["superseded"],
            structural=item.count.structural,
            closed=closed,
            multiset=item.count.multiset,
            warnings=json.dumps(item.inspection.warnings, ensure_ascii=False) if item.inspection and item.inspection.warnings else None,
        ).check()

    def rejudged(
        self, derived: Derived, records: DataFrame, closed: dict[str, int], fresh: set[str], twins: dict[str, Item]
    ) -> list[LedgerRow]:
        """Files of earlier runs whose judgement a late file has turned: refused as vanished and now fit, or the other way round."""
        from pyspark.sql import functions as F

        found = []
        back = []
        for name, (item, row) in self.old.items():
            if name in fresh or name in twins:
                continue
            if row.verdict in LOADED and name in derived.vanished:
                found.append(_refused(item, self.run, Refusal("vanished", derived.vanished[name], "请核对是否漏报")))
            elif row.reason == "vanished" and name not in derived.vanished:
                back.append(item)
        if back:
            counts: dict[str, Counter[str]] = {i.landing: Counter() for i in back}
            for landing, outcome, n in (
                records.where(F.col("_landing").isin(list(counts))).groupBy("_landing", "_outcome").count().collect()
            ):
                counts[landing][outcome] += n
            for item in gate.examine(self.spark, back):
                if item.count is not None:
                    found.append(self.outcome(item, counts[item.landing], closed.get(item.landing, 0), None))
        return found


def live_bronze(spark: SparkSession, contract: Contract, loads: dict[str, int | None]) -> DataFrame:
    """The records of these loads: landing file → the run that wrote it to bronze."""
    from pyspark.sql import functions as F

    rows = spark.table(ingest.bronze_table(contract)).where(F.col("_contract_version") == contract.version)
    wanted = spark.createDataFrame([(n, r) for n, r in loads.items() if r is not None], "_landing string, _run long")
    return rows.join(F.broadcast(wanted), ["_landing", "_run"], "left_semi")
