"""Named places where a test may kill the process: `XIHU_FAILPOINT=<name>[:<hit>]`."""

from __future__ import annotations

import os
import sys
from collections import Counter

_hits: Counter[str] = Counter()


class Killed(BaseException):
    """The process ended here, for a test that lives in it: `XIHU_FAILPOINT=raise:<name>`."""


def failpoint(name: str) -> None:
    """Ends the process at once, as a power cut would, when the environment names this place and count (default the first)."""
    wanted = os.environ.get("XIHU_FAILPOINT")
    if not wanted:
        return
    if wanted == f"raise:{name}":
        raise Killed(name)
    place, _, hit = wanted.partition(":")
    if place != name:
        return
    _hits[name] += 1
    if _hits[name] == int(hit or 1):
        sys.stderr.write(f"failpoint {name}\n")
        sys.stderr.flush()
        os._exit(137)
