"""The one exception of this package."""

from __future__ import annotations


class EngineError(RuntimeError):
    """Something an operator can mend: what went wrong, and what to do about it.

    Attributes:
        what: one sentence that names the thing (file, port, engine).
        cure: one sentence that says what to do.
    """

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what}\n处理 / cure: {cure}")
        self.what = what
        self.cure = cure
