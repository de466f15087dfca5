"""The directory of the sample city (政务信息资源目录): 55 departments and 568 classes, and the worksheet that the data office would send.

The Plan counts 55 departments and 568 classes. `classes.txt` holds more than those without a contract; `left_out.txt` names the ones that
give way to the classes of `contracts.jsonl`, which are as the contracts of conf/catalogue say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
DEPARTMENTS, CLASSES = 55, 568
KINDS = {"1": "基础信息资源类", "2": "主题信息资源类", "3": "部门信息资源类"}
ITEMS = {
    "101": "人口", "102": "法人", "103": "自然资源和空间地理", "104": "宏观经济", "105": "电子证照", "106": "社会信用",
    "201": "辅助决策与应急", "202": "城市建设", "203": "交通", "204": "城市管理", "205": "社会保障", "206": "健康医疗", "207": "文化教育",
    "208": "平安城市", "209": "环境保护", "210": "安全生产", "211": "旅游", "212": "社区", "213": "气象", "214": "审计", "215": "养老",
    "216": "督查考评", "217": "监察", "218": "公众监督评价", "219": "12345热线", "220": "数据归集共享开放", "221": "协同办公与档案",
    "222": "政务物联网", "223": "政务服务网", "224": "市民卡", "225": "农林水务", "304": "统计", "306": "民政", "308": "老干部",
}  # fmt: skip
_SHARE = {"无": "无条件共享", "有": "有条件共享", "不": "不予共享"}
_CYCLE = {"时": "实时", "日": "每日", "周": "每周", "月": "每月", "季": "每季", "年": "每年", "不": "不定期"}
_INSTITUTIONS = {"gjj": "12", "yb": "12", "js": "12", "dh": "12", "cs": "53", "smk": "12"}


@dataclass(frozen=True)
class Item:
    """An information item: title, the guideline's type, length ("" for none), grade."""

    title: str
    type: str
    length: str
    grade: str = ""


@dataclass(frozen=True)
class Department:
    dept: str
    short: str
    name: str
    law: str
    number: int

    @property
    def uscc(self) -> str:
        """A made-up unified social credit code with valid check characters (GB 11714, GB 32100)."""
        body = f"MB0X{self.number:04d}"
        kind = _INSTITUTIONS.get(self.dept, "11")
        head = f"{kind}330100{body}{_organisation_check(body)}"
        return head + _uscc_check(head)


@dataclass(frozen=True)
class Class:
    """One class of the directory in the words of the worksheet."""

    code: str
    title: str
    dept: str
    provider: str
    uscc: str
    names: tuple[str, str, str, str]
    summary: str
    format: tuple[str, str]
    items: tuple[Item, ...]
    share: str
    condition: str
    method: str
    open: str
    open_terms: str
    update: str
    published: date | None
    related: str = ""
    grade: str = ""
    reason: str = ""
    resource: str = field(default="", compare=False)


_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _organisation_check(body: str) -> str:
    total = sum((int(c, 36)) * w for c, w in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def _uscc_check(head: str) -> str:
    total = sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(head))
    return _ALPHABET[(31 - total % 31) % 31]


_TYPES: list[tuple[str, str, str]] = [
    (r".*身份证号|统一社会信用代码|.*证件号码|纳税人识别号", "字符型", "18"),
    (r".*(日期|月份|申报期)", "日期型", ""),
    (r".*(时间|时刻)", "日期时间型", ""),
    (r"是否.*", "逻辑型", "1"),
    (r".*(图形|边界)", "通用型", ""),
    (r"经度|纬度", "数值型", "10,6"),
    (r".*(金额|价|额|费用|收入|支出|产值|资本|余额|资金|投资|经费|底价|债务|限额|净值|原值|价值|总价|工资|薪酬|预算)", "货币型", "18,2"),
    (r".*(人数|户数|数量|次数|人次|床位数|[^参]数|人员数量|分钟数|秒数|位次|序号|站序|容量)", "整型", "8"),
    (r".*(率|比例|比|值|面积|量|得分|浓度|权重|百分比|库容|里程|时数|度|密度)", "数值型", "12,2"),
    (r".*(年度|年份)", "整型", "4"),
    (r".*(编号|编码|代码|号|文号|联单)", "字符型", "32"),
    (r".*区县", "字符型", "20"),
    (r".*(名称|单位|机构|企业|主体|标题|题名)", "字符型", "100"),
    (r".*(地址|坐落|位置|地点|范围|场所)", "字符型", "200"),
    (r".*(内容|情况|说明|措施|事实|摘要|描述|过程|依据|事由|原因)", "字符型", "500"),
]
_RULES = [(re.compile(pattern), kind, length) for pattern, kind, length in _TYPES]


