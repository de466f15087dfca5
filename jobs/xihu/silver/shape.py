"""What of a contract decides how records become versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xihu.contract.models import Contract

DATED = frozenset({"date", "month", "datetime"})
# Where a row stood in the list is not what it says.
ORDINALS = frozenset({"序号", "行号", "顺序号"})


@dataclass(frozen=True)
class Shape:
    """Mode, key, scope and order of versions of one resource.

    `ended`: a row's absence or change ends it in valid time (a register); otherwise it is retracted (known time only).
    `flagged`: the format can mark a record as deleted, whatever the mode.
    """

    fields: tuple[str, ...]
    key: tuple[str, ...] = ()
    mode: Literal["append", "corrections", "snapshot"] = "append"
    scope: tuple[str, ...] = ()
    ended: bool = False
    version: str | None = None
    version_dated: bool = True
    operation: str | None = None
    flagged: bool = False
    dedupe: bool = False
    max_vanish: float = 0.3
    tz: str = "Asia/Shanghai"
    ordinals: tuple[str, ...] = ()

    @property
    def keyed(self) -> bool:
        """Whether records of one identity are recognised at all."""
        return bool(self.key) or self.dedupe or self.mode == "snapshot"

    @property
    def closes(self) -> bool:
        """Whether a record or its absence can end an earlier row."""
        return self.mode != "append" or self.version is not None

    @property
    def content(self) -> tuple[str, ...]:
        """Fields whose change makes a row another row: all but those that only order, direct or number it."""
        return tuple(f for f in self.fields if f not in (self.version, self.operation, *self.ordinals))

    @property
    def identical(self) -> tuple[str, ...]:
        """Fields in which two records of a file agree when one is a copy of the other."""
        return tuple(f for f in self.fields if f not in self.ordinals)


def shape_of(contract: Contract) -> Shape:
    d = contract.delivery
    version = contract.fields[d.version] if d.version else None
    return Shape(
        fields=tuple(contract.fields),
        key=tuple(contract.key),
        mode=d.mode,
        scope=tuple(d.scope) if d.mode == "snapshot" else (),
        ended=d.absence == "ended",
        version=d.version,
        version_dated=version is None or version.type in DATED,
        operation=d.operation if d.mode == "corrections" else None,
        flagged=d.format == "dbf",
        dedupe=contract.dedupe,
        max_vanish=d.max_vanish,
        tz=contract.tz,
        ordinals=tuple(n for n, f in contract.fields.items() if f.title.split("/")[-1] in ORDINALS and n not in contract.key),
    )
