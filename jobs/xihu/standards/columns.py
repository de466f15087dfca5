"""Whole columns of cells that stand in their plainest form, by array arithmetic; every other cell is left to the parser of its field.

A cell that is taken here has the value that `value.parser_of` gives it, no reason and no repairs. In doubt it is not taken.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.standards import citizen_id, text
from xihu.standards.value import ValueSpec

_WORD = r"0-9A-Za-z\x{4e00}-\x{9fff}"
_TEXT = rf"^[{_WORD}]([{_WORD} _.,:;()/#&*%+-]*[{_WORD}_.,:;()/#&*%-])?$"
_NAME = r"^[\x{4e00}-\x{9fff}]+(·[\x{4e00}-\x{9fff}]+)*$"
_REPEATED = r"^(0{3,}|1{6,}|0000[-/.].*)$"
_PLACEHOLDERS = pa.array(sorted(text.PLACEHOLDERS | text.ERRORS))
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
# Offsets of China before this had summer time.
_NO_SUMMER_TIME = 1992
_HOURS_EAST = {"Asia/Shanghai": 8, "UTC": 0}

Quick = tuple[pa.Array, np.ndarray]


def quick(spec: ValueSpec, column: pa.StringArray, days: np.ndarray, kind: pa.DataType) -> Quick | None:
    """Values of type `kind` and which cells they hold for; None where this type of field has no such way.

    Args:
        days: for every cell the day of `as_of`, as the number YYYYMMDD.
    """
    found: Quick | None = None
    if spec.operation:
        return None
    if spec.type in ("text", "person_name"):
        found = _text(spec, column)
    elif spec.type == "phone" and not spec.sheet:
        found = column, _matches(column, r"^1[3-9][0-9]{9}$")
    elif spec.type in ("money", "number", "integer") and not spec.located and spec.scale is None:
        found = _number(spec, column, kind)
    elif spec.type == "citizen_id":
        found = column, _citizen_id(column, days)
    elif spec.type == "datetime" and not spec.forms and spec.min is None and spec.max is None and spec.tz in _HOURS_EAST:
        found = _datetime(column, _HOURS_EAST[spec.tz], kind)
    if found is None:
        return None
    values, done = found
    if spec.nulls and spec.type != "citizen_id":
        done = done & ~_truth(pc.is_in(column, pa.array(sorted(spec.nulls), pa.string())))
    return values.cast(kind), done


def _truth(mask: pa.Array) -> np.ndarray:
    return mask.fill_null(False).to_numpy(zero_copy_only=False)


def _matches(column: pa.StringArray, pattern: str) -> np.ndarray:
    return _truth(pc.match_substring_regex(column, pattern))


def _text(spec: ValueSpec, column: pa.StringArray) -> Quick:
    name = spec.type == "person_name"
    done = _matches(column, _NAME if name else _TEXT)
    if name or spec.required:
        done &= ~_truth(pc.is_in(column, _PLACEHOLDERS)) & ~_matches(column, _REPEATED)
    return column, done


def _number(spec: ValueSpec, column: pa.StringArray, kind: pa.DataType) -> Quick | None:
    if spec.type == "money" and spec.factor != Decimal(1):
        return None
    pattern = {"money": r"^[0-9]{1,13}(\.[0-9]{1,2})?$", "number": r"^[0-9]{1,15}(\.[0-9]{1,8})?$", "integer": r"^[0-9]{1,18}$"}[spec.type]
    done = _matches(column, pattern)
    values = pc.if_else(pa.array(done), column, pa.scalar(None, pa.string())).cast(kind)
    for limit, within in ((spec.min, pc.greater_equal), (spec.max, pc.less_equal)):
        if limit is None:
            continue
        # A limit finer than the values is not comparable to them as it is.
        if spec.type != "integer" and Decimal(limit) != Decimal(limit).quantize(Decimal(1).scaleb(-kind.scale)):
            return None
        bound = int(limit) if spec.type == "integer" else Decimal(limit)
        if spec.type == "integer" and bound != limit:
            return None
        done &= _truth(within(values, pa.scalar(bound, kind)))
    return values, done


def _bytes(column: pa.StringArray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the cells of exactly `width` bytes, and their bytes as a matrix."""
    at = np.flatnonzero(_truth(pc.equal(pc.binary_length(column), width)))
    chosen = column if len(at) == len(column) else column.take(pa.array(at))
    start = int(np.frombuffer(chosen.buffers()[1], np.int32)[chosen.offset]) if len(at) else 0
    data = chosen.buffers()[2] if len(at) else None
    matrix = (
        np.frombuffer(data, np.uint8, len(at) * width, start).reshape(-1, width) if data is not None else np.zeros((0, width), np.uint8)
    )
    return at, matrix


def _day(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Year, month, day of eight columns of digits, and whether there is such a day."""
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = digits[:, 4] * 10 + digits[:, 5], digits[:, 6] * 10 + digits[:, 7]
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    length = _DAYS[np.where((month >= 1) & (month <= 12), month, 0)] + (leap & (month == 2))
    return year, month, day, (day >= 1) & (day <= length)


def _citizen_id(column: pa.StringArray, days: np.ndarray) -> np.ndarray:
    done = np.zeros(len(column), bool)
    at, matrix = _bytes(column, 18)
    if not len(at):
        return done
    digits = matrix[:, :17].astype(np.int64) - 48
    check = np.frombuffer(citizen_id.CHECKS.encode(), np.uint8)[(digits @ np.array(citizen_id.WEIGHTS)) % 11]
    year, month, day, real = _day(digits[:, 6:14])
    born, today = year * 10_000 + month * 100 + day, days[at]
    oldest = citizen_id.OLDEST
    old = (born >= oldest.year * 10_000 + oldest.month * 100 + oldest.day) & (today // 10_000 - year <= citizen_id.MAX_AGE)
    sound = ((digits >= 0) & (digits <= 9)).all(axis=1) & (matrix[:, 17] == check)
    done[at] = sound & real & old & (born <= today)
    return done


def _datetime(column: pa.StringArray, east: int, kind: pa.DataType) -> Quick:
    """`2016-10-07 02:26:54`."""
    done = np.zeros(len(column), bool)
    micros = np.zeros(len(column), np.int64)
    at, matrix = _bytes(column, 19)
    if len(at):
        digits = matrix.astype(np.int64) - 48
        parts = digits[:, [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]]
        year, month, day, real = _day(parts)
        hour, minute, second = (parts[:, k] * 10 + parts[:, k + 1] for k in (8, 10, 12))
        marks = (matrix[:, [4, 7, 10, 13, 16]] == np.frombuffer(b"-- ::", np.uint8)).all(axis=1)
        sound = marks & ((parts >= 0) & (parts <= 9)).all(axis=1) & real & (year >= _NO_SUMMER_TIME) & (year < 2200)
        sound &= (hour < 24) & (minute < 60) & (second < 60)
        months = np.where(sound, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
        seconds = (
            months.astype("datetime64[D]").astype(np.int64) * 86_400 + (day - 1) * 86_400 + (hour - east) * 3600 + minute * 60 + second
        )
        done[at], micros[at] = sound, np.where(sound, seconds, 0) * 1_000_000
    return pa.array(micros, pa.int64()).cast(pa.timestamp("us", "UTC")), done
