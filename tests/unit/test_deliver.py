"""Deliveries: recognised again, never overwritten, received when they say; what only repeats is told from what is new."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from xihu.bronze.deliver import Delivered, DeliveredFile, DeliveryError, deliver, deliveries
from xihu.bronze.gate import Item, duplicates
from xihu.bronze.instants import parse_instant


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    return tmp_path


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_instants():
    eight = datetime(2016, 12, 5, 0, 0, tzinfo=UTC)
    for text in ("2016-12-05T08:00:00+08:00", "20161205T080000+0800", "2016-12-05T00:00:00Z", "2016-12-05 08:00"):
        assert parse_instant(text) == eight
    # A day without a time begins at midnight in Hangzhou.
    assert parse_instant("2016-12-05") == parse_instant("20161205") == datetime(2016, 12, 4, 16, 0, tzinfo=UTC)
    for text in ("mz", "2016", "2016-13-01", "补贴"):
        with pytest.raises(ValueError):
            parse_instant(text)


def test_folder_of_instants_and_departments(home):
    out = home / "out"
    put(out / "20161205T080000+0800" / "mz" / "a.csv")
    put(out / "20161205T080000+0800" / "ga" / "b.csv")
    put(out / "2016-12-06" / "mz" / "_c.csv")
    ids = deliver([out])
    assert len(ids) == 3 and deliver([out]) == ids
    assert [(d.dept, d.received_at.isoformat(), [f.name for f in d.files]) for d in deliveries()] == [
        ("ga", "2016-12-05T00:00:00+00:00", ["b.csv"]),
        ("mz", "2016-12-05T00:00:00+00:00", ["a.csv"]),
        ("mz", "2016-12-05T16:00:00+00:00", ["_c.csv"]),
    ]


def test_a_corrected_file_lies_beside_the_first(home):
    file = put(home / "in" / "mz" / "a.csv", "old")
    (first,) = deliver([file], received_at="2016-12-05")
    put(file, "new")
    (second,) = deliver([file], received_at="2016-12-05")
    assert first != second
    landing = home / "home" / "landing" / "mz"
    assert {(landing / i / "a.csv").read_text("utf-8") for i in (first, second)} == {"old", "new"}
    assert [d.seq for d in deliveries()] == [1, 2]


def test_received_at_from_a_sidecar_then_from_the_file(home):
    import os

    file = put(home / "in" / "mz" / "a.csv")
    os.utime(file, (1_480_000_000, 1_480_000_000))
    deliver([file])
    put(home / "in" / "mz" / "a.csv.received_at", "2016-12-05T08:00:00+08:00")
    deliver([home / "in"])
    assert [d.received_at for d in deliveries()] == [datetime.fromtimestamp(1_480_000_000, UTC), datetime(2016, 12, 5, tzinfo=UTC)]
    with pytest.raises(DeliveryError):
        deliver([home / "nothing"])


def item(day: int, content: str, scopes: str = "", delivery: str = "", name: str = "f") -> Item:
    d = Delivered(delivery or f"d{day}", "mz", datetime(2016, 12, day, tzinfo=UTC), day)
    return Item(d, DeliveredFile(f"{name}{scopes}", 1, content), f"landing/mz/{d.delivery_id}/{name}{content}{day}", None)


def scopes_of(i: Item) -> frozenset[tuple[str, ...]]:
    return frozenset((c,) for c in i.file.name[1:])


@pytest.mark.parametrize(
    ("mode", "files", "repeats"),
    [
        ("append", [(1, "A"), (2, "B"), (3, "A")], [3]),
        ("corrections", [(1, "A"), (2, "B"), (3, "A"), (4, "A")], [4]),
        ("snapshot", [(1, "A", "x"), (2, "B", "x"), (3, "A", "x"), (4, "A", "x")], [4]),
        # Another scope in between does not matter; one of several that changed does.
        ("snapshot", [(1, "A", "x"), (2, "B", "y"), (3, "A", "x")], [3]),
        ("snapshot", [(1, "A", "xz"), (2, "B", "z"), (3, "A", "xz")], []),
    ],
)
def test_what_only_repeats(mode, files, repeats):
    items = [item(*f) for f in files]
    found = duplicates(list(reversed(items)), mode, scopes_of)
    assert sorted(found) == sorted(i.landing for i in items if i.delivery.seq in repeats)


def test_a_late_file_makes_a_repetition_new_again():
    a, again = item(1, "A", "x"), item(3, "A", "x")
    assert list(duplicates([a, again], "snapshot", scopes_of)) == [again.landing]
    assert duplicates([a, item(2, "B", "x"), again], "snapshot", scopes_of) == {}
