"""Secrets of the engines, made once per lake and kept: `<home>/secrets`, folder 0700, files 0600."""

from __future__ import annotations

import secrets
from pathlib import Path

from xihu.lake import durable
from xihu.settings import Settings


def private_folder(folder: Path) -> Path:
    """The folder, made if need be, closed to everyone but its owner."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write_private(file: Path, content: bytes) -> None:
    """Replace `file` in one step; it is never readable by others, not even while it is written, and outlives a power cut."""
    private_folder(file.parent)
    durable.replace(file, content, 0o600)


def key(s: Settings, name: str) -> str:
    """The secret called `name` (48 random bytes, base64url), generated at first use."""
    file = s.secrets / name
    if not file.exists() or not file.read_text("ascii").strip():
        write_private(file, secrets.token_urlsafe(48).encode("ascii"))
    return file.read_text("ascii").strip()
