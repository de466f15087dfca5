"""(5) 社会保障: housing, legal aid, charity grants, unemployment, the living allowance of disabled persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import elements, xml
from xihu.sample.forms.sheets import Cell, Sheet, xls
from xihu.sample.forms.tables import Column, dbf
from xihu.sample.forms.texts import cents, csv, pad
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import heading, wrong_check

TITLE = "社会保障"
DIBAO = 819.00  # 元 a head and month, main districts since 2016-07


def files(world: World) -> Iterator[File]:
    """Monthly lists of five senders."""
    yield from _housing(world)
    yield from _legal_aid(world)
    yield from _charity(world)
    yield from _unemployed(world)
    yield from _disabled(world)


# ---- 公租房: a workbook of 1997-2003, one sheet a district
HOUSING = ("序号", "保障编号", "申请人/姓名", "申请人/身份证号", "家庭人口数", "保障方式", "申请日期", "批准日期", "保障起始日期",
           "建筑面积（㎡）", "月租金补贴（元）", "保障月份")  # fmt: skip


def _housing(world: World) -> Iterator[File]:
    people = world.adults(world.w.first, 25, 90)
    homes = {d: [p for p in people if p.district == d and p.key % 9 == 0][:16] for d in world.districts}
    for k, month in enumerate(world.months):
        day = world.after(month, 6)
        sheets, faults = [], list[Fault]()
        for district, heads in homes.items():
            rng = world.rng("fg__public_rental", month, district)
            rows = [_home(p, month, i) for i, p in enumerate(heads, 1) if _start(p) <= month_end(month)]
            name = ids.DISTRICTS[district][0]
            hidden = frozenset({1}) if len(rows) > 4 and district in ("330104", "330110") else frozenset()
            faults += _plant_housing(rows, rng, name, district, k, hidden)
            half = len(rows) // 2
            totals: dict[int, Sequence[Cell]] = {len(rows): ["合计", None, None, None, sum(int(str(r[4])) for r in rows)]}
            if half:
                totals[half] = ["小计", None, None, None, sum(int(str(r[4])) for r in rows[:half])]
            heads_ = heading(f"杭州市{name}公共租赁住房保障家庭花名册（{month:%Y}年{month.month}月）", "单位：元、㎡", day, len(HOUSING))
            sheets.append(Sheet(name, HOUSING, rows, heads_, totals, "填表人：        审核人：", hidden))
        records = sum(len(s.rows) for s in sheets)
        yield File("fg__public_rental", f"公租房保障家庭_{month:%Y%m}.xls", day, xls(sheets), records, "142000", faults)


def _start(p: Person) -> date:
    """Most are housed for years, some since a month of the last quarter."""
    return date(2016, 10 + (p.key >> 9) % 3, 1) if p.key % 11 == 0 else date(2012 + p.key // 9 % 4, 1 + p.key // 7 % 12, 1)


def _home(p: Person, month: date, seq: int) -> list[Cell]:
    start = _start(p)
    applied = start - timedelta(days=60 + (p.key >> 5) % 400)
    approved = applied + timedelta(days=20 + (p.key >> 11) % 25)
    members = 1 + (p.key >> 3) % 4
    rent = p.key % 3 == 0
    area = 0.0 if rent else round(min(15.0 * members + (p.key >> 4) % 12, 60), 2)
    # Amounts were pasted as text: the green triangle of the spreadsheet.
    money: Cell = f"{min(18 * members, 54) * 14:,.2f}" if rent else 0
    return [
        seq, f"GZ{p.district}{p.key % 10**8:08d}", p.name, p.id18, members, "租赁补贴" if rent else "实物配租",
        datetime(applied.year, applied.month, applied.day), datetime(approved.year, approved.month, approved.day),
        f"{start.year}.{start.month}.{start.day}", area, money, f"{month.year}年{month.month}月",
    ]  # fmt: skip


def _plant_housing(rows: list[list[Cell]], rng: Random, sheet: str, district: str, k: int, hidden: frozenset[int]) -> list[Fault]:
    if len(rows) < 4:
        return []
    p = Planting(rng, len(rows), sheet, hidden)
    for i in hidden:
        p.at(i, "hidden_row", "accepted")
    if district == "330106":
        plain = [i for i, r in enumerate(rows) if str(r[3]).isdigit()]
        if plain:
            i = p.put("id_number_cell", "bad_id_float", "id_no", plain)
            rows[i][3] = float(str(rows[i][3]))
    elif district == "330110" and k != 1:
        i = p.put("approved_before_application", "check_failed", "approved_on")
        rows[i][7] = datetime(2010, 5, 5)
    elif district == "330109" and k == 1:
        i = p.put("area_in_square_feet", "out_of_range", "floor_area")
        rows[i][9] = 645.83
    elif district == "330102":
        i = p.put("full_width_id", "repaired", "id_no")
        rows[i][3] = "".join(chr(ord(c) + 0xFEE0) for c in str(rows[i][3]))
    return p.faults


# ---- 法律援助: a message a month, its cases inserted, updated when closed, deleted when withdrawn
LEGAL_KINDS = (("民事", 72), ("刑事", 22), ("行政", 6))
MATTERS = {
    "民事": ("追索劳动报酬", "工伤赔偿", "交通事故损害赔偿", "赡养费", "离婚纠纷", "抚养费"),
    "刑事": ("盗窃", "故意伤害", "诈骗"), "行政": ("工伤认定", "政府信息公开"),
}  # fmt: skip


def _legal_aid(world: World) -> Iterator[File]:
    people = world.adults(world.w.first, 18, 85)
    rare = [p for p in people if any(c in p.name for c in "镕喆堃祎㛃𠮷")]
    running: list[dict[str, str]] = []
    for k, month in enumerate(world.months):
        rng, last = world.rng("sf__legal_aid_case", month), month_end(month)
        chosen = rng.sample(people, min(60, len(people)))
        chosen[7] = rare[k % len(rare)] if rare else chosen[7]
        records = [_case(world, rng, p, month, i) for i, p in enumerate(chosen)]
        closed, running = running[: len(running) // 2], running[len(running) // 2 :]
        for r in closed:
            done = month + timedelta(days=rng.randrange((last - month).days + 1))
            back = f"{rng.randrange(20, 900) * 100}" if r["案件类型"] == "民事" and rng.random() < 0.6 else ""
            records.append({**r, "操作标志": "U", "结案日期": f"{done:%Y-%m-%d}", "挽回损失": back})
        if k and running:  # an application that was taken back
            records.append({**running.pop(0), "操作标志": "D"})
        p = Planting(rng, len(chosen), spared={7})
        i = p.put("check_digit", "bad_id_check", "id_no")
        records[i]["受援人证件号码"] = wrong_check(records[i]["受援人证件号码"])
        if k == 0:
            i = p.put("approved_before_application", "check_failed", "approved_on")
            records[i]["批准日期"] = f"{month - timedelta(days=200):%Y-%m-%d}"
        elif k == 1:
            i = p.put("day_that_never_was", "bad_date", "applied_on")
            records[i]["申请日期"] = f"{month:%Y-%m}-32"
        else:
            i = p.put("unknown_kind", "unknown_code", "kind")
            records[i]["案件类型"] = "仲裁"
        p.at(7, "beyond_gb2312", "accepted", "applicant_name")
        running += [r for i, r in enumerate(records[: len(chosen)]) if i not in p.bad]
        name, day = f"法律援助案件_{month:%Y%m}.xml", world.after(month, 5)
        if k == 1:  # sent while the list was still being written
            part = _message(records[:40], month, len(records), "")
            yield File("sf__legal_aid_case", name, day, part, 40, "091000", refused="control_total", note="笔数与明细不符")
            day += timedelta(days=1)
        content = _message(records, month, len(records), "ns2" if k == 2 else "")
        yield File("sf__legal_aid_case", name, day, content, len(records), "091000", p.faults)


def _case(world: World, rng: Random, p: Person, month: date, i: int) -> dict[str, str]:
    kind = rng.choices([k for k, _ in LEGAL_KINDS], [w for _, w in LEGAL_KINDS])[0]
    applied = month + timedelta(days=rng.randrange(26))
    matter = rng.choice(MATTERS[kind])
    return {
        "@编号": f"FY{p.district}{month:%Y%m}{i:04d}", "操作标志": "I", "案件类型": kind, "案由": matter,
        "受援人姓名": p.name, "受援人证件号码": p.id18, "申请日期": f"{applied:%Y-%m-%d}",
        "批准日期": f"{applied + timedelta(days=rng.randrange(1, 5)):%Y-%m-%d}", "结案日期": "", "挽回损失": "",
        "免予经济困难审查": "是" if matter in ("追索劳动报酬", "工伤赔偿") or kind == "刑事" else "否",
        "法律援助机构": f"{ids.DISTRICTS[p.district][0]}法律援助中心", "区县": p.district,
    }  # fmt: skip


def _message(records: list[dict[str, str]], month: date, stated: int, prefix: str) -> bytes:
    p = prefix + ":" if prefix else ""
    space = f'xmlns{":" + prefix if prefix else ""}="urn:hz:sf:legalaid:{"1.1" if prefix else "1.0"}"'
    head = f"<{p}报文头><{p}月份>{month:%Y%m}</{p}月份><{p}笔数>{stated}</{p}笔数></{p}报文头>"
    body = elements("案件", records, prefix)
    return xml(f"<{p}法律援助报文 {space}>{head}<{p}案件列表>{body}</{p}案件列表></{p}法律援助报文>")


# ---- 慈善救助: grants of the charity federation, kept by hand in a spreadsheet and saved as CSV
PROJECTS = (
    ("春风行动", 2000, 6000),
    ("阳光助学", 1500, 5000),
    ("大病救助", 5000, 30000),
    ("助老帮扶", 500, 3000),
    ("临时急难", 1000, 8000),
)
CHARITY = ("救助编号", "项目名称", "受助人姓名", "受助人身份证号", "救助金额", "拨付日期", "救助事由", "区县", "备注")


def granted(world: World, k: int) -> tuple[list[list[str]], Random]:
    """The grants of the k-th month as they were given, and the chance that goes on from there."""
    month, forms = world.months[k], ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d 0:00")
    people = world.adults(world.w.first, 18, 95)
    poor = sorted(people, key=lambda p: p.income)[: max(len(people) // 3, 80)]
    rng = world.rng("cs__charity_grant", month)
    rows = []
    for i, p in enumerate(rng.sample(poor, min(70, len(poor)))):
        project, low, high = rng.choice(PROJECTS)
        amount = rng.randrange(low, high, 100)
        paid = month + timedelta(days=rng.randrange(27))
        why = {"大病救助": "家庭成员患重病，自负医疗费用较高", "阳光助学": "子女就读高校，学费困难"}.get(project, "家庭生活困难")
        rows.append([
            f"CS{month:%Y%m}{i + 1:04d}", project, p.name, p.id18, f"{amount:,}.00元" if i % 4 == 0 else f"{amount:.2f}",
            paid.strftime(forms[i % 3]), why, ids.DISTRICTS[p.district][0], "",
        ])  # fmt: skip
    return rows, rng


def _charity(world: World) -> Iterator[File]:
    for k, month in enumerate(world.months):
        rows, rng = granted(world, k)
        plant = Planting(rng, len(rows))
        i = plant.put("full_width_comma_and_quote", "accepted", "purpose")
        rows[i][6] = '火灾，房屋"全损"'
        i = plant.put("lone_dash", "accepted", "note")
        rows[i][8] = "-"
        i = plant.put("formula_in_note", "formula_injection", "note")
        rows[i][8] = '=HYPERLINK("http://example.cn","查看")'
        if k == 0:
            i = plant.put("masked_id", "bad_id_charset", "id_no")
            rows[i][3] = rows[i][3][:6] + "********" + rows[i][3][14:]
        elif k == 1:
            i = plant.put("scientific_id", "bad_id_float", "id_no")
            rows[i][3] = f"{float(rows[i][3][:17] + '0'):.5E}"
        name, day = f"慈善救助_{month:%Y%m}.csv", world.after(month, 9)
        encoding = "utf-8-sig" if k == 2 else "gb18030"  # another clerk, another program
        if k == 1:  # the sheet of another list, with a column nobody knows and without the grant's number
            other = csv(("姓名", "身份证号", "捐赠金额"), [[r[2], r[3], r[4]] for r in rows])
            yield File("cs__charity_grant", name, day, other, len(rows), "153000", refused="header_unknown", note="误报捐赠名单")
            day += timedelta(days=2)
        yield File("cs__charity_grant", name, day, csv(CHARITY, rows, encoding, guarded=(3,)), len(rows), "153000", plant.faults)


# ---- 失业登记: a FoxPro table, new registrations and changes of the month
UNEMPLOYED: tuple[Column, ...] = (
    ("失业登记证", "C", 18, 0), ("姓名", "C", 20, 0), ("公民身份号", "C", 18, 0), ("登记日期", "D", 8, 0), ("失业原因", "C", 2, 0),
    ("就业困难", "L", 1, 0), ("原用人单位", "C", 40, 0), ("登记状态", "C", 1, 0), ("终止日期", "D", 8, 0), ("领取失业金", "L", 1, 0),
    ("区县代码", "C", 6, 0),
)  # fmt: skip


def _some(rng: Random, people: list[Person], wanted: int) -> list[Person]:
    return rng.sample(people, min(wanted, len(people)))


def _unemployed(world: World) -> Iterator[File]:
    running: list[list[str]] = []
    people = [p for p in world.adults(world.w.first, 18, 58) if not p.school and p.retired is None]
    used: set[str] = set()
    for k, month in enumerate(world.months):
        rng, last = world.rng("js__unemployment", month), month_end(month)
        rows: list[list[str]] = []
        for p in _some(rng, [p for p in people if p.id18 not in used], 45):
            used.add(p.id18)
            since = month + timedelta(days=rng.randrange(25))
            hard = p.age(month) >= 50 or p.disability is not None
            n = len(used)
            rows.append([
                f"SY{p.district}{month:%Y%m}{n:04d}", p.name, p.id18, f"{since:%Y%m%d}", rng.choice(("11", "12", "13", "21", "22")),
                "T" if hard else "F", world.firm(p.district, 20 + p.key % 80)[1], "1", "", "T" if rng.random() < 0.55 else "F", p.district,
            ])  # fmt: skip
        fresh = len(rows)
        again = [r for r in running if rng.random() < 0.35]  # found work, or stopped looking
        running = [r for r in running if r not in again]
        for r in again:
            done = month + timedelta(days=rng.randrange((last - month).days + 1))
            rows.append([*r[:7], "2" if rng.random() < 0.8 else "3", f"{done:%Y%m%d}", "F", r[10]])
        entered = [list(r) for r in rows[:fresh]]
        plant = Planting(rng, fresh)
        gone = {plant.put("deleted_entry", "superseded", "register_no") for _ in range(2)}
        for i in gone:  # typed in twice, the second one deleted: its number stands nowhere else
            rows[i][0] = rows[i][0][:-4] + f"9{i:03d}"
        i = plant.put("check_digit", "bad_id_check", "id_no")
        rows[i][2] = wrong_check(rows[i][2])
        if k == 1:
            i = plant.put("day_that_never_was", "bad_date", "registered_on")
            rows[i][3] = f"{month:%Y%m}32"
        elif k == 2:
            i = plant.put("no_such_reason", "unknown_code", "reason")
            rows[i][4] = "77"
        running += [r for i, r in enumerate(entered) if i not in plant.bad]
        content = dbf(UNEMPLOYED, rows, last, gone)
        name, day = f"失业登记_{month:%Y%m}.dbf", world.after(month, 3)
        if k == 2:  # the line broke while it was sent
            yield File(
                "js__unemployment", name, day, content[: len(content) * 2 // 3], 0, "080500", refused="control_total", note="传输中断"
            )
            day += timedelta(days=1)
        yield File("js__unemployment", name, day, content, len(rows), "080500", plant.faults)


# ---- 困难残疾人生活补贴: the bank's batch, widths in bytes of GBK, amounts in 分
def _disabled(world: World) -> Iterator[File]:
    people = [p for p in world.persons if p.local and p.disability and p.registered_on <= world.w.first and p.key % 10 < 8]
    for k, month in enumerate(world.months):
        rng, last = world.rng("mz__disability_living", month), month_end(month)
        batch = f"{month:%Y%m}3301"
        rows = []
        for p in people:
            if p.alive(month) and not (p.left_city and p.left_city < month):
                amount = DIBAO * (0.3 if p.district not in ("330122", "330127", "330182") else 0.24)
                rows.append([batch, p.id18, p.name, f"{month:%Y%m}", f"{amount:.2f}", f"6228{p.key % 10**15:015d}", p.at(last)])
        plant = Planting(rng, len(rows))
        # Some names are padded with ideographic spaces, as an old program of the bank does.
        wide = {plant.put("wide_padding", "accepted", "name")}
        cut, half = set[int](), set[int]()
        if k == 0:
            cut = {plant.put("line_cut_off", "truncated")}
        elif k == 1:
            i = plant.put("sign_last_minus", "out_of_range", "amount")
            rows[i][4] = "-" + rows[i][4]
        else:
            half = {plant.put("half_character", "bad_encoding", "name")}
        lines = [_detail(r, i in wide, i in cut, i in half) for i, r in enumerate(rows)]
        total = sum(float(r[4]) for r in rows)
        name, day = f"困难残疾人生活补贴_{month:%Y%m}.txt", world.after(month, 4)
        if k == 1:
            wrong = _batch(batch, day, lines, len(rows), total + 245.70)
            note = "批尾合计与明细不符"
            yield File("mz__disability_living", name, day, wrong, len(rows), "173000", refused="control_total", note=note)
            day += timedelta(days=1)
        yield File("mz__disability_living", name, day, _batch(batch, day, lines, len(rows), total), len(rows), "173000", plant.faults)


def _detail(r: list[str], wide: bool, cut: bool, half: bool) -> bytes:
    name = pad(r[2] + "\u3000" * 10 if wide else r[2], 20, "gbk")
    if half:
        name = (name[:10].rstrip() + b"\xd5").ljust(20)
    line = b"D" + r[0].encode() + r[1].encode() + name + r[3].encode() + cents(r[4], 13) + r[5].encode() + r[6].encode()
    return line[:-4] if cut else line


def _batch(batch: str, day: date, lines: list[bytes], count: int, total: float) -> bytes:
    head = b"H" + batch.encode() + f"{day:%Y%m%d}".encode() + pad("困难残疾人生活补贴", 30, "gbk")
    tail = b"T%08d" % count + cents(f"{total:.2f}", 16)
    return b"\r\n".join([head, *lines, tail]) + b"\r\n"


__all__ = ["TITLE", "files", "granted"]
