"""Compiles the access policy into the files that Trino's file-based access control, groups and passwords read.

`<home>/trino/etc/rules.json` (first match wins, per section), `group.txt` (`group:login,login`) and `password.db` (bcrypt).
A broken rules file closes Trino at its next refresh, so every file is checked, written aside and renamed.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bcrypt

from xihu.contract.load import Catalogue, check_catalogue
from xihu.lake import durable
from xihu.settings import Settings
from xihu.share.passwords import passwords
from xihu.share.policy import MASKED, Grant, Login, Policy, load_policy
from xihu.share.register import declared, graded, live

CATALOG = "delta"
PLAIN_TABLE = "[a-z0-9_]+"  # leaves out Trino's "table$history", "$properties" and "$partitions"
HIDDEN = ("$path", "$file_modified_time", "$file_size")  # Trino's hidden columns: a path is no secret of the city, but nobody needs it
ROUNDS = 10


@dataclass
class Compiled:
    """What was compiled. `notes` names live tables and columns that stay closed because nothing declares them."""

    rules: dict[str, Any]
    groups: dict[str, list[str]]
    changed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compile_access(s: Settings, catalogue: Catalogue | None = None) -> Compiled:
    """Writes rules, groups and passwords of `s.conf`/access.yaml to `<home>/trino/etc`; a file that is current is not touched.

    Args:
        s: where things lie.
        catalogue: the catalogue, if it is loaded already; else facts and base tables are read from `s.conf`.

    Raises:
        PolicyError: access.yaml has faults.
    """
    policy = load_policy(s.conf)
    catalogue = catalogue or check_catalogue(s.conf)[0]
    known = declared(policy, catalogue)  # a fact that does not parse stays closed
    stand = live(s.warehouse, [n for n, schema in policy.schemas.items() if schema.grain in ("person", "record")])
    compiled = rules_of(policy, known, stand, graded(catalogue))
    etc = s.home / "trino" / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    files = {
        "rules.json": json.dumps(compiled.rules, ensure_ascii=False, indent=1) + "\n",
        "group.txt": "".join(f"{group}:{','.join(names)}\n" for group, names in compiled.groups.items()),
        "password.db": password_file(policy, passwords(s), etc / "password.db"),
    }
    check(compiled.rules)
    for name, text in files.items():
        # Hashes and group lists are for the engine only.
        if durable.write_text(etc / name, text, 0o600):
            compiled.changed.append(name)
    return compiled


def rules_of(
    policy: Policy,
    known: Mapping[str, Mapping[str, str]],
    live: Mapping[str, list[str]] | None = None,
    grades: Mapping[str, Mapping[str, str]] | None = None,
) -> Compiled:
    """The rules as data; pure.

    Args:
        policy: the checked policy.
        known: `schema.table` → column → class.
        live: `schema.table` → columns that stand in the lake; columns nobody declared are denied by name.
        grades: `schema.table` → column → grade (分级) from the catalogue; other columns are graded by their class.
    """
    live = live or {}
    grades = grades or {}
    groups: dict[str, list[str]] = defaultdict(list)
    examples: dict[str, Login] = {}
    for login in policy.logins():
        groups[login.group].append(login.name)
        examples[login.group] = login
    tables: list[dict[str, Any]] = []
    readers = []
    for group, login in examples.items():
        own = _tables_of(policy, known, live, login, grades)
        tables += own
        if own:
            readers.append(group)
    admins = [g for g, login in examples.items() if policy.roles[login.role].administers]
    people = [g for g in examples if g not in admins]
    for schema, names in _by_schema(policy.system).items():
        tables.append(
            {"catalog": "system", "schema": schema, "table": _any(names), "group": _any([*people, *admins]), "privileges": ["SELECT"]}
        )
    procedures = []
    if admins:
        tables.append(
            {
                "catalog": "system",
                "schema": "runtime",
                "table": _any(["nodes", "queries", "tasks"]),
                "group": _any(admins),
                "privileges": ["SELECT"],
            }
        )
        procedures = [
            {"catalog": "system", "schema": "runtime", "procedure": "kill_query", "group": _any(admins), "privileges": ["EXECUTE"]}
        ]
    queries: list[dict[str, Any]] = [{"group": _any(people), "allow": ["execute"]}]
    catalogs: list[dict[str, Any]] = [
        {"group": _any(readers), "catalog": CATALOG, "allow": "read-only"},
        {"group": _any(people), "catalog": "system", "allow": "read-only"},
    ]
    if admins:
        queries.append({"group": _any(admins), "allow": ["execute", "kill", "view"]})
        catalogs.append({"group": _any(admins), "catalog": "system", "allow": "all"})  # ending a query counts as a write to `system`
    served = [login.name for login in policy.logins() if not policy.roles[login.role].administers]
    rules = {
        "catalogs": catalogs,
        "schemas": [],
        "tables": tables,
        # No `functions` section: Trino's default allows built-in functions only, so table_changes cannot go round a filter.
        "procedures": procedures,
        "queries": queries,
        "impersonation": [{"original_user": policy.service, "new_user": _any(served), "allow": True}],
        "system_session_properties": [],
        "catalog_session_properties": [],
    }
    notes = [
        f"{name}: no declaration, closed to everybody"
        for name in sorted(live)
        if name not in known and policy.schemas[name.split(".")[0]].grain == "person"
    ]
    for name in sorted(live):
        extra = _undeclared(policy, known, live, name)
        if extra and (name in known or policy.schemas[name.split(".")[0]].grain == "record"):
            notes.append(f"{name}: column(s) {', '.join(extra)} have no class, closed to everybody")
    return Compiled(rules, dict(groups), notes=notes)


def _tables_of(
    policy: Policy,
    known: Mapping[str, Mapping[str, str]],
    live: Mapping[str, list[str]],
    login: Login,
    grades: Mapping[str, Mapping[str, str]],
) -> list[dict[str, Any]]:
    """Table rules of one group; tables with the same limits share a rule, single tables stand before a whole schema."""
    clearance = policy.clearance_of(login.role, login.purpose)
    named: dict[str, Grant] = {}
    whole: dict[str, Grant] = {}
    for grant in policy.grants_of(login.role, login.purpose):
        for name in grant.tables:
            schema, _, table = name.partition(".")
            if policy.schemas[schema].grain in ("aggregate", "none") and policy.schemas[schema].grade > clearance:
                continue
            if table != "*":
                named[name] = grant
            elif policy.schemas[schema].grain == "person":
                for each in known:
                    if each.startswith(schema + "."):
                        named.setdefault(each, grant)
            else:
                whole[schema] = grant
                for each in policy.tables:
                    if each.startswith(schema + "."):
                        named.setdefault(each, grant)
    shared: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for name in sorted(named):
        schema, _, table = name.partition(".")
        limits = {"schema": schema, **_limits(policy, known, live, name, named[name], login, grades)}
        shared.setdefault(json.dumps(limits, sort_keys=True), (limits, []))[1].append(table)
    rules = []
    general = {schema: _limits(policy, known, live, f"{schema}.*", grant, login, grades) for schema, grant in sorted(whole.items())}
    for limits, names in shared.values():
        schema = limits.pop("schema")
        if general.get(schema) != limits:  # the rule of the whole schema says the same
            rules.append(
                {"group": login.group, "catalog": CATALOG, "schema": schema, "table": _any(names), "privileges": ["SELECT"], **limits}
            )
    for schema, limits in general.items():
        rules.append({"group": login.group, "catalog": CATALOG, "schema": schema, "table": PLAIN_TABLE, "privileges": ["SELECT"], **limits})
    return rules


def _limits(
    policy: Policy,
    known: Mapping[str, Mapping[str, str]],
    live: Mapping[str, list[str]],
    name: str,
    grant: Grant,
    login: Login,
    grades: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Row filter and column limits of one table (or `schema.*`) for one login."""
    limits: dict[str, Any] = {}
    if login.division and grant.rows == "own":
        columns = policy.division_of(name)
        if columns:
            limits["filter"] = " OR ".join(f"starts_with({c}, '{login.division}')" for c in columns)
        elif policy.schemas[name.split(".")[0]].grain != "aggregate":
            limits["filter"] = "false"
    if policy.schemas[name.split(".")[0]].grain not in ("person", "record"):
        return limits
    columns_out = []
    level = policy.levels[grant.level]
    clearance = policy.clearance_of(login.role, login.purpose)
    for column, cls in sorted(_classes(policy, known, name).items()):
        how = level.get(cls)
        grade = grades.get(name, {}).get(column) or policy.grades.get(cls, "L4")
        shown = "" if how == "empty" else grade if how == "clear" else min(grade, MASKED)
        if how is None or not clearance or shown > clearance:
            columns_out.append({"name": column, "allow": False})
        elif how != "clear":
            columns_out.append({"name": column, "mask": "NULL" if how == "empty" else how.replace("{column}", f'"{column}"')})
    columns_out += [{"name": c, "allow": False} for c in [*_undeclared(policy, known, live, name), *HIDDEN]]
    if columns_out:
        limits["columns"] = columns_out
    return limits


