"""Data elements (数据元): `conf/elements.yaml` says once what a field name means. See GB/T 18391, ISO/IEC 11179."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StrictBool

from xihu.contract.models import FieldType, Model, Name, Text
from xihu.contract.problems import suggest
from xihu.contract.source import Source

FILE = "elements.yaml"


class Element(Model):
    """One name: what every field, column and attribute that bears it is."""

    title: Annotated[Text, Field(description="what the name means")]
    type: Annotated[FieldType | list[FieldType], Field(description="the type, or the types, that a field of this name may have")]
    codes: Annotated[Name | list[Name] | None, Field(description="its code list, or the lists it may have")] = None
    unit: Annotated[Text | None, Field(description="unit of a number; money may come in any unit of money")] = None
    pii: Annotated[Literal["direct", "quasi", "sensitive"] | None, Field(description="class of personal information")] = None
    persons: Annotated[StrictBool, Field(description="the class holds only where the record is about persons")] = False
    titles: Annotated[list[Text], Field(description="regular expressions; each Chinese title fits one of them as a whole")] = []
    standard: Annotated[Text | None, Field(description="where the meaning is laid down")] = None
    generic: Annotated[Text | None, Field(description="why codes, class and unit may differ from record to record")] = None
    excepted: Annotated[dict[Name | str, Text], Field(alias="except", description="table → why it uses the name in another sense")] = {}

    @property
    def types(self) -> tuple[str, ...]:
        return (self.type,) if isinstance(self.type, str) else tuple(self.type)

    @property
    def lists(self) -> tuple[str, ...]:
        return () if self.codes is None else (self.codes,) if isinstance(self.codes, str) else tuple(self.codes)

    def titled(self, title: str) -> bool:
        """Whether a Chinese title says what this name means."""
        return title == self.title or any(re.fullmatch(pattern, title) for pattern in self.titles)


class Elements(Model):
    """The file: name → element."""

    elements: dict[Name, Element]


def judge(elements: Mapping[str, Element], codes: Mapping[str, Any], source: Source) -> None:
    """Judge the file itself: code lists exist, expressions are expressions. Problems are added to `source`."""
    for name, element in elements.items():
        for listed in element.lists:
            if listed not in codes:
                source.problem(("elements", name, "codes"), f"没有代码表 / no such code list: {listed}", suggest(listed, codes))
        if element.codes and "code" not in element.types:
            source.problem(
                ("elements", name, "codes"),
                "codes 只用于 code 类型 / is for type code",
                "类型中加 code，或删去 / add the type or remove it",
            )
        for i, pattern in enumerate(element.titles):
            try:
                re.compile(pattern)
            except re.error as error:
                source.problem(("elements", name, "titles", i), f"不是正则表达式 / not a regular expression: {pattern}", str(error))


def stale(elements: Mapping[str, Element], used: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """(name, table) of exceptions that no longer excuse anything: `used` maps a name to the tables that have it."""
    return [(name, table) for name, e in elements.items() for table in e.excepted if table not in set(used.get(name, ()))]


def read_elements(file: Path) -> dict[str, Element]:
    """The elements of a file as they stand there, none where there is no file; `load_catalogue` is what judges them."""
    if not file.exists():
        return {}
    return Elements.model_validate(yaml.safe_load(file.read_text("utf-8"))).elements
