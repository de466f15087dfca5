"""Whether a text as sent looks like a value of a field's type.

This is a judgement of shape, lenient on purpose: it decides only whether columns stand in each other's place, or whether a line is data.
Validity of a value is judged later, with the field's own rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from itertools import combinations

from xihu.bronze.schema import Refusal
from xihu.contract.coordinates import Coordinates
from xihu.contract.models import Contract, FieldSpec
from xihu.standards import angles
from xihu.standards.coordinates import CHINA

# A distinctive field without even this is suspected of holding another field's value (RE2 and Python understand both).
FEW_DIGITS = r"[0-9０-９]{4}"
SHAPES = {
    "citizen_id": r"^[^0-9０-９]*[0-9０-９*]{15}([0-9０-９*]{2}[0-9０-９Xx×Ｘｘ*]?)?[^A-Za-z0-9]*$",
    "uscc": r"[0-9A-Za-z０-９]{15}",
}
DISTINCTIVE = frozenset({"citizen_id", "uscc", "phone", "date", "datetime"})
_PLACEHOLDERS = {"", "无", "暂无", "待补", "不详", "未知", "/", "-", "--", "—", "n/a", "null", "none", "\\n"}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))

_DATE = re.compile(
    r"(\d{8}|\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/. ]([01]?\d|[a-z]{3,9})[-/. ](\d{4}|\d{2})|\d{5}(\.\d+)?)"
    r"([ t]?\d{1,2}:\d\d(:\d\d(\.\d+)?)?)?",
    re.I,
)
_CLOCK = re.compile(r"-?\d{9,17}")
_MONTH = re.compile(r"\d{4}[-/.年]?(0?[1-9]|1[0-2])月?")
_YEAR = re.compile(r"(1[89]|20|21)\d\d(\.0)?年?(度)?")
_NUMBER = re.compile(r"[-+(]?\s*[¥￥£$€]?\s*[-+]?\d[\d,]*(\.\d*)?(e[-+]?\d+)?\s*(元|千元|万元|亿元|分|万|亿|%|人|户|件|)[-+)]?", re.I)
_INTEGER = re.compile(r"[-+]?\d[\d,]*(\.0*)?[^\d.]{0,3}")
_ID = re.compile(r"[\d*]{15}|[\d*OolI]{16,18}[\dX*×]?|[HM]\d{8}(\d\d)?|[A-Z]{3}\d{12}", re.I)
_USCC = re.compile(r"[0-9A-Z]{2}[\d*]{4,6}[0-9A-Z*]{9,10}|[0-9A-Z]{8}-?[0-9X]|\d{15}", re.I)
_STRICT = {
    "citizen_id": re.compile(r"\d{17}[\dX]|\d{15}", re.I),
    "uscc": re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}"),
}
_PHONE = re.compile(r"(\+?86[- ]?)?1[\d*]{10}|(\(?0\d{2,3}\)?[- ]?)?[2-9]\d{6,7}(-\d{1,6})?")
_DIVISION = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}|[^\d\W]{2,15}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BOOLEAN = {"是", "否", "有", "无", "y", "n", "yes", "no", "true", "false", "0", "1", "t", "f", "√", "×"}


def clean(text: str) -> str:
    """Full-width forms folded, spreadsheet guards and invisible characters gone, ends stripped."""
    text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).strip()
    if text.startswith('="') and text.endswith('"') and len(text) >= 3:
        text = text[2:-1]
    return text.lstrip("'").strip()


def blank(text: str | None, spec: FieldSpec | None = None) -> bool:
    """Nothing, a placeholder, or one of the field's own words for nothing."""
    if text is None:
        return True
    folded = clean(text).casefold()
    return folded in _PLACEHOLDERS or (spec is not None and text.strip() in spec.nulls) or (len(folded) > 5 and len(set(folded)) == 1)


