"""Names of persons for comparison: one spelling, readings, and how alike two names are.

Pure functions of the text. What is stored stays as it was sent; this page only says when two spellings may be one name. Traditional
characters and variants are folded, characters that a system could not print are a placeholder that matches any character.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from xihu.standards import name_tables as tables
from xihu.standards.text import fold, is_placeholder

HOLE = "□"
_HOLES = str.maketrans(dict.fromkeys("*＊?？�〓■○◯▢囗★☆", HOLE))
_DOTS = str.maketrans(dict.fromkeys("·•．.・‧∙●﹒｡。", " "))
_NEWBORN = re.compile(
    r"^(?P<mother>.{1,8}?)之(?P<what>(?:[大小长次幼双一二三]胎?之?)*(?:子|女|婴|男|男婴|女婴|胎)(?:[一二三甲乙丙大小12AB])?)$"
)
_BRACKET = re.compile(r"[(\[【〔{<《](?P<inside>[^)\]】〕}>》]*)[)\]】〕}>》]?")
_TITLE = re.compile(r"(?<=..)(先生|女士|同志|小朋友)$")
_FORMER = re.compile(r"[/、,，;；]?(曾用名|又名|原名|别名).*$")
_MINORITY = re.compile(r"[ ]+")


class PersonName(NamedTuple):
    """A name taken apart.

    full: the folded spelling, without dots and blanks; capital letters where it is written in letters. surname, given: of a Chinese name,
    else "" and full. readings: toneless pinyin in one word, the usual reading first; of letters also with the surname last.
    """

    full: str
    surname: str
    given: str
    readings: tuple[str, ...]
    initials: str
    latin: bool
    holes: bool


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def _han(c: str) -> bool:
    return "\u3400" <= c <= "\u9fff" or c >= "\U00020000" or c == HOLE or "\uf900" <= c <= "\ufaff"


def newborn(text: str | None) -> tuple[str, str | None] | None:
    """(mother's name, sex by GB/T 2261.1 or None) of a child that has no name yet: 李梅之子, 李梅之女, 李梅之婴; else None."""
    if not text:
        return None
    match = _NEWBORN.match("".join(unicodedata.normalize("NFKC", text).split()))
    if not match or len(match["mother"]) < 2:
        return None
    what = match["what"]
    return match["mother"], "1" if "子" in what or "男" in what else "2" if "女" in what else None


@lru_cache(maxsize=1 << 18)
def parse(text: str | None) -> PersonName | None:
    """A name taken apart; None where there is none (empty, 无名, a newborn called after its mother, digits)."""
    if text is None:
        return None
    raw = fold(text).strip()
    if not raw or is_placeholder(raw):
        return None
    # Placeholders first: NFKC would make a full-width question mark and others a sign of their own.
    clean = unicodedata.normalize("NFKC", raw.translate(_HOLES)).translate(_HOLES)
    clean = "".join(HOLE if "\ue000" <= c <= "\uf8ff" or c >= "\U000f0000" else c for c in clean)
    clean = "".join(c for c in clean if unicodedata.category(c) not in ("Cf", "Cc"))
    if clean in tables.NAMELESS or newborn(clean):
        return None
    clean = _FORMER.sub("", clean)
    clean = _BRACKET.sub(lambda m: tables.PARTS.get(m["inside"], ""), clean)
    clean = clean.translate(_DOTS).replace("-", " ").replace("'", "").strip()
    if any(_han(c) for c in clean if c != HOLE):
        return _chinese(clean)
    return _letters(clean)


def _chinese(clean: str) -> PersonName | None:
    text = "".join(c for c in clean if _han(c) or c.isalpha())
    text = re.sub(r"[A-Za-z]+$", "", text) if any(_han(c) for c in text) else text
    text = _TITLE.sub("", text)
    text = "".join(tables.VARIANTS.get(c, c) for c in _simplifier().convert(text))
    if not text.strip(HOLE) or (len(text) == 1 and text not in tables.SURNAMES):
        return None
    surname, given = split(text)
    readings = _readings(text, surname)
    initials = "".join(_syllables(c)[0][:1] or "?" for c in text) if HOLE not in text else ""
    return PersonName(text, surname, given, readings, initials, False, HOLE in text)


def _letters(clean: str) -> PersonName | None:
    plain = unicodedata.normalize("NFKD", clean)
    words = ["".join(c for c in w if c.isalpha()).upper() for w in _MINORITY.split(plain.replace(",", " ").replace("/", " "))]
    words = [w for w in words if w]
    if not words or len("".join(words)) < 2:
        return None
    orders = ("".join(words), words[-1] + "".join(words[:-1]), "".join(words[1:]) + words[0])
    forms = dict.fromkeys(o.lower().replace("lv", "lu").replace("nv", "nu") for o in orders)
    initials = "".join(w[0] for w in words).lower()
    return PersonName("".join(words), "", "".join(words), tuple(forms), initials, True, False)


def split(name: str) -> tuple[str, str]:
    """Surname and given name of a Chinese name; compound surnames are known, names of five characters and more have none."""
    if len(name) >= 5:
        return "", name
    if len(name) >= 3 and name[:2] in tables.COMPOUND:
        return name[:2], name[2:]
    return name[:1], name[1:]


@cache
def _syllables(char: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin

    found = lazy_pinyin(char, errors=lambda _: "")
    return (found[0] if found and found[0] else "",)


def _readings(text: str, surname: str) -> tuple[str, ...]:
    if HOLE in text:
        return ()
    if surname in tables.COMPOUND_READINGS:
        heads: tuple[str, ...] = (tables.COMPOUND_READINGS[surname],)
    elif len(surname) == 1 and surname in tables.SURNAME_READINGS:
        # The reading as a surname comes first; the everyday one is what a machine would have written.
        heads = tuple(dict.fromkeys((tables.SURNAME_READINGS[surname], _syllables(surname)[0])))
    else:
        heads = ("".join(_syllables(c)[0] for c in surname),)
    tail = "".join(_syllables(c)[0] for c in text[len(surname) :])
    out = [h + tail for h in heads]
    if any(c in tables.GIVEN_READINGS for c in text[len(surname) :]):
        tails = product(*[(_syllables(c)[0], *tables.GIVEN_READINGS.get(c, ())) for c in text[len(surname) :]])
        out += [h + "".join(t) for t in tails for h in heads]
    # ü is written v, u or yu: one of them here.
    return tuple(dict.fromkeys(r.replace("ü", "v").replace("lv", "lu").replace("nv", "nu") for r in out if r))[:6]


def wild(full: str) -> tuple[str, ...]:
    """The name with each character in turn taken for any: two names share one if they are as long and differ in one character at most."""
    return tuple(full[:i] + "_" + full[i + 1 :] for i in range(len(full)))


def near(full: str) -> tuple[str, ...]:
    """For names of five characters and more: forms that names share if one insertion, deletion or exchange makes them equal."""
    return (full, *(full[:i] + full[i + 1 :] for i in range(len(full)))) if len(full) >= 5 else ()


LEVELS = (
    "equal",
    "holes",
    "near",
    "homophone",
    "pinyin",
    "swapped",
    "prefixed",
    "one_differs",
    "given",
    "initials",
    "surname",
    "different",
)


def compare(a: PersonName | None, b: PersonName | None) -> str | None:
    """How alike two names are: one of LEVELS, the first that holds; None where one is missing."""
    if a is None or b is None:
        return None
    if a.full == b.full:
        return "holes" if a.holes else "equal"
    long = min(len(a.full), len(b.full)) >= 5 and not a.latin and not b.latin
    holes = (a.holes or b.holes) and len(a.full) == len(b.full)
    if holes and all(x == y or HOLE in (x, y) for x, y in zip(a.full, b.full, strict=True)):
        return "holes"
    sounds = bool(set(a.readings) & set(b.readings))
    one = bool(set(wild(a.full)) & set(wild(b.full))) and len(a.full) >= 3 and not a.latin and not b.latin
    if long and set(near(a.full)) & set(near(b.full)):
        return "near"
    if sounds and one:
        return "homophone"
    if sounds:
        return "pinyin"
    if sorted(a.full) == sorted(b.full) and not a.latin:
        return "swapped"
    if _prefixed(a, b) or _prefixed(b, a):
        return "prefixed"
    if one:
        return "one_differs"
    if len(a.given) >= 2 and a.given == b.given and not a.latin:
        return "given"
    if a.latin != b.latin and a.initials and a.initials in (b.initials, b.initials[-1:] + b.initials[:-1]):
        return "initials"
    return "surname" if a.surname and a.surname == b.surname else "different"


def _prefixed(a: PersonName, b: PersonName) -> bool:
    """The husband's surname before the own name (陈方安生), or a long name that a narrow column cut."""
    if a.latin or b.latin:
        return False
    husband = len(a.full) == len(b.full) + 1 and len(b.full) >= 3 and a.full.endswith(b.full) and a.full[0] in tables.SURNAMES
    return husband or (len(b.full) >= 4 and len(a.full) > len(b.full) and a.full.startswith(b.full))


def band(name: PersonName | None) -> int:
    """How frequent a name is, by fixed tables of surnames and given names: 0 very frequent (a name of thousands) … 3 rare."""
    if name is None or name.latin or name.holes:
        return 1
    if not name.surname:
        return 3
    share = tables.SURNAMES.get(name.surname, tables.RARE_SURNAME)
    given = 1.0
    known = tables.GIVEN.get(name.given)
    if known is not None:
        given = known
    else:
        for char in name.given:
            given *= tables.GIVEN_CHARACTERS.get(char, tables.RARE_CHARACTER)
        given *= 0.25 if len(name.given) == 1 else 0.75
    frequency = share * given
    return 0 if frequency >= 5e-5 else 1 if frequency >= 5e-6 else 2 if frequency >= 1e-6 else 3
