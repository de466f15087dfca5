"""Accounting files of GB/T 24589.1-2010 (archetype F11): XML messages, read as `xml` does, whose vouchers are looked at as a whole.

One file holds several kinds of records (电子账簿, 会计科目, 科目余额及发生额, 记账凭证 …); a contract takes one (`message.record`), and
contracts that take others of the same file say `shared: true`. What only vouchers and accounts together can tell is a warning here: no
single record is wrong. A contract that wants the lines of an unbalanced voucher quarantined says so in a check over the voucher.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from xihu.bronze.formats import xml
from xihu.bronze.formats.xmlfields import select
from xihu.bronze.formats.xmlstream import Element, Node, Walk
from xihu.bronze.formats.xmltotals import amount
from xihu.bronze.schema import Inspection, Refusal
from xihu.contract.models import Contract
from xihu.contract.paths import XmlPath, parse_xml_path

read = xml.read

VOUCHER, ACCOUNT = "记账凭证", "会计科目"
# The elements that tell a voucher from others, and its sides; spellings of the standard and of the programs that export it.
KEY = (("会计年度",), ("会计期间号", "会计期间"), ("记账凭证类型编号", "凭证类型编号"), ("记账凭证编号", "凭证编号"))
DEBIT, CREDIT = ("借方本币金额", "借方金额"), ("贷方本币金额", "贷方金额")
NUMBER = ("科目编号", "科目编码")
MAX_TOLD, MAX_VOUCHERS = 10, 2_000_000


def inspect(path: Path, contract: Contract) -> Inspection | Refusal:
    """Judge as `xml` does; for vouchers also that debit equals credit in each and that their accounts are in the file's chart."""
    found = xml.inspect(path, contract)
    if isinstance(found, Refusal) or xml.message_of(contract).record.rpartition("/")[2] != VOUCHER or xml.message_of(contract).body:
        return found
    sides: dict[tuple[str, ...], Decimal] = {}
    used: dict[str, int] = {}
    for node in _nodes(path, found, VOUCHER):
        key = tuple(_first(node, names) for names in KEY)
        if len(sides) < MAX_VOUCHERS or key in sides:
            amounts = [amount(_first(node, names)) for names in (DEBIT, CREDIT)]
            sides[key] = sides.get(key, Decimal(0)) + (amounts[0] or 0) - (amounts[1] or 0)
        if account := _first(node, NUMBER):
            used[account] = used.get(account, 0) + 1
    if odd := [key for key, rest in sides.items() if rest]:
        told = "、".join(f"{'/'.join(filter(None, k))}（差 {sides[k]}）" for k in odd[:MAX_TOLD])
        found.warnings.append(f"{len(odd)} 张凭证借贷不平：{told}{' …' if len(odd) > MAX_TOLD else ''}")
    chart = {_first(node, NUMBER) for node in _nodes(path, found, ACCOUNT)}
    if chart and (lost := sorted(set(used) - chart)):
        told = "、".join(f"{a}（{used[a]} 条）" for a in lost[:MAX_TOLD])
        found.warnings.append(f"{len(lost)} 个科目不在本文件的会计科目中：{told}{' …' if len(lost) > MAX_TOLD else ''}")
    return found


def _nodes(path: Path, found: Inspection, name: str) -> Iterator[Node]:
    with path.open("rb") as f:
        for document in xml.documents_of(path, f, found):
            for element in Walk(document.codec, parse_xml_path(name)).run(f, document.start, document.end):
                if isinstance(element, Element):
                    yield element.node


_PATHS: dict[str, tuple[XmlPath, XmlPath]] = {
    name: (parse_xml_path(name), parse_xml_path(f"@{name}")) for names in (*KEY, DEBIT, CREDIT, NUMBER) for name in names
}


def _first(node: Node, names: tuple[str, ...]) -> str:
    """The first text, of an element or an attribute, that stands under one of the names."""
    for name in names:
        for path in _PATHS[name]:
            if texts := [t for t in select(node, path) if t]:
                return texts[0]
    return ""
