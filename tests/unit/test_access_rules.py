"""The compiled rules against a second reading of access.yaml that shares no code with the compiler."""

from __future__ import annotations

import copy
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from trino_rules import Trino, match, matrix

from xihu.contract.load import check_catalogue
from xihu.settings import ROOT
from xihu.share import access
from xihu.share.policy import load_policy
from xihu.share.register import declared

PAGE = yaml.safe_load((ROOT / "conf" / "access.yaml").read_text("utf-8"))
LIVE = {
    "gold.person": ["person_id", "name", "secret_note", "district"],
    "gold.unheard_of": ["name"],
    "gold.benefit_payment": ["person_id", "person", "payee_name", "account", "amount"],
    "quarantine.made_up": ["raw", "detail", "reason", "name", "district", "valid_from"],
}
FACT = {"benefit_payment": {"person": "person", "payee_name": "person_name", "account": "direct", "amount": "money"}}


def reference(login: str, schema: str, table: str, column: str) -> tuple[str, str] | None:
    """What access.yaml grants, read from the page itself: (mask, row filter), or None."""
    name, _, purpose = login.partition("@")
    user = PAGE["users"].get(name)
    if user is None:
        return None
    allowed = PAGE["roles"][user["role"]]["purposes"]
    purpose = purpose or allowed[0]
    if purpose not in allowed or "$" in table or schema not in PAGE["schemas"]:
        return None
    page_schema, page_table = PAGE["schemas"][schema], PAGE["tables"].get(f"{schema}.{table}")
    person = page_schema["grain"] == "person"
    fact = FACT.get(table) if schema == "gold" else None
    exact = [g for g in PAGE["grants"] if {user["role"], f"{user['role']}@{purpose}"} & set(g["to"]) and f"{schema}.{table}" in g["tables"]]
    wide = [g for g in PAGE["grants"] if {user["role"], f"{user['role']}@{purpose}"} & set(g["to"]) and f"{schema}.*" in g["tables"]]
    if person and page_table is None and fact is None:
        return None
    grant = (exact or wide or [None])[0]
    if grant is None:
        return None
    rows = ""
    if "division" in user and grant.get("rows", "own") == "own":
        columns = (page_table or {}).get("division", page_schema.get("division", []))
        rows = " OR ".join(f"starts_with({c}, '{user['division']}')" for c in columns)
    if page_schema["grain"] in ("aggregate", "none"):
        return "clear", rows
    if column in access.HIDDEN:
        return None
    classes = {c: cls for cls, cols in page_schema.get("columns", {}).items() for c in cols}
    classes.update({c: cls for cls, cols in (page_table or {}).get("columns", {}).items() for c in cols})
    for c, kind in (fact or {}).items():
        classes["person_id" if c == "person" else c] = kind if kind in ("person_name", "direct") else "open"
    how = PAGE["levels"][grant["level"]].get(classes.get(column, "nobody judged it"))
    if how is None:
        return None
    return ("clear" if how == "clear" else "NULL" if how == "empty" else how.replace("{column}", f'"{column}"')), rows


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> access.Compiled:
    conf = tmp_path_factory.mktemp("conf")
    (conf / "access.yaml").write_text((ROOT / "conf" / "access.yaml").read_text("utf-8"), "utf-8")
    (conf / "facts").mkdir()
    for fact, columns in FACT.items():
        spec = {c: {"type": "text", "pii": "direct"} if kind == "direct" else {"type": kind} for c, kind in columns.items()}
        for name, column in spec.items():
            column["title"] = name
        page = {"fact": fact, "title": fact, "grain": "x", "key": ["amount"], "columns": spec}
        (conf / "facts" / f"{fact}.yaml").write_text(yaml.safe_dump(page), "utf-8")
    policy = load_policy(conf)
    return access.rules_of(policy, declared(policy, check_catalogue(conf)[0]), LIVE)


