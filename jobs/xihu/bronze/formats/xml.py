"""XML exchange messages (archetype F5): records by a path of local names, perhaps inside a BASE64 body.

A message that is not well-formed to its last byte is refused whole: cut in the middle, it has not said all that it meant to say. Bytes that
are not of the encoding cost their own record only. Several documents may follow one another in a file, each with a declaration and an
encoding of its own; every one must be whole. `_raw` is the record's element byte for byte, in a body as it stands in the document.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import IO

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.tagged import SAMPLE, Census, finish
from xihu.bronze.formats.xmlbody import BodySink, Unsafe
from xihu.bronze.formats.xmlcodec import true_codec
from xihu.bronze.formats.xmlfields import Fields
from xihu.bronze.formats.xmlmany import Span, documents
from xihu.bronze.formats.xmlstream import BLANK, Body, Broken, Element, TooLarge, Walk, declared
from xihu.bronze.formats.xmltotals import Survey, amount, control
from xihu.bronze.schema import Inspection, Refusal, Rows
from xihu.contract.models import Contract, Message
from xihu.contract.paths import XmlPath, parse_xml_path

_TAIL = b" \t\r\n\0\x1a"


@dataclass
class _Document:
    """Where a document stands in a file, and how to read it; `place` names it where there are several."""

    stream: IO[bytes]
    start: int
    end: int
    codec: str
    line: int = 0
    place: str = ""

    def told(self, fault: str) -> str:
        """A fault of this document, with its place in the file."""
        return f"{self.place[:-1]}报文（文件第 {self.line + 1} 行起）：{fault}" if self.place else fault


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def message_of(contract: Contract) -> Message:
    """The contract's message; accounting files say theirs by their record kind."""
    message = contract.delivery.message
    if message is None:
        raise ValueError(f"{contract.resource}: delivery.message is missing")
    return message


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a message: encoding, well-formed to the end, records where agreed, elements known, control totals. Passes the file twice."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1 << 16)
        if not head.strip(_TAIL + b"\xef\xbb\xbf") and size <= len(head):
            return Refusal("empty_file", "文件没有内容", "请重报")
        what = enc.foreign(head)
        if what and what != "XML":
            return Refusal("wrong_format", f"文件实际是{what}，不是 XML", "请按约定的格式重报")
        if refusal := enc.wide(head):
            return refusal
        start = enc.bom(head)[0]
        start += len(head[start:]) - len(head[start:].lstrip(BLANK))
        if not head[start:].startswith(b"<"):
            return Refusal("wrong_format", "文件不是 XML（不以“<”开头）", "请按约定的格式重报")
        f.seek(max(start, size - 4096))
        tail = f.read()
        end = size - (len(tail) - len(tail.rstrip(_TAIL)))
        try:
            several, warnings = _documents(f, documents(path, start, end), contract.delivery.encoding)
            return _judge(contract, several, warnings)
        except _Refused as refused:
            return refused.refusal
        except Broken as fault:
            return Refusal("wrong_format", f"报文不完整或不合规范：{fault}", "请重报完整的报文")
        except TooLarge:
            return Refusal("wrong_format", "有元素超过 16 MB，不像是约定的报文", "请按约定的格式重报")
        except Unsafe as fault:
            return Refusal("unsafe_archive", str(fault), "请分批报送")


def _documents(stream: IO[bytes], spans: Sequence[Span], agreed: str | None) -> tuple[list[_Document], list[str]]:
    """The documents with their encodings, and warnings."""
    found, told = [], Counter[str]()
    for n, (start, end, line) in enumerate(spans, 1):
        document = _Document(stream, start, end, "", line, f"第{n}份:" if len(spans) > 1 else "")
        try:
            document.codec, warnings = _codec(stream, start, end, agreed)
        except _Refused as refused:
            raise _Refused(replace(refused.refusal, detail=document.told(refused.refusal.detail))) from None
        told.update(warnings)
        found.append(document)
    if len(spans) == 1:
        return found, list(told)
    return found, [f"文件由 {len(spans)} 份报文首尾相接，逐份读取", *(f"{n} 份报文：{text}" for text, n in told.most_common(20))]


