"""The credit policy of the project and records for tests."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from xihu.contract.creditgate import load_policy
from xihu.standards.credit.policy import Policy
from xihu.standards.credit.records import CreditRecord

CONF = Path(__file__).resolve().parents[2] / "conf"
FIRM = "91330100799655058B"


@cache
def policy() -> Policy:
    return load_policy(CONF)


def record(kind: str = "penalty", on: str = "2020-03-10", **more: Any) -> CreditRecord:
    days = {k: date.fromisoformat(v) if isinstance(v, str) and k.endswith(("_on", "_until", "_from")) else v for k, v in more.items()}
    days.setdefault("ref", f"杭市监罚〔{on[:4]}〕{on[5:7]}{on[8:]}号")
    days.setdefault("subject", FIRM)
    return CreditRecord(kind=kind, decided_on=date.fromisoformat(on), **days)


__all__ = ["CONF", "FIRM", "policy", "record"]
