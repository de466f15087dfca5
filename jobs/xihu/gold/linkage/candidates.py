"""Which pairs are compared at all: mentions without a permanent number, with everybody in a block of theirs.

A block that holds more mentions than the model's `block` is left out whole, whatever the order; its pairs meet in other blocks or not at
all. Two numbered mentions are compared only where name and birth, phone or address coincide under different numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.gold.linkage.numbers import PERMANENT_SQL

if TYPE_CHECKING:
    import duckdb

    from xihu.gold.linkage.model import Model

RULES = {
    "birth_reading": "birth || '|' || reading",
    "birth_given": "birth || '|' || given",
    "birth_surname_division": "birth || '|' || surname || '|' || division",
    "birth_phone": "birth || '|' || phone",
    "birth_address": "birth || '|' || address",
    "phone": "phone",
    "household_name": "household || '|' || n",
    "household_birth": "household || '|' || birth",
    "name_street": "n || '|' || street",
    "name_address": "n || '|' || address",
    "reading_year_division": "reading || '|' || birth[:4] || '|' || division",
    "reading_year_street": "reading || '|' || birth[:4] || '|' || street",
}
NUMBERED_RULES = {
    "phone": "n || '|' || birth || '|' || phone",
    "address": "n || '|' || birth || '|' || address",
    "household": "n || '|' || birth || '|' || household",
    "moved_birth": "n || '|' || birth[:4] || '|' || phone || '|' || address",
}
CROWDED = {"phone": "phone", "address": "address", "household": "household"}


def statuses(con: duckdb.DuckDBPyConnection) -> None:
    """`perm`: (handle, number) of mentions that a permanent number owns, from the table `judged`."""
    con.execute(
        f"""create or replace temp table perm as select "left" as handle, min(id) as perm from judged
        where kind = 'attach' and split_part(id, ':', 1) in {PERMANENT_SQL} group by 1"""
    )


def crowded(con: duckdb.DuckDBPyConnection, model: Model, table: str = "m") -> None:
    """`crowd`: (kind, value) of phones, addresses, households under which so many names stand that they say nothing of one person."""
    parts = [
        f"select '{kind}' as kind, {column} as value from {table} where {column} is not null and n is not null group by 2 "
        f"having count(distinct n) > {model.crowd[kind]}"
        for kind, column in CROWDED.items()
    ]
    con.execute("create or replace temp table crowd as " + " union all ".join(parts))


def full_blocks(con: duckdb.DuckDBPyConnection, model: Model, table: str = "m") -> None:
    """`full`: (rule, key) of blocks that are too large."""
    parts = [
        f"select '{rule}' as rule, {key} as key from {table} where {key} is not null group by 2 having count(*) > {model.block}"
        for rule, key in RULES.items()
    ] + [
        f"select 'numbered_{rule}' as rule, {key} as key from {table} where {key} is not null group by 2 having count(*) > {model.block}"
        for rule, key in NUMBERED_RULES.items()
    ]
    con.execute('create or replace temp table "full" as ' + " union all ".join(parts))


def candidates(con: duckdb.DuckDBPyConnection, dirty: str | None = None) -> None:
    """`candidate`: (l, r), l < r, from `m`, `perm`, `full`; with a one-column table `dirty` (handle) only pairs with one of them.

    Both directions are the same pair; a pair needs one mention that no permanent number owns, or two different numbers.
    """
    con.execute("create or replace temp table candidate (l varchar, r varchar)")
    near = f"and (a.handle in (from {dirty}) or b.handle in (from {dirty}))" if dirty else ""
    for rule, key in RULES.items():
        some = f"semi join (select {key} as key from m semi join {dirty} d on d.handle = m.handle) s on s.key = {key}" if dirty else ""
        con.execute(
            f"""
            create or replace temp table keyed as
            select m.handle, {key} as key, p.perm is null as free from m left join perm p on p.handle = m.handle {some}
            where {key} is not null;
            insert into candidate
            select least(a.handle, b.handle), greatest(a.handle, b.handle)
            from (select * from keyed where free) a
            join keyed b on a.key = b.key and a.handle <> b.handle and (not b.free or a.handle < b.handle)
            where a.key not in (select key from "full" where rule = '{rule}') {near};
            """
        )
    for rule, key in NUMBERED_RULES.items():
        some = f"semi join (select {key} as key from m semi join {dirty} d on d.handle = m.handle) s on s.key = {key}" if dirty else ""
        con.execute(
            f"""
            create or replace temp table keyed as
            select m.handle, {key} as key, p.perm from m join perm p on p.handle = m.handle {some} where {key} is not null
            qualify min(p.perm) over (partition by {key}) <> max(p.perm) over (partition by {key});
            insert into candidate
            select a.handle, b.handle from keyed a join keyed b on a.key = b.key and a.handle < b.handle and a.perm <> b.perm
            where a.key not in (select key from "full" where rule = 'numbered_{rule}') {near};
            """
        )
    con.execute("create or replace temp table candidate as select distinct l, r from candidate")
