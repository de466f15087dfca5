"""Become an engine: the supervisor starts this file, with nothing but the standard library, and it turns into the engine's process.

Usage: python -I -S launch.py SPEC.json   (keys: mark, command, environment, directory)

Two things that the supervisor cannot do happen first. Processes of an earlier life of the same engine are ended (children that outlived a
killed parent would still hold its port); they are known by `XIHU_ENGINE` in their environment. And the kernel is asked to end this process
when the supervisor dies, so that no engine runs unwatched.
"""

import ctypes
import json
import os
import signal
import sys
import time

MARK = "XIHU_ENGINE"
PR_SET_PDEATHSIG = 1


def marked(mark: str) -> list[int]:
    """Ids of other processes of this user that carry the mark (Linux; elsewhere none)."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    try:
        pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]  # noqa: PTH208 (pathlib costs half of this file's start)
    except OSError:
        return []
    for pid in pids:
        if pid == os.getpid():
            continue
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:  # noqa: PTH123
                if wanted in f.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            continue
    return found


def end(mark: str, patience: float = 10.0) -> None:
    """TERM to all that carry the mark, KILL to those still there after `patience` seconds."""
    until = time.monotonic() + patience
    word = signal.SIGTERM
    while pids := marked(mark):
        for pid in pids:
            try:
                os.kill(pid, word)
            except OSError:
                continue
        if time.monotonic() > until:
            if word == signal.SIGKILL:
                return
            word, until = signal.SIGKILL, time.monotonic() + 5
        time.sleep(0.2)


def main(spec_file: str) -> None:
    with open(spec_file, encoding="utf-8") as f:  # noqa: PTH123
        spec = json.load(f)
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the supervisor is gone")
    end(spec["mark"])
    os.chdir(spec["directory"])
    os.execve(spec["command"][0], spec["command"], {**spec["environment"], MARK: spec["mark"]})


if __name__ == "__main__":
    main(sys.argv[1])
