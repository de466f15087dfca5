"""A whole small city with its servers, made once for all end-to-end tests by the command a newcomer would type.

`XIHU_E2E_HOME` names a lake that already stands (with its servers up); then nothing is made and nothing is stopped.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

PERSONS, SEED, MONTHS = 3000, 7, 3


def free_ports(n: int) -> list[int]:
    """`n` TCP ports of 127.0.0.1 that nobody listens on now."""
    sockets = [socket.socket() for _ in range(n)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


@dataclass(frozen=True)
class City:
    """A lake with running servers."""

    home: Path
    env: dict[str, str]
    screen: str

    def xihu(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `xihu` command against this lake."""
        result = subprocess.run(
            [str(Path(sys.executable).parent / "xihu"), *args], env=self.env, capture_output=True, text=True, timeout=900
        )
        if check and result.returncode:
            raise AssertionError(f"xihu {' '.join(args)} ended with {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
        return result


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """The city of `PERSONS` persons after `xihu demo`, servers up on ports of its own."""
    from xihu.settings import Ports

    given = os.environ.get("XIHU_E2E_HOME")
    if given:
        yield City(Path(given), {**os.environ, "XIHU_HOME": given}, "")
        return
    home = Path(tempfile.mkdtemp(prefix="xe-"))
    names = [f.name for f in fields(Ports)]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    (home / "ports.yaml").write_text("".join(f"{k}: {v}\n" for k, v in ports.items()), "utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith("XIHU_PORT_")} | {"XIHU_HOME": str(home), "COLUMNS": "140"}
    made = City(home, env, "")
    try:
        screen = made.xihu("demo", "--persons", str(PERSONS), "--seed", str(SEED), "--months", str(MONTHS)).stdout
        yield City(home, env, screen)
    finally:
        made.xihu("down", check=False)
        if not os.environ.get("XIHU_KEEP"):
            shutil.rmtree(home, ignore_errors=True)
