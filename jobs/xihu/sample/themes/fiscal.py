"""Public money of the sample: budget lines, tenders and bids, contracts, payments, invoices, all of one piece.

Made once for a world, so that a payment names a contract that was filed, whose tender was announced, out of a budget line that was issued.
Amounts are whole 分 as int. Procurement law: 20 days from notice to deadline, 30 from award to contract, 7 working days to filing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample.dates import first_of, month_end
from xihu.sample.people import Person
from xihu.sample.themes.days import after, workday
from xihu.sample.themes.extract import World

# 品目 (2013 catalogue of government procurement): code, name, usual size in 元, economic subject of the department's budget, trades.
Category = tuple[str, str, int, str, tuple[int, ...]]
CATEGORIES: tuple[Category, ...] = (
    ("A020101", "计算机设备", 480_000, "31002", (3, 7)), ("A020305", "专用车辆", 900_000, "31013", (0, 1)),
    ("A0301", "医疗设备", 1_600_000, "31003", (0, 1)), ("A0601", "办公家具", 260_000, "31002", (0,)),
    ("B0303", "房屋修缮", 1_800_000, "31006", (5,)), ("C0201", "软件开发服务", 850_000, "31007", (7, 3)),
    ("C0810", "物业管理服务", 620_000, "30209", (5, 4)), ("C1201", "印刷服务", 180_000, "30202", (0, 3)),
    ("C1601", "污水治理服务", 1_250_000, "30227", (5, 1)),
)  # fmt: skip
# Functional subjects of 2016 (类款项).
SUBJECTS = ("2050202", "2060404", "2080299", "2100302", "2110301", "2120501", "2130234", "2010301")
FUNDS = ("一般公共预算", "一般公共预算", "一般公共预算", "政府性基金", "专项资金")
METHODS = (("公开招标", 60), ("竞争性磋商", 20), ("竞争性谈判", 12), ("询价", 8))
AGENCIES = ("杭州市公共资源交易中心", "浙江省成套工程有限公司", "杭州求是招标代理有限公司", "浙江国际招投标有限公司")
BANKS = ("1202022719", "3301040160", "7331010182", "5719078610")


@dataclass(frozen=True)
class Body:
    """A body or firm: credit code, name, district, account at its bank."""

    uscc: str
    name: str
    district: str
    account: str


@dataclass(frozen=True)
class Project:
    """A budget line."""

    no: str
    name: str
    body: Body
    category: Category
    function_subject: str
    fund: str
    document: str
    amount: int
    issued: date
    received: date


@dataclass(frozen=True)
class Bid:
    """An offer; `rank` 1 is the best valid one, 0 none."""

    bidder: Body
    price: int
    at: datetime
    contact: str
    phone: str
    machine: str
    bond: int
    valid: bool
    rank: int


@dataclass(frozen=True)
class Tender:
    """A procurement and what came of it."""

    no: str
    project: Project
    method: str
    agency: str
    reserve: int
    notice: date
    deadline: datetime
    award: date
    bids: tuple[Bid, ...]

    @property
    def winner(self) -> Bid:
        return next(b for b in self.bids if b.rank == 1)


@dataclass(frozen=True)
class Deal:
    """A contract; `base` is the number of the one that it adds to."""

    no: str
    project: Project
    supplier: Body
    amount: int
    signed: date
    published: date
    filed: date
    tender: str = ""
    base: str = ""


@dataclass(frozen=True)
class Payment:
    """A payment out of the treasury; a negative amount came back."""

    no: str
    project: Project
    payee: str
    account: str
    amount: int
    day: date
    purpose: str
    deal: str = ""


@dataclass(frozen=True)
class Invoice:
    """A VAT invoice; amounts without and of the tax."""

    code: str
    no: str
    seller: Body
    buyer: Body
    item: str
    amount: int
    tax: int
    day: date


@dataclass
class Money:
    """Everything, in the order of time."""

    bodies: list[Body] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    tenders: list[Tender] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    firms: dict[str, Body] = field(default_factory=dict)
    staff: list[Person] = field(default_factory=list)  # who signs, travels and is called


def yuan(cents: int) -> str:
    """Plain decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def body(world: World, district: str, n: int) -> Body:
    """The n-th body of a district: below 20 a public one."""
    uscc, name = world.firm(district, n)
    return Body(uscc, name, district, f"{BANKS[n % 4]}{int(district) % 1000:03d}{n:06d}")


