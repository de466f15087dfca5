"""docs/bad-inputs.md, made from the cases and from what the product makes of them."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from bad_inputs import ALL, FORMATS
from bad_inputs.case import Case, Outcome, reasons, run
from xihu.settings import ROOT

PAGE = ROOT / "docs" / "bad-inputs.md"
HEAD = """\
# 坏输入一览（named bad inputs）

每行是一种（格式，毛病），文件由 `tests/unit/bad_inputs/` 逐字节手工或由独立的程序库造出；应有的结果先按业务规则定下，再由
`tests/unit/test_bad_inputs.py` 逐一核对：整份文件的结论，或每条记录的结论与原因。“告诉报送单位的话”是产品实际给出的文字
（坏记录取第一条，只有提醒的取提醒）。名称以 `ok_` 开头的看似有毛病而必须接收，是防止误伤的对照。

需要历史或多次交付才能判断的（duplicate_file、duplicate_key、vanished、conservation）与合约检查（check_failed）不在此表，见
`tests/scenario/` 与 `tests/spark/`。

本页由 `python scripts/bad_inputs.py` 生成（this page is generated）。

"""
Outcomes = Mapping[tuple[str, str], Mapping[str, Outcome]]


def everything(cases: Iterable[Case] = ALL) -> Outcomes:
    """Run cases, each in a home of its own."""
    found = {}
    # Thousands of small folders: in memory, where there is such a place.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for i, case in enumerate(cases):
            found[case.format, case.name] = run(case, Path(folder) / str(i))
    return found


def _cell(text: str) -> str:
    text = re.sub(r"\s*\n\s*", "⏎", text).replace("\t", "⇥")
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _result(got: Outcome) -> str:
    if got.refused:
        return "整份拒收"
    words = [f"接收 {got.records - len(got.bad) - len(got.gone)} 条"]
    if got.bad:
        words.append(f"隔离 {len(got.bad)} 条")
    if got.gone:
        words.append(f"按删除标记处理 {len(got.gone)} 条")
    return "，".join(words) + ("（提醒）" if got.warnings and not got.bad else "")


def row(case: Case, outcome: Mapping[str, Outcome]) -> str:
    """One line of the table; the members of an archive one below another."""
    each = [(name.rpartition("!")[2] if len(outcome) > 1 else "", got) for name, got in sorted(outcome.items())]
    results = "<br>".join((f"{name}：" if name else "") + _result(got) for name, got in each)
    why = "<br>".join(_cell(reasons(got)) for _, got in each if reasons(got)) or "—"
    told = "<br>".join(_cell(got.told) for _, got in each if got.told) or "—"
    return f"| `{case.name}` | {_cell(case.fault)} | {results} | {why} | {told} |"


def render(outcomes: Outcomes) -> str:
    bad = sum(not c.innocent for c in ALL)
    parts = [HEAD, f"共 {len(ALL)} 种：{bad} 种有毛病，{len(ALL) - bad} 种必须接收。\n"]
    for format, title in FORMATS.items():
        mine = [c for c in ALL if c.format == format]
        parts.append(f"\n## {title}\n\n{len(mine)} 种。\n\n| 名称 | 毛病 | 结果 | 原因 | 告诉报送单位的话 |\n|---|---|---|---|---|\n")
        parts += [row(c, outcomes[c.format, c.name]) + "\n" for c in mine]
    return "".join(parts)
