"""The extract: 16 columns in GBK, one record in a hundred faulty, the place and kind of every fault known. Knows nothing of Xihu."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

TITLES = (
    "流水号,所属月份,公民身份号码,姓名,性别,出生日期,区县,乡镇街道,地址,联系电话,单位统一社会信用代码,"
    "险种,缴费基数,个人缴费,单位缴费,到账时间"
)
COLUMNS = re.split(" ", "no month id_no name sex birth district street address phone employer scheme base personal company paid_at")
CHUNK = 100_000
_BAD_BYTE = "\x01"
_DISTRICTS = ["330102", "330105", "330106", "330108", "330109", "330110", "330111", "330127"]
_STREETS = re.split(" ", "清波街道 湖滨街道 小营街道 望江街道 文晖街道 米市巷街道 翠苑街道 转塘街道 三墩镇 闲林街道 西兴街道 瓜沥镇")
_ROADS = re.split(" ", "体育场路 文三路 莫干山路 天目山路 解放路 凤起路 庆春路 江南大道 市心中路 古墩路 秋涛路 建国北路")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国庆志文海燕云峰雪琴婷宇浩晨欣怡子涵博思睿嘉"
_SCHEMES = ["职工基本养老保险", "城乡居民基本养老保险", "职工基本医疗保险", "城乡居民基本医疗保险"]
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MOBILE = ["130", "135", "136", "137", "138", "139", "150", "151", "158", "159", "180", "186", "188"]


def _id_numbers(rng: np.random.Generator, births: list[str], n: int) -> list[str]:
    """n numbers with their check digit (ISO 7064 MOD 11-2)."""
    places = np.array([[int(c) for c in d] for d in _DISTRICTS])[rng.integers(0, len(_DISTRICTS), n)]
    days = np.array([[int(c) for c in b if c != "-"] for b in births])
    body = np.concatenate([places, days, rng.integers(0, 10, (n, 3))], axis=1)
    check = (body @ np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11
    text = (body + 48).astype(np.uint8).tobytes().decode("ascii")
    return [text[i * 17 : i * 17 + 17] + "10X98765432"[c] for i, c in enumerate(check.tolist())]


def _credit_codes(rng: np.random.Generator, n: int) -> list[str]:
    found = []
    for number in rng.integers(0, 10**8, n).tolist():
        org = f"{number:08d}"
        last = 11 - sum(int(c) * w for c, w in zip(org, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
        body = f"91330106{org}{'0' if last == 11 else 'X' if last == 10 else last}"
        found.append(body + _USCC[-sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31])
    return found


def _other(text: str, alphabet: str) -> str:
    """The text with another last character."""
    return text[:-1] + alphabet[(alphabet.index(text[-1]) + 1) % len(alphabet)]


def _spoil(kind: str, row: list[str]) -> list[str]:
    at = dict(zip(COLUMNS, range(16), strict=True))
    if kind == "bad_id_check":
        # A wrong number that ends in 000 would be taken for one that a spreadsheet rounded.
        wrong = _other(row[at["id_no"]], "0123456789X")
        row[at["id_no"]] = _other(wrong, "0123456789X") if wrong.endswith("000") else wrong
    elif kind == "bad_id_length":
        row[at["id_no"]] = row[at["id_no"]][:16]
    elif kind == "bad_date":
        row[at["birth"]] = row[at["birth"]][:4] + "-02-30"
    elif kind == "bad_number":
        row[at["base"]] = "12O0.00"
    elif kind == "out_of_range":
        row[at["base"]] = "9999999.00"
    elif kind == "unknown_code":
        row[at["scheme"]] = "其他险"
    elif kind == "missing_key":
        row[at["id_no"]] = ""
    elif kind == "column_count":
        row[at["address"]] += ",后门"
    elif kind == "bad_encoding":
        row[at["address"]] += _BAD_BYTE
    elif kind == "formula_injection":
        row[at["street"]] = "=1+1"
    elif kind == "bad_uscc":
        row[at["employer"]] = _other(row[at["employer"]], _USCC)
    elif kind == "check_failed":
        row[at["base"]], row[at["personal"]] = "100.00", "200.00"
    elif kind == "swapped_fields":
        i, j = at["id_no"], at["phone"]
        row[i], row[j] = row[j], row[i]
    return row


FAULTS = re.split(
    " ",
    "bad_id_check bad_id_length bad_date bad_number out_of_range unknown_code missing_key column_count bad_encoding "
    "formula_injection bad_uscc check_failed swapped_fields duplicate_key",
)


def write(path: Path, rows: int, seed: int = 1, quoted: float = 0.0) -> dict[str, Any]:
    """Writes `rows` records; returns and stores (`<path>.json`) what must come of them.

    Args:
        quoted: share of the records whose address is quoted and holds a comma.
    """
    rng = np.random.default_rng(seed)
    codes = _credit_codes(rng, 5000)
    days = [(date(1930, 1, 1) + timedelta(i)).isoformat() for i in range(25_000)]
    names = [s + g for s in _SURNAMES for g in _GIVEN] + [s + a + b for s in _SURNAMES[:20] for a in _GIVEN for b in _GIVEN[:20]]
    expected: Counter[str] = Counter()
    copies = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write((TITLES + "\r\n").encode("gbk"))
        for start in range(0, rows, CHUNK):
            n = min(CHUNK, rows - start)
            births = [days[i] for i in rng.integers(0, len(days), n).tolist()]
            ids = _id_numbers(rng, births, n)
            pick = {k: rng.integers(0, size, n).tolist() for k, size in _sizes(names, codes).items()}
            base = (rng.integers(300_000, 3_000_000, n)).tolist()
            quotes = rng.random(n) < quoted
            chunk = []
            for i in range(n):
                p = base[i] * 8 // 100
                c = base[i] * 14 // 100
                second = pick["second"][i]
                chunk.append(
                    [
                        f"{330100000000 + start + i}",
                        "201610",
                        ids[i],
                        names[pick["name"][i]],
                        "女" if int(ids[i][16]) % 2 == 0 else "男",
                        births[i],
                        _DISTRICTS[pick["district"][i]],
                        _STREETS[pick["street"][i]],
                        f"{_ROADS[pick['road'][i]]}{pick['house'][i]}号{pick['unit'][i]}幢{pick['flat'][i]}室",
                        f"{_MOBILE[pick['prefix'][i]]}{pick['phone'][i]:08d}",
                        codes[pick["code"][i]],
                        _SCHEMES[pick["scheme"][i]],
                        f"{base[i] // 100}.{base[i] % 100:02d}",
                        f"{p // 100}.{p % 100:02d}",
                        f"{c // 100}.{c % 100:02d}",
                        f"2016-10-{second % 28 + 1:02d} {second % 24:02d}:{second % 60:02d}:{second // 60 % 60:02d}",
                    ]
                )
            for i in np.flatnonzero(quotes).tolist():
                chunk[i][8] = f'"{chunk[i][8]},内"'
            bad = rng.choice(n // 2, max(1, n // 100), replace=False).tolist() if n >= 200 else []
            for k, half in enumerate(bad):
                # Every other record at most, so that the neighbour before a fault is sound.
                i, kind = half * 2 + 1, FAULTS[k % len(FAULTS)]
                if kind == "duplicate_key":
                    chunk[i][0] = chunk[i - 1][0]
                    expected[kind] += 2
                    continue
                expected[kind] += 1
                _spoil(kind, chunk[i])
            taken = set(bad)
            for half in rng.choice(n // 2, n // 2000, replace=False).tolist() if n >= 2000 else []:
                i = half * 2 + 1
                if half in taken:
                    continue
                chunk[i] = list(chunk[i - 1])
                copies += 1
            text = "\r\n".join(map(",".join, chunk)) + "\r\n"
            out.write(text.encode("gbk").replace(_BAD_BYTE.encode(), b"\xff"))
    made = {"rows": rows, "bytes": path.stat().st_size, "quarantined": dict(sorted(expected.items())), "duplicate": copies}
    path.with_suffix(".json").write_text(json.dumps(made, ensure_ascii=False, indent=1), "utf-8")
    return made


def _sizes(names: list[str], codes: list[str]) -> dict[str, int]:
    return {
        "name": len(names),
        "district": len(_DISTRICTS),
        "street": len(_STREETS),
        "road": len(_ROADS),
        "house": 900,
        "unit": 30,
        "flat": 2000,
        "prefix": len(_MOBILE),
        "phone": 10**8,
        "code": len(codes),
        "scheme": len(_SCHEMES),
        "second": 86_400,
    }


def decoded(path: Path) -> Path:
    """The same records in UTF-8, for readers that know no GBK; what is no GBK becomes U+FFFD."""
    out = path.with_suffix(".utf8.csv")
    with path.open("rb") as source, out.open("w", encoding="utf-8", newline="") as target:
        for line in source:
            target.write(line.decode("gbk", "replace"))
    return out
