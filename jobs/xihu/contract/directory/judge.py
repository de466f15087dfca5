"""Judges the lines of one class of a worksheet and turns them into an entry of the directory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from stdnum.cn import uscc as stdnum_uscc

from xihu.contract import grades, words
from xihu.contract.directory import vocab
from xihu.contract.directory.entry import Entry, Item, default_grade, faults, of_contract
from xihu.contract.directory.store import Department, Directory
from xihu.contract.directory.vocab import plain, word
from xihu.contract.load import Catalogue
from xihu.contract.models import CODE, Open, Share

RESOURCE = (
    "kind", "kind_1", "kind_2", "kind_3", "name", "code", "provider", "uscc", "summary", "format_group", "format_kind", "share",
    "share_condition", "share_method", "share_method_kind", "open", "open_terms", "update", "published", "related", "grade",
)  # fmt: skip
_FORMULA = re.compile(r"\s*([=@]|[+\-][A-Za-z(])")


@dataclass
class Line:
    """One line: 1-based row, and the cells of the columns that are known."""

    row: int
    cells: dict[str, Any]

    def text(self, target: str) -> str:
        """A cell as text; a day as 2016-12-05, a whole number without decimals."""
        value = self.cells.get(target)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, datetime):
            value = value.date()
        if target in ("name", "summary", "share_condition", "share_method", "open_terms", "item_name", "provider", "grade_reason"):
            return re.sub(r"\s+", " ", "" if value is None else str(value)).strip()
        return plain(value)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell."""

    row: int
    target: str
    value: str
    message: str
    cure: str


