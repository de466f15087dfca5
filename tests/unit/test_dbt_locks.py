"""dbt runs where no semaphore can be made: a chroot or container without a writable /dev/shm."""

from __future__ import annotations

import os
import subprocess
import sys

PARSE = """
import multiprocessing.synchronize as s
def refuse(*_, **__): raise PermissionError(13, "Permission denied")
s.SemLock.__init__ = refuse
from xihu.gold.dbt import dbt
assert dbt("parse").success
# The pool that every build runs in.
from multiprocessing.pool import ThreadPool
with ThreadPool(1) as pool: assert pool.map(abs, [-1]) == [1]
"""


def test_without_shared_memory(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PARSE], env={**os.environ, "XIHU_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
