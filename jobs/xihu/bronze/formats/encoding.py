"""Encodings: which one a file is in, and whether its text was garbled before it was sent.

GB18030 contains GBK and GB2312 (GB 18030-2022), so all three are read as GB18030. In none of them, nor in UTF-8, nor in single-byte code
pages, can a line end, a quote or a comma be part of a longer character: bytes are split into lines first, then decoded line by line.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Iterable

import numpy as np

from xihu.bronze.schema import Refusal

_GB = {"gb18030", "gbk", "gb2312", "cp936", "ms936", "936", "hz"}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (b"\x84\x31\x95\x33", "gb18030"))
_MAGIC = (
    (b"PK\x03\x04", "压缩包或电子表格（zip）"),
    (b"PK\x05\x06", "空的压缩包（zip）"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Office 文件（OLE）"),
    (b"\x1f\x8b", "gzip 压缩文件"),
    (b"%PDF", "PDF"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "7z 压缩包"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"PAR1", "Parquet"),
    (b"\x00\x01\x00\x00Standard Jet DB", "Access 数据库"),
    (b"\x00\x01\x00\x00Standard ACE DB", "Access 数据库"),
    (b"SQLite format 3\x00", "SQLite 数据库"),
)
# What is left where bytes of one encoding were decoded as another: the replacement character, its UTF-8 bytes read as GBK, debug fills.
LOST = ("\ufffd", "锟斤拷", "斤拷锟")
_HIGH = re.compile(rb"[\x80-\xff]+")
_CJK = re.compile(r"[\u4e00-\u9fff]")


def codec(agreed: str | None) -> str:
    """The Python codec of an agreed encoding; GB2312 and GBK become their superset.

    Raises:
        LookupError: no such encoding.
    """
    name = (agreed or "gb18030").strip().lower().replace("_", "-")
    if name in _GB:
        return "gb18030"
    return codecs.lookup(name).name


def foreign(head: bytes) -> str | None:
    """What a file really is that should be text, by its first bytes; None if it may be text."""
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<body")):
        return "网页（HTML）"
    if start.startswith(b"<?xml"):
        return "XML"
    return None


def bom(head: bytes) -> tuple[int, str | None]:
    """Length of a byte order mark and the encoding it tells; (0, None) without one."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return len(mark), name
    return 0, None


def wide(head: bytes) -> Refusal | None:
    """Refuse UTF-16 and UTF-32, by mark or by their zero bytes; and what has zero bytes everywhere, which is no text at all."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return Refusal("wrong_encoding", "文件是 UTF-16/UTF-32 编码", "请另存为约定的编码后重报")
    if len(head) >= 4 and head.count(0) * 10 >= len(head) * 3:
        # One half of the bytes has the zeros where a text is in UTF-16.
        if min(head[::2].count(0), head[1::2].count(0)) * 10 > head.count(0):
            return Refusal("wrong_format", "文件是二进制内容，不是文本", "请按约定的格式重报")
        return Refusal("wrong_encoding", "文件多处是零字节，像是 UTF-16 编码", "请另存为约定的编码后重报")
    return None


def decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def tells_utf8(raw: bytes, agreed: str) -> bool:
    """Whether a record is evidence of UTF-8 where another encoding was agreed.

    Two bytes of UTF-8 may be a character of GB18030 (路 is C2 B7, 联通 C1 AA CD A8): against GB18030 it takes a character of three.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not text.isascii() and (agreed != "gb18030" or max(text) >= "\u0800")


def stray(raw: bytes, encoding: str) -> bool:
    """Whether a record of a GB18030 file is in UTF-8. With an even number of characters it would decode, to others."""
    if encoding != "gb18030" or raw.isascii():
        return False
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(_CJK.findall(text)) >= 2


def may_stray(data: np.ndarray) -> np.ndarray:
    """Where bytes of many records hold two Chinese characters of UTF-8 side by side, or what looks like it: hardly ever in GB18030."""
    if len(data) < 6:
        return np.zeros(0, np.int64)
    lead = (data - np.uint8(0xE4)) < 6
    at = np.flatnonzero(lead[:-5] & lead[3:-2])
    return at[np.all([(data[at + k] & 0xC0) == 0x80 for k in (1, 2, 4, 5)], axis=0)]


