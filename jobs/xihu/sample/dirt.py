"""Dirt as real extracts have it: each class of the identifiers and formats, injected at a known rate and written down.

`Dirt.pick` decides at the moment a row is made (so that the oracle knows which persons lost a row); `Dirt.apply` spoils the row when the
file is written and says what a strict reader must make of it: `repaired`, `duplicate`, or the reason of a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from xihu.sample import ids
from xihu.sample.resources import Resource

BAD_BYTE = "\x00"  # becomes a byte that no encoding of the contracts allows
NUMBER = "\x01"  # marks a cell to be written as a number of the spreadsheet

REPAIRS = {
    "guard_apostrophe": ("csv",), "guard_tab": ("csv",), "guard_equals": ("csv",), "fullwidth_digits": ("csv", "xlsx"),
    "lower_x": ("csv", "xlsx", "fixed"), "times_x": ("csv", "xlsx"), "fullwidth_x": ("csv", "xlsx"), "zero_width": ("csv", "xlsx"),
    "ideographic_space": ("csv", "xlsx"), "date_dashes": ("csv", "xlsx"), "date_time": ("csv",), "date_dots": ("csv", "xlsx"),
    "date_chinese": ("csv", "xlsx"), "thousands": ("csv", "xlsx"), "unit_suffix": ("csv", "xlsx"), "trailing_blanks": ("csv",),
    "fullwidth_comma": ("csv", "xlsx"), "old_id15": ("csv", "xlsx"), "identical_copy": ("csv",),
}  # fmt: skip
REFUSALS = {
    "id_scientific": ("csv", "xlsx"), "id_number_cell": ("xlsx",), "id_zeros": ("csv",), "id_short": ("csv", "xlsx", "fixed"),
    "id_letter_o": ("csv", "xlsx", "fixed"), "id_letter_l": ("csv", "xlsx"), "id_masked": ("csv", "xlsx"),
    "id_check": ("csv", "xlsx", "fixed"),
    "id_birth": ("csv", "xlsx", "fixed"), "id_placeholder": ("csv", "xlsx"), "id_ones": ("csv", "xlsx"),
    "id_empty": ("csv", "xlsx", "fixed"),
    "swapped": ("csv", "xlsx"), "bad_date": ("csv", "xlsx"), "bad_number": ("csv", "xlsx"), "out_of_range": ("csv", "xlsx"),
    "unknown_code": ("csv",), "formula": ("csv", "xlsx"), "extra_cell": ("csv",), "bad_bytes": ("csv",), "bad_uscc": ("csv",),
    "other_content": ("csv",), "certificate_mismatch": ("csv",), "mothers_id": ("csv",),
}  # fmt: skip
REASON = {
    "id_scientific": "bad_id_float", "id_number_cell": "bad_id_float", "id_zeros": "bad_id_float", "id_short": "bad_id_length",
    "id_letter_o": "bad_id_charset", "id_letter_l": "bad_id_charset", "id_masked": "bad_id_charset", "id_check": "bad_id_check",
    "id_birth": "bad_id_birth", "id_placeholder": "missing_key", "id_ones": "missing_key", "id_empty": "missing_key",
    "swapped": "swapped_fields", "bad_date": "bad_date", "bad_number": "bad_number", "out_of_range": "out_of_range",
    "unknown_code": "unknown_code", "formula": "formula_injection", "extra_cell": "column_count", "bad_bytes": "bad_encoding",
    "bad_uscc": "bad_uscc", "other_content": "duplicate_key", "certificate_mismatch": "inconsistent", "mothers_id": "check_failed",
    "identical_copy": "duplicate",
}  # fmt: skip
RARE = ("id_number_cell", "certificate_mismatch", "mothers_id")


@dataclass(frozen=True)
class Spoilt:
    """What became of a row: its cells (twice where the sender wrote it twice), the field touched, and what a strict reader says."""

    rows: list[list[str]]
    field: str
    expected: str


def _applies(name: str, r: Resource) -> bool:
    kinds = {c[2] for c in r.columns}
    if name == "zero_width" and r.encoding == "gbk":  # that code page has no such character
        return False
    if r.format not in (REPAIRS.get(name) or REFUSALS[name]):
        return False
    if name.startswith(("id_", "guard", "lower", "times", "fullwidth_x", "fullwidth_digits", "zero", "ideo", "old_id")):
        return r.name not in ("sc__enterprise", "tj__population_report")
    if name.startswith("date") or name == "bad_date":
        return "date" in kinds
    if name in ("thousands", "unit_suffix", "bad_number"):
        return "money" in kinds
    if name == "out_of_range":
        return r.name in (
            "mz__elderly_allowance",
            "mz__dibao_family",
            "mz__disability_nursing",
            "rs__insurance_register",
            "rs__resident_contribution",
            "wj__birth_certificate",
        )
    if name == "swapped":
        return "name" in kinds and main_id(r) is not None
    if name == "bad_uscc":
        return "uscc" in kinds
    if name == "certificate_mismatch":
        return r.name == "cl__disability_certificate"
    if name == "mothers_id":
        return r.name == "wj__birth_certificate"
    if name in ("other_content",):
        return r.name in (
            "ga__household_register",
            "yb__medical_register",
            "rs__insurance_register",
            "jy__school_roll",
            "rs__resident_contribution",
        )
    if name == "identical_copy":
        return True
    if name == "unknown_code":
        return code_field(r) is not None
    if name in ("formula", "bad_bytes", "fullwidth_comma", "extra_cell"):
        return "name" in kinds
    return True


def main_id(r: Resource) -> str | None:
    """The person whose row it is, as far as the contract requires a number."""
    for field in ("id_no", "head_id", "mother_id", "man_id"):
        if field in r.fields:
            return field
    return None


def main_name(r: Resource) -> str:
    """The name that belongs to `main_id`."""
    return {"head_id": "head_name", "mother_id": "mother_name", "man_id": "man_name"}.get(main_id(r) or "", "name")


def code_field(r: Resource) -> str | None:
    """A coded column whose value is always there."""
    for field in ("sex", "scheme", "status", "programme", "grade", "relation"):
        if field in r.fields:
            return field
    return None


class Dirt:
    """Decides and applies; the same seed gives the same dirt."""

    def __init__(self, seed: int, rate: float = 1.0) -> None:
        self.seed, self.rate = seed, rate
        self._salt: dict[tuple[str, int], int] = {}
        self._classes: dict[str, tuple[list[str], list[str]]] = {}

    def classes(self, r: Resource) -> tuple[list[str], list[str]]:
        """(repairs, refusals) that this resource can show."""
        if r.name not in self._classes:
            self._classes[r.name] = ([n for n in REPAIRS if _applies(n, r)], [n for n in REFUSALS if _applies(n, r)])
        return self._classes[r.name]

    def pick(self, r: Resource, k: int, key: int) -> str:
        """The class of dirt of one row, '' for most; `key` is 48 random bits of the row's subject."""
        salt = self._salt.get((r.name, k))
        if salt is None:
            digest = blake2b(f"{self.seed}|{r.name}|{k}".encode(), digest_size=8).digest()
            salt = self._salt[(r.name, k)] = int.from_bytes(digest, "big") | 1
        x = (key ^ (salt >> 7)) * salt & 0xFFFFFFFFFFFFFFFF
        x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 32
        u = (x >> 11) / 2**53 / self.rate if self.rate else 1.0
        if u >= r.repair + r.refuse:
            return ""
        repairs, refusals = self.classes(r)
        pool = refusals if u < r.refuse else repairs
        if not pool:
            return ""
        rare = [n for n in RARE if n in pool]
        if rare and x >> 40 & 1:  # classes that only a small resource can show: half of its refusals
            return rare[x % 1_000_003 % len(rare)]
        return pool[x % 1_000_003 % len(pool)]

    def apply(self, name: str, r: Resource, cells: list[str], rng: Random) -> Spoilt | None:
        """Spoils formatted cells; None where this row has nothing that this class could spoil."""
        cells = list(cells)
        expected = REASON.get(name, "repaired")
        field = main_id(r) or r.fields[0]
        i = r.at(field)
        value = cells[i]
        full = len(value) == 18
        if name.startswith(("id_", "guard", "lower", "times", "fullwidth_x", "fullwidth_d", "zero", "ideo", "old_id")):
            spoilt = _spoil_id(name, value, full, rng)
            if spoilt is None:
                return None
            cells[i] = spoilt
            return Spoilt([cells], field, expected)
        if name.startswith("date") or name == "bad_date":
            dates = [c[0] for c in r.columns if c[2] == "date" and c[0] not in ("stat_date",) and cells[r.at(c[0])]]
            if not dates:
                return None
            field = dates[0] if name != "bad_date" else dates[-1]
            i = r.at(field)
            digits = "".join(c for c in cells[i] if c.isdigit())[:8]
            y, m, d = digits[:4], int(digits[4:6]), int(digits[6:8])
            cells[i] = {
                "date_dashes": f"{y}-{m}-{d}", "date_time": f"{y}/{m:02d}/{d:02d} 0:00", "date_dots": f"{y}.{m}.{d}",
                "date_chinese": f"{y}年{m}月{d}日", "bad_date": f"{y}-02-30",
            }[name]  # fmt: skip
            return Spoilt([cells], field, expected)
        if name in ("thousands", "unit_suffix", "bad_number", "out_of_range"):
            return _spoil_number(name, r, cells, expected)
        j = r.at(main_name(r)) if main_name(r) in r.fields else 1
        if name == "swapped":
            if not full or not cells[j]:
                return None
            cells[i], cells[j] = cells[j], cells[i]
            return Spoilt([cells], field, expected)
        if name == "trailing_blanks":
            return Spoilt([[*cells, "", "", ""]], "", "accepted")
        if name == "extra_cell":
            return Spoilt([[*cells[: j + 1], "杭州市", *cells[j + 1 :]]], "", expected)
        if name == "bad_bytes":
            cells[j] = cells[j][:1] + BAD_BYTE + cells[j][1:]
            return Spoilt([cells], r.fields[j], expected)
        if name == "fullwidth_comma":
            cells[j] = cells[j] + "，"
            return Spoilt([cells], r.fields[j], "accepted")
        if name == "formula":
            cells[j] = ('=HYPERLINK("http://127.0.0.1/","点此")', "@SUM(A1:A9)", "+1+cmd|' /C calc'!A0", "-2+3*9")[rng.randrange(4)]
            return Spoilt([cells], r.fields[j], expected)
        if name == "unknown_code":
            field = code_field(r) or ""
            cells[r.at(field)] = rng.choice(("Z9", "待核", "77"))
            return Spoilt([cells], field, expected)
        if name == "bad_uscc":
            field = next(c[0] for c in r.columns if c[2] == "uscc")
            i = r.at(field)
            if not cells[i]:
                return None
            cells[i] = cells[i][:-1] + ("0" if cells[i][-1] != "0" else "1")
            return Spoilt([cells], field, expected)
        if name == "identical_copy":
            return Spoilt([cells, list(cells)], "", expected)
        if name == "other_content":
            other = list(cells)
            field = {"ga__household_register": "address", "rs__resident_contribution": "district"}.get(r.name, "name")
            k = r.at(field)
            other[k] = (
                ids.prefix_of("330106", 2016)
                if field == "district" and other[k] != "330106"
                else "330105"
                if field == "district"
                else other[k] + "生"
            )
            return Spoilt([cells, other], field, expected)
        if name == "certificate_mismatch":
            i = r.at("grade")
            cells[i] = {"1": "3", "2": "4", "3": "1", "4": "2"}[cells[i]]
            return Spoilt([cells], "grade", expected)
        if name == "mothers_id":
            if len(cells[r.at("mother_id")]) != 18:
                return None
            cells[r.at("child_id")] = cells[r.at("mother_id")]
            return Spoilt([cells], "child_id", expected)
        raise KeyError(name)


