"""(19) 12345 热线: orders from the web, WeChat and the app, by an interface whose data are a JSON text inside JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample.dates import month_end
from xihu.sample.themes.block19_hotline import KINDS, TEXTS, UNITS
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "12345网络渠道"
_TZ = ZoneInfo("Asia/Shanghai")
_CODES = {"咨询": "1", "投诉": "2", "求助": "3", "举报": "4", "建议": "5"}


def files(world: World) -> Iterator[File]:
    """One export a month."""
    for k, month in enumerate(world.months):
        rng, last = world.rng("dh__network_order", month), month_end(month)
        until = datetime(last.year, last.month, last.day, 23, 59) + timedelta(days=2)
        rows: list[dict[str, Any]] = []
        for n in range(120):
            kind = rng.choices([x for x, _ in KINDS], [w for _, w in KINDS])[0]
            # Evenings and nights, when nobody calls.
            at = datetime(
                month.year, month.month, 1 + rng.randrange(last.day), rng.choice((7, 8, 10, 12, 13, 18, 20, 21, 22, 23)), rng.randrange(60)
            )
            sent = at + timedelta(hours=rng.randrange(1, 14), minutes=rng.randrange(60))
            done = sent + timedelta(hours=rng.randrange(6, 140))
            closed = done <= until
            visited = closed and rng.random() < 0.7
            level = rng.choices(("满意", "基本满意", "不满意"), (66, 22, 12))[0]
            rows.append({
                "orderNo": f"WZ{at:%Y%m%d}{n + 1:05d}", "createTime": _epoch(at), "source": rng.choices(("微信", "网站", "手机应用"), (55,
                    25, 20))[0],
                "type": _CODES[kind], "content": rng.choice(TEXTS[kind]), "areaCode": rng.choice(world.districts),
                "dept": rng.choice(UNITS),
                "dispatchTime": _epoch(sent), "finishTime": _epoch(done) if closed else "null",
                "visit": {"level": level, "solved": level != "不满意"} if visited else None, "repeated": rng.random() < 0.05,
            })  # fmt: skip
        plant = Planting(rng, 100)
        rows[plant.put("line_end_in_text", "accepted", "content")]["content"] += "\r\n请尽快回复，谢谢😊"
        rows[plant.put("null_text", "accepted", "unit")]["dept"] = "null"
        if k == 0:
            rows[plant.put("unknown_type", "unknown_code", "request_type")]["type"] = "9"
        elif k == 1:
            i = plant.put("closed_before", "check_failed", "closed_at")
            rows[i]["finishTime"] = rows[i]["createTime"] - 7_200_000
        else:
            rows[plant.put("no_number", "missing_key", "order_no")]["orderNo"] = ""
        content, planted, records = paged(rows, plant.faults, 40, 2)
        name, day = f"网络工单_{month:%Y%m}.json", world.after(month, 2)
        if k == 2:
            page = b"<html><body>502 Bad Gateway</body></html>\n"
            yield File("dh__network_order", name, day, page, 0, clock="064500", refused="wrong_format", note="page of a proxy")
            day += timedelta(days=1)
        yield File("dh__network_order", name, day, content, records, clock="064500", faults=planted)


def _epoch(at: datetime) -> int:
    return int(at.replace(tzinfo=_TZ).timestamp() * 1000)
