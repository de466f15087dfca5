"""What the doctor says: a fault, what shows it, and a cure that can be carried out."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from xihu.engines.errors import EngineError


@dataclass(frozen=True)
class Fault:
    """One thing wrong.

    Attributes:
        code: stable name, for scripts.
        what: one sentence that names the folder, file, port or engine.
        evidence: what was seen: numbers, a log line, a checksum.
        cure: what to do, in words; a command where there is one.
        cure_command: the same as a command, or None.
        act: the same as a function of this process, used when there is no command.
        concerns: engines that are ill because of it; they are not named once more.
    """

    code: str
    what: str
    evidence: str
    cure: str
    cure_command: list[str] | None = None
    act: Callable[[], object] | None = field(default=None, repr=False, compare=False)
    concerns: tuple[str, ...] = ()

    def heal(self) -> None:
        """Carry the cure out.

        Raises:
            EngineError: it cannot be carried out by this user, or did not succeed.
        """
        if self.cure_command:
            done = subprocess.run(self.cure_command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            if done.returncode:
                said = (done.stderr or done.stdout).strip()[-2000:]
                raise EngineError(f"{self.code}: `{shlex.join(self.cure_command)}` failed: {said}", self.cure)
        elif self.act:
            self.act()
        else:
            raise EngineError(f"{self.code}: {self.what}", self.cure)


def xihu(*words: str) -> list[str]:
    """The command line of the `xihu` command in this environment."""
    return [sys.executable, "-m", "xihu.cli", *words]
