"""A second run while one is running is refused at once, naming the first; a dead one's lock is free."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from xihu.lake import runs

HOLD = "import sys, time\nfrom xihu.lake import runs\nwith runs.exclusive('xihu run'):\n    print('held', flush=True)\n    time.sleep(60)\n"


def test_second_run_is_refused_and_a_killed_one_lets_go(tmp_path, monkeypatch):
    monkeypatch.setenv("XIHU_HOME", str(tmp_path))
    first = subprocess.Popen([sys.executable, "-c", HOLD], env={**os.environ}, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None and first.stdout.readline().strip() == "held"
        with pytest.raises(runs.RunBusy) as busy, runs.exclusive("xihu run"):
            pass
        assert str(first.pid) in str(busy.value) and "xihu run" in str(busy.value)
        assert busy.value.holder["pid"] == first.pid
    finally:
        first.kill()
        first.wait()
    with runs.exclusive("xihu run"), pytest.raises(runs.RunBusy), runs.exclusive("xihu ingest"):
        pass
