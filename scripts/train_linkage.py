"""Estimates the parameters of linkage on a made city and writes conf/policy/models/linkage.json.

    python scripts/train_linkage.py [--size 6000] [--seed 11] [--out conf/policy/models/linkage.json]

m (how often one person's two records agree) comes from labels of the city "hill" at three levels of dirt, with Splink's EM beside it
as a check (in the provenance). u (how often two persons' records agree) of weak levels comes from random pairs; of levels that are rare
among millions it cannot be seen in thousands and is set from figures of a city of ten million: shares of names in the bands of
`person_names.band`, one birth date in 27,000, one mobile number of a family in three million, thirteen districts, some 190 streets.
Thresholds are not estimated: they say how sure a machine must be before it acts alone, and stand in this file.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "jobs")]

# u of levels that are too rare to be sampled, and why.
SET_U = {
    "name": {"equal_0": 3e-5, "equal_1": 7e-6, "equal_2": 1e-6, "equal_3": 3e-7, "holes": 1e-6, "near": 2e-7,
             "homophone": 1.3e-6, "pinyin": 8e-7,
             "swapped": 2e-7, "prefixed": 4e-7, "initials": 6e-4},
    "birth": {"equal_default": 2e-6, "equal": 3.7e-5, "swapped": 1.2e-5, "year_default": 9e-5},
    "phone": {"equal": 1e-6},
    "place": {"household": 4e-7, "address": 1e-6, "street": 0.006},
    "relation": {"equal": 0.3, "different": 0.7},
}  # fmt: skip
# Weights are not let grow beyond what registers of one family bear: its members share a roof, so a roof says less than chance would.
CAP = {"place": {"household": 13.0, "address": 11.0}, "phone": {"equal": 15.0}}
# A level that real registers show more often than a made city does.
FLOOR_M = {
    "name": {
        "different": 0.004,
        "surname": 0.004,
        "given": 0.003,
        "initials": 0.001, "near": 0.003,
        "swapped": 0.002,
        "prefixed": 0.003,
        "one_differs": 0.006,
    },
    "birth": {"different": 0.004, "same_year": 0.003},
    "sex": {"different": 0.004},
    "place": {"household": 0.3, "division": 0.25, "different": 0.22},
    "relation": {"equal": 0.9, "different": 0.06},
}  # fmt: skip
THRESHOLDS = {"upper": 9.0, "lower": 2.0, "margin": 4.0}
CROWD = {"phone": 5, "address": 12, "household": 12}
BLOCK = 200
PRIOR = 1e-7  # one in ten million
LEVELS_OF_DIRT = ("clean", "usual", "dirty")


def blank() -> Any:
    """A model that weighs nothing yet: what the levels are must not depend on an older file."""
    from xihu.gold.linkage import Model
    from xihu.gold.linkage.levels import LEVELS

    weights = {c: {name: (0.5, 0.1) for name, _ in levels if name != "null"} for c, levels in LEVELS.items()}
    return Model("0", PRIOR, 9.0, 2.0, 4.0, CROWD, BLOCK, weights)


def compared(names: str, seed: int, size: int, level: str) -> tuple[Any, dict[str, int]]:
    """The prepared columns of a city's mentions, as the levels read them, and the truth."""
    from linkage_world import world
    from xihu.gold.linkage import candidates, score
    from xihu.gold.linkage.link import connect
    from xihu.gold.linkage.prepare import prepare

    made = world(seed, names, size, level)
    con = connect()
    prepare(con, made.mentions)
    candidates.crowded(con, blank())
    con.execute("create temp table candidate as select handle as l, handle as r from m")
    con.execute(score._INPUT)
    return con.sql("select * from compared").to_arrow_table(), made.truth


def estimate(size: int, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """m of labels, u of random pairs, and m by EM, per comparison and level."""
    import pyarrow as pa
    from splink import DuckDBAPI, Linker, block_on

    from xihu.gold.linkage.levels import LEVELS, splink_settings

    tables = []
    for i, level in enumerate(LEVELS_OF_DIRT):
        table, truth = compared("hill", seed + i, size, level)
        person = pa.array([i * 10_000_000 + truth[h] for h in table["handle"].to_pylist()], pa.int64())
        handle = pa.array([f"{i}{h}" for h in table["handle"].to_pylist()])
        tables.append(table.set_column(table.schema.get_field_index("handle"), "handle", handle).append_column("person", person))
    settings = splink_settings(blank())
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("m_probability", None), level.pop("u_probability", None)
    api = DuckDBAPI()
    linker = Linker(api.register(pa.concat_tables(tables)), settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e6, seed=seed)
    u = parameters(linker, "u_probability")
    linker.training.estimate_m_from_label_column("person")
    labelled = parameters(linker, "m_probability")
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("birth", "sex"), fix_u_probabilities=True)
    em = parameters(linker, "m_probability")
    assert set(labelled) == set(LEVELS)
    return {"m": labelled, "u": u, "em": em}


def parameters(linker: Any, which: str) -> dict[str, dict[str, float]]:
    found = linker.misc.save_model_to_json()
    return {
        c["output_column_name"]: {
            level["label_for_charts"]: float(level.get(which) or 0.0) for level in c["comparison_levels"] if not level.get("is_null_level")
        }
        for c in found["comparisons"]
    }


def combine(found: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """The weights: m of labels with floors, u of samples or set, weights capped."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for comparison, levels in found["m"].items():
        out[comparison] = {}
        for level, m in levels.items():
            m = min(max(m, FLOOR_M.get(comparison, {}).get(level, 5e-4)), 0.999)
            u = SET_U.get(comparison, {}).get(level) or max(found["u"][comparison].get(level, 0.0), 1e-4)
            cap = CAP.get(comparison, {}).get(level)
            if cap and math.log2(m / u) > cap:
                u = m / 2**cap
            if abs(math.log2(m / u)) < 0.01:
                u = m / 1.01
            out[comparison][level] = {"m": float(f"{m:.4g}"), "u": float(f"{min(u, 0.999):.4g}")}
    return out


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=6000)
    arguments.add_argument("--seed", type=int, default=11)
    arguments.add_argument("--version", default="1")
    arguments.add_argument("--out", type=Path, default=ROOT / "conf" / "policy" / "models" / "linkage.json")
    given = arguments.parse_args()
    found = estimate(given.size, given.seed)
    model = {
        "version": given.version,
        "prior": PRIOR,
        "thresholds": THRESHOLDS,
        "crowd": CROWD,
        "block": BLOCK,
        "weights": combine(found),
        "provenance": {
            "made_by": "scripts/train_linkage.py",
            "population": f"tests/linkage_world.py, names hill, {given.size} persons at each of {', '.join(LEVELS_OF_DIRT)}",
            "seed": given.seed,
            "m": "labels, with floors; EM (Splink, blocked on birth and sex) beside it",
            "u": "random pairs; rare levels set for a city of ten million",
            "set_u": SET_U,
            "em_m": {
                c: {k: float(f"{v:.3g}") for k, v in levels.items()} for c, levels in found["em"].items() if c not in ("birth", "sex")
            },
        },
    }
    given.out.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
