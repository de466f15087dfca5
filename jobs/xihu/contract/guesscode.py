"""Whether a column holds the values of a code list, or yes and no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from xihu.contract.guesscolumn import LIKELY, SURE, UNSURE
from xihu.contract.guesswords import Hint
from xihu.standards.codes import CodeList

_OTHER = ("divisions", "functional_areas", "yes_no")
_YES = tuple(
    frozenset(pair.split()) for pair in ("是 否", "true false", "True False", "TRUE FALSE", "Y N", "y n", "T F", "yes no", "Yes No", "√ ×")
)


class Listed(NamedTuple):
    """A code list that holds the values; `map` in YAML where they are written otherwise."""

    name: str
    map: str
    note: str
    sure: str
    why: str


def boolean(distinct: Counter[str], titled: bool, open_: bool) -> str | None:
    """Why the values are yes and no, or None."""
    values = set(distinct)
    for pair in _YES:
        if values == pair or (values <= pair and titled):
            return f"只有 {'、'.join(sorted(values))}"
    if titled and values <= {"0", "1"}:
        return "只有 0、1，标题是问句"
    if values == {"0", "1"} and sum(distinct.values()) >= 20 and open_:
        return "只有 0、1"
    return None


def listed(distinct: Counter[str], hint: Hint, codes: Mapping[str, CodeList], as_of: date) -> Listed | None:
    """The list whose names or codes the values are: the one of the title, else the shortest that has them all."""
    total = sum(distinct.values())
    often = {v for v, n in distinct.items() if n >= 0.002 * total} or set(distinct)
    if hint.codes in codes and (made := _titled(often, distinct, hint.codes or "", codes[hint.codes or ""])):
        return made
    for name in sorted(n for n in codes if hint.codes and n.startswith(f"{hint.codes}_")):
        share = sum(distinct[v] for v in distinct if v in codes[name].by_code) / total
        if share >= 0.97:
            return Listed(name, "", "", LIKELY, f"标题与取值都合代码表 {name}")
    if len(often) > 80 or hint.type not in (None, "text", "code", "integer"):
        return None
    fits = []
    for name, one in codes.items():
        if name in _OTHER or _geographic(one):
            continue
        known = {v for v in often if v in one.by_name or v in one.by_code}
        share = sum(distinct[v] for v in known) / total
        worded = {v for v in known if _word(v)}
        if share >= 0.97 and (len(worded) >= 2 or worded & {"男", "女"}):
            fits.append((len(one.by_code) - len(known), name, share, True))
        elif share >= 0.99 and _numeric(known, one, hint, total):
            fits.append((len(one.by_code) - len(known), name, share, False))
    worded_fits = [f for f in fits if f[3]]
    if not fits:
        return _shortened(distinct, codes)
    _, name, share, by_word = min(worded_fits or fits)
    others = "、".join(sorted(f[1] for f in (worded_fits or fits) if f[1] != name)[:6])
    note = f"也合代码表 {others} / fits those lists too" if others else ""
    return Listed(name, "", note, LIKELY if by_word else UNSURE, f"{share:.0%} 在代码表 {name} 内")


def _shortened(distinct: Counter[str], codes: Mapping[str, CodeList]) -> Listed | None:
    """The list whose names the values shorten: 橙色 for 橙色（Ⅱ级）, each value in one name, and a good part of the list."""
    total, best = sum(distinct.values()), None
    for name, one in codes.items():
        if name in _OTHER or len(one.by_code) > 30 or _geographic(one):
            continue
        paired: dict[str, str] = {}
        for value in distinct:
            within = {rows[0].code for n, rows in one.by_name.items() if value in n} if len(value) >= 2 and _word(value) else set()
            if len(within) == 1:
                paired[value] = within.pop()
        share = sum(distinct[v] for v in paired) / total
        enough = 2 <= len(set(paired.values())) == len(paired) and len(paired) >= 0.4 * len(one.by_code)
        if share >= 0.97 and enough and (best is None or len(one.by_code) < best[0]):
            best = len(one.by_code), name, paired
    if best is None:
        return None
    shown = ", ".join(f'"{k}": "{v}"' for k, v in best[2].items())
    note = "取值是代码名称的简写，对应逐条核对 / the map is a guess: check each"
    return Listed(best[1], "{" + shown + "}", note, UNSURE, f"取值都在代码表 {best[1]} 的名称之内")


def _word(value: str) -> bool:
    """A word is evidence; a digit or a lone letter stands in many lists."""
    return not value.isdigit() and (not value.isascii() or len(value) >= 4)


@cache
def _geographic(one: CodeList) -> bool:
    """Lists of places: their names are names of streets and towns everywhere, and divisions have a type of their own."""
    return sum(name[-1:] in "区县市省镇乡道" for name in one.by_name) > 0.6 * len(one.by_name)


def _numeric(known: set[str], one: CodeList, hint: Hint, total: int) -> bool:
    """Whether digits are codes rather than counts: of two digits or more, all of one length, several of them, and again and again."""
    if hint.type == "integer" or not known or not all(v.isdigit() for v in known):
        return False
    widths = {len(v) for v in known}
    return len(widths) == 1 and min(widths) >= 2 and 3 <= len(known) <= 0.3 * total and len(known) >= 0.04 * len(one.by_code)


def _titled(often: set[str], distinct: Counter[str], name: str, one: CodeList) -> Listed | None:
    total = sum(distinct.values())
    known = {v for v in distinct if v in one.by_code or v in one.by_name or (v.isdigit() and v.lstrip("0") in one.unpadded)}
    share = sum(distinct[v] for v in known) / total
    if share >= 0.9 and often & known:
        return Listed(name, "", "" if share == 1 else f"{1 - share:.1%} 不在代码表 / not in the list", SURE, f"标题与取值都合代码表 {name}")
    rest = sorted(often - known)
    if len(often) > 60 or any(v.isdigit() for v in rest):
        return None
    paired: dict[str, str] = {}
    for value in rest:
        near = [c for n, c in ((n, rows[0].code) for n, rows in one.by_name.items()) if _near(value, n)]
        if len(set(near)) == 1:
            paired[value] = near[0]
    left = [v for v in rest if v not in paired]
    if name == "sex" and left and set(left) <= {"M", "F", "m", "f", "Male", "Female"}:
        paired |= {v: "1" if v.lower().startswith("m") else "2" for v in left}
        left = []
    taken = {one.by_name[v][0].code if v in one.by_name else v for v in often & known} | set(paired.values())
    free = [c for c in one.by_code if c not in taken]
    if len(left) == 1 == len(free):
        paired[left[0]], left = free[0], []
    if left:
        return None
    shown = ", ".join(f'"{k}": "{v}"' for k, v in paired.items())
    return Listed(
        name,
        "{" + shown + "}",
        "取值与代码的对应是猜的，逐条核对 / the map is a guess: check each",
        UNSURE,
        f"标题像代码表 {name}，取值写法相近",
    )


def _near(value: str, name: str) -> bool:
    """One holds the other, or they begin with the same two characters and more than half is the same."""
    if len(value) >= 2 and (value in name or name in value):
        return True
    return (len(value) == 1 and name[:1] == value) or (len(value) >= 3 and value[:2] == name[:2])
