"""A whole small city with its servers, made once for all end-to-end tests by the command a newcomer would type.

`XIHU_E2E_HOME` names a lake that already stands (with its servers up); then nothing is made and nothing is stopped.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from city import MONTHS, PERSONS, SEED, City
from engine_fakes import free_ports


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
