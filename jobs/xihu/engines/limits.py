"""What an operator may change about the engines of one lake: `<home>/engines.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xihu.engines.errors import EngineError
from xihu.lake import durable
from xihu.settings import Settings


class Limits(BaseModel):
    """Sizes in MB (2^20 bytes), disk in GB (10^9 bytes)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trino_heap_mb: int = Field(default=2048, ge=32)
    metastore_heap_mb: int = Field(default=512, ge=64)
    min_free_gb: float = Field(default=2.0, ge=0)


def limits_file(s: Settings) -> Path:
    return s.home / "engines.yaml"


def limits(s: Settings) -> Limits:
    """The limits of this lake.

    Raises:
        EngineError: the file is not YAML, or holds an unknown name or an impossible number.
    """
    file = limits_file(s)
    if not file.exists():
        return Limits()
    try:
        return Limits(**(yaml.safe_load(file.read_text("utf-8")) or {}))
    except (yaml.YAMLError, ValidationError, TypeError, OSError) as error:
        raise EngineError(f"{file}: {error}", f"mend or remove the file; names it may hold: {', '.join(Limits.model_fields)}") from error


def change_limits(s: Settings, **values: int | float) -> Limits:
    """Write new values beside those that stand in the file."""
    new = Limits(**{**limits(s).model_dump(exclude_defaults=True), **values})
    file = limits_file(s)
    durable.replace(file, yaml.safe_dump(new.model_dump(exclude_defaults=True)).encode())
    return new
