"""Contracts of attachments: every field comes from the file or from its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from reader_helpers import HEAD

from xihu.contract.load import CatalogueError, load_catalogue
from xihu.settings import ROOT


def problems(tmp_path: Path, **attachment: object) -> list[str]:
    folder = tmp_path / "catalogue" / "sy"
    folder.mkdir(parents=True)
    (tmp_path / "codes").symlink_to(ROOT / "conf" / "codes")
    (tmp_path / "facts").symlink_to(ROOT / "conf" / "facts")
    delivery = {"files": "sy/*.pdf", "format": "attachment", "mode": "append", **({"attachment": attachment} if attachment else {})}
    fields = {"doc_no": {"title": "文号", "type": "text"}, "sha256": {"title": "摘要", "type": "text"}}
    text = yaml.safe_dump({**HEAD, "delivery": delivery, "fields": fields}, allow_unicode=True)
    (folder / "paper.yaml").write_text(text, "utf-8")
    try:
        load_catalogue(tmp_path)
    except CatalogueError as error:
        return [f"{p.field}: {p.message}" for p in error.problems]
    return []


def test_fields_are_groups_or_properties(tmp_path: Path) -> None:
    assert problems(tmp_path, name=r"(?P<doc_no>.+)\.pdf") == []


@pytest.mark.parametrize(
    ("attachment", "place"),
    [({}, "delivery"), ({"name": "("}, "delivery.attachment.name"), ({"name": r"(?P<number>.+)\.pdf"}, "fields.doc_no")],
)
def test_what_comes_from_nowhere_is_a_problem(tmp_path: Path, attachment: dict[str, object], place: str) -> None:
    (found,) = problems(tmp_path, **attachment)
    assert found.startswith(place)
