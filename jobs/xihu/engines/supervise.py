"""Up, down and status of the engines of one lake."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import time
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from xihu.engines import archive, ports, processes, registry, supervisor
from xihu.engines.errors import EngineError
from xihu.engines.keys import private_folder, write_private
from xihu.engines.program import Program
from xihu.engines.progress import Reporter, Silent, reporter
from xihu.settings import Settings, settings

# An engine that has died this often while it was waited for will not come up by itself.
LIVES = 4


@dataclass(frozen=True)
class EngineStatus:
    """One engine as it is now.

    Attributes:
        state: stopped (nobody asked for it, or `down`), starting, running (answers), ill (its process runs and does not answer),
            restarting (it ended and is about to be started again), failed (given up), orphaned (runs without supervisor).
        ports: all ports it listens on; `port` is the one users ask.
        since: when its process started (UTC), or None.
        wanted: whether `up` was asked for it and `down` was not since.
    """

    name: str
    title: str
    state: str
    pid: int | None
    port: int
    ports: tuple[int, ...]
    healthy: bool
    since: dt.datetime | None
    log: Path
    url: str
    wanted: bool


def wanted_file(s: Settings) -> Path:
    return s.run / "wanted.json"


def wanted(s: Settings) -> list[str]:
    """The engines `up` was asked for and `down` was not since; a broken record counts as none."""
    try:
        names = json.loads(wanted_file(s).read_text("utf-8"))
        return [n for n in registry.NAMES if n in names]
    except (OSError, ValueError, TypeError):
        return []


def _want(s: Settings, names: Iterable[str]) -> None:
    write_private(wanted_file(s), json.dumps(sorted(names)).encode())


def _spec(s: Settings, p: Program) -> bytes:
    digest = hashlib.sha256()
    for file in p.digest_of:
        digest.update(file.read_bytes() if file.exists() else b"")
    return json.dumps(
        {
            "mark": processes.mark(s, p.name),
            "command": p.command,
            "environment": dict(sorted(p.environment().items())),
            "directory": str(p.directory),
            "configuration": digest.hexdigest(),
        },
        indent=1,
    ).encode()


def _info(s: Settings) -> dict[str, dict[str, Any]]:
    try:
        return {p["name"]: p for p in supervisor.rpc(s).getAllProcessInfo()}
    except (OSError, xmlrpc.client.Error):
        return {}


def _state(p: Program, info: dict[str, Any] | None, healthy: bool, orphan: bool) -> str:
    if info is None:
        return "orphaned" if orphan else "stopped"
    name = info["statename"]
    if name in ("STARTING", "RUNNING"):
        if healthy:
            return "running"
        return "ill" if info["now"] - info["start"] > p.patience else "starting"
    return {"BACKOFF": "restarting", "EXITED": "restarting", "FATAL": "failed", "STOPPING": "stopping"}.get(name, "stopped")


def status() -> list[EngineStatus]:
    """Every engine as it is now: asked of the supervisor, the process table and the engine itself, never remembered."""
    s = settings()
    infos = _info(s) if supervisor.socket_file(s).exists() else {}
    found = []
    for name in registry.NAMES:
        p = registry.program(s, name)
        info = infos.get(name)
        own = processes.mine(s, name)
        # A stranger on the port may answer as well: without a process of ours nothing is healthy.
        healthy = bool(own) and p.healthy()
        pid = (info["pid"] or None) if info else (own[0].pid if own else None)
        since = float(info["start"]) if info and pid else (own[0].create_time() if own else None)
        found.append(
            EngineStatus(
                name=name,
                title=p.title,
                state=_state(p, info, healthy, bool(own)),
                pid=pid,
                port=vars(s.ports)[p.ports[0]],
                ports=tuple(vars(s.ports)[n] for n in p.ports),
                healthy=healthy,
                since=dt.datetime.fromtimestamp(since, dt.UTC) if since else None,
                log=p.log(s),
                url=p.url,
                wanted=name in wanted(s),
            )
        )
    return found


def tail(file: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        with file.open("rb") as f:
            f.seek(max(0, file.stat().st_size - 16_384))
            return "\n".join(f.read().decode("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""


def _check_ports(s: Settings, programs: list[Program]) -> None:
    for p in programs:
        for t in ports.taken(s, p.ports):
            if not t.ours:
                raise t.error()
            # Left over from a supervisor that was killed.
            processes.end(processes.mine(s, p.name))


def _folders(s: Settings) -> None:
    try:
        s.home.mkdir(parents=True, exist_ok=True)
        for folder in (s.logs, s.run, s.secrets):
            private_folder(folder)
    except OSError as error:
        raise EngineError(f"cannot write {s.home}: {error}", f"chmod -R u+rwX {s.home}, or set XIHU_HOME to a folder of yours") from error


def _prepare(s: Settings, names: list[str]) -> tuple[list[Program], set[str]]:
    """Render what the engines need; the programs, and the names of those whose start would differ from what runs now."""
    if "trino" in names and (damage := archive.damage(s, deep=False)):
        raise EngineError(f"Trino is not whole: {damage[0].path}: {damage[0].what}", "xihu engines fetch")
    programs = [registry.program(s, n) for n in names]
    changed = set()
    for p in programs:
        p.render()
        p.directory.mkdir(parents=True, exist_ok=True)
        spec = _spec(s, p)
        file = supervisor.spec_file(s, p.name)
        if not file.exists() or file.read_bytes() != spec:
            changed.add(p.name)
            write_private(file, spec)
    return programs, changed


def up(names: list[str] | None = None, progress: Reporter | None = None, *, timeout: float = 240.0) -> list[EngineStatus]:
    """Start the named engines (default: all) and wait until they answer. What runs and answers already is left alone.

    Args:
        timeout: seconds for all of them together; they start side by side.

    Raises:
        EngineError: a port is taken, a part is missing, or an engine did not come up (with the end of its log).
    """
    s = settings()
    show = progress or reporter()
    asked = registry.chosen(names)
    _folders(s)
    with FileLock(s.run / "up.lock"):
        everything = registry.chosen([*asked, *wanted(s)])
        programs, changed = _prepare(s, everything)
        running = supervisor.alive(s)
        before = {e.name: e for e in status()}
        fresh = [p for p in programs if not running or before[p.name].pid is None]
        _check_ports(s, fresh)
        supervisor.write_conf(s, programs)
        _want(s, everything)
        if running:
            _apply(s, programs, changed, before)
        else:
            processes.end(processes.mine(s))
            supervisor.start(s)
        _await(s, [p for p in programs if p.name in asked], show, timeout)
    return status()


def _apply(s: Settings, programs: list[Program], changed: set[str], before: dict[str, EngineStatus]) -> None:
    """Bring a living supervisor to the configuration just written."""
    proxy = supervisor.rpc(s)
    added, altered, removed = proxy.reloadConfig()[0]
    for name in [*altered, *removed]:
        proxy.stopProcessGroup(name, True)
        proxy.removeProcessGroup(name)
    for name in [*altered, *added]:
        proxy.addProcessGroup(name)
    known = {i["name"]: i for i in proxy.getAllProcessInfo()}
    for p in programs:
        if p.name in [*added, *altered]:
            continue
        state = known[p.name]["statename"]
        if p.name in changed or before[p.name].state == "ill":
            if state in ("RUNNING", "STARTING"):
                proxy.stopProcess(p.name, True)
            state = "STOPPED"
        if state in ("STOPPED", "EXITED", "FATAL"):
            proxy.startProcess(p.name, False)


def _await(s: Settings, programs: list[Program], show: Reporter, timeout: float) -> None:
    began = time.monotonic()
    waiting = list(programs)
    lives: dict[str, set[int]] = {}
    said = 0.0
    while waiting:
        for p in list(waiting):
            if processes.mine(s, p.name) and p.healthy():
                waiting.remove(p)
                show.step(f"✓ {p.title}  {p.url}  ({time.monotonic() - began:.0f} s)")
        infos = _info(s)
        for p in waiting:
            if infos.get(p.name, {}).get("pid"):
                lives.setdefault(p.name, set()).add(infos[p.name]["pid"])
            if infos.get(p.name, {}).get("statename") == "FATAL" or len(lives.get(p.name, ())) > LIVES:
                raise EngineError(f"{p.title} does not start; the end of {p.log(s)}:\n{tail(p.log(s))}", "xihu doctor")
        if waiting and time.monotonic() - began > timeout:
            p = waiting[0]
            raise EngineError(f"{p.title} does not answer after {timeout:.0f} s; the end of {p.log(s)}:\n{tail(p.log(s))}", "xihu doctor")
        if waiting:
            if time.monotonic() - began - said >= 5:
                said = time.monotonic() - began
                show.step(f"… {said:.0f} s: " + ", ".join(p.title for p in waiting))
            time.sleep(0.4)


def down(names: list[str] | None = None, progress: Reporter | None = None) -> list[EngineStatus]:
    """Stop the named engines, or (default) all of them and the supervisor: every process this lake started, and nothing else."""
    s = settings()
    show = progress or reporter()
    chosen = registry.chosen(names)
    if not s.run.is_dir():
        return status()
    with FileLock(s.run / "up.lock"):
        rest = [n for n in wanted(s) if n not in chosen]
        if not rest or not supervisor.alive(s):
            supervisor.stop(s)
        else:
            supervisor.write_conf(s, [registry.program(s, n) for n in rest])
            proxy = supervisor.rpc(s)
            for name in proxy.reloadConfig()[0][2]:
                proxy.stopProcessGroup(name, True)
                proxy.removeProcessGroup(name)
            for name in chosen:
                processes.end(processes.mine(s, name))
        _want(s, rest)
        for name in chosen:
            show.step(f"■ {name}")
    return status()


def restart(name: str) -> list[EngineStatus]:
    """Stop and start one engine that `up` was asked for, and wait until it answers."""
    s = settings()
    if supervisor.alive(s):
        with contextlib.suppress(xmlrpc.client.Fault):
            supervisor.rpc(s).stopProcess(name, True)
    return up([name], Silent())


def restart_all() -> list[EngineStatus]:
    """Stop and start all engines that `up` was asked for, the supervisor too."""
    names = wanted(settings())
    down(None, Silent())
    return up(names, Silent()) if names else status()
