"""Every named bad input has the outcome that the closed lists of reasons demand, and the page that lists them is current."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace

import pytest
from bad_inputs import ALL, FORMATS
from bad_inputs.case import Expect, differences
from bad_inputs.page import PAGE, Outcomes, everything, render

from xihu.silver.typing import REASONS

# What needs history, several deliveries or SQL is planted by the scenarios.
ELSEWHERE = {"duplicate_key", "check_failed"}
OF_FILES = {
    "empty_file", "wrong_format", "unsafe_archive", "wrong_encoding", "header_missing", "header_unknown", "columns_swapped",
    "unclosed_quote", "companion_missing", "companion_mismatch", "control_total", "error_envelope",
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return everything()


@pytest.mark.parametrize("format", FORMATS)
def test_outcomes(outcomes: Outcomes, format: str) -> None:
    wrong = []
    for case in (c for c in ALL if c.format == format):
        got = outcomes[case.format, case.name]
        if set(got) != set(case.expect):
            wrong.append(f"{case.name}: judged {sorted(got)}, expected {sorted(case.expect)}")
            continue
        wrong += [f"{case.name} {name}: {d}" for name, expect in case.expect.items() for d in differences(expect, got[name])]
    assert not wrong, "\n".join(wrong)


def test_a_wrong_expectation_shows(outcomes: Outcomes) -> None:
    """The comparison above can fail in every direction."""
    refused, bad, good = (outcomes["csv", n][""] for n in ("html", "id_check", "ok_utf8"))
    assert differences(Expect(refused="wrong_encoding"), refused) and differences(Expect(records=3), refused)
    for expect in (
        Expect(records=3),
        Expect(records=3, bad={1: "bad_id_check"}),
        Expect(records=3, bad={2: "bad_id_length"}),
        Expect(records=2, bad={2: "bad_id_check"}),
        Expect(refused="wrong_format"),
    ):
        assert differences(expect, bad), expect
    assert differences(Expect(records=3, values={2: {"name": "甲"}}), good)
    assert differences(Expect(records=3, warned=True), replace(good, warnings=[]))


def test_each_is_distinct() -> None:
    for key in (lambda c: (c.format, c.name), lambda c: (c.format, c.fault)):
        twice = [k for k, n in Counter(map(key, ALL)).items() if n > 1]
        assert not twice
    made = Counter(
        (c.format, hashlib.sha256(repr(sorted(c.build().items())).encode()).hexdigest(), *(k.version for k in c.contracts), c.innocent)
        for c in ALL
        if not c.innocent
    )
    assert max(made.values()) == 1, "two faults are the same bytes under the same contract"


def test_enough_of_every_kind() -> None:
    bad = [c for c in ALL if not c.innocent]
    assert len(bad) >= 200 and len(ALL) - len(bad) >= 80
    for format in FORMATS:
        assert sum(c.format == format for c in bad) >= 12, format
    refused = {e.refused for c in ALL for e in c.expect.values() if e.refused}
    quarantined = {r for c in ALL for e in c.expect.values() for r in e.bad.values()}
    assert refused == OF_FILES
    assert quarantined == set(REASONS) - ELSEWHERE


def test_senders_are_told(outcomes: Outcomes) -> None:
    """Whatever is refused or quarantined says why, in Chinese; a refusal says what to do."""
    for case in ALL:
        for name, got in outcomes[case.format, case.name].items():
            if got.refused or got.bad:
                assert re.search(r"[\u4e00-\u9fff]", got.told), (case.format, case.name, name)
            if got.refused:
                assert "请" in got.told, (case.format, case.name, got.told)


def test_the_page_is_current(outcomes: Outcomes) -> None:
    def comparable(text: str) -> list[str]:
        # What libraries say of a damaged file changes with their version.
        return [line.rsplit(" | ", 1)[0] if "| wrong_format |" in line else line for line in text.splitlines()]

    assert comparable(PAGE.read_text("utf-8")) == comparable(render(outcomes)), "python scripts/bad_inputs.py"
