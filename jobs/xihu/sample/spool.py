"""Rows on their way from people to files: kept on disk by resource, delivery and district, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SEP = "\x1f"


class Spool:
    """Append-only row files. A row is its dirt class, the id18 of its subject, then the cells."""

    def __init__(self, folder: Path, limit: int = 60_000) -> None:
        self.folder, self.limit = folder, limit
        self._held: dict[tuple[str, int, str], list[str]] = {}
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, resource: str, slot: int, district: str, dirt: str, id18: str, cells: list[str]) -> None:
        """Takes one row."""
        self._held.setdefault((resource, slot, district), []).append(SEP.join((dirt, id18, *cells)))
        self._count += 1
        if self._count >= self.limit:
            self.flush()

    def flush(self) -> None:
        """Writes what is held."""
        for key, lines in self._held.items():
            with self._path(*key).open("a", encoding="utf-8", newline="") as f:
                f.write("\n".join(lines) + "\n")
        self._held.clear()
        self._count = 0

    def _path(self, resource: str, slot: int, district: str) -> Path:
        return self.folder / f"{resource}.{slot}.{district}"

    def rows(self, resource: str, slot: int, district: str) -> Iterator[tuple[str, str, list[str]]]:
        """(dirt class, id18, cells) in the order they came."""
        path = self._path(resource, slot, district)
        if not path.exists():
            return
        with path.open(encoding="utf-8", newline="") as f:
            for line in f:
                dirt, id18, *cells = line[:-1].split(SEP)
                yield dirt, id18, cells

    def slots(self, resource: str) -> list[int]:
        """Deliveries for which this resource has rows."""
        return sorted({int(p.name.split(".")[1]) for p in self.folder.glob(f"{resource}.*")})
