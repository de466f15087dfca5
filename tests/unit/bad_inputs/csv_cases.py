"""Delimited files with a header (F1), by hand."""

from __future__ import annotations

from collections.abc import Callable

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases
from bad_inputs.people import FIELDS, TITLES, Row, row, rows

C = contract(FIELDS, "csv")
SNAPSHOT = contract(FIELDS, "csv", mode="snapshot", scope=["month"], absence="ended")
STRICT = contract(FIELDS, "csv", columns={"reordered": "refuse"})
SUMS = contract(FIELDS, "csv", layout={"totals": ["小计", "合计"], "footers": ["填表人"]})
NAMED = contract({**FIELDS, "name": {**FIELDS["name"], "required": True}}, "csv")
AGREED = contract({**FIELDS, "amount": {**FIELDS["amount"], "nulls": ["#N/A"]}}, "csv")
LENIENT = contract(FIELDS, "csv", columns={"added": "warn", "dropped": "warn"})
CASES = Cases("csv", "a.csv", C)
HEAD = ",".join(TITLES)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\r\n') else cell


def lines(table: list[Row]) -> list[str]:
    return [",".join(quoted(r[f]) for f in FIELDS) for r in table]


def text(table: list[Row], head: str | None = HEAD, end: str = "\r\n") -> str:
    return "".join(x + end for x in [*([head] if head else []), *lines(table)])


def encode(table: list[Row]) -> bytes:
    return text(table).encode("gb18030")


def _without(field: str) -> str:
    keep = [f for f in FIELDS if f != field]
    return "".join(",".join(cells) + "\r\n" for cells in [[FIELDS[f]["title"] for f in keep], *[[r[f] for f in keep] for r in rows()]])


def _record(n: int, change: bytes, into: bytes) -> bytes:
    """A file whose record `n` has some bytes exchanged."""
    parts = encode(rows()).split(b"\r\n")
    assert change in parts[n]
    parts[n] = parts[n].replace(change, into, 1)
    return b"\r\n".join(parts)


