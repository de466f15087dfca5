"""dbt inside our own process and Spark session: marts are built into `stage_<schema>` and tested there."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import yaml

from xihu.lake import durable
from xihu.settings import settings
from xihu.silver import store

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from pyspark.sql import SparkSession

PROJECT = settings().root / "dbt_project"


class DbtFailed(RuntimeError):
    """A model or test failed; `failures` are (name, status, message)."""

    def __init__(self, words: Sequence[str], failures: list[tuple[str, str, str]], output: str = "") -> None:
        self.failures = failures
        lines = "\n".join(f"  {name}: {status} {message}" for name, status, message in failures)
        super().__init__(f"dbt {' '.join(words[:2])} 未通过 / failed:\n{lines or output[-2000:]}")


def _locks_of_threads() -> None:
    """Where no semaphore can be made (a chroot or container without a writable /dev/shm), locks of threads stand in for them.

    dbt and the thread pool it works in ask multiprocessing for locks, though nothing here is another process.
    """
    import multiprocessing
    import threading

    try:
        multiprocessing.Lock()
    except OSError:
        for method in (None, "spawn"):
            context: Any = multiprocessing.get_context(method)
            context.Lock, context.RLock = threading.Lock, threading.RLock


def dbt(*words: str, variables: dict[str, Any] | None = None, progress: Any = None) -> dbtRunnerResult:
    """Runs one dbt command in this process; the active Spark session is the one it uses.

    Args:
        words: such as ``"build", "--select", "tag:before_models"``.
        variables: `months` and `as_of`.
        progress: called with "<name> <status>" as nodes finish.

    Raises:
        DbtFailed: something did not pass; nothing downstream was built.
    """
    # Before dbt's other modules: one of them keeps the kind of lock at import.
    _locks_of_threads()
    from dbt.cli.main import dbtRunner

    work = settings().work / "dbt"
    work.mkdir(parents=True, exist_ok=True)
    args = [*words, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--no-version-check"]
    args += ["--target-path", str(work / "target"), "--log-path", str(work / "log"), "--log-level", "none", "--no-use-colors"]
    if variables:
        args += ["--vars", yaml.safe_dump(variables, default_flow_style=True, width=10**6).strip()]
    callbacks: list[Any] = []
    if progress:

        def tell(event: Any) -> None:
            if event.info.name in ("LogModelResult", "LogSeedResult"):
                progress(f"{event.data.node_info.node_name}：{event.data.node_info.node_status}")

        callbacks.append(tell)
    output = io.StringIO()
    logging.getLogger("py4j").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(output):
        result = dbtRunner(callbacks=callbacks).invoke(args)
    if not result.success:
        items = getattr(result.result, "results", None) or []
        bad = [
            (i.node.name, str(i.status), (i.message or "").strip()) for i in items if str(i.status) in ("error", "fail", "runtime error")
        ]
        raise DbtFailed(words, bad, str(result.exception or output.getvalue()))
    return result


def dbt_vars(months: Sequence[date], as_of: datetime) -> dict[str, Any]:
    """The variables of a build. `as_of` is taken as UTC when naive.

    Raises:
        ValueError: no month, or a day that is not the first of one.
    """
    if not months or any(m.day != 1 for m in months):
        raise ValueError(f"months: first days of months are needed, got {list(months)}")
    instant = as_of.astimezone(UTC) if as_of.tzinfo else as_of
    return {"months": [m.isoformat() for m in sorted(set(months))], "as_of": instant.strftime("%Y-%m-%d %H:%M:%S.%f")}


def build_marts(spark: SparkSession, months: Sequence[date], as_of: datetime, tag: str = "before_models", progress: Any = None) -> Any:
    """`dbt build` of one tag: `before_models` (programmes, entitlement) or `after_models` (themes). Unit tests are for the test suite.

    Raises:
        DbtFailed: a model or data test did not pass; the stage is then not fit to be published.
    """
    store.ensure_quality(spark)  # dbt itself finds the active session
    variables = dbt_vars(months, as_of)
    mark = settings().work / "dbt" / f"{tag}.passed.json"
    mark.unlink(missing_ok=True)
    words = ("build", "--select", f"tag:{tag}", "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test")
    result = dbt(*words, variables=variables, progress=progress)
    durable.write_json(mark, variables)
    return result


def passed(tag: str) -> dict[str, Any] | None:
    """The variables with which the tag's last build passed; None if it did not."""
    mark = settings().work / "dbt" / f"{tag}.passed.json"
    return durable.read_json(mark) if mark.exists() else None


def _mart_nodes() -> list[dict[str, Any]]:
    manifest = durable.read_json(settings().work / "dbt" / "target" / "manifest.json")
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and "after_models" in n["tags"]]
    return sorted(models, key=lambda n: (n["schema"], n["name"]))


def mart_tables() -> list[tuple[str, str]]:
    """(staged, published) name of every theme's mart, from the manifest of the last build."""
    return [(f"{n['schema']}.{n['name']}", f"{n['schema'].removeprefix('stage_')}.{n['name']}") for n in _mart_nodes()]


def mart_comments() -> dict[str, dict[str, str]]:
    """Staged name → column → what it is, from the manifest of the last build."""
    return {f"{n['schema']}.{n['name']}": {c: v["description"] for c, v in n["columns"].items()} for n in _mart_nodes()}


def months_until(spark: SparkSession, as_of: datetime, last: int = 3) -> list[date]:
    """The newest months for which benefits are on record, as known at `as_of`; at most `last`, oldest first."""
    from pyspark.sql import functions as F

    from xihu.lake.history import asof

    paid = asof(spark.table("gold.benefit_payment"), None, as_of)
    rows = paid.select(F.trunc("month", "MM").alias("m")).distinct().orderBy(F.desc("m")).limit(last).collect()
    return sorted(r.m for r in rows)


__all__ = ["PROJECT", "DbtFailed", "build_marts", "dbt", "dbt_vars", "mart_comments", "mart_tables", "months_until", "passed"]
