"""ICD-10 (GB/T 14396-2016 and the national clinical and insurance editions): the three-character category and the chapter of a code.

Editions differ below the category (`I21.9`, `I21.900`, `I21.900x001`); the category is the level that is safe across them.
"""

from __future__ import annotations

import re
import unicodedata

from xihu.standards.codes import CodeList

# A morphology code of tumours (M8140/3) looks like chapter XIII and is not.
_MORPHOLOGY = re.compile(r"M\d{4,5}/\d\d?")
_CODE = re.compile(r"([A-Z]\d\d)(?:\.?[0-9X][0-9A-Z+*†.]*)?[+*†]?")


def category(code: str) -> str | None:
    """`I21` of `i21.900x001`, `I21.9`, `Ｉ２１`; None where the text is no code of a disease."""
    text = "".join(unicodedata.normalize("NFKC", code).split()).upper()
    if _MORPHOLOGY.fullmatch(text):
        return None
    found = _CODE.fullmatch(text)
    return found[1] if found else None


def chapter(code: str, chapters: CodeList) -> str | None:
    """The chapter (I … XXII) of a code by the list `icd10_chapter`; None where there is none (D49, K94)."""
    found = category(code)
    if found is None:
        return None
    return next((row.code for row in chapters.rows if row.extra["first"] <= found <= row.extra["last"]), None)
