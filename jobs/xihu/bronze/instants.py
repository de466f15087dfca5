"""When a delivery was received: instants as people and folders write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")
_COMPACT = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})(?:[T _](\d{2})[:\-.]?(\d{2})(?:[:\-.]?(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$")


def parse_instant(text: str | date | datetime) -> datetime:
    """An instant in UTC from `2016-12-05`, `20161205`, `2016-12-05T08:00:00+08:00`, `20161205T080000Z`, …

    Without an offset the city's time (Asia/Shanghai) is meant; a day alone means its first moment.

    Raises:
        ValueError: not an instant.
    """
    if isinstance(text, datetime):
        return (text if text.tzinfo else text.replace(tzinfo=CITY)).astimezone(UTC)
    if isinstance(text, date):
        return datetime(text.year, text.month, text.day, tzinfo=CITY).astimezone(UTC)
    found = _COMPACT.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} 不是时刻；例：2016-12-05 或 2016-12-05T08:00:00+08:00")
    year, month, day, hour, minute, second = (int(g) if g else 0 for g in found.groups()[:6])
    offset = found.group(7)
    zone = CITY if not offset else UTC if offset == "Z" else datetime.strptime(offset.replace(":", ""), "%z").tzinfo
    return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)


def is_instant(name: str) -> bool:
    """Whether a folder's name is an instant."""
    try:
        parse_instant(name)
    except ValueError:
        return False
    return True
