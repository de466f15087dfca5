"""(5) 社会保障: the books of the charity federation; what it granted in a month stands there by project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.themes.block05_welfare import granted
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.vouchers import Voucher, document, entries, spoil

TITLE = "社会保障（慈善账簿）"
NAME = "杭州市慈善总会"
USCC = ids.uscc("5", "1", "330100", "50200101")
# 民间非营利组织会计制度: 1001 现金, 1002 银行存款, 4101 捐赠收入, 5101 业务活动成本, 5201 管理费用
BANK, GIVEN, SPENT, OFFICE = "1002", "4101", "5101", "520101"


def files(world: World) -> Iterator[File]:
    """One book a month."""
    for k, month in enumerate(world.months):
        rng = world.rng("cs__account_entry", month)
        lines = entries(_vouchers(world, rng, k))
        faults = spoil(lines, k, rng)
        name, day = f"慈善总会账簿_{month:%Y%m}.xml", world.after(month, 14)
        content = document(NAME, USCC, month.year, "社会团体", lines)
        if k == 1:  # the export broke off
            yield File("cs__account_entry", name, day, content[:1500], 0, "170000", refused="wrong_format", note="导出中断")
            day += timedelta(days=1)
        yield File("cs__account_entry", name, day, content, len(lines), "170000", faults)


def _vouchers(world: World, rng: Random, k: int) -> list[Voucher]:
    month = world.months[k]
    end = month_end(month)
    out = []
    for day in range(3, 27, 4):
        amount = rng.randrange(200_000, 9_000_000)
        out.append(Voucher(month.replace(day=day), "收到社会捐赠款", [(BANK, amount), (GIVEN, -amount)]))
    projects: dict[str, int] = defaultdict(int)
    for row in granted(world, k)[0]:
        projects[row[1]] += round(float(row[4].replace(",", "").rstrip("元")) * 100)
    for project, cents in projects.items():
        out.append(Voucher(end - timedelta(days=2), f"拨付{project}救助款", [(SPENT, cents), (BANK, -cents)]))
    for words, low in (("支付办公用房物业费", 320_000), ("报销差旅费", 85_000), ("支付工作人员工资", 4_800_000)):
        amount = low + rng.randrange(60_000)
        out.append(Voucher(month.replace(day=10 + len(words)), words, [(OFFICE, amount), (BANK, -amount)]))
    out.append(Voucher(end, "红字冲销：误记捐赠", [(BANK, -50_000), (GIVEN, 50_000)]))
    return out


__all__ = ["TITLE", "files"]
