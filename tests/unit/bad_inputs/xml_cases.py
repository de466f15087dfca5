"""XML messages (F5), by hand."""

from __future__ import annotations

import base64
import gzip
from typing import Any
from xml.sax.saxutils import escape

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases
from bad_inputs.people import FIELDS, Row, row, rows
from xihu.contract.models import Contract

PLAIN = {n: {**f, "path": f["title"]} for n, f in FIELDS.items()}


def agreed(message: dict[str, Any] | None = None, **more: Any) -> Contract:
    given = message or {"record": "人员", "count": "/消息/头/笔数", "total": {"path": "/消息/头/合计", "field": "amount"}}
    return contract(PLAIN, "xml", message=given, **more)


# Values that are no amounts leave nothing to add up: only the count is stated there.
C = agreed({"record": "人员", "count": "/消息/头/笔数"})
TOTALS = agreed()
LENIENT = agreed({"record": "人员"}, columns={"added": "warn"})
BODY = agreed({"record": "人员", "body": "报文体", "count": "/消息/头/笔数"})
LISTED = agreed({"record": "体/人员", "count": "/消息/头/笔数"})
SNAPSHOT = agreed({"record": "人员", "count": "/消息/头/笔数"}, mode="snapshot", scope=["month"], absence="ended")
CASES = Cases("xml", "a.xml", C)
OPEN, CLOSE = "<人员>", "</人员>"


def record(r: Row) -> str:
    return OPEN + "".join(f"<{FIELDS[n]['title']}>{escape(r[n])}</{FIELDS[n]['title']}>" for n in FIELDS) + CLOSE


def text(table: list[Row], told: str = "GB2312", count: str | None = None, total: str | None = None, head: str = "", tail: str = "") -> str:
    stated = f"<笔数>{len(table) if count is None else count}</笔数>" + (f"<合计>{total}</合计>" if total is not None else "")
    inside = "\n".join(map(record, table))
    return f'<?xml version="1.0" encoding="{told}"?>\n{head}<消息><头>{stated}</头><体>\n{inside}\n</体></消息>{tail}'


def encode(table: list[Row]) -> bytes:
    return text(table).encode("gb18030")


def changed(old: str, new: str | bytes, base: str | None = None, **how: Any) -> bytes:
    given = (text(rows(), **how) if base is None else base).encode("gb18030")
    made = given.replace(old.encode("gb18030"), new if isinstance(new, bytes) else new.encode("gb18030"), 1)
    assert made != given
    return made


def enveloped(inside: bytes, n: int = 3) -> bytes:
    return (
        f'<?xml version="1.0" encoding="GB2312"?><消息><头><笔数>{n}</笔数></头><报文体>'.encode("gb18030")
        + inside
        + "</报文体></消息>".encode("gb18030")
    )


