"""`conf/directory`: departments.csv, classification.csv and one YAML a department; read, judged and written deterministically."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from stdnum.cn import uscc as stdnum_uscc

from xihu.contract.directory.entry import Entry, Stored, faults, of_contract, of_stored, to_stored
from xihu.contract.directory.vocab import KINDS
from xihu.contract.load import Catalogue, parse
from xihu.contract.models import NAME
from xihu.contract.problems import CatalogueError, Problem
from xihu.contract.source import Source, read_source


@dataclass(frozen=True)
class Department:
    """A provider: `dept` is its folder in conf/catalogue and its file here."""

    dept: str
    name: str
    uscc: str


@dataclass
class Directory:
    """Every class of the city, with or without a contract, by code."""

    departments: dict[str, Department] = field(default_factory=dict)
    classification: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def by_department(self) -> dict[str, list[Entry]]:
        """Department → its classes by code, departments in their own order, those without a class too."""
        found: dict[str, list[Entry]] = {d: [] for d in self.departments}
        for entry in sorted(self.entries.values(), key=lambda e: e.code):
            found.setdefault(entry.dept, []).append(entry)
        return found

    def names_of(self, prefix: str) -> tuple[str, str, str, str]:
        """Names of 类、项、目、细目 of a code's prefix; "" where nobody has named it."""
        name = self.classification.get
        return KINDS.get(prefix[:1], ""), name(prefix[:3], ""), name(prefix[:6], ""), name(prefix, "") if len(prefix) > 6 else ""


def _rows(file: Path, columns: tuple[str, ...], problems: list[Problem]) -> Iterable[tuple[int, list[str]]]:
    if not file.exists():
        return
    name = f"directory/{file.name}"
    reader = csv.reader(io.StringIO(file.read_text("utf-8-sig")))
    for line, row in enumerate(reader, 1):
        if line == 1:
            if tuple(row) != columns:
                problems.append(Problem(name, 1, "", f"表头应为 / the header must be {','.join(columns)}", "改正表头 / mend the header"))
                return
        elif len(row) != len(columns) or not all(c.strip() for c in row):
            problems.append(Problem(name, line, "", f"应有 {len(columns)} 列，均不为空 / a cell is missing", "补全 / fill it in"))
        else:
            yield line, row


def check_directory(conf: Path, catalogue: Catalogue) -> tuple[Directory, list[Problem]]:
    """Read `conf/directory` and the contracts as one directory; returns what could be read beside the problems."""
    folder = Path(conf) / "directory"
    directory, problems = Directory(), list[Problem]()
    for line, (dept, name, code) in _rows(folder / "departments.csv", ("dept", "name", "uscc"), problems):
        given = Department(dept, name, code)
        at = ("directory/departments.csv", line)
        if not re.match(NAME, dept):
            problems.append(Problem(*at, "dept", f"不可用的名称 / badly formed: {dept}", "用 a-z 0-9 _ / use a-z, 0-9, _"))
        if not stdnum_uscc.is_valid(code):
            problems.append(Problem(*at, "uscc", f"统一社会信用代码校验不通过 / not a valid USCC: {code}", "核对18位代码 / check it"))
        for other in directory.departments.values():
            for word in ("dept", "name", "uscc"):
                if getattr(other, word) == getattr(given, word):
                    problems.append(
                        Problem(*at, word, f"与 {other.name} 重复 / also of {other.name}: {getattr(given, word)}", "改正或删去 / mend it")
                    )
        directory.departments[dept] = given
    for line, (prefix, name) in _rows(folder / "classification.csv", ("prefix", "name"), problems):
        if prefix in directory.classification:
            problems.append(
                Problem("directory/classification.csv", line, "prefix", f"重复 / twice: {prefix}", "删去一行 / remove one of them")
            )
        directory.classification[prefix] = name
    by_name = {d.name: d for d in directory.departments.values()}
    for c in catalogue.contracts.values():
        if c.origin is None:
            owner = by_name.get(c.provider.name)
            entry = of_contract(c, owner.uscc if owner else "")
            directory.entries[c.code] = entry.at(owner.dept, entry.provider, entry.uscc) if owner else entry
    contracted = {c.code: r for r, c in catalogue.contracts.items()}
    for file in sorted(folder.glob("*.yaml")):
        _department(file, directory, contracted, problems)
    return directory, sorted(set(problems))


