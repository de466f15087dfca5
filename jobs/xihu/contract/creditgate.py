"""The door of the credit base in the catalogue: `conf/policy/credit.yaml` against contracts and facts.

A contract that feeds a credit fact and holds what may not be collected does not validate; the others take the conditions on their records
as checks of severity error, so that no contract can forget them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from xihu.contract.models import Check, Contract, Fact
from xihu.contract.problems import Problem
from xihu.contract.source import Source, read_source
from xihu.standards.credit import gate
from xihu.standards.credit.policy import Policy

FILE = "policy/credit.yaml"
PREFIX = "credit_"
_PRESENCE = "书面同意"


def read_policy(conf: Path, problems: list[Problem]) -> Policy | None:
    """The policy of a conf folder; None where there is none, or where it does not validate (problems are added)."""
    from xihu.contract.load import parse

    file = conf / FILE
    if not file.exists():
        return None
    source = read_source(file, FILE)
    policy = parse(source, Policy)
    problems += source.problems
    return policy


def load_policy(conf: Path) -> Policy:
    """The policy of a conf folder.

    Raises:
        CatalogueError: it does not validate, or there is none.
    """
    from xihu.contract.problems import CatalogueError

    problems: list[Problem] = []
    policy = read_policy(conf, problems)
    if policy is None:
        raise CatalogueError(problems or [Problem(FILE, 1, "", "没有社会信用规则 / no credit policy", f"建立 / create conf/{FILE}")])
    return policy


def fed(contract: Contract) -> list[str]:
    """The credit facts that a contract feeds."""
    return [fact for fact in contract.feeds if fact.startswith(PREFIX)]


def judge(c: Contract, source: Source, policy: Policy | None) -> None:
    """Problems of a contract that feeds the credit base, added to `source`."""
    facts = fed(c)
    if not facts:
        return
    if policy is None:
        message = f"{facts[0]} 属社会信用，须有法定闸口的规则 / a credit fact needs the legal gates"
        source.problem(("feeds", facts[0]), message, f"建立 conf/{FILE} / create it")
        return
    for fact in facts:
        if fact not in policy.facts:
            message = f"{FILE} 没有写明 {fact} 的相对人、种类和日期 / says nothing about {fact}"
            source.problem(("feeds", fact), message, f"在 {FILE} 的 facts 中补上 / add it to facts")
    for refused in gate.fields(c.fields, policy, natural=natural(c, policy)):
        cure = "删去该字段，请提供方不要报送 / remove the field and ask the sender to leave it out"
        if refused.reason.startswith("consent_"):
            cure = f"删去，或加 {gate.CONSENT}（书面同意编号）字段 / remove it, or add the number of the written consent"
        source.problem(("fields", refused.where), f"{refused.words} / may not enter the credit base: {refused.reason}", cure)
    for name in c.checks:
        if name.startswith(PREFIX):
            message = "credit_ 开头的检查由法定闸口使用 / names in credit_ are those of the legal gates"
            source.problem(("checks", name), message, "改名 / rename it")


def natural(c: Contract, policy: Policy) -> bool:
    """Whether a record of the contract can be about a natural person: persons are named, or the entity's code may be empty."""
    if c.persons or any(f.type == "citizen_id" for f in c.fields.values()):
        return True
    for fact, mapping in c.feed_maps():
        if fact in policy.facts:
            subject = mapping.get(policy.facts[fact].subject)
            spec = c.fields.get(subject.strip()) if subject else None
            if spec is None or not (spec.required or subject in c.key):
                return True
    return False


def guarded(c: Contract, policy: Policy | None) -> Contract:
    """The contract with the conditions of the door among its checks; itself where it feeds no credit fact."""
    if policy is None or not fed(c):
        return c
    texts = [n for n, f in c.fields.items() if f.type in ("text", "person_name")]
    made: dict[str, Check] = {}
    for fact, mapping in c.feed_maps():
        feeding = policy.facts.get(fact)
        if feeding is None:
            continue
        kind = feeding.kind if feeding.kind.startswith("'") else mapping.get(feeding.kind, "''")
        conditions = gate.checks(
            fact,
            texts,
            policy,
            subject=mapping.get(feeding.subject),
            person=mapping.get(feeding.person) if feeding.person else None,
            kind=kind,
            decided=mapping.get(feeding.decided, "_received_at"),
            procedure=mapping.get("procedure"),
        )
        who = f"({mapping[feeding.subject]}) is not null" if feeding.subject in mapping else "false"
        for field, item in gate.consented(c.fields, policy):
            if gate.CONSENT in c.fields:
                sql = f"{who} or {field} is null or {gate.CONSENT} is not null"
                conditions[f"credit_consent_{field}"] = (sql, f"{item.cite}：没有{_PRESENCE}的{item.title}")
        for name, (sql, message) in conditions.items():
            unique = name
            while unique in made and made[unique].sql != sql:
                unique = f"{unique}_2" if not re.search(r"_\d+$", unique) else re.sub(r"\d+$", lambda m: str(int(m.group()) + 1), unique)
            made[unique] = Check(sql=sql, severity="error", message=message)
    return c.model_copy(update={"checks": {**made, **c.checks}}).placed(c.dept, c.name) if made else c


def judge_facts(facts: Mapping[str, Fact], policy: Policy | None, sources: Mapping[str, Source]) -> list[Problem]:
    """Columns of credit facts that may not be there, and rules for facts that are not."""
    if policy is None:
        return []
    found: list[Problem] = []
    for name in [n for n in facts if n.startswith(PREFIX)]:
        source = Source(f"facts/{name}.yaml", lines=sources[f"facts/{name}.yaml"].lines)
        for refused in gate.fields(facts[name].columns, policy, natural=True):
            message = f"{refused.words} / may not enter the credit base: {refused.reason}"
            source.problem(("columns", refused.where), message, "删去这一列 / remove the column")
        found += source.problems
    return found
