"""A delivery of bad files: each is refused for its own reason, the good one beside them is taken in."""

from __future__ import annotations

import pytest

GOOD = [f"A{i},2016-10,西湖区,{i}00" for i in range(1, 6)]


def test_each_bad_file_has_its_own_reason(city):
    city.contract()
    header, text = "编号,月份,区县,金额", "\r\n".join(GOOD)
    files = {
        "补贴_好.csv": city.file("补贴_好.csv", GOOD),
        "补贴_空.csv": city.raw("补贴_空.csv", b""),
        "补贴_白.csv": city.raw("补贴_白.csv", b"\r\n \r\n"),
        "补贴_无表头.csv": city.raw("补贴_无表头.csv", text.encode("gb18030")),
        "补贴_表头.csv": city.file("补贴_表头.csv", GOOD, header="编号,月份,区县,备注"),
        "补贴_引号.csv": city.raw("补贴_引号.csv", f'{header}\r\n"A1,2016-10,西湖区,100\r\n{text}'.encode("gb18030")),
        "补贴_网页.csv": city.raw("补贴_网页.csv", "<!DOCTYPE html><html><body>会话超时</body></html>".encode("gb18030")),
        "补贴_编码.csv": city.raw("补贴_编码.csv", f"{header}\r\n{text}".encode("utf-16")),
        "不认识.txt": city.raw("不认识.txt", b"x"),
    }
    city.deliver(1, *files.values())
    report = city.ingest()
    found = {r.file.rsplit("/", 1)[1]: r for r in report.rows}
    assert {name: (r.verdict, r.reason) for name, r in found.items()} == {
        "补贴_好.csv": ("accepted", None),
        "补贴_空.csv": ("refused", "empty_file"),
        "补贴_白.csv": ("refused", "empty_file"),
        "补贴_无表头.csv": ("refused", "header_missing"),
        "补贴_表头.csv": ("refused", "header_unknown"),
        "补贴_引号.csv": ("refused", "unclosed_quote"),
        "补贴_网页.csv": ("refused", "wrong_format"),
        "补贴_编码.csv": ("refused", "wrong_encoding"),
        "不认识.txt": ("refused", "wrong_format"),
    }
    refused = [r for r in report.rows if r.verdict == "refused"]
    assert all(r.records_in is None and r.accepted is None and r.detail for r in refused)
    assert found["不认识.txt"].resource is None and "mz/补贴_*.csv" in (found["不认识.txt"].detail or "")
    assert report.ok and len(city.silver()) == 5
    ledger = city.spark.table("ops.ledger")
    assert ledger.count() == len(files)
    assert ledger.where("accepted + quarantined + duplicate + superseded <> records_in").isEmpty()
    assert any("拒收" in line and "header_unknown" in line for line in city.lines)


def test_contract_with_a_typo_stops_before_anything_is_read(city):
    from xihu.contract.problems import CatalogueError

    city.contract(more="chekcs: {}")
    city.deliver(1, city.file("补贴_10.csv", GOOD))
    with pytest.raises(CatalogueError) as error:
        city.ingest()
    assert "payment.yaml" in str(error.value)
    assert not city.spark.catalog.tableExists("bronze.mz__payment")
    assert not (city.home / "manifests").exists()
