"""Recognisers of numbers that stand for a person: vectors, hints, and every corruption of one digit."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xihu.standards.identifiers import Identifier, birth_in, recognise, sex_in

VECTORS = [
    ("11010519491231002X", None, "citizen_id", "11010519491231002X"),
    ("440524188001010014", None, "citizen_id", "440524188001010014"),
    ("330102196302153013", None, "citizen_id", "330102196302153013"),
    ("330106198508090024", None, "citizen_id", "330106198508090024"),
    ("339005197806060159", None, "citizen_id", "339005197806060159"),
    ("330125195011301047", None, "citizen_id", "330125195011301047"),
    ("33018419980520102X", None, "citizen_id", "33018419980520102X"),
    ("33018419980520102ｘ", None, "citizen_id", "33018419980520102X"),
    ("330113202203010014", None, "citizen_id", "330113202203010014"),
    ("33012719450101003X", None, "citizen_id", "33012719450101003X"),
    ("330106500101001", None, "citizen_id", "33010619500101001X"),
    ("810000199408230021", None, "hkmo_residence", "810000199408230021"),
    ("830000199201300022", None, "tw_residence", "830000199201300022"),
    ("911124198108030024", None, "foreign_pr", "911124198108030024"),
    ("CAN110181080301", None, "foreign_pr_old", "CAN110181080301"),
    ("H12345678", None, "hkmo_permit", "H12345678"),
    ("H1234567802", None, "hkmo_permit", "H12345678"),
    ("M1234567801", "hkmo_permit", "hkmo_permit", "M12345678"),
    ("0123456789(A)", None, "tw_permit", "01234567"),
    ("01234567", "tw_permit", "tw_permit", "01234567"),
    ("E12345678", None, "passport", "E12345678"),
    ("e 1234 5678", "passport", "passport", "E12345678"),
    ("AB1234567", "passport", "passport", "AB1234567"),
    ("K123456789", None, "birth_certificate", "K123456789"),
    ("G330106198508090024", None, "citizen_id", "330106198508090024"),
    ("L33010620120901001X", None, "student_number", "L33010620120901001X"),
    ("J2012090100123", "student_number", "student_number", "J2012090100123"),
    ("33010619850809002443", None, "citizen_id", "330106198508090024"),
    ("33010619850809002443B1", None, "citizen_id", "330106198508090024"),
    ("'330106198508090024", None, "citizen_id", "330106198508090024"),
    ('="330106198508090024"', None, "citizen_id", "330106198508090024"),
    ("３３０１０６１９８５０８０９００２４", "passport", "citizen_id", "330106198508090024"),
    ("军字第0123456号", "military_officer", "military_officer", "军字第0123456号"),
]


@pytest.mark.parametrize(("text", "hint", "kind", "value"), VECTORS)
def test_vectors(text: str, hint: str | None, kind: str, value: str) -> None:
    found = recognise(text, hint)
    assert found == Identifier(kind, value) and found.handle == f"{kind}:{value}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [(v[0][:-1] + "0123456789X"[("0123456789X".index(v[0][-1]) + 1) % 11], None) for v in VECTORS if len(v[0]) == 18 and v[0].isascii()]
    + [
        (None, None),
        ("", None),
        ("无", None),
        ("暂无", "passport"),
        ("111111111111111111", None),
        ("000000000000000000", None),
        ("3.30106E+17", None),
        ("330106198508090000", None),
        ("33010619850809002", None),
        ("19850809", None),
        ("330106198508090025", "passport"),
        ("G330106198508090025", None),
        ("91330100799655058B", "uscc"),
        ("123456789", "household_book"),
        ("张三", None),
    ],
)
def test_nobody_is_recognised(text: str | None, hint: str | None) -> None:
    assert recognise(text, hint) is None


def test_what_a_number_says() -> None:
    number = Identifier("citizen_id", "330106198508090024")
    assert birth_in(number) == date(1985, 8, 9) and sex_in(number) == "2"
    assert birth_in(Identifier("passport", "E12345678")) is None and sex_in(Identifier("passport", "E12345678")) is None


@given(st.text(max_size=24), st.sampled_from([None, "passport", "citizen_id", "student_number", "uscc", "tw_permit"]))
def test_canonical_is_a_fixed_point(text: str, hint: str | None) -> None:
    found = recognise(text, hint)
    if found is not None:
        assert recognise(found.value, found.type) == found


def made(prefix: str, born: date, sequence: int) -> str:
    body = f"{prefix}{born:%Y%m%d}{sequence:03d}"
    p = 0
    for digit in body:
        p = (p + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - p) % 11]


def cohort(size: int, seed: int):
    """Numbers with every county code Hangzhou had since 1981, half of them also in 15 digits."""
    import csv

    from xihu.settings import ROOT

    with (ROOT / "conf" / "codes" / "divisions.csv").open(encoding="utf-8") as stream:
        codes = sorted({row["code"] for row in csv.DictReader(stream) if row["level"] == "county"})
    assert {"330103", "330107", "330121", "330181", "339005", "330114"} <= set(codes)
    rng = random.Random(seed)
    span = (date(2016, 12, 31) - date(1900, 1, 1)).days
    for i in range(size):
        number = made(codes[i % len(codes)], date(1900, 1, 1) + timedelta(rng.randrange(span)), rng.randrange(1, 996))
        yield number, number[:6] + number[8:17] if i % 2 and number[6:8] == "19" else number


def refused(size: int, seed: int) -> int:
    return sum(recognise(sent) != Identifier("citizen_id", number) for number, sent in cohort(size, seed))


def slipped(numbers: list[str]) -> int:
    """How many of all corruptions of one digit are still taken for somebody."""
    count = 0
    for number in numbers:
        for i, old in enumerate(number):
            for new in "0123456789X" if i == 17 else "0123456789":
                count += new != old and recognise(number[:i] + new + number[i + 1 :]) is not None
    return count


def test_historic_numbers_of_hangzhou() -> None:
    assert refused(3_000, 1) == 0
    assert slipped([n for n, _ in cohort(40, 2)]) == 0


@pytest.mark.soak
def test_soak_historic_numbers_of_hangzhou(evidence) -> None:
    wrong, passed = refused(100_000, 3), slipped([n for n, _ in cohort(2_000, 4)])
    evidence("identifiers", numbers=100_000, refused=wrong, corrupted=2_000 * 163, taken=passed)
    assert wrong == 0 and passed == 0
