"""What Trino's file-based access control makes of rules.json, by its manual: first match wins in each section.

Independent of the compiler: patterns match whole names, an absent section means Trino's default, an empty one refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=100_000)
def match(pattern: str, name: str) -> bool:
    return re.fullmatch(pattern, name) is not None


class Trino:
    def __init__(self, rules: dict[str, Any], groups: dict[str, list[str]]) -> None:
        self.rules = rules
        self.members: dict[str, list[str]] = {}
        for group, names in groups.items():
            for name in names:
                self.members.setdefault(name, []).append(group)

    def _first(self, section: str, login: str, **names: str) -> dict[str, Any] | None:
        own = self.members.get(login, [])
        for rule in self.rules.get(section, []):
            if "group" in rule and not any(match(rule["group"], g) for g in own):
                continue
            if all(match(rule.get(key, ".*"), value) for key, value in names.items()):
                return rule
        return None

    def catalog(self, login: str, catalog: str) -> str:
        if "catalogs" not in self.rules:
            return "all"
        rule = self._first("catalogs", login, catalog=catalog)
        return rule["allow"] if rule else "none"

    def table(self, login: str, catalog: str, schema: str, table: str, privilege: str) -> dict[str, Any] | None:
        """The deciding rule, or None when refused."""
        need = {"SELECT": ("read-only", "all")}.get(privilege, ("all",))
        if self.catalog(login, catalog) not in need:
            return None
        rule = {"privileges": ["SELECT", "INSERT", "DELETE", "UPDATE", "OWNERSHIP"]}
        if "tables" in self.rules:
            rule = self._first("tables", login, catalog=catalog, schema=schema, table=table) or {"privileges": []}
        return rule if privilege in rule["privileges"] else None

    def column(self, login: str, catalog: str, schema: str, table: str, column: str) -> tuple[str, str] | None:
        """(mask or `clear`, row filter or ``) of reading one column; None when refused."""
        rule = self.table(login, catalog, schema, table, "SELECT")
        if rule is None:
            return None
        limit = next((c for c in rule.get("columns", []) if c["name"] == column), {})
        if not limit.get("allow", True):
            return None
        return limit.get("mask", "clear"), rule.get("filter", "")

    def query(self, login: str) -> list[str]:
        if "queries" not in self.rules:
            return ["execute", "kill", "view"]
        rule = self._first("queries", login)
        return sorted(rule["allow"]) if rule else []

    def procedure(self, login: str, catalog: str, schema: str, name: str) -> bool:
        rule = self._first("procedures", login, catalog=catalog, schema=schema, procedure=name)
        return bool(rule) and self.catalog(login, catalog) == "all" and "EXECUTE" in rule["privileges"]

    def impersonates(self, original: str, new: str) -> bool:
        for rule in self.rules.get("impersonation", []):
            if match(rule["original_user"], original) and match(rule["new_user"], new):
                return bool(rule.get("allow", True))
        return False

    def creates(self, login: str, schema: str) -> bool:
        """Owner of a schema: may create and drop."""
        if "schemas" not in self.rules:
            return self.catalog(login, "delta") == "all"
        rule = self._first("schemas", login, schema=schema)
        return bool(rule) and bool(rule["owner"]) and self.catalog(login, "delta") == "all"


def matrix(trino: Trino, logins: Iterable[str], columns: Iterable[tuple[str, str, str, str]], service: str) -> dict[Any, Any]:
    """Every answer that the rules give for these logins and columns, keyed by the question."""
    answers: dict[Any, Any] = {}
    logins = list(logins)
    for login in logins:
        answers["query", login] = trino.query(login)
        answers["kill", login] = trino.procedure(login, "system", "runtime", "kill_query")
        answers["vacuum", login] = trino.procedure(login, "delta", "system", "vacuum")
        answers["act", login] = trino.impersonates(service, login), trino.impersonates("analyst", login)
        for schema in ("gold", "social_security"):
            answers["create", login, schema] = trino.creates(login, schema)
        for catalog, schema, table, column in columns:
            answers["read", login, catalog, schema, table, column] = trino.column(login, catalog, schema, table, column)
            for verb in ("INSERT", "DELETE", "UPDATE"):
                answers[verb, login, catalog, schema, table] = trino.table(login, catalog, schema, table, verb) is not None
    return answers
