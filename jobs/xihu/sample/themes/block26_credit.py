"""Public credit beside permits and penalties: lists of debtors and of the honoured, repair of penalties, commitments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import pages
from xihu.sample.forms.sheets import Cell, Sheet, xls
from xihu.sample.forms.texts import csv
from xihu.sample.themes.block26_bases import decision
from xihu.sample.themes.days import after, workday
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "信用名单、修复与承诺"
_TZ = ZoneInfo("Asia/Shanghai")
CONDUCT = {
    "失信被执行人": ("有履行能力而拒不履行生效法律文书确定义务", "违反财产报告制度", "以虚假诉讼等方法规避执行", "违反限制消费令"),
    "严重失信主体": ("被吊销许可证件", "重大安全生产事故", "涉税违法达到重大案件标准"),
    "拖欠农民工工资": ("克扣、无故拖欠农民工工资报酬，数额达到认定标准",),
    "守信红名单": ("纳税信用A级", "省级守合同重信用单位"),
}
AUTHORITY = {
    "严重失信主体": "杭州市市场监督管理局", "拖欠农民工工资": "杭州市人力资源和社会保障局", "守信红名单": "杭州市发展和改革委员会",
}  # fmt: skip
MATTERS = (
    "建设项目环境影响登记表备案",
    "食品小作坊登记",
    "公共场所卫生许可告知承诺",
    "工程质量安全承诺",
    "行政许可信用承诺",
    "主动型公开承诺",
)


def files(world: World) -> Iterator[File]:
    """All three once a month."""
    yield from _listings(world)
    yield from _repairs(world)
    yield from _commitments(world)


def _firm(world: World, rng: Random) -> tuple[str, str, str]:
    """(district, USCC, name)."""
    district = rng.choice(world.districts)
    return (district, *world.firm(district, rng.choice([x for x in range(20, 60) if x % 23])))


def _listing(world: World, rng: Random, month: date, n: int) -> list[str]:
    """One listing of the month."""
    kind = rng.choices(list(CONDUCT), (60, 10, 8, 22))[0]
    on = workday(date(month.year, month.month, 1 + rng.randrange(month_end(month).day - 4)))
    district, uscc, name = _firm(world, rng)
    place = ids.DISTRICTS[district][0]
    if kind == "失信被执行人":
        case, authority = f"（{on.year}）浙01{district[4:]}执{1000 + 97 * n + month.month}号", f"杭州市{place}人民法院"
        if rng.random() < 0.55:
            p = rng.choice(world.adults(month, 25, 65))
            return [kind, case, p.name, "", p.id18, authority, rng.choice(CONDUCT[kind]), f"{on:%Y-%m-%d}", "", district]
    else:
        case, authority = f"杭信〔{on.year}〕{month.month:02d}{n:04d}号", AUTHORITY[kind]
    return [kind, case, name, uscc, "", authority, rng.choice(CONDUCT[kind]), f"{on:%Y-%m-%d}", "", district]


def _listings(world: World) -> Iterator[File]:
    header = (
        "名单种类",
        "案号或文书号",
        "主体名称",
        "统一社会信用代码",
        "身份证号码",
        "认定机关",
        "行为情形",
        "列入日期",
        "移出日期",
        "区县",
    )
    listed: list[list[str]] = []
    for k, month in enumerate(world.months):
        rng = world.rng("fgw__credit_listing", month)
        fresh = [_listing(world, rng, month, n) for n in range(64)]
        gone = rng.sample(range(len(listed)), min(6, len(listed)))
        for j in gone:
            listed[j] = [*listed[j][:8], f"{month:%Y-%m}-{10 + j % 15:02d}", listed[j][9]]
        rows = [list(r) for r in fresh + listed]
        listed = [r for j, r in enumerate(listed) if j not in gone]
        plant = Planting(rng, len(fresh))
        persons = {i for i, r in enumerate(fresh) if r[4]}
        firms = set(range(len(fresh))) - persons
        i = plant.put("slashes", "repaired", "listed_on")
        rows[i][7] = rows[i][7].replace("-", "/") + " 0:00"
        i = plant.put("small_x_or_blank", "repaired", "id_no", persons)
        rows[i][4] = "\u3000" + rows[i][4].lower()
        i = plant.put("check_digit", "bad_id_check", "id_no", persons)
        rows[i][4] = rows[i][4][:-1] + ("7" if rows[i][4][-1] != "7" else "4")
        i = plant.put("comma_in_name", "accepted", "counterpart_name", firms)
        rows[i][2] += "，分公司"
        if k == 0:
            # What the law keeps out of the credit base is refused at the door; a firm's conduct with such words is not about its health.
            rows[plant.put("illness", "check_failed", "conduct", persons)][6] = "被执行人患有精神障碍，未履行生效法律文书确定义务"
            rows[plant.put("innocent_words", "accepted", "conduct", firms)][6] = "未落实职业病防治和传染病预检制度"
        elif k == 1:
            rows[plant.put("belief", "check_failed", "conduct", persons)][6] = "信仰基督教，以聚会为由规避执行"
            i = plant.put("person_on_that_list", "check_failed", "kind", persons)
            rows[i][0] = "严重失信主体"
        else:
            i = plant.put("both_subjects", "check_failed", "uscc", persons)
            rows[i][3] = world.firm(rows[i][9], 21)[0]
            i = plant.put("off_before_on", "check_failed", "delisted_on")
            rows[i][8] = "2015-01-05"
        listed += [r for i, r in enumerate(fresh) if i not in plant.bad]
        titles = ("名单种类", "案号或文书号", "相对人名称", *header[3:])
        yield File(
            "fgw__credit_listing", f"信用名单_{month:%Y%m}.csv", world.after(month, 7), csv(titles, rows, guarded=(3, 4)), len(rows),
            faults=plant.faults,
        )  # fmt: skip


def _repairs(world: World) -> Iterator[File]:
    header = ("修复申请/申请编号", "修复申请/处罚决定书文号", "修复申请/申请日期", "修复申请/义务已履行", "修复申请/已作承诺",
              "主体/单位名称", "主体/统一社会信用代码", "修复决定/决定日期", "修复决定/结果", "修复决定/停止公示日期",
              "修复决定/受理机关", "区县")  # fmt: skip
    at = lambda d: datetime(d.year, d.month, d.day)  # noqa: E731
    waiting: list[list[Cell]] = []
    for k, month in enumerate(world.months):
        rng, last = world.rng("fgw__credit_repair", month), month_end(month)
        rows: list[list[Cell]] = []
        for old in waiting:
            done = after(date(month.year, month.month, 2), rng.randrange(1, 8))
            rows.append([*old[:7], at(done), "准予", at(done), *old[10:]])
        fresh = len(rows)
        for n in range(14):
            made = [decision(world, m, "行政处罚", n * 2 + j) for m in world.months[: k + 1] for j in (0, 1)]
            penalty = rng.choice(made[-3:])
            decided = penalty[7]
            assert isinstance(decided, datetime)
            on = workday(max(date(month.year, month.month, 1 + rng.randrange(last.day - 2)), decided.date()))
            done = after(on, rng.randrange(3, 11))
            result = "在办" if done > last else rng.choices(("准予", "不予"), (85, 15))[0]
            rows.append([
                f"修复{month:%Y%m}{n + 1:04d}", penalty[0], at(on), "是" if result != "不予" else "否", "是", penalty[2], penalty[3],
                None if result == "在办" else at(done), result, at(done) if result == "准予" else None, "杭州市发展和改革委员会",
                penalty[11],
            ])  # fmt: skip
        waiting = [list(r) for r in rows if r[8] == "在办"]
        free = set(range(fresh, len(rows)))
        plant = Planting(rng, len(rows))
        i = plant.put("written_date", "repaired", "applied_on", free)
        asked = rows[i][2]
        assert isinstance(asked, datetime)
        rows[i][2] = f"{asked:%Y年%-m月%-d日}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        granted = {i for i in free if rows[i][8] == "准予"}
        if k == 0:
            rows[plant.put("not_fulfilled", "check_failed", "fulfilled", granted)][3] = "否"
        elif k == 1:
            rows[plant.put("decided_before", "check_failed", "decided_on", granted)][7] = datetime(2016, 3, 1)
        else:
            i = plant.put("no_code", "missing_key", "uscc", free)
            rows[i][6] = "暂无"
        waiting = [r for r in waiting if r[0] not in {rows[i][0] for i in plant.bad}]
        titles: list[list[Cell]] = [["杭州市行政处罚信息信用修复情况表"], [f"填报日期：{world.after(month, 6):%Y年%-m月%-d日}"]]
        sheet = Sheet("信用修复", header, rows, titles, {len(rows): ["合计", f"{len(rows)}件"]}, "填报人：　　　审核人：", hidden)
        yield File("fgw__credit_repair", f"信用修复_{month:%Y%m}.xls", world.after(month, 6), xls([sheet]), len(rows), faults=plant.faults)


def _commitments(world: World) -> Iterator[File]:
    open_: list[dict[str, Any]] = []
    ms = lambda d: int(datetime(d.year, d.month, d.day, tzinfo=_TZ).timestamp() * 1000)  # noqa: E731
    for k, month in enumerate(world.months):
        rng, last = world.rng("fgw__credit_commitment", month), month_end(month)
        rows: list[dict[str, Any]] = []
        for n in range(60):
            district, uscc, name = _firm(world, rng)
            on = workday(date(month.year, month.month, 1 + rng.randrange(last.day - 2)))
            rows.append({
                "cns_no": f"CN{district}{month:%Y%m}{n + 1:04d}", "mc": name, "tyshxydm": uscc, "cnsx": rng.choice(MATTERS),
                "sljg": f"杭州市{ids.DISTRICTS[district][0]}行政服务中心", "qsrq": ms(on), "lxqx": ms(on + timedelta(days=60)),
                "rdrq": "null",
                "lyzt": "0", "gxsj": ms(on) + 36_000_000, "xzqh": district,
            })  # fmt: skip
        fresh = len(rows)
        for old in rng.sample(open_, min(25, len(open_))):
            judged = workday(date(month.year, month.month, 5 + rng.randrange(18)))
            rows.append(old | {"lyzt": rng.choices(("1", "2"), (90, 10))[0], "rdrq": ms(judged), "gxsj": ms(judged) + 39_600_000})
        plant = Planting(rng, fresh)
        i = plant.put("check_character", "bad_uscc", "uscc")
        code = rows[i]["tyshxydm"]
        rows[i]["tyshxydm"] = code[:-1] + ("5" if code[-1] != "5" else "6")
        rows[plant.put("no_term", "accepted", "due_on")]["lxqx"] = "null"
        if k == 1:
            rows[plant.put("kept_without_day", "check_failed", "status")]["lyzt"] = "1"
        elif k == 2:
            rows[plant.put("status_unknown", "unknown_code", "status")]["lyzt"] = "9"
        bad = {x.row - 1 for x in plant.faults if x.expected not in ("accepted", "repaired")}
        open_ = [r for i, r in enumerate(rows[:fresh]) if i not in bad]
        name, day = f"信用承诺_{month:%Y%m}.json", world.after(month, 4)
        content = pages(rows, 40)
        if k == 0:
            first = content[: content.index(b"\n") + 1]
            yield File("fgw__credit_commitment", name, day, first, 0, refused="control_total", note="only the first page")
            day += timedelta(days=1)
        faults: list[Fault] = list(plant.faults)
        yield File("fgw__credit_commitment", name, day, content, len(rows), faults=faults)
