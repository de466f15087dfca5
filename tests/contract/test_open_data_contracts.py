"""Open data made by others under ordinary contracts: every record accounted for, refusals counted, few, and each for a reason.

The numbers expected here are those of the collector of the files (README beside them) or of the independent reader below, which shares
no code with the project: Python's csv, gzip and Decimal.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import open_data
import pyarrow as pa
import pytest
from open_data import Outcome, take

from xihu.contract.load import load_catalogue

CONF = Path(__file__).resolve().parents[2] / "conf"
GATESHEAD = ("uk_spending/gateshead/*.csv", "uk_spending/gateshead/clean/*.csv")
# Title lines or none, gzip or none, every kind of date, trailing columns, extra columns, a byte of cp1252, both extremes of the drift.
SOME = ("2010-12", "2012-05", "2013-03", "2013-05", "2013-09", "2014-12_a", "2015-01", "2015-02", "2015-03_a", "2015-04", "2016-02")


@dataclass(frozen=True)
class Case:
    """A resource, its department's files, records in them, records refused by (reason, field), files refused by reason."""

    resource: str
    files: tuple[str, ...]
    records: int
    refused: dict[tuple[str, str | None], int]
    files_refused: dict[str, str]

    @property
    def dept(self) -> str:
        return self.resource.split("__")[0]


CASES = [
    Case(
        "uk_gateshead__payments",
        GATESHEAD,
        288_930 + 5_956,
        # 12 sums of a whole file, 10 payments to nobody; 2 sums that stop before the last column; 2 rows without a day; 2030872.
        {("missing_key", "supplier"): 22, ("column_count", None): 2, ("missing_key", "paid_on"): 2, ("bad_date", "paid_on"): 1},
        {},
    ),
    Case(
        "uk__leeds_payments",
        ("uk_spending/leeds/*.csv",),
        63_951,
        # 2 sums of a whole file; a supplier whose name begins with @.
        {("missing_key", "body"): 2, ("formula_injection", "supplier"): 1},
        {},
    ),
    Case("wj__epidemic_daily", ("covid19/*.csv",), 31_263, {}, {}),
    Case("wj__epidemic_daily_interface", ("covid19/*.json",), 5_452, {}, {}),
    Case("tj__street_codes", ("divisions/hangzhou_streets.csv",), 196, {}, {}),
    Case("tj__village_codes", ("divisions/hangzhou_villages.csv",), 3_320, {}, {}),
    Case("mz__area_codes", ("areacodes/areacodes.csv",), 6_823, {}, {}),
    Case("mz__area_codes_hangzhou", ("areacodes/hangzhou.csv",), 27, {}, {}),
    Case("hb__air_hourly", ("beijing_air/*.csv",), 140_256, {}, {}),
    # No notice for 2027 yet: the file holds no day, and an empty year must not empty the calendar.
    Case("zfb__holidays", ("holidays_cn/*.json",), 678, {}, {"2027.json": "empty_file"}),
]
BY_NAME = {c.resource: c for c in CASES}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    return tmp_path


def files_of(shared: Path, case: Case, some: tuple[str, ...] = ()) -> list[Path]:
    found = [p for pattern in case.files for p in sorted((shared / "real").glob(pattern)) if not some or p.stem in some]
    assert found
    return found


def taken(case: Case, paths: list[Path], keep: tuple[str, ...] = ()) -> Outcome:
    return take(load_catalogue(CONF), case.resource, case.dept, paths, keep)


def why(out: Outcome) -> dict[tuple[str, str | None], int]:
    return dict(Counter((row["_reason"], row["_field"]) for row in out.refused))


def whole(case: Case, shared: Path) -> None:
    out = taken(case, files_of(shared, case))
    assert out.records == case.records
    assert why(out) == case.refused
    assert out.files == case.files_refused
    assert out.rejected * 1000 <= out.records


LONG = ("uk_gateshead__payments", "hb__air_hourly", "uk__leeds_payments")


@pytest.mark.parametrize("resource", [c.resource for c in CASES if c.resource not in LONG])
def test_every_file(home: Path, shared: Path, resource: str) -> None:
    whole(BY_NAME[resource], shared)


@pytest.mark.soak
@pytest.mark.parametrize("resource", LONG)
def test_every_file_of_the_long_ones(home: Path, shared: Path, resource: str) -> None:
    whole(BY_NAME[resource], shared)


