"""分级: what follows from personal information, sharing and opening; what is refused; what a role may see."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from trino_rules import Trino

from xihu.contract import grades
from xihu.contract.directory.entry import Entry, Item, default_grade, faults
from xihu.contract.directory.sharing import AS_IS, BY_CASE, MASKED, WITHHELD, shared, way_of, withheld
from xihu.contract.load import check_catalogue
from xihu.contract.models import Contract, Open, Share
from xihu.settings import ROOT
from xihu.share import access
from xihu.share.policy import PolicyError, load_policy
from xihu.share.register import declared, graded

PAGE = (ROOT / "conf" / "access.yaml").read_text("utf-8")
CONTRACT: dict[str, Any] = {
    "code": "205201/0001",
    "title": "甲",
    "provider": {"name": "市民政局"},
    "summary": "甲",
    "grain": "one row per person",
    "share": {"type": "conditional", "basis": "《浙江省社会救助条例》第四十九条"},
    "open": {"type": "closed"},
    "update": "monthly",
    "delivery": {"files": "mz/甲_*.csv", "format": "csv", "encoding": "utf-8", "mode": "append"},
    "fields": {
        "id_no": {"title": "身份证号", "type": "citizen_id"},
        "sex": {"title": "性别", "type": "text", "pii": "quasi"},
        "illness": {"title": "病种", "type": "text", "pii": "sensitive"},
        "note": {"title": "备注", "type": "text"},
    },
}


def judged(tmp_path: Path, **changes: Any) -> list[str]:
    """Messages about one contract with words changed; `fields` are merged."""
    body = {**CONTRACT, **{k: v for k, v in changes.items() if k != "fields"}}
    body["fields"] = {n: {**f, **changes.get("fields", {}).get(n, {})} for n, f in CONTRACT["fields"].items()}
    if "only" in changes:
        body["fields"] = {n: body["fields"][n] for n in body.pop("only")}
    file = tmp_path / "catalogue" / "mz" / "one.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")
    return [str(p) for p in check_catalogue(tmp_path, standards=True)[1]]


def test_grades_follow_from_personal_information() -> None:
    c = Contract.model_validate(CONTRACT)
    assert {n: grades.of_field(f) for n, f in c.fields.items()} == {"id_no": "L3", "sex": "L2", "illness": "L4", "note": "L1"}
    assert grades.of_contract(c) == "L4"


@pytest.mark.parametrize(
    ("share", "opening", "fields", "grade"),
    [
        ("unconditional", "open", "L1", "L1"),
        ("unconditional", "closed", "L1", "L2"),
        ("conditional", "conditional", "L1", "L2"),
        ("closed", "closed", "L1", "L3"),
        ("conditional", "closed", "L4", "L4"),
    ],
)
def test_a_resource_is_graded_by_fields_sharing_and_opening(share: str, opening: str, fields: str, grade: str) -> None:
    assert grades.usual(share, opening, fields) == grade


def test_the_contract_as_it_stands_is_sound(tmp_path: Path) -> None:
    assert judged(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"grade": "L3"}, "资源分级 L3 低于其信息项（病种：L4）"),
        ({"fields": {"illness": {"grade": "L1"}}}, "低于个人信息类别应有的 L4"),
        ({"fields": {"note": {"grade_reason": "因"}}}, "有理由而无分级"),
        ({"only": ["note"], "grade": "L1"}, "低于共享、开放属性应有的 L2"),
        ({"open": {"type": "open"}}, "却不是无条件共享"),
        ({"open": {"type": "open"}, "share": {"type": "unconditional"}}, "只能有 L1 级信息项：身份证号、性别、病种"),
        ({"only": ["note"], "open": {"type": "open"}, "share": {"type": "unconditional"}, "grade": "L2"}, "只能有 L1 级信息项：资源 L2"),
        ({"share": {"type": "closed"}}, "不予共享须引用法律条文"),
    ],
)
def test_what_a_contract_may_not_say(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    problems = judged(tmp_path, **changes)
    assert any(says in p for p in problems), problems


def test_a_grade_is_raised_freely_and_lowered_with_a_reason(tmp_path: Path) -> None:
    assert judged(tmp_path, fields={"note": {"grade": "L4"}}) == []
    reason = {"grade": "L1", "grade_reason": "《某条例》第六条向社会公示"}
    assert judged(tmp_path, only=["id_no"], fields={"id_no": reason}, share={"type": "unconditional"}, open={"type": "open"}) == []


def test_grades_and_catalogue_words_are_no_new_version() -> None:
    before = Contract.model_validate(CONTRACT).placed("mz", "one").version
    body = {**CONTRACT, "grade": "L4", "owner": "救助处", "retention": {"years": 10}, "sla": {"answer_days": 5}, "system": "救助系统"}
    body["fields"] = {n: {**f, "grade": "L4", "length": 18} for n, f in CONTRACT["fields"].items()}
    assert Contract.model_validate(body).placed("mz", "one").version == before
    body["fields"]["note"] = {**body["fields"]["note"], "required": True}
    assert Contract.model_validate(body).placed("mz", "one").version != before


def entry(share: str, opening: str, *items: Item, basis: str | None = "《某条例》第三条", grade: str = "L4", reason: str = "") -> Entry:
    return Entry(
        "205201/0002", "乙", "mz", "市民政局", "x", "乙", ("电子表格", "xlsx"), items, Share(type=share, basis=basis),  # type: ignore[arg-type]
        Open(type=opening), "monthly", grade=grade, grade_reason=reason,  # type: ignore[arg-type]
    )  # fmt: skip


PLAIN, NAME, ILLNESS = Item("备注", "C"), Item("姓名", "C", "", "L3"), Item("病种", "C", "", "L4")


def test_what_a_class_without_contract_may_not_say() -> None:
    assert not faults(entry("conditional", "closed", PLAIN, NAME, ILLNESS))
    assert faults(entry("conditional", "closed", PLAIN, basis=None))[0][0] == "share_condition"
    assert faults(entry("closed", "closed", PLAIN, basis="保密"))[0][0] == "share_condition"
    assert faults(entry("unconditional", "open", NAME))[0][0] == "open"
    assert faults(entry("conditional", "open", PLAIN, grade="L2"))[0][0] == "open"
    assert faults(entry("conditional", "closed", ILLNESS, grade="L2"))[0][0] == "grade"
    assert faults(entry("conditional", "closed", Item("姓名", "C", "", "L1")))[0][0] == "item_grade"
    assert not faults(entry("conditional", "closed", Item("姓名", "C", "", "L1"), reason="依法公示"))


@pytest.mark.parametrize(
    ("title", "grade"),
    [
        ("身份证号", "L3"), ("户主姓名", "L3"), ("单位名称", "L1"), ("死亡人数", "L1"), ("残疾等级", "L4"), ("出生日期", "L2"),
        ("本月收入", "L1"), ("家庭人均收入", "L4"), ("学历", "L2"), ("手机号码", "L3"), ("法定代表人", "L1"), ("疾病诊断", "L4"),
    ],
)  # fmt: skip
def test_titles_of_items_tell_personal_information(title: str, grade: str) -> None:
    assert default_grade(title) == grade


def test_the_sharing_directory_gives_each_item_by_its_grade() -> None:
    conditional = entry("conditional", "closed", PLAIN, NAME, ILLNESS)
    assert [way_of(conditional, i) for i in conditional.items] == [AS_IS, MASKED, BY_CASE]
    free = entry("unconditional", "closed", PLAIN, NAME, ILLNESS)
    assert [way_of(free, i) for i in free.items] == [AS_IS, WITHHELD, WITHHELD]
    free = replace(free, code="205201/0003")
    closed = replace(entry("closed", "closed", PLAIN), code="205201/0004")
    only_names = replace(entry("unconditional", "closed", NAME), code="205201/0005")
    assert [line.entry for line in shared([conditional, free, closed, only_names])] == [conditional, free]
    assert withheld([conditional, free, closed, only_names]) == [closed, only_names]


def conf(tmp_path: Path, page: str = PAGE, **columns: dict[str, Any]) -> Path:
    (tmp_path / "access.yaml").write_text(page, "utf-8")
    (tmp_path / "facts").mkdir(exist_ok=True)
    base = {"person": {"title": "人", "type": "person"}, "payee": {"title": "名", "type": "person_name"}}
    fact = {"fact": "grant", "title": "丙", "grain": "x", "key": ["person"], "columns": {**base, **columns}}
    (tmp_path / "facts" / "grant.yaml").write_text(yaml.safe_dump(fact, allow_unicode=True), "utf-8")
    return tmp_path


def reads(folder: Path, login: str, column: str) -> str | None:
    """The mask, `clear`, or None where Trino would refuse."""
    policy, catalogue = load_policy(folder), check_catalogue(folder)[0]
    compiled = access.rules_of(policy, declared(policy, catalogue), {}, graded(catalogue))
    answer = Trino(compiled.rules, compiled.groups).column(login, "delta", "gold", "grant", column)
    return answer[0] if answer else None


SECRET = {"amount": {"title": "金额", "type": "money", "unit": "元", "pii": "sensitive"}}
GIVEN = {"amount": {**SECRET["amount"], "grade": "L2", "grade_reason": "只以内部编号相连"}}


def test_a_role_sees_up_to_its_clearance(tmp_path: Path) -> None:
    folder = conf(tmp_path, **SECRET)
    assert reads(folder, "auditor@audit", "amount") == "clear"
    assert reads(folder, "analyst", "amount") is None and reads(folder, "auditor@supervision", "amount") is None
    assert reads(folder, "analyst", "person_id") == "clear" and "rpad" in str(reads(folder, "analyst", "payee"))
    assert reads(conf(tmp_path, **GIVEN), "analyst", "amount") == "clear"


def test_a_mask_taken_off_by_mistake_does_not_open_names(tmp_path: Path) -> None:
    masked = next(line for line in PAGE.splitlines() if line.strip().startswith('person_name: "CASE'))
    folder = conf(tmp_path, PAGE.replace(masked, "    person_name: clear"))
    assert reads(folder, "analyst", "payee") is None
    assert reads(folder, "auditor@audit", "payee") == "clear"


def test_a_class_without_a_grade_counts_as_the_highest(tmp_path: Path) -> None:
    folder = conf(tmp_path, PAGE.replace("grades: {open: L2, ", "grades: {"))
    policy = load_policy(folder)
    rules = access.rules_of(policy, {"gold.made": {"x": "open"}})
    answer = Trino(rules.rules, rules.groups)
    assert answer.column("analyst", "delta", "gold", "made", "x") is None
    assert answer.column("auditor@audit", "delta", "gold", "made", "x") is not None


def test_aggregates_above_the_clearance_are_closed(tmp_path: Path) -> None:
    for grade, seen in (("L1", True), ("L2", False)):
        policy = load_policy(conf(tmp_path, PAGE.replace("grain: aggregate, grade: L1", f"grain: aggregate, grade: {grade}")))
        compiled = access.rules_of(policy, {})
        answer = Trino(compiled.rules, compiled.groups).column("leader", "delta", "social_security", "made", "x")
        assert (answer is not None) == seen


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("clearance: {leader: L1, ", "clearance: {", "leader has no clearance"),
        ("clearance: {leader: L1", "clearance: {leeder: L1", "unknown role 'leeder'"),
        ("auditor@audit: L4}", "auditor@audits: L4}", "no purpose 'audits'"),
        ("clearance: {leader: L1", "clearance: {admin: L4, leader: L1", "administers"),
        ("grades: {open: L2", "grades: {opn: L2", "no level knows the class 'opn'"),
        ("caseworker: L3,", "caseworker: L9,", "clearance.caseworker"),
    ],
)
def test_faults_of_clearances_are_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in PAGE
    with pytest.raises(PolicyError, match=says):
        load_policy(conf(tmp_path, PAGE.replace(old, new, 1)))


def test_a_column_of_gold_is_graded_as_what_feeds_it_unless_somebody_says_why(tmp_path: Path) -> None:
    feeding = {**CONTRACT, "feeds": {"grant": {"person": "id_no", "payee": "note", "kind": "illness", "valid_from": "date'2016-01-01'"}}}
    file = tmp_path / "catalogue" / "mz" / "one.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(feeding, allow_unicode=True), "utf-8")
    kind: dict[str, Any] = {"title": "类", "type": "text"}
    catalogue, problems = check_catalogue(conf(tmp_path, kind=kind))
    assert not problems and grades.of_columns(catalogue)["gold.grant"] == {"person_id": "L2", "payee": "L3", "kind": "L4"}
    problems = check_catalogue(conf(tmp_path, kind={**kind, "grade": "L2"}))[1]
    assert len(problems) == 1 and "低于来源 mz__one.illness 的 L4" in problems[0].message
    catalogue, problems = check_catalogue(conf(tmp_path, kind={**kind, "grade": "L2", "grade_reason": "因"}))
    assert not problems and grades.of_columns(catalogue)["gold.grant"]["kind"] == "L2"
