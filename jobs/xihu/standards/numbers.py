"""Numbers and amounts of money as written, as Decimal; a float never touches them.

Repairs: thousands commas (also full-width, folded before), unit suffixes, currency signs. Money becomes the main unit of its currency
with two decimals, rounded half up.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

CENT, MICRO = Decimal("0.01"), Decimal("0.00000001")
# Wide enough for every value that passes the first look, so that rounding happens once.
WIDE = Context(prec=80)
MONEY_LIMIT = Decimal(10) ** 16  # DECIMAL(18,2)
NUMBER_LIMIT = Decimal(10) ** 20  # DECIMAL(28,8)
UNITS: dict[str, Decimal] = {
    "亿元": Decimal(100_000_000),
    "万元": Decimal(10_000),
    "千元": Decimal(1_000),
    "百元": Decimal(100),
    "元": Decimal(1),
    "角": Decimal("0.1"),
    "分": Decimal("0.01"),
    "亿": Decimal(100_000_000),
    "万": Decimal(10_000),
}
PLAIN = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?", re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,3}", re.ASCII)
_TINY = re.compile(r"[+-]?\d(?:\.\d+)?[eE]-\d{1,3}", re.ASCII)
_UNIT = re.compile(r"(.*?)\s*(亿元|万元|千元|百元|元整|元|角|分|亿|万)")
_SIGNS = {"CNY": "¥", "GBP": "£", "USD": "$", "EUR": "€", "JPY": "¥", "HKD": "$"}


class NumberProblem(NamedTuple):
    detail: str


class Amount(NamedTuple):
    """A number, the unit written behind it (None: the agreed one) and the repairs."""

    value: Decimal
    unit: str | None
    repairs: tuple[str, ...]


def read(
    text: str,
    *,
    money: bool = False,
    currency: str = "CNY",
    unit: str | None = None,
    sign_last: bool = False,
    scientific: bool = False,
    tiny: bool = False,
    parentheses: bool = False,
) -> Amount | NumberProblem:
    """Read a cleaned, folded text.

    Args:
        money: a unit of money and a currency sign may stand with it.
        unit: of other numbers: a word that may follow (`人`, `%`).
        sign_last: fixed-width files put the sign behind the digits.
        scientific: cells of a spreadsheet; elsewhere an exponent means that digits were lost.
        tiny: programs write what is next to nothing with a negative exponent (-2.8e-17); no digit that counts is lost then.
        parentheses: `(1,234.50)` is negative.
    """
    repairs: tuple[str, ...] = ()
    body, said = text, None
    if money:
        sign = _SIGNS.get(currency)
        if sign and sign in body[:2]:
            body, repairs = body.replace(sign, "", 1).strip(), ("currency",)
        if match := _UNIT.fullmatch(body):
            body, said = match.group(1), match.group(2).replace("元整", "元")
            repairs += (f"unit:{said}",)
    elif unit and body.endswith(unit):
        body, repairs = body[: -len(unit)].rstrip(), (f"unit:{unit}",)
    negative = False
    if parentheses and len(body) > 2 and body[0] == "(" and body[-1] == ")":
        body, negative = body[1:-1].strip(), True
        repairs += ("parentheses",)
    if sign_last and body[-1:] in ("-", "+") and body[:1] not in ("-", "+"):
        body, negative = body[:-1].rstrip(), body[-1] == "-"
    if (scientific and _SCIENTIFIC.fullmatch(body)) or (tiny and _TINY.fullmatch(body)):
        value = Decimal(body)
    elif any(c.isdigit() for c in body) and _NUMBER.fullmatch(body):
        if "," in body:
            body = body.replace(",", "")
            repairs += ("comma",)
        value = Decimal(body)
    else:
        return NumberProblem(f"不是数 / not a number: {text}")
    return Amount(-value if negative else value, said, repairs)


def to_money(value: Decimal, factor: Decimal) -> tuple[Decimal, bool]:
    """An amount in the main unit, two decimals, rounded half up; and whether rounding took something away."""
    exact = WIDE.multiply(value, factor)
    rounded = exact.quantize(CENT, ROUND_HALF_UP, WIDE)
    return (rounded if rounded else abs(rounded)), rounded != exact
