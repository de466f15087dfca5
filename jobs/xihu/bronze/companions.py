"""Companions: control files that a contract promises beside every data file, and the memo files of dBase tables.

A companion belongs to a data file and gets no row in the ledger. It may come with the data file or in another delivery of the department;
a data file that was refused for want of it is judged again when it comes. One that belongs to nothing is an orphan.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from xihu.bronze.control import Stated, parse
from xihu.bronze.count import Count
from xihu.bronze.schema import Inspection, Refusal
from xihu.contract.models import Contract

# Files that are part of a data file by its format: they come in the same delivery and state nothing about it.
_PARTS: dict[str, tuple[str, ...]] = {
    "dbf": ("{stem}.dbt", "{stem}.fpt", "{stem}.smt"),
    "shapefile": tuple(
        f"{{stem}}.{e}" for e in ("dbf", "shx", "prj", "cpg", "sbn", "sbx", "qix", "qpj", "cst", "fix", "atx", "shp.xml", "shp.iso.xml")
    ),
}
_NEEDED = {"shapefile": ("{stem}.dbf", "{stem}.shx")}
_SILENT = frozenset(p for parts in _PARTS.values() for p in parts)
_MOST = 1 << 20


@dataclass(frozen=True)
class Companion:
    """One companion at hand: the pattern it answers, its name as sent, where it lies, SHA-256, and the delivery it came in."""

    pattern: str
    name: str
    path: str
    sha256: str
    delivery_id: str


@dataclass(frozen=True)
class Candidate:
    """One delivered file as this module sees it. `base` is the name without archive and folders."""

    delivery_id: str
    dept: str
    landing: str
    base: str
    path: str
    sha256: str


def fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def expected(pattern: str, data: str) -> str:
    """The companion's name, folded, for a data file's name."""
    return fold(pattern.replace("{stem}", PurePosixPath(data).stem if "." in data else data).replace("{name}", data))


def patterns(contract: Contract) -> tuple[str, ...]:
    return (*contract.delivery.companion, *_PARTS.get(contract.delivery.format, ()))


def answers(contract: Contract, dept: str, base: str) -> str | None:
    """The pattern by which a file name is a companion under this contract; None if it is none."""
    if fold(dept) != fold(contract.delivery.folder):
        return None
    for pattern in patterns(contract):
        if "{" not in pattern:
            if fold(pattern) == fold(base):
                return pattern
            continue
        shape = re.escape(fold(pattern)).replace(re.escape("{stem}"), "(?P<stem>.+)", 1).replace(re.escape("{name}"), "(?P<name>.+)", 1)
        found = re.fullmatch(shape.replace(re.escape("{stem}"), "(?P=stem)").replace(re.escape("{name}"), "(?P=name)"), fold(base))
        if found is None:
            continue
        given, glob = found.groupdict(), fold(contract.delivery.glob)
        if "name" in given:
            names = [given["name"]]
        else:
            # The data file's extension, as far as the contract's glob says it.
            suffix = PurePosixPath(glob).suffix
            names = [given["stem"] + suffix] if suffix and not re.search(r"[*?\[]", suffix) else [given["stem"] + ".x", given["stem"]]
        if any(fnmatchcase(n, glob) for n in names):
            return pattern
    return None


@dataclass
class Belonging:
    """`of`: landing name of a data file → its companions. `companions`: landing names that are companions. `orphans`: those of nothing."""

    of: dict[str, tuple[Companion, ...]]
    companions: set[str]
    orphans: dict[str, Contract]


def belong(files: Sequence[Candidate], contracts: Iterable[Contract]) -> Belonging:
    """Give every companion to its data file: of the same delivery, else of the latest earlier one that lacks it, else of the next one.

    Args:
        files: all files of all deliveries, in the order of receipt.
    """
    known = [c for c in contracts if patterns(c)]
    # (resource, pattern, name wanted) → the data files that want it, in order
    data: dict[tuple[str, str, str], list[Candidate]] = defaultdict(list)
    order: dict[str, int] = {}
    controls: list[tuple[Candidate, Contract, Companion]] = []
    for file in files:
        order.setdefault(file.delivery_id, len(order))
        if hit := next(((c, p) for c in known if (p := answers(c, file.dept, file.base))), None):
            contract, pattern = hit
            controls.append((file, contract, Companion(pattern, file.base, file.path, file.sha256, file.delivery_id)))
            continue
        for c in known:
            if c.match(file.dept, file.base):
                for p in patterns(c):
                    data[c.resource, p, expected(p, file.base)].append(file)
    found: dict[str, dict[str, Companion]] = defaultdict(dict)
    waiting: list[tuple[Candidate, Contract, Companion]] = []
    for control, contract, given in controls:
        pattern = given.pattern
        wanting = data[contract.resource, pattern, fold(control.base)]
        mates = [f for f in wanting if f.delivery_id == control.delivery_id]
        # Two archives of one delivery may hold the same names.
        near = [f for f in mates if _container(f) == _container(control)] or mates
        if pattern in _SILENT:
            near = mates = [f for f in mates if _folder(f) == _folder(control)]
        for mate in near:
            found[mate.landing].setdefault(pattern, given)
        if not mates:
            waiting.append((control, contract, given))
    orphans: dict[str, Contract] = {}
    for control, contract, given in waiting:
        pattern = given.pattern
        here = order[control.delivery_id]
        wanting = data[contract.resource, pattern, fold(control.base)] if pattern not in _SILENT else []
        lacking = [f for f in wanting if pattern not in found[f.landing]]
        lacking.sort(key=lambda f: (order[f.delivery_id] > here, abs(order[f.delivery_id] - here)))
        if not lacking:
            orphans[control.landing] = contract
        elif "{" in pattern:
            found[lacking[0].landing][pattern] = given
        else:
            # One list for all files of a delivery.
            first = lacking[0].delivery_id
            for f in lacking:
                if f.delivery_id == first:
                    found[f.landing][pattern] = given
    return Belonging(
        {name: tuple(mine[p] for p in sorted(mine)) for name, mine in found.items() if mine},
        {c.landing for c, _, _ in controls},
        orphans,
    )


def _container(file: Candidate) -> str:
    return file.landing.rpartition("!")[0]


def _folder(file: Candidate) -> str:
    """The archive and the folder in it."""
    return f"{_container(file)}!{file.landing.rpartition('!')[2].rpartition('/')[0]}"


def mark(companions: Sequence[Companion]) -> str:
    """What a refusal says of the companions it was judged by; another mark means that it is judged again."""
    return "、".join(f"{c.name} {c.sha256[:12]}" for c in companions if c.pattern not in _SILENT) or "无"


def reopened(reason: str | None, detail: str | None, companions: Sequence[Companion]) -> bool:
    """Whether a file that was refused for its companions has others now."""
    return reason in ("companion_missing", "companion_mismatch") and f"（对照文件：{mark(companions)}）" not in (detail or "")


def missing(contract: Contract, name: str, companions: Sequence[Companion]) -> Refusal | None:
    """Refuse a data file whose promised companions are not all there."""
    have = {c.pattern for c in companions}
    wanted = [*_NEEDED.get(contract.delivery.format, ())]
    if contract.delivery.format == "shapefile" and any(p.crs == "file" for p in contract.places):
        wanted.append("{stem}.prj")
    if parts := [p.replace("{stem}", PurePosixPath(name).stem) for p in wanted if p not in have]:
        return Refusal(
            "companion_missing",
            f"{name} 缺 {'、'.join(parts)}（对照文件：{mark(companions)}）",
            f"请把 {PurePosixPath(name).stem} 的全部文件在同一批次重报",
        )
    lacking = [p.replace("{stem}", PurePosixPath(name).stem).replace("{name}", name) for p in contract.delivery.companion if p not in have]
    if not lacking:
        return None
    return Refusal(
        "companion_missing",
        f"{name} 的对照文件没有到：{'、'.join(lacking)}（对照文件：{mark(companions)}）",
        "请补报对照文件；到达后本文件会重新检查，不必重报",
    )


def _digests(path: Path, kinds: set[str]) -> dict[str, str]:
    running = {k: hashlib.new(k, usedforsecurity=False) for k in kinds}
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            for one in running.values():
                one.update(block)
    return {k: one.hexdigest() for k, one in running.items()}


def statements(name: str, companions: Sequence[Companion]) -> tuple[list[tuple[Companion, Stated]], Refusal | None]:
    """What the companions say of a data file."""
    found = []
    for c in companions:
        if c.pattern in _SILENT:
            continue
        path = Path(c.path)
        if path.stat().st_size > _MOST:
            return [], _mismatch(c, f"对照文件有 {path.stat().st_size} 字节，不像是对照文件", companions)
        several = "{" not in c.pattern
        stated = parse(path.read_bytes(), name, several)
        if several and not stated.named:
            return [], _mismatch(c, f"清单里没有 {name}", companions) if path.stat().st_size else None
        found.append((c, stated))
    return found, None


def content(sha256: str, companions: Sequence[Companion]) -> str:
    """What a data file holds, its parts included: of two shapefiles with the same shapes the tables may differ."""
    parts = sorted(f"{c.pattern} {c.sha256}" for c in companions if c.pattern in _SILENT)
    return hashlib.sha256("\n".join([sha256, *parts]).encode()).hexdigest() if parts else sha256


def damaged(companions: Sequence[Companion]) -> str | None:
    """The name of a part whose bytes are not those that were delivered."""
    return next((c.name for c in companions if c.pattern in _SILENT and _digests(Path(c.path), {"sha256"})["sha256"] != c.sha256), None)


def _mismatch(c: Companion, words: str, companions: Sequence[Companion]) -> Refusal:
    return Refusal(
        "companion_mismatch",
        f"{c.name}：{words}（对照文件：{mark(companions)}）",
        "请核对传输是否完整，重报数据文件与对照文件",
    )


def bytes_differ(path: Path, stated: Sequence[tuple[Companion, Stated]], companions: Sequence[Companion]) -> Refusal | None:
    """Refuse a data file whose size or digest is not the stated one."""
    kinds = {k for k in ("md5", "sha1", "sha256") if any(getattr(s, k) for _, s in stated)}
    have = _digests(path, kinds) if kinds else {}
    size = path.stat().st_size
    for c, s in stated:
        if s.odd is not None:
            return _mismatch(c, f"看不懂“{s.odd}”", companions)
        for kind, wanted in (("md5", s.md5), ("sha1", s.sha1), ("sha256", s.sha256)):
            if wanted and have[kind] != wanted:
                return _mismatch(c, f"声明 {kind.upper()} 为 {wanted}，文件实为 {have[kind]}", companions)
        if s.size is not None and s.size != size:
            return _mismatch(c, f"声明 {s.size} 字节，文件实为 {size} 字节", companions)
    return None


def rows_differ(
    path: Path, counted: Count, inspection: Inspection, stated: Sequence[tuple[Companion, Stated]], companions: Sequence[Companion]
) -> Refusal | None:
    """Refuse a data file that holds another number of records than stated; what cannot be compared is noted in the inspection."""
    size = path.stat().st_size
    for c, s in stated:
        bare = [n for n in s.bare if n != size or n == counted.records]
        if s.rows is None and not bare:
            if not s.anything:
                inspection.warnings.append(f"对照文件 {c.name} 没有可核对的行数或摘要")
            continue
        if (s.rows == counted.records) if s.rows is not None else (counted.records in bare):
            continue
        lines = inspection.extra.get("lines")
        if lines is not None and lines == (s.rows if s.rows is not None else bare[0]) and (s.md5 or s.sha1 or s.sha256):
            inspection.warnings.append(f"对照文件 {c.name} 的 {lines} 是物理行数，记录为 {counted.records} 条；摘要相符")
            continue
        told = s.rows if s.rows is not None else "、".join(map(str, bare))
        return _mismatch(c, f"声明 {told} 条，文件实有 {counted.records} 条", companions)
    return None


def says_empty(stated: Sequence[tuple[Companion, Stated]]) -> bool:
    """Whether a companion states that there is no record."""
    return any(s.rows == 0 or (s.rows is None and 0 in s.bare) for _, s in stated)
