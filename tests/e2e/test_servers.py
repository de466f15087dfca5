"""Superset and MLflow killed in mid-flight: both come back by themselves and answer as before."""

from __future__ import annotations

import contextlib
import time

import psutil
import pytest
import requests

from xihu.engines import supervise
from xihu.engines.doctor import doctor

pytestmark = pytest.mark.engines
PAGES = {"superset": "/login/", "mlflow": "/"}


def _now(name: str) -> supervise.EngineStatus:
    return next(e for e in supervise.status() if e.name == name)


@pytest.mark.parametrize("name", PAGES)
def test_a_killed_server_comes_back(city, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_HOME", str(city.home))
    before = _now(name)
    assert before.state == "running" and before.pid
    session = requests.Session()
    session.trust_env = False
    url = f"http://127.0.0.1:{before.port}{PAGES[name]}"
    assert session.get(url, timeout=30).status_code == 200
    boss = psutil.Process(before.pid)
    for process in [*boss.children(recursive=True), boss]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    end = time.monotonic() + 120
    while not ((now := _now(name)).state == "running" and now.pid != before.pid):
        assert time.monotonic() < end, now
        time.sleep(1)
    assert session.get(url, timeout=30).status_code == 200
    assert doctor(deep=False) == []
