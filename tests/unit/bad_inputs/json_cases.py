"""Dumps of JSON interfaces (F6), by the standard library and by hand."""

from __future__ import annotations

import json
from typing import Any

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases
from bad_inputs.people import FIELDS, GOOD, Row, row, rows

PATHS = {n: {**f, "path": n} for n, f in FIELDS.items()} | {
    "at": {"title": "时间", "type": "datetime", "forms": ["epoch_ms"], "path": "ts"}
}
API = {"records": "data.list", "code": "code", "message": "msg", "total": "data.total", "page": "data.page"}
C = contract(PATHS, "json", api=API, encoding="utf-8")
GB = contract(PATHS, "json", api=API)
LINES = contract(PATHS, "json", encoding="utf-8")
SNAPSHOT = contract(PATHS, "json", api=API, encoding="utf-8", mode="snapshot", scope=["month"], absence="ended")
CASES = Cases("json", "a.json", C)


def record(r: Row) -> dict[str, Any]:
    return {**r, "ts": 1480896000000}


def page(records: list[Any], n: int = 1, total: Any = None, code: str = "00", string: bool = False) -> dict[str, Any]:
    data = {"list": records, "total": len(records) if total is None else total, "page": n}
    return {"code": code, "msg": "成功" if code == "00" else "令牌已过期", "data": json.dumps(data, ensure_ascii=False) if string else data}


def put(*pages: Any) -> bytes:
    return "\n".join(json.dumps(p, ensure_ascii=False) for p in pages).encode()


def encode(table: list[Row]) -> bytes:
    return put(page([record(r) for r in table]))


def with_(**other: Any) -> bytes:
    made = [record(r) for r in rows()]
    made[1] |= other
    return put(page(made))


def without(name: str, only: int | None = None) -> bytes:
    return put(page([{k: v for k, v in record(r).items() if k != name or (only and only != i)} for i, r in enumerate(rows(), 1)]))


