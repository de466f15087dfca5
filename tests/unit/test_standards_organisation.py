"""Numbers of legal entities against vectors of the standards, another implementation and python-stdnum."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from xihu.standards.organisation import EntityNumber, NumberProblem, judge, organisation_check, recognise, with_hyphen

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCCS = ("91330100799655058B", "91330100716105852F", "91110000600037341L", "913300002539329145")
ORGS = ("79965505-8", "71610585-2", "60003734-1", "25393291-4")


def other_org_check(body: str) -> str:
    """GB 11714 the other way round: the one character that makes the whole weighted sum divisible by 11."""
    values = {c: i for i, c in enumerate(string.digits + string.ascii_uppercase)}
    total = 3 * values[body[0]] + 7 * values[body[1]] + 9 * values[body[2]] + 10 * values[body[3]]
    total += 5 * values[body[4]] + 8 * values[body[5]] + 4 * values[body[6]] + 2 * values[body[7]]
    return next(c for c in "0123456789X" if (total + (10 if c == "X" else int(c))) % 11 == 0)


def other_uscc_check(body: str) -> str:
    """GB 32100: the one character that makes the sum divisible by 31; weights by repeated multiplication."""
    total, weight = 0, 1
    for c in body:
        total, weight = total + ALPHABET.index(c) * weight, weight * 3 % 31
    return next(c for c in ALPHABET if (total + ALPHABET.index(c)) % 31 == 0)


def other_registration_check(body: str) -> str:
    """ISO 7064 MOD 11,10 by its definition: the product after the check digit is 1."""
    for check in string.digits:
        product = 10
        for digit in body:
            product = ((product + int(digit)) % 10 or 10) * 2 % 11
        if (product + int(check)) % 10 == 1:
            return check
    raise AssertionError(body)


@pytest.mark.parametrize("code", USCCS)
def test_codes_of_the_standard_and_the_organisation_code_inside(code: str) -> None:
    found = recognise(code)
    assert found == EntityNumber("uscc", code)
    assert (found.organisation, found.region, found.kind) == (code[8:17], code[2:8], "enterprise")
    assert recognise(found.organisation) == EntityNumber("org_code", code[8:17])
    assert stdnum_uscc.is_valid(code)


@pytest.mark.parametrize("printed", ORGS)
def test_an_organisation_code_with_any_hyphen_is_one_number(printed: str) -> None:
    bare = printed.replace("-", "")
    for sent in (printed, bare, printed.replace("-", "－"), printed.replace("-", "—"), f"'{printed}", f" {printed}\t", f'="{bare}"'):
        found = judge(sent, "org_code")
        assert isinstance(found, EntityNumber), sent
        assert found.handle == f"org_code:{bare}"
    assert with_hyphen(bare) == printed


def test_old_numbers_lead_to_the_same_organisation_code() -> None:
    numbers = [recognise("91330100799655058B"), recognise("79965505-8", "org_code"), recognise("330100799655058", "tax_no")]
    assert [n.organisation for n in numbers if n] == ["799655058"] * 3
    registration = recognise("110108000000016")
    assert registration == EntityNumber("registration_no", "110108000000016")
    assert (registration.organisation, registration.region, registration.kind) == (None, "110108", "enterprise")
    # A column of tax numbers holds credit codes since 2015-10.
    assert recognise("91330100799655058B", "tax_no") == EntityNumber("uscc", "91330100799655058B")


@pytest.mark.parametrize(
    ("sent", "column", "reason"),
    [
        ("79965505-9", "org_code", "bad_check"),
        ("7996550-58", "org_code", None),  # the hyphen in another place loses nothing
        ("7996550O8", "org_code", "bad_check"),
        ("79965505", "org_code", "bad_length"),
        ("330100799655059", "tax_no", "bad_check"),
        ("990100799655058", "tax_no", "bad_charset"),
        ("33010079965505", "tax_no", "bad_length"),
        ("110108000000017", "registration_no", "bad_check"),
        ("11010800000001A", "registration_no", "bad_charset"),
        ("企合浙杭总字第001号", "registration_no", "bad_charset"),
        ("91330100799655058C", None, "bad_uscc"),
        ("94330100799655058B", None, "bad_length"),  # no such class: no credit code, and nothing else of 18 characters
        ("94330100799655058B", "uscc", "bad_uscc"),
        ("", None, "missing_key"),
        ("无", "tax_no", "missing_key"),
        ("000000000000000", "registration_no", "missing_key"),
        # Sole traders: the owner's citizen id, alone or with two digits.
        ("330102196302153013", "tax_no", "personal"),
        ("33010219630215301301", "tax_no", "personal"),
        ("330106500101001", "tax_no", "personal"),
        ("33010650010100101", "tax_no", "personal"),
        ("330106500101001", None, "ambiguous"),
    ],
)
def test_what_is_no_number_says_why(sent: str, column: str | None, reason: str | None) -> None:
    found = judge(sent, column)
    assert (found.reason if isinstance(found, NumberProblem) else None) == reason, found


def test_stdnum_alone_is_unfit_for_credit_codes() -> None:
    """Department and class are unknown to it, and it refuses the departments that are letters (A, N, Y)."""
    body = "94330100799655058"
    code = body + other_uscc_check(body)
    assert stdnum_uscc.is_valid(code)
    assert isinstance(judge(code, "uscc"), NumberProblem)
    village = "N2330109MF1234567"
    code = village + other_uscc_check(village)
    assert not stdnum_uscc.is_valid(code)
    assert isinstance(judge(code), EntityNumber)


def test_regions_are_told_not_refused() -> None:
    body = "91440000799655058"
    code = body + other_uscc_check(body)
    assert judge(code, regions={"330100"}).warnings == ("unknown_region",)  # type: ignore[union-attr]
    assert judge(USCCS[0], regions={"330100"}).warnings == ()  # type: ignore[union-attr]
    strange = "91990000799655058"
    assert judge(strange + other_uscc_check(strange)).warnings == ("unknown_region",)  # type: ignore[union-attr]
    state = "91100000799655058"
    assert judge(state + other_uscc_check(state), regions={"330100"}).warnings == ()  # type: ignore[union-attr]
    broken = "91330100799655059"  # the check of the organisation code inside is wrong, that of the whole is right
    assert judge(broken + other_uscc_check(broken)).warnings == ("organisation_check",)  # type: ignore[union-attr]


def test_kinds_of_codes_and_numbers() -> None:
    kinds = {
        "11": "agency",
        "12": "institution",
        "51": "social_organisation",
        "54": "other",
        "92": "individual",
        "93": "cooperative",
        "N2": "village_economy",
    }
    for head, kind in kinds.items():
        body = f"{head}330106MA27XHQ00"
        found = judge(body + other_uscc_check(body), "uscc")
        assert isinstance(found, EntityNumber)
        assert found.kind == kind
    for digit, kind in (("0", "enterprise"), ("4", "enterprise"), ("6", "individual"), ("8", "individual")):
        body = f"330106{digit}0012345"
        assert judge(body + other_registration_check(body), "registration_no").kind == kind  # type: ignore[union-attr]


bodies = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8)


@settings(deadline=None)
@given(bodies)
def test_organisation_codes_agree_with_another_implementation(body: str) -> None:
    code = body + other_org_check(body)
    assert organisation_check(body) == code[8]
    for wrong in set("0123456789X") - {code[8]}:
        assert recognise(body + wrong, "org_code") is None
    if body != "0" * 8:
        assert recognise(with_hyphen(code), "org_code") == EntityNumber("org_code", code, ("hyphen",))
        assert recognise("330100" + code, "tax_no") is not None


@settings(deadline=None)
@given(st.text(string.digits, min_size=14, max_size=14).filter(lambda b: len(set(b)) > 2))
def test_registration_numbers_agree_with_another_implementation(body: str) -> None:
    check = other_registration_check(body)
    for digit in string.digits:
        assert (recognise(body + digit, "registration_no") is not None) == (digit == check)


@settings(deadline=None)
@given(st.sampled_from(["91", "92", "12", "52", "93", "N2", "A1"]), st.integers(110000, 659999), st.text(ALPHABET, min_size=8, max_size=8))
def test_credit_codes_agree_with_stdnum_where_the_class_is_known(head: str, region: int, body: str) -> None:
    organisation = body + other_org_check(body)
    first = head + str(region) + organisation
    code = first + other_uscc_check(first)
    found = judge(code, "uscc")
    assert isinstance(found, EntityNumber)
    assert found.organisation == organisation
    for i in range(0, 18, 5):
        changed = code[:i] + ("7" if code[i] != "7" else "5") + code[i + 1 :]
        assert isinstance(judge(changed, "uscc"), NumberProblem), changed  # every single changed character shows
    if head[0].isdigit():
        assert stdnum_uscc.is_valid(code)


@settings(deadline=None)
@given(st.text(max_size=25), st.sampled_from([None, "uscc", "org_code", "registration_no", "tax_no"]))
def test_nothing_raises_and_what_is_found_is_found_again(text: str, column: str | None) -> None:
    found = judge(text, column)
    if isinstance(found, EntityNumber):
        assert judge(found.value, found.type) == found._replace(repairs=())
