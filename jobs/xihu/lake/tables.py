"""The one writer of Delta tables: every table is created, appended to, merged into and replaced here.

A write belongs to a run and carries `txnAppId = <table>/<run>`, `txnVersion = 1`, so that a run that is repeated after a crash does not
write twice. On a local file system Delta's commit is not safe between processes; each write therefore holds a `flock` of its table, which
the kernel releases when its holder dies.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

DATABASES = {
    "bronze": "原始层：每条记录的原始字节与出处",
    "silver": "清洗层：按信息资源目录定型，带历史",
    "quarantine": "隔离区：未通过的记录及原因",
    "gold": "基础库与事实表",
    "ops": "运行台账：交付、质量、运行、血缘",
}
_TXN = ("spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion")
_merge_conf = threading.Lock()


@dataclass(frozen=True)
class Spec:
    """What a table is made of: DDL of its columns with comments, its own comment, and what is set at creation and never changed."""

    columns: str
    comment: str = ""
    cluster_by: tuple[str, ...] = ()
    deletion_vectors: bool = False

    @property
    def schema(self) -> StructType:
        return ddl(self.columns)


def quote(table: str) -> str:
    """`a.b` as "`a`.`b`"."""
    return ".".join(f"`{part}`" for part in table.split("."))


@lru_cache(maxsize=1024)
def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, thread_local=False)


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Holds the table's lock; waits for another holder. Re-entrant within one thread's nesting, never across threads."""
    with _thread_lock(table), _lock(settings().locks / f"{table}.lock"):
        yield


@lru_cache(maxsize=1024)
def _thread_lock(table: str) -> threading.RLock:
    return threading.RLock()


def database(spark: SparkSession, name: str, comment: str | None = None) -> None:
    """Makes the database if it is missing; its folder is `file:<warehouse>/<name>.db`."""
    text = (comment or DATABASES.get(name, "")).replace("'", "’")
    if not spark.catalog.databaseExists(name):
        spark.sql(f"CREATE DATABASE IF NOT EXISTS `{name}` COMMENT '{text}'")


def ensure(
    spark: SparkSession,
    table: str,
    columns: str | StructType,
    comment: str = "",
    cluster_by: Sequence[str] = (),
    deletion_vectors: bool = False,
    properties: Mapping[str, str] | None = None,
) -> bool:
    """Creates the table, or brings an older one to these columns; True when it was created.

    New columns are added; a column whose type changed is converted (`try_cast`) by one rewrite; columns no longer named stay and are NULL
    in new rows.

    Args:
        table: `<database>.<name>`; the database is made as well.
        columns: DDL such as ``id BIGINT COMMENT '编号', d DATE`` or a schema whose fields carry comments.
        cluster_by: columns of liquid clustering, set at creation only.
        deletion_vectors: set at creation only and never changed afterwards.
    """
    from delta.tables import DeltaTable

    schema = ddl(columns) if isinstance(columns, str) else columns
    if exists(spark, table):
        _evolve(spark, table, schema)
        return False
    database(spark, table.split(".")[0])
    with locked(table):
        builder = DeltaTable.createIfNotExists(spark).tableName(quote(table)).addColumns(schema)
        if comment:
            builder = builder.comment(comment)
        if cluster_by:
            builder = builder.clusterBy(*cluster_by)
        builder = builder.property("delta.enableDeletionVectors", str(deletion_vectors).lower())
        for name, value in (properties or {}).items():
            builder = builder.property(name, value)
        builder.execute()
    return True


def exists(spark: SparkSession, table: str) -> bool:
    """Whether the table is there; one whose folder is there but not its entry in the catalog is taken in."""
    return spark.catalog.tableExists(table) or _adopt(spark, table)


