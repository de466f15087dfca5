"""Citizen ids against an independent checker, the standard's own vectors, and a cohort of historic prefixes."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.standards import citizen_id
from xihu.standards.citizen_id import CitizenId, IdProblem, id_type, other_document, parse, to_18
from xihu.standards.value import ValueSpec, parser_of

NOW = date(2026, 11, 24)
THEN = date(2016, 12, 5)
VALID = [
    "11010519491231002X",
    "440524188001010014",
    "330102196302153013",
    "330106198508090024",
    "339005197806060159",
    "330125195011301047",
    "33018419980520102X",
    "330113202203010014",
    "33012719450101003X",
    "810000199408230021",
    "830000199201300022",
    "911124198108030024",
    "33010619500101001X",
]


def iso7064(body: str) -> str:
    """MOD 11-2 by the standard's recursive method, unlike the weighted sum of the code under test."""
    p = 0
    for digit in body:
        p = (p + int(digit)) * 2 % 11
    return "0123456789X"[(12 - p) % 11]


def made(prefix: str, born: date, sequence: int) -> str:
    body = f"{prefix}{born:%Y%m%d}{sequence:03d}"
    return body + iso7064(body)


def reason(text: str | None, as_of: date = NOW) -> str | None:
    found = parse(text, as_of)
    return found.reason if isinstance(found, IdProblem) else None


@pytest.mark.parametrize("number", VALID)
def test_vectors_are_accepted_and_the_next_last_digit_is_not(number: str) -> None:
    found = parse(number, NOW)
    if number.startswith("4405241880"):  # 146 years old in 2026, a valid number of its time
        assert reason(number) == "bad_id_birth"
        found = parse(number, date(2010, 1, 1))
    assert isinstance(found, CitizenId)
    assert found.value == number and found.repairs == () and found.warnings == ()
    assert iso7064(number[:17]) == number[17]
    following = "0123456789X"[("0123456789X".index(number[17]) + 1) % 11]
    assert reason(number[:17] + following, date(2010, 1, 1) if "1880" in number else NOW) == "bad_id_check"


def test_parts() -> None:
    found = parse("330106198508090024", NOW)
    assert isinstance(found, CitizenId)
    assert (found.birth, found.sex, found.address, found.kind) == (date(1985, 8, 9), "2", "330106", "citizen_id")
    kinds = {n: parse(n, NOW).kind for n in VALID[9:12]}  # type: ignore[union-attr]
    assert kinds == {VALID[9]: "hkmo_residence", VALID[10]: "tw_residence", VALID[11]: "foreign_pr"}


