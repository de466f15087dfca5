"""Brings the sample city's directory up to its contracts: run after a contract of conf/catalogue is added, renamed or removed.

1. jobs/xihu/sample/directory/contracts.jsonl is written from the contracts (those with an `origin` are no classes of the city);
2. left_out.txt is chosen anew, so that there are exactly 568 classes: first what a contract replaces, then spare ones;
3. the worksheet is written and imported into an empty directory, which becomes conf/directory. Nothing may be refused.

Run: .venv/bin/python scripts/sync_directory.py
"""

from __future__ import annotations

import difflib
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from xihu.contract import words
from xihu.contract.directory import vocab
from xihu.contract.directory.entry import Entry, default_grade, of_contract
from xihu.contract.directory.export import resource_values
from xihu.contract.directory.store import Department, Directory, write_directory
from xihu.contract.load import Catalogue, load_catalogue
from xihu.contract.models import Contract
from xihu.contract.worksheet import Report, import_worksheet
from xihu.sample import directory as sample
from xihu.sample.directory.worksheet import write as write_worksheet
from xihu.settings import settings


def contract_lines(contracts: list[Contract]) -> list[str]:
    """contracts.jsonl: the classes that have a contract, in the words of the worksheet."""
    own = {d.name: d for d in sample.departments()}
    strangers = sorted({c.provider.name for c in contracts if c.provider.name not in own})
    if strangers:
        raise SystemExit(f"no such department in classes.txt: {', '.join(strangers)}; add a line @folder short-name full-name law")
    lines = []
    for contract in sorted(contracts, key=lambda c: c.code):
        department = own[contract.provider.name]
        entry = of_contract(contract, department.uscc).at(department.dept, department.name, department.uscc)
        lines.append(json.dumps(_row(entry, department.short), ensure_ascii=False))
    return lines


def _row(entry: Entry, short: str) -> dict[str, object]:
    values = resource_values(Directory(), entry)
    project = sample.ITEMS.get(entry.code[:3])
    if project is None:
        raise SystemExit(f"{entry.resource}: no name for 项 {entry.code[:3]}; add it to xihu.sample.directory.ITEMS")
    items = [[i.title, vocab.ITEM_TYPES[i.kind], i.length, i.grade if i.grade != default_grade(i.title) else ""] for i in entry.items]
    lowered = any(i.grade < default_grade(i.title) for i in entry.items)
    made = sample.Class(
        entry.code, entry.title, entry.dept, entry.provider, entry.uscc, (sample.KINDS[entry.code[0]], project, short, ""), entry.summary,
        entry.format, tuple(sample.Item(*i) for i in items), words.SHARE[entry.share.type], entry.condition,
        entry.share.method or "共享平台文件",
        str(values[17]), str(values[18]), words.UPDATE[entry.update], entry.published, "、".join(entry.related), entry.grade,
        entry.grade_reason or ("见契约" if lowered else ""), entry.resource or "",
    )  # fmt: skip
    return {**asdict(made), "items": items, "published": entry.published.isoformat() if entry.published else None}


def left_out(contracts: list[Contract]) -> list[str]:
    """Codes of the classes that give way, so that 568 remain: namesakes of contracts first, then the last ones of large departments."""
    own = {d.name: d.dept for d in sample.departments()}
    free = list(sample.written())
    spare = len(free) + len(contracts) - sample.CLASSES
    if spare < 0:
        raise SystemExit(f"{-spare} classes too few: add lines to classes.txt")
    gone = [c for c in free if c.code in sample.giving_way()][:spare]
    for contract in sorted(contracts, key=lambda c: c.code):
        mine = [c for c in free if c.dept == own[contract.provider.name] and c not in gone]
        best = max(mine, key=lambda c: difflib.SequenceMatcher(None, c.title, contract.title).ratio(), default=None)
        if best and difflib.SequenceMatcher(None, best.title, contract.title).ratio() >= 0.6 and len(gone) < spare:
            gone.append(best)
    while len(gone) < spare:
        size = Counter(c.dept for c in free if c not in gone)
        projects = Counter(c.code[:3] for c in free if c not in gone)
        names = {c.code for c in contracts}
        crowded = [c for c in free if c not in gone and projects[c.code[:3]] > 4 and size[c.dept] > 4]
        gone.append(max(crowded, key=lambda c: (size[c.dept], c.code not in names, c.code)))
    return sorted(c.code for c in gone)


def build(catalogue: Catalogue) -> tuple[Directory, Report, dict[str, str]]:
    """Everything that the script writes: the directory, the report of the import, and the two files of the sample."""
    contracts = [c for c in catalogue.contracts.values() if c.origin is None]
    texts = {"contracts.jsonl": "\n".join(contract_lines(contracts)) + "\n", "left_out.txt": "\n".join(left_out(contracts)) + "\n"}
    for name, text in texts.items():
        (sample.HERE / name).write_text(text, "utf-8")
    directory = Directory({d.dept: Department(d.dept, d.name, d.uscc) for d in sample.departments()})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "政务信息资源目录.xlsx"
        write_worksheet(file)
        report = import_worksheet(file, catalogue, directory)
    return directory, report, texts


def main() -> int:
    """0 when conf/directory is current or was brought up to date; 1 when something was refused."""
    catalogue = load_catalogue(settings().conf)
    directory, report, _ = build(catalogue)
    for problem in sorted(report.problems)[:40]:
        print(problem, file=sys.stderr)
    print(report.summary)
    total = len(sample.classes())
    if report.problems or len(sample.departments()) != sample.DEPARTMENTS or total != sample.CLASSES:
        print(f"{len(sample.departments())} departments, {total} classes, {len(report.problems)} problems", file=sys.stderr)
        return 1
    for path in write_directory(settings().conf, directory):
        print("written:", path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
