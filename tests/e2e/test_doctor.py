"""Faults injected into a running lake, one by one: named, cured by their own cure, and then silence."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_lake import make_lake

from xihu.engines import examine_host, parts, processes, supervise, supervisor, tls
from xihu.engines.doctor import Fault, doctor
from xihu.engines.errors import EngineError
from xihu.engines.limits import change_limits
from xihu.engines.progress import Silent
from xihu.settings import Settings, settings

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def lake() -> Iterator[Settings]:
    with make_lake() as (s, _):
        yield s


def stop_behind_its_back(s: Settings, name: str) -> None:
    supervisor.rpc(s).stopProcess(name, True)


def no_write_permission(s: Settings) -> None:
    s.logs.chmod(0o500)


def secrets_readable(s: Settings) -> None:
    (s.secrets / "trino_shared_secret").chmod(0o644)


def low_disk(s: Settings) -> None:
    (s.work / "spark").mkdir(parents=True)
    with (s.work / "spark" / "shuffle").open("wb") as f:
        os.posix_fallocate(f.fileno(), 0, 3_000_000_000)
    # The file system's real numbers; only the line is drawn where this machine stands now.
    change_limits(s, min_free_gb=round((shutil.disk_usage(s.home).free + 1_500_000_000) / 1e9, 2))


def wrong_java(s: Settings) -> None:
    from xihu.lake.session import java_environment

    java_environment(s)
    (s.java / "shim" / "bin" / "java").write_text("#!/bin/sh\nexec /usr/lib/jvm/java-8/bin/java $*\n")


def corrupted_jar(s: Settings) -> None:
    jar = s.java / "delta" / parts.jars()[1].name
    body = bytearray(jar.read_bytes())
    body[len(body) // 2] ^= 0xFF
    jar.write_bytes(bytes(body))


def half_fetched_archive(s: Settings) -> None:
    (s.java / "downloads").mkdir(exist_ok=True)
    (s.java / "downloads" / f"{parts.trino().name}.part").write_bytes(b"\x1f\x8b" + b"x" * 100_000)
    (s.java / ".extract-abc" / "trino-server-476" / "lib").mkdir(parents=True)


def missing_part(s: Settings) -> None:
    (s.java / "delta" / parts.jars()[2].name).unlink()


def stale_lock(s: Settings) -> None:
    code = "import os,signal;from xihu.lake.runs import exclusive\nwith exclusive('run'): os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (s.locks / "run.json").exists()


def metastore_down(s: Settings) -> None:
    stop_behind_its_back(s, "metastore")


def trino_down(s: Settings) -> None:
    stop_behind_its_back(s, "trino")


def supervisor_dead(s: Settings) -> None:
    boss = supervisor.process(s)
    assert boss
    watch = supervisor.rpc(s).getProcessInfo("watch")["pid"]
    os.kill(boss.pid, signal.SIGSTOP)
    os.kill(watch, signal.SIGKILL)
    os.kill(boss.pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while processes.mine(s) and time.monotonic() < end:
        time.sleep(0.2)
    assert supervisor.pid_file(s).exists()


def broken_access_files(s: Settings) -> None:
    file = s.home / "trino" / "etc" / "rules.json"
    file.write_text(file.read_text()[:-3])


def bad_certificate(s: Settings) -> None:
    other = dataclasses.replace(s, home=s.home / "other")
    tls.ensure(other)
    shutil.copy(tls.server_file(other), tls.server_file(s))
    shutil.rmtree(other.home)


def trino_out_of_memory(s: Settings) -> None:
    change_limits(s, trino_heap_mb=32)
    with contextlib.suppress(EngineError):
        supervise.up(["trino"], Silent(), timeout=1)
    log = s.logs / "supervisord.log"
    end = time.monotonic() + 300
    while "exited: trino (exit status 3" not in log.read_text("utf-8"):
        assert time.monotonic() < end, "Trino lived on"
        time.sleep(0.5)


def bad_settings(s: Settings) -> None:
    (s.home / "engines.yaml").write_text("trino_heap: 3G\n")


FAULTS: list[Callable[[Settings], None]] = [
    no_write_permission,
    secrets_readable,
    low_disk,
    wrong_java,
    corrupted_jar,
    half_fetched_archive,
    missing_part,
    stale_lock,
    broken_access_files,
    bad_certificate,
    metastore_down,
    trino_down,
    supervisor_dead,
    trino_out_of_memory,
    bad_settings,
]


# Each costs a start of Trino or a death of it: a quarter of a minute.
SLOW = [bad_certificate, trino_down, supervisor_dead, trino_out_of_memory]
CASES = [pytest.param(f, id=f.__name__, marks=[pytest.mark.soak] if f in SLOW else []) for f in FAULTS]


def silence(seconds: float = 60.0) -> list[Fault]:
    """What the doctor still says after a while; a server that was just started may need a moment."""
    end = time.monotonic() + seconds
    while True:
        found = doctor()
        if not found or time.monotonic() > end:
            return found
        time.sleep(1)


@pytest.mark.parametrize("inject", CASES)
def test_a_fault_is_named_cured_and_gone(lake: Settings, inject: Callable[[Settings], None]) -> None:
    assert silence() == []
    inject(lake)
    found = doctor()
    codes = {f.code for f in found}
    assert inject.__name__ in codes, f"not named: {found}"
    assert codes == {inject.__name__}, "one cause, one name"
    for f in found:
        assert f.what
        assert f.evidence
        assert f.cure
        f.heal()
    assert silence() == []
    assert [e.healthy for e in supervise.status() if e.wanted] == [True, True]


def test_port_taken(lake: Settings) -> None:
    """The holder is a stranger and stays; the lake moves, and what was up is up again on the new port."""
    assert silence() == []
    old = settings().ports.trino_https
    supervise.down(progress=Silent())
    with socket.create_server(("127.0.0.1", old)):
        found = doctor(deep=False)
        assert [f.code for f in found] == ["port_taken"]
        assert str(old) in found[0].what
        assert f"pid {os.getpid()}" in found[0].what
        found[0].heal()
        assert settings().ports.trino_https != old
        assert doctor(deep=False) == []
        assert {e.state for e in supervise.up(["metastore", "trino"], Silent()) if e.wanted} == {"running"}
        assert silence() == []


def test_wrong_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small environment of its own: this process's must stay as it is."""
    here = settings()
    uv = here.root / ".venvs" / "uv" / "bin" / "uv"
    if not uv.exists():
        pytest.skip("no uv in .venvs/uv (make env makes it)")
    lines = (here.root / "requirements" / "core.txt").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("six=="))
    end = next(i for i in range(start + 1, len(lines)) if lines[i][:1].strip())
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "core.txt").write_text("\n".join(lines[start:end]) + "\n")
    (tmp_path / ".venvs").mkdir()
    (tmp_path / ".venvs" / "uv").symlink_to(uv.parents[1])
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, tmp_path / ".venv"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    site = next((tmp_path / ".venv" / "lib").glob("python3*")) / "site-packages"
    monkeypatch.setattr(sys, "path", [str(site)])
    small = dataclasses.replace(here, root=tmp_path)
    found = examine_host.environments(small)
    assert [f.code for f in found] == ["wrong_environment"]
    assert "six missing" in found[0].evidence
    found[0].heal()
    assert examine_host.environments(small) == []
    subprocess.run([uv, "pip", "install", "-q", "--native-tls", "--python", sys.executable, "six==1.16.0"], check=True)
    found = examine_host.environments(small)
    assert "six 1.16.0" in found[0].evidence
    found[0].heal()
    assert examine_host.environments(small) == []


def test_what_was_never_started_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    home = tmp_path / "home"
    home.mkdir()
    (home / "ports.yaml").write_text(
        json.dumps({"metastore": 40083, "trino_http": 40080, "trino_https": 40443, "superset": 40088, "mlflow": 40055})
    )
    assert doctor() == []
