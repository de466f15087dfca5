"""Which statements must be looked at together before they have a person, and what they say, as a table for `xihu.gold.linkage`.

Most records carry a citizen id under which nothing contradicts it; these are one person by that number, and stay in Spark. Looked at are
records without a number, numbers under which names, births or sexes differ, numbers that come together in one record, numbers about which
somebody decided or that were once joined, people of one name and birth under several numbers, and everybody whom any of these might be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xihu.gold.identity.register import PLAIN
from xihu.standards.identifiers import Identifier, recognise

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

# What a mention says, in the order of its fingerprint.
SAID = ("source", "id", "id_type", "other_id", "other_id_type", "name", "sex", "birth_date", "death_date", "division", "street", "address",
        "phone", "household", "relation")  # fmt: skip
_DATES = ("birth_date", "death_date")
# Without a number, a name alone says nobody in a city; one of these must stand beside it.
_TRAITS = ("birth_date", "phone", "address", "household")
_BLANKS = "translate(name, ' \u3000·•．.\t', '')"


def said(claims: DataFrame) -> DataFrame:
    """Claims with every column of `SAID`; what no contract gives is NULL. The division is where somebody is registered, else lives."""
    from pyspark.sql import functions as F

    have = set(claims.columns)
    places = [F.col(c) for c in ("division", "registered_division", "resident_division", "district") if c in have]
    claims = claims.withColumn("source", F.concat_ws(".", "resource", "role"))
    if places:
        claims = claims.withColumn("division", F.coalesce(*places))
    for name in SAID:
        if name not in claims.columns:
            claims = claims.withColumn(name, F.lit(None).cast("date" if name in _DATES else "string"))
    return claims


def seen(claims: DataFrame) -> DataFrame:
    """One row per number as sent: when it was known, by whom, and whether anything said under it differs.

    Returns:
        id, id_type, known_from, known_to, source, plain (a name without blanks and dots), born, differs, odd (not a plain citizen id).
    """
    from pyspark.sql import functions as F

    odd = ~F.col("id").rlike(PLAIN) | F.col("id_type").isNotNull()
    rows = claims.where("id is not null").withColumn("_plain", F.expr(f"nullif({_BLANKS}, '')")).withColumn("_odd", odd)
    rows = rows.withColumn("_name", F.expr("if(_plain is null, null, xxhash64(_plain))"))
    rows = rows.withColumn("_born", F.expr("datediff(birth_date, date'1970-01-01')"))
    rows = rows.withColumn("_sex", F.expr("case when sex in ('1', '2') then cast(sex as int) end"))
    own_sex = "case when cast(substring(id, 17, 1) as int) % 2 = 1 then 1 else 2 end"
    own_born = "datediff(try_to_date(substring(id, 7, 8), 'yyyyMMdd'), date'1970-01-01')"
    found = rows.groupBy("id", "id_type").agg(
        F.min("known_from").alias("known_from"),
        F.when(F.max(F.col("known_to").isNull()), F.lit(None)).otherwise(F.max("known_to")).alias("known_to"),
        F.min_by("resource", F.struct("known_from", "resource")).alias("source"),
        F.max("_plain").alias("plain"),
        *[f(c).alias(f"{c}_{f.__name__}") for c in ("_name", "_born", "_sex") for f in (F.min, F.max)],
        F.first("_odd").alias("odd"),
        # 李梅之子: a child that goes by its mother's name, and perhaps by her number.
        F.max(F.expr("instr(_plain, '之') >= 3")).alias("_unnamed"),
    )
    found = found.withColumn("_own_born", F.expr(f"case when not odd then {own_born} end"))
    found = found.withColumn("_own_sex", F.expr(f"case when not odd then {own_sex} end"))
    contradicts = (
        "coalesce(_born_min <> _own_born, false) or coalesce(_born_max <> _own_born, false) or "
        "coalesce(_sex_min <> _own_sex, false) or coalesce(_sex_max <> _own_sex, false) or coalesce(_born_min <> _born_max, false) or "
        "coalesce(_sex_min <> _sex_max, false) or coalesce(_name_min <> _name_max, false) or coalesce(_unnamed, false)"
    )
    return found.select(
        "id",
        "id_type",
        "known_from",
        "known_to",
        "source",
        "plain",
        F.expr("date_add(date'1970-01-01', coalesce(_own_born, _born_min))").alias("born"),
        F.expr(contradicts).alias("differs"),
        "odd",
    )


@dataclass(frozen=True)
class Aliases:
    """What odd numbers as sent really name: (text, declared type) → identifier, or None for no document that names a person."""

    found: Mapping[tuple[str, str | None], Identifier | None]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str | None]], documents: Collection[str] = ()) -> Aliases:
        """Args: documents: numbers that an older registry took for documents unseen; they go on naming whom they named."""
        found: dict[tuple[str, str | None], Identifier | None] = {}
        for value, kind in pairs:
            found[value, kind] = recognise(value, kind) or (Identifier("document", value) if value in documents else None)
        return cls(found)

    def __call__(self, value: str | None, kind: str | None) -> Identifier | None:
        if value is None:
            return None
        return self.found[value, kind] if (value, kind) in self.found else _plain(value, kind)

    @property
    def nobody(self) -> set[str]:
        """Texts that name nobody, whatever type was declared."""
        return {value for value, _ in self.found} - {value for (value, _), one in self.found.items() if one is not None}


@lru_cache(maxsize=200_000)
def _plain(value: str, kind: str | None) -> Identifier | None:
    return recognise(value, kind)


def without_number(claims: DataFrame, nobody: Collection[str]) -> DataFrame:
    """Claims that carry no number but say enough to be somebody."""
    from pyspark.sql import functions as F

    none = F.col("id").isNull() | (F.col("id").isin(sorted(nobody)) if nobody else F.lit(False))
    other = F.col("other_id").isNull()
    traits = ", ".join(f"cast({t} as string)" for t in _TRAITS)
    return claims.where(none & other & F.expr(f"nullif({_BLANKS}, '') is not null and coalesce({traits}) is not null"))


def candidates(spark: SparkSession, claims: DataFrame, people: DataFrame, seeds: DataFrame) -> DataFrame:
    """Numbers (`id`) of people who might be one of the seeds: same birth, phone, household, name, or surname by sound and year of birth.

    Args:
        people: of `seen`. seeds: claims.
    """
    from pyspark.sql import functions as F

    seeds = seeds.withColumn("_plain", F.expr(_BLANKS))
    parts = [
        people.join(F.broadcast(seeds.selectExpr("birth_date as born").where("born is not null").distinct()), "born", "left_semi"),
        people.join(F.broadcast(seeds.selectExpr("_plain as plain").where("plain is not null").distinct()), "plain", "left_semi"),
    ]
    sounds = _sounds(people, seeds)
    if sounds:
        near = spark.createDataFrame(sounds, "head string, year int")
        heads = people.withColumn("head", F.expr("substring(plain, 1, 1)")).withColumn("year", F.year("born"))
        parts.append(heads.join(F.broadcast(near), ["head", "year"], "left_semi"))
    found = [part.select("id") for part in parts]
    for trait in ("phone", "household", "address"):
        asked = seeds.select(trait).where(f"{trait} is not null").distinct()
        found.append(claims.where(f"id is not null and {trait} is not null").join(F.broadcast(asked), trait, "left_semi").select("id"))
    whole = found[0]
    for one in found[1:]:
        whole = whole.union(one)
    return whole.distinct()


def _sounds(people: DataFrame, seeds: DataFrame) -> list[tuple[str, int]]:
    """(first character of a name, year) that a seed's name may begin with in that year, by any reading of the character."""
    said = seeds.where("birth_date is not null and _plain <> ''").selectExpr("substring(_plain, 1, 40) as name", "year(birth_date) as year")
    asked = {(r.name.lower(), r.year) for r in said.distinct().collect()}
    if not asked:
        return []
    heads = [r.head for r in people.selectExpr("substring(plain, 1, 1) as head").where("head is not null").distinct().collect()]
    readings = {h: _readings(h) for h in heads}
    by_sound: dict[str, set[str]] = {}
    for head, sounds in readings.items():
        for sound in sounds:
            by_sound.setdefault(sound, set()).add(head)
    found: set[tuple[str, int]] = set()
    for name, year in asked:
        if name[0].isascii():
            heads_of = {h for sound, hs in by_sound.items() if sound and (name.startswith(sound) or name.endswith(sound)) for h in hs}
        else:
            heads_of = {h for sound in _readings(name[0]) for h in by_sound.get(sound, ())} | {name[0]}
        found |= {(h, year) for h in heads_of}
    return sorted(found)


