"""Life and death under the real supervisor, with small servers in place of the engines (no JVM)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from engine_fakes import fake, free_ports

from xihu.engines import ports, processes, registry, supervise, supervisor
from xihu.engines.errors import EngineError
from xihu.engines.progress import Silent
from xihu.settings import Ports, Settings, settings

NAMES = ("metastore", "mlflow")


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait; fail when it does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def state(name: str) -> supervise.EngineStatus:
    return next(e for e in supervise.status() if e.name == name)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A lake with two fake engines on free ports; everything of it is ended afterwards."""
    monkeypatch.setattr(registry, "NAMES", NAMES)
    monkeypatch.setattr(registry, "_MAKERS", {"metastore": fake("metastore", "metastore", "child"), "mlflow": fake("mlflow", "mlflow")})
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    for name, port in zip(vars(Ports()), free_ports(5), strict=True):
        monkeypatch.setenv(f"XIHU_PORT_{name.upper()}", str(port))
    s = settings()
    yield s
    with contextlib.suppress(OSError):
        supervisor.stop(s)


def test_up_status_down(lake: Settings) -> None:
    assert [e.state for e in supervise.status()] == ["stopped", "stopped"]
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        up = supervise.up(progress=Silent())
        assert [(e.state, e.healthy, e.wanted) for e in up] == [("running", True, True)] * 2
        for e in up:
            assert e.pid
            assert psutil.Process(e.pid).is_running()
            assert e.since
            assert "listening" in e.log.read_text()
        pids = [e.pid for e in up]
        assert [e.pid for e in supervise.up(progress=Silent())] == pids, "what runs is left alone"
        ours = processes.mine(lake)
        assert len(ours) == 4 + 1, "supervisor, watch, two engines and a child"
        down = supervise.down(progress=Silent())
        assert [(e.state, e.pid, e.wanted) for e in down] == [("stopped", None, False)] * 2
        assert not [p for p in ours if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        assert stranger.poll() is None
        assert ports.is_free(lake.ports.metastore)
        assert supervise.down(progress=Silent())
    finally:
        stranger.kill()
        stranger.wait()


def test_one_engine_at_a_time(lake: Settings) -> None:
    supervise.up(["mlflow"], Silent())
    assert (state("mlflow").state, state("metastore").state) == ("running", "stopped")
    pid = state("mlflow").pid
    supervise.up(["metastore"], Silent())
    assert state("mlflow").pid == pid
    supervise.down(["mlflow"], Silent())
    assert (state("mlflow").state, state("metastore").state) == ("stopped", "running")
    assert supervise.wanted(lake) == ["metastore"]
    supervise.down(["metastore"], Silent())
    assert not processes.mine(lake), "the last one takes the supervisor with it"
    with pytest.raises(EngineError, match="unknown engine"):
        supervise.up(["hive"], Silent())


@pytest.mark.parametrize("name", ["metastore", "mlflow"])
def test_a_killed_engine_comes_back(lake: Settings, name: str) -> None:
    supervise.up(progress=Silent())
    before = state(name).pid
    assert before
    os.kill(before, signal.SIGKILL)
    seen = state(name)
    assert not seen.healthy or seen.pid != before
    until(lambda: state(name).healthy)
    assert state(name).pid != before
    # The child that outlived its parent is gone too: it would have kept the port.
    assert len(processes.mine(lake, "metastore")) == 2


def test_the_killed_supervisor_comes_back_with_its_engines(lake: Settings) -> None:
    supervise.up(progress=Silent())
    boss = supervisor.process(lake)
    assert boss
    os.kill(boss.pid, signal.SIGKILL)
    until(lambda: (p := supervisor.process(lake)) and p.pid != boss.pid and all(e.healthy for e in supervise.status()))
    assert [e.state for e in supervise.status()] == ["running", "running"]
    assert len(processes.mine(lake)) == 5
    supervise.down(progress=Silent())
    time.sleep(1.5)
    assert not processes.mine(lake), "nothing brings it back after an orderly down"


def test_up_after_everything_was_killed(lake: Settings) -> None:
    supervise.up(progress=Silent())
    for p in sorted(processes.mine(lake), key=lambda p: p.pid):
        with contextlib.suppress(psutil.Error):
            p.kill()
    until(lambda: not processes.mine(lake))
    assert [e.state for e in supervise.status()] == ["stopped", "stopped"]
    assert [e.wanted for e in supervise.status()] == [True, True]
    assert all(e.healthy for e in supervise.up(progress=Silent()))


def test_a_stopped_process_is_ill_and_up_cures_it(lake: Settings) -> None:
    supervise.up(progress=Silent())
    pid = state("mlflow").pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    # Young as it is, it might still be starting.
    until(lambda: state("mlflow").state == "ill")
    seen = state("mlflow")
    assert (seen.healthy, seen.pid) == (False, pid)
    supervise.up(["mlflow"], Silent())
    assert state("mlflow").state == "running"
    assert state("mlflow").pid != pid


def test_a_taken_port_is_named_with_its_holder(lake: Settings) -> None:
    code = "import socket,sys,time;s=socket.socket();s.bind(('127.0.0.1',int(sys.argv[1])));s.listen();print(1,flush=True);time.sleep(60)"
    stranger = subprocess.Popen([sys.executable, "-c", code, str(lake.ports.mlflow)], stdout=subprocess.PIPE)
    try:
        assert stranger.stdout
        stranger.stdout.readline()
        with pytest.raises(EngineError) as caught:
            supervise.up(progress=Silent())
        said = str(caught.value)
        for word in (str(lake.ports.mlflow), f"pid {stranger.pid}", "XIHU_PORT_MLFLOW", "ports.yaml"):
            assert word in said
        assert not processes.mine(lake), "nothing was started"
        assert stranger.poll() is None
        # A stranger that answers on the port does not pass for the engine.
        assert not state("mlflow").healthy
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_on_all_interfaces_counts_as_taken() -> None:
    with socket.socket() as s:
        s.bind(("0.0.0.0", 0))
        s.listen()
        assert not ports.is_free(s.getsockname()[1])
    (port,) = free_ports(1)
    assert ports.is_free(port)
    assert ports.next_free(port, {port + 1}) > port + 1


def test_two_ports_of_one_number(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_PORT_SUPERSET", str(lake.ports.mlflow))
    with pytest.raises(EngineError, match="are both"):
        supervise.up(progress=Silent())


def test_two_lakes_side_by_side(lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second home's path begins with the first's: the one must not take the other's processes for its own.
    first = supervise.up(progress=Silent())
    monkeypatch.setenv("XIHU_HOME", str(lake.home / "second"))
    for name, port in zip(vars(Ports()), free_ports(5), strict=True):
        monkeypatch.setenv(f"XIHU_PORT_{name.upper()}", str(port))
    second = settings()
    try:
        up = supervise.up(progress=Silent())
        assert {e.pid for e in up}.isdisjoint({e.pid for e in first})
        monkeypatch.undo()
        supervisor.stop(lake)
        assert len(processes.mine(second)) == 5
    finally:
        supervisor.stop(second)
    assert not processes.mine(second)


def test_a_home_with_a_long_path_blanks_and_percent_signs(lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("deep 目录 100%/" + "x" * 90)
    monkeypatch.setenv("XIHU_HOME", str(home))
    s = settings()
    try:
        assert all(e.healthy for e in supervise.up(progress=Silent()))
        short = supervisor.socket_file(s)
        assert len(os.fsencode(short)) < 107
        assert short == supervisor.socket_file(s)
        supervise.down(progress=Silent())
        assert not processes.mine(s)
        assert not short.parent.exists()
    finally:
        supervisor.stop(s)


def test_an_engine_that_cannot_start_is_said_with_its_log(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fake("mlflow", "mlflow", code="import sys; print('no such table: x'); sys.exit(4)")
    monkeypatch.setitem(registry._MAKERS, "mlflow", broken)
    monkeypatch.setattr(supervise, "LIVES", 1)
    began = time.monotonic()
    with pytest.raises(EngineError, match="no such table: x"):
        supervise.up(["mlflow"], Silent(), timeout=60)
    assert time.monotonic() - began < 30
    assert state("mlflow").state in ("restarting", "starting", "failed")
    assert not state("mlflow").healthy


def test_a_changed_configuration_restarts_only_its_engine(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {e.name: e.pid for e in supervise.up(progress=Silent())}
    monkeypatch.setitem(registry._MAKERS, "mlflow", fake("mlflow", "mlflow", answer="NEW"))
    after = {e.name: e.pid for e in supervise.up(progress=Silent())}
    assert after["metastore"] == before["metastore"]
    assert after["mlflow"] != before["mlflow"]
    assert state("mlflow").healthy


def test_engines_survive_the_command_that_started_them_and_keep_secrets_private(lake: Settings) -> None:
    supervise.up(progress=Silent())
    boss = supervisor.process(lake)
    assert boss
    assert os.getsid(boss.pid) != os.getsid(0)
    for path in (lake.run, lake.logs, lake.secrets):
        assert path.stat().st_mode & 0o077 == 0, path
    for file in [*lake.run.rglob("*.json"), supervisor.conf_file(lake)]:
        assert file.stat().st_mode & 0o077 == 0, file
