"""dbt's list of sources, generated from conf: facts, base tables, reference tables, and what of `ops` the marts read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from xihu.contract.load import Catalogue
from xihu.gold.reference import CODE, DIVISION, PARAMETER, PROGRAMME, RESOURCE
from xihu.gold.schema import Shape, base_shape, fact_shape

FILE = "models/sources.yml"
_HEAD = "# Generated from conf/facts and conf/base by xihu.gold.sources; `xihu generate` writes it anew.\n"
_LEDGER = {
    "resource": "信息资源",
    "file": "交付文件",
    "received_at": "收到时刻",
    "verdict": "结论",
    "records_in": "数据记录数",
    "accepted": "接收",
    "quarantined": "隔离",
    "duplicate": "重复",
    "superseded": "被取代",
}


def _table(shape: Shape) -> dict[str, Any]:
    columns = [{"name": name, "data_type": kind.lower(), "description": comment} for name, kind, comment in shape.columns]
    return {"name": shape.table.split(".")[1], "description": shape.title, "columns": columns}


def render_sources(catalogue: Catalogue) -> str:
    """The text of `models/sources.yml`."""
    keys = {"person": "person_id", "legal_entity": "legal_entity_id"}
    shapes = [fact_shape(f) for f in catalogue.facts.values()]
    shapes += [base_shape(b, keys.get(name, f"{name}_id")) for name, b in catalogue.base.items()]
    shapes += [DIVISION, PARAMETER, PROGRAMME, RESOURCE, CODE]
    ledger = {
        "name": "ledger",
        "description": "交付台账：每个文件每次载入一行",
        "columns": [{"name": name, "description": text} for name, text in _LEDGER.items()],
    }
    gold = [_table(s) for s in sorted(shapes, key=lambda s: s.table)]
    page = {
        "version": 2,
        "sources": [
            {"name": "gold", "schema": "gold", "description": "基础库与事实表", "tables": gold},
            {"name": "ops", "schema": "ops", "description": "运行台账", "tables": [ledger]},
        ],
    }
    return _HEAD + yaml.safe_dump(page, allow_unicode=True, sort_keys=False, width=160)


def write_sources(catalogue: Catalogue, project: Path) -> bool:
    """Writes the file; True if its text changed."""
    file = project / FILE
    text = render_sources(catalogue)
    if file.exists() and file.read_text("utf-8") == text:
        return False
    file.write_text(text, "utf-8")
    return True
