"""Spreadsheet reports (F2) for both kinds of workbook; what only one kind can show stands in its own module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from reader_helpers import contract

from bad_inputs import people
from bad_inputs.case import Cases, Files
from bad_inputs.people import FIELDS, GOOD, TITLES, Row, id18, row, rows
from xihu.contract.models import Contract

LAYOUT = {"totals": ["小计", "合计", "总计"], "footers": ["填表人", "审核人"]}
REPORT: dict[str, Any] = {
    "family_no": {"title": "家庭编号", "type": "text", "required": True},
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True},
    "men": {"title": "保障人数/男", "type": "integer", "min": 0},
    "women": {"title": "保障人数/女", "type": "integer", "min": 0},
    "amount": {"title": "月保障金额", "type": "money", "unit": "万元", "max": 10},
    "since": {"title": "批准日期", "type": "date"},
    "district": {"title": "区县", "type": "division", "required": True},
}


class Day(NamedTuple):
    """A cell with a number in it that is shown as a date."""

    serial: float


class Formula(NamedTuple):
    """A formula and the value its program left in the cell."""

    text: str
    value: Any


Grid = list[list[Any]]
Merge = tuple[int, int, int, int]
Write = Callable[..., bytes]
# A whole number of more than 15 digits that a double holds exactly and whose check digit fits.
_MADE = (id18(f"330106195201{day:02d}{n:03d}") for n in range(1000) for day in range(1, 29))
EXACT = next(t for t in _MADE if t.isdigit() and int(float(t)) == int(t))


def grid(table: Sequence[Row], fields: dict[str, Any] = FIELDS) -> Grid:
    return [[f["title"] for f in fields.values()], *[[r[f] or None for f in fields] for r in table]]


def swapped(all_of_them: bool) -> list[Row]:
    table = rows(6)
    for r in table if all_of_them else table[1:2]:
        r["id_no"], r["name"] = r["name"], r["id_no"]
    return table


def put(column: str, value: Any, at: int = 2) -> Grid:
    made = grid(rows())
    made[at][list(FIELDS).index(column)] = value
    return made


def family(i: int, **other: Any) -> list[Any]:
    given = {"family_no": f"J{i:03d}", "id_no": row(i)["id_no"], "men": i % 3, "women": 1, "amount": 0.0615, "since": "2016-12-05", **other}
    return list(given.values())


def report(body: Grid, unit: str = "万元", foot: bool = True) -> tuple[Grid, list[Merge]]:
    """Title, unit and day, a header of two levels, records with a subtotal, a line for signatures."""
    head: Grid = [
        ["低保家庭月报"] + [None] * 5,
        [f"单位：{unit}", None, None, "填报日期：2016年12月5日", None, None],
        ["家庭编号", "身份证号", "保障人数", None, "月保障金额", "批准日期"],
        [None, None, "男", "女", None, None],
    ]
    tail: Grid = [["合计", None, 3, 3, 0.1845, None], ["填表人：甲", None, None, "审核人：乙", None, None]] if foot else []
    merges = [(0, 0, 0, 5), (2, 2, 2, 3), (2, 0, 3, 0), (2, 1, 3, 1), (2, 4, 3, 4), (2, 5, 3, 5)]
    return [*head, *body, *tail], merges


def contracts(kind: str) -> tuple[Contract, Contract, Contract]:
    """The plain list of people, its snapshot, and the report with a sheet a district."""
    given = {"layout": LAYOUT, "encoding": None}
    layout = {**LAYOUT, "title_rows": 2, "header_rows": 2, "sheet_field": "district"}
    return (
        contract(FIELDS, kind, **given),
        contract(FIELDS, kind, **given, mode="snapshot", scope=["month"], absence="ended"),
        contract(REPORT, kind, layout=layout, encoding=None),
    )


def cases(kind: str, write: Write) -> Cases:
    """`write(sheets: {name: grid}, merges={name: ranges}, hidden={name: rows}, epoch1904=False) -> bytes`."""
    plain, snapshot, formal = contracts(kind)
    made = Cases(kind, f"a.{kind}", plain)
    refuse, read = made.refuse, made.read
    one: Callable[[Grid], bytes] = lambda g: write({"Sheet1": g})  # noqa: E731

    def formally(body: Grid, sheet: str = "西湖区", **how: Any) -> bytes:
        table, merges = report(body, **how)
        return write({sheet: table}, merges={sheet: merges})

    def formally_with_unit(body: Grid) -> bytes:
        table, merges = report(body, unit="元")
        table[2][4] = "月保障金额（万元）"
        return write({"西湖区": table}, merges={"西湖区": merges})

    people.add(made, lambda table: one(grid(table)))
    good = [family(i) for i in range(1, 4)]
    three = rows()

    refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
    refuse("empty_file", "blank_sheet", "工作表是空的", lambda: one([]))
    refuse("empty_file", "snapshot_header_alone", "全量快照只有表头", lambda: one(grid([])), snapshot)
    refuse(
        "wrong_format", "html", f"网页改名为.{kind}", lambda: "<html><body><table><tr><td>登录超时</td></tr></table></body></html>".encode()
    )
    refuse("wrong_format", "text", f"CSV改名为.{kind}", lambda: (",".join(TITLES) + "\r\n").encode("gb18030"))
    refuse("wrong_format", "cut_short", "工作簿只传了前一半", lambda: (lambda b: b[: len(b) // 2])(one(grid(rows(50)))))
    refuse("header_missing", "no_header", "没有表头，第一行就是数据", lambda: one(grid(three)[1:]))
    refuse(
        "header_unknown",
        "titles_of_another",
        "表头是另一张表的",
        lambda: one([[f"栏目{chr(65 + k)}" for k in range(10)], *grid(three)[1:]]),
    )
    refuse(
        "header_unknown",
        "column_renamed",
        "一列改了名",
        lambda: one([["生效时间" if c == "批准日期" else c for c in r] for r in grid(three)]),
    )
    refuse("header_unknown", "required_column_gone", "缺少必填列", lambda: one([r[1:] for r in grid(three)]))
    refuse(
        "header_unknown",
        "column_added",
        "多出一列，约定不许",
        lambda: one([[*r, x] for r, x in zip(grid(three), ["备注", "", "新", ""], strict=True)]),
    )
    refuse(
        "header_unknown",
        "column_twice",
        "同一标题出现两次",
        lambda: one([["月份" if c == "批准日期" else c for c in r] for r in grid(three)]),
    )
    read(
        3,
        {},
        "ok_column_unit",
        "表上方写“单位：元”，金额列自己写明万元",
        lambda: formally_with_unit(good),
        formal,
        values={2: {"amount": "615.00"}},
    )
    refuse("header_unknown", "other_unit", "表上方写“单位：元”，约定为万元", lambda: formally(good, unit="元"), formal)
    refuse("columns_swapped", "columns_swapped", "表头不变，姓名与身份证号两列的值全部对调", lambda: one(grid(swapped(True))))

    read(3, {2: "bad_id_float"}, "id_number_cell", "身份证号是数值单元格，末几位已丢失", lambda: one(put("id_no", float(GOOD))))
    read(3, {2: "bad_id_float"}, "id_number_cell_fits", "身份证号是数值单元格，校验码碰巧相符", lambda: one(put("id_no", float(EXACT))))
    read(
        3,
        {2: "column_count"},
        "cell_beyond",
        "一条记录在表头之外还有值",
        lambda: one([*grid(three)[:2], [*grid(three)[2], "多"], grid(three)[3]]),
    )
    read(6, {2: "swapped_fields"}, "swapped_fields", "一条记录里姓名与身份证号对调", lambda: one(grid(swapped(False))))
    read(3, {2: "bad_date"}, "serial_60", "日期序号60（不存在的1900-02-29）", lambda: one(put("since", 60.0)))
    read(3, {2: "bad_date"}, "serial_60_shown_as_date", "序号60的日期单元格", lambda: one(put("since", Day(60))))
    read(3, {2: "bad_date"}, "year_alone", "日期只有年份2016", lambda: one(put("since", 2016.0)))
    read(3, {2: "bad_number"}, "error_not_available", "选填的金额是错误值#N/A", lambda: one(put("amount", "#N/A")))
    read(3, {2: "bad_date"}, "error_date", "选填的日期是错误值#N/A", lambda: one(put("since", "#N/A")))
    read(3, {2: "bad_number"}, "error_cell", "金额是错误值#DIV/0!", lambda: one(put("amount", "#DIV/0!")))
    read(3, {2: "out_of_range"}, "number_cell_above", "数值单元格超过上限", lambda: one(put("amount", 100000.01)))
    read(3, dict.fromkeys((1, 2, 3), "unknown_code"), "sheet_of_no_district", "工作表名不是区县", lambda: formally(good, "乌有区"), formal)
    read(
        3,
        {2: "out_of_range"},
        "report_above",
        "万元报表里混入了元（超过上限）",
        lambda: formally([good[0], family(2, amount=615.0), good[2]]),
        formal,
    )
    read(
        3,
        {2: "missing_key"},
        "report_no_key",
        "报表里一行没有家庭编号",
        lambda: formally([good[0], family(2, family_no=None), good[2]]),
        formal,
    )

    read(
        3,
        {},
        "ok_report",
        "标题、单位、两级合并表头、合计、填表人",
        lambda: formally(good),
        formal,
        values={1: {"amount": "615.00", "district": "330106"}},
    )
    read(
        4,
        {},
        "ok_subtotals",
        "记录之间有小计行",
        lambda: formally([*good[:2], ["小计", None, 3, 2, 0.123, None], good[2], family(4)]),
        formal,
    )
    read(
        4,
        {},
        "ok_two_districts",
        "一个区县一张工作表",
        lambda: write(
            {n: report(good[i : i + 2])[0] for i, n in enumerate(["西湖区", "上城区"])},
            merges={n: report(good)[1] for n in ["西湖区", "上城区"]},
        ),
        formal,
    )
    read(
        3,
        {},
        "ok_note_sheet",
        "另有一张填表说明",
        lambda: write({"西湖区": report(good)[0], "填表说明": [["金额单位为万元，请勿改动表头"]]}, merges={"西湖区": report(good)[1]}),
        formal,
    )
    read(3, {}, "ok_hidden_row", "有一行被隐藏，照样是记录", lambda: write({"Sheet1": grid(three)}, hidden={"Sheet1": [2]}))
    read(3, {}, "ok_serial", "日期是序号42709", lambda: one(put("since", 42709.0)), values={2: {"since": "2016-12-05"}})
    read(3, {}, "ok_serial_61", "日期是序号61", lambda: one(put("since", 61.0)), values={2: {"since": "1900-03-01"}})
    read(3, {}, "ok_day", "日期单元格", lambda: one(put("since", Day(42709))), values={2: {"since": "2016-12-05"}})
    read(
        3,
        {},
        "ok_day_1904",
        "1904日期系统的日期单元格",
        lambda: write({"Sheet1": put("since", Day(41247))}, epoch1904=True),
        values={2: {"since": "2016-12-05"}},
    )
    read(
        3,
        {},
        "ok_serial_1904",
        "1904日期系统的序号",
        lambda: write({"Sheet1": put("since", 41247.0)}, epoch1904=True),
        values={2: {"since": "2016-12-05"}},
    )
    read(
        3,
        {},
        "ok_id_15_number_cell",
        "15位身份证号是数值单元格，位数未失",
        lambda: one(put("id_no", 330106500101001.0)),
        values={2: {"id_no": "33010619500101001X"}},
    )
    read(3, {}, "ok_number_cell", "金额是数值单元格", lambda: one(put("amount", 1234.5)), values={2: {"amount": "1234.50"}})
    read(3, {}, "ok_binary_fraction", "数值单元格0.1+0.2", lambda: one(put("amount", 0.1 + 0.2)), values={2: {"amount": "0.30"}})
    read(3, {}, "ok_text_number", "金额是文本格式的数", lambda: one(put("amount", "1234.5")), values={2: {"amount": "1234.50"}})
    read(3, {}, "ok_code_number_cell", "代码是数值单元格", lambda: one(put("sex", 1.0)), values={2: {"sex": "1"}})
    read(3, {}, "ok_month_number_cell", "月份是数值单元格201612", lambda: one(put("month", 201612.0)), values={2: {"month": "2016-12-01"}})
    read(3, {}, "ok_blank_amount", "选填的金额空着", lambda: one(put("amount", None)), values={2: {"amount": None}})
    read(3, {}, "ok_reordered", "列序不同", lambda: one([r[::-1] for r in grid(three)]), values={2: {"id_no": three[1]["id_no"]}})
    read(3, {}, "ok_blank_columns", "右边有空列", lambda: one([[*r, None, " "] for r in grid(three)]))
    read(3, {}, "ok_blank_rows", "记录之间与末尾有空行", lambda: one([*grid(three)[:2], [], *grid(three)[2:], [], [" "]]))
    read(0, {}, "ok_header_alone", "增量文件只有表头", lambda: one(grid([])))
    return made


__all__ = ["Day", "Files", "Formula", "cases", "grid", "put"]
