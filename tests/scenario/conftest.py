"""A small city of one department for the scenarios: its own home, its own contracts, files written byte by byte."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

CONF = Path(__file__).resolve().parents[2] / "conf"

CONTRACT = """
code: 306013/09{number:02d}
title: 补贴发放
provider: {{name: 市民政局}}
summary: 试验用
grain: one row per payment
share: {{type: unconditional}}
open: {{type: open}}
update: monthly
delivery:
  files: "mz/{prefix}_*.csv"
  format: csv
  encoding: gb18030
  {mode}
key: [no, month]
fields:
  no:     {{title: 编号, type: text, required: true}}
  month:  {{title: 月份, type: month, required: true}}
  area:   {{title: 区县, type: text, required: true}}
  amount: {{title: 金额, type: money, unit: 元, min: 0, max: {maximum}}}
{more}
"""
HEADER = "编号,月份,区县,金额"
SNAPSHOT = "mode: snapshot\nscope: [month, area]\nabsence: {absence}\nmax_vanish: {max_vanish}"


class City:
    """Helpers of a scenario: contracts, deliveries, ingest, and what stands in the tables."""

    def __init__(self, spark, home: Path, conf: Path):
        self.spark, self.home, self.conf = spark, home, conf
        self.lines: list[str] = []
        self.prefixes: dict[str, str] = {}

    def contract(
        self, mode: str = "mode: append", name: str = "payment", prefix: str = "补贴", maximum: int = 100000, more: str = ""
    ) -> None:
        """Writes a contract; a second call mends it."""
        self.prefixes[name] = prefix
        file = self.conf / "catalogue" / "mz" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        number = list(self.prefixes).index(name) + 1
        text = CONTRACT.format(number=number, prefix=prefix, mode=mode.replace("\n", "\n  "), maximum=maximum, more=more)
        file.write_text(text, "utf-8")

    def snapshot(self, absence: str = "retracted", max_vanish: float = 0.5, **more) -> None:
        self.contract(SNAPSHOT.format(absence=absence, max_vanish=max_vanish), **more)

    def file(self, name: str, rows: list[str], header: str = HEADER, encoding: str = "gb18030") -> Path:
        return self.raw(name, ("\r\n".join([header, *rows]) + "\r\n").encode(encoding))

    def raw(self, name: str, content: bytes) -> Path:
        folder = self.home.parent / "outbox" / "mz"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        return path

    def deliver(self, day: int, *paths: Path) -> list[str]:
        """The files as one delivery, received on that day of November 2016 at 1:00 UTC."""
        from xihu.bronze.deliver import deliver

        return deliver(paths, received_at=datetime(2016, 11, day, 1, tzinfo=UTC), dept="mz")

    def ingest(self, **more):
        from xihu.silver.pipeline import run_ingest

        return run_ingest(self.spark, progress=self.lines.append, **more)

    def take(self, day: int, name: str, rows: list[str], **more):
        """Delivers one file and takes it in; its ledger rows."""
        self.deliver(day, self.file(name, rows, **more))
        return self.ingest().rows

    def table(self, layer: str, where: str = "true", name: str = "payment") -> list:
        """Rows of a layer's table; none where nothing was ever written."""
        if not self.spark.catalog.tableExists(f"{layer}.mz__{name}"):
            return []
        return self.spark.table(f"{layer}.mz__{name}").where(where).collect()

    def silver(self, name: str = "payment") -> list[tuple]:
        """Current computation: (no, amount, known from, known to, valid_to), known as days of November."""

        def day(at: datetime | None) -> int | None:
            return None if at is None else (at.replace(tzinfo=UTC) - datetime(2016, 11, 1, tzinfo=UTC)).days + 1

        rows = self.table("silver", "_loaded_to IS NULL", name)
        found = ((r.no, None if r.amount is None else int(r.amount), day(r._known_from), day(r._known_to), r._valid_to) for r in rows)
        return sorted(found, key=str)

    def fingerprint(self, loads: bool = False) -> dict[str, list]:
        """All that must be the same however the files came to be loaded; with `loads`, the run numbers as well."""
        found = {}
        for name in self.prefixes:
            silver = self.spark.table(f"silver.mz__{name}")
            quarantine = self.spark.table(f"quarantine.mz__{name}")
            if not loads:
                silver = silver.where("_loaded_to IS NULL").drop("_loaded_from", "_loaded_to")
                quarantine = quarantine.drop("run_id")
            found[name] = [sorted(map(str, df.collect())) for df in (silver, quarantine)]
        return found

    def books(self) -> None:
        """The newest ledger row of every file says what stands in the tables."""
        newest = {}
        for r in sorted(self.spark.table("ops.ledger").collect(), key=lambda r: r.run_id):
            newest[r.file, r.resource] = r
        for name in self.prefixes:
            mine = [r for r in newest.values() if r.resource == f"mz__{name}"]
            assert sum(r.quarantined or 0 for r in mine) == len(self.table("quarantine", name=name)), name
            assert all(r.accepted + r.quarantined + r.duplicate + r.superseded == r.records_in for r in mine if r.accepted is not None)

    def forget(self) -> None:
        """An empty lake; contracts and outbox stay."""
        for row in self.spark.sql("SHOW DATABASES").collect():
            if row[0] != "default":
                self.spark.sql(f"DROP DATABASE `{row[0]}` CASCADE")
        shutil.rmtree(self.home, ignore_errors=True)
        # A dropped table made anew at the same place meets its old log in Delta's memory; so every lake has a place of its own.
        place = tempfile.mkdtemp(prefix="lake-", dir=self.conf.parent)
        for name in ("bronze", "silver", "quarantine", "ops"):
            self.spark.sql(f"CREATE DATABASE {name} LOCATION 'file:{place}/{name}.db'")


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
    made = City(spark, home, conf)
    made.forget()
    yield made
    # What stays cached after a run fills the driver, and is planned anew with every write to a table it was read from.
    assert spark._jsparkSession.sharedState().cacheManager().isEmpty()
