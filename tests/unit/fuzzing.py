"""Fuzzing of every reader the way a file goes: delivered, judged, counted independently, read, typed; each in a process of its own.

Seeds are the named inputs of the format, good and bad ones. They are damaged as bytes, and, where a format has a shell (a zip, a checksum),
also inside, with the shell made right again.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import resource
import shutil
import signal
import time
import traceback
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bad_inputs import ALL
from bad_inputs.case import Case, run
from reader_helpers import slow_crc

from xihu.bronze import gate

WORDS = [
    b"\xff",
    b"\0",
    b"\r\n",
    b'"',
    b"|",
    b",",
    b"<",
    b"{",
    b"##",
    b"\x1a",
    b"\x81",
    b"9" * 20,
    b"]]>",
    b"&#0;",
    b"\\",
    b"&",
    b"]",
    b"\n",
]
PATIENCE = 60
MEMORY = 4 << 30


@dataclass
class Tally:
    """What became of the inputs of one format. `reasons`: of refusals and of quarantined records; `crashes`: without a named error.
    `seconds`: of the processor, `wall` on the clock."""

    format: str
    inputs: int = 0
    seconds: float = 0.0
    wall: float = 0.0
    refused: int = 0
    quarantined: int = 0
    accepted: int = 0
    disagreed: int = 0
    records: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    slowest: float = 0.0


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Bytes exchanged, lost, doubled, moved, cut off, zeroed, or words of the formats put in."""
    made = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 4, 9])):
        if not made:
            break
        i = dice.randrange(len(made))
        j = min(len(made), i + dice.randrange(1, dice.choice([4, 40, 400])))
        k = dice.randrange(8)
        if k == 0:
            made[i] = dice.randrange(256)
        elif k == 1:
            made[i] ^= 1 << dice.randrange(8)
        elif k == 2:
            del made[i:j]
        elif k == 3:
            at = dice.randrange(len(made))
            made[at:at] = made[i:j]
        elif k == 4:
            made[i:i] = dice.choice(WORDS)
        elif k == 5:
            made[i:j] = dice.randbytes(j - i)
        elif k == 6:
            made[i:j] = bytes(j - i)
        elif dice.random() < 0.3:
            del made[i:]
    return bytes(made)


def _rezipped(data: bytes, dice: random.Random) -> bytes:
    """One member of a zip damaged, its checksum right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        infos = old.infolist()
        hurt = dice.choice(
            [i.filename for i in infos if re.search(r"sheet|shared|styles|workbook", i.filename)] or [i.filename for i in infos]
        )
        for info in infos:
            body = old.read(info)
            new.writestr(info.filename, damaged(body, dice) if info.filename == hurt else body)
    return out.getvalue()


def _recrc(data: bytes, dice: random.Random) -> bytes:
    """Telegrams damaged inside, their lengths and checksums right."""
    parts = data.split(b"##")
    at = dice.randrange(len(parts))
    body = damaged(parts[at][4:].rpartition(b"&&")[0] + b"&&", dice)
    parts[at] = b"%04d" % (len(body) % 10000) + body + b"%04X" % slow_crc(body) + b"\r\n"
    return b"##".join(parts)


def mutated(name: str, data: bytes, dice: random.Random) -> bytes:
    if dice.random() < 0.6:
        try:
            if data[:2] == b"PK":
                return _rezipped(data, dice)
            if b"##" in data and b"&&" in data:
                return _recrc(data, dice)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, IndexError):
            # A seed whose shell is broken already.
            pass
    return damaged(data, dice)


def seeds(format: str) -> list[Case]:
    """The format's named inputs; those that unpack to millions of bytes only cost time."""
    return [c for c in ALL if c.format == format and not {"bomb", "entries"} & set(c.name.split("_"))]


def fuzz(format: str, folder: Path, *, seconds: float = 1e9, count: int = 10**9, seed: int = 1, save: Path | None = None) -> Tally:
    """Damage inputs of a format until the time or the count is over.

    Args:
        save: folder for inputs that crashed.
    """
    dice, tally, pool = random.Random(f"{seed} {format}"), Tally(format), seeds(format)
    built = [c.build() for c in pool]
    began, cpu = time.monotonic(), time.process_time()
    while tally.inputs < count and time.monotonic() - began < seconds:
        case, files = (pool[n := dice.randrange(len(pool))], dict(built[n]))
        name = dice.choice(list(files))
        files[name] = mutated(name, files[name], dice)
        at, started = folder / "x", time.process_time()
        tally.inputs += 1
        signal.signal(signal.SIGALRM, _too_slow)
        signal.alarm(PATIENCE)
        try:
            outcomes = run(replace(case, build=lambda f=files: f), at)
            _note(tally, outcomes)
        except AssertionError as fault:
            if "differ" in str(fault):
                # In the product this is the refusal `conservation`: nothing of the file is taken.
                tally.disagreed += 1
                _keep(case, files, save, "disagreed")
            else:
                _crash(tally, case, files, save)
        except BaseException as fault:
            if isinstance(fault, KeyboardInterrupt):
                raise
            _crash(tally, case, files, save)
        finally:
            signal.alarm(0)
            shutil.rmtree(at, ignore_errors=True)
        tally.slowest = max(tally.slowest, time.process_time() - started)
    tally.seconds, tally.wall = round(time.process_time() - cpu, 1), round(time.monotonic() - began, 1)
    return tally


def _note(tally: Tally, outcomes: Any) -> None:
    assert outcomes, "no outcome"
    worst = 0
    for got in outcomes.values():
        worst = max(worst, 2 if got.refused else 1 if got.bad else 0)
        # What the gate catches as a last resort has no name of its own.
        assert gate.UNJUDGED not in got.told, got.told
        tally.reasons.update([got.refused] if got.refused else [*got.bad.values()])
        tally.records += got.records
        assert got.told if got.refused or got.bad else True, "nothing is said to the sender"
    if worst == 2:
        tally.refused += 1
    elif worst:
        tally.quarantined += 1
    else:
        tally.accepted += 1


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"more than {PATIENCE} seconds")


def _crash(tally: Tally, case: Case, files: dict[str, bytes], save: Path | None) -> None:
    words = traceback.format_exc().strip().splitlines()
    where = [x.strip() for x in words if x.strip().startswith("File") and "/xihu/" in x]
    tally.crashes.append(f"{case.format} {case.name}: {words[-1][:200]} at {(where or ['?'])[-1][-90:]}")
    _keep(case, files, save, "\n".join(words))


def _keep(case: Case, files: dict[str, bytes], save: Path | None, fault: str) -> None:
    if save is None:
        return
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:12]
    place = save / f"{case.format}-{case.name}-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    (place / "fault.txt").write_text(fault, "utf-8")


def apart(work: Callable[[], Tally]) -> Tally:
    """Run in a child with bounded memory: what takes more is a crash, too."""
    import pickle

    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            data = pickle.dumps(work())
            with os.fdopen(writing, "wb") as out:
                out.write(data)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    assert data, "the fuzzing process died"
    found: Tally = pickle.loads(data)
    return found
