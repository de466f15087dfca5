"""How long steps are shown: a bar with bytes on a terminal, a plain line every few seconds elsewhere (CI, a log file)."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn


class Reporter(Protocol):
    """What a long step calls while it works."""

    def step(self, text: str) -> None:
        """A new step begins, or something worth a line happened."""

    def amount(self, name: str, done: int, total: int) -> None:
        """`name` has come as far as `done` of `total` bytes."""


class Silent:
    """Shows nothing."""

    def step(self, text: str) -> None:
        pass

    def amount(self, name: str, done: int, total: int) -> None:
        pass


class Plain:
    """One line per step, and one per `every` seconds while bytes arrive."""

    def __init__(self, every: float = 3.0) -> None:
        self.every = every
        self._last: dict[str, float] = {}
        self._done: set[str] = set()

    def step(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def amount(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        complete = done >= total
        if name in self._done or (not complete and now - self._last.setdefault(name, now) < self.every):
            return
        self._last[name] = now
        if complete:
            self._done.add(name)
        share = 100 * done // total if total else 100
        print(f"  {name}: {done / 1e6:,.0f} / {total / 1e6:,.0f} MB ({share} %)", flush=True)


class Bars:
    """Bars with bytes, speed and time left; used as a context manager."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=False,
        )
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._tasks:
            self._progress.stop()

    def step(self, text: str) -> None:
        self._progress.console.print(f"  {text}", highlight=False)

    def amount(self, name: str, done: int, total: int) -> None:
        if not self._tasks:
            self._progress.start()
        if name not in self._tasks:
            self._tasks[name] = int(self._progress.add_task(name, total=total))
        self._progress.update(self._tasks[name], completed=done)  # type: ignore[arg-type]


def reporter() -> Bars | Plain:
    """The reporter that suits standard output."""
    console = Console()
    return Bars(console) if console.is_terminal and sys.stdout.isatty() else Plain()
