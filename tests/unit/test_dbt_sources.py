"""What is generated for dbt is current, and dbt reads gold only."""

from __future__ import annotations

import re

from xihu.contract.load import load_catalogue
from xihu.contract.policy import load_programmes
from xihu.gold.sources import FILE, render_sources
from xihu.settings import settings


def test_sources_are_those_of_conf():
    root = settings().root
    assert (root / "dbt_project" / FILE).read_text("utf-8") == render_sources(load_catalogue(root / "conf"))


def test_no_department_and_no_silver_in_sql():
    root = settings().root
    resources = load_catalogue(root / "conf").contracts
    for file in (root / "dbt_project").glob("**/*.sql"):
        text = file.read_text("utf-8")
        assert not re.search(r"\b(silver|bronze|quarantine)\b", text), file
        assert not [r for r in resources if r in text], file


def test_conditions_of_a_programme_are_those_of_its_header():
    root = settings().root
    for code, header in load_programmes(root / "conf").items():
        sql = (root / "dbt_project" / "models" / "welfare" / f"{code.lower()}.sql").read_text("utf-8")
        assert set(re.findall(r" as c_(\w+)", sql)) == set(header.conditions), code
        assert set(re.findall(r"(?:years|parameter)\('(\w+)'\)", sql)) | {"grace_days"} == set(header.parameters), code
        assert f"'{header.covering}'" in sql