def swapped(all_of_them: bool) -> bytes:
    table = rows(6)
    for r in table if all_of_them else table[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return encode(table)


def without(title: str, only: int | None = None) -> bytes:
    parts = []
    for i, r in enumerate(rows(), 1):
        made = record(r)
        if only is None or only == i:
            start, end = made.index(f"<{title}>"), made.index(f"</{title}>") + len(title) + 3
            made = made[:start] + made[end:]
        parts.append(made)
    return f'<?xml version="1.0" encoding="GB18030"?><消息><头><笔数>3</笔数></头>{"".join(parts)}</消息>'.encode("gb18030")


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
people.add(CASES, encode)
refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "blanks", "只有空白", lambda: b" \r\n\r\n")
refuse("empty_file", "snapshot_no_records", "全量快照没有一条记录", lambda: text([]).encode("gb18030"), SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.xml", lambda: b"<!DOCTYPE html><html><body>502</body></html>")
refuse("wrong_format", "json", "JSON改名为.xml", lambda: b'{"code": "00", "data": []}')
refuse("wrong_format", "cut_short", "报文在中间断掉", lambda: encode(rows())[:-120])
refuse("wrong_format", "tags_crossed", "标签交叉，不合规范", lambda: changed("</姓名>", "</名姓>"))
refuse("wrong_format", "bare_ampersand", "文字里有未转义的&", lambda: changed("文三路2号", "文三路&2号"))
refuse("wrong_format", "entities", "含实体声明（十亿大笑）", lambda: text(rows(), head=LAUGHS).encode("gb18030"))
refuse(
    "wrong_format",
    "outside_entity",
    "实体指向外部文件（XXE）",
    lambda: changed("文三路2号", "&x;", head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
)
refuse("wrong_encoding", "utf16", "UTF-16编码，声明GB2312", lambda: text(rows()).encode("utf-16"))
refuse(
    "wrong_encoding",
    "mojibake",
    "汉字在发送前已成乱码",
    lambda: (
        text([row(i, name="王小明", address="文三路西溪") for i in range(1, 7)])
        .translate({ord(a): b for a, b in zip("王小明文三路西溪", "锟斤拷锟斤拷锟斤", strict=True)})
        .encode("gb18030")
    ),
)
refuse(
    "header_unknown",
    "record_element_unknown",
    "记录元素改了名",
    lambda: encode(rows()).replace("人员>".encode("gbk"), "居民>".encode("gbk")),
)
refuse("header_unknown", "element_added", "记录里多出约定外的元素", lambda: changed("<姓名>", "<民族>汉</民族><姓名>"))
refuse("header_unknown", "required_element_gone", "所有记录都没有必填元素", lambda: without("身份证号"))
refuse("columns_swapped", "columns_swapped", "姓名与身份证号在全部记录里对调", lambda: swapped(True))
refuse("control_total", "count_more", "信封写4笔，实有3笔", lambda: text(rows(), count="4").encode("gb18030"))
refuse("control_total", "count_less", "信封写2笔，实有3笔", lambda: text(rows(), count="2").encode("gb18030"))
refuse("control_total", "count_none", "信封没有约定的笔数", lambda: changed("<笔数>3</笔数>", ""))
refuse("control_total", "count_words", "信封的笔数不是数", lambda: text(rows(), count="三").encode("gb18030"))
refuse("control_total", "count_no_records", "信封写3笔，一条记录也没有", lambda: text([], count="3").encode("gb18030"), LISTED)
refuse("control_total", "total_cent", "信封合计差一分", lambda: text(rows(), total="307.51").encode("gb18030"), TOTALS)
refuse("wrong_format", "body_not_base64", "报文体不是BASE64", lambda: enveloped(b"@@@@" * 10), BODY)
refuse("wrong_format", "body_not_xml", "报文体解码后不是XML", lambda: enveloped(base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(300))), BODY)
refuse("header_unknown", "body_gone", "没有约定的报文体", lambda: encode(rows()), BODY)
refuse(
    "unsafe_archive",
    "body_bomb",
    "报文体解压后膨胀上千倍",
    lambda: enveloped(base64.b64encode(gzip.compress(b"<a>" + bytes(8 << 20), mtime=0))),
    BODY,
)
read(3, {2: "missing_key"}, "element_gone", "一条记录没有必填元素", lambda: without("身份证号", 2))
read(3, {2: "bad_encoding"}, "bad_byte", "一条记录里有无效字节", lambda: changed("文三路2号", b"\xff\xff"))
read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: swapped(False))
read(3, {2: "missing_key"}, "id_self_closed", "身份证号是空元素", lambda: changed(f"<身份证号>{row(2)['id_no']}</身份证号>", "<身份证号/>"))
read(
    3,
    {},
    "ok_gb2312_claim",
    "声明GB2312，有GB2312以外的字",
    lambda: text(rows(name="㛃喆")).encode("gb18030"),
    values={2: {"name": "㛃喆"}},
)
read(3, {}, "ok_utf8_claim", "声明GB2312，实为UTF-8", lambda: text(rows()).encode(), values={2: {"name": "李喆"}})
read(
    3,
    {},
    "ok_no_claim",
    "没有声明编码，UTF-8",
    lambda: text(rows()).replace(' encoding="GB2312"', "").encode(),
    values={2: {"name": "李喆"}},
)
read(3, {}, "ok_mark", "带UTF-8标记", lambda: text(rows(), "UTF-8").encode("utf-8-sig"))
read(
    3,
    {},
    "ok_namespace",
    "加了命名空间前缀",
    lambda: (
        text(rows())
        .replace("<", "<n:")
        .replace("<n:/", "</n:")
        .replace("<n:?", "<?")
        .replace("<n:消息>", '<n:消息 xmlns:n="urn:x:2">')
        .encode("gb18030")
    ),
)
read(
    3,
    {},
    "ok_reordered",
    "元素次序不同",
    lambda: "".join(
        [
            text([]).partition("<体>")[0].replace("<笔数>0", "<笔数>3"),
            "<体>",
            *(OPEN + "".join(f"<{FIELDS[n]['title']}>{r[n]}</{FIELDS[n]['title']}>" for n in reversed(FIELDS)) + CLOSE for r in rows()),
            "</体></消息>",
        ]
    ).encode("gb18030"),
    values={2: {"id_no": row(2)["id_no"]}},
)
read(3, {}, "ok_optional_element_gone", "一条记录没有选填元素", lambda: without("电话", 2), values={2: {"phone": None}})
read(3, {}, "ok_cdata", "文字在CDATA里", lambda: changed("文三路2号", "<![CDATA[文三路<2>号]]>"), values={2: {"address": "文三路<2>号"}})
read(
    3,
    {},
    "ok_character_reference",
    "文字里有字符引用",
    lambda: changed("文三路2号", "文三路&#50;&#x53F7;"),
    values={2: {"address": "文三路2号"}},
)
read(3, {}, "ok_comment", "记录之间有注释", lambda: changed("<人员>", "<!-- 第一条 --><人员>"))
read(3, {}, "ok_element_added", "多出元素，约定只提醒", lambda: changed("<姓名>", "<民族>汉</民族><姓名>"), LENIENT, warned=True)
read(
    3,
    {},
    "ok_total",
    "信封合计相符",
    lambda: text(rows(), total="307.50").replace("307.50", f"{sum(float(r['amount']) for r in rows()):.2f}").encode("gb18030"),
    TOTALS,
)
read(3, {}, "ok_body", "记录在BASE64报文体里", lambda: enveloped(base64.b64encode(encode(rows()))), BODY)
read(
    3,
    {},
    "ok_body_gzip",
    "报文体先gzip再BASE64，每76字符换行",
    lambda: enveloped(base64.encodebytes(gzip.compress(encode(rows()), mtime=0))),
    BODY,
)
read(0, {}, "ok_no_records", "增量报文没有记录，笔数为0", lambda: text([]).encode("gb18030"))


