"""A contract to start from, drafted from files in hand (`xihu new-dataset FILE`).

The draft loads as it stands and reads the files it came from; every comment marks a guess, how sure it is (高 中 低), and why, or says what
only a person can decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from xihu.contract import guesskey
from xihu.contract.drift import Drift, merge
from xihu.contract.elements import Element
from xihu.contract.guess import Table, look
from xihu.contract.guessattachment import attachment, is_document
from xihu.contract.guesscolumn import LIKELY, SURE, UNSURE, Column, Seen
from xihu.contract.guessgeo import places
from xihu.contract.guesstype import column
from xihu.contract.schema import MODELINE
from xihu.standards import text
from xihu.standards.codes import CodeList
from xihu.standards.divisions import Divisions

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_CLOSED = 'share: {type: conditional, basis: "职责依据"}   # 由人定：无条件 unconditional；不予共享 closed 须引法条 / cite the law'


def draft(
    path: Path | Sequence[Path],
    *,
    dept: str = "dept",
    codes: Mapping[str, CodeList] | None = None,
    elements: Mapping[str, Element] | None = None,
    as_of: date | None = None,
) -> str:
    """A contract (YAML) for a file, or for several files of one resource, in any format that Xihu reads.

    Args:
        path: the file in hand, or several of one resource; a sample of each is read.
        dept: the department's folder, such as `mz`.
        codes: the catalogue's code lists, to recognise divisions and codes.
        elements: the data elements (`conf/elements.yaml`): fields are named as they name them.
        as_of: the day at which values are judged; by default today.

    Raises:
        xihu.contract.guess.Unreadable: no contract can be drafted from the file, or the files are of different formats.
    """
    paths = [Path(path)] if isinstance(path, str | Path) else [Path(p) for p in path]
    if all(map(is_document, paths)):
        return _documents(paths, dept)
    lists, day = codes or {}, as_of or date.today()
    divisions = Divisions.of(lists).codes
    drift = merge([(p, look(p, divisions)) for p in paths])
    table = drift.table
    columns = _columns(table, lists, day)
    names: list[str] = []
    known, persons = elements or {}, any(c.type in ("citizen_id", "person_name") for c in columns)
    for i, (title, made) in enumerate(zip(table.titles, columns, strict=True)):
        own = guesskey.field_name(title, made, i, names)
        name = guesskey.standard_name(title, made, own, known, persons, names) or (
            guesskey.free_name(own, i, known) if known and table.headed else own
        )
        names.append(name if name not in names else f"field_{i + 1}")
    where = places(names, columns, table)
    keyed = guesskey.key(names, columns, table) if len(paths) == 1 else guesskey.key(names, columns, drift.first)
    changing = [names[i] for i in drift.changing]
    ways, more = guesskey.mode(names, columns, drift.first, keyed, changing)
    sheet = _sheet(table, lists)
    lines = [*_head(paths, len(drift.table.rows)), *_delivery(paths, drift, dept, names), *ways, *_drifted(drift)]
    lines += _fields(names, columns, drift, [*keyed, *more], sheet)
    lines += [*where, *_undecided(names, columns, table, keyed)]
    # Values of the file stand in comments: a line end in one of them must not become a line of the contract.
    return "\n".join(_CONTROL.sub(" ", line) for line in lines) + "\n"


def _documents(paths: Sequence[Path], dept: str) -> str:
    """The contract of scanned or written documents."""
    delivery, fields = attachment(paths)
    files = f"  files: {quote(f'{dept}/{_glob(paths)}')}   # 中：不能与其他数据集的文件名相混 / of no other dataset"
    undecided = "# 未能决定 / could not be decided: code、provider、grain、share、open、update、feeds、主键 / the key"
    lines = [*_head(paths, len(paths)), "delivery:", files, *delivery, "key: []", "fields:", *fields, "feeds: {}", undecided]
    return "\n".join(_CONTROL.sub(" ", line) for line in lines) + "\n"


def _columns(table: Table, lists: Mapping[str, CodeList], day: date) -> list[Column]:
    columns = [column(Seen(t, [row[i] for row in table.rows], table.format, lists, day, table.unit)) for i, t in enumerate(table.titles)]
    first = next((i for i, c in enumerate(columns) if c.type == "citizen_id"), None)
    if first is not None:
        ids = [row[first] for row in table.rows]
        for i, made in enumerate(columns):
            if made.type in ("integer", "code", "text", "boolean"):
                columns[i] = column(Seen(table.titles[i], [row[i] for row in table.rows], table.format, lists, day, table.unit, ids))
    return columns


def _sheet(table: Table, codes: Mapping[str, CodeList]) -> str:
    """The field that takes the sheet's name; a division where every name is one."""
    divisions = Divisions.of(codes)
    if all(divisions.known(text.fold(name.strip())) for name in table.sheets):
        return "  sheet: {title: 区县, type: division, required: true}   # 高：各工作表名都是区划 / every sheet is named after a division"
    return "  sheet: {title: 工作表, type: text, required: true}   # 低：工作表名是什么 / what a sheet's name is"


