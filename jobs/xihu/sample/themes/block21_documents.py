"""(21) 协同办公、档案: documents with the times of their stages as attributes, and dBase tables of what was handed over to the archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample.dates import month_end
from xihu.sample.forms.messages import xml
from xihu.sample.forms.tables import dbf
from xihu.sample.themes.days import after, workday
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.services import office_hour

TITLE = "协同办公与档案"
UNITS = ("市发改委", "市财政局", "市环保局", "市建委", "市教育局", "市民政局", "市卫生计生委", "市交通运输局", "市林水局", "市审计局")
# 文种, subject.
SUBJECTS = (
    ("请示", "关于要求安排老旧小区改造专项资金的请示"), ("通知", "关于做好今冬明春防火工作的通知"), ("报告",
        "关于城乡居民养老保险扩面情况的报告"),
    ("函", "关于商请提供人口数据的函"), ("批复", "关于同意设立街道养老服务中心的批复"), ("意见", "关于推进海绵城市建设的实施意见"),
    ("通报", "关于三季度重点项目进度情况的通报"), ("纪要", "市政府专题会议纪要"),
)  # fmt: skip
STAGES = ("登记", "拟办", "批示", "承办", "办结")


def files(world: World) -> Iterator[File]:
    """Documents of the month, and what was archived in it."""
    yield from _documents(world)
    yield from _archives(world)


def _stages(rng: Random, at: datetime) -> list[datetime]:
    """Registered, proposed, instructed, handed on, closed: within working days."""
    times = [at]
    for most in (1, 3, 1, 9):
        day = after(times[-1].date(), rng.randrange(most + 1))
        nxt = office_hour(rng, datetime(day.year, day.month, day.day))
        times.append(nxt if nxt > times[-1] else times[-1] + timedelta(minutes=rng.randrange(10, 90)))
    return times


def _documents(world: World) -> Iterator[File]:
    serial = 0
    for k, month in enumerate(world.months):
        rng, last = world.rng("zfb__official_document", month), month_end(month)
        rows: list[dict[str, str]] = []
        for n in range(90):
            serial += 1
            kind, subject = rng.choice(SUBJECTS)
            at = office_hour(rng, datetime(month.year, month.month, 1) + timedelta(days=rng.randrange(last.day - 2)))
            unit, times = rng.choice(UNITS), _stages(rng, at)
            due = after(at.date(), 10)
            row = {
                "文号": f"{unit.removeprefix('市')[:2]}〔{month.year}〕{serial}号" if n % 3 else f"杭政办函〔{month.year}〕{serial}号",
                "收发": "收文" if n % 3 else "发文", "标题": subject, "文种": kind, "发文单位": unit if n % 3 else "市政府办公厅",
                "单位": rng.choice(UNITS),
                "办理时限": f"{due:%Y-%m-%d} 17:30:00",
            }  # fmt: skip
            closed = times[-1].date() <= last
            for stage, when in zip(STAGES, times, strict=True):
                if when.date() <= last:
                    row[stage] = f"{when:%Y-%m-%d %H:%M:%S}"
            stored = after(times[-1].date(), 5)
            if closed and stored <= last:
                row |= {"归档日期": f"{stored:%Y-%m-%d}", "是否电子归档": "是" if rng.random() < 0.86 else "否"}
            rows.append(row)
        plant = Planting(rng, len(rows))
        rows[plant.put("rare_character", "accepted", "document_title")]["标题"] = "关于表彰㛃喆社区工作站的通知"
        rows[plant.put("markup_in_title", "accepted", "document_title")]["标题"] = "关于转发<环境保护税法>学习资料的通知 & 说明"
        done = [i for i, r in enumerate(rows) if "办结" in r and i not in plant.bad]
        if k == 0:
            plant.at(done[3], "closed_before_start", "check_failed", "closed_at")
            rows[done[3]]["办结"] = "2016-09-02 10:00:00"
        elif k == 1:
            plant.at(done[3], "no_such_day", "bad_date", "closed_at")
            rows[done[3]]["办结"] = "2016-11-31 10:00:00"
        else:
            plant.at(done[3], "not_registered", "missing_key", "accepted_at")
            del rows[done[3]]["登记"]
        text, name, day = _exchange(rows, k), f"公文办理_{month:%Y%m}.xml", world.after(month, 3)
        if k == 1:
            yield File(
                "zfb__official_document",
                name,
                day,
                xml(_exchange(rows, k, len(rows) + 8)),
                0,
                refused="control_total",
                note="eight documents are missing",
            )
            day = workday(day + timedelta(days=1))
        yield File("zfb__official_document", name, day, xml(text), len(rows), faults=plant.faults)


def _exchange(rows: list[dict[str, str]], k: int, stated: int | None = None) -> str:
    """The message; its namespace changed with a new version of the office system."""
    out = []
    for r in rows:
        stages = "".join(f'<环节 名称="{s}"{_unit(r, s)} 时间="{r[s]}"/>' for s in STAGES if s in r)
        rest = "".join(f"<{w}>{_text(r[w])}</{w}>" for w in ("标题", "文种", "发文单位", "办理时限", "归档日期", "是否电子归档") if w in r)
        out.append(f'<公文 文号="{r["文号"]}" 收发="{r["收发"]}">{rest}<办理>{stages}</办理></公文>')
    space = ' xmlns="urn:oa:exchange:2"' if k == 2 else ""
    return f"<公文交换{space}><头><份数>{stated or len(rows)}</份数></头><公文列表>\n" + "\n".join(out) + "\n</公文列表></公文交换>"


def _unit(r: dict[str, str], stage: str) -> str:
    return f' 单位="{r["单位"]}"' if stage == "承办" else ""


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _archives(world: World) -> Iterator[File]:
    columns = (
        ("档号", "C", 24, 0), ("全宗号", "C", 4, 0), ("年度", "C", 4, 0), ("保管期限", "C", 8, 0), ("文号", "C", 30, 0), ("责任者", "C",
            40, 0),
        ("题名", "C", 100, 0), ("文件日期", "D", 8, 0), ("归档日期", "D", 8, 0), ("页数", "N", 4, 0), ("电子文件", "C", 2, 0),
    )  # fmt: skip
    for k, month in enumerate(world.months):
        rng, last = world.rng("da__archive_entry", month), month_end(month)
        rows: list[list[str]] = []
        for n in range(70):
            unit = n % len(UNITS)
            formed = date(2015, 1, 5) + timedelta(days=rng.randrange(340))
            stored = workday(month.replace(day=1 + rng.randrange(last.day - 4)))
            keep = rng.choices(("永久", "30年", "10年"), (35, 40, 25))[0]
            rows.append([
                f"J{unit + 1:03d}-WS·{formed.year}-{('Y', 'D30', 'D10')[('永久', '30年', '10年').index(keep)]}-{k * 70 + n + 1:04d}",
                f"J{unit + 1:03d}", f"{formed.year}", keep,
                f"{UNITS[unit].removeprefix('市')[:2]}〔{formed.year}〕{n + 3}号", UNITS[unit], rng.choice(SUBJECTS)[1],
                f"{formed:%Y%m%d}", f"{stored:%Y%m%d}",
                str(rng.randrange(1, 46)), "有" if rng.random() < 0.82 else "无",
            ])  # fmt: skip
        plant = Planting(rng, len(rows))
        gone = plant.put("deleted_row", "superseded")
        if k == 0:
            rows[plant.put("no_such_day", "bad_date", "formed_on")][7] = "20150230"
        elif k == 1:
            rows[plant.put("old_words", "check_failed", "retention")][3] = "长期"
        else:
            rows[plant.put("no_pages", "out_of_range", "pages")][9] = "0"
        again = plant.put("listed_twice", "accepted")
        rows.append(list(rows[again]))
        plant.at(len(rows) - 1, "listed_twice", "duplicate")
        content = dbf(columns, rows, world.after(month, 5), deleted={gone})
        yield File("da__archive_entry", f"归档目录_{month:%Y%m}.dbf", world.after(month, 6), content, len(rows), faults=plant.faults)
