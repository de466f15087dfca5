"""The identifier stage over all numbers: table `judged` (id, kind, left, right, reason) from `m` and `ids`.

kind: attach (mention, number), detach (mention, number), sibling (mention, mention), shared (mention, mention).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xihu.gold.linkage.carriers import Carrier, judge
from xihu.standards.identifiers import PERMANENT, Identifier

if TYPE_CHECKING:
    import duckdb

JUDGED = pa.schema([(c, pa.string()) for c in ("id", "kind", "left", "right", "reason")])
PERMANENT_SQL = "(" + ", ".join(f"'{t}'" for t in sorted(PERMANENT)) + ")"
# A number is plain when its carriers bear one name and nothing they say contradicts the number or one another.
_PLAIN = f"""
create or replace temp table plain as
select i.id
from ids i join m on m.handle = i.handle
{{touched}}
group by i.id
having count(distinct m.n) <= 1 and not bool_or(m.newborn) and not bool_or(m.n is null and m.birth is not null)
   and count(distinct m.birth) <= 1 and count(distinct m.sex) <= 1
   and coalesce(bool_and(case when i.type in {PERMANENT_SQL} then m.birth is null or m.birth = i.value[7:14] end), true)
   and coalesce(bool_and(case when i.type in {PERMANENT_SQL} then m.sex is null or (m.sex = '1') = (ascii(i.value[17]) % 2 = 1) end), true)
"""


def judge_numbers(con: duckdb.DuckDBPyConnection, touched: str | None = None) -> pa.Table:
    """Judges every number, or those in the one-column table `touched` (id)."""
    con.execute(_PLAIN.format(touched=f"semi join {touched} t on t.id = i.id" if touched else ""))
    parts = [
        con.sql(
            "select i.id, 'attach' as kind, i.handle as left, i.id as right, null::varchar as reason "
            "from ids i semi join plain p on p.id = i.id"
        ).to_arrow_table()
    ]
    rows = con.execute(
        f"""
        select i.id, i.type, i.value, m.handle, m.sent_name, m.sex, m.birth, m.division,
             m.address, m.phone, m.household, m.known_from, m.records
        from ids i join m on m.handle = i.handle
            {f"semi join {touched} t on t.id = i.id" if touched else ""} anti join plain p on p.id = i.id
        order by i.id, m.handle
        """
    )
    out: list[tuple[str, str, str, str, str | None]] = []
    current: tuple[str, str, str] | None = None
    carriers: list[Carrier] = []

    def close() -> None:
        if current is None:
            return
        handle, kind, value = current
        verdict = judge(Identifier(kind, value), carriers)
        out.extend((handle, "attach", m, handle, None) for m in verdict.attached)
        out.extend((handle, "detach", m, handle, why) for m, why in verdict.detached)
        out.extend((handle, "sibling", a, b, "detached together") for a, b in verdict.siblings)
        out.extend((handle, "shared", a, b, why) for a, b, why in verdict.shared)

    while batch := rows.fetchmany(50_000):
        for id_, kind, value, *rest in batch:
            if current is None or current[0] != id_:
                close()
                current, carriers = (id_, kind, value), []
            carriers.append(Carrier(*rest))
    close()
    columns: list[Any] = list(zip(*out, strict=True)) if out else [[]] * 5
    parts.append(pa.table([pa.array(c, pa.string()) for c in columns], schema=JUDGED))
    return pa.concat_tables([parts[0].cast(JUDGED), parts[1]])
