"""Theme files to their place in the landing folder, and what is planted in them to the truths."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from xihu.sample.deliver import Truths
from xihu.sample.themes.extract import File


def land(files: Iterable[File], out: Path, truths: Truths) -> None:
    """Writes `<out>/<instant>/<dept>/<file>` and the lines of truth/deliveries.csv, dirt.csv and totals.csv.

    Raises ValueError where two files take one place.
    """
    for f in files:
        dept = f.resource.split("__")[0]
        folder = out / f"{f.day:%Y%m%d}T{f.clock}+0800" / dept
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {f.name: f.content, **f.beside}.items():
            if (folder / name).exists():
                raise ValueError(f"{folder.name}/{dept}/{name} is written twice")
            (folder / name).write_bytes(content)
        delivery = folder.parent.name
        truths.row("deliveries", [delivery, dept, f.name, f.resource, f.verdict, f.refused, "" if f.refused else f.records, f.note])
        if f.refused:
            continue
        truths.row("totals", [delivery, f.name, "", f.resource, f.records])
        for x in f.faults:
            truths.row("dirt", [delivery, f.name, x.sheet, x.row, f.resource, x.field, x.kind, x.expected, ""])
