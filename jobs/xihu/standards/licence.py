"""Electronic licence identifier, GB/T 36904-2018 (电子证照标识): a path of arcs below the root of all licences.

1.2.156.3005.2 . type code . issuer . serial . version . check
type code: USCC of who laid the kind of licence down (18) and three digits; issuer: code of the issuing body, a USCC but for old ones;
serial: digits and capitals; version: three digits; check: ISO 7064 MOD 37,36 over the four before it, without root and dots.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from stdnum.iso7064 import mod_37_36

from xihu.standards import uscc
from xihu.standards.text import fold, is_placeholder, unguard

ROOT = "1.2.156.3005.2"
_PARTS = 5
_CHARACTERS = re.compile(r"[0-9A-Z]+", re.ASCII)


class Licence(NamedTuple):
    """A valid identifier and its arcs. `warnings`: `type_code`, `issuer` where the arc is not what the standard says and the check fits."""

    value: str
    type_code: str
    issuer: str
    serial: str
    version: int
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def licence(self) -> tuple[str, str, str]:
        """What all versions of one licence share."""
        return self.type_code, self.issuer, self.serial


class LicenceProblem(NamedTuple):
    """`missing_key`, `bad_id_length`, `bad_id_charset` or `bad_id_check`, and what was seen."""

    reason: str
    detail: str


def check_character(type_code: str, issuer: str, serial: str, version: str) -> str:
    """The last arc.

    Raises:
        ValueError: a character that is neither a digit nor a capital.
    """
    return str(mod_37_36.calc_check_digit(type_code + issuer + serial + version))


def make(type_code: str, issuer: str, serial: str, version: int = 1) -> str:
    """The identifier of a licence.

    Raises:
        ValueError: a version of more than three digits, or a character that is not used.
    """
    if not 0 < version <= 999:
        raise ValueError(f"版本号应在 1 至 999 / the version must be 1 to 999: {version}")
    arcs = (type_code, issuer, serial, f"{version:03d}")
    return ".".join((ROOT, *arcs, check_character(*arcs)))


def parse(text: str | None) -> Licence | LicenceProblem:
    """Judge one identifier as sent. Full width, guards, blanks and small letters are repaired; nothing is guessed."""
    bare, repairs = unguard(text or "")
    value = "".join(fold(bare).split())
    if value != bare:
        repairs += ("full_width",)
    if value != value.upper():
        value, repairs = value.upper(), (*repairs, "case")
    if not value or is_placeholder(value, identifier=True):
        return LicenceProblem("missing_key", f"占位 / placeholder: {value}" if value else "空 / empty")
    if not value.startswith(ROOT + "."):
        return LicenceProblem("bad_id_length", f"不以电子证照根代码 {ROOT} 开头 / does not begin with the root of licences: {value[:40]}")
    arcs = value[len(ROOT) + 1 :].split(".")
    if len(arcs) != _PARTS:
        return LicenceProblem(
            "bad_id_length", f"根代码后应有 {_PARTS} 段，有 {len(arcs)} 段 / {len(arcs)} arcs after the root, not {_PARTS}"
        )
    for arc in arcs:
        if not _CHARACTERS.fullmatch(arc):
            return LicenceProblem("bad_id_charset", f"只用数字和大写字母 / only digits and capitals: {arc or '空 / empty'}")
    type_code, issuer, serial, version, check = arcs
    if len(type_code) < 4 or len(issuer) < 6:
        return LicenceProblem("bad_id_length", f"类型代码或颁发机构代码过短 / type code or issuer too short: {type_code}.{issuer}")
    if len(version) != 3 or not version.isdigit() or version == "000":
        return LicenceProblem("bad_id_length", f"版本号应为三位数字 / the version must be three digits from 001: {version}")
    right = check_character(type_code, issuer, serial, version)
    if check != right:
        return LicenceProblem("bad_id_check", f"校验位应为 / the check character should be {right}")
    return Licence(value, type_code, issuer, serial, int(version), repairs, _doubts(type_code, issuer))


def _doubts(type_code: str, issuer: str) -> tuple[str, ...]:
    known = len(type_code) == 21 and type_code[18:].isdigit() and isinstance(uscc.parse(type_code[:18]), uscc.Uscc)
    body = isinstance(uscc.parse(issuer), uscc.Uscc)
    return (() if known else ("type_code",)) + (() if body else ("issuer",))
