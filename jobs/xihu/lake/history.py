"""Reading history: what was true at one instant, as known at another."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def _bounds(df: DataFrame, stem: str) -> tuple[str, str] | None:
    """The pair of columns, with the leading underscore of silver or without it."""
    for prefix in ("_", ""):
        pair = (f"{prefix}{stem}_from", f"{prefix}{stem}_to")
        if set(pair) <= set(df.columns):
            return pair
    return None


def asof(df: DataFrame, valid_at: date | datetime | Column | None, known_at: datetime | Column | None) -> DataFrame:
    """Rows of the current computation that held at `valid_at`, as known at `known_at`.

    Args:
        df: a table of silver (columns `_known_from …`) or gold (`known_from …`). Intervals are half-open, an open end is NULL.
        valid_at: DATE or instant; None leaves valid time alone. A table without valid_* is not restricted by it; silver's `_valid_to` is.
        known_at: instant (UTC when naive); None means all that is known now.
    """
    from pyspark.sql import functions as F

    def held(start: Column, end: Column, at: Column) -> Column:
        return (start.isNull() | (start <= at)) & (end.isNull() | (end > at))

    def lit(value: date | datetime | Column) -> Column:
        return F.lit(value) if isinstance(value, date) else value

    loaded = _bounds(df, "loaded")
    if loaded:
        df = df.where(F.col(loaded[1]).isNull())
    known = _bounds(df, "known")
    if known:
        start, end = F.col(known[0]), F.col(known[1])
        df = df.where(end.isNull() if known_at is None else held(start, end, lit(known_at)))
    if valid_at is not None:
        valid = _bounds(df, "valid")
        if valid:
            df = df.where(held(F.col(valid[0]), F.col(valid[1]), lit(valid_at)))
        elif "_valid_to" in df.columns:
            df = df.where(F.col("_valid_to").isNull() | (F.col("_valid_to") > lit(valid_at)))
    return df
