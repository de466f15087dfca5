"""Asks Trino as one of the policy's people, over TLS with that person's own password. Trino alone decides what comes back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from xihu.settings import Settings
from xihu.share.passwords import passwords
from xihu.share.policy import load_policy
from xihu.standards import text

Format = Literal["table", "csv", "json"]
CITY = ZoneInfo("Asia/Shanghai")


class SqlError(RuntimeError):
    """Trino did not answer, or refused. `denied` is True when access was the reason."""

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


@dataclass(frozen=True)
class Answer:
    """Column names and rows as Python values (Decimal, date, datetime in Asia/Shanghai)."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


def authority(s: Settings) -> Path:
    """The certificate that signs Trino's."""
    return s.home / "trino" / "etc" / "secret" / "ca.pem"


def connect(s: Settings, login: str) -> Any:
    """A Trino connection (PEP 249) for `user` or `user@purpose`.

    Raises:
        SqlError: the login is unknown or the engines have never been started.
    """
    import requests
    import trino

    policy = load_policy(s.conf)
    names = {each.name: each.user for each in policy.logins()}
    if login not in names:
        raise SqlError(f"无此登录名 no such login: {login}; 可用 known: {', '.join(names)}")
    if not authority(s).exists():
        raise SqlError(f"引擎未启动过 the engines have never been started (no {authority(s)}); 请先 run `xihu up`")
    # A session that ignores the environment: REQUESTS_CA_BUNDLE would override `verify`, and a proxy would be asked for 127.0.0.1.
    session = requests.Session()
    session.trust_env = False
    session.verify = str(authority(s))
    return trino.dbapi.connect(
        host="127.0.0.1",
        port=s.ports.trino_https,
        http_scheme="https",
        verify=str(authority(s)),
        http_session=session,
        user=login,
        auth=trino.auth.BasicAuthentication(login, passwords(s)[names[login]]),
        source="xihu sql",
        catalog="delta",
        timezone=str(CITY),
        request_timeout=120,
        max_attempts=1,
    )


def query(s: Settings, sql: str, login: str = "analyst") -> Answer:
    """Runs one statement as `login` (a user, which each role has, or `user@purpose`).

    Raises:
        SqlError: refused (`denied`), wrong SQL, or no engine.
    """
    import requests
    import trino

    connection = connect(s, login)
    try:
        cursor = connection.cursor()
        cursor.execute(sql.strip().rstrip(";"))
        rows = [tuple(row) for row in cursor.fetchall()]
        described = cursor.description or []
        return Answer([str(d[0]) for d in described], [str(d[1]) for d in described], rows)
    except trino.exceptions.TrinoQueryError as error:
        denied = error.error_name == "PERMISSION_DENIED"
        raise SqlError(f"{'拒绝访问 refused' if denied else '查询有误 query failed'}: {error.message}", denied=denied) from error
    except trino.exceptions.HttpError as error:
        denied = "401" in str(error) or "403" in str(error)
        raise SqlError(f"{'登录被拒 login refused' if denied else 'Trino 未应答 no answer'}: {error}", denied=denied) from error
    except requests.exceptions.SSLError as error:
        raise SqlError(f"证书不符 certificate of port {s.ports.trino_https} is not ours ({authority(s)}): {error}") from error
    except (requests.exceptions.RequestException, trino.exceptions.TrinoConnectionError) as error:
        raise SqlError(f"Trino 未应答 does not answer on 127.0.0.1:{s.ports.trino_https}; 请先 run `xihu up`") from error
    finally:
        connection.close()


def render(answer: Answer, form: Format) -> Iterator[str]:
    """The answer as text, piece by piece. CSV follows RFC 4180 with cells that a spreadsheet would compute made harmless."""
    if form == "json":
        yield json.dumps([dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows], ensure_ascii=False, indent=1)
        yield "\n"
    elif form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow([harmless(c) for c in answer.columns])
        for row in answer.rows:
            writer.writerow([harmless(plain(v)) for v in row])
        yield out.getvalue()
    else:
        yield from _table(answer)


def plain(value: Any) -> Any:
    """A value for text: dates and instants ISO (instants in the city's time), decimals as written, nested values as lists and objects."""
    if isinstance(value, datetime):
        return (value.astimezone(CITY) if value.tzinfo else value).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return text.harmless(value) if isinstance(value, str) else value


def _table(answer: Answer) -> Iterator[str]:
    from rich.console import Console
    from rich.table import Table

    numeric = [t.startswith(("bigint", "integer", "double", "decimal", "smallint", "tinyint", "real")) for t in answer.types]
    table = Table(show_lines=False)
    for name, right in zip(answer.columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*("" if v is None else str(plain(v)) for v in row))
    buffer = io.StringIO()
    Console(file=buffer, width=max(80, sum(len(c) for c in answer.columns) + 16 * len(answer.columns)), no_color=True).print(table)
    yield buffer.getvalue()
    yield f"{len(answer.rows)} 行 rows\n"
