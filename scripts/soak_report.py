"""Write docs/evidence/soak.md from what the long tests noted.

python scripts/soak_report.py --run parts,spark,sigkill,fuzz,mutation     # runs them (hours), then writes
python scripts/soak_report.py FILE…                                       # lines of JSON that runs with XIHU_EVIDENCE=FILE noted
"""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "evidence" / "soak.md"
FINDINGS = ROOT / "docs" / "evidence" / "soak_findings.md"
TESTS = {
    "parts": "tests/unit/test_killed_parts.py",
    "spark": "tests/scenario/test_soak_killed.py",
    "sigkill": "tests/scenario/test_soak_sigkill.py",
    "fuzz": "tests/unit/test_fuzz.py",
    "mutation": "tests/unit/test_mutated_readers.py",
}
Notes = dict[str, list[dict[str, Any]]]


def run(names: Iterable[str], file: Path) -> int:
    """The named tests, soak and short; the worst exit code."""
    worst = 0
    for name in names:
        command = [sys.executable, "-m", "pytest", TESTS[name], "-m", "soak or not soak", "-q", "--timeout", "14400"]
        worst = max(worst, subprocess.run(command, cwd=ROOT, env={**os.environ, "XIHU_EVIDENCE": str(file)}, check=False).returncode)
    return worst


def read(files: Iterable[Path]) -> Notes:
    found: Notes = defaultdict(list)
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            note = json.loads(line)
            found[note["part"]].append(note)
    return found


def table(titles: list[str], rows: list[list[Any]]) -> str:
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "---:|" * (len(titles) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(f"{c:,}" if isinstance(c, int) else str(c) for c in r) + " |" for r in rows)]) + "\n"


def total(rows: list[dict[str, Any]], name: str) -> int:
    return sum(r.get(name, 0) for r in rows)


def machine() -> str:
    memory = int(next(x for x in Path("/proc/meminfo").read_text().splitlines() if x.startswith("MemTotal")).split()[1]) / 1e6
    spark = f"PySpark {version('pyspark')}, Delta {version('delta-spark')}, PyArrow {version('pyarrow')}"
    return (
        f"{os.cpu_count()} cores, {memory:.1f} GB of memory shared with other work, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {spark}"
    )


def killed(notes: Notes) -> str:
    parts, written, dead = notes["without JVM"], notes["spark, by write"], notes["spark, SIGKILL"]
    out = ["## Kill points without a JVM\n"]
    if parts:
        names = ("points", "power", "twice", "moments")
        rows = [[p["story"], p["steps"], *(p[n] for n in names), sum(p[n] for n in names), p["seconds"]] for p in parts]
        rows.append(["**all**", *(total(parts, n) for n in ("steps", *names)), sum(r[6] for r in rows), round(total(parts, "seconds"), 1)])
        out.append(
            "Each point: the work is begun, dies there, what readers see is checked to be whole, the work is done again by another process, "
            "and everything on disk is compared with an undisturbed run, left-over files included. "
            "*Steps* are the file-system steps of the work (every one of them is a point); *power*: the machine goes down with the process and "
            "loses what was not synced to files; *twice*: the recovery was killed as well; *moments*: SIGKILL after a random time.\n"
        )
        out.append(table(["Work", "Steps", "Process dies", "Power", "Twice", "Moments", "Points", "Seconds"], rows))
        out.append(f"Lost, doubled, half-visible or left over: **0** of {rows[-1][6]:,} points. Seed {parts[0]['seed']}.\n")
    out.append("\n## Kill points of Spark\n")
    if written:
        rows = [[p["story"], p["moments"], p["points"], p["lost"], p["doubled"], p["seconds"]] for p in written]
        rows.append(
            ["**all**", *(total(written, n) for n in ("moments", "points", "lost", "doubled")), round(total(written, "seconds"), 1)]
        )
        out.append(
            "Before or after a write or a named failpoint; from there on no thread of the run writes. The run is then started again; all rows of "
            "bronze, silver, quarantine, ledger, deliveries, quality and runs, run numbers included, are compared with an undisturbed run "
            "(where the contract was mended while the lake was down: what stands under it). *Moments* are those the run has.\n"
        )
        out.append(table(["Kind of run", "Moments", "Points", "Rows lost", "Rows doubled", "Seconds"], rows))
    if dead:
        points = total(dead, "points")
        deaths = [p for d in dead for p in d["progress"]]
        early, late = sum(a == 0 for a, _ in deaths), sum(a >= b for a, b in deaths)
        out.append(
            f"\nSIGKILL at random moments of a real process (the group, or Python alone): **{points}** deaths in one lake's life, rows lost "
            f"{total(dead, 'lost')}, doubled {total(dead, 'doubled')}; {early} before the first commit of the work, {late} when all its "
            f"commits were made, {len(deaths) - early - late} in between. {round(total(dead, 'seconds'), 1)} s, seed {dead[0]['seed']}.\n"
        )
    out.append(f"\nPoints of Spark together: **{total(written, 'points') + total(dead, 'points')}**.\n")
    return "\n".join(out)


