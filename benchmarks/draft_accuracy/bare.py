"""A file again with its titles replaced by c1 … cn, everything else as it was: what is left for a draft to judge by is the content."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import openpyxl

from xihu.contract.models import Contract

Truth = dict[str, str]


def bare(path: Path, out: Path, contract: Contract, header: list[str], truth: Truth) -> Truth | None:
    """Writes the file without its titles; its truth under the new ones, or None where a format has no titles or none are replaced here."""
    kind = contract.delivery.format
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == "csv":
        return _csv(path, out, contract, header, truth)
    if kind == "xlsx":
        return _sheets(path, out, contract, header, truth)
    plain = [t for t in truth if re.fullmatch(r"[^\s/@.$#\[\]]+", t) and t != "geometry"]
    names = {t: f"c{i + 1}" for i, t in enumerate(plain)}
    if kind in ("json", "geojson"):
        _json(path, out, contract, names)
    elif kind in ("xml", "accounting"):
        if contract.delivery.message and contract.delivery.message.body:
            return None
        _xml(path, out, names)
    elif kind == "dbf":
        out.write_bytes(_dbase(path.read_bytes(), len(plain)))
        names = {t.encode("gb18030")[:10].decode("gb18030", "ignore"): f"c{i + 1}" for i, t in enumerate(header)}
    else:
        return None
    return {names.get(t, t): k for t, k in truth.items()}


def read_text(path: Path) -> tuple[str, str]:
    """Text of a file and its encoding, UTF-8 or GB18030."""
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("gb18030", "replace"), "gb18030"


def _csv(path: Path, out: Path, contract: Contract, header: list[str], truth: Truth) -> Truth | None:
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    lines = data.split(b"\n")
    delimiter = contract.delivery.delimiter or ","
    for n, line in enumerate(lines[:12]):
        cells = next(csv.reader(io.StringIO(line.decode("gb18030", "replace").lstrip("\ufeff")), delimiter=delimiter), [])
        if len(cells) >= 2 and len(cells) >= 0.5 * len(header) and sum(bool(c.strip()) for c in cells) >= 0.5 * len(header):
            named = [f"c{i + 1}" if c.strip() else "" for i, c in enumerate(cells)]
            lines[n] = delimiter.join(named).encode() + (b"\r" if line.endswith(b"\r") else b"")
            out.write_bytes(b"\n".join(lines))
            names = {t.strip(): f"c{i + 1}" for i, t in enumerate(header)}
            return {names.get(t, t): k for t, k in truth.items()}
    return None


def _sheets(path: Path, out: Path, contract: Contract, header: list[str], truth: Truth) -> Truth:
    layout = contract.delivery.layout
    above, depth = (layout.title_rows, layout.header_rows) if layout else (0, 1)
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        grid = [[sheet.cell(above + d + 1, c + 1) for c in range(sheet.max_column)] for d in range(depth)]
        for c in range(sheet.max_column):
            given = [row[c].value for row in grid]
            below = depth > 1 and given[-1]
            for d, cell in enumerate(row[c] for row in grid):
                if given[d]:
                    cell.value = f"g{c + 1}" if below and d == 0 else f"c{c + 1}"
    book.save(out)
    groups = [t.split("/")[0] for t in header]
    names = {
        t: f"g{groups.index(g) + 1}/c{i + 1}" if "/" in t else f"c{i + 1}" for i, (t, g) in enumerate(zip(header, groups, strict=True))
    }
    return {names.get(t, t): k for t, k in truth.items()}


def _json(path: Path, out: Path, contract: Contract, names: dict[str, str]) -> None:
    text, _ = read_text(path)
    decoder, at, pages = json.JSONDecoder(strict=False), 0, []
    while match := re.compile(r"[\s,\x1e]*(?=\S)").match(text, at):
        value, at = decoder.raw_decode(text, match.end())
        pages.append(json.dumps(_rename(value, names, contract.delivery.format == "geojson"), ensure_ascii=False))
    out.write_text("\n".join(pages), "utf-8")


def _rename(value: Any, names: dict[str, str], inside: bool) -> Any:
    """Keys anew, also in documents that are strings; of a map only those of its properties."""
    if isinstance(value, dict):
        return {names.get(k, k): _rename(v, names, inside) for k, v in value.items()}
    if isinstance(value, list):
        return [_rename(v, names, inside) for v in value]
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.dumps(_rename(json.loads(value), names, inside), ensure_ascii=False)
        except ValueError:
            return value
    return value


def _xml(path: Path, out: Path, names: dict[str, str]) -> None:
    text, encoding = read_text(path)
    for old, new in names.items():
        text = re.sub(rf"(</?(?:[\w.-]+:)?){re.escape(old)}(?=[\s/>])", rf"\g<1>{new}", text)
    out.write_bytes(text.encode(encoding))


def _dbase(data: bytes, most: int) -> bytes:
    made, at, n = bytearray(data), 32, 0
    while at + 32 <= len(made) and made[at] != 0x0D:
        n += 1
        made[at : at + 11] = f"c{n}".encode().ljust(11, b"\0")
        at += 32
    return bytes(made)


def beside(path: Path, out: Path) -> None:
    """Copies what lies beside a file under its stem: control files, parts of a shapefile."""
    for other in path.parent.iterdir():
        if other != path and other.stem == path.stem:
            shutil.copy(other, out.parent / other.name)
