"""From all records of a resource to its versions: a function of the set of deliveries, never of the order in which they were loaded.

Records are taken in the order of (version, received_at, landing sequence). Within a file identical records are duplicates, a record loses
to a newer one of its key (superseded), and records of one key that nothing orders are quarantined (duplicate_key). What is left is one
observation per key and file; a snapshot adds the absence of keys. From the observations follow the intervals in which each row was known
to hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xihu.bronze.schema import DELETED
from xihu.silver import scopes
from xihu.silver.shape import Shape
from xihu.silver.timeline import Seen, register

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ACCEPTED, QUARANTINED, DUPLICATE, SUPERSEDED = "accepted", "quarantined", "duplicate", "superseded"
RECORD = (
    "_delivery_id",
    "_landing",
    "_file",
    "_row",
    "_line",
    "_received_at",
    "_seq",
    "_reason",
    "_field",
    "_detail",
    "_repairs",
    "_key_ok",
    "_scope_ok",
)
SPAN = ("_known_from", "_known_to", "_valid_to")
PLACE = ("_landing", "_file", "_row")
# Records that may share their key with others and still be held in memory (100 bytes each).
FEW = 1_000_000


@dataclass
class Derived:
    """`records`: the records given, with `_outcome` and the final `_reason, _field, _detail` (without the contract's fields where many were
    derived). `versions`: the contract's fields, place, `_row_hash` and SPAN, one row per interval. `closers`: `_closer` = the landing file
    that ended a row, one row per interval that something ended. `vanished`: landing file → what it would take away.
    """

    records: DataFrame
    versions: DataFrame
    closers: DataFrame | None = None
    vanished: dict[str, str] = field(default_factory=dict)
    held: list[DataFrame] = field(default_factory=list)

    def release(self) -> None:
        """Gives back what was kept in memory."""
        for df in self.held:
            df.unpersist()


def content_hash(columns: Iterable[str]) -> Column:
    """64-bit hash of the values; NULL and a neighbour's value do not change places unseen (Spark's hash skips NULLs)."""
    from pyspark.sql import functions as F

    names = list(columns)
    nulls = F.concat(F.lit(""), *(F.when(F.col(f"`{n}`").isNull(), "0").otherwise("1") for n in names))
    return F.xxhash64(nulls, *(F.col(f"`{n}`") for n in names))


def derive(records: DataFrame, shape: Shape, incomplete: Iterable[str] = ()) -> Derived:
    """Outcomes and versions of all live records of a resource.

    Args:
        records: the contract's fields, typed, and RECORD columns; `_reason` NULL where typing found nothing; `_key_ok` and `_scope_ok` say
            whether the record's key and scope could be read.
        incomplete: deliveries of which a file of this resource was refused: their scopes close nothing.
    """
    if not shape.keyed:
        done = _unkeyed(hashed(records, shape), shape).persist()
        return Derived(done, _plain(done, shape).select(*_kept(shape), *SPAN), held=[done])
    marked, vanished, units, held = _judged(_mark(hashed(records, shape), shape), shape, incomplete)
    resolved, spans, more = _resolved(marked, shape, units)
    versions = spans.select(*_kept(shape), *SPAN, "_closer")
    held += more
    if shape.closes:
        versions = versions.persist()
        held.append(versions)
    return Derived(resolved.drop(*_WORK), versions.drop("_closer"), _closers(versions) if shape.closes else None, vanished, held)


def derive_many(records: DataFrame, shape: Shape, incomplete: Iterable[str] = (), rows: int = 0) -> Derived:
    """The same as `derive` for millions of records (`rows`, about), which are read several times: a file, not a computation.

    A key that stands in one record alone has no history: that record is accepted and holds from its receipt, or it is quarantined. Only the
    others go through the windows, and without their fields, which are fetched when they are written: sorting 16 columns of 2 million
    records costs six times what typing them does, and an extract hardly ever repeats its keys.
    """
    from pyspark.sql import functions as F

    every = hashed(records, shape)
    if not shape.keyed:
        done = _unkeyed(every, shape)
        return Derived(done, _plain(done, shape).select(*_kept(shape), *SPAN))
    every = every.withColumn("_h", _key_hash(shape))
    ordering = [c for c in (shape.version, shape.operation) if c]
    needed = [*RECORD, *(c for c in ("_warned",) if c in records.columns), "_row_hash", "_full_hash", "_second", "_h"]
    needed += [c for c in dict.fromkeys((*shape.key, *shape.scope, *ordering)) if c not in needed]
    narrow = every.select(*(f"`{c}`" for c in needed if c in every.columns))
    # Counted in parts whose table of keys stays below 50 MB.
    keys = narrow.select("_h", (F.col("_reason").isNull() & ~F.col("_key_ok")).alias("odd")).repartition(2 + rows // 1_000_000, "_h")
    several = keys.groupBy("_h").agg(F.count("*").alias("n"), F.max("odd").alias("odd"))
    several = several.where("odd OR (n > 1 AND _h IS NOT NULL)").select(F.col("_h").alias("_several"), "n").persist()
    marked, vanished, units, held = _judged(_mark(narrow, shape), shape, incomplete)
    held.append(several)
    # A newer version of a scope says something of every key in it, also of those that it does not name.
    few = units is None and not vanished and (several.agg(F.sum("n")).collect()[0][0] or 0) <= FEW
    if few:
        same = F.col("_h").eqNullSafe(F.col("_several"))
        lone = every.join(F.broadcast(several), same, "left_anti")
        marked = marked.join(F.broadcast(several), same, "left_semi")
    else:
        lone = every.limit(0)
    resolved, spans, more = _resolved(marked, shape, units)
    held += more
    spans = spans.select(*PLACE, *SPAN, "_closer").persist()
    held.append(spans)
    alone = _alone(lone, shape)
    found = every.join(F.broadcast(spans) if few else spans, list(PLACE))
    versions = _plain(alone, shape).select(*_kept(shape), *SPAN).unionByName(found.select(*_kept(shape), *SPAN))
    shown = [c for c in resolved.columns if c in alone.columns and c not in _WORK]
    both = alone.select(*shown).unionByName(resolved.select(*shown))
    return Derived(both, versions, _closers(spans) if shape.closes else None, vanished, held)


_WORK = ("_k", "_scope", "_v", "_deletes", "_full_hash", "_second", "_h")


def _closers(spans: DataFrame) -> DataFrame:
    return spans.where("_closer IS NOT NULL").select("_closer")


def _key_hash(shape: Shape) -> Column:
    """A number that records of one key share: never two of a key apart, seldom two keys together."""
    from pyspark.sql import functions as F

    if not shape.key:
        return F.col("_full_hash")
    return F.when(F.col("_key_ok"), F.xxhash64(*(F.col(f"`{k}`") for k in shape.key)))


def _alone(lone: DataFrame, shape: Shape) -> DataFrame:
    """Outcome of records whose key stands nowhere else: a deletion among them finds nothing to close."""
    from pyspark.sql import functions as F

    outcome = F.when(F.col("_reason").isNotNull(), QUARANTINED).when(_deletes(shape), SUPERSEDED).otherwise(ACCEPTED)
    return lone.withColumn("_outcome", outcome)


def _unkeyed(df: DataFrame, shape: Shape) -> DataFrame:
    from pyspark.sql import functions as F

    outcome = F.when(F.col("_reason").isNull(), ACCEPTED).otherwise(QUARANTINED)
    if shape.flagged:
        outcome = F.when(_gone(), SUPERSEDED).otherwise(outcome)
    return df.withColumn("_outcome", outcome)


def _plain(done: DataFrame, shape: Shape) -> DataFrame:
    """Accepted records that nothing ends."""
    from pyspark.sql import functions as F

    return done.where(F.col("_outcome") == ACCEPTED).select(
        *_kept(shape),
        F.col("_received_at").alias("_known_from"),
        F.lit(None).cast("timestamp").alias("_known_to"),
        F.lit(None).cast("date").alias("_valid_to"),
    )


def _judged(
    marked: DataFrame, shape: Shape, incomplete: Iterable[str]
) -> tuple[DataFrame, dict[str, str], DataFrame | None, list[DataFrame]]:
    """Snapshots: the records without files that would take too much away, those files, the deliveries that may close rows; what is kept."""
    from pyspark.sql import functions as F

    if shape.mode != "snapshot":
        return marked, {}, None, []
    marked = marked.persist()
    # A deleted record whose key or scope cannot be read hides no row that should stay.
    told = marked.where("NOT _deletes OR (_k IS NOT NULL AND _scope IS NOT NULL)") if shape.flagged else marked
    found = scopes.judge(told, shape, set(incomplete))
    kept = marked.where(~F.col("_landing").isin(list(found.vanished))) if found.vanished else marked
    return kept, found.vanished, found.closing, [marked, *found.held]


def _resolved(marked: DataFrame, shape: Shape, units: DataFrame | None) -> tuple[DataFrame, DataFrame, list[DataFrame]]:
    """Records with their outcome; intervals with SPAN and `_closer`; what is kept in memory."""
    from pyspark.sql import functions as F

    resolved = _within_files(marked, shape)
    if shape.mode == "append":
        resolved = _append(resolved, shape)
    elif shape.operation or shape.flagged:
        resolved = _deletions(resolved)
    resolved = resolved.persist()
    seen = resolved.where(F.col("_outcome") == ACCEPTED).withColumn("_present", ~F.col("_deletes"))
    if units is not None:
        if shape.version:
            seen = scopes.level_versions(seen)
        seen = seen.unionByName(scopes.absences(marked, seen, units), allowMissingColumns=True)
    return resolved, _register(seen, shape) if shape.ended else _retract(seen), [resolved]


def _kept(shape: Shape) -> list[str]:
    return [f"`{f}`" for f in shape.fields] + ["_delivery_id", "_landing", "_file", "_row", "_line", "_row_hash", "_repairs"]


def hashed(records: DataFrame, shape: Shape) -> DataFrame:
    """Adds `_row_hash`, `_full_hash`, and `_second` where whole records are told apart, if they are not there."""
    from pyspark.sql import functions as F

    if "_row_hash" in records.columns:
        return records
    df = records.withColumn("_row_hash", content_hash(shape.content))
    if not shape.keyed:
        return df
    df = df.withColumn("_full_hash", content_hash(shape.identical))
    if shape.key or not shape.dedupe:
        return df
    return df.withColumn("_second", F.hash(*(F.col(f"`{f}`") for f in shape.identical)))


def _mark(df: DataFrame, shape: Shape) -> DataFrame:
    """Adds `_k, _scope, _v, _deletes`; `_k` NULL where the key cannot be read."""
    from pyspark.sql import functions as F

    if shape.key:
        key = F.struct(*(F.col(f"`{k}`") for k in shape.key))
    elif shape.dedupe:
        key = F.struct("_full_hash", "_second")
    else:
        from pyspark.sql import Window

        # Identical rows of a snapshot without a key can all be real: the first is not the second.
        nth = F.row_number().over(Window.partitionBy("_landing", "_full_hash").orderBy("_file", "_row"))
        df = df.withColumn("_nth", nth)
        key = F.struct("_full_hash", F.col("_nth"))
    df = df.withColumn("_k", F.when(F.col("_key_ok"), key)).drop("_nth")
    scope = F.struct(F.lit(0).alias("_all"), *(F.col(f"`{s}`") for s in shape.scope))
    df = df.withColumn("_scope", F.when(F.col("_scope_ok"), scope))
    df = df.withColumn("_v", F.col(f"`{shape.version}`") if shape.version else F.col("_received_at"))
    return df.withColumn("_deletes", _deletes(shape))


def _deletes(shape: Shape) -> Column:
    """Whether a record says that what it names is gone."""
    from pyspark.sql import functions as F

    deletes = F.upper(F.trim(F.col(f"`{shape.operation}`").cast("string"))) == "D" if shape.operation else F.lit(False)
    deletes = F.coalesce(deletes, F.lit(False))
    return (deletes | _gone()) if shape.flagged else deletes


def _gone() -> Column:
    """Whether the sender marked the record itself as deleted."""
    from pyspark.sql import functions as F

    return F.col("_reason").isNull() & F.col("_detail").eqNullSafe(F.lit(DELETED))


def _order() -> Column:
    from pyspark.sql import functions as F

    return F.struct("_v", "_received_at", "_seq", "_file", "_row")


def _within_files(df: DataFrame, shape: Shape) -> DataFrame:
    """Outcome of each record as far as its own delivery decides it."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    good = F.col("_reason").isNull() & F.col("_k").isNotNull()
    df = df.repartition("_k").withColumn("_good", good)
    place = ("_file", "_row")
    if shape.operation:
        # A change file is a log: its order says which of two records is newer, and only a repetition of the one before is a copy.
        log = Window.partitionBy("_landing", "_k", "_good").orderBy(F.col("_v"), *place)
        df = df.withColumn("_copy", good & F.coalesce(F.lag("_full_hash").over(log) == F.col("_full_hash"), F.lit(False)))
        rest = Window.partitionBy("_delivery_id", "_k", "_good", "_copy").orderBy(
            F.col("_v").desc(), F.col("_file").desc(), F.col("_row").desc()
        )
        df = df.withColumn("_loses", good & (F.row_number().over(rest) > 1)).withColumn("_clash", F.lit(False))
    else:
        if shape.flagged:
            good = good & ~F.col("_deletes")
            df = df.withColumn("_good", good)
        same = Window.partitionBy("_landing", "_k", "_good", "_full_hash").orderBy(*place)
        df = df.withColumn("_copy", good & (F.row_number().over(same) > 1))
        of_file = Window.partitionBy("_landing", "_k", "_good")
        df = df.withColumn(
            "_loses", good & F.coalesce(F.col("_v") < F.max("_v").over(of_file), F.lit(False)) if shape.version else F.lit(False)
        )
        of_delivery = Window.partitionBy("_delivery_id", "_k", "_good", "_v")
        apart = F.min("_row_hash").over(of_delivery) != F.max("_row_hash").over(of_delivery)
        df = df.withColumn("_clash", good & apart & ~F.col("_copy") & ~F.col("_loses"))
    outcome = (
        F.when(F.col("_reason").isNotNull() | F.col("_clash"), QUARANTINED)
        .when(F.col("_copy"), DUPLICATE)
        .when(F.col("_loses"), SUPERSEDED)
        .otherwise(ACCEPTED)
    )
    if shape.flagged:
        df = df.withColumn("_idle", _idle(shape))
        outcome = F.when(F.col("_idle"), SUPERSEDED).otherwise(outcome)
    return (
        _clash(df, F.col("_clash"), shape, "同一主键在本次交付中有不同内容")
        .withColumn("_outcome", outcome)
        .drop("_good", "_copy", "_loses", "_clash", "_idle")
    )


