"""Addresses a second, and how many claims hold, on a made-up city: python -m benchmarks.base.addresses [--places N] [--texts N]."""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from benchmarks.base.address_world import World, expected, tally
from xihu.standards.address import AddressIndex, match
from xihu.standards.codes import load_codes
from xihu.standards.crosswalks import load_crosswalks

CODES = Path(__file__).resolve().parents[2] / "conf" / "codes"
DAY = date(2016, 12, 5)


def ready(seed: int, places: int) -> tuple[World, AddressIndex, float]:
    """A city, its register indexed, and the CPU seconds of indexing."""
    codes = load_codes(CODES)
    walks = load_crosswalks(CODES / "crosswalks", codes)
    rows = [r for r in codes["street"].rows if r.valid(DAY) and r.extra["kind"] != "area"]
    names = {r.code: r.name for r in codes["divisions"].rows}
    world = World(seed, [(r.code, r.name, r.extra["division"], names[r.extra["division"]]) for r in rows], places)
    register = world.register()
    start = time.process_time()
    index = AddressIndex.of(register, codes, walks, DAY)
    return world, index, time.process_time() - start


def figures(world: World, index: AddressIndex, texts: int, dirt: int, seed: int = 0) -> dict[str, Any]:
    """Addresses a CPU second of one core, right claims by grade, and the share of listed places that are matched as finely as they are."""
    cases = list(world.cases(texts, dirt, seed))
    start = time.process_time()
    found = [match(case.text, index) for case in cases]
    spent = time.process_time() - start
    grades = tally(zip(cases, found, strict=True))
    claims, good = (sum(counts[i] for grade, counts in grades.items() if grade != "F") for i in (0, 1))
    listed = [m.grade <= expected(c.truth[0]) for c, m in zip(cases, found, strict=True) if c.truth[0].id]
    return {
        "dirt": dirt, "texts": texts, "per_second": round(texts / spent), "grades": {g: list(counts) for g, counts in grades.items()},
        "precision": round(good / claims, 5), "matched": round(sum(listed) / len(listed), 4),
    }  # fmt: skip


def main() -> None:
    """Prints a line of JSON for each level of dirt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=200_000)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    world, index, seconds = ready(given.seed, given.places)
    memory = round(psutil.Process().memory_info().rss / 1e6)
    print(json.dumps({"rows": len(world.listed), "index_seconds": round(seconds, 2), "rss_mb": memory}))
    for dirt in (0, 1, 2, 3, 5):
        print(json.dumps(figures(world, index, given.texts, dirt, given.seed)))


if __name__ == "__main__":
    main()
