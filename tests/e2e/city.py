"""A lake with running servers, as the end-to-end tests see it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PERSONS, SEED, MONTHS = 6000, 7, 3


@dataclass(frozen=True)
class City:
    """A lake with running servers."""

    home: Path
    env: dict[str, str]
    screen: str

    def xihu(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `xihu` command against this lake."""
        result = subprocess.run(
            [str(Path(sys.executable).parent / "xihu"), *args], env=self.env, capture_output=True, text=True, timeout=1500
        )
        if check and result.returncode:
            raise AssertionError(f"xihu {' '.join(args)} ended with {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
        return result
