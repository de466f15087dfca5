"""Dumps of JSON interfaces (archetype F6): envelopes of pages, data as an encoded string, JSON Lines; numbers as the digits they were.

Text that is no JSON to its last byte is refused whole, but in JSON Lines a broken line costs that record only. `_raw` is the record's
bytes; where the data is an encoded string, the record's text inside it in UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.jsonpages import Pages, envelopes, told, totals
from xihu.bronze.formats.jsontext import Broken, Number, Twice
from xihu.bronze.formats.jsonwalk import Item, Page, Walk, get, lined
from xihu.bronze.formats.tagged import Census, Fault, clean, finish
from xihu.bronze.schema import Inspection, Refusal, Rows
from xihu.contract.models import Api, Contract
from xihu.contract.paths import JsonPath, parse_json_path

_HEAD = 1 << 16
_BLANK = b" \t\r\n\0\x1a\x1e"
_ESCAPED = re.compile("[\udc80-\udcff]")
_CJK = re.compile("[\u4e00-\u9fff]")
_FLOAT = re.compile(r"-?\d+(\.\d+)?[eE][-+]?\d+|-?\d{16,}\.\d+")


class Fields:
    """The fields of a contract, ready to be found in records."""

    def __init__(self, contract: Contract) -> None:
        self.paths: list[list[JsonPath]] = []
        for name, spec in contract.fields.items():
            names = [spec.path] if spec.path else []
            plain = [] if spec.path else list(dict.fromkeys((spec.title, *spec.titles, name)))
            self.paths.append([parse_json_path(n) for n in names] + [JsonPath(False, (n,)) for n in plain])
        self.ids = {i for i, s in enumerate(contract.fields.values()) if s.type in ("citizen_id", "uscc", "text", "phone")}
        self.known = {str(p.steps[0]) for paths in self.paths for p in paths if not p.rooted}
        self.rooted = tuple(p for paths in self.paths for p in paths if p.rooted)
        self.names = list(contract.fields)

    def cells(self, value: Any, page: dict[JsonPath, str | None]) -> tuple[list[str | None], list[bool], Fault | None]:
        """Texts in contract order, which fields the record has at all, and a fault of structure."""
        cells: list[str | None] = []
        there: list[bool] = []
        fault: Fault | None = None
        for i, paths in enumerate(self.paths):
            found: list[str | None] = []
            for path in paths:
                if path.rooted:
                    found += [page[path]] if path in page else []
                    continue
                one = get(value, path.steps)
                if one is ...:
                    continue
                text = told(one)
                found.append(text)
                if i in self.ids and isinstance(one, Number) and fault is None and _FLOAT.fullmatch(one) and abs(float(one)) >= 1e15:
                    fault = ("bad_id_float", self.names[i], f"是带小数或指数的数字 {one}，末位已丢失")
            texts = list(dict.fromkeys(t for t in found if t))
            if len(texts) > 1:
                fault = ("column_count", self.names[i], f"同一字段有 {len(texts)} 个不同的值")
            there.append(bool(found))
            cells.append(texts[0] if texts else ("" if "" in found else None))
        return cells, there, fault

    def unknown(self, value: Any) -> list[str]:
        return [k for k in value if k not in self.known] if isinstance(value, dict) else []


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a dump: encoding, JSON to the end, return codes, page numbers and totals, keys known."""
    with path.open("rb") as f:
        found = opened(f, contract.delivery.encoding, "JSON", b'{["')
        if isinstance(found, Refusal):
            return found
        by_line = lined(found.head)
        try:
            return _storable(_judge(f, contract, found.start, found.codec, by_line, found.warnings))
        except Broken as fault:
            return Refusal("wrong_format", clean(f"文件不是完整的 JSON：{fault}"), "请重报完整的文件")
        except RecursionError:
            return Refusal("wrong_format", "JSON 嵌套过深", "请按约定的接口格式重报")


