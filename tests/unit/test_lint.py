"""Equal names mean equal things: two small catalogues that disagree in each way there is, and each cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from xihu.contract.lint import same_title, unit_kind
from xihu.contract.load import check_catalogue, load_catalogue
from xihu.contract.problems import CatalogueError, Problem

CONTRACT = """\
code: 306013/000{n}
title: {dept}
provider: {{name: 市民政局}}
summary: x
grain: one row per x
share: {{type: unconditional}}
open: {{type: closed}}
update: monthly
delivery: {{files: "{dept}/x_*.csv", format: csv, encoding: utf-8, mode: append}}
key: [k]
fields:
  k: {{title: 键, type: text, required: true}}
{fields}
{more}
"""
FACT = "fact: f\ntitle: 事实\ngrain: one row per x\nkey: [n]\ncolumns:\n  n: {title: 序, type: text, required: true}\n"


def catalogue(tmp_path: Path, *, a: str = "", b: str = "", more_a: str = "", fact: str = "", elements: str = "") -> list[Problem]:
    for n, (dept, fields, more) in enumerate((("aa", a, more_a), ("bb", b, "")), 1):
        folder = tmp_path / "catalogue" / dept
        folder.mkdir(parents=True, exist_ok=True)
        text = CONTRACT.format(n=n, dept=dept, fields="\n".join("  " + line for line in fields.splitlines()), more=more)
        (folder / "x.yaml").write_text(text, "utf-8")
    for name, body in (("codes/sex.csv", "1,男,,\n2,女,,\n"), ("codes/other.csv", "1,甲,,\n")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("code,name,valid_from,valid_to\n" + body, "utf-8")
    if fact:
        (tmp_path / "facts").mkdir(exist_ok=True)
        (tmp_path / "facts" / "f.yaml").write_text(FACT + fact, "utf-8")
    if elements:
        (tmp_path / "elements.yaml").write_text("elements:\n" + elements, "utf-8")
    _, plain = check_catalogue(tmp_path)
    assert not plain, plain
    return check_catalogue(tmp_path, standards=True)[1]


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        ("v: {title: 数额, type: integer}", "v: {title: 数额, type: text}", "类型"),
        ("v: {title: 性别, type: code, codes: sex}", "v: {title: 性别, type: code, codes: other}", "代码表"),
        ("v: {title: 重量, type: number, unit: 吨}", "v: {title: 重量, type: number, unit: 公斤}", "计量单位"),
        ("v: {title: 住址, type: text, pii: direct}", "v: {title: 住址, type: text}", "个人信息类别"),
        ("v: {title: 原工作单位, type: text}", "v: {title: 计量, type: text}", "题为"),
    ],
)
def test_each_disagreement_is_told_with_both_places(tmp_path: Path, a: str, b: str, word: str) -> None:
    (problem,) = catalogue(tmp_path, a=a, b=b)
    assert problem.file == "catalogue/bb/x.yaml" and problem.line == 13 and problem.field == "fields.v"
    assert word in problem.message and "catalogue/aa/x.yaml:13" in problem.message
    assert "elements.yaml" in problem.cure


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("v: {title: 月待遇金额, type: money, unit: 元}", "v: {title: 金额, type: money, unit: 万元}"),
        ("v: {title: 温度, type: number, unit: ℃}", "v: {title: 气温, type: number, unit: °C}"),
        ("v: {title: 人数, type: integer, unit: 人}", "v: {title: 保障人数, type: integer}"),
        ("v: {title: 离职日期, type: date}", "v: {title: 离校日期, type: date}"),
        ("v: {title: TEMP, type: number}", "v: {title: 气温, type: number}"),
        ("v: {title: 重量, type: number, unit: 吨}", "v: {title: 重量, type: number}"),
    ],
)
def test_what_agrees_is_left_alone(tmp_path: Path, a: str, b: str) -> None:
    assert catalogue(tmp_path, a=a, b=b) == []


def test_loading_does_not_refuse_what_only_reads_badly(tmp_path: Path) -> None:
    assert catalogue(tmp_path, a="v: {title: 数, type: integer}", b="v: {title: 数, type: text}")
    assert len(load_catalogue(tmp_path).contracts) == 2
    with pytest.raises(CatalogueError):
        load_catalogue(tmp_path, standards=True)


ELEMENT = '  v: {title: 性别, type: code, codes: sex, pii: quasi, titles: [".*性别"]}\n'


@pytest.mark.parametrize(
    ("a", "word"),
    [
        ("v: {title: 性别, type: text, pii: quasi}", "应为 code"),
        ("v: {title: 性别, type: code, codes: other, pii: quasi}", "代码表应为 sex"),
        ("v: {title: 性别, type: code, codes: sex}", "个人信息类别应为 quasi"),
        ("v: {title: 户主/颜色, type: code, codes: sex, pii: quasi}", "标题“颜色”"),
    ],
)
def test_a_standard_element_is_kept(tmp_path: Path, a: str, word: str) -> None:
    (problem,) = catalogue(tmp_path, a=a, elements=ELEMENT)
    assert word in problem.message and problem.line == 13 and "elements.yaml:2" in problem.message + problem.cure


def test_a_merged_header_and_another_title_fit(tmp_path: Path) -> None:
    assert catalogue(tmp_path, a="v: {title: 逝者/性别, titles: [人员性别], type: code, codes: sex, pii: quasi}", elements=ELEMENT) == []


def test_an_exception_with_a_reason_is_no_problem(tmp_path: Path) -> None:
    a = "v: {title: 颜色, type: text}"
    assert catalogue(tmp_path, a=a, elements=ELEMENT)
    excepted = ELEMENT.replace("quasi,", "quasi, except: {aa__x: 既有列名},")
    assert catalogue(tmp_path, a=a, elements=excepted) == []
    assert catalogue(tmp_path, a=a, b=a, elements=excepted)  # it excuses one place only


def test_a_generic_element_may_differ_in_codes_and_class_not_in_type(tmp_path: Path) -> None:
    generic = '  v: {title: 状态, type: [code, text], generic: 各有状态, titles: [".*状态"]}\n'
    a, b = "v: {title: 户籍状态, type: code, codes: sex, pii: sensitive}", "v: {title: 登记状态, type: code, codes: other}"
    assert catalogue(tmp_path, a=a, b=b, elements=generic) == []
    (problem,) = catalogue(tmp_path, a=a, b="v: {title: 状态, type: integer}", elements=generic)
    assert "应为 code、text" in problem.message


def test_a_class_that_holds_for_persons_only(tmp_path: Path) -> None:
    elements = '  v: {title: 金额, type: money, pii: sensitive, persons: true, titles: [".*金额"]}\n'
    elements += "  id: {title: 证号, type: citizen_id, pii: direct}\n"
    money = "v: {title: 金额, type: money, unit: 元}"
    assert catalogue(tmp_path, a=money, elements=elements) == []
    of_persons = "id: {title: 证号, type: citizen_id}\n" + money
    (problem,) = catalogue(tmp_path, a=of_persons, more_a="persons: {subject: {id: id}}", elements=elements)
    assert "sensitive" in problem.message and problem.line == 14


def test_units_of_an_element(tmp_path: Path) -> None:
    element = "  v: {title: 车速, type: number, unit: km/h}\n"
    assert catalogue(tmp_path, a="v: {title: 车速, type: number, unit: 公里/小时}", elements=element) == []
    (problem,) = catalogue(tmp_path, a="v: {title: 车速, type: number, unit: m/s}", elements=element)
    assert "单位应为 km/h" in problem.message


def test_facts_are_compared_too(tmp_path: Path) -> None:
    fact = "  v: {title: 满意程度, type: number}\n"
    (problem,) = catalogue(tmp_path, a="v: {title: 满意程度, type: integer}", fact=fact)
    assert problem.file == "facts/f.yaml" and "catalogue/aa/x.yaml:13" in problem.message
    # A person of a fact is sent as a citizen id, an entity as a credit code.
    assert catalogue(tmp_path, a="w: {title: 单位代码, type: uscc}", fact="  w: {title: 单位, type: entity}\n") == []


def test_a_column_fed_from_its_name_may_have_other_words(tmp_path: Path) -> None:
    fact = "  v: {title: 产权面积, type: number}\n"
    told = catalogue(tmp_path, a="v: {title: 大小, type: number}", fact=fact)
    assert "题为" in told[0].message
    assert catalogue(tmp_path, a="v: {title: 大小, type: number}", more_a="feeds: {f: {n: k, v: v}}", fact=fact) == []


def test_faults_of_the_elements_file(tmp_path: Path) -> None:
    told = catalogue(
        tmp_path, elements='  v: {title: 甲, type: code, codes: nosuch, titles: ["("]}\n  w: {title: 乙, type: text, codes: sex}\n'
    )
    assert [(p.line, p.message.split(" / ")[0].split("：")[0]) for p in told] == [
        (2, "没有代码表"),
        (2, "不是正则表达式"),
        (3, "codes 只用于 code 类型"),
    ]
    (problem,) = catalogue(tmp_path, elements="  v: {title: 甲, typ: text, type: text}\n")
    assert problem.file == "elements.yaml" and "typ" in problem.message


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("发放金额", "金额", True),
        ("公示日期", "公开日期", True),
        ("启用日期", "安装日期", False),
        ("原单位", "计量单位", True),
        ("诉求", "结论", False),
    ],
)
def test_titles(a: str, b: str, same: bool) -> None:
    assert same_title(a, b) is same


def test_units() -> None:
    assert unit_kind("money", "万元") == unit_kind("money", None) == unit_kind("number", "元") == "money"
    assert unit_kind("number", "ug/m3") == unit_kind("number", "μg/m³") and unit_kind("integer", "人次") is None
    assert unit_kind("number", "吨") != unit_kind("number", "公斤")
