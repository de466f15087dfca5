"""Too large for any delivery: refused once for all formats, before a byte is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_helpers import contract

from xihu.bronze import gate
from xihu.bronze.schema import Refusal


@pytest.mark.parametrize("format", ["csv", "fixed", "xlsx", "json"])
def test_larger_than_any_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    monkeypatch.setattr(gate, "MAX_FILE", 10)
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 11)
    verdict, counted = gate.examine_file(path, contract({"no": {"title": "编号", "type": "text"}}, format, files="sy/*.bin"))
    assert isinstance(verdict, Refusal) and verdict.reason == "wrong_format" and "11 字节" in verdict.detail and counted is None
