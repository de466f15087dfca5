"""Every named bad input has the outcome that the closed lists of reasons demand, and the page that lists them is current."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bad_inputs import ALL, FORMATS
from bad_inputs.case import Expect, differences, run
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


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes exchanged, lost, doubled, moved, cut off, or words of the formats put in."""
    made = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4])):
        if not made:
            break
        i = chance.randrange(len(made))
        j = min(len(made), i + chance.randrange(1, 40))
        words = [b"\xff", b"\0", b"\r\n", b'"', b"|", b",", b"<", b"{", b"##", b"\x1a", b"\x81", b"9" * 20, b"]]>", b"&#0;"]
        kinds: list[Callable[[], object]] = [
            lambda i=i: made.__setitem__(i, chance.randrange(256)),
            lambda i=i, j=j: made.__delitem__(slice(i, j)),
            lambda i=i, j=j: made.__setitem__(slice(i, i), made[i:j]),
            lambda i=i, w=words: made.__setitem__(slice(i, i), chance.choice(w)),
            lambda i=i: made.__delitem__(slice(i, None)),
            lambda i=i, j=j: made.__setitem__(slice(i, j), chance.randbytes(j - i)),
        ]
        chance.choice(kinds)()
    return bytes(made)


@pytest.mark.parametrize("n", [100, pytest.param(5000, marks=pytest.mark.soak)])
def test_damaged_further_each_has_an_outcome(tmp_path: Path, n: int) -> None:
    """Whatever becomes of a file on the way: no exception, and what is read is what was counted or the file is not taken."""
    chance = random.Random(n)
    pool = [c for c in ALL if not {"bomb", "entries"} & set(c.name.split("_"))]
    for i in range(n):
        case = chance.choice(pool)
        files = dict(case.build())
        name = chance.choice(list(files))
        files[name] = _mutated(files[name], chance)
        try:
            assert run(replace(case, build=lambda f=files: f), tmp_path / str(i))
        except AssertionError as fault:
            # A record seen otherwise by the two libraries of old workbooks is what conservation is for.
            assert case.format == "xls" and "differ" in str(fault), (case.format, case.name, i)
