"""Telephone numbers: mobiles `1[3-9]` + 9 digits, landlines with area code (Hangzhou 0571)."""

from __future__ import annotations

import re

_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0\d{2,3})-?([2-9]\d{6,7})(?:(?:-|转)(\d{1,6}))?")
_COUNTRY = re.compile(r"^(?:\+|00)86[- ]?")


def parse_phone(text: str) -> tuple[str, bool]:
    """A cleaned, folded number in one spelling (`13912345678`, `0571-85250000[-8001]`), and whether it is one.

    A text that is no number comes back as it is: nobody's record is refused for a telephone.
    """
    bare = re.sub(r"[\s()]", "", _COUNTRY.sub("", text, count=1))
    digits = bare.replace("-", "")
    if _MOBILE.fullmatch(digits):
        return digits, True
    if match := _LANDLINE.fullmatch(bare):
        return "-".join(p for p in match.groups() if p), True
    return text, False
