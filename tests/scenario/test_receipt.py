"""The sender's receipt: counts, reasons in words, and the refused records back in the sender's own titles and encoding."""

from __future__ import annotations

import csv
import io
import stat

from xihu.contract.load import load_catalogue
from xihu.share.receipt import write_receipts

ROWS = [
    "A1,2016-10,西湖区,100",
    "A2,2016-13,西湖区,200",
    ",2016-10,西湖区,300",
    "=1+2,2016-10,余杭区,400",
    "A5,2016-10,滨江区,3OO",
    "A6,2016-10,“萧山”区,999999",
]


def test_receipt(city):
    city.contract()
    city.deliver(1, city.file("补贴_1.csv", ROWS), city.raw("补贴_空.csv", b""))
    city.deliver(2, city.file("补贴_2.csv", ["B1,2016-11,西湖区,１００"]))
    assert city.ingest().ok
    catalogue = load_catalogue(city.conf)
    pages = write_receipts(city.spark, catalogue)
    assert [p.parent.parent.name for p in pages] == ["mz", "mz"]
    first = pages[0].read_text("utf-8")
    for word in ("记录 6 ＝ 接收 1 ＋ 退回 5 ＋ 重复 0 ＋ 被取代 0", "市民政局", "文件没有内容", "日期不成立", "必填项为空", "GB18030"):
        assert word in first, word
    assert "全角改半角" in pages[1].read_text("utf-8")

    folder = pages[0].parent
    (back,) = folder.glob("退回_*.csv")
    rows = list(csv.reader(io.StringIO(back.read_bytes().decode("gb18030"), newline="")))
    assert rows[0] == ["序号", "位置", "编号", "月份", "区县", "金额", "问题栏目", "退回原因", "说明", "处理建议", "原始记录"]
    told = {r[0]: (r[1], r[6], r[7]) for r in rows[1:]}
    assert told == {
        "2": ("第3行", "月份", "日期不成立"),
        "3": ("第4行", "编号", "必填项为空"),
        "4": ("第5行", "编号", "内容形如公式"),
        "5": ("第6行", "金额", "不是数值"),
        "6": ("第7行", "金额", "数值超出范围"),
    }
    # What a spreadsheet would run does not run; the rest is as it was sent.
    assert rows[3][2] == "'=1+2" and rows[5][4] == "“萧山”区" and rows[5][-1] == ROWS[5]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in (pages[0], back)} == {0o600}

    assert write_receipts(city.spark, catalogue) == [], "nothing new is said twice"
    city.contract(maximum=1_000_000)
    assert city.ingest().ok
    again = write_receipts(city.spark, load_catalogue(city.conf))
    assert "接收 2 ＋ 退回 4" in again[0].read_text("utf-8"), "a mended contract is a new judgement"
    assert write_receipts(city.spark, catalogue, only=[again[0].parent.name]) == [again[0]]
