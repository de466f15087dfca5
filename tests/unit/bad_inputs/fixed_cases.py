"""Batches of fixed width (F3), bytes by hand."""

from __future__ import annotations

from typing import Any

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases
from bad_inputs.people import FIELDS, Row, row

# Wide enough for what stands around a value: guards, full-width digits.
WIDTHS = {"id_no": 40, "name": 20, "amount": 20, "since": 24, "month": 16, "phone": 20, "uscc": 40, "sex": 4, "district": 12, "address": 32}


def _fields() -> tuple[dict[str, Any], int]:
    made, at = {}, 2
    for name, width in WIDTHS.items():
        made[name] = {**FIELDS[name], "start": at, "width": width}
        at += width
    return made, at - 1


SLICES, LENGTH = _fields()
MARKS = {"header": "H", "detail": "D", "trailer": "T", "length": LENGTH, "trailer_count": {"start": 2, "width": 8}}
C = contract(SLICES, "fixed", files="sy/*.txt", encoding="gbk", record=MARKS)
# A batch of a bank: cents, padded with zeros, the sign last; count and total in the trailer.
PAY: dict[str, Any] = {
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True, "start": 2, "width": 18},
    "name": {"title": "姓名", "type": "person_name", "start": 20, "width": 20},
    "amount": {"title": "金额", "type": "money", "unit": "分", "min": -100000000, "start": 40, "width": 12},
    "street": {"title": "街道", "type": "text", "start": 52, "width": 10},
}
PAY_MARKS = {
    "header": "H", "detail": "D", "trailer": "T", "length": 61,
    "trailer_count": {"start": 2, "width": 8}, "trailer_total": {"start": 10, "width": 16, "field": "amount", "scale": 2},
}  # fmt: skip
BANK = contract(PAY, "fixed", files="sy/*.txt", encoding="gbk", record=PAY_MARKS)
BANK_SNAPSHOT = contract(
    {**PAY, "amount": {**PAY["amount"]}, "street": {**PAY["street"]}}, "fixed", files="sy/*.txt", encoding="gbk", record=PAY_MARKS,
    mode="snapshot", scope=["street"], absence="ended",
)  # fmt: skip
CASES = Cases("fixed", "a.txt", C)


def line(r: Row) -> bytes:
    out = b"D"
    for name, width in WIDTHS.items():
        data = r[name].encode("gb18030")
        assert len(data) <= width, (name, data)
        out += data.ljust(width)
    return out


def encode(table: list[Row]) -> bytes:
    return b"\r\n".join([b"H20161205", *map(line, table), b"T%08d" % len(table), b""])


def signed(cents: int, width: int) -> bytes:
    return (f"{cents:0{width}d}" if cents >= 0 else f"{-cents:0{width - 1}d}-").encode()


def pay(i: int, cents: int = 12345, name: bytes | None = None, street: str = "北山") -> bytes:
    text = "王镕".encode("gbk") + "　".encode("gbk") * 8 if name is None else name
    return b"D" + row(i)["id_no"].encode() + text.ljust(20) + signed(cents, 12) + street.encode("gbk").ljust(10)


PAID = [pay(1), pay(2, -500), pay(3, 0)]


def batch(lines: list[bytes] = PAID, n: int = 3, total: int = 11845, head: bytes = b"H20161205\r\n", tail: bytes | None = None) -> bytes:
    trailer = b"T%08d" % n + signed(total, 16) + b"\r\n" if tail is None else tail
    return head + b"".join(x + b"\r\n" for x in lines) + trailer


def _changed(at: int, new: bytes) -> list[bytes]:
    return [new if i == at else x for i, x in enumerate(PAID)]


