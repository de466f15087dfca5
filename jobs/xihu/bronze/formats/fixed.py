"""Fixed-width records in bytes of the agreed encoding (archetype F3): header, detail and trailer lines with control totals.

Bytes are sliced before they are decoded: a Chinese character is two or four bytes, a slice of decoded text would shift all later fields.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.fit import swapped_in_record
from xihu.bronze.schema import MAX_RECORD, Inspection, Refusal, Rows
from xihu.contract.models import MONEY_UNITS, NUMERIC, Contract, FieldSpec
from xihu.standards import numbers

_EOL = re.compile(rb"\r\n|\n|\r")
PIECE = 256 << 10
_PADDING = " \u3000\t\0"
_BLANK = b" \t\x1a\0"


@dataclass(frozen=True)
class Piece:
    """One physical line or record: byte offset, 1-based number, bytes without the line end."""

    offset: int
    line: int
    raw: bytes


class TooLong(Exception):
    """A line longer than any record may be."""


def pieces(path: Path, contract: Contract, ended: bool) -> Iterator[Piece]:
    """Lines of a file; with `ended` False, stretches of the record's length."""
    record = contract.delivery.record
    assert record is not None
    with path.open("rb") as f:
        buffer, offset, line, first = b"", 0, 0, True
        while True:
            more = f.read(PIECE)
            buffer += more
            if first:
                skip, _ = enc.bom(buffer)
                buffer, offset, first = buffer[skip:], skip, False
            pos = 0
            if ended:
                for eol in _EOL.finditer(buffer):
                    if more and eol.end() == len(buffer) and eol.group() == b"\r":
                        break
                    line += 1
                    yield Piece(offset + pos, line, buffer[pos : eol.start()])
                    pos = eol.end()
            else:
                while len(buffer) - pos >= record.length:
                    line += 1
                    yield Piece(offset + pos, line, buffer[pos : pos + record.length])
                    pos += record.length
            buffer, offset = buffer[pos:], offset + pos
            if not more:
                if buffer:
                    yield Piece(offset, line + 1, buffer)
                return
            if len(buffer) > MAX_RECORD:
                raise TooLong(line + 1)


def kind_of(contract: Contract, raw: bytes) -> str:
    """header, detail, trailer, blank, or unknown."""
    record = contract.delivery.record
    assert record is not None
    if not raw.strip(_BLANK):
        return "blank"
    marks = [(record.header, "header"), (record.detail, "detail"), (record.trailer, "trailer")]
    # The longer mark first: T and T9 may both be in use.
    for mark, kind in sorted(((m, k) for m, k in marks if m), key=lambda pair: -len(pair[0])):
        if raw.startswith(mark.encode(enc.codec(contract.delivery.encoding))):
            return kind
    return "unknown" if record.detail else "detail"


def amount(text: str) -> int | Decimal | None:
    """A number of digits with its sign first or last; None if it is none."""
    text = text.strip(_PADDING)
    sign = -1 if "-" in text else 1
    digits = text.strip("+- ").replace(",", "")
    try:
        return sign * (int(digits) if digits.isascii() and digits.isdigit() else Decimal(digits))
    except (InvalidOperation, ValueError):
        return None


