"""What each step from the sender's file to written bronze costs in one process without Spark: `python -m benchmarks.ingest.steps [ROWS]`.

CPU seconds (user and system, all threads) of the best of the rounds, and the peak of resident memory.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.ingest import generate

_WORKER = "reading, write, proof"
TEMPLATE = Path(__file__).parent / "contract.yaml"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest.steps", description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quoted", type=float, default=0.0)
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/xihu-bench/steps"))
    given = parser.parse_args()
    data = given.work / f"{given.rows}-{given.quoted}.csv"
    if not data.exists():
        generate.write(data, given.rows, 1, given.quoted)
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=given.work) as scratch:
        for _ in range(given.rounds):
            for name, cost in _round(data, Path(scratch)).items():
                best[name] = min(cost, best.get(name, cost))
    best["write"] = best.pop(_WORKER) - best["reading"] - best["proof"]
    for name, cost in [*best.items(), ("together", sum(best.values()))]:
        print(f"{name:22} {cost:7.2f} s {cost / given.rows * 1e6:7.2f} s a million")
    print(f"peak RSS {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _round(data: Path, scratch: Path) -> dict[str, float]:
    from xihu.bronze import bulk, deliver, gate
    from xihu.bronze.count import count
    from xihu.bronze.schema import Refusal
    from xihu.bronze.sources import reader, records
    from xihu.contract.models import Contract
    from xihu.contract.source import read_source

    written = scratch / "main.yaml"
    written.write_text(TEMPLATE.read_text("utf-8").format(number="0901", prefix="main"), "utf-8")
    contract = Contract.model_validate(read_source(written, "main.yaml").data).placed("bench", "main")
    costs: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begun = _cpu()
        outcome = work()
        costs[name] = _cpu() - begun
        return outcome

    copy, folder = scratch / "main_201610.csv", scratch / "table"
    copy.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    timed("copy and digest", lambda: deliver._copy(data, copy))
    timed("digest again", lambda: gate._digest(copy))
    module = reader("csv")
    inspection = timed("inspection", lambda: module.inspect(copy, contract))
    if isinstance(inspection, Refusal):
        raise SystemExit(str(inspection))
    counted = timed("independent count", lambda: count(copy, contract))
    timed("reading", lambda: sum(b.num_rows for b in records(copy, contract, inspection, "x", None)))
    at = datetime(2016, 11, 5, 1, tzinfo=UTC)
    tasks = [[bulk.Stretch(copy, inspection, i, "x", "d", at, 1)] for i in range(len(inspection.extra["splits"]))]
    made = timed(_WORKER, lambda: [bulk.write_task(t, contract, 1, folder) for t in tasks])
    names = [folder / m.file.name for m in made if m.file]
    looks = timed("proof", lambda: [bulk.second_look(n) for n in names])
    found = [look["x"] for look in looks]
    if (sum(n for n, _ in found), str(sum(s for _, s in found) % 2**64)) != (counted.records, counted.multiset):
        raise SystemExit("what was written is not what was counted")
    return costs


if __name__ == "__main__":
    main()
