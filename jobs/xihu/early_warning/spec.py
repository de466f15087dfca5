"""What a model predicts and how it is judged: `conf/policy/models/<model>.yaml`, validated."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from xihu.settings import settings


class SpecError(ValueError):
    """A model's policy file does not validate; the text names file and field."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Population(_Strict):
    """Who can lapse. Ages are full years; `max_age` is the age at which paying ends."""

    scheme: str
    min_age: int = 16
    max_age: int = 60
    yearly: bool = True


class Label(_Strict):
    """When a year is settled and which ends of membership are not lapses."""

    exits: list[Literal["died", "moved_out", "employee_pension", "draws_pension", "student"]]
    settle_days: int = Field(31, ge=0)
    min_lead_days: int = Field(31, ge=0)


class Feature(_Strict):
    """One input: its Chinese title, the gold table it comes from, and how it is said when it raises the score."""

    title: str
    source: str
    high: str
    low: str
    unit: str | None = None


class Capacity(_Strict):
    """Visits per division and year; fixed before results are looked at."""

    level: Literal["district", "street"] = "district"
    default: int = Field(30, ge=1)
    by_division: dict[str, int] = {}

    @property
    def width(self) -> int:
        """Leading digits of a division code that name a unit of this level."""
        return 6 if self.level == "district" else 9

    def of(self, division: str) -> int:
        return self.by_division.get(division, self.default)


class Group(_Strict):
    title: str
    values: dict[str, str] = {}


class Gate(_Strict):
    """What a version must show before it may warn anybody."""

    required: list[str]
    max_gap: float = Field(0.05, ge=0, le=1)
    min_positives: int = Field(30, ge=1)
    max_ece: float = 0.05
    calibration_slope: tuple[float, float] = (0.7, 1.3)


class Training(_Strict):
    seed: int
    max_rows: int = 400_000
    min_positives: int = 60
    folds: int = Field(3, ge=2)
    bootstrap: int = Field(200, ge=20)
    material_change: float = 0.05


class ModelSpec(_Strict):
    """One model's policy, as written in YAML."""

    model: str
    title: str
    programme: str
    owner: str
    law: str
    purpose: str
    limits: list[str] = []
    population: Population
    label: Label
    features: dict[str, Feature]
    exclude: list[str]
    capacity: Capacity
    groups: dict[str, Group]
    gate: Gate
    training: Training

    @model_validator(mode="after")
    def _no_leak(self) -> ModelSpec:
        banned = {e.replace(":", ".") for e in self.exclude}
        for name, feature in self.features.items():
            source = feature.source.removeprefix("gold.")
            if source in banned or name in banned or any(b.startswith(f"{source}.") and b.endswith(f".{name}") for b in banned):
                raise ValueError(f"feature {name} comes from {feature.source}, which stands in `exclude`")
        return self

    @property
    def feature_names(self) -> list[str]:
        return list(self.features)


def load_spec(model: str = "pension_lapse", conf: Path | None = None) -> ModelSpec:
    """The policy of `model`.

    Raises:
        SpecError: the file is missing, is not YAML, or does not validate.
    """
    path = (conf or settings().conf) / "policy" / "models" / f"{model}.yaml"
    try:
        return ModelSpec.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as e:
        raise SpecError(f"{path}: {e}") from e
    except ValidationError as e:
        raise SpecError("; ".join(f"{path}: {'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())) from e
