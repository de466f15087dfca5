"""Finds the header of a worksheet, one to three levels deep, below any title rows, and names its columns by synonyms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xihu.contract.directory.sheets import Row, Sheet
from xihu.contract.directory.vocab import word
from xihu.contract.models import CODE

# Target → (pattern of the level above or "", pattern of the column's own title). The first that fits wins; titles come without white space,
# brackets and the like, half-width.
_GROUP = r"(政务|政府|公共)?(信息|数据)?(资源)?"
_PROVIDER = r"(提供(方|单位|部门|机构)|责任(部门|单位)|数源(单位|部门)|来源部门|归属部门)"
_OWN: list[tuple[str, str, str]] = [
    ("item_grade", r"信息项|数据项|分级|扩展", r"(信息项|数据项|字段)(安全)?(分级|级别|等级)"),
    ("item_name", r"信息项|数据项|字段", r"(信息项|数据项|字段)?(中文)?名称?"),
    ("item_type", r"信息项|数据项|字段", r"(信息项|数据项|字段)?(数据)?类型(长度)?"),
    ("item_length", r"信息项|数据项|字段", r"(信息项|数据项|字段)?(数据)?长度"),
    ("item_name", "", r"(信息项|数据项|字段)(信息)?(中文)?(名称|名)?"),
    ("item_type", "", r"((信息项|数据项|字段)(数据)?|数据)类型(长度)?"),
    ("item_length", "", r"((信息项|数据项|字段)(数据)?|数据)长度"),
    ("kind", rf"{_GROUP}分类", r"类"),
    ("kind_1", rf"{_GROUP}分类", r"项"),
    ("kind_2", rf"{_GROUP}分类", r"目"),
    ("kind_3", rf"{_GROUP}分类", r"细目"),
    ("kind", "", rf"{_GROUP}(分类)?(类|类名称|大类|属性分类)"),
    ("kind_1", "", rf"{_GROUP}(分类)?(项|项名称)"),
    ("kind_2", "", rf"{_GROUP}(分类)?(目|目名称)"),
    ("kind_3", "", rf"{_GROUP}(分类)?(细目|细目名称)"),
    ("uscc", "", rf"{_GROUP}{_PROVIDER}(机构|单位|部门)?(统一社会信用)?(代码|编码)|统一社会信用代码"),
    ("provider", "", rf"{_GROUP}{_PROVIDER}(名称)?"),
    ("related", "", rf"关联(的)?(及类目)?{_GROUP}(代码|编码|名称)?(及代码)?"),
    ("code", "", rf"{_GROUP}(目录)?(代码|编码)"),
    ("name", "", rf"{_GROUP}(目录)?名称"),
    ("summary", "", rf"{_GROUP}(摘要|简介|描述|说明)"),
    ("format_group", rf"{_GROUP}格式", r"(格式)?分类"),
    ("format_kind", rf"{_GROUP}格式", r"(格式)?类型"),
    ("format_group", "", rf"{_GROUP}格式(分类)?"),
    ("format_kind", "", rf"{_GROUP}格式类型"),
    ("share_condition", "共享", r"(共享)?条件(及依据|和依据)?"),
    ("share_method", "共享", r"(共享)?方式(分类|说明)?"),
    ("share_method_kind", "共享", r"(共享)?方式类型"),
    ("share", "共享", r"(共享)?(类型|属性|分类)"),
    ("share_condition", "", r"共享条件(及依据|和依据)?|不予共享依据|共享依据"),
    ("share_method", "", r"共享方式(分类)?"),
    ("share_method_kind", "", r"共享方式类型"),
    ("share", "", r"共享(类型|属性|类别)"),
    ("open_terms", "开放", r"(开放)?条件"),
    ("open", "开放", r"是否(向社会|社会|向公众|对外|可)?(公众)?开放|开放(类型|属性)?|类型"),
    ("open_terms", "", r"开放条件"),
    ("open", "", r"是否(向社会|社会|向公众|对外|可)?(公众)?开放|开放(类型|属性)"),
    ("update", "", r"(数据)?更新(周期|频率|频度)"),
    ("published", "", r"(目录)?发布(日期|时间)"),
    ("grade_reason", "", r"(数据)?(分级|降级)(说明|理由|依据)"),
    ("grade", "", r"(资源|数据)?(安全)?(分级|级别|等级)|数据(分级|安全级别)"),
    ("serial", "", r"序号|编号|no"),
]  # fmt: skip
_RULES = [(target, re.compile(above), re.compile(own)) for target, above, own in _OWN]
TITLES = {
    "kind": "信息资源分类/类", "kind_1": "信息资源分类/项", "kind_2": "信息资源分类/目", "kind_3": "信息资源分类/细目",
    "name": "信息资源名称", "code": "信息资源代码", "provider": "信息资源提供方", "uscc": "信息资源提供方代码", "summary": "信息资源摘要",
    "format_group": "信息资源格式/分类", "format_kind": "信息资源格式/类型", "item_name": "信息项/名称", "item_type": "信息项/类型",
    "item_length": "信息项/长度", "share": "共享属性/类型", "share_condition": "共享属性/条件", "share_method": "共享属性/方式",
    "share_method_kind": "共享属性/方式类型", "open": "开放属性/是否开放", "open_terms": "开放属性/条件", "update": "更新周期",
    "published": "发布日期", "related": "关联资源代码", "item_grade": "信息项分级", "grade": "资源分级", "grade_reason": "分级说明",
}  # fmt: skip
NEEDED = ("name", "code", "provider", "share", "open", "update", "item_name", "item_type")
_SCAN = 30


@dataclass
class Header:
    """Where the header stands (indices of rows) and what each column is."""

    first: int
    last: int
    columns: dict[str, int] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        return [t for t in NEEDED if t not in self.columns]


def target_of(path: list[str]) -> str | None:
    """What a column is, by its titles from the top level down."""
    own = path[-1] if path else ""
    above = path[:-1]
    for target, group, title in _RULES:
        if not title.fullmatch(own):
            continue
        if not group.pattern:
            if not any(re.search(r"分类$|格式$|信息项|数据项|共享|开放", a) for a in above) or target in ("serial",):
                return target
            continue
        if any(group.search(a) for a in above):
            return target
    if len(path) > 1:
        return target_of(["".join(path)]) or target_of([own])
    return None


def _columns(rows: list[Row]) -> tuple[dict[str, int], list[str]]:
    found: dict[str, int] = {}
    extra = []
    for column in range(len(rows[0].cells)):
        path: list[str] = []
        for row in rows:
            text = word(row.cells[column])
            if text and (not path or path[-1] != text):
                path.append(text)
        target = target_of(path) if path else None
        if target and target not in found:
            found[target] = column
        elif path and target is None:
            extra.append("/".join(path))
        elif target:
            extra.append("/".join(path) + "（重复）")
    return found, extra


def find_header(sheet: Sheet) -> Header | None:
    """The header that names the most columns, one to three rows deep; None where nothing looks like one."""
    best: Header | None = None
    for first, row in enumerate(sheet.rows[:_SCAN]):
        if sum(1 for v in row.own if word(v)) < 4:
            continue
        for depth in (1, 2, 3):
            rows = sheet.rows[first : first + depth]
            if len(rows) < depth or any(re.match(CODE, word(v).upper()) for r in rows for v in r.own):
                break
            columns, extra = _columns(rows)
            if best is None or len(columns) > len(best.columns):
                best = Header(first, first + depth - 1, columns, extra)
    return best if best and len(best.columns) >= 4 else None
