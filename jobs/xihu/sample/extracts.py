"""Rows of the extracts: what each department knows about a person at the end of a month.

Values are canonical text (ISO dates and months, plain decimals, the sender's own codes); `writers` and `dirt` give them their looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from xihu.sample import ids
from xihu.sample.dates import Window, add_months, first_of, month_end
from xihu.sample.people import Household, Person, Spell

Row = list[str]
Emit = Callable[[str, int, str, Row, Person | None], None]

STATUS = {"normal": "正常", "army": "服兵役", "abroad": "出国境", "prison": "服刑", "cancelled": "注销", "moved_out": "迁出"}
INSURED = {"active": "正常参保", "suspended": "暂停参保", "ended": "终止参保", "retired": "离退休", "drawing": "享受待遇"}
RELATION = {"02": "户主", "12": "妻", "11": "夫", "20": "子", "30": "女", "50": "父母", "80": "其他亲属"}
MARITAL = {"10": "未婚", "20": "已婚", "30": "丧偶", "40": "离婚"}
EDUCATION = ["81", "71", "61", "41", "31", "21", "14"]
PROGRAMMES = {"W9": "高龄津贴", "W12a": "城乡居民养老参保", "W12b": "城乡居民养老待遇"}
STAGES = {"primary": "小学", "junior": "初中", "senior": "高中", "vocational": "中职", "university": "高校"}
ROLL = {"enrolled": "在读", "graduated": "毕业", "left": "退学", "suspended": "休学"}


def _iso(d: date | None) -> str:
    return d.isoformat() if d else ""


def _sex(p: Person) -> str:
    return "男" if p.sex == 1 else "女"


def _money(x: float) -> str:
    return f"{x:.2f}"


def firm(key: tuple[str, int]) -> tuple[str, str, str, date, str, str]:
    """(USCC, name, kind, established, capital in 万元, representative): a function of district and number alone."""
    district, n = key
    body = f"{'M' if n % 3 else '5'}A{district[4:]}{(n * 7919 + int(district)) % 10**4:04d}"
    if n < 20:  # state bodies
        return (
            ids.uscc("1", "2", district, body),
            f"杭州市{ids.DISTRICTS[district][0]}第{n + 1}事业单位",
            "事业单位",
            date(1998, 3, 1),
            "0.00",
            "",
        )
    a, b = "华恒天宏瑞泰中新远东盛嘉浙杭信", "达通源创联海丰隆康益辉科腾业润"
    trade = ("贸易", "机械", "纺织", "电子商务", "餐饮管理", "建设", "物流", "网络科技", "食品", "服饰")[n % 10]
    name = f"杭州{a[n % 15]}{b[n // 15 % 15]}{'甲乙丙丁戊己庚辛壬癸'[n // 225 % 10] if n >= 225 else ''}{trade}有限公司"
    capital = (50, 100, 200, 500, 1000, 5000)[n % 6]
    return (ids.uscc("9", "1", district, body), name, "有限责任公司", date(1995 + n % 21, 1 + n % 12, 1 + n % 28), _money(capital), "")


def sent_id(p: Person, old_sender: bool = False) -> str:
    """The number as this sender holds it: old paper files still carry fifteen digits."""
    if p.permit:
        return p.permit
    if old_sender and p.old_number and p.age(date(2016, 12, 31)) >= 60 and p.key % 40 == 0:
        return ids.short_form(p.id18) or p.id18
    return p.id18


def police(p: Person, k: int, t: date, emit: Emit) -> None:
    """Household register and floating population at the end of month k."""
    month = first_of(t)
    if p.local:
        if p.registered_on > t or (p.cancelled and p.cancelled < month) or (p.left_city and p.left_city < month):
            return
        status, since = "normal", p.registered_on
        if p.absence and p.absence[1] <= t and (p.absence[2] is None or p.absence[2] > t):
            status, since = p.absence[0], p.absence[1]
        elif p.absence and p.absence[2] and p.absence[2] <= t:
            since = p.absence[2]
        if p.left_city and p.left_city <= t:
            status, since = "moved_out", p.left_city
        if p.cancelled and p.cancelled <= t:
            status, since = "cancelled", p.cancelled
        here = p.at(t)
        moved = max((day for day, _ in p.moves if day <= t), default=None)
        street, address = p.street, p.address
        if here != p.district:
            street = ids.STREETS[here][p.key % len(ids.STREETS[here])]
            address = f"{street}新迁社区{p.key % 90 + 1}号"
        emit("ga__household_register", k, here, [
            p.id18, p.name, _sex(p), _iso(p.birth), p.ethnic, p.house_no, RELATION.get(p.relation, "其他亲属"), MARITAL[p.marital],
            p.education, here, street, address, "农业" if p.farm else "非农业", STATUS[status], _iso(since), _iso(p.registered_on),
            _iso(moved), _iso(t),
        ], p)  # fmt: skip
    elif p.arrived and p.arrived <= t and not (p.left_city and p.left_city <= t) and p.alive(t):
        emit("ga__floating_population", k, p.district, [
            sent_id(p), p.name, _sex(p), _iso(p.birth), p.origin + "城关镇", p.district, p.street, _iso(p.arrived), p.residence_permit,
            f"{t.year + 1}-{p.arrived.month:02d}-28", _iso(t),
        ], p)  # fmt: skip


def papers(p: Person, k: int, t: date, w: Window, emit: Emit) -> None:
    """Births, deaths, cremations, marriages of month k."""
    month = first_of(t)
    if p.born_in_window and first_of(p.birth) == month and p.mother:
        known = p.id18 if p.registered_on <= t else ""
        f, m = p.father, p.mother
        emit("wj__birth_certificate", k, p.district, [
            f"P33{p.key % 10**7:07d}", p.name, _sex(p), _iso(p.birth), known, m.name, sent_id(m),
            f.name if f else "", sent_id(f) if f else "",
            f"杭州市{ids.DISTRICTS[p.district][0]}妇幼保健院", str(2500 + p.key % 1500), p.district,
        ], p)  # fmt: skip
    if p.death and p.death_certified == k:
        emit("wj__death_certificate", k, p.district, [
            f"D3301{p.death:%Y}{p.key % 10**8:08d}", p.name, sent_id(p), _sex(p), _iso(p.birth), _iso(p.death), p.cause,
            ("医疗卫生机构", "家中", "养老机构", "来院途中")[p.key % 4], p.at(t),
        ], p)  # fmt: skip
    if p.cremated and p.cremation_reported == k:
        emit("mz__cremation", k, p.district, [
            "", p.name, sent_id(p), _sex(p), _iso(p.death), _iso(p.cremated),
            ("杭州殡仪馆", "萧山殡仪馆", "余杭殡仪馆", "富阳殡仪馆")[p.key % 4],
            p.at(t),
        ], p)  # fmt: skip
    if p.married_on and first_of(p.married_on) == month and p.spouse:
        man, woman = (p, p.spouse) if p.sex == 1 else (p.spouse, p)
        emit("mz__marriage", k, p.district, [
            f"J{p.district}-{t.year}-{p.key % 10**6:06d}", man.name, sent_id(man), woman.name, sent_id(woman),
            _iso(p.married_on), p.district,
        ], p)  # fmt: skip


def paid(p: Person, kind: str, month: date) -> float | None:
    """Amount of one month's payment, 0.00 for an empty line in the list, None where nothing was sent."""
    since, amount = {
        "elderly_allowance": (p.elderly_from, 0.0),
        "resident_pension": (p.resident_from, p.resident_pension),
        "employee_pension": (p.pension_from, p.pension),
        "disability_nursing": (p.nursing_from, 0.0),
    }[kind]
    if since is None or month < since:
        return None
    override = p.skip.get(kind, {}).get(month)
    if override == "missed":
        return None
    t = month_end(month)
    if kind == "elderly_allowance":
        age = p.age(t)
        amount = 50.0 if age < 90 else 100.0 if age < 100 else 300.0
    if kind == "disability_nursing" and p.disability:
        amount = 250.0 if p.disability[1] == "1" else 125.0
    if p.death and first_of(p.death) < month and override != "paid":
        # the month after a death is paid when the registration was cancelled too late to stop the batch
        stopped = p.cancelled if p.cancelled else None
        if stopped is None or stopped < month or add_months(p.death, 1) != month:
            return None
    if p.left_city and p.left_city < month:
        return None
    if p.local and p.registered_on > t:
        return None
    return 0.0 if override == "zero" else amount


