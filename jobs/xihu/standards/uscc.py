"""Unified social credit code, GB 32100-2015 (统一社会信用代码), and the keys it replaced.

D C RRRRRR OOOOOOOOO K: registering department, entity class, region of registration (GB/T 2260), organisation code (GB 11714), check.
"""

from __future__ import annotations

from typing import NamedTuple

from stdnum.cn import uscc as _stdnum

from xihu.standards.text import fold, is_placeholder, unguard

# Department → (title, class → title). GB 32100-2015; 54 and 55 are village and neighbourhood committees.
CLASSES: dict[str, tuple[str, dict[str, str]]] = {
    "1": ("机构编制", {"1": "机关", "2": "事业单位", "3": "编办直接管理机构编制的群众团体", "9": "其他"}),
    "2": ("外交", {"1": "外国常驻新闻机构", "9": "其他"}),
    "3": ("司法行政", {"1": "律师执业机构", "2": "公证处", "3": "基层法律服务所", "4": "司法鉴定机构", "5": "仲裁委员会", "9": "其他"}),
    "4": ("文化", {"1": "外国在华文化中心", "9": "其他"}),
    "5": ("民政", {"1": "社会团体", "2": "民办非企业单位", "3": "基金会", "4": "居民委员会", "5": "村民委员会", "9": "其他"}),
    "6": ("旅游", {"1": "外国旅游部门常驻代表机构", "2": "港澳台地区旅游部门常驻内地代表机构", "9": "其他"}),
    "7": ("宗教", {"1": "宗教活动场所", "2": "宗教院校", "9": "其他"}),
    "8": ("工会", {"1": "基层工会", "9": "其他"}),
    "9": ("市场监管", {"1": "企业", "2": "个体工商户", "3": "农民专业合作社", "9": "其他"}),
    "A": ("中央军委", {"1": "军队事业单位", "9": "其他"}),
    "N": ("农业", {"1": "组级集体经济组织", "2": "村级集体经济组织", "3": "乡镇级集体经济组织", "9": "其他"}),
    "Y": ("其他", {"1": "其他"}),
}
_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Uscc(NamedTuple):
    """A valid code."""

    value: str
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def department(self) -> str:
        return CLASSES[self.value[0]][0]

    @property
    def entity_class(self) -> str:
        return CLASSES[self.value[0]][1][self.value[1]]

    @property
    def region(self) -> str:
        """GB/T 2260 code of the registration, not of the address."""
        return self.value[2:8]

    @property
    def organisation(self) -> str:
        """The embedded organisation code, 9 characters."""
        return self.value[8:17]


class UsccProblem(NamedTuple):
    """`bad_uscc` or `missing_key`, and what was seen."""

    reason: str
    detail: str


def parse(text: str | None) -> Uscc | UsccProblem:
    """Judge one code as sent: characters, class, check. A wrong check inside the organisation code is a warning."""
    if text is None:
        return UsccProblem("missing_key", "空 / empty")
    bare, repairs = unguard(text)
    value = "".join(fold(bare).split())
    if value != bare:
        repairs += ("full_width",)
    if value != value.upper():
        value, repairs = value.upper(), (*repairs, "case")
    if not value or is_placeholder(value, identifier=True) or value == "#N/A":
        return UsccProblem("missing_key", f"占位 / placeholder: {value}" if value else "空 / empty")
    if len(value) != 18:
        old = {
            9: "组织机构代码 / organisation code",
            10: "组织机构代码 / organisation code",
            15: "注册号或税号 / registration or tax number",
        }
        kind = f": {old[len(value)]}?" if len(value) in old else ""
        return UsccProblem("bad_uscc", f"{len(value)} 位 / {len(value)} characters, not 18{kind}")
    odd = next((c for c in value if c not in _ALPHABET), None)
    if odd is not None:
        return UsccProblem("bad_uscc", f"不用的字符 / a character that is not used: {odd}")
    if value[0] not in CLASSES or value[1] not in CLASSES[value[0]][1]:
        return UsccProblem("bad_uscc", f"无此登记部门与类别 / no such department and class: {value[:2]}")
    if not value[2:8].isdigit():
        return UsccProblem("bad_uscc", f"登记地应为数字 / the region must be digits: {value[2:8]}")
    if _stdnum.calc_check_digit(value[:17]) != value[17]:
        return UsccProblem("bad_uscc", f"校验码应为 / the check character should be {_stdnum.calc_check_digit(value[:17])}")
    return Uscc(value, repairs, () if org_code_valid(value[8:17]) else ("organisation_check",))


def org_code_valid(code: str) -> bool:
    """Organisation code GB 11714: 8 characters and check, with or without hyphen (`79965505-8`)."""
    bare = code.replace("-", "")
    if len(bare) != 9 or not bare.isascii() or not bare.isalnum() or bare != bare.upper():
        return False
    return bare[8] == organisation_check(bare[:8])


def organisation_check(body: str) -> str:
    """Check character of an organisation code's 8 characters (GB 11714-1997). Raises ValueError for other characters."""
    rest = 11 - sum(int(c, 36) * w for c, w in zip(body, _ORG_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def organisation_of(key: str) -> str | None:
    """The organisation code inside any of a legal entity's keys, the join of old and new: USCC[8:17], tax number[6:15]."""
    bare = key.replace("-", "").upper()
    part = {18: bare[8:17], 15: bare[6:15], 9: bare}.get(len(bare))
    return part if part and org_code_valid(part) else None
