"""Typed values: dates, amounts, texts, divisions, credit codes, phones, code lists; and the one entry that silver uses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xihu.settings import ROOT
from xihu.standards import dates, text, uscc
from xihu.standards.codes import CodeListError, load_codes, read_codes
from xihu.standards.divisions import Divisions, Resolved, Unresolved
from xihu.standards.phones import parse_phone
from xihu.standards.value import Parsed, ValueSpec, parse_value, parser_of

THEN = date(2016, 12, 5)
CODES = load_codes(ROOT / "conf" / "codes")
DIVISIONS = Divisions.of(CODES)


def value(kind: str, cell: str | None, **options: object) -> object:
    found = parse_value(cell, ValueSpec(kind, **options), THEN)  # type: ignore[arg-type]
    return found.reason or found.value


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    "sent",
    ["20161205", "2016-12-05", "2016-12-5", "2016/12/05", "2016/12/5 0:00", "2016/12/05 00:00:00", "2016.12.05", "2016年12月5日",
     "2016-12-05 00:00:00", "２０１６－１２－０５", "'2016-12-05", "2016-12-05T00:00:00"],
)  # fmt: skip
def test_spellings_of_one_day(sent: str) -> None:
    assert value("date", sent) == THEN


@pytest.mark.parametrize(
    "sent",
    [
        "20161305",
        "2016-02-30",
        "2016-12",
        "5/12/2016",
        "16-12-05",
        "2016年12月",
        "20161",
        "2016-12-05x",
        "12月5日",
        "99991230",
        "22001231",
        "00160101",
    ],
)
def test_no_such_day(sent: str) -> None:
    assert value("date", sent) == "bad_date"


@pytest.mark.parametrize("sent", ["9999-12-31", "99991231", "9999/12/31 23:59:59", "9999年12月31日"])
def test_an_end_that_never_comes_is_no_end(sent: str) -> None:
    for kind in ("date", "datetime"):
        assert parse_value(sent, ValueSpec(kind), THEN) == (None, None, None, ("open_end",))
        assert value(kind, sent, required=True) == "bad_date", "where a day must stand this is none"


def test_an_instant_of_a_health_message() -> None:
    found = parse_value("20161205T103000", ValueSpec("datetime"), THEN)
    assert found.value.isoformat() == "2016-12-05T02:30:00+00:00" and not found.repairs
    assert value("datetime", "20161205T253000") == "bad_date"


def test_a_month_given_for_a_day_is_doubtful() -> None:
    found = parse_value("2016.12", ValueSpec("date"), THEN)
    assert found.value == date(2016, 12, 1) and "day_assumed?" in found.repairs


def test_serials_of_spreadsheets() -> None:
    # 42709 = 2016-12-05; counted by hand from 1899-12-30.
    assert date(1899, 12, 30) + timedelta(42709) == THEN
    assert value("date", "42709", sheet=True) == THEN
    assert value("date", "42709.0", sheet=True) == THEN
    assert value("date", str(42709 - 1462), sheet=True, epoch1904=True) == THEN
    assert value("date", "42709") == "bad_date", "a serial in a csv is no date unless the contract says so"
    assert value("date", "42709", forms=("excel",)) == THEN
    assert value("date", "60", sheet=True) == "bad_date", "the 29 February 1900 that never was"
    assert dates.excel_serial(60) is None and dates.excel_serial(61) == date(1900, 3, 1)
    assert value("date", "2016", sheet=True) == "bad_date", "rather a year than a day of 1905"
    assert value("datetime", "42709.5", sheet=True) == datetime(2016, 12, 5, 4, tzinfo=UTC)


def test_named_forms_are_the_only_ones() -> None:
    assert value("date", "05/12/2016", forms=("d/m/Y",)) == THEN
    assert value("date", "12/05/2016", forms=("m/d/Y",)) == THEN
    assert value("date", "5-Dec-2016", forms=("d-MMM-Y",)) == THEN
    assert value("date", "05/12/16", forms=("d/m/y",)) == THEN
    assert value("date", "05/12/17", forms=("d/m/y",)) == date(1917, 12, 5), "two digits never lie in the future"
    assert value("date", "2016-12-05", forms=("d/m/Y",)) == "bad_date"
    for nonsense in ("hello", "d/m", "YYYYMD", "[YYYY"):
        with pytest.raises(dates.FormError):
            dates.compile_form(nonsense)


@pytest.mark.parametrize(
    "sent", ["201612", "2016-12", "2016/12", "2016.12", "2016年12月", "2016年12月份", "2016-12-05", "20161205", "2016-12-01 00:00:00"]
)
def test_spellings_of_one_month(sent: str) -> None:
    assert value("month", sent) == date(2016, 12, 1)


@pytest.mark.parametrize("sent", ["201613", "2016", "2016-00", "12月"])
def test_no_such_month(sent: str) -> None:
    assert value("month", sent) == "bad_date"


def test_years_and_instants() -> None:
    assert value("year", "2016年度") == value("year", "2016") == value("year", "2016.0") == 2016
    assert value("year", "16") == "bad_date"
    assert value("datetime", "2016-12-05 08:30:15") == datetime(2016, 12, 5, 0, 30, 15, tzinfo=UTC)
    assert value("datetime", "2016-12-05T00:30:15Z") == datetime(2016, 12, 5, 0, 30, 15, tzinfo=UTC)
    assert value("datetime", "20161205083015") == datetime(2016, 12, 5, 0, 30, 15, tzinfo=UTC)
    assert value("datetime", "2016-12-05 25:00") == "bad_date"
    assert value("datetime", "1480897815000", forms=("epoch_ms",)) == datetime.fromtimestamp(1480897815, UTC)


def test_exponents_of_programs() -> None:
    """What Java writes for 12,345,678.9; in a text file an exponent means that digits were lost."""
    assert value("money", "1.23456789E7", unit="元", scientific=True) == Decimal("12345678.90")
    assert value("money", "1.23456789E7", unit="元") == "bad_number"
    # Noise of a floating point zero: of measurements nothing is lost by it.
    assert value("number", "-2.77555756156289e-17") == 0
    assert value("number", "1.25e-3") == Decimal("0.00125")
    for sent in ("1.2e5", "12.5e-3", "1e-"):
        assert value("number", sent) == "bad_number"
    assert value("money", "1e-3") == value("integer", "1e-3") == "bad_number"


def test_serials_printed_as_numbers() -> None:
    """A spreadsheet's column of days, saved as a column of numbers: day 42,032 is 28 January 2015 (1899-12-30 + 42,032 days)."""
    forms = ("d/m/Y", "excel", "excel_number")
    assert value("date", "42,032.00", forms=forms) == value("date", "42032", forms=forms) == date(1899, 12, 30) + timedelta(42032)
    assert parse_value("42,032.00", ValueSpec("date", forms=forms), THEN).repairs == ("date_form",)
    for sent in ("4,203.00", "120,000.00", "42.032,00", "2030872", "42,032.00.1"):
        assert value("date", sent, forms=forms) == "bad_date"
    assert value("date", "42,032.00", forms=("d/m/Y", "excel")) == "bad_date"


