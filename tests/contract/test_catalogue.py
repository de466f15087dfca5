"""The city's own catalogue: it loads, editors agree with the loader, and every value of its code maps is real."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from xihu.contract import derive
from xihu.contract.load import Catalogue, check_catalogue
from xihu.contract.schema import MODELINE, schema_text
from xihu.settings import ROOT
from xihu.standards.value import parser_for

CONF = ROOT / "conf"
FILES = sorted((CONF / "catalogue").glob("*/*.yaml"))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    found, problems = check_catalogue(CONF)
    assert not problems, "\n".join(map(str, problems))
    return found


def test_every_file_is_a_contract(catalogue: Catalogue) -> None:
    assert FILES, "a city without contracts"
    assert set(catalogue.contracts) == {f"{f.parent.name}__{f.stem}" for f in FILES}
    assert len({c.version for c in catalogue.contracts.values()}) == len(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_editors_agree(file) -> None:
    text = file.read_text("utf-8")
    assert text.startswith(MODELINE), f"begin the file with {MODELINE}"
    body = json.loads(json.dumps(yaml.safe_load(text), default=str))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(body)


def test_every_field_has_a_parser_a_type_and_a_label(catalogue: Catalogue) -> None:
    from datetime import date

    for contract in catalogue.contracts.values():
        for name, spec in contract.fields.items():
            parser = parser_for(name, contract, catalogue.codes)
            assert parser(None, date(2016, 12, 31)).value is None
            assert derive.spark_type(spec)
            derive.mask_of(spec, name)
        assert set(derive.superset_labels(contract)) == set(contract.fields)
        assert derive.spark_ddl(contract).count("COMMENT") == len(contract.fields) + len(derive.SILVER_SYSTEM)


def test_every_code_map_leads_to_a_valid_code(catalogue: Catalogue) -> None:
    from datetime import date

    for contract in catalogue.contracts.values():
        for name, spec in contract.fields.items():
            if spec.type == "code" and spec.map:
                parser = parser_for(name, contract, catalogue.codes)
                for sent, code in spec.map.items():
                    assert parser(sent, date(2016, 12, 31)).value == code, f"{contract.resource}.{name}: {sent}"


def test_every_person_grain_fact_is_fed_or_known_to_wait(catalogue: Catalogue) -> None:
    fed = {fact for c in catalogue.contracts.values() for fact, _ in c.feed_maps()}
    assert fed <= set(catalogue.facts)
