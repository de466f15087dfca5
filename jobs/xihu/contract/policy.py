"""Headers of programmes and effective-dated parameters: `conf/policy/programmes/<ID>.yaml`, `conf/policy/parameters.csv`.

A programme's header says what, by which law, since when and with which parameters; its conditions are SQL. A parameter has one value per
area and day; `area` is a division code, empty for the whole city.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from xihu.contract.load import parse
from xihu.contract.models import Model, Name, Text
from xihu.contract.problems import CatalogueError, Problem, suggest
from xihu.contract.source import read_source

CONFIDENCE = {"C": "published source", "C-law": "text of the law", "M": "well known, unverified", "M?": "doubtful, verify before use"}


class InForce(Model):
    """Half-open [from, to); an open end has no `to`."""

    from_: Annotated[date, Field(alias="from")]
    to: date | None = None


class Programme(Model):
    """The header of one programme; its conditions in Chinese, by the names that the trace uses, in the order they are judged."""

    programme: Annotated[str, StringConstraints(strict=True, pattern=r"^W\d{1,2}[ab]?$")]
    title: Text
    law: Text
    owner: Text
    in_force: InForce
    grain: Text
    date: Annotated[Text, Field(description="the day of the month on which the conditions are judged")]
    conditions: Annotated[dict[Name, Text], Field(min_length=1)]
    covering: Annotated[Text, Field(description="the source whose record is the cover")]
    payment_kind: Name | None = None
    sources: list[Text] = []
    parameters: list[Name] = []
    unit: Text
    warning: Text
    summary: Text | None = None


class Parameter(Model):
    """One value of one parameter in one area for one period [valid_from, valid_to)."""

    name: Name
    area: str
    valid_from: date
    valid_to: date | None
    value: Decimal
    unit: Text
    source: Text
    confidence: Literal["C", "C-law", "M", "M?"]


_COLUMNS = list(Parameter.model_fields)


def load_parameters(conf: Path) -> list[Parameter]:
    """The parameters of a conf folder, in file order.

    Raises:
        CatalogueError: a cell is malformed, or two values of one parameter and area overlap.
    """
    file = conf / "policy" / "parameters.csv"
    name = "policy/parameters.csv"
    if not file.exists():
        raise CatalogueError(
            [Problem(name, 1, "", "没有参数文件 / no file of parameters", f"建立 / create conf/{name}: {','.join(_COLUMNS)}")]
        )
    problems: list[Problem] = []
    made: list[Parameter] = []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != _COLUMNS:
            cure = f"表头应为 / the header is {','.join(_COLUMNS)}"
            raise CatalogueError([Problem(name, 1, "", f"表头不符 / other header: {','.join(reader.fieldnames or [])}", cure)])
        for row in reader:
            line = reader.line_num
            try:
                one = Parameter(
                    name=row["name"],
                    area=row["area"],
                    valid_from=date.fromisoformat(row["valid_from"]),
                    valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                    value=Decimal(row["value"]),
                    unit=row["unit"],
                    source=row["source"],
                    confidence=row["confidence"],  # type: ignore[arg-type]
                )
            except (ValueError, InvalidOperation, TypeError) as error:
                first = str(error).splitlines()[0]
                cure = "日期写 2016-07-01，数值写 819，confidence 为 C、C-law、M、M? / dates ISO, confidence one of C, C-law, M, M?"
                problems.append(Problem(name, line, str(row.get("name")), f"写法不符 / badly formed: {first}", cure))
                continue
            if one.valid_to and one.valid_from >= one.valid_to:
                problems.append(
                    Problem(name, line, one.name, "valid_from 不早于 valid_to / is not before valid_to", "改正日期 / correct the dates")
                )
            for other in made:
                same = other.name == one.name and other.area == one.area
                if same and max(other.valid_from, one.valid_from) < min(other.valid_to or date.max, one.valid_to or date.max):
                    message = f"与 {other.valid_from} 起的值重叠 / overlaps the value from {other.valid_from} in area {one.area}"
                    problems.append(Problem(name, line, one.name, message, "一天只有一个值 / one value a day: end the earlier one"))
            made.append(one)
    if problems:
        raise CatalogueError(problems)
    return made


def load_programmes(conf: Path) -> dict[str, Programme]:
    """The programme headers of a conf folder by id.

    Raises:
        CatalogueError: a header does not validate, or names a parameter that has no value.
    """
    known = {p.name for p in load_parameters(conf)}
    made: dict[str, Programme] = {}
    problems: list[Problem] = []
    for file in sorted((conf / "policy" / "programmes").glob("*.yaml")):
        source = read_source(file, file.relative_to(conf).as_posix())
        one = parse(source, Programme)
        if one is not None and one.programme != file.stem:
            source.problem(("programme",), "programme 与文件名不同 / differs from the file's name", f"写 / write programme: {file.stem}")
        elif one is not None:
            for i, parameter in enumerate(one.parameters):
                if parameter not in known:
                    source.problem(("parameters", i), f"没有这个参数 / no such parameter: {parameter}", suggest(parameter, sorted(known)))
            made[one.programme] = one
        problems += source.problems
    if problems:
        raise CatalogueError(problems)
    return made


def value_at(parameters: list[Parameter], name: str, area: str, on: date) -> Parameter | None:
    """The value of a parameter on a day: of the area itself, else of the whole city."""
    for where in (area, ""):
        for one in parameters:
            if one.name == name and one.area == where and one.valid_from <= on and (one.valid_to is None or on < one.valid_to):
                return one
    return None
