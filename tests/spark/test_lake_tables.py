"""The one writer: once per table and run, columns by name, comments kept, a lost catalog found again."""

from __future__ import annotations

from datetime import UTC, date, datetime

from xihu.lake import tables
from xihu.lake.history import asof

SPEC = tables.Spec("id BIGINT COMMENT '编号', v STRING COMMENT '值'", "试验表")


def rows(spark, table: str) -> list[tuple]:
    return sorted(tuple(r) for r in spark.table(table).collect())


def test_each_write_of_a_run_happens_once(spark):
    one = tables.local(spark, [(1, "a"), (2, "b")], SPEC.schema)
    for _ in range(2):
        tables.load(one, "silver.t", 1, SPEC)
    assert rows(spark, "silver.t") == [(1, "a"), (2, "b")]
    fields = {f.name: f.metadata.get("comment") for f in spark.table("silver.t").schema.fields}
    assert fields == {"id": "编号", "v": "值"} and spark.catalog.getTable("silver.t").description == "试验表"
    for _ in range(2):
        tables.append(tables.local(spark, [(3, "c")], SPEC.schema), "silver.t", 2)
    assert len(rows(spark, "silver.t")) == 3
    source = tables.local(spark, [(1, "z"), (9, "n")], SPEC.schema)
    for _ in range(2):
        tables.merge(source, "silver.t", 3, "t.id = s.id", update={"v": "concat(t.v, s.v)"})
    assert rows(spark, "silver.t") == [(1, "az"), (2, "b"), (3, "c"), (9, "n")]
    # The session is left without a transaction of its own: another writer's append is not taken for a repetition.
    assert spark.conf.get("spark.databricks.delta.write.txnAppId", None) is None

    wider = tables.Spec("id BIGINT COMMENT '编号', v BIGINT, d DATE COMMENT '日期'", "试验表")
    tables.load(tables.local(spark, [(7, 7, date(2016, 1, 1))], wider.schema), "silver.t", 4, wider)
    assert (7, 7, date(2016, 1, 1)) in rows_null(spark) and (1, None, None) in rows_null(spark)

    spark.sql("CREATE DATABASE lost")
    root = tables._local_root(spark, "silver.t")
    assert root is not None
    # The catalog forgets, the folder stays: the table is taken over, not made anew.
    root.rename(root.parent / "kept")
    spark.sql("DROP TABLE silver.t")
    (root.parent / "kept").rename(root)
    tables.load(tables.local(spark, [(8, 8, None)], wider.schema), "silver.t", 5, wider)
    assert len(rows_null(spark)) == 6


def rows_null(spark) -> list[tuple]:
    return [tuple(r) for r in spark.table("silver.t").collect()]


def test_asof_reads_half_open_intervals_of_the_current_computation(spark):
    schema = tables.ddl(
        "k STRING, valid_from DATE, valid_to DATE, known_from TIMESTAMP, known_to TIMESTAMP, loaded_from BIGINT, loaded_to BIGINT"
    )

    def at(day: int) -> datetime:
        return datetime(2016, 11, day, tzinfo=UTC)

    given = [
        ("open", date(2016, 1, 1), None, at(1), None, 1, None),
        ("ends", date(2016, 1, 1), date(2016, 11, 5), at(1), None, 1, None),
        ("forgotten", date(2016, 1, 1), None, at(1), at(3), 1, None),
        ("recomputed", date(2016, 1, 1), None, at(1), None, 1, 2),
    ]
    df = tables.local(spark, given, schema)

    def keys(valid: date | None, known: datetime | None) -> set[str]:
        return {r.k for r in asof(df, valid, known).collect()}

    assert keys(date(2016, 11, 4), at(2)) == {"open", "ends", "forgotten"}
    assert keys(date(2016, 11, 5), at(3)) == {"open"}
    assert keys(None, None) == {"open", "ends"}
    assert keys(date(2016, 11, 4), datetime(2016, 10, 31, tzinfo=UTC)) == set()
