"""Large deliveries go to bronze without passing through Spark's rows, and typed records lie in files; what comes of them is the same."""

from __future__ import annotations

import pyarrow as pa
import pytest

from xihu.bronze import bulk
from xihu.bronze.ingest import bronze_spec, bronze_table
from xihu.contract.load import load_catalogue
from xihu.lake import files as data_files
from xihu.silver import work

ROWS = [f"{i},2016-{i % 12 + 1:02d},{'上城' if i % 2 else '下城区'},{i}.5" for i in range(60)]
ODD = [*ROWS, "60,2016-01,上城", "61,2016-13,上城,1", '62,2016-02,"上,城",2', "3,2016-04,上城,99"]


@pytest.mark.parametrize("mode", ["mode: append", "mode: snapshot\nscope: [month, area]\nabsence: ended\nmax_vanish: 1"])
def test_the_two_ways_give_the_same(city, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    city.contract(mode)
    found = []
    for large in (bulk.LARGE, 1):
        monkeypatch.setattr(bulk, "LARGE", large)
        monkeypatch.setattr(work, "MANY", large)
        rows = [*city.take(1, "补贴_1.csv", ODD), *city.take(2, "补贴_2.csv", [*ROWS[:10], "70,2016-01,上城,7"])]
        bronze = city.spark.table("bronze.mz__payment")
        made = bronze.inputFiles()
        assert all(name.endswith(".zstd.parquet") for name in made) == (large == 1)
        ledger = [(r.verdict, r.records_in, r.accepted, r.quarantined, r.duplicate, r.multiset) for r in rows]
        found.append((sorted(map(str, bronze.drop("_delivery_id").collect())), city.fingerprint(loads=True), ledger))
        city.forget()
    assert found[0] == found[1]


@pytest.mark.parametrize("fault", ["drop", "double", "alter"])
def test_what_was_written_is_proven_not_what_was_read(city, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    city.contract()
    monkeypatch.setattr(bulk, "LARGE", 1)
    honest = bulk._groups

    def dishonest(batches):
        for group in honest(batches):
            first = group[0]
            if fault == "alter":
                raw = [b"x", *first.column("_raw").to_pylist()[1:]]
                yield [first.set_column(first.schema.get_field_index("_raw"), "_raw", pa.array(raw, pa.binary())), *group[1:]]
            else:
                yield [first.slice(1), *group[1:]] if fault == "drop" else [first.slice(0, 1), *group]

    # The task runs where it is planned, so that the fault is there too.
    monkeypatch.setattr(bulk, "_groups", dishonest)
    monkeypatch.setattr(
        bulk, "write", lambda spark, c, run, files, folder: [bulk.write_task(t, c, run, folder) for t in bulk.stretches(files)]
    )
    rows = city.take(1, "补贴_1.csv", ROWS)
    assert [(r.verdict, r.reason) for r in rows] == [("refused", "conservation")]
    assert city.table("bronze") == [] and city.table("silver") == []
    folder = data_files.folder(city.spark, *_table(city))
    assert list(folder.glob("*.parquet")) == []


def test_a_repeated_commit_adds_nothing(city, monkeypatch: pytest.MonkeyPatch) -> None:
    city.contract()
    monkeypatch.setattr(bulk, "LARGE", 1)
    city.take(1, "补贴_1.csv", ROWS)
    name, _ = _table(city)
    before = city.spark.table(name).collect()
    run = before[0]._run
    root = data_files.folder(city.spark, *_table(city))
    file = next(root.glob("*.parquet"))
    data_files.commit(city.spark, name, run, [data_files.DataFile(file.name, file.stat().st_size, 60)])
    assert city.spark.table(name).count() == len(before) == 60


def _table(city):
    contract = load_catalogue(city.conf).contracts["mz__payment"]
    return bronze_table(contract), bronze_spec(contract)
