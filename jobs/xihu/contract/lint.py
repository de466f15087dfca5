"""Equal names mean equal things: every contract, fact and base table against the data elements, and against each other.

This judges how a catalogue is written, not whether a file can be read: `xihu catalogue check` refuses, loading does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xihu.contract.elements import FILE, Element
from xihu.contract.models import MONEY_UNITS, Base, Contract, Fact
from xihu.contract.problems import Problem
from xihu.contract.source import Path_, Source

# What a fact or base table calls a person or an entity is sent as an id.
_SAME_TYPE = {"person": "citizen_id", "entity": "uscc"}
_UNITS = {
    "°C": "℃", "度": "℃", "摄氏度": "℃", "米/秒": "m/s", "公里": "km", "千米": "km", "公里/小时": "km/h", "千米/小时": "km/h",
    "毫米": "mm", "米": "m", "平方米": "㎡", "m2": "㎡", "m²": "㎡", "立方米": "m³", "m3": "m³", "平方公里": "km²",
    "km2": "km²", "公斤": "kg", "千克": "kg", "克": "g", "吨": "t", "ug/m3": "μg/m³", "微克/立方米": "μg/m³",
    "μg/m3": "μg/m³", "µg/m³": "μg/m³", "mg/l": "mg/L", "毫克/升": "mg/L", "％": "%", "百分": "%", "千瓦时": "kWh",
    "度电": "kWh", "百帕": "hPa", "天": "d", "日": "d", "小时": "h", "分钟": "min", "秒": "s",
}  # fmt: skip
# Counting words tell what is counted, not by which measure.
_COUNTS = frozenset("人 户 个 次 件 辆 张 起 家 宗 条 所 名 座 台 套 间 部 份 例 卷 班 人次 台次 床 头 只 株 位 项 期".split())  # noqa: SIM905
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BRACKET = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")
# Words that tell the form of a value, not what it is about.
_FORM = re.compile(r"日期|时间|时刻|名称|姓名|金额|数量|编号|编码|代码|号码|情况|信息|类型|类别|种类|状态|人数|总数|是否|[的之]")
_NOISE = re.compile(r"[\s()（）【】\[\]:：、,，.。·\-—_]+")


class Use(NamedTuple):
    """One field, column or attribute."""

    table: str  # resource, fact or base table
    file: str
    line: int
    field: str  # dotted path inside the file
    titles: tuple[str, ...]  # the Chinese ones, after the last "/" of merged headers
    type: str
    codes: str | None
    pii: str | None
    unit: str | None
    persons: bool  # the record is about persons

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def unit_kind(type_: str, unit: str | None) -> str | None:
    """What two numbers must share to be compared: `money`, or the measure by one spelling; None where only things are counted."""
    if type_ == "money" or unit in MONEY_UNITS:
        return "money"
    if unit is None or unit in _COUNTS:
        return None
    return _UNITS.get(unit, unit)


def _titles(title: str, others: Iterable[str] = ()) -> tuple[str, ...]:
    last = (_BRACKET.sub("", t.rsplit("/", 1)[-1]).strip() or t for t in (title, *others))
    return tuple(dict.fromkeys(t for t in last if _CHINESE.search(t)))


def uses(
    contracts: Mapping[str, Contract], facts: Mapping[str, Fact], bases: Mapping[str, Base], sources: Mapping[str, Source]
) -> Iterator[tuple[str, Use]]:
    """Every (name, use) of a catalogue: contracts, then facts, then base tables."""

    def use(table: str, source: Source, path: Path_, titles: tuple[str, ...], type_: str, codes, pii, unit, persons: bool) -> Use:
        dotted = ".".join(map(str, path))
        return Use(
            table, source.name, source.line(path), dotted, titles, _SAME_TYPE.get(type_, type_), codes, pii, unit_kind(type_, unit), persons
        )

    for resource, c in contracts.items():
        for name, f in c.fields.items():
            titles = _titles(f.title, f.titles)
            yield (
                name,
                use(resource, sources[resource], ("fields", name), titles, f.type, f.codes, f.pii_class, f.unit, bool(c.persons)),
            )
    for table, fact in facts.items():
        persons = any(column.type == "person" for column in fact.columns.values())
        for name, column in fact.columns.items():
            source = sources[f"facts/{table}.yaml"]
            titles = _titles(column.title)
            # Who a fact is about is a number of the registry there, not a citizen id.
            pii = column.pii or ("direct" if column.type in ("person_name", "phone", "citizen_id") else None)
            yield name, use(table, source, ("columns", name), titles, column.type, column.codes, pii, column.unit, persons)
    for table, base in bases.items():
        for name, a in base.attributes.items():
            source = sources[f"base/{table}.yaml"]
            pii = a.pii or ("direct" if a.type in ("person_name", "phone", "citizen_id") else None)
            yield name, use(table, source, ("attributes", name), _titles(a.title), a.type, a.codes, pii, None, table == "person")


def lint(
    contracts: Mapping[str, Contract],
    facts: Mapping[str, Fact],
    bases: Mapping[str, Base],
    elements: Mapping[str, Element],
    sources: Mapping[str, Source],
) -> list[Problem]:
    """Names used in two senses, and fields that are not what their name says.

    `sources`: resource → file of a contract; `facts/<fact>.yaml`, `base/<table>.yaml` → theirs; `elements.yaml`.
    """
    found: list[Problem] = []
    first: dict[str, Use] = {}
    fed = {(r, fact, column) for r, c in contracts.items() for fact, m in c.feed_maps() for column, given in m.items() if given == column}
    for name, use in uses(contracts, facts, bases, sources):
        element = elements.get(name)
        if element is not None:
            if use.table not in element.excepted:
                line = sources[FILE].line(("elements", name)) if FILE in sources else 1
                found += _standard(name, use, element, f"{FILE}:{line}")
        elif name in first:
            # A column that is fed from the field of its name is that field, whatever words its title has.
            found += _alike(name, use, first[name], titles=(first[name].table, use.table, name) not in fed)
        else:
            first[name] = use
    return found


def _problem(use: Use, message: str, cure: str) -> Problem:
    return Problem(use.file, use.line, use.field, message, cure)


def _standard(name: str, use: Use, element: Element, place: str) -> Iterator[Problem]:
    """One use against its element."""
    exempt = f"或改字段名；确有理由的，在 {place} 写 except: {{{use.table}: 理由}} / or rename the field, or declare the exception there"
    if use.type not in element.types:
        wanted = "、".join(element.types)
        message = f"{name}（{element.title}）应为 {wanted}，这里是 {use.type} / the element {name} ({place}) is {wanted}, here {use.type}"
        yield _problem(use, message, f"改 type: {element.types[0]}；{exempt}")
        return
    if element.generic is None:
        if use.type == "code" and element.lists and use.codes not in element.lists:
            wanted = "、".join(element.lists)
            message = f"{name} 的代码表应为 {wanted}，这里是 {use.codes} / the element {name} ({place}) has codes {wanted}"
            yield _problem(use, message, f"改 codes: {element.lists[0]}；{exempt}")
        kind = unit_kind(element.types[0], element.unit)
        if use.unit is not None and kind is not None and use.unit != kind:
            message = f"{name} 的单位应为 {element.unit}，这里是 {use.unit} / the element {name} ({place}) is in {element.unit}"
            yield _problem(use, message, f"改 unit: {element.unit}；{exempt}")
        wanted_pii = element.pii if use.persons or not element.persons else None
        # A name of a person is direct by its type.
        if use.pii != wanted_pii and not (use.pii is not None and element.persons and wanted_pii is None):
            message = (
                f"{name} 的个人信息类别应为 {wanted_pii or '无'}，这里是 {use.pii or '无'} / the element {name} ({place}) is {wanted_pii}"
            )
            cure = f"改 pii: {wanted_pii}" if wanted_pii else "删去 pii / remove pii"
            yield _problem(use, message, f"{cure}；{exempt}")
    for title in use.titles:
        if not element.titled(title):
            message = f"标题“{title}”与 {name}（{element.title}）不符 / the title does not say what {name} means ({place})"
            yield _problem(use, message, f"在 {place} 的 titles 中加这一说法，{exempt}")


def _alike(name: str, use: Use, other: Use, *, titles: bool = True) -> Iterator[Problem]:
    """Two uses of a name that is no element: the later one is told."""
    if use.table == other.table:
        return
    cure = f"二者改成一致，或改一个字段名；两种都对的，在 {FILE} 中定义 {name} / make them agree, rename one, or define {name} in {FILE}"
    for word, mine, theirs in (
        ("类型 / type", use.type, other.type),
        ("代码表 / code list", use.codes, other.codes),
        ("计量单位 / unit", use.unit or other.unit, other.unit or use.unit),
        ("个人信息类别 / class", use.pii, other.pii),
    ):
        if mine != theirs:
            message = f"同名异义：{name} 的{word} {mine or '无'}，而 {other.place} 是 {theirs or '无'} / one name, two senses"
            yield _problem(use, message, cure)
    if titles and use.titles and other.titles and not any(same_title(a, b) for a in use.titles for b in other.titles):
        message = f"同名异义：{name} 题为“{use.titles[0]}”，而 {other.place} 题为“{other.titles[0]}” / one name, two senses"
        yield _problem(use, message, cure)


def same_title(a: str, b: str) -> bool:
    """Whether two titles can mean the same: what is left without words of form (日期, 名称, 金额 …) has a character in common."""
    one, two = _core(a), _core(b)
    return not one or not two or not one.isdisjoint(two)


def _core(title: str) -> set[str]:
    return set(_FORM.sub("", _NOISE.sub("", _BRACKET.sub("", title))))
