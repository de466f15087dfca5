"""A standing lake seen from outside: Trino as a person, Superset's API as a person."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from xihu.settings import Settings, settings


@contextlib.contextmanager
def settings_of(home: Path) -> Iterator[Settings]:
    """The settings of another lake, as a process started for it would see them."""
    kept = {k: v for k, v in os.environ.items() if k == "XIHU_HOME" or k.startswith("XIHU_PORT_")}
    for name in kept:
        del os.environ[name]
    os.environ["XIHU_HOME"] = str(home)
    try:
        yield settings()
    finally:
        del os.environ["XIHU_HOME"]
        os.environ.update(kept)


@dataclass
class Refused(Exception):
    """Trino said no; `name` is its error's name, or the HTTP status."""

    name: str
    message: str


@dataclass(frozen=True)
class Door:
    """Trino with the lake's certificate and passwords; shares no code with `xihu.share`."""

    s: Settings
    passwords: dict[str, str]

    @classmethod
    def of(cls, s: Settings) -> Door:
        return cls(s, yaml.safe_load((s.secrets / "passwords.yaml").read_text("utf-8")))

    def ask(self, login: str, sql: str, *, authenticated: str | None = None, password: str | None = None) -> list[list[Any]]:
        """Rows of one statement asked by `login`; `authenticated` is who shows the password, where that is another.

        Raises:
            Refused: Trino refused or failed.
        """
        import trino

        who = authenticated or login
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.s.home / "trino" / "etc" / "secret" / "ca.pem")
        try:
            connection = trino.dbapi.connect(
                host="127.0.0.1",
                port=self.s.ports.trino_https,
                http_scheme="https",
                http_session=session,
                verify=session.verify,
                user=login,
                auth=trino.auth.BasicAuthentication(who, password or self.passwords[who.split("@")[0]]),
                catalog="delta",
                max_attempts=1,
            )
            return connection.cursor().execute(sql).fetchall()
        except trino.exceptions.TrinoQueryError as error:
            raise Refused(error.error_name, error.message) from error
        except trino.exceptions.HttpError as error:
            raise Refused(str(error)[:9], str(error)) from error

    def may(self, login: str, sql: str) -> bool:
        """Whether the statement is allowed; any failure but a refusal is raised."""
        try:
            self.ask(login, sql)
        except Refused as error:
            if error.name != "PERMISSION_DENIED":
                raise
            return False
        return True


class Portal:
    """Superset's API as one person."""

    def __init__(self, s: Settings, login: str, password: str) -> None:
        self.base = f"http://127.0.0.1:{s.ports.superset}"
        self.http = requests.Session()
        self.http.trust_env = False
        token = self.http.post(
            f"{self.base}/api/v1/security/login", json={"username": login, "password": password, "provider": "db"}, timeout=60
        )
        token.raise_for_status()
        self.http.headers["Authorization"] = "Bearer " + token.json()["access_token"]
        csrf = self.http.get(f"{self.base}/api/v1/security/csrf_token/", timeout=60).json()["result"]
        self.http.headers.update({"X-CSRFToken": csrf, "Referer": self.base})

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.base + path, timeout=120)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self.http.post(self.base + path, json=body, timeout=120)

    def data(self, dataset: int, columns: list[str], metrics: list[str], filters: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """One query's result: `data`, `is_cached`, `query`; with `dashboard` and `slice` ids as a dashboard would send them."""
        form = {"slice_id": more.get("slice"), "dashboardId": more.get("dashboard")}
        query = {"columns": columns, "metrics": metrics, "row_limit": 5000, "filters": filters, "extras": {}, "orderby": []}
        body = {
            "datasource": {"id": dataset, "type": "table"},
            "force": False,
            "queries": [query],
            "form_data": {k: v for k, v in form.items() if v is not None},
        }
        answer = self.post("/api/v1/chart/data", body)
        if not answer.ok:
            raise Refused(str(answer.status_code), answer.text[:500])
        return answer.json()["result"][0]
