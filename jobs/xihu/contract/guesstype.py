"""The likely type of a column: what its values are, then what its title hints at. Every guess says how sure it is, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from xihu.contract.guesscode import Listed, boolean, listed
from xihu.contract.guesscolumn import LIKELY, SURE, UNSURE, Column, Seen
from xihu.contract.guessgeo import clock
from xihu.contract.guessnumber import number
from xihu.standards import citizen_id, licence, phones, text, uscc
from xihu.standards.citizen_id import PROVINCES
from xihu.standards.divisions import Divisions

_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘"
    "景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺楼寿钮斯骆诸裘来茹应竺宣求"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "皇甫", "尉迟", "东方", "公孙", "令狐", "慕容", "端木", "司空", "申屠")
_NOT_NAME = re.compile(r"[区县市镇乡村街路局院校厂店部所站组类型级号楼幢层]$|公司|街道|社区|中心")
_MONTH = re.compile(r"(19|20)\d{2}([-/.年]?)(0[1-9]|1[0-2]|[1-9](?![0-9])(?<![0-9]{5}))(月份?)?")
_MIDNIGHT = re.compile(r"[T\s]0{1,2}:00(:00(\.0+)?)?(\+08:?00)?$|T16:00:00(\.0+)?(Z|\+00:?00)$")
_MINUTE = "YYYYMMDDhhmm"
_FORMS = ("d/m/Y", "m/d/Y", "d/m/y", "d-b-y", "d-b-Y", "d b Y", "d.m.Y", "d.m.y", "d-m-Y")


def column(seen: Seen) -> Column:
    """The likely type of a column."""
    if not seen.given:
        kind = (
            seen.hint.type
            if seen.hint.type in ("date", "datetime", "month", "year", "person_name", "phone", "citizen_id", "uscc")
            else "text"
        )
        made = Column(
            kind,
            {},
            "样本中全空，只凭标题 / empty in the sample; by its title only" if kind != "text" else "样本中全空 / empty in the sample",
            UNSURE,
        )
    else:
        made = next(found for rule in _RULES if (found := rule(seen)) is not None)
        if made.type in ("integer", "code", "text", "boolean") and seen.ids is not None and (sex := _sex(seen, seen.ids)):
            made = sex
    if seen.nulls and seen.given and made.type != "text":
        made.options["nulls"] = "[" + ", ".join(f'"{n}"'.replace("\\", "\\\\") for n in seen.nulls) + "]"
    return made


def _identity(seen: Seen) -> Column | None:
    real = seen.share(lambda v: isinstance(citizen_id.parse(v, seen.as_of), citizen_id.CitizenId))
    if real >= 0.5 or (real >= 0.2 and seen.hint.type == "citizen_id"):
        note = "" if real == 1 else f"样本中 {1 - real:.1%} 校验不通过 / fail the check"
        return Column("citizen_id", {}, note, SURE if real > 0.8 else LIKELY, f"{real:.0%} 通过校验")
    if seen.share(lambda v: "*" in v and re.fullmatch(r"[\dXx*]{15}|[\dXx*]{18}", v)) >= 0.5:
        return Column("text", {"pii": "direct"}, "号码已打码，不能归到人 / masked ids name nobody", SURE, "打码")
    real = seen.share(lambda v: isinstance(licence.parse(v), licence.Licence))
    if real >= 0.5:
        return Column(
            "licence_id", {}, "" if real == 1 else f"样本中 {1 - real:.1%} 校验不通过 / fail the check", SURE, f"{real:.0%} 是证照标识"
        )
    real = seen.share(lambda v: isinstance(uscc.parse(v), uscc.Uscc))
    if real >= 0.5 or (real >= 0.2 and seen.hint.type == "uscc"):
        return Column("uscc", {}, "" if real == 1 else f"样本中 {1 - real:.1%} 校验不通过 / fail the check", SURE, f"{real:.0%} 通过校验")
    return None


def _clock(seen: Seen) -> Column | None:
    return clock(seen.given, seen.title)


def _dates(seen: Seen) -> Column | None:
    title, wanted = seen.hint.type, seen.hint.type in ("date", "datetime", "month", "year")
    if title in ("money", "citizen_id", "uscc", "phone", "division") or seen.hint.name == "number":
        return None
    digits = seen.matches(r"-?\d+(\.\d+)?") > 0.5
    if (
        seen.matches(r"(19|20)\d{2}(年度?)?") >= 0.98
        and title != "integer"
        and seen.share(lambda v: 1900 <= int(v[:4]) <= seen.as_of.year + 20) >= 0.98
    ):
        return Column("year", {}, "", SURE if title == "year" or "年" in seen.given[0] else LIKELY, "都是1900年以后的四位年份")
    if seen.share(_MONTH.fullmatch) >= 0.95 and (wanted or title not in ("text",) or not digits):
        return Column("month", {}, "", SURE if title == "month" or not digits else LIKELY, "都是年月")
    if (
        title in (None, "date", "datetime", "text")
        and seen.matches(r"(19|20)\d{10}") >= 0.95
        and seen.reads("datetime", forms=(_MINUTE,)) >= 0.95
    ):
        return Column("datetime", {"forms": f'["{_MINUTE}"]'}, "", SURE, "都是到分钟的时刻")
    pure = seen.matches(r"\d{8}") >= 0.9 and seen.share(lambda v: v[:2] in ("18", "19", "20")) >= 0.9
    clocked = seen.share(lambda v: ":" in v or re.fullmatch(r"(19|20)\d{12}", v) is not None) > 0.5
    if clocked and seen.reads("datetime") >= 0.9:
        midnight = seen.format != "hj212" and seen.share(_MIDNIGHT.search) > 0.95
        return Column("date" if midnight else "datetime", {}, "", SURE, "钟点都是零点" if midnight else "含钟点")
    serial = (
        seen.sheet
        and title in ("date", "datetime")
        and seen.share(lambda v: v.replace(".", "", 1).isdigit() and 20000 <= float(v) <= 60000) >= 0.9
    )
    if (pure or not digits or serial) and seen.reads("date") >= 0.9:
        return Column("date", {}, "", SURE, "都是表格日期序号" if serial else "都是日历上有的日子")
    if not digits and seen.share(lambda v: len(v) >= 6) > 0.9:
        for form in _FORMS:
            if seen.reads("date", forms=(form,)) >= 0.95:
                return Column(
                    "date", {"forms": f'["{form}"]'}, "日、月先后请核对 / check which of day and month comes first", LIKELY, f"都合 {form}"
                )
        mixed = [f for f in (*_FORMS, "YYYY-M-D", "excel", "excel_number") if seen.reads("date", forms=(f,)) >= 0.02]
        if wanted and mixed and seen.reads("date", forms=tuple(mixed)) >= 0.95:
            return Column(
                "date",
                {"forms": f"[{', '.join(chr(34) + f + chr(34) for f in mixed)}]"},
                "日期写法不止一种，请核对 / several date forms",
                UNSURE,
                "几种写法",
            )
    return None


def _phone(seen: Seen) -> Column | None:
    if seen.hint.name in ("number", "card", "account"):
        return None
    real = seen.share(lambda v: phones.parse_phone(v)[1])
    if real >= 0.8 or (seen.hint.type == "phone" and seen.share(lambda v: sum(c.isdigit() for c in v) >= 7) >= 0.8):
        return Column("phone", {}, "", SURE if real >= 0.8 else LIKELY, f"{real:.0%} 是电话号码")
    return None


def _division(seen: Seen) -> Column | None:
    divisions = Divisions.of(seen.codes)
    real = seen.share(divisions.known)
    if real >= 0.8:
        return Column(
            "division",
            {},
            "" if real == 1 else f"{1 - real:.1%} 不在本市区划代码表 / not of the city's list",
            SURE,
            f"{real:.0%} 是本市区划",
        )
    abroad = seen.share(lambda v: re.fullmatch(r"\d{6}", v) and v[:2] in PROVINCES and v[2:] != "0000")
    if seen.hint.type == "division" and abroad >= 0.95:
        return Column("division", {"outside": "true"}, "有外地区划 / some of other cities", LIKELY, f"{abroad:.0%} 形如区划代码")
    return None


def _person(seen: Seen) -> Column | None:
    def shaped(value: str) -> bool:
        bare = re.sub(r"\s+", "", value)
        return (
            2 <= len(bare) <= 15 and not re.search(r"[\d,，。、；;:：()（）]", bare) and not _NOT_NAME.search(bare) and not bare.isascii()
        )

    def likely(value: str) -> bool:
        bare = re.sub(r"\s+", "", value)
        return shaped(value) and (
            ("·" in bare) or (2 <= len(bare) <= 3 and bare[0] in _SURNAMES) or (3 <= len(bare) <= 4 and bare[:2] in _COMPOUND)
        )

    named = seen.hint.type == "person_name"
    real = seen.share(likely)
    if named and (seen.share(shaped) >= 0.85 or (real >= 0.5)):
        return Column("person_name", {}, "", SURE if real > 0.8 else LIKELY, f"{real:.0%} 以常见姓氏开头")
    if seen.hint.type not in (None, "text") or re.search(r"(?<!人)名称|单位|机构|学校|街道|路$", seen.title):
        return None
    varied = len(seen.distinct) >= min(0.3 * len(seen.given), 30) and len(seen.distinct) >= 5
    # A few records beside their citizen ids are enough: nothing else of three characters begins with a surname throughout.
    beside = seen.ids is not None and real == 1 and len(seen.distinct) >= 0.8 * len(seen.given)
    if (real >= 0.88 and varied and (seen.hint.type is None or len(seen.given) >= 20)) or beside:
        sure = LIKELY if len(seen.given) >= 20 else UNSURE
        return Column("person_name", {}, "", sure, f"{real:.0%} 以姓氏开头，两三个字，多不相同")
    return None


def _coded(seen: Seen) -> Column | None:
    if seen.format == "hj212":
        return None
    if (filled := {v.strip() for v in seen.values if v}) == {"有", "无"}:  # 无 is no placeholder here
        return Column("boolean", {"map": '{有: "true", 无: "false"}'}, "", LIKELY, f"只有 {'、'.join(sorted(filled))}")
    if flag := boolean(seen.distinct, seen.hint.type == "boolean", seen.hint.type in (None, "text")):
        return Column("boolean", {}, "", SURE if seen.hint.type == "boolean" else LIKELY, flag)
    made: Listed | None = listed(seen.distinct, seen.hint, seen.codes, seen.as_of)
    if made is None:
        return None
    options = {"codes": made.name} | ({"map": made.map} if made.map else {}) | ({"pii": seen.hint.pii} if seen.hint.pii else {})
    return Column("code", options, made.note, made.sure, made.why)


def _sex(seen: Seen, ids: Sequence[str | None]) -> Column | None:
    """A column of two values that follows the parity of the record's citizen id is its sex, whatever the values are."""
    agree: dict[str, Counter[str]] = {}
    for value, one in zip(seen.values, ids, strict=True):
        bare = text.fold(text.unguard(value)[0]).strip() if value else ""
        of = citizen_id.sex_of(one) if one and len(one) == 18 and one[:17].isdigit() else None
        if bare and of:
            agree.setdefault(bare, Counter())[of] += 1
    often = {v: c for v, c in agree.items() if sum(c.values()) >= 4}
    if len(often) != 2 or "sex" not in seen.codes:
        return None
    best = {v: c.most_common(1)[0] for v, c in often.items()}
    if len({b[0] for b in best.values()}) != 2 or any(b[1] < 0.85 * sum(often[v].values()) for v, b in best.items()):
        return None
    plain = all(v == b[0] or v in seen.codes["sex"].by_name for v, b in best.items())
    options = (
        {"codes": "sex"}
        | ({} if plain else {"map": "{" + ", ".join(f'"{v}": "{b[0]}"' for v, b in sorted(best.items())) + "}"})
        | {"pii": "quasi"}
    )
    return Column(
        "code", options, "" if plain else "男女的写法由身份证号推出 / which is which was told by the ids", SURE, "与身份证号的性别位一致"
    )


def _text(seen: Seen) -> Column | None:
    note, n = "", len(seen.distinct)
    if 1 < n <= 12 and len(seen.given) >= 30:
        note = f"只有 {n} 种取值：{'、'.join(sorted(seen.distinct)[:12])}；可建代码表 / few values: consider a code list"
    options = {"pii": seen.hint.pii} if seen.hint.pii and seen.hint.type != "code" else {}
    return Column("text", options, note, SURE if not note else LIKELY, "")


_RULES: tuple[Callable[[Seen], Column | None], ...] = (_identity, _clock, _dates, _phone, _division, _coded, _person, number, _text)
