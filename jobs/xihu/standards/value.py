"""One entry for every typed value: text as sent → value, or a reason of the closed list, with what was repaired.

`parser_for` prepares everything once per field and returns a function for millions of cells. Values: text, ids, codes `str`; integer,
year `int`; number `Decimal` of scale 8; money `Decimal` of scale 2 in the currency's main unit; date, month `date`; datetime an aware
UTC `datetime`; boolean `bool`. An empty optional cell is `None` without a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from xihu.standards import angles, citizen_id, dates, geotext, licence, numbers, phones, text, uscc
from xihu.standards.codes import CodeList
from xihu.standards.divisions import Divisions, Resolved


class Parsed(NamedTuple):
    """A value, or why there is none. `repairs` names what was mended, in order; notes of doubt that refuse nothing end in `?`."""

    value: Any
    reason: str | None = None
    detail: str | None = None
    repairs: tuple[str, ...] = ()


Parser = Callable[[str | None, date], Parsed]

EMPTY = Parsed(None)
MISSING = Parsed(None, "missing_key", "空 / empty")
_FAILED = "电子表格的错误值，原值已丢失 / the error value of a spreadsheet, what stood there is lost"
_TRUE = frozenset(["是", "true", "True", "TRUE", "Y", "y", "T", "1", "yes", "Yes", "YES", "√", "✓", "1.0"])
_FALSE = frozenset(["否", "false", "False", "FALSE", "N", "n", "F", "0", "no", "No", "NO", "×", "0.0"])
_CACHE = 50_000
# What programs write into JSON where they meant no value; an empty list or object is how PHP sends one.
JSON_NULLS = frozenset(["null", "NULL", "Null", "undefined", "[]", "{}"])
OPERATIONS = frozenset("IUD")
# How databases that want a value write that there is no end.
_OPEN_END = re.compile(r"9999[-/.年]?12(?:[-/.月]?31日?)?(?:[T\s]?\d{1,2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?)?", re.ASCII)


class ValueSpec(NamedTuple):
    """What a parser needs to know of a field; `parser_for` fills it from a contract."""

    type: str
    required: bool = False
    unit: str | None = None
    factor: Decimal = Decimal(1)
    codes: CodeList | None = None
    map: Mapping[str, str] | None = None
    min: Any = None  # in the unit as sent
    max: Any = None
    forms: tuple[str, ...] | None = None
    nulls: frozenset[str] = frozenset()
    currency: str = "CNY"
    tz: str = "Asia/Shanghai"
    sheet: bool = False
    fixed: bool = False
    scientific: bool = False  # numbers of JSON and XML Schema may have exponents
    parentheses: bool = False
    outside: bool = False
    epoch1904: bool = False
    divisions: Divisions | None = None
    scale: int | None = None  # number: sent as an integer of 10^scale parts
    angle: str | None = None  # a longitude or latitude: "" in any unmistakable form, or packed as dms or dm
    located: bool = False  # part of a place: limits are judged where the place is
    operation: bool = False  # says what a record of a changes file does: I, U, D


def spec_for(
    field: str, contract: Any, codes: Mapping[str, CodeList], *, epoch1904: bool = False, divisions: Divisions | None = None
) -> ValueSpec:
    """The spec of a contract's field. Key, scope and version fields are required whether or not they say so.

    `contract` has the shape of `xihu.contract.models.Contract`; `codes` are the catalogue's lists.
    """
    f = contract.fields[field]
    d = contract.delivery
    places = [p for p in contract.places if field in (p.lon, p.lat)]
    return ValueSpec(
        type=f.type,
        required=f.required or field in contract.key or field in d.scope or field in (d.version, d.operation),
        unit=f.unit,
        factor=f.factor,
        codes=codes.get(f.codes) if f.codes else None,
        map=f.map,
        min=f.min,
        max=f.max,
        forms=tuple(f.forms) if f.forms else None,
        nulls=frozenset(f.nulls) | (JSON_NULLS if d.format == "json" else frozenset()),
        currency=contract.currency,
        tz=contract.tz,
        sheet=d.format in ("xlsx", "xls"),
        fixed=d.format == "fixed",
        scientific=d.format in ("json", "xml", "accounting"),
        parentheses=f.negative == "parentheses",
        outside=f.outside,
        epoch1904=epoch1904,
        divisions=divisions or (Divisions.of(codes) if f.type in ("division", "citizen_id") else None),
        scale=f.scale,
        angle=(f.angle or "") if places and places[0].crs != "local" else None,
        located=bool(places),
        operation=field == d.operation,
    )


def lists_for(contract: Any, codes: Mapping[str, CodeList]) -> dict[str, CodeList]:
    """The lists that a contract's parsers need; the others need not travel with them."""
    fields = contract.fields.values()
    wanted = {f.codes for f in fields} | {"divisions", "functional_areas"}
    wanted |= {"divisions_national"} if any(f.outside for f in fields) else set()
    return {name: listed for name, listed in codes.items() if name in wanted}


