"""Load and judge a whole catalogue: `conf/catalogue`, `conf/facts`, `conf/base`, `conf/codes`.

A catalogue that does not validate stops before any data is read; every fault is one `Problem` with file, line, field and cure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from xihu.contract import creditgate, crosscheck, grades
from xihu.contract.elements import FILE, Element, Elements, judge
from xihu.contract.lint import lint
from xihu.contract.models import NAME, Base, Contract, Fact
from xihu.contract.problems import CatalogueError, Problem, suggest
from xihu.contract.source import Path_, Source, dotted, read_source
from xihu.standards.codes import CodeList, CodeListError, load_codes
from xihu.standards.crosswalks import Crosswalk, load_crosswalks

M = TypeVar("M", bound=BaseModel)


@dataclass
class Catalogue:
    """A valid catalogue: contracts by resource, facts and base tables by name, code lists by name."""

    conf: Path
    contracts: dict[str, Contract] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    base: dict[str, Base] = field(default_factory=dict)
    codes: dict[str, CodeList] = field(default_factory=dict)
    crosswalks: dict[str, Crosswalk] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)

    def find(self, dept: str, filename: str) -> Contract | None:
        """The contract that a delivered file belongs to, by department folder and original name."""
        return next((c for c in self.contracts.values() if c.match(dept, filename)), None)


def load_catalogue(conf: Path, *, standards: bool = False) -> Catalogue:
    """Read the conf folder; with `standards` what only the catalogue as a whole can say is judged as well (see `check_catalogue`).

    Raises:
        CatalogueError: with every problem found, sorted by file and line.
    """
    conf = Path(conf)
    catalogue, problems = check_catalogue(conf, standards=standards)
    if problems:
        raise CatalogueError(problems)
    return catalogue


def check_catalogue(conf: Path, *, standards: bool = False) -> tuple[Catalogue, list[Problem]]:
    """Like `load_catalogue`, but returns what could be read beside the problems.

    With `standards` equal names must mean equal things as well (`xihu.contract.lint`), and what is opened must be graded lowest
    (`xihu.contract.grades`): so the catalogue is checked and exported. Data are read without.
    """
    conf = Path(conf)
    catalogue = Catalogue(conf)
    problems: list[Problem] = []
    if not (conf / "catalogue").is_dir():
        problems.append(
            Problem(
                "catalogue",
                1,
                "",
                f"没有目录文件夹 / no folder {conf / 'catalogue'}",
                "设置 XIHU_CONF 或建立该文件夹 / set XIHU_CONF or create it",
            )
        )
    try:
        catalogue.codes = load_codes(conf / "codes")
        catalogue.crosswalks = load_crosswalks(conf / "codes" / "crosswalks", catalogue.codes)
    except CodeListError as error:
        cure = "修正代码表 / mend the code list"
        problems += [Problem(_relative(file, conf), line, "", message, cure) for file, line, message in error.problems]
    sources: dict[str, Source] = {}
    catalogue.facts = _named(conf, "facts", Fact, "fact", sources, problems)
    catalogue.base = _named(conf, "base", Base, "base", sources, problems)
    credit = creditgate.read_policy(conf, problems)
    for file in sorted((conf / "catalogue").glob("**/*")):
        if file.is_dir() or file.name.startswith("."):
            continue
        name = _relative(file, conf)
        place = file.relative_to(conf / "catalogue").parts
        if file.suffix != ".yaml" or len(place) != 2 or not all(re.fullmatch(NAME, p) for p in (place[0], file.stem)):
            cure = "放在 catalogue/<部门>/<资源>.yaml，名称用 a-z 0-9 _ / its place is catalogue/<dept>/<resource>.yaml, in a-z 0-9 _"
            problems.append(Problem(name, 1, "", "文件位置或名称不符 / a file out of place in the catalogue", cure))
            continue
        source = read_source(file, name)
        contract = parse(source, Contract)
        if contract is not None:
            contract.placed(place[0], file.stem)
            creditgate.judge(contract, source, credit)
            contract = creditgate.guarded(contract, credit)
            crosscheck.contract(contract, source, catalogue.facts, catalogue.codes)
            catalogue.contracts[contract.resource] = contract
            sources[contract.resource] = source
        problems += source.problems
    problems += crosscheck.facts(catalogue.facts, catalogue.codes, sources)
    problems += creditgate.judge_facts(catalogue.facts, credit, sources)
    problems += crosscheck.together(catalogue.contracts, sources)
    problems += grades.judge_gold(catalogue.facts, catalogue.base, catalogue.contracts, sources)
    # A base table that names a broken contract would only repeat that contract's fault.
    if not problems:
        problems += crosscheck.base(catalogue.base, catalogue.contracts, catalogue.codes, sources)
    if standards:
        for resource, contract in catalogue.contracts.items():
            opened = Source(sources[resource].name, lines=sources[resource].lines)
            grades.judge_opening(contract, opened)
            problems += opened.problems
        problems += _standards(catalogue, sources)
    return catalogue, sorted(set(problems))


def _standards(catalogue: Catalogue, sources: dict[str, Source]) -> list[Problem]:
    problems: list[Problem] = []
    if (catalogue.conf / FILE).is_file():
        source = sources[FILE] = read_source(catalogue.conf / FILE, FILE)
        parsed = parse(source, Elements)
        if parsed is not None:
            catalogue.elements = parsed.elements
            judge(catalogue.elements, catalogue.codes, source)
        problems += source.problems
    return problems + lint(catalogue.contracts, catalogue.facts, catalogue.base, catalogue.elements, sources)


def _named(conf: Path, folder: str, model: type[M], word: str, sources: dict[str, Source], problems: list[Problem]) -> dict[str, M]:
    """Models of a folder whose `word` is the file's name."""
    made: dict[str, M] = {}
    for file in sorted((conf / folder).glob("*.yaml")):
        source = read_source(file, _relative(file, conf))
        sources[source.name] = source
        parsed = parse(source, model)
        if parsed is not None and getattr(parsed, word) != file.stem:
            source.problem((word,), f"{word} 与文件名不同 / differs from the file's name", f"写 / write {word}: {file.stem}")
        elif parsed is not None:
            made[file.stem] = parsed
        problems += source.problems
    return made