def payments(p: Person, k: int, t: date, emit: Emit) -> None:
    """Payment lists of month k."""
    month = first_of(t)
    district = p.at(t)
    account = f"6228{p.key % 10**15:015d}"
    amount = paid(p, "elderly_allowance", month) if p.local else None
    if amount is not None:
        emit(
            "mz__elderly_allowance",
            k,
            district,
            ["", p.name, sent_id(p, True), str(p.age(t)), _money(amount), "0.00", _money(amount), _iso(month), ""],
            p,
        )
    for kind in ("resident_pension", "employee_pension"):
        amount = paid(p, kind, month)
        if amount is not None:
            emit(
                f"rs__{kind}",
                k,
                district,
                [
                    f"{month:%Y%m}{'31' if kind == 'resident_pension' else '11'}01",
                    sent_id(p),
                    p.name,
                    _iso(month),
                    _money(amount),
                    account,
                    district,
                ],
                p,
            )
    if p.disability and p.local and p.registered_on <= t:
        amount = paid(p, "disability_nursing", month)
        if amount is not None:
            emit("mz__disability_nursing", k, district, [p.name, sent_id(p), p.disability[1], _money(amount), _iso(month), district], p)


def families(h: Household, k: int, t: date, emit: Emit) -> None:
    """Minimum allowance: families and their members in month k."""
    month = first_of(t)
    if h.dibao is None or h.dibao[0] > month or (h.dibao_end and h.dibao_end < month):
        return
    covered = [p for p in h.members if p.local and p.registered_on <= t and not (p.death and p.death < month) and not p.born_in_window
               and not (p.left_city and p.left_city < month)]  # fmt: skip
    if not covered:
        return
    head = covered[0]
    district = head.at(t)
    men = sum(1 for p in covered if p.sex == 1)
    emit("mz__dibao_family", k, district, [
        "", "DB" + h.no, head.name, sent_id(head, True), str(len(covered)), str(men), str(len(covered) - men),
        _money(h.dibao[2]), _iso(month), _iso(h.dibao[0]),
    ], head)  # fmt: skip
    for p in covered:
        relation = RELATION.get(p.relation, "其他亲属") if p is not head else "户主"
        emit("mz__dibao_member", k, district, ["DB" + h.no, p.name, sent_id(p), relation, _iso(h.dibao[0]), _iso(month), district], p)


