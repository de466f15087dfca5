"""The whole way and back: the department's file, the ledger, the dashboard; against truths that the pipeline never reads."""

from __future__ import annotations

import csv
import json
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from city import MONTHS, PERSONS, SEED
from served import Door, Portal, Refused, settings_of

pytestmark = pytest.mark.engines

MONTH = "2016-12-01"
LATEST = "(select *, row_number() over (partition by delivery_id, file, resource order by run_id desc) n from delta.ops.ledger)"


@pytest.fixture(scope="module")
def door(city) -> Iterator[Door]:
    with settings_of(city.home) as s:
        yield Door.of(s)


def truth(city, name: str) -> list[dict[str, str]]:
    with (city.home / "sample" / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.fixture(scope="module")
def foretold(city) -> dict[tuple[str, str], dict[str, str]]:
    """(id, programme) → truth of the newest month, persons whose data were spoilt on purpose left out."""
    rows = truth(city, "entitlement")
    return {(r["id18"], r["programme"]): r for r in rows if r["month"] == MONTH and not r["affected_by_dirt"]}


def test_every_file_gets_the_verdict_it_deserves(city, door: Door) -> None:
    got = door.ask("engineer", f"select file, verdict, reason from {LATEST} where n = 1")
    ledger = {}
    for file, verdict, reason in got:
        _, dept, _, name = file.split("/", 3)
        ledger.setdefault((dept, name), []).append((verdict, reason))
    wanted: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in truth(city, "deliveries"):
        wanted[row["dept"], row["file"]].append((row["expected_verdict"], row["expected_reason"]))
    assert set(ledger) == set(wanted)
    for key, expected in wanted.items():
        found = Counter((v.replace("_with_quarantine", ""), r or "") for v, r in ledger[key])
        assert found == Counter((v.replace("_with_quarantine", ""), r) for v, r in expected), key


def test_the_books_balance_and_nothing_is_missing(city, door: Door) -> None:
    rows = door.ask(
        "engineer",
        f"select file, records_in, accepted, quarantined, duplicate, superseded from {LATEST} where n = 1 and records_in is not null",
    )
    assert all(r[1] == r[2] + r[3] + r[4] + r[5] for r in rows)
    written: Counter[tuple[str, str]] = Counter()
    for row in truth(city, "totals"):
        written[row["delivery"][:8], row["file"]] += int(row["records"])
    held = Counter()
    for file, n, *_ in rows:
        held[file.rsplit("/", 1)[-1]] += n
    expected: Counter[str] = Counter()
    for (_, file), n in written.items():
        expected[file] += n
    refused = {r["file"] for r in truth(city, "deliveries") if r["expected_verdict"] == "refused"}
    for file, n in expected.items():
        if file not in refused:
            assert held[file] == n, file


def landed(delivery: str) -> str:
    """The beginning of a delivery's folder in landing, from the instant the sample city gives (`20161105T161500+0800`)."""
    return datetime.strptime(delivery, "%Y%m%dT%H%M%S%z").astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_refused_records_are_those_that_were_spoilt(city, door: Door) -> None:
    """No clean row is refused, no row that must be is let through, and the reasons are those foretold."""
    refused_files = {
        (landed(r["delivery"]), r["file"]) for r in truth(city, "deliveries") if r["expected_verdict"] in ("refused", "duplicate")
    }
    wanted: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for row in truth(city, "dirt"):
        if (
            row["expected"] in ("repaired", "accepted", "duplicate", "superseded")
            or (landed(row["delivery"]), row["file"]) in refused_files
        ):
            continue
        name = row["file"] + (f"#{row['sheet']}" if row["sheet"] else "")
        wanted[landed(row["delivery"]), name, int(row["row"])].add(row["expected"])
    found: dict[tuple[str, str, int], str] = {}
    for (table,) in door.ask("engineer", "show tables from delta.quarantine"):
        for file, number, reason in door.ask("engineer", f"select file, row, reason from delta.quarantine.{table}"):
            _, _, delivery, name = file.split("/", 3)
            found[delivery.split("-")[0], name, number] = reason
    clean = {k: r for k, r in found.items() if k not in wanted}
    passed = {k: r for k, r in wanted.items() if k not in found}
    other = {k: (r, wanted[k]) for k, r in found.items() if k in wanted and r not in wanted[k]}
    # Both records of a contradicting pair are refused; the truth names the one that was added.
    clean = {k: r for k, r in clean.items() if r != "duplicate_key"}
    assert found
    assert not clean, list(clean.items())[:10]
    assert not passed, list(passed.items())[:10]
    assert not other, list(other.items())[:10]


def test_the_gaps_are_those_of_the_world(city, door: Door, foretold) -> None:
    """Precision and recall of certain gaps against the oracle that looked at the world, not at the extracts."""
    rows = door.ask(
        "auditor",
        f"""select i.id_value, e.programme, e.gap, e.reason_not_gap, e.covered from delta.gold.entitlement e
            join delta.gold.person_identifier i on i.person_id = e.person_id and i.known_to is null and i.id_type = 'citizen_id'
            where e.month = date '{MONTH}' and e.known_to is null and e.loaded_to is null""",
    )
    got = {(r[0], r[1]): r for r in rows}
    for programme in ("W9", "W12a", "W12b"):
        claimed = {k for k, r in got.items() if k[1] == programme and r[2] and k in foretold}
        real = {k for k, r in foretold.items() if k[1] == programme and r["gap"] == "true"}
        # A person of no truth row is one who is not entitled, or one spoilt on purpose; the former would be a false gap.
        spoilt = {r["id18"] for r in truth(city, "entitlement") if r["affected_by_dirt"]}
        strangers = {k for k, r in got.items() if k[1] == programme and r[2] and k not in foretold and k[0] not in spoilt}
        right = claimed & real
        assert real, programme
        assert len(right) / max(1, len(claimed | strangers)) >= 0.98, (programme, sorted((claimed - real) | strangers)[:5])
        assert len(right) / len(real) >= 0.98, (programme, sorted(real - right)[:5])
    for key, row in foretold.items():
        if row["entitled"] == "yes" and row["reason_not_gap"] and key in got:
            assert got[key][3] == row["reason_not_gap"], key


def person_in_gap(city, door: Door, foretold) -> tuple[str, str]:
    """Somebody over eighty without the allowance, and their district."""
    rows = sorted((k[0], r["division"]) for k, r in foretold.items() if k[1] == "W9" and r["gap"] == "true")
    return random.Random(5).choice(rows)


def test_one_person_from_the_line_to_the_dashboard_and_back(city, door: Door, foretold) -> None:
    id18, division = person_in_gap(city, door, foretold)
    lines = [
        (path, number)
        for path in sorted((city.home / "landing" / "ga").glob("*/户籍人口_*.csv"))
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if id18.encode() in line
    ]
    assert lines, "the person stands in the police register"
    person, gap = door.ask(
        "auditor",
        f"""select e.person_id, e.gap from delta.gold.entitlement e join delta.gold.person_identifier i on i.person_id = e.person_id
            where i.id_value = '{id18}' and e.programme = 'W9' and e.month = date '{MONTH}'
              and e.known_to is null and e.loaded_to is null""",
    )[0]
    assert gap is True
    counted = door.ask(
        "auditor",
        f"""select count(*) from delta.gold.entitlement where programme = 'W9' and month = date '{MONTH}' and gap
            and known_to is null and loaded_to is null""",
    )[0][0]
    mart = door.ask(
        "leader",
        f"""select gap from delta.social_security.district_month_coverage
            where programme = 'W9' and month = date '{MONTH}' and level = 'city'""",
    )[0][0]
    assert mart == counted
    leader = Portal(door.s, "leader", door.passwords["leader"])
    datasets = {d["table_name"]: d["id"] for d in leader.get("/api/v1/dashboard/social-security-coverage/datasets").json()["result"]}
    shown = set()
    for name, dataset in datasets.items():
        if name.startswith("覆盖情况"):
            answer = leader.data(dataset, ["programme", "month_label", "gap"], [], [{"col": "programme", "op": "==", "val": "W9"}])
            shown |= {int(r["gap"]) for r in answer["data"] if r["gap"] is not None and r["month_label"] == "2016年12月"}
    assert mart in shown
    back = json.loads(city.xihu("trace", "W9", f"person={id18}", f"month={MONTH}", "--format", "json").stdout)
    text = json.dumps(back, ensure_ascii=False)
    assert id18 in text
    assert any(path.name in text for path, _ in lines)
    del person, division


def test_leaders_are_refused_what_names_a_person(door: Door) -> None:
    for table in (
        "gold.person",
        "gold.entitlement",
        "gold.warning",
        "gold.person_identifier",
        "bronze.ga__household_register",
        "ops.ledger",
    ):
        with pytest.raises(Refused):
            door.ask("leader", f"select * from delta.{table} limit 1")


def test_a_second_call_does_only_what_is_new(city, door: Door) -> None:
    before = door.ask("engineer", "select count(*), max(run_id) from delta.ops.ledger")
    city.xihu("demo", "--persons", str(PERSONS), "--seed", str(SEED), "--months", str(MONTHS))
    assert door.ask("engineer", "select count(*), max(run_id) from delta.ops.ledger") == before


def test_the_doctor_has_nothing_to_say(city) -> None:
    result = city.xihu("doctor", check=False)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stdout


def test_open_data_that_nobody_here_made(city, door: Door, shared: Path, tmp_path: Path) -> None:
    """Leeds payments in pounds, the Hangzhou daily series and division codes, through ordinary contracts."""
    real = shared / "real"
    box = tmp_path / "20201222T090000+0800"
    for dept, files in {
        "uk": sorted((real / "uk_spending" / "leeds").glob("*.csv")),
        "wj": sorted((real / "covid19").glob("2020-0[12]-*.csv"))[:10],
        "tj": [real / "divisions" / "hangzhou_streets.csv", real / "divisions" / "hangzhou_villages.csv"],
    }.items():
        (box / dept).mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, box / dept / file.name)
    city.xihu("ingest", str(tmp_path), check=False)
    rows = door.ask(
        "engineer",
        f"""select resource, sum(records_in), sum(accepted + quarantined + duplicate + superseded), sum(quarantined),
              count_if(verdict = 'refused')
            from {LATEST} where n = 1 and resource in ('uk__leeds_payments', 'wj__epidemic_daily', 'tj__street_codes', 'tj__village_codes')
            group by 1""",
    )
    got = {r[0]: r[1:] for r in rows}
    assert got["uk__leeds_payments"][:2] == [63_951, 63_951]
    assert got["tj__street_codes"][:2] == [196, 196] and got["tj__village_codes"][:2] == [3_320, 3_320]
    assert got["wj__epidemic_daily"][0] == got["wj__epidemic_daily"][1] > 0
    assert all(r[3] == 0 for r in got.values())
    assert sum(r[2] for r in got.values()) <= 0.001 * sum(r[0] for r in got.values())
