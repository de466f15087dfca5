"""The door: access policy, servers and dashboards in the order they need each other."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from xihu.settings import settings


class ServeError(RuntimeError):
    """A server or its set-up failed; the text names the log."""


def start(names: Sequence[str] | None = None) -> None:
    """Compile the access policy, set Superset up, start the named servers (default all) and wait until they answer.

    Raises:
        EngineError: a port is taken, a part is missing, or a server does not come up; with the cure.
        PolicyError: `conf/access.yaml` has faults; nothing was started.
    """
    from xihu.engines import supervise
    from xihu.share.access import compile_access

    s = settings()
    compile_access(s)
    if names is None or "superset" in names:
        first = [n for n in ("metastore", "trino") if names is None or n in names]
        if first:
            supervise.up(first)
        dashboards()
    supervise.up(list(names) if names is not None else None)


def bootstrap(*, offline: bool) -> subprocess.Popen[bytes]:
    """Superset's database, roles, accounts and dashboards, in its own environment; log in `<home>/log/superset-bootstrap.log`."""
    from xihu.engines.superset import superset_bin, superset_environment

    s = settings()
    log = s.logs / "superset-bootstrap.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(superset_bin(s) / "python"), str(s.root / "infra" / "superset" / "bootstrap.py"), *(["--offline-ok"] if offline else [])]
    with log.open("wb") as sink:
        return subprocess.Popen(command, env=superset_environment(s), stdout=sink, stderr=subprocess.STDOUT, cwd=s.root)


def dashboards(waiting: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for the set-up of Superset (started here unless given).

    Raises:
        ServeError: it failed; the last lines of its log are in the text.
    """
    process = waiting or bootstrap(offline=True)
    if process.wait():
        log = settings().logs / "superset-bootstrap.log"
        raise ServeError(f"Superset 的设置失败（set-up failed），日志 {log}：\n{_tail(log)}")


def _tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text("utf-8", "replace").splitlines()[-lines:])
