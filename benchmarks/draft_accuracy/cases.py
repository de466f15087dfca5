"""Files with known types: of the sample city, of open data, and the extracts made here; each also with its titles replaced by c1 … cn."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import openpyxl

from xihu.bronze.schema import Refusal
from xihu.bronze.sources import reader
from xihu.contract.load import Catalogue
from xihu.contract.models import Contract

from . import formats
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

    @property
    def held_out(self) -> bool:
        """Half of the sources is never looked at while the rules are made: by a checksum of the name, so that nobody chooses."""
        return crc32(self.source.encode()) % 2 == 1


def own(folder: Path, seeds: Iterable[int]) -> Iterator[Case]:
    for seed in seeds:
        for e in EXTRACTS:
            yield Case("own", e.name, e.kind, formats.write(e, folder, seed), _own_truth(e, e.titles))
            if e.kind not in formats.UNTITLED:
                titles = _bare_titles(e)
                yield Case("own", e.name, e.kind, formats.write(e, folder, seed, titles), _own_truth(e, titles), bare=True)


def _bare_titles(e: Extract) -> list[str]:
    groups = [t.split("/")[0] for t in e.titles]
    titles = [
        f"g{groups.index(g) + 1}/c{i + 1}" if "/" in t else f"c{i + 1}" for i, (t, g) in enumerate(zip(e.titles, groups, strict=True))
    ]
    return [t if e.types[i] != "geometry" else "geometry" for i, t in enumerate(titles)]


def _own_truth(e: Extract, titles: list[str]) -> dict[str, str]:
    if e.kind == "fixed":
        names = [f"{SPAN} {start}+{width}" for start, width in formats.spans(e)]
    elif e.kind == "delimited":
        names = [f"第{i + 1}列" for i in range(len(e.types))]
    elif e.kind in ("dbf", "shapefile"):
        names = [t.encode("gb18030")[:10].decode("gb18030", "ignore") for t in titles]
    else:
        names = titles
    truth = dict(zip(names, e.types, strict=True))
    return truth | ({SHEET: "division"} if len(e.options.get("sheets", ())) > 1 else {})


def of_contracts(group: str, files: Iterable[tuple[str, Path]], catalogue: Catalogue, folder: Path) -> Iterator[Case]:
    """Files with the contracts of the catalogue; files that no contract takes, or that it refuses whole, are left out."""
    for dept, path in files:
        contract = catalogue.find(dept, path.name)
        if contract is None:
            continue
        found = reader(contract.delivery.format).inspect(path, contract)
        if isinstance(found, Refusal):
            continue
        truth = _truth(contract, list(found.header), list(found.columns))
        kind = contract.delivery.format
        yield Case(group, contract.resource, kind, path, truth)
        out = folder / f"{group}_{dept}_{crc32(str(path).encode()):08x}" / path.name
        made = _bare(path, out, contract, list(found.header), truth)
        if made is not None:
            yield Case(group, contract.resource, kind, out, made, bare=True)


def _truth(contract: Contract, header: list[str], columns: list[int | None]) -> dict[str, str]:
    kind, truth = contract.delivery.format, {}
    sheet = contract.delivery.layout.sheet_field if contract.delivery.layout else None
    for i, (name, spec) in enumerate(contract.fields.items()):
        at = columns[i] if i < len(columns) else None
        if name == sheet:
            truth[SHEET] = spec.type
        elif kind == "fixed":
            truth[f"{SPAN} {spec.start}+{spec.width}"] = spec.type
        elif kind == "delimited":
            truth[f"第{i + 1}列"] = spec.type
        elif kind in ("json", "xml", "accounting", "hj212", "geojson"):
            truth["geometry" if spec.type == "geometry" else spec.path or spec.title] = spec.type
        elif kind == "shapefile" and spec.type == "geometry":
            truth["geometry"] = spec.type
        elif at is not None and at < len(header):
            truth[header[at]] = spec.type
    return truth


def _bare(path: Path, out: Path, contract: Contract, header: list[str], truth: dict[str, str]) -> dict[str, str] | None:
    """The file again with titles c1 … cn, and its truth; None where a format has no titles or none are replaced here."""
    kind = contract.delivery.format
    renamed = {t: f"c{i + 1}" for i, t in enumerate(header)}
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == "csv":
        if not _bare_csv(path, out, contract, header):
            return None
    elif kind == "xlsx":
        _bare_sheets(path, out, contract)
        layout = contract.delivery.layout
        if layout and layout.header_rows > 1:
            renamed = {t: t if "/" not in t else f"{t.split('/')[0]}/c{i + 1}" for i, t in enumerate(header)}
            renamed = {t: f"c{i + 1}" if "/" not in t else f"g{_first(header, t)}/c{i + 1}" for i, t in enumerate(header)}
    elif kind == "json":
        keys = [k for k in truth if "." not in k and not k.startswith("$")]
        renamed = {k: f"c{i + 1}" for i, k in enumerate(keys)}
        out.write_text(json.dumps(_rename(json.loads(path.read_text("utf-8-sig")), renamed), ensure_ascii=False), "utf-8")
    else:
        return None
    return {renamed.get(t, t): kind for t, kind in truth.items()}


def _first(header: list[str], title: str) -> int:
    groups = [t.split("/")[0] for t in header]
    return groups.index(title.split("/")[0]) + 1


def _bare_csv(path: Path, out: Path, contract: Contract, header: list[str]) -> bool:
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    lines = data.split(b"\n")
    delimiter = contract.delivery.delimiter or ","
    for n, line in enumerate(lines[:12]):
        cells = next(csv.reader(io.StringIO(line.decode("gb18030", "replace").lstrip("\ufeff")), delimiter=delimiter), [])
        if len(cells) >= 2 and len(cells) >= 0.5 * len(header) and sum(bool(c.strip()) for c in cells) >= 0.5 * len(header):
            named = [f"c{i + 1}" if c.strip() else "" for i, c in enumerate(cells)]
            lines[n] = delimiter.join(named).encode() + (b"\r" if line.endswith(b"\r") else b"")
            out.write_bytes(b"\n".join(lines))
            return True
    return False


def _bare_sheets(path: Path, out: Path, contract: Contract) -> None:
    layout = contract.delivery.layout
    above, depth = (layout.title_rows, layout.header_rows) if layout else (0, 1)
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        grid = [[sheet.cell(above + d + 1, c + 1) for c in range(sheet.max_column)] for d in range(depth)]
        for c in range(sheet.max_column):
            given = [row[c].value for row in grid]
            below = depth > 1 and given[-1]
            for d, cell in enumerate(row[c] for row in grid):
                if given[d]:
                    cell.value = f"g{c + 1}" if below and d == 0 else f"c{c + 1}"
    book.save(out)


def _rename(value: object, names: dict[str, str]) -> object:
    if isinstance(value, dict):
        return {names.get(k, k): _rename(v, names) for k, v in value.items()}
    return [_rename(v, names) for v in value] if isinstance(value, list) else value


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
