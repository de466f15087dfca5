"""Records of people, and what is wrong with one value of one of them: the faults that can stand in any format that carries people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bad_inputs.case import Cases

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
FIELDS: dict[str, Any] = {
    "id_no": {"title": "身份证号", "titles": ["公民身份号码"], "type": "citizen_id", "required": True},
    "name": {"title": "姓名", "type": "person_name"},
    "amount": {"title": "金额", "type": "money", "unit": "元", "min": 0, "max": 100000},
    "since": {"title": "批准日期", "type": "date"},
    "month": {"title": "月份", "type": "month"},
    "phone": {"title": "电话", "type": "phone"},
    "uscc": {"title": "单位代码", "type": "uscc"},
    "sex": {"title": "性别", "type": "code", "codes": "sex", "map": {"男": "1", "女": "2"}},
    "district": {"title": "区划", "type": "division"},
    "address": {"title": "地址", "type": "text"},
}
TITLES = [f["title"] for f in FIELDS.values()]
Row = dict[str, str]


def id18(body: str) -> str:
    """17 digits and their check digit (GB 11643)."""
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def wide(text: str) -> str:
    """ASCII in full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def row(i: int, **other: str) -> Row:
    """A good record."""
    return {
        "id_no": id18(f"330106{1950 + i}0101{100 + i}"),
        "name": ["王镕", "张三丰", "李喆", "欧阳晓月"][i % 4],
        "amount": f"{100 + i}.50",
        "since": "2016-12-05",
        "month": "201612",
        "phone": f"1391234567{i % 10}",
        "uscc": "91330100799655058B",
        "sex": "12"[i % 2],
        "district": "330106",
        "address": f"文三路{i}号",
        **other,
    }


def rows(n: int = 3, at: int = 2, **other: str) -> list[Row]:
    """`n` good records, of which number `at` has other values."""
    return [row(i, **(other if i == at else {})) for i in range(1, n + 1)]


@dataclass(frozen=True)
class Value:
    """One value of record 2: the reason it is quarantined for, or (reason None) the value that silver keeps."""

    name: str
    fault: str
    field: str
    cell: str
    reason: str | None = None
    value: str | None = None
    core: bool = False


