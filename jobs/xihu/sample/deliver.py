"""From rows to deliveries: who sends what on which day, and what goes wrong on the way.

Planted mishaps (each corrected by a later delivery, so that the city ends up knowing everything):

* month 1: the residents' pension batch arrives cut off; the elderly allowance arrives twice under two names;
* month 2: the death certificates arrive in UTF-16, the medical register garbled, the retired cadres empty, the employees' pension batch is
  sent again with corrected amounts; the disabled persons' federation is a day late;
* month 3: the veterans' list arrives with names and numbers in each other's columns.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from xihu.sample import ids
from xihu.sample.dates import Window, add_months
from xihu.sample.dirt import Dirt
from xihu.sample.resources import RESOURCES, Resource
from xihu.sample.spool import Spool
from xihu.sample.writers import look, sheet_name, write_csv, write_fixed, write_xlsx


@dataclass
class Truths:
    """Open CSV files of the truth folder."""

    folder: Path
    files: dict[str, Any] = field(default_factory=dict)
    writers: dict[str, Any] = field(default_factory=dict)

    HEADERS = {
        "dirt": ["delivery", "file", "sheet", "row", "resource", "field", "class", "expected", "id18"],
        "deliveries": ["delivery", "dept", "file", "resource", "expected_verdict", "expected_reason", "records", "note"],
        "totals": ["delivery", "file", "sheet", "resource", "records"],
    }

    def row(self, name: str, values: list[Any], header: list[str] | None = None) -> None:
        """Appends a line to truth/<name>.csv."""
        if name not in self.writers:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.files[name] = (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
            self.writers[name] = csv.writer(self.files[name], lineterminator="\n")
            self.writers[name].writerow(header or self.HEADERS[name])
        self.writers[name].writerow(values)

    def close(self) -> None:
        """Closes all files."""
        for f in self.files.values():
            f.close()


class Courier:
    """Writes files into `<out>/<instant>/<dept>/` and their truths."""

    def __init__(self, out: Path, spool: Spool, dirt: Dirt, w: Window, truths: Truths) -> None:
        self.out, self.spool, self.dirt, self.w, self.truths = out, spool, dirt, w, truths

    def place(self, r: Resource, day: date, clock: str) -> Path:
        """Folder of a delivery; its name is an ISO 8601 instant in the city's time zone."""
        folder = self.out / f"{day:%Y%m%d}T{clock}+0800" / r.dept
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def spoilt(self, r: Resource, slot: int, district: str, where: dict[str, Any], start: int = 0) -> Iterator[list[str]]:
        """Formatted rows of one spool file with their dirt; writes truth/dirt.csv for the file named in `where`."""
        n = start
        for name, id18, cells in self.spool.rows(r.name, slot, district):
            row = look(r, cells)
            spoilt = None
            if name:
                spoilt = self.dirt.apply(name, r, row, Random(f"{self.dirt.seed}|{r.name}|{slot}|{district}|{n}"))
            if spoilt is None:
                n += 1
                yield row
                continue
            for out in spoilt.rows:
                n += 1
                yield out
            where["dirty"] = where.get("dirty", 0) + (spoilt.expected not in ("repaired", "accepted", "duplicate"))
            self.truths.row(
                "dirt", [where["delivery"], where["file"], where.get("sheet", ""), n, r.name, spoilt.field, name, spoilt.expected, id18]
            )
        where["last"] = n

    def _all(self, r: Resource, slot: int, districts: Iterable[str], where: dict[str, Any]) -> Iterator[list[str]]:
        at = 0
        for d in districts:
            yield from self.spoilt(r, slot, d, where, at)
            at = where.get("last", at)

    def note(
        self, path: Path, r: Resource, records: int | str, where: dict[str, Any], verdict: str = "", reason: str = "", note: str = ""
    ) -> None:
        """Enters a file into truth/deliveries.csv."""
        verdict = verdict or ("accepted_with_quarantine" if where.get("dirty") else "accepted")
        self.truths.row("deliveries", [path.parent.parent.name, r.dept, path.name, r.name, verdict, reason, records, note])

    def csv(self, r: Resource, slot: int, name: str, day: date, clock: str, districts: Iterable[str], encoding: str) -> Path:
        """One delimited file."""
        path = self.place(r, day, clock) / name
        where: dict[str, Any] = {"delivery": path.parent.parent.name, "file": name}
        n = write_csv(path, r, self._all(r, slot, districts, where), encoding)
        self.truths.row("totals", [where["delivery"], name, "", r.name, n])
        self.note(path, r, n, where)
        return path

    def fixed(self, r: Resource, slot: int, name: str, day: date, clock: str, month: date) -> Path:
        """One bank batch."""
        path = self.place(r, day, clock) / name
        where: dict[str, Any] = {"delivery": path.parent.parent.name, "file": name}
        batch = f"{month:%Y%m}{'31' if r.name == 'rs__resident_pension' else '11'}01"
        n = write_fixed(path, r, self._all(r, slot, ids.DISTRICTS, where), batch, month, r.encoding)
        self.truths.row("totals", [where["delivery"], name, "", r.name, n])
        self.note(path, r, n, where)
        return path

    def xlsx(self, r: Resource, slot: int, name: str, day: date, clock: str, month: date) -> Path:
        """One report, a sheet for each district or a single one."""
        path = self.place(r, day, clock) / name
        where: dict[str, Any] = {"delivery": path.parent.parent.name, "file": name}

        def sheets() -> Iterator[tuple[str, Iterable[list[str]]]]:
            if r.sheets == "single":
                where["sheet"] = "Sheet1"
                yield "Sheet1", self._all(r, slot, ids.DISTRICTS, where)
                return
            for d in ids.DISTRICTS:
                where["sheet"] = sheet_name(d)
                yield sheet_name(d), self.spoilt(r, slot, d, where)

        counts = write_xlsx(path, r, sheets(), month, day - timedelta(days=1))
        for sheet, n in counts.items():
            self.truths.row("totals", [where["delivery"], name, sheet, r.name, n])
        self.note(path, r, sum(counts.values()), where)
        return path

    def month(self, k: int) -> None:
        """All deliveries about month k."""
        month = self.w.months[k]
        following = add_months(month, 1)
        for r in RESOURCES.values():
            day = following + timedelta(days=r.day - 1)
            if k == 1 and r.dept == "cl":
                day += timedelta(days=1)
            stamp = f"{month:%Y%m}"
            if r.format == "fixed":
                self._batch(r, k, f"{r.title}_{stamp}.txt", day, month)
            elif r.format == "xlsx":
                path = self.xlsx(r, k, f"{r.title}_{stamp}.xlsx", day, r.clock, month)
                if k == 0 and r.name == "mz__elderly_allowance":
                    self._again(r, path, f"{r.title}_{stamp}（补）.xlsx", day + timedelta(days=3))
            elif r.per_district:
                for d in ids.DISTRICTS:
                    self.csv(r, k, f"{r.title}_{d}_{stamp}.csv", day, r.clock, [d], r.encoding)
            else:
                self._text(r, k, f"{r.title}_{stamp}.csv", day)

    def _text(self, r: Resource, k: int, name: str, day: date) -> None:
        encoding = "utf-8-sig" if r.dept == "wj" and k % 2 == 0 and r.name == "wj__birth_certificate" else r.encoding
        mishap = {("wj__death_certificate", 1): "utf-16", ("yb__medical_register", 1): "mojibake", ("lgb__retired_cadre", 1): "empty",
                  ("mz__veteran_support", 2): "swapped"}.get((r.name, k))  # fmt: skip
        right = day + timedelta(days=1) if mishap else day
        path = self.csv(r, k, name, right, r.clock, ids.DISTRICTS, encoding)
        if not mishap:
            return
        wrong = self.place(r, day, r.clock) / name
        text = path.read_bytes()
        reason = "wrong_encoding"
        if mishap == "utf-16":
            wrong.write_bytes(b"\xff\xfe" + text.decode(encoding, "replace").encode("utf-16-le"))
        elif mishap == "mojibake":
            wrong.write_bytes(text.decode(encoding, "replace").encode("utf-8").decode("gbk", "replace").encode("utf-8"))
        elif mishap == "empty":
            wrong.write_bytes(b"")
            reason = "empty_file"
        else:
            lines = text.decode(encoding, "replace").split("\r\n")
            a, b = r.at("name"), r.at("id_no")
            swapped = [lines[0]]
            for line in lines[1:-1]:
                cells = line.split(",")
                cells[a], cells[b] = cells[b], cells[a]
                swapped.append(",".join(cells))
            wrong.write_bytes(("\r\n".join(swapped) + "\r\n").encode(encoding))
            reason = "columns_swapped"
        self.note(wrong, r, "", {}, "refused", reason, f"sent right on {right}")

    def _batch(self, r: Resource, k: int, name: str, day: date, month: date) -> None:
        late = k == 0 and r.name == "rs__resident_pension"
        path = self.fixed(r, k, name, day + timedelta(days=3) if late else day, r.clock, month)
        if late:
            data = path.read_bytes()
            cut = self.place(r, day, r.clock) / name
            cut.write_bytes(data[: len(data) * 3 // 5 + 17])
            self.note(cut, r, "", {}, "refused", "control_total", f"whole on {day + timedelta(days=3)}")
        if k == 1 and r.name == "rs__employee_pension":
            self._corrected(r, k, name, day + timedelta(days=2), month)

    def _corrected(self, r: Resource, k: int, name: str, day: date, month: date) -> None:
        """The whole batch again under batch number 02: one row in thirty has another amount."""
        path = self.place(r, day, r.clock) / name
        where: dict[str, Any] = {"delivery": path.parent.parent.name, "file": name}
        batch = f"{month:%Y%m}1102"

        def rows() -> Iterator[list[str]]:
            for n, cells in enumerate(self._all(r, k, ids.DISTRICTS, where)):
                cells[r.at("batch")] = batch
                if n % 30 == 7:
                    cells[r.at("amount")] = f"{float(cells[r.at('amount')]) + 35:.2f}"
                yield cells

        n = write_fixed(path, r, rows(), batch, month, r.encoding)
        self.truths.row("totals", [where["delivery"], name, "", r.name, n])
        self.note(path, r, n, where, note="corrected batch: supersedes the one of two days before")

    def _again(self, r: Resource, path: Path, name: str, day: date) -> None:
        copy = self.place(r, day, r.clock) / name
        shutil.copyfile(path, copy)
        self.note(copy, r, "", {}, "duplicate", "duplicate_file", "same bytes as three days before")

    def history(self) -> None:
        """Contributions of the years before the window: one file each January, and one for the year's months before it."""
        r = RESOURCES["rs__resident_contribution"]
        first = self.w.first
        for slot in [s for s in self.spool.slots(r.name) if s < 0]:
            if slot == -1:
                day, name = first + timedelta(days=11), f"{r.title}_{add_months(first, -1):%Y%m}.csv"
            else:
                year = first.year + slot + 1
                day, name = date(year + 1, 1, 18), f"{r.title}_{year}.csv"
            self.csv(r, slot, name, day, r.clock, ids.DISTRICTS, r.encoding)


__all__ = ["Courier", "Truths"]
