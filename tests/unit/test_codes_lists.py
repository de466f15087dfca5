"""Code lists against what is known elsewhere: official counts, the ministry's list of divisions, the statisticians' list of streets."""

from __future__ import annotations

import csv
import itertools
from datetime import date
from pathlib import Path

import pytest

from xihu.settings import ROOT
from xihu.standards import icd10, industry
from xihu.standards.codes import CodeList, CodeListError, load_codes, read_codes
from xihu.standards.crosswalks import load_crosswalks
from xihu.standards.divisions import Divisions

NOW = date(2026, 6, 1)


@pytest.fixture(scope="module")
def codes() -> dict[str, CodeList]:
    return load_codes(ROOT / "conf" / "codes")


def valid(listed: CodeList, on: date) -> set[str]:
    return {row.code for row in listed.rows if row.valid(on)}


@pytest.mark.parametrize(
    ("name", "on", "count"),
    [
        ("sex", NOW, 4),
        ("marital", NOW, 8),
        ("ethnic", NOW, 58),
        ("political_status", NOW, 13),
        ("occupation_status", NOW, 13),
        ("occupation", NOW, 8),
        ("icd10_chapter", NOW, 22),
        ("disability_category", NOW, 7),
        ("disability_grade", NOW, 4),
        ("uscc_department", NOW, 12),
        ("budget_economic_government", date(2020, 1, 1), 20),
        ("street", date(2016, 12, 5), 195),
        ("street", date(2020, 6, 30), 196),
        ("street", date(2023, 6, 30), 196),
    ],
)
def test_official_counts(codes: dict[str, CodeList], name: str, on: date, count: int) -> None:
    assert len(valid(codes[name], on)) == count


@pytest.mark.parametrize(("on", "divisions"), [(date(2016, 12, 5), 96), (date(2017, 9, 30), 96), (date(2017, 10, 1), 97), (NOW, 97)])
def test_industry_has_the_sections_and_divisions_of_its_edition(codes: dict[str, CodeList], on: date, divisions: int) -> None:
    rows = [row for row in codes["industry"].rows if row.valid(on)]
    sections = {row.code for row in rows if row.extra["level"] == "section"}
    assert sections == set("ABCDEFGHIJKLMNOPQRST")
    below = [row for row in rows if row.extra["level"] == "division"]
    assert len(below) == divisions and {row.extra["parent"] for row in below} == sections
    # Sections follow each other without a gap: the codes of each are one run.
    ordered = [row.extra["parent"] for row in sorted(below, key=lambda row: row.code)]
    assert ordered == sorted(ordered)


def test_a_code_of_industry_means_what_its_year_says(codes: dict[str, CodeList]) -> None:
    listed = codes["industry"]
    before, after = listed.at("79", date(2016, 12, 5)), listed.at("79", date(2018, 1, 1))
    assert before and after and (before.name, after.name) == ("居民服务业", "土地管理业")
    assert listed.named("居民服务业", date(2018, 1, 1)).code == "80"  # type: ignore[union-attr]
    assert listed.named("教育", date(2016, 1, 1)) is None  # the section P and the division 82 bear one name


def test_budget_subjects_by_year(codes: dict[str, CodeList]) -> None:
    budget = codes["budget_function"]
    assert budget.at("224", date(2018, 12, 31)) is None and budget.at("224", date(2019, 1, 1))
    names = {y: row.name for y in (2013, 2018, 2019) if (row := budget.at("210", date(y, 6, 1)))}
    assert names == {2013: "医疗卫生", 2018: "医疗卫生与计划生育支出", 2019: "卫生健康支出"}
    economic = codes["budget_economic_department"]
    assert economic.at("304", date(2017, 12, 31)) and economic.at("304", date(2018, 1, 1)) is None
    assert codes["budget_economic_government"].at("501", date(2017, 12, 31)) is None


def test_ethnic_letters_are_unique(codes: dict[str, CodeList]) -> None:
    letters = [row.extra["letters"] for row in codes["ethnic"].rows if row.extra["letters"]]
    assert len(letters) == len(set(letters)) == 56 and letters[0] == "HA" and letters[21] == "SH" and letters[55] == "JN"


def test_relations_are_a_hierarchy(codes: dict[str, CodeList]) -> None:
    relation = {row.code: row.extra["parent"] for row in codes["household_relation"].rows}
    assert relation["31"] == "30" and relation["97"] == "80" and relation["90"] == "80" and relation["20"] == "" and relation["99"] == ""
    assert [row.name for row in codes["household_relation"].rows if row.code in ("28", "38")] == ["女婿", "儿媳"]


# ---- the ministry's list


