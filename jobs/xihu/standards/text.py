"""Repairs of text that lose nothing: guards, width, invisible characters; and the tests on content (placeholder, formula injection)."""

from __future__ import annotations

import re

# U+FF01..FF5E stand for ASCII, U+3000 for a space.
_FOLD = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20, 0xA0: 0x20, 0x2212: 0x2D, 0xFFE5: 0xA5}
_FOLD_ALNUM = {c: a for c, a in _FOLD.items() if chr(a).isalnum()}
_ZERO_WIDTH = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xAD])
_GUARD = re.compile(r'="+([^"]*)"+')
_WIDE_SPACE = re.compile(r"^[\s]*[\u3000\u00a0]|[\u3000\u00a0][\s]*$")

PLACEHOLDERS = frozenset(
    [
        "无",
        "暂无",
        "待补",
        "待补充",
        "待定",
        "空",
        "不详",
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\N",
        "NULL",
        "null",
        "Null",
        "N/A",
        "n/a",
        "None",
        "none",
    ]
)
# What a spreadsheet shows where a formula failed, and what its exports keep: a value that was there and is lost, not a blank.
ERRORS = frozenset(
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#GETTING_DATA"]
)
# One word of these may be a true value of a text; in an id, a number or a date they are nobody's value.
_REPEATED = re.compile(r"0{3,}|1{6,}|[0]{4}[-/.]0{1,2}[-/.]0{1,2}(\s0{1,2}:00(:00)?)?")

_PHONE = re.compile(r"\+\d{1,3}([ -]?\d{3,}){1,4}")
_NUMBER = re.compile(r"[+-]\s*[\d,]*\.?\d+\s*%?")
_EXPRESSION = re.compile(
    r"""[+-]\s*(?:
        [-+]*[A-Za-z_$][\w.$]*\s*[(!|]           # a call, a sheet, a DDE command: SUM(, Sheet1!, cmd|
        |\$?[A-Za-z]{1,3}\$?\d+(?![\w])          # a cell: A1
        |[\d.,]+\s*[-+*/^&%<>=]+\s*[\w(@="'.$+-]   # arithmetic: 1+1
        |\(\s*[\d"'=+@$A-Za-z-]                  # (1+…
        |[@="']|[+-]+[\w(@]
    )""",
    re.VERBOSE | re.ASCII,
)

_CLEAN_START = frozenset("'=\t ＇＝\u3000\u00a0\ufeff\u200b")


def fold(text: str) -> str:
    """Full-width forms as ASCII, ideographic and no-break spaces as spaces."""
    return text if text.isascii() else text.translate(_FOLD)


def fold_alnum(text: str) -> str:
    """Full-width letters and digits as ASCII; Chinese punctuation stays, it belongs to the text."""
    return text if text.isascii() else text.translate(_FOLD_ALNUM)


def unguard(text: str) -> tuple[str, tuple[str, ...]]:
    """Text without spreadsheet guards (leading `'`, TAB, `="…"`), invisible characters and outer blanks.

    Returns the text and what was repaired: `zero_width`, `space` (U+3000, no-break), `guard`. Plain outer blanks are not worth a word.
    """
    if text.isascii() and (not text or (text[0] not in _CLEAN_START and text[-1] > " ")):
        return text, ()
    repairs: list[str] = []
    bare = text.translate(_ZERO_WIDTH)
    if bare != text:
        repairs.append("zero_width")
    if _WIDE_SPACE.search(bare):
        repairs.append("space")
    stripped = bare.strip(" \r\n\v\f\u3000\u00a0")
    bare = stripped.strip()
    guarded = bare != stripped
    for _ in range(3):
        if bare[:1] in ("'", "＇") and bare.count(bare[0]) == 1:
            bare = bare[1:].strip()
        elif bare[:1] in ("=", "＝") and (
            match := _GUARD.fullmatch(bare.replace("＝", "=", 1).replace("＂", '"').replace("“", '"').replace("”", '"'))
        ):
            bare = match.group(1).strip()
        else:
            break
        guarded = True
    if guarded:
        repairs.append("guard")
    return bare, tuple(repairs)


def is_placeholder(text: str, identifier: bool = False) -> bool:
    """Whether a cleaned, folded value only fills the place: 无, 暂无, 待补, 000…, 111…, an empty date of zeros.

    Args:
        identifier: of an id or credit code, which three ones are not either; a serial number may be 111.
    """
    return text in PLACEHOLDERS or _REPEATED.fullmatch(text) is not None or (identifier and len(text) >= 3 and not text.strip("1"))


def is_error(text: str) -> bool:
    """Whether a cleaned, folded value is a spreadsheet's word for a formula that failed: #N/A, #REF!, #VALUE! …"""
    return text[:1] == "#" and text.upper() in ERRORS


def is_formula(text: str) -> bool:
    """Whether a cleaned text would run as a formula in a spreadsheet.

    It starts with `=` or `@`, or with `+`/`-` followed by an expression; a lone `-`, a signed number and `+86 139…` are innocent.
    """
    first = text[:1]
    if first in "=@＝＠" and first:
        return True
    if first not in ("+", "-", "＋", "－"):
        return False
    folded = fold(text)
    if _NUMBER.fullmatch(folded) or _PHONE.fullmatch(folded):
        return False
    return _EXPRESSION.match(folded) is not None


def person_name(text: str) -> tuple[str, tuple[str, ...]]:
    """A name in one spelling: the filler space of two-character names removed, the dot of minority names as U+00B7.

    Letters keep their spaces (foreign names). The input is cleaned already.
    """
    if text.isascii():
        return text, ()
    name = text.translate(_FOLD_ALNUM)
    for dot in "•‧∙・●.．":
        if dot in name and not name.isascii():
            name = name.replace(dot, "·")
    if any("\u3400" <= c <= "\u9fff" or c > "\U0001ffff" for c in name):
        name = re.sub(r"(?<![A-Za-z])\s+|\s+(?![A-Za-z])", "", name)
    return (name, ()) if name == text else (name, ("name",))


_MINUS = re.compile(r"-\s*[\d,]*\.?\d+(?:[eE][-+]?\d+)?\s*%?", re.ASCII)


def harmless(text: str) -> str:
    """A cell of a CSV or sheet that people open: text that a spreadsheet might run gets a leading apostrophe.

    That is text that begins with `= + - @`, in either width, or with a tab or line end (OWASP, CSV injection); blanks and invisible
    characters before it do not hide it. A negative number and a lone dash stay.
    """
    start = text.lstrip(" \u3000\u00a0\u200b\u200c\u200d\u2060\ufeff")
    if start[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") or not start:
        return text
    if start in ("-", "--", "－") or _MINUS.fullmatch(start):
        return text
    return "'" + text
