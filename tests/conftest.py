"""One Spark session for the whole run, started only when a test asks for it (pytest-spark's `spark_session`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("TZ", "UTC")
    # Two workers are two machines to one another: each has a home of its own.
    if "XIHU_HOME" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["XIHU_HOME"] = tempfile.mkdtemp(prefix="xihu-test-")


# The longest first, so that two workers end together.
ORDER = ("e2e", "dbt", "scenario", "spark", "contract", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares a costly world stays with one worker: the city of the end-to-end tests, that of the dbt tests; else a file."""

    def place(item: pytest.Item) -> str:
        return item.path.relative_to(Path(__file__).parent).parts[0]

    items.sort(key=lambda item: ORDER.index(place(item)) if place(item) in ORDER else len(ORDER))
    for item in items:
        whole = place(item) in ("e2e", "dbt") and "city" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group(place(item) if whole else item.path.name))


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory):
    """The session of the run: in-memory catalog, managed Delta tables in a temporary warehouse."""
    from xihu.lake.session import spark_session as make

    spark = make("xihu-tests", metastore=False, warehouse=tmp_path_factory.mktemp("warehouse"))
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
