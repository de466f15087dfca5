"""Electronic licences (电子证照): types with what was issued, issues and changes as messages, business licences by interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from xihu.sample.dates import month_end
from xihu.sample.directory import departments
from xihu.sample.forms.messages import elements, enveloped, xml
from xihu.sample.forms.sheets import Cell, Sheet, xlsx
from xihu.sample.themes.days import workday
from xihu.sample.themes.extract import File, World
from xihu.sample.themes.paging import paged
from xihu.sample.themes.planting import Planting

TITLE = "电子证照"
_TZ = ZoneInfo("Asia/Shanghai")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Code of the ministry that laid a kind down and three digits: name, kind, holder, folder of the issuer, years, issued a month.
TYPES: dict[str, tuple[str, str, str, str, int, int]] = {
    "11100000MB0143028R001": ("营业执照", "营业执照", "法人", "sc", 0, 60),
    "11100000MB0143028R010": ("食品经营许可证", "食品经营许可证", "法人", "sc", 5, 22),
    "11100000000014608C003": ("医疗机构执业许可证", "医疗机构执业许可证", "法人", "wj", 5, 6),
    "11100000000019713D050": ("道路运输经营许可证", "道路运输经营许可证", "法人", "jt", 4, 12),
    "11100000000013338W009": ("建筑工程施工许可证", "建筑工程施工许可证", "法人", "jw", 3, 8),
    "11100000000013098W014": ("特种作业操作证", "特种作业操作证", "自然人", "aj", 6, 14),
    "11100000000014981C002": ("不动产权证书", "不动产权证书", "自然人", "gt", 0, 20),
    "11100000000013979E001": ("中华人民共和国结婚证", "结婚证", "自然人", "mz", 0, 16),
}  # fmt: skip


def files(world: World) -> Iterator[File]:
    """All three once a month."""
    yield from _types(world)
    yield from _changes(world)
    yield from _business(world)


def _check(text: str) -> str:
    """ISO 7064 MOD 37,36, written a second time."""
    product = 36
    for c in text:
        total = (product + _ALPHABET.index(c)) % 36
        product = (total or 36) * 2 % 37
    return _ALPHABET[(37 - product) % 36]


@cache
def _issuers() -> dict[str, tuple[str, str]]:
    return {d.dept: (d.uscc, "杭州" + d.name) for d in departments()}


def _identifier(kind: str, serial: str, version: int = 1) -> str:
    issuer = _issuers()[TYPES[kind][3]][0]
    body = f"{kind}{issuer}{serial}{version:03d}"
    return f"1.2.156.3005.2.{kind}.{issuer}.{serial}.{version:03d}.{_check(body)}"


def _types(world: World) -> Iterator[File]:
    header = ("证照类型/类型代码", "证照类型/证照名称", "证照类型/证照种类", "证照类型/持证主体", "颁发机构/机构代码", "颁发机构/机构名称",
              "统计月份", "签发量/本月", "签发量/累计", "用证次数/累计")  # fmt: skip
    for k, month in enumerate(world.months):
        rng, rows = world.rng("sg__licence_type", month), list[list[Cell]]()
        for code, (name, kind, holder, dept, _, monthly) in TYPES.items():
            uscc, issuer = _issuers()[dept]
            issued = monthly + rng.randrange(max(2, monthly // 6))
            rows.append([code, name, kind, holder, uscc, issuer, f"{month:%Y-%m}", issued, 40 * monthly + (k + 1) * monthly + issued,
                         90 * monthly * (k + 1)])  # fmt: skip
        plant = Planting(rng, len(rows))
        i = plant.put("green_triangle", "repaired", "issued_total")
        rows[i][8] = f"{rows[i][8]}"
        hidden = frozenset({plant.put("hidden_row", "accepted")})
        if k == 1:
            rows[plant.put("month_above_total", "check_failed", "issued_month")][7] = 900_000
        if k == 2:
            i = plant.put("short_type_code", "check_failed", "type_code")
            rows[i][0] = str(rows[i][0])[:-3]
        half = len(rows) // 2
        sums = [_sum("小计", rows[:half]), _sum("合计", rows)]
        titles: list[list[Cell]] = [["杭州市电子证照目录及签发量"], ["单位：份", f"填报日期：{world.after(month, 6):%Y年%-m月%-d日}"]]
        sheet = Sheet("目录", header, rows, titles, {half: sums[0], len(rows): sums[1]}, "填表人：　　　审核人：", hidden)
        yield File(
            "sg__licence_type", f"电子证照目录_{month:%Y%m}.xlsx", world.after(month, 6), xlsx([sheet]), len(rows), faults=plant.faults
        )


def _sum(word: str, rows: list[list[Cell]]) -> list[Cell]:
    return [word, None, None, None, None, None, None, *(sum(int(str(r[j])) for r in rows) for j in (7, 8, 9))]


def _day(rng: Random, month: date) -> date:
    return workday(date(month.year, month.month, 1 + rng.randrange(month_end(month).day - 3)))


def _licence(world: World, rng: Random, kind: str, month: date, n: int) -> dict[str, str]:
    _, sort, holder, dept, years, _ = TYPES[kind]
    district, on = rng.choice(world.districts), _day(rng, month)
    until = date(on.year + years, on.month, min(on.day, 28)) - timedelta(days=1) if years else None
    row = {
        "@操作": "I", "证照标识": _identifier(kind, f"{on:%Y%m}{n:06d}"),
        "证照编号": f"浙杭{sort[:2]}〔{on.year}〕{month.month:02d}{n:05d}",
        "证照种类": sort, "颁发机构": _issuers()[dept][1],
    }  # fmt: skip
    if holder == "自然人":
        p = rng.choice(world.adults(month, 22, 60))
        row |= {"持证主体名称": p.name, "持证人身份证号": p.id18}
    else:
        uscc, name = world.firm(district, rng.choice([x for x in range(20, 60) if x % 23]))
        row |= {"持证主体名称": name, "持证单位统一社会信用代码": uscc}
    return row | {
        "签发日期": f"{on:%Y%m%d}", "有效期起始": f"{on:%Y-%m-%d}", "有效期截止": f"{until:%Y-%m-%d}" if until else "长期",
        "证照状态": "有效", "区县": district,
    }  # fmt: skip


def _changes(world: World) -> Iterator[File]:
    earlier: list[dict[str, str]] = []
    for k, month in enumerate(world.months):
        rng, rows, n = world.rng("sg__licence", month), list[dict[str, str]](), 0
        for kind in list(TYPES)[1:]:
            for _ in range(TYPES[kind][5]):
                n += 1
                rows.append(_licence(world, rng, kind, month, n))
        fresh = len(rows)
        # What changed of the months before: revoked, cancelled, replaced by the next version.
        for old in rng.sample(earlier, min(8, len(earlier))):
            arcs = old["证照标识"].split(".")
            state = rng.choice(("吊销", "注销", "换发"))
            rows.append(old | {"@操作": "U", "证照状态": state})
            if state == "换发":
                again = {**old, "@操作": "I", "签发日期": f"{_day(rng, month):%Y%m%d}", "替换证照标识": old["证照标识"]}
                rows.append(again | {"证照标识": _identifier(arcs[5], arcs[7], int(arcs[8]) + 1)})
        plant = Planting(rng, fresh)
        persons = [i for i in range(fresh) if "持证人身份证号" in rows[i]]
        i = plant.put("small_letters", "repaired", "licence_id")
        rows[i]["证照标识"] = rows[i]["证照标识"].lower()
        i = plant.put("check_character", "bad_id_check", "licence_id")
        rows[i]["证照标识"] = rows[i]["证照标识"][:-1] + ("5" if rows[i]["证照标识"][-1] != "5" else "6")
        i = plant.put("rare_character", "accepted", "bearer_name", persons)
        rows[i]["持证主体名称"] = rows[i]["持证主体名称"][0] + "䶮"
        if k == 0:
            i = plant.put("no_root", "bad_id_length", "licence_id")
            rows[i]["证照标识"] = rows[i]["证照标识"].removeprefix("1.2.156.3005.2.")
            i = plant.put("two_holders", "check_failed", "uscc", persons)
            rows[i]["持证单位统一社会信用代码"] = world.firm(rows[i]["区县"], 21)[0]
        elif k == 1:
            i = plant.put("masked", "bad_id_charset", "licence_id")
            arcs = rows[i]["证照标识"].split(".")
            arcs[7] = arcs[7][:6] + "****"
            rows[i]["证照标识"] = ".".join(arcs)
            i = plant.put("end_before_start", "check_failed", "valid_until")
            rows[i]["有效期截止"] = f"{month.year - 1}-12-31"
        else:
            i = plant.put("status_unknown", "unknown_code", "status")
            rows[i]["证照状态"] = "冻结"
            i = plant.put("no_identifier", "missing_key", "licence_id")
            rows[i]["证照标识"] = "待补"
        bad = plant.bad
        earlier = [rows[i] for i in range(fresh) if i not in bad]
        document = xml(f'<证照列表 xmlns="urn:hzdzzz:{k + 1}.0">\n{elements("证照", rows)}\n</证照列表>')
        head, name, day = (
            f"<Head><Sender>HZDZZZ</Sender><Count>{len(rows)}</Count></Head>",
            f"电子证照_{month:%Y%m}.xml",
            world.after(month, 4),
        )
        if k == 1:
            short = xml(f'<证照列表 xmlns="urn:hzdzzz:2.0">\n{elements("证照", rows[:-4])}\n</证照列表>')
            yield File(
                "sg__licence", name, day, enveloped(short, head=head), 0, refused="control_total", note="four fewer than the head says"
            )
            day += timedelta(days=1)
        yield File("sg__licence", name, day, enveloped(document, head=head), len(rows), faults=plant.faults)


def _business(world: World) -> Iterator[File]:
    kind = next(iter(TYPES))
    at = lambda d: int(datetime(d.year, d.month, d.day, tzinfo=_TZ).timestamp() * 1000)  # noqa: E731
    for month in world.months:
        rng, rows = world.rng("sc__business_licence", month), list[dict[str, Any]]()
        # A firm has one number; its licence comes in versions.
        firms = [(d, n) for d in world.districts for n in range(20, 60) if n % 23]
        for n, (district, number) in enumerate(rng.sample(firms, 60)):
            uscc, name = world.firm(district, number)
            again = n % 9 == 0
            row = {
                "certIdentifier": _identifier(kind, uscc[8:17] + f"{month:%y%m}", 2 if again else 1), "certNumber": uscc,
                "holderName": name,
                "issueOrg": f"杭州市市场监督管理局{district[-3:]}分局", "issueDate": at(_day(rng, month)), "validEnd": "null",
                "certState": "0",
                "associated": _identifier(kind, uscc[8:17] + f"{month:%y%m}", 1) if again else "", "areacode": district,
            }  # fmt: skip
            rows.append(row)
        plant = Planting(rng, len(rows))
        i = plant.put("check_character", "bad_id_check", "licence_id")
        text = rows[i]["certIdentifier"]
        rows[i]["certIdentifier"] = text[:-1] + ("A" if text[-1] != "A" else "B")
        i = plant.put("full_width", "repaired", "licence_id")
        rows[i]["certIdentifier"] = rows[i]["certIdentifier"].replace(".", "．")
        i = plant.put("wrong_version", "bad_id_length", "licence_id")
        arcs = rows[i]["certIdentifier"].split(".")
        arcs[8] = arcs[8][1:]
        rows[i]["certIdentifier"] = ".".join(arcs)
        content, planted, records = paged(rows, plant.faults, 25, 2)
        yield File("sc__business_licence", f"电子营业执照_{month:%Y%m}.json", world.after(month, 3), content, records, faults=planted)
