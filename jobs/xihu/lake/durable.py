"""Files that are whole after a power cut, or not there."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any


def sync(path: Path) -> None:
    """fsync of a file or folder."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_tree(folder: Path) -> None:
    """fsync of a folder and all folders below; what is in their files was synced when it was written."""
    for here, _, _ in os.walk(folder, topdown=False):
        sync(Path(here))


def replace(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Gives the file new content in one step: written beside, synced, renamed into place, the folder synced.

    A reader sees the old content or the new one. What a process left beside that died in between is removed.

    Args:
        mode: permissions, less the umask; they hold from the first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of the longest length has no room for more.
    mine = path.name if len(path.name.encode()) < 200 else hashlib.sha256(path.name.encode()).hexdigest()[:32]
    _sweep(path.parent, f".{mine}.")
    part = path.with_name(f".{mine}.{os.getpid()}-{threading.get_native_id()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    sync(path.parent)


def _sweep(folder: Path, prefix: str) -> None:
    with os.scandir(folder) as entries:
        left = [e.name for e in entries if e.name.startswith(prefix) and e.name.endswith(".part")]
    for name in left:
        pid = name.removeprefix(prefix).removesuffix(".part").partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            (folder / name).unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_text(path: Path, text: str, mode: int = 0o666) -> bool:
    """`replace` with the text; False, and nothing is touched, where the file says so already."""
    if path.exists() and path.read_text("utf-8") == text:
        return False
    replace(path, text.encode(), mode)
    return True


def write_json(path: Path, value: Any, mode: int = 0o666) -> None:
    """`replace` with the value as JSON."""
    replace(path, json.dumps(value, ensure_ascii=False, indent=1, default=str).encode(), mode)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))
