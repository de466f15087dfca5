"""What each person is given and refused, asked of the real Trino. Expectations are written by hand, not read from access.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from city import City
from served import Door, Refused, settings_of

pytestmark = pytest.mark.engines

MARTS, GOLD, OPS, QUARANTINE = "social_security", "gold", "ops", "quarantine"
# login → schemas of which it reads tables; for gold None means every declared table, a set means these.
MAY: dict[str, dict[str, set[str] | None]] = {
    "admin": {},
    "engineer": {OPS: None, QUARANTINE: None},
    "analyst": {MARTS: None, GOLD: None},
    "leader": {MARTS: None},
    "leader_xihu": {MARTS: None},
    "auditor": {MARTS: None, GOLD: None, OPS: None},
    "auditor@supervision": {MARTS: None, GOLD: None, OPS: None},
    "caseworker": {MARTS: None, GOLD: {"person", "entitlement", "warning", "division", "parameter"}},
    "caseworker_xihu": {MARTS: None, GOLD: {"person", "entitlement", "warning", "division", "parameter"}},
}
PERSONS = ["person", "person_identifier", "entitlement", "benefit_payment", "insurance_spell"]


@pytest.fixture(scope="module")
def door(city: City) -> Iterator[Door]:
    with settings_of(city.home) as s:
        yield Door.of(s)


@pytest.fixture(scope="module")
def tables(door: Door) -> list[tuple[str, str]]:
    """Every table that stands in the warehouse; of the many alike (one a resource) two a schema."""
    found: dict[str, list[str]] = {}
    for log in sorted(Path(door.s.warehouse).glob("*.db/*/_delta_log")):
        found.setdefault(log.parent.parent.name.removesuffix(".db"), []).append(log.parent.name)
    assert {MARTS, GOLD, OPS} <= set(found), found
    return [(schema, t) for schema, names in found.items() for t in (names[:2] if schema in ("bronze", "silver", "quarantine") else names)]


@pytest.mark.parametrize("login", list(MAY))
def test_each_table_is_read_by_those_named_and_by_nobody_else(door: Door, tables: list[tuple[str, str]], login: str) -> None:
    wrong = []
    undeclared = {t for t in tables if t[0] == GOLD and not door.may("auditor", f"SELECT count(*) FROM delta.gold.{t[1]}")}
    assert len(undeclared) < 12, undeclared
    for schema, table in tables:
        some = MAY[login].get(schema, set())
        expected = (some is None and (schema, table) not in undeclared) or (some is not None and table in some)
        if door.may(login, f"SELECT count(*) FROM delta.{schema}.{table}") != expected:
            wrong.append((schema, table, expected))
    assert not wrong


def test_the_person_tables_are_declared(door: Door) -> None:
    """The list above lets undeclared tables pass as closed to all; these must not be among them."""
    for table in PERSONS:
        assert door.may("auditor", f"SELECT count(*) FROM delta.gold.{table}"), table
        assert door.may("analyst", f"SELECT count(*) FROM delta.gold.{table}"), table


@pytest.mark.parametrize("login", ["admin", "engineer", "analyst", "auditor", "caseworker_xihu"])
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM delta.social_security.district_month_coverage",
        "UPDATE delta.social_security.district_month_coverage SET gap = 0",
        "INSERT INTO delta.social_security.district_tile SELECT * FROM delta.social_security.district_tile",
        "CREATE TABLE delta.social_security.mine (a integer)",
        "CREATE TABLE delta.social_security.mine AS SELECT 1 AS a",
        "CREATE VIEW delta.social_security.mine AS SELECT 1 AS a",
        "CREATE SCHEMA delta.mine",
        "DROP TABLE delta.social_security.district_tile",
        "ALTER TABLE delta.social_security.district_tile ADD COLUMN a integer",
        "COMMENT ON TABLE delta.social_security.district_tile IS 'x'",
        "ANALYZE delta.social_security.district_tile",
        "CALL delta.system.vacuum('gold', 'person', '7d')",
        "CALL delta.system.register_table('gold', 'x', 'file:/tmp/x')",
        "CALL delta.system.flush_metadata_cache()",
        "SELECT * FROM TABLE(delta.system.table_changes('gold', 'person', 0))",
        'SELECT * FROM delta.gold."person$history"',
        'SELECT * FROM delta.gold."person$properties"',
        'SELECT "$path" FROM delta.gold.person',
        "SHOW CREATE TABLE delta.social_security.district_tile",
        "SET SESSION delta.statistics_enabled = false",
        "SET SESSION query_max_run_time = '1h'",
        "GRANT SELECT ON delta.gold.person TO USER leader",
    ],
)
def test_nobody_writes_or_goes_round_the_filters(door: Door, login: str, sql: str) -> None:
    with pytest.raises(Refused) as caught:
        door.ask(login, sql)
    assert caught.value.name in ("PERMISSION_DENIED", "NOT_SUPPORTED"), caught.value


def test_the_analyst_sees_people_without_their_names_and_numbers(door: Door) -> None:
    key = """SELECT person_id, name, birth_date FROM delta.gold.person
             WHERE name IS NOT NULL AND known_to IS NULL AND birth_date IS NOT NULL ORDER BY person_id, valid_from, known_from LIMIT 200"""
    clear, masked, supervised = door.ask("auditor", key), door.ask("analyst", key), door.ask("auditor@supervision", key)
    assert len(clear) > 100 and masked == supervised
    for (person, name, born), (other, shown, year) in zip(clear, masked, strict=True):
        assert person == other and len(shown) == len(name) and shown != name
        assert set(shown[2:]) <= {"*"} and (len(name) == 1 or shown[0] == name[0]), (name, shown)
        assert born is None or (year.year == born.year and (year.month, year.day) == (1, 1))
    numbers = (
        "SELECT person_id, id_value FROM delta.gold.person_identifier WHERE id_type LIKE 'citizen%' ORDER BY person_id, id_value LIMIT 200"
    )
    whole = dict(map(tuple, door.ask("auditor", numbers)))
    assert whole and all(len(v) >= 15 and "*" not in v for v in whole.values())
    for value in (v for _, v in door.ask("analyst", numbers)):
        assert set(value[3:-2]) == {"*"} and len(value) >= 15
    found = whole[next(iter(whole))]
    assert door.ask("analyst", f"SELECT count(*) FROM delta.gold.person_identifier WHERE id_value = '{found}'") == [[0]], (
        "a mask may not be searched through"
    )


@pytest.mark.parametrize("table", ["entitlement", "warning"])
def test_a_district_sees_its_own_people_only(door: Door, table: str) -> None:
    own = door.ask("caseworker_xihu", f"SELECT count(*), count_if(NOT starts_with(division, '330106')) FROM delta.gold.{table}")
    every = door.ask("auditor", f"SELECT count(*), count_if(starts_with(division, '330106')) FROM delta.gold.{table}")
    assert own == [[every[0][1], 0]] and every[0][0] >= every[0][1]
    assert door.ask("caseworker", f"SELECT count(*) FROM delta.gold.{table}") == [[every[0][0]]], (
        "the city's caseworker sees all, also people of no known district"
    )
    old = door.ask("caseworker_xihu", f"SELECT count_if(NOT starts_with(division, '330106')) FROM delta.gold.{table} FOR VERSION AS OF 0")
    assert old in ([[0]], [[None]]), "old versions are filtered too"


def test_a_district_leader_sees_the_marts_of_the_district(door: Door) -> None:
    for table in ("district_month_coverage", "district_month_gap_reason", "district_month_payment", "district_tile"):
        assert door.ask("leader_xihu", f"SELECT DISTINCT district FROM delta.social_security.{table}") in ([["330106"]], []), table
        assert door.ask("leader", f"SELECT count(DISTINCT district) FROM delta.social_security.{table}")[0][0] > 2, table
    assert door.ask("leader_xihu", "SELECT count(*) FROM delta.social_security.district_month_coverage")[0][0] > 0


def test_a_refused_record_is_placed_but_not_quoted(door: Door, tables: list[tuple[str, str]]) -> None:
    named = [t for schema, t in tables if schema == QUARANTINE]
    assert named
    for table in named:
        rows = door.ask("engineer", f"SELECT file, row, reason, raw, detail FROM delta.quarantine.{table} LIMIT 50")
        for _, row, reason, raw, detail in rows:
            assert row is not None and reason and raw is None
            assert detail is None or detail == "***" or reason in ("truncated", "bad_length", "bad_crc", "bad_encoding", "column_count")


def test_the_catalogue_shows_each_what_it_may_read(door: Door) -> None:
    def schemas(login: str) -> set[str]:
        return {row[0] for row in door.ask(login, "SHOW SCHEMAS FROM delta")} - {"information_schema"}

    assert schemas("leader") == {MARTS} and schemas("analyst") == {MARTS, GOLD} and schemas("engineer") == {OPS, QUARANTINE}
    with pytest.raises(Refused):
        schemas("admin")
    listed = door.ask("leader", "SELECT DISTINCT table_schema FROM delta.information_schema.columns")
    assert {row[0] for row in listed} <= {MARTS, "information_schema"}


def test_superset_acts_for_people_but_never_for_administrators_or_itself(door: Door) -> None:
    sql = "SELECT count(*) FROM delta.social_security.district_tile"
    assert door.ask("leader", sql, authenticated="superset") == door.ask("leader", sql)
    assert door.ask("leader@overview", sql, authenticated="superset") == door.ask("leader", sql)
    for person in ("admin", "admin@administration", "superset", "nobody", "leader@audit"):
        with pytest.raises(Refused, match=r"impersonate|execute"):
            door.ask(person, sql, authenticated="superset")
    with pytest.raises(Refused, match="impersonate"):
        door.ask("analyst", sql, authenticated="leader")


def test_wrong_passwords_and_purposes_do_not_enter(door: Door) -> None:
    for login, password in (
        ("leader", door.passwords["analyst"]),
        ("leader", "leader"),
        ("leader@audit", door.passwords["leader"]),
        ("nobody", "x"),
    ):
        with pytest.raises(Refused, match="401"):
            door.ask(login, "SELECT 1", password=password)
    plain = requests.post(
        f"http://127.0.0.1:{door.s.ports.trino_http}/v1/statement", data="SELECT 1", headers={"X-Trino-User": "auditor"}, timeout=30
    )
    assert plain.status_code in (401, 403)


def test_only_administrators_see_and_end_queries(door: Door) -> None:
    assert door.may("admin", "SELECT count(*) FROM system.runtime.queries")
    for login in ("leader", "analyst", "auditor", "engineer"):
        assert not door.may(login, "SELECT count(*) FROM system.runtime.queries")
        with pytest.raises(Refused) as caught:
            door.ask(login, "CALL system.runtime.kill_query(query_id => '20000101_000000_00000_xxxxx', message => 'x')")
        assert caught.value.name == "PERMISSION_DENIED"
