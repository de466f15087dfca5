"""Guesses about XML messages and JSON dumps in hand: where their records are, and what these hold."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections import Counter
from typing import Any
from xml.parsers import expat

from xihu.contract.guess import SAMPLE_ROWS, Table, Unreadable, guess_encoding
from xihu.contract.guesslist import Told, named, outer, spoken

_CODES = ("code", "returncode", "retcode", "resultcode", "status", "errcode", "errorcode")
_TOTALS = ("total", "totalcount", "count", "totalnum", "records")
_PAGES = ("page", "pagenum", "pageno", "pageindex", "current", "currentpage")
_NAME = re.compile(r"[^\s/@\[\]='\".:*]+")


def look(head: bytes, cut: bool) -> Table | None:
    """A table of a sample's records, or None where it is neither XML nor JSON.

    Raises:
        Unreadable: it is, but holds no records, or declares a document type.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _xml(start)
    return _json(start, cut) if start[:1] in (b"{", b"[") else None


class _Tree:
    """Elements of a sample as (name, attributes, children, text), as far as the sample reaches."""

    def __init__(self, text: str) -> None:
        self.root: list[Any] = ["", {}, [], ""]
        self.open = [self.root]
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self._start, self._end, self._data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(text.encode("utf-8", "replace"), False)
        except expat.ExpatError as fault:
            if not self.root[2]:
                raise Unreadable(f"不是合规的 XML / not well-formed XML: {fault}") from None

    def _refuse(self, *_: object) -> None:
        raise Unreadable("XML 含有 DOCTYPE，一律不接受 / the XML declares a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        own = {k.rpartition(":")[2]: v for k, v in attributes.items() if not k.startswith(("xmlns", "xsi:"))}
        node: list[Any] = [tag.rpartition(":")[2], own, [], ""]
        self.open[-1][2].append(node)
        self.open.append(node)
        if len(self.open) > 200:
            raise Unreadable("XML 嵌套过深 / nested too deeply")

    def _end(self, _: str) -> None:
        self.open.pop()

    def _data(self, text: str) -> None:
        self.open[-1][3] += text


def _xml(data: bytes) -> Table:
    found = re.match(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)", data)
    encoding = guess_encoding(data)
    if found and encoding not in ("utf-8", "gb18030"):
        encoding = found[1].decode().lower()
    tree = _Tree(data.decode(encoding, "replace"))
    outside = _records(tree.root, encoding)
    for node, way in _walk(tree.root, ""):
        inner = _unpacked(node[3])
        table = _within(inner) if inner else None
        if table and (outside is None or len(table.rows) >= len(outside.rows)):
            table.options.insert(1, f"    body: {way}   # 报文体 / the body")
            table.encoding = encoding
            return table
    if outside:
        return outside
    raise Unreadable("XML 里没有成批的记录 / no records in the XML")


def _within(data: bytes) -> Table | None:
    try:
        return _xml(data)
    except Unreadable:
        return None


def _walk(node: list[Any], way: str) -> list[tuple[list[Any], str]]:
    out = []
    for child in node[2]:
        out.append((child, child[0]))
        out += _walk(child, child[0])
    return out


def _unpacked(text: str) -> bytes | None:
    text = "".join(text.split())
    if len(text) < 80:
        return None
    if text.startswith("<"):
        return text.encode()
    try:
        data = base64.b64decode(text, validate=True)
        data = zlib.decompressobj(31).decompress(data, 8_000_000) if data[:2] == b"\x1f\x8b" else data
    except (binascii.Error, zlib.error):
        return None
    return data.removeprefix(b"\xef\xbb\xbf").lstrip() if b"<" in data[:10] else None


def _records(root: list[Any], encoding: str) -> Table | None:
    """The element that stands most often and has leaves; all leaves below it are columns."""
    every = [node for node, _ in _walk(root, "")]
    counts = Counter(node[0] for node in every if node[2] or len(node[1]) > 1)
    best = max((n for n in counts if n != root[2][0][0] or len(counts) == 1), key=lambda n: counts[n], default=None)
    if best is None or (counts[best] < 2 and len(every) < 4):
        return None
    told: Told | None = outer(root, best) or named([node for node in every if node[0] == best])
    best = told.record if told else best
    rows = [_leaves(node, "", told) for node in every if node[0] == best][:SAMPLE_ROWS]
    paths = list(dict.fromkeys(p for row in rows for p in row))
    if not paths:
        return None
    titles = _titles(paths)
    table = Table("xml", titles, [[row.get(p) or None for p in paths] for row in rows], encoding=encoding)
    table.paths = [p if p != t else None for p, t in zip(paths, titles, strict=True)]
    others = [f"{n}（{c}）" for n, c in counts.most_common(12) if n != best and c >= 2 and n not in table.titles]
    also = f"；另有成批的元素 / others that repeat：{'、'.join(others)}" if others else ""
    table.options = ["  message:", f"    record: {best}   # 记录的元素，共 {len(rows)} 个 / the element of a record{also}"]
    return table


def _leaves(node: list[Any], way: str, told: Told | None = None) -> dict[str, str]:
    out = {f"{way}@{k}": v.strip() for k, v in node[1].items()}
    for child in node[2]:
        step = way + child[0]
        if told and child[0] == told.item:
            step += told.test(child)
            out.update({k: v for k, v in told.rest(_leaves(child, f"{step}/"), step).items() if k not in out})
            if child[3].strip():
                out.setdefault(step, child[3].strip())
        elif child[2] or (child[1] and not child[3].strip()):
            out.update({k: v for k, v in _leaves(child, f"{step}/", told).items() if k not in out})
        else:
            out.setdefault(step, child[3].strip())
    return out


def _titles(paths: list[str]) -> list[str]:
    """The last part of each path, after the value that tells it from its like; more of it where that is taken."""
    last = [spoken(p) for p in paths]
    return [t if last.count(t) == 1 else p for t, p in zip(last, paths, strict=True)]


def _json(data: bytes, cut: bool) -> Table:
    encoding = guess_encoding(data)
    text = data.decode(encoding, "replace")
    decoder = json.JSONDecoder(strict=False, parse_float=str, parse_int=str, parse_constant=str)
    values: list[Any] = []
    pos = 0
    while len(values) < SAMPLE_ROWS and (match := re.compile(r"[\s,\x1e]*").match(text, pos)) and match.end() < len(text):
        try:
            value, pos = decoder.raw_decode(text, match.end())
        except (json.JSONDecodeError, RecursionError) as fault:
            if values and cut:
                break
            raise Unreadable(f"不是完整的 JSON，或样本过大 / no whole JSON, or too large a sample: {fault}") from None
        values += value if isinstance(value, list) else [value]
    pages = [v for v in values if isinstance(v, dict)]
    if not pages:
        raise Unreadable("JSON 里没有对象 / no objects in the JSON")
    way, rows = _list(pages[0], "", decoder)
    options: list[str] = []
    if way and (len(rows) > 1 or any(k.lower() in _CODES for k in pages[0])):
        rows = [r for page in pages for r in _at(page, way.split("."), decoder)]
        scalars = _scalars(pages[0], "", decoder)
        options = ["  api:", f"    records: {way}   # 记录的列表 / the list of records"]
        for word, known in (("code", _CODES), ("total", _TOTALS), ("page", _PAGES)):
            if hit := next((p for p in scalars if p.split(".")[-1].lower().replace("_", "") in known), None):
                options.append(f"    {word}: {hit}")
    else:
        rows = pages
    flat = [_flat(r, "") for r in rows[:SAMPLE_ROWS]]
    if options:
        outer = _envelope(pages[0], scalars, decoder)
        flat = [row | outer for row in flat]
    paths = list(dict.fromkeys(p for row in flat for p in row if p.startswith("$.") or all(_NAME.fullmatch(s) for s in p.split("."))))
    if not paths:
        raise Unreadable("JSON 里没有记录 / no records in the JSON")
    titles = _titles(paths)
    table = Table("json", titles, [[row.get(p) or None for p in paths] for row in flat], encoding=encoding, options=options)
    table.paths = [p if p != t else None for p, t in zip(paths, titles, strict=True)]
    return table


_SAID = {
    *_CODES,
    *_TOTALS,
    *_PAGES,
    "msg",
    "message",
    "errmsg",
    "success",
    "pages",
    "pagesize",
    "size",
    "totalpage",
    "totalpages",
    "limit",
    "offset",
    "sign",
    "requestid",
}


def _envelope(page: dict[str, Any], scalars: list[str], decoder: json.JSONDecoder) -> dict[str, str | None]:
    """What a page says beside its records and its own bookkeeping: a month, a district. It holds for each of its records."""
    out: dict[str, str | None] = {}
    for path in scalars:
        last = path.split(".")[-1]
        value: Any = page
        for step in path.split("."):
            value = _decoded(value, decoder)[step]
        if last.lower().replace("_", "") not in _SAID and last.isidentifier() and not last.startswith("$") and value is not None:
            out[f"$.{path}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return out


def _decoded(value: Any, decoder: json.JSONDecoder) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return decoder.decode(value)
        except (json.JSONDecodeError, RecursionError):
            return value
    return value


def _list(value: Any, way: str, decoder: json.JSONDecoder) -> tuple[str, list[Any]]:
    """The longest list of objects below a page and the way to it."""
    best: tuple[str, list[Any]] = ("", [])
    for key, inner in value.items() if isinstance(value, dict) else ():
        inner, here = _decoded(inner, decoder), f"{way}.{key}".lstrip(".")
        if isinstance(inner, list) and inner and all(isinstance(v, dict) for v in inner):
            found = (here, inner)
        else:
            found = _list(inner, here, decoder)
        best = max(best, found, key=lambda f: len(f[1]))
    return best


def _at(value: Any, steps: list[str], decoder: json.JSONDecoder) -> list[dict[str, Any]]:
    for step in steps:
        value = _decoded(_decoded(value, decoder).get(step), decoder) if isinstance(_decoded(value, decoder), dict) else None
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _scalars(value: Any, way: str, decoder: json.JSONDecoder) -> list[str]:
    value, out = _decoded(value, decoder), []
    for key, inner in value.items() if isinstance(value, dict) else ():
        here, inner = f"{way}.{key}".lstrip("."), _decoded(inner, decoder)
        out += _scalars(inner, here, decoder) if isinstance(inner, dict) else [] if isinstance(inner, list) else [here]
    return out


def _flat(value: dict[str, Any], way: str) -> dict[str, str | None]:
    out: dict[str, str | None] = {}
    for key, inner in value.items():
        here = f"{way}.{key}".lstrip(".")
        if isinstance(inner, dict):
            out |= _flat(inner, here)
        elif inner is None or isinstance(inner, str):
            out[here] = inner
        else:
            out[here] = {True: "true", False: "false"}[inner] if isinstance(inner, bool) else json.dumps(inner, ensure_ascii=False)
    return out