def documents_of(path: Path, stream: IO[bytes], inspection: Inspection) -> list[_Document]:
    """The documents of an inspected file."""
    extra = inspection.extra
    if "codecs" not in extra:
        return [_Document(stream, extra["start"], extra["end"], inspection.encoding)]
    spans = documents(path, extra["start"], extra["end"])
    codecs = [codec for times, codec in extra["codecs"] for _ in range(times)]
    return [
        _Document(stream, *span[:2], codec, span.line, f"第{n}份:") for n, (span, codec) in enumerate(zip(spans, codecs, strict=True), 1)
    ]


def _codec(stream: IO[bytes], start: int, end: int, agreed: str | None) -> tuple[str, list[str]]:
    stream.seek(start)
    found = true_codec(stream, start, end, agreed, declared(stream.read(1024)))
    if isinstance(found, Refusal):
        raise _Refused(found)
    return found


def _elements(document: _Document, message: Message, wanted: tuple[XmlPath, ...], survey: Survey) -> Iterator[tuple[Element, str, bool]]:
    """(record, its codec, whether it stood in a body) of a document and of the bodies in it."""
    record = parse_xml_path(message.record)
    body = parse_xml_path(message.body) if message.body else None
    sink = BodySink()
    outer = Walk(document.codec, None if body else record, message.namespace, wanted, body, sink, document.line)
    for found in outer.run(document.stream, document.start, document.end):
        found.place = document.place + found.place
        if isinstance(found, Element):
            yield found, document.codec, False
            continue
        survey.bodies += 1
        if found.document is not None:
            with closing(found.document[0]):
                yield from _inside(found, message, wanted, survey, record)
    survey.learn(outer)


def _inside(
    body: Body, message: Message, wanted: tuple[XmlPath, ...], survey: Survey, record: XmlPath
) -> Iterator[tuple[Element, str, bool]]:
    """Records of the document in a body."""
    stream, size, plain = body.document
    stream.seek(0)
    head = stream.read(4096)
    start = enc.bom(head)[0]
    start += len(head[start:]) - len(head[start:].lstrip(BLANK))
    if not head[start:].startswith(b"<"):
        what = enc.foreign(head) or "别的内容"
        raise Broken(f"{body.place}（第 {body.line} 行）里是{what}，不是 XML")
    stream.seek(max(start, size - 4096))
    tail = stream.read()
    end = size - (len(tail) - len(tail.rstrip(_TAIL)))
    codec, warnings = ("utf-8", []) if plain else _codec(stream, start, end, None)
    survey.warnings += [f"{body.place}：{text}" for text in warnings if len(survey.warnings) < 20]
    inner = Walk(codec, record, message.namespace, wanted)
    try:
        for found in inner.run(stream, start, end):
            assert isinstance(found, Element)
            found.place, found.line = f"{body.place}!{found.place}", body.line
            found.envelope = body.envelope | found.envelope
            yield found, codec, True
    except Broken as fault:
        raise Broken(f"{body.place} 里的文档{fault}") from fault
    survey.learn(inner, inside=True)


def _judge(contract: Contract, several: list[_Document], warnings: list[str]) -> Inspection | Refusal:
    message, fields = message_of(contract), Fields(contract)
    count = parse_xml_path(message.count) if message.count else None
    total = parse_xml_path(message.total.path) if message.total else None
    wanted = tuple(dict.fromkeys([*fields.rooted, *(p for p in (count, total) if p)]))
    survey = Survey()
    names = list(contract.fields)
    census = Census(contract)
    summed, unread = {False: Decimal(0), True: Decimal(0)}, 0
    counted = {False: 0, True: 0}
    at = names.index(message.total.field) if message.total else None
    for document in several:
        own, before = Survey(), census.records
        try:
            for element, codec, inside in _elements(document, message, wanted, own):
                cells, present, _ = fields.cells(element)
                text = None if element.raw.isascii() or len(census.texts) >= SAMPLE else element.raw.decode(codec, "replace")
                census.add(cells, present, fields.unknown(element.node), text)
                counted[inside] += 1
                if at is not None:
                    value = amount(cells[at])
                    unread += value is None
                    summed[inside] += value or 0
        except Broken as broken:
            raise Broken(document.told(str(broken))) from broken
        if len(several) > 1 and census.records == before and (refusal := _another(message, own, count)):
            return replace(refusal, detail=document.told(refusal.detail))
        survey.merge(own)
    warnings += survey.warnings
    records = census.records
    if records == 0:
        return _none(contract, message, survey, count, warnings) or _found(several, contract, records, warnings, [])
    if refusal := census.judge(message.absent, "元素或属性", warnings):
        return refusal
    if fault := control(message, survey, count, total, counted, summed, unread, warnings):
        return Refusal("control_total", fault, "请核对并重报完整的报文")
    return _found(several, contract, records, warnings, census.held)


