"""Whatever becomes of a file on the way: no reader fails without a named error, and none disagrees with the counter unseen.

`XIHU_FUZZ` is the seconds a reader is fuzzed for in the soak run (default 60), `XIHU_FUZZ_SEED` another sequence.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_inputs import FORMATS
from fuzzing import apart, fuzz

SECONDS = float(os.environ.get("XIHU_FUZZ", "60"))
SEED = int(os.environ.get("XIHU_FUZZ_SEED", "1"))


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.mark.soak
@pytest.mark.parametrize("format", FORMATS)
def test_every_damaged_file_has_an_outcome(format: str, evidence: Callable[..., None]) -> None:
    save = Path(os.environ["XIHU_FUZZ_SAVE"]) if "XIHU_FUZZ_SAVE" in os.environ else None
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        tally = apart(lambda: fuzz(format, Path(folder), seconds=SECONDS, seed=SEED, save=save))
    evidence("fuzzing", **(vars(tally) | {"reasons": dict(tally.reasons.most_common())}), seed=SEED)
    assert tally.inputs
    assert not tally.crashes, "\n".join(sorted(set(tally.crashes))[:20])
    # Two programs may read broken bytes each in its own way; the product refuses such a file (conservation). It is to be rare.
    assert tally.disagreed <= 2 + tally.inputs / 50


def test_a_crash_shows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An error without a name, and a reader that drops a record, are found within a few inputs."""
    from xihu.bronze.formats import csv

    honest = csv.read

    def fails(*a: object, **more: object) -> object:
        raise KeyError("x")

    monkeypatch.setattr(csv, "read", fails)
    assert fuzz("csv", tmp_path, count=20).crashes
    monkeypatch.setattr(csv, "read", lambda *a, **m: (b.slice(1) for b in honest(*a, **m)))
    assert fuzz("csv", tmp_path, count=20).disagreed
