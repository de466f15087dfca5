"""Words of the official worksheet (政务信息资源目录编制指南（试行）, 发改高技〔2017〕1272号) and what departments write instead of them.

Every reading function takes text as sent and returns the catalogue's own word, or None for a word it does not know.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

KINDS = {"1": "基础信息资源类", "2": "主题信息资源类", "3": "部门信息资源类"}
# 信息资源格式: class of format → types that belong to it.
FORMATS = {
    "电子文件": "ofd wps xml txt doc docx html pdf ppt pptx json",
    "电子表格": "et xls xlsx csv",
    "数据库": "dm kingbasees access dbf dbase sysbase oracle sqlserver db2 mysql postgresql sql txt api",
    "图形图像": "jpg jpeg gif bmp png tiff geojson shp shapefile gdb dwg",
    "流媒体": "swf rm mpg mp4 avi flv wav mp3",
    "自描述格式": "自描述",
}
ITEM_TYPES = {
    "C": "字符型", "N": "数值型", "Y": "货币型", "D": "日期型", "T": "日期时间型", "L": "逻辑型", "M": "备注型", "G": "通用型",
    "B": "双精度型", "I": "整型", "F": "浮点型",
}  # fmt: skip
_ITEM_WORDS = {
    "C": "字符 字符型 字符串 文本 文本型 字符类型 string char varchar varchar2 nvarchar nvarchar2 text c",
    "N": "数值 数值型 数字 数字型 number numeric decimal n",
    "Y": "货币 货币型 金额 money currency y",
    "D": "日期 日期型 date d",
    "T": "日期时间 日期时间型 时间 时间型 时间戳 datetime timestamp t",
    "L": "逻辑 逻辑型 布尔 布尔型 是否 boolean bool bit l",
    "M": "备注 备注型 长文本 clob memo m",
    "G": "通用 通用型 二进制 blob binary 附件 图片 图形 g",
    "B": "双精度 双精度型 double b",
    "I": "整型 整数 整数型 int integer bigint smallint i",
    "F": "浮点 浮点型 float real f",
}
_ITEM_TYPES = {word: letter for letter, words in _ITEM_WORDS.items() for word in words.split()}
_SHARE = {
    "unconditional": "无条件共享 无条件 无条件共享类 普遍共享 1",
    "conditional": "有条件共享 有条件 有条件共享类 条件共享 受限共享 授权共享 2",
    "closed": "不予共享 不予共享类 不予 不共享 非共享 3",
}
_OPEN = {
    "yes": "是 开放 y yes √ 1 向社会开放 可开放",
    "open": "无条件开放",
    "conditional": "有条件开放 受限开放 依申请开放",
    "closed": "否 不开放 n no × 0 禁止开放 不予开放 不向社会开放 非开放",
}
_UPDATE = {
    "realtime": "实时 即时 实时更新",
    "daily": "每日 日 每天 天 按日 每日更新 日更新",
    "weekly": "每周 周 按周 每周更新",
    "monthly": "每月 月 按月 每月更新 月度",
    "quarterly": "每季 季 每季度 季度 按季 每季度更新",
    "yearly": "每年 年 年度 按年 每年更新",
    "irregular": "不定期 不定时 不定期更新",
}


def _index(words: dict[str, str]) -> dict[str, str]:
    return {word: own for own, listed in words.items() for word in listed.split()}


_SHARE_WORDS, _OPEN_WORDS, _UPDATE_WORDS = _index(_SHARE), _index(_OPEN), _index(_UPDATE)
_EPOCH = date(1899, 12, 30)
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(\s+\d{1,2}:\d{2}(:\d{2})?)?")
_TYPE = re.compile(r"(n?varchar2?|[a-z]+|[一-鿿]+)\s*([a-z])?\s*[\[(（【]?\s*(\d+(?:\s*[,.]\s*\d+)?)?\s*[\])）】]?")


def plain(text: Any) -> str:
    """Half-width, without white space at the ends, inner white space single."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", "" if text is None else str(text))).strip()


def word(text: Any) -> str:
    """A word of a closed list: half-width, lower case, no white space and no decoration."""
    return re.sub(r"[\s()\[\]【】.、:;*]", "", plain(text)).lower()