def swapped(all_of_them: bool) -> bytes:
    table = rows(6)
    for r in table if all_of_them else table[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return encode(table)


def raw(old: str, new: str) -> bytes:
    made = encode(rows()).decode()
    assert old in made
    return made.replace(old, new, 1).encode()


SIX = [record(row(i)) for i in range(1, 7)]
ID2 = f'"{row(2)["id_no"]}"'
people.add(CASES, encode)
refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "blanks", "只有空白", lambda: b"\n \n")
refuse("empty_file", "snapshot_no_records", "全量快照没有一条记录", lambda: put(page([])), SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.json", lambda: b"<html><body>502 Bad Gateway</body></html>")
refuse("wrong_format", "text", "CSV改名为.json", lambda: "身份证号,姓名\r\n".encode())
refuse("wrong_format", "cut_short", "文件在中间断掉", lambda: encode(rows())[:-100])
refuse("wrong_format", "comma_gone", "少了逗号，不是JSON", lambda: raw('", "name"', '" "name"'))
refuse("wrong_format", "single_quotes", "用单引号的不是JSON", lambda: encode(rows()).replace(b'"', b"'"))
refuse("wrong_encoding", "utf16", "UTF-16编码", lambda: encode(rows()).decode().encode("utf-16"))
refuse(
    "wrong_encoding",
    "mojibake",
    "汉字在发送前已成乱码",
    lambda: (
        put(page([record(row(i, name="王小明", address="文三路西溪")) for i in range(1, 7)]))
        .decode()
        .translate({ord(a): b for a, b in zip("王小明文三路西溪", "锟斤拷锟斤拷锟斤", strict=True)})
        .encode()
    ),
)
refuse("error_envelope", "error_code", "接口返回错误码401", lambda: put(page([], code="401")))
refuse("error_envelope", "error_on_second_page", "第二页返回错误码", lambda: put(page(SIX[:3], 1, 6), page([], 2, 6, "500")))
refuse("error_envelope", "error_without_data", "只有错误码，没有data", lambda: put({"code": "99", "msg": "系统繁忙"}))
refuse("error_envelope", "no_code", "页面没有约定的返回码", lambda: put({"data": page(SIX)["data"]}))
refuse("control_total", "total_more", "写明4条，实有3条", lambda: put(page(SIX[:3], total=4)))
refuse("control_total", "page_gone", "缺第二页", lambda: put(page(SIX[:2], 1, 6), page(SIX[4:], 3, 6)))
refuse("control_total", "last_page_gone", "缺最后一页", lambda: put(page(SIX[:2], 1, 6), page(SIX[2:4], 2, 6)))
refuse("control_total", "page_twice", "第一页取了两次，第二页没有取到，条数碰巧相符", lambda: put(page(SIX[:3], 1, 6), page(SIX[:3], 1, 6)))
refuse("control_total", "total_words", "总数不是数", lambda: put(page(SIX[:3], total="很多")))
refuse("header_unknown", "list_gone", "没有约定的data.list", lambda: put({"code": "00", "data": {"rows": SIX, "total": 6, "page": 1}}))
refuse("header_unknown", "key_added", "记录里多出约定外的键", lambda: with_(nation="汉"))
refuse("header_unknown", "required_key_gone", "所有记录都没有必填的键", lambda: without("id_no"))
refuse("header_unknown", "key_renamed", "一个键改了名", lambda: encode(rows()).replace(b'"since"', b'"from"'))
refuse("columns_swapped", "columns_swapped", "姓名与身份证号在全部记录里对调", lambda: swapped(True))
read(3, {2: "missing_key"}, "key_gone", "一条记录没有必填的键", lambda: without("id_no", 2))
read(3, {2: "missing_key"}, "id_null", "身份证号是null", lambda: with_(id_no=None))
read(3, {2: "missing_key"}, "id_null_text", '身份证号是字符串"null"', lambda: with_(id_no="null"))
read(3, {2: "bad_id_float"}, "id_exponent", "身份证号是带指数的数", lambda: raw(ID2, "3.30106195201011e+17"))
read(3, {2: "bad_number"}, "amount_true", "金额是true", lambda: with_(amount=True))
read(3, {2: "bad_number"}, "amount_object", "金额是对象", lambda: with_(amount={"value": 1}))
read(3, {2: "bad_date"}, "epoch_microseconds", "时间戳是微秒（差一千倍）", lambda: with_(ts=1480896000000000))
read(3, {2: "bad_date"}, "epoch_words", "时间戳是文字", lambda: with_(ts="今天"))
read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: swapped(False))
read(
    3,
    {},
    "ok_id_number",
    "身份证号是18位整数，位数未失",
    lambda: raw(ID2, GOOD) if GOOD.isdigit() else raw(ID2, "330106198508090024"),
    values={2: {"id_no": GOOD if GOOD.isdigit() else "330106198508090024"}},
)
read(3, {}, "ok_amount_number", "金额是数", lambda: raw('"102.50"', "102.50"), values={2: {"amount": "102.50"}})
read(3, {}, "ok_amount_exponent", "金额带指数", lambda: raw('"102.50"', "1.025e2"), values={2: {"amount": "102.50"}})
read(3, {2: "missing_key"}, "id_empty_list", "身份证号是空数组[]（PHP以此表示没有值）", lambda: with_(id_no=[]))
read(3, {}, "ok_empty_list", "选填的值是空数组[]", lambda: with_(address=[]), values={2: {"address": None}})
read(3, {}, "ok_null", "选填的键是null", lambda: with_(since=None), values={2: {"since": None}})
read(3, {}, "ok_null_text", '选填的值是字符串"null"', lambda: with_(since="null"), values={2: {"since": None}})
read(3, {}, "ok_key_gone", "一条记录没有选填的键", lambda: without("phone", 2), values={2: {"phone": None}})
read(3, {}, "ok_epoch", "时间戳是毫秒", lambda: encode(rows()), values={2: {"at": "2016-12-05 00:00:00+00:00"}})
read(3, {}, "ok_encoded_string", "data是编码过的字符串", lambda: put(page(SIX[:3], string=True)))
read(3, {}, "ok_escapes", "汉字写成\\u转义", lambda: json.dumps(page(SIX[:3])).encode(), values={2: {"name": "李喆"}})
read(3, {}, "ok_mark", "带UTF-8标记", lambda: b"\xef\xbb\xbf" + encode(rows()))
read(3, {}, "ok_utf8", "约定GB18030，实为UTF-8", lambda: encode(rows()), GB, warned=True, values={2: {"name": "李喆"}})
read(3, {}, "ok_gb18030", "约定GB18030，实为GB18030", lambda: encode(rows()).decode().encode("gb18030"), GB, values={2: {"name": "李喆"}})
read(6, {}, "ok_pages", "三页", lambda: put(page(SIX[:2], 1, 6), page(SIX[2:4], 2, 6), page(SIX[4:], 3, 6)))
read(6, {}, "ok_pages_array", "各页在一个数组里", lambda: put([page(SIX[:3], 1, 6), page(SIX[3:], 2, 6)]))
read(6, {}, "ok_moving_total", "取数时总数在变", lambda: put(page(SIX[:3], 1, 6), page(SIX[3:], 2, 7)), warned=True)
read(
    7, {}, "ok_overlap", "相邻两页有一条重叠（没有主键，都保留并提醒）", lambda: put(page(SIX[:4], 1, 6), page(SIX[3:], 2, 6)), warned=True
)
read(3, {}, "ok_lines", "一行一条记录", lambda: put(*SIX[:3]), LINES)
read(0, {}, "ok_no_records", "增量文件没有记录，总数为0", lambda: put(page([])))
