"""Guesses about a file in hand: encoding, delimiter, header, what its columns hold. For drafting a contract, never for reading data."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from python_calamine import CalamineWorkbook

from xihu.standards import text

SAMPLE_BYTES, SAMPLE_ROWS = 8_000_000, 5_000
DELIMITERS = (",", "\t", "|@|", "|", ";", "\x01", "^")
TOTALS, FOOTERS = ("小计", "合计", "总计", "累计"), ("填表人", "审核人", "填报人", "制表人", "负责人", "备注：", "注：", "说明：")
_QUOTED = re.compile(r'"[^"\n]*"')
_UNIT = re.compile(r"单位[：:]\s*(亿元|万元|千元|元|分)")


@dataclass
class Table:
    """What was seen of a file: titles, rows of text, and how they lay in it."""

    format: str
    titles: list[str]
    rows: list[list[str | None]]
    encoding: str | None = None
    delimiter: str | None = None
    title_rows: int = 0
    header_rows: int = 1
    sheets: list[str] = field(default_factory=list)
    totals: list[str] = field(default_factory=list)
    footers: list[str] = field(default_factory=list)
    unit: str | None = None
    marks: dict[str, str] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)  # fixed: (start, width) in bytes
    length: int = 0
    headed: bool = True
    paths: list[str | None] = field(default_factory=list)  # xml, json: where a column stands, if not under its title
    options: list[str] = field(default_factory=list)  # lines of the delivery that the format adds
    crs: str = "wgs84"  # geojson, shapefile: system of coordinates


class Unreadable(ValueError):
    """A file that no contract can be drafted from; the message says why, in Chinese and English."""


def look(path: Path, divisions: frozenset[str] = frozenset()) -> Table:
    """Read a sample of a csv, xlsx or fixed-width file, of a dump, dBase table or telegrams, of GeoJSON or a shapefile.

    Raises:
        Unreadable: the file is missing, empty, of another format, or in no known encoding.
    """
    from xihu.contract import guessdump, guessfixed, guessgeo, guessmessage

    try:
        with path.open("rb") as stream:
            if stream.read(2) == b"\x1f\x8b":  # a delivery is unpacked before it is read, whatever the file's name
                stream = gzip.open(path)  # type: ignore[assignment]  # noqa: SIM115
            stream.seek(0)
            with stream:
                head = stream.read(SAMPLE_BYTES)
                cut = bool(stream.read(1))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"gzip 压缩文件已损坏，请重新获取 / a damaged gzip file: {path}: {error}") from None
    except OSError as error:
        raise Unreadable(f"无法读取 / cannot be read: {path}: {error.strerror}") from None
    if head[257:262] == b"ustar":
        raise Unreadable(f"压缩包里是多个文件，请先解包 / an archive of files; unpack it first: {path}")
    if b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e" in head and head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(f"工作簿有打开密码，请去掉密码另存后再试 / an encrypted workbook; save it without a password: {path}")
    if not head.strip(b"\xef\xbb\xbf\0 \r\n\t"):
        raise Unreadable(f"空文件 / an empty file: {path}")
    if head[:4] == b"PK\x03\x04":
        return _sheets(path)
    if head[:5].lower().lstrip()[:5] in (b"<html", b"<!doc", b"<tabl"):
        raise Unreadable(f"内容是网页，不是表格 / an HTML document, not a table: {path}")
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return replace(_sheets(path), format="xls")
    if geo := guessgeo.look(path, head):
        return geo
    if message := guessmessage.look(head, cut):
        return message
    if other := guessdump.look(path, head):
        return other
    if b"\0" in head[:4096]:
        raise Unreadable(f"二进制文件 / a binary file: {path}")
    if cut:
        head = head[: head.rfind(b"\n") + 1] or head
    encoding = guess_encoding(head)
    lines = head.split(b"\n")
    return guessfixed.fixed(lines, encoding, divisions) or _csv(head.decode(encoding, "replace"), encoding)


def guess_encoding(data: bytes) -> str:
    """The encoding of a file: utf-8 or gb18030 if it decodes all but a few of the lines that are not plain ASCII; else big5, cp1252.

    Raises:
        Unreadable: none does.
    """
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    for encoding in ("utf-8-sig", "gb18030"):
        if _broken(lines, encoding) * 50 <= len(lines):
            return "utf-8" if encoding == "utf-8-sig" else encoding
    for encoding in ("big5", "cp1252"):
        if not _broken(lines, encoding):
            return encoding
    raise Unreadable("编码无法识别 / in no known encoding (utf-8, gb18030, big5, cp1252)")


def _broken(parts: list[bytes], encoding: str) -> int:
    count = 0
    for part in parts:
        try:
            part.decode(encoding)
        except UnicodeDecodeError:
            count += 1
    return count


def _csv(body: str, encoding: str) -> Table:
    body = body.removeprefix("\ufeff")
    lines = [_QUOTED.sub("", line) for line in body.splitlines()[:200] if line.strip()]

    def steady(delimiter: str) -> tuple[float, int]:
        counts = [line.count(delimiter) for line in lines]
        common, times = Counter(counts).most_common(1)[0]
        return (times / len(counts) if common else 0.0), common

    delimiter = max(DELIMITERS, key=lambda d: (round(steady(d)[0], 1), steady(d)[1] * len(d)))
    if steady(delimiter)[1] == 0:
        delimiter = ","
    if len(delimiter) == 1:
        read = list(_first(csv.reader(io.StringIO(body), delimiter=delimiter)))
    else:
        read = [line.split(delimiter) for line in body.splitlines()[:SAMPLE_ROWS] if line]
    above = _above(read)
    read = [row for row in read[above:] if any(cell.strip() for cell in row)]
    if not read:
        raise Unreadable("没有数据行 / no rows")
    headed = not any(_datum(cell) for cell in read[0])
    usual, times = Counter(map(len, read)).most_common(1)[0]
    if not headed and times >= 0.6 * len(read):
        # Values over several lines and delimiters within values shift what stands behind them: such lines tell nothing of columns.
        read = [row for row in read if len(row) == usual]
    width = max(len(row) for row in read[:50])
    titles = [c.strip() for c in read[0]] if headed else [f"第{i + 1}列" for i in range(width)]
    # A column without a title is the margin of a sheet, or what nobody can ask for; no field can be named after it.
    keep = [i for i, title in enumerate(titles) if title]
    rows: list[list[str | None]] = [[row[i] if i < len(row) else None for i in keep] for row in read[headed:]]
    table = Table("csv" if headed else "delimited", [titles[i] for i in keep], rows, encoding=encoding, delimiter=delimiter)
    table.title_rows, table.headed = above, headed
    full = [i + 1 for i, title in enumerate(titles) if not title and any(len(row) > i and row[i].strip() for row in read[headed:])]
    if full:
        told = "、".join(map(str, full[:10]))
        table.options = [f"  # 第 {told} 列没有标题却有内容：请提供方给出标题，否则这些行将隔离 / columns with values but no title"]
    return table


def _above(read: list[list[str]]) -> int:
    """How many rows stand above the header: titles of one or two cells, or blank ones, before rows that are filled."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in read[:60]]
    usual = Counter(n for n in filled if n).most_common(1)[0][0] if any(filled) else 0
    first = next((i for i, n in enumerate(filled[:9]) if n >= max(3, 0.6 * usual)), 0)
    headed = first < len(read) and not any(_datum(cell) for cell in read[first])
    return first if headed else 0


