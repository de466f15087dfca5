"""Drafted contracts name the right type of nine fields in ten, three in four without titles; the draft of a clean file reads it whole.

Files with known types: extracts written for this in all formats, the sample city, open data. `python -m benchmarks.draft_accuracy` measures
many more of them and writes docs/evidence/draft.md.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from xihu.bronze.schema import Inspection
from xihu.bronze.sources import reader
from xihu.contract.draft import draft
from xihu.contract.load import Catalogue, CatalogueError, load_catalogue
from xihu.sample import generate
from xihu.standards.value import parser_for

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.draft_accuracy import cases as made  # noqa: E402
from benchmarks.draft_accuracy.cases import Case  # noqa: E402
from benchmarks.draft_accuracy.measure import AS_OF, drafted, judge, share  # noqa: E402

SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(ROOT / "conf")


@pytest.fixture(scope="module")
def own(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return list(made.own(tmp_path_factory.mktemp("own"), [5], catalogue.codes))


def accuracy(cases: list[Case], catalogue: Catalogue) -> tuple[float, float]:
    out = judge(cases, catalogue.codes)
    assert not out.refused, out.refused
    assert len(out.fields) > 100
    return share(out.some(bare=False)), share(out.some(bare=True))


def test_extracts_of_all_formats(own: list[Case], catalogue: Catalogue) -> None:
    assert len({c.format for c in own}) == 12
    titled, bare = accuracy(own, catalogue)
    assert titled >= 0.95 and bare >= 0.88


def test_the_sample_city(catalogue: Catalogue, tmp_path: Path) -> None:
    generate(tmp_path / "landing", persons=2_000, seed=17, months=3)
    files = made.city_files(tmp_path / "landing", 1)
    titled, bare = accuracy(list(made.of_contracts("city", files, catalogue, tmp_path / "bare")), catalogue)
    assert titled >= 0.9 and bare >= 0.75


@pytest.mark.skipif(not (SHARED / "real").exists(), reason="no open data here")
def test_open_data(catalogue: Catalogue, tmp_path: Path) -> None:
    cases = [c for c in made.of_contracts("real", made.real_files(SHARED, 2), catalogue, tmp_path) if c.path.stat().st_size < 1_000_000]
    titled, bare = accuracy(cases, catalogue)
    assert titled >= 0.9 and bare >= 0.75


def test_the_measure_tells(own: list[Case], catalogue: Catalogue) -> None:
    """Types exchanged in the truth are seen as wrong, columns that are not there too."""
    case = next(c for c in own if c.source == "hotline" and not c.bare)
    wrong = Case(case.group, case.source, case.format, case.path, dict.fromkeys(case.truth, "uscc") | {"没有": "text"})
    fields = judge([wrong], catalogue.codes).fields
    assert share(fields) == 0 and fields[-1].drafted == "(none)"


def test_a_draft_reads_the_file_it_came_from(own: list[Case], catalogue: Catalogue) -> None:
    """Every record of a clean file comes out, typed, without a reason: with its titles and without."""
    for case in own:
        contract = drafted(case, catalogue.codes)
        inspection = reader(contract.delivery.format).inspect(case.path, contract)
        assert isinstance(inspection, Inspection), (case.path.name, inspection)
        parsers = [(name, parser_for(name, contract, catalogue.codes)) for name in contract.fields]
        refused: Counter[str] = Counter()
        records = 0
        for batch in reader(contract.delivery.format).read(case.path, contract, inspection):
            for row in batch.to_pylist():
                records += 1
                refused[row["_reason"]] += bool(row["_reason"])
                for (name, parse), cell in zip(parsers, row["_cells"], strict=True):
                    if reason := parse(cell, date(2024, 1, 1)).reason:
                        refused[f"{name}: {reason}: {cell}"] += 1
        assert records >= 13 and not +refused, (case.path.name, case.bare, records, refused.most_common(3))


def test_drafts_stand_in_the_catalogue(own: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    """A catalogue with a draft of every format among its contracts loads; only the code, which a person gives, is set apart."""
    conf = tmp_path / "conf"
    shutil.copytree(ROOT / "conf", conf)
    (conf / "catalogue" / "zz").mkdir()
    for n, case in enumerate(c for c in own if not c.bare):
        text = draft(case.path, dept="zz", codes=catalogue.codes, as_of=AS_OF)
        assert "code: 399999/1 " in text
        (conf / "catalogue" / "zz" / f"{case.source}.yaml").write_text(text.replace("399999/1 ", f"399999/{n + 1} "), "utf-8")
    try:
        loaded = load_catalogue(conf)
    except CatalogueError as error:
        pytest.fail("\n".join(map(str, error.problems[:20])))
    assert sum(c.dept == "zz" for c in loaded.contracts.values()) == n + 1
