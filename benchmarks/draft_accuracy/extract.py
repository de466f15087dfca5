"""What an extract is that is made for measuring: columns with known types, values that agree with one another.

A column is (title, type, maker). Types follow the catalogue's habits: identifiers, document numbers and codes without a list are text;
counts integer; measured values number; amounts money; values of a list in conf/codes code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from .values import Make

Column = tuple[str, str, Make]


@dataclass(frozen=True)
class Extract:
    """One file to be made. `link` makes columns agree with one another: it changes the row of a record in place."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    rows: int = 120
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def titles(self) -> list[str]:
        return [c[0] for c in self.columns]

    @property
    def types(self) -> list[str]:
        return [c[1] for c in self.columns]

    def table(self, seed: int) -> list[list[str]]:
        """The records, the same for the same seed."""
        r = Random(f"{self.name}/{seed}")
        return [_agree(self.columns, [make(r, i) for _, _, make in self.columns]) for i in range(self.rows)]


def _agree(columns: tuple[Column, ...], row: list[str]) -> list[str]:
    """Sex and birth of the record's first citizen id."""
    ids = [i for i, c in enumerate(columns) if c[1] == "citizen_id" and len(row[i]) == 18]
    if ids:
        odd = row[ids[0]][16] in "13579"
        for i, (title, kind, _) in enumerate(columns):
            if kind == "code" and title in ("性别", "XB", "sex", "gender"):
                row[i] = {"男": "男女", "女": "男女", "1": "12", "2": "12"}.get(row[i], row[i] * 2)[0 if odd else 1] if row[i] else ""
            elif title in ("出生日期", "CSRQ", "birthday") and row[i]:
                born = row[ids[0]][6:14]
                row[i] = born if row[i].isdigit() else f"{born[:4]}-{born[4:6]}-{born[6:]}"
    return row
