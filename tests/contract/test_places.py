"""The places of the sample city fit one another: registry addresses are found in the register of standard addresses, codes are codes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from theme_case import world

from xihu.contract.load import load_catalogue
from xihu.sample.themes import block26_places as places
from xihu.standards.address import AddressIndex, match
from xihu.standards.real_estate import PATTERN, RealEstateUnit, parse

CONF = Path(__file__).resolve().parents[2] / "conf"
TITLES = {"标准地址编码": "address_no", "区县": "division", "乡镇街道": "street", "社区": "community", "路名": "road", "门牌号": "door_no",
          "小区名称": "neighbourhood", "幢号": "building_no", "单元": "entrance", "室号": "room_no"}  # fmt: skip


def test_registry_addresses_are_matched_to_their_standard_addresses() -> None:
    catalogue, city = load_catalogue(CONF), world()
    rows: list[dict[str, str]] = []
    for district in city.districts:
        for _, _, said in places._district_addresses(city, district, date(2016, 11, 4)):
            rows.append({name: said[title] for title, name in TITLES.items()})
    register = pa.table({name: pa.array([r[name] for r in rows], pa.string()) for name in TITLES.values()})
    index = AddressIndex.of(register, catalogue.codes, catalogue.crosswalks, date(2016, 12, 5))
    homes = [h for d in city.districts for h in places.houses(city, d)]
    by_room = {(r["neighbourhood"], r["building_no"], r["entrance"], r["room_no"], r["division"]): r["address_no"] for r in rows}
    for h in homes:
        m = match(f"{places.ids.DISTRICTS[h.district][0]}{h.street}{h.at}", index)
        assert m.grade == "A", (h.at, m)
        assert m.address_id == by_room[h.estate, f"{h.building}幢", f"{h.entrance}单元", f"{h.room}室", h.district]


def test_codes_of_units_are_of_the_standard_and_none_twice() -> None:
    city = world()
    codes = [h.unit for d in city.districts for h in places.houses(city, d)]
    assert len(set(codes)) == len(codes) > 250
    assert all(isinstance(parse(code), RealEstateUnit) for code in codes)


@pytest.mark.parametrize("resource", ["gt__real_estate_unit", "gt__real_estate_right"])
def test_contracts_check_what_the_standard_says(resource: str) -> None:
    assert PATTERN in load_catalogue(CONF).contracts[resource].checks["unit_code"].sql


def test_planted_codes_break_the_check() -> None:
    """The plants whose reason is found in SQL only are wrong indeed, and the others right."""
    by_kind: dict[str, str] = {}
    for f in (f for f in places._units(world()) if not f.refused):
        lines = f.content.decode("gb18030").replace("\r\n", "").splitlines()
        by_kind |= {x.kind: lines[x.row - 1].split("|@|")[1] for x in f.faults if x.field == "real_estate_no"}
    assert {k: isinstance(parse(code), RealEstateUnit) for k, code in by_kind.items()} == {
        "county_of_old": True, "five_for_the_fixture": False, "letter_o": False,
    }  # fmt: skip


def test_tiles_of_a_year_do_not_overlap_and_carry_the_codes_of_the_year() -> None:
    files = [f for f in places._tiles(world()) if not f.faults]
    assert files
    for f in files:
        features = json.loads(f.content)["features"]
        corners = {tuple(map(tuple, x["geometry"]["coordinates"][0][:1])) for x in features}
        assert len(features) == len(corners) == 13
    first = json.loads(next(iter(places._tiles(world()))).content)["features"]
    assert "富阳市" in {x["properties"]["区划名称"] for x in first}
