"""Citizen ID, GB 11643-1999 (公民身份号码), and numbers of the same structure: residence permits of Hong Kong, Macao, Taiwan; foreigners.

Layout AAAAAA YYYYMMDD SSS C. Judged in this order, the first failing reason is kept: length, characters, check digit (ISO 7064
MOD 11-2), birth date. The address part is the place of first registration, in whatever year: an unknown one is a warning, never a
refusal (county codes that began after the holder's birth, 339005, 330113 and those of other eras are all in circulation).
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from xihu.standards.text import fold, is_placeholder, unguard

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
OLDEST = date(1850, 1, 1)
MAX_AGE = 130
PROVINCES = frozenset("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split())  # noqa: SIM905
_RESIDENCE = {"81": "hkmo_residence", "82": "hkmo_residence", "83": "tw_residence"}
_TIMES = frozenset("x×✕✖Χχ")

# Weighted sums of digit groups, so that a check costs six look-ups; a group that is not all ASCII digits has no entry.
_SUMS: tuple[dict[str, int], ...] = tuple(
    {
        f"{n:0{width}d}": sum(int(d) * w for d, w in zip(f"{n:0{width}d}", WEIGHTS[start : start + width], strict=True))
        for n in range(10**width)
    }
    for start, width in ((0, 3), (3, 3), (6, 3), (9, 3), (12, 3), (15, 2))
)
_S0, _S1, _S2, _S3, _S4, _S5 = _SUMS
_BIRTHS: dict[str, date | None] = {}

_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,2}")
_LONG_FLOAT = re.compile(r"\d{16,}\.0*")
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("hkmo_permit", re.compile(r"[HM]\d{8}(\d{2})?")),
    ("foreign_pr_old", re.compile(r"[A-Z]{3}\d{12}")),
    ("tw_permit", re.compile(r"\d{8}|\d{10}(\([A-Z0-9]\))?")),
    ("birth_certificate", re.compile(r"[A-Z]\d{9}")),
    ("passport", re.compile(r"[EDSPGK][A-Z0-9]\d{7}|(?=[A-Z]*\d)[A-Z]{1,3}[A-Z0-9]{4,14}")),
)


class CitizenId(NamedTuple):
    """A valid number in its 18-character form."""

    value: str
    birth: date
    sex: str  # GB/T 2261.1: "1" male, "2" female
    kind: str  # citizen_id | hkmo_residence | tw_residence | foreign_pr
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Six digits: the place of first registration (foreigners: 9, province, nationality)."""
        return self.value[:6]


class IdProblem(NamedTuple):
    """Why a text is no citizen id: a reason of the closed list, and what was seen."""

    reason: str
    detail: str


def check_digit(body: str) -> str:
    """The 18th character of 17 digits (ISO 7064 MOD 11-2)."""
    return CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def to_18(old: str) -> str:
    """A 15-digit number (before 1999) in 18 characters; sequences 996–999 were reserved for people born before 1900."""
    century = "18" if old[12:15] in ("996", "997", "998", "999") else "19"
    body = old[:6] + century + old[6:]
    return body + check_digit(body)


def _birth(text: str) -> date | None:
    try:
        return _BIRTHS[text]
    except KeyError:
        pass
    try:
        born = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        born = None
    if len(_BIRTHS) < 100_000:
        _BIRTHS[text] = born
    return born


def valid_18(text: str, as_of: date) -> bool:
    """Whether a text is a valid number as it stands; the fast way for clean input."""
    try:
        total = _S0[text[:3]] + _S1[text[3:6]] + _S2[text[6:9]] + _S3[text[9:12]] + _S4[text[12:15]] + _S5[text[15:17]]
    except KeyError:
        return False
    if text[17:] != CHECKS[total % 11]:
        return False
    born = _birth(text[6:14])
    return born is not None and OLDEST <= born <= as_of and as_of.year - born.year <= MAX_AGE


