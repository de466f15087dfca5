"""Which encoding an XML message is really in: what it declares is a claim, and so is what was agreed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.xmlstream import pieces, single_byte_lt
from xihu.bronze.schema import Refusal

# Three bytes of UTF-8 from U+3000 on: what nearly all Chinese text is made of, and what two GB characters seldom look like throughout.
_CJK_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")


@dataclass
class _Tally:
    """Stretches between two `<` that are not plain ASCII, and how many of them are invalid in each codec."""

    wide: int
    bad: dict[str, int]
    chinese: bool


def true_codec(stream: IO[bytes], start: int, end: int, agreed: str | None, claimed: str | None) -> tuple[str, list[str]] | Refusal:
    """The codec to read a document with, and warnings; a refusal where it is none that was agreed.

    Args:
        agreed: the contract's encoding; None where none was agreed: then the document's own claim counts, GB2312 and GBK as GB18030.
        claimed: the encoding of the XML declaration; None means UTF-8.
    """
    told = claimed
    if claimed is not None:
        try:
            claimed = enc.codec(claimed)
        except LookupError:
            claimed = None
            if agreed is None:
                return Refusal("wrong_encoding", f"XML 声明的编码“{told}”不认识", "请按约定的编码重报")
    wanted = enc.codec(agreed) if agreed else (claimed or "utf-8")
    if not single_byte_lt(wanted):
        return Refusal("wrong_encoding", f"编码 {wanted} 不能用于 XML 报文", "请用 UTF-8 或 GB18030 重报")
    tally = _look(stream, start, end, wanted)
    warnings = []
    codec = wanted
    other = wanted != "gb18030" and not tally.bad["gb18030"]
    if wanted != "utf-8" and tally.wide and not tally.bad["utf-8"] and tally.chinese:
        codec = "utf-8"
        warnings.append(f"{'约定' if agreed else '声明'}的编码是 {agreed or told}，实为 UTF-8，按 UTF-8 读取")
    elif tally.wide and tally.bad[wanted] * 2 > tally.wide and (tally.bad[wanted] >= 3 or other):
        what = "，像是 GB18030" if other else ""
        # A claim of UTF-8 over GB bytes where nothing was agreed is wrong all the same: nobody said GB18030.
        return Refusal(
            "wrong_encoding", f"{tally.wide} 处含非 ASCII 字符的内容中 {tally.bad[wanted]} 处不是 {wanted} 编码{what}", "请按约定的编码重报"
        )
    elif claimed and claimed != codec:
        warnings.append(f"XML 声明的编码是 {told}，实为 {codec}，按 {codec} 读取")
    return codec, warnings


def _look(stream: IO[bytes], start: int, end: int, wanted: str) -> _Tally:
    tally = _Tally(0, dict.fromkeys((wanted, "utf-8", "gb18030"), 0), False)
    for piece in pieces(stream, start, end):
        if piece.isascii():
            continue
        tally.chinese = tally.chinese or _CJK_UTF8.search(piece) is not None
        parts = [p for p in piece.split(b"<") if not p.isascii()]
        tally.wide += len(parts)
        for codec in tally.bad:
            if not enc.decodes(piece, codec):
                tally.bad[codec] += sum(not enc.decodes(p, codec) for p in parts)
    return tally
