"""Every legal gate of the credit base seen refusing: contracts, facts, records, and the same conditions as SQL."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from credit_helpers import CONF, FIRM, policy
from pydantic import ValidationError

from xihu.contract.creditgate import guarded, judge, load_policy
from xihu.contract.load import check_catalogue
from xihu.contract.models import Contract
from xihu.contract.problems import CatalogueError
from xihu.contract.source import Source
from xihu.standards.credit import gate
from xihu.standards.credit.policy import Policy

DAY = date(2024, 5, 6)
BASE: dict[str, Any] = {
    "code": "106101/0099",
    "title": "处罚",
    "provider": {"name": "市某局"},
    "summary": "处罚决定",
    "grain": "one row per decision",
    "share": {"type": "unconditional"},
    "open": {"type": "closed"},
    "update": "monthly",
    "delivery": {"files": "xx/处罚_*.csv", "format": "csv", "encoding": "utf-8", "mode": "append"},
    "key": ["document_no"],
    "fields": {
        "document_no": {"title": "决定书文号", "type": "text", "required": True},
        "uscc": {"title": "统一社会信用代码", "type": "uscc"},
        "matter": {"title": "案由", "type": "text"},
        "authority": {"title": "作出机关", "type": "text"},
        "issued_on": {"title": "作出决定日期", "type": "date", "required": True},
    },
    "feeds": {
        "credit_record": {
            "kind": "'penalty'", "document_no": "document_no", "counterpart": "uscc", "authority": "authority", "matter": "matter",
            "decided_on": "issued_on",
        }
    },
}  # fmt: skip


def contract(fields: dict[str, Any] | None = None, **more: Any) -> Contract:
    given = {**BASE, **more, "fields": {**BASE["fields"], **(fields or {})}}
    return Contract.model_validate(given).placed("xx", "penalty")


def problems(c: Contract, rules: Policy | None = None) -> list[str]:
    source = Source("catalogue/xx/penalty.yaml", lines={})
    judge(c, source, rules or policy())
    return [p.message for p in source.problems]


def test_the_clean_contract_passes() -> None:
    assert problems(contract()) == []


@pytest.mark.parametrize(
    ("name", "spec", "reason"),
    [
        ("belief", {"title": "宗教信仰", "type": "text"}, "prohibited_religion"),
        ("religion", {"title": "备注一", "type": "text"}, "prohibited_religion"),
        ("note_1", {"title": "备注", "titles": ["所属教派"], "type": "text"}, "prohibited_religion"),
        ("gene", {"title": "备注", "type": "text"}, "prohibited_gene"),
        ("sample_no", {"title": "DNA编号", "type": "text"}, "prohibited_gene"),
        ("print", {"title": "指纹信息", "type": "text"}, "prohibited_fingerprint"),
        ("face", {"title": "人脸特征值", "type": "text"}, "prohibited_fingerprint"),
        ("blood_type", {"title": "备注", "type": "text"}, "prohibited_blood_type"),
        ("kind_b", {"title": "当事人/血型", "type": "text"}, "prohibited_blood_type"),
        ("diagnosis", {"title": "主要诊断", "type": "text"}, "prohibited_disease"),
        ("remark", {"title": "既往情况", "type": "text"}, "prohibited_disease"),
        ("f1", {"title": "Blood Type", "type": "text"}, "prohibited_blood_type"),
        ("f2", {"title": "宗 教　信 仰", "type": "text"}, "prohibited_religion"),
        ("f3", {"title": "慢性病", "type": "text"}, "prohibited_disease"),
        ("f4", {"title": "残疾人证号", "type": "text"}, "prohibited_disease"),
        # Whatever it is called: the code list says what it is.
        ("state", {"title": "状况", "type": "code", "codes": "health"}, "prohibited_disease"),
        ("class_x", {"title": "分类", "type": "code", "codes": "disability_category"}, "prohibited_disease"),
    ],
)
def test_prohibited_items_do_not_validate(name: str, spec: dict[str, Any], reason: str) -> None:
    found = problems(contract({name: spec}))
    assert len(found) == 1 and reason in found[0] and "第十四条" in found[0]
    # Nor does a subject that can only be a legal entity excuse them.
    fields = {name: spec, "uscc": {"title": "统一社会信用代码", "type": "uscc", "required": True}}
    assert len(problems(contract(fields))) == 1


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("年收入", "consent_income"), ("月工资", "consent_income"), ("存款余额", "consent_deposit"), ("有价证券", "consent_securities"),
        ("股票市值", "consent_securities"), ("商业保险", "consent_insurance"), ("保单号", "consent_insurance"),
        ("房产套数", "consent_real_estate"),
        ("不动产面积", "consent_real_estate"), ("纳税数额", "consent_tax"), ("个人所得税", "consent_tax"),
    ],
)  # fmt: skip
def test_items_that_need_consent(title: str, reason: str) -> None:
    item = {"thing": {"title": title, "type": "text"}}
    found = problems(contract(item))
    assert len(found) == 1 and reason in found[0]
    # With a written consent the contract stands, and so it does where every subject is a legal entity.
    assert problems(contract({**item, "consent_no": {"title": "书面同意编号", "type": "text"}})) == []
    assert problems(contract({**item, "uscc": {"title": "统一社会信用代码", "type": "uscc", "required": True}})) == []


@pytest.mark.parametrize(
    "title",
    [
        "罚没收入",
        "欠税金额",
        "证券监督机构",
        "不动产登记中心",
        "宗教事务局文号",
        "营业收入",
        "社会保险登记号",
        "纳税人识别号",
        "纳税信用等级",
        "职业病危害因素",
        "疾病预防控制中心",
        "住房和城乡建设局文号",
        "偷税额",
    ],
)
def test_innocent_titles(title: str) -> None:
    assert problems(contract({"thing": {"title": title, "type": "text"}})) == []


def test_records_are_held_to_consent() -> None:
    c = guarded(contract({"salary": {"title": "工资", "type": "text"}, "consent_no": {"title": "书面同意编号", "type": "text"}}), policy())
    sql = c.checks["credit_consent_salary"].sql
    rows = [(None, "5000", None), (None, "5000", "同意〔2024〕1号"), (None, None, None), (FIRM, "5000", None)]
    assert [holds(sql, uscc=u, salary=s, consent_no=n) for u, s, n in rows] == [False, True, True, True]


def test_a_contract_without_a_policy_or_with_names_of_the_gates_is_refused() -> None:
    source = Source("x", lines={})
    judge(contract(), source, None)
    assert "法定闸口" in source.problems[0].message
    found = problems(contract(checks={"credit_disease": {"sql": "true", "severity": "error"}}))
    assert len(found) == 1 and "credit_" in found[0]
    assert guarded(contract(feeds={}), policy()).checks == {}


CONTENT = [
    # text, natural, reason
    ("信仰基督教，散发印刷品", True, "prohibited_religion"),
    ("宗教信仰：佛教", False, "prohibited_religion"),
    ("某教信徒聚集", True, "prohibited_religion"),
    ("擅自设立宗教活动场所", False, None),
    ("基因型：AG", False, "prohibited_gene"),
    ("经基因检测结果认定亲子关系", True, "prohibited_gene"),
    ("未经批准开展基因检测", False, None),
    ("非法种植转基因玉米", True, None),
    ("指纹编号：R330100", False, "prohibited_fingerprint"),
    ("经指纹比对确认", True, "prohibited_fingerprint"),
    ("使用指纹膜代他人签到", True, None),
    ("血型：AB", False, "prohibited_blood_type"),
    ("当事人为O型血", True, "prohibited_blood_type"),
    ("非法采集血液", True, None),
    ("既往病史：高血压", False, "prohibited_disease"),
    ("明知患有传染性肺结核仍从业", True, "prohibited_disease"),
    ("当事人系精神障碍患者", True, "prohibited_disease"),
    ("经医院确诊", True, "prohibited_disease"),
    ("当事人患 有 精 神 障 碍", True, "prohibited_disease"),
    ("无证行医，为患者拔牙", True, None),
    ("未落实职业病防治措施，存在事故隐患", False, None),
    ("未按规定进行传染病预检分诊", False, None),
    ("安排患有传染病的人员从事接触直接入口食品的工作", False, None),
    ("销售不合格商品", True, None),
    ("违反《中华人民共和国精神卫生法》第七十五条", True, None),
]


def holds(sql: str, **row: Any) -> bool:
    """A condition in Spark SQL, by another engine: NULL passes."""
    select = ", ".join(f"${k}::{'date' if isinstance(v, date) else 'varchar'} as {k}" for k, v in row.items())
    text = sqlglot.transpile(f"select ({sql}) as ok", read="spark", write="duckdb")[0]
    found = duckdb.execute(f"{text} from (select {select}) t", row).fetchone()
    assert found is not None
    return found[0] is not False


def door(c: Contract, **row: Any) -> set[str]:
    return {name for name, check in c.checks.items() if name.startswith("credit_") and not holds(check.sql, **row)}


@pytest.mark.parametrize(("text", "natural", "reason"), CONTENT)
def test_content_of_records(text: str, natural: bool, reason: str | None) -> None:
    found = gate.record("credit_record", {"matter": text}, policy(), natural=natural, kind="penalty", decided_on=DAY)
    assert (found.reason if found else None) == reason
    if found:
        assert "第十四条" in found.words and found.where in text.replace(" ", "")
    # What the load applies says the same.
    row = {"document_no": "杭罚〔2024〕1号", "matter": text, "authority": "杭州市某局", "issued_on": DAY, "uscc": None if natural else FIRM}
    expected = {f"credit_{reason.removeprefix('prohibited_')}"} if reason else set()
    assert door(guarded(contract(), policy()), **row) == expected


def test_natural_persons_only_in_the_listed_kinds() -> None:
    def judged(fact: str, kind: str, birth: date | None = None) -> str | None:
        found = gate.record(fact, {}, policy(), natural=True, kind=kind, decided_on=DAY, birth=birth)
        return found.reason if found else None

    assert judged("credit_record", "penalty") is None
    assert judged("credit_commitment", "commitment") == "natural_person_kind"
    assert judged("credit_listing", "serious_list") == "natural_person_kind"
    assert judged("credit_listing", "dishonest_debtor") is None
    # Eighteen on the day itself, one day short of it.
    assert judged("credit_listing", "dishonest_debtor", date(2006, 5, 6)) is None
    assert judged("credit_listing", "dishonest_debtor", date(2006, 5, 7)) == "no_full_capacity"
    assert gate.record("credit_commitment", {}, policy(), natural=False, kind="commitment", decided_on=DAY) is None


def test_natural_persons_by_sql() -> None:
    fields = {"id_no": {"title": "身份证号", "type": "citizen_id"}, "kind": {"title": "名单", "type": "text"}}
    feeds = {"credit_listing": {"counterpart": "uscc", "person": "id_no", "kind": "kind", "listed_on": "issued_on"}}
    c = guarded(contract(fields, feeds=feeds), policy())
    row = {"document_no": "1", "matter": "", "authority": "", "issued_on": DAY}
    seen = [
        door(c, **row, uscc=None, id_no="330106200605060024", kind="dishonest_debtor"),
        door(c, **row, uscc=None, id_no="330106200605070024", kind="dishonest_debtor"),
        door(c, **row, uscc=None, id_no="330106198505070024", kind="serious_list"),
        door(c, **row, uscc=FIRM, id_no=None, kind="serious_list"),
    ]
    assert seen == [set(), {"credit_capacity"}, {"credit_natural_person"}, set()]


@pytest.mark.parametrize(
    ("on", "procedure", "refused"),
    [
        ("2023-04-30", "simple", False), ("2023-05-01", "simple", True), ("2026-03-31", "simple", True), ("2026-04-01", "simple", False),
        ("2024-01-01", "ordinary", False),
    ],
)  # fmt: skip
def test_simple_procedure_is_not_collected_while_the_rule_is_in_force(on: str, procedure: str, refused: bool) -> None:
    day = date.fromisoformat(on)
    found = gate.record("credit_record", {"procedure": procedure}, policy(), natural=False, kind="penalty", decided_on=day)
    assert (found is not None and found.reason == "simple_procedure") == refused
    fields = {"procedure": {"title": "程序", "type": "text"}}
    feeds = {"credit_record": {**BASE["feeds"]["credit_record"], "procedure": "procedure"}}
    row = {"document_no": "1", "matter": "占道", "authority": "城管", "issued_on": day, "uscc": FIRM, "procedure": procedure}
    assert door(guarded(contract(fields, feeds=feeds), policy()), **row) == ({"credit_simple_procedure"} if refused else set())


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """The rules, the facts and the contracts of the credit base and some that are none of it."""
    for folder in ("codes", "facts", "catalogue/fgw", "catalogue/sf"):
        shutil.copytree(CONF / folder, tmp_path / "conf" / folder)
    (tmp_path / "conf" / "policy").mkdir()
    shutil.copy(CONF / "policy" / "credit.yaml", tmp_path / "conf" / "policy")
    return tmp_path / "conf"


def test_the_catalogue_applies_the_door(conf: Path) -> None:
    catalogue, found = check_catalogue(conf)
    assert not found
    for resource, c in catalogue.contracts.items():
        feeds = any(f.startswith("credit_") for f in c.feeds)
        assert feeds == any(n.startswith("credit_") for n in c.checks), resource
    plain = catalogue.contracts["fgw__credit_publicity"].version
    file = conf / "catalogue" / "fgw" / "credit_publicity.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("  district:  ", "  belief:           {title: 信仰, type: text}\n  district:  ", 1), "utf-8")
    found = check_catalogue(conf)[1]
    assert ["prohibited_religion" in p.message and p.field == "fields.belief" for p in found] == [True], found
    file.write_text(text, "utf-8")
    # A changed rule changes which rows come in, so every file is judged anew.
    rules = conf / "policy" / "credit.yaml"
    rules.write_text(rules.read_text("utf-8").replace("|信徒|受洗", "|受洗", 1), "utf-8")
    assert check_catalogue(conf)[0].contracts["fgw__credit_publicity"].version != plain
    fact = conf / "facts" / "credit_record.yaml"
    fact.write_text(
        fact.read_text("utf-8").replace("  division:", "  income:  {title: 收入, type: money, pii: sensitive}\n  division:"), "utf-8"
    )
    assert any("consent_income" in p.message for p in check_catalogue(conf)[1])
    rules.unlink()
    assert any("法定闸口" in p.message for p in check_catalogue(conf)[1])
    with pytest.raises(CatalogueError, match="没有社会信用规则"):
        load_policy(conf)


def test_a_policy_that_cannot_be_read_is_told(conf: Path) -> None:
    rules = conf / "policy" / "credit.yaml"
    text = rules.read_text("utf-8")
    for old, new, word in (
        ('fields: "血型"', 'fields: "血(型"', "不是正则表达式"),
        ('fields: "血型"', 'fields: "血型(?!检)"', "通用"),
        ("in_force: {from: 2019-07-01, to: 2023-05-01}", "in_force: {from: 2019-07-01, to: 2023-06-01}", "重叠"),
        ("cap: -24}", "cap: 24}", "同号"),
    ):
        assert old in text
        rules.write_text(text.replace(old, new, 1), "utf-8")
        assert any(word in p.message for p in check_catalogue(conf)[1]), new


def test_every_rule_cites_its_law() -> None:
    raw = yaml.safe_load((CONF / "policy" / "credit.yaml").read_text("utf-8"))
    for key in ("law", "article", "in_force", "confidence"):
        broken = {**raw, "expiry": {k: v for k, v in raw["expiry"].items() if k != key}}
        with pytest.raises(ValidationError):
            Policy.model_validate(broken)
