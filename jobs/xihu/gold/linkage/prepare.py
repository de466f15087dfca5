"""Mentions made comparable: one row each in the table `m`, its numbers in `ids`.

Work is done once per distinct text, in Python for names, phones and addresses, the rest in DuckDB.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from xihu.standards import person_names
from xihu.standards.name_tables import SURNAMES
from xihu.standards.phones import parse_phone
from xihu.standards.text import fold, is_placeholder

if TYPE_CHECKING:
    import duckdb

IDS = pa.list_(pa.struct([("type", pa.string()), ("value", pa.string())]))
MENTIONS = pa.schema(
    [
        ("handle", pa.string()),
        ("source", pa.string()),
        ("ids", IDS),
        ("name", pa.string()),
        ("sex", pa.string()),
        ("birth_date", pa.date32()),
        ("death_date", pa.date32()),
        ("division", pa.string()),
        ("street", pa.string()),
        ("address", pa.string()),
        ("phone", pa.string()),
        ("household", pa.string()),
        ("relation", pa.string()),
        ("known_from", pa.timestamp("us", "UTC")),
        ("records", pa.int64()),
    ]
)
_NAMES = pa.schema(
    [
        ("name", pa.string()),
        ("n", pa.string()),
        ("band", pa.int8()),
        ("holes", pa.bool_()),
        ("latin", pa.bool_()),
        ("readings", pa.list_(pa.string())),
        ("wild", pa.list_(pa.string())),
        ("near", pa.list_(pa.string())),
        ("letters", pa.string()),
        ("head", pa.bool_()),
        ("given", pa.string()),
        ("surname", pa.string()),
        ("initials", pa.string()),
        ("newborn", pa.bool_()),
    ]
)
_PREFIX = re.compile(r"^(中国)?(浙江省?)?(杭州市?)?([一-鿿]{2,4}?[区县市](?=.{4}))?")
_NOISE = re.compile(r"[\s,，。.;；:：、\-－—()（）#＃]|室$|号$")


def _names(texts: list[str]) -> pa.Table:
    rows: list[tuple[Any, ...]] = []
    for text in texts:
        name = person_names.parse(text)
        born = person_names.newborn(text) is not None
        if name is None:
            rows.append((text, None, 1, False, False, [], [], [], None, False, None, "", "", born))
            continue
        full = name.full
        rows.append(
            (
                text,
                full,
                person_names.band(name),
                name.holes,
                name.latin,
                list(name.readings),
                [] if name.latin or len(full) < 3 else list(person_names.wild(full)),
                [] if name.latin else list(person_names.near(full)),
                "".join(sorted(full)),
                full[:1] in SURNAMES,
                name.given,
                name.surname,
                name.initials,
                born,
            )
        )
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [[] for _ in _NAMES]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _NAMES, strict=True)], schema=_NAMES)


def address_key(text: str | None) -> str | None:
    """An address in one spelling, without city and district; None where it names no door."""
    if not text or is_placeholder(text):
        return None
    key = _PREFIX.sub("", "".join(fold(text).split()))
    while key != (shorter := _NOISE.sub("", key)):
        key = shorter
    return key if len(key) >= 5 and any(c.isdigit() for c in key) else None


def phone_key(text: str | None) -> str | None:
    """A telephone number that can be one person's; None for what is none, and for numbers of one repeated digit."""
    if not text:
        return None
    number, good = parse_phone(fold(text).strip())
    return number if good and len(set(number[-8:])) > 2 else None


def _lookup(con: duckdb.DuckDBPyConnection, column: str, key: str) -> None:
    texts = [t for (t,) in con.execute(f"select distinct {column} from sent where {column} is not null").fetchall()]
    if key == "name":
        table = _names(texts)
    else:
        make = phone_key if key == "phone" else address_key
        table = pa.table({"text": pa.array(texts, pa.string()), "key": pa.array([make(t) for t in texts], pa.string())})
    con.register(f"look_{key}", table)


def prepare(con: duckdb.DuckDBPyConnection, mentions: pa.Table) -> None:
    """Makes `m` (a row a mention) and `ids` (handle, id, type, value) in the connection.

    Raises:
        ValueError: a column is missing, or two different mentions have one handle.
    """
    if missing := [f.name for f in MENTIONS if f.name not in mentions.column_names]:
        raise ValueError(f"mentions lack the columns {', '.join(missing)}")
    con.register("brought", mentions.select(MENTIONS.names).cast(MENTIONS))
    con.execute("create or replace temp table sent as select distinct * from brought")
    twice = con.execute("select handle from sent group by 1 having count(*) > 1 order by 1 limit 1").fetchone()
    if twice:
        raise ValueError(f"two mentions have the handle {twice[0]}")
    con.unregister("brought")
    for column, key in (("name", "name"), ("phone", "phone"), ("address", "address")):
        _lookup(con, column, key)
    con.execute(
        """
        create or replace temp table name_key as select name, n, band, holes, latin, readings, wild, near, letters, head, given, surname,
            initials, newborn from look_name;
        create or replace temp table m as
        select s.handle, s.source, s.name as sent_name, k.n, k.readings[1] as reading, coalesce(k.newborn, false) as newborn,
            k.surname, k.given,
            strftime(s.birth_date, '%Y%m%d') as birth, case when s.sex in ('1', '2') then s.sex end as sex,
            s.death_date, nullif(trim(s.division), '') as division, nullif(trim(s.street), '') as street,
            a.key as address, p.key as phone, nullif(trim(s.household), '') as household, left(nullif(trim(s.relation), ''), 1) as relation,
            s.known_from, coalesce(s.records, 1) as records
        from sent s left join name_key k on k.name = s.name left join look_address a on a.text = s.address
            left join look_phone p on p.text = s.phone;
        create or replace temp table ids as
        select distinct handle, i.type || ':' || i.value as id, i.type as type, i.value as value
        from (select handle, unnest(ids) as i from sent) where i.type is not null and i.value is not null;
        """
    )
    for key in ("name", "phone", "address"):
        con.unregister(f"look_{key}")