def test_instants_since_1970() -> None:
    """Midnight of 5 December 2016 in Hangzhou is 16:00 of the day before in UTC; the day meant is the fifth."""
    midnight = int(datetime(2016, 12, 4, 16, tzinfo=UTC).timestamp())
    both = ("epoch_s", "epoch_ms")
    for cell in (str(midnight), str(midnight * 1000), f"{midnight}999"):
        assert value("date", cell, forms=both) == date(2016, 12, 5)
        assert value("month", cell, forms=both) == date(2016, 12, 1)
    assert value("datetime", str(midnight), forms=("epoch_s",)) == datetime(2016, 12, 4, 16, tzinfo=UTC)
    assert value("date", "-320889600", forms=("epoch_s",)) == date(1959, 11, 1)
    assert value("date", "2016-12-04T16:00:00.000Z") == date(2016, 12, 5)
    for cell in ("20161205", "2016", "99999999999999", "-99999999999999", "1.4e12"):
        assert value("date", cell, forms=both) == "bad_date"


@given(st.dates(date(1800, 1, 1), date(2199, 12, 31)))
def test_every_form_reads_back_what_it_wrote(day: date) -> None:
    y, m, d = day.year, day.month, day.day
    for written in (f"{y}{m:02}{d:02}", f"{y}-{m}-{d}", f"{y}/{m}/{d} 0:00", f"{y}.{m}.{d}", f"{y}年{m}月{d}日", day.isoformat()):
        assert value("date", written) == day
    assert value("month", f"{y}.{m}") == value("month", f"{y}{m:02}") == day.replace(day=1)
    assert value("date", f"{d:02}/{m:02}/{y}", forms=("d/m/Y",)) == day


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("sent", "unit", "yuan"),
    [
        ("1234.5", "元", "1234.50"),
        ("1,234.50元", "元", "1234.50"),
        ("1，234.50", "元", "1234.50"),
        ("１２３４．５", "元", "1234.50"),
        ("￥1,234.50", "元", "1234.50"),
        ("1.2", "万元", "12000.00"),
        ("1.2万元", "元", "12000.00"),
        ("0.3456", "万元", "3456.00"),
        ("0.00005", "万元", "0.50"),
        ("2", "亿元", "200000000.00"),
        ("3", "千元", "3000.00"),
        ("12345", "分", "123.45"),
        ("-0.005", "元", "-0.01"),
        ("0.005", "元", "0.01"),
        ("0.004", "元", "0.00"),
        ("-0.004", "元", "0.00"),
        ("+5", "元", "5.00"),
        (".5", "元", "0.50"),
        ("9999999999999999.99", "元", "9999999999999999.99"),
    ],
)
def test_amounts_in_yuan(sent: str, unit: str, yuan: str) -> None:
    factors = {"元": 1, "万元": 10_000, "亿元": 10**8, "千元": 1_000, "分": Decimal("0.01")}
    found = value("money", sent, unit=unit, factor=Decimal(factors[unit]))
    assert isinstance(found, Decimal)
    assert str(found) == yuan


