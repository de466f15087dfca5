"""Documents in hand become a contract that reads them."""

from __future__ import annotations

from pathlib import Path

import yaml
from bad_inputs.attachment_cases import JPEG, PDF
from reader_helpers import rows

from xihu.contract.draft import draft
from xihu.contract.models import Contract


def loaded(text: str) -> Contract:
    return Contract.model_validate(yaml.safe_load(text)).placed("sy", "x")


def test_a_pattern_from_several_names(tmp_path: Path) -> None:
    paths = [tmp_path / "决定书_杭审〔2016〕1号_20161205.pdf", tmp_path / "决定书_杭审〔2016〕12号_20161206.PDF"]
    for path in paths:
        path.write_bytes(PDF)
    contract = loaded(draft(paths, dept="sy"))
    assert contract.delivery.format == "attachment" and contract.delivery.attachment is not None
    assert contract.delivery.attachment.kinds == ["pdf"] and contract.match("sy", paths[0].name)
    assert list(contract.fields)[:2] == ["part_2", "formed_on"] and contract.fields["formed_on"].type == "date"
    cells = [dict(zip(contract.fields, rows(p, contract)[0]["_cells"], strict=True)) for p in paths]
    assert [(c["part_2"], c["formed_on"]) for c in cells] == [("杭审〔2016〕1号", "20161205"), ("杭审〔2016〕12号", "20161206")]


def test_names_of_no_pattern(tmp_path: Path) -> None:
    path = tmp_path / "扫描件(3).jpg"
    path.write_bytes(JPEG)
    contract = loaded(draft(path, dept="sy"))
    assert rows(path, contract)[0]["_cells"][0] == "扫描件(3)"
