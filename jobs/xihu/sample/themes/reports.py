"""What report sheets have above their header, and a personal number that fails its check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from xihu.sample.forms.sheets import Cell


def heading(title: str, unit: str, filed: date, columns: int) -> list[Sequence[Cell]]:
    """The merged title, then the line with the unit at the left and the date of filing in the last but one of `columns`."""
    gap: list[Cell] = [None] * max(columns - 3, 0)
    return [[title], [unit, *gap, f"填报日期：{filed.year}年{filed.month}月{filed.day}日"]]


def wrong_check(id18: str) -> str:
    """The number with a check digit that is not its own."""
    return id18[:-1] + ("7" if id18[-1] != "7" else "5")
