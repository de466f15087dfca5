"""Which scopes a file covers, read on the driver; asked only where a file's content came before."""

from __future__ import annotations

from collections.abc import Mapping

from xihu.bronze.gate import Item
from xihu.bronze.schema import Refusal
from xihu.bronze.sources import reader
from xihu.contract.models import Contract
from xihu.standards.codes import CodeList
from xihu.standards.value import parser_for


class ScopeReader:
    """Callable: a file → the set of its scopes (values of the scope fields, as text)."""

    def __init__(self, contract: Contract, codes: Mapping[str, CodeList]) -> None:
        self.contract = contract
        names = list(contract.fields)
        self.parsers = [(names.index(s), parser_for(s, contract, codes)) for s in contract.delivery.scope]
        self._known: dict[str, frozenset[tuple[str, ...]]] = {}

    def __call__(self, item: Item) -> frozenset[tuple[str, ...]]:
        found = self._known.get(item.file.sha256)
        if found is None:
            found = self._known[item.file.sha256] = self._read(item)
        return found

    def _read(self, item: Item) -> frozenset[tuple[str, ...]]:
        if not self.parsers:
            return frozenset({()})
        module = reader(self.contract.delivery.format)
        inspection = item.inspection or module.inspect(item.path, self.contract)
        if isinstance(inspection, Refusal):
            return frozenset()
        day = item.delivery.received_at.date()
        raw: set[tuple[str | None, ...]] = set()
        for batch in module.read(item.path, self.contract, inspection):
            for cells in batch.column("_cells").to_pylist():
                raw.add(tuple((cells or [])[at] if at < len(cells or []) else None for at, _ in self.parsers))
        found = set()
        for cells in raw:
            values = [parse(cell, day).value for cell, (_, parse) in zip(cells, self.parsers, strict=True)]
            if all(v is not None for v in values):
                found.add(tuple(map(str, values)))
        return frozenset(found)