def test_one_station(home: Path, shared: Path) -> None:
    """One of the four files; what is not measured stays empty, counted by the csv module."""
    case = BY_NAME["hb__air_hourly"]
    path = next(p for p in files_of(shared, case) if "Dongsi" in p.name)
    keep = ("pm25", "co", "o3", "wind_direction", "temperature")
    out = taken(case, [path], keep)
    assert (out.records, out.rejected) == (35_064, 0)
    rows = out.accepted[path.name]
    with path.open(encoding="ascii", newline="") as f:
        told = list(csv.DictReader(f))
    for name, title in zip(keep, ("PM2.5", "CO", "O3", "wd", "TEMP"), strict=True):
        assert sum(r[name] is None for r in rows) == sum(t[title] == "NA" for t in told)
    for name, title in (("pm25", "PM2.5"), ("co", "CO"), ("o3", "O3")):
        assert [r[name] for r in rows] == [None if t[title] == "NA" else Decimal(t[title]).quantize(Decimal("1e-8")) for t in told]
    # Noise of a floating point zero, written with an exponent.
    assert [rows[i]["temperature"] for i, t in enumerate(told) if "e" in t["TEMP"]] == [0]


def test_both_forms_of_the_epidemic_say_the_same(home: Path, shared: Path) -> None:
    """Ten days came as CSV and as JSON; by two readers they are one content."""
    keep = tuple(load_catalogue(CONF).contracts["wj__epidemic_daily"].fields)
    one, two = BY_NAME["wj__epidemic_daily"], BY_NAME["wj__epidemic_daily_interface"]
    json_files = files_of(shared, two)
    csv_files = files_of(shared, one, tuple(p.stem for p in json_files))
    assert len(json_files) == len(csv_files) == 10

    def content(out: Outcome) -> Counter[tuple[Any, ...]]:
        return Counter(tuple(row.values()) for rows in out.accepted.values() for row in rows)

    first, second = content(taken(one, csv_files, keep)), content(taken(two, json_files, keep))
    assert first == second and sum(first.values()) == 5_452


def test_days_off(home: Path, shared: Path) -> None:
    case = BY_NAME["zfb__holidays"]
    out = taken(case, files_of(shared, case), ("day", "is_off_day", "notice_year"))
    rows = [r for rows in out.accepted.values() for r in rows]
    assert Counter(r["is_off_day"] for r in rows) == {True: 545, False: 133}
    assert sum(r["day"].year != r["notice_year"] for r in rows) == 10
    told = {(d["date"], d["isOffDay"]) for p in files_of(shared, case) for d in json.loads(p.read_bytes())["days"]}
    assert {(r["day"].isoformat(), r["is_off_day"]) for r in rows} == told


# --- payments, against an independent reader ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Payment:
    """A row as a person reads it; `amount` and `day` None where there is none."""

    payee: str
    amount: Decimal | None
    day: date | None
    cells: int


def letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha())