def quote(value: str) -> str:
    """A YAML scalar in double quotes."""
    return _CONTROL.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False))


def _head(paths: Sequence[Path], rows: int) -> list[str]:
    subject = re.sub(r"[\d_\-—()（）.年月日]+", "", paths[0].stem) or paths[0].stem
    came = f"文件 {paths[0].name}" + (f" 等 {len(paths)} 个" if len(paths) > 1 else "")
    return [
        MODELINE,
        f"# 由{came}起草，样本 {rows} 行。注释写明每处猜测的把握（高、中、低）与依据；由人核定后删去。",
        "# Drafted from files in hand; each comment marks a guess, how sure it is and why, or what a person must decide.",
        "code: 399999/1            # 由人定：目录中的信息资源代码 / the code of the catalogue",
        f"title: {quote(subject)}",
        'provider: {name: "提供部门"}   # 由人定：部门全称，可加 uscc / the department',
        f"summary: {quote(subject + '：内容、范围、来源')}",
        'grain: "一行是什么"          # 由人定，如一人一月一行 / what one row is',
        _CLOSED,
        "open: {type: closed}      # 由人定 / a person decides",
        "update: monthly           # 由人定：realtime daily weekly monthly quarterly yearly irregular",
    ]


def _glob(paths: Sequence[Path]) -> str:
    """The name with its dates left open; of several names what they share."""
    stem = paths[0].stem
    if len(paths) > 1:
        stems = [p.stem for p in paths]
        head = next((i for i, c in enumerate(zip(*stems, strict=False)) if len(set(c)) > 1), min(map(len, stems)))
        stem = re.sub(r"\d+$", "", stems[0][:head]) + "*"
        if not re.sub(r"[\W_*]+", "", stem):
            stem = re.sub(r"\d", "[0-9]", stems[0]) if len({re.sub(r"\d", "0", s) for s in stems}) == 1 else "*"
        return stem
    glob = re.sub(r"[（(]\*[）)]", "*", re.sub(r"\d{2,}([-_.年]?\d{1,2}(?!\d)[月日]?)*[年月日]?", "*", stem))
    glob = re.sub(r"\*+", "*", re.sub(r"[\[\]?]", "*", glob))
    if not re.sub(r"[\W_]+", "", glob):  # nothing but a date: say at least how long it is
        glob = re.sub(r"\d", "[0-9]", stem)
    elif "*" not in glob:
        glob = f"{glob}*"
    return glob


def _delivery(paths: Sequence[Path], drift: Drift, dept: str, names: Sequence[str]) -> list[str]:
    table, path = drift.table, paths[0]
    out = [
        "delivery:",
        f"  files: {quote(f'{dept}/{_glob(paths)}{path.suffix}')}   # 中：不能与其他数据集的文件名相混 / of no other dataset",
        f"  format: {table.format}",
    ]
    if table.encoding:
        out.append(f"  encoding: {table.encoding}")
    if table.format in ("csv", "delimited"):
        out.append(f"  delimiter: {quote(table.delimiter or ',')}")
    if table.format == "csv" and table.title_rows:
        out.append(f"  layout: {{title_rows: {table.title_rows}}}   # 表头之上的行 / lines above the header")
    if table.format == "delimited":
        out.append("  # 文件没有表头：列按次序对应，下面的标题是编的；请提供方给出列名 / no header: columns by order, titles invented")
        beside = next((p for p in (".ctl", ".CTL", ".ok", ".OK") if path.with_suffix(p).exists()), None)
        if beside:
            out.append(f'  companion: ["{{stem}}{beside.lower()}"]   # 高：旁边有对照文件 / a control file lies beside it')
    if table.format == "hj212":
        out.append("  telegram: {explode: factor}   # 一个因子一条记录 / one record a factor")
    if table.format != "fixed":
        out += table.options
    if table.format in ("xlsx", "xls"):
        out += ["  layout:", f"    title_rows: {table.title_rows}", f"    header_rows: {table.header_rows}"]
        if len(table.sheets) > 1:
            out.append(f"    sheet_field: sheet       # 共 {len(table.sheets)} 个工作表：{'、'.join(table.sheets[:4])} …")
        if table.totals:
            out.append(f"    totals: [{', '.join(table.totals)}]")
        if table.footers:
            out.append(f"    footers: [{', '.join(map(quote, table.footers))}]")
    if table.format == "fixed":
        out += [
            "  record:",
            *(f"    {k}: {quote(v)}" for k, v in table.marks.items()),
            f"    length: {table.length}",
            *_named(table, names),
        ]
        if "trailer" in table.marks and not table.options:
            out.append("    # trailer_count、trailer_total：控制总数的位置由提供方说明 / say where the control totals stand")
    return out


