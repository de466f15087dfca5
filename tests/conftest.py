"""One Spark session for the whole run, started only when a test asks for it (pytest-spark's `spark_session`)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("TZ", "UTC")
    # Two workers are two machines to one another: each has a home of its own.
    if "XIHU_HOME" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["XIHU_HOME"] = tempfile.mkdtemp(prefix="xihu-test-")


# The longest first, so that two workers end together.
ORDER = ("e2e", "dbt", "scenario", "spark", "contract", "unit")
# End-to-end tests that make a lake of their own instead of the city that the others share.
APART = ("test_doctor.py", "test_engines.py", "test_supervise.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return ORDER.index(folder) if folder in ORDER else len(ORDER)

    items.sort(key=place)


def world(nodeid: str) -> str:
    """What a test shares with others and must stay with one worker for: the city of a folder, else its file."""
    file = nodeid.split("::", 1)[0]
    folder, name = file.split("/")[-2:]
    return folder if folder == "dbt" or (folder == "e2e" and name not in APART) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByWorld(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return world(nodeid)

    return ByWorld(config, log)


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory):
    """The session of the run: in-memory catalog, managed Delta tables in a temporary warehouse."""
    from xihu.lake.session import spark_session as make

    spark = make("xihu-tests", metastore=False, warehouse=tmp_path_factory.mktemp("warehouse"))
    # Tables of a few rows: compiling their plans takes a fifth of the JVM's time (187 and 152 CPU-s of the same scenario).
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    yield spark
    spark.stop()


@pytest.fixture
def spark(spark_session):
    """The shared session with every database but `default` dropped afterwards."""
    yield spark_session
    spark_session.catalog.clearCache()
    for row in spark_session.sql("SHOW DATABASES").collect():
        if row[0] != "default":
            spark_session.sql(f"DROP DATABASE `{row[0]}` CASCADE")


@pytest.fixture
def shared() -> Path:
    """Open data made by others, beside the checkout; the test is skipped where it is absent."""
    if not (SHARED / "real").is_dir():
        pytest.skip(f"no open data in {SHARED / 'real'}")
    return SHARED


@pytest.fixture
def evidence() -> Callable[..., None]:
    """Notes figures of a long test as a line of JSON in the file that XIHU_EVIDENCE names; nowhere if it names none."""

    def note(part: str, **figures: Any) -> None:
        if file := os.environ.get("XIHU_EVIDENCE"):
            with Path(file).open("a", encoding="utf-8") as out:
                out.write(json.dumps({"part": part, **figures}, ensure_ascii=False) + "\n")

    return note
