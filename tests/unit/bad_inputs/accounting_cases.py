"""Accounting files (F11, GB/T 24589.1), by hand."""

from __future__ import annotations

from typing import Any

from reader_helpers import contract

from bad_inputs.case import Cases

LINE: dict[str, Any] = {
    "year": {"title": "会计年度", "type": "year", "required": True},
    "period": {"title": "会计期间号", "type": "integer", "required": True, "min": 1, "max": 13},
    "voucher": {"title": "记账凭证编号", "type": "text", "required": True},
    "line": {"title": "记账凭证行号", "type": "integer", "required": True},
    "note": {"title": "记账凭证摘要", "type": "text"},
    "account": {"title": "科目编号", "type": "text", "required": True},
    "debit": {"title": "借方本币金额", "type": "money", "unit": "元"},
    "credit": {"title": "贷方本币金额", "type": "money", "unit": "元"},
    "day": {"title": "记账凭证日期", "type": "date"},
}
C = contract(LINE, "accounting", files="sy/账_*.xml", message={"record": "记账凭证"})
CASES = Cases("accounting", "账_201612.xml", C)
GOOD = ["2016", "12", "0001", "1", "拨付镕经费", "5001", "100.10", "", "20161205"]
SIDE = ["2016", "12", "0001", "2", "拨付镕经费", "1001", "", "100.10", "20161205"]


def line(values: list[str]) -> str:
    return "<记账凭证>" + "".join(f"<{f['title']}>{v}</{f['title']}>" for f, v in zip(LINE.values(), values, strict=True)) + "</记账凭证>"


def book(lines: list[list[str]], told: str = "GB2312", codec: str = "gb18030") -> bytes:
    chart = "".join(
        f"<会计科目><科目编号>{n}</科目编号><科目名称>{t}</科目名称></会计科目>" for n, t in (("1001", "库存现金"), ("5001", "经费支出"))
    )
    return f'<?xml version="1.0" encoding="{told}"?>\n<总账>{chart}\n{"".join(map(line, lines))}</总账>'.encode(codec)


def with_(name: str, value: str) -> bytes:
    at = list(LINE).index(name)
    return book([GOOD, [value if i == at else v for i, v in enumerate(SIDE)]])


refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("wrong_format", "html", "网页改名为.xml", lambda: b"<html><body>404</body></html>")
refuse("wrong_format", "access_database", "送来的是Access数据库（.mdb改名）", lambda: b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(2000))
refuse("wrong_format", "cut_short", "文件在中间断掉", lambda: book([GOOD, SIDE])[:-60])
refuse(
    "wrong_format",
    "entities",
    "含实体声明",
    lambda: book([GOOD, SIDE]).replace("<总账>".encode("gbk"), '<!DOCTYPE a [<!ENTITY a "x">]><总账>'.encode("gbk")),
)
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: book([GOOD, SIDE]).decode("gb18030").encode("utf-16"))
refuse("header_unknown", "no_vouchers", "没有记账凭证元素（另一类文件）", lambda: book([]))
refuse(
    "header_unknown",
    "element_renamed",
    "科目编号改了名",
    lambda: book([GOOD, SIDE]).replace("科目编号".encode("gbk"), "科目代码".encode("gbk")),
)
refuse(
    "header_unknown",
    "element_added",
    "凭证里多出约定外的元素",
    lambda: book([GOOD, SIDE]).replace("<记账凭证编号>".encode("gbk"), "<部门>甲</部门><记账凭证编号>".encode("gbk")),
)
read(2, {2: "missing_key"}, "voucher_number_empty", "凭证编号为空", lambda: with_("voucher", ""))
read(2, {2: "missing_key"}, "account_placeholder", "科目编号填“待补”", lambda: with_("account", "待补"))
read(2, {2: "bad_number"}, "amount_words", "金额是大写汉字", lambda: with_("credit", "壹佰元壹角"))
read(2, {2: "bad_number"}, "line_fraction", "行号不是整数", lambda: with_("line", "2.5"))
read(2, {2: "out_of_range"}, "period_14", "会计期间是14", lambda: with_("period", "14"))
read(2, {2: "bad_date"}, "day_nonsense", "凭证日期不存在", lambda: with_("day", "20161131"))
read(2, {2: "bad_date"}, "year_two_digits", "会计年度只有两位", lambda: with_("year", "16"))
read(2, {2: "formula_injection"}, "formula", "摘要是公式", lambda: with_("note", "=SUM(A1:A9)"))
read(
    2,
    {2: "bad_encoding"},
    "bad_byte",
    "摘要里有无效字节",
    lambda: book([GOOD, SIDE])[::-1].replace("拨付镕".encode("gb18030")[::-1], b"\xff\xff", 1)[::-1],
)
read(2, {}, "ok_balanced", "借贷相等", lambda: book([GOOD, SIDE]), values={2: {"credit": "100.10"}})
read(2, {}, "ok_unbalanced", "借贷差一分：照收并指出凭证", lambda: with_("credit", "100.11"), warned=True)
read(2, {}, "ok_account_not_in_chart", "科目不在科目表：照收并指出", lambda: with_("account", "9999"), warned=True)
read(
    2,
    {},
    "ok_red",
    "红字（负数）",
    lambda: book([[*GOOD[:6], "-7.00", "", GOOD[8]], [*SIDE[:6], "", "-7", SIDE[8]]]),
    values={2: {"credit": "-7.00"}},
)
read(2, {}, "ok_period_13", "会计期间13（调整期）", lambda: with_("period", "13"))
read(2, {}, "ok_utf8_claim", "声明GB2312，实为UTF-8", lambda: book([GOOD, SIDE], codec="utf-8"), values={2: {"note": "拨付镕经费"}})
