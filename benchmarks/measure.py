"""CPU seconds and resident memory of a process tree: this process, the JVM, its Python workers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psutil


def tree(root: psutil.Process) -> list[psutil.Process]:
    return [root, *root.children(recursive=True)]


def cpu(root: psutil.Process | None = None) -> float:
    """User and system seconds of the tree so far, with those of children that have ended."""
    total = 0.0
    for process in tree(root or psutil.Process()):
        try:
            t = process.cpu_times()
        except psutil.Error:
            continue
        total += t.user + t.system + t.children_user + t.children_system
    return total


@dataclass
class Memory:
    """Highest sums seen (bytes). `rss` counts pages that forked workers share once a process; `jvm` and `python` are its parts then.
    `own`: without pages of files, which a reader maps and the kernel takes back when it needs them.
    """

    own: int = 0
    rss: int = 0
    jvm: int = 0
    python: int = 0
    samples: int = 0


class Sampler:
    """Samples the tree's memory beside what runs in the `with` block."""

    def __init__(self, every: float = 0.5) -> None:
        self.every, self.memory, self._end = every, Memory(), threading.Event()
        self.root = psutil.Process()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self.every):
            jvm = python = own = 0
            for process in tree(self.root):
                try:
                    memory, name = process.memory_info(), process.name()
                except psutil.Error:
                    continue
                size = memory.rss
                own += size - getattr(memory, "shared", 0)
                if name == "java":
                    jvm += size
                else:
                    python += size
            m = self.memory
            m.samples += 1
            m.own = max(m.own, own)
            if jvm + python > m.rss:
                m.rss, m.jvm, m.python = jvm + python, jvm, python


@dataclass
class Mark:
    """A point of a measurement."""

    name: str
    cpu: float
    wall: float


class Marks:
    def __init__(self) -> None:
        self.found: list[Mark] = []

    def __call__(self, name: str) -> None:
        self.found.append(Mark(name, cpu(), time.perf_counter()))

    def spans(self) -> dict[str, dict[str, float]]:
        """Name of a mark → CPU and wall seconds since the mark before it."""
        pairs = zip(self.found, self.found[1:], strict=False)
        return {b.name: {"cpu": round(b.cpu - a.cpu, 2), "wall": round(b.wall - a.wall, 2)} for a, b in pairs}
