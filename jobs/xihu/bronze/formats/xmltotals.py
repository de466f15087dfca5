"""What XML messages say of themselves beside their records, and whether their control totals hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from xihu.bronze.formats.xmlstream import Walk
from xihu.contract.models import Message
from xihu.contract.paths import XmlPath
from xihu.standards.numbers import NumberProblem
from xihu.standards.numbers import read as read_number


@dataclass
class Survey:
    """What one pass over a file's documents learns beside the records."""

    warnings: list[str] = field(default_factory=list)
    values: dict[XmlPath, list[str]] = field(default_factory=dict)
    # The same, apart for the file's own documents (False) and for those in bodies (True).
    stated: dict[tuple[XmlPath, bool], list[str]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    hollow: bool = False
    bodies: int = 0

    def merge(self, other: Survey) -> None:
        """Take in what another document of the file said."""
        for path, values in other.values.items():
            self.values.setdefault(path, []).extend(values)
        for key, values in other.stated.items():
            self.stated.setdefault(key, []).extend(values)
        for name, n in other.names.items():
            self.names[name] = self.names.get(name, 0) + n
        self.warnings += other.warnings[: max(0, 20 - len(self.warnings))]
        self.hollow, self.bodies = self.hollow or other.hollow, self.bodies + other.bodies

    def learn(self, walk: Walk, inside: bool = False) -> None:
        """Take in what a walk over one document met; `inside`: it stood in a body."""
        for path, values in walk.values.items():
            self.values.setdefault(path, []).extend(values)
            self.stated.setdefault((path, inside), []).extend(values)
        for name, n in walk.names.items():
            self.names[name] = self.names.get(name, 0) + n
        self.hollow = self.hollow or walk.hollow


def amount(text: str | None) -> Decimal | None:
    """A stated or sent amount as a number; None if it is none."""
    if not text:
        return Decimal(0) if text == "" else None
    found = read_number(text, money=True)
    return None if isinstance(found, NumberProblem) else found.value


def control(
    message: Message,
    survey: Survey,
    count: XmlPath | None,
    total: XmlPath | None,
    counted: dict[bool, int],
    summed: dict[bool, Decimal],
    unread: int,
    warnings: list[str],
) -> str | None:
    """Where the control totals of the envelopes and what was counted and summed differ; None where they agree."""
    if count:
        stated = [v.strip() for v in survey.values.get(count, [])]
        if not stated:
            return f"报文没有写明笔数（{message.count}）"
        if not all(v.isdigit() for v in stated):
            return f"报文写明的笔数“{'、'.join(stated[:5])}”不是数字"
        for inside, told in _each(survey, count):
            records = counted[True] + (0 if inside else counted[False])
            if sum(map(int, told)) != records:
                return f"报文写明 {sum(map(int, told))} 条，实有 {records} 条"
    if total and message.total:
        amounts = [amount(v) for v in survey.values.get(total, [])]
        if not amounts or None in amounts:
            return f"报文没有写明合计（{message.total.path}），或不是数字"
        for inside, told in _each(survey, total):
            meant = sum((amount(v) or Decimal(0) for v in told), Decimal(0))
            real = summed[True] + (0 if inside else summed[False])
            if meant != real:
                if not unread:
                    return f"报文写明的合计是 {meant}，记录合计为 {real}"
                warnings.append(f"{unread} 条记录的金额无法读取：报文合计 {meant}，其余记录合计 {real}")
    return None


def _each(survey: Survey, path: XmlPath) -> list[tuple[bool, list[str]]]:
    """What envelopes state, and (True) what the documents in their bodies state of the same records: two statements, not one sum."""
    return [(inside, [v.strip() for v in told]) for inside in (False, True) if (told := survey.stated.get((path, inside)))]