def _status(spell: Spell, t: date) -> str:
    if spell.end is not None and spell.end <= t:
        return spell.status if spell.status in ("suspended", "ended") else "ended"
    return "active" if spell.status in ("suspended", "ended") else spell.status


def insurance(p: Person, k: int, t: date, w: Window, emit: Emit) -> None:
    """Social and medical insurance registers, jobs, insurance in other cities."""
    district = p.at(t)
    for spell in p.employee:
        if spell.start <= t:
            status = _status(spell, t)
            ended = spell.end if spell.end and spell.end <= t else None
            if status == "active" and p.retired and p.retired <= t:
                status = "retired"
            code = firm(spell.employer)[0] if spell.employer and status != "retired" else ""
            emit(
                "rs__insurance_register",
                k,
                district,
                [p.id18, p.name, "110", code, INSURED[status], _iso(spell.start), _iso(ended), _money(spell.base), district, _iso(t)],
                p,
            )
            if p.key % 20 and status not in ("retired",):
                emit(
                    "rs__insurance_register",
                    k,
                    district,
                    [p.id18, p.name, "210", code, INSURED[status], _iso(spell.start), _iso(ended), _money(spell.base), district, _iso(t)],
                    p,
                )
    for spell in p.resident:
        if spell.start <= t:
            status = _status(spell, t)
            if status == "drawing" and (p.resident_from is None or p.resident_from > t):
                status = "active"
            ended = spell.end if spell.end and spell.end <= t else None
            emit(
                "rs__insurance_register",
                k,
                district,
                [p.id18, p.name, "170", "", INSURED[status], _iso(spell.start), _iso(ended), "", district, _iso(t)],
                p,
            )
    for spell in p.jobs:
        if spell.start <= t and not (spell.end and spell.end < date(2016, 1, 1)):
            ended = spell.end if spell.end and spell.end <= t else None
            uscc, name = firm(spell.employer or (p.district, 1))[:2]
            emit(
                "rs__employment",
                k,
                district,
                [p.id18, p.name, uscc, name, "离职" if ended else "在职", _iso(spell.start), _iso(ended), district, _iso(t)],
                p,
            )
    if p.elsewhere and p.local and p.elsewhere[3] <= t and p.alive(t):
        scheme, province, city, start, end = p.elsewhere
        emit(
            "rs__insured_elsewhere",
            k,
            district,
            [
                p.id18,
                p.name,
                "110" if scheme == "employee_pension" else "170",
                province,
                city,
                _iso(start),
                _iso(end if end and end <= t else None),
                district,
                _iso(t),
            ],
            p,
        )
    if p.medical and p.medical_since and p.medical_since <= t:
        gone = p.cancelled if p.cancelled and p.cancelled <= t else p.left_city if p.left_city and p.left_city <= t else None
        if gone is None or gone >= w.first:
            scheme = "310" if p.medical == "employee_medical" else "390"
            emit("yb__medical_register", k, district, [
                f"3301{p.key % 10**10:010d}", sent_id(p), p.name, "M" if p.sex == 1 else "F", scheme,
                INSURED["ended" if gone else "active"],
                _iso(p.medical_since), _iso(gone), district, _iso(t),
            ], p)  # fmt: skip


