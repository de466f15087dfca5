"""The parts without a JVM, killed at every step and at any moment and started again: the same bytes as if nothing had happened."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from killed_stories import STORIES, Story
from killing import DEAD, at_any_moment, in_child

from xihu.lake import durable

SEED = 4
IDS = [s.name.replace(" ", "_") for s in STORIES]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # In memory, where there is such a place: thousands of small files.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as made:
        at = Path(made) / "x"
        monkeypatch.setenv("XIHU_HOME", str(at / "home"))
        monkeypatch.setenv("XIHU_CACHE", str(at / "cache"))
        yield Path(made)


class Stage:
    """A story's beginning, put back as often as needed at one place, and its undisturbed end."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story, self.at, self.template = story, folder / "x", folder / "template"
        (self.at / "home").mkdir(parents=True)
        story.prepare(self.at)
        shutil.copytree(self.at, self.template)
        _, self.steps = in_child(self.act)
        story.glance(self.at)
        self.end = story.look(self.at)

    def act(self) -> object:
        return self.story.act(self.at)

    def restore(self) -> None:
        shutil.rmtree(self.at)
        shutil.copytree(self.template, self.at)

    def recovered(self, *where: object) -> None:
        """What readers see now is whole; the work is done again and ends as if nothing had happened."""
        try:
            self.story.glance(self.at)
            in_child(self.act)
            self.story.glance(self.at)
            assert self.story.look(self.at) == self.end
        except Exception as error:
            raise AssertionError(f"{self.story.name}, killed at {where}") from error

    def killed_at(self, k: int, *, power: bool = False) -> None:
        self.restore()
        code, _ = in_child(self.act, k, power=power)
        assert code == DEAD, (self.story.name, k, self.steps[k])
        self.recovered(k, self.steps[k], "power" if power else "process")

    def killed_twice(self, first: int, second: int) -> bool:
        """Killed at one step, and its recovery at another, if it has so many; whether it has."""
        self.restore()
        in_child(self.act, first)
        code, _ = in_child(self.act, second)
        self.recovered(first, self.steps[first], "then", second)
        return code == DEAD


@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_killed_at_some_steps(story: Story, folder: Path) -> None:
    stage, dice = Stage(story, folder), random.Random(f"{SEED} {story.name}")
    for _ in range(2):
        stage.killed_at(dice.randrange(len(stage.steps)), power=False)
    stage.killed_at(dice.randrange(len(stage.steps)), power=True)


@pytest.mark.soak
@pytest.mark.parametrize("story", STORIES, ids=IDS)
def test_killed_at_every_step(story: Story, folder: Path, evidence: Callable[..., None]) -> None:
    began, stage, dice = time.monotonic(), Stage(story, folder), random.Random(f"{SEED} {story.name} all")
    n, twice, moments = len(stage.steps), 0, 0
    every = range(n) if n <= 150 else sorted(dice.sample(range(n), 150))
    for k in every:
        stage.killed_at(k)
        stage.killed_at(k, power=True)
    for _ in range(10):
        twice += stage.killed_twice(dice.randrange(n), dice.randrange(n))
    # How long the work takes undisturbed, fork included.
    stage.restore()
    before = time.monotonic()
    in_child(stage.act, plain=True)
    took = time.monotonic() - before
    for _ in range(15):
        stage.restore()
        delay = dice.random() * took
        if at_any_moment(stage.act, delay):
            moments += 1
            stage.recovered("after", delay)
    evidence("without JVM", story=story.name, steps=n, points=len(every), power=len(every), twice=twice, moments=moments, seed=SEED,
             seconds=round(time.monotonic() - began, 1))  # fmt: skip


def _faults(story: Story, folder: Path, **more: Any) -> int:
    """At how many steps the story fails to recover."""
    stage, faults = Stage(story, folder), 0
    for k in range(len(stage.steps)):
        try:
            stage.killed_at(k, **more)
        except AssertionError:
            faults += 1
    return faults


def test_a_copy_in_place_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard fails where the product would write under the final name, or not sync."""
    by_name = {s.name: s for s in STORIES}

    def in_place(path: Path, content: bytes, mode: int = 0o666) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def unsynced(path: Path, content: bytes, mode: int = 0o666) -> None:
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "replace", in_place)
        assert _faults(by_name["withdrawal"], folder) > 0
    shutil.rmtree(folder / "x")
    shutil.rmtree(folder / "template")
    with monkeypatch.context() as patch:
        patch.setattr(durable, "replace", unsynced)
        assert _faults(by_name["withdrawal"], folder, power=True) > 0


def test_only_what_the_dead_left_is_removed(folder: Path) -> None:
    import fcntl

    from xihu.bronze.deliver import deliver
    from xihu.settings import settings

    sent = folder / "mz" / "甲.csv"
    sent.parent.mkdir()
    sent.write_bytes(b"a")
    root = settings().landing / "mz"
    live, dead = root / ".incoming-1-1", root / ".incoming-2-2"
    for left in (live, dead):
        left.mkdir(parents=True)
        (left / "half").write_bytes(b"h")
    handle = os.open(live, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    deliver([sent], "2016-12-05T12:00:00Z")
    assert live.exists() and not dead.exists()
    os.close(handle)
    deliver([sent], "2016-12-06T12:00:00Z")
    assert not live.exists()

    file = folder / "a.json"
    mine, gone = folder / f".a.json.{os.getpid()}-1.part", folder / ".a.json.4194305-1.part"
    for part in (mine, gone):
        part.write_bytes(b"h")
    durable.replace(file, b"{}", 0o600)
    assert mine.exists() and not gone.exists() and file.read_bytes() == b"{}" and file.stat().st_mode & 0o777 == 0o600
    long = folder / ("长" * 83 + ".csv")
    durable.replace(long, b"x")
    assert long.read_bytes() == b"x"
