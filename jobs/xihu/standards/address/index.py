"""A register of standard addresses, ready to be asked: groups of rows (one building each) found by road and number, by estate, by village.

Register: an Arrow table of strings with `address_id` and any of `division` (six digits), `street` (nine digits, or its name),
`community`, `road`, `lane`, `number`, `estate`, `building`, `unit`, `floor`, `room`; divisions and streets of any year. A row says one
place: a room, or with the finer levels empty a building or a number. Rows of the fact `standard_address` may be given as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.standards.address import names
from xihu.standards.address.gazetteer import Gazetteer
from xihu.standards.address.lexicon import Lexicon
from xihu.standards.address.names import Spellings
from xihu.standards.address.text import value
from xihu.standards.codes import CodeList
from xihu.standards.crosswalks import Crosswalk

GROUP = ("division", "street", "community", "road", "lane", "number", "estate", "building")
# The columns of the fact standard_address, by their names here.
FACT = {
    "address_no": "address_id",
    "door_no": "number",
    "neighbourhood": "estate",
    "building_no": "building",
    "entrance": "unit",
    "room_no": "room",
}
INNER = ("unit", "floor", "room")


class Group(NamedTuple):
    """The rows [low, high) of one building, or of a number without buildings."""

    division: str | None
    street: str | None
    community: str | None
    road: str | None
    lane: str | None
    number: str | None
    estate: str | None
    building: str | None
    low: int
    high: int

    @property
    def way(self) -> str | None:
        """What the number counts along: the road, or a village without roads."""
        return self.road or self.community

    def label(self) -> str:
        """The place in words, without the rooms."""
        number = f"{self.number}号" if self.number else ""
        return "".join(x or "" for x in (self.community if not self.road else "", self.road, self.lane, number, self.estate)) + (
            f"{self.building}幢" if self.building else ""
        )


class Row(NamedTuple):
    """One row within its group."""

    address_id: str
    unit: str | None
    floor: str | None
    room: str | None


class AddressIndex:
    """Built once of a register; asking changes nothing. Divisions and streets are those of the day `on`."""

    def __init__(self, table: pa.Table, gazetteer: Gazetteer):
        self.gazetteer, self.on = gazetteer, gazetteer.on
        self._short: set[str] = set()
        table = table.rename_columns([FACT.get(name, name) for name in table.column_names])
        keyed = {name: _keys(table, name, self._key(name)) for name in (*GROUP, *INNER)}
        order = np.lexsort([keyed[name][0] for name in reversed((*GROUP, *INNER))]) if table.num_rows else np.zeros(0, dtype=np.int64)
        codes = {name: column[0][order] for name, column in keyed.items()}
        change = np.zeros(len(order), dtype=bool)
        change[:1] = True
        for name in GROUP:
            change[1:] |= codes[name][1:] != codes[name][:-1]
        starts = np.flatnonzero(change)
        ends = np.append(starts[1:], len(order))[: len(starts)]
        columns = [_values(codes[name][starts], keyed[name][1]) for name in GROUP]
        self.groups = [self._placed(Group(*cells)) for cells in zip(*columns, starts.tolist(), ends.tolist(), strict=True)]
        self._ids: pa.Array = table["address_id"].cast(pa.string()).combine_chunks().take(pa.array(order))
        self._inner = [pa.array(_values(codes[name], keyed[name][1]), pa.string()) for name in INNER]
        self._find()

    @classmethod
    def of(cls, table: pa.Table, codes: Mapping[str, CodeList], walks: Mapping[str, Crosswalk], on: date) -> AddressIndex:
        """From a register and the catalogue's code lists and crosswalks."""
        return cls(table, Gazetteer(codes, walks, on))

    def _key(self, name: str) -> Callable[[str], str | None]:
        if name == "community":
            return names.community
        if name == "estate":
            return self._estate
        if name == "road":
            return names.place
        if name == "lane":
            return lambda text: names.place(text)
        if name in ("division", "street"):
            return str.strip
        return lambda text: value(name, text)

    def _estate(self, text: str) -> str:
        key = names.estate(text)
        if key != names.place(text):
            self._short.add(key)
        return key

    def _placed(self, g: Group) -> Group:
        """With street and division as of the day."""
        street, division = g.street, g.division
        if street and not street.isdigit():
            named = self.gazetteer.streets.get(street, frozenset())
            own = [c for c in named if division is None or c in (self.gazetteer.of_division(division) or named)]
            street = own[0] if len(own) == 1 else None
        if street and street not in self.gazetteer.now:
            became = self.gazetteer.of_code(street)
            street = next(iter(became)) if len(became) == 1 else None
            if len(self.gazetteer.districts_of(became)) == 1:
                division = self.gazetteer.districts_of(became)[0]
        if street:
            division = self.gazetteer.division[street]
        return g if (street, division) == (g.street, g.division) else g._replace(street=street, division=division)

    def _find(self) -> None:
        self.by_number: dict[tuple[str, str | None, str], list[Group]] = {}
        self.by_estate: dict[str, list[Group]] = {}
        self.ways: dict[str, set[tuple[str | None, str | None]]] = {}
        self.lanes: dict[tuple[str, str], set[tuple[str | None, str | None]]] = {}
        self.communities: dict[str, set[tuple[str | None, str | None]]] = {}
        roads = set()
        for g in self.groups:
            where = (g.street, g.division)
            if g.community:
                self.communities.setdefault(g.community, set()).add(where)
            if g.road:
                roads.add(g.road)
            if g.way:
                self.ways.setdefault(g.way, set()).add(where)
                if g.lane:
                    self.lanes.setdefault((g.way, g.lane), set()).add(where)
                if g.number:
                    self.by_number.setdefault((g.way, g.lane, g.number), []).append(g)
            if g.estate:
                self.by_estate.setdefault(g.estate, []).append(g)
        self.lexicon = Lexicon(self.gazetteer, roads, self.communities, self.by_estate, self._short)
        self.road_spellings, self.estate_spellings = Spellings(roads), Spellings(self.by_estate)
        self.district_spellings, self.street_spellings = Spellings(self.gazetteer.districts), Spellings(self.gazetteer.streets)

    def rows(self, group: Group) -> list[Row]:
        """The rows of a group."""
        n = group.high - group.low
        cells = [self._ids.slice(group.low, n).to_pylist(), *(column.slice(group.low, n).to_pylist() for column in self._inner)]
        return [Row(*row) for row in zip(*cells, strict=True)]


def _keys(table: pa.Table, name: str, key: Callable[[str], str | None]) -> tuple[np.ndarray, list[str]]:
    """(index of the key for each row, -1 for none; the keys, sorted)."""
    if name not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64), []
    encoded = pc.dictionary_encode(table[name].cast(pa.string()).combine_chunks())
    made = [key(text) if text.strip() else None for text in encoded.dictionary.to_pylist()]
    keys = sorted({k for k in made if k})
    number = {k: i for i, k in enumerate(keys)}
    translate = np.array([number[k] if k else -1 for k in made] + [-1], dtype=np.int64)
    return translate[encoded.indices.fill_null(len(made)).to_numpy(zero_copy_only=False)], keys


def _values(codes: np.ndarray, keys: list[str]) -> list[str | None]:
    table: list[str | None] = [*keys, None]
    return [table[i] for i in codes.tolist()]
