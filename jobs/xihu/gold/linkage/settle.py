"""One connected piece of the graph of mentions, numbers, scored pairs and decisions → who in it is whom.

Edges are taken in a fixed order (decisions, numbers, siblings, pairs by score), each only if nothing speaks against it; so the outcome is a
function of the piece, whatever the order in which it came to be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from xihu.gold.decision import Decision
from xihu.gold.linkage.carriers import births_alike
from xihu.gold.linkage.model import Model
from xihu.standards.identifiers import PERMANENT, Identifier, birth_in


class Node(NamedTuple):
    """A mention (birth YYYYMMDD, sex, when first known) or a number (handle `<type>:<value>`)."""

    handle: str
    n: str | None = None
    birth: str | None = None
    sex: str | None = None
    known_from: str = "~"


class Edge(NamedTuple):
    """A scored pair of mentions."""

    left: str
    right: str
    score: float
    probability: float
    sure: bool
    evidence: str


class Found(NamedTuple):
    """A row of Linked.pairs before the evidence is spelled out."""

    left: str
    right: str
    kind: str
    score: float | None
    probability: float | None
    reason: str
    evidence: str | None = None


@dataclass
class Piece:
    """Everything of one component."""

    nodes: dict[str, Node] = field(default_factory=dict)
    attach: list[tuple[str, str]] = field(default_factory=list)  # (mention, number)
    detach: list[tuple[str, str]] = field(default_factory=list)
    siblings: list[tuple[str, str]] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


def permanent(handle: str) -> bool:
    return handle.partition(":")[0] in PERMANENT


def _birth(number: str) -> str | None:
    kind, _, value = number.partition(":")
    day = birth_in(Identifier(kind, value))
    return day.strftime("%Y%m%d") if day else None


class _Groups:
    """Disjoint sets that know what their members say, and who must stay out."""

    def __init__(self, piece: Piece) -> None:
        self.root = {h: h for h in piece.nodes}
        self.members = {h: [h] for h in piece.nodes}
        self.perms = {h: {h} if permanent(h) else set() for h in piece.nodes}
        self.certificates = {h: {h} if h.startswith("birth_certificate:") else set() for h in piece.nodes}
        self.births = {h: {b} if (b := _birth(h) if permanent(h) else n.birth) else set() for h, n in piece.nodes.items()}
        self.sexes = {h: {n.sex} if n.sex else set() for h, n in piece.nodes.items()}
        self.foes: dict[str, set[str]] = {h: set() for h in piece.nodes}  # by decision or because they were detached
        self.ruled: dict[str, set[str]] = {h: set() for h in piece.nodes}  # by decision alone
        self.allowed: set[frozenset[str]] = set()

    def find(self, h: str) -> str:
        while self.root[h] != h:
            self.root[h] = self.root[self.root[h]]
            h = self.root[h]
        return h

    def union(self, a: str, b: str) -> None:
        x, y = self.find(a), self.find(b)
        if x == y:
            return
        if len(self.members[x]) < len(self.members[y]):
            x, y = y, x
        self.root[y] = x
        for table in (self.perms, self.certificates, self.births, self.sexes, self.foes, self.ruled):
            table[x] |= table.pop(y)
        self.members[x] += self.members.pop(y)

    def part(self, a: str, b: str, ruled: bool) -> None:
        self.foes[self.find(a)].add(b)
        self.foes[self.find(b)].add(a)
        if ruled:
            self.ruled[self.find(a)].add(b)
            self.ruled[self.find(b)].add(a)

    def parted(self, a: str, b: str) -> bool:
        x, y = self.find(a), self.find(b)
        return any(self.find(f) == y for f in self.foes[x]) or any(self.find(f) == x for f in self.foes[y])

    def ruled_apart(self, a: str, b: str) -> bool:
        x, y = self.find(a), self.find(b)
        return any(self.find(f) == y for f in self.ruled[x])

    def two_numbers(self, a: str, b: str) -> tuple[str, str] | None:
        x, y = self.find(a), self.find(b)
        for table in (self.perms, self.certificates):
            for p in sorted(table[x]):
                for q in sorted(table[y]):
                    if p != q and frozenset((p, q)) not in self.allowed:
                        return p, q
        return None

    def differ(self, a: str, b: str) -> str | None:
        """Why two groups cannot be one person without a decision."""
        x, y = self.find(a), self.find(b)
        if self.parted(x, y):
            return "parted"
        if self.two_numbers(x, y):
            return "two_numbers"
        if self.births[x] and self.births[y] and not any(births_alike(p, q) for p in self.births[x] for q in self.births[y]):
            return "birth"
        return "sex" if self.sexes[x] and self.sexes[y] and not self.sexes[x] & self.sexes[y] else None


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _decide(piece: Piece, groups: _Groups) -> list[Found]:
    """Decisions from the latest back: what an earlier one says against a later one does not hold."""
    out = []
    for d in sorted(piece.decisions, key=lambda d: (d.at, d.event_id), reverse=True):
        together = groups.find(d.left) == groups.find(d.right)
        holds = not groups.ruled_apart(d.left, d.right) if d.kind == "merge" else not together
        if holds and d.kind == "merge":
            groups.union(d.left, d.right)
        elif holds:
            groups.part(d.left, d.right, ruled=True)
        note = d.reason if holds else f"{d.reason} (superseded)"
        out.append(Found(*_pair(d.left, d.right), "decided", None, None, f"{d.kind} {d.event_id}: {note}"))
    return out


def _attach(piece: Piece, groups: _Groups) -> list[Found]:
    """Mentions to their numbers, permanent ones first; a second permanent number only where the mention's birth is in both."""
    out: list[Found] = []
    owned: dict[str, list[str]] = {}
    for mention, number in piece.attach:
        if permanent(number):
            owned.setdefault(mention, []).append(number)
    for mention, numbers in owned.items():
        birth = piece.nodes[mention].birth
        for i, p in enumerate(sorted(numbers)):
            for q in sorted(numbers)[i + 1 :]:
                bp, bq = _birth(p), _birth(q)
                if bp and bq and births_alike(bp, bq) and (birth is None or (births_alike(birth, bp) and births_alike(birth, bq))):
                    groups.allowed.add(frozenset((p, q)))

    def order(edge: tuple[str, str]) -> tuple[bool, bool, str, str, str]:
        mention, number = edge
        node = piece.nodes[mention]
        return (not permanent(number), node.birth is not None and node.birth != _birth(number), node.known_from, mention, number)

    cut: dict[str, list[str]] = {}
    for mention, number in sorted(piece.attach, key=order):
        if groups.find(mention) == groups.find(number):
            continue
        if groups.parted(mention, number):
            out.append(Found(*_pair(mention, number), "detached", None, None, "decision"))
            cut.setdefault(number, []).append(mention)
        elif two := groups.two_numbers(mention, number):
            out.append(
                Found(*_pair(*two), "two_numbers", None, None, f"one record carries both: {mention}")
                if permanent(number)
                else Found(*_pair(mention, number), "shared_number", None, None, f"carried under {two[0]} and {two[1]}")
            )
        else:
            groups.union(mention, number)
    # Records that a decision took off one number stay together where they say the same.
    for mentions in cut.values():
        for i, a in enumerate(sorted(mentions)):
            for b in sorted(mentions)[i + 1 :]:
                x, y = piece.nodes[a], piece.nodes[b]
                if x.n is not None and x.n == y.n and x.birth == y.birth and not groups.differ(a, b):
                    groups.union(a, b)
    return out


