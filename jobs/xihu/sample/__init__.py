"""The sample city: people and departments with planted truths, written in the formats that departments really send.

Imports nothing of the pipeline. `generate` writes a city; `deliveries` lists what it wrote in order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from xihu.sample.city import generate, stream

__all__ = ["deliveries", "generate", "stream"]


def deliveries(out: Path) -> Iterator[tuple[datetime, str, list[Path]]]:
    """(received at, department, files) of a written city, earliest first."""
    for folder in sorted(p for p in out.iterdir() if p.is_dir()):
        for dept in sorted(p for p in folder.iterdir() if p.is_dir()):
            yield datetime.fromisoformat(folder.name), dept.name, sorted(dept.iterdir())