def decode_noting(data: bytes, encoding: str) -> tuple[str, list[int]]:
    """The text, and the positions of bytes that are not of this encoding (each a `?` in the text; line ends are never lost)."""
    _noted.at = []
    return data.decode(encoding, "xihu_note"), _noted.at


_noted = threading.local()


def _note(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)
    _noted.at.append(fault.start)
    # Of a torn character only the first byte is given up: what follows may be a line end.
    return "?", fault.start + 1


codecs.register_error("xihu_note", _note)


STRAY = "这条记录是 UTF-8 编码，文件是 GB18030"


def lost(text: str) -> bool:
    """Whether characters of this text were lost before it was sent."""
    return any(mark in text for mark in LOST)


def regained(text: str) -> str | None:
    """What a garbled text was before bytes of one encoding were decoded as another; None if it does not look garbled."""
    if text.isascii():
        return None
    for wrong, right in (("gb18030", "utf-8"), ("cp1252", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "gb18030"), ("cp1252", "gb18030")):
        try:
            data = text.encode(wrong)
            if right == "gb18030" and any(len(run) % 2 for run in _HIGH.findall(data)):
                continue
            back = data.decode(right)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if _CJK.search(back) and (wrong == "gb18030" or not _CJK.search(text)):
            return back
        # Garbled text in UTF-8 that happens to be readable as GB18030.
        if right == "utf-8" and wrong == "gb18030" and not back.isascii() and (before := regained(back)):
            return before
    return None


def partly_regained(text: str) -> bool:
    """Whether rare characters hold the bytes of common ones in UTF-8: at least half as many as if nothing had been lost."""
    strange = sum(not c.isascii() and not c.isspace() for c in text)
    back = _CJK.findall(text.encode("gb18030", "replace").decode("utf-8", "ignore"))
    return len(back) >= 2 and len(back) * 3 >= strange and not uncommon("".join(back) * 2)


def garbled(texts: Iterable[str]) -> str | None:
    """Judge a sample of records: a word of what is wrong if most records with other than ASCII characters are garbled, else None."""
    seen = bad = size = 0
    some = list(texts)
    # Broken characters that no table had became question marks, and what is left can't be turned back as a whole.
    rare = uncommon(" ".join(some[:200]))
    for text in some:
        # Blanks copied from a page (U+00A0) say nothing of an encoding, though their bytes in pairs are a character of GB18030.
        strange = sum(not c.isascii() and not c.isspace() for c in text)
        if not strange:
            continue
        seen += 1
        if lost(text) or regained(text) is not None or (rare and partly_regained(text)):
            bad += 1
            size += strange
    if bad * 2 > seen and size >= 6:
        return f"{seen} 条含汉字的记录中 {bad} 条是乱码（发送前已按错误的编码转换过）"
    return None


def uncommon(text: str) -> bool:
    """Whether most of a text's other-than-ASCII characters are none of the 3,755 common ones of GB 2312, as in text of another encoding."""
    strange = [c for c in text if not c.isascii() and not c.isspace()]
    if len(strange) < 4:
        return False
    common = 0
    for c in strange:
        try:
            b = c.encode("gb2312")
        except UnicodeEncodeError:
            continue
        common += b[0] <= 0xD7 or c in "，。：；（）、"
    return common * 2 < len(strange)


def big5(texts: Iterable[str]) -> str | None:
    """A word of it, if texts read as GB18030 are Big5 throughout: rare characters as they are read, common ones as they were written."""
    some = [t for t in texts if not t.isascii()][:200]
    raw = [t.encode("gb18030", "replace") for t in some]
    if not uncommon(" ".join(some)) or not all(decodes(r, "big5hkscs") for r in raw):
        return None
    meant = {c for r in raw for c in r.decode("big5hkscs") if not c.isascii()}
    # Rows A4 to C6 of Big5 are the 5,401 common characters.
    common = sum(0xA4 <= c.encode("big5hkscs")[0] <= 0xC6 for c in meant)
    if len(meant) >= 8 and common * 5 > len(meant) * 4:
        return "文字大多是生僻字，文件像是 Big5 编码"
    return None
