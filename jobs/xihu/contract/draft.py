"""A contract to start from, drafted from a file in hand (`xihu new-dataset FILE`).

The draft loads as it stands; every comment marks something that only a person can decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from xihu.contract.guess import Column, Table, column, look
from xihu.contract.guessgeo import GEOMETRY, places
from xihu.contract.schema import MODELINE
from xihu.standards import text
from xihu.standards.codes import CodeList
from xihu.standards.divisions import Divisions, Resolved

_NAMES = {
    "身份证": "id_no",
    "公民身份号码": "id_no",
    "统一社会信用代码": "uscc",
    "信用代码": "uscc",
    "姓名": "name",
    "性别": "sex",
    "民族": "ethnic",
    "出生日期": "birth_date",
    "电话": "phone",
    "手机": "phone",
    "地址": "address",
    "住址": "address",
    "区县": "district",
    "街道": "street",
    "社区": "community",
    "月份": "month",
    "年月": "month",
    "年度": "year",
    "日期": "date",
    "金额": "amount",
    "合计": "total",
    "人数": "persons",
    "户数": "households",
    "编号": "number",
    "序号": "seq",
    "状态": "status",
    "备注": "note",
    "单位名称": "organisation",
    "企业名称": "enterprise",
    "名称": "title",
    "账号": "account",
    "银行": "bank",
    "原因": "reason",
    "类别": "category",
    "类型": "kind",
    "等级": "grade",
    "标准": "standard",
    "男": "men",
    "女": "women",
    "经度": "lon",
    "纬度": "lat",
    "车牌": "plate",
    "终端": "device",
    "速度": "speed",
    "方向": "heading",
    "面积": "area",
    "时间": "at",
    GEOMETRY: "shape",
}


def draft(path: Path, *, dept: str = "dept", codes: Mapping[str, CodeList] | None = None, as_of: date | None = None) -> str:
    """A contract (YAML) for a csv, xlsx or fixed-width file, for GeoJSON or a shapefile.

    Args:
        path: the file in hand; a sample of it is read.
        dept: the department's folder, such as `mz`.
        codes: the catalogue's code lists, to recognise divisions and codes.
        as_of: the day at which values are judged; by default today.

    Raises:
        xihu.contract.guess.Unreadable: no contract can be drafted from the file.
    """
    path = Path(path)
    table = look(path)
    lists = codes or {}
    day = as_of or date.today()
    names: list[str] = []
    columns: list[Column] = []
    for i, title in enumerate(table.titles):
        made = column(title, [row[i] for row in table.rows], table, lists, day)
        columns.append(made)
        names.append(_name(title, made, i, names))
    where = places(names, columns, table)
    key = _key(names, columns, table)
    fields = _fields(names, columns, table, key, _sheet(table, lists, day))
    return "\n".join([*_head(path, table), *_delivery(path, table, dept), *fields, *where, ""])


def _sheet(table: Table, codes: Mapping[str, CodeList], day: date) -> str:
    """The field that takes the sheet's name; a division where every name is one."""
    divisions = Divisions.of(codes)
    if all(isinstance(divisions.resolve(text.fold(name.strip()), day), Resolved) for name in table.sheets):
        return "  sheet: {title: 区县, type: division, required: true}"
    return "  sheet: {title: 工作表, type: text, required: true}   # 工作表名是什么 / what a sheet's name is"


def _name(title: str, made: Column, i: int, taken: list[str]) -> str:
    plain = text.fold(title)
    ascii_name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") if plain.isascii() else ""
    by_type = {"citizen_id": "id_no", "person_name": "name", "uscc": "uscc", "phone": "phone", "division": "district"}
    found = [(plain.rfind(k), len(k), v) for k, v in _NAMES.items() if k in plain]
    if title == GEOMETRY:
        ascii_name = _NAMES[GEOMETRY]
    name = ascii_name if re.match(r"[a-z]", ascii_name) else max(found)[2] if found else by_type.get(made.type, f"field_{i + 1}")
    base, n = name, 2
    while name in taken:
        name, n = f"{base}_{n}", n + 1
    return name


def _key(names: list[str], columns: list[Column], table: Table) -> list[str]:
    rows = table.rows[:2000]
    if not rows:
        return []

    def unique(*at: int) -> bool:
        seen = [tuple(row[i] for i in at) for row in rows]
        return all(all(v for v in one) for one in seen) and len(set(seen)) == len(seen)

    fit = [i for i, c in enumerate(columns) if c.type in ("citizen_id", "uscc", "text", "integer", "month", "date", "division")]
    rank = {"citizen_id": 0, "uscc": 0, "text": 1, "division": 2, "month": 2, "date": 2, "integer": 3}
    fit.sort(key=lambda i: (names[i] in ("seq", "note", "address"), rank[columns[i].type], i))
    single = [i for i in fit if unique(i)]
    if single:
        return [names[single[0]]]
    for n, i in enumerate(fit):
        for j in fit[n + 1 :]:
            if unique(i, j):
                return [names[i], names[j]]
    return []


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\x01", "\\x01") + '"'


