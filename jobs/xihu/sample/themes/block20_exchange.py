"""(20) 归集、交换、共享: requests for data, whose later states replace the earlier ones, and the log of the exchange platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from xihu.sample.dates import month_end
from xihu.sample.forms.texts import csv, dump
from xihu.sample.themes.days import after
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.services import office_hour

TITLE = "归集交换共享"
# Class of data: code, title, who provides it.
CLASSES = (
    ("101001/0001", "户籍人口", "市公安局"), ("102001/0001", "企业登记", "市市场监管局"), ("205001/0001", "社会保险参保登记",
        "市人力社保局"),
    ("306013/0002", "低保家庭", "市民政局"), ("203001/0004", "机动车登记", "市公安局"), ("202004/0003", "不动产登记", "市国土局"),
    ("101003/0002", "死亡医学证明", "市卫生计生委"), ("306013/0009", "婚姻登记", "市民政局"), ("207001/0001", "学籍", "市教育局"),
    ("205004/0001", "住房公积金缴存", "市公积金中心"), ("102009/0002", "税务登记", "市地税局"), ("209101/0004", "环境行政处罚", "市环保局"),
)  # fmt: skip
USERS = ("市民政局", "市住保房管局", "市人力社保局", "市教育局", "市公安局", "市审计局", "市信访局", "市残联", "上城区政府", "余杭区政府")
PURPOSES = ("低保核对", "公租房资格审核，家庭成员核验", "入学资格审核", "待遇领取资格认证", "联合惩戒", "审计项目取数", "办事材料免提交")


@dataclass
class _Request:
    no: str
    user: str
    data: tuple[str, str, str]
    purpose: str
    asked: datetime
    answered: datetime
    supplied: datetime
    result: str


def files(world: World) -> Iterator[File]:
    """Requests once a month, the log of one day a week."""
    yield from _requests(world)
    yield from _log(world)


def _made(rng: Random, no: str, asked: datetime) -> _Request:
    data = rng.choice(CLASSES)
    user = rng.choice([u for u in USERS if u != data[2]])
    answered = office_hour(rng, datetime.combine(after(asked.date(), rng.choice((1, 2, 3, 4, 5, 6, 8, 9, 10, 13))), datetime.min.time()))
    if answered <= asked:
        answered = asked + timedelta(hours=1)
    supplied = office_hour(rng, datetime.combine(after(answered.date(), rng.randrange(1, 16)), datetime.min.time()))
    result = rng.choices(("同意", "部分同意", "不同意"), (78, 12, 10))[0]
    return _Request(no, user, data, rng.choice(PURPOSES), asked, answered, supplied, result)


def _row(r: _Request, until: datetime) -> list[str]:
    """What is known of a request at that moment."""
    answered, supplied = r.answered <= until, r.supplied <= until and r.result != "不同意"
    return [
        r.no, r.user, r.data[2], r.data[0], r.data[1], r.purpose, f"{r.asked:%Y-%m-%d %H:%M}", f"{r.answered:%Y-%m-%d %H:%M}"
        if answered else "",
        f"{r.supplied:%Y-%m-%d %H:%M}" if supplied else "", r.result if answered else "",
    ]  # fmt: skip


def _requests(world: World) -> Iterator[File]:
    header = (
        "申请编号",
        "申请部门",
        "提供部门",
        "信息资源代码",
        "信息资源名称",
        "申请用途",
        "提出时间",
        "答复时间",
        "提供时间",
        "答复结果",
    )
    waiting: list[_Request] = []
    number = 0
    for k, month in enumerate(world.months):
        rng, last = world.rng("dzb__sharing_request", month), month_end(month)
        until = datetime(last.year, last.month, last.day, 23, 59)
        for _ in range(64):
            number += 1
            asked = office_hour(rng, datetime(month.year, month.month, 1) + timedelta(days=rng.randrange(last.day - 3)))
            waiting.append(_made(rng, f"GX{month.year}{number:05d}", asked))
        waiting.sort(key=lambda r: r.no)
        rows = [_row(r, until) for r in waiting]
        whole = [i for i, r in enumerate(waiting) if r.answered <= until and r.asked.month == month.month]
        plant = Planting(rng, len(rows))
        rows[plant.put("full_width_comma", "accepted", "purpose")][5] = "低保核对，临时救助核对，特困认定"
        rows[plant.put("quotes", "accepted", "resource_title")][4] = '"最多跑一次"事项材料'
        i = plant.put("other_form", "repaired", "requested_at")
        rows[i][6] = waiting[i].asked.strftime("%Y/%m/%d %-H:%M")
        planted = plant.bad
        i = next(i for i in whole if i not in planted)
        if k == 0:
            plant.at(i, "answered_before", "check_failed", "answered_at")
            rows[i][7] = "2016-09-01 09:00"
        elif k == 1:
            plant.at(i, "of_itself", "check_failed", "applying_unit")
            rows[i][1] = rows[i][2]
        else:
            plant.at(i, "unknown_result", "unknown_code", "sharing_result")
            rows[i][9] = "再议"
        # Trailing blank columns, as a spreadsheet leaves them.
        content = csv((*header, "", ""), [[*r, "", ""] for r in rows], "utf-8-sig" if k == 1 else "gb18030")
        yield File("dzb__sharing_request", f"共享申请_{month:%Y%m}.csv", world.after(month, 2), content, len(rows), faults=plant.faults)
        waiting = [r for r in waiting if r.answered > until or (r.supplied > until and r.result != "不同意")]


def _log(world: World) -> Iterator[File]:
    pairs = [(n, c, u) for n, c in enumerate(CLASSES) for u in USERS[n % 3 :: 4] if u != c[2]]
    for week, day in enumerate(d for month in world.months for d in world.days(month) if d.day in (1, 8, 15, 22)):
        rng = world.rng("dzb__exchange_log", day)
        rows: list[list[str]] = []
        for n, (code, title, provider), user in pairs:
            busy = rng.lognormvariate(3.2, 1.0)
            down = rng.random() < 0.04
            for hour in (9, 11, 14, 16):
                calls = int(busy * (0.4 if day.weekday() >= 5 else 1.3 if hour == 9 else 1.0)) + 1
                bad = min(calls, int(calls * (0.6 if down and hour == 14 else rng.betavariate(1, 180))))
                mean = rng.lognormvariate(4.9, 0.35) * (6 if down and hour == 14 else 1)
                rows.append([
                    f"API{n + 1:03d}", f"{title}查询", code, provider, user, f"{day:%Y-%m-%d} {hour:02d}:00:00", str(calls), str(bad),
                    f"{mean:.1f}",
                    f"{mean * rng.uniform(1.8, 3.4):.1f}",
                ])  # fmt: skip
        plant = Planting(rng, len(rows))
        if week % 3 == 0:
            rows[plant.put("delimiter_in_name", "column_count")][1] += "^v2"
        elif week % 3 == 1:
            i = plant.put("more_failures_than_calls", "check_failed", "failed_calls")
            rows[i][7] = str(int(rows[i][6]) + 3)
        else:
            rows[plant.put("minus_one", "out_of_range", "mean_ms")][8] = "-1"
        rows[plant.put("null", "accepted", "interface_name")][1] = ""
        rows.append(list(rows[i := plant.put("sent_twice", "accepted")]))
        plant.at(len(rows) - 1, "sent_twice", "duplicate")
        name, come = f"交换日志_{day:%Y%m%d}.dat", day + timedelta(days=1)
        content = dump(rows, "^")
        if week == 6:
            yield File("dzb__exchange_log", name, come, content[: len(content) // 2], 0, clock="021000", refused="companion_missing",
                       note="transfer broke off, there is no ok file")  # fmt: skip
            come += timedelta(days=1)
        yield File(
            "dzb__exchange_log",
            name,
            come,
            content,
            len(rows),
            clock="021000",
            faults=plant.faults,
            beside={name.replace(".dat", ".ok"): b""},
        )
