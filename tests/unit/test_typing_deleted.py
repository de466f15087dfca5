"""A record that its sender deleted keeps its mark through typing and is never quarantined."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from reader_helpers import contract, rows
from test_reader_dbf import FIELDS, PEOPLE, table

from xihu.bronze.schema import DELETED
from xihu.silver.typing import Typer


def test_the_mark_stays_and_faults_do_not_count(tmp_path: Path) -> None:
    c = contract(FIELDS, "dbf", files="sy/*.dbf")
    people = [list(p) for p in PEOPLE[:4]]
    people[1][0] = people[2][0] = "33010619400101000X"
    people[3][0] = ""
    path = tmp_path / "a.dbf"
    path.write_bytes(table(people, deleted=(0, 1, 3)))
    found = rows(path, c)
    at = datetime(2016, 12, 5, tzinfo=UTC)
    names = ["_cells", "_reason", "_field", "_detail", "_received_at"]
    types = [pa.list_(pa.string()), pa.string(), pa.string(), pa.string(), pa.timestamp("us", "UTC")]
    batch = pa.RecordBatch.from_arrays(
        [pa.array([{**r, "_received_at": at}[n] for r in found], t) for n, t in zip(names, types, strict=True)], names=names
    )
    schema = pa.schema([("id_no", pa.string()), *((n, pa.string()) for n in ("_reason", "_field", "_detail")), ("_key_ok", pa.bool_())])
    given = contract({"id_no": FIELDS["id_no"], **{k: v for k, v in FIELDS.items() if k != "id_no"}}, "dbf", files="sy/*.dbf")
    typed = Typer(given.model_copy(update={"key": ["id_no"]}).placed("sy", "shiyan"), {}, schema).batch(batch).to_pylist()
    assert [(r["_reason"], r["_detail"] == DELETED) for r in typed] == [(None, True), (None, True), ("bad_id_check", False), (None, True)]
    assert [r["_key_ok"] for r in typed] == [True, False, False, False]
