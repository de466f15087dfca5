"""Killed before or after any write of any kind of run, and started again: the same tables as a run that nothing disturbed.

The session lives through the death: from the chosen moment on no write of the run comes through, in whatever thread. Real deaths of the
whole process are in test_soak_sigkill.py.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from xihu.bronze import bulk
from xihu.lake import durable, files, ledger, runs, tables
from xihu.lake.failpoint import Killed
from xihu.silver import work

pytestmark = pytest.mark.soak
SEED = 4
POINTS = int(os.environ.get("XIHU_SOAK_POINTS", "80"))
MODULES = ("xihu.silver.pipeline", "xihu.silver.work", "xihu.silver.store", "xihu.bronze.ingest", "xihu.lake.runs")

FIRST = ["A1,2016-10,西湖区,100", "A2,2016-10,西湖区,200", "A3,2016-10,西湖区,3OO", "B1,2016-10,上城区,10"]
SECOND = ["A1,2016-10,西湖区,150", "A4,2016-10,西湖区,400", "A5,2016-10,西湖区,5OO", "A2,2016-10,西湖区,200"]
THIRD = ["A1,2016-10,西湖区,170", "A4,2016-10,西湖区,400", "B1,2016-10,上城区,10", "A6,2016-10,西湖区,6OO"]
SNAPSHOT = "mode: snapshot\nscope: [month, area]\nabsence: {}\nmax_vanish: 1"


class Moments:
    """Every moment of a run at which it may die; `at` chooses one. After it nothing is written any more."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.at: tuple[str, int] | None = None
        self.dead = False
        self.hits: Counter[str] = Counter()

    def arm(self, at: tuple[str, int] | None) -> None:
        self.seen, self.at, self.dead, self.hits = [], at, False, Counter()

    def pass_by(self, name: str) -> None:
        if self.dead:
            raise Killed(name)
        self.hits[name] += 1
        moment = (name, self.hits[name])
        self.seen.append(moment)
        if moment == self.at:
            self.dead = True
            raise Killed(name)

    def around(self, name: str, honest: Callable[..., Any], place: int) -> Callable[..., Any]:
        def wrapped(*args: Any, **more: Any) -> Any:
            what = f"{name} {args[place]}" if place >= 0 else name
            self.pass_by(f"before {what}")
            made = honest(*args, **more)
            self.pass_by(f"after {what}")
            return made

        return wrapped


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    made = Moments()
    for name, place in (("append", 1), ("merge", 1), ("load", 1), ("ensure", 1)):
        monkeypatch.setattr(tables, name, made.around(name, getattr(tables, name), place))
    monkeypatch.setattr(files, "commit", made.around("commit", files.commit, 1))
    monkeypatch.setattr(durable, "write_json", made.around("write_json", durable.write_json, -1))
    for module in MODULES:
        monkeypatch.setattr(f"{module}.failpoint", made.pass_by)
    return made


@dataclass(frozen=True)
class Story:
    """`before` makes the lake and leaves something to do; `act` does it; `between` happens while the lake is down. `large`: whatever comes
    is treated as what is too large for a small load.
    """

    name: str
    before: Callable[[Any], None]
    act: Callable[[Any], Any] = lambda city: city.ingest()
    between: Callable[[Any], None] | None = None
    large: bool = False


def append(city: Any) -> None:
    city.contract()
    city.take(1, "补贴_1.csv", FIRST)
    city.deliver(2, city.file("补贴_2.csv", SECOND), city.file("补贴_3.csv", THIRD))


def empty_lake(city: Any) -> None:
    city.contract()
    city.deliver(1, city.file("补贴_1.csv", FIRST))
    city.deliver(2, city.file("补贴_2.csv", SECOND), city.file("陌生.csv", ["a"]))


def corrections(city: Any) -> None:
    city.contract("mode: corrections")
    city.take(1, "补贴_1.csv", FIRST)
    city.deliver(2, city.file("补贴_2.csv", SECOND))


def late(city: Any) -> None:
    city.contract("mode: corrections")
    city.take(1, "补贴_1.csv", FIRST)
    city.take(3, "补贴_3.csv", THIRD)
    city.deliver(2, city.file("补贴_2.csv", SECOND))


def snapshot(absence: str) -> Callable[[Any], None]:
    def before(city: Any) -> None:
        city.contract(SNAPSHOT.format(absence))
        city.take(1, "补贴_1.csv", FIRST)
        city.take(2, "补贴_2.csv", SECOND)
        city.deliver(3, city.file("补贴_3.csv", THIRD))

    return before