def _swapped(all_of_them: bool) -> list[Row]:
    table = rows(6)
    for r in table if all_of_them else table[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return table


people.add(CASES, encode, lambda v: True)

refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "blank_lines", "只有空行", lambda: b"\r\n \r\n\r\n")
refuse("empty_file", "mark_alone", "只有UTF-8字节序标记", lambda: b"\xef\xbb\xbf")
refuse("empty_file", "snapshot_header_alone", "全量快照只有表头", lambda: encode([]), SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.csv", lambda: b"<!DOCTYPE html><html><body>" + "登录超时".encode() + b"</body></html>")
refuse("wrong_format", "zip_bytes", "电子表格（zip）改名为.csv", lambda: b"PK\x03\x04" + bytes(200))
refuse("wrong_format", "old_office", "旧版Office文件改名为.csv", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
refuse("wrong_format", "pdf", "PDF改名为.csv", lambda: b"%PDF-1.4\n1 0 obj\n")
refuse("wrong_encoding", "utf16_mark", "UTF-16编码（有标记）", lambda: text(rows()).encode("utf-16"))
refuse("wrong_encoding", "utf16_bare", "UTF-16编码（无标记）", lambda: text(rows()).encode("utf-16-le"))
refuse(
    "wrong_encoding",
    "big5",
    "Big5编码",
    lambda: (
        text(rows(name="張三"))
        .replace("王镕", "王小明")
        .replace("李喆", "李四")
        .translate(str.maketrans("证号额批准区划单电话", "證號額批準區劃單電話"))
        .encode("big5", "replace")
    ),
)
refuse(
    "wrong_encoding",
    "mojibake_gbk",
    "UTF-8按GBK读过又存成UTF-8（乱码）",
    lambda: text(rows()).encode().decode("gb18030", "replace").encode(),
)
refuse("wrong_encoding", "mojibake_latin", "GBK按Latin-1读过又存成UTF-8（乱码）", lambda: encode(rows()).decode("latin-1").encode())
refuse(
    "wrong_encoding",
    "mojibake_lost",
    "汉字全部变成锟斤拷",
    lambda: text(rows()).translate({ord(c): "锟斤拷" for c in set(text(rows())) if not c.isascii()}).encode("gb18030"),
)
refuse(
    "wrong_encoding",
    "question_marks",
    "汉字全部变成U+FFFD",
    lambda: text(rows()).encode("ascii", "replace").replace(b"?", "\ufffd".encode()),
)
refuse("wrong_format", "json_error", "接口的错误信息（JSON）存成了.csv", lambda: b'{"code":"500","msg":"timeout"}')
refuse("wrong_encoding", "plain_question_marks", "汉字全变成问号", lambda: encode(rows()).decode("gb18030").encode("ascii", "replace"))
refuse("header_missing", "no_header", "没有表头，第一行就是数据", lambda: text(rows(), None).encode("gb18030"))
refuse("header_unknown", "required_column_gone", "缺少必填列", lambda: _without("id_no").encode("gb18030"))
refuse("header_unknown", "optional_column_gone", "缺少选填列，约定不许", lambda: _without("phone").encode("gb18030"))
refuse(
    "header_unknown",
    "column_added",
    "多出一列，约定不许",
    lambda: "".join(x + y + "\r\n" for x, y in zip([HEAD, *lines(rows())], [",备注", ",", ",新", ","], strict=True)).encode("gb18030"),
)
refuse("header_unknown", "column_renamed", "一列改了名", lambda: text(rows(), HEAD.replace("批准日期", "生效时间")).encode("gb18030"))
refuse("header_unknown", "column_twice", "同一标题出现两次", lambda: text(rows(), HEAD.replace("批准日期", "月份")).encode("gb18030"))
refuse(
    "header_unknown",
    "other_unit",
    "表头的单位（万元）与约定（元）不同",
    lambda: text(rows(), HEAD.replace("金额", "金额（万元）")).encode("gb18030"),
)
refuse("header_unknown", "other_delimiter", "分隔符是分号", lambda: text(rows()).replace(",", ";").encode("gb18030"))
refuse("header_unknown", "other_extract", "另一种资源的文件", lambda: "车牌,车速,时刻\r\n浙A12345,60,20161205\r\n".encode("gb18030"))
refuse(
    "header_unknown",
    "reordered_refused",
    "列序不同，而约定不许",
    lambda: "".join(",".join(x.split(",")[::-1]) + "\r\n" for x in [HEAD, *lines(rows())]).encode("gb18030"),
    STRICT,
)
refuse("header_unknown", "title_line", "表头上多了一行标题，约定里没有", lambda: ("低保人员名单\r\n" + text(rows())).encode("gb18030"))
refuse("columns_swapped", "columns_swapped", "表头不变，姓名与身份证号两列的值全部对调", lambda: encode(_swapped(True)))
refuse(
    "unclosed_quote",
    "unclosed_quote",
    "引号到文件末尾也没有闭合",
    lambda: encode(rows()).replace("文三路2号".encode("gbk"), b'"' + "文三路2号".encode("gbk")),
)

read(3, {2: "bad_encoding"}, "bad_byte", "一条记录里有无效字节", lambda: _record(2, "文三路".encode("gbk"), b"\xff\xff"))
read(3, {2: "bad_encoding"}, "half_character", "一条记录里有半个汉字", lambda: _record(2, "文三路2号".encode("gbk"), b"\xce"))
read(3, {1: "bad_encoding"}, "utf8_record", "GB18030文件里混入一条UTF-8记录", lambda: _record(1, "张三丰".encode("gbk"), "张三丰".encode()))
read(3, {2: "column_count"}, "more_cells", "一条记录多一列", lambda: _record(2, "文三路2号".encode("gbk"), "文三路2号,多".encode("gbk")))
read(3, {2: "column_count"}, "bare_comma", "地址里的逗号没有加引号", lambda: _record(2, "文三路".encode("gbk"), "文三路,".encode("gbk")))
read(3, {2: "column_count"}, "fewer_cells", "一条记录少一列", lambda: _record(2, b",330106,", b","))
read(3, {3: "column_count"}, "cut_short", "文件在最后一条记录中间断掉", lambda: encode(rows())[:-40])
read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: encode(_swapped(False)))
read(
    3,
    {2: "missing_key"},
    "precedence_key",
    "一条记录里必填为空，日期与金额也不对：先报必填",
    lambda: encode(rows(id_no="", since="x", amount="y")),
)
read(
    3,
    {2: "bad_id_check"},
    "precedence_id",
    "一条记录里校验码不对，日期与代码也不对：先报校验码",
    lambda: encode(rows(id_no=people.BAD_CHECK, since="x", sex="7")),
)
read(3, {2: "column_count"}, "precedence_structure", "一条记录多一列，身份证号也不对：先报列数", lambda: _record(2, b"330106", b"1,330106"))
read(
    3,
    {2: "bad_encoding"},
    "utf8_record_even",
    "混入一条UTF-8记录，字数成双，按GB18030也读得出",
    lambda: encode(rows()[:1]) + lines([row(2, address="文三路二")])[0].encode() + b"\r\n" + text(rows()[2:], None).encode("gb18030"),
)
for name, word in (("not_available", "#N/A"), ("reference", "#REF!"), ("value", "#VALUE!"), ("guarded", '="#N/A"')):
    build = lambda word=word: encode(rows(amount=word))  # noqa: E731
    read(3, {2: "bad_number"}, f"error_{name}", f"电子表格导出的文本里，选填的金额是错误值{word}", build)
read(3, {2: "bad_date"}, "error_date", "电子表格导出的文本里，选填的日期是错误值#N/A", lambda: encode(rows(since="#N/A")))
read(3, {2: "unknown_code"}, "error_code", "电子表格导出的文本里，选填的代码是错误值#N/A", lambda: encode(rows(sex="#N/A")))
read(3, {2: "missing_key"}, "error_name", "电子表格导出的文本里，必填的姓名是错误值#REF!", lambda: encode(rows(name="#REF!")), NAMED)
read(3, {}, "ok_blank_amount", "选填的金额空着", lambda: encode(rows(amount="")), values={2: {"amount": None}})
read(3, {}, "ok_error_agreed", "约定写明#N/A是空值", lambda: encode(rows(amount="#N/A")), AGREED, values={2: {"amount": None}})
read(3, {}, "ok_number_sign", "地址以#开头", lambda: encode(rows(address="#2楼")), values={2: {"address": "#2楼"}})
read(3, {2: "bad_date"}, "serial_in_text", "文本文件里的日期是电子表格序号", lambda: encode(rows(since="42709")))

read(3, {}, "ok_utf8", "约定GB18030，实为UTF-8", lambda: text(rows()).encode(), warned=True, values={2: {"name": "李喆"}})
read(
    3,
    {},
    "ok_utf8_mark",
    "约定GB18030，实为带标记的UTF-8",
    lambda: text(rows()).encode("utf-8-sig"),
    warned=True,
    values={2: {"name": "李喆"}},
)
read(
    3,
    {},
    "ok_reordered",
    "列序不同",
    lambda: "".join(",".join(x.split(",")[::-1]) + "\r\n" for x in [HEAD, *lines(rows())]).encode("gb18030"),
    values={2: {"id_no": row(2)["id_no"]}},
)
read(
    3,
    {},
    "ok_trailing_blank_columns",
    "表头与记录末尾都有空列",
    lambda: "".join(x + ",,\r\n" for x in [HEAD, *lines(rows())]).encode("gb18030"),
)
read(
    3,
    {},
    "ok_trailing_blank_cells",
    "只有记录末尾多出空列",
    lambda: "".join(x + ("" if i == 0 else ",,") + "\r\n" for i, x in enumerate([HEAD, *lines(rows())])).encode("gb18030"),
)
read(0, {}, "ok_header_alone", "增量文件只有表头", lambda: encode([]))
read(3, {}, "ok_line_feeds", "行尾是LF", lambda: text(rows(), end="\n").encode("gb18030"))
read(3, {}, "ok_no_last_line_end", "末行没有行尾", lambda: encode(rows())[:-2])
read(3, {}, "ok_blank_lines", "记录之间有空行", lambda: text(rows(), end="\r\n\r\n").encode("gb18030"))
read(3, {}, "ok_end_mark", "文件末尾有DOS结束符（0x1A）", lambda: encode(rows()) + b"\x1a")
read(
    3,
    {},
    "ok_quoted_line_end",
    "引号里有换行与逗号",
    lambda: encode(rows(address="文三路\n2号,甲")),
    values={2: {"address": "文三路\n2号,甲"}},
)
read(3, {}, "ok_quoted_quote", "引号里有引号", lambda: encode(rows(address='"甲"路')), values={2: {"address": '"甲"路'}})
read(3, {}, "ok_other_title", "用了登记过的另一标题", lambda: text(rows(), HEAD.replace("身份证号", "公民身份号码")).encode("gb18030"))
read(3, {}, "ok_title_dirt", "标题里有全角空格与引号", lambda: text(rows(), HEAD.replace("姓名", '"姓　名"')).encode("gb18030"))
read(
    3,
    {},
    "ok_all_quoted",
    "每格都加引号",
    lambda: "".join(",".join(f'"{c}"' for c in x.split(",")) + "\r\n" for x in [HEAD, *lines(rows())]).encode("gb18030"),
)
read(
    3,
    {},
    "ok_column_added",
    "多出一列，约定只提醒",
    lambda: "".join(x + ",甲\r\n" for x in [HEAD, *lines(rows())]).encode("gb18030"),
    LENIENT,
    warned=True,
)
read(3, {}, "ok_optional_column_gone", "缺少选填列，约定只提醒", lambda: _without("phone").encode("gb18030"), LENIENT, warned=True)


def _among(line: str) -> Callable[[], bytes]:
    """Three records with a line after the second."""
    return lambda: (text(rows(2)) + line + "\r\n" + text(rows()[2:], None)).encode("gb18030")


read(3, {}, "ok_total_row", "记录之间有合计行，约定写明", _among("合计,,301.50" + "," * 7), SUMS)
read(3, {}, "ok_total_row_later", "合计二字不在第一列，其余只有数", _among(",,301.50,,小 计" + "," * 5), SUMS)
read(3, {}, "ok_footer_row", "末尾有填表人行，约定写明", lambda: encode(rows()) + "填表人：甲,,审核人：乙\r\n".encode("gb18030"), SUMS)
read(4, {3: "bad_id_length"}, "total_row_not_agreed", "记录之间有合计行，约定没有写", _among("合计,,301.50" + "," * 7))
read(
    3,
    {},
    "ok_named_like_a_total",
    "记录的姓名就是“合计”，其余全是数，约定有合计行",
    lambda: encode(rows(name="合计", since="20161205", uscc="", address="")),
    SUMS,
    values={2: {"name": "合计"}},
)
read(3, {}, "ok_address_total", "记录的地址就是“小计”", lambda: encode(rows(address="小计")), SUMS, values={2: {"address": "小计"}})
read(3, {}, "ok_same_twice", "没有主键的流水里两条相同记录都是真的", lambda: encode([row(1), row(1), row(2)]))
