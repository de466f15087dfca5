"""法人库 of the market regulator: versions of registrations, shareholders, principals, branches, individual businesses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from xihu.sample import ids
from xihu.sample.forms.texts import control, csv, dump
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.firms import Firm, businesses, companies, epoch, one, people, registration_number
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "法人库（市场监管）"
OPEN_END = "9999-12-31"
POSTS = ("法定代表人", "执行董事", "监事", "总经理")


def files(world: World) -> Iterator[File]:
    """All five registers once a month."""
    yield from _changes(world)
    yield from _holders(world)
    yield from _principals(world)
    yield from _branches(world)
    yield from _individuals(world)


# ---- versions of registrations


def _version(f: Firm, boss: str, start: date, item: str, **changed: str) -> list[str]:
    row = {
        "op": "I", "entity_no": f.entity_no, "uscc": f.uscc, "registration_no": f.registration_no if f.old else "", "org_name": f.name,
        "former_name": "", "kind": "企业", "representative": boss, "capital": f.capital, "industry": f.industry, "address": f.address,
        "established": f"{f.established}", "approved_on": f"{start}", "change_item": item, "status": "存续", "start_date": f"{start}",
        "end_date": OPEN_END, "district": f.district,
    }  # fmt: skip
    return list({**row, **changed}.values())


def _ended(version: list[str], last: date) -> list[str]:
    """The version that a new one replaces, sent again with its last day."""
    return ["U", *version[1:16], f"{last}", version[17]]


def _changes(world: World) -> Iterator[File]:
    folk = people(world)
    live: dict[str, list[str]] = {}
    wrong: list[str] | None = None
    for k, month in enumerate(world.months):
        rng = world.rng("sc__entity_change", month)
        rows: list[list[str]] = []
        if k == 0:
            for i, f in enumerate(companies(world)):
                boss = folk[i % len(folk)].name
                start = f.established
                if f.old and i % 4 == 0:  # a name of before the reform of 2015: the number stayed
                    changed = date(2015, 11, 2 + i % 25)
                    older = _version(
                        f, boss, start, "设立", uscc="", org_name=f.name.replace("有限公司", "有限责任公司").replace("杭州", "杭州市")
                    )
                    rows.append(["I", *_ended(older, changed - timedelta(days=1))[1:]])
                    live[f.entity_no] = _version(f, boss, changed, "名称变更", former_name=older[4])
                else:
                    live[f.entity_no] = _version(f, boss, start, "设立")
                rows.append(list(live[f.entity_no]))
        else:
            if wrong:
                rows.append(["D", *wrong[1:]])
            for f in rng.sample([c for c in companies(world) if c.n not in (23, 46)], 14):
                old = live[f.entity_no]
                day = month + timedelta(days=rng.randrange(1, 27))
                changes: list[tuple[str, dict[str, str]]] = [
                    ("住所变更", {"address": f.address.replace("创业路", "科技路")}),
                    ("注册资本变更", {"capital": f"{float(f.capital) * 2:.4f}"}),
                    ("法定代表人变更", {"representative": folk[rng.randrange(len(folk))].name}),
                    ("停业备案", {"status": "停业"}),
                ]
                item, told = rng.choice(changes)
                live[f.entity_no] = _version(f, told.pop("representative", old[7]), day, item, **told)
                rows += [_ended(old, day - timedelta(days=1)), list(live[f.entity_no])]
            for district in world.districts:  # what the enterprise register calls closed from this month on
                f = one(district, 23 if k == 1 else 46)
                old, day = live[f.entity_no], month + timedelta(days=9)
                live[f.entity_no] = _version(f, old[7], day, "注销登记", status="注销")
                rows += [_ended(old, day - timedelta(days=1)), list(live[f.entity_no])]
        fresh = [i for i, r in enumerate(rows) if r[0] == "I"]
        plant = Planting(rng, len(rows), spared=[i for i, r in enumerate(rows) if r[0] != "I"])
        rows[plant.put("line_end_in_address", "accepted", "address", fresh)][10] += "\n（一照多址）"
        i = plant.put("delimiter_in_address", "column_count", "address", fresh)
        rows[i][10] = rows[i][10].replace("号", "|@|号")
        i = plant.put("beyond_gbk", "accepted", "representative", fresh)
        rows[i][7] = "王㛃喆"
        i = plant.put("lower_case_code", "accepted", "uscc", [j for j in fresh if rows[j][2]])
        rows[i][2] = rows[i][2].lower()
        i = plant.put("credit_code_check", "bad_uscc", "uscc", [j for j in fresh if rows[j][2]])
        rows[i][2] = rows[i][2][:-1] + ("A" if rows[i][2][-1] != "A" else "B")
        if k == 0:
            i = plant.put("registration_of_14_digits", "check_failed", "registration_no", [j for j in fresh if rows[j][3]])
            rows[i][3] = rows[i][3][:-1]
            i = plant.put("no_number_at_all", "check_failed", "uscc", fresh)
            rows[i][2] = rows[i][3] = ""
        else:
            i = plant.put("organisation_code_for_credit_code", "bad_uscc", "uscc", fresh)
            rows[i][2] = rows[i][2][8:17]
        # Entered by mistake; withdrawn with the next file.
        stray = one("330106", 50 + k)
        wrong = _version(stray, "误录", month + timedelta(days=20), "设立")
        rows.append(wrong)
        name, day = f"企业登记变更_{month:%Y%m}.txt", world.after(month, 2)
        content = dump(rows, "|@|")
        beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows))}
        if k == 1:
            half = content[: content.index(b"\n", len(content) // 2) + 1]
            yield File("sc__entity_change", name, day, half, 0, "013000", refused="companion_mismatch", note="传输中断", beside=beside)
        yield File("sc__entity_change", name, day, content, len(rows), "020000", faults=plant.faults, beside=beside)


# ---- shareholders


def _holdings(world: World) -> list[dict[str, Any]]:
    folk, found = people(world), companies(world)
    out: list[dict[str, Any]] = []
    for i, f in enumerate(found):
        capital = float(f.capital)
        shares = ((100,), (60, 40), (51, 30, 19))[i % 3]
        for j, share in enumerate(shares):
            row: dict[str, Any] = {
                "jlid": f"GD{f.entity_no}{j + 1:02d}", "tyshxydm": f.uscc, "qymc": f.name, "gdlx": "自然人", "gdmc": "", "zjhm": None,
                "gdxydm": None, "rjcze": round(capital * share / 100, 4), "sjcze": round(capital * share / 200, 4), "czbl": share,
                "qsrq": epoch(f.established), "jzrq": None, "xzqh": f.district,
            }  # fmt: skip
            if j == 1 and i % 5 == 0:  # a company among the owners
                parent = found[(i + 41) % len(found)]
                row |= {"gdlx": "企业法人", "gdmc": parent.name, "gdxydm": parent.uscc}
            elif j == 2 and i % 7 == 0:
                row |= {"gdlx": "外国投资者", "gdmc": "HARBOUR TRADE LIMITED"}
            else:
                person = folk[(i * 3 + j) % len(folk)] if j else folk[i % len(folk)]
                row |= {"gdmc": person.name, "zjhm": person.id18}
            out.append(row)
    return out


def _holders(world: World) -> Iterator[File]:
    folk, all_ = people(world), _holdings(world)
    for k, month in enumerate(world.months):
        rng = world.rng("sc__shareholder", month)
        if k == 0:
            rows = [dict(r) for r in all_]
        else:  # a share is sold: the old record gets its last day, a new one begins
            rows = []
            for r in rng.sample([r for r in all_ if r["gdlx"] == "自然人" and r["jzrq"] is None], 30):
                day = month + timedelta(days=rng.randrange(2, 27))
                r["jzrq"] = epoch(day - timedelta(days=1))
                buyer = folk[rng.randrange(len(folk))]
                new = {**r, "jlid": f"{r['jlid']}{month:%y%m}", "gdmc": buyer.name, "zjhm": buyer.id18, "qsrq": epoch(day), "jzrq": None}
                all_.append(new)
                rows += [dict(r), dict(new)]
        plant = Planting(rng, len(rows))
        persons = [i for i, r in enumerate(rows) if r["gdlx"] == "自然人"]
        i = plant.put("check_digit", "bad_id_check", "holder_id", persons)
        rows[i]["zjhm"] = rows[i]["zjhm"][:17] + ("1" if rows[i]["zjhm"][17] != "1" else "2")
        rows[plant.put("null_as_text", "accepted", "holder_uscc", persons)]["gdxydm"] = "null"
        i = plant.put("paid_above_subscribed", "check_failed", "paid_in")
        rows[i]["sjcze"] = rows[i]["rjcze"] * 10
        if k == 0:
            rows[plant.put("share_of_1000_per_cent", "out_of_range", "share")]["czbl"] = 1000
            i = plant.put("company_with_a_persons_number", "check_failed", "holder_id", [j for j, r in enumerate(rows) if r["gdxydm"]])
            rows[i] |= {"zjhm": folk[0].id18, "gdxydm": None}
            i = plant.put("passport", "accepted", "holder_id", persons)
            rows[i] |= {"gdmc": "JOHN SMITH", "zjhm": "E12345678"}
        content, faults, count = paged(rows, plant.faults, 50, 2)
        name, day = f"股东出资_{month:%Y%m}.json", world.after(month, 3)
        if k == 2:
            broken = '{"code":"500","message":"系统繁忙","data":null}\n'.encode()
            yield File("sc__shareholder", name, day, broken, 0, "060000", refused="error_envelope", note="接口报错")
        yield File("sc__shareholder", name, day, content, count, faults=faults)


# ---- principals


def _post(f: Firm, person: Person, post: str, start: date, serial: str) -> list[str]:
    phone = f"13{person.key % 10}{person.key * 7919 % 10**8:08d}"
    return ["I", serial, f.uscc, f.name, post, person.name, "10", person.id18, phone, f"{start}", OPEN_END, f.district]


def _principals(world: World) -> Iterator[File]:
    folk = people(world)
    live: list[list[str]] = []
    for k, month in enumerate(world.months):
        rng = world.rng("sc__principal", month)
        rows: list[list[str]] = []
        if k == 0:
            for i, f in enumerate(companies(world)):
                for j, post in enumerate(POSTS[: 2 + i % 3]):
                    # The legal representative is the first shareholder; one supervisor serves several companies, as those of a ring do.
                    person = folk[i % len(folk)] if j in (0, 1) else folk[(i // 6 * 6 + 5) % len(folk)]
                    rows.append(_post(f, person, post, f.established, f"RY{f.entity_no}{j + 1:02d}"))
            live = [list(r) for r in rows]
        else:
            for n, old in enumerate(rng.sample(live, 36)):
                day = month + timedelta(days=rng.randrange(2, 27))
                f = next(c for c in companies(world) if c.uscc == old[2])
                new = _post(f, folk[rng.randrange(len(folk))], old[4], day, f"{old[1][:18]}{month:%m}{n:02d}")
                rows += [["U", *old[1:10], f"{day - timedelta(days=1)}", old[11]], new]
                live.remove(old)
                live.append(list(new))
        fresh = [i for i, r in enumerate(rows) if r[0] == "I"]
        plant = Planting(rng, len(rows), spared=[i for i, r in enumerate(rows) if r[0] != "I"])
        i = plant.put("check_digit", "bad_id_check", "id_no", fresh)
        rows[i][7] = rows[i][7][:17] + ("1" if rows[i][7][17] != "1" else "2")
        i = plant.put("full_width_number", "accepted", "id_no", fresh)
        rows[i][7] = rows[i][7].translate({48 + d: 0xFF10 + d for d in range(10)})
        i = plant.put("name_with_filler", "accepted", "name", fresh)
        rows[i][5] = rows[i][5][0] + "\u3000" + rows[i][5][1:]
        rows[plant.put("post_unknown", "unknown_code", "position", fresh)][4] = "股东代表"
        if k == 0:
            rows[plant.put("left_before_it_began", "check_failed", "end_date", fresh)][10] = "1990-01-01"
            rows[plant.put("placeholder_for_id", "missing_key", "id_no", fresh)][7] = "000000000000000000"
            i = plant.put("fifteen_digits", "accepted", "id_no", [j for j in fresh if rows[j][7][6:8] == "19"])
            rows[i][7] = rows[i][7][:6] + rows[i][7][8:17]
        bad = {rows[f.row - 1][1] for f in plant.faults}
        live = [r for r in live if r[1] not in bad]
        name, day = f"主要人员_{month:%Y%m}.dat", world.after(month, 2)
        content = dump(rows, "\x01")
        beside = {name.replace(".dat", ".ok"): control(name, content, len(rows))}
        if k == 1:
            yield File("sc__principal", name, day, content, 0, "010000", refused="companion_missing", note="控制文件未到")
            day += timedelta(days=1)
        yield File("sc__principal", name, day, content, len(rows), "020000", faults=plant.faults, beside=beside)


# ---- branches


def _branches(world: World) -> Iterator[File]:
    folk, heads = people(world), companies(world)
    rng = world.rng("sc__branch")
    standing: list[dict[str, Any]] = []
    for i in range(70):
        district = rng.choice(world.districts)
        place, head = ids.DISTRICTS[district][0].rstrip("区县市"), heads[rng.randrange(len(heads))]
        foreign = i % 9 == 0
        parent = ("上海浦江百货股份有限公司", None) if foreign else (head.name, head.uscc)
        tail = ("分公司", "营业部", "第一门市部", "分店")[i % 4]
        started = date(2004 + i % 12, 1 + i % 12, 1 + i % 28)
        standing.append({
            "tyshxydm": ids.uscc("9", "1", district, f"MB{i:06d}"),
            "zch": registration_number(district, 0, 900_000 + i),
            "mc": f"{parent[0]}{place}{tail}",
            "ssqydm": parent[1], "ssqymc": parent[0], "fzr": folk[(i * 5 + 2) % len(folk)].name,
            "yycs": f"{ids.DISTRICTS[district][0]}{world.street(district, rng)}中心街{i + 1}号",
            "clrq": epoch(started), "zt": "存续", "xzqh": district,
        })  # fmt: skip
    for k, month in enumerate(world.months):
        rng = world.rng("sc__branch", month)
        if k:
            standing.pop(rng.randrange(len(standing)))
            rng.choice(standing)["zt"] = "停业"
        rows = [{**r, "tjyf": f"{month:%Y-%m}"} for r in standing]
        plant = Planting(rng, len(rows))
        known = [i for i, r in enumerate(rows) if r["ssqydm"]]
        i = plant.put("its_own_head", "check_failed", "parent_uscc", known)
        rows[i]["ssqydm"] = rows[i]["tyshxydm"]
        i = plant.put("branch_named_like_its_head", "check_failed", "org_name", known)
        rows[i]["mc"] = rows[i]["ssqymc"]
        i = plant.put("credit_code_of_17", "bad_uscc", "parent_uscc", known)
        rows[i]["ssqydm"] = rows[i]["ssqydm"][:-1]
        rows[plant.put("empty_text_for_null", "accepted", "parent_uscc", known)]["ssqydm"] = ""
        content, faults, count = paged(rows, plant.faults, 30, 1, encoded=False)
        yield File("sc__branch", f"分支机构_{month:%Y%m}.json", world.after(month, 4), content, count, faults=faults)


# ---- individual businesses


def _individuals(world: World) -> Iterator[File]:
    header = (
        "统一社会信用代码", "原注册号", "名称", "经营者姓名", "经营者身份证号", "经营地址", "行业代码", "注册资金", "注册日期", "经营状态",
        "登记区划", "统计日期",
    )  # fmt: skip
    standing: list[list[str]] = []
    for b in businesses(world, 170):
        place = ids.DISTRICTS[b.district][0]
        standing.append([
            b.uscc, b.registration_no if b.i % 3 else "", b.name, b.owner.name, b.owner.id18,
            f"{place}{b.owner.street}{b.i * 3 % 200 + 1}号", b.trade[1], f"{1 + b.i % 30:.2f}", f"{b.established}", "存续", b.district, "",
        ])  # fmt: skip
    for k, month in enumerate(world.months):
        rng = world.rng("sc__individual_business", month)
        if k:
            for i in rng.sample(range(len(standing)), 4):
                standing[i][9] = "停业"
        rows = [[*r[:11], f"{world.after(month, 0)}"] for r in standing]
        rows.sort(key=lambda r: r[10])
        plant = Planting(rng, len(rows))
        faults: list[Fault] = plant.faults
        i = plant.put("digits_lost_in_a_spreadsheet", "bad_id_float", "operator_id")
        rows[i][4] = f"{int(rows[i][4][:17]) / 10**16:.5f}E+17"
        i = plant.put("guard", "repaired", "operator_id")
        rows[i][4] = f'="{rows[i][4]}"'
        i = plant.put("code_of_a_company", "check_failed", "uscc")
        rows[i][0] = one("330108", 25 + k).uscc
        i = plant.put("fifteen_digits", "repaired", "operator_id", [j for j, r in enumerate(rows) if r[4][6:8] == "19"])
        rows[i][4] = rows[i][4][:6] + rows[i][4][8:17]
        i = plant.put("comma_full_width", "accepted", "org_name")
        rows[i][2] = "老街坊，小吃店"
        i = plant.put("thousands", "repaired", "capital")
        rows[i][7] = "1,200.00万元"
        if k == 1:
            i = plant.put("masked_number", "bad_id_charset", "operator_id")
            rows[i][4] = rows[i][4][:6] + "********" + rows[i][4][14:]
        content = csv(header, rows, guarded=(0, 1, 4))
        yield File("sc__individual_business", f"个体工商户_{month:%Y%m}.csv", world.after(month, 4), content, len(rows), faults=faults)
