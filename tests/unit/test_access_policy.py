"""A faulty access.yaml is refused with file, line and cure; a sound one gives stable files."""

from __future__ import annotations

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
import yaml

from xihu.settings import ROOT, Settings, settings
from xihu.share import access
from xihu.share.access import compile_access
from xihu.share.passwords import passwords
from xihu.share.policy import PolicyError, load_policy
from xihu.share.register import live

COST = access.ROUNDS
PAGE = (ROOT / "conf" / "access.yaml").read_text("utf-8")


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    conf = tmp_path / "conf"
    conf.mkdir()
    (conf / "access.yaml").write_text(PAGE, "utf-8")
    monkeypatch.setattr(access, "ROUNDS", 4)  # the product's 10 would take seconds a test
    return replace(settings(), home=tmp_path / "home", conf=conf)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("role: leader, title: 市领导", "role: leadr, title: 市领导", "unknown role 'leadr'"),
        ("purposes: [audit, supervision]", "purposes: [audit, supervison]", "unknown purpose 'supervison'"),
        ("level: place}", "level: plase}", "unknown level 'plase'"),
        ("to: [engineer], tables: [quarantine.*]", "to: [engineer], tables: [quarantin.*]", "no table of a known schema"),
        ("to: [auditor@audit], tables: [gold.*]", "to: [auditor@planning], tables: [gold.*]", "has no purpose 'planning'"),
        ("to: [auditor, engineer], tables: [ops.*]", "to: [auditor, admin], tables: [ops.*]", "may not read data"),
        ("rows: all}", "rows: own}", "names no division column"),
        ("to: [analyst, auditor@supervision], tables: [gold.*]", "to: [analyst, auditor], tables: [gold.*]", "twice"),
        ("administers: true", "administer: true", "no such setting"),
        ('division: "330106"}', 'division: "西湖区"}', "string_pattern|pattern"),
        ("    direct: \"CASE WHEN {column} IS NOT NULL THEN '***' END\"", "    direct: \"'***'\"", "without {column}"),
        ("      person_name: [name]\n", "      person_name: [name, sex]\n", "is also"),
        ("service: superset", "service: leader", "is the service's login"),
        ("roles:\n", "roles:\nroles:\n", "stands twice"),
        ("grants:\n", "grants: [\n", "not YAML"),
    ],
)
def test_a_fault_names_file_line_and_cure(city: Settings, old: str, new: str, says: str) -> None:
    file = city.conf / "access.yaml"
    assert old in PAGE, "the fault must be planted in the present page"
    file.write_text(PAGE.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError) as caught:
        load_policy(city.conf)
    assert re.search(says, str(caught.value))
    problem = caught.value.problems[0]
    assert problem.file == file and problem.cure
    planted = file.read_text("utf-8")[: PAGE.index(old)].count("\n") + 1
    assert abs(problem.line - planted) <= 3, (problem, planted)


def test_a_missing_page_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path)


def test_a_faulty_page_leaves_the_files_as_they_were(city: Settings) -> None:
    compile_access(city)
    etc = city.home / "trino" / "etc"
    before = {f.name: f.read_bytes() for f in etc.iterdir()}
    (city.conf / "access.yaml").write_text(PAGE.replace("level: place}", "level: plase}"), "utf-8")
    with pytest.raises(PolicyError):
        compile_access(city)
    assert {f.name: f.read_bytes() for f in etc.iterdir()} == before


def test_a_second_compilation_changes_nothing(city: Settings) -> None:
    assert compile_access(city).changed == ["rules.json", "group.txt", "password.db"]
    etc = city.home / "trino" / "etc"
    before = {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in etc.iterdir()}
    assert compile_access(city).changed == []
    assert {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in etc.iterdir()} == before
    assert sorted(before) == ["group.txt", "password.db", "rules.json"]


def test_each_login_opens_with_its_own_password_only(city: Settings) -> None:
    compile_access(city)
    known = passwords(city)
    assert COST == 10
    lines = dict(line.split(":", 1) for line in (city.home / "trino" / "etc" / "password.db").read_text("utf-8").splitlines())
    assert {"leader", "leader@overview", "caseworker_xihu", "auditor@supervision", "superset"} <= set(lines)
    assert all(hashed.startswith("$2b$04$") for hashed in lines.values())
    assert bcrypt.checkpw(known["leader"].encode(), lines["leader@overview"].encode())
    assert not bcrypt.checkpw(known["leader"].encode(), lines["leader_xihu"].encode())


def test_a_new_password_gives_a_new_hash(city: Settings) -> None:
    compile_access(city)
    file = city.secrets / "passwords.yaml"
    known = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(yaml.safe_dump({**known, "analyst": "Changed-By-Hand-7"}), "utf-8")
    assert compile_access(city).changed == ["password.db"]
    assert passwords(city)["analyst"] == "Changed-By-Hand-7"


def test_passwords_are_made_once_and_kept_private(city: Settings) -> None:
    first = passwords(city)
    assert first == passwords(city)
    file = city.secrets / "passwords.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(set(first.values())) == len(first)
    assert {"admin", "engineer", "analyst", "leader", "auditor", "caseworker", "caseworker_xihu", "superset"} <= set(first)
    for password in first.values():
        assert len(password) >= 20 and re.search("[a-z]", password) and re.search("[A-Z]", password) and re.search("[0-9]", password)


def test_the_lake_is_read_from_its_log(tmp_path: Path) -> None:
    log = tmp_path / "gold.db" / "person" / "_delta_log"
    log.mkdir(parents=True)
    column = {"name": "%s", "type": "string", "nullable": True, "metadata": {}}
    meta = json.dumps({"metaData": {"schemaString": json.dumps({"type": "struct", "fields": [column]})}}, separators=(",", ":")) + "\n"
    (log / "00000000000000000000.json").write_text('{"commitInfo":{}}\n' + meta % "old", "utf-8")
    (log / "00000000000000000001.json").write_text(meta % "new", "utf-8")
    (log / "00000000000000000002.json").write_text('{"add":{"path":"\\"metaData\\""}}\n', "utf-8")
    assert live(tmp_path, ["gold", "absent"]) == {"gold.person": ["new"]}