def suppliers(world: World, rng: Random, count: int, trades: Sequence[int]) -> list[Body]:
    """Firms of these trades (last digit of their number) that stand in the register and were not struck off, each once."""
    found: dict[str, Body] = {}
    numbers = [n for n in range(20, 60) if n % 23 and n % 10 in trades]
    while len(found) < count:
        one = body(world, rng.choice(world.districts), rng.choice(numbers))
        found[one.uscc] = one
    return list(found.values())


def public_money(world: World) -> Money:
    """The public money of the world's months; the same for the same world."""
    rng, made = world.rng("fiscal"), Money()
    made.staff = world.adults(world.w.last, 25, 55)
    made.bodies = [body(world, d, n) for d in world.districts for n in (2, 3)]
    year, last = world.w.first.year, world.w.last
    for k, one in enumerate(made.bodies):
        for j in range(5):
            made.projects.append(_project(rng, one, year, k * 5 + j, world))
    _tenders(world, rng, made)
    _small(world, rng, made)
    made.payments = [p for p in made.payments if world.w.first <= p.day <= last]
    made.payments.sort(key=lambda p: (p.day, p.no))
    _invoices(rng, made)
    return made


def _project(rng: Random, one: Body, year: int, n: int, world: World) -> Project:
    category = CATEGORIES[(n * 7 + 3) % len(CATEGORIES)]
    issued = workday(date(year, 2, 20) + timedelta(days=rng.randrange(60)))
    if n % 9 == 7:
        issued = workday(world.w.first + timedelta(days=rng.randrange(15, 70)))  # added in the course of the year
    late = rng.random() < 0.05
    amount = round(category[2] * rng.lognormvariate(0.1, 0.35), -3)
    return Project(
        f"33{one.district[2:]}{year % 100}{n:06d}", f"{category[1]}{('采购', '更新', '专项', '运维')[n % 4]}项目", one, category,
        SUBJECTS[n % len(SUBJECTS)], FUNDS[n % len(FUNDS)], f"杭财指〔{year}〕{100 + n}号", int(amount) * 100,
        issued, issued + timedelta(days=rng.randrange(35, 60) if late else rng.randrange(1, 20)),
    )  # fmt: skip


