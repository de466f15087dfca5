"""Every extract of the theme blocks under its contract: no clean record is refused, each planted one gets its reason, nothing is lost."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from theme_case import differences, kinds, send, world

from xihu.contract.load import Catalogue, load_catalogue
from xihu.sample.themes import File, World, blocks

CONF = Path(__file__).resolve().parents[2] / "conf"
BLOCKS = {m.__name__.rsplit(".", 1)[1]: m for m in blocks()}


@cache
def city() -> World:
    return world()


@cache
def catalogue() -> Catalogue:
    return load_catalogue(CONF)


@cache
def written(block: str) -> list[File]:
    return list(BLOCKS[block].files(city()))


@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_every_file_and_record_is_judged_as_planted(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    send(written(block), tmp_path)
    wrong = differences(written(block), catalogue())
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:15])


@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_each_resource_has_records_a_trap_and_a_fact(block: str) -> None:
    files = [one for f in written(block) for one in f.every()]
    planted = kinds(written(block))
    for name in {f.resource for f in files}:
        contract = catalogue().contracts[name]
        assert contract.feeds, f"{name} feeds nothing"
        assert planted[name], f"{name}: nothing is planted"
        months = [f for f in files if f.resource == name and not f.refused]
        assert sum(f.records for f in months) >= 20, f"{name} has hardly a record"


@pytest.mark.parametrize("block", sorted(BLOCKS))
def test_the_same_world_gives_the_same_bytes(block: str) -> None:
    again = list(BLOCKS[block].files(city()))
    assert [(f.name, f.content, f.beside) for f in again] == [(f.name, f.content, f.beside) for f in written(block)]
