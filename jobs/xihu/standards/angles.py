"""Longitudes and latitudes as people and devices write them: decimal degrees, 120°09'18.25"E, 东经120度9分18秒, 120:09:18; packed forms.

Packed forms look like decimal degrees and are read only where the contract names them: `dms` = ddd.mmssss, surveyors' pocket
calculators; `dm` = dddmm.mmmm, sentences of NMEA 0183 and devices that pass them on.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import NamedTuple

MAX_LENGTH = 40
_WIDE = Context(prec=60)
_SIDES = {"E": 1, "N": 1, "W": -1, "S": -1, "东经": 1, "北纬": 1, "西经": -1, "南纬": -1}
_SIDE = r"东经|西经|北纬|南纬|[NSEWnsew]"
_PLAIN = re.compile(rf"(?P<a>{_SIDE})?\s*(?P<d>[+-]?\d{{1,10}}(?:\.\d{{1,24}})?)\s*[°度º]?\s*(?P<b>{_SIDE})?", re.ASCII)
_MINUTE, _SECOND = r"[′'’‘分]", r"(?:[″\"”“秒]|''|′′|’’)"
_PARTS = re.compile(
    rf"(?P<a>{_SIDE})?\s*(?P<d>[+-]?\d{{1,3}})\s*(?:[°度º:]|\s)\s*(?P<m>\d{{1,2}}(?:\.\d+)?)\s*(?:{_MINUTE}|:|\s|$)?\s*"
    rf"(?:(?P<s>\d{{1,2}}(?:\.\d+)?)\s*{_SECOND}?)?\s*(?P<b>{_SIDE})?",
    re.ASCII,
)


class Angle(NamedTuple):
    """Degrees; whether they were written in parts; which way they count (`lon`, `lat`) if a letter said so."""

    degrees: Decimal
    parts: bool
    axis: str | None


def read(text: str, packed: str | None = None) -> Angle | str:
    """An angle from a cleaned, folded text, or a word of what is wrong with it. No limit of degrees is judged here."""
    match = _PLAIN.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match:
        value = Decimal(match["d"])
        if packed:
            found = _unpack(value, packed)
            if isinstance(found, str):
                return f"{found}: {text}"
            value = found
        return _sided(value, match, bool(packed) or match["a"] is not None or match["b"] is not None or "°" in text or "度" in text)
    match = _PARTS.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        return f"不是经纬度 / not a longitude or latitude: {text[:MAX_LENGTH]}"
    degrees, minutes, seconds = Decimal(match["d"]), Decimal(match["m"]), Decimal(match["s"] or 0)
    if minutes >= 60 or seconds >= 60 or (match["s"] and "." in match["m"]):
        return f"分、秒须小于60 / minutes and seconds are below 60: {text}"
    size = _WIDE.add(abs(degrees), _WIDE.divide(_WIDE.add(minutes * 60, seconds), Decimal(3600)))
    return _sided(-size if match["d"].startswith("-") else size, match, True)


def _sided(value: Decimal, match: re.Match[str], parts: bool) -> Angle | str:
    words = [w.upper() for w in (match["a"], match["b"]) if w]
    if len(words) > 1:
        return f"方位写了两次 / two sides: {match[0]}"
    if not words:
        return Angle(value, parts, None)
    axis = "lat" if words[0] in ("N", "S", "北纬", "南纬") else "lon"
    if value < 0:
        return f"既有负号又有方位 / a sign and a side: {match[0]}"
    return Angle(value * _SIDES[words[0]], parts, axis)


def _unpack(value: Decimal, packed: str) -> Decimal | str:
    sign, size = (-1 if value < 0 else 1), abs(value)
    if packed == "dm":
        degrees = size // 100
        minutes = size - degrees * 100
        seconds = Decimal(0)
    else:
        degrees = Decimal(int(size))
        rest = (size - degrees) * 100
        minutes = Decimal(int(rest))
        seconds = (rest - minutes) * 100
    if minutes >= 60 or seconds >= 60:
        return "分、秒须小于60 / minutes and seconds are below 60"
    return sign * _WIDE.add(degrees, _WIDE.divide(_WIDE.add(minutes * 60, seconds), Decimal(3600)))
