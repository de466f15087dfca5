"""(16) 督查考评: the monthly table of tasks with lights and investment, and what the units answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.sheets import Cell, Sheet, xls
from xihu.sample.forms.texts import csv
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting

TITLE = "督查考评"
# What is to be done, and who answers for it.
WORKS = (
    ("地铁{}号线{}段主体结构完工", "市建委"), ("完成{}条黑臭河道治理（{}）", "市城管委"), ("新增公共停车泊位{}00个（{}）", "市城管委"),
    ("开工建设保障性住房{}00套（{}）", "市住保房管局"), ("完成老旧小区改造{}个（{}）", "市建委"), ("新建养老服务照料中心{}家（{}）",
        "市民政局"),
    ("新增公共自行车服务点{}处（{}）", "市交通运输局"), ("完成城中村改造签约{}00户（{}）", "市建委"), ("淘汰落后产能企业{}家（{}）",
        "市经信委"),
    ("新增社区卫生服务站{}家（{}）", "市卫生计生委"),
)  # fmt: skip
STEPS = ("正在办理前期手续", "施工招标已完成", "主体工程推进中", "已完成总工程量的八成", "进入竣工验收", "因拆迁受阻，进度滞后")


@dataclass(frozen=True)
class Task:
    """One item: speed in percent a month, investment planned in 万元 (0 for none)."""

    no: str
    document: str
    content: str
    unit: str
    weight: float
    assigned: date
    due: date
    start: float
    speed: float
    invest: int


def _tasks(world: World) -> list[Task]:
    rng, year = world.rng("dcs__tasks"), world.w.first.year
    found = []
    for n in range(72):
        where = ids.DISTRICTS[world.districts[n % 13]][0]
        words, unit = WORKS[n % len(WORKS)]
        words = words.format(2 + n % 7, where)
        assigned = workday(date(year, 2, 15) + timedelta(days=rng.randrange(40)))
        due = month_end(date(year, rng.choice((9, 10, 11, 12, 12, 12)), 1))
        invest = rng.randrange(8, 400) * 100 if n % len(WORKS) in (0, 1, 2, 3, 4, 7) else 0
        found.append(Task(
            f"{year}-{n // 8 + 1:02d}-{n % 8 + 1:02d}", f"杭政函〔{year}〕{20 + n // 8}号", words, unit if n % 3 else f"{where}政府",
            round(0.5 + rng.random() * 2, 1), assigned, due, rng.uniform(52, 90), rng.uniform(3, 16), invest,
        ))  # fmt: skip
    return found


def _state(task: Task, k: int, last: date) -> tuple[float, date | None, str]:
    """(progress, day of completion, light) at the end of the k-th month."""
    progress = min(100.0, round(task.start + task.speed * (k + 1)))
    done = None
    if progress == 100:
        whole = (100 - task.start) / task.speed  # months after the start until it is done
        done = workday(date(last.year, 10, 1) + timedelta(days=int(whole * 30)))
        done = min(done, last)
    if done:
        return 100, done, "绿"
    if task.due < last:
        return progress, None, "红"
    left = max(1, (task.due - last).days / 30)
    return progress, None, "黄" if (100 - progress) / left > 15 else "绿"


def files(world: World) -> Iterator[File]:
    """One table and one set of answers a month."""
    tasks = _tasks(world)
    yield from _table(world, tasks)
    yield from _answers(world, tasks)


def _table(world: World, tasks: list[Task]) -> Iterator[File]:
    header = ("督查月份", "分解项编号", "交办文号", "任务内容", "责任单位", "分值权重", "时间要求/交办日期", "时间要求/完成时限",
        "时间要求/实际完成日期",
              "完成进度", "进度灯", "投资/年度计划投资", "投资/累计完成投资")  # fmt: skip
    at = lambda d: datetime(d.year, d.month, d.day) if d else None  # noqa: E731
    for k, month in enumerate(world.months):
        rng, last = world.rng("dcs__supervised_task", month), month_end(month)
        rows: list[list[Cell]] = []
        for t in tasks:
            progress, done, light = _state(t, k, last)
            spent = round(t.invest * min(1.0, progress / 100 * rng.uniform(0.93, 1.02))) if t.invest else None
            rows.append([
                f"{month:%Y年%-m月}", t.no, t.document, t.content, t.unit, t.weight, at(t.assigned), at(t.due), at(done), progress, light,
                t.invest or None, spent,
            ])  # fmt: skip
        plant = Planting(rng, len(rows))
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        i = plant.put("percent_sign", "repaired", "progress")
        rows[i][9] = f"{rows[i][9]}%"
        rows[
            plant.put(
                "written_date",
                "repaired",
                "due_on",
            )
        ][7] = f"{last.year}年12月31日"
        if k == 0:
            rows[plant.put("end_of_the_month", "bad_date", "due_on")][7] = "12月底"
        elif k == 1:
            rows[plant.put("over_hundred", "out_of_range", "progress")][9] = 120
        else:
            i = plant.put("done_in_part", "check_failed", "progress")
            rows[i][8], rows[i][9] = datetime(2016, 12, 20), 85
        sums = [sum(int(str(r[j] or 0)) for r in rows) for j in (11, 12)]
        totals: dict[int, list[Cell]] = {len(rows): ["合计", *[None] * 10, *sums]}
        middle = next(i for i in range(30, 60) if i not in hidden)
        totals[middle] = ["小计", *[None] * 10, *[sum(int(str(r[j] or 0)) for r in rows[:middle]) for j in (11, 12)]]
        titles = [[f"{month.year}年市政府重点工作督查任务分解表"], ["单位：万元", f"填报日期：{world.after(month, 5):%Y年%-m月%-d日}"]]
        sheet = Sheet(f"{month.month}月", header, rows, titles, {**totals}, "填表人：            审核人：", hidden)
        yield File("dcs__supervised_task", f"督查任务_{month:%Y%m}.xls", world.after(month, 6), xls([sheet], "yyyy-mm-dd"), len(rows),
                   faults=plant.faults)  # fmt: skip


def _answers(world: World, tasks: list[Task]) -> Iterator[File]:
    header = ("反馈编号", "分解项编号", "责任单位", "填报时间", "完成进度", "进展内容", "是否退回重报", "得分")
    number = 0
    for k, month in enumerate(world.months):
        rng, last = world.rng("dcs__task_feedback", month), month_end(month)
        rows: list[list[str]] = []
        for t in tasks:
            if k and t.start + t.speed * k >= 100:
                continue
            progress, _, light = _state(t, k, last)
            day = workday(month.replace(day=18) + timedelta(days=rng.randrange(9)))
            at = datetime(day.year, day.month, day.day, rng.randrange(9, 18), rng.randrange(60))
            back = rng.random() < 0.08
            for again in (False, True) if back else (False,):
                number += 1
                when = at + timedelta(days=3 if again else 0)
                score = (
                    "" if back and not again else f"{min(10.0, 9.6 - (light == '红') * 3 - (light == '黄') + rng.uniform(-0.4, 0.4)):.1f}"
                )
                rows.append([
                    f"FK{month:%Y%m}{number:05d}", t.no, t.unit, f"{when:%Y-%m-%d %H:%M}", f"{progress:.0f}", rng.choice(STEPS[2:5]
                        if light != "红" else STEPS[-1:]),
                    "是" if back and not again else "否", score,
                ])  # fmt: skip
        plant = Planting(rng, len(rows))
        rows[plant.put("line_end_in_text", "accepted", "content")][5] += "。\n下一步：抓紧施工，确保年底完成。"
        rows[plant.put("comma_in_text", "accepted", "content")][5] += ", 已报市建委"
        rows[plant.put("full_width", "repaired", "progress")][4] = "９５"
        if k == 0:
            rows[plant.put("no_number", "missing_key", "task_no")][1] = "无"
        elif k == 1:
            rows[plant.put("about", "bad_number", "progress")][4] = "约八成"
        else:
            i = plant.put("returned_with_score", "check_failed", "score")
            rows[i][6], rows[i][7] = "是", "9.0"
        name, day = f"督查反馈_{month:%Y%m}.csv", world.after(month, 2)
        if k == 2:
            yield File(
                "dcs__task_feedback",
                name,
                day,
                csv((*header[:-1], "得分情况说明"), rows),
                0,
                refused="header_unknown",
                note="a column was renamed",
            )
            day += timedelta(days=1)
        yield File("dcs__task_feedback", name, day, csv(header, rows), len(rows), faults=plant.faults)
