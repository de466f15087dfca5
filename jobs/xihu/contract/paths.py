"""Paths of values inside messages: `a/b/@attr` in XML, `a.b[0].c` in JSON. Parsed once, used by the readers."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

_TEST = re.compile(r"\[\s*(?:(\d+)|([^\[\]='\"]+?)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"))\s*\]")
_NAME = r"[^\s/@\[\]='\".:*][^\s/@\[\]='\":*]*"
_STEP = re.compile(rf"(\*|{_NAME})((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)")


class Step(NamedTuple):
    """One step down. `deep`: at any depth below. `tests`: 1-based position, or (path, value) that must be equal."""

    name: str
    deep: bool = False
    tests: tuple[int | tuple[XmlPath, str], ...] = ()


class XmlPath(NamedTuple):
    """`rooted`: from the document's root. No steps: the element itself. `attribute`: the last step's attribute, else its text."""

    rooted: bool
    steps: tuple[Step, ...]
    attribute: str | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.steps)

    @property
    def plain(self) -> bool:
        """Nothing but names."""
        return all(not s.deep and not s.tests and s.name != "*" for s in self.steps)


@cache
def parse_xml_path(text: str) -> XmlPath:
    """A path by local names.

    Raises:
        ValueError: it is none; the message shows what one looks like.
    """
    sample = "如 / such as 姓名, @id, 地址/街道, //b, b[2], b[code/@code='X']/@value"
    rest = text.strip()
    if rest == ".":
        return XmlPath(False, (), None)
    if not rest:
        raise ValueError(sample)
    deep = rest.startswith("//")
    rooted = rest.startswith("/") and not deep
    rest = rest.lstrip("/") if deep or rooted else rest
    steps: list[Step] = []
    while True:
        if rest.startswith("@"):
            if not re.fullmatch(_NAME, rest[1:]):
                raise ValueError(sample)
            return XmlPath(rooted, tuple(steps), rest[1:])
        found = _STEP.match(rest)
        if not found:
            raise ValueError(sample)
        steps.append(Step(found[1], deep, _tests(found[2], sample)))
        rest = rest[found.end() :]
        if not rest:
            return XmlPath(rooted, tuple(steps), None)
        deep = rest.startswith("//")
        if not rest.startswith("/"):
            raise ValueError(sample)
        rest = rest[2 if deep else 1 :]


def _tests(text: str, sample: str) -> tuple[int | tuple[XmlPath, str], ...]:
    tests: list[int | tuple[XmlPath, str]] = []
    while text:
        found = _TEST.match(text)
        if not found or found[1] == "0":
            raise ValueError(sample)
        if found[1]:
            tests.append(int(found[1]))
        else:
            tests.append((parse_xml_path(found[2]), found[3] if found[3] is not None else found[4]))
        text = text[found.end() :]
    return tuple(tests)


class JsonPath(NamedTuple):
    """Keys and 0-based positions from the record, or from the page where `rooted` (`$.data.month`)."""

    rooted: bool
    steps: tuple[str | int, ...]


@cache
def parse_json_path(text: str) -> JsonPath:
    """A path by keys.

    Raises:
        ValueError: it is none; the message shows what one looks like.
    """
    sample = "如 / such as id, a.b, list[0].c, $.data.month"
    rest = text.strip()
    rooted = rest.startswith("$.")
    rest = rest[2:] if rooted else rest
    steps: list[str | int] = []
    for part in rest.split("."):
        found = _KEY.fullmatch(part)
        if not found:
            raise ValueError(sample)
        steps.append(found[1])
        steps += [int(n) for n in re.findall(r"\d+", found[2])]
    return JsonPath(rooted, tuple(steps))
