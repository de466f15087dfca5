"""The receipt (回执): what became of a delivery, told to its sender, with the refused records in the sender's encoding and column titles.

One folder a delivery, `<home>/receipts/<dept>/<delivery_id>/`: `index.html` and one `退回_<file>.csv` or `.xlsx` a file with quarantined
records. Receipts hold personal data and are for the sender alone: folders are 0700, files 0600.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from xihu.contract import words
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract
from xihu.lake import durable, ledger, tables
from xihu.lake.ledger import LedgerRow
from xihu.settings import settings
from xihu.standards.text import harmless

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CITY = ZoneInfo("Asia/Shanghai")
SHEETS = ("xlsx", "xls")
_MADE = "receipt.json"
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True)
class Returned:
    """A quarantined record as it goes back. `cells`: as sent, in contract order; `raw`: its bytes as text, where cells cannot show it."""

    row: int
    place: str
    cells: tuple[str | None, ...]
    fields: tuple[str, ...]
    reason: str
    detail: str
    raw: str


@dataclass
class FileReceipt:
    """One file of a delivery: its ledger row, what was mended (words, field title, records), and the records returned."""

    row: LedgerRow
    contract: Contract | None
    repairs: list[tuple[str, str, int]] = field(default_factory=list)
    warnings: list[tuple[str, str, int]] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    returned_file: str | None = None

    @property
    def name(self) -> str:
        return self.row.file.split("/", 3)[-1]

    @property
    def notes(self) -> list[str]:
        return list(json.loads(self.row.warnings)) if self.row.warnings else []

    def reasons(self) -> list[tuple[str, str, str, str, int, str]]:
        """(family, reason in words, fields' titles, what to do, records, first place) by reason and field, most frequent first."""
        counted = Counter((r.reason, r.fields) for r in self.returned)
        first: dict[tuple[str, tuple[str, ...]], str] = {}
        for r in self.returned:
            first.setdefault((r.reason, r.fields), r.place)
        found = []
        for (reason, fields), n in counted.most_common():
            family, title, cure = words.RECORD_REASON[reason]
            found.append((words.FAMILY[family], title, self.titles(fields), cure, n, first[reason, fields]))
        return found

    def titles(self, fields: Iterable[str]) -> str:
        known = self.contract.fields if self.contract else {}
        return "、".join(known[f].title if f in known else f for f in fields)


def folder_of(row: LedgerRow) -> Path:
    """Where a delivery's receipt lies."""
    return settings().home / "receipts" / (row.dept or "-") / row.delivery_id


def write_receipts(spark: SparkSession, catalogue: Catalogue, only: Iterable[str] = ()) -> list[Path]:
    """Writes every receipt that is missing or older than the delivery's newest ledger row; the pages written, in order of receipt.

    Args:
        only: delivery ids to write in any case, and no others.
    """
    wanted = set(only)
    by_delivery: dict[str, list[LedgerRow]] = defaultdict(list)
    for row in ledger.read(spark):
        by_delivery[row.delivery_id].append(row)
    due = {}
    for name, rows in by_delivery.items():
        newest = max(r.run_id or 0 for r in rows)
        if name in wanted if wanted else _made(folder_of(rows[0])) < newest:
            due[name] = sorted(_latest(rows), key=lambda r: (r.seq or 0, r.file, r.resource or ""))
    if not due:
        return []
    files = {name: [FileReceipt(r, catalogue.contracts.get(r.resource or "")) for r in rows] for name, rows in due.items()}
    every = [f for group in files.values() for f in group]
    _add_quality(spark, every)
    _add_returned(spark, [f for f in every if f.contract is not None and f.row.quarantined])
    order = sorted(due, key=lambda name: (due[name][0].received_at, due[name][0].seq or 0))
    return [_write(files[name], max(r.run_id or 0 for r in by_delivery[name]), catalogue) for name in order]


def _made(folder: Path) -> int:
    file = folder / _MADE
    return int(durable.read_json(file)["run"]) if file.exists() else -1


def _latest(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """What holds of each file and resource: the row of the newest run."""
    return list({(r.file, r.resource): r for r in rows}.values())


def _add_quality(spark: SparkSession, files: list[FileReceipt]) -> None:
    from pyspark.sql import functions as F

    if not tables.exists(spark, "ops.quality"):
        return
    wanted = {(f.row.file, f.row.resource, f.row.run_id): f for f in files}
    ids = sorted({f.row.delivery_id for f in files})
    rows = spark.table("ops.quality").where(F.col("kind").isin("repair", "warning"))
    if len(ids) <= 500:
        rows = rows.where(F.col("delivery_id").isin(ids))
    for r in rows.orderBy(F.desc("records"), "field", "name").collect():
        receipt = wanted.get((r["file"], r["resource"], r["run_id"]))
        if receipt is None or receipt.contract is None:
            continue
        if r["kind"] == "repair":
            receipt.repairs.append((words.repair(r["name"]), receipt.titles([r["field"]]), r["records"]))
        elif check := receipt.contract.checks.get(r["name"]):
            receipt.warnings.append((check.message or check.sql, r["name"], r["records"]))


def _add_returned(spark: SparkSession, files: list[FileReceipt]) -> None:
    """The quarantined records of these files, from all resources in one query."""
    from pyspark.sql import functions as F

    by_place = {(f.row.resource, f.row.file): f for f in files}
    parts: list[DataFrame] = []
    for resource in sorted({f.row.resource for f in files if f.row.resource}):
        contract = next(f.contract for f in files if f.row.resource == resource and f.contract)
        ids = sorted({f.row.delivery_id for f in files if f.row.resource == resource})
        kept = spark.table(f"quarantine.{resource}")
        kept = kept.where(F.col("delivery_id").isin(ids)) if len(ids) <= 500 else kept
        sent = spark.table(f"bronze.{resource}").where(F.col("_contract_version") == contract.version)
        sent = sent.select(F.col("_file").alias("file"), F.col("_row").alias("row"), "_cells", "_place", "_landing")
        joined = kept.join(sent, ["file", "row"]).dropDuplicates(["file", "row"])
        parts.append(
            joined.select(
                F.lit(resource).alias("resource"), "_landing", "file", "row", "_place", "line", "_cells", "field", "reason", "detail", "raw"
            )
        )
    if not parts:
        return
    whole = reduce(lambda a, b: a.unionByName(b), parts).orderBy("resource", "_landing", "file", "row")
    for r in whole.toLocalIterator():
        receipt = by_place.get((r["resource"], r["_landing"]))
        if receipt is None or receipt.contract is None:
            continue
        inner = r["file"][len(r["_landing"]) + 1 :]
        place = r["_place"] or (f"第{r['line']}行" if r["line"] else "")
        receipt.returned.append(
            Returned(
                row=r["row"],
                place=f"{inner} {place}" if inner and inner not in place else place,
                cells=tuple(r["_cells"] or ()),
                fields=tuple(f for f in (r["field"] or "").split(",") if f),
                reason=r["reason"],
                detail=r["detail"] or "",
                raw=""
                if receipt.contract.delivery.format in SHEETS
                else bytes(r["raw"] or b"").decode(encoding_of(receipt.contract), "backslashreplace"),
            )
        )


def encoding_of(contract: Contract) -> str:
    """The encoding in which a department is answered: that of its own files, GB18030 where they have none."""
    return contract.delivery.encoding or "gb18030"


def returned_rows(receipt: FileReceipt) -> Iterator[list[str]]:
    """Title row and records of the list that goes back: place, the contract's columns as sent, what is wrong, the record as it came."""
    assert receipt.contract is not None
    sheet = receipt.contract.delivery.format in SHEETS
    titles = [spec.title for spec in receipt.contract.fields.values()]
    yield ["序号", "位置", *titles, "问题栏目", "退回原因", "说明", "处理建议", *([] if sheet else ["原始记录"])]
    for r in receipt.returned:
        _, title, cure = words.RECORD_REASON[r.reason]
        cells = [c or "" for c in r.cells] + [""] * (len(titles) - len(r.cells))
        line = [str(r.row), r.place, *cells, receipt.titles(r.fields), title, r.detail, cure, *([] if sheet else [r.raw])]
        yield [harmless(c) for c in line]


def _write(files: list[FileReceipt], run: int, catalogue: Catalogue) -> Path:
    row = files[0].row
    folder = folder_of(row)
    folder.mkdir(parents=True, exist_ok=True)
    for at in (folder.parent.parent, folder.parent, folder):
        at.chmod(0o700)
    # Each file is replaced in one step, the page after the lists it names: whoever opens the folder meanwhile finds whole files.
    taken: set[str] = set()
    for receipt in files:
        if receipt.returned:
            receipt.returned_file = _write_returned(receipt, folder, taken)
            taken.add(receipt.returned_file)
    page = folder / "index.html"
    durable.replace(page, _page(files, run, catalogue).encode(), 0o600)
    for old in folder.glob("退回_*"):
        if old.name not in taken:
            old.unlink()
    durable.write_json(folder / _MADE, {"run": run, "files": len(files)}, 0o600)
    return page


def _write_returned(receipt: FileReceipt, folder: Path, taken: set[str]) -> str:
    assert receipt.contract is not None
    sheet = receipt.contract.delivery.format in SHEETS
    name = _UNSAFE.sub("_", receipt.name)
    # Two files may differ in their endings only, and one file may be of several resources.
    names = (name.rpartition(".")[0] or name, name, f"{name}_{receipt.row.resource}")
    paths = [folder / f"退回_{n}.{'xlsx' if sheet else 'csv'}" for n in names]
    path = next(p for p in paths if p.name not in taken)
    if sheet:
        durable.replace(path, _workbook(returned_rows(receipt)), 0o600)
        return path.name
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(returned_rows(receipt))
    encoding = encoding_of(receipt.contract)
    # Excel takes UTF-8 for something else unless a mark says so.
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    durable.replace(path, text.getvalue().encode(codec, "backslashreplace"), 0o600)
    return path.name


def _workbook(rows: Iterator[list[str]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("退回记录")
        bold, text = book.add_format({"bold": True, "bg_color": "#e3f1ed"}), book.add_format({"num_format": "@"})
        sheet.freeze_panes(1, 0)
        for i, cells in enumerate(rows):
            for j, cell in enumerate(cells):
                sheet.write_string(i, j, cell, text if i else bold)
            if i == 0:
                sheet.set_column(0, len(cells) - 1, 18)
    return out.getvalue()


def _page(files: list[FileReceipt], run: int, catalogue: Catalogue) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("xihu.share"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    row = files[0].row
    counted = [f.row for f in files if f.row.records_in is not None]
    totals = {
        n: sum(getattr(r, n) or 0 for r in counted) for n in ("records_in", "accepted", "quarantined", "duplicate", "superseded", "closed")
    }
    provider = next((f.contract.provider.name for f in files if f.contract), None)
    if provider is None:
        provider = next((c.provider.name for c in catalogue.contracts.values() if c.delivery.folder == row.dept), row.dept)
    return environment.get_template("receipt.html.j2").render(
        files=files,
        words=words,
        provider=provider,
        delivery=row.delivery_id,
        received=_local(row.received_at),
        run=run,
        totals=totals,
        verdicts=Counter(f.row.verdict for f in files),
        csv_encoding=lambda f: encoding_of(f.contract).upper() if f.contract else "",
        sheets=SHEETS,
    )


def _local(at: datetime) -> str:
    from datetime import UTC

    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(CITY).strftime("%Y年%-m月%-d日 %H:%M")
