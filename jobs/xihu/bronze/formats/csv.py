"""Delimited text in an agreed encoding (archetype F1): own splitting and strict decoding, never the engine's reader.

Bytes are split into records first, decoded strictly after: a broken byte costs its own record only. A record ends at CRLF, LF or CR outside
quotes. A field is quoted only if the quote is its first character; any other quote is data, so `="…"` comes out as sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.csvfast import count as count_records
from xihu.bronze.formats.csvfast import fast_batch, undecodable
from xihu.bronze.formats.csvhead import find_header
from xihu.bronze.formats.csvlines import Dialect, Line, TooLong, Unclosed, blocks, records
from xihu.bronze.formats.csvswapped import Fault
from xihu.bronze.formats.fit import Shape, distinctive, judge_columns, suspicious, swapped_in_record
from xihu.bronze.formats.fit import fits as _fits
from xihu.bronze.formats.sums import Sums
from xihu.bronze.schema import SPLIT_BYTES, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_SAMPLE = 1000


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a file before a record of it is read: kind, encoding, header, quoting, columns in place.

    The whole file is passed once, in blocks; memory does not grow with it.
    """
    with path.open("rb") as f:
        head = f.read(1 << 16)
    if not head.strip() and _all_blank(path):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if what := enc.foreign(head):
        return Refusal("wrong_format", f"文件实际是{what}，不是文本", "请按约定的格式重报")
    if refusal := enc.wide(head):
        return refusal
    found = find_header(path, contract)
    if isinstance(found, Refusal):
        return found
    inspection, dialect = found
    return _pass(path, contract, inspection, dialect)


def _all_blank(path: Path) -> bool:
    with path.open("rb") as f:
        return not any(block.strip() for block in iter(lambda: f.read(1 << 20), b""))


def dialect_of(inspection: Inspection, contract: Contract) -> Dialect:
    e = inspection.extra
    sums = Sums.of(contract.delivery.layout)
    return Dialect(inspection.encoding, e["delimiter"], e["quote"], bytes.fromhex(e["header"]), sums or None)


def _pass(path: Path, contract: Contract, inspection: Inspection, dialect: Dialect) -> Inspection | Refusal:
    """Go through the whole file once: can records be told apart, are they in this encoding, are the columns in place."""
    extra, warnings = inspection.extra, inspection.warnings
    sample: list[list[str | None]] = []
    texts: list[str] = []
    count = odd = bad = utf8 = sound = 0
    # Blocks of which it need not be known how many records are undecodable: of all that came before, enough are sound.
    later: list[tuple[int, int, int]] = []
    splits, last = [], b"\n"
    mark = extra["body"]
    splits.append([extra["body"], None, 0, extra["line"]])
    try:
        for block in blocks(path, extra["body"], None, dialect, extra["line"]):
            if block.offset - mark >= SPLIT_BYTES:
                splits[-1][1] = mark = block.offset
                splits.append([block.offset, None, count, block.line])
            last = block.data[-1:] or last
            if block.plain and block.ascii and len(sample) >= _SAMPLE:
                count += block.lines
                continue
            if block.even and len(texts) >= _SAMPLE and len(sample) >= _SAMPLE:
                whole = count_records(block)
                count += whole
                odd += whole
                if sound * 2 >= odd:
                    later.append((block.offset, len(block.data), whole))
                else:
                    bad += (broken := undecodable(block.data, dialect.encoding))
                    sound += whole - broken
                continue
            for record in records(block):
                count += 1
                if _swallows(record, contract, inspection, dialect):
                    raise Unclosed(record.line)
                ascii_only = record.raw.isascii()
                text = record.text
                odd += not ascii_only
                bad += text is None
                sound += not ascii_only and text is not None
                if dialect.encoding != "utf-8" and not ascii_only and len(texts) < _SAMPLE:
                    utf8 += enc.tells_utf8(record.raw, dialect.encoding)
                if text is None:
                    continue
                if len(texts) < _SAMPLE and not ascii_only:
                    texts.append(text)
                if len(sample) < _SAMPLE:
                    cells = dialect.cells(text)
                    sample.append([cells[p] if p is not None and p < len(cells) else None for p in inspection.columns])
    except Unclosed as fault:
        return Refusal("unclosed_quote", f"第 {fault.line} 行起的引号没有闭合，记录无法区分", "请检查该行引号后重报")
    except TooLong as fault:
        return Refusal("wrong_format", f"第 {fault.line} 行过长，不像是文本记录", "请按约定的格式重报")
    while later and (sound * 2 < odd or (utf8 >= 3 and utf8 * 2 > len(texts) + bad)):
        offset, size, whole = later.pop()
        bad += (broken := undecodable(_stretch(path, offset, size), dialect.encoding))
        sound += whole - broken
    if bad >= 3 and bad * 2 > odd:
        return Refusal("wrong_encoding", f"{odd} 条含非 ASCII 字符的记录中 {bad} 条不是 {dialect.encoding} 编码", "请按约定的编码重报")
    if dialect.encoding != "utf-8" and utf8 >= 3 and utf8 * 2 > len(texts) + bad:
        return Refusal("wrong_encoding", f"表头是 {dialect.encoding}，正文却是 UTF-8", "请按约定的编码重报")
    if fault_text := enc.garbled(texts):
        return Refusal("wrong_encoding", fault_text, "请从原系统重新导出")
    if count == 0 and contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量文件只有表头，没有记录", "若确实为空，请书面说明；否则请重报")
    if misplaced := judge_columns(contract, sample, warnings):
        return misplaced
    if count and last not in b"\r\n":
        warnings.append("最后一行没有换行符，文件可能不完整")
    extra["records"] = count
    extra["splits"] = splits
    return inspection


