"""法人库 beside the market regulator: institutions, social organisations, taxpayers, organisation codes, with their old numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from xihu.sample import ids
from xihu.sample.extracts import firm
from xihu.sample.forms.sheets import Cell, Sheet, added, xls, xlsx
from xihu.sample.forms.tables import dbf
from xihu.sample.forms.texts import control, dump
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.firms import THREE_IN_ONE, Firm, businesses, companies, people
from xihu.sample.themes.planting import Planting

TITLE = "法人库（编办、民政、税务、质监）"
KINDS = (("社会团体", "1", "协会"), ("民办非企业单位", "2", "服务中心"), ("基金会", "3", "基金会"))


def files(world: World) -> Iterator[File]:
    """All four registers once a month."""
    yield from _institutions(world)
    yield from _social(world)
    yield from _taxpayers(world)
    yield from _codes(world)


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _with_sums(rows: Sequence[Sequence[Cell]], by: int, width: int, money: int) -> dict[int, Sequence[Cell]]:
    """小计 after each district's rows, 合计 at the end."""
    totals: dict[int, Sequence[Cell]] = {}
    start = 0
    for i in range(1, len(rows)):
        if rows[i][by] != rows[start][by]:
            line: list[Cell] = ["小计", *[None] * (width - 1)]
            line[money] = added(rows[start:i], money)
            totals[i], start = line, i
    last: list[Cell] = ["合计", *[None] * (width - 1)]
    last[money] = added(rows, money)
    totals[len(rows)] = last
    return totals


def _institutions(world: World) -> Iterator[File]:
    header = (
        "证书号", "单位代码/统一社会信用代码", "单位代码/组织机构代码", "单位名称", "法定代表人", "举办单位", "开办资金", "经费来源",
        "住所", "设立登记日期", "证书有效期止", "登记状态", "登记机关区划", "统计月份",
    )  # fmt: skip
    folk = people(world)
    standing: list[list[Cell]] = []
    for d, district in enumerate(world.districts):
        place = ids.DISTRICTS[district][0]
        for n in range(6):
            uscc, name = firm((district, n))[:2]
            # Certificates are exchanged for those with the new code as they run out; the old ones know the organisation code only.
            new = (d + n) % 4 != 0
            standing.append([
                f"事证第1{district}{n + 1:05d}号", uscc if new else None, f"{uscc[8:16]}-{uscc[16]}", name,
                folk[(d * 6 + n) % len(folk)].name, f"杭州市{place}{('教育局', '卫生和计划生育局', '文化广电新闻出版局')[n % 3]}",
                round(20 + (d * 37 + n * 113) % 900 + 0.5, 2),
                ("财政补助（全额拨款）", "财政补助（差额拨款）", "自收自支")[n % 3], f"{place}文化路{n + 1}号", _at(date(1998, 3, 1)),
                _at(date(2017 + n % 4, 3, 31)), "正常", district, "",
            ])  # fmt: skip
    for k, month in enumerate(world.months):
        rng = world.rng("bb__institution", month)
        if k:
            for row in [r for r in standing if r[1] is None][:3]:
                row[1] = firm((str(row[12]), int(str(row[0])[10:15]) - 1))[0]
            rng.choice(standing)[11] = "注销"
        rows = [[*r[:13], f"{month:%Y-%m}"] for r in standing]
        plant = Planting(rng, len(rows))
        coded = [i for i, r in enumerate(rows) if r[1]]
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        i = plant.put("green_triangle", "accepted", "capital")
        rows[i][6] = f"{rows[i][6]}"
        i = plant.put("written_date", "accepted", "valid_until")
        rows[i][10] = "2018年3月31日"
        i = plant.put("codes_of_two_lines", "check_failed", "org_code", coded)
        rows[i][2] = rows[(i + 7) % len(rows)][2]
        if k == 0:
            i = plant.put("credit_code_of_a_company", "check_failed", "uscc", coded)
            rows[i][1] = world.firm("330106", 25)[0]
        elif k == 1:
            rows[plant.put("no_number_at_all", "check_failed", "uscc", [j for j in range(len(rows)) if j not in coded])][2] = None
        titles: list[list[Cell]] = [
            [f"杭州市{month:%Y年%-m月}事业单位法人登记情况表"],
            ["单位：万元", f"填报日期：{world.after(month, 5):%Y年%-m月%-d日}"],
        ]
        sheet = Sheet("事业单位", header, rows, titles, _with_sums(rows, 12, 14, 6), "填表人：          审核人：", hidden)
        content = xls([sheet])
        yield File("bb__institution", f"事业单位登记_{month:%Y%m}.xls", world.after(month, 6), content, len(rows), faults=plant.faults)


