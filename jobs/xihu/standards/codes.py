"""Code lists with validity: `conf/codes/<name>.csv` with the columns code, name, valid_from, valid_to and, where known, successor.

Dates are ISO, half-open [valid_from, valid_to), empty = open. A code may occur in several rows with periods that do not overlap.
`successor` holds one code or several joined by ";" (a district that was split); `parent` a code of the same list above this one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


class CodeListError(ValueError):
    """A code file that cannot be used: `problems` holds (file, line, message)."""

    def __init__(self, problems: list[tuple[Path, int, str]]):
        self.problems = problems
        super().__init__("\n".join(f"{file}:{line}: {message}" for file, line, message in problems))


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list; `extra` holds the columns beyond the standard ones."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date | None
    successor: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    def valid(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


class CodeList:
    """The rows of one list, looked up by code or by name at a date."""

    def __init__(self, name: str, rows: list[Code]):
        self.name = name
        self.rows = rows
        self.by_code: dict[str, list[Code]] = {}
        self.by_name: dict[str, list[Code]] = {}
        for row in rows:
            self.by_code.setdefault(row.code, []).append(row)
            self.by_name.setdefault(row.name, []).append(row)
        # "1" stands for "01" where a spreadsheet took the zero away and only one code fits.
        stripped: dict[str, set[str]] = {}
        for code in self.by_code:
            stripped.setdefault(code.lstrip("0"), set()).add(code)
        self.unpadded = {
            short: next(iter(full)) for short, full in stripped.items() if short and len(full) == 1 and short not in self.by_code
        }

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, code: str, on: date) -> Code | None:
        """The row of `code` valid on a day, else None."""
        return next((row for row in self.by_code.get(code, ()) if row.valid(on)), None)

    def named(self, name: str, on: date) -> Code | None:
        """The one row with that name valid on a day; None where there is none or more than one code."""
        found = {row.code: row for row in self.by_name.get(name, ()) if row.valid(on)}
        return next(iter(found.values())) if len(found) == 1 else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def read_codes(file: Path) -> CodeList:
    """Read one code file.

    Raises:
        CodeListError: a column is missing, a date is no date, a code is empty or valid twice on one day, a successor or parent is no code
            of the list at the time.
    """
    problems: list[tuple[Path, int, str]] = []
    rows: list[Code] = []
    lines: list[int] = []
    known: dict[str, list[Code]] = {}
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = {"code", "name", "valid_from", "valid_to"} - set(reader.fieldnames or ())
        if missing:
            raise CodeListError(
                [(file, 1, f"missing column(s) {sorted(missing)}; the header is code,name,valid_from,valid_to[,successor]")]
            )
        for line in reader:
            at = reader.line_num
            if None in line or None in line.values():
                problems.append((file, at, "this row has another number of cells than the header"))
                continue
            cell = {name: value.strip() for name, value in line.items()}
            try:
                row = Code(
                    cell["code"],
                    cell["name"],
                    _day(cell["valid_from"]),
                    _day(cell["valid_to"]),
                    tuple(part for part in cell.get("successor", "").split(";") if part),
                    {k: v for k, v in cell.items() if k not in {"code", "name", "valid_from", "valid_to", "successor"}},
                )
            except ValueError as error:
                problems.append((file, at, f"{error}; dates are written 2021-04-09"))
                continue
            if not row.code:
                problems.append((file, at, "empty code"))
            if row.valid_from and row.valid_to and row.valid_from >= row.valid_to:
                problems.append((file, at, f"{row.code}: valid_from is not before valid_to"))
            earlier = known.setdefault(row.code, [])
            if any(_overlap(other, row) for other in earlier):
                problems.append((file, at, f"code {row.code} is valid twice on one day (rows must not overlap)"))
            earlier.append(row)
            rows.append(row)
            lines.append(at)
    problems += [(file, at, message) for row, at in zip(rows, lines, strict=True) for message in _references(row, known)]
    if problems:
        raise CodeListError(problems)
    return CodeList(file.stem, rows)


def _references(row: Code, known: Mapping[str, list[Code]]) -> Iterator[str]:
    """Codes that a row names and that are not there when they are needed."""
    if row.successor and row.valid_to is None:
        yield f"{row.code}: successors are for a code that ends; valid_to is empty"
    for code in row.successor:
        if code not in known:
            yield f"{row.code}: the successor {code} is not in the list"
        elif row.valid_to and not any(other.valid(row.valid_to) for other in known[code]):
            yield f"{row.code}: the successor {code} is not valid on {row.valid_to}, when {row.code} ends"
    parent = row.extra.get("parent", "")
    if parent and (parent == row.code or not any(_overlap(other, row) for other in known.get(parent, ()))):
        yield f"{row.code}: the parent {parent} is not in the list, or not in that time"


def _overlap(a: Code, b: Code) -> bool:
    start = max(a.valid_from or date.min, b.valid_from or date.min)
    end = min(a.valid_to or date.max, b.valid_to or date.max)
    return start < end


def load_codes(folder: Path) -> dict[str, CodeList]:
    """All lists of a folder, by file name without `.csv`.

    Raises:
        CodeListError: with the problems of all files.
    """
    lists: dict[str, CodeList] = {}
    problems: list[tuple[Path, int, str]] = []
    for file in sorted(folder.glob("*.csv")):
        try:
            lists[file.stem] = read_codes(file)
        except CodeListError as error:
            problems += error.problems
    if problems:
        raise CodeListError(problems)
    return lists
