"""supervisord of one lake: its rendered configuration, its socket, its life."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from xihu.engines import processes
from xihu.engines.errors import EngineError
from xihu.engines.keys import private_folder
from xihu.engines.launch import MARK
from xihu.engines.program import Program, base_environment
from xihu.lake import durable
from xihu.settings import Settings

HERE = Path(__file__).parent
WATCH = "watch"
# A Unix socket's path holds 107 bytes, and supervisord binds to "<path>.<pid>" first.
LONGEST = 107 - len(".4194304")


def conf_file(s: Settings) -> Path:
    return s.run / "supervisord.conf"


def pid_file(s: Settings) -> Path:
    return s.run / "supervisord.pid"


def spec_file(s: Settings, name: str) -> Path:
    return s.run / "programs" / f"{name}.json"


def socket_file(s: Settings) -> Path:
    """The supervisor's socket: in `run/`, or in a short temporary folder (recorded in `run/socket`) where that path is too long."""
    plain = s.run / "supervisor.sock"
    if len(os.fsencode(plain)) <= LONGEST:
        return plain
    record = s.run / "socket"
    if record.exists():
        given = Path(record.read_text("utf-8").strip())
        if given.parent.is_dir() and given.parent.stat().st_uid == os.getuid():
            return given
    private_folder(s.run)
    made = Path(tempfile.mkdtemp(prefix="xihu-")) / "s"
    if len(os.fsencode(made)) > LONGEST:
        made = Path(tempfile.mkdtemp(prefix="xihu-", dir="/tmp")) / "s"
    durable.write_text(record, str(made))
    return made


def _section(name: str, **values: object) -> str:
    lines = [f"[{name}]", *(f"{k}={str(v).replace('%', '%%')}" for k, v in values.items())]
    return "\n".join(lines) + "\n"


def write_conf(s: Settings, programs: list[Program]) -> None:
    """Render supervisord's configuration for these programs; all of them start with it and are restarted whatever their exit code."""
    socket = socket_file(s)
    python = [sys.executable, "-I", "-S"]
    main: dict[str, object] = {
        "logfile": s.logs / "supervisord.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": 2,
        "pidfile": pid_file(s),
        "directory": s.run,
        "umask": "077",
        "identifier": "xihu",
    }
    if os.getuid() == 0:
        main["user"] = getpass.getuser()
    sections = [
        _section("unix_http_server", file=socket, chmod="0700"),
        _section("supervisord", **main),
        _section("rpcinterface:supervisor", **{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"}),
        _section("supervisorctl", serverurl=f"unix://{socket}"),
    ]
    common: dict[str, object] = {
        "autostart": "true",
        "autorestart": "true",
        "stopsignal": "TERM",
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
    }
    watch = shlex.join([*python, str(HERE / "watch.py"), str(conf_file(s)), sys.executable])
    sections.append(_section(f"program:{WATCH}", command=watch, startsecs=0, stdout_logfile="NONE", priority=1, **common))
    for p in programs:
        sections.append(
            _section(
                f"program:{p.name}",
                command=shlex.join([*python, str(HERE / "launch.py"), str(spec_file(s, p.name))]),
                startsecs=p.settle,
                startretries=20,
                stopwaitsecs=p.stop_after,
                # Relative to its folder: supervisord expands this one value twice, so a % in a path could not be written.
                stdout_logfile=os.path.relpath(p.log(s), s.run),
                stdout_logfile_maxbytes="10MB",
                stdout_logfile_backups=3,
                **common,
            )
        )
    durable.write_text(conf_file(s), "\n".join(sections))
    conf_file(s).chmod(0o600)


def rpc(s: Settings) -> Any:
    """A proxy to the supervisor's `supervisor` namespace. Calls raise OSError when it is not there."""
    transport = SupervisorTransport(None, None, serverurl=f"unix://{socket_file(s)}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport, allow_none=True).supervisor


def alive(s: Settings) -> bool:
    """Whether the supervisor answers."""
    if not socket_file(s).exists():
        return False
    try:
        return rpc(s).getState()["statename"] == "RUNNING"
    except (OSError, xmlrpc.client.Error, xmlrpc.client.ProtocolError):
        return False


def process(s: Settings) -> psutil.Process | None:
    """The supervisor's process, by its mark and the pid file; None if it is dead or the pid belongs to something else by now."""
    try:
        pid = int(pid_file(s).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return next((p for p in processes.mine(s, "supervisor") if p.pid == pid), None)


def start(s: Settings) -> None:
    """Start supervisord as a daemon of its own session; it survives the command.

    Raises:
        EngineError: it did not come up; the message holds what it said.
    """
    environment = {**base_environment(), MARK: processes.mark(s, "supervisor")}
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(conf_file(s))]
    done = subprocess.run(command, env=environment, cwd=s.run, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    until = time.monotonic() + 15
    while done.returncode == 0 and time.monotonic() < until:
        if alive(s):
            return
        time.sleep(0.1)
    said = (done.stderr or done.stdout).strip() or f"see {s.logs / 'supervisord.log'}"
    raise EngineError(f"supervisord did not start: {said}", f"read {s.logs / 'supervisord.log'}, then `xihu doctor`")


def stop(s: Settings) -> None:
    """End all programs at once, then the supervisor, then whatever of this lake is left."""
    if alive(s):
        proxy = rpc(s)
        # First the process that would start it again.
        with contextlib.suppress(xmlrpc.client.Fault):
            proxy.stopProcess(WATCH, True)
        try:
            proxy.stopAllProcesses(False)
            until = time.monotonic() + 40
            while time.monotonic() < until and any(p["statename"] == "STOPPING" or p["pid"] for p in proxy.getAllProcessInfo()):
                time.sleep(0.2)
            proxy.shutdown()
        except (OSError, xmlrpc.client.Error):
            pass
        until = time.monotonic() + 15
        while time.monotonic() < until and process(s):
            time.sleep(0.1)
    # A supervisor that does not answer is ended before its children, else it would start them again.
    processes.end(processes.mine(s, "supervisor"))
    processes.end(processes.mine(s))
    for file in (pid_file(s), socket_file(s)):
        file.unlink(missing_ok=True)
    record = s.run / "socket"
    if record.exists():
        folder = Path(record.read_text("utf-8").strip()).parent
        if folder.name.startswith("xihu-") and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        record.unlink()
