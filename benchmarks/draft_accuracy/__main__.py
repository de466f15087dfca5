"""Measure and write docs/evidence/draft.md: `python -m benchmarks.draft_accuracy [--out FILE]` from the root of the checkout."""

from __future__ import annotations

import argparse
import tempfile
from datetime import date
from pathlib import Path

from xihu.contract.load import load_catalogue
from xihu.sample import generate, stream
from xihu.sample.dates import window
from xihu.sample.resources import RESOURCES
from xihu.sample.themes import World, blocks

from . import report
from .cases import Case, city_files, of_contracts, own, real_files
from .measure import judge

ROOT = Path(__file__).resolve().parents[2]


def _themes(landing: Path, seed: int, persons: int) -> None:
    """The files of the theme blocks; a block that cannot be made is told and left out."""
    w = window(date(2016, 10, 1), 3, persons)
    world = World(seed, w, [p for h in stream(persons, seed, w) for p in h.members][::2])
    for block in blocks():
        try:
            files = [one for f in block.files(world) for one in f.every()]
        except Exception as fault:
            print(f"{block.__name__}: {fault}")
            continue
        for n, one in enumerate(files):
            folder = landing / f"theme_{block.__name__.rsplit('.', 1)[1]}_{n}" / one.resource.split("__")[0]
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in {one.name: one.content, **dict(one.beside)}.items():
                (folder / name).write_bytes(content)


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--out", type=Path, default=ROOT / "docs" / "evidence" / "draft.md")
    parse.add_argument("--seeds", type=int, nargs="*", default=[3, 11])
    parse.add_argument("--persons", type=int, default=5_000)
    parse.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parse.add_argument("--most", type=int, default=3, help="files of one name, of each seed or pattern")
    given = parse.parse_args()
    catalogue = load_catalogue(ROOT / "conf")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        cases: list[Case] = list(own(home, given.seeds, catalogue.codes))
        for seed in given.seeds:
            landing = home / f"city{seed}" / "landing"
            generate(landing, persons=given.persons, seed=seed, months=3)
            _themes(landing, seed, given.persons)
            for case in of_contracts("city", city_files(landing, given.most), catalogue, home / f"bare{seed}"):
                cases.append(case if case.source in RESOURCES else case.of("theme"))
        if (given.shared / "real").exists():
            cases += of_contracts("real", real_files(given.shared, 4 * given.most), catalogue, home)
        text = report.page(judge(cases, catalogue.codes), given.seeds, given.persons)
    given.out.write_text(text, "utf-8")
    print(f"{given.out}: {len(cases)} files")


if __name__ == "__main__":
    main()