def _head(path: Path, table: Table) -> list[str]:
    subject = re.sub(r"[\d_\-—()（）.年月日]+", "", path.stem) or path.stem
    return [
        MODELINE,
        f"# 由文件 {path.name} 起草，样本 {len(table.rows)} 行。注释处须由人决定，决定后删去注释。",
        "# Drafted from a file; each comment marks what a person must decide.",
        "code: 399999/1            # 换成目录中的信息资源代码 / the code of the catalogue",
        f"title: {_quote(subject)}",
        'provider: {name: "提供部门"}   # 部门全称，可加 uscc / the department',
        f"summary: {_quote(subject + '：内容、范围、来源')}",
        'grain: "一行是什么"          # 如：一人一月一行 / what one row is',
        'share: {type: conditional, basis: "职责依据"}   # 无条件 unconditional；不予共享 closed 须引法条 / cite the law',
        "open: {type: closed}",
        "update: monthly           # realtime daily weekly monthly quarterly yearly irregular",
    ]


def _delivery(path: Path, table: Table, dept: str) -> list[str]:
    glob = re.sub(r"[（(]\*[）)]", "*", re.sub(r"\d{2,}([-_.年]?\d{1,2}(?!\d)[月日]?)*[年月日]?", "*", path.stem))
    glob = re.sub(r"\*+", "*", glob)
    if not re.sub(r"[\W_]+", "", glob):  # nothing but a date: say at least how long it is
        glob = re.sub(r"\d", "[0-9]", path.stem)
    elif "*" not in glob:
        glob = f"{glob}*"
    out = [
        "delivery:",
        f"  files: {_quote(f'{dept}/{glob}{path.suffix}')}   # 与其他数据集的文件名不能相混 / must match no other dataset's files",
        f"  format: {table.format}",
    ]
    if table.encoding:
        out.append(f"  encoding: {table.encoding}")
    if table.format in ("csv", "delimited"):
        out.append(f"  delimiter: {_quote(table.delimiter or ',')}")
    if table.format == "delimited":
        out.append("  # 文件没有表头：列按次序对应，下面的标题是编的；请提供方给出列名 / no header: columns by order, titles invented")
        beside = next((p for p in (".ctl", ".CTL", ".ok", ".OK") if path.with_suffix(p).exists()), None)
        if beside:
            out.append(f'  companion: ["{{stem}}{beside.lower()}"]   # 旁边有对照文件 / a control file lies beside it')
    if table.format == "hj212":
        out.append("  telegram: {explode: factor}   # 一个因子一条记录 / one record a factor")
    out += table.options
    if table.format in ("xlsx", "xls"):
        out.append("  layout:")
        out.append(f"    title_rows: {table.title_rows}")
        out.append(f"    header_rows: {table.header_rows}")
        if len(table.sheets) > 1:
            out.append(f"    sheet_field: sheet       # 共 {len(table.sheets)} 个工作表：{'、'.join(table.sheets[:4])} …")
        if table.totals:
            out.append(f"    totals: [{', '.join(table.totals)}]")
        if table.footers:
            out.append(f"    footers: [{', '.join(map(_quote, table.footers))}]")
    if table.format == "fixed":
        out.append("  record:")
        out += [f"    {k}: {_quote(v)}" for k, v in table.marks.items()]
        out.append(f"    length: {table.length}")
        if "trailer" in table.marks:
            out.append("    # trailer_count、trailer_total：控制总数的位置见接口说明 / say where the control totals stand")
    out.append("  mode: append            # 整份替换用 snapshot（加 scope、absence），逐条更正用 corrections / or snapshot, corrections")
    return out


def _fields(names: list[str], columns: list[Column], table: Table, key: list[str], sheet: str) -> list[str]:
    out: list[str] = []
    if key:
        out.append(f"key: [{', '.join(key)}]   # 样本中唯一，请核实 / unique in the sample; verify")
    else:
        out.append("key: []                   # 样本中没有唯一的组合 / nothing is unique in the sample")
    out.append("fields:")
    if len(table.sheets) > 1:
        out.append(sheet)
    for i, (name, made) in enumerate(zip(names, columns, strict=True)):
        parts = [f"title: {_quote(table.titles[i])}", f"type: {made.type}"]
        if name in key or (table.rows and all(row[i] for row in table.rows) and made.type not in ("text", "phone")):
            parts.append("required: true")
        parts += [f"{k}: {v}" for k, v in made.options.items()]
        if table.paths and table.paths[i]:
            parts.append(f"path: {_quote(table.paths[i] or '')}")
        if table.spans:
            parts += [f"start: {table.spans[i][0]}", f"width: {table.spans[i][1]}"]
        notes = [made.note] if made.note else []
        if name.startswith("field_"):
            notes.append("请取英文名 / choose a name")
        out.append(f"  {name}: {{{', '.join(parts)}}}" + (f"   # {'；'.join(notes)}" if notes else ""))
    persons = [n for n, c in zip(names, columns, strict=True) if c.type == "citizen_id"]
    if persons:
        person_name = next((n for n, c in zip(names, columns, strict=True) if c.type == "person_name"), None)
        out.append("persons:")
        for i, name in enumerate(persons):
            role = "subject" if i == 0 else f"other_{i}"
            extra = f", name: {person_name}" if i == 0 and person_name else ""
            out.append(f"  {role}: {{id: {name}{extra}}}   # 角色：这个人在记录中是谁 / who this person is in the record")
    out.append("feeds: {}                 # 供给哪个事实表见 conf/facts / which fact it feeds")
    return out