def _idle(shape: Shape) -> Column:
    """Deleted records that close nothing: another record of their key stands in the same delivery, or they name no key.

    A table is a state, not a log: where the live one stands does not matter. In append mode nothing is ever closed.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    if shape.mode == "append":
        return F.col("_deletes")
    of_key = Window.partitionBy("_delivery_id", "_k")
    live = F.max((~F.col("_deletes")).cast("int")).over(of_key) == 1
    nth = F.row_number().over(Window.partitionBy("_delivery_id", "_k", "_deletes").orderBy("_file", "_row"))
    return F.col("_deletes") & (F.col("_k").isNull() | live | (nth > 1))


def _clash(df: DataFrame, condition: Column, shape: Shape, why: str) -> DataFrame:
    from pyspark.sql import functions as F

    hit = condition & F.col("_reason").isNull()
    return (
        df.withColumn("_field", F.when(hit, F.lit(",".join(shape.key))).otherwise(F.col("_field")))
        .withColumn("_detail", F.when(hit, F.lit(why)).otherwise(F.col("_detail")))
        .withColumn("_reason", F.when(hit, F.lit("duplicate_key")).otherwise(F.col("_reason")))
    )


def _append(df: DataFrame, shape: Shape) -> DataFrame:
    """Append mode: the first record of a key stays; a later copy is a duplicate, a later other content a duplicate_key.

    With a version field each version of a key is such a stream of its own.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    stream = ("_k", "_v") if shape.version else ("_k",)
    order = (F.col("_received_at"), F.col("_seq"), F.col("_file"), F.col("_row"))
    window = Window.partitionBy(*stream, "_outcome").orderBy(*order)
    live = F.col("_outcome") == ACCEPTED
    df = df.withColumn("_first", F.first("_row_hash").over(window)).withColumn("_rank", F.row_number().over(window))
    later = live & (F.col("_rank") > 1)
    copy, clash = later & (F.col("_first") == F.col("_row_hash")), later & (F.col("_first") != F.col("_row_hash"))
    df = df.withColumn("_copy", copy).withColumn("_clash", clash)
    df = df.withColumn("_outcome", F.when(F.col("_copy"), DUPLICATE).when(F.col("_clash"), QUARANTINED).otherwise(F.col("_outcome")))
    return _clash(df, F.col("_clash"), shape, "主键已由更早的交付载入，内容不同").drop("_first", "_rank", "_copy", "_clash")


