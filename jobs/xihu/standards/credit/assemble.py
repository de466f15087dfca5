"""Rows of the credit facts as records of one subject: penalties with their repair, listings, commitments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from xihu.standards.credit.policy import Level, Policy
from xihu.standards.credit.records import CreditRecord
from xihu.standards.credit.score import Score, score

Row = Mapping[str, Any]
_COMMITMENT = {"kept": "commitment_kept", "broken": "breach"}


def level_of(matter: str, amount: Decimal | None, procedure: str | None, policy: Policy) -> Level:
    """How grave a penalty is, by the policy's words, procedures and amounts; the gravest that applies, else general."""
    for level in ("particular", "serious", "minor"):
        rule = policy.levels.get(level)
        if rule is None:
            continue
        worded = rule.words is not None and re.search(rule.words, matter) is not None
        if worded or procedure in rule.procedures or (rule.amount is not None and amount is not None and amount >= rule.amount):
            return level
    return "general"


def field_of(matter: str, authority: str, policy: Policy) -> str | None:
    """The field for which the law sets a longer publicity period, by the words of matter and authority."""
    return next((name for name, words in policy.fields.items() if re.search(words, f"{matter}\n{authority}")), None)


def assemble(
    subject: str, policy: Policy, *, decisions: Iterable[Row] = (), listings: Iterable[Row] = (), repairs: Iterable[Row] = (),
    commitments: Iterable[Row] = (), natural: bool = False,
) -> list[CreditRecord]:  # fmt: skip
    """Records of one subject from rows of `credit_record`, `credit_listing`, `credit_repair`, `credit_commitment` about it.

    A repair that was granted counts from its day of effect. A penalty of a subject on the list of serious breach is listed as long as
    the listing lasts. Open commitments are no records yet.
    """
    repaired: dict[str, date] = {}
    for r in repairs:
        day = r.get("effective_on") or r.get("decided_on")
        if r.get("repair_result") == "granted" and day is not None:
            repaired[r["document_no"]] = min(day, repaired.get(r["document_no"], day))
    rows = list(listings)
    serious = [r for r in rows if r["kind"] == "serious_list"]
    made: list[CreditRecord] = []
    for r in decisions:
        bad, matter = r["kind"] == "penalty", r.get("matter") or ""
        hit = next((s for s in serious if bad and s["listed_on"] >= r["decided_on"]), None)
        made.append(
            CreditRecord(
                ref=r["document_no"], kind=r["kind"], subject=subject, decided_on=r["decided_on"], natural=natural,
                level=level_of(matter, r.get("amount"), r.get("procedure"), policy) if bad else "general",
                field=field_of(matter, r.get("authority") or "", policy) if bad else None, amount=r.get("amount"),
                procedure=r.get("procedure"), ended_on=r.get("ended_on"), listed=hit is not None,
                listed_until=hit.get("delisted_on") if hit else None, repaired_from=repaired.get(r["document_no"]), matter=matter,
            )
        )  # fmt: skip
    for r in rows:
        made.append(
            CreditRecord(
                ref=r["case_no"], kind=r["kind"], subject=subject, decided_on=r["listed_on"], natural=natural,
                ended_on=r.get("delisted_on"), listed=True, listed_until=r.get("delisted_on"), matter=r.get("conduct") or "",
            )
        )  # fmt: skip
    for r in commitments:
        kind = _COMMITMENT.get(r["status"])
        if kind is not None:
            made.append(
                CreditRecord(
                    ref=r["commitment_no"], kind=kind, subject=subject, decided_on=r.get("judged_on") or r["signed_on"], natural=natural,
                    matter=r.get("commitment_matter") or "",
                )
            )  # fmt: skip
    return made


def scores(
    policy: Policy, as_of: date, *, decisions: Iterable[Row] = (), listings: Iterable[Row] = (), repairs: Iterable[Row] = (),
    commitments: Iterable[Row] = (),
) -> Iterator[Score]:  # fmt: skip
    """The score of every legal entity that stands in a credit fact (`counterpart_id`), by number. Rows without one are of natural persons,
    or of entities that could not be resolved: they are nobody's score.
    """
    groups: dict[int, dict[str, list[Row]]] = {}
    named = {"decisions": decisions, "listings": listings, "repairs": repairs, "commitments": commitments}
    for word, rows in named.items():
        for r in rows:
            if r.get("counterpart_id") is not None:
                groups.setdefault(r["counterpart_id"], {}).setdefault(word, []).append(r)
    for number, given in sorted(groups.items()):
        records = assemble(
            str(number), policy, decisions=given.get("decisions", ()), listings=given.get("listings", ()), repairs=given.get("repairs", ()),
            commitments=given.get("commitments", ()),
        )  # fmt: skip
        yield score(str(number), records, policy, as_of)


def table_row(scored: Score) -> dict[str, Any]:
    """A score as a row of a table: entity, day, points, grade, `lines` as JSON (item, ref, points, words)."""
    lines = [{"item": x.item, "ref": x.ref, "points": str(x.points), "words": x.words} for x in scored.lines]
    return {
        "legal_entity_id": int(scored.subject), "as_of": scored.as_of, "points": scored.points, "grade": scored.grade,
        "lines": json.dumps(lines, ensure_ascii=False),
    }  # fmt: skip