class Judge:
    """Judges classes one after another; accepted ones are put into the directory at once, so that the next is judged against them."""

    def __init__(self, catalogue: Catalogue, directory: Directory) -> None:
        self.directory = directory
        self.contracts = {c.code: c for c in catalogue.contracts.values()}
        self.seen: dict[str, tuple[str, int]] = {}

    def settle(self, sheet: str, lines: list[Line]) -> tuple[str, list[Fault]]:
        """added | changed | unchanged | contract | refused, and the faults of a refused class (of a contract: none)."""
        found: list[Fault] = []
        first = lines[0]
        values = self._one_value(lines, found)

        def fault(target: str, message: str, cure: str, row: int = first.row, value: str | None = None) -> None:
            found.append(Fault(row, target, values.get(target, "") if value is None else value, message, cure))

        code = values.get("code", "").upper().replace(" ", "")
        if not re.match(CODE, code):
            message = "缺少信息资源代码" if not code else "信息资源代码写法不符"
            fault("code", message, "类1位 项2位 目3位 细目，斜杠，顺序码，如 306013/0002")
        elif code in self.seen:
            where, row = self.seen[code]
            fault("code", f"信息资源代码重复：“{where}”第{row}行已用", "改顺序码；同一资源的各信息项应连续填写")
        else:
            self.seen[code] = (sheet, first.row)
        if not values.get("name"):
            fault("name", "缺少信息资源名称", "填写名称")
        owner = self._owner(values, fault)
        items = self._items(lines, found)
        contract = self.contracts.get(code)
        share = vocab.share_of(values.get("share", ""))
        if share is None:
            fault("share", "不是可用的共享类型" if values.get("share") else "缺少共享类型", "填写 无条件共享、有条件共享 或 不予共享")
        opening = vocab.open_of(values.get("open", ""), values.get("open_terms", ""))
        if opening is None:
            fault("open", "不是可用的开放属性" if values.get("open") else "缺少开放属性", "填写 是 或 否；有条件的同时填写开放条件")
        update = vocab.update_of(values.get("update", ""))
        if update is None:
            fault("update", "未知的更新周期" if values.get("update") else "缺少更新周期", f"填写 {'、'.join(words.UPDATE.values())} 之一")
        named = self._classification(code, values, fault)
        if contract is None:
            entry = self._entry(code, values, owner, items, share, opening, update, fault, lines)
        else:
            entry = None
            self._compare(of_contract(contract, ""), values, items, share, opening, update, fault, lines)
        if found:
            return "refused", found
        if contract is not None:
            self.directory.classification.update(named)
            return "contract", []
        assert entry is not None and owner is not None
        return self._accept(entry, owner, named)

    def _one_value(self, lines: list[Line], found: list[Fault]) -> dict[str, str]:
        """Columns of the resource: filled on its first line, or repeated, or merged; never two values."""
        values: dict[str, str] = {}
        for line in lines:
            for target in line.cells:
                text = line.text(target)
                if text and isinstance(line.cells[target], str) and _FORMULA.match(text):
                    found.append(Fault(line.row, target, text[:60], "内容形如公式", "改为普通文字：删去开头的 = + - @"))
                if target not in RESOURCE or not text:
                    continue
                if values.setdefault(target, text) != text:
                    message = f"同一资源前后不一致：第{lines[0].row}行起为“{values[target][:40]}”"
                    found.append(Fault(line.row, target, text[:60], message, "一个资源的各行填写相同内容，或只填第一行"))
        reasons = dict.fromkeys(line.text("grade_reason") for line in lines if line.text("grade_reason"))
        if reasons:
            values["grade_reason"] = "；".join(reasons)
        return values

    def _owner(self, values: dict[str, str], fault: Any) -> Department | None:
        name, code = values.get("provider", ""), values.get("uscc", "").upper().replace(" ", "")
        known = self.directory.departments.values()
        by_name = next((d for d in known if d.name == name), None)
        by_code = next((d for d in known if d.uscc == code), None)
        if not name:
            fault("provider", "缺少信息资源提供方", "填写部门全称")
        if code and not stdnum_uscc.is_valid(code):
            fault("uscc", "统一社会信用代码校验不通过", "核对18位代码")
            return None
        if not name:
            return None
        if by_name is not None and code and by_name.uscc != code:
            fault("uscc", f"与目录中“{name}”的代码 {by_name.uscc} 不同", "核对代码；确已变更的，改 conf/directory/departments.csv")
        elif by_name is None and by_code is not None:
            fault("provider", f"代码 {code} 属于“{by_code.name}”", "使用部门全称；确已更名的，改 conf/directory/departments.csv")
        elif by_name is None and not code:
            fault("uscc", "缺少提供方代码", "填写18位统一社会信用代码")
        else:
            return by_name or Department(f"d{code[8:17].lower()}", name, code)
        return None

    def _items(self, lines: list[Line], found: list[Fault]) -> tuple[Item, ...]:
        items: dict[str, Item] = {}
        at: dict[str, int] = {}
        for line in lines:
            title, kind = line.text("item_name"), line.text("item_type")
            if not title:
                found.append(Fault(line.row, "item_name", "", "缺少信息项名称", "填写信息项名称；没有信息项的行请删去"))
                continue
            if title in items:
                found.append(Fault(line.row, "item_name", title, f"信息项重复：第{at[title]}行已有", "改名，或删去一行"))
                continue
            at[title] = line.row
            typed = vocab.item_type_of(kind, line.text("item_length")) if kind else None
            if typed is None:
                message = "缺少信息项类型" if not kind else "未知的信息项类型"
                found.append(Fault(line.row, "item_type", kind, message, f"填写 {'、'.join(vocab.ITEM_TYPES.values())} 之一"))
            if vocab.length_of(line.text("item_length")) is None:
                found.append(Fault(line.row, "item_length", line.text("item_length"), "看不懂的长度", "填写数字，如 18；有小数的如 16,2"))
            grade = self._grade(line, "item_grade", found) or default_grade(title)
            items[title] = Item(title, *(typed or ("C", "")), grade)
        return tuple(items.values())

    def _grade(self, line: Line, target: str, found: list[Fault], text: str | None = None) -> str | None:
        given = line.text(target) if text is None else text
        if not given:
            return None
        short = word(given).upper()
        by_title = next((g for g, t in grades.TITLES.items() if t == given), None)
        grade = by_title or (short if short in grades.GRADES else f"L{short[0]}" if re.fullmatch(r"[1-4]级?", short) else None)
        if grade is None:
            choice = "、".join(f"{g} {t}" for g, t in grades.TITLES.items())
            found.append(Fault(line.row, target, given, "未知的分级", f"填写 {choice}"))
        return grade

    def _classification(self, code: str, values: dict[str, str], fault: Any) -> dict[str, str]:
        """Names of 类、项、目、细目 that are new; disagreements are faults."""
        new: dict[str, str] = {}
        if not re.match(CODE, code):
            return new
        prefix = code.split("/")[0]
        kind = values.get("kind", "")
        if kind and vocab.kind_of(kind) != code[0]:
            fault("kind", f"与代码首位 {code[0]}（{vocab.KINDS[code[0]]}）不符", "改类名或代码：1 基础、2 主题、3 部门")
        for target, part in (("kind_1", prefix[:3]), ("kind_2", prefix[:6]), ("kind_3", prefix if len(prefix) > 6 else "")):
            name = values.get(target, "")
            if not name or word(name) in ("", "无", "-", "—", "/"):
                continue
            if not part:
                fault(target, "代码中没有细目", "在代码的目之后补上细目，或删去细目名称")
                continue
            known = self.directory.classification.get(part)
            if known is not None and known != name:
                fault(target, f"代码 {part} 在目录中名为“{known}”", "改名称或代码；确要更名的，改 conf/directory/classification.csv")
            new[part] = name
        return new

    def _entry(
        self, code: str, values: dict[str, str], owner: Department | None, items: tuple[Item, ...], share: str | None,
        opening: str | None, update: str | None, fault: Any, lines: list[Line],
    ) -> Entry | None:  # fmt: skip
        if not values.get("summary"):
            fault("summary", "缺少信息资源摘要", "用一两句话写明内容和范围")
        form = vocab.format_of(values.get("format_group", ""), values.get("format_kind", ""))
        if form is None:
            message = "缺少信息资源格式" if not (values.get("format_group") or values.get("format_kind")) else "未知的信息资源格式"
            fault("format_group", message, f"填写 {'、'.join(vocab.FORMATS)} 之一")
        published = self._published(lines, values, fault)
        related = [r for r in re.split(r"[\s,，;；、]+", plain(values.get("related", ""))) if r and r not in ("无", "-", "—")]
        for one in related:
            if not re.match(CODE, one):
                fault("related", f"不是信息资源代码：{one}", "填写代码，多个用顿号分开；没有的留空")
        top = grades.highest(i.grade for i in items)
        own: list[Fault] = []
        grade = self._grade(lines[0], "grade", own, values.get("grade", ""))
        for each in own:
            fault(each.target, each.message, each.cure)
        if not (share and opening and update and form and owner and items):
            return None
        method = " ".join(dict.fromkeys(v for v in (values.get("share_method", ""), values.get("share_method_kind", "")) if v)) or None
        terms = values.get("open_terms") or None
        entry = Entry(
            code, values.get("name", ""), owner.dept, owner.name, owner.uscc, values.get("summary", ""), form, items,
            Share(type=share, basis=values.get("share_condition") or None, method=method),  # type: ignore[arg-type]
            Open(type=opening, terms=terms if opening == "conditional" else None),  # type: ignore[arg-type]
            update, published, tuple(related), grade or grades.usual(share, opening, top), values.get("grade_reason", ""),
        )  # fmt: skip
        before = self.directory.entries.get(code)
        if before is not None and before.dept != owner.dept:
            fault("code", f"已是{before.provider}《{before.title}》的代码", "改顺序码；确已移交的，先从 conf/directory 删去原条目")
        if re.match(CODE, code):
            for target, message, cure in faults(entry):
                fault(target, message, cure)
        return entry

    def _published(self, lines: list[Line], values: dict[str, str], fault: Any) -> date | None:
        if not values.get("published"):
            return None
        day = vocab.date_of(next(v for line in lines if plain(v := line.cells.get("published"))))
        if day is None:
            fault("published", "看不懂的发布日期", "写年月日，如 2016-12-05")
        return day

    def _compare(
        self, own: Entry, values: dict[str, str], items: tuple[Item, ...], share: str | None, opening: str | None, update: str | None,
        fault: Any, lines: list[Line],
    ) -> None:  # fmt: skip
        """A class with a contract is as the contract says; where the worksheet says otherwise, somebody must decide."""
        said = (
            ("name", values.get("name"), own.title, own.title),
            ("provider", values.get("provider"), own.provider, own.provider),
            ("share", share, own.share.type, words.SHARE[own.share.type]),
            ("open", opening, own.open.type, words.OPEN[own.open.type]),
            ("update", update, own.update, words.UPDATE[own.update]),
        )
        cure = f"以契约 {own.resource} 为准：改工作表，或先改契约"
        for target, given, expected, shown in said:
            if given and given != expected:
                fault(target, f"与契约不一致，契约为“{shown}”", cure)
        titles = {i.title for i in own.items}
        rows = {line.text("item_name"): line.row for line in lines}
        for item in items:
            if item.title not in titles:
                fault("item_name", "契约中没有这个信息项", cure, rows.get(item.title, lines[0].row), item.title)
        missing = [t for t in titles if t not in {i.title for i in items}]
        if missing:
            fault("item_name", f"缺少契约中的信息项：{'、'.join(sorted(missing))}", cure, value="")

    def _accept(self, entry: Entry, owner: Department, named: dict[str, str]) -> tuple[str, list[Fault]]:
        self.directory.departments.setdefault(owner.dept, owner)
        self.directory.classification.update(named)
        before = self.directory.entries.get(entry.code)
        self.directory.entries[entry.code] = entry
        return ("added" if before is None else "unchanged" if before == entry else "changed"), []
