"""Numbers of legal entities of all times, each in one canonical form: what a value is, and how an old number leads to the new one.

| type | form | check |
|---|---|---|
| `uscc` | 18 characters since 2015-10 (GB 32100-2015) | `xihu.standards.uscc` |
| `org_code` | 8 characters and check (GB 11714-1997), sent with or without hyphen | MOD 11 |
| `registration_no` | 工商注册号 of 15 digits: 6 region, 8 sequence, 1 check (GS 15-2006); before 2007 13 digits | MOD 11,10; none |
| `tax_no` | 15 characters: 6 region, 9 organisation code; since 2015-10 the uscc itself | that of the organisation code |

Organisation code = USCC[8:17] = tax number[6:15]. Nothing inside a registration number says whose it is: only a register that carries
both does. A sole trader's tax number is the citizen id of the owner and two digits: no number of an entity, it never becomes one here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from stdnum.iso7064 import mod_11_10

from xihu.standards import citizen_id, uscc
from xihu.standards.text import fold, is_placeholder, unguard
from xihu.standards.uscc import organisation_check

TYPES = ("uscc", "org_code", "registration_no", "tax_no")
# USCC department and class → kind of the list entity_kind; what is left out is `other`.
_KINDS = {
    "11": "agency", "12": "institution", "13": "social_organisation", "51": "social_organisation", "52": "social_organisation",
    "53": "social_organisation", "71": "social_organisation", "81": "social_organisation", "91": "enterprise", "92": "individual",
    "93": "cooperative", "N1": "village_economy", "N2": "village_economy", "N3": "village_economy",
}  # fmt: skip
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―－﹣−", "-"))
_BODY = re.compile(r"[0-9A-Z]{8}[0-9X]")
# 100000: bodies registered by the State's own offices.
_PROVINCES = citizen_id.PROVINCES | {"10"}


class EntityNumber(NamedTuple):
    """A number in its canonical form."""

    type: str
    value: str
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # organisation_check, unknown_region, unchecked

    @property
    def handle(self) -> str:
        """`<type>:<value>`, as registries of identity know it."""
        return f"{self.type}:{self.value}"

    @property
    def organisation(self) -> str | None:
        """The organisation code that the number is or holds; None for a registration number."""
        return {"uscc": self.value[8:17], "org_code": self.value, "tax_no": self.value[6:15]}.get(self.type)

    @property
    def region(self) -> str | None:
        """GB/T 2260 code of the place of registration, which need not be that of the address; None for an organisation code."""
        return {"uscc": self.value[2:8], "registration_no": self.value[:6], "tax_no": self.value[:6]}.get(self.type)

    @property
    def kind(self) -> str | None:
        """What sort of entity the number tells (list entity_kind); None where it tells nothing.

        First digit of a registration number's sequence: 0–3 domestic, 4–5 foreign-invested, 6–9 sole traders (GS 15-2006 [M]).
        """
        if self.type == "uscc":
            return _KINDS.get(self.value[:2], "other")
        if self.type == "registration_no" and len(self.value) == 15:
            return "individual" if self.value[6] >= "6" else "enterprise"
        return None


class NumberProblem(NamedTuple):
    """Why a text is no number of an entity.

    `reason`: missing_key, bad_uscc (an 18-character code), bad_length, bad_charset, bad_check, ambiguous (two types fit), personal (a
    citizen id).
    """

    reason: str
    detail: str


def judge(text: str | None, type: str | None = None, regions: Collection[str] | None = None) -> EntityNumber | NumberProblem:
    """Judge one number as sent.

    Args:
        text: the cell. Guards, width, blanks, hyphens and case are repaired and recorded.
        type: what the column promises; `tax_no` and `registration_no` columns hold credit codes too since 2015-10, which come out as
            `uscc`. None: told by form and check.
        regions: division codes of any year; another region is the warning `unknown_region`. Default: only the province is looked at.

    Raises:
        ValueError: no such type.
    """
    if type is not None and type not in TYPES:
        raise ValueError(f"no such type of number: {type}")
    if text is None:
        return NumberProblem("missing_key", "空 / empty")
    bare, repairs = unguard(text)
    value = "".join(fold(bare).translate(_DASHES).split())
    if value != bare:
        repairs += ("full_width",)
    if value != value.upper():
        value, repairs = value.upper(), (*repairs, "case")
    if not value.strip("-") or is_placeholder(value.replace("-", ""), identifier=True):
        return NumberProblem("missing_key", f"占位 / placeholder: {value}" if value else "空 / empty")
    if "-" in value:
        value, repairs = value.replace("-", ""), (*repairs, "hyphen")
    if type == "uscc" or (len(value) == 18 and value[:2] in _DEPARTMENTS):
        code = uscc.parse(value)
        if type != "uscc" and _is_person(value):
            if not isinstance(code, uscc.Uscc) or code.region[:2] not in _PROVINCES:
                return NumberProblem("personal", _PERSONAL)
            return NumberProblem("ambiguous", "信用代码和公民身份号码的校验都通过 / valid as a credit code and as a citizen id")
        if isinstance(code, uscc.UsccProblem):
            return NumberProblem(*code)
        return EntityNumber("uscc", value, repairs, (*code.warnings, *_region(code.region, regions)))
    if not (value.isascii() and value.isalnum()):
        return NumberProblem("bad_charset", f"应为字母和数字 / not letters and digits: {value}")
    if (len(value) >= 18 and _is_person(value[:18])) or (len(value) == 17 and _is_person(value[:15])):
        return NumberProblem("personal", _PERSONAL)
    if type is not None:
        own = _READERS[type](value)
        if isinstance(own, NumberProblem):
            return own
        return own._replace(repairs=repairs, warnings=(*own.warnings, *_region(own.region, regions)))
    # Thirteen digits prove nothing where the column does not say what they are.
    fits = [n for n in (read(value) for read in _READERS.values()) if isinstance(n, EntityNumber) and not n.warnings]
    if _is_person(value):
        return NumberProblem("ambiguous", "可能是15位公民身份号码 / may be a citizen id of 15 digits")
    if len(fits) > 1:
        return NumberProblem("ambiguous", f"{'、'.join(n.type for n in fits)} 都符合 / more than one type fits")
    if not fits:
        reason = "bad_check" if len(value) in (9, 15) else "bad_length"
        return NumberProblem(reason, f"{len(value)} 位，不是任何一种单位号码 / {len(value)} characters, no number of an entity")
    (one,) = fits
    return one._replace(repairs=repairs, warnings=(*one.warnings, *_region(one.region, regions)))


def recognise(text: str | None, type: str | None = None) -> EntityNumber | None:
    """The canonical number of a text, None where it is none; see `judge`."""
    found = judge(text, type)
    return found if isinstance(found, EntityNumber) else None


def with_hyphen(org_code: str) -> str:
    """An organisation code as certificates print it: 79965505-8."""
    return f"{org_code[:8]}-{org_code[8:]}"


_PERSONAL = "公民身份号码（个体户税号）不是单位的号码 / a citizen id (a sole trader's tax number) is no number of an entity"
_DEPARTMENTS = frozenset(d + k for d, (_, classes) in uscc.CLASSES.items() for k in classes)


def _is_person(value: str) -> bool:
    """A citizen id of 18 characters by check digit and birth, or one of 15 by province and birth."""
    if len(value) == 18:
        born = citizen_id.birth_of(value) if value[:17].isdigit() else None
        return born is not None and born >= citizen_id.OLDEST and value[17] == citizen_id.check_digit(value[:17])
    if len(value) != 15 or not value.isdigit() or value[:2] not in citizen_id.PROVINCES:
        return False
    # The sequence of registration numbers makes a date now and then; their check digit decides.
    return citizen_id.birth_of(citizen_id.to_18(value)) is not None and not mod_11_10.is_valid(value)


def _region(region: str | None, regions: Collection[str] | None) -> tuple[str, ...]:
    if region is None:
        return ()
    known = region[:2] in _PROVINCES if regions is None else region in regions or region == "100000"
    return () if known else ("unknown_region",)


def _as_org_code(value: str) -> EntityNumber | NumberProblem:
    if len(value) != 9:
        return NumberProblem("bad_length", f"组织机构代码应为9位 / an organisation code has 9 characters, not {len(value)}")
    if not _BODY.fullmatch(value):
        return NumberProblem("bad_charset", f"不是组织机构代码的字符 / not the characters of an organisation code: {value}")
    if value[8] != organisation_check(value[:8]):
        return NumberProblem("bad_check", f"校验码应为 / the check character should be {organisation_check(value[:8])}")
    return EntityNumber("org_code", value)


def _as_registration(value: str) -> EntityNumber | NumberProblem:
    if len(value) not in (13, 15):
        return NumberProblem("bad_length", f"注册号应为15位或13位 / a registration number has 15 or 13 digits, not {len(value)}")
    if not value.isdigit():
        return NumberProblem("bad_charset", f"注册号应为数字 / a registration number is of digits: {value}")
    if len(value) == 13:
        return EntityNumber("registration_no", value, (), ("unchecked",))
    if not mod_11_10.is_valid(value):
        return NumberProblem("bad_check", f"校验码应为 / the check digit should be {mod_11_10.calc_check_digit(value[:14])}")
    return EntityNumber("registration_no", value)


def _as_tax(value: str) -> EntityNumber | NumberProblem:
    if len(value) != 15:
        return NumberProblem("bad_length", f"税号应为15位或18位 / a tax number has 15 or 18 characters, not {len(value)}")
    if not value[:6].isdigit() or value[:2] not in _PROVINCES or not _BODY.fullmatch(value[6:]):
        return NumberProblem("bad_charset", f"应为6位区划和9位组织机构代码 / not a region and an organisation code: {value}")
    if _is_person(value) and value[14] != organisation_check(value[6:14]):
        return NumberProblem("personal", _PERSONAL)
    if value[14] != organisation_check(value[6:14]):
        return NumberProblem(
            "bad_check", f"其中组织机构代码的校验码应为 / its organisation code should end in {organisation_check(value[6:14])}"
        )
    return EntityNumber("tax_no", value)


_READERS = {"org_code": _as_org_code, "registration_no": _as_registration, "tax_no": _as_tax}

__all__ = ["TYPES", "EntityNumber", "NumberProblem", "judge", "organisation_check", "recognise", "with_hyphen"]
