"""Crosswalks: what a code became. `conf/codes/crosswalks/<from>__<to>.csv` with from_code, to_code, kind, valid_from, note.

Between two editions of one list both names are the same (`street__street`) and `valid_from` is the first day of the new edition; a code
that no row of that day names goes on. Between two lists (`id_type_yb__id_type`) `valid_from` may be empty, and every code is named.

Kinds, of a row's from_code:
  exact   it is all of to_code and nothing else: codes and figures convert, in both directions
  merge   it lies wholly in to_code, which has more: codes and figures convert forward; not back
  main    to_code carries it on, but parts moved: the code of a record converts, a figure does not
  split   it was divided among the codes of its rows: neither converts
  none    nothing corresponds (to_code empty)
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar

from xihu.standards.codes import CodeList, CodeListError

KINDS = ("exact", "merge", "main", "split", "none")
HEADER = ["from_code", "to_code", "kind", "valid_from", "note"]
Number = TypeVar("Number", int, float, Decimal)


class Step(NamedTuple):
    """One row."""

    from_code: str
    to_code: str
    kind: str
    valid_from: date | None
    note: str
    line: int


@dataclass(frozen=True)
class NotExact:
    """Why something cannot be converted: `codes` maps each code that cannot to those it may have become."""

    codes: Mapping[str, tuple[str, ...]]
    why: str

    def __str__(self) -> str:
        shown = "；".join(f"{code}→{'、'.join(became) or '无'}" for code, became in list(self.codes.items())[:5])
        return f"不能准确换算 / not exact: {self.why} {shown}"


class Crosswalk:
    """The changes between two code lists, or between the editions of one."""

    def __init__(self, name: str, source: CodeList, target: CodeList, steps: Iterable[Step]):
        self.name, self.source, self.target = name, source, target
        self.steps = list(steps)
        self.editions = source.name == target.name
        self.changes: dict[date | None, dict[str, list[Step]]] = {}
        for step in self.steps:
            self.changes.setdefault(step.valid_from, {}).setdefault(step.from_code, []).append(step)

    def convert(self, code: str, since: date | None = None, to: date | None = None, *, figures: bool = False) -> str | NotExact:
        """What a code of day `since` is on day `to` (for two lists the days do not matter); earlier `to` converts back.

        With `figures` the answer holds for an amount or a count of that code too, else only for a single record's code.
        """
        if not self.editions:
            named = [step for steps in self.changes.values() for step in steps.get(code, ())]
            return _forward(code, named, figures) if named else NotExact({code: ()}, f"{self.name} 未列此代码 / does not name the code")
        if since is None or to is None:
            raise ValueError(f"{self.name} leads from one edition to another: it needs the days `since` and `to`")
        if self.source.at(code, since) is None:
            return NotExact({code: ()}, f"{since} 无此代码 / no such code on {since}")
        days = sorted(day for day in self.changes if day is not None)
        passed = [d for d in days if since < d <= to] if to >= since else [d for d in reversed(days) if to < d <= since]
        for day in passed:
            steps = self.changes[day]
            found = self._one(code, steps, figures) if to >= since else self._back(code, day, steps, figures)
            if isinstance(found, NotExact):
                return found
            code = found
        if self.target.at(code, to) is None:
            return NotExact({code: ()}, f"{to} 无此代码 / no such code on {to}")
        return code

    def _one(self, code: str, steps: Mapping[str, list[Step]], figures: bool) -> str | NotExact:
        named = steps.get(code)
        if named is None:
            # Unnamed codes go on as they are, but not as part of a larger whole: nothing was added to them that a row would not name.
            return code
        return _forward(code, named, figures)

    def _back(self, code: str, day: date, steps: Mapping[str, list[Step]], figures: bool) -> str | NotExact:
        sources = {s.from_code: s.kind for named in steps.values() for s in named if s.to_code == code}
        if code not in steps and self.source.at(code, day - timedelta(days=1)):
            sources[code] = "exact"
        before = tuple(sorted(sources))
        if len(before) == 1 and (sources[before[0]] == "exact" or (sources[before[0]] in ("main", "split") and not figures)):
            return before[0]
        return NotExact({code: before}, f"{day} 之前分属 / before {day} it was of")

    def redistribute(
        self, figures: Mapping[str, Number], since: date | None = None, to: date | None = None
    ) -> dict[str, Number] | NotExact:
        """Figures by code of day `since` as figures by code of day `to`; only where every one converts exactly, and the sum is kept.

        Adding up is right for amounts and counts of things, not for rates, means and medians.
        """
        made: dict[str, Number] = {}
        failed: dict[str, tuple[str, ...]] = {}
        whys: list[str] = []
        for code, figure in figures.items():
            found = self.convert(code, since, to, figures=True)
            if isinstance(found, NotExact):
                failed.update(found.codes)
                whys.append(found.why)
            else:
                made[found] = made[found] + figure if found in made else figure
        return NotExact(failed, whys[0]) if failed else made


def _forward(code: str, named: list[Step], figures: bool) -> str | NotExact:
    became = tuple(step.to_code for step in named if step.to_code)
    kind = named[0].kind
    if kind in ("exact", "merge") or (kind == "main" and not figures):
        return became[0]
    if kind == "main":
        return NotExact({code: became}, "内容有调整 / parts of it moved")
    return NotExact({code: became}, "拆分 / it was split" if kind == "split" else "无对应 / nothing corresponds")


def rollup(listed: CodeList, figures: Mapping[str, Number], on: date, column: str = "division") -> dict[str, Number] | NotExact:
    """Figures by a list's codes added up by one of its columns (streets by district) as it stood on a day."""
    made: dict[str, Number] = {}
    for code, figure in figures.items():
        row = listed.at(code, on)
        above = row.extra.get(column, "") if row else ""
        if not above:
            return NotExact({code: ()}, f"{on} 时 {listed.name} 无此代码或无上级 / not in the list on {on}, or nothing above it")
        made[above] = made[above] + figure if above in made else figure
    return made