def _appended(*tables: list[Row], told: str = "GB2312") -> bytes:
    return b"\n".join(text(t, told).encode("utf-8" if told == "UTF-8" else "gb18030") for t in tables)


OWN = agreed({"record": "人员", "count": "/消息/头/笔数"}, encoding=None)
read(5, {}, "ok_documents_appended", "两份报文首尾相接成一个文件", lambda: _appended(rows(3), rows(2)), warned=True)
read(
    5,
    {},
    "ok_documents_of_two_encodings",
    "首尾相接的两份报文各用所声明的编码",
    lambda: _appended(rows(3)) + _appended(rows(2), told="UTF-8"),
    OWN,
    warned=True,
    values={1: {"name": "张三丰"}, 4: {"name": "张三丰"}},
)
read(
    5,
    {4: "bad_id_check"},
    "second_document_value",
    "首尾相接的第二份报文里校验码不对",
    lambda: _appended(rows(3), rows(2, 1, id_no=people.BAD_CHECK)),
)
refuse("wrong_format", "second_document_cut", "首尾相接的最后一份报文被截断", lambda: _appended(rows(3), rows(2))[:-40])
refuse("wrong_format", "words_between_documents", "首尾相接的两份报文之间有文字", lambda: _appended(rows(3)) + b"ok" + _appended(rows(2)))
refuse(
    "control_total",
    "second_document_count",
    "首尾相接的第二份报文笔数不符",
    lambda: _appended(rows(3)) + text(rows(2), count="3").encode("gb18030"),
)
