"""(6) 健康医疗: beds and work of the institutions, inpatient records, settlements, family doctors."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from xihu.sample import ids
from xihu.sample.dates import month_end
from xihu.sample.forms.messages import enveloped, xml
from xihu.sample.forms.sheets import Cell, Sheet, xlsx
from xihu.sample.forms.texts import control, dump
from xihu.sample.people import Person
from xihu.sample.themes.extract import Fault, File, World
from xihu.sample.themes.hospitals import centres, hospitals, institutions
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting
from xihu.sample.themes.reports import heading, wrong_check

TITLE = "健康医疗"


def files(world: World) -> Iterator[File]:
    """Reports, messages, dumps and pages of the health authorities."""
    yield from _reports(world)
    yield from _inpatients(world)
    yield from _settlements(world)
    yield from _family_doctors(world)


# ---- 医疗机构月报
REPORT = ("机构编码", "机构名称", "统一社会信用代码", "机构级别", "床位/编制床位", "床位/实有床位", "床日/实际开放床日",
          "床日/实际占用床日", "工作量/门急诊人次", "工作量/出院人数", "人员/执业医师", "人员/注册护士", "报告月份")  # fmt: skip


def _reports(world: World) -> Iterator[File]:
    for k, month in enumerate(world.months):
        day, days = world.after(month, 8), month_end(month).day
        sheets, faults = [], list[Fault]()
        for district in world.districts:
            name, rng = ids.DISTRICTS[district][0], world.rng("wj__institution_report", month, district)
            rows: list[list[Cell]] = []
            for i in (x for x in institutions() if x.district == district):
                rate = (
                    rng.uniform(0.86, 1.04)
                    if i.level.startswith("三级")
                    else rng.uniform(0.7, 0.92)
                    if i.beds > 60
                    else rng.uniform(0.2, 0.6)
                )
                opened = i.beds * days
                used = int(opened * rate)
                visits = int(i.doctors * rng.uniform(260, 420))
                rows.append([
                    i.no, i.name, i.uscc, i.level, i.beds, i.beds, opened, used, f"{visits:,}", int(used / rng.uniform(7.5, 9.8)),
                    i.doctors, int(i.doctors * 1.3), datetime(month.year, month.month, 1),
                ])  # fmt: skip
            p = Planting(rng, len(rows), name, {0})
            if district == "330105":
                i_ = p.put("credit_code_of_another", "bad_uscc", "uscc")
                rows[i_][2] = str(rows[i_][2])[:-2] + "II"
            elif district == "330185" and k != 1:
                i_ = p.put("days_of_a_year", "check_failed", "open_days")
                rows[i_][6] = int(str(rows[i_][5])) * 366
            elif district == "330182" and k == 1:
                i_ = p.put("negative_days", "out_of_range", "occupied_days")
                rows[i_][7] = -30
            faults += p.faults
            total: list[Cell] = ["合计", None, None, None, *[sum(int(str(r[j])) for r in rows) for j in (4, 5, 6, 7)]]
            above = heading(f"{name}医疗卫生机构月报表", "卫统1表", day, len(REPORT))
            sheets.append(Sheet(name, REPORT, rows, above, {len(rows): total}, "单位负责人：   填表人：   "))
        content = xlsx(sheets, "yyyy年m月")
        yield File(
            "wj__institution_report", f"医疗机构月报_{month:%Y%m}.xlsx", day, content, sum(len(s.rows) for s in sheets), "111500", faults
        )


# ---- 住院病案首页
ILLNESSES = (("I63.900", 9), ("I25.103", 8), ("J18.900", 9), ("K80.201", 5), ("C34.900", 6), ("C73.x00", 4), ("S72.000", 4), ("E11.900", 5),
             ("O82.000", 6), ("H25.900", 5), ("I10.x00", 4), ("J44.100", 4), ("K35.900", 3))  # fmt: skip
DE = {  # WS 445-2014, data elements of the front page
    "no": "DE01.00.004.00", "name": "DE02.01.039.00", "id": "DE02.01.030.00", "sex": "DE02.01.040.00", "born": "DE02.01.005.01",
    "in": "DE06.00.092.00", "out": "DE06.00.017.00", "icd": "DE05.01.024.00", "op": "DE06.00.093.00", "way": "DE06.00.223.00",
    "total": "HDSD00.11.142", "drug": "HDSD00.11.108", "material": "HDSD00.11.074", "self": "HDSD00.11.143",
}  # fmt: skip


def _inpatients(world: World) -> Iterator[File]:
    people = [p for p in world.persons if p.registered_on <= world.w.first and not p.permit]
    back: list[tuple[Person, str, date]] = []
    for k, month in enumerate(world.months):
        rng = world.rng("wj__inpatient_record", month)
        chosen = rng.choices(people, [1 + max(p.age(month) - 30, 0) ** 1.5 / 12 for p in people], k=95)
        chosen = [p for p in {p.id18: p for p in chosen}.values() if p.alive(month_end(month))][:75]
        stays = [_stay(world, rng, p, month, i) for i, p in enumerate(chosen)]
        for p, icd, left in back:  # readmitted within a month for the same illness
            again = _stay(world, rng, p, month, len(stays))
            came = left + timedelta(days=rng.randrange(5, 25))
            if came.month == month.month:
                again |= {"icd": icd, "in": f"{came:%Y-%m-%d}T10:20:00", "out": f"{came + timedelta(days=6):%Y-%m-%d}T09:00:00"}
                stays.append(again)
        back = [(p, s["icd"], date.fromisoformat(s["out"][:10])) for p, s in zip(chosen[:12], stays[:12], strict=True)]
        plant = Planting(rng, 75, spared=range(12))
        i = plant.put("newborn_without_number", "accepted", "id_no")
        stays[i] |= {"id": "", "name": chosen[i].name[0] + "婴", "born": stays[i]["in"][:10], "icd": "P59.900"}
        i = plant.put("beyond_gb2312", "accepted", "name")
        stays[i]["name"] = stays[i]["name"][0] + "喆㛃"
        i = plant.put("out_before_in", "check_failed", "discharged_on")
        stays[i]["out"] = f"{month - timedelta(days=40):%Y-%m-%d}T08:00:00"
        i = plant.put("check_digit", "bad_id_check", "id_no")
        stays[i]["id"] = wrong_check(stays[i]["id"])
        if k == 1:
            i = plant.put("drugs_above_total", "check_failed", "drug_cost")
            stays[i]["drug"] = f"{float(stays[i]['total']) * 10:.2f}"
        elif k == 2:
            i = plant.put("no_such_way", "unknown_code", "discharge_way")
            stays[i]["way"] = "7"
        name, day = f"住院病案首页_{month:%Y%m}.xml", world.after(month, 10)
        whole = _shared_document(stays, "hdr:" if k == 2 else "")
        whole = gzip.compress(whole, mtime=0) if k else whole  # the platform packs it since November
        if k == 0:  # the gateway put its own page into the body
            page = enveloped("<html><body>会话已过期，请重新登录".encode(), head=_head(month, len(stays)))
            yield File("wj__inpatient_record", name, day, page, 0, "020500", refused="wrong_format", note="报文体是登录页")
            day += timedelta(days=1)
        content = enveloped(whole, head=_head(month, len(stays)))
        yield File("wj__inpatient_record", name, day, content, len(stays), "020500", plant.faults)


def _stay(world: World, rng: Random, p: Person, month: date, i: int) -> dict[str, str]:
    house = rng.choice([h for h in hospitals() if h.district == p.district] * 3 + hospitals())
    days = min(1 + int(rng.gammavariate(2.4, 3.6)), 55)
    left = month + timedelta(days=rng.randrange(month_end(month).day))
    icd = rng.choices([c for c, _ in ILLNESSES], [w for _, w in ILLNESSES])[0]
    if (icd.startswith("O") and (p.sex == 1 or p.age(month) > 48)) or p.age(month) < 18:
        icd = "J18.900"
    operated = icd[0] in "SOHK" or rng.random() < 0.15
    total = days * rng.uniform(650, 1400) + (rng.uniform(6000, 28000) if operated else 0)
    return {
        "org": house.no, "no": f"{house.no[-5:]}{month:%y%m}{i:05d}", "name": p.name, "id": p.id18, "sex": str(p.sex),
        "born": f"{p.birth:%Y-%m-%d}",
        "in": f"{left - timedelta(days=days):%Y-%m-%d}T{rng.randrange(8, 22):02d}:{rng.randrange(60):02d}:00",
        "out": f"{left:%Y-%m-%d}T{rng.randrange(8, 17):02d}:{rng.randrange(60):02d}:00", "icd": icd, "op": "79.3500" if operated else "",
        "way": rng.choices("12345", (88, 3, 3, 4, 2))[0] if p.age(month) > 60 else rng.choices("124", (94, 2, 4))[0],
        "total": f"{total:.2f}", "drug": f"{total * rng.uniform(0.22, 0.42):.2f}",
        "material": f"{total * (rng.uniform(0.15, 0.3) if operated else 0.06):.2f}", "self": f"{total * rng.uniform(0.18, 0.5):.2f}",
    }  # fmt: skip


def _head(month: date, count: int) -> str:
    return f"<Head><Sender>330100</Sender><Period>{month:%Y%m}</Period><Count>{count}</Count></Head>"


def _shared_document(stays: list[dict[str, str]], prefix: str) -> bytes:
    space = f'xmlns{":" + prefix[:-1] if prefix else ""}="urn:hl7-org:v3{"" if prefix else ":ws445"}"'
    out = []
    for s in stays:
        items = "".join(f'<{prefix}item code="{DE[k]}" value="{s[k]}"/>' for k in DE if s[k])
        out.append(f'<{prefix}ClinicalDocument organization="{s["org"]}">{items}</{prefix}ClinicalDocument>')
    return xml(f"<{prefix}Documents {space}>" + "\n".join(out) + f"</{prefix}Documents>")


# ---- 医保结算主表: a Hive export, \x01 between cells
def _settlements(world: World) -> Iterator[File]:
    people = [p for p in world.persons if p.medical and not p.permit and p.registered_on <= world.w.first]
    serial, sent = 0, list[list[str]]()
    for month in world.months:
        for week, first in enumerate(d for d in world.days(month) if d.day in (1, 8, 15, 22)):
            last = first + timedelta(days=6) if first.day < 22 else month_end(month)
            rng = world.rng("yb__settlement", first)
            rows = []
            for p in rng.choices([p for p in people if p.alive(last)], k=50):
                serial += 1
                rows.append(_settled(rng, p, first, last, serial))
            plant = Planting(rng, len(rows))
            i = plant.put("line_end_in_remark", "accepted", "note")
            rows[i][13] = "跨年结算\n已与医院核对"
            if week == 0:
                i = plant.put("shares_do_not_add_up", "check_failed", "total")
                rows[i][7] = f"{float(rows[i][7]) + 100:.2f}"
            elif week == 1:
                i = plant.put("refund", "accepted", "total")
                rows[i][7:13] = [f"-{v}" if float(v) else v for v in rows[i][7:13]]
                rows[i][13] = "退费红冲"
            elif week == 2:
                i = plant.put("settled_again", "duplicate", "settlement_no")
                rows[i] = list(sent[-1])
            else:
                i = plant.put("number_of_another", "duplicate_key", "settlement_no")
                rows[i][0] = sent[-1][0]
                if first.month == 11:
                    i = plant.put("no_such_category", "unknown_code", "kind")
                    rows[i][5] = "99"
            sent += [r for i, r in enumerate(rows) if i not in plant.bad][:2]
            name, day = f"yb_settle_{first:%Y%m%d}.txt", last + timedelta(days=1)
            content = dump(rows, "\x01", "utf-8")
            beside = {name.replace(".txt", ".ctl"): control(name, content, len(rows)), name.replace(".txt", ".ok"): b""}
            if week == 3 and month in world.months[1:2]:  # the transfer stopped before its end
                short = content[: len(content) * 3 // 5]
                note = "传输中断，行数与摘要不符"
                yield File("yb__settlement", name, day, short, 0, "013000", beside=beside, refused="companion_mismatch", note=note)
                day += timedelta(days=1)
            yield File("yb__settlement", name, day, content, len(rows), "013000", plant.faults, beside)


def _settled(rng: Random, p: Person, first: date, last: date, serial: int) -> list[str]:
    kind = rng.choices(("11", "14", "21", "41"), (68, 12, 5, 15))[0]
    old = p.age(first) >= 60
    total = {"11": rng.gammavariate(2, 95), "14": rng.gammavariate(2, 160), "21": rng.gammavariate(2, 5200), "41": rng.gammavariate(2, 45)}[
        kind
    ]
    cents = max(int(total * 100), 600)
    fund = int(cents * ((0.74 if kind == "21" else 0.5) + (0.06 if old else 0))) if kind != "41" else 0
    major = int((cents - 2_500_000) * 0.5) if kind == "21" and cents > 2_500_000 else 0
    aid = int((cents - fund - major) * 0.4) if p.income < -1.6 and kind == "21" else 0
    account = int((cents - fund - major - aid) * (0.6 if p.medical == "employee_medical" else 0))
    own = cents - fund - major - aid - account
    at = datetime(first.year, first.month, first.day) + timedelta(
        days=rng.randrange((last - first).days + 1), hours=rng.randrange(8, 17), seconds=rng.randrange(3600)
    )
    house = rng.choice(hospitals() if kind == "21" or rng.random() < 0.42 else centres())
    return [
        f"JS{first:%y%m}{serial:010d}", f"{p.key % 10**9:09d}", p.id18, p.name, house.no, kind, f"{at:%Y-%m-%d %H:%M:%S}",
        *[f"{c / 100:.2f}" for c in (cents, fund, account, major, aid, own)], "", p.district,
    ]  # fmt: skip


# ---- 家庭医生签约: pages of an interface, fetched while rows moved
GROUPS = (("elderly", "老年人"), ("hypertension", "高血压"), ("diabetes", "糖尿病"), ("pregnant", "孕产妇"), ("disabled", "残疾人"))


def _family_doctors(world: World) -> Iterator[File]:
    people = [p for p in world.adults(world.w.first, 18) if p.street]
    signed: list[dict[str, Any]] = []
    taken: set[str] = set()
    for k, month in enumerate(world.months):
        rng = world.rng("wj__family_doctor", month)
        free = [p for p in people if p.id18 not in taken and p.alive(month_end(month))]
        chosen = rng.choices(free, [4 if p.age(month) >= 60 else 1 for p in free], k=160)
        records = []
        for p in {p.id18: p for p in chosen}.values():
            taken.add(p.id18)
            records.append(_agreement(rng, p, month, len(taken)))
        ended = [r | {"status": "2", "endReason": rng.choice(("迁出", "本人解约", "死亡"))} for r in signed if rng.random() < 0.06]
        plant = Planting(rng, len(records))
        i = plant.put("null_as_text", "accepted", "group")
        records[i]["group"] = "null"
        i = plant.put("check_digit", "bad_id_check", "id_no")
        records[i]["idNo"] = wrong_check(records[i]["idNo"])
        if k == 1:
            i = plant.put("until_before_signing", "check_failed", "valid_until")
            records[i]["validUntil"] = "2012-12-31"
        elif k == 2:
            i = plant.put("month_thirteen", "bad_date", "signed_on")
            records[i]["signTime"] = f"{month:%Y}-13-05"
        signed = [r for i, r in enumerate(records) if i not in plant.bad]
        content, faults, rows = paged([*records, *ended], plant.faults, 40, 0 if k == 0 else 2)
        name, day = f"家庭医生签约_{month:%Y%m}.json", world.after(month, 2)
        if k == 1:
            page = '{"code":"500","message":"系统繁忙，请稍后再试","data":null}\n'.encode()
            yield File("wj__family_doctor", name, day, page, 0, "033000", refused="error_envelope", note="接口返回错误码")
            day += timedelta(days=1)
        yield File("wj__family_doctor", name, day, content, rows, "033000", faults)


def _agreement(rng: Random, p: Person, month: date, n: int) -> dict[str, Any]:
    centre = [c for c in centres() if c.district == p.district][p.key % 3]
    at = datetime(month.year, month.month, 1 + rng.randrange(28), rng.randrange(0, 9), rng.randrange(60))  # 8 to 17 o'clock here
    group = "elderly" if p.age(month) >= 65 else "disabled" if p.disability else rng.choice(("hypertension", "diabetes", None, None, None))
    return {
        "agreementNo": f"QY{p.district}{month:%Y%m}{n:05d}", "name": p.name, "idNo": p.id18, "orgCode": centre.no, "orgName": centre.name,
        "team": f"第{1 + p.key % 5}团队", "signTime": int((at - datetime(1970, 1, 1)).total_seconds()) * 1000,
        "validUntil": f"{month.year + 1}-{month.month:02d}-28", "group": group, "status": "1", "endReason": "null", "district": p.district,
    }  # fmt: skip


__all__ = ["TITLE", "files"]
