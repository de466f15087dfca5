"""Where the header of a delimited file is, in which encoding and with which delimiter; else the reason it cannot be read."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.csvlines import Dialect, Line, TooLong, Unclosed, blocks, records
from xihu.bronze.formats.fit import looks_like_data
from xihu.bronze.formats.header import Match, judge, match
from xihu.bronze.formats.sums import Sums
from xihu.bronze.schema import MAX_COLUMNS, Inspection, Refusal
from xihu.contract.models import Contract

_LOOK = 10
_DELIMITERS = (",", ";", "\t", "|", "^", "，", "\x01")


def _first_records(path: Path, start: int, dialect: Dialect, line: int) -> list[Line]:
    """The first non-blank records after `start`."""
    found: list[Line] = []
    for block in blocks(path, start, None, dialect, line):
        found += islice(records(block), _LOOK + 10)
        if len(found) >= _LOOK + 10:
            break
    return found


def _best(contract: Contract, lines: list[Line], dialect: Dialect, reach: int) -> tuple[int, Match | None, list[str]]:
    """The line among the first `reach` that names most of the contract's fields: (index, match, titles)."""
    best: tuple[int, Match | None, list[str]] = (0, None, [])
    for i, line in enumerate(lines[:reach]):
        titles = dialect.cells(line.raw.decode(dialect.encoding, "replace"))
        found = match(contract, titles)
        if found.score > (best[1].score if best[1] else 0):
            best = (i, found, titles)
    return best


def find_header(path: Path, contract: Contract) -> tuple[Inspection, Dialect] | Refusal:
    """The header's place and columns.

    With `layout.title_rows` the header is looked for in the first ten records and the number is an expectation; without, it comes first.
    """
    delivery = contract.delivery
    agreed = enc.codec(delivery.encoding)
    with path.open("rb") as f:
        head = f.read(1 << 16)
    skip, told = enc.bom(head)
    line, warnings = 1, []
    delimiter, quote = delivery.delimiter or ",", '"' if delivery.quote is None else delivery.quote
    first, _, _ = head[skip:].partition(b"\n")
    if first.strip().lower().startswith(b"sep=") and len(first.strip()) == 5:
        # A spreadsheet's own note of the delimiter, not a line of the extract.
        stated = first.strip()[4:].decode("ascii", "replace")
        if stated != delimiter:
            warnings.append(f"首行声明分隔符为“{stated}”，与约定的“{delimiter}”不同，按声明读取")
            delimiter = stated
        skip, line = skip + len(first) + 1, 2
    titles_expected = delivery.layout.title_rows if delivery.layout else 0
    reach = _LOOK if titles_expected else 1
    try:
        tries = [told] if told else [agreed] if agreed == "utf-8" else [agreed, "utf-8"]
        chosen = None
        for encoding in tries:
            dialect = Dialect(encoding, delimiter, quote)
            lines = _first_records(path, skip, dialect, line)
            at, found, titles = _best(contract, lines, dialect, reach)
            if found and (chosen is None or found.score > chosen[3].score):
                chosen = (dialect, lines, at, found, titles)
        if (
            chosen is None
            or chosen[3].score * 2 < sum(s.required for s in contract.fields.values())
            or chosen[3].score * 3 < len(contract.fields)
        ):
            return _no_header(path, contract, skip, line, told or agreed, delimiter, quote, chosen[4] if chosen else None)
    except Unclosed as fault:
        return Refusal("unclosed_quote", f"第 {fault.line} 行起的引号没有闭合，记录无法区分", "请检查该行引号后重报")
    except TooLong as fault:
        return Refusal("wrong_format", f"第 {fault.line} 行过长，不像是文本记录", "请按约定的格式重报")
    dialect, lines, at, found, titles = chosen
    if not told and lines[at].raw.isascii() and agreed != "utf-8" and _mostly_utf8(path, skip, dialect):
        dialect = Dialect("utf-8", delimiter, quote)
    if told and told != agreed:
        warnings.append(f"约定为 {agreed}，文件带 {told} 标记，按 {told} 读取")
    elif dialect.encoding != agreed:
        warnings.append(f"约定为 {agreed}，文件为 {dialect.encoding}，按 {dialect.encoding} 读取")
    if lines[at].text is None and not enc.decodes(lines[at].raw, dialect.encoding):
        # One damaged header is a header nobody knows; where the records are damaged too, the whole file was garbled before it was sent.
        wide = [r.raw for r in lines if not r.raw.isascii()]
        broken = sum(not enc.decodes(raw, dialect.encoding) for raw in wide)
        if len(wide) >= 3 and broken * 2 > len(wide):
            words = f"{len(wide)} 条含汉字的记录中 {broken} 条不能按 {dialect.encoding} 解码，发送前已按错误的编码转换过"
            return Refusal("wrong_encoding", words, "请从原系统重新导出")
        return Refusal("header_unknown", "表头含有无法解码的字节", "请按约定的编码重报")
    judged = judge(contract, titles, found)
    if judged.refusal:
        return judged.refusal
    more = judged.warnings
    # Blank lines above the header may or may not have been counted among its titles.
    if titles_expected not in (at, lines[at].line - line):
        more.append(f"表头在第 {lines[at].line} 行，约定其上有 {titles_expected} 行标题")
    raw_width = len(titles)
    while titles and not titles[-1].strip():
        titles.pop()
    if raw_width > MAX_COLUMNS:
        return Refusal("wrong_format", f"表头有 {raw_width} 列，超过 {MAX_COLUMNS} 列的上限", "请按约定的格式重报")
    header = lines[at]
    body, number = _after(path, header, dialect)
    inspection = Inspection(
        encoding=dialect.encoding,
        header=titles,
        columns=[found.positions.get(name) for name in contract.fields],
        warnings=warnings + more,
        held=judged.held,
        extra={
            "delimiter": delimiter,
            "quote": quote,
            "header": header.raw.hex(),
            "body": body,
            "line": number,
            "raw_width": raw_width,
            "blank": [i for i, title in enumerate(titles) if not title.strip()],
        },
    )
    return inspection, Dialect(dialect.encoding, delimiter, quote, header.raw, Sums.of(delivery.layout) or None)


