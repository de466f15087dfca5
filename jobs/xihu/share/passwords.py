"""Generated passwords: made once, kept in `<home>/secrets/passwords.yaml` (0600). There is no default password anywhere."""

from __future__ import annotations

import secrets
import string

import yaml

from xihu.lake import durable
from xihu.settings import Settings
from xihu.share.policy import load_policy

# Without the letters and digits that are mistaken for one another on paper.
_ALPHABET = "".join(c for c in string.ascii_letters + string.digits if c not in "0O1lI")


def generate() -> str:
    """Four groups of five, about 115 bits, with upper case, lower case and digits (GB/T 22239-2019 8.1.4.1)."""
    while True:
        text = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
        if any(c.isupper() for c in text) and any(c.islower() for c in text) and any(c.isdigit() for c in text):
            return text


def passwords(s: Settings) -> dict[str, str]:
    """User → password, for every user of access.yaml and for the service; missing ones are generated and kept.

    A password set by hand in the file stays. The same password opens Trino (`name`, `name@purpose`) and Superset.

    Raises:
        PolicyError: access.yaml has faults.
    """
    policy = load_policy(s.conf)
    file = s.secrets / "passwords.yaml"
    known: dict[str, str] = {}
    if file.exists():
        known = {str(k): str(v) for k, v in (yaml.safe_load(file.read_text("utf-8")) or {}).items()}
    missing = [name for name in [*policy.users, policy.service] if name not in known]
    if missing or not file.exists():
        known.update({name: generate() for name in missing})
        s.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.replace(file, yaml.safe_dump(known, sort_keys=False).encode(), 0o600)
    return {name: known[name] for name in [*policy.users, policy.service]}