def _social(world: World) -> Iterator[File]:
    header = (
        "登记证号", "统一社会信用代码", "组织机构代码", "组织名称", "法定代表人", "业务主管单位", "注册资金", "住所", "成立登记日期",
        "登记状态", "登记机关区划", "统计月份",
    )  # fmt: skip
    themes = ("钱币", "围棋", "登山", "书法", "环境保护", "社区养老", "志愿助学", "心理健康", "茶文化")
    folk = people(world)
    standing: dict[str, list[list[Cell]]] = {kind: [] for kind, _, _ in KINDS}
    for c, (kind, klass, ending) in enumerate(KINDS):
        for i in range((36, 30, 10)[c]):
            district = world.districts[(i * 5 + c) % 13]
            place = ids.DISTRICTS[district][0]
            code = ids.uscc("5", klass, district, f"50{c}{i:05d}")
            standing[kind].append([
                f"浙杭社证字第{c + 1}{i + 1:05d}号", code if (i + c) % 3 else None, f"{code[8:16]}-{code[16]}",
                f"杭州市{place}{themes[i % 9]}{ending}", folk[(i * 11 + c) % len(folk)].name,
                f"杭州市{place}{('民政局', '文化馆', '体育局')[i % 3]}",
                (3.0, 5.0, 200.0)[c] + i, f"{place}湖光路{i + 1}号", _at(date(2001 + i % 14, 1 + i % 12, 1 + i % 27)), "正常", district, "",
            ])  # fmt: skip
    for k, month in enumerate(world.months):
        sheets, faults, count = [], [], 0
        for c, (kind, klass, _) in enumerate(KINDS):
            rng = world.rng("mz__social_organisation", month, kind)
            if k:
                for row in [r for r in standing[kind] if r[1] is None][:2]:
                    org = str(row[2])
                    row[1] = ids.uscc("5", klass, str(row[10]), org[:8])
            rows = [[*r[:11], f"{month:%Y%m}"] for r in standing[kind]]
            rows.sort(key=lambda r: str(r[10]))
            plant = Planting(rng, len(rows), kind)
            hidden: frozenset[int] = frozenset()
            if c == 0:
                hidden = frozenset({plant.put("hidden_row", "accepted")})
                i = plant.put("class_of_another_sheet", "check_failed", "uscc", [j for j, r in enumerate(rows) if r[1]])
                rows[i][1] = ids.uscc("5", "2", str(rows[i][10]), str(rows[i][2])[:8])
            elif c == 1:
                i = plant.put("credit_code_check", "bad_uscc", "uscc", [j for j, r in enumerate(rows) if r[1]])
                code = str(rows[i][1])
                rows[i][1] = code[:-1] + ("A" if code[-1] != "A" else "B")
                i = plant.put("full_width_code", "accepted", "uscc", [j for j, r in enumerate(rows) if r[1]])
                rows[i][1] = str(rows[i][1]).translate({48 + d: 0xFF10 + d for d in range(10)})
            elif k == 1:
                rows[plant.put("capital_below_zero", "out_of_range", "capital")][6] = -200.0
            titles: list[list[Cell]] = [[f"杭州市{kind}登记情况表"], ["单位：万元", f"填报日期：{world.after(month, 4):%Y年%-m月%-d日}"]]
            sheets.append(Sheet(kind, header, rows, titles, _with_sums(rows, 10, 12, 6), "填报人：　　　审核人：", hidden))
            faults += plant.faults
            count += len(rows)
        content = xlsx(sheets, date_1904=k == 2)
        yield File("mz__social_organisation", f"社会组织登记_{month:%Y%m}.xlsx", world.after(month, 6), content, count, faults=faults)


def _taxpayer(f: Firm, boss: str, op: str = "I", new: bool = False) -> list[str]:
    late = f.established >= THREE_IN_ONE or new
    return [
        op, f"1{f.entity_no}", f.uscc if late else f.tax_no, f.name, f.registration_no if f.old else "", boss, f.industry, f.address,
        f"{f.established}", "正常", "", f"杭州市{ids.DISTRICTS[f.district][0]}国家税务局", f.district,
    ]  # fmt: skip


