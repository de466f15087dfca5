"""`docs/standards.md`: every code list, crosswalk and data element, with its standard, validity, count and source."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from xihu.contract.load import Catalogue, parse
from xihu.contract.models import Model, Name, Text
from xihu.contract.problems import CatalogueError
from xihu.contract.source import read_source
from xihu.standards.codes import CodeList

_MARKS = {"X": "X 程序核对", "C": "C 有出处", "M": "M 待核实"}
_KINDS = {"exact": "等同", "merge": "并入", "main": "主体对应", "split": "拆分", "none": "无对应"}


class About(Model):
    """What is known of a list or crosswalk."""

    title: Text
    standard: Annotated[Text | None, Field(description="the standard followed; own: codes of this platform")] = None
    mark: Literal["X", "C", "M"]
    covers: Text | None = None
    source: Text | None = None
    note: Text | None = None


class Lists(Model):
    """The file `conf/codes/lists.yaml`."""

    lists: dict[Name, About]
    crosswalks: dict[str, About] = {}


def load_about(conf: Path) -> Lists:
    """What `conf/codes/lists.yaml` says; nothing where there is none.

    Raises:
        CatalogueError: the file is not well formed.
    """
    file = conf / "codes" / "lists.yaml"
    if not file.is_file():
        return Lists(lists={})
    source = read_source(file, "codes/lists.yaml")
    parsed = parse(source, Lists)
    if parsed is None:
        raise CatalogueError(source.problems)
    return parsed


def render_standards(catalogue: Catalogue) -> str:
    """The page as Markdown. `catalogue` with crosswalks and elements (`check_catalogue(conf, standards=True)`)."""
    about = load_about(catalogue.conf)
    out = ["# 数据标准", "", "由 `xihu generate` 从 `conf/codes`、`conf/elements.yaml` 生成，不手改。", ""]
    out += [
        "## 代码表",
        "",
        f"{len(catalogue.codes)} 个代码表。标记：X 由程序与独立数据核对；C 有公开出处；M 通行而未与原文核对，当作参数。",
        "",
    ]
    rows = []
    for name, codes in sorted(catalogue.codes.items()):
        a = about.lists.get(name)
        standard = a.standard if a and a.standard and a.standard != "own" else "本平台"
        more = "；".join(part for part in (a.source, a.note) if part) if a else ""
        covers = "全部" if a is None or a.covers == "complete" else a.covers or ""
        rows.append(
            [f"`{name}`", a.title if a else "", standard, _count(codes), _span(codes), covers, _MARKS[a.mark] if a else "本平台自定", more]
        )
    out += _table(["代码表", "名称", "标准", "代码数（行）", "启用与停用", "范围", "标记", "出处和说明"], rows)
    out += [
        "",
        "## 对照",
        "",
        "等同、并入的可换算代码和汇总数；主体对应的只换算单条记录的代码；拆分的都不能换算，程序回答“不能准确换算”。",
        "",
    ]
    rows = []
    for name, walk in sorted(catalogue.crosswalks.items()):
        told_of = about.crosswalks.get(name)
        kinds: dict[str, set[tuple[str, object]]] = {}
        for step in walk.steps:
            kinds.setdefault(step.kind, set()).add((step.from_code, step.valid_from))
        told = "、".join(f"{_KINDS[k]} {len(v)}" for k, v in sorted(kinds.items(), key=lambda kv: list(_KINDS).index(kv[0])))
        days = "、".join(str(day) for day in sorted(d for d in walk.changes if d)) or "不分日期"
        of = [told_of.title, days, told, _MARKS[told_of.mark], told_of.note or ""] if told_of else ["", days, told, "", ""]
        rows.append([f"`{name}`", *of])
    out += _table(["对照", "名称", "日期", "代码数", "标记", "说明"], rows)
    out += ["", "## 数据元", "", f"{len(catalogue.elements)} 个。同名字段必须同义，`xihu catalogue check` 逐一核对。", ""]
    rows = []
    for name, e in catalogue.elements.items():
        reasons = [e.generic] if e.generic else []
        reasons += [f"{table} 例外：{why}" for table, why in e.excepted.items()]
        pii = (e.pii or "") + ("（以人为对象的记录）" if e.persons else "")
        rows.append([f"`{name}`", e.title, " ".join(e.types), " ".join(e.lists), e.unit or "", pii, e.standard or "", "；".join(reasons)])
    out += _table(["字段名", "含义", "类型", "代码表", "单位", "个人信息", "标准", "不求一致之处和例外"], rows)
    return "\n".join(out) + "\n"


def _count(codes: CodeList) -> str:
    return str(len(codes.by_code)) if len(codes.by_code) == len(codes) else f"{len(codes.by_code)}（{len(codes)}）"


def _span(codes: CodeList) -> str:
    starts = [r.valid_from for r in codes.rows if r.valid_from]
    ended = sum(r.valid_to is not None for r in codes.rows)
    return (f"{min(starts)} 起" if starts else "不分日期") + (f"，{ended} 行已停用" if ended else "")


def _table(heads: list[str], rows: Iterable[list[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(heads), line("---" for _ in heads), *(line(row) for row in rows)]
