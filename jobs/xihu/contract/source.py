"""YAML with places: plain data plus the line of every key and value, and duplicate keys as problems.

Scalars follow YAML's core rules without its surprises: `no`, `on` and `yes` stay words, 0123 stays text, decimals become Decimal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from xihu.contract.problems import Problem

Path_ = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9]\d*)")
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass
class Source:
    """One file: its data, and where each path stands (1-based line)."""

    name: str
    data: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path_) -> int:
        """Line of a path, or of its nearest ancestor that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path_, message: str, cure: str) -> None:
        self.problems.append(Problem(self.name, self.line(path), dotted(path), message, cure))


def dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "false", "False"):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not text.isdigit():
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def _build(node: yaml.Node, path: Path_, source: Source) -> Any:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                source.lines[(*path, "?")] = key_node.start_mark.line + 1
                source.problem((*path, "?"), "键必须是文字 / a key must be a plain word", "改为 name: value / write name: value")
                continue
            # Keys are words even where they look like numbers; that a map's key needs quotes is for the model to say.
            key = key_node.value if key_node.style or isinstance(_scalar(key_node), str) else _scalar(key_node)
            inner = (*path, key if isinstance(key, str) else key_node.value)
            if key in data:
                first = source.lines.get(inner, 0)
                source.problems.append(
                    Problem(
                        source.name,
                        key_node.start_mark.line + 1,
                        dotted(inner),
                        f"键重复：{key}（第 {first} 行已有） / duplicate key {key}, first on line {first}",
                        "删去或改名其中之一 / remove or rename one of them",
                    )
                )
                continue
            source.lines[inner] = key_node.start_mark.line + 1
            data[key] = _build(value_node, inner, source)
        return data
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, i), source) for i, child in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)
    return _scalar(node)


def read_source(file: Path, name: str) -> Source:
    """Read one YAML file; faults of syntax and encoding are in `problems`, with `data` None."""
    source = Source(name)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        source.problems.append(Problem(name, line, "", "文件不是 UTF-8 / the file is not UTF-8", "另存为 UTF-8 / save it as UTF-8"))
        return source
    except OSError as error:
        source.problems.append(
            Problem(name, 1, "", f"无法读取 / cannot be read: {error.strerror}", "检查文件及权限 / check the file and its rights")
        )
        return source
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        cure = "用空格缩进，含 : # [ { @ 的文字加引号 / indent with spaces; quote text that holds : # [ { @"
        source.problems.append(Problem(name, line, "", f"YAML 语法错误 / not valid YAML: {error.problem or error.context}", cure))
        return source
    except (yaml.YAMLError, RecursionError) as error:
        first = (str(error).splitlines() or ["?"])[0]
        source.problems.append(Problem(name, 1, "", f"YAML 语法错误 / not valid YAML: {first}", "检查文件 / check the file"))
        return source
    if node is None:
        source.problems.append(Problem(name, 1, "", "空文件 / the file is empty", "按 docs/interfaces.md 填写 / fill it in"))
        return source
    if _cyclic(node, set()):
        source.problems.append(
            Problem(name, 1, "", "YAML 引用成环 / an alias contains itself", "写出内容，不用 & 和 * / write it out without & and *")
        )
        return source
    source.data = _build(node, (), source)
    if not isinstance(source.data, dict):
        source.problem((), "顶层应是 键: 值 / the top must be a mapping", "以 code: … 开头 / begin with name: value lines")
        source.data = None
    return source


def _cyclic(node: yaml.Node, above: set[int]) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return False
    if id(node) in above:
        return True
    children = [c for pair in node.value for c in pair] if isinstance(node, yaml.MappingNode) else node.value
    return any(_cyclic(child, above | {id(node)}) for child in children)
