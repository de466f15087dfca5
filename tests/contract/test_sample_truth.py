"""The truths of the sample city against its own files, read a second time by plain code: what the departments sent is what the oracle knew.

Clean files only (`dirt_rate=0`). Nothing of the pipeline takes part, and nothing of the oracle: the three programmes are worked out anew
from rows, so a truth that stands in no file, or a file that tells another story, turns this red.
"""

from __future__ import annotations

import csv
import io
from calendar import monthrange
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from xihu.sample import generate

Row = dict[str, str]


def day(text: str) -> date | None:
    digits = "".join(c for c in text if c.isdigit())[:8]
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if digits else None


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("city")
    generate(home / "landing", persons=4_000, seed=5, months=3, dirt_rate=0.0, oversample=2)
    return home


@pytest.fixture(scope="module")
def rows(city: Path) -> dict[str, list[Row]]:
    """All accepted rows of all resources in order of arrival; `_month` is the month in the file's name."""
    out: dict[str, list[Row]] = defaultdict(list)
    with (city / "truth" / "deliveries.csv").open(encoding="utf-8") as f:
        accepted = sorted((r for r in csv.DictReader(f) if r["expected_verdict"].startswith("accepted")), key=lambda r: r["delivery"])
    for a in accepted:
        path = city / "landing" / a["delivery"] / a["dept"] / a["file"]
        month = path.stem.split("_")[-1]
        for row in {".csv": text, ".txt": batch, ".xlsx": sheets}[path.suffix](path):
            out[a["resource"]].append({**row, "_month": month})
    return out


def text(path: Path) -> list[Row]:
    data = path.read_bytes()
    plain = data.decode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "gb18030")
    return [{k: v.strip("\t") for k, v in r.items()} for r in csv.DictReader(io.StringIO(plain, newline=""))]


def batch(path: Path) -> list[Row]:
    lines = path.read_bytes().split(b"\r\n")
    details = [x for x in lines if x.startswith(b"D")]
    trailer = lines[-2].decode()
    assert int(trailer[1:9]) == len(details)
    assert int(trailer[9:24]) == sum(int(x[65:77]) for x in details)
    return [
        {
            "身份证号": x[11:29].decode().strip(),
            "发放月份": x[59:65].decode(),
            "合计": f"{int(x[65:77]) / 100:.2f}",
            "批次号": x[1:11].decode(),
        }
        for x in details
    ]


def sheets(path: Path) -> list[Row]:
    book = CalamineWorkbook.from_path(str(path))
    out = []
    for name in book.sheet_names:
        table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        low = table[3]
        head = [str(b or a) for a, b in zip(table[2], low, strict=True)]
        for line in table[4:]:
            if line[0] not in ("小计", "合计") and not str(line[0]).startswith("填表人"):
                out.append({h: str(v) for h, v in zip(head, line, strict=True)})
    return out


def age(born: date, t: date) -> int:
    return t.year - born.year - ((t.month, t.day) < (born.month, born.day))


def birthday(born: date, n: int) -> date:
    return (
        date(born.year + n, 3, 1)
        if (born.month, born.day) == (2, 29) and (born.year + n) % 4
        else date(born.year + n, born.month, born.day)
    )


class Known:
    """What the files say, arranged by person."""

    def __init__(self, rows: dict[str, list[Row]]) -> None:
        self.register = {(r["公民身份号码"], r["_month"]): r for r in rows["ga__household_register"]}
        self.deaths: dict[str, date | None] = {r["身份证号"]: day(r["死亡日期"]) for r in rows["wj__death_certificate"]}
        self.deaths |= {r["身份证号"]: day(r["死亡日期"]) for r in rows["mz__cremation"]}
        self.paid: dict[tuple[str, str, str], float] = {}
        for r in rows["mz__elderly_allowance"]:
            month = "".join(c for c in r["发放月份"] if c.isdigit())
            number = r["身份证号"] if len(r["身份证号"]) == 18 else long_form(r["身份证号"])
            self.paid["elderly_allowance", number, month] = float(r["合计"].replace(",", ""))
        for kind in ("resident_pension", "employee_pension"):
            for r in rows[f"rs__{kind}"]:
                self.paid[kind, r["身份证号"], r["发放月份"]] = float(r["合计"])
        spells: dict[tuple[str, str, str], Row] = {}
        for r in rows["rs__insurance_register"]:
            spells[r["社会保障号码"], r["险种"], r["参保日期"]] = r
        self.spells: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for (number, scheme, _), r in spells.items():
            self.spells[number, scheme].append(r)
        school: dict[tuple[str, str], Row] = {(r["身份证号"], r["入学日期"]): r for r in rows["jy__school_roll"]}
        self.school: dict[str, list[Row]] = defaultdict(list)
        for (number, _), r in school.items():
            self.school[number].append(r)
        self.years: dict[str, set[int]] = defaultdict(set)
        for r in rows["rs__resident_contribution"]:
            self.years[r["身份证号"]].add(int(r["缴费年度"]))
        self.elsewhere: dict[str, Row] = {r["身份证号"]: r for r in rows["rs__insured_elsewhere"]}
        self.higher: dict[str, date | None] = {}
        for name in ("mz__veteran_support", "lgb__retired_cadre"):
            for r in rows[name]:
                number = r["身份证号"] if len(r["身份证号"]) == 18 else long_form(r["身份证号"])
                self.higher[number] = day(r["享受起始"])
        names = {"高龄津贴": "W9", "城乡居民养老参保": "W12a", "城乡居民养老待遇": "W12b"}
        self.refused = {(r["身份证号"], names[r["待遇项目"]]): day(r["签署日期"]) for r in rows["mz__refusal"]}


