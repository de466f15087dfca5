"""Deliveries beside those of the small city, each near a threshold of the scorecard; what follows from them is worked out by hand.

Knowledge ends on 2025-03-20 00:00 UTC, which is 08:00 of the 20th in Hangzhou. None of these resources has a say in a programme.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from silver_city import Silver

from xihu.lake.ledger import LedgerRow

SHOP, STATS, CODES, DAILY, LEEDS = (
    "sc__enterprise",
    "tj__population_report",
    "tj__village_codes",
    "wj__epidemic_daily",
    "uk__leeds_payments",
)


def write(silver: Silver) -> None:
    def file(resource: str | None, name: str, at: str, verdict: str, run: int = 1, **values: Any) -> str:
        dept = (resource or "tj__").split("__")[0]
        received = datetime.fromisoformat(at)
        path = f"landing/{dept}/{received:%Y%m%dT%H%M%SZ}-x/{name}"
        taken = verdict.startswith("accepted") or verdict == "duplicate"
        counts = dict.fromkeys(("accepted", "quarantined", "duplicate", "superseded"), 0) if taken else {}
        row = {"contract_version": "v1", **counts, **values}
        if taken:
            row["records_in"] = sum(row[k] for k in counts)
        silver.ledger.append(LedgerRow(path.split("/")[2], resource, path, received, verdict, run_id=run, dept=dept, **row))
        return path

    def wrong(path: str, resource: str, *reasons: tuple[str, str, int], run: int = 1) -> None:
        for field, name, n in reasons:
            silver.quality.append((run, resource, path.split("/")[2], path, field, "reason", name, n))

    # A refused file; the same month again under another mark; once more with fewer faults. 01-06 01:30 in Hangzhou is a day after the
    # last day for December, so that December is not owed. Months are those of Hangzhou: the second came in February, the third in March.
    file(SHOP, "企业登记_202412.csv", "2025-01-05 17:30:00", "refused", reason="header_unknown", detail="x")
    second = file(
        SHOP, "企业登记_202412（补）.csv", "2025-01-31 20:00:00", "accepted_with_quarantine", accepted=93, quarantined=4, duplicate=3
    )
    wrong(second, SHOP, ("uscc", "missing_key", 1), ("established", "bad_date", 1), ("capital_known", "check_failed", 2))
    file(SHOP, "企业登记_202501.csv", "2025-02-28 20:00:00", "duplicate", duplicate=90)
    third = file(SHOP, "企业登记_202412_更正.csv", "2025-03-10 02:00:00", "accepted_with_quarantine", accepted=98, quarantined=2)
    wrong(third, SHOP, ("uscc,district", "duplicate_key", 2))

    # Judged again under another contract: the first judgement is history. 15:59 UTC is the last minute of the last day, 16:00 too late.
    again = file(STATS, "人口统计月报_202501.xlsx", "2025-02-12 15:59:00", "accepted_with_quarantine", accepted=5, quarantined=5)
    wrong(again, STATS, ("district", "unknown_code", 5))
    file(STATS, "人口统计月报_202501.xlsx", "2025-02-12 15:59:00", "accepted", run=2, contract_version="v2", accepted=10)
    file(STATS, "人口统计月报_202502.xlsx", "2025-03-12 16:00:00", "accepted", accepted=10)
    # Taken back: as if never sent. Nobody's: counted with whoever uses the folder. Expected by nobody at first, then by a contract.
    file(STATS, "人口统计月报_202503.xlsx", "2025-03-13 02:00:00", "accepted", accepted=1000)
    file(STATS, "人口统计月报_202503.xlsx", "2025-03-13 02:00:00", "withdrawn", run=2)
    file(None, "说明.docx", "2025-02-20 02:00:00", "refused", reason="header_unknown", contract_version=None)
    # 60 days after the year's end is 03-01: a first file on the 2nd owes nothing of the year before.
    file(None, "村居代码.csv", "2025-03-02 02:00:00", "refused", reason="header_unknown", contract_version=None)
    file(CODES, "村居代码.csv", "2025-03-02 02:00:00", "refused", run=2, reason="wrong_encoding")

    for day in (10, 11, 13, 14):
        file(DAILY, f"病例_202502{day}.csv", f"2025-02-{day} 04:00:00", "accepted", accepted=1)

    # London's last half hour of January. A name without a date stands for any period: April's file would not mend February's.
    file(LEEDS, "payments.csv", "2025-01-31 23:30:00", "accepted", accepted=7)
    file(LEEDS, "payments.csv", "2025-02-03 12:00:00", "refused", reason="empty_file")
    file(LEEDS, "payments.csv", "2025-03-01 12:00:00", "accepted", accepted=5)


# (department, month) → files, refused, repeated, records, quarantined, due, met; the six shares; the score.
SCORES = {
    # Only a refused file, mended later; December was not owed: 10 of 10.
    ("市市场监督管理局", "2025-01"): ((1, 1, 0, 0, 0, 0, 0), (None, None, None, None, None, 1.0), 100.0),
    # 30 + 20 × 0.99 + 20 × 0.99 + 10 × 0.97 + 10 × 0.98 + 10
    ("市市场监督管理局", "2025-02"): ((1, 0, 0, 100, 4, 1, 1), (1.0, 0.99, 0.99, 0.97, 0.98, 1.0), 99.1),
    # 30 + 20 + 20 + 9.8 + 10 + 0; the repeated file met March's day, its records count for nothing.
    ("市市场监督管理局", "2025-03"): ((2, 0, 1, 100, 2, 1, 1), (1.0, 1.0, 1.0, 0.98, 1.0, 0.0), 89.8),
    ("市统计局", "2025-01"): ((0, 0, 0, 0, 0, 0, 0), (None,) * 6, None),
    # 30 + 20 + 20 + 10 + 10 + 0
    ("市统计局", "2025-02"): ((2, 1, 0, 10, 0, 1, 1), (1.0, 1.0, 1.0, 1.0, 1.0, 0.0), 90.0),
    ("市统计局", "2025-03"): ((2, 1, 0, 10, 0, 1, 0), (0.0, 1.0, 1.0, 1.0, 1.0, 0.0), 60.0),
    # Days from 02-10 to 02-28 are 19, of which four were met: (30 × 4/19 + 60) ÷ 0.9
    ("市卫生和计划生育委员会", "2025-02"): ((4, 0, 0, 4, 0, 19, 4), (0.210526, 1.0, 1.0, 1.0, 1.0, None), 73.68),
    ("Leeds City Council", "2025-01"): ((1, 0, 0, 7, 0, 0, 0), (None, 1.0, 1.0, 1.0, 1.0, None), 100.0),
    # January's last day to arrive is 02-10; what came was refused: 0 of 40.
    ("Leeds City Council", "2025-02"): ((1, 1, 0, 0, 0, 1, 0), (0.0, None, None, None, None, 0.0), 0.0),
    ("Leeds City Council", "2025-03"): ((1, 0, 0, 5, 0, 1, 1), (1.0, 1.0, 1.0, 1.0, 1.0, None), 100.0),
    ("市残疾人联合会", "2025-03"): ((0, 0, 0, 0, 0, 0, 0), (None,) * 6, None),
}
# The days of March to the 19th for the daily resource, and the death certificates' 03-05, met by the city's own delivery of 03-04.
HEALTH_IN_MARCH = (20, 1)
FRESHNESS = {
    SHOP: ("on_time", "2025-04-05", None),
    STATS: ("on_time", "2025-04-12", None),
    CODES: ("refused", None, None),
    DAILY: ("late", "2025-02-15", 33),
    LEEDS: ("on_time", "2025-04-10", None),
    "tj__street_codes": ("never", None, None),
}
