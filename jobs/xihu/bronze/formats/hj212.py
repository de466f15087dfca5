"""HJ 212 telegrams of pollution monitors (archetype F8; HJ 212-2017, HJ/T 212-2005).

`##`, four digits of length, the data segment, four hexadecimal digits of CRC, CRLF. With `telegram: {explode: factor}` every factor of a
telegram is a record, its `_raw` the factor's stretch of bytes; a telegram that is broken is one record, its `_raw` the whole of it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.csvlines import TooLong
from xihu.bronze.formats.header import fold
from xihu.bronze.schema import MAX_RECORD, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_BLOCK = 256 << 10
_HEAD = re.compile(rb"##(?=\d{4})")
_ENDS = re.compile(rb"&&([0-9A-Fa-f]{4})$")
_BLANK = b" \t\r\n\0\x1a"
_LINE, _WORDS = re.compile(rb"[\r\n]+"), re.compile(rb"[^\r\n]+")
# A time and perhaps a word, as loggers put before what they received.
_LOGGED = re.compile(rb"[\[(<]?\d{4}[-/.]?\d\d[-/.]?\d\d[T _]?\d\d:?\d\d(:?\d\d)?[^=&#]{0,60}")
# Uploads of measured values: real time, minutes, hours, days.
DATA = frozenset({"2011", "2051", "2061", "2031"})
_FACTOR = ("factor", "因子", "因子编码", "污染因子", "polid")


def _table() -> list[int]:
    """The CRC of the standard's appendix A for one byte in the register."""
    found = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        found.append(crc)
    return found


_CRC = _table()


def crc16(data: bytes) -> int:
    """CRC of a data segment: register FFFF; each byte is added to its high byte shifted down, then eight shifts with A001."""
    crc = 0xFFFF
    for byte in data:
        crc = _CRC[(crc >> 8) ^ byte]
    return crc


@dataclass
class Telegram:
    """One stretch from `##` to the next: offset, 1-based number, bytes without the line end, reason and detail where broken."""

    offset: int
    number: int
    line: int
    raw: bytes
    reason: str | None = None
    detail: str = ""
    command: str = ""
    header: dict[str, str] = field(default_factory=dict)
    factors: list[Factor] = field(default_factory=list)


@dataclass
class Factor:
    """One factor's values: code, items by name, and where its bytes stand in the telegram."""

    code: str
    start: int
    end: int
    items: dict[str, str] = field(default_factory=dict)


def judge(body: bytes) -> tuple[str | None, str, int]:
    """(reason, detail, length of the data segment) of what follows `##`."""
    stated = int(body[:4])
    data = body[4:].rstrip(_BLANK)
    told = data[stated : stated + 4]
    if re.fullmatch(rb"[0-9A-Fa-f]{4}", told) and int(told, 16) == crc16(data[:stated]):
        return None, "", stated
    ending = _ENDS.search(data)
    real = len(data) - 4
    if ending is None:
        if len(data) == stated + 4:
            return "bad_crc", f"校验码“{told.decode('latin-1')}”不是十六进制", stated
        if len(data) < stated + 4:
            return "truncated", f"声明 {stated} 字节，到 {len(data)} 字节处中断", len(data)
        return "bad_length", f"声明 {stated} 字节，实有 {len(data)} 字节而没有校验码", len(data)
    right = int(ending[1], 16) == crc16(data[:real])
    if real != stated:
        return "bad_length", f"声明 {stated} 字节，实为 {real} 字节" + ("" if right else "；校验码也不符"), real
    return "bad_crc", f"校验码 {ending[1].decode()}，按内容应为 {crc16(data[:real]):04X}", real