def payments(path: Path) -> Iterator[Payment]:
    """Rows of a council's file that are not blank, with Python's own modules alone."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    lines = iter(list(csv.reader(io.StringIO(text, newline=""))))
    wanted = {
        "payee": ("supplieridt", "suppliertext", "suuplieridt", "suppliername", "beneficiaryname"),
        "amount": ("amount", "netamount"),
        "day": ("updated", "datepaid", "paymentdate"),
    }
    for head in lines:
        named = [letters(c) for c in head]
        at = {k: next((i for i, c in enumerate(named) if c in v), None) for k, v in wanted.items()}
        if None not in at.values():
            break
    for row in lines:
        if any(c.strip() for c in row):
            cell = {k: row[i].strip() if i < len(row) else "" for k, i in at.items() if i is not None}
            amount = Decimal(cell["amount"].replace(",", "")) if cell["amount"] else None
            yield Payment(cell["payee"], amount, day_of(cell["day"]), len(row))


def day_of(text: str) -> date | None:
    for form in ("%d/%m/%Y", "%d-%b-%Y", "%d-%b-%y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            pass
    number = text.replace(",", "").split(".")[0]
    return date(1899, 12, 30) + timedelta(int(number)) if number.isdigit() and len(number) == 5 else None


def acceptable(p: Payment) -> bool:
    """Whom, when; a name that a spreadsheet would run is refused by the rules of the domain."""
    return bool(p.payee) and p.day is not None and p.payee[0] != "@"


def against_independent(case: Case, paths: list[Path]) -> Outcome:
    out = taken(case, paths, ("amount", "paid_on", "supplier"))
    total, count = Decimal(0), 0
    for path in paths:
        told = list(payments(path))
        mine = out.accepted[path.name]
        good = [p for p in told if acceptable(p)]
        # Every row, its amount to the penny and its day; and the file's sum.
        assert [(r["amount"], r["paid_on"]) for r in mine] == [(p.amount, p.day) for p in good], path.name
        # Names to the letter, whatever the encoding; never shown.
        assert [sha256(r["supplier"].encode()).digest() for r in mine] == [sha256(p.payee.encode()).digest() for p in good], path.name
        total += sum((p.amount for p in good if p.amount is not None), Decimal(0))
        count += len(told)
    assert out.records == count
    assert out.total() == total
    return out


def test_some_of_gateshead(home: Path, shared: Path) -> None:
    paths = files_of(shared, BY_NAME["uk_gateshead__payments"], SOME)
    assert len(paths) == len(SOME)
    out = against_independent(BY_NAME["uk_gateshead__payments"], paths)
    assert out.rejected * 1000 <= out.records
    # The rows of April 2015 that were published without an amount are taken, and say so.
    assert sum(r["amount"] is None for r in out.accepted["2015-04.csv"]) == 1_250
    marked = sum(gzip.decompress(p.read_bytes())[:3] == b"\xef\xbb\xbf" for p in paths if p.stem != "2016-02")
    assert out.warnings["约定为 cp1252，文件带 utf-8 标记，按 utf-8 读取"] == marked == 9


def test_some_of_leeds(home: Path, shared: Path) -> None:
    """The two files with other vocabulary and with trailing blank columns."""
    paths = files_of(shared, BY_NAME["uk__leeds_payments"], ("2011-12", "2020-06"))
    assert len(paths) == 2
    against_independent(BY_NAME["uk__leeds_payments"], paths)


@pytest.mark.soak
def test_all_of_gateshead(home: Path, shared: Path) -> None:
    case = BY_NAME["uk_gateshead__payments"]
    paths = files_of(shared, case)
    out = against_independent(case, paths)
    assert why(out) == case.refused
    amounts = [r["amount"] for rows in out.accepted.values() for r in rows]
    untouched = [r["amount"] for name, rows in out.accepted.items() if name != "2016-02.csv" for r in rows]
    assert sum(a is None for a in amounts) == 1_250
    # As the collector counted them.
    assert sum(a is not None and a < 0 for a in untouched) + refused_below_zero(out) == 35_039
    assert sum(a == 0 for a in untouched if a is not None) == 105
    assert sums_differ(out, paths, 14) == []


def sums_differ(out: Outcome, paths: list[Path], expected: int) -> list[str]:
    """Files whose own sum, a row that holds nothing else, is not what was accepted of them; `expected` files state one."""
    stated = {path.name: p.amount for path in paths for p in payments(path) if not p.payee and p.day is None}
    assert len(stated) == expected
    return [n for n, told in stated.items() if sum((r["amount"] for r in out.accepted[n]), Decimal(0)) != told]


def refused_below_zero(out: Outcome) -> int:
    return sum(row["amount"] is not None and row["amount"] < 0 for row in out.refused)


@pytest.mark.soak
def test_all_of_leeds(home: Path, shared: Path) -> None:
    case = BY_NAME["uk__leeds_payments"]
    paths = files_of(shared, case)
    out = against_independent(case, paths)
    assert why(out) == case.refused
    assert sums_differ(out, paths, 2) == []
    amounts = [r["amount"] for rows in out.accepted.values() for r in rows]
    assert sum(a < 0 for a in amounts) + refused_below_zero(out) == 899
    assert sum(a == 0 for a in amounts) == 2


def test_the_independent_reader_tells(home: Path, shared: Path) -> None:
    """An amount changed by a penny on its way would be seen."""
    case = BY_NAME["uk_gateshead__payments"]
    path = files_of(shared, case, ("2015-03",))[0]
    changed = home / "2015-03.csv"
    data = gzip.decompress(path.read_bytes())
    assert data.count(b",736.32,") == 1
    changed.write_bytes(data.replace(b",736.32,", b",736.33,"))
    good, bad = ([p.amount for p in payments(f)] for f in (path, changed))
    out = taken(case, [changed], ("amount",))
    assert [r["amount"] for r in out.accepted["2015-03.csv"]] == bad != good


@pytest.mark.parametrize("fault", ["drops", "doubles", "exchanges"])
def test_a_reader_that_errs_is_seen(home: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """A record less, one more, or one in another's place: the books do not balance."""
    order = {"drops": lambda n: range(1, n), "doubles": lambda n: [0, *range(n)], "exchanges": lambda n: [1, *range(1, n)]}[fault]
    sound = open_data.reader

    class Erring:
        def __init__(self, kind: str) -> None:
            self.kind = kind

        def read(self, *given: Any) -> Iterator[Any]:
            for batch in sound(self.kind).read(*given):
                yield batch.take(pa.array(order(batch.num_rows)))

    monkeypatch.setattr(open_data, "reader", Erring)
    case = BY_NAME["tj__street_codes"]
    with pytest.raises(AssertionError, match="are not the counter's"):
        taken(case, files_of(shared, case))
