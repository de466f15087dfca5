"""Control files beside a data file (.ctl, .ok): what they state of rows, bytes and digests, in the shapes that are usual.

`ROWS=1000`, `记录数：1000`, `1000|d41d8c…`, `a.txt 1000 d41d8c…`, the line of md5sum, a small table with a head, JSON.
An empty file, or one that only says OK, states nothing but that the transfer ended.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_ROWS_WORDS = """
rows row rowcount rowscount count cnt records record recordcount recordscount recordnum total totalcount totalrows num number lines
linecount nrows datacount 行数 记录数 记录条数 数据行数 数据条数 条数 总条数 总行数 总记录数 总数 笔数 总笔数 数据量
"""
_BYTES_WORDS = "bytes byte size filesize length filelength 字节 字节数 大小 文件大小 文件长度"
_DIGEST_WORDS = "md5 md5sum md5值 md5码 checksum digest hash sum check sha sha1 sha1sum sha256 sha256sum 摘要 校验码 校验值 校验和 校验"
_ROWS, _BYTES, _DIGEST = (frozenset(words.split()) for words in (_ROWS_WORDS, _BYTES_WORDS, _DIGEST_WORDS))
_DONE = {"ok", "done", "success", "finished", "finish", "end", "complete", "completed", "完成", "成功", "y", "yes"}
_PAIR = re.compile(r"""["']?([^\W\d_][\w\- .]{0,30}?)["']?\s*[:=]+\s*["']?(\d{1,3}(?:,\d{3})+(?![\d,])|[^"',;|{}\s]*)""")
_WORDS = re.compile(r"^\s*([^\W\d_][\w\-]*)[\s|,;]+([\w,.]+)\s*$")
_HEX = re.compile(r"(?<![0-9a-z])([0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])", re.I)
_INTEGER = re.compile(r"\d{1,3}(,\d{3})+|\d+")


@dataclass
class Stated:
    """What a control file says. `rows`, `size`: named numbers; `bare`: numbers without a name; `odd`: a named number that is none."""

    rows: int | None = None
    size: int | None = None
    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    bare: list[int] = field(default_factory=list)
    odd: str | None = None
    silent: bool = False
    named: bool = False

    @property
    def anything(self) -> bool:
        return any(x is not None for x in (self.rows, self.size, self.md5, self.sha1, self.sha256, self.odd)) or bool(self.bare)


def parse(data: bytes, name: str, several: bool = False) -> Stated:
    """Read a control file.

    Args:
        name: the data file it is asked about.
        several: it may speak of several files: only what stands on lines with the name counts, `named` says whether there are any.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    text = unicodedata.normalize("NFKC", text).replace("\0", "").replace("\x1a", "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    stated = Stated()
    own = unicodedata.normalize("NFKC", name).casefold()
    with_name = [line for line in lines if own in line.casefold()]
    stated.named = bool(with_name)
    # A list of several files, though it is beside one: the lines of others say nothing of this one.
    several = several or (any(map(_HEX.search, with_name)) and any(_HEX.search(line) for line in lines if line not in with_name))
    if several:
        lines = ([lines[0]] if with_name and lines[0] not in with_name and _titles(_cells(lines[0])) else []) + with_name
    if not lines or (len(lines) == 1 and _key(lines[0]) in _DONE):
        stated.silent = True
        return stated
    head: list[str] | None = None
    for line in lines:
        rest = re.sub(re.escape(own), " ", line, flags=re.I) if own in line.casefold() else line
        cells = _cells(line)
        if head is None and _titles(cells):
            head = [_key(c) for c in cells]
            continue
        if head is not None and len(cells) == len(head):
            for key, value in zip(head, cells, strict=True):
                _named(stated, key, value)
            continue
        _line(stated, rest)
    return stated


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _cells(line: str) -> list[str]:
    return [c.strip(" \"'") for c in re.split(r"\|@\||[|,;\t^\x01]| {2,}", line)] if not re.search(r"[:=]", line) else [line]


def _titles(cells: list[str]) -> bool:
    """Whether a line is the head of a table: several words, one of them known, none a number."""
    keys = [_key(c) for c in cells]
    known = [k for k in keys if k in _ROWS | _BYTES | _DIGEST]
    return len(cells) >= 2 and bool(known) and not any(re.fullmatch(r"\d[\d,]*|[0-9a-f]{32}|[0-9a-f]{64}", c, re.I) for c in cells)


def _named(stated: Stated, key: str, value: str) -> bool:
    """Take a named value; whether the name is known."""
    if key in _ROWS or key in _BYTES:
        number = _INTEGER.fullmatch(value.rstrip("行条笔B字节"))
        if number is None:
            stated.odd = f"{key}={value}"
        elif key in _ROWS:
            stated.rows = int(number[0].replace(",", ""))
        else:
            stated.size = int(number[0].replace(",", ""))
        return True
    if key in _DIGEST:
        found = _HEX.fullmatch(value)
        if found is None:
            stated.odd = f"{key}={value}"
        else:
            _digest(stated, found[1])
        return True
    return False


def _digest(stated: Stated, word: str) -> None:
    if len(word) == 32:
        stated.md5 = word.lower()
    elif len(word) == 40:
        stated.sha1 = word.lower()
    else:
        stated.sha256 = word.lower()


def _line(stated: Stated, line: str) -> None:
    pairs = [(m[1], m[2]) for m in _PAIR.finditer(line)]
    known = False
    if not pairs and (words := _WORDS.match(line)):
        known = _named(stated, _key(words[1]), words[2])
    for key, value in pairs:
        known = _named(stated, _key(key), value) or known
    if known:
        return
    for word in _HEX.findall(line):
        _digest(stated, word)
    if not pairs:
        rest = _HEX.sub(" ", line)
        stated.bare += [int(n[0].replace(",", "")) for n in re.finditer(r"(?<![\w.\-:/])(\d{1,3}(?:,\d{3})+|\d+)(?![\w.\-:/])", rest)]
