"""Are the engines of this lake as `up` left them: supervisor, processes, memory, access files, certificates, locks."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import re
import socket
import ssl
from pathlib import Path

import psutil

from xihu.engines import processes, registry, supervise, supervisor, tls
from xihu.engines.fault import Fault, xihu
from xihu.engines.limits import change_limits, limits
from xihu.engines.progress import Silent
from xihu.settings import Settings

DEFAULT_HEAP_MB = 2048
LOOK_BACK = dt.timedelta(hours=24)
_SAID = re.compile(r"OutOfMemoryError|Out of Memory|There is insufficient memory|Too small maximum heap")
_DEATH = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \w+ exited: trino \((?:exit status (\d+)|terminated by (\w+))")


def stale_locks(s: Settings) -> list[Fault]:
    """Records of a lock whose holder is gone. The locks themselves are the kernel's and end with their holder."""
    if not s.locks.is_dir():
        return []
    found = []
    for record in sorted(p for p in s.locks.rglob("*") if p.suffix in (".json", ".lock", ".pid") and p.is_file()):
        pid = _recorded_pid(record)
        if pid is None or not _stale(record, pid):
            continue

        def remove(record: Path = record, pid: int | None = pid) -> None:
            # Between the look and the cure somebody may have taken the lock.
            if pid is not None and _recorded_pid(record) == pid and _stale(record, pid):
                record.unlink(missing_ok=True)

        state = "is gone" if not psutil.pid_exists(pid) else "is another process by now"
        what = f"失效的锁 / {record} names a holder that {state}"
        found.append(Fault("stale_lock", what, f"pid {pid}", f"rm {record}", act=remove))
    return found


def _recorded_pid(record: Path) -> int | None:
    try:
        text = record.read_text("utf-8").strip()
        pid = json.loads(text)["pid"] if text.startswith("{") else text.split()[0] if text else None
        return int(pid) if pid is not None else None
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _stale(record: Path, pid: int) -> bool:
    if not psutil.pid_exists(pid):
        return True
    # The pid lives, but may belong to something else: the kernel knows whether the lock beside it is held.
    lock = record.with_suffix(".lock")
    if lock == record or not lock.exists():
        return False
    with lock.open("r") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def supervision(s: Settings) -> list[Fault]:
    """A supervisor that should run and does not."""
    wanted = supervise.wanted(s)
    if not wanted or supervisor.alive(s):
        return []
    running = supervisor.process(s)
    evidence = f"pid file {'there' if supervisor.pid_file(s).exists() else 'missing'}; " + (
        f"{processes.describe(running)} does not answer" if running else "no such process"
    )

    def again() -> None:
        if running:
            processes.end([running])
        supervise.up(wanted, Silent())

    what = f"看护进程已停 / the supervisor of {', '.join(wanted)} is gone"
    return [Fault("supervisor_dead", what, evidence, f"xihu up {' '.join(wanted)}", act=again, concerns=registry.NAMES)]


def _deaths(s: Settings) -> list[tuple[dt.datetime, str]]:
    """Trino's deaths of the last day, from the supervisor's log (UTC); those before the last cure are left out."""
    healed = s.run / "trino.healed"
    since = dt.datetime.now(dt.UTC) - LOOK_BACK
    if healed.exists():
        since = max(since, dt.datetime.fromtimestamp(healed.stat().st_mtime, dt.UTC))
    found = []
    for file in (s.logs / "supervisord.log.1", s.logs / "supervisord.log"):
        if file.exists():
            for line in file.read_text("utf-8", "replace").splitlines():
                match = _DEATH.match(line)
                if match:
                    at = dt.datetime.fromisoformat(match[1]).replace(tzinfo=dt.UTC)
                    if at >= since:
                        found.append((at, match[2] or match[3]))
    return found


def memory(s: Settings) -> list[Fault]:
    """Trino ended for want of memory: exit code 3 (`ExitOnOutOfMemoryError`), or its log says so where the JVM could not even start."""
    if "trino" not in supervise.wanted(s):
        return []
    deaths = _deaths(s)
    log = supervise.tail(s.logs / "trino.log", 60)
    said = [line for line in log.splitlines() if _SAID.search(line)]
    out_of_memory = [d for d in deaths if d[1] == "3"] or (deaths if said else [])
    if not out_of_memory:
        return []
    heap = limits(s).trino_heap_mb
    most = int(psutil.virtual_memory().total / 2**20 * 0.6)
    more = min(max(heap * 2, DEFAULT_HEAP_MB), most)

    def enlarge() -> None:
        if more > heap:
            change_limits(s, trino_heap_mb=more)
        supervise.up(["trino"], Silent())
        (s.run / "trino.healed").touch()

    evidence = f"{len(out_of_memory)} time(s), last {out_of_memory[-1][0]:%Y-%m-%d %H:%M:%S} UTC" + (
        f": {said[-1].strip()}" if said else ""
    )
    cure = f"give it more: trino_heap_mb: {more} in {s.home / 'engines.yaml'} (now {heap}), then xihu up trino"
    if more <= heap:
        cure = f"the machine has no more to give than {heap} MB: run smaller queries or a larger machine; it has been started again"
    what = f"Trino 内存不足 / Trino ran out of memory ({heap} MB heap)"
    return [Fault("trino_out_of_memory", what, evidence, cure, act=enlarge, concerns=("trino",))]


