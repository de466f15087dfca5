"""The real metastore and the real Trino: TLS, logins, closed ports, and coming back after every kind of death."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests
import trino
from engine_lake import PASSWORD, USER, make_lake

from xihu.engines import metastore, processes, supervise, supervisor, tls
from xihu.engines.doctor import doctor
from xihu.engines.progress import Silent
from xihu.settings import Settings

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def lake() -> Iterator[Settings]:
    with make_lake() as (s, _):
        yield s


def until(condition: Callable[[], object], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.3)


def ask(s: Settings, sql: str, user: str = USER, password: str = PASSWORD) -> list[list[object]]:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(tls.ca_file(s))
    connection = trino.dbapi.connect(
        host="127.0.0.1",
        port=s.ports.trino_https,
        http_scheme="https",
        http_session=session,
        user=user,
        auth=trino.auth.BasicAuthentication(user, password),
        verify=str(tls.ca_file(s)),
        max_attempts=1,
    )
    return connection.cursor().execute(sql).fetchall()


def test_a_login_over_tls_is_answered(lake: Settings) -> None:
    # rules.json is read again a few seconds after the start
    assert ask(lake, "select 6 * 7") == [[42]]
    assert ["delta"] in ask(lake, "show catalogs")
    assert ["default"] in ask(lake, "show schemas from delta")


def test_a_wrong_password_no_password_and_plain_http_are_refused(lake: Settings) -> None:
    with pytest.raises(trino.exceptions.HttpError, match="401"):
        ask(lake, "select 1", password="wrong")
    with pytest.raises(trino.exceptions.HttpError, match="401"):
        ask(lake, "select 1", user="stranger")
    with requests.Session() as session:
        session.trust_env = False
        plain = session.post(
            f"http://127.0.0.1:{lake.ports.trino_http}/v1/statement", "select 1", headers={"X-Trino-User": USER}, timeout=10
        )
    assert plain.status_code == 403


def test_nothing_is_written_through_trino(lake: Settings) -> None:
    for sql in ("create schema delta.x", "create table delta.default.x (a integer)"):
        with pytest.raises(trino.exceptions.TrinoUserError, match=r"(?i)access denied"):
            ask(lake, sql)


def test_all_ports_are_on_loopback(lake: Settings) -> None:
    heard = {}
    for process in processes.mine(lake):
        for c in process.net_connections(kind="tcp"):
            if c.status == psutil.CONN_LISTEN:
                heard[c.laddr.port] = c.laddr.ip.removeprefix("::ffff:")
    assert {lake.ports.metastore, lake.ports.trino_http, lake.ports.trino_https} <= set(heard)
    assert set(heard.values()) == {"127.0.0.1"}
    outer = [a.address for addresses in psutil.net_if_addrs().values() for a in addresses if a.family == socket.AF_INET]
    for address in outer:
        if not address.startswith("127."):
            for port in heard:
                with pytest.raises(OSError):
                    socket.create_connection((address, port), 2).close()


def test_the_metastore_keeps_what_it_was_told_through_a_kill(lake: Settings) -> None:
    # create_database(name=kept, locationUri), in the wire format, so that no JVM is needed here
    def text(field: int, value: str) -> bytes:
        return struct.pack(">BHI", 11, field, len(value)) + value.encode()

    database = text(1, "kept") + text(3, f"file:{lake.warehouse}/kept.db")
    call = struct.pack(">II", 0x80010001, 15) + b"create_database" + struct.pack(">IBH", 1, 12, 1) + database + b"\0\0"
    with socket.create_connection(("127.0.0.1", lake.ports.metastore), 10) as s:
        s.settimeout(20)
        s.sendall(call)
        assert s.recv(4)[:4] == b"\x80\x01\x00\x02"
    kill("metastore")
    until(lambda: metastore.healthy(lake))
    until(lambda: ["kept"] in attempt(lake, "show schemas from delta"), 30)


def attempt(s: Settings, sql: str) -> list[list[object]]:
    with contextlib.suppress(trino.exceptions.Error, trino.exceptions.HttpError, requests.RequestException):
        return ask(s, sql)
    return []


def kill(name: str) -> int:
    pid = next(e.pid for e in supervise.status() if e.name == name)
    assert pid
    os.kill(pid, signal.SIGKILL)
    return pid


@pytest.mark.parametrize("name", ["metastore", "trino"])
def test_a_killed_engine_comes_back_and_status_tells_the_truth(lake: Settings, name: str) -> None:
    before = kill(name)
    seen = {}

    def back() -> bool:
        now = next(e for e in supervise.status() if e.name == name)
        answers = metastore.healthy(lake) if name == "metastore" else bool(attempt(lake, "select 1"))
        seen[now.state] = now
        if now.healthy:
            # healthy must never be said of one that does not answer
            assert answers or attempt(lake, "select 1") or metastore.healthy(lake)
        return now.healthy and now.pid != before

    until(back)
    assert set(seen) & {"restarting", "starting"}, "the time in between was not called running"
    assert not any(e.healthy for state, e in seen.items() if state != "running")
    other = "trino" if name == "metastore" else "metastore"
    assert next(e for e in supervise.status() if e.name == other).healthy
    until(lambda: attempt(lake, "select 1") == [[1]], 30)
    assert doctor(deep=False) == []


def test_the_supervisor_itself_comes_back(lake: Settings) -> None:
    boss = supervisor.process(lake)
    assert boss
    os.kill(boss.pid, signal.SIGKILL)
    until(lambda: supervisor.process(lake) not in (None, boss) and all(e.healthy for e in supervise.status() if e.wanted))
    assert len(processes.mine(lake)) == 4, "supervisor, watch, metastore, Trino: nothing twice"
    assert attempt(lake, "select 1") == [[1]]


def test_a_database_whose_making_was_interrupted_is_set_aside(tmp_path: Path) -> None:
    half = tmp_path / "metastore_db"
    (half / "seg0").mkdir(parents=True)
    metastore._set_aside_unborn(half)
    assert half.exists(), "it may be in the making"
    os.utime(half, (time.time() - 120,) * 2)
    metastore._set_aside_unborn(half)
    assert not half.exists() and [p.name.split("-")[0] for p in tmp_path.iterdir()] == ["metastore_db.unborn"]
    half.mkdir()
    (half / "service.properties").touch()
    os.utime(half, (time.time() - 120,) * 2)
    metastore._set_aside_unborn(half)
    assert half.exists()


def test_logs_are_where_they_belong(lake: Settings) -> None:
    assert "SERVER STARTED" in (lake.logs / "trino.log").read_text("utf-8")
    assert "listening on 127.0.0.1" in (lake.logs / "metastore.log").read_text("utf-8")
    assert shutil.disk_usage(lake.logs).total > 0
    for secret in (lake.secrets / "trino_shared_secret").read_text(), PASSWORD:
        for log in lake.logs.iterdir():
            assert secret not in log.read_text("utf-8", "replace")


def test_down_ends_all_of_it(lake: Settings) -> None:
    ours = processes.mine(lake)
    supervise.down(progress=Silent())
    assert not [p for p in ours if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert doctor(deep=False) == [], "what was stopped on purpose is not missed"
    # Derby was closed in order
    assert not (lake.home / "metastore" / "metastore_db" / "db.lck").exists()
