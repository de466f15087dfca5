"""Files with known types: of the sample city, of open data, and the extracts made here; each also with its titles replaced by c1 … cn."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

from xihu.bronze.schema import Refusal
from xihu.bronze.sources import reader
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract
from xihu.standards.codes import CodeList

from . import formats
from .bare import bare, read_text
from .extract import Extract
from .extracts import EXTRACTS

SHEET, SPAN = "#sheet", "#bytes"


@dataclass(frozen=True)
class Case:
    """A file and what its columns are: (what the draft must call it: a title, `#sheet`, `#bytes 12+18`; type), by group."""

    group: str  # city | real | own
    source: str  # resource or extract
    format: str
    path: Path
    truth: dict[str, str] = field(hash=False)
    bare: bool = False  # titles c1 … cn
    record: str = ""  # accounting: the element of its records, of several kinds in one file

    def of(self, group: str) -> Case:
        """The same case in another group."""
        return replace(self, group=group)

    @property
    def held_out(self) -> bool:
        """Half of the sources is never looked at while the rules are made: by a checksum of the name, so that nobody chooses."""
        return crc32(self.source.encode()) % 2 == 1


def own(folder: Path, seeds: Iterable[int], codes: Mapping[str, CodeList]) -> Iterator[Case]:
    """The extracts made here. A text column whose words are all of one list of the catalogue is a code: lists are added, extracts stay."""
    for seed in seeds:
        for e in EXTRACTS:
            types = [_coded(kind, [row[i] for row in e.table(seed)], codes) for i, kind in enumerate(e.types)]
            yield Case("own", e.name, e.kind, formats.write(e, folder, seed), _own_truth(e, e.titles, types))
            if e.kind not in formats.UNTITLED:
                titles = _bare_titles(e)
                yield Case("own", e.name, e.kind, formats.write(e, folder, seed, titles), _own_truth(e, titles, types), bare=True)


def _coded(kind: str, values: list[str], codes: Mapping[str, CodeList]) -> str:
    words = {v for v in values if v}
    places = ("divisions", "divisions_national", "street", "functional_areas")
    if kind == "text" and len(words) > 1 and any(words <= set(one.by_name) for name, one in codes.items() if name not in places):
        return "code"
    return kind


def _bare_titles(e: Extract) -> list[str]:
    groups = [t.split("/")[0] for t in e.titles]
    titles = [
        f"g{groups.index(g) + 1}/c{i + 1}" if "/" in t else f"c{i + 1}" for i, (t, g) in enumerate(zip(e.titles, groups, strict=True))
    ]
    return [t if e.types[i] != "geometry" else "geometry" for i, t in enumerate(titles)]


def _own_truth(e: Extract, titles: list[str], types: list[str]) -> dict[str, str]:
    if e.kind == "fixed":
        names = [f"{SPAN} {start}+{width}" for start, width in formats.spans(e)]
    elif e.kind == "delimited":
        names = [f"第{i + 1}列" for i in range(len(e.types))]
    elif e.kind in ("dbf", "shapefile"):
        names = [t.encode("gb18030")[:10].decode("gb18030", "ignore") for t in titles]
    else:
        names = titles
    truth = dict(zip(names, types, strict=True))
    return truth | ({SHEET: "division"} if len(e.options.get("sheets", ())) > 1 else {})


def of_contracts(group: str, files: Iterable[tuple[str, Path]], catalogue: Catalogue, folder: Path) -> Iterator[Case]:
    """Files with the contracts of the catalogue; files that no contract takes, or that it refuses whole, are left out."""
    for dept, path in files:
        contract = catalogue.find(dept, path.name)
        if contract is None:
            continue
        read = _unpacked(path, folder)
        found = reader(contract.delivery.format).inspect(read, contract)
        if isinstance(found, Refusal):
            continue
        kind = contract.delivery.format
        truth = _truth(contract, list(found.header), list(found.columns), path)
        record = contract.delivery.message.record.split("/")[-1] if kind == "accounting" and contract.delivery.message else ""
        yield Case(group, contract.resource, kind, path, truth, record=record)
        out = folder / f"{group}_{dept}_{crc32(str(path).encode()):08x}" / path.name
        made = bare(path, out, contract, list(found.header), truth)
        if made is not None:
            yield Case(group, contract.resource, kind, out, made, bare=True, record=record)


def _unpacked(path: Path, folder: Path) -> Path:
    """The file, or what a gzip file of any name holds, as a delivery has it unpacked."""
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return path
    out = folder / f"unpacked_{crc32(str(path).encode()):08x}" / path.name
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(gzip.decompress(path.read_bytes()))
    return out


def _truth(contract: Contract, header: list[str], columns: list[int | None], path: Path) -> dict[str, str]:
    """What a draft must say of each column that stands in the file."""
    kind, truth = contract.delivery.format, {}
    sheet = contract.delivery.layout.sheet_field if contract.delivery.layout else None
    tagged = read_text(path)[0] if kind in ("json", "xml", "accounting", "geojson") and not _packed(contract) else None
    for i, (name, spec) in enumerate(contract.fields.items()):
        at = columns[i] if i < len(columns) else None
        if name == sheet:
            truth[SHEET] = spec.type
        elif kind == "fixed":
            truth[f"{SPAN} {spec.start}+{spec.width}"] = spec.type
        elif kind == "delimited":
            truth[f"第{i + 1}列"] = spec.type
        elif spec.type == "geometry":
            truth["geometry"] = spec.type
        elif kind == "hj212":
            truth[{"因子": "factor"}.get(spec.title, spec.title)] = spec.type
        elif kind in ("json", "xml", "accounting", "geojson"):
            where = spec.path or next((t for t in (spec.title, *spec.titles, name) if tagged and t in tagged), spec.title)
            last = re.split(r"[/.\[]", where.rstrip("]"))[-1].lstrip("@")
            if tagged is None or last in tagged:  # a sender leaves out what is empty
                truth[where] = spec.type
        elif at is not None and at < len(header):
            title = header[at].strip()
            cut = kind in ("dbf", "shapefile")
            truth[title.encode("gb18030")[:10].decode("gb18030", "ignore") if cut else title] = spec.type
    return truth


def _packed(contract: Contract) -> bool:
    """Whether the records are in a body that is coded once more."""
    return bool(contract.delivery.message and contract.delivery.message.body)


REAL = (
    ("uk", "uk_spending/leeds/*.csv"),
    ("uk_gateshead", "uk_spending/gateshead/*.csv"),
    ("uk_gateshead", "uk_spending/gateshead/clean/*.csv"),
    ("wj", "covid19/*.csv"),
    ("wj", "covid19/*.json"),
    ("hb", "beijing_air/*.csv"),
    ("tj", "divisions/hangzhou_streets.csv"),
    ("tj", "divisions/hangzhou_villages.csv"),
    ("mz", "areacodes/areacodes.csv"),
    ("mz", "areacodes/hangzhou.csv"),
    ("zfb", "holidays_cn/*.json"),
)


def real_files(shared: Path, most: int | None = None) -> list[tuple[str, Path]]:
    """(department, file) of the open data; at most so many files of each pattern, spread over it."""
    out: list[tuple[str, Path]] = []
    for dept, pattern in REAL:
        found = sorted((shared / "real").glob(pattern))
        step = max(1, len(found) // most) if most else 1
        out += [(dept, p) for p in found[::step][: most or None]]
    return out


def city_files(landing: Path, most: int | None = None) -> list[tuple[str, Path]]:
    """(department, file) of a generated city; at most so many files with the same words in their names."""
    seen: dict[tuple[str, str], int] = {}
    out = []
    for path in sorted(p for p in landing.glob("*/*/*") if p.is_file()):
        kind = (path.parent.name, "".join(c for c in path.stem if not c.isdigit()).split("_")[0] + path.suffix)
        seen[kind] = seen.get(kind, 0) + 1
        if most is None or seen[kind] <= most:
            out.append((path.parent.name, path))
    return out