def _taxpayers(world: World) -> Iterator[File]:
    folk, found = people(world), companies(world)
    for k, month in enumerate(world.months):
        rng = world.rng("gs__taxpayer", month)
        if k == 0:
            rows = [_taxpayer(f, folk[i % len(folk)].name) for i, f in enumerate(found)]
            for b in businesses(world, 26):
                number, where = b.tax_no if b.i % 3 else b.uscc, ids.DISTRICTS[b.district][0]
                rows.append([
                    "I", f"2{b.district}{b.i:08d}", number, b.name or b.owner.name, b.registration_no, b.owner.name, b.trade[1],
                    f"{b.owner.street}{b.i + 1}号", f"{b.established}", "正常", "", f"杭州市{where}国家税务局", b.district,
                ])  # fmt: skip
        else:
            # The licence was exchanged: the number becomes the credit code, the registration stays the same row.
            olds = [(i, f) for i, f in enumerate(found) if f.old and f.n not in (23, 46) and i % 2 == k - 1]
            rows = [_taxpayer(f, folk[i % len(folk)].name, "U", True) for i, f in rng.sample(olds, 34)]
            for i, f in enumerate(found):
                if f.n == (23 if k == 1 else 46):
                    gone = _taxpayer(f, folk[i % len(folk)].name, "U")
                    gone[9:11] = ["注销", f"{month + timedelta(days=14)}"]
                    rows.append(gone)
        plant = Planting(rng, len(rows))
        firms = [i for i, r in enumerate(rows) if len(r[2]) in (15, 18)]
        i = plant.put("delimiter_in_address", "column_count", "address", firms)
        rows[i][7] = rows[i][7].replace("号", "^号")
        i = plant.put("number_of_14", "check_failed", "taxpayer_no", firms)
        rows[i][2] = rows[i][2][:14]
        if k == 0:
            i = plant.put("cancelled_without_a_day", "check_failed", "cancelled_on", firms)
            rows[i][9] = "注销"
            i = plant.put("line_end_in_address", "accepted", "address", firms)
            rows[i][7] += "\r\n（经营地同注册地）"
            i = plant.put("no_number", "missing_key", "taxpayer_no", firms)
            rows[i][2] = ""
        name, day = f"税务登记_{month:%Y%m}.txt", world.after(month, 4)
        content = dump(rows, "^")
        beside = {name.replace(".txt", ".ok"): control(name, content, len(rows))}
        if k == 2:
            short = {name.replace(".txt", ".ok"): control(name, content, len(rows) + 3)}
            yield File("gs__taxpayer", name, day, content, 0, "010000", refused="companion_mismatch", note="行数不符", beside=short)
        yield File("gs__taxpayer", name, day, content, len(rows), "030000", faults=plant.faults, beside=beside)


def _codes(world: World) -> Iterator[File]:
    columns = (
        ("机构代码", "C", 10, 0), ("机构名称", "C", 60, 0), ("机构类型", "C", 1, 0), ("法人代表", "C", 20, 0), ("注册号", "C", 15, 0),
        ("信用代码", "C", 18, 0), ("机构地址", "C", 50, 0), ("注册日期", "D", 8, 0), ("颁发日期", "D", 8, 0), ("有效期至", "D", 8, 0),
        ("代码状态", "C", 4, 0), ("行政区划", "C", 6, 0),
    )  # fmt: skip
    folk, found = people(world), companies(world)

    def row(i: int, f: Firm, issued: date, new: bool) -> list[str]:
        until = date(issued.year + 4, issued.month, min(issued.day, 28))
        return [
            f.org_code, f.name.replace("有限公司", "有限责任公司") if i % 5 == 0 else f.name, "1", folk[i % len(folk)].name,
            f.registration_no if f.old else "", f.uscc if new else "", f.address, f"{f.established:%Y%m%d}", f"{issued:%Y%m%d}",
            f"{until:%Y%m%d}", "有效", f.district,
        ]  # fmt: skip

    for k, month in enumerate(world.months):
        rng = world.rng("zj__organisation_code", month)
        if k == 0:
            rows = [row(i, f, date(2012 + i % 3, 1 + i % 12, 5), False) for i, f in enumerate(found) if f.old]
            for d, district in enumerate(world.districts):  # state bodies had codes, too
                for n in range(3):
                    uscc, name = firm((district, n))[:2]
                    boss, where = folk[(d * 6 + n) % len(folk)].name, f"{ids.DISTRICTS[district][0]}文化路{n + 1}号"
                    dates = ["19980301", "20130315", "20170315"]
                    rows.append([f"{uscc[8:16]}-{uscc[16]}", name, "3", boss, "", "", where, *dates, "有效", district])
        else:
            picked = rng.sample([(i, f) for i, f in enumerate(found) if f.old and i % 2 == k - 1], 30)
            rows = [row(i, f, month + timedelta(days=n % 27), True) for n, (i, f) in enumerate(picked)]
        plant = Planting(rng, len(rows))
        rows[plant.put("blank_date", "accepted", "established")][7] = ""
        i = plant.put("check_character", "check_failed", "org_code")
        rows[i][0] = rows[i][0][:9] + ("1" if rows[i][0][9] != "1" else "2")
        i = plant.put("lower_case", "accepted", "org_code", [j for j, r in enumerate(rows) if r[0] != r[0].lower()])
        rows[i][0] = rows[i][0].lower()
        gone = {plant.put("deleted_row", "superseded") for _ in range(2 if k == 0 else 1)}
        if k == 0:
            rows[plant.put("month_thirteen", "bad_date", "valid_until")][9] = "20161301"
            rows[plant.put("kind_unknown", "unknown_code", "kind")][2] = "Q"
        content = dbf(columns, rows, world.after(month, 3), gone)
        yield File(
            "zj__organisation_code", f"组织机构代码_{month:%Y%m}.dbf", world.after(month, 6), content, len(rows), faults=plant.faults
        )
