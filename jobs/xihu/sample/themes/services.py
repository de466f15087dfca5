"""What citizens and firms apply for: items of the list of powers, and how long a case takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from xihu.sample.themes.days import after, workday

# Item: authority, kind, name, days by law, days promised, whether online, visits, for persons or firms, clause.
_ITEMS = (
    ("市公安局", "行政许可", "出入境证件签发", 15, 8, "是", 1, "p", "《中华人民共和国出境入境管理法》第十条"),
    ("市公安局", "行政许可", "机动车驾驶证核发", 5, 1, "否", 2, "p", "《中华人民共和国道路交通安全法》第十九条"),
    ("市人力社保局", "行政确认", "就业失业登记", 20, 5, "是", 1, "p", "《就业服务与就业管理规定》第六十一条"),
    ("市人力社保局", "行政许可", "民办职业培训学校设立", 60, 30, "是", 2, "f", "《中华人民共和国民办教育促进法》第十二条"),
    ("市住保房管局", "行政确认", "房屋交易备案", 10, 5, "是", 1, "p", "《中华人民共和国城市房地产管理法》第三十五条"),
    ("市住保房管局", "行政许可", "商品房预售许可", 10, 6, "是", 1, "f", "《中华人民共和国城市房地产管理法》第四十五条"),
    ("市市场监管局", "行政许可", "企业设立登记", 15, 3, "是", 1, "f", "《中华人民共和国公司法》第六条"),
    ("市市场监管局", "行政许可", "食品经营许可", 20, 10, "是", 2, "f", "《中华人民共和国食品安全法》第三十五条"),
    ("市环保局", "行政许可", "建设项目环境影响报告书审批", 60, 25, "是", 2, "f", "《中华人民共和国环境影响评价法》第二十二条"),
    ("市建委", "行政许可", "建筑工程施工许可", 15, 7, "是", 2, "f", "《中华人民共和国建筑法》第七条"),
    ("市卫生计生委", "行政许可", "医师执业注册", 30, 10, "是", 1, "p", "《中华人民共和国执业医师法》第十三条"),
    ("市卫生计生委", "行政许可", "公共场所卫生许可", 20, 10, "是", 2, "f", "《公共场所卫生管理条例》第四条"),
    ("市交通运输局", "行政许可", "道路运输从业资格证核发", 10, 5, "是", 1, "p", "《中华人民共和国道路运输条例》第九条"),
    ("市公积金中心", "公共服务", "住房公积金提取", 3, 0, "是", 0, "p", "《住房公积金管理条例》第二十四条"),
    ("市民政局", "行政许可", "社会团体成立登记", 60, 30, "否", 2, "f", "《社会团体登记管理条例》第三条"),
)  # fmt: skip
KINDS = ("行政许可", "行政确认", "行政处罚", "行政奖励", "其他行政权力")


@dataclass(frozen=True)
class Item:
    """An item of the list; days are working days."""

    no: str
    authority: str
    kind: str
    name: str
    law: int
    promised: int
    online: str
    visits: int
    personal: bool
    clause: str


def items() -> list[Item]:
    """The items that cases come for; each with three variants: 新办, 变更, 注销."""
    found = []
    for n, (authority, kind, name, law, promised, online, visits, who, clause) in enumerate(_ITEMS):
        for v, variant in enumerate(("", "（变更）", "（注销）")):
            no = f"{('许可', '确认', '服务')[('行政许可', '行政确认', '公共服务').index(kind)]}-{n + 1:05d}-{v:03d}"
            days = max(0, promised - v * 2)
            found.append(Item(no, authority, kind, name + variant, law, days, online, max(0, visits - v), who == "p", clause))
    return found


def course(rng: Random, item: Item, at: datetime) -> tuple[datetime, datetime]:
    """(promised end, real end): most end early, one in thirty late."""
    due = datetime.combine(after(at.date(), item.promised), datetime.min.time()) + timedelta(hours=17)
    if item.promised == 0:
        return at.replace(hour=17, minute=0, second=0), at + timedelta(minutes=rng.randrange(6, 35))
    share = rng.betavariate(2.2, 2.0) if rng.random() > 0.035 else rng.uniform(1.05, 1.5)
    end = after(at.date(), round(item.promised * share))
    real = datetime(end.year, end.month, end.day, rng.randrange(9, 17), rng.randrange(60), rng.randrange(60))
    return due, real if real > at else at + timedelta(minutes=rng.randrange(20, 90))


def office_hour(rng: Random, day: datetime) -> datetime:
    """A moment of a working day when offices are open."""
    open_ = workday(day.date())
    return datetime(
        open_.year, open_.month, open_.day, rng.choice((9, 9, 10, 10, 11, 13, 14, 15, 15)), rng.randrange(60), rng.randrange(60)
    )
