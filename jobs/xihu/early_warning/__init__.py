"""Early warning: who is likely to fall out of the residents' pension scheme, and who is entitled to help that does not reach them.

Called by the command: `train`, `score`, `promote`, `warn_step`, `list_warnings`. No score here ever stops a benefit: the only output is
`gold.warning`, a list of people to visit.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Signature", "list_warnings", "promote", "score", "train", "warn_step", "write_warnings"]

_HOME = {
    "Signature": "registry",
    "list_warnings": "warnings",
    "promote": "step",
    "score": "scoring",
    "train": "step",
    "warn_step": "step",
    "write_warnings": "warnings",
}


def __getattr__(name: str) -> Any:
    # Spark and scikit-learn take seconds to import; the command's help should not.
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"xihu.early_warning.{_HOME[name]}"), name)
    raise AttributeError(name)