def _deletions(df: DataFrame) -> DataFrame:
    """A deletion that finds nothing to close is superseded."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    window = Window.partitionBy("_k", "_outcome").orderBy(_order())
    df = df.withColumn("_open", ~F.coalesce(F.lag("_deletes").over(window), F.lit(True)))
    void = (F.col("_outcome") == ACCEPTED) & F.col("_deletes") & ~F.col("_open")
    return (
        df.withColumn("_void", void)
        .withColumn("_outcome", F.when(F.col("_void"), SUPERSEDED).otherwise(F.col("_outcome")))
        .drop("_open", "_void")
    )


def _retract(seen: DataFrame) -> DataFrame:
    """Known intervals where the newest version replaces all older ones; unchanged rows keep their first record."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    key = ("_scope", "_k")
    above = Window.partitionBy(*key).orderBy(_order().desc()).rowsBetween(Window.unboundedPreceding, -1)
    live = seen.withColumn("_end", F.min(F.struct("_received_at", "_landing")).over(above))
    live = live.where("_present AND (_end IS NULL OR _end._received_at > _received_at)")
    by_time = Window.partitionBy(*key).orderBy("_received_at", _order())
    joined = (F.lag("_row_hash").over(by_time) == F.col("_row_hash")) & (
        F.lag("_end").over(by_time)["_received_at"] == F.col("_received_at")
    )
    live = live.withColumn("_starts", F.when(F.coalesce(joined, F.lit(False)), 0).otherwise(1))
    live = live.withColumn("_island", F.sum("_starts").over(by_time.rowsBetween(Window.unboundedPreceding, 0)))
    island = Window.partitionBy(*key, "_island").orderBy("_received_at", _order())
    last = island.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    live = live.withColumn("_end", F.last("_end").over(last)).where("_starts = 1")
    return live.select(
        "*",
        F.col("_received_at").alias("_known_from"),
        F.col("_end._received_at").alias("_known_to"),
        F.lit(None).cast("date").alias("_valid_to"),
        F.col("_end._landing").alias("_closer"),
    )