def _spoil_id(name: str, value: str, full: bool, rng: Random) -> str | None:
    if name in ("id_placeholder", "id_ones", "id_empty"):
        return {"id_placeholder": rng.choice(("无", "暂无", "待补", "0" * 18)), "id_ones": "1" * 18, "id_empty": ""}[name]
    if name.startswith("guard"):
        return {"guard_apostrophe": "'" + value, "guard_tab": "\t" + value, "guard_equals": f'="{value}"'}[name]
    if name == "zero_width":
        return value[:6] + "\u200b" + value[6:]
    if name == "ideographic_space":
        return value + "\u3000" if full else None
    if name == "fullwidth_digits":
        return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in value)
    if not full:
        return None
    if name in ("lower_x", "times_x", "fullwidth_x"):
        return value[:-1] + {"lower_x": "x", "times_x": "×", "fullwidth_x": "Ｘ"}[name] if value[-1] == "X" else None
    if name == "old_id15":
        return ids.short_form(value)
    if name == "id_scientific":
        return f"{float(value[:17] + '0'):.5E}".replace("E+", "E+")
    if name == "id_number_cell":
        return NUMBER + value[:15] + "000"
    if name == "id_zeros":
        body = value[:15] + "00"
        return body + "0" if ids.check_digit(body) != "0" else None
    if name == "id_short":
        return value[:-1] if value[-1] in "0X" else value[:9] + value[10:]
    if name in ("id_letter_o", "id_letter_l"):
        a, b = ("0", "O") if name == "id_letter_o" else ("1", "l")
        k = value.find(a, 6)
        return value[:k] + b + value[k + 1 :] if 0 <= k < 17 else None
    if name == "id_masked":
        return value[:6] + "********" + value[14:]
    if name == "id_check":
        return value[:-1] + str((int(value[-1], 11) + 1) % 10 if value[-1] != "X" else 3) if value[-1] != "X" else value[:-1] + "3"
    if name == "id_birth":
        body = value[:10] + "0230" + value[14:17]
        return body + ids.check_digit(body)
    raise KeyError(name)


def _spoil_number(name: str, r: Resource, cells: list[str], expected: str) -> Spoilt | None:
    field = "weight" if r.name == "wj__birth_certificate" else next((f for f in ("amount", "base", "capital") if f in r.fields), "")
    if not field or not cells[r.at(field)]:
        return None
    i = r.at(field)
    plain = cells[i].replace(",", "")
    if name == "bad_number":
        cells[i] = "12a.50"
    elif name == "out_of_range":
        cells[i] = "99999999.00" if field != "weight" else "90000"
    elif name == "unit_suffix":
        if field == "capital":
            return None
        cells[i] = f"{float(plain):,.2f}元"
    else:
        cells[i] = f"{float(plain):,.2f}"
    return Spoilt([cells], field, expected)