def _classes(policy: Policy, known: Mapping[str, Mapping[str, str]], name: str) -> Mapping[str, str]:
    if name in known:
        return known[name]
    return {c: cls for cls, columns in policy.schemas[name.split(".")[0]].columns.items() for c in columns}


def _undeclared(policy: Policy, known: Mapping[str, Mapping[str, str]], live: Mapping[str, list[str]], name: str) -> list[str]:
    schema, _, table = name.partition(".")
    stand = {c for n, columns in live.items() if n == name or (table == "*" and n.startswith(schema + ".")) for c in columns}
    return sorted(stand - set(_classes(policy, known, name)))


def password_file(policy: Policy, known: Mapping[str, str], present: Path) -> str:
    """Lines `login:bcrypt`; a hash that still verifies is kept, so an unchanged policy gives an unchanged file."""
    old = dict(line.split(":", 1) for line in present.read_text("utf-8").splitlines() if ":" in line) if present.exists() else {}
    lines = []
    for name, user in [*((login.name, login.user) for login in policy.logins()), (policy.service, policy.service)]:
        secret = known[user].encode()
        kept = old.get(name, "").encode()
        if not (kept.startswith(f"$2b${ROUNDS:02d}$".encode()) and bcrypt.checkpw(secret, kept)):
            kept = bcrypt.hashpw(secret, bcrypt.gensalt(ROUNDS))
        lines.append(f"{name}:{kept.decode()}")
    return "\n".join(sorted(lines)) + "\n"


