"""Are the fetched Java parts whole."""

from __future__ import annotations

from xihu.engines import archive, fetch, parts, supervise
from xihu.engines.fault import Fault
from xihu.engines.progress import Silent
from xihu.settings import Settings


def java_parts(s: Settings, *, deep: bool) -> list[Fault]:
    """Jars that are not the pinned ones, downloads and archives left half. Nothing is wrong where nothing was ever fetched."""
    if fetch.is_fetching(s):
        return []
    found = []
    home = parts.trino_home(s)
    folder = s.java / "delta"
    halves = fetch.leftovers(s)
    begun = any(folder.glob("*.jar")) or home.exists() or bool(halves) or bool(supervise.wanted(s))
    if not begun:
        return []

    def mend() -> None:
        altered = bool(archive.damage(s, deep=deep))
        fetch.fetch(Silent(), deep=True)
        # The running server still holds the files that were there before.
        if altered and "trino" in supervise.wanted(s):
            supervise.restart("trino")

    cure = "xihu engines fetch --deep"
    seen = parts.Seen(s)
    missing = []
    for part in parts.jars():
        file = part.file(s)
        if not file.is_file():
            missing.append(part.name)
        elif not parts.jar_is_right(s, part, seen, deep=deep):
            what = f"部件损坏 / {file} is not the pinned jar"
            evidence = f"{file.stat().st_size} bytes, sha256 {parts.sha256(file)[:16]}…; pinned {part.size}, {part.sha256[:16]}…"
            found.append(Fault("corrupted_jar", what, evidence, cure, act=mend))
    strangers = fetch.strangers(s)
    if strangers:
        what = f"多余的部件 / jars that are not pinned lie in {folder}, and Spark would load them"
        found.append(Fault("corrupted_jar", what, ", ".join(p.name for p in strangers), cure, act=mend))
    for half in halves:
        size = f"{half.stat().st_size:,} bytes so far" if half.is_file() else "an extraction that was interrupted"
        found.append(Fault("half_fetched_archive", f"下载未完成 / half fetched: {half}", size, cure, act=mend))
    damage = archive.damage(s, deep=deep)
    if not home.exists() and not any(h.name.startswith(parts.trino().name) for h in halves):
        missing.append(parts.trino().name)
    elif home.exists() and damage:
        unfinished = damage[0].path == archive.MANIFEST or any(d.what == "missing" for d in damage)
        evidence = "; ".join(f"{d.path}: {d.what}" for d in damage)
        code = "half_fetched_archive" if unfinished else "corrupted_jar"
        found.append(Fault(code, f"Trino 不完整 / {home} is not what the archive holds", evidence, cure, act=mend, concerns=("trino",)))
    if missing:
        what = f"缺少部件 / {len(missing)} Java part(s) are not there"
        found.append(Fault("missing_part", what, ", ".join(missing), cure, act=mend, concerns=("trino",)))
    return found