LOGINS = [
    *PAGE["users"],
    *(f"{u}@{p}" for u, user in PAGE["users"].items() for p in PAGE["roles"][user["role"]]["purposes"]),
    "superset",
    "nobody",
    "leader@audit",
    "analyst@audit",
]
COLUMNS = sorted(
    {("delta", *t.split("."), c) for t, table in PAGE["tables"].items() for cols in table.get("columns", {}).values() for c in cols}
    | {("delta", *t.split("."), c) for t in [*PAGE["tables"], "gold.benefit_payment", "quarantine.made_up"] for c in access.HIDDEN}
    | {
        ("delta", s, t, c)
        for s in PAGE["schemas"]
        for t in ("made_up", "person", "person$history")
        for c in ("name", "district", "$path", "valid_from")
    }
    | {("delta", s, "made_up", c) for s in ("bronze", "silver", "stage_gold", "stage_social_security", "default") for c in ("name", "raw")}
    | {("delta", "gold", "person", "secret_note"), ("delta", "gold", "unheard_of", "name")}
    | {("delta", "gold", "benefit_payment", c) for c in ["person_id", *FACT["benefit_payment"]]}
    | {
        ("delta", "social_security", t, "x")
        for t in ("resource_freshness", "district_tile", "district_month_coverage", "district_month_coverage$history")
    }
    | {("delta", "quarantine", "made_up", c) for c in ("raw", "detail", "reason")}
    | {
        ("system", *t.split("."), "x")
        for t in [*PAGE["system"], "runtime.queries", "runtime.nodes", "runtime.tasks", "runtime.transactions"]
    }
    | {("tpch", "tiny", "customer", "name")}
)


def expected() -> dict[Any, Any]:
    answers: dict[Any, Any] = {}
    for login in LOGINS:
        name, _, purpose = login.partition("@")
        user = PAGE["users"].get(name)
        role = PAGE["roles"][user["role"]] if user else {"purposes": []}
        known = user is not None and (not purpose or purpose in role["purposes"])
        admin = known and role.get("administers", False)
        answers["query", login] = ["execute", "kill", "view"] if admin else ["execute"] if known else []
        answers["kill", login], answers["vacuum", login] = admin, False
        answers["act", login] = (known and not admin), False
        for schema in ("gold", "social_security"):
            answers["create", login, schema] = False
        for catalog, schema, table, column in COLUMNS:
            if catalog == "delta":
                answers["read", login, catalog, schema, table, column] = reference(login, schema, table, column)
            else:
                ours = (
                    known
                    and catalog == "system"
                    and (f"{schema}.{table}" in PAGE["system"] or (admin and table in ("queries", "nodes", "tasks")))
                )
                answers["read", login, catalog, schema, table, column] = ("clear", "") if ours else None
            for verb in ("INSERT", "DELETE", "UPDATE"):
                answers[verb, login, catalog, schema, table] = False
    return answers


EXPECTED = expected()


def test_every_role_reads_what_the_page_grants_and_nothing_else(compiled: access.Compiled) -> None:
    given = matrix(Trino(compiled.rules, compiled.groups), LOGINS, COLUMNS, "superset")
    assert {k: (given[k], v) for k, v in EXPECTED.items() if given[k] != v} == {}


def unseen(compiled: access.Compiled, rule: dict[str, Any], rules: dict[str, Any]) -> bool:
    """Whether the spoiled rules answer as expected all the same; only logins that the rule speaks of are asked."""
    trino = Trino(compiled.rules, compiled.groups)
    own = [n for n in LOGINS if any(match(rule["group"], g) for g in trino.members.get(n, []))] if "group" in rule else LOGINS
    given = matrix(Trino(rules, compiled.groups), own, COLUMNS, "superset")
    return all(EXPECTED[question] == answer for question, answer in given.items())


def test_each_rule_is_needed(compiled: access.Compiled) -> None:
    """Deleting any single rule changes an answer, so a lost rule cannot go unseen."""
    idle = []
    for section, entries in compiled.rules.items():
        for i in range(len(entries)):
            rules = copy.deepcopy(compiled.rules)
            del rules[section][i]
            if unseen(compiled, entries[i], rules):
                idle.append((section, entries[i]))
    assert not idle


