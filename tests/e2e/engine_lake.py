"""A lake of its own with a real metastore and a real Trino: private home, private cache, free ports, a repository on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import bcrypt
import pytest
from engine_fakes import free_ports

from xihu.engines import parts, supervise, supervisor
from xihu.engines.fetch import fetch
from xihu.engines.progress import Silent
from xihu.settings import Ports, Settings, settings

USER, PASSWORD = "ann", "a-Password-of-9-words"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def repository(jars: Path, folder: Path) -> Iterator[str]:
    """Serve good jars as a Maven repository; its address."""
    for part in parts.jars():
        (folder / part.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(jars / part.name, folder / part.path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def open_for_one(s: Settings) -> None:
    """Access files that let one user read; written before Trino starts, as the policy's compiler does."""
    etc = s.home / "trino" / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    rules = {
        "catalogs": [{"user": USER, "catalog": "delta|system|tpch", "allow": "read-only"}],
        "schemas": [{"owner": False}],
        "tables": [{"user": USER, "privileges": ["SELECT"]}],
        "queries": [{"user": USER, "allow": ["execute"]}],
    }
    (etc / "rules.json").write_text(json.dumps(rules), "utf-8")
    (etc / "group.txt").write_text("", "utf-8")
    (etc / "password.db").write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(10)).decode()}\n", "utf-8")


@contextlib.contextmanager
def make_lake() -> Iterator[tuple[Settings, pytest.MonkeyPatch]]:
    """Metastore and Trino up in a home and cache of their own; all of it gone afterwards."""
    fetch(Silent())
    shared = settings()
    folder = Path(tempfile.mkdtemp(prefix="xl-"))
    patch = pytest.MonkeyPatch()
    try:
        java = folder / "cache" / "java"
        shutil.copytree(shared.java / "delta", java / "delta")
        home = parts.trino_home(shared)
        # Hard links: tests replace files there, they never write into one.
        shutil.copytree(home, java / home.name, copy_function=os.link)
        patch.setenv("XIHU_HOME", str(folder / "home"))
        patch.setenv("XIHU_CACHE", str(folder / "cache"))
        for name in vars(Ports()):
            patch.delenv(f"XIHU_PORT_{name.upper()}", raising=False)
        numbers = dict(zip(vars(Ports()), free_ports(5), strict=True))
        (folder / "home").mkdir()
        (folder / "home" / "ports.yaml").write_text("".join(f"{k}: {v}\n" for k, v in numbers.items()), "utf-8")
        with repository(shared.java / "delta", folder / "repository") as url:
            patch.setenv("XIHU_MAVEN_URL", url)
            s = settings()
            open_for_one(s)
            try:
                supervise.up(["metastore", "trino"], Silent())
                yield s, patch
            finally:
                supervisor.stop(s)
    finally:
        patch.undo()
        if not os.environ.get("XIHU_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