people.add(CASES, encode)
refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"", BANK)
refuse("empty_file", "blanks", "只有空行", lambda: b"\r\n\r\n", BANK)
refuse("empty_file", "snapshot_no_details", "全量快照没有一条明细", lambda: batch([], 0, 0), BANK_SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.txt", lambda: "<html><body>系统维护</body></html>".encode(), BANK)
refuse("wrong_format", "zip_bytes", "压缩包内容改名为.txt", lambda: b"PK\x03\x04" + bytes(300), BANK)
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: batch().decode("gbk").encode("utf-16"), BANK)
refuse(
    "wrong_encoding",
    "utf8_by_characters",
    "UTF-8编码，宽度按字符补齐，字节数对不上",
    lambda: batch(total=0, n=3, lines=[x.decode("gbk").encode() for x in PAID]),
    BANK,
)
refuse("header_missing", "no_header", "缺首记录H，第一行就是明细", lambda: batch(head=b""), BANK)
refuse("control_total", "no_trailer", "缺尾记录T（文件没传完）", lambda: batch(tail=b""), BANK)
refuse("control_total", "count_less", "尾记录笔数比明细多一", lambda: batch(n=4), BANK)
refuse("control_total", "count_more", "尾记录笔数比明细少一", lambda: batch(n=2), BANK)
refuse("control_total", "total_cent", "尾记录合计差一分", lambda: batch(total=11846), BANK)
refuse("control_total", "total_sign", "尾记录合计正负号相反", lambda: batch(total=-11845), BANK)
refuse("control_total", "count_letters", "尾记录笔数不是数", lambda: batch(tail=b"T0000000A" + signed(11845, 16) + b"\r\n"), BANK)
refuse("control_total", "total_blank", "尾记录合计是空的", lambda: batch(tail=b"T00000003" + b" " * 16 + b"\r\n"), BANK)
refuse("control_total", "lost_line", "中间丢了一条明细", lambda: batch(PAID[:2], 3, 11845), BANK)
refuse("control_total", "doubled_line", "一条明细重复传了两次", lambda: batch([*PAID, PAID[0]], 3, 11845), BANK)
refuse("control_total", "two_trailers", "有两条尾记录", lambda: batch() + b"T00000003" + signed(11845, 16) + b"\r\n", BANK)
refuse(
    "control_total",
    "shifted",
    "一条明细错位两字节，金额读得出但不对，合计因此不符",
    lambda: batch(_changed(1, pay(2, -500, "王镕".encode("gbk") + "　".encode("gbk") * 9)[:61])),
    BANK,
)
refuse(
    "control_total",
    "wide_digits",
    "一条金额是全角数字，合计仍要算上",
    lambda: batch(_changed(2, pay(3).replace(b"000000012345", "０００００９".encode("gbk")))),
    BANK,
)
read(3, {2: "truncated"}, "truncated", "一条明细在金额之后断掉", lambda: batch(_changed(1, pay(2, -500)[:53])), BANK)
read(3, {2: "bad_length"}, "too_long", "一条明细多出两个字节", lambda: batch(_changed(1, pay(2, -500) + b"XX")), BANK)
read(3, {2: "bad_encoding"}, "bad_byte", "一条明细的姓名里有无效字节", lambda: batch(_changed(1, pay(2, -500, b"\xff\xff"))), BANK)
read(
    3,
    {2: "bad_encoding"},
    "half_character",
    "姓名栏在半个汉字处截断",
    lambda: batch(_changed(1, pay(2, -500, b"a" + "王".encode("gbk") * 9 + b"\xcd"))),
    BANK,
)
read(
    3,
    {2: "missing_key"},
    "key_blank",
    "身份证号栏全是空格",
    lambda: batch(_changed(1, pay(2, -500).replace(row(2)["id_no"].encode(), b" " * 18))),
    BANK,
)
read(
    3,
    {2: "missing_key"},
    "key_zeros",
    "身份证号栏补0",
    lambda: batch(_changed(1, pay(2, -500).replace(row(2)["id_no"].encode(), b"0" * 18))),
    BANK,
)
read(
    3,
    {2: "bad_encoding"},
    "utf8_record",
    "一条明细是UTF-8编码，字节数相符",
    lambda: batch(_changed(1, pay(2, -500, "李喆".encode(), street="").ljust(61))),
    BANK,
)
read(3, {}, "ok_sign_last", "金额的负号在末位", lambda: batch(), BANK, values={2: {"amount": "-5.00"}})
read(3, {}, "ok_ideographic_padding", "姓名以全角空格补齐", lambda: batch(), BANK, values={1: {"name": "王镕"}})
read(3, {}, "ok_line_feeds", "行尾是LF", lambda: batch().replace(b"\r\n", b"\n"), BANK)
read(3, {}, "ok_no_last_line_end", "末行没有行尾", lambda: batch()[:-2], BANK)
read(3, {}, "ok_end_mark", "文件末尾有DOS结束符（0x1A）", lambda: batch() + b"\x1a", BANK)
read(0, {}, "ok_no_details", "增量批次没有明细，尾记录笔数为0", lambda: batch([], 0, 0), BANK)
read(
    3,
    {},
    "ok_rare_character",
    "姓名有GB 2312以外的字，占四字节",
    lambda: batch(_changed(0, pay(1, name="㛃喆".encode("gb18030")))),
    BANK,
    values={1: {"name": "㛃喆"}},
)