@pytest.fixture
def ministry(shared: Path) -> list[dict[str, str]]:
    with (shared / "real" / "areacodes" / "areacodes.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_row_of_the_ministry_is_judged_the_same(codes: dict[str, CodeList], ministry: list[dict[str, str]]) -> None:
    """Each row's own years, the year before and the year after, by the list and by the file read anew."""
    divisions = Divisions.of(codes)
    spans: dict[str, list[tuple[int, int, str]]] = {}
    for row in ministry:
        spans.setdefault(row["代码"], []).append((int(row["启用时间"]), int(row["变更/弃用时间"] or 9999), row["名称"]))
    judged = 0
    for code, own in spans.items():
        for year in sorted({y for start, end, _ in own for y in (start - 1, start, end - 1, end, 2024) if y <= 2026}):
            wanted = next((name for start, end, name in own if start <= year < end), None)
            found = divisions.judge(code, date(year, 6, 30))
            assert (found.name if found.status == "valid" else None) == wanted, (code, year)
            judged += 1
    assert judged > 15_000
    assert set(codes["divisions_national"].by_code) == set(spans) and len(codes["divisions_national"]) == len(ministry) == 6823


def test_successors_are_the_ministrys(codes: dict[str, CodeList], ministry: list[dict[str, str]]) -> None:
    listed = {(r.code, r.valid_from.year if r.valid_from else 0): r for r in codes["divisions_national"].rows}
    for row in ministry:
        mine = listed[row["代码"], int(row["启用时间"])]
        parts = [p for p in row["新代码"].split(";") if p]
        assert list(mine.successor) == [p for p in parts if "[" not in p], row
        assert mine.extra["ceded"] == ";".join(p.replace("[", "@").rstrip("]") for p in parts if "[" in p), row


def test_the_citys_own_list_agrees_with_the_national_one(codes: dict[str, CodeList]) -> None:
    national = {(r.code, r.valid_from): r for r in codes["divisions_national"].rows}
    for row in codes["divisions"].rows:
        other = national[row.code, row.valid_from]
        assert (other.name, other.valid_to, set(other.successor)) == (row.name, row.valid_to, set(row.successor))


def test_places_elsewhere_by_year(codes: dict[str, CodeList]) -> None:
    divisions = Divisions.of(codes)
    # 崇文区 went into 东城区 in 2010; 郧县 became 郧阳区 in 2014.
    assert divisions.judge("110103", date(2009, 1, 1)).status == "valid"
    assert divisions.judge("110103", date(2016, 1, 1)).became == ("110101",)
    assert divisions.judge("420321", date(2016, 1, 1)).became == ("420304",)
    assert divisions.judge("330114", date(2016, 1, 1)).status == "future"
    assert divisions.judge("110199", date(2016, 1, 1)).status == "unknown"
    found = divisions.resolve("420321", date(2016, 12, 5), outside=True)
    assert found.code == "420304" and "division:420321→420304" in found.repairs  # type: ignore[union-attr]
    found = divisions.resolve("110199", date(2016, 12, 5), outside=True)
    assert found.code == "110199" and found.repairs == ("outside", "division_unknown?")  # type: ignore[union-attr]
    found = divisions.resolve("110105", date(2016, 12, 5), outside=True)
    assert found.code == "110105" and found.repairs == ("outside",)  # type: ignore[union-attr]


# ---- streets


def test_streets_are_those_of_the_statisticians(codes: dict[str, CodeList], shared: Path) -> None:
    with (shared / "real" / "divisions" / "hangzhou_streets.csv").open(encoding="utf-8", newline="") as stream:
        official = {row["code"]: (row["name"], row["areaCode"]) for row in csv.DictReader(stream)}
    mine = {row.code: (row.name, row.extra["division"]) for row in codes["street"].rows if row.valid(date(2023, 6, 30))}
    assert mine == official


@pytest.mark.parametrize(
    ("on", "counts"),
    [
        (date(2016, 12, 5), {"330102": 6, "330103": 8, "330104": 10, "330105": 10, "330185": 18}),
        (date(2023, 1, 1), {"330102": 14, "330105": 18, "330106": 12, "330108": 3, "330109": 27, "330110": 12, "330113": 8, "330114": 7}),
    ],
)
def test_districts_have_the_streets_that_are_known(codes: dict[str, CodeList], on: date, counts: dict[str, int]) -> None:
    found: dict[str, int] = {}
    for row in codes["street"].rows:
        if row.valid(on):
            found[row.extra["division"]] = found.get(row.extra["division"], 0) + 1
    assert {k: found[k] for k in counts} == counts
    assert all(codes["divisions"].at(division, on) for division in found)


def test_every_street_lies_in_a_division_of_its_time(codes: dict[str, CodeList]) -> None:
    for row in codes["street"].rows:
        assert row.code[:6] == row.extra["division"]
        for on in (row.valid_from or date(2016, 7, 31), row.valid_to or NOW):
            if row.valid(on):
                assert codes["divisions"].at(row.extra["division"], on), row


# ---- ICD-10


@pytest.mark.parametrize(
    ("code", "chapter"),
    [
        ("I21.900x001", "IX"),
        ("i21.9", "IX"),
        ("Ｉ２１", "IX"),
        ("A00", "I"),
        ("B99", "I"),
        ("C34.9", "II"),
        ("D48.9", "II"),
        ("D50", "III"),
        ("D89.9", "III"),
        ("E11.9", "IV"),
        ("H59", "VII"),
        ("H60", "VIII"),
        ("J18.903", "X"),
        ("K93.8*", "XI"),
        ("O80.000", "XV"),
        ("S72.001", "XIX"),
        ("T98", "XIX"),
        ("V01", "XX"),
        ("Y98", "XX"),
        ("Z38.000", "XXI"),
        ("U07.100", "XXII"),
        ("M81.9", "XIII"),
        ("X59.x00x000", "XX"),
        ("M8140/3", None),
        ("D49", None),
        ("D90", None),
        ("E91", None),
        ("T99", None),
        ("K94", None),
        ("S72", "XIX"),
        ("高血压", None),
        ("", None),
        ("I2", None),
        ("I21X900;J18", None),
    ],
)
def test_chapter_of_a_disease(codes: dict[str, CodeList], code: str, chapter: str | None) -> None:
    assert icd10.chapter(code, codes["icd10_chapter"]) == chapter


def test_chapters_do_not_overlap(codes: dict[str, CodeList]) -> None:
    ranges = sorted((row.extra["first"], row.extra["last"]) for row in codes["icd10_chapter"].rows)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(ranges))
    assert all(first <= last for first, last in ranges)


