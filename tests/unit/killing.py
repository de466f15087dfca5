"""A process that dies at a chosen step of its work with files, or at any moment.

The work runs in a forked child. Its steps are those that the interpreter tells of (files opened for writing, renames, folders made, files
and folders removed, modes and times set), every write as the kernel sees it, and every fsync. Dying at a step is dying before it; a write
is cut in half. With `power`, the machine goes down with the process: what was written to a file and not synced is lost, while names and
folders stay, which is what journalling file systems do at their worst.
"""

from __future__ import annotations

import builtins
import io
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEAD = 137
_EVENTS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.utime"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass
class Steps:
    """Counts steps in the child; dies at number `at` (from 0)."""

    at: int | None = None
    power: bool = False
    names: list[str] = field(default_factory=list)
    dirty: dict[tuple[int, int], int] = field(default_factory=dict)
    busy: bool = False

    def step(self, name: str, last_words: Callable[[], object] = lambda: None) -> None:
        if self.busy:
            return
        if self.at == len(self.names):
            self.busy = True
            last_words()
            if self.power:
                for fd in self.dirty.values():
                    os.ftruncate(fd, 0)
            os._exit(DEAD)
        self.names.append(name)

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            self.step(f"{event} {_short(args[0])}")
        elif event == "open" and isinstance(args[2], int) and args[2] & _WRITES and not isinstance(args[0], int):
            self.step(f"open {_short(args[0])}")

    def wrote(self, fd: int) -> None:
        st = os.fstat(fd)
        if self.power and (st.st_dev, st.st_ino) not in self.dirty:
            self.dirty[st.st_dev, st.st_ino] = os.dup(fd)

    def synced(self, fd: int) -> None:
        self.step("fsync")
        st = os.fstat(fd)
        kept = self.dirty.pop((st.st_dev, st.st_ino), None)
        if kept is not None:
            os.close(kept)

    def install(self) -> None:
        """For good: the process is to end anyway."""
        steps, honest = self, io.open

        class Torn(io.FileIO):
            def write(self, data: Any) -> int:
                half = bytes(data)[: len(data) // 2]
                steps.step("write", lambda: (super(Torn, self).write(half), steps.wrote(self.fileno())))
                steps.wrote(self.fileno())
                return super().write(data)

        def opened(
            file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None,
            closefd: bool = True, opener: Any = None,
        ) -> Any:  # fmt: skip
            if not set(mode) & set("wax+") or buffering == 0:
                return honest(file, mode, buffering, encoding, errors, newline, closefd, opener)
            raw = Torn(file, mode.replace("b", "").replace("t", ""), closefd, opener)
            buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

        builtins.open = io.open = opened  # type: ignore[assignment]
        os.fsync = steps.synced  # type: ignore[assignment]
        sys.dont_write_bytecode = True
        sys.addaudithook(self.heard)


def _short(path: Any) -> str:
    return Path(os.fsdecode(path)).name if isinstance(path, str | bytes | os.PathLike) else str(path)


def in_child(work: Callable[[], object], at: int | None = None, *, power: bool = False, plain: bool = False) -> tuple[int, list[str]]:
    """Run `work` in a child; its exit code (137 when it died at its step) and the names of its steps.

    Args:
        plain: without any interception, real fsync included; no steps are known.

    Raises:
        AssertionError: the work raised; its words.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code, words = 1, ""
        try:
            os.close(reading)
            steps = Steps(at, power)
            if not plain:
                steps.install()
            work()
            steps.busy = True
            code, words = 0, "\n".join(steps.names)
        except BaseException as error:
            import traceback

            words = "".join(traceback.format_exception(error))
        finally:
            data = words.encode()
            while data:
                data = data[os.write(writing, data) :]
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code != 1, said
    return code, said.splitlines()


def at_any_moment(work: Callable[[], object], delay: float) -> bool:
    """Kill the child after `delay` seconds; whether it was still at work."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
