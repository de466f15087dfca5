"""SIGKILL at any moment of a real process: one lake lives through all the deaths and ends every time as one that nothing disturbed.

Each round sends something or changes something, begins the work in a process and kills it after a random time: the whole process group, or
Python alone, whose JVM then ends by itself when it notices. The next process does the work again and tells what stands in the tables.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.soak
SEED = 4
KILLS = int(os.environ.get("XIHU_SOAK_KILLS", "26"))

WORKER = """
import json, sys, time
from datetime import UTC, datetime
from xihu.lake import ledger, tables
from xihu.lake.session import spark_session
from xihu.settings import settings
from xihu.silver.pipeline import run_backfill, run_ingest
names = sys.argv[1].split(",")
spark = spark_session(metastore=False, warehouse=settings().home / "warehouse")
def rows(table, *drop, where="true"):
    return sorted(map(str, spark.table(table).where(where).drop(*drop).collect())) if tables.exists(spark, table) else []
def state():
    seen = ledger.read(spark)
    newest = {(r.file, r.resource): r for r in seen}
    live = ledger.loads(newest.values())
    found = {"ledger": sorted(str((r.file, r.resource, r.verdict, r.reason, r.records_in, r.accepted, r.quarantined, r.duplicate,
        r.superseded, r.multiset)) for r in newest.values())}
    for n in names:
        found["silver." + n] = rows("silver.mz__" + n, "_loaded_from", "_loaded_to", where="_loaded_to IS NULL")
        found["quarantine." + n] = rows("quarantine.mz__" + n, "run_id")
        raw = spark.table("bronze.mz__" + n).select("_landing", "_contract_version", "_run", "_row", "_raw").collect() if (
            tables.exists(spark, "bronze.mz__" + n)) else []
        found["bronze." + n] = sorted(str((r[0], r[3], bytes(r[4]))) for r in raw if live.get((r[0], r[1])) == r[2])
    return found
print("ready", flush=True)
for line in sys.stdin:
    wanted, began = line.split(), time.monotonic()
    if wanted[0] == "state":
        print(json.dumps(state()), flush=True)
        continue
    if wanted[0] == "backfill":
        report = run_backfill(spark, datetime.fromisoformat(wanted[1]), datetime.fromisoformat(wanted[2]))
    else:
        report = run_ingest(spark)
    print(report.failed, file=sys.stderr, flush=True)
    print(json.dumps([report.ok, time.monotonic() - began]), flush=True)
