"""dBase and FoxPro tables (F7), bytes by hand."""

from __future__ import annotations

import struct
from typing import Any

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases
from bad_inputs.people import FIELDS, Row, row, rows

WIDTHS = {"id_no": 40, "name": 20, "amount": 20, "since": 24, "month": 16, "phone": 20, "uscc": 40, "sex": 4, "district": 12, "address": 40}
C = contract(FIELDS, "dbf", files="sy/*.dbf")
SNAPSHOT = contract(FIELDS, "dbf", files="sy/*.dbf", mode="snapshot", scope=["month"], absence="ended")
CASES = Cases("dbf", "a.dbf", C)
Spec = tuple[bytes, str, int, int]
SPECS: list[Spec] = [(FIELDS[n]["title"].encode("gbk"), "C", w, 0) for n, w in WIDTHS.items()]


def table(
    lines: list[list[bytes]],
    specs: list[Spec] = SPECS,
    version: int = 3,
    stated: int | None = None,
    deleted: tuple[int, ...] = (),
    end: bytes = b"\x1a",
) -> bytes:
    length = 1 + sum(s[2] for s in specs)
    n = len(lines) if stated is None else stated
    out = struct.pack("<B3BIHH20x", version, 116, 12, 5, n, 33 + 32 * len(specs), length)
    for name, kind, width, decimals in specs:
        out += name[:10].ljust(11, b"\0") + kind.encode() + bytes(4) + bytes([width, decimals]) + bytes(14)
    out += b"\r"
    for i, line in enumerate(lines, 1):
        cells = [c.rjust(s[2]) if s[1] in "NF" else c.ljust(s[2]) for c, s in zip(line, specs, strict=True)]
        assert all(len(c) == s[2] for c, s in zip(cells, specs, strict=True))
        out += (b"*" if i in deleted else b" ") + b"".join(cells)
    return out + end


def cells(people_: list[Row], codec: str = "gb18030") -> list[list[bytes]]:
    return [[r[n].encode(codec) for n in WIDTHS] for r in people_]


def encode(people_: list[Row]) -> bytes:
    return table(cells(people_))


def typed(column: str, kind: str, width: int, value: bytes, decimals: int = 0) -> bytes:
    """One column of another type, with `value` in record 2."""
    at = list(WIDTHS).index(column)
    specs = [(s[0], kind, width, decimals) if i == at else s for i, s in enumerate(SPECS)]
    good = {"D": b"20161205", "N": b"1.5", "L": b"T"}[kind]
    lines = [[(value if i == 1 else good) if j == at else c for j, c in enumerate(line)] for i, line in enumerate(cells(rows()))]
    return table(lines, specs)


