"""dBase and FoxPro tables (archetype F7): GBK without a word of it, names cut at ten bytes, deleted rows that are still there.

A deleted row comes out with `_detail` = `schema.DELETED` and no reason: it closes the row it names, or is superseded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.dbfhead import CODE_PAGES, Head, read_head, titles
from xihu.bronze.formats.dbfvalues import BadText, Memo, NoMemo, memo_block, memo_path, value
from xihu.bronze.formats.fit import judge_columns, swapped_in_record
from xihu.bronze.formats.header import judge, match
from xihu.bronze.schema import DELETED, SPLIT_BYTES, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_SAMPLE = 1000
_PIECE = 512 << 10
_FILL = b"\x1a\x00 \r\n"
_EMPTY_FIELD = b" \0"


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a table: its head, the number of its records, encoding, columns in place. Passed once, in pieces."""
    size = path.stat().st_size
    with path.open("rb") as f:
        first = f.read(4096)
    if not first.strip(b" \t\r\n\x1a\0") and size <= len(first):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if what := enc.foreign(first):
        return Refusal("wrong_format", f"文件实际是{what}，不是 DBF 表", "请按约定的格式重报")
    head = read_head(path)
    if isinstance(head, Refusal):
        return head
    agreed = enc.codec(contract.delivery.encoding)
    codec, warnings = agreed, []
    told = CODE_PAGES.get(head.language)
    if told and told != agreed:
        warnings.append(f"约定为 {agreed}，文件头的代码页是 {told}")
    sample = [raw for _, raw in _some(path, head)]
    names = [c.name for c in head.columns]
    if agreed != "utf-8" and _is_utf8(sample, names, head):
        warnings.append(f"约定为 {agreed}，文件为 utf-8，按 utf-8 读取")
        codec = "utf-8"
    given = titles(head, contract, codec)
    found = match(contract, given)
    judged = judge(contract, given, found)
    if judged.refusal:
        if codec == agreed and (other := _other_encoding(head, contract, agreed)):
            return Refusal("wrong_encoding", f"字段名是 {other} 编码，约定为 {agreed}", "请按约定的编码重报")
        return judged.refusal
    columns = [found.positions.get(name) for name in contract.fields]
    inspection = Inspection(codec, given, columns, warnings + judged.warnings, held=judged.held)
    memos = [given[c] for c in columns if c is not None and head.columns[c].kind == "M"]
    if memos and memo_path(path) is None and any(memo_block(_part(raw, head, c)) for raw in sample for c in _memo_columns(head)):
        return Refusal(
            "companion_missing", f"备注字段（{'、'.join(memos)}）的内容在 .dbt/.fpt 文件里，它没有同来", "请把备注文件与 DBF 一起重报"
        )
    return _pass(path, contract, inspection, head)


def _memo_columns(head: Head) -> list[int]:
    return [i for i, c in enumerate(head.columns) if c.kind == "M"]


def _part(raw: bytes, head: Head, position: int) -> bytes:
    column = head.columns[position]
    return raw[column.start : column.start + column.width]


def _some(path: Path, head: Head) -> Iterator[tuple[int, bytes]]:
    for i, pair in enumerate(walk(path, head, head.start, None, 0)):
        if i >= _SAMPLE:
            return
        yield pair


def _is_utf8(sample: list[bytes], names: list[bytes], head: Head) -> bool:
    """Whether names and texts other than ASCII are UTF-8 throughout; one that a field's end cuts does not speak against it."""
    spans = [(c.start, c.start + c.width) for c in head.columns if c.kind == "C"]
    texts = [t for raw in sample for a, b in spans if not (t := raw[a:b].rstrip(_EMPTY_FIELD)).isascii()]
    texts += [n for n in names if not n.isascii()]
    good = chinese = 0
    for t in texts:
        kept = t.decode("utf-8", "ignore")
        good += len(t) - len(kept.encode()) < 4 and t.startswith(kept.encode())
        chinese += any("\u4e00" <= c <= "\u9fff" for c in kept)
    return bool(texts) and good == len(texts) and chinese > 0


