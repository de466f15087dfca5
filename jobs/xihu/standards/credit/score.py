"""A points score per legal entity (信用量化评估) whose lines add up and say in Chinese where each point comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from xihu.standards import citizen_id, uscc
from xihu.standards.credit.policy import LEVELS, Policy, ScoreItem
from xihu.standards.credit.records import CreditRecord, later, months_between
from xihu.standards.credit.terms import term

_TENTH = Decimal("0.1")


class ScoreRefused(PermissionError):
    """A subject that may not be scored; `reason` by name, `law` cited."""

    def __init__(self, reason: str, words: str, law: str) -> None:
        super().__init__(words)
        self.reason, self.law = reason, law


@dataclass(frozen=True)
class Line:
    """Points of one record, of a cap, or of a bound. `ref`: the record's number, empty where the line is about none."""

    item: str
    ref: str
    points: Decimal
    words: str


@dataclass(frozen=True)
class Score:
    """`points` is the sum of the lines, exactly."""

    subject: str
    as_of: date
    points: Decimal
    grade: str
    lines: tuple[Line, ...]

    def explain(self) -> str:
        """The whole reckoning, a line each."""
        rows = [f"{line.points:+}　{line.words}" for line in self.lines]
        return "\n".join([f"{self.subject}　{self.as_of}　{self.points} 分　{self.grade} 级", *rows])


def score(subject: str, records: Iterable[CreditRecord], policy: Policy, as_of: date, *, natural: bool = False) -> Score:
    """The score of one subject from all records about it, as of a day.

    Records decided after that day do not exist yet; those whose term is over, that are repaired or that no item names give a line of
    no points that says so. The order of records does not matter.

    Raises:
        ScoreRefused: `natural_person` where the law does not allow it, also when only a record says so; `not_in_force`.
        ValueError: a record of another subject, or the same record twice.
    """
    rule = policy.score
    mine = sorted((r for r in records), key=lambda r: (r.decided_on, r.ref))
    if (natural or any(r.natural for r in mine) or _person(subject, as_of)) and not rule.natural_person.allowed:
        cite = f"《{rule.natural_person.law}》{rule.natural_person.article}"
        raise ScoreRefused("natural_person", f"自然人不作信用评分（{cite}）", cite)
    if not rule.in_force.holds(as_of):
        raise ScoreRefused("not_in_force", f"{as_of}评分规则尚未施行或已停用", rule.cite)
    strangers = sorted({r.subject for r in mine} - {subject})
    if strangers:
        raise ValueError(f"不是同一主体的记录 / records of other subjects: {strangers[:3]}")
    refs = [(r.kind, r.ref) for r in mine]
    if len(set(refs)) != len(refs):
        raise ValueError("同一记录出现两次 / the same record twice")
    lines = [Line("start", "", rule.start, f"基础分{rule.start}")]
    used: dict[str, Decimal] = {}
    for r in mine:
        if r.decided_on > as_of:
            continue
        key, item = _item(r, policy)
        if item is None:
            continue
        points, words = _points(r, item, policy, as_of)
        lines.append(Line(key, r.ref, points, f"{item.title}〔{r.ref}〕{r.decided_on}：{words}"))
        used[key] = used.get(key, Decimal(0)) + points
    for key, total in used.items():
        cap = rule.items[key].cap
        if abs(total) > abs(cap):
            lines.append(Line(key, "", cap - total, f"{rule.items[key].title}合计{total}，超过上限{cap}，调整{cap - total:+}"))
    total = sum((line.points for line in lines), Decimal(0))
    bound = min(max(total, rule.least), rule.most)
    if bound != total:
        lines.append(Line("bound", "", bound - total, f"合计{total}，{'封底' if bound > total else '封顶'}{bound}，调整{bound - total:+}"))
    grade = max((g for g, least in rule.grades.items() if bound >= least), key=lambda g: rule.grades[g], default=min(rule.grades))
    return Score(subject, as_of, sum((line.points for line in lines), Decimal(0)), grade, tuple(lines))


def _person(subject: str, as_of: date) -> bool:
    """Whether a subject is named by a citizen id and no credit code."""
    named = isinstance(citizen_id.parse(subject, as_of), citizen_id.CitizenId)
    return named and not isinstance(uscc.parse(subject), uscc.Uscc)


def _item(record: CreditRecord, policy: Policy) -> tuple[str, ScoreItem | None]:
    for key, item in policy.score.items.items():
        if item.kind == record.kind and item.level in (None, record.level):
            return key, item
    return "", None


def _points(r: CreditRecord, item: ScoreItem, policy: Policy, as_of: date) -> tuple[Decimal, str]:
    none = Decimal("0.0")
    ended = term(r, policy, as_of)
    if ended is not None and ended.over(as_of):
        return none, f"保存期限已满，不计分（{ended.why}；{ended.law}）"
    if r.repaired_from is not None and r.repaired_from <= as_of:
        return none, f"已于{r.repaired_from}信用修复，不计分"
    level = f"（{LEVELS[r.level]}）" if item.level is None and r.kind == "penalty" else ""
    if r.continuing or (r.listed and (r.listed_until is None or r.listed_until > as_of)):
        word = "仍在名单内" if r.listed else "行为尚未终止"
        return item.points.quantize(_TENTH), f"{level}{word}，计{item.points}分"
    start = r.decided_on
    if as_of <= later(start, item.full_months):
        return item.points.quantize(_TENTH), f"{level}未满{item.full_months}个月，计{item.points}分"
    if as_of >= later(start, item.zero_months):
        return none, f"{level}已满{item.zero_months}个月，衰减至0"
    passed = months_between(start, as_of) - item.full_months
    left = 1 - passed / (item.zero_months - item.full_months)
    points = (item.points * left).quantize(_TENTH, ROUND_HALF_UP)
    return points, f"{level}满{item.full_months}个月后逐日衰减，余{left * 100:.1f}%，计{points}分"
