"""From rows of facts to a score; working days of the publication of decisions."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from credit_helpers import FIRM, policy

from xihu.standards.credit.assemble import assemble, field_of, level_of, scores, table_row
from xihu.standards.credit.score import score
from xihu.standards.workdays import Workdays, in_time

D = date.fromisoformat
DECISIONS: list[dict[str, Any]] = [
    {"document_no": "甲1", "kind": "penalty", "decided_on": D("2024-01-10"), "matter": "销售不合格食品",
     "authority": "市场监管局", "amount": Decimal(5000)},
    {"document_no": "甲2", "kind": "penalty", "decided_on": D("2024-02-10"), "matter": "占道经营，警告",
     "authority": "城管局", "amount": None},
    {"document_no": "甲3", "kind": "penalty", "decided_on": D("2024-03-10"), "matter": "违法占地", "amount": Decimal(2_000_000)},
    {"document_no": "许1", "kind": "permit", "decided_on": D("2024-03-10"), "matter": "食品经营许可", "amount": None},
]  # fmt: skip


def test_levels_and_fields() -> None:
    assert level_of("销售不合格商品", Decimal(999_999), None, policy()) == "general"
    assert level_of("销售不合格商品", Decimal(1_000_000), None, policy()) == "serious"
    assert level_of("吊销许可证", None, None, policy()) == "serious"
    assert level_of("占道", Decimal(200), "simple", policy()) == "minor"
    assert level_of("发生重大生产安全事故，警告", None, None, policy()) == "particular"
    assert [field_of(m, a, policy()) for m, a in (("销售不合格食品", ""), ("占道", "消防救援支队"), ("占道", "城管局"))] == [
        "food",
        "fire",
        None,
    ]


def test_a_subject_from_rows() -> None:
    repairs = [
        {"document_no": "甲1", "repair_result": "granted", "effective_on": D("2025-02-01"), "decided_on": D("2025-02-01")},
        {"document_no": "甲3", "repair_result": "denied", "effective_on": None, "decided_on": D("2024-09-01")},
    ]
    commitments = [
        {"commitment_no": "诺1", "status": "kept", "signed_on": D("2024-01-05"), "judged_on": D("2024-03-01")},
        {"commitment_no": "诺2", "status": "open", "signed_on": D("2024-01-05"), "judged_on": None},
    ]
    records = assemble(FIRM, policy(), decisions=DECISIONS, repairs=repairs, commitments=commitments)
    seen = {r.ref: (r.kind, r.level, r.repaired_from) for r in records}
    assert seen == {
        "甲1": ("penalty", "general", D("2025-02-01")), "甲2": ("penalty", "minor", None), "甲3": ("penalty", "serious", None),
        "许1": ("permit", "general", None), "诺1": ("commitment_kept", "general", None),
    }  # fmt: skip
    # 100 − 6 − 2 − 20 + 2; after the repair the six come back.
    assert score(FIRM, records, policy(), D("2024-06-01")).points == 74
    later = score(FIRM, records, policy(), D("2025-02-01"))
    words = {line.ref: line.points for line in later.lines if line.ref}
    assert words["甲1"] == 0 and words["甲3"] == -20 and words["甲2"] == Decimal("-0.1")


def test_listed_subjects() -> None:
    listing = {"case_no": "名1", "kind": "serious_list", "listed_on": D("2024-04-01"), "delisted_on": None, "conduct": "吊销"}
    records = assemble(FIRM, policy(), decisions=DECISIONS[:1], listings=[listing])
    assert [(r.kind, r.listed, r.listed_until) for r in records] == [("penalty", True, None), ("serious_list", True, None)]
    gone = assemble(FIRM, policy(), decisions=DECISIONS[:1], listings=[{**listing, "delisted_on": D("2025-04-01")}])
    assert all(r.listed_until == D("2025-04-01") for r in gone)
    # A list of honour says nothing of penalties.
    honour = assemble(FIRM, policy(), decisions=DECISIONS[:1], listings=[{**listing, "kind": "honour"}])
    assert not honour[0].listed


def test_every_entity_has_a_score_and_nobody_else() -> None:
    rows = [{**d, "counterpart_id": n} for d, n in zip(DECISIONS, (7, 7, 9, None), strict=True)]
    kept = [{"commitment_no": "诺1", "status": "kept", "signed_on": D("2024-01-05"), "judged_on": D("2024-03-01"), "counterpart_id": 12}]
    found = [table_row(s) for s in scores(policy(), D("2024-06-01"), decisions=rows, commitments=kept)]
    assert [(r["legal_entity_id"], r["points"]) for r in found] == [(7, 92), (9, 80), (12, 102)]
    for r in found:
        assert sum(Decimal(line["points"]) for line in json.loads(r["lines"])) == r["points"]


# National Day 2016: 1–7 October off, 8 and 9 worked.
DAYS = [(D("2016-10-01") + timedelta(days=n), "off") for n in range(7)] + [(D("2016-10-08"), "work"), (D("2016-10-09"), "work")]


def test_working_days() -> None:
    calendar = Workdays(DAYS)
    assert calendar.years == {2016}
    assert [calendar.works(D(d)) for d in ("2016-10-07", "2016-10-08", "2016-10-15", "2016-10-17")] == [False, True, False, True]
    # From Thursday 29 September: 30, 8, 9, 10, 11, 12, 13 October.
    assert calendar.after(D("2016-09-29"), 7) == D("2016-10-13")
    assert calendar.between(D("2016-09-29"), D("2016-10-13")) == 7
    assert calendar.between(D("2016-10-13"), D("2016-09-29")) == 0
    assert calendar.after(D("2016-12-28"), 7) is None and calendar.works(D("2017-01-02")) is None
    for wrong in ([(D("2016-10-01"), "holiday")], [(D("2016-10-01"), "off"), (D("2016-10-01"), "work")]):
        with pytest.raises(ValueError, match="2016-10-01"):
            Workdays(wrong)


@pytest.mark.parametrize(
    ("published", "seen", "expected"),
    [
        ("2016-10-13", "2016-12-01", True), ("2016-10-14", "2016-12-01", False), (None, "2016-12-01", False), (None, "2016-10-13", None),
        ("2016-10-12", "2016-10-11", None), ("2016-09-29", "2016-12-01", True),
    ],
)  # fmt: skip
def test_published_within_seven_working_days(published: str | None, seen: str, expected: bool | None) -> None:
    day = D(published) if published else None
    assert in_time(D("2016-09-29"), day, policy().publication.working_days, Workdays(DAYS), D(seen)) is expected
    assert in_time(D("2016-12-29"), day, 7, Workdays(DAYS), D("2017-02-01")) is None
