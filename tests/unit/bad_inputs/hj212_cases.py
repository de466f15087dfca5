"""Monitoring telegrams HJ 212-2017 (F8); the checksum is written out here after the standard's appendix A."""

from __future__ import annotations

from typing import Any

from reader_helpers import contract
from reader_helpers import slow_crc as crc

from bad_inputs.case import Cases

FIELDS: dict[str, Any] = {
    "mn": {"title": "MN", "type": "text", "required": True},
    "kind": {"title": "CN", "type": "text"},
    "at": {"title": "DataTime", "type": "datetime", "required": True},
    "factor": {"title": "factor", "type": "text", "required": True},
    "rtd": {"title": "Rtd", "type": "number", "min": 0, "max": 10000},
    "flag": {"title": "Flag", "type": "text"},
}
C = contract(FIELDS, "hj212", files="sy/*.txt", telegram={"explode": "factor"})
WHOLE = contract(
    {n: FIELDS[n] for n in ("mn", "kind", "at")} | {"cod": {"title": "w01018-Rtd", "type": "number", "min": 0}}, "hj212", files="sy/*.txt"
)
SNAPSHOT = contract(FIELDS, "hj212", files="sy/*.txt", telegram={"explode": "factor"}, mode="snapshot", scope=["mn"], absence="ended")
CASES = Cases("hj212", "a.txt", C)


def body(
    i: int, cp: str = "w01018-Rtd={i}.5,w01018-Flag=N", at: str = "2016120508{i:02d}00", mn: str = "MN=A3301060000000000000{i:03d};"
) -> str:
    return f"QN=201612050800{i:02d}001;ST=32;CN=2011;PW=123456;{mn.format(i=i)}Flag=5;CP=&&DataTime={at.format(i=i)};{cp.format(i=i)}&&"


def telegram(text: str | bytes, length: int | None = None, check: str | None = None, end: bytes = b"\r\n") -> bytes:
    raw = text if isinstance(text, bytes) else text.encode("gb18030")
    return b"##%04d" % (len(raw) if length is None else length) + raw + (check or f"{crc(raw):04X}").encode() + end


def three(second: bytes, end: bytes = b"\r\n") -> bytes:
    return telegram(body(1), end=end) + second + telegram(body(3), end=end)


refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "blank_lines", "只有空行", lambda: b"\r\n\r\n")
refuse("wrong_format", "html", "网页改名为.txt", lambda: b"<html><body>502</body></html>")
refuse("wrong_format", "text", "CSV代替了报文", lambda: b"MN,DataTime,w01018\r\nA1,20161205,1.5\r\n")
refuse("wrong_format", "gzip_bytes_in_text", "压缩包内容改名为.txt", lambda: b"PK\x03\x04" + bytes(300))
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: three(telegram(body(2))).decode().encode("utf-16"))
read(3, {2: "bad_crc"}, "bad_crc", "校验码不符", lambda: three(telegram(body(2), check="0000")))
read(3, {2: "bad_crc"}, "value_changed", "传输中一个数字变了", lambda: three(telegram(body(2)).replace(b"Rtd=2.5", b"Rtd=2.6")))
read(3, {2: "bad_crc"}, "crc_letters", "校验码不是十六进制", lambda: three(telegram(body(2), check="ZZZZ")))
read(3, {2: "bad_length"}, "length_less", "长度比数据段少一", lambda: three(telegram(body(2), length=len(body(2)) - 1)))
read(3, {2: "bad_length"}, "length_more", "长度比数据段多一", lambda: three(telegram(body(2), length=len(body(2)) + 1)))
read(3, {2: "bad_length"}, "length_letters", "长度不是数", lambda: three(telegram(body(2)).replace(b"##0", b"##O", 1)))
read(3, {2: "truncated"}, "truncated", "报文中途断掉，下一条紧接着来", lambda: three(telegram(body(2))[:60] + b"\r\n"))
read(3, {3: "truncated"}, "cut_short", "文件在最后一条报文中间断掉", lambda: three(telegram(body(2)))[:-50])
read(3, {2: "truncated"}, "head_alone", "只有报文头##", lambda: three(b"##\r\n"))
read(
    3,
    {2: "bad_encoding"},
    "bad_byte",
    "数据段里有无效字节，校验码相符",
    lambda: three(telegram(body(2).encode().replace(b"Flag=N", b"Flag=\xff"))),
)
read(3, {2: "missing_key"}, "no_station", "没有设备编号MN", lambda: three(telegram(body(2, mn=""))))
read(3, {2: "missing_key"}, "station_empty", "设备编号是空的", lambda: three(telegram(body(2, mn="MN=;"))))
read(3, {2: "missing_key"}, "no_time", "没有DataTime", lambda: three(telegram(body(2).replace("DataTime=20161205080200;", ""))))
read(3, {2: "bad_date"}, "month_13", "DataTime是13月", lambda: three(telegram(body(2, at="20161305080000"))))
read(3, {2: "bad_date"}, "hour_25", "DataTime是25时", lambda: three(telegram(body(2, at="20161205250000"))))
read(3, {2: "bad_number"}, "value_words", "实测值不是数", lambda: three(telegram(body(2, "w01018-Rtd=abc,w01018-Flag=N"))))
read(3, {2: "out_of_range"}, "value_below", "实测值为负", lambda: three(telegram(body(2, "w01018-Rtd=-0.1,w01018-Flag=D"))))
read(3, {2: "out_of_range"}, "value_above", "实测值超过上限", lambda: three(telegram(body(2, "w01018-Rtd=10000.1,w01018-Flag=T"))))
read(3, {2: "formula_injection"}, "formula", "标记里是公式", lambda: three(telegram(body(2, "w01018-Rtd=1,w01018-Flag=@SUM(A1)"))))
read(
    4,
    {2: "bad_number"},
    "one_factor_of_two",
    "一条报文两个因子，一个的值不是数",
    lambda: three(telegram(body(2, "w01018-Rtd=x,w01018-Flag=N;w21003-Rtd=1.2,w21003-Flag=N"))),
)
read(3, {2: "bad_crc"}, "bad_crc_whole", "整条报文为一条记录，校验码不符", lambda: three(telegram(body(2), check="FFFF")), WHOLE)
read(3, {2: "bad_length"}, "length_three_digits", "长度只有三位", lambda: three(telegram(body(2)).replace(b"##0", b"##", 1)))
read(
    3,
    {2: "bad_crc"},
    "crc_of_too_much",
    "校验码把包头也算了进去",
    lambda: three(telegram(body(2), check=f"{crc(b'##%04d' % len(body(2)) + body(2).encode()):04X}")),
)
read(
    3,
    {2: "missing_key"},
    "no_data",
    "指令参数CP是空的",
    lambda: three(telegram("QN=20161205080002001;ST=32;CN=2011;PW=1;MN=A33;Flag=5;CP=&&&&")),
)
read(2, {}, "ok_answer", "应答报文没有监测数据，不是记录", lambda: three(telegram("QN=1;ST=91;CN=9015;PW=1;MN=A1;Flag=4;CP=&&QnRtn=1&&")))
read(
    4, {}, "ok_two_factors", "一条报文两个因子", lambda: three(telegram(body(2, "w01018-Rtd=1,w01018-Flag=N;w21003-Rtd=1.2,w21003-Flag=N")))
)
read(3, {}, "ok_lower_crc", "校验码是小写", lambda: three(telegram(body(2), check=f"{crc(body(2).encode()):04x}")))
read(3, {}, "ok_line_feeds", "行尾是LF", lambda: three(telegram(body(2), end=b"\n"), b"\n"))
read(3, {}, "ok_no_line_end", "两条报文之间没有行尾", lambda: three(telegram(body(2), end=b"")))
read(3, {}, "ok_blank_lines", "报文之间有空行", lambda: three(b"\r\n\r\n" + telegram(body(2)) + b"\r\n"))
read(3, {}, "ok_no_last_line_end", "末条没有行尾", lambda: three(telegram(body(2)))[:-2])
read(3, {}, "ok_same_twice", "同一报文重发，没有主键都算", lambda: three(telegram(body(1))))
read(
    3,
    {},
    "ok_value_time",
    "时刻按北京时间",
    lambda: three(telegram(body(2))),
    values={2: {"at": "2016-12-05 00:02:00+00:00", "rtd": "2.50000000"}},
)
