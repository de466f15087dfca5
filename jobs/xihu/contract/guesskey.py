"""Names of fields, the key, and how files of a resource follow one another, guessed from one file or several."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from xihu.contract.elements import Element
from xihu.contract.guess import Table
from xihu.contract.guesscolumn import Column
from xihu.contract.guessgeo import GEOMETRY
from xihu.contract.guesswords import hint
from xihu.contract.models import PII_BY_TYPE
from xihu.standards import text

# YAML 1.1 reads these as true, false or null.
_YAML = frozenset(["no", "yes", "on", "off", "y", "n", "null", "true", "false"])
_BY_TYPE = {
    "citizen_id": "id_no",
    "person_name": "name",
    "uscc": "uscc",
    "phone": "phone",
    "division": "district",
    "month": "month",
    "year": "year",
}
_KEYED = ("citizen_id", "uscc", "text", "integer", "month", "date", "datetime", "division", "year", "code")
_RANK = {"citizen_id": 0, "uscc": 0, "text": 1, "division": 2, "month": 2, "date": 3, "year": 3, "datetime": 3, "code": 4, "integer": 5}
# Words for anything of their kind; two datasets would mean two things by them.
_VAGUE = frozenset(
    ["number", "title", "at", "date", "person", "persons", "count", "flag", "value", "rate", "card", "total", "month", "content", "kind"]
)
_UNLIKELY = frozenset(["seq", "note", "address", "title", "content", "reason", "summary", "phone", "card", "account", "amount"])


def field_name(title: str, made: Column, i: int, taken: Sequence[str]) -> str:
    """An English name of a field: the title where it is one, else what its words or its type say."""
    plain = text.fold(title)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain)
    snake = re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_") if plain.isascii() else ""
    hinted = hint(title)
    if title == GEOMETRY:
        name = "shape"
    elif plain.isascii() and hinted.name and plain.isupper() and not re.search("[AEIOU]", plain):
        name = hinted.name  # initials of pinyin tell a reader nothing
    elif re.match(r"[a-z]", snake):
        name = snake
    else:
        name = (hinted.name if hinted.type in (made.type, "text", None) or hinted.name not in _BY_TYPE.values() else "") or _BY_TYPE.get(
            made.type, ""
        )
    name = name or f"field_{i + 1}"
    base, n = f"{name}_value" if name in _YAML else name, 2
    name = base
    while name in taken:
        name, n = f"{base}_{n}", n + 1
    return name


_BRACKET = re.compile(r"[（(\[【][^）)\]】]*[）)\]】]")


def standard_name(title: str, made: Column, own: str, elements: Mapping[str, Element], persons: bool, taken: Sequence[str]) -> str | None:
    """The name that the data elements give to a column with such a Chinese title and type; None where they have none that is free.

    Args:
        own: the name that its words suggest; of several elements that fit, that one.
        persons: whether the record is about persons.
    """
    bare = _BRACKET.sub("", title.rsplit("/", 1)[-1]).strip() or title
    fits = []
    for name, element in elements.items():
        if name in taken or made.type not in element.types or not element.titled(bare):
            continue
        if element.lists and made.type == "code" and made.options.get("codes") not in element.lists:
            continue
        if element.unit not in (None, made.options.get("unit")) and made.type != "money":
            continue
        broad = min((len(re.sub(r"\.\*", "**", p)) for p in element.titles if re.fullmatch(p, bare)), default=0)
        fits.append((name != own, element.generic is not None, len(element.types) > 1, broad, name))
    if not fits:
        return None
    name = min(fits)[-1]
    pii = elements[name].pii if persons or not elements[name].persons else None
    if elements[name].generic is None and pii != (made.options.get("pii") or PII_BY_TYPE.get(made.type)):
        if pii is None:
            made.options.pop("pii", None)
            return name if PII_BY_TYPE.get(made.type) is None else None
        made.options["pii"] = pii
    return name


def free_name(name: str, i: int, elements: Mapping[str, Element]) -> str:
    """The name, unless the data elements or other datasets mean something else by it."""
    return f"field_{i + 1}" if name in elements or re.sub(r"_\d+$", "", name) in (*elements, *_VAGUE) else name


def _unique(rows: Sequence[Sequence[str | None]], at: Sequence[int]) -> bool:
    seen = [tuple(row[i] for i in at) for row in rows]
    return len(set(seen)) == len(seen) and all(all(v for v in one) for one in seen)


def key(names: Sequence[str], columns: Sequence[Column], table: Table) -> list[str]:
    """The fewest fields, two at most, that no two records of the sample share; identifiers before serial numbers."""
    rows = table.rows[:3000]
    if len(rows) < 2:
        return []
    fit = [i for i, c in enumerate(columns) if c.type in _KEYED and all(row[i] for row in rows)]
    plain = [re.sub(r"_\d+$", "", n) for n in names]
    fit.sort(key=lambda i: (plain[i] in _UNLIKELY, _RANK[columns[i].type], i))
    if single := next((i for i in fit if _unique(rows, [i])), None):
        return [names[single]]
    if fit and _unique(rows, [fit[0]]):
        return [names[fit[0]]]
    # A pair of which one part hardly varies is no key but a lucky sample.
    able = [i for i in fit if plain[i] not in _UNLIKELY][:12]
    for n, i in enumerate(able):
        for j in able[n + 1 :]:
            if _unique(rows, [i, j]):
                return [names[i], names[j]]
    return []


def mode(
    names: Sequence[str], columns: Sequence[Column], table: Table, keyed: Sequence[str], changing: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """(lines of the delivery, fields to add to the key): how one file follows another.

    Args:
        changing: fields that are constant in every file in hand and differ between them, where there are several files.
    """
    rows = table.rows
    for i, made in enumerate(columns):
        values = {row[i] for row in rows if row[i]}
        if (
            (
                made.type in ("text", "code")
                and 1 < len(values) <= 4
                and values <= {"I", "U", "D", "A", "M", "新增", "修改", "删除", "变更"}
                and keyed
            )
            and values & {"U", "D", "修改", "删除"}
            and values <= {"I", "U", "D"}
        ):
            return ["  mode: corrections       # 中：有 I/U/D 标志 / an operation in every record", f"  operation: {names[i]}"], []
    constant = [n for i, n in enumerate(names) if len(rows) >= 3 and len({row[i] for row in rows}) == 1 and rows[0][i]]
    period = [n for n, c in zip(names, columns, strict=True) if n in constant and c.type in ("month", "date", "year")]
    if changing:
        period = [n for n in period if n in changing]
    area = [n for n, c in zip(names, columns, strict=True) if n in constant and c.type == "division"]
    scope = [*period[:1], *area[:1]]
    if period and keyed and table.format not in ("fixed", "hj212"):
        said = "、".join(scope)
        return [
            f"  mode: snapshot          # 中：{said} 恒定，像每期一份整表；逐笔追加则改 append / a whole table a period",
            f"  scope: [{', '.join(scope)}]",
            "  absence: retracted      # 中：新文件中没有的行即作废；登记簿用 ended / of a register: ended",
        ], [n for n in scope if n not in keyed]
    return ["  mode: append            # 低：未见期别恒定；整份替换用 snapshot（加 scope、absence） / or snapshot, corrections"], []