def withdrawal(city: Any) -> None:
    from xihu.bronze.deliver import deliveries, withdraw

    city.contract("mode: corrections")
    for day, rows in enumerate((FIRST, SECOND, THIRD), 1):
        city.take(day, f"补贴_{day}.csv", rows)
    withdraw([deliveries()[1].delivery_id], "误报", "engineer")


def mended(city: Any) -> None:
    city.contract("mode: corrections", maximum=180)
    city.take(1, "补贴_1.csv", FIRST)
    city.take(2, "补贴_2.csv", SECOND)
    city.contract("mode: corrections", maximum=100000)


def several(city: Any) -> None:
    city.contract(name="one", prefix="甲")
    city.contract("mode: corrections", name="two", prefix="乙")
    city.contract(SNAPSHOT.format("retracted"), name="three", prefix="丙")
    city.contract(SNAPSHOT.format("ended"), name="four", prefix="丁")
    prefixes = ("甲", "乙", "丙", "丁")
    city.deliver(1, *(city.file(f"{p}_1.csv", FIRST) for p in prefixes))
    city.ingest()
    city.deliver(2, *(city.file(f"{p}_2.csv", SECOND) for p in prefixes))


KINDS = "code,name,valid_from,valid_to\n1,甲,,\n"
CODED = {"more": "  kind:   {title: 种类, type: code, codes: aid_kind}"}
CODED_HEADER = "编号,月份,区县,金额,种类"


def backfill(city: Any) -> None:
    codes = city.conf / "codes" / "aid_kind.csv"
    codes.write_text(KINDS, "utf-8")
    city.contract("mode: corrections", **CODED)
    city.take(1, "补贴_1.csv", ["A1,2016-10,西湖区,100,1", "A2,2016-10,西湖区,200,7"], header=CODED_HEADER)
    city.take(2, "补贴_2.csv", ["A1,2016-10,西湖区,150,7", "A4,2016-10,西湖区,4OO,1"], header=CODED_HEADER)
    codes.write_text(KINDS + "7,乙,,\n", "utf-8")


def take_again(city: Any) -> Any:
    from xihu.silver.pipeline import run_backfill

    report = city.ingest()
    if any(r.command == "backfill" for r in map(runs._load, runs._manifests())):
        return report
    return run_backfill(city.spark, datetime(2016, 11, 1, tzinfo=UTC), datetime(2016, 11, 9, tzinfo=UTC))


def mend_while_down(city: Any) -> None:
    city.contract("mode: corrections", maximum=300)


STORIES = (
    Story("append", append),
    Story("empty lake", empty_lake),
    Story("corrections", corrections),
    Story("late file", late),
    Story("snapshot retracted", snapshot("retracted")),
    Story("snapshot ended", snapshot("ended")),
    Story("withdrawal", withdrawal),
    Story("mended contract", mended),
    Story("backfill", backfill, take_again),
    Story("several resources", several),
    Story("large files", corrections, large=True),
    Story("large snapshot", snapshot("ended"), large=True),
    Story("contract mended while down", corrections, between=mend_while_down),
)


class Template:
    """A lake as it lies on disk, to be put back as often as needed; each time at another place, for Delta remembers logs by their path."""

    def __init__(self, city: Any, folder: Path) -> None:
        self.city, self.home, self.lake = city, folder / "home", folder / "lake"
        place = Path(city.spark.sql("DESCRIBE DATABASE ops").where("info_name = 'Location'").collect()[0][1].removeprefix("file:")).parent
        self.conf = folder / "catalogue"
        shutil.copytree(city.home, self.home)
        shutil.copytree(place, self.lake)
        shutil.copytree(city.conf / "catalogue", self.conf)

    def restore(self) -> None:
        city = self.city
        city.forget()
        # A lake for every death: the logs of the former ones would fill the driver.
        city.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        place = Path(city.spark.sql("DESCRIBE DATABASE ops").where("info_name = 'Location'").collect()[0][1].removeprefix("file:")).parent
        shutil.copytree(self.lake, place, dirs_exist_ok=True)
        shutil.copytree(self.home, city.home)
        shutil.copytree(self.conf, city.conf / "catalogue", dirs_exist_ok=True)
        for log in place.glob("*.db/*/_delta_log"):
            base, name = log.parent.parent.name.removesuffix(".db"), log.parent.name
            city.spark.sql(f"CREATE TABLE `{base}`.`{name}` USING delta LOCATION 'file:{log.parent}'")