GOOD = id18("33010619520101102")
BAD_CHECK = GOOD[:17] + ("0" if GOOD[17] != "0" else "1")
V = Value
_X = next(b for b in (id18(f"3301061952010110{i}") for i in range(10)) if b.endswith("X"))
_OLD = "330106500101001"
VALUES = [
    # Why a record is quarantined.
    V("id_empty", "身份证号为空", "id_no", "", "missing_key", core=True),
    V("id_blank", "身份证号只有空格", "id_no", "   ", "missing_key"),
    V("id_none", "身份证号填“无”", "id_no", "无", "missing_key", core=True),
    V("id_none_yet", "身份证号填“暂无”", "id_no", "暂无", "missing_key"),
    V("id_to_come", "身份证号填“待补”", "id_no", "待补", "missing_key"),
    V("id_zeros", "身份证号填18个0", "id_no", "0" * 18, "missing_key", core=True),
    V("id_ones", "身份证号填18个1", "id_no", "1" * 18, "missing_key"),
    V("id_000", "身份证号填000", "id_no", "000", "missing_key"),
    V("id_111", "身份证号填111", "id_no", "111", "missing_key"),
    V("id_scientific", "身份证号成了科学计数法", "id_no", "3.30106E+17", "bad_id_float", core=True),
    V("id_scientific_short", "身份证号成了没有小数的科学计数法", "id_no", "3E+17", "bad_id_float"),
    V("id_lost_digits", "身份证号末三位被电子表格变成000", "id_no", "330106195201011000", "bad_id_float", core=True),
    V("id_17", "身份证号少一位", "id_no", GOOD[:16] + GOOD[17:], "bad_id_length", core=True),
    V("id_19", "身份证号多一位", "id_no", GOOD + "1", "bad_id_length"),
    V("id_date", "身份证号里填了生日", "id_no", "19520101", "bad_id_length"),
    V("id_torn", "身份证号只剩前十位", "id_no", GOOD[:10], "bad_id_length"),
    V("id_16", "15位身份证号多一位", "id_no", _OLD + "1", "bad_id_length"),
    V("id_14", "15位身份证号少一位", "id_no", _OLD[:14], "bad_id_length"),
    V("id_letter_o", "身份证号把0写成字母O", "id_no", GOOD[:8].replace("0", "O") + GOOD[8:], "bad_id_charset", core=True),
    V("id_letter_l", "身份证号把1写成字母l", "id_no", GOOD.replace("1", "l", 1), "bad_id_charset"),
    V("id_masked", "身份证号被脱敏", "id_no", GOOD[:6] + "********" + GOOD[14:], "bad_id_charset", core=True),
    V("id_star_for_x", "身份证号末位X写成星号，不猜", "id_no", _X[:17] + "*", "bad_id_charset"),
    V("id_15_letter", "15位身份证号含字母O", "id_no", _OLD.replace("0", "O", 1), "bad_id_charset"),
    V("id_check", "身份证号校验码不对", "id_no", BAD_CHECK, "bad_id_check", core=True),
    V("id_transposed", "身份证号两位颠倒", "id_no", GOOD[:14] + GOOD[15] + GOOD[14] + GOOD[16:], "bad_id_check"),
    V("id_no_such_day", "身份证号里的生日不存在（2月30日）", "id_no", id18("33010619520230102"), "bad_id_birth", core=True),
    V("id_month_13", "身份证号里的生日是13月", "id_no", id18("33010619521301102"), "bad_id_birth"),
    V("id_15_no_such_day", "15位身份证号里的生日不存在", "id_no", "330106500231001", "bad_id_birth"),
    V("id_future", "身份证号里的生日晚于收件日（次日）", "id_no", id18("33010620161206102"), "bad_id_birth", core=True),
    V("id_131", "身份证号里的年龄131岁", "id_no", id18("33010618851204102"), "bad_id_birth"),
    V("id_before_1850", "身份证号里的生日在1850年前", "id_no", id18("33010618491231102"), "bad_id_birth"),
    V("uscc_check", "统一社会信用代码校验码不对", "uscc", "91330100799655058A", "bad_uscc", core=True),
    V("uscc_letter_o", "统一社会信用代码含字母O", "uscc", "9133O100799655058B", "bad_uscc"),
    V("uscc_letter_i", "统一社会信用代码含字母I", "uscc", "9I330100799655058B", "bad_uscc"),
    V("uscc_class", "统一社会信用代码没有这种类别", "uscc", "94330100799655058B", "bad_uscc"),
    V("uscc_17", "统一社会信用代码少一位", "uscc", "9133010079965505B", "bad_uscc"),
    V("uscc_org_code", "单位代码填了组织机构代码", "uscc", "79965505-8", "bad_uscc"),
    V("date_endless_no_such_day", "日期写成9999-12-32", "since", "9999-12-32", "bad_date"),
    V("date_no_such_day", "日期不存在（2月30日）", "since", "20160230", "bad_date", core=True),
    V("date_leap", "2015年没有2月29日", "since", "2015-02-29", "bad_date"),
    V("date_month_13", "日期是13月", "since", "2016-13-05", "bad_date"),
    V("date_no_year", "日期没有年份（12月5日）", "since", "12月5日", "bad_date"),
    V("date_day_first", "约定外的日期形式（日/月/年）", "since", "05/12/2016", "bad_date", core=True),
    V("date_words", "日期是文字", "since", "昨天", "bad_date"),
    V("month_13", "月份是13月", "month", "201613", "bad_date"),
    V("number_words", "金额是文字", "amount", "一千元", "bad_number", core=True),
    V("number_two_points", "金额有两个小数点", "amount", "1.234.5", "bad_number"),
    V("number_comma_as_point", "金额用逗号作小数点", "amount", "1.234,50", "bad_number"),
    V("number_misplaced_comma", "金额的千分位逗号错位", "amount", "12,34.5", "bad_number"),
    V("number_letter_o", "金额把0写成字母O", "amount", "1O0", "bad_number"),
    V("number_nan", "金额是NaN", "amount", "NaN", "bad_number"),
    V("amount_below", "金额比下限小一分", "amount", "-0.01", "out_of_range", core=True),
    V("amount_above", "金额比上限大一分", "amount", "100000.01", "out_of_range", core=True),
    V("amount_wrong_unit", "金额写了“万元”，折算后超过上限", "amount", "1234.50万元", "out_of_range"),
    V("sex_unknown", "性别代码不在代码表", "sex", "3", "unknown_code", core=True),
    V("sex_words", "性别是代码表外的文字", "sex", "雄", "unknown_code"),
    V("district_unknown", "没有这样的区划代码", "district", "330199", "unknown_code", core=True),
    V("district_not_yet", "区划代码2021年才启用，收件在2016年", "district", "330113", "unknown_code"),
    V("formula_equals", "文字以等号开头（公式）", "address", "=1+1", "formula_injection", core=True),
    V("formula_at", "文字以@开头（公式）", "address", "@SUM(A1)", "formula_injection"),
    V("formula_plus", "文字以加号开头，后接算式", "address", "+1+1", "formula_injection"),
    V("formula_minus", "文字以减号开头，后接算式", "address", "-2+3*SUM(A1)", "formula_injection", core=True),
    V("formula_dde", "文字以减号开头，内藏DDE命令", "address", "-2+3+cmd|' /C calc'!A0", "formula_injection"),
    V("formula_wide", "文字以全角等号开头（公式）", "address", "＝1+1", "formula_injection"),
    V("formula_guarded", "去掉前导单引号后是公式", "address", "'=HYPERLINK(A1)", "formula_injection"),
    V("formula_in_phone", "电话里是公式", "phone", "=cmd|' /C calc'!A0", "formula_injection"),
    V("formula_in_name", "姓名里是公式", "name", "=A1", "formula_injection"),
    # Near misses: repaired or innocent.
    V("ok_id_wide", "全角身份证号", "id_no", wide(GOOD), None, GOOD, core=True),
    V("ok_id_lower_x", "身份证号末位小写x", "id_no", _X[:17] + "x", None, _X, core=True),
    V("ok_id_wide_x", "身份证号末位全角ｘ", "id_no", _X[:17] + "ｘ", None, _X),
    V("ok_id_times", "身份证号末位乘号×", "id_no", _X[:17] + "×", None, _X, core=True),
    V("ok_id_apostrophe", "身份证号前有单引号", "id_no", "'" + GOOD, None, GOOD, core=True),
    V("ok_id_guard", '身份证号写成="…"', "id_no", f'="{GOOD}"', None, GOOD, core=True),
    V("ok_id_tab", "身份证号前有制表符", "id_no", "\t" + GOOD, None, GOOD),
    V("ok_id_zero_width", "身份证号里有零宽空格", "id_no", GOOD[:6] + "\u200b" + GOOD[6:], None, GOOD),
    V("ok_id_ideographic_space", "身份证号后有全角空格", "id_no", GOOD + "\u3000", None, GOOD),
    V("ok_id_15", "15位身份证号", "id_no", _OLD, None, "33010619500101001X", core=True),
    V("ok_id_today", "收件当日出生", "id_no", id18("33010620161205102"), None, id18("33010620161205102")),
    V("ok_id_130", "年满130岁", "id_no", id18("33010618861205102"), None, id18("33010618861205102")),
    V("ok_id_339005", "萧山市时期的前缀339005", "id_no", "339005197806060159", None, "339005197806060159"),
    V("ok_id_elsewhere", "外省前缀", "id_no", "11010519491231002X", None, "11010519491231002X"),
    V("ok_id_hongkong", "港澳居民居住证", "id_no", "810000199408230021", None, "810000199408230021", core=True),
    V("ok_id_taiwan", "台湾居民居住证", "id_no", "830000199201300022", None, "830000199201300022"),
    V("ok_id_permit", "港澳居民来往内地通行证", "id_no", "H12345678", None, "H12345678"),
    V("ok_id_permit_10", "港澳居民来往内地通行证（带换证次数）", "id_no", "M1234567801", None, "M1234567801"),
    V("ok_id_tw_permit", "台湾居民来往大陆通行证（新）", "id_no", "01234567", None, "01234567"),
    V("ok_id_tw_permit_other", "台湾居民来往大陆通行证（新，首位不是0）", "id_no", "84561230", None, "84561230"),
    V("ok_id_tw_permit_old", "台湾居民来往大陆通行证（旧）", "id_no", "0012345601(B)", None, "0012345601(B)"),
    V("ok_id_foreign_new", "外国人永久居留身份证（五星卡）", "id_no", "911124198108030024", None, "911124198108030024", core=True),
    V("ok_id_foreign_old", "外国人永久居留证（旧）", "id_no", "CAN330081080312", None, "CAN330081080312"),
    V("ok_id_birth_certificate", "新生儿填出生医学证明编号", "id_no", "K123456789", None, "K123456789"),
    V("ok_id_passport", "中国护照", "id_no", "E12345678", None, "E12345678"),
    V("ok_uscc_wide", "全角统一社会信用代码", "uscc", wide("91330100799655058B"), None, "91330100799655058B"),
    V("ok_uscc_none", "选填的单位代码填“无”", "uscc", "无", None, None),
    V("ok_amount_unit", "金额1,234.50元", "amount", "1,234.50元", None, "1234.50", core=True),
    V("ok_amount_wide", "全角金额", "amount", "１２３４．５０", None, "1234.50"),
    V("ok_amount_unit_wan", "金额写了万元（1.5万元）", "amount", "1.5万元", None, "15000.00"),
    V("ok_amount_least", "金额正好在下限", "amount", "0", None, "0.00"),
    V("ok_amount_most", "金额正好在上限", "amount", "100000.00", None, "100000.00"),
    V("ok_amount_dash", "选填的金额只有一个减号", "amount", "-", None, None),
    V("ok_date_short", "日期2016-12-5", "since", "2016-12-5", None, "2016-12-05"),
    V("ok_date_slash", "日期2016/12/05 0:00", "since", "2016/12/05 0:00", None, "2016-12-05", core=True),
    V("ok_date_chinese", "日期2016年12月5日", "since", "2016年12月5日", None, "2016-12-05", core=True),
    V("ok_date_compact", "日期20161205", "since", "20161205", None, "2016-12-05"),
    V("ok_date_month", "日期只到月：2016.12", "since", "2016.12", None, "2016-12-01"),
    V("ok_date_leap", "2016年2月29日", "since", "20160229", None, "2016-02-29"),
    V("ok_date_endless", "没有终止日期，写成9999-12-31", "since", "9999-12-31", None, None),
    V("ok_date_health", "卫生信息数据元的日期时间20161205T103000", "since", "20161205T103000", None, "2016-12-05"),
    V("ok_date_to_come", "选填的日期填“待补”", "since", "待补", None, None),
    V("ok_month_point", "月份2016.12", "month", "2016.12", None, "2016-12-01"),
    V("ok_month_chinese", "月份2016年12月", "month", "2016年12月", None, "2016-12-01"),
    V("ok_sex_words", "性别写“男”", "sex", "男", None, "1"),
    V("ok_district_old", "2016年有效的旧区划代码（临安市）", "district", "330185", None, "330185"),
    V("ok_phone_country", "电话+86 139…", "phone", "+86 13912345678", None, "13912345678", core=True),
    V("ok_address_phone", "文字+86 139…不是公式", "address", "+86 13912345678", None, "+86 13912345678"),
    V("ok_address_dash", "文字只有一个减号", "address", "-", None, "-", core=True),
    V("ok_address_number", "文字是负数", "address", "-5", None, "-5"),
    V("ok_address_none", "选填文字里的“无”是值", "address", "无", None, "无"),
    V("ok_address_wide_comma", "地址里有全角逗号", "address", "文三路，1号", None, "文三路，1号"),
    V("ok_name_rare", "姓名用GB 2312以外的字（镕、喆、㛃）", "name", "㛃喆镕", None, "㛃喆镕", core=True),
]


# Pairs of fields whose values stand in each other's place in record 2.
EXCHANGED = {"name": "姓名", "phone": "电话", "uscc": "单位代码", "since": "批准日期", "address": "地址"}


def exchanged(field: str) -> list[Row]:
    table = rows(6)
    table[1]["id_no"], table[1][field] = table[1][field], table[1]["id_no"]
    return table


def add(cases: Cases, encode: Callable[[list[Row]], bytes], only: Callable[[Value], bool] | None = None) -> None:
    """Every fault of a value that `only` lets through (default: the core ones), each in record 2 of three."""
    for other, title in EXCHANGED.items():
        build = lambda other=other: encode(exchanged(other))  # noqa: E731
        if other != "name":
            cases.read(6, {2: "swapped_fields"}, f"swapped_{other}", f"一条记录里{title}与身份证号对调", build)
    for v in VALUES:
        if not (v.core if only is None else only(v)):
            continue
        build = lambda v=v: encode(rows(**{v.field: v.cell}))  # noqa: E731
        if v.reason:
            cases.read(3, {2: v.reason}, v.name, v.fault, build)
        else:
            cases.read(3, {}, v.name, v.fault, build, values={2: {v.field: v.value}})
