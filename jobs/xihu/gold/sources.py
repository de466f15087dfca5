"""dbt's list of sources, generated from conf: facts, base tables, reference tables, and what of `ops` the marts read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from xihu.contract import words
from xihu.contract.load import Catalogue
from xihu.gold.reference import CODE, CROSSWALK, DIVISION, FIELD, PARAMETER, PROGRAMME, RESOURCE, STREET
from xihu.gold.schema import Shape, base_shape, fact_shape

FILE = "models/sources.yml"
_GOLD = re.compile(r"source\(\s*['\"]gold['\"]\s*,\s*['\"](\w+)['\"]")
_HEAD = "# Generated from conf/facts and conf/base by xihu.gold.sources; `xihu generate` writes it anew.\n"
_LEDGER = {
    "delivery_id": "交付编号",
    "dept": "部门文件夹",
    "resource": "信息资源",
    "file": "交付文件",
    "received_at": "收到时刻",
    "verdict": "结论",
    "reason": "整件拒收原因",
    "detail": "说明",
    "cure": "处置建议",
    "contract_version": "目录版本",
    "run_id": "运行编号",
    "records_in": "数据记录数",
    "accepted": "接收",
    "quarantined": "隔离",
    "duplicate": "重复",
    "superseded": "被取代",
}
_QUALITY = {
    "run_id": "运行编号",
    "resource": "信息资源",
    "delivery_id": "交付编号",
    "file": "交付文件",
    "field": "字段或核对",
    "kind": "类别",
    "name": "名称",
    "records": "记录数",
}
# What a reason takes away from: `valid` unless it is about something else, so that every refused record lowers one share and one only.
_DIMENSION = {
    "missing_key": "complete",
    "duplicate_key": "unique",
    "inconsistent": "consistent",
    "check_failed": "consistent",
    "swapped_fields": "consistent",
}


def _table(shape: Shape) -> dict[str, Any]:
    columns = [{"name": name, "data_type": kind.lower(), "description": comment} for name, kind, comment in shape.columns]
    return {"name": shape.table.split(".")[1], "description": shape.title, "columns": columns}


def render_sources(catalogue: Catalogue) -> str:
    """The text of `models/sources.yml`."""
    keys = {"person": "person_id", "legal_entity": "legal_entity_id"}
    shapes = [fact_shape(f) for f in catalogue.facts.values()]
    shapes += [base_shape(b, keys.get(name, f"{name}_id")) for name, b in catalogue.base.items()]
    shapes += [DIVISION, STREET, CROSSWALK, PARAMETER, PROGRAMME, RESOURCE, FIELD, CODE]
    ops = [
        {"name": table, "description": title, "columns": [{"name": name, "description": text} for name, text in columns.items()]}
        for table, title, columns in (
            ("ledger", "交付台账：每个文件每次载入一行", _LEDGER),
            ("quality", "质量台账：每次载入按文件与字段的修复、提醒与隔离原因", _QUALITY),
        )
    ]
    gold = [_table(s) for s in sorted(shapes, key=lambda s: s.table)]
    page = {
        "version": 2,
        "sources": [
            {"name": "gold", "schema": "gold", "description": "基础库与事实表", "tables": gold},
            {"name": "ops", "schema": "ops", "description": "运行台账", "tables": ops},
        ],
    }
    return _HEAD + yaml.safe_dump(page, allow_unicode=True, sort_keys=False, width=160)


def asked_for(project: Path) -> set[str]:
    """Tables of gold that some model or test of the dbt project reads."""
    files = (f for part in ("models", "tests", "macros") for f in (project / part).rglob("*.sql"))
    return {name for f in files for name in _GOLD.findall(f.read_text("utf-8"))}


def render_reasons() -> str:
    """The text of `seeds/fault_reason.csv`: why records and files are refused, in words, and the share of the scorecard each lowers."""
    lines = ["level,reason,family,dimension,name"]
    lines += [f"record,{r},{family},{_DIMENSION.get(r, 'valid')},{name}" for r, (family, name, _) in words.RECORD_REASON.items()]
    lines += [f"file,{r},,,{name}" for r, name in words.FILE_REASON.items()]
    return "\n".join(lines) + "\n"


def write_sources(catalogue: Catalogue, project: Path) -> bool:
    """Writes the file; True if its text changed."""
    file = project / FILE
    text = render_sources(catalogue)
    if file.exists() and file.read_text("utf-8") == text:
        return False
    file.write_text(text, "utf-8")
    return True
