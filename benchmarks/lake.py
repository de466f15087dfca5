"""A lake of its own for a measurement: conf, home and session, apart from what the checkout holds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = Path(__file__).parent / "ingest" / "contract.yaml"


def prepare(root: Path, resources: tuple[str, ...], memory: str | None = None) -> None:
    """A new `conf` with one contract a resource and an empty `home` under `root`; sets XIHU_CONF and XIHU_HOME.

    Args:
        memory: heap of the driver; default that of the product.
    """
    shutil.rmtree(root, ignore_errors=True)
    conf = root / "conf"
    for name in ("codes", "facts"):
        shutil.copytree(ROOT / "conf" / name, conf / name)
    (conf / "base").mkdir()
    shutil.copy(ROOT / "conf" / "log4j2.properties", conf)
    defaults = (ROOT / "conf" / "spark-defaults.conf").read_text("utf-8")
    if memory:
        defaults = "\n".join(line for line in defaults.splitlines() if not line.startswith("spark.driver.memory"))
        defaults += f"\nspark.driver.memory {memory}\n"
    (conf / "spark-defaults.conf").write_text(defaults, "utf-8")
    (conf / "catalogue" / "bench").mkdir(parents=True)
    for i, name in enumerate(resources, 1):
        text = TEMPLATE.read_text("utf-8").format(number=f"09{i:02d}", prefix=name)
        (conf / "catalogue" / "bench" / f"{name}.yaml").write_text(text, "utf-8")
    os.environ.update(XIHU_CONF=str(conf), XIHU_HOME=str(root / "home"), TZ="UTC")


def session() -> SparkSession:
    from xihu.lake.session import spark_session
    from xihu.settings import settings

    s = settings()
    s.work.mkdir(parents=True, exist_ok=True)
    spark = spark_session("xihu-bench", metastore=False)
    for name in ("bronze", "silver", "quarantine", "ops"):
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {name}")
    return spark
