"""Scanned or written documents: the pattern of their names, from the names of those in hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from xihu.standards.documents import kind_by_name, kind_of

_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")


def is_document(path: Path) -> bool:
    """Whether a file is a document by its name and its bytes."""
    return kind_by_name(path.name) is not None and kind_of(path) is not None


def attachment(paths: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Lines of the contract below `delivery:` and below `fields:`.

    Names are taken apart at underscores: what is the same in all of them and holds no digit is said by the letter, eight digits that are
    a date become one, everything else is a part that a person names.
    """
    names = [p.stem.split("_") for p in paths]
    even = len({len(n) for n in names}) == 1
    pieces, fields, dated = [], [], 0
    for i, part in enumerate(names[0] if even else [paths[0].stem]):
        others = {n[i] for n in names} if even else {p.stem for p in paths}
        if all(_DATE.fullmatch(p) for p in others):
            name = "formed_on" if not dated else f"formed_on_{dated + 1}"
            dated += 1
            pieces.append(rf"(?P<{name}>\d{{8}})")
            fields.append(f"  {name}: {{title: 日期, type: date, required: true}}   # 高：八位日期 / eight digits that are a date")
        elif len(others) == 1 and not re.search(r"\d", part):
            pieces.append(re.escape(part))
        else:
            name = f"part_{i + 1}"
            pieces.append(f"(?P<{name}>[^_]+)" if even else f"(?P<{name}>.+)")
            fields.append(
                f"  {name}: {{title: 名称第{i + 1}段, type: text, required: true}}   # 低：由人命名，如文号 / name it, such as document_no"
            )
    endings = sorted({p.suffix.lower() for p in paths})
    pattern = "_".join(pieces) + "(?i:" + "|".join(map(re.escape, endings)) + ")"
    kinds = ", ".join(sorted({kind for e in endings if (kind := kind_by_name(e))}))
    quoted = pattern.replace("'", "''")
    delivery = [
        "  format: attachment      # 高：文档，只取元数据 / documents, metadata only",
        f"  attachment: {{name: '{quoted}', kinds: [{kinds}]}}   # 中：由手头的文件名归纳 / from the names in hand",
        "  mode: append",
    ]
    own = [
        "  file_name: {title: 文件名, type: text, required: true}   # 高",
        "  size: {title: 字节数, type: integer}   # 高",
        "  media_type: {title: 媒体类型, type: text}   # 高",
        "  sha256: {title: 摘要, type: text, required: true}   # 高",
    ]
    return delivery, [*fields, *own]