def parser_for(field: str, contract: Any, codes: Mapping[str, CodeList], *, epoch1904: bool = False) -> Parser:
    """A parser of one field's cells: `parser(cell, as_of) -> Parsed`.

    `as_of` is the day at which births must be past and codes and divisions valid: the day the record speaks of where it has one (the last
    day of its month), else the day of receipt.
    """
    return parser_of(spec_for(field, contract, codes, epoch1904=epoch1904))


def parse_value(cell: str | None, spec: ValueSpec, as_of: date) -> Parsed:
    """One value by its spec; for many values keep the parser of `parser_of`."""
    return parser_of(spec)(cell, as_of)


def parser_of(spec: ValueSpec) -> Parser:
    """The parser of a spec.

    Raises:
        KeyError: the type is not one of the field types.
    """
    parse = _MAKERS[spec.type](spec)
    return _operation(spec, parse) if spec.operation else parse


def _operation(spec: ValueSpec, parse: Parser) -> Parser:
    """Only I, U and D, or what `map` turns into them: an unknown word for deletion would keep a row that its sender has struck out."""
    given = {text.fold(k): v for k, v in (spec.map or {}).items()}

    def judged(cell: str | None, as_of: date) -> Parsed:
        found = parse(cell, as_of)
        if found.value is None:
            return found
        sent = str(found.value).strip()
        word = given.get(text.fold(sent), sent).upper()
        if word in OPERATIONS:
            return found._replace(value=word)
        return Parsed(None, "unknown_code", f"操作标志不是 I、U、D / not an operation: {sent}", found.repairs)

    return judged


def _prepare(spec: ValueSpec, cell: str | None, *, placeholders: bool = True) -> tuple[str, tuple[str, ...]] | Parsed:
    """The folded text and its repairs, or the outcome of an empty cell or placeholder."""
    empty = MISSING if spec.required else EMPTY
    if cell is None or cell == "":
        return empty
    if cell in spec.nulls:
        return empty
    bare, repairs = text.unguard(cell)
    value = text.fold(bare)
    if value != bare:
        repairs += ("full_width",)
        value = value.strip()
    if not value or value in spec.nulls:
        return empty
    if placeholders and text.is_placeholder(value):
        return _placeholder(spec, value)
    return value, repairs


def _placeholder(spec: ValueSpec, value: str) -> Parsed:
    if spec.required:
        return Parsed(None, "missing_key", f"占位 / placeholder: {value}")
    return Parsed(None, None, None, ("placeholder",))


def _text(spec: ValueSpec) -> Parser:
    name = spec.type == "person_name"
    nulls, required = spec.nulls, spec.required

    def parse(cell: str | None, as_of: date) -> Parsed:
        empty = MISSING if required else EMPTY
        if cell is None or cell == "" or cell in nulls:
            return empty
        bare, repairs = text.unguard(cell)
        value = text.fold_alnum(bare)
        if value != bare:
            repairs += ("full_width",)
        if name:
            value, more = text.person_name(value)
            repairs += more
        if not value or value in nulls:
            return empty
        # An optional text may truly say 无; a name or a key may not.
        if (required or name) and (text.is_placeholder(value) or text.is_error(value)):
            return _placeholder(spec, value)
        if value[0] in "=@+-＝＠＋－" and text.is_formula(value):
            return Parsed(None, "formula_injection", f"可被电子表格执行 / a spreadsheet would execute it: {value[:40]}", repairs)
        return Parsed(value, None, None, repairs)

    return parse


