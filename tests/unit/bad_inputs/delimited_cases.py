"""Database dumps without a header, with control files (F4), by hand."""

from __future__ import annotations

import hashlib
from typing import Any

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases, Files
from bad_inputs.people import FIELDS, Row, row, rows
from xihu.contract.models import Contract


def agreed(delimiter: str = "|", **more: Any) -> Contract:
    return contract(FIELDS, "delimited", files="sy/hk_*.txt", delimiter=delimiter, **more)


C = agreed()
CTL = agreed(companion=["{stem}.ctl"])
BOTH = agreed(companion=["{stem}.ctl", "{name}.ok"])
LONG = agreed("|@|")
CONTROL_A = agreed("\x01", dump={"terminator": "\x02\n"})
ESCAPED = agreed(dump={"escape": "\\"})
QUOTED = agreed(quote='"')
OPERATION = {**FIELDS["address"], "map": {"注销": "D"}}
CHANGES = contract(
    {**FIELDS, "address": OPERATION}, "delimited", files="sy/hk_*.txt", delimiter="|", mode="corrections", operation="address"
)
SNAPSHOT = agreed(companion=["{stem}.ctl"], mode="snapshot", scope=["month"], absence="ended")
NAME = "hk_201612.txt"
CASES = Cases("delimited", NAME, C)


def dump(table: list[Row], delimiter: str = "|", end: str = "\n") -> bytes:
    return "".join(delimiter.join(r[f] for f in FIELDS) + end for r in table).encode("gb18030")


def encode(table: list[Row]) -> bytes:
    return dump(table)


GOOD = dump(rows())
MD5 = hashlib.md5(GOOD, usedforsecurity=False).hexdigest()


def beside(control: str | None, data: bytes = GOOD, ok: bool = False) -> Files:
    given = {NAME: data}
    if control is not None:
        given["hk_201612.ctl"] = control.encode("gb18030")
    if ok:
        given[f"{NAME}.ok"] = b""
    return given


def changed(change: str, into: str | bytes, data: bytes = GOOD) -> bytes:
    made = data.replace(change.encode("gb18030"), into if isinstance(into, bytes) else into.encode("gb18030"), 1)
    assert made != data
    return made