def _adopt(spark: SparkSession, table: str) -> bool:
    """Takes a table into the catalog whose folder is there already: the process died in between, or the catalog was lost."""
    root = _local_root(spark, table)
    if root is None or not (root / "_delta_log").is_dir():
        return False
    if not _committed(root):
        # Whoever made the table died before its first commit: nothing in the folder is data. A living writer holds the lock until then.
        with locked(table):
            if not _committed(root):
                shutil.rmtree(root, ignore_errors=True)
                return False
    database(spark, table.split(".")[0])
    spark.sql(f"CREATE TABLE IF NOT EXISTS {quote(table)} USING delta LOCATION 'file:{root}'")
    return True


def _committed(root: Path) -> bool:
    return any(p.name.split(".")[0].isdigit() for p in (root / "_delta_log").iterdir()) if (root / "_delta_log").is_dir() else False


def load(df: DataFrame, table: str, run: int, spec: Spec) -> None:
    """`append`, to a table that is made in the same commit if it is missing; columns are those of the spec, missing ones NULL."""
    from pyspark.sql import functions as F

    spark, schema = df.sparkSession, spec.schema
    have = set(df.columns)
    columns = [F.col(f"`{f.name}`") if f.name in have else F.lit(None) for f in schema.fields]
    shaped = df.select(*(c.cast(f.dataType).alias(f.name, metadata=f.metadata) for c, f in zip(columns, schema.fields, strict=True)))
    database(spark, table.split(".")[0])
    if exists(spark, table):
        _evolve(spark, table, schema)
        append(shaped, table, run)
        return
    with locked(table):
        writer = shaped.writeTo(quote(table)).using("delta").tableProperty("comment", spec.comment)
        writer = writer.tableProperty("delta.enableDeletionVectors", str(spec.deletion_vectors).lower())
        if spec.cluster_by:
            writer = writer.clusterBy(*spec.cluster_by)
        writer.option("txnAppId", f"{table}/{run}").option("txnVersion", "1").create()
        sync_to_disk(spark, table)


def _evolve(spark: SparkSession, table: str, schema: StructType) -> None:
    have = {f.name.lower(): f for f in spark.table(table).schema.fields}
    new = [f for f in schema.fields if f.name.lower() not in have]
    changed = {f.name.lower(): f for f in schema.fields if f.name.lower() in have and have[f.name.lower()].dataType != f.dataType}
    if not new and not changed:
        return
    with locked(table):
        if changed:
            cols = ", ".join(
                f"try_cast(`{f.name}` AS {changed[n].dataType.simpleString()}) AS `{f.name}`" if n in changed else f"`{f.name}`"
                for n, f in have.items()
            )
            # The old files stay until VACUUM, so reading and replacing the same table in one statement is safe under Delta's snapshots.
            spark.sql(f"SELECT {cols} FROM {quote(table)}").write.format("delta").mode("overwrite").option(
                "overwriteSchema", "true"
            ).saveAsTable(table)
        if new:
            ddl = ", ".join(_column_ddl(f.name, f.dataType.simpleString(), f.metadata.get("comment")) for f in new)
            spark.sql(f"ALTER TABLE {quote(table)} ADD COLUMNS ({ddl})")


def _column_ddl(name: str, kind: str, comment: str | None) -> str:
    note = f" COMMENT '{comment.replace(chr(39), '’')}'" if comment else ""
    return f"`{name}` {kind}{note}"


def append(df: DataFrame, table: str, run: int) -> None:
    """Appends once per table and run; columns are matched by name, missing ones are NULL.

    A repetition of the same run writes nothing.
    """
    _write(df, table, run, "append")


def overwrite(df: DataFrame, table: str, run: int) -> None:
    """Replaces all rows once per table and run; the columns stay as they are."""
    _write(df, table, run, "overwrite")


def write(df: DataFrame, table: str, run: int, mode: str = "append") -> None:
    """`append` or `overwrite`, by name."""
    if mode not in ("append", "overwrite"):
        raise ValueError(f"mode {mode!r}: append or overwrite")
    _write(df, table, run, mode)


