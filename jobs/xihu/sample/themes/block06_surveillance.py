"""(6) 健康医疗: what is watched: report cards of infectious diseases, the sewage of hospitals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample.dates import month_end
from xihu.sample.forms.messages import telegram
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.hospitals import hospitals, institutions
from xihu.sample.themes.planting import Planting

TITLE = "健康医疗（监测）"


def files(world: World) -> Iterator[File]:
    """Cards once a month, telegrams once a week."""
    yield from _diseases(world)
    yield from _sewage(world)


# ---- 传染病报告卡: cards of the month, later corrected or deleted
DISEASES = (("A01", "甲类", "霍乱", 0), ("B07", "乙类", "病毒性肝炎", 30), ("B15", "乙类", "肺结核", 22), ("B20", "乙类", "梅毒", 12),
            ("B18", "乙类", "猩红热", 4), ("C01", "丙类", "流行性感冒", 34), ("C09", "丙类", "其他感染性腹泻病", 40),
            ("C11", "丙类", "手足口病", 60))  # fmt: skip
CARD = (
    "报告卡编号",
    "操作标志",
    "疾病编码",
    "疾病类别",
    "性别",
    "年龄",
    "发病日期",
    "诊断时间",
    "报告时间",
    "报告单位",
    "现住区县",
    "审核状态",
)


def _diseases(world: World) -> Iterator[File]:
    before: list[list[str]] = []
    for k, month in enumerate(world.months):
        rng = world.rng("wj__disease_report", month)
        rows = [_card(world, rng, month, i) for i in range(110)]
        plant = Planting(rng, len(rows))
        i = plant.put("reported_before_diagnosis", "check_failed", "reported_at")
        rows[i][8] = f"{month - timedelta(days=9):%Y-%m-%d} 08:00:00"
        i = plant.put("no_such_disease", "unknown_code", "disease")
        rows[i][2] = "D99"
        i = plant.put("unit_with_commas", "accepted", "org_name")
        rows[i][9] += "，（发热门诊）"
        if k == 1:
            i = plant.put("age_of_months", "out_of_range", "age")
            rows[i][5] = "188"
        elif k == 2:
            i = plant.put("day_that_never_was", "bad_date", "onset_on")
            rows[i][6] = f"{month:%Y-%m}-32"
        fresh = [r for i, r in enumerate(rows) if i not in plant.bad]
        for r in before:
            x = rng.random()
            if x < 0.05:  # the laboratory decided otherwise
                rows.append([r[0], "U", "C09", "丙类", *r[4:11], "已订正"])
            elif x < 0.07:
                rows.append([r[0], "D", *r[2:11], "已删除"])
        before = fresh
        name, day = f"传染病报告卡_{month:%Y%m}.csv", world.after(month, 1)
        content = csv(CARD, rows, "gb18030")
        if k == 2:  # read as Latin-1 and stored as UTF-8 on somebody's way
            garbled = content.decode("latin-1").encode()
            yield File("wj__disease_report", name, day, garbled, len(rows), "070000", refused="wrong_encoding", note="转码后成乱码")
            day += timedelta(days=1)
        yield File("wj__disease_report", name, day, content, len(rows), "070000", plant.faults)


def _card(world: World, rng: Random, month: date, i: int) -> list[str]:
    code, category, _, _ = rng.choices(DISEASES, [d[3] for d in DISEASES])[0]
    onset = month + timedelta(days=rng.randrange(month_end(month).day - 8))
    seen = datetime(onset.year, onset.month, onset.day, rng.randrange(8, 18), rng.randrange(60)) + timedelta(days=rng.randrange(1, 4))
    told = seen + timedelta(minutes=int(rng.expovariate(1 / 260)) + 10)
    age = rng.randrange(1, 7) if code in ("C11", "B18") else rng.randrange(16, 82)
    district = rng.choice(world.districts)
    house = rng.choice([h for h in institutions() if h.district == district])
    return [
        f"{district}-{month:%Y}-{month.month:02d}{i:04d}", "I", code, category, rng.choice("男女"), str(age), f"{onset:%Y-%m-%d}",
        f"{seen:%Y-%m-%d %H:%M:%S}", f"{told:%Y-%m-%d %H:%M:%S}", house.name, district, "已审核",
    ]  # fmt: skip


# ---- 医疗废水在线: HJ 212 telegrams of the outlets of three hospitals
def _sewage(world: World) -> Iterator[File]:
    outlets = [(h, f"33010047{n:02d}WS0001{h.district[4:]}0001") for n, h in enumerate(hospitals()[:3])]
    for month in world.months:
        kept: list[bytes] = []
        for week, first in enumerate(d for d in world.days(month) if d.day in (2, 9, 16, 23)):
            rng = world.rng("wj__sewage", first)
            sent: list[tuple[datetime, str, bytes]] = []
            for _, mn in outlets:
                for hour in range(0, 24, 3):
                    at = datetime(first.year, first.month, first.day, hour)
                    sent.append((at, mn, telegram(_hour(mn, at, rng))))
            late = sent.pop(5)
            sent.insert(17, late)  # a modem that was away
            packets, faults, rows = [], list[Fault](), 0
            for n, (at, mn, packet) in enumerate(sent):
                if n == 9 and week == 1:
                    packet = packet[:-6] + b"0000\r\n" if packet[-6:-2] != b"0000" else packet[:-6] + b"FFFF\r\n"
                    faults.append(Fault(rows + 1, "checksum_of_zeros", "bad_crc"))
                    rows -= 2
                elif n == 12 and week == 2:
                    packet = telegram(_hour(mn, at + timedelta(days=400), rng))
                    faults += [Fault(rows + 1 + j, "clock_of_next_year", "check_failed", "observed_at") for j in range(3)]
                packets.append(packet)
                rows += 3
            if week == 3:
                again = kept[2]
                packets.append(again)
                faults += [Fault(rows + 1 + j, "sent_up_again", "duplicate") for j in range(3)]
                rows += 3
            if week == 0:
                kept = [p for _, _, p in sent]
            name = f"医疗废水在线_{first:%Y%m%d}.txt"
            yield File("wj__sewage", name, first + timedelta(days=1), b"".join(packets), rows, "001000", faults)


def _hour(mn: str, at: datetime, rng: Random) -> str:
    values = {"w01018": rng.uniform(28, 62), "w21003": rng.uniform(1.5, 11), "w01001": rng.uniform(6.8, 8.1)}
    flag = "D" if rng.random() < 0.02 else "N"
    factors = ";".join(f"{f}-Avg={v:.2f},{f}-Flag={flag}" for f, v in values.items())
    sent = at + timedelta(hours=1, seconds=5)
    return f"QN={sent:%Y%m%d%H%M%S}000;ST=32;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime={at:%Y%m%d%H0000};{factors}&&"


__all__ = ["TITLE", "files"]
