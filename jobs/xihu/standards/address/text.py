"""Text of an address in one spelling: widths, blanks, dashes, numerals where they count, notes in brackets, words for "near"."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

from xihu.standards.text import fold, unguard

HAN = "\u3400-\u9fff\uf900-\ufaff"
_DIGITS = dict(
    zip("〇零一二三四五六七八九两壹贰叁肆伍陆柒捌玖", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100}
_NUMERAL = "〇零一二三四五六七八九两十百壹贰叁肆伍陆柒捌玖拾佰"
# Numerals are digits in front of what is counted; in names (文三路, 翠苑一区, 朝晖六区) they stay.
_COUNTED = re.compile(
    f"[{_NUMERAL}]+(?=号|[-之][{_NUMERAL}\\d]+号|幢|栋|单元|层|室|弄|座|组(?!团)|楼(?!下|上|塔))|(?<=号之)[{_NUMERAL}]+|(?<=-)[{_NUMERAL}]+(?=号)"
)
# … and digits in names become numerals: 文3路, 翠苑1区, 2期. (12号大街 keeps its digits.)
_NAMED = re.compile(f"(?<=[{HAN}])(\\d{{1,2}})(?=[东西南北中]?(?:路|街(?!道))|区|期|村(?!\\d))")
_PERIOD = re.compile(r"(?<![\d号幢栋-])(\d{1,2})(?=期|区)")
_BLANK_IN_NUMBER = re.compile(r"(?<=[0-9A-Za-z])\s+(?=[0-9A-Za-z])")
_BRACKETS = re.compile(r"[(\[【〔「《<{]([^()\[\]【】〔〕「」《》<>{}]*)[)\]】〕」》>}]")
_VAGUE = re.compile(
    r"(?:斜?对面|附近|旁边?(?=$|的|[,;])|周边|对过|边上|隔壁|一带|沿线|后面|前面|门口|往[东南西北].{0,8}米|[东南西北]侧|以[东南西北](?=$|[,;])|不远处|左右(?=$|[,;]))"
)
_CROSSING = re.compile(r"(?:十字路口|丁字路口|交叉路?口|交[叉汇]处|交界处?|路口)")
_NEAR = re.compile(f"(?<=[号室幢栋层座\\d{HAN}])(?:靠近|临近|近)(?=[{HAN}]{{2,}})(?!江|郊).*$")
_LINE_WITHIN = re.compile(f"[\\r\\n]+(?=[A-Za-z\\d{_NUMERAL}]+(?:单元|室|幢|栋|号楼|层))")
_LINE_END = re.compile(r"[\r\n]+")
_HINT = re.compile("[近附对旁周边隔带沿后前门往侧以不左路交]")
_DASHES = str.maketrans(
    dict.fromkeys("－—–―‐‑~～〜﹣_", "-")
    | {"·": None, "•": None, "。": ",", "．": None, "'": None, '"': None, "“": None, "”": None, "：": ":"}
)


class Cleaned(NamedTuple):
    """`body`: the text to parse; `notes`: what stood in brackets; `vague`: it names a neighbour of the place; `crossing`: of two roads."""

    body: str
    notes: tuple[str, ...] = ()
    vague: bool = False
    crossing: bool = False


def numeral(text: str) -> int | None:
    """三十二 → 32, 一百零五 → 105, 二〇三 → 203; None where it is none."""
    if not text:
        return None
    if not any(c in _TENS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text)) if all(c in _DIGITS for c in text) else None
    total, last = 0, 0
    for c in text:
        if c in _TENS:
            total += (last or 1) * _TENS[c]
            last = 0
        elif c in _DIGITS:
            last = _DIGITS[c]
        else:
            return None
    return total + last


def han(number: int) -> str:
    """1 … 99 as a numeral."""
    ones = "零一二三四五六七八九"
    if number < 10:
        return ones[number]
    tens, rest = divmod(number, 10)
    return ("" if tens == 1 else ones[tens]) + "十" + (ones[rest] if rest else "")


def _count(match: re.Match[str]) -> str:
    n = numeral(match.group())
    return match.group() if n is None else str(n)


def spell(text: str) -> str:
    """One spelling of widths, dashes and numerals, without blanks; for names of the register and for addresses alike."""
    bare = fold(text) if not text.isascii() else text
    bare = bare.translate(_DASHES)
    if " " in bare or "\t" in bare or "\n" in bare or "\r" in bare:
        bare = "".join(_BLANK_IN_NUMBER.sub("-", bare).split())
    bare = _COUNTED.sub(_count, bare)
    return _PERIOD.sub(lambda m: han(int(m.group(1))), _NAMED.sub(lambda m: han(int(m.group(1))), bare))


def clean(text: str, keep: Container[str] = frozenset()) -> Cleaned:
    """An address as sent, ready to parse. `keep`: names that stay where they stand in brackets, beside numbers of buildings and rooms."""
    bare, _ = unguard(text)
    if "\n" in bare or "\r" in bare:
        # A line end within an address, or between two.
        bare = _LINE_END.sub(";", _LINE_WITHIN.sub("", bare))
    bare = spell(bare)
    notes: list[str] = []

    def inside(match: re.Match[str]) -> str:
        note = match.group(1)
        if note in keep or re.match(r"[A-Za-z]?\d+(?:幢|栋|号楼|单元|室|层|楼|座)", note):
            return note
        notes.append(note)
        return ""

    if any(c in bare for c in "([【〔「《<{"):
        bare = _BRACKETS.sub(inside, bare)
        bare = re.sub(r"[(\[【〔「《<{].*$", "", bare)  # a bracket that was cut off
    vague = crossing = False
    if not _HINT.search(bare):
        return Cleaned(bare.strip(",;、/|:."), tuple(notes))
    if near := _NEAR.search(bare):
        notes.append(near.group())
        bare = bare[: near.start()]
    if _CROSSING.search(bare):
        crossing, bare = True, _CROSSING.sub("路" if bare.endswith("路口") and bare.count("路") == 1 else "", bare)
    if _VAGUE.search(bare):
        vague, bare = True, _VAGUE.sub(",", bare)
    return Cleaned(bare.strip(",;、/|:."), tuple(notes), vague, crossing)


_SUFFIX = {
    "number": re.compile(r"号(?=$|[-之附])"),
    "building": re.compile(r"(?:幢|栋|号楼|座|#楼?|号|楼)$"),
    "unit": re.compile(r"(?:单元|门|梯)$"),
    "floor": re.compile(r"(?:层|楼|F)$"),
    "room": re.compile(r"(?:室|房间?|户|号)$"),
}


@lru_cache(maxsize=65_536)
def value(level: str, text: str | None) -> str | None:
    """A number, building, unit, floor or room of the register or of a text without its word, zeros in front, in capitals: `03幢` → `3`."""
    if text is None:
        return None
    bare = spell(text).upper().removeprefix("NO.")
    if level in _SUFFIX:
        bare = _SUFFIX[level].sub("", bare)
    if level == "number":
        bare = re.sub(r"[之附]", "-", bare).replace("号", "").replace("--", "-")
    if all(c in _NUMERAL for c in bare) and (n := numeral(bare)) is not None:
        bare = str(n)
    bare = re.sub(r"(?<![\d])0+(?=\d)", "", bare)
    return bare or None