def _amount(part: bytes, codec: str) -> int | Decimal | None:
    """An amount as it will be typed: what is accepted there must be summed here, or a shifted record would pass as unreadable."""
    text = _decode(part, codec)
    if text is None:
        return None
    folded = unicodedata.normalize("NFKC", text).strip(_PADDING)
    plain = amount(folded)
    if plain is not None or not folded:
        return plain
    found = numbers.read(folded, money=True, sign_last=True)
    return None if isinstance(found, numbers.NumberProblem) or found.unit else found.value


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a file: kinds of lines in order, count and total of the trailer, encoding."""
    record, size = contract.delivery.record, path.stat().st_size
    if record is None:
        raise ValueError(f"{contract.resource}: delivery.record is missing")
    with path.open("rb") as f:
        head = f.read(1 << 16)
    if size == 0 or (size <= len(head) and not head.strip(b" \t\r\n\x1a\0")):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if what := enc.foreign(head):
        return Refusal("wrong_format", f"文件实际是{what}，不是定长文本", "请按约定的格式重报")
    if refusal := enc.wide(head):
        return refusal
    ended = b"\n" in head or b"\r" in head
    try:
        return _judge(path, contract, ended, size)
    except TooLong:
        return Refusal("wrong_format", "行过长，不像是定长记录", "请按约定的格式重报")


def _judge(path: Path, contract: Contract, ended: bool, size: int) -> Inspection | Refusal:
    record, codec = contract.delivery.record, enc.codec(contract.delivery.encoding)
    assert record is not None
    with path.open("rb") as f:
        skip, told = enc.bom(f.read(4))
    if told and told != codec:
        return Refusal("wrong_encoding", f"文件带 {told} 标记，宽度按 {codec} 字节约定，无法切分", "请按约定的编码重报")
    total_at = record.trailer_total
    field = contract.fields[total_at.field] if total_at else None
    trailers: list[Piece] = []
    counts = dict.fromkeys(("header", "detail", "trailer", "blank", "unknown"), 0)
    first: str | None = None
    last, exact, unread, broken, wide, lengths = "blank", Decimal(0), 0, 0, 0, 0
    texts: list[str] = []
    for piece in pieces(path, contract, ended):
        kind = kind_of(contract, piece.raw)
        if kind == "header" and first is not None:
            kind = "unknown"
        counts[kind] += 1
        if kind == "blank":
            continue
        first, last = first or kind, kind
        if kind == "trailer":
            trailers.append(piece)
        if kind not in ("detail", "unknown"):
            continue
        lengths += len(piece.raw) == record.length
        if not piece.raw.isascii():
            wide += 1
            text = _decode(piece.raw, codec)
            broken += text is None
            if text and len(texts) < 1000:
                texts.append(text)
        if field and field.start and field.width:
            value = _amount(_slice(piece.raw, field), codec) if len(piece.raw) == record.length and kind == "detail" else None
            if value is None:
                unread += 1
            else:
                exact += Decimal(value) * (MONEY_UNITS.get(field.unit or "元", Decimal(1)) if field.type == "money" else 1)
    data = counts["detail"] + counts["unknown"]
    if first is None:
        return Refusal("empty_file", "文件没有内容", "请重报")
    if record.detail and counts["detail"] == 0 and counts["unknown"]:
        return Refusal("wrong_format", f"没有一行以明细标志“{record.detail}”开头", "请按约定的格式重报")
    if lengths == 0 and data >= 3:
        what = "文件可能是 UTF-8 编码" if broken * 2 > wide or any(map(enc.regained, texts[:20])) else "长度与约定不同"
        reason = "wrong_encoding" if what.endswith("编码") else "wrong_format"
        return Refusal(reason, f"没有一条记录是约定的 {record.length} 字节，{what}", "请按约定的格式与编码重报")
    if broken >= 3 and broken * 2 > wide:
        return Refusal("wrong_encoding", f"{wide} 条含非 ASCII 字符的记录中 {broken} 条不是 {codec} 编码", "请按约定的编码重报")
    if bad := enc.garbled(texts):
        return Refusal("wrong_encoding", bad, "请从原系统重新导出")
    if record.header and first != "header":
        if first == "detail":
            return Refusal("header_missing", f"第一行不是首记录（“{record.header}”开头）", "请重报完整文件")
        return Refusal("wrong_format", f"第一行既不是首记录（“{record.header}”开头）也不是明细", "请按约定的格式重报")
    warnings = [] if ended or size <= record.length else ["文件没有换行符，按记录长度切分"]
    if record.trailer:
        fault = _control(contract, trailers, last, data, exact, unread, warnings)
        if fault:
            return Refusal("control_total", fault, "请核对并重报完整批次")
    if data == 0 and contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量文件没有明细记录", "若确实为空，请书面说明；否则请重报")
    return Inspection(
        codec, [], list(range(len(contract.fields))), warnings, [], {"ended": ended, "records": data, "splits": [[skip, None, 0, 1]]}
    )


def _control(
    contract: Contract, trailers: list[Piece], last: str, data: int, exact: Decimal, unread: int, warnings: list[str]
) -> str | None:
    """What the trailer contradicts; None if the books balance.

    A total cannot be proven while the amount of a broken record is unreadable; that is a warning, for the record itself is kept and shown.
    """
    record = contract.delivery.record
    assert record is not None
    if not trailers:
        return f"没有尾记录（“{record.trailer}”开头），文件可能被截断"
    if len(trailers) > 1 or last != "trailer":
        return "尾记录之后还有内容，或尾记录不止一条"
    raw = trailers[0].raw
    if record.trailer_count:
        stated = amount(raw[record.trailer_count.start - 1 :][: record.trailer_count.width].decode("latin-1"))
        if stated is None or stated != data:
            return f"尾记录的笔数是 {stated if stated is not None else '空'}，实有 {data} 条明细"
    if record.trailer_total:
        total = amount(raw[record.trailer_total.start - 1 :][: record.trailer_total.width].decode("latin-1"))
        if total is None:
            return "尾记录的合计不是数字"
        meant = (
            Decimal(total)
            if isinstance(total, Decimal) and total.as_tuple().exponent != 0
            else Decimal(total).scaleb(-record.trailer_total.scale)
        )
        if meant != exact:
            if not unread:
                return f"尾记录的合计是 {meant}，明细合计为 {exact}"
            warnings.append(f"{unread} 条明细残缺，其金额无法读取：尾记录合计 {meant}，其余明细合计 {exact}")
    return None


def _decode(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _slice(raw: bytes, spec: FieldSpec) -> bytes:
    start = (spec.start or 1) - 1
    return raw[start : start + (spec.width or 0)]


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every detail record once, and every line of an unknown kind; as batches of READ_SCHEMA.

    Padding (blanks, U+3000) is stripped and a sign that stands last is put first; `_raw` keeps the bytes.
    """
    record = contract.delivery.record
    assert record is not None
    rows, row, started = Rows(file or path.name), 0, False
    for piece in pieces(path, contract, inspection.extra["ended"]):
        kind = kind_of(contract, piece.raw)
        if kind in ("blank", "trailer") or (kind == "header" and not started):
            started = started or kind != "blank"
            continue
        started = True
        row += 1
        cells, fault = judge_record(piece.raw, kind, contract, inspection.encoding)
        rows.add(row, piece.line, f"第{piece.line}行", piece.offset, piece.raw, cells, fault)
        if rows.full:
            yield rows.take()
    if len(rows):
        yield rows.take()


