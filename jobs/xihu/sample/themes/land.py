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
        for one in f.every():
            verdict = [one.verdict, one.refused, "" if one.refused else one.records, one.note]
            truths.row("deliveries", [delivery, dept, one.name, one.resource, *verdict])
            if one.refused:
                continue
            truths.row("totals", [delivery, one.name, "", one.resource, one.records])
            for x in one.faults:
                truths.row("dirt", [delivery, one.name, x.sheet, x.row, one.resource, x.field, x.kind, x.expected, ""])