def _link(piece: Piece, groups: _Groups, model: Model) -> list[Found]:
    best: dict[tuple[str, str], Edge] = {}
    for e in piece.edges:
        x, y = groups.find(e.left), groups.find(e.right)
        if x == y:
            continue
        key = _pair(x, y)
        old = best.get(key)
        if old is None or (-e.score, not e.sure, e.left, e.right) < (-old.score, not old.sure, old.left, old.right):
            best[key] = e
    # Among pairs of two groups one that may link by itself counts, even below another that may not.
    sure: dict[tuple[str, str], Edge] = {}
    for e in piece.edges:
        if e.sure and e.score >= model.upper and (key := _pair(groups.find(e.left), groups.find(e.right))) in best:
            old = sure.get(key)
            if old is None or (-e.score, e.left, e.right) < (-old.score, old.left, old.right):
                sure[key] = e
    around: dict[str, list[tuple[str, float]]] = {}
    for (x, y), e in best.items():
        around.setdefault(x, []).append((y, e.score))
        around.setdefault(y, []).append((x, e.score))

    def rival(x: str, other: str, score: float) -> bool:
        """Whether another, who cannot be the same as `other`, matches x about as well. Two numbered persons are no rivals for a
        third one; two records without a number that exclude one another are, for whomever both claim."""
        return any(
            k != other
            and s >= score - model.margin
            and not (groups.perms[x] and groups.perms[k])
            and not groups.ruled_apart(x, k)
            and groups.differ(k, other)
            for k, s in around.get(x, ())
        )

    blocked: dict[tuple[str, str], str] = {}
    chosen: list[tuple[tuple[str, str], Edge]] = []
    for key, e in sure.items():
        if why := groups.differ(*key):
            blocked[key] = why
        elif rival(key[0], key[1], e.score) or rival(key[1], key[0], e.score):
            blocked[key] = "rival"
        else:
            chosen.append((key, e))
    out = []
    linked = set()
    for key, e in sorted(chosen, key=lambda c: (-c[1].score, c[1].left, c[1].right)):
        if groups.find(e.left) == groups.find(e.right):
            continue
        if why := groups.differ(e.left, e.right):
            blocked[key] = why
            continue
        groups.union(e.left, e.right)
        linked.add(key)
        out.append(Found(e.left, e.right, "link", e.score, e.probability, "score", e.evidence))
    waiting: dict[tuple[str, str], tuple[Edge, str]] = {}
    for key, e in best.items():
        x, y = groups.find(e.left), groups.find(e.right)
        if x == y or groups.ruled_apart(x, y):
            continue
        why = blocked.get(key) or ("below" if e.score < model.upper else "unsure")
        final = _pair(x, y)
        if final not in waiting or (-e.score, e.left, e.right) < (
            -waiting[final][0].score,
            waiting[final][0].left,
            waiting[final][0].right,
        ):
            waiting[final] = e, why
    for (x, y), (e, why) in waiting.items():
        if two := groups.two_numbers(x, y):
            out.append(Found(*_pair(*two), "two_numbers", e.score, e.probability, "one person under two numbers?", e.evidence))
        elif why != "parted":
            out.append(Found(e.left, e.right, "review", e.score, e.probability, why, e.evidence))
    return out


def settle(piece: Piece, model: Model) -> tuple[dict[str, str], list[Found]]:
    """Handle → cluster (the least handle of it), and what was found on the way."""
    groups = _Groups(piece)
    found = _decide(piece, groups)
    for a, b in sorted(piece.detach):
        if groups.find(a) != groups.find(b):
            groups.part(a, b, ruled=False)
    found += _attach(piece, groups)
    for a, b in sorted(piece.siblings):
        if not groups.differ(a, b):
            groups.union(a, b)
    found += _link(piece, groups, model)
    labels: dict[str, str] = {}
    for members in groups.members.values():
        least = min(members)
        labels |= dict.fromkeys(members, least)
    return labels, found
