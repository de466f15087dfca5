"""Open data made by others under ordinary contracts: every record accounted for, refusals counted and few."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from xihu.bronze.formats import csv as csv_format
from xihu.contract.load import load_catalogue
from xihu.standards.value import parser_for

CONF = Path(__file__).resolve().parents[2] / "conf"
# Resource, files, data records as the collector of the files counted them, records a strict reader refuses and why.
CASES = [
    # two unlabelled grand totals, one supplier whose name begins with @
    ("uk__leeds_payments", "uk_spending/leeds/*.csv", 63_951, {"missing_key": 2, "formula_injection": 1}),
    ("wj__epidemic_daily", "covid19/*.csv", 31_263, {}),
    ("tj__street_codes", "divisions/hangzhou_streets.csv", 196, {}),
    ("tj__village_codes", "divisions/hangzhou_villages.csv", 3_320, {}),
]


@pytest.mark.parametrize(("resource", "files", "records", "refused"), CASES, ids=[c[0] for c in CASES])
def test_real_files(shared: Path, resource: str, files: str, records: int, refused: dict[str, int]) -> None:
    catalogue = load_catalogue(CONF)
    contract = catalogue.contracts[resource]
    parsers = [parser_for(name, contract, catalogue.codes) for name in contract.fields]
    n, reasons = 0, Counter[str]()
    for path in sorted((shared / "real").glob(files)):
        assert catalogue.find(contract.dept, path.name) is contract
        inspection = csv_format.inspect(path, contract)
        assert not hasattr(inspection, "reason"), inspection
        for batch in csv_format.read(path, contract, inspection):
            for row in batch.to_pylist():
                n += 1
                found = [row["_reason"]] if row["_reason"] else []
                found += [r for parse, cell in zip(parsers, row["_cells"], strict=True) if (r := parse(cell, date(2026, 1, 1)).reason)]
                reasons.update(found[:1])
    assert n == records
    assert dict(reasons) == refused
    assert sum(reasons.values()) <= records / 1000