@pytest.mark.parametrize(
    "sent",
    [
        "1,23.4",
        "12,34",
        "1.2.3",
        "1e5",
        "1.5E+3",
        "abc",
        "十元",
        "(100)",
        "12345-",
        "--5",
        "5 000x",
        "10000000000000000",
        "NaN",
        "inf",
        "1_000",
        "٣",
    ],
)
def test_not_amounts(sent: str) -> None:
    assert value("money", sent, unit="元") == "bad_number"


def test_only_where_the_delivery_allows() -> None:
    assert value("money", "000000012345-", fixed=True, unit="分", factor=Decimal("0.01")) == Decimal("-123.45")
    assert value("money", "000000012345+", fixed=True, unit="分", factor=Decimal("0.01")) == Decimal("123.45")
    assert value("money", "(1,234.50)", parentheses=True) == Decimal("-1234.50")
    assert value("number", "1.5E+3", sheet=True) == Decimal("1500")
    assert value("money", "£1,234.50", currency="GBP") == Decimal("1234.50")
    assert value("money", "£1,234.50", currency="CNY") == "bad_number"
    assert value("integer", "12人", unit="人") == 12
    assert value("integer", "12人") == "bad_number"
    assert value("number", "12.5%", unit="%") == Decimal("12.5")


def test_whole_numbers_and_limits() -> None:
    assert value("integer", "12.0") == 12 and value("integer", "1,234") == 1234
    assert value("integer", "12.5") == "bad_number"
    assert value("integer", str(2**63)) == "bad_number"
    assert value("integer", "0", min=Decimal(0)) == 0 and value("integer", "-1", min=Decimal(0)) == "out_of_range"
    assert value("money", "10.01", unit="万元", factor=Decimal(10_000), max=Decimal(10)) == "out_of_range", "limits are in the unit as sent"
    assert value("money", "10", unit="万元", factor=Decimal(10_000), max=Decimal(10)) == Decimal(100_000)
    assert value("money", "1.2万元", unit="元", max=Decimal(12_000)) == Decimal(12_000)
    assert value("date", "2016-12-05", max=date(2016, 12, 4)) == "out_of_range"
    assert value("number", "0.123456789") == Decimal("0.12345679")


