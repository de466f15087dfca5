"""Clusters of mentions and numbers of legal entities, as a function of the set of mentions.

1. A credit code, a tax number and an organisation code that hold one organisation code are one *hub*: nothing but arithmetic says so.
2. Under one hub stands one entity, unless names and kinds visibly differ (or one is a branch): then the others are set apart and flagged
   (`shared_number`). A new name alone keeps the number (`renamed`).
3. A registration number goes to the hub whose records carry it, unless what else is known under it has visibly other names (`name_clash`)
   or several hubs claim it equally (`shared_number`).
4. A record whose own numbers contradict each other goes to the number its name belongs to (`number_clash`).
5. What people decided comes last and wins.

Order of mentions plays no part; equal tables in any order give equal clusters (docs/decisions/0009).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from xihu.gold.decision import Decision
from xihu.gold.entities import mentions as reading
from xihu.gold.entities.mentions import Mention
from xihu.gold.entities.units import Facet, Unit, clash, facets, same_name, units
from xihu.standards.entity_names import EntityName, alike, is_branch_of
from xihu.standards.organisation import TYPES, EntityNumber

CLUSTERS = pa.schema([("handle", pa.string()), ("cluster", pa.string())])
FLAGS = pa.schema([(n, pa.string()) for n in ("left", "right", "kind", "reason", "evidence")])


class Resolved(NamedTuple):
    """`clusters`: (handle, cluster), every mention and every valid number; equal cluster = one entity, named by its best handle.

    `flags`: (left, right, kind, reason, evidence as JSON), what a person should look at: bad_number, number_clash, shared_number,
    two_numbers, renamed, name_clash, detached.
    """

    clusters: pa.Table
    flags: pa.Table


def resolve(mentions: pa.Table, decisions: Sequence[Decision] = ()) -> Resolved:
    """Who is who among legal entities.

    Args:
        mentions: columns of `xihu.gold.entities.COLUMNS`.
        decisions: merges and splits by people, undone ones left out.
    """
    work = _Work(list(reading.read(mentions)))
    work.hubs()
    work.registrations()
    work.decide(decisions)
    return work.tables()


class _Work:
    def __init__(self, found: list[Mention]) -> None:
        self.mentions = found
        self.group: dict[str, str] = {}  # handle → group
        self.flags: list[dict[str, str | None]] = []
        self.facet: dict[str, tuple[str, Facet]] = {}  # mention → (group, facet) of its hub
        for m in found:
            for column, sent, problem in m.bad:
                self.flag(m.handle, None, "bad_number", f"{problem.reason}：{problem.detail}", [m], type=column, sent=sent)

    def flag(self, left: str, right: str | None, kind: str, reason: str, said: Iterable[Mention], **more: object) -> None:
        heard = list(said)
        evidence = {
            "names": sorted({m.name.full for m in heard if m.name}),
            "sources": sorted({m.source for m in heard}),
            "records": sum(m.records for m in heard),
            **more,
        }
        text = json.dumps(evidence, ensure_ascii=False, sort_keys=True)
        self.flags.append({"left": left, "right": right, "kind": kind, "reason": reason, "evidence": text})

    # ---- organisation codes and what holds them

    def hubs(self) -> None:
        plain: dict[str, list[Mention]] = defaultdict(list)
        torn: list[Mention] = []
        numbers: dict[str, dict[str, EntityNumber]] = defaultdict(dict)
        for m in self.mentions:
            for number, hub in m.hubs:
                numbers[hub][number.handle] = number
            held = {hub for _, hub in m.hubs}
            if len(held) == 1:
                plain[held.pop()].append(m)
            elif held:
                torn.append(m)
        names: dict[str, dict[str, EntityName]] = {hub: {m.name.full: m.name for m in here if m.name} for hub, here in plain.items()}
        bearers = self._bearers(plain, names)
        for m in torn:
            hub = self._side(m, names)
            plain[hub].append(m)
            own = next(n for n, h in m.hubs if h == hub)
            for number, other in m.hubs:
                if other != hub:
                    reason = "同一记录的两个号码不属于同一单位 / two numbers of one record are not of one entity"
                    self.flag(own.handle, number.handle, "number_clash", reason, [m], mention=m.handle)
        for hub in sorted(numbers):
            self._hub(hub, plain.get(hub, []), numbers[hub], bearers)

    @staticmethod
    def _bearers(plain: dict[str, list[Mention]], names: dict[str, dict[str, EntityName]]) -> dict[str, set[str]]:
        """Name → hubs whose name it surely is: the only one they have, or one that two sources give them."""
        found: dict[str, set[str]] = defaultdict(set)
        for hub, known in names.items():
            if len(known) == 1:
                found[next(iter(known))].add(hub)
                continue
            said: dict[str, set[str]] = defaultdict(set)
            for m in plain[hub]:
                if m.name:
                    said[m.name.full].add(m.source)
            for full, sources in said.items():
                if len(sources) > 1:
                    found[full].add(hub)
        return found

    @staticmethod
    def _side(m: Mention, names: dict[str, dict[str, EntityName]]) -> str:
        """The hub whose name a record with contradicting numbers bears; else that of its best number."""
        held = list(dict.fromkeys(hub for _, hub in m.hubs))
        if m.name is not None:
            name = m.name
            near = [hub for hub in held if any(alike(name, other) for other in names.get(hub, {}).values())]
            if len(near) == 1:
                return near[0]
        return held[0]

    def _hub(self, hub: str, here: list[Mention], numbers: dict[str, EntityNumber], bearers: dict[str, set[str]]) -> None:
        def uscc_of(m: Mention) -> str:
            return next((n.value for n, h in m.hubs if n.type == "uscc" and h == hub), "")

        kinds = {n.kind for n in numbers.values() if n.type == "uscc"}
        official = kinds.pop() if len(kinds) == 1 else None
        found = facets(units(here, uscc_of), official, lambda name: bool(bearers.get(name, set()) - {hub}))
        groups = [f"{hub}#{i}" for i in range(len(found))] or [f"{hub}#0"]
        for group, facet in zip(groups, found, strict=False):
            for unit in facet.units:
                for m in unit.mentions:
                    self.group[m.handle] = group
                    self.facet[m.handle] = (group, facet)
        for handle, number in numbers.items():
            # A credit code stands where it is said most; what else holds the organisation code is the number's own entity's.
            where = 0
            if number.type == "uscc" and len(found) > 1:
                said = [sum(m.records for u in f.units if u.uscc == number.value for m in u.mentions) for f in found]
                where = said.index(max(said))
            self.group[handle] = groups[where]
        self._tell(hub, found)

    def _tell(self, hub: str, found: list[Facet]) -> None:
        for i, facet in enumerate(found):
            first = facet.reference
            number = _number(first, hub)
            if i:
                reason = "同一号码下名称和类型明显不同 / visibly different names and kinds under one number"
                said = [m for u in (found[0].reference, first) for m in u.mentions]
                self.flag(_number(found[0].reference, hub), first.handle, "shared_number", reason, said)
            for unit in facet.units[1:]:
                if not same_name(first, unit):
                    reason = "同一号码先后有不同名称，按更名处理 / another name under one number, taken for a change of name"
                    self.flag(number, unit.handle, "renamed", reason, [*first.mentions, *unit.mentions])
            for other in facet.usccs[1:]:
                reason = "两个信用代码含同一组织机构代码 / two credit codes hold one organisation code"
                self.flag(f"uscc:{facet.usccs[0]}", f"uscc:{other}", "two_numbers", reason, [m for u in facet.units for m in u.mentions])

    # ---- registration numbers

    def registrations(self) -> None:
        carried: dict[str, list[Mention]] = defaultdict(list)
        for m in self.mentions:
            if m.registration is not None:
                carried[m.registration.handle].append(m)
        for handle in sorted(carried):
            self._registration(handle, carried[handle])
        for m in self.mentions:
            self.group.setdefault(m.handle, m.handle)

    def _registration(self, handle: str, here: list[Mention]) -> None:
        claims: dict[str, list[Mention]] = defaultdict(list)
        for m in here:
            if m.handle in self.facet:
                claims[self.facet[m.handle][0]].append(m)
        loose = units(m for m in here if m.handle not in self.facet)
        chosen = self._claimed(handle, claims, loose)
        if chosen is None:
            kind = next(m.registration.kind for m in here if m.registration)
            found = facets(loose, kind)
            self.group[handle] = f"{handle}#0"
            for i, facet in enumerate(found):
                for unit in facet.units:
                    for m in unit.mentions:
                        self.group[m.handle] = f"{handle}#{i}"
            self._tell(handle, found)
            return
        facet = self.facet[claims[chosen][0].handle][1]
        self.group[handle] = chosen
        for unit in loose:
            if clash(unit, facet.reference) and not (unit.name and facet.knows(unit.name, unit.formers)):
                reason = "名称和类型与该号码的单位明显不同 / name and kind are visibly not those of the number's entity"
                self.flag(handle, unit.handle, "detached", reason, [*facet.reference.mentions, *unit.mentions])
            for m in unit.mentions:
                apart = clash(unit, facet.reference) and not (unit.name and facet.knows(unit.name, unit.formers))
                self.group[m.handle] = f"{handle}#{unit.full}#{unit.kind}" if apart else chosen

    def _claimed(self, handle: str, claims: dict[str, list[Mention]], loose: list[Unit]) -> str | None:
        """The entity that a registration number belongs to; None where none claims it, or the claims cannot be trusted."""
        if not claims:
            return None
        named = [u for u in loose if u.name is not None]
        standing = {group: self.facet[said[0].handle][1] for group, said in claims.items()}
        near = sorted(g for g, f in standing.items() if any(u.name and f.knows(u.name, u.formers) for u in named))
        if len(claims) > 1:
            by_sources = sorted(claims, key=lambda g: (-len({m.source for m in claims[g]}), g))
            best, second = (len({m.source for m in claims[g]}) for g in by_sources[:2])
            chosen = near[0] if len(near) == 1 else by_sources[0] if not near and best > second else None
            for group in sorted(claims):
                if group != chosen:
                    reason = "几个单位的记录写着同一注册号 / records of several entities carry one registration number"
                    self.flag(handle, min(m.handle for m in claims[group]), "shared_number", reason, claims[group])
            return chosen
        (group,) = claims
        facet, said = standing[group], claims[group]
        if not named or near or all(u.name is None for u in facet.units):
            return group
        branch = any(
            u.name and f.name and (is_branch_of(u.name, f.name) or is_branch_of(f.name, u.name)) for u in named for f in facet.units
        )
        # The numbers stand together in one source only, under a name that nobody else knows the registration number by.
        if branch or len({m.source for m in said}) == 1:
            reason = "注册号下的名称与该单位的名称不同 / names under the registration number are not the entity's"
            self.flag(handle, min(m.handle for m in said), "name_clash", reason, [*said, *(m for u in named for m in u.mentions)])
            return None
        reason = "同一号码先后有不同名称，按更名处理 / another name under one number, taken for a change of name"
        self.flag(handle, min(u.handle for u in named), "renamed", reason, [*said, *(m for u in named for m in u.mentions)])
        return group

    # ---- decisions

    def decide(self, decisions: Sequence[Decision]) -> None:
        for d in sorted(decisions, key=lambda d: (d.at, d.event_id)):
            if d.left not in self.group or d.right not in self.group:
                continue
            left, right = self.group[d.left], self.group[d.right]
            if d.kind == "merge" and left != right:
                for handle, group in self.group.items():
                    if group == right:
                        self.group[handle] = left
            elif d.kind == "split" and left == right:
                # Mentions that have no other number go with theirs.
                moved = {d.right}
                moved |= {m.handle for m in self.mentions if m.numbers and {n.handle for n in m.numbers} <= moved}
                for handle in moved & self.group.keys():
                    self.group[handle] = f"split:{d.event_id}"

    def tables(self) -> Resolved:
        rank = {t: i for i, t in enumerate(TYPES)}
        best: dict[str, str] = {}

        def order(handle: str) -> tuple[int, str]:
            return rank.get(handle.partition(":")[0], len(rank)), handle

        for handle, group in self.group.items():
            if group not in best or order(handle) < order(best[group]):
                best[group] = handle
        handles = sorted(self.group)
        clusters = pa.table({"handle": handles, "cluster": [best[self.group[h]] for h in handles]}, schema=CLUSTERS)
        ordered = sorted(self.flags, key=lambda f: tuple(str(f[c]) for c in FLAGS.names))
        return Resolved(clusters, pa.Table.from_pylist(ordered, schema=FLAGS))


def _number(unit: Unit, hub: str) -> str:
    """The best number that a unit was found under."""
    if unit.uscc:
        return f"uscc:{unit.uscc}"
    held = [n.handle for m in unit.mentions for n, h in m.hubs if h == hub]
    return min(held, default=hub)


__all__ = ["CLUSTERS", "FLAGS", "Resolved", "resolve"]
