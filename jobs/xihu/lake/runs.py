"""Runs: one at a time, numbered, with a manifest that is finished after a crash before anything new begins."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xihu.lake import durable, tables
from xihu.lake.failpoint import failpoint
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

RUN_TABLE = "ops.run"
_SPEC = tables.Spec(
    """
run_id BIGINT COMMENT '运行编号', command STRING COMMENT '命令', started_at TIMESTAMP COMMENT '开始时间',
finished_at TIMESTAMP COMMENT '结束时间', as_of TIMESTAMP COMMENT '数据截止时刻',
status STRING COMMENT '结果：done 完成，failed 失败，abandoned 放弃', steps STRING COMMENT '已完成的步骤',
deliveries BIGINT COMMENT '处理的交付数', detail STRING COMMENT '说明', code_commit STRING COMMENT '代码版本'
""",
    "运行台账",
)


class RunBusy(RuntimeError):
    """Another run holds the lake. Attribute `holder`: pid, started, command."""

    def __init__(self, holder: dict[str, Any]):
        self.holder = holder
        pid, started, command = (holder.get(k, "?") for k in ("pid", "started", "command"))
        super().__init__(
            f"已有一次运行正在进行：进程 {pid}，{started} 开始，命令 {command}。请等它结束后再试（another run holds the lake: pid {pid}）"
        )


@dataclass
class Run:
    """One run. `done` and `finish` write the manifest."""

    no: int
    command: str
    started: str
    steps: list[str]
    deliveries: list[str]
    as_of: str | None = None
    contracts: dict[str, str] = field(default_factory=dict)
    steps_done: list[str] = field(default_factory=list)
    status: str = "running"
    detail: str = ""
    recovered: bool = False

    @property
    def path(self) -> Path:
        return manifest_path(self.no)

    def save(self) -> None:
        durable.write_json(self.path, {k: v for k, v in asdict(self).items() if k != "recovered"})

    def is_done(self, step: str) -> bool:
        return step in self.steps_done

    def done(self, step: str) -> None:
        """Marks a step as done; a recovered run skips it."""
        if step not in self.steps_done:
            self.steps_done.append(step)
            self.save()

    def finish(self, spark: SparkSession, status: str = "done", detail: str = "") -> None:
        """Writes the run into `ops.run` and closes the manifest."""
        ended = datetime.now(UTC)
        self.status, self.detail = status, detail
        row = (
            self.no,
            self.command,
            datetime.fromisoformat(self.started),
            ended,
            datetime.fromisoformat(self.as_of) if self.as_of else None,
            status,
            ",".join(self.steps_done),
            len(self.deliveries),
            detail,
            code_commit(),
        )
        tables.load(tables.local(spark, [row], _SPEC.schema), RUN_TABLE, self.no, _SPEC)
        failpoint("before_manifest_done")
        self.save()


def manifest_path(no: int) -> Path:
    return settings().manifests / f"{no:08d}.json"


def _load(path: Path) -> Run:
    return Run(**json.loads(path.read_text("utf-8")))


def _manifests() -> list[Path]:
    return sorted(p for p in settings().manifests.glob("*.json") if p.stem.isdigit())


def unfinished() -> list[Run]:
    """Runs that were killed, oldest first."""
    runs = [_load(p) for p in _manifests()]
    return [run for run in runs if run.status == "running"]


def next_number(spark: SparkSession) -> int:
    """One more than any run that ever wrote a manifest or a row of `ops.run`."""
    numbers = [0, *(int(p.stem) for p in _manifests())]
    # Every run has a manifest before it has a row; the table is asked where the manifests were lost.
    if len(numbers) == 1 and tables.exists(spark, RUN_TABLE):
        top = spark.sql(f"SELECT max(run_id) FROM {RUN_TABLE}").collect()[0][0]
        numbers.append(top or 0)
    return max(numbers) + 1


def begin(
    spark: SparkSession,
    command: str,
    steps: list[str],
    deliveries: list[str],
    as_of: datetime | None = None,
    contracts: dict[str, str] | None = None,
) -> Run:
    """A new run with its manifest on disk. The caller holds `exclusive()`.

    Args:
        deliveries: ids in the order in which they are taken.
        contracts: resource → contract version the run works with; a recovery under other contracts would not be the same run.
    """
    run = Run(
        no=next_number(spark),
        command=command,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        steps=steps,
        deliveries=deliveries,
        as_of=as_of.isoformat() if as_of else None,
        contracts=contracts or {},
    )
    run.save()
    failpoint("after_manifest")
    return run


def resume(run: Run) -> Run:
    """An unfinished run, to be worked through again under its own number."""
    run.recovered = True
    return run


@contextmanager
def exclusive(command: str | None = None) -> Iterator[None]:
    """Holds the lake for one run; the kernel lets go when the process dies.

    Raises:
        RunBusy: at once, naming the holder.
    """
    folder = settings().locks
    folder.mkdir(parents=True, exist_ok=True)
    info = folder / "run.json"
    with (folder / "run.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunBusy(_holder(info)) from error
        durable.write_json(
            info,
            {
                "pid": os.getpid(),
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": command or " ".join(sys.argv[:6]),
            },
        )
        try:
            yield
        finally:
            info.unlink(missing_ok=True)
            fcntl.flock(handle, fcntl.LOCK_UN)


def _holder(info: Path) -> dict[str, Any]:
    try:
        return durable.read_json(info)
    except (OSError, ValueError):
        return {}


def code_commit() -> str | None:
    """The checkout's commit, read from its files; None outside a checkout."""
    git = settings().root / ".git"
    try:
        head = (git / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref: "):
            return head
        ref = git / head[5:]
        if ref.exists():
            return ref.read_text("utf-8").strip()
        for line in (git / "packed-refs").read_text("utf-8").splitlines():
            if line.endswith(head[5:]):
                return line.split()[0]
    except OSError:
        return None
    return None
