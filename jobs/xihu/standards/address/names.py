"""Names that addresses are made of: roads, villages and communities, estates of the register, and what a mistyped one may have been."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import lazy_pinyin

from xihu.standards.address.text import spell

_VILLAGE = re.compile(r"村?(?:村民?委员?会|村委|行政村|村)$")
_COMMUNITY = re.compile(r"(?:社区)?(?:居委会|居民委员会|居委|社区居民委员会|社区)$")
# One road differs from its neighbour by such a character, so none of them is a slip of another.
_TELLING = frozenset("东西南北中上下前后左右内外新老大小一二三四五六七八九十甲乙丙丁0123456789")
_ENDS = ("路", "街", "大街", "大道", "巷", "弄", "村", "社区", "小区", "苑", "公寓", "花园")


def place(text: str) -> str:
    """The key of a name of a road or an estate."""
    return spell(text).upper()


def community(text: str) -> str:
    """The key of a community or village: 某某村委会, 某某村民委员会 → 某某村; 某某居委会 → 某某社区."""
    bare = spell(text)
    if _VILLAGE.search(bare) and not bare.endswith("新村"):
        return _VILLAGE.sub("村", bare)
    return _COMMUNITY.sub("社区", bare)


@lru_cache(maxsize=65_536)
def _sound(char: str) -> str:
    return lazy_pinyin(char)[0]


class Spellings:
    """Names one slip away: another character, one too many, one missing, the last word (路) forgotten."""

    def __init__(self, names: Iterable[str]):
        self.names = frozenset(names)
        self._short: dict[str, set[str]] = {}
        for name in self.names:
            if len(name) >= 3:
                for i in range(len(name)):
                    self._short.setdefault(name[:i] + name[i + 1 :], set()).add(name)

    def near(self, text: str) -> dict[str, str]:
        """{name: kind of slip}: `sound`, `character`, `extra`, `missing`, `ending`. A telling character (东, 一, 新) is never a slip."""
        found: dict[str, str] = {}
        if len(text) < 2:
            return found
        for end in _ENDS:
            if text + end in self.names:
                found[text + end] = "ending"
        if len(text) < 3:
            return found
        shorter = [text[:i] + text[i + 1 :] for i in range(len(text))]
        for i, part in enumerate(shorter):
            if part in self.names and len(part) >= 3 and text[i] not in _TELLING:
                found[part] = "extra"
            for name in self._short.get(part, ()):
                if len(name) == len(text) and name != text and name[:i] + name[i + 1 :] == part and not _TELLING & {name[i], text[i]}:
                    found[name] = "sound" if _sound(name[i]) == _sound(text[i]) else "character"
        for name in self._short.get(text, ()):
            i = next((i for i, (a, b) in enumerate(zip(name, text, strict=False)) if a != b), len(text))
            if name[i] not in _TELLING and name not in found:
                found[name] = "missing"
        return found


def estate(text: str) -> str:
    """The key of an estate: 小区 behind the name does not count."""
    bare = place(text)
    return bare.removesuffix("小区") if len(bare) > 4 else bare
