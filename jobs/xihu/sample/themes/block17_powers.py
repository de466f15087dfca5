"""(17) 监察平台: cases of the service centre from an interface with millisecond times, and the list of powers as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample.dates import month_end
from xihu.sample.forms.sheets import Cell, Sheet, xlsx
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.services import KINDS, course, items, office_hour

TITLE = "监察平台"
_TZ = ZoneInfo("Asia/Shanghai")


def files(world: World) -> Iterator[File]:
    """Cases and the list of powers, once a month."""
    yield from _cases(world)
    yield from _list(world)


def _epoch(at: datetime) -> int:
    return int(at.replace(tzinfo=_TZ).timestamp() * 1000)


def _cases(world: World) -> Iterator[File]:
    known = items()
    for k, month in enumerate(world.months):
        rng, last = world.rng("sg__permit_case", month), month_end(month)
        rows: list[dict[str, Any]] = []
        grown = world.adults(month, 18, 75)
        for n in range(150):
            item = rng.choices(known, [3 if i.personal else 1 for i in known])[0]
            at = office_hour(rng, datetime(month.year, month.month, 1) + timedelta(days=rng.randrange(last.day)))
            if at.date() > last:
                at = office_hour(rng, datetime(month.year, month.month, 10))
            due, end = course(rng, item, at)
            done = end.date() <= last
            district = rng.choice(world.districts)
            row: dict[str, Any] = {
                "projid": f"3301{at:%y%m%d}{n + 1:05d}", "servicecode": item.no, "servicename": item.name, "deptname": item.authority,
                "applyfrom": rng.choices(("窗口", "网上", "自助机"), (60, 32, 8))[0], "accept_time": _epoch(at),
                "promise_time": _epoch(due),
                "finish_time": _epoch(end) if done else None, "node": "办结" if done else rng.choice(("受理", "审核", "审批")),
                "result": rng.choices(("1", "0", "2"), (95, 2, 3))[0] if done else "null", "visits": item.visits + (rng.random() < 0.07),
                "areacode": district,
            }  # fmt: skip
            if item.personal:
                p = rng.choice(grown)
                row |= {"applyname": p.name, "apply_cardnumber": p.id18, "legal_code": "null"}
            else:
                uscc, name = world.firm(district, rng.choice([x for x in range(20, 60) if x % 23]))
                row |= {"applyname": name, "apply_cardnumber": "", "legal_code": uscc}
            rows.append(row)
        plant = Planting(rng, 130)
        people = [i for i in range(130) if rows[i]["apply_cardnumber"]]
        i = next(i for i in people if rows[i]["apply_cardnumber"].endswith("X"))
        plant.at(i, "small_x", "repaired", "applicant_id")
        rows[i]["apply_cardnumber"] = rows[i]["apply_cardnumber"].replace("X", "x")
        j = next(j for j in people if j != i)
        plant.at(j, "check_digit", "bad_id_check", "applicant_id")
        card = rows[j]["apply_cardnumber"]
        rows[j]["apply_cardnumber"] = card[:-1] + ("0" if card[-1] != "0" else "1")
        if k == 0:
            m = plant.put("no_acceptance", "missing_key", "accepted_at")
            rows[m]["accept_time"] = "null"
        elif k == 1:
            m = plant.put("result_unknown", "unknown_code", "result")
            rows[m]["result"] = "7"
        else:
            m = plant.put("closed_before", "check_failed", "closed_at")
            rows[m]["finish_time"], rows[m]["result"] = rows[m]["accept_time"] - 3_600_000, "1"
        content, planted, records = paged(rows, plant.faults, 50, 2)
        name, day = f"审批办件_{month:%Y%m}.json", world.after(month, 3)
        if k == 0:
            page = '{"code":"401","message":"令牌已过期","data":null}\n'.encode()
            yield File("sg__permit_case", name, day, content[: content.index(b"\n") + 1] + page, 0, refused="error_envelope",
                       note="the token ended while pages were fetched")  # fmt: skip
            day += timedelta(days=1)
        yield File("sg__permit_case", name, day, content, records, faults=planted)


def _list(world: World) -> Iterator[File]:
    header = (
        "事项编码",
        "事项名称",
        "权力类型",
        "实施机关",
        "办理时限/法定时限",
        "办理时限/承诺时限",
        "可否网上申请",
        "到场次数",
        "设定依据",
        "生效日期",
    )
    known = items()
    for k, month in enumerate(world.months):
        rng, last = world.rng("sg__service_item", month), month_end(month)
        rows: list[list[Cell]] = []
        for n, i in enumerate(known):
            if n in (14, 29) and k >= 1:
                continue  # cancelled in the course of the reform
            promised = max(0, i.promised - (1 if k == 2 and n % 4 == 0 else 0))
            clause = i.clause + ("\n" + "《浙江省行政许可办理规定》" if n % 5 == 0 else "")
            kind = i.kind if i.kind in KINDS else "其他行政权力"
            rows.append([i.no, i.name, kind, i.authority, i.law, promised, i.online, i.visits, clause, datetime(2015, 1 + n % 6, 1)])
        plant = Planting(rng, len(rows))
        rows[plant.put("green_triangle", "repaired", "legal_days")][4] = "30"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        i2 = plant.put("unit_in_cell", "repaired", "promised_days")
        rows[i2][5] = f"{rows[i2][5]}工作日"
        if k == 1:
            m = plant.put("longer_than_law", "check_failed", "promised_days")
            rows[m][4], rows[m][5] = 20, 45
        elif k == 2:
            rows[plant.put("at_once", "bad_number", "promised_days")][5] = "即办"
        else:
            rows[plant.put("no_authority", "missing_key", "item_no")][0] = "待补"
        title = f"杭州市本级行政权力事项库（截至{last.year}年{last.month}月{last.day}日）"
        sheet = Sheet("事项库", header, rows, [[title]], {}, "填表人：　　　　审核人：", hidden)
        name, day = f"权力事项库_{month:%Y%m}.xlsx", date(last.year, last.month, last.day) + timedelta(days=5)
        if k == 2:
            # Saved without the lines above the data: nothing says which column is which.
            bare = Sheet("事项库", [str(c) for c in rows[0]], rows[1:])
            yield File("sg__service_item", name, day, xlsx([bare]), 0, refused="header_missing", note="title and header were cut off")
            day += timedelta(days=1)
        yield File("sg__service_item", name, day, xlsx([sheet]), len(rows), faults=plant.faults)
