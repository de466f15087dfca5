"""One class of the directory (一类政务信息资源), whether it has a contract or only stands in a department's worksheet."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from pydantic import Field, StrictStr, StringConstraints

from xihu.contract import grades, words
from xihu.contract.crosscheck import cites_law
from xihu.contract.directory import vocab
from xihu.contract.models import CODE, Contract, FieldSpec, Grade, Model, Open, Share, Text

ITEM = r"^[CNYDTLMGBIF](\d{1,7}(,\d{1,2})?)?$"
UPDATES = tuple(words.UPDATE)


@dataclass(frozen=True)
class Item:
    """An information item (信息项): `kind` is the guideline's letter, `length` as `18` or `16,2`, "" where there is none."""

    title: str
    kind: str
    length: str = ""
    grade: str = "L1"

    @property
    def text(self) -> str:
        return f"{self.kind}{self.length}"


@dataclass(frozen=True)
class Entry:
    """A class with the core metadata of the guideline. `resource` names the contract, if it has one."""

    code: str
    title: str
    dept: str
    provider: str
    uscc: str
    summary: str
    format: tuple[str, str]
    items: tuple[Item, ...]
    share: Share
    open: Open
    update: str
    published: date | None = None
    related: tuple[str, ...] = ()
    grade: str = "L1"
    grade_reason: str = ""
    resource: str | None = None

    @property
    def condition(self) -> str:
        """共享条件 as the worksheet shows it: basis, then terms."""
        return "；".join(p for p in (self.share.basis, self.share.terms) if p)

    @property
    def prefix(self) -> str:
        """类、项、目、细目 of the code, without the serial."""
        return self.code.split("/", 1)[0]

    def at(self, dept: str, provider: str, uscc: str) -> Entry:
        return replace(self, dept=dept, provider=provider, uscc=uscc)


class Stored(Model):
    """A class without a contract as `conf/directory/<dept>.yaml` holds it; provider and classification are said once, elsewhere."""

    title: Text
    summary: Text
    format: Annotated[list[StrictStr], Field(min_length=2, max_length=2, description="[class, type] of 信息资源格式")]
    share: Share
    open: Open
    update: Annotated[StrictStr, Field(pattern=f"^({'|'.join(UPDATES)})$")]
    published: date | None = None
    related: list[Annotated[StrictStr, StringConstraints(pattern=CODE)]] = []
    items: Annotated[
        dict[Text, Annotated[StrictStr, StringConstraints(pattern=ITEM)]],
        Field(min_length=1, description="title → letter of the type and length: C18, N16,2, D"),
    ]
    grades: Annotated[dict[Text, Grade], Field(description="items whose grade does not follow from their title")] = {}
    grade: Grade | None = None
    grade_reason: Text | None = None


def default_grade(title: str) -> str:
    """The grade of an item that nobody graded."""
    return grades.BY_PII[vocab.pii_of(title)]


def of_stored(code: str, stored: Stored, dept: str, provider: str, uscc: str) -> Entry:
    items = tuple(Item(title, text[0], text[1:], stored.grades.get(title) or default_grade(title)) for title, text in stored.items.items())
    top = grades.highest(i.grade for i in items)
    return Entry(
        code, stored.title, dept, provider, uscc, stored.summary, (stored.format[0], stored.format[1]), items, stored.share, stored.open,
        stored.update, stored.published, tuple(stored.related), stored.grade or grades.usual(stored.share.type, stored.open.type, top),
        stored.grade_reason or "",
    )  # fmt: skip


_TYPE_LETTER = {
    "integer": "I", "number": "N", "money": "Y", "date": "D", "month": "D", "year": "I", "datetime": "T", "boolean": "L", "geometry": "G"
}  # fmt: skip
_LENGTH = {"citizen_id": "18", "uscc": "18"}
_FORMAT = {
    "csv": ("电子表格", "csv"), "xlsx": ("电子表格", "xlsx"), "xls": ("电子表格", "xls"), "fixed": ("电子文件", "txt"),
    "delimited": ("数据库", "txt"), "dbf": ("数据库", "dbf"), "xml": ("电子文件", "xml"), "json": ("电子文件", "json"),
    "accounting": ("电子文件", "xml"), "hj212": ("电子文件", "txt"), "geojson": ("图形图像", "geojson"), "shapefile": ("图形图像", "shp"),
    "attachment": ("电子文件", "pdf"),
}  # fmt: skip


