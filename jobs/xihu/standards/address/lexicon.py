"""Names known by heart: districts, areas and streets of the gazetteer, roads, communities and estates of the register."""

from __future__ import annotations

from collections.abc import Iterable

from xihu.standards.address.gazetteer import Gazetteer


class Lexicon:
    """Every name the parser knows by heart: name → kinds (district, bare, area, street, renamed, community, road, estate)."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        roads: Iterable[str] = (),
        communities: Iterable[str] = (),
        estates: Iterable[str] = (),
        short: Iterable[str] = (),
    ):
        # Estates whose 小区 was taken away: what follows them may make another name of them.
        self.short = frozenset(short)
        self.gazetteer = gazetteer
        self.kinds: dict[str, tuple[str, ...]] = {}
        for kind, names in (
            ("district", gazetteer.districts), ("area", gazetteer.areas), ("street", gazetteer.streets), ("renamed", gazetteer.renamed),
            ("community", communities), ("road", roads), ("estate", estates), ("bare", gazetteer.bare),
        ):  # fmt: skip
            for name in names:
                if len(name) >= 2:
                    self.kinds[name] = (*self.kinds.get(name, ()), kind)
        lengths: dict[str, set[int]] = {}
        for name in self.kinds:
            lengths.setdefault(name[0], set()).add(len(name))
        self._lengths = {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}

    def longest(self, text: str, at: int) -> str | None:
        """The longest known name that starts there."""
        for size in self._lengths.get(text[at], ()):
            name = text[at : at + size]
            if name in self.kinds and len(name) == size:
                return name
        return None
