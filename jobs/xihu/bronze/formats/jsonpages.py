"""What the pages of a JSON dump say of themselves: return codes, page numbers, totals that move while somebody pages."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xihu.bronze.formats.jsontext import Number
from xihu.bronze.formats.jsonwalk import Page
from xihu.bronze.schema import Refusal
from xihu.contract.models import Api
from xihu.contract.paths import JsonPath


def told(value: Any) -> str | None:
    """A value as text: numbers as written, objects and lists as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


@dataclass
class Pages:
    """All pages of a file, and the digests of their records."""

    pages: list[Page] = field(default_factory=list)
    digests: Any = field(default_factory=lambda: array("Q"))
    owners: Any = field(default_factory=lambda: array("L"))

    def overlap(self) -> int:
        """Records that stand on more than one page, counted once for each further page."""
        if len(self.pages) < 2 or not self.digests:
            return 0
        pairs = np.unique(np.stack([np.asarray(self.digests, np.uint64), np.asarray(self.owners, np.uint64)]), axis=1)
        return int(pairs.shape[1] - len(np.unique(pairs[0])))


def envelopes(api: Api, paths: dict[str, JsonPath], seen: Pages, warnings: list[str]) -> Refusal | None:
    """Pages that carry an error code or no data."""
    good = {w.casefold() for w in api.ok}
    for page in seen.pages:
        at = f"第{page.number}页（第{page.line}行）"
        if "code" in paths:
            code = told(page.values.get(paths["code"]))
            if code is None or code.strip().casefold() not in good:
                said = told(page.values.get(paths["message"])) if "message" in paths else None
                what = f"返回码是 {code}" if code is not None else f"没有返回码（{api.code}）"
                return Refusal("error_envelope", f"{at}{what}" + (f"：{said[:100]}" if said else ""), "请重新取数后报送")
        if page.problem:
            return Refusal("header_unknown", f"{at}{page.problem}", "请按约定的接口格式重报")
        if not page.listed:
            keys = "、".join(page.keys[:20])
            return Refusal("header_unknown", f"{at}没有“{api.records}”；有：{keys}", "请按约定的接口格式重报，或修改目录")
    return None


def _whole(value: Any) -> int | None:
    text = (told(value) or "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def totals(paths: dict[str, JsonPath], seen: Pages, records: int, warnings: list[str]) -> str | None:
    """What page numbers and totals contradict; None if all pages are there."""
    pages = seen.pages
    again = seen.overlap()
    if again:
        warnings.append(f"{again} 条记录在不止一页上出现（取数时数据有变动）")
    repeated = ""
    stated = [n for p in pages if (n := _whole(p.values.get(paths["pages"]))) is not None] if "pages" in paths else []
    if "page" in paths and pages:
        numbers = [_whole(p.values.get(paths["page"])) for p in pages]
        if None in numbers:
            return f"第{numbers.index(None) + 1}页没有页码"
        had = sorted({n for n in numbers if n is not None})
        if had[0] > 1:
            return f"缺第 1 页，最小的页码是 {had[0]}"
        if gaps := sorted(set(range(had[0], had[-1] + 1)) - set(had)):
            return f"缺第 {'、'.join(map(str, gaps[:10]))} 页"
        if len(had) < len(numbers):
            repeated = "有的页重复取了：" + "、".join(f"第 {n} 页" for n in had if numbers.count(n) > 1)
            warnings.append(repeated)
        if stated and had[-1] < min(stated) - (had[0] == 0):
            return f"应有 {min(stated)} 页，最后一页是第 {had[-1]} 页"
    elif stated and len(pages) < min(stated):
        return f"应有 {min(stated)} 页，只有 {len(pages)} 页"
    if "total" not in paths or not pages:
        return None
    sums = [_whole(p.values.get(paths["total"])) for p in pages]
    if None in sums:
        return f"第{sums.index(None) + 1}页没有写明总数，或不是数字"
    low, high = min(t for t in sums if t is not None), max(t for t in sums if t is not None)
    if low != high:
        warnings.append(f"取数期间总数从 {sums[0]} 变到 {sums[-1]}（最小 {low}，最大 {high}）")
    if records < low:
        return f"接口写明至少 {low} 条，实有 {records} 条"
    if repeated and records - again < low:
        # A page came twice where another should have come.
        return f"{repeated}；除去重复的只有 {records - again} 条，接口写明至少 {low} 条"
    if records - again < low:
        warnings.append(f"除去重复出现的只有 {records - again} 条，少于总数 {low}，可能有遗漏")
    if records - again > high:
        if len(pages) == 1:
            return f"接口写明 {high} 条，实有 {records} 条"
        warnings.append(f"记录 {records} 条，多于写明的总数 {high}")
    return None