def judge_record(raw: bytes, kind: str, contract: Contract, codec: str) -> tuple[list[str | None], tuple[str, str | None, str] | None]:
    """Cells in contract order and the fault of structure, if any."""
    record = contract.delivery.record
    assert record is not None
    fault: tuple[str, str | None, str] | None = None
    if len(raw) < record.length:
        fault = ("truncated", None, f"记录应为 {record.length} 字节，实为 {len(raw)}")
    elif len(raw) > record.length:
        fault = ("bad_length", None, f"记录应为 {record.length} 字节，实为 {len(raw)}")
    elif kind != "detail":
        fault = ("bad_length", None, f"记录标志“{raw[:4].decode(codec, 'replace')}”不在约定之内")
    cells: list[str | None] = []
    for name, spec in contract.fields.items():
        if not spec.start or not spec.width:
            cells.append(None)
            continue
        part = _slice(raw, spec)
        text = _decode(part, codec)
        if text is None:
            fault = fault or ("bad_encoding", name, f"第 {spec.start}–{spec.start + spec.width - 1} 字节不是 {codec} 编码，或字符被截断")
            text = part.decode(codec, "replace")
        elif enc.lost(text):
            fault = fault or ("bad_encoding", name, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
        text = text.strip(_PADDING)
        if spec.type in NUMERIC and len(text) > 1 and text[-1] in "+-":
            text = ("-" if text[-1] == "-" else "") + text[:-1].strip()
        cells.append(text if part else None)
    if fault is None and not raw.isascii() and _decode(raw, codec) is None:
        fault = ("bad_encoding", None, f"记录含有不是 {codec} 编码的字节")
    if fault is None and enc.stray(raw, codec):
        fault = ("bad_encoding", None, enc.STRAY)
    if fault is None and (pair := swapped_in_record(contract, cells)):
        fault = ("swapped_fields", pair[0], f"“{contract.fields[pair[0]].title}”与“{contract.fields[pair[1]].title}”的内容互换")
    return cells, fault