def contributions(p: Person, emit: Emit, w: Window) -> None:
    """Yearly contributions: delivery k of the past has a negative index (see `deliver.history`)."""

    def send(slot: int, year: int, level: int, day: date) -> None:
        # a file of an earlier January carries the district's code of that day
        district = p.district if slot >= -1 else ids.prefix_of(p.district, w.first.year + slot + 1)
        number = f"{year}{p.key % 10**12:012d}"
        row = [number, p.name, p.id18, str(year), _money(level), _money(level), _iso(day), district]
        emit("rs__resident_contribution", slot, p.district, row, p)

    for year in p.old_years:
        send(-(w.first.year - 2010) - 1, year, 60, date(year, 11, 1))
    for year, (level, day) in sorted(p.contributions.items()):
        if day < date(w.first.year, 1, 1):
            send(-(w.first.year - max(day.year, 2010)) - 1, year, level, day)
        elif day < w.first:
            send(-1, year, level, day)
        elif day <= w.last:
            k = w.index(day)
            assert k is not None
            send(k, year, level, day)


def rolls(p: Person, k: int, t: date, emit: Emit) -> None:
    """Certificates of disability (changes), school roll, higher schemes, signed refusals."""
    district = p.at(t)
    here = p.local and p.registered_on <= t
    if p.disability and here:
        category, grade, issued = p.disability
        row = ["I", f"{p.id18}{category}{grade}", p.name, p.id18, category, grade, _iso(issued), "有效", district]
        if k == 0 and (p.cancelled is None or p.cancelled > t):
            emit("cl__disability_certificate", k, district, row, p)
        elif k > 0 and p.cancelled and first_of(p.cancelled) == first_of(t):
            emit("cl__disability_certificate", k, district, ["U", *row[1:7], "注销", district], p)
        elif k > 0 and any(first_of(day) == first_of(t) for day, _ in p.moves):
            emit("cl__disability_certificate", k, district, ["U", *row[1:]], p)
    for s in p.school:
        if s.since <= t:
            left = s.left if s.left and s.left <= t else None
            guardian = p.mother or p.father
            minor = guardian is not None and p.age(t) < 18
            emit("jy__school_roll", k, p.district, [
                s.number, p.name, sent_id(p), "1" if p.sex == 1 else "0", s.name, STAGES[s.stage], _iso(s.since), _iso(left),
                ROLL[s.status if left else "enrolled"],
                guardian.name if minor and guardian else "", sent_id(guardian) if minor and guardian else "",
                p.district, _iso(t),
            ], p)  # fmt: skip
    if p.veteran and here and p.alive(t):
        emit(
            "mz__veteran_support",
            k,
            district,
            [p.name, sent_id(p, True), p.veteran[0], _iso(p.veteran[1]), _money(p.veteran[2]), district, _iso(t)],
            p,
        )
    if p.cadre and here and p.alive(t):
        unit = f"{ids.DISTRICTS[p.district][0]}" + ("粮食局", "供销合作社", "文化馆", "水利局")[p.key % 4]
        emit(
            "lgb__retired_cadre",
            k,
            district,
            [p.name, sent_id(p, True), p.cadre[0], _iso(p.cadre[1]), _money(p.cadre[2]), unit, district, _iso(t)],
            p,
        )
    for programme, signed in p.refused.items():
        if (k == 0 and signed <= t) or (k > 0 and first_of(signed) == first_of(t)):
            emit(
                "mz__refusal",
                k,
                district,
                [f"FQ{signed:%Y}{p.key % 10**6:06d}{programme[-1]}", p.name, sent_id(p), PROGRAMMES[programme], _iso(signed), district],
                p,
            )


def enterprises(district: str, count: int, t: date, k: int) -> Iterator[Row]:
    """The enterprise register of a district."""
    for n in range(20, count):
        uscc, name, kind, established, capital, _ = firm((district, n))
        if established > t:
            continue
        closed = n % 23 == 0 and k >= n // 23 % 4
        who = "王李张陈沈徐"[n % 6] + "建国明华伟丽芳军"[n % 8] + ("平生良" if n % 3 else "")[n % 3 : n % 3 + 1]
        yield [uscc, name, kind, who, _iso(established), capital, "注销" if closed else "存续", district, _iso(t)]


def everything(h: Household, w: Window, emit: Emit) -> None:
    """All rows of one household over all months."""
    for k, month in enumerate(w.months):
        t = month_end(month)
        for p in h.members:
            police(p, k, t, emit)
            papers(p, k, t, w, emit)
            payments(p, k, t, emit)
            insurance(p, k, t, w, emit)
            rolls(p, k, t, emit)
        families(h, k, t, emit)
    for p in h.members:
        contributions(p, emit, w)


__all__ = ["Emit", "Row", "enterprises", "everything", "firm", "paid", "sent_id"]