def parse(text: str | None, as_of: date, *, city: frozenset[str] | None = None) -> CitizenId | IdProblem:
    """Judge one citizen id as sent.

    Args:
        text: the cell. Guards, width, invisible characters, `x ×` and 15 digits are repaired and recorded.
        as_of: no birth after this day.
        city: division codes of the own city in any year; a prefix inside the city that is not among them is a warning.
    """
    if text is None:
        return IdProblem("missing_key", "空 / empty")
    bare, repairs = unguard(text)
    value = fold(bare)
    if value != bare:
        repairs += ("full_width",)
    if any(c.isspace() for c in value):
        value = "".join(value.split())
        repairs += ("space",)
    if not value or is_placeholder(value, identifier=True) or value == "#N/A":
        return IdProblem("missing_key", f"占位 / placeholder: {value}" if value else "空 / empty")
    if _SCIENTIFIC.fullmatch(value) or _LONG_FLOAT.fullmatch(value):
        return IdProblem("bad_id_float", f"电子表格数值，位数已丢失 / a spreadsheet number that lost digits: {value}")
    if value[-1:] in _TIMES:
        value = value[:-1] + "X"
        repairs += ("x",)
    if len(value) == 15:
        if not (value.isascii() and value.isdigit()):
            return IdProblem("bad_id_charset", _odd(value, 15))
        value = to_18(value)
        repairs += ("15_to_18",)
    elif len(value) != 18:
        return IdProblem("bad_id_length", f"{len(value)} 位，应为18位或15位 / {len(value)} characters, not 18 or 15")
    try:
        total = _S0[value[:3]] + _S1[value[3:6]] + _S2[value[6:9]] + _S3[value[9:12]] + _S4[value[12:15]] + _S5[value[15:17]]
    except KeyError:
        return IdProblem("bad_id_charset", _odd(value, 17))
    last = value[17]
    if last not in CHECKS:
        return IdProblem("bad_id_charset", f"末位 / last character: {last}")
    if last != CHECKS[total % 11]:
        if value.endswith("000"):
            return IdProblem(
                "bad_id_float",
                "末三位000且校验不符，位数已丢失 / ends in 000, check fails: a spreadsheet lost digits",
            )
        return IdProblem("bad_id_check", f"校验码应为 / the check digit should be {CHECKS[total % 11]}")
    born = _birth(value[6:14])
    if born is None:
        return IdProblem("bad_id_birth", f"无此日期 / no such date: {value[6:14]}")
    if born > as_of:
        return IdProblem("bad_id_birth", f"出生日期在 {as_of} 之后 / born after {as_of}: {born}")
    if born < OLDEST or as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day)) > MAX_AGE:
        return IdProblem("bad_id_birth", f"年龄超过{MAX_AGE}岁 / older than {MAX_AGE}: {born}")
    warnings: tuple[str, ...] = ()
    kind = "foreign_pr" if value[0] == "9" else _RESIDENCE.get(value[:2], "citizen_id")
    province = value[1:3] if kind == "foreign_pr" else value[:2]
    if province not in PROVINCES or (city and value[:4] in {c[:4] for c in city} and value[:6] not in city):
        warnings = ("unknown_address",)
    return CitizenId(value, born, "1" if int(value[16]) % 2 else "2", kind, repairs, warnings)


def _odd(value: str, digits: int) -> str:
    odd = next(c for c in value[:digits] if c not in "0123456789")
    return f"第{value.index(odd) + 1}位不是数字 / character {value.index(odd) + 1} is no digit: {odd}"


def birth_of(id18: str) -> date | None:
    """Birth date inside a valid 18-character number."""
    return _birth(id18[6:14]) if len(id18) == 18 else None


def sex_of(id18: str) -> str | None:
    """Sex by the parity of the sequence, GB/T 2261.1 ("1" male, "2" female); None for other documents."""
    return ("1" if int(id18[16]) % 2 else "2") if len(id18) == 18 and id18[16].isdigit() else None


def other_document(text: str) -> str | None:
    """The kind of a document that may stand where a citizen id is asked: travel permits, old foreign permits, passports.

    Digits alone are no travel permit where they rather are a date or the head of a citizen id.
    """
    for kind, pattern in _FORMS:
        if pattern.fullmatch(text):
            if kind == "tw_permit" and text.isdigit() and _date_or_torn(text):
                return None
            if kind == "passport" and len(text) > 12:
                return None
            return kind
    return None


def _date_or_torn(digits: str) -> bool:
    """Whether 8 or 10 digits are a day (YYYYMMDD), or the first ones of a citizen id: a place and the beginning of a birth."""
    day = _birth(digits) if len(digits) == 8 else None
    return (day is not None and 1850 <= day.year < 2200) or (digits[:2] in PROVINCES and digits[6:8] in ("18", "19", "20"))


def id_type(text: str) -> str:
    """The kind of a canonical identifier by its form, which says nothing of validity.

    One of citizen_id, hkmo_residence, tw_residence, foreign_pr, foreign_pr_old, hkmo_permit, tw_permit, birth_certificate,
    passport, unknown.
    """
    if len(text) == 18 and text[:17].isdigit() and text[17] in CHECKS:
        return "foreign_pr" if text[0] == "9" else _RESIDENCE.get(text[:2], "citizen_id")
    return next((kind for kind, pattern in _FORMS if pattern.fullmatch(text)), "unknown")