def access_files(s: Settings) -> list[Fault]:
    """Rules, groups or passwords that Trino cannot read: it then refuses every query, or everybody."""
    etc = s.home / "trino" / "etc"
    wanted = "trino" in supervise.wanted(s)
    wrong = []
    for name, judge in {"rules.json": _bad_rules, "group.txt": _bad_groups, "password.db": _bad_passwords}.items():
        file = etc / name
        if not file.exists():
            if wanted:
                wrong.append(f"{name}: missing")
            continue
        why = judge(file.read_text("utf-8", "replace"))
        if why:
            wrong.append(f"{name}: {why}")
    if not wrong:
        return []
    what = f"访问规则损坏 / Trino's access files in {etc} are broken"
    return [Fault("broken_access_files", what, "; ".join(wrong), "xihu access compile", xihu("access", "compile"), concerns=("trino",))]


def _bad_rules(text: str) -> str | None:
    try:
        rules = json.loads(text)
    except ValueError as error:
        return str(error)
    if not isinstance(rules, dict) or not isinstance(rules.get("catalogs"), list):
        return "no list of catalog rules: everything would be open"
    return None


def _bad_groups(text: str) -> str | None:
    return next(
        (f"line {i} is not group:member,…" for i, line in enumerate(text.splitlines(), 1) if line.strip() and ":" not in line), None
    )


def _bad_passwords(text: str) -> str | None:
    good = re.compile(r"[^:]+:\$2[aby]\$\d\d\$.{53}$")
    return next(
        (f"line {i} holds no bcrypt hash" for i, line in enumerate(text.splitlines(), 1) if line.strip() and not good.match(line)), None
    )


def certificates(s: Settings) -> list[Fault]:
    """Certificates that have ended, are about to, or do not fit; or a server that still shows another one."""
    wanted = "trino" in supervise.wanted(s)
    if not wanted and not tls.server_file(s).exists():
        return []
    why = tls.fault(s)
    if not why and wanted:
        why = _served(s)
    if not why:
        return []

    def renew() -> None:
        tls.ensure(s)
        if wanted:
            supervise.restart("trino")

    cure = "xihu doctor --heal (makes new ones and starts Trino again)"
    return [Fault("bad_certificate", "Trino 证书失效 / Trino's certificate cannot be trusted", why, cure, act=renew)]


def _served(s: Settings) -> str | None:
    context = ssl.create_default_context(cafile=str(tls.ca_file(s)))
    try:
        with (
            socket.create_connection(("127.0.0.1", s.ports.trino_https), 3) as plain,
            context.wrap_socket(plain, server_hostname="localhost"),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return f"the server shows a certificate that {tls.ca_file(s).name} does not vouch for: {error.verify_message}"
    except OSError:
        return None


def engines(s: Settings, known: list[Fault]) -> list[Fault]:
    """Engines that `up` was asked for and that do not answer, unless a fault already named explains it; and ports open to the network."""
    explained = {name for fault in known for name in fault.concerns}
    found = []
    for e in supervise.status():
        if not e.wanted or e.name in explained or e.state in ("running", "starting"):
            continue
        lines = [line for line in supervise.tail(e.log, 40).splitlines() if re.search(r"error|exception|refused", line, re.IGNORECASE)]
        evidence = f"state {e.state}, pid {e.pid or '—'}" + (f"; {e.log.name}: {lines[-1].strip()[:300]}" if lines else "")

        def again(name: str = e.name) -> None:
            supervise.up([name], Silent())

        what = f"{e.title} 没有响应 / does not answer on port {e.port}"
        found.append(Fault(f"{e.name}_down", what, evidence, f"xihu up {e.name}; log: {e.log}", act=again))
    return found + open_ports(s)


def open_ports(s: Settings) -> list[Fault]:
    """Processes of this lake that listen on more than loopback."""
    found = []
    for process in processes.mine(s):
        try:
            listening = [c.laddr for c in process.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN]
        except psutil.Error:
            continue
        for at in listening:
            if not at.ip.removeprefix("::ffff:").startswith("127.") and at.ip != "::1":
                what = f"端口对外开放 / port {at.port} is open to the network"
                evidence = f"{processes.describe(process)} listens on {at.ip}"
                found.append(Fault("open_port", what, evidence, "xihu down, then xihu up", act=lambda: supervise.restart_all()))
    return found