def _tenders(world: World, rng: Random, made: Money) -> None:
    """Three projects in five are put to tender so that the award falls into the months."""
    chosen = [p for i, p in enumerate(made.projects) if i % 5 in (0, 1, 3) and p.issued < world.w.first]
    span = (world.w.last - world.w.first).days
    for i, p in enumerate(chosen):
        award = workday(world.w.first + timedelta(days=7 + i * (span - 12) // len(chosen) + rng.randrange(4)))
        deadline = workday(award - timedelta(days=rng.randrange(4, 9)))
        award = max(award, after(deadline, 2))
        notice = workday(deadline - timedelta(days=rng.randrange(21, 32)))
        if (deadline - notice).days < 20:
            notice -= timedelta(days=7)
        reserve = int(p.amount * rng.uniform(0.93, 1.0)) // 100_000 * 100_000
        method = rng.choices([m for m, _ in METHODS], [w for _, w in METHODS])[0]
        at = datetime(deadline.year, deadline.month, deadline.day, 9, 30)
        bids = _bids(world, rng, made, reserve, at, p.category[4])
        t = Tender(f"HZCG{notice:%Y}-{1000 + i}", p, method, rng.choice(AGENCIES), reserve, notice, at, award, bids)
        made.tenders.append(t)
        signed = workday(award + timedelta(days=rng.randrange(5, 24)))
        if signed > world.w.last:
            continue
        deal = Deal(
            f"HZHT{year_of(signed)}{1000 + i}",
            p,
            t.winner.bidder,
            t.winner.price,
            signed,
            after(signed, rng.randrange(1, 8)),
            after(signed, rng.randrange(1, 6)),
            t.no,
        )
        made.deals.append(deal)
        _instalments(rng, made, deal)
        if i % 9 == 3 and signed + timedelta(days=25) <= world.w.last:
            extra = workday(signed + timedelta(days=rng.randrange(10, 24)))
            made.deals.append(
                Deal(
                    f"{deal.no}-补1",
                    p,
                    deal.supplier,
                    int(deal.amount * rng.uniform(0.03, 0.095)),
                    extra,
                    after(extra, 3),
                    after(extra, 4),
                    t.no,
                    deal.no,
                )
            )


def year_of(day: date) -> str:
    return f"{day:%Y%m}"


def _bids(world: World, rng: Random, made: Money, reserve: int, deadline: datetime, trades: Sequence[int]) -> tuple[Bid, ...]:
    """Three to six offers around nine tenths of the reserve price; the lowest valid one wins."""
    firms = suppliers(world, rng, rng.choices((3, 4, 5, 6), (40, 30, 20, 10))[0], trades)
    offers = []
    for f in firms:
        price = int(reserve * min(0.998, max(0.62, rng.gauss(0.9, 0.055)))) // 100 * 100
        who = rng.choice(made.staff)
        offers.append((price, f, who, rng.random() > 0.06))
    if not any(v for *_, v in offers):
        offers[0] = (*offers[0][:3], True)
    order = sorted(p for p, _, _, v in offers if v)
    return tuple(
        Bid(
            f, price, deadline - timedelta(minutes=rng.randrange(5, 2800)), who.name, f"13{rng.randrange(10):d}{rng.randrange(10**8):08d}",
            _machine(f), reserve * 2 // 100, valid,
            order.index(price) + 1 if valid else 0,
        )
        for price, f, who, valid in offers
    )  # fmt: skip


def _machine(firm: Body) -> str:
    """The network card of the computer on which a firm wrote its offer."""
    digest = hashlib.md5(firm.uscc.encode()).hexdigest().upper()
    return "-".join(("00", *(digest[k : k + 2] for k in range(0, 10, 2))))


def _instalments(rng: Random, made: Money, deal: Deal) -> None:
    """Paid in parts after the contract, never more than it says."""
    day, left = deal.signed, deal.amount
    for part, share in enumerate(rng.choice(((30, 60), (30, 40, 25), (50, 45), (95,))), 1):
        day = workday(day + timedelta(days=rng.randrange(3, 30)))
        amount = deal.amount * share // 100
        left -= amount
        words = f"{deal.project.category[1]}合同第{part}期款" if share < 95 else f"{deal.project.category[1]}合同款"
        made.payments.append(
            Payment(
                f"ZF{day:%Y%m%d}{len(made.payments):05d}",
                deal.project,
                deal.supplier.name,
                deal.supplier.account,
                amount,
                day,
                words,
                deal.no,
            )
        )


def _small(world: World, rng: Random, made: Money) -> None:
    """Payments without a tender: services, meetings, refunds to persons, some that came back."""
    uses = (
        ("办公用品", 3_000, (0,)), ("印刷费", 5_500, (0,)), ("会议餐费", 4_000, (4,)), ("公务用车维修", 2_600, (1,)), ("网络培训费",
            12_000, (7,)),
        ("零星维修", 15_000, (5,)), ("快递运输费", 1_900, (6,)), ("电脑耗材", 3_200, (3,)), ("差旅费报销", 1_800, ()),
    )  # fmt: skip
    for month in world.months:
        # Budgets are spent to the end of the year.
        for _ in range(int(90 * (1.0 if month.month < 12 else 1.5))):
            p = rng.choice(made.projects)
            what, usual, trades = rng.choice(uses)
            day = workday(month + timedelta(days=rng.randrange((month_end(month) - month).days + 1)))
            if first_of(day) != month or p.received > day:
                continue
            amount = int(usual * rng.lognormvariate(0, 0.8) * 100)
            if not trades:
                who = rng.choice(made.staff)
                payee, account = who.name, f"62220212020{rng.randrange(10**8):08d}"
            else:
                firm = made.firms.setdefault((f := suppliers(world, rng, 1, trades)[0]).name, f)
                payee, account = firm.name, firm.account
            no = f"ZF{day:%Y%m%d}{len(made.payments):05d}"
            made.payments.append(Payment(no, p, payee, account, amount, day, what))
            back = workday(day + timedelta(days=3))
            if rng.random() < 0.015 and back <= month_end(month):
                made.payments.append(
                    Payment(f"ZF{back:%Y%m%d}{len(made.payments):05d}", p, payee, account, -amount, back, f"退回：{what}（账号有误）")
                )


def _invoices(rng: Random, made: Money) -> None:
    """Each payment to a firm rests on an invoice of the days before."""
    for d in made.deals:
        made.firms.setdefault(d.supplier.name, d.supplier)
    for n, p in enumerate(x for x in made.payments if x.amount > 0 and x.payee in made.firms):
        rate = 17 if p.project.category[0][0] == "A" and p.deal else 6
        net = round(p.amount * 100 / (100 + rate))
        day = p.day - timedelta(days=rng.randrange(1, 12))
        code, no = f"33001{day:%y}{('13', '14', '32')[n % 3]}0", f"{10_000_000 + n * 7919 % 89_999_999:08d}"
        item = p.project.category[1] if p.deal else p.purpose
        made.invoices.append(Invoice(code, no, made.firms[p.payee], p.project.body, item, net, p.amount - net, day))
    made.invoices.sort(key=lambda i: (i.day, i.no))