@dataclass
class Opened:
    """Text that may be JSON: offset behind the byte order mark, codec, warnings, the first characters."""

    start: int
    codec: str
    warnings: list[str]
    head: str


def opened(f: IO[bytes], agreed: str | None, kind: str, beginnings: bytes) -> Opened | Refusal:
    """Judge the beginning and the encoding of a file that should be JSON.

    Args:
        kind: what the file should be, in words for its sender.
        beginnings: the characters it may begin with.
    """
    head = f.read(_HEAD)
    if not head.strip(_BLANK + b"\xef\xbb\xbf") and not f.read(1):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if what := enc.foreign(head):
        return Refusal("wrong_format", f"文件实际是{what}，不是 {kind}", "请按约定的格式重报")
    if refusal := enc.wide(head):
        return refusal
    start = enc.bom(head)[0]
    first = head[start:].lstrip(_BLANK)[:1]
    if not first or first not in beginnings:
        return Refusal("wrong_format", f"文件不是 {kind}（不以 {{ 或 [ 开头）", "请按约定的格式重报")
    found = _codec(f, start, agreed)
    if isinstance(found, Refusal):
        return found
    return Opened(start, *found, head[start:].decode(found[0], "replace"))


def _storable(found: Inspection | Refusal) -> Inspection | Refusal:
    """Keys and values quoted from the file may hold halves of characters."""
    if isinstance(found, Refusal):
        return Refusal(found.reason, clean(found.detail), found.cure)
    found.warnings = list(map(clean, found.warnings))
    return found


def _codec(f: IO[bytes], start: int, agreed: str | None) -> tuple[str, list[str]] | Refusal:
    """The codec and warnings; UTF-8 where nothing was agreed (RFC 8259)."""
    wanted = enc.codec(agreed or "utf-8")
    wide, bad, lost, chinese = _tried(f, start, wanted)
    if wanted != "utf-8" and wide:
        _, bad_utf8, _, chinese = _tried(f, start, "utf-8")
        if not bad_utf8 and chinese:
            return "utf-8", [f"约定的编码是 {agreed}，实为 UTF-8，按 UTF-8 读取"]
    if bad >= 3 and bad * 2 > wide:
        return Refusal("wrong_encoding", f"{wide} 个非 ASCII 字符中 {bad} 个不是 {wanted} 编码", "请按约定的编码重报")
    if lost:
        return Refusal("wrong_encoding", f"{wanted} 解码后不能逐字节还原", "请用 UTF-8 重报")
    return wanted, []


def _tried(f: IO[bytes], start: int, codec: str) -> tuple[int, int, bool, bool]:
    """Characters beyond ASCII, bytes among them not of the codec, whether the way back loses any, whether there is Chinese."""
    f.seek(start)
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    wide = bad = passed = back = 0
    chinese = False
    while True:
        data = f.read(1 << 20)
        passed += len(data)
        text = decoder.decode(data, final=not data)
        if not text.isascii():
            back += len(text.encode(codec, "surrogateescape"))
            wide += len(text) - len(text.encode("ascii", "ignore"))
            bad += len(_ESCAPED.findall(text))
            chinese = chinese or _CJK.search(text) is not None
        else:
            back += len(text)
        if not data:
            return wide, bad, back != passed, chinese


def _api(contract: Contract) -> Api:
    return contract.delivery.api or Api()


def _paths(api: Api) -> dict[str, JsonPath]:
    words = ("code", "message", "total", "page", "pages")
    return {w: parse_json_path(p) for w in words if (p := getattr(api, w))}


def _plain(path: JsonPath) -> JsonPath:
    """A path of the page without its `$.`: how a walk knows it."""
    return JsonPath(False, path.steps)


