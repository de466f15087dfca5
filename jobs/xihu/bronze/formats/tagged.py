"""What messages and API pages have in common: records that name their fields instead of placing them in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xihu.bronze.formats import encoding as enc
from xihu.bronze.formats.fit import judge_columns, swapped_in_record
from xihu.bronze.formats.header import Drift
from xihu.bronze.schema import Refusal
from xihu.contract.models import NUMERIC, Contract

Fault = tuple[str, str | None, str]
SAMPLE = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")


class Census:
    """Counts over all records of a file: which fields are there, what no field takes, a sample for judgements of whole columns."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.records = 0
        self.there = [0] * len(contract.fields)
        self.unknown: dict[str, int] = {}
        self.sample: list[list[str | None]] = []
        self.texts: list[str] = []
        self.held: list[str] = []

    def add(self, cells: list[str | None], there: Sequence[bool], unknown: Sequence[str], text: str | None) -> None:
        """One record; `text` is what it was as sent if it is not plain ASCII."""
        self.records += 1
        self.there = [n + p for n, p in zip(self.there, there, strict=True)]
        for name in unknown:
            if name in self.unknown or len(self.unknown) < 50:
                self.unknown[name] = self.unknown.get(name, 0) + 1
        if len(self.sample) < SAMPLE:
            self.sample.append(cells)
        if text is not None and len(self.texts) < SAMPLE:
            self.texts.append(text)

    def judge(self, absent: str, what: str, warnings: list[str]) -> Refusal | None:
        """The contract's policy on columns, garbled text, columns that stand in each other's place.

        Args:
            absent: accept | quarantine | refuse: an optional field that no record has.
            what: how the format calls a field: 元素, 键.
        """
        drift = Drift()
        missing = [item for item, n in zip(self.contract.fields.items(), self.there, strict=True) if n == 0]
        if required := [s.title for _, s in missing if s.required]:
            drift.faults.append("没有一条记录有必填的：" + "、".join(required))
        if optional := [
            (n, s.title) for (n, s), k in zip(self.contract.fields.items(), self.there, strict=True) if not k and not s.required
        ]:
            drift.tell(
                "warn" if absent == "accept" else absent,
                "没有一条记录有：" + "、".join(t for _, t in optional),
                "missing_key",
                optional[0][0],
            )
        if self.unknown:
            told = "、".join(f"{n}（{c} 条）" if c < self.records else n for n, c in list(self.unknown.items())[:20])
            drift.tell(self.contract.delivery.columns.added, f"约定之外的{what}：{told}", "column_count")
        warnings += drift.warnings
        self.held = drift.held
        if drift.faults:
            return Refusal("header_unknown", "；".join(drift.faults), f"请按约定的{what}名重报，或在目录中补充")
        if bad := enc.garbled(self.texts):
            return Refusal("wrong_encoding", bad, "请从原系统重新导出")
        return judge_columns(self.contract, self.sample, warnings)


def clean(text: str) -> str:
    """Text that can be stored: half a character becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def finish(contract: Contract, cells: list[str | None], fault: Fault | None) -> Fault | None:
    """The record's fault, where its structure had none: lost characters, exchanged fields. Mends cells in place.

    A sign behind the digits goes before them; half a character that nothing can store becomes U+FFFD.
    """
    for i, (name, spec) in enumerate(contract.fields.items()):
        text = cells[i]
        if not text:
            continue
        if not text.isascii():
            if _SURROGATE.search(text):
                cells[i] = text = clean(text)
                fault = fault or ("bad_encoding", name, "含有不是字符的字节")
            elif fault is None and enc.lost(text):
                fault = ("bad_encoding", name, "含有发送前已丢失的字符（\ufffd 或“锟斤拷”）")
        elif spec.type in NUMERIC and len(text) > 1 and text[-1] == "-" and text[0].isdigit():
            cells[i] = "-" + text[:-1]
    if fault is None and (pair := swapped_in_record(contract, cells)):
        one, two = (contract.fields[n].title for n in pair)
        fault = ("swapped_fields", pair[0], f"“{one}”与“{two}”的内容互换")
    return (fault[0], fault[1], clean(fault[2])) if fault else None
