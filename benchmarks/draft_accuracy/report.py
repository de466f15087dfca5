"""The page of figures: by group of files, by format, by type, and what was taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .measure import Judged, Outcome, by_source, failures, share

GROUPS = {
    "own": "独立编写的 F1–F11 摘录 / extracts written for this from the brief",
    "city": "样例城市 / the sample city",
    "theme": "样例城市的主题数据 / its theme blocks",
    "real": "真实公开数据 / open data",
}


def _percent(value: float) -> str:
    return "—" if value != value else f"{100 * value:.1f} %"


def _row(name: str, fields: Sequence[Judged]) -> str:
    told = [f for f in fields if not f.case.bare]
    bare = [f for f in fields if f.case.bare]
    cells = [str(len({f.case.path for f in told})), str(len(told)), *map(_percent, (share(told), share(told, kin=True), by_source(told)))]
    cells += [str(len(bare)), *map(_percent, (share(bare), share(bare, kin=True), by_source(bare)))]
    return f"| {name} | " + " | ".join(cells) + " |"


_HEAD = (
    "| {} | files | fields | right | kin | by source | fields c1…cn | right | kin | by source |"
    "\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def page(out: Outcome, seeds: Sequence[int], persons: int) -> str:
    """docs/evidence/draft.md"""
    fields = out.fields
    lines = [
        "# Types that `xihu new-dataset` drafts, against the truth",
        "",
        "Made by `python -m benchmarks.draft_accuracy`. A contract is drafted from each file and its field types are compared with the",
        "types known for the file: the contracts of `conf/catalogue` (sample city, theme blocks, open data), or the columns an extract was",
        "made of (`benchmarks/draft_accuracy`, all formats F1–F11, with other code than the sample city's).",
        "",
        "* *right*: the very same field type. A column that the draft does not have, or with other borders in a fixed file, is wrong.",
        "* *kin*: right, or one of a pair that a person would let stand until the sender says more: integer–number, money–number,",
        "  code–text, year–integer, boolean–code, boolean–integer, division–text, person_name–text, phone–text.",
        "* *by source*: the mean over sources (resources, extracts), so that a sender of many files counts once.",
        "* *c1 … cn*: the same file with its titles replaced, header rows kept (CSV, XLSX, XML, JSON, DBF, GeoJSON, accounting;",
        "  own extracts also XLS and shapefiles). Formats without titles (fixed width, dumps, telegrams) have no such line.",
        "* Failures were looked at on half of the sources while rules were made (*seen*); the other half, by a checksum of its",
        "  name, was only counted (*held out*), its wrong answers by format and type too, and that told where to look for faults: in dBase",
        "  names and cells cut short, covers of workbooks, English words for money. Two held-out sources were opened: the header of one",
        "  council, and `jx__iot_device`, which had no draft. So the held-out figures are somewhat better than those of files never seen.",
        "  The goals are 90 % right with titles and 75 % without.",
        f"* Seeds {', '.join(map(str, seeds))}; {persons:,} persons a city, dirt as generated. {len(out.refused)} files gave no draft;",
        f"  {out.extra} columns were drafted that the truth does not name.",
        "",
        "## By kind of file",
        "",
        _HEAD.format("group"),
    ]
    for group, title in GROUPS.items():
        some = out.some(group=group)
        if some:
            lines.append(_row(title, some))
            lines.append(_row("… seen", [f for f in some if not f.case.held_out]))
            lines.append(_row("… held out", [f for f in some if f.case.held_out]))
    lines += [_row("**all**", fields), "", "## By format", "", _HEAD.format("format")]
    lines += [_row(kind, out.some(format=kind)) for kind in sorted({f.case.format for f in fields})]
    lines += ["", "## By true type", "", _HEAD.format("type")]
    lines += [_row(kind, [f for f in fields if f.true == kind]) for kind in sorted({f.true for f in fields})]
    for bare, title in ((False, "with titles"), (True, "with c1 … cn")):
        wrong = Counter((f.true, f.drafted) for f in fields if not f.right and f.case.bare == bare)
        lines += ["", f"## Taken for what, {title}", "", "| true | drafted | fields |", "|---|---|---:|"]
        lines += [f"| {a} | {b} | {n} |" for (a, b), n in wrong.most_common(25)]
    lines += ["", "## Wrong with titles, of the sources that were looked at", "", "```"]
    lines += list(failures([f for f in fields if not f.case.bare and not f.case.held_out]))[:80]
    lines += ["```", ""]
    if out.refused:
        lines += ["## Files without a draft", "", *(f"* {r}" for r in sorted(set(out.refused))[:20]), ""]
    return "\n".join(lines)