def _citizen_id(spec: ValueSpec) -> Parser:
    valid, nulls, required = citizen_id.valid_18, spec.nulls, spec.required
    city = spec.divisions.codes if spec.divisions else None

    def parse(cell: str | None, as_of: date) -> Parsed:
        if cell is not None and valid(cell, as_of):
            return Parsed(cell)
        if cell is None or cell == "" or cell in nulls:
            return MISSING if required else EMPTY
        if not required and text.is_error(text.fold(text.unguard(cell)[0])):
            return Parsed(None, "bad_id_length", f"{_FAILED}: {cell}")
        found = citizen_id.parse(cell, as_of, city=city)
        if isinstance(found, citizen_id.CitizenId):
            return Parsed(found.value, None, None, found.repairs)
        if found.reason == "missing_key":
            return _placeholder(spec, cell) if text.unguard(cell)[0] else (MISSING if required else EMPTY)
        if found.reason in ("bad_id_length", "bad_id_charset"):
            bare, repairs = text.unguard(cell)
            other = "".join(text.fold(bare).split())
            if citizen_id.other_document(other):
                return Parsed(other, None, None, (*repairs, "full_width") if other != bare else repairs)
        return Parsed(None, found.reason, found.detail)

    return parse


def _uscc(spec: ValueSpec) -> Parser:
    def parse(cell: str | None, as_of: date) -> Parsed:
        if cell is None or cell == "" or cell in spec.nulls:
            return MISSING if spec.required else EMPTY
        if not spec.required and text.is_error(text.fold(text.unguard(cell)[0])):
            return Parsed(None, "bad_uscc", f"{_FAILED}: {cell}")
        found = uscc.parse(cell)
        if isinstance(found, uscc.Uscc):
            return Parsed(found.value, None, None, found.repairs + tuple(f"{w}?" for w in found.warnings))
        if found.reason == "missing_key":
            return _placeholder(spec, cell) if text.unguard(cell)[0] else (MISSING if spec.required else EMPTY)
        return Parsed(None, found.reason, found.detail)

    return _remember(parse)


def _licence_id(spec: ValueSpec) -> Parser:
    def parse(cell: str | None, as_of: date) -> Parsed:
        if cell is None or cell == "" or cell in spec.nulls:
            return MISSING if spec.required else EMPTY
        if not spec.required and text.is_error(text.fold(text.unguard(cell)[0])):
            return Parsed(None, "bad_id_length", f"{_FAILED}: {cell}")
        found = licence.parse(cell)
        if isinstance(found, licence.Licence):
            return Parsed(found.value, None, None, found.repairs + tuple(f"{w}?" for w in found.warnings))
        if found.reason == "missing_key":
            return _placeholder(spec, cell) if text.unguard(cell)[0] else (MISSING if spec.required else EMPTY)
        return Parsed(None, found.reason, found.detail)

    return parse


def _phone(spec: ValueSpec) -> Parser:
    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        if text.is_error(value):
            return _placeholder(spec, value)
        if text.is_formula(value):
            return Parsed(None, "formula_injection", f"可被电子表格执行 / a spreadsheet would execute it: {value[:40]}", repairs)
        if spec.sheet and value.endswith(".0"):
            value = value[:-2]
        number, known = phones.parse_phone(value)
        if number != value:
            repairs += ("phone",)
        return Parsed(number, None, None, repairs if known else (*repairs, "phone?"))

    return parse


def _limits(spec: ValueSpec) -> tuple[Any, Any]:
    factor = spec.factor if spec.type == "money" else Decimal(1)
    scale = (lambda v: v * factor if isinstance(v, Decimal) else v) if spec.type == "money" else (lambda v: v)
    return (None if spec.min is None else scale(spec.min)), (None if spec.max is None else scale(spec.max))


