"""What two people decided about two handles: the shape in which linkage, numbers and the resolution of legal entities take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Decision:
    """merge: left and right are one; split: they are not. `at` orders contradictions: the latest holds."""

    event_id: str
    kind: str
    left: str
    right: str
    reason: str
    by: str
    second: str
    at: datetime