def _day(shape: Shape) -> Column:
    """The day on which a version takes effect, in the contract's time zone."""
    from pyspark.sql import functions as F

    received = F.from_utc_timestamp("_received_at", shape.tz).cast("date")
    if not shape.version or not shape.version_dated:
        return received
    return F.coalesce(F.col("_v").cast("date"), received)


def _register(seen: DataFrame, shape: Shape) -> DataFrame:
    """Known intervals of a register: a row that ends stays, with `_valid_to` = the day of the version that ended it.

    Keys whose versions arrived in their own order go through windows, the others through `timeline.register`.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    key = ("_scope", "_k")
    by_order = Window.partitionBy(*key).orderBy(_order())
    whole = Window.partitionBy(*key)
    rising = F.coalesce(
        (F.col("_v") > F.lag("_v").over(by_order)) & (F.col("_received_at") >= F.lag("_received_at").over(by_order)),
        F.lag("_seq").over(by_order).isNull(),
    )
    seen = seen.withColumn("_day", _day(shape)).withColumn("_rising", rising).withColumn("_plain", F.min("_rising").over(whole))
    return _in_order(seen.where("_plain")).unionByName(_out_of_order(seen.where("NOT _plain")))


def _in_order(seen: DataFrame) -> DataFrame:
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    by_order = Window.partitionBy("_scope", "_k").orderBy(_order())
    state = F.when(F.col("_present"), F.col("_row_hash"))
    seen = seen.withColumn("_state", state).withColumn("_before", F.lag("_state").over(by_order))
    turns = seen.where(~F.col("_state").eqNullSafe(F.col("_before")))
    turns = turns.withColumn("_next", F.lead(F.struct("_received_at", "_day", "_landing")).over(by_order)).where("_present")
    known = turns.select(
        "*",
        F.col("_received_at").alias("_known_from"),
        F.col("_next._received_at").alias("_known_to"),
        F.lit(None).cast("date").alias("_valid_to"),
        F.col("_next._landing").alias("_closer"),
    ).where("_known_to IS NULL OR _known_to > _known_from")
    ended = turns.where("_next IS NOT NULL").select(
        "*",
        F.col("_next._received_at").alias("_known_from"),
        F.lit(None).cast("timestamp").alias("_known_to"),
        F.col("_next._day").alias("_valid_to"),
        F.lit(None).cast("string").alias("_closer"),
    )
    return known.unionByName(ended).drop("_state", "_before", "_next", "_rising", "_plain")


def _out_of_order(seen: DataFrame) -> DataFrame:
    import pandas as pd
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    rank = F.dense_rank().over(Window.partitionBy("_scope", "_k").orderBy("_v"))
    narrow = seen.select(
        F.struct("_scope", "_k").alias("_id"),
        rank.alias("version"),
        F.unix_micros("_received_at").alias("received"),
        "_seq",
        "_file",
        "_row",
        F.when(F.col("_present"), F.col("_row_hash").cast("string")).alias("content"),
        F.date_diff(F.col("_day"), F.lit("1970-01-01").cast("date")).alias("day"),
        "_landing",
    ).withColumn("_id", F.to_json("_id"))

    def spans(group: pd.DataFrame) -> pd.DataFrame:
        ordered = group.sort_values(["_seq", "_file", "_row"], na_position="first").reset_index(drop=True)
        columns = (ordered[c] for c in ("version", "received", "content", "day", "_file", "_row", "_landing"))
        seen = [
            Seen(int(version), int(received), i, content, int(day), (file, row), landing)
            for i, (version, received, content, day, file, row, landing) in enumerate(zip(*columns, strict=True))
        ]
        out = [(s.ref[0], s.ref[1], s.known_from, s.known_to, s.valid_to, s.closer) for s in register(seen)]
        return pd.DataFrame(out, columns=["_file", "_row", "f", "t", "d", "_closer"]).astype(
            {"_row": "Int64", "f": "Int64", "t": "Int64", "d": "Int64"}
        )

    found = narrow.groupBy("_id").applyInPandas(spans, "_file string, _row long, f long, t long, d long, _closer string")
    found = found.select(
        "_file",
        "_row",
        F.timestamp_micros("f").alias("_known_from"),
        F.timestamp_micros("t").alias("_known_to"),
        F.date_add(F.lit("1970-01-01").cast("date"), F.col("d").cast("int")).alias("_valid_to"),
        "_closer",
    )
    return seen.where("_present").drop("_rising", "_plain").join(found, ["_file", "_row"])
