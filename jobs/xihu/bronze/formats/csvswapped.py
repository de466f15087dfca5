"""Exchanged fields in whole columns of cells: most records are cleared by array arithmetic, the rest are judged one by one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xihu.bronze.formats.fit import DISTINCTIVE, FEW_DIGITS, SHAPES, swapped_in_record
from xihu.contract.models import Contract

Fault = tuple[str | None, str | None, str]

_DIGIT, _LETTER_OR_DIGIT, _LAST = np.zeros((3, 256), bool)
_DIGIT[list(b"0123456789")] = True
_LETTER_OR_DIGIT[list(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] = True
_LAST[list(b"0123456789Xx")] = True
# Bytes a value may begin with and then certainly has its field's shape (`fit.SHAPES`), and its length where that matters.
_PLAIN: dict[str, tuple[list[np.ndarray], int | None]] = {
    "citizen_id": ([*[_DIGIT] * 17, _LAST], 18),
    "uscc": ([_LETTER_OR_DIGIT] * 15, None),
}
_FEW: tuple[list[np.ndarray], int | None] = ([_DIGIT] * 4, None)


def swapped(contract: Contract, strings: pa.StringArray, n: int, apart: Collection[int] = ()) -> dict[int, Fault]:
    """Number of record → fault of those whose fields are exchanged, looked for only where a distinctive field does not look like itself.

    Args:
        strings: cells of n records, a contract's fields after each other, not sliced.
        apart: numbers of records that are judged elsewhere.
    """
    fields = len(contract.fields)
    _, starts, data = strings.buffers()
    offsets = np.frombuffer(starts, np.int32)[: n * fields + 1]
    u = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    suspects: set[int] = set()
    for i, spec in enumerate(contract.fields.values()):
        if spec.type not in DISTINCTIVE:
            continue
        begin = offsets[i:-1:fields]
        length = offsets[i + 1 :: fields] - begin
        doubtful = np.flatnonzero((length > 0) & ~_certain(u, begin, length, *_PLAIN.get(spec.type, _FEW)))
        if len(doubtful):
            column = strings.take(pa.array(doubtful * fields + i))
            unlike = pc.invert(pc.match_substring_regex(column, SHAPES.get(spec.type, FEW_DIGITS)))
            suspects.update(doubtful[unlike.fill_null(False).to_numpy(zero_copy_only=False)].tolist())
    found: dict[int, Fault] = {}
    for i in suspects.difference(apart):
        if pair := swapped_in_record(contract, strings.slice(i * fields, fields).to_pylist()):
            one, two = (contract.fields[name].title for name in pair)
            found[i] = ("swapped_fields", pair[0], f"“{one}”与“{two}”的内容互换")
    return found


def _certain(u: np.ndarray, begin: np.ndarray, length: np.ndarray, kinds: list[np.ndarray], whole: int | None) -> np.ndarray:
    """Which values begin with bytes of these kinds, and are no longer than that if they must not be."""
    k = len(kinds)
    if len(u) < k:
        return np.zeros(len(begin), bool)
    sure = length == whole if whole else length >= k
    # A value as long as that lies whole in the data; of a shorter one nothing is said.
    at = np.minimum(begin, len(u) - k)
    for kind in kinds:
        sure &= kind[u[at]]
        at += 1
    return sure


def columns(faults: dict[int, Fault], n: int) -> list[pa.Array]:
    """Reason, field and detail columns of n records."""
    if not faults:
        return [pa.nulls(n, pa.string())] * 3
    at, none = np.zeros(n, np.int32), np.ones(n, bool)
    where = list(faults)
    at[where], none[where] = np.arange(len(where)), False
    places = pa.array(at, mask=none)
    return [pa.array(values, pa.string()).take(places) for values in zip(*faults.values(), strict=True)]