def swapped(all_of_them: bool) -> bytes:
    table = rows(6)
    for r in table if all_of_them else table[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return dump(table)


people.add(CASES, encode)
refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件，没有对照文件说明", lambda: b"")
refuse("empty_file", "blank_lines", "只有空行", lambda: b"\n\r\n\n")
refuse("empty_file", "control_says_rows", "零字节文件，对照文件说有3条", lambda: beside("ROWS=3", b""), CTL)
refuse("empty_file", "snapshot_zero", "全量快照为空，对照文件也说0条", lambda: beside("ROWS=0", b""), SNAPSHOT)
refuse("companion_missing", "no_control", "约定的.ctl没有来", lambda: beside(None), CTL)
refuse("companion_missing", "no_ok", ".ctl来了，.ok没有来", lambda: beside("ROWS=3"), BOTH)
refuse("companion_missing", "control_of_another", "来的是另一个文件的.ctl", lambda: {NAME: GOOD, "hk_201611.ctl": b"ROWS=3"}, CTL)
refuse("companion_mismatch", "rows_more", ".ctl写4条，实有3条", lambda: beside("ROWS=4"), CTL)
refuse("companion_mismatch", "rows_less", ".ctl写2条，实有3条", lambda: beside("ROWS=2"), CTL)
refuse("companion_mismatch", "rows_zero", ".ctl写0条，实有3条", lambda: beside("0"), CTL)
refuse("companion_mismatch", "digest", ".ctl的MD5不符", lambda: beside(f"ROWS=3\nMD5={'0' * 32}"), CTL)
refuse("companion_mismatch", "digest_sha1", ".ctl的SHA-1不符", lambda: beside(f"3|{'0' * 40}"), CTL)
refuse("companion_mismatch", "digest_sha256", ".ctl的SHA-256不符", lambda: beside(f"3|{'0' * 64}"), CTL)
refuse(
    "companion_mismatch",
    "byte_changed",
    "传输中一个字节变了（行数仍对，MD5不符）",
    lambda: beside(f"3|{MD5}", changed("文三路1号", "文三路7号")),
    CTL,
)
refuse("companion_mismatch", "bytes", ".ctl写的字节数不符", lambda: beside(f"ROWS=3\nBYTES={len(GOOD) + 1}"), CTL)
refuse("companion_mismatch", "cut_short", "文件没传完，.ctl的行数与MD5都不符", lambda: beside(f"3|{MD5}", GOOD[: len(GOOD) // 2]), CTL)
refuse("companion_mismatch", "odd_number", ".ctl的行数不是数", lambda: beside("ROWS=三条"), CTL)
refuse("wrong_format", "html", "网页改名为.txt", lambda: "<!DOCTYPE html><html>请登录</html>".encode())
refuse("wrong_format", "zip_bytes", "压缩包内容改名为.txt", lambda: b"PK\x03\x04" + bytes(300))
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: GOOD.decode("gb18030").encode("utf-16"))
refuse("wrong_encoding", "mojibake", "GBK按Latin-1读过又存成UTF-8（乱码）", lambda: dump(rows(6)).decode("latin-1").encode())
refuse("header_unknown", "other_delimiter", "分隔符是^，约定为|", lambda: dump(rows(6), "^"))
refuse("header_unknown", "column_more", "每条都比约定多一列", lambda: dump(rows(6), end="|x\n"))
refuse("columns_swapped", "columns_swapped", "姓名与身份证号两列的值全部对调", lambda: swapped(True))
refuse("unclosed_quote", "unclosed_quote", "引号到文件末尾也没有闭合", lambda: changed("文三路2号", '"文三路2号'), QUOTED)

read(3, {2: "column_count"}, "bare_delimiter", "地址里有未转义的分隔符", lambda: changed("文三路2号", "文三路|2号"))
read(
    3,
    {2: "column_count"},
    "bare_delimiter_null_end",
    "地址里有未转义的分隔符，末列恰是\\N：不当作行尾多余的分隔符",
    lambda: changed("|330106|文三路2号", "|330106|文三路|\\N", dump(rows(), "|")),
)
read(
    3,
    {2: "unknown_code"},
    "operation_unknown",
    "变更标志不是I、U、D（注销写成X）：不能当作修改",
    lambda: dump(rows(address="X")).replace("文三路1号".encode("gb18030"), b"I").replace("文三路3号".encode("gb18030"), b" d"),
    CHANGES,
)
read(
    3,
    {},
    "ok_operation_words",
    "变更标志用汉字，由map换成I、U、D",
    lambda: dump(rows(address="注销")).replace("文三路1号".encode("gb18030"), b"U").replace("文三路3号".encode("gb18030"), b"i"),
    CHANGES,
    values={1: {"address": "U"}, 2: {"address": "D"}, 3: {"address": "I"}},
)
read(
    3,
    {2: "column_count"},
    "fewer_cells",
    "一条记录少一列",
    lambda: changed("|330106|文三路2号", "|文三路2号", dump(rows(), end="|\n")),
    agreed(dump={"terminator": "|\n"}),
)
read(
    3, {3: "column_count"}, "cut_short_alone", "文件在最后一条记录中间断掉，没有对照文件", lambda: GOOD[:-30], agreed(dump={"escape": "\\"})
)
read(3, {2: "bad_encoding"}, "bad_byte", "一条记录里有无效字节", lambda: changed("文三路2号", b"\xff\xff"))
read(3, {2: "bad_encoding"}, "half_character", "一条记录在分隔符前有半个汉字", lambda: changed("李喆", b"\xc0\xee\x86"))
read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: swapped(False))
read(3, {2: "missing_key"}, "id_null_mark", "身份证号是\\N", lambda: changed(row(2)["id_no"], "\\N"))

read(3, {2: "bad_encoding"}, "utf8_record", "混入一条UTF-8记录，字数成双", lambda: changed("李喆", "李喆".encode(), dump(rows(address=""))))
read(
    3, {}, "ok_long_delimiter", "分隔符|@|", lambda: dump(rows(address="文三路|2号@"), "|@|"), LONG, values={2: {"address": "文三路|2号@"}}
)
read(
    3,
    {},
    "ok_control_a",
    "分隔符\\x01，记录以\\x02换行结束，地址里有换行",
    lambda: dump(rows(address="文三路\n2号"), "\x01", "\x02\n"),
    CONTROL_A,
    values={2: {"address": "文三路\n2号"}},
)
read(
    3,
    {},
    "ok_trail_byte",
    "汉字第二个字节正是分隔符的字节（0x7C）",
    lambda: dump(rows(address="倈路2号")),
    values={2: {"address": "倈路2号"}},
)
read(
    3,
    {},
    "ok_raw_line_end",
    "地址里有裸换行，按列数拼回",
    lambda: dump([*rows()[:1], row(2, district="330106", phone="0571-\n85250000"), row(3)]),
)
read(
    3,
    {},
    "ok_escaped",
    "地址里的分隔符以反斜杠转义",
    lambda: dump(rows(address="文三路\\|2号")),
    ESCAPED,
    values={2: {"address": "文三路|2号"}},
)
read(3, {}, "ok_null_mark", "选填的金额是\\N", lambda: changed("102.50", "\\N"), values={2: {"amount": None}})
read(3, {}, "ok_crlf", "行尾是CRLF", lambda: dump(rows(), end="\r\n"), values={2: {"address": "文三路2号"}})
read(3, {}, "ok_trailing_delimiter", "每条记录末尾多一个分隔符", lambda: dump(rows(), end="|\n"))
read(3, {}, "ok_utf8", "约定GB18030，实为UTF-8", lambda: GOOD.decode("gb18030").encode(), warned=True, values={2: {"name": "李喆"}})
read(3, {}, "ok_utf8_mark", "约定GB18030，实为带标记的UTF-8", lambda: GOOD.decode("gb18030").encode("utf-8-sig"), warned=True)
read(3, {}, "ok_no_last_line_end", "末行没有行尾", lambda: GOOD[:-1])
read(3, {}, "ok_control", ".ctl的行数与MD5都相符", lambda: beside(f"文件名={NAME}\n行数=3\nMD5={MD5.upper()}"), CTL)
read(3, {}, "ok_control_bare", ".ctl只写“3|摘要”", lambda: beside(f"3|{MD5}"), CTL)
read(3, {}, "ok_control_and_ok", ".ctl与空的.ok都来了", lambda: beside("ROWS=3", ok=True), BOTH)
read(0, {}, "ok_empty", "零字节文件，.ctl写0条", lambda: beside("ROWS=0", b""), CTL)