def fits(spec: FieldSpec, text: str | None) -> bool | None:
    """True or False by shape; None where nothing can be said (blank, or a type that takes any text)."""
    kind = spec.type
    if kind == "text" or text is None or blank(text, spec):
        return None
    value = clean(text)
    if kind == "citizen_id":
        value = value.replace(" ", "")
        if not _ID.fullmatch(value):
            return False
        # A credit code of digits alone has any digits where a birth date would stand.
        return len(value) != 18 or not value[10:14].isdigit() or (1 <= int(value[10:12]) <= 12 and 1 <= int(value[12:14]) <= 31)
    if kind == "uscc":
        return _USCC.fullmatch(value.replace(" ", "")) is not None
    if kind in ("date", "datetime"):
        return _DATE.fullmatch(value) is not None or (_counted(spec) and _CLOCK.fullmatch(value) is not None)
    if kind == "month":
        return _MONTH.fullmatch(value) is not None or _DATE.fullmatch(value) is not None
    if kind == "year":
        return _YEAR.fullmatch(value) is not None or _DATE.fullmatch(value) is not None
    if kind in ("number", "money", "integer"):
        pattern = _INTEGER if kind == "integer" else _NUMBER
        return pattern.fullmatch(value) is not None and _in_range(spec, value)
    if kind == "phone":
        return _PHONE.fullmatch(value) is not None
    if kind == "person_name":
        return len(value) <= 40 and not any(c.isdigit() for c in value)
    if kind == "division":
        return _DIVISION.fullmatch(value) is not None
    if kind == "boolean":
        return value.casefold() in _BOOLEAN or value in (spec.map or {})
    if kind == "code":
        return None if spec.map is None else value in spec.map or value in spec.map.values()
    return None


def _counted(spec: FieldSpec) -> bool:
    """Whether times may be bare digits: epochs, and forms with a time of their own."""
    return any("epoch" in form or "hh" in form for form in spec.forms or ())


def _in_range(spec: FieldSpec, value: str) -> bool:
    # Packed degrees are not the number they look like.
    if (not isinstance(spec.min, Decimal) and not isinstance(spec.max, Decimal)) or spec.angle:
        return True
    try:
        number = Decimal(re.sub(r"[^\d.]", "", value) or "0") * (-1 if "-" in value else 1)
        number = number.scaleb(-(spec.scale or 0))
    except InvalidOperation:
        return False
    return not (isinstance(spec.min, Decimal) and number < spec.min) and not (isinstance(spec.max, Decimal) and number > spec.max)


def looks_like_data(contract: Contract, cells: Sequence[str]) -> bool:
    """Whether the cells of a line without titles look like a record: some typed value, in place or anywhere."""
    specs = list(contract.fields.values())
    inplace = [f for spec, cell in zip(specs, cells, strict=False) if spec.type != "person_name" and (f := fits(spec, cell)) is not None]
    if inplace and sum(inplace) * 2 >= len(inplace) and any(any(c.isdigit() for c in clean(cell)) for cell in cells):
        return True
    return any(_ID.fullmatch(v) or _DATE.fullmatch(v) or re.fullmatch(r"-?\d+(\.\d+)?", v) for v in map(clean, cells))


def swapped_columns(contract: Contract, sample: Sequence[Sequence[str | None]], least: int = 3) -> tuple[str, str] | None:
    """Two fields whose values stand in each other's column throughout the sample; None if there are none.

    A pair is named when the columns as they are fit badly (at most a fifth of one of them) and exchanged fit nearly all. Fields of text
    fit anything, so they count as a partner only of types that nothing else looks like (numbers of persons and companies, phones, dates).
    """
    for place in contract.places:
        if place.lon and place.lat and _exchanged(contract, place, sample, least):
            return place.lon, place.lat
    specs = list(contract.fields.items())
    columns = [[row[i] for row in sample if not blank(row[i], specs[i][1])] for i in range(len(specs))]

    def rate(i: int, j: int) -> float | None:
        """Share of the values in column i that fit field j."""
        judged = [f for value in columns[i] if (f := fits(specs[j][1], value)) is not None]
        return sum(judged) / len(judged) if judged else None

    own = [rate(i, i) for i in range(len(specs))]
    low = {i for i, r in enumerate(own) if r is not None and r <= 0.2 and len(columns[i]) >= least}
    for i, j in combinations(range(len(specs)), 2):
        if not ({i, j} & low) or len(columns[i]) < least or len(columns[j]) < least:
            continue
        there, back = rate(i, j), rate(j, i)
        kinds = (specs[i][1].type, specs[j][1].type)
        if there is None and back is None:
            continue
        if there is None or back is None:
            # One of them takes any text: the other's values must be unmistakable.
            typed = 0 if there is None else 1
            if kinds[typed] not in DISTINCTIVE or (i, j)[typed] not in low:
                continue
        if (1.0 if there is None else there) >= 0.9 and (1.0 if back is None else back) >= 0.9:
            return specs[i][0], specs[j][0]
    return None


def retyped_columns(contract: Contract, sample: Sequence[Sequence[str | None]], least: int = 10) -> list[str]:
    """Fields of which hardly a value (at most a fifth of `least` or more) looks like its type: their columns hold something else now."""
    found = []
    for i, (name, spec) in enumerate(contract.fields.items()):
        judged = [f for row in sample if (f := fits(spec, row[i])) is not None]
        if len(judged) >= least and sum(judged) * 5 <= len(judged):
            found.append(name)
    return found


