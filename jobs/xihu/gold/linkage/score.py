"""Splink's score of each candidate pair, with the fixed parameters: it depends on the pair alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa

from xihu.gold.linkage.levels import LEVELS, SAME_NAMES, SURE_BIRTHS, SURE_NAMES, splink_settings

if TYPE_CHECKING:
    import duckdb

    from xihu.gold.linkage.model import Model

SCORED = pa.schema(
    [
        ("l", pa.string()),
        ("r", pa.string()),
        ("score", pa.float64()),
        ("probability", pa.float64()),
        ("sure", pa.bool_()),
        ("evidence", pa.string()),
    ]
)
CHUNK = 4_000_000
ADULT = 18  # years
ONE_DEATH = 31  # days by which registers may differ over one death
_INPUT = """
create or replace temp table compared as
select m.handle, k.n, coalesce(k.band, 1) as band, coalesce(k.holes, false) as holes, coalesce(k.latin, false) as latin,
    coalesce(k.readings, []) as readings, coalesce(k.wild, []) as wild, coalesce(k.near, []) as near, k.letters,
    coalesce(k.head, false) as head,
    coalesce(k.given, '') as given, coalesce(k.surname, '') as surname, coalesce(k.initials, '') as initials, m.birth,
    case when m.birth is null then []::varchar[] else
        [{wild}] end as births,
    m.sex, m.phone_own as phone, m.household_own as household, m.address_own as address, m.street, m.division, m.relation
from (select m.*,
        case when m.phone not in (select value from crowd where kind = 'phone') then m.phone end as phone_own,
        case when m.address not in (select value from crowd where kind = 'address') then m.address end as address_own,
        case when m.household not in (select value from crowd where kind = 'household') then m.household end as household_own
      from m semi join (select l as handle from candidate union select r from candidate) c on c.handle = m.handle) m
left join name_key k on k.name = m.sent_name
""".format(wild=", ".join(f"'{i}' || m.birth[:{i}] || '_' || m.birth[{i + 2}:]" for i in range(8)))


def _level(comparison: str, model: Model) -> str:
    """SQL for the level whose weight Splink noted; distinct weights are checked when the model is read."""
    cases = " ".join(
        f"when abs(mw_{comparison} - ({model.weight(comparison, name)!r})) < 1e-7 then '{name}'"
        for name, _ in LEVELS[comparison]
        if name != "null"
    )
    return f"case {cases} else 'null' end"


def by_splink(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """`weighed` (handle_l, handle_r, match_weight, match_probability, mw_<comparison> …) of the table `pairs` over `compared`."""
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection=con)
    linker = Linker(api.register("compared"), splink_settings(model), validate_settings=False, log_level=None)
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    found = linker.inference.predict(threshold_match_weight=model.lower, warning_mode="never")
    con.execute(f"create or replace temp table weighed as from {found.physical_name}")
    found.drop_table_from_database_and_remove_from_cache()


def score(con: duckdb.DuckDBPyConnection, model: Model) -> pa.Table:
    """Scores the table `candidate`; pairs below the lower threshold are forgotten.

    sure: the levels allow the pair to link by itself; a pair that is not goes to a person, however high it scores. Not sure are: names that
    are not one name in another spelling; birth dates or sexes or deaths that differ; another relation to the head of one household; a
    child's name written differently (twins are named alike and live together). A child that has no name yet links by its birth date
    with its family's telephone or door.
    """
    con.execute(_INPUT)
    total = con.execute("select count(*) from candidate").fetchall()[0][0]
    levels = ", ".join(f"{_level(c, model)} as level_{c}" for c in LEVELS)
    born = "strptime(coalesce(a.birth, b.birth)::varchar, '%Y%m%d')"
    nameless = """level_name = 'null' and (a.newborn or b.newborn) and level_birth = 'equal'
        and (level_phone = 'equal' or level_place in ('household', 'address'))"""
    sure = f"""(level_name in {SURE_NAMES} or ({nameless})) and level_birth in {SURE_BIRTHS}
        and level_sex <> 'different' and level_relation <> 'different'
        and not (level_name not in {SAME_NAMES} and level_name <> 'null' and coalesce(a.birth, b.birth) is not null
                 and coalesce(datediff('year', {born}, least(a.known_from, b.known_from)) < {ADULT}, true))
        and not coalesce(abs(datediff('day', a.death_date, b.death_date)) > {ONE_DEATH}, false)
        and not (level_birth = 'null' and level_phone <> 'equal' and level_place not in ('household', 'address'))"""
    evidence = ", ".join(f"'{c}', level_{c} || ' ' || printf('%+.2f', mw_{c})" for c in LEVELS)
    parts = [SCORED.empty_table()]
    for start in range(0, total, CHUNK):
        con.execute(
            f"""create or replace temp table pairs as select l as join_key_l, r as join_key_r, '0' as match_key
            from (select l, r, row_number() over (order by l, r) as i from candidate) where i > {start} and i <= {start + CHUNK}"""
        )
        by_splink(con, model)
        parts.append(
            con.sql(
                f"""
                with e as (select handle_l as l, handle_r as r, match_weight, match_probability,
                               {", ".join(f"mw_{c}" for c in LEVELS)}, {levels}
                           from weighed)
                select e.l, e.r, round(e.match_weight, 6) as score, round(e.match_probability, 9) as probability, {sure} as sure,
                    json_object({evidence})::varchar as evidence
                from e join m a on a.handle = e.l join m b on b.handle = e.r order by 1, 2
                """
            )
            .to_arrow_table()
            .cast(SCORED)
        )
    return pa.concat_tables(parts)


def explain(evidence: str) -> list[dict[str, object]]:
    """The noted levels as [{comparison, level, weight}], in the order of the comparisons."""
    out: list[dict[str, object]] = []
    for comparison, text in json.loads(evidence).items():
        level, weight = text.split(" ")
        out.append({"comparison": comparison, "level": level, "weight": float(weight)})
    return out
