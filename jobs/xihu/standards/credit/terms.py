"""How long a record counts and is shown: the five years, their exceptions, publicity periods, repair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from xihu.standards.credit.policy import LEVELS, Policy
from xihu.standards.credit.records import CreditRecord, later, term_end


@dataclass(frozen=True)
class Term:
    """`until`: first day on which the record may no longer be kept or shown; None while nothing ends it. `why`: how it was reckoned."""

    until: date | None
    why: str
    law: str

    def over(self, on: date) -> bool:
        return self.until is not None and self.until <= on


def term(record: CreditRecord, policy: Policy, on: date) -> Term | None:
    """The term of a bad record as it stands on a day; None for records that no term binds (permits, honours).

    It runs from the end of the conduct or event, of a custodial sentence where there is one, and only where neither is known from the
    decision. While the subject is listed for serious breach of trust it does not end before the listing.
    """
    rule = policy.expiry
    if record.kind not in rule.kinds:
        return None
    other = rule.others.get(record.kind)
    years, cite = (other.years, other.cite) if other and other.in_force.holds(on) else (rule.years, rule.cite)
    if record.continuing:
        return Term(None, "不良行为或者事件尚未终止，不起算", cite)
    if record.sentence_until is not None:
        start, word = max(record.sentence_until, record.ended_on or date.min), "刑罚执行完毕之日"
    elif record.ended_on is not None:
        start, word = record.ended_on, "不良行为或者事件终止之日"
    else:
        start, word = record.decided_on, "认定之日（来源未报终止日）"
    until = term_end(start, years * 12)
    why = f"自{word}{start}起{years}年，至{until - timedelta(days=1)}止"
    if record.listed:
        if record.listed_until is None or record.listed_until > on:
            return Term(None, f"{why}；仍在失信名单内，不届满", cite)
        if record.listed_until > until:
            return Term(record.listed_until, f"{why}；延长至{record.listed_until}移出名单", cite)
    return Term(until, why, cite)


@dataclass(frozen=True)
class Shown:
    """Publicity of a penalty on a day. `earliest`: first day on which early end may be applied for; `until`: first day not shown."""

    public: bool
    earliest: date | None
    until: date | None
    why: str
    law: str


def publicity(record: CreditRecord, policy: Policy, on: date) -> Shown:
    """Whether a penalty is shown to the public on a day, by the rules in force on that day."""
    ended = term(record, policy, on)
    if ended is not None and ended.over(on):
        return Shown(False, None, ended.until, f"保存期限已满：{ended.why}", ended.law)
    if record.repaired_from is not None and record.repaired_from <= on:
        return Shown(False, None, record.repaired_from, f"已信用修复，自{record.repaired_from}起停止公示", policy.repair.cite)
    rule = policy.publicity_at(on)
    if record.kind != "penalty" or rule is None:
        what = "不属行政处罚" if record.kind != "penalty" else "当时没有公示期的规定"
        return Shown(True, None, ended.until if ended else None, f"{what}，按保存期限", ended.law if ended else policy.expiry.cite)
    if record.natural:
        return Shown(False, None, None, "自然人的行政处罚信息不公示", rule.cite)
    span = rule.levels[record.level]
    least, most = span.least, span.most
    if rule.fields and record.field in rule.fields.names and most:
        least = max(least, rule.fields.least)
    if span.unpublished or not most:
        return Shown(False, record.decided_on, record.decided_on, f"{LEVELS[record.level]}失信信息不公示", rule.cite)
    earliest, until = term_end(record.decided_on, least), term_end(record.decided_on, most)
    why = f"{LEVELS[record.level]}失信信息自{record.decided_on}起最短公示{least}个月、最长{most}个月"
    return Shown(record.decided_on <= on < until, earliest, until, why, rule.cite)


@dataclass(frozen=True)
class Application:
    """An application for repair (信用修复申请)."""

    ref: str
    applied_on: date
    fulfilled: bool
    commitment: bool
    decided_on: date | None = None
    granted: bool | None = None


@dataclass(frozen=True)
class RepairDecision:
    """Whether an application may be granted; every reason against it by name. `earliest`: from when only time stood against it."""

    admissible: bool
    reasons: tuple[tuple[str, str], ...]
    earliest: date | None
    law: str


def judge_repair(record: CreditRecord, application: Application, policy: Policy) -> RepairDecision:
    """Judge an application on the day it was made, by the rules of that day.

    Reasons: not_yet (no rule in force), not_bad, expired, repaired, fulfilled, commitment, least_publicity, not_listed.
    """
    on, rule = application.applied_on, policy.repair
    reasons: list[tuple[str, str]] = []
    earliest: date | None = None
    if not rule.in_force.holds(on):
        reasons.append(("not_yet", f"{on}尚无信用修复的规定"))
    ended = term(record, policy, on)
    if ended is None:
        reasons.append(("not_bad", "不是失信信息，无须修复"))
    elif ended.over(on):
        reasons.append(("expired", f"保存期限已满，应当删除而非修复：{ended.why}"))
    if record.repaired_from is not None and record.repaired_from <= on:
        reasons.append(("repaired", f"已于{record.repaired_from}修复"))
    if on < record.decided_on:
        reasons.append(("least_publicity", f"申请日{on}早于决定日{record.decided_on}"))
    if "fulfilled" in rule.conditions and not application.fulfilled:
        reasons.append(("fulfilled", "决定的义务尚未履行完毕"))
    if "commitment" in rule.conditions and not application.commitment:
        reasons.append(("commitment", "没有信用承诺书"))
    if "least_publicity" in rule.conditions and record.kind == "penalty" and ended is not None:
        shown = policy.publicity_at(on)
        if shown is not None:
            span = shown.levels[record.level]
            least = max(span.least, shown.fields.least) if shown.fields and record.field in shown.fields.names and span.most else span.least
            # Nothing is shown of the least ones, so there is nothing to wait for.
            earliest = term_end(record.decided_on, least) if least else record.decided_on
            if on < earliest:
                reasons.append(("least_publicity", f"最短公示期{least}个月，{earliest}起方可申请（{shown.cite}）"))
    if "not_listed" in rule.conditions and record.listed and (record.listed_until is None or record.listed_until > on):
        reasons.append(("not_listed", "仍在严重失信主体名单内，须先移出名单"))
    return RepairDecision(not reasons, tuple(reasons), earliest, rule.cite)


def effect(record: CreditRecord, application: Application, policy: Policy) -> date | None:
    """First day of a repair's effect: the day of the decision that grants it.

    Raises:
        ValueError: granted although it is not admissible, or before it was applied for.
    """
    if not application.granted or application.decided_on is None:
        return None
    if application.decided_on < application.applied_on:
        raise ValueError(f"{application.ref}：修复决定早于申请 / decided before it was applied for")
    judged = judge_repair(record, application, policy)
    if not judged.admissible:
        raise ValueError(f"{application.ref}：不应准予修复 / must not be granted: {'；'.join(words for _, words in judged.reasons)}")
    return application.decided_on


def longest(record: CreditRecord, policy: Policy) -> date:
    """Last day up to which anything of the record can be shown, listings apart."""
    return later(record.ended_on or record.decided_on, policy.expiry.years * 12)
