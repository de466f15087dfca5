"""Values of a contract's fields in a record element, and what the element holds beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xihu.bronze.formats.xmlstream import Element, Node
from xihu.contract.models import Contract
from xihu.contract.paths import Step, XmlPath, parse_xml_path

_NIL = ("true", "1")


def select(node: Node, path: XmlPath) -> list[str | None]:
    """Texts that a path leads to, stripped; None for an element that says it is nil."""
    found = [node]
    for step in path.steps:
        found = [n for one in found for n in _step(one, step)]
    if path.attribute is not None:
        return [n.attributes[path.attribute].strip() for n in found if path.attribute in n.attributes]
    return [_told(n) for n in found]


def _told(node: Node) -> str | None:
    """An element's text, stripped; None if it says that it is nil."""
    return None if not node.parts and node.attributes and node.attributes.get("xsi:nil") in _NIL else node.text.strip()


def _step(node: Node, step: Step) -> list[Node]:
    pool: Sequence[Node] | Iterator[Node] = _below(node) if step.deep else node.children
    found = [n for n in pool if step.name in ("*", n.name)]
    for test in step.tests:
        found = found[test - 1 : test] if isinstance(test, int) else [n for n in found if test[1] in select(n, test[0])]
    return found


def _below(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _below(child)


@dataclass
class _Known:
    """What of an element is expected: names of children with theirs, attributes; `open`: anything may stand below."""

    children: dict[str, _Known] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    open: bool = False
    text: bool = False


class Fields:
    """The fields of a contract, ready to be found in record elements."""

    def __init__(self, contract: Contract) -> None:
        self.paths: list[list[XmlPath]] = []
        self.simple: list[tuple[str, ...] | None] = []
        self.titles = [spec.title for spec in contract.fields.values()]
        for name, spec in contract.fields.items():
            if spec.path:
                path = parse_xml_path(spec.path)
                self.paths.append([path])
                self.simple.append(path.names if path.plain and not path.rooted and not path.attribute and len(path.steps) == 1 else None)
            else:
                names = dict.fromkeys((spec.title, *spec.titles, name))
                plain = [n for n in names if "/" not in n]
                self.paths.append([p for n in plain for p in (_child(n), XmlPath(False, (), n))])
                self.simple.append(tuple(plain))
        self.known = _Known()
        for paths in self.paths:
            for path in paths:
                if not path.rooted:
                    self._expect(path)
        self.rooted = tuple(p for paths in self.paths for p in paths if p.rooted)

    def _expect(self, path: XmlPath) -> None:
        at = self.known
        for step in path.steps:
            if step.deep or step.name == "*":
                at.open = True
                return
            at = at.children.setdefault(step.name, _Known())
            if step.tests:
                at.open = True
                return
        if path.attribute is not None:
            at.attributes.add(path.attribute)
        elif path.steps:
            at.text = True
        else:
            at.open = True

    def cells(self, element: Element) -> tuple[list[str | None], list[bool], tuple[int, str] | None]:
        """Texts in contract order, which fields the record has at all, and the first field with several different values."""
        cells: list[str | None] = []
        there: list[bool] = []
        several: tuple[int, str] | None = None
        node = element.node
        children: dict[str, list[Node]] = {}
        for part in node.parts:
            if isinstance(part, Node):
                children.setdefault(part.name, []).append(part)
        for i, (paths, names) in enumerate(zip(self.paths, self.simple, strict=True)):
            values: list[str | None] = []
            if names is not None:
                for name in names:
                    values += [_told(n) for n in children.get(name, ())]
                    if name in node.attributes and len(paths) > 1:
                        values.append(node.attributes[name].strip())
                if len(values) == 1:
                    there.append(True)
                    cells.append(values[0])
                    continue
                paths = []
            for path in paths:
                if path.rooted:
                    values += [element.envelope[path]] if path in element.envelope else []
                else:
                    values += select(element.node, path)
            there.append(bool(values))
            told = list(dict.fromkeys(v for v in values if v))
            if len(told) > 1 and several is None:
                several = i, f"“{self.titles[i]}”出现 {len(values)} 次而内容不同"
            cells.append(told[0] if told else ("" if "" in values else None))
        return cells, there, several

    def unknown(self, node: Node) -> list[str]:
        """Elements and attributes with content that no field takes, as paths from the record."""
        found: list[str] = []
        self._look(node, self.known, "", found)
        return found

    def _look(self, node: Node, known: _Known, way: str, found: list[str]) -> None:
        if known.open:
            return
        found += [f"{way}@{a}" for a in node.attributes if a not in known.attributes and not a.startswith("xsi:")]
        for child in node.children:
            expected = known.children.get(child.name)
            if expected is None:
                found.append(way + child.name)
            elif expected.text and not expected.open:
                found += [f"{way}{child.name}/@{a}" for a in child.attributes if a not in expected.attributes and not a.startswith("xsi:")]
            else:
                self._look(child, expected, f"{way}{child.name}/", found)


def _child(name: str) -> XmlPath:
    return XmlPath(False, (Step(name),), None)
