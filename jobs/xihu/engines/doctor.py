"""Names what is wrong, with a cure that can be carried out; says nothing when all is well."""

from __future__ import annotations

import os
from pathlib import Path

from xihu.engines import examine_host, examine_lake, examine_parts, supervise
from xihu.engines.errors import EngineError
from xihu.engines.fault import Fault
from xihu.engines.limits import limits, limits_file
from xihu.settings import ROOT, Settings, reread, settings

__all__ = ["Fault", "doctor"]


def _set_aside(file: Path) -> None:
    file.replace(file.with_name(file.name + ".broken"))
    reread()


def _configuration() -> tuple[Settings | None, list[Fault]]:
    home = Path(os.environ.get("XIHU_HOME") or ROOT / "var")
    try:
        s = settings()
    except (ValueError, TypeError, AttributeError, OSError) as error:
        file = home / "ports.yaml"
        cure = f"mend {file} or the XIHU_PORT_… variables"
        act = (lambda: _set_aside(file)) if file.exists() else None
        return None, [Fault("bad_settings", "端口设置有误 / the ports cannot be read", str(error), cure, act=act)]
    try:
        limits(s)
    except EngineError as error:
        file = limits_file(s)
        return None, [
            Fault("bad_settings", f"引擎设置有误 / {file.name} cannot be read", error.what, error.cure, act=lambda: _set_aside(file))
        ]
    return s, []


def doctor(*, deep: bool = True) -> list[Fault]:
    """What is wrong with this machine, the fetched parts and the engines that `up` was asked for; [] when all is well.

    Engines that nobody asked for are not missed. Causes come before what they cause, and an engine that is ill because of a fault
    already named is not named once more. Healing changes the picture: look again after each cure.

    Args:
        deep: read and hash every fetched part (about 2 s); else sizes and times are compared.
    """
    s, found = _configuration()
    if s is None:
        return found
    found = examine_host.permissions(s)
    found += examine_host.disk(s)
    found += examine_host.environments(s)
    found += examine_host.java(s)
    found += examine_parts.java_parts(s, deep=deep)
    found += examine_lake.stale_locks(s)
    try:
        found += examine_host.taken_ports(s)
    except EngineError as error:
        found.append(Fault("bad_settings", error.what, str(s.home), error.cure))
    found += examine_lake.access_files(s)
    found += examine_lake.certificates(s)
    found += examine_lake.supervision(s)
    if supervise.wanted(s):
        found += examine_lake.memory(s)
        found += examine_lake.engines(s, found)
    return found