def _item(spec: FieldSpec) -> Item:
    letter = _TYPE_LETTER.get(spec.type, "C")
    length = str(spec.length) if spec.length else _LENGTH.get(spec.type, "16,2" if letter == "Y" else "")
    return Item(spec.title.replace("/", "·"), letter, length, grades.of_field(spec))


def of_contract(contract: Contract, uscc: str) -> Entry:
    """The class that a contract is about; everything is taken from the contract."""
    return Entry(
        contract.code, contract.title, contract.dept, contract.provider.name, contract.provider.uscc or uscc, contract.summary,
        _FORMAT[contract.delivery.format], tuple(_item(f) for f in contract.fields.values()), contract.share, contract.open,
        contract.update, contract.published, tuple(contract.related), grades.of_contract(contract), contract.grade_reason or "",
        contract.resource,
    )  # fmt: skip


def to_stored(entry: Entry) -> dict[str, object]:
    """The mapping that `Stored` reads, words in a fixed order, nothing that follows from something else."""
    share = {k: v for k, v in (("type", entry.share.type), ("basis", entry.condition or None), ("method", entry.share.method)) if v}
    opening = {k: v for k, v in (("type", entry.open.type), ("terms", entry.open.terms)) if v}
    found: dict[str, object] = {
        "title": entry.title, "summary": entry.summary, "format": list(entry.format), "share": share, "open": opening,
        "update": entry.update,
    }  # fmt: skip
    if entry.published:
        found["published"] = entry.published
    if entry.related:
        found["related"] = list(entry.related)
    found["items"] = {i.title: i.text for i in entry.items}
    own = {i.title: i.grade for i in entry.items if i.grade != default_grade(i.title)}
    if own:
        found["grades"] = own
    usual = grades.usual(entry.share.type, entry.open.type, grades.highest(i.grade for i in entry.items))
    if entry.grade != usual:
        found["grade"] = entry.grade
    if entry.grade_reason:
        found["grade_reason"] = entry.grade_reason
    return found


def faults(entry: Entry) -> list[tuple[str, str, str]]:
    """What no class may say, as (column, message, cure): the same rules as for contracts."""
    found = []
    if not re.match(CODE, entry.code):
        found.append(("code", f"信息资源代码写法不符：{entry.code or '（空）'}", "类1位 项2位 目3位 细目，斜杠，顺序码，如 306013/0002"))
    if entry.share.type == "conditional" and not entry.condition:
        found.append(("share_condition", "有条件共享须写明共享条件和依据", "填写依据的法规、职责和使用条件"))
    if entry.share.type == "closed" and not cites_law(entry.share.basis):
        found.append(("share_condition", "不予共享须引用法律、行政法规或国务院政策的条文（国发〔2016〕51号）", "填写《某法》第某条"))
    floor = grades.highest(i.grade for i in entry.items)
    if entry.grade < floor:
        found.append(("grade", f"资源分级 {entry.grade} 低于其信息项的 {floor}", f"改为 {floor}"))
    above = [i.title for i in entry.items if i.grade > grades.LOWEST]
    if entry.open.type == "open" and entry.share.type != "unconditional":
        found.append(("open", *grades.CONTRADICTION))
    elif entry.open.type == "open" and (above or entry.grade > grades.LOWEST):
        what = "、".join(above[:5]) or f"资源 {entry.grade}"
        found.append(("open", f"无条件开放的资源只能有 {grades.LOWEST} 级信息项：{what}", "写明开放条件，或不开放，或删去这些信息项"))
    lowered = [i.title for i in entry.items if i.grade < default_grade(i.title)] if entry.resource is None else []
    if lowered and not entry.grade_reason:
        found.append(
            ("item_grade", f"信息项分级低于个人信息类别应有的级别：{'、'.join(lowered[:5])}", "在“分级说明”写明降级理由，或不填分级")
        )
    return found
