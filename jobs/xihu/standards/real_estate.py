"""Code of a real-estate unit, 28 characters, GB/T 37346-2019 (不动产单元代码), as the registry of titles writes it.

CCCCCC AAA SSS OK NNNNN F UUUUUUUU: county (GB/T 2260), cadastral area and sub-area (地籍区, 地籍子区), ownership and kind of the parcel
(宗地特征码), its sequence; 1 character for what stands on it (定着物特征码) and 8 for the unit. There is no check character.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from xihu.standards.divisions import Divisions
from xihu.standards.text import fold, is_placeholder, unguard

LENGTH = 28
OWNERSHIP = {"G": "国家土地所有权", "J": "集体土地所有权", "Z": "土地所有权未确定或有争议"}
PARCEL = {
    "A": "集体土地所有权宗地", "B": "建设用地使用权宗地（地表）", "S": "建设用地使用权宗地（地上）", "X": "建设用地使用权宗地（地下）",
    "C": "宅基地使用权宗地", "D": "土地承包经营权宗地（耕地）", "E": "土地承包经营权宗地（林地）", "F": "土地承包经营权宗地（草地）",
    "H": "海域使用权宗海", "W": "使用权未确定或有争议的土地", "Y": "其他土地使用权宗地",
}  # fmt: skip
FIXTURE = {"F": "房屋等建筑物、构筑物", "L": "森林或林木", "Q": "其他类型的定着物", "W": "无定着物"}
# What a kind says of the ownership: land owned collectively, homesteads and the sea leave no choice.
_OWNERS = {"A": "J", "H": "G", "C": "JGZ", "W": "Z"}
_SLIPS = str.maketrans("OIL", "011")
_BLANKS = re.compile(r"[\s\-]+")


class RealEstateUnit(NamedTuple):
    """A code whose every part is one of the standard."""

    value: str
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def county(self) -> str:
        """GB/T 2260 code when the parcel got its number."""
        return self.value[:6]

    @property
    def cadastral_area(self) -> str:
        return self.value[6:9]

    @property
    def cadastral_subarea(self) -> str:
        return self.value[9:12]

    @property
    def parcel(self) -> str:
        """宗地代码, 19 characters."""
        return self.value[:19]

    @property
    def ownership(self) -> str:
        """G state, J collective, Z not settled."""
        return self.value[12]

    @property
    def parcel_kind(self) -> str:
        return self.value[13]

    @property
    def fixture(self) -> str:
        """F buildings, L woods, Q other, W none: the land alone."""
        return self.value[19]

    @property
    def building(self) -> str | None:
        """幢号, 4 digits, of a building."""
        return self.value[20:24] if self.fixture == "F" else None

    @property
    def household(self) -> str | None:
        """户号, 4 digits, of a building; 0000 is the whole building."""
        return self.value[24:] if self.fixture == "F" else None


class RealEstateUnitProblem(NamedTuple):
    """`missing`, `length`, `characters`, `county`, `ownership`, `parcel_kind`, `sequence`, `fixture` or `unit`, and what was seen."""

    reason: str
    detail: str


def parse(text: str | None, divisions: Divisions | None = None, on: date | None = None) -> RealEstateUnit | RealEstateUnitProblem:
    """Judge one code as sent, part by part from the left.

    Args:
        divisions: of the city; then the county must be one of its codes of any year.
        on: a day; a county that is not valid on it gets the warning `county_ended` or `county_future` (units keep their codes).
    """
    if text is None:
        return RealEstateUnitProblem("missing", "空 / empty")
    bare, repairs = unguard(text)
    value = _BLANKS.sub("", fold(bare))
    if not value or is_placeholder(value, identifier=True):
        return RealEstateUnitProblem("missing", f"占位 / placeholder: {value}" if value else "空 / empty")
    if value != bare:
        repairs += ("full_width" if not bare.isascii() else "space",)
    if value != value.upper():
        value, repairs = value.upper(), (*repairs, "case")
    if len(value) != LENGTH:
        known = {
            19: "宗地代码，缺定着物单元 / a parcel code without its unit",
            32: "多4位：定着物特征码只有1位 / the fixture has one character",
        }
        also = f": {known[len(value)]}" if len(value) in known else ""
        return RealEstateUnitProblem("length", f"{len(value)} 位 / {len(value)} characters, not {LENGTH}{also}")
    return _parts(value, repairs, divisions, on)


def _parts(value: str, repairs: tuple[str, ...], divisions: Divisions | None, on: date | None) -> RealEstateUnit | RealEstateUnitProblem:
    owner, kind, fixture = value[12], value[13], value[19]
    for start, end, what in (
        (0, 12, "区县和地籍区 / county and cadastral area"),
        (14, 19, "宗地顺序号 / sequence"),
        (20, 28, "单元号 / unit"),
    ):
        part = value[start:end]
        if not (part.isascii() and part.isdigit()):
            read = part.translate(_SLIPS)
            hint = f"，疑为 / perhaps {read}" if read.isdigit() else ""
            return RealEstateUnitProblem("characters", f"{what} 应为数字 / must be digits: {part}{hint}")
    if divisions is not None and value[:6] not in divisions.codes:
        return RealEstateUnitProblem("county", f"不是本市区划代码 / no division of the city: {value[:6]}")
    if value[6:12] == "000000":
        return RealEstateUnitProblem("county", "地籍区、地籍子区不能为零 / cadastral area and sub-area are not zero")
    if owner not in OWNERSHIP:
        return RealEstateUnitProblem("ownership", f"宗地特征码第一位应为 G、J、Z / must be G, J or Z: {owner}")
    if kind not in PARCEL:
        return RealEstateUnitProblem("parcel_kind", f"宗地特征码第二位不在标准之内 / not of the standard: {kind}")
    if owner not in _OWNERS.get(kind, owner):
        return RealEstateUnitProblem("parcel_kind", f"{OWNERSHIP[owner]}下不能有{PARCEL[kind]} / not under this ownership: {owner}{kind}")
    if value[14:19] == "00000":
        return RealEstateUnitProblem("sequence", "宗地顺序号不能为零 / the sequence is not zero")
    if fixture not in FIXTURE:
        return RealEstateUnitProblem("fixture", f"定着物特征码应为 F、L、Q、W / must be F, L, Q or W: {fixture}")
    empty = value[20:] == "00000000"
    if (fixture == "W") != empty:
        detail = (
            "无定着物时单元号为零 / without a fixture the unit is zero"
            if fixture == "W"
            else "有定着物时单元号不为零 / of a fixture the unit is not zero"
        )
        return RealEstateUnitProblem("unit", f"{detail}: {value[19:]}")
    if fixture == "F" and value[20:24] == "0000":
        return RealEstateUnitProblem("unit", f"幢号不能为零 / the building is not zero: {value[19:]}")
    warnings: tuple[str, ...] = ()
    if divisions is not None and on is not None and (judged := divisions.judge(value[:6], on)).status != "valid":
        warnings = (f"county_{judged.status}",)
    return RealEstateUnit(value, repairs, warnings)


def valid(text: str) -> bool:
    """Whether a text is such a code as it stands."""
    found = parse(text)
    return isinstance(found, RealEstateUnit) and not found.repairs


# The same in one expression, for checks of contracts: RLIKE in Spark and Trino.
_PARCELS = "(?:J[ABSXCDEFY]|G[BSXCDEFHY]|Z[BSXCDEFWY])(?!00000)[0-9]{5}"
_FIXTURES = "(?:W0{8}|[LQ](?!0{8})[0-9]{8}|F(?!0000)[0-9]{8})"
PATTERN = "^[0-9]{6}(?!000000)[0-9]{6}" + _PARCELS + _FIXTURES + "$"
