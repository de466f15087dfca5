"""The Hive metastore from Spark's own jars, on embedded Derby: the one catalog that Spark and Trino share.

Hive 2.3 listens on all interfaces and asks nobody who they are, so a main class of ours binds it to loopback (`infra/metastore/java`).
"""

from __future__ import annotations

import socket
import struct
import time
from pathlib import Path

from xihu.engines.limits import limits
from xihu.engines.program import Program, base_environment, java, render_folder, spark_jars
from xihu.settings import Settings

_OPENS = ("java.lang", "java.net", "java.util")


def _ask(port: int, method: str, timeout: float = 3.0) -> bytes:
    """One Thrift call without arguments (binary protocol, strict); the reply's first bytes.

    Raises:
        OSError: no connection, no answer in time, or the connection was closed.
    """
    name = method.encode("ascii")
    call = struct.pack(">II", 0x80010001, len(name)) + name + struct.pack(">IB", 1, 0)
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        s.settimeout(timeout)
        s.sendall(call)
        answer = b""
        while len(answer) < 4:
            more = s.recv(4096)
            if not more:
                raise ConnectionError("closed without an answer")
            answer += more
        return answer


def healthy(s: Settings) -> bool:
    """Whether it lists its databases: a port that accepts is not enough, a stopped process's does so too."""
    try:
        return _ask(s.ports.metastore, "get_all_databases")[:4] == b"\x80\x01\x00\x02"
    except OSError:
        return False


def _set_aside_unborn(database: Path) -> None:
    """A database whose making was interrupted: Derby refuses for ever a folder without service.properties, which it writes last.

    One younger than a minute may be in the making.
    """
    if database.is_dir() and not (database / "service.properties").exists() and time.time() - database.stat().st_mtime > 60:
        database.rename(database.with_name(f"{database.name}.unborn-{time.time_ns()}"))


def program(s: Settings) -> Program:
    folder = s.home / "metastore"
    heap = limits(s).metastore_heap_mb

    def render() -> None:
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        _set_aside_unborn(folder / "metastore_db")
        values = {
            "folder": folder,
            "warehouse": s.warehouse,
        }
        render_folder(s.root / "infra" / "metastore", folder, values)

    return Program(
        name="metastore",
        title="Hive metastore 元数据服务",
        command=(
            java(s),
            f"-Xmx{heap}m",
            "-Xss4m",
            *(f"--add-opens=java.base/{p}=ALL-UNNAMED" for p in _OPENS),
            f"-Dderby.stream.error.file={s.logs / 'derby.log'}",
            f"-Djava.io.tmpdir={folder / 'tmp'}",
            "-cp",
            f"{folder / 'conf'}:{spark_jars()}/*",
            # Janino, which Spark carries, compiles the server's main class and runs it.
            "org.codehaus.janino.SimpleCompiler",
            str(folder / "java" / "LoopbackMetastore.java"),
            "LoopbackMetastore",
            "127.0.0.1",
            str(s.ports.metastore),
        ),
        environment=base_environment,
        directory=folder,
        ports=("metastore",),
        render=render,
        healthy=lambda: healthy(s),
        url=f"thrift://127.0.0.1:{s.ports.metastore}",
        digest_of=(
            folder / "conf" / "hive-site.xml",
            folder / "conf" / "hive-log4j2.properties",
            folder / "java" / "LoopbackMetastore.java",
        ),
        patience=60,
    )