def check(rules: Mapping[str, Any]) -> None:
    """Refuses rules that Trino would not read as meant.

    Raises:
        ValueError: an unknown key, a pattern that does not compile, or a table rule that reaches beyond one catalog.
    """
    keys = {
        "catalogs": {"group", "catalog", "allow"},
        "schemas": {"owner"},
        "tables": {"group", "catalog", "schema", "table", "privileges", "filter", "columns"},
        "procedures": {"group", "catalog", "schema", "procedure", "privileges"},
        "queries": {"group", "allow"},
        "impersonation": {"original_user", "new_user", "allow"},
        "system_session_properties": set(),
        "catalog_session_properties": set(),
    }
    if set(rules) != set(keys):
        raise ValueError(f"sections {sorted(rules)} instead of {sorted(keys)}")
    for section, entries in rules.items():
        for entry in entries:
            if not set(entry) <= keys[section]:
                raise ValueError(f"{section}: unknown key in {entry}")
            for pattern in ("group", "catalog", "schema", "table", "procedure", "original_user", "new_user"):
                if pattern in entry:
                    re.compile(entry[pattern])
            if section == "tables" and (entry["privileges"] != ["SELECT"] or not {"group", "catalog", "schema", "table"} <= set(entry)):
                raise ValueError(f"tables: a rule that grants more than reading named tables to a group: {entry}")


def _any(names: list[str]) -> str:
    """A pattern for exactly these names; they hold a-z, 0-9, `_`, `@` and `/` only, none of which means anything in a pattern."""
    unique = sorted(set(names))
    return unique[0] if len(unique) == 1 else f"({'|'.join(unique)})"


def _by_schema(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        schema, _, table = name.partition(".")
        found[schema].append(table)
    return dict(found)
