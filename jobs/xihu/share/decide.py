"""Decisions about who is who: two people with a password of their own each, and an event file that they hand in through landing.

Only roles with `decides: true` in access.yaml may: caseworkers, who know the people they write about. Engineers see no persons, auditors
judge what others decided, administrators look after engines (GB/T 22239-2019 8.1.4.2, separation of duties). One of the two works for the
whole city, because a merge may reach into any district.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import bcrypt

from xihu.bronze.deliver import deliver
from xihu.gold.identity.decisions import REFERENCE, UNDO
from xihu.settings import Settings
from xihu.share.policy import Login, load_policy

CITY = ZoneInfo("Asia/Shanghai")
HEADER = ("事件编号", "行号", "决定", "一方", "另一方", "撤销的事件", "理由", "经办人", "复核人", "决定时刻")
_LONG = re.compile(r"\d{8,}")
EVENT = re.compile(r"D\d{20}[0-9a-f]{8}")


class DecisionRefused(ValueError):
    """The decision was not taken down; the text says why and what to do. Nothing was written."""


@dataclass(frozen=True)
class Signatory:
    """A login and the password typed for it."""

    login: str
    password: str


def verified(s: Settings, who: Signatory) -> Login:
    """The login, if its password is that of Trino's password file and its role may decide.

    Raises:
        DecisionRefused: unknown login, wrong password, no password file, a role that decides nothing.
    """
    policy = load_policy(s.conf)
    file = s.home / "trino" / "etc" / "password.db"
    if not file.exists():
        raise DecisionRefused(f"没有口令文件 {file}；先运行 xihu access compile（no password file; run `xihu access compile`）")
    hashes = dict(line.split(":", 1) for line in file.read_text("utf-8").splitlines() if ":" in line)
    login = next((one for one in policy.logins() if one.name == who.login), None)
    kept = hashes.get(who.login, "")
    # An unknown login costs as much time as a wrong password, and is answered alike.
    good = bcrypt.checkpw(who.password.encode()[:72], (kept or _NOBODY).encode())
    if login is None or not kept or not good:
        raise DecisionRefused(f"{who.login}：登录名或口令不对（unknown login or wrong password）；未作任何决定")
    if not policy.roles[login.role].decides:
        able = "、".join(name for name, u in policy.users.items() if policy.roles[u.role].decides)
        raise DecisionRefused(
            f"{who.login}：{policy.roles[login.role].title}不得决定人员身份（this role decides nothing）；可以的登录名：{able or '无'}"
        )
    return login


# The hash of a password that nobody has.
_NOBODY = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(10)).decode()


def decide(
    s: Settings,
    lines: Sequence[tuple[str, str, str]],
    reason: str,
    by: Signatory,
    second: Signatory,
    *,
    undoes: str = "",
    now: datetime | None = None,
) -> str:
    """Writes one event into landing and returns its id; the next run applies it.

    Args:
        lines: (decision, left, right) with references of `xihu.gold.identity.decisions`; for an undoing none.
        undoes: the event that is taken back.
        now: instant of the decision; default the clock's.

    Raises:
        DecisionRefused: a signatory is not who they say or may not decide, both are one person, the reason is empty or holds a long
            number, a reference is none.
        DeliveryError: landing cannot be written.
    """
    first, other = verified(s, by), verified(s, second)
    if first.user == other.user:
        raise DecisionRefused(f"经办人与复核人是同一人（{first.user}）；须两人各用自己的登录名和口令（two different people are needed）")
    if first.division and other.division:
        raise DecisionRefused("两人都只管一个区县；至少一人须为市级（one of the two must work for the whole city）")
    text = " ".join(reason.split())
    if not text:
        raise DecisionRefused("须写明理由：--reason（a reason is needed）")
    if _LONG.search(text) or len(text) > 400:
        raise DecisionRefused("理由不得含证件号码或电话，且不超过400字（no identifiers in the reason, at most 400 characters）")
    if bool(lines) == bool(undoes):
        raise DecisionRefused("没有可决定的内容（nothing to decide）")
    for _, left, right in lines:
        if not REFERENCE.fullmatch(left) or not REFERENCE.fullmatch(right) or left == right:
            raise DecisionRefused(f"双方须是两个不同的标识：{left}、{right}（two different references are needed）")
    if undoes and not EVENT.fullmatch(undoes):
        raise DecisionRefused(f"{undoes} 不是决定的事件编号（not the id of a decision）")
    at = (now or datetime.now(UTC)).astimezone(UTC)
    event = f"D{at:%Y%m%d%H%M%S%f}{secrets.token_hex(4)}"
    local = f"{at.astimezone(CITY):%Y-%m-%d %H:%M:%S}"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for i, (kind, left, right) in enumerate(lines or [(UNDO, "", "")], start=1):
        writer.writerow([event, i, kind, left, right, undoes, text, first.name, other.name, local])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"身份决定_{event}.csv"
        file.write_text(out.getvalue(), "utf-8", newline="")
        deliver([file], at, "xh")
    return event