def fuzzed(notes: Notes) -> str:
    names = ("inputs", "refused", "quarantined", "accepted", "disagreed", "records")
    merged: dict[str, dict[str, Any]] = {}
    # One seed gives one sequence of inputs: the longer run of it holds the shorter one.
    longest = {(n["format"], n["seed"]): n for n in sorted(notes["fuzzing"], key=lambda n: n["inputs"])}
    for n in longest.values():
        m = merged.setdefault(n["format"], dict.fromkeys((*names, "seconds", "wall"), 0) | {"crashes": []})
        for k in (*names, "seconds", "wall", "crashes"):
            m[k] += n[k]
    rows = [
        [f, m["inputs"], m["refused"], m["quarantined"], m["accepted"], m["disagreed"], len(m["crashes"]), round(m["wall"]), round(m["seconds"])]
        for f, m in merged.items()
    ]  # fmt: skip
    if not rows:
        return ""
    rows.append(["**all**", *(sum(r[i] for r in rows) for i in range(1, 9))])
    return (
        "\n## Fuzzing of each reader\n\nNamed inputs, good and bad ones, damaged further, and taken the whole way: delivered, judged, counted, read, typed. "
        "*Disagreed*: reader and independent counter saw different records, which ends as the refusal `conservation`. "
        "*Crashes*: an error without a name, more than 60 s, or more than 4 GB.\n\n"
        + table(["Format", "Inputs", "Refused", "Some quarantined", "Accepted", "Disagreed", "Crashes", "Seconds", "of CPU"], rows)
    )


def mutated(notes: Notes) -> str:
    inside = {n["format"]: n["inside"] for n in notes["mutation inside"]}
    rows = [[n["format"], n["drop"], n["double"], n["change"], inside.get(n["format"], "—")] for n in notes["mutation"]]
    if not rows:
        return ""
    return (
        "\n## Mutated readers\n\nThe reader of each format with one record dropped, doubled or changed by a byte as it is handed out, and with one lost inside "
        "where records are collected: what the books say.\n\n" + table(["Format", "Dropped", "Doubled", "Changed", "Lost inside"], rows)
    )  # fmt: skip


def render(notes: Notes) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    head = (
        "# Kill points, fuzzing, mutated readers\n\n"
        f"Written by `scripts/soak_report.py` at {commit}. Machine: {machine()}.\n\n"
        "Again: `python scripts/soak_report.py --run parts,spark,sigkill,fuzz,mutation` (`XIHU_SOAK_POINTS`, `XIHU_SOAK_KILLS`, `XIHU_FUZZ` seconds a "
        "reader, `XIHU_FUZZ_SEED`). A choice of the points without a JVM and the mutated readers run in `make test`.\n\n"
    )
    found = FINDINGS.read_text("utf-8") if FINDINGS.exists() else ""
    return head + killed(notes) + fuzzed(notes) + mutated(notes) + ("\n" + found if found else "")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--run"]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "notes.jsonl"
            file.touch()
            code = run(arguments[1].split(","), file)
            PAGE.write_text(render(read([file])), "utf-8")
        return code
    PAGE.write_text(render(read(map(Path, arguments))), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
