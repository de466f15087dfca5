"""All extracts made for measuring, one or more of each kind that the domain's list of formats names (F1–F11)."""

from __future__ import annotations

from .extract import Extract
from .others import OTHERS
from .tables import TABLES

EXTRACTS: tuple[Extract, ...] = (*TABLES, *OTHERS)
