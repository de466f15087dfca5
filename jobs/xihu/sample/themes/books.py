"""Books of two audited bodies as GB/T 24589.1-2010 has them: one file a body and month with chart of accounts, balances and vouchers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from xihu.sample.dates import first_of, month_end
from xihu.sample.forms.messages import elements, xml
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import Fault, File, Part, World
from xihu.sample.themes.fiscal import Body, Money, yuan

# 事业单位会计制度 (财会〔2012〕22号): number, name, kind, side of the balance, opening balance of the first month in 元.
CHART = (
    ("1001", "库存现金", "资产", "借", 8_200), ("1002", "银行存款", "资产", "借", 1_284_000), ("100201", "基本存款账户", "资产", "借",
        1_284_000),
    ("1011", "零余额账户用款额度", "资产", "借", 0), ("1201", "财政应返还额度", "资产", "借", 0), ("1212", "应收账款", "资产", "借",
        46_500),
    ("121201", "杭州某印务公司", "资产", "借", 46_500), ("1213", "预付账款", "资产", "借", 0), ("1215", "其他应收款", "资产", "借",
        158_000),
    ("121501", "职工借款", "资产", "借", 38_000), ("121502", "原下属公司往来", "资产", "借", 120_000), ("1301", "存货", "资产", "借",
        23_900),
    ("1501", "固定资产", "资产", "借", 9_650_000), ("1601", "无形资产", "资产", "借", 320_000), ("2101", "应缴税费", "负债", "贷", 0),
    ("2102", "应缴国库款", "负债", "贷", 0), ("2201", "应付职工薪酬", "负债", "贷", 0), ("2302", "应付账款", "负债", "贷", 64_800),
    ("2305", "其他应付款", "负债", "贷", 217_500), ("230501", "押金保证金", "负债", "贷", 57_500), ("230502", "待结算往来", "负债", "贷",
        160_000),
    ("3001", "事业基金", "净资产", "贷", 1_238_300), ("3101", "非流动资产基金", "净资产", "贷", 9_970_000), ("4001", "财政补助收入",
        "收入", "贷", 0),
    ("4101", "事业收入", "收入", "贷", 0), ("5001", "事业支出", "支出", "借", 0), ("500101", "基本支出", "支出", "借", 0), ("500102",
        "项目支出", "支出", "借", 0),
)  # fmt: skip
LEAVES = tuple(a for a, *_ in CHART if not any(b != a and b.startswith(a) for b, *_ in CHART))


@dataclass
class Line:
    """One line of a voucher: debit is positive, credit negative, in 分."""

    voucher: int
    no: int
    day: date
    words: str
    account: str
    amount: int


def files(world: World, money: Money) -> Iterator[File]:
    """A file a body and month; the audit office collects them a fortnight after the month."""
    for which, body in enumerate((money.bodies[0], money.bodies[9])):
        opening = {a: int(start * 100) * (1 if side == "借" else -1) for a, _, _, side, start in CHART if a in LEAVES}
        for k, month in enumerate(world.months):
            rng = world.rng("sj__account_entry", body.uscc, month)
            lines = _lines(rng, body, money, month)
            balances = _balances(opening, lines, month)
            faults = _plant(lines, k + which)
            chart = [
                {"科目编号": a, "科目名称": n, "科目级次": str(1 + (len(a) > 4)), "科目类型": kind, "余额方向": side}
                for a, n, kind, side, _ in CHART
            ]
            content = _document(body, month, chart, balances, [_entry(x, month) for x in lines], faults)
            name, day = f"电子账簿_{body.uscc[8:16]}_{month:%Y%m}.xml", world.after(month, 14 + which)
            if k == 1 and which == 1:
                yield File("sj__account_subject", name, day, b"", 0, refused="empty_file", note="copied before it was written",
                           parts=(Part("sj__account_balance", 0), Part("sj__account_entry", 0)))  # fmt: skip
                day = workday(world.after(month, 17))
            parts = (Part("sj__account_balance", len(balances), _green(balances)), Part("sj__account_entry", len(lines), faults))
            planted = [
                Fault(next(i for i, r in enumerate(chart, 1) if r["科目编号"] == "100201"), "second_level", "accepted", "ledger_account")
            ]
            yield File("sj__account_subject", name, day, content, len(chart), faults=planted, parts=parts)


def _lines(rng: Random, body: Body, money: Money, month: date) -> list[Line]:
    """Vouchers of a month: allotments, salaries, and every payment of the treasury for the body."""
    out: list[Line] = []
    number = 0

    def voucher(day: date, words: str, *sides: tuple[str, int]) -> None:
        nonlocal number
        number += 1
        out.extend(Line(number, n, day, words, account, amount) for n, (account, amount) in enumerate(sides, 1))

    start, end = workday(month.replace(day=3)), month_end(month)
    paid = [p for p in money.payments if p.project.body == body and first_of(p.day) == month]
    salary = 31_800_000 + rng.randrange(0, 900_000)
    quota = salary + max(0, sum(p.amount for p in paid)) + 5_000_00
    voucher(start, "收到财政授权支付额度", ("1011", quota), ("4001", -quota))
    cash = 300_000 + rng.randrange(5) * 50_000
    voucher(start, "提取备用金", ("1001", cash), ("1011", -cash))
    voucher(workday(month.replace(day=8)), "计提本月工资", ("500101", salary), ("2201", -salary))
    voucher(workday(month.replace(day=10)), "发放本月工资", ("2201", salary), ("1011", -salary))
    for p in paid:
        account = "500102" if p.deal else "500101"
        voucher(p.day, f"支付{p.purpose}", (account, p.amount), ("1011", -p.amount))
    fee = rng.randrange(8, 40) * 100_00
    voucher(workday(month.replace(day=15)), "收到培训收入", ("100201", fee), ("4101", -fee))
    for words in ("报销市内交通费", "报销邮寄费", "报销误餐费", "购买纸张", "报销停车费"):
        small = rng.randrange(3_000, 42_000)
        voucher(workday(month.replace(day=rng.randrange(9, 26))), words, ("500101", small), ("1001", -small))
    loan = rng.randrange(2, 9) * 100_000
    voucher(
        workday(month.replace(day=18)),
        "职工借差旅费",
        ("121501", loan),
        ("1001", -min(loan, 150_000)),
        ("100201", -(loan - min(loan, 150_000))),
    )
    # A wrong entry and its cancellation in red: both sides negative, and still balanced.
    voucher(end, "红字冲销：误记邮寄费", ("500101", -12_300), ("1001", 12_300))
    return out


def _entry(x: Line, month: date) -> dict[str, str]:
    """Red entries stand as negative amounts on their own side."""
    red = x.words.startswith("红字")
    debit = (x.amount > 0) != red
    amount = yuan(-abs(x.amount) if red else abs(x.amount))
    return {
        "记账凭证日期": f"{x.day:%Y%m%d}", "会计年度": f"{month.year}", "会计期间号": f"{month.month}", "记账凭证类型编号": "记",
        "记账凭证编号": f"{x.voucher:04d}",
        "记账凭证行号": str(x.no), "记账凭证摘要": x.words, "科目编号": x.account, "借方本币金额": amount if debit else "",
        "贷方本币金额": "" if debit else amount,
    }  # fmt: skip


def _balances(opening: dict[str, int], lines: list[Line], month: date) -> list[dict[str, str]]:
    """Opening, movement and closing of every leaf; `opening` is carried on to the next month."""
    out = []
    for account, _, _, side, _ in CHART:
        if account not in LEAVES:
            continue
        sign = 1 if side == "借" else -1
        moved = [x for x in lines if x.account == account]
        red = {id(x) for x in moved if x.words.startswith("红字")}
        debit = sum(x.amount for x in moved if x.amount > 0 and id(x) not in red) + sum(
            x.amount for x in moved if x.amount < 0 and id(x) in red
        )
        credit = -sum(x.amount for x in moved if x.amount < 0 and id(x) not in red) - sum(
            x.amount for x in moved if x.amount > 0 and id(x) in red
        )
        start = opening[account]
        opening[account] = start + debit - credit
        out.append({
            "科目编号": account, "余额方向": side, "会计年度": f"{month.year}", "会计期间号": f"{month.month}",
            "期初本币余额": yuan(sign * start),
            "借方本币金额": yuan(debit), "贷方本币金额": yuan(credit), "期末本币余额": yuan(sign * opening[account]),
        })  # fmt: skip
    return out


def _green(balances: list[dict[str, str]]) -> list[Fault]:
    """An amount with thousands commas among the balances."""
    i = next(i for i, r in enumerate(balances) if r["科目编号"] == "1501")
    balances[i]["期末本币余额"] = f"{float(balances[i]['期末本币余额']):,.2f}"
    return [Fault(i + 1, "thousands", "repaired", "closing_balance")]


def _plant(lines: list[Line], turn: int) -> list[Fault]:
    """What stands wrong in the vouchers of a file: the lines of an odd voucher go together."""
    red = [Fault(i, "red_entry", "accepted", "debit") for i, x in enumerate(lines, 1) if x.words.startswith("红字")]
    chosen = next(x.voucher for x in lines if x.words == "报销市内交通费")
    pair = [i for i, x in enumerate(lines) if x.voucher == chosen]
    if turn % 3 == 0:
        lines[pair[0]].amount += 9_00
        return [*[Fault(i + 1, "does_not_balance", "check_failed", "debit") for i in pair], *red]
    if turn % 3 == 1:
        lines[pair[0]].account = "500199"
        return [Fault(pair[0] + 1, "account_not_in_chart", "accepted", "ledger_account"), *red]
    return red


def _document(
    body: Body, month: date, chart: list[dict[str, str]], balances: list[dict[str, str]], entries: list[dict[str, str]], faults: list[Fault]
) -> bytes:
    if not any(x.kind in ("does_not_balance", "account_not_in_chart") for x in faults):
        entries[2]["记账凭证日期"] = f"{month:%Y%m}32"
        faults.append(Fault(3, "no_such_day", "bad_date", "entered_on"))
    book = {
        "电子账簿编号": f"{body.uscc[8:16]}-{month.year}", "电子账簿名称": f"{body.name}{month.year}年账套", "会计核算单位": body.name,
        "组织机构代码": body.uscc, "单位性质": "事业单位", "开发单位": "某财务软件公司", "版本号": "V11.0", "本位币": "人民币",
        "会计年度": str(month.year), "标准版本号": "GB/T 24589.1-2010",
    }  # fmt: skip
    text = "\n".join([
        elements("电子账簿", [book]), elements("会计科目", chart), elements("科目余额及发生额", balances), elements("记账凭证", entries),
    ])  # fmt: skip
    return xml(f"<会计核算数据>\n{text}\n</会计核算数据>")
