"""Numbers of persons: given once, kept through merges, splits and their undoing; by definition and by random histories."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.gold.identity.numbers import Book, Entry, assign, resolve

DAY = datetime(2016, 11, 1)
HANDLES = [f"citizen_id:{i}" for i in range(4)] + [f"mention:{i:016x}" for i in range(4)]
KNOWN = {h: DAY + timedelta(days=(i * 5) % 7) for i, h in enumerate(HANDLES)}


def clusters(*groups: str) -> dict[str, str]:
    """`"ab", "c"` → a, b together and c alone; letters stand for handles."""
    return {HANDLES["abcdefgh".index(x)]: group for group in groups for x in group}


class Lake:
    def __init__(self) -> None:
        self.registry: list[Entry] = []
        self.run = 0

    def see(self, said: dict[str, str], known: dict[str, datetime] = KNOWN) -> list[Entry]:
        self.run += 1
        before = tuple(self.registry)
        added = assign(said, self.registry, known, self.run)
        assert tuple(self.registry) == before
        self.registry += added
        return added

    def numbers(self, said: dict[str, str]) -> dict[str, int | None]:
        book = Book.of(self.registry)
        return {h: book.number(h) for h in said}

    def events(self, added: list[Entry]) -> list[tuple[str, int, str, int | None]]:
        return [(e.event, e.number, "abcdefgh"[HANDLES.index(e.handle)], e.other) for e in added]


def test_new_clusters_are_numbered_by_first_knowledge_then_handle():
    lake = Lake()
    known = {HANDLES[0]: DAY + timedelta(2), HANDLES[1]: DAY, HANDLES[2]: DAY, HANDLES[4]: DAY}
    lake.see(clusters("a", "c", "be"), known)
    assert lake.numbers(clusters("abce")) == {HANDLES[1]: 1, HANDLES[4]: 1, HANDLES[2]: 2, HANDLES[0]: 3}
    assert lake.see(clusters("a", "c", "be"), known) == []


def test_a_merge_retires_the_younger_number_and_its_undoing_brings_it_back():
    lake = Lake()
    lake.see(clusters("a", "b", "c"))
    old = lake.numbers(clusters("abc"))
    a, b = old[HANDLES[0]], old[HANDLES[1]]
    assert lake.events(lake.see(clusters("ab", "c"))) == [("merged", b, "b", a)]
    assert resolve(b, lake.registry) == a == lake.numbers(clusters("ab"))[HANDLES[1]]
    assert lake.events(lake.see(clusters("a", "b", "c"))) == [("undone", b, "b", a)]
    assert lake.numbers(clusters("abc")) == old and resolve(b, lake.registry) == b


def test_the_part_with_the_earliest_handle_keeps_the_number_and_the_other_gets_a_fresh_one():
    lake = Lake()
    known = {HANDLES[0]: DAY + timedelta(1), HANDLES[4]: DAY}
    lake.see(clusters("ae"), known)
    assert lake.events(lake.see(clusters("a", "e"), known)) == [("split", 2, "a", 1)]
    # An earlier delivery that comes late makes nobody else the first.
    assert lake.see(clusters("a", "e"), {HANDLES[0]: DAY - timedelta(9), HANDLES[4]: DAY}) == []
    assert lake.events(lake.see(clusters("ae"), known)) == [("merged", 2, "a", 1)]
    assert lake.events(lake.see(clusters("a", "e"), known)) == [("undone", 2, "a", 1)]


def test_an_identifier_learned_later_comes_to_the_number_of_its_mention():
    lake = Lake()
    lake.see(clusters("e"))
    assert lake.events(lake.see(clusters("ea"))) == [("attached", 1, "a", None)]


def test_a_number_whose_first_handle_is_withdrawn_stays_with_the_others():
    lake = Lake()
    lake.see(clusters("ab", "c"))
    one = lake.numbers(clusters("a"))[HANDLES[0]]
    assert lake.see(clusters("b", "c")) == [] and lake.numbers(clusters("b"))[HANDLES[1]] == one
    # … but not while the founder is said and merely was not looked at.
    added = assign(clusters("b"), lake.registry, KNOWN, 9, elsewhere={HANDLES[0]})
    assert [(e.event, e.other) for e in added] == [("split", one)]


def test_numbers_retired_into_a_cluster_follow_its_parts():
    lake = Lake()
    lake.see(clusters("a", "b", "c"))
    n = lake.numbers(clusters("abc"))
    lake.see(clusters("abc"))
    lake.see(clusters("a", "bc"))
    younger, elder = sorted([n[HANDLES[1]], n[HANDLES[2]]], reverse=True)
    assert resolve(younger, lake.registry) == elder and resolve(elder, lake.registry) == elder


def test_rows_of_an_older_registry_keep_their_numbers():
    old = [Entry(7, "created", HANDLES[0], DAY, 3), Entry(8, "created", HANDLES[1], DAY, 3)]
    added = assign(clusters("ac", "b", "d"), old, KNOWN, 4)
    assert {(e.event, e.number) for e in added} == {("attached", 7), ("created", 9)}


partitions = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=8, max_size=8).map(
    lambda v: {h: f"k{k}" for h, (k, here) in zip(HANDLES, v, strict=True) if here}
)


def same_partition(numbers: dict[str, int | None], said: dict[str, str]) -> bool:
    return all((numbers[a] == numbers[b]) == (said[a] == said[b]) for a in said for b in said)


@settings(max_examples=250, deadline=None)
@given(st.lists(partitions, min_size=1, max_size=7))
def test_any_history_gives_each_cluster_one_number_and_loses_none(history):
    lake, given_out = Lake(), set()
    for said in history:
        added = lake.see(said)
        new = [e.number for e in added if e.event in ("created", "split")]
        assert not given_out & set(new) and len(set(new)) == len(new)
        assert not new or min(new) > max(given_out, default=0)
        given_out |= set(new)
        numbers = lake.numbers(said)
        assert None not in numbers.values() and same_partition(numbers, said)
        book = Book.of(lake.registry)
        for number in given_out:
            end = book.resolve(number)
            assert end in given_out and end not in book.pointer
            founder = book.founding[number]
            if founder in said:
                assert numbers[founder] == end
        assert assign(said, lake.registry, KNOWN, 99) == []


@settings(max_examples=250, deadline=None)
@given(st.lists(partitions, max_size=4), st.permutations(HANDLES), st.data())
def test_what_is_done_and_undone_leaves_everybody_with_his_number(history, order, data):
    full = {h: f"k{i % 5}" for i, h in enumerate(order)}
    lake = Lake()
    for said in history:
        lake.see(said)
    lake.see(full)
    before = lake.numbers(full)
    for said in data.draw(st.lists(st.lists(st.integers(0, 4), min_size=8, max_size=8), min_size=1, max_size=3)):
        lake.see({h: f"k{k}" for h, k in zip(HANDLES, said, strict=True)})
    lake.see(full)
    assert lake.numbers(full) == before


@settings(max_examples=150, deadline=None)
@given(st.permutations(HANDLES), st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_the_partition_through_numbers_does_not_depend_on_the_order_of_arrival(order, said):
    full = {h: f"k{k}" for h, k in zip(HANDLES, said, strict=True)}
    lake, once = Lake(), Lake()
    for i in range(1, len(order) + 1):
        lake.see({h: full[h] for h in order[:i]})
    once.see(full)
    assert same_partition(lake.numbers(full), full) and same_partition(once.numbers(full), full)
    assert len(set(once.numbers(full).values())) == len(set(full.values()))


def test_a_later_row_of_the_same_run_counts_later():
    rows = [Entry(1, "created", "a:1", DAY, 1, 0), Entry(2, "created", "b:1", DAY, 1, 1)]
    rows += [Entry(2, "undone", "b:1", DAY, 2, 1, 1), Entry(2, "merged", "b:1", DAY, 2, 0, 1)]
    assert resolve(2, rows) == 2
    with pytest.raises(KeyError):
        Book.of(rows).founding[3]
