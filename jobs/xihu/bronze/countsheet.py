"""The counter's own way through a workbook: element trees of the parts, and its own rules for what is a data row.

Nothing here is shared with the readers.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from xihu.bronze.counters import Damaged
from xihu.contract.models import Contract

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def sheet_records(path: Path, contract: Contract) -> Iterator[bytes | None]:
    """Every row of every sheet up to its last filled one: the record's canonical bytes, or None for a structural row."""
    try:
        with zipfile.ZipFile(path) as z:
            strings = _strings(z)
            for name, part in _sheets(z):
                yield from data_records(name, list(_head(z, part, strings)), _rows(z, part, strings), contract)
    except (ElementTree.ParseError, LookupError, zipfile.BadZipFile) as fault:
        raise Damaged(f"broken XML: {fault}") from fault


def _tail(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _tree(z: zipfile.ZipFile, part: str) -> ElementTree.Element | None:
    named = {n.lower(): n for n in z.namelist()}.get(part.lower())
    return ElementTree.fromstring(z.read(named)) if named else None


def _targets(z: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Relation id → absolute part name."""
    folder, _, name = part.rpartition("/")
    tree = _tree(z, f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
    found = {}
    for relation in tree if tree is not None else ():
        target = relation.get("Target", "")
        steps = [] if target.startswith("/") else folder.split("/") if folder else []
        for step in target.strip("/").split("/"):
            if step == "..":
                steps = steps[:-1]
            elif step != ".":
                steps = [*steps, step]
        found[relation.get("Id", "")] = f"{relation.get('Type', '').rsplit('/', 1)[-1]}|{'/'.join(steps)}"
    return found


def _book(z: zipfile.ZipFile) -> str:
    roots = [t.split("|", 1)[1] for t in _targets(z, "").values() if t.startswith("officeDocument|")]
    return roots[0] if roots else "xl/workbook.xml"


def _sheets(z: zipfile.ZipFile) -> list[tuple[str, str]]:
    book = _book(z)
    tree, targets, found = _tree(z, book), _targets(z, book), []
    for element in tree.iter() if tree is not None else ():
        if _tail(element.tag) == "sheet":
            link = element.get(f"{{{_RELATION}}}id") or element.get(f"{{{_STRICT}}}id") or ""
            kind, _, part = targets.get(link, "|").partition("|")
            if kind == "worksheet":
                found.append((element.get("name", ""), part))
    return found


def _text(element: ElementTree.Element) -> str:
    """Runs of a string without phonetic guides."""
    out = []
    for child in element:
        if _tail(child.tag) == "t":
            out.append(child.text or "")
        elif _tail(child.tag) == "r":
            out += [t.text or "" for t in child if _tail(t.tag) == "t"]
    return _characters("".join(out))


def _characters(text: str) -> str:
    def one(m: re.Match[str]) -> str:
        code = int(m.group(1), 16)
        return m.group(0) if 0xD800 <= code < 0xE000 else chr(code)

    return re.sub("_x([0-9a-fA-F]{4})_", one, text)


def _strings(z: zipfile.ZipFile) -> list[str]:
    part = next((t.split("|", 1)[1] for t in _targets(z, _book(z)).values() if t.startswith("sharedStrings|")), None)
    named = {n.lower(): n for n in z.namelist()}.get((part or "").lower())
    if named is None:
        return []
    found = []
    with z.open(named) as stream:
        for _, element in ElementTree.iterparse(stream):
            if _tail(element.tag) == "si":
                found.append(_text(element))
                element.clear()
    return found


def _rows(z: zipfile.ZipFile, part: str, strings: list[str]) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts from the first column to the last filled one) of rows that hold anything."""
    named = {n.lower(): n for n in z.namelist()}[part.lower()]
    number = 0
    with z.open(named) as stream:
        for _, element in ElementTree.iterparse(stream):
            if _tail(element.tag) != "row":
                continue
            number = int(element.get("r", number + 1))
            cells: dict[int, str] = {}
            column = -1
            for cell in element:
                if _tail(cell.tag) != "c":
                    continue
                ref = cell.get("r")
                column = _column(ref) if ref else column + 1
                cells[column] = _value(cell, strings)
            filled = [c for c, text in cells.items() if text.strip()]
            if filled:
                yield number, [cells.get(c, "") for c in range(max(filled) + 1)]
            element.clear()


def _column(ref: str) -> int:
    value = 0
    for c in ref:
        if c.isalpha():
            value = value * 26 + (ord(c.upper()) - ord("A") + 1)
    return value - 1


def _value(cell: ElementTree.Element, strings: list[str]) -> str:
    kind, stored, formula = cell.get("t", "n"), "", None
    for child in cell:
        tag = _tail(child.tag)
        if tag == "v":
            stored = child.text or ""
        elif tag == "is":
            stored = _text(child)
        elif tag == "f":
            formula = child.text or ""
    if kind == "s" and stored:
        value = strings[int(stored)]
    elif kind == "b" and stored.strip():
        value = "TRUE" if stored.strip() in ("1", "true") else "FALSE"
    elif kind == "str":
        value = _characters(stored)
    elif kind in ("inlineStr", "e", "d"):
        value = stored
    else:
        value = stored.strip()
    return "=" + formula if formula is not None and not value else value


def _head(z: zipfile.ZipFile, part: str, strings: list[str]) -> Iterator[tuple[int, list[str]]]:
    for number, texts in _rows(z, part, strings):
        if number > 30:
            return
        yield number, texts


def key(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff\u00ad\x00-\x1f\x7f]+", "", text)


def _spellings(name: str, field: Any) -> list[str]:
    """All titles a field may stand under, with and without its unit."""
    titles = [key(t) for t in (name, field.title, *field.titles)]
    unit = field.unit or ("元" if field.type == "money" else None)
    return titles + ([f"{t}({unit})" for t in titles] if unit else [])


def _bottom(head: list[tuple[int, list[str]]], contract: Contract) -> int | None:
    """Number of the header's last row, or None for a sheet without the header."""
    layout = contract.delivery.layout
    above, depth = (layout.title_rows, layout.header_rows) if layout else (0, 1)
    sheet_field = layout.sheet_field if layout else None
    spellings = {name: _spellings(name, f) for name, f in contract.fields.items() if name != sheet_field}
    words = {part for titles in spellings.values() for t in titles for part in (t, *t.split("/"))}
    levels = depth > 1 or any("/" in t for titles in spellings.values() for t in titles)
    near = [(n, [key(t) for t in texts if t.strip()]) for n, texts in head if n <= max(10, above + depth + 5) + 4]
    if not near:
        return None
    best = max(range(len(near)), key=lambda i: (len(set(near[i][1]) & words), -i))
    last = best
    if levels:
        while last + 1 < len(near) and last - best < 3 and near[last + 1][0] == near[last][0] + 1:
            following = near[last + 1][1]
            if sum(t in words for t in following) * 2 < len(following):
                break
            last += 1
    first = best
    while levels and first > 0 and best - first < 3 and any(t in words for t in near[first - 1][1]):
        first -= 1
    seen = {t for _, texts in near[first : last + 1] for t in texts}
    met = sum(any(t in seen or ("/" in t and set(t.split("/")) <= seen) for t in titles) for titles in spellings.values())
    required = sum(f.required for name, f in contract.fields.items() if name in spellings)
    return near[last][0] if met and met * 2 >= required and met * 3 >= len(spellings) else None


def data_records(
    name: str, head: list[tuple[int, list[str]]], rows: Iterator[tuple[int, list[str]]], contract: Contract
) -> Iterator[bytes | None]:
    """Rows of one sheet as records or None; `head` are those of its beginning, where the header is."""
    bottom = _bottom(head, contract)
    layout = contract.delivery.layout
    totals = [key(t) for t in layout.totals] if layout else []
    footers = [key(t) for t in layout.footers] if layout else []
    heads = [[key(t) for t in texts if key(t)] for n, texts in head if bottom is not None and n <= bottom]
    before = 0
    for number, texts in rows:
        for _ in range(number - before - 1):
            yield None
        before = number
        keys = [k for k in map(key, texts) if k]
        structural = (
            bottom is None
            or number <= bottom
            or keys in heads
            or not keys
            or is_total(keys, totals)
            or any(keys[0].startswith(f) for f in footers)
        )
        yield None if structural else json.dumps([name, number, texts], ensure_ascii=False, separators=(",", ":")).encode()


def is_total(keys: list[str], totals: list[str]) -> bool:
    """Whether the row is a sum: the word first, or the word anywhere and numbers only beside it."""
    if keys[0].removesuffix(":") in totals:
        return True
    others = [k for k in keys if k.removesuffix(":") not in totals]
    sums = r"(?!\d{15,}$)[-+(]?[¥￥]?[\d,.]+(e[-+]?\d+)?[%)元]?|-+|—+"  # a number as long as an id is no sum
    return len(others) < len(keys) and all(re.fullmatch(sums, k) for k in others)
