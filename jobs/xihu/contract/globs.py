"""Whether two file-name globs can match one and the same name."""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


def overlap(a: str, b: str) -> bool:
    """True where some name matches both globs. Sets [..] are taken as 'any one character' against each other."""
    left, right = tuple(_TOKEN.findall(a)), tuple(_TOKEN.findall(b))

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(left):
            return all(t == "*" for t in right[j:])
        if j == len(right):
            return all(t == "*" for t in left[i:])
        if left[i] == "*":
            return meet(i + 1, j) or meet(i, j + 1)
        if right[j] == "*":
            return meet(i, j + 1) or meet(i + 1, j)
        return _same(left[i], right[j]) and meet(i + 1, j + 1)

    return meet(0, 0)


def _same(a: str, b: str) -> bool:
    if (len(a) > 1 and len(b) > 1) or "?" in (a, b):
        return True
    if len(a) > 1 or len(b) > 1:
        pattern, char = (a, b) if len(a) > 1 else (b, a)
        body = pattern[1:-1]
        negated = body.startswith("!")
        inside = re.fullmatch(f"[{re.escape(body.lstrip('!')).replace(chr(92) + '-', '-')}]", char) is not None
        return inside != negated
    return a == b
