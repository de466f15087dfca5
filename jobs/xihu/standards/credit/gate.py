"""The door: what a contract may bring into the credit base, and which records it may bring."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from xihu.standards.credit.policy import Item, Policy
from xihu.standards.text import fold

CONSENT = "consent_no"
# Taken out of a text before it is read: a blank inside a word hides nothing.
BLANKS = "[ \u3000]"


class FieldLike(Protocol):
    """What is judged of a field."""

    @property
    def title(self) -> str: ...
    @property
    def type(self) -> Any: ...
    @property
    def codes(self) -> str | None: ...


@dataclass(frozen=True)
class Refused:
    """Why something may not come in: the rule's name, what it is about, the words, the law."""

    reason: str
    where: str
    words: str
    law: str


def touches(item: Item, name: str, titles: Iterable[str], codes: str | None) -> bool:
    """Whether a field is of a kind of information, by its name, its titles or its code list."""
    if codes is not None and codes in item.codes:
        return True
    if re.search(rf"(^|_)({item.names})(_|$)", name):
        return True
    for title in titles:
        whole = "".join(fold(title).split())
        left = re.sub(item.except_, "", whole) if item.except_ else whole
        if re.search(item.fields, left) or re.search(rf"(^|_)({item.names})(_|$)", re.sub(r"\W+", "_", fold(title).strip().lower())):
            return True
    return False


def fields(given: Mapping[str, FieldLike], policy: Policy, *, natural: bool) -> Iterator[Refused]:
    """What may not stand in a contract or fact of the credit base. `natural`: a record can be about a natural person.

    Prohibited kinds are refused whoever the subject is; kinds that need written consent only for natural persons, and only where no field
    holds the number of the consent.
    """
    for name, spec in given.items():
        titles = (spec.title, *getattr(spec, "titles", ()))
        for key, item in policy.prohibited.items():
            if touches(item, name, titles, spec.codes):
                yield Refused(f"prohibited_{key}", name, f"{item.cite}：不得归集{item.title}", item.cite)
        if not natural or CONSENT in given:
            continue
        for key, item in policy.consent.items():
            if touches(item, name, titles, spec.codes):
                yield Refused(f"consent_{key}", name, f"{item.cite}：未经本人书面同意不得归集自然人的{item.title}", item.cite)


def consented(given: Mapping[str, FieldLike], policy: Policy) -> list[tuple[str, Item]]:
    """The fields of a contract that need the subject's written consent."""
    return [
        (name, item)
        for name, spec in given.items()
        for item in policy.consent.values()
        if touches(item, name, (spec.title, *getattr(spec, "titles", ())), spec.codes)
    ]


def record(
    fact: str, values: Mapping[str, Any], policy: Policy, *, natural: bool, kind: str, decided_on: date | None, birth: date | None = None
) -> Refused | None:
    """The first reason for which one record may not come in, or None.

    Args:
        values: the record's texts, all of them: matter, facts, decision.
        natural: the subject is a natural person. birth: theirs, where known.
    """
    text = re.sub(BLANKS, "", "|".join(v for v in values.values() if isinstance(v, str)))
    for key, item in policy.prohibited.items():
        patterns = (item.content, item.person_content if natural else None)
        found = next((m for p in patterns if p and (m := re.search(p, text))), None)
        if found:
            return Refused(f"prohibited_{key}", found.group(), f"{item.cite}：不得归集{item.title}", item.cite)
    if natural:
        rule = policy.natural_person
        if kind not in rule.kinds.get(fact, []):
            return Refused("natural_person_kind", kind, f"{rule.cite}：自然人的这类信息不在归集范围", rule.cite)
        if birth is not None and decided_on is not None and _age(birth, decided_on) < rule.min_age:
            return Refused("no_full_capacity", str(birth), f"{rule.cite}：不满{rule.min_age}周岁的人不是信息主体", rule.cite)
    for key, one in policy.uncollected.items():
        applies = fact in one.facts and kind in one.kinds and values.get("procedure") in one.procedures
        if applies and decided_on is not None and one.in_force.holds(decided_on):
            return Refused(key, str(values["procedure"]), f"{one.cite}：不归集{one.title}", one.cite)
    return None


def _age(birth: date, on: date) -> int:
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def checks(
    fact: str, texts: list[str], policy: Policy, *, subject: str | None, person: str | None, kind: str, decided: str, procedure: str | None
) -> dict[str, tuple[str, str]]:
    """The same door as SQL conditions on a typed record: name → (condition that must hold, message).

    Args:
        texts: fields of type text. subject, person: expressions of the legal entity's code and of the citizen id, where there are any.
        kind, decided: expressions of the kind and of the day. procedure: the field, where there is one.
    """
    made: dict[str, tuple[str, str]] = {}
    everything = f"regexp_replace(concat_ws('|', {', '.join(texts)}), '{BLANKS}', '')"
    is_entity = f"({subject}) is not null" if subject else "false"
    for key, item in policy.prohibited.items():
        parts = []
        if item.content:
            parts.append(f"not ({everything} rlike '{item.content}')")
        if item.person_content:
            parts.append(f"({is_entity} or not ({everything} rlike '{item.person_content}'))")
        if texts and parts:
            made[f"credit_{key}"] = (" and ".join(parts), f"{item.cite}：不得归集{item.title}")
    rule = policy.natural_person
    allowed = rule.kinds.get(fact, [])
    listed = f"({kind}) in ({', '.join(repr(k) for k in allowed)})" if allowed else "false"
    made["credit_natural_person"] = (f"{is_entity} or {listed}", f"{rule.cite}：自然人的这类信息不在归集范围")
    if person:
        born, day = f"cast(substring({person}, 7, 8) as int)", f"(year({decided}) * 10000 + month({decided}) * 100 + day({decided}))"
        grown = f"({person}) is null or length({person}) <> 18 or {born} + {rule.min_age}0000 <= {day}"
        made["credit_capacity"] = (grown, f"{rule.cite}：不满{rule.min_age}周岁的人不是信息主体")
    if procedure:
        for key, one in policy.uncollected.items():
            if fact in one.facts:
                kinds, ways = (", ".join(repr(x) for x in xs) for xs in (one.kinds, one.procedures))
                end = f" and {decided} < date '{one.in_force.to}'" if one.in_force.to else ""
                bad = f"({kind}) in ({kinds}) and {procedure} in ({ways}) and {decided} >= date '{one.in_force.from_}'{end}"
                made[f"credit_{key}"] = (f"not ({bad})", f"{one.cite}：不归集{one.title}")
    return made
