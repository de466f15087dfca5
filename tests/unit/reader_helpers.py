"""Small contracts and a way to read a file whole, for the tests of the readers."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

from xihu.bronze.count import count
from xihu.bronze.schema import Inspection, Refusal
from xihu.contract.models import Contract

HEAD = {
    "code": "306013/0002",
    "title": "试验",
    "provider": {"name": "试验局"},
    "summary": "读取试验",
    "grain": "one row per line",
    "share": {"type": "unconditional"},
    "open": {"type": "open"},
    "update": "monthly",
}
PEOPLE: dict[str, Any] = {
    "name": {"title": "姓名", "titles": ["户主姓名"], "type": "person_name"},
    "id_no": {"title": "身份证号", "titles": ["公民身份号码"], "type": "citizen_id", "required": True},
    "amount": {"title": "金额", "type": "money", "unit": "元", "min": 0, "max": 100000},
    "address": {"title": "地址", "type": "text"},
}


def contract(fields: dict[str, Any] | None = None, format: str = "csv", **delivery: Any) -> Contract:
    given = {
        "files": f"sy/*.{format}",
        "format": format,
        "mode": "append",
        **({} if format == "xlsx" else {"encoding": "gb18030"}),
        **delivery,
    }
    return Contract.model_validate({**HEAD, "delivery": given, "fields": fields or PEOPLE}).placed("sy", "shiyan")


def inspect(path: Path, c: Contract) -> Inspection | Refusal:
    return import_module(f"xihu.bronze.formats.{c.delivery.format}").inspect(path, c)


def refused(path: Path, c: Contract) -> str:
    """The reason a file is refused for; fails if it is not."""
    found = inspect(path, c)
    assert isinstance(found, Refusal), f"accepted: {found}"
    assert found.detail
    return found.reason


def rows(path: Path, c: Contract) -> list[dict[str, Any]]:
    """All records of a file that must be accepted."""
    found = inspect(path, c)
    assert isinstance(found, Inspection), found
    module = import_module(f"xihu.bronze.formats.{c.delivery.format}")
    again = Inspection.from_json(found.to_json())
    return [row for batch in module.read(path, c, again) for row in batch.to_pylist()]


def multiset(records: list[dict[str, Any]]) -> str:
    return str(sum(int.from_bytes(hashlib.sha256(r["_raw"]).digest()[:8], "big") for r in records) % 2**64)


def proven(path: Path, c: Contract) -> list[dict[str, Any]]:
    """Rows of an accepted file, with the independent count agreeing."""
    found = rows(path, c)
    counted = count(path, c)
    assert (counted.records, counted.multiset) == (len(found), multiset(found))
    return found


def sliced(path: Path, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, if `_raw` of each is what stands at its `_offset`."""
    data = path.read_bytes()
    assert all(data[r["_offset"] :][: len(r["_raw"])] == r["_raw"] for r in found)
    return found


def slow_crc(data: bytes) -> int:
    """CRC-16 word for word after HJ 212-2017, appendix A."""
    crc = 0xFFFF
    for b in data:
        crc = (crc >> 8) ^ b
        for _ in range(8):
            lsb = crc & 1
            crc >>= 1
            if lsb:
                crc ^= 0xA001
    return crc


def citizen(n: int) -> str:
    """A valid citizen id, by the formula of GB 11643 written out here."""
    body = f"330106{1940 + n % 70}{n % 12 + 1:02d}{n % 28 + 1:02d}{n % 1000:03d}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