def test_repairs_of_amounts_are_named() -> None:
    assert parse_value("1,234.505元", ValueSpec("money"), THEN).repairs == ("unit:元", "comma", "rounded")
    assert parse_value("1234.50", ValueSpec("money"), THEN).repairs == ()


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=2, allow_nan=False))
def test_amounts_survive_writing(amount: Decimal) -> None:
    assert value("money", f"{amount:f}") == amount
    assert value("money", f"{amount:,.2f}") == amount
    assert value("money", f"{amount:,.2f}元") == amount


# ---------------------------------------------------------------- text


@pytest.mark.parametrize(
    "sent",
    [
        "=1+1",
        "@SUM(A1)",
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "-2+3+cmd|' /C calc'!A0",
        "+SUM(A1:A9)",
        "-A1",
        "+cmd|'x'!A1",
        "＝1+1",
        "'=1+1",
        '="a"&"b"',
        "\t=1",
        "+(1+1)",
        "-@SUM(1)",
        '=HYPERLINK("http://x")',
    ],
)
def test_formulas_are_refused(sent: str) -> None:
    assert value("text", sent) == "formula_injection"


@pytest.mark.parametrize(
    "sent",
    [
        "-",
        "--",
        "+86 139 1234 5678",
        "+86-571-85250000",
        "-5",
        "+3.5%",
        "-12,000.50",
        "- 备注",
        "-1层",
        "+A座",
        "a=b",
        "张三",
        "1+1",
        "——",
        "-（无）",
    ],
)
def test_innocent_texts_stay(sent: str) -> None:
    assert value("text", sent) == sent


def test_guards_are_repairs() -> None:
    assert parse_value('="00123"', ValueSpec("text"), THEN) == Parsed("00123", None, None, ("guard",))
    assert parse_value("'00123", ValueSpec("text"), THEN) == Parsed("00123", None, None, ("guard",))
    assert parse_value("\t00123", ValueSpec("text"), THEN) == Parsed("00123", None, None, ("guard",))
    assert parse_value("'60年代'歌曲", ValueSpec("text"), THEN).value == "'60年代'歌曲", "quotation marks are not guards"
    assert parse_value("文一路，１２号", ValueSpec("text"), THEN) == Parsed("文一路，12号", None, None, ("full_width",)), (
        "the comma is the address's own"
    )
    assert parse_value("\u200b西湖\ufeff", ValueSpec("text"), THEN) == Parsed("西湖", None, None, ("zero_width",))


def test_names() -> None:
    assert parse_value("张\u3000三", ValueSpec("person_name"), THEN) == Parsed("张三", None, None, ("name",))
    assert value("person_name", "买买提•吐尔逊") == value("person_name", "买买提·吐尔逊") == "买买提·吐尔逊"
    assert value("person_name", "John Smith") == "John Smith"
    assert value("person_name", "㛃镕喆") == "㛃镕喆"
    assert value("person_name", "无") is None and value("person_name", "无", required=True) == "missing_key"


@pytest.mark.parametrize("sent", [None, "", "  ", "\u3000", "无", "暂无", "待补", "000000", "111111", "NULL", "\\N"])
def test_required_and_empty(sent: str | None) -> None:
    for kind in ("text", "person_name", "citizen_id", "uscc", "date", "phone"):
        assert value(kind, sent, required=True) == "missing_key"
    for kind in ("date", "citizen_id", "uscc", "money", "phone"):
        if sent not in ("000000", "111111"):
            assert value(kind, sent) is None


