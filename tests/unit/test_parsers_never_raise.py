"""No text that a department can send ends a run: every type, every option, random and mutated texts; a value, nothing, or a reason."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest

from xihu.contract.models import FIELD_TYPES
from xihu.silver.typing import RANK
from xihu.standards.value import Parsed, ValueSpec, parser_of

SEEDS = [
    "330106198508090024",
    "91330106MA27W2XD7P",
    "1,234.50元",
    "-12.50",
    "2016-12-05 08:00:01",
    "2016年12月5日",
    "20161205",
    "161205080001",
    "1480896001000",
    "42709.5",
    "1.5E+10",
    "(1,234.00)",
    "120°09'18.25\"E",
    "POINT (120.15 30.27)",
    "13805711234",
    "0571-87654321",
    "西湖区",
    "是",
    "张 三",
    '="00123"',
]
LETTERS = "0123456789.-+eExX,，年月日:/°'\"′″分秒元万%()（）=@ \u3000\u200b\t\0\ufeff٣²½ⅣNSEW张一〇\ud800𠮷"
SPECS = [ValueSpec(kind, nulls=frozenset(["NA"])) for kind in FIELD_TYPES]
SPECS += [ValueSpec(kind, sheet=True) for kind in ("integer", "number", "money", "date", "month", "datetime", "phone", "code")]
SPECS += [ValueSpec("number", fixed=True, parentheses=True, unit="%", min=Decimal(0), max=Decimal(9))]
SPECS += [ValueSpec("number", scale=n) for n in (1, 12)]
SPECS += [ValueSpec("number", angle=a, located=True) for a in ("", "dms", "dm")]
SPECS += [ValueSpec("datetime", forms=("YYMMDDhhmmss", "epoch_s", "epoch_ms", "excel"), min=date(2016, 1, 1))]
SPECS += [ValueSpec("date", forms=("d/m/y", "d-MMM-y", "YYYYMMDDhhmmss", "excel"))]


def texts(seed: int, rounds: int) -> list[str]:
    chance, found = random.Random(seed), [*SEEDS, "", " ", "9" * 400, "-" + "9" * 400 + "." + "9" * 400, "1e999999999"]
    for _ in range(rounds):
        text = chance.choice(SEEDS) if chance.random() < 0.7 else ""
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(LETTERS) * chance.choice([1, 1, 1, 2, 30]) + text[at + chance.randint(0, 2) :]
        found.append(text)
    return found


def judged(seed: int, rounds: int) -> None:
    every = texts(seed, rounds)
    for spec in SPECS:
        parse = parser_of(spec)
        for text in every:
            found = parse(text, date(2016, 12, 6))
            assert isinstance(found, Parsed)
            assert found.reason is None or (found.reason in RANK and found.value is None), (spec.type, text)


def test_random_texts() -> None:
    judged(1, 400)


@pytest.mark.soak
def test_many_random_texts() -> None:
    judged(2, 20_000)
