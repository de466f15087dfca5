"""`python -m benchmarks.ingest [--rows 2000000] [--rounds 3] [--work DIR]`: all contenders side by side, alternated, as a table."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.ingest import generate

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venvs" / "bench" / "bin" / "python"
WARM_ROWS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quoted", type=float, default=0.0, help="share of records with a quoted cell that holds a comma")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/xihu-bench"), help="scratch space; 2 GB for 2 million rows")
    parser.add_argument("--only", nargs="+", default=["duckdb", "polars", "spark", "xihu"])
    given = parser.parse_args()
    warm = _extract(given.work, WARM_ROWS, 9, given.quoted)
    for rows in given.rows:
        data = _extract(given.work, rows, 1, given.quoted)
        expected = json.loads(data.with_suffix(".json").read_text("utf-8"))
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for turn in range(given.rounds):
            order = given.only if turn % 2 == 0 else given.only[::-1]
            for name in order:
                outcome = _run(name, data, warm, given.work / "run")
                found[name].append(outcome)
                print(f"{rows:,} rows, round {turn + 1}: {name} {json.dumps(outcome, ensure_ascii=False)}", file=sys.stderr, flush=True)
                if name == "xihu":
                    _prove(outcome, expected)
        print(table(rows, found), flush=True)


def _extract(work: Path, rows: int, seed: int, quoted: float) -> Path:
    path = work / "data" / f"{rows}-{seed}-{quoted}.csv"
    if not path.with_suffix(".utf8.csv").exists():
        generate.write(path, rows, seed, quoted)
        generate.decoded(path)
    return path


def _run(name: str, data: Path, warm: Path, work: Path) -> dict[str, Any]:
    python = str(PEERS) if name in ("duckdb", "polars") else sys.executable
    command = [python, "-m", "benchmarks.ingest.contenders", name, str(data), str(warm), str(work / name)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, env=os.environ)
    shutil.rmtree(work / name, ignore_errors=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def _prove(outcome: dict[str, Any], expected: dict[str, Any]) -> None:
    """A fast load that loses a record is no load: what came of the extract is what was planted in it."""
    ledger = outcome["ledger"]
    told = {"rows": ledger["records_in"], "quarantined": outcome["quarantined"], "duplicate": ledger["duplicate"]}
    if told != {k: expected[k] for k in told}:
        raise SystemExit(f"wrong outcome: {told}, planted {expected}")


def table(rows: int, found: dict[str, list[dict[str, Any]]]) -> str:
    """Medians of the rounds, and CPU as a multiple of Xihu's to committed bronze."""
    lines = [
        f"{rows:,} rows",
        "| | CPU s | wall s | CPU s a million rows | peak RSS MB | CPU of all rounds |",
        "|---|---:|---:|---:|---:|---|",
    ]

    def line(label: str, runs: list[dict[str, Any]], memory: float) -> float:
        cpu = statistics.median(r["cpu"] for r in runs)
        wall = statistics.median(r["wall"] for r in runs)
        rounds = ", ".join(f"{r['cpu']:.1f}" for r in runs)
        lines.append(f"| {label} | {cpu:.1f} | {wall:.1f} | {cpu / rows * 1e6:.2f} | {memory / 1e6:.0f} | {rounds} |")
        return cpu

    medians = {}
    for name, runs in found.items():
        memory = statistics.median(r["memory"]["rss"] for r in runs)
        medians[name] = line("xihu, to committed bronze" if name == "xihu" else name, runs, memory)
        if name == "xihu":
            medians["silver"] = line("xihu, silver to ledger", [r["silver"] for r in runs], memory)
    for peer in ("spark", "duckdb", "polars"):
        if peer in medians and "xihu" in medians:
            lines.append(f"\nbronze / {peer}: {medians['xihu'] / medians[peer]:.2f}")
    if "silver" in medians:
        lines.append(f"\nsilver / bronze: {medians['silver'] / medians['xihu']:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
