"""Dates, months, years and instants as departments write them (extract archetypes F1 and F2).

A form is a small pattern: `YYYY` or `Y` year, `YY` or `y` two-digit year, `MM` two digits, `M` or `m` one or two, `MMM` or `b` English month
name, `DD` two digits, `D` or `d` one or two; anything else stands for itself, `[…]` is optional and may follow only the head. Also `excel`
(serial) and `epoch_ms`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST, LAST = date(1800, 1, 1), date(2200, 1, 1)
EXCEL_1900, EXCEL_1904 = date(1899, 12, 30), date(1904, 1, 1)
SERIALS = frozenset({"excel"})
DEFAULT_FORMS = ("YYYYMMDD", "YYYY-M-D", "YYYY/M/D", "YYYY.M[.D]", "YYYY年M月D日", "excel")
MONTH_FORMS = ("YYYYMM", "YYYY-M", "YYYY/M", "YYYY.M", "YYYY年M月")
_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name} | {
    name.lower(): i for i, name in enumerate(calendar.month_name) if name
}
_TIME = r"(?:[T\s]\s*(?P<H>\d{1,2}):(?P<N>\d{2})(?::(?P<S>\d{2})(?P<F>\.\d{1,9})?)?(?P<Z>Z|[+-]\d{2}:?\d{2})?)?"
_TOKENS = re.compile(r"YYYY|YY|Y|y|MMM|MM|M|m|b|DD|D|d|\[|\]|.", re.DOTALL)
_PARTS = {
    "YYYY": r"(?P<Y>\d{4})",
    "Y": r"(?P<Y>\d{4})",
    "YY": r"(?P<y>\d{2})",
    "y": r"(?P<y>\d{2})",
    "MMM": r"(?P<b>[A-Za-z]{3,9})",
    "b": r"(?P<b>[A-Za-z]{3,9})",
    "MM": r"(?P<M>\d{2})",
    "M": r"(?P<M>\d{1,2})",
    "m": r"(?P<M>\d{1,2})",
    "DD": r"(?P<D>\d{2})",
    "D": r"(?P<D>\d{1,2})",
    "d": r"(?P<D>\d{1,2})",
    "[": "(?:",
    "]": ")?",
}


class FormError(ValueError):
    """A date form that names no year or month, or repeats a part."""


@lru_cache(maxsize=256)
def compile_form(form: str) -> re.Pattern[str] | None:
    """The pattern of a form (with an optional time after it); None for `excel` and `epoch_ms`.

    Raises:
        FormError: the form is not understood.
    """
    if form in ("excel", "epoch_ms"):
        return None
    parts = "".join(_PARTS.get(token, re.escape(token)) for token in _TOKENS.findall(form))
    try:
        pattern = re.compile(parts + _TIME)
    except re.error as error:
        raise FormError(f"如 / such as YYYY-M-D, d/m/Y, YYYYMMDD, YYYY年M月D日, excel ({error})") from None
    if not {"Y", "y"} & set(pattern.groupindex) or not {"M", "b"} & set(pattern.groupindex):
        if {"Y", "y"} & set(pattern.groupindex) and "D" not in pattern.groupindex:
            return pattern
        raise FormError("须含年和月，如 / must hold a year and a month, such as YYYY-M-D, d/m/Y, YYYYMMDD")
    return pattern
