"""Codes of industries as departments send them (`C1311`, `1311`, `C13`, `C`): section and division by GB/T 4754, in the edition of a day.

Divisions 79 to 96 of the edition of 2011 have other numbers since 2017-10-01. Where a section letter is sent it tells the edition: `O79`
is 居民服务业 of 2011, `N79` 土地管理业 of 2017. Without a letter the day decides.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from xihu.standards.codes import CodeList
from xihu.standards.crosswalks import Crosswalk, NotExact

_CODE = re.compile(r"([A-T])?(\d\d)?(\d{0,2})")


class Industry(NamedTuple):
    """What a code means in the edition of the day. `division` is None where only a section was sent, `repairs` names what was inferred."""

    section: str
    division: str | None
    name: str
    repairs: tuple[str, ...] = ()


def read(text: str, on: date, editions: Crosswalk) -> Industry | str:
    """The industry of a code on a day, or why there is none.

    Args:
        editions: the crosswalk `industry__industry`, whose list holds the editions.
    """
    code = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    found = _CODE.fullmatch(code)
    if not found or not code or (found[3] and not found[2]):
        return f"不是行业代码 / not a code of an industry: {text}"
    letter, number = found[1], found[2]
    listed = editions.source
    if number is None:
        row = listed.at(letter, on)
        return Industry(letter, None, row.name) if row else f"{on} 时无此门类 / no such section on {on}: {text}"
    row = listed.at(number, on)
    if row and letter in (None, row.extra["parent"]):
        return Industry(row.extra["parent"], number, row.name)
    return _other_edition(text, letter, number, on, editions, listed)


def _other_edition(text: str, letter: str | None, number: str, on: date, editions: Crosswalk, listed: CodeList) -> Industry | str:
    for other in listed.by_code.get(number, ()):
        if letter != other.extra["parent"] or other.valid_from is None:
            continue
        now = editions.convert(number, other.valid_from, on)
        if isinstance(now, NotExact):
            return f"属另一版分类，{now} / of another edition: {text}"
        row = listed.at(now, on)
        if row:
            return Industry(row.extra["parent"], now, row.name, (f"industry:{letter}{number}→{now}",))
    return f"{on} 时无此行业，或门类不符 / no such industry on {on}, or not of that section: {text}"