def swapped(all_of_them: bool) -> bytes:
    made = rows(6)
    for r in made if all_of_them else made[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return encode(made)


def changed(n: int, column: str, value: bytes) -> bytes:
    lines = cells(rows())
    lines[n - 1][list(WIDTHS).index(column)] = value
    return table(lines)


def renamed(old: str, new: bytes) -> list[Spec]:
    return [(new, *s[1:]) if s[0] == old.encode("gbk") else s for s in SPECS]  # type: ignore[misc]


people.add(CASES, encode)
refuse, read = CASES.refuse, CASES.read
GOOD: Any = encode(rows())
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "snapshot_no_rows", "全量快照只有文件头", lambda: table([]), SNAPSHOT)
refuse("empty_file", "snapshot_all_deleted", "全量快照的记录全部有删除标记", lambda: table(cells(rows()), deleted=(1, 2, 3)), SNAPSHOT)
refuse("wrong_format", "html", "网页改名为.dbf", lambda: b"<html><body>404</body></html>")
refuse("wrong_format", "text", "CSV改名为.dbf", lambda: (",".join(people.TITLES) + "\r\n" + "1,2\r\n" * 50).encode("gb18030"))
refuse("wrong_format", "head_cut", "文件头不完整", lambda: GOOD[:100])
refuse("wrong_format", "head_noise", "文件头被改坏（字段类型不存在）", lambda: GOOD[:43] + b"?" + GOOD[44:])
refuse("control_total", "cut_short", "文件在最后一条记录中间断掉", lambda: GOOD[:-60])
refuse("control_total", "stated_more", "文件头写5条，只有3条", lambda: table(cells(rows()), stated=5))
refuse("header_unknown", "column_renamed", "一个字段改了名", lambda: table(cells(rows()), renamed("批准日期", b"XXXX")))
refuse(
    "header_unknown",
    "column_added",
    "多出一个字段，约定不许",
    lambda: table([[*x, b"1"] for x in cells(rows())], [*SPECS, (b"BZ", "C", 4, 0)]),
)
refuse("header_unknown", "required_column_gone", "缺少必填字段", lambda: table([x[1:] for x in cells(rows())], SPECS[1:]))
refuse("columns_swapped", "columns_swapped", "姓名与身份证号两列的值全部对调", lambda: swapped(True))
refuse(
    "companion_missing",
    "memo_missing",
    "有备注字段，.dbt/.fpt没有同来",
    lambda: table([[*x[:-1], b"1".rjust(10)] for x in cells(rows())], [*SPECS[:-1], (SPECS[-1][0], "M", 10, 0)], version=0x83),
)
refuse(
    "wrong_encoding",
    "mojibake",
    "汉字在导出前已成乱码",
    lambda: table(
        [
            [
                c.decode("gb18030").encode().decode("gb18030", "replace").encode("gb18030")[:w]
                for c, w in zip(x, WIDTHS.values(), strict=True)
            ]
            for x in cells([row(i, name="王小明", address="文三路西溪") for i in range(1, 7)])
        ]
    ),
)
read(3, {2: "bad_encoding"}, "bad_byte", "一条记录里有无效字节", lambda: changed(2, "address", b"\xff\xfe"))
read(3, {2: "bad_encoding"}, "half_character", "姓名在半个汉字处截断", lambda: changed(2, "name", "王镕".encode("gbk") * 4 + b"abc\xcd"))
read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: swapped(False))
read(3, {2: "bad_date"}, "date_field_nonsense", "日期型字段不是日期", lambda: typed("since", "D", 8, b"20161399"))
read(3, {2: "bad_number"}, "number_field_nonsense", "数值型字段不是数", lambda: typed("amount", "N", 12, b"12.x5", 2))
read(3, {2: "out_of_range"}, "number_field_above", "数值型字段超过上限", lambda: typed("amount", "N", 12, b"100000.01", 2))
read(3, {2: "bad_number"}, "number_overflow", "数值型字段放不下，程序写了星号", lambda: typed("amount", "N", 12, b"************", 2))
read(
    3,
    {2: "bad_encoding"},
    "utf8_record",
    "一条记录是UTF-8编码，字数成双",
    lambda: table(cells(rows()[:1]) + cells(rows(2, address="")[1:], "utf-8") + cells(rows()[2:])),
)
read(3, {}, "ok_date_field", "日期型字段", lambda: typed("since", "D", 8, b"20161205"), values={2: {"since": "2016-12-05"}})
read(3, {}, "ok_date_field_blank", "日期型字段是空的", lambda: typed("since", "D", 8, b""), values={2: {"since": None}})
read(3, {}, "ok_deleted_row", "一条记录有删除标记", lambda: table(cells(rows()), deleted=(2,)), gone=(2,))
read(
    3,
    {},
    "ok_deleted_bad_row",
    "有删除标记的记录身份证号不对，不要紧",
    lambda: table(cells(rows(id_no=people.BAD_CHECK)), deleted=(2,)),
    gone=(2,),
)
read(3, {}, "ok_no_end_mark", "文件末尾没有0x1A", lambda: table(cells(rows()), end=b""))
read(3, {}, "ok_stated_less", "文件头写2条，实有3条，全部读取", lambda: table(cells(rows()), stated=2), warned=True)
read(3, {}, "ok_foxpro", "FoxPro的版本字节", lambda: table(cells(rows()), version=0xF5))
read(
    3,
    {},
    "ok_reordered",
    "字段次序不同",
    lambda: table([x[::-1] for x in cells(rows())], SPECS[::-1]),
    values={2: {"id_no": row(2)["id_no"]}},
)
read(0, {}, "ok_no_rows", "增量文件没有记录", lambda: table([]))
