"""Precision and recall on made cities with the truth beside: small here, large in the soak; the model was set on other names."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from linkage_world import DIRT, measure, world
from xihu.gold.linkage import link, load_model

LEAST = 300  # true pairs below which a group's share says nothing


def judged(names: str, size: int, level: str, seed: int) -> dict[str, Any]:
    made = world(seed, names, size, level)
    started = time.perf_counter()
    linked = link(made.mentions, [], load_model())
    seconds = time.perf_counter() - started
    return {**measure(made, linked.clusters), "seconds": seconds, "queue": linked.pairs["kind"].to_pylist().count("review")}


def test_a_small_city_of_another_list_of_names() -> None:
    found = judged("river", 700, "usual", 23)
    assert found["precision"] >= 0.999
    assert found["recall"] >= 0.98
    assert found["b3_precision"] >= 0.999 and found["b3_recall"] >= 0.98


@pytest.mark.soak
@pytest.mark.parametrize("level", list(DIRT))
def test_soak_quality(level: str, evidence) -> None:
    size = int(os.environ.get("XIHU_LINKAGE_PERSONS", "50000"))
    found = judged("river", size, level, 2016)
    evidence("linkage", level=level, **{k: v for k, v in found.items() if k != "groups"}, groups=found["groups"])
    assert found["precision"] >= 0.999
    assert found["recall"] >= 0.98
    for what in ("minority", "sex"):
        cells = {k: v for k, v in found["groups"][what].items() if v["pairs"] >= LEAST}
        assert min(c["recall"] for c in cells.values()) >= found["recall"] - 0.01, cells
