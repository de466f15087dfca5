"""Files that a tool needs in the repository although they follow from others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xihu.settings import settings


def _files() -> Iterator[tuple[Path, str]]:
    from xihu.contract.load import check_catalogue, load_catalogue
    from xihu.contract.schema import schema_text
    from xihu.contract.standardspage import render_standards
    from xihu.gold.sources import render_reasons, render_sources

    s = settings()
    yield s.conf / "catalogue.schema.json", schema_text()
    yield s.root / "dbt_project" / "models" / "sources.yml", render_sources(load_catalogue(s.conf))
    yield s.root / "docs" / "standards.md", render_standards(check_catalogue(s.conf, standards=True)[0])
    yield s.root / "dbt_project" / "seeds" / "fault_reason.csv", render_reasons()


def generate(*, check: bool = False) -> list[Path]:
    """Writes what is not current; with `check` only names it."""
    changed = []
    for path, text in _files():
        if not path.exists() or path.read_text("utf-8") != text:
            changed.append(path)
            if not check:
                path.write_text(text, "utf-8")
    return changed