@pytest.mark.parametrize(
    ("sent", "value", "repairs"),
    [
        ("'330106198508090024", "330106198508090024", ("guard",)),
        ("\t330106198508090024", "330106198508090024", ("guard",)),
        ("330106198508090024\t", "330106198508090024", ("guard",)),
        ('="330106198508090024"', "330106198508090024", ("guard",)),
        ("３３０１０６１９８５０８０９００２４", "330106198508090024", ("full_width",)),
        ("33018419980520102x", "33018419980520102X", ("x",)),
        ("33018419980520102×", "33018419980520102X", ("x",)),
        ("33018419980520102ｘ", "33018419980520102X", ("full_width", "x")),
        ("33018419980520102Ｘ", "33018419980520102X", ("full_width",)),
        ("\ufeff330106198508090024", "330106198508090024", ("zero_width",)),
        ("330106\u200b198508090024", "330106198508090024", ("zero_width",)),
        ("\u3000330106198508090024\u3000", "330106198508090024", ("space",)),
        ("330106 19850809 0024", "330106198508090024", ("space",)),
        ("  330106198508090024 ", "330106198508090024", ()),
        ("330106500101001", "33010619500101001X", ("15_to_18",)),
        ("'330106500101001", "33010619500101001X", ("guard", "15_to_18")),
    ],
)
def test_repairs_are_made_and_recorded(sent: str, value: str, repairs: tuple[str, ...]) -> None:
    found = parse(sent, NOW)
    assert isinstance(found, CitizenId), found
    assert (found.value, found.repairs) == (value, repairs)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, "missing_key"),
        ("", "missing_key"),
        ("  ", "missing_key"),
        ("无", "missing_key"),
        ("暂无", "missing_key"),
        ("待补", "missing_key"),
        ("111111111111111111", "missing_key"),
        ("000000000000000000", "missing_key"),
        ("3.30106E+17", "bad_id_float"),
        ("3.30106198508E+17", "bad_id_float"),
        ("330106198508090000", "bad_id_float"),
        ("330106198508090024.0", "bad_id_float"),
        ("33010619850809002", "bad_id_length"),
        ("3301061985080900244", "bad_id_length"),
        ("张三", "bad_id_length"),
        ("33010619850809OO24", "bad_id_charset"),
        ("33010619850809002l", "bad_id_charset"),
        ("330106********0024", "bad_id_charset"),
        ("33018419980520102*", "bad_id_charset"),
        ("X30106198508090024", "bad_id_charset"),
        ("33010650010100O", "bad_id_charset"),
        ("330106198508090025", "bad_id_check"),
        (made("330106", date(2026, 11, 25), 1), "bad_id_birth"),
        (made("330106", date(1849, 12, 31), 1), "bad_id_birth"),
        (made("330106", date(1896, 11, 23), 1), None),
        (made("330106", date(1895, 11, 24), 1), "bad_id_birth"),
        ("33010619850230001" + iso7064("33010619850230001"), "bad_id_birth"),
        ("33010619851301001" + iso7064("33010619851301001"), "bad_id_birth"),
    ],
)
def test_first_failing_reason(sent: str | None, expected: str | None) -> None:
    assert reason(sent) == expected


def test_age_limit_is_full_years() -> None:
    born = date(1886, 6, 15)
    number = made("330106", born, 1)
    assert reason(number, date(2017, 6, 14)) is None
    assert reason(number, date(2017, 6, 15)) == "bad_id_birth"
    assert reason(made("330106", THEN, 2), THEN) is None
    assert reason(made("330106", THEN + timedelta(1), 2), THEN) == "bad_id_birth"


def test_sequences_of_centenarians_are_of_the_eighteen_hundreds() -> None:
    for sequence in (996, 997, 998, 999):
        assert to_18(f"330106980101{sequence}")[6:10] == "1898"
    assert to_18("330106980101995")[6:10] == "1998"


def test_cohort_with_historic_prefixes_is_never_refused() -> None:
    """5,000 people with every code Hangzhou ever had, whatever the year of birth: a code may be younger or older than its holder."""
    with (citizen_id_conf() / "divisions.csv").open(encoding="utf-8") as stream:
        codes = [row["code"] for row in csv.DictReader(stream) if row["level"] == "county"]
    assert len(codes) == 26 and "339005" in codes
    rng = random.Random(20161205)
    parser = parser_of(ValueSpec("citizen_id", required=True))
    span = (date(2005, 12, 31) - date(1940, 1, 1)).days
    refused = []
    for i in range(5_000):
        number = made(codes[i % len(codes)], date(1940, 1, 1) + timedelta(rng.randrange(span)), rng.randrange(1, 996))
        if parser(number, THEN) != (number, None, None, ()) or not isinstance(parse(number, THEN), CitizenId):
            refused.append(number)
    assert refused == []


def citizen_id_conf():
    from xihu.settings import ROOT

    return ROOT / "conf" / "codes"


births = st.dates(date(1900, 1, 1), date(1999, 12, 31))


@given(st.sampled_from(["330106", "339005", "110105", "330121"]), births, st.integers(1, 995))
def test_15_and_18_digits_are_one_person(prefix: str, born: date, sequence: int) -> None:
    new = made(prefix, born, sequence)
    old = new[:6] + new[8:17]
    found = parse(old, NOW)
    assert isinstance(found, CitizenId)
    assert found.value == new and found.birth == born


