"""conf/directory and the worksheet's way there and back: nothing is stored twice, nothing changes on a round trip."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
import worksheet_helpers as w

from xihu.contract.directory.entry import Entry, Item
from xihu.contract.directory.export import write_worksheet
from xihu.contract.directory.store import Directory, check_directory, department_text, write_directory
from xihu.contract.load import Catalogue, check_catalogue
from xihu.contract.models import Contract, Open, Share
from xihu.contract.worksheet import import_file, import_worksheet

MONEY = {"title": "保障/金额", "type": "money", "unit": "元"}
CONTRACT: dict[str, Any] = {
    "code": "306013/0002",
    "title": "低保家庭",
    "provider": {"name": "市民政局"},
    "summary": "每月一份",
    "grain": "one row per family per month",
    "share": {"type": "conditional", "basis": "《浙江省社会救助条例》第四十九条", "terms": "本人授权"},
    "open": {"type": "closed"},
    "update": "monthly",
    "delivery": {"files": "mz/低保_*.csv", "format": "csv", "encoding": "utf-8", "mode": "append"},
    "fields": {"family_no": {"title": "家庭编号", "type": "text"}, "amount": MONEY},
}
AGREES = {
    "kind": "部门", "kind_1": "", "kind_2": "", "name": "低保家庭", "code": "306013/0002", "share": "有条件共享",
    "share_condition": "见契约", "open": "否",
}  # fmt: skip
ITEMS = (("家庭编号", "字符型", ""), ("保障·金额", "货币型", "16,2"))


def catalogue() -> Catalogue:
    contract = Contract.model_validate(CONTRACT).placed("mz", "dibao_family")
    return Catalogue(Path("conf"), {contract.resource: contract})


def stored(code: str = "215001/0001", **changes: Any) -> Entry:
    entry = Entry(
        code, "养老机构", "mz", w.OWNER.name, w.OWNER.uscc, "全市", ("电子表格", "xlsx"),
        (Item("机构名称", "C", "100"), Item("床位数", "I", "6")),
        Share(type="unconditional"), Open(type="open"), "monthly", date(2016, 6, 1),
    )  # fmt: skip
    return replace(entry, **changes)


def test_a_class_with_a_contract_is_compared_and_never_stored(tmp_path: Path) -> None:
    directory = w.empty()[1]
    report = import_worksheet(w.write(tmp_path / "a.xlsx", w.lines(*ITEMS, **AGREES)), catalogue(), directory)
    assert not report.problems and report.classes == {"contract": 1} and not directory.entries


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "低保户"}, "契约为“低保家庭”"),
        ({"update": "每年"}, "契约为“每月”"),
        ({"share": "无条件共享"}, "契约为“有条件共享”"),
        ({"open": "是"}, "契约为“不开放”"),
    ],
)
def test_a_disagreement_with_a_contract_is_a_named_problem(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    report = import_worksheet(w.write(tmp_path / "a.xlsx", w.lines(*ITEMS, **{**AGREES, **change})), catalogue(), w.empty()[1])
    assert report.refused == 2 and any(says in p.message and "mz__dibao_family" in p.cure for p in report.problems)


def test_items_that_contract_and_worksheet_do_not_share_are_named(tmp_path: Path) -> None:
    path = w.write(tmp_path / "a.xlsx", w.lines(ITEMS[0], ("户主", "字符型", 20), **AGREES))
    messages = [p.message for p in import_worksheet(path, catalogue(), w.empty()[1]).problems]
    assert "契约中没有这个信息项" in messages and "缺少契约中的信息项：保障·金额" in messages


def conf(tmp_path: Path, *entries: Entry) -> Path:
    """A conf folder with one contract and these stored classes."""
    file = tmp_path / "catalogue" / "mz" / "dibao_family.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(CONTRACT, allow_unicode=True, sort_keys=False), "utf-8")
    directory = Directory({"mz": w.OWNER}, {"215": "养老", "215001": "养老服务"}, {e.code: e for e in entries})
    write_directory(tmp_path, directory)
    return tmp_path


VARIED = (
    stored(),
    stored("215001/0002", title="=1+1", summary="+cmd", items=(Item("-项", "N", "16,2"),)),
    stored("215001/0003", share=Share(type="closed", basis="《某法》第三条"), open=Open(type="closed"), published=None, grade="L3"),
    stored(
        "21500199A/0004",
        share=Share(type="conditional", basis="《某法》；限核验", method="接口"),
        related=("215001/0001", "215001/0002"),
        open=Open(type="conditional", terms="汇总"),
        items=(Item("姓名", "C", "50", "L3"), Item("备注", "C", "", "L4")),
        grade="L4",
    ),
    stored("215001/0005", items=(Item("姓名", "C", "50", "L1"),), grade_reason="《某条例》第六条公示"),
)  # fmt: skip


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folder = conf(tmp_path, *VARIED)
    found, problems = check_directory(folder, check_catalogue(folder)[0])
    assert not problems, problems[0]
    assert {c: e for c, e in found.entries.items() if e.resource is None} == {e.code: e for e in VARIED}
    assert found.entries["306013/0002"].resource == "mz__dibao_family" and found.entries["306013/0002"].uscc == w.OWNER.uscc
    assert write_directory(folder, found) == []


def cells(path: Path) -> list[list[Any]]:
    page = openpyxl.load_workbook(path).worksheets[0]
    return [[c.value for c in row] for row in page.iter_rows()]


def test_export_import_export_changes_nothing(tmp_path: Path) -> None:
    sound = [e for e in VARIED if e.title != "=1+1"]
    folder = conf(tmp_path / "a", *sound)
    (folder / "directory" / "classification.csv").write_text("prefix,name\n215,养老\n215001,养老服务\n21500199A,细\n306,民政\n", "utf-8")
    first, second = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    before = check_directory(folder, check_catalogue(folder)[0])[0]
    assert write_worksheet(before, first) == sum(len(e.items) for e in before.entries.values())
    fresh = conf(tmp_path / "b")
    (fresh / "directory" / "classification.csv").unlink()
    report = import_file(first, fresh)
    assert not report.problems, report.problems[0]
    assert report.balanced and report.classes == {"added": 4, "contract": 1}
    after, problems = check_directory(fresh, check_catalogue(fresh)[0])
    assert not problems and after.entries == before.entries and after.classification == before.classification
    write_worksheet(after, second)
    assert cells(first) == cells(second) and first.read_bytes() == second.read_bytes()


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    write_worksheet(Directory({"mz": w.OWNER}, {}, {e.code: e for e in VARIED}), tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    texts = [c for row in page.iter_rows() for c in row if isinstance(c.value, str)]
    assert any(c.value == "=1+1" for c in texts) and all(c.data_type == "s" for c in texts)
    assert all(c.quotePrefix for c in texts if c.value[:1] in "=+-@"), "kept as text when the sheet is saved anew"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("215001/0001:", "306013/0002:", "已有契约 mz__dibao_family"),
        ("update: monthly", "update: hourly", "写法不符"),
        ("titel", "titel", ""),
        ("type: unconditional", "type: conditional", "须写明共享条件"),
        ("机构名称: C100", "老人姓名: C100", "只能有 L1 级信息项"),
        ("机构名称: C100", "机构名称: X9", "写法不符"),
        ("title: 养老机构", "titel: 养老机构", "title"),
    ],
)
def test_faults_of_a_department_file_are_named_with_file_and_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    folder = conf(tmp_path, stored())
    file = folder / "directory" / "mz.yaml"
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    problems = check_directory(folder, check_catalogue(folder)[0])[1]
    assert bool(problems) == (old != new)
    assert not says or any(says in str(p) and p.file == "directory/mz.yaml" and p.line > 1 for p in problems), problems


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("departments.csv", f"dept,name,uscc\nmz,市民政局,{w.OWNER.uscc[:-1]}0\n", "校验不通过"),
        ("departments.csv", f"dept,name,uscc\nmz,市民政局,{w.OWNER.uscc}\nmz2,市民政局,{w.OWNER.uscc}\n", "重复"),
        ("departments.csv", "dept,name\nmz,市民政局\n", "表头应为"),
        ("departments.csv", f"dept,name,uscc\nyl,市民政局,{w.OWNER.uscc}\n", "departments.csv 中没有"),
        ("classification.csv", "prefix,name\n215,养老\n215,养老二\n", "重复"),
        ("classification.csv", "prefix,name\n215,\n", "均不为空"),
    ],
)
def test_faults_of_the_lists_are_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    folder = conf(tmp_path, stored())
    (folder / "directory" / name).write_text(text, "utf-8")
    assert any(says in str(p) for p in check_directory(folder, check_catalogue(folder)[0])[1])


def test_a_code_that_two_departments_use_is_named(tmp_path: Path) -> None:
    folder = conf(tmp_path, stored())
    lists = (folder / "directory" / "departments.csv").read_text("utf-8")
    (folder / "directory" / "departments.csv").write_text(lists + "ny,市农业局,11330100MB0X00213P\n", "utf-8")
    (folder / "directory" / "ny.yaml").write_text(department_text("市农业局", [stored()]), "utf-8")
    assert any("相同" in str(p) for p in check_directory(folder, check_catalogue(folder)[0])[1])


def test_check_writes_nothing_and_import_is_idempotent(tmp_path: Path) -> None:
    folder, sheet = conf(tmp_path), w.write(tmp_path / "a.xlsx", w.lines())
    before = {p.name: p.read_bytes() for p in (folder / "directory").iterdir()}
    assert import_file(sheet, folder, check=True).classes == {"added": 1}
    assert {p.name: p.read_bytes() for p in (folder / "directory").iterdir()} == before
    assert import_file(sheet, folder).classes == {"added": 1}
    once = {p.name: p.read_bytes() for p in (folder / "directory").iterdir()}
    assert import_file(sheet, folder).classes == {"unchanged": 1}
    assert {p.name: p.read_bytes() for p in (folder / "directory").iterdir()} == once != before
    changed = w.write(tmp_path / "b.xlsx", w.lines(summary="另写的摘要"))
    assert import_file(changed, folder).classes == {"changed": 1}
