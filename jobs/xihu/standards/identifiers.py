"""Numbers that stand for a person, in one canonical form: which document a text is, and the form in which two tables agree on it.

The form decides, not the declared type, wherever a check digit proves it: a citizen id written into a column for passports is a citizen
id. A declared type helps where forms overlap (`E12345678` is a passport and also looks like a social card). Rules and sources:
GB 11643-1999 and the notes at each rule; forms of travel documents are those in circulation.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from xihu.standards import citizen_id
from xihu.standards.text import fold, is_placeholder, unguard

# One per person and for life, so that two different ones of a kind stand for two persons until somebody says otherwise.
PERMANENT = frozenset(["citizen_id", "hkmo_residence", "tw_residence", "foreign_pr"])
# Forms as declared types (code list `id_type`): what is accepted under them when the text proves nothing by itself.
_DECLARED = {
    "passport": re.compile(r"(?=.*\d)[A-Z0-9]{5,17}"),
    "hkmo_permit": re.compile(r"[HM]\d{8}(\d{2})?"),
    "tw_permit": re.compile(r"\d{8}|\d{10}(\([A-Z0-9]\))?"),
    "foreign_pr_old": re.compile(r"[A-Z]{3}\d{12}"),
    "birth_certificate": re.compile(r"[A-Z]\d{9}"),
    "student_number": re.compile(r"[LJ][0-9A-Z]{7,19}"),
    "social_card": re.compile(r"[A-Z]\d{8}|\d{9}"),
    "hk_mo_id": re.compile(r"[A-Z]{1,2}\d{6}\(?[0-9A]\)?|\d{7}\(?\d\)?"),
    "military_officer": re.compile(r"(?=.*\d{5})[\w()]{6,24}"),
    "soldier": re.compile(r"(?=.*\d{5})[\w()]{6,24}"),
    "police_officer": re.compile(r"(?=.*\d{5})[\w()]{6,24}"),
}
# Papers of a household, an organisation or a school, and words that name no document: nobody is recognised by them.
_NOBODY = frozenset(["household_book", "uscc", "org_code", "student_card", "other"])
_STUDENT = re.compile(r"[LJ]\d{17}[\dX]")
_DISABLED = re.compile(r"(\d{17}[\dX])([1-7])([1-4])(B\d{1,2})?")
_JUNK = re.compile(r"[\s\-‐–—_.·]")


class Identifier(NamedTuple):
    """A number in the form in which all tables agree; `<type>:<value>` is its handle."""

    type: str
    value: str

    @property
    def handle(self) -> str:
        return f"{self.type}:{self.value}"


def _citizen(text: str) -> Identifier | None:
    """A number of the citizen id's structure, whatever the year it is read in; None if it is not one."""
    wide = citizen_id.to_18(text) if len(text) == 15 and text.isascii() and text.isdigit() else text
    if len(wide) != 18 or not wide[6:10].isdigit() or not 1850 <= int(wide[6:10]) < 2200:
        return None
    found = citizen_id.parse(wide, date(int(wide[6:10]) + 1, 12, 31))
    return Identifier(found.kind, found.value) if isinstance(found, citizen_id.CitizenId) else None


def recognise(value: str | None, type: str | None = None) -> Identifier | None:
    """The document that a text names, in canonical form; None if it names none for certain.

    Canonical: 18 characters from 15; a permit of Hong Kong, Macao or Taiwan without the two digits that count its issues; a disabled
    person's certificate (citizen id, category, grade) and a student number `G…` as the citizen id they hold.

    Args:
        value: the cell as sent; guards, width, blanks and hyphens do not matter.
        type: a code of the list `id_type` or `student_number`, where the source says it.
    """
    if value is None:
        return None
    text = _JUNK.sub("", fold(unguard(str(value))[0])).upper().replace("×", "X").replace("（", "(").replace("）", ")")
    if len(text) < 5 or is_placeholder(text, identifier=True) or len(set(text)) < 3:
        return None
    if found := _citizen(text):
        return found
    if text[0] == "G" and (found := _citizen(text[1:])):
        return found
    if (match := _DISABLED.fullmatch(text)) and (found := _citizen(match[1])):
        return found
    if type in _NOBODY:
        return None
    if type in ("student", "student_number") or _STUDENT.fullmatch(text):
        return Identifier("student_number", text) if _DECLARED["student_number"].fullmatch(text) else None
    if type in _DECLARED:
        return _canonical(type, text) if _DECLARED[type].fullmatch(text) else None
    # Forms that prove nothing (citizen ids that fail, dates, torn numbers) name nobody.
    kind = citizen_id.other_document(text)
    return _canonical(kind, text) if kind else None


def _canonical(kind: str, text: str) -> Identifier:
    if kind == "hkmo_permit":
        return Identifier(kind, text[:9])
    if kind == "tw_permit":
        return Identifier(kind, text[:8])
    if kind == "hk_mo_id":
        return Identifier(kind, text.replace("(", "").replace(")", ""))
    return Identifier(kind, text)


def birth_in(identifier: Identifier) -> date | None:
    """The birth date that a number states; None where it states none."""
    return citizen_id.birth_of(identifier.value) if identifier.type in PERMANENT else None


def sex_in(identifier: Identifier) -> str | None:
    """The sex that a number states (GB/T 2261.1); None where it states none."""
    return citizen_id.sex_of(identifier.value) if identifier.type in PERMANENT else None
