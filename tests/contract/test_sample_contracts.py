"""The sample city's files under the city's contracts: no clean row is refused, each planted dirt gets the reason that was foretold.

Readers and standards do the judging, without Spark; the dirt and its expected reason were written down by the generator, which shares no
code with them. Outcomes that need whole tables (checks, duplicates) are left to the Spark tests.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from xihu.bronze.formats import csv as csv_format
from xihu.bronze.formats import fixed as fixed_format
from xihu.bronze.formats import xlsx as xlsx_format
from xihu.contract.load import Catalogue, load_catalogue
from xihu.sample import deliveries, generate
from xihu.sample.resources import RESOURCES
from xihu.standards.value import parser_for

CONF = Path(__file__).resolve().parents[2] / "conf"
READERS = {"csv": csv_format, "fixed": fixed_format, "xlsx": xlsx_format}
WHOLE_TABLE = {"duplicate", "duplicate_key", "check_failed", "inconsistent"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(CONF)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("city")
    generate(home / "landing", persons=5_000, seed=2, months=3, dirt_rate=4.0)
    return home


def read_truth(city: Path, name: str) -> list[dict[str, str]]:
    with (city / "truth" / f"{name}.csv").open(encoding="utf-8") as f:
        return list(csv.DictReader(f))


def judge(path: Path, catalogue: Catalogue) -> tuple[str, int, dict[tuple[str, int], str]]:
    """(reason the whole file is refused, records, {(sheet, row): reasons of the record})."""
    contract = catalogue.find(path.parent.name, path.name)
    assert contract is not None, f"no contract for {path.parent.name}/{path.name}"
    reader = READERS[contract.delivery.format]
    inspection = reader.inspect(path, contract)
    if hasattr(inspection, "reason"):
        return inspection.reason, 0, {}
    received = path.parent.parent.name
    as_of = date(int(received[:4]), int(received[4:6]), int(received[6:8]))
    parsers = [(name, parser_for(name, contract, catalogue.codes)) for name in contract.fields]
    found, n = {}, 0
    for batch in reader.read(path, contract, inspection):
        for row in batch.to_pylist():
            n += 1
            reasons = [row["_reason"]] if row["_reason"] else []
            if not reasons:
                reasons = [r for (_, parse), cell in zip(parsers, row["_cells"], strict=True) if (r := parse(cell, as_of).reason)]
            if reasons:
                sheet = row["_file"].partition("#")[2] if contract.delivery.format == "xlsx" else ""
                found[sheet, row["_row"]] = reasons[0]
    return "", n, found


def test_every_file_and_row_is_judged_as_foretold(city: Path, catalogue: Catalogue) -> None:
    dirt: dict[tuple[str, str], dict[tuple[str, int], tuple[str, str]]] = defaultdict(dict)
    for r in read_truth(city, "dirt"):
        dirt[r["delivery"], r["file"]][r["sheet"], int(r["row"])] = (r["class"], r["expected"])
    wrong: list[str] = []
    seen: Counter[str] = Counter()
    for r in read_truth(city, "deliveries"):
        reason, n, found = judge(city / "landing" / r["delivery"] / r["dept"] / r["file"], catalogue)
        if r["expected_verdict"] == "duplicate":
            continue  # the same bytes as before: only the ledger can know
        where = f"{r['delivery']}/{r['file']}"
        if r["expected_verdict"] == "refused":
            wrong += [f"{where}: {reason or 'accepted'}, not {r['expected_reason']}"] * (reason != r["expected_reason"])
            continue
        wrong += [f"{where}: refused {reason}"] * bool(reason)
        wrong += [f"{where}: {n} records, not {r['records']}"] * (str(n) != r["records"])
        planted = dirt[r["delivery"], r["file"]]
        for place in set(planted) | set(found):
            kind, expected = planted.get(place, ("clean", "accepted"))
            got = found.get(place, "accepted")
            want = "accepted" if expected in ("repaired", "accepted") or expected in WHOLE_TABLE else expected
            seen[kind] += 1
            wrong += [f"{where} {place} {kind}: {got}, not {want}"] * (got != want)
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"
    assert len(seen) >= 38, sorted(seen)


def test_every_resource_has_a_contract_with_its_columns(city: Path, catalogue: Catalogue) -> None:
    """Header by header: the sender's titles are the contract's, and nothing of the contract is missing."""
    for name, r in RESOURCES.items():
        contract = catalogue.contracts[name]
        titles = {t: field for field, spec in contract.fields.items() for t in (spec.title, *spec.titles)}
        assert [titles.get(c[1]) for c in r.columns] == r.fields, name
        absent = set(contract.fields) - set(r.fields)
        assert absent <= {contract.delivery.layout.sheet_field if contract.delivery.layout else None}, (name, absent)
        assert contract.feeds, f"{name} feeds nothing"
    arrived = {(d, f.name) for _, d, files in deliveries(city / "landing") for f in files}
    assert {catalogue.find(d, f).resource for d, f in arrived} == set(RESOURCES)  # type: ignore[union-attr]
    assert len({r.dept for r in RESOURCES.values()}) >= 10