def _judge(f: IO[bytes], contract: Contract, start: int, codec: str, by_line: bool, warnings: list[str]) -> Inspection | Refusal:
    api, fields, census, seen = _api(contract), Fields(contract), Census(contract), Pages()
    paths = {w: _plain(p) for w, p in _paths(api).items()}
    wanted = tuple(dict.fromkeys([*paths.values(), *(_plain(p) for p in fields.rooted)]))
    for found in Walk(api, wanted).run(f, start, codec, by_line):
        if isinstance(found, Page):
            seen.pages.append(found)
            values = _page_values(found, fields)
            for i, path in enumerate(p[0] if p and p[0].rooted else None for p in fields.paths):
                if path is not None and path in values and found.records:
                    census.there[i] += 1
            continue
        cells, there, _ = fields.cells(found.value, {})
        text = None if found.raw.isascii() else found.raw.decode(codec if found.offset is not None else "utf-8", "replace")
        census.add(cells, there, fields.unknown(found.value), text)
        if api.records:
            seen.digests.append(int.from_bytes(sha256(found.raw).digest()[:8], "big"))
            seen.owners.append(found.page)
    if refusal := envelopes(api, paths, seen, warnings):
        return refusal
    if census.records == 0:
        if contract.delivery.mode == "snapshot":
            return Refusal("empty_file", "全量文件没有记录", "若确实为空，请书面说明；否则请重报")
        warnings.append("文件没有记录")
    elif refusal := census.judge(api.absent, "键", warnings):
        return refusal
    if fault := totals(paths, seen, census.records, warnings):
        return Refusal("control_total", fault, "请核对并重新取数")
    pages = [_jsonable(_page_values(p, fields)) for p in seen.pages] if fields.rooted else []
    extra = {"start": start, "lines": by_line, "records": census.records, "pages": pages, "splits": [None]}
    return Inspection(codec, [], list(range(len(contract.fields))), warnings, [], extra, census.held)


def _page_values(page: Page, fields: Fields) -> dict[JsonPath, str | None]:
    return {p: told(page.values[_plain(p)]) for p in fields.rooted if _plain(p) in page.values}


def _jsonable(values: dict[JsonPath, str | None]) -> list[list[Any]]:
    return [[list(p.steps), clean(v) if v else v] for p, v in values.items()]


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record once, in order, as batches of READ_SCHEMA."""
    api, fields, rows = _api(contract), Fields(contract), Rows(file or path.name)
    extra = inspection.extra
    pages = [{JsonPath(True, tuple(steps)): value for steps, value in page} for page in extra["pages"]]
    number = 0
    with path.open("rb") as f:
        for item in Walk(api, ()).run(f, extra["start"], inspection.encoding, extra["lines"]):
            if isinstance(item, Page):
                continue
            number += 1
            cells, fault = _judge_record(contract, fields, item, pages[item.page - 1] if pages else {}, inspection.encoding)
            place = f"第{item.page}页第{item.number}条" if item.page else f"第{item.line}行" if extra["lines"] else f"第{item.number}条"
            rows.add(number, item.line, place, item.offset, item.raw, cells, fault)
            if rows.full:
                yield rows.take()
    if len(rows):
        yield rows.take()


def _judge_record(
    contract: Contract, fields: Fields, item: Item, page: dict[JsonPath, str | None], codec: str
) -> tuple[list[str | None], Fault | None]:
    """Cells in contract order and the fault of structure, if any."""
    cells, _, odd = fields.cells(item.value, page)
    fault: Fault | None = None
    if item.fault:
        fault = ("truncated" if item.fault.startswith("不是完整") else "column_count", None, item.fault)
    if fault is None and not item.raw.isascii() and not enc.decodes(item.raw, codec if item.offset is not None else "utf-8"):
        fault = ("bad_encoding", None, f"含有不是 {codec} 编码的字节")
    if fault is None and isinstance(item.value, Twice):
        fault = ("column_count", None, f"键重复而值不同：{'、'.join(item.value.keys_twice[:5])}")
    if odd and odd[0] == "column_count":
        fault = fault or odd
    fault = finish(contract, cells, fault)
    return cells, fault or odd