def _first(reader: object) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in reader:  # type: ignore[attr-defined]
            rows.append(row)
            if len(rows) >= SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows


def _datum(cell: str) -> bool:
    """A cell that is no title: a number, a date, an id."""
    bare = text.fold(text.unguard(cell)[0]).replace(",", "")
    return bool(re.fullmatch(r"[-+]?\d+(\.\d+)?|\d{4}[-/.年]\d{1,2}.*|\d{17}[\dXx]", bare))


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _sheets(path: Path) -> Table:
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        grids = [(n, book.get_sheet_by_name(n).to_python(skip_empty_area=False)) for n in names]
    except Exception as error:
        raise Unreadable(f"不是可读的工作簿 / not a readable workbook: {path.name}: {error}") from None
    filled = [
        (n, [[_cell(v) for v in row] for row in grid]) for n, grid in grids if any(any(v not in ("", None) for v in row) for row in grid)
    ]
    if not filled:
        raise Unreadable(f"工作簿为空 / an empty workbook: {path.name}")
    # Covers, notes and code tables stand before and behind the data.
    grid = max((g for _, g in filled), key=lambda g: sum(v is not None for row in g for v in row))
    start, depth, width = _header(grid)
    titles = _joined(grid[start : start + depth], width)
    keep = [i for i, title in enumerate(titles) if title]
    table = Table("xlsx", [titles[i] for i in keep], [], title_rows=start, header_rows=depth, sheets=[n for n, _ in filled])
    alike = [(n, g) for n, g in filled if g is grid or _same(_joined(g[start : start + depth], width), titles)]
    table.sheets = [n for n, _ in alike]
    for _, rows in alike:
        for row in rows[start + depth :][:SAMPLE_ROWS]:
            first = next(("".join(v.split()) for v in row if v and v.strip()), None)
            if first is None:
                continue
            if first in TOTALS:
                table.totals = list(dict.fromkeys([*table.totals, first]))
            elif mark := next((f for f in FOOTERS if first.startswith(f)), None):
                table.footers = list(dict.fromkeys([*table.footers, mark]))
            else:
                table.rows.append([row[i] if i < len(row) else None for i in keep])
    above = " ".join(v for row in grid[:start] for v in row if v)
    if match := _UNIT.search(above):
        table.unit = match.group(1)
    return table


def _same(given: list[str], titles: list[str]) -> bool:
    """Whether a sheet has the header of another, but for a title or two."""
    words = {t for t in titles if t}
    return len(words & set(given)) >= 0.6 * len(words)


def _header(grid: list[list[str | None]]) -> tuple[int, int, int]:
    """(first row of the header, how many it has, columns) of a sheet."""
    width = max(len(row) for row in grid)
    busy = [sum(v is not None for v in row) for row in grid]
    start = next((i for i, n in enumerate(busy) if n >= max(2, 0.5 * max(busy)) and not any(_datum(v) for v in grid[i] if v)), 0)
    depth = 1
    # A merged header leaves blanks above its second row, and that row is words only.
    while depth < 3 and start + depth < len(grid):
        upper, lower = grid[start + depth - 1], grid[start + depth]
        under = [i for i, v in enumerate(lower) if v is not None]
        if not any(upper[i] is None for i in under) or any(_datum(v) for v in lower if v) or len(under) == width:
            break
        depth += 1
    return start, depth, width


def _joined(header: list[list[str | None]], width: int) -> list[str]:
    """Titles of a header of several rows: a merged cell's word is carried to the right while something stands below."""
    levels: list[list[str]] = []
    for depth, row in enumerate(header):
        padded = [*row, *[None] * (width - len(row))]
        carried: list[str] = []
        for i, value in enumerate(padded):
            below = any(i < len(lower) and lower[i] for lower in header[depth + 1 :])
            carried.append(re.sub(r"\s+", "", value) if value else carried[i - 1] if i and below and padded[i] is None else "")
        levels.append(carried)
    return ["/".join(dict.fromkeys(level[i] for level in levels if level[i])) for i in range(width)]