def _other_encoding(head: Head, contract: Contract, agreed: str) -> str | None:
    for other in ("utf-8", "gb18030", "big5"):
        if other != agreed and match(contract, titles(head, contract, other)).score * 2 > len(contract.fields):
            return other
    return None


def walk(path: Path, head: Head, start: int, end: int | None, row: int) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of every record from `start`, the broken ones too; `row` records stand before it.

    The table ends at an end mark after the records that the head counts, at filling up to the end of the file, or there. What the head
    did not count is still a record.
    """
    stop = path.stat().st_size if end is None else end
    with path.open("rb") as f:
        f.seek(start)
        buffer, offset = b"", start
        while True:
            more = f.read(min(_PIECE, stop - offset - len(buffer)))
            buffer += more
            pos = 0
            while len(buffer) - pos >= head.length:
                raw = buffer[pos : pos + head.length]
                if row == head.stated and raw[:1] == b"\x1a":
                    return
                if (raw[:1] not in (b" ", b"*") or row >= head.stated) and not raw.strip(_FILL) and _filling(path, offset + pos):
                    return
                yield offset + pos, raw
                pos, row = pos + head.length, row + 1
            buffer, offset = buffer[pos:], offset + pos
            if not more:
                if buffer.strip(_FILL) and end is None and not (row == head.stated and buffer[:1] == b"\x1a"):
                    yield offset, buffer
                return


def _filling(path: Path, offset: int) -> bool:
    """Whether nothing but end marks, zeros and blanks follows."""
    with path.open("rb") as f:
        f.seek(offset)
        return not any(block.strip(_FILL) for block in iter(lambda: f.read(1 << 20), b""))


def _pass(path: Path, contract: Contract, inspection: Inspection, head: Head) -> Inspection | Refusal:
    texts: list[str] = []
    sample: list[list[str | None]] = []
    count = live = odd = bad = cut = 0
    step = max(SPLIT_BYTES // head.length, 1)
    splits: list[list[int | None]] = [[head.start, None, 0]]
    spans = [(c.start, c.start + c.width) for c in head.columns if c.kind in "CV"]
    for offset, raw in walk(path, head, head.start, None, 0):
        if count and count % step == 0:
            splits[-1][1] = offset
            splits.append([offset, None, count])
        count += 1
        cut += len(raw) < head.length
        if raw[:1] == b"*":
            continue
        live += 1
        if not raw.isascii():
            # A binary field may hold anything; only texts tell the encoding.
            parts = [t for a, b in spans if not (t := raw[a:b]).isascii()]
            odd += bool(parts)
            broken = any(not enc.decodes(t.rstrip(_EMPTY_FIELD), inspection.encoding) for t in parts)
            bad += broken
            if not broken and len(texts) < _SAMPLE:
                texts.append(" ".join(t.decode(inspection.encoding) for t in parts))
        if len(sample) < _SAMPLE and len(raw) == head.length:
            sample.append(_cells(raw, contract, inspection, head, None)[0])
    if bad >= 3 and bad * 2 > odd:
        return Refusal("wrong_encoding", f"{odd} 条含汉字的记录中 {bad} 条不是 {inspection.encoding} 编码", "请按约定的编码重报")
    if fault := enc.garbled(texts) or (enc.big5(texts) if inspection.encoding == "gb18030" else None):
        return Refusal("wrong_encoding", fault, "请从原系统重新导出")
    if count - cut < head.stated:
        return Refusal("control_total", f"文件头声明 {head.stated} 条记录，完整的只有 {count - cut} 条，文件被截断", "请重报完整文件")
    if count > head.stated:
        inspection.warnings.append(f"文件头声明 {head.stated} 条记录，实有 {count} 条，全部读取")
    if live == 0 and contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量文件没有未删除的记录", "若确实为空，请书面说明；否则请重报")
    if misplaced := judge_columns(contract, sample, inspection.warnings):
        return misplaced
    with path.open("rb") as f:
        f.seek(head.start + count * head.length)
        if count and not cut and f.read(1) != b"\x1a":
            inspection.warnings.append("文件没有结束标志（0x1A），记录数与文件头相符的不受影响")
    if count > live:
        inspection.warnings.append(f"{count - live} 条记录带删除标志")
    inspection.extra |= {"records": count, "splits": splits}
    return inspection


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record once, deleted ones too, as batches of READ_SCHEMA; `split` is one of `inspection.extra["splits"]`."""
    head = read_head(path)
    if isinstance(head, Refusal):
        raise ValueError(head.detail)
    rows = Rows(file or path.name)
    splits = inspection.extra["splits"]
    with ExitStack() as stack:
        beside = memo_path(path) if _memo_columns(head) else None
        memo = stack.enter_context(Memo(beside, head)) if beside else None
        for start, end, before in splits if split is None else [splits[split]]:
            for row, (offset, raw) in enumerate(walk(path, head, start, end, before), before + 1):
                cells, fault = judge_record(raw, contract, inspection, head, memo)
                rows.add(row, row, f"第{row}条记录", offset, raw, cells, fault)
                if rows.full:
                    yield rows.take()
    if len(rows):
        yield rows.take()


