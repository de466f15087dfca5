"""Which processes are this lake's own. They carry `XIHU_ENGINE=<home>/<name>` in their environment, so nothing else is ever ended."""

from __future__ import annotations

import contextlib
import os
import time

import psutil

from xihu.engines.launch import MARK
from xihu.settings import Settings


def mark(s: Settings, name: str) -> str:
    return f"{s.home.resolve()}/{name}"


def mine(s: Settings, name: str | None = None) -> list[psutil.Process]:
    """Living processes of one engine of this lake, or of all of them and the supervisor."""
    found = []
    prefix = f"{s.home.resolve()}/"
    for process in psutil.process_iter():
        try:
            value = process.environ().get(MARK, "")
            fits = value == mark(s, name) if name else value.startswith(prefix) and "/" not in value[len(prefix) :]
            if fits and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end(processes: list[psutil.Process], patience: float = 15.0) -> None:
    """TERM, then KILL after `patience` seconds; returns when they are gone."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=patience)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def describe(process: psutil.Process) -> str:
    """`pid 12 (java, started 09:10, user ann)`, as far as it may be seen."""
    with contextlib.suppress(psutil.Error):
        started = time.strftime("%Y-%m-%d %H:%M", time.localtime(process.create_time()))
        return f"pid {process.pid} ({process.name()}, user {process.username()}, since {started})"
    return f"pid {process.pid}"
