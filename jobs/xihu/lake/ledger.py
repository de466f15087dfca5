"""`ops.ledger`: what became of every delivered file, one row per file and load. Rows never change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEDGER = "ops.ledger"
_SPEC = tables.Spec(
    """
delivery_id STRING COMMENT '交付编号', resource STRING COMMENT '信息资源', file STRING COMMENT '交付文件',
received_at TIMESTAMP COMMENT '收到时刻', verdict STRING COMMENT '结论', reason STRING COMMENT '整件拒收原因',
records_in BIGINT COMMENT '数据记录数', accepted BIGINT COMMENT '接收', quarantined BIGINT COMMENT '隔离',
duplicate BIGINT COMMENT '重复', superseded BIGINT COMMENT '被取代', structural BIGINT COMMENT '版式行',
closed BIGINT COMMENT '因本文件而终止的旧记录', content_hash STRING COMMENT '内容摘要 SHA-256', contract_version STRING COMMENT '目录版本',
run_id BIGINT COMMENT '运行编号', dept STRING COMMENT '部门文件夹', detail STRING COMMENT '说明', cure STRING COMMENT '处置建议',
warnings STRING COMMENT '提醒 (JSON)', multiset STRING COMMENT '记录多重集摘要', size BIGINT COMMENT '字节数',
duplicate_of STRING COMMENT '与之相同的文件', seq BIGINT COMMENT '落地顺序'
""",
    "交付台账：每个文件每次载入一行，只增不改",
)
VERDICTS = ("accepted", "accepted_with_quarantine", "refused", "duplicate", "withdrawn")


Key = tuple[str, str | None]


class LedgerError(AssertionError):
    """The books of a file do not balance."""


@dataclass(frozen=True)
class LedgerRow:
    """One file and load. Counts are records; a refused file has None counts and a reason."""

    delivery_id: str
    resource: str | None
    file: str
    received_at: datetime
    verdict: str
    reason: str | None = None
    records_in: int | None = None
    accepted: int | None = None
    quarantined: int | None = None
    duplicate: int | None = None
    superseded: int | None = None
    structural: int | None = None
    closed: int | None = None
    content_hash: str | None = None
    contract_version: str | None = None
    run_id: int | None = None
    dept: str | None = None
    detail: str | None = None
    cure: str | None = None
    warnings: str | None = None
    multiset: str | None = None
    size: int | None = None
    duplicate_of: str | None = None
    seq: int | None = None

    def check(self) -> LedgerRow:
        """This row, when it adds up.

        Raises:
            LedgerError: it does not.
        """
        counts = (self.accepted, self.quarantined, self.duplicate, self.superseded)
        if self.verdict not in VERDICTS:
            raise LedgerError(f"{self.file}: verdict {self.verdict!r}")
        if self.verdict in ("refused", "withdrawn"):
            if (self.reason is None and self.verdict == "refused") or any(c is not None for c in (*counts, self.records_in)):
                raise LedgerError(f"{self.file}: a refused file has a reason and no counts")
        elif self.records_in is None or sum(c or 0 for c in counts) != self.records_in:
            raise LedgerError(f"{self.file}: {counts} do not add up to {self.records_in} records")
        return self


COLUMNS = tuple(f.name for f in fields(LedgerRow))


def read(spark: SparkSession) -> list[LedgerRow]:
    """All rows in the order in which they were written."""
    if not tables.exists(spark, LEDGER):
        return []
    rows = spark.table(LEDGER).select(*COLUMNS).collect()
    return sorted((LedgerRow(*r) for r in rows), key=lambda r: (r.run_id or 0, r.received_at, r.seq or 0, r.file))


def latest(rows: Iterable[LedgerRow]) -> dict[Key, LedgerRow]:
    """The newest row by (file, contract version)."""
    return {(r.file, r.contract_version): r for r in rows}


def loads(rows: Iterable[LedgerRow]) -> dict[Key, int]:
    """The run that wrote a file's records to bronze, by (file, contract version): later rows of the same load only judge it anew."""
    found: dict[Key, int] = {}
    for row in rows:
        if row.run_id is not None and (row.verdict in ("accepted", "accepted_with_quarantine") or row.reason == "vanished"):
            found.setdefault((row.file, row.contract_version), row.run_id)
    return found


def withdrawn(rows: Iterable[LedgerRow]) -> set[tuple[str, str | None]]:
    """(file, resource) of what was taken back; for good, whatever becomes of the contract."""
    return {(r.file, r.resource) for r in rows if r.verdict == "withdrawn"}


def settled(row: LedgerRow | None) -> bool:
    """Whether a file needs no work under its contract version; books that did not balance are our fault and are tried again."""
    return row is not None and row.reason != "conservation"


def write(spark: SparkSession, rows: list[LedgerRow], run: int) -> None:
    """Appends the rows of a run, once.

    Raises:
        LedgerError: a row does not add up; nothing is written.
    """
    if rows:
        checked = [astuple(r.check()) for r in rows]
        tables.load(tables.local(spark, checked, _SPEC.schema), LEDGER, run, _SPEC)