RUN_COLUMNS = ("run_id", "command", "status", "steps", "deliveries", "detail")


def everything(city: Any, exact: bool = True) -> dict[str, Counter[str]]:
    """All rows of all tables, run numbers included; not exact: only what must not depend on the number of attempts."""
    found: dict[str, Counter[str]] = {}

    def put(table: str, keep: Callable[[Any], Any]) -> None:
        if city.spark.catalog.tableExists(table):
            found[table] = Counter(str(row) for row in keep(city.spark.table(table)).collect())

    for name in city.prefixes:
        table = f"mz__{name}"
        if exact:
            for layer in ("bronze", "silver", "quarantine"):
                put(f"{layer}.{table}", lambda df: df)
            continue
        put(f"silver.{table}", lambda df: df.where("_loaded_to IS NULL").drop("_loaded_from", "_loaded_to", "_contract_version"))
        put(f"quarantine.{table}", lambda df: df.drop("run_id", "contract_version"))
    rows = ledger.read(city.spark)
    if exact:
        found["ledger"] = Counter(map(str, rows))
        put("ops.delivery", lambda df: df)
        put("ops.quality", lambda df: df)
        put("ops.run", lambda df: df.select(*RUN_COLUMNS))
    else:
        # Loads under an earlier contract are history; what holds is what the present one made of each file.
        now = max(rows, key=lambda r: r.run_id or 0).contract_version
        newest = {r.file: r for r in rows if r.contract_version == now}
        found["ledger"] = Counter(str((r.file, r.verdict, r.records_in, r.accepted, r.quarantined)) for r in newest.values())
        live = ledger.loads(newest.values())
        for name in city.prefixes:
            bronze = city.spark.table(f"bronze.mz__{name}").select("_landing", "_contract_version", "_run", "_row", "_raw").collect()
            alive = [r for r in bronze if live.get((r[0], r[1])) == r[2]]
            found[f"bronze.mz__{name}"] = Counter(str((r[0], r[3], bytes(r[4]))) for r in alive)
    return found


def chosen(name: str, seen: list[tuple[str, int]], n: int) -> list[tuple[str, int]]:
    """`n` of the moments, the first and the last among them."""
    if len(seen) <= n:
        return seen
    inner = random.Random(f"{SEED} {name}").sample(range(1, len(seen) - 1), n - 2)
    return [seen[i] for i in sorted({0, len(seen) - 1, *inner})]


@pytest.mark.parametrize("number", range(len(STORIES)), ids=[s.name.replace(" ", "_") for s in STORIES])
def test_killed_at_any_write(
    city: Any, moments: Moments, tmp_path: Path, evidence: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, began = STORIES[number], time.monotonic()
    if story.large:
        monkeypatch.setattr(bulk, "LARGE", 1)
        monkeypatch.setattr(work, "MANY", 1)
    n = POINTS // len(STORIES) + (number < POINTS % len(STORIES))
    exact = story.between is None
    moments.arm(None)
    story.before(city)
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    template = Template(city, folder)
    if story.between:
        story.between(city)
        moments.arm(None)
        assert story.act(city).ok
        quiet = everything(city, exact)
        template.restore()
    moments.arm(None)
    assert story.act(city).ok
    seen = list(moments.seen)
    if not story.between:
        quiet = everything(city, exact)
    lost = doubled = 0
    for moment in chosen(story.name, seen, n):
        template.restore()
        moments.arm(moment)
        with pytest.raises(Killed):
            story.act(city)
        moments.arm(None)
        if story.between:
            story.between(city)
        assert story.act(city).ok, moment
        after = everything(city, exact)
        for table in quiet.keys() | after.keys():
            lost += (quiet.get(table, Counter()) - after.get(table, Counter())).total()
            doubled += (after.get(table, Counter()) - quiet.get(table, Counter())).total()
            assert after.get(table) == quiet.get(table), (story.name, moment, table)
        assert runs.unfinished() == [] and not story.act(city).rows, moment
    points = len(chosen(story.name, seen, n))
    evidence("spark, by write", story=story.name, moments=len(seen), points=points, lost=lost, doubled=doubled, seed=SEED,
             seconds=round(time.monotonic() - began, 1))  # fmt: skip
