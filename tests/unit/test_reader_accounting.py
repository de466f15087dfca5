"""Accounting files: one file, several kinds of records, a contract for each; vouchers that balance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reader_helpers import HEAD, inspect, proven

from xihu.bronze import gate
from xihu.bronze.deliver import deliver, deliveries
from xihu.bronze.schema import Inspection
from xihu.contract.models import Contract

LINE: dict[str, Any] = {
    "year": {"title": "会计年度", "type": "year", "required": True},
    "period": {"title": "会计期间号", "type": "integer", "required": True},
    "kind": {"title": "记账凭证类型编号", "type": "text"},
    "voucher": {"title": "记账凭证编号", "type": "text", "required": True},
    "line": {"title": "记账凭证行号", "type": "integer", "required": True},
    "note": {"title": "记账凭证摘要", "type": "text"},
    "account": {"title": "科目编号", "type": "text", "required": True},
    "debit": {"title": "借方本币金额", "type": "money", "unit": "元"},
    "credit": {"title": "贷方本币金额", "type": "money", "unit": "元"},
}
CHART: dict[str, Any] = {
    "account": {"title": "科目编号", "type": "text", "required": True},
    "name": {"title": "科目名称", "type": "text", "required": True},
}


def agreed(record: str, fields: dict[str, Any], shared: bool = True) -> Contract:
    delivery = {"files": "cz/账_*.xml", "format": "accounting", "mode": "append", "message": {"record": record}, "shared": shared}
    given = {**HEAD, "title": record, "delivery": delivery, "fields": fields}
    return Contract.model_validate(given).placed("cz", "vouchers" if record == "记账凭证" else "chart")


VOUCHERS, ACCOUNTS = agreed("记账凭证", LINE), agreed("会计科目", CHART)


def line(voucher: str, n: int, account: str, debit: str, credit: str) -> str:
    values = ("2016", "12", "记", voucher, str(n), "拨付镕经费", account, debit, credit)
    return "<记账凭证>" + "".join(f"<{s['title']}>{v}</{s['title']}>" for s, v in zip(LINE.values(), values, strict=True)) + "</记账凭证>"


def book(lines: list[str]) -> bytes:
    chart = "".join(
        f"<会计科目><科目编号>{n}</科目编号><科目名称>{t}</科目名称></会计科目>" for n, t in (("1001", "库存现金"), ("5001", "经费支出"))
    )
    head = "<电子账簿><电子账簿编号>1</电子账簿编号><会计核算单位>试验局</会计核算单位></电子账簿>"
    text = (
        f'<?xml version="1.0" encoding="GB2312"?>\n<总账 xmlns="http://example.invalid/24589">{head}{chart}\n'
        + "\n".join(lines)
        + "</总账>"
    )
    return text.encode("gb18030")


GOOD = [line("0001", 1, "5001", "100.10", ""), line("0001", 2, "1001", "0.00", "100.10"), line("0002", 1, "5001", "-7", "-7.00")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "账_201612.xml"


def test_each_contract_takes_its_kind(file: Path) -> None:
    file.write_bytes(book(GOOD))
    assert [r["_cells"][1] for r in proven(file, ACCOUNTS)] == ["库存现金", "经费支出"]
    found = proven(file, VOUCHERS)
    assert found[0]["_cells"] == ["2016", "12", "记", "0001", "1", "拨付镕经费", "5001", "100.10", ""]
    judged = inspect(file, VOUCHERS)
    assert isinstance(judged, Inspection) and judged.warnings == []


def test_vouchers_out_of_balance_and_unknown_accounts_are_named(file: Path) -> None:
    file.write_bytes(book([*GOOD, line("0003", 1, "5002", "10", ""), line("0003", 2, "1001", "", "9.99")]))
    judged = inspect(file, VOUCHERS)
    assert isinstance(judged, Inspection)
    assert judged.warnings == ["1 张凭证借贷不平：2016/12/记/0003（差 0.01）", "1 个科目不在本文件的会计科目中：5002（1 条）"]
    assert len(proven(file, VOUCHERS)) == 5


def test_a_shared_file_is_an_item_of_each_contract(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIHU_HOME", str(file.parent / "home"))
    folder = file.parent / "in" / "cz"
    folder.mkdir(parents=True)
    (folder / file.name).write_bytes(book(GOOD))
    deliver([folder], received_at="2017-01-05")
    items = gate.items(deliveries(), [VOUCHERS, ACCOUNTS])
    assert [(i.contract.name if i.contract else None, i.refusal) for i in items] == [("vouchers", None), ("chart", None)]
    alone = gate.items(deliveries(), [VOUCHERS, agreed("会计科目", CHART, shared=False)])
    assert [i.contract for i in alone] == [None] and alone[0].refusal and alone[0].refusal.reason == "wrong_format"
