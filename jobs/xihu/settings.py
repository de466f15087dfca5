"""Where things lie: one frozen object made from the environment, read by every other module.

Three variables move everything: `XIHU_CONF` (a folder of the shape of `conf/`), `XIHU_HOME` (lake, metastore, ports, secrets)
and `XIHU_CACHE` (downloads shared by clones). Ports come from `XIHU_PORT_<NAME>`, else `<home>/ports.yaml`, else the defaults.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    metastore: int = 9083
    trino_http: int = 8080
    trino_https: int = 8443
    superset: int = 8088
    mlflow: int = 5055


@dataclass(frozen=True)
class Settings:
    """Folders and ports of one lake."""

    root: Path
    home: Path
    conf: Path
    cache: Path
    ports: Ports

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def run(self) -> Path:
        """Process ids, sockets, rendered supervisor configuration."""
        return self.home / "run"

    @property
    def secrets(self) -> Path:
        """Generated passwords, keys and certificates; mode 0700."""
        return self.home / "secrets"

    @property
    def locks(self) -> Path:
        return self.home / "locks"

    @property
    def manifests(self) -> Path:
        return self.home / "manifests"

    @property
    def work(self) -> Path:
        """Scratch space that may be deleted whenever nothing runs."""
        return self.home / "work"

    @property
    def java(self) -> Path:
        """Engines fetched once for all clones: jars, Trino, the Java shim."""
        return self.cache / "java"


def _ports(home: Path) -> Ports:
    values: dict[str, Any] = {}
    file = home / "ports.yaml"
    if file.exists():
        values.update(yaml.safe_load(file.read_text("utf-8")) or {})
    for field in fields(Ports):
        given = os.environ.get(f"XIHU_PORT_{field.name.upper()}")
        if given:
            values[field.name] = given
    unknown = set(values) - {f.name for f in fields(Ports)}
    if unknown:
        raise ValueError(f"{file}: unknown port name(s) {sorted(unknown)}; known are {[f.name for f in fields(Ports)]}")
    return Ports(**{name: int(value) for name, value in values.items()})


@lru_cache(maxsize=8)
def _settings(home: str | None, conf: str | None, cache: str | None, ports: tuple[tuple[str, str], ...]) -> Settings:
    where = Path(home).absolute() if home else ROOT / "var"
    return Settings(
        root=ROOT,
        home=where,
        conf=Path(conf).absolute() if conf else ROOT / "conf",
        cache=Path(cache).absolute() if cache else Path.home() / ".cache" / "xihu",
        ports=_ports(where),
    )


def reread() -> None:
    """Forget what was read: `ports.yaml` has changed."""
    _settings.cache_clear()


def settings() -> Settings:
    """The settings of this process, from its environment.

    Raises:
        ValueError: a port in `ports.yaml` or the environment is unknown or not a number.
    """
    env = os.environ
    ports = tuple(sorted((k, v) for k, v in env.items() if k.startswith("XIHU_PORT_")))
    return _settings(env.get("XIHU_HOME"), env.get("XIHU_CONF"), env.get("XIHU_CACHE"), ports)
