"""ODCS 3: documents validated by the JSON Schema and the models that the published library ships; what they say, by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from xihu.contract.arrivals import last_arrivals
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract
from xihu.contract.odcs import document, text

BODY: dict[str, Any] = {
    "code": "205201/0001",
    "title": "低保家庭",
    "provider": {"name": "市民政局", "uscc": "11330100MB0A00013T"},
    "summary": "每月一份",
    "grain": "one row per family per month",
    "share": {"type": "conditional", "basis": "《浙江省社会救助条例》第四十九条", "terms": "本人授权"},
    "open": {"type": "closed"},
    "update": "monthly",
    "delivery": {"files": "mz/低保_*.csv", "format": "csv", "encoding": "utf-8", "mode": "append"},
    "key": ["family_no", "month"],
    "fields": {
        "family_no": {"title": "家庭编号", "titles": ["家庭编码"], "type": "text", "length": 20},
        "month": {"title": "月份", "type": "month", "min": "2016-01-01"},
        "head_id": {"title": "户主身份证号", "type": "citizen_id", "required": True},
        "amount": {"title": "金额", "type": "money", "unit": "万元", "min": 0, "max": 2, "pii": "sensitive"},
        "called_at": {"title": "时间", "type": "datetime"},
        "place": {"title": "区县", "type": "division"},
    },
    "checks": {"per_head": {"sql": "amount <= 5000", "severity": "warning"}},
    "feeds": {"benefit_spell": {"person": "head_id"}},
    "expect": {"rows": {"min": 10, "max": 900}, "arrival_days": 5},
    "owner": "救助处",
    "retention": {"years": 30, "basis": "档案法"},
    "system": "大救助系统",
    "published": "2016-06-01",
}


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def contract(**changes: Any) -> Contract:
    return Contract.model_validate({**BODY, **changes}).placed("mz", "dibao")


def made(c: Contract, arrived: datetime | None = None) -> dict[str, Any]:
    return yaml.safe_load(text(document(c, Catalogue(Path("conf")), arrived)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expect": {"rows": {"max": 5}}},
        {"expect": {"rows": {"min": 5, "max": 5}}, "retention": {}},
        {"key": [], "checks": {}, "feeds": {}, "expect": {}, "retention": None, "update": "irregular"},
        {"share": {"type": "unconditional"}, "open": {"type": "conditional", "terms": "汇总"}},
    ],
)
def test_documents_are_valid(validator: Any, changes: dict[str, Any]) -> None:
    body = made(contract(**changes), datetime(2016, 12, 5, tzinfo=UTC))
    assert [f"{e.json_path}: {e.message}" for e in validator.iter_errors(body)] == []
    OpenDataContractStandard.model_validate(body)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("version"),
        lambda d: d["schema"][0]["properties"][0].update(logicalType="varchar"),
        lambda d: d["slaProperties"].append({"property": "x"}),
        lambda d: d.update(madeUp=1),
        lambda d: d["schema"][0]["quality"][0].update(metric="made_up"),
    ],
)
def test_the_validator_refuses_what_is_wrong(validator: Any, spoil: Any) -> None:
    body = made(contract())
    spoil(body)
    assert list(validator.iter_errors(body))


def test_what_a_document_says() -> None:
    body = made(contract(), datetime(2016, 12, 5, 1, 30, tzinfo=UTC))
    table = body["schema"][0]
    fields = {p["name"]: p for p in table["properties"]}
    assert (body["name"], body["version"], table["physicalName"]) == ("低保家庭", contract().version, "silver.mz__dibao")
    assert [(n, p["logicalType"], p["physicalType"]) for n, p in fields.items()] == [
        ("family_no", "string", "STRING"),
        ("month", "date", "DATE"),
        ("head_id", "string", "STRING"),
        ("amount", "number", "DECIMAL(18,2)"),
        ("called_at", "timestamp", "TIMESTAMP"),
        ("place", "string", "STRING"),
    ]
    assert fields["amount"]["logicalTypeOptions"] == {"minimum": 0, "maximum": 20000}, "元, as silver holds it"
    assert fields["family_no"]["primaryKeyPosition"] == 1 and fields["month"]["primaryKeyPosition"] == 2
    assert [p["classification"] for p in fields.values()] == ["L1", "L1", "L3", "L4", "L1", "L1"]
    rules = {r["name"]: r for r in table["quality"]}
    assert rules["usual_rows"]["mustBeBetween"] == [10, 900] and rules["per_head"]["severity"] == "warning"
    assert rules["per_head"]["query"] == "SELECT count(*) FROM silver.mz__dibao WHERE NOT (amount <= 5000)"
    sla = {p["property"]: p for p in body["slaProperties"]}
    assert sla["latency"]["value"] == 5 and sla["retention"]["value"] == 30 and sla["answer"]["unit"] == "workday"
    custom = {p["property"]: p["value"] for p in body["customProperties"]}
    assert custom["legalBasis"] == "《浙江省社会救助条例》第四十九条" and custom["lastArrival"].startswith("2016-12-05T01:30")
    assert custom["pii"] == {"direct": ["head_id"], "sensitive": ["amount"]} and custom["lineage"]["facts"] == ["gold.benefit_spell"]
    assert custom["lineage"]["system"] == "大救助系统" and custom["grade"] == "L4"
    assert body["team"]["members"][0]["name"] == "救助处"


def test_the_same_contract_gives_the_same_text() -> None:
    assert text(document(contract(), Catalogue(Path("conf")))) == text(document(contract(), Catalogue(Path("conf"))))


def test_last_arrivals_are_those_of_deliveries_that_stand(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path, {"mz__dibao": contract()})

    def deliver(folder: str, at: str, name: str, withdrawn: bool = False) -> None:
        where = tmp_path / "mz" / folder
        where.mkdir(parents=True)
        (where / ".delivery.json").write_text(json.dumps({"dept": "mz", "received_at": at, "files": [{"name": name}]}), "utf-8")
        if withdrawn:
            (where / ".withdrawn.json").write_text("{}", "utf-8")

    deliver("a", "2016-11-05T09:30:00+08:00", "低保_11.csv")
    deliver("b", "2016-12-05T09:30:00+08:00", "低保_12.csv")
    deliver("c", "2017-01-05T09:30:00+08:00", "低保_01.csv", withdrawn=True)
    deliver("d", "2017-02-05T09:30:00+08:00", "别的.csv")
    (tmp_path / "mz" / "e").mkdir()
    (tmp_path / "mz" / "e" / ".delivery.json").write_text("{", "utf-8")
    assert last_arrivals(tmp_path, catalogue) == {"mz__dibao": datetime.fromisoformat("2016-12-05T09:30:00+08:00")}