def _out_of_range(value: Any, low: Any, high: Any) -> str | None:
    if low is not None and value < low:
        return f"{value} 小于 / is less than {low}"
    if high is not None and value > high:
        return f"{value} 大于 / is greater than {high}"
    return None


def _number(spec: ValueSpec) -> Parser:
    if spec.located or spec.scale is not None:
        return _scaled(spec)
    low, high = _limits(spec)
    money, integer = spec.type == "money", spec.type == "integer"
    factor, plain = spec.factor, numbers.PLAIN.fullmatch

    def parse(cell: str | None, as_of: date) -> Parsed:
        repairs: tuple[str, ...] = ()
        if cell is not None and plain(cell) and cell not in spec.nulls:
            exact, unit = Decimal(cell), None
        else:
            prepared = _prepare(spec, cell, placeholders=False)
            if isinstance(prepared, Parsed):
                return prepared
            value, repairs = prepared
            if value in text.PLACEHOLDERS:
                return _placeholder(spec, value)
            if text.is_error(value):
                return Parsed(None, "bad_number", f"{_FAILED}: {value}", repairs)
            found = numbers.read(
                value,
                money=money,
                currency=spec.currency,
                unit=spec.unit,
                sign_last=spec.fixed,
                scientific=spec.sheet or spec.scientific,
                tiny=spec.type == "number",
                parentheses=spec.parentheses,
            )
            if isinstance(found, numbers.NumberProblem):
                return Parsed(None, "bad_number", found.detail, repairs)
            exact, unit, repairs = found.value, found.unit, repairs + found.repairs
        # Far beyond any limit there is nothing to round (and the decimal context would give up).
        if exact.adjusted() > 30:
            return Parsed(None, "bad_number", f"位数过多 / too many digits: {cell}", repairs)
        if money:
            result, lost = numbers.to_money(exact, numbers.UNITS[unit] if unit else factor)
            if lost:
                repairs += ("rounded",)
            limit = numbers.MONEY_LIMIT
        elif integer:
            if exact != exact.to_integral_value():
                return Parsed(None, "bad_number", f"应为整数 / must be a whole number: {cell}", repairs)
            result, limit = exact, Decimal(2**63)
        else:
            limit = numbers.NUMBER_LIMIT
            result = exact.quantize(numbers.MICRO, ROUND_HALF_UP, numbers.WIDE) if abs(exact) < limit else exact
            if result != exact:
                repairs += ("rounded",)
            result = result if result else abs(result)
        if abs(result) >= limit:
            return Parsed(None, "bad_number", f"位数过多 / too many digits: {cell}", repairs)
        if (low is not None or high is not None) and (outside := _out_of_range(result, low, high)):
            return Parsed(None, "out_of_range", outside, repairs)
        return Parsed(int(result) if integer else result, None, None, repairs)

    return parse


