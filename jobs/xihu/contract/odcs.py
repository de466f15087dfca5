"""A contract as a document of the Open Data Contract Standard 3 (Bitol, Linux Foundation): one YAML a contract.

Schema and quality are those of silver, as Trino shows it; what the standard has no word for stands under `customProperties`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import yaml

from xihu.contract import grades, words
from xihu.contract.derive import label, spark_type
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract, FieldSpec

VERSION = "v3.2.0"
_NAMESPACE = uuid.UUID("6b7f4c0e-5d0a-5b58-9d55-2f0d4a3f9c11")  # of all identifiers made here; never changes
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOGICAL = {
    "integer": "integer", "year": "integer", "number": "number", "money": "number", "date": "date", "month": "date",
    "datetime": "timestamp", "boolean": "boolean",
}  # fmt: skip
_PERIOD = {"realtime": "PT1M", "daily": "P1D", "weekly": "P7D", "monthly": "P1M", "quarterly": "P3M", "yearly": "P1Y"}


def documents(catalogue: Catalogue, arrivals: Mapping[str, datetime] | None = None) -> dict[str, dict[str, Any]]:
    """Resource → document, for every contract. `arrivals`: resource → newest receipt."""
    return {r: document(c, catalogue, (arrivals or {}).get(r)) for r, c in catalogue.contracts.items()}


def text(body: Mapping[str, Any]) -> str:
    """The document as YAML; the same contract gives the same text."""
    return yaml.dump(dict(body), Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=120)


def document(c: Contract, catalogue: Catalogue, arrived: datetime | None = None) -> dict[str, Any]:
    """One contract as plain data, ready for YAML."""
    table = {
        "name": c.resource, "physicalName": f"silver.{c.resource}", "physicalType": "table", "logicalType": "object",
        "businessName": c.title, "description": c.summary, "dataGranularityDescription": c.grain, "tags": _tags(c),
        "properties": [_property(c, name, spec) for name, spec in c.fields.items()], "quality": _quality(c),
    }  # fmt: skip
    limits = [words.SHARE[c.share.type], c.share.terms, words.OPEN[c.open.type], c.open.terms or c.open.basis]
    return {
        "apiVersion": VERSION, "kind": "DataContract", "id": str(uuid.uuid5(_NAMESPACE, c.code + " " + c.resource)), "name": c.title,
        "version": c.version, "status": "active", "tenant": c.provider.name, "domain": c.dept, "dataProduct": c.resource,
        "description": {"purpose": c.summary, "usage": c.grain, "limitations": "；".join(p for p in limits if p)}, "tags": _tags(c),
        "servers": [{"server": "lake", "type": "trino", "host": "localhost", "port": 8443, "catalog": "delta", "schema": "silver"}],
        "schema": [table],
        "support": [{"channel": c.provider.name, "tool": "other", "scope": "issues", "description": "回执与纠错由提供方受理"}],
        "team": {
            "name": c.provider.name,
            "description": "数源部门",
            "members": [
                {"username": f"{c.dept}.owner", "role": "owner", "name": c.owner or f"{c.provider.name}业务负责岗位"},
                {"username": f"{c.dept}.steward", "role": "steward", "name": c.steward or f"{c.provider.name}数据管理岗位"},
            ],
        },
        "roles": _roles(c), "slaDefaultElement": f"{c.resource}", "slaProperties": _sla(c),
        "customProperties": _custom(c, catalogue, arrived),
    }  # fmt: skip


def _tags(c: Contract) -> list[str]:
    return [c.code, words.SHARE[c.share.type], words.OPEN[c.open.type], grades.of_contract(c)]


def _property(c: Contract, name: str, spec: FieldSpec) -> dict[str, Any]:
    logical = _LOGICAL.get(spec.type, "string")
    found: dict[str, Any] = {
        "name": name, "businessName": label(spec, c.currency), "logicalType": logical, "physicalType": spark_type(spec),
        "required": spec.required or name in c.key, "classification": grades.of_field(spec),
    }  # fmt: skip
    if name in c.key:
        found |= {"primaryKey": True, "primaryKeyPosition": c.key.index(name) + 1}
    options = _options(spec, logical)
    if options:
        found["logicalTypeOptions"] = options
    if spec.titles:
        found["synonyms"] = [{"synonym": t} for t in spec.titles]
    custom = [_pair("xihuType", spec.type)]
    custom += [_pair(k, v) for k, v in (("pii", spec.pii_class), ("unit", spec.unit), ("codeList", spec.codes)) if v]
    if spec.grade_reason:
        custom.append(_pair("gradeReason", spec.grade_reason))
    found["customProperties"] = custom
    rules: list[dict[str, Any]] = []
    if found["required"]:
        rules.append({"name": f"{name}_present", "type": "library", "metric": "nullValues", "mustBe": 0, "dimension": "completeness"})
    if spec.type in ("citizen_id", "uscc", "licence_id", "code", "division"):
        said = {"code": f"值在代码表 {spec.codes} 之内", "division": "值是当时有效的行政区划代码"}.get(spec.type, "校验位成立")
        rules.append({"name": f"{name}_valid", "type": "text", "description": said, "dimension": "conformity"})
    if rules:
        found["quality"] = [{**rule, "severity": "error"} for rule in rules]
    return found


def _options(spec: FieldSpec, logical: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if logical in ("integer", "number", "date", "timestamp"):
        for word, limit in (("minimum", spec.min), ("maximum", spec.max)):
            if isinstance(limit, date):
                found[word] = limit.isoformat()
            elif isinstance(limit, Decimal):
                value = limit * spec.factor  # after conversion to the main unit
                found[word] = int(value) if value == value.to_integral_value() else float(value)
    if logical == "timestamp":
        found |= {"timezone": True}
    if logical == "string" and spec.length:
        found["maxLength"] = spec.length
    if spec.type == "citizen_id":
        found["pattern"] = "^[0-9]{17}[0-9X]$"
    elif spec.type == "uscc":
        found["pattern"] = "^[0-9A-HJ-NPQRTUWXY]{18}$"
    return found


def _quality(c: Contract) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if c.key:
        rules.append({
            "name": "unique_key", "type": "library", "metric": "duplicateValues", "mustBe": 0, "unit": "rows",
            "arguments": {"properties": list(c.key)}, "dimension": "uniqueness", "severity": "error",
        })  # fmt: skip
    rows = c.expect.rows
    if rows and (rows.min is not None or rows.max is not None):
        bound: dict[str, Any]
        if rows.min is not None and rows.max is not None and rows.min < rows.max:
            bound = {"mustBeBetween": [rows.min, rows.max]}
        elif rows.min is not None:
            bound = {"mustBeGreaterOrEqualTo": rows.min}
        else:
            bound = {"mustBeLessOrEqualTo": rows.max}
        rules.append({
            "name": "usual_rows", "type": "library", "metric": "rowCount", **bound, "dimension": "coverage", "severity": "warning",
            "description": "一份交付的行数",
        })  # fmt: skip
    for name, check in c.checks.items():
        rules.append({
            "name": name, "type": "sql", "query": f"SELECT count(*) FROM silver.{c.resource} WHERE NOT ({check.sql})", "mustBe": 0,
            "dimension": "consistency", "severity": check.severity, "description": check.message or name,
        })  # fmt: skip
    return rules


def _roles(c: Contract) -> list[dict[str, Any]]:
    """Nobody reads silver; people read gold and marts by conf/access.yaml."""
    steward = c.steward or f"{c.provider.name}数据管理岗位"
    return [
        {"role": "pipeline", "access": "write", "description": "装载作业；人员不得直接读写"},
        {"role": "applicant", "access": "read", "description": words.SHARE[c.share.type], "firstLevelApprovers": steward},
    ]


def _sla(c: Contract) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"property": "frequency", "value": words.UPDATE[c.update], "valueExt": _PERIOD.get(c.update, "irregular"), "driver": "operational"}
    ]
    if c.expect.arrival_days is not None:
        found.append({
            "property": "latency", "value": c.expect.arrival_days, "unit": "d", "driver": "operational", "description": "期末后到达"
        })  # fmt: skip
    for name, days in (("answer", c.sla.answer_days), ("supply", c.sla.supply_days), ("correction", c.sla.correct_days)):
        found.append({"property": name, "value": days, "unit": "workday", "driver": "regulatory", "description": "《政务数据共享条例》"})
    keep = c.retention
    if keep:
        value = {"value": keep.years, "unit": "y"} if keep.years is not None else {"value": "permanent"}
        found.append({"property": "retention", **value, "driver": "regulatory", "description": keep.basis or "保存期限"})
    return found


def _pair(name: str, value: Any) -> dict[str, Any]:
    return {"property": name, "value": value}


def lineage(c: Contract, catalogue: Catalogue) -> dict[str, Any]:
    """Where the resource comes from and what it feeds: `system`, `origin`, `files`, `facts`, `bases`."""
    bases = sorted(
        f"gold.{b}.{a}"
        for b, base in catalogue.base.items()
        for a, spec in base.attributes.items()
        if any(s.split(".")[0] == c.resource for s in spec.sources)
    )
    facts = [f"gold.{f}" for f in dict.fromkeys(f for f, _ in c.feed_maps())]
    found = {"system": c.system, "origin": c.origin, "files": c.delivery.files, "facts": facts, "bases": bases}
    return {k: v for k, v in found.items() if v}


def _custom(c: Contract, catalogue: Catalogue, arrived: datetime | None) -> list[dict[str, Any]]:
    pii: dict[str, list[str]] = {}
    for name, spec in c.fields.items():
        if spec.pii_class:
            pii.setdefault(spec.pii_class, []).append(name)
    pairs: list[tuple[str, Any]] = [
        ("resourceCode", c.code), ("providerUscc", c.provider.uscc), ("shareType", c.share.type), ("shareBasis", c.share.basis),
        ("shareTerms", c.share.terms), ("openType", c.open.type), ("openTerms", c.open.terms or c.open.basis),
        ("legalBasis", c.legal_basis or c.share.basis), ("grade", grades.of_contract(c)), ("gradeReason", c.grade_reason), ("pii", pii),
        ("lineage", lineage(c, catalogue)), ("lastArrival", arrived.isoformat() if arrived else None),
        ("published", c.published.isoformat() if c.published else None), ("relatedCodes", c.related),
        ("delivery", {"format": c.delivery.format, "mode": c.delivery.mode, "files": c.delivery.files}),
    ]  # fmt: skip
    return [_pair(k, v) for k, v in pairs if v not in (None, [], {})]
