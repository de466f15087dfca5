"""(19) 12345 热线: work orders, a dump of the hotline's database each week, addresses with line ends and the delimiter in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.forms.texts import control, dump
from xihu.sample.themes.extract import Fault, File, World

TITLE = "12345热线"
UNITS = ("城管局", "交通局", "环保局", "人社局", "公安局", "住保房管局", "市场监管局", "卫计委")
CHANNELS = ("电话", "网站", "微信", "短信")
KINDS = (("投诉", 45), ("求助", 25), ("咨询", 18), ("举报", 7), ("建议", 5))
TEXTS = {
    "投诉": ("夜间工地施工噪音扰民", "小区电梯困人，多次报修未果", "垃圾清运不及时，异味严重", "楼下餐饮油烟直排", "占用消防通道停车"),
    "求助": ("路灯不亮，出行不便", "自来水水压过低", "老人独居，申请上门服务", "身份证遗失如何补办"),
    "咨询": ("居住证办理需要哪些材料", "养老金认证方式", "公积金提取条件", "入学报名时间"),
    "举报": ("工厂夜间偷排废水", "无证摊贩售卖食品", "违章搭建"),
    "建议": ("增设公交站点", "延长图书馆开放时间"),
}


def files(world: World) -> Iterator[File]:
    """Weekly dumps of all orders that came in."""
    yield from _orders(world)


def _orders(world: World) -> Iterator[File]:
    seen: list[list[str]] = []
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else world.after(month, 0)
            rng = world.rng("dh__hotline_order", first)
            rows = [_order(world, rng, first, last, i) for i in range(60)]
            faults = _plant(rows, seen, week, rng)
            seen += [r for i, r in enumerate(rows, 1) if i not in {f.row for f in faults}][:3]
            name = f"12345工单_{first:%Y%m%d}.txt"
            content = dump(rows, "|@|", end="\n")
            yield File(
                "dh__hotline_order", name, last + timedelta(days=1), content, len(rows), clock="063000", faults=faults,
                beside={name.replace(".txt", ".ctl"): control(name, content, len(rows))},
            )  # fmt: skip


def _order(world: World, rng: Random, first: date, last: date, i: int) -> list[str]:
    at = datetime(first.year, first.month, first.day) + timedelta(
        days=rng.randrange((last - first).days + 1), hours=rng.randrange(7, 22), seconds=rng.randrange(3600)
    )
    kind = rng.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
    district = rng.choice(world.districts)
    street = world.street(district, rng)
    address = f"{ids.DISTRICTS[district][0]}{street}{rng.randrange(1, 400)}号"
    if rng.random() < 0.08:
        address += "\n（近地铁口）"  # the operator pressed Enter
    sent = at + timedelta(minutes=rng.randrange(2, 40))
    signed = sent + timedelta(minutes=rng.randrange(10, 300))
    done = signed + timedelta(hours=rng.randrange(4, 130))
    closed = kind == "咨询" or rng.random() < 0.9
    repeat = rng.random() < 0.06
    return [
        f"HZ{at:%Y%m%d}{i:05d}", f"{at:%Y-%m-%d %H:%M:%S}", rng.choice(CHANNELS), kind, rng.choice(TEXTS[kind]), address, district,
        rng.choice(UNITS), f"{sent:%Y-%m-%d %H:%M:%S}", f"{signed:%Y-%m-%d %H:%M:%S}", f"{done:%Y-%m-%d %H:%M:%S}" if closed else "",
        (rng.choices(("满意", "基本满意", "不满意"), (70, 20, 10))[0] if closed and rng.random() < 0.7 else ""),
        "是" if repeat else "否", f"HZ{at - timedelta(days=9):%Y%m%d}00001" if repeat else "",
    ]  # fmt: skip


def _plant(rows: list[list[str]], seen: list[list[str]], week: int, rng: Random) -> list[Fault]:
    faults = []
    places = rng.sample(range(len(rows)), 5)

    def fault(kind: str, expected: str, field: str) -> int:
        i = places.pop()
        faults.append(Fault(i + 1, kind, expected, field))
        return i

    i = fault("line_end_in_address", "accepted", "address")
    rows[i][5] += "\r\n二单元"
    i = fault("unknown_district", "unknown_code", "district")
    rows[i][6] = "339999"
    if week == 1:
        i = fault("thirtieth_of_february", "bad_date", "called_at")
        rows[i][1] = rows[i][1][:5] + "02-30" + rows[i][1][10:]
    elif week == 2 and seen:
        i = fault("sent_again", "duplicate", "order_no")
        rows[i] = list(seen[-1])
    elif week == 3:
        i = fault("closed_before_call", "check_failed", "closed_at")
        rows[i][10] = "2016-01-01 08:00:00"
    return faults
