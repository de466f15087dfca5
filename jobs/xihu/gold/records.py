"""The records that evidence points at: what silver made of them, and the bytes as they came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Pointer(NamedTuple):
    """A record's place: resource, landing file (with `#sheet` or `!member`), 1-based data record."""

    resource: str
    file: str
    row: int


@dataclass(frozen=True)
class Record:
    """One record. `line`: first physical line in the file; `place`: sheet and row, where there is one; `raw`: its bytes, decoded.

    `fields`: Chinese title → value as silver holds it; None where the record stands in no silver table any more.
    """

    resource: str
    file: str
    row: int
    title: str = ""
    line: int | None = None
    place: str | None = None
    offset: int | None = None
    raw: str | None = None
    fields: dict[str, Any] | None = None


def resolve(spark: SparkSession, pointers: Iterable[Pointer]) -> dict[Pointer, Record]:
    """Records of the pointers; one query per resource and layer."""
    from xihu.contract.load import load_catalogue
    from xihu.settings import settings

    wanted: dict[str, set[Pointer]] = defaultdict(set)
    for p in pointers:
        wanted[p.resource].add(p)
    if not wanted:
        return {}
    contracts = load_catalogue(settings().conf).contracts
    found: dict[Pointer, Record] = {}
    for resource, these in sorted(wanted.items()):
        contract = contracts.get(resource)
        silver = _rows(spark, f"silver.{resource}", these)
        bronze = _rows(spark, f"bronze.{resource}", these)
        for p in sorted(these):
            typed, sent = silver.get((p.file, p.row)), bronze.get((p.file, p.row))
            fields = None
            if typed is not None and contract is not None:
                fields = {spec.title: typed[name] for name, spec in contract.fields.items() if typed.get(name) is not None}
            encoding = (contract.delivery.encoding if contract else None) or "utf-8"
            found[p] = Record(
                *p,
                title=contract.title if contract else resource,
                line=(sent or typed or {}).get("_line"),
                place=(sent or {}).get("_place"),
                offset=(sent or {}).get("_offset"),
                raw=readable((sent or {}).get("_raw"), encoding),
                fields=fields,
            )
    return found


def readable(raw: bytes | bytearray | None, encoding: str) -> str | None:
    """Bytes as text: UTF-8 where they are that, else the agreed encoding; what fits neither is shown as \\xNN."""
    if raw is None:
        return None
    data = bytes(raw)
    for name in ("utf-8", encoding):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode(encoding, "backslashreplace")


def _rows(spark: SparkSession, table: str, pointers: set[Pointer]) -> dict[tuple[str, int], dict[str, Any]]:
    from pyspark.sql import functions as F

    if not spark.catalog.tableExists(table):
        return {}
    df = spark.table(table)
    if "_loaded_to" in df.columns:
        df = df.where("_loaded_to is null")
    files = {p.file for p in pointers}
    df = df.where(F.col("_file").isin(sorted(files)) & F.col("_row").isin(sorted({p.row for p in pointers})))
    asked = {(p.file, p.row) for p in pointers}
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for r in df.collect():
        key = (r["_file"], r["_row"])
        if key in asked:
            found[key] = r.asDict()
    return found