def _item(title: str) -> Item:
    for pattern, kind, length in _RULES:
        if pattern.fullmatch(title):
            return Item(title, kind, length)
    return Item(title, "字符型", "50")


_FORMATS = {"时": ("数据库", "api"), "日": ("数据库", "oracle"), "周": ("电子表格", "xlsx"), "月": ("电子表格", "xlsx")}


@cache
def departments() -> tuple[Department, ...]:
    """The 55 departments, in the order of their numbers."""
    lines = [line[1:].split(" ", 3) for line in _lines("classes.txt") if line.startswith("@")]
    return tuple(Department(dept, short, name, law, i) for i, (dept, short, name, law) in enumerate(lines, 1))


def _lines(name: str) -> list[str]:
    file = HERE / name
    text = file.read_text("utf-8") if file.exists() else ""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def written() -> tuple[Class, ...]:
    """All classes of classes.txt, those left out as well."""
    by_key = {d.dept: d for d in departments()}
    found: list[Class] = []
    serial: dict[str, int] = {}
    owner = departments()[0]
    for line in _lines("classes.txt"):
        if line.startswith("@"):
            owner = by_key[line[1:].split(" ", 1)[0]]
            continue
        text, _, law = line.partition(" | ")
        project, title, share, opening, cycle, *items = text.removeprefix("~").split()
        prefix = f"{project}{200 + owner.number:03d}"
        serial[prefix] = serial.get(prefix, 0) + 1
        found.append(_class(owner, prefix, serial[prefix], title, share, opening, cycle, items, law))
    return tuple(found)


def _class(
    owner: Department, prefix: str, serial: int, title: str, share: str, opening: str, cycle: str, items: list[str], law: str
) -> Class:
    condition = law if share == "不" else f"{owner.law}；限依法履行职责，按需申请" if share == "有" else ""
    shown = "、".join(items[:3])
    summary = f"{owner.name}履行职责形成的{title}，{_CYCLE[cycle]}更新，含{shown}等{len(items)}项"
    drawn = any(t.endswith("图形") for t in items)
    day = date(2016, 3, 1) + timedelta(days=(owner.number * 7 + serial * 3) % 200)
    return Class(
        f"{prefix}/{serial:04d}", title, owner.dept, owner.name, owner.uscc, (KINDS[prefix[0]], ITEMS[prefix[:3]], owner.short, ""),
        summary, ("图形图像", "shp") if drawn else _FORMATS.get(cycle, ("电子表格", "xls")), tuple(_item(t) for t in items), _SHARE[share],
        condition, "共享平台接口" if cycle in "时日" else "共享平台文件", "否" if opening == "否" else "是",
        "按区县汇总后开放" if opening == "汇" else "", _CYCLE[cycle], day,
    )  # fmt: skip


@cache
def giving_way() -> frozenset[str]:
    """Codes of the classes that say what a contract says in other words."""
    lines = [line for line in _lines("classes.txt") if not line.startswith("@")]
    return frozenset(c.code for c, line in zip(written(), lines, strict=True) if line.startswith("~"))


def contracted() -> tuple[Class, ...]:
    """The classes that have a contract, as the contracts say (`scripts/sync_directory.py` writes them)."""
    found = []
    for line in _lines("contracts.jsonl"):
        data = json.loads(line)
        data["items"] = tuple(Item(*i) for i in data["items"])
        data["names"], data["format"] = tuple(data["names"]), tuple(data["format"])
        data["published"] = date.fromisoformat(data["published"]) if data["published"] else None
        found.append(Class(**data))
    return tuple(found)


def classes() -> tuple[Class, ...]:
    """Exactly what the worksheet lists: departments in their order, codes ascending within.

    Raises:
        ValueError: a class of a department that is not among the 55.
    """
    left_out = set(_lines("left_out.txt"))
    known = {d.name: d for d in departments()}
    listed = [c for c in written() if c.code not in left_out] + list(contracted())
    strangers = sorted({c.provider for c in listed if c.provider not in known})
    if strangers:
        raise ValueError(f"no such department in classes.txt: {', '.join(strangers)}; add a line @folder short-name full-name law")
    return tuple(sorted(listed, key=lambda c: (known[c.provider].number, c.code)))
