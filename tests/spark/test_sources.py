"""The Spark data source: every reader behind one format, in the executors, row for row what the readers give."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from pyspark.sql import functions as F

from xihu.bronze.schema import Inspection
from xihu.bronze.sources import register
from xihu.contract.load import load_catalogue

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))
from reader_helpers import HEAD, PEOPLE, citizen

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A catalogue of one delimited and one sheet resource."""
    folder = tmp_path / "conf"
    (folder / "catalogue" / "sy").mkdir(parents=True)
    for name in ("facts", "base", "codes"):
        (folder / name).mkdir()
    for name, format in (("text", "csv"), ("sheet", "xlsx")):
        delivery = {"files": f"sy/*.{format}", "format": format, "mode": "append", **({"encoding": "gb18030"} if format == "csv" else {})}
        body = {**HEAD, "code": f"306013/000{2 + (format == 'xlsx')}", "delivery": delivery, "fields": PEOPLE}
        (folder / "catalogue" / "sy" / f"{name}.yaml").write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def test_rows_are_the_readers_rows(spark, conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import xlsxwriter

    from xihu.bronze.formats import csv as reader
    from xihu.bronze.formats import csvlines

    contracts = load_catalogue(conf).contracts
    header = [spec["title"] for spec in PEOPLE.values()]
    table = [["张三镕", citizen(i), str(i), "文三路\n一号" if i == 7 else "文三路"] for i in range(300)]
    text = tmp_path / "名册.csv"
    body = [",".join(header)] + [",".join(f'"{c}"' if "\n" in c else c for c in row) for row in table]
    text.write_bytes("\r\n".join(body).encode("gb18030") + b",\xff\r\n")
    big = tmp_path / "大.csv"
    big.write_bytes("\r\n".join([",".join(header)] + [",".join(row).replace("\n", "") for row in table]).encode("gb18030"))
    sheet = tmp_path / "名册.xlsx"
    book = xlsxwriter.Workbook(str(sheet))
    page = book.add_worksheet("西湖区")
    for r, row in enumerate([header, *table]):
        page.write_row(r, 0, row)
    book.close()

    monkeypatch.setattr(csvlines, "BLOCK", 2000)
    monkeypatch.setattr(reader, "SPLIT_BYTES", 4000)
    files, want = [], []
    for path, name in ((text, "text"), (big, "text"), (sheet, "sheet")):
        c = contracts[f"sy__{name}"]
        module = import_module(f"xihu.bronze.formats.{c.delivery.format}")
        found = module.inspect(path, c)
        assert isinstance(found, Inspection), found
        files.append(
            {"path": str(path), "file": f"landing/{path.name}", "delivery_id": "d1", "resource": c.resource, "inspection": found.to_json()}
        )
        want += [
            (r["_file"], r["_row"], r["_raw"], r["_cells"], r["_reason"])
            for b in module.read(path, c, found, f"landing/{path.name}")
            for r in b.to_pylist()
        ]
    register(spark)
    df = spark.read.format("xihu").option("files", json.dumps(files)).option("conf", str(conf)).load()
    assert df.rdd.getNumPartitions() > len(files)
    got = [(r._file, r._row, bytes(r._raw), r._cells, r._reason) for r in df.collect()]
    assert sorted(got, key=lambda r: r[:2]) == sorted(want, key=lambda r: r[:2])
    assert len(got) == 900 and {r[0] for r in got} == {"landing/名册.csv", "landing/大.csv", "landing/名册.xlsx#西湖区"}
    assert [r for r in got if r[4]] == [r for r in got if r[0].endswith("名册.csv") and r[1] == 300]
    assert df.select("_delivery_id").distinct().collect()[0][0] == "d1"
    assert df.where(F.col("_cells")[0] == "张三镕").count() == 900
