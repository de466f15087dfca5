"""The gate: which files are new, which contract they belong to, whether they can be read at all, and which only repeat what is there."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from xihu.bronze import companions
from xihu.bronze.companions import Candidate, Companion
from xihu.bronze.count import Count, count
from xihu.bronze.counters import Damaged
from xihu.bronze.deliver import Delivered, DeliveredFile, Entry, landing_name
from xihu.bronze.schema import MAX_FILE, Inspection, Refusal
from xihu.bronze.sources import reader
from xihu.contract.models import Contract
from xihu.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


Examined = tuple[Inspection | Refusal, Count | None]
_SMALL = 1 << 20
UNJUDGED = "检查时出错"
_GEODATABASE = re.compile(r"\.gdb([/!.]|$)|\.(gdbtable|gdbtablx|gdbindexes|freelist)$", re.I)


@dataclass(frozen=True)
class Item:
    """One delivered file of a resource, with what is known of it so far.

    `companions`: its control files. `readable`: where its bytes lie, if not in the landing file. `orphan`: set for a companion without a
    data file, the resource it would belong to.
    """

    delivery: Delivered
    file: DeliveredFile
    landing: str
    contract: Contract | None
    inspection: Inspection | None = None
    refusal: Refusal | None = None
    count: Count | None = None
    companions: tuple[Companion, ...] = ()
    readable: str | None = None
    orphan: str = ""

    @property
    def path(self) -> Path:
        """Where the bytes to read lie: the landing file, or the unpacked member of an archive."""
        return settings().home / (self.readable or self.landing)

    @property
    def content(self) -> str:
        """What tells this content from another: the file's SHA-256, with its parts where it has some."""
        return companions.content(self.file.sha256, self.companions)

    @property
    def order(self) -> tuple[object, ...]:
        return (*self.delivery.order, self.file.name)


def items(deliveries: Iterable[Delivered], contracts: Iterable[Contract]) -> list[Item]:
    """Every file of the deliveries, members of archives included, with the one contract that expects it; a refusal where none or more do.

    Where all that expect it say that they share it (`delivery.shared`), it is an item of each.

    Companions are no files of their own: they are with the item of their data file. `deliveries` must be all of them, in the order of
    receipt. One that belongs to no data file is an item marked `orphan`.
    """
    known = list(contracts)
    every = [(d, e, landing_name(d, e.file)) for d in deliveries for e in d.entries()]
    home = settings().home
    candidates = [
        Candidate(d.delivery_id, d.dept, name, e.base, str(home / landing_name(d, e.path)), e.file.sha256) for d, e, name in every
    ]
    belonging = companions.belong(candidates, known)
    found = []
    for delivery, entry, name in every:
        if name in belonging.orphans:
            found.append(Item(delivery, entry.file, name, None, orphan=belonging.orphans[name].resource))
        elif name not in belonging.companions:
            found += _item(delivery, entry, name, known, belonging.of.get(name, ()))
    return found


def _item(delivery: Delivered, entry: Entry, name: str, known: list[Contract], beside: tuple[Companion, ...]) -> list[Item]:
    fits = [c for c in known if c.match(delivery.dept, entry.base)]
    readable = landing_name(delivery, entry.path) if entry.path != entry.file.name else None
    item = Item(delivery, entry.file, name, fits[0] if len(fits) == 1 else None, companions=beside, readable=readable)
    if entry.file.fault is not None:
        return [replace(item, refusal=entry.file.fault)]
    if fits and all(c.delivery.shared for c in fits):
        # One file with several kinds of records: each contract takes its own.
        return [replace(item, contract=c) for c in fits]
    if len(fits) != 1:
        return [replace(item, refusal=_geodatabase(name) or _stranger(delivery.dept, entry.base, known, fits))]
    return [item]


def _geodatabase(name: str) -> Refusal | None:
    """A part of a file geodatabase: a folder of dozens of files in a format of its own, of which only the names are kept."""
    if not _GEODATABASE.search(name):
        return None
    words = "FileGDB（地理数据库文件夹）不能逐条读取，只登记文件本身（a file geodatabase is registered, not read）"
    return Refusal("wrong_format", words, "请在 GIS 软件中导出为 Shapefile 或 GeoJSON（EPSG:4490）后重报")


def _stranger(dept: str, name: str, known: list[Contract], fits: list[Contract]) -> Refusal:
    if fits:
        names = "、".join(c.resource for c in fits)
        return Refusal(
            "wrong_format",
            f"文件名同时符合多个目录：{names}",
            "请让各目录的 delivery.files 互不重叠（more than one contract expects this name）",
        )
    patterns = [c.delivery.files for c in known]
    near = get_close_matches(f"{dept}/{name}", patterns, 1, 0.0)
    hint = f"；最接近的是 {near[0]}" if near else ""
    return Refusal(
        "wrong_format",
        f"没有目录登记这样的文件名：{dept}/{name}{hint}（no contract expects this file name）",
        "请核对文件夹与文件名，或为它新建一个目录文件（conf/catalogue）",
    )


def examine(spark: SparkSession, pending: list[Item]) -> list[Item]:
    """Inspects and counts every file, in the executors; the counter is not the reader's."""
    todo = [
        (i, str(item.path), item.contract, item.file.sha256, item.companions)
        for i, item in enumerate(pending)
        if item.contract is not None and not item.orphan and item.file.fault is None and item.delivery.withdrawal is None
    ]
    if not todo:
        return pending
    if sum(item.file.size for item in pending) < _SMALL:
        found = {i: examine_file(Path(path), c, sha, beside) for i, path, c, sha, beside in todo}
    else:
        found = _spread(spark, todo)
    return [_with(item, found.get(i)) for i, item in enumerate(pending)]