def _after(path: Path, header: Line, dialect: Dialect) -> tuple[int, int]:
    """Byte offset and line number of what follows the header."""
    with path.open("rb") as f:
        f.seek(header.offset + len(header.raw))
        end = f.read(2)
    return header.offset + len(header.raw) + (2 if end == b"\r\n" else min(len(end), 1)), header.line + header.lines


def _mostly_utf8(path: Path, skip: int, dialect: Dialect) -> bool:
    """With a header of ASCII alone the body tells: are most of the first thousand other lines UTF-8?"""
    seen = good = 0
    for block in blocks(path, skip, None, dialect, 1):
        if block.ascii:
            continue
        for record in records(block):
            if not record.raw.isascii():
                seen += 1
                good += enc.tells_utf8(record.raw, dialect.encoding)
        if seen >= 1000:
            break
    return good * 2 > seen


def _no_header(
    path: Path, contract: Contract, skip: int, line: int, encoding: str, delimiter: str, quote: str, nearest: list[str] | None
) -> Refusal:
    """Why no header was found: another encoding, garbled, another delimiter, title lines, no header at all, or unknown titles."""
    dialect = Dialect(encoding, delimiter, quote)
    lines = _first_records(path, skip, dialect, line)
    if not lines:
        return Refusal("empty_file", "文件没有内容", "请重报")
    raw, need = lines[0].raw, max(1, len(contract.fields) // 3)
    for other in ("gb18030", "utf-8", "big5hkscs", "big5", "cp1252", "utf-16-le", "shift_jis"):
        if other == encoding or raw.isascii() or not enc.decodes(raw, other):
            continue
        if match(contract, dialect.cells(raw.decode(other))).score >= need:
            return Refusal("wrong_encoding", f"文件是 {other} 编码，约定为 {encoding}", "请按约定的编码重报")
    if encoding != "utf-8" and not raw.isascii() and all(enc.decodes(r.raw, "utf-8") for r in lines[:-1] or lines):
        encoding = "utf-8"
    texts = [r.raw.decode(encoding) for r in lines if enc.decodes(r.raw, encoding)]
    first = raw.decode(encoding) if enc.decodes(raw, encoding) else None
    for whole in (first, *texts):
        back = enc.regained(whole) if whole else None
        if back is not None and match(contract, dialect.cells(back)).score >= need:
            return Refusal("wrong_encoding", "文件在发送前已按错误的编码转换，表头是乱码", "请从原系统重新导出")
    if first is None or enc.lost(first):
        return Refusal("wrong_encoding", f"表头不是 {encoding} 编码，或字符已丢失", "请按约定的编码重报")
    if (bad := enc.garbled(texts)) or enc.uncommon(" ".join(texts)):
        return Refusal("wrong_encoding", bad or "文字大多是生僻字，像是另一种编码（如 Big5）", "请按约定的编码重报")
    for other in _DELIMITERS:
        alternative = Dialect(encoding, other, quote)
        if other != delimiter and match(contract, alternative.cells(first)).score >= max(need, 2):
            return Refusal("header_unknown", f"分隔符是“{other}”，约定为“{delimiter}”", "请按约定的分隔符重报，或修改目录")
    at, found, _ = _best(contract, lines, dialect, _LOOK)
    if found and at and found.score >= need:
        return Refusal(
            "header_unknown", f"表头在第 {lines[at].line} 行，其上有约定之外的行", "请去掉标题行后重报，或在目录中写明 layout.title_rows"
        )
    cells = dialect.cells(first)
    if re.match(r'\s*(\{\s*"|\[\s*\{)', first):
        return Refusal("wrong_format", "文件实际是 JSON，不是表格文本", "请按约定的格式重报")
    marks = [c for c in cells if c.strip() and not c.strip("?？ ")]
    if len(marks) * 2 > len(cells):
        return Refusal("wrong_encoding", "表头的汉字已成问号，在发送前已丢失", "请从原系统重新导出")
    if nearest is None and looks_like_data(contract, cells):
        return Refusal("header_missing", "第一行是数据，没有表头", "请带表头重报")
    return judge(contract, cells, match(contract, cells)).refusal or Refusal("header_unknown", "找不到约定的表头", "请按约定的表头重报")