def judge_columns(contract: Contract, sample: Sequence[Sequence[str | None]], warnings: list[str]) -> Refusal | None:
    """Columns whose content is not what their titles say: exchanged ones are refused, retyped ones by the contract's policy."""
    if pair := swapped_columns(contract, sample):
        one, two = (contract.fields[name].title for name in pair)
        return Refusal("columns_swapped", f"“{one}”与“{two}”的内容整列互换", "请提供方核对导出程序后重报")
    if names := retyped_columns(contract, sample):
        text = "内容与约定的类型不符的列：" + "、".join(f"{contract.fields[n].title}（{contract.fields[n].type}）" for n in names)
        if contract.delivery.columns.retyped == "refuse":
            return Refusal("header_unknown", text, "请按约定的内容重报；若该列的内容确已改变，请修改目录中的类型")
        warnings.append(text)
    return None


def _exchanged(contract: Contract, place: Coordinates, sample: Sequence[Sequence[str | None]], least: int) -> bool:
    """Whether longitudes stand where latitudes should and the other way round, by the contract's limits or else by where China is."""
    if place.crs == "local" or not place.lon or not place.lat:
        return False
    names = list(contract.fields)
    pair = [(names.index(n), contract.fields[n]) for n in (place.lon, place.lat)]
    low = [float(s.min) if isinstance(s.min, Decimal) else d for (_, s), d in zip(pair, CHINA[:2], strict=True)]
    high = [float(s.max) if isinstance(s.max, Decimal) else d for (_, s), d in zip(pair, CHINA[2:], strict=True)]
    seen = wrong = 0
    for row in sample:
        lon, lat = (_degrees(s, row[i]) for i, s in pair)
        if lon is None or lat is None or not (lon or lat):
            continue
        seen += 1
        right = low[0] <= lon <= high[0] and low[1] <= lat <= high[1]
        wrong += not right and low[0] <= lat <= high[0] and low[1] <= lon <= high[1]
    return seen >= least and wrong * 10 >= seen * 9


def _degrees(spec: FieldSpec, text: str | None) -> float | None:
    found = angles.read(clean(text), spec.angle) if text else ""
    return None if isinstance(found, str) else float(found.degrees) / 10 ** (spec.scale or 0)


Shape = Callable[[str], object]
_SEARCH: dict[str, Shape] = {kind: re.compile(SHAPES.get(kind, FEW_DIGITS)).search for kind in DISTINCTIVE}


def distinctive(contract: Contract) -> list[tuple[int, Shape]]:
    """Positions of the fields whose values nothing else looks like, and what at least they look like."""
    return [(i, _SEARCH[spec.type]) for i, spec in enumerate(contract.fields.values()) if spec.type in DISTINCTIVE]


def suspicious(cells: Sequence[str | None], positions: Sequence[tuple[int, Shape]]) -> bool:
    """Whether a distinctive field does not look like itself: the only records in which exchanged fields are looked for."""
    for i, shape in positions:
        cell = cells[i]
        if cell and not shape(cell):
            return True
    return False


def swapped_in_record(contract: Contract, cells: Sequence[str | None]) -> tuple[str, str] | None:
    """Two fields of one record that each hold what the other should; free text only where it holds a personal number."""
    specs = list(contract.fields.items())
    if not suspicious(cells, distinctive(contract)):
        return None
    wrong = [i for i, (_, spec) in enumerate(specs) if i < len(cells) and fits(spec, cells[i]) is False]
    for i, j in combinations(wrong, 2):
        if (
            fits(specs[i][1], cells[j])
            and fits(specs[j][1], cells[i])
            and (specs[i][1].type in DISTINCTIVE or specs[j][1].type in DISTINCTIVE)
        ):
            return specs[i][0], specs[j][0]
    for i in wrong:
        number, here = _STRICT.get(specs[i][1].type), clean(cells[i] or "")
        if number is None:
            continue
        for j, (name, spec) in enumerate(specs[: len(cells)]):
            # A credit code may be of digits alone, as personal numbers are: each must be the other's number to the letter.
            other = _STRICT.get(spec.type)
            if other and j != i and spec.type != specs[i][1].type and number.fullmatch(clean(cells[j] or "")) and other.fullmatch(here):
                return specs[i][0], name
            if any(c.isdigit() for c in here) and not _CHINESE.search(here):
                continue
            if spec.type == "text" and number.fullmatch(clean(cells[j] or "")) and fits(specs[i][1], cells[j]):
                return specs[i][0], name
    return None
