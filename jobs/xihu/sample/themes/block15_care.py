"""(15) 养老: homes, who lives in them, and how able old people were found to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import NamedTuple

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import elements, xml
from xihu.sample.forms.sheets import Cell, Sheet, xls
from xihu.sample.forms.tables import Column, dbf
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import heading, wrong_check

TITLE = "养老"


class Home(NamedTuple):
    """A nursing home; public ones are institutions, private ones people-run non-enterprise units."""

    no: str
    name: str
    uscc: str
    district: str
    nature: str
    stars: str
    beds: int
    nursing: int


@cache
def homes() -> tuple[Home, ...]:
    """Three homes a district."""
    out = []
    for district, (name, hukou, *_) in ids.DISTRICTS.items():
        for n in range(3):
            public = n == 0
            code = ids.uscc("1" if public else "5", "2", district, f"MJ{district[4:]}{n:04d}")
            title = f"{name}社会福利院" if public else f"{name}{('金色年华', '绿康', '随园')[(int(district) + n) % 3]}养老院"
            beds = int(hukou * (6, 4, 2.5)[n]) // 10 * 10 + 40
            nature = "公办" if public else ("民办非营利", "公建民营")[n % 2]
            nursing = int(beds * (0.62, 0.5, 0.42)[n])
            out.append(Home(f"YL{district}{n + 1:03d}", title, code, district, nature, ("四星", "三星", "未评")[n], beds, nursing))
    return tuple(out)


def files(world: World) -> Iterator[File]:
    """Reports, a table of residents and assessments, once a month."""
    yield from _homes(world)
    yield from _stays(world)
    yield from _assessments(world)


# ---- 养老机构月报
HOMES = ("序号", "机构编码", "机构名称", "统一社会信用代码", "机构性质", "星级", "床位/核定床位", "床位/护理型床位", "在住/老人总数",
         "在住/失能老人", "护理人员", "报告月份")  # fmt: skip


def _homes(world: World) -> Iterator[File]:
    for k, month in enumerate(world.months):
        day, sheets, faults = world.after(month, 5), [], list[Fault]()
        for n, district in enumerate(world.districts):
            rng, name = world.rng("mz__care_home", month, district), ids.DISTRICTS[district][0]
            rows: list[list[Cell]] = []
            for i, h in enumerate((h for h in homes() if h.district == district), 1):
                lived = int(h.beds * rng.uniform(0.48, 0.93))
                rows.append([
                    i, h.no, h.name, h.uscc, h.nature, h.stars, str(h.beds), h.nursing, lived, int(lived * rng.uniform(0.3, 0.55)),
                    lived // 7 + 2, f"{month:%Y.%m}",
                ])  # fmt: skip
            p = Planting(rng, len(rows), name)
            if n == 2:
                i = p.put("more_nursing_beds_than_beds", "check_failed", "nursing_beds")
                rows[i][7] = int(str(rows[i][6])) + 20
            elif n == 5 and k == 0:
                i = p.put("credit_code_short", "bad_uscc", "uscc")
                rows[i][3] = str(rows[i][3])[:17]
            elif n == 7 and k == 1:
                i = p.put("no_number_yet", "missing_key", "institution_no")
                rows[i][1] = "无"
            elif n == 9:
                i = p.put("full_house", "accepted", "residents")
                rows[i][8] = int(str(rows[i][6]))
            faults += p.faults
            total: dict[int, Sequence[Cell]] = {
                len(rows): ["合计", None, None, None, None, None, *[sum(int(str(r[j])) for r in rows) for j in (6, 7, 8)]]
            }
            above = heading(f"{name}养老机构基本情况月报表", "单位：张、人", day, len(HOMES))
            sheets.append(Sheet(name, HOMES, rows, above, total, "制表人：      负责人："))
        yield File("mz__care_home", f"养老机构月报_{month:%Y%m}.xls", day, xls(sheets), sum(len(s.rows) for s in sheets), "103000", faults)


# ---- 入住老人: a FoxPro table of entries and exits
STAYS: tuple[Column, ...] = (
    ("入住编号", "C", 16, 0), ("老人姓名", "C", 20, 0), ("老人身份证", "C", 18, 0), ("机构编码", "C", 12, 0), ("入住日期", "D", 8, 0),
    ("离院日期", "D", 8, 0), ("离院原因", "C", 10, 0), ("护理等级评", "C", 8, 0), ("月收费标准", "N", 10, 2), ("机构区县", "C", 6, 0),
)  # fmt: skip


def _stays(world: World) -> Iterator[File]:
    people = [p for p in world.adults(world.w.first, 65) if p.key % 10 < 8]
    living: list[list[str]] = []
    used: set[str] = set()
    for k, month in enumerate(world.months):
        rng, last = world.rng("mz__care_stay", month), month_end(month)
        rows: list[list[str]] = []
        free = [p for p in people if p.id18 not in used and p.alive(last)]
        for p in rng.sample(free, min((48, 18, 16)[min(k, 2)], len(free))):
            used.add(p.id18)
            came = month + timedelta(days=rng.randrange(24)) if k else date(2012 + p.key % 5, 1 + p.key % 9, 1 + p.key % 28)
            rows.append(_stay(rng, p, came, len(used)))
        fresh = len(rows)
        entered = [list(r) for r in rows]
        gone = [r for r in living if rng.random() < 0.1]
        living = [r for r in living if r not in gone]
        for r in gone:
            left = month + timedelta(days=rng.randrange((last - month).days + 1))
            rows.append([*r[:5], f"{left:%Y%m%d}", rng.choice(("回家", "转院", "死亡")), *r[7:]])
        plant = Planting(rng, fresh)
        deleted = {plant.put("deleted_entry", "superseded", "stay_no")} if fresh >= 3 else set[int]()
        for i in deleted:
            rows[i][0] = rows[i][0][:-3] + "999"
        if k == 0:
            i = plant.put("half_character", "bad_encoding", "name")
        half = i if k == 0 else -1
        if k == 1 and fresh >= 3:
            i = plant.put("left_before_coming", "check_failed", "discharged_on")
            rows[i][5] = "20100101"
        elif k == 2 and fresh >= 3:
            i = plant.put("check_digit", "bad_id_check", "id_no")
            rows[i][2] = wrong_check(rows[i][2])
        living += [r for i, r in enumerate(entered) if i not in plant.bad]
        content = bytearray(dbf(STAYS, rows, last, deleted))
        if half >= 0:  # the column is narrower than the name, and FoxPro cuts between any two bytes
            at = 33 + 32 * len(STAYS) + half * (1 + sum(c[2] for c in STAYS)) + 1 + 16
            content[at : at + 20] = "欧阳".encode("gbk") + b" " * 15 + b"\xc0"
        name, day = f"入住老人_{month:%Y%m}.dbf", world.after(month, 4)
        if k == 1:  # saved as a text file under the old name
            text = "入住编号,老人姓名,老人身份证\r\n".encode("gbk") + b"".join(
                f"{r[0]},{r[1]},{r[2]}\r\n".encode("gbk", "replace") for r in rows
            )
            yield File("mz__care_stay", name, day, text, 0, "093000", refused="wrong_format", note="CSV改名为dbf")
            day += timedelta(days=1)
        yield File("mz__care_stay", name, day, bytes(content), len(rows), "093000", plant.faults)


def _stay(rng: Random, p: Person, came: date, n: int) -> list[str]:
    near = [h for h in homes() if h.district == p.district]
    home = near[p.key % len(near)]
    level = rng.choices(("自理", "半护理", "全护理", "特护"), (38, 30, 26, 6))[0]
    fee = {"自理": 1800, "半护理": 2600, "全护理": 3600, "特护": 4800}[level] + p.key % 9 * 100
    return [
        f"RZ{home.no[2:]}{n:05d}", p.name, p.id18, home.no, f"{came:%Y%m%d}", "", "", level, f"{fee:.2f}", home.district,
    ]  # fmt: skip


# ---- 老年人能力评估: a message declared GB2312 that is GB18030
def _assessments(world: World) -> Iterator[File]:
    people = world.adults(world.w.first, 60)
    used: set[str] = set()
    for k, month in enumerate(world.months):
        rng = world.rng("mz__care_assessment", month)
        free = [p for p in people if p.id18 not in used and p.alive(month_end(month))]
        chosen = rng.choices(free, [1 + max(p.age(month) - 60, 0) for p in free], k=75)
        records = []
        for p in {p.id18: p for p in chosen}.values():
            used.add(p.id18)
            records.append(_assessment(rng, p, month, len(used)))
        plant = Planting(rng, len(records))
        i = plant.put("beyond_gb2312", "accepted", "name")
        records[i]["姓名"] = records[i]["姓名"][0] + "镕㛃"
        i = plant.put("ampersand_escaped", "accepted", "agency")
        records[i]["评估机构"] = "康宁&颐和评估中心"
        i = plant.put("parts_do_not_add_up", "check_failed", "ability_score")
        records[i]["总分"] = str(int(records[i]["总分"]) + 7)
        if k == 1:
            i = plant.put("grade_five", "unknown_code", "ability")
            records[i]["能力等级"] = "5"
        elif k == 2:
            i = plant.put("assessed_before_application", "check_failed", "assessed_on")
            records[i]["评估日期"] = f"{month - timedelta(days=260):%Y-%m-%d}"
        name, day = f"能力评估_{month:%Y%m}.xml", world.after(month, 7)
        content = _message(records, month, len(records), "pg" if k == 2 else "")
        if k == 0:  # cut off by the mail gate
            half = content[: len(content) // 2]
            yield File("mz__care_assessment", name, day, half, 0, "140500", refused="wrong_format", note="报文不完整")
            day += timedelta(days=1)
        yield File("mz__care_assessment", name, day, content, len(records), "140500", plant.faults)


def _assessment(rng: Random, p: Person, month: date, n: int) -> dict[str, str]:
    applied = month + timedelta(days=rng.randrange(20)) - timedelta(days=rng.randrange(9))
    done = applied + timedelta(days=1 + int(rng.gammavariate(2.2, 3.6)))
    frail = min(max(rng.gauss((p.age(month) - 58) / 45, 0.25) + (0.25 if p.disability else 0), 0.0), 1.0)
    parts = [max(0, min(top, round(top * (1 - frail * rng.uniform(0.7, 1.3))))) for top in (40, 16, 18, 16)]
    total = sum(parts)
    grade = 0 if total >= 90 else 1 if total >= 66 else 2 if total >= 46 else 3 if total >= 30 else 4
    return {
        "评估编号": f"PG{p.district}{month:%Y%m}{n:05d}", "姓名": p.name, "身份证号": p.id18, "申请日期": f"{applied:%Y-%m-%d}",
        "评估日期": f"{done:%Y-%m-%d}", "自理能力": str(parts[0]), "运动能力": str(parts[1]), "精神状态": str(parts[2]),
        "感知与参与": str(parts[3]), "总分": str(total), "能力等级": str(grade),
        "评估机构": f"{ids.DISTRICTS[p.district][0]}老年人能力评估站",
        "区县": p.district,
    }  # fmt: skip


def _message(records: list[dict[str, str]], month: date, stated: int, prefix: str) -> bytes:
    p = prefix + ":" if prefix else ""
    space = f' xmlns{":" + prefix if prefix else ""}="urn:hz:mz:care:{"2" if prefix else "1"}"'
    head = f"<{p}报文头><{p}批次>{month:%Y%m}</{p}批次><{p}记录数>{stated}</{p}记录数></{p}报文头>"
    body = elements("评估", records, prefix)
    return xml(f"<{p}能力评估报文{space}>{head}<{p}评估列表>{body}</{p}评估列表></{p}能力评估报文>")


__all__ = ["TITLE", "files", "homes"]
