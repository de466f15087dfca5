"""Several files of one resource as one table: other titles of a column, columns that came and went, what changes from file to file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path

from xihu.contract.guess import Table, Unreadable
from xihu.standards import text


@dataclass
class Drift:
    """One table of all files, under the newest titles, and what differed between them."""

    table: Table
    first: Table  # the newest file alone, under the columns of `table`
    variants: dict[int, list[str]] = field(default_factory=dict)
    changing: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


_BESIDE = frozenset([".ctl", ".ok", ".md5", ".sha256", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".fpt", ".dbt"])


def files_of(given: Sequence[Path]) -> list[Path]:
    """The data files of what was named: folders are looked into (one level), companions and hidden files left out.

    Raises:
        Unreadable: a folder holds none.
    """
    out: list[Path] = []
    for path in given:
        if not path.is_dir():
            out.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".") and p.suffix.lower() not in _BESIDE)
        shapes = {p.stem.casefold() for p in inside if p.suffix.lower() == ".shp"}
        inside = [p for p in inside if not (p.suffix.lower() == ".dbf" and p.stem.casefold() in shapes)]
        if not inside:
            raise Unreadable(f"文件夹里没有数据文件 / a folder without data files: {path}")
        out += inside
    return out


def merge(files: Sequence[tuple[Path, Table]]) -> Drift:
    """All files as one; the last by name is the newest.

    Raises:
        Unreadable: there is no file, or the files are of different formats.
    """
    if not files:
        raise Unreadable("没有文件 / no file")
    if len(files) == 1:
        return Drift(files[0][1], files[0][1])
    kinds = Counter(t.format for _, t in files)
    if len(kinds) > 1:
        shown = "、".join(f"{p.name}（{t.format}）" for p, t in files[:6])
        raise Unreadable(f"格式不一，不是同一资源的文件 / files of different formats: {shown}")
    ordered = sorted(files, key=lambda f: f[0].name)
    newest = ordered[-1][1]
    out = Drift(replace(newest, rows=list(newest.rows)), newest)
    titles = list(newest.titles)
    places: list[tuple[Path, Table, list[int | None]]] = [(ordered[-1][0], newest, list(range(len(titles))))]
    for path, table in reversed(ordered[:-1]):
        at = _match(titles, out.variants, table, newest, path, out)
        for i, title in enumerate(table.titles):
            if i not in at:
                titles.append(title)
                at.append(i)
                out.kinds.add("dropped")
                out.notes.append(f"较早的 {path.name} 另有一列“{title}”，后来没有了 / an earlier file had this column too")
        absent = [titles[n] for n, i in enumerate(at) if i is None and n < len(newest.titles)]
        if absent:
            out.kinds.add("added")
            out.notes.append(f"{path.name} 没有列：{'、'.join(absent)} / lacks these columns")
        order = [i for i in at[: len(newest.titles)] if i is not None]
        if order != sorted(order):
            out.kinds.add("reordered")
            out.notes.append(f"{path.name} 的列序不同 / has another order of columns")
        if table.encoding != newest.encoding:
            out.notes.append(f"{path.name} 的编码是 {table.encoding}，不是 {newest.encoding} / in another encoding")
        places.append((path, table, at))
    width = len(titles)
    out.first = _laid(newest, titles, newest.rows, list(range(len(newest.titles))), width)
    rows: list[list[str | None]] = []
    constants: list[list[str | None]] = []
    for _, table, at in places:
        laid = _laid(newest, titles, table.rows, at, width).rows
        rows += laid
        constants.append([laid[0][i] if laid and len({row[i] for row in laid}) == 1 else None for i in range(width)])
    out.changing = [i for i in range(width) if all(c[i] for c in constants) and len({c[i] for c in constants}) > 1]
    out.table = _laid(newest, titles, rows, list(range(width)), width)
    # The last file of a month that lacks a sheet does not take it away.
    out.table.sheets = list(dict.fromkeys(s for _, t in files for s in t.sheets))
    out.table.totals = list(dict.fromkeys(s for _, t in files for s in t.totals))
    out.table.footers = list(dict.fromkeys(s for _, t in files for s in t.footers))
    out.notes = list(dict.fromkeys(out.notes))
    return out


def _laid(newest: Table, titles: Sequence[str], rows: Sequence[Sequence[str | None]], at: Sequence[int | None], width: int) -> Table:
    padded = [*at, *[None] * (width - len(at))]
    laid = [[row[i] if i is not None and i < len(row) else None for i in padded] for row in rows]
    paths = [*newest.paths, *[None] * (width - len(newest.paths))] if newest.paths else []
    return replace(newest, titles=list(titles), rows=laid, paths=paths)


def _match(titles: list[str], variants: dict[int, list[str]], table: Table, newest: Table, path: Path, out: Drift) -> list[int | None]:
    """For every column of the merged table its place in one file: equal titles first, then titles that changed in their place."""
    at: list[int | None] = []
    for n, title in enumerate(titles):
        known = {_bare(t) for t in (title, *variants.get(n, []))}
        at.append(next((i for i, t in enumerate(table.titles) if _bare(t) in known), None))
    for n, i in enumerate(at):
        if i is not None and table.titles[i] not in (titles[n], *variants.get(n, [])):
            variants.setdefault(n, []).append(table.titles[i])
            out.notes.append(f"“{titles[n]}”在 {path.name} 中写作“{table.titles[i]}” / titled otherwise")
    left = [i for i in range(len(table.titles)) if i not in at]
    for n in range(min(len(at), len(newest.titles))):
        if at[n] is not None or not left:
            continue
        best = max(left, key=lambda i: _alike(titles[n], table.titles[i], n, i, at))
        if _alike(titles[n], table.titles[best], n, best, at) >= 0.6 and _values_alike(newest, n, table, best):
            at[n] = best
            left.remove(best)
            variants.setdefault(n, []).append(table.titles[best])
            out.kinds.add("renamed")
            out.notes.append(f"中：“{titles[n]}”在 {path.name} 中疑写作“{table.titles[best]}”，请核实 / probably renamed; verify")
    return at


def _bare(title: str) -> str:
    return re.sub(r"[\W_]+", "", text.fold(title)).casefold()


def _alike(one: str, other: str, n: int, i: int, at: Sequence[int | None]) -> float:
    """How alike two titles are; neighbours that agree count."""
    likeness = SequenceMatcher(None, _bare(one), _bare(other)).ratio()
    left = n == i == 0 or (n > 0 and at[n - 1] == i - 1)
    right = n + 1 < len(at) and at[n + 1] == i + 1
    return likeness + 0.3 * left + 0.3 * right


def _values_alike(newest: Table, n: int, table: Table, i: int) -> bool:
    """Whether the values of two columns have one shape: the same share of digits, about the same length."""

    def shape(values: list[str]) -> tuple[float, float]:
        digits = sum(c.isdigit() for v in values for c in v) / max(1, sum(map(len, values)))
        return digits, sum(map(len, values)) / len(values)

    one = [v for row in newest.rows[:300] if (v := row[n])]
    other = [v for row in table.rows[:300] if (v := row[i])]
    if not one or not other:
        return False
    (a, b), (c, d) = shape(one), shape(other)
    return abs(a - c) <= 0.25 and max(b, d) <= 2 * min(b, d) + 1