"""


class Worker:
    """A process with a lake; `ask` gives None when it died."""

    def __init__(self, home: Path, conf: Path, names: list[str]) -> None:
        env = {**os.environ, "XIHU_HOME": str(home), "XIHU_CONF": str(conf)}
        self.log = (home.parent / "worker.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, ",".join(names)],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True,
        )  # fmt: skip
        assert self.read(600) == "ready"

    def read(self, patience: float) -> str | None:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], patience)[0]:
            return None
        return self.process.stdout.readline().strip()

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def ask(self, words: str) -> Any:
        self.tell(words)
        said = self.read(600)
        assert said, f"no answer to {words}"
        return json.loads(said)

    def kill(self, whole: bool) -> None:
        (os.killpg if whole else os.kill)(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


NAMES = {
    "one": ("mode: corrections", "甲"),
    "two": ("mode: snapshot\nscope: [month, area]\nabsence: ended\nmax_vanish: 1", "乙"),
}


class Life:
    """What the city sends and changes, round by round, the same for whoever asks with the same folder."""

    def __init__(self, folder: Path) -> None:
        # The scenarios' City, without a session of this process.
        spec = importlib.util.spec_from_file_location("scenario_city", Path(__file__).with_name("conftest.py"))
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.city = module.City(None, folder / "home", folder / "conf")
        (folder / "home").mkdir(parents=True)
        (folder / "conf" / "base").mkdir(parents=True)
        for name in ("codes", "facts"):
            shutil.copytree(module.CONF / name, folder / "conf" / name)
        shutil.copy(module.CONF / "spark-defaults.conf", folder / "conf")
        self.maximum = dict.fromkeys(NAMES, 400)

    def contract(self, name: str) -> None:
        mode, prefix = NAMES[name]
        self.city.contract(mode, name=name, prefix=prefix, maximum=self.maximum[name])

    def round(self, n: int) -> str:
        """Prepares round `n`; the command that is to be given."""
        from xihu.bronze.deliver import deliveries, withdraw

        os.environ["XIHU_HOME"], os.environ["XIHU_CONF"] = str(self.city.home), str(self.city.conf)
        if n == 0:
            for name in NAMES:
                self.contract(name)
        # One resource a round, the other stands by.
        mine = sorted(NAMES)[n // 2 % 2]
        dice = random.Random(f"{SEED} round {n}")
        kind = ("new", "late", "new", "withdraw", "new", "mend", "backfill")[n % 7]
        if kind == "withdraw" and (left := [d for d in deliveries() if d.withdrawal is None]):
            withdraw([dice.choice(left).delivery_id], "误报", "engineer")
        elif kind == "mend":
            self.maximum[mine] = 1000 - self.maximum[mine]
            self.contract(mine)
        elif kind == "backfill":
            return f"backfill {datetime(2016, 11, 1, tzinfo=UTC).isoformat()} {datetime(2016, 11, 9, tzinfo=UTC).isoformat()}"
        else:
            paths = []
            for prefix in [NAMES[mine][1]]:
                bad = dice.random()
                rows = [f"A{dice.randrange(40)},2016-{dice.randrange(9, 12):02d},{dice.choice(['西湖区', '上城区'])},{dice.randrange(900)}"
                        for _ in range(30)]  # fmt: skip
                rows = [r + "O" if dice.random() < bad / 5 else r for r in rows]
                paths.append(self.city.file(f"{prefix}_{n}.csv", rows))
            self.city.deliver(min(30, 2 + n) if kind == "new" else max(1, n - 3), *paths)
        return "ingest"


def commits(home: Path) -> int:
    return len(list((home / "warehouse").glob("*.db/*/_delta_log/*.json")))


def test_killed_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evidence: Callable[..., None]) -> None:
    began, rounds = time.monotonic(), KILLS * 3 // 2
    quiet, took, expected, sizes = Life(tmp_path / "quiet"), [], [], []
    for name in ("XIHU_HOME", "XIHU_CONF"):
        monkeypatch.setenv(name, "")
    worker = Worker(quiet.city.home, quiet.city.conf, list(NAMES))
    try:
        for n in range(rounds):
            command, before = quiet.round(n), commits(quiet.city.home)
            ok, seconds = worker.ask(command)
            assert ok, n
            took.append(seconds)
            sizes.append(commits(quiet.city.home) - before)
            expected.append(worker.ask("state"))
    finally:
        worker.close()
    life, dice = Life(tmp_path / "life"), random.Random(SEED)
    kills = lost = doubled = 0
    progress: list[tuple[int, int]] = []
    worker = Worker(life.city.home, life.city.conf, list(NAMES))
    try:
        for n in range(rounds):
            if kills >= KILLS:
                break
            command, before = life.round(n), commits(life.city.home)
            worker.tell(command)
            if worker.read(dice.random() * took[n] * 0.95) is None:
                worker.kill(whole=dice.random() < 0.7)
                kills += 1
                progress.append((commits(life.city.home) - before, sizes[n]))
                worker.close()
                worker = Worker(life.city.home, life.city.conf, list(NAMES))
                ok, _ = worker.ask(command)
                assert ok, (n, command)
            state = worker.ask("state")
            for table in expected[n].keys() | state.keys():
                was, now = Counter(expected[n].get(table, [])), Counter(state.get(table, []))
                lost += (was - now).total()
                doubled += (now - was).total()
                assert now == was, (n, command, table)
        assert worker.ask("ingest")[0] and worker.ask("state") == state, "once is enough"
    finally:
        worker.close()
        # Which deaths came when how much was written: commits made, of those that the round makes.
        rows = sum(len(v) for k, v in expected[n].items() if k.startswith("silver"))
        seconds = round(time.monotonic() - began, 1)
        evidence("spark, SIGKILL", story="one lake", points=kills, lost=lost, doubled=doubled, seed=SEED, rows=rows, progress=progress,
                 seconds=seconds)  # fmt: skip
    assert kills >= min(KILLS, 25) and any(0 < a < b for a, b in progress)
