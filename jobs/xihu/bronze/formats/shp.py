"""The main file of a shapefile (ESRI Shapefile Technical Description, July 1998): records by their headers, shapes as WKT.

Rings of ESRI run clockwise where they bound and counter-clockwise where they cut out; WKT's the other way. They are turned here, so that
a ring that runs the wrong way in the file runs the wrong way in the WKT.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from xihu.standards.coordinates import Array
from xihu.standards.shapes import contains, signed_area

MAGIC = b"\x00\x00\x27\x0a"
HEADER = 100
MAX_SHAPE = 64 << 20
KINDS = {0: "Null", 1: "Point", 3: "PolyLine", 5: "Polygon", 8: "MultiPoint"}


class Broken(Exception):
    """Records cannot be told apart any more; the text says where."""


@dataclass(frozen=True)
class Record:
    """One record: byte offset, number as stated, header and content."""

    offset: int
    number: int
    raw: bytes


def parts(path: Path) -> dict[str, Path]:
    """The files of a shapefile by their endings in lower case, whatever the case of their names; the .shp itself is not among them."""
    stem = path.stem.casefold()
    found: dict[str, Path] = {}
    for other in sorted(path.parent.iterdir()):
        if other != path and other.stem.casefold() == stem:
            found.setdefault(other.suffix.casefold(), other)
    return found


def shape_type(head: bytes) -> int:
    return int(struct.unpack_from("<i", head, 32)[0])


def stated_size(head: bytes) -> int:
    """Bytes of the file, as its header says."""
    return int(struct.unpack_from(">i", head, 24)[0]) * 2


def walk(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(offset, number, bytes of content) of every record between two byte offsets, from their headers alone.

    Raises:
        Broken: a header is cut, or its length leads out of the file.
    """
    at = start
    while at < end:
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            raise Broken(f"第 {at} 字节处的记录头不完整")
        number, words = struct.unpack(">ii", head)
        if words < 2 or at + 8 + words * 2 > end or words * 2 > MAX_SHAPE:
            raise Broken(f"第 {at} 字节处的记录（编号 {number}）长度 {words * 2} 不合理")
        yield at, number, words * 2
        at += 8 + words * 2


def records(stream: IO[bytes], start: int, end: int) -> Iterator[Record]:
    """Every record between two byte offsets, in one pass."""
    stream.seek(start)
    at = start
    while at < end:
        head = stream.read(8)
        number, words = struct.unpack(">ii", head)
        yield Record(at, number, head + stream.read(words * 2))
        at += 8 + words * 2


def wkt_of(content: bytes, kind: int) -> str | None:
    """A record's content as WKT in the file's own coordinates; None for a null shape.

    Args:
        kind: the shape type of the file; a record has it, or is null.

    Raises:
        ValueError: the content is not what it says; the message is for people.
    """
    stated = int(struct.unpack_from("<i", content)[0])
    if stated == 0:
        return None
    if stated != kind:
        raise ValueError(f"图形类型 {stated} 与文件的 {kind} 不同")
    base = kind % 10
    height = kind // 10 == 1
    if base == 1:
        need = 20 + (8 if height else 0)
        if len(content) < need:
            raise ValueError(f"点应有 {need} 字节，实有 {len(content)}")
        return f"POINT{' Z' if height else ''} ({_text(np.frombuffer(content, '<f8', 3 if height else 2, 4)[None, :])})"
    if base == 8:
        count = _counts(content, 36, 1)[0]
        points = _points(content, 40, count, height)
        return None if not count else f"MULTIPOINT{' Z' if height else ''} ({', '.join(f'({_text(p[None, :])})' for p in points)})"
    if base not in (3, 5):
        raise ValueError(f"不支持的图形类型 {kind}")
    n_parts, count = _counts(content, 36, 2)
    if len(content) < 44 + 4 * n_parts:
        raise ValueError("图形的分部表不完整")
    starts = np.frombuffer(content, "<i4", n_parts, 44).tolist()
    points = _points(content, 44 + 4 * n_parts, count, height)
    if not n_parts or not count:
        return None
    if starts[0] != 0 or any(a > b for a, b in zip(starts, [*starts[1:], count], strict=True)):
        raise ValueError("图形的分部表不合理")
    pieces = [points[a:b] for a, b in zip(starts, [*starts[1:], count], strict=True) if b > a]
    mark = " Z" if height else ""
    if base == 3:
        lines = [f"({_text(p)})" for p in pieces]
        return f"LINESTRING{mark} {lines[0]}" if len(lines) == 1 else f"MULTILINESTRING{mark} ({', '.join(lines)})"
    with np.errstate(over="ignore", invalid="ignore"):
        # Numbers beyond all bounds are judged where the shape is typed.
        together = _polygons(pieces)
    polygons = ["(" + ", ".join(f"({_text(r[::-1])})" for r in rings) + ")" for rings in together]
    return f"POLYGON{mark} {polygons[0]}" if len(polygons) == 1 else f"MULTIPOLYGON{mark} ({', '.join(polygons)})"


def _counts(content: bytes, at: int, n: int) -> tuple[int, ...]:
    if len(content) < at + 4 * n:
        raise ValueError(f"图形不完整，只有 {len(content)} 字节")
    found = struct.unpack_from(f"<{n}i", content, at)
    if min(found) < 0:
        raise ValueError("图形的点数为负")
    return found


def _points(content: bytes, at: int, count: int, height: bool) -> Array:
    need = at + count * 16 + (16 + count * 8 if height else 0)
    if len(content) < need:
        raise ValueError(f"{count} 个点应有 {need} 字节，实有 {len(content)}")
    xy = np.frombuffer(content, "<f8", count * 2, at).reshape(count, 2)
    if not height:
        return xy
    return np.column_stack([xy, np.frombuffer(content, "<f8", count, at + count * 16 + 16)])


def _polygons(rings: list[Array]) -> list[list[Array]]:
    """Rings put together: a hole goes to the bounding ring around it; one in none of them bounds, though it runs like a hole."""
    if len(rings) == 1:
        return [rings]
    outer = [[r] for r in rings if len(r) < 4 or signed_area(r) <= 0]
    for hole in (r for r in rings if len(r) >= 4 and signed_area(r) > 0):
        owners = [o for o in outer if len(o[0]) >= 4 and contains(o[0], hole, 8)]
        if owners:
            # Of islands in lakes the smallest ring around.
            min(owners, key=lambda o: abs(signed_area(o[0]))).append(hole)
        else:
            outer.append([hole])
    return outer


def _text(points: Array) -> str:
    return ", ".join(" ".join(map(repr, p)) for p in points.tolist())
