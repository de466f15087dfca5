"""Medical institutions of the sample city: what the health, insurance and environment extracts agree on."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from xihu.sample import ids


class Institution(NamedTuple):
    """`level`: 三级甲等 … 一级; `no`: its number with the medical insurance (H, division, five digits)."""

    no: str
    name: str
    uscc: str
    district: str
    level: str
    beds: int
    doctors: int


@cache
def institutions() -> tuple[Institution, ...]:
    """One hospital of level three or two and three community health centres a district."""
    out = []
    for k, (district, (name, hukou, *_)) in enumerate(ids.DISTRICTS.items()):
        big = hukou > 45 or k % 3 == 0
        level = "三级甲等" if big and k % 2 == 0 else "三级乙等" if big else "二级甲等"
        beds = int(hukou * (14 if big else 9) // 10 * 10)
        out.append(_made(district, 1, f"{name}第一人民医院", level, beds, beds * 5 // 12))
        for n, street in enumerate(ids.STREETS[district][:3], 2):
            kind = "中心卫生院" if street.endswith("镇") else "社区卫生服务中心"
            out.append(_made(district, n, f"{name}{street}{kind}", "一级", 20 + 10 * (n - 2), 18 + 4 * n))
    return tuple(out)


def _made(district: str, n: int, name: str, level: str, beds: int, doctors: int) -> Institution:
    code = ids.uscc("1", "2", district, f"47{district[4:]}{n:04d}")
    return Institution(f"H{district}{n:05d}", name, code, district, level, beds, doctors)


def hospitals() -> list[Institution]:
    """Those with wards of note."""
    return [i for i in institutions() if i.level != "一级"]


def centres() -> list[Institution]:
    """Community health centres, where family doctors sit."""
    return [i for i in institutions() if i.level == "一级"]