def kind_of(text: str) -> str | None:
    """基础、主题、部门 → 1, 2, 3."""
    return next((k for k, name in KINDS.items() if name[:2] in text), None)


def share_of(text: str) -> str | None:
    """无条件共享、有条件共享、不予共享 in the senders' words."""
    return _SHARE_WORDS.get(word(text))


def open_of(flag: str, terms: str) -> str | None:
    """open | conditional | closed; `是` with a condition is conditional."""
    found = _OPEN_WORDS.get(word(flag))
    if found == "yes":
        return "open" if word(terms) in ("", "无", "无条件", "无条件开放") else "conditional"
    return found


def update_of(text: str) -> str | None:
    return _UPDATE_WORDS.get(word(text))


def format_of(group: str, kind: str) -> tuple[str, str] | None:
    """(class, type) of a format; one column may hold both (`电子表格-xlsx`), or only the type."""
    both = [p for p in re.split(r"[-—/、,;:|(\[）)\]\s]+", plain(group) + " " + plain(kind)) if p]
    group_word = next((g for p in both for g in FORMATS if p.startswith(g[:3]) or p == g), None)
    rest = [p.lower().lstrip(".") for p in both if not (group_word and p.startswith(group_word[:3]))]
    if group_word is None:
        group_word = next((g for g, types in FORMATS.items() for p in rest if p in types.split()), None)
    if group_word is None:
        return None
    return group_word, "/".join(rest)


def item_type_of(text: str, length: str) -> tuple[str, str] | None:
    """(letter, length) of an information item; `字符型C(18)`, `varchar(20)` and `C18` are read, a length in its own column wins."""
    given = plain(text)
    match = _TYPE.fullmatch(given.lower())
    if not match:
        return None
    letter = _ITEM_TYPES.get(match[1]) or _ITEM_TYPES.get((match[1] or "") + (match[2] or ""))
    if letter is None:
        return None
    return letter, length_of(length) or length_of(match[3] or "") or ""


def length_of(text: Any) -> str | None:
    """`18`, `16,2`; "" for none; None for what is no length."""
    given = re.sub(r"\s", "", plain(text)).strip("()[]")
    if given in ("", "-", "—", "/", "无", "0"):
        return ""
    if re.fullmatch(r"\d+\.0", given):
        given = given[:-2]
    match = re.fullmatch(r"(\d{1,7})(?:[,.](\d{1,2}))?(?:位|字符|字节)?", given)
    return None if not match else match[1] + (f",{match[2]}" if match[2] else "")


def date_of(value: Any) -> date | None:
    """A day written as a date, as text in the usual forms, as 20161205, or as the serial number of a sheet (1900 system)."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = plain(value)
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            number = float(text)
            if re.fullmatch(r"(19|20)\d{6}(\.0)?", text):
                return datetime.strptime(text[:8], "%Y%m%d").date()
            return _EPOCH + timedelta(days=int(number)) if 20_000 <= number < 80_000 else None
        match = _DATE.fullmatch(text)
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


# Where a worksheet says nothing of personal information, the title of an item does.
_COUNTED = re.compile(r"(人数|数量|户数|例数|件数|次数|比例|率|总数|数|合计|总额|编码|类型说明|标准)$")
_DIRECT = re.compile(
    r"身份证|身份号码|证件号码|(?<![单位企业机构项目商标景区校院])姓名|手机|移动电话|住址|银行(账|卡)号|银行账户|个人账号|护照号|学籍号|残疾人证号|号牌号码|车牌|驾驶证号"
)
_SENSITIVE = re.compile(
    r"诊断|病种|疾病|病史|病情|残疾(类|等)|死因|死亡原因|血型|指纹|人脸|民族$|宗教信仰|(人均|家庭|(?<!本)[月年])收入|工资|养老金|缴费基数|犯罪|前科|账户余额"
)
_QUASI = re.compile(r"性别|出生(日期|年月)|年龄|文化程度|学历|婚姻状况|职业$|户口性质|籍贯")


def pii_of(title: str) -> str | None:
    """direct | sensitive | quasi | None, by the title of an information item; a count or rate names nobody."""
    text = plain(title)
    if _COUNTED.search(text):
        return None
    if _SENSITIVE.search(text):
        return "sensitive"
    if _DIRECT.search(text):
        return "direct"
    return "quasi" if _QUASI.search(text) else None
