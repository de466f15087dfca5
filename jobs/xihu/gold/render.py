"""Traces for the eye: a tree in Chinese on the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from xihu.gold.records import Pointer, Record
from xihu.gold.trace import Judgement, Trace

_ANSWER = {"yes": "[green]是[/]", "no": "[red]否[/]", "unknown": "[yellow]不明[/]"}
_REASON = {
    "died": "已死亡",
    "army": "服现役",
    "abroad": "出国",
    "prison": "服刑",
    "covered_elsewhere": "异地已参保",
    "higher_scheme": "享受更高待遇",
    "refused": "本人放弃",
    "record_lag": "登记滞后",
}


def render(trace: Trace, console: Console | None = None) -> None:
    """Prints a trace; field values are shown in full, so the caller answers for who sees them."""
    console = console or Console()
    where = "，".join(f"{k}={v}" for k, v in trace.where.items())
    sign = "[green]相符[/]" if trace.adds_up else "[bold red]不符[/]"
    found = f"{trace.measure} = [bold]{trace.value}[/]；由 {trace.total} 行复算得 {trace.recomputed}，{sign}"
    tree = Tree(f"[bold]{trace.table}[/]  {escape(where)}\n{found}")
    for row in trace.rows:
        if isinstance(row, Judgement):
            _judgement(tree, row, trace.records)
        else:
            _plain(tree, row, trace.records)
    if trace.total > len(trace.rows):
        tree.add(f"[dim]……其余 {trace.total - len(trace.rows)} 行未展开[/]")
    console.print(tree)


def _judgement(tree: Tree, row: Judgement, records: dict[Pointer, Record]) -> None:
    verdict = "应保未保" if row.gap else "已保障" if row.covered else _REASON.get(row.reason_not_gap or "", "")
    head = f"人员 {row.person_id}  {row.programme}  {row.month:%Y-%m}  符合条件：{_ANSWER[row.entitled]}  {verdict}"
    branch = tree.add(head)
    for condition in row.conditions:
        leaf = branch.add(f"{_ANSWER[condition.value]}  {escape(condition.title)}")
        _evidence(leaf, condition.evidence, records)
    if row.missing:
        branch.add("[yellow]缺少：" + escape("、".join(row.missing)) + "[/]")
    leaf = branch.add(f"{'[green]有[/]' if row.covered else '[red]无[/]'}  保障记录")
    _evidence(leaf, row.covered_evidence, records)
    if row.reason_not_gap:
        leaf = branch.add(f"不计缺失：{_REASON.get(row.reason_not_gap, row.reason_not_gap)}")
        _evidence(leaf, row.reason_evidence, records)


def _plain(tree: Tree, row: dict[str, Any], records: dict[Pointer, Record]) -> None:
    if "_file" in row:
        branch = tree.add(f"人员 {row.get('person_id')}  {row.get('kind', '')}  {row.get('amount', '')}")
        _evidence(branch, [Pointer(row["resource"], row["_file"], row["_row"])], records)
    else:
        words = (("收到", "records_in"), ("接收", "accepted"), ("隔离", "quarantined"))
        counts = "  ".join(f"{word} {row.get(name)}" for word, name in words)
        tree.add(escape(f"{row.get('file')}  {row.get('verdict')}  {counts}"))


def _evidence(tree: Tree, pointers: list[Pointer], records: dict[Pointer, Record]) -> None:
    for p in pointers:
        record = records.get(p)
        place = f"{p.file}  第 {p.row} 条记录"
        if record is None:
            tree.add(f"[cyan]{p.resource}[/]  {escape(place)}")
            continue
        if record.place or record.line:
            place += f"（{record.place or f'第 {record.line} 行'}）"
        leaf = tree.add(f"[cyan]{escape(record.title)}[/]  {escape(place)}")
        if record.fields:
            leaf.add(escape("；".join(f"{k} {v}" for k, v in record.fields.items())))
        if record.raw:
            leaf.add(f"[dim]{escape(record.raw.strip())}[/]")
