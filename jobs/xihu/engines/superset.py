"""Superset under gunicorn, from its own Python environment; what it serves is set up by `infra/superset/bootstrap.py`."""

from __future__ import annotations

from pathlib import Path

from xihu.engines import tls
from xihu.engines.errors import EngineError
from xihu.engines.keys import key, private_folder
from xihu.engines.program import Program, base_environment, http_get, lake_environment
from xihu.settings import Settings


def superset_bin(s: Settings) -> Path:
    return s.root / ".venvs" / "superset" / "bin"


def superset_environment(s: Settings) -> dict[str, str]:
    """The whole environment of Superset's processes (server and bootstrap): pass it as `env=`, do not merge it into another.

    It leaves out `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`, which would override the certificate that Trino is verified with.
    """
    env = {**base_environment(), **lake_environment(s)}
    env["PATH"] = f"{superset_bin(s)}:{env['PATH']}"
    env["SUPERSET_CONFIG_PATH"] = str(s.root / "infra" / "superset" / "superset_config.py")
    env["FLASK_APP"] = "superset.app:create_app()"
    env["SUPERSET_HOME"] = str(s.home / "superset")
    env["SUPERSET_SECRET_KEY"] = key(s, "superset_key")
    env["XIHU_TRINO_CA"] = str(tls.ca_file(s))
    return env


def healthy(s: Settings) -> bool:
    answer = http_get(f"http://127.0.0.1:{s.ports.superset}/health")
    return answer is not None and answer.status_code == 200 and answer.text.strip() == "OK"


def program(s: Settings) -> Program:
    folder = s.home / "superset"

    def render() -> None:
        if not (superset_bin(s) / "gunicorn").exists():
            raise EngineError(f"Superset's environment is missing: {superset_bin(s).parent}", f"make -C {s.root} env")
        private_folder(folder)

    return Program(
        name="superset",
        title="Superset 数据看板",
        command=(
            str(superset_bin(s) / "gunicorn"),
            *("-w", "1", "-k", "gthread", "--threads", "16", "--timeout", "120"),
            *("-b", f"127.0.0.1:{s.ports.superset}"),
            *("--limit-request-line", "0", "--limit-request-field_size", "0", "--no-control-socket"),
            "superset.app:create_app()",
        ),
        environment=lambda: superset_environment(s),
        directory=folder,
        ports=("superset",),
        render=render,
        healthy=lambda: healthy(s),
        url=f"http://127.0.0.1:{s.ports.superset}",
        settle=5,
        digest_of=(s.root / "infra" / "superset" / "superset_config.py",),
    )
