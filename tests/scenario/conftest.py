"""A small city of one department for the scenarios: its own home, its own contracts, files written byte by byte."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

CONF = Path(__file__).resolve().parents[2] / "conf"

PAYMENT = """
code: 306013/0901
title: 补贴发放
provider: {{name: 市民政局}}
summary: 试验用
grain: one row per payment
share: {{type: unconditional}}
open: {{type: open}}
update: monthly
delivery:
  files: "mz/补贴_*.csv"
  format: csv
  encoding: gb18030
  {mode}
key: [no, month]
fields:
  no:     {{title: 编号, type: text, required: true}}
  month:  {{title: 月份, type: month, required: true}}
  area:   {{title: 区县, type: text, required: true}}
  amount: {{title: 金额, type: money, unit: 元, min: 0, max: {maximum}}}
"""
HEADER = "编号,月份,区县,金额"


class City:
    """Helpers of a scenario: contracts, deliveries, ingest, and what stands in the tables."""

    def __init__(self, spark, home: Path, conf: Path):
        self.spark, self.home, self.conf = spark, home, conf
        self.resource = "mz__payment"
        self.lines: list[str] = []

    def contract(self, mode: str = "mode: append", maximum: int = 100000) -> None:
        """Writes the one contract; a second call mends it."""
        file = self.conf / "catalogue" / "mz" / "payment.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PAYMENT.format(mode=mode.replace("\n", "\n  "), maximum=maximum), "utf-8")

    def snapshot(self, absence: str = "retracted", max_vanish: float = 0.5, scope: str = "[month, area]", **more) -> None:
        self.contract(f"mode: snapshot\nscope: {scope}\nabsence: {absence}\nmax_vanish: {max_vanish}", **more)

    def file(self, name: str, rows: list[str], header: str = HEADER, encoding: str = "gb18030") -> Path:
        folder = self.home.parent / "outbox" / "mz"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(("\r\n".join([header, *rows]) + "\r\n").encode(encoding))
        return path

    def raw(self, name: str, content: bytes) -> Path:
        path = self.file(name, [])
        path.write_bytes(content)
        return path

    def deliver(self, day: int, *paths: Path, month: int = 11) -> list[str]:
        from xihu.bronze.deliver import deliver

        return deliver(paths, received_at=datetime(2016, month, day, 1, tzinfo=UTC), dept="mz")

    def send(self, day: int, name: str, rows: list[str], **more) -> list[str]:
        return self.deliver(day, self.file(name, rows, **more))

    def ingest(self, **more):
        from xihu.silver.pipeline import run_ingest

        return run_ingest(self.spark, progress=self.lines.append, **more)

    def take(self, day: int, name: str, rows: list[str], **more):
        """Delivers one file and takes it in; its ledger rows."""
        self.send(day, name, rows, **more)
        return self.ingest().rows

    def table(self, layer: str, where: str = "true") -> list:
        return self.spark.table(f"{layer}.{self.resource}").where(where).collect()

    def silver(self, where: str = "true") -> list[tuple]:
        """Current computation, place of origin left out: (no, amount, known from, known to as days of November, valid_to)."""
        def day(at: datetime | None) -> int | None:
            return None if at is None else (at.replace(tzinfo=UTC) - datetime(2016, 11, 1, tzinfo=UTC)).days + 1

        rows = self.table("silver", f"_loaded_to IS NULL AND ({where})")
        return sorted(
            ((r.no, None if r.amount is None else int(r.amount), day(r._known_from), day(r._known_to), r._valid_to) for r in rows), key=str
        )

    def fingerprint(self) -> dict[str, list]:
        """All that must be the same however the files came to be loaded."""
        def rows(table: str, *drop: str) -> list:
            return sorted(map(str, self.spark.table(table).drop(*drop).collect()))

        return {
            "silver": rows(f"silver.{self.resource}", "_loaded_from", "_loaded_to", "_seq"),
            "quarantine": rows(f"quarantine.{self.resource}", "run_id"),
        }


@pytest.fixture
def city(spark, tmp_path, monkeypatch):
    home, conf = tmp_path / "home", tmp_path / "conf"
    (conf / "catalogue").mkdir(parents=True)
    shutil.copytree(CONF / "codes", conf / "codes")
    shutil.copytree(CONF / "facts", conf / "facts")
    shutil.copytree(CONF / "base", conf / "base", dirs_exist_ok=True)
    for file in (conf / "base").glob("*.yaml"):
        file.unlink()
    shutil.copy(CONF / "spark-defaults.conf", conf)
    monkeypatch.setenv("XIHU_HOME", str(home))
    monkeypatch.setenv("XIHU_CONF", str(conf))
    return City(spark, home, conf)
