"""A contract with one fault has one problem: at the right file and line, with a cure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from xihu.contract import crosscheck
from xihu.contract.globs import overlap
from xihu.contract.load import check_catalogue, load_catalogue, parse
from xihu.contract.models import Contract
from xihu.contract.problems import CatalogueError
from xihu.contract.source import read_source
from xihu.contract.sql import faults, identifiers
from xihu.settings import ROOT

GOOD = """\
code: 306013/0002
title: 低保家庭
provider: {name: 市民政局}
summary: 经审批享受最低生活保障的家庭
grain: 一户一月一行
share: {type: conditional, basis: 浙江省社会救助条例 第49条}
open: {type: closed}
update: monthly
delivery:
  files: "mz/低保家庭_*.xlsx"
  format: xlsx
  layout: {title_rows: 2, header_rows: 2, sheet_field: district, totals: [小计]}
  mode: snapshot
  scope: [month, district]
  absence: retracted
key: [family_no, month]
fields:
  family_no: {title: 家庭编号, titles: [家庭编码], type: text, required: true}
  month: {title: 月份, type: month, required: true}
  head_id: {title: 户主身份证号, type: citizen_id, required: true}
  members: {title: 人数, type: integer}
  amount: {title: 月保障金额, type: money, unit: 元, min: 0, max: 100000}
  district: {title: 区县, type: division, required: true}
  sex: {title: 性别, type: code, codes: sex, map: {男: "1", 女: "2"}}
checks:
  per_head: {sql: "amount / members <= 5000", severity: warning}
persons:
  head: {id: head_id}
feeds:
  benefit_payment: {person: head_id, kind: "'dibao'", month: month, amount: amount, division: district, valid_to: "add_months(month, 1)"}
"""
FIXED = """\
code: 306013/0003
title: 养老金代发
provider: {name: 银行}
summary: 代发
grain: 一人一月一行
share: {type: closed, basis: 《中华人民共和国个人信息保护法》第25条}
open: {type: closed}
update: monthly
delivery:
  files: "rs/代发_*.txt"
  format: fixed
  encoding: gb18030
  record: {header: H, detail: D, trailer: T, length: 50, trailer_count: {start: 2, width: 8},
    trailer_total: {start: 10, width: 16, field: amount, scale: 2}}
  mode: append
key: [id_no]
fields:
  id_no: {title: 身份证号, type: citizen_id, start: 2, width: 18}
  name: {title: 姓名, type: person_name, start: 20, width: 20}
  amount: {title: 金额, type: money, unit: 分, start: 40, width: 11}
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    for folder in ("codes", "facts"):
        shutil.copytree(ROOT / "conf" / folder, tmp_path / folder)
    put(tmp_path, GOOD)
    return tmp_path


def put(conf: Path, text: str, place: str = "mz/dibao.yaml") -> None:
    file = conf / "catalogue" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def test_the_good_contract_loads(conf: Path) -> None:
    put(conf, FIXED, "rs/pay.yaml")
    catalogue = load_catalogue(conf)
    assert list(catalogue.contracts) == ["mz__dibao", "rs__pay"]
    contract = catalogue.contracts["mz__dibao"]
    assert contract.resource == "mz__dibao" and contract.dept == "mz"
    assert contract.fields["head_id"].pii_class == "direct" and contract.fields["amount"].pii_class is None
    assert list(contract.fields) == ["family_no", "month", "head_id", "members", "amount", "district", "sex"]
    assert catalogue.find("mz", "低保家庭_201612.xlsx") is contract
    assert catalogue.find("mz", "低保人员_201612.xlsx") is None and catalogue.find("rs", "低保家庭_201612.xlsx") is None