def test_optional_text_may_say_none_and_numbers_may_be_zeros() -> None:
    assert value("text", "无") == "无"
    assert value("integer", "000000", required=True) == 0
    assert value("integer", "111111", required=True) == 111111
    assert value("date", "0000-00-00") is None and value("date", "00000000", required=True) == "missing_key"
    assert value("text", "不适用", nulls=frozenset(["不适用"])) is None


@given(st.text(max_size=30))
def test_text_never_breaks(sent: str) -> None:
    for kind in (
        "text",
        "person_name",
        "date",
        "month",
        "datetime",
        "year",
        "money",
        "integer",
        "number",
        "boolean",
        "phone",
        "uscc",
        "citizen_id",
    ):
        for sheet in (False, True):
            found = parse_value(sent, ValueSpec(kind, sheet=sheet), THEN)
            assert (found.value is None) or found.reason is None


@given(st.text(max_size=20))
def test_repairs_are_stable(sent: str) -> None:
    once = text.unguard(sent)[0]
    kept = parse_value(sent, ValueSpec("text"), THEN)
    if kept.value is not None:
        assert parse_value(kept.value, ValueSpec("text"), THEN).value == kept.value
    assert not once.startswith((" ", "\u3000", "\t"))


# ---------------------------------------------------------------- codes, divisions, others


def test_codes_at_a_date() -> None:
    ethnic = ValueSpec("code", codes=CODES["ethnic"])
    assert parse_value("01", ethnic, THEN) == Parsed("01", None, None, ())
    assert parse_value("汉族", ethnic, THEN) == Parsed("01", None, None, ("name",))
    assert parse_value("1", ethnic, THEN) == Parsed("01", None, None, ("zero_padded",))
    assert parse_value("1.0", ethnic._replace(sheet=True), THEN).value == "01"
    assert parse_value("99", ethnic, THEN).reason == "unknown_code"
    sex = ValueSpec("code", codes=CODES["sex"], map={"M": "1", "F": "2", "0": "2"})
    assert [parse_value(c, sex, THEN).value for c in ("男", "女", "1", "M", "０", "9")] == ["1", "2", "1", "1", "2", "9"]
    assert parse_value("未知", sex, THEN).value == "0"
    assert value("boolean", "是") is True and value("boolean", "否") is False and value("boolean", "也许") == "unknown_code"
    assert (
        value("boolean", "有", map={"有": "true", "无": "false"}) is True
        and value("boolean", "无", map={"有": "true", "无": "false"}) is False
    )


@pytest.mark.parametrize(
    ("sent", "on", "code"),
    [
        ("330106", THEN, "330106"),
        ("西湖区", THEN, "330106"),
        ("西湖", THEN, "330106"),
        ("杭州市西湖区", THEN, "330106"),
        ("浙江省杭州市西湖区", THEN, "330106"),
        ("330106.0", THEN, "330106"),
        ("330106001", THEN, "330106"),
        ("330106001005", THEN, "330106"),
        ("330104", THEN, "330104"),
        ("330125", THEN, "330110"),  # 余杭县 → 余杭市 → 余杭区
        ("339005", THEN, "330109"),  # 萧山市 (1987) → 萧山市 → 萧山区
        ("339005", date(1988, 6, 1), "339005"),
        ("萧山市", THEN, "330109"),
        ("330185", THEN, "330185"),
        ("330185", date(2018, 1, 1), "330112"),
        ("330103", date(2022, 1, 1), "330105"),
        ("下城区", date(2022, 1, 1), "330105"),
        ("330113", date(2022, 1, 1), "330113"),
        ("下沙", THEN, "330104"),
        ("下沙", date(2022, 1, 1), "330114"),
        ("大江东产业集聚区", THEN, "330109"),
        ("西湖风景名胜区", THEN, "330106"),
        ("330100", THEN, "330100"),
    ],
)
def test_divisions_by_date(sent: str, on: date, code: str) -> None:
    found = DIVISIONS.resolve(sent, on)
    assert isinstance(found, Resolved), found
    assert found.code == code


