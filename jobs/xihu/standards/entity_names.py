"""Names of legal entities: one spelling, what sort of entity the name tells, and whether two names can be one entity's.

企业名称登记管理规定: place + trade name (字号) + trade + legal form; a branch bears the whole name of its head and its own tail.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, NamedTuple

# What a clerk adds behind a name; it is no part of it.
_NOTE = re.compile(r"\((?:已|现|被)?(?:注销|吊销|停业|歇业|迁出|撤销|清算|筹|筹建|拟|作废|非独立法人|本部|总部|总公司)\)")
_FORMER = re.compile(r"\((?:原|曾用名|原名|前身)[::]?([^()]{4,})\)")
_DROPPED = re.compile(r"[\s()\[\]{}<>·・•.。,,、:;\"'“”‘’《》〈〉「」\-_—–/\\*#]+")
_PLACE = re.compile(
    r"^(?:中国)?(?:浙江省?)?(?:杭州市?)?(?:(?:上城|下城|江干|拱墅|西湖|滨江|萧山|余杭|富阳|临安|临平|钱塘|桐庐|淳安|建德)(?:[区县市])?)?"
)

_FORMS = (
    "股份有限公司",
    "有限公司",
    "集团公司",
    "股份合作公司",
    "公司",
    "普通合伙",
    "特殊普通合伙",
    "有限合伙",
    "专业合作社联合社",
    "专业合作社",
    "合作社",
    "厂",
    "集团",
)
_HEADS = (
    re.compile(r"^(.*公司)(.+)$"),
    re.compile(r"^(.*?(?:集团|银行|合作社|学校|医院|大学|学院|事务所|厂))(.+)$"),
)
_TAIL = re.compile(
    r"(?:分公司|支公司|分店|\d+店|[一二三四五六七八九十]+店|门店|分部|支行|分行|分理处|营业部|营业厅|营业所|储蓄所|办事处|代表处|分厂|分院|院区|分校|校区|分所|分社|分中心|分会|"
    r"经营部|门市部|服务部|项目部|销售部|配送中心|加油站|工会委员会|工会|党委|党支部|食堂|幼儿园)$"
)
# Endings that decide the kind; the first that fits. Others (中心, 所, 站, 部, 店, 超市 …) are used by more than one kind.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("cooperative", re.compile(r"(?:专业合作社|专业合作社联合社)$")),
    ("village_economy", re.compile(r"(?:经济合作社|经济联合社|股份经济合作社)$")),
    ("social_organisation", re.compile(r"(?:协会|学会|商会|联合会|促进会|基金会|研究会|工会委员会|工会联合会|工会|俱乐部)$")),
    ("other", re.compile(r"(?:村民委员会|居民委员会|村委会|居委会)$")),
    ("enterprise", re.compile(r"(?:公司|集团|厂|普通合伙|有限合伙|银行|支行|分行|支公司)$")),
    ("agency", re.compile(r"(?:人民政府|街道办事处|法院|检察院|委员会|局|厅)$")),
    ("institution", re.compile(r"(?:小学|中学|大学|学院|学校|幼儿园|医院|卫生院|图书馆|博物馆|档案馆|研究院|研究所|事业单位)$")),
)  # fmt: skip


class EntityName(NamedTuple):
    """A name taken apart. `full`: one spelling; `core`: without place and legal form; `head`: the whole name before a branch's tail.

    `kind`: what the ending decides (list entity_kind), None where it decides nothing; `former`: a name that the text calls the old one.
    """

    full: str
    core: str
    kind: str | None
    head: str
    tail: str
    former: str = ""


@cache
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def normal(name: str) -> str:
    """One spelling: width, simplified characters, no blanks, brackets or punctuation, 有限责任公司 as 有限公司, clerks' notes removed."""
    text = unicodedata.normalize("NFKC", name)
    text = _FORMER.sub("", text.replace("【", "(").replace("】", ")").replace("〔", "(").replace("〕", ")"))
    text = _DROPPED.sub("", _NOTE.sub("", text)).upper()
    if not text.isascii():
        text = _simplifier().convert(text)
    return text.replace("有限责任公司", "有限公司")


@lru_cache(maxsize=200_000)
def parse(name: str) -> EntityName:
    """A name as sent, taken apart."""
    former = _FORMER.search(unicodedata.normalize("NFKC", name))
    full = normal(name)
    head, tail = "", ""
    for pattern in _HEADS:
        found = pattern.match(full)
        if found and _TAIL.search(found.group(2)):
            head, tail = found.groups()
            break
    kind = next((k for k, pattern in _KINDS if pattern.search(full)), None)
    if tail and not re.search(r"(?:工会委员会|工会|党委|党支部|幼儿园)$", tail):
        kind = next((k for k, pattern in _KINDS if pattern.search(head)), kind)
    return EntityName(full, _core(full), kind, head, tail, normal(former.group(1)) if former else "")


def _core(full: str) -> str:
    core = _PLACE.sub("", full, count=1)
    for form in _FORMS:
        if core.endswith(form) and len(core) > len(form) + 1:
            return core[: -len(form)]
    return core or full


def is_branch_of(branch: EntityName, head: EntityName) -> bool:
    """Whether one name is that of the other's branch: its whole name and a tail."""
    return bool(branch.tail) and not head.tail and (branch.head == head.full or _core(branch.head) == head.core)


def alike(a: EntityName, b: EntityName) -> bool:
    """Whether two names can be spellings of one.

    Equal, equal without place and form, or apart by one slip of a clerk in the core: a character missing or doubled, two exchanged, one
    written as another of the same sound. A branch is never like its head or another branch.
    """
    if a.full == b.full or (a.former and a.former == b.full) or (b.former and b.former == a.full):
        return True
    if bool(a.tail) != bool(b.tail):
        return False
    if a.tail:
        return _slip(a.tail, b.tail) and _slip(_core(a.head), _core(b.head))
    return _slip(a.core, b.core)


def _slip(a: str, b: str) -> bool:
    if a == b:
        return True
    if min(len(a), len(b)) < 3:
        return False
    if abs(len(a) - len(b)) == 1:
        short, long = sorted((a, b), key=len)
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    if len(a) != len(b):
        return False
    apart = [i for i in range(len(a)) if a[i] != b[i]]
    if len(apart) == 2 and apart[1] == apart[0] + 1:
        return a[apart[0]] == b[apart[1]] and a[apart[1]] == b[apart[0]]
    return len(apart) == 1 and bool(_sounds(a[apart[0]]) & _sounds(b[apart[0]]))


@lru_cache(maxsize=20_000)
def _sounds(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


__all__ = ["EntityName", "alike", "is_branch_of", "normal", "parse"]