@settings(max_examples=200)
@given(births, st.integers(0, 999), st.integers(0, 17), st.integers(1, 10))
def test_any_single_changed_character_is_caught(born: date, sequence: int, place: int, step: int) -> None:
    number = made("330106", born, sequence)
    alphabet = "0123456789X" if place == 17 else "0123456789"
    other = alphabet[(alphabet.index(number[place]) + step) % len(alphabet)]
    if other != number[place]:
        assert not isinstance(parse(number[:place] + other + number[place + 1 :], NOW), CitizenId)
        assert not citizen_id.valid_18(number[:place] + other + number[place + 1 :], NOW)


@given(births, st.integers(0, 999), st.integers(0, 16))
def test_two_neighbours_exchanged_are_caught(born: date, sequence: int, place: int) -> None:
    number = made("330106", born, sequence)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        assert not isinstance(parse(swapped, NOW), CitizenId)


@given(st.text(max_size=20))
def test_whatever_comes_there_is_an_answer(text: str) -> None:
    found = parse(text, NOW)
    if isinstance(found, CitizenId):
        assert iso7064(found.value[:17]) == found.value[17]


@given(st.text(alphabet="0123456789X", min_size=16, max_size=20))
def test_the_fast_way_agrees_with_the_full_way(text: str) -> None:
    fast, full = citizen_id.valid_18(text, NOW), parse(text, NOW)
    if fast:
        assert isinstance(full, CitizenId) and full.value == text


def test_unknown_addresses_are_warned_of_only() -> None:
    odd = made("990106", date(1980, 1, 1), 1)
    number = "00" + odd[2:17]
    number += iso7064(number)
    found = parse(number, NOW)
    assert isinstance(found, CitizenId) and found.warnings == ("unknown_address",)
    inside = parse(made("330199", date(1980, 1, 1), 1), NOW, city=frozenset(["330106", "339005"]))
    assert isinstance(inside, CitizenId) and inside.warnings == ("unknown_address",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("330106198508090024", "citizen_id"),
        ("810000199408230021", "hkmo_residence"),
        ("820000199408230021", "hkmo_residence"),
        ("830000199201300022", "tw_residence"),
        ("911124198108030024", "foreign_pr"),
        ("CAN110181080301", "foreign_pr_old"),
        ("H12345678", "hkmo_permit"),
        ("M1234567801", "hkmo_permit"),
        ("01234567", "tw_permit"),
        ("0123456789(A)", "tw_permit"),
        ("E12345678", "passport"),
        ("EA1234567", "passport"),
        ("K123456789", "birth_certificate"),
        ("张三", "unknown"),
    ],
)
def test_kinds_of_documents(text: str, kind: str) -> None:
    assert id_type(text) == kind


def test_a_permit_may_stand_for_an_id_but_a_date_or_a_torn_id_may_not() -> None:
    parser = parser_of(ValueSpec("citizen_id", required=True))
    assert parser("H12345678", NOW) == ("H12345678", None, None, ())
    assert parser("CAN110181080301", NOW).value == "CAN110181080301"
    assert parser("19850809", NOW).reason == "bad_id_length"
    assert parser("3301061985", NOW).reason == "bad_id_length"
    assert parser("84561230", NOW).value == "84561230"
    assert parser("1234567890", NOW).value == "1234567890"
    assert other_document("K123456789") == "birth_certificate"


def test_optional_ids_may_be_empty_and_required_ones_not() -> None:
    optional, required = parser_of(ValueSpec("citizen_id")), parser_of(ValueSpec("citizen_id", required=True))
    assert optional("无", NOW) == (None, None, None, ("placeholder",))
    assert required("无", NOW).reason == "missing_key"
    assert optional(None, NOW) == (None, None, None, ())
    assert required("\u3000", NOW).reason == "missing_key"