@pytest.mark.parametrize(
    ("sent", "on"),
    [
        ("330104", date(2022, 1, 1)),  # 江干 went to 上城 and 钱塘: only streets tell
        ("江干区", date(2022, 1, 1)),
        ("330113", THEN),  # not yet
        ("330113", date(2021, 4, 8)),
        ("330199", THEN),
        ("999999", THEN),
        ("330424", THEN),  # another city
        ("钱塘新区", date(2020, 1, 1)),
        ("33010", THEN),
        ("火星", THEN),
        ("330000", THEN),
    ],
)
def test_divisions_that_cannot_be_told(sent: str, on: date) -> None:
    assert isinstance(DIVISIONS.resolve(sent, on), Unresolved)


def test_counties_of_the_years() -> None:
    def at(on: date) -> set[str]:
        return {r.code for r in CODES["divisions"].rows if r.valid(on) and r.code != "330100"}

    plan = {
        "330102",
        "330103",
        "330104",
        "330105",
        "330106",
        "330108",
        "330109",
        "330110",
        "330111",
        "330122",
        "330127",
        "330182",
        "330185",
    }
    assert at(THEN) == plan
    assert at(date(2018, 6, 1)) == plan - {"330185"} | {"330112"}
    assert at(date(2022, 1, 1)) == {f"3301{n:02}" for n in (2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 22, 27, 82)}


def test_places_elsewhere_only_where_allowed() -> None:
    assert parse_value("110105", ValueSpec("division", divisions=DIVISIONS), THEN).reason == "unknown_code"
    found = parse_value("110105", ValueSpec("division", divisions=DIVISIONS, outside=True), THEN)
    assert (found.value, found.repairs) == ("110105", ("outside",))
    assert parse_value("330199", ValueSpec("division", divisions=DIVISIONS, outside=True), THEN).reason == "unknown_code"


@pytest.mark.parametrize("code", ["91330100799655058B", "91330100716105852F", "91110000600037341L", "913300002539329145"])
def test_credit_codes(code: str) -> None:
    found = uscc.parse(code)
    assert isinstance(found, uscc.Uscc) and found.warnings == ()
    assert (found.department, found.entity_class) == ("市场监管", "企业")
    assert uscc.org_code_valid(code[8:17]) and uscc.organisation_of(code) == code[8:17]
    assert uscc.organisation_of("330100" + code[8:17]) == code[8:17], "the tax number joins by the organisation code"
    assert uscc.parse(code.lower()).value == code  # type: ignore[union-attr]
    # By the standard's own formula, written out: 31 − Σ v·3^i mod 31.
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    assert alphabet[(31 - sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17])) % 31) % 31] == code[17]
    for place in range(18):
        other = alphabet[(alphabet.index(code[place]) + 1) % 31]
        assert isinstance(uscc.parse(code[:place] + other + code[place + 1 :]), uscc.UsccProblem)


@pytest.mark.parametrize(
    "sent",
    [
        "9133010079965505",
        "91330100799655058I",
        "91330100799655058C",
        "330106198508090024",
        "94330100799655058B",
        "330100000012345",
        "79965505-8",
    ],
)
def test_bad_credit_codes(sent: str) -> None:
    assert value("uscc", sent) == "bad_uscc"


def test_old_keys_of_entities() -> None:
    assert uscc.org_code_valid("79965505-8") and not uscc.org_code_valid("79965505-7")
    assert uscc.organisation_of("79965505-8") == "799655058"
    assert uscc.organisation_of("12") is None


