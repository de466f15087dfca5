"""When each resource last arrived, from the sidecars of the landing folder: no engine is asked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from xihu.contract.load import Catalogue


def last_arrivals(landing: Path, catalogue: Catalogue) -> dict[str, datetime]:
    """Resource → newest receipt of a file that its contract matches, members of archives too; withdrawn deliveries do not count."""
    found: dict[str, datetime] = {}
    for sidecar in sorted(landing.glob("*/*/.delivery.json")):
        folder = sidecar.parent
        if (folder / ".withdrawn.json").exists():
            continue
        try:
            told = json.loads(sidecar.read_text("utf-8"))
            moment = datetime.fromisoformat(told["received_at"])
        except (ValueError, KeyError, OSError):
            continue  # `xihu doctor` speaks of damaged sidecars
        names = [Path(f["name"]).name for f in told.get("files", [])]
        names += [p.name for p in (folder / ".members").rglob("*") if p.is_file()]
        for name in names:
            for resource, contract in catalogue.contracts.items():
                if contract.match(told.get("dept", folder.parent.name), name) and (resource not in found or found[resource] < moment):
                    found[resource] = moment
    return found