# ---- faults of a list, by line


def test_named_codes_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(
        "code,name,valid_from,valid_to,successor,parent\n"
        "1,a,2000-01-01,2010-01-01,2,\n"  # fine
        "2,b,2010-01-01,,,\n"
        "3,c,2000-01-01,2010-01-01,9,\n"  # no such successor
        "4,d,2000-01-01,2005-01-01,2,\n"  # the successor begins later
        "5,e,2000-01-01,,2,\n"  # goes on, yet has a successor
        "6,f,2000-01-01,2005-01-01,1,2\n"  # the parent is of another time
        "7,g,,,,7\n"  # its own parent
        "8,h,,,,zz\n",
        "utf-8",
    )
    with pytest.raises(CodeListError) as caught:
        read_codes(file)
    assert [(line, message.split(":")[0]) for _, line, message in caught.value.problems] == [
        (4, "3"),
        (5, "4"),
        (6, "5"),
        (7, "6"),
        (8, "7"),
        (9, "8"),
    ]


def test_only_the_lists_of_its_fields_travel_with_a_contract(codes: dict[str, CodeList]) -> None:
    from xihu.contract.load import load_catalogue
    from xihu.standards.value import lists_for, parser_for

    for contract in load_catalogue(ROOT / "conf").contracts.values():
        given = lists_for(contract, codes)
        assert set(given) - {f.codes for f in contract.fields.values()} <= {"divisions", "functional_areas", "divisions_national"}
        assert ("divisions_national" in given) is any(f.outside for f in contract.fields.values())
        for name, spec in contract.fields.items():
            if spec.type in ("code", "division"):
                cells = [*(spec.map or ()), *(list(codes[spec.codes].by_code)[:5] if spec.codes else ["330106", "西湖区", "330103"])]
                few, all_ = parser_for(name, contract, given), parser_for(name, contract, codes)
                assert [few(c, date(2016, 12, 5)) for c in cells] == [all_(c, date(2016, 12, 5)) for c in cells]


@pytest.mark.parametrize(
    ("text", "on", "expected"),
    [
        ("C1311", date(2016, 12, 5), ("C", "13", "农副食品加工业", ())),
        ("1311", date(2016, 12, 5), ("C", "13", "农副食品加工业", ())),
        ("ｃ13", date(2020, 1, 1), ("C", "13", "农副食品加工业", ())),
        ("79", date(2016, 12, 5), ("O", "79", "居民服务业", ())),
        ("7910", date(2020, 1, 1), ("N", "79", "土地管理业", ())),
        ("O7910", date(2020, 1, 1), ("O", "80", "居民服务业", ("industry:O79→80",))),
        ("O80", date(2020, 1, 1), ("O", "80", "居民服务业", ())),
        ("P83", date(2016, 12, 5), ("P", "82", "教育", ("industry:P83→82",))),
        ("Q", date(2016, 12, 5), ("Q", None, "卫生和社会工作", ())),
    ],
)
def test_industries_as_they_are_sent(codes: dict[str, CodeList], text: str, on: date, expected: tuple[object, ...]) -> None:
    walk = load_crosswalks(ROOT / "conf" / "codes" / "crosswalks", codes)["industry__industry"]
    assert industry.read(text, on, walk) == expected


@pytest.mark.parametrize("text", ["", "A13", "98", "N79", "Z01", "131115", "制造业", "C1", "13A"])
def test_what_is_no_industry_is_told(codes: dict[str, CodeList], text: str) -> None:
    walk = load_crosswalks(ROOT / "conf" / "codes" / "crosswalks", codes)["industry__industry"]
    assert isinstance(industry.read(text, date(2016, 12, 5), walk), str)
