"""Shapefiles (archetype F10): .shp, .shx and .dbf are one file of the ledger, .prj and .cpg say how they are to be understood.

Record i of the .shp and record i of the .dbf are one record; `_raw` is both, the shape's header first. The shape is handed on as WKT in the
file's own coordinates and is judged and converted when it is typed. A file geodatabase (.gdb) is none and is refused with a cure.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats import dbf, shp
from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.dbfhead import CODE_PAGES, read_head
from xihu.bronze.formats.geosystem import agree, geometry_field, of_prj
from xihu.bronze.schema import SPLIT_BYTES, Inspection, Refusal, Rows
from xihu.contract.models import Contract

_AGAIN = "请把同名的 .shp、.shx、.dbf、.prj（及 .cpg）在同一批次重报"
_PAGES = {"oem": None, "ansi": None, "gbk": "gb18030", "gb2312": "gb18030", "936": "gb18030", "65001": "utf-8", "950": "big5"}


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge a shapefile: all parts there and of one size, system of coordinates, and the table as any dBase table is judged."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(1 << 16)
    if not head.strip(b" \t\r\n\0"):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if b".gdbtable" in head and head.startswith(b"PK"):
        return Refusal("wrong_format", "FileGDB 不能逐条读取，只登记文件本身", "请导出为 Shapefile 或 GeoJSON 后重报")
    if not head.startswith(shp.MAGIC) or len(head) < shp.HEADER:
        what = enc.foreign(head)
        return Refusal("wrong_format", f"文件{f'实际是{what}，' if what else ''}不是 Shapefile 的 .shp", "请按约定的格式重报")
    kind = shp.shape_type(head)
    if kind not in (0, *(k + z for k in (1, 3, 5, 8) for z in (0, 10, 20))):
        return Refusal("wrong_format", f"图形类型 {kind} 不支持（如 MultiPatch）", "请导出为点、线或面后重报")
    parts = shp.parts(path)
    if lacking := [e for e in (".shx", ".dbf") if e not in parts]:
        return Refusal("companion_missing", f"{path.name} 的 {'、'.join(lacking)} 没有同来", _AGAIN)
    if shp.stated_size(head) != size:
        return Refusal("control_total", f".shp 文件头声明 {shp.stated_size(head)} 字节，实有 {size} 字节", "传输可能不完整，请重报")
    return _judge(path, contract, parts, kind, size)


def _judge(path: Path, contract: Contract, parts: dict[str, Path], kind: int, size: int) -> Inspection | Refusal:
    index = _index(parts[".shx"])
    if isinstance(index, Refusal):
        return index
    count, splits = 0, [[shp.HEADER, size, 0]]
    try:
        with path.open("rb") as f:
            for at, _, length in shp.walk(f, shp.HEADER, size):
                if count < len(index) and index[count] != (at, length):
                    return Refusal("companion_mismatch", f".shx 的第 {count + 1} 条与 .shp 不符，不是同一次导出的", _AGAIN)
                if at - int(splits[-1][0]) >= SPLIT_BYTES:
                    splits[-1][1] = at
                    splits.append([at, size, count])
                count += 1
    except shp.Broken as fault:
        return Refusal("wrong_format", f".shp 无法分出记录：{fault}", "请重新导出后重报")
    if count != len(index):
        return Refusal("companion_mismatch", f".shp 有 {count} 条，.shx 有 {len(index)} 条", _AGAIN)
    table = _table(contract, parts)
    if isinstance(table, Refusal):
        return table
    judged = dbf.inspect(parts[".dbf"], table)
    if isinstance(judged, Refusal):
        if judged.reason == "empty_file" and count:
            return Refusal("companion_mismatch", f".shp 有 {count} 条，.dbf 没有内容", _AGAIN)
        return Refusal(judged.reason, f".dbf：{judged.detail}", judged.cure)
    rows = judged.extra["records"]
    if rows != count:
        return Refusal("companion_mismatch", f".shp 有 {count} 条，.dbf 有 {rows} 条", _AGAIN)
    told = of_prj(_read_text(parts[".prj"])) if ".prj" in parts else None
    agreed = agree(contract, told, ".prj")
    if isinstance(agreed, Refusal):
        return agreed
    prefix, more = agreed
    if told is None and geometry_field(contract):
        more = [*more, "没有 .prj，按约定的坐标系读取"]
    position = dict(zip(table.fields, judged.columns, strict=True))
    return Inspection(
        judged.encoding,
        judged.header,
        [position.get(name) for name in contract.fields],
        [*judged.warnings, *more],
        [],
        {"kind": kind, "prefix": prefix, "records": count, "splits": splits},
        judged.held,
    )


def _index(path: Path) -> list[tuple[int, int]] | Refusal:
    """(offset, bytes of content) of every record, as the .shx says."""
    data = path.read_bytes()
    if not data.startswith(shp.MAGIC) or len(data) < shp.HEADER:
        return Refusal("companion_mismatch", ".shx 不是 Shapefile 的索引", _AGAIN)
    if (len(data) - shp.HEADER) % 8 or shp.stated_size(data) != len(data):
        return Refusal("companion_mismatch", f".shx 文件头声明 {shp.stated_size(data)} 字节，实有 {len(data)} 字节", _AGAIN)
    return [(a * 2, n * 2) for a, n in struct.iter_unpack(">ii", data[shp.HEADER :])]


def _table(contract: Contract, parts: dict[str, Path]) -> Contract | Refusal:
    """The contract of the .dbf alone: without the shape, in the encoding that .cpg, the code page byte or the contract says."""
    shape = geometry_field(contract)
    fields = {n: s for n, s in contract.fields.items() if n != shape}
    codec = _codec_of(parts)
    if codec is None:
        head = read_head(parts[".dbf"])
        language = None if isinstance(head, Refusal) else CODE_PAGES.get(head.language)
        codec = contract.delivery.encoding or language or "gb18030"
    delivery = contract.delivery.model_copy(update={"encoding": codec})
    return contract.model_copy(update={"fields": fields, "delivery": delivery})


def _codec_of(parts: dict[str, Path]) -> str | None:
    """The encoding of a .cpg; None where it says nothing that Python knows."""
    if ".cpg" not in parts:
        return None
    word = _read_text(parts[".cpg"]).strip().casefold()
    bare = re.sub(r"^(ansi|cp|ms|windows)[\s_-]*", "", word)
    for name in (word, bare):
        if name in _PAGES:
            return _PAGES[name]
    for name in (word, f"cp{bare}" if bare.isdigit() else ""):
        try:
            if name and b"a".decode(found := enc.codec(name)) == "a":
                return found
        except (LookupError, ValueError):
            continue
    return None


def _read_text(path: Path) -> str:
    with path.open("rb") as f:
        data = f.read(1 << 16)
    return data.decode("utf-8-sig" if enc.decodes(data, "utf-8-sig") else "gb18030", "replace")


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every record once, those marked as deleted too, as batches of READ_SCHEMA."""
    parts, extra = shp.parts(path), inspection.extra
    table = _table(contract, parts)
    head = read_head(parts[".dbf"])
    if isinstance(table, Refusal) or isinstance(head, Refusal):
        raise ValueError(f"{path}: the parts changed after inspection")
    shape = geometry_field(contract)
    at = list(contract.fields).index(shape) if shape else None
    columns = [c for i, c in enumerate(inspection.columns) if i != at]
    judged = Inspection(inspection.encoding, inspection.header, columns)
    rows = Rows(file or path.name)
    splits = extra["splits"]
    with path.open("rb") as f:
        for start, end, before in splits if split is None else [splits[split]]:
            table_rows = dbf.walk(parts[".dbf"], head, head.start + before * head.length, None, before)
            for row, record in enumerate(shp.records(f, start, end), before + 1):
                _, attributes = next(table_rows)
                cells, fault = dbf.judge_record(attributes, table, judged, head, None)
                if at is not None:
                    try:
                        text = shp.wkt_of(record.raw[8:], extra["kind"])
                    except ValueError as why:
                        text, fault = None, ("bad_length", shape, str(why))
                    cells.insert(at, f"{extra['prefix']}{text}" if text else text)
                raw = record.raw + attributes
                rows.add(row, row, f"第{row}条记录", record.offset, raw, cells, fault)
                if rows.full:
                    yield rows.take()
    if len(rows):
        yield rows.take()