def test_each_limit_is_needed(compiled: access.Compiled) -> None:
    """The same for every filter and column limit inside the table rules."""
    idle = []
    for i, rule in enumerate(compiled.rules["tables"]):
        for j, column in enumerate(rule.get("columns", [])):
            if column["name"] in access.HIDDEN[1:]:
                continue
            rules = copy.deepcopy(compiled.rules)
            del rules["tables"][i]["columns"][j]
            if unseen(compiled, rule, rules):
                idle.append((rule["group"], rule["schema"], rule["table"], column["name"]))
        if "filter" in rule:
            rules = copy.deepcopy(compiled.rules)
            del rules["tables"][i]["filter"]
            if unseen(compiled, rule, rules):
                idle.append((rule["group"], rule["schema"], rule["table"], "filter"))
    assert not idle


def test_no_mask_of_the_analyst_keeps_a_direct_identifier(compiled: access.Compiled) -> None:
    trino = Trino(compiled.rules, compiled.groups)
    for table, column in (
        ("person", "name"),
        ("person", "birth_date"),
        ("person_identifier", "id_value"),
        ("benefit_payment", "payee_name"),
        ("benefit_payment", "account"),
    ):
        answer = trino.column("analyst", "delta", "gold", table, column)
        assert answer is not None and answer[0] != "clear", (table, column)


def test_undeclared_columns_and_tables_are_named(compiled: access.Compiled) -> None:
    assert any("gold.unheard_of" in note for note in compiled.notes)
    assert any("gold.person" in note and "secret_note" in note for note in compiled.notes)


def test_the_rules_are_deterministic_json(compiled: access.Compiled) -> None:
    assert json.loads(json.dumps(compiled.rules)) == compiled.rules
    access.check(compiled.rules)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["tables"].append({"group": "x", "catalog": "delta", "schema": "gold", "table": "(", "privileges": ["SELECT"]}),
        lambda r: r["tables"].append(
            {"group": "x", "catalog": "delta", "schema": "gold", "table": "t", "privileges": ["SELECT", "DELETE"]}
        ),
        lambda r: r["tables"].append({"catalog": "delta", "schema": "gold", "table": "t", "privileges": ["SELECT"]}),
        lambda r: r["queries"].append({"grup": "x"}),
        lambda r: r.pop("schemas"),
        lambda r: r.update(functions=[]),
    ],
)
def test_rules_that_trino_would_misread_are_refused(compiled: access.Compiled, spoil: Any) -> None:

    rules = copy.deepcopy(compiled.rules)
    spoil(rules)
    with pytest.raises((ValueError, re.error)):
        access.check(rules)


def test_every_column_that_the_jobs_write_has_a_class() -> None:
    """A new table or column of gold or quarantine must be judged before anybody reads it; this fails until it is."""
    from xihu.early_warning import warnings
    from xihu.gold import identity, publish, reference
    from xihu.gold.identity import links
    from xihu.gold.schema import base_shape, fact_shape
    from xihu.gold.survivorship import conflict_shape
    from xihu.silver import store

    catalogue = check_catalogue(ROOT / "conf")[0]
    policy = load_policy(ROOT / "conf")
    known = declared(policy, catalogue)
    shapes = [reference.DIVISION, reference.PARAMETER, reference.PROGRAMME, reference.CODE, reference.RESOURCE, publish.ENTITLEMENT]
    for kind, base in ((identity.PERSON, "person"), (identity.ENTITY, "legal_entity")):
        shapes += [identity.registry_shape(kind), identity.identifier_shape(kind), identity.record_shape(kind)]
        shapes += [base_shape(catalogue.base[base], kind.key), conflict_shape(catalogue.base[base], kind.key)]
    shapes += [links.LINK, identity.INSTEAD]
    shapes += [fact_shape(fact) for fact in catalogue.facts.values()]
    tables = {shape.table: shape.names for shape in shapes}
    tables["gold.warning"] = re.findall(r"(\w+) [A-Z]+ COMMENT", warnings.DDL)
    tables["quarantine.made_up"] = re.findall(r"(\w+) [A-Z]+ COMMENT", store._QUARANTINE)
    assert len(tables) > 25 and all(len(columns) > 2 for columns in tables.values())
    assert access.rules_of(policy, known, tables).notes == []