# (what is replaced, by what, the field named, a word of the message or cure)
FAULTS = [
    ("title: 低保家庭\n", "titel: 低保家庭\n", "titel", "title"),
    ("type: month, required", "type: mounth, required", "fields.month.type", "did you mean month"),
    ("requird", "x", "", ""),
    ("required: true}\n  month", "requierd: true}\n  month", "fields.family_no.requierd", "did you mean required"),
    ("code: 306013/0002", "code: 406013/0002", "code", "306013/0002"),
    ("code: 306013/0002", "code: 306013", "code", "306013/0002"),
    ("key: [family_no, month]", "key: [famly_no, month]", "key.0", "did you mean family_no"),
    ("key: [family_no, month]", "key: [month, month]", "key.1", "twice"),
    ("key: [family_no, month]\n", "", "", "needs a key"),
    ("scope: [month, district]", "scope: [month, distrct]", "delivery.scope.1", "did you mean district"),
    ("  scope: [month, district]\n", "", "delivery", "scope"),
    ("  absence: retracted\n", "", "delivery.absence", "absence"),
    ("mode: snapshot", "mode: append", "delivery.scope", "snapshot"),
    ("sheet_field: district", "sheet_field: distict", "delivery.layout.sheet_field", "did you mean district"),
    ("  format: xlsx\n", "  format: csv\n  encoding: gbk\n", "delivery.layout", "title_rows"),
    ("  format: xlsx\n", "  format: xslx\n", "delivery.format", "did you mean xlsx"),
    ("  format: xlsx\n", "  format: xlsx\n  encoding: gbk\n", "delivery.encoding", "no meaning"),
    ("codes: sex,", "codes: sexx,", "fields.sex.codes", "did you mean sex"),
    ('女: "2"', '女: "7"', "fields.sex.map.女", "code list sex"),
    ('女: "2"', "女: 2", "fields.sex.map.女", "in quotes"),
    ("unit: 元,", "unit: 美元,", "fields.amount.unit", "元"),
    ("unit: 元,", "", "fields.amount", "unit"),
    ("min: 0, max: 100000", "min: 10, max: 1", "fields.amount.min", "greater"),
    ("type: integer}", "type: integer, forms: [excel]}", "fields.members.forms", "no meaning"),
    ("type: month, required: true}", "type: month, forms: [foo], required: true}", "fields.month.forms.0", "YYYY"),
    ("type: integer}", "type: integer, start: 3, width: 4}", "fields.members", "fixed"),
    ("title: 人数", "title: 家庭编码", "fields.members.title", "twice"),
    ("share: {type: conditional, basis: 浙江省社会救助条例 第49条}", "share: {type: conditional}", "share", "basis"),
    ("share: {type: conditional, basis: 浙江省社会救助条例 第49条}", "share: {type: closed}", "share", "law"),
    ("share: {type: conditional, basis: 浙江省社会救助条例 第49条}", "share: {type: closed, basis: 内部资料}", "share", "law"),
    ("share: {type: conditional, basis: 浙江省社会救助条例 第49条}", "share: {type: closed, basis: 浙江省社会救助条例}", "share", "law"),
    ("provider: {name: 市民政局}", 'provider: {name: 市民政局, uscc: "91330100799655058C"}', "provider.uscc", "18"),
    ("provider: {name: 市民政局}", "provider: {name: 市民政局, uscc: 913300002539329145}", "provider.uscc", "in quotes"),
    ("update: monthly", "update: montly", "update", "did you mean monthly"),
    ("amount / members", "amuont / members", "checks.per_head.sql", "did you mean amount"),
    ("amount / members <= 5000", "(amount / members <= 5000", "checks.per_head.sql", "parenthesis"),
    ("amount / members <= 5000", "select amount", "checks.per_head.sql", "expression"),
    ("severity: warning", "severity: warn", "checks.per_head.severity", "did you mean warning"),
    ("head: {id: head_id}", "head: {id: hed_id}", "persons.head.id", "did you mean head_id"),
    ("head: {id: head_id}", "head: {phone: head_id}", "persons.head", "id"),
    ("benefit_payment:", "benefit_paymnt:", "feeds.benefit_paymnt", "did you mean benefit_payment"),
    ("kind: \"'dibao'\", ", "", "feeds.benefit_payment", "requires kind"),
    ("division: district, valid_to", "divison: district, valid_to", "feeds.benefit_payment.divison", "did you mean division"),
    ("amount: amount, division", "amount: district, division", "feeds.benefit_payment.amount", "needs money"),
    ("add_months(month, 1)", "add_months(mnth, 1)", "feeds.benefit_payment.valid_to", "no such field"),
    ("title: 低保家庭\n", "title: 低保家庭\ntitle: 再一次\n", "title", "duplicate key"),
    ('files: "mz/低保家庭_*.xlsx"', 'files: "低保家庭_*.xlsx"', "delivery.files", "glob"),
    ("  family_no: {title: 家庭编号", "  家庭: {title: 家庭编号", "fields.家庭", "a-z"),
    ("open: {type: closed}\n", "open: {type: closed}\ntz: Asia/Hangzhou\n", "tz", "time zone"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "word"), [f for f in FAULTS if f[0] in GOOD])