def _found(several: list[_Document], contract: Contract, records: int, warnings: list[str], held: list[str]) -> Inspection:
    extra = {"start": several[0].start, "end": several[-1].end, "records": records, "splits": [None]}
    if len(several) > 1:
        extra["codecs"] = [[len(list(same)), codec] for codec, same in groupby(d.codec for d in several)]
    return Inspection(several[0].codec, [], list(range(len(contract.fields))), warnings, [], extra, held)


def _another(message: Message, survey: Survey, count: XmlPath | None) -> Refusal | None:
    """Why what has no record is not the agreed message that happens to be empty; None if it is."""
    stated = survey.values.get(count, []) if count else []
    empty = bool(stated) and all(v.strip().isdigit() and int(v) == 0 for v in stated)
    if stated and not empty and survey.hollow:
        return Refusal("control_total", f"报文写明 {'、'.join(stated[:5])} 条，没有一条“{message.record}”", "请核对并重报完整的报文")
    if message.body and not survey.bodies:
        return Refusal("header_unknown", f"没有“{message.body}”元素；文件中的元素：{_listed(survey.names)}", "请按约定的格式重报")
    if not empty and not survey.hollow:
        return Refusal(
            "header_unknown", f"没有“{message.record}”元素；文件中的元素：{_listed(survey.names)}", "请按约定的元素名重报，或修改目录"
        )
    return None


def _none(contract: Contract, message: Message, survey: Survey, count: XmlPath | None, warnings: list[str]) -> Refusal | None:
    """A file without a record: empty if it says so, another message if not."""
    if refusal := _another(message, survey, count):
        return refusal
    if contract.delivery.mode == "snapshot":
        return Refusal("empty_file", "全量报文没有记录", "若确实为空，请书面说明；否则请重报")
    warnings.append("报文没有记录")
    return None


def _listed(names: dict[str, int]) -> str:
    return "、".join(f"{n}×{c}" if c > 1 else n for n, c in list(names.items())[:20])


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record element once, in order, as batches of READ_SCHEMA."""
    message, fields, rows = message_of(contract), Fields(contract), Rows(file or path.name)
    wanted = fields.rooted
    with path.open("rb", buffering=io.DEFAULT_BUFFER_SIZE) as f:
        every = (e for document in documents_of(path, f, inspection) for e in _elements(document, message, wanted, Survey()))
        for number, (element, codec, inside) in enumerate(every, 1):
            cells, fault = _judge_record(contract, fields, element, codec)
            rows.add(number, element.line, element.place, None if inside else element.offset, element.raw, cells, fault)
            if rows.full:
                yield rows.take()
    if len(rows):
        yield rows.take()


def _judge_record(
    contract: Contract, fields: Fields, element: Element, codec: str
) -> tuple[list[str | None], tuple[str, str | None, str] | None]:
    """Cells in contract order and the fault of structure, if any."""
    cells, _, several = fields.cells(element)
    names = list(contract.fields)
    fault: tuple[str, str | None, str] | None = None
    if not element.raw.isascii() and not enc.decodes(element.raw, codec):
        name = next((n for n, c in zip(names, cells, strict=True) if c and "\ufffd" in c), None)
        fault = ("bad_encoding", name, f"含有不是 {codec} 编码的字节")
    if fault is None and several:
        fault = ("column_count", names[several[0]], several[1])
    return cells, finish(contract, cells, fault)
