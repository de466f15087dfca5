"""Who may ask about whom, and the record that every query leaves (查询留痕)."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from xihu.standards.credit.gate import Refused
from xihu.standards.credit.policy import Policy
from xihu.standards.credit.records import later


@dataclass(frozen=True)
class Query:
    """One query.

    `natural`: about a natural person; `public`: only what is shown to everybody; `consent_no`: written consent of the subject; `basis`: law
    and article that allow it without.
    """

    at: datetime
    who: str
    department: str
    purpose: str
    subject: str
    natural: bool
    public: bool
    consent_no: str | None = None
    basis: str | None = None


def judge(query: Query, policy: Policy) -> Refused | None:
    """Why a query may not be answered, or None.

    Reasons: no_asker, no_subject, no_purpose, not_self, no_consent. Non-public information needs the subject's written consent, or a
    statutory purpose with its law cited.
    """
    rule = policy.query
    for reason, value, words in (
        ("no_asker", query.who, "没有查询人"),
        ("no_asker", query.department, "没有查询单位"),
        ("no_subject", query.subject, "没有查询对象"),
    ):
        if not value.strip():
            return Refused(reason, "", f"{rule.cite}：{words}，查询须留痕", rule.cite)
    if query.purpose not in rule.purposes:
        return Refused("no_purpose", query.purpose, f"{rule.cite}：没有写明可用的查询用途", rule.cite)
    if query.purpose == "self" and query.who != query.subject:
        return Refused("not_self", query.who, f"{rule.cite}：查询人不是信息主体本人", rule.cite)
    if query.public or query.purpose == "self":
        return None
    if query.consent_no and query.consent_no.strip():
        return None
    if query.purpose in rule.statutory and query.basis and query.basis.strip():
        return None
    whom = "自然人" if query.natural else "单位"
    return Refused("no_consent", query.subject, f"{rule.cite}：查询{whom}的非公开信息，须有书面同意或法定依据", rule.cite)


def keep_until(at: datetime, policy: Policy) -> date:
    """Last day on which the record of a query must be there."""
    return later(at.date(), policy.query.keep_years * 12)


class QueryLog:
    """Append-only file of queries, JSON a line. What cannot be logged is not answered."""

    def __init__(self, file: Path, policy: Policy) -> None:
        self.file, self.policy = file, policy

    def ask(self, query: Query) -> Refused | None:
        """Judge and record one query, refused or not, before anything is answered.

        Raises:
            OSError: it could not be recorded; nothing may be answered.
        """
        refused = judge(query, self.policy)
        entry = asdict(query) | {
            "at": query.at.isoformat(),
            "outcome": refused.reason if refused else "answered",
            "keep_until": keep_until(query.at, self.policy).isoformat(),
        }
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        return refused
