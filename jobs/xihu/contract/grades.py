"""Grades of data (分类分级): L1 不敏感 … L4 敏感, after DB33/T 2351-2021 of Zhejiang, within GB/T 43697-2024.

A grade follows from the class of personal information, and a resource's from its fields, sharing and opening. A contract may raise a grade
freely and lower one with a reason; it may never grade a resource below its fields. A column of gold is graded like the fields that feed it
unless `conf/facts` or `conf/base` say otherwise, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from xihu.contract.derive import column_name
from xihu.contract.models import PII_BY_TYPE, Attribute, Base, Column, Contract, Fact, FieldSpec
from xihu.contract.problems import Problem
from xihu.contract.source import Source

if TYPE_CHECKING:
    from xihu.contract.load import Catalogue

GRADES = ("L1", "L2", "L3", "L4")
LOWEST = GRADES[0]
TITLES = {"L1": "不敏感", "L2": "低敏感", "L3": "较敏感", "L4": "敏感"}
BY_PII: dict[str | None, str] = {None: "L1", "quasi": "L2", "direct": "L3", "sensitive": "L4"}
# What may not even be shared unconditionally, or opened, is not harmless.
BY_SHARE = {"unconditional": "L1", "conditional": "L2", "closed": "L3"}
BY_OPEN = {"open": "L1", "conditional": "L1", "closed": "L2"}
CONTRADICTION = (
    "无条件向社会开放，却不是无条件共享 / open to everybody, yet not shared unconditionally",
    "改共享属性或开放属性 / change one of them",
)


def highest(grades: Iterable[str]) -> str:
    return max(grades, default=LOWEST)


def of_field(spec: FieldSpec) -> str:
    """The grade of a contract's field."""
    return spec.grade or BY_PII[spec.pii_class]


def of_fields(contract: Contract) -> str:
    """The highest grade among the fields: no resource is graded lower."""
    return highest(of_field(f) for f in contract.fields.values())


def usual(share: str, opening: str, fields: str) -> str:
    """The grade of a resource where nobody states one."""
    return highest((fields, BY_SHARE[share], BY_OPEN[opening]))


def of_contract(contract: Contract) -> str:
    """The grade of a resource."""
    return contract.grade or usual(contract.share.type, contract.open.type, of_fields(contract))


def judge(c: Contract, source: Source) -> None:
    """Problems of a contract's grades, added to `source`."""
    for name, spec in c.fields.items():
        default = BY_PII[spec.pii_class]
        if spec.grade and spec.grade < default and not spec.grade_reason:
            message = f"分级 {spec.grade} 低于个人信息类别应有的 {default} / graded below its class of personal information"
            source.problem(
                ("fields", name, "grade"), message, "补上 grade_reason: 降级的理由，或不写 grade / give grade_reason, or leave it out"
            )
        if spec.grade_reason and not spec.grade:
            source.problem(("fields", name, "grade_reason"), "有理由而无分级 / a reason without a grade", "补上 grade: L1…L4 / add grade")
    floor = of_fields(c)
    default = usual(c.share.type, c.open.type, floor)
    if c.grade and c.grade < floor:
        top = "、".join(f.title for f in c.fields.values() if of_field(f) > c.grade)
        message = f"资源分级 {c.grade} 低于其信息项（{top}：{floor}） / a resource is never graded below its fields"
        source.problem(("grade",), message, f"写 grade: {floor}，或删去 / write {floor}, or leave it out")
    elif c.grade and c.grade < default and not c.grade_reason:
        message = f"资源分级 {c.grade} 低于共享、开放属性应有的 {default} / graded below its sharing and opening"
        source.problem(("grade",), message, "补上 grade_reason / add grade_reason: why")


def judge_opening(c: Contract, source: Source) -> None:
    """Problems of what is opened to the public: it is graded lowest, in whole and in every field.

    They stop the catalogue and its exports, not the taking in of data: nothing is public because it was loaded.
    """
    if c.open.type == "open" and c.share.type != "unconditional":
        source.problem(("open",), *CONTRADICTION)
    elif c.open.type == "open":
        graded = [f.title for f in c.fields.values() if of_field(f) > LOWEST]
        if graded or (c.grade or LOWEST) > LOWEST:
            what = "、".join(graded) or f"资源 {c.grade}"
            message = f"无条件开放的资源只能有 {LOWEST} 级信息项：{what} / open data holds lowest-grade fields only"
            cure = (
                "改 open: {type: conditional | closed}；确已依法公布的，在字段上写 grade: L1 和 grade_reason / or grade it L1 with a reason"
            )
            source.problem(("open",), message, cure)


def _own(column: Column | Attribute) -> str:
    if getattr(column, "type", "") in ("person", "entity"):
        return "L2" if column.type == "person" else LOWEST
    return BY_PII[column.pii or PII_BY_TYPE.get(column.type)]


def _feeding(fact: str, column: str, contracts: Mapping[str, Contract]) -> Iterable[tuple[str, str]]:
    """(resource.field, grade) of the fields that stand in a column as they are; what is computed from several is judged by the fact."""
    for resource, c in contracts.items():
        for fed, mapping in c.feed_maps():
            field = c.fields.get(mapping.get(column, "")) if fed == fact else None
            if field is not None:
                yield f"{resource}.{mapping[column]}", of_field(field)


def _sources(attribute: str, spec: Attribute, contracts: Mapping[str, Contract]) -> Iterable[tuple[str, str]]:
    for place in spec.sources:
        resource, role = place.split(".", 1)
        c = contracts.get(resource)
        name = {**c.persons, **c.entities}.get(role, {}).get(attribute, "") if c else ""
        if c and name in c.fields:
            yield f"{resource}.{name}", of_field(c.fields[name])


def of_columns(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """`gold.<table>` → column of the table → grade, of every fact and base table."""
    found: dict[str, dict[str, str]] = {}
    for name, base in catalogue.base.items():
        found[f"gold.{name}"] = {
            a: spec.grade or highest([_own(spec), *(g for _, g in _sources(a, spec, catalogue.contracts))])
            for a, spec in base.attributes.items()
        }
    for name, fact in catalogue.facts.items():
        found[f"gold.{name}"] = {
            column_name(c, spec): spec.grade
            or (
                _own(spec)
                if spec.type in ("person", "entity")
                else highest([_own(spec), *(g for _, g in _feeding(name, c, catalogue.contracts))])
            )
            for c, spec in fact.columns.items()
        }
    return found


def judge_gold(
    facts: Mapping[str, Fact], bases: Mapping[str, Base], contracts: Mapping[str, Contract], sources: Mapping[str, Source]
) -> list[Problem]:
    """A column of gold graded below what feeds it must say why."""
    found: list[Problem] = []
    tables: list[tuple[str, str, Any]] = [(f"facts/{n}.yaml", "columns", f.columns) for n, f in facts.items()]
    tables += [(f"base/{n}.yaml", "attributes", b.attributes) for n, b in bases.items()]
    for file, word, columns in tables:
        source = Source(file, lines=sources[file].lines if file in sources else {})
        table = file.split("/")[1].removesuffix(".yaml")
        for name, spec in columns.items():
            if not spec.grade or spec.grade_reason:
                continue
            above = [("", _own(spec)), *(_feeding(table, name, contracts) if word == "columns" else _sources(name, spec, contracts))]
            where, top = max(above, key=lambda pair: pair[1])
            if spec.grade < top:
                message = f"分级 {spec.grade} 低于来源 {where or 'pii'} 的 {top} / graded below what feeds it"
                source.problem((word, name, "grade"), message, "补上 grade_reason: 降级的理由 / add grade_reason")
        found += source.problems
    return found
