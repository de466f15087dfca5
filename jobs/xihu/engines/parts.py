"""The pinned Java parts, where they lie, and whether what lies there is what was pinned."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from xihu.lake import durable
from xihu.settings import Settings

BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One file of a Maven repository. `size` in bytes, `sha256` in hex; `into` is the folder below the Java cache."""

    group: str
    artifact: str
    version: str
    ext: str
    into: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.{self.ext}"

    @property
    def path(self) -> str:
        """Path below the repository's base address."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"

    def file(self, s: Settings) -> Path:
        return s.java / self.into / self.name


@lru_cache(maxsize=1)
def _pins() -> tuple[tuple[Part, ...], tuple[str, ...]]:
    pins = yaml.safe_load(Path(__file__).with_name("parts.yaml").read_text("utf-8"))
    return tuple(Part(**p) for p in pins["parts"]), tuple(pins["trino_plugins"])


def parts() -> tuple[Part, ...]:
    """All pinned parts, the jars first."""
    return _pins()[0]


def jars() -> tuple[Part, ...]:
    return tuple(p for p in parts() if p.ext == "jar")


def trino() -> Part:
    """The server archive."""
    return next(p for p in parts() if p.artifact == "trino-server")


def trino_plugins() -> tuple[str, ...]:
    """Folders of `plugin/` that stay."""
    return _pins()[1]


def trino_home(s: Settings) -> Path:
    """Folder with `lib/` and `plugin/`."""
    return s.java / f"trino-server-{trino().version}"


def sha256(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as f:
        while block := f.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


class Seen:
    """Size and modification time of files whose hash was right, so that a second call need not read them again."""

    def __init__(self, s: Settings) -> None:
        self.file = s.java / "verified.json"
        try:
            self.seen: dict[str, list[int]] = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            self.seen = {}

    def holds(self, file: Path) -> bool:
        try:
            st = file.stat()
        except OSError:
            return False
        return self.seen.get(file.name) == [st.st_size, st.st_mtime_ns]

    def add(self, file: Path) -> None:
        st = file.stat()
        self.seen[file.name] = [st.st_size, st.st_mtime_ns]
        durable.write_json(self.file, dict(sorted(self.seen.items())))


def jar_is_right(s: Settings, part: Part, seen: Seen, *, deep: bool) -> bool:
    """Whether the jar is there and is the pinned one; without `deep`, a file seen right before is judged by size and time."""
    file = part.file(s)
    if not file.is_file() or file.stat().st_size != part.size:
        return False
    if not deep and seen.holds(file):
        return True
    if sha256(file) != part.sha256:
        return False
    if not seen.holds(file) and os.access(s.java, os.W_OK):
        seen.add(file)
    return True
