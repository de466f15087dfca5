"""Values of a dBase record as text, and memos from the file beside the table."""

from __future__ import annotations

import struct
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO

from xihu.bronze.formats.dbfhead import Column, Head
from xihu.bronze.schema import MAX_RECORD

MEMO_SUFFIXES = (".fpt", ".dbt", ".smt")
# Julian day number of the day before 0001-01-01, as date.fromordinal counts.
_JULIAN = 1_721_425


class BadText(ValueError):
    """Bytes that the agreed encoding does not hold."""


class NoMemo(ValueError):
    """A memo that the file beside does not hold."""


def text(raw: bytes, codec: str) -> str:
    """Decode a field; its padding is blanks or zero bytes at the end.

    Raises:
        BadText: not in this encoding.
    """
    try:
        return raw.rstrip(b" \0").decode(codec)
    except UnicodeDecodeError as fault:
        raise BadText(str(fault)) from fault


def value(raw: bytes, column: Column, head: Head, codec: str, memo: Memo | None) -> str | None:
    """One value as text: numbers as written, dates as YYYYMMDD, instants as YYYY-MM-DD HH:MM:SS; binary columns are None.

    Raises:
        BadText, NoMemo
    """
    kind = column.kind
    if kind in "CV":
        return text(raw[: raw[-1]] if kind == "V" and raw and raw[-1] < len(raw) else raw, codec)
    if kind in "NFD":
        return raw.replace(b"\0", b" ").decode("latin-1").strip()
    if kind == "L":
        return raw.decode("latin-1").strip(" \0?")
    if kind in "I+":
        return str(int.from_bytes(raw[:4], "little", signed=True)) if len(raw) >= 4 else ""
    if kind == "Y":
        return str(Decimal(int.from_bytes(raw[:8], "little", signed=True)).scaleb(-4)) if len(raw) >= 8 else ""
    if kind == "O" or (kind == "B" and head.foxpro):
        return number(struct.unpack("<d", raw[:8])[0]) if len(raw) >= 8 else ""
    if kind in "T@":
        return instant(raw)
    if kind == "M":
        block = memo_block(raw)
        if not block:
            return ""
        if memo is None:
            raise NoMemo("没有备注文件")
        return text(memo.read(block), codec)
    return None


def number(x: float) -> str:
    """A double without an exponent where that says the same."""
    return str(int(x)) if x == x and abs(x) < 1e16 and x == int(x) else repr(x)


def instant(raw: bytes) -> str:
    """Two integers: the Julian day and milliseconds; an ASCII instant of 14 digits is left as it is."""
    if len(raw) == 14 or (raw.strip(b" \0").isdigit() and len(raw) > 8):
        return raw.decode("latin-1").strip(" \0")
    if len(raw) < 8 or not raw.strip(b" \0"):
        return ""
    day, ms = struct.unpack("<ii", raw[:8])
    if day == 0:
        return ""
    seconds = round(ms / 1000)
    if not 1 <= day - _JULIAN <= date.max.toordinal() or not 0 <= seconds < 86400:
        return raw.hex()
    return f"{date.fromordinal(day - _JULIAN)} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def memo_block(raw: bytes) -> int:
    """The number of a memo's first block: ten digits, or four bytes in Visual FoxPro."""
    if len(raw) == 4:
        return int.from_bytes(raw, "little")
    digits = raw.strip(b" \0")
    return int(digits) if digits.isdigit() else 0


def memo_path(table: Path) -> Path | None:
    """The memo file beside a table, whatever the case of its suffix."""
    return next(
        (p for p in sorted(table.parent.glob("*")) if p.suffix.lower() in MEMO_SUFFIXES and p.stem.lower() == table.stem.lower()), None
    )


class Memo:
    """A memo file open for reading: FoxPro (.fpt), dBase IV or dBase III (.dbt)."""

    def __init__(self, path: Path, head: Head) -> None:
        self._file: IO[bytes] = path.open("rb")
        start = self._file.read(512)
        self.size = path.stat().st_size
        self.fox = path.suffix.lower() == ".fpt" or head.foxpro or head.version == 0xF5
        self.four = not self.fox and head.version in (0x7B, 0x8B, 0x8E, 0xCB)
        block = int.from_bytes(start[6:8], "big") if self.fox else int.from_bytes(start[20:22], "little") if self.four else 512
        self.block = block or (1 if self.fox else 512)

    def __enter__(self) -> Memo:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def read(self, block: int) -> bytes:
        """Bytes of the memo that begins at a block.

        Raises:
            NoMemo: it lies outside the file, or is no memo.
        """
        at = block * self.block
        if at >= self.size or at <= 0:
            raise NoMemo(f"备注第 {block} 块在文件之外")
        self._file.seek(at)
        if self.fox or self.four:
            head = self._file.read(8)
            length = int.from_bytes(head[4:8], "big") if self.fox else int.from_bytes(head[4:8], "little") - 8
            if len(head) < 8 or not 0 <= length <= min(self.size - at - 8, MAX_RECORD):
                raise NoMemo(f"备注第 {block} 块不完整")
            return self._file.read(length)
        data = b""
        while (end := data.find(b"\x1a")) < 0 and len(data) <= MAX_RECORD:
            more = self._file.read(512)
            if not more:
                break
            data += more
        return data[:end] if end >= 0 else data
