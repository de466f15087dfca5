"""Extracts of all 25 theme blocks of the plan: small files, each with a trap of its format. One module a block, found by its name.

A module `block<NN>_<word>` has `TITLE` and `files(world) -> Iterator[File]`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from xihu.sample.themes.extract import Fault, File, World

# What the demo takes in beside the social security extracts: one of every further shape of file.
DEMO = frozenset(
    {
        "dh__hotline_order", "hb__outlet_hourly", "sg__permit_case", "jt__taxi_position", "wj__inpatient_record", "js__unemployment",
        "ly__scenic_area", "jy__school_zone", "jy__teacher", "sj__account_subject", "cs__account_entry", "sg__decision_paper",
    }
)  # fmt: skip


def blocks() -> list[ModuleType]:
    """The modules of the blocks in the plan's order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("block"))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def files(world: World) -> Iterator[File]:
    """All files of all blocks."""
    for block in blocks():
        yield from block.files(world)


__all__ = ["DEMO", "Fault", "File", "World", "blocks", "files"]
