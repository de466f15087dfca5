"""Dates, months, years and instants as departments write them (extract archetypes F1 and F2).

A form is a small pattern: `YYYY` or `Y` year, `YY` or `y` two digits of a year, `MM` two digits, `M` or `m` one or two, `MMM` or `b`
an English month's name, `DD` two digits, `D` or `d` one or two; `hh`, `mm`, `ss` two digits of the time; `[…]` is optional; anything else
stands for itself. A time may follow every form that holds none. Beside these: `excel` (serial number), `excel_number` (a serial as a column
of numbers prints it: 42,032.00), `epoch_ms` and `epoch_s`.
`YYMMDDhhmmss` is how devices of JT/T 808 tell the time (BCD[6], UTC+8).
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

FIRST, LAST = date(1800, 1, 1), date(2200, 1, 1)
EXCEL_1900, EXCEL_1904 = date(1899, 12, 30), date(1904, 1, 1)
# YYYYMMDDThhmmss is DT15 of WS/T 303, the instant of health messages.
DATE_FORMS = ("YYYYMMDD", "YYYY-M-D", "YYYY/M/D", "YYYY.M[.D]", "YYYY年M月D日", "YYYYMMDDThhmmss", "excel")
MONTH_FORMS = ("YYYYMM", "YYYY-M", "YYYY/M", "YYYY.M", "YYYY年M月", "YYYY年M月份", *DATE_FORMS)
DATETIME_FORMS = ("YYYYMMDD", "YYYY-M-D", "YYYY/M/D", "YYYY.M.D", "YYYY年M月D日", "YYYYMMDDhhmmss", "YYYYMMDDThhmmss", "excel")

_NAMES = {n.lower(): i for names in (calendar.month_abbr, calendar.month_name) for i, n in enumerate(names) if n}
_TIME = r"(?:[T\s]\s*(?P<H>\d{1,2})(?::|时|点)(?P<N>\d{2})(?:(?::|分)(?P<S>\d{2})?(?P<F>\.\d{1,9})?秒?)?\s*(?P<Z>Z|[+-]\d{2}:?\d{2})?)?"
_TOKEN = re.compile(r"YYYY|YY|Y|y|MMM|MM|M|mm|m|b|DD|D|d|hh|ss|\[|\]|.", re.DOTALL)
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
    "hh": r"(?P<H>\d{2})",
    "mm": r"(?P<N>\d{2})",
    "ss": r"(?P<S>\d{2})",
    "d": r"(?P<D>\d{1,2})",
    "[": "(?:",
    "]": ")?",
}
_ZONE = r"(?:(?P<F>\.\d{1,9}))?\s*(?P<Z>Z|[+-]\d{2}:?\d{2})?"
_EPOCHS = {"epoch_ms": 1000, "epoch_s": 1}
_SERIAL = re.compile(r"(?:\d{3,6}|[6-9]\d)(?:\.\d+)?")
# Five digits only: 10,000 is 1927-05-18, and smaller numbers with a comma are amounts rather than days.
_PRINTED = re.compile(r"\d{2},\d{3}(?:\.\d{1,4})?", re.ASCII)
_YEAR = re.compile(r"(\d{4})(?:年度?|\.0)?")


class FormError(ValueError):
    """A date form without a year, or one that is not understood."""


class Form(NamedTuple):
    """A compiled form; `pattern` is None for `excel`, `excel_number`, `epoch_ms` and `epoch_s`."""

    name: str
    pattern: re.Pattern[str] | None


@cache
def compile_form(name: str) -> Form:
    """Compile one form.

    Raises:
        FormError: it holds no year, repeats a part, or its brackets do not match.
    """
    if name in ("excel", "excel_number") or name in _EPOCHS:
        return Form(name, None)
    tokens = _TOKEN.findall(name)
    # In YYYYMMDD the parts touch; one-or-two-digit parts would be ambiguous there.
    for left, right in pairwise(tokens):
        if left in ("M", "m", "D", "d") and right in _PARTS and right not in "[]":
            raise FormError(f"相邻的一位或两位数字有歧义 / {left} touching {right} is ambiguous: write MM, DD")
    if {"mm", "ss"} & set(tokens) and "hh" not in tokens:
        raise FormError("mm 是分、ss 是秒，须与 hh 同用；月写 MM / mm is minutes and ss seconds, after hh; a month is MM")
    try:
        # `ss` alone may carry a fraction; a form with a time of its own takes no other.
        time = _TIME if "hh" not in tokens else _ZONE if "ss" in tokens else ""
        pattern = re.compile("".join(_PARTS.get(t, re.escape(t)) for t in tokens) + time, re.ASCII)
    except re.error as error:
        raise FormError(f"如 / such as YYYY-M-D, d/m/Y, YYYYMMDD, YYYY年M月D日, excel ({error})") from None
    if not {"Y", "y"} & set(pattern.groupindex):
        raise FormError("没有年，如 / holds no year; such as YYYY-M-D, d/m/Y, YYYYMMDD, YYYY年M月D日, excel")
    return Form(name, pattern)


class Moment(NamedTuple):
    """What a text said: the day, whether the day itself was written, the time of day and zone if any, and the form that read it."""

    day: date
    has_day: bool
    seconds: float
    zone: timezone | None
    form: str


class DateProblem(NamedTuple):
    detail: str


def excel_serial(number: float, epoch1904: bool = False) -> date | None:
    """Day of a spreadsheet serial: 1899-12-30 + n (1900 system, n ≥ 61: 60 is a 29 February 1900 that never was) or 1904-01-01 + n."""
    n = int(number)
    if epoch1904:
        return EXCEL_1904 + timedelta(n) if 0 <= n < 150_000 else None
    return EXCEL_1900 + timedelta(n) if 61 <= n < 150_000 else None


def read(text: str, forms: tuple[Form, ...], as_of: date, *, epoch1904: bool = False, bare_month: bool = False) -> Moment | DateProblem:
    """Read a cleaned, folded text by the first form that fits.

    A serial that could as well be a year (1800–2200) is refused: 2016 in a date column is no day of 1905.
    """
    problem: str | None = None
    for name, pattern in forms:
        if pattern is None:
            # Digits that another form took for a day that never was are not milliseconds either.
            if problem and name in _EPOCHS:
                continue
            found = _number(text, name, epoch1904)
            if isinstance(found, Moment):
                return found
            problem = found or problem
            continue
        match = pattern.fullmatch(text)
        if match is None:
            continue
        g = match.groupdict()
        try:
            if g.get("Y"):
                year = int(g["Y"])
            else:
                year = as_of.year - as_of.year % 100 + int(g["y"])
                # No date of a person or a paper is ahead of its receipt; a device's clock may be, by years where its battery died.
                year -= 100 if year > as_of.year + (49 if "H" in g and "hh" in name else 0) else 0
            month = _NAMES[g["b"].lower()] if g.get("b") else int(g.get("M") or 1)
            day = date(year, month, int(g.get("D") or 1))
            seconds = _seconds(g)
        except (ValueError, KeyError):
            problem = f"无此日期 / no such date: {text}"
            continue
        if not FIRST <= day < LAST:
            problem = f"年份不合理 / not a plausible year: {text}"
            continue
        return Moment(day, bool(g.get("D")) or bare_month, seconds, _zone(g.get("Z")), name)
    return DateProblem(problem or f"不符合约定的日期形式 / none of the agreed forms: {text}")


def _number(text: str, name: str, epoch1904: bool) -> Moment | str | None:
    if name in _EPOCHS:
        if not re.fullmatch(r"-?\d{9,14}" if name == "epoch_ms" else r"-?\d{9,10}", text, re.ASCII):
            return None
        try:
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text) / _EPOCHS[name])
        except OverflowError:
            return f"年份不合理 / not a plausible year: {text}"
        if not FIRST <= at.date() < LAST:
            return f"年份不合理 / not a plausible year: {text}"
        return Moment(at.date(), True, at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6, UTC, name)
    if name == "excel_number":
        if not _PRINTED.fullmatch(text):
            return None
        text = text.replace(",", "")
    elif not _SERIAL.fullmatch(text):
        return None
    number = float(text)
    if 1800 <= number <= 2200 and number.is_integer():
        return f"可能是年份而不是日期序号 / a year rather than a serial? {text}"
    if int(number) == 60 and not epoch1904:
        return "序号60是不存在的1900-02-29 / serial 60 is 1900-02-29, which never was"
    day = excel_serial(number, epoch1904)
    return Moment(day, True, round(number % 1 * 86400, 3), None, name) if day and day < LAST else None


def _seconds(g: dict[str, str | None]) -> float:
    if not g.get("H"):
        return 0.0
    hour, minute, second = int(g["H"] or 0), int(g.get("N") or 0), int(g.get("S") or 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("no such time")
    return hour * 3600 + minute * 60 + second + float(g.get("F") or 0)


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def to_utc(moment: Moment, tz: ZoneInfo) -> datetime:
    """The instant in UTC; without a zone of its own the text meant the contract's."""
    local = datetime(moment.day.year, moment.day.month, moment.day.day) + timedelta(seconds=moment.seconds)
    return local.replace(tzinfo=moment.zone or tz).astimezone(UTC)


def read_year(text: str) -> int | None:
    """2016, 2016年, 2016年度."""
    match = _YEAR.fullmatch(text)
    return int(match.group(1)) if match and FIRST.year <= int(match.group(1)) < LAST.year else None


def month_start(day: date) -> date:
    return day.replace(day=1)