def _scaled(spec: ValueSpec) -> Parser:
    """Numbers sent as integers of 10^scale parts, and longitudes and latitudes in any form."""
    low, high = (None, None) if spec.located else _limits(spec)
    scale, angle, plain = spec.scale, spec.angle, numbers.PLAIN.fullmatch

    def parse(cell: str | None, as_of: date) -> Parsed:
        repairs: tuple[str, ...] = ()
        if cell is None or not plain(cell) or cell in spec.nulls:
            prepared = _prepare(spec, cell, placeholders=False)
            if isinstance(prepared, Parsed):
                return prepared
            value, repairs = prepared
            if value in text.PLACEHOLDERS:
                return _placeholder(spec, value)
            if text.is_error(value):
                return Parsed(None, "bad_number", f"{_FAILED}: {value}", repairs)
        else:
            value = cell
        if angle is not None and scale is None and (angle or cell is not value or not plain(value)):
            found = angles.read(value, angle or None)
            if isinstance(found, str):
                return Parsed(None, "bad_number", found, repairs)
            exact = found.degrees
            if found.parts and not angle:
                repairs += ("dms",)
        elif plain(value):
            exact = Decimal(value)
        else:
            read = numbers.read(
                value, unit=spec.unit, sign_last=spec.fixed, scientific=spec.sheet or spec.scientific, parentheses=spec.parentheses
            )
            if isinstance(read, numbers.NumberProblem):
                return Parsed(None, "bad_number", read.detail, repairs)
            exact, repairs = read.value, repairs + read.repairs
        if exact.adjusted() > 18:
            return Parsed(None, "bad_number", f"位数过多 / too many digits: {cell}", repairs)
        if scale is not None:
            if exact != exact.to_integral_value():
                return Parsed(None, "bad_number", f"应为放大 10^{scale} 的整数 / must be an integer of 10^{scale} parts: {cell}", repairs)
            exact = exact.scaleb(-scale, numbers.WIDE)
        result = exact.quantize(numbers.MICRO, ROUND_HALF_UP, numbers.WIDE)
        result = result if result else abs(result)
        if (low is not None or high is not None) and (outside := _out_of_range(result, low, high)):
            return Parsed(None, "out_of_range", outside, repairs)
        return Parsed(result, None, None, repairs)

    return parse


def _geometry(spec: ValueSpec) -> Parser:
    """A shape as `xihu.standards.geometry.Geometry`, in the system as sent; typing turns it into WKT of CGCS2000."""
    nulls, missing = spec.nulls, MISSING if spec.required else EMPTY

    def parse(cell: str | None, as_of: date) -> Parsed:
        if cell is None or cell in nulls or not cell.strip():
            return missing
        found = geotext.read(cell)
        if isinstance(found, str):
            return Parsed(None, "bad_number", found)
        if found is None:
            return MISSING._replace(detail="空图形 / an empty geometry") if spec.required else EMPTY
        return Parsed(found, None, None, found.repairs)

    return parse


def _date(spec: ValueSpec) -> Parser:
    named = spec.forms
    defaults = dates.MONTH_FORMS if spec.type == "month" else dates.DATETIME_FORMS if spec.type == "datetime" else dates.DATE_FORMS
    forms = tuple(dates.compile_form(n) for n in named or defaults if n != "excel" or spec.sheet or named)
    month, instant = spec.type == "month", spec.type == "datetime"
    tz = ZoneInfo(spec.tz)
    low, high = spec.min, spec.max
    # Spellings of the standard (GB/T 7408), or that the contract names, are no repair.
    clean = {"YYYYMMDD", "YYYY-M-D", "YYYYMM", "YYYY-M", "YYYYMMDDhhmmss", "YYYYMMDDThhmmss", *(named or ())} - {"excel_number"}

    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        if spec.sheet and value.endswith(".0") and value[:-2].isdigit():
            value = value[:-2]
        found = dates.read(value, forms, as_of, epoch1904=spec.epoch1904)
        if isinstance(found, dates.DateProblem) and not spec.required and _OPEN_END.fullmatch(value):
            return Parsed(None, None, None, (*repairs, "open_end"))
        if isinstance(found, dates.DateProblem):
            return Parsed(None, "bad_date", found.detail, repairs)
        if found.form not in clean or (found.form in ("YYYY-M-D", "YYYY-M") and named is None and len(value) not in (7, 10, 19)):
            repairs += ("date_form",)
        if instant:
            at: datetime = dates.to_utc(found, tz)
            if (low is not None or high is not None) and (outside := _out_of_range(at.astimezone(tz).date(), low, high)):
                return Parsed(None, "out_of_range", outside, repairs)
            return Parsed(at, None, None, repairs)
        # An instant with a zone of its own lies in the day that the contract's place had then.
        local = found.day if found.zone is None else dates.to_utc(found, tz).astimezone(tz).date()
        day = dates.month_start(local) if month else local
        if not month and not found.has_day:
            repairs += ("day_assumed?",)
        if outside := _out_of_range(day, low, high):
            return Parsed(None, "out_of_range", outside, repairs)
        return Parsed(day, None, None, repairs)

    return _remember(parse)


