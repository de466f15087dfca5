"""Codes of real-estate units against vectors worked by hand from GB/T 37346-2019."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xihu.settings import ROOT
from xihu.standards.codes import load_codes
from xihu.standards.divisions import Divisions
from xihu.standards.real_estate import FIXTURE, OWNERSHIP, PARCEL, PATTERN, RealEstateUnit, RealEstateUnitProblem, parse, valid

DIVISIONS = Divisions.of(load_codes(ROOT / "conf" / "codes"))
# county 330106, area 001, sub-area 002, state building land 00013, building 0001, household 0001
FLAT = "330106001002GB00013F00010001"


def test_every_part_is_where_the_standard_puts_it() -> None:
    found = parse(FLAT, DIVISIONS)
    assert isinstance(found, RealEstateUnit)
    assert (found.county, found.cadastral_area, found.cadastral_subarea, found.parcel) == ("330106", "001", "002", "330106001002GB00013")
    assert (found.ownership, found.parcel_kind, found.fixture, found.building, found.household) == ("G", "B", "F", "0001", "0001")
    assert not found.repairs and not found.warnings and len(FLAT) == 28


@pytest.mark.parametrize(
    "code",
    [
        "330106001002GB00013W00000000",  # the land alone
        "330109105007JC00201F00010000",  # a whole house on a homestead
        "330109105007JA00003W00000000",  # collective land
        "330127003011JE00120L00000001",  # woods
        "330127003011JD00009Q00000002",  # what else stands on a contracted field
        "330108001001GX00002F00030127",  # underground
        "330108001001GS00002F00030127",  # above ground
        "330102001001GH00001W00000000",  # sea
        "330105002003ZW00001W00000000",  # not settled
        "330103004005GY00010F99999999",
    ],
)
def test_valid(code: str) -> None:
    assert valid(code) and re.search(PATTERN, code), parse(code)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (None, "missing"),
        ("无", "missing"),
        ("", "missing"),
        (FLAT[:-1], "length"),
        (FLAT + "0", "length"),
        (FLAT[:19], "length"),  # the parcel
        ("330106001002GB00013F000000010001", "length"),  # five characters for the fixture, as some pages have it
        ("33010600100OGB00013F00010001", "characters"),
        ("330106001002GB0001lF00010001", "characters"),
        ("330106001002GB00013F0001000A", "characters"),
        ("310106001002GB00013F00010001", "county"),
        ("330106000000GB00013F00010001", "county"),
        ("330106001002KB00013F00010001", "ownership"),
        ("330106001002GI00013F00010001", "parcel_kind"),
        ("330106001002GA00013W00000000", "parcel_kind"),  # state land is not collective land
        ("330106001002JH00013W00000000", "parcel_kind"),
        ("330106001002GW00013W00000000", "parcel_kind"),
        ("330106001002GB00000F00010001", "sequence"),
        ("330106001002GB00013H00010001", "fixture"),
        ("330106001002GB00013W00010001", "unit"),
        ("330106001002GB00013F00000000", "unit"),
        ("330106001002GB00013L00000000", "unit"),
        ("330106001002GB00013F00000001", "unit"),
    ],
)
def test_refused_with_the_part_that_is_wrong(code: str | None, reason: str) -> None:
    found = parse(code, DIVISIONS)
    assert isinstance(found, RealEstateUnitProblem) and found.reason == reason, found


@pytest.mark.parametrize(
    ("sent", "repairs"),
    [
        ("330106 001002 GB00013 F00010001", ("space",)),
        ("330106001002gb00013f00010001", ("case",)),
        ("３３０１０６００１００２ＧＢ０００１３Ｆ０００１０００１", ("full_width",)),
        ('="330106001002GB00013F00010001"', ("guard",)),
    ],
)
def test_repairs_lose_nothing(sent: str, repairs: tuple[str, ...]) -> None:
    found = parse(sent, DIVISIONS)
    assert isinstance(found, RealEstateUnit) and found.value == FLAT and found.repairs == repairs


def test_a_unit_keeps_the_county_of_its_day() -> None:
    old = parse("330104001002GB00013F00010001", DIVISIONS, date(2022, 1, 1))
    assert isinstance(old, RealEstateUnit) and old.warnings == ("county_ended",)
    assert isinstance(early := parse("330113001002GB00013F00010001", DIVISIONS, date(2016, 1, 1)), RealEstateUnit)
    assert early.warnings == ("county_future",)


@given(
    st.from_regex(r"[0-9]{12}", fullmatch=True),
    st.sampled_from("GJZK"),
    st.sampled_from("ABSXCDEFHWYIO"),
    st.sampled_from(["00000", "00001", "12345"]),
    st.sampled_from("FLQWX"),
    st.sampled_from(["00000000", "00010001", "00000001", "00010000"]),
)
def test_the_expression_for_contracts_says_the_same(head: str, owner: str, kind: str, number: str, fixture: str, unit: str) -> None:
    code = head + owner + kind + number + fixture + unit
    found = parse(code)
    assert bool(re.search(PATTERN, code)) == isinstance(found, RealEstateUnit), (code, found)


def test_the_letters_are_those_of_the_standard() -> None:
    assert set(OWNERSHIP) == set("GJZ") and set(PARCEL) == set("ABSXCDEFHWY") and set(FIXTURE) == set("FLQW")
