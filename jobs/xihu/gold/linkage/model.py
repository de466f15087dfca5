"""Parameters of linkage (`conf/policy/models/linkage.json`)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xihu.gold.linkage.levels import LEVELS
from xihu.settings import settings


class ModelError(ValueError):
    """The parameter file does not hold what it must; the text names file and entry."""


@dataclass(frozen=True)
class Model:
    """Fixed parameters.

    prior: probability that two records taken at random are one person. weights: comparison → level → (m, u). upper, lower: match weights
    (log2) above which a pair links, below which it is forgotten; margin: by how much the best must lead. crowd: how many names may share a
    phone, an address, a household before these say nothing. block: how many mentions a block may hold.
    """

    version: str
    prior: float
    upper: float
    lower: float
    margin: float
    crowd: Mapping[str, int]
    block: int
    weights: Mapping[str, Mapping[str, tuple[float, float]]]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def weight(self, comparison: str, level: str) -> float:
        """log2(m/u) of a level; 0 where something is missing."""
        if level == "null":
            return 0.0
        m, u = self.weights[comparison][level]
        return math.log2(m / u)

    @property
    def prior_weight(self) -> float:
        return math.log2(self.prior / (1 - self.prior))


def load_model(path: Path | None = None) -> Model:
    """Reads and validates the parameter file.

    Raises:
        ModelError: a level is missing or unknown, a probability is none, thresholds do not stand in order, or two levels of a comparison
            weigh the same (the weight names the level in the evidence).
    """
    file = path or settings().conf / "policy" / "models" / "linkage.json"
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        weights = {c: {n: (float(p["m"]), float(p["u"])) for n, p in levels.items()} for c, levels in raw["weights"].items()}
        model = Model(
            version=str(raw["version"]),
            prior=float(raw["prior"]),
            upper=float(raw["thresholds"]["upper"]),
            lower=float(raw["thresholds"]["lower"]),
            margin=float(raw["thresholds"]["margin"]),
            crowd={k: int(v) for k, v in raw["crowd"].items()},
            block=int(raw["block"]),
            weights=weights,
            provenance=raw.get("provenance", {}),
        )
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ModelError(f"{file}: {problem!r}") from problem
    for comparison, levels in LEVELS.items():
        wanted = [name for name, _ in levels if name != "null"]
        if sorted(wanted) != sorted(model.weights.get(comparison, {})):
            raise ModelError(f"{file}: weights.{comparison} must hold exactly {', '.join(wanted)}")
        if any(not 0 < p < 1 for pair in model.weights[comparison].values() for p in pair):
            raise ModelError(f"{file}: weights.{comparison}: m and u lie between 0 and 1")
        found = [round(model.weight(comparison, name), 6) for name in wanted]
        if len(set(found)) < len(found) or 0.0 in found:
            raise ModelError(f"{file}: weights.{comparison}: two levels weigh the same, or one weighs nothing")
    if (
        not model.lower < model.upper
        or model.margin < 0
        or not 0 < model.prior < 1
        or set(model.crowd) != {"phone", "address", "household"}
    ):
        raise ModelError(f"{file}: thresholds, prior or crowd")
    return model