def test_one_fault_is_named_at_its_line_with_a_cure(conf: Path, old: str, new: str, field: str, word: str) -> None:
    text = GOOD.replace(old, new, 1)
    put(conf, text)
    _, problems = check_catalogue(conf)
    named = [p for p in problems if p.field == field]
    assert named, [str(p) for p in problems]
    problem = named[0]
    assert problem.file == "catalogue/mz/dibao.yaml"
    assert problem.cure and word in problem.message + problem.cure, str(problem)
    first = next((i for i, (a, b) in enumerate(zip(GOOD.splitlines(), text.splitlines(), strict=False), 1) if a != b), None)
    if old.strip() and new.strip() and "\n" not in new.strip() and field.split(".")[-1] in new:
        assert problem.line == first, str(problem)
    # A wrong name in the key or a field's name may echo where the field is used; nothing else may.
    if "家庭" not in field:
        assert len(problems) <= 2, [str(p) for p in problems]


FIXED_FAULTS = [
    ("start: 20, width: 20", "start: 19, width: 20", "fields.name.start", "20"),
    ("start: 2, width: 18", "start: 1, width: 18", "fields.id_no.start", "2"),
    ("start: 40, width: 11", "start: 40, width: 12", "fields.amount.width", "50"),
    ("start: 40, width: 11", "start: 40", "fields.amount", "width"),
    ("  encoding: gb18030\n", "", "delivery.encoding", "encoding"),
    ("encoding: gb18030", "encoding: gb18031", "delivery.encoding", "did you mean gb18030"),
    ("field: amount, scale", "field: amont, scale", "delivery.record.trailer_total.field", "did you mean amount"),
    ("trailer: T, ", "", "delivery.record", "trailer"),
]


@pytest.mark.parametrize(("old", "new", "field", "word"), FIXED_FAULTS)
def test_faults_of_fixed_width(conf: Path, old: str, new: str, field: str, word: str) -> None:
    assert old in FIXED
    put(conf, FIXED.replace(old, new, 1), "rs/pay.yaml")
    _, problems = check_catalogue(conf)
    assert [p.field for p in problems] == [field], [str(p) for p in problems]
    assert problems[0].file == "catalogue/rs/pay.yaml" and word in problems[0].message + problems[0].cure


@pytest.mark.parametrize(
    "body",
    [b"", b"\n\n", b"a: [1, 2", b"a: b: c", b"\xc4\xe3\xba\xc3: 1", b"- 1\n- 2", b"just words", b"? {a: b}\n: c", b"a: &x [*x]",
     b"\t- a", b"a: !!python/object:os.system x", b"!!binary x",
     b"%YAML 9.9\n---\na: 1", b"\x00\x01"],
)  # fmt: skip
def test_whatever_a_file_holds_it_is_a_problem_and_not_a_trace(conf: Path, body: bytes) -> None:
    (conf / "catalogue" / "mz" / "dibao.yaml").write_bytes(body)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(conf)
    assert all(p.file == "catalogue/mz/dibao.yaml" and p.line >= 1 and p.cure for p in caught.value.problems)


def test_every_key_taken_away_or_spoilt_is_a_problem_or_fine(conf: Path) -> None:
    """No contract, however mangled, ends in anything but problems."""
    whole = yaml.safe_load(GOOD)
    catalogue = load_catalogue(conf)
    file = conf / "catalogue" / "mz" / "dibao.yaml"

    def paths(node: object, at: tuple = ()):
        if isinstance(node, dict):
            for key, inner in node.items():
                yield (*at, key)
                yield from paths(inner, (*at, key))

    for path in list(paths(whole)):
        for spoilt in (None, 7, ["a"], {"a": 1}):
            copy = yaml.safe_load(GOOD)
            node = copy
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = spoilt
            file.write_text(yaml.safe_dump(copy, allow_unicode=True, sort_keys=False), "utf-8")
            source = read_source(file, "catalogue/mz/dibao.yaml")
            contract = parse(source, Contract)
            if contract is not None:
                crosscheck.contract(contract, source, catalogue.facts, catalogue.codes)
            assert all(p.cure and p.message for p in source.problems)
            assert contract is not None or source.problems


def test_globs_that_meet_are_refused(conf: Path) -> None:
    put(conf, GOOD.replace("低保家庭_*", "低保*").replace("306013/0002", "306013/0009"), "mz/other.yaml")
    _, problems = check_catalogue(conf)
    assert [p.field for p in problems] == ["delivery.files"] and "mz__dibao" in problems[0].message
    put(conf, GOOD.replace("低保家庭_*", "低保人员_*"), "mz/other.yaml")
    _, problems = check_catalogue(conf)
    assert [p.field for p in problems] == ["code"], "one code, one resource"


