"""The analyst's notebook against the running engines, and as it is kept: without outputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_first_look.ipynb"


def run(env: dict[str, str], tmp_path: Path) -> list[dict]:
    """The cells after a run; raises on the first cell that fails."""
    done = tmp_path / NOTEBOOK.name
    shutil.copyfile(NOTEBOOK, done)
    command = [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path), str(done)]
    result = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-3000:]
    return json.loads(done.read_text("utf-8"))["cells"]


def test_no_outputs_are_kept():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [c for c in cells if c["cell_type"] == "code" and (c["outputs"] or c["execution_count"])] == []


def test_it_says_what_to_do_when_nothing_runs(tmp_path):
    text = json.dumps(run(os.environ | {"XIHU_HOME": str(tmp_path / "empty")}, tmp_path), ensure_ascii=False)
    assert "xihu up" in text


@pytest.mark.engines
def test_it_shows_marts_a_chart_and_masked_persons(city, tmp_path):
    cells = run(city.env, tmp_path)
    outputs = json.dumps([c.get("outputs", []) for c in cells], ensure_ascii=False)
    assert "district_month_coverage" in outputs
    assert "image/png" in outputs
    assert "拒绝访问" in outputs  # bronze is closed to the analyst
    assert "Glyph" not in outputs  # no boxes instead of characters
    assert "引擎没有运行" not in outputs
