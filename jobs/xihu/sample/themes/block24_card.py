"""(24) 市民卡: the log of card readers in buses, parks, libraries and clinics; many of them are without a line for hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample.forms.places import gcj02
from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting

TITLE = "市民卡"
LOG = ("终端编号", "厂商代码", "卡号", "卡流水", "交易时间", "应用类型", "交易金额", "余额", "经度", "纬度", "区县代码")
USES = (("01", 52, 200), ("02", 20, 400), ("03", 9, 0), ("04", 6, 0), ("05", 8, 3500), ("06", 5, 1200))


def files(world: World) -> Iterator[File]:
    """A Monday and a Saturday every fortnight."""
    cards: dict[str, list[int]] = {}
    kept: list[list[str]] = []
    for month in world.months:
        for week, day in enumerate(d for d in world.days(month) if d.weekday() == 0):
            rng = world.rng("smk__card_use", day)
            rows = [_use(world, rng, day, cards) for _ in range(130)]
            rows.sort(key=lambda r: r[4])
            late, rows = rows[5:15], [*rows[:5], *rows[15:]]
            rows += late  # a bus that came home at night
            plant = Planting(rng, len(rows))
            i = plant.put("clock_three_minutes_fast", "accepted", "used_at")
            rows[i][4] = f"{day + timedelta(days=1):%y%m%d}000300"
            if week == 0:
                i = plant.put("clock_ten_years_fast", "check_failed", "used_at")
                rows[i][4] = f"{day.year % 100 + 10:02d}" + rows[i][4][2:]
            elif week == 1:
                i = plant.put("latitude_for_longitude", "swapped_fields", "lon")
                rows[i][8], rows[i][9] = rows[i][9], rows[i][8]
            elif week == 2:
                i = plant.put("balance_below_zero", "out_of_range", "balance")
                rows[i][7] = "-350"
            else:
                i = plant.put("month_thirteen", "bad_date", "used_at")
                rows[i][4] = rows[i][4][:2] + "13" + rows[i][4][4:]
            faults = list(plant.faults)
            if week in (1, 3) and kept:
                faults += [Fault(len(rows) + 1 + j, "sent_up_again", "duplicate") for j in range(len(kept))]
                rows += kept
            kept = [list(r) for i, r in enumerate(rows[:60]) if i not in plant.bad][:2]
            name = f"刷卡记录_{day:%Y%m%d}.csv"
            yield File("smk__card_use", name, day + timedelta(days=1), csv(LOG, rows, end="\n"), len(rows), "000100", faults)


def _use(world: World, rng: Random, day: date, cards: dict[str, list[int]]) -> list[str]:
    card = f"3100{rng.randrange(10**4):04d}{rng.randrange(700):08d}"
    state = cards.setdefault(card, [0, rng.randrange(2_000, 30_000)])
    kind, _, price = rng.choices(USES, [u[1] for u in USES])[0]
    amount = price * 91 // 100 if kind == "02" else price
    if state[1] < amount:
        state[1] += 10_000  # loaded in between
    state[0] += 1
    state[1] -= amount
    hour = rng.choices(range(6, 23), (4, 12, 16, 8, 5, 5, 5, 4, 4, 5, 8, 14, 11, 6, 4, 3, 2))[0]
    at = datetime(day.year, day.month, day.day, hour, rng.randrange(60), rng.randrange(60))
    district = rng.choice(world.districts)
    maker = rng.choice("AB")
    lon, lat = world.place(district, rng)
    if maker == "A":
        lon, lat = gcj02(lon, lat)
    return [
        f"ZD{kind}{district}{rng.randrange(40):03d}", maker, card, str(state[0]), f"{at:%y%m%d%H%M%S}", kind, str(amount), str(state[1]),
        f"{lon * 1e6:.0f}", f"{lat * 1e6:.0f}", district,
    ]  # fmt: skip


__all__ = ["TITLE", "files"]