def _write(df: DataFrame, table: str, run: int, mode: str) -> None:
    with locked(table):
        (df.write.format("delta").mode(mode).option("txnAppId", f"{table}/{run}").option("txnVersion", 1).saveAsTable(table))
        sync_to_disk(df.sparkSession, table)


def merge(
    source: DataFrame,
    table: str,
    run: int,
    on: str,
    update: Mapping[str, str] | None = None,
    update_when: str | None = None,
    delete_when: str | None = None,
    insert_when: str | None = None,
    insert: Iterable[str] | None = None,
) -> None:
    """One MERGE per table and run; `t` is the table, `s` the source.

    Args:
        on: join condition; literals on `t` are what lets Delta skip files.
        update: column → expression for matched rows where `update_when` holds.
        delete_when: condition under which a matched row is deleted.
        insert: columns inserted for rows that match nothing and for which `insert_when` holds; default: all of the source. Empty: none.
    """
    from delta.tables import DeltaTable

    spark = source.sparkSession
    names = list(source.columns if insert is None else insert)
    with locked(table), _merge_conf:
        spark.conf.set(_TXN[0], f"{table}/{run}")
        spark.conf.set(_TXN[1], "1")
        try:
            work = DeltaTable.forName(spark, quote(table)).alias("t").merge(source.alias("s"), on)
            if delete_when:
                work = work.whenMatchedDelete(delete_when)
            if update:
                work = work.whenMatchedUpdate(update_when, dict(update))
            if names:
                values: dict[str, Any] = {f"`{n}`": f"s.`{n}`" for n in names}
                work = work.whenNotMatchedInsert(insert_when or "true", values)
            work.execute()
        finally:
            for name in _TXN:
                spark.conf.unset(name)
        sync_to_disk(spark, table)


def ddl(columns: str) -> StructType:
    """A schema from DDL; comments are kept."""
    from pyspark.sql.types import StructType

    schema = StructType.fromDDL(columns)
    assert isinstance(schema, StructType)
    return schema


def local(spark: SparkSession, rows: Iterable[Sequence[object]], schema: StructType) -> DataFrame:
    """A small table from Python rows, held in the plan: no Python worker, one file when written."""
    import pyarrow as pa
    from pyspark.sql.pandas.types import to_arrow_schema

    arrow = to_arrow_schema(schema, timezone="UTC")
    columns = list(zip(*rows, strict=True)) or [()] * len(arrow)
    table = pa.table([pa.array(list(c), f.type) for c, f in zip(columns, arrow, strict=True)], schema=arrow)
    return spark.createDataFrame(table, schema).coalesce(1)


def location(spark: SparkSession, table: str) -> str:
    """The table's folder as Delta knows it, `file:/…`."""
    return spark.sql(f"DESCRIBE DETAIL {quote(table)}").select("location").collect()[0][0]


def sync_to_disk(spark: SparkSession, table: str) -> None:
    """Makes the newest commit of a table on a local disk survive a power cut: neither Spark nor Delta call fsync.

    Data files named by the commit first, then the commit, then the folders.
    """
    import json

    root = _local_root(spark, table)
    if root is None:
        return
    log = root / "_delta_log"
    commits = sorted(p for p in log.glob("*.json") if p.stem.isdigit())
    if not commits:
        return
    newest = commits[-1]
    folders = {log}
    for line in newest.read_text("utf-8").splitlines():
        action = json.loads(line)
        path = (action.get("add") or {}).get("path")
        if path:
            file = root / path
            if file.exists():
                _fsync(file)
                folders.add(file.parent)
    _fsync(newest)
    for folder in folders:
        _fsync(folder)


def _local_root(spark: SparkSession, table: str) -> Path | None:
    base, name = table.split(".")
    where = str(spark.conf.get("spark.sql.warehouse.dir", ""))
    if not where.startswith("file:"):
        return None
    root = Path("/" + where.removeprefix("file:").lstrip("/")) / f"{base}.db" / name
    return root if root.is_dir() else None


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
