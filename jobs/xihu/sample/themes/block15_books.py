"""(15) 养老: the books of the public nursing homes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from xihu.sample.dates import month_end
from xihu.sample.themes.block15_care import Home, homes
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.vouchers import Voucher, document, entries, spoil

TITLE = "养老（机构账簿）"
# 事业单位会计制度 (2013): 1002 银行存款, 4001 财政补助收入, 4101 事业收入, 5001 事业支出
BANK, SUBSIDY, FEES, COSTS = "1002", "4001", "4101", "5001"
COSTS_OF = (("支付护理员工资", "500101", 0.42), ("支付食堂采购款", "500102", 0.22), ("支付水电费", "500103", 0.06),
            ("支付设施维修款", "500104", 0.05), ("购买护理用品", "500105", 0.04))  # fmt: skip


def files(world: World) -> Iterator[File]:
    """A book a month of three homes."""
    for n, home in enumerate(h for h in homes() if h.nature == "公办" and h.district in ("330106", "330109", "330127")):
        for k, month in enumerate(world.months):
            rng = world.rng("mz__care_home_entry", home.no, month)
            lines = entries(_vouchers(home, month, rng))
            faults = spoil(lines, n + k, rng)
            content = document(home.name, home.uscc, month.year, "事业单位", lines)
            name = f"养老机构账簿_{home.no}_{month:%Y%m}.xml"
            yield File("mz__care_home_entry", name, world.after(month, 12), content, len(lines), f"16{n:02d}00", faults)


def _vouchers(home: Home, month: date, rng: Random) -> list[Voucher]:
    income = int(home.beds * rng.uniform(0.6, 0.85)) * 260_000
    out = []
    for part in range(6):  # the fees of each ward
        cents = income // 6 + rng.randrange(-40_000, 40_000)
        out.append(Voucher(month.replace(day=5 + part), f"收取{part + 1}号楼床位费护理费", [(BANK, cents), (FEES, -cents)]))
    grant = home.nursing * 30_000
    out.append(Voucher(month.replace(day=15), "收到运营补贴", [(BANK, grant), (SUBSIDY, -grant)]))
    for k, (words, account, share) in enumerate(COSTS_OF):
        cents = int(income * share * rng.uniform(0.9, 1.1))
        out.append(Voucher(month.replace(day=18 + k), words, [(account, cents), (BANK, -cents)]))
    shared = int(income * 0.03)
    split = [("500106", shared // 3), ("500107", shared - shared // 3), (BANK, -shared)]
    out.append(Voucher(month.replace(day=25), "分摊物业与保安费用", split))
    out.append(Voucher(month_end(month) - timedelta(days=1), "红字冲销：误收床位费", [(BANK, -260_000), (FEES, 260_000)]))
    return out


__all__ = ["TITLE", "files"]