def load_crosswalks(folder: Path, codes: Mapping[str, CodeList]) -> dict[str, Crosswalk]:
    """All crosswalks of a folder, by file name without `.csv`.

    Raises:
        CodeListError: with the problems of all files.
    """
    made: dict[str, Crosswalk] = {}
    problems: list[tuple[Path, int, str]] = []
    for file in sorted(folder.glob("*.csv")):
        lists = file.stem.split("__")
        unknown = [name for name in lists if name not in codes]
        if len(lists) != 2 or unknown:
            problems.append((file, 1, f"named <from>__<to>.csv after two code lists; unknown: {', '.join(unknown) or file.stem}"))
            continue
        steps, faults = _read(file)
        problems += faults
        crosswalk = Crosswalk(file.stem, codes[lists[0]], codes[lists[1]], steps)
        if not faults:
            problems += [(file, line, message) for line, message in _judge(crosswalk)]
            made[file.stem] = crosswalk
    if problems:
        raise CodeListError(problems)
    return made


def _read(file: Path) -> tuple[list[Step], list[tuple[Path, int, str]]]:
    steps: list[Step] = []
    problems: list[tuple[Path, int, str]] = []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        if next(reader, None) != HEADER:
            return [], [(file, 1, f"the header is {','.join(HEADER)}")]
        for cells in reader:
            if len(cells) != len(HEADER):
                problems.append((file, reader.line_num, "this row has another number of cells than the header"))
                continue
            source, target, kind, day, note = (cell.strip() for cell in cells)
            try:
                steps.append(Step(source, target, kind, date.fromisoformat(day) if day else None, note, reader.line_num))
            except ValueError as error:
                problems.append((file, reader.line_num, f"{error}; dates are written 2021-04-09"))
                continue
            if kind not in KINDS:
                problems.append((file, reader.line_num, f"kind {kind!r} is none of {', '.join(KINDS)}"))
    return steps, problems