def stretches(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """(offset, line, bytes) of everything between one `##dddd` and the next; what stands before the first, too, if it is not blank.

    Raises:
        TooLong: more than MAX_RECORD bytes without a telegram.
    """
    with path.open("rb") as f:
        buffer, offset, line = b"", 0, 1
        while True:
            more = f.read(_BLOCK)
            buffer += more
            cuts = [m.start() for m in _HEAD.finditer(buffer)]
            # A head at the very end may not be whole yet; the last stretch may go on in the next block.
            edges = [0, *(c for c in cuts if c > 0)] if cuts or not more else [0]
            if not more:
                edges.append(len(buffer))
            for a, b in pairwise(edges):
                piece = buffer[a:b]
                if piece.strip(_BLANK):
                    yield offset + a, line, piece
                line += piece.count(b"\n")
            buffer, offset = buffer[edges[-1] :], offset + edges[-1]
            if not more:
                return
            if len(buffer) > MAX_RECORD:
                raise TooLong(line)


def telegrams(path: Path, codec: str) -> Iterator[Telegram]:
    """Every telegram, and every line that is none, in order. What a logger wrote before a telegram (a time, a word) is left out."""
    open_: OrderedDict[tuple[str, str, str], str] = OrderedDict()
    number = 0
    for offset, line, piece in stretches(path):
        lead = len(piece) - len(piece.lstrip(_BLANK))
        offset, line, raw = offset + lead, line + piece[:lead].count(b"\n"), piece.strip(_BLANK)
        rest = 0
        if _HEAD.match(raw):
            reason, detail, length = judge(raw[2:])
            if reason is not None or len(raw) > 10 + length:
                # The telegram is what stands on its line.
                first = _LINE.split(raw, maxsplit=1)[0].rstrip(_BLANK)
                reason, detail, length = judge(first[2:])
                rest = len(first) if reason is not None else 10 + length
            number += 1
            one = Telegram(offset, number, line, raw[:rest] if rest else raw, reason, detail)
            _parse(one, one.raw[6 : 6 + length], codec)
            if "PNUM" in one.header:
                _packet(one, open_)
            yield one
        if rest or not _HEAD.match(raw):
            for other in _strangers(raw[rest:], offset + rest, line + raw[:rest].count(b"\n")):
                number += 1
                other.number = number
                yield other


def _strangers(data: bytes, offset: int, line: int) -> Iterator[Telegram]:
    """Lines that are no telegrams."""
    for found in _WORDS.finditer(data):
        raw = found.group().strip(_BLANK)
        if raw and not _LOGGED.fullmatch(raw):
            remains = b"&&" in raw or b"CN=" in raw
            at = found.start() + found.group().index(raw)
            words = ("truncated", "报文的开头丢失") if remains else ("bad_length", "不是报文")
            if raw.startswith(b"##"):
                words = ("bad_length", "长度不是四位数字") if remains else ("truncated", "报文在开头处中断")
            yield Telegram(offset + at, 0, line + data[:at].count(b"\n"), raw, *words)


def _packet(one: Telegram, open_: OrderedDict[tuple[str, str, str], str]) -> None:
    """Packets of one message have its DataTime, which may stand in the first alone."""
    key = (one.header.get("MN", ""), one.header.get("QN", ""), one.header.get("CN", ""))
    if "DataTime" in one.header:
        open_[key] = one.header["DataTime"]
        if len(open_) > 1000:
            open_.popitem(last=False)
    elif key in open_ and one.reason is None:
        one.header["DataTime"] = open_[key]


def _parse(one: Telegram, data: bytes, codec: str) -> None:
    """Header words and factors of a data segment, as far as they can be read."""
    try:
        data.decode(codec)
    except UnicodeDecodeError as fault:
        if one.reason is None:
            one.reason, one.detail = "bad_encoding", f"第 {fault.start + 1} 字节起不是 {codec} 编码"
    head, _, rest = data.partition(b"CP=&&")
    for word in head.split(b";"):
        name, equals, value = word.partition(b"=")
        if equals:
            one.header.setdefault(name.decode(codec, "replace").strip(), value.decode(codec, "replace").strip())
    one.command = one.header.get("CN", "")
    pos = 6 + len(head) + 5
    body = rest.split(b"&&")[0]
    current: Factor | None = None
    for group in body.split(b";"):
        at = pos
        for item in group.split(b","):
            name, equals, value = item.partition(b"=")
            code, dash, what = name.partition(b"-")
            if equals and dash and code.strip() and what.strip():
                pollutant, kind = code.decode(codec, "replace").strip(), what.decode(codec, "replace").strip()
                # Items of one factor belong together whether commas or semicolons part them, until one comes again.
                if current is None or current.code != pollutant or kind in current.items:
                    current = Factor(pollutant, at, at)
                    one.factors.append(current)
                current.items[kind] = value.decode(codec, "replace").strip()
                current.end = at + len(item)
            elif equals:
                one.header.setdefault(name.decode(codec, "replace").strip(), value.decode(codec, "replace").strip())
            at += len(item) + 1
        pos += len(group) + 1


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a file: whether it holds telegrams at all, and how many of them are whole."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1 << 16)
    if not head.strip(_BLANK) and size <= len(head):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if what := enc.foreign(head):
        return Refusal("wrong_format", f"文件实际是{what}，不是报文", "请按约定的格式重报")
    if refusal := enc.wide(head):
        return refusal
    codec = enc.codec(contract.delivery.encoding)
    seen = whole = heads = packets = 0
    try:
        for one in telegrams(path, codec):
            seen += 1
            heads += one.raw.startswith(b"##")
            whole += one.reason is None
            packets += one.reason is None and "PNUM" in one.header
    except TooLong as fault:
        return Refusal("wrong_format", f"第 {fault.line} 行起 {MAX_RECORD} 字节以内没有报文", "请按 HJ 212 的格式重报")
    if seen == 0:
        return Refusal("empty_file", "文件没有内容", "请重报")
    if heads == 0:
        return Refusal("wrong_format", "文件里没有一条以 ## 开头的报文", "请按 HJ 212 的格式重报")
    warnings = [f"{seen - whole} 条报文残缺或夹杂其他字节"] if seen > whole else []
    if packets:
        warnings.append(f"{packets} 条报文是分包的")
    return Inspection(codec, [], list(range(len(contract.fields))), warnings, [], {"telegrams": seen, "splits": [[0, None, 0, 1]]})


class Wanted:
    """Which element of a telegram each field of the contract takes, by title, other titles or name."""

    def __init__(self, contract: Contract) -> None:
        self.names = [[fold(t) for t in (*spec.titles, spec.title, name)] for name, spec in contract.fields.items()]

    def cells(self, one: Telegram, factor: Factor | None) -> list[str | None]:
        have = {fold(k): v for k, v in one.header.items()}
        if factor is not None:
            # The header's Flag says how the telegram was sent, the factor's what the value is worth.
            have.pop("flag", None)
            have |= {fold(k): v for k, v in factor.items.items()}
            have |= dict.fromkeys(_FACTOR, factor.code)
        else:
            have |= {fold(f"{f.code}-{k}"): v for f in one.factors for k, v in f.items.items()}
        return [next((have[n] for n in names if n in have), None) for names in self.names]


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record once, as batches of READ_SCHEMA: factors of whole telegrams, or whole telegrams, and every broken one.

    With `explode: factor`, a whole telegram without factors is structural, unless it should carry values.
    """
    explode = contract.delivery.telegram is not None and contract.delivery.telegram.explode == "factor"
    rows, row, wanted = Rows(file or path.name), 0, Wanted(contract)
    for one in telegrams(path, inspection.encoding):
        place = f"第{one.number}条报文"
        if one.reason is not None:
            row += 1
            rows.add(row, one.line, place, one.offset, one.raw, wanted.cells(one, None), (one.reason, None, one.detail))
        elif not explode or (not one.factors and (one.command in DATA or not one.command)):
            row += 1
            rows.add(row, one.line, place, one.offset, one.raw, wanted.cells(one, None))
        for factor in one.factors if explode and one.reason is None else ():
            row += 1
            at = f"{place} {factor.code}"
            rows.add(row, one.line, at, one.offset + factor.start, one.raw[factor.start : factor.end], wanted.cells(one, factor))
        if rows.full:
            yield rows.take()
    if len(rows):
        yield rows.take()