Fault = tuple[str | None, str | None, str]


def judge_record(
    raw: bytes, contract: Contract, inspection: Inspection, head: Head, memo: Memo | None
) -> tuple[list[str | None], Fault | None]:
    """Cells in contract order; the fault of structure, or the mark of a deleted row."""
    fault: Fault | None
    if len(raw) < head.length:
        return [None] * len(contract.fields), ("truncated", None, f"记录应为 {head.length} 字节，实为 {len(raw)}")
    cells, fault = _cells(raw, contract, inspection, head, memo)
    if raw[:1] == b"*":
        return cells, (None, None, DELETED)
    if raw[:1] != b" ":
        return cells, ("bad_length", None, f"删除标志是 {raw[0]:#04x}，记录错位")
    if fault is None:
        for column in head.columns:
            if column.kind == "C" and not enc.decodes(
                raw[column.start : column.start + column.width].rstrip(_EMPTY_FIELD), inspection.encoding
            ):
                fault = ("bad_encoding", None, f"字段 {column.name.decode(inspection.encoding, 'replace')} 不是 {inspection.encoding} 编码")
                break
    if fault is None and enc.stray(raw, inspection.encoding):
        fault = ("bad_encoding", None, enc.STRAY)
    if fault is None and (pair := swapped_in_record(contract, cells)):
        fault = ("swapped_fields", pair[0], f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换")
    return cells, fault


def _cells(raw: bytes, contract: Contract, inspection: Inspection, head: Head, memo: Memo | None) -> tuple[list[str | None], Fault | None]:
    cells: list[str | None] = []
    fault: Fault | None = None
    # Asterisks throughout are a number too wide for its field in dBase and FoxPro, but NULL in what Shapelib, GDAL and QGIS write.
    nothing = contract.delivery.format == "shapefile"
    for (name, spec), position in zip(contract.fields.items(), inspection.columns, strict=True):
        if position is None:
            cells.append(None)
            continue
        column, part = head.columns[position], _part(raw, head, position)
        try:
            cell = value(part, column, head, inspection.encoding, memo)
        except BadText:
            cell = part.rstrip(_EMPTY_FIELD).decode(inspection.encoding, "replace")
            fault = fault or ("bad_encoding", name, f"不是 {inspection.encoding} 编码，或末尾的字符被字段宽度截断")
        except NoMemo as why:
            cell = None
            fault = fault or ("truncated", name, str(why))
        if cell and enc.lost(cell):
            fault = fault or ("bad_encoding", name, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
        if cell and spec.type in ("citizen_id", "uscc") and column.kind in "BO" and len(cell.lstrip("-")) > 15:
            fault = fault or ("bad_id_float", name, "号码存成了双精度数，末几位已不可靠")
        if cell and nothing and column.kind in "NF" and not cell.strip("*"):
            cell = None
        cells.append(cell)
    return cells, fault
