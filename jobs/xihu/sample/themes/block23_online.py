"""(23) 政务服务网: applications made on the web, each week as the portal exports them: ids behind tabs, now GBK, now UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from xihu.sample.forms.texts import csv
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.services import course, items

TITLE = "政务服务网"
_RESULTS = (("准予", 93), ("不予", 3), ("撤回", 3), ("补正", 1))


def files(world: World) -> Iterator[File]:
    """Applications of the days before."""
    header = ("办件流水号", "事项编码", "事项名称", "实施机关", "申请人姓名", "申请人身份证号", "联系电话", "申请时间", "承诺办结时间",
        "办结时间", "办理结果",
              "到场次数", "是否快递送达", "区县")  # fmt: skip
    known = [i for i in items() if i.personal and i.online == "是"]
    for month in world.months:
        grown = world.adults(month, 18, 70)
        starts = [d for d in world.days(month) if d.day in (1, 8, 15, 22)]
        for week, first in enumerate(starts):
            rng = world.rng("zfb__online_case", first)
            end = first + timedelta(days=6) if week < 3 else world.after(month, 0)
            come = end + timedelta(days=1)
            rows: list[list[str]] = []
            for n in range(60):
                item, p = rng.choice(known), rng.choice(grown)
                # People apply in the evening and at weekends too.
                at = datetime(first.year, first.month, first.day) + timedelta(
                    days=rng.randrange((end - first).days + 1),
                    hours=rng.choice((8, 9, 10, 11, 13, 14, 15, 16, 19, 20, 21, 22)),
                    seconds=rng.randrange(3600),
                )
                due, done = course(rng, item, at)
                over = done.date() <= end
                result = rng.choices([r for r, _ in _RESULTS], [w for _, w in _RESULTS])[0]
                rows.append([
                    f"WB{at:%Y%m%d}{n + 1:04d}", item.no, item.name, item.authority, p.name, p.id18,
                    f"1{rng.choice((38, 39, 58, 86))}{rng.randrange(10**8):08d}",
                    f"{at:%Y-%m-%d %H:%M:%S}", f"{due:%Y-%m-%d %H:%M:%S}", f"{done:%Y-%m-%d %H:%M:%S}" if over else "", result
                    if over else "",
                    str(0 if rng.random() < 0.8 else item.visits), "是" if rng.random() < 0.4 else "否", p.district,
                ])  # fmt: skip
            plant = Planting(rng, len(rows))
            i = plant.put("guarded", "repaired", "applicant_id")
            rows[i][5] = f'="{rows[i][5]}"'
            i = plant.put("slashes", "repaired", "accepted_at")
            rows[i][7] = rows[i][7].replace("-", "/")[:-3]
            match (week + month.month) % 4:
                case 0:
                    i = plant.put("letter_o", "bad_id_charset", "applicant_id")
                    rows[i][5] = rows[i][5].replace("0", "O", 1)
                case 1:
                    i = plant.put("digit_lost", "bad_id_length", "applicant_id")
                    rows[i][5] = rows[i][5][:-1]
                case 2:
                    i = plant.put("formula", "formula_injection", "applicant_name")
                    rows[i][4] = "=HYPERLINK(1)"
                case 3:
                    i = plant.put("closed_before", "check_failed", "closed_at")
                    rows[i][9], rows[i][10] = "2016-09-30 09:00:00", "准予"
            name = f"网上办件_{first:%Y%m%d}.csv"
            encoding = "utf-8-sig" if week == 2 else "gb18030"
            if week == 3 and month == world.months[-1]:
                broken = (
                    csv(header, rows, "utf-8", guarded=(5,))
                    .decode()
                    .encode("utf-8")
                    .decode("gb18030", "replace")
                    .encode("gb18030", "replace")
                )
                yield File(
                    "zfb__online_case", name, come, broken, 0, clock="073000", refused="wrong_encoding", note="UTF-8 read as GBK and saved"
                )
                come += timedelta(days=1)
            yield File(
                "zfb__online_case", name, come, csv(header, rows, encoding, guarded=(5,)), len(rows), clock="073000", faults=plant.faults
            )
