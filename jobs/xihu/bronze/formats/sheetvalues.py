"""Values of sheet cells as text: dates of date formats, plain numbers, and numbers that lost digits.

A spreadsheet stores a number with 15 significant digits (ECMA-376; IEEE 754 double), so an identifier of more digits is lost as a number.
Serial days: 1900 system `1899-12-30 + n` from 61 on, with a 29 February 1900 that never was (60); 1904 system `+ 1462`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from xihu.bronze.formats.workbook import Book, Cell
from xihu.contract.models import FieldSpec

_DATED = ("date", "datetime", "month", "year")
_LAST_SERIAL = 2_958_465
_SCIENTIFIC = re.compile(r"\s*\d(\.\d+)?E\+?\d+\s*", re.I)
_IDS = ("citizen_id", "uscc")


def plain(stored: str) -> str:
    """A stored number without exponent and without the noise of binary fractions (15 significant digits)."""
    if re.fullmatch(r"-?\d{1,15}", stored):
        return stored
    try:
        value = float(stored)
    except ValueError:
        return stored
    if value != value or abs(value) == float("inf"):
        return stored
    number = Decimal(stored) if abs(value) >= 1e15 else Decimal(format(value, ".15g"))
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def serial_text(value: float, date1904: bool, kind: str) -> str:
    """A serial day as ISO text: YYYY-MM-DD, with the time of day where there is one."""
    if kind == "time" and value < 1:
        return (datetime(1900, 1, 1) + timedelta(seconds=round(value * 86400))).strftime("%H:%M:%S")
    if date1904:
        value += 1462
    days = int(value)
    seconds = round((value - days) * 86400)
    if days == 60:
        return "1900-02-29"
    moment = datetime(1899, 12, 30 if days > 60 else 31) + timedelta(days=days, seconds=seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S") if seconds % 86400 else f"{moment:%Y-%m-%d}"


def text_of(cell: Cell, spec: FieldSpec, book: Book) -> str:
    """A cell as text for a field of the contract."""
    if cell.kind != "n":
        return cell.text
    try:
        value = float(cell.text)
    except ValueError:
        return cell.text
    kind = book.date_style(cell.style)
    if kind and 0 <= value <= _LAST_SERIAL and (spec.type in _DATED or spec.type == "text"):
        if spec.type == "year" and 1800 <= value <= 2200:
            return plain(cell.text)
        if spec.type == "month" and 180001 <= value <= 220012 and 1 <= value % 100 <= 12:
            return plain(cell.text)
        text = serial_text(value, book.date1904, kind)
        if spec.type == "month" and value >= 1:
            return text[:7]
        return text[:4] if spec.type == "year" and value >= 1 else text
    if kind is None and spec.type in _DATED and book.date1904 and 8_000 < value < 80_000:
        # A serial day without a date format: whoever reads it on takes it for one of the 1900 system.
        return plain(str(Decimal(cell.text) + 1462))
    return plain(cell.text)


def float_fault(cell: Cell, spec: FieldSpec) -> bool:
    """Whether an identifier was stored as a number and lost digits, even if what is left looks valid."""
    if cell.kind == "n":
        if spec.type not in (*_IDS, "text", "phone"):
            return False
        try:
            return abs(float(cell.text)) >= 1e15 or (spec.type in _IDS and "e" in cell.text.lower())
        except ValueError:
            return False
    return spec.type in _IDS and _SCIENTIFIC.fullmatch(cell.text) is not None
