"""The access policy: `conf/access.yaml` as checked objects.

Default deny: a login reads a column only if a grant of its role and purpose reaches the table and the grant's level names the
column's class (GB/T 22239-2019 8.1.4.2: least privilege; 8.1.4.11: personal data only for the stated purpose).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Grain = Literal["person", "record", "aggregate", "none"]
Grade = Literal["L1", "L2", "L3", "L4"]
MASKED: Grade = "L2"  # what a mask leaves of a value; a column shown as NULL shows nothing
_NAME = r"^[a-z][a-z0-9_]*$"
_GRANTEE = r"^[a-z][a-z0-9_]*(@[a-z][a-z0-9_]*)?$"


@dataclass(frozen=True)
class PolicyProblem:
    """One fault of `access.yaml`, with the place and what would be right."""

    file: Path
    line: int
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} — {self.cure}"


class PolicyError(ValueError):
    """`access.yaml` cannot be used; `problems` says where and why."""

    def __init__(self, problems: list[PolicyProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Purpose(_Strict):
    title: str
    note: str = ""


class Role(_Strict):
    title: str
    purposes: list[str] = Field(min_length=1)
    administers: bool = False
    decides: bool = False  # whether its people may decide who is who


class User(_Strict):
    role: str
    title: str
    division: str | None = Field(default=None, pattern=r"^\d{2,12}$")


class Schema(_Strict):
    grain: Grain
    grade: Grade = "L2"  # of its tables, where columns have no class
    division: list[str] = []
    columns: dict[str, list[str]] = {}


class Table(_Strict):
    division: list[str] | None = None
    columns: dict[str, list[str]] = {}


class Grant(_Strict):
    to: list[str] = Field(min_length=1)
    tables: list[str] = Field(min_length=1)
    level: str
    rows: Literal["own", "all"] = "own"


class Policy(_Strict):
    """The whole page. `levels` maps level → class → `clear`, `empty` (always NULL) or Trino SQL over `{column}`.

    `grades` maps class → grade of a column that nothing else grades; a class without one counts as L4. `clearance` maps role or
    role@purpose → the highest grade that it may see; one without reads nothing.
    """

    purposes: dict[str, Purpose]
    roles: dict[str, Role]
    users: dict[str, User]
    service: str = Field(pattern=_NAME)
    levels: dict[str, dict[str, str]]
    grades: dict[str, Grade] = {}
    clearance: dict[str, Grade] = {}
    schemas: dict[str, Schema]
    tables: dict[str, Table] = {}
    grants: list[Grant]
    system: list[str] = []

    def logins(self) -> list[Login]:
        """Every name a person may log in with: `name` (default purpose) and `name@purpose`."""
        found = []
        for name, user in self.users.items():
            purposes = self.roles[user.role].purposes
            found.append(Login(name, name, user.role, purposes[0], user.division))
            found += [Login(f"{name}@{p}", name, user.role, p, user.division) for p in purposes]
        return found

    def grants_of(self, role: str, purpose: str) -> list[Grant]:
        """The grants that reach one role working for one purpose, in the order of the page."""
        return [g for g in self.grants if role in g.to or f"{role}@{purpose}" in g.to]

    def clearance_of(self, role: str, purpose: str) -> str:
        """The highest grade that one role working for one purpose may see; "" for nothing."""
        return self.clearance.get(f"{role}@{purpose}") or self.clearance.get(role) or ""

    def division_of(self, table: str) -> list[str]:
        """Columns of `schema.table` that hold a division code; empty where rows belong to no district."""
        own = self.tables.get(table)
        if own is not None and own.division is not None:
            return own.division
        schema = self.schemas.get(table.split(".")[0])
        return schema.division if schema else []


@dataclass(frozen=True)
class Login:
    """One name at the door."""

    name: str
    user: str
    role: str
    purpose: str
    division: str | None

    @property
    def group(self) -> str:
        """The Trino group: role × purpose × division."""
        base = f"{self.role}@{self.purpose}"
        return f"{base}/{self.division}" if self.division else base


def load_policy(conf: Path) -> Policy:
    """Reads and checks `<conf>/access.yaml`.

    Raises:
        PolicyError: with every fault found, each naming file, line and cure.
    """
    file = conf / "access.yaml"
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise PolicyError(
            [PolicyProblem(file, 0, f"cannot be read: {error.strerror}", "put the policy there; without it nobody may read")]
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        repeated = list(_repeated(node))
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyError([PolicyProblem(file, line, f"not YAML: {error.problem}", "mend the line")]) from error
    if repeated:
        raise PolicyError([PolicyProblem(file, line, f"{key!r} stands twice", "keep one of them") for key, line in repeated])
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        raise PolicyError(
            [PolicyProblem(file, line_of(node, e["loc"]), f"{'.'.join(map(str, e['loc']))}: {e['msg']}", _cure(e)) for e in error.errors()]
        ) from error
    problems = [PolicyProblem(file, line_of(node, where), message, cure) for where, message, cure in _inconsistent(policy)]
    if problems:
        raise PolicyError(problems)
    return policy


def line_of(node: yaml.Node | None, path: Iterable[Any]) -> int:
    """1-based line of the deepest part of `path` that exists in a composed YAML document."""
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)


def _cure(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "no such setting: check the spelling"
    if error["type"] == "missing":
        return "add it"
    return f"given was {error['input']!r}"


def _inconsistent(p: Policy) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    import re

    def known(names: Iterable[str]) -> str:
        return "known are " + ", ".join(sorted(names))

    for section, names in (("purposes", p.purposes), ("roles", p.roles), ("users", p.users), ("schemas", p.schemas), ("levels", p.levels)):
        for name in names:
            if not re.match(_NAME, name):
                yield (section, name), f"{name!r} is no name", "use a-z, 0-9 and _, beginning with a letter"
    for name, role in p.roles.items():
        for i, purpose in enumerate(role.purposes):
            if purpose not in p.purposes:
                yield ("roles", name, "purposes", i), f"unknown purpose {purpose!r}", known(p.purposes)
    for name, user in p.users.items():
        if user.role not in p.roles:
            yield ("users", name, "role"), f"unknown role {user.role!r}", known(p.roles)
        if name == p.service:
            yield ("service",), f"{name!r} is the service's login", "give the person or the service another name"
    for level, classes in p.levels.items():
        for cls, how in classes.items():
            if how not in ("clear", "empty") and "{column}" not in how:
                yield ("levels", level, cls), "a mask without {column}", "write Trino SQL over {column}, or `clear`, or `empty`"
    shown = {c for level in p.levels.values() for c in level}
    for cls in p.grades:
        if cls not in shown:
            yield ("grades", cls), f"no level knows the class {cls!r}", known(shown)
    for who in p.clearance:
        role_name, _, purpose = who.partition("@")
        holder = p.roles.get(role_name)
        if holder is None:
            yield ("clearance", who), f"unknown role {role_name!r}", known(p.roles)
        elif purpose and purpose not in holder.purposes:
            yield ("clearance", who), f"{role_name} has no purpose {purpose!r}", known(holder.purposes)
        elif holder.administers:
            yield ("clearance", who), f"{role_name} administers and may not read data", "leave it out (separation of duties)"
    for name, table in p.tables.items():
        schema, _, rest = name.partition(".")
        if schema not in p.schemas or not re.match(_NAME, rest):
            yield ("tables", name), f"{name!r} is no table of a known schema", known(p.schemas)
        for cls, columns in table.columns.items():
            for column in columns:
                others = [c for c, cols in table.columns.items() if c != cls and column in cols]
                if others:
                    yield ("tables", name, "columns", cls), f"column {column!r} is also {others[0]}", "give each column one class"
    for i, grant in enumerate(p.grants):
        if grant.level not in p.levels:
            yield ("grants", i, "level"), f"unknown level {grant.level!r}", known(p.levels)
        for j, who in enumerate(grant.to):
            role_name, _, purpose = who.partition("@")
            given = p.roles.get(role_name)
            if not re.match(_GRANTEE, who) or given is None:
                yield ("grants", i, "to", j), f"unknown role {role_name!r}", known(p.roles)
            elif given.administers:
                yield (
                    ("grants", i, "to", j),
                    f"{role_name} administers and may not read data",
                    "grant to another role (separation of duties)",
                )
            elif purpose and purpose not in given.purposes:
                yield ("grants", i, "to", j), f"{role_name} has no purpose {purpose!r}", known(given.purposes)
            elif not all(p.clearance_of(role_name, each) for each in ([purpose] if purpose else given.purposes)):
                yield ("grants", i, "to", j), f"{who} has no clearance, so the grant opens nothing", "add it to `clearance`"
        for j, name in enumerate(grant.tables):
            schema, _, rest = name.partition(".")
            if schema not in p.schemas or not (rest == "*" or re.match(_NAME, rest)):
                yield ("grants", i, "tables", j), f"{name!r} is no table of a known schema", known(p.schemas)
            elif rest != "*" and p.schemas[schema].grain == "person" and grant.rows == "own" and not p.division_of(name):
                scoped = [
                    u
                    for u, user in p.users.items()
                    if user.division and (user.role in grant.to or any(t.startswith(user.role + "@") for t in grant.to))
                ]
                if scoped:
                    yield (
                        ("grants", i, "tables", j),
                        f"{name} names no division column, and {scoped[0]} works for one district",
                        "name its column under tables.<table>.division, or write `rows: all` in a grant of its own",
                    )
    seen: dict[tuple[str, str], int] = {}
    for i, grant in enumerate(p.grants):
        for who in grant.to:
            role_name, _, purpose = who.partition("@")
            for each in [purpose] if purpose else p.roles[role_name].purposes if role_name in p.roles else []:
                for j, name in enumerate(grant.tables):
                    if seen.setdefault((f"{role_name}@{each}", name), i) != i:
                        yield ("grants", i, "tables", j), f"{name} is granted to {role_name}@{each} twice", "keep one grant"