def _with(item: Item, found: Examined | None) -> Item:
    if found is None:
        return item
    verdict, counted = found
    if isinstance(verdict, Refusal):
        return replace(item, refusal=verdict, count=counted)
    return replace(item, inspection=verdict, count=counted)


def _spread(spark: SparkSession, todo: list[tuple[int, str, Contract, str, tuple[Companion, ...]]]) -> dict[int, Examined]:
    todo.sort(key=lambda t: -Path(t[1]).stat().st_size if Path(t[1]).exists() else 0)
    context = spark.sparkContext
    slices = min(len(todo), max(context.defaultParallelism * 4, 1))
    parts = context.parallelize([todo[k::slices] for k in range(slices)], slices)
    return dict(parts.flatMap(lambda part: [(i, examine_file(Path(path), c, sha, beside)) for i, path, c, sha, beside in part]).collect())


def examine_file(path: Path, contract: Contract, sha256: str | None = None, beside: Sequence[Companion] = ()) -> Examined:
    """One file's judgement before a record of it is read, and its independent count.

    Promised companions come first: without them a file may be only part of one, and what was damaged on the way is not judged further.
    A fault of our own in judging one file stops neither the others nor the run: the file is refused as `conservation`, which turns the run
    red and is tried again.
    """
    try:
        return _examined(path, contract, sha256, beside)
    except Exception as error:
        logging.getLogger(__name__).exception("%s could not be judged", path)
        words = f"{type(error).__name__}: {str(error)[:200]}"
        return Refusal("conservation", f"{path.name}：{UNJUDGED}：{words}（could not be judged）", "本系统的错误，请报告此文件"), None


def _examined(path: Path, contract: Contract, sha256: str | None, beside: Sequence[Companion]) -> Examined:
    try:
        if (size := path.stat().st_size) > MAX_FILE:
            return Refusal("wrong_format", f"文件 {size} 字节，超过 {MAX_FILE} 字节的上限（larger than any delivery）", "请分批报送"), None
        if sha256 and _digest(path) != sha256:
            return Refusal("conservation", f"{path.name}：落地后内容被改动（bytes changed after delivery）", "请从原件重新交付"), None
        if changed := companions.damaged(beside):
            return Refusal("conservation", f"{changed}：落地后内容被改动（bytes changed after delivery）", "请从原件重新交付"), None
        if lacking := companions.missing(contract, path.name, beside):
            return lacking, None
        stated, fault = companions.statements(path.name, beside)
        if fault := fault or companions.bytes_differ(path, stated, beside):
            return fault, None
        module = reader(contract.delivery.format)
        verdict = module.inspect(path, contract)
        empty = isinstance(verdict, Refusal) and verdict.reason == "empty_file" and contract.delivery.mode != "snapshot"
        if empty and companions.says_empty(stated) and hasattr(module, "empty"):
            verdict = module.empty(contract)
    except OSError as error:
        return Refusal("conservation", f"{path.name}：读不到（{error.strerror or error}）", "请检查磁盘与权限后重跑"), None
    if isinstance(verdict, Refusal):
        return verdict, None
    try:
        counted = count(path, contract)
    except Damaged as error:
        # What only one of two programs can read has come to harm; the sender can mend that, we cannot.
        return Refusal("wrong_format", f"文件损坏：{error}（another program cannot read it）", "请用原来的软件重新保存后重报"), None
    except ValueError as error:
        return Refusal(
            "conservation", f"独立计数无法完成：{error}（the independent counter cannot tell the records）", "请报告此文件"
        ), None
    if differ := companions.rows_differ(path, counted, verdict, stated, beside):
        return differ, counted
    if counted.records == 0 and contract.delivery.mode == "snapshot":
        return Refusal(
            "empty_file", "全量快照里没有一条记录（a snapshot without records empties its scope）", "请重报含数据的文件"
        ), counted
    return verdict, counted


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


Scopes = Callable[[Item], frozenset[tuple[str, ...]]]


def duplicates(files: list[Item], mode: str, scopes: Scopes) -> dict[str, Item]:
    """Which files only repeat what is latest in their scope: landing file → the file it repeats.

    append: any earlier file of the same content. corrections: the delivery before holds the same content. snapshot: for each of the file's
    scopes the latest delivery before it that covers that scope holds the same content (A→B→A is three deliveries).

    Args:
        files: all files of a resource that were or can be loaded, refused ones left out.
        scopes: the scopes a file covers; asked only where deliveries of other content lie between.
    """
    ordered = sorted(files, key=lambda f: f.order)
    units: dict[str, list[Item]] = defaultdict(list)
    for item in ordered:
        units[item.delivery.delivery_id].append(item)
    order = list(units)
    seen: dict[str, Item] = {}
    found: dict[str, Item] = {}
    for item in ordered:
        sha = item.content
        first = seen.setdefault(sha, item)
        if first is item or (item.count is not None and item.count.records == 0):
            # A month in which nothing happened says so anew.
            continue
        if mode == "append":
            found[item.landing] = first
            continue
        here = next((f for f in units[item.delivery.delivery_id] if f.content == sha and f.order < item.order), None)
        place = order.index(item.delivery.delivery_id)
        before = [units[d] for d in reversed(order[:place])]
        twin = here or _latest(item, before, mode, scopes)
        if twin is not None:
            found[item.landing] = twin
    return found


def _latest(item: Item, before: list[list[Item]], mode: str, scopes: Scopes) -> Item | None:
    mine: frozenset[tuple[str, ...]] | None = None
    for unit in before:
        twin = next((f for f in unit if f.content == item.content), None)
        if twin is not None:
            return twin
        if mode == "corrections":
            return None
        mine = scopes(item) if mine is None else mine
        if any(mine & scopes(f) for f in unit):
            return None
    return None
