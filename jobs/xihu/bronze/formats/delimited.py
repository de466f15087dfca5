"""Headerless dumps of Oracle, Hive and the like (archetype F4): delimiters of any length, NULL markers, values over several lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.dumpfast import able, stretches
from xihu.bronze.formats.dumplines import Line, Plan, TooLong, Unclosed, pieces, shape, walk
from xihu.bronze.formats.fit import Shape, distinctive, judge_columns, suspicious, swapped_in_record
from xihu.bronze.formats.header import judge, match
from xihu.bronze.schema import MAX_COLUMNS, SPLIT_BYTES, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_SAMPLE = 1000
_LEARN = 1 << 20
_DELIMITERS = ("|", "|@|", "\x01", "^", ",", "\t", ";", "||", "^|^", "|^|", "@|@", "~", "\x02", "\x1b", "#|#", "!|!")


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a dump before a record of it is read: kind, encoding, number of columns, columns in place. The file is passed once."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1 << 16)
        if not head.strip() and not any(block.strip() for block in iter(lambda: f.read(1 << 20), b"")):
            return Refusal("empty_file", "文件没有内容", "请重报；确实没有数据的，请在对照文件中写明 0 条")
    if what := enc.foreign(head):
        return Refusal("wrong_format", f"文件实际是{what}，不是文本", "请按约定的格式重报")
    plan = _agreed(contract)
    if "\0" not in plan.delimiter and (refusal := enc.wide(head)):
        return refusal
    eol = b"\r" if b"\n" not in head and b"\r" in head else b"\n"
    skip, told = enc.bom(head)
    warnings: list[str] = []
    if told and told != plan.encoding:
        warnings.append(f"约定为 {plan.encoding}，文件带 {told} 标记，按 {told} 读取")
        plan = replace(plan, encoding=told)
    try:
        sample = list(islice(pieces(path, plan, skip, min(size, skip + _LEARN), 1, eol), _SAMPLE))
        if not told and plan.encoding != "utf-8" and _is_utf8([p.raw for p in sample], skip + _LEARN < size and len(sample) < _SAMPLE):
            warnings.append(f"约定为 {plan.encoding}，文件为 utf-8，按 utf-8 读取")
            plan = replace(plan, encoding="utf-8")
            sample = list(islice(pieces(path, plan, skip, min(size, skip + _LEARN), 1, eol), _SAMPLE))
        first = next((p for p in sample if not p.blank), None)
        body, line, columns, held = skip, 1, list(range(plan.width)), list[str]()
        if first is not None and (given := _titles(contract, plan, first.text)):
            found = match(contract, given)
            judged = judge(contract, given, found)
            if judged.refusal:
                return judged.refusal
            columns, held = [found.positions.get(name, -1) for name in contract.fields], judged.held
            warnings += ["约定没有表头，文件第一行是表头，不作为记录", *judged.warnings]
            body, line = first.offset + len(first.whole), first.line + 1
            plan = replace(plan, width=len(given))
            sample = [p for p in sample if p.offset >= body]
        whole = [p.text for p in sample if p.count == plan.width - 1]
        plan = replace(plan, starts=frozenset(shape(t.partition(plan.delimiter)[0]) for t in whole))
        extra = {"body": body, "line": line, "width": plan.width, "starts": sorted(plan.starts), "eol": eol.decode("ascii")}
        inspection = Inspection(plan.encoding, [], [None if c < 0 else c for c in columns], warnings, [], extra, held)
        return _pass(path, contract, inspection, plan)
    except Unclosed as fault:
        return Refusal("unclosed_quote", f"第 {fault.line} 行起的引号没有闭合，记录无法区分", "请检查该行引号后重报")
    except TooLong as fault:
        return Refusal("wrong_format", f"第 {fault.line} 行起的记录过长，不像是约定的格式", "请核对记录结束符与换行后重报")


def _agreed(contract: Contract) -> Plan:
    """The contract's words as a plan; width is the number of its fields."""
    d = contract.delivery
    last = list(contract.fields.values())[-1]
    return Plan(
        encoding=enc.codec(d.encoding),
        delimiter=d.delimiter or "|",
        width=len(contract.fields),
        terminator=d.dump.terminator if d.dump else None,
        escape=d.dump.escape if d.dump else None,
        quote=d.quote or "",
        free_end=last.type == "text",
        nulls=frozenset(d.dump.nulls if d.dump else ["\\N"]),
    )


def empty(contract: Contract) -> Inspection:
    """The inspection of a dump without a byte whose companion states that there is no record."""
    extra = {"body": 0, "line": 1, "width": len(contract.fields), "starts": [], "eol": "\n", "records": 0, "lines": 0}
    columns: list[int | None] = list(range(len(contract.fields)))
    return Inspection(enc.codec(contract.delivery.encoding), [], columns, [], [], extra | {"splits": [[0, None, 0, 1]]})


