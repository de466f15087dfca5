"""Write docs/bad-inputs.md from the named bad inputs under tests/unit/bad_inputs."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "unit"))

from bad_inputs.page import PAGE, everything, render

if __name__ == "__main__":
    PAGE.write_text(render(everything()), encoding="utf-8")
    print(f"{PAGE.name} 已更新")
