"""What follows from a contract: DDL, labels, masks, JSON Schema, policy, dictionary, drafts."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import openpyxl
import pytest
import yaml

from xihu.contract import derive
from xihu.contract.dictionary import build_dictionary
from xihu.contract.draft import draft
from xihu.contract.guess import Unreadable, guess_encoding
from xihu.contract.load import check_catalogue, load_catalogue
from xihu.contract.models import FIELD_TYPES, Column, FieldSpec
from xihu.contract.policy import load_parameters, load_programmes, value_at
from xihu.contract.problems import CatalogueError
from xihu.contract.schema import MODELINE, schema_text
from xihu.settings import ROOT
from xihu.standards.codes import load_codes

CONF = ROOT / "conf"
CODES = load_codes(CONF / "codes")


def spec(kind: str, **more: object) -> FieldSpec:
    return FieldSpec.model_validate({"title": "某项", "type": kind, **more})


def test_every_type_has_an_engine_type() -> None:
    assert {derive.spark_type(spec(t)) for t in FIELD_TYPES} == {
        "STRING",
        "BIGINT",
        "DECIMAL(28,8)",
        "DECIMAL(18,2)",
        "DATE",
        "INT",
        "TIMESTAMP",
        "BOOLEAN",
    }
    assert derive.spark_type(Column(title="x", type="person")) == "BIGINT"
    assert derive.column_name("employer", Column(title="x", type="entity")) == "employer_id"


def test_labels_carry_the_unit_after_conversion() -> None:
    assert derive.label(spec("money", unit="万元")) == "某项（元）"
    assert derive.label(spec("money"), "GBP") == "某项（GBP）"
    assert derive.label(spec("integer", unit="人")) == "某项（人）"
    assert derive.comment_of(spec("code", codes="sex")) == "某项 [代码表 sex]"
    assert derive.quote("it's a \\") == r"'it\'s a \\'"


def test_masks_by_class() -> None:
    assert derive.mask_of(spec("text")) is None and derive.mask_of(spec("date")) is None
    assert "substr" in (derive.mask_of(spec("citizen_id"), "id_no") or "") and '"id_no"' in (
        derive.mask_of(spec("citizen_id"), "id_no") or ""
    )
    assert derive.mask_of(spec("text", pii="direct")) == "CASE WHEN \"value\" IS NULL THEN NULL ELSE '****' END"
    assert derive.mask_of(spec("money", pii="sensitive", unit="元"), "a") == "CAST(NULL AS decimal(18,2))"
    assert derive.mask_of(spec("date", pii="quasi"), "d") == "date_trunc('year', \"d\")"
    assert derive.mask_of(spec("division", pii="quasi")) is None
    assert "[0-9]{9}" in (derive.mask_of(spec("phone")) or "")


def test_the_committed_schema_is_current() -> None:
    assert (CONF / "catalogue.schema.json").read_text("utf-8") == schema_text(), "run python -m xihu.contract.schema"


def test_the_schema_says_what_the_models_say() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    body = yaml.safe_load(
        "code: 306013/0002\ntitle: a\nprovider: {name: b}\nsummary: c\ngrain: d\nshare: {type: unconditional}\n"
        "open: {type: open}\nupdate: daily\n"
        'delivery: {files: "a/b*.csv", format: csv, encoding: gbk, mode: append}\nfields: {x: {title: y, type: text}}\n'
        "feeds: {payment: [{payer: x}, {payer: x}]}\n"
    )
    validator.validate(body)
    for path, spoilt in (
        (("update",), "often"),
        (("fields", "x", "type"), "string"),
        (("delivery", "mode"), "all"),
        (("code",), "1"),
        (("colour",), 1),
    ):
        copy = yaml.safe_load(yaml.safe_dump(body))
        node = copy
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = spoilt
        assert not validator.is_valid(copy), path


# ---------------------------------------------------------------- policy


def test_dibao_standard_by_day_and_area() -> None:
    parameters = load_parameters(CONF)

    def dibao(area: str, on: date) -> Decimal | None:
        found = value_at(parameters, "dibao", area, on)
        return found.value if found else None

    assert (
        dibao("330106", date(2016, 6, 30)) == 744 and dibao("330106", date(2016, 7, 1)) == 819 and dibao("330106", date(2016, 12, 5)) == 819
    )
    assert [dibao(a, date(2018, 1, 5)) for a in ("330106", "330109", "330112", "330122")] == [917, 917, 780, 734]
    assert dibao("330106", date(2023, 1, 1)) is None, "no published figure is confirmed after 2020"
    assert dibao("330122", date(2016, 7, 1)) is None
    # 40 % of the minimum wage until 2017.
    for on in (date(2014, 12, 1), date(2015, 11, 1)):
        wage = value_at(parameters, "minimum_wage", "330106", on)
        assert wage is not None and dibao("330106", on) == wage.value * Decimal("0.4")


def test_programmes_name_real_parameters() -> None:
    programmes = load_programmes(CONF)
    assert {"W9", "W12a", "W12b"} <= set(programmes)
    assert all(p.conditions and p.law for p in programmes.values())


def test_faulty_policy_is_named(tmp_path: Path) -> None:
    (tmp_path / "policy" / "programmes").mkdir(parents=True)
    file = tmp_path / "policy" / "parameters.csv"
    head = "name,area,valid_from,valid_to,value,unit,source,confidence\n"
    file.write_text(
        head
        + "a,,2010-01-01,,1,元,x,M\na,,2015-01-01,,2,元,x,M\nb,,2010-01-01,,x,元,x,M\n"
        + "c,,2010-01-01,2009-01-01,1,元,x,M\nd,,2010-01-01,,1,元,x,Z\n"
    )
    with pytest.raises(CatalogueError) as caught:
        load_parameters(tmp_path)
    assert [p.line for p in caught.value.problems] == [3, 4, 5, 6]
    file.write_text("name,value\n")
    with pytest.raises(CatalogueError, match="header"):
        load_parameters(tmp_path)


# ---------------------------------------------------------------- dictionary


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)
        self.links += [v for k in ("href", "src") if (v := found.get(k))]
        if found.get("id"):
            self.ids.add(found["id"])  # type: ignore[arg-type]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"unbalanced </{tag}>"


def test_dictionary_has_every_dataset_and_no_dead_link(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(CONF / "codes", conf / "codes")
    shutil.copytree(CONF / "facts", conf / "facts")
    shutil.copytree(CONF / "policy", conf / "policy")
    (conf / "catalogue" / "mz").mkdir(parents=True)
    from test_contract_load import GOOD

    text = GOOD.replace("title: 人数", 'title: "<script>alert(1)</script>"').replace("summary: 经审批", "summary: </p><b>经审批")
    (conf / "catalogue" / "mz" / "dibao.yaml").write_text(text, "utf-8")
    (conf / "base").mkdir()
    (conf / "base" / "person.yaml").write_text(
        "base: person\ntitle: 人口\nattributes: {id: {title: 号, type: citizen_id, sources: [mz__dibao.head]}}\n", "utf-8"
    )
    mart = {
        "schema": "social_security",
        "name": "cover",
        "title": "覆盖",
        "description": "d",
        "columns": [{"name": "n", "description": "人数"}],
    }
    start = build_dictionary(load_catalogue(conf), tmp_path / "out", [mart])
    pages = {p.relative_to(tmp_path / "out").as_posix(): p.read_text("utf-8") for p in (tmp_path / "out").rglob("*.html")}
    assert start.name == "index.html" and {"dataset/mz__dibao.html", "fact/benefit_payment.html", "mart/social_security.cover.html"} <= set(
        pages
    )
    parsed = {}
    for name, body in pages.items():
        parser = Links()
        parser.feed(body)
        assert not parser.open
        parsed[name] = parser
    for name, parser in parsed.items():
        for link in parser.links:
            assert not re.match(r"https?:|//", link), f"{name} asks another host: {link}"
            if link.startswith("data:"):
                continue
            target, _, anchor = link.partition("#")
            file = ((tmp_path / "out" / name).parent / target).resolve()
            assert file.exists(), f"{name}: dead link {link}"
            if anchor:
                assert anchor in parsed[file.relative_to((tmp_path / "out").resolve()).as_posix()].ids
    page = pages["dataset/mz__dibao.html"]
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page
    for word in (
        "低保家庭",
        "306013/0002",
        "户主身份证号",
        "直接标识",
        "有条件共享",
        "每月",
        "benefit_payment",
        "amount / members &lt;= 5000",
    ):
        assert word in page, word
    script = (tmp_path / "out" / "search.js").read_text("utf-8")
    index = json.loads(script.removeprefix("var INDEX=").rstrip().rstrip(";"))
    assert "<" not in script
    for entry in index:
        target, _, anchor = entry["u"].partition("#")
        assert target in pages and (not anchor or anchor in parsed[target].ids), entry
    assert {"数据集", "字段", "事实表", "代码", "项目", "专题", "属性"} <= {e["k"] for e in index}


# ---------------------------------------------------------------- drafts


def loads(tmp_path: Path, text: str):
    conf = tmp_path / "conf"
    if not conf.exists():
        shutil.copytree(CONF / "codes", conf / "codes")
        shutil.copytree(CONF / "facts", conf / "facts")
    file = conf / "catalogue" / "mz" / "new.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    catalogue, problems = check_catalogue(conf)
    assert not problems, "\n".join(map(str, problems))
    assert text.startswith(MODELINE) and "TODO" not in text
    return catalogue.contracts["mz__new"]


IDS = ["330106198508090024", "330102196302153013", "339005197806060159", "33018419980520102X"]


def test_draft_of_a_dirty_csv(tmp_path: Path) -> None:
    file = tmp_path / "临时救助_201612.csv"
    rows = ["身份证号,姓名,性别,救助金额,救助日期,区县,账号,备注"]
    rows += [f'\'{i},张三,{"男女"[n % 2]},"1,2{n}0.50元",2016/12/{n + 1} 0:00,西湖区,00{n}123,无' for n, i in enumerate(IDS)]
    file.write_bytes("\r\n".join(rows).encode("gb18030"))
    contract = loads(tmp_path, draft(file, dept="mz", codes=CODES, as_of=date(2016, 12, 31)))
    kinds = {f.title: f.type for f in contract.fields.values()}
    assert kinds == {
        "身份证号": "citizen_id",
        "姓名": "person_name",
        "性别": "code",
        "救助金额": "money",
        "救助日期": "date",
        "区县": "division",
        "账号": "text",
        "备注": "text",
    }
    assert contract.delivery.encoding == "gb18030" and contract.delivery.delimiter == ","
    assert contract.match("mz", "临时救助_201701.csv") and not contract.match("mz", "临时救济_201701.csv")
    assert contract.key == ["id_no"] and contract.persons == {"subject": {"id": "id_no", "name": "name"}}
    assert contract.fields["sex"].codes == "sex"


def test_draft_of_a_report_in_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("西湖区", "上城区"):
        sheet = book.create_sheet(name)
        sheet.append(["2016年12月特困供养情况表"])
        sheet.append(["单位：万元", None, None, None, "填报日期：2016年12月5日"])
        sheet.append(["编号", "身份证号", "供养人数", None, None, "供养金额"])
        sheet.append([None, None, "合计", "男", "女", None])
        for n, i in enumerate(IDS):
            sheet.append([f"T{n:03}{name[0]}", i, 2, 1, 1, 0.12])
        sheet.append(["合计", None, 8, 4, 4, 0.48])
        sheet.append(["填表人：张三", None, "审核人：李四"])
        sheet.merge_cells("A1:F1")
        sheet.merge_cells("C3:E3")
    file = tmp_path / "特困供养2016年12月.xlsx"
    book.save(file)
    contract = loads(tmp_path, draft(file, dept="mz", codes=CODES, as_of=date(2016, 12, 31)))
    layout = contract.delivery.layout
    assert layout is not None and (layout.title_rows, layout.header_rows, layout.sheet_field) == (2, 2, "sheet")
    assert layout.totals == ["合计"] and layout.footers == ["填表人"]
    assert [f.title for f in contract.fields.values()] == [
        "区县",
        "编号",
        "身份证号",
        "供养人数/合计",
        "供养人数/男",
        "供养人数/女",
        "供养金额",
    ]
    assert contract.fields["sheet"].type == "division"
    amount = next(f for f in contract.fields.values() if f.title == "供养金额")
    assert (amount.type, amount.unit) == ("money", "万元"), "the unit stands above the table"


def test_draft_of_a_fixed_width_file(tmp_path: Path) -> None:
    lines = [b"H20161205" + b" " * 51]
    for n, i in enumerate(IDS):
        name = "张三丰".encode("gb18030").ljust(20)
        lines.append(b"D" + i.encode() + name + b"20161205" + f"{n:012d}".encode() + b"+")
    lines.append(b"T00000004" + b"0" * 30)
    file = tmp_path / "代发_20161205.txt"
    file.write_bytes(b"\r\n".join(lines) + b"\r\n")
    contract = loads(tmp_path, draft(file, dept="mz", codes=CODES, as_of=date(2016, 12, 31)))
    record = contract.delivery.record
    assert record is not None and (record.header, record.detail, record.trailer, record.length) == ("H", "D", "T", 60)
    placed = {(f.start, f.width): f.type for f in contract.fields.values()}
    assert placed[(2, 18)] == "citizen_id" and placed[(40, 8)] == "date"


@pytest.mark.parametrize(
    "body",
    [b"", b" \r\n", b"\xef\xbb\xbf", b"<html><table></table></html>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx", b"PK\x03\x04broken", b"a\0b",
     b"\x1f\x8b\x08\x00"],
)  # fmt: skip
def test_files_without_a_draft_say_why(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(body)
    with pytest.raises(Unreadable):
        draft(file)
    with pytest.raises(Unreadable, match="cannot be read"):
        draft(tmp_path / "none.csv")


def test_encodings() -> None:
    assert guess_encoding("西湖,1\n".encode()) == "utf-8"
    assert guess_encoding("\ufeff西湖".encode()) == "utf-8"
    assert guess_encoding("镕喆㛃,西湖\n".encode("gb18030")) == "gb18030"
    assert guess_encoding(b"plain,ascii\n") == "utf-8"
    broken = b"\n".join(["西湖区,1".encode("gb18030")] * 200 + [b"\xff\xff,1"])
    assert guess_encoding(broken) == "gb18030", "one broken record does not change what the file is"


def test_drafts_of_open_data_load(tmp_path: Path, shared: Path) -> None:
    files = [shared / "real/divisions/hangzhou_streets.csv", *sorted((shared / "real/uk_spending/leeds").glob("*.csv"))[:1]]
    files += sorted((shared / "real/covid19").glob("*.csv"))[:1]
    for file in files:
        contract = loads(tmp_path, draft(file, dept="mz", codes=CODES, as_of=date(2026, 1, 1)))
        assert len(contract.fields) > 3