@lru_cache(maxsize=50_000)
def _readings(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    # Surnames have readings of their own (单 shàn, 曾 zēng), which the list of all readings holds.
    return frozenset(r for one in pinyin(character, style=Style.NORMAL, heteronym=True) for r in one)


def fingerprinted(claims: DataFrame) -> DataFrame:
    """Claims with `handle`, the 64-bit fingerprint of what is said; of equal statements it is equal, in every lake."""
    from pyspark.sql import functions as F

    parts = [F.coalesce(F.col(c).cast("string"), F.lit("\u0001")) for c in SAID]
    return claims.withColumn("handle", F.concat(F.lit("mention:"), F.substring(F.sha2(F.concat_ws("\u0002", *parts), 256), 1, 16)))


def table(claims: DataFrame, aliases: Aliases) -> pa.Table:
    """Fingerprinted claims as mentions, one row per statement, for `xihu.gold.linkage.link`; sorted by handle."""
    import pyarrow as pa
    from pyspark.sql import functions as F

    grouped = claims.groupBy("handle", *SAID).agg(F.min("known_from").alias("known_from"), F.count(F.lit(1)).alias("records"))
    rows = grouped.toArrow().sort_by("handle")
    given = [rows.column(c).to_pylist() for c in ("id", "id_type", "other_id", "other_id_type")]
    ids = [_both(aliases, *one) for one in zip(*given, strict=True)]
    kind = pa.list_(pa.struct([("type", pa.string()), ("value", pa.string())]))
    columns: dict[str, Any] = {"handle": rows.column("handle").cast(pa.string()), "source": rows.column("source").cast(pa.string())}
    columns["ids"] = pa.array([[{"type": i.type, "value": i.value} for i in one] for one in ids], kind)
    for name in SAID[5:]:
        columns[name] = rows.column(name).cast(pa.date32() if name in _DATES else pa.string())
    columns["known_from"] = rows.column("known_from").cast(pa.timestamp("us", tz="UTC"))
    columns["records"] = rows.column("records").cast(pa.int64())
    return pa.table(columns)


def _both(aliases: Aliases, value: str | None, kind: str | None, other: str | None, other_kind: str | None) -> list[Identifier]:
    found = [aliases(value, kind), aliases(other, other_kind)]
    return list(dict.fromkeys(i for i in found if i is not None))
