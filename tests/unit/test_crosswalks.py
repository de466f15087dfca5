"""What a code became: the street change of 2021 worked by hand, figures that keep their sum, and the refusal of what is not exact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xihu.settings import ROOT
from xihu.standards.codes import CodeList, CodeListError, load_codes
from xihu.standards.crosswalks import Crosswalk, NotExact, load_crosswalks, rollup

BEFORE, AFTER = date(2016, 12, 5), date(2021, 12, 31)
EVE, DAY = date(2021, 4, 8), date(2021, 4, 9)

CODES = load_codes(ROOT / "conf" / "codes")
WALKS = load_crosswalks(ROOT / "conf" / "codes" / "crosswalks", CODES)
STREETS, DIVISIONS, INDUSTRY = WALKS["street__street"], WALKS["divisions__divisions"], WALKS["industry__industry"]

# Typed from the notice's description of the new districts, by name: district of 2021 → streets that came from elsewhere.
NEW_DISTRICTS = {
    "330102": "凯旋街道 采荷街道 闸弄口街道 四季青街道 彭埠街道 笕桥街道 丁兰街道 九堡街道",
    "330105": "天水街道 武林街道 长庆街道 潮鸣街道 朝晖街道 文晖街道 东新街道 石桥街道",
    "330113": "临平街道 南苑街道 东湖街道 星桥街道 乔司街道 运河街道 崇贤街道 塘栖镇",
    "330114": "下沙街道 白杨街道 河庄街道 义蓬街道 新湾街道 临江街道 前进街道",
}


def test_streets_go_where_the_notice_puts_them() -> None:
    moved = {street: district for district, streets in NEW_DISTRICTS.items() for street in streets.split()}
    assert len(moved) == 31
    for row in (row for row in CODES["street"].rows if row.valid(EVE)):
        found = STREETS.convert(row.code, EVE, DAY)
        assert isinstance(found, str)
        now = CODES["street"].at(found, DAY)
        assert now and now.name == row.name
        assert now.extra["division"] == moved.get(row.name, row.extra["division"]), row.name


def test_streets_convert_back() -> None:
    for row in (row for row in CODES["street"].rows if row.valid(DAY)):
        back = STREETS.convert(row.code, DAY, EVE)
        assert isinstance(back, str) and STREETS.convert(back, EVE, DAY) == row.code


def test_a_split_street_is_not_exact_and_says_what_it_became() -> None:
    found = STREETS.convert("330109013", BEFORE, AFTER)
    assert isinstance(found, NotExact) and found.codes == {"330109013": ("330109013", "330109015")}
    assert "不能准确换算" in str(found) and "330109015" in str(found)
    back = STREETS.convert("330109015", AFTER, BEFORE, figures=True)
    assert isinstance(back, NotExact)
    assert STREETS.convert("330109015", AFTER, BEFORE) == "330109013"  # a record of the new street was surely of the old one


def test_a_code_that_is_not_of_the_day_is_no_code() -> None:
    assert isinstance(STREETS.convert("330114001", BEFORE, AFTER), NotExact)
    assert isinstance(STREETS.convert("330199999", BEFORE, AFTER), NotExact)
    with pytest.raises(ValueError, match="needs the days"):
        STREETS.convert("330102001")


def test_population_of_2016_in_the_districts_of_2021() -> None:
    """Each street has its serial as figure; the expected sums are added up by name, without the crosswalk."""
    figures = {row.code: i for i, row in enumerate(r for r in CODES["street"].rows if r.valid(BEFORE) and r.code != "330109013")}
    made = STREETS.redistribute(figures, BEFORE, AFTER)
    assert isinstance(made, dict) and sum(made.values()) == sum(figures.values()) and len(made) == len(figures)
    districts = rollup(CODES["street"], made, AFTER)
    assert isinstance(districts, dict)
    moved = {street: district for district, streets in NEW_DISTRICTS.items() for street in streets.split()}
    expected: dict[str, int] = {}
    for code, figure in figures.items():
        row = CODES["street"].at(code, BEFORE)
        assert row
        of = moved.get(row.name) if row.extra["division"] in ("330103", "330104", "330109", "330110") else None
        of = of or {"330185": "330112"}.get(row.extra["division"], row.extra["division"])
        expected[of] = expected.get(of, 0) + figure
    assert districts == expected and len(districts) == 13


def test_districts_convert_only_where_they_were_not_divided() -> None:
    whole = {"330103": 40, "330105": 35, "330106": 67, "330108": 22, "330111": 67, "330185": 53, "330122": 41, "330127": 46, "330182": 51}
    assert DIVISIONS.redistribute(whole, BEFORE, AFTER) == {
        "330105": 75, "330106": 67, "330108": 22, "330111": 67, "330112": 53, "330122": 41, "330127": 46, "330182": 51,
    }  # fmt: skip
    for code, became in {
        "330104": ("330102", "330114"),
        "330109": ("330109", "330114"),
        "330110": ("330110", "330113"),
    }.items():
        found = DIVISIONS.redistribute({**whole, code: 1}, BEFORE, AFTER)
        assert isinstance(found, NotExact) and found.codes == {code: became}
    # Back: 拱墅 of 2021 was two districts; a person registered there in 2021 may have lived in either.
    assert isinstance(DIVISIONS.convert("330105", AFTER, BEFORE), NotExact)
    back = DIVISIONS.convert("330114", AFTER, BEFORE)
    assert isinstance(back, NotExact) and back.codes == {"330114": ("330104", "330109")}
    assert DIVISIONS.convert("330113", AFTER, BEFORE) == "330110"  # 临平 was 余杭, whole or not
    assert isinstance(DIVISIONS.convert("330113", AFTER, BEFORE, figures=True), NotExact)
    assert DIVISIONS.convert("330112", AFTER, BEFORE, figures=True) == "330185"


def test_xiaoshan_through_four_codes() -> None:
    assert DIVISIONS.convert("330121", date(1985, 1, 1), date(1995, 1, 1)) == "330181"
    assert DIVISIONS.convert("330125", date(1985, 1, 1), date(2016, 1, 1)) == "330110"
    assert isinstance(DIVISIONS.convert("330121", date(1985, 1, 1), date(2016, 1, 1)), NotExact)  # three towns left in 1996
    assert DIVISIONS.convert("339005", date(1988, 1, 1), date(1985, 1, 1), figures=True) == "330121"


def test_districts_agree_with_their_streets() -> None:
    """A district is split if and only if its streets lie in several districts afterwards."""
    for row in (row for row in CODES["divisions"].rows if row.valid(EVE) and row.extra["level"] == "county"):
        streets = [s.code for s in CODES["street"].rows if s.valid(EVE) and s.extra["division"] == row.code]
        after = {str(STREETS.convert(s, EVE, DAY))[:6] for s in streets}
        found = DIVISIONS.convert(row.code, EVE, DAY)
        assert ({found} if isinstance(found, str) else set(found.codes[row.code])) == after


def test_a_records_industry_converts_and_a_total_does_not() -> None:
    assert INDUSTRY.convert("79", date(2016, 1, 1), date(2018, 1, 1)) == "80"
    assert INDUSTRY.convert("96", date(2016, 1, 1), date(2018, 1, 1)) == "97"
    assert INDUSTRY.convert("97", date(2018, 1, 1), date(2016, 1, 1)) == "96"
    assert INDUSTRY.convert("01", date(2016, 1, 1), date(2018, 1, 1)) == "01"
    assert isinstance(INDUSTRY.convert("58", date(2016, 1, 1), date(2018, 1, 1)), NotExact)
    assert isinstance(INDUSTRY.convert("79", date(2018, 1, 1), date(2016, 1, 1)), NotExact)  # 土地管理业 is new
    assert isinstance(INDUSTRY.redistribute({"79": 1}, date(2016, 1, 1), date(2018, 1, 1)), NotExact)
    for row in (r for r in CODES["industry"].rows if r.valid(date(2017, 1, 1)) and r.code not in ("58", "59")):
        found = INDUSTRY.convert(row.code, date(2017, 1, 1), date(2018, 1, 1))
        assert isinstance(found, str)
        now = CODES["industry"].at(found, date(2018, 1, 1))
        # Some division of the new edition may have a longer name, but never another first word.
        assert now and now.extra["parent"] == row.extra["parent"] and now.name[:2] == row.name[:2]


@pytest.mark.parametrize("name", [n for n in WALKS if n.startswith("id_type_")])
def test_certificates_of_every_source_have_one_meaning(name: str) -> None:
    walk = WALKS[name]
    for code in walk.source.by_code:
        assert walk.convert(code) in CODES["id_type"].by_code
    named = {row.code for row in walk.source.rows if row.name.startswith("居民身份证")}
    assert {c for c in walk.source.by_code if walk.convert(c) == "citizen_id"} == named and named
    assert isinstance(walk.convert("ZZ9"), NotExact)


def test_one_code_means_different_documents_by_source() -> None:
    assert [WALKS[f"id_type_{s}__id_type"].convert("02") for s in ("rs", "yb", "wj")] == ["passport", "military_officer", "household_book"]


def test_schemes_and_schools() -> None:
    schemes = WALKS["insurance_scheme_code__insurance_scheme"]
    assert schemes.convert("110") == "employee_pension" and schemes.convert("170") == "resident_pension"
    assert schemes.redistribute({"310": 5, "390": 7, "330": 1}) == {"employee_medical": 6, "resident_medical": 7}
    school = WALKS["school_type__school_stage"]
    assert school.convert("211") == "primary"
    both = school.convert("312")
    assert isinstance(both, NotExact) and set(both.codes["312"]) == {"primary", "junior"}
    assert isinstance(school.convert("111"), NotExact)


def test_economic_subjects_of_2018() -> None:
    walk = WALKS["budget_economic_department__budget_economic_government"]
    assert walk.convert("30308", figures=True) == "50902" and walk.convert("30305") == "50901"
    assert walk.redistribute({"30301": Decimal("1.5"), "30302": Decimal(2), "30308": Decimal(3)}) == {
        "50905": Decimal("3.5"), "50902": Decimal(3),
    }  # fmt: skip
    assert isinstance(walk.convert("301"), NotExact)


@given(st.dictionaries(st.sampled_from([r.code for r in CODES["street"].rows if r.valid(BEFORE)]), st.integers(-(10**9), 10**9)))
def test_what_is_redistributed_keeps_its_sum(figures: dict[str, int]) -> None:
    made = STREETS.redistribute(figures, BEFORE, AFTER)
    if "330109013" in figures:
        assert isinstance(made, NotExact) and set(made.codes) == {"330109013"}
    else:
        assert isinstance(made, dict) and sum(made.values()) == sum(figures.values())
        assert STREETS.redistribute(made, AFTER, BEFORE) == figures


# ---- faults of a crosswalk, by line


def files(tmp_path: Path, lists: dict[str, str], name: str, rows: str) -> dict[str, Crosswalk]:
    (tmp_path / "crosswalks").mkdir(exist_ok=True)
    for stem, text in lists.items():
        (tmp_path / f"{stem}.csv").write_text("code,name,valid_from,valid_to,successor\n" + text, "utf-8")
    (tmp_path / "crosswalks" / f"{name}.csv").write_text("from_code,to_code,kind,valid_from,note\n" + rows, "utf-8")
    return load_crosswalks(tmp_path / "crosswalks", load_codes(tmp_path))


EDITIONS = "1,a,,2020-01-01,11\n2,b,,2020-01-01,11;12\n3,c,,,\n11,a,2020-01-01,,\n12,b,2020-01-01,,\n"


def test_a_complete_crosswalk_loads(tmp_path: Path) -> None:
    rows = "1,11,merge,2020-01-01,\n2,11,split,2020-01-01,\n2,12,split,2020-01-01,\n"
    walk = files(tmp_path, {"x": EDITIONS}, "x__x", rows)["x__x"]
    assert walk.convert("1", date(2019, 1, 1), date(2021, 1, 1)) == "11" and walk.convert("3", date(2019, 1, 1), date(2021, 1, 1)) == "3"


@pytest.mark.parametrize(
    ("rows", "line", "word"),
    [
        ("1,11,merge,2020-01-01,\n", 1, "not mapped: 2"),
        ("1,11,merge,2020-01-01,\n2,11,split,2020-01-01,\n2,13,split,2020-01-01,\n", 4, "13 is no code"),
        ("9,11,merge,2020-01-01,\n1,11,merge,2020-01-01,\n2,11,split,2020-01-01,\n2,12,split,2020-01-01,\n", 2, "9 is no code"),
        ("1,11,exact,2020-01-01,\n2,11,split,2020-01-01,\n2,12,split,2020-01-01,\n", 2, "has other sources"),
        ("1,11,merge,2020-01-01,\n2,12,split,2020-01-01,\n", 3, "two rows or more"),
        ("1,11,merge,2020-01-01,\n2,11,merge,2020-01-01,\n2,12,split,2020-01-01,\n", 3, "one kind"),
        ("1,11,merge,2020-01-01,\n2,11,merge,2020-01-01,\n2,12,merge,2020-01-01,\n", 3, "several are a split"),
        ("1,12,merge,2020-01-01,\n2,11,split,2020-01-01,\n2,12,split,2020-01-01,\n", 2, "names the successors 11"),
        ("1,3,merge,2020-01-01,\n2,11,split,2020-01-01,\n2,12,split,2020-01-01,\n", 2, "a merge names it too"),
        ("1,11,half,2020-01-01,\n", 2, "kind 'half'"),
        ("1,11,merge,1.1.2020,\n", 2, "dates are written"),
        ("1,11,merge\n", 2, "number of cells"),
        ("1,11,merge,,\n", 2, "needs valid_from"),
        ("1,11,merge,2020-02-01,\n", 2, "no code of x on 2020-01-31"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, rows: str, line: int, word: str) -> None:
    with pytest.raises(CodeListError) as caught:
        files(tmp_path, {"x": EDITIONS}, "x__x", rows)
    assert any(at == line and word in message for _, at, message in caught.value.problems), str(caught.value)


def test_two_lists_are_mapped_in_full(tmp_path: Path) -> None:
    lists = {"s": "1,a,,,\n2,b,,,\n", "t": "x,a,,,\n"}
    with pytest.raises(CodeListError, match="not mapped: 2"):
        files(tmp_path, lists, "s__t", "1,x,exact,,\n")
    with pytest.raises(CodeListError, match="kind none has no to_code"):
        files(tmp_path, lists, "s__t", "1,x,exact,,\n2,x,none,,\n")
    with pytest.raises(CodeListError, match="after two code lists"):
        files(tmp_path, lists, "s__zz", "1,x,exact,,\n")


def test_rollup_says_what_has_nothing_above_it() -> None:
    assert isinstance(rollup(CODES["street"], {"330104005": 1}, AFTER), NotExact)
    assert rollup(CodeList("e", []), {}, AFTER) == {}