@pytest.mark.parametrize(
    ("a", "b", "meets"),
    [
        ("a*.csv", "ab*.csv", True),
        ("a_*.csv", "b_*.csv", False),
        ("*_a.csv", "b_*.csv", True),
        ("a?.csv", "ab.csv", True),
        ("a[0-9].csv", "ab.csv", False),
        ("a[!0-9].csv", "ab.csv", True),
        ("a[0-9].csv", "a5.csv", True),
        ("a.csv", "a.csv", True),
        ("*", "x", True),
        ("a*", "a*b*c", True),
        ("养老金_*.txt", "养老金补_*.txt", False),
    ],
)
def test_overlap(a: str, b: str, meets: bool) -> None:
    assert overlap(a, b) is meets is overlap(b, a)


def test_files_out_of_place_are_named(conf: Path) -> None:
    (conf / "catalogue" / "mz" / "Note.txt").write_text("x")
    put(conf, GOOD, "stray.yaml")
    put(conf, GOOD.replace("低保家庭_*", "别的_*").replace("/0002", "/0003"), "mz/sub/deep.yaml")
    _, problems = check_catalogue(conf)
    assert sorted(p.file for p in problems) == ["catalogue/mz/Note.txt", "catalogue/mz/sub/deep.yaml", "catalogue/stray.yaml"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="XIHU_CONF"):
        load_catalogue(tmp_path / "none")


def test_facts_and_bases_are_judged(conf: Path) -> None:
    (conf / "facts" / "refusal.yaml").write_text("fact: refusl\ntitle: a\ngrain: b\nkey: [x]\ncolumns: {x: {title: y, type: text}}\n")
    (conf / "facts" / "payment.yaml").write_text(
        "fact: payment\ntitle: a\ngrain: b\nkey: [z]\ncolumns: {x: {title: y, type: code, codes: sx}}\n"
    )
    _, problems = check_catalogue(conf)
    assert [(p.file, p.field) for p in problems] == [
        ("facts/payment.yaml", "key.0"),
        ("facts/payment.yaml", "columns.x.codes"),
        ("facts/refusal.yaml", "fact"),
    ]
    shutil.copytree(ROOT / "conf" / "facts", conf / "facts", dirs_exist_ok=True)
    (conf / "base").mkdir()
    (conf / "base" / "person.yaml").write_text(
        "base: person\ntitle: 人口\nattributes:\n  name: {title: 姓名, type: person_name, sources: [mz__dibao.head]}\n"
        "  id: {title: 号, type: citizen_id, sources: [mz__dibao.hed]}\n"
    )
    _, problems = check_catalogue(conf)
    assert [(p.line, p.field) for p in problems] == [(4, "attributes.name.sources.0"), (5, "attributes.id.sources.0")]
    assert "mz__dibao.head" in problems[1].cure


def test_version_follows_what_changes_rows_and_nothing_else(conf: Path) -> None:
    def version(text: str) -> str:
        put(conf, text)
        return load_catalogue(conf).contracts["mz__dibao"].version

    good = version(GOOD)
    assert len(good) == 12 and int(good, 16) >= 0
    assert version(GOOD.replace("summary: 经审批", "summary: 依法经审批")) == good
    assert version(GOOD.replace("title_rows: 2, header_rows: 2", "header_rows: 2, title_rows: 2")) == good
    assert version(GOOD.replace("min: 0, ", "")) != good
    assert version(GOOD.replace("amount / members <= 5000", "amount / members <= 6000")) != good
    lines = GOOD.splitlines(keepends=True)
    lines[17], lines[18] = lines[18], lines[17]
    assert version("".join(lines)) != good, "the order of fields is the order of cells"


def test_names_of_columns_in_expressions() -> None:
    assert identifiers("case when sex = '男' then a.b else cast(amount as decimal(18,2)) end") == {"sex", "a", "amount"}
    assert identifiers("filter(xs, x -> x > limit_)") == {"xs", "limit_"}
    assert identifiers("aggregate(xs, 0, (acc, x) -> acc + x)") == {"xs"}
    assert identifiers("`weird name` + 1e3 - .5 /* c */ -- d") == {"weird name"}
    assert identifiers("date '2016-01-01' + interval 1 day") == set()
    assert faults("amount >", ["amount"])[0][0].startswith("表达式未写完")
    assert faults("'open", [])
    assert faults("a; drop table b", ["a", "b"])
    assert faults("", [])[0][0].startswith("空")


def test_models_refuse_what_pydantic_would_bend() -> None:
    with pytest.raises(ValueError):
        Contract.model_validate(yaml.safe_load(GOOD.replace("required: true}", 'required: "yes"}', 1)))
