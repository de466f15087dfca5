"""Files in the three shapes the departments use: delimited text, spreadsheet report, fixed-width bank batch.

The same rows give the same bytes: nothing reads the clock, and a spreadsheet's archive carries fixed times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from xihu.sample import ids
from xihu.sample.dirt import NUMBER
from xihu.sample.resources import Resource


def look(r: Resource, cells: list[str]) -> list[str]:
    """Canonical values in the sender's habits of writing dates, months and amounts."""
    out = []
    for (_, _, kind), value in zip(r.columns, cells, strict=True):
        if value and kind == "date":
            value = date.fromisoformat(value).strftime(r.date_form)
        elif value and kind == "month":
            value = date.fromisoformat(value).strftime(r.month_form)
        elif value and kind == "money" and r.thousands:
            value = f"{float(value):,.2f}"
        out.append(value)
    return out


def _quote(value: str) -> str:
    if any(c in value for c in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def _bytes(text: str, encoding: str) -> bytes:
    """Characters the sender's code page lacks become 〓, as old systems print them."""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data = b"".join(c.encode(encoding, "ignore") or "〓".encode(encoding) for c in text)
    return data.replace(b"\x00", b"\xff")


def write_csv(path: Path, r: Resource, rows: Iterable[list[str]], encoding: str) -> int:
    """Header and rows with CRLF; returns the number of rows. `r.guard` = ids behind a tab, so that a spreadsheet keeps their digits."""
    guarded = {i for i, c in enumerate(r.columns) if c[2] == "id"} if r.guard else set()
    n = 0
    with path.open("wb") as f:
        if encoding == "utf-8-sig":
            f.write(b"\xef\xbb\xbf")
        code = "utf-8" if encoding == "utf-8-sig" else encoding
        if encoding == "utf-16":
            f.write(b"\xff\xfe")
            code = "utf-16-le"
        f.write(_bytes(",".join(_quote(c[1]) for c in r.columns) + "\r\n", code))
        for cells in rows:
            if guarded:
                cells = [("\t" + v if i in guarded and v[:1] not in ("\t", "'", "=") and v else v) for i, v in enumerate(cells)]
            f.write(
                _bytes(",".join(map(_quote, cells)) + "\r\n", code)
                if code != "utf-16-le"
                else (",".join(map(_quote, cells)) + "\r\n").encode(code)
            )
            n += 1
    return n


Sheets = Iterator[tuple[str, Iterable[list[str]]]]


def write_xlsx(path: Path, r: Resource, sheets: Sheets, month: date, filed: date) -> dict[str, int]:
    """A report: title and unit rows, header of two levels with merged cells, subtotals by tens of rows, total, footer.

    Returns the data rows of each sheet. `sheets` yields (sheet name, rows).
    """
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": datetime(2016, 1, 1), "author": "", "title": r.title})
    bold = book.add_format({"bold": True, "align": "center", "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    money = book.add_format({"num_format": "#,##0.00"})
    counts = {}
    for name, rows in sheets:
        counts[name] = _write_sheet(book.add_worksheet(name), r, rows, month, filed, name, bold, day, money)
    book.close()
    return counts


def _write_sheet(
    ws: Any, r: Resource, rows: Iterable[list[str]], month: date, filed: date, name: str, bold: Any, day: Any, money: Any
) -> int:
    last = len(r.columns) - 1
    where = name if r.sheets == "district" else "杭州市"
    ws.merge_range(0, 0, 0, last, f"{where}{month.year}年{month.month}月{r.title}表", bold)
    ws.write_string(1, 0, "单位：元" if any(c[2] == "money" for c in r.columns) else "单位：人")
    ws.write_string(1, last, f"填报日期：{filed.year}年{filed.month}月{filed.day}日")
    at = _header(ws, r, bold)
    n = 0
    sums = [0.0] * (last + 1)
    part = [0.0] * (last + 1)
    for cells in rows:
        n += 1
        for j, value in enumerate(cells[: last + 1]):
            field, _, kind = r.columns[j]
            if field == "seq":
                ws.write_number(at, j, n)
                continue
            if value.startswith(NUMBER):
                ws.write_number(at, j, float(value[1:]))
                continue
            if kind in ("money", "int"):
                plain = value.replace(",", "")
                try:
                    x = float(plain)
                except ValueError:
                    ws.write_string(at, j, value)
                    continue
                sums[j] += x
                part[j] += x
                # every other amount is a number cell, the rest text with the green triangle
                if kind == "int" or (n % 3 and "元" not in value and value.count(",") == 0):
                    ws.write_number(at, j, x, money if kind == "money" else None)
                else:
                    ws.write_string(at, j, value)
            elif kind == "date" and n % 4 and len(value) == 10 and value[4] == "-" and value[5:] != "02-30":
                ws.write_datetime(at, j, datetime.fromisoformat(value), day)
            elif value:
                ws.write_string(at, j, value)
        at += 1
        if n % 25 == 0 and any(c[2] == "money" for c in r.columns):
            _total(ws, r, at, "小计", part)
            part = [0.0] * (last + 1)
            at += 1
    _total(ws, r, at, "合计", sums)
    ws.write_string(at + 1, 0, "填表人：  审核人：  ")
    return n


def _header(ws: Any, r: Resource, bold: Any) -> int:
    """Header of one or two levels, row by row as constant memory demands; returns the first data row."""
    heads = [c[1].split("/") for c in r.columns]
    last = len(heads) - 1
    if all(len(h) == 1 for h in heads):
        for j, h in enumerate(heads):
            ws.write_string(2, j, h[0], bold)
        return 3
    j = 0
    while j <= last:
        span = j
        while span < last and len(heads[j]) == 2 and heads[span + 1][0] == heads[j][0]:
            span += 1
        if span > j:
            ws.merge_range(2, j, 2, span, heads[j][0], bold)
        else:
            ws.write_string(2, j, heads[j][0], bold)
        j = span + 1
    for j, h in enumerate(heads):
        if len(h) == 2:
            ws.write_string(3, j, h[1], bold)
        else:
            # merge_range would write row 2 again, which has left memory by now; the range alone is still to be declared
            ws.write_blank(3, j, None, bold)
            ws.merge.append((2, j, 3, j))
    return 4


def _total(ws: Any, r: Resource, at: int, title: str, sums: list[float]) -> None:
    ws.write_string(at, 0, title)
    for j, (field, _, kind) in enumerate(r.columns):
        if j and (kind == "money" or field in ("members", "men", "women", "total", "households", "elderly", "floating")):
            ws.write_number(at, j, round(sums[j], 2))


# Bank batch: bytes of a detail record without line end.
FIXED = {
    "batch": (2, 10),
    "id_no": (12, 18),
    "name": (30, 30),
    "month": (60, 6),
    "amount": (66, 13),
    "account": (79, 19),
    "district": (98, 6),
}
FIXED_LENGTH = 110


def _pad(text: str, width: int, encoding: str) -> bytes:
    data = text.encode(encoding)
    while len(data) > width:
        text = text[:-1]
        data = text.encode(encoding)
    return data + b" " * (width - len(data))


def write_fixed(path: Path, r: Resource, rows: Iterable[list[str]], batch: str, month: date, encoding: str) -> int:
    """Header, details, trailer with count and total in 分, the sign behind the digits. Returns the number of details."""
    n, total = 0, 0
    with path.open("wb") as f:
        f.write(_pad(f"H{batch}{month:%Y%m}杭州市社会保险管理服务局{r.title}", FIXED_LENGTH, encoding) + b"\r\n")
        for cells in rows:
            f.write(_fixed_line(r, cells, encoding))
            n += 1
            total += cents(cells[r.at("amount")])
        f.write(_pad(f"T{n:08d}{total:015d}+", FIXED_LENGTH, encoding) + b"\r\n")
    return n


def cents(amount: str) -> int:
    """元 to 分, exactly."""
    whole, _, part = amount.replace(",", "").partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def _fixed_line(r: Resource, cells: list[str], encoding: str) -> bytes:
    values = dict(zip(r.fields, cells, strict=True))
    line = b"D" + _pad(values["batch"], 10, encoding) + _pad(values["id_no"], 18, encoding)
    name = values["name"]
    wide = b"".join(c.encode(encoding) for c in name)
    # every third sender's clerk pads with ideographic spaces instead of blanks
    if len(wide) % 2 == 0 and len(values["account"]) and values["account"][-1] in "036":
        wide += "\u3000".encode(encoding) * ((30 - len(wide)) // 2)
    line += wide[:30].ljust(30, b" ")
    line += _pad(values["month"], 6, encoding) + f"{cents(values['amount']):012d}+".encode() + _pad(values["account"], 19, encoding)
    line += _pad(values["district"], 6, encoding)
    return line.ljust(FIXED_LENGTH, b" ") + b"\r\n"


def sheet_name(district: str) -> str:
    """A sheet carries the district's name."""
    return ids.DISTRICTS[district][0]


__all__ = ["FIXED", "FIXED_LENGTH", "look", "sheet_name", "write_csv", "write_fixed", "write_xlsx"]
