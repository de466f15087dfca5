"""Ports: who holds one, whether it is free, and where the next free one is."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil
import yaml

from xihu.engines import processes
from xihu.engines.errors import EngineError
from xihu.lake import durable
from xihu.settings import Settings, reread


@dataclass(frozen=True)
class Taken:
    """A port that cannot be used: its name and number, its holder if it may be seen, and whether that is this lake's own process."""

    name: str
    port: int
    holder: psutil.Process | None
    ours: bool

    def error(self) -> EngineError:
        who = processes.describe(self.holder) if self.holder else "另一个进程 / a process that this user may not see"
        env = f"XIHU_PORT_{self.name.upper()}"
        return EngineError(
            f"端口被占用 / port {self.port} ({self.name}) is taken by {who}",
            f"end that process, or choose another port: {env}=…, or `{self.name}: …` in ports.yaml of XIHU_HOME",
        )


def is_free(port: int) -> bool:
    """Whether a server could listen on the port, on loopback and on all interfaces, now (a connection in TIME_WAIT does not count)."""
    for address in ("127.0.0.1", "0.0.0.0"):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def holder(port: int, among: Iterable[psutil.Process] | None = None) -> psutil.Process | None:
    """The process (of `among`, default all) that listens on the port, if this user may see it."""
    for process in psutil.process_iter() if among is None else among:
        with contextlib.suppress(psutil.Error, OSError):
            for c in process.net_connections(kind="tcp"):
                if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port:
                    return process
    return None


def taken(s: Settings, names: tuple[str, ...]) -> list[Taken]:
    """Those of the named ports that something listens on.

    Raises:
        EngineError: two of this lake's ports are the same number, or one is not a port.
    """
    numbers = vars(s.ports)
    for name, port in numbers.items():
        if not 0 < port < 65536:
            raise EngineError(f"port {name}={port} is not a port", f"set XIHU_PORT_{name.upper()} to a number from 1024 to 65535")
        twins = [n for n, p in numbers.items() if p == port and n != name]
        if twins:
            raise EngineError(f"ports {name} and {twins[0]} are both {port}", f"set XIHU_PORT_{name.upper()} or ports.yaml in {s.home}")
    busy = [name for name in names if not is_free(numbers[name])]
    own = processes.mine(s) if busy else []
    found = []
    for name in busy:
        # Few processes first: a look at all of them takes a while.
        mine = holder(numbers[name], own)
        found.append(Taken(name, numbers[name], mine or holder(numbers[name]), mine is not None))
    return found


def next_free(port: int, avoid: set[int]) -> int:
    """The first free port above `port` that is not in `avoid`."""
    return next(p for p in range(port + 1, 65536) if p not in avoid and is_free(p))


def move(s: Settings, name: str) -> int:
    """Give `name` another port in `<home>/ports.yaml`; the new number. The environment's `XIHU_PORT_…`, where set, still goes first."""
    file = s.home / "ports.yaml"
    values = dict(yaml.safe_load(file.read_text("utf-8")) or {}) if file.exists() else {}
    values[name] = next_free(vars(s.ports)[name], set(vars(s.ports).values()))
    durable.replace(file, yaml.safe_dump(values).encode())
    reread()
    return int(values[name])
