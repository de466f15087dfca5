"""Electronic licence identifiers against published ones and a check worked out by hand."""

from __future__ import annotations

import itertools
from datetime import date
from random import Random

import pytest

from xihu.standards.licence import ROOT, Licence, LicenceProblem, make, parse
from xihu.standards.value import ValueSpec, parser_of

# Identifiers that issuing systems have published.
PUBLISHED = (
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W032.11220000013544541J.2430599.001.F",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def by_hand(text: str) -> str:
    """ISO 7064 hybrid system MOD 37,36, written from its definition."""
    p = 36
    for character in text:
        s = (p + ALPHABET.index(character)) % 36 or 36
        p = s * 2 % 37
    return ALPHABET[(37 - p) % 36]


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_identifiers_are_valid(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Licence)
    assert found.value == text and not found.repairs
    assert by_hand("".join(text[len(ROOT) + 1 : -2].split("."))) == text[-1]


def test_arcs() -> None:
    found = parse(PUBLISHED[2])
    assert isinstance(found, Licence)
    assert (found.type_code, found.issuer, found.serial, found.version) == (
        "11100000000013338W009", "11330105002500287C", "2025052201", 2,
    )  # fmt: skip
    assert found.licence == found.licence[:3]
    # An issuer that is no USCC is told, not refused.
    assert parse(PUBLISHED[3]).warnings == ("issuer",)  # type: ignore[union-attr]
    assert not found.warnings


@pytest.mark.parametrize("text", PUBLISHED)
def test_every_wrong_character_and_every_exchange_of_neighbours_is_found(text: str) -> None:
    body = text[len(ROOT) + 1 :]
    for i, character in enumerate(body):
        if character == "." or body[: i + 1].count(".") == 3:
            continue
        for other in ALPHABET:
            if other != character:
                wrong = ROOT + "." + body[:i] + other + body[i + 1 :]
                assert parse(wrong) == LicenceProblem("bad_id_check", parse(wrong).detail), wrong  # type: ignore[union-attr]
    missed = 0
    for i, (a, b) in enumerate(itertools.pairwise(body)):
        if "." not in (a, b) and a != b and body[: i + 1].count(".") != 3:
            missed += isinstance(parse(ROOT + "." + body[:i] + b + a + body[i + 2 :]), Licence)
    # The hybrid system finds all but a few exchanges.
    assert missed <= 1


def test_made_ones_are_valid() -> None:
    rng = Random(7)
    for _ in range(500):
        serial = "".join(rng.choices(ALPHABET, k=rng.randint(1, 20)))
        text = make("11100000000013338W009", "11330105002500287C", serial, rng.randint(1, 999))
        assert isinstance(parse(text), Licence)
        assert by_hand("".join(text[len(ROOT) + 1 :].rpartition(".")[0].split("."))) == text[-1]
    for version in (0, 1000):
        with pytest.raises(ValueError, match="版本号"):
            make("11100000000013338W009", "11330105002500287C", "1", version)


@pytest.mark.parametrize(
    ("sent", "repair"),
    [
        (" " + PUBLISHED[0], ""),
        (PUBLISHED[0].lower(), "case"),
        (PUBLISHED[0].replace(".", "．"), "full_width"),
        (f'="{PUBLISHED[0]}"', "guard"),
        (PUBLISHED[0][:30] + "\u3000" + PUBLISHED[0][30:], "full_width"),
    ],
)  # fmt: skip
def test_repairs(sent: str, repair: str) -> None:
    found = parse(sent)
    assert isinstance(found, Licence), found
    assert found.value == PUBLISHED[0]
    assert found.repairs == ((repair,) if repair else ())


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("", "missing_key"), (None, "missing_key"), ("无", "missing_key"), ("待补", "missing_key"),
        (PUBLISHED[0][2:], "bad_id_length"), ("11100000000013338W011", "bad_id_length"),
        (PUBLISHED[0][:-2], "bad_id_length"), (PUBLISHED[0] + ".1", "bad_id_length"),
        (PUBLISHED[0].replace(".001.", ".01."), "bad_id_length"), (PUBLISHED[0].replace(".001.", ".000."), "bad_id_length"),
        (PUBLISHED[0].replace("2023", "20*3"), "bad_id_charset"), (PUBLISHED[0].replace("20230000403", ""), "bad_id_charset"),
        (PUBLISHED[0].replace("20230000403", "2023-0000403"), "bad_id_charset"),
        (PUBLISHED[0][:-1] + "V", "bad_id_check"), (PUBLISHED[0].replace(".001.", ".002."), "bad_id_check"),
    ],
)  # fmt: skip
def test_refusals(sent: str | None, reason: str) -> None:
    found = parse(sent)
    assert isinstance(found, LicenceProblem)
    assert found.reason == reason
    assert found.detail


def test_typed_value() -> None:
    day = date(2026, 1, 1)
    parsed = parser_of(ValueSpec("licence_id", required=True))
    assert parsed(PUBLISHED[0].lower(), day).value == PUBLISHED[0]
    assert parsed(PUBLISHED[3], day).repairs == ("issuer?",)
    assert parsed("无", day).reason == "missing_key"
    assert parsed(PUBLISHED[0][:-1] + "V", day).reason == "bad_id_check"
    optional = parser_of(ValueSpec("licence_id"))
    assert optional("", day) == (None, None, None, ())
    assert optional("无", day).reason is None
    assert optional("#N/A", day).reason == "bad_id_length"
