"""The city's data standards: names agree over the whole catalogue, every list says where it is from, the page is current."""

from __future__ import annotations

import re

import pytest

from xihu.contract.elements import stale
from xihu.contract.lint import uses
from xihu.contract.load import Catalogue, check_catalogue
from xihu.contract.source import read_source
from xihu.contract.standardspage import load_about, render_standards
from xihu.settings import ROOT

CONF = ROOT / "conf"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    found, problems = check_catalogue(CONF, standards=True)
    assert not problems, "\n".join(map(str, problems))
    return found


def test_no_exception_outlives_its_cause(catalogue: Catalogue) -> None:
    sources = {f"{f.parent.name}__{f.stem}": read_source(f, f.name) for f in CONF.glob("catalogue/*/*.yaml")}
    sources |= {f"{k}/{f.name}": read_source(f, f.name) for k in ("facts", "base") for f in CONF.glob(f"{k}/*.yaml")}
    used: dict[str, set[str]] = {}
    for name, use in uses(catalogue.contracts, catalogue.facts, catalogue.base, sources):
        used.setdefault(name, set()).add(use.table)
    assert stale(catalogue.elements, used) == []


def test_the_page_is_current(catalogue: Catalogue) -> None:
    assert (ROOT / "docs" / "standards.md").read_text("utf-8") == render_standards(catalogue), "run `xihu generate`"


def test_every_list_of_a_standard_says_so(catalogue: Catalogue) -> None:
    about = load_about(CONF)
    assert set(about.lists) <= set(catalogue.codes), "lists.yaml names a list that is not there"
    assert set(about.crosswalks) == set(catalogue.crosswalks)
    for name, element in catalogue.elements.items():
        for listed in element.lists:
            if element.standard and re.match(r"(GB|HJ|JY|GA)/?", element.standard):
                assert about.lists[listed].standard not in (None, "own"), f"{name} follows {element.standard}, its list {listed} does not"


def test_the_page_names_every_list_and_element(catalogue: Catalogue) -> None:
    page = (ROOT / "docs" / "standards.md").read_text("utf-8")
    for name in [*catalogue.codes, *catalogue.crosswalks, *catalogue.elements]:
        assert f"| `{name}` |" in page


def test_lists_stay_small_enough_to_read() -> None:
    assert all(file.stat().st_size < 600_000 for file in (CONF / "codes").rglob("*.csv"))


def test_every_code_a_contract_maps_to_was_valid_at_the_plans_date(catalogue: Catalogue) -> None:
    from datetime import date

    for contract in catalogue.contracts.values():
        for name, spec in contract.fields.items():
            if spec.type == "code" and spec.codes and contract.provider.name.startswith("市"):
                assert any(row.valid(date(2016, 12, 5)) for row in catalogue.codes[spec.codes].rows), (contract.resource, name)