def _year(spec: ValueSpec) -> Parser:
    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        year = dates.read_year(value)
        if year is None:
            return Parsed(None, "bad_date", f"不是年份 / not a year: {value}", repairs)
        if outside := _out_of_range(year, spec.min, spec.max):
            return Parsed(None, "out_of_range", outside, repairs)
        return Parsed(year, None, None, repairs)

    return _remember(parse)


def _boolean(spec: ValueSpec) -> Parser:
    given = {text.fold(k): v == "true" for k, v in (spec.map or {}).items()}

    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell, placeholders=False)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        if value in given:
            return Parsed(given[value], None, None, repairs)
        if value in _TRUE or value in _FALSE:
            return Parsed(value in _TRUE, None, None, repairs)
        if text.is_placeholder(value):
            return _placeholder(spec, value)
        return Parsed(None, "unknown_code", f"不是是或否 / neither yes nor no: {value}", repairs)

    return _remember(parse)


def _code(spec: ValueSpec) -> Parser:
    listed = spec.codes or CodeList("(none)", [])
    given = {text.fold(k): v for k, v in (spec.map or {}).items()}

    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell, placeholders=False)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        if spec.sheet and value.endswith(".0") and value[:-2].isdigit():
            value = value[:-2]
        if value in given:
            value = given[value]
        elif value in listed:
            pass
        elif value in listed.by_name:
            named = listed.named(value, as_of)
            if named is None:
                return Parsed(
                    None, "unknown_code", f"名称在 {as_of} 无效或不唯一 / the name is not valid or not unique then: {value}", repairs
                )
            value, repairs = named.code, (*repairs, "name")
        elif value.lstrip("0") in listed.unpadded and value.isdigit():
            value, repairs = listed.unpadded[value.lstrip("0")], (*repairs, "zero_padded")
        elif text.is_placeholder(value):
            return _placeholder(spec, value)
        else:
            return Parsed(None, "unknown_code", f"不在代码表 {listed.name} / not in the code list {listed.name}: {value}", repairs)
        if listed.at(value, as_of) is None:
            return Parsed(None, "unknown_code", f"{as_of} 时无效 / not valid on {as_of}: {listed.name} {value}", repairs)
        return Parsed(value, None, None, repairs)

    return _remember(parse)


def _division(spec: ValueSpec) -> Parser:
    divisions = spec.divisions or Divisions(CodeList("divisions", []))
    given = {text.fold(k): v for k, v in (spec.map or {}).items()}

    def parse(cell: str | None, as_of: date) -> Parsed:
        prepared = _prepare(spec, cell)
        if isinstance(prepared, Parsed):
            return prepared
        value, repairs = prepared
        found = divisions.resolve(given.get(value, value), as_of, outside=spec.outside)
        if isinstance(found, Resolved):
            return Parsed(found.code, None, None, repairs + found.repairs)
        return Parsed(None, "unknown_code", found.detail, repairs)

    return _remember(parse)


def _remember(parse: Parser) -> Parser:
    """Keep the answers of one `as_of`: dates, codes and divisions repeat. Memory is bounded; a new `as_of` starts anew when it is full."""
    known: dict[tuple[str | None, date], Parsed] = {}

    def remembered(cell: str | None, as_of: date) -> Parsed:
        key = (cell, as_of)
        found = known.get(key)
        if found is None:
            found = parse(cell, as_of)
            if len(known) >= _CACHE:
                known.clear()
            known[key] = found
        return found

    return remembered


_MAKERS: dict[str, Callable[[ValueSpec], Parser]] = {
    "text": _text,
    "person_name": _text,
    "citizen_id": _citizen_id,
    "uscc": _uscc,
    "licence_id": _licence_id,
    "phone": _phone,
    "integer": _number,
    "number": _number,
    "money": _number,
    "date": _date,
    "month": _date,
    "datetime": _date,
    "year": _year,
    "boolean": _boolean,
    "code": _code,
    "division": _division,
    "geometry": _geometry,
}
