"""Ingest from landing to silver: gate, bronze, typing, history, quarantine, ledger, in one run that can be killed anywhere and repeated."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xihu.bronze import companions, gate
from xihu.bronze.deliver import Delivered, deliveries
from xihu.bronze.gate import Item
from xihu.contract.load import Catalogue, load_catalogue
from xihu.lake import ledger, runs, tables
from xihu.lake.failpoint import failpoint
from xihu.lake.ledger import LedgerRow
from xihu.settings import settings
from xihu.silver import store
from xihu.silver.work import Work, orphan_row, unclaimed_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DELIVERY = "ops.delivery"
BACKFILL = "backfill"
_DELIVERY = tables.Spec(
    """
delivery_id STRING COMMENT '交付编号', dept STRING COMMENT '部门文件夹', received_at TIMESTAMP COMMENT '收到时刻',
seq BIGINT COMMENT '落地顺序', files BIGINT COMMENT '文件数', bytes BIGINT COMMENT '字节数', run_id BIGINT COMMENT '运行编号'
""",
    "交付登记",
)
Progress = Callable[[str], None]


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
    if row.verdict == "withdrawn":
        return f"{head}  {row.detail}"
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
            if old.command not in ("ingest", BACKFILL):
                # Its other steps belong to the command that began it; their turn comes when that command runs.
                progress(f"运行 {old.no}（{old.command}）未完成；先补完它的载入")
            report = report.merge(_recover(spark, old, catalogue, progress))
        todo = plan(spark, catalogue, as_of, only)
        if not todo:
            progress("没有新的交付")
            return report
        new = runs.begin(spark, "ingest", ["ingest"], [d.delivery_id for d in todo], as_of, versions(catalogue))
        report = report.merge(_ingest(spark, new, catalogue, as_of, progress, only))
        _finish(spark, new, report)
    return report


def run_backfill(
    spark: SparkSession, since: datetime, until: datetime, progress: Progress = lambda line: None, only: Iterable[str] | None = None
) -> IngestReport:
    """Takes deliveries received in `[since, until)` in again, from their bytes, whatever the ledger says of them.

    For what a mended contract does not show: a reader, a code list or a standard was wrong. Rows that come out the same stay as they are;
    others are closed for this computation (`_loaded_to`) and keep their `_known_from`. Withdrawn deliveries stay withdrawn. Anything new is
    taken in first. Errors as `run_ingest`.
    """
    report = run_ingest(spark, progress=progress)
    catalogue = load_catalogue(settings().conf)
    with runs.exclusive():
        gone = ledger.withdrawn(ledger.read(spark))
        wanted = [i for i in _candidates(catalogue, deliveries(), only) if since <= i.delivery.received_at < until]
        found = {i.delivery.delivery_id: i.delivery for i in wanted if not i.delivery.withdrawal and _place(i) not in gone}
        if not found:
            progress("这段时间没有交付")
            return report
        todo = sorted(found.values(), key=lambda d: d.order)
        run = runs.begin(spark, BACKFILL, ["ingest"], [d.delivery_id for d in todo], None, versions(catalogue))
        report = report.merge(_ingest(spark, run, catalogue, None, progress, only))
        _finish(spark, run, report)
    return report


def _finish(spark: SparkSession, run: runs.Run, report: IngestReport) -> None:
    run.finish(spark, "done" if report.ok else "failed", json.dumps(report.failed, ensure_ascii=False) if report.failed else "")


def versions(catalogue: Catalogue) -> dict[str, str]:
    return {name: c.version for name, c in sorted(catalogue.contracts.items())}


def plan(spark: SparkSession, catalogue: Catalogue, as_of: datetime | None = None, only: Iterable[str] | None = None) -> list[Delivered]:
    """Deliveries with something new, in the order in which they are taken."""
    seen = ledger.latest(ledger.read(spark))
    wanted = [i for i in _candidates(catalogue, deliveries(), only) if _in_time(i, as_of, seen)]
    gone = ledger.withdrawn(seen.values())
    new = {i.delivery.delivery_id: i.delivery for i in wanted if not _settled(i, seen, gone)}
    return sorted(new.values(), key=lambda d: d.order)


def _recover(spark: SparkSession, old: runs.Run, catalogue: Catalogue, progress: Progress) -> IngestReport:
    runs.resume(old)
    alone = old.command in ("ingest", BACKFILL)
    if old.is_done("ingest"):
        if alone:
            old.finish(spark)
        return IngestReport(old.no)
    if old.contracts != versions(catalogue):
        # The catalogue was mended since: under other contracts it would not be the same run. Its deliveries are new again.
        old.finish(spark, "abandoned", "catalogue changed after the run was killed")
        return IngestReport(old.no)
    progress(f"补完被中断的运行 {old.no}")
    report = _ingest(spark, old, catalogue, datetime.fromisoformat(old.as_of) if old.as_of else None, progress, None)
    if alone:
        _finish(spark, old, report)
    return report


def _key(item: Item) -> ledger.Key:
    return (item.landing, item.contract.version if item.contract else None)


def _place(item: Item) -> tuple[str, str | None]:
    """A file and the resource that takes it: several may share one file."""
    return (item.landing, item.contract.resource if item.contract else None)


def _settled(item: Item, seen: Mapping[ledger.Key, LedgerRow], gone: set[tuple[str, str | None]]) -> bool:
    """Whether a file needs no work: judged under its contract, and by the companions it has now; or withdrawn and recorded as such."""
    if item.delivery.withdrawal is not None:
        return _place(item) in gone
    row = seen.get(_key(item))
    return ledger.settled(row) and not (row is not None and companions.reopened(row.reason, row.detail, item.companions))


def _in_time(item: Item, as_of: datetime | None, seen: Mapping[ledger.Key, LedgerRow]) -> bool:
    """Whether a file is known at `as_of`; what is loaded already stays, and is loaded again when its contract is mended."""
    return as_of is None or item.delivery.received_at <= as_of or any(file == item.landing for file, _ in seen)


def _candidates(catalogue: Catalogue, landed: list[Delivered], only: Iterable[str] | None) -> list[Item]:
    names = None if only is None else set(only)
    found = gate.items(landed, catalogue.contracts.values())
    return [i for i in found if names is None or (i.contract is not None and i.contract.resource in names)]


def _ingest(
    spark: SparkSession, run: runs.Run, catalogue: Catalogue, as_of: datetime | None, progress: Progress, only: Iterable[str] | None
) -> IngestReport:
    report = IngestReport(run.no)
    rows = ledger.read(spark)
    seen, loads = ledger.latest(rows), ledger.loads(rows)
    every = _candidates(catalogue, deliveries(), only)
    mine = set(run.deliveries)
    gone = ledger.withdrawn(rows)
    again = run.command == BACKFILL

    def due(item: Item) -> bool:
        return not _settled(item, seen, gone) or (again and item.delivery.withdrawal is None)

    new = [i for i in every if i.delivery.delivery_id in mine and due(i)]
    orphans, new, every = [i for i in new if i.orphan], [i for i in new if not i.orphan], [i for i in every if not i.orphan]
    progress(f"检查 {len(new)} 个文件")
    examined = {_place(i): i for i in gate.examine(spark, new)}
    out: list[LedgerRow] = [unclaimed_row(i, run.no) for i in examined.values() if i.contract is None]
    out += [orphan_row(i, run.no) for i in orphans]
    by_resource: dict[str, list[Item]] = {}
    for item in every:
        if item.contract is not None:
            by_resource.setdefault(item.contract.resource, []).append(examined.get(_place(item), item))
    touched = sorted({i.contract.resource for i in examined.values() if i.contract is not None})
    quality: list[tuple[Any, ...]] = []

    def work(resource: str) -> Work:
        contract = catalogue.contracts[resource]
        fresh = {landing for landing, of in examined if of == resource}
        known = {key: row for key, row in seen.items() if row.resource in (resource, None)}
        job = Work(spark, run.no, contract, catalogue.codes, by_resource[resource], fresh, known, loads)
        try:
            job.do()
        except Exception as error:
            if is_disk_full(error):
                raise DiskFull(
                    f"磁盘已满：{settings().home}；数据湖保持原样，腾出空间后重跑即可补完运行 {run.no}（no space left）"
                ) from error
            job.rows, job.error = [], f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            logging.getLogger(__name__).exception("%s stopped", resource)
        return job

    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="ingest") as pool:
        landed = pool.submit(_write_deliveries, spark, {i.delivery.delivery_id: i.delivery for i in (*examined.values(), *orphans)}, run.no)
        for job in pool.map(work, touched):
            resource = job.contract.resource
            if job.error:
                report.failed[resource] = job.error
                progress(f"!! {resource} 停止：{job.error}")
            out += job.rows
            quality += job.quality
            report.touched.append(resource)
            for row in sorted(job.rows, key=lambda r: (r.received_at, r.file)):
                progress(line_of(row))
        landed.result()
    for row in out:
        if row.resource is None:
            progress(line_of(row))
    store.write_quality(spark, quality, run.no)
    failpoint("before_ledger")
    ledger.write(spark, out, run.no)
    failpoint("after_ledger")
    report.rows = out
    run.done("ingest")
    return report


def _write_deliveries(spark: SparkSession, landed: dict[str, Delivered], run: int) -> None:
    known = {r[0] for r in spark.table(DELIVERY).select("delivery_id").collect()} if tables.exists(spark, DELIVERY) else set()
    new = [d for d in landed.values() if d.delivery_id not in known]
    rows = [(d.delivery_id, d.dept, d.received_at, d.seq, len(d.files), sum(f.size for f in d.files), run) for d in new]
    if rows:
        tables.load(tables.local(spark, rows, _DELIVERY.schema), DELIVERY, run, _DELIVERY)


def is_disk_full(error: BaseException) -> bool:
    text = str(error)
    return "No space left on device" in text or "Disk quota exceeded" in text or getattr(error, "errno", None) == 28