def plan_of(contract: Contract, inspection: Inspection) -> Plan:
    e = inspection.extra
    return replace(_agreed(contract), encoding=inspection.encoding, width=e["width"], starts=frozenset(e["starts"]))


def _is_utf8(lines: list[bytes], cut: bool) -> bool:
    """Whether lines of a file agreed to be in another encoding are all UTF-8, with Chinese characters."""
    other = [raw for raw in (lines[:-1] if cut else lines) if not raw.isascii()]
    return bool(other) and all(enc.decodes(raw, "utf-8") for raw in other) and any("\u4e00" <= c <= "\u9fff" for c in other[0].decode())


def _titles(contract: Contract, plan: Plan, text: str) -> list[str] | None:
    """The first line's cells if they are titles after all."""
    cells = plan.split(text.removesuffix((plan.terminator or "\n")[:-1]))
    score = match(contract, cells).score
    return cells if score >= max(2, len(contract.fields) / 2) or (len(contract.fields) == 1 and score) else None


def _pass(path: Path, contract: Contract, inspection: Inspection, plan: Plan) -> Inspection | Refusal:
    extra, width = inspection.extra, plan.width
    sample: list[list[str | None]] = []
    texts: list[str] = []
    broken: list[bytes] = []
    widths: Counter[int] = Counter()
    count = odd = bad = lines = 0
    mark, end, last = extra["body"], extra["body"], None
    splits: list[list[int | None]] = [[mark, None, 0, extra["line"]]]
    for record in walk(path, plan, extra["body"], None, extra["line"], extra["eol"].encode()):
        if record.offset - mark >= SPLIT_BYTES and not plan.quote:
            splits[-1][1] = mark = record.offset
            splits.append([mark, None, count, record.line])
        count += 1
        lines, last = record.line + record.lines - 1, record
        ascii_only = record.raw.isascii()
        odd += not ascii_only
        if record.text is None:
            bad += 1
            if len(broken) < 100:
                broken.append(record.raw)
            continue
        if not ascii_only and len(texts) < _SAMPLE:
            texts.append(record.text)
        if plan.escape or plan.quote or len(sample) < _SAMPLE:
            cells = plan.cells(record.text)
            seen = len(cells) - (len(cells) == width + 1 and not (cells[-1] or "").strip())
            if len(sample) < _SAMPLE and seen == width:
                sample.append([cells[c] if c is not None else None for c in inspection.columns])
        else:
            seen = record.text.count(plan.delimiter) + 1
            seen -= seen == width + 1 and record.text.endswith(plan.delimiter)
        widths[seen] += 1
        if seen > MAX_COLUMNS:
            return Refusal("wrong_format", f"第 {record.line} 行有 {seen} 列，超过 {MAX_COLUMNS} 列的上限", "请按约定的格式重报")
    codec = plan.encoding
    if bad and ((bad >= 3 and bad * 2 > odd) or (bad == odd and codec == "utf-8" and all(enc.decodes(r, "gb18030") for r in broken))):
        return Refusal("wrong_encoding", f"{odd} 条含非 ASCII 字符的记录中 {bad} 条不是 {codec} 编码", "请按约定的编码重报")
    if fault := enc.garbled(texts) or (enc.big5(texts) if codec == "gb18030" else None):
        return Refusal("wrong_encoding", fault, "请从原系统重新导出")
    if count >= 3 and widths[width] * 10 < sum(widths.values()):
        return _misshapen(path, contract, inspection, plan, widths)
    if count == 0 and extra["line"] == 1:
        return Refusal("empty_file", "文件没有一条记录", "请重报；确实没有数据的，请在对照文件中写明 0 条")
    if count == 0 and contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量文件没有记录", "若确实为空，请书面说明；否则请重报")
    if misplaced := judge_columns(contract, sample, inspection.warnings):
        return misplaced
    if last is not None:
        end = last.offset + len(last.raw)
        wanted = plan.terminator.encode(codec) if plan.terminator else b""
        with path.open("rb") as f:
            f.seek(end)
            tail = f.read(len(wanted) + 2)
        if not tail or (wanted and not tail.replace(b"\r", b"").startswith(wanted.replace(b"\r", b""))):
            inspection.warnings.append("最后一条记录没有结束符，文件可能不完整")
    extra |= {"records": count, "lines": lines, "splits": splits}
    return inspection


