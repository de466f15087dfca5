"""(14) 审计: what the rules on public money join: budget lines, payments, tenders, bids, contracts, invoices, and the books of bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample import ids
from xihu.sample.dates import first_of, month_end
from xihu.sample.forms.messages import elements, enveloped, xml
from xihu.sample.forms.sheets import Cell, Sheet, xlsx
from xihu.sample.forms.tables import dbf
from xihu.sample.forms.texts import cents, control, dump, pad
from xihu.sample.people import Person
from xihu.sample.themes import books
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.fiscal import Money, Project, Tender, public_money, yuan
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "审计"
_TZ = ZoneInfo("Asia/Shanghai")


def files(world: World) -> Iterator[File]:
    """Monthly files, payments every ten days; all of one stock of public money."""
    money = public_money(world)
    yield from _budget(world, money)
    yield from _payments(world, money)
    yield from _tenders(world, money)
    yield from _bids(world, money)
    yield from _contracts(world, money)
    yield from _invoices(world, money)
    yield from books.files(world, money)


def spoilt(uscc: str) -> str:
    """The code with a wrong check character."""
    return uscc[:-1] + ("3" if uscc[-1] != "3" else "4")


def _budget(world: World, money: Money) -> Iterator[File]:
    header = ("预算年度", "指标文号", "预算单位/预算单位代码", "预算单位/单位名称", "项目/项目编码", "项目/项目名称", "科目/功能科目",
        "科目/经济科目", "资金来源",
              "指标金额/年初安排", "指标金额/年中调整", "指标金额/合计", "发文日期", "收到日期")  # fmt: skip
    for k, month in enumerate(world.months):
        rng, last = world.rng("cz__budget_line", month), month_end(month)
        sheets, faults, records = [], list[Fault](), 0
        for district in world.districts:
            name = ids.DISTRICTS[district][0]
            lines = [p for p in money.projects if p.body.district == district and p.issued <= last]
            rows = [_budget_row(p, world) for p in lines]
            sums = [round(sum(float(str(r[j] or 0)) for r in rows), 4) for j in (9, 10, 11)]
            plant = Planting(rng, len(rows), name)
            hidden = frozenset[int]()
            if district == world.districts[k]:
                rows[plant.put("green_triangle", "repaired", "amount")][11] = f"{sums[2]:.4f}"  # replaced below
                i = plant.faults[-1].row - 1
                rows[i][11] = f"{float(str(rows[i][9] or 0)) + float(str(rows[i][10] or 0)):.4f}"
                hidden = frozenset({plant.put("hidden_row", "accepted")})
            elif district == world.districts[k + 4]:
                i = plant.put("in_yuan", "out_of_range", "amount")
                rows[i][9], rows[i][10], rows[i][11] = lines[i].amount / 100, None, lines[i].amount / 100
            elif district == world.districts[k + 7]:
                i = plant.put("does_not_add_up", "check_failed", "amount")
                rows[i][11] = round(float(str(rows[i][11])) + 3, 4)
            faults += plant.faults
            records += len(rows)
            sheets.append(Sheet(
                name, header, rows, [[f"{name}{month.year}年部门预算指标台账"], ["单位：万元",
                    f"填报日期：{last.year}年{last.month}月{last.day}日"]],
                {len(rows): ["合计", None, None, None, None, None, None, None, None, *sums]}, "填表人：　　　　审核人：", hidden,
            ))  # fmt: skip
        yield File("cz__budget_line", f"部门预算指标_{month:%Y%m}.xlsx", world.after(month, 6), xlsx(sheets), records, faults=faults)


def _budget_row(p: Project, world: World) -> list[Cell]:
    at = lambda d: datetime(d.year, d.month, d.day)  # noqa: E731
    start, added = (p.amount, None) if p.issued < world.w.first else (None, p.amount)
    wan = lambda a: None if a is None else a / 1_000_000  # noqa: E731
    return [
        p.issued.year, p.document, p.body.uscc, p.body.name, p.no, p.name, p.function_subject, p.category[3], p.fund,
        wan(start), wan(added), wan(p.amount), at(p.issued), at(p.received),
    ]  # fmt: skip


def _payments(world: World, money: Money) -> Iterator[File]:
    sent: bytes = b""
    batch = 0
    for month in world.months:
        for first, last in ((1, 10), (11, 20), (21, month_end(month).day)):
            batch += 1
            rng = world.rng("cz__treasury_payment", month, first)
            days = [p for p in money.payments if first_of(p.day) == month and first <= p.day.day <= last]
            lines = []
            total = 0
            for p in days:
                total += p.amount
                contract = p.deal
                payee = p.payee + "\u3000" * ((60 - len(p.payee.encode("gb18030"))) // 2) if rng.random() < 0.3 else p.payee
                lines.append([
                    b"D", pad(p.no, 16, "gb18030"), f"{p.day:%Y%m%d}".encode(), p.project.body.uscc.encode(), pad(p.project.body.name, 50,
                        "gb18030"),
                    pad(payee, 60, "gb18030"), pad(p.account, 22, "gb18030"), cents(yuan(p.amount), 15), pad(p.purpose, 50, "gb18030"),
                    pad(p.project.no, 16, "gb18030"),
                    pad(contract, 20, "gb18030"), p.project.function_subject.encode(), p.project.category[3].encode(), b"1"
                    if p.deal else b"2",
                    p.project.body.district.encode(),
                ])  # fmt: skip
            plant = Planting(rng, len(lines))
            back = [i for i, p in enumerate(days) if p.amount < 0]
            for i in back:
                plant.at(i, "sign_last", "repaired", "amount")
            match batch % 4:
                case 0:
                    i = plant.put("check_character", "bad_uscc", "budget_unit")
                    lines[i][3] = spoilt(lines[i][3].decode()).encode()
                case 1:
                    lines[plant.put("no_such_day", "bad_date", "paid_on")][2] = f"{month:%Y%m}32".encode()
                case 2:
                    i = plant.put("half_a_character", "bad_encoding", "purpose")
                    lines[i][8] = ("付" * 24 + " ").encode("gb18030") + b"\xb8"
                case 3:
                    i = plant.put("unknown_way", "unknown_code", "payment_way")
                    lines[i][13] = b"9"
            if sent:
                lines.append([sent])
                total += int(sent[175:189]) * (-1 if sent[189:190] == b"-" else 1)
                plant.at(len(lines) - 1, "sent_again", "duplicate")
            name, day = f"国库支付_{month:%Y%m}{first:02d}.txt", date(month.year, month.month, last) + timedelta(days=1)
            body = b"H" + f"330100{day:%Y%m%d}{batch:04d}".encode() + b"\r\n" + b"".join(b"".join(x) + b"\r\n" for x in lines)
            content = body + b"T%08d" % len(lines) + cents(yuan(total), 16) + b"\r\n"
            if batch == 5:
                yield File(
                    "cz__treasury_payment",
                    name,
                    day,
                    content[: len(content) * 2 // 3],
                    0,
                    refused="control_total",
                    note="cut off in transfer",
                )
                day += timedelta(days=1)
            yield File("cz__treasury_payment", name, day, content, len(lines), faults=plant.faults)
            sent = b"".join(lines[0]) if batch % 3 == 1 and 1 not in {x.row for x in plant.faults} else b""


def _tenders(world: World, money: Money) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rng = world.rng("cz__tender", month)
        chosen = [t for t in money.tenders if first_of(t.award) == month]
        rows = [_tender(money.staff, t) for t in chosen]
        plant = Planting(rng, len(rows))
        rows[plant.put("rare_character", "accepted", "contact_name")]["联系人"] = ("王喆", "沈镕", "李㛃")[k]
        i = plant.put("thousands", "repaired", "reserve_price")
        rows[i]["最高限价"] = f"{float(rows[i]['最高限价']):,.2f}"
        if k == 0:
            rows[plant.put("no_such_month", "bad_date", "announced_on")]["公告日期"] = "2016-13-01"
        elif k == 1:
            i = plant.put("check_character", "bad_uscc", "winner")
            rows[i]["中标人代码"] = spoilt(rows[i]["中标人代码"])
        else:
            i = plant.put("awarded_before", "check_failed", "awarded_on")
            rows[i]["中标日期"] = f"{chosen[i].deadline - timedelta(days=10):%Y-%m-%d}"
        total = sum(t.winner.price for t in chosen)
        name, day = f"采购结果_{month:%Y%m}.xml", world.after(month, 4)
        document = xml(f'<结果公告 xmlns="urn:hzcg:{2 + k % 2}.0">\n{elements("采购项目", rows)}\n</结果公告>')
        head = f"<Head><From>330100CZJ</From><Count>{len(rows)}</Count><Total>{yuan(total)}</Total></Head>"
        if k == 1:
            short = xml(f'<结果公告 xmlns="urn:hzcg:3.0">\n{elements("采购项目", rows[:-3])}\n</结果公告>')
            yield File(
                "cz__tender", name, day, enveloped(short, head=head), 0, refused="control_total", note="fewer projects than the head says"
            )
            day += timedelta(days=2)
        yield File("cz__tender", name, day, enveloped(document, head=head), len(rows), faults=plant.faults)


def _tender(staff: Sequence[Person], t: Tender) -> dict[str, str]:
    p, w = t.project, t.winner
    return {
        "@编号": t.no, "项目编码": p.no, "项目名称": f"{p.body.name}{p.name}", "采购人代码": p.body.uscc, "采购人名": p.body.name,
        "联系人": staff[int(p.no[-6:]) * 37 % len(staff)].name, "品目": p.category[0], "采购方式": t.method, "代理机构": t.agency,
        "最高限价": yuan(t.reserve),
        "公告日期": f"{t.notice:%Y-%m-%d}", "开标时间": f"{t.deadline:%Y-%m-%d %H:%M:%S}", "中标日期": f"{t.award:%Y-%m-%d}",
        "投标家数": str(len(t.bids)), "中标人代码": w.bidder.uscc, "中标人": w.bidder.name, "中标金额": yuan(w.price),
        "区县": p.body.district,
    }  # fmt: skip


def _bids(world: World, money: Money) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rng = world.rng("cz__bid", month)
        rows: list[dict[str, Any]] = []
        for t in money.tenders:
            if first_of(t.award) != month:
                continue
            opened = int(t.deadline.replace(tzinfo=_TZ).timestamp() * 1000)
            for b in t.bids:
                firm = {"creditCode": b.bidder.uscc, "name": b.bidder.name, "contact": b.contact, "phone": b.phone}
                lock = f"GLD{int(b.bidder.account[-6:]) * 7919 % 10**6:06d}" if t.project.category[0].startswith("B") else "null"
                rows.append({
                    "tenderNo": t.no, "bidder": firm, "price": yuan(b.price),
                    "uploadTime": int(b.at.replace(tzinfo=_TZ).timestamp() * 1000),
                    "openTime": opened, "bond": {"amount": yuan(b.bond), "account": b.bidder.account},
                    "file": {"mac": b.machine, "lockNo": lock}, "valid": b.valid, "rank": b.rank or None,
                })  # fmt: skip
        plant = Planting(rng, len(rows) - 20)
        rows[plant.put("lock_null", "accepted", "lock_no")]["file"]["lockNo"] = "null"
        i = plant.put("uploaded_late", "check_failed", "submitted_at")
        rows[i]["uploadTime"] = rows[i]["openTime"] + 61_000
        near = plant.put("uploaded_in_the_last_second", "accepted", "submitted_at")
        rows[near]["uploadTime"] = rows[near]["openTime"]
        if k == 1:
            rows[plant.put("price_in_words", "bad_number", "offer")]["price"] = "叁拾万元整"
        name, day = f"投标信息_{month:%Y%m}.json", world.after(month, 4)
        content, planted, records = paged(rows, plant.faults, 50, 3)
        if k == 2:
            # One page is missing: its number is left out, and fewer bids came than the pages say.
            less = b"\n".join(line for n, line in enumerate(content.splitlines()) if n != 1) + b"\n"
            yield File("cz__bid", name, day, less, 0, refused="control_total", note="the second page is missing")
            day += timedelta(days=1)
        yield File("cz__bid", name, day, content, records, faults=planted)


def _contracts(world: World, money: Money) -> Iterator[File]:
    columns = (
        ("合同编号", "C", 20, 0), ("采购编号", "C", 16, 0), ("项目编码", "C", 16, 0), ("采购人代码", "C", 18, 0), ("采购人名", "C", 50, 0),
        ("供应商代码", "C", 18, 0), ("供应商名称", "C", 50, 0), ("品目编码", "C", 10, 0), ("主合同号", "C", 20, 0), ("合同金额", "N", 14,
            2),
        ("签订日期", "D", 8, 0), ("公示日期", "D", 8, 0), ("备案日期", "D", 8, 0), ("区县", "C", 6, 0),
    )  # fmt: skip
    for k, month in enumerate(world.months):
        rng = world.rng("cz__contract_filing", month)
        rows = [
            [
                d.no, d.tender, d.project.no, d.project.body.uscc, d.project.body.name, d.supplier.uscc, d.supplier.name,
                d.project.category[0],
                d.base, yuan(d.amount), f"{d.signed:%Y%m%d}", f"{d.published:%Y%m%d}", f"{d.filed:%Y%m%d}", d.project.body.district,
            ]
            for d in money.deals if first_of(d.filed) == month
        ]  # fmt: skip
        plant = Planting(rng, len(rows))
        if k != 1:
            i = plant.put("filed_before_signing", "check_failed", "filed_on")
            rows[i][12] = f"{date(2016, 9, 1):%Y%m%d}"
        else:
            i = plant.put("check_character", "bad_uscc", "vendor")
            rows[i][5] = spoilt(rows[i][5])
        # Typed in by mistake and struck out: still in the table, and it names no contract that was ever sent.
        wrong = [f"{rows[0][0][:-4]}9{900 + k}", *rows[0][1:]]
        rows.append(wrong)
        plant.at(len(rows) - 1, "deleted_row", "superseded")
        yield File("cz__contract_filing", f"合同备案_{month:%Y%m}.dbf", world.after(month, 8),
                   dbf(columns, rows, world.after(month, 7), deleted={len(rows) - 1}), len(rows), faults=plant.faults)  # fmt: skip


def _invoices(world: World, money: Money) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rng = world.rng("gs__invoice", month)
        rows = [
            [
                v.code, v.no, f"{v.day:%Y%m%d}", v.seller.uscc, v.seller.name, v.buyer.uscc, v.buyer.name, v.item, yuan(v.amount),
                yuan(v.tax),
                yuan(v.amount + v.tax), "0",
            ]
            for v in money.invoices if first_of(v.day) == month
        ]  # fmt: skip
        plant = Planting(rng, len(rows))
        rows[plant.put("line_end_in_item", "accepted", "item")][7] += "\n（详见清单）"
        rows[plant.put("void", "accepted", "status")][11] = "1"
        i = plant.put("red", "accepted", "total")
        rows[i][8:12] = ["-" + rows[i][8], "-" + rows[i][9], "-" + rows[i][10], "2"]
        if k == 0:
            i = plant.put("sum_is_wrong", "check_failed", "total")
            rows[i][10] = yuan(int(rows[i][10].replace(".", "")) + 100)
        elif k == 1:
            i = plant.put("check_character", "bad_uscc", "issuer")
            rows[i][3] = spoilt(rows[i][3])
        else:
            # The same number with another amount: two units had it paid.
            i = plant.put("same_number_other_amount", "duplicate_key", "invoice_no")
            other = next(j for j in range(len(rows)) if j not in plant.bad and j != i)
            rows[i][:2] = rows[other][:2]
            plant.at(other, "same_number_other_amount", "duplicate_key", "invoice_no")
        name, day = f"发票明细_{month:%Y%m}.txt", world.after(month, 10)
        content = dump(rows, "\x01")
        if k == 1:
            yield _bad_control(name, day, content, rows)
            day += timedelta(days=2)
        beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows))}
        yield File("gs__invoice", name, day, content, len(rows), faults=plant.faults, beside=beside)


def _bad_control(name: str, day: date, content: bytes, rows: Sequence[Sequence[str]]) -> File:
    """The control file speaks of a newer dump than the one that came."""
    beside = {name.replace(".txt", ".ctl"): control(name, content + b"\n", len(rows) + 12)}
    return File("gs__invoice", name, day, content, 0, refused="companion_mismatch", beside=beside, note="control file of another dump")