def parse(source: Source, model: type[M]) -> M | None:
    """A model from a source; its faults are added to `source.problems`."""
    if source.data is None:
        return None
    try:
        made = model.model_validate(source.data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _explain(source, model, fault)
        return None
    return None if source.problems else made


def _relative(file: Path, conf: Path) -> str:
    return file.relative_to(conf).as_posix()


def _explain(source: Source, model: type[BaseModel], fault: Any) -> None:
    kind = fault["type"]
    # Union members and dict-key marks stand in pydantic's location but not in the file.
    path: Path_ = ()
    node: Any = source.data
    for part in fault["loc"]:
        if part == "[key]":
            break
        if isinstance(node, dict) and (part in node or str(part) in {str(k) for k in node}):
            path, node = (*path, str(part)), node.get(part, node.get(_numeric(part)))
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            path, node = (*path, part), node[part]
        elif kind == "missing" and part == fault["loc"][-1]:
            path = (*path, part)
    given = fault.get("input")
    shown = "" if isinstance(given, dict | list) else f": {given!s}"
    # A union of one mapping or a list of them fails once per member; the member that fits the shape given tells.
    member = next((str(p) for p in fault["loc"] if str(p).startswith(("dict[", "list["))), "")
    if (kind == "dict_type" and member.startswith("dict") and isinstance(given, list)) or (
        kind == "list_type" and member.startswith("list") and isinstance(given, dict)
    ):
        return
    if kind == "extra_forbidden":
        word = str(fault["loc"][-1])
        known = _known_words(model, path[:-1])
        source.problem(path, f"未知的词 / unknown word: {word}", suggest(word, known))
    elif kind == "missing":
        source.problem(path, f"缺少 / missing: {path[-1]}", f"补上 {path[-1]}: … / add {path[-1]}: …")
    elif kind == "literal_error":
        choice = re.findall(r"'([^']*)'", str(fault["ctx"]["expected"]))
        source.problem(path, f"不可用的值 / not an accepted value{shown}", suggest(str(given), choice))
    elif kind == "string_type" and path != ("code",):
        source.problem(path, f"应为文字 / must be text{shown}", f'加引号："{given}" / put it in quotes: "{given}"')
    elif kind in ("string_pattern_mismatch", "string_type"):
        pattern = str(fault.get("ctx", {}).get("pattern"))
        if path == ("code",):
            cure = "信息资源代码如 306013/0002：类1位 项2位 目3位 细目，斜杠，顺序码 / such as 306013/0002"
        elif path == ("delivery", "files"):
            cure = '写 "<部门文件夹>/<文件名模式>" / write "<dept folder>/<glob>"'
        elif pattern == NAME:
            cure = "用小写字母、数字和下划线，以字母开头 / use a-z, 0-9 and _, beginning with a letter"
        else:
            cure = f"须符合 / must match {pattern}"
        source.problem(path, f"写法不符 / badly formed{shown}", cure)
    else:
        source.problem(path, f"{fault['msg']}{shown}", f"改正 {dotted(path)} / correct {dotted(path)}")


def _numeric(part: Any) -> Any:
    return int(part) if isinstance(part, str) and part.isdigit() else part


def _known_words(model: Any, path: Path_) -> list[str]:
    """Words allowed at a path of a model, following fields, dict values and list items."""
    import typing

    def inner(annotation: Any) -> list[Any]:
        args = [a for a in typing.get_args(annotation) if a is not type(None)]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [annotation]
        if typing.get_origin(annotation) is dict:
            return [args[1]]
        return [m for a in args for m in inner(a)]

    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            info = here.model_fields.get(str(part))
            if info is None:
                return []
            here = info.annotation
            if typing.get_origin(here) is dict:
                continue
            models = inner(here)
            here = models[0] if models else None
        elif typing.get_origin(here) is dict:
            models = inner(typing.get_args(here)[1])
            here = models[0] if models else None
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return []