def long_form(old: str) -> str:
    body = old[:6] + "19" + old[6:]
    return body + "10X98765432"[sum(int(c) * (2 ** (17 - i) % 11) for i, c in enumerate(body)) % 11]


def covers(r: Row, t: date) -> bool:
    start, end = day(r["参保日期"]), day(r["终止日期"])
    assert start is not None
    return start <= t and (end >= t if end else r["参保状态"] in ("正常参保", "离退休", "享受待遇"))


def decide(k: Known, number: str, programme: str, month: str) -> tuple[bool, bool, str]:
    """(entitled, covered, reason) from rows alone."""
    y, m = int(month[:4]), int(month[4:])
    t = date(y, m, monthrange(y, m)[1])
    row = k.register.get((number, month))
    assert row is not None
    born = day(row["出生日期"])
    assert born is not None
    n = age(born, t)
    pays = {kind: k.paid.get((kind, number, month), 0.0) > 0 for kind in ("elderly_allowance", "resident_pension", "employee_pension")}
    employee = any(covers(r, t) for r in k.spells[number, "110"])
    if programme == "W9":
        meets, covered = n >= 80, pays["elderly_allowance"]
    elif programme == "W12a":
        roll = any(day(s["入学日期"]) <= t and (not s["离校日期"] or day(s["离校日期"]) >= t) for s in k.school[number])  # type: ignore[operator]
        meets = 16 <= n < 60 and not roll and not employee and not pays["employee_pension"] and not pays["resident_pension"]
        covered = any(covers(r, t) for r in k.spells[number, "170"])
    else:
        sixty, years = birthday(born, 60), k.years[number]
        transition = birthday(born, 45) <= date(2010, 1, 1) and all(x in years for x in range(2010, sixty.year))
        meets = n >= 60 and not employee and not pays["employee_pension"]
        meets = meets and (len(years) >= 15 or sixty < date(2010, 1, 1) or transition)
        covered = pays["resident_pension"]
    death = k.deaths.get(number)
    dead = death is not None and death <= t
    status = row["户籍状态"]
    entitled = meets and status == "正常" and not dead
    reason = ""
    if meets and not covered:
        else_ = k.elsewhere.get(number)
        higher, signed = k.higher.get(number), k.refused.get((number, programme))
        since = [day(row["状态日期"]), day(row["登记日期"]), birthday(born, {"W9": 80, "W12a": 16, "W12b": 60}[programme])]
        if programme != "W9":
            since += [d + timedelta(days=1) for r in k.spells[number, "110"] if (d := day(r["终止日期"]))]
        if programme == "W12a":
            since += [d + timedelta(days=1) for r in k.school[number] if (d := day(r["离校日期"]))]
        if dead:
            reason = "died"
        elif status in ("服兵役", "出国境", "服刑"):
            reason = {"服兵役": "army", "出国境": "abroad", "服刑": "prison"}[status]
        elif else_ and day(else_["参保日期"]) <= t and (not else_["终止日期"] or day(else_["终止日期"]) >= t):  # type: ignore[operator]
            reason = "covered_elsewhere"
        elif higher and higher <= t:
            reason = "higher_scheme"
        elif signed and signed <= t:
            reason = "refused"
        elif status == "正常" and (t - max(d for d in since if d and d <= t)).days < 31:
            reason = "record_lag"
    return entitled, covered, reason


def test_truths_follow_from_the_files(city: Path, rows: dict[str, list[Row]]) -> None:
    k = Known(rows)
    with (city / "truth" / "entitlement.csv").open(encoding="utf-8") as f:
        truth = {(r["id18"], r["programme"], r["month"][:7].replace("-", "")): r for r in csv.DictReader(f)}
    wrong, seen = [], Counter()
    for number, month in k.register:
        for programme in ("W9", "W12a", "W12b"):
            entitled, covered, reason = decide(k, number, programme, month)
            t = truth.get((number, programme, month))
            want = (t["entitled"] == "yes", t["covered"] == "true", t["reason_not_gap"]) if t else (False, False, "")
            gap = entitled and not covered and not reason
            seen[programme, gap] += 1
            if (entitled, covered) != want[:2] or (entitled and not covered and reason != want[2]):
                wrong.append((number, programme, month, (entitled, covered, reason), want, t and t["note"]))
    assert not wrong, wrong[:12]
    for programme in ("W9", "W12a", "W12b"):
        assert seen[programme, True] >= 50, seen
        assert seen[programme, False] >= 50, seen


def test_each_person_is_registered_once(rows: dict[str, list[Row]]) -> None:
    for resource, column in (("ga__household_register", "公民身份号码"), ("ga__floating_population", "证件号码")):
        count = Counter((r[column], r["_month"]) for r in rows[resource])
        assert max(count.values()) == 1, [c for c in count.items() if c[1] > 1][:5]
