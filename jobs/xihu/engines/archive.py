"""Trino's archive: extracted whole, trimmed, put in place in one step, with a manifest of every file that stays."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from xihu.engines import parts
from xihu.engines.errors import EngineError
from xihu.engines.progress import Reporter
from xihu.settings import Settings

MANIFEST = ".xihu-manifest.json"
# What extraction needs at its height, beside the archive itself.
ROOM = 1_200_000_000


@dataclass(frozen=True)
class Damage:
    """One thing wrong with the extracted server: `path` below its folder, `what` in words."""

    path: str
    what: str


def _walk(folder: Path) -> dict[str, Path]:
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != MANIFEST}


def damage(s: Settings, *, deep: bool, limit: int = 5) -> list[Damage]:
    """What differs from the manifest; [] when the server is whole. Without `deep` only names and sizes are compared.

    A folder without manifest is half an archive: the manifest is the last thing written before the folder gets its name.
    """
    home = parts.trino_home(s)
    try:
        manifest = json.loads((home / MANIFEST).read_text("utf-8"))
        expected: dict[str, list] = manifest["files"]
        pin = manifest["sha256"]
    except FileNotFoundError:
        return [Damage(MANIFEST, "missing: extraction did not finish")] if home.exists() else [Damage(".", "not there")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Damage(MANIFEST, f"unreadable: {error}")]
    if pin != parts.trino().sha256:
        return [Damage(MANIFEST, "from another archive than the pinned one")]
    there = _walk(home)
    found = [Damage(name, "missing") for name in expected if name not in there]
    found += [Damage(name, "not from the archive") for name in there if name not in expected]
    for name, (size, digest) in expected.items():
        if len(found) >= limit:
            break
        if name in there:
            if there[name].stat().st_size != size:
                found.append(Damage(name, f"has {there[name].stat().st_size} bytes instead of {size}"))
            elif deep and parts.sha256(there[name]) != digest:
                found.append(Damage(name, "altered (SHA-256 differs)"))
    return found[:limit]


def _safe(member: tarfile.TarInfo) -> bool:
    for name in (member.name, member.linkname if member.islnk() else ""):
        if name.startswith("/") or ".." in Path(name).parts:
            return False
    return not (member.isdev() or member.issym())


def _unpack(archive: Path, into: Path, show: Reporter) -> None:
    total = archive.stat().st_size
    label = f"解压 / extract {archive.name}"
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|gz") as tar:
        # Later Pythons ask for an explicit filter; the archive is pinned by hash and `_safe` judges every entry.
        if hasattr(tarfile, "tar_filter"):
            tar.extraction_filter = staticmethod(tarfile.tar_filter)
        for member in tar:
            if not _safe(member):
                raise EngineError(f"{archive}: unexpected entry {member.name}", "remove the archive and fetch again")
            # A stream cannot go back for a hard link's target, and need not: it is on disk already.
            tar.extract(member, into, set_attrs=member.isfile())
            show.amount(label, raw.tell(), total)
    show.amount(label, total, total)


def clear_leftovers(s: Settings) -> list[Path]:
    """Remove folders that an interrupted extraction left; the caller holds the fetch lock."""
    gone = []
    for folder in sorted(s.java.glob(".extract-*")):
        shutil.rmtree(folder, ignore_errors=True)
        gone.append(folder)
    return gone


def install(s: Settings, archive: Path, show: Reporter) -> None:
    """Extract `archive` (its checksum is right) and put the trimmed server in place of whatever is there.

    Raises:
        EngineError: too little space, an unexpected entry, or files that cannot be written.
    """
    free = shutil.disk_usage(s.java).free
    if free < ROOM:
        raise EngineError(
            f"{s.java}: {free / 1e9:.1f} GB free, {ROOM / 1e9:.1f} GB needed to extract Trino", "free space or move XIHU_CACHE"
        )
    clear_leftovers(s)
    home = parts.trino_home(s)
    aside = Path(tempfile.mkdtemp(prefix=".extract-", dir=s.java))
    try:
        _unpack(archive, aside, show)
        fresh = aside / home.name
        for plugin in sorted((fresh / "plugin").iterdir()):
            if plugin.name not in parts.trino_plugins():
                shutil.rmtree(plugin)
        missing = [p for p in parts.trino_plugins() if not (fresh / "plugin" / p).is_dir()]
        if missing or not (fresh / "lib").is_dir():
            raise EngineError(f"{archive}: lacks {missing or 'lib'}", "remove the archive and fetch again")
        files = {name: [p.stat().st_size, parts.sha256(p)] for name, p in _walk(fresh).items()}
        (fresh / MANIFEST).write_text(json.dumps({"sha256": parts.trino().sha256, "files": files}, indent=0), "utf-8")
        if home.exists():
            home.rename(aside / "old")
        fresh.replace(home)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise EngineError(f"cannot extract {archive}: {error}", "free space or give write permission, then call it again") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
