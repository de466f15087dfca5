"""What a clerk sees of persons: the handles of a number under names that hold no identifier, its events, and the pairs that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xihu.gold.identity import links, register
from xihu.gold.identity.decisions import REFERENCE, RESOURCE, references
from xihu.gold.identity.kinds import INSTEAD, PERSON
from xihu.gold.identity.numbers import Book, Entry
from xihu.lake import tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

QUEUE = ["类别", "编号", "编号", "概率", "理由", "记录数", "标识", "标识"]


def masked(handle: str) -> str:
    """A handle without what names the person: 3 + 2 characters of an identifier."""
    kind, value = handle.split(":", 1)
    return handle if kind == "mention" else f"{kind}:{value[:3]}{'*' * max(len(value) - 5, 0)}{value[-2:]}"


@dataclass(frozen=True)
class Desk:
    """The registry as far as some numbers are concerned.

    mentions: number → fingerprints of records that speak of it and are told apart one by one.
    """

    rows: Sequence[Entry]
    book: Book
    mentions: dict[int, list[str]]
    pairs: list[Any]

    @classmethod
    def of(cls, spark: SparkSession, numbers: Sequence[int]) -> Desk:
        """Raises: ValueError: a number was never given out, or nobody was registered yet."""
        from pyspark.sql import functions as F

        registry = register.table(spark)
        if registry is None:
            raise ValueError("还没有人口库；先运行 xihu run（nobody is registered yet）")
        eventful = register.entries(register.eventful(registry))
        rows = {*eventful, *register.entries(registry.where(F.col(PERSON.key).isin(list(numbers))))}
        book = Book.of(rows)
        for number in numbers:
            if number not in book.founding:
                raise ValueError(f"没有这个人员编号：{number}（no such number was ever given）")
        live = [book.resolve(n) for n in numbers]
        more = register.entries(registry.where(F.col(PERSON.key).isin(live)))
        rows |= set(more)
        book = Book.of(rows)
        mentions: dict[int, list[str]] = {}
        if tables.exists(spark, INSTEAD.table):
            instead = spark.table(INSTEAD.table).where("loaded_to is null and role is not null").where(F.col(PERSON.key).isin(live))
            for r in instead.select(PERSON.key, "id").distinct().collect():
                mentions.setdefault(r[0], []).append(r[1])
        pairs: list[Any] = []
        if tables.exists(spark, links.LINK.table):
            found = spark.table(links.LINK.table).where("loaded_to is null")
            pairs = found.where(F.col("left_id").isin(live) | F.col("right_id").isin(live)).collect()
        for p in pairs:
            for number, handle in ((p.left_id, p.left_handle), (p.right_id, p.right_handle)):
                if number in live and handle.startswith("mention:") and handle not in mentions.get(number, ()):
                    mentions.setdefault(number, []).append(handle)
        return cls(sorted(rows, key=lambda e: e.order), book, mentions, pairs)

    def live(self, number: int) -> int:
        """The number that stands for one today."""
        return self.book.resolve(number)

    def references(self, number: int) -> dict[str, str]:
        """Handle → reference of all that a number is known by."""
        found = references(self.book, self.rows, self.live(number))
        return {**found, **{m: m for m in self.mentions.get(self.live(number), ())}}

    def parts(self, number: int, apart: Sequence[str]) -> tuple[list[str], list[str]]:
        """(what goes, what stays) of a split, as references.

        Raises:
            ValueError: a reference is none of the number's, or nothing would stay.
        """
        known = sorted(set(self.references(number).values()))
        for one in apart:
            if not REFERENCE.fullmatch(one) or one not in known:
                raise ValueError(f"{one} 不是编号 {self.live(number)} 的标识；可用：{'、'.join(known)}（see `xihu person show {number}`）")
        rest = [r for r in known if r not in apart]
        if not rest:
            raise ValueError("全部标识都要拆出，等于没有拆分；至少留下一个（nothing would stay）")
        return sorted(set(apart)), rest

    def page(self, number: int) -> list[tuple[str, list[str], list[tuple[Any, ...]]]]:
        """(title, columns, rows) of the tables that show a number."""
        live = self.live(number)
        title = f"人员 {number}" + ("" if live == number else f"（已并入 {live}）")
        known = [
            (ref, masked(handle), self.book.known.get(handle))
            for handle, ref in sorted(self.references(number).items(), key=lambda x: x[1])
        ]
        events = [
            (e.run, e.event, e.number, e.other, masked(e.handle), e.why.reason, e.why.by)
            for e in self.rows
            if number in (e.number, e.other) or live in (e.number, e.other)
        ]
        pairs = [
            (p.kind, p.left_id, p.right_id, p.probability, p.reason, masked(p.left_handle), masked(p.right_handle)) for p in self.pairs
        ]
        return [
            (title, ["引用", "标识", "首次获知"], known),
            ("经过", ["运行", "事件", "编号", "另一编号", "标识", "理由", "决定人"], events),
            ("关联", ["类别", "编号", "编号", "概率", "理由", "标识", "标识"], pairs),
        ]


def waiting(spark: SparkSession, limit: int) -> list[tuple[Any, ...]]:
    """The queue: pairs that nobody has decided, those with the most records first, then the likelier ones. Columns as `QUEUE`."""
    from pyspark.sql import functions as F

    if not tables.exists(spark, links.LINK.table):
        return []
    rows = spark.table(links.LINK.table).where("loaded_to is null")
    decided = rows.where("kind = 'decided'").select("left_handle", "right_handle")
    open_ = rows.where(F.col("kind").isin(list(links.OPEN))).join(decided, ["left_handle", "right_handle"], "left_anti")
    order: list[Any] = [F.desc("records"), F.desc_nulls_last("probability"), "left_handle", "right_handle"]
    found = open_.orderBy(*order).limit(limit).collect()
    return [
        (p.kind, p.left_id, p.right_id, None if p.probability is None else round(p.probability, 4), p.reason, p.records,
         masked(p.left_handle), masked(p.right_handle))
        for p in found
    ]  # fmt: skip


def known_event(spark: SparkSession, event: str) -> None:
    """Raises: ValueError: no such decision has been taken in."""
    from pyspark.sql import functions as F

    table = f"silver.{RESOURCE}"
    if not tables.exists(spark, table) or not spark.table(table).where(F.col("event_id") == event).limit(1).count():
        raise ValueError(f"没有这个决定：{event}；新登记的决定要先经 xihu run 载入（no such decision was taken in yet）")