def _named(table: Table, names: Sequence[str]) -> list[str]:
    """Options of a batch with the names of fields in the place of their first bytes."""
    at = {f"@{start}@": name for (start, _), name in zip(table.spans, names, strict=True)}
    return [re.sub(r"@\d+@", lambda m: at[m[0]], line) for line in table.options]


def _drifted(drift: Drift) -> list[str]:
    if not drift.notes:
        return []
    out = [f"  # {note}" for note in drift.notes]
    words = {w for w in ("added", "dropped", "reordered") if w in drift.kinds}
    if words - {"reordered"}:
        policy = {"added": "warn" if "added" in words or "dropped" in words else "refuse", "dropped": "warn"}
        out.append(
            f"  columns: {{added: {policy['added']}, dropped: {policy['dropped']}, reordered: accept}}   # 中：因上述变化 / for this drift"
        )
    return out


def _fields(names: list[str], columns: list[Column], drift: Drift, key: list[str], sheet: str) -> list[str]:
    table = drift.table
    if key:
        out = [f"key: [{', '.join(key)}]   # 中：样本中唯一且无空值，请核实 / unique and never empty in the sample; verify"]
    else:
        out = ["key: []                   # 样本中没有唯一的字段或两个字段的组合 / nothing is unique in the sample"]
    out.append("fields:")
    if len(table.sheets) > 1:
        out.append(sheet)
    for i, (name, made) in enumerate(zip(names, columns, strict=True)):
        parts = [f"title: {quote(table.titles[i])}"]
        if drift.variants.get(i):
            parts.append(f"titles: [{', '.join(map(quote, drift.variants[i]))}]")
        parts.append(f"type: {made.type}")
        if name in key:
            parts.append("required: true")
        parts += [f"{k}: {v}" for k, v in made.options.items()]
        if table.paths and table.paths[i]:
            parts.append(f"path: {quote(table.paths[i] or '')}")
        if table.spans:
            parts += [f"start: {table.spans[i][0]}", f"width: {table.spans[i][1]}"]
        notes = [made.note] if made.note else []
        if name.startswith("field_"):
            notes.append("请取英文名 / choose a name")
        told = "；".join([f"{made.sure}" + (f"：{made.why}" if made.why else ""), *notes])
        out.append(f"  {name}: {{{', '.join(parts)}}}   # {told}")
    persons = [n for n, c in zip(names, columns, strict=True) if c.type == "citizen_id"]
    if persons:
        person_name = next((n for n, c in zip(names, columns, strict=True) if c.type == "person_name"), None)
        out.append("persons:")
        for i, name in enumerate(persons):
            role = "subject" if i == 0 else f"other_{i}"
            extra = f", name: {person_name}" if i == 0 and person_name else ""
            out.append(f"  {role}: {{id: {name}{extra}}}   # 低：角色由人定 / who this person is in the record")
    entities = [n for n, c in zip(names, columns, strict=True) if c.type == "uscc"]
    if entities:
        out.append("entities:")
        out += [
            f"  {'subject' if i == 0 else f'other_{i}'}: {{uscc: {name}}}   # 低：角色由人定 / which role"
            for i, name in enumerate(entities)
        ]
    out.append("feeds: {}                 # 由人定：供给哪个事实表见 conf/facts / which fact it feeds")
    return out


def _undecided(names: list[str], columns: list[Column], table: Table, keyed: Sequence[str]) -> list[str]:
    """What the file could not tell, in one place."""
    unsure = [f"{n}（{table.titles[i]}）" for i, (n, c) in enumerate(zip(names, columns, strict=True)) if c.sure == UNSURE]
    units = [n for n, c in zip(names, columns, strict=True) if c.type == "money" and c.note.startswith("单位")]
    out = ["# 未能决定 / could not be decided: code、provider、grain、share、open、update、feeds"]
    if unsure:
        out.append(f"#   类型把握低 / types in doubt: {'、'.join(unsure)}")
    if units:
        out.append(f"#   金额单位 / units of money: {'、'.join(units)}")
    if not keyed:
        out.append("#   主键 / the key")
    if sure := sum(c.sure == SURE for c in columns):
        out.append(f"#   把握高 {sure} 列，中 {sum(c.sure == LIKELY for c in columns)} 列，低 {len(unsure)} 列 / sure, likely, in doubt")
    return out
