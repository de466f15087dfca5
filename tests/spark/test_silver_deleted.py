"""Records marked as deleted by their sender (dBase): they close the row they name, or are superseded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from xihu.bronze.schema import DELETED
from xihu.silver.history import derive
from xihu.silver.shape import Shape

BASE = datetime(2016, 10, 1, tzinfo=UTC)
SCHEMA = """k string, scope string, v string, _delivery_id string, _landing string, _file string, _row long,
_line long, _received_at timestamp, _seq long, _reason string, _field string, _detail string, _repairs string,
_key_ok boolean, _scope_ok boolean"""
FIELDS = ("k", "scope", "v")


def derived(spark, shape: Shape, *files: list[tuple[str | None, str, bool]]):
    """Files of days 1, 2, …; rows are (key, value, deleted)."""
    rows = []
    for day, given in enumerate(files, 1):
        for n, (k, v, gone) in enumerate(given, 1):
            at, mark = BASE + timedelta(days=day), DELETED if gone else None
            name = f"d{day}"
            rows.append((k, "s", v, name, name, name, n, n, at, day, None, None, mark, None, k is not None, True))
    found = derive(spark.createDataFrame(rows, SCHEMA), shape)
    outcomes = {(int(r._landing[1:]), r._row): r._outcome for r in found.records.collect()}
    versions = sorted(
        (r.k, r.v, (r._known_from.replace(tzinfo=UTC) - BASE).days, r._known_to and (r._known_to.replace(tzinfo=UTC) - BASE).days)
        for r in found.versions.where("_valid_to IS NULL").collect()
    )
    found.release()
    return outcomes, versions


CORRECTIONS = Shape(FIELDS, ("k",), "corrections", flagged=True)
SNAPSHOT = Shape(FIELDS, ("k",), "snapshot", ("scope",), flagged=True, max_vanish=1.0)


@pytest.mark.parametrize("shape", [CORRECTIONS, SNAPSHOT])
def test_a_deleted_row_closes_the_row_it_names(spark, shape: Shape) -> None:
    outcomes, versions = derived(
        spark,
        shape,
        [("a", "1", False), ("b", "1", False)],
        [("a", "1", True), ("b", "1", False), ("c", "9", True), (None, "", True)],
    )
    assert outcomes == {
        (1, 1): "accepted",
        (1, 2): "accepted",
        (2, 1): "accepted",
        (2, 2): "accepted",
        (2, 3): "superseded",
        (2, 4): "superseded",
    }
    assert versions == [("a", "1", 1, 2), ("b", "1", 1, None)]


@pytest.mark.parametrize("shape", [CORRECTIONS, SNAPSHOT])
@pytest.mark.parametrize("order", [1, -1])
def test_an_edited_row_is_its_live_one(spark, shape: Shape, order: int) -> None:
    """FoxPro edits by deleting and appending, and keeps the first of two doubles: where the live one stands does not matter."""
    second = [("a", "old", True), ("a", "new", False), ("a", "old", True)][::order]
    outcomes, versions = derived(spark, shape, [("a", "old", False)], second)
    assert sorted(outcomes.values()) == ["accepted", "accepted", "superseded", "superseded"] and outcomes[(2, 2)] == "accepted"
    assert versions == [("a", "new", 2, None), ("a", "old", 1, 2)]


def test_appended_and_keyless_streams_only_leave_it_out(spark) -> None:
    for shape in (Shape(FIELDS, ("k",), "append", flagged=True), Shape(FIELDS, flagged=True)):
        outcomes, versions = derived(spark, shape, [("a", "1", False), ("b", "1", True)], [("a", "1", True)])
        assert outcomes == {(1, 1): "accepted", (1, 2): "superseded", (2, 1): "superseded"}
        assert versions == [("a", "1", 1, None)]
