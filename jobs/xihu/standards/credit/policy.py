"""The credit policy as models: `conf/policy/credit.yaml`. Patterns read the same in Python and in Spark SQL."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Level = Literal["minor", "general", "serious", "particular"]
LEVELS: dict[str, str] = {"minor": "轻微", "general": "一般", "serious": "严重", "particular": "特定严重"}


def _portable(text: str) -> str:
    if "\\" in text or "'" in text or '"' in text:
        raise ValueError("正则表达式中不用反斜杠和引号 / no backslash and no quote in a pattern")
    if re.search(r"\(\?|[*+?}]\+", text):
        raise ValueError("只用各处通用的正则表达式 / only what all engines read alike: no (?…), no possessive repeats")
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"不是正则表达式 / not a pattern: {error}") from error
    return text


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_portable)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InForce(Model):
    """Half-open [from, to)."""

    from_: Annotated[date, Field(alias="from")]
    to: date | None = None

    def holds(self, on: date) -> bool:
        return self.from_ <= on and (self.to is None or on < self.to)


class Rule(Model):
    """What every rule says of itself."""

    law: Annotated[str, Field(min_length=2)]
    article: Annotated[str, Field(min_length=2)]
    in_force: InForce
    confidence: Literal["C", "C-law", "M", "M?"]

    @property
    def cite(self) -> str:
        """《某法》第某条."""
        return f"《{self.law}》{self.article}"


class Item(Rule):
    """A kind of information that may not come in. `fields`, `names`, `codes` judge a contract, `content` its records."""

    title: str
    fields: Pattern
    names: Pattern
    codes: list[str] = []
    except_: Annotated[Pattern | None, Field(alias="except")] = None
    content: Pattern | None = None
    person_content: Pattern | None = None


class Feeding(Model):
    """Which columns of a credit fact say whom, what and when. `kind` is a column or a quoted word."""

    subject: str
    person: str | None = None
    kind: str
    decided: str


class NaturalPerson(Rule):
    kinds: dict[str, list[str]]
    min_age: int


class Uncollected(Rule):
    title: str
    facts: list[str]
    kinds: list[str]
    procedures: list[str]


class OtherTerm(Rule):
    years: Annotated[int, Field(gt=0)]


class Expiry(Rule):
    years: Annotated[int, Field(gt=0)]
    kinds: list[str]
    others: dict[str, OtherTerm] = {}


class Span(Model):
    """Months from the day of the decision."""

    least: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=0)]
    unpublished: bool = False


class FieldSpan(Model):
    names: list[str]
    least: Annotated[int, Field(ge=0)]


class Publicity(Rule):
    levels: dict[Level, Span]
    fields: FieldSpan | None = None


class LevelRule(Model):
    """What makes a penalty of a level: words of its matter, its procedure, or at least an amount in 元."""

    words: Pattern | None = None
    procedures: list[str] = []
    amount: Decimal | None = None


class RepairRule(Rule):
    conditions: list[Literal["fulfilled", "commitment", "least_publicity", "not_listed"]]
    answer_days: int


class Publication(Rule):
    working_days: Annotated[int, Field(gt=0)]


class QueryRule(Rule):
    keep_years: Annotated[int, Field(gt=0)]
    purposes: list[str]
    statutory: list[str]


class Allowed(Model):
    allowed: bool
    law: str
    article: str


class ScoreItem(Model):
    """Points of one record: in full up to `full_months`, from there in a straight line to nothing at `zero_months`.

    `cap` bounds all of the item together.
    """

    title: str
    kind: str
    level: Level | None = None
    points: Decimal
    full_months: Annotated[int, Field(ge=0)]
    zero_months: Annotated[int, Field(ge=0)]
    cap: Decimal

    @model_validator(mode="after")
    def _agree(self) -> ScoreItem:
        if self.zero_months < self.full_months:
            raise ValueError("zero_months 不小于 full_months / must not be less than full_months")
        if self.points == 0 or self.points * self.cap <= 0 or abs(self.cap) < abs(self.points):
            raise ValueError("cap 与 points 同号，且不小于一条的分数 / cap has the sign of points and is no smaller")
        return self


class ScoreRule(Rule):
    natural_person: Allowed
    start: Decimal
    least: Decimal
    most: Decimal
    grades: dict[str, Decimal]
    items: dict[str, ScoreItem]


class Policy(Model):
    """The whole file."""

    facts: dict[str, Feeding]
    prohibited: dict[str, Item]
    consent: dict[str, Item]
    natural_person: NaturalPerson
    uncollected: dict[str, Uncollected]
    expiry: Expiry
    publicity: list[Publicity]
    levels: dict[Level, LevelRule]
    fields: dict[str, Pattern]
    repair: RepairRule
    publication: Publication
    query: QueryRule
    score: ScoreRule

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        spans = sorted((p.in_force.from_, p.in_force.to or date.max) for p in self.publicity)
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise ValueError(f"公示期的两版在 {start} 重叠 / two versions of the publicity periods overlap on {start}")
        for p in self.publicity:
            if set(p.levels) != set(LEVELS):
                raise ValueError(f"公示期须写全四级 / every level needs its period: {p.in_force.from_}")
        return self

    def publicity_at(self, on: date) -> Publicity | None:
        """The version of the publicity periods in force on a day; None before there was one."""
        return next((p for p in self.publicity if p.in_force.holds(on)), None)
