"""Numbers of a column: counts, measured values, money; or the digits of an identifier, which are no number at all."""

from __future__ import annotations

import itertools
import re
from statistics import median

from xihu.contract.guesscolumn import LIKELY, SURE, UNSURE, Column, Seen
from xihu.contract.guesswords import unit

_PLAIN = re.compile(r"[-+]?\d+(\.\d*)?")
_MARKED = re.compile(r"[¥￥$£]|元$|\d,\d{3}|^\(.*\)$")
_MONEY_UNITS = ("亿元", "万元", "千元", "元", "分")


def number(seen: Seen) -> Column | None:
    """A guess for a column of numbers, or None where they are none."""
    hinted = seen.hint.type
    if seen.reads("money") < 0.95 and seen.reads("number") < 0.95:
        return None
    if seen.format == "fixed" and (made := _padded(seen)):
        return made
    if seen.format == "fixed" and seen.matches(r"[-+]\d+") >= 0.9:
        return Column("number", {}, "小数位数（scale）请向提供方核实 / ask for the scale", LIKELY, "符号在前的定长数")
    if seen.format == "fixed" and any(len(set(n)) == 1 and len(n) > 2 for n in seen.nulls):
        return Column("number", {}, "小数位数（scale）请向提供方核实 / ask for the scale", LIKELY, "缺测以符号填满，像仪器的量值")
    plain = [v for v in seen.given if _PLAIN.fullmatch(v)]
    whole = all(re.fullmatch(r"[-+]?\d+(\.0+)?", v.replace(",", "")) for v in seen.given if v[:1] in "-+0123456789.")
    digits = [v for v in seen.given if v.isdigit()]
    if hinted == "money":
        return _money(seen, SURE, "标题说是金额")
    if seen.share(_MARKED.search) > 0.2 and hinted not in ("integer", "number", "text"):
        return _money(seen, LIKELY, "有货币符号或千分位")
    if len(digits) >= 0.97 * len(seen.given) and (made := _identifier(seen, digits, hinted)):
        return made
    if hinted == "text" and len(digits) >= 0.9 * len(seen.given) and not re.search(r"级|星|分", seen.title):
        return Column("text", {"pii": seen.hint.pii} if seen.hint.pii else {}, "", SURE, "标题说是号码或名称，不作数值")
    if hinted == "code":
        return Column("text", {}, "像代码：请给出代码表与 map / looks coded: give its list and a map", UNSURE, "标题说是代码，代码表里没有")
    if hinted == "number":
        return Column("number", {}, "", SURE, "标题说是量值")
    if hinted == "integer" and whole:
        return Column("integer", {}, "", SURE, "标题说是计数，都是整数")
    values = [abs(float(v.replace(",", ""))) for v in plain] or [0.0]
    if whole and not any("." in v for v in plain):
        round_ones = sum(v % 10 == 0 and v > 0 for v in values) / len(values)
        if (
            hinted is None
            and len(values) >= 10
            and len(seen.distinct) >= 5
            and not seen.nulls
            and round_ones >= 0.9
            and max(values) >= 50
            and median(values) >= 50
        ):
            return _money(seen, UNSURE, "多是整十整百的数")
        return Column("integer", {}, "", LIKELY, "都是整数")
    places = [len(v.partition(".")[2]) for v in plain] or [0]
    two = sum(p == 2 for p in places) / len(places)
    # JSON and sheets drop the zeros at the end.
    at_most_two = max(places) <= 2 and (two >= 0.97 or (seen.format in ("xlsx", "xls", "json", "geojson") and two >= 0.6))
    if hinted in (None, "date", "text") and at_most_two and _moneyed(values, plain):
        return _money(seen, UNSURE, "两位小数，数额较大")
    return Column("number", {}, "", LIKELY, "有小数")


def _moneyed(values: list[float], plain: list[str]) -> bool:
    whole = sum(v == int(v) for v in values) / len(values)
    return max(values) >= 10_000 or (whole >= 0.3 and max(values) >= 100) or (median(values) >= 500)


def _identifier(seen: Seen, digits: list[str], hinted: str | None) -> Column | None:
    """Digits that nobody adds up: with leading zeros, very long, or all of one length and hardly ever the same."""
    widths = {len(v) for v in digits}
    zeros = sum(len(v) > 1 and v[0] == "0" for v in digits) / len(digits)
    if seen.format == "fixed" and zeros > 0.5 and len(widths) == 1 and max(widths) >= 9:
        return None
    pii = {"pii": seen.hint.pii} if seen.hint.pii else {}
    if zeros > 0 and hinted not in ("integer", "number"):
        return Column("text", pii, "有前导零，按文本 / leading zeros, kept as text", SURE, "前导零")
    if hinted in ("integer", "number"):
        return None
    if sum(len(v) >= 13 for v in digits) > 0.5:
        return Column("text", pii, "", SURE, "13位以上的数字是号码")
    steps = [int(b) - int(a) for a, b in itertools.pairwise(digits)]
    if (
        len(widths) == 1
        and max(widths) >= 5
        and len(seen.distinct) > 0.3 * len(digits)
        and not (hinted is None and set(steps) == {1} and max(widths) < 5)
    ):
        return Column("text", pii, "", LIKELY, f"都是 {max(widths)} 位，不像数量")
    if len(widths) == 1 and max(widths) >= 6 and hinted is None:
        return Column("text", pii, "", LIKELY, f"都是 {max(widths)} 位，像代码")
    return None


def _padded(seen: Seen) -> Column | None:
    """Numbers of one width with zeros on the left, their sign last or none: amounts in cents, as banks send them."""
    widths = {len(v) for v in seen.given}
    signed = seen.matches(r"0\d+[-+]") >= 0.95
    if len(widths) == 1 and max(widths) >= 8 and (signed or (seen.matches(r"0\d+") >= 0.95 and len(seen.distinct) > 2)):
        return _money(seen, LIKELY, "左补零的定长数")
    return None


def _money(seen: Seen, sure: str, why: str) -> Column:
    told = unit(seen.title) or ""
    own = next((u for u in _MONEY_UNITS if told.startswith(u)), None)
    named = next((u for u in _MONEY_UNITS if seen.matches(rf".*{u}") > 0.5), None)
    found = own or named or seen.unit
    options = {"unit": found or ("分" if seen.format == "fixed" else "元")}
    if seen.share(lambda v: v.startswith("(") and v.endswith(")")) > 0:
        options["negative"] = "parentheses"
    if seen.hint.pii:
        options["pii"] = seen.hint.pii
    return Column("money", options, "" if found else "单位请向提供方核实 / ask the provider for the unit", sure, why)
