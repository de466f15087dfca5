"""The Java parts in the user's cache, fetched once for all clones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from xihu.engines import archive, parts
from xihu.engines.download import download
from xihu.engines.errors import EngineError
from xihu.engines.maven import base_url
from xihu.engines.progress import Bars, Reporter, reporter
from xihu.settings import Settings, settings


@contextlib.contextmanager
def fetching(s: Settings, show: Reporter) -> Iterator[None]:
    """The only right to change the Java cache; waits for another clone that holds it. The kernel frees it when its holder dies."""
    try:
        s.java.mkdir(parents=True, exist_ok=True)
        lock = FileLock(s.java / ".fetch.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            show.step("另一个进程正在下载，等待 / another process is fetching, waiting for it")
            lock.acquire()
    except OSError as error:
        raise EngineError(f"cannot write {s.java}: {error}", f"chmod -R u+rwX {s.cache}, or set XIHU_CACHE to a folder of yours") from error
    try:
        yield
    finally:
        lock.release()


def is_fetching(s: Settings) -> bool:
    """Whether some process holds the right to change the Java cache at this moment."""
    file = s.java / ".fetch.lock"
    if not file.exists():
        return False
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def fetch(progress: Reporter | None = None, *, deep: bool = False) -> list[str]:
    """Bring what is missing or damaged into `settings().java`; names of what was fetched, [] when all was there.

    A second call compares sizes and times only. With `deep` every file is read and hashed.

    Raises:
        EngineError: no network, no space, no permission, or a file that is not the pinned one.
    """
    s = settings()
    if not deep and _complete(s):
        return []
    with contextlib.ExitStack() as stack:
        show: Reporter
        if progress is None:
            default = reporter()
            show = stack.enter_context(default) if isinstance(default, Bars) else default
        else:
            show = progress
        stack.enter_context(fetching(s, show))
        return _fetch(s, show, deep)


def leftovers(s: Settings) -> list[Path]:
    """What an interrupted fetch left: half files, half extractions, an archive that was not unpacked."""
    return sorted({*(s.java / "delta").glob("*.part"), *(s.java / "downloads").glob("*"), *s.java.glob(".extract-*")})


def strangers(s: Settings) -> list[Path]:
    """Jars in Spark's folder that nobody pinned; Spark loads whatever lies there."""
    return sorted(set((s.java / "delta").glob("*.jar")) - {p.file(s) for p in parts.jars()})


def _complete(s: Settings) -> bool:
    """Whether there is nothing to do; needs no right to write, so a cache made by an administrator serves as it is."""
    if leftovers(s) or strangers(s):
        return False
    seen = parts.Seen(s)
    return all(parts.jar_is_right(s, p, seen, deep=False) for p in parts.jars()) and not archive.damage(s, deep=False)


def _fetch(s: Settings, show: Reporter, deep: bool) -> list[str]:
    seen = parts.Seen(s)
    fetched = []
    for part in parts.jars():
        if parts.jar_is_right(s, part, seen, deep=deep):
            part.file(s).with_name(part.name + ".part").unlink(missing_ok=True)
            continue
        download(part, base_url(), part.file(s), show)
        seen.add(part.file(s))
        fetched.append(part.name)
    for stranger in strangers(s):
        show.step(f"移除多余文件 / removing {stranger.name}: not a pinned part")
        stranger.unlink()
    archive.clear_leftovers(s)
    server = parts.trino()
    packed = server.file(s)
    if archive.damage(s, deep=deep):
        if not (packed.is_file() and packed.stat().st_size == server.size and parts.sha256(packed) == server.sha256):
            packed.unlink(missing_ok=True)
            download(server, base_url(), packed, show)
        archive.install(s, packed, show)
        left = archive.damage(s, deep=False)
        if left:
            raise EngineError(f"Trino is not whole after extraction: {left}", "call `xihu engines fetch` again")
        fetched.append(server.name)
    packed.unlink(missing_ok=True)
    packed.with_name(packed.name + ".part").unlink(missing_ok=True)
    return fetched
