"""The examples of the guide to contracts are contracts: each validates, and every format has one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from xihu.contract.load import CatalogueError, load_catalogue
from xihu.contract.models import Delivery

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = re.findall(r"```yaml\n# conf/catalogue/(\S+)\n(.*?)```", (ROOT / "docs" / "contracts.md").read_text("utf-8"), re.S)


def conf(tmp_path: Path, examples: list[tuple[str, str]]) -> Path:
    for part in ("codes", "facts"):
        shutil.copytree(ROOT / "conf" / part, tmp_path / part)
    shutil.copy(ROOT / "conf" / "elements.yaml", tmp_path)
    for name, text in examples:
        file = tmp_path / "catalogue" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def test_every_example_validates(tmp_path: Path) -> None:
    try:
        contracts = load_catalogue(conf(tmp_path, EXAMPLES), standards=True).contracts
    except CatalogueError as error:
        pytest.fail("\n".join(map(str, error.problems)))
    assert len(contracts) == len(EXAMPLES)
    shown = {c.delivery.format for c in contracts.values()}
    left_out = set(Delivery.model_fields["format"].annotation.__args__) - shown  # type: ignore[union-attr]
    # These are told in the words beside the example of their kin.
    assert left_out <= {"xls", "accounting", "dbf", "geojson"}, left_out


def test_a_wrong_example_would_show(tmp_path: Path) -> None:
    name, text = EXAMPLES[0]
    with pytest.raises(CatalogueError):
        load_catalogue(conf(tmp_path, [(name, text.replace("unit: 元, ", ""))]))