def _misshapen(path: Path, contract: Contract, inspection: Inspection, plan: Plan, widths: Counter[int]) -> Refusal:
    """Hardly a record has the agreed number of columns: another delimiter, or columns added or dropped."""
    common = widths.most_common(1)[0][0]
    if common == 1:
        e = inspection.extra
        some = [p.text for p in islice(pieces(path, plan, e["body"], None, 1, e["eol"].encode()), 200) if not p.blank][:100]
        for other in sorted(_DELIMITERS, key=len, reverse=True):
            if other != plan.delimiter and sum(t.count(other) == plan.width - 1 for t in some) * 2 > len(some):
                shown, agreed = repr(other)[1:-1], repr(plan.delimiter)[1:-1]
                return Refusal("header_unknown", f"分隔符是“{shown}”，约定为“{agreed}”", "请按约定的分隔符重报，或修改目录")
    words = "、".join(f"{n} 列 {k} 条" for n, k in widths.most_common(3))
    return Refusal(
        "header_unknown", f"约定 {plan.width} 列，文件的记录多为 {common} 列（{words}）", "请按约定的列重报；列有增减的，请先修改目录"
    )


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record once, as batches of READ_SCHEMA; `split` is one of `inspection.extra["splits"]`, default all of them."""
    plan, rows = plan_of(contract, inspection), Rows(file or path.name)
    distinct = distinctive(contract)
    splits = inspection.extra["splits"]
    for start, end, before, line in splits if split is None else [splits[split]]:
        parts: Iterator[pa.RecordBatch | tuple[int, Line]]
        if able(plan, inspection.extra["eol"]):
            parts = stretches(path, plan, start, end, before, line, rows.file, inspection.columns, contract)
        else:
            parts = enumerate(walk(path, plan, start, end, line, inspection.extra["eol"].encode()), before + 1)
        for part in parts:
            if isinstance(part, pa.RecordBatch):
                if len(rows):
                    yield rows.take()
                yield part
                continue
            row, record = part
            cells, fault = judge_record(record, plan, contract, inspection, distinct)
            place = f"第{record.line}行" if record.lines == 1 else f"第{record.line}–{record.line + record.lines - 1}行"
            rows.add(row, record.line, place, record.offset, record.raw, cells, fault)
            if rows.full:
                yield rows.take()
    if len(rows):
        yield rows.take()


def judge_record(
    record: Line, plan: Plan, contract: Contract, inspection: Inspection, distinct: list[tuple[int, Shape]]
) -> tuple[list[str | None], tuple[str, str | None, str] | None]:
    """Cells in contract order and the fault of structure, if any."""
    text, width = record.text, plan.width
    fault: tuple[str, str | None, str] | None = None
    if text is None:
        fault = ("bad_encoding", None, f"第 {record.broken_at + 1} 字节起不是 {plan.encoding} 编码")
        text = plan.text(record.raw)
    elif enc.stray(record.raw, plan.encoding):
        fault = ("bad_encoding", None, enc.STRAY)
    elif enc.lost(text):
        fault = ("bad_encoding", None, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
    elif "\0" in text and "\0" not in plan.delimiter:
        fault = ("bad_encoding", None, "含有零字节")
    cells = plan.cells(text)
    if len(cells) != width and (len(cells) < width or not all(_blank(c, plan) for c in cells[width:])):
        if fault is None and len(cells) < width and (bytewise := _cut_character(record.raw, plan)):
            fault = ("bad_encoding", None, f"第 {bytewise} 列的最后一个字符被截断，吞掉了分隔符")
        fault = fault or ("column_count", None, f"应为 {width} 列，实为 {len(cells)} 列")
    chosen = [cells[c] if c is not None and c < len(cells) else None for c in inspection.columns]
    if fault is None and suspicious(chosen, distinct) and (pair := swapped_in_record(contract, chosen)):
        fault = ("swapped_fields", pair[0], f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换")
    return chosen, fault


def _blank(cell: str | None, plan: Plan) -> bool:
    """Whether a cell beyond the agreed columns is nothing but a trailing delimiter's; a database's word for NULL is a column's value."""
    return "" in plan.nulls if cell is None else not cell.strip()


def _cut_character(raw: bytes, plan: Plan) -> int | None:
    """The column (from 1) whose last character was cut in half, so that the delimiter's byte completed it; None if that is not it."""
    if plan.encoding != "gb18030" or plan.quote or plan.escape or not plan.delimiter.isascii():
        return None
    parts = raw.split(plan.delimiter.encode("ascii"))
    if len(parts) not in (plan.width, plan.width + 1):
        return None
    cut = [i for i, part in enumerate(parts, 1) if not enc.decodes(part, plan.encoding)]
    return cut[0] if len(cut) == 1 else None
