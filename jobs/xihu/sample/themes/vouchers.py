"""Vouchers of a small body in the shape of GB/T 24589.1-2010, and what is planted among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import NamedTuple

from xihu.sample.forms.messages import elements, xml
from xihu.sample.themes.extract import Fault

Line = tuple[str, int]  # account, amount in 分: debit above zero, credit below


class Voucher(NamedTuple):
    """One voucher; the lines of a right one add up to zero."""

    day: date
    words: str
    lines: Sequence[Line]


def entries(vouchers: Sequence[Voucher]) -> list[dict[str, str]]:
    """The lines one below the other, as the exchange file has them."""
    out = []
    for n, v in enumerate(sorted(vouchers, key=lambda v: v.day), 1):
        for k, (account, amount) in enumerate(v.lines, 1):
            red = v.words.startswith("红字")
            text = f"{-abs(amount) / 100 if red else abs(amount) / 100:.2f}"
            debit = (amount > 0) != red
            out.append({
                "记账凭证日期": f"{v.day:%Y%m%d}", "会计年度": str(v.day.year), "会计期间号": str(v.day.month), "记账凭证类型编号": "记",
                "记账凭证编号": f"{n:04d}", "记账凭证行号": str(k), "记账凭证摘要": v.words, "科目编号": account,
                "借方本币金额": text if debit else "", "贷方本币金额": "" if debit else text,
            })  # fmt: skip
    return out


def spoil(lines: list[dict[str, str]], turn: int, rng: Random) -> list[Fault]:
    """A voucher out of balance, a day that never was, or an amount on both sides; red entries are right as they are."""
    faults = [Fault(i, "red_entry", "accepted", "debit") for i, r in enumerate(lines, 1) if r["记账凭证摘要"].startswith("红字")]
    plain = [i for i, r in enumerate(lines) if r["借方本币金额"] and not r["记账凭证摘要"].startswith("红字")]
    i = rng.choice(plain)
    same = [j for j, r in enumerate(lines) if r["记账凭证编号"] == lines[i]["记账凭证编号"]]
    if turn % 3 == 0:
        lines[i]["借方本币金额"] = f"{float(lines[i]['借方本币金额']) + 100:.2f}"
        faults += [Fault(j + 1, "does_not_balance", "check_failed", "debit") for j in same]
    elif turn % 3 == 1:
        lines[i]["记账凭证日期"] = lines[i]["记账凭证日期"][:6] + "32"
        faults.append(Fault(i + 1, "day_that_never_was", "bad_date", "entered_on"))
    else:
        lines[i]["借方本币金额"] = f"{float(lines[i]['借方本币金额']):,.2f}"
        faults.append(Fault(i + 1, "thousands", "repaired", "debit"))
    return faults


def document(name: str, uscc: str, year: int, nature: str, lines: Sequence[dict[str, str]]) -> bytes:
    """The exchange file: the book, its vouchers; declared GB2312, written in GB18030."""
    book = {
        "电子账簿编号": f"{uscc[8:16]}-{year}", "电子账簿名称": f"{name}{year}年账套", "会计核算单位": name, "组织机构代码": uscc,
        "单位性质": nature, "开发单位": "某财务软件公司", "版本号": "V8.72", "本位币": "人民币", "会计年度": str(year),
        "标准版本号": "GB/T 24589.1-2010",
    }  # fmt: skip
    return xml(f"<会计核算数据>\n{elements('电子账簿', [book])}\n{elements('记账凭证', lines)}\n</会计核算数据>")


__all__ = ["Voucher", "document", "entries", "spoil"]
