"""Extracts as bytes in the formats of departments. `titles` stand in the place of the columns' own, where the format has any."""

from __future__ import annotations

import base64
import io
import json
import struct
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

import shapefile
import xlsxwriter
import xlwt

from .extract import Extract

SUFFIX = {
    "csv": ".csv", "xlsx": ".xlsx", "xls": ".xls", "fixed": ".txt", "delimited": ".dat", "xml": ".xml", "json": ".json", "dbf": ".dbf",
    "hj212": ".log", "geojson": ".geojson", "shapefile": ".shp", "accounting": ".xml",
}  # fmt: skip
UNTITLED = ("fixed", "delimited", "hj212")  # what has no titles a sender could change
Rows = list[list[str]]


def write(extract: Extract, folder: Path, seed: int, titles: list[str] | None = None) -> Path:
    """The extract as a file in a folder of its own."""
    here = folder / f"{extract.name}_{seed}{'_c' if titles else ''}"
    here.mkdir(parents=True, exist_ok=True)
    path = here / f"{extract.name}_201612{SUFFIX[extract.kind]}"
    _WRITERS[extract.kind](path, extract, titles or extract.titles, extract.table(seed))
    return path


def _csv(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    mark, delimiter = e.options.get("guard", ""), e.options.get("delimiter", ",")

    def cell(value: str) -> str:
        if mark and value.isdigit() and len(value) >= 15:
            value = mark + value
        return '"' + value.replace('"', '""') + '"' if delimiter in value or '"' in value or "\n" in value else value

    body = "".join(delimiter.join(map(cell, row)) + "\r\n" for row in [titles, *rows])
    path.write_bytes(body.encode(e.options.get("encoding", "gb18030")))


def _levels(titles: list[str]) -> list[list[str]]:
    if not any("/" in t for t in titles):
        return [titles]
    parts = [t.split("/") for t in titles]
    upper = [p[0] if i == 0 or p[0] != parts[i - 1][0] else "" for i, p in enumerate(parts)]
    return [upper, [p[1] if len(p) > 1 else "" for p in parts]]


def _numeric(value: str, kind: str) -> float | None:
    return float(value) if kind in ("integer", "number", "money", "year") and value else None


def _xlsx(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    book = xlsxwriter.Workbook(str(path))
    for name in e.options.get("sheets", ["Sheet1"]):
        sheet, at = book.add_worksheet(name), 0
        for line in e.options.get("title", []):
            sheet.merge_range(at, 0, at, len(titles) - 1, line)
            at += 1
        levels = _levels(titles)
        for i, title in enumerate(levels[0]):
            if len(levels) == 2 and not levels[1][i]:
                sheet.merge_range(at, i, at + 1, i, title)
            elif title:
                end = next((j for j in range(i + 1, len(titles)) if levels[0][j]), len(titles)) - 1
                if len(levels) == 2 and end > i:
                    sheet.merge_range(at, i, at, end, title)
                else:
                    sheet.write(at, i, title)
        if len(levels) == 2:
            at += 1
            for i, title in enumerate(levels[1]):
                if title:
                    sheet.write(at, i, title)
        for row in rows:
            at += 1
            for i, value in enumerate(row):
                number = _numeric(value, e.types[i])
                sheet.write_number(at, i, number) if number is not None else sheet.write_string(at, i, value) if value else None
        if e.options.get("title"):
            sheet.write(at + 1, 0, "合计")
            sheet.write(at + 2, 0, "填表人：         审核人：")
    book.close()


def _xls(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet, at = book.add_sheet("Sheet1"), 0
    for line in e.options.get("title", []):
        sheet.write_merge(at, at, 0, len(titles) - 1, line)
        at += 1
    for i, title in enumerate(titles):
        sheet.write(at, i, title)
    for row in rows:
        at += 1
        for i, value in enumerate(row):
            number = _numeric(value, e.types[i])
            if value:
                sheet.write(at, i, number if number is not None else value)
    book.save(str(path))


def _fixed(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    marks, widths = e.options["marks"], e.options["widths"]

    def line(row: list[str]) -> bytes:
        cells = [v.encode("gb18030")[:w].ljust(w) for v, w in zip(row, widths, strict=True)]
        return (b"D" if marks else b"") + b"".join(cells) + b"\r\n"

    total = sum(int(row[e.types.index("money")]) for row in rows)
    head = b"H20161205" + f"{len(rows):08d}".encode() + b"\r\n" if marks else b""
    tail = f"T{len(rows):08d}{total:016d}".encode() + b"\r\n" if marks else b""
    path.write_bytes(head + b"".join(map(line, rows)) + tail)


def spans(e: Extract) -> list[tuple[int, int]]:
    """(first byte, bytes) of the fields of a batch of fixed width."""
    at, out = 2 if e.options["marks"] else 1, []
    for width in e.options["widths"]:
        out.append((at, width))
        at += width
    return out


def _delimited(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    path.write_bytes("".join(e.options["delimiter"].join(row) + "\n" for row in rows).encode("gb18030"))
    path.with_suffix(".ctl").write_text(f"ROWS={len(rows)}\n")


def _xml(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    record = e.options["record"]
    leaves = ["".join(f"<{t}>{escape(v)}</{t}>" for t, v in zip(titles, row, strict=True)) for row in rows]
    body = "".join(f"<{record}>{leaf}</{record}>\n" for leaf in leaves)
    encoding = "utf-8" if e.options["declared"] == "UTF-8" else "gb18030"
    inner = f"<数据包 xmlns='urn:exchange:1'><头><发送时间>2016-12-05</发送时间><笔数>{len(rows)}</笔数></头><列表>\n{body}</列表></数据包>"
    declared = f'<?xml version="1.0" encoding="{e.options["declared"]}"?>\n'
    data = (declared + inner).encode(encoding)
    if e.options.get("body"):
        data = f"{declared}<message><head><id>1</id></head><content>{base64.b64encode(data).decode()}</content></message>".encode(encoding)
    path.write_bytes(data)


def _json(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    bare = [t in e.options["bare"] for t in e.titles]

    def value(text: str, as_is: bool) -> Any:
        return json.loads(text) if as_is and text else text or None

    records = [{t: value(v, b) for t, v, b in zip(titles, row, bare, strict=True)} for row in rows]
    pages = []
    for n in range(0, len(records), 50):
        data: Any = {"total": len(records), "pageNum": n // 50 + 1, "list": records[n : n + 50]}
        pages.append({"code": "00", "msg": "ok", "data": json.dumps(data, ensure_ascii=False) if e.options["string"] else data})
    path.write_text("\n".join(json.dumps(p, ensure_ascii=False) for p in pages), "utf-8")


def _dbase(e: Extract, titles: list[str], rows: Rows) -> bytes:
    kinds, widths, decimals = e.options["kinds"], e.options["widths"], e.options.get("decimals", {})
    columns = zip(titles, kinds, widths, strict=False)
    heads = b"".join(
        t.encode("gb18030")[:10].ljust(11, b"\0") + k.encode() + bytes(4) + bytes([w, decimals.get(i, 0)]) + bytes(14)
        for i, (t, k, w) in enumerate(columns)
    )
    length = 1 + sum(widths)
    out = io.BytesIO()
    out.write(struct.pack("<BBBBIHH20x", 3, 116, 12, 5, len(rows), 32 + len(heads) + 1, length) + heads + b"\r")
    for n, row in enumerate(rows):
        cells = [
            (v.rjust(w) if k == "N" else v.ljust(w)).encode("gb18030")[:w] if v.isascii() else v.encode("gb18030")[:w].ljust(w)
            for v, k, w in zip(row, kinds, widths, strict=False)
        ]
        out.write((b"*" if n == 7 else b" ") + b"".join(cells))
    return out.getvalue() + b"\x1a"


def _dbf(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    path.write_bytes(_dbase(e, titles, rows))


def _telegrams(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    out = b""
    for n in range(0, len(rows), 3):
        r = dict(zip(e.titles, rows[n], strict=True))
        factors = {"w01018": rows[n], "w21003": rows[min(n + 1, len(rows) - 1)], "w00000": rows[min(n + 2, len(rows) - 1)]}
        items = ";".join(
            f"{code}-" + f",{code}-".join(f"{t}={v}" for t, v in zip(e.titles[5:], row[5:], strict=True)) for code, row in factors.items()
        )
        head = f"QN={r['DataTime']}000;ST={r['ST']};CN={r['CN']};PW=123456;MN={r['MN']};Flag=5;CP="
        data = f"{head}&&DataTime={r['DataTime']};{items}&&".encode()
        out += b"##%04d" % len(data) + data + b"%04X\r\n" % _crc(data)
    path.write_bytes(out)


def _crc(data: bytes) -> int:
    crc = 0xFFFF
    for b in data:
        crc = (crc >> 8) ^ b
        for _ in range(8):
            low, crc = crc & 1, crc >> 1
            crc ^= 0xA001 * low
    return crc


def _geojson(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    r = Random(1)
    bare = {i for i, t in enumerate(e.types) if t in ("number", "integer", "boolean", "year")}
    features = [
        {
            "type": "Feature",
            "properties": {t: json.loads(v) if i in bare else v for i, (t, v) in enumerate(zip(titles[:-1], row, strict=False))},
            "geometry": {"type": "Point", "coordinates": [round(r.gauss(120.15, 0.1), 6), round(r.gauss(30.27, 0.1), 6)]},
        }
        for row in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")


def _shapefile(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    r = Random(2)
    with shapefile.Writer(str(path.with_suffix("")), shapeType=shapefile.POINT) as w:
        w.field("x", "C", 1)
        for _ in rows:
            w.point(r.gauss(120.15, 0.1), r.gauss(30.27, 0.1))
            w.record("")
    path.with_suffix(".dbf").write_bytes(_dbase(e, titles[:-1], [row[:-1] for row in rows]))


def _accounting(path: Path, e: Extract, titles: list[str], rows: Rows) -> None:
    record = e.options["record"]
    body = "".join(
        f"<{record}>" + "".join(f"<{t}>{escape(v)}</{t}>" for t, v in zip(titles, row, strict=True)) + f"</{record}>\n" for row in rows
    )
    book = "<电子账簿><电子账簿编号>1</电子账簿编号><会计年度>2016</会计年度></电子账簿>"
    path.write_bytes(f'<?xml version="1.0" encoding="GB2312"?>\n<会计核算数据>{book}\n{body}</会计核算数据>'.encode("gb18030"))


_WRITERS = {
    "csv": _csv, "xlsx": _xlsx, "xls": _xls, "fixed": _fixed, "delimited": _delimited, "xml": _xml, "json": _json, "dbf": _dbf,
    "hj212": _telegrams, "geojson": _geojson, "shapefile": _shapefile, "accounting": _accounting,
}  # fmt: skip