def _department(file: Path, directory: Directory, contracted: Mapping[str, str], problems: list[Problem]) -> None:
    source = read_source(file, f"directory/{file.name}")
    owner = directory.departments.get(file.stem)
    if owner is None:
        source.problem((), f"departments.csv 中没有 / not in departments.csv: {file.stem}", "补一行 / add a line dept,name,uscc")
    for code, body in (source.data or {}).items():
        one = read_as(source, code, body)
        if one is None or owner is None:
            continue
        entry = of_stored(code, one, owner.dept, owner.name, owner.uscc)
        if code in contracted:
            cure = "删去本段：有契约的资源以契约为准 / remove it here: the contract is the place"
            source.problem((code,), f"已有契约 {contracted[code]} / has a contract already", cure)
        elif code in directory.entries:
            other = directory.entries[code]
            source.problem(
                (code,), f"信息资源代码与 {other.provider}《{other.title}》相同 / the code is used twice", "改顺序码 / change it"
            )
        else:
            for column, message, cure in faults(entry):
                source.problem((code, _PLACE.get(column, column)), message, cure)
            directory.entries[code] = entry
    problems += source.problems


_PLACE = {"share_condition": "share", "item_grade": "grades"}


def read_as(source: Source, code: str, body: Any) -> Stored | None:
    """One class of a department's file; its faults go to the source."""
    inner = Source(source.name, data=body, lines={p[1:]: n for p, n in source.lines.items() if p[:1] == (code,) and len(p) > 1})
    inner.lines[()] = source.line((code,))
    if not isinstance(body, dict):
        source.problem((code,), "应是 键: 值 / must be a mapping", "写 title: … 等 / write title: … and the rest")
        return None
    made = parse(inner, Stored)
    source.problems += [Problem(p.file, p.line, f"{code}.{p.field}".rstrip("."), p.message, p.cure) for p in inner.problems]
    return made


def load_directory(conf: Path, catalogue: Catalogue) -> Directory:
    """Read `conf/directory` together with the contracts.

    Raises:
        CatalogueError: with every problem found.
    """
    directory, problems = check_directory(conf, catalogue)
    if problems:
        raise CatalogueError(problems)
    return directory


class _Flow(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Flow, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True))
_Dumper.add_representer(list, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))


def department_text(name: str, entries: Iterable[Entry]) -> str:
    """The text of one department's file; the same classes always give the same text."""
    body = {}
    for entry in sorted(entries, key=lambda e: e.code):
        stored = to_stored(entry)
        body[entry.code] = {k: _Flow(v) if isinstance(v, dict) else v for k, v in stored.items()}
    text = yaml.dump(body, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=130)
    return f"# {name}：没有契约的信息资源。由目录工作表导入（xihu catalogue import），也可直接修改。\n{text}"


def write_directory(conf: Path, directory: Directory) -> list[Path]:
    """Write departments, classification and the classes without a contract; returns the files that changed."""
    folder = Path(conf) / "directory"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"departments.csv": _csv(("dept", "name", "uscc"), [(d.dept, d.name, d.uscc) for d in directory.departments.values()])}
    texts["classification.csv"] = _csv(("prefix", "name"), sorted(directory.classification.items()))
    for dept, entries in directory.by_department().items():
        own = [e for e in entries if e.resource is None]
        if own:
            texts[f"{dept}.yaml"] = department_text(own[0].provider, own)
    changed = []
    for name, text in texts.items():
        file = folder / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            changed.append(file)
    for file in sorted(folder.glob("*.yaml")):
        if file.name not in texts:  # all its classes have contracts now
            file.unlink()
            changed.append(file)
    return changed


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
