"""The official worksheet as departments really send it: what is read, what is refused with its place, and that no line is lost."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import worksheet_helpers as w

from xihu.contract.directory.sheets import WorksheetError
from xihu.contract.worksheet import Report, import_worksheet


def read(path: Path) -> Report:
    report = import_worksheet(path, *w.empty())
    assert report.balanced, report
    assert report.refused == 0 or report.problems
    return report


def test_a_sound_class_is_taken_over_whole(tmp_path: Path) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(), above=[["政务信息资源目录"], ["填报单位：市民政局"]]))
    assert not report.problems and (report.lines, report.accepted) == (2, 2)
    entry = report.directory.entries["215001/0001"]
    assert (entry.title, entry.dept, entry.update, entry.published) == ("养老机构名录", "mz", "monthly", date(2016, 6, 1))
    assert [(i.title, i.kind, i.length) for i in entry.items] == [("机构名称", "C", "100"), ("床位数", "I", "6")]
    assert (entry.share.type, entry.open.type, entry.format, entry.grade) == ("unconditional", "open", ("电子表格", "xlsx"), "L1")
    assert report.directory.classification["215001"] == "养老服务"


CONDITIONAL = {"share": "有条件共享", "share_condition": "《某条例》第三条；限履行职责", "open": "否"}


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"share": "无条件"}, "share", "unconditional"),
        ({"share": "普遍共享"}, "share", "unconditional"),
        ({**CONDITIONAL, "share": "有条件"}, "share", "conditional"),
        ({**CONDITIONAL, "share": "受限共享"}, "share", "conditional"),
        ({"share": "不予共享", "share_condition": "《中华人民共和国统计法》第二十五条", "open": "否"}, "share", "closed"),
        ({"open": "否"}, "open", "closed"),
        ({"open": "不开放"}, "open", "closed"),
        ({"open": "是", "open_terms": "汇总到区县"}, "open", "conditional"),
        ({"open": "Ｙ"}, "open", "open"),
        ({"update": "每季度"}, "update", "quarterly"),
        ({"update": "实时更新"}, "update", "realtime"),
        ({"update": "年"}, "update", "yearly"),
        ({"published": 42522}, "published", date(2016, 6, 1)),
        ({"published": "2016年6月1日"}, "published", date(2016, 6, 1)),
        ({"published": "2016/6/1"}, "published", date(2016, 6, 1)),
        ({"published": "20160601"}, "published", date(2016, 6, 1)),
        ({"published": ""}, "published", None),
        ({"code": "２１５００１／０００１"}, "code", "215001/0001"),
        ({"uscc": w.OWNER.uscc.lower()}, "dept", "mz"),
        ({"uscc": ""}, "uscc", w.OWNER.uscc),
        ({"format_group": "电子表格-XLSX", "format_kind": ""}, "format", ("电子表格", "xlsx")),
        ({"format_group": "", "format_kind": "dbf"}, "format", ("数据库", "dbf")),
        ({"related": "215001/0002、215001/0003"}, "related", ("215001/0002", "215001/0003")),
        ({"related": "无"}, "related", ()),
        ({"kind": "主题信息资源类"}, "title", "养老机构名录"),
    ],
)
def test_words_of_the_senders_are_understood(tmp_path: Path, changes: dict[str, Any], attribute: str, value: Any) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(**changes)))
    assert not report.problems, report.problems[0]
    (entry,) = report.directory.entries.values()
    found = getattr(entry, attribute)
    assert getattr(found, "type", found) == value


@pytest.mark.parametrize(
    ("given", "kind", "length"),
    [
        (("项", "字符型C", 18), "C", "18"),
        (("项", "字符型C(18)", ""), "C", "18"),
        (("项", "C18", ""), "C", "18"),
        (("项", "varchar2(20)", None), "C", "20"),
        (("项", "数值型N", "16,2"), "N", "16,2"),
        (("项", "number(10,2)", ""), "N", "10,2"),
        (("项", "日期", ""), "D", ""),
        (("项", "datetime", ""), "T", ""),
        (("项", "ｉｎｔ", "8"), "I", "8"),
        (("项", "货币型Y", "18.2"), "Y", "18,2"),
        (("项", "字符型", "20位"), "C", "20"),
        (("项", "布尔", "-"), "L", ""),
    ],
)
def test_types_and_lengths_of_items(tmp_path: Path, given: tuple[str, str, Any], kind: str, length: str) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(given)))
    assert not report.problems, report.problems[0]
    (entry,) = report.directory.entries.values()
    assert (entry.items[0].kind, entry.items[0].length) == (kind, length)


REFUSED: list[tuple[str, list[list[Any]], str, str]] = [
    ("no_code", w.lines(code=""), "code", "缺少信息资源代码"),
    ("bad_code", w.lines(code="415001/1"), "code", "写法不符"),
    ("code_without_serial", w.lines(code="215001"), "code", "写法不符"),
    ("no_name", w.lines(name=""), "name", "缺少信息资源名称"),
    ("no_provider", w.lines(provider="", uscc=""), "provider", "缺少信息资源提供方"),
    ("bad_uscc", w.lines(uscc="11330100MB0A00013X"), "uscc", "校验不通过"),
    ("other_uscc", w.lines(uscc="11330100MB0A000299"), "uscc", ""),
    ("unknown_provider", w.lines(provider="市某某局", uscc=""), "uscc", "缺少提供方代码"),
    ("renamed_provider", w.lines(provider="市民政委员会"), "provider", "属于“市民政局”"),
    ("no_summary", w.lines(summary=""), "summary", "缺少信息资源摘要"),
    ("bad_share", w.lines(share="看情况"), "share", "不是可用的共享类型"),
    ("no_basis", w.lines(share="有条件共享"), "share_condition", "须写明共享条件和依据"),
    ("closed_uncited", w.lines(share="不予共享", share_condition="涉及秘密", open="否"), "share_condition", "国发〔2016〕51号"),
    ("bad_open", w.lines(open="再说"), "open", "不是可用的开放属性"),
    ("bad_cycle", w.lines(update="经常"), "update", "未知的更新周期"),
    ("bad_date", w.lines(published="2016-13-01"), "published", "看不懂的发布日期"),
    ("month_only", w.lines(published="2016年6月"), "published", "看不懂的发布日期"),
    ("bad_format", w.lines(format_group="纸质", format_kind=""), "format_group", "未知的信息资源格式"),
    ("kind_and_code", w.lines(kind="基础"), "kind", "与代码首位 2"),
    ("other_class_name", w.lines(kind_1="旅游"), "kind_1", "名为“养老”"),
    ("fine_class_without_code", w.lines(kind_3="机构"), "kind_3", "代码中没有细目"),
    ("bad_related", w.lines(related="养老床位"), "related", "不是信息资源代码"),
    ("open_with_names", w.lines(("老人姓名", "字符型", 50)), "open", "无条件开放"),
    ("open_with_quasi", w.lines(("出生日期", "日期型", "")), "open", "无条件开放"),
    ("no_items", [w.resource()], "item_name", "缺少信息项名称"),
    ("no_item_type", w.lines(("机构名称", "", 10)), "item_type", "缺少信息项类型"),
    ("bad_item_type", w.lines(("机构名称", "什么型", 10)), "item_type", "未知的信息项类型"),
    ("bad_length", w.lines(("机构名称", "字符型", "很长")), "item_length", "看不懂的长度"),
    ("item_twice", w.lines(("名称", "字符型", 1), ("名称", "字符型", 1)), "item_name", "信息项重复：第3行"),
    ("formula", w.lines(summary='=HYPERLINK("x")'), "summary", "内容形如公式"),
]


@pytest.mark.parametrize(("rows", "target", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_faults_are_named_with_sheet_row_column_and_cure(tmp_path: Path, rows: list[list[Any]], target: str, says: str) -> None:
    sound = w.lines(code="215001/0009", name="另一类")
    book = w.write(tmp_path / "x.xlsx", rows, sound)
    if rows[0][w.COLUMN["summary"]] and str(rows[0][w.COLUMN["summary"]]).startswith("="):
        file = openpyxl.load_workbook(book)
        file["目录"].cell(3, 9).value = "＝" + str(rows[0][8])[1:]  # as text; a program that computes it would leave its value
        file["目录"].cell(3, 9).value = str(rows[0][8])
        file["目录"].cell(3, 9).data_type = "s"
        file.save(book)
    report = read(book)
    assert report.refused == len(rows) and report.accepted == 2 and list(report.directory.entries) == ["215001/0009"]
    place = report.problems if target == "" else [p for p in report.problems if says in p.message]
    assert place, report.problems
    problem = place[0]
    assert problem.file == "x.xlsx" and problem.sheet == "目录" and problem.row >= 3 and problem.cure
    if target in w.COLUMN:
        from openpyxl.utils import get_column_letter

        assert problem.column.startswith(get_column_letter(w.COLUMN[target] + 1) + "列"), problem
    assert {p.row for p in report.problems} == set(range(3, 3 + len(rows))), "every refused line is named"


def test_one_faulty_item_refuses_the_whole_class_and_says_so(tmp_path: Path) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(("甲", "字符型", 1), ("乙", "无此型", 1), ("丙", "字符型", 1))))
    assert (report.refused, report.accepted) == (3, 0) and not report.directory.entries
    assert [p.row for p in sorted(report.problems)] == [3, 4, 5]
    assert "第4行" in sorted(report.problems)[0].message


def test_a_code_used_twice_is_refused_and_the_first_stays(tmp_path: Path) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(), w.lines(name="又一个")))
    assert report.directory.entries["215001/0001"].title == "养老机构名录"
    assert report.refused == 2 and any("第3行已用" in p.message for p in report.problems)


def test_resource_columns_merged_downwards_or_repeated(tmp_path: Path) -> None:
    repeated = [w.resource()[:11] + list(i) + w.resource()[14:] for i in (("甲", "字符型", 1), ("乙", "字符型", 2))]
    assert not read(w.write(tmp_path / "a.xlsx", repeated)).problems
    path = w.write(tmp_path / "b.xlsx", w.lines(), w.lines(code="215001/0002", name="第二类"))
    book = openpyxl.load_workbook(path)
    for top in (3, 5):
        for column in [*range(1, 12), *range(15, 23)]:
            book["目录"].merge_cells(start_row=top, end_row=top + 1, start_column=column, end_column=column)
    book.save(path)
    report = read(path)
    assert not report.problems and report.accepted == 4 and len(report.directory.entries) == 2


def test_a_resource_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    rows = [w.resource()[:11] + list(i) + w.resource()[14:] for i in (("甲", "字符型", 1), ("乙", "字符型", 2))]
    rows[1][w.COLUMN["update"]] = "每年"
    report = read(w.write(tmp_path / "a.xlsx", rows))
    assert report.refused == 2 and any("前后不一致" in p.message and p.row == 4 for p in report.problems)


def test_header_variants_extra_columns_and_footers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["附件2"])
    page.append(["杭州市政务信息资源目录（2016年版）"])
    page.append([None])
    page.append(["序号", "类", "资源名称", "资源编码", "责任部门", "统一社会信用代码", "资源描述", "格式类型", "数据项名称",
                 "数据类型（长度）", "共享类别", "共享依据", "开放类型", "更新频率", "安全级别", "备注栏"])  # fmt: skip
    page.append([str(i + 1) for i in range(16)])
    page.append([1, "主题类", "养老机构名录", "215001/0001", "市民政局", w.OWNER.uscc, "全市养老机构", "XLSX", "机构名称", "字符型（100）",
                 "无条件共享", None, "无条件开放", "按月", "L1", "已核"])  # fmt: skip
    page.append([None] * 8 + ["床位数", "整型"])
    page.append(["合计", None, "1类"])
    page.append(["填表人：", None, "审核人："])
    path = tmp_path / "v.xlsx"
    book.save(path)
    report = read(path)
    assert not report.problems, report.problems
    assert (report.lines, report.accepted, report.structural) == (2, 2, 3)
    assert any("备注栏" in note for note in report.notes)
    entry = report.directory.entries["215001/0001"]
    assert entry.open.type == "open" and [i.text for i in entry.items] == ["C100", "I"]


def test_instructions_are_passed_over_and_a_headless_sheet_is_refused(tmp_path: Path) -> None:
    path = w.write(tmp_path / "a.xlsx", w.lines())
    book = openpyxl.load_workbook(path)
    book.create_sheet("填写说明").append(["本表由各部门填写"])
    page = book.create_sheet("续表")
    for row in w.lines(code="215001/0007"):
        page.append(row)
    book.save(path)
    report = read(path)
    assert (report.lines, report.accepted, report.refused) == (4, 2, 2)
    assert any("填写说明" in n for n in report.notes) and any(p.sheet == "续表" for p in report.problems)


def test_a_missing_column_refuses_every_line(tmp_path: Path) -> None:
    path = w.write(tmp_path / "a.xlsx", w.lines())
    book = openpyxl.load_workbook(path)
    for cell in ("T1", "T2"):
        if not isinstance(book["目录"][cell], openpyxl.cell.cell.MergedCell):
            book["目录"][cell] = "周期性说明"
    book.save(path)
    report = read(path)
    assert report.refused == 2 and "更新周期" in report.problems[0].message


def test_what_is_no_workbook_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(WorksheetError, match=r"a\.xlsx"):
        read(tmp_path / "a.xlsx")
    with pytest.raises(WorksheetError, match="没有这个文件"):
        read(tmp_path / "none.xlsx")


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    path = w.write(tmp_path / "a.xlsx", w.lines())
    catalogue, directory = w.empty()
    assert import_worksheet(path, catalogue, directory).classes["added"] == 1
    assert import_worksheet(path, catalogue, directory).classes == {"unchanged": 1}


def test_refusals_as_csv_cannot_run(tmp_path: Path) -> None:
    report = read(w.write(tmp_path / "a.xlsx", w.lines(update="-1+cmd")))
    assert "'-1+cmd" in report.refusals_csv()


def test_an_old_workbook_with_merged_cells_and_serial_dates(tmp_path: Path) -> None:
    xlwt = pytest.importorskip("xlwt")
    book = xlwt.Workbook()
    page = book.add_sheet("目录")
    for row, titles in enumerate((w.HEADER, w.SECOND)):
        for column, title in enumerate(titles):
            page.write(row, column, title)
    for i, item in enumerate((("机构名称", "C", 100), ("床位数", "I", 6))):
        for column, value in enumerate(item):
            page.write(2 + i, 11 + column, value)
    for column, value in enumerate(w.resource()):
        if not 11 <= column <= 13:
            page.write_merge(2, 3, column, column, 42522 if column == w.COLUMN["published"] else value)
    book.save(str(tmp_path / "a.xls"))
    report = read(tmp_path / "a.xls")
    assert not report.problems, report.problems[0]
    entry = report.directory.entries["215001/0001"]
    assert entry.published == date(2016, 6, 1) and [i.text for i in entry.items] == ["C100", "I6"]


@pytest.mark.parametrize(
    ("titles", "targets"),
    [
        (["信息资源分类", "细目"], "kind_3"),
        (["政务信息资源名称"], "name"),
        (["目录编码"], "code"),
        (["信息资源提供方机构代码"], "uscc"),
        (["数据提供部门"], "provider"),
        (["责任单位"], "provider"),
        (["信息项信息", "信息项名称"], "item_name"),
        (["字段名"], "item_name"),
        (["信息项（字段）信息", "数据类型"], "item_type"),
        (["信息项信息", "数据长度"], "item_length"),
        (["信息资源格式", "信息资源格式类型"], "format_kind"),
        (["共享属性", "共享方式分类"], "share_method"),
        (["共享属性", "共享方式类型"], "share_method_kind"),
        (["共享属性"], "share"),
        (["开放属性", "是否社会开放"], "open"),
        (["开放属性", "类型"], "open"),
        (["更新频度"], "update"),
        (["发布时间"], "published"),
        (["关联信息资源代码"], "related"),
        (["联系人"], None),
    ],
)
def test_titles_of_columns_are_recognised(titles: list[str], targets: str | None) -> None:
    from xihu.contract.directory.header import target_of
    from xihu.contract.directory.vocab import word

    assert target_of([word(t) for t in titles]) == targets


def test_items_named_like_a_footer_are_lines(tmp_path: Path) -> None:
    items = (("机构名称", "字符型", 9), ("联系人", "字符型", 9), ("联系电话", "字符型", 20), ("合计", "整型", 5), ("备注：", "字符型", 5))
    report = read(w.write(tmp_path / "a.xlsx", w.lines(*items), below=[["合计"], ["联系人：", "", "联系电话："]]))
    assert (report.lines, report.accepted, report.structural) == (5, 5, 2)


def test_any_damage_keeps_the_count(tmp_path: Path) -> None:
    """Cells, rows and merges damaged at random: every row with content below the header is a line or structural, never lost."""
    import random

    rng = random.Random(7)
    values = [None, "", 0, 1e300, "无", "合计", "填表人：", "215001/0001", "有条件共享", True, date(1999, 1, 1), "名称", "=1"]
    for turn in range(40):
        path = w.write(tmp_path / "f.xlsx", *(w.lines(code=f"215001/{i:04d}", name=f"类{i}") for i in range(3)), above=[["标题"]])
        book = openpyxl.load_workbook(path)
        page = book["目录"]
        for _ in range(6):
            row, column = rng.randint(4, page.max_row), rng.randint(1, page.max_column)
            page.cell(row, column).value = rng.choice(values)
        if turn % 3 == 0:
            page.delete_rows(rng.randint(4, page.max_row))
        book.save(path)
        report = read(path)
        filled = sum(1 for r in page.iter_rows(min_row=4, values_only=True) if any(str(v).strip() for v in r if v is not None))
        assert report.lines + report.structural == filled, turn
        named = {p.row for p in report.problems}
        assert len(named) == report.refused, turn