@pytest.mark.parametrize(
    ("sent", "number", "known"),
    [
        ("13912345678", "13912345678", True),
        ("+86 139 1234 5678", "13912345678", True),
        ("139-1234-5678", "13912345678", True),
        ("057185250000", "0571-85250000", True),
        ("0571-85250000", "0571-85250000", True),
        ("0571-85250000-8001", "0571-85250000-8001", True),
        ("12345", "12345", False),
        ("12912345678", "12912345678", False),
    ],
)
def test_phones(sent: str, number: str, known: bool) -> None:
    assert parse_phone(sent) == (number, known)
    assert (parse_value(sent, ValueSpec("phone"), THEN).repairs[-1:] == ("phone?",)) is not known


def test_code_files_are_judged(tmp_path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(
        "code,name,valid_from,valid_to\n1,a,2000-01-01,\n1,b,2010-01-01,\n2,c,2010-13-01,\n,d,,\n3,e,2001-01-01,2000-01-01\n4,f\n", "utf-8"
    )
    with pytest.raises(CodeListError) as caught:
        read_codes(file)
    assert [line for _, line, _ in caught.value.problems] == [3, 4, 5, 6, 7]


def test_answers_are_remembered_per_day_and_bounded() -> None:
    parser = parser_of(ValueSpec("division", divisions=DIVISIONS))
    assert parser("330104", THEN).value == "330104"
    assert parser("330104", date(2022, 1, 1)).reason == "unknown_code"
    assert parser("330104", THEN).value == "330104"


def test_the_fast_way_knows_the_day_too() -> None:
    parser = parser_of(ValueSpec("citizen_id"))
    assert parser("330113202203010014", THEN).reason == "bad_id_birth"
    assert parser("330113202203010014", date(2022, 3, 1)).value == "330113202203010014"


def test_a_code_ends_with_its_validity(tmp_path) -> None:
    file = tmp_path / "grade.csv"
    file.write_text("code,name,valid_from,valid_to\n1,old,2000-01-01,2016-12-05\n2,new,2016-12-05,\n", "utf-8")
    spec = ValueSpec("code", codes=read_codes(file))
    assert parse_value("1", spec, THEN).reason == "unknown_code" and parse_value("1", spec, date(2016, 12, 4)).value == "1"
    assert parse_value("2", spec, THEN).value == "2" and parse_value("new", spec, date(2016, 12, 4)).reason == "unknown_code"


def test_a_class_that_no_department_gives() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "94" + "33010079965505" + "8"
    body = body.ljust(17, "0")
    code = body + alphabet[(31 - sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31) % 31]
    found = uscc.parse(code)
    assert isinstance(found, uscc.UsccProblem) and "94" in found.detail


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1+1", "'-1+1"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        (" =1", "' =1"),
        ("\ufeff\u200b=1", "'\ufeff\u200b=1"),
        ("＝HYPERLINK(1)", "'＝HYPERLINK(1)"),
        ("+86 13900000000", "'+86 13900000000"),
        ("-5", "-5"),
        ("-1,234.50", "-1,234.50"),
        ("-.5%", "-.5%"),
        ("-", "-"),
        ("a=1", "a=1"),
        ("2016-12-05", "2016-12-05"),
        ("'=1", "'=1"),
        ("", ""),
    ],
)
def test_cells_for_people_are_harmless(cell: str, written: str) -> None:
    assert text.harmless(cell) == written


@given(st.text(st.sampled_from("=+-@\t\r\n 1A.,%(|!＝\u200b"), max_size=6))
def test_harmless_once_is_harmless(cell: str) -> None:
    """Whatever it was, what is written begins with nothing that runs, or is a number or a dash; writing it again changes nothing."""
    written = text.harmless(cell)
    assert text.harmless(written) == written and written.removeprefix("'") in (cell, cell.removeprefix("'"))
    bare = written.strip(" \u200b")
    assert not bare or bare[0] not in "=+@\t\r\n＝"
    assert not text.is_formula(bare)
