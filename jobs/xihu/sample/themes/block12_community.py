"""(12) 社区: dwellings with who lives in them, and the visits that community workers pay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.places import gcj02
from xihu.sample.forms.texts import control, csv, dump
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "社区"


def files(world: World) -> Iterator[File]:
    """A register a district and month, visits week by week."""
    yield from _dwellings(world)
    yield from _visits(world)


# ---- 房屋: a register dumped with ^ between the cells
def _dwellings(world: World) -> Iterator[File]:
    for n, district in enumerate(world.districts):
        stock = [_dwelling(world, district, i) for i in range(24)]
        for k, month in enumerate(world.months):
            rng = world.rng("mz__dwelling", district, month)
            for home in rng.sample([h for h in stock if h["use"] < 2], 2):  # somebody moved in or out
                home["resident"] = max(0, home["resident"] + rng.choice((-1, 1, 2)))
                home["same"] = min(home["same"], home["resident"], home["registered"])
            rows = [_row(h, district, month_end(month)) for h in stock]
            plant = Planting(rng, len(rows))
            if (n + k) % 3 == 0:
                i = plant.put("line_end_in_building", "accepted", "building")
                rows[i][5] += "\n（临街商铺）"
            if n == 3:
                i = plant.put("delimiter_in_estate", "column_count", "neighbourhood")
                rows[i][4] = "春江^花园"
            elif n == 6 and k != 1:
                i = plant.put("more_matched_than_live_there", "check_failed", "matched_persons")
                rows[i][11] = str(int(rows[i][10]) + 3)
            elif n == 8 and k == 1:
                i = plant.put("area_without_point", "out_of_range", "floor_area")
                rows[i][7] = "9860000"
            elif n == 10:
                i = plant.put("square_metres_in_words", "repaired", "floor_area")
                rows[i][7] += "㎡"
            name, day = f"房屋_{district}_{month:%Y%m}.txt", world.after(month, 4)
            content = dump(rows, "^", "gb18030", end="\r\n")
            beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows))}
            if n == 1 and k == 1:  # an export that found nothing
                lost = {name.replace(".txt", ".ctl"): control(name, b"", 0)}
                yield File("mz__dwelling", name, day, b"", 0, "050000", beside=lost, refused="empty_file", note="全量快照为空")
                day += timedelta(days=1)
            yield File("mz__dwelling", name, day, content, len(rows), "050000", plant.faults, beside)


def _dwelling(world: World, district: str, i: int) -> dict[str, int]:
    rng = world.rng("mz__dwelling", district, i)
    use = rng.choices((0, 1, 2, 3), (62, 24, 8, 6))[0]
    registered = rng.choices((0, 1, 2, 3, 4), (22, 14, 26, 26, 12))[0] if use == 0 else rng.choice((0, 0, 1, 2))
    resident = {0: rng.choices((1, 2, 3, 4, 5), (18, 28, 30, 16, 8))[0], 1: rng.randrange(1, 7), 2: 0, 3: rng.randrange(0, 3)}[use]
    return {
        "i": i, "use": use, "registered": registered, "resident": resident, "same": min(registered, resident) if use == 0 else 0,
        "area": rng.randrange(4200, 16800), "alone": int(use == 0 and resident == 1 and rng.random() < 0.5), "street": rng.randrange(100),
    }  # fmt: skip


def _row(h: dict[str, int], district: str, t: date) -> list[str]:
    street = ids.STREETS[district][h["street"] % len(ids.STREETS[district])]
    community = f"{'东西南北中'[h['street'] % 5]}{'山湖桥溪塘园'[h['street'] // 5 % 6]}社区"
    return [
        f"FW{district}{h['i']:06d}", district, street, community, f"{'春江翠湖景月'[h['street'] % 6]}{'苑园庭府'[h['street'] % 4]}小区",
        f"{h['i'] % 12 + 1}幢{h['i'] % 3 + 1}单元", f"{h['i'] % 9 + 1}0{h['i'] % 4 + 1}室", f"{h['area'] / 100:.2f}",
        ("自住", "出租", "空置", "商用")[h["use"]], str(h["registered"]), str(h["resident"]), str(h["same"]),
        "1" if h["alone"] else "0", f"{district}{h['street'] % 90:03d}{h['i'] % 20:03d}", f"{t:%Y%m%d}",
    ]  # fmt: skip


# ---- 走访: what the telephones of community workers send; positions by two systems
VISITS = ("走访编号", "走访时间", "网格员工号", "走访对象姓名", "对象身份证号", "对象类别", "走访方式", "定位来源", "经度", "纬度",
          "需求登记", "走访结果", "区县", "街道")  # fmt: skip
NEEDS = ("", "", "", "申请居家养老服务", "楼道灯损坏", "想装一键呼叫", "独居，请加强探访", "申请残疾辅具")


def _visits(world: World) -> Iterator[File]:
    people = [p for p in world.adults(world.w.first, 60) if p.age(world.w.first) >= 75 or p.disability]
    serial, kept = 0, list[list[str]]()
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else month_end(month)
            rng = world.rng("mz__home_visit", first)
            rows = []
            for p in rng.choices([p for p in people if p.alive(last)], k=55):
                serial += 1
                rows.append(_visit(world, rng, p, first, last, serial))
            plant = Planting(rng, len(rows))
            i = plant.put("minutes_and_seconds", "accepted", "lon")
            rows[i][7:10] = ["GPS", *_sexagesimal(world, rng, rows[i][12])]
            if week == 0:
                i = plant.put("number_to_be_supplied", "missing_key", "id_no")
                rows[i][4] = "待补"
            elif week == 1:
                i = plant.put("formula_in_need", "formula_injection", "request")
                rows[i][10] = "+SUM(A1:A9)"
            elif week == 2:
                i = plant.put("clock_of_next_month", "check_failed", "visited_at")
                rows[i][1] = f"{last + timedelta(days=31):%Y-%m-%d} 09:10"
            else:
                i = plant.put("name_and_number_exchanged", "swapped_fields", "id_no")
                rows[i][3], rows[i][4] = rows[i][4], rows[i][3]
            faults = list(plant.faults)
            if week in (1, 2) and kept:
                faults += [Fault(len(rows) + 1, "sent_up_again", "duplicate")]
                rows.append(kept[0])
            kept = [r for i, r in enumerate(rows[:50]) if i not in plant.bad][:1]
            name = f"走访记录_{first:%Y%m%d}.csv"
            content = csv(VISITS, rows, "utf-8-sig", guarded=(4,))
            yield File("mz__home_visit", name, last + timedelta(days=1), content, len(rows), "060000", faults)


def _visit(world: World, rng: Random, p: Person, first: date, last: date, n: int) -> list[str]:
    at = datetime(first.year, first.month, first.day) + timedelta(
        days=rng.randrange((last - first).days + 1), hours=rng.randrange(8, 17), minutes=rng.randrange(60)
    )
    lon, lat = world.place(p.district, rng)
    source = rng.choice(("高德", "高德", "GPS"))
    if source == "高德":
        lon, lat = gcj02(lon, lat)
    kind = "残疾人" if p.disability else "独居老人" if p.marital in ("10", "30", "40") else "高龄老人" if p.age(first) >= 80 else "空巢老人"
    return [
        f"ZF{first:%Y%m}{n:06d}", f"{at:%Y-%m-%d %H:%M}", f"WG{p.district}{p.key % 40:03d}", p.name, p.id18, kind,
        rng.choice(("上门", "上门", "上门", "电话")), source, f"{lon:.6f}", f"{lat:.6f}", rng.choice(NEEDS),
        rng.choices(("正常", "需跟进", "未遇"), (82, 10, 8))[0], p.at(last), p.street,
    ]  # fmt: skip


def _sexagesimal(world: World, rng: Random, district: str) -> list[str]:
    out = []
    for v in world.place(district, rng):
        minutes = (v - int(v)) * 60
        out.append(f"{int(v)}°{int(minutes):02d}'{(minutes - int(minutes)) * 60:05.2f}\"")
    return out


__all__ = ["TITLE", "files"]
