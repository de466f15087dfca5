"""Terms, publicity periods and repair of credit records, by days worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from credit_helpers import FIRM, policy, record

from xihu.standards.credit.query import Query, QueryLog, judge, keep_until
from xihu.standards.credit.records import later, months_between, term_end
from xihu.standards.credit.terms import Application, effect, judge_repair, publicity, term


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "months", "first_after"),
    [
        ("2020-03-10", 60, "2025-03-11"), ("2020-02-29", 60, "2025-03-01"), ("2020-02-29", 48, "2024-03-01"),
        ("2021-11-30", 3, "2022-03-01"),
        ("2021-12-31", 2, "2022-03-01"), ("2023-05-01", 36, "2026-05-02"),
    ],
)  # fmt: skip
def test_days_of_a_term(start: str, months: int, first_after: str) -> None:
    assert term_end(day(start), months) == day(first_after)


def test_months_between() -> None:
    assert months_between(day("2020-01-15"), day("2020-01-15")) == 0
    assert months_between(day("2020-01-15"), day("2020-03-15")) == 2
    assert months_between(day("2020-01-31"), day("2020-02-29")) == 1
    assert months_between(day("2020-01-15"), day("2020-02-14")) == 30 / 31 or float(
        months_between(day("2020-01-15"), day("2020-02-14"))
    ) == (pytest.approx(30 / 31))
    assert later(day("2020-12-31"), 2) == day("2021-02-28")


@pytest.mark.parametrize(
    ("more", "until"),
    [
        # Nothing known of the end: from the decision.
        ({}, "2025-03-11"),
        # From the end of the conduct, before or after the decision.
        ({"ended_on": "2019-06-30"}, "2024-07-01"),
        ({"ended_on": "2020-09-01"}, "2025-09-02"),
        ({"continuing": True}, None),
        # A custodial sentence: from its end.
        ({"ended_on": "2019-06-30", "sentence_until": "2022-12-31"}, "2028-01-01"),
        # Listed: not before the listing ends; a listing that ended earlier changes nothing.
        ({"listed": True}, None),
        ({"listed": True, "listed_until": "2027-01-01"}, None),
        ({"listed": True, "listed_until": "2022-01-01"}, "2025-03-11"),
    ],
)
def test_five_years_and_their_exceptions(more: dict[str, Any], until: str | None) -> None:
    found = term(record(**more), policy(), day("2025-03-10"))
    assert found is not None and found.until == (day(until) if until else None)
    assert "第十六条" in found.law and found.why


def test_the_last_day_and_the_first_day_after() -> None:
    one = record(ended_on="2020-03-10")
    for on, over in (("2025-03-10", False), ("2025-03-11", True)):
        found = term(one, policy(), day(on))
        assert found is not None and found.over(day(on)) == over
    # While listed it stays; when the listing has ended after the five years it goes with the listing.
    listed = record(listed=True, listed_until="2026-07-01")
    assert [term(listed, policy(), day(d)).over(day(d)) for d in ("2026-06-30", "2026-07-01")] == [False, True]  # type: ignore[union-attr]
    for kind in ("permit", "honour", "commitment_kept"):
        assert term(record(kind), policy(), day("2040-01-01")) is None


@pytest.mark.parametrize(
    ("on", "more", "asked", "shown", "earliest", "until"),
    [
        # 2019-07-01 … 2023-05-01: general 3 to 12 months, serious 6 to 36, particular no way out.
        ("2021-01-15", {}, "2021-04-15", True, "2021-04-16", "2022-01-16"),
        ("2021-01-15", {}, "2022-01-15", True, "2021-04-16", "2022-01-16"),
        ("2021-01-15", {}, "2022-01-16", False, "2021-04-16", "2022-01-16"),
        ("2021-01-15", {"level": "serious"}, "2022-01-16", True, "2021-07-16", "2024-01-16"),
        ("2021-01-15", {"level": "particular"}, "2022-01-16", True, "2024-01-16", "2024-01-16"),
        # 2023-05-01 … 2026-04-01: 3 to 36 months; food, drugs … 12; warnings not at all.
        ("2023-06-01", {}, "2023-09-01", True, "2023-09-02", "2026-06-02"),
        ("2023-06-01", {"field": "food"}, "2023-09-02", True, "2024-06-02", "2026-06-02"),
        ("2023-06-01", {"level": "minor"}, "2023-06-02", False, "2023-06-01", "2023-06-01"),
        # From 2026-04-01: serious 12 to 36 months, general 3 to 12, minor not shown.
        ("2026-05-01", {"level": "serious"}, "2026-06-01", True, "2027-05-02", "2029-05-02"),
        ("2026-05-01", {}, "2026-06-01", True, "2026-08-02", "2027-05-02"),
        ("2026-05-01", {"level": "minor"}, "2026-06-01", False, "2026-05-01", "2026-05-01"),
    ],
)
def test_publicity(on: str, more: dict[str, Any], asked: str, shown: bool, earliest: str, until: str) -> None:
    found = publicity(record(on=on, **more), policy(), day(asked))
    assert (found.public, found.earliest, found.until) == (shown, day(earliest), day(until)), found
    assert "《" in found.law


def test_publicity_of_others() -> None:
    assert not publicity(record(on="2024-01-10", natural=True), policy(), day("2024-02-01")).public
    assert not publicity(record(repaired_from="2020-08-01"), policy(), day("2020-08-01")).public
    assert publicity(record(repaired_from="2020-08-01"), policy(), day("2020-07-31")).public
    assert publicity(record(on="2016-11-02"), policy(), day("2017-01-01")).public
    assert not publicity(record(on="2016-11-02"), policy(), day("2021-11-03")).public
    assert publicity(record("dishonest_debtor", listed=True), policy(), day("2026-01-01")).public


def applied(on: str, **more: Any) -> Application:
    given: dict[str, Any] = {"ref": "修复1", "fulfilled": True, "commitment": True, **more}
    return Application(applied_on=day(on), **given)


@pytest.mark.parametrize(
    ("more", "application", "reasons"),
    [
        ({"on": "2023-06-01"}, applied("2023-09-02"), []),
        ({"on": "2023-06-01"}, applied("2023-09-01"), ["least_publicity"]),
        ({"on": "2023-06-01", "field": "fire"}, applied("2023-09-02"), ["least_publicity"]),
        ({"on": "2023-06-01", "field": "fire"}, applied("2024-06-02"), []),
        ({"on": "2023-06-01"}, applied("2023-09-02", fulfilled=False), ["fulfilled"]),
        ({"on": "2023-06-01"}, applied("2023-09-02", commitment=False), ["commitment"]),
        ({"on": "2023-06-01", "listed": True}, applied("2023-09-02"), ["not_listed"]),
        ({"on": "2023-06-01", "listed": True, "listed_until": "2023-09-02"}, applied("2023-09-02"), []),
        ({"on": "2023-06-01", "repaired_from": "2023-09-10"}, applied("2023-10-01"), ["repaired"]),
        ({"on": "2020-03-10"}, applied("2025-03-11"), ["expired"]),
        ({"kind": "permit"}, applied("2023-09-02"), ["not_bad"]),
        ({"on": "2018-03-10"}, applied("2019-06-30"), ["not_yet"]),
        ({"on": "2023-06-01"}, applied("2023-05-30"), ["least_publicity", "least_publicity"]),
        ({"on": "2023-06-01"}, applied("2023-07-01", fulfilled=False, commitment=False), ["fulfilled", "commitment", "least_publicity"]),
    ],
)
def test_repair(more: dict[str, Any], application: Application, reasons: list[str]) -> None:
    found = judge_repair(record(**more), application, policy())
    assert [name for name, _ in found.reasons] == reasons
    assert found.admissible == (not reasons)


def test_effect_of_a_repair() -> None:
    one = record(on="2023-06-01")
    assert effect(one, applied("2023-09-02", decided_on=day("2023-09-12"), granted=True), policy()) == day("2023-09-12")
    assert effect(one, applied("2023-09-02", decided_on=day("2023-09-12"), granted=False), policy()) is None
    assert effect(one, applied("2023-09-02"), policy()) is None
    with pytest.raises(ValueError, match="最短公示期"):
        effect(one, applied("2023-08-01", decided_on=day("2023-09-12"), granted=True), policy())
    with pytest.raises(ValueError, match="早于申请"):
        effect(one, applied("2023-09-02", decided_on=day("2023-09-01"), granted=True), policy())


def query(**more: Any) -> Query:
    given: dict[str, Any] = {
        "at": datetime(2024, 2, 29, 9, 30), "who": "a01", "department": "市某局", "purpose": "licensing", "subject": FIRM, "natural": False,
        "public": True,
    }  # fmt: skip
    return Query(**{**given, **more})


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None), ({"who": " "}, "no_asker"), ({"department": ""}, "no_asker"), ({"subject": ""}, "no_subject"),
        ({"purpose": ""}, "no_purpose"), ({"purpose": "curiosity"}, "no_purpose"), ({"purpose": "self"}, "not_self"),
        ({"purpose": "self", "subject": "a01", "public": False, "natural": True}, None),
        ({"public": False}, "no_consent"), ({"public": False, "natural": True}, "no_consent"),
        ({"public": False, "natural": True, "consent_no": "同意〔2024〕3号"}, None), ({"public": False, "consent_no": " "}, "no_consent"),
        # A law helps only who has the duty.
        ({"public": False, "basis": "《某条例》第九条"}, "no_consent"),
        ({"public": False, "purpose": "supervision", "basis": "《某条例》第九条"}, None),
        ({"public": False, "purpose": "supervision"}, "no_consent"),
    ],
)  # fmt: skip
def test_who_may_ask(more: dict[str, Any], reason: str | None) -> None:
    found = judge(query(**more), policy())
    assert (found.reason if found else None) == reason
    assert found is None or "第二十条" in found.law


def test_every_query_leaves_a_trace_of_ten_years(tmp_path: Any) -> None:
    log = QueryLog(tmp_path / "queries.jsonl", policy())
    assert log.ask(query()) is None
    refused = log.ask(query(public=False))
    assert refused is not None and refused.reason == "no_consent"
    lines = log.file.read_text("utf-8").splitlines()
    assert len(lines) == 2 and '"outcome": "answered"' in lines[0] and '"outcome": "no_consent"' in lines[1]
    assert keep_until(query().at, policy()) == day("2034-02-28") and "2034-02-28" in lines[0]
    # What cannot be recorded is not answered.
    with pytest.raises(OSError, match=r".*"):
        QueryLog(tmp_path / "no" / "folder.jsonl", policy()).ask(query())
