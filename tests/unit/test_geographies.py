"""Figures of one year in the districts of another keep their total; the expected sums are added up by name, without the crosswalk."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from random import Random

import pytest
from test_crosswalks import CODES, NEW_DISTRICTS, WALKS

from xihu.standards.crosswalks import NotExact
from xihu.standards.geographies import Geographies, crosswalk_rows, street_rows

BEFORE, AFTER = date(2016, 12, 5), date(2021, 12, 31)
G = Geographies.of(CODES, WALKS)
ROWS = crosswalk_rows(CODES, WALKS)
MOVED = {street: district for district, streets in NEW_DISTRICTS.items() for street in streets.split()}


def by_hand(name: str, division: str) -> str:
    """The district of 2021 of a street of 2016, from the notice."""
    moved = MOVED.get(name) if division in ("330103", "330104", "330109", "330110") else None
    return moved or {"330185": "330112"}.get(division, division)


def of(day: date, division: str | None = None) -> list[tuple[str, str, str]]:
    rows = [(r.code, r.name, r.extra["division"]) for r in CODES["street"].rows if r.valid(day)]
    return [row for row in rows if division in (None, row[2])]


@pytest.mark.parametrize("seed", range(5))
def test_figures_by_street_of_2016_in_the_districts_of_2021(seed: int) -> None:
    """All thirteen districts, every street, the divided one too."""
    rng = Random(seed)
    figures = {code: rng.randrange(100_000) for code, _, _ in of(BEFORE)}
    made = G.to_districts(figures, BEFORE, AFTER)
    assert isinstance(made, dict) and sum(made.values()) == sum(figures.values())
    expected: dict[str, int] = {}
    for code, name, division in of(BEFORE):
        expected[by_hand(name, division)] = expected.get(by_hand(name, division), 0) + figures[code]
    assert made == expected and len(made) == 13


def test_back_again_the_districts_of_2016_get_their_own() -> None:
    figures = {code: i + 1 for i, (code, _, _) in enumerate(of(AFTER))}
    made = G.to_districts(figures, AFTER, BEFORE)
    assert isinstance(made, dict) and sum(made.values()) == sum(figures.values())
    names = {name: division for _, name, division in of(BEFORE)}
    expected: dict[str, int] = {}
    for code, name, _ in of(AFTER):
        old = names.get(name, "330109")  # 盈丰 was a part of 萧山's 宁围
        expected[old] = expected.get(old, 0) + figures[code]
    assert made == expected


def test_districts_and_functional_areas_as_statistics_give_them() -> None:
    """Thirteen districts of 2016, 下沙 and 大江东 apart from theirs, 景区 apart from 西湖区; 余杭 by street, for it was divided."""
    districts = ["330102", "330103", "330104", "330105", "330106", "330108", "330109", "330111", "330122", "330127", "330182", "330185"]
    figures = {code: 1_000 + i for i, code in enumerate([*districts, "xiasha", "dajiangdong", "scenic"])}
    figures |= {code: 10 for code, _, _ in of(BEFORE, "330110")}
    made = G.to_districts(figures, BEFORE, AFTER)
    assert isinstance(made, dict) and sum(made.values()) == sum(figures.values())
    f = figures
    assert made["330114"] == f["xiasha"] + f["dajiangdong"]
    assert made["330102"] == f["330102"] + f["330104"]
    assert made["330105"] == f["330105"] + f["330103"]
    assert made["330106"] == f["330106"] + f["scenic"]
    assert made["330109"] == f["330109"] and made["330112"] == f["330185"]
    assert made["330113"] == 10 * len(NEW_DISTRICTS["330113"].split()) and made["330110"] == 120


def test_what_was_divided_is_refused_with_its_parts() -> None:
    found = G.to_districts({"330104": 1, "330110": 2, "330102": 3}, BEFORE, AFTER)
    assert isinstance(found, NotExact) and found.codes == {"330104": ("330102", "330114"), "330110": ("330110", "330113")}
    assert G.to_districts({"330104": 1}, BEFORE, date(2019, 6, 1)) == {"330104": 1}


def test_what_was_not_there_is_refused() -> None:
    assert isinstance(G.to_districts({"330113": 1}, BEFORE, AFTER), NotExact)
    assert isinstance(G.to_districts({"qiantang": 1}, BEFORE, AFTER), NotExact)
    assert G.to_districts({"qiantang": 1}, date(2020, 1, 1), AFTER) == {"330114": 1}


def test_a_street_beside_its_district_is_not_counted_twice() -> None:
    """330104 beside its two eastern streets is 江干 without them; beside all of its streets it is nothing, or a contradiction."""
    assert G.to_districts({"330104": 7, "330104009": 1, "330104010": 2}, BEFORE, AFTER) == {"330102": 7, "330114": 3}
    every = {code: 1 for code, _, _ in of(BEFORE, "330104")}
    assert G.to_districts({**every, "330104": 0}, BEFORE, AFTER) == {"330102": 8, "330114": 2}
    assert isinstance(G.to_districts({**every, "330104": 5}, BEFORE, AFTER), NotExact)


def test_rows_of_the_crosswalk_are_whole() -> None:
    keys = [(r.level, r.from_code, r.from_date, r.to_date) for r in ROWS]
    assert len(set(keys)) == len(keys)
    editions = G.editions()
    assert editions == [None, date(2017, 1, 1), date(2020, 1, 1), date(2021, 4, 9)]
    for since in editions:
        for to in editions:
            streets = [r for r in ROWS if r.level == "street" and (r.from_date, r.to_date) == (since, to)]
            assert {r.from_code for r in streets} == {c for c, _, _ in of(G.within(since))}
            assert all(r.to_division and r.figures for r in streets), "every street has one district on every day"
            assert len({r.to_division for r in streets}) == 13
    none = [r for r in ROWS if r.to_division is None]
    assert none and all(r.parts and not r.figures for r in none)
    same = [r for r in ROWS if r.from_date == r.to_date and r.level == "street"]
    assert all((r.to_street, r.to_division) == (r.from_code, r.from_division) for r in same)


def test_a_join_with_the_rows_gives_what_the_function_gives() -> None:
    figures = {code: i + 1 for i, (code, _, _) in enumerate(of(BEFORE))}
    joined: dict[str, int] = {}
    for r in ROWS:
        if r.level == "street" and r.from_date is None and r.to_date == date(2021, 4, 9):
            joined[str(r.to_division)] = joined.get(str(r.to_division), 0) + figures[r.from_code]
    assert joined == G.to_districts(figures, BEFORE, AFTER)


def test_streets_of_the_last_edition_are_those_of_an_independent_list(shared: Path) -> None:
    with (shared / "real" / "divisions" / "hangzhou_streets.csv").open(encoding="utf-8-sig", newline="") as file:
        theirs = {row["code"]: (row["name"], row["areaCode"]) for row in csv.DictReader(file)}
    ours = {r.code: (r.name, r.division) for r in street_rows(CODES) if r.valid_to is None}
    both = theirs.keys() & ours.keys()
    assert len(both) > 180 and all(theirs[c] == ours[c] for c in both)
    assert {r.to_division for r in ROWS if r.to_date == date(2021, 4, 9)} - {None} == {d for _, d in theirs.values()}
