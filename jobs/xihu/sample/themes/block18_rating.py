"""(18) 公众监督评价: ratings of services by those who used them (好差评), pages of an interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from xihu.sample.dates import month_end
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "公众监督评价"
ITEMS = (("330100001", "居民身份证换领"), ("330100014", "不动产转移登记"), ("330100022", "企业设立登记"),
         ("330100035", "医保零星报销"), ("330100041", "居住证办理"), ("330100057", "公积金提取"), ("330100063", "车辆年检预约"),
         ("330100078", "老年优待证办理"))  # fmt: skip
WORDS = {5: ("工作人员态度很好👍", "一次办成", "null"), 4: ("总体满意", "稍等了一会"), 3: ("一般", "排队偏久"),
         2: ("材料要求没有一次说清", "系统故障跑了两趟"), 1: ("窗口无人", "要求重复提交材料")}  # fmt: skip


def files(world: World) -> Iterator[File]:
    """Ratings of half a month each."""
    serial = 0
    for k, month in enumerate(world.months):
        for half, first in enumerate((month, month.replace(day=16))):
            last = month.replace(day=15) if half == 0 else month_end(month)
            rng = world.rng("sg__service_rating", first)
            records = []
            for _ in range(110):
                serial += 1
                records.append(_rating(world, rng, first, last, serial))
            plant = Planting(rng, len(records))
            i = plant.put("score_with_decimals", "accepted", "score")
            records[i]["score"] = float(records[i]["score"])
            i = plant.put("score_of_ten", "out_of_range", "score")
            records[i]["score"] = 10
            if half:
                i = plant.put("mended_before_it_came", "check_failed", "rectified_at")
                records[i]["rectifyTime"] = records[i]["evalTime"] - 86_400_000
            elif k == 1:
                i = plant.put("formula_in_words", "formula_injection", "content")
                records[i]["content"] = "=cmd|' /C calc'!A0"
            name, day = f"好差评_{first:%Y%m%d}.json", last + timedelta(days=1)
            content, faults, rows = paged(records, plant.faults, 50, 1 if half else 0, encoded=k != 2)
            if k == 2 and half:
                page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
                yield File("sg__service_rating", name, day, page, 0, "023000", refused="wrong_format", note="网关错误页")
                day += timedelta(days=1)
            yield File("sg__service_rating", name, day, content, rows, "023000", faults)


def _rating(world: World, rng: Random, first: date, last: date, n: int) -> dict[str, Any]:
    day = first + timedelta(days=rng.randrange((last - first).days + 1))
    at = datetime(day.year, day.month, day.day, rng.randrange(1, 9), rng.randrange(60), rng.randrange(60))  # UTC
    own = rng.random() < 0.46
    score = 5 if not own else rng.choices((5, 4, 3, 2, 1), (68, 17, 7, 4, 4))[0]
    mended = at + timedelta(hours=rng.randrange(6, 150)) if score <= 2 and rng.random() < 0.88 else None
    item, title = rng.choice(ITEMS)
    district = rng.choice(world.districts)
    return {
        "evalNo": f"PJ{first:%Y%m}{n:07d}", "evalTime": _ms(at),
        "channel": rng.choice(("窗口评价器", "网站", "移动端", "短信", "自助终端")),
        "itemCode": item, "itemName": title, "orgName": "市民中心" if rng.random() < 0.3 else "区行政服务中心", "score": score,
        "active": own, "content": rng.choice(WORDS[score]) if own and rng.random() < 0.5 else None,
        "rectifyTime": _ms(mended) if mended else "null", "district": district,
    }  # fmt: skip


def _ms(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1)).total_seconds()) * 1000


__all__ = ["TITLE", "files"]