def _stretch(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as f:
        f.seek(offset)
        return f.read(size)


def _swallows(record: Line, contract: Contract, inspection: Inspection, dialect: Dialect) -> bool:
    """Whether a record over several lines holds what were records of their own before a stray quote ran them together."""
    if record.lines < 2 or record.text is None:
        return False
    whole = 0
    for line in record.text.splitlines():
        cells = line.split(dialect.delimiter)
        if len(cells) != len(inspection.header):
            continue
        judged = []
        for spec, position in zip(contract.fields.values(), inspection.columns, strict=True):
            if position is not None and spec.type not in ("text", "person_name", "code") and len(cells[position].strip('" ')) > 1:
                judged.append(_fits(spec, cells[position].strip('" ')))
        whole += bool(judged) and all(f is True for f in judged)
    return whole >= 2


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every data record once, as batches of READ_SCHEMA.

    Args:
        file: what `_file` shall say; default the file's name.
        split: one of `inspection.extra["splits"]`; default all of them.
    """
    name = file or path.name
    splits = inspection.extra["splits"]
    for start, end, row, line in splits if split is None else [splits[split]]:
        yield from _read_split(path, contract, inspection, name, start, end, row, line)


def _read_split(
    path: Path, contract: Contract, inspection: Inspection, file: str, start: int, end: int | None, row: int, line: int
) -> Iterator[pa.RecordBatch]:
    dialect = dialect_of(inspection, contract)
    width = len(inspection.header)
    raw_width = inspection.extra["raw_width"]
    untitled = inspection.extra["blank"] + list(range(width, raw_width))
    distinct = distinctive(contract)
    rows = Rows(file)

    def judge(record: Line) -> tuple[list[str | None], Fault | None]:
        return judge_record(record, dialect, contract, inspection, width, distinct)

    for block in blocks(path, start, end, dialect, line):
        batch = fast_batch(block, file, row, raw_width, untitled, inspection.columns, contract, judge) if block.even else None
        if batch is not None:
            if len(rows):
                yield rows.take()
            row += batch.num_rows
            yield batch
            continue
        for record in records(block):
            row += 1
            cells, fault = judge(record)
            rows.add(row, record.line, f"第{record.line}行", record.offset, record.raw, cells, fault)
            if rows.full:
                yield rows.take()
    if len(rows):
        yield rows.take()


def judge_record(
    record: Line, dialect: Dialect, contract: Contract, inspection: Inspection, width: int, distinct: list[tuple[int, Shape]]
) -> tuple[list[str | None], Fault | None]:
    """Cells in contract order and the fault of structure, if any."""
    text = record.text
    fault: Fault | None = None
    if text is None:
        at = record.broken_at
        fault = ("bad_encoding", None, f"第 {at + 1} 字节起不是 {dialect.encoding} 编码")
        text = record.raw.decode(dialect.encoding, "replace")
    elif enc.stray(record.raw, dialect.encoding):
        fault = ("bad_encoding", None, enc.STRAY)
    elif enc.lost(text):
        fault = ("bad_encoding", None, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
    elif "\0" in text:
        fault = ("bad_encoding", None, "含有零字节")
    cells = dialect.cells(text)
    if fault is None and len(cells) != width and (len(cells) < width or any(c.strip() for c in cells[width:])):
        fault = ("column_count", None, f"应为 {width} 列，实为 {len(cells)} 列")
    if fault is None:
        for position in inspection.extra["blank"]:
            if cells[position].strip():
                fault = ("column_count", None, f"第 {position + 1} 列没有标题却有内容")
    chosen = [cells[p] if p is not None and p < len(cells) else None for p in inspection.columns]
    if fault is None and suspicious(chosen, distinct) and (pair := swapped_in_record(contract, chosen)):
        fault = ("swapped_fields", pair[0], f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换")
    return chosen, fault
