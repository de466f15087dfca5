"""Pages and records of a JSON file, in order and in bounded memory: one envelope, an array of them, JSON Lines, or one behind another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from xihu.bronze.formats.jsontext import DECODER, Broken, FileText, Number, Quoted, Source
from xihu.contract.models import Api
from xihu.contract.paths import JsonPath, parse_json_path


@dataclass
class Item:
    """One record as found: value (or `fault`), bytes, byte offset (None inside a string), line, page, number in its page."""

    value: Any
    raw: bytes
    offset: int | None
    line: int
    page: int
    number: int
    fault: str | None = None


@dataclass
class Page:
    """One envelope, after its records: what it said, and whether the list of records was there."""

    number: int
    line: int
    values: dict[JsonPath, Any] = field(default_factory=dict)
    records: int = 0
    listed: bool = False
    problem: str | None = None
    keys: list[str] = field(default_factory=list)


def get(value: Any, steps: tuple[str | int, ...]) -> Any:
    """What stands below a value, strings on the way decoded as JSON; `Ellipsis` where nothing does."""
    for step in steps:
        if isinstance(value, str) and not isinstance(value, Number) and value.lstrip()[:1] in ("{", "["):
            try:
                value = DECODER.decode(value)
            except (json.JSONDecodeError, RecursionError):
                return ...
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return ...
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return ...
            value = value[step]
    return value


def lined(head: str) -> bool:
    """Whether a file's beginning looks like JSON Lines: objects of one line each."""
    lines = [line.strip().rstrip(",") for line in head.split("\n")[:-1] if line.strip()][:100]
    return (
        len(lines) >= 2 and lines[0].startswith("{") and sum(line.startswith("{") and line.endswith("}") for line in lines) * 2 > len(lines)
    )


class Walk:
    """One pass over a file."""

    def __init__(self, api: Api, wanted: tuple[JsonPath, ...]) -> None:
        self.steps = tuple(str(s) for s in parse_json_path(api.records).steps) if api.records else None
        self.wanted = wanted

    def run(self, stream: IO[bytes], start: int, codec: str, by_line: bool) -> Iterator[Item | Page]:
        """Records, each page after its own.

        Raises:
            Broken: not JSON to the end.
        """
        source = FileText(stream, start, codec)
        if by_line and self.steps is None:
            yield from self._lines(source)
            return
        self.page = self.number = 0
        first = True
        while (c := source.peek()) or first:
            if not c:
                return
            if c == "[":
                source.pos += 1
                yield from self._array(source, self._top)
            else:
                yield from self._top(source)
            if source.peek() == ",":
                source.pos += 1
            first = False

    def _array(self, source: Source, each: Any) -> Iterator[Item | Page]:
        if source.peek() == "]":
            source.pos += 1
            return
        while True:
            yield from each(source)
            if source.expect(",]") == "]":
                return

    def _top(self, source: Source) -> Iterator[Item | Page]:
        if self.steps is None:
            self.number += 1
            yield self._item(source, 0)
            return
        self.page += 1
        self.number = 0
        page = Page(self.page, source.count()[1])
        if source.peek() in ("{", '"'):
            yield from self._descend(source, self.steps, (), page)
        else:
            value, _ = source.value()
            page.problem = f"不是对象：{str(value)[:60]}"
        page.records = self.number
        yield page

    def _descend(self, source: Source, steps: tuple[str, ...], way: tuple[str, ...], page: Page) -> Iterator[Item | Page]:
        c = source.peek()
        if c == '"':
            inner = Quoted(source)
            begins = inner.peek()
            if begins and begins in '{["':
                yield from self._descend(inner, steps, way, page)
            if (left := inner.finish()) and not (begins == "n" and left == "null"):
                page.problem = page.problem or f"“{'.'.join(way)}”是文字而不是数据：{left[:60]}"
            else:
                page.listed = page.listed or not begins or begins == "n"
        elif not steps and c == "[":
            page.listed = True
            source.pos += 1
            yield from self._array(source, self._record)
        elif not steps and c == "{":
            page.listed = True
            yield from self._record(source)
        elif steps and c == "[":
            source.pos += 1
            yield from self._array(source, lambda s: self._descend(s, steps, way, page))
        elif steps and c == "{":
            yield from self._object(source, steps, way, page)
        else:
            value, _ = source.value()
            page.listed = page.listed or value is None
            if value is not None:
                page.problem = page.problem or f"“{'.'.join(way)}”不是数据：{str(value)[:60]}"

    def _object(self, source: Source, steps: tuple[str, ...], way: tuple[str, ...], page: Page) -> Iterator[Item | Page]:
        source.pos += 1
        if source.peek() == "}":
            source.pos += 1
            return
        while True:
            if source.peek() != '"':
                source.expect('"')
            key, _ = source.value()
            source.expect(":")
            if not way:
                page.keys.append(key)
            if key == steps[0]:
                yield from self._descend(source, steps[1:], (*way, key), page)
            else:
                value, _ = source.value()
                self._note(page, (*way, key), value)
            if source.expect(",}") == "}":
                return

    def _note(self, page: Page, here: tuple[str, ...], value: Any) -> None:
        for path in self.wanted:
            if path.steps[: len(here)] == here and path not in page.values:
                found = get(value, path.steps[len(here) :])
                if found is not ...:
                    page.values[path] = found

    def _record(self, source: Source) -> Iterator[Item | Page]:
        self.number += 1
        yield self._item(source, self.page)

    def _item(self, source: Source, page: int) -> Item:
        source.peek()
        offset, line, _ = source.count()
        value, text = source.value()
        fault = None if isinstance(value, dict) else f"不是对象：{text[:60]}"
        return Item(value, source.raw(text), None if isinstance(source, Quoted) else offset, line, page, self.number, fault)

    def _lines(self, source: FileText) -> Iterator[Item | Page]:
        number = 0
        while True:
            end = source.buffer.find("\n", source.pos)
            while end < 0 and len(source.buffer) - source.pos < (16 << 20) and source.more():
                end = source.buffer.find("\n", source.pos)
            if end < 0:
                if not source.ended:
                    raise Broken(f"{source.where()}行过长")
                end = len(source.buffer)
            whole = source.buffer[source.pos : end]
            line = whole.strip(" \t\r\x1e\0\x1a")
            if line:
                number += 1
                skipped = whole.index(line)
                source.pos += skipped
                offset, place, _ = source.count()
                value, fault = _one(line)
                yield Item(value, source.raw(line), offset, place, 0, number, fault)
                source.pos += len(whole) - skipped
            else:
                source.pos = end
            if source.pos >= len(source.buffer) and source.ended:
                return
            source.pos += source.pos < len(source.buffer)


def _one(line: str) -> tuple[Any, str | None]:
    try:
        value, end = DECODER.raw_decode(line)
    except (json.JSONDecodeError, RecursionError) as fault:
        return {}, f"不是完整的 JSON：{fault}"
    if line[end:].strip() not in ("", ","):
        return value, f"行末还有内容：{line[end:][:60]}"
    return value, None if isinstance(value, dict) else f"不是对象：{line[:60]}"
