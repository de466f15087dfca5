"""Small cells and their complements, on tables small enough to see."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xihu.gold.suppress import Line, hidden


def test_a_small_part_takes_the_smallest_other_part_with_it():
    values = {"a": 40, "b": 5, "c": 20, "z": 0, "sum": 65}
    assert hidden(values, [Line(("a", "b", "c", "z"), "sum")]) == {"b", "c"}


def test_two_small_parts_that_make_less_than_ten_need_a_third():
    values = {"a": 40, "b": 3, "c": 4, "sum": 47}
    assert hidden(values, [Line(("a", "b", "c"), "sum")]) == {"a", "b", "c"}


def test_zero_is_shown_and_hides_nothing():
    values = {"a": 40, "b": 0, "sum": 40}
    assert hidden(values, [Line(("a", "b"), "sum")]) == set()


def test_a_total_goes_when_its_parts_cannot_hide_each_other():
    values = {"a": 4, "b": 0, "sum": 4}
    assert hidden(values, [Line(("a", "b"), "sum")]) == {"a", "sum"}


@given(st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=2, max_size=6))
def test_no_line_gives_a_hidden_cell_away(table):
    values, lines = {}, []
    for i, row in enumerate([*table, [sum(c) for c in zip(*table, strict=True)]]):
        for j, n in enumerate(row):
            values[(i, j)] = n
        values[(i, "sum")] = sum(row)
        lines.append(Line(tuple((i, j) for j in range(3)), (i, "sum")))
    last = len(table)
    lines += [Line(tuple((i, j) for i in range(last)), (last, j)) for j in (0, 1, 2, "sum")]
    out = hidden(values, lines)
    assert {c for c, n in values.items() if 0 < n < 10} <= out
    for line in lines:
        parts = [c for c in line.cells if c in out]
        assert len(parts) != 1 or line.total in out
        assert not (line.total in out and not parts)
        if parts and line.total not in out:
            assert sum(values[c] for c in parts) >= 10
