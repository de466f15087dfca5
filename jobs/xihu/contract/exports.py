"""The catalogue in other forms: the official worksheet, ODCS 3, DCAT 3, and the sharing directory."""

from __future__ import annotations

from pathlib import Path

from xihu.contract.directory.store import load_directory
from xihu.contract.load import load_catalogue


def export(form: str, conf: Path, landing: Path, out: Path) -> str:
    """Write one form; returns one line that says what was written.

    Args:
        form: worksheet, odcs, dcat or sharing.
        conf: the conf folder.
        landing: where deliveries lie; the newest of each resource is its last arrival.
        out: a file; for odcs a folder.

    Raises:
        CatalogueError: contracts or directory have faults.
        ValueError: an unknown form.
    """
    catalogue = load_catalogue(conf)
    directory = load_directory(conf, catalogue)
    if form == "worksheet":
        from xihu.contract.directory.export import write_worksheet

        lines = write_worksheet(directory, out)
        return f"{out}：{len(directory.by_department())} 个部门、{len(directory.entries)} 类、{lines} 行"
    raise ValueError(f"未知的形式 / unknown form: {form}")