def _judge(c: Crosswalk) -> Iterator[tuple[int, str]]:
    if c.editions and None in c.changes:
        yield next(s.line for s in c.steps if s.valid_from is None), "a crosswalk between editions needs valid_from in every row"
        return
    for day, named in c.changes.items():
        sources: dict[str, set[str]] = {}
        for step in (s for steps in named.values() for s in steps):
            sources.setdefault(step.to_code, set()).add(step.from_code)
        for code, steps in named.items():
            yield from _codes(c, day, steps)
            yield from _kinds(code, steps, sources, c, day)
    yield from _complete(c)


def _codes(c: Crosswalk, day: date | None, steps: list[Step]) -> Iterator[tuple[int, str]]:
    eve = day - timedelta(days=1) if day else None
    for step in steps:
        before = eve if c.editions else day
        if step.from_code not in c.source or (before and c.source.at(step.from_code, before) is None):
            yield step.line, f"{step.from_code} is no code of {c.source.name}" + (f" on {before}" if before else "")
        if step.kind == "none":
            if step.to_code:
                yield step.line, f"{step.from_code}: kind none has no to_code"
        elif step.to_code not in c.target or (day and c.target.at(step.to_code, day) is None):
            yield step.line, f"{step.to_code or '(empty)'} is no code of {c.target.name}" + (f" on {day}" if day else "")


def _kinds(code: str, steps: list[Step], sources: Mapping[str, set[str]], c: Crosswalk, day: date | None) -> Iterator[tuple[int, str]]:
    line, kinds = steps[0].line, {step.kind for step in steps}
    if len(kinds) > 1:
        yield line, f"{code}: rows of one code have one kind, here {', '.join(sorted(kinds))}"
        return
    kind = kinds.pop()
    if len({step.to_code for step in steps}) != len(steps):
        yield line, f"{code}: a target is named twice"
    if kind == "split" and len(steps) < 2:
        yield line, f"{code}: a split has two rows or more"
    if kind != "split" and len(steps) > 1:
        yield line, f"{code}: {kind} has one row; several are a split"
    # A code that goes on unnamed is a source of itself.
    target = steps[0].to_code
    stays = c.editions and day is not None and target not in c.changes[day] and c.source.at(target, day - timedelta(days=1)) is not None
    if kind == "exact" and (len(sources[target]) > 1 or stays):
        yield line, f"{code}: exact, but {target} has other sources; that is a merge, whose other sources are named too"
    if kind == "merge" and stays:
        yield line, f"{code}: {target} went on before {day} and is not named; a merge names it too ({target},{target},merge)"


def _complete(c: Crosswalk) -> Iterator[tuple[int, str]]:
    if not c.editions:
        days = [day for day in c.changes if day is not None]
        day = days[0] if days else None
        named = {step.from_code for step in c.steps}
        wanted = [row.code for row in c.source.rows if day is None or row.valid(day)]
        missing = [code for code in dict.fromkeys(wanted) if code not in named]
        if missing:
            yield 1, f"not mapped: {', '.join(missing[:10])}{' …' if len(missing) > 10 else ''} of {c.source.name}"
        return
    for row in c.source.rows:
        # A code that ends and begins anew the same day under another name needs a row only where others of that day have one.
        if row.valid_to is None or (row.valid_to not in c.changes and row.successor == (row.code,)):
            continue
        steps = c.changes.get(row.valid_to, {}).get(row.code)
        if steps is None:
            yield 1, f"not mapped: {row.code} {row.name}, which ends on {row.valid_to}"
        elif row.successor and {s.to_code for s in steps} != set(row.successor):
            yield steps[0].line, f"{row.code}: the list names the successors {';'.join(row.successor)}"
