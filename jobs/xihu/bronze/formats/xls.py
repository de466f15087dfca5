"""Spreadsheet reports in the old binary format (archetype F2, .xls): the same judgement of layout as for .xlsx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from xihu.bronze.formats.biff import BiffBook, Locked
from xihu.bronze.formats.encoding import foreign
from xihu.bronze.formats.ole import MAGIC, MAX_OLE
from xihu.bronze.formats.workbook import Malformed
from xihu.bronze.formats.xlsx import inspect_book, read_book
from xihu.bronze.schema import Inspection, Refusal
from xihu.contract.models import Contract


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge an old workbook: really one, not locked; sheets, headers, units, columns as in `xlsx`."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(4096)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf") and size <= len(head):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if not head.startswith(MAGIC):
        return Refusal("wrong_format", f"文件实际是{_what(head)}，不是 .xls", "请用表格软件另存为 .xls 后重报，或修改目录中的格式")
    if size > MAX_OLE:
        return Refusal("wrong_format", f"文件 {size} 字节，超过 {MAX_OLE} 字节的上限", "请分批报送")
    try:
        with BiffBook(path) as book:
            return inspect_book(book, contract)
    except Locked:
        return Refusal("wrong_format", "工作簿有打开密码，无法读取", "请去掉密码后重报")
    except Malformed as fault:
        return Refusal("wrong_format", f"工作簿损坏：{fault}", "请用表格软件重新保存后重报")


def _what(head: bytes) -> str:
    if head.startswith(b"PK"):
        return " .xlsx（或别的压缩包）"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"mime-version", b"content-type")):
        return "网页（MHTML）"
    return foreign(head) or "文本"


def read(
    path: Path, contract: Contract, inspection: Inspection, file: str | None = None, split: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Every data row of every data sheet once, as batches of READ_SCHEMA; `_row` starts anew in each sheet."""
    with BiffBook(path) as book:
        yield from read_book(book, contract, inspection, file or path.name)
