"""The engines, in the order they depend on each other."""

from __future__ import annotations

from xihu.engines import metastore, mlflow, superset, trino
from xihu.engines.errors import EngineError
from xihu.engines.program import Program
from xihu.settings import Settings

NAMES = ("metastore", "trino", "superset", "mlflow")
_MAKERS = {"metastore": metastore.program, "trino": trino.program, "superset": superset.program, "mlflow": mlflow.program}


def program(s: Settings, name: str) -> Program:
    """The engine called `name`.

    Raises:
        EngineError: there is no such engine.
    """
    if name not in _MAKERS:
        raise EngineError(f"unknown engine {name!r}", f"known are {', '.join(NAMES)}")
    return _MAKERS[name](s)


def chosen(names: list[str] | tuple[str, ...] | None) -> list[str]:
    """`names` in order of dependence, all of them by default.

    Raises:
        EngineError: a name is unknown.
    """
    unknown = sorted(set(names or ()) - set(NAMES))
    if unknown:
        raise EngineError(f"unknown engine(s) {', '.join(unknown)}", f"known are {', '.join(NAMES)}")
    return [n for n in NAMES if names is None or n in names]
