"""Pages of the directory in the data dictionary: every class of every department, and the sharing directory derived from it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from xihu.contract import grades, words
from xihu.contract.directory import vocab
from xihu.contract.directory.entry import Entry
from xihu.contract.directory.sharing import AS_IS, BY_CASE, MASKED, WITHHELD, shared, withheld
from xihu.contract.directory.store import Directory


def directory_values(directory: Directory) -> dict[str, Any]:
    """What `directory.html.j2` shows: departments with their classes, projects (项) and counts."""
    departments = []
    for dept, entries in directory.by_department().items():
        if entries:
            known = directory.departments.get(dept)
            departments.append((dept, known.name if known else entries[0].provider, known.uscc if known else "", entries))
    entries = list(directory.entries.values())
    projects = Counter(e.code[:3] for e in entries)
    named = [(p, directory.names_of(p.ljust(3))[1] or p, vocab.KINDS[p[0]][:2], n) for p, n in sorted(projects.items())]
    share: Counter[str] = Counter(e.share.type for e in entries)
    grade = Counter(e.grade for e in entries)
    contracted = sum(e.resource is not None for e in entries)
    counts = [(len(departments), "部门"), (len(entries), "类信息资源"), (sum(len(e.items) for e in entries), "信息项")]
    counts += [(contracted, "已有契约"), (len(entries) - contracted, "尚无契约")]
    return {
        "departments": departments,
        "projects": named,
        "counts": counts,
        "shares": [(k, words.SHARE[k], share[k]) for k in words.SHARE],
        "opens": [(k, words.OPEN[k], sum(e.open.type == k for e in entries)) for k in words.OPEN],
        "grades": [(g, grades.TITLES[g], grade[g]) for g in grades.GRADES],
        "names": lambda prefix: " · ".join(n for n in directory.names_of(prefix) if n),
        "item_types": vocab.ITEM_TYPES,
        "titles": grades.TITLES,
    }


def sharing_values(directory: Directory) -> dict[str, Any]:
    """What `sharing.html.j2` shows."""
    ordered = [e for listed in directory.by_department().values() for e in listed]
    lines, closed = shared(ordered), withheld(ordered)
    counts = [(len(lines), "可共享"), (sum(x.entry.share.type == "unconditional" for x in lines), "无条件共享")]
    counts += [(sum(x.entry.share.type == "conditional" for x in lines), "有条件共享"), (len(closed), "不予共享")]
    ways = [(AS_IS, "grade-L1"), (MASKED, "grade-L3"), (BY_CASE, "grade-L4"), (WITHHELD, "none")]
    return {"lines": lines, "closed": closed, "counts": counts, "ways": ways, "titles": grades.TITLES}


def url_of(entry: Entry) -> str:
    """The place of a class in the dictionary: its contract's page, or its line in the directory."""
    return f"dataset/{entry.resource}.html" if entry.resource else f"directory.html#{entry.code.replace('/', '-')}"
